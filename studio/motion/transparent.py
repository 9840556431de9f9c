"""In-betweens of pictures with transparency: colour and alpha move together and stay straight RGBA.

Motion is measured on the pictures laid over a plain card that is light where they are dark, so that their outlines
count. Colours travel premultiplied, in float32: what is transparent must not bleed into what is not, and what is
hardly seen must not lose its colour to rounding. Letters as in ``between``.
"""

from __future__ import annotations

from concurrent.futures import Executor

import cv2
import numpy as np

from studio.motion import wide
from studio.motion.between import Gap, candidates
from studio.motion.warp import pixel_grid, resize_flow

_CLEARLY = 0.1  # of likeness, by which a motion of the whole must do better than none


def is_opaque(picture: np.ndarray) -> bool:
    """Whether a straight RGBA picture, uint8 (H, W, 4), is opaque all over."""
    return bool(picture[..., 3].min() == 255)


def laid_over(picture: np.ndarray, card: int) -> np.ndarray:
    """A straight RGBA picture, uint8 (H, W, 4), over a plain card of that level; uint8 RGB (H, W, 3)."""
    alpha = picture[..., 3:].astype(np.float32) / 255
    return np.rint(picture[..., :3] * alpha + card * (1 - alpha)).astype(np.uint8)


def card_for(first: np.ndarray, second: np.ndarray) -> int:
    """The level, 0 or 255, that stands out most against what two straight RGBA pictures, uint8 (H, W, 4), show."""
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


def path_between(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """How the whole of a straight RGBA picture moved to become the other, both uint8 (H, W, 4): the logarithm of the
    camera's matrix M, float64 (3, 3), see ``wide``; zeros where no motion explains it.

    Tried are: not at all, as the outlines say (their centres and areas), as the features say. The one after which both
    look most alike is taken; a motion must do clearly better than none.
    """
    card = card_for(first, second)
    cameras = [_by_outlines(first, second)]
    cameras += wide.cameras_between(laid_over(first, card), laid_over(second, card))
    logs = [log for log in map(wide.logarithm, cameras) if log is not None]
    best, most = np.zeros((3, 3)), _likeness(first, second) + _CLEARLY
    for log in logs:
        found = _likeness(*seen(first, second, log, 0.5))
        if found > most:
            best, most = log, found
    return best


def seen(first: np.ndarray, second: np.ndarray, log: np.ndarray, moment: float) -> list[np.ndarray]:
    """Both straight RGBA pictures, uint8 (H, W, 4), as they lie at a moment in [0, 1] of a path, ``log`` float64 (3,
    3); nothing comes in from beyond their edges.
    """
    if not log.any():
        return [first, second]
    size = first.shape[1::-1]
    ways = (wide.camera_at(log, moment), wide.camera_at(log, moment - 1))
    return [
        _straight(cv2.warpPerspective(_premultiplied(picture), way, size, flags=cv2.INTER_CUBIC))
        for picture, way in zip((first, second), ways)
    ]


def covered(first: np.ndarray, second: np.ndarray, log: np.ndarray) -> np.ndarray:
    """Where there is anything to see half-way along a path, bool (H, W). Arguments as for ``seen``."""
    one, other = seen(first, second, log, 0.5)
    return np.maximum(one[..., 3], other[..., 3]) > 0


def _by_outlines(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The shift and the growth, float64 (3, 3), that bring one outline's centre and area to the other's."""
    centres, areas = [], []
    for picture in (first, second):
        found = cv2.moments(picture[..., 3].astype(np.float32))
        areas.append(max(1.0, found["m00"]))
        centres.append((found["m10"] / areas[-1], found["m01"] / areas[-1]))
    growth = float(np.clip(np.sqrt(areas[1] / areas[0]), 0.2, 5))
    (x, y), (to_x, to_y) = centres
    return np.array([[growth, 0, to_x - growth * x], [0, growth, to_y - growth * y], [0, 0, 1]])


def _likeness(first: np.ndarray, second: np.ndarray) -> float:
    """How alike two straight RGBA pictures are, 0..1: what they share of colour and cover, of all that there is."""
    one, other = _premultiplied(first), _premultiplied(second)
    return 1 - float(np.abs(one - other).sum()) / max(1.0, float((one + other).sum()))


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
