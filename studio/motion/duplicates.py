"""Duplicate frames: a picture that is shown twice, as telecine, screen recorders and badly converted clips do.

A coded duplicate is seldom bit-identical, and a small thing may move in a picture that else stands still: so the
difference is judged per block of 16 pixels, and a single block that changed clears the frame.
"""

from __future__ import annotations

import cv2
import numpy as np

_BLOCK = 16
_BLOCK_LIMIT = 1.5  # mean absolute difference of a block, in levels of 255: above coding noise, below any motion
_FRAME_LIMIT = 0.5


def is_duplicate(first: np.ndarray, second: np.ndarray) -> bool:
    """True when `second` (uint8 RGB (H, W, 3), the same size) shows the very picture of `first`."""
    if first.shape != second.shape:
        return False
    grey = cv2.cvtColor(cv2.absdiff(first, second), cv2.COLOR_RGB2GRAY)
    if cv2.mean(grey)[0] > _FRAME_LIMIT:
        return False
    height, width = grey.shape
    blocks = (max(1, width // _BLOCK), max(1, height // _BLOCK))
    means = cv2.resize(grey.astype(np.float32), blocks, interpolation=cv2.INTER_AREA)
    return float(means.max()) <= _BLOCK_LIMIT
