"""City, village and castle: each as three plates in three compositions.

A painter <place>_<strip> takes (plate, variant) and draws that strip; scenery.py finds it by its name. Things keep
clear of the middle (x = 1), where subjects are.
"""

from __future__ import annotations

import numpy as np

from studio.worlds import shapes as draw
from studio.worlds.plants import grass, scatter, tree
from studio.worlds.plates import Colour, Plate, mixed, scaled

_LAMP: Colour = (1.0, 0.82, 0.42)

# ------------------------------------------------------------------------------------------------ city


def _block(p: Plate, place: tuple[float, float, float, float], wall: tuple[Colour, Colour], air: float, lit: float,
        panes: tuple[int, float], head: int) -> None:
    """A building with a head (0 flat, 1 stepped, 2 spire, 3 slanted, 4 dome) and rows of windows.

    place: middle, foot, width and height; wall: colour at the top and at the foot; lit: share of the windows; panes:
    how many in a row, and the height of a row.
    """
    (x, base, wide, tall), (top, bottom) = place, wall
    body, peak = [draw.box(x, base, wide, tall)], base - tall
    if head == 1:
        body += [draw.box(x, peak + 0.01, 0.66 * wide, 0.16 * wide + 0.03),
            draw.box(x, peak - 0.01, 0.34 * wide, 0.28 * wide + 0.04)]
    elif head == 2:
        body += [draw.polygon((x - 0.30 * wide, peak), (x, peak - 0.75 * wide), (x + 0.30 * wide, peak)),
            draw.box(x, peak - 0.5 * wide, 0.010, 0.5 * wide)]
    elif head == 3:
        body += [draw.polygon((x - 0.5 * wide, peak + 0.002), (x - 0.5 * wide, peak - 0.36 * wide),
            (x + 0.5 * wide, peak + 0.002))]
    elif head == 4:
        body += [draw.disc(x, peak, 0.40 * wide, 0.42 * wide), draw.box(x, peak - 0.36 * wide, 0.010, 0.3 * wide)]
    mask = p.shape(body)
    p.fill(mask, top, bottom, air=(0.5 * air, air), rim=0.4, snow=0.9)
    p.shade(p.shape([draw.box(x + 0.33 * wide, base, 0.34 * wide, tall + 0.3)]) * mask, -0.16)
    across, pitch = panes
    step = wide / across
    bright, dim = [], []
    for row in range(int((tall - 0.03) / pitch)):
        for k in range(across):
            pane = draw.box(x - 0.5 * wide + (k + 0.5) * step, peak + 0.028 + (row + 0.62) * pitch, 0.52 * step,
                0.56 * pitch)
            (bright if p.rng.random() < lit else dim).append(pane)
    glass = mixed(top, (0.75, 0.75, 0.75), 0.4)
    p.fill(p.shape(dim), glass, glass, air=air, rim=0, snow=0, glow=(0.02, 0.04, 0.10))
    p.fill(p.shape(bright), glass, glass, air=0.8 * air, rim=0, snow=0,
        glow=scaled(_LAMP, 1 - 0.45 * air))


def city_far(p: Plate, variant: int) -> None:
    x = -0.05
    while x < 2.05:
        wide = 0.055 + 0.055 * p.rng.random()
        tall = 0.14 + 0.20 * p.rng.random() * (0.55 + 0.6 * min(1.0, abs(x - 1) / 0.6))
        _block(p, (x + wide / 2, 0.74, wide, tall + 0.08), ((0.52, 0.60, 0.74), (0.62, 0.70, 0.82)), 0.50, 0.40,
            (3, 0.036), int(p.rng.integers(0, 4)))
        x += wide * 0.94
    if variant == 1:  # a suspension bridge
        deck, tower = 0.60, 0.30
        p.fill(p.shape([draw.box(s, 0.74, 0.022, 0.74 - tower) for s in (0.72, 1.30)] + [draw.box(1.0, deck + 0.022,
            2.3, 0.024)]),
               (0.80, 0.34, 0.28), (0.70, 0.36, 0.34), air=0.22, rim=0.5)
        cables = [draw.ribbon(draw.bow((0.72, tower), (1.30, tower), -0.42, 24), [0.006])]
        cables += [draw.ribbon(draw.bow((a, tower), (b, deck), -0.08 if b > a else 0.08, 16), [0.005])
            for a, b in ((0.72, 0.30), (1.30, 1.72))]
        p.fill(p.shape(cables), (0.84, 0.40, 0.32), air=0.22, snow=0, rim=0.2)
    elif variant == 2:  # a television tower
        p.fill(p.shape([draw.stroke((1.34, 0.74), (1.34, 0.16), 0.022, 0.004), draw.disc(1.34, 0.30, 0.042, 0.030),
            draw.box(1.34, 0.36, 0.05, 0.014)]),
               (0.70, 0.74, 0.84), (0.60, 0.66, 0.78), air=0.28, rim=0.6)
        p.fill(p.shape([draw.box(1.34, 0.307, 0.070, 0.012), draw.disc(1.34, 0.165, 0.008)]), (0.90, 0.50, 0.40),
            glow=(1.0, 0.5, 0.35), rim=0, snow=0)


