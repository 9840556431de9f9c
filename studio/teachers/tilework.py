"""Teachers that set a picture out of pieces: printed dots, big pixels, stones, panes, facets, dabs and stitches.

Where a piece lies and which colour it has comes out of the guides (studio/painting/tiling.py); here the pieces get
their material: ink, grout, lead, bevels, yarn. Letters: H, W rows and columns; pictures are float32 RGB in 0..1.
"""

from __future__ import annotations

import cv2
import numpy as np

from studio.motion.warp import pixel_grid
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
    saturate,
    slope,
    smoothstep,
    steps,
)


def crisp_tiles(sheet: Sheet, reach: float = 1.5) -> np.ndarray:
    """The tiles with borders of full resolution, float32 (H, W, 3): next to a border the colour is read a little
    further inside, `reach` pixels.
    """
    across, down = slope(sheet.map("pattern"))
    steep = np.sqrt(across * across + down * down) + np.float32(1e-3)
    inward = np.float32(reach) * np.clip(1 - sheet.map("pattern") * 2, 0, 1) / steep
    where = pixel_grid(*sheet.light.shape) + np.dstack([across * inward, down * inward])
    return cv2.remap(sheet.tiles(), where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def cut_tiles(tiles: np.ndarray, near: np.ndarray, share: float, size: float = 0.8) -> np.ndarray:
    """Tiles, float32 (H, W, 3), cut where they lie across a strong border of the picture: `share` of its own colours
    `near` (H, W, 3) there. size: pixels of blur that keep smaller things from being cut out.
    """
    apart = soften(np.abs(tiles - near).max(-1), size)
    return mix(tiles, near, share * smoothstep(apart, 0.12, 0.26))


def dots(screen: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Ink (1) where the printed dots are, float32 (H, W): the screen (H, W) in -1..1 above a threshold that leaves
    about `share` (H, W) in 0..1 covered.
    """
    threshold = np.float32(1.02) - np.float32(2.04) * share
    threshold = threshold * (0.45 + 0.55 * np.abs(threshold))  # the screen is seldom near its extremes
    return 1 / (1 + np.exp(np.clip(7 * (threshold - screen), -30, 30)))


_HOT = [(0.12, (0.16, 0.03, 0.36)), (0.37, (0.93, 0.07, 0.42)), (0.63, (1.0, 0.60, 0.10)), (0.88, (1.0, 0.93, 0.42))]
_COOL = [(0.12, (0.07, 0.05, 0.38)), (0.37, (0.05, 0.3, 0.86)), (0.63, (0.1, 0.74, 0.83)), (0.88, (0.82, 0.97, 0.86))]


@painter
def paint_pop(sheet: Sheet) -> np.ndarray:
    """A pop-art print: four flat tones in hot and cool inks, dots between them, dark outlines."""
    flat = calm(sheet.rgb, 2, 0.15)
    light = contrast(level(sheet, luminance(flat), 0.45, 0.52), 1.45)
    tone = steps(light, 4, 9)
    chroma = soften(flat, 1.5)
    # Red things on the hot plates, sky, sea and grass on the cool ones.
    warm = smoothstep(chroma[..., 0] - 0.7 * chroma[..., 1] - 0.3 * chroma[..., 2], -0.04, 0.06)
    hot, cool = ramp(tone, _HOT), ramp(tone, _COOL)
    printed = mix(cool, hot, warm)
    ink = dots(sheet.map("pattern"), np.clip(1.05 - light, 0.0, 1.0))
    printed = mix(mix(printed, colour(1.0, 0.97, 0.90), 0.42), printed, ink)
    line = pen(luminance(flat), 1.6, 0.36, 8.0)
    return mix(colour(0.07, 0.02, 0.16), printed, line)


@painter
def paint_halftone(sheet: Sheet) -> np.ndarray:
    """A four-colour print: a cream page, and dots of cyan, magenta, yellow and black ink that multiply."""
    flat = contrast(saturate(calm(sheet.rgb, 1, 0.10), 1.5), 1.2, 0.48)
    screen = sheet.map("pattern")
    cyan, magenta, yellow = cv2.split(1 - flat)
    black = np.clip(np.minimum(np.minimum(cyan, magenta), yellow) * 1.25 - 0.2, 0, 1)
    # Real inks absorb a little of what the others should; so less of those is printed. Black takes over in the dark.
    magenta = np.clip(magenta - 0.30 * cyan - 0.5 * black, 0, 1)
    yellow = np.clip(yellow - 0.30 * magenta - 0.1 * cyan - 0.5 * black, 0, 1)
    cyan = np.clip(cyan - 0.15 * magenta - 0.5 * black, 0, 1)
    page = mix(colour(0.975, 0.955, 0.89), colour(0.98, 0.82, 0.10), yellow)
    page = page * mix(colour(1, 1, 1), colour(0.93, 0.14, 0.46), dots(-screen, magenta))
    page = page * mix(colour(1, 1, 1), colour(0.0, 0.60, 0.88), dots(screen, cyan))
    return mix(page, page * colour(0.12, 0.11, 0.16), dots(-screen, black))


@painter
def paint_pixel(sheet: Sheet) -> np.ndarray:
    """Big pixels in few bright tones, with a chessboard of two where a tone lies between them."""
    tiles = sheet.tiles()
    vivid = np.clip(tiles + 0.45 * (tiles - soften(sheet.colours(), 5.0)), 0, 1)
    vivid = contrast(saturate(vivid, 1.5), 1.15)
    light = luminance(vivid)
    # Few tones, and a chessboard of two where a tone lies between them.
    count, board = 7, np.where(sheet.map("pattern") < 0, np.float32(-0.17), np.float32(0.17))
    tone = light * count + board
    floor = np.floor(tone)
    tone = (floor + smoothstep(tone - floor, 0.4, 0.6)) / count
    return vivid + (tone - light)[..., None] * (0.4 + 0.6 * vivid / np.maximum(light, 0.05)[..., None])


@painter
def paint_mosaic(sheet: Sheet) -> np.ndarray:
    """Bevelled stones, set in grout that takes on the colours around."""
    border, grain = sheet.map("pattern"), sheet.map("noise")[..., None]
    stones = cut_tiles(crisp_tiles(sheet), calm(sheet.rgb, 1, 0.12), 0.6)
    stones = contrast(saturate(stones, 1.5), 1.2, 0.46) * (1 + 0.035 * grain)
    across, down = slope(border)
    bevel = (across + down) * smoothstep(1 - border, 0.0, 0.7)
    stones = stones * (0.9 + 0.17 * border - 0.7 * bevel)[..., None] - 0.06 * bevel[..., None]
    grout = (0.18 + 0.42 * soften(sheet.colours(), 4.0)) * colour(1.04, 0.98, 0.90) * (1 + 0.07 * grain)
    return mix(grout, stones, smoothstep(border, 0.14, 0.36))


@painter
def paint_stained(sheet: Sheet) -> np.ndarray:
    """Panes of glowing glass, held together and outlined by dark lead."""
    border = sheet.map("pattern")
    flat = calm(sheet.rgb, 3, 0.16)
    tiles = crisp_tiles(sheet)
    glass = cut_tiles(tiles, soften(flat, 1.2), 1.0)
    glass = saturate(contrast(glass, 1.25, 0.45), 2.1)
    glow = 0.82 + 0.34 * border + 0.05 * sheet.map("pigment") + 0.03 * sheet.map("stroke")
    glass = 1 - (1 - np.clip(glass, 0, 1)) ** 1.15
    glass = glass * glow[..., None]
    lead = smoothstep(border, 0.13, 0.30)
    contour = pen(soften(luminance(flat), 2.0), 2.4, 0.42, 9.0)
    shine = np.clip(slope(border)[0] + slope(border)[1], -0.2, 0.2)
    black = colour(0.045, 0.045, 0.055) + 0.5 * np.clip(shine, 0, 1)[..., None] * (1 - lead)[..., None]
    return mix(black, glass, lead * contour)


@painter
def paint_lowpoly(sheet: Sheet) -> np.ndarray:
    """Flat facets of one colour each, their edges a little lighter."""
    tiles = cut_tiles(crisp_tiles(sheet, 2.0), soften(calm(sheet.rgb, 3, 0.16), 0.8), 0.9, 2.2)
    facets = contrast(saturate(tiles, 1.45), 1.15, 0.40)
    edge = 1 - smoothstep(sheet.map("pattern"), 0.04, 0.2)
    return facets * (1 + 0.05 * edge)[..., None] + 0.015 * edge[..., None]


@painter
def paint_pointillist(sheet: Sheet) -> np.ndarray:
    """Dots of vivid paint on a first thin coat over warm canvas."""
    dot = sheet.map("pattern")
    tiles = cut_tiles(sheet.tiles(), calm(sheet.rgb, 1, 0.1), 0.5)
    vivid = saturate(contrast(tiles, 1.25, 0.44), 1.75) * 0.96 + 0.03
    # Between the dots lies the first thin coat, of the colours around and a little of the warm canvas.
    around = soften(sheet.colours(), 3.0)
    ground = mix(saturate(around, 1.3), colour(0.97, 0.92, 0.80), 0.12 + 0.30 * luminance(around))
    across, down = slope(dot)
    vivid = vivid * (0.96 + 0.08 * dot)[..., None] - 0.08 * (across + down)[..., None]
    return mix(ground, vivid, smoothstep(dot, -0.12, 0.2))


@painter
def paint_textile(sheet: Sheet) -> np.ndarray:
    """Knitted wool: stitches with light, shade and loose fibres."""
    yarn = sheet.map("pattern")
    wool = contrast(saturate(sheet.tiles(), 1.5), 1.18, 0.46)
    across, down = slope(yarn)
    shade = 0.52 + 0.60 * smoothstep(yarn, -0.95, 0.8) - 0.30 * (across + down)
    fibre = 0.045 * sheet.map("noise") + 0.03 * sheet.map("hatch_down")
    return (0.045 + 0.95 * wool) * (shade + fibre)[..., None] + 0.015
