"""How far a forecast is to be believed, said beforehand: one honest number for each frame.

Behind it is the likeness (SSIM of luma) that the frame is expected to have with what will really be seen, places that
move counting up to eleven times as much as places that stand. Confidence 1 means alike to the pixel, 0 no more alike
than any two moments of one shot; it was fitted on training clips, see ``expected``. Letters: h, w motion grid.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from studio.motion.camera import centred, grid_points
from studio.motion.forecast import Motion

TRUSTED = 0.5
"""The confidence below which a frame is a guess: things are still there, but no longer where they will be."""

_UNRELATED = 0.45  # likeness, as here measured, of moments of one shot that have nothing to do with each other
# Logistic regression; for the terms and the data see ``expected``.
_WEIGHTS = np.array(
    [4.883, 3.499, -2.784, -0.417, -0.904, -0.617, -0.88, 0.72, 0.476, 0.06, 0.069, 0.028, -7.256, 1.813]
)
_FLOOR = 0.1  # how much standing places count


def trusted_frames(confidence: np.ndarray) -> int:
    """How many of the first frames are to be trusted: those until ``confidence``, float (n,) in 0..1, falls below
    TRUSTED.
    """
    below = np.flatnonzero(np.asarray(confidence) < TRUSTED)
    return int(below[0]) if len(below) else len(confidence)


def signs(motion: Motion, last: np.ndarray) -> np.ndarray:
    """What a motion and its last frame (H, W, 3) say about how well it can be foretold, float64 (6,).

    Means over the picture in which what moves counts most: 1; distrust; disagreement of velocities; pace (log of cells
    per frame); mismatch of the frame before (log of levels); contrast of what moves (log of levels).
    """
    h, w = motion.trust.shape
    speed = motion.camera.velocity(centred(grid_points((h, w), motion.size), motion.size))
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
    """The confidence, 0..1, in the frame so many frames ahead.

    known: float64 (6,) from ``signs``; outside: share of the picture, 0..1, that comes from beyond the border; repeats:
    share of what moves that repeats itself (``studio.motion.period``), 0..1, which is as likely far ahead as at once.

    Fitted to 1816 forecasts without the generator, 1 to 100 frames ahead, at five places in each of 37 training clips.
    On clips left out of the fit (six folds) what was expected and what came correlate at .82, their mean distance is
    .09 of SSIM, and in every tenth from .3 up what came is on the mean within .03 of what was said; Spearman's rank
    correlation among the clips is .83 one frame ahead, .81 at 5, .75 at 18, .62 at 50.
    """
    pace = math.log(max(1.0, ahead * (1 - repeats)))
    terms = np.concatenate([known, pace * known, [outside, outside * pace]])
    likeness = 1 / (1 + math.exp(-float(np.clip(terms @ _WEIGHTS, -8, 8))))
    return float(np.clip((likeness - _UNRELATED) / (1 - _UNRELATED), 0, 1))
