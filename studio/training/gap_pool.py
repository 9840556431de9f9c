"""Training crops for the interpolation generator: what the classical path offers, and the frame that was really there.

A window's first and last frame make a gap; an inner frame is the truth. Flows are found on whole frames, as when the
generator serves; only then is cropped. Crops where the classical picture is wrong are preferred. The pool is written
once to the run folder as plain .npy files; the same data and seed give the same files.

Letters: N crops, S side of a crop (full pixels), s = S / 2; 4 warps in the order of studio.motion.between.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from studio.motion.between import blend, candidates, full_warps, measure_gap
from studio.training.data import Window, read_clip, training_clips, windows
from studio.training.state import replace_file

logger = logging.getLogger(__name__)

SIDE = 128
_LONGEST = 640
_PER_CLIP = 40
_CROPS = 5
_SCALES = (1.0, 0.8, 0.6)
_SPANS = ((2, 0.7), (3, 0.15), (4, 0.15))
_NAMES = ("halves", "motions", "weights", "wholes", "truths", "moments", "clips")


@dataclass(frozen=True)
class GapPool:
    """halves uint8 (N, 4, s, s, 3), motions float16 (N, 2, s, s, 2), weights float16 (N, 4, s, s): as Candidates.

    wholes uint8 (N, 4, S, S, 3): the full warps; truths uint8 (N, S, S, 3); moments float32 (N,); clips int16 (N,), an
    index into `names`.
    """

    halves: np.ndarray
    motions: np.ndarray
    weights: np.ndarray
    wholes: np.ndarray
    truths: np.ndarray
    moments: np.ndarray
    clips: np.ndarray
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.truths)


def prepare_pool(folder: Path, data: Path | None, seed: int, tiny: bool = False) -> GapPool:
    """The cached pool of a run folder, made now if it is not there yet (some minutes). Raises UserError without clips.

    tiny: a few crops of drawn, shifted noise in place of clips, for trying the recipe without data.
    """
    folder.mkdir(parents=True, exist_ok=True)
    index = folder / "index.json"
    if not index.is_file():
        _write(folder, *(_tiny(seed) if tiny else _cut_all(data, seed)))
    names = tuple(json.loads(index.read_text(encoding="utf-8")))
    return GapPool(*(np.load(folder / f"{name}.npy", mmap_mode="r") for name in _NAMES), names=names)


def _write(folder: Path, crops: list[tuple[np.ndarray, ...]], names: list[str]) -> None:
    for position, name in enumerate(_NAMES):
        np.save(folder / f"{name}.npy", np.stack([crop[position] for crop in crops]))
    replace_file(folder / "index.json", json.dumps(names).encode())


def _cut_all(data: Path | None, seed: int) -> tuple[list[tuple[np.ndarray, ...]], list[str]]:
    rng = np.random.default_rng(seed)
    crops: list[tuple[np.ndarray, ...]] = []
    names: list[str] = []
    for path in training_clips(data):
        frames = read_clip(path, _LONGEST)
        names.append(path.stem)
        for span, share in _SPANS:
            for window in windows(path, frames, span + 1, round(share * _PER_CLIP), rng):
                crops += _cut(window, len(names) - 1, rng)
        logger.info("%s: %d crops so far", path.stem, len(crops))
    return crops, names


def _tiny(seed: int) -> tuple[list[tuple[np.ndarray, ...]], list[str]]:
    rng = np.random.default_rng(seed)
    crops: list[tuple[np.ndarray, ...]] = []
    for _ in range(2):
        wall = cv2.GaussianBlur(rng.integers(0, 256, (SIDE + 40, SIDE + 60, 3), np.uint8), (0, 0), 3)
        frames = np.stack([wall[:, 4 * i : 4 * i + SIDE + 40] for i in range(3)])
        crops += _cut(Window(clip="noise", frames=frames, motion=1.0), 0, rng)
    return crops, ["noise"]


def _cut(window: Window, clip: int, rng: np.random.Generator) -> list[tuple[np.ndarray, ...]]:
    """Several crops of one window, at one scale and one moment."""
    frames = _scaled(window.frames, float(rng.choice(_SCALES)))
    inner = int(rng.integers(1, len(frames) - 1))
    moment = inner / (len(frames) - 1)
    gap = measure_gap(frames[0], frames[-1])
    found = candidates(gap, moment)
    wholes = full_warps(gap, found)
    truth = frames[inner]
    error = cv2.cvtColor(cv2.absdiff(blend(wholes, found.weights), truth), cv2.COLOR_RGB2GRAY)
    crops = []
    for y, x in _places(error, rng):
        half = (slice(y // 2, y // 2 + SIDE // 2), slice(x // 2, x // 2 + SIDE // 2))
        whole = (slice(y, y + SIDE), slice(x, x + SIDE))
        crops.append(
            (
                found.warps[(slice(None), *half)],
                found.motions[(slice(None), *half)].astype(np.float16),
                found.weights[(slice(None), *half)].astype(np.float16),
                np.stack([warp[whole] for warp in wholes]),
                truth[whole],
                np.float32(moment),
                np.int16(clip),
            )
        )
    return crops


def _scaled(frames: np.ndarray, scale: float) -> np.ndarray:
    height, width = frames.shape[1:3]
    scale = min(1.0, max(scale, (SIDE + 2) / min(height, width)))
    size = (round(width * scale / 2) * 2, round(height * scale / 2) * 2)
    return np.stack([cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in frames])


def _places(error: np.ndarray, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Even corners (y, x) of crops, drawn in proportion to the classical picture's mean error there."""
    mean = cv2.boxFilter(error.astype(np.float32), -1, (SIDE, SIDE), anchor=(0, 0), borderType=cv2.BORDER_REFLECT)
    height, width = error.shape[0] - SIDE + 1, error.shape[1] - SIDE + 1
    chance = mean[:height:8, :width:8] + 0.05
    flat = rng.choice(chance.size, min(_CROPS, chance.size), replace=False, p=(chance / chance.sum()).ravel())
    rows, columns = np.unravel_index(flat, chance.shape)
    return [(int(y) * 8, int(x) * 8) for y, x in zip(rows, columns)]
