"""What a painter looks at before the brush goes down: cheap maps of a picture and of a noise texture.

The restyling generator is small and sees few pixels at once; these guides tell it what it cannot see for itself: which
way a stroke would run here, what the colours are without their detail, how bright the neighbourhood is, how pigment,
hatching and wood grain lie. The teachers of studio/worlds/looks.py paint with the same maps, so a stroke that the
generator lays can be the very stroke of its teacher. Nothing here depends on whole-picture statistics: a guide at a
point depends on its neighbourhood only, so that it moves with the picture.

Strokes follow the smoothed structure tensor (Kass and Witkin, "Analyzing oriented patterns", 1987), drawn as a line
integral of noise (Cabral and Leedom, 1993) by few passes of growing reach; colours are flattened by the quadrant filter
of Kuwahara et al. (1976). Most maps live at half resolution, where they cost a quarter.

Letters: H, W full rows and columns, both even; h, w = H / 2, W / 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

SHARP = ("lines", "screen")
SOFT = (
    "red",
    "green",
    "blue",
    "stroke",
    "noise",
    "pigment",
    "hatch_down",
    "hatch_up",
    "grain",
    "surroundings",
    "glow",
    "tangent_cos",
    "tangent_sin",
)
SCREEN_PERIOD = 8  # pixels: moving a picture by a multiple of this moves its halftone screen along
_SWIRL_STRENGTH = 1.2e-4  # squared gradient per half pixel under which the swirls, not the picture, lead the brush
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, kw_only=True)
class Guides:
    """sharp: float32 (2, H, W), the maps named in SHARP; soft: float32 (13, h, w), the maps named in SOFT."""

    sharp: np.ndarray
    soft: np.ndarray


def luminance(rgb: np.ndarray) -> np.ndarray:
    """float32 (H, W) from float32 RGB (H, W, 3)."""
    return cv2.transform(np.ascontiguousarray(rgb, dtype=np.float32), _LUMA[None])


def soften(image: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur; wide ones are done on a smaller copy, where they cost little."""
    shrink = int(sigma // 4)
    if shrink < 2 or min(image.shape[:2]) < 8 * shrink:
        return cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    height, width = image.shape[:2]
    small = cv2.resize(image, (max(1, width // shrink), max(1, height // shrink)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / shrink, borderType=cv2.BORDER_REFLECT)
    large = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return cv2.GaussianBlur(large, (0, 0), shrink / 2, borderType=cv2.BORDER_REFLECT)  # hides the small grid


def length(across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Length of vectors by their two parts. Not cv2.magnitude: its last bit depends on where the arrays lie in memory,
    and one seed must give one picture."""
    return np.sqrt(across * across + down * down)


def halve(image: np.ndarray) -> np.ndarray:
    """Half the rows and columns by averaging squares of four."""
    return cv2.resize(image, (image.shape[1] // 2, image.shape[0] // 2), interpolation=cv2.INTER_AREA)


def flatten_colours(rgb: np.ndarray, window: int = 4) -> np.ndarray:
    """Edge-keeping smoothing, float32 (h, w, 3): of four windows around a pixel the calm ones count."""
    brightness = luminance(rgb)
    stacked = np.dstack([rgb, brightness * brightness])
    mean = cv2.blur(stacked, (window, window), anchor=(0, 0), borderType=cv2.BORDER_REFLECT)
    spread = mean[..., 3] - luminance(mean[..., :3]) ** 2
    mean[..., 3] = 1.0
    weight = 1 / (np.maximum(spread, 0) + 2e-4) ** 2
    mean *= weight[..., None]
    height, width = rgb.shape[:2]
    reach = window - 1
    padded = cv2.copyMakeBorder(mean, reach, 0, reach, 0, cv2.BORDER_REPLICATE)
    total = padded[reach:, reach:] + padded[reach:, :width] + padded[:height, reach:] + padded[:height, :width]
    return np.ascontiguousarray(total[..., :3] / total[..., 3:])


def tangents(brightness: np.ndarray, noise: np.ndarray, sigma: float = 2.5) -> np.ndarray:
    """The direction a brush would take, float32 (h, w, 2) of unit length, x first; its sign means nothing.

    brightness: float32 (h, w); noise: float32 (h, w) of unit variance. Along edges where there are any; where the
    picture is flat, along slow swirls: the contours of the noise, much blurred.
    """
    across_x = cv2.Scharr(brightness, cv2.CV_32F, 1, 0, scale=1 / 32, borderType=cv2.BORDER_REFLECT)
    across_y = cv2.Scharr(brightness, cv2.CV_32F, 0, 1, scale=1 / 32, borderType=cv2.BORDER_REFLECT)
    tensor = cv2.merge([across_x * across_x, across_x * across_y, across_y * across_y])
    tensor = soften(tensor, sigma)
    hills = soften(noise, 16.0)
    hill_x = cv2.Scharr(hills, cv2.CV_32F, 1, 0, borderType=cv2.BORDER_REFLECT)
    hill_y = cv2.Scharr(hills, cv2.CV_32F, 0, 1, borderType=cv2.BORDER_REFLECT)
    slope = _SWIRL_STRENGTH / (hill_x * hill_x + hill_y * hill_y + 1e-9)
    horizontal = tensor[..., 0] + slope * hill_x * hill_x
    mixed = tensor[..., 1] + slope * hill_x * hill_y
    vertical = tensor[..., 2] + slope * hill_y * hill_y
    angle = cv2.phase(horizontal - vertical, 2 * mixed) * np.float32(0.5) + np.float32(np.pi / 2)
    return cv2.merge([np.cos(angle), np.sin(angle)])


def draw_along(
    image: np.ndarray, direction: np.ndarray, reaches: tuple[float, ...] = (1.0, 2.0, 3.0, 4.0)
) -> np.ndarray:
    """Smears an image (h, w) or (h, w, C) along unit directions: every pass averages a point with two neighbours
    `reach` pixels up and down the stroke; the passes compose to a smooth curved stroke."""
    height, width = image.shape[:2]
    grid = np.dstack(np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)))
    for reach in reaches:
        step = np.float32(reach) * direction
        ahead = cv2.remap(image, grid + step, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        behind = cv2.remap(image, grid - step, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        image = cv2.addWeighted(cv2.addWeighted(ahead, 0.5, behind, 0.5, 0), 0.5, image, 0.5, 0)
    return image


def halftone_screen(height: int, width: int) -> np.ndarray:
    """A printer's dot screen at 45 degrees, float32 (H, W) in -1..1, period SCREEN_PERIOD, anchored at the origin."""
    period = SCREEN_PERIOD
    row, column = np.mgrid[0:period, 0:period].astype(np.float32)
    turn = np.float32(2 * np.pi / period)
    tile = (np.cos(turn * (column + row)) + np.cos(turn * (column - row))) / 2
    return np.tile(tile, (height // period + 1, width // period + 1))[:height, :width].astype(np.float32)


def contour_lines(brightness: np.ndarray, sigma: float = 1.2) -> np.ndarray:
    """Difference of two Gaussians relative to the brightness, -2..2; negative where a pen would draw."""
    fine = cv2.GaussianBlur(brightness, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    wide = cv2.GaussianBlur(brightness, (0, 0), sigma * 1.6, borderType=cv2.BORDER_REFLECT)
    return np.clip((fine - wide) / (wide + 0.12) * 20, -2, 2)


def read_guides(rgb: np.ndarray, noise: np.ndarray) -> Guides:
    """All guides of one picture.

    rgb: float32 (H, W, 3) in 0..1 with even H, W; noise: float32 (h, w), unit variance, at half resolution.
    """
    height, width = rgb.shape[:2]
    assert height % 2 == 0 and width % 2 == 0 and noise.shape == (height // 2, width // 2)
    sharp = np.stack([contour_lines(luminance(rgb)), halftone_screen(height, width)])
    small = halve(rgb)
    colours = flatten_colours(small)
    brightness = luminance(colours)
    direction = tangents(brightness, noise)
    painted = draw_along(colours, direction, (1.0, 2.0))
    # The factors bring every texture to about unit variance for white noise.
    stroke = 6.0 * draw_along(cv2.GaussianBlur(noise, (0, 0), 0.55), direction)
    down = np.eye(9, dtype=np.float32) / 3
    edges = length(
        cv2.Scharr(brightness, cv2.CV_32F, 1, 0, scale=1 / 4), cv2.Scharr(brightness, cv2.CV_32F, 0, 1, scale=1 / 4)
    )
    soft = [
        *cv2.split(painted),
        stroke,
        noise,
        15.0 * soften(noise, 4.5),
        cv2.filter2D(noise, -1, down, borderType=cv2.BORDER_REFLECT),
        cv2.filter2D(noise, -1, np.ascontiguousarray(down[::-1]), borderType=cv2.BORDER_REFLECT),
        4.0 * cv2.blur(noise, (17, 1), borderType=cv2.BORDER_REFLECT),
        soften(brightness, 20.0),
        soften(np.minimum(edges, 1.0), 3.5),
        direction[..., 0] ** 2 - direction[..., 1] ** 2,
        2 * direction[..., 0] * direction[..., 1],
    ]
    return Guides(sharp=sharp.astype(np.float32), soft=np.stack(soft).astype(np.float32))
