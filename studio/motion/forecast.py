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

from studio.motion.camera import Camera, fit_camera
from studio.motion.cuts import is_cut
from studio.motion.duplicates import is_duplicate
from studio.motion.flow import FlowQuality, estimate_both_ways, estimate_flow, inconsistency
from studio.motion.movers import acceleration, by_mover, find_movers
from studio.motion.warp import warp_backward

HISTORY = 8
"""How many of the last frames are looked at."""

LONGEST_GRID = 320
"""Pixels of the longer side of the grid on which motion lives."""

_TOP_SPEED = 0.08  # of the frame's longer side per frame: nothing that flow can follow is faster
_LONGEST = 24.0  # frames after which anything that moves by itself has settled
_PUSHES = 6.0  # frames after which nothing goes on speeding up or slowing down
_FURNISHED = 0.25  # of the picture's 64 blocks that have something to see in them
_AROUND = 6.0  # cells of blur over which trusted motion speaks for its neighbours
_SETTLES = 12.0  # frames after which things settle at the latest, by the plain habit
_FAST = FlowQuality(preset="medium", finest_level=0)


@dataclass(frozen=True)
class Motion:
    """The motion in a clip's last frame, per frame.

    ``quick``, ``slow`` and ``before`` float32 (h, w, 2): velocity over the last step, over a baseline of up to three
    steps with whole movers moving as one (``find_movers``), and over the step before the last, on the last frame's
    cells; the camera's share (``camera``) is taken out of all, so that only what moves by itself is left; ``push``
    float32 (h, w, 2): by how much movers speed up, pixels per frame and frame (``acceleration``);
    ``agreement`` (h, w) 0..1: how far the velocities agree, ``steady`` 0..1 the same of the camera's; ``trust`` and
    ``slow_trust`` (h, w) 0..1; ``mismatch`` (h, w) levels of 0..255 by which the frame before, carried along, differs;
    ``settle_frames`` (h, w): frames after which what is there has settled at the latest; ``movers`` int32 (h, w): which
    thing is there, nil where none moves by itself; ``size`` (H, W).
    """

    quick: np.ndarray
    slow: np.ndarray
    before: np.ndarray
    push: np.ndarray
    agreement: np.ndarray
    trust: np.ndarray
    slow_trust: np.ndarray
    mismatch: np.ndarray
    settle_frames: np.ndarray
    movers: np.ndarray
    camera: Camera
    steady: float
    size: tuple[int, int]

    @property
    def scale(self) -> np.ndarray:
        """Pixels of the frame per cell of the grid, float32 (2,), x first."""
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
    flat = none[..., 0]
    alone = np.zeros((h, w), np.int32)
    return Motion(*(none.copy() for _ in range(4)), full, full, full, flat, full.copy(), alone, Camera(), 1.0, size)


def observe(frames: Sequence[np.ndarray]) -> Motion:
    """The motion at the last of ``frames``, uint8 RGB (H, W, 3), one or more; only the last HISTORY count.

    Frames before a cut are ignored and repeated frames skipped. Where the flow cannot be trusted, the trusted flow
    around it counts.
    """
    last = frames[-1]
    size = last.shape[:2]
    earlier = _history(frames)
    if not earlier:
        return still(size)
    grid = grid_of(size)
    scale = np.array([size[1] / grid[1], size[0] / grid[0]], np.float32)
    small = _shrink(last, grid)
    ages, olds = [ago for ago, _ in earlier], [_shrink(frame, grid) for _, frame in earlier]
    found = _velocities(small, olds, ages)
    quick, slow, before = (velocity * scale for velocity in (found.quick, found.slow, found.before))
    # One thing before a plain wall: its motion is its own, whatever camera would explain it too.
    camera, steady = _steady_camera(quick, slow, found.trust, size) if _is_furnished(small) else (Camera(), 1.0)
    share = camera.velocity_on(grid, size)
    # What the camera alone explains as well does not move by itself: in plain areas flow is mostly fancy.
    carried = warp_backward(olds[-1], -ages[-1] * share / scale)
    unexplained = cv2.absdiff(small, carried).astype(np.float32).mean(2) - found.slow_mismatch
    evidence = np.clip(cv2.blur(unexplained, (5, 5)) / 2, 0, 1)
    movers = find_movers((slow - share) / scale, found.slow_trust * evidence)
    # Only pictures at even distances tell a change of pace from a repeated or missing frame.
    even = len(ages) == 3 and all(ago == number * found.gap for number, ago in enumerate(ages, start=1))
    push = acceleration(movers, quick, slow, before, found.trust) if even else np.zeros_like(quick)
    return Motion(
        quick - share,
        movers.velocity * scale,
        before - share,
        push,
        _agreement(found.quick, found.slow),
        found.trust,
        found.slow_trust,
        found.mismatch,
        movers.settle_frames,
        movers.labels,
        camera,
        steady,
        size,
    )


@dataclass(frozen=True, kw_only=True)
class _Velocities:
    """Velocities at the last frame, float32 (h, w, 2) in cells per frame, named as in ``Motion``; how far they are to
    be trusted (h, w) 0..1, by how many levels the frames they come from differ once carried along (h, w); and ``gap``,
    how many frames the last step lasted."""

    quick: np.ndarray
    slow: np.ndarray
    before: np.ndarray
    trust: np.ndarray
    slow_trust: np.ndarray
    mismatch: np.ndarray
    slow_mismatch: np.ndarray
    gap: float


