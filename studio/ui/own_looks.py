"""Looks of one's own: a picture to take a look from at once, the button that studies it, and the looks kept so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from studio.errors import RequestError, StudioError
from studio.requests import MAX_NAME, StudyRequest
from studio.service import Job, Studio
from studio.ui import looks, messages
from studio.ui.media_inputs import unopened
from studio.ui.presence import WATCH, Listener, client_of
from studio.ui.running import QUEUE, Updates, cancel, follow, waiters

PRIVATE = {"api_visibility": "private", "show_progress": "hidden"}
HINT = (
    "Restyle takes this picture's look at once. To come closer, study it: that takes a minute or two, and its look "
    "stays in your list and as a file."
)
GONE = "This look is no longer here: please choose another one."


@dataclass(frozen=True)
class OwnLooks:
    """The widgets. ``wall`` shows the kept looks, ``look`` holds the path of the one in use ("" for none)."""

    wall: gr.HTML
    used: gr.Row
    file: gr.DownloadButton
    forget: gr.Button
    picture: gr.Image
    name: gr.Textbox
    study: gr.Button
    stop: gr.Button
    progress: gr.HTML
    add: gr.UploadButton
    look: gr.State
    job: gr.State


def wall(task: str) -> tuple[gr.HTML, gr.Row, gr.DownloadButton, gr.Button]:
    """Draw the cards of the kept looks and what can be done with the one in use; hidden while there are none."""
    cards = gr.HTML("", js_on_load=looks.OWN_CLICK, visible=False, elem_id=f"{task}-own", elem_classes="zoe-bare")
    with gr.Row(visible=False, elem_classes="zoe-words") as used:
        file = gr.DownloadButton("Download this look", size="sm", elem_id=f"{task}-look-file")
        forget = gr.Button("Remove it", size="sm", elem_id=f"{task}-look-forget")
    return cards, used, file, forget


def build(task: str, cards: tuple[gr.HTML, gr.Row, gr.DownloadButton, gr.Button], on_leave: Callable) -> OwnLooks:
    """Draw the closed part with the style picture inside the current Blocks."""
    with gr.Accordion("A look from a picture of your own", open=False, elem_id=f"{task}-from-picture",
                      elem_classes="zoe-advanced"):  # fmt: skip
        picture = gr.Image(
            label="A painting, a print, a texture...", sources=["upload"], type="filepath", height=170,
            interactive=True, buttons=[], elem_id=f"{task}-style-image", elem_classes="zoe-drop zoe-short",
        )  # fmt: skip
        unopened(picture)
        gr.Markdown(HINT, elem_classes="zoe-bare zoe-lead")
        name = gr.Textbox(
            label="Name of the look", placeholder="My look", max_lines=1, max_length=MAX_NAME,
            elem_id=f"{task}-look-name",
        )  # fmt: skip
        with gr.Row(elem_classes="zoe-words zoe-study"):
            study = gr.Button("Study this picture", size="sm", elem_id=f"{task}-study")
            stop = gr.Button("Cancel the study", size="sm", visible=False, elem_id=f"{task}-study-cancel")
            add = gr.UploadButton("Add a look file", size="sm", file_types=[".safetensors"],
                                  elem_id=f"{task}-look-add")  # fmt: skip
        progress = gr.HTML("", visible=False, elem_id=f"{task}-study-progress", elem_classes="zoe-bare")
    return OwnLooks(*cards, picture, name, study, stop, progress, add, gr.State(""),
                    gr.State(None, delete_callback=on_leave))  # fmt: skip


def wire(
    own: OwnLooks, style: gr.Textbox, sources: list[Any], source_of: Callable[..., Path | None], studio: Studio,
    visitor: gr.State,
) -> None:  # fmt: skip
    """Connect them. ``source_of(*values of sources)`` is the clip or picture that the form holds, or None."""
    shown = [own.wall, own.used, own.file]

    def refresh(key: str, look: str) -> list[Any]:
        return _shown(studio, key, look)

    def take(key: str, event: gr.EventData) -> list[Any]:
        kept = studio.looks.of(key)
        if not 0 <= int(event.index) < len(kept):
            raise gr.Error(GONE, print_exception=False)
        return [str(kept[int(event.index)].path), ""]

    def forget(key: str, look: str) -> str:
        studio.looks.remove(key, Path(look))
        return ""

    def add(key: str, path: str) -> list[Any]:
        try:
            return [str(studio.looks.keep(key, Path(path)).path), ""]
        except StudioError as error:
            raise gr.Error(messages.sentence(error), print_exception=False) from None

    def begin(
        key: str, picture: str | None, name: str, request: gr.Request, *values: Any
    ) -> Iterator[Updates]:  # fmt: skip
        yield from studied(studio, own, style, key, picture, name, lambda: source_of(*values), request)

    for change in (visitor.change, own.look.change):
        change(refresh, [visitor, own.look], shown, **PRIVATE)
    own.wall.click(take, visitor, [own.look, style], **PRIVATE)
    own.forget.click(forget, [visitor, own.look], own.look, **PRIVATE)
    own.add.upload(add, [visitor, own.add], [own.look, style], **PRIVATE)
    for other in (style.input, own.picture.upload):
        other(lambda: "", None, own.look, **PRIVATE)
    own.study.click(
        begin, [visitor, own.picture, own.name, *sources],
        [own.study, own.stop, own.progress, own.job, own.look, style], trigger_mode="once", concurrency_id=QUEUE,
        concurrency_limit=waiters(studio), **PRIVATE,
    )  # fmt: skip
    own.stop.click(cancel, own.job, None, queue=False, **PRIVATE)


def _shown(studio: Studio, key: str, look: str) -> list[Any]:
    kept = studio.looks.of(key)
    used = look if any(str(each.path) == look for each in kept) else ""
    return [
        gr.HTML(looks.own_markup(kept, used), visible=bool(kept)),
        gr.Row(visible=bool(used)),
        gr.DownloadButton(value=used or None),
    ]


def studied(
    studio: Studio, own: OwnLooks, style: gr.Textbox, key: str, picture: str | None, name: str,
    source_of: Callable[[], Path | None], request: gr.Request | None = None,
) -> Iterator[Updates]:  # fmt: skip
    """Study the style picture and yield the page's changes; in the end its look is kept and in use."""
    job: Job | None = None
    back = {own.study: gr.Button(interactive=True), own.stop: gr.Button(visible=False), own.job: None}
    try:
        if not picture:
            raise RequestError("Please add the picture first whose look you want.")
        listener, client = Listener(request), client_of(request, studio.settings.behind_proxy)
        job = studio.submit(StudyRequest(picture=Path(picture), source=source_of(), name=name or ""), key, client)
        WATCH.add(job, listener)
        yield {
            own.study: gr.Button(interactive=False),
            own.stop: gr.Button(visible=True),
            own.progress: gr.HTML(messages.starting(), visible=True),
            own.job: job,
        }
        for progress in follow(job):
            yield {own.progress: gr.HTML(progress, visible=True)}
        kept = studio.looks.keep(key, job.result().look)
        said = f'"{kept.card.name}" is among your looks now, and in use.'
        yield {**back, own.progress: gr.HTML(messages.said(said), visible=True), own.look: str(kept.path), style: ""}
    except Exception as error:  # noqa: BLE001  whatever happens, the person reads one sentence and can go on
        yield {**back, own.progress: gr.HTML(messages.failed(error), visible=True)}
    finally:
        if job is not None and not job.is_over():
            job.cancel()  # the page was closed: free the worker
