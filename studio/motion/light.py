"""Light that changes between frames of one shot: fades, exposure ramps, flashes.

Light is taken to act on the whole picture as a line on its values: second = gain * first + offset, for each channel
(a fade to black has an offset of 0, one to white 255 (1 - gain), a colour cast three different gains). The line is
fitted robustly after the motion is compensated, so that what moves, appears or is covered does not count as light.

For in-betweens: ``even_out`` brings both frames to one light, in which motion is measured and the in-between drawn;
its ``finish`` gives that the light of its moment. Frames around a flash are made from the calm ones on its two sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from studio.motion.flow import FlowQuality, estimate_flow
from studio.motion.warp import warp_backward

_WIDTH = 128
_THUMB = (32, 18)
_QUALITY = FlowQuality(preset="fast", finest_level=0)
_STEADY = 1.5  # levels of 255: a smaller change is not worth a second look, and coding makes as much of its own
_EXPLAINS = 0.6  # light explains a difference if no more than this share of it is left, where the difference is largest
_PLAIN = 2.0  # a channel that varies by less, in levels, has no contrast to measure
_FAINT = 0.1  # a picture with less than this share of the other's contrast has nothing left to follow
_SOFTEN = 1.5
_ROUNDS = 5
_OUTLIER = 4.7  # Tukey's biweight: residuals beyond this many deviations do not count
_OVER = 0.005  # share of values that may leave the range when a frame is brought to another light
_LIT = 8.0  # levels by which a flash is brighter, or a blink darker, than both its neighbours
_CALM = 0.35  # the neighbours of a flash differ from each other by no more than this share of its jump
LONGEST_FLASH = 2
"""Frames that a flash lasts at most; what is bright for longer is a picture of its own."""


@dataclass(frozen=True, kw_only=True)
class LightChange:
    """second = gain * first + offset, for R, G, B. The identity means that the light is steady, or that something else
    than light changed."""

    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def is_steady(self) -> bool:
        return self == STEADY

    @property
    def contrast(self) -> float:
        """Contrast of the second frame as a share of the first's: the mean gain, above 0."""
        return max(1e-6, float(np.mean(self.gain)))

    def relit(self, frame: np.ndarray) -> np.ndarray:
        """A picture in the first frame's light (uint8 RGB (H, W, 3)) in that of the second."""
        return self.moved(frame, 0.0, 1.0)

    def moved(self, frame: np.ndarray, of: float, to: float) -> np.ndarray:
        """A picture (uint8 RGB (H, W, 3)) from the light at share ``of`` of the change to that at share ``to``."""
        gain, offset = np.array(self.gain), np.array(self.offset)
        slope = (1 + to * (gain - 1)) / np.maximum(1 + of * (gain - 1), 1e-3)
        return _on_line(frame, slope, offset * (to - of * slope))


STEADY = LightChange()


def light_change(first: np.ndarray, second: np.ndarray) -> LightChange:
    """How the light changed between two frames of one shot (uint8 RGB (H, W, 3), one size); not for use across a cut.

    Steady light is seen in a tenth of a millisecond, the rest takes 3 ms on one thread. The same change in reverse is
    the inverse line, nearly.
    """
    thumb_first, thumb_second = (_thumb(frame) for frame in (first, second))
    if _spread_apart(thumb_first, thumb_second) < _STEADY:
        return STEADY
    height, width = first.shape[:2]
    size = (_WIDTH, max(16, round(_WIDTH * height / width)))
    small_first, small_second = _shrunk(first, size), _shrunk(second, size)
    line = _line_of_spreads(small_first, small_second)
    if _FAINT < line.contrast < 1 / _FAINT:
        # The flow needs even light and the light needs the flow: a first guess from the spreads, then once around.
        # The dimmer light holds both pictures without clipping, and the flow is content with less contrast.
        light = float(line.contrast < 1)
        evened = (line.moved(small_first, 0, light), line.moved(small_second, 1, light))
        moved = warp_backward(small_second, estimate_flow(*evened, _QUALITY))
        line = _robust_line(small_first, moved)
    else:
        moved = small_second
    return line if _explains(line, small_first, moved) else STEADY


