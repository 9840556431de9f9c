"""Meadow, forest and jungle: each as three plates in three compositions.

A painter <place>_<strip> takes (plate, variant) and draws that strip; scenery.py finds it by its name. Things keep
clear of the middle (x = 1), where subjects are.
"""

from __future__ import annotations

from studio.worlds import shapes as draw
from studio.worlds.plants import flowers, grass, pines, scatter, tree
from studio.worlds.plates import Colour, Plate

# ------------------------------------------------------------------------------------------------ meadow


def meadow_far(p: Plate, variant: int) -> None:
    p.fill(p.below(p.hills(0.555, 0.045, 0.9)), (0.38, 0.60, 0.56), (0.46, 0.68, 0.56), air=(0.62, 0.80), snow=0.8,
        edge=0.1)
    top = p.hills(0.605, 0.035, 1.3, 0.015)
    p.fill(p.below(top), (0.38, 0.64, 0.40), (0.50, 0.74, 0.42), span=(0.56, 0.72), air=(0.42, 0.62), snow=0.9,
        edge=0.2)
    for x in p.flanks(7, 0.15):
        base = float(top[int(x * p.height)]) + 0.012
        p.fill(p.shape(draw.crown(x, base - 0.016, 0.026, p.rng, 0.7)), (0.26, 0.50, 0.34), air=0.45)


def meadow_middle(p: Plate, variant: int) -> None:
    top = p.hills(0.685, 0.045, (0.8, 1.1, 0.7)[variant], 0.03)
    ground = p.below(top)
    p.fill(ground, (0.50, 0.76, 0.30), (0.28, 0.58, 0.24), span=(0.63, 0.86), air=(0.16, 0.05), snow=1, edge=0.3)
    if variant == 0:
        for x, tall in ((0.28, 0.28), (0.54, 0.36), (0.70, 0.22), (1.34, 0.24), (1.50, 0.40), (1.76, 0.28)):
            tree(p, x, 0.705, tall, (0.14, 0.42, 0.20), (0.38, 0.68, 0.24), 0.10)
    elif variant == 1:
        for side in (0.66, 1.52):
            _mill(p, side, 0.70, 0.34 if side < 1 else 0.20)
        rows = [draw.ribbon(draw.bow((1.25 + 0.14 * k, 0.90), (1.36 + 0.06 * k, 0.69), 0.06),
            [0.016, 0.004]) for k in range(5)]
        p.shade(p.shape(rows) * ground, (0.30, 0.16, -0.10))
    else:
        spots = [0.34 + 0.075 * k for k in range(6)] + [1.36, 1.44]
        poplars = [draw.disc(x, 0.58 - 0.015 * (k % 2), 0.030, 0.130) for k, x in enumerate(spots)]
        p.fill(p.shape([*poplars, *(draw.box(x, 0.72, 0.012, 0.05) for x in spots)]), (0.36, 0.62, 0.26),
            (0.16, 0.40, 0.20), air=0.12)
        for x in (1.12, 1.30, 0.85):
            p.fill(p.shape([draw.disc(x, 0.735, 0.028, 0.026)]), (0.94, 0.80, 0.40), (0.74, 0.56, 0.26), rim=0.6)


