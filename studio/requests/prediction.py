"""What the continuation of a clip is asked for with."""

from __future__ import annotations

from dataclasses import MISSING, dataclass
from pathlib import Path
from typing import ClassVar

from studio.requests.base import MAX_PROMPT, MAX_SEED, Request, bounded


@dataclass(frozen=True, kw_only=True)
class PredictionRequest(Request):
    """A clip, and how far to continue it."""

    task: ClassVar[str] = "prediction"
    unseeded: ClassVar[int | None] = 0
    seed: int | None = bounded(
        None,
        "Seed",
        "Empty or 0: the likeliest future. Any other draws another one, the same each time.",
        low=0,
        high=MAX_SEED,
        step=1,
        advanced=True,
    )
    clip: Path = bounded(MISSING, "Clip", "The clip to continue.", takes=("clip",))
    seconds: float = bounded(1.0, "Seconds to add", "The further, the less certain.", low=0.1, high=5, step=0.1)
    prompt: str = bounded(
        "", "Course in words", '"pans left", "slows down", "zooms in"; empty goes on as it was.', longest=MAX_PROMPT
    )
    append: bool = bounded(False, "Append to the clip", "The source first, then its continuation.")
    mark: bool = bounded(
        False, "Mark the predicted part", "A small sign in the corner of every predicted frame.", advanced=True
    )
    futures: int = bounded(
        1,
        "Futures",
        "Several ways in which the clip could go on, each with the next seed.",
        low=1,
        high=4,
        step=1,
        advanced=True,
    )

    @property
    def count(self) -> int:
        """One clip per future."""
        return self.futures
