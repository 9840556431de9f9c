"""Motion that repeats, a swing, a pendulum, steps on the spot, and how it goes on: as it did one period ago.

``find_period`` looks for a lag after which the recent pictures come back, cell by cell on small copies, so that a few
seconds of history cost little. ``Loop`` then shows the last period again, from full frames. No jump at the joint: what
the last frame differs in from the one a period before it, in place (a flow) and in light, is added in full at first
and taken away over the period, at whose end the last frame itself has come round.

Letters: N frames, H, W rows and columns of the frame, r, s of the small copies, P frames of a period.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from studio.motion.camera import Camera
from studio.motion.cuts import is_cut
from studio.motion.flow import FlowQuality, estimate_flow, resize_flow
from studio.motion.forecast import HISTORY, Motion, grid_of
from studio.motion.warp import warp_backward

MOST_HISTORY = 96
"""Frames beyond which no history is looked at."""

_SECONDS = 3.0  # of history
_MOST_BYTES = 256 << 20
_LONGEST = 64  # cells of the longer side of the small copies
_SHORTEST = 5  # frames of a period: a flicker is none
_TIMES = 1.75  # periods that must have been seen
_ACTIVE = 6.0  # squared levels by which a cell varies over time, above coding noise
_ALIKE = 0.3  # of the difference between unrelated moments: so little is left after a period
_APART = 0.75  # and as much there must have been in between
_LIVELY = 0.004  # of the picture that must be active for a period to be worth finding
_QUALITY = FlowQuality(preset="medium", finest_level=1)


def history_frames(size: tuple[int, int], fps: float) -> int:
    """How many of a clip's last frames of ``size`` (H, W) are worth keeping: three seconds, within a quarter GiB."""
    room = _MOST_BYTES // (3 * size[0] * size[1])
    return int(max(HISTORY, min(round(_SECONDS * fps) + 1, MOST_HISTORY, room)))


@dataclass(frozen=True)
class Period:
    """``frames``, P; ``share`` float32 (r, s), 0..1: where the picture repeats; ``likeness`` 0..1: how exactly;
    ``weight`` 0..1: how much of all that moves repeats."""

    frames: int
    share: np.ndarray
    likeness: float
    weight: float


