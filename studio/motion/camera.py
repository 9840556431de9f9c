"""The camera's share of a motion: pan, zoom and roll as one similarity per frame, fitted robustly, carried on at will.

A picture point is a complex number z = x + iy in pixels from the picture's centre, y downwards. A camera that moves
steadily gives every point the speed  dz/dt = turn * z + shift,  with complex ``turn`` (real part: growth per frame,
imaginary part: clockwise turning, radians per frame) and ``shift`` (pixels per frame). Letters: H, W rows and columns.
"""

from __future__ import annotations

import cmath
from dataclasses import dataclass

import cv2
import numpy as np

from studio.motion.warp import pixel_grid

_STEPS = 10  # of iteratively reweighted least squares
_LEAST = 0.04  # pixels per frame, anywhere in the picture, below which a camera counts as standing still


@dataclass(frozen=True)
class Camera:
    """A steady camera: see the head of this file for ``turn`` and ``shift``. ``Camera()`` stands still."""

    turn: complex = 0j
    shift: complex = 0j

    def __add__(self, other: Camera) -> Camera:
        return Camera(self.turn + other.turn, self.shift + other.shift)

    def __mul__(self, factor: float) -> Camera:
        return Camera(self.turn * factor, self.shift * factor)

    def velocity(self, points: np.ndarray) -> np.ndarray:
        """The speed of each point, in pixels per frame; points and result complex64 or complex128, any shape."""
        return self.turn * points + self.shift

    def velocity_on(self, grid: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
        """Its speed at the cells of a grid (h, w) over a picture (H, W): float32 (h, w, 2), pixels per frame."""
        speed = self.velocity(centred(grid_points(grid, size), size))
        return np.stack([speed.real, speed.imag], -1).astype(np.float32)

    def after(self, frames: float = 1.0) -> tuple[complex, complex]:
        """(a, b) of the similarity z -> a z + b that the camera has made of the picture after so many frames."""
        angle = self.turn * frames
        growth = cmath.exp(angle)
        # (exp(x) - 1) / x, by its series where x is too small to divide by.
        ratio = (growth - 1) / angle if abs(angle) > 1e-6 else 1 + angle / 2
        return growth, self.shift * frames * ratio


def grid_points(grid: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
    """Where the cells of a grid (h, w) have their centres in a picture (H, W): float32 (h, w, 2), x first."""
    scale = np.array([size[1] / grid[1], size[0] / grid[0]], np.float32)
    return (pixel_grid(*grid) + 0.5) * scale - 0.5


def centred(points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Pixel coordinates, float (..., 2), x first, as complex (...) from the centre of a picture of ``size`` (H, W)."""
    height, width = size
    return (points[..., 0] - (width - 1) / 2) + 1j * (points[..., 1] - (height - 1) / 2)


def uncentred(points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The inverse of ``centred``: complex (...) to pixel coordinates float32 (..., 2), x first."""
    height, width = size
    return np.stack([points.real + (width - 1) / 2, points.imag + (height - 1) / 2], -1).astype(np.float32)


def fit_camera(velocity: np.ndarray, trust: np.ndarray, size: tuple[int, int]) -> Camera:
    """The camera that explains most of a motion; what moves by itself is left out as outliers.

    velocity: float32 (h, w, 2), pixels of the full picture per frame, on any grid; trust: (h, w), 0..1; size: (H, W)
    of the full picture. Cauchy weights over all, the border counting double at first because subjects stand in the
    middle. A motion of less than a twenty-fifth of a pixel is a camera that stands still.
    """
    height, width = size
    rows, columns = max(4, min(velocity.shape[0], 36)), max(4, min(velocity.shape[1], 64))
    small = cv2.resize(velocity, (columns, rows), interpolation=cv2.INTER_AREA)
    weight = cv2.resize(trust.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA) + 1e-3
    x = (np.arange(columns) + 0.5) / columns * width - width / 2
    y = (np.arange(rows) + 0.5) / rows * height - height / 2
    points = (x[None] + 1j * y[:, None]).ravel()
    speed = (small[..., 0] + 1j * small[..., 1]).ravel().astype(np.complex128)
    edge = np.maximum(np.abs(x / width)[None], np.abs(y / height)[:, None]).ravel() > 0.35
    prior = weight.ravel() * np.where(edge, 2.0, 1.0)
    turn, shift = 0j, complex(np.median(speed.real), np.median(speed.imag))
    scale = max(1.0, 0.5 * abs(shift))
    for _ in range(_STEPS):
        residual = np.abs(speed - turn * points - shift)
        now = prior / (1 + (residual / scale) ** 2) ** 2
        total = now.sum()
        mean_point, mean_speed = (now * points).sum() / total, (now * speed).sum() / total
        away = points - mean_point
        turn = complex((now * away.conj() * (speed - mean_speed)).sum() / (now * np.abs(away) ** 2).sum())
        shift = complex(mean_speed - turn * mean_point)
        scale = max(0.15, 0.8 * scale)
    camera = Camera(turn, shift)
    reach = np.hypot(width, height) / 2
    return camera if abs(shift) + abs(turn) * reach > _LEAST else Camera()
