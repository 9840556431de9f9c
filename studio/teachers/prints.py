"""Teachers that print, cut and lay flat colours: comic, manga, woodblock, linocut, vector, papercut, psychedelic.

Each is a plain function of a picture and its guides (see studio/teachers/brushes.py). "manga" expects the tiling
"screen", whose pattern is the screentone's dots. After: Winnemoeller, "XDoG" (2011) for the ink lines; Winnemoeller et
al., "Real-time video abstraction" (2006) for flat tones.
"""

from __future__ import annotations

import cv2
import numpy as np

from studio.painting.guides import luminance, soften
from studio.teachers.brushes import (
    Sheet,
    calm,
    colour,
    contrast,
    level,
    mix,
    painter,
    pen,
    ramp,
    relief,
    smoothstep,
    steps,
)

_INDIGO_TO_PAPER = [
    (0.0, (0.07, 0.11, 0.25)),
    (0.2, (0.13, 0.25, 0.44)),
    (0.42, (0.36, 0.51, 0.59)),
    (0.62, (0.80, 0.74, 0.58)),
    (0.82, (0.94, 0.885, 0.72)),
    (1.0, (0.965, 0.93, 0.81)),
]
_POSTER_WHEEL = [
    (0.0, (0.93, 0.08, 0.52)),
    (0.25, (0.98, 0.36, 0.12)),
    (0.42, (1.0, 0.84, 0.20)),
    (0.58, (0.95, 0.90, 0.62)),
    (0.75, (0.10, 0.68, 0.62)),
    (0.92, (0.30, 0.20, 0.70)),
    (1.0, (0.93, 0.08, 0.52)),
]


def _rounded(rgb: np.ndarray, size: int, times: int) -> np.ndarray:
    """Shapes as scissors cut them: details below half of `size` pixels gone, corners round, borders crisp."""
    levels = np.round(np.clip(rgb, 0, 1) * 255).astype(np.uint8)
    for _ in range(times):
        levels = cv2.medianBlur(levels, size)
    return cv2.GaussianBlur(levels.astype(np.float32) / 255, (0, 0), 0.7)


def _moved(image: np.ndarray, right: float, down: float) -> np.ndarray:
    """A map (H, W) laid so many pixels further right and down."""
    ground = np.array([[1, 0, right], [0, 1, down]], np.float32)
    return cv2.warpAffine(image, ground, image.shape[::-1], borderMode=cv2.BORDER_REPLICATE)


@painter
def paint_comic(sheet: Sheet) -> np.ndarray:
    """Inked and coloured: bold outlines, solid blacks, four lights of strong colour."""
    smooth = np.clip(calm(sheet.rgb, 3, 0.13), 0, 1)
    light = luminance(smooth)
    flat = cv2.cvtColor(smooth, cv2.COLOR_RGB2HSV)
    lit = flat[..., 2] + np.float32(0.35) * np.maximum(0.5 - sheet.map("surroundings"), 0)
    flat[..., 2] = np.clip(0.08 + 0.95 * steps(np.clip(lit * 1.12, 0, 1), 4, 12), 0, 1)
    flat[..., 1] = np.clip(flat[..., 1] * 1.5 + 0.04, 0, 1)
    ink = pen(light, 1.5, 0.33, 10.0) * smoothstep(level(sheet, light, 0.35, 0.5), 0.13, 0.19)
    return mix(colour(0.05, 0.04, 0.06), cv2.cvtColor(flat, cv2.COLOR_HSV2RGB) * colour(1.0, 0.985, 0.94), ink)


@painter
def paint_manga(sheet: Sheet) -> np.ndarray:
    """Black ink on white, solid blacks, two greys of screentone."""
    light = luminance(calm(sheet.rgb, 2, 0.12))
    tone = level(sheet, light, 0.45, 0.56)
    ink = pen(light, 1.15, 0.32, 10.0) * pen(light, 2.2, 0.6, 8.0) * smoothstep(tone, 0.20, 0.27)
    # Screentone comes in sheets: two fixed greys, cut out along the tone's contours.
    film = 0.80 * smoothstep(0.62 - tone, -0.015, 0.015) + 0.55 * smoothstep(0.42 - tone, -0.015, 0.015)
    dots = 1 / (1 + np.exp(np.clip(9 * (1.0 - film - sheet.map("pattern")), -30, 30)))
    page = (1 - 0.82 * dots * smoothstep(film, 0.0, 0.4)) * ink
    return (0.03 + 0.965 * page)[..., None] * colour(1, 1, 1)


