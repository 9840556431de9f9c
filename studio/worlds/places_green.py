"""Places that grow: meadow, forest, jungle, lake, mountains and blossoms, each as three plates in three compositions.

A painter takes (plate, variant) and draws one strip. Things keep clear of the middle (x = 1), where subjects are.
"""

from __future__ import annotations

from studio.worlds import shapes as draw
from studio.worlds.plates import Colour, Plate

_TRUNK: Colour = (0.36, 0.25, 0.19)


def tree(plate: Plate, x: float, base: float, tall: float, dark: Colour, lit: Colour, air: float = 0.0, wide: float = 0.36) -> None:
    """A round tree with a lit crown."""
    plate.fill(plate.shape([draw.stroke((x, base + 0.01), (x, base - 0.6 * tall), 0.045 * tall, 0.025 * tall)]),
               _TRUNK, (0.24, 0.17, 0.15), air=air, snow=0)
    crown = draw.crown(x, base - 0.64 * tall, wide * tall, plate.rng)
    mask = plate.shape(crown)
    plate.fill(mask, lit, dark, air=air, rim=0.5, snow=0.9, edge=0.10 * tall + 0.01)
    light = plate.shape([draw.disc(x - 0.10 * tall, base - 0.76 * tall, 0.62 * wide * tall)])
    plate.shade(plate.soft(light, 0.10 * tall) * mask, 0.22)


def pines(plate: Plate, spots: list[float], base: float, tall: float, top: Colour, bottom: Colour, air: float = 0.0,
          slim: float = 0.20) -> None:
    """A row of firs of differing heights; `spots` are their places along x."""
    outlines = []
    for x in spots:
        high = tall * (0.62 + 0.42 * plate.rng.random())
        outlines += draw.pine(x, base + 0.01, high, slim + 0.04 * plate.rng.random())
    plate.fill(plate.shape(outlines), top, bottom, span=(base - tall, base), air=air, rim=0.35, snow=0.95, edge=0.03)


def grass(plate: Plate, top: list[float] | object, count: int, tall: float, colour: Colour, tip: Colour) -> None:
    """Tufts along an outline given at plate.x."""
    outlines = []
    for x in (plate.rng.random(count) + 0.0) * 2:
        base = float(top[min(int(x * plate.height), plate.width - 1)])  # type: ignore[index]
        outlines += draw.tuft(x, base + 0.012, tall * (0.7 + 0.6 * plate.rng.random()), plate.rng, 5)
    plate.fill(plate.shape(outlines), tip, colour, rim=0.2, snow=0.5)


def flowers(plate: Plate, spots: list[tuple[float, float]], size: float, petal: Colour, heart: Colour) -> None:
    """Flower heads at (x, y); the lower, the larger."""
    heads = [draw.disc(x, y, size * (0.6 + 2.2 * max(y - 0.82, 0)), size * (0.5 + 1.9 * max(y - 0.82, 0))) for x, y in spots]
    plate.fill(plate.shape(heads), petal, tuple(0.8 * c for c in petal), rim=0.1, snow=0.95, edge=0.1)  # type: ignore[arg-type]
    hearts = [draw.disc(x, y, 0.35 * size, 0.3 * size) for x, y in spots]
    plate.fill(plate.shape(hearts), heart, rim=0, snow=0.95, edge=0.1)


def scatter(plate: Plate, count: int, low: float, high: float) -> list[tuple[float, float]]:
    """Jittered spots (x, y) over the ground, none too close."""
    return [((k + 0.2 + 0.6 * plate.rng.random()) / count * 2, low + (high - low) * ((k * 0.618) % 1)) for k in range(count)]


# ------------------------------------------------------------------------------------------------ meadow


