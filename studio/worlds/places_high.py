"""Places without weather or ground as we know it: the sky, the moon and space, each as three plates in three
compositions; and what stands in the skies of some places: planets, the Earth, light shafts, smoke, aurora.

A painter <place>_<strip> takes (plate, variant) and draws that strip; scenery.py finds it by its name. Things keep
clear of the middle (x = 1), where subjects are.
"""

from __future__ import annotations

import numpy as np

from studio.worlds import shapes as draw
from studio.worlds.plants import scatter
from studio.worlds.plates import Colour, Plate

# ------------------------------------------------------------------------------------------------ sky


def _bank(p: Plate, base: float, size: float, count: int, top: Colour, bottom: Colour, air: float,
        dip: float = 0.0) -> None:
    """A bank of cloud from side to side, lower in the middle by `dip`."""
    heads = draw.blob_bank(base, p.rng, size, count)
    for head in heads:
        head[:, 1] += dip * np.exp(-(((head[:, 0] - 1) / 0.40) ** 2))
    mask = p.shape([*heads, draw.box(1, 1.02, 2.4, 1.02 - base - dip)])
    p.fill(mask, top, bottom, span=(base - 0.9 * size, base + 1.6 * size), air=air, rim=0.6, snow=0, edge=0.03)
    for head in heads[::2]:
        centre = head.mean(0)
        light = p.shape([draw.disc(centre[0] - 0.1 * size, centre[1] - 0.35 * size, 0.55 * size, 0.40 * size)])
        p.shade(p.soft(light, 0.18 * size) * mask, 0.12)


def sky_far(p: Plate, variant: int) -> None:
    towers = (((0.58, 0.42, 0.30), (1.50, 0.30, 0.18)), ((1.42, 0.46, 0.34), (0.56, 0.26, 0.16)),
        ((0.52, 0.34, 0.24), (1.60, 0.36, 0.26)))[variant]
    for x, wide, tall in towers:
        heads = [draw.disc(x + wide * (0.36 * (p.rng.random() - 0.5) + dx), 0.72 - tall * h, wide * r) for dx, h, r in
                 ((0.0, 1.0, 0.17), (-0.14, 0.78, 0.18), (0.17, 0.72, 0.19), (-0.02, 0.55, 0.26), (-0.30, 0.36, 0.20),
                     (0.32, 0.34, 0.21), (0.0, 0.2, 0.40), (-0.5, 0.08, 0.18), (0.52, 0.06, 0.18))]
        p.fill(p.shape(heads), (1.0, 1.0, 1.0), (0.76, 0.85, 0.96), air=(0.10, 0.42), rim=0.5, snow=0)
    _bank(p, 0.69, 0.05, 15, (0.98, 0.99, 1.0), (0.82, 0.89, 0.97), 0.40)


def sky_middle(p: Plate, variant: int) -> None:
    _bank(p, (0.79, 0.78, 0.80)[variant], 0.085, (11, 9, 12)[variant], (1.0, 1.0, 1.0), (0.70, 0.81, 0.94), 0.14, 0.03)
    if variant == 2:  # an island in the clouds
        x, y = 1.36, 0.50
        rock = draw.polygon((x - 0.20, y), (x - 0.13, y + 0.08), (x - 0.05, y + 0.11), (x, y + 0.19),
            (x + 0.05, y + 0.12), (x + 0.13, y + 0.07), (x + 0.20, y))
        p.fill(p.shape([rock]), (0.66, 0.56, 0.52), (0.46, 0.40, 0.46), air=0.12, rim=0, snow=0)
        p.fill(p.shape([draw.disc(x, y - 0.002, 0.205, 0.030)]), (0.56, 0.80, 0.38), (0.34, 0.62, 0.32), air=0.08,
            rim=0.5, snow=0.9)
        for dx, tall in ((-0.10, 0.12), (0.06, 0.16)):
            p.fill(p.shape([draw.box(x + dx, y, 0.014, 0.5 * tall)]), (0.42, 0.30, 0.24), air=0.08, rim=0, snow=0)
            p.fill(p.shape(draw.crown(x + dx, y - 0.7 * tall, 0.40 * tall, p.rng)), (0.50, 0.76, 0.36),
                (0.20, 0.50, 0.28), air=0.06, rim=0.5)
    elif variant == 0:
        for x, y, wide in ((0.50, 0.40, 0.26), (1.50, 0.30, 0.30)):
            p.fill(p.shape(draw.cloud(x, y, wide, p.rng)), (1.0, 1.0, 1.0), (0.74, 0.84, 0.96), air=0.16, rim=0.5,
                snow=0)


