"""Outlines of things: closed polygons for plates, from a pine to a castle's tower.

Every function gives lists of outlines, each (k, 2) points (x, y) in frame heights with y downwards. `base` is where a
thing stands, `tall` its height.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Outline = NDArray[np.float64]
Point = tuple[float, float]


def polygon(*points: Point) -> Outline:
    return np.array(points, np.float64)


def box(x: float, base: float, wide: float, tall: float) -> Outline:
    """A rectangle standing on `base`, centred on x."""
    half = wide / 2
    return polygon((x - half, base), (x - half, base - tall), (x + half, base - tall), (x + half, base))


def disc(x: float, y: float, radius: float, high: float | None = None, count: int = 28) -> Outline:
    """A circle, or an ellipse `high` in its other half axis."""
    turn = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([x + radius * np.cos(turn), y + (high or radius) * np.sin(turn)], 1)


def bow(start: Point, end: Point, bend: float, count: int = 12) -> Outline:
    """Points along a curve from start to end that bows out to its left by `bend` of its length."""
    a, b = np.array(start, np.float64), np.array(end, np.float64)
    across = np.array([b[1] - a[1], a[0] - b[0]]) * bend
    t = np.linspace(0, 1, count)[:, None]
    return a + (b - a) * t + across * (4 * t * (1 - t))


def ribbon(line: Outline, widths: Sequence[float] | NDArray[np.float64]) -> Outline:
    """A band along a line (N, 2), its half widths given at even steps: a closed outline, float64 (2 N, 2)."""
    half = np.interp(np.linspace(0, 1, len(line)), np.linspace(0, 1, len(widths)), widths)[:, None]
    along = np.gradient(line, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    side = np.stack([along[:, 1], -along[:, 0]], 1) * half
    return np.concatenate([line + side, (line - side)[::-1]])


def stroke(start: Point, end: Point, first: float, last: float, bend: float = 0.0) -> Outline:
    """A tapered, perhaps bowed bar with half widths from `first` to `last`."""
    return ribbon(bow(start, end, bend), [first, last])


def leaf(start: Point, end: Point, half: float, bend: float = 0.0) -> Outline:
    """A pointed leaf."""
    return ribbon(bow(start, end, bend, 14), [0.0, 0.75 * half, half, 0.8 * half, 0.0])


def pine(x: float, base: float, tall: float, slim: float) -> list[Outline]:
    """A fir with drooping tiers and a short trunk."""
    trunk = box(x, base, 0.05 * tall, 0.14 * tall)
    left: list[Point] = []
    for tier in range(5):
        low, high = 0.08 + 0.92 * tier / 5, 0.08 + 0.92 * (tier + 1) / 5
        wide = slim * tall * (1 - tier / 5) ** 0.9
        left += [(wide, low - 0.02), (wide * 0.45, high - 0.25 / 5)]
    left[-1] = (0.0, 1.0)
    right = [(x + w, base - tall * h) for w, h in left]
    return [trunk, np.array(right + [(x - w, base - tall * h) for w, h in reversed(left)])]


def crown(x: float, y: float, radius: float, rng: np.random.Generator, flat: float = 0.85,
        count: int = 9) -> list[Outline]:
    """A leafy crown: overlapping discs around a centre."""
    turn = np.arange(count) / count * 6.283 + rng.random() * 6.283
    size = radius * (0.42 + 0.16 * rng.random(count))
    out = [disc(x + 0.62 * radius * np.cos(t), y + 0.62 * radius * flat * np.sin(t), s) for t,
        s in zip(turn, size, strict=True)]
    return [*out, disc(x, y, 0.75 * radius, 0.75 * radius * flat)]


def palm(x: float, base: float, tall: float, lean: float, rng: np.random.Generator) -> tuple[list[Outline],
        list[Outline]]:
    """(trunk, fronds) of a palm that leans to the right by `lean` of its height."""
    top = (x + lean * tall, base - tall)
    trunk = [stroke((x, base), top, 0.030 * tall + 0.002, 0.016 * tall + 0.001, -0.22 * lean)]
    fronds = []
    for turn in np.linspace(-0.35, np.pi + 0.35, 9):
        turn += 0.12 * (rng.random() - 0.5)
        reach = tall * (0.46 + 0.08 * rng.random())
        tip = (top[0] + reach * np.cos(turn), top[1] - reach * 0.62 * np.sin(turn) + 0.16 * tall)
        fronds.append(leaf(top, tip, 0.055 * tall, 0.26 if np.cos(turn) > 0 else -0.26))
    return trunk, fronds


def cactus(x: float, base: float, tall: float) -> list[Outline]:
    """A saguaro with two raised arms."""
    half = 0.085 * tall
    out = [box(x, base, 2 * half, 0.92 * tall), disc(x, base - 0.92 * tall, half)]
    for side, low, high in ((-1, 0.38, 0.74), (1, 0.50, 0.84)):
        elbow, arm = (x + side * 0.26 * tall, base - low * tall), 0.72 * half
        out += [stroke((x, base - low * tall), elbow, arm, arm), disc(*elbow, arm),
            disc(elbow[0], base - high * tall, arm),
                stroke(elbow, (elbow[0], base - high * tall), arm, arm)]
    return out


def tuft(x: float, base: float, tall: float, rng: np.random.Generator, blades: int = 6,
        spread: float = 0.5) -> list[Outline]:
    """Blades of grass or reed fanning out from one root."""
    out = []
    for lean in np.linspace(-spread, spread, blades):
        high = tall * (0.65 + 0.35 * rng.random())
        out.append(leaf((x + 0.1 * lean * tall, base), (x + lean * high, base - high), 0.035 * tall + 0.0015,
            -0.3 * lean))
    return out


def rock(x: float, base: float, wide: float, tall: float, rng: np.random.Generator) -> tuple[Outline, Outline]:
    """(outline, lit facet) of a boulder."""
    turn = np.linspace(np.pi, 2 * np.pi, 9)
    size = 0.86 + 0.24 * rng.random(9)
    edge = np.stack([x + 0.5 * wide * np.cos(turn) * size, base + tall * np.sin(turn) * size], 1)
    edge[0, 1] = edge[-1, 1] = base + 0.02
    lit = np.concatenate([edge[1:6], [(x + 0.06 * wide, base - 0.45 * tall), (x - 0.2 * wide, base - 0.30 * tall)]])
    return edge, lit


def house(x: float, base: float, wide: float, tall: float) -> dict[str, list[Outline]]:
    """wall, roof, gable (lit side), panes and door of a house with its long side to us."""
    eaves, ridge = base - 0.52 * tall, base - tall
    half, inset = wide / 2, 0.17 * wide
    roof = polygon((x - 1.14 * half, eaves), (x - half + inset, ridge), (x + half - inset, ridge),
        (x + 1.14 * half, eaves))
    pane, row = 0.15 * wide, base - 0.20 * tall
    return {
        "wall": [box(x, base, wide, 0.54 * tall)],
        "roof": [roof, box(x + 0.24 * wide, eaves - 0.2 * tall, 0.09 * wide, 0.42 * tall)],  # and its chimney
        "panes": [box(x + s * wide, row, pane, 0.21 * tall) for s in (-0.32, 0.32)],
        "door": [box(x, base, 0.17 * wide, 0.34 * tall)],
    }


def turret(x: float, base: float, wide: float, tall: float) -> dict[str, list[Outline]]:
    """A castle's tower: wall, shade (its dark side), cone, panes and flag."""
    top = base - tall
    tip = top - 1.5 * wide
    flag_x, flag_y = x, tip - 0.45 * wide
    return {
        "wall": [box(x, base, wide, tall), box(x, top + 0.20 * wide, 1.28 * wide, 0.34 * wide)],
        "shade": [box(x + 0.29 * wide, base, 0.42 * wide, tall)],
        "cone": [polygon((x - 0.80 * wide, top + 0.02 * wide), (x, tip), (x + 0.80 * wide, top + 0.02 * wide))],
        "panes": [box(x - 0.02 * wide, base - tall + 0.95 * wide, 0.22 * wide, 0.42 * wide)],
        "flag": [polygon((flag_x, flag_y), (flag_x + 0.75 * wide, flag_y + 0.16 * wide),
            (flag_x, flag_y + 0.36 * wide)),
                 box(flag_x, tip + 0.1 * wide, 0.07 * wide, 0.58 * wide)],
    }


