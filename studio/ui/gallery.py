"""What was made in this visit: a strip of small clips under the tabs. A click puts one back on its own tab's stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from studio.service import Studio
from studio.ui import messages
from studio.ui.handover import PRIVATE
from studio.ui.layout import Tab
from studio.ui.running import Updates, outputs_of, show


@dataclass(frozen=True)
class Gallery:
    """The strip, the part of the page that hides while it is empty, and the jobs that it shows, in its order."""

    place: gr.Column
    clips: gr.Gallery
    jobs: gr.State


def build() -> Gallery:
    """Draw it inside the current Blocks; it shows once there is something to show."""
    with gr.Column(visible=False, elem_id="made-before", elem_classes="zoe-gallery") as place:
        gr.HTML('<p class="zoe-heading">Made in this visit</p>', elem_classes="zoe-bare")
        clips = gr.Gallery(
            label="Made in this visit", show_label=False, columns=8, fit_columns=False, height=150,
            object_fit="cover",
            allow_preview=False, interactive=False, buttons=[], elem_id="made-before-clips",
        )  # fmt: skip
    return Gallery(place, clips, gr.State([]))


def wire(studio: Studio, tabs: gr.Tabs, by_task: dict[str, Tab], gallery: Gallery, visitor: gr.State) -> None:
    """Refresh the strip whenever a tab has a new result, and bring a chosen one back."""
    shown = [gallery.place, gallery.clips, gallery.jobs]
    for tab in by_task.values():
        tab.panel.done.change(_refresh(studio, gallery), visitor, shown, **PRIVATE)
    stages = [widget for tab in by_task.values() for widget in outputs_of(tab.controls, tab.panel)]
    gallery.clips.select(_bring_back(studio, tabs, by_task), gallery.jobs, [tabs, *stages], **PRIVATE)


def _refresh(studio: Studio, gallery: Gallery) -> Callable[[str], Updates]:
    def refresh(key: str) -> Updates:
        entries = studio.history(key)
        return {
            gallery.place: gr.Column(visible=len(entries) > 1),  # the only one stands on the stage anyway
            gallery.clips: [(str(entry.video), entry.label) for entry in entries],
            gallery.jobs: [entry.job_id for entry in entries],
        }

    return refresh


def _bring_back(studio: Studio, tabs: gr.Tabs, by_task: dict[str, Tab]) -> Callable[..., Updates]:
    def bring_back(jobs: list[str], event: gr.SelectData) -> Updates:
        job = studio.job(jobs[_index(event)])
        if job is None or not job.is_over() or not job.result().video.exists():
            raise gr.Error("This result is no longer here: please make it again.", print_exception=False)
        tab = by_task[job.request.task]
        return {
            tabs: gr.Tabs(selected=tab.task.name),
            tab.controls.progress: messages.idle(),
            tab.panel.done: job,
            **show(tab.panel, job.result()),
        }

    return bring_back


def _index(event: Any) -> int:
    """The position that was clicked; Gradio gives a number for a strip, and a pair for a grid."""
    return int(event.index[0] if isinstance(event.index, (list, tuple)) else event.index)