def sky_near(p: Plate, variant: int) -> None:
    _bank(p, 0.915, 0.095, (8, 9, 10)[variant], (1.0, 1.0, 1.0), (0.64, 0.76, 0.92), 0.0, 0.02)


# ------------------------------------------------------------------------------------------------ moon


def moon_far(p: Plate, variant: int) -> None:
    p.fill(p.below(p.hills(0.585, 0.055, 1.0, 0.03)), (0.50, 0.51, 0.57), (0.36, 0.37, 0.44), span=(0.50, 0.7),
        rim=0.8, snow=0, edge=0.03)
    p.fill(p.below(p.crags(0.64, 0.06, (7, 5, 8)[variant], 0.2, 0.03)), (0.60, 0.61, 0.66), (0.42, 0.43, 0.50),
        span=(0.56, 0.74), rim=0.6, snow=0)


def _crater(p: Plate, x: float, y: float, wide: float) -> None:
    high = 0.26 * wide
    p.shade(p.shape([draw.disc(x, y, 1.18 * wide, 1.2 * high)]), 0.16)
    p.shade(p.shape([draw.disc(x, y, wide, high)]), -0.40)
    p.shade(p.soft(p.shape([draw.disc(x + 0.14 * wide, y + 0.30 * high, 0.78 * wide, 0.62 * high)]), 0.004), 0.34)


def moon_middle(p: Plate, variant: int) -> None:
    p.fill(p.below(p.hills(0.70, 0.022, 1.2)), (0.76, 0.76, 0.79), (0.54, 0.55, 0.60), span=(0.66, 0.86), rim=0.7,
        snow=0)
    for x, y, wide in (((0.36, 0.755, 0.13), (1.62, 0.775, 0.16), (1.14, 0.745, 0.07)),
        ((0.20, 0.775, 0.15), (0.70, 0.75, 0.08), (1.50, 0.765, 0.14)), ((0.46, 0.77, 0.16), (1.40, 0.75, 0.09),
        (1.84, 0.775, 0.14)))[variant]:
        _crater(p, x, y, wide)
    if variant == 1:  # a lander
        x, b = 1.40, 0.735
        legs = [draw.stroke((x + d * 0.3, b - 0.07), (x + d, b), 0.005, 0.004) for d in (-0.075, 0.075)]
        p.fill(p.shape([*legs, draw.box(x - 0.075, b + 0.004, 0.035, 0.008),
            draw.box(x + 0.075, b + 0.004, 0.035, 0.008)]), (0.80, 0.70, 0.48), rim=0.3, snow=0)
        p.fill(p.shape([draw.box(x, b - 0.03, 0.10, 0.045)]), (0.98, 0.78, 0.36), (0.72, 0.48, 0.20), rim=0.5, snow=0)
        p.fill(p.shape([draw.polygon((x - 0.042, b - 0.075), (x - 0.03, b - 0.13), (x + 0.03, b - 0.13),
            (x + 0.042, b - 0.075)), draw.box(x + 0.03, b - 0.12, 0.006,
            0.05)]), (0.92, 0.93, 0.96), (0.66, 0.68, 0.74), rim=0.5, snow=0)


