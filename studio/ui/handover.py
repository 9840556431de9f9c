"""How tabs hand results to each other, and how a finished file fills the form that made it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from studio.errors import StudioError
from studio.requests import Request, fields_of
from studio.service import Job, Studio
from studio.ui import messages
from studio.ui.layout import Tab
from studio.ui.running import Updates, chosen_video

UNSAID = "…"
"""Stands for the words that a file was saved without, until the form is filled."""
PRIVATE = {"api_visibility": "private", "show_progress": "hidden"}


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
            tabs: gr.Tabs(selected=target.task.name),
            target.controls.progress: messages.idle(),
            **_filled(target, target.filled_with(str(video))),
        }

    return hand_over


def _load_settings(
    studio: Studio, tabs: gr.Tabs, here: Tab, by_task: dict[str, Tab]
) -> Callable[[str | None], Updates]:
    def load(path: str | None) -> Updates:
        if not path:
            return {}
        try:
            request = studio.settings_in(Path(path), UNSAID)
        except StudioError as error:
            return {here.settings: None, here.controls.progress: messages.failed(error)}
        target = by_task[request.task]
        return {
            here.settings: None,
            tabs: gr.Tabs(selected=target.task.name),
            target.controls.progress: messages.said(_filled_in(request)),
            **_filled(target, target.from_request(request)),
        }

    return load


def _filled_in(request: Request) -> str:
    """What is said then: a file carries its request, but not the files that the request was about."""
    anew = "" if request.keep_prompt or not any(each.form == "words" for each in fields_of(type(request))) else (
        " The file was saved without words: where there were any, please write them again."
    )  # fmt: skip
    files = [each.bounds for each in fields_of(type(request)) if each.form in ("file", "files")
             and getattr(request, each.name)]  # fmt: skip
    if not files:
        return f"Settings filled in.{anew}"
    wanted = " and ".join(dict.fromkeys(f"the {' or '.join(each.takes)} for \"{each.label}\"" for each in files))
    return f"Settings filled in; now add {wanted} again.{anew}"


def _filled(tab: Tab, values: dict[str, Any]) -> Updates:
    return {tab.fields[name]: gr.update(value="" if value == UNSAID else value) for name, value in values.items()}
