"""What a painter looks at before the brush goes down: cheap maps of a picture, of a noise texture and of tiles.

The restyling generator is small and sees few pixels at once; these guides tell it what it cannot see for itself: which
way a stroke would run here, what the colours are without their detail, how bright the neighbourhood is, how pigment,
hatching and wood grain lie, which tile a pixel belongs to. The teachers of studio/teachers/looks.py paint with the same
maps, so a stroke that the generator lays can be the very stroke of its teacher. Nothing here depends on whole-picture
statistics: a guide at a point depends on its neighbourhood only, so that it moves with the picture.

Strokes follow the smoothed structure tensor (Kass and Witkin, "Analyzing oriented patterns", 1987), drawn as a line
integral of noise (Cabral and Leedom, 1993) by few passes of growing reach; colours are flattened by the quadrant filter
of Kuwahara et al. (1976). Most maps live at half resolution, where they cost a quarter.

Letters: H, W full rows and columns, both even; h, w = H / 2, W / 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from studio.motion.warp import pixel_grid
from studio.painting.texture import Texture, length
from studio.painting.tiling import lay_tiles

SHARP = ("lines", "pattern")
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
    "tile_red",
    "tile_green",
    "tile_blue",
)
_SWIRL_STRENGTH = 1.2e-4  # squared gradient per half pixel under which the swirls, not the picture, lead the brush
_WINDOW = 4  # pixels of the windows whose calm ones count, see flatten_colours
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, kw_only=True)
class Guides:
    """sharp: float32 (2, H, W), the maps named in SHARP; soft: float32 (16, h, w), the maps named in SOFT."""

    sharp: np.ndarray
    soft: np.ndarray


def luminance(rgb: np.ndarray) -> np.ndarray:
    """float32 (H, W) from float32 RGB (H, W, 3)."""
    return cv2.transform(np.ascontiguousarray(rgb, dtype=np.float32), _LUMA[None])


def soften(image: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur of ``sigma`` pixels of a float32 or uint8 image (H, W[, C]), same shape and dtype; a wide one is
    done on a smaller copy, where it costs little.
    """
    shrink = int(sigma // 4)
    if shrink < 2 or min(image.shape[:2]) < 8 * shrink:
        return cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    height, width = image.shape[:2]
    small = cv2.resize(image, (max(1, width // shrink), max(1, height // shrink)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / shrink, borderType=cv2.BORDER_REFLECT)
    large = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return cv2.GaussianBlur(large, (0, 0), shrink / 2, borderType=cv2.BORDER_REFLECT)  # hides the small grid


def halve(image: np.ndarray) -> np.ndarray:
    """Half the rows and columns, (H // 2, W // 2[, C]) in the image's own dtype, by averaging squares of four."""
    return cv2.resize(image, (image.shape[1] // 2, image.shape[0] // 2), interpolation=cv2.INTER_AREA)


def flatten_colours(rgb: np.ndarray) -> np.ndarray:
    """Edge-keeping smoothing, float32 (h, w, 3): of four windows around a pixel the calm ones count."""
    brightness = luminance(rgb)
    stacked = cv2.merge([*cv2.split(rgb), cv2.multiply(brightness, brightness)])
    mean = cv2.blur(stacked, (_WINDOW, _WINDOW), anchor=(0, 0), borderType=cv2.BORDER_REFLECT)
    red, green, blue, square = cv2.split(mean)
    light = cv2.transform(mean, np.append(_LUMA, np.float32(0))[None])
    spread = np.maximum(square - light * light, 0) + np.float32(2e-4)
    weight = 1 / (spread * spread)
    weighted = cv2.merge([red * weight, green * weight, blue * weight, weight])
    corners = np.zeros(_WINDOW, np.float32)
    corners[[0, -1]] = 1
    total = cv2.sepFilter2D(
        weighted, -1, corners, corners, anchor=(_WINDOW - 1, _WINDOW - 1), borderType=cv2.BORDER_REPLICATE
    )
    red, green, blue, weight = cv2.split(total)
    return cv2.merge([red / weight, green / weight, blue / weight])


def tangents(brightness: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """The direction a brush would take, float32 (h, w, 2) of unit length, x first; its sign means nothing.

    brightness: float32 (h, w); noise: float32 (h, w) of unit variance. Along edges where there are any; where the
    picture is flat, along slow swirls: the contours of the noise, much blurred.
    """
    across_x = cv2.Scharr(brightness, cv2.CV_32F, 1, 0, scale=1 / 32, borderType=cv2.BORDER_REFLECT)
    across_y = cv2.Scharr(brightness, cv2.CV_32F, 0, 1, scale=1 / 32, borderType=cv2.BORDER_REFLECT)
    tensor = cv2.merge([across_x * across_x, across_x * across_y, across_y * across_y])
    tensor = soften(tensor, 2.5)
    hills = soften(noise, 16.0)
    hill_x = cv2.Scharr(hills, cv2.CV_32F, 1, 0, borderType=cv2.BORDER_REFLECT)
    hill_y = cv2.Scharr(hills, cv2.CV_32F, 0, 1, borderType=cv2.BORDER_REFLECT)
    slope = _SWIRL_STRENGTH / (hill_x * hill_x + hill_y * hill_y + 1e-9)
    horizontal = tensor[..., 0] + slope * hill_x * hill_x
    mixed = tensor[..., 1] + slope * hill_x * hill_y
    vertical = tensor[..., 2] + slope * hill_y * hill_y
    # The double angle is what the tensor gives; half of it by the half-angle formulas, without a single cosine.
    stiff, shear = vertical - horizontal, -2 * mixed
    double_cos = stiff / (length(stiff, shear) + np.float32(1e-12))
    across = np.sqrt(np.maximum(1 + double_cos, 0) * np.float32(0.5))
    down = np.sqrt(np.maximum(1 - double_cos, 0) * np.float32(0.5))
    return cv2.merge([across, np.copysign(down, shear)])


def draw_along(
    image: np.ndarray, direction: np.ndarray, reaches: tuple[float, ...] = (1.0, 2.0, 3.0, 4.0)
) -> np.ndarray:
    """Smears an image (h, w) or (h, w, C) along unit directions: every pass averages a point with two neighbours
    `reach` pixels up and down the stroke; the passes compose to a smooth curved stroke."""
    grid = pixel_grid(*image.shape[:2])
    for reach in reaches:
        ahead = cv2.remap(
            image, cv2.scaleAdd(direction, reach, grid), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        behind = cv2.remap(
            image, cv2.scaleAdd(direction, -reach, grid), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        cv2.addWeighted(ahead, 0.5, behind, 0.5, 0, dst=ahead)
        image = cv2.addWeighted(ahead, 0.5, image, 0.5, 0, dst=ahead)
    return image


def contour_lines(brightness: np.ndarray, sigma: float = 1.2) -> np.ndarray:
    """Difference of two Gaussians of a float32 brightness (H, W), relative to it: float32 (H, W) in -2..2, negative
    where a pen would draw (XDoG, Winnemoeller 2011). sigma: pixels.
    """
    fine = cv2.GaussianBlur(brightness, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    wide = cv2.GaussianBlur(fine, (0, 0), sigma * 1.25, borderType=cv2.BORDER_REFLECT)  # in all 1.6 sigma
    cv2.subtract(fine, wide, dst=fine)
    cv2.add(wide, 0.12, dst=wide)
    lines = cv2.divide(fine, wide, dst=fine, scale=20)
    return np.clip(lines, -2, 2, out=lines)


def read_guides(rgb: np.ndarray, texture: Texture, tiling: str = "none") -> Guides:
    """All guides of one picture.

    rgb: float32 (H, W, 3) in 0..1 with even H, W; texture: of its half resolution (h, w); tiling: one of TILINGS of
    studio/painting/tiling.py.
    """
    height, width = rgb.shape[:2]
    noise = texture.noise
    assert height % 2 == 0 and width % 2 == 0 and noise.shape == (height // 2, width // 2)
    # Everything is written into its place at once: moving megabytes would cost as much as computing them.
    sharp = np.empty((len(SHARP), height, width), np.float32)
    soft = np.empty((len(SOFT), height // 2, width // 2), np.float32)
    maps = dict(zip(SOFT, soft))
    sharp[0] = contour_lines(luminance(rgb))
    colours = flatten_colours(halve(rgb))
    brightness = luminance(colours)
    direction = tangents(brightness, noise)
    wet = cv2.merge([*cv2.split(colours), cv2.GaussianBlur(noise, (0, 0), 0.55)])
    painted = draw_along(wet, direction, (1.0, 2.0))
    cv2.split(painted, [*soft[:3], maps["stroke"]])
    # The factors bring every texture to about unit variance for white noise.
    maps["stroke"][:] = 6.0 * draw_along(maps["stroke"], direction, (3.0, 4.0))
    maps["noise"][:] = noise
    _lay_pigment(noise, maps)
    maps["surroundings"][:] = soften(brightness, 20.0)
    across = cv2.Scharr(brightness, cv2.CV_32F, 1, 0, scale=1 / 4)
    down = cv2.Scharr(brightness, cv2.CV_32F, 0, 1, scale=1 / 4)
    maps["glow"][:] = soften(np.minimum(length(across, down), 1.0), 3.5)
    cos, sin = cv2.split(direction)
    maps["tangent_cos"][:] = cos * cos - sin * sin
    maps["tangent_sin"][:] = 2 * cos * sin
    sharp[1], tiles = lay_tiles(tiling, colours, texture.shift)
    cv2.split(tiles, [*soft[-3:]])
    return Guides(sharp=sharp, soft=soft)


def _lay_pigment(noise: np.ndarray, maps: dict[str, np.ndarray]) -> None:
    """How pigment settles in paper, hatching runs and wood grain lies, from the noise alone."""
    cv2.multiply(soften(noise, 4.5), 15.0, dst=maps["pigment"])
    down = np.eye(9, dtype=np.float32) / 3
    cv2.filter2D(noise, -1, down, dst=maps["hatch_down"], borderType=cv2.BORDER_REFLECT)
    up = np.ascontiguousarray(down[::-1])
    cv2.filter2D(noise, -1, up, dst=maps["hatch_up"], borderType=cv2.BORDER_REFLECT)
    cv2.multiply(cv2.blur(noise, (17, 1), borderType=cv2.BORDER_REFLECT), 4.0, dst=maps["grain"])
