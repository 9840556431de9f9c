"""Large motion between keyframes: what dense flow cannot find from nothing, found by features first.

Features (SIFT: Lowe, "Distinctive image features from scale-invariant keypoints", 2004) of both frames are matched
(ratio test, both ways), and a robust fit (MAGSAC: Barath et al., 2019; OpenCV's) gives the motion of the whole picture,
the camera's, as a homography. Dense flow then has to find only what is left.

The camera does not go along straight lines: turned by a quarter, a picture that went straight to its goal would shrink
on the way. Its path is M(t) = exp(t log M): a steady turn, a steady zoom, the same backwards. For a moment t both
frames are drawn as the camera sees them there, and the rest of the motion, small by then, is left to the in-between.

Letters: H, W rows and columns; h, w half of them; M float64 (3, 3) takes a point (x, y, 1) of the first frame, in full
pixels, to the second.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass

import cv2
import numpy as np

from studio.motion.between import Gap, candidates, measure_gap
from studio.motion.flow import inconsistency
from studio.motion.warp import pixel_grid

_LONGEST = 640  # pixels of the longer side while features are sought
_FEATURES = 2000
_RATIO = 0.8
_REACH = 3.0  # pixels at that size by which a match may miss a model
_FEWEST = 12  # matches that a camera must explain
_MORE = 1.15  # a homography has twice the freedom of a similarity: it must explain so much more
_CLEARLY = 0.1  # of quality, by which a camera must do better than dense flow alone
_LIKENESS = 14.0  # levels of 255: a difference by this much divides the likeness of two samples by e
_HOME = 0.016  # of the diagonal: how far a point may miss its home, there and back
_FEATHER = 0.03  # of the frame's diagonal: how softly one frame's content ends where the other's goes on
_ROOTS = 20


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What joins two keyframes. quality: see ``quality``; log: the logarithm of the camera's M, float64 (3, 3), or None
    where dense flow alone does as well."""

    quality: float
    log: np.ndarray | None


@dataclass(frozen=True, kw_only=True)
class Aligned:
    """Two frames, uint8 (H, W, 3), with the camera's path between them and the rest of the motion.

    log: float64 (3, 3), the logarithm of M; middle: the gap of both frames as the camera sees them half-way.
    """

    first: np.ndarray
    second: np.ndarray
    log: np.ndarray
    middle: Gap


def survey(first: np.ndarray, second: np.ndarray, pool: Executor | None = None) -> Survey:
    """How two keyframes (uint8 RGB (H, W, 3), one size) are best joined, and how well; looked at in small.

    Dense flow by itself is compared with the camera's motion as a similarity and as a homography. A camera is believed
    only where it joins clearly more of the picture: the matches may all lie on one thing that moves by itself.
    """
    scale = min(1.0, _LONGEST / max(first.shape[:2]))
    size = tuple(max(8, round(side * scale)) for side in first.shape[1::-1])
    first, second = (cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in (first, second))
    best = Survey(quality=quality(measure_gap(first, second, pool=pool)), log=None)
    least = best.quality + _CLEARLY
    for camera in cameras_between(first, second) if best.quality < 1 - _CLEARLY else ():
        log = logarithm(camera)
        if log is None:
            continue
        one, other, both = _views(first, second, log, 0.5)
        overlap = float(both.mean())
        found = quality(measure_gap(one, other, pool=pool), both) if overlap > 0.05 else 0.0
        # What only one frame shows can be joined neither well nor badly.
        found = found * overlap + 0.5 * (1 - overlap)
        if found > max(least, best.quality):
            best = Survey(quality=found, log=_resized(log, scale))
    return best


