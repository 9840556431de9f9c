"""Files that come in: which kinds the page offers to take, how widgets hand them over, and the examples on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

EXAMPLES = Path(__file__).resolve().parent / "examples"
CLIPS = (".mp4", ".mov", ".mkv", ".webm", ".gif")
PICTURES = (".png", ".jpg", ".jpeg", ".webp")


def paths_of(gallery: list[Any] | None) -> tuple[Path, ...]:
    """The files of a gallery's value (a list of (file, caption)), in order."""
    return tuple(Path(item[0] if isinstance(item, (tuple, list)) else item) for item in gallery or ())


def examples_of(
    task: str, widgets: list[Component], rows: Callable[[list[Path]], list[list[Any]]], label: str = "Try one of these"
) -> None:
    """Examples drawn from ``examples/<task>/``; nothing where that folder is empty."""
    found = sorted((EXAMPLES / task).glob("*"))
    samples = [row for row in rows(found) if row] if found else []
    if samples:
        gr.Examples(samples, widgets, label=label, api_visibility="private")
