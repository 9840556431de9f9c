"""Teachers that draw with a point: pencil, charcoal, burin, chalk, drafting pen.

Each is a plain function of a picture and its guides (see studio/teachers/brushes.py); hatching, tooth and ruled lines
are the guides' own. "engraving" and "blueprint" expect the tiling "hatching", whose pattern holds the ruled lines.
After: Winnemoeller, "XDoG" (2011) for the lines; Salisbury et al., "Interactive pen-and-ink illustration" (1994) for
tone by lines that swell and cross.
"""

from __future__ import annotations

import cv2
import numpy as np

from studio.painting.guides import luminance, soften
from studio.teachers.brushes import Sheet, calm, colour, level, mix, painter, pen, smoothstep, tremble


def _sigmoid(image: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(image, -30, 30)))


def _paper(sheet: Sheet, tone: np.ndarray, noise: float, grain: float = 0.0, pigment: float = 0.0) -> np.ndarray:
    """A sheet of one colour with a little tooth, float32 (H, W, 3)."""
    tooth = 1 + noise * sheet.map("noise") + grain * sheet.map("grain") + pigment * sheet.map("pigment")
    return tone * tooth[..., None]


@painter
def paint_pencil(sheet: Sheet) -> np.ndarray:
    """Graphite on white paper: fine outlines, a second searching line beside them, hatching in two directions."""
    light = calm(sheet.light, 1, 0.07)
    fine = pen(light, 0.9, 0.26, 6.0)
    searching = pen(tremble(light, sheet, 1.1), 1.5, 0.34, 6.0)
    tone = cv2.GaussianBlur(level(sheet, light, 0.45, 0.66), (0, 0), 1.2)
    up = 0.5 + 0.5 * np.tanh(1.3 * sheet.map("hatch_up"))
    down = 0.5 + 0.5 * np.tanh(1.3 * sheet.map("hatch_down"))
    graphite = 0.5 * smoothstep(0.70 - tone, 0.0, 0.45) * up + 0.5 * smoothstep(0.42 - tone, 0.0, 0.34) * down
    graphite = graphite + 0.26 * smoothstep(0.52 - tone, 0.0, 0.5)
    page = (1 - graphite) * (0.16 + 0.84 * fine) * (0.6 + 0.4 * searching)
    page = 0.09 + 0.88 * np.clip(1.2 * page, 0, 1) + 0.010 * sheet.map("noise")
    return page[..., None] * colour(0.99, 0.985, 0.97)


@painter
def paint_charcoal(sheet: Sheet) -> np.ndarray:
    """Charcoal and white chalk on toned paper."""
    light = calm(sheet.light, 2, 0.1)
    light = level(sheet, light + 0.5 * (light - soften(light, 6.0)), 0.45, 0.54)
    tooth = np.clip(0.06 * sheet.map("noise") + 0.045 * sheet.map("hatch_up"), -0.11, 0.11)
    smudge = cv2.GaussianBlur(light, (0, 0), 2.5)
    # Rubbed in softly first, then drawn over with the stick, which only catches the tooth of the paper.
    rubbed = 0.5 * smoothstep(0.60 - smudge + 0.02 * sheet.map("pigment"), 0.0, 0.45)
    stick = smoothstep(0.43 - light - 1.2 * tooth, -0.04, 0.26)
    line = 1 - pen(light, 1.9, 0.34, 5.0)
    coal = 1 - (1 - rubbed) * (1 - 0.85 * stick) * (1 - np.clip(line * (0.9 + 2.5 * tooth), 0, 1))
    chalk = smoothstep(light + 0.9 * tooth, 0.60, 0.92)
    paper = _paper(sheet, colour(0.72, 0.655, 0.565), noise=0.022, grain=0.015)
    return mix(mix(paper, colour(0.97, 0.95, 0.91), 0.9 * chalk), colour(0.085, 0.075, 0.075), 0.95 * coal)


@painter
def paint_engraving(sheet: Sheet) -> np.ndarray:
    """Copperplate: ruled lines that swell with the shade and are crossed by others in the dark; sepia on cream."""
    light = calm(sheet.light, 1, 0.08)
    tone = level(sheet, light + 0.6 * (light - soften(light, 5.0)), 0.4, 0.58)
    tone = np.clip(0.06 + 1.12 * tone, 0, 1)
    ruled = _sigmoid(10 * (sheet.map("pattern") + 1.0 - 2.15 * tone))
    ink = 1 - (1 - ruled) * pen(light, 1.0, 0.34, 9.0)
    paper = _paper(sheet, colour(0.955, 0.93, 0.865), noise=0.012, pigment=0.012)
    return mix(paper, colour(0.14, 0.105, 0.085), 0.95 * ink)


@painter
def paint_chalkboard(sheet: Sheet) -> np.ndarray:
    """White chalk with a breath of colour on a green-black board that was wiped before."""
    light = calm(sheet.light, 1, 0.08)
    rough = sheet.map("noise")
    line = 1 - pen(tremble(light, sheet, 0.6), 1.3, 0.30, 6.0)
    # The side of the chalk lights up what is brighter than its neighbourhood; a flat sky stays board.
    tone = level(sheet, light, 0.75, 0.5)
    side = 0.75 * smoothstep(tone + 0.05 * rough + 0.05 * sheet.map("hatch_up"), 0.52, 0.95)
    chalk = np.clip(np.maximum(side, line * (1.05 + 0.22 * rough)), 0, 1)
    hue = soften(sheet.rgb, 2.0)
    tint = np.clip(0.95 + hue - luminance(hue)[..., None], 0.62, 1)
    wiped = 0.018 * sheet.map("pigment") + 0.006 * sheet.map("grain") + 0.05 * smoothstep(light, 0.2, 0.8)
    board = colour(0.10, 0.165, 0.145) + wiped[..., None]
    return mix(board, tint, 0.96 * chalk)


@painter
def paint_blueprint(sheet: Sheet) -> np.ndarray:
    """White lines on Prussian blue; what is bright is ruled."""
    light = calm(sheet.light, 1, 0.08)
    line = 1 - pen(light, 0.9, 0.24, 8.0)
    tone = level(sheet, light, 0.4, 0.5)
    ruled = _sigmoid(9 * (sheet.map("pattern") + 2.0 * tone - 1.85))
    bleach = 0.80 + 0.45 * tone + 0.03 * sheet.map("pigment") + 0.02 * sheet.map("noise")
    paper = colour(0.03, 0.175, 0.475) * bleach[..., None]
    return mix(mix(paper, colour(0.62, 0.80, 0.97), 0.42 * ruled), colour(0.93, 0.97, 1.0), 0.95 * line)