def city_middle(p: Plate, variant: int) -> None:
    tints: tuple[tuple[Colour, Colour], ...] = (((0.36, 0.42, 0.58), (0.30, 0.35, 0.48)),
        ((0.68, 0.42, 0.36), (0.50, 0.32, 0.32)),
                                                ((0.80, 0.72, 0.62), (0.62, 0.54, 0.50)), ((0.30, 0.48, 0.56),
                                                    (0.24, 0.38, 0.46)))
    row = (
        ((0.07, 0.20, 0.46, 0, 0), (0.26, 0.17, 0.62, 3, 1), (0.44, 0.18, 0.38, 1, 0), (0.61, 0.15, 0.26, 2, 3),
            (1.40, 0.16, 0.30, 1, 4), (1.57, 0.17, 0.50, 0, 2), (1.75, 0.19, 0.36, 2, 1), (1.93, 0.17, 0.56, 3, 0)),
        ((0.08, 0.18, 0.36, 2, 4), (0.28, 0.20, 0.30, 1, 0), (0.47, 0.16, 0.22, 0, 3), (1.46, 0.18, 0.60, 3, 2),
            (1.64, 0.17, 0.40, 0, 0), (1.83, 0.21, 0.50, 1, 1)),
        ((0.09, 0.21, 0.58, 0, 3), (0.29, 0.17, 0.42, 2, 1), (0.48, 0.19, 0.54, 3, 0), (0.66, 0.15, 0.32, 1, 2),
            (1.38, 0.15, 0.24, 2, 0), (1.55, 0.18, 0.34, 3, 4), (1.75, 0.20, 0.44, 1, 3), (1.94, 0.17, 0.30, 0, 0)),
    )[variant]
    for x, wide, tall, tint, head in row:
        _block(p, (x, 0.82, wide, tall), tints[tint], 0.12, 0.55, (4, 0.050), head)
    for x in (0.80, 0.90, 1.12, 1.25) if variant != 1 else (0.66, 0.78, 1.22, 1.32):
        p.fill(p.shape(draw.crown(x, 0.765, 0.040, p.rng)), (0.40, 0.64, 0.34), (0.18, 0.40, 0.26), air=0.08, rim=0.5)
    p.fill(p.below(p.through([(0, 0.79), (2, 0.79)])), (0.50, 0.52, 0.56), air=0.06, rim=0, snow=1, edge=0.1)


def city_near(p: Plate, variant: int) -> None:
    p.fill(p.below(p.through([(0, 0.805), (2, 0.805)])), (0.76, 0.75, 0.74), (0.60, 0.59, 0.60), span=(0.80, 0.85),
        snow=1, edge=0.1)
    p.fill(p.below(p.through([(0, 0.845), (2, 0.845)])), (0.40, 0.41, 0.47), (0.24, 0.25, 0.31), span=(0.84, 1.0),
        mirror=0.10, rim=0.3, snow=0.55, edge=0.3)
    p.fill(p.shape([draw.polygon((x, 0.928), (x + 0.11, 0.928), (x + 0.10, 0.944),
        (x - 0.012, 0.944)) for x in np.arange(0.06, 2, 0.25)]),
           (0.98, 0.94, 0.82), rim=0, snow=0)
    for x in ((0.60, 1.42), (0.32, 0.66, 1.36, 1.70), (0.64, 1.40))[variant]:
        p.fill(p.shape([draw.box(x, 0.845, 0.013, 0.27), draw.box(x, 0.845, 0.026, 0.03),
                        draw.ribbon(draw.bow((x, 0.58), (x + (0.07 if x < 1 else -0.07), 0.575),
                            0.28 if x < 1 else -0.28), [0.0055])]),
               (0.20, 0.23, 0.28), rim=0.4, snow=0.3)
        head = (x + (0.072 if x < 1 else -0.072), 0.588)
        p.fill(p.shape([draw.disc(*head, 0.021, 0.017)]), (1.0, 0.96, 0.84), glow=(1.0, 0.90, 0.60), rim=0, snow=0)
    if variant == 2:
        for x in (0.44, 1.60):
            tree(p, x, 0.835, 0.30, (0.16, 0.42, 0.24), (0.48, 0.70, 0.32))
    elif variant == 0:
        p.fill(p.shape([draw.box(0.48, 0.838, 0.13, 0.030), draw.box(0.48, 0.800, 0.13, 0.024)]), (0.66, 0.44, 0.30),
            (0.48, 0.31, 0.22), rim=0.4)