def meadow_far(p: Plate, variant: int) -> None:
    p.fill(p.below(p.hills(0.555, 0.045, 0.9)), (0.38, 0.60, 0.56), (0.46, 0.68, 0.56), air=(0.62, 0.80), snow=0.8, edge=0.1)
    top = p.hills(0.605, 0.035, 1.3, 0.015)
    p.fill(p.below(top), (0.38, 0.64, 0.40), (0.50, 0.74, 0.42), span=(0.56, 0.72), air=(0.42, 0.62), snow=0.9, edge=0.2)
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
        rows = [draw.ribbon(draw.bow((1.25 + 0.14 * k, 0.90), (1.36 + 0.06 * k, 0.69), 0.06), [0.016, 0.004]) for k in range(5)]
        p.shade(p.shape(rows) * ground, (0.30, 0.16, -0.10))
    else:
        spots = [0.34 + 0.075 * k for k in range(6)] + [1.36, 1.44]
        poplars = [draw.disc(x, 0.58 - 0.015 * (k % 2), 0.030, 0.130) for k, x in enumerate(spots)]
        p.fill(p.shape([*poplars, *(draw.box(x, 0.72, 0.012, 0.05) for x in spots)]), (0.36, 0.62, 0.26), (0.16, 0.40, 0.20), air=0.12)
        for x in (1.12, 1.30, 0.85):
            p.fill(p.shape([draw.disc(x, 0.735, 0.028, 0.026)]), (0.94, 0.80, 0.40), (0.74, 0.56, 0.26), rim=0.6)


def _mill(p: Plate, x: float, base: float, tall: float) -> None:
    tower = draw.polygon((x - 0.20 * tall, base), (x - 0.11 * tall, base - 0.72 * tall), (x + 0.11 * tall, base - 0.72 * tall),
                         (x + 0.20 * tall, base))
    p.fill(p.shape([tower]), (0.98, 0.94, 0.86), (0.86, 0.78, 0.70), air=0.08)
    p.shade(p.shape([draw.box(x + 0.10 * tall, base, 0.16 * tall, 0.72 * tall)]) * p.shape([tower]), -0.18)
    p.fill(p.shape([draw.disc(x, base - 0.74 * tall, 0.135 * tall, 0.13 * tall)]), (0.78, 0.30, 0.24), air=0.08)
    p.fill(p.shape([draw.box(x, base, 0.09 * tall, 0.15 * tall), draw.box(x, base - 0.42 * tall, 0.07 * tall, 0.09 * tall)]),
           (0.35, 0.30, 0.32), glow=(1.0, 0.80, 0.42), rim=0, snow=0)
    hub = (x, base - 0.76 * tall)
    arms = []
    for dx, dy in ((0.62, -0.36), (0.36, 0.62), (-0.62, 0.36), (-0.36, -0.62)):
        end = (hub[0] + dx * tall * 0.72, hub[1] + dy * tall * 0.72)
        arms.append(draw.stroke(hub, end, 0.012 * tall + 0.001, 0.010 * tall))
        side = (-dy * 0.075 * tall, dx * 0.075 * tall)
        near = (hub[0] + dx * tall * 0.16, hub[1] + dy * tall * 0.16)
        arms.append(draw.polygon(near, (near[0] + side[0], near[1] + side[1]), (end[0] + side[0], end[1] + side[1]), end))
    p.fill(p.shape(arms), (0.98, 0.95, 0.90), (0.90, 0.84, 0.78), rim=0.4, snow=0)


