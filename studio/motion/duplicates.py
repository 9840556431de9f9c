"""Duplicate frames: a picture that is shown twice, as telecine, screen recorders and badly converted clips do.

A coded duplicate is seldom bit-identical, and a small thing may move in a picture that else stands still: so the
difference is judged per block of 16 pixels, and a single block that changed clears the frame. Where both pictures have
grain of their own, the difference of duplicates is noise: nearly as strong in every block, without a mean, and it does
not follow the edges of the picture, as the difference of moved pictures must (Lucas and Kanade, 1981).
"""

from __future__ import annotations

import cv2
import numpy as np

_BLOCK = 16
_BLOCK_LIMIT = 1.5  # mean absolute difference of a block, in levels of 255: above coding noise, below any motion
_FRAME_LIMIT = 0.5
_GRAIN_LIMIT = 10.0  # mean absolute difference of the frame up to which it may be grain
_GRAIN_SPREAD = 3.5  # how many times the median block's difference any block of grain may have
_GRAIN_LEAST = 0.6
_GRAIN_MOVES = 0.018  # pixels that a picture under grain may seem to move as a whole
_GRAIN_SURE = 3.5  # or as many deviations of what grain makes it seem to move
_GRAIN_FOLLOWS = 0.24  # the share of a block's difference that motion may seem to explain
_GRAIN_DRIFTS = 1.15  # how large a block's mean difference may be, in deviations of the softened difference
_SOFTEN = 1.5
_GRAIN_BLOCK = 24
_NO_DETAIL = 0.5  # added to the energy of gradients: where there is no detail, nothing can be seen to move


def is_duplicate(first: np.ndarray, second: np.ndarray) -> bool:
    """True when `second` (uint8 RGB (H, W, 3), the same size) shows the very picture of `first`, grain apart."""
    if first.shape != second.shape:
        return False
    grey = cv2.cvtColor(cv2.absdiff(first, second), cv2.COLOR_RGB2GRAY)
    mean = cv2.mean(grey)[0]
    if mean > _GRAIN_LIMIT:
        return False
    blocks = _means(grey.astype(np.float32), _BLOCK)
    if mean <= _FRAME_LIMIT and float(blocks.max()) <= _BLOCK_LIMIT:
        return True
    if float(blocks.max()) > _GRAIN_SPREAD * max(_GRAIN_LEAST, float(np.median(blocks))):
        return False
    return _is_grain(first, second)


def _is_grain(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether the difference of two frames is noise: it has no mean, and the picture's gradients explain none of it."""
    soft_first, soft_second = (
        cv2.GaussianBlur(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), _SOFTEN)
        for frame in (first, second)
    )
    change, picture = soft_second - soft_first, 0.5 * (soft_first + soft_second)
    slopes = cv2.Sobel(picture, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(picture, cv2.CV_32F, 0, 1, scale=1 / 8)
    energy = float((change * change).mean())
    x, y, _ = _motion(*slopes, change, max(picture.shape))
    detail = min(float((slope * slope).sum()) for slope in slopes) + _NO_DETAIL
    unsure = (4 * np.pi * _SOFTEN**2 * energy / detail) ** 0.5  # the deviation of what grain alone seems to move
    if float(np.hypot(x, y).max()) > max(_GRAIN_MOVES, _GRAIN_SURE * unsure):
        return False
    explained = _motion(*slopes, change, _GRAIN_BLOCK)[2]
    if float(np.percentile(explained, 95)) > _GRAIN_FOLLOWS + 2 / explained.size:  # of few blocks one is lucky
        return False
    return float(np.abs(_means(change, _GRAIN_BLOCK)).max()) <= _GRAIN_DRIFTS * (energy**0.5 + 1e-3)


def _motion(
    slope_x: np.ndarray, slope_y: np.ndarray, change: np.ndarray, block: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per block: the motion in pixels, x and y, that best explains `change`, and the share of its energy explained."""
    xx, yy, xy = (_means(a * b, block) for a, b in ((slope_x, slope_x), (slope_y, slope_y), (slope_x, slope_y)))
    xd, yd, dd = (_means(a * change, block) for a in (slope_x, slope_y, change))
    xx, yy = xx + _NO_DETAIL, yy + _NO_DETAIL
    area = xx * yy - xy * xy
    x, y = (xy * yd - yy * xd) / area, (xy * xd - xx * yd) / area
    return x, y, -(x * xd + y * yd) / np.maximum(dd, 1e-3)


def _means(values: np.ndarray, block: int) -> np.ndarray:
    height, width = values.shape
    size = (max(1, width // block), max(1, height // block))
    return cv2.resize(values, size, interpolation=cv2.INTER_AREA)
