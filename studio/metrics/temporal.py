"""Steadiness over time: how much a clip changes that its motion does not explain.

Motion comes from Farneback's flow on purpose: our generators move pixels along DIS flow, and a result must not be
judged by the very flow that made it. Report ``contrast`` beside both errors, or blur wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from studio.metrics.pixel import luma

_CONSISTENT = 1.0  # pixels by which forward and backward flow may disagree where a pixel still counts
_LONGEST_SIDE = 384  # flow is estimated on frames at most this large


def _farneback(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Flow (H, W, 2) in pixels from grey ``first`` to ``second``: first(x) is second(x + flow(x))."""
    return cv2.calcOpticalFlowFarneback(first, second, None, 0.5, 4, 15, 3, 5, 1.2, 0)


def _sample(image: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """``image`` at x + flow(x), bilinear."""
    height, width = flow.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return cv2.remap(image, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _shrunk(frame: np.ndarray) -> np.ndarray:
    scale = _LONGEST_SIDE / max(frame.shape[:2])
    if scale >= 1:
        return frame
    size = (max(16, round(frame.shape[1] * scale)), max(16, round(frame.shape[0] * scale)))
    return cv2.resize(frame, size, interpolation=cv2.INTER_AREA)


def _compensated(frames: Iterable[np.ndarray], source: Iterable[np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """For each step the signed change (H, W, 3) of the clip along the source's motion, and where it can be trusted."""
    before: tuple[np.ndarray, np.ndarray] | None = None
    for frame, truth in zip(frames, source, strict=True):
        now = (_shrunk(frame).astype(np.float32), luma(_shrunk(truth)))
        if before is not None:
            back, forth = _farneback(now[1], before[1]), _farneback(before[1], now[1])
            gap = np.linalg.norm(back + _sample(forth, back), axis=2)
            x, y = np.meshgrid(np.arange(gap.shape[1]), np.arange(gap.shape[0]))
            x, y = x + back[..., 0], y + back[..., 1]
            inside = (x >= 0) & (y >= 0) & (x <= gap.shape[1] - 1) & (y <= gap.shape[0] - 1)
            yield now[0] - _sample(before[0], back), inside & (gap < _CONSISTENT)
        before = now


def warping_error(frames: Iterable[np.ndarray], source: Iterable[np.ndarray] | None = None) -> float:
    """Mean absolute change, in levels of 0..255, of each frame against the one before carried along the motion.

    ``frames`` is a clip (T, H, W, 3) or an iterable of frames; ``source`` the clip whose motion counts (a restyled clip
    is judged by its original's), the frames themselves by default. Occluded pixels are left out. nan below two frames.
    """
    if source is None:
        frames = list(frames)
        source = frames
    steps = [np.abs(change)[trusted].mean() for change, trusted in _compensated(frames, source) if trusted.any()]
    return float(np.mean(steps)) if steps else float("nan")


def flicker(frames: Iterable[np.ndarray], source: Iterable[np.ndarray] | None = None) -> float:
    """How much the change along the motion reverses from step to step, in levels of 0..255; 0 for a steady drift.

    Half the mean absolute difference of consecutive motion-compensated changes, blurred a little so that grain counts
    less than patches that blink. Arguments as for ``warping_error``; nan below three frames.
    """
    if source is None:
        frames = list(frames)
        source = frames
    values, before = [], None
    for change, trusted in _compensated(frames, source):
        change = cv2.blur(change, (5, 5))
        if before is not None:
            both = trusted & before[1]
            if both.any():
                values.append(0.5 * np.abs(change - before[0])[both].mean())
        before = (change, trusted)
    return float(np.mean(values)) if values else float("nan")


def contrast(frames: Iterable[np.ndarray]) -> float:
    """Mean over frames of the standard deviation of luma in 8 x 8 windows, in levels of 0..255: how much detail."""
    values = []
    for frame in frames:
        grey = luma(frame).astype(np.float32)
        mean = cv2.blur(grey, (8, 8))
        values.append(np.sqrt(np.maximum(cv2.blur(grey * grey, (8, 8)) - mean * mean, 0)).mean())
    return float(np.mean(values)) if values else float("nan")