def meadow_near(p: Plate, variant: int) -> None:
    top = p.hills(0.815, 0.022, 0.8, 0.01)
    p.fill(p.below(top), (0.60, 0.84, 0.28), (0.16, 0.46, 0.18), span=(0.80, 1.0), snow=1, edge=0.4)
    grass(p, top, 16, 0.055, (0.32, 0.62, 0.22), (0.56, 0.82, 0.30))
    if variant == 2:
        bed = [draw.ribbon(draw.bow((-0.1 + 0.42 * k, 1.04), (0.44 + 0.225 * k, 0.825), 0.03), [0.058, 0.010]) for k in range(6)]
        p.fill(p.shape(bed), (0.66, 0.48, 0.86), (0.46, 0.26, 0.66), span=(0.82, 1.0), rim=0.3, snow=0.8, edge=0.1)
        return
    petals: tuple[tuple[Colour, Colour], ...] = (((0.95, 0.22, 0.20), (0.25, 0.10, 0.14)), ((1.0, 0.98, 0.94), (1.0, 0.78, 0.16)))
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
            trunk = draw.ribbon(draw.bow((x, 0.78), (x + 0.02, -0.05), 0.01), [1.7 * wide, wide, 0.9 * wide, 0.8 * wide])
            p.fill(p.shape([trunk]), (0.34, 0.24, 0.20), (0.44, 0.27, 0.20), air=(0.30, 0.10), rim=0, snow=0)
            p.shade(p.soft(p.shape([draw.box(x - 0.5 * wide, 0.80, 0.5 * wide, 0.9)]), 0.01), 0.30)
        leaves = [draw.disc(x, 0.02 + 0.05 * p.rng.random() - 0.05 * (abs(x - 1) < 0.35), 0.13, 0.085) for x in [k * 0.12 for k in range(18)]]
        p.fill(p.shape(leaves), (0.12, 0.34, 0.20), (0.28, 0.54, 0.24), span=(0.0, 0.13), air=0.10, snow=0, rim=0)
    else:
        spots = p.flanks(17, (0.30, 0.26)[variant])
        pines(p, spots, 0.765, (0.44, 0.36)[variant], (0.13, 0.36, 0.26), (0.08, 0.26, 0.19), (0.16), 0.21)
        if variant == 1:
            for x in (0.34, 0.64, 1.38, 1.70):
                tree(p, x, 0.785, 0.34, (0.70, 0.30, 0.10), (0.96, 0.62, 0.18), 0.06)
    p.fill(p.below(p.hills(0.755, 0.014)), (0.30, 0.54, 0.24), (0.18, 0.40, 0.19), span=(0.74, 0.88), air=(0.12, 0.02), snow=1, edge=0.3)


def forest_near(p: Plate, variant: int) -> None:
    top = p.hills(0.825, 0.014, 0.9)
    p.fill(p.below(top), (0.40, 0.60, 0.24), (0.12, 0.28, 0.14), span=(0.81, 1.0), snow=1, edge=0.4)
    path = draw.polygon((0.90, 0.815), (1.02, 0.815), (1.34, 1.02), (0.62, 1.02))
    p.fill(p.soft(p.shape([path]), 0.01) * p.below(top), (0.74, 0.60, 0.38), (0.50, 0.38, 0.25), span=(0.82, 1.0), rim=0, snow=0.9, edge=0.3)
    grass(p, top, 14, 0.06, (0.16, 0.42, 0.18), (0.40, 0.64, 0.24))
    for x in ((0.58, 1.42), (0.30, 1.38), (0.62, 1.64))[variant]:
        for k in range(3):
            cap_x, base, size = x + 0.055 * (k - 1), 0.915 + 0.025 * (k % 2), 0.034 - 0.007 * (k % 2)
            p.fill(p.shape([draw.box(cap_x, base, 0.4 * size, 1.1 * size)]), (0.98, 0.94, 0.84), rim=0, snow=0)
            p.fill(p.shape([draw.ribbon(draw.bow((cap_x - size, base - 0.9 * size), (cap_x + size, base - 0.9 * size), -0.05), [0.006]),
                            draw.disc(cap_x, base - size, size, 0.62 * size)]), (0.90, 0.20, 0.16), (0.66, 0.10, 0.10), rim=0.5, snow=0.6)
            p.fill(p.shape([draw.disc(cap_x - 0.3 * size, base - 1.2 * size, 0.17 * size), draw.disc(cap_x + 0.35 * size, base - size, 0.15 * size)]),
                   (1, 0.97, 0.92), rim=0, snow=0)


# ------------------------------------------------------------------------------------------------ jungle


