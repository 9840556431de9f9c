"""Six looks of the film and of the electric night: what a camera, a darkroom and neon tubes do to a picture.

Nothing here draws strokes: the photograph stays, its tones and lights change. Film follows the darkroom: three dye
curves and halation (light that the film's base throws back, red first), plates that are blind to red, filters in front
of black-and-white film. Lamps follow what a lens does to them: a glow, streaks on wet ground, a fringe of colour.
"""

from __future__ import annotations

import cv2
import numpy as np

from studio.painting.guides import length, luminance, soften
from studio.teachers.brushes import Sheet, calm, colour, contrast, level, mix, painter, ramp, steps

_BLIND_TO_RED = np.array([[0.16, 0.50, 0.34]], np.float32)  # weights of red, green, blue on an early plate
_ORANGE_FILTER = np.array([[0.50, 0.44, 0.06]], np.float32)  # dark skies and fair skin on black-and-white film


def _edges(light: np.ndarray) -> np.ndarray:
    """Strength of the borders between tones, (H, W): about 1 for a step from black to white."""
    return length(cv2.Scharr(light, cv2.CV_32F, 1, 0, scale=1 / 16), cv2.Scharr(light, cv2.CV_32F, 0, 1, scale=1 / 16))


def _lit(picture: np.ndarray, light: np.ndarray) -> np.ndarray:
    """Light thrown onto a picture: it never makes more than white."""
    return 1 - (1 - np.clip(picture, 0, 1)) * (1 - np.clip(light, 0, 1))


def _fringed(picture: np.ndarray) -> np.ndarray:
    """Red a pixel to the right and blue a pixel to the left, as a cheap lens puts them."""
    wide = cv2.copyMakeBorder(picture, 0, 0, 1, 1, cv2.BORDER_REPLICATE)
    return np.dstack([wide[:, :-2, 0], picture[..., 1], wide[:, 2:, 2]])


@painter
def paint_vintage(sheet: Sheet) -> np.ndarray:
    """A colour film of the seventies: faded dyes, lifted blacks, creamy lights with a warm halo, grain."""
    soft = cv2.GaussianBlur(sheet.rgb, (0, 0), 0.7)
    light = luminance(soft)
    halo = soften(np.clip(light - 0.62, 0, 1), 7.0)[..., None]
    soft = soft + halo * colour(0.80, 0.40, 0.15)
    grey = luminance(soft)[..., None]
    film = grey + (soft - grey) * np.float32(0.68)
    at = np.linspace(0, 1, 6)
    dyes = (
        (0.115, 0.305, 0.550, 0.765, 0.910, 0.985),
        (0.100, 0.265, 0.465, 0.665, 0.830, 0.945),
        (0.165, 0.275, 0.405, 0.530, 0.655, 0.765),
    )
    film = np.dstack([np.interp(film[..., band], at, dye) for band, dye in enumerate(dyes)]).astype(np.float32)
    grain = sheet.map("noise") * (0.032 - 0.022 * np.abs(light - 0.4))  # grain shows most in the middle tones
    return film + grain[..., None] * colour(1.0, 0.95, 1.1)


@painter
def paint_sepia(sheet: Sheet) -> np.ndarray:
    """An albumen print of the nineteenth century: brown tones, pale skies, glowing lights, a mottled sheet."""
    plate = cv2.GaussianBlur(cv2.transform(sheet.rgb, _BLIND_TO_RED), (0, 0), 0.8)
    plate = plate + 0.35 * soften(np.clip(plate - 0.55, 0, 1), 5.0)
    tone = contrast(plate, 1.08, 0.45) + 0.016 * sheet.map("pigment") + 0.013 * sheet.map("noise")
    browns = (
        (0.00, (0.135, 0.080, 0.060)),
        (0.20, (0.285, 0.185, 0.130)),
        (0.45, (0.545, 0.405, 0.295)),
        (0.70, (0.800, 0.670, 0.515)),
        (0.90, (0.935, 0.850, 0.705)),
        (1.05, (0.970, 0.910, 0.790)),
    )
    return ramp(tone, browns)


@painter
def paint_noir(sheet: Sheet) -> np.ndarray:
    """A crime film of the forties: deep shadows, hard lights with a bloom, silver between, a little grain."""
    film = cv2.transform(sheet.rgb, _ORANGE_FILTER)
    film = film + 0.35 * (film - soften(film, 9.0)) - 0.42 * (sheet.map("surroundings") - 0.36)
    dark, bright = 1 / (1 + np.exp(8.5 * 0.47)), 1 / (1 + np.exp(-8.5 * 0.53))
    tone = (1 / (1 + np.exp(-8.5 * (np.clip(film, 0, 1) - 0.47))) - dark) / (bright - dark)
    tone = tone + 0.28 * soften(np.clip(tone - 0.6, 0, 1), 6.0)
    tone = tone + sheet.map("noise") * 0.02 * np.clip(tone * 3, 0.15, 1)
    silver = (
        (0.0, (0.012, 0.013, 0.018)),
        (0.3, (0.20, 0.205, 0.225)),
        (0.6, (0.57, 0.575, 0.58)),
        (1.0, (0.975, 0.97, 0.95)),
    )
    return ramp(tone, silver)


