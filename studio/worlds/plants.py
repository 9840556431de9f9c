"""Plants for plates: trees, firs, grass and flowers, painted with light and snow in mind."""

from __future__ import annotations

from studio.worlds import shapes as draw
from studio.worlds.plates import Array, Colour, Plate, scaled

_TRUNK: Colour = (0.36, 0.25, 0.19)


def tree(plate: Plate, x: float, base: float, tall: float, dark: Colour, lit: Colour, air: float = 0.0) -> None:
    """A round tree with a lit crown."""
    plate.fill(plate.shape([draw.stroke((x, base + 0.01), (x, base - 0.6 * tall), 0.045 * tall, 0.025 * tall)]),
               _TRUNK, (0.24, 0.17, 0.15), air=air, snow=0)
    crown = draw.crown(x, base - 0.64 * tall, 0.36 * tall, plate.rng)
    mask = plate.shape(crown)
    plate.fill(mask, lit, dark, air=air, rim=0.5, snow=0.9, edge=0.10 * tall + 0.01)
    light = plate.shape([draw.disc(x - 0.10 * tall, base - 0.76 * tall, 0.62 * 0.36 * tall)])
    plate.shade(plate.soft(light, 0.10 * tall) * mask, 0.22)


def pines(plate: Plate, spots: list[float], base: float, tall: float, top: Colour, bottom: Colour, air: float = 0.0,
          slim: float = 0.20) -> None:
    """A row of firs of differing heights; `spots` are their places along x."""
    outlines = []
    for x in spots:
        high = tall * (0.62 + 0.42 * plate.rng.random())
        outlines += draw.pine(x, base + 0.01, high, slim + 0.04 * plate.rng.random())
    plate.fill(plate.shape(outlines), top, bottom, span=(base - tall, base), air=air, rim=0.35, snow=0.95, edge=0.03)


def grass(plate: Plate, top: Array, count: int, tall: float, colour: Colour, tip: Colour) -> None:
    """Tufts along an outline given at plate.x."""
    outlines = []
    for x in (plate.rng.random(count) + 0.0) * 2:
        base = float(top[min(int(x * plate.height), plate.width - 1)])
        outlines += draw.tuft(x, base + 0.012, tall * (0.7 + 0.6 * plate.rng.random()), plate.rng, 5)
    plate.fill(plate.shape(outlines), tip, colour, rim=0.2, snow=0.5)


def flowers(plate: Plate, spots: list[tuple[float, float]], size: float, petal: Colour, heart: Colour) -> None:
    """Flower heads at (x, y); the lower, the larger."""
    heads = [draw.disc(x, y, size * (0.6 + 2.2 * max(y - 0.82, 0)), size * (0.5 + 1.9 * max(y - 0.82, 0)))
        for x, y in spots]
    plate.fill(plate.shape(heads), petal, scaled(petal, 0.8), rim=0.1, snow=0.95,
        edge=0.1)
    hearts = [draw.disc(x, y, 0.35 * size, 0.3 * size) for x, y in spots]
    plate.fill(plate.shape(hearts), heart, rim=0, snow=0.95, edge=0.1)


def scatter(plate: Plate, count: int, low: float, high: float) -> list[tuple[float, float]]:
    """Jittered spots (x, y) over the ground, none too close."""
    return [((k + 0.2 + 0.6 * plate.rng.random()) / count * 2,
        low + (high - low) * ((k * 0.618) % 1)) for k in range(count)]
