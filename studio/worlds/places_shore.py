"""Beach, sea and studio: each as three plates in three compositions.

A painter <place>_<strip> takes (plate, variant) and draws that strip; scenery.py finds it by its name. Things keep
clear of the middle (x = 1), where subjects are.
"""

from __future__ import annotations

import numpy as np

from studio.worlds import shapes as draw
from studio.worlds.plants import scatter
from studio.worlds.plates import Colour, Plate

_LAMP: Colour = (1.0, 0.82, 0.42)

# ------------------------------------------------------------------------------------------------ beach and sea


def _palm(p: Plate, x: float, base: float, tall: float, lean: float) -> None:
    trunk, fronds = draw.palm(x, base, tall, lean, p.rng)
    p.fill(p.shape(trunk), (0.60, 0.44, 0.30), (0.42, 0.30, 0.22), rim=0.5, snow=0)
    p.fill(p.shape(fronds), (0.36, 0.68, 0.26), (0.10, 0.42, 0.24), rim=0.6, snow=0.5)
    top = (x + lean * tall, base - tall)
    p.fill(p.shape([draw.disc(top[0] + d, top[1] + 0.02, 0.017) for d in (-0.018, 0.016)]), (0.48, 0.30, 0.20),
        rim=0.3, snow=0)


def beach_far(p: Plate, variant: int) -> None:
    points = ([(0, 0.50), (0.30, 0.46), (0.62, 0.545), (0.86, 0.60), (2, 0.60)],
        [(0, 0.60), (1.14, 0.60), (1.36, 0.53), (1.66, 0.44), (2, 0.47)],
              [(0, 0.58), (0.4, 0.55), (0.6, 0.585), (1.30, 0.60), (1.5, 0.52), (1.62, 0.50), (1.8, 0.57),
                  (2, 0.59)])[variant]
    top = p.through(points, 0.02)
    p.fill(p.below(np.where(top > 0.585, 2.0, top).astype(np.float32)), (0.32, 0.58, 0.46), (0.46, 0.68, 0.56),
        span=(0.44, 0.6), air=(0.40, 0.55))
    if variant == 2:
        for x, tall in ((0.62, 0.16), (0.72, 0.10)):
            stack = draw.polygon((x - 0.045, 0.60), (x - 0.03, 0.60 - 0.8 * tall), (x + 0.005, 0.60 - tall),
                (x + 0.03, 0.60 - 0.85 * tall), (x + 0.05, 0.60))
            p.fill(p.shape([stack]), (0.56, 0.56, 0.54), (0.44, 0.48, 0.52), air=0.30, rim=0.6)


def beach_middle(p: Plate, variant: int) -> None:
    p.fill(p.below(p.through([(0, 0.575), (2, 0.575)])), (0.10, 0.52, 0.74), (0.46, 0.90, 0.86), span=(0.575, 0.82),
        air=(0.22, 0.0), mirror=(0.42, 0.14), rim=0, snow=0)
    for y, half, bend in ((0.665, 0.004, 0.010), (0.735, 0.007, -0.012)):
        line = np.stack([p.x, y + 0.008 * np.sin(9 * p.x + 40 * y) + bend * np.sin(4 * p.x)], 1)[::4]
        wide = half * (0.25 + 0.75 * (np.sin(17 * line[:, 0] + 60 * y) > -0.3))
        p.fill(p.shape([draw.ribbon(line, wide)]), (0.96, 1.0, 1.0), mirror=0.15, rim=0, snow=0)


def beach_near(p: Plate, variant: int) -> None:
    edge = p.through(([(0, 0.74), (0.5, 0.77), (1.0, 0.815), (1.5, 0.83), (2, 0.80)],
        [(0, 0.80), (0.5, 0.83), (1, 0.815), (1.5, 0.77), (2, 0.74)],
                      [(0, 0.76), (0.5, 0.80), (1, 0.82), (1.5, 0.80),
                          (2, 0.76)])[variant], 0.10) + 0.006 * np.sin(11 * p.x).astype(np.float32)
    p.fill(p.below(edge), (0.98, 1.0, 1.0), (0.90, 0.98, 1.0), mirror=0.15, rim=0.3, snow=0)
    p.fill(p.below(edge + 0.018), (0.80, 0.66, 0.46), (0.92, 0.78, 0.54), span=(0.80, 0.86), mirror=(0.35, 0.0),
        rim=0, snow=0)
    p.fill(p.below(edge + 0.052), (1.0, 0.90, 0.66), (0.90, 0.70, 0.44), span=(0.82, 1.0), rim=0.2, snow=0.8, edge=0.3)
    if variant == 0:
        _palm(p, 0.44, 0.90, 0.62, 0.22)
        _palm(p, 0.36, 0.93, 0.44, 0.02)
        _umbrella(p, 1.42, 0.91, 0.28, (0.96, 0.34, 0.30))
    elif variant == 1:
        _palm(p, 1.60, 0.90, 0.62, -0.24)
        _hut(p, 0.58, 0.88, 0.34)
    else:
        for x in (0.16, 0.34, 0.50, 1.54, 1.70, 1.88):
            p.fill(p.shape(draw.tuft(x, 0.92, 0.15, p.rng, 7, 0.6)), (0.66, 0.74, 0.40), (0.40, 0.54, 0.28), rim=0.3,
                snow=0.4)
        _umbrella(p, 0.64, 0.88, 0.24, (0.20, 0.58, 0.80))
        _umbrella(p, 1.40, 0.92, 0.30, (1.0, 0.72, 0.20))
    shells = [(x, y) for x, y in scatter(p, 7, 0.93, 0.98)]
    p.fill(p.shape([draw.disc(x, y, 0.014, 0.010) for x, y in shells]), (1.0, 0.80, 0.72), (0.90, 0.60, 0.54),
        rim=0.3, snow=0)


