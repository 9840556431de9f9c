"""The teachers of the looks: painterly filters that the restyling generator learns from.

Every teacher is a plain function of a picture and of a noise texture; all randomness comes in through the noise, so a
noise that follows the motion gives a texture that follows the motion. Strokes, pigment, hatching and lines come from
the same guides (studio/motion/guides.py) that the generator will see.

After: Winnemoeller, "XDoG" (2011) for pens; Bousseau et al. (2006) for watercolour's pigment density; Cabral and Leedom
(1993) for strokes; Kuwahara (1976) for flat paint. Letters: H, W rows and columns; pictures are float32 RGB in 0..1.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from studio.motion.guides import SOFT, contour_lines, length, luminance, read_guides, soften
from studio.motion.texture import Texture

Paint = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(rgb float32 (H, W, 3) in 0..1, noise float32 (H, W) of unit variance) -> rgb float32 (H, W, 3) in 0..1."""


@dataclass(frozen=True)
class _Sheet:
    """A picture of even size laid out for painting: the picture, its guides by name at full size, its brightness."""

    rgb: np.ndarray
    light: np.ndarray
    maps: dict[str, np.ndarray]

    def colours(self) -> np.ndarray:
        return np.dstack([self.maps["red"], self.maps["green"], self.maps["blue"]])


