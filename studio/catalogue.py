"""One card per checkpoint: what it is for, where it is, whose it is, and how to know that it is whole.

A literal table: what stands here is all there is. The sha256 of every file of the shipped checkpoints stands in
checksums.txt beside it (``make checksums`` writes it anew, ``sha256sum -c`` reads it, too).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from studio.errors import CheckpointError
from studio.settings import ROOT

SHIPPED = ROOT / "checkpoints"
"""The checkpoints that come with the repository; only their checksums are known."""

CHECKSUMS = Path(__file__).with_name("checksums.txt")


@dataclass(frozen=True, kw_only=True)
class Card:
    """A checkpoint. ``folder`` lies under the checkpoints folder; ``recipe`` is the training command that makes it."""

    name: str
    task: str
    folder: str
    licence: str
    origin: str
    recipe: str

    def path(self, checkpoints: Path) -> Path:
        """Where this checkpoint lies."""
        return checkpoints / self.folder

    def is_present(self, checkpoints: Path) -> bool:
        """True if the folder holds a configuration and at least one file of weights."""
        folder = self.path(checkpoints)
        has_config = any((folder / name).is_file() for name in ("model_index.json", "config.json"))
        return has_config and any(folder.rglob("*.safetensors"))

    def size_bytes(self, checkpoints: Path) -> int:
        """Bytes on disk, 0 if absent."""
        return sum(item.stat().st_size for item in self.path(checkpoints).rglob("*") if item.is_file())


def _ours(name: str, task: str) -> Card:
    return Card(
        name=name,
        task=task,
        folder=name,
        licence="Apache-2.0",
        origin="trained by this project",
        recipe=f"python -m studio.training {name}",
    )


CARDS: dict[str, Card] = {
    card.name: card
    for card in (
        _ours("clip", "text and picture encoder of all four tasks"),
        _ours("text_to_video", "prompt to video"),
        _ours("interpolation", "motion between keyframes"),
        _ours("restyle", "a clip in another look"),
        _ours("prediction", "how a clip goes on"),
    )
}


def find(name: str, checkpoints: Path) -> Path:
    """The folder of a checkpoint; CheckpointError with one sentence if it is missing or has no weights."""
    card = CARDS[name]
    if not card.is_present(checkpoints):
        raise CheckpointError(
            f'The generator "{name}" is missing: fetch the repository\'s checkpoints again, '
            f"or train it with `{card.recipe}`."
        )
    index = card.path(checkpoints) / "model_index.json"
    if index.is_file():
        try:
            json.loads(index.read_text(encoding="utf-8"))
        except ValueError as error:
            raise CheckpointError(f'The generator "{name}" is damaged: {index.name} cannot be read.') from error
    return card.path(checkpoints)


def verify(name: str, checkpoints: Path) -> Path:
    """The folder of a checkpoint, as ``find`` gives it, once every file in it is known to be whole.

    A shipped checkpoint must be byte for byte what the catalogue says; each file is read once, and again only when it
    has changed. Of a checkpoint in any other folder no checksums are known: its owner answers for it. Raises
    CheckpointError for a file that is missing or differs.
    """
    folder = find(name, checkpoints)
    if checkpoints.resolve() != SHIPPED.resolve():
        return folder
    known = {file: checksum for file, checksum in checksums(CHECKSUMS).items() if file.startswith(f"{folder.name}/")}
    for file, checksum in known.items():
        path = checkpoints / file
        if not path.is_file():
            raise CheckpointError(f'The generator "{name}" is not whole: {file} is missing; fetch it again.')
        said = path.stat()
        if _sha256(path, said.st_size, said.st_mtime_ns) != checksum:
            raise CheckpointError(
                f'The generator "{name}" is damaged or not the one of this version: fetch {file} again; '
                "if you trained it yourself, run `make checksums`."
            )
    return folder


@lru_cache
def checksums(path: Path) -> dict[str, str]:
    """The sha256 (hexadecimal) of every listed file, by its path under the checkpoints folder."""
    rows = (line.split(maxsplit=1) for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    return {file.strip().removeprefix("*"): checksum for checksum, file in rows}


@lru_cache
def _sha256(path: Path, size: int, changed: int) -> str:
    """The file's checksum; its size and time of change belong to the cache's key."""
    del size, changed
    return hashlib.sha256(path.read_bytes()).hexdigest()
