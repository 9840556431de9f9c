"""Plates: what one strip of a place is made of, drawn once with filled outlines and relit for every scene.

A plate does not know the time of day. It holds materials: colour in white light, where snow would settle, which lamps
would burn, what mirrors the sky, how much air lies in front. `scenery.py` turns plates into strips under any light
with a few multiplications, so a scene costs milliseconds however rich its outlines are; and as outlines are the same
in every scene of a place, a generator can learn them by heart.

Lengths in frame heights, x 0..2 to the right and y 0..1 downwards; colours 0..1. Letters: H rows, W = 2 H columns of
the canvas, which is drawn larger than the strip and averaged down.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Colour = tuple[float, float, float]
Outline = NDArray[np.float64]

#: Channels of a plate, all premultiplied by alpha: colour, alpha, light of its own (shown when lamps burn), snow
#: cover, air (share of the haze's colour), mirror (share of the sky's image), rim (where low light catches an edge).
INK, ALPHA, GLOW, SNOW, AIR, MIRROR, RIM = slice(0, 3), 3, slice(4, 7), 7, 8, 9, 10
CHANNELS = 11
_BITS = 4  # fractional bits of cv2's coordinates


class Plate:
    """A canvas for one strip.

    Args:
        height: rows of the canvas; it is twice as wide.
        seed: decides everything random that is drawn on it.
    """

    def __init__(self, height: int, seed: int) -> None:
        self.height, self.width = height, 2 * height
        self.data: Array = np.zeros((height, self.width, CHANNELS), np.float32)
        self.x: Array = ((np.arange(self.width) + 0.5) / height).astype(np.float32)
        self.y: Array = ((np.arange(height) + 0.5) / height).astype(np.float32)
        self.rng = np.random.default_rng(seed)

    # -------------------------------------------------------------------------------------------- masks

    def shape(self, outlines: Iterable[Outline]) -> Array:
        """Mask (H, W) in 0..1 of the union of closed outlines, each (k, 2)."""
        image = np.zeros((self.height, self.width), np.uint8)
        for outline in outlines:
            points = np.round(np.asarray(outline) * self.height * (1 << _BITS) - (1 << (_BITS - 1))).astype(np.int32)
            cv2.fillPoly(image, [points], 255, cv2.LINE_AA, _BITS)
        return image.astype(np.float32) / 255

    def below(self, top: Array) -> Array:
        """Mask of everything below an outline y = top(x), given at `self.x`."""
        return np.clip((self.y[:, None] - top[None, :]) * self.height + 0.5, 0, 1).astype(np.float32)

    def soft(self, mask: Array, radius: float) -> Array:
        """A mask with edges blurred over `radius`."""
        return cv2.GaussianBlur(mask, (0, 0), max(radius * self.height, 0.3))

    # -------------------------------------------------------------------------------------------- outlines

    def hills(self, base: float, swing: float, often: float = 1.0, dip: float = 0.0) -> Array:
        """Rounded outline; `dip` lowers its middle so that a subject has room."""
        phase = self.rng.random(3) * 6.283
        wave = 6.283 * often * self.x
        rise = 0.6 * np.sin(0.55 * wave + phase[0]) + 0.4 * np.sin(wave + phase[1])
        rise = rise + 0.16 * np.sin(2.3 * wave + phase[2])
        return (base - swing * rise + dip * np.exp(-(((self.x - 1) / 0.36) ** 2))).astype(np.float32)

    def crags(self, base: float, swing: float, count: int, rough: float = 0.35, dip: float = 0.0) -> Array:
        """Jagged outline of about `count` summits."""
        knots = np.linspace(-0.2, 2.2, 2 * count + 1)
        knots[1:-1] += (self.rng.random(2 * count - 1) - 0.5) * 0.9 / count
        heights = np.where(np.arange(2 * count + 1) % 2 == 0, 0.1, 1.0) * (0.55 + 0.45 * self.rng.random(2 * count + 1))
        rise = np.interp(self.x, knots, heights)
        for octave in (3, 8):
            finer = np.linspace(-0.1, 2.1, count * 2 * octave + 1)
            bumps = (self.rng.random(len(finer)) - 0.5) * rough / octave * 1.6
            rise = rise + np.interp(self.x, finer, bumps)
        return (base - swing * rise + dip * np.exp(-(((self.x - 1) / 0.36) ** 2))).astype(np.float32)

    def through(self, points: Sequence[tuple[float, float]], round_off: float = 0.03) -> Array:
        """Outline through (x, y) points, its corners rounded over `round_off`."""
        xs, ys = np.array(points, np.float64).T
        line = np.interp(self.x, xs, ys).astype(np.float32)
        if round_off <= 0:
            return line
        reach = int(3 * round_off * self.height)
        padded = np.pad(line, reach, mode="edge")[None]
        return cv2.GaussianBlur(padded, (0, 0), round_off * self.height)[0, reach : reach + self.width]

    def flanks(self, count: int, clear: float) -> list[float]:
        """Evenly scattered places along x that leave the middle free."""
        cells = (np.arange(count) + 0.15 + 0.7 * self.rng.random(count)) / count * 2.0
        return [float(x) for x in cells if abs(x - 1) > clear]

    # -------------------------------------------------------------------------------------------- painting

    def fill(
        self, mask: Array, top: Colour, bottom: Colour | None = None, span: tuple[float, float] | None = None,
        air: float | tuple[float, float] = 0.0, rim: float = 0.3, snow: float = 0.7, glow: Colour | None = None,
        mirror: float | tuple[float, float] = 0.0, edge: float = 0.022,
    ) -> None:
        """Paint over what is there.

        Args:
            mask: (H, W) in 0..1.
            top, bottom: colour in white light at the ends of `span` (y), by default the mask's own extent.
            air, mirror: share of haze and of the sky's image, one number or one per end of the span.
            rim: how strongly low light catches the upper edge.
            snow: how much snow lies along the upper edge (1 and an `edge` of .3 covers the ground).
            glow: light of its own when lamps burn.
            edge: depth of rim and snow below the upper edge.
        """
        rows, cols = np.flatnonzero(mask.max(1) > 0.004), np.flatnonzero(mask.max(0) > 0.004)
        if not len(rows):
            return
        window = slice(rows[0], rows[-1] + 1), slice(cols[0], cols[-1] + 1)
        m, y = mask[window], self.y[window[0]]
        start, stop = span or (float(y[0]), float(y[-1]))
        down = np.clip((y - start) / max(stop - start, 1e-3), 0, 1)[:, None]
        value = np.zeros((*m.shape, CHANNELS), np.float32)
        first, last = np.array(top, np.float32), np.array(bottom or top, np.float32)
        value[..., INK] = (first + (last - first) * down)[:, None]
        value[..., ALPHA] = 1
        value[..., AIR] = _between(air, down)
        value[..., MIRROR] = _between(mirror, down)
        if glow is not None:
            value[..., GLOW] = np.array(glow, np.float32)
        if rim or snow:
            value[..., RIM] = rim * self._upper_edge(mask, 0.6 * edge)[window]
            value[..., SNOW] = snow * np.minimum(1, 1.35 * self._upper_edge(mask, edge)[window])
        self.data[window] += (value - self.data[window]) * m[..., None]

    def _upper_edge(self, mask: Array, depth: float) -> Array:
        """1 along the upper edge of a mask, fading out over `depth`."""
        rows = max(1, int(round(2 * depth * self.height)))
        padded = cv2.copyMakeBorder(mask, rows, 0, 0, 0, cv2.BORDER_CONSTANT, value=0.0)
        above = cv2.boxFilter(padded, -1, (1, rows), anchor=(0, rows - 1))[rows:]
        return np.clip(1 - above, 0, 1)

    def shade(self, mask: Array, amount: float | Colour) -> None:
        """Lighten (above 0) or darken the colour under a mask; three numbers tint it."""
        self.data[..., INK] *= 1 + np.array(amount, np.float32) * mask[..., None]
        np.minimum(self.data[..., INK], self.data[..., ALPHA : ALPHA + 1], out=self.data[..., INK])

    def light(self, mask: Array, colour: Colour) -> None:
        """Add light of its own (lamps, lava) to what is painted there."""
        self.data[..., GLOW] += np.array(colour, np.float32) * (mask * self.data[..., ALPHA])[..., None]
        np.clip(self.data[..., GLOW], 0, 1, out=self.data[..., GLOW])

    def mist(self, start: float, stop: float, amount: float) -> None:
        """Air that thickens from y = start to y = stop over what is painted there."""
        down = np.clip((self.y - start) / (stop - start), 0, 1)[:, None] * amount
        self.data[..., AIR] += (self.data[..., ALPHA] - self.data[..., AIR]) * down

    def finished(self, height: int) -> NDArray[np.uint8]:
        """The plate averaged down to `height` rows, uint8 (CHANNELS, height, 2 * height)."""
        small = cv2.resize(self.data, (2 * height, height), interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray((np.clip(small, 0, 1) * 255 + 0.5).astype(np.uint8).transpose(2, 0, 1))


def _between(ends: float | tuple[float, float], down: Array) -> Array | float:
    return ends if isinstance(ends, float | int) else ends[0] + (ends[1] - ends[0]) * down


def mixed(first: Colour, second: Colour, share: float) -> Colour:
    """From the first colour (share 0) to the second (1)."""
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return red, green, blue


def scaled(colour: Colour, factor: float) -> Colour:
    """A colour made lighter or darker, kept within 0..1."""
    red, green, blue = (min(1.0, factor * part) for part in colour)
    return red, green, blue
