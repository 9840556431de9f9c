"""Forward warping: every input pixel is pushed along its flow and lands on up to four pixels.

Softmax splatting after Niklaus and Liu, "Softmax Splatting for Video Frame Interpolation", CVPR 2020: where several
pixels land on one place, each counts with the exponential of its log weight: the more trusted or nearer one wins.
Letters: H, W rows and columns; C channels.
"""

from __future__ import annotations

import numpy as np

from studio.motion.warp import pixel_grid


def splat(image: np.ndarray, flow: np.ndarray, log_weight: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Pushes image(x) to x + flow(x).

    image: (H, W, C) of any real type; flow: float32 (H, W, 2) in pixels; log_weight: (H, W), None for all equal.
    Returns (picture, density): float32 (H, W, C), the weighted mean of what landed (zeros where nothing did), and
    float32 (H, W), the sum of weights; a density near zero marks a hole.
    """
    height, width, channels = image.shape
    target = pixel_grid(height, width) + flow
    corner = np.floor(target).astype(np.int32)
    fraction = target - corner
    weight = np.ones((height, width), np.float32) if log_weight is None else np.exp(log_weight).astype(np.float32)
    total = np.zeros((channels, height * width))
    density = np.zeros(height * width)
    for down in (0, 1):
        for right in (0, 1):
            x, y = corner[..., 0] + right, corner[..., 1] + down
            lands = (x >= 0) & (x < width) & (y >= 0) & (y < height)
            across = fraction[..., 0] if right else 1 - fraction[..., 0]
            along = fraction[..., 1] if down else 1 - fraction[..., 1]
            share = (across * along * weight)[lands]
            index = (y * width + x)[lands]
            density += np.bincount(index, share, height * width)
            for channel in range(channels):
                total[channel] += np.bincount(index, share * image[..., channel][lands], height * width)
    picture = np.where(density > 0, total / np.maximum(density, 1e-12), 0.0)
    return (
        np.ascontiguousarray(picture.T.reshape(height, width, channels), np.float32),
        density.reshape(height, width).astype(np.float32),
    )
