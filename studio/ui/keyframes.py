"""Keyframes in their order: numbered as they will be shown, and moved with three small buttons.

Gradio's gallery has no order of its own to change; a click chooses a picture, the buttons move it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from studio.requests import InterpolationRequest, field_of, read

Pictures = list[tuple[str, str]]
PRIVATE = {"show_progress": "hidden", "api_visibility": "private"}


def numbered(gallery: list[Any] | None) -> Pictures:
    """A gallery's pictures with their places as captions."""
    return [(str(path), str(place)) for place, path in enumerate(_paths(gallery), start=1)]


def moved(gallery: list[Any] | None, chosen: int | None, by: int) -> tuple[Pictures, int | None]:
    """The pictures with the chosen one (counted from 0) moved by so many places, and where it is then.

    Nothing is chosen, or there is no place to go to: nothing moves.
    """
    paths = list(_paths(gallery))
    if chosen is None or not 0 <= chosen < len(paths) or not 0 <= chosen + by < len(paths):
        return numbered(gallery), chosen
    paths.insert(chosen + by, paths.pop(chosen))
    return numbered(list(map(str, paths))), chosen + by


def _paths(gallery: list[Any] | None) -> tuple[Path, ...]:
    """The files of a gallery's value, in order."""
    return read(field_of(InterpolationRequest, "images"), gallery)


def order_row(task: str, gallery: gr.Gallery) -> gr.Row:
    """The buttons under a gallery of keyframes."""
    chosen = gr.State(None)
    small = {"size": "sm", "variant": "secondary"}
    with gr.Row(elem_classes="zoe-words", elem_id=f"{task}-order") as row:
        earlier = gr.Button("← Earlier", elem_id=f"{task}-earlier", **small)
        later = gr.Button("Later →", elem_id=f"{task}-later", **small)
        back = gr.Button("Reverse all", elem_id=f"{task}-reverse", **small)
    gallery.select(_place_of, None, chosen, **PRIVATE)
    gallery.upload(numbered, gallery, gallery, **PRIVATE)
    gallery.delete(lambda value: (numbered(value), None), gallery, [gallery, chosen], **PRIVATE)
    earlier.click(_mover(-1), [gallery, chosen], [gallery, chosen], **PRIVATE)
    later.click(_mover(1), [gallery, chosen], [gallery, chosen], **PRIVATE)
    back.click(
        lambda value: (gr.Gallery(value=numbered((value or [])[::-1]), selected_index=None), None),
        gallery, [gallery, chosen], **PRIVATE,
    )  # fmt: skip
    return row


def _place_of(event: gr.SelectData) -> int:
    return int(event.index)


def _mover(by: int) -> Callable[[list[Any] | None, int | None], tuple[Any, int | None]]:
    def move(gallery: list[Any] | None, chosen: int | None) -> tuple[Any, int | None]:
        if chosen is None:
            raise gr.Error("Click a picture first, then move it.", print_exception=False)
        pictures, place = moved(gallery, chosen, by)
        return gr.Gallery(value=pictures, selected_index=place), place

    return move
