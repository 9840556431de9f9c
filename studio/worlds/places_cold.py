"""Arctic and underwater: each as three plates in three compositions.

A painter <place>_<strip> takes (plate, variant) and draws that strip; scenery.py finds it by its name. Things keep
clear of the middle (x = 1), where subjects are.
"""

from __future__ import annotations

import numpy as np

from studio.worlds import shapes as draw
from studio.worlds.plants import scatter
from studio.worlds.plates import Colour, Plate

# ------------------------------------------------------------------------------------------------ arctic


def _berg(p: Plate, outline: list[tuple[float, float]], keel: list[tuple[float, float]], air: float) -> None:
    """An iceberg with a lit side and a blue one; `keel` is the outline of the blue side."""
    mask = p.shape([draw.polygon(*outline)])
    p.fill(mask, (0.97, 0.99, 1.0), (0.80, 0.91, 0.98), air=air, rim=0.4, snow=0.5)
    p.fill(p.shape([draw.polygon(*keel)]) * mask, (0.56, 0.80, 0.94), (0.40, 0.68, 0.88), air=air, rim=0, snow=0)


def arctic_far(p: Plate, variant: int) -> None:
    p.fill(p.below(p.crags(0.585, 0.08, 8, 0.25, 0.02)), (0.82, 0.90, 0.97), (0.72, 0.84, 0.94), air=(0.45, 0.60),
        rim=0.4)
    for x, wide, tall in (((0.62, 0.46, 0.26), (1.46, 0.34, 0.17)), ((1.36, 0.52, 0.32), (0.60, 0.30, 0.12)),
        ((0.60, 0.36, 0.18), (1.32, 0.24, 0.20), (1.56, 0.36, 0.14)))[variant]:
        b = 0.612
        body = [(x - 0.5 * wide, b), (x - 0.42 * wide, b - 0.42 * tall), (x - 0.26 * wide, b - 0.60 * tall),
            (x - 0.10 * wide, b - tall), (x + 0.06 * wide, b - 0.78 * tall), (x + 0.20 * wide, b - 0.84 * tall),
                (x + 0.40 * wide, b - 0.36 * tall), (x + 0.5 * wide, b)]
        _berg(p, body, [(x - 0.10 * wide, b - tall), (x + 0.02 * wide, b - 0.5 * tall), (x - 0.06 * wide, b),
            (x + 0.6 * wide, b), (x + 0.6 * wide, b - 0.5 * tall), (x + 0.20 * wide, b - 0.84 * tall),
            (x + 0.16 * wide, b - 0.5 * tall), (x + 0.06 * wide, b - 0.78 * tall)], 0.24)


def arctic_middle(p: Plate, variant: int) -> None:
    p.fill(p.below(p.through([(0, 0.61), (2, 0.61)])), (0.34, 0.64, 0.78), (0.05, 0.34, 0.52), span=(0.61, 0.9),
        air=(0.20, 0.0), mirror=(0.65, 0.35), rim=0, snow=0)
    for x, y, half in ((0.30, 0.66, 0.14), (0.86, 0.645, 0.08), (1.42, 0.67, 0.17), (1.86, 0.65, 0.11),
        (0.62, 0.725, 0.17), (1.20, 0.715, 0.10), (1.74, 0.75, 0.20), (0.14, 0.765, 0.20)):
        x = (x + 0.27 * variant) % 2
        turn = np.linspace(0, 6.283, 9)[:-1]
        floe = np.stack([x + half * np.cos(turn) * (0.85 + 0.3 * p.rng.random(8)), y + 0.15 * half * np.sin(turn)], 1)
        p.fill(p.shape([floe + [0, 0.012]]), (0.46, 0.76, 0.90), (0.30, 0.62, 0.82), rim=0, snow=0)
        p.fill(p.shape([floe]), (0.98, 1.0, 1.0), (0.88, 0.95, 1.0), rim=0.3, snow=0.5)


