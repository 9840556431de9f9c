"""What a prompt turns into, in plain data: what was understood of it, and the layers of the scene it became."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

TRACK_NAMES = (
    "x",
    "y",
    "log_size",
    "sin",
    "cos",
    "flip",
    "shadow_y",
    "shadow_alpha",
    "camera_x",
    "camera_y",
    "zoom",
    "rain",
    "snow",
)
"""The columns of a scene's tracks. Lengths are in frame heights, the origin is the top left corner."""


@dataclass(frozen=True)
class Understanding:
    """What the text encoder understood of a scene prompt, in words, and the words that it does not know."""

    subject: str
    colour: str
    place: str
    time: str
    motion: str
    camera: str
    weather: str
    unknown_words: tuple[str, ...] = ()

    def slots(self) -> dict[str, str]:
        """The seven slots in reading order, without the unknown words."""
        names = ("subject", "colour", "place", "time", "motion", "camera", "weather")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class LookReading:
    """The known look nearest to a person's words: ``confidence`` 0..1, and the words outside what the looks know."""

    look: str
    confidence: float
    unknown_words: tuple[str, ...] = ()


@dataclass(frozen=True)
class SceneLayers:
    """The layers that composite to a clip.

    ``strips`` uint8 (4, h, 2h, 4): sky, far, middle, near, straight (not premultiplied) RGBA; ``offsets`` (4,) their
    horizontal start in frame heights; ``sprite`` uint8 (s, s, 4) straight RGBA; ``tracks`` float32 (T, 13), see
    TRACK_NAMES; ``fps`` frames per second; ``extra`` anything else that is needed to composite them again.
    """

    strips: np.ndarray
    offsets: np.ndarray
    sprite: np.ndarray
    tracks: np.ndarray
    fps: float
    extra: dict[str, float] = field(default_factory=dict)
