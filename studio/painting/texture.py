"""A noise texture that sticks to what moves: the grain of paper and paint follows the picture instead of the screen.

Kept are not the noise values, which would blur under repeated resampling, but the places at which every pixel looks
into one fixed, endless texture of white noise. Following a flow moves coordinates; the values stay white and of unit
variance. Where motion has stretched the texture too far, a block's coordinates are laid straight again: white noise
shows no seam, and a block that only moved does not change. Between such resets the wrinkles that a flow's errors leave
are relaxed little by little, or the dots of a print would be pulled to streaks on water and foliage.

Letters: h, w rows and columns; a flow is float32 (h, w, 2), x first, from the new frame back to the old one.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from studio.motion.warp import pixel_grid
from studio.painting.mending import mend

_TEXTURE = 1024  # side of the endless (wrapping) texture
_MARGIN = 5  # pixels of the texture repeated around it, for the interpolation's reach
_STILL = 0.05  # pixels: a smaller motion is the flow's own trembling
_COARSE = 4
_BLOCK = 16
_RELAXATION = 0.12  # of a wrinkle, per frame: dots stay round for a twentieth more of warping error
_TORN = 2.0  # pixels from the neighbourhood's mean: two motions meet, which is no wrinkle
_STRETCHED = 3.0  # pixels of median deviation from a rigid block


@dataclass(frozen=True, kw_only=True)
class Texture:
    """A texture as it lies on one picture. noise: float32 (h, w), zero mean, unit variance; shift: float32 (h, w, 2),
    where a pixel looks into the endless texture relative to itself, in pixels of (h, w)."""

    noise: np.ndarray
    shift: np.ndarray

    @staticmethod
    def still(height: int, width: int, seed: int) -> Texture:
        """For a single picture: another noise and another piece of every tiling for every seed."""
        rng = np.random.default_rng(seed)
        place = rng.integers(_TEXTURE, size=2).astype(np.float32)
        shift = np.broadcast_to(place, (height, width, 2)).copy()
        return Texture(noise=rng.standard_normal((height, width), np.float32), shift=shift)


def length(across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Length of vectors by their two parts, float32 of any one shape. Not cv2.magnitude: its last bit depends on where
    the arrays lie in memory, and one seed must give one picture.
    """
    return np.sqrt(across * across + down * down)


def _relaxed(shift: np.ndarray) -> np.ndarray:
    """The shifts (h, w, 2) a little nearer to their neighbourhood's mean, except where two motions meet."""
    height, width = shift.shape[:2]
    small = (max(1, width // _COARSE), max(1, height // _COARSE))
    smooth = cv2.resize(shift, small, interpolation=cv2.INTER_AREA)
    smooth = cv2.GaussianBlur(smooth, (0, 0), 2.0, borderType=cv2.BORDER_REPLICATE)
    step = cv2.resize(smooth, (width, height))
    cv2.subtract(step, shift, dst=step)
    across, down = cv2.split(step)
    rate = ((np.abs(across) < _TORN) & (np.abs(down) < _TORN)) * np.float32(_RELAXATION)
    return cv2.add(shift, cv2.multiply(step, cv2.merge([rate, rate])))


class MovingTexture:
    """White noise (h, w) that can follow a flow. Two of the same seed and the same flows are equal.

    mends: tiles are laid by it, which must not stay torn behind what moves (studio/painting/mending.py); noise may.
    relaid: bool (h, w), where it was laid anew in the last motion, so that tiles are others than they were; None where
    nothing was, and always without mending.
    """

    def __init__(self, height: int, width: int, seed: int, *, mends: bool = False) -> None:
        self._mends = mends
        self.relaid: np.ndarray | None = None
        self._rng = np.random.default_rng(seed)
        self._grid = pixel_grid(height, width)
        self._texture = self._rng.standard_normal((_TEXTURE, _TEXTURE)).astype(np.float32)
        self._texture = np.pad(self._texture, _MARGIN, mode="wrap")
        self._shift = np.zeros_like(self._grid)  # where a pixel looks, relative to itself

    def restart(self) -> None:
        """Another shot begins: an unrelated piece of the texture, lying straight."""
        self.relaid = None
        self._shift = np.broadcast_to(
            self._rng.integers(_TEXTURE, size=2).astype(np.float32), self._grid.shape
        ).copy()

    def follow(self, flow: np.ndarray) -> None:
        """Moves with a flow, float32 (h, w, 2) in pixels, that leads every pixel of the new frame to its place in the
        old.
        """
        self.relaid = None
        across, down = cv2.split(flow)
        moving = length(across, down) >= _STILL
        if not moving.any():
            return
        flow = cv2.merge([across * moving, down * moving])
        # The nearest old pixel's shift, plus the flow: coordinates go on straight beyond the frame and over tears.
        where = cv2.add(self._grid, flow)
        carried = cv2.remap(self._shift, where, None, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
        shift = _relaxed(cv2.add(carried, flow))
        mended = mend(shift, flow) if self._mends else None
        self._shift = self._straighten(shift) if mended is None else mended
        if self._mends and self._shift is not shift:
            across, down = cv2.split(cv2.absdiff(self._shift, shift))
            self.relaid = cv2.dilate((across + down > 1).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0

    def lay(self) -> Texture:
        """The texture as it lies now; later motions leave it as it is."""
        return Texture(noise=self._noise(), shift=self._shift)

    def _noise(self) -> np.ndarray:
        """The texture as it lies now: float32 (h, w), zero mean, unit variance."""
        where = self._grid + self._shift
        where -= np.floor(where * np.float32(1 / _TEXTURE)) * np.float32(_TEXTURE) - np.float32(_MARGIN)
        # A nearly ideal interpolation: with a bilinear one the strokes' strength would pulse as the texture slides over
        # the pixels.
        return cv2.remap(self._texture, where, None, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE)

    def _straighten(self, shift: np.ndarray) -> np.ndarray:
        """Lays blocks rigid again in which the median pixel has left its place by `_STRETCHED`."""
        height, width = shift.shape[:2]
        rows, columns = max(1, height // _BLOCK), max(1, width // _BLOCK)
        middle_y = np.minimum((np.arange(rows) + 0.5) * height / rows, height - 1).astype(int)
        middle_x = np.minimum((np.arange(columns) + 0.5) * width / columns, width - 1).astype(int)
        rigid = shift[np.ix_(middle_y, middle_x)]
        rigid = cv2.resize(rigid, (width, height), interpolation=cv2.INTER_NEAREST)
        across, down = cv2.split(cv2.subtract(shift, rigid))
        off = length(across, down) > _STRETCHED
        share = cv2.resize(off.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA)
        if share.max() <= 0.5:
            return shift
        worn = cv2.resize(share, (width, height), interpolation=cv2.INTER_NEAREST) > 0.5
        return np.where(worn[..., None], rigid, shift)