def _velocities(small: np.ndarray, olds: list[np.ndarray], ages: list[int]) -> _Velocities:
    """The flow from the last frame to earlier ones, all uint8 (h, w, 3), that are so many frames old, nearest first."""
    longest = max(small.shape[:2])
    gap: float = ages[0]
    if ages[-1] > len(ages):
        gap = ages[-1] / len(ages)  # frames are repeated: each step lasts as long as they do on average
    quick, distance, mismatch = _step(small, olds[0], gap)
    trust = np.exp(-distance / 2).astype(np.float32)
    quick = _heal(_capped(quick, longest), trust)
    slow, slow_trust, slow_mismatch, before = quick, trust, mismatch, quick
    if len(ages) > 1:
        slow, distance, slow_mismatch = _step(small, olds[-1], ages[-1])
        slow_trust = np.exp(-distance / 2).astype(np.float32)
        slow = _heal(_capped(slow, longest), slow_trust)
        # What was at x is now where quick led it.
        stride = ages[1] - ages[0] if gap == ages[0] else gap
        before = warp_backward(-estimate_flow(olds[0], olds[1], _FAST) / stride, -gap * quick)
        before = _heal(_capped(before, longest), trust)
    return _Velocities(
        quick=quick, slow=slow, before=before, trust=trust, slow_trust=slow_trust, mismatch=mismatch,
        slow_mismatch=slow_mismatch, gap=gap,
    )  # fmt: skip


def _agreement(quick: np.ndarray, slow: np.ndarray) -> np.ndarray:
    """How far two velocities (h, w, 2) agree around each cell, 0..1.

    Fitted to what happened next in training clips: where they do not agree, the next frame is nearer to none of
    the motion than to all of it.
    """
    apart = cv2.GaussianBlur(np.linalg.norm(quick - slow, axis=2), (0, 0), 4)
    pace = cv2.GaussianBlur(np.linalg.norm(quick, axis=2), (0, 0), 4)
    return np.exp(-apart / (0.5 + 0.5 * pace)).astype(np.float32)


def _is_furnished(small: np.ndarray) -> bool:
    """Whether a picture (h, w, 3) has something to see in enough places to tell a camera's motion from a thing's."""
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    detail = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    blocks = [detail[y] for y in np.array_split(np.arange(len(detail)), 8)]
    seen = [float((part > 4).mean()) > 0.02 for row in blocks for part in np.array_split(row, 8, axis=1)]
    return float(np.mean(seen)) > _FURNISHED


def _steady_camera(
    quick: np.ndarray, slow: np.ndarray, trust: np.ndarray, size: tuple[int, int]
) -> tuple[Camera, float]:
    """The camera of both velocities (pixels of the frame), and 0..1 how far its latest pace is its usual one."""
    camera = fit_camera(0.5 * (quick + slow), trust, size)
    if camera == Camera() or quick is slow:
        return camera, 1.0
    now, usual = fit_camera(quick, trust, size), fit_camera(slow, trust, size)
    reach = np.hypot(*size) / 4
    apart = abs(now.shift - usual.shift) + reach * abs(now.turn - usual.turn)
    pace = abs(camera.shift) + reach * abs(camera.turn)
    return camera, float(np.exp(-apart / (0.002 * max(size) + 0.5 * pace)))


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


def _heal(velocity: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """Where ``trust`` is low, the trusted motion of the neighbourhood instead."""
    weight = trust[..., None] + 1e-3
    spread = cv2.GaussianBlur(velocity * weight, (0, 0), _AROUND)
    around = spread / cv2.GaussianBlur(weight, (0, 0), _AROUND)[..., None]
    keep = np.clip(1.5 * trust, 0, 1)[..., None]
    return (velocity * keep + around * (1 - keep)).astype(np.float32)


def settled(frames: float | np.ndarray, horizon: float | np.ndarray) -> np.ndarray:
    """How many frames' worth of motion has happened after ``frames``: linear at first, ``horizon`` in the end; both
    scalars or arrays that broadcast, the result float of their shape.
    """
    return horizon * np.tanh(np.asarray(frames) / horizon)


def plain_habit(motion: Motion) -> Habit:
    """The slow velocity where both agree, half of it and only for what lies ahead; the better velocities agree, the
    later things settle, after ``horizon`` frames at most.
    """
    apart = np.linalg.norm(motion.quick - motion.slow, axis=2) / motion.scale[0]
    pace = np.linalg.norm(motion.quick, axis=2) / motion.scale[0]
    share = motion.slow_trust * np.exp(-apart / (1 + 0.5 * pace))
    return Habit(0.1 * share, 0.6 * share, 0.2 + _SETTLES * motion.agreement)


def drift(motion: Motion, habit: Habit, progress: float) -> np.ndarray:
    """How far what moves by itself has gone after ``progress`` frames of motion, float32 (h, w, 2), in pixels.

    It settles as ``habit`` says, sooner where the mover's ``settle_frames`` say so: a fast limb must not fly off
    straight on. A mover that was speeding up or slowing down goes on doing so for a while.
    """
    share = habit.share_later + (habit.share_now - habit.share_later) * np.exp(-max(0.0, progress - 1) / 2)
    # Far ahead only whole things move.
    share = 1 - (1 - share) * np.exp(-max(0.0, progress - 4) / 4)
    own = motion.quick + share[..., None] * (motion.slow - motion.quick)
    # A mover settles as a whole, or it would be torn apart.
    limit = np.minimum(np.minimum(by_mover(habit.horizon, motion.movers), _LONGEST), motion.settle_frames)
    moved = own * settled(progress, limit)[..., None]
    if motion.push.any():
        since = settled(progress, np.minimum(limit, _PUSHES))
        moved += motion.push * (0.5 * since * (since + 1))[..., None]
    return moved.astype(np.float32)
