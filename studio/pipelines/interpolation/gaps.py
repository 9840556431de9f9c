"""Filling the gaps between frames: as they are, held, cut, dissolved, or made anew, whichever fits what they show.

A GapFiller lives as long as one stream. It makes a Joint of each pair of neighbouring frames and walks along them,
looking ahead, so that an in-between may be drawn with an eye to the frames before and after its gap.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, repeat
from typing import TypeVar

import cv2
import numpy as np

from studio.motion import transparent, wide
from studio.motion.bars import Bars, find_bars
from studio.motion.between import ROUGH, Gap, matched_share, measure_gap, synthesise
from studio.motion.cuts import is_cut
from studio.motion.light import even_out
from studio.pipelines.calls import OnNote
from studio.requests import AT_CUT

_NEAR = 0.03  # of the diagonal: keyframes whose motion is smaller need no search for it
_FOUND = 0.85  # nor do those of which so much is found again
_UNMATCHED = 0.15  # keyframes joined worse than this have nothing to morph: they are treated as a cut is
_UNMATCHED_CUT = 0.3  # the same where they look like different shots
_JOINED = 0.5  # keyframes joined worse than this are no neighbours to look at
_GUESSED = 0.4  # below, a person is told that what is between is a guess
_AHEAD = 2  # joints
_ENDS = 1e-4  # a moment nearer to a frame than this is the frame

_TOO_UNLIKE = {
    "hold": "{} have too little in common to move one into the other: the first is held.",
    "dissolve": "{} have too little in common to move one into the other: they dissolve.",
    "cut": "{} have too little in common to move one into the other: the film cuts in the middle.",
}
_LARGE = "{} differ by a large motion: what stands between them is partly a guess."
_CLIP_CUTS = {
    "hold": "The clip has cuts: the last picture before each is held.",
    "dissolve": "The clip has cuts: they became short dissolves.",
    "cut": "The clip has cuts: they stay cuts.",
}

T = TypeVar("T")

InBetween = Callable[[float], np.ndarray]
"""A moment in [0, 1] to the frame there, uint8, of the shape of the gap's two frames."""

Draw = Callable[[Gap], InBetween]
"""The generator: asked once per gap, it gives what draws the gap's in-betweens at any moment in (0, 1)."""

Finish = Callable[[np.ndarray, float], np.ndarray]
"""A frame that was drawn, uint8 (h, w, 3), and its moment, to the finished frame, uint8: with its brightness corrected,
an alpha channel added, or black bars put around it (the shape may change)."""

@dataclass(frozen=True, kw_only=True)
class GapPlan:
    """What stands between two frames.

    between: the frames there, where no motion is measured for them; else gap: what is measured, for a generator to draw
    from. is_open: the motion goes on through the frames, so that neighbours may look at it, and it at them. finishes:
    what is done to each frame that was drawn, in order.
    """

    between: InBetween | None = None
    gap: Gap | None = None
    is_open: bool = False
    finishes: tuple[Finish, ...] = ()

    def finished_by(self, finish: Finish) -> GapPlan:
        """The same plan with one more thing done to each frame."""
        return replace(self, finishes=(*self.finishes, finish))

    def draw(self, draw: Draw, gap: Gap | None) -> InBetween:
        """A function from a moment in [0, 1] to the finished frame there, uint8.

        draw: the generator. gap: the measured motion to draw from, with the neighbouring frames where they are known;
        not used where ``between`` is given.
        """
        between = self.between or draw(gap)

        def at(moment: float) -> np.ndarray:
            frame = between(moment)
            for finish in self.finishes:
                frame = finish(frame, moment)
            return frame

        return at


