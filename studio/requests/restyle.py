"""What another look of a clip or a picture is asked for with."""

from __future__ import annotations

import math
from dataclasses import MISSING, dataclass
from pathlib import Path
from typing import ClassVar

from studio.errors import RequestError
from studio.requests.base import MAX_PROMPT, Request, bounded

WHERE = ("everything", "subject", "background")
SMALLEST_BOX = 0.01
"""Of the frame's width and height: the least that a box around a subject must have."""
MAX_NAME = 60
"""Characters of a studied look's name."""


@dataclass(frozen=True, kw_only=True)
class RestyleRequest(Request):
    """A clip or a picture, and a look: in words, from a picture, or both; or a look file that was studied before."""

    task: ClassVar[str] = "restyle"
    source: Path = bounded(MISSING, "Source", "The clip or picture.", takes=("clip", "picture"))
    style: str = bounded(
        "", "Look", '"watercolour painting", "like Van Gogh", "60% oil painting, 40% neon"...', longest=MAX_PROMPT
    )
    style_image: Path | None = bounded(None, "Style picture", "A picture whose look to take.", takes=("picture",))
    look: Path | None = bounded(
        None, "Look file", "A look file, as studying a picture makes it.", takes=("look file",)
    )
    strength: float = bounded(1.0, "Strength", "0 leaves the source as it is.", low=0, high=1, step=0.05)
    brush_size: float = bounded(
        1.0, "Brush size", "Of strokes, tiles and dots: half as large to twice as large.", low=0.5, high=2, step=0.05
    )
    detail: float = bounded(
        0.5,
        "Keep faces and detail",
        "0 paints over all alike; 1 keeps faces and fine detail.",
        low=0,
        high=1,
        step=0.05,
    )
    keep_colours: bool = bounded(False, "Keep colours", "Take the look's strokes and light, keep the source's colours.")
    where: str = bounded(
        "everything", "Where", "The whole picture, or only the subject or the background that you mark.", choices=WHERE
    )
    box: tuple[float, ...] = bounded(
        (),
        "Box",
        "Around the subject in the first frame: left, top, right, bottom from 0 to 1, such as 0.2,0.1,0.8,0.9.",
    )
    mask: Path | None = bounded(
        None,
        "Mask",
        "A picture of the first frame's shape: white or solid on the subject, black or transparent elsewhere.",
        takes=("picture",),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "box", tuple(self.box))
        has_words = bool(self.style.strip())
        if self.look is not None and (has_words or self.style_image is not None):
            raise RequestError("Please give either a look file, or words or a style picture, not both.")
        if not has_words and self.style_image is None and self.look is None:
            raise RequestError('Please name a look, such as "watercolour painting", or give a style picture.')
        self._check_where()

    def _check_where(self) -> None:
        marked = bool(self.box) + (self.mask is not None)
        if marked == 2:
            raise RequestError("Please mark the subject either with a box or with a mask, not both.")
        if marked and self.where == "everything":
            raise RequestError("A subject is marked: please say whether the subject or the background changes.")
        if not marked and self.where != "everything":
            raise RequestError("Please mark the subject first: draw a box around it, or paint over it.")
        if self.box:
            check_box(self.box)


def check_box(box: tuple[float, ...]) -> None:
    """Raise RequestError unless a box is (left, top, right, bottom) in shares of a frame, and not too small."""
    numbers = [isinstance(side, (int, float)) and math.isfinite(side) for side in box]
    if len(box) != 4 or not all(numbers) or not (0 <= box[0] < box[2] <= 1 and 0 <= box[1] < box[3] <= 1):
        raise RequestError(
            "The box must be four numbers from 0 to 1: left, top, right, bottom, such as 0.2, 0.1, 0.8, 0.9."
        )
    if min(box[2] - box[0], box[3] - box[1]) < SMALLEST_BOX:
        raise RequestError("The box is too small: please draw it around the whole subject.")
