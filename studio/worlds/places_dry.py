"""Desert, canyon and volcano: each as three plates in three compositions.

A painter <place>_<strip> takes (plate, variant) and draws that strip; scenery.py finds it by its name. Things keep
clear of the middle (x = 1), where subjects are.
"""

from __future__ import annotations

import numpy as np

from studio.worlds import shapes as draw
from studio.worlds.plants import scatter
from studio.worlds.plates import Array, Colour, Plate

# ------------------------------------------------------------------------------------------------ desert


def _dune(p: Plate, crest: list[tuple[float, float]], lit: tuple[Colour, Colour], dark: Colour, air: float,
        floor: float) -> None:
    """A dune with a sharp crest; the side away from the light is shaded below each summit."""
    top = p.through(crest, 0.012)
    ground = p.below(top)
    p.fill(ground, *lit, span=(min(y for _, y in crest), floor), air=air, rim=0.4, snow=1, edge=0.2)
    for k in range(1, len(crest) - 1):
        (x, y), (nx, ny) = crest[k], crest[k + 1]
        if ny > y and y < crest[k - 1][1]:
            line = [(x, y - 0.01), (x + 0.05, y + 0.35 * (floor - y)), (x - 0.03, y + 0.7 * (floor - y)),
                (x + 0.10, floor + 0.02)]
            face = draw.polygon(*line, (nx + 0.25, floor + 0.02), (nx, ny - 0.01))
            p.fill(p.shape([face]) * ground, dark, lit[1], span=(y, floor), air=air, rim=0, snow=0.5, edge=0.1)


def desert_far(p: Plate, variant: int) -> None:
    if variant == 1:  # pyramids
        for x, half, tall in ((1.56, 0.20, 0.20), (1.28, 0.27, 0.29), (0.62, 0.14, 0.14)):
            p.fill(p.shape([draw.polygon((x - half, 0.64), (x, 0.64 - tall), (x + half, 0.64))]), (0.96, 0.80, 0.54),
                (0.94, 0.76, 0.52), air=(0.22, 0.42), rim=0, snow=0.6)
            p.shade(p.shape([draw.polygon((x, 0.64 - tall), (x + half, 0.64), (x + 0.18 * half, 0.64))]),
                (-0.30, -0.30, -0.20))
    else:
        for x, wide, tall in (((0.50, 0.50, 0.18), (1.50, 0.36, 0.13), (1.24, 0.16, 0.09)), ((0.0, 0, 0),),
            ((1.44, 0.56, 0.20), (0.66, 0.28, 0.10), (0.42, 0.18, 0.17)))[variant]:
            mesa = draw.polygon((x - 0.5 * wide, 0.64), (x - 0.38 * wide, 0.64 - 0.55 * tall),
                (x - 0.35 * wide, 0.64 - tall), (x + 0.33 * wide, 0.64 - tall),
                                (x + 0.37 * wide, 0.64 - 0.5 * tall), (x + 0.5 * wide, 0.64))
            p.fill(p.shape([mesa]), (0.78, 0.50, 0.42), (0.86, 0.62, 0.48), air=(0.36, 0.60), rim=0.5)
    p.fill(p.below(p.hills(0.615, 0.016, 1.2)), (0.94, 0.74, 0.52), (0.98, 0.80, 0.56), air=(0.42, 0.35), rim=0.3,
        snow=0.8, edge=0.1)


def desert_middle(p: Plate, variant: int) -> None:
    crest = (
        [(-0.2, 0.68), (0.24, 0.60), (0.62, 0.71), (1.0, 0.72), (1.40, 0.66), (1.72, 0.60), (2.2, 0.70)],
        [(-0.2, 0.66), (0.10, 0.63), (0.60, 0.70), (1.1, 0.72), (1.60, 0.65), (2.2, 0.70)],
        [(-0.2, 0.70), (0.34, 0.655), (0.70, 0.715), (1.1, 0.72), (1.50, 0.635), (2.2, 0.72)],
    )[variant]
    _dune(p, crest, ((1.0, 0.80, 0.48), (0.92, 0.66, 0.38)), (0.74, 0.46, 0.30), 0.10, 0.86)
    if variant == 2:  # an oasis
        for x, tall, lean in ((0.56, 0.34, 0.12), (0.68, 0.26, 0.26), (0.46, 0.25, -0.25)):
            trunk, fronds = draw.palm(x, 0.735, tall, lean, p.rng)
            p.fill(p.shape(trunk), (0.52, 0.36, 0.24), (0.40, 0.27, 0.20), air=0.06, snow=0)
            p.fill(p.shape(fronds), (0.42, 0.66, 0.30), (0.18, 0.42, 0.24), air=0.06, rim=0.5, snow=0.5)
        p.fill(p.shape([draw.disc(0.60, 0.757, 0.20, 0.018)]), (0.40, 0.74, 0.80), (0.20, 0.52, 0.66), mirror=0.5,
            rim=0, snow=0)
        p.fill(p.shape([s for x in (0.38, 0.47, 0.78) for s in draw.crown(x, 0.735, 0.028, p.rng, 0.7, 6)]),
            (0.50, 0.68, 0.32), (0.26, 0.46, 0.24), rim=0.4)