def battlement(left: float, right: float, base: float, tall: float, tooth: float) -> list[Outline]:
    """A wall with merlons."""
    count = max(2, int((right - left) / (2 * tooth)))
    step = (right - left) / (2 * count - 1)
    teeth = [box(left + (2 * k + 0.5) * step, base - tall + 0.001, step, tooth) for k in range(count)]
    return [box((left + right) / 2, base, right - left, tall), *teeth]


def cloud(x: float, base: float, wide: float, rng: np.random.Generator) -> list[Outline]:
    """A heap cloud with a flat foot."""
    out = [disc(x, base - 0.06 * wide, 0.48 * wide, 0.075 * wide)]
    for k in np.linspace(-0.36, 0.36, 7):
        size = wide * (0.10 + 0.12 * (1 - (k / 0.42) ** 2)) * (0.80 + 0.4 * rng.random())
        out.append(disc(x + k * wide, base - 0.05 * wide - 0.75 * size, size))
    return out


def blob_bank(base: float, rng: np.random.Generator, size: float, count: int) -> list[Outline]:
    """Round heads side by side from x = -.1 to 2.1, for banks of cloud or bushes."""
    spots = np.linspace(-0.1, 2.1, count) + (rng.random(count) - 0.5) * 1.2 / count
    return [disc(x, base + 0.3 * size * rng.random(), size * (0.6 + 0.7 * rng.random())) for x in spots]
