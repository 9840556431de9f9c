"""Fixed patterns of the compositor: tiles of falling weather, wisps of fog, the grain of the ground, ripples of water.

All of them are computed from fixed seeds, so that training and inference, torch and numpy, see the same ones; nothing
here is learnt. Tiles are periodic in both directions and one frame height wide; strips are two frame heights wide, as
the scenery is. Letters: h rows of a tile or a strip.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

STRIP_WIDTH = 2.0
"""Frame heights that a strip is wide."""

RIPPLE_WIDTH = 4.5
"""Frame heights that a strip of ripples is wide: its period is STRIP_WIDTH, the rest saves looking up the wrap."""

RIPPLE_SPEEDS = (0.06, -0.045)
"""Frame heights a second that the two patterns of ripples drift sideways; where they cross, the water shimmers."""

HORIZON = 0.5
"""Where the ground's perspective vanishes, in frame heights of the nearest strip."""

_SEEDS = {"rain": 3, "snow": 4, "leaves": 5, "fog": 6, "ground": 7, "ripple": 8}
_FINE = 512

# Petals and blown leaves: blossom, cream, ochre, orange, olive.
_LEAF_COLOURS = ((0.98, 0.72, 0.80), (0.99, 0.93, 0.82), (0.93, 0.70, 0.22), (0.90, 0.45, 0.16), (0.52, 0.64, 0.24))


def _centres(height: int) -> tuple[np.ndarray, np.ndarray]:
    """Pixel centres in 0..1 as a row x (1, h) and a column y (h, 1)."""
    centre = (np.arange(height, dtype=np.float32) + 0.5) / height
    return centre[None, :], centre[:, None]


def _wrapped(difference: np.ndarray) -> np.ndarray:
    """The shortest way round a period of one."""
    return (difference + 0.5) % 1 - 0.5


