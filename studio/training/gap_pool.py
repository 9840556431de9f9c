"""Training windows for the interpolation generator: a few frames in a row, of clips and of photos set in motion.

Any two frames of a window make a gap, and any frame between them is the truth. Flow is found when a batch is made, on
the whole window, so that scales, places, gaps and moments can be drawn anew each time. Windows of clips in which much
moves are preferred. Photos (Dosovitskiy et al. 2015, "flying chairs", had the idea) are moved as one background and a
few cut-outs, each along its own smooth path: large motion with sharp occlusions, of which clips have too little.
The pool is written once to the run folder as plain .npy files; the same data and seed give the same files.

Letters: N windows, T frames, S side of a window, C side of a training crop, c = C / 2, B batch.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from studio.models.opinions import Context
from studio.motion.between import ROUGH
from studio.motion.flow import FlowQuality, estimate_both_ways, estimate_flow
from studio.tensors import to_channels_first, to_float
from studio.training.data import Window, read_clip, training_clips, windows
from studio.training.state import replace_file

logger = logging.getLogger(__name__)

SIDE = 208
FRAMES = 13
HELD_OUT = 7
"""Every seventh clip measures, and is never trained on."""

_LONGEST = 640
_PER_CLIP = 54
_CROPS = 2
_SCALES = (1.0, 0.8, 0.6)
_MOVED_PHOTOS = 500
_PHOTO_SIDE = 1000
_TEACHER = FlowQuality(preset="medium", finest_level=0, patch_stride=4)
_SPANS, _SHARES = (2, 3, 4), (0.55, 0.1, 0.35)
_WITHOUT = 0.25  # of the gaps see no frames around them; as many again only one of them


@dataclass(frozen=True)
class GapPool:
    """frames uint8 (N, T, S, S, 3); clips int16 (N,), an index into `names`; -1 where a photo was set in motion."""

    frames: np.ndarray
    clips: np.ndarray
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.frames)

    def rows(self, held_out: bool) -> np.ndarray:
        """The windows of clips that measure, or all others."""
        clips = np.asarray(self.clips)
        return np.flatnonzero(is_held_out(clips) == held_out)


def is_held_out(clips: np.ndarray) -> np.ndarray:
    """Which indices of training clips only measure, boolean."""
    return clips % HELD_OUT == 3


@dataclass(frozen=True)
class GapBatch:
    """first, second, truth (B, 3, C, C) in 0..1; forward, backward (B, 2, c, c): rough flows between their halves, in
    half pixels; moment (B,); context: the frames around; back, on (B, 2, c, c): flows found from the truth itself to
    both frames, or None."""

    first: Tensor
    second: Tensor
    truth: Tensor
    forward: Tensor
    backward: Tensor
    moment: Tensor
    context: Context
    back: Tensor | None
    on: Tensor | None


def prepare_pool(folder: Path, data: Path | None, seed: int, tiny: bool = False) -> GapPool:
    """The cached pool of a run folder, made now if it is not there yet (some minutes). Raises UserError without clips.

    tiny: a few windows of drawn, shifted noise in place of clips, for trying the recipe without data.
    """
    folder.mkdir(parents=True, exist_ok=True)
    index = folder / "index.json"
    if not index.is_file():
        paths = [] if tiny else training_clips(data)
        most = 2 if tiny else len(paths) * _PER_CLIP * _CROPS + _MOVED_PHOTOS
        clips = _write(folder / "frames.npy", _tiny(seed) if tiny else _cut_all(paths, data, seed), most)
        names = ["noise"] if tiny else [path.stem for path in paths]
        replace_file(index, json.dumps({"clips": clips, "names": names}).encode())
    found = json.loads(index.read_text(encoding="utf-8"))
    frames = np.load(folder / "frames.npy", mmap_mode="r")[: len(found["clips"])]
    return GapPool(frames, np.array(found["clips"], np.int16), tuple(found["names"]))


def _write(path: Path, windows_of_clips: Iterator[tuple[np.ndarray, int]], most: int) -> list[int]:
    """Windows to a file as they come, since together they are larger than memory; the clip of each."""
    shape = (most, FRAMES, SIDE, SIDE, 3)
    frames = np.lib.format.open_memmap(path, "w+", np.uint8, shape)  # what is never written takes no room
    clips = []
    for window, clip in windows_of_clips:
        frames[len(clips)] = window
        clips.append(clip)
    frames.flush()
    return clips


def draw_batch(
    pool: GapPool, rows: np.ndarray, side: int, rng: np.random.Generator, device: torch.device, teach: bool = True
) -> GapBatch:
    """Gaps of the windows `rows`, each at a random place, turned, mirrored and run backwards at random."""
    parts = [_gap(pool.frames[row], side, rng, teach) for row in rows]
    pictures, flows, taught, moments, known, halves = zip(*parts, strict=True)
    first, second, truth = (to_float(np.stack(column), device) for column in zip(*pictures))
    forward, backward, before, after = (to_channels_first(np.stack(column), device) for column in zip(*flows))
    around = [to_float(np.stack(column), device) for column in zip(*halves)]
    back, on = (to_channels_first(np.stack(column), device) for column in zip(*taught)) if teach else (None, None)
    moment = torch.tensor(moments, dtype=torch.float32, device=device)
    context = Context(*around, before, after, torch.tensor(known, dtype=torch.float32, device=device))
    return GapBatch(first, second, truth, forward, backward, moment, context, back, on)


def _gap(frames: np.ndarray, side: int, rng: np.random.Generator, teach: bool) -> tuple:
    """(pictures, flows, taught flows, moment, known, halves around) of one gap of one window, as arrays."""
    span = int(rng.choice(_SPANS, p=_SHARES))
    lost = rng.random()
    one = lost < 1.5 * _WITHOUT
    known = (False, False) if lost < _WITHOUT else (one, not one) if lost < 2 * _WITHOUT else (True, True)
    around = [int(rng.integers(0, FRAMES - 3 * span))]
    around += [around[0] + span * step for step in (1, 2, 3)]
    inner = int(rng.integers(around[1] + 1, around[2]))
    if rng.random() < 0.5:
        around = around[::-1]
    moment = (inner - around[1]) / (around[2] - around[1])
    order, turn, mirror = rng.permutation(3), int(rng.integers(4)), rng.random() < 0.5
    pictures = []
    for index in (*around, inner):
        picture = np.rot90(frames[index], turn)
        picture = picture[:, ::-1] if mirror else picture
        pictures.append(np.ascontiguousarray(picture[..., order]))
    halves = [cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for picture in pictures]
    flows = list(estimate_both_ways(halves[1], halves[2], ROUGH))
    flows += [estimate_flow(halves[1], halves[0], ROUGH), estimate_flow(halves[2], halves[3], ROUGH)]
    taught = [estimate_flow(halves[4], half, _TEACHER) for half in halves[1:3]] if teach else []
    y, x = (8 * int(rng.integers((SIDE - side) // 8 + 1)) for _ in range(2))
    half = (slice(y // 2, (y + side) // 2), slice(x // 2, (x + side) // 2))
    whole = (slice(y, y + side), slice(x, x + side))
    return (
        tuple(pictures[index][whole] for index in (1, 2, 4)),
        tuple(flow[half] for flow in flows),
        tuple(flow[half] for flow in taught),
        moment,
        known,
        (halves[0][half], halves[3][half]),
    )


def _cut_all(paths: list[Path], data: Path, seed: int) -> Iterator[tuple[np.ndarray, int]]:
    rng = np.random.default_rng(seed)
    for clip, path in enumerate(paths):
        frames = read_clip(path, _LONGEST)
        for window in windows(path, frames, FRAMES, _PER_CLIP, rng):
            for crop in _cut(window, rng):
                yield crop, clip
        logger.info("%s is cut", path.stem)
    photos = [_read_photo(path) for path in sorted((data / "train" / "photos").glob("*.jpg"))]
    for _ in range(_MOVED_PHOTOS if photos else 0):
        yield move_photos(photos, rng), -1


def _tiny(seed: int) -> Iterator[tuple[np.ndarray, int]]:
    rng = np.random.default_rng(seed)
    for clip in (0, 3):
        wall = cv2.GaussianBlur(rng.integers(0, 256, (SIDE, SIDE + 60, 3), np.uint8), (0, 0), 3)
        yield np.stack([wall[:, 4 * i : 4 * i + SIDE] for i in range(FRAMES)]), clip


def _cut(window: Window, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Several crops of one window, at one scale, where most moves."""
    frames = _scaled(window.frames, float(rng.choice(_SCALES)))
    change = cv2.cvtColor(cv2.absdiff(frames[0], frames[-1]), cv2.COLOR_RGB2GRAY).astype(np.float32)
    mean = cv2.boxFilter(np.sqrt(change), -1, (SIDE, SIDE), anchor=(0, 0), borderType=cv2.BORDER_REFLECT)
    height, width = change.shape[0] - SIDE + 1, change.shape[1] - SIDE + 1
    chance = mean[:height:8, :width:8] ** 2 + 0.05
    for place in rng.choice(chance.size, min(_CROPS, chance.size), replace=False, p=(chance / chance.sum()).ravel()):
        y, x = (8 * int(part) for part in np.unravel_index(place, chance.shape))
        yield frames[:, y : y + SIDE, x : x + SIDE]


