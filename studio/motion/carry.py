"""Drawing a future frame from the last real one: where each pixel comes from, and what stands in where none comes.

Letters: H, W rows and columns of the frame; h, w of the motion grid; C channels. Coordinates are pixels, x first.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from studio.motion.camera import centred, grid_points, uncentred
from studio.motion.flow import invert_flow
from studio.motion.forecast import Motion
from studio.motion.splat import splat
from studio.motion.warp import pixel_grid, warp_backward

_SIDEWAYS, _UPWARDS = (0.3, 0.7), (0.05, 0.25)  # frame heights beyond the border, see carry


@dataclass(frozen=True)
class Trace:
    """Where the pixels of a future frame come from.

    ``where`` float32 (H, W, 2), x first: coordinates in the last real frame, beyond its border for what lies outside.
    The rest is float32 (H, W), 0..1: ``uncovered`` ground that something moved away from; ``outside``, beyond the
    border; ``trust`` of the motion that led here; ``moved``, whether it is another pixel than before.
    """

    where: np.ndarray
    uncovered: np.ndarray
    outside: np.ndarray
    trust: np.ndarray
    moved: np.ndarray


def trace(motion: Motion, moved: np.ndarray, camera: tuple[complex, complex]) -> Trace:
    """Where pixels come from once things have ``moved`` float32 (h, w, 2), in pixels, and the camera has made z -> a z
    + b of the whole picture.
    """
    size, grid = motion.size, motion.trust.shape
    source, holes, trust = _pulled(motion, moved)
    # Through the camera backwards to the picture where only things have moved, and along their motion back again.
    points = _before_camera(grid, size, camera)
    at = (points + 0.5) / motion.scale - 0.5
    values = np.dstack([source, holes, trust])
    values = cv2.remap(values, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    where = points - values[..., :2]
    full = cv2.resize(np.dstack([where, values[..., 2:]]), (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
    _unclamp(full, camera[0], grid)
    x, y, uncovered, trusted = cv2.split(full)
    beyond = cv2.max(cv2.max(-x, x - (size[1] - 1)), cv2.max(-y, y - (size[0] - 1)))
    here = pixel_grid(*size)
    distance = cv2.max(cv2.absdiff(x, here[..., 0]), cv2.absdiff(y, here[..., 1]))
    # A hundredth of a pixel is rounding of the grid, not motion.
    moved = np.clip(2 * distance - 0.02, 0, 1)
    return Trace(cv2.merge([x, y]), uncovered, np.clip(beyond, 0, 1), trusted, moved)


def share_outside(motion: Motion, camera: tuple[complex, complex]) -> float:
    """The share of the picture, 0..1, that comes from beyond the border once the camera has made z -> a z + b of it."""
    where = _before_camera(motion.trust.shape, motion.size, camera)
    inside = (where >= 0) & (where <= np.array([motion.size[1] - 1, motion.size[0] - 1]))
    return 1 - float(inside.all(2).mean())


def _before_camera(grid: tuple[int, int], size: tuple[int, int], camera: tuple[complex, complex]) -> np.ndarray:
    """Where the cells of a grid (h, w) lay before the camera made z -> a z + b of the picture: float32 (h, w, 2)."""
    a, b = camera
    return uncentred((centred(grid_points(grid, size), size) - b) / a, size)


def _unclamp(field: np.ndarray, a: complex, grid: tuple[int, int]) -> None:
    """Gives a field (H, W, 2 or more) of z -> z / a back what cv2.resize clamps off beyond the outermost cells."""
    for axis in (1, 0):
        length = field.shape[axis]
        low = length / grid[axis] / 2 - 0.5
        at = np.arange(length, dtype=np.float32)
        gap = at - np.clip(at, low, length - 1 - low)
        step = (1 if axis else 1j) / a
        for place in np.flatnonzero(gap):
            part = field[:, place] if axis else field[place]
            part[:, 0] += step.real * gap[place]
            part[:, 1] += step.imag * gap[place]


def _pulled(motion: Motion, moved: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The displacement that arrives at each grid point, (h, w, 2), holes 0..1 and trust there."""
    distance = cv2.magnitude(*cv2.split(moved))
    if float(distance.max()) < 1e-3:
        return moved, np.zeros_like(motion.trust), motion.trust
    # What is trusted wins over what is not, and what moves over what stands: the mover is usually nearer.
    strength = np.clip(-0.3 * motion.mismatch, -4, 0) + 2 * motion.trust + np.minimum(2.0, 0.25 * distance)
    layers = np.dstack([moved, motion.trust, np.exp(-strength)])
    arrived, density = splat(layers, moved / motion.scale, strength)
    count = arrived[..., 3] * density  # how many cells landed here, whatever their weight
    count, arrived = np.minimum(count, 1), arrived[..., :3]
    # Where a surface only stretches, it gapes in cracks a cell or two wide: they are mended from both sides.
    empty = count < 0.2
    holes = cv2.morphologyEx(empty.astype(np.uint8), cv2.MORPH_OPEN, np.ones((4, 4), np.uint8))
    weight = cv2.blur(count, (5, 5))[..., None]
    mended = cv2.blur(arrived * count[..., None], (5, 5)) / np.maximum(weight, 1e-6)
    arrived = np.where(empty[..., None], mended, arrived)
    if holes.any():
        # Ground shows through where something left: prefer what moves less.
        part = _around(holes, 48)
        known = np.where(empty[part], 0, np.exp(-np.linalg.norm(arrived[part][..., :2], axis=2) / 4))
        arrived[part] = np.where(holes[part][..., None] > 0, fill(arrived[part], known), arrived[part])
    # Wider by a cell, or the rim of what left would stay behind.
    wider = cv2.dilate(holes, np.ones((3, 3), np.uint8)).astype(np.float32)
    return arrived[..., :2], cv2.blur(wider, (3, 3)), arrived[..., 2]


