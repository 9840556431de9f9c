"""How a clip goes on: file -> pipeline -> one to four futures, each alone or after the clip itself."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.clip import FrameStream
from studio.errors import LimitError, MediaError
from studio.media.decode import open_frames
from studio.media.encode import VideoWriter
from studio.motion.confidence import trusted_frames
from studio.motion.period import history_frames
from studio.requests import PredictionRequest
from studio.service.context import JobContext
from studio.service.jobs import Source
from studio.service.marking import mark_predicted
from studio.service.results import Result, Trust
from studio.settings import Limits

if TYPE_CHECKING:
    from studio.pipelines.prediction import PredictionPipeline

ONE_PICTURE = "This clip has only one picture: please give one in which something moves."


def check(request: PredictionRequest, sources: dict[str, tuple[Source, ...]], limits: Limits) -> None:
    """A clip of two frames or more, and a result of bounded length."""
    (clip,) = sources["clip"]
    if clip.info.kind == "image" or (clip.info.frame_count is not None and clip.info.frame_count < 2):
        raise MediaError(ONE_PICTURE)
    frames = request.futures * (clip.info.duration * request.append + request.seconds) * float(clip.info.fps)
    if frames > limits.frames:
        what = "results" if request.futures > 1 else "result"
        raise LimitError(f"The {what} would have {round(frames)} frames; this studio makes at most {limits.frames}.")


def run(request: PredictionRequest, context: JobContext) -> Result:
    """Every future, one after another: the clip read to its end (copied where that is asked for), then gone on from."""
    source = context.source("clip")
    pipeline: PredictionPipeline = context.pipeline()
    context.note_long_words(pipeline, request.prompt)
    videos: list[VideoWriter] = []
    tail: np.ndarray | None = None
    for number in range(request.futures):
        # where the clip itself is not copied into each of them, it is read for all futures together
        video, rate, tail = _one(request, number, None if request.append else tail, source, pipeline, context)
        videos.append(video)
    assert tail is not None
    trust = _trust(pipeline.confidence(tail, **_asked(request, rate)), rate)
    if source.info.has_sound:
        context.note(
            "The sound ends where the continuation begins: sound is not predicted."
            if request.append
            else "The continuation has no sound: sound is not predicted."
        )
    paths = tuple(video.path for video in videos)
    return replace(context.finish(videos[0], rate), trust=trust, variations=paths if len(paths) > 1 else ())


def _one(
    request: PredictionRequest,
    number: int,
    tail: np.ndarray | None,
    source: Source,
    pipeline: PredictionPipeline,
    context: JobContext,
) -> tuple[VideoWriter, Fraction, np.ndarray]:
    """Future ``number``: its finished video, its rate, and the clip's last frames, if they are not known yet."""
    own, name, words = request, "video.mp4", "Predicting frames."
    if request.futures > 1:
        own = replace(request, seed=context.seed_of(number), futures=1)
        name, words = f"video-{number + 1}.mp4", f"Predicting frames of future {number + 1} of {request.futures}."
    with open_frames(source.path, context.limits, max_size=context.largest_side, info=source.info) as clip:
        sound = clip.sound if request.append else None
        lasts = float(clip.length / clip.fps) if sound is not None and clip.length else None
        with context.video(name, clip.size, clip.fps, sound=sound, sound_seconds=lasts, request=own) as video:
            if tail is None:
                tail = _read(clip, request, video, context)
                if number == 0:
                    context.note_source(source, clip)
            asked = _asked(request, clip.fps)
            context.start("working", asked["num_frames"], words)
            # Seed 0 draws nothing: that is the likeliest future.
            draws = context.generator(number) if context.seed_of(number) else None
            frames = pipeline.stream(tail, **asked, generator=draws, is_cancelled=context.is_cancelled)
            for done, frame in enumerate(frames, start=1):
                video.write(mark_predicted(frame) if request.mark else frame)
                context.step(done)
    return video, clip.fps, tail


def _asked(request: PredictionRequest, fps: Fraction) -> dict[str, Any]:
    """What the pipeline is asked, for frames and confidence alike."""
    return {"num_frames": max(1, round(request.seconds * fps)), "prompt": request.prompt or None, "fps": float(fps)}


def _trust(confidence: np.ndarray, fps: Fraction) -> Trust:
    """What the pipeline thinks of its frames (one number each, 0 to 1), as a person can use it."""
    return Trust(
        confidence=tuple(round(float(value), 4) for value in confidence),
        seconds=float(trusted_frames(confidence) / fps),
        length=float(len(confidence) / fps),
    )


def _read(clip: FrameStream, request: PredictionRequest, video: VideoWriter, context: JobContext) -> np.ndarray:
    """The clip's last frames (T, H, W, 3); all of them are copied into the result where that is asked for."""
    context.start("working", clip.length, "Reading the clip.")
    width, height = clip.size
    tail: deque[np.ndarray] = deque(maxlen=history_frames((height, width), clip.fps))
    for count, frame in enumerate(clip, start=1):
        tail.append(frame)
        if request.append:
            video.write(frame)
        context.step(count)
    if len(tail) < 2:
        raise MediaError(ONE_PICTURE)
    frames = np.empty((len(tail), height, width, 3), np.uint8)
    for place in range(len(frames)):
        frames[place] = tail.popleft()  # one by one: three seconds of a large clip must not stand here twice
    return frames
