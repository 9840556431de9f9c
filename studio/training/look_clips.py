"""What the restyling generator learns from: short clips, their guides, and the same clips painted by the teachers.

Every scene is three frames in a row, cut out of a training clip, or of a photo or a render under a moving camera. The
texture follows the flow as it will in use, so a scene holds just what the generator is going to see: frames, guides,
flow, and how far the flow can be trusted. A few looks are painted on each scene, in turn, so that all get their share.
The pool is written once to the run folder as plain .npy files; the same data and seed give the same files.

Letters: N scenes, T frames, K looks painted per scene, B batch, C side of a crop, c = C / 2; H, W a scene's rows and
columns, h, w = H / 2, W / 2.
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

from studio.captions.captions import sample_slots
from studio.errors import UserError
from studio.motion.shot import Shot
from studio.painting.guides import read_guides
from studio.painting.texture import MovingTexture
from studio.teachers.looks import LOOKS
from studio.tensors import to_float, to_uint8
from studio.training.data import read_clip, training_clips
from studio.training.state import replace_file
from studio.worlds.noise import sample_noise
from studio.worlds.render import render

logger = logging.getLogger(__name__)

SIZE = (192, 320)
FRAMES = 3
LOOKS_PER_SCENE = 6
_SCENES = {"clip": 560, "pan": 320, "turn": 200, "render": 40}
_PICTURE_ENDINGS = {".jpg", ".jpeg", ".png", ".webp"}
_MAPS = 13  # guides that do not depend on the tiling
_FINE = 24.0  # steps per unit in which guides are kept as int8: they reach about +-5

Scene = tuple[np.ndarray, str]
"""frames uint8 (T, H, W, 3), and how they move: a key of _SCENES."""


@dataclass(frozen=True)
class LookClips:
    """frames uint8 (N, T, H, W, 3); lines int8 (N, T, H, W) and soft int8 (N, T, 13, h, w), guides in steps of 1 / 24;
    patterns int8 (N, K, T, H, W), tiles uint8 (N, K, T, h, w, 3) and painted uint8 (N, K, T, H, W, 3), by look;
    flows float16 (N, T, h, w, 2), from a frame to the one before, in half pixels; trust uint8 (N, T, H, W); looks
    int16 (N, K), indices into LOOKS; steady bool (N,): the whole picture moves as one. Memory-mapped."""

    frames: np.ndarray
    lines: np.ndarray
    soft: np.ndarray
    patterns: np.ndarray
    tiles: np.ndarray
    painted: np.ndarray
    flows: np.ndarray
    trust: np.ndarray
    looks: np.ndarray
    steady: np.ndarray

    def __len__(self) -> int:
        return len(self.frames)


@dataclass(frozen=True)
class Moment:
    """One frame of B crops: pictures (B, 3, C, C) in 0..1, sharp (B, 2, C, C), soft (B, 16, c, c), wanted (B, 3, C, C)
    as the teacher paints it, trust (B, 1, C, C), and grid (B, C, C, 2), where it looks into the frame before."""

    pictures: Tensor
    sharp: Tensor
    soft: Tensor
    wanted: Tensor
    trust: Tensor
    grid: Tensor


def prepare_clips(folder: Path, data: Path | None, seed: int, tiny: bool = False) -> LookClips:
    """The cached pool of a run folder, painted now if it is not there yet (some ten minutes).

    data: folder with train/photos and train/clips; tiny: two renders only. Raises UserError without clips or photos.
    """
    folder.mkdir(parents=True, exist_ok=True)
    index = folder / "index.json"
    if not index.is_file():
        size = (48, 64) if tiny else SIZE
        scenes = ((frames, "pan") for frames, _ in _rendered(2, size, seed)) if tiny else _scenes(data, seed)
        kinds, looks = _paint_all(folder, scenes, 2 if tiny else sum(_SCENES.values()), size, seed)
        replace_file(index, json.dumps({"kinds": kinds, "looks": looks}).encode())
    found = json.loads(index.read_text(encoding="utf-8"))
    count = len(found["kinds"])
    names = ("frames", "lines", "soft", "patterns", "tiles", "painted", "flows", "trust")
    arrays = (np.load(folder / f"{name}.npy", mmap_mode="r")[:count] for name in names)
    steady = np.array([kind == "pan" for kind in found["kinds"]])
    return LookClips(*arrays, np.array(found["looks"], np.int16), steady)


def crop_moments(
    clips: LookClips, scenes: np.ndarray, slots: np.ndarray, side: int, rng: np.random.Generator
) -> list[Moment]:
    """All T moments of one window of each of the B scenes, each in the look of its slot; at even places. scenes, slots:
    int (B,); side: pixels of the window.
    """
    height, width = clips.frames.shape[2:4]
    tops = 2 * rng.integers((height - side) // 2 + 1, size=len(scenes))
    lefts = 2 * rng.integers((width - side) // 2 + 1, size=len(scenes))
    return [_moment(clips, time, scenes, slots, tops, lefts, side) for time in range(clips.frames.shape[1])]


def _moment(
    clips: LookClips, time: int, scenes: np.ndarray, slots: np.ndarray, tops: np.ndarray, lefts: np.ndarray, side: int
) -> Moment:
    parts: dict[str, list[np.ndarray]] = {name: [] for name in ("picture", "sharp", "soft", "wanted", "trust", "grid")}
    for scene, slot, top, left in zip(scenes, slots, tops, lefts):
        full = (slice(top, top + side), slice(left, left + side))
        half = (slice(top // 2, (top + side) // 2), slice(left // 2, (left + side) // 2))
        parts["picture"].append(clips.frames[scene, time][full])
        parts["wanted"].append(clips.painted[scene, slot, time][full])
        parts["sharp"].append(np.stack([clips.lines[scene, time][full], clips.patterns[scene, slot, time][full]]))
        tiles = clips.tiles[scene, slot, time][half].astype(np.float32).transpose(2, 0, 1) * np.float32(1 / 255)
        soft = clips.soft[scene, time][(slice(None), *half)].astype(np.float32) * np.float32(1 / _FINE)
        parts["soft"].append(np.concatenate([soft, tiles]))
        parts["trust"].append(clips.trust[scene, time][full][None])
        parts["grid"].append(_looks_into(clips.flows[scene, time][half].astype(np.float32), side))
    stacked = {name: np.stack(rows) for name, rows in parts.items()}
    grid = torch.from_numpy(stacked["grid"])
    inside = (grid.abs() <= 1).all(dim=3)[:, None]
    return Moment(
        pictures=to_float(stacked["picture"]),
        sharp=torch.from_numpy(stacked["sharp"].astype(np.float32) * np.float32(1 / _FINE)),
        soft=torch.from_numpy(stacked["soft"]),
        wanted=to_float(stacked["wanted"]),
        trust=torch.from_numpy(stacked["trust"].astype(np.float32) * np.float32(1 / 255)) * inside,
        grid=grid,
    )


def _looks_into(flow: np.ndarray, side: int) -> np.ndarray:
    """A flow (c, c, 2) in half pixels as a grid (C, C, 2) for grid_sample, -1..1 over the crop's pixel centres."""
    full = cv2.resize(flow, (side, side), interpolation=cv2.INTER_LINEAR) * np.float32(2)
    across, down = np.meshgrid(np.arange(side, dtype=np.float32), np.arange(side, dtype=np.float32))
    return (np.dstack([across, down]) + full) * np.float32(2 / (side - 1)) - np.float32(1)


