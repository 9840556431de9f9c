"""A person's own picture in the subject's place: same box, same feet, same motion.

Letters: S sprite side in pixels. Pictures are uint8 straight RGBA.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from studio.compositing.frame_painter import crisp, premultiplied
from studio.errors import RequestError
from studio.scene import ACTOR_TRACKS, SceneLayers

LARGEST = 512
"""Pixels of a sprite's side at most."""

_FLIP = ACTOR_TRACKS.index("flip")
_OPAQUE = 24
_USUAL = (0.06, 0.04, 0.94, 0.96)  # left, top, right, bottom of a sprite's box where the sprite itself shows nothing


def with_picture(layers: SceneLayers, picture: np.ndarray) -> SceneLayers:
    """The same scene with a picture, uint8 (h, w, 4) straight RGBA, as its subject.

    The picture is fitted into the box that the subject fills, stands on the same ground line, and moves as it does; it
    is never mirrored, for nobody knows which way it faces. Raises RequestError for what is no such picture.
    """
    if not isinstance(picture, np.ndarray) or picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 4:
        raise RequestError("The subject's own picture must be given in red, green, blue and transparency.")
    box = _box(picture)
    if box is None:
        raise RequestError("The subject's own picture is transparent all over: there is nothing to draw.")
    left, top, right, bottom = box
    picture = picture[top:bottom, left:right]
    side = layers.sprites.shape[1]
    finer = int(np.clip(max(picture.shape[:2]) * 1.1, side, max(side, LARGEST)))
    place = [value / side for value in _box(layers.sprites[0]) or [share * side for share in _USUAL]]
    other = straight(crisp(premultiplied(layers.sprites[1]), finer, finer))
    actors = layers.actors.copy()
    actors[:, layers.cast == 0, _FLIP] = 1.0
    return replace(layers, sprites=np.stack([_fitted(picture, place, finer), other]), actors=actors)


def _box(picture: np.ndarray) -> tuple[int, int, int, int] | None:
    """(left, top, right, bottom) of what is not transparent."""
    shown = picture[..., 3] > _OPAQUE
    rows, columns = np.flatnonzero(shown.any(1)), np.flatnonzero(shown.any(0))
    return (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1) if len(rows) else None


def _fitted(picture: np.ndarray, place: list[float], side: int) -> np.ndarray:
    """The picture on a transparent square, as large as the box's longer side, its feet on the box's lower edge."""
    left, top, right, bottom = place
    reach = max(right - left, bottom - top) * side
    grow = reach / max(picture.shape[:2])
    height, width = (max(1, min(side, round(size * grow))) for size in picture.shape[:2])
    how = cv2.INTER_AREA if grow < 1 else cv2.INTER_CUBIC
    resized = cv2.resize(premultiplied(picture), (width, height), interpolation=how)
    resized[..., :3] = np.minimum(resized[..., :3], resized[..., 3:])
    out = np.zeros((side, side, 4), np.uint8)
    row = int(np.clip(round(bottom * side) - height, 0, side - height))
    column = int(np.clip(round((left + right) / 2 * side - width / 2), 0, side - width))
    out[row : row + height, column : column + width] = resized
    return straight(out)


def straight(layer: np.ndarray) -> np.ndarray:
    """Premultiplied RGBA as straight RGBA (as PNG files want it), both uint8 of shape (..., 4)."""
    colour = layer[..., :3].astype(np.float32) * (255.0 / np.maximum(layer[..., 3:], 1))
    return np.concatenate([np.minimum(colour + 0.5, 255).astype(np.uint8), layer[..., 3:]], -1)
