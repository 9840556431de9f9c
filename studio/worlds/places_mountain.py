"""Lake, mountains and blossoms: each as three plates in three compositions.

A painter <place>_<strip> takes (plate, variant) and draws that strip; scenery.py finds it by its name. Things keep
clear of the middle (x = 1), where subjects are.
"""

from __future__ import annotations

import numpy as np

from studio.worlds import shapes as draw
from studio.worlds.plants import pines, scatter
from studio.worlds.plates import Colour, Plate, mixed

# ------------------------------------------------------------------------------------------------ lake


def lake_far(p: Plate, variant: int) -> None:
    p.fill(p.below(p.crags(0.54, 0.14, 7, 0.25, 0.05)), (0.54, 0.66, 0.84), (0.60, 0.74, 0.86), air=(0.48, 0.68))
    ranges = (((0.40, 0.40, 0.26), (1.62, 0.46, 0.30), (0.72, 0.34, 0.34)), ((1.40, 0.40, 0.24), (0.24, 0.44, 0.30),
        (0.66, 0.36, 0.20)),
              ((0.46, 0.44, 0.28), (1.70, 0.40, 0.28), (1.16, 0.46, 0.40)))[variant]
    for x, half, tall in ranges:
        peak(p, x, 0.635, half, tall, ((0.50, 0.60, 0.76), (0.34, 0.44, 0.62)), (0.16, 0.55), 0.42)
    p.fill(p.below(p.hills(0.592, 0.022, 1.2)), (0.26, 0.50, 0.44), air=(0.34, 0.48), snow=0.8, edge=0.1)


def lake_middle(p: Plate, variant: int) -> None:
    shore = p.hills(0.632, 0.008, 1.4)
    spots = p.flanks(15, (0.22, 0.34, 0.28)[variant])
    pines(p, spots, 0.632, 0.17, (0.14, 0.38, 0.32), (0.12, 0.32, 0.26), 0.18)
    if variant == 1:  # a waterfall between rocks
        cliff = draw.polygon((1.22, 0.66), (1.27, 0.48), (1.32, 0.40), (1.37, 0.36), (1.52, 0.37), (1.58, 0.44),
            (1.62, 0.56), (1.66, 0.66))
        p.fill(p.shape([cliff]), (0.60, 0.58, 0.58), (0.40, 0.40, 0.46), air=0.12, rim=0.6, snow=0.9)
        fall = draw.polygon((1.40, 0.368), (1.47, 0.37), (1.50, 0.665), (1.38, 0.665))
        p.fill(p.shape([fall]), (0.96, 1.0, 1.0), (0.84, 0.95, 1.0), rim=0, snow=0)
    p.fill(p.below(shore), (0.26, 0.48, 0.30), air=0.18, rim=0.2, snow=0.8)
    p.fill(p.below(p.through([(0, 0.645), (2, 0.645)])), (0.42, 0.66, 0.72), (0.06, 0.28, 0.40), span=(0.64, 1.0),
        mirror=(0.80, 0.45), rim=0, snow=0)
    deep = [draw.polygon((x - 0.05, 0.648), (x, 0.72 + 0.05 * p.rng.random()), (x + 0.05, 0.648)) for x in spots]
    p.shade(p.soft(p.shape(deep), 0.006), (-0.5, -0.32, -0.30))


def lake_near(p: Plate, variant: int) -> None:
    bank = p.through([(0, 0.86), (0.35, 0.885), (0.75, 0.925), (1.25, 0.93), (1.65, 0.89), (2, 0.855)], 0.06)
    p.fill(p.below(bank), (0.56, 0.72, 0.30), (0.20, 0.42, 0.20), snow=1, edge=0.3)
    reeds, heads = [], []
    for x in p.flanks(18, (0.33, 0.38, 0.36)[variant]):
        base = float(bank[int(x * p.height)]) + 0.03
        reeds += draw.tuft(x, base, 0.19 + 0.06 * p.rng.random(), p.rng, 5, 0.28)
        if p.rng.random() < 0.7:
            tip = base - 0.20 - 0.05 * p.rng.random()
            reeds.append(draw.stroke((x + 0.02, base), (x + 0.03, tip), 0.003, 0.003))
            heads.append(draw.disc(x + 0.03, tip, 0.0095, 0.030))
    p.fill(p.shape(reeds), (0.62, 0.76, 0.30), (0.22, 0.46, 0.20), rim=0.3, snow=0.3)
    p.fill(p.shape(heads), (0.52, 0.32, 0.18), (0.36, 0.21, 0.13), rim=0.3, snow=0.4)
    if variant == 0:  # lilies
        for x, y in ((0.66, 0.875), (0.80, 0.905), (1.36, 0.89)):
            p.fill(p.shape([draw.disc(x, y, 0.045, 0.014)]), (0.36, 0.66, 0.32), (0.22, 0.50, 0.26), rim=0.3, snow=0)
            p.fill(p.shape([draw.disc(x, y - 0.012, 0.016, 0.012)]), (1.0, 0.78, 0.86), rim=0.3, snow=0)
    elif variant == 2:  # a jetty
        planks = draw.polygon((0.26, 0.96), (0.62, 0.845), (0.76, 0.845), (0.56, 0.97))
        p.fill(p.shape([planks, draw.box(0.625, 0.90, 0.016, 0.10), draw.box(0.755, 0.90, 0.016, 0.10)]),
            (0.68, 0.50, 0.34), (0.46, 0.32, 0.23), rim=0.5)