class Joint:
    """Two neighbouring frames of one size, and what stands between them, found when first asked for.

    length: of the gap in time, in any unit: only neighbours of equal length are looked at. find: makes the plan.
    before, after: the frames around the two, where they are as far away, once ``link_next`` was called.
    """

    def __init__(self, first: np.ndarray, second: np.ndarray, length: int, find: Callable[[Joint], GapPlan]) -> None:
        self.first, self.second, self.length, self._find = first, second, length, find
        self.before: np.ndarray | None = None
        self.after: np.ndarray | None = None

    def link_next(self, following: Joint) -> None:
        """Tells this joint which frame follows it, and the one after which frame came before, if both are as long."""
        if self.length == following.length:
            self.after, following.before = following.second, self.first

    @cached_property
    def plan(self) -> GapPlan:
        """What stands between the frames."""
        return self._find(self)

    def seen_from(self, length: int, shape: tuple[int, ...]) -> Gap | None:
        """The gap, if a neighbour of that length and shape may look at it."""
        if self.length != length or not self.plan.is_open or self.plan.gap.first.shape != shape:
            return None
        return self.plan.gap


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

    def joint(self, first: np.ndarray, second: np.ndarray, length: int = 1, keyframes: str | None = None) -> Joint:
        """A Joint of two frames of one size, uint8 (H, W, 3), or straight RGBA (H, W, 4).

        keyframes: what to call the two in a sentence ("Pictures 1 and 2"), given where they are keyframes, which may be
        far apart or show different things; None for a clip's frames.
        """
        return Joint(first, second, length, lambda joint: self._find(joint, keyframes))

    def along(self, walk: Iterable[tuple[T, Joint]], through: bool = True) -> Iterator[tuple[T, InBetween]]:
        """Yields, for each step of ``walk``, its first part unchanged and the function that draws the joint's frames.

        walk: pairs of anything and a joint; each joint begins at the frame where the one before ended. Reads two joints
        ahead: one to be looked at, and one that it must be linked to by then. through: the motion goes on through the
        frames; False where each is a stop of its own.
        """
        before: Joint | None = None
        window: deque[tuple[T, Joint]] = deque()
        for step in chain(walk, repeat(None, _AHEAD)):
            if step is not None:
                if window:
                    window[-1][1].link_next(step[1])
                window.append(step)
                if len(window) <= _AHEAD:
                    continue
            if not window:
                return
            other, here = window.popleft()
            after = window[0][1] if window else None
            yield other, self._between(here, *((before, after) if through else (None, None)))
            before = here

    def _between(self, here: Joint, before: Joint | None, after: Joint | None) -> InBetween:
        made: list[InBetween] = []

        def at(moment: float) -> np.ndarray:
            if moment < _ENDS:
                return here.first.copy()
            if moment > 1 - _ENDS:
                return here.second.copy()
            if not made:
                made.append(self._made(here, before, after))
            return made[0](moment)

        return at

    def _made(self, here: Joint, before: Joint | None, after: Joint | None) -> InBetween:
        """Nothing is measured around a gap unless there is a generator to look at it."""
        gap = here.plan.gap
        if gap is not None and here.plan.is_open and self._draw is not None:
            other = before.seen_from(here.length, gap.first.shape) if before else None
            if other is not None:
                gap = replace(gap, half_before=other.half_first, to_before=other.backward)
            other = after.seen_from(here.length, gap.first.shape) if after else None
            if other is not None:
                gap = replace(gap, half_after=other.half_second, to_after=other.forward)
        return here.plan.draw(self._drawn, gap)

    # ---- what stands between two frames

    def _find(self, joint: Joint, keyframes: str | None) -> GapPlan:
        first, second = joint.first, joint.second
        if np.array_equal(first, second):
            return GapPlan(between=lambda moment: first.copy())
        if first.shape[2] == 4 and not (transparent.is_opaque(first) and transparent.is_opaque(second)):
            return self._find_transparent(first, second, keyframes)
        if first.shape[2] == 4:
            solid = self._find_picture(_rgb(first), _rgb(second), keyframes)
            return solid.finished_by(lambda frame, moment: _with_alpha(frame))
        around = (None, None) if keyframes else (joint.before, joint.after)
        bars = find_bars((first, second))
        if not bars:
            return self._find_picture(first, second, keyframes, *around)
        inner = (None if frame is None else _inside(bars, frame) for frame in (first, second, *around))
        first_inner, second_inner, *around = inner
        plan = self._find_picture(first_inner, second_inner, keyframes, *around)
        return plan.finished_by(lambda frame, moment: bars.framed(frame, first))

    def _find_picture(
        self,
        first: np.ndarray,
        second: np.ndarray,
        keyframes: str | None,
        before: np.ndarray | None = None,
        after: np.ndarray | None = None,
    ) -> GapPlan:
        if not keyframes and is_cut(first, second, before, after):
            return self._unlike(first, second, None)
        even = even_out(first, second)
        gap = measure_gap(even.first, even.second, None if self._draw is None else ROUGH, self._pool)
        steady = even.change.is_steady
        if keyframes and _is_far(gap):  # pictures of two shots are always far: their points do not come home
            unlike = is_cut(first, second)
            survey = wide.survey(even.first, even.second, self._pool)
            if survey.quality < (_UNMATCHED_CUT if unlike else _UNMATCHED):
                return self._unlike(first, second, keyframes)
            if survey.log is not None:
                aligned = wide.align(even.first, even.second, survey.log, self._pool)
                return GapPlan(between=self._drawn_wide(aligned)).finished_by(even.finish)
            if survey.quality < _GUESSED:
                self._tell(_LARGE.format(keyframes))
            if survey.quality < _JOINED:
                gap, steady = measure_gap(even.first, even.second, pool=self._pool), False

        plan = GapPlan(gap=gap, is_open=steady)
        return plan if even.change.is_steady else plan.finished_by(even.finish)

    def _drawn(self, gap: Gap) -> InBetween:
        if self._draw is not None:
            return self._draw(gap)
        return lambda moment: synthesise(gap, moment, self._pool)

    def _drawn_wide(self, aligned: wide.Aligned) -> InBetween:
        return lambda moment: self._drawn(wide.gap_at(aligned, moment))(moment)

    def _find_transparent(self, first: np.ndarray, second: np.ndarray, keyframes: str | None) -> GapPlan:
        """The classical picture: the generator knows nothing of transparency."""
        card = transparent.card_for(first, second)
        over = [transparent.laid_over(picture, card) for picture in (first, second)]
        aligned = wide.align(*over, transparent.path_between(first, second), self._pool)
        if wide.quality(aligned.middle, transparent.covered(first, second, aligned.log)) < _UNMATCHED:
            return self._unlike(first, second, keyframes)

        def draw(moment: float) -> np.ndarray:
            views = transparent.seen(first, second, aligned.log, moment)
            return transparent.synthesise(wide.gap_at(aligned, moment), *views, moment, self._pool)

        return GapPlan(between=draw)

    def _unlike(self, first: np.ndarray, second: np.ndarray, keyframes: str | None) -> GapPlan:
        at_cut = self._at_cut
        if at_cut == "auto":
            at_cut = "dissolve" if keyframes else "hold"
        self._tell(_TOO_UNLIKE[at_cut].format(keyframes) if keyframes else _CLIP_CUTS[at_cut])
        if at_cut == "hold":
            return GapPlan(between=lambda moment: first.copy())
        if at_cut == "cut":
            return GapPlan(between=lambda moment: (first if moment < 0.5 else second).copy())
        dissolve = transparent.dissolve if first.shape[2] == 4 else _dissolve
        return GapPlan(between=lambda moment: dissolve(first, second, moment))

    def _tell(self, sentence: str) -> None:
        if self._on_note is not None and sentence not in self._said:
            self._said.add(sentence)
            self._on_note(sentence)


def _is_far(gap: Gap) -> bool:
    """Whether keyframes are so far apart that their motion must be searched for."""
    size = np.linalg.norm(gap.forward, axis=2)
    return float(np.percentile(size, 90)) > _NEAR * np.hypot(*size.shape) or matched_share(gap) < _FOUND


def _dissolve(first: np.ndarray, second: np.ndarray, moment: float) -> np.ndarray:
    return cv2.addWeighted(first, 1 - moment, second, moment, 0)


def _inside(bars: Bars, frame: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(bars.picture(frame))


def _rgb(picture: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(picture[..., :3])


def _with_alpha(picture: np.ndarray) -> np.ndarray:
    return np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])