def _painter(draw: Callable[[_Sheet], np.ndarray]) -> Paint:
    """Turns a drawing rule into a `Paint` for any size: pads to even, reads the guides, crops, clips."""

    @functools.wraps(draw)
    def paint(rgb: np.ndarray, noise: np.ndarray) -> np.ndarray:
        height, width = rgb.shape[:2]
        rgb = np.pad(rgb, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge").astype(np.float32)
        noise = np.pad(noise, ((0, height % 2), (0, width % 2)), mode="reflect").astype(np.float32)
        small = np.ascontiguousarray(noise[::2, ::2])
        texture = Texture(noise=small, shift=np.zeros((*small.shape, 2), np.float32))
        guides = read_guides(rgb, texture, "screen")
        size = rgb.shape[1], rgb.shape[0]
        maps = {name: cv2.resize(part, size, interpolation=cv2.INTER_CUBIC) for name, part in zip(SOFT, guides.soft)}
        maps["lines"], maps["screen"] = guides.sharp
        drawn = draw(_Sheet(rgb, luminance(rgb), maps))
        return np.clip(drawn[:height, :width], 0, 1).astype(np.float32)

    return paint


# --- strokes of the tool-box -----------------------------------------------------------------------------------------


def _saturate(rgb: np.ndarray, gain: float) -> np.ndarray:
    grey = luminance(rgb)[..., None]
    return np.clip(grey + (rgb - grey) * np.float32(gain), 0, 1)


def _contrast(image: np.ndarray, gain: float, centre: float = 0.5) -> np.ndarray:
    return np.clip((image - centre) * np.float32(gain) + centre, 0, 1)


def _calm(rgb: np.ndarray, times: int, reach: float = 0.12) -> np.ndarray:
    """Flat areas with crisp borders: the bilateral filter, several times."""
    for _ in range(times):
        rgb = cv2.bilateralFilter(np.ascontiguousarray(rgb, dtype=np.float32), 7, reach, 4)
    return rgb


def _pen(light: np.ndarray, sigma: float, threshold: float, sharpness: float) -> np.ndarray:
    """White paper (1) with black pen lines (0) where the contour guide falls below -threshold."""
    return 1 - 1 / (1 + np.exp(np.clip(sharpness * (contour_lines(light, sigma) + threshold), -30, 30)))


def _steps(light: np.ndarray, count: int, hardness: float) -> np.ndarray:
    """Soft posterisation of 0..1 into `count` tones."""
    floor = np.floor(light * count) / count + np.float32(0.5 / count)
    return floor + np.float32(0.5 / count) * np.tanh(hardness * (light - floor) * count / 2)


def _level(sheet: _Sheet, light: np.ndarray, amount: float, grey: float = 0.55) -> np.ndarray:
    """Brings dark and bright neighbourhoods towards one middle grey, as a draughtsman does."""
    return np.clip(light + np.float32(amount) * (grey - sheet.maps["surroundings"]), 0, 1)


def _ramp(tone: np.ndarray, stops: list[tuple[float, tuple[float, float, float]]]) -> np.ndarray:
    """Tones in 0..1 to colours by a piecewise linear palette."""
    at = [stop[0] for stop in stops]
    return np.dstack([np.interp(tone, at, [stop[1][band] for stop in stops]) for band in range(3)]).astype(np.float32)


def _relief(height_map: np.ndarray) -> np.ndarray:
    """Light from the upper left on a bumpy surface; about -1..1 for a stroke map of unit variance."""
    across = cv2.Sobel(height_map, cv2.CV_32F, 1, 0, ksize=3, borderType=cv2.BORDER_REFLECT)
    down = cv2.Sobel(height_map, cv2.CV_32F, 0, 1, ksize=3, borderType=cv2.BORDER_REFLECT)
    return (across + down) / 8


def _colour(*rgb: float) -> np.ndarray:
    return np.array(rgb, np.float32)


# --- the teachers ----------------------------------------------------------------------------------------------------


@_painter
def paint_oil(sheet: _Sheet) -> np.ndarray:
    stroke = sheet.maps["stroke"]
    paint = 0.5 * sheet.colours() + 0.5 * _calm(sheet.rgb, 1, 0.1)
    paint = _contrast(_saturate(paint, 1.45), 1.16)
    light = luminance(paint)[..., None]
    # Thick paint: strokes vary the pigment where there is some, and their ridges catch the light.
    paint = paint + 0.03 * stroke[..., None] * (0.3 + light) + 0.075 * _relief(stroke)[..., None]
    return paint * _colour(1.03, 1.0, 0.94)


@_painter
def paint_starry(sheet: _Sheet) -> np.ndarray:
    stroke, colours = sheet.maps["stroke"], sheet.colours()
    light = luminance(0.4 * colours + 0.6 * sheet.rgb)
    tone = _contrast(light + 0.085 * stroke, 1.25, 0.47) - 0.02
    painted = _ramp(
        tone,
        [
            (0.0, (0.03, 0.05, 0.13)),
            (0.15, (0.07, 0.13, 0.33)),
            (0.35, (0.14, 0.30, 0.60)),
            (0.52, (0.36, 0.56, 0.70)),
            (0.68, (0.67, 0.75, 0.60)),
            (0.84, (0.95, 0.84, 0.36)),
            (1.0, (0.99, 0.96, 0.74)),
        ],
    )
    chroma = colours - luminance(colours)[..., None]
    warm = np.clip(chroma[..., 0] - chroma[..., 2], -0.5, 0.5)[..., None]
    return painted + 0.4 * chroma + 0.35 * warm * _colour(0.9, 0.6, -0.5) + 0.12 * _relief(stroke)[..., None]


@_painter
def paint_watercolour(sheet: _Sheet) -> np.ndarray:
    washes = 0.45 * sheet.colours() + 0.55 * _calm(sheet.rgb, 2, 0.14)
    light = luminance(washes)
    tone = _steps(cv2.GaussianBlur(light, (0, 0), 0.8), 5, 6)
    washes = np.clip(washes * (0.3 + 0.7 * tone / np.maximum(light, 0.05))[..., None], 0, 1)
    washes = 1 - (1 - _saturate(washes, 1.85)) * 0.7
    # Bright places stay bare paper; pigment gathers at the borders of a wash and in the valleys of the paper.
    bare = np.clip((luminance(washes) - 0.74) * 4.0 + 0.12 * sheet.maps["pigment"], 0, 1)[..., None]
    washes = washes * (1 - bare) + _colour(0.99, 0.98, 0.95) * bare
    border = length(
        cv2.Sobel(tone, cv2.CV_32F, 1, 0, scale=1 / 4), cv2.Sobel(tone, cv2.CV_32F, 0, 1, scale=1 / 4)
    )
    density = 1 + 0.16 * sheet.maps["pigment"] + 0.10 * sheet.maps["noise"] + 4.0 * np.minimum(border, 0.25)
    density = np.clip(density, 0.3, 2.6)[..., None]
    washes = washes - (washes - washes * washes) * (density - 1)
    line = 0.55 * (1 - _pen(luminance(_calm(sheet.rgb, 1, 0.08)), 1.1, 0.34, 6.0))[..., None]
    return washes * (1 - line) + washes * _colour(0.20, 0.14, 0.16) * line


@_painter
def paint_pencil(sheet: _Sheet) -> np.ndarray:
    light = cv2.bilateralFilter(sheet.light, 5, 0.07, 3)
    line = _pen(light, 1.0, 0.3, 6.0)
    dodge = np.clip(light / np.maximum(soften(light, 6), 0.02), 0, 1) ** 1.6
    tone = cv2.GaussianBlur(_level(sheet, light, 0.5, 0.6), (0, 0), 1.2)
    first = np.clip((0.68 - tone) * 2.0, 0, 1) * (0.5 + 0.5 * np.tanh(1.1 * sheet.maps["hatch_up"]))
    second = np.clip((0.42 - tone) * 2.4, 0, 1) * (0.5 + 0.5 * np.tanh(1.1 * sheet.maps["hatch_down"]))
    page = dodge * (0.25 + 0.75 * line) * (1 - 0.62 * first) * (1 - 0.6 * second)
    page = 0.93 * page + 0.045 + 0.016 * sheet.maps["noise"]
    return page[..., None] * _colour(0.985, 0.975, 0.95)


@_painter
def paint_comic(sheet: _Sheet) -> np.ndarray:
    flat = cv2.cvtColor(np.clip(_calm(sheet.rgb, 3, 0.13), 0, 1), cv2.COLOR_RGB2HSV)
    flat[..., 2] = _steps(np.clip(flat[..., 2] * 1.15, 0, 1), 4, 9)
    flat[..., 1] = np.clip(flat[..., 1] * 1.55 + 0.03, 0, 1)
    ink = _pen(luminance(_calm(sheet.rgb, 2, 0.08)), 1.35, 0.36, 8.0)
    return cv2.cvtColor(flat, cv2.COLOR_HSV2RGB) * (0.04 + 0.96 * ink[..., None])


@_painter
def paint_ink(sheet: _Sheet) -> np.ndarray:
    light = _level(sheet, _contrast(cv2.bilateralFilter(sheet.light, 7, 0.08, 4), 1.25), 0.6, 0.62)
    line = _pen(light, 1.9, 0.35, 6.0)
    wet = soften(light, 3.0) + 0.045 * sheet.maps["pigment"]
    wash = 0.32 + 0.68 * np.clip(_steps(np.clip(wet * 1.25, 0, 1), 4, 4), 0, 1)
    wash = np.clip(wash * (1 + 0.035 * sheet.maps["noise"] * (1.2 - wash)), 0, 1)
    page = np.clip(line * wash, 0, 1)[..., None]
    return _colour(0.05, 0.05, 0.075) + page * _colour(0.90, 0.875, 0.80)


@_painter
def paint_charcoal(sheet: _Sheet) -> np.ndarray:
    light = _level(sheet, luminance(_calm(sheet.rgb, 1, 0.1)), 0.5, 0.56)
    line = _pen(light, 1.7, 0.32, 5.0)
    texture = 0.075 * sheet.maps["hatch_up"] + 0.05 * sheet.maps["noise"] + 0.03 * sheet.maps["pigment"]
    rubbed = np.clip(_contrast(light, 1.5, 0.5) + texture, 0, 1)
    rubbed = rubbed * rubbed * (3 - 2 * rubbed)
    page = 0.07 + 0.86 * rubbed * (0.2 + 0.8 * line)
    return page[..., None] * _colour(0.98, 0.965, 0.935)


@_painter
def paint_neon(sheet: _Sheet) -> np.ndarray:
    light = cv2.GaussianBlur(sheet.light, (0, 0), 1.1)
    edge = length(
        cv2.Scharr(light, cv2.CV_32F, 1, 0, scale=1 / 16), cv2.Scharr(light, cv2.CV_32F, 0, 1, scale=1 / 16)
    )
    tube = np.clip(edge * 9 - 0.14, 0, 1)[..., None]
    # Hue follows the picture: cool colours glow cyan to violet, warm ones magenta to orange.
    soft = soften(sheet.rgb, 5.0)
    warm = np.clip(0.5 + 1.6 * (soft[..., 0] - soft[..., 2]) + 0.5 * (luminance(soft) - 0.5), 0, 1)
    hue = _ramp(
        warm,
        [(0.0, (0.05, 0.85, 1.0)), (0.35, (0.35, 0.25, 1.0)), (0.62, (1.0, 0.1, 0.85)), (1.0, (1.0, 0.45, 0.12))],
    )
    glow = 0.7 * soften(tube[..., 0], 3.0)[..., None] + 0.9 * soften(tube[..., 0], 9.0)[..., None]
    night = _colour(0.02, 0.01, 0.06) + 0.13 * sheet.colours() * _colour(0.5, 0.35, 1.0)
    return night + hue * (tube + glow) + 0.35 * tube**3


@_painter
def paint_woodblock(sheet: _Sheet) -> np.ndarray:
    flat = _calm(sheet.rgb, 3, 0.14)
    light = luminance(flat)
    tone = _steps(np.clip(_level(sheet, light, 0.3) * 1.05, 0, 1), 5, 9)
    print_ = _ramp(
        tone,
        [
            (0.0, (0.09, 0.13, 0.28)),
            (0.22, (0.14, 0.27, 0.46)),
            (0.45, (0.40, 0.53, 0.60)),
            (0.64, (0.80, 0.74, 0.58)),
            (0.82, (0.93, 0.87, 0.70)),
            (1.0, (0.965, 0.93, 0.81)),
        ],
    )
    print_ = print_ + 0.7 * (flat - light[..., None])
    line = _pen(luminance(_calm(sheet.rgb, 2, 0.08)), 1.5, 0.34, 8.0)[..., None]
    print_ = np.clip(print_, 0, 1) * line + _colour(0.09, 0.12, 0.25) * (1 - line)
    return print_ * (1 + 0.03 * sheet.maps["grain"])[..., None]


@_painter
def paint_vintage(sheet: _Sheet) -> np.ndarray:
    soft = cv2.GaussianBlur(sheet.rgb, (0, 0), 0.8)
    soft = soft + 0.6 * soften(np.clip(soft - 0.68, 0, 1), 8.0)  # halation: highlights bleed
    grey = luminance(soft)[..., None]
    faded = grey + (soft - grey) * 0.5
    faded = faded * _colour(1.10, 0.97, 0.72) + _colour(0.085, 0.055, 0.05)
    return _contrast(faded, 0.94) + (0.02 * sheet.maps["noise"])[..., None]


@_painter
def paint_pop(sheet: _Sheet) -> np.ndarray:
    light = luminance(_calm(sheet.rgb, 2, 0.15))
    light = _contrast(_level(sheet, light, 0.45, 0.52), 1.45)
    tone = _steps(light, 4, 9)
    print_ = _ramp(
        tone,
        [(0.1, (0.14, 0.05, 0.38)), (0.37, (0.93, 0.09, 0.45)), (0.63, (1.0, 0.62, 0.08)), (0.9, (1.0, 0.95, 0.52))],
    )
    dots = 1 / (1 + np.exp(np.clip(9 * (sheet.maps["screen"] - 1.9 * light + 0.95), -30, 30)))
    line = _pen(light, 1.6, 0.36, 8.0)[..., None]
    print_ = print_ * (0.55 + 0.45 * dots[..., None])
    return print_ * line + _colour(0.09, 0.03, 0.22) * (1 - line)
