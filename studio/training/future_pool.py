"""Training crops for the prediction generator: what classical extrapolation makes of a clip, and what really came.

The pool is written once to the run folder as plain .npy files; the same data and seed give the same files. Clips run
forwards and backwards, at their own pace and at twice it, in two sizes. Part of the crops beyond the border are windows
cut out of larger pictures, whose surroundings are the truth.

Letters: N crops, S side of a crop in pixels, s = S / 4 of the coarse grid, C channels of evidence.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from studio.motion.camera import Camera
from studio.motion.carry import Trace, carry, ground, second_opinion, trace
from studio.motion.evidence import gather, tell
from studio.motion.flow import FlowQuality, estimate_both_ways, inconsistency
from studio.motion.forecast import drift, observe, plain_habit, still
from studio.training.data import read_clip, training_clips, windows
from studio.training.state import replace_file

logger = logging.getLogger(__name__)

HORIZONS = (1, 2, 3, 5, 8, 12)
"""Frames ahead at which forecasts are judged."""

SIDE = 192
_CELL = 4  # pixels per cell of the coarse grid: frames whose sides are multiples of it, at most 640 long
_SEEN = 8  # frames before the forecast
_LONGEST = 640
_SMALLER = 0.7
_PER_CLIP = 10
_NAMES = ("opinions", "guides", "truth", "told", "teacher", "horizon", "clip")
_TEACHER = FlowQuality(preset="medium", finest_level=0)


@dataclass(frozen=True)
class FuturePool:
    """opinions uint8 (N, 3, S, S, 3): forecast, second forecast, last frame; guides uint8 (N, S, S, 3), 255 = 1:
    uncovered, outside, moved; truth uint8 (N, S, S, 3); told float16 (N, s, s, C), see studio.motion.evidence.tell;
    teacher float16 (N, 2s, 2s, 3): the flow from the truth to the forecast, in cells, and its trust 0..1; horizon
    float32 (N,); clip int16 (N,).
    """

    opinions: np.ndarray
    guides: np.ndarray
    truth: np.ndarray
    told: np.ndarray
    teacher: np.ndarray
    horizon: np.ndarray
    clip: np.ndarray


def future_pool(folder: Path, data: Path | None, seed: int, tiny: bool = False) -> FuturePool:
    """The pool of a run folder, made now if it is not there yet. Raises UserError without clips."""
    return FuturePool(*_cached(folder, _NAMES, lambda: _crops(data, seed, tiny)))


def _cached(folder: Path, names: tuple[str, ...], make: Callable[[], list[tuple]]) -> list[np.ndarray]:
    done = folder / "done.json"
    if not done.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        crops = make()
        for position, name in enumerate(names):
            np.save(folder / f"{name}.npy", np.stack([crop[position] for crop in crops]))
        replace_file(done, json.dumps(len(crops)).encode())
    return [np.load(folder / f"{name}.npy", mmap_mode="r") for name in names]


def _scenes(data: Path | None, rng: np.random.Generator, tiny: bool) -> Iterator[tuple[int, np.ndarray]]:
    """(clip's number, frames (T, H, W, 3)): a few seen, then those to come."""
    length = _SEEN + max(HORIZONS)
    if tiny:
        wall = cv2.GaussianBlur(rng.integers(0, 256, (300, 400, 3), np.uint8), (0, 0), 4)
        yield 0, np.stack([wall[:, 4 * t : 4 * t + 300] for t in range(length)])
        return
    for number, path in enumerate(training_clips(data)):
        frames = read_clip(path, _LONGEST)
        ways = ((frames, _PER_CLIP // 2), (frames[::-1], _PER_CLIP // 4), (frames[::2], _PER_CLIP // 4))
        for ordered, count in ways:
            for position, window in enumerate(windows(path, ordered, length, count, rng)):
                yield number, _cut_to_cells(window.frames, 1.0 if position % 3 else _SMALLER)
        logger.info("%s is read", path.stem)


def _cut_to_cells(frames: np.ndarray, scale: float) -> np.ndarray:
    """Frames resized and cropped so that cells of the coarse grid are whole."""
    sides = [max(SIDE + 8, round(side * scale / _CELL) * _CELL) for side in frames.shape[1:3]]
    sized = frames
    if tuple(sides) != frames.shape[1:3]:
        sized = np.stack([cv2.resize(frame, sides[::-1], interpolation=cv2.INTER_AREA) for frame in frames])
    return np.ascontiguousarray(sized)


def _crops(data: Path | None, seed: int, tiny: bool) -> list[tuple]:
    rng = np.random.default_rng(seed)
    crops: list[tuple] = []
    for number, frames in _scenes(data, rng, tiny):
        crops += _from_motion(frames, number, rng)
        if rng.random() < 0.4:
            crops += _from_surroundings(frames[0], number, rng)
    return crops


def _spread(weight: np.ndarray, rng: np.random.Generator, count: int) -> list[tuple[int, int]]:
    """Corners (y, x) of crops, whole cells, drawn in proportion to ``weight`` (H, W) summed over the crop."""
    mean = cv2.boxFilter(weight.astype(np.float32), -1, (SIDE, SIDE), anchor=(0, 0), borderType=cv2.BORDER_REFLECT)
    step = 2 * _CELL
    chance = mean[: weight.shape[0] - SIDE + 1 : step, : weight.shape[1] - SIDE + 1 : step]
    chance = chance + 0.1 * mean.mean() + 1e-6
    flat = rng.choice(chance.size, min(count, chance.size), replace=False, p=(chance / chance.sum()).ravel())
    return [(step * int(i // chance.shape[1]), step * int(i % chance.shape[1])) for i in flat]


def _from_motion(frames: np.ndarray, number: int, rng: np.random.Generator) -> list[tuple]:
    """Crops of real forecasts at four horizons, where they err or where something new comes to light."""
    last = frames[_SEEN - 1]
    motion = observe(list(frames[:_SEEN]))
    habit, behind, known = plain_habit(motion), ground(last, motion), gather(motion)
    crops = []
    for ahead in rng.choice(HORIZONS, 4, replace=False, p=(0.24, 0.16, 0.2, 0.18, 0.12, 0.1)):
        path = trace(motion, drift(motion, habit, float(ahead)), motion.camera.after(float(ahead)))
        truth = frames[_SEEN - 1 + ahead]
        opinions = (carry(last, behind, path), second_opinion(last, motion, float(ahead)), last)
        told = tell(known, path, opinions, float(ahead))
        error = cv2.absdiff(opinions[0], truth).mean(2) + 30 * np.maximum(path.uncovered, path.outside)
        teacher = teach(truth, opinions[0])
        places = _spread(error, rng, 2)
        crops += [_cut(opinions, path, truth, told, teacher, ahead, number, place) for place in places]
    return crops


def teach(truth: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    """Where the forecast shows what should be here, in cells of half the frame, and how sure that is, 0..1: float32 (h,
    w, 3). truth, forecast: uint8 RGB (H, W, 3).
    """
    size = (truth.shape[1] // 2, truth.shape[0] // 2)
    small = [cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in (truth, forecast)]
    back, forth = estimate_both_ways(*small, _TEACHER)
    return np.dstack([back, np.exp(-inconsistency(back, forth))])


def _cut(
    opinions: tuple[np.ndarray, ...],
    path: Trace,
    truth: np.ndarray,
    told: np.ndarray,
    teacher: np.ndarray,
    ahead: float,
    clip: int,
    place: tuple[int, int],
) -> tuple:
    def part(values: np.ndarray, cell: int = 1) -> np.ndarray:
        y, x = (corner // cell for corner in place)
        return values[y : y + SIDE // cell, x : x + SIDE // cell]

    guides = np.dstack([path.uncovered, path.outside, path.moved])
    return (
        np.stack([part(opinion) for opinion in opinions]),
        np.rint(255 * part(guides)).astype(np.uint8),
        part(truth).copy(),
        part(told, _CELL).astype(np.float16),
        part(teacher, _CELL // 2).astype(np.float16),
        np.float32(ahead),
        np.int16(clip),
    )


def _from_surroundings(frame: np.ndarray, number: int, rng: np.random.Generator) -> list[tuple]:
    """Crops at the border of a window into a larger picture, after the window's camera has moved."""
    height, width = frame.shape[:2]
    size = tuple(max(SIDE + 8, round(0.7 * side / _CELL) * _CELL) for side in (height, width))
    y, x = (int(rng.integers(0, whole - part + 1)) for whole, part in zip((height, width), size))
    last = np.ascontiguousarray(frame[y : y + size[0], x : x + size[1]])
    motion = still(size)
    shift = complex(*(rng.uniform(-0.25, 0.25, 2) * size[0]))
    path = trace(motion, motion.quick, Camera(complex(rng.uniform(-0.2, 0.1), rng.uniform(-0.1, 0.1)), shift).after())
    # The truth lies where the path points to, in the larger picture; what even that lacks is no lesson.
    where = path.where + np.array([x, y], np.float32)
    truth = cv2.remap(frame, where, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT)
    there = cv2.remap(np.ones((height, width), np.float32), where, None, cv2.INTER_LINEAR)
    opinions = (carry(last, last, path),) * 3
    truth = np.where(there[..., None] > 0.99, truth, opinions[0])
    ahead = float(rng.uniform(2, 24))
    told = tell(gather(motion), path, opinions, ahead)
    teacher = np.zeros((size[0] // 2, size[1] // 2, 3), np.float32)
    places = _spread(path.outside * there + 1e-3, rng, 1)
    return [_cut(opinions, path, truth, told, teacher, ahead, number, place) for place in places]
