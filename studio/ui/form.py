"""The tab of a task that has no layout of its own: one widget for each field of its request, in the fields' order."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.components import Component

from studio.requests import Field, Request, fields_of
from studio.service import Task
from studio.settings import Limits
from studio.ui import layout, messages
from studio.ui.media_inputs import clip_box, clip_of, unopened
from studio.ui.running import cancel

FEW = 8
"""Whole numbers up to so many stand as a row of buttons."""


def build(task: Task, limits: Limits) -> layout.Tab:
    """Draw the tab inside the current Blocks."""
    kind = task.request
    own = [each for each in fields_of(kind) if each.name not in ("seed", "keep_prompt", "keep_names")]
    widgets: dict[str, Component] = {}
    with gr.Row(elem_classes="zoe-columns"):
        with gr.Column(scale=5, elem_classes="zoe-inputs"):
            for each in own:
                if not each.bounds.advanced:
                    widgets |= _widgets(task, each, limits)
            with gr.Accordion("Advanced", open=False, elem_id=f"{task.name}-advanced", elem_classes="zoe-advanced"):
                for each in own:
                    if each.bounds.advanced:
                        widgets |= _widgets(task, each, limits)
                seed = layout.seed_row(kind)
                keep_prompt, keep_names = layout.tick(kind, "keep_prompt"), layout.tick(kind, "keep_names")
                settings = layout.settings_drop(task)
            controls = layout.controls(task, _hint(own, limits))
        with gr.Column(scale=6, elem_classes="zoe-result"):
            panel = layout.panel(task, cancel)
    fields = {**widgets, "seed": seed.number, "keep_prompt": keep_prompt, "keep_names": keep_names}

    def to_request(values: dict[str, Any]) -> Request:
        values = dict(values)
        for name in [name for name in values if name.endswith(ANIMATION)]:
            clip = name.removesuffix(ANIMATION)
            values[clip] = clip_of(values[clip], values.pop(name))
        return kind.of(values)

    return layout.Tab(task, fields, seed, controls, panel, settings, to_request)


ANIMATION = ":animation"
"""What is put to a clip's name for the moving picture that its box may stand for."""


def _widgets(task: Task, field: Field, limits: Limits) -> dict[str, Component]:
    """The field's widget by its name; a clip has two."""
    if field.form == "file" and field.bounds.takes == ("clip",):
        box = clip_box(task.name, limits, name=field.name)
        return {field.name: box.clip, field.name + ANIMATION: box.animation}
    return {field.name: _widget(task.request, field)}


def _widget(kind: type[Request], field: Field) -> Component:
    bounds, name = field.bounds, field.name
    match field.form:
        case "tick":
            return layout.tick(kind, name)
        case "choice":
            return layout.choice(kind, name)
        case "whole" if bounds.high - bounds.low < FEW:
            return layout.count(kind, name)
        case "whole" | "number":
            return layout.slider(kind, name)
        case "file" if bounds.takes == ("picture",):
            picture = gr.Image(
                label=bounds.label, sources=["upload"], type="filepath", height=230, interactive=True, buttons=[],
                elem_id=f"{kind.task}-{name}", elem_classes="zoe-drop",
            )  # fmt: skip
            unopened(picture)
            return picture
        case "file" | "files":
            return gr.File(
                label=bounds.label, file_count="multiple" if field.form == "files" else "single", height=150,
                elem_id=f"{kind.task}-{name}", elem_classes="zoe-drop zoe-short",
            )  # fmt: skip
    return layout.words(kind, name, value=layout.as_shown(field.default))


def _hint(fields: list[Field], limits: Limits) -> str:
    taken = {kind for each in fields for kind in each.bounds.takes}
    return messages.clip_hint(limits) if "clip" in taken else ""
