"""What the prediction's pipeline can be asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from studio.clip import check_frames
from studio.errors import RequestError
from studio.motion.period import MOST_HISTORY, history_frames
from studio.pipelines.calls import Conditions

MOST_FRAMES = 1200
"""Frames that one call may add: the longest request at the highest usual rate."""


@dataclass(frozen=True, eq=False)
class PredictionConditions(Conditions):
    """A clip, and how far to continue it. Raises RequestError.

    frames: uint8 (T, H, W, 3), T >= 1, of which only the last ``history_frames`` are kept.
    num_frames: how many to add, 1 to MOST_FRAMES.
    prompt: words about the course ("pans left", "slows down"); None or blank is the source's own.
    fps: frames per second of the clip, above 0; a course is meant per second.

    The generator draws one plausible future; None is the likeliest.
    """

    frames: np.ndarray | Sequence[np.ndarray]
    num_frames: int = 5
    prompt: str | None = None
    fps: float = 24

    def __post_init__(self) -> None:
        frames = check_frames(self.frames[-MOST_HISTORY:])
        count = self.num_frames
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_FRAMES:
            raise RequestError(f"The number of frames to predict must be a whole number from 1 to {MOST_FRAMES}.")
        if not (self.fps > 0 and math.isfinite(self.fps)):
            raise RequestError("The frame rate of the clip must be above zero.")
        object.__setattr__(self, "frames", frames[-history_frames(frames.shape[1:3], self.fps) :])
        object.__setattr__(self, "prompt", self.prompt if self.prompt and self.prompt.strip() else None)
        object.__setattr__(self, "fps", float(self.fps))