@painter
def paint_woodblock(sheet: Sheet) -> np.ndarray:
    """An old Japanese print: indigo lines, five flat tones from indigo to paper, the grain of the block."""
    flat = calm(sheet.rgb, 3, 0.16)
    light = luminance(flat)
    tone = steps(np.clip(level(sheet, light, 0.35, 0.58) * 1.04, 0, 1), 5, 9)
    printed = np.clip(ramp(tone, _INDIGO_TO_PAPER) + 0.6 * (flat - light[..., None]), 0, 1)
    line = pen(luminance(calm(sheet.rgb, 2, 0.08)), 1.6, 0.33, 9.0)
    printed = mix(colour(0.08, 0.11, 0.23), printed, line)
    return printed * (1 + 0.05 * sheet.map("grain") * (1.2 - tone))[..., None]


@painter
def paint_linocut(sheet: Sheet) -> np.ndarray:
    """One black block on warm paper, opened by the gouge."""
    light = calm(sheet.light, 2, 0.1)
    tone = level(sheet, light + 0.8 * (light - soften(light, 4.0)), 0.45, 0.55)
    # The gouge runs along the forms, and level where there are none; it opens the block where the tone is between.
    form = smoothstep(sheet.map("glow"), 0.03, 0.12)
    gouge = np.tanh(1.4 * (form * sheet.map("stroke") + (1 - form) * 1.1 * sheet.map("grain")))
    gouge = 0.24 * gouge * smoothstep(tone, 0.08, 0.34) * (1 - 0.9 * smoothstep(tone, 0.52, 0.80))
    cut = smoothstep(tone + gouge, 0.45, 0.52) * pen(light, 1.6, 0.4, 9.0)
    ink = colour(0.10, 0.095, 0.10) * (1 + 0.3 * np.maximum(sheet.map("noise"), 0))[..., None]
    return mix(ink, colour(0.945, 0.915, 0.845) * (1 + 0.012 * sheet.map("pigment"))[..., None], cut)


@painter
def paint_vector(sheet: Sheet) -> np.ndarray:
    """Flat design: clean rounded shapes in six lights of clear colour, no lines, no texture."""
    flat = _rounded(calm(sheet.rgb, 2, 0.13), 5, 2)
    grey = luminance(flat)
    tone = steps(contrast(level(sheet, grey, 0.25, 0.56), 1.12), 5, 26)
    paint = (0.04 + tone)[..., None] + 1.6 * (flat - grey[..., None])
    return 0.03 + 0.95 * np.clip(paint, 0, 1) * colour(1.0, 0.985, 0.965)


@painter
def paint_papercut(sheet: Sheet) -> np.ndarray:
    """Sheets of card, the lighter over the darker, with a white cut edge and a shadow to the lower right."""
    flat = _rounded(calm(sheet.rgb, 2, 0.2), 7, 1)
    grey = luminance(flat)
    tone = steps(level(sheet, grey, 0.25, 0.58), 5, 30)
    card = np.clip((0.08 + 0.90 * tone)[..., None] + 1.6 * soften(flat - grey[..., None], 2.0), 0, 1)
    card = 0.08 + 0.90 * card * colour(1.0, 0.98, 0.94)
    near, far = (smoothstep(_moved(tone, 1.5 * step, 2.0 * step) - tone, 0.04, 0.14) for step in (1, 3))
    shadow = cv2.GaussianBlur((near + far) / 2, (0, 0), 1.4)
    fibre = 1 + 0.016 * sheet.map("noise") + 0.012 * sheet.map("grain") + 0.018 * sheet.map("pigment")
    edge = np.clip(relief(tone) * 5, 0, 1)
    return mix(card * (fibre * (1 - 0.68 * shadow))[..., None], colour(1, 0.99, 0.96), 0.7 * edge)


@painter
def paint_psychedelic(sheet: Sheet) -> np.ndarray:
    """A concert poster of the sixties: brightness becomes rings of clashing colours, afloat on slow waves."""
    light = luminance(calm(sheet.rgb, 2, 0.14))
    wave = cv2.GaussianBlur(light, (0, 0), 2.2) + 0.035 * sheet.map("pigment")
    rings = ramp(steps((wave * 1.6) % 1.0, 6, 20), _POSTER_WHEEL)
    return mix(colour(0.13, 0.03, 0.20), rings, pen(light, 1.8, 0.34, 8.0))
