"""One card per checkpoint: what it is for, where it is, whose it is, and how to know that it is whole.

A literal table: what stands here is all there is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from studio.errors import CheckpointError


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
            f'The generator "{name}" is missing from {checkpoints}: fetch the repository\'s checkpoints again, '
            f"or train it with `{card.recipe}`."
        )
    index = card.path(checkpoints) / "model_index.json"
    if index.is_file():
        try:
            json.loads(index.read_text(encoding="utf-8"))
        except ValueError as error:
            raise CheckpointError(f'The generator "{name}" is damaged: {index.name} cannot be read.') from error
    return card.path(checkpoints)