def _frozen(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


# ---------------------------------------------------------------------------------------------- falling weather


@lru_cache(maxsize=24)
def weather_tile(kind: str, height: int) -> np.ndarray:
    """One periodic tile of "rain", "snow" or "leaves", premultiplied RGBA float32 (h, h, 4) in 0..1; read only."""
    alpha_of = {"rain": _rain_mark, "snow": _snow_mark, "leaves": _leaf_mark}[kind]
    colours = {"rain": ((0.80, 0.86, 0.95),), "snow": ((1.0, 1.0, 1.0),), "leaves": _LEAF_COLOURS}[kind]
    rng = np.random.default_rng(_SEEDS[kind])
    x, y = _centres(height)
    tile = np.zeros((height, height, 4), np.float32)
    for number, (cx, cy, size, strength) in enumerate(rng.random((18 if kind == "leaves" else 46, 4), np.float32)):
        mark = alpha_of(_wrapped(x - cx), _wrapped(y - cy), float(size), float(strength), 1.0 / height)
        colour = np.array((*colours[number % len(colours)], 1.0), np.float32)
        # The stronger mark wins where two meet, as flakes do not add up to more than white.
        tile = np.where((mark > tile[..., 3])[..., None], mark[..., None] * colour, tile)
    return _frozen(tile)


def _rain_mark(dx: np.ndarray, dy: np.ndarray, size: float, strength: float, pixel: float) -> np.ndarray:
    slant = 0.35 / 1.9  # streaks point along the fall of the nearest layer
    dx = _wrapped(dx + slant * dy)
    half_width = max(0.0035, 0.55 * pixel)
    length = 0.04 + 0.05 * size
    mark = np.exp(-((dx / half_width) ** 2)) * np.exp(-((dy / length) ** 4)) * (0.25 + 0.35 * strength)
    return mark * min(1.0, 0.0035 / half_width) ** 0.5


def _snow_mark(dx: np.ndarray, dy: np.ndarray, size: float, strength: float, pixel: float) -> np.ndarray:
    radius, edge = 0.006 + 0.012 * size**2, max(0.004, 0.5 * pixel)
    return (0.55 + 0.4 * strength) * _inside(np.sqrt(dx * dx + dy * dy) - radius, edge)


def _leaf_mark(dx: np.ndarray, dy: np.ndarray, size: float, strength: float, pixel: float) -> np.ndarray:
    """A pointed oval: where two circles overlap."""
    angle = 6.283 * strength
    along, across = np.cos(angle) * dx + np.sin(angle) * dy, np.cos(angle) * dy - np.sin(angle) * dx
    length = 0.012 + 0.014 * size
    shape = np.sqrt(along**2 + (np.abs(across) + 0.75 * length) ** 2) - 1.25 * length
    return 0.92 * _inside(shape, max(0.0015, 0.5 * pixel))


def _inside(distance: np.ndarray, edge: float) -> np.ndarray:
    """1 where the signed distance to an outline is negative, with a soft edge."""
    return 1 / (1 + np.exp(np.clip(distance / edge, -40.0, 40.0)))


# ---------------------------------------------------------------------------------------------- noise


def _noise(kind: str, side: int, lowest: float, highest: float, slope: float, stretch: float = 1.0) -> np.ndarray:
    """Periodic noise (side, side) of mean 0 and deviation 1 with `lowest`..`highest` waves to the tile.

    `slope`: the amplitude falls with this power of the frequency; `stretch` > 1 draws it out sideways.
    """
    rng = np.random.default_rng(_SEEDS[kind])
    frequency = np.fft.fftfreq(side, 1 / side)
    radius = np.hypot(frequency[None, :] * stretch, frequency[:, None])
    weight = np.where((radius >= lowest) & (radius <= highest), np.maximum(radius, 1e-3) ** -slope, 0.0)
    field = np.fft.ifft2(np.fft.fft2(rng.standard_normal((side, side))) * weight).real
    return (field / field.std()).astype(np.float32)


@lru_cache(maxsize=8)
def fog_tile(height: int) -> np.ndarray:
    """Wisps of fog, periodic, uint8 (h, h) around 128; read only."""
    tile = cv2.resize(_noise("fog", 128, 1.0, 9.0, 1.6, 1.8), (height, height), interpolation=cv2.INTER_LINEAR)
    return _frozen(_as_bytes(tile, 0.2))


@lru_cache(maxsize=8)
def ground_strip(height: int) -> np.ndarray:
    """Grain of the ground in the coordinates of the nearest strip, uint8 (h, 2h) around 128, flat above the horizon.

    It is compressed towards the horizon as a plane is that one looks along; read only.
    """
    tile = _noise("ground", 256, 3.0, 96.0, 0.75)
    x, down = _strip_grid()
    fall = np.maximum(down - HORIZON + 0.08, 0.02)
    grain = _look_up(tile, 1.25 * x, 0.25 / fall) * np.clip((down - HORIZON) / 0.25, 0, 1)
    return _frozen(_fitted(grain, 0.17, height))


@lru_cache(maxsize=8)
def ripple_strips(height: int) -> np.ndarray:
    """The two patterns that drift against each other, uint8 (2, h, 4.5h) around 128; see RIPPLE_SPEEDS; read only.

    Sideways they repeat every STRIP_WIDTH; up and down they widen away from the horizon, on both sides of it.
    """
    tile = _noise("ripple", 256, 3.0, 22.0, 0.6, 1.6)
    x, down = _strip_grid()
    away = np.hypot(down - HORIZON, 0.09)
    fade = np.clip((away - 0.08) / 0.14, 0.15, 1)
    made = [_fitted(_look_up(tile, x + shift, 0.3 / away + shift) * fade, 0.24, height) for shift in (0.0, 0.37)]
    rest = round((RIPPLE_WIDTH - 2 * STRIP_WIDTH) * height)
    return _frozen(np.stack([np.concatenate([strip, strip, strip[:, :rest]], 1) for strip in made]))


def _strip_grid() -> tuple[np.ndarray, np.ndarray]:
    """Strip coordinates of a fine strip in frame heights, each (_FINE, 2 * _FINE)."""
    down = (np.arange(_FINE, dtype=np.float32) + 0.5) / _FINE
    along = (np.arange(2 * _FINE, dtype=np.float32) + 0.5) / _FINE
    x, y = np.meshgrid(along, down)
    return x, y


def _look_up(tile: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """The periodic tile at (u, v), measured in tiles."""
    side = tile.shape[0]
    closed = np.pad(tile, ((0, 1), (0, 1)), mode="wrap")
    return cv2.remap(closed, (u % 1 * side).astype(np.float32), (v % 1 * side).astype(np.float32), cv2.INTER_LINEAR)


def _fitted(field: np.ndarray, swing: float, height: int) -> np.ndarray:
    """A fine strip as bytes at the height wanted."""
    size = (round(STRIP_WIDTH * height), height)
    how = cv2.INTER_AREA if height < _FINE else cv2.INTER_LINEAR
    return _as_bytes(cv2.resize(field, size, interpolation=how), swing)


def _as_bytes(field: np.ndarray, swing: float) -> np.ndarray:
    return np.clip(127.5 + 255 * swing * field, 0, 255).astype(np.uint8)