def find_period(frames: Sequence[np.ndarray]) -> Period | None:
    """The period of uint8 RGB ``frames`` (N, H, W, 3), as seen in the last of them, or None.

    Frames before a cut are ignored; at least 1.75 periods must have been seen, and the picture must have departed
    from itself in between, so that neither a still nor a steady motion has a period.
    """
    small = _since_cut(frames)
    count = len(small)
    if count < round(_TIMES * _SHORTEST):
        return None
    spread = 2 * small.var(0)
    active = spread > 2 * _ACTIVE
    if active.mean() < _LIVELY or not _lively(small[-_SHORTEST:], active):
        return None
    lags = np.arange(1, int(count / _TIMES) + 1)
    left = np.stack([((small[lag:] - small[:-lag]) ** 2).mean(0) for lag in lags])  # (lags, r, s)
    # Each cell counts by how much it moves, but none for more than a few.
    weight = np.where(active, np.minimum(spread, 4 * np.median(spread[active])), 0) / np.maximum(spread, 1e-3)
    whole = (left * weight).sum((1, 2)) / (spread * weight).sum()
    lag = _returns(whole)
    if lag is None:
        # The whole picture does not repeat; a part of it may, beside something that does not.
        lag = _returns_somewhere(left, spread, active)
        if lag is None:
            return None
    ratio = cv2.blur(left[lag - 1], (3, 3)) / np.maximum(cv2.blur(spread, (3, 3)), _ACTIVE)
    repeats = (active & (ratio < 1.5 * _ALIKE)).astype(np.uint8)
    repeats = cv2.morphologyEx(repeats, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    if repeats.mean() < _LIVELY:
        return None
    near = cv2.dilate(repeats, np.ones((5, 5), np.uint8)) * ((ratio < 2 * _ALIKE) | ~active)
    share = cv2.GaussianBlur(near.astype(np.float32), (0, 0), 0.8)
    likeness = 1 - float((left[lag - 1] * repeats).sum() / (spread * repeats).sum())
    share = np.minimum(1, 1.25 * share)
    weight = likeness * float((share * spread * active).sum() / (spread * active).sum())
    return Period(int(lag), share, likeness, weight)


def _since_cut(frames: Sequence[np.ndarray]) -> np.ndarray:
    """Small grey copies float32 (N, r, s) of the frames of the last shot."""
    if len(frames) < 2:
        return np.zeros((len(frames), 8, 8), np.float32)
    height, width = frames[-1].shape[:2]
    scale = _LONGEST / max(height, width)
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = [cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in frames]
    grey = np.stack([cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in small]).astype(np.float32)
    steps = np.abs(np.diff(grey, axis=0)).mean((1, 2))
    for at in np.flatnonzero(steps > 6 + 2 * np.median(steps))[::-1]:
        if is_cut(frames[at], frames[at + 1]):
            return grey[at + 1 :]
    return grey


def _lively(latest: np.ndarray, active: np.ndarray) -> bool:
    """Whether what has been active still moves in the ``latest`` small copies: what has stopped does not go on."""
    return float(np.abs(latest[-1] - latest[0])[active].mean() + np.abs(np.diff(latest, axis=0)).mean(0).max()) > 2


def _returns(left: np.ndarray) -> int | None:
    """The lag at which what is ``left`` (of 1, by lag from 1 on) dips, the shortest of those that are as deep."""
    departed = np.maximum.accumulate(left) > _APART
    inner = np.arange(1, len(left) - 1)
    dips = inner[(left[inner] <= left[inner - 1]) & (left[inner] <= left[inner + 1])]
    dips = dips[departed[dips] & (left[dips] < _ALIKE) & (dips + 1 >= _SHORTEST)]
    if not len(dips):
        return None
    return int(dips[left[dips] < 1.3 * left[dips].min() + 0.03][0] + 1)


def _returns_somewhere(left: np.ndarray, spread: np.ndarray, active: np.ndarray) -> int | None:
    """The lag at which most of the active cells that repeat at all do so, or None."""
    shape = left.shape[1:]
    votes = np.zeros(len(left) + 2)
    ratio = np.stack([cv2.blur(one, (3, 3)) for one in left]) / np.maximum(cv2.blur(spread, (3, 3)), 1e-3)
    cells = np.flatnonzero(active)
    if len(cells) > 400:
        cells = cells[:: len(cells) // 400 + 1]
    for cell in cells:
        lag = _returns(ratio[(slice(None), *np.unravel_index(cell, shape))])
        if lag is not None:
            votes[lag] += 1
    near = votes[:-2] + votes[1:-1] + votes[2:]
    best = int(near.argmax())
    if near[best] < max(4, 0.25 * len(cells)):
        return None
    return best + int(votes[best : best + 3].argmax())


class Loop:
    """The last period of a clip, again and again.

    frames: uint8 RGB (N, H, W, 3), N > P; only the last P + 1 are kept.
    """

    def __init__(self, frames: Sequence[np.ndarray], period: Period) -> None:
        self._round = [frame.copy() for frame in frames[-period.frames - 1 :]]
        first, last = self._round[0], self._round[-1]
        size = last.shape[:2]
        self._period = period
        self.share = cv2.resize(period.share, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
        grid = grid_of(size)
        small = [cv2.resize(one, (grid[1], grid[0]), interpolation=cv2.INTER_AREA) for one in (last, first)]
        flow = cv2.GaussianBlur(estimate_flow(*small, _QUALITY), (0, 0), 2)
        self._apart = resize_flow(flow, *size)
        rest = last.astype(np.int16) - warp_backward(first, self._apart, "cubic")
        light = cv2.resize(rest, (max(1, size[1] // 16), max(1, size[0] // 16)), interpolation=cv2.INTER_AREA)
        self._light = cv2.resize(light.astype(np.float32), (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
        self._detail = rest - self._light
        self._fade = min(6, period.frames)

    @property
    def frames(self) -> int:
        """P."""
        return len(self._round) - 1

    @property
    def weight(self) -> float:
        """See ``Period``."""
        return self._period.weight

    def taken_from(self, motion: Motion) -> Motion:
        """A motion without what repeats, which the loop shows; a picture that comes back has no camera that leaves."""
        height, width = motion.trust.shape
        rest = 1 - cv2.resize(self._period.share, (width, height), interpolation=cv2.INTER_LINEAR)[..., None]
        quick, slow, before, push = (v * rest for v in (motion.quick, motion.slow, motion.before, motion.push))
        return replace(motion, quick=quick, slow=slow, before=before, push=push, camera=Camera())

    def at(self, ahead: float) -> np.ndarray:
        """The frame so many frames after the last, uint8 (H, W, 3), the nearest one in phase: repeating everywhere.

        Nil ahead is the last frame.
        """
        phase = round(ahead) % self.frames
        if phase == 0:
            return self._round[-1]
        left = 1 - phase / self.frames
        left = left * left * (3 - 2 * left)
        made = warp_backward(self._round[phase], left * self._apart, "cubic").astype(np.float32)
        made += left * self._light + max(0.0, 1 - phase / self._fade) * self._detail
        return np.clip(made + 0.5, 0, 255).astype(np.uint8)

    def over(self, picture: np.ndarray, ahead: float) -> np.ndarray:
        """``picture``, uint8 (H, W, 3), with what repeats as it will be ``ahead`` frames from the last; uint8 (H, W,
        3).
        """
        return cv2.blendLinear(picture, self.at(ahead), 1 - self.share, np.ascontiguousarray(self.share))
