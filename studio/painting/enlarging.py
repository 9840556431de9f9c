"""From the working size to the clip's own: painted strokes are resampled, the source's edges come back crisp.

Letters: H, W the clip's rows and columns, h, w the working size.
"""

from __future__ import annotations

import cv2
import numpy as np

_WINDOW = (3, 3)  # pixels of half the working size: the slope changes slowly, and costs an eighth there
_FLAT = 20.0  # squared levels of variance below which a window has no edge to go by
_STEEPEST = 2.0
_SHARPEN = 0.5  # what resampling takes from a stroke's edge


def enlarge(painted: np.ndarray, small: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """A painted frame, uint8 (h, w, 3), at the size of its source, uint8 (H, W, 3); small: the source at (h, w).

    The detail that the source lost on its way to the working size is added along the local slope between the source's
    brightness and the painting's, as in a guided filter (He and Sun, "Fast guided filter", 2015), but only as far as
    the two go together: an edge that was painted is as sharp as the source's, nothing shows through an outline or a
    tile. A painting larger than the frame is averaged.
    """
    height, width = frame.shape[:2]
    if painted.shape == frame.shape:
        return painted
    if painted.shape[0] > height or painted.shape[1] > width:
        return cv2.resize(painted, (width, height), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    slope = _shared_slope(_halved(grey), _halved(cv2.cvtColor(painted, cv2.COLOR_RGB2GRAY)))
    lost = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32)
    lost -= cv2.resize(grey, (width, height), interpolation=cv2.INTER_CUBIC)
    lost *= cv2.resize(slope, (width, height))
    lost = cv2.add(lost, 0, dtype=cv2.CV_16S)  # rounded: a third of the memory, where pictures have many megapixels
    sharp = cv2.addWeighted(painted, 1 + _SHARPEN, cv2.GaussianBlur(painted, (0, 0), 0.8), -_SHARPEN, 0)
    large = cv2.resize(sharp, (width, height), interpolation=cv2.INTER_CUBIC)
    return cv2.add(large, cv2.merge([lost, lost, lost]), dtype=cv2.CV_8U)


def _halved(grey: np.ndarray) -> np.ndarray:
    """uint8 (h, w) at half the size, float32."""
    size = (max(1, grey.shape[1] // 2), max(1, grey.shape[0] // 2))
    return cv2.resize(grey.astype(np.float32), size, interpolation=cv2.INTER_AREA)


def _shared_slope(grey: np.ndarray, values: np.ndarray) -> np.ndarray:
    """How much of a step in `grey` is a step in `values` too, around each pixel, float32 (h, w): the slope of the local
    regression, weighted by the fourth power of the local correlation; nil where one falls as the other rises."""
    mean_grey, mean = cv2.blur(grey, _WINDOW), cv2.blur(values, _WINDOW)
    spread_grey = cv2.blur(grey * grey, _WINDOW) - mean_grey * mean_grey + _FLAT
    spread = cv2.blur(values * values, _WINDOW) - mean * mean + _FLAT
    both = np.maximum(cv2.blur(values * grey, _WINDOW) - mean * mean_grey, 0)
    shared = both * both / (spread_grey * spread)
    return cv2.blur(np.minimum(both / spread_grey, _STEEPEST) * shared * shared, _WINDOW)