# --- painting the pool ------------------------------------------------------------------------------------------------


def _paint_all(
    folder: Path, scenes: Iterator[Scene], most: int, size: tuple[int, int], seed: int
) -> tuple[list[str], list[list[int]]]:
    """Writes every array of LookClips but the two small ones, which it returns: the kinds and the looks."""
    (height, width), each = size, min(LOOKS_PER_SCENE, len(LOOKS))
    half = (height // 2, width // 2)
    shapes = {
        "frames": ((FRAMES, height, width, 3), np.uint8),
        "lines": ((FRAMES, height, width), np.int8),
        "soft": ((FRAMES, _MAPS, *half), np.int8),
        "patterns": ((each, FRAMES, height, width), np.int8),
        "tiles": ((each, FRAMES, *half, 3), np.uint8),
        "painted": ((each, FRAMES, height, width, 3), np.uint8),
        "flows": ((FRAMES, *half, 2), np.float16),
        "trust": ((FRAMES, height, width), np.uint8),
    }
    stores = {
        name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", dtype, (most, *shape))
        for name, (shape, dtype) in shapes.items()
    }
    rng = np.random.default_rng(seed)
    kinds: list[str] = []
    chosen: list[list[int]] = []
    queue: list[int] = []
    for index, (frames, kind) in enumerate(scenes):
        if len(queue) < each:
            queue += [look for look in map(int, rng.permutation(len(LOOKS))) if look not in queue[:each]]
        looks, queue = queue[:each], queue[each:]
        rows = {name: store[index] for name, store in stores.items()}
        _paint_scene(frames, looks, int(rng.integers(2**31)), rows)
        kinds.append(kind)
        chosen.append(looks)
        if index % 20 == 0:
            logger.info("painted %d of about %d scenes", index, most)
    for store in stores.values():
        store.flush()
    return kinds, chosen


def _paint_scene(frames: np.ndarray, looks: list[int], seed: int, rows: dict[str, np.ndarray]) -> None:
    height, width = frames.shape[1:3]
    texture, shot = MovingTexture(height // 2, width // 2, seed), Shot()
    texture.restart()
    for time, frame in enumerate(frames):
        step = shot.step(frame)
        if step is not None:
            texture.follow(step.flow)
            rows["flows"][time] = step.flow
            rows["trust"][time] = np.rint(step.trust * 255)
        lay, rgb = texture.lay(), frame.astype(np.float32) * np.float32(1 / 255)
        guides = {tiling: read_guides(rgb, lay, tiling) for tiling in {_tiling(look) for look in looks} | {"none"}}
        rows["frames"][time] = frame
        rows["lines"][time] = _kept(guides["none"].sharp[0])
        rows["soft"][time] = _kept(guides["none"].soft[:_MAPS])
        for slot, look in enumerate(looks):
            own = guides[_tiling(look)]
            rows["patterns"][slot, time] = _kept(own.sharp[1])
            rows["tiles"][slot, time] = np.rint(np.clip(own.soft[_MAPS:], 0, 1) * 255).transpose(1, 2, 0)
            rows["painted"][slot, time] = np.rint(list(LOOKS.values())[look].paint(rgb, own) * 255)


def _tiling(look: int) -> str:
    return list(LOOKS.values())[look].tiling


def _kept(guide: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(guide * _FINE), -127, 127).astype(np.int8)


# --- scenes -----------------------------------------------------------------------------------------------------------


def _scenes(data: Path | None, seed: int) -> Iterator[Scene]:
    rng = np.random.default_rng(seed + 1)
    paths = training_clips(data)
    share = _SCENES["clip"] / len(paths)
    for number, path in enumerate(paths):
        clip = read_clip(path, 720)
        for _ in range(int(share * (number + 1)) - int(share * number)):
            yield _from_clip(clip, rng), "clip"
    photos = sorted(one for one in (data / "train" / "photos").iterdir() if one.suffix.lower() in _PICTURE_ENDINGS)
    if not photos:
        raise UserError("Training looks needs photos in train/photos of --data.")
    for kind in ("pan", "turn"):
        for number in range(_SCENES[kind]):
            photo = cv2.imread(str(photos[number % len(photos)]))[..., ::-1]
            yield _from_picture(photo, kind, rng), kind
    yield from _rendered(_SCENES["render"], SIZE, seed)


def _from_clip(clip: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Three frames of a clip, one or two apart, at a random scale and place."""
    stride = int(rng.integers(1, 3)) if len(clip) > 2 * FRAMES else 1
    start = int(rng.integers(max(1, len(clip) - (FRAMES - 1) * stride)))
    frames = clip[start : start + (FRAMES - 1) * stride + 1 : stride]
    height, width = SIZE
    scale = max(height / clip.shape[1], width / clip.shape[2]) * rng.uniform(1.0, 2.2)
    size = (max(width, round(clip.shape[2] * scale)), max(height, round(clip.shape[1] * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    top, left = int(rng.integers(size[1] - height + 1)), int(rng.integers(size[0] - width + 1))
    cuts = [cv2.resize(frame, size, interpolation=method)[top : top + height, left : left + width] for frame in frames]
    while len(cuts) < FRAMES:
        cuts.append(cuts[-1])
    return np.stack(cuts)


def _from_picture(picture: np.ndarray, kind: str, rng: np.random.Generator) -> np.ndarray:
    """Three views of a picture: "pan" moves it by whole pixels, "turn" turns, grows and moves it a little."""
    height, width = SIZE
    scale = max(height / picture.shape[0], width / picture.shape[1]) * rng.uniform(1.25, 2.2)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    large = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=method)
    room = np.array([large.shape[1] - width, large.shape[0] - height], float)
    start = rng.uniform(0.2, 0.8, 2) * room
    speed = np.rint(rng.normal(0, 3.0, 2))
    turn, grow = (0.0, 1.0) if kind == "pan" else (rng.normal(0, 0.012), 1 + rng.normal(0, 0.012))
    views = []
    for time in range(FRAMES):
        place = np.clip(np.rint(start) + speed * time, 0, room)
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), np.degrees(turn) * time, grow**time)
        moved = np.vstack([matrix, [0, 0, 1]]) @ np.array([[1, 0, -place[0]], [0, 1, -place[1]], [0, 0, 1]])
        method = cv2.INTER_NEAREST if kind == "pan" else cv2.INTER_CUBIC
        views.append(cv2.warpAffine(large, moved[:2], (width, height), flags=method, borderMode=cv2.BORDER_REFLECT))
    return np.stack(views)


def _rendered(count: int, size: tuple[int, int], seed: int) -> Iterator[Scene]:
    """Scenes of the procedural world: clean edges and flat skies, of which photos have few."""
    slots = sample_slots(count, np.random.default_rng(seed))
    noise = sample_noise(count, torch.Generator().manual_seed(seed))
    for index in range(count):
        one = {name: values[index : index + 1] for name, values in slots.items()}
        own = {name: values[index : index + 1] for name, values in noise.items()}
        yield to_uint8(render(one, own, torch.full((1,), 2.0), FRAMES, size))[0], "render"
