"""The painter's tool-box: what the teachers of the looks are made of.

A teacher is a plain function of a picture and of its guides (studio/painting/guides.py). It may look at the picture
with any filter that sees a neighbourhood only, so that a picture that moves gives a painting that moves along;
everything random (paper, pigment, strokes, hatching, tiles) comes out of the guides, which the generator will see as
well. A stroke that the generator lays can so be the very stroke of its teacher.

After: Winnemoeller, "XDoG" (2011) for pens; Bousseau et al. (2006) for pigment density. Letters: H, W rows and columns,
both even; pictures are float32 RGB in 0..1.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import cv2
import numpy as np

from studio.painting.guides import SHARP, SOFT, Guides, contour_lines, length, luminance

Paint = Callable[[np.ndarray, Guides], np.ndarray]
"""(rgb float32 (H, W, 3) in 0..1, its guides) -> rgb float32 (H, W, 3) in 0..1."""

Stop = tuple[float, tuple[float, float, float]]
"""A place in 0..1 and the colour that a palette has there."""


class Sheet:
    """A picture laid out for painting.

    rgb: float32 (H, W, 3); light: its brightness, float32 (H, W); guides by name, enlarged to (H, W) when asked for.
    """

    def __init__(self, rgb: np.ndarray, guides: Guides) -> None:
        self.rgb = np.ascontiguousarray(rgb, dtype=np.float32)
        self.light = luminance(self.rgb)
        self._guides = guides
        self._enlarged: dict[str, np.ndarray] = dict(zip(SHARP, guides.sharp, strict=True))

    def map(self, name: str) -> np.ndarray:
        """The guide of that name (see SHARP and SOFT), float32 (H, W). Not to be written to."""
        if name not in self._enlarged:
            small = self._guides.soft[SOFT.index(name)]
            size = self.rgb.shape[1], self.rgb.shape[0]
            self._enlarged[name] = cv2.resize(small, size, interpolation=cv2.INTER_CUBIC)
        return self._enlarged[name]

    def colours(self) -> np.ndarray:
        """The picture's colours smeared along the brush, float32 (H, W, 3)."""
        return np.dstack([self.map("red"), self.map("green"), self.map("blue")])

    def tiles(self) -> np.ndarray:
        """The colour of the tile that each pixel lies in, float32 (H, W, 3); black where the look has no tiling.

        Enlarged without mixing, so that a tile keeps one colour up to its border.
        """
        small = np.stack([self._guides.soft[SOFT.index(f"tile_{band}")] for band in ("red", "green", "blue")], -1)
        return cv2.resize(small, (self.rgb.shape[1], self.rgb.shape[0]), interpolation=cv2.INTER_NEAREST)


def painter(draw: Callable[[Sheet], np.ndarray]) -> Paint:
    """Turns a drawing rule into a `Paint`: lays out the sheet, and clips the result to float32 (H, W, 3) in 0..1."""

    @functools.wraps(draw)
    def paint(rgb: np.ndarray, guides: Guides) -> np.ndarray:
        return np.clip(draw(Sheet(rgb, guides)), 0, 1).astype(np.float32)

    return paint


# --- colour and tone -------------------------------------------------------------------------------------------------


def colour(*rgb: float) -> np.ndarray:
    """One colour, float32 (3,)."""
    return np.array(rgb, np.float32)


def saturate(rgb: np.ndarray, gain: float) -> np.ndarray:
    """Stronger (gain > 1) or paler colours of the same brightness, clipped to 0..1: float32 (H, W, 3), as the picture.
    """
    grey = luminance(rgb)[..., None]
    return np.clip(grey + (rgb - grey) * np.float32(gain), 0, 1)


def contrast(image: np.ndarray, gain: float, centre: float = 0.5) -> np.ndarray:
    """More contrast (gain > 1) or less around the tone `centre`, clipped to 0..1; float32 of the image's shape."""
    return np.clip((image - centre) * np.float32(gain) + centre, 0, 1)


