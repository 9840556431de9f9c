"""Which frames of a clip stand at which moments of another frame rate: exact, by rational arithmetic, as a stream.

A clip's frame i stands at i / fps_in seconds; the result's frame j at j / fps_out, that is at the clip's position
j * fps_in / fps_out. The clip of N frames lasts N / fps_in seconds, and so does the result, to the nearest frame.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction

import numpy as np

from studio.motion.duplicates import is_duplicate

LONGEST_REPEAT = 4
"""A picture repeated longer than this is meant to stand still."""

Node = tuple[int, np.ndarray]
"""A frame and its place in the clip."""


def frames_out(frames_in: int, fps_in: Fraction, fps_out: Fraction) -> int:
    """How many frames a clip of `frames_in` has at another rate: the same length to the nearest frame, at least one."""
    return max(1, math.floor(Fraction(frames_in) * fps_out / fps_in + Fraction(1, 2)))


def nodes(frames: Iterable[np.ndarray], drop_duplicates: bool = False) -> Iterator[Node]:
    """Each frame with its place. With `drop_duplicates`, repeats of the frame before are left out, but never the last.

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


def moments(
    gaps: Iterable[tuple[Node, Node]], positions: Iterator[Fraction | float]
) -> Iterator[tuple[Node, Node, list[float]]]:
    """For each gap between neighbouring nodes the moments in [0, 1) at which a frame is wanted, in order.

    positions: rising places in the clip, endless. Holds one position and one gap at a time.
    """
    wanted = next(positions)
    for first, second in gaps:
        span = second[0] - first[0]
        inside: list[float] = []
        while wanted < second[0]:
            inside.append(float((wanted - first[0]) / span))
            wanted = next(positions)
        yield first, second, inside
