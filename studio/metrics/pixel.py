"""Fidelity of one frame to another: PSNR and SSIM.

SSIM follows Wang, Bovik, Sheikh and Simoncelli (2004): luma, a Gaussian window of sigma 1.5 cut at 3.5 sigma (11 x 11),
K1 = 0.01, K2 = 0.03, population covariance; the border that the window does not fill is left out.
"""

from __future__ import annotations

import cv2
import numpy as np

_RADIUS = 5
_SIGMA = 1.5
_C1 = (0.01 * 255) ** 2
_C2 = (0.03 * 255) ** 2
_LEAST_ERROR = 1e-10  # keeps the PSNR of equal frames finite (148 dB)


def _check_pair(result: np.ndarray, truth: np.ndarray) -> None:
    if result.shape != truth.shape:
        raise ValueError(f"Frames to compare must have one shape, not {result.shape} and {truth.shape}.")
    if result.dtype != np.uint8 or truth.dtype != np.uint8:
        raise TypeError("Frames to compare must be uint8.")


def luma(frame: np.ndarray) -> np.ndarray:
    """BT.601 luma of a uint8 RGB frame (H, W, 3) as uint8 (H, W); a frame that is grey already passes through."""
    return frame if frame.ndim == 2 else cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)


def psnr(result: np.ndarray, truth: np.ndarray) -> float:
    """Peak signal to noise ratio in dB of two uint8 arrays of one shape, over all their values.

    Raises ValueError for different shapes, TypeError for anything but uint8.
    """
    _check_pair(result, truth)
    error = float(np.mean((result.astype(np.float32) - truth.astype(np.float32)) ** 2, dtype=np.float64))
    return float(10 * np.log10(255.0**2 / max(error, _LEAST_ERROR)))


def _smooth(values: np.ndarray) -> np.ndarray:
    size = 2 * _RADIUS + 1
    return cv2.GaussianBlur(values, (size, size), _SIGMA)[_RADIUS:-_RADIUS, _RADIUS:-_RADIUS]


def ssim(result: np.ndarray, truth: np.ndarray) -> float:
    """Structural similarity, -1..1, of two uint8 frames (H, W, 3) or (H, W) at least 11 pixels high and wide.

    Raises ValueError for different shapes or frames that are too small, TypeError for anything but uint8.
    """
    _check_pair(result, truth)
    if min(result.shape[:2]) < 2 * _RADIUS + 1:
        raise ValueError("SSIM needs frames of at least 11 x 11 pixels.")
    x, y = luma(result).astype(np.float64), luma(truth).astype(np.float64)
    mean_x, mean_y = _smooth(x), _smooth(y)
    var_x = _smooth(x * x) - mean_x**2
    var_y = _smooth(y * y) - mean_y**2
    covariance = _smooth(x * y) - mean_x * mean_y
    top = (2 * mean_x * mean_y + _C1) * (2 * covariance + _C2)
    return float(np.mean(top / ((mean_x**2 + mean_y**2 + _C1) * (var_x + var_y + _C2))))
