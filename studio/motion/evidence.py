"""What a forecast knows about itself, told to the generator that corrects it, and the correction carried out.

``gather`` once per clip, then per frame: ``tell`` what is known about each place of the forecast on a coarse grid
(half of the motion grid), the generator answers with a ``Correction``, and ``put_together`` draws the frame at full
size, so that the generator never works on full pixels and costs the same for every size of frame.

Letters: H, W rows and columns of the frame; h, w motion grid; u, v coarse grid, half of it (rounded up); C channels of
``tell``. Vectors are in cells, half as wide as the coarse grid's, x first.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from studio.motion.carry import Trace
from studio.motion.forecast import Motion
from studio.motion.warp import pixel_grid

VECTORS = ("way", "slow", "bend", "own")
"""Ways to move what arrives at a place, two channels each and first of all in ``tell``: all of the way it has come;
what it would lag by at the slow velocity; by the change of velocity going on; and by not moving by itself at all."""

MAPS = (
    *("trust", "slow_trust", "agreement", "mismatch", "settle_frames"),
    *("uncovered", "outside", "moved"),
    *("contrast", "unlike", "change"),
)
"""One channel each: of the motion that led here (see ``Motion``), of the trace (see ``Trace``), and of the pictures:
detail of the forecast, how unlike it the second opinion and the last frame are; each about 0..1."""

CHANNELS = 2 * len(VECTORS) + len(MAPS) + 9
"""C: vectors, maps, then RGB of the forecast, of the second opinion minus it and of the last frame minus it."""

OPINIONS = ("forecast", "second", "last", "soft")
"""What a frame is mixed of: the forecast as shifted, the second opinion, the last frame, the forecast out of focus."""

_LONGEST = 12.0  # frames


@dataclass(frozen=True)
class Correction:
    """What is to be changed about a forecast, float32.

    ``shift`` (u, v, 2): each place shows what the forecast has so many cells further; ``shares`` (2u, 2v, 4) of
    OPINIONS, their sum 1; ``colour`` (u, v, 3), -1..1, added where something new comes to light.
    """

    shift: np.ndarray
    shares: np.ndarray
    colour: np.ndarray


def gather(motion: Motion) -> np.ndarray:
    """What is known about each place of the last frame, float32 (h, w, 11): see VECTORS and MAPS."""
    quick, slow, before = (field / motion.scale for field in (motion.quick, motion.slow, motion.before))
    settle_frames = np.log1p(np.clip(motion.settle_frames, 0, 100)) / 4
    maps = (motion.trust, motion.slow_trust, motion.agreement, motion.mismatch / 16, settle_frames)
    return np.dstack([slow - quick, quick - before, quick, *maps]).astype(np.float32)


def coarse_of(grid: tuple[int, int]) -> tuple[int, int]:
    """(u, v) for a motion grid (h, w)."""
    return (grid[0] + 1) // 2, (grid[1] + 1) // 2


def tell(known: np.ndarray, path: Trace, opinions: tuple[np.ndarray, ...], progress: float) -> np.ndarray:
    """What is known about each place of a forecast ``progress`` frames ahead, float32 (u, v, C).

    known: from ``gather``; opinions: forecast, second opinion and last frame, uint8 (H, W, 3).
    """
    grid = known.shape[:2]
    u, v = coarse_of(grid)
    height, width = path.moved.shape
    where = cv2.resize(path.where, (v, u), interpolation=cv2.INTER_AREA)
    guides = (path.uncovered, path.outside, path.moved)
    guides = [cv2.resize(one, (v, u), interpolation=cv2.INTER_AREA) for one in guides]
    spacing = np.array([width / v, height / u], np.float32)
    way = 2 * ((where + 0.5) / spacing - pixel_grid(u, v) - 0.5)
    at = (where + 0.5) * np.array([grid[1] / width, grid[0] / height], np.float32) - 0.5
    there = cv2.remap(known, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    # Beyond what was ever seen in training, what is told must not go on growing.
    progress = min(progress, _LONGEST)
    bend = -0.5 * progress * (progress + 1) * there[..., 2:4]
    vectors = np.dstack([way, -progress * there[..., :2], bend, -progress * there[..., 4:6]])
    pictures = [cv2.resize(one, (v, u), interpolation=cv2.INTER_AREA).astype(np.float32) / 255 for one in opinions]
    apart = [_grey(cv2.absdiff(one, opinions[0]), (v, u)) / 16 for one in opinions[1:]]
    maps = [there[..., 6:], *guides, _contrast(opinions[0], (v, u)) / 16, *apart]
    forecast, second, last = pictures
    return np.dstack([vectors, *maps, forecast, second - forecast, last - forecast]).astype(np.float32)


def _grey(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The mean of the colours over the blocks of a smaller picture of ``size`` (width, height), float32."""
    return cv2.cvtColor(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY).astype(np.float32)


def _contrast(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Mean absolute detail, in levels, that a picture of ``size`` (width, height) cannot show."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    back = cv2.resize(small, grey.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return cv2.resize(cv2.absdiff(grey, back), size, interpolation=cv2.INTER_AREA).astype(np.float32)


def soft(forecast: np.ndarray, coarse: tuple[int, int]) -> np.ndarray:
    """A forecast as sharp as the coarse grid (u, v) can show it, uint8 (H, W, 3)."""
    small = cv2.resize(forecast, coarse[::-1], interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (forecast.shape[1], forecast.shape[0]), interpolation=cv2.INTER_LINEAR)


def put_together(opinions: tuple[np.ndarray, ...], path: Trace, correction: Correction) -> np.ndarray:
    """The corrected frame, uint8 (H, W, 3). What has neither moved nor come to light stays as it is.

    opinions: forecast, second opinion and last frame.
    """
    forecast = opinions[0]
    height, width = forecast.shape[:2]
    u, v = correction.shift.shape[:2]
    new = np.maximum(path.uncovered, path.outside)
    touch = np.maximum(path.moved, new)
    half = np.array([width / v / 2, height / u / 2], np.float32)
    shift = cv2.resize(correction.shift * half, (width, height), interpolation=cv2.INTER_LINEAR)
    where = pixel_grid(height, width) + cv2.multiply(shift, cv2.merge([touch, touch]))
    made = cv2.remap(forecast, where, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    sofar = correction.shares[..., 0]
    for position, other in enumerate((*opinions[1:], None), start=1):
        share = correction.shares[..., position]
        sofar = sofar + share
        if float(share.max()) < 1e-3:
            continue
        part = cv2.resize(share / np.maximum(sofar, 1e-6), (width, height), interpolation=cv2.INTER_LINEAR) * touch
        made = cv2.blendLinear(made, soft(forecast, (u, v)) if other is None else other, 1 - part, part)
    if new.any() and correction.colour.any():
        colour = cv2.resize(correction.colour, (width, height), interpolation=cv2.INTER_LINEAR) * new[..., None]
        made = np.clip(np.rint(made + 255 * colour), 0, 255).astype(np.uint8)
    return made
