"""The pace of a film of keyframes: how many frames a gap has, how time runs in it, and which gap the words mean.

Words about timing bend time in every gap alike, unless they name a keyframe by its number: "linger on the second
picture" is the end of the first gap and the beginning of the second, and says nothing about the others.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from fractions import Fraction

from studio.errors import RequestError
from studio.requests import EASINGS

Curve = Callable[[float], float]
"""Time in a gap, 0..1, to the share of the way that has been gone, 0..1; rising."""

_CURVES: tuple[Curve, ...] = (lambda x: x, lambda x: x * x * (3 - 2 * x), lambda x: x * x, lambda x: x * (2 - x))

EASING_CURVES: dict[str, Curve] = dict(zip(EASINGS, _CURVES, strict=True))
"""How the motion starts and stops in each gap, by the names that a request knows."""

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_CARDINALS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_THING = r"(?:picture|image|photo(?:graph)?|key ?frame|frame|shot|slide|pic)"
_NAMED = re.compile(
    rf"\b(?:(?P<ordinal>{'|'.join(_ORDINALS)}|\d+(?:st|nd|rd|th)|last|final) (?P<thing>{_THING})"
    rf"|(?P<named>{_THING}) (?:number |no\.? ?|#)?(?P<cardinal>{'|'.join(_CARDINALS)}|\d+))\b",
    re.IGNORECASE,
)


def frames_per_gap(seconds: float | Fraction, fps: Fraction | float) -> int:
    """Frames from one keyframe to the next: ``seconds`` to the nearest frame, at least one."""
    return max(1, math.floor(Fraction(str(seconds)) * Fraction(fps) + Fraction(1, 2)))


def gap_lengths(seconds: float | Sequence[float], fps: Fraction | float, gaps: int) -> list[int]:
    """Frames of each gap: ``seconds`` for all of them, or one number for each. Raises RequestError."""
    each = [seconds] * gaps if isinstance(seconds, (int, float, Fraction)) else list(seconds)
    if len(each) != gaps:
        raise RequestError(f"Give one length in seconds, or one for each of the {gaps} gaps, not {len(each)}.")
    if not all(math.isfinite(length) and length > 0 for length in each) or not fps > 0:
        raise RequestError("The seconds between keyframes and the frame rate must be above zero.")
    return [frames_per_gap(length, fps) for length in each]


def words_of_gaps(prompt: str | None, keyframes: int, loop: bool = False) -> list[str | None]:
    """What the words say to each gap of a film of ``keyframes``; None where they say nothing.

    Without a keyframe's number in them they hold in each gap. With one they are said to the gap that ends on that
    keyframe ("... the last picture") and to the gap that begins there ("... the first picture"), and to no other. Two
    keyframes make one gap, in which the second picture is the last; a number beyond the keyframes is no number.
    """
    gaps = keyframes - 1 + loop
    if not prompt or not prompt.strip():
        return [None] * gaps
    named = [(found, _number(found, keyframes)) for found in _NAMED.finditer(prompt)]
    named = [(found, number) for found, number in named if number is not None]
    if not named:
        return [prompt] * gaps
    if gaps == 1:
        return [_said(prompt, named, {0: "first", 1: "last"})]
    said: list[str | None] = [None] * gaps
    for gap in range(gaps):
        ends = {gap: "first", (gap + 1) % keyframes: "last"}
        if any(number in ends for _, number in named):
            said[gap] = _said(prompt, named, ends)
    return said


def reading_of(prompt: str | None, keyframes: int, loop: bool = False) -> str | None:
    """A sentence about which gaps the words were read for, where they name a keyframe of more than two."""
    words = words_of_gaps(prompt, keyframes, loop)
    if len(words) < 2 or not any(words) or all(said == prompt for said in words):
        return None
    meant = [str(number) for number, said in enumerate(words, 1) if said is not None]
    gaps = f"gap {meant[0]}" if len(meant) == 1 else f"gaps {', '.join(meant[:-1])} and {meant[-1]}"
    return f'"{prompt.strip()}" was read as said of {gaps}, on either side of the picture it names.'


def _number(found: re.Match[str], keyframes: int) -> int | None:
    """The keyframe that a match names, counted from 0; None if there is no such keyframe."""
    word = (found["ordinal"] or found["cardinal"]).lower()
    if word in ("last", "final"):
        return keyframes - 1
    for names in (_ORDINALS, _CARDINALS):
        if word in names:
            number = names.index(word)
            break
    else:
        number = int(re.sub(r"\D", "", word)) - 1
    return number if 0 <= number < keyframes else None


def _said(prompt: str, named: list[tuple[re.Match[str], int]], ends: dict[int, str]) -> str:
    """The prompt with the keyframes at a gap's ends called its first and last picture."""
    parts, reached = [], 0
    for found, number in named:
        if number in ends:
            parts += [prompt[reached : found.start()], f"{ends[number]} {found['thing'] or found['named']}"]
            reached = found.end()
    return "".join([*parts, prompt[reached:]])
