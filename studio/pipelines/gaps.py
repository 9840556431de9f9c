"""Filling the gap between two frames: as they are, held, dissolved, or made anew, whichever fits what they show.

One GapFiller lives as long as one stream: it holds the stream's worker thread, and nothing else between gaps.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor

import cv2
import numpy as np

from studio.motion.between import Candidates, Gap, blend, candidates, full_warps, matched_share, measure_gap
from studio.motion.cuts import is_cut

AT_CUT = ("auto", "hold", "dissolve")
"""What stands in a gap whose frames show different things; auto: keyframes dissolve, a clip holds its last picture."""

_UNMATCHED = 0.3  # keyframes of which a smaller share is found again have nothing to morph: they dissolve
_ENDS = 1e-4  # a moment nearer to a frame than this is the frame

Correct = Callable[[Candidates], tuple[np.ndarray, np.ndarray | None]]
"""The generator's say: weights float32 (4, h, w) and residual float32 (3, h, w) or None, for one moment."""

InBetween = Callable[[float], np.ndarray]
"""A moment in [0, 1] to the frame there."""


class GapFiller:
    """Makes in-betweens. ``correct`` None leaves the classical picture; at_cut: one of AT_CUT."""

    def __init__(self, correct: Correct | None, at_cut: str) -> None:
        assert at_cut in AT_CUT, at_cut
        self._correct = correct
        self._at_cut = at_cut
        self._pool: Executor = ThreadPoolExecutor(1, thread_name_prefix="in-between")

    def __enter__(self) -> GapFiller:
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown()

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
        return lambda moment: self._synthesise(gap, moment)

    def _unlike(self, first: np.ndarray, second: np.ndarray, far: bool) -> InBetween:
        if self._at_cut == "hold" or (self._at_cut == "auto" and not far):
            return lambda moment: first.copy()
        return lambda moment: cv2.addWeighted(first, 1 - moment, second, moment, 0)

    def _synthesise(self, gap: Gap, moment: float) -> np.ndarray:
        found = candidates(gap, moment)
        if self._correct is None:
            return blend(full_warps(gap, found, self._pool), found.weights)
        warps = self._pool.submit(full_warps, gap, found)  # beside the network, which does not need them
        weights, residual = self._correct(found)
        return blend(warps.result(), weights, residual)