def _umbrella(p: Plate, x: float, base: float, tall: float, colour: Colour) -> None:
    top, half = base - tall, 0.46 * tall
    p.fill(p.shape([draw.box(x, base, 0.012, tall)]), (0.96, 0.94, 0.90), rim=0, snow=0)
    dome = np.linspace(np.pi, 2 * np.pi, 17)
    for k in range(4):
        part = dome[4 * k : 4 * k + 5]
        edge = np.stack([x + half * np.cos(part), top + 0.20 * tall + 0.26 * tall * np.sin(part)], 1)
        outline = np.concatenate([edge, [(x, top + 0.17 * tall)]]) if k in (0,
            3) else np.concatenate([edge, [(edge[-1, 0], top + 0.20 * tall), (edge[0, 0], top + 0.20 * tall)]])
        p.fill(p.shape([outline, draw.polygon((edge[0, 0], top + 0.205 * tall),
            *[(float(a), float(b)) for a, b in edge], (edge[-1, 0], top + 0.205 * tall))]),
               colour if k % 2 == 0 else (1.0, 0.98, 0.94), rim=0.4, snow=0.5)


def _hut(p: Plate, x: float, base: float, tall: float) -> None:
    p.fill(p.shape([draw.box(x + d * tall, base + 0.01, 0.03 * tall, 0.5 * tall) for d in (-0.36, -0.12, 0.12,
        0.36)]), (0.42, 0.30, 0.22), rim=0, snow=0)
    p.fill(p.shape([draw.box(x, base - 0.18 * tall, 0.84 * tall, 0.36 * tall)]), (0.62, 0.44, 0.28),
        (0.76, 0.56, 0.36), rim=0, snow=0)
    p.fill(p.shape([draw.box(x - 0.20 * tall, base - 0.28 * tall, 0.16 * tall, 0.14 * tall),
        draw.box(x + 0.16 * tall, base - 0.18 * tall, 0.17 * tall, 0.27 * tall)]),
           (0.30, 0.22, 0.20), glow=_LAMP, rim=0, snow=0)
    roof = draw.polygon((x - 0.60 * tall, base - 0.47 * tall), (x - 0.16 * tall, base - tall),
        (x + 0.16 * tall, base - tall), (x + 0.60 * tall, base - 0.47 * tall))
    p.fill(p.shape([roof]), (0.90, 0.72, 0.42), (0.62, 0.44, 0.24), rim=0.5, snow=0.9)


def sea_far(p: Plate, variant: int) -> None:
    if variant == 0:
        for x, wide, tall in ((0.60, 0.40, 0.100), (0.80, 0.24, 0.055), (1.46, 0.42, 0.070)):
            turn = np.linspace(np.pi, 2 * np.pi, 18)
            bump = np.stack([x + 0.5 * wide * np.cos(turn),
                0.60 + tall * np.sin(turn) * (0.8 + 0.2 * np.sin(5 * turn))], 1)
            p.fill(p.shape([bump]), (0.36, 0.52, 0.58), (0.46, 0.62, 0.64), air=(0.40, 0.55))
    elif variant == 1:  # a lighthouse
        cliff = draw.polygon((1.2, 0.61), (1.24, 0.54), (1.32, 0.515), (1.48, 0.50), (1.7, 0.47), (2.1, 0.44),
            (2.1, 0.61))
        p.fill(p.shape([cliff]), (0.50, 0.64, 0.46), (0.54, 0.50, 0.48), air=(0.22, 0.36), rim=0.5, snow=0.9)
        tower = draw.polygon((1.335, 0.52), (1.348, 0.33), (1.392, 0.33), (1.405, 0.52))
        p.fill(p.shape([tower]), (0.98, 0.96, 0.94), (0.88, 0.86, 0.88), air=0.16, rim=0.3, snow=0)
        p.fill(p.shape([draw.box(1.37, y, 0.08, 0.036) for y in (0.40, 0.475)]) * p.shape([tower]),
            (0.88, 0.28, 0.26), air=0.16, rim=0, snow=0)
        p.fill(p.shape([draw.box(1.37, 0.33, 0.058, 0.010), draw.polygon((1.344, 0.296), (1.37, 0.268),
            (1.396, 0.296))]), (0.70, 0.24, 0.24), air=0.16)
        p.fill(p.shape([draw.box(1.37, 0.322, 0.036, 0.028)]), (1.0, 0.95, 0.75), glow=(1.0, 0.95, 0.70), rim=0, snow=0)
    else:
        top = p.through([(0, 0.61), (0.34, 0.60), (0.52, 0.46), (0.60, 0.44), (0.70, 0.48), (0.92, 0.595),
            (1.0, 0.62), (2, 0.62)], 0.012)
        p.fill(p.below(np.where(top > 0.60, 2.0, top).astype(np.float32)), (0.40, 0.56, 0.60), (0.48, 0.66, 0.60),
            span=(0.44, 0.6), air=(0.42, 0.58))
        stack = draw.polygon((1.36, 0.61), (1.38, 0.51), (1.42, 0.47), (1.47, 0.52), (1.50, 0.61))
        p.fill(p.shape([stack]), (0.52, 0.56, 0.62), air=0.40)


