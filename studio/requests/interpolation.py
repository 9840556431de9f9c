"""What the motion between keyframes, or another rate of a clip, is asked for with."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

from studio.errors import RequestError
from studio.requests.base import MAX_PROMPT, Request, bounded, check_value, exact_rate, field_of

EASINGS = ("linear", "ease", "ease-in", "ease-out")
AT_CUT = ("auto", "hold", "dissolve", "cut")


@dataclass(frozen=True, kw_only=True)
class InterpolationRequest(Request):
    """Two or more keyframe pictures, or one clip; and the motion wanted between them."""

    task: ClassVar[str] = "interpolation"
    alternatives: ClassVar[tuple[str, ...]] = ("images", "clip")
    images: tuple[Path, ...] = bounded((), "Keyframes", "Two or more pictures, in order.", takes=("picture",))
    clip: Path | None = bounded(None, "Clip", "A clip that gets another frame rate.", takes=("clip",))
    seconds: float = bounded(1.0, "Seconds between keyframes", "How long each gap lasts.", low=0.1, high=10, step=0.1)
    gap_seconds: tuple[float, ...] = bounded(
        (),
        "Seconds of each gap",
        "How long each gap lasts, in order, where they differ: 0.5,1,2. Empty: all last as long. A loop has one more.",
        advanced=True,
    )
    fps: Fraction | None = bounded(
        None, "Frames per second", "The exact rate of the result: 24, 59.94, 60... Pictures get 24.", low=1, high=240
    )
    easing: str = bounded("linear", "Easing", "How the motion starts and stops in each gap.", choices=EASINGS)
    loop: bool = bounded(False, "Loop", "Come back to the first keyframe.")
    at_cut: str = bounded(
        "auto",
        "At a scene cut",
        "Nothing is morphed across a cut: hold the last picture, dissolve, or cut in the middle; "
        "auto dissolves pictures and holds clips.",
        choices=AT_CUT,
        advanced=True,
    )
    replace_duplicates: bool = bounded(
        False, "Replace repeated frames", "Give repeated frames of a clip new in-betweens.", advanced=True
    )
    prompt: str = bounded(
        "", "Timing in words", '"slow start", "linger on the second picture"...', longest=MAX_PROMPT, advanced=True
    )

    def __post_init__(self) -> None:
        if self.fps is not None:
            object.__setattr__(self, "fps", exact_rate(self.fps))
        super().__post_init__()
        object.__setattr__(self, "gap_seconds", tuple(self.gap_seconds))
        if self.clip is None and len(self.images) < 2:
            raise RequestError("Please give at least two pictures, or one clip.")
        if self.clip is not None and self.images:
            raise RequestError("Please give either pictures or a clip, not both.")
        if self.clip is not None and self.fps is None:
            raise RequestError("Please say which frame rate the clip should get, such as 60.")
        if self.clip is not None and (self.loop or self.easing != "linear"):
            raise RequestError("Loop and easing are for keyframe pictures; a clip keeps its own timing.")
        if self.clip is None and self.replace_duplicates:
            raise RequestError("Replacing repeated frames is for a clip; keyframe pictures are all kept.")
        self._check_gaps()

    @property
    def gaps(self) -> tuple[float, ...]:
        """Seconds of every gap between the pictures, in order; none for a clip."""
        return self.gap_seconds or (self.seconds,) * (len(self.images) - 1 + self.loop if self.images else 0)

    def _check_gaps(self) -> None:
        if not self.gap_seconds:
            return
        for seconds in self.gap_seconds:
            check_value(field_of(type(self), "seconds"), seconds)
        if self.clip is not None:
            raise RequestError("Seconds for each gap are for keyframe pictures; a clip keeps its own timing.")
        if len(self.gap_seconds) != (wanted := len(self.images) - 1 + self.loop):
            raise RequestError(
                f"Please give one number of seconds for each gap between the pictures{' and back' * self.loop}: "
                f"{wanted}, not {len(self.gap_seconds)}."
            )