# ------------------------------------------------------------------------------------------------ mountains


def peak(p: Plate, x: float, base: float, half: float, tall: float, rock: tuple[Colour, Colour],
        air: tuple[float, float], cap: float) -> None:
    """A mountain with a lit and a shaded side (`rock`), and a jagged cap of snow over the upper `cap` of its height."""
    lit, dark = rock
    steps = np.linspace(0, 1, 7)
    jag = (p.rng.random((3, 7)) - 0.5) * 0.16
    jag[:, 0] = jag[:, -1] = 0
    left = [(x - half * (1 - t), base - tall * (t**1.12 + 0.5 * a * (1 - t)))
        for t, a in zip(steps, jag[0], strict=True)]
    right = [(x + half * (1 - t), base - tall * (t**1.12 + 0.5 * a * (1 - t)))
        for t, a in zip(steps, jag[1], strict=True)]
    spine = [(x + (0.20 * (1 - t) + (0.14 if k % 2 else -0.08) * (1 - t)) * half, base - tall * t)
        for k, t in enumerate(steps)]
    body = p.shape([np.array(left + right[::-1])])
    p.fill(body, lit, lit, air=air, rim=0.5, snow=0.7, edge=0.06)
    shade = p.shape([np.array(right + spine[::-1])]) * body
    p.fill(shade, dark, mixed(lit, dark, 0.5), air=air, rim=0,
        snow=0.4)
    low = base - tall * (1 - cap)
    teeth = [(x + half * u, low + tall * cap * 0.42 * (1 if k % 2 else -0.45) * (0.7 + 0.6 * p.rng.random()))
        for k, u in enumerate(np.linspace(-1, 1, 12))]
    above = p.shape([np.array([*teeth, (x + half, base - 1.2 * tall), (x - half, base - 1.2 * tall)])])
    p.fill(above * body, (1.0, 1.0, 1.0), (0.95, 0.97, 1.0), air=0.5 * air[0], rim=0.5, snow=0)
    p.fill(above * shade, (0.74, 0.82, 0.95), (0.66, 0.76, 0.92), air=0.5 * air[0], rim=0, snow=0)


def mountains_far(p: Plate, variant: int) -> None:
    p.fill(p.below(p.crags(0.50, 0.20, 6, 0.3)), (0.56, 0.66, 0.86), (0.60, 0.72, 0.88), air=(0.46, 0.70), snow=0.4)
    rock = ((0.52, 0.60, 0.76), (0.32, 0.39, 0.58))
    ranges = (
        ((0.16, 0.36, 0.30), (1.84, 0.40, 0.36), (1.12, 0.34, 0.24), (1.46, 0.42, 0.38), (0.68, 0.48, 0.53)),
        ((0.30, 0.40, 0.36), (0.98, 0.36, 0.24), (1.80, 0.42, 0.40), (0.62, 0.36, 0.32), (1.30, 0.50, 0.55)),
        ((0.20, 0.42, 0.38), (1.0, 0.40, 0.28), (1.80, 0.36, 0.30), (0.62, 0.42, 0.45), (1.42, 0.44, 0.48)),
    )[variant]
    for x, half, tall in ranges:
        peak(p, x, 0.68, half, tall, rock, (0.06, 0.55), 0.48)
    p.mist(0.48, 0.70, 0.35)


def mountains_middle(p: Plate, variant: int) -> None:
    top = p.crags(0.72, 0.10, (5, 4, 6)[variant], 0.25, 0.05)
    land = p.below(top)
    p.fill(land, (0.26, 0.44, 0.48), (0.32, 0.56, 0.40), span=(0.60, 0.80), air=(0.20, 0.10), rim=0.5, snow=0.9,
        edge=0.12)
    p.shade(p.soft(p.below(top + 0.05), 0.02) * land, (-0.10, 0.0, -0.05))
    spots = p.flanks(18, 0.26)
    pines(p, spots, 0.80, 0.15, (0.16, 0.36, 0.32), (0.14, 0.34, 0.26), 0.10)


