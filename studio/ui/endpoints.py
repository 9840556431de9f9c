"""The four named HTTP endpoints: text and files in, a finished MP4 out, in the same queue as the page.

They stand on invisible widgets of their own, because only widgets carry files over HTTP; their parameters are plain and
all but the first have defaults. The page's own events are private.
"""

from __future__ import annotations

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
    TextToVideoRequest,
    exact_rate,
)
from studio.service import Studio
from studio.ui import messages
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
        progress: gr.Progress = gr.Progress(),  # noqa: B008  Gradio finds it by its default
    ) -> Iterator[Any]:
        """Make a clip from a prompt, with a picture of your own as its subject if you like. Returns an MP4's path."""
        yield from _run(studio, progress, lambda: TextToVideoRequest(
            prompt=prompt, seconds=seconds, fps=fps, width=int(width), height=int(height), variety=variety,
            seed=_whole(seed), keep_prompt=keep_prompt, picture=Path(picture) if picture else None))  # fmt: skip

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
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Iterator[Any]:
        """Fill in the motion between pictures, or give a clip another exact frame rate. Returns the path of an MP4."""
        yield from _run(studio, progress, lambda: InterpolationRequest(
            images=paths_of(images), clip=Path(clip) if clip else None, seconds=seconds, fps=exact_rate(fps),
            easing=easing, loop=loop, prompt=prompt, seed=_whole(seed), keep_prompt=keep_prompt))  # fmt: skip

    def restyle(
        source: str,
        style: str = "",
        style_image: str | None = None,
        strength: float = 1.0,
        keep_colours: bool = False,
        seed: float | None = None,
        keep_prompt: bool = True,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Iterator[Any]:
        """Give a clip or a picture another look. Returns the path of an MP4."""
        yield from _run(studio, progress, lambda: RestyleRequest(
            source=_file(source), style=style, style_image=Path(style_image) if style_image else None,
            strength=strength, keep_colours=keep_colours, seed=_whole(seed), keep_prompt=keep_prompt))  # fmt: skip

    def predict(
        clip: str,
        seconds: float = 1.0,
        prompt: str = "",
        append: bool = False,
        mark: bool = False,
        seed: float | None = None,
        keep_prompt: bool = True,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Iterator[Any]:
        """Continue a clip. Returns the path of an MP4."""
        yield from _run(studio, progress, lambda: PredictionRequest(
            clip=_file(clip), seconds=seconds, prompt=prompt, append=append, mark=mark, seed=_whole(seed),
            keep_prompt=keep_prompt))  # fmt: skip

    text, number, tick = gr.Textbox, gr.Number, gr.Checkbox
    _endpoint(studio, generate, text(), number(2), number(12), number(256), number(256), number(1), number(None),
              tick(True), gr.File())  # fmt: skip
    _endpoint(studio, interpolate, gr.File(file_count="multiple"), gr.File(), number(1), text("24"), text("linear"),
              tick(False), text(""), number(None), tick(True))  # fmt: skip
    _endpoint(studio, restyle, gr.File(), text(""), gr.File(), number(1), tick(False), number(None), tick(True))
    _endpoint(studio, predict, gr.File(), number(1), text(""), tick(False), tick(False), number(None), tick(True))


def _endpoint(studio: Studio, function: Callable[..., Iterator[Any]], *inputs: Any) -> None:
    gr.Button(visible=False).click(
        function,
        list(inputs),
        gr.File(visible=False),
        api_name=function.__name__,
        api_description=function.__doc__,
        concurrency_id=QUEUE,
        concurrency_limit=waiters(studio),
    )


def _run(studio: Studio, progress: gr.Progress, make: Callable[[], Request]) -> Iterator[Any]:
    job = None
    try:
        job = studio.submit(make())
        for event in job.events():
            if event.total and not event.is_end:
                progress((event.done, event.total), desc=event.message)
        yield str(job.result().video)
    except Exception as error:
        raise gr.Error(messages.sentence(error), print_exception=False) from None
    finally:
        if job is not None and not job.is_over():
            job.cancel()


def _whole(seed: float | None) -> int | None:
    return None if seed is None else int(seed)


def _file(path: str | None) -> Path:
    if not path:
        raise RequestError("Please give a file.")
    return Path(path)
