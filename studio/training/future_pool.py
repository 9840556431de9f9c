"""Training crops for the prediction generator: what was seen, what classical extrapolation makes of it, what came.

Two pools, each written once to the run folder as plain .npy files; the same data and seed give the same files.
The motion pool teaches the judge on the motion grid; the paint pool, made with the judge's own forecasts, teaches the
painter on full pixels. Half of its crops beyond the border come from real camera motion, half from windows cut out of
larger pictures, whose surroundings are the truth.

Letters: N crops, S side of a crop, K horizons, h, w motion grid.
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
from studio.motion.carry import carry, ground, guides, second_opinion, trace
from studio.motion.forecast import Habit, Motion, drift, observe, still
from studio.training.data import read_clip, training_clips, windows
from studio.training.state import replace_file

logger = logging.getLogger(__name__)

HORIZONS = (1, 2, 3, 5, 8)
"""Frames ahead at which forecasts are judged."""

SIDE = 128
_SEEN = 4  # frames before the forecast
_LONGEST = 640
_PER_CLIP = 12
_MOTION_NAMES = ("last", "future", "quick", "slow", "maps", "camera", "clip")
_PAINT_NAMES = ("opinions", "guides", "truth", "horizon", "clip")

Judge = Callable[[Motion, np.ndarray], Habit]
"""A motion and its last frame (H, W, 3) to a habit."""


@dataclass(frozen=True)
class MotionPool:
    """last uint8 (N, S, S, 3) and future uint8 (N, K, S, S, 3) on the motion grid; quick, slow float16 (N, S, S, 2), in
    cells; maps float16 (N, 4, S, S): trust, slow trust, mismatch, patience; camera complex64 (N, 3): turn, shift in
    cells, and where the crop's first cell lies from the centre; clip int16 (N,).
    """

    last: np.ndarray
    future: np.ndarray
    quick: np.ndarray
    slow: np.ndarray
    maps: np.ndarray
    camera: np.ndarray
    clip: np.ndarray


@dataclass(frozen=True)
class PaintPool:
    """opinions uint8 (N, 3, S, S, 3): forecast, second forecast, last frame; guides uint8 (N, S, S, 4), 255 = 1; truth
    uint8 (N, S, S, 3); horizon float32 (N,); clip int16 (N,).
    """

    opinions: np.ndarray
    guides: np.ndarray
    truth: np.ndarray
    horizon: np.ndarray
    clip: np.ndarray


def motion_pool(folder: Path, data: Path | None, seed: int, tiny: bool = False) -> MotionPool:
    """The motion pool of a run folder, made now if it is not there yet. Raises UserError without clips."""
    arrays = _cached(folder, _MOTION_NAMES, lambda: _motion_crops(data, seed, tiny))
    return MotionPool(*arrays)


def paint_pool(folder: Path, data: Path | None, seed: int, judge: Judge, tiny: bool = False) -> PaintPool:
    """The paint pool of a run folder, made with ``judge`` if it is not there yet. Raises UserError without clips."""
    return PaintPool(*_cached(folder, _PAINT_NAMES, lambda: _paint_crops(data, seed, judge, tiny)))


def _cached(folder: Path, names: tuple[str, ...], make: Callable[[], list[tuple]]) -> list[np.ndarray]:
    done = folder / "done.json"
    if not done.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        crops = make()
        for position, name in enumerate(names):
            np.save(folder / f"{name}.npy", np.stack([crop[position] for crop in crops]))
        replace_file(done, json.dumps(len(crops)).encode())
    return [np.load(folder / f"{name}.npy", mmap_mode="r") for name in names]


def _scenes(data: Path | None, rng: np.random.Generator, tiny: bool, count: int) -> Iterator[tuple[int, np.ndarray]]:
    """(clip's number, frames (T, H, W, 3)): a few seen, then those to come; some at double speed."""
    length = _SEEN + max(HORIZONS)
    if tiny:
        wall = cv2.GaussianBlur(rng.integers(0, 256, (300, 400, 3), np.uint8), (0, 0), 4)
        yield 0, np.stack([wall[:, 4 * t : 4 * t + 300] for t in range(length)])
        return
    for number, path in enumerate(training_clips(data)):
        frames = read_clip(path, _LONGEST)
        for window in windows(path, frames, length, count - count // 3, rng):
            yield number, window.frames
        for window in windows(path, frames[::2], length, count // 3, rng):
            yield number, window.frames
        logger.info("%s is read", path.stem)


def _motion_crops(data: Path | None, seed: int, tiny: bool) -> list[tuple]:
    rng = np.random.default_rng(seed)
    crops = []
    for number, frames in _scenes(data, rng, tiny, _PER_CLIP):
        seen = frames[:_SEEN]
        motion = observe(list(seen))
        grid = motion.trust.shape
        small = [cv2.resize(f, (grid[1], grid[0]), interpolation=cv2.INTER_AREA) for f in frames[_SEEN - 1 :]]
        future = np.stack([small[h] for h in HORIZONS])
        maps = np.stack([motion.trust, motion.slow_trust, motion.mismatch, np.minimum(motion.patience, 1000)])
        scale = float(motion.scale.mean())
        for y, x in _spread(np.abs(future[3].astype(np.int16) - small[0]).mean(2), rng, 2):
            part = (slice(y, y + SIDE), slice(x, x + SIDE))
            origin = (x - (grid[1] - 1) / 2) + 1j * (y - (grid[0] - 1) / 2)
            camera = np.array([motion.camera.turn, motion.camera.shift / scale, origin], np.complex64)
            quick, slow = (v[part] / motion.scale for v in (motion.quick, motion.slow))
            half = np.float16
            crops.append(
                (small[0][part], future[(slice(None), *part)], quick.astype(half), slow.astype(half))
                + (maps[(slice(None), *part)].astype(half), camera, np.int16(number))
            )
    return crops


def _spread(weight: np.ndarray, rng: np.random.Generator, count: int) -> list[tuple[int, int]]:
    """Corners (y, x) of crops, drawn in proportion to ``weight`` (H, W) summed over the crop."""
    mean = cv2.boxFilter(weight.astype(np.float32), -1, (SIDE, SIDE), anchor=(0, 0), borderType=cv2.BORDER_REFLECT)
    chance = mean[: weight.shape[0] - SIDE + 1 : 4, : weight.shape[1] - SIDE + 1 : 4] + 0.02 * mean.mean() + 1e-6
    flat = rng.choice(chance.size, min(count, chance.size), replace=False, p=(chance / chance.sum()).ravel())
    return [(4 * int(i // chance.shape[1]), 4 * int(i % chance.shape[1])) for i in flat]


def _paint_crops(data: Path | None, seed: int, judge: Judge, tiny: bool) -> list[tuple]:
    rng = np.random.default_rng(seed + 1)
    crops: list[tuple] = []
    for number, frames in _scenes(data, rng, tiny, _PER_CLIP):
        crops += _from_motion(frames, judge, number, rng)
        crops += _from_surroundings(frames[0], number, rng)
    return crops


def _cut(
    opinions: tuple[np.ndarray, ...],
    told: np.ndarray,
    truth: np.ndarray,
    ahead: float,
    clip: int,
    place: tuple[int, int],
) -> tuple:
    part = (slice(place[0], place[0] + SIDE), slice(place[1], place[1] + SIDE))
    told = np.round(255 * told[part]).astype(np.uint8)
    return np.stack([opinion[part] for opinion in opinions]), told, truth[part], np.float32(ahead), np.int16(clip)


def _from_motion(frames: np.ndarray, judge: Judge, number: int, rng: np.random.Generator) -> list[tuple]:
    """Crops of real forecasts at two horizons, where they err or where something new comes to light."""
    last = frames[_SEEN - 1]
    motion = observe(list(frames[:_SEEN]))
    habit = judge(motion, last)
    behind = ground(last, motion)
    crops = []
    for ahead in rng.choice(HORIZONS, 2, replace=False):
        path = trace(motion, drift(motion, habit, float(ahead)), motion.camera.after(float(ahead)))
        forecast, truth, told = carry(last, behind, path), frames[_SEEN - 1 + ahead], guides(path)
        error = cv2.absdiff(forecast, truth).mean(2) + 60 * told[..., :2].max(2)
        opinions = (forecast, second_opinion(last, motion, float(ahead)), last)
        crops += [_cut(opinions, told, truth, ahead, number, place) for place in _spread(error, rng, 3)]
    return crops


def _from_surroundings(frame: np.ndarray, number: int, rng: np.random.Generator) -> list[tuple]:
    """Crops at the border of a window into a larger picture, after the window's camera has moved."""
    height, width = frame.shape[:2]
    size = (max(SIDE + 8, round(0.6 * height)), max(SIDE + 8, round(0.6 * width)))
    y, x = (int(rng.integers(0, whole - part + 1)) for whole, part in zip((height, width), size))
    last = np.ascontiguousarray(frame[y : y + size[0], x : x + size[1]])
    motion = still(size)
    shift = complex(*(rng.uniform(-0.3, 0.3, 2) * size[0]))
    path = trace(motion, motion.quick, Camera(complex(rng.uniform(-0.25, 0.1), rng.uniform(-0.1, 0.1)), shift).after())
    # The truth lies where the path points to, in the larger picture; what even that lacks is no lesson.
    where = path.where + np.array([x, y], np.float32)
    truth = cv2.remap(frame, where, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT)
    there = cv2.remap(np.ones((height, width), np.float32), where, None, cv2.INTER_LINEAR)
    told, forecast = guides(path), carry(last, last, path)
    places = _spread(told[..., 1] * there + 1e-3, rng, 2)
    truth = np.where(there[..., None] > 0.99, truth, forecast)
    told = told * (there[..., None] > 0.99)
    return [_cut((forecast,) * 3, told, truth, float(rng.uniform(3, 24)), number, place) for place in places]