def mountains_near(p: Plate, variant: int) -> None:
    top = p.through([(0, 0.76), (0.4, 0.80), (0.8, 0.835), (1.2, 0.84), (1.6, 0.80), (2, 0.755)], 0.08) + p.hills(0,
        0.012, 1.5)
    p.fill(p.below(top), (0.62, 0.70, 0.42), (0.32, 0.38, 0.32), span=(0.79, 1.0), snow=1, edge=0.4)
    for x in ((0.50, 0.64, 1.44), (0.56, 1.36, 1.54), (0.60, 1.46, 1.66))[variant]:
        size = 0.14 + 0.10 * p.rng.random()
        body, facet = draw.rock(x, 0.88 + 0.03 * p.rng.random(), size, 0.55 * size, p.rng)
        p.fill(p.shape([body]), (0.62, 0.64, 0.70), (0.36, 0.38, 0.46), rim=0.6, snow=0.9)
        p.shade(p.shape([facet]), 0.20)
    patches = [draw.leaf((x - 0.15, y), (x + 0.15, y + 0.006), 0.012 + 0.12 * (y - 0.84), 0.03)
        for x, y in scatter(p, 6, 0.865, 0.98)]
    p.fill(p.shape(patches) * p.below(top + 0.02), (0.98, 0.99, 1.0), (0.86, 0.91, 1.0), rim=0.2)


# ------------------------------------------------------------------------------------------------ blossoms

_PETALS: tuple[Colour, Colour] = ((1.0, 0.80, 0.87), (0.90, 0.48, 0.66))


def cherry(p: Plate, x: float, base: float, tall: float, lean: float, air: float = 0.0) -> None:
    """A blossoming cherry tree that leans to the right by `lean` of its height."""
    fork = (x + 0.5 * lean * tall, base - 0.45 * tall)
    wood = [draw.stroke((x, base + 0.01), fork, 0.055 * tall, 0.034 * tall, 0.10)]
    tips = [(fork[0] + dx * tall, fork[1] + dy * tall) for dx, dy in ((-0.30, -0.20), (-0.08, -0.36), (0.16, -0.36),
        (0.36, -0.16))]
    wood += [draw.stroke(fork, tip, 0.026 * tall, 0.010 * tall, 0.08) for tip in tips]
    p.fill(p.shape(wood), (0.40, 0.27, 0.27), (0.27, 0.18, 0.20), air=air, snow=0.5)
    masks = []
    for tip in [*tips, (fork[0] + 0.04 * tall, fork[1] - 0.28 * tall)]:
        masks += draw.crown(tip[0], tip[1], 0.23 * tall, p.rng, 0.75)
    mask = p.shape(masks)
    p.fill(mask, *_PETALS, air=air, rim=0.5, snow=0.6, edge=0.06 * tall)
    lights = p.shape([draw.disc(tip[0] - 0.04 * tall, tip[1] - 0.08 * tall, 0.13 * tall, 0.09 * tall) for tip in tips])
    p.shade(p.soft(lights, 0.04 * tall) * mask, (0.10, 0.26, 0.16))


def blossoms_far(p: Plate, variant: int) -> None:
    if variant == 0:  # the great mountain
        cone = p.through([(-0.2, 0.62), (0.50, 0.50), (0.86, 0.24), (0.92, 0.225), (1.02, 0.225), (1.08, 0.24),
            (1.46, 0.50), (2.2, 0.62)], 0.012)
        land = p.below(cone)
        p.fill(land, (0.48, 0.54, 0.76), (0.62, 0.66, 0.82), span=(0.22, 0.6), air=(0.22, 0.60), rim=0.4)
        cap = ((p.y[:, None] < 0.335 + 0.030 * np.abs(np.sin(21 * p.x))[None]) * land).astype("float32")
        p.fill(p.soft(cap, 0.003), (1.0, 1.0, 1.0), (0.92, 0.94, 1.0), air=0.15, rim=0.4)
    else:
        p.fill(p.below(p.hills(0.50, 0.07, 0.9)), (0.52, 0.62, 0.74), (0.66, 0.72, 0.76), air=(0.50, 0.72))
    top = p.hills(0.60, 0.03, 1.2)
    heads = [draw.disc(x, float(top[min(int(x * p.height), p.width - 1)]),
        0.034 + 0.02 * p.rng.random()) for x in [0.02 + 0.07 * k for k in range(29)]]
    p.fill(p.shape([*heads]) + 0 * p.below(top), (0.98, 0.74, 0.84), (0.86, 0.58, 0.72), air=0.34, snow=0.6)
    p.fill(p.below(top + 0.02), (0.52, 0.66, 0.46), (0.60, 0.74, 0.48), air=0.40, rim=0, snow=0.8, edge=0.2)
    if variant == 2:
        pagoda(p, 1.36, 0.63, 0.34)


