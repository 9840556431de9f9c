"""Backward warping: every output pixel looks up where it comes from.

Letters: H, W rows and columns; C channels. Flows are float32 (H, W, 2), x first, in pixels of their own grid.
Pixel centres lie on whole numbers, and outside the frame the nearest edge pixel is repeated.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import cv2
import numpy as np

Interpolation = Literal["nearest", "linear", "cubic"]

_CV2_INTERPOLATION: dict[str, int] = {
    "nearest": cv2.INTER_NEAREST,
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
}


@lru_cache(maxsize=8)
def pixel_grid(height: int, width: int) -> np.ndarray:
    """The coordinates of each pixel, float32 (height, width, 2), x first; read-only because it is shared."""
    rows, columns = np.mgrid[0:height, 0:width]
    grid = np.stack([columns, rows], axis=-1).astype(np.float32)
    grid.setflags(write=False)
    return grid


def warp_backward(image: np.ndarray, flow: np.ndarray, interpolation: Interpolation = "linear") -> np.ndarray:
    """Returns out(x) = image(x + flow(x)), in the image's own type (uint8 or float32).

    image: (H, W) or (H, W, C); flow: float32 (h, w, 2) in pixels of the image; the result is (h, w[, C]).
    """
    where = pixel_grid(*flow.shape[:2]) + flow
    return cv2.remap(image, where, None, _CV2_INTERPOLATION[interpolation], borderMode=cv2.BORDER_REPLICATE)


def inside_frame(flow: np.ndarray) -> np.ndarray:
    """Whether x + flow(x) still lies on the frame, to half a pixel: bool (H, W), for a flow float32 (H, W, 2)."""
    height, width = flow.shape[:2]
    where = pixel_grid(height, width) + flow
    x, y = where[..., 0], where[..., 1]
    return (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)


def resize_flow(flow: np.ndarray, height: int, width: int) -> np.ndarray:
    """A flow float32 (h, w, 2) on another grid, float32 (height, width, 2): resampled, its vectors in the new pixels.
    """
    old_height, old_width = flow.shape[:2]
    if (old_height, old_width) == (height, width):
        return flow
    resized = cv2.resize(flow, (width, height), interpolation=cv2.INTER_LINEAR)
    return resized * np.array([width / old_width, height / old_height], np.float32)
