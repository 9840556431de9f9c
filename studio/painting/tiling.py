"""Tiles that stick to what moves: the stones of a mosaic, the panes of a window, the dots of a print.

A tiling is a fixed, endless (wrapping) atlas. For each of its texels it holds how far the tile's border is and where
the tile's centre lies. A pixel looks into the atlas at its texture coordinate, which is its own place plus the shift of
studio/painting/texture.py; so tiles travel with the picture, and laying them costs a look-up of the border and one of
the colours at the tiles' centres. "pixels" alone stay on the screen, as on a console.

Letters: H, W full rows and columns, both even; h, w = H / 2, W / 2. Atlas coordinates are full pixels, x first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from studio.motion.warp import pixel_grid

TILINGS = ("none", "screen", "hatching", "pixels", "stones", "glass", "triangles", "dots", "threads")
SCREEN_PERIOD = 8  # pixels between the dots of a row of the halftone screen
PIXEL = 6  # pixels of a side of the big pixels
_ATLAS = 512  # pixels of a side of the atlas
_HALF = _ATLAS // 2  # a power of two


@dataclass(frozen=True, kw_only=True)
class _Atlas:
    """border: float32 (A, A), what draws the tiles; offset: float32 (A/2, A/2, 2), from a half pixel to its tile's
    centre in half pixels; tint: float32 (A/2, A/2, 3), what the tile's colour differs by."""

    border: np.ndarray
    offset: np.ndarray
    tint: np.ndarray


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """How an atlas is drawn. blur: side of the box of half pixels that a tile takes its colour from; light, hue: the
    spread of the tiles' own brightness and hue."""

    draw: Callable[[np.random.Generator], tuple[np.ndarray, np.ndarray, np.ndarray]]
    blur: int
    light: float
    hue: float


