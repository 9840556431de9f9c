"""Filling the gap between two frames: as they are, held, cut, dissolved, or made anew, whichever fits what they show.

One GapFiller lives as long as one stream and holds nothing between gaps.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor

import cv2
import numpy as np

from studio.motion import transparent
from studio.motion.between import Gap, matched_share, measure_gap, synthesise
from studio.motion.cuts import is_cut

AT_CUT = ("auto", "hold", "dissolve", "cut")
"""What stands in a gap whose frames show different things: the first one held, a cross-dissolve, or the first one until
the middle and then the second; auto: keyframes dissolve, a clip holds its last picture."""

_UNMATCHED = 0.3  # keyframes of which a smaller share is found again have nothing to morph: they dissolve
_ENDS = 1e-4  # a moment nearer to a frame than this is the frame

_TOO_UNLIKE = {
    "hold": "{} have too little in common to move one into the other: the first is held.",
    "dissolve": "{} have too little in common to move one into the other: they dissolve.",
    "cut": "{} have too little in common to move one into the other: the film cuts in the middle.",
}
_CLIP_CUTS = {
    "hold": "The clip has cuts: the last picture before each is held.",
    "dissolve": "The clip has cuts: they became short dissolves.",
    "cut": "The clip has cuts: they stay cuts.",
}

InBetween = Callable[[float], np.ndarray]
"""A moment in [0, 1] to the frame there."""

Draw = Callable[[Gap], InBetween]
"""The generator: asked once per gap, it gives what draws the gap's in-betweens at any moment in (0, 1)."""

OnNote = Callable[[str], None]
"""Told what a person should know about the result, a sentence at a time."""


class GapFiller:
    """Makes in-betweens.

    draw: the generator, None for the classical picture; at_cut: one of AT_CUT; pool: one thread, takes half the work;
    on_note: told what became of frames that could not be joined by motion, each sentence once.
    """

    def __init__(
        self, draw: Draw | None, at_cut: str, pool: Executor | None = None, on_note: OnNote | None = None
    ) -> None:
        assert at_cut in AT_CUT, at_cut
        self._draw = draw
        self._at_cut = at_cut
        self._pool = pool
        self._on_note = on_note
        self._said: set[str] = set()

    def gap(self, first: np.ndarray, second: np.ndarray, keyframes: str | None = None) -> InBetween:
        """The in-betweens of two frames of one size, uint8 (H, W, 3), or straight RGBA (H, W, 4).

        Nothing is computed before it is asked for. keyframes: what to call the two in a sentence ("Pictures 1 and 2"),
        given where they are keyframes, which may be far apart or show different things; None for a clip's frames.
        """
        measured: list[InBetween] = []

        def at(moment: float) -> np.ndarray:
            if moment < _ENDS:
                return first.copy()
            if moment > 1 - _ENDS:
                return second.copy()
            if not measured:
                measured.append(self._between(first, second, keyframes))
            return measured[0](moment)

        return at

    def _between(self, first: np.ndarray, second: np.ndarray, keyframes: str | None) -> InBetween:
        if np.array_equal(first, second):
            return lambda moment: first.copy()
        if first.shape[2] == 4:
            return self._between_transparent(first, second, keyframes)
        if is_cut(first, second):
            return self._unlike(first, second, keyframes)
        gap = measure_gap(first, second, pool=self._pool)
        if keyframes and matched_share(gap) < _UNMATCHED:
            return self._unlike(first, second, keyframes)
        return self._drawn(gap)

    def _drawn(self, gap: Gap) -> InBetween:
        if self._draw is not None:
            return self._draw(gap)
        return lambda moment: synthesise(gap, moment, self._pool)

    def _between_transparent(self, first: np.ndarray, second: np.ndarray, keyframes: str | None) -> InBetween:
        """Opaque ones as any other; else the classical picture, since the generator knows nothing of transparency."""
        if transparent.is_opaque(first) and transparent.is_opaque(second):
            solid = self._between(_rgb(first), _rgb(second), keyframes)
            return lambda moment: _with_alpha(solid(moment))
        card = transparent.card_for(first, second)
        over_first, over_second = (transparent.laid_over(picture, card) for picture in (first, second))
        if is_cut(over_first, over_second):
            return self._unlike(first, second, keyframes)
        gap = measure_gap(over_first, over_second, pool=self._pool)
        if keyframes and matched_share(gap) < _UNMATCHED:
            return self._unlike(first, second, keyframes)
        return lambda moment: transparent.synthesise(gap, first, second, moment, self._pool)

    def _unlike(self, first: np.ndarray, second: np.ndarray, keyframes: str | None) -> InBetween:
        at_cut = self._at_cut
        if at_cut == "auto":
            at_cut = "dissolve" if keyframes else "hold"
        self._tell(_TOO_UNLIKE[at_cut].format(keyframes) if keyframes else _CLIP_CUTS[at_cut])
        if at_cut == "hold":
            return lambda moment: first.copy()
        if at_cut == "cut":
            return lambda moment: (first if moment < 0.5 else second).copy()
        if first.shape[2] == 4:
            return lambda moment: transparent.dissolve(first, second, moment)
        return lambda moment: cv2.addWeighted(first, 1 - moment, second, moment, 0)

    def _tell(self, sentence: str) -> None:
        if self._on_note is not None and sentence not in self._said:
            self._said.add(sentence)
            self._on_note(sentence)


def _rgb(picture: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(picture[..., :3])


def _with_alpha(picture: np.ndarray) -> np.ndarray:
    return np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])