@dataclass(frozen=True, kw_only=True, eq=False)
class Evened:
    """Two frames brought to one light, so that motion can be measured and in-betweens be drawn between them.

    first, second: uint8 RGB (H, W, 3), the frames themselves where the light is steady. Where one of them has nearly
    faded away there is no motion to measure: the other stands for it, and nothing moves.
    """

    first: np.ndarray
    second: np.ndarray
    change: LightChange
    light: float
    overlay: np.ndarray | None
    originals: tuple[np.ndarray, np.ndarray]

    def finish(self, drawn: np.ndarray, moment: float) -> np.ndarray:
        """An in-between drawn from ``first`` and ``second``, in the light of its moment; uint8 RGB (H, W, 3).

        moment: in [0, 1]. What does not follow the light (a title over a fade, the bars of a letterbox) is put back as
        it was.
        """
        if self.change.is_steady:
            return drawn
        relit = self.change.moved(drawn, self.light, moment)
        if self.overlay is None:
            return relit
        kept = cv2.addWeighted(self.originals[0], 1 - moment, self.originals[1], moment, 0)
        return cv2.copyTo(kept, self.overlay, relit)


def even_out(first: np.ndarray, second: np.ndarray) -> Evened:
    """Brings two frames (uint8 RGB (H, W, 3), one size) to one light.

    That light is the one with more contrast, unless it drives the other picture out of range.
    """
    change = light_change(first, second)
    originals = (first, second)
    if change.is_steady:
        return Evened(first=first, second=second, change=change, light=0.0, overlay=None, originals=originals)
    if not _FAINT < change.contrast < 1 / _FAINT:
        light = float(change.contrast > 1)
        pair = (second, second) if light else (first, first)
    else:
        light = float(change.contrast > 1)
        if _clipped(first, second, change, light):
            light = 1 - light
        pair = (change.moved(first, 0, light), change.moved(second, 1, light))
    overlay = _unlit_parts(first, second, change)
    if overlay is not None:  # as it was in both, so that it does not seem to move
        pair = tuple(cv2.copyTo(frame, overlay, even.copy()) for frame, even in zip(originals, pair))
    return Evened(first=pair[0], second=pair[1], change=change, light=light, overlay=overlay, originals=originals)


def flash_light(frames: Sequence[np.ndarray]) -> list[LightChange] | None:
    """A flash, or a blink to the dark: the light of each lit frame as it falls on the frame before; None if none.

    frames: 3 or 4 consecutive frames (uint8 RGB, one size) of which the first and the last are the calm ones. A flash
    lights the frames between and leaves the last as the first was. In-betweens there: made from the calm frames
    (so that the flash is not smeared), relit where they are nearer to a lit frame than to a calm one, or left calm.
    """
    assert 3 <= len(frames) <= LONGEST_FLASH + 2, len(frames)
    thumbs = [_thumb(frame).astype(np.float32) for frame in frames]
    levels = [float(thumb.mean()) for thumb in thumbs]
    calm = 0.5 * (levels[0] + levels[-1])
    jumps = [level - calm for level in levels[1:-1]]
    least = min(jumps, key=abs)
    if abs(least) < _LIT or any(jump * least < 0 for jump in jumps) or not _returns(frames[0], frames[-1], least):
        return None
    found = [_light_of_flash(frames[0], frame) for frame in frames[1:-1]]
    return None if any(light.is_steady for light in found) else found


# ---- evening


def _clipped(first: np.ndarray, second: np.ndarray, change: LightChange, light: float) -> bool:
    """Whether bringing one frame to the other's light drives more than _OVER of its values out of range."""
    faint = _thumb(first if light else second).astype(np.float32)
    gain, offset = np.array(change.gain), np.array(change.offset)
    there = faint * gain + offset if light else (faint - offset) / np.maximum(gain, 1e-3)
    return float(((there > 258) | (there < -3)).mean()) > _OVER


