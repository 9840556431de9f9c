"""What the study of a picture is asked for with: its look becomes a file that restyling takes."""

from __future__ import annotations

from dataclasses import MISSING, dataclass
from pathlib import Path
from typing import ClassVar

from studio.requests.base import Request, bounded
from studio.requests.restyle import MAX_NAME


@dataclass(frozen=True, kw_only=True)
class StudyRequest(Request):
    """A painting or any other picture whose look is wanted, and if there is one, the clip or picture to use it on."""

    task: ClassVar[str] = "study"
    picture: Path = bounded(MISSING, "Picture", "The painting, or any other picture.", takes=("picture",))
    source: Path | None = bounded(
        None, "Meant for", "The clip or picture that the look is meant for.", takes=("clip", "picture"), flag="for"
    )
    name: str = bounded("", "Name", "What the look is called in your list.", longest=MAX_NAME)
