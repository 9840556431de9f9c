"""How a clip goes on: file -> pipeline -> one to four futures, each alone or after the clip itself."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from studio.clip import FrameStream
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
    """Every future, one after another: the clip read to its end (copied where that is asked for), then gone on from."""
    source = bench.source("clip")
    pipeline: PredictionPipeline = bench.pipeline()
    bench.note_long_words(pipeline, request.prompt)
    made = [_one(request, number, source, pipeline, bench) for number in range(request.futures)]
    if source.info.has_sound:
        bench.notes.append(
            "The sound ends where the continuation begins: sound is not predicted."
            if request.append
            else "The continuation has no sound: sound is not predicted."
        )
    first, rate = made[0]
    result = bench.finish(first, rate)
    videos = tuple(video.path for video, _ in made)
    return replace(result, variations=videos if len(videos) > 1 else ())


def _one(
    request: PredictionRequest, number: int, source: Source, pipeline: PredictionPipeline, bench: Workbench
) -> tuple[VideoWriter, Fraction]:
    """Future ``number``: its finished video and its rate."""
    own, name, words = request, "video.mp4", "Predicting frames."
    if request.futures > 1:
        own = replace(request, seed=bench.seed_of(number), futures=1)
        name, words = f"video-{number + 1}.mp4", f"Predicting frames of future {number + 1} of {request.futures}."
    with open_frames(source.path, bench.limits, info=source.info) as clip:
        wanted = max(1, round(request.seconds * clip.fps))
        sound = clip.sound if request.append else None
        lasts = float(clip.length / clip.fps) if sound is not None and clip.length else None
        with bench.video(name, clip.size, clip.fps, sound=sound, sound_seconds=lasts, request=own) as video:
            tail = _read(clip, request, video, bench)
            asked = {"num_frames": wanted, "prompt": request.prompt or None, "fps": clip.fps}
            bench.start("working", wanted, words)
            frames = pipeline.stream(tail, **asked, generator=bench.generator(number), is_cancelled=bench.is_cancelled)
            for done, frame in enumerate(frames, start=1):
                video.write(mark_predicted(frame) if request.mark else frame)
                bench.step(done)
        if number == 0:
            bench.note_source(source, clip)
    return video, clip.fps


def _read(clip: FrameStream, request: PredictionRequest, video: VideoWriter, bench: Workbench) -> np.ndarray:
    """The clip's last frames (T, H, W, 3); all of them are copied into the result where that is asked for."""
    bench.start("working", clip.length, "Reading the clip.")
    tail: deque[np.ndarray] = deque(maxlen=CONTEXT_FRAMES)
    for count, frame in enumerate(clip, start=1):
        tail.append(frame)
        if request.append:
            video.write(frame)
        bench.step(count)
    if len(tail) < 2:
        raise MediaError(ONE_PICTURE)
    return np.stack(tail)
