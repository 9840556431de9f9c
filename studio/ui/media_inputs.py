"""Files that come in: which kinds the page offers to take, and how widgets hand them over."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from studio.errors import StudioError
from studio.service import playable
from studio.settings import Limits
from studio.ui import messages

PICTURES = (".png", ".jpg", ".jpeg", ".webp")
ANIMATIONS = (".gif", ".png", ".apng", ".webp")


@dataclass(frozen=True)
class ClipBox:
    """Where a clip is dropped. A browser plays no GIF as a film: for one, ``clip`` shows a small mp4 of it, and
    ``animation`` holds (name of that mp4, path of the file that was given), which ``clip_of`` undoes.
    """

    clip: gr.Video
    others: gr.Row
    animation: gr.State


def clip_box(task: str, limits: Limits, visible: bool = True, name: str = "clip") -> ClipBox:
    """Draw it inside the current Blocks: the box for films, and below it a button for moving pictures."""
    clip = gr.Video(
        label="Clip", sources=["upload"], height=230, interactive=True, visible=visible, elem_id=f"{task}-{name}",
        elem_classes="zoe-drop",
    )  # fmt: skip
    with gr.Row(elem_classes="zoe-words zoe-others", visible=visible) as others:
        button = gr.UploadButton(
            "Use a GIF, animated PNG or WebP", file_types=list(ANIMATIONS), size="sm", variant="secondary",
            elem_id=f"{task}-animation",
        )  # fmt: skip
    animation = gr.State(("", ""))

    def take(path: str) -> tuple[str, tuple[str, str]]:
        try:
            shown = playable(Path(path), limits)
        except StudioError as error:
            raise gr.Error(messages.sentence(error), print_exception=False) from None
        return str(shown), (shown.name, path)

    button.upload(take, button, [clip, animation], show_progress="hidden", api_visibility="private")
    return ClipBox(clip, others, animation)


def clip_of(clip: str | None, animation: tuple[str, str] | None) -> str | None:
    """The file that was given as a clip: what the box shows, or the moving picture behind it; None if it is empty."""
    shown, given = animation or ("", "")
    return given if clip and shown and Path(clip).name == shown else clip


def unopened(*pictures: gr.Image) -> None:
    """Let these widgets hand over uploaded files as they came. Gradio would open them first, with no limit and with an
    error of its own; the studio looks at the header before anything is opened.
    """
    for picture in pictures:
        picture.preprocess = lambda payload: payload.path if payload else None


