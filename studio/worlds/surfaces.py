"""What the finishing light needs to know of places, hours and weathers, as tables: water, ground, tint, rim, shadow.

light.py turns these numbers into pictures. Colours 0..1 are red, green, blue; shares 0..1 are of what is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from studio.captions.lexicon import SLOTS

Colour = tuple[float, float, float]
_WHITE: Colour = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Surface:
    """A place. `water` which of far, middle and near is water; `grain` how coarse the ground looks, `fleck` the colour
    that its grain turns to, `sparkle` how it glints, `wet` how much rain makes it mirror; `tint` multiplies the actors'
    colours, `shadow` how dark shadows are, `heat` how the air trembles, `glow` how strongly bright things bloom, `lift`
    light from below on the actors."""

    water: Colour = (0.0, 0.0, 0.0)
    grain: float = 0.10
    fleck: Colour = _WHITE
    sparkle: float = 0.0
    wet: float = 0.16
    tint: Colour = _WHITE
    shadow: float = 0.42
    heat: float = 0.0
    glow: float = 1.0
    lift: Colour = (0.0, 0.0, 0.0)


_GRASS: Colour = (1.05, 1.12, 0.72)
_SAND: Colour = (1.06, 1.00, 0.88)
_SNOW: Colour = (0.90, 0.97, 1.10)

PLACES: dict[str, Surface] = {
    "studio": Surface(grain=0.0, wet=0.2, shadow=0.30, glow=0.5),
    "meadow": Surface(grain=0.17, fleck=_GRASS),
    "desert": Surface(grain=0.07, fleck=_SAND, sparkle=0.15, wet=0.08, heat=1.0),
    "sea": Surface(water=(0.0, 1.0, 1.0), grain=0.0, wet=0.0, shadow=0.2),
    "city": Surface(grain=0.09, fleck=(1.0, 1.0, 1.04), wet=0.42, glow=1.3),
    "forest": Surface(grain=0.17, fleck=_GRASS, tint=(0.97, 1.0, 0.95)),
    "mountains": Surface(grain=0.08, fleck=_SNOW, sparkle=0.5, wet=0.10),
    "space": Surface(grain=0.0, wet=0.0, tint=(0.96, 0.95, 1.04), shadow=0.0, glow=1.4),
    "underwater": Surface(grain=0.09, fleck=_SAND, wet=0.0, tint=(0.85, 0.96, 1.0), shadow=0.22, glow=0.8),
    "beach": Surface(water=(0.0, 1.0, 0.0), grain=0.07, fleck=_SAND, wet=0.22),
    "canyon": Surface(grain=0.11, fleck=(1.10, 0.98, 0.86), wet=0.12, heat=0.3),
    "village": Surface(grain=0.16, fleck=_GRASS, wet=0.2, glow=1.2),
    "jungle": Surface(grain=0.18, fleck=_GRASS, tint=(0.95, 1.0, 0.92)),
    "lake": Surface(water=(0.0, 1.0, 0.0), grain=0.15, fleck=_GRASS, wet=0.2),
    "arctic": Surface(grain=0.06, fleck=_SNOW, sparkle=0.6, wet=0.24),
    "volcano": Surface(
        grain=0.22, fleck=(1.10, 0.94, 0.88), tint=(1.0, 0.90, 0.84), heat=0.8, glow=1.5, lift=(0.55, 0.20, 0.04)
    ),
    "moon": Surface(grain=0.20, sparkle=0.1, wet=0.0, tint=(0.98, 0.98, 1.0), shadow=0.62, glow=0.7),
    "sky": Surface(grain=0.0, wet=0.0, shadow=0.0, lift=(0.10, 0.11, 0.13)),
    "castle": Surface(grain=0.15, fleck=_GRASS, wet=0.24, glow=1.1),
    "blossoms": Surface(grain=0.14, fleck=(1.08, 1.02, 0.92), lift=(0.06, 0.03, 0.04)),
}


@dataclass(frozen=True)
class Hour:
    """A time of day: `tint` multiplies the actors' colours, `rim` lights their edges, `low` is how low the light
    stands (0 overhead, 1 at the horizon), `shear` how far shadows lean to the side, `shadow` their strength beside
    noon's, `glow` how strongly bright things bloom, `grade` multiplies the whole picture."""

    tint: Colour
    rim: Colour
    low: float
    shear: float
    shadow: float
    glow: float
    grade: Colour = _WHITE


HOURS: dict[str, Hour] = {
    "dawn": Hour((0.97, 0.88, 0.91), (0.34, 0.24, 0.22), 0.9, 0.95, 0.75, 0.34, (1.01, 1.0, 1.0)),
    "morning": Hour((1.00, 0.99, 0.94), (0.24, 0.21, 0.14), 0.6, 0.65, 1.0, 0.26, (1.01, 1.005, 0.985)),
    "day": Hour((1.00, 1.00, 1.00), (0.15, 0.15, 0.14), 0.25, 0.3, 1.0, 0.20),
    "sunset": Hour((1.00, 0.87, 0.77), (0.58, 0.32, 0.12), 1.0, 1.1, 0.85, 0.42, (1.03, 1.0, 0.97)),
    "dusk": Hour((0.87, 0.82, 0.94), (0.36, 0.22, 0.34), 0.8, 0.8, 0.5, 0.44, (1.0, 0.99, 1.02)),
    "night": Hour((0.75, 0.79, 0.95), (0.30, 0.40, 0.60), 0.5, 0.5, 0.6, 0.50, (0.98, 1.0, 1.03)),
}


@dataclass(frozen=True)
class Weather:
    """`light` multiplies the actors' colours, `sun` is the share of direct light that is left (rims, cast shadows,
    glitter), `soft` how much the air softens, `wet` whether the ground mirrors, `chop` how rough water is."""

    light: Colour = _WHITE
    sun: float = 1.0
    soft: float = 0.0
    wet: float = 0.0
    chop: float = 1.0


WEATHERS: dict[str, Weather] = {
    "clear": Weather(),
    "rain": Weather((0.88, 0.91, 0.96), 0.25, 0.10, 1.0, 1.4),
    "snow": Weather((0.96, 0.98, 1.02), 0.55, 0.22),
    "fog": Weather((0.94, 0.95, 0.97), 0.25, 0.30, 0.0, 0.6),
    "storm": Weather((0.80, 0.84, 0.92), 0.2, 0.08, 1.0, 1.8),
    "wind": Weather((1.0, 1.0, 0.99), 1.0, 0.0, 0.0, 1.5),
}


@lru_cache(maxsize=64)
def column(slot: str, name: str) -> Tensor:
    """One number or colour of a table for every value of a slot, float32 (values, 1 or 3); "any" as the day's."""
    rows: dict[str, Surface] | dict[str, Hour] | dict[str, Weather]
    rows = {"place": PLACES, "time": HOURS, "weather": WEATHERS}[slot]
    entries = [getattr(rows.get(value, rows.get("day", PLACES["studio"])), name) for value in SLOTS[slot]]
    return torch.tensor([entry if isinstance(entry, tuple) else (entry,) for entry in entries], dtype=torch.float32)
