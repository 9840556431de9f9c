"""The named HTTP endpoints: text and files in, a finished MP4 (or a look file) out, in the same queue as the page.

Where several clips were asked for, the answer is a list of their paths; with ``details`` it is a list of everything
that was made: the clips, a WebM with transparency, a PNG, the layers, and at the end a JSON file with what the page
would say (seed, sizes, notes, how far a continuation can be trusted).

They stand on invisible widgets of their own, because only widgets carry files over HTTP; their parameters are plain and
all but the first have defaults. The page's own events are private.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from studio.errors import RequestError
from studio.requests import (
    InterpolationRequest,
    PredictionRequest,
    Request,
    RestyleRequest,
    StudyRequest,
    TextToVideoRequest,
    exact_rate,
)
from studio.service import Result, Studio
from studio.ui import layout, messages
from studio.ui.media_inputs import paths_of
from studio.ui.running import QUEUE, waiters


def build(studio: Studio) -> None:
    """Add the endpoints to the current Blocks."""

    def generate(
        prompt: str,
        seconds: float = 2.0,
        fps: float = 12,
        width: float = 256,
        height: float = 256,
        variety: float = 1.0,
        seed: float | None = None,
        keep_prompt: bool = True,
        picture: str | None = None,
        variations: float = 1,
        details: bool = False,
        progress: gr.Progress = gr.Progress(),  # noqa: B008  Gradio finds it by its default
    ) -> Iterator[Any]:
        """Make a clip from a prompt, with a picture of your own as its subject if you like. Returns an MP4's path."""
        yield from _run(studio, progress, details, lambda: TextToVideoRequest(
            prompt=prompt, seconds=seconds, fps=fps, width=int(width), height=int(height), variety=variety,
            seed=_whole(seed), keep_prompt=keep_prompt, picture=_path(picture),
            variations=_whole(variations)))  # fmt: skip

    def interpolate(
        images: list[str] | None = None,
        clip: str | None = None,
        seconds: float = 1.0,
        fps: str = "24",
        easing: str = "linear",
        loop: bool = False,
        prompt: str = "",
        seed: float | None = None,
        keep_prompt: bool = True,
        at_cut: str = "auto",
        replace_duplicates: bool = False,
        gap_seconds: str = "",
        details: bool = False,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Iterator[Any]:
        """Fill in the motion between pictures, or give a clip another exact frame rate. Returns the path of an MP4."""
        yield from _run(studio, progress, details, lambda: InterpolationRequest(
            images=paths_of(images), clip=_path(clip), seconds=seconds, fps=exact_rate(fps),
            easing=easing, loop=loop, prompt=prompt, seed=_whole(seed), keep_prompt=keep_prompt, at_cut=at_cut,
            replace_duplicates=replace_duplicates, gap_seconds=layout.numbers_of(gap_seconds)))  # fmt: skip

    def restyle(
        source: str,
        style: str = "",
        style_image: str | None = None,
        strength: float = 1.0,
        keep_colours: bool = False,
        brush_size: float = 1.0,
        detail: float = 0.5,
        where: str = "everything",
        box: str = "",
        mask: str | None = None,
        look: str | None = None,
        seed: float | None = None,
        keep_prompt: bool = True,
        details: bool = False,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Iterator[Any]:
        """Give a clip or a picture another look, in words, from a picture, or from a look file that `/study` made.
        Returns the path of an MP4."""
        yield from _run(studio, progress, details, lambda: RestyleRequest(
            source=_file(source), style=style, style_image=_path(style_image), look=_path(look), strength=strength,
            keep_colours=keep_colours, brush_size=brush_size, detail=detail, where=where, box=layout.numbers_of(box),
            mask=_path(mask), seed=_whole(seed), keep_prompt=keep_prompt))  # fmt: skip

    def study(
        picture: str,
        source: str | None = None,
        name: str = "",
        seed: float | None = None,
        details: bool = False,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Iterator[Any]:
        """Study a painting, for a clip or picture of yours if you like. Returns the path of a look file."""
        yield from _run(studio, progress, details, lambda: StudyRequest(
            picture=_file(picture), source=_path(source), name=name, seed=_whole(seed)))  # fmt: skip

    def predict(
        clip: str,
        seconds: float = 1.0,
        prompt: str = "",
        append: bool = False,
        mark: bool = False,
        seed: float | None = None,
        keep_prompt: bool = True,
        futures: float = 1,
        details: bool = False,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Iterator[Any]:
        """Continue a clip. Returns the path of an MP4, or a list of them where several futures were asked for."""
        yield from _run(studio, progress, details, lambda: PredictionRequest(
            clip=_file(clip), seconds=seconds, prompt=prompt, append=append, mark=mark, seed=_whole(seed),
            keep_prompt=keep_prompt, futures=_whole(futures)))  # fmt: skip

    text, number, tick = gr.Textbox, gr.Number, gr.Checkbox
    _endpoint(studio, generate, text(), number(2), number(12), number(256), number(256), number(1), number(None),
              tick(True), gr.File(), number(1), tick(False))  # fmt: skip
    _endpoint(studio, interpolate, gr.File(file_count="multiple"), gr.File(), number(1), text("24"), text("linear"),
              tick(False), text(""), number(None), tick(True), text("auto"), tick(False), text(""),
              tick(False))  # fmt: skip
    _endpoint(studio, restyle, gr.File(), text(""), gr.File(), number(1), tick(False), number(1), number(0.5),
              text("everything"), text(""), gr.File(), gr.File(), number(None), tick(True), tick(False))  # fmt: skip
    _endpoint(studio, study, gr.File(), gr.File(), text(""), number(None), tick(False))
    _endpoint(studio, predict, gr.File(), number(1), text(""), tick(False), tick(False), number(None), tick(True),
              number(1), tick(False))  # fmt: skip


def _endpoint(studio: Studio, function: Callable[..., Iterator[Any]], *inputs: Any) -> None:
    gr.Button(visible=False).click(
        function,
        list(inputs),
        gr.File(visible=False, file_count="multiple"),
        api_name=function.__name__,
        api_description=function.__doc__,
        concurrency_id=QUEUE,
        concurrency_limit=waiters(studio),
    )


def _run(studio: Studio, progress: gr.Progress, details: bool, make: Callable[[], Request]) -> Iterator[Any]:
    job = None
    try:
        job = studio.submit(make())
        for event in job.events():
            if event.total and not event.is_end:
                progress((event.done, event.total), desc=event.message)
        yield _answer(job.result(), details)
    except Exception as error:
        raise gr.Error(messages.sentence(error), print_exception=False) from None
    finally:
        if job is not None and not job.is_over():
            job.cancel()


def _answer(result: Result, details: bool) -> str | list[str]:
    """The path of the only clip or look file, or a list of the paths of all that was made."""
    clips = [str(path) for path in result.variations or (result.look or result.video,)]
    if not details:
        return clips if len(clips) > 1 else clips[0]
    facts = result.video.with_name("details.json")
    facts.write_text(json.dumps(result.facts(), ensure_ascii=False, indent=1), encoding="utf-8")
    others = [path for path in (result.transparent, result.picture, result.layers) if path is not None]
    return [*clips, *map(str, others), str(facts)]


def _whole(number: float | None) -> float | None:
    """Whole numbers as such; what is none goes on as it is, to be refused by the request."""
    return int(number) if number is not None and float(number).is_integer() else number


def _path(path: str | None) -> Path | None:
    return Path(path) if path else None


def _file(path: str | None) -> Path:
    if not path:
        raise RequestError("Please give a file.")
    return Path(path)