def _mill(p: Plate, x: float, base: float, tall: float) -> None:
    tower = draw.polygon((x - 0.20 * tall, base), (x - 0.11 * tall, base - 0.72 * tall),
        (x + 0.11 * tall, base - 0.72 * tall),
                         (x + 0.20 * tall, base))
    p.fill(p.shape([tower]), (0.98, 0.94, 0.86), (0.86, 0.78, 0.70), air=0.08)
    p.shade(p.shape([draw.box(x + 0.10 * tall, base, 0.16 * tall, 0.72 * tall)]) * p.shape([tower]), -0.18)
    p.fill(p.shape([draw.disc(x, base - 0.74 * tall, 0.135 * tall, 0.13 * tall)]), (0.78, 0.30, 0.24), air=0.08)
    p.fill(p.shape([draw.box(x, base, 0.09 * tall, 0.15 * tall), draw.box(x, base - 0.42 * tall, 0.07 * tall,
        0.09 * tall)]),
           (0.35, 0.30, 0.32), glow=(1.0, 0.80, 0.42), rim=0, snow=0)
    hub = (x, base - 0.76 * tall)
    arms = []
    for dx, dy in ((0.62, -0.36), (0.36, 0.62), (-0.62, 0.36), (-0.36, -0.62)):
        end = (hub[0] + dx * tall * 0.72, hub[1] + dy * tall * 0.72)
        arms.append(draw.stroke(hub, end, 0.012 * tall + 0.001, 0.010 * tall))
        side = (-dy * 0.075 * tall, dx * 0.075 * tall)
        near = (hub[0] + dx * tall * 0.16, hub[1] + dy * tall * 0.16)
        arms.append(draw.polygon(near, (near[0] + side[0], near[1] + side[1]), (end[0] + side[0], end[1] + side[1]),
            end))
    p.fill(p.shape(arms), (0.98, 0.95, 0.90), (0.90, 0.84, 0.78), rim=0.4, snow=0)


def meadow_near(p: Plate, variant: int) -> None:
    top = p.hills(0.815, 0.022, 0.8, 0.01)
    p.fill(p.below(top), (0.60, 0.84, 0.28), (0.16, 0.46, 0.18), span=(0.80, 1.0), snow=1, edge=0.4)
    grass(p, top, 16, 0.055, (0.32, 0.62, 0.22), (0.56, 0.82, 0.30))
    if variant == 2:
        bed = [draw.ribbon(draw.bow((-0.1 + 0.42 * k, 1.04), (0.44 + 0.225 * k, 0.825), 0.03),
            [0.058, 0.010]) for k in range(6)]
        p.fill(p.shape(bed), (0.66, 0.48, 0.86), (0.46, 0.26, 0.66), span=(0.82, 1.0), rim=0.3, snow=0.8, edge=0.1)
        return
    petals: tuple[tuple[Colour, Colour], ...] = (((0.95, 0.22, 0.20), (0.25, 0.10, 0.14)),
        ((1.0, 0.98, 0.94), (1.0, 0.78, 0.16)))
    flowers(p, scatter(p, 20, 0.84, 0.985), 0.026, *petals[variant])
    flowers(p, [(x + 0.05, y) for x, y in scatter(p, 9, 0.85, 0.97)], 0.018, (1.0, 0.84, 0.20), (0.90, 0.50, 0.10))


# ------------------------------------------------------------------------------------------------ forest


def forest_far(p: Plate, variant: int) -> None:
    p.fill(p.below(p.hills(0.50, 0.05, 0.8)), (0.30, 0.50, 0.50), air=(0.66, 0.85), snow=0.6, edge=0.1)
    spots = [(k + 0.5 * p.rng.random()) / 17 * 2 for k in range(18)]
    pines(p, spots, 0.68, (0.27, 0.30, 0.24)[variant], (0.16, 0.42, 0.36), (0.34, 0.58, 0.46), 0.42)
    p.fill(p.below(p.hills(0.655, 0.015)), (0.34, 0.54, 0.40), air=0.6, rim=0, snow=1, edge=0.2)