def jungle_far(p: Plate, variant: int) -> None:
    p.fill(p.below(p.hills(0.36, 0.10, 0.9, 0.12)), (0.34, 0.60, 0.48), (0.50, 0.74, 0.54), span=(0.25, 0.7), air=(0.50, 0.76), snow=0.2)
    if variant == 1:
        fall = draw.polygon((0.93, 0.44), (1.05, 0.44), (1.10, 0.72), (0.90, 0.72))
        p.fill(p.shape([fall]), (0.92, 0.98, 1.0), (0.80, 0.94, 0.96), air=(0.10, 0.35), rim=0, snow=0)
    top = p.hills(0.56, 0.035, 1.2, 0.04)
    heads = [draw.disc(x, float(top[min(int(x * p.height), p.width - 1)]), 0.045 + 0.03 * p.rng.random()) for x in [0.02 + 0.098 * k for k in range(20)]]
    p.fill(p.shape(heads), (0.32, 0.62, 0.40), (0.40, 0.68, 0.44), air=0.40, snow=0.3)
    if variant != 1:
        p.fill(p.below(top), (0.36, 0.66, 0.42), (0.42, 0.70, 0.46), air=(0.40, 0.6), rim=0, snow=0)
    if variant == 2:  # a stepped temple
        for k in range(5):
            p.fill(p.shape([draw.box(1.34, 0.58 - 0.045 * k, 0.36 - 0.066 * k, 0.05)]), (0.84, 0.80, 0.62), (0.62, 0.60, 0.48), air=0.26)
        p.fill(p.shape([draw.box(1.34, 0.365, 0.05, 0.035), draw.box(1.34, 0.58, 0.035, 0.20)]), (0.40, 0.40, 0.34), air=0.3, glow=(0.9, 0.6, 0.25), rim=0)


def jungle_middle(p: Plate, variant: int) -> None:
    spots = p.flanks(10, 0.30)
    for x in spots:
        trunk, fronds = draw.palm(x, 0.80, 0.44 + 0.12 * p.rng.random(), 0.18 if x < 1 else -0.18, p.rng)
        p.fill(p.shape(trunk), (0.42, 0.32, 0.22), (0.30, 0.24, 0.18), air=0.12, snow=0)
        p.fill(p.shape(fronds), (0.30, 0.66, 0.26), (0.10, 0.42, 0.24), air=0.10, rim=0.5, snow=0.5)
    heads = [draw.disc(x, 0.75 + 0.03 * p.rng.random() + (0.035 if abs(x - 1) < 0.3 else 0), 0.05 + 0.035 * p.rng.random()) for x in [0.09 * k for k in range(23)]]
    p.fill(p.shape([*heads, draw.box(1, 1.0, 2.2, 0.25)]), (0.26, 0.60, 0.28), (0.06, 0.28, 0.18), span=(0.68, 0.86), air=0.06, rim=0.5, snow=0.5)