def desert_near(p: Plate, variant: int) -> None:
    crest = ([(-0.2, 0.84), (0.3, 0.80), (0.9, 0.85), (1.5, 0.81), (2.2, 0.86)],
        [(-0.2, 0.80), (0.5, 0.845), (1.1, 0.83), (1.7, 0.79), (2.2, 0.83)],
             [(-0.2, 0.82), (0.4, 0.85), (1.0, 0.83), (1.6, 0.80), (2.2, 0.84)])[variant]
    top = p.through(crest, 0.10)
    ground = p.below(top)
    p.fill(ground, (1.0, 0.86, 0.54), (0.82, 0.54, 0.30), span=(0.80, 1.0), rim=0.4, snow=1, edge=0.3)
    ripples = []
    for k in range(6):
        y = 0.868 + 0.026 * k
        line = np.stack([p.x, y + 0.010 * np.sin(5 * p.x + k) + 0.006 * np.sin(13 * p.x + 2 * k)], 1)[::4]
        ripples.append(draw.ribbon(line,
            0.0022 * (1.4 + 0.5 * k) * (0.3 + 0.7 * (np.sin(6 * line[:, 0] + 2.4 * k) > -0.2))))
    p.shade(p.soft(p.shape(ripples), 0.002) * ground, (-0.14, -0.20, -0.22))
    for x, tall in (((0.58, 0.40), (1.46, 0.26)), ((0.56, 0.28),), ((1.42, 0.38), (1.64, 0.24)))[variant]:
        mask = p.shape(draw.cactus(x, 0.89, tall))
        p.fill(mask, (0.40, 0.66, 0.36), (0.20, 0.46, 0.28), rim=0.5, snow=0.6)
        p.shade(p.shape([draw.box(x + 0.045 * tall, 0.90, 0.07 * tall, tall)]) * mask, -0.25)
        p.fill(p.shape([draw.disc(x, 0.89 - tall, 0.018), draw.disc(x + 0.26 * tall, 0.89 - 0.90 * tall, 0.014)]),
            (1.0, 0.46, 0.56), rim=0.2, snow=0)
    for x in ((0.72, 1.34), (0.70, 1.40, 1.56), (0.48, 0.62))[variant]:
        body, facet = draw.rock(x, 0.905, 0.11, 0.055, p.rng)
        p.fill(p.shape([body]), (0.86, 0.58, 0.42), (0.56, 0.34, 0.28), rim=0.5)
        p.shade(p.shape([facet]), 0.18)


# ------------------------------------------------------------------------------------------------ canyon


def _strata(p: Plate, mask: Array, start: float, stop: float, count: int, strength: float) -> None:
    """Bands of stone across a wall."""
    bands = []
    for k in range(count):
        y = start + (stop - start) * (k + 0.5) / count
        line = np.stack([p.x, y + 0.006 * np.sin(4 * p.x + 1.7 * k)], 1)[::8]
        bands.append(draw.ribbon(line, [0.26 * (stop - start) / count * (0.7 + 0.5 * ((k * 0.618) % 1))]))
    p.shade(p.shape(bands) * mask, (-0.16 * strength, -0.30 * strength, -0.26 * strength))


def _wall(p: Plate, tops: list[tuple[float, float]], top: Colour, bottom: Colour, span: tuple[float, float],
        air: float | tuple[float, float], count: int) -> None:
    outline = p.through([(1 + 0.84 * (x - 1), y) for x, y in tops], 0.004)
    mask = p.below(outline)
    p.fill(mask, top, bottom, span=span, air=air, rim=0.5, snow=0.9)
    _strata(p, mask, span[0] + 0.02, span[1], count, 1.0)