def moon_near(p: Plate, variant: int) -> None:
    top = p.hills(0.825, 0.020, 0.9)
    p.fill(p.below(top), (0.88, 0.88, 0.90), (0.46, 0.47, 0.53), span=(0.80, 1.0), rim=0.8, snow=0)
    for x, y, wide in (((0.42, 0.91, 0.20), (1.60, 0.93, 0.24), (1.02, 0.965, 0.10)),
        ((0.26, 0.94, 0.24), (1.44, 0.90, 0.17), (0.86, 0.955, 0.10)), ((0.56, 0.945, 0.22), (1.74, 0.91, 0.20),
        (1.20, 0.96, 0.12)))[variant]:
        _crater(p, x, y, wide)
    for x in ((0.18, 1.86), (0.56, 1.76), (0.28, 1.44))[variant]:
        body, facet = draw.rock(x, 0.875, 0.13, 0.075, p.rng)
        p.fill(p.shape([body]), (0.72, 0.72, 0.76), (0.34, 0.35, 0.42), rim=0.8, snow=0)
        p.shade(p.shape([facet]), 0.25)


# ------------------------------------------------------------------------------------------------ space


def globe(p: Plate, x: float, y: float, radius: float, lit: Colour, dark: Colour, band: Colour | None = None) -> None:
    """A planet lit from the upper left, with bands if `band` is given."""
    mask = p.shape([draw.disc(x, y, radius, count=48)])
    p.fill(mask, lit, lit, rim=0, snow=0)
    if band is not None:
        for k, dy in enumerate((-0.62, -0.26, 0.10, 0.46)):
            stripe = draw.ribbon(draw.bow((x - radius, y + dy * radius + 0.10 * radius),
                (x + radius, y + dy * radius - 0.10 * radius), -0.05), [0.10 * radius * (1 + 0.4 * (k % 2))])
            p.fill(p.shape([stripe]) * mask, band, rim=0, snow=0)
    shadow = np.hypot(p.x[None] - (x - 0.42 * radius), p.y[:, None] - (y - 0.42 * radius)) / radius
    p.shade(np.clip((shadow - 0.62) / 0.75, 0, 1).astype(np.float32) * mask,
        (dark[0] - 1, dark[1] - 1, dark[2] - 1))


def space_far(p: Plate, variant: int) -> None:
    if variant == 0:  # ringed
        x, y, r = 1.28, 0.30, 0.160
        turn = np.linspace(0, 2 * np.pi, 60)
        axis = np.stack([np.cos(turn) * 0.94 + np.sin(turn) * 0.06, np.sin(turn) * 0.19 - np.cos(turn) * 0.30], 1)
        outer, inner = np.array([x, y]) + axis * 2.05 * r, np.array([x, y]) + axis[::-1] * 1.35 * r
        ring = p.shape([np.concatenate([outer, inner])])
        globe(p, x, y, r, (1.0, 0.74, 0.48), (0.22, 0.12, 0.24), (0.90, 0.56, 0.36))
        front = ring * np.clip((p.y[:, None] - (y - 0.32 * (p.x[None] - x))) * p.height, 0, 1)
        back = ring * (1 - p.shape([draw.disc(x, y, r, count=48)]))
        p.fill(np.maximum(front, back).astype(np.float32), (0.98, 0.88, 0.72), (0.80, 0.62, 0.60), rim=0, snow=0)
    elif variant == 1:
        globe(p, 0.66, 0.34, 0.20, (0.44, 0.80, 0.92), (0.10, 0.14, 0.34), (0.62, 0.92, 0.94))
        globe(p, 1.38, 0.60, 0.060, (0.96, 0.60, 0.70), (0.20, 0.10, 0.26))
    else:
        globe(p, 1.36, 0.38, 0.13, (0.72, 0.56, 0.96), (0.16, 0.10, 0.32), (0.82, 0.70, 1.0))
        globe(p, 0.64, 0.22, 0.070, (1.0, 0.80, 0.50), (0.26, 0.14, 0.20))


def space_middle(p: Plate, variant: int) -> None:
    if variant == 0:
        globe(p, 0.64, 0.64, 0.060, (0.80, 0.82, 0.90), (0.14, 0.14, 0.24))
    for x, y, size in ((), ((1.40, 0.24, 0.045), (1.56, 0.32, 0.030), (1.30, 0.38, 0.020), (1.70, 0.22, 0.026)),
        ((0.40, 0.60, 0.045), (0.60, 0.68, 0.030), (0.26, 0.74, 0.034), (1.70, 0.70, 0.04)))[variant]:
        turn = np.linspace(0, 6.283, 10)[:-1]
        lump = size * (0.8 + 0.4 * p.rng.random(9))
        mask = p.shape([np.stack([x + lump * np.cos(turn), y + 0.8 * lump * np.sin(turn)], 1)])
        p.fill(mask, (0.78, 0.66, 0.62), (0.24, 0.18, 0.26), rim=0.6, snow=0)


