"""The colours of a picture as one ellipsoid, and the linear map from one palette to another.

The map is the optimal transport between Gaussians (Pitie and Kokaram, "The linear Monge-Kantorovitch colour mapping",
2007): it moves the mean and the covariance of the colours with the least change.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

_FLOOR = 40.0  # added to the variances (levels squared): a grey picture must not be stretched without end
_SIDE = 96


@dataclass(frozen=True, eq=False)
class Palette:
    """mean: (3,), covariance: (3, 3), in levels of 0..255 RGB."""

    mean: np.ndarray
    covariance: np.ndarray

    @staticmethod
    def of(picture: np.ndarray) -> Palette:
        """The palette of a uint8 RGB picture (H, W, 3)."""
        pixels = cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).reshape(-1, 3).astype(np.float64)
        mean = pixels.mean(axis=0)
        centred = pixels - mean
        return Palette(mean, centred.T @ centred / len(pixels) + _FLOOR * np.eye(3))

    def towards(self, other: Palette, share: float) -> Palette:
        """A palette on the way to another one, share in 0..1."""
        return Palette(
            self.mean + share * (other.mean - self.mean),
            self.covariance + share * (other.covariance - self.covariance),
        )

    def map_to(self, picture: np.ndarray, wanted: Palette, amount: float = 0.85) -> np.ndarray:
        """A uint8 RGB picture (H, W, 3) that has this palette, its colours moved towards ``wanted``: uint8 (H, W, 3).

        amount: 0 leaves the picture as it is, 1 gives it the other mean and covariance; a little less keeps some of its
        own.
        """
        root = _power(self.covariance, 0.5)
        back = _power(self.covariance, -0.5)
        matrix = back @ _power(root @ wanted.covariance @ root, 0.5) @ back
        matrix = (1 - amount) * np.eye(3) + amount * matrix
        shift = self.mean + amount * (wanted.mean - self.mean) - matrix @ self.mean
        affine = np.hstack([matrix, shift[:, None]]).astype(np.float32)
        return np.clip(np.rint(cv2.transform(picture.astype(np.float32), affine)), 0, 255).astype(np.uint8)


def _power(matrix: np.ndarray, exponent: float) -> np.ndarray:
    """A power of a symmetric positive matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.maximum(values, 1e-6) ** exponent) @ vectors.T