def jungle_near(p: Plate, variant: int) -> None:
    top = p.hills(0.845, 0.012, 1.0)
    p.fill(p.below(top), (0.36, 0.50, 0.20), (0.10, 0.22, 0.12), span=(0.83, 1.0), snow=0.8, edge=0.3)
    roots = ((0.52, 1.50), (0.60, 1.62), (0.40, 1.42))[variant]
    for x in roots:
        for lean in (-1.1, -0.6, -0.15, 0.3, 0.75, 1.2):
            reach = 0.24 + 0.06 * p.rng.random()
            blade = draw.leaf((x, 1.0), (x + lean * reach * 0.8, 0.99 - reach * (1.15 - 0.45 * abs(lean))), 0.040, -0.18 * lean)
            p.fill(p.shape([blade]), (0.34, 0.72, 0.26), (0.06, 0.34, 0.18), rim=0.6, snow=0.4)
        p.fill(p.shape([draw.leaf((x, 0.93), (x + 0.03, 0.84), 0.030), draw.leaf((x, 0.93), (x - 0.05, 0.87), 0.024)]),
               (1.0, 0.36, 0.30), (0.86, 0.14, 0.34), rim=0.3, snow=0)
    vines, leaves = [], []
    for x in ((0.30, 0.50, 0.62, 1.36, 1.54, 1.76), (0.36, 0.56, 1.44, 1.58, 1.76), (0.30, 0.54, 0.68, 1.40, 1.62))[variant]:
        low = 0.16 + 0.20 * p.rng.random()
        vines.append(draw.stroke((x, -0.02), (x + 0.03, low), 0.006, 0.004, 0.10))
        leaves += [draw.leaf((x + 0.02, y), (x + 0.02 + side * 0.045, y + 0.035), 0.016) for y in (0.04, 0.10, low - 0.02) for side in (-1, 1)]
    canopy = [draw.disc(x, -0.03, 0.12, 0.075 + 0.05 * p.rng.random()) for x in (0.05, 0.22, 0.40, 0.57, 1.43, 1.58, 1.76, 1.95)]
    p.fill(p.shape([*vines, *leaves, *canopy]), (0.05, 0.26, 0.15), (0.18, 0.46, 0.18), span=(0.0, 0.36), rim=0, snow=0)


# ------------------------------------------------------------------------------------------------ lake


def lake_far(p: Plate, variant: int) -> None:
    p.fill(p.below(p.crags(0.54, 0.14, 7, 0.25, 0.05)), (0.54, 0.66, 0.84), (0.60, 0.74, 0.86), air=(0.48, 0.68))
    ranges = (((0.40, 0.40, 0.26), (1.62, 0.46, 0.30), (0.72, 0.34, 0.34)), ((1.40, 0.40, 0.24), (0.24, 0.44, 0.30), (0.66, 0.36, 0.20)),
              ((0.46, 0.44, 0.28), (1.70, 0.40, 0.28), (1.16, 0.46, 0.40)))[variant]
    for x, half, tall in ranges:
        peak(p, x, 0.635, half, tall, (0.50, 0.60, 0.76), (0.34, 0.44, 0.62), (0.16, 0.55), 0.42)
    p.fill(p.below(p.hills(0.592, 0.022, 1.2)), (0.26, 0.50, 0.44), air=(0.34, 0.48), snow=0.8, edge=0.1)


def lake_middle(p: Plate, variant: int) -> None:
    shore = p.hills(0.632, 0.008, 1.4)
    spots = p.flanks(15, (0.22, 0.34, 0.28)[variant])
    pines(p, spots, 0.632, 0.17, (0.14, 0.38, 0.32), (0.12, 0.32, 0.26), 0.18)
    if variant == 1:  # a waterfall between rocks
        cliff = draw.polygon((1.22, 0.66), (1.27, 0.48), (1.32, 0.40), (1.37, 0.36), (1.52, 0.37), (1.58, 0.44), (1.62, 0.56), (1.66, 0.66))
        p.fill(p.shape([cliff]), (0.60, 0.58, 0.58), (0.40, 0.40, 0.46), air=0.12, rim=0.6, snow=0.9)
        fall = draw.polygon((1.40, 0.368), (1.47, 0.37), (1.50, 0.665), (1.38, 0.665))
        p.fill(p.shape([fall]), (0.96, 1.0, 1.0), (0.84, 0.95, 1.0), rim=0, snow=0)
    p.fill(p.below(shore), (0.26, 0.48, 0.30), air=0.18, rim=0.2, snow=0.8)
    p.fill(p.below(p.through([(0, 0.645), (2, 0.645)])), (0.42, 0.66, 0.72), (0.06, 0.28, 0.40), span=(0.64, 1.0), mirror=(0.80, 0.45), rim=0, snow=0)
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
        p.fill(p.shape([planks, draw.box(0.625, 0.90, 0.016, 0.10), draw.box(0.755, 0.90, 0.016, 0.10)]), (0.68, 0.50, 0.34), (0.46, 0.32, 0.23), rim=0.5)


# ------------------------------------------------------------------------------------------------ mountains


