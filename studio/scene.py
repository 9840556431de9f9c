"""What a prompt turns into, in plain data: what was understood of it, and the layers of the scene it became."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ACTOR_TRACKS = ("x", "y", "log_size", "sin", "cos", "flip", "shadow_y", "shadow_alpha")
"""Columns of an actor's track. Lengths are in frame heights, the origin is the top left corner of the square frame:
centre, natural log of the sprite's side, rotation, +1 as drawn or -1 mirrored, the ground line under it, its shadow."""

SCENE_TRACKS = ("camera_x", "camera_y", "zoom", "rain", "snow", "fog", "flash", "leaves")
"""Columns of what all of a scene shares: where the camera looks, and how much of each weather there is, 0..1."""

ACTORS = ("subject", "second", "third", "other")
"""Who may be on stage, in this order in every array: the subject, its copies, and the other one."""


@dataclass(frozen=True)
class Understanding:
    """What the text encoder understood of a scene prompt, in words.

    ``place`` and ``time`` are "any" where the prompt does not say one. ``other`` is "none" where there is one subject.
    ``unknown_words``: words that no training caption had, each with the nearest known word or "". ``stand_ins``: things
    that cannot be drawn, each with what is drawn in its place. ``ignored``: words that contradict what was understood.
    """

    subject: str
    colour: str = "natural"
    size: str = "normal"
    count: str = "one"
    other: str = "none"
    other_colour: str = "natural"
    relation: str = "none"
    place: str = "any"
    time: str = "any"
    motion: str = "still"
    camera: str = "static"
    weather: str = "clear"
    unknown_words: tuple[tuple[str, str], ...] = ()
    stand_ins: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ()

    def slots(self) -> dict[str, str]:
        """The twelve slots in reading order."""
        return {name: getattr(self, name) for name in SLOT_NAMES}


SLOT_NAMES = (
    "subject", "colour", "size", "count", "other", "other_colour", "relation", "place", "time", "motion", "camera",
    "weather",
)  # fmt: skip
"""What a scene is described by, in reading order."""


@dataclass(frozen=True)
class LookReading:
    """The known look nearest to a person's words: ``confidence`` 0..1, and the words outside what the looks know.

    ``weights``: the looks that will be blended, (title, share), the heaviest first, shares summing to one. ``notes``:
    what a person should know of how the words were taken, in whole sentences.
    """

    look: str
    confidence: float
    unknown_words: tuple[str, ...] = ()
    weights: tuple[tuple[str, float], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SceneLayers:
    """The layers that composite to a clip.

    ``strips`` uint8 (4, h, 2h, 4): sky, far, middle, near, straight (not premultiplied) RGBA; ``offsets`` (4,) their
    horizontal start in frame heights. ``sprites`` uint8 (2, s, s, 4) straight RGBA: the subject and the other one
    (empty if there is none). ``cast`` (4,) which sprite each of ACTORS wears, -1 where it is absent. ``actors`` float32
    (T, 4, 8), see ACTOR_TRACKS; ``scene`` float32 (T, 8), see SCENE_TRACKS; ``fps`` frames per second. ``setting``: the
    place, time and weather that were drawn, in words. ``ground``: whether the ground mirrors (0 or 1), and how far the
    light shears shadows.
    """

    strips: np.ndarray
    offsets: np.ndarray
    sprites: np.ndarray
    cast: np.ndarray
    actors: np.ndarray
    scene: np.ndarray
    fps: float
    setting: dict[str, str]
    ground: tuple[float, float] = (0.0, 0.0)
