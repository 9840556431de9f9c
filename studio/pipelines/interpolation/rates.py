"""Which frames of a clip stand at which moments of another frame rate: exact, by rational arithmetic, as a stream.

A clip's frame i stands at i / fps_in seconds; the result's frame j at j / fps_out, that is at the clip's position
j * fps_in / fps_out. The clip of N frames lasts N / fps_in seconds, and so does the result, to the nearest frame.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

import numpy as np

from studio.motion.duplicates import is_duplicate
from studio.motion.light import LONGEST_FLASH, LightChange, flash_light

LONGEST_REPEAT = 4
"""A picture repeated longer than this is meant to stand still."""

_LEAP = 5.0  # levels of 255 by which a frame must be brighter or darker than the one before to be looked at as a flash

T = TypeVar("T")

Node = tuple[int, np.ndarray]
"""(index in the clip, counted from 0; the frame, uint8 (H, W, 3))."""


@dataclass(frozen=True)
class Span:
    """Two nodes that in-betweens are drawn from.

    lit: the frames of a flash of light between them, each with how its light differs from that of the two.
    """

    first: Node
    second: Node
    lit: tuple[tuple[Node, LightChange], ...] = ()

    @property
    def length(self) -> int:
        """Places from the first node to the second."""
        return self.second[0] - self.first[0]

    def lit_at(self, moment: float) -> tuple[Node, LightChange] | None:
        """The lit frame that a moment in (0, 1) is nearer to than to any calm one; half-way it is calm."""
        place = self.first[0] + moment * self.length
        calm = min(place - self.first[0], self.second[0] - place)
        nearest = min(self.lit, key=lambda lit: abs(place - lit[0][0]), default=None)
        return nearest if nearest is not None and abs(place - nearest[0][0]) < calm - 1e-6 else None


def frames_out(frames_in: int, fps_in: Fraction, fps_out: Fraction) -> int:
    """How many frames a clip of `frames_in` has at another rate: the same length to the nearest frame, at least one."""
    return max(1, math.floor(Fraction(frames_in) * fps_out / fps_in + Fraction(1, 2)))


def nodes(frames: Iterable[np.ndarray], drop_duplicates: bool = False) -> Iterator[Node]:
    """Yields (index, frame) of uint8 (H, W, 3) frames. With `drop_duplicates`, repeats of the frame before are left
    out, but never the last.

    A run of repeats is dropped only up to LONGEST_REPEAT frames, so that a picture that stands still goes on standing,
    and so that nothing ever waits longer than that.
    """
    kept: Node | None = None
    held: Node | None = None
    for place, frame in enumerate(frames):
        repeats = drop_duplicates and kept is not None and is_duplicate(kept[1], frame)
        if repeats and place - kept[0] < LONGEST_REPEAT:
            held = (place, frame)
            continue
        kept, held = (place, frame), None
        yield kept
    if held is not None:
        yield held


def spans(points: Iterable[Node]) -> Iterator[Span]:
    """Yields a span for each pair of neighbouring nodes; a flash of light lies inside one span, between the nodes
    before and after it.

    Reads at most LONGEST_FLASH + 1 nodes ahead of a span's first.
    """
    waiting: deque[Node] = deque()
    coming = iter(points)
    while True:
        while len(waiting) < LONGEST_FLASH + 2 and (node := next(coming, None)) is not None:
            waiting.append(node)
        if len(waiting) < 2:
            return
        span = _next_span(list(waiting))
        yield span
        while waiting[0] is not span.second:
            waiting.popleft()


def _next_span(ahead: list[Node]) -> Span:
    leap = abs(_level(ahead[1][1]) - _level(ahead[0][1])) > _LEAP
    for count in range(1, LONGEST_FLASH + 1) if leap else ():
        if len(ahead) < count + 2:
            break
        lights = flash_light([frame for _, frame in ahead[: count + 2]])
        if lights is not None:
            return Span(ahead[0], ahead[count + 1], tuple(zip(ahead[1 : count + 1], lights)))
    return Span(ahead[0], ahead[1])


def _level(frame: np.ndarray) -> float:
    return float(frame[::8, ::8].mean())


def moments(
    walk: Iterable[tuple[Span, T]], positions: Iterator[Fraction | float]
) -> Iterator[tuple[Span, T, list[float]]]:
    """For each span, and what comes along with it, the moments in [0, 1) at which a frame is wanted, in order.

    positions: rising places in the clip, endless. Holds one position and one span at a time.
    """
    wanted = next(positions)
    for span, other in walk:
        inside: list[float] = []
        while wanted < span.second[0]:
            inside.append(float((wanted - span.first[0]) / span.length))
            wanted = next(positions)
        yield span, other, inside
