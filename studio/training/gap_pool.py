"""Training windows for the interpolation generator: a few frames in a row, of clips and of photos set in motion.

Any two frames of a window make a gap, and any frame between them is the truth (studio/training/gap_batches.py). Windows
of clips in which much moves are preferred; photos are moved by studio/training/moved_photos.py. Of some windows a copy
is kept that went through H.264 at a low rate. The pool is written once to the run folder as plain .npy files; the same
data and seed give the same files.

Letters: N windows, M of them with a worn copy, T frames, S side of a window.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from studio.training.data import Window, read_clip, windows
from studio.training.degrade import worn
from studio.training.gap_clips import OLD, ClipCard, clip_cards, longest_span, window_chances
from studio.training.moved_photos import FRAMES, SIDE, move_photos, read_photo
from studio.training.state import replace_file

logger = logging.getLogger(__name__)

_LONGEST = 640
_PER_CLIP, _PER_SHORT_CLIP = 30, 6
_CROPS = 2
_SCALES = (1.0, 0.8, 0.6)
_LOWEST = 120  # a clip with fewer rows or columns is left out: enlarged that far it is soft
_MOVED_PHOTOS = 500
_WORN = 0.3  # of the windows have a worn copy, too
_MOVED_SPAN = 8
_TINY = (("first", False), ("second", True))


@dataclass(frozen=True)
class GapPool:
    """frames uint8 (N, T, S, S, 3); clips int16 (N,), an index into `cards`; -1 where a photo was set in motion.

    worn uint8 (M, T, S, S, 3): copies of windows, spoilt by H.264; copies int32 (N,): which of them is a window's, or
    -1.
    """

    frames: np.ndarray
    clips: np.ndarray
    cards: tuple[ClipCard, ...]
    worn: np.ndarray = field(default_factory=lambda: np.empty((0, FRAMES, SIDE, SIDE, 3), np.uint8))
    copies: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.frames)

    def rows(self, held_out: bool) -> np.ndarray:
        """The windows of clips that measure, or all others."""
        held = np.array([card.held_out for card in self.cards] + [False])  # the last one is what -1 finds
        return np.flatnonzero(held[np.asarray(self.clips)] == held_out)

    def chances(self, rows: np.ndarray) -> np.ndarray:
        """How likely each of `rows` is to be drawn, by kind and source (window_chances)."""
        return window_chances(self.cards, np.asarray(self.clips)[rows])

    def longest_span(self, row: int) -> int:
        """How many frames apart two frames of a window may lie and still belong together."""
        clip = int(self.clips[row])
        return _MOVED_SPAN if clip < 0 else longest_span(self.cards[clip], FRAMES - 1)

    def worn_copy(self, row: int) -> np.ndarray | None:
        """A window after H.264, where there is such a copy of it."""
        copy = -1 if self.copies is None else int(self.copies[row])
        return None if copy < 0 else self.worn[copy]


def prepare_pool(folder: Path, data: Path | None, seed: int, tiny: bool = False) -> GapPool:
    """The cached pool of a run folder, made now if it is not there yet (some minutes). Raises UserError without clips.

    tiny: a few windows of drawn, shifted noise in place of clips, for trying the recipe without data.
    """
    folder.mkdir(parents=True, exist_ok=True)
    index = folder / "index.json"
    if not index.is_file():
        cards = _tiny_cards() if tiny else clip_cards(data)
        most = 2 if tiny else _MOVED_PHOTOS + _CROPS * sum(_most(card) for card in cards)
        clips, copies = _write(folder, _tiny(seed) if tiny else _cut_all(cards, data, seed), most, seed)
        facts = {"clips": clips, "copies": copies, "cards": [card.plain() for card in cards]}
        replace_file(index, json.dumps(facts).encode())
    found = json.loads(index.read_text(encoding="utf-8"))
    copies = np.array(found["copies"], np.int32)
    frames = np.load(folder / "frames.npy", mmap_mode="r")[: len(copies)]
    spoilt = np.load(folder / "worn.npy", mmap_mode="r")[: copies.max() + 1]
    cards = tuple(ClipCard(**card) for card in found["cards"])
    return GapPool(frames, np.array(found["clips"], np.int16), cards, spoilt, copies)


def _write(
    folder: Path, windows_of_clips: Iterator[tuple[np.ndarray, int]], most: int, seed: int
) -> tuple[list[int], list[int]]:
    """Windows to files as they come, since together they are larger than memory; the clip and worn copy of each."""
    rng = np.random.default_rng((seed, 1))
    shape = (most, FRAMES, SIDE, SIDE, 3)  # what is never written takes no room
    frames = np.lib.format.open_memmap(folder / "frames.npy", "w+", np.uint8, shape)
    spoilt = np.lib.format.open_memmap(folder / "worn.npy", "w+", np.uint8, shape)
    clips, copies, copied = [], [], 0
    for window, clip in windows_of_clips:
        frames[len(clips)] = window
        if rng.random() < _WORN:
            spoilt[copied] = worn(window, rng)
            copied += 1
            copies.append(copied - 1)
        else:
            copies.append(-1)
        clips.append(clip)
    frames.flush()
    spoilt.flush()
    return clips, copies


def _most(card: ClipCard) -> int:
    return _PER_CLIP if card.kind == OLD else _PER_SHORT_CLIP


def _cut_all(cards: list[ClipCard], data: Path, seed: int) -> Iterator[tuple[np.ndarray, int]]:
    rng = np.random.default_rng(seed)
    for clip, card in enumerate(cards):
        path = data / card.path
        frames = read_clip(path, _LONGEST)[:: card.every]
        if min(frames.shape[1:3]) >= _LOWEST:
            for window in windows(path, frames, FRAMES, _most(card), rng):
                for crop in _cut(window, rng):
                    yield crop, clip
        logger.info("%s is cut", path.stem)
    photos = [read_photo(path) for path in sorted((data / "train" / "photos").glob("*.jpg"))]
    for _ in range(_MOVED_PHOTOS if photos else 0):
        yield move_photos(photos, rng), -1


def _tiny_cards() -> list[ClipCard]:
    return [ClipCard(path=name, kind=OLD, source=name, fps=25, held_out=held) for name, held in _TINY]


def _tiny(seed: int) -> Iterator[tuple[np.ndarray, int]]:
    rng = np.random.default_rng(seed)
    for clip in (0, 1):
        wall = cv2.GaussianBlur(rng.integers(0, 256, (SIDE, SIDE + 60, 3), np.uint8), (0, 0), 3)
        yield np.stack([wall[:, 4 * i : 4 * i + SIDE] for i in range(FRAMES)]), clip


def _cut(window: Window, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Several crops of one window, at one scale, where most moves."""
    frames = _scaled(window.frames, float(rng.choice(_SCALES)))
    change = cv2.cvtColor(cv2.absdiff(frames[0], frames[-1]), cv2.COLOR_RGB2GRAY).astype(np.float32)
    mean = cv2.boxFilter(np.sqrt(change), -1, (SIDE, SIDE), anchor=(0, 0), borderType=cv2.BORDER_REFLECT)
    height, width = change.shape[0] - SIDE + 1, change.shape[1] - SIDE + 1
    chance = mean[:height:8, :width:8] ** 2 + 0.05
    for place in rng.choice(chance.size, min(_CROPS, chance.size), replace=False, p=(chance / chance.sum()).ravel()):
        y, x = (8 * int(part) for part in np.unravel_index(place, chance.shape))
        yield frames[:, y : y + SIDE, x : x + SIDE]


def _scaled(frames: np.ndarray, scale: float) -> np.ndarray:
    height, width = frames.shape[1:3]
    scale = max(scale, (SIDE + 2) / min(height, width))
    size = (round(width * scale / 2) * 2, round(height * scale / 2) * 2)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.stack([cv2.resize(frame, size, interpolation=how) for frame in frames])
