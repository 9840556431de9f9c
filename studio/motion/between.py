"""Classical motion-compensated synthesis of the frame at moment t between two frames.

Both flows are carried to moment t, which gives two opinions of the motion there (v from the first frame's flow, w from
the second's, both pointing from the first frame to the second). Each opinion fetches a sample from either frame: four
warped pictures. An opinion counts the more, the better its own two samples agree (5-pixel window), and within it the
nearer frame counts the more. Weights are found at half resolution, the four final warps are bicubic at full resolution.
Forward-backward occlusion weights and splatting of frames were tried in its place and measured worse.

Letters: H, W full rows and columns; h, w = half of them, rounded up; four warps in the order (first by v, second by v,
first by w, second by w).
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass

import cv2
import numpy as np

from studio.motion.flow import FlowQuality, estimate_both_ways, inconsistency, invert_flow
from studio.motion.warp import inside_frame, pixel_grid, resize_flow, warp_backward

_AGREEMENT = 14.0  # levels of 255: a disagreement of the two samples by this much divides an opinion's weight by e
_WINDOW = 5
_OFF_FRAME = 12.0  # what an opinion that looks beyond the frame is supposed to disagree by
_SLIVER = 1e-3
_HOME = 0.016  # of the diagonal: how far a point may miss its home, there and back

_MODERATE = FlowQuality(preset="medium", finest_level=0, patch_stride=4)  # stride 3: .04 dB better, a third slower
_LARGE = FlowQuality(preset="medium", finest_level=1)
_LARGE_PIXELS = 360 * 640
ROUGH = FlowQuality(preset="fast", finest_level=0, patch_stride=4, smoothing=0)
"""A tenth of a dB worse than the classical synthesis' own and half its time: what the generator starts from."""


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Two frames with the motion between them; the in-betweens of a gap share it.

    first, second: uint8 (H, W, 3); half_first, half_second: uint8 (h, w, 3); forward, backward: float32 (h, w, 2) flows
    first -> second and second -> first in half pixels. Where the frames before and after the gap are known and as far
    away in time as the gap is long: half_before, half_after: uint8 (h, w, 3), and the flows to them, to_before from
    `first` and to_after from `second`.
    """

    first: np.ndarray
    second: np.ndarray
    half_first: np.ndarray
    half_second: np.ndarray
    forward: np.ndarray
    backward: np.ndarray
    half_before: np.ndarray | None = None
    half_after: np.ndarray | None = None
    to_before: np.ndarray | None = None
    to_after: np.ndarray | None = None


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """What is known at moment t of a gap, at half resolution.

    moment: in (0, 1); motions: float32 (2, h, w, 2), the opinions v and w in half pixels; warps: uint8 (4, h, w, 3);
    weights: float32 (4, h, w), positive, of sum 1: the classical choice.
    """

    moment: float
    motions: np.ndarray
    warps: np.ndarray
    weights: np.ndarray


def measure_gap(
    first: np.ndarray, second: np.ndarray, quality: FlowQuality | None = None, pool: Executor | None = None
) -> Gap:
    """The motion between two uint8 RGB frames (H, W, 3) of one size, both ways; `quality` None goes by the frame's
    size.
    """
    height, width = first.shape[:2]
    size = ((width + 1) // 2, (height + 1) // 2)
    half_first = cv2.resize(first, size, interpolation=cv2.INTER_AREA)
    half_second = cv2.resize(second, size, interpolation=cv2.INTER_AREA)
    if quality is None:
        quality = _LARGE if size[0] * size[1] > _LARGE_PIXELS // 2 else _MODERATE
    forward, backward = estimate_both_ways(half_first, half_second, quality, pool)
    return Gap(
        first=first, second=second, half_first=half_first, half_second=half_second, forward=forward, backward=backward
    )


def candidates(gap: Gap, moment: float) -> Candidates:
    """The four half-resolution warps and their classical weights at a moment in (0, 1)."""
    motions = np.stack([invert_flow(gap.forward, moment), -invert_flow(gap.backward, 1 - moment)])
    warps, weights = [], []
    for motion in motions:
        to_first, to_second = -moment * motion, (1 - moment) * motion
        sample_first = warp_backward(gap.half_first, to_first)
        sample_second = warp_backward(gap.half_second, to_second)
        in_first, in_second = inside_frame(to_first), inside_frame(to_second)
        difference = cv2.cvtColor(cv2.absdiff(sample_first, sample_second), cv2.COLOR_RGB2GRAY)
        difference = cv2.blur(difference, (_WINDOW, _WINDOW)).astype(np.float32)
        trust = np.exp(np.where(in_first & in_second, difference, _OFF_FRAME) / np.float32(-_AGREEMENT))
        share_first = np.float32(1 - moment) * (in_first + np.float32(_SLIVER))
        share_second = np.float32(moment) * (in_second + np.float32(_SLIVER))
        trust /= share_first + share_second
        warps += [sample_first, sample_second]
        weights += [share_first * trust, share_second * trust]
    weight = np.stack(weights)
    weight /= weight.sum(axis=0, keepdims=True)
    return Candidates(moment=moment, motions=motions, warps=np.stack(warps), weights=weight)


def matched_share(gap: Gap) -> float:
    """The share, 0..1, of the first frame's points that come home when they follow the motion there and back."""
    limit = _HOME * float(np.hypot(*gap.forward.shape[:2]))
    return float((inconsistency(gap.forward, gap.backward) < limit).mean())


def full_warps(gap: Gap, found: Candidates, pool: Executor | None = None) -> list[np.ndarray]:
    """The four warps at full resolution, bicubic, uint8 (H, W, 3) each; side by side when a thread pool is given."""
    height, width = gap.first.shape[:2]
    grid = pixel_grid(height, width)

    def pair(motion: np.ndarray) -> list[np.ndarray]:
        large = resize_flow(motion, height, width)
        return [
            cv2.remap(image, grid + np.float32(reach) * large, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
            for image, reach in ((gap.first, -found.moment), (gap.second, 1 - found.moment))
        ]

    if pool is None:
        return pair(found.motions[0]) + pair(found.motions[1])
    other = pool.submit(pair, found.motions[1])
    return pair(found.motions[0]) + other.result()


def blend(warps: list[np.ndarray], weights: np.ndarray) -> np.ndarray:
    """The weighted mean of the four full warps, uint8 (H, W, 3).

    warps: uint8 (H, W, 3) each; weights: float32 (4, h, w) of sum 1, stretched to full size here.
    """
    height, width = warps[0].shape[:2]
    large = cv2.resize(np.ascontiguousarray(weights.transpose(1, 2, 0)), (width, height))
    total = np.zeros((height, width, 3), np.float32)
    for index, warp in enumerate(warps):
        total += warp * large[..., index : index + 1]
    return np.clip(np.rint(total, out=total), 0, 255, out=total).astype(np.uint8)


def synthesise(gap: Gap, moment: float, pool: Executor | None = None) -> np.ndarray:
    """The classical in-between frame, uint8 (H, W, 3), at a moment in (0, 1)."""
    found = candidates(gap, moment)
    return blend(full_warps(gap, found, pool), found.weights)