def peak(p: Plate, x: float, base: float, half: float, tall: float, lit: Colour, dark: Colour, air: tuple[float, float], cap: float = 0.45) -> None:
    """A mountain with a lit and a shaded side, and a jagged cap of snow over the upper `cap` of its height."""
    steps = draw.np.linspace(0, 1, 7)
    jag = (p.rng.random((3, 7)) - 0.5) * 0.16
    jag[:, 0] = jag[:, -1] = 0
    left = [(x - half * (1 - t), base - tall * (t**1.12 + 0.5 * a * (1 - t))) for t, a in zip(steps, jag[0], strict=True)]
    right = [(x + half * (1 - t), base - tall * (t**1.12 + 0.5 * a * (1 - t))) for t, a in zip(steps, jag[1], strict=True)]
    spine = [(x + (0.20 * (1 - t) + (0.14 if k % 2 else -0.08) * (1 - t)) * half, base - tall * t) for k, t in enumerate(steps)]
    body = p.shape([draw.np.array(left + right[::-1])])
    p.fill(body, lit, lit, air=air, rim=0.5, snow=0.7, edge=0.06)
    shade = p.shape([draw.np.array(right + spine[::-1])]) * body
    p.fill(shade, dark, tuple(0.5 * (a + b) for a, b in zip(lit, dark, strict=True)), air=air, rim=0, snow=0.4)  # type: ignore[arg-type]
    low = base - tall * (1 - cap)
    teeth = [(x + half * u, low + tall * cap * 0.42 * (1 if k % 2 else -0.45) * (0.7 + 0.6 * p.rng.random())) for k, u in enumerate(draw.np.linspace(-1, 1, 12))]
    above = p.shape([draw.np.array([*teeth, (x + half, base - 1.2 * tall), (x - half, base - 1.2 * tall)])])
    p.fill(above * body, (1.0, 1.0, 1.0), (0.95, 0.97, 1.0), air=0.5 * air[0], rim=0.5, snow=0)
    p.fill(above * shade, (0.74, 0.82, 0.95), (0.66, 0.76, 0.92), air=0.5 * air[0], rim=0, snow=0)


def mountains_far(p: Plate, variant: int) -> None:
    p.fill(p.below(p.crags(0.50, 0.20, 6, 0.3)), (0.56, 0.66, 0.86), (0.60, 0.72, 0.88), air=(0.46, 0.70), snow=0.4)
    rock, dark = (0.52, 0.60, 0.76), (0.32, 0.39, 0.58)
    ranges = (
        ((0.16, 0.36, 0.30), (1.84, 0.40, 0.36), (1.12, 0.34, 0.24), (1.46, 0.42, 0.38), (0.68, 0.48, 0.53)),
        ((0.30, 0.40, 0.36), (0.98, 0.36, 0.24), (1.80, 0.42, 0.40), (0.62, 0.36, 0.32), (1.30, 0.50, 0.55)),
        ((0.20, 0.42, 0.38), (1.0, 0.40, 0.28), (1.80, 0.36, 0.30), (0.62, 0.42, 0.45), (1.42, 0.44, 0.48)),
    )[variant]
    for x, half, tall in ranges:
        peak(p, x, 0.68, half, tall, rock, dark, (0.06, 0.55), 0.48)
    p.mist(0.48, 0.70, 0.35)


def mountains_middle(p: Plate, variant: int) -> None:
    top = p.crags(0.72, 0.10, (5, 4, 6)[variant], 0.25, 0.05)
    land = p.below(top)
    p.fill(land, (0.26, 0.44, 0.48), (0.32, 0.56, 0.40), span=(0.60, 0.80), air=(0.20, 0.10), rim=0.5, snow=0.9, edge=0.12)
    p.shade(p.soft(p.below(top + 0.05), 0.02) * land, (-0.10, 0.0, -0.05))
    spots = p.flanks(18, 0.26)
    pines(p, spots, 0.80, 0.15, (0.16, 0.36, 0.32), (0.14, 0.34, 0.26), 0.10)