def _unlit_parts(first: np.ndarray, second: np.ndarray, change: LightChange) -> np.ndarray | None:
    """Mask, uint8 (H, W): 255 where both frames are alike although the light says that they must differ; None if
    nowhere."""
    differ, due = (_largest(cv2.absdiff(first, other)) for other in (second, change.relit(first)))
    alike = cv2.compare(cv2.add(cv2.multiply(differ, 4), 4), due, cv2.CMP_LE)
    # A speck is a coincidence of motion; a letter or a bar is larger.
    alike = cv2.morphologyEx(alike, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    return cv2.dilate(alike, np.ones((3, 3), np.uint8)) if cv2.countNonZero(alike) else None


def _largest(frame: np.ndarray) -> np.ndarray:
    """Of the three channels: uint8 (H, W)."""
    red, green, blue = cv2.split(frame)
    return cv2.max(cv2.max(red, green), blue)


# ---- fitting


def _line_of_spreads(first: np.ndarray, second: np.ndarray) -> LightChange:
    """The line that gives the values of `first` the median and spread of `second`'s: motion hardly matters to it."""
    low_first, mid_first, high_first = np.percentile(first.reshape(-1, 3), (10, 50, 90), axis=0)
    low_second, mid_second, high_second = np.percentile(second.reshape(-1, 3), (10, 50, 90), axis=0)
    spread = high_first - low_first
    gain = np.where(spread < _PLAIN, 1.0, (high_second - low_second) / np.maximum(spread, 1e-3))
    return _line(gain, mid_second - gain * mid_first)


def _robust_line(first: np.ndarray, moved: np.ndarray) -> LightChange:
    """The line from the values of `first` to those of `moved`, without what does not follow it (biweight).

    Its slope is the ratio of spreads, not that of least squares: errors in either picture must not bend it, and the
    inverse must be what the other direction finds.
    """
    soft = (cv2.GaussianBlur(frame, (0, 0), _SOFTEN) for frame in (first, moved))
    first, moved = (frame.reshape(-1, 3)[::2].astype(np.float32) for frame in soft)
    clear = ((first > 2) & (first < 253) & (moved > 2) & (moved < 253)).all(axis=1)
    if clear.sum() >= 0.1 * len(clear):
        first, moved = first[clear], moved[clear]
    spread = first.std(axis=0)
    gain = np.where(spread < _PLAIN, 1.0, moved.std(axis=0) / np.maximum(spread, 1e-3))
    offset = np.median(moved - gain * first, axis=0)
    for _ in range(_ROUNDS):
        residual = np.abs(moved - gain * first - offset).max(axis=1)
        scale = max(0.5, 1.48 * float(np.median(residual)))
        weight = np.maximum(0, 1 - (residual / (_OUTLIER * scale)) ** 2) ** 2
        mean_first, mean_moved = (np.average(values, axis=0, weights=weight) for values in (first, moved))
        spread = np.sqrt(np.average((first - mean_first) ** 2, axis=0, weights=weight))
        other = np.sqrt(np.average((moved - mean_moved) ** 2, axis=0, weights=weight))
        gain = np.where(spread < _PLAIN, 1.0, other / np.maximum(spread, 1e-3))
        offset = mean_moved - gain * mean_first
    return _line(gain, offset)


def _explains(line: LightChange, first: np.ndarray, moved: np.ndarray) -> bool:
    """Whether the line does away with most of the difference between motion-compensated pictures."""
    relit = line.relit(first)
    change = cv2.absdiff(first, relit).max(axis=2)
    if float(change.mean()) < _STEADY:
        return False
    touched = change >= _STEADY  # black stays black, whatever the light: it cannot witness
    before = cv2.absdiff(first, moved).astype(np.float32).mean(axis=2)[touched]
    left = cv2.absdiff(relit, moved).astype(np.float32).mean(axis=2)[touched]
    # Medians: what moved in a way that the flow did not follow is the same burden to both.
    return float(np.median(left)) < _EXPLAINS * float(np.median(before))


def _light_of_flash(calm: np.ndarray, lit: np.ndarray) -> LightChange:
    """Like light_change; a picture that flashes to a plain one has that one's values for its line."""
    thumb = _thumb(lit).reshape(-1, 3)
    if float(thumb.std(axis=0).max()) < 3 * _PLAIN:
        return _line(np.zeros(3), thumb.mean(axis=0))
    return light_change(calm, lit)


def _returns(before: np.ndarray, after: np.ndarray, jump: float) -> bool:
    """Whether the calm frames on either side of a flash are alike, compared with its jump."""
    first, second = (_thumb(frame).astype(np.float32) for frame in (before, after))
    return float(np.abs(first.mean(axis=(0, 1)) - second.mean(axis=(0, 1))).max()) < _CALM * abs(jump)


def _spread_apart(first: np.ndarray, second: np.ndarray) -> float:
    """How far two thumbnails are apart in mean or in spread, whichever is more, in levels."""
    first, second = (thumb.reshape(-1, 3).astype(np.float32) for thumb in (first, second))
    means = np.abs(first.mean(axis=0) - second.mean(axis=0))
    return float(max(means.max(), np.abs(first.std(axis=0) - second.std(axis=0)).max()))


def _line(gain: np.ndarray, offset: np.ndarray) -> LightChange:
    return LightChange(gain=tuple(map(float, gain)), offset=tuple(map(float, offset)))


def _on_line(frame: np.ndarray, gain: np.ndarray, offset: np.ndarray) -> np.ndarray:
    ramp = np.arange(256, dtype=np.float64)[:, None] * gain + offset
    return cv2.LUT(frame, np.clip(np.rint(ramp), 0, 255).astype(np.uint8)[None])


def _thumb(frame: np.ndarray) -> np.ndarray:
    rows = frame[:: max(1, len(frame) // (4 * _THUMB[1]))]  # four rows of each thumbnail's row tell enough
    return _shrunk(rows, _THUMB)


def _shrunk(frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
