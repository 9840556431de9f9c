"""How a clip goes on: file -> pipeline -> the continuation alone, or the clip with its continuation."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from studio.errors import LimitError, MediaError
from studio.media.decode import open_frames
from studio.media.encode import VideoWriter
from studio.requests import PredictionRequest
from studio.service.jobs import Source
from studio.service.marking import mark_predicted
from studio.service.results import Result
from studio.service.workbench import Workbench
from studio.settings import Limits

if TYPE_CHECKING:
    from studio.pipelines.prediction import PredictionPipeline

CONTEXT_FRAMES = 8  # of the source's end that the pipeline sees: enough to tell its course from a shake
ONE_PICTURE = "This clip has only one picture: please give one in which something moves."


def check(request: PredictionRequest, sources: dict[str, tuple[Source, ...]], limits: Limits) -> None:
    """A clip of two frames or more, and a result of bounded length."""
    (clip,) = sources["clip"]
    if clip.info.kind == "image" or (clip.info.frame_count is not None and clip.info.frame_count < 2):
        raise MediaError(ONE_PICTURE)
    frames = (clip.info.duration * request.append + request.seconds) * float(clip.info.fps)
    if frames > limits.frames:
        raise LimitError(f"The result would have {round(frames)} frames; this studio makes at most {limits.frames}.")


def run(request: PredictionRequest, bench: Workbench) -> Result:
    """Read the clip to its end (copying it into the result where that is asked for), then go on from there."""
    source = bench.source("clip")
    pipeline: PredictionPipeline = bench.pipeline()
    bench.note_long_words(pipeline, request.prompt)
    with open_frames(source.path, bench.limits, info=source.info) as clip:
        wanted = max(1, round(request.seconds * clip.fps))
        sound = clip.sound if request.append else None
        sound_seconds = float(clip.length / clip.fps) if sound is not None and clip.length else None
        with bench.video("video.mp4", clip.size, clip.fps, sound=sound, sound_seconds=sound_seconds) as video:
            tail = _read(iter(clip), clip.length, request, video, bench)
            bench.start("working", wanted, "Predicting frames.")
            frames = pipeline.stream(
                tail,
                num_frames=wanted,
                prompt=request.prompt or None,
                fps=clip.fps,
                generator=bench.generator(),
                is_cancelled=bench.is_cancelled,
            )
            for done, frame in enumerate(frames, start=1):
                video.write(mark_predicted(frame) if request.mark else frame)
                bench.step(done)
        bench.note_source(source, clip)
    if source.info.has_sound:
        bench.notes.append(
            "The sound ends where the continuation begins: sound is not predicted."
            if request.append
            else "The continuation has no sound: sound is not predicted."
        )
    return bench.finish(video, clip.fps)


def _read(
    frames: Iterator[np.ndarray], length: int | None, request: PredictionRequest, video: VideoWriter, bench: Workbench
) -> np.ndarray:
    """The clip's last frames (T, H, W, 3); all of them are copied into the result where that is asked for."""
    bench.start("working", length, "Reading the clip.")
    tail: deque[np.ndarray] = deque(maxlen=CONTEXT_FRAMES)
    count = 0
    for frame in frames:
        tail.append(frame)
        count += 1
        if request.append:
            video.write(frame)
        bench.step(count)
    if len(tail) < 2:
        raise MediaError(ONE_PICTURE)
    return np.stack(tail)
