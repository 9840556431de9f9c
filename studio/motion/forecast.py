"""What a clip's last frames say about its next ones: how everything moves, and how far it will have gone.

``observe`` reads the motion off the last frames, ``drift`` follows it ahead, and studio.motion.carry draws the frame
to which it leads. Every horizon starts from the last real frame, never from a predicted one, so that nothing melts.

The camera's motion (studio.motion.camera) goes on; what moves by itself settles gently, since nobody can know how a
gesture ends. Letters: H, W rows and columns of the frame; h, w of the motion grid (half the frame's); motions are in
pixels of the full frame, x first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from studio.motion.camera import Camera, centred, fit_camera
from studio.motion.cuts import is_cut
from studio.motion.duplicates import is_duplicate
from studio.motion.flow import FlowQuality, estimate_both_ways, inconsistency
from studio.motion.warp import pixel_grid, warp_backward

HISTORY = 8
"""How many of the last frames are looked at."""

LONGEST_GRID = 320
"""Pixels of the longer side of the grid on which motion lives."""

_TOP_SPEED = 0.08  # of the frame's longer side per frame: nothing that flow can follow is faster
_LONGEST = 24.0  # frames after which anything that moves by itself has settled
_MOST_MOVERS = 12  # looked at one by one
_STANDS = 0.25  # cells per frame below which a thing stands, as far as a long forecast is concerned
_FAST = FlowQuality(preset="medium", finest_level=0)


@dataclass(frozen=True)
class Motion:
    """The motion in a clip's last frame, per frame.

    ``quick`` and ``slow`` float32 (h, w, 2): velocity over the last step, and over a baseline of up to three steps with
    whole movers moving as one (``coherent``); the camera's share (``camera``) is taken out of both, so that only what
    moves by itself is left; ``trust`` and
    ``slow_trust`` (h, w) 0..1; ``mismatch`` (h, w) levels of 0..255 by which the frame before, carried along, differs;
    ``patience`` (h, w): frames after which what is there has settled at the latest; ``size`` (H, W).
    """

    quick: np.ndarray
    slow: np.ndarray
    trust: np.ndarray
    slow_trust: np.ndarray
    mismatch: np.ndarray
    patience: np.ndarray
    camera: Camera
    size: tuple[int, int]

    @property
    def scale(self) -> np.ndarray:
        """Pixels of the frame per cell of the grid, (2,), x first."""
        h, w = self.trust.shape
        return np.array([self.size[1] / w, self.size[0] / h], np.float32)


@dataclass(frozen=True)
class Habit:
    """How motion develops, each (h, w): the slow velocity's share at once and later on, 0..1, and after how many frames
    what moves by itself has settled. ``plain_habit`` gives the one that needs no learning.
    """

    share_now: np.ndarray
    share_later: np.ndarray
    horizon: np.ndarray


def grid_of(size: tuple[int, int]) -> tuple[int, int]:
    """(h, w) of the motion grid for a frame of (H, W): half of it, at most LONGEST_GRID long, at least 16 pixels."""
    height, width = size
    scale = min(0.5, LONGEST_GRID / max(size)) if max(size) > 96 else 1.0
    return max(16, round(height * scale)), max(16, round(width * scale))


def still(size: tuple[int, int]) -> Motion:
    """The motion of a picture: none."""
    h, w = grid_of(size)
    none, full = np.zeros((h, w, 2), np.float32), np.ones((h, w), np.float32)
    return Motion(none, none, full, full, none[..., 0], full, Camera(), size)


def observe(frames: Sequence[np.ndarray]) -> Motion:
    """The motion at the last of uint8 RGB ``frames`` (one or more; only the last HISTORY count).

    Frames before a cut are ignored and repeated frames skipped. Where the flow cannot be trusted, its trusted
    neighbours speak.
    """
    last = frames[-1]
    size = last.shape[:2]
    earlier = _history(frames)
    if not earlier:
        return still(size)
    grid = grid_of(size)
    scale = np.array([size[1] / grid[1], size[0] / grid[0]], np.float32)
    small = _shrink(last, grid)
    gap, before = earlier[0][0], _shrink(earlier[0][1], grid)
    if earlier[-1][0] > len(earlier):
        gap = earlier[-1][0] / len(earlier)  # frames are repeated: each step lasts as long as they do on average
    quick, distance, mismatch = _step(small, before, gap)
    trust = np.exp(-distance / 2).astype(np.float32)
    quick = _heal(_capped(quick, max(grid)), trust) * scale
    slow, slow_trust, residue, span = quick, trust, mismatch, earlier[0][0]
    if len(earlier) > 1:
        span, before = earlier[-1][0], _shrink(earlier[-1][1], grid)
        slow, distance, residue = _step(small, before, span)
        slow_trust = np.exp(-distance / 2).astype(np.float32)
        slow = _heal(_capped(slow, max(grid)), slow_trust) * scale
    camera = fit_camera(0.5 * (quick + slow), trust, size)
    share = _of_camera(camera, grid, size)
    # What the camera alone explains as well does not move by itself: in plain areas flow is mostly fancy.
    carried = warp_backward(before, -span * share / scale)
    unexplained = cv2.absdiff(small, carried).astype(np.float32).mean(2) - residue
    evidence = np.clip(cv2.blur(unexplained, (5, 5)) / 2, 0, 1)
    together, patience = coherent((slow - share) / scale, slow_trust * evidence)
    return Motion(quick - share, together * scale, trust, slow_trust, mismatch, patience, camera, size)


def _history(frames: Sequence[np.ndarray]) -> list[tuple[int, np.ndarray]]:
    """Up to three earlier frames that differ, as (how many frames ago, frame), the nearest first.

    A clip animated on twos repeats frames; one that has stood still for three frames has stopped.
    """
    found: list[tuple[int, np.ndarray]] = []
    newer = frames[-1]
    for ago, frame in enumerate(reversed(frames[-HISTORY:-1]), start=1):
        if is_duplicate(frame, newer):
            if not found and ago >= 3:
                return []
            continue
        if is_cut(frame, newer):
            break
        found.append((ago, frame))
        newer = frame
        if len(found) == 3:
            break
    return found


def _shrink(frame: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    return cv2.resize(frame, (grid[1], grid[0]), interpolation=cv2.INTER_AREA)


def _step(last: np.ndarray, before: np.ndarray, gap: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Velocity per frame at ``last`` on its own grid, its inconsistency in pixels, and its mismatch in levels."""
    back, forth = estimate_both_ways(last, before, _FAST)
    carried = warp_backward(before, back)
    mismatch = cv2.absdiff(last, carried).astype(np.float32).mean(2)
    return -back / gap, inconsistency(back, forth), mismatch


