"""The tab "Keyframes": pictures become motion between them, or a clip gets an exact frame rate."""

from __future__ import annotations

from typing import Any

import gradio as gr

from studio.errors import RequestError
from studio.requests import InterpolationRequest, field_of
from studio.service import Task
from studio.settings import Limits
from studio.ui import layout, messages
from studio.ui.examples import Example, cards, file_of
from studio.ui.keyframes import order_row
from studio.ui.media_inputs import PICTURES, clip_box, clip_of
from studio.ui.running import cancel

TASK = InterpolationRequest.task
FROM_PICTURES, FROM_CLIP = "pictures", "clip"
PICTURES_ONLY = ("images", "seconds", "gap_seconds", "easing", "loop")
RATES = ["24", "25", "30", "48", "50", "59.94", "60", "120"]
SIZE_RULE = (
    "Pictures of different sizes: the first one sets the shape, the others are scaled to cover it and cropped around "
    "their middle. The result keeps the first one's size."
)
EASINGS = {"linear": "Even", "ease": "Soft start and end", "ease-in": "Soft start", "ease-out": "Soft end"}
AT_CUT = {
    "auto": "Pictures dissolve, clips hold",
    "hold": "Hold",
    "dissolve": "Dissolve",
    "cut": "Cut",
}
EXAMPLES = (
    Example(
        "Six pictures of a rising balloon",
        {
            "source": FROM_PICTURES,
            "images": [(file_of(TASK, f"balloon-{number}.png"), str(number)) for number in range(1, 7)],
            "seconds": 0.5,
            "fps": "24",
        },
        "balloon.jpeg",
    ),
    Example(
        "A whale, from 12 to 60 frames per second",
        {"source": FROM_CLIP, "clip": file_of(TASK, "whale.mp4"), "fps": "60"},
        "whale.jpeg",
    ),
)


def build(task: Task, limits: Limits) -> layout.Tab:
    """Draw the tab inside the current Blocks."""
    kind = InterpolationRequest
    with gr.Row(elem_classes="zoe-columns"):
        with gr.Column(scale=5, elem_classes="zoe-inputs"):
            source = gr.Radio(
                [("Pictures", FROM_PICTURES), ("A clip", FROM_CLIP)], value=FROM_PICTURES, label="Start from",
                elem_id=f"{TASK}-source",
            )  # fmt: skip
            images = gr.Gallery(
                label="Keyframes, in order", type="filepath", interactive=True, file_types=list(PICTURES), columns=4,
                height=236, object_fit="cover", allow_preview=False, buttons=[], sources=["upload"],
                elem_id=f"{TASK}-images", elem_classes="zoe-drop",
            )  # fmt: skip
            order = order_row(TASK, images)
            rule = gr.Markdown(SIZE_RULE, elem_classes="zoe-bare zoe-lead", elem_id=f"{TASK}-rule")
            box = clip_box(TASK, limits, visible=False)
            with gr.Row(elem_classes="zoe-row"):
                seconds = layout.slider(kind, "seconds")
                fps = gr.Dropdown(
                    RATES, value="24", allow_custom_value=True, label="Frames per second",
                    info="Exact: 24, 59.94, 60 or any other rate.", elem_id=f"{TASK}-fps",
                )  # fmt: skip
            easing = layout.choice(kind, "easing", EASINGS)
            loop = layout.tick(kind, "loop")
            with gr.Accordion("Advanced", open=False, elem_id=f"{TASK}-advanced", elem_classes="zoe-advanced"):
                prompt = layout.words(kind, "prompt", placeholder="slow start")
                gap_seconds = gr.Textbox(
                    label=field_of(kind, "gap_seconds").bounds.label,
                    info="Where the gaps differ; empty: all last as long.",
                    placeholder="0.5, 1, 2", max_lines=1, elem_id=f"{TASK}-gap_seconds",
                )  # fmt: skip
                at_cut = layout.choice(kind, "at_cut", AT_CUT)
                replace_duplicates = layout.tick(kind, "replace_duplicates", visible=False)
                seed = layout.seed_row(kind)
                keep_prompt, keep_names = layout.tick(kind, "keep_prompt"), layout.tick(kind, "keep_names")
                settings = layout.settings_drop(task)
            controls = layout.controls(task, messages.picture_hint(limits))
        with gr.Column(scale=6, elem_classes="zoe-result"):
            panel = layout.panel(task, cancel)
    source.change(
        _show_source, source,
        [images, order, rule, seconds, easing, loop, gap_seconds, box.clip, box.others, replace_duplicates],
        show_progress="hidden", api_visibility="private",
    )  # fmt: skip
    fields = {
        "source": source, "images": images, "clip": box.clip, "animation": box.animation, "seconds": seconds,
        "gap_seconds": gap_seconds, "fps": fps, "easing": easing, "loop": loop, "prompt": prompt,
        "at_cut": at_cut, "replace_duplicates": replace_duplicates, "seed": seed.number, "keep_prompt": keep_prompt,
        "keep_names": keep_names,
    }  # fmt: skip
    cards(TASK, EXAMPLES, fields)
    return layout.Tab(task, fields, seed, controls, panel, settings, to_request, from_request, take_over)


def _show_source(source: str) -> list[Any]:
    pictures = source == FROM_PICTURES
    return [gr.update(visible=pictures)] * 7 + [gr.update(visible=not pictures)] * 3


def to_request(values: dict[str, Any]) -> InterpolationRequest:
    """Widget values to a request; what belongs to the other source is left out."""
    values = dict(values)
    source = values.pop("source")
    clip = clip_of(values.pop("clip", None), values.pop("animation", None))
    if source == FROM_PICTURES:
        return InterpolationRequest.of({**values, "replace_duplicates": False})
    if not clip:
        raise RequestError("Please add a clip first.")
    for name in PICTURES_ONLY:
        values.pop(name, None)
    return InterpolationRequest.of({**values, "clip": clip})


def from_request(request: InterpolationRequest) -> dict[str, Any]:
    """A request to widget values, without its files."""
    values = layout.shown(request)
    return {**values, "fps": values["fps"] or "24", "source": FROM_CLIP if request.clip else FROM_PICTURES}


def take_over(path: str) -> dict[str, Any]:
    """A result of another tab becomes this tab's clip, at a smoother rate."""
    return {"source": FROM_CLIP, "clip": path, "fps": "60"}
