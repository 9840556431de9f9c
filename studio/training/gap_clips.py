"""Which clips the in-between generator learns from, of what kind each is, and which of them only measure.

`data`/train/clips are the old clips, `data`/train/more the short ones, whose kinds and sources stand in
`data`/MANIFEST.csv (columns path, source, fps, description; a description begins with its kind in brackets). Without a
manifest every short clip is of the kind "more" and a source of its own.

Old clips that measure are every seventh, as ever: no recipe has trained on them. Short clips are split by their source:
pieces of one film, and films out of one folder, show the same room, so that they are all held out or none.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from studio.training.data import CLIP_ENDINGS, training_clips

OLD, MOVED = "clip", "photo"
"""The kinds of the old clips and of photos that were set in motion."""

HELD_OUT = 7
"""Every seventh old clip measures, and is never trained on."""

_HELD_SOURCES = 5  # of the sources of a kind every fifth measures
_DEEP = 3  # folders of a source's path that tell it from another
_OLD_SHARE, _MOVED_SHARE = 0.4, 0.1
_COARSE = 0.5  # how much a clip of 256 colours counts: its truth is dithered
_FASTEST = 45.0  # frames a second; of a faster clip every second frame is kept


@dataclass(frozen=True)
class ClipCard:
    """What is known of a clip: where it lies below the data, its kind, source, frames a second, whether it measures."""

    path: str
    kind: str
    source: str
    fps: float
    held_out: bool
    coarse: bool = False

    @property
    def every(self) -> int:
        """Every which frame is kept."""
        return 2 if self.fps > _FASTEST else 1

    def plain(self) -> dict[str, object]:
        """The fields, for JSON."""
        return asdict(self)


def clip_cards(data: Path | None) -> list[ClipCard]:
    """The old clips, then the short ones, each in order of their names. Raises UserError if there are no old clips."""
    old = training_clips(data)
    listed = _manifest(data)
    folder = data / "train" / "more"
    short = sorted(path for path in folder.iterdir() if path.suffix in CLIP_ENDINGS) if folder.is_dir() else []
    cards = [
        _card(f"train/clips/{path.name}", listed, OLD, index % HELD_OUT == HELD_OUT // 2)
        for index, path in enumerate(old)
    ]
    known = {card.source for card in cards}
    found = [_card(f"train/more/{path.name}", listed, "more", False) for path in short]
    held = _held_sources(found, known)
    return cards + [ClipCard(**card.plain() | {"held_out": card.source in held}) for card in found]


def _card(path: str, listed: dict[str, dict[str, str]], kind: str, held_out: bool) -> ClipCard:
    row = listed.get(path, {})
    named = re.match(r"\[(\w+)\]", row.get("description", ""))
    source = row.get("source") or path
    return ClipCard(
        path=path,
        kind=named.group(1) if named and kind != OLD else kind,
        source=source_of(source),
        fps=float(row.get("fps") or 25),
        held_out=held_out,
        coarse=source.lower().split(" ")[0].endswith(".gif"),
    )


def source_of(source: str) -> str:
    """What clips must not share across the split: the repository and the first folders of a source's path."""
    repository, _, path = source.split(" ")[0].partition(":")
    folders = path.split("/")[:-1][:_DEEP]
    return ":".join([repository, "/".join(folders)]) if folders else source.split(" ")[0]


def _held_sources(cards: Sequence[ClipCard], known: set[str]) -> set[str]:
    """Every fifth source of each kind, counted from the third, of those that no old clip comes from.

    Kinds with fewer than three sources are counted together.
    """
    kinds: dict[str, str] = {}
    for card in cards:
        if card.source not in known:
            kinds.setdefault(card.source, card.kind)
    many = Counter(kinds.values())
    lists: dict[str, list[str]] = {}
    for source, kind in sorted(kinds.items()):
        lists.setdefault(kind if many[kind] > _HELD_SOURCES // 2 else "", []).append(source)
    return {source for sources in lists.values() for source in sources[_HELD_SOURCES // 2 :: _HELD_SOURCES]}


def _manifest(data: Path) -> dict[str, dict[str, str]]:
    path = data / "MANIFEST.csv"
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {row["path"]: row for row in csv.DictReader(file)}


def window_chances(cards: Sequence[ClipCard], clips: np.ndarray) -> np.ndarray:
    """How likely each window is to be drawn: float64 (N,) of sum 1; clips (N,): the number of its card, -1 a photo.

    Old clips and photos have fixed shares; the rest is shared among the kinds by the square root of how many sources
    each has, so that a kind with fifty films of one sort of room does not fill the batches; within a kind by source,
    then by clip. Sources of 256 colours count half.
    """
    clips = np.asarray(clips)
    windows = Counter(clips.tolist())
    present = [cards[index] for index in sorted(windows) if index >= 0]
    of_source = Counter((card.kind, card.source) for card in present)
    weights: dict[str, dict[str, float]] = {}
    for card in present:
        weights.setdefault(card.kind, {})[card.source] = _COARSE if card.coarse else 1.0
    totals = {kind: sum(own.values()) for kind, own in weights.items()}
    roots = {kind: total**0.5 for kind, total in totals.items() if kind != OLD}
    shares = {kind: (1 - _OLD_SHARE - _MOVED_SHARE) * root / sum(roots.values()) for kind, root in roots.items()}
    shares[OLD] = _OLD_SHARE
    chances = {-1: _MOVED_SHARE / max(1, windows[-1])}
    for clip in windows:
        if clip >= 0:
            card = cards[clip]
            share = shares[card.kind] * weights[card.kind][card.source] / totals[card.kind]
            chances[clip] = share / of_source[card.kind, card.source] / windows[clip]
    found = np.array([chances[clip] for clip in clips.tolist()])
    return found / found.sum()


def longest_span(card: ClipCard, most: int, seconds: float = 0.5) -> int:
    """How many frames apart, at least 2 and at most `most`, two frames of a clip may lie to be `seconds` apart."""
    return int(np.clip(round(seconds * card.fps / card.every), 2, most))
