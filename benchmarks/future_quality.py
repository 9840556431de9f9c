"""How near predicted frames come to those that really followed, place by place, and whether the confidence knew it.

A place is the last frame that is seen. Letters: T seen frames, H, W rows and columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import torch

from benchmarks.clip_stretches import frame_rate, read, shots_of
from benchmarks.future_ahead import LongLook, look_far
from benchmarks.future_rivals import METHODS, Predict, build, load
from studio.metrics import psnr, ssim
from studio.pipelines.prediction import PredictionPipeline

HORIZONS = (1, 3, 5, 10)
FAR = 24  # one more, where the clip goes on for so long
SEEN = 8  # every place has so many sound frames before it
MOST_SEEN = 96  # and methods are shown up to so many of its shot
LONGEST = 640
FRAMES = 300  # of a clip


@dataclass(frozen=True)
class Job:
    """What to measure: the methods by name, places per clip; far adds the figures over five seconds."""

    methods: tuple[str, ...] = METHODS
    checkpoint: Path = Path("checkpoints/prediction")
    places: int = 6
    far: bool = True
    device: str = "cpu"


@dataclass
class Place:
    """Scores {(method, horizon): (PSNR in dB, SSIM)} of one place; confidence {horizon: 0..1}, empty if not told."""

    clip: str
    number: int
    scores: dict[tuple[str, int], tuple[float, float]] = field(default_factory=dict)
    confidence: dict[int, float] = field(default_factory=dict)


@dataclass
class ClipFutures:
    """What one clip gave: its places, and a look five seconds ahead from the middle one."""

    clip: str
    places: list[Place]
    far: LongLook | None = None


def measure_clips(clips: Sequence[Path], job: Job, workers: int) -> Iterator[ClipFutures]:
    """The scores of each clip that has a sound place, in order; ``workers`` 1 stays in this process."""
    if workers <= 1:
        prepare(job)
        yield from (found for found in map(_measure, clips) if found.places)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=prepare, initargs=(job,)) as pool:
        yield from (found for found in pool.map(_measure, clips) if found.places)


_JOB: Job
_METHODS: dict[str, Predict]
_PIPELINE: PredictionPipeline | None


def prepare(job: Job) -> None:
    """Loads the methods, once in each process."""
    global _JOB, _METHODS, _PIPELINE
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    _JOB = job
    _PIPELINE = load(job.checkpoint, job.device) if {"classical", "studio"} & set(job.methods) else None
    _METHODS = {name: build(name, _PIPELINE) for name in job.methods}


def places(count: int, shots: Sequence[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    """Up to ``most`` places in a clip of ``count`` frames, evenly spread, as (first frame of the shot, last seen).

    ``shots`` are (start, end) of stretches without a cut; a place has SEEN frames before it and the longest of HORIZONS
    after it within one of them.
    """
    first, last = SEEN - 1, count - 1 - max(HORIZONS)
    if last < first:
        return []
    found = []
    for number in np.unique(np.linspace(first, last, most).round().astype(int)):
        for start, end in shots:
            if start <= number - SEEN + 1 and number + max(HORIZONS) < end:
                found.append((start, int(number)))
    return found


def _measure(path: Path) -> ClipFutures:
    frames, fps = read(path, LONGEST, FRAMES), frame_rate(path)
    shots = shots_of(path, frames)
    ends = dict(shots)
    found = ClipFutures(path.stem, [])
    chosen = places(len(frames), shots, _JOB.places)
    for start, number in chosen:
        seen = frames[max(start, number + 1 - MOST_SEEN) : number + 1]
        ahead = [*HORIZONS, *([FAR] if number + FAR < ends[start] else [])]
        place = Place(path.stem, number)
        for name, predict in _METHODS.items():
            for horizon, made in predict(seen, fps, ahead).items():
                truth = frames[number + horizon]
                place.scores[name, horizon] = psnr(made, truth), ssim(made, truth)
        if _PIPELINE is not None and hasattr(_PIPELINE, "confidence"):
            told = _PIPELINE.confidence(seen, max(ahead), None, fps)
            place.confidence = {horizon: float(told[horizon - 1]) for horizon in ahead}
        found.places.append(place)
    if _JOB.far and _PIPELINE is not None and chosen:
        start, number = chosen[len(chosen) // 2]
        found.far = look_far(_PIPELINE, frames[max(start, number + 1 - MOST_SEEN) : number + 1], fps)
    return found
