"""Letterbox and pillarbox bars: where the picture of a clip begins and ends inside its frames.

Bars are black, even, straight, on two opposite sides and there in every frame; nothing else is all of this. A night
sky has no straight edge across the picture, and a dark picture without an edge is left whole. So two frames are enough
not to be wrong, and more frames find the bars of darker pictures.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

_BLACK = 30  # of 255: no value of a bar is brighter, coding noise included
_EVEN = 12  # nor do a bar's values differ by more than this over all frames
_LIT = 0.35  # the share of an edge, over all frames, along which the picture beside it is seen
_STEP = 12  # by how many levels the picture must be brighter than the bar, to be seen
_RINGING = 10  # pixels from the even part of a bar within which the picture must begin: coding rings in a block of 8
_LOPSIDED = 0.03  # how much the bars of two sides may differ, as a share of the frame
_MOST = 0.35  # of the frame: a wider bar is no bar
_LEAST = 2


@dataclass(frozen=True, kw_only=True)
class Bars:
    """Widths in pixels of the bars on each side; 0 where there is none."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0

    def __bool__(self) -> bool:
        return self != NO_BARS

    def picture(self, frame: np.ndarray) -> np.ndarray:
        """The part of a uint8 frame (H, W) or (H, W, C) between the bars: a view, not a copy."""
        height, width = frame.shape[:2]
        return frame[self.top : height - self.bottom, self.left : width - self.right]

    def framed(self, picture: np.ndarray, frame: np.ndarray) -> np.ndarray:
        """A copy of `frame`, uint8 (H, W, C), bars and all, with `picture` (of the size between them) in its middle."""
        out = frame.copy()
        self.picture(out)[:] = picture
        return out


NO_BARS = Bars()


def find_bars(frames: Iterable[np.ndarray]) -> Bars:
    """The bars that all the frames (uint8 RGB (H, W, 3), one size, at least one) have.

    A frame whose corners are not black costs next to nothing, another half a millisecond.
    """
    rows: _Profile | None = None
    columns: _Profile | None = None
    for frame in frames:
        if max(int(frame[y, x].max()) for y in (0, -1) for x in (0, -1)) > _BLACK:
            return NO_BARS  # bars on two opposite sides have all four corners
        brightest = cv2.max(cv2.max(frame[..., 0], frame[..., 1]), frame[..., 2])
        rows, columns = _Profile.add(rows, brightest, 1), _Profile.add(columns, brightest, 0)
    assert rows is not None and columns is not None, "no frames"
    (top, bottom), (left, right) = rows.sides(), columns.sides()
    return Bars(top=top, bottom=bottom, left=left, right=right)


@dataclass(frozen=True)
class _Profile:
    """Of each line (row or column), over all frames: its least and largest value, and the largest share, 0..1, of it
    that is brighter by a step than the corners, which lie in the bars if there are any."""

    least: np.ndarray
    most: np.ndarray
    lit: np.ndarray

    @staticmethod
    def add(so_far: _Profile | None, brightest: np.ndarray, axis: int) -> _Profile:
        """With one more frame, of which `brightest` (H, W) has the largest channel; axis 1: rows, 0: columns."""
        black = int(brightest[[0, 0, -1, -1], [0, -1, 0, -1]].max())
        least = cv2.reduce(brightest, axis, cv2.REDUCE_MIN).ravel()
        most = cv2.reduce(brightest, axis, cv2.REDUCE_MAX).ravel()
        seen = cv2.threshold(brightest, black + _STEP, 255, cv2.THRESH_BINARY)[1]
        lit = cv2.reduce(seen, axis, cv2.REDUCE_AVG, dtype=cv2.CV_32F).ravel() / 255
        if so_far is None:
            return _Profile(least, most, lit)
        return _Profile(np.minimum(so_far.least, least), np.maximum(so_far.most, most), np.maximum(so_far.lit, lit))

    def sides(self) -> tuple[int, int]:
        """The widths of the bars at the beginning and the end, both 0 unless both are there."""
        before, after = self._bar(), _Profile(self.least[::-1], self.most[::-1], self.lit[::-1])._bar()
        if min(before, after) < _LEAST or abs(before - after) > max(2, _LOPSIDED * len(self.most)):
            return 0, 0
        return before, after

    def _bar(self) -> int:
        even = np.maximum.accumulate(self.most) <= np.minimum.accumulate(self.least).astype(int) + _EVEN
        clean = int(np.argmin(np.append((self.most <= _BLACK) & even, False)))
        seen = np.flatnonzero(self.lit[clean : clean + _RINGING] >= _LIT)
        width = clean + int(seen[0]) if clean and len(seen) else 0
        return width if width <= _MOST * len(self.most) else 0
