"""The two streams of frames that interpolation gives: a film of keyframes, and a clip at another frame rate.

Both walk along gaps, ask a GapFiller for the frames wanted in each, and hold a few frames only, whatever the length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, pairwise

import numpy as np

from studio.clip import check_frame
from studio.errors import RequestError
from studio.pipelines.calls import CallOptions
from studio.pipelines.interpolation.conditions import RetimingConditions
from studio.pipelines.interpolation.gaps import GapFiller, InBetween
from studio.pipelines.interpolation.rates import Span, frames_out, moments, nodes, spans

ONE_PICTURE = "This clip has only one picture: motion needs at least two."


@dataclass(frozen=True, kw_only=True)
class FilmPlan:
    """A film of keyframes, gap by gap.

    stops: the keyframes in the film's order, uint8 (H, W, 3 or 4). moments_of: the number of a gap to its moments in
    [0, 1], in order. total: how many frames there will be. lengths: of each gap in time, None for all alike. through:
    whether the motion goes on through the stops, or halts there. with_last: whether the film ends on the last stop.
    """

    stops: Sequence[np.ndarray]
    moments_of: Callable[[int], list[float]]
    total: int
    lengths: Sequence[int] | None = None
    through: bool = True
    with_last: bool = False


def film(plan: FilmPlan, opening: AbstractContextManager[GapFiller], options: CallOptions) -> Iterator[np.ndarray]:
    """Yields the frames at the moments of each gap between neighbouring stops, and the last stop if it is wanted.

    Frames are uint8 and have the shape of the stops, (H, W, 3) or (H, W, 4). Raises Cancelled.
    """
    stops, lengths = plan.stops, plan.lengths
    done = 0
    with opening as filler:
        # A loop's last gap leads back to picture 1.
        names = [f"Pictures {number} and {number + 1}" for number in range(1, len(stops))]
        if len(stops) > 2 and stops[-1] is stops[0]:
            names[-1] = f"Pictures {len(stops) - 1} and 1"
        walk = (
            (number, filler.joint(*pair, lengths[number] if lengths else 1, names[number]))
            for number, pair in enumerate(pairwise(stops))
        )
        for number, between in filler.along(walk, plan.through):
            for moment in plan.moments_of(number):
                options.check_cancelled()
                yield between(moment)
                done += 1
                options.tell_progress(done, plan.total)
    if plan.with_last:
        options.check_cancelled()
        yield stops[-1].copy()
        options.tell_progress(plan.total, plan.total)


def retimed(
    asked: RetimingConditions,
    positions: Callable[[], Iterator[Fraction | float]],
    opening: AbstractContextManager[GapFiller],
    options: CallOptions,
) -> Iterator[np.ndarray]:
    """Yields a clip at another rate, uint8 (H, W, 3) each.

    positions: gives an endless rising iterator of the result's frames' places in the clip, in frames of the clip.
    Raises RequestError for a clip with fewer than two pictures or with frames that are not uint8 (H, W, 3) of one size,
    and Cancelled.
    """
    fps_in, fps_out = asked.fps_in, asked.fps_out
    total = frames_out(asked.length, fps_in, fps_out) if asked.length else None
    counted = _Counted(asked.frames)
    # One frame waits in hand: only the clip's end tells whether the last one still belongs to its length.
    done, waiting, last = 0, None, None
    with opening as filler, closing(nodes(counted, asked.replace_duplicates)) as points:
        walk = ((span, filler.joint(span.first[1], span.second[1], span.length)) for span in spans(points))
        for span, between, inside in moments(filler.along(walk), positions()):
            last = span.second[1]
            for moment in inside:
                options.check_cancelled()
                if waiting is not None:
                    yield waiting
                    done += 1
                    options.tell_progress(done, total)
                waiting = _at(span, between, moment)
    if last is None:
        raise RequestError(ONE_PICTURE)
    rest = frames_out(counted.count, fps_in, fps_out) - done
    for frame in islice(_tail(waiting, last), rest):
        options.check_cancelled()
        yield frame
        done += 1
        options.tell_progress(done, total)


def _at(span: Span, between: InBetween, moment: float) -> np.ndarray:
    """The frame at a moment of a span; near the frames of a flash it has their light, on them it is theirs."""
    lit = span.lit_at(moment)
    if lit is None:
        return between(moment)
    (place, frame), light = lit
    if abs(span.first[0] + moment * span.length - place) < 1e-6:
        return frame.copy()
    return light.relit(between(moment))


class _Counted:
    """Passes frames on and counts them; raises RequestError unless all are uint8 (H, W, 3) of one size."""

    def __init__(self, frames: Iterable[np.ndarray]) -> None:
        self.frames = frames
        self.count = 0

    def __iter__(self) -> Iterator[np.ndarray]:
        shape: tuple[int, ...] | None = None
        for frame in self.frames:
            if shape is not None and check_frame(frame).shape != shape:
                raise RequestError("All frames of a clip must have the same size.")
            shape = check_frame(frame).shape
            self.count += 1
            yield frame


def _tail(waiting: np.ndarray | None, last: np.ndarray) -> Iterator[np.ndarray]:
    if waiting is not None:
        yield waiting
    while True:
        yield last.copy()
