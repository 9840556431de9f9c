"""From the working size to the clip's own: painted strokes are resampled, the source's edges come back crisp.

Letters: H, W the clip's rows and columns, h, w the working size.
"""

from __future__ import annotations

import cv2
import numpy as np

_WINDOW = (9, 9)
_FLAT = 60.0  # squared levels of variance below which a window has no edge to go by


def enlarge(painted: np.ndarray, small: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """A painted frame, uint8 (h, w, 3), at the size of its source, uint8 (H, W, 3); small: the source at (h, w).

    The detail that the source lost on its way to the working size is added along the local slope between the source's
    brightness and the painting's, as in a guided filter (He and Sun, "Fast guided filter", 2015): an edge that was
    painted is as sharp as the source's, one that was not stays away. A painting larger than the frame is averaged.
    """
    height, width = frame.shape[:2]
    if painted.shape == frame.shape:
        return painted
    if painted.shape[0] > height or painted.shape[1] > width:
        return cv2.resize(painted, (width, height), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    slope = _slope(grey.astype(np.float32), cv2.cvtColor(painted, cv2.COLOR_RGB2GRAY).astype(np.float32))
    lost = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32)
    lost -= cv2.resize(grey, (width, height), interpolation=cv2.INTER_CUBIC)
    lost *= cv2.resize(slope, (width, height))
    large = cv2.resize(painted, (width, height), interpolation=cv2.INTER_CUBIC)
    return cv2.add(large, cv2.merge([lost, lost, lost]), dtype=cv2.CV_8U)


def _slope(grey: np.ndarray, values: np.ndarray) -> np.ndarray:
    """How much of a step in `grey` is a step in `values` too, around each pixel: float32 (h, w)."""
    mean_grey, mean = cv2.blur(grey, _WINDOW), cv2.blur(values, _WINDOW)
    spread = cv2.blur(grey * grey, _WINDOW) - mean_grey * mean_grey + _FLAT
    return cv2.blur((cv2.blur(values * grey, _WINDOW) - mean * mean_grey) / spread, _WINDOW)
