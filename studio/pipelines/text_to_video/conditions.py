"""What the prompt's pipeline can be asked for."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

import numpy as np

from studio.errors import RequestError
from studio.pipelines.calls import Conditions
from studio.pipelines.text_to_video.scene_prompt import EXAMPLE
from studio.requests import MAX_PROMPT

LONGEST = 6.1
"""Seconds that scenes are planned for at most."""

SMALLEST, LARGEST = 64, 1024
"""Pixels of a frame's side; the layers' own detail is right for 256 to 512."""


@dataclass(frozen=True, eq=False)
class TextToVideoConditions(Conditions):
    """A prompt and the clip to make of it. Raises RequestError.

    prompt: what to show, in English, at most MAX_PROMPT characters.
    num_frames: 1 or more, at most 6.1 seconds' worth.
    fps: frames per second, above 0, at most 120. Motion and weather keep their pace in seconds, so the same number of
        frames at a higher rate is a shorter moment.
    height, width: of the frames, 64 to 1024 pixels, the longer one at most 2.1 times the shorter.
    variety: 0 to 2, how far from the most typical scene the noise may go; 0 is that scene, the same for every seed, 1
        is as the world is.
    picture: uint8 (h, w, 4), straight RGBA, that takes the subject's place: it stands where the subject would, faces
        as it does in the picture, and moves as the subject would.
    detail: whether the detail net finishes the frames; without, they are the bare layers.
    """

    prompt: str
    num_frames: int = 24
    fps: float = 12
    height: int = 256
    width: int = 256
    variety: float = 1.0
    _: KW_ONLY
    picture: np.ndarray | None = None
    detail: bool = True

    def __post_init__(self) -> None:
        check_size(self.height, self.width)
        check_prompt(self.prompt)
        if not isinstance(self.num_frames, (int, np.integer)) or self.num_frames < 1:
            raise RequestError("The number of frames must be a whole number of at least 1.")
        if not 0 < float(self.fps) <= 120:
            raise RequestError("The frame rate must be above 0 and at most 120 frames per second.")
        if not 0 <= self.variety <= 2:
            raise RequestError("Variety must lie between 0 and 2.")
        if self.seconds > LONGEST:
            frames = f"{self.num_frames} frames at {self.fps:g}"
            raise RequestError(f"A clip can last up to 6 seconds; {frames} would last {self.seconds:.1f}.")

    @property
    def seconds(self) -> float:
        """Length of the clip."""
        return self.num_frames / float(self.fps)


def check_prompt(prompt: str) -> None:
    """Raise RequestError for no words, or too many."""
    if not isinstance(prompt, str) or not prompt.strip():
        raise RequestError(f"Please describe the scene in a few words, such as {EXAMPLE}.")
    if len(prompt) > MAX_PROMPT:
        raise RequestError(f"The prompt may have at most {MAX_PROMPT} characters; this one has {len(prompt)}.")


def check_size(height: int, width: int) -> None:
    """Raise RequestError for frames of a size that cannot be painted."""
    for side in (height, width):
        if not isinstance(side, (int, np.integer)) or not SMALLEST <= side <= LARGEST:
            raise RequestError(f"Width and height must be whole numbers between {SMALLEST} and {LARGEST} pixels.")
    if not 0.4 <= width / height <= 2.1:
        raise RequestError("The longer side may be at most twice the shorter one.")
