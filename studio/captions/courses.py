"""How a continuation goes on, and how motion is spread between two keyframes: the numbers and their words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: How a continuation goes on: kind -> (phrases, course). A course is (pan x, pan y in frame heights per second, zoom
#: in octaves per second, rotation in radians per second (positive turns the picture clockwise), the factor by which the
#: clip's own motion speeds up within a second, how much of that motion stops). Panning left shows what lies to the
#: left, so the picture itself moves to the right.
COURSES: dict[str, tuple[tuple[str, ...], tuple[float, float, float, float, float, float]]] = {
    "pan_left": (("pans left", "camera pans left", "pan left", "panning left", "the camera moves left",
                  "turns to the left", "look left", "camera swings left"), (-0.5, 0, 0, 0, 1, 0)),
    "pan_right": (("pans right", "camera pans right", "pan right", "panning right", "the camera moves right",
                   "turns to the right", "look right", "camera swings right"), (0.5, 0, 0, 0, 1, 0)),
    "tilt_up": (("tilts up", "camera tilts up", "pans up", "looks up", "the camera moves up", "tilting up",
                 "camera rises"), (0, -0.5, 0, 0, 1, 0)),
    "tilt_down": (("tilts down", "camera tilts down", "pans down", "looks down", "the camera moves down",
                   "tilting down", "camera sinks"), (0, 0.5, 0, 0, 1, 0)),
    "zoom_in": (("zooms in", "camera zooms in", "zoom in", "zooming in", "moves in", "gets closer", "dolly in",
                 "push in", "closer"), (0, 0, 0.5, 0, 1, 0)),
    "zoom_out": (("zooms out", "camera zooms out", "zoom out", "zooming out", "pulls back", "moves back",
                  "dolly out", "pull out", "wider"), (0, 0, -0.5, 0, 1, 0)),
    "rotate_left": (("rotates left", "rolls left", "rotates counterclockwise", "camera rolls to the left",
                     "turns anticlockwise", "tilts its head to the left"), (0, 0, 0, -0.5, 1, 0)),
    "rotate_right": (("rotates right", "rolls right", "rotates clockwise", "camera rolls to the right",
                      "turns clockwise", "tilts its head to the right"), (0, 0, 0, 0.5, 1, 0)),
    "slow_down": (("slows down", "slower", "slow motion", "slowing down", "in slow motion", "calms down",
                   "decelerates"), (0, 0, 0, 0, 0.4, 0)),
    "speed_up": (("speeds up", "faster", "accelerates", "speeding up", "fast forward", "quicker", "time lapse"),
                 (0, 0, 0, 0, 2, 0)),
    "stop": (("stops", "freezes", "comes to a halt", "stands still", "stop", "freeze", "everything stops", "halts",
              "pauses"), (0, 0, 0, 0, 1, 1)),
    "steady": (("goes on", "continues", "steady", "just goes on", "continues as before", "keeps going", "carry on",
                "same as before", "unchanged"), (0, 0, 0, 0, 1, 0)),
}

_TIME = np.linspace(0.0, 1.0, 17)

#: How motion is spread between two keyframes: kind -> (phrases, monotone curve 0..1 at 17 even points in time).
TIMINGS: dict[str, tuple[tuple[str, ...], np.ndarray]] = {
    "steady": (("steady", "even", "linear", "constant speed", "evenly", "at a steady pace", "uniform motion"), _TIME),
    "slow_start": (("slow start", "starts slowly", "ease in", "accelerating", "picks up speed", "slow at first",
                    "gently starting"), _TIME**2),
    "slow_end": (("slow end", "ends slowly", "ease out", "decelerating", "slows at the end", "slowing to a halt",
                  "comes gently to rest"), 1 - (1 - _TIME) ** 2),
    "slow_both": (("slow start and end", "ease in and out", "smooth", "gentle", "softly", "ease in out",
                   "smooth and gentle", "starts and ends slowly"), _TIME**2 * (3 - 2 * _TIME)),
    "quick_middle": (("quick middle", "snappy", "fast in the middle", "sudden change", "a quick jump in the middle",
                      "abrupt", "whip"), _TIME**4 / (_TIME**4 + (1 - _TIME) ** 4)),
    "slow_middle": (("slow middle", "hesitates in the middle", "pauses halfway", "lingers in the middle",
                     "slow in the middle", "rests in the middle"), 0.5 + 4 * (_TIME - 0.5) ** 3),
    "linger_first": (("lingers on the first picture", "holds the first frame", "waits at the beginning", "late start",
                      "stays at the start", "changes at the last moment"), _TIME**4),
    "linger_last": (("lingers on the last picture", "holds the last frame", "waits at the end", "arrives early",
                     "stays at the end", "changes at once"), 1 - (1 - _TIME) ** 4),
}


def course_phrase(kind: str, rng: np.random.Generator) -> str:
    """One way to say a course of COURSES."""
    return _pick(rng, COURSES[kind][0])


def timing_phrase(kind: str, rng: np.random.Generator) -> str:
    """One way to say a timing of TIMINGS."""
    return _pick(rng, TIMINGS[kind][0])


def _pick(rng: np.random.Generator, options: Sequence[str]) -> str:
    """One of the options, the first ones (the usual words) more often."""
    return options[int(len(options) * rng.random() ** 1.25)]