def mountains_near(p: Plate, variant: int) -> None:
    top = p.through([(0, 0.76), (0.4, 0.80), (0.8, 0.835), (1.2, 0.84), (1.6, 0.80), (2, 0.755)], 0.08) + p.hills(0, 0.012, 1.5)
    p.fill(p.below(top), (0.62, 0.70, 0.42), (0.32, 0.38, 0.32), span=(0.79, 1.0), snow=1, edge=0.4)
    for x in ((0.50, 0.64, 1.44), (0.56, 1.36, 1.54), (0.60, 1.46, 1.66))[variant]:
        size = 0.14 + 0.10 * p.rng.random()
        body, facet = draw.rock(x, 0.88 + 0.03 * p.rng.random(), size, 0.55 * size, p.rng)
        p.fill(p.shape([body]), (0.62, 0.64, 0.70), (0.36, 0.38, 0.46), rim=0.6, snow=0.9)
        p.shade(p.shape([facet]), 0.20)
    patches = [draw.leaf((x - 0.15, y), (x + 0.15, y + 0.006), 0.012 + 0.12 * (y - 0.84), 0.03) for x, y in scatter(p, 6, 0.865, 0.98)]
    p.fill(p.shape(patches) * p.below(top + 0.02), (0.98, 0.99, 1.0), (0.86, 0.91, 1.0), rim=0.2)


# ------------------------------------------------------------------------------------------------ blossoms

_PETALS: tuple[Colour, Colour] = ((1.0, 0.80, 0.87), (0.90, 0.48, 0.66))


def cherry(p: Plate, x: float, base: float, tall: float, lean: float, air: float = 0.0) -> None:
    """A blossoming cherry tree that leans to the right by `lean` of its height."""
    fork = (x + 0.5 * lean * tall, base - 0.45 * tall)
    wood = [draw.stroke((x, base + 0.01), fork, 0.055 * tall, 0.034 * tall, 0.10)]
    tips = [(fork[0] + dx * tall, fork[1] + dy * tall) for dx, dy in ((-0.30, -0.20), (-0.08, -0.36), (0.16, -0.36), (0.36, -0.16))]
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
        cone = p.through([(-0.2, 0.62), (0.50, 0.50), (0.86, 0.24), (0.92, 0.225), (1.02, 0.225), (1.08, 0.24), (1.46, 0.50), (2.2, 0.62)], 0.012)
        land = p.below(cone)
        p.fill(land, (0.48, 0.54, 0.76), (0.62, 0.66, 0.82), span=(0.22, 0.6), air=(0.22, 0.60), rim=0.4)
        cap = ((p.y[:, None] < 0.335 + 0.030 * draw.np.abs(draw.np.sin(21 * p.x))[None]) * land).astype("float32")
        p.fill(p.soft(cap, 0.003), (1.0, 1.0, 1.0), (0.92, 0.94, 1.0), air=0.15, rim=0.4)
    else:
        p.fill(p.below(p.hills(0.50, 0.07, 0.9)), (0.52, 0.62, 0.74), (0.66, 0.72, 0.76), air=(0.50, 0.72))
    top = p.hills(0.60, 0.03, 1.2)
    heads = [draw.disc(x, float(top[min(int(x * p.height), p.width - 1)]), 0.034 + 0.02 * p.rng.random()) for x in [0.02 + 0.07 * k for k in range(29)]]
    p.fill(p.shape([*heads]) + 0 * p.below(top), (0.98, 0.74, 0.84), (0.86, 0.58, 0.72), air=0.34, snow=0.6)
    p.fill(p.below(top + 0.02), (0.52, 0.66, 0.46), (0.60, 0.74, 0.48), air=0.40, rim=0, snow=0.8, edge=0.2)
    if variant == 2:
        pagoda(p, 1.36, 0.63, 0.34)


