"""Keeps faces recognisable in a painted frame: calmer strokes there, and the source's own features in the look's tones.

A painted frame is explained, place by place, as slope * brightness of the source + offset (the guided filter of He, Sun
and Tang, 2010): what this explains is the picture, what it leaves over is the paint's texture. In faces most of that
texture goes, except along the borders of things, where lines are drawn, and except for strong marks, which are meant.
Where the slope is too small for eyes and mouth to show, it is raised, in the direction that the look has there: a
negative stays a negative.

Letters: h, w rows and columns of the working size.
"""

from __future__ import annotations

import cv2
import numpy as np

from studio.painting.faces import FaceMap
from studio.painting.guides import halve

_LUMA = np.array([[0.299, 0.587, 0.114]], np.float32)
_NEAR, _AROUND, _WIDE = 9, 13, 19  # half pixels: windows of the explanation, of features in tiles, of the direction
_NOISE = 60.0  # squared levels of the source's brightness that are no structure
_BORDER = 400.0  # squared levels from which a place counts as a border of things
_MEANT = 110.0  # levels: a mark this strong is no stroke to be calmed
_DIRECTION = 60.0  # squared levels of common change that decide the direction
_SLOPE = 0.85  # least slope from source to painting in a face
_MOST, _EVERYWHERE = 0.9, 0.7  # shares of the guarded frame in faces, and elsewhere at an amount of 1
_LEFT = 0.1  # share of the texture that stays even on a cheek
_MARGIN = 24  # pixels around the faces that the windows need


class DetailGuard:
    """Guards the faces, and if wanted all fine detail, of one clip."""

    def __init__(self, amount: float, size: tuple[int, int], *, calms: bool = True) -> None:
        """amount: 0 = off; up to 0.5 faces are guarded more and more; beyond, fine detail everywhere as well.
        size: the working height and width. calms: False where the look is made of tiles or dots, which stay whole."""
        self._faces_share = _MOST * min(1.0, 2 * amount)
        self._everywhere = _EVERYWHERE * max(0.0, 2 * amount - 1)
        self._calms = calms
        self._faces = FaceMap(size) if amount > 0 else None

    def protect(self, painted: np.ndarray, source: np.ndarray, flow: np.ndarray | None) -> np.ndarray:
        """The painted frame with its faces guarded, uint8 (h, w, 3); `painted` itself where nothing is to be done.

        painted, source: uint8 RGB (h, w, 3). flow: float32 (any grid, 2), from this frame back to the last one; None
        where the clip or another shot begins.
        """
        if self._faces is None:
            return painted
        faces = self._faces.follow(source, flow)
        weight = cv2.resize(faces, (source.shape[1], source.shape[0])) * np.float32(self._faces_share)
        weight = np.maximum(weight, np.float32(self._everywhere))
        window = _window(weight)
        if window is None:
            return painted
        result = painted.copy()
        result[window] = _guarded(painted[window], source[window], weight[window], self._calms)
        return result


def _guarded(painted: np.ndarray, source: np.ndarray, weight: np.ndarray, calms: bool) -> np.ndarray:
    """Both uint8 (h, w, 3) of even size, weight float32 (h, w) -> uint8 (h, w, 3). Strokes are calmed at half size."""
    light = cv2.cvtColor(source, cv2.COLOR_RGB2GRAY).astype(np.float32)
    small, paint = halve(light), halve(painted).astype(np.float32)
    mean, mean_paint = _blur(small, _NEAR), _blur(paint, _NEAR)
    spread = np.maximum(_blur(small * small, _NEAR) - mean * mean, 0)
    slope = _blur(paint * small[..., None], _NEAR) - mean_paint * mean[..., None]
    slope *= (1 / (spread + np.float32(_NOISE)))[..., None]
    direction = _direction(small, cv2.transform(paint, _LUMA))
    lacking = np.float32(_SLOPE) * np.abs(direction)
    lacking = np.maximum(lacking - cv2.transform(slope, _LUMA) * np.sign(direction), 0) * np.sign(direction)
    around = mean if calms else _blur(small, _AROUND)
    features = weight * _enlarge(lacking, weight) * (light - _enlarge(around, weight))
    change = cv2.merge([features] * 3)
    if calms:
        offset = _blur(mean_paint - slope * mean[..., None], _NEAR)
        calmer = _blur(slope, _NEAR) * small[..., None] + offset - paint
        strength = np.abs(calmer).max(axis=2) * np.float32(1 / _MEANT)
        strength *= strength
        share = halve(weight) * np.float32(1 - _LEFT) * np.float32(_BORDER) / (spread + np.float32(_BORDER))
        change += _enlarge(calmer * (share / (1 + strength * strength))[..., None], weight)
    return cv2.add(painted, change, dtype=cv2.CV_8U)


def _direction(light: np.ndarray, paint: np.ndarray) -> np.ndarray:
    """-1..1 (h, w): does the paint get brighter where the source does? Towards yes where nothing tells."""
    common = _blur(light * paint, _WIDE) - _blur(light, _WIDE) * _blur(paint, _WIDE)
    return (common + np.float32(_DIRECTION)) / (np.abs(common) + np.float32(2 * _DIRECTION))


def _window(weight: np.ndarray) -> tuple[slice, slice] | None:
    """Rows and columns, of even count, around everything that has weight; None where nothing has."""
    rows, columns = np.flatnonzero(weight.any(axis=1)), np.flatnonzero(weight.any(axis=0))
    if not len(rows):
        return None
    spans = []
    for found, side in zip((rows, columns), weight.shape):
        start, stop = max(0, int(found[0]) - _MARGIN), min(side, int(found[-1]) + 1 + _MARGIN)
        spans.append(slice(start, stop - (stop - start) % 2))
    return spans[0], spans[1]


def _blur(image: np.ndarray, side: int) -> np.ndarray:
    return cv2.blur(image, (side, side), borderType=cv2.BORDER_REFLECT)


def _enlarge(image: np.ndarray, like: np.ndarray) -> np.ndarray:
    return cv2.resize(image, (like.shape[1], like.shape[0]), interpolation=cv2.INTER_LINEAR)
