"""What a prompt's clip is asked for with."""

from __future__ import annotations

import re
from dataclasses import MISSING, dataclass
from pathlib import Path
from typing import ClassVar

from studio.errors import RequestError
from studio.origin import COMPOSITE, TRAINED
from studio.requests.base import MAX_PROMPT, Request, bounded

SIZES = {"square": (256, 256), "16:9": (456, 256), "9:16": (256, 456)}
"""Named sizes (width, height) of a prompt's clip; ``scaled_size`` enlarges them."""


@dataclass(frozen=True, kw_only=True)
class TextToVideoRequest(Request):
    """A prompt and the clip to make of it."""

    task: ClassVar[str] = "text_to_video"
    prompt: str = bounded(
        MISSING,
        "Prompt",
        "What to show: one or two subjects, their colours, a place, a time of day, how they move.",
        longest=MAX_PROMPT,
    )
    picture: Path | None = bounded(
        None,
        "Your own picture as the subject",
        "A picture of your own that takes the subject's place and moves as your words say.",
        takes=("picture",),
    )
    seconds: float = bounded(2.0, "Length (seconds)", "1 to 6 seconds.", low=1, high=6, step=0.5)
    fps: float = bounded(12, "Frames per second", "12 is lively, 24 is smooth.", low=6, high=30, step=1)
    width: int = bounded(256, "Width", "144 to 512 pixels, even.", low=144, high=512, step=1, advanced=True)
    height: int = bounded(256, "Height", "144 to 512 pixels, even.", low=144, high=512, step=1, advanced=True)
    variety: float = bounded(
        1.0, "Variety", "0 is the most typical scene, 1 is lively.", low=0, high=1.5, step=0.05, advanced=True
    )
    variations: int = bounded(
        1,
        "Variations",
        "Several clips of the same prompt, each with the next seed.",
        low=1,
        high=4,
        step=1,
        advanced=True,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not re.search(r"\w|[^\x00-\x7f]", self.prompt):
            raise RequestError('Please describe the scene in a few words, such as "a red car drives left at sunset".')
        if self.width % 2 or self.height % 2:
            raise RequestError("Width and height must be even numbers.")

    @property
    def count(self) -> int:
        """One clip per variation."""
        return self.variations

    @property
    def source_type(self) -> str:
        """All of it is the model's, but for a person's own picture."""
        return TRAINED if self.picture is None else COMPOSITE

    @property
    def num_frames(self) -> int:
        """Frames of the clip."""
        return max(1, round(self.seconds * self.fps))


def scaled_size(shape: str, short_side: int) -> tuple[int, int]:
    """(width, height) of a named shape with its long side at most 512 and its short side near ``short_side``, even."""
    width, height = SIZES[shape]
    scale = min(short_side / min(width, height), 512 / max(width, height))
    return 2 * round(width * scale / 2), 2 * round(height * scale / 2)