# ------------------------------------------------------------------------------------------------ village


def cottage(p: Plate, x: float, base: float, wide: float, tall: float, wall: Colour, roof: Colour) -> None:
    """A house with its long side to us, lamps behind its panes."""
    air = 0.08
    parts = draw.house(x, base, wide, tall)
    shadow = scaled(wall, 0.82)
    p.fill(p.shape(parts["wall"]), shadow, wall, air=air, rim=0, snow=0)
    p.fill(p.shape(parts["roof"]), scaled(roof, 1.12), roof, air=air, rim=0.6, snow=1,
        edge=0.25 * tall)
    p.fill(p.shape(parts["door"]), (0.46, 0.30, 0.22), air=air, rim=0, snow=0)
    p.fill(p.shape(parts["panes"]), (0.52, 0.64, 0.74), air=0.5 * air, glow=_LAMP, rim=0, snow=0)


def village_far(p: Plate, variant: int) -> None:
    p.fill(p.below(p.hills(0.50, 0.06, 0.8)), (0.44, 0.62, 0.62), (0.54, 0.72, 0.60), air=(0.56, 0.74), snow=0.8,
        edge=0.1)
    top = p.hills(0.585, 0.035, 1.1)
    ground = p.below(top)
    p.fill(ground, (0.50, 0.72, 0.42), (0.60, 0.78, 0.44), span=(0.54, 0.72), air=(0.36, 0.5), snow=1, edge=0.2)
    for k in range(6):
        strip = draw.polygon((0.10 + 0.34 * k, 0.56), (0.24 + 0.34 * k, 0.56), (0.30 + 0.34 * k, 0.72),
            (0.06 + 0.34 * k, 0.72))
        p.shade(p.shape([strip]) * ground, ((0.18, 0.06, -0.10), (-0.14, -0.06, -0.04))[k % 2])


def village_middle(p: Plate, variant: int) -> None:
    p.fill(p.below(p.hills(0.715, 0.012)), (0.52, 0.74, 0.36), (0.38, 0.60, 0.28), span=(0.70, 0.86), air=0.08,
        snow=1, edge=0.3)
    walls: tuple[Colour, ...] = ((0.98, 0.94, 0.84), (0.96, 0.82, 0.62), (0.86, 0.90, 0.92), (0.98, 0.76, 0.66))
    roofs: tuple[Colour, ...] = ((0.82, 0.32, 0.22), (0.66, 0.30, 0.22), (0.40, 0.42, 0.54), (0.76, 0.44, 0.24))
    rows = (
        ((0.08, 0.24, 0.28, 3, 2), (0.46, 0.23, 0.30, 1, 1), (0.27, 0.19, 0.21, 0, 0), (0.67, 0.19, 0.22, 2, 0),
            (1.33, 0.20, 0.23, 3, 0), (1.72, 0.20, 0.24, 1, 2), (1.53, 0.24, 0.31, 0, 1), (1.92, 0.22, 0.26, 2, 0)),
        ((0.10, 0.22, 0.26, 1, 2), (0.34, 0.20, 0.24, 2, 3), (0.64, 0.23, 0.29, 0, 1), (1.29, 0.18, 0.20, 0, 0),
            (1.71, 0.22, 0.26, 1, 0), (1.49, 0.23, 0.30, 2, 3), (1.93, 0.20, 0.24, 3, 1)),
        ((0.12, 0.22, 0.26, 2, 0), (0.35, 0.20, 0.25, 0, 3), (0.56, 0.24, 0.31, 3, 1), (0.75, 0.15, 0.18, 1, 0),
            (1.28, 0.17, 0.20, 2, 1), (1.70, 0.23, 0.28, 0, 0), (1.92, 0.20, 0.23, 1, 2)),
    )[variant]
    church = (0.87, 0.45, 1.47)[variant]
    size = (0.34, 0.46, 0.46)[variant]
    foot = (0.715, 0.76, 0.76)[variant]
    p.fill(p.shape([draw.box(church, foot, 0.22 * size, 0.62 * size)]), (0.90, 0.88, 0.84), (0.98, 0.95, 0.88),
        air=0.14, snow=0)
    p.fill(p.shape([draw.polygon((church - 0.13 * size, foot - 0.61 * size), (church, foot - 1.02 * size),
        (church + 0.13 * size, foot - 0.61 * size)),
                    draw.box(church, foot - 1.0 * size, 0.012, 0.09 * size), draw.box(church, foot - 1.045 * size,
                        0.036, 0.010)]),
           (0.48, 0.42, 0.52), (0.36, 0.32, 0.44), air=0.14, rim=0.6, snow=1, edge=0.06)
    p.fill(p.shape([draw.disc(church, foot - 0.50 * size, 0.045 * size),
        draw.box(church, foot - 0.16 * size, 0.06 * size, 0.14 * size)]),
           (0.40, 0.44, 0.52), glow=_LAMP, air=0.1, rim=0, snow=0)
    for x, wide, tall, wall, roof in rows:
        cottage(p, x, 0.765, wide, tall, walls[wall], roofs[roof])
    for x in (0.57, 0.79, 1.21, 1.41):
        p.fill(p.shape(draw.crown(x, 0.745, 0.036, p.rng)), (0.46, 0.70, 0.32), (0.20, 0.46, 0.24), air=0.05, rim=0.5)


