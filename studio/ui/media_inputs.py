"""Files that come in: which kinds the page offers to take, and how widgets hand them over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

PICTURES = (".png", ".jpg", ".jpeg", ".webp")


def unopened(*pictures: gr.Image) -> None:
    """Let these widgets hand over uploaded files as they came. Gradio would open them first, with no limit and with an
    error of its own; the studio looks at the header before anything is opened.
    """
    for picture in pictures:
        picture.preprocess = lambda payload: payload.path if payload else None


def paths_of(gallery: list[Any] | None) -> tuple[Path, ...]:
    """The files of a gallery's value (a list of (file, caption)), in order."""
    return tuple(Path(item[0] if isinstance(item, (tuple, list)) else item) for item in gallery or ())
