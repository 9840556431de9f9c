"""Pictures in every look, for a tower that shall tell styles from pictures: painted once, looked at in many ways.

Letters: L looks, N pictures of each, S side of a picture, B batch.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from torch import Tensor

from studio.models.style_views import SIDE, pack_views, views
from studio.teachers.looks import LOOKS

logger = logging.getLogger(__name__)

_SIDE, _EACH = 320, 64
_FILE = "painted.npy"


def paint_stills(
    folder: Path, sources: list[np.ndarray], looks: Sequence[str], seed: int, tiny: bool = False
) -> np.ndarray:
    """uint8 (L, N, S, S, 3), memory-mapped: crops of `sources` (uint8 (H, W, 3)) in every one of `looks`, painted now
    if they are not in `folder` yet. All looks paint the same crops, so that what is shown says nothing of the look."""
    side, each = (64, 2) if tiny else (_SIDE, _EACH)
    path = folder / _FILE
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        painted = np.empty((len(looks), each, side, side, 3), np.uint8)
        rng = np.random.default_rng((seed, 31))
        order = np.concatenate([rng.permutation(len(sources)) for _ in range(1 + each // len(sources))])
        crops = [_crop(sources[index], side, rng) for index in order[:each]]
        for index, name in enumerate(looks):
            for row, crop in enumerate(crops):
                painted[index, row] = np.rint(LOOKS[name].paint_still(crop, seed + index * each + row) * 255)
            logger.info("painted %s", name)
        part = path.with_suffix(".part.npy")
        np.save(part, painted)
        part.replace(path)
    return np.load(path, mmap_mode="r")


def _crop(picture: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    """A square of a picture, its short side brought to between one and one and a half squares; float32 in 0..1.

    Half of the crops change their colours about, and all their exposure: there are more motifs than photos.
    """
    scale = side * rng.uniform(1.0, 1.5) / min(picture.shape[:2])
    size = [max(side, round(length * scale)) for length in picture.shape[1::-1]]
    picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    top, left = (int(rng.integers(length - side + 1)) for length in picture.shape[:2])
    crop = picture[top : top + side, left : left + side].astype(np.float32) / 255
    if rng.random() < 0.5:
        crop = crop[..., rng.permutation(3)]
    return np.ascontiguousarray(crop ** np.float32(rng.uniform(0.7, 1.4)))


class PaintedStills:
    """Draws painted pictures as the tower sees them."""

    def __init__(self, painted: np.ndarray) -> None:
        self.painted = painted

    def draw(self, count: int, rng: np.random.Generator) -> tuple[Tensor, np.ndarray]:
        """(views, float32 (B, 12, 96, 96), looks, int (B,)) for B = `count`, each look about equally often."""
        looks = rng.permutation((np.arange(count) + rng.integers(len(self.painted))) % len(self.painted))
        return pack_views(np.stack([self._looked_at(int(look), rng) for look in looks])), looks

    def _looked_at(self, look: int, rng: np.random.Generator) -> np.ndarray:
        """Four views (4, 96, 96, 3) of a picture; mostly the near ones are of another picture in the same look, so that
        the tower has to go by the look."""
        far, near = (self._seen(self.painted[look, rng.integers(self.painted.shape[1])], rng) for _ in range(2))
        return np.concatenate([far[:1], near[1:]]) if rng.random() < 0.7 else near

    @staticmethod
    def _seen(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Nearer or farther, mirrored, a little lighter, paler or warmer: photographs of paintings are all of these."""
        side = picture.shape[0]
        cut = int(side * rng.uniform(0.65, 1.0))
        top, left = rng.integers(side - cut + 1, size=2)
        picture = picture[top : top + cut, left : left + cut]
        if rng.random() < 0.5:
            picture = picture[:, ::-1]
        zoom = float(np.exp(rng.uniform(np.log(0.7), np.log(1.5))))
        size = max(2 * SIDE, round(cut * zoom))
        picture = cv2.resize(np.ascontiguousarray(picture), (size, size), interpolation=cv2.INTER_LINEAR)
        seen = views(picture, rng.random((3, 2))).astype(np.float32)
        seen = seen + (seen.mean(-1, keepdims=True) - seen) * np.float32(rng.uniform(-0.25, 0.25))
        seen = (seen - 127.5) * np.float32(rng.uniform(0.8, 1.2)) + np.float32(127.5 + rng.uniform(-18, 18))
        seen = seen * rng.uniform(0.95, 1.05, 3).astype(np.float32)
        return np.clip(seen, 0, 255).astype(np.uint8)
