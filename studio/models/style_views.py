"""What the picture tower looks at when it is asked for a picture's style: one far view and three near ones.

The tower takes four frames of 96 x 96. A style shows in the whole (colours, contrast) and in the surface (strokes,
hatching, dots), which a small copy of the whole has lost. So the four "frames" are the whole picture, a window of it at
half the scale, and two windows at full scale.

Letters: V sets of views, S side of a view, H, W rows and columns.
"""

from __future__ import annotations

import cv2
import numpy as np
from torch import Tensor

from studio.tensors import to_tensor

SIDE = 96
SHORT = 320  # pixels of a picture's short side at full scale: a near window is less than a third of it
_LONGEST = 3.0  # width by height, or the other way round; what is beyond is cut off on both sides


def scaled(picture: np.ndarray, zoom: float = 1.0) -> np.ndarray:
    """A picture uint8 (H, W, 3), resized so that its short side has SHORT * `zoom` pixels, at least 2 * SIDE: uint8.

    A picture more than three times as long as wide is cropped in the middle before.
    """
    height, width = picture.shape[:2]
    for axis, long, short in ((0, height, width), (1, width, height)):
        most = int(short * _LONGEST)
        if long > most:
            first = (long - most) // 2
            picture = np.take(picture, range(first, first + most), axis=axis)
    scale = SHORT * zoom / min(picture.shape[:2])
    size = [max(SIDE * 2, round(side * scale)) for side in picture.shape[1::-1]]
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def views(picture: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Four views of a scaled picture: uint8 (4, S, S, 3).

    places: (3, 2) in 0..1, where the three windows lie, from top left (0, 0) to bottom right (1, 1).
    """
    seen = [cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)]
    for side, place in zip((2 * SIDE, SIDE, SIDE), places):
        top, left = (round(float(share) * (length - side)) for share, length in zip(place, picture.shape[:2]))
        window = picture[top : top + side, left : left + side]
        seen.append(window if side == SIDE else cv2.resize(window, (SIDE, SIDE), interpolation=cv2.INTER_AREA))
    return np.stack(seen)


def pack_views(seen: np.ndarray) -> Tensor:
    """Views uint8 (V, 4, S, S, 3) as the tower takes them: float32 (V, 12, S, S) on the CPU, -1..1."""
    return (to_tensor(seen).movedim(-1, 2).flatten(1, 2).float() - 127.5) / 127.5


def look_at(picture: np.ndarray) -> Tensor:
    """A picture uint8 (H, W, 3) in four sets of views spread over it, float32 (4, 12, S, S) in -1..1, on the CPU.

    The embeddings that the tower gives for the four are to be averaged.
    """
    near = scaled(picture)
    across = (0.15, 0.55, 0.35, 0.85)
    sets = [
        views(near, np.array([[(k % 2) * 1.0, (k // 2) * 1.0], [0.2, x], [0.75, 1 - x]])) for k, x in enumerate(across)
    ]
    return pack_views(np.stack(sets))