def quality(gap: Gap, where: np.ndarray | None = None) -> float:
    """How well the flows of a gap join its frames, 0..1: the share of half-way points that come home and look alike.

    where: boolean (H, W), the points that count; None for all. Unrelated pictures have less than 0.03, neighbouring
    frames of a clip 0.6 and more (on 160 pairs of frames and photographs).
    """
    found = candidates(gap, 0.5)
    pairs = ((0, 1), (2, 3))
    apart = [cv2.cvtColor(cv2.absdiff(found.warps[i], found.warps[j]), cv2.COLOR_RGB2GRAY) for i, j in pairs]
    alike = np.exp(cv2.blur(np.minimum(*apart), (5, 5)).astype(np.float32) / -_LIKENESS)
    alike *= inconsistency(gap.forward, gap.backward) < _HOME * np.hypot(*gap.forward.shape[:2])
    if where is None:
        return float(alike.mean())
    small = cv2.resize(where.astype(np.uint8), alike.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    return float(alike[small].mean()) if small.any() else 0.0


def align(first: np.ndarray, second: np.ndarray, log: np.ndarray, pool: Executor | None = None) -> Aligned:
    """What is left of the motion between two uint8 RGB frames (H, W, 3) beside the camera's, as measured half-way; log:
    float64 (3, 3), as ``survey`` found it for frames of this size.
    """
    one, other, _ = _views(first, second, log, 0.5)
    return Aligned(first=first, second=second, log=log, middle=measure_gap(one, other, pool=pool))


def cameras_between(first: np.ndarray, second: np.ndarray) -> list[np.ndarray]:
    """The motion that most of the matched features share, as a similarity and as a homography M, as far as found.

    first, second: uint8 RGB (H, W, 3) of one size.
    """
    points = _matches(cv2.cvtColor(first, cv2.COLOR_RGB2GRAY), cv2.cvtColor(second, cv2.COLOR_RGB2GRAY))
    if points is None:
        return []
    here, there = points
    found: list[np.ndarray] = []
    few, agree = cv2.estimateAffinePartial2D(here, there, method=cv2.RANSAC, ransacReprojThreshold=_REACH)
    count = 0 if few is None else int(agree.sum())
    if count >= _FEWEST:
        found.append(np.vstack([few, [0, 0, 1]]))
    many, agree = cv2.findHomography(here, there, cv2.USAC_MAGSAC, _REACH, maxIters=5000, confidence=0.999)
    if many is not None and agree.sum() >= max(_FEWEST, _MORE * count):
        found.append(many)
    return [camera for camera in found if _is_sane(camera, *first.shape[:2])]


def camera_at(log: np.ndarray, share: float) -> np.ndarray:
    """How far the camera has gone: M for the whole way, float64 (3, 3); a negative share goes backwards."""
    return _exponential(share * log)


def gap_at(aligned: Aligned, moment: float) -> Gap:
    """The gap of both frames as the camera sees them at a moment in (0, 1): its in-between there is the frame."""
    at_first, at_second, _ = _views(aligned.first, aligned.second, aligned.log, moment)
    size = aligned.middle.half_first.shape[1::-1]
    back = camera_at(aligned.log, 0.5 - moment)
    half = _resizing(0.5)
    back = half @ back @ np.linalg.inv(half)
    return Gap(
        first=at_first,
        second=at_second,
        half_first=cv2.resize(at_first, size, interpolation=cv2.INTER_AREA),
        half_second=cv2.resize(at_second, size, interpolation=cv2.INTER_AREA),
        forward=_carried(aligned.middle.forward, back),
        backward=_carried(aligned.middle.backward, back),
    )


def _views(
    first: np.ndarray, second: np.ndarray, log: np.ndarray, moment: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both frames as the camera sees them at a moment, each filled up from the other, and where both are seen."""
    seen = [_seen(first, camera_at(log, moment)), _seen(second, camera_at(log, moment - 1))]
    (one, cover_one), (other, cover_other) = seen
    # Beyond its own edge a frame shows what the other has there; where neither has anything, both show a mixture.
    filled_one = _mixed(one, other, np.where(cover_other > 0, 1 - cover_one, 0))
    filled_other = _mixed(other, one, np.where(cover_one > 0, 1 - cover_other, 0))
    empty = (cover_one == 0) & (cover_other == 0)
    if empty.any():
        void = _mixed(one, other, np.full_like(cover_one, moment))
        filled_one[empty] = filled_other[empty] = void[empty]
    return filled_one, filled_other, np.minimum(cover_one, cover_other) > 0


def _seen(frame: np.ndarray, camera: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A frame moved by a homography, bicubic, uint8 (H, W, 3), and float32 (H, W) 0..1: how far inside it one is."""
    height, width = frame.shape[:2]
    shrink = np.sqrt(abs(np.linalg.det(camera[:2, :2] / camera[2, 2])))
    if shrink < 0.8:  # a bicubic sample would miss every second pixel
        frame = cv2.GaussianBlur(frame, (0, 0), 0.45 * (1 / shrink - 0.8))
    picture = cv2.warpPerspective(
        frame, camera, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
    )
    grid = pixel_grid(height, width).reshape(-1, 1, 2)
    back = cv2.perspectiveTransform(grid, np.linalg.inv(camera)).reshape(height, width, 2)
    x, y = back[..., 0], back[..., 1]
    depth = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
    return picture, np.clip(0.5 + depth / (_FEATHER * np.hypot(height, width)), 0, 1) * (depth > -0.5)


def _mixed(one: np.ndarray, other: np.ndarray, share: np.ndarray) -> np.ndarray:
    if not share.any():
        return one.copy()
    share = share[..., None].astype(np.float32)
    return np.rint(one * (1 - share) + other * share).astype(np.uint8)


def _carried(flow: np.ndarray, back: np.ndarray) -> np.ndarray:
    """A flow of the middle view as seen from another moment; ``back`` takes that moment's points to the middle."""
    height, width = flow.shape[:2]
    grid = pixel_grid(height, width)
    start = cv2.perspectiveTransform(grid.reshape(-1, 1, 2), back).reshape(height, width, 2)
    there = start + cv2.remap(flow, start, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    home = cv2.perspectiveTransform(there.reshape(-1, 1, 2), np.linalg.inv(back)).reshape(height, width, 2)
    return np.ascontiguousarray(home - grid)


def _matches(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Points (N, 2) of grey pictures that match, each the other's best and clearly better than its second best."""
    sift = cv2.SIFT_create(nfeatures=_FEATURES, contrastThreshold=0.02)
    (keys_first, words_first), (keys_second, words_second) = (sift.detectAndCompute(p, None) for p in (first, second))
    if min(len(keys_first), len(keys_second)) < _FEWEST:
        return None
    words_first, words_second = (np.sqrt(w / (w.sum(1, keepdims=True) + 1e-6)) for w in (words_first, words_second))
    likeness = words_first @ words_second.T  # Hellinger kernel (Arandjelovic and Zisserman, 2012): more is nearer
    best = likeness.argmax(1)
    mutual = likeness.argmax(0)[best] == np.arange(len(best))
    top = likeness[np.arange(len(best)), best]
    likeness[np.arange(len(best)), best] = -1
    clear = np.sqrt(np.maximum(0, 1 - top)) < _RATIO * np.sqrt(np.maximum(1e-6, 1 - likeness.max(1)))
    chosen = np.flatnonzero(mutual & clear)
    if len(chosen) < _FEWEST:
        return None
    here = np.float32([keys_first[i].pt for i in chosen])
    there = np.float32([keys_second[best[i]].pt for i in chosen])
    return here, there


def _resizing(scale: float) -> np.ndarray:
    """Takes points of a picture to the same points of its resized one; pixel centres are on whole numbers in both."""
    return np.array([[scale, 0, (scale - 1) / 2], [0, scale, (scale - 1) / 2], [0, 0, 1]])


def _resized(log: np.ndarray, scale: float) -> np.ndarray:
    """The logarithm for pictures of full size of one found on pictures smaller by ``scale``."""
    shrink = _resizing(scale)
    return np.linalg.inv(shrink) @ log @ shrink


def _is_sane(camera: np.ndarray, height: float, width: float) -> bool:
    """Whether a homography keeps the frame a convex four-corner of a likely size, right side up."""
    corners = np.float64([[0, 0], [width, 0], [width, height], [0, height]]).reshape(-1, 1, 2)
    depth = corners.reshape(-1, 2) @ camera[2, :2] + camera[2, 2]
    if (depth <= 0.2 * depth.max()).any():
        return False
    moved = cv2.perspectiveTransform(corners, camera).reshape(4, 2)
    sides = np.roll(moved, -1, axis=0) - moved
    turns = sides[:, 0] * np.roll(sides[:, 1], -1) - sides[:, 1] * np.roll(sides[:, 0], -1)
    area = cv2.contourArea(moved.astype(np.float32)) / (height * width)
    return bool((turns > 0).all()) and 0.04 < area < 25


def logarithm(matrix: np.ndarray) -> np.ndarray | None:
    """The principal logarithm of a 3x3 matrix, if it has one: by square roots (Denman and Beavers, 1976), and a series.

    None for a mirror or for half a turn, of which nobody can tell which way it went. The matrix is taken at determinant
    1, which means the same to homogeneous points.
    """
    if not np.linalg.det(matrix) > 1e-9:
        return None
    root = matrix / np.cbrt(np.linalg.det(matrix))
    values = np.linalg.eigvals(root)
    if (np.abs(np.angle(values)) > 0.97 * np.pi).any():
        return None
    halvings = 0
    while np.abs(root - np.eye(3)).max() > 0.05 and halvings < _ROOTS:
        product, inverse = root, np.eye(3)
        for _ in range(_ROOTS):
            product, inverse = 0.5 * (product + np.linalg.inv(inverse)), 0.5 * (inverse + np.linalg.inv(product))
        root, halvings = product, halvings + 1
    small = root - np.eye(3)
    log, power = np.zeros((3, 3)), np.eye(3)
    for order in range(1, 16):
        power = power @ small
        log += power * ((-1) ** (order + 1) / order)
    log *= 2.0**halvings
    again = _exponential(log)
    wanted = matrix / np.cbrt(np.linalg.det(matrix))
    return log if np.allclose(again, wanted, rtol=1e-3, atol=1e-3 * np.abs(wanted).max()) else None


def _exponential(matrix: np.ndarray) -> np.ndarray:
    """exp of a 3x3 matrix, by squaring a Taylor series."""
    squarings = max(0, int(np.ceil(np.log2(max(1e-9, np.abs(matrix).max())))) + 4)
    small, power, total = matrix / 2.0**squarings, np.eye(3), np.eye(3)
    for order in range(1, 10):
        power = power @ small / order
        total = total + power
    for _ in range(squarings):
        total = total @ total
    return total
