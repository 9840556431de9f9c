"""In-betweens of pictures with transparency: colour and alpha move together and stay straight RGBA.

Motion is measured on the pictures laid over a plain card that is light where they are dark, so that their outlines
count. Colours travel premultiplied, in float32: what is transparent must not bleed into what is not, and what is
hardly seen must not lose its colour to rounding. Letters as in ``between``.
"""

from __future__ import annotations

from concurrent.futures import Executor

import cv2
import numpy as np

from studio.motion.between import Gap, candidates
from studio.motion.warp import pixel_grid, resize_flow


def is_opaque(picture: np.ndarray) -> bool:
    """Whether a straight RGBA picture, uint8 (H, W, 4), is opaque all over."""
    return bool(picture[..., 3].min() == 255)


def laid_over(picture: np.ndarray, card: int) -> np.ndarray:
    """A straight RGBA picture, uint8 (H, W, 4), over a plain card of that level; uint8 RGB (H, W, 3)."""
    alpha = picture[..., 3:].astype(np.float32) / 255
    return np.rint(picture[..., :3] * alpha + card * (1 - alpha)).astype(np.uint8)


def card_for(first: np.ndarray, second: np.ndarray) -> int:
    """The level, 0 or 255, that stands out most against what two RGBA pictures show."""
    total, weight = 0.0, 1e-6
    for picture in (first, second):
        alpha = picture[..., 3].astype(np.float32)
        total += float((cv2.cvtColor(picture[..., :3], cv2.COLOR_RGB2GRAY) * alpha).sum())
        weight += float(alpha.sum())
    return 0 if total / weight > 127 else 255


def dissolve(first: np.ndarray, second: np.ndarray, moment: float) -> np.ndarray:
    """A cross-dissolve of two straight RGBA pictures, uint8 (H, W, 4): of what is seen, not of hidden colours."""
    return _straight((1 - moment) * _premultiplied(first) + moment * _premultiplied(second))


def synthesise(
    gap: Gap, first: np.ndarray, second: np.ndarray, moment: float, pool: Executor | None = None
) -> np.ndarray:
    """The in-between of two straight RGBA pictures, uint8 (H, W, 4), at a moment in (0, 1).

    gap: of the same two pictures over a card; first, second: uint8 (H, W, 4).
    """
    height, width = first.shape[:2]
    found = candidates(gap, moment)
    grid = pixel_grid(height, width)
    weights = cv2.resize(np.ascontiguousarray(found.weights.transpose(1, 2, 0)), (width, height))
    solid = (_premultiplied(first), _premultiplied(second))

    def drawn(opinion: int) -> np.ndarray:
        large = resize_flow(found.motions[opinion], height, width)
        total = np.zeros((height, width, 4), np.float32)
        for side, reach in enumerate((-moment, 1 - moment)):
            warp = cv2.remap(
                solid[side], grid + np.float32(reach) * large, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
            )
            total += warp * weights[..., 2 * opinion + side, None]
        return total

    if pool is None:
        return _straight(drawn(0) + drawn(1))
    other = pool.submit(drawn, 1)
    return _straight(drawn(0) + other.result())


def moved(picture: np.ndarray, camera: np.ndarray) -> np.ndarray:
    """A straight RGBA picture, uint8 (H, W, 4), moved by a homography, float64 (3, 3); nothing beyond its edges."""
    size = picture.shape[1::-1]
    solid = cv2.warpPerspective(_premultiplied(picture), camera, size, flags=cv2.INTER_CUBIC)
    return _straight(solid)


def _premultiplied(picture: np.ndarray) -> np.ndarray:
    """float32 (H, W, 4): colour times alpha (0..255), alpha 0..255."""
    solid = picture.astype(np.float32)
    solid[..., :3] *= solid[..., 3:] / 255
    return solid


def _straight(solid: np.ndarray) -> np.ndarray:
    """Premultiplied float32 (H, W, 4) back to straight uint8; what is wholly transparent is black."""
    alpha = np.clip(solid[..., 3:], 0, 255)
    colour = np.where(alpha >= 0.5, solid[..., :3] * 255 / np.maximum(alpha, 0.5), 0)
    return np.rint(np.clip(np.concatenate([colour, alpha], axis=2), 0, 255)).astype(np.uint8)