def pagoda(p: Plate, x: float, base: float, tall: float) -> None:
    """A three-storied pagoda."""
    for k in range(3):
        wide, foot = tall * (0.46 - 0.10 * k), base - tall * 0.27 * k
        p.fill(p.shape([draw.box(x, foot, 0.62 * wide, 0.20 * tall)]), (0.94, 0.86, 0.76), (0.80, 0.70, 0.62), air=0.2, snow=0)
        p.fill(p.shape([draw.box(x - 0.15 * wide, foot, 0.14 * wide, 0.13 * tall), draw.box(x + 0.15 * wide, foot, 0.14 * wide, 0.13 * tall)]),
               (0.44, 0.24, 0.22), glow=(1.0, 0.72, 0.36), air=0.15, rim=0, snow=0)
        eave = foot - 0.17 * tall
        roof = draw.polygon((x - 0.66 * wide, eave - 0.015 * tall), (x - 0.46 * wide, eave), (x + 0.46 * wide, eave), (x + 0.66 * wide, eave - 0.015 * tall),
                            (x + 0.34 * wide, eave - 0.10 * tall), (x - 0.34 * wide, eave - 0.10 * tall))
        p.fill(p.shape([roof]), (0.78, 0.26, 0.24), (0.52, 0.16, 0.20), air=0.18, rim=0.5)
    p.fill(p.shape([draw.stroke((x, base - 0.78 * tall), (x, base - tall), 0.010 * tall + 0.001, 0.003)]), (0.70, 0.50, 0.30), air=0.2)


def blossoms_middle(p: Plate, variant: int) -> None:
    p.fill(p.below(p.hills(0.70, 0.02, 1.0, 0.01)), (0.60, 0.76, 0.38), (0.42, 0.62, 0.32), span=(0.68, 0.86), air=(0.16, 0.05), snow=1, edge=0.3)
    trees = (((0.26, 0.46, 0.1), (0.60, 0.36, 0.1), (1.42, 0.44, -0.1), (1.76, 0.46, -0.1)),
             ((0.54, 0.54, 0.1), (0.16, 0.40, 0.0), (1.44, 0.36, -0.1), (1.80, 0.44, 0.0)),
             ((0.24, 0.40, 0.0), (0.56, 0.48, 0.1), (1.62, 0.52, -0.1)))[variant]
    for x, tall, lean in trees:
        cherry(p, x, 0.745, tall, lean, 0.06)


def blossoms_near(p: Plate, variant: int) -> None:
    top = p.hills(0.825, 0.012, 0.9)
    p.fill(p.below(top), (0.62, 0.80, 0.38), (0.26, 0.50, 0.24), span=(0.81, 1.0), snow=1, edge=0.4)
    carpet = [draw.leaf((x - 0.10 - 0.10 * p.rng.random(), y), (x + 0.12 + 0.10 * p.rng.random(), y + 0.004), 0.014 + 0.09 * (y - 0.84), 0.02) for x, y in scatter(p, 9, 0.855, 0.985)]
    p.fill(p.shape(carpet) * p.below(top + 0.01), (1.0, 0.80, 0.88), (0.94, 0.66, 0.78), rim=0, snow=0.8, edge=0.3)
    side = (0, 1, 0)[variant]
    root = (-0.05, 0.06) if side == 0 else (2.05, 0.05)
    tip = (0.84, 0.13) if side == 0 else (1.16, 0.12)
    bough = draw.bow(root, tip, 0.10 if side == 0 else -0.10, 14)
    p.fill(p.shape([draw.ribbon(bough, [0.022, 0.013, 0.004])]), (0.38, 0.25, 0.25), (0.28, 0.18, 0.20), rim=0, snow=0.7)
    heads = []
    for k, (x, y) in enumerate(bough):
        heads += draw.crown(float(x), float(y) + 0.015 * (k % 3 - 1), 0.040 + 0.020 * p.rng.random(), p.rng, 0.8, 7)
    p.fill(p.shape(heads), *_PETALS, rim=0.3, snow=0.5)
