"""Dense optical flow by DIS (Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016; OpenCV's).

Letters: H, W rows and columns; a flow is float32 (H, W, 2), x first, in pixels. DIS was chosen by measurement: better
than Farneback's flow for in-betweens and three times as fast. The OpenCV object keeps buffers between calls and must
never serve two threads, so each call makes its own (a tenth of a millisecond).
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass

import cv2
import numpy as np

from studio.motion.warp import resize_flow, warp_backward

_SMALLEST_SIDE = 16  # DIS refuses pictures whose pyramid has no level of at least one 8-pixel patch


@dataclass(frozen=True, kw_only=True)
class FlowQuality:
    """How much work the flow is worth.

    preset: OpenCV's DIS preset (ultrafast, fast, medium). scale: the flow is computed on the frames resized by this
    factor, in (0, 1]. finest_level: the finest pyramid level computed (0 = the resized frame itself), None = the
    preset's own (1 or 2). patch_stride: pixels between patches, None = the preset's own. smoothing: rounds of
    variational refinement on each level, None = the preset's own (0 or 5): a third of the time, for a tenth of a dB.
    """

    preset: str = "medium"
    scale: float = 1.0
    finest_level: int | None = None
    patch_stride: int | None = None
    smoothing: int | None = None

    def __post_init__(self) -> None:
        assert self.preset in _PRESETS, self.preset
        assert 0 < self.scale <= 1, self.scale


_PRESETS: dict[str, int] = {
    "ultrafast": cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
    "fast": cv2.DISOPTICAL_FLOW_PRESET_FAST,
    "medium": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
}

MEDIUM = FlowQuality()


def estimate_flow(first: np.ndarray, second: np.ndarray, quality: FlowQuality = MEDIUM) -> np.ndarray:
    """Where every pixel of `first` went: float32 (H, W, 2), with first(x) ~ second(x + flow(x)).

    first, second: uint8 RGB (H, W, 3) or grey (H, W), of the same size. Still regions give (nearly) zero.
    """
    return _flow_of_grey(*_prepare(first, second, quality), first.shape[:2], quality)


def estimate_both_ways(
    first: np.ndarray, second: np.ndarray, quality: FlowQuality = MEDIUM, pool: Executor | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """(first -> second, second -> first), each float32 (H, W, 2); side by side when a thread pool is given."""
    small_first, small_second = _prepare(first, second, quality)
    size = first.shape[:2]
    if pool is None:
        return (
            _flow_of_grey(small_first, small_second, size, quality),
            _flow_of_grey(small_second, small_first, size, quality),
        )
    backward = pool.submit(_flow_of_grey, small_second, small_first, size, quality)
    return _flow_of_grey(small_first, small_second, size, quality), backward.result()


def invert_flow(flow: np.ndarray, moment: float, steps: int = 2) -> np.ndarray:
    """Carries a flow to another moment: the v with v(x) = flow(x - moment v(x)), float32 (H, W, 2).

    Fixed-point iteration (Sanchez et al., "Computing inverse optical flow", 2015). moment 0 is the flow's own frame
    and 1 the frame it points to; beyond 1 extrapolates. v is the same motion, seen from the pixels of that moment.
    Converges where the motion varies by less than a pixel per pixel; at occlusions it picks one of the surfaces.
    """
    carried = flow
    for _ in range(steps):
        carried = warp_backward(flow, -moment * carried)
    return carried


def inconsistency(forward: np.ndarray, backward: np.ndarray) -> np.ndarray:
    """How far a pixel lands from home after going there and back, in pixels, float32 (H, W).

    Near zero where the flow is to be trusted; large at occlusions and on wrong matches.
    """
    return np.linalg.norm(forward + warp_backward(backward, forward), axis=2)


def _prepare(first: np.ndarray, second: np.ndarray, quality: FlowQuality) -> tuple[np.ndarray, np.ndarray]:
    assert first.shape == second.shape, (first.shape, second.shape)
    height, width = first.shape[:2]
    size = (
        max(_SMALLEST_SIDE, round(width * quality.scale)),
        max(_SMALLEST_SIDE, round(height * quality.scale)),
    )
    return _grey(first, size), _grey(second, size)


def _grey(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if (image.shape[1], image.shape[0]) != size:
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else np.ascontiguousarray(image)


def _flow_of_grey(first: np.ndarray, second: np.ndarray, size: tuple[int, int], quality: FlowQuality) -> np.ndarray:
    search = cv2.DISOpticalFlow_create(_PRESETS[quality.preset])
    if quality.finest_level is not None:
        search.setFinestScale(quality.finest_level)
    if quality.patch_stride is not None:
        search.setPatchStride(quality.patch_stride)
    if quality.smoothing is not None:
        search.setVariationalRefinementIterations(quality.smoothing)
    return resize_flow(search.calc(first, second, None), *size)