def forest_middle(p: Plate, variant: int) -> None:
    if variant == 2:
        for x in (0.18, 0.44, 0.66, 1.36, 1.62, 1.86):
            wide = 0.030 + 0.030 * p.rng.random()
            trunk = draw.ribbon(draw.bow((x, 0.78), (x + 0.02, -0.05), 0.01),
                [1.7 * wide, wide, 0.9 * wide, 0.8 * wide])
            p.fill(p.shape([trunk]), (0.34, 0.24, 0.20), (0.44, 0.27, 0.20), air=(0.30, 0.10), rim=0, snow=0)
            p.shade(p.soft(p.shape([draw.box(x - 0.5 * wide, 0.80, 0.5 * wide, 0.9)]), 0.01), 0.30)
        leaves = [draw.disc(x, 0.02 + 0.05 * p.rng.random() - 0.05 * (abs(x - 1) < 0.35), 0.13,
            0.085) for x in [k * 0.12 for k in range(18)]]
        p.fill(p.shape(leaves), (0.12, 0.34, 0.20), (0.28, 0.54, 0.24), span=(0.0, 0.13), air=0.10, snow=0, rim=0)
    else:
        spots = p.flanks(17, (0.30, 0.26)[variant])
        pines(p, spots, 0.765, (0.44, 0.36)[variant], (0.13, 0.36, 0.26), (0.08, 0.26, 0.19), (0.16), 0.21)
        if variant == 1:
            for x in (0.34, 0.64, 1.38, 1.70):
                tree(p, x, 0.785, 0.34, (0.70, 0.30, 0.10), (0.96, 0.62, 0.18), 0.06)
    p.fill(p.below(p.hills(0.755, 0.014)), (0.30, 0.54, 0.24), (0.18, 0.40, 0.19), span=(0.74, 0.88),
        air=(0.12, 0.02), snow=1, edge=0.3)


def forest_near(p: Plate, variant: int) -> None:
    top = p.hills(0.825, 0.014, 0.9)
    p.fill(p.below(top), (0.40, 0.60, 0.24), (0.12, 0.28, 0.14), span=(0.81, 1.0), snow=1, edge=0.4)
    path = draw.polygon((0.90, 0.815), (1.02, 0.815), (1.34, 1.02), (0.62, 1.02))
    p.fill(p.soft(p.shape([path]), 0.01) * p.below(top), (0.74, 0.60, 0.38), (0.50, 0.38, 0.25), span=(0.82, 1.0),
        rim=0, snow=0.9, edge=0.3)
    grass(p, top, 14, 0.06, (0.16, 0.42, 0.18), (0.40, 0.64, 0.24))
    for x in ((0.58, 1.42), (0.30, 1.38), (0.62, 1.64))[variant]:
        for k in range(3):
            cap_x, base, size = x + 0.055 * (k - 1), 0.915 + 0.025 * (k % 2), 0.034 - 0.007 * (k % 2)
            p.fill(p.shape([draw.box(cap_x, base, 0.4 * size, 1.1 * size)]), (0.98, 0.94, 0.84), rim=0, snow=0)
            p.fill(p.shape([draw.ribbon(draw.bow((cap_x - size, base - 0.9 * size), (cap_x + size, base - 0.9 * size),
                -0.05), [0.006]),
                            draw.disc(cap_x, base - size, size,
                                0.62 * size)]), (0.90, 0.20, 0.16), (0.66, 0.10, 0.10), rim=0.5, snow=0.6)
            p.fill(p.shape([draw.disc(cap_x - 0.3 * size, base - 1.2 * size, 0.17 * size),
                draw.disc(cap_x + 0.35 * size, base - size, 0.15 * size)]),
                   (1, 0.97, 0.92), rim=0, snow=0)


# ------------------------------------------------------------------------------------------------ jungle


def jungle_far(p: Plate, variant: int) -> None:
    p.fill(p.below(p.hills(0.36, 0.10, 0.9, 0.12)), (0.34, 0.60, 0.48), (0.50, 0.74, 0.54), span=(0.25, 0.7),
        air=(0.50, 0.76), snow=0.2)
    if variant == 1:
        fall = draw.polygon((0.93, 0.44), (1.05, 0.44), (1.10, 0.72), (0.90, 0.72))
        p.fill(p.shape([fall]), (0.92, 0.98, 1.0), (0.80, 0.94, 0.96), air=(0.10, 0.35), rim=0, snow=0)
    top = p.hills(0.56, 0.035, 1.2, 0.04)
    heads = [draw.disc(x, float(top[min(int(x * p.height), p.width - 1)]),
        0.045 + 0.03 * p.rng.random()) for x in [0.02 + 0.098 * k for k in range(20)]]
    p.fill(p.shape(heads), (0.32, 0.62, 0.40), (0.40, 0.68, 0.44), air=0.40, snow=0.3)
    if variant != 1:
        p.fill(p.below(top), (0.36, 0.66, 0.42), (0.42, 0.70, 0.46), air=(0.40, 0.6), rim=0, snow=0)
    if variant == 2:  # a stepped temple
        for k in range(5):
            p.fill(p.shape([draw.box(1.34, 0.58 - 0.045 * k, 0.36 - 0.066 * k, 0.05)]), (0.84, 0.80, 0.62),
                (0.62, 0.60, 0.48), air=0.26)
        p.fill(p.shape([draw.box(1.34, 0.365, 0.05, 0.035), draw.box(1.34, 0.58, 0.035, 0.20)]), (0.40, 0.40, 0.34),
            air=0.3, glow=(0.9, 0.6, 0.25), rim=0)


