"""What a finished job hands back: plain paths and facts, all inside the job's own folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from studio.scene import LookReading, Understanding


@dataclass(frozen=True, kw_only=True)
class Result:
    """A finished job.

    ``video`` is an H.264 mp4; ``variations`` holds all of them where several were asked for (``video`` is the first);
    ``picture`` a PNG where a picture was restyled (``video`` then shows it as a still); ``seed`` the seed that was
    used (variation n has ``seed`` + n); ``notes`` say in whole sentences what differs from what was asked or given;
    ``layers`` is a zip of the scene's layers; ``width``, ``height``, ``fps`` and ``frames`` describe ``video``;
    ``seconds_taken`` is the time from the start of the work to the finished files; ``job_id`` the job that made it.
    """

    task: str
    video: Path
    seed: int
    width: int
    height: int
    fps: float
    frames: int
    variations: tuple[Path, ...] = ()
    picture: Path | None = None
    layers: Path | None = None
    understood: Understanding | LookReading | None = None
    notes: tuple[str, ...] = ()
    seconds_taken: float = 0.0
    job_id: str = ""

    @property
    def seconds(self) -> float:
        """How long ``video`` plays."""
        return self.frames / self.fps
