"""Pictures of the worst in-betweens, to look at: truth, ours, classical, and both errors four times as strong.

They show parts of other people's clips, so they go where the person says and never into the repository.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmarks import between_quality
from benchmarks.between_quality import LONGEST, ClipScores, Job
from benchmarks.between_rivals import MINTERPOLATE, OURS
from benchmarks.clip_stretches import read

_SHOWN = ("classical", *MINTERPOLATE)
_PER_CLIP = 2
MOST = 6
"""Frames that are drawn for each step."""


def worst_frames(scores: Sequence[ClipScores], step: int, most: int) -> list[tuple[float, str, int, int]]:
    """(gain in dB over the best other method measured, clip, its kept frame before, its own number), worst first.

    At most two of one clip. Empty where ours or all the others were not measured.
    """
    found: list[tuple[float, str, int, int]] = []
    for one in scores:
        others = [one.frames[step, name]["psnr_db"] for name in _SHOWN if (step, name) in one.frames]
        if not others or (step, OURS) not in one.frames:
            continue
        gains = np.array(one.frames[step, OURS]["psnr_db"]) - np.max(others, axis=0)
        for index in np.argsort(gains)[:_PER_CLIP]:
            left, number = one.places[step][index]
            found.append((float(gains[index]), one.clip, left, number))
    return sorted(found)[:most]


def draw_worst(
    folder: Path, clips: Sequence[Path], scores: Sequence[ClipScores], job: Job
) -> list[Path]:
    """Writes a PNG for each step with a row for each of the worst frames; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    between_quality.prepare(job)
    methods, paths = between_quality.methods(), {path.stem: path for path in clips}
    written = []
    for step in job.steps:
        rows = []
        for gain, clip, left, number in worst_frames(scores, step, MOST):
            frames = read(paths[clip], LONGEST, left + 2 * step + 1)
            start = left - step if left - step >= 0 else left
            kept, truth = frames[start::step], frames[number]  # with the neighbours, as far as the clip has them
            index = (step - 1) * ((left - start) // step) + number - left - 1
            made = [methods[name](kept, step)[index] for name in (OURS, "classical") if name in methods]
            errors = [cv2.convertScaleAbs(cv2.absdiff(picture, truth), alpha=4) for picture in made]
            rows.append(_titled(np.hstack([truth, *made, *errors]), f"{clip} {number}: {gain:+.2f} dB"))
        if rows:
            width = max(row.shape[1] for row in rows)
            sheet = np.vstack([np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0))) for row in rows])
            written.append(folder / f"worst_x{step}.png")
            cv2.imwrite(str(written[-1]), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    return written


def _titled(picture: np.ndarray, text: str) -> np.ndarray:
    picture = np.ascontiguousarray(picture)
    for colour, width in ((0, 3), (255, 1)):
        cv2.putText(picture, text, (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (colour,) * 3, width, cv2.LINE_AA)
    return picture
