"""From the pixels of a clip to what the probe's networks read: pairs of frames, actors found, crops of them, flow.

Everything is computed from finished frames alone. Letters: T frames of SIDE pixels (clips are shrunk to that), G cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from benchmarks.probe_nets import CROP, GRID, MOST_ACTORS, SMALL

SIDE = 128
CONTEXT = 1.5  # a crop's side, in sides of the actor
LEAST_SIDE, SMALLER = 0.05, 0.62  # of a box, in frame heights; how much nearer one looks for someone small



def shrunk(clip: np.ndarray, side: int) -> np.ndarray:
    """Frames, uint8 (T, H, W, 3), at (side, side); averaged, never enlarged by anything but straight lines."""
    if clip.shape[1:3] == (side, side):
        return clip
    way = cv2.INTER_AREA if clip.shape[1] >= side else cv2.INTER_LINEAR
    return np.stack([cv2.resize(frame, (side, side), interpolation=way) for frame in clip])


def pairs_of(frames: np.ndarray, following: np.ndarray) -> Tensor:
    """Frames, uint8 (B, SMALL, SMALL, 3), and those after them to what FrameNet reads, float32 (B, 6, SMALL, SMALL)."""
    both = (torch.from_numpy(np.ascontiguousarray(part)) for part in (frames, following))
    now, then = (part.permute(0, 3, 1, 2).float() for part in both)
    return torch.cat([now / 127.5 - 1, (then - now) / 32], 1)


@lru_cache(maxsize=1)
def _flow() -> cv2.DISOpticalFlow:
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    flow.setFinestScale(0)
    return flow


def flow_of(clip: np.ndarray) -> np.ndarray:
    """Flow, float16 (T - 1, 2, G, G) in cells a step, of frames, uint8 (T, SMALL, SMALL, 3), averaged over each cell.
    """
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in clip]
    found = [_flow().calc(first, second, None) for first, second in zip(grey, grey[1:])]
    small = np.stack([cv2.resize(field, (GRID, GRID), interpolation=cv2.INTER_AREA) for field in found])
    return (small.transpose(0, 3, 1, 2) * (GRID / SMALL)).astype(np.float16)


def actors_of(cells: Tensor, most: int = MOST_ACTORS, least: float = 0.3, crowded: bool = False) -> list[np.ndarray]:
    """FrameNet's cells (B, 4, G, G) to the actors of each frame (n, 4), n >= 1: certainty, x, y, side; surest first.

    `crowded` takes neighbouring cells for several, each at its side and at SMALLER of it: more than there are, but
    someone small beside or upon another is among them.
    """
    certainty = torch.sigmoid(cells[:, 0])
    peak = certainty == F.max_pool2d(certainty[:, None], 3, 1, 1)[:, 0]
    score, index = (certainty * (peak | crowded)).flatten(1).topk(most, 1)
    inside = cells[:, 1:].flatten(2).gather(2, index[:, None].expand(-1, 3, -1))
    x = (index % GRID + 0.5 + inside[:, 0]) / GRID
    y = (index // GRID + 0.5 + inside[:, 1]) / GRID
    side = inside[:, 2].exp().clamp(LEAST_SIDE, 1.4)
    found = torch.stack([score, x, y, side], 2).numpy()
    kept = [rows[: max(1, int((rows[:, 0] > least).sum()))] for rows in found]
    return [np.concatenate([rows, rows * np.float32([1, 1, 1, SMALLER])]) for rows in kept] if crowded else kept


def crop_of(levels: Sequence[np.ndarray], x: float, y: float, side: float, pixels: int = CROP) -> np.ndarray:
    """The square of `side` frame heights around (x, y), uint8 (pixels, pixels, 3); `levels` a frame and its halves."""
    level = levels[0]
    for smaller in levels[1:]:
        if side * smaller.shape[0] < pixels:
            break
        level = smaller
    scale = side * level.shape[0] / pixels
    corner = np.array([x, y]) * level.shape[0] - 0.5 * scale * pixels
    shift = corner + 0.5 * scale - 0.5
    matrix = np.float32([[scale, 0, shift[0]], [0, scale, shift[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(level, matrix, (pixels, pixels), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def halves(frame: np.ndarray) -> list[np.ndarray]:
    """A square uint8 frame (S, S, 3), its half and its quarter."""
    levels = [frame]
    for _ in range(2):
        half = levels[-1].shape[0] // 2
        levels.append(cv2.resize(levels[-1], (half, half), interpolation=cv2.INTER_AREA))
    return levels


def crops_as_input(crops: np.ndarray) -> Tensor:
    """Crops, uint8 (B, CROP, CROP, 3), to what CropNet reads, float32 (B, 3, CROP, CROP) in -1..1."""
    return torch.from_numpy(np.ascontiguousarray(crops)).permute(0, 3, 1, 2).float() / 127.5 - 1
