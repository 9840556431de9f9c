"""The tab "Continue": a clip goes on for some seconds, on its own course or on one given in words."""

from __future__ import annotations

from typing import Any

import gradio as gr

from studio.requests import PredictionRequest
from studio.service import Task
from studio.settings import Limits
from studio.ui import layout, messages
from studio.ui.examples import Example, cards, file_of
from studio.ui.media_inputs import clip_box, clip_of
from studio.ui.running import cancel

TASK = PredictionRequest.task
COURSES = (
    "goes on", "pans left", "pans right", "tilts up", "tilts down", "zooms in", "zooms out", "slows down", "speeds up",
    "stops",
)  # fmt: skip
EXAMPLES = (
    Example("A balloon rises on", {"clip": file_of(TASK, "balloon.mp4"), "prompt": ""}, "balloon.jpeg"),
    Example(
        "An elephant, and the camera zooms in",
        {"clip": file_of(TASK, "elephant.mp4"), "prompt": "zooms in"},
        "elephant.jpeg",
    ),
)


def build(task: Task, limits: Limits) -> layout.Tab:
    """Draw the tab inside the current Blocks."""
    kind = PredictionRequest
    with gr.Row(elem_classes="zoe-columns"):
        with gr.Column(scale=5, elem_classes="zoe-inputs"):
            box = clip_box(TASK, limits)
            seconds = layout.slider(kind, "seconds")
            prompt = layout.words(kind, "prompt", placeholder="goes on as it was")
            with gr.Row(elem_classes="zoe-words"):
                for course in COURSES:
                    chip = gr.Button(course, size="sm", variant="secondary")
                    words = "" if course == COURSES[0] else course
                    chip.click(None, None, prompt, js=f"() => {words!r}", api_visibility="private")
            append = layout.tick(kind, "append")
            with gr.Accordion("Advanced", open=False, elem_id=f"{TASK}-advanced", elem_classes="zoe-advanced"):
                futures = layout.count(kind, "futures")
                mark = layout.tick(kind, "mark")
                seed = layout.seed_row(kind)
                keep_prompt, keep_names = layout.tick(kind, "keep_prompt"), layout.tick(kind, "keep_names")
                settings = layout.settings_drop(task)
            controls = layout.controls(task, messages.clip_hint(limits))
        with gr.Column(scale=6, elem_classes="zoe-result"):
            panel = layout.panel(task, cancel)
    fields = {
        "clip": box.clip, "animation": box.animation, "seconds": seconds, "prompt": prompt,
        "append": append, "mark": mark, "futures": futures, "seed": seed.number, "keep_prompt": keep_prompt,
        "keep_names": keep_names,
    }  # fmt: skip
    cards(TASK, EXAMPLES, fields)
    return layout.Tab(task, fields, seed, controls, panel, settings, to_request)


def to_request(values: dict[str, Any]) -> PredictionRequest:
    """Widget values to a request."""
    values = dict(values)
    clip = clip_of(values.pop("clip"), values.pop("animation", None))
    return PredictionRequest.of({**values, "clip": clip})