def space_near(p: Plate, variant: int) -> None:
    if variant == 2:  # the limb of a planet below
        mask = p.shape([draw.disc(1.0, 2.62, 1.80, count=120)])
        p.fill(mask, (0.50, 0.86, 1.0), (0.10, 0.24, 0.56), span=(0.82, 1.0), rim=0.8, snow=0, edge=0.02)
        swirls = [draw.leaf((x - 0.2, y + 0.10 * (x - 1) ** 2), (x + 0.2, y + 0.10 * (x - 1) ** 2), 0.012,
            0.05) for x, y in scatter(p, 9, 0.87, 0.98)]
        p.fill(p.soft(p.shape(swirls), 0.004) * mask, (0.94, 0.98, 1.0), (0.70, 0.82, 0.95), rim=0, snow=0)


# ------------------------------------------------------------------------------------------------ in their skies


def moon_sky(p: Plate, variant: int) -> None:
    """The Earth over the moon."""
    x, y, r = (1.26, 0.78, 1.10)[variant], (0.28, 0.26, 0.22)[variant], (0.145, 0.170, 0.125)[variant]
    mask = p.shape([draw.disc(x, y, r, count=48)])
    p.fill(mask, (0.22, 0.54, 0.92), (0.10, 0.36, 0.80), rim=0, snow=0)
    lands = [[(-0.55, -0.5), (-0.1, -0.75), (0.15, -0.45), (-0.15, -0.25), (-0.2, 0.05), (-0.5, -0.1)],
        [(-0.15, 0.15), (0.2, 0.10), (0.25, 0.45), (0.0, 0.8), (-0.15, 0.5)],
             [(0.4, -0.5), (0.8, -0.35), (0.9, 0.0), (0.6, 0.1), (0.45, -0.15)]]
    p.fill(p.shape([np.array([(x + a * r, y + b * r) for a, b in land]) for land in lands]) * mask,
        (0.40, 0.72, 0.38), (0.52, 0.62, 0.34), rim=0, snow=0)
    white = [draw.leaf((x + a * r, y + b * r), (x + (a + w) * r, y + (b - 0.1) * r), 0.09 * r, 0.14) for a, b,
        w in ((-0.8, 0.2, 0.9), (-0.3, -0.3, 1.0), (-0.5, 0.62, 0.9), (0.1, -0.72, 0.5), (-0.35, -0.88, 0.7))]
    p.fill(p.soft(p.shape(white), 0.003) * mask, (1.0, 1.0, 1.0), rim=0, snow=0)
    shadow = np.hypot(p.x[None] - (x - 0.40 * r), p.y[:, None] - (y - 0.36 * r)) / r
    p.shade(np.clip((shadow - 0.66) / 0.7, 0, 1).astype(np.float32) * mask, (-0.86, -0.82, -0.66))


def volcano_sky(p: Plate, variant: int) -> None:
    """Smoke over the crater (which stands at the same x as in volcano_far)."""
    seat = (0.86, 1.22, 1.02)[variant]
    side = (1, -1, 1)[variant]
    puffs = []
    for k in range(11):
        rise = k / 10
        puffs.append(draw.disc(seat + side * (0.03 + 0.44 * rise**1.6) + 0.03 * np.sin(5 * k), 0.24 - 0.25 * rise,
            0.035 + 0.10 * rise + 0.02 * p.rng.random()))
        puffs.append(draw.disc(seat + side * (0.01 + 0.36 * rise**1.6) - 0.03, 0.23 - 0.20 * rise, 0.028 + 0.07 * rise))
    p.fill(p.shape(puffs), (0.40, 0.34, 0.38), (0.66, 0.50, 0.46), span=(-0.05, 0.28), rim=0.2, snow=0)
    p.light(p.soft(p.shape([draw.disc(seat, 0.26, 0.13, 0.10)]), 0.05), (0.85, 0.34, 0.10))
