"""Decoded training clips: read whole, made small, cut into short windows in which something moves.

Windows with a scene cut or a repeated frame are left out: neither says anything about motion.
Letters: T frames, H, W rows and columns; frames are uint8 RGB (T, H, W, 3).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from studio.errors import UserError
from studio.motion.cuts import is_cut
from studio.motion.duplicates import is_duplicate

CLIP_ENDINGS = {".mp4", ".mkv", ".mov", ".webm"}


@dataclass(frozen=True, kw_only=True)
class Window:
    """frames (T, H, W, 3), consecutive; motion: mean absolute difference of its ends, in levels of 255."""

    clip: str
    frames: np.ndarray
    motion: float


def training_clips(data: Path | None) -> list[Path]:
    """The clips of `data`/train/clips in order of their names. Raises UserError if there are none."""
    folder = None if data is None else data / "train" / "clips"
    there = folder is not None and folder.is_dir()
    found = sorted(path for path in folder.iterdir() if path.suffix in CLIP_ENDINGS) if there else []
    if not found:
        raise UserError("Training needs --data, a folder with clips in train/clips.")
    return found


def read_clip(path: Path, longest: int, most: int = 300) -> np.ndarray:
    """Up to `most` frames of a clip, uint8 RGB (T, H, W, 3), made smaller so that neither side exceeds `longest`; even
    sizes. Raises UserError for what cannot be read.
    """
    reader = cv2.VideoCapture(str(path))
    frames: list[np.ndarray] = []
    try:
        while len(frames) < most:
            there, frame = reader.read()
            if not there:
                break
            frames.append(cv2.cvtColor(_shrink(frame, longest), cv2.COLOR_BGR2RGB))
    finally:
        reader.release()
    if not frames:
        raise UserError(f"{path.name} cannot be read as a clip.")
    return np.stack(frames)


def _shrink(frame: np.ndarray, longest: int) -> np.ndarray:
    height, width = frame.shape[:2]
    scale = min(1.0, longest / max(height, width))
    size = (max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2))
    return frame if size == (width, height) else cv2.resize(frame, size, interpolation=cv2.INTER_AREA)


def windows(clip: Path, frames: np.ndarray, length: int, count: int, rng: np.random.Generator) -> Iterator[Window]:
    """At most `count` windows of `length` frames of `frames`, uint8 (T, H, W, 3), the lively ones preferred; no cut and
    no repeated frame in any.

    A window's chance grows with the square root of its motion, so that stills do not fill the pool and the wildest
    moments do not either.
    """
    starts = np.arange(len(frames) - length + 1)
    if not len(starts):
        return
    small = [cv2.resize(frame, (64, 64), interpolation=cv2.INTER_AREA).astype(np.float32) for frame in frames]
    motion = np.array([np.abs(small[start] - small[start + length - 1]).mean() for start in starts])
    chance = np.sqrt(motion) + 0.1
    given = 0
    for start in rng.choice(starts, len(starts), replace=False, p=chance / chance.sum()):
        window = frames[start : start + length]
        if _is_sound(window):
            yield Window(clip=clip.stem, frames=window, motion=float(motion[start]))
            given += 1
            if given == count:
                return


def _is_sound(window: np.ndarray) -> bool:
    pairs = list(zip(window, window[1:]))
    if any(is_duplicate(first, second) for first, second in pairs):
        return False
    return not (is_cut(window[0], window[-1]) or any(is_cut(first, second) for first, second in pairs))
