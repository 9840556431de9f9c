"""What a finished job hands back: plain paths and facts, all inside the job's own folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from studio.media.whole_files import write_whole
from studio.origin import DESCRIPTION
from studio.scene import LookReading, Understanding


@dataclass(frozen=True, kw_only=True)
class Trust:
    """How far a continuation can be believed.

    ``confidence`` is one number from 0 (a guess) to 1 (sure) per predicted frame, never rising; ``seconds`` how long
    it can be trusted, of ``length`` seconds that were predicted.
    """

    confidence: tuple[float, ...]
    seconds: float
    length: float

    @property
    def sentence(self) -> str:
        """The same in words."""
        if self.seconds <= 0:
            return "All of this is a guess: not even the first new frame is certain."
        if self.seconds >= self.length:
            return f"Trust the whole {_in_words(self.length)}, unless something new happens."
        return f"Trust about the first {_in_words(self.seconds)}; after that it is a guess."


def _in_words(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 0.1 else f"{seconds:.1f} s"


@dataclass(frozen=True, kw_only=True)
class Result:
    """A finished job.

    ``video`` is an H.264 mp4; ``variations`` holds all of them where several were asked for, of a prompt or of a clip's
    futures (``video`` is the first); ``picture`` a PNG where a picture was restyled (``video`` then shows it as a
    still); ``seed`` the seed that was used (variation n has ``variation_seed(seed, n)``); ``notes`` say in whole
    sentences what differs from what was asked or given; ``look`` is the look file that a study made (``picture`` then
    shows what it does); ``layers`` is a zip of the scene's layers; ``transparent`` a WebM that keeps the transparency
    that ``video`` shows over white; ``trust`` how far a continuation can be believed; ``width``, ``height``, ``fps``
    and ``frames`` describe ``video``; ``seconds_taken`` is the time from the start of the work to the finished files;
    ``job_id`` the job that made it.
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
    look: Path | None = None
    layers: Path | None = None
    transparent: Path | None = None
    trust: Trust | None = None
    understood: Understanding | LookReading | None = None
    notes: tuple[str, ...] = ()
    seconds_taken: float = 0.0
    job_id: str = ""

    @property
    def seconds(self) -> float:
        """How long ``video`` plays."""
        return self.frames / self.fps

    def write_facts(self, source_type: str) -> Path:
        """``facts`` as a JSON file beside the video, which says what it is about. Raises ResourceError."""
        said = {"about": DESCRIPTION, "digital_source_type": source_type, **self.facts()}
        text = json.dumps(said, ensure_ascii=False, indent=1)
        return write_whole(self.video.with_name("details.json"), text.encode())

    def facts(self) -> dict[str, object]:
        """What a person should know of this result, as plain values for JSON; no paths."""
        known: dict[str, object] = {
            "task": self.task, "seed": self.seed, "width": self.width, "height": self.height, "fps": self.fps,
            "frames": self.frames, "seconds": self.seconds, "clips": max(1, len(self.variations)),
            "seconds_taken": round(self.seconds_taken, 3), "notes": list(self.notes),
        }  # fmt: skip
        if self.trust is not None:
            known["trust"] = {
                "sentence": self.trust.sentence,
                "seconds": self.trust.seconds,
                "confidence": list(self.trust.confidence),
            }
        return known