def _around(holes: np.ndarray, margin: int) -> tuple[slice, slice]:
    """The rows and columns of the box around the cells of ``holes`` (h, w) that are not nil, and a margin."""
    left, top, width, height = cv2.boundingRect(holes)
    rows = slice(max(0, top - margin), top + height + margin)
    return rows, slice(max(0, left - margin), left + width + margin)


def fill(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """``values`` (h, w, C) spread from where ``weight`` (h, w) is high to where it is 0, float32 (h, w, C): pull-push
    (Gortler et al., "The lumigraph", 1996).
    """
    levels = [np.dstack([values * weight[..., None], weight]).astype(np.float32)]
    while min(levels[-1].shape[:2]) > 4:
        height, width = levels[-1].shape[:2]
        levels.append(cv2.resize(levels[-1], ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA))
    result = levels[-1]
    for level in reversed(levels[:-1]):
        coarse = cv2.resize(result, (level.shape[1], level.shape[0]), interpolation=cv2.INTER_LINEAR)
        result = level + 1e-3 * coarse / np.maximum(coarse[..., -1:], 1e-9)
    return result[..., :-1] / np.maximum(result[..., -1:], 1e-9)


def ground(last: np.ndarray, motion: Motion) -> np.ndarray:
    """The last frame with what moves against its surroundings taken away, uint8 (H, W, 3): soft where it was hidden."""
    own = 0.5 * (motion.quick + motion.slow) / motion.scale
    pace = np.linalg.norm(own, axis=2)
    weight = np.exp(-np.minimum(2 * pace, 20))[..., None]
    around = np.maximum(cv2.GaussianBlur(weight, (0, 0), 16)[..., None], 1e-9)
    calm = cv2.GaussianBlur(own * weight, (0, 0), 16) / around
    against = np.linalg.norm(own - calm, axis=2)
    mover = cv2.dilate((against > 0.3).astype(np.uint8), np.ones((7, 7), np.uint8))
    if not mover.any() or mover.mean() > 0.8:
        return last
    h, w = motion.trust.shape
    small = cv2.resize(last, (w, h), interpolation=cv2.INTER_AREA).astype(np.float32)
    soft = cv2.resize(fill(small, 1.0 - mover), (last.shape[1], last.shape[0]), interpolation=cv2.INTER_LINEAR)
    share = cv2.GaussianBlur(mover.astype(np.float32), (0, 0), 1.5)
    share = cv2.resize(share, (last.shape[1], last.shape[0]), interpolation=cv2.INTER_LINEAR)[..., None]
    return np.clip(last * (1 - share) + soft * share + 0.5, 0, 255).astype(np.uint8)


def carry(last: np.ndarray, behind: np.ndarray, path: Trace) -> np.ndarray:
    """The future frame, uint8 (H, W, 3): ``last`` sampled along ``path``, ``behind`` (see ``ground``) where uncovered.

    Beyond the border the picture is mirrored; far beyond, where a twin of the subject would come in, the border's
    colours go on out of focus instead: sooner above and below, where a twin would stand on its head.
    """
    made = cv2.remap(last, path.where, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    if behind is not last and path.uncovered.any():
        shown = cv2.remap(behind, path.where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        made = _mixed(made, shown, path.uncovered)
    if path.outside.any():
        height, width = last.shape[:2]
        x, y = path.where[..., 0], path.where[..., 1]
        aside, above = (np.maximum(-x, x - width) / height, np.maximum(-y, y - height) / height)
        far = np.maximum(*((gap - near) / (end - near) for gap, (near, end) in ((aside, _SIDEWAYS), (above, _UPWARDS))))
        far = np.clip(far, 0, 1)
        if far.any():
            soft = cv2.remap(_soft(last), path.where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            made = _mixed(made, soft, far * far * (3 - 2 * far))
    return made


def _mixed(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    """``second`` by its ``share`` (H, W) 0..1, ``first`` for the rest, uint8."""
    return cv2.blendLinear(first, second, 1 - share, np.ascontiguousarray(share))


def _soft(picture: np.ndarray) -> np.ndarray:
    """Out of focus by a thirtieth of the height, on a small copy, where that is cheap."""
    height, width = picture.shape[:2]
    small = cv2.resize(picture, (max(1, width // 6), max(1, height // 6)), interpolation=cv2.INTER_AREA)
    return cv2.resize(cv2.GaussianBlur(small, (0, 0), max(0.5, height / 180)), (width, height))


def second_opinion(last: np.ndarray, motion: Motion, progress: float) -> np.ndarray:
    """Another forecast, uint8 (H, W, 3): every pixel pulled back along its latest velocity, camera and all, undamped.

    Where it and ``carry`` agree, both are likely right.
    """
    velocity = motion.quick + motion.camera.velocity_on(motion.trust.shape, motion.size)
    ago = progress * invert_flow(velocity / motion.scale, progress, 3) * motion.scale
    ago = cv2.resize(ago, (motion.size[1], motion.size[0]), interpolation=cv2.INTER_LINEAR)
    return warp_backward(last, -ago)
