"""A smooth map from all colours to the colours of a painting, kept as a small cube.

The map is the optimal transport between two clouds of colours, found along random directions one after the other (Pitie
et al., "Automated colour grading using colour distribution transfer", 2007; Rabin et al., "Wasserstein barycenter",
2011), in a space where brightness counts more than hue: light stays light, so that faces stay faces. A cube of averages
of where near colours went makes it smooth: a gradient stays a gradient, and every frame is mapped alike.

Colours are RGB in 0..1 unless they are said to be levels (0..255).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

SIDE = 17  # colours along an edge of the cube
_TABLE = 128  # entries along an edge of the table that frames are mapped by
_SAMPLES = 4000
_ROUNDS = 40  # of the transport
_HUE_COST = 0.5  # of a step in hue, against one in brightness
_NEAREST = 25  # samples within about the reach of the average
_OPPONENT = np.array([[0.299, 0.587, 0.114], [0.5, 0.0, -0.5], [-0.25, 0.5, -0.25]], np.float32)
_KEPT = 0.15  # of the source's own brightness: what is narrow in a painting still shows forms
_COST = np.array([1.0, _HUE_COST, _HUE_COST], np.float32)
_TO_SPACE = _OPPONENT.T * _COST
_BRIGHTNESSES = (0.0, 0.06, 0.12, 0.18, 0.23, 0.30, 0.39, 0.49, 0.62, 0.76, 1.0)  # ten equal shares of what is filmed


@dataclass(frozen=True, eq=False)
class ColourCube:
    """colours: float32 (SIDE, SIDE, SIDE, 3), where evenly spaced reds, greens and blues (in this order) go."""

    colours: np.ndarray
    _table: list[np.ndarray] = field(default_factory=list, repr=False)  # drawn when first needed

    @staticmethod
    def between(sources: Sequence[np.ndarray], painting: np.ndarray, seed: int = 0) -> ColourCube:
        """The map that gives what is usually filmed, and the sources, the painting's colours.

        sources: uint8 pictures (H, W, 3) of any sizes, none or more; painting: uint8 (h, w, 3).
        """
        rng = np.random.default_rng(seed)
        own = _drawn(sources, _SAMPLES // 2, rng)
        before = np.concatenate([own, _usual(_SAMPLES - len(own), rng)]) @ _TO_SPACE
        after = _transport(before, _drawn([painting], _SAMPLES, rng) @ _TO_SPACE, rng)
        steps = np.linspace(0, 1, SIDE, dtype=np.float32)
        grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(-1, 3) @ _TO_SPACE
        mapped = np.concatenate([_average(part, before, after) for part in np.array_split(grid, SIDE)])
        mapped = _as_spread(mapped, before, after)
        mapped[:, 0] += _KEPT * (grid[:, 0] - before[:, 0].mean() - mapped[:, 0] + after[:, 0].mean())
        colours = np.clip(mapped @ np.linalg.inv(_TO_SPACE), 0, 1)
        return ColourCube(colours.astype(np.float32).reshape(SIDE, SIDE, SIDE, 3))

    def map(self, picture: np.ndarray) -> np.ndarray:
        """A uint8 picture (H, W, 3) in the painting's colours, uint8, to about half a step of 1 / 128."""
        if not self._table:
            self._table.append(_table_of(self.colours))
        index = (picture[..., 0] >> 1).astype(np.int32) << 14
        index |= (picture[..., 1] >> 1).astype(np.int32) << 7
        index |= picture[..., 2] >> 1
        return self._table[0].take(index, axis=0)


def _table_of(colours: np.ndarray) -> np.ndarray:
    """uint8 levels (_TABLE ** 3, 3), red slowest: the cube, linearly filled in, one axis after the other."""
    full = colours
    place = (np.arange(_TABLE, dtype=np.float32) * 2 + 0.5) / 255 * (SIDE - 1)
    low = np.minimum(place.astype(int), SIDE - 2)
    share = (place - low).astype(np.float32)
    for axis in range(3):
        shape = [1] * 4
        shape[axis] = -1
        below, above = full.take(low, axis=axis), full.take(low + 1, axis=axis)
        full = below + share.reshape(shape) * (above - below)
    return np.rint(full.reshape(-1, 3) * 255).astype(np.uint8)


def _drawn(pictures: Sequence[np.ndarray], count: int, rng: np.random.Generator) -> np.ndarray:
    """`count` colours (N, 3) in 0..1 drawn from all pictures alike; none without pictures."""
    if not pictures:
        return np.zeros((0, 3), np.float32)
    shares = np.array_split(np.arange(count), len(pictures))
    small = [cv2.resize(picture, (128, 96), interpolation=cv2.INTER_AREA).reshape(-1, 3) for picture in pictures]
    drawn = [one[rng.integers(len(one), size=len(share))] for one, share in zip(small, shares)]
    return np.concatenate(drawn).astype(np.float32) / 255


def _usual(count: int, rng: np.random.Generator) -> np.ndarray:
    """Colours (N, 3) as they are usually filmed: more dark than light ones, few that are vivid."""
    light = np.interp(rng.random(count), np.linspace(0, 1, len(_BRIGHTNESSES)), _BRIGHTNESSES)
    vivid = rng.gamma(1.3, 0.8, (count, 1)) * np.sqrt(np.clip(light * (1 - light) * 4, 0, 1))[:, None]
    hue = rng.standard_normal((count, 2)) * (0.11, 0.045) + (0.02, 0.0)
    opponent = np.column_stack([light, hue * vivid]).astype(np.float32)
    return np.clip(opponent @ np.linalg.inv(_OPPONENT).T, 0, 1).astype(np.float32)


def _transport(before: np.ndarray, wanted: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """`before` (N, 3) moved until it is spread like `wanted` (N, 3), along three random directions at a time."""
    now = before.copy()
    for _ in range(_ROUNDS):
        directions = np.linalg.qr(rng.standard_normal((3, 3)))[0].astype(np.float32)
        seen, goal = now @ directions, np.sort(wanted @ directions, axis=0)
        moved = np.empty_like(seen)
        np.put_along_axis(moved, np.argsort(seen, axis=0), goal, axis=0)
        now += 0.9 * (moved - seen) @ directions.T
    return now


def _average(grid: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Where the samples near each colour of the grid (G, 3) went, on average."""
    square = np.maximum((grid**2).sum(1)[:, None] - 2 * grid @ before.T + (before**2).sum(1)[None], 0)
    reach = np.partition(square, _NEAREST, axis=1)[:, _NEAREST, None]
    weight = np.exp(-square / np.maximum(reach, 0.0025))
    return (weight @ after) / weight.sum(1, keepdims=True)


def _as_spread(mapped: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Averages lie nearer to the middle than what they average: stretched about the mean until the spread is right."""
    cell = np.rint(before @ np.linalg.inv(_TO_SPACE) * (SIDE - 1)).astype(int).clip(0, SIDE - 1)
    found = mapped[(cell[:, 0] * SIDE + cell[:, 1]) * SIDE + cell[:, 2]]
    stretch = np.clip(after.std(0) / np.maximum(found.std(0), 1e-3), 1.0, 1.3)
    return after.mean(0) + (mapped - found.mean(0)) * stretch