def arctic_near(p: Plate, variant: int) -> None:
    top = p.through(([(0, 0.79), (0.5, 0.82), (1.1, 0.835), (1.6, 0.80), (2, 0.785)],
        [(0, 0.80), (0.4, 0.79), (0.9, 0.83), (1.5, 0.83), (2, 0.80)], [(0, 0.785), (0.4, 0.815), (1.0, 0.83), (1.5,
        0.815), (2, 0.78)])[variant], 0.06)
    ground = p.below(top)
    p.fill(ground, (0.98, 0.99, 1.0), (0.66, 0.80, 0.94), span=(0.80, 1.0), rim=0.5, snow=0.5)
    drifts = [draw.leaf((x - 0.26, y), (x + 0.26, y + 0.012), 0.016, 0.06) for x, y in scatter(p, 8, 0.85, 0.97)]
    p.shade(p.soft(p.shape(drifts), 0.006) * ground, (-0.16, -0.10, -0.03))
    if variant == 1:  # an igloo
        x, b, r = 0.60, 0.87, 0.17
        ring = np.linspace(np.pi, 2 * np.pi, 24)
        dome = np.stack([x + r * np.cos(ring), b + 0.92 * r * np.sin(ring)], 1)
        mask = p.shape([dome])
        p.fill(mask, (1.0, 1.0, 1.0), (0.66, 0.80, 0.94), rim=0.6, snow=0.5)
        seams = [draw.ribbon(draw.bow((x - r * c, b - s), (x + r * c, b - s), 0.04), [0.0035])
            for c, s in ((0.95, 0.05), (0.83, 0.095))]
        seams += [draw.box(x + d, b - s, 0.006, 0.045) for d, s in ((-0.10, 0.05), (0.09, 0.05), (-0.05, 0.095),
            (0.05, 0.095), (-0.12, 0.0), (0.13, 0.0))]
        p.shade(p.shape(seams) * mask, (-0.28, -0.18, -0.06))
        p.fill(p.shape([draw.disc(x + 0.03, b, 0.075, 0.085)]) * p.shape([draw.box(x, b, 0.5, 0.5)]),
            (0.92, 0.97, 1.0), (0.72, 0.85, 0.96), rim=0.5, snow=0)
        p.fill(p.shape([draw.disc(x + 0.03, b, 0.048, 0.058)]) * p.shape([draw.box(x, b, 0.5, 0.5)]),
            (0.18, 0.32, 0.50), glow=(1.0, 0.72, 0.36), rim=0, snow=0)
    if variant < 3:
        for x, tall in (((0.56, 0.24), (1.46, 0.16)), ((1.50, 0.14),),
            ((1.46, 0.26), (0.40, 0.14), (1.64, 0.16)))[variant]:
            b = 0.90
            shard = [(x - 0.5 * tall, b), (x - 0.34 * tall, b - 0.5 * tall), (x - 0.06 * tall, b - tall),
                (x + 0.18 * tall, b - 0.62 * tall), (x + 0.34 * tall, b - 0.70 * tall), (x + 0.56 * tall, b)]
            _berg(p, shard, [(x - 0.06 * tall, b - tall), (x + 0.02 * tall, b), (x + 0.7 * tall, b),
                (x + 0.34 * tall, b - 0.7 * tall), (x + 0.26 * tall, b - 0.4 * tall),
                (x + 0.18 * tall, b - 0.62 * tall)], 0.0)


# ------------------------------------------------------------------------------------------------ underwater


def underwater_far(p: Plate, variant: int) -> None:
    p.fill(p.below(p.hills(0.62, 0.10, 1.2, 0.10)), (0.16, 0.52, 0.66), (0.08, 0.40, 0.58), air=(0.50, 0.70), snow=0,
        rim=0.2)
    p.fill(p.below(p.crags(0.76, 0.16, (6, 5, 7)[variant], 0.35, 0.10)), (0.07, 0.34, 0.52), (0.05, 0.28, 0.46),
        air=(0.18, 0.40), snow=0, rim=0.3)
    if variant == 1:  # a wreck
        x, y = 1.42, 0.70
        hull = draw.polygon((x - 0.30, y - 0.10), (x - 0.20, y + 0.06), (x + 0.22, y + 0.09), (x + 0.32, y - 0.02),
            (x + 0.30, y - 0.06), (x - 0.06, y - 0.045))
        masts = [draw.stroke((x + d, y), (x + d + 0.05, y - t), 0.010, 0.004) for d, t in ((-0.12, 0.27), (0.10, 0.22))]
        p.fill(p.shape([hull, *masts, draw.stroke((x - 0.18, y - 0.19), (x + 0.02, y - 0.175), 0.005, 0.004)]),
            (0.16, 0.36, 0.44), (0.08, 0.26, 0.36), air=0.16, rim=0.4, snow=0)


