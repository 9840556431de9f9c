"""How far a forecast is to be believed, said beforehand: one honest number for each frame.

The number is the likeness (SSIM of luma, 0..1) that a frame is expected to have with what will really be seen there,
places that move counting up to ten times as much as places that stand. It was fitted on training clips: see
``expected``. Letters: h, w motion grid.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from studio.motion.camera import centred
from studio.motion.forecast import Motion, grid_points

TRUSTED = 0.7
"""The confidence below which a frame is a guess: things are still there, but no longer where they will be."""

_WEIGHTS = np.zeros(14)
_FLOOR = 0.1  # how much standing places count


def trusted_frames(confidence: np.ndarray) -> int:
    """How many of the first frames are to be trusted: those until ``confidence`` (n,) falls below TRUSTED."""
    below = np.flatnonzero(np.asarray(confidence) < TRUSTED)
    return int(below[0]) if len(below) else len(confidence)


def signs(motion: Motion, last: np.ndarray) -> np.ndarray:
    """What a motion and its last frame (H, W, 3) say about how well it can be foretold, float64 (6,).

    Means over the picture in which what moves counts most: 1; distrust; disagreement of velocities; pace (log of cells
    per frame); mismatch of the frame before (log of levels); contrast of what moves (log of levels).
    """
    h, w = motion.trust.shape
    points = centred(grid_points((h, w), motion.size), motion.size)
    speed = motion.camera.velocity(points)
    total = np.hypot(motion.quick[..., 0] + speed.real, motion.quick[..., 1] + speed.imag) / motion.scale.mean()
    weight = _FLOOR + np.minimum(1, total / 0.5)
    weight /= weight.sum()
    grey = cv2.cvtColor(cv2.resize(last, (w, h), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY).astype(np.float32)
    slope = cv2.absdiff(grey, cv2.blur(grey, (5, 5)))
    steady = motion.steady

    def mean(values: np.ndarray) -> float:
        return float((values * weight).sum())

    disagreement = 1 - mean(motion.agreement) * (0.5 + 0.5 * steady)
    return np.array(
        [
            1.0,
            1 - mean(motion.trust),
            disagreement,
            math.log(0.02 + mean(total)),
            math.log(1 + mean(motion.mismatch)),
            math.log(1 + mean(slope)),
        ]
    )


def expected(known: np.ndarray, ahead: float, outside: float, repeats: float = 0.0) -> float:
    """The likeness, 0..1, to be expected so many frames ahead.

    known: from ``signs``; outside: share of the picture, 0..1, that comes from beyond the border; repeats: share of
    what moves that repeats itself (``studio.motion.period``), 0..1, which is as likely far ahead as at once.
    """
    pace = math.log(max(1.0, ahead * (1 - repeats)))
    terms = np.concatenate([known, pace * known, [outside, outside * pace]])
    return float(1 / (1 + np.exp(-np.clip(terms @ _WEIGHTS, -8, 8))))
