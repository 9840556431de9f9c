"""The stretches of real clips that both motion benchmarks measure on: one shot each, every frame a new picture.

Cuts come from the data's own list (``MANIFEST.csv``, column ``cut_frames``: numbers of the first frame of a shot) where
it names a clip, so that our own detector does not decide what it is judged on; else from ``studio.motion.cuts``.
Letters: T frames, H, W rows and columns; frames are uint8 RGB (T, H, W, 3).
"""

from __future__ import annotations

import csv
import logging
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from studio.motion.cuts import is_cut
from studio.motion.duplicates import is_duplicate

logger = logging.getLogger(__name__)

SPLITS = ("dev", "train")
HELD_OUT = 7  # the recipes hold back every seventh training clip, counted from the fourth
_ENDINGS = {".mp4", ".mkv", ".mov", ".webm"}


def clips_of(data: Path, split: str) -> list[Path]:
    """The clips to measure on: all of ``data``/dev/clips, or those of ``data``/train/clips that no recipe trains on.

    Raises SystemExit where there are none, with a sentence.
    """
    folder = data / split / "clips"
    found = sorted(path for path in folder.iterdir() if path.suffix in _ENDINGS) if folder.is_dir() else []
    if split == "train":
        found = [path for index, path in enumerate(found) if index % HELD_OUT == 3]
    if not found:
        raise SystemExit(f"There are no clips to measure on in {folder}.")
    return found


def read(path: Path, longest: int, most: int | None = None) -> np.ndarray:
    """Up to ``most`` frames of a clip, uint8 RGB (T, H, W, 3), shrunk by area to at most ``longest`` pixels a side;
    even sizes.
    """
    reader, frames = cv2.VideoCapture(str(path)), []
    try:
        while most is None or len(frames) < most:
            there, frame = reader.read()
            if not there:
                break
            scale = min(1.0, longest / max(frame.shape[:2]))
            size = (round(frame.shape[1] * scale / 2) * 2, round(frame.shape[0] * scale / 2) * 2)
            if size != (frame.shape[1], frame.shape[0]):
                frame = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
            frames.append(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
    finally:
        reader.release()
    if not frames:
        raise SystemExit(f"{path.name} cannot be read as a clip.")
    return np.stack(frames)


def listed_cuts(path: Path) -> set[int] | None:
    """Numbers of the frames that begin a shot, from the manifest two folders above a clip; None where it has none."""
    manifest = path.parents[2] / "MANIFEST.csv"
    if not manifest.is_file():
        return None
    with manifest.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if Path(row["path"]).name == path.name and "cut_frames" in row:
                return {int(number) for number in row["cut_frames"].split()}
    return None


def frame_rate(path: Path) -> float:
    """Frames per second of a clip, 24 where its file does not say."""
    reader = cv2.VideoCapture(str(path))
    try:
        fps = reader.get(cv2.CAP_PROP_FPS)
    finally:
        reader.release()
    return float(fps) if 1 <= fps <= 240 else 24.0


def shots_of(path: Path, frames: np.ndarray) -> list[tuple[int, int]]:
    """(start, end) of the shots of a clip, end excluded, as its data list them or else as our detector finds them.

    frames: uint8 (T, H, W, 3), all of the clip.
    """
    cuts = listed_cuts(path)
    if cuts is None:
        cuts = {number for number, pair in enumerate(pairwise(frames), 1) if is_cut(*pair)}
    return list(pairwise([0, *sorted(cut for cut in cuts if 0 < cut < len(frames)), len(frames)]))


def breaks(frames: np.ndarray, cuts: set[int] | None) -> set[int]:
    """Numbers of those of ``frames``, uint8 (T, H, W, 3), that do not continue the one before: the first of a shot, and
    repeated pictures.
    """
    found = set(cuts or ())
    for number, (before, frame) in enumerate(pairwise(frames), 1):
        if is_duplicate(before, frame) or (cuts is None and is_cut(before, frame)):
            found.add(number)
    return found


def stretches(path: Path, frames: np.ndarray, length: int, most: int) -> list[tuple[int, np.ndarray]]:
    """Up to ``most`` stretches of ``length`` of ``frames``, uint8 (T, H, W, 3), without a break, evenly spread, each
    with its first frame's number.

    They do not overlap; of many the middle ones are taken, because clips often begin and end at rest.
    """
    edges = [0, *sorted(breaks(frames, listed_cuts(path))), len(frames)]
    found = [at for start, end in pairwise(edges) for at in range(start, end - length + 1, length)]
    if not found:
        logger.info("%s has no stretch of %d sound frames", path.name, length)
        return []
    chosen = np.unique(np.linspace(0, len(found) - 1, most + 2).round().astype(int)[1:-1])
    return [(found[index], frames[found[index] : found[index] + length]) for index in chosen]