@painter
def paint_neon(sheet: Sheet) -> np.ndarray:
    """Glass tubes along the borders of things, in a dark room. Their hue follows the picture's own warmth."""
    edge = _edges(cv2.GaussianBlur(luminance(calm(sheet.rgb, 2, 0.09)), (0, 0), 1.0))
    tube = np.clip(edge * 11 / (1 + 7 * soften(edge, 6.0)) - 0.17, 0, 1)  # fewer tubes where there are too many
    soft = soften(sheet.rgb, 4.0)
    warmth = np.clip(0.5 + 1.8 * (soft[..., 0] - soft[..., 2]) + 0.6 * (luminance(soft) - 0.45), 0, 1)
    gases = (
        (0.00, (0.00, 0.95, 0.75)),
        (0.25, (0.05, 0.60, 1.00)),
        (0.45, (0.45, 0.20, 1.00)),
        (0.65, (1.00, 0.08, 0.75)),
        (0.85, (1.00, 0.25, 0.20)),
        (1.00, (1.00, 0.62, 0.10)),
    )
    hue = ramp(warmth, gases)
    shine = 0.9 * tube + 0.75 * soften(tube, 3.0) + 0.9 * soften(tube, 9.0)
    room = colour(0.015, 0.01, 0.04) + 0.10 * sheet.colours() * colour(0.5, 0.4, 1.0)
    return room + hue * shine[..., None] + 0.55 * (tube * tube)[..., None] * (1 - 0.3 * hue)


@painter
def paint_cyberpunk(sheet: Sheet) -> np.ndarray:
    """A wet night in a city of signs: teal shadows, cyan light from the left, magenta from the right, streaks."""
    base = calm(sheet.rgb, 1, 0.07)
    light = luminance(base)
    tone = contrast(level(sheet, light, 0.45, 0.38), 1.3, 0.42)
    night = (
        (0.00, (0.01, 0.02, 0.06)),
        (0.20, (0.02, 0.09, 0.19)),
        (0.42, (0.04, 0.28, 0.40)),
        (0.62, (0.25, 0.45, 0.62)),
        (0.80, (0.82, 0.46, 0.74)),
        (1.00, (1.00, 0.86, 0.92)),
    )
    graded = ramp(tone, night)
    warmth = np.clip(base[..., 0] - base[..., 2], -0.5, 0.5)[..., None]
    graded = (
        graded + np.maximum(warmth, 0) * colour(0.62, -0.12, 0.22) + np.maximum(-warmth, 0) * colour(-0.3, 0.3, 0.5)
    )
    # Two signs light the scene from its sides: what slopes up to the right catches the left one.
    across = cv2.Sobel(soften(light, 3.0), cv2.CV_32F, 1, 0, scale=1 / 8, borderType=cv2.BORDER_REFLECT) * 22
    signs = np.clip(across, 0, 1)[..., None] * colour(0.0, 0.65, 0.8) + np.clip(-across, 0, 1)[..., None] * colour(
        0.9, 0.05, 0.55
    )
    graded = _lit(graded, 0.75 * signs)
    lamps = np.clip(luminance(graded) - 0.52, 0, 1)[..., None] * graded
    streaks = cv2.GaussianBlur(lamps, (0, 0), sigmaX=0.8, sigmaY=12)
    return _fringed(_lit(graded, streaks + 0.8 * soften(lamps, 8.0)))


@painter
def paint_synthwave(sheet: Sheet) -> np.ndarray:
    """A sunset of the eighties: indigo, violet, hot pink, orange, in bands, with cyan lines that glow."""
    flat = calm(0.4 * sheet.colours() + 0.6 * sheet.rgb, 2, 0.14)
    light = luminance(flat)
    tone = steps(level(sheet, contrast(light, 1.15), 0.35, 0.5), 6, 5)
    sunset = (
        (0.00, (0.05, 0.01, 0.16)),
        (0.20, (0.20, 0.03, 0.36)),
        (0.40, (0.50, 0.05, 0.55)),
        (0.58, (0.93, 0.12, 0.55)),
        (0.75, (1.00, 0.42, 0.40)),
        (0.90, (1.00, 0.76, 0.35)),
        (1.00, (1.00, 0.95, 0.65)),
    )
    line = np.clip(_edges(cv2.GaussianBlur(light, (0, 0), 1.1)) * 8 - 0.3, 0, 1)
    wire = colour(0.15, 0.95, 1.0)
    return _lit(mix(ramp(tone, sunset), wire, 0.75 * line), 0.45 * wire * soften(line, 4.0)[..., None])