def canyon_far(p: Plate, variant: int) -> None:
    tops = (
        [(0, 0.40), (0.30, 0.40), (0.34, 0.46), (0.52, 0.46), (0.56, 0.56), (0.80, 0.57), (0.84, 0.62), (1.2, 0.62),
            (1.24, 0.53), (1.44, 0.53), (1.47, 0.42), (1.76, 0.42), (1.8, 0.37), (2, 0.37)],
        [(0, 0.50), (0.2, 0.50), (0.23, 0.44), (0.50, 0.44), (0.54, 0.60), (1.0, 0.62), (1.30, 0.61), (1.34, 0.36),
            (1.52, 0.36), (1.56, 0.45), (1.78, 0.45), (1.82, 0.52), (2, 0.52)],
        [(0, 0.47), (0.36, 0.47), (0.40, 0.55), (0.7, 0.56), (0.75, 0.62), (1.2, 0.62), (1.3, 0.56), (1.56, 0.55),
            (1.60, 0.44), (2, 0.44)],
    )[variant]
    _wall(p, [(x, y - 0.04) for x, y in tops], (0.90, 0.60, 0.48), (0.92, 0.66, 0.52), (0.36, 0.70), (0.46, 0.66), 7)
    if variant == 2:  # an arch
        ring = np.linspace(np.pi, 2 * np.pi, 24)
        outer = np.stack([0.66 + 0.30 * np.cos(ring), 0.66 + 0.32 * np.sin(ring)], 1)
        inner = np.stack([0.68 + 0.175 * np.cos(ring[::-1]), 0.66 + 0.20 * np.sin(ring[::-1])], 1)
        arch = p.shape([np.concatenate([outer, inner])])
        p.fill(arch, (0.92, 0.54, 0.36), (0.80, 0.42, 0.30), air=0.22, rim=0.7, snow=0.9)
        _strata(p, arch, 0.34, 0.66, 7, 0.8)


def canyon_middle(p: Plate, variant: int) -> None:
    tops = (
        [(0, 0.26), (0.20, 0.26), (0.23, 0.34), (0.34, 0.34), (0.38, 0.52), (0.52, 0.53), (0.56, 0.68), (0.70, 0.72),
            (1.35, 0.73), (1.46, 0.64), (1.60, 0.63), (1.63, 0.44), (1.78, 0.43), (1.81, 0.30), (2, 0.30)],
        [(0, 0.38), (0.26, 0.38), (0.30, 0.56), (0.42, 0.57), (0.48, 0.70), (1.40, 0.72), (1.50, 0.60), (1.66, 0.58),
            (1.70, 0.34), (2, 0.32)],
        [(0, 0.64), (0.20, 0.65), (0.26, 0.71), (1.28, 0.72), (1.38, 0.58), (1.52, 0.57), (1.55, 0.40), (1.74, 0.40),
            (1.77, 0.28), (2, 0.28)],
    )[variant]
    _wall(p, tops, (0.92, 0.50, 0.30), (0.66, 0.28, 0.18), (0.26, 0.86), (0.14, 0.06), 11)
    if variant == 1:  # a river
        river = draw.polygon((0.94, 0.74), (1.04, 0.74), (1.20, 0.90), (0.70, 0.90))
        p.fill(p.shape([river]), (0.36, 0.68, 0.74), (0.18, 0.48, 0.60), mirror=(0.5, 0.35), rim=0, snow=0)


def canyon_near(p: Plate, variant: int) -> None:
    top = p.through([(0, 0.775), (0.34, 0.79), (0.44, 0.825), (1.50, 0.83), (1.60, 0.80), (2, 0.785)],
        0.015) + p.hills(0, 0.008, 1.6)
    ground = p.below(top)
    p.fill(ground, (0.98, 0.64, 0.42), (0.56, 0.25, 0.17), span=(0.80, 1.0), rim=0.4, snow=1, edge=0.3)
    plates = [draw.disc(x, y, 0.13, 0.010) for x, y in scatter(p, 9, 0.86, 0.98)]
    p.shade(p.soft(p.shape(plates), 0.004) * ground, (-0.10, -0.18, -0.18))
    for x in ((0.54, 1.48), (0.60, 1.40, 1.62), (0.44, 0.62, 1.50))[variant]:
        size = 0.15 + 0.07 * p.rng.random()
        body, facet = draw.rock(x, 0.90, size, 0.55 * size, p.rng)
        p.fill(p.shape([body]), (0.88, 0.48, 0.32), (0.46, 0.21, 0.17), rim=0.6)
        p.shade(p.shape([facet]), 0.22)
    for x in ((0.66, 1.36), (0.48, 1.50), (0.54, 1.42))[variant]:
        p.fill(p.shape(draw.tuft(x, 0.925, 0.085, p.rng, 7, 0.9)), (0.62, 0.70, 0.38), (0.36, 0.48, 0.28), rim=0.3,
            snow=0.4)


# ------------------------------------------------------------------------------------------------ volcano

_LAVA: Colour = (1.0, 0.45, 0.10)


