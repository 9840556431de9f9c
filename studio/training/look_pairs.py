"""Pairs for the restyling generator: pictures, their guides, and the same pictures painted by every teacher.

Photographs, frames of clips and renders of the procedural world, all cut to one size, are painted once and kept as
plain .npy files in the run folder; the same data and seed give the same files. Training crops from them.

Letters: N pictures, L looks (in the order of worlds.looks.LOOKS), H, W rows and columns, h, w = H / 2, W / 2.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from studio.errors import UserError
from studio.motion.guides import read_guides
from studio.tensors import to_uint8
from studio.training.state import replace_file
from studio.worlds.captions import sample_slots
from studio.worlds.looks import LOOKS
from studio.worlds.noise import sample_noise
from studio.worlds.render import render

logger = logging.getLogger(__name__)

SIZE = (320, 512)
_PICTURE_ENDINGS = {".jpg", ".jpeg", ".png", ".webp"}
_CLIP_ENDINGS = {".mp4", ".mkv", ".mov", ".webm"}


@dataclass(frozen=True)
class LookPairs:
    """sources uint8 (N, H, W, 3); targets uint8 (N, L, H, W, 3); sharp float16 (N, 2, H, W); soft float16
    (N, 13, h, w). Memory-mapped; rows of one index belong together."""

    sources: np.ndarray
    targets: np.ndarray
    sharp: np.ndarray
    soft: np.ndarray

    def __len__(self) -> int:
        return len(self.sources)


def prepare_pairs(folder: Path, data: Path | None, seed: int, tiny: bool = False) -> LookPairs:
    """The cached pairs of a run folder, painted now if they are not there yet (a few minutes).

    data: folder with train/photos and train/clips; None or tiny: only a few renders. Raises UserError without pictures.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "complete").is_file():
        _paint_all(folder, data, seed, tiny)
    names = ("sources", "targets", "sharp", "soft")
    return LookPairs(*(np.load(folder / f"{name}.npy", mmap_mode="r") for name in names))


def _paint_all(folder: Path, data: Path | None, seed: int, tiny: bool) -> None:
    rng = np.random.default_rng(seed)
    pictures = list(_renders(2, seed, (64, 96))) if tiny else list(_pictures(data, rng, seed))
    if not pictures:
        raise UserError(f"There are no pictures or clips to train on in {data}.")
    count, (height, width) = len(pictures), pictures[0].shape[:2]
    shapes = {
        "sources": ((count, height, width, 3), np.uint8),
        "targets": ((count, len(LOOKS), height, width, 3), np.uint8),
        "sharp": ((count, 2, height, width), np.float16),
        "soft": ((count, 13, height // 2, width // 2), np.float16),
    }
    stores = {
        name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", dtype, shape)
        for name, (shape, dtype) in shapes.items()
    }
    for index, picture in enumerate(pictures):
        rgb = picture.astype(np.float32) / 255
        half = rng.standard_normal((height // 2, width // 2)).astype(np.float32)
        guides = read_guides(rgb, half)
        noise = np.repeat(np.repeat(half, 2, axis=0), 2, axis=1)
        stores["sources"][index], stores["sharp"][index], stores["soft"][index] = picture, guides.sharp, guides.soft
        for place, look in enumerate(LOOKS.values()):
            stores["targets"][index, place] = np.rint(look.paint(rgb, noise) * 255)
        if index % 20 == 0:
            logger.info("painted %d of %d pictures", index, count)
    for store in stores.values():
        store.flush()
    replace_file(folder / "complete", b"")


def _pictures(data: Path | None, rng: np.random.Generator, seed: int) -> Iterator[np.ndarray]:
    if data is not None:
        for path in sorted((data / "train" / "photos").iterdir()):
            if path.suffix.lower() in _PICTURE_ENDINGS and (photo := cv2.imread(str(path))) is not None:
                yield _cut(photo, 1.0, rng)
                yield _cut(photo, rng.uniform(1.2, 2.0), rng)
        for path in sorted((data / "train" / "clips").iterdir()):
            if path.suffix.lower() in _CLIP_ENDINGS:
                for frame in _frames(path, 3):
                    yield _cut(frame, rng.uniform(1.0, 1.3), rng)
    yield from _renders(24, seed, SIZE)


def _cut(bgr: np.ndarray, zoom: float, rng: np.random.Generator) -> np.ndarray:
    """An RGB picture of SIZE: the source scaled to cover it `zoom` times, cut at a random place."""
    height, width = SIZE
    scale = zoom * max(height / bgr.shape[0], width / bgr.shape[1])
    size = (max(width, round(bgr.shape[1] * scale)), max(height, round(bgr.shape[0] * scale)))
    bgr = cv2.resize(bgr, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    top, left = rng.integers(bgr.shape[0] - height + 1), rng.integers(bgr.shape[1] - width + 1)
    return np.ascontiguousarray(bgr[top : top + height, left : left + width, ::-1])


def _frames(path: Path, count: int) -> Iterator[np.ndarray]:
    """`count` BGR frames spread over a clip."""
    reader = cv2.VideoCapture(str(path))
    wanted = {int(reader.get(cv2.CAP_PROP_FRAME_COUNT) * (k + 0.5) / count) for k in range(count)}
    index = 0
    while reader.grab():
        if index in wanted:
            yield reader.retrieve()[1]
        index += 1
    reader.release()


def _renders(count: int, seed: int, size: tuple[int, int]) -> Iterator[np.ndarray]:
    """Single frames of the procedural world."""
    slots = sample_slots(count, np.random.default_rng(seed))
    noise = sample_noise(count, torch.Generator().manual_seed(seed))
    for index in range(count):
        one = {name: values[index : index + 1] for name, values in slots.items()}
        own = {name: values[index : index + 1] for name, values in noise.items()}
        clip = render(one, own, torch.full((1,), 2.0), 3, size)
        yield to_uint8(clip[0, 1])