def jungle_middle(p: Plate, variant: int) -> None:
    spots = p.flanks(10, 0.30)
    for x in spots:
        trunk, fronds = draw.palm(x, 0.80, 0.44 + 0.12 * p.rng.random(), 0.18 if x < 1 else -0.18, p.rng)
        p.fill(p.shape(trunk), (0.42, 0.32, 0.22), (0.30, 0.24, 0.18), air=0.12, snow=0)
        p.fill(p.shape(fronds), (0.30, 0.66, 0.26), (0.10, 0.42, 0.24), air=0.10, rim=0.5, snow=0.5)
    heads = [draw.disc(x, 0.75 + 0.03 * p.rng.random() + (0.035 if abs(x - 1) < 0.3 else 0),
        0.05 + 0.035 * p.rng.random()) for x in [0.09 * k for k in range(23)]]
    p.fill(p.shape([*heads, draw.box(1, 1.0, 2.2, 0.25)]), (0.26, 0.60, 0.28), (0.06, 0.28, 0.18), span=(0.68, 0.86),
        air=0.06, rim=0.5, snow=0.5)


def jungle_near(p: Plate, variant: int) -> None:
    top = p.hills(0.845, 0.012, 1.0)
    p.fill(p.below(top), (0.36, 0.50, 0.20), (0.10, 0.22, 0.12), span=(0.83, 1.0), snow=0.8, edge=0.3)
    roots = ((0.52, 1.50), (0.60, 1.62), (0.40, 1.42))[variant]
    for x in roots:
        for lean in (-1.1, -0.6, -0.15, 0.3, 0.75, 1.2):
            reach = 0.24 + 0.06 * p.rng.random()
            blade = draw.leaf((x, 1.0), (x + lean * reach * 0.8, 0.99 - reach * (1.15 - 0.45 * abs(lean))), 0.040,
                -0.18 * lean)
            p.fill(p.shape([blade]), (0.34, 0.72, 0.26), (0.06, 0.34, 0.18), rim=0.6, snow=0.4)
        p.fill(p.shape([draw.leaf((x, 0.93), (x + 0.03, 0.84), 0.030), draw.leaf((x, 0.93), (x - 0.05, 0.87), 0.024)]),
               (1.0, 0.36, 0.30), (0.86, 0.14, 0.34), rim=0.3, snow=0)
    vines, leaves = [], []
    for x in ((0.30, 0.50, 0.62, 1.36, 1.54, 1.76), (0.36, 0.56, 1.44, 1.58, 1.76),
        (0.30, 0.54, 0.68, 1.40, 1.62))[variant]:
        low = 0.16 + 0.20 * p.rng.random()
        vines.append(draw.stroke((x, -0.02), (x + 0.03, low), 0.006, 0.004, 0.10))
        leaves += [draw.leaf((x + 0.02, y), (x + 0.02 + side * 0.045, y + 0.035), 0.016) for y in (0.04, 0.10,
            low - 0.02) for side in (-1, 1)]
    canopy = [draw.disc(x, -0.03, 0.12, 0.075 + 0.05 * p.rng.random()) for x in (0.05, 0.22, 0.40, 0.57, 1.43, 1.58,
        1.76, 1.95)]
    p.fill(p.shape([*vines, *leaves, *canopy]), (0.05, 0.26, 0.15), (0.18, 0.46, 0.18), span=(0.0, 0.36), rim=0, snow=0)