def _lava(p: Plate, mask: Array, halo: float = 0.016) -> None:
    """Molten rock: bright at all hours, with a glow on the stone around it."""
    p.light(p.soft(mask, halo), (0.55, 0.14, 0.02))
    p.fill(mask, (1.0, 0.72, 0.22), _LAVA, rim=0, snow=0, glow=(0.95, 0.42, 0.08))


def volcano_far(p: Plate, variant: int) -> None:
    seat = (0.86, 1.22, 1.02)[variant]
    p.fill(p.below(p.crags(0.60, 0.08, 7, 0.3)), (0.40, 0.32, 0.38), (0.46, 0.36, 0.40), air=(0.40, 0.62))
    peak = 0.235
    cone = p.through([(-0.3, 0.68), (seat - 0.62, 0.60), (seat - 0.30, 0.45), (seat - 0.095, peak),
        (seat - 0.05, peak + 0.018), (seat + 0.04, peak + 0.012), (seat + 0.09, peak - 0.004),
                      (seat + 0.30, 0.44), (seat + 0.66, 0.60), (2.4, 0.68)], 0.008)
    land = p.below(cone)
    p.fill(land, (0.36, 0.26, 0.30), (0.44, 0.34, 0.38), span=(peak, 0.66), air=(0.12, 0.50), rim=0.5, snow=0.5,
        edge=0.05)
    shade = draw.polygon((seat + 0.02, peak), (seat + 0.10, peak), (seat + 0.7, 0.66), (seat + 0.14, 0.66),
        (seat + 0.04, 0.45))
    p.shade(p.shape([shade]) * land, -0.25)
    streams = [draw.ribbon(np.array([(seat - 0.03, peak), (seat - 0.06, 0.32), (seat - 0.02, 0.38),
        (seat - 0.09, 0.46), (seat - 0.05, 0.55), (seat - 0.12, 0.66)]), [0.020, 0.012, 0.016, 0.013, 0.020]),
               draw.ribbon(np.array([(seat + 0.03, peak), (seat + 0.06, 0.30), (seat + 0.12, 0.36),
                   (seat + 0.14, 0.45)]), [0.014, 0.010, 0.004])]
    _lava(p, p.shape([*streams, draw.disc(seat, peak + 0.010, 0.075, 0.016)]) * land)


def volcano_middle(p: Plate, variant: int) -> None:
    top = p.crags(0.74, 0.13, (5, 6, 4)[variant], 0.35, 0.05)
    land = p.below(top)
    p.fill(land, (0.30, 0.23, 0.27), (0.22, 0.16, 0.19), span=(0.60, 0.86), air=(0.16, 0.06), rim=0.6, snow=0.6)
    bed = ([(0.74, 0.72), (0.86, 0.78), (0.78, 0.83), (0.90, 0.90)], [(1.20, 0.72), (1.12, 0.78), (1.22, 0.83),
        (1.06, 0.90)], [(1.02, 0.74), (0.96, 0.78), (1.06, 0.83), (0.94, 0.90)])[variant]
    river = p.shape([draw.ribbon(np.array([(x, y) for x, y in bed]), [0.010, 0.020, 0.030, 0.048])])
    _lava(p, river * land, 0.03)


def volcano_near(p: Plate, variant: int) -> None:
    top = p.crags(0.845, 0.025, 9, 0.3, 0.0)
    ground = p.below(top)
    p.fill(ground, (0.34, 0.27, 0.29), (0.12, 0.09, 0.11), span=(0.80, 1.0), rim=0.5, snow=0.7, edge=0.1)
    cracks = []
    for x in p.flanks(7, 0.16):
        bend = 0.10 * (p.rng.random() - 0.5)
        cracks.append(draw.ribbon(np.array([(x, 0.875), (x + 0.05 + bend, 0.91), (x - 0.02, 0.945),
            (x + 0.06 - bend, 1.01)]), [0.001, 0.007, 0.006, 0.012]))
    _lava(p, p.shape(cracks) * ground, 0.014)
    for x in ((0.54, 1.52), (0.62, 1.70), (0.36, 1.42))[variant]:
        spike = draw.polygon((x - 0.12, 0.92), (x - 0.07, 0.80), (x - 0.02, 0.70), (x + 0.03, 0.77), (x + 0.07, 0.75),
            (x + 0.13, 0.92))
        p.fill(p.shape([spike]), (0.32, 0.25, 0.28), (0.13, 0.10, 0.12), rim=0.7)
        p.shade(p.shape([draw.polygon((x - 0.02, 0.70), (x + 0.03, 0.77), (x + 0.0, 0.92), (x - 0.05, 0.92))]), 0.28)
