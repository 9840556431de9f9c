"""Photos set in motion: a background and a few cut-outs, each along its own smooth path.

Large motion with sharp occlusions, of which clips have too little (Dosovitskiy et al. 2015, "flying chairs", had the
idea). Letters: T frames, S side of a window.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

SIDE, FRAMES = 208, 13
"""S and T of a training window."""

_PHOTO_SIDE = 1000


def read_photo(path: Path) -> np.ndarray:
    """A photo (H, W, 3), made smaller until its shorter side is about a thousand pixels."""
    photo = cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    scale = max(_PHOTO_SIDE / min(photo.shape[:2]), 0.01)
    return cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else photo


def move_photos(photos: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """A window (T, S, S, 3): a background and up to three cut-outs of photos, each moving along its own path."""
    size = 2 * SIDE  # drawn twice as large: edges come out soft
    scene = _moved(photos[rng.integers(len(photos))], _path(rng, 12, 0.02), size)[0]
    for _ in range(int(rng.integers(0, 4))):
        photo = photos[rng.integers(len(photos))]
        shape = _blob(size, rng)
        pictures, masks = _moved(photo, _path(rng, 28, 0.06), size, shape)
        share = masks[..., None].astype(np.float32) / 255
        scene = (scene * (1 - share) + pictures * share).astype(np.uint8)
    return np.stack([cv2.resize(frame, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for frame in scene])


def _path(rng: np.random.Generator, reach: float, turn: float) -> list[tuple[float, float, float, float]]:
    """(shift x, y, angle, growth) at T moments: steady, with a little acceleration; `reach` in pixels per frame."""
    speed, push = rng.normal(0, reach, 2) * rng.random(), rng.normal(0, 0.1 * reach, 2) * rng.random()
    angle, growth = rng.normal(0, turn) * rng.random(), rng.normal(0, turn) * rng.random()
    times = (np.arange(FRAMES) - FRAMES // 2) / 2
    return [(*(speed * t + 0.5 * push * t * t), angle * t, float(np.exp(growth * t))) for t in times]


def _moved(
    photo: np.ndarray, path: list[tuple[float, float, float, float]], size: int, shape: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """T pictures (T, size, size, 3) of a photo along a path, and T masks of `shape`, which moves with it."""
    height, width = photo.shape[:2]
    pictures, masks = [], []
    fit = max(size / height, size / width) * 0.9
    for x, y, angle, growth in path:
        about = cv2.getRotationMatrix2D((width / 2, height / 2), np.degrees(angle), fit * growth)
        about[:, 2] += (size / 2 - width / 2 + x, size / 2 - height / 2 + y)
        pictures.append(cv2.warpAffine(photo, about, (size, size), borderMode=cv2.BORDER_REFLECT))
        if shape is not None:
            about = cv2.getRotationMatrix2D((size / 2, size / 2), np.degrees(angle), growth)
            about[:, 2] += (x, y)
            masks.append(cv2.warpAffine(shape, about, (size, size)))
    return np.stack(pictures), np.stack(masks) if masks else np.zeros((0,))


def _blob(size: int, rng: np.random.Generator) -> np.ndarray:
    """A closed smooth or angular outline, filled, uint8 (size, size)."""
    corners = int(rng.integers(3, 12))
    angles = np.sort(rng.random(corners)) * 2 * np.pi
    radius = size * rng.uniform(0.06, 0.25) * rng.uniform(0.6, 1.4, corners)
    centre = rng.uniform(0.2, 0.8, 2) * size
    points = centre + np.stack([np.cos(angles), np.sin(angles)], 1) * radius[:, None]
    mask = cv2.fillPoly(np.zeros((size, size), np.uint8), [points.astype(np.int32)], 255)
    if rng.random() < 0.5:
        mask = ((cv2.GaussianBlur(mask, (0, 0), size / 40) > 127) * 255).astype(np.uint8)
    return mask
