"""What the study of a picture is asked for with: its look becomes a file that restyling takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from studio.errors import RequestError
from studio.requests.base import Request, bounded
from studio.requests.restyle import MAX_NAME


@dataclass(frozen=True, kw_only=True)
class StudyRequest(Request):
    """A painting or any other picture whose look is wanted, and if there is one, the clip or picture to use it on."""

    task: ClassVar[str] = "study"
    picture: Path
    source: Path | None = None
    name: str = bounded("", "Name", "What the look is called in your list.")

    @property
    def card(self) -> str:
        """The generator whose brush learns the look."""
        return "restyle"

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.name) > MAX_NAME:
            raise RequestError(f"A look's name may have at most {MAX_NAME} characters, not {len(self.name)}.")
