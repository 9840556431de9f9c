"""The tab "Prompt to video": a sentence becomes a clip, and says what it was taken to mean."""

from __future__ import annotations

from typing import Any

import gradio as gr

from studio.requests import SIZES, TextToVideoRequest, field_of, scaled_size
from studio.service import Task
from studio.settings import Limits
from studio.ui import layout
from studio.ui.examples import Example, cards
from studio.ui.media_inputs import unopened
from studio.ui.running import cancel

TASK = TextToVideoRequest.task
SHAPES = {"square": "Square", "16:9": "16:9", "9:16": "9:16"}
SHORT_SIDES = (256, 288, 360, 512)
VARIATIONS = (1, 2, 4)
HINT = "One or two things in a scene, up to 6 seconds; each word that is not known is pointed out."
PROMPTS = {
    "car": "a red car drives left across the desert at sunset",
    "dog": "a dog chases a blue ball through the meadow in the morning",
    "whale": "two whales swim underwater, the camera pans right",
    "dragon": "a green dragon circles around the castle at night",
    "sailboat": "a sailboat drifts to the right on the sea in a thunderstorm",
    "cat": "a purple cat rides a bicycle along the beach",
    "penguin": "three penguins hop through the arctic while it snows",
    "balloon": "a pink balloon rises over the city at dusk, the camera zooms out",
}
EXAMPLES = tuple(Example(text, {"prompt": text}, f"{name}.jpeg") for name, text in PROMPTS.items())


def build(task: Task, limits: Limits) -> layout.Tab:
    """Draw the tab inside the current Blocks. A prompt has no file, so ``limits`` play no part here."""
    del limits
    kind = TextToVideoRequest
    with gr.Row(elem_classes="zoe-columns"):
        with gr.Column(scale=5, elem_classes="zoe-inputs"):
            prompt = layout.words(
                kind, "prompt", lines=3, placeholder="a red car drives left across the desert at sunset", autofocus=True
            )
            with gr.Row(elem_classes="zoe-row"):
                seconds = layout.slider(kind, "seconds")
                fps = layout.slider(kind, "fps")
            shape = gr.Radio(
                [(label, value) for value, label in SHAPES.items()], value="square", label="Shape",
                elem_id=f"{TASK}-shape",
            )  # fmt: skip
            with gr.Accordion(field_of(kind, "picture").bounds.label, open=False, elem_id=f"{TASK}-own"):
                picture = gr.Image(
                    label="A picture: it takes the subject's place and moves as your words say", sources=["upload"],
                    type="filepath", height=150, interactive=True, buttons=[], elem_id=f"{TASK}-picture-own",
                    elem_classes="zoe-drop zoe-short",
                )  # fmt: skip
                unopened(picture)
            with gr.Accordion("Advanced", open=False, elem_id=f"{TASK}-advanced", elem_classes="zoe-advanced"):
                side = gr.Radio(
                    [(f"{side} px", side) for side in SHORT_SIDES], value=256, label="Size (shorter side)",
                    info="The longer side is at most 512 pixels.", elem_id=f"{TASK}-side",
                )  # fmt: skip
                with gr.Row(elem_classes="zoe-row"):
                    variety = layout.slider(kind, "variety")
                    variations = gr.Radio(
                        list(VARIATIONS), value=1, label=field_of(kind, "variations").bounds.label,
                        info="Each with the next seed.", elem_id=f"{TASK}-variations",
                    )  # fmt: skip
                seed = layout.seed_row(kind)
                keep_prompt = layout.tick(kind, "keep_prompt", label="Keep my prompt in the file")
                keep_names = layout.tick(kind, "keep_names", label="Keep my picture's name in the file")
                settings = layout.settings_drop(task)
            controls = layout.controls(task, HINT)
        with gr.Column(scale=6, elem_classes="zoe-result"):
            panel = layout.panel(task, cancel)
    fields = {
        "prompt": prompt, "picture": picture, "seconds": seconds, "fps": fps, "shape": shape, "side": side,
        "variety": variety, "variations": variations, "seed": seed.number, "keep_prompt": keep_prompt,
        "keep_names": keep_names,
    }  # fmt: skip
    cards(TASK, EXAMPLES, fields)
    return layout.Tab(task, fields, seed, controls, panel, settings, to_request, from_request)


def to_request(values: dict[str, Any]) -> TextToVideoRequest:
    """Widget values to a request."""
    values = dict(values)
    width, height = scaled_size(values.pop("shape"), int(values.pop("side")))
    return TextToVideoRequest.of({**values, "width": width, "height": height})


def from_request(request: TextToVideoRequest) -> dict[str, Any]:
    """A request to widget values."""
    values = layout.shown(request)
    ratio = values.pop("width") / values.pop("height")
    shape = min(SIZES, key=lambda name: abs(SIZES[name][0] / SIZES[name][1] - ratio))
    side = min(SHORT_SIDES, key=lambda value: abs(scaled_size(shape, value)[0] - request.width))
    variations = request.variations if request.variations in VARIATIONS else VARIATIONS[-1]
    return {**values, "shape": shape, "side": side, "variations": variations}
