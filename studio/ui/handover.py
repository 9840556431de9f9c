"""How tabs hand results to each other, and how a finished file fills the form that made it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from studio.errors import StudioError
from studio.service import Job, Studio
from studio.ui import messages
from studio.ui.layout import Tab
from studio.ui.running import Updates, chosen_video

PRIVATE = {"api_visibility": "private", "show_progress": "hidden"}
ADD_FILES = {
    "interpolation": "Settings filled in; now add the pictures or the clip again.",
    "restyle": "Settings filled in; now add the clip or the picture again.",
    "prediction": "Settings filled in; now add the clip again.",
}


def wire(studio: Studio, tabs: gr.Tabs, by_task: dict[str, Tab]) -> None:
    """Connect the hand-over buttons and the "load settings" places of all tabs."""
    for tab in by_task.values():
        for task, button in tab.panel.handovers.items():
            target = by_task[task]
            button.click(
                _hand_over(tabs, target), [tab.panel.done, tab.panel.chosen],
                [tabs, target.controls.progress, *target.fields.values()], **PRIVATE,
            )  # fmt: skip
        tab.settings.upload(
            _load_settings(studio, tabs, tab, by_task), tab.settings,
            [tabs, *(each.settings for each in by_task.values()),
             *(each.controls.progress for each in by_task.values()),
             *(widget for each in by_task.values() for widget in each.fields.values())], **PRIVATE,
        )  # fmt: skip


def _hand_over(tabs: gr.Tabs, target: Tab) -> Callable[[Job | None, int], Updates]:
    def hand_over(job: Job | None, index: int) -> Updates:
        if job is None:
            return {}
        video = chosen_video(job.result(), index)
        if not video.exists():
            raise gr.Error("This result is no longer here: please make it again.", print_exception=False)
        return {
            tabs: gr.Tabs(selected=target.task),
            target.controls.progress: messages.idle(),
            **_filled(target, target.take_over(str(video))),
        }

    return hand_over


def _load_settings(
    studio: Studio, tabs: gr.Tabs, here: Tab, by_task: dict[str, Tab]
) -> Callable[[str | None], Updates]:
    def load(path: str | None) -> Updates:
        if not path:
            return {}
        try:
            request = studio.request_in(Path(path))
        except StudioError as error:
            return {here.settings: None, here.controls.progress: messages.failed(error)}
        target = by_task[request.task]
        return {
            here.settings: None,
            tabs: gr.Tabs(selected=target.task),
            target.controls.progress: messages.said(ADD_FILES.get(request.task, "Settings filled in.")),
            **_filled(target, target.from_request(request)),
        }

    return load


def _filled(tab: Tab, values: dict[str, Any]) -> Updates:
    return {tab.fields[name]: gr.update(value=value) for name, value in values.items()}