def underwater_middle(p: Plate, variant: int) -> None:
    p.fill(p.below(p.hills(0.83, 0.025, 1.2)), (0.12, 0.42, 0.50), (0.06, 0.30, 0.42), air=0.15, snow=0, rim=0.4)
    for x in p.flanks(12, (0.34, 0.28, 0.38)[variant]):
        tall = 0.26 + 0.32 * p.rng.random()
        y = np.linspace(0.88, 0.88 - tall, 20)
        stem = np.stack([x + 0.022 * np.sin(22 * y + 5 * x), y], 1)
        parts = [draw.ribbon(stem, [0.012, 0.012, 0.003])]
        parts += [draw.leaf((stem[k, 0], stem[k, 1]), (stem[k, 0] + side * 0.062, stem[k, 1] - 0.045), 0.015,
            0.1 * side) for k in range(2, 18, 2) for side in ((-1, 1)[(k // 2) % 2],)]
        p.fill(p.shape(parts), (0.24, 0.66, 0.46), (0.04, 0.34, 0.34), air=0.08, rim=0.3, snow=0)


def _coral(p: Plate, x: float, base: float, tall: float, kind: int) -> None:
    """Branching (0), fan (1), tubes (2) or a rounded head (3)."""
    colour: tuple[Colour, Colour] = (((1.0, 0.50, 0.42), (0.74, 0.20, 0.34)),
        ((0.96, 0.50, 0.80), (0.56, 0.20, 0.56)), ((1.0, 0.76, 0.32), (0.84, 0.42, 0.20)),
        ((0.66, 0.52, 0.92), (0.38, 0.26, 0.62)))[kind]
    parts = []
    if kind == 0:
        for lean in (-0.5, -0.18, 0.16, 0.5):
            tip, fork = (x + lean * tall, base - tall * (1 - 0.3 * abs(lean))), (x + 0.45 * lean * tall,
                base - 0.5 * tall)
            parts += [draw.stroke((x, base), tip, 0.05 * tall, 0.032 * tall, 0.1), draw.disc(*tip, 0.042 * tall)]
            for side in (-1, 1):
                end = (fork[0] + side * 0.17 * tall, fork[1] - 0.26 * tall)
                parts += [draw.stroke(fork, end, 0.036 * tall, 0.028 * tall, 0.1 * side), draw.disc(*end, 0.036 * tall)]
    elif kind == 1:
        turn = np.linspace(np.pi * 1.02, np.pi * 1.98, 20)
        edge = 0.62 * tall * (1 + 0.06 * np.sin(9 * turn))
        fan = np.stack([x + edge * np.cos(turn), base - 0.38 * tall + edge * np.sin(turn)], 1)
        parts = [np.concatenate([fan, [(x + 0.05 * tall, base), (x - 0.05 * tall, base)]])]
    elif kind == 2:
        for k, high in enumerate((0.55, 0.95, 0.72, 0.42)):
            tube = x + (k - 1.5) * 0.20 * tall
            parts += [draw.stroke((x + (k - 1.5) * 0.1 * tall, base), (tube, base - high * tall), 0.06 * tall,
                0.085 * tall), draw.disc(tube, base - high * tall, 0.086 * tall, 0.045 * tall)]
    else:
        parts = [draw.disc(x, base - 0.28 * tall, 0.46 * tall, 0.36 * tall),
            draw.disc(x + 0.4 * tall, base - 0.12 * tall, 0.26 * tall, 0.22 * tall)]
    mask = p.shape(parts)
    p.fill(mask, *colour, rim=0.5, snow=0, edge=0.03)
    p.shade(p.soft(p.shape([draw.disc(x - 0.12 * tall, base - 0.7 * tall, 0.28 * tall)]), 0.03) * mask, 0.18)


def underwater_near(p: Plate, variant: int) -> None:
    top = p.hills(0.855, 0.018, 1.0, 0.01)
    ground = p.below(top)
    p.fill(ground, (0.86, 0.86, 0.66), (0.36, 0.50, 0.52), span=(0.84, 1.0), rim=0.5, snow=0)
    for spot in ((0.22, 0.93), (0.56, 0.96), (1.46, 0.95), (1.78, 0.93)):
        body, facet = draw.rock(spot[0] + 0.04 * variant, spot[1] - 0.03, 0.15, 0.06, p.rng)
        p.fill(p.shape([body]), (0.44, 0.56, 0.60), (0.20, 0.34, 0.42), rim=0.5, snow=0)
        p.shade(p.shape([facet]), 0.2)
    for k, x in enumerate(((0.38, 0.54, 0.70, 1.32, 1.48, 1.66), (0.34, 0.50, 0.66, 1.38, 1.56, 1.74),
        (0.44, 0.62, 1.34, 1.50, 1.70))[variant]):
        _coral(p, x, 0.925 + 0.02 * (k % 2), 0.15 + 0.09 * ((k * 0.618 + 0.3 * variant) % 1), (k + variant) % 4)
    for x, y in ((0.80, 0.955), (1.28, 0.935)):
        turn = np.linspace(0, 6.283, 11)[:-1] - 1.57
        size = np.where(np.arange(10) % 2 == 0, 0.040, 0.017)
        p.fill(p.shape([np.stack([x + size * np.cos(turn), y + 0.6 * size * np.sin(turn)], 1)]), (1.0, 0.60, 0.32),
            (0.90, 0.40, 0.26), rim=0.2, snow=0)
