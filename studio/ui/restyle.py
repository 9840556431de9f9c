"""The tab "Restyle": a clip or a picture in another look, named in words or shown by a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from studio.errors import RequestError
from studio.requests import RestyleRequest
from studio.settings import Limits
from studio.ui import layout, messages
from studio.ui.examples import Example, cards, file_of
from studio.ui.media_inputs import clip_box, clip_of, unopened
from studio.ui.running import cancel

TASK = RestyleRequest.task
FROM_CLIP, FROM_PICTURE = "clip", "picture"
LOOKS = (
    "watercolour painting", "oil painting", "starry night", "comic book", "pencil drawing", "ink wash", "charcoal",
    "woodblock print", "neon lights", "vintage film", "pop art",
)  # fmt: skip
EXAMPLES = (
    Example(
        "A sailboat as an oil painting",
        {"source": FROM_CLIP, "clip": file_of(TASK, "sailboat.mp4"), "style": "oil painting"},
        "sailboat.jpeg",
    ),
    Example(
        "A bus as a comic book",
        {"source": FROM_CLIP, "clip": file_of(TASK, "bus.mp4"), "style": "comic book"},
        "bus.jpeg",
    ),
)


def build(limits: Limits) -> layout.Tab:
    """Draw the tab inside the current Blocks."""
    kind = RestyleRequest
    with gr.Row(elem_classes="zoe-columns"):
        with gr.Column(scale=5, elem_classes="zoe-inputs"):
            source = gr.Radio(
                [("A clip", FROM_CLIP), ("A picture", FROM_PICTURE)], value=FROM_CLIP, label="Start from",
                elem_id=f"{TASK}-source",
            )  # fmt: skip
            box = clip_box(TASK, limits)
            picture = gr.Image(
                label="Picture", sources=["upload"], height=230, type="filepath", visible=False, interactive=True,
                buttons=[], elem_id=f"{TASK}-source-picture", elem_classes="zoe-drop",
            )  # fmt: skip
            style = layout.words(kind, "style", placeholder="watercolour painting")
            with gr.Row(elem_classes="zoe-words"):
                for look in LOOKS:
                    chip = gr.Button(look, size="sm", variant="secondary")
                    chip.click(None, None, style, js=f"() => {look!r}", api_visibility="private")
            style_image = gr.Image(
                label="And, or instead: a picture in that look", sources=["upload"], type="filepath", height=130,
                interactive=True, buttons=[], elem_id=f"{TASK}-style-image", elem_classes="zoe-drop zoe-short",
            )  # fmt: skip
            unopened(picture, style_image)
            with gr.Row(elem_classes="zoe-row"):
                strength = layout.slider(kind, "strength")
                keep_colours = layout.tick(kind, "keep_colours")
            with gr.Accordion("Advanced", open=False, elem_id=f"{TASK}-advanced", elem_classes="zoe-advanced"):
                seed = layout.seed_row(kind)
                keep_prompt = layout.tick(kind, "keep_prompt")
                settings = layout.settings_drop(TASK)
            controls = layout.controls(TASK, "Restyle", messages.clip_hint(limits))
        with gr.Column(scale=6, elem_classes="zoe-result"):
            panel = layout.panel(TASK, cancel)
    source.change(
        lambda value: [gr.update(visible=value == FROM_CLIP)] * 2 + [gr.update(visible=value == FROM_PICTURE)],
        source, [box.clip, box.others, picture], show_progress="hidden", api_visibility="private",
    )  # fmt: skip
    fields = {
        "source": source, "clip": box.clip, "animation": box.animation, "picture": picture, "style": style,
        "strength": strength, "keep_colours": keep_colours, "style_image": style_image, "seed": seed.number,
        "keep_prompt": keep_prompt,
    }  # fmt: skip
    cards(TASK, EXAMPLES, fields)
    return layout.Tab(TASK, fields, seed, controls, panel, settings, to_request, from_request, take_over)


def to_request(values: dict[str, Any]) -> RestyleRequest:
    """Widget values to a request."""
    from_clip = values["source"] == FROM_CLIP
    if not values["clip" if from_clip else "picture"]:
        raise RequestError("Please add a clip or a picture first.")
    return RestyleRequest(
        source=clip_of(values) if from_clip else Path(values["picture"]),
        style=values["style"] or "",
        style_image=Path(values["style_image"]) if values["style_image"] else None,
        strength=values["strength"],
        keep_colours=values["keep_colours"],
        seed=layout.seed_of(values["seed"]),
        keep_prompt=values["keep_prompt"],
    )


def from_request(request: RestyleRequest) -> dict[str, Any]:
    """A request to widget values, without its files."""
    return {
        "style": request.style,
        "strength": request.strength,
        "keep_colours": request.keep_colours,
        "seed": layout.seed_words(request.seed),
        "keep_prompt": request.keep_prompt,
    }


def take_over(path: str) -> dict[str, Any]:
    """A result of another tab becomes this tab's clip."""
    return {"source": FROM_CLIP, "clip": path}
