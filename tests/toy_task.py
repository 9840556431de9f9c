"""A fifth task, a clip backwards: its one file up to ``ROW``, which is its row; below, a studio that has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import MISSING, dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from studio.errors import MediaError
from studio.media.decode import open_frames
from studio.requests import Request, bounded
from studio.service import TASKS, Studio, Task
from studio.settings import Settings
from studio.ui import page as pages
from tests.machine import free_port


@dataclass(frozen=True, kw_only=True)
class BackwardsRequest(Request):
    """A clip that is played backwards."""

    task: ClassVar[str] = "backwards"
    clip: Path = bounded(MISSING, "Clip", "The clip to turn round.", takes=("clip",))
    repeat: int = bounded(1, "Times", "How often it is played.", low=1, high=3, step=1)
    order: str = bounded("backwards", "Order", "Which way it goes.", choices=("backwards", "there and back"))
    title: str = bounded("", "Title", "What to call it.", longest=40, advanced=True)


def check(request, sources, limits):
    """Only a clip can be turned round."""
    if sources["clip"][0].info.kind == "image":
        raise MediaError("A picture has no way to go: please give a clip.")


def run(request, context):
    """The clip's frames in the other order."""
    source = context.source("clip")
    with open_frames(source.path, context.limits, info=source.info) as clip:
        forwards = list(clip)
        frames = forwards[::-1] if request.order == "backwards" else forwards + forwards[::-1]
        context.start("working", len(frames) * request.repeat, "Turning round.")
        with context.video("video.mp4", clip.size, clip.fps) as video:
            for done, frame in enumerate(frames * request.repeat, start=1):
                video.write(frame)
                context.step(done)
    return context.finish(video, clip.fps)


ROW = Task(
    request=BackwardsRequest,
    command="turn",
    summary="play a clip backwards",
    run=run,
    check=check,
    title="Backwards",
    action="Turn it round",
    takes="clip",
    handover="Turn this round",
)


@contextmanager
def added() -> Iterator[None]:
    """The row stands in the table while the block runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(TASKS, ROW.name, ROW)
        yield


@contextmanager
def serving(checkpoints: Path, folder: Path) -> Iterator[str]:
    """The address of a real server whose studio has the fifth task, while the block runs."""
    settings = Settings(work=folder / "work", checkpoints=checkpoints, port=free_port())
    with added(), pytest.MonkeyPatch.context() as patch, Studio(settings) as studio:
        patch.setenv("GRADIO_TEMP_DIR", str(studio.private_folder()))
        page = pages.build(studio)
        pages.launch(page, studio)
        yield page.local_url
        page.close(verbose=False)
