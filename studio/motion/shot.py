"""The motion of a clip from frame to frame, as paint needs it: a cheap flow, what of the past can be trusted, and cuts.

A painted frame is the next one's past: carried along the flow it lies where its things are now. It counts only where
the source itself, carried in the same way, equals the new source; at uncovered places, on wrong matches and in a new
light it does not. Flow is found at half resolution (a fifth of the cost) and averaged by how much structure there is
to hold on to, because paint that trembles with the flow's own noise on skies and walls is worse than paint that lies
still.

Letters: H, W a frame's rows and columns, both even; h, w = H / 2, W / 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from studio.motion.cuts import is_cut
from studio.motion.flow import FlowQuality, estimate_flow
from studio.motion.warp import pixel_grid

# Finest level with wide patches and no refinement: found to explain train clips better than the refined coarser level
# does (mean difference 1.6 levels against 1.8) at the same cost.
_FLOW = FlowQuality(preset="fast", finest_level=0, patch_stride=5, smoothing=0)
_POOL = 2  # pixels of the half-size grey picture
_PLAIN = 1.5  # squared levels per pixel of gradient below which a place has no structure
_NOISE = 0.6  # the same, of a camera's noise
_STILL = 0.05  # pixels at half size: a smaller motion is the flow's own trembling
_SURE, _LOST = 4.0, 14.0  # levels of difference up to which the past is fully, and from which it is not to be trusted
_TRUST = np.clip((_LOST - np.arange(256)) / (_LOST - _SURE) * 255, 0, 255).astype(np.uint8)
_DOUBTED = 0.5  # mean trust below which a cut is looked for


@dataclass(frozen=True, eq=False)
class Step:
    """From one frame to the next of a shot.

    flow: float32 (h, w, 2), x first, in half-size pixels: new(x) looks like old(x + flow(x)); averaged for paint.
    raw: the flow before that, sharper where motions meet. trust: float32 (H, W), 0..1, where what is carried along the
    flow is right.
    """

    flow: np.ndarray
    raw: np.ndarray
    trust: np.ndarray

    def carry(self, planes: np.ndarray) -> np.ndarray:
        """Old planes, float32 (C, H, W), where their things are in the new frame.

        Cubic, so that what is carried from frame to frame stays sharp (a linear look-up takes a tenth of the contrast
        within a dozen frames); plane by plane, because OpenCV is four times as fast on those.
        """
        if not self.flow.any():
            return planes.copy()
        height, width = self.trust.shape
        where = cv2.resize(self.flow, (width, height))
        where = cv2.scaleAdd(where, 2.0, pixel_grid(height, width))
        carried = np.empty(planes.shape, np.float32)
        for plane, result in zip(planes, carried):
            cv2.remap(plane, where, None, cv2.INTER_CUBIC, result, borderMode=cv2.BORDER_REPLICATE)
        return carried


class Shot:
    """Follows one clip; remembers its last frame only. Two that see the same frames say the same."""

    def __init__(self) -> None:
        self._frame: np.ndarray | None = None
        self._colours: np.ndarray | None = None  # the last frame at half size: RGB and a plane of 255
        self._grey: np.ndarray | None = None

    def step(self, frame: np.ndarray) -> Step | None:
        """The step that leads to this frame, uint8 RGB (H, W, 3); None where a shot begins. Keep the frame as it is."""
        half = cv2.resize(frame, (frame.shape[1] // 2, frame.shape[0] // 2), interpolation=cv2.INTER_AREA)
        grey = cv2.cvtColor(half, cv2.COLOR_RGB2GRAY)
        colours = cv2.cvtColor(half, cv2.COLOR_RGB2RGBA)
        step = None
        if self._grey is not None:
            raw = estimate_flow(grey, self._grey, _FLOW)
            flow = _settled(raw, grey)
            trust = _trust(self._colours, colours, flow)
            trust = cv2.resize(trust, (frame.shape[1], frame.shape[0])).astype(np.float32)
            step = Step(flow, raw, trust * np.float32(1 / 255))
            if float(step.trust.mean()) < _DOUBTED and is_cut(self._frame, frame):
                step = None
        self._frame, self._colours, self._grey = frame, colours, grey
        return step


def _settled(flow: np.ndarray, grey: np.ndarray) -> np.ndarray:
    """The flow averaged by structure, nil where there is none to hold on to and where it only trembles."""
    across = cv2.Scharr(grey, cv2.CV_32F, 1, 0, scale=1 / 32)
    down = cv2.Scharr(grey, cv2.CV_32F, 0, 1, scale=1 / 32)
    weight = cv2.multiply(across, across)
    cv2.accumulateSquare(down, weight)
    weight = cv2.max(cv2.subtract(weight, _NOISE), 0)
    height, width = grey.shape
    small = (max(1, width // _POOL), max(1, height // _POOL))
    # Plane by plane: numpy takes three times as long over the two numbers of each pixel.
    x, y = cv2.split(flow)
    weighted = cv2.merge([cv2.multiply(x, weight), cv2.multiply(y, weight), weight])
    pooled = cv2.resize(weighted, small, interpolation=cv2.INTER_AREA)
    x, y, weight = cv2.split(cv2.GaussianBlur(pooled, (0, 0), 1.0, borderType=cv2.BORDER_REPLICATE))
    weight = cv2.add(weight, _PLAIN)
    x, y = cv2.divide(x, weight), cv2.divide(y, weight)
    moving = cv2.max(np.abs(x), np.abs(y)) >= np.float32(_STILL)
    return cv2.resize(cv2.merge([x * moving, y * moving]), (width, height))


def _trust(old: np.ndarray, new: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """uint8 (h, w), 0..255: how well the old picture, carried along the flow, explains the new one.

    old, new: uint8 (h, w, 4), the fourth plane 255 everywhere: carried from beyond the frame it is 0, never trusted.
    """
    where = pixel_grid(*flow.shape[:2]) + flow
    carried = cv2.remap(old, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    red, green, blue, inside = cv2.split(cv2.absdiff(carried, new))
    off = cv2.max(cv2.max(red, green), cv2.max(blue, inside))
    return cv2.LUT(cv2.blur(off, (3, 3)), _TRUST)