def village_near(p: Plate, variant: int) -> None:
    top = p.hills(0.815, 0.010, 0.9)
    ground = p.below(top)
    p.fill(ground, (0.58, 0.78, 0.34), (0.24, 0.48, 0.22), span=(0.80, 1.0), snow=1, edge=0.4)
    lane = draw.polygon((0.90, 0.80), (1.06, 0.80), (1.46, 1.04), (0.50, 1.04))
    p.fill(p.soft(p.shape([lane]), 0.005) * ground, (0.90, 0.80, 0.62), (0.70, 0.57, 0.42), span=(0.81, 1.0), rim=0,
        snow=0.9, edge=0.4)
    left, right = ((0.0, 0.70), (1.40, 2.0)), ((0.0, 0.60), (1.32, 2.0))
    posts, rails = [], []
    for start, stop in (left, right, left)[variant]:
        posts += [draw.box(x, 0.905, 0.022, 0.105) for x in np.arange(start + 0.03, stop, 0.085)]
        rails += [draw.box((start + stop) / 2, y, stop - start, 0.016) for y in (0.835, 0.878)]
    p.fill(p.shape(rails), (0.86, 0.78, 0.66), rim=0.4, snow=0.6)
    p.fill(p.shape(posts), (0.98, 0.93, 0.84), (0.74, 0.64, 0.52), rim=0.4, snow=0.8)
    blooms = [draw.disc(x, y, 0.017) for x, y in scatter(p, 16, 0.90, 0.985) if abs(x - 1) > 0.42]
    p.fill(p.shape(blooms), ((1.0, 0.46, 0.52), (1.0, 0.80, 0.26), (0.96, 0.60, 0.90))[variant], rim=0.1, snow=0)


# ------------------------------------------------------------------------------------------------ castle


def castle_far(p: Plate, variant: int) -> None:
    p.fill(p.below(p.crags(0.54, 0.16, 5, 0.2, 0.06)), (0.52, 0.58, 0.78), (0.60, 0.68, 0.80), air=(0.54, 0.74),
        snow=0.8, edge=0.06)
    p.fill(p.below(p.hills(0.60, 0.04, 1.1)), (0.36, 0.58, 0.48), (0.46, 0.66, 0.46), air=(0.44, 0.60), snow=0.9,
        edge=0.1)