def sea_middle(p: Plate, variant: int) -> None:
    p.fill(p.below(p.through([(0, 0.59), (2, 0.59)])), (0.16, 0.52, 0.76), (0.02, 0.22, 0.46), span=(0.59, 0.95),
        air=(0.12, 0.0), mirror=(0.50, 0.22), rim=0, snow=0)
    for k, y in enumerate((0.625, 0.665, 0.715, 0.775)):
        for j in range(5):
            x = 2 * ((j + 0.5) / 5 + 0.13 * k) % 2
            swell = draw.leaf((x - 0.16 - 0.04 * k, y), (x + 0.16 + 0.04 * k, y + 0.004), 0.004 + 0.003 * k, 0.03)
            p.shade(p.soft(p.shape([swell]), 0.003), ((0.30, 0.26, 0.22), (-0.26, -0.20, -0.16))[j % 2])


def sea_near(p: Plate, variant: int) -> None:
    phase = (0.4, 2.0, 4.0)[variant]
    for y, size, top, bottom in ((0.885, 0.020, (0.30, 0.68, 0.82), (0.06, 0.36, 0.60)),
        (0.945, 0.026, (0.22, 0.58, 0.76), (0.03, 0.26, 0.50))):
        wave = 9.42 * p.x + phase + 30 * y
        scallop = (np.abs(np.sin(0.5 * wave)) ** 0.8 * 2 - 1) * (0.8 + 0.2 * np.sin(0.37 * wave))
        edge = (y - size * scallop).astype(np.float32)
        p.fill(p.below(edge), (0.94, 1.0, 1.0), mirror=0.1, rim=0.4, snow=0)
        p.fill(p.below(edge + 0.010), top, bottom, span=(y - 0.02, y + 0.09), mirror=(0.15, 0.25), rim=0, snow=0)


# ------------------------------------------------------------------------------------------------ studio


def studio_far(p: Plate, variant: int) -> None:
    """Shapes on the wall; white, for the scene's own hue tints them."""
    if variant == 1:
        p.fill(p.shape([draw.disc(1.0, 0.42, 0.33)]), (1.0, 0.97, 0.93), (0.92, 0.90, 0.92), rim=0, snow=0)
    elif variant == 2:
        for x, wide, tall in ((0.54, 0.30, 0.44), (1.46, 0.30, 0.44), (1.0, 0.42, 0.60)):
            arch = p.shape([draw.box(x, 0.73, wide, tall - wide / 2), draw.disc(x, 0.73 - tall + wide / 2, wide / 2)])
            p.fill(arch, (0.88, 0.86, 0.90), (1.0, 0.97, 0.94), rim=0, snow=0)


def studio_middle(p: Plate, variant: int) -> None:
    """Solid shapes on the floor, well to the sides."""
    if variant == 0:
        p.fill(p.shape([draw.disc(0.60, 0.715, 0.085)]), (1.0, 0.98, 0.96), (0.62, 0.60, 0.66), rim=0, snow=0)
        p.fill(p.shape([draw.box(1.42, 0.80, 0.17, 0.22), draw.disc(1.42, 0.58, 0.085, 0.022)]), (1.0, 0.98, 0.96),
            (0.70, 0.68, 0.74), rim=0, snow=0)
    elif variant == 1:
        p.fill(p.shape([draw.polygon((0.46, 0.80), (0.59, 0.50), (0.72, 0.80))]), (1.0, 0.98, 0.95),
            (0.70, 0.68, 0.74), rim=0, snow=0)
        p.fill(p.shape([draw.disc(1.40, 0.735, 0.07)]), (1.0, 0.98, 0.96), (0.62, 0.60, 0.66), rim=0, snow=0)
    else:
        p.fill(p.shape([draw.box(0.58, 0.80, 0.22, 0.10), draw.box(0.58, 0.70, 0.14, 0.09)]), (1.0, 0.98, 0.96),
            (0.72, 0.70, 0.76), rim=0, snow=0)
        p.fill(p.shape([draw.disc(1.42, 0.72, 0.08)]), (1.0, 0.98, 0.96), (0.62, 0.60, 0.66), rim=0, snow=0)


def studio_near(p: Plate, variant: int) -> None:
    """Nothing stands before the subject; the floor belongs to the backdrop."""
