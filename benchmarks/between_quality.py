"""How good in-betweens are, clip by clip: every method's scores on a clip's stretches, in processes of their own.

Letters: T frames of a stretch, of which every step-th is kept; K kept frames.
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

from benchmarks.between_rivals import InBetweens, build
from benchmarks.clip_stretches import read, stretches
from studio.metrics import TrueMotion, error_flicker, motion_error, psnr, ssim, vmaf

LONGEST = 448
LENGTH = 25  # frames of a stretch: three gaps of x8, six of x4, twelve of x2


@dataclass(frozen=True)
class Job:
    """What to measure: the methods by name, the steps, stretches per clip; steady adds the figures over time."""

    methods: tuple[str, ...]
    checkpoint: Path
    steps: tuple[int, ...] = (2, 4, 8)
    segments: int = 1
    steady: bool = True
    device: str = "cpu"


@dataclass
class ClipScores:
    """Of one clip: ``frames`` {(step, method): {"psnr_db", "ssim": a value per made frame}}, ``films`` likewise
    {"vmaf", "error_flicker", "motion_error_px": a value per stretch}; ``places`` {step: (number of the kept frame
    before, own number) of each made frame}."""

    clip: str
    frames: dict[tuple[int, str], dict[str, list[float]]] = field(default_factory=dict)
    films: dict[tuple[int, str], dict[str, list[float]]] = field(default_factory=dict)
    places: dict[int, list[tuple[int, int]]] = field(default_factory=dict)

    def means(self, step: int, method: str) -> dict[str, float]:
        """Every measure's mean over this clip."""
        both = self.frames[step, method] | self.films[step, method]
        return {measure: float(np.mean(values)) for measure, values in both.items()}


def measure_clips(clips: Sequence[Path], job: Job, workers: int) -> Iterator[ClipScores]:
    """The scores of each clip that has a sound stretch, in order; ``workers`` 1 stays in this process."""
    if workers <= 1:
        prepare(job)
        found = map(_measure, clips)
        yield from (scores for scores in found if scores is not None)
        return
    # Long clips first would be a little faster; in order, the log reads better.
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=prepare, initargs=(job,)) as pool:
        for scores in pool.map(_measure, clips):
            if scores is not None:
                yield scores


_JOB: Job
_METHODS: dict[str, InBetweens]


def methods() -> dict[str, InBetweens]:
    """The methods of this process's job by name."""
    return _METHODS


def prepare(job: Job) -> None:
    """Loads the methods, once in each process."""
    global _JOB, _METHODS
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    _JOB, _METHODS = job, {name: build(name, job.checkpoint, job.device) for name in job.methods}


def _measure(path: Path) -> ClipScores | None:
    found = stretches(path, read(path, LONGEST), LENGTH, _JOB.segments)
    if not found:
        return None
    scores = ClipScores(path.stem)
    for start, frames in found:
        motion = TrueMotion.of(frames) if _JOB.steady else None
        for step in _JOB.steps:
            inner = [at for at in range(len(frames)) if at % step]
            scores.places.setdefault(step, []).extend((start + at - at % step, start + at) for at in inner)
            for name, method in _METHODS.items():
                made = method(frames[::step], step)
                singles = scores.frames.setdefault((step, name), {"psnr_db": [], "ssim": []})
                singles["psnr_db"] += [psnr(*pair) for pair in zip(made, frames[inner], strict=True)]
                singles["ssim"] += [ssim(*pair) for pair in zip(made, frames[inner], strict=True)]
                films = scores.films.setdefault((step, name), {})
                films.setdefault("vmaf", []).append(vmaf(made, frames[inner]))
                if motion is not None:
                    whole = frames.copy()
                    whole[inner] = made
                    films.setdefault("error_flicker", []).append(error_flicker(whole, frames, motion))
                    films.setdefault("motion_error_px", []).append(motion_error(whole, frames, motion))
    return scores