def pagoda(p: Plate, x: float, base: float, tall: float) -> None:
    """A three-storied pagoda."""
    for k in range(3):
        wide, foot = tall * (0.46 - 0.10 * k), base - tall * 0.27 * k
        p.fill(p.shape([draw.box(x, foot, 0.62 * wide, 0.20 * tall)]), (0.94, 0.86, 0.76), (0.80, 0.70, 0.62),
            air=0.2, snow=0)
        p.fill(p.shape([draw.box(x - 0.15 * wide, foot, 0.14 * wide, 0.13 * tall),
            draw.box(x + 0.15 * wide, foot, 0.14 * wide, 0.13 * tall)]),
               (0.44, 0.24, 0.22), glow=(1.0, 0.72, 0.36), air=0.15, rim=0, snow=0)
        eave = foot - 0.17 * tall
        roof = draw.polygon((x - 0.66 * wide, eave - 0.015 * tall), (x - 0.46 * wide, eave), (x + 0.46 * wide, eave),
            (x + 0.66 * wide, eave - 0.015 * tall),
                            (x + 0.34 * wide, eave - 0.10 * tall), (x - 0.34 * wide, eave - 0.10 * tall))
        p.fill(p.shape([roof]), (0.78, 0.26, 0.24), (0.52, 0.16, 0.20), air=0.18, rim=0.5)
    p.fill(p.shape([draw.stroke((x, base - 0.78 * tall), (x, base - tall), 0.010 * tall + 0.001, 0.003)]),
        (0.70, 0.50, 0.30), air=0.2)


def blossoms_middle(p: Plate, variant: int) -> None:
    p.fill(p.below(p.hills(0.70, 0.02, 1.0, 0.01)), (0.60, 0.76, 0.38), (0.42, 0.62, 0.32), span=(0.68, 0.86),
        air=(0.16, 0.05), snow=1, edge=0.3)
    trees = (((0.26, 0.46, 0.1), (0.60, 0.36, 0.1), (1.42, 0.44, -0.1), (1.76, 0.46, -0.1)),
             ((0.54, 0.54, 0.1), (0.16, 0.40, 0.0), (1.44, 0.36, -0.1), (1.80, 0.44, 0.0)),
             ((0.24, 0.40, 0.0), (0.56, 0.48, 0.1), (1.62, 0.52, -0.1)))[variant]
    for x, tall, lean in trees:
        cherry(p, x, 0.745, tall, lean, 0.06)


def blossoms_near(p: Plate, variant: int) -> None:
    top = p.hills(0.825, 0.012, 0.9)
    p.fill(p.below(top), (0.62, 0.80, 0.38), (0.26, 0.50, 0.24), span=(0.81, 1.0), snow=1, edge=0.4)
    carpet = [draw.leaf((x - 0.10 - 0.10 * p.rng.random(), y), (x + 0.12 + 0.10 * p.rng.random(), y + 0.004),
        0.014 + 0.09 * (y - 0.84), 0.02) for x, y in scatter(p, 9, 0.855, 0.985)]
    p.fill(p.shape(carpet) * p.below(top + 0.01), (1.0, 0.80, 0.88), (0.94, 0.66, 0.78), rim=0, snow=0.8, edge=0.3)
    side = (0, 1, 0)[variant]
    root = (-0.05, 0.06) if side == 0 else (2.05, 0.05)
    tip = (0.84, 0.13) if side == 0 else (1.16, 0.12)
    bough = draw.bow(root, tip, 0.10 if side == 0 else -0.10, 14)
    p.fill(p.shape([draw.ribbon(bough, [0.022, 0.013, 0.004])]), (0.38, 0.25, 0.25), (0.28, 0.18, 0.20), rim=0,
        snow=0.7)
    heads = []
    for k, (x, y) in enumerate(bough):
        heads += draw.crown(float(x), float(y) + 0.015 * (k % 3 - 1), 0.040 + 0.020 * p.rng.random(), p.rng, 0.8, 7)
    p.fill(p.shape(heads), *_PETALS, rim=0.3, snow=0.5)