def lay_tiles(tiling: str, colours: np.ndarray, shift: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The tiles over a picture: (pattern float32 (H, W) about -1..1, tiles float32 (h, w, 3)).

    colours: float32 (h, w, 3), the picture without its finest detail; shift: float32 (h, w, 2), where a pixel looks
    into the texture relative to itself, in half pixels. pattern: 0 at a tile's border and 1 well inside it; for "dots"
    1 at a dot's centre, 0 at its rim and negative between the dots; for "threads" the height of the yarn; for "pixels"
    the sign tells the fields of a chessboard; for "screen" the printer's dots and for "hatching" the
    engraver's lines, to be cut off at a tone. tiles: the colour of the tile that a pixel lies in, with the tile's own
    tint; nil for "screen" and "hatching". Both are nil for "none". Raises ValueError for an unknown tiling.
    """
    height, width = colours.shape[:2]
    if tiling not in TILINGS:
        raise ValueError(f"There is no tiling {tiling!r}; there are {', '.join(TILINGS)}.")
    if tiling == "none":
        return np.zeros((2 * height, 2 * width), np.float32), np.zeros_like(colours)
    if tiling == "pixels":
        return _big_pixels(colours)
    where = pixel_grid(height, width) + shift
    if tiling == "screen":
        return _screen(where), np.zeros_like(colours)
    where -= np.floor(where * np.float32(1 / _HALF)) * np.float32(_HALF)
    if tiling == "hatching":
        # Cubic: lines as fine as these would pulse under a bilinear look-up as they slide over the pixels.
        pattern = cv2.remap(_hatching(), _full(where), None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_WRAP)
        return pattern, np.zeros_like(colours)
    atlas = _atlas(tiling)
    nearest = where.astype(np.int32)  # rounding may have made it _HALF itself
    index = (nearest[..., 1] & (_HALF - 1)) * _HALF + (nearest[..., 0] & (_HALF - 1))
    centre = atlas.offset.reshape(-1, 2).take(index, axis=0)
    centre += pixel_grid(height, width)
    centre -= where - nearest - np.float32(0.5)  # the truncation's remainder, so that centres move as the picture does
    calm = cv2.blur(colours, (_PLANS[tiling].blur,) * 2, borderType=cv2.BORDER_REFLECT)
    tiles = cv2.remap(calm, centre, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    tiles += atlas.tint.reshape(-1, 3).take(index, axis=0)
    pattern = cv2.remap(atlas.border, _full(where), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return pattern, np.clip(tiles, 0, 1, out=tiles)


def _full(where: np.ndarray) -> np.ndarray:
    """Half-pixel places (h, w, 2) as full-pixel ones (H, W, 2) of the atlas."""
    height, width = where.shape[:2]
    full = cv2.resize(where * np.float32(2), (2 * width, 2 * height), interpolation=cv2.INTER_NEAREST)
    full[:, 1::2, 0] += 1
    full[1::2, :, 1] += 1
    return full


def _screen(where: np.ndarray) -> np.ndarray:
    """A printer's dot screen at 45 degrees, -1..1: rows of dots SCREEN_PERIOD apart, every other row between them."""
    height, width = where.shape[:2]
    angle = where * np.float32(4 * np.pi / SCREEN_PERIOD)
    step = 2 * np.pi / SCREEN_PERIOD
    # The cosine at a half pixel's first and second full pixel, from the half-size one.
    first, turned = np.cos(angle), np.sin(angle)
    second = first * np.float32(np.cos(step)) - turned * np.float32(np.sin(step))
    screen = np.empty((2 * height, 2 * width), np.float32)
    for row, down in enumerate((first, second)):
        for column, across in enumerate((first, second)):
            np.multiply(across[..., 0], down[..., 1], out=screen[row::2, column::2])
    return screen


@lru_cache(maxsize=1)
def _hatching() -> np.ndarray:
    """Lines of a burin, float32 (A, A) about -1..1: ink goes where they exceed a tone, so that lines swell in the dark;
    a second set across the first joins in the shadows. Whole numbers of waves, so that it wraps."""
    grid = pixel_grid(_ATLAS, _ATLAS) * np.float32(2 * np.pi / _ATLAS)
    x, y = grid[..., 0], grid[..., 1]
    bend = 1.5 * np.sin(2 * x + y) + 1.1 * np.sin(x - 3 * y + 1) + 0.8 * np.sin(4 * y + 2 * x + 2)
    first = np.cos(42 * x + 94 * y + bend)
    second = np.cos(70 * x - 74 * y + 0.8 * bend)
    return np.maximum(first, second - 0.85).astype(np.float32)


def _big_pixels(colours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    height, width = colours.shape[:2]
    side = PIXEL // 2
    rows, columns = -(-height // side), -(-width // side)
    padded = cv2.copyMakeBorder(
        colours, 0, rows * side - height, 0, columns * side - width, cv2.BORDER_REPLICATE
    )
    means = cv2.resize(padded, (columns, rows), interpolation=cv2.INTER_AREA)
    tiles = cv2.resize(means, (columns * side, rows * side), interpolation=cv2.INTER_NEAREST)[:height, :width]
    return _pixel_borders(2 * height, 2 * width).copy(), np.ascontiguousarray(tiles)


@lru_cache(maxsize=4)
def _pixel_borders(height: int, width: int) -> np.ndarray:
    down, across = ((np.arange(size, dtype=np.float32) % PIXEL + 0.5) / (PIXEL / 2) for size in (height, width))
    border = np.minimum(np.minimum(down, 2 - down)[:, None], np.minimum(across, 2 - across)[None])
    odd = (np.arange(height)[:, None] // PIXEL + np.arange(width)[None] // PIXEL) % 2
    return np.where(odd, -border, border)


# --- drawing the atlases ---------------------------------------------------------------------------------------------


@lru_cache(maxsize=len(TILINGS))
def _atlas(tiling: str) -> _Atlas:
    plan = _PLANS[tiling]
    rng = np.random.default_rng(list(tiling.encode()))
    border, name, centres = plan.draw(rng)
    name = name[::2, ::2]
    offset = (centres[name] - pixel_grid(_HALF, _HALF) * 2 - np.float32(0.5)) / 2
    offset = (offset + _HALF / 2) % _HALF - _HALF / 2  # the nearer way around the wrapping atlas
    tint = plan.light * rng.uniform(-1, 1, (len(centres), 1)) + plan.hue * rng.uniform(-1, 1, (len(centres), 3))
    return _Atlas(
        border=border.astype(np.float32),
        offset=offset.astype(np.float32),
        tint=tint.astype(np.float32)[name],
    )


def _seeds(rng: np.random.Generator, across: int, down: int, jitter: float, brick: float) -> np.ndarray:
    """Jittered centres (down, across, 2) on a grid whose every other row is pushed along by `brick` cells."""
    grid = np.stack(np.meshgrid(np.arange(across) + 0.5, np.arange(down) + 0.5), -1).astype(np.float32)
    grid[1::2, :, 0] += brick
    grid += rng.uniform(-jitter, jitter, grid.shape)
    return grid * np.array([_ATLAS / across, _ATLAS / down], np.float32)


def _nearest(seeds: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each texel the name of its nearest seed, the distance to it and to the border towards the next (A, A)."""
    down, across = seeds.shape[:2]
    name = np.arange(down * across).reshape(down, across)
    # Two more cells all around, repeated from the far side, spare the wrapping of every difference.
    around = np.pad(seeds, ((2, 2), (2, 2), (0, 0)), mode="wrap")
    around[:2, :, 1] -= _ATLAS
    around[-2:, :, 1] += _ATLAS
    around[:, :2, 0] -= _ATLAS
    around[:, -2:, 0] += _ATLAS
    around, name = around.reshape(-1, 2), np.pad(name, 2, mode="wrap").ravel()
    column = np.arange(_ATLAS) * across // _ATLAS
    strips = []
    for top in range(0, _ATLAS, 32):  # strips, because all at once would take a hundred megabytes
        here = pixel_grid(_ATLAS, _ATLAS)[top : top + 32]
        row = np.arange(top, top + 32) * down // _ATLAS
        cell = np.stack([(row[:, None] + i) * (across + 4) + column + j for i in range(5) for j in range(5)])
        way = around[cell] - here
        square = way[..., 0] ** 2 + way[..., 1] ** 2
        first = square.argmin(0)[None]
        own = np.take_along_axis(way, first[..., None], 0)
        own_square = np.take_along_axis(square, first, 0)
        apart = np.sqrt((way[..., 0] - own[..., 0]) ** 2 + (way[..., 1] - own[..., 1]) ** 2)
        np.put_along_axis(apart, first, np.inf, 0)
        np.put_along_axis(square, first, np.inf, 0)
        border = ((square - own_square) / (2 * np.minimum(apart, _ATLAS))).min(0)
        strips.append((name[np.take_along_axis(cell, first, 0)[0]], np.sqrt(own_square[0]), border))
    return tuple(np.concatenate(part) for part in zip(*strips))


def _stones(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    seeds = _seeds(rng, 43, 43, 0.17, 0.0)
    # Laid by hand: the rows and columns run in slow waves.
    turn = np.float32(2 * np.pi / _ATLAS)
    across, down = seeds[..., 0].copy(), seeds[..., 1].copy()
    seeds[..., 1] += 9 * np.sin(turn * across + 1) + 4 * np.sin(3 * turn * across + 2 * turn * down)
    seeds[..., 0] += 9 * np.sin(turn * down) + 4 * np.sin(2 * turn * across - 2 * turn * down)
    name, _, border = _nearest(seeds)
    return np.minimum(border / 4, 1), name, seeds.reshape(-1, 2)


def _glass(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    seeds = _seeds(rng, 14, 16, 0.4, 0.5)
    name, _, border = _nearest(seeds)
    return np.minimum(border / 8, 1), name, seeds.reshape(-1, 2)


def _dots(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    seeds = _seeds(rng, 92, 106, 0.2, 0.5)
    name, distance, _ = _nearest(seeds)
    return np.maximum(1 - distance / 2.7, -1), name, seeds.reshape(-1, 2)


def _triangles(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The cells of a jittered grid, each cut in two along one of its diagonals."""
    count = 20
    corner = _seeds(rng, count, count, 0.3, 0.0) - _ATLAS / count / 2
    corner = np.pad(corner, ((0, 1), (0, 1), (0, 0)), mode="wrap")
    corner[-1, :, 1] += _ATLAS
    corner[:, -1, 0] += _ATLAS
    a, b, c, d = corner[:-1, :-1], corner[:-1, 1:], corner[1:, :-1], corner[1:, 1:]
    falling = rng.random((count, count, 1, 1)) < 0.5
    first = np.where(falling, np.stack([a, b, d], 2), np.stack([a, b, c], 2))
    second = np.where(falling, np.stack([a, d, c], 2), np.stack([b, d, c], 2))
    corners = np.concatenate([first.reshape(-1, 3, 2), second.reshape(-1, 3, 2)]).astype(np.float32)
    sheet = np.zeros((_ATLAS, _ATLAS), np.int32)
    for name, triangle in enumerate(corners):
        for x in (-_ATLAS, 0, _ATLAS):
            for y in (-_ATLAS, 0, _ATLAS):
                outline = np.round((triangle + (x, y)) * 256).astype(np.int32)
                cv2.fillConvexPoly(sheet, outline, name, shift=8)
    here = pixel_grid(_ATLAS, _ATLAS)
    centres = corners.mean(1)
    way = (here - centres[sheet] + _ATLAS / 2) % _ATLAS - _ATLAS / 2
    border = np.full((_ATLAS, _ATLAS), np.inf, np.float32)
    for i in range(3):
        start, side = corners[:, i] - centres, corners[:, (i + 1) % 3] - corners[:, i]
        normal = np.stack([-side[:, 1], side[:, 0]], -1) / np.linalg.norm(side, axis=1, keepdims=True)
        border = np.minimum(border, np.abs(((way - start[sheet]) * normal[sheet]).sum(-1)))
    return np.minimum(border / 6, 1), sheet, centres


def _threads(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Knitted stitches: columns of small V, each of two slanting legs of yarn that hang in the V below."""
    across, down = 46, 58
    seeds = _seeds(rng, across, down, 0.0, 0.0)
    here = pixel_grid(_ATLAS, _ATLAS) * np.array([across / _ATLAS, down / _ATLAS], np.float32)
    column = np.floor(here[..., 0])
    side = 2 * (here[..., 0] - column) - 1  # -1..1 across a column; the legs meet in the middle
    along = here[..., 1] + 0.75 * (1 - np.abs(side))  # the legs fall towards the middle
    stitch = np.floor(along)
    within = 2 * (along - stitch) - 1
    ridge = np.sqrt(np.maximum(1 - (2 * np.abs(side) - 1) ** 2, 0))
    height = ridge * np.sqrt(np.maximum(1 - within**2, 0))
    strand = 0.18 * np.cos(2 * np.pi * (1.5 * within + np.abs(side)))
    name = (stitch.astype(int) % down) * across + column.astype(int) % across
    return np.clip(2 * height - 1 + strand * height, -1, 1), name, seeds.reshape(-1, 2)


_PLANS = {
    "stones": _Plan(draw=_stones, blur=3, light=0.05, hue=0.025),
    "glass": _Plan(draw=_glass, blur=7, light=0.05, hue=0.03),
    "triangles": _Plan(draw=_triangles, blur=7, light=0.035, hue=0.0),
    "dots": _Plan(draw=_dots, blur=3, light=0.05, hue=0.065),
    "threads": _Plan(draw=_threads, blur=3, light=0.03, hue=0.012),
}