def _capped(velocity: np.ndarray, longest: int) -> np.ndarray:
    pace = np.linalg.norm(velocity, axis=2, keepdims=True)
    return velocity * np.minimum(1, _TOP_SPEED * longest / np.maximum(pace, 1e-6))


def _heal(velocity: np.ndarray, trust: np.ndarray, reach: float = 6.0) -> np.ndarray:
    """Where ``trust`` is low, the trusted motion of the neighbourhood instead."""
    weight = trust[..., None] + 1e-3
    spread = cv2.GaussianBlur(velocity * weight, (0, 0), reach)
    around = spread / cv2.GaussianBlur(weight, (0, 0), reach)[..., None]
    keep = np.clip(1.5 * trust, 0, 1)[..., None]
    return (velocity * keep + around * (1 - keep)).astype(np.float32)


def coherent(own: np.ndarray, trust: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A motion (h, w, 2), in cells per frame, in which what moves moves as a whole and what nearly stands, stands.

    Carried far ahead, a flow's own roughness would tear things to shreds. Movers are found as closed shapes without
    specks; inside one, the motion is smooth, or rigid where that fits, and spreads from where it is ``trust``-ed (0..1)
    and strong to where a plain surface hid it. Also returned: frames (h, w) after which each mover has settled.
    """
    pace = np.linalg.norm(own, axis=2)
    shape = (cv2.blur(pace * np.minimum(1, 2 * trust), (3, 3)) > _STANDS).astype(np.uint8)
    shape = cv2.morphologyEx(cv2.medianBlur(shape, 5), cv2.MORPH_CLOSE, np.ones((11, 11), np.uint8))
    shape = cv2.morphologyEx(shape, cv2.MORPH_OPEN, np.ones((7, 7), np.uint8))
    patience = np.full(pace.shape, 12.0, np.float32)
    if not shape.any():
        return np.zeros_like(own), patience
    steady = cv2.merge([cv2.medianBlur(np.ascontiguousarray(own[..., i]), 5) for i in (0, 1)])
    weight = (trust * shape * np.minimum(1, (pace / (2 * _STANDS)) ** 2) + 1e-4).astype(np.float32)
    whole = cv2.GaussianBlur(steady * weight[..., None], (0, 0), 6) / cv2.GaussianBlur(weight, (0, 0), 6)[..., None]
    thickness = cv2.distanceTransform(shape, cv2.DIST_L2, 3)
    _, labels, figures, _ = cv2.connectedComponentsWithStats(shape)
    for label in np.argsort(-figures[:, cv2.CC_STAT_AREA])[: 1 + _MOST_MOVERS]:
        if label == 0:
            continue
        here = labels == label
        share = weight * here
        fast = float((pace * share).sum() / share.sum())
        # The thicker, the further: a car drives on, but nobody knows what an arm does next.
        reach = 0.03 * pace.shape[0] + 1.5 * float(thickness[here].max())
        patience[here] = reach / max(fast, 1e-3) + 2
        rigid = _of_camera(fit_camera(steady, share, pace.shape), pace.shape, pace.shape)
        apart = float((np.linalg.norm(rigid - whole, axis=2) * share).sum() / share.sum())
        whole[here] += np.exp(-3 * apart / max(fast, 1e-3)) * (rigid - whole)[here]
    strong = np.clip(2 * np.linalg.norm(whole, axis=2) / _STANDS - 1, 0, 1) * shape
    return (whole * strong[..., None]).astype(np.float32), patience


def _of_camera(camera: Camera, grid: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
    speed = camera.velocity(centred(grid_points(grid, size), size))
    return np.stack([speed.real, speed.imag], -1).astype(np.float32)


def grid_points(grid: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
    """Full-frame coordinates of the grid's cell centres, float32 (h, w, 2)."""
    scale = np.array([size[1] / grid[1], size[0] / grid[0]], np.float32)
    return (pixel_grid(*grid) + 0.5) * scale - 0.5


def settled(frames: float | np.ndarray, horizon: float | np.ndarray) -> np.ndarray:
    """How many frames' worth of motion has happened after ``frames``: linear at first, ``horizon`` at last."""
    return horizon * np.tanh(np.asarray(frames) / horizon)


def plain_habit(motion: Motion, horizon: float = 8.0) -> Habit:
    """The slow velocity where both agree, half of it and only for what lies ahead; the same settling everywhere."""
    apart = np.linalg.norm(motion.quick - motion.slow, axis=2) / motion.scale[0]
    pace = np.linalg.norm(motion.quick, axis=2) / motion.scale[0]
    share = motion.slow_trust * np.exp(-apart / (1 + 0.5 * pace))
    return Habit(0.1 * share, 0.6 * share, np.full_like(share, horizon))


def drift(motion: Motion, habit: Habit, progress: float) -> np.ndarray:
    """How far what moves by itself has gone after ``progress`` frames of motion, float32 (h, w, 2), in pixels.

    It settles as ``habit`` says, sooner where the mover's patience ends: a fast limb must not fly off straight on.
    """
    share = habit.share_later + (habit.share_now - habit.share_later) * np.exp(-max(0.0, progress - 1) / 2)
    # Far ahead only whole things move.
    share = 1 - (1 - share) * np.exp(-max(0.0, progress - 4) / 4)
    own = motion.quick + share[..., None] * (motion.slow - motion.quick)
    limit = np.minimum(np.minimum(habit.horizon, _LONGEST), motion.patience)
    return (own * settled(progress, limit)[..., None]).astype(np.float32)
