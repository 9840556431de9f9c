"""Steadiness over time: how much a clip changes that its motion does not explain.

Motion comes from Farneback's flow on purpose: our generators move pixels along DIS flow, and a result must not be
judged by the very flow that made it. Report ``contrast`` beside both errors, or blur wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

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


@dataclass(frozen=True, kw_only=True)
class TrueMotion:
    """A clip's motion, found once to judge several results by it: a pair for each frame after the first.

    steps: (back float32 (h, w, 2), the flow to the frame before in pixels of the shrunk frame; trusted bool (h, w),
    where it holds both ways and stays inside).
    """

    steps: tuple[tuple[np.ndarray, np.ndarray], ...]

    @classmethod
    def of(cls, source: Iterable[np.ndarray]) -> TrueMotion:
        """The motion of a clip (T, H, W, 3) uint8."""
        return cls(steps=tuple(_steps(source)))


def _steps(source: Iterable[np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    before: np.ndarray | None = None
    for truth in source:
        now = luma(_shrunk(truth))
        if before is not None:
            back, forth = _farneback(now, before), _farneback(before, now)
            gap = np.linalg.norm(back + _sample(forth, back), axis=2)
            x, y = np.meshgrid(np.arange(gap.shape[1]), np.arange(gap.shape[0]))
            x, y = x + back[..., 0], y + back[..., 1]
            inside = (x >= 0) & (y >= 0) & (x <= gap.shape[1] - 1) & (y <= gap.shape[0] - 1)
            yield back, inside & (gap < _CONSISTENT)
        before = now


def _compensated(
    frames: Iterable[np.ndarray], source: Iterable[np.ndarray] | TrueMotion
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """For each step the signed change (H, W, 3) of the clip along the source's motion, and where it can be trusted."""
    steps = iter(source.steps) if isinstance(source, TrueMotion) else _steps(source)
    before: np.ndarray | None = None
    for frame in frames:
        now = _shrunk(frame).astype(np.float32)
        if before is not None:
            step = next(steps, None)
            if step is None:
                raise ValueError("The source whose motion counts has fewer frames than the clip.")
            yield now - _sample(before, step[0]), step[1]
        before = now
    if next(steps, None) is not None:
        raise ValueError("The source whose motion counts has more frames than the clip.")


def warping_error(frames: Iterable[np.ndarray], source: Iterable[np.ndarray] | TrueMotion | None = None) -> float:
    """Mean absolute change, in levels of 0..255, of each frame against the one before carried along the motion.

    ``frames`` is a uint8 clip (T, H, W, 3) or an iterable of frames; ``source`` the clip whose motion counts (a
    restyled clip is judged by its original's), or that motion where it is known already; the frames themselves by
    default. Occluded pixels are left out. nan below two frames. Raises ValueError for clips of different lengths.
    """
    if source is None:
        frames = list(frames)
        source = frames
    steps = [np.abs(change)[trusted].mean() for change, trusted in _compensated(frames, source) if trusted.any()]
    return float(np.mean(steps)) if steps else float("nan")


def flicker(frames: Iterable[np.ndarray], source: Iterable[np.ndarray] | TrueMotion | None = None) -> float:
    """How much the change along the motion reverses from step to step, in levels of 0..255; 0 for a steady drift.

    Half the mean absolute difference of consecutive motion-compensated changes, blurred a little so that grain counts
    less than patches that blink. Arguments as for ``warping_error``, though frames (H, W, 3) may be float32 too; nan
    below three frames.
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


def error_flicker(frames: np.ndarray, truth: np.ndarray, motion: TrueMotion | None = None) -> float:
    """How much the error of a clip blinks, in levels of 0..255: ``flicker`` of (frames - truth) along the true motion.

    0 where every frame is as it really was, and nearly so where an error moves along with what it sits on; in-betweens
    that are softer or elsewhere than their neighbours blink at the rate of the frames. Clips (T, H, W, 3) uint8 of one
    shape, the given frames included; ``motion`` is ``TrueMotion.of(truth)`` where it is known. nan below three frames.
    """
    _check_clips(frames, truth)
    errors = (frame.astype(np.float32) - real.astype(np.float32) for frame, real in zip(frames, truth))
    return flicker(errors, truth if motion is None else motion)


def motion_error(frames: np.ndarray, truth: np.ndarray, motion: TrueMotion | None = None) -> float:
    """How wrongly a uint8 clip (T, H, W, 3) moves: mean length in pixels by which its flow from frame to frame differs
    from the truth's.

    tOF of Chu et al., "Learning temporal coherence via self-supervision" (2020), with lengths in place of absolute
    components: a dissolve or a stutter shows here even where it costs few levels. Arguments as for ``error_flicker``.
    nan below two frames.
    """
    _check_clips(frames, truth)
    steps = (TrueMotion.of(truth) if motion is None else motion).steps
    if len(steps) != max(0, len(frames) - 1):
        raise ValueError(f"The true motion has {len(steps)} steps, the clip {len(frames)} frames.")
    small = [luma(_shrunk(frame)) for frame in frames]
    scale = max(truth.shape[1:3]) / max(small[0].shape) if small else 1.0
    apart = [
        np.linalg.norm(_farneback(now, before) - back, axis=2).mean()
        for before, now, (back, _) in zip(small, small[1:], steps)
    ]
    return float(np.mean(apart)) * scale if apart else float("nan")


def _check_clips(frames: np.ndarray, truth: np.ndarray) -> None:
    if frames.shape != truth.shape or truth.ndim != 4:
        raise ValueError(f"Clips to compare must have one shape (T, H, W, 3), not {frames.shape} and {truth.shape}.")


def contrast(frames: Iterable[np.ndarray]) -> float:
    """Mean over uint8 RGB frames (H, W, 3) of the standard deviation of luma in 8 x 8 windows, in levels of 0..255: how
    much detail there is. nan for no frames.
    """
    values = []
    for frame in frames:
        grey = luma(frame).astype(np.float32)
        mean = cv2.blur(grey, (8, 8))
        values.append(np.sqrt(np.maximum(cv2.blur(grey * grey, (8, 8)) - mean * mean, 0)).mean())
    return float(np.mean(values)) if values else float("nan")
