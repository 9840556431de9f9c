"""Teachers that paint: oil, impasto, impressionist, starry, watercolour, gouache, pastel, fauvist, ink, crayon.

Each is after what its material does rather than after one picture: pigment that absorbs light and gathers at the border
of a wash, thick paint whose ridges catch the light, chalk that only the paper's teeth take off the stick.

After: Bousseau et al. (2006) and Curtis et al. (1997) for watercolour; Litwinowicz (1997) for dabs of paint that follow
the picture's contours. Tools and conventions: studio/teachers/brushes.py.
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
    saturate,
    smoothstep,
    steepness,
    steps,
    tremble,
)


def _bristles(sheet: Sheet, width: float) -> np.ndarray:
    """Strokes as wide as a brush of `width` pixels, of about unit variance, float32 (H, W)."""
    return (1 + 0.62 * width) * soften(sheet.map("stroke"), width)


def _dabs(sheet: Sheet, width: float) -> np.ndarray:
    """Short straight dabs, the one or the other diagonal as the contours run; about unit variance, float32 (H, W)."""
    rising = smoothstep(sheet.map("tangent_sin"), 0.35, -0.35)
    dabs = rising * sheet.map("hatch_up") + (1 - rising) * sheet.map("hatch_down")
    return (1 + 0.55 * width) * soften(dabs, width)


def _vibrant(rgb: np.ndarray, gain: float, restraint: float) -> np.ndarray:
    """Livelier colours: pale ones gain most, pure ones are held back lest they turn poisonous."""
    red, green, blue = cv2.split(rgb)
    most, least = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
    purity = (most - least) / np.maximum(most, 0.05)
    grey = luminance(rgb)[..., None]
    return np.clip(grey + (rgb - grey) * (gain - restraint * purity)[..., None], 0, 1)


@painter
def paint_oil(sheet: Sheet) -> np.ndarray:
    """An old master: warm lights out of brown shadows, strokes that one sees only from near by."""
    stroke = sheet.map("stroke")
    paint = mix(sheet.colours(), calm(sheet.rgb, 1, 0.1), 0.45)
    light = luminance(paint)
    tone = light + 0.028 * stroke * (0.35 + light)
    shaped = smoothstep(tone, -0.09, 0.98)
    glaze = ramp(
        shaped,
        [
            (0.0, (0.055, 0.035, 0.03)),
            (0.25, (0.25, 0.175, 0.12)),
            (0.5, (0.52, 0.43, 0.32)),
            (0.75, (0.80, 0.72, 0.56)),
            (1.0, (0.98, 0.94, 0.82)),
        ],
    )
    chroma = paint - light[..., None]
    painted = glaze + chroma * (0.5 + 0.95 * shaped)[..., None] * colour(1.0, 0.95, 0.85)
    return painted + 0.075 * (relief(stroke) * (0.35 + shaped))[..., None]


@painter
def paint_impasto(sheet: Sheet) -> np.ndarray:
    """Paint laid on with a knife: broad flat touches, ridges in raking light, less of both where there is detail."""
    broad, stroke = _bristles(sheet, 2.0), sheet.map("stroke")
    bold = 1 - 0.65 * smoothstep(sheet.map("glow"), 0.10, 0.45)
    knife = np.tanh(1.2 * broad) * bold
    touches = mix(sheet.rgb, soften(sheet.colours(), 1.4), 0.85 * bold)
    tone = np.clip(luminance(touches), 0, 1)
    laid = np.maximum(steps(np.clip(0.02 + tone + 0.03 * knife, 0, 1), 7, 3), 0.03)
    paint = np.clip(touches * (laid / np.maximum(tone, 0.06))[..., None], 0, 1)
    paint = _vibrant(paint, 1.8, 0.5) * colour(0.95, 0.94, 0.92) + colour(0.03, 0.03, 0.05)
    paint = paint + (0.045 * knife)[..., None] * colour(1.0, 0.3, -1.0)
    ridge = relief(0.95 * knife + 0.22 * stroke * bold + 6.0 * soften(tone, 1.0))
    gloss = np.clip(ridge - 0.25, 0, 1) * (0.2 + tone)
    painted = paint * (1 + 0.32 * np.tanh(1.3 * ridge))[..., None]
    return painted + 0.40 * gloss[..., None] * colour(1.0, 0.97, 0.9)


@painter
def paint_impressionist(sheet: Sheet) -> np.ndarray:
    """Dabs of broken colour in full daylight: yellow lights, violet shadows, nowhere black."""
    dab = 0.75 * _dabs(sheet, 1.2) + 0.5 * _bristles(sheet, 1.0)
    touch = np.tanh(1.2 * dab)
    paint = tremble(mix(soften(sheet.colours(), 1.0), sheet.rgb, 0.4), sheet, 0.7)
    light = np.clip(luminance(paint), 0, 1)
    airy = np.clip(0.15 + 0.87 * light**0.75 + 0.055 * touch, 0, 1)
    air = ramp(
        airy,
        [
            (0.15, (0.17, 0.14, 0.36)),
            (0.4, (0.41, 0.37, 0.60)),
            (0.65, (0.69, 0.67, 0.71)),
            (0.85, (0.93, 0.88, 0.76)),
            (1.0, (1.0, 0.985, 0.90)),
        ],
    )
    chroma = paint - light[..., None]
    warm = 0.06 * touch + 0.02 * sheet.map("pigment")
    broken = warm[..., None] * colour(1.0, -0.1, -1.0)
    return air + 1.7 * chroma + broken + 0.07 * relief(dab)[..., None]


@painter
def paint_starry(sheet: Sheet) -> np.ndarray:
    """Night in blue and yellow, every stroke a curl of its own."""
    broad, stroke = _bristles(sheet, 1.1), sheet.map("stroke")
    bold = 1 - 0.6 * smoothstep(sheet.map("glow"), 0.10, 0.45)
    colours = sheet.colours()
    light = level(sheet, luminance(mix(sheet.rgb, colours, 0.5)), 0.3, 0.48)
    heat = np.clip(colours[..., 0] - colours[..., 2], -0.3, 0.4)
    tone = contrast(light + 0.24 * heat + 0.075 * bold * np.tanh(1.2 * broad), 1.25, 0.47) - 0.02
    painted = ramp(
        tone,
        [
            (0.0, (0.04, 0.07, 0.19)),
            (0.15, (0.08, 0.17, 0.40)),
            (0.35, (0.16, 0.35, 0.64)),
            (0.52, (0.34, 0.55, 0.74)),
            (0.68, (0.69, 0.76, 0.58)),
            (0.84, (0.96, 0.83, 0.32)),
            (1.0, (1.0, 0.96, 0.72)),
        ],
    )
    chroma = colours - luminance(colours)[..., None]
    warm = np.clip(chroma[..., 0] - chroma[..., 2], -0.5, 0.5)[..., None]
    gaps = (bold * np.clip(-0.7 - stroke, 0, 1))[..., None]
    painted = painted + 0.45 * chroma + 0.35 * warm * colour(1.0, 0.45, -0.5) + 0.16 * (bold * relief(broad))[..., None]
    return painted * (1 - 0.35 * gaps)


@painter
def paint_watercolour(sheet: Sheet) -> np.ndarray:
    """Transparent washes on white paper, each darker along its border."""
    pigment, noise = sheet.map("pigment"), sheet.map("noise")
    washes = tremble(calm(sheet.rgb, 2, 0.14), sheet, 1.2)
    light = np.clip(luminance(washes), 0, 1)
    wet = soften(light, 1.2) ** 0.8 + 0.022 * pigment
    layers = np.zeros_like(light)
    for threshold in (0.86, 0.66, 0.46, 0.28):
        wash = smoothstep(wet, threshold + 0.05, threshold - 0.05)
        layers += wash + 1.8 * np.maximum(wash - soften(wash, 3.0), 0)
    density = 0.44 * layers - 0.34 * np.log(np.clip(light, 0.1, 0.95))
    density = density * (1 + 0.17 * pigment + 0.11 * noise)
    hue = _vibrant(washes, 1.4, 0.9) + colour(0.027, 0.035, 0.048)  # black is a cold grey, thinned with water
    hue = hue * (0.70 / np.maximum(luminance(hue), 0.1))[..., None] + 0.03
    page = colour(0.99, 0.985, 0.965) * np.exp(density[..., None] * np.log(np.clip(hue, 0.24, 0.97)))
    line = 0.38 * (1 - pen(tremble(sheet.light, sheet, 0.8), 1.0, 0.5, 6.0))
    return mix(page, page * colour(0.35, 0.28, 0.33), line)


@painter
def paint_gouache(sheet: Sheet) -> np.ndarray:
    """Opaque, matt paint in few flat tones, dry at the edge of a stroke."""
    streaks = 1.5 * soften(tremble(sheet.map("grain"), sheet, 1.6), 1.0)
    bold = 1 - 0.5 * smoothstep(sheet.map("glow"), 0.12, 0.5)
    dry = bold * np.tanh(streaks + 0.3 * sheet.map("noise"))
    flat = tremble(calm(sheet.rgb, 3, 0.18), sheet, 1.0)
    light = np.clip(luminance(flat), 0, 1)
    tone = steps(np.clip(soften(light, 1.2) ** 0.85 + 0.028 * dry, 0, 1), 5, 9)
    paint = ramp(
        tone,
        [
            (0.1, (0.13, 0.16, 0.25)),
            (0.3, (0.29, 0.33, 0.39)),
            (0.5, (0.54, 0.53, 0.49)),
            (0.7, (0.78, 0.72, 0.62)),
            (0.9, (0.965, 0.925, 0.83)),
        ],
    )
    chroma = saturate(flat, 1.3) - light[..., None]
    return (paint + chroma * (0.9 - 0.12 * dry)[..., None]) * (1 + 0.022 * dry)[..., None]


@painter
def paint_pastel(sheet: Sheet) -> np.ndarray:
    """Soft chalk on a toned sheet, whose teeth show between the strokes."""
    noise, dab = sheet.map("noise"), 1.8 * soften(sheet.map("hatch_up"), 1.4)
    chalk = mix(soften(sheet.colours(), 1.0), sheet.rgb, 0.5)
    light = np.clip(luminance(chalk), 0, 1)
    lifted = 0.20 + 0.80 * light**0.75
    chalk = lifted[..., None] + 1.5 * (chalk - light[..., None]) + (0.05 * np.tanh(dab))[..., None]
    pressure = 0.85 + 2.0 * np.maximum(light - 0.5, 0) + 4.0 * np.maximum(0.5 - light, 0) + 7.0 * steepness(sheet.light)
    covered = smoothstep(0.75 * noise + 0.2 * dab + pressure, -0.9, 1.7)
    paper = colour(0.70, 0.60, 0.55) * (1 + 0.05 * noise)[..., None]
    return mix(paper, chalk, 0.2 + 0.8 * covered)


_FAUVE_WARM = [
    (0.0, (0.16, 0.04, 0.28)),
    (0.22, (0.62, 0.06, 0.30)),
    (0.42, (0.90, 0.17, 0.16)),
    (0.62, (0.99, 0.47, 0.14)),
    (0.8, (1.0, 0.76, 0.22)),
    (1.0, (1.0, 0.94, 0.72)),
]
_FAUVE_COOL = [
    (0.0, (0.06, 0.06, 0.30)),
    (0.22, (0.10, 0.18, 0.60)),
    (0.42, (0.07, 0.45, 0.62)),
    (0.62, (0.16, 0.70, 0.62)),
    (0.8, (0.95, 0.62, 0.72)),
    (1.0, (0.99, 0.93, 0.80)),
]
_FAUVE_GREEN = [
    (0.0, (0.05, 0.10, 0.32)),
    (0.22, (0.02, 0.32, 0.36)),
    (0.42, (0.08, 0.58, 0.30)),
    (0.62, (0.52, 0.78, 0.18)),
    (0.8, (0.98, 0.86, 0.20)),
    (1.0, (1.0, 0.96, 0.70)),
]


@painter
def paint_fauvist(sheet: Sheet) -> np.ndarray:
    """Wild colours straight from the tube, chosen by temperature and tone; dark blue outlines."""
    broad = _bristles(sheet, 1.6)
    flat = soften(calm(sheet.colours(), 1, 0.15), 1.0)
    light = luminance(flat)
    tone = steps(np.clip(level(sheet, light, 0.35, 0.55) * 1.08 + 0.06 * np.tanh(broad), 0, 1), 5, 4)
    red, green, blue = cv2.split(flat)
    bright = np.maximum(light, 0.08)
    patch = 0.05 * sheet.map("pigment")
    votes = [
        np.exp(11 * ((red - 0.5 * green - 0.5 * blue) * 0.6 / bright * 0.6 + patch)),
        np.exp(11 * ((blue - 0.5 * green - 0.5 * red) * 0.6 / bright * 0.6 - patch)),
        np.exp(11 * ((green - 0.5 * red - 0.5 * blue) * 1.1 / bright * 0.6 - 0.03)),
    ]
    total = votes[0] + votes[1] + votes[2]
    painted = np.zeros_like(flat)
    for vote, stops in zip(votes, (_FAUVE_WARM, _FAUVE_COOL, _FAUVE_GREEN), strict=True):
        painted += (vote / total)[..., None] * ramp(tone, stops)
    painted = saturate(painted, 1.15) + 0.07 * relief(broad)[..., None]
    line = pen(luminance(calm(sheet.rgb, 1, 0.1)) + 0.012 * broad, 1.8, 0.45, 5.0)
    return mix(colour(0.07, 0.06, 0.26), painted, line)


@painter
def paint_ink(sheet: Sheet) -> np.ndarray:
    """Brush and ink on rice paper: few wet greys, a line where it matters, much bare paper."""
    calmed = cv2.bilateralFilter(sheet.light, 7, 0.08, 4)
    light = tremble(level(sheet, contrast(calmed, 1.15), 0.55, 0.70), sheet, 0.9)
    line = pen(light, 1.6, 0.36, 5.0)
    wet = soften(light, 2.2) + 0.03 * sheet.map("pigment")
    washes = np.zeros_like(wet)
    for threshold, strength, width in ((0.64, 0.20, 0.08), (0.52, 0.34, 0.06), (0.40, 0.50, 0.06), (0.26, 0.9, 0.06)):
        wash = smoothstep(wet, threshold + width, threshold - width)
        washes += strength * (wash + 1.2 * np.maximum(wash - soften(wash, 4.0), 0))
    uneven = 1 + 0.22 * sheet.map("pigment") + 0.08 * sheet.map("noise")
    page = np.exp(-1.35 * washes * uneven) * (0.10 + 0.90 * line)
    return mix(colour(0.05, 0.05, 0.07), colour(0.965, 0.945, 0.885), np.clip(page, 0, 1))


@painter
def paint_crayon(sheet: Sheet) -> np.ndarray:
    """Wax crayons on rough white paper: bright colours, scribbled one way and the other, thick soft outlines."""
    noise = sheet.map("noise")
    flat = tremble(calm(sheet.rgb, 2, 0.15), sheet, 1.4)
    light = np.clip(luminance(flat), 0, 1)
    hue = _vibrant(flat, 2.1, 1.15)
    bright = 0.50 + 0.40 * steps(light, 3, 4)
    wax = np.clip(hue * (bright / np.maximum(luminance(hue), 0.12))[..., None], 0, 1)
    wax = mix(wax, colour(0.25, 0.22, 0.38), smoothstep(light, 0.18, 0.02))
    up, down = 2.0 * soften(sheet.map("hatch_up"), 1.8), 2.0 * soften(sheet.map("hatch_down"), 1.8)
    first = smoothstep(0.45 * noise + 0.8 * up + 3.4 * (0.87 - light), -1.1, 2.1)
    second = smoothstep(0.35 * noise + 0.8 * down + 3.2 * (0.42 - light), -0.6, 1.7)
    page = mix(colour(0.985, 0.975, 0.95), wax, 0.96 * first)
    page = mix(page, page * (0.30 + 0.55 * wax), 0.6 * second)
    line = (1 - pen(light, 2.2, 0.36, 5.0)) * smoothstep(noise, -2.2, -0.2)
    return mix(page, 0.45 * wax * colour(0.8, 0.7, 0.95), 0.75 * line)