def steps(light: np.ndarray, count: int, hardness: float) -> np.ndarray:
    """Soft posterisation of tones in 0..1, float32 (H, W), into `count` tones; the harder, the crisper their borders.
    """
    floor = np.floor(light * count) / count + np.float32(0.5 / count)
    return floor + np.float32(0.5 / count) * np.tanh(hardness * (light - floor) * count / 2)


def level(sheet: Sheet, light: np.ndarray, amount: float, grey: float = 0.55) -> np.ndarray:
    """Brings dark and bright neighbourhoods of a tone map, float32 (H, W) in 0..1, towards one middle grey, as a
    draughtsman does; clipped to 0..1.
    """
    return np.clip(light + np.float32(amount) * (grey - sheet.map("surroundings")), 0, 1)


def ramp(tone: np.ndarray, stops: Sequence[Stop]) -> np.ndarray:
    """Tones in 0..1, float32 (H, W), to colours, float32 (H, W, 3), by a piecewise linear palette in 4,096 steps."""
    at = np.linspace(0, 1, 4096)
    bands = [np.interp(at, [stop[0] for stop in stops], [stop[1][band] for stop in stops]) for band in range(3)]
    table = np.stack(bands, -1).astype(np.float32)
    return table[(np.clip(tone, 0, 1) * np.float32(4095) + np.float32(0.5)).astype(np.int32)]


def smoothstep(image: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 below `low`, 1 above `high`, a soft S between: float32 of the image's shape."""
    part = np.clip((image - np.float32(low)) / np.float32(high - low), 0, 1)
    return part * part * (3 - 2 * part)


def mix(first: np.ndarray, second: np.ndarray, share: np.ndarray | float) -> np.ndarray:
    """`share`, a number or float32 (H, W) in 0..1, of the second over the first; both are pictures (H, W, 3) or single
    colours (3,), float32.
    """
    weight = share[..., None] if isinstance(share, np.ndarray) else np.float32(share)
    return first * (1 - weight) + second * weight


# --- shapes and lines ------------------------------------------------------------------------------------------------


def calm(rgb: np.ndarray, times: int, reach: float = 0.12) -> np.ndarray:
    """Flat areas with crisp borders, float32 (H, W, 3): the bilateral filter (Tomasi and Manduchi 1998), several times.
    """
    for _ in range(times):
        rgb = cv2.bilateralFilter(np.ascontiguousarray(rgb, dtype=np.float32), 7, reach, 4)
    return rgb


def pen(light: np.ndarray, sigma: float, threshold: float, sharpness: float) -> np.ndarray:
    """White paper (1) with black pen lines (0), float32 (H, W), where the contours of `light` (H, W) fall below
    -threshold.
    """
    return 1 - 1 / (1 + np.exp(np.clip(sharpness * (contour_lines(light, sigma) + threshold), -30, 30)))


def slope(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Change of a map, float32 (H, W), per pixel: across and down, float32 (H, W) each."""
    return (
        cv2.Sobel(image, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8, borderType=cv2.BORDER_REFLECT),
        cv2.Sobel(image, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8, borderType=cv2.BORDER_REFLECT),
    )


def steepness(image: np.ndarray) -> np.ndarray:
    """Length of the slope of a map (H, W), float32 (H, W): how much it changes within a pixel."""
    return length(*slope(image))


def relief(height_map: np.ndarray) -> np.ndarray:
    """Light from the upper left on a bumpy surface (H, W), float32 (H, W): about -1..1 for a stroke map of unit
    variance.
    """
    across, down = slope(height_map)
    return across + down


def tremble(image: np.ndarray, sheet: Sheet, reach: float) -> np.ndarray:
    """The picture, float32 (H, W[, C]), as an unsteady hand puts it: every place shifted by about `reach` pixels (up to
    three times that) down the slope of the pigment, which keeps neighbours together.
    """
    across, down = slope(sheet.map("pigment"))
    height, width = image.shape[:2]
    scale = np.float32(reach * 9.0)  # the pigment's slope is about 1 / 9 per pixel
    columns = np.arange(width, dtype=np.float32)[None] + scale * across
    rows = np.arange(height, dtype=np.float32)[:, None] + scale * down
    return cv2.remap(image, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