def castle_middle(p: Plate, variant: int) -> None:
    seat = (0.72, 1.34, 1.30)[variant]
    crest = (0.60, 0.56, 0.64)[variant]
    hill = p.through([(-0.1, 0.74), (seat - 0.52, 0.72), (seat - 0.26, crest + 0.01), (seat, crest),
        (seat + 0.26, crest + 0.01), (seat + 0.50, 0.73), (2.1, 0.73)], 0.03)
    stone, dark = (0.90, 0.86, 0.82), (0.68, 0.64, 0.68)
    roof: tuple[Colour, Colour] = (((0.40, 0.48, 0.78), (0.24, 0.30, 0.58)), ((0.80, 0.34, 0.34), (0.58, 0.20, 0.26)),
        ((0.34, 0.58, 0.62), (0.18, 0.38, 0.46)))[variant]
    size = (1.0, 1.12, 1.25)[variant]
    plan = ((-0.20, 0.06, 0.14), (0.21, 0.065, 0.17), (-0.09, 0.07, 0.25), (0.10, 0.06, 0.21), (0.0, 0.085, 0.33))
    order = (plan, plan, plan)[variant]
    for dx, wide, tall in order[2:]:
        _tower(p, seat + dx * size, crest + 0.03, wide * size, tall * size, stone, dark, roof)
    wall = draw.battlement(seat - 0.21 * size, seat + 0.21 * size, crest + 0.05, 0.13 * size, 0.016 * size)
    p.fill(p.shape(wall), (0.94, 0.90, 0.86), (0.76, 0.72, 0.74), air=0.08, rim=0.5)
    for dx, wide, tall in order[:2]:
        _tower(p, seat + dx * size, crest + 0.05, wide * size, tall * size, stone, dark, roof)
    gate = [draw.box(seat, crest + 0.05, 0.060 * size, 0.055 * size), draw.disc(seat, crest - 0.005, 0.030 * size,
        0.028 * size)]
    p.fill(p.shape(gate), (0.40, 0.27, 0.22), glow=(0.55, 0.34, 0.12), rim=0, snow=0)
    p.fill(p.shape([draw.box(seat + k * size, crest - 0.015, 0.016 * size, 0.034 * size) for k in (-0.13, -0.075,
        0.075, 0.13)]),
           (0.40, 0.40, 0.50), glow=_LAMP, rim=0, snow=0)
    ground = p.below(hill)
    p.fill(ground, (0.50, 0.72, 0.36), (0.28, 0.54, 0.26), span=(0.58, 0.84), air=(0.10, 0.05), snow=1, edge=0.3)
    bushes = [shape for x in p.flanks(12, 0.12) for shape in draw.crown(x, float(hill[int(x * p.height)]) + 0.03,
        0.030, p.rng, 0.8, 6)
              if abs(x - seat) > 0.10]
    p.fill(p.shape(bushes), (0.34, 0.60, 0.30), (0.16, 0.40, 0.22), air=0.06, rim=0.4)


def _tower(p: Plate, x: float, base: float, wide: float, tall: float, stone: Colour, dark: Colour,
        roof: tuple[Colour, Colour]) -> None:
    parts = draw.turret(x, base, wide, tall)
    mask = p.shape(parts["wall"])
    p.fill(mask, stone, dark, air=0.10, rim=0, snow=0)
    p.shade(p.shape(parts["shade"]) * mask, (-0.24, -0.22, -0.14))
    p.fill(p.shape(parts["cone"]), *roof, air=0.08, rim=0.6, snow=0.9, edge=0.04)
    p.fill(p.shape(parts["panes"]), (0.36, 0.36, 0.46), glow=_LAMP, rim=0, snow=0)
    p.fill(p.shape(parts["flag"]), (0.98, 0.76, 0.24), (0.90, 0.50, 0.16), rim=0.2, snow=0)


def castle_near(p: Plate, variant: int) -> None:
    top = p.hills(0.815, 0.014, 0.8)
    ground = p.below(top)
    p.fill(ground, (0.54, 0.74, 0.32), (0.20, 0.42, 0.20), span=(0.80, 1.0), snow=1, edge=0.4)
    seat = (0.84, 1.16, 1.14)[variant]
    road = draw.polygon((seat - 0.06, 0.79), (seat + 0.06, 0.79), (1.40, 1.04), (0.52, 1.04))
    p.fill(p.soft(p.shape([road]), 0.005) * ground, (0.92, 0.84, 0.68), (0.72, 0.60, 0.46), span=(0.80, 1.0), rim=0,
        snow=0.9, edge=0.4)
    for x in ((0.34, 1.44), (0.58, 1.74), (0.28, 0.62, 1.62, 1.84))[variant]:
        cloth = ((0.84, 0.20, 0.26), (0.28, 0.36, 0.78), (0.60, 0.26, 0.66))[variant]
        p.fill(p.shape([draw.box(x, 0.90, 0.014, 0.34), draw.disc(x, 0.555, 0.014)]), (0.84, 0.68, 0.36),
            (0.56, 0.42, 0.26), rim=0.4, snow=0)
        banner = draw.polygon((x + 0.007, 0.575), (x + 0.105, 0.575), (x + 0.105, 0.74), (x + 0.056, 0.70),
            (x + 0.007, 0.74))
        p.fill(p.shape([banner]), cloth, scaled(cloth, 0.7), rim=0.2, snow=0)
        p.fill(p.shape([draw.disc(x + 0.056, 0.635, 0.022)]), (1.0, 0.84, 0.36), rim=0, snow=0)
    grass(p, top, 10, 0.045, (0.26, 0.54, 0.22), (0.54, 0.76, 0.30))
