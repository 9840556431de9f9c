"""Filling the gap between two frames: as they are, held, dissolved, or made anew, whichever fits what they show.

One GapFiller lives as long as one stream and holds nothing between gaps.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor

import cv2
import numpy as np

from studio.motion.between import Gap, matched_share, measure_gap, synthesise
from studio.motion.cuts import is_cut

AT_CUT = ("auto", "hold", "dissolve")
"""What stands in a gap whose frames show different things; auto: keyframes dissolve, a clip holds its last picture."""

_UNMATCHED = 0.3  # keyframes of which a smaller share is found again have nothing to morph: they dissolve
_ENDS = 1e-4  # a moment nearer to a frame than this is the frame

InBetween = Callable[[float], np.ndarray]
"""A moment in [0, 1] to the frame there."""

Draw = Callable[[Gap], InBetween]
"""The generator: asked once per gap, it gives what draws the gap's in-betweens at any moment in (0, 1)."""


class GapFiller:
    """Makes in-betweens. draw None: the classical picture; at_cut: one of AT_CUT; pool: takes half the work."""

    def __init__(self, draw: Draw | None, at_cut: str, pool: Executor | None = None) -> None:
        assert at_cut in AT_CUT, at_cut
        self._draw = draw
        self._at_cut = at_cut
        self._pool = pool

    def gap(self, first: np.ndarray, second: np.ndarray, far: bool) -> InBetween:
        """The in-betweens of two frames (uint8 (H, W, 3), one size); nothing is computed before it is asked for.

        far: the frames are keyframes that may show different things, and then dissolve even where no cut is seen.
        """
        measured: list[InBetween] = []

        def at(moment: float) -> np.ndarray:
            if moment < _ENDS:
                return first.copy()
            if moment > 1 - _ENDS:
                return second.copy()
            if not measured:
                measured.append(self._between(first, second, far))
            return measured[0](moment)

        return at

    def _between(self, first: np.ndarray, second: np.ndarray, far: bool) -> InBetween:
        if np.array_equal(first, second):
            return lambda moment: first.copy()
        if is_cut(first, second):
            return self._unlike(first, second, far)
        gap = measure_gap(first, second, pool=self._pool)
        if far and matched_share(gap) < _UNMATCHED:
            return self._unlike(first, second, far)
        if self._draw is not None:
            return self._draw(gap)
        return lambda moment: synthesise(gap, moment, self._pool)

    def _unlike(self, first: np.ndarray, second: np.ndarray, far: bool) -> InBetween:
        if self._at_cut == "hold" or (self._at_cut == "auto" and not far):
            return lambda moment: first.copy()
        return lambda moment: cv2.addWeighted(first, 1 - moment, second, moment, 0)