def _scaled(frames: np.ndarray, scale: float) -> np.ndarray:
    height, width = frames.shape[1:3]
    scale = max(scale, (SIDE + 2) / min(height, width))
    size = (round(width * scale / 2) * 2, round(height * scale / 2) * 2)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.stack([cv2.resize(frame, size, interpolation=how) for frame in frames])


def _read_photo(path: Path) -> np.ndarray:
    photo = cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    scale = max(_PHOTO_SIDE / min(photo.shape[:2]), 0.01)
    return cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else photo


def move_photos(photos: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """A window (T, S, S, 3): a background and up to three cut-outs of photos, each moving along its own path."""
    size = 2 * SIDE  # drawn twice as large: edges come out soft
    scene = _moved(photos[rng.integers(len(photos))], _path(rng, 12, 0.02), size)[0]
    for _ in range(int(rng.integers(0, 4))):
        photo = photos[rng.integers(len(photos))]
        shape = _blob(size, rng)
        pictures, masks = _moved(photo, _path(rng, 28, 0.06), size, shape)
        share = masks[..., None].astype(np.float32) / 255
        scene = (scene * (1 - share) + pictures * share).astype(np.uint8)
    return np.stack([cv2.resize(frame, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for frame in scene])


def _path(rng: np.random.Generator, reach: float, turn: float) -> list[tuple[float, float, float, float]]:
    """(shift x, y, angle, growth) at T moments: steady, with a little acceleration; `reach` in pixels per frame."""
    speed, push = rng.normal(0, reach, 2) * rng.random(), rng.normal(0, 0.1 * reach, 2) * rng.random()
    angle, growth = rng.normal(0, turn) * rng.random(), rng.normal(0, turn) * rng.random()
    times = (np.arange(FRAMES) - FRAMES // 2) / 2
    return [(*(speed * t + 0.5 * push * t * t), angle * t, float(np.exp(growth * t))) for t in times]


def _moved(
    photo: np.ndarray, path: list[tuple[float, float, float, float]], size: int, shape: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """T pictures (T, size, size, 3) of a photo along a path, and T masks of `shape`, which moves with it."""
    height, width = photo.shape[:2]
    pictures, masks = [], []
    fit = max(size / height, size / width) * 0.9
    for x, y, angle, growth in path:
        about = cv2.getRotationMatrix2D((width / 2, height / 2), np.degrees(angle), fit * growth)
        about[:, 2] += (size / 2 - width / 2 + x, size / 2 - height / 2 + y)
        pictures.append(cv2.warpAffine(photo, about, (size, size), borderMode=cv2.BORDER_REFLECT))
        if shape is not None:
            about = cv2.getRotationMatrix2D((size / 2, size / 2), np.degrees(angle), growth)
            about[:, 2] += (x, y)
            masks.append(cv2.warpAffine(shape, about, (size, size)))
    return np.stack(pictures), np.stack(masks) if masks else np.zeros((0,))


def _blob(size: int, rng: np.random.Generator) -> np.ndarray:
    """A closed smooth or angular outline, filled, uint8 (size, size)."""
    corners = int(rng.integers(3, 12))
    angles = np.sort(rng.random(corners)) * 2 * np.pi
    radius = size * rng.uniform(0.06, 0.25) * rng.uniform(0.6, 1.4, corners)
    centre = rng.uniform(0.2, 0.8, 2) * size
    points = centre + np.stack([np.cos(angles), np.sin(angles)], 1) * radius[:, None]
    mask = cv2.fillPoly(np.zeros((size, size), np.uint8), [points.astype(np.int32)], 255)
    if rng.random() < 0.5:
        mask = ((cv2.GaussianBlur(mask, (0, 0), size / 40) > 127) * 255).astype(np.uint8)
    return mask
