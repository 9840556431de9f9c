"""Places of the procedural world as parallax strips: an opaque sky and three layers of land with transparency.

What a strip shows is decided by the words (place, time, weather); the noise only shifts the strips sideways
(`strip_offsets`) and varies hue, brightness and the height of the land a little. That is what lets a generator learn
them from few scenes.

Letters: B scenes, n of them at one place, H rows, W = 2 H columns; x, y in frame heights; colours 0..1, premultiplied
in what leaves this file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.worlds import sky
from studio.worlds.lexicon import SLOTS
from studio.worlds.noise import uniform
from studio.worlds.sky import colours, columns, step

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Land:
    """One layer of land: its outline, where it starts (frame heights from the top), how far the outline swings, how
    often, and its colour at the outline and further down."""

    outline: str
    base: float
    swing: float
    often: float
    top: Colour
    bottom: Colour


#: far, middle, near by place; an empty outline draws nothing.
_NOTHING = Land("", 2.0, 0.0, 1.0, (0, 0, 0), (0, 0, 0))
PLACES: dict[str, tuple[Land, Land, Land]] = {
    "studio": (_NOTHING, _NOTHING, _NOTHING),
    "meadow": (Land("hills", 0.60, 0.050, 0.9, (0.50, 0.70, 0.55), (0.42, 0.62, 0.42)),
               Land("hills", 0.69, 0.050, 1.2, (0.48, 0.75, 0.33), (0.30, 0.60, 0.26)),
               Land("flowers", 0.82, 0.035, 0.8, (0.58, 0.84, 0.30), (0.20, 0.52, 0.18))),
    "desert": (Land("mesas", 0.60, 0.060, 0.8, (0.82, 0.58, 0.46), (0.88, 0.68, 0.50)),
               Land("dunes", 0.68, 0.050, 1.0, (0.97, 0.78, 0.48), (0.82, 0.57, 0.33)),
               Land("dunes", 0.82, 0.045, 0.7, (1.00, 0.85, 0.54), (0.76, 0.50, 0.27))),
    "sea": (Land("hills", 0.575, 0.030, 0.9, (0.42, 0.56, 0.58), (0.38, 0.52, 0.54)),
            Land("water", 0.58, 0.0, 1.0, (0.28, 0.62, 0.82), (0.04, 0.24, 0.48)),
            Land("waves", 0.90, 0.014, 2.5, (0.24, 0.58, 0.78), (0.03, 0.20, 0.44))),
    "city": (Land("towers", 0.48, 0.16, 7.0, (0.56, 0.64, 0.78), (0.66, 0.72, 0.82)),
             Land("towers", 0.60, 0.19, 4.5, (0.34, 0.40, 0.56), (0.42, 0.46, 0.58)),
             Land("road", 0.82, 0.0, 1.0, (0.46, 0.46, 0.50), (0.28, 0.28, 0.33))),
    "forest": (Land("pines", 0.52, 0.12, 7.0, (0.38, 0.58, 0.52), (0.36, 0.54, 0.46)),
               Land("pines", 0.64, 0.16, 4.5, (0.18, 0.46, 0.28), (0.12, 0.32, 0.20)),
               Land("hills", 0.83, 0.020, 1.0, (0.42, 0.62, 0.25), (0.17, 0.36, 0.17))),
    "mountains": (Land("peaks", 0.46, 0.20, 0.9, (0.54, 0.61, 0.76), (0.48, 0.57, 0.72)),
                  Land("peaks", 0.64, 0.14, 1.4, (0.40, 0.48, 0.64), (0.36, 0.47, 0.62)),
                  Land("hills", 0.82, 0.030, 0.8, (0.97, 0.98, 1.00), (0.72, 0.82, 0.96))),
    "space": (_NOTHING, _NOTHING, _NOTHING),
    "underwater": (Land("hills", 0.70, 0.060, 1.0, (0.10, 0.46, 0.62), (0.07, 0.38, 0.54)),
                   Land("kelp", 0.80, 0.24, 6.0, (0.07, 0.48, 0.42), (0.04, 0.30, 0.33)),
                   Land("corals", 0.86, 0.030, 1.0, (0.88, 0.80, 0.58), (0.48, 0.48, 0.42))),
    "beach": (Land("hills", 0.545, 0.030, 0.8, (0.38, 0.60, 0.50), (0.36, 0.56, 0.48)),
              Land("water", 0.55, 0.0, 1.0, (0.30, 0.78, 0.86), (0.14, 0.56, 0.76)),
              Land("shore", 0.78, 0.020, 0.6, (1.00, 0.91, 0.69), (0.88, 0.71, 0.46))),
    "canyon": (Land("mesas", 0.44, 0.14, 1.1, (0.84, 0.50, 0.38), (0.76, 0.40, 0.30)),
               Land("mesas", 0.62, 0.12, 0.8, (0.80, 0.39, 0.24), (0.64, 0.27, 0.17)),
               Land("dunes", 0.84, 0.025, 0.7, (0.93, 0.58, 0.36), (0.60, 0.30, 0.18))),
    "village": (Land("hills", 0.58, 0.050, 1.0, (0.52, 0.72, 0.52), (0.44, 0.64, 0.42)),
                Land("houses", 0.66, 0.120, 3.4, (0.93, 0.88, 0.78), (0.86, 0.78, 0.66)),
                Land("hills", 0.82, 0.015, 0.8, (0.56, 0.78, 0.34), (0.28, 0.52, 0.22))),
}
#: Mixing with the sky by distance, far to near.
FOG = (0.42, 0.16, 0.0)
ANY_TIME = SLOTS["time"].index("any")


def resolve_time(slots: dict[str, Tensor], noise: Tensor) -> Tensor:
    """The time of day 0..3 of each scene; where it goes unsaid the noise chooses, mostly day."""
    chosen = torch.bucketize(uniform(noise[:, 0]), noise.new_tensor([0.18, 0.62, 0.84]))
    return torch.where(slots["time"] == ANY_TIME, chosen, slots["time"])


def strip_offsets(slots: dict[str, Tensor], noise: Tensor) -> Tensor:
    """Which part of each strip is looked at: (B, 4) in frame heights, 0..0.5. Water keeps under its sun."""
    offsets = 0.5 * uniform(noise[:, [2, 8, 10, 12]])
    wet = torch.tensor([[land.outline == "water" for land in PLACES[name]] for name in SLOTS["place"]])
    return torch.cat([offsets[:, :1], torch.where(wet[slots["place"]], offsets[:, :1], offsets[:, 1:])], 1)


def paint_strips(slots: dict[str, Tensor], noise: Tensor, height: int) -> Tensor:
    """Strips of B scenes, premultiplied RGBA (B, 4, 4, height, 2 * height) in 0..1: sky, far, middle, near.

    They are painted at twice the size and averaged, so that thin things do not crawl when the camera moves.
    """
    large = 2 * height
    count = len(noise)
    strips = torch.zeros(count, 4, 4, height, large)
    varied = uniform(noise)
    time, weather = resolve_time(slots, noise), slots["weather"]
    for index, name in enumerate(SLOTS["place"]):
        here = torch.nonzero(slots["place"] == index)[:, 0]
        if not len(here):
            continue
        u, when, how = varied[here], time[here], weather[here]
        back = _sky(name, when, how, u[:, 1], large)
        strips[here, 0] = F.avg_pool2d(torch.cat([back, torch.ones_like(back[:, :1])], 1), 2)
        for layer, land in enumerate(PLACES[name]):
            if land.outline:
                strips[here, layer + 1] = F.avg_pool2d(_land(name, land, layer, when, how, u, large), 2)
    return strips


def _sky(place: str, time: Tensor, weather: Tensor, hue: Tensor, height: int) -> Tensor:
    painters: dict[str, Callable[[Tensor, int], Tensor]] = {
        "studio": sky.studio_backdrop, "space": sky.deep_space, "underwater": sky.under_water}
    if place in painters:
        return painters[place](hue, height)
    return sky.open_sky(time, weather, hue, height)


# ------------------------------------------------------------------------------------------------ outlines


def _triangle(phase: Tensor) -> Tensor:
    return 1 - 4 * (phase - torch.floor(phase) - 0.5).abs()


def _hash(cell: Tensor, salt: float = 4.1) -> Tensor:
    """A number 0..1 that looks random, by cell."""
    return torch.frac(torch.sin(cell * 12.9898 + salt) * 437.585).abs()


def _outline(kind: str, phase: Tensor) -> Tensor:
    """The outline of a layer, about -1..1 upwards, along its phase (cells are whole numbers)."""
    cell = torch.floor(phase)
    inside = phase - cell
    wave = 6.283 * phase
    if kind in ("hills", "flowers", "corals", "shore"):
        return 0.6 * torch.sin(wave + 0.6) + 0.4 * torch.sin(2.1 * wave + 1.1)
    if kind == "waves":
        return 0.5 * torch.sin(wave) + 0.35 * torch.sin(1.7 * wave + 2) + 0.3 * torch.sin(3.1 * wave + 1)
    if kind == "dunes":
        return torch.sin(wave + 0.75 * torch.sin(wave)) * 0.7 + 0.3 * torch.sin(1.7 * wave + 0.6)
    if kind == "peaks":
        return (0.62 * _triangle(phase) + 0.30 * _triangle(2.3 * phase + 0.4) + 0.14 * _triangle(5.3 * phase + 0.2)
                + 0.06 * _triangle(11 * phase))
    if kind == "mesas":
        return 0.8 * torch.tanh(5 * (torch.sin(wave) + 0.5 * torch.sin(2.3 * wave + 1))) + 0.08 * torch.sin(11 * wave)
    if kind == "towers":
        tall = _hash(cell)
        spire = ((inside - 0.5).abs() < 0.10).float() * (tall > 0.62).float() * 0.35
        return 2 * tall - 1 + spire - ((inside < 0.05) | (inside > 0.95)).float() * 0.8
    if kind == "pines":
        tall = 0.55 + 0.45 * _hash(cell)
        slope = 1 - (2 * inside - 1).abs()
        tiers = 0.16 * (torch.frac(slope * 4) - 0.5)
        return 2 * tall * (slope + tiers) - 1
    if kind == "houses":
        tall = 0.25 + 0.45 * _hash(cell)
        roof = (0.5 - (inside - 0.5).abs()) * 1.5
        gap = ((inside < 0.09) | (inside > 0.91)).float() * 3
        chimney = ((inside - 0.68).abs() < 0.035).float() * (_hash(cell, 1.3) > 0.4).float() * 0.55
        return torch.maximum(tall + roof - 0.35, tall + chimney) - gap
    if kind == "kelp":
        sway = 0.12 * torch.sin(9 * phase)
        return 2.0 * (0.4 + 0.6 * _hash(cell)) * torch.exp(-(((inside - 0.5 + sway) / 0.16) ** 2)) - 1
    return torch.zeros_like(phase)  # water, road


def _land(place: str, land: Land, layer: int, time: Tensor, weather: Tensor, u: Tensor, height: int) -> Tensor:
    """One layer of land, premultiplied RGBA (n, 4, H, W)."""
    x, y = sky.grid(height)
    swing = land.swing * columns(0.75 + 0.5 * u[:, 14])
    phase = land.often * x + 0.37 * layer
    top = land.base - swing * _outline(land.outline, phase)
    ahead = land.base - swing * _outline(land.outline, phase + 0.01 * land.often)
    depth = (y - top).clamp(min=0)
    mask = step(y - top, 0.7 / height)
    down = (depth / 0.22).clamp(0, 1)[:, None]
    ink = colours(torch.tensor([land.top])) * (1 - down) + colours(torch.tensor([land.bottom])) * down
    ink = _detail(land, layer, ink, x, y, phase, top, (top - ahead) / 0.01, depth, height)
    if layer and land.outline not in ("water", "waves", "road", "kelp", "corals"):
        snowy = colours((weather == 2).float()[:, None].expand(-1, 3)) * (0.62 if layer == 2 else 0.45)
        ink = ink * (1 - snowy) + torch.tensor([0.95, 0.97, 1.0])[None, :, None, None] * snowy
    timeless = place in ("studio", "space", "underwater")
    light = torch.ones_like(sky.LIGHTS[time]) if timeless else sky.LIGHTS[time] * sky.WEATHER_LIGHT[weather][:, None]
    ink = ink * colours(light * (0.93 + 0.14 * u[:, 13:14]))
    if not timeless:  # moonlight: blue and never black
        ink = ink + colours((time == sky.NIGHT).float()[:, None] * torch.tensor([[0.015, 0.035, 0.10]]))
    if land.outline in ("water", "waves"):
        ink = _glitter(ink, x, y, land.base, time, weather, height)
    if land.outline in ("towers", "houses"):
        ink = _windows(land, layer, ink, y, phase, depth, time)
    fog = u.new_tensor([[0.14, 0.52, 0.68]]) if timeless else sky.SKIES[time][:, 2]
    ink = ink * (1 - FOG[layer]) + colours(fog) * FOG[layer]
    return torch.cat([ink.clamp(0, 1) * mask[:, None], mask[:, None].expand(len(u), 1, -1, -1)], 1)


# ------------------------------------------------------------------------------------------------ details


def _dots(x: Tensor, y: Tensor, size: float, salt: float) -> tuple[Tensor, Tensor]:
    """A jittered grid of round dots: how much of a dot is here (0..1), and a random number 0..1 of its own."""
    column, row = torch.floor(x / size), torch.floor(y / size)
    own = _hash(column * 3.7 + row * 9.1, salt)
    dx = x / size - column - 0.3 - 0.4 * own
    dy = y / size - row - 0.3 - 0.4 * _hash(column * 5.3 + row * 2.9, salt + 1)
    return step(0.20 - (dx * dx + dy * dy).sqrt(), 0.04), own


def _detail(land: Land, layer: int, ink: Tensor, x: Tensor, y: Tensor, phase: Tensor, top: Tensor, slope: Tensor,
            depth: Tensor, height: int) -> Tensor:
    """What each kind of land has besides its colour: shading, snow caps, strata, marks, flowers."""
    kind = land.outline
    grain = sky.fractal(height)
    if kind in ("hills", "dunes", "peaks", "mesas", "flowers", "shore", "corals"):
        ink = ink * (1 + torch.tanh(slope * 1.6) * 0.20 * torch.exp(-depth / 0.10))[:, None]
    ink = ink * (1 + (0.07 if layer < 2 else 0.05) * grain * step(depth - 0.02, 0.02))[:, None]
    if kind == "peaks":
        line = land.base - 0.30 * land.swing + 0.022 * torch.sin(46 * x + 3 * layer)
        cap = step(line - y, 0.012)[:, None]
        snow = torch.tensor([0.97, 0.98, 1.0])[None, :, None, None] * (1 + torch.tanh(slope) * 0.16)[:, None]
        ink = ink * (1 - cap) + snow * cap
    elif kind == "mesas":
        ink = ink * (1 + 0.10 * torch.sin(y * 90 + 0.8 * grain))[:, None]
    elif kind == "road":
        mark = step(0.010 - (y - 0.915).abs(), 0.003) * step(0.28 - (torch.frac(x * 3.5) - 0.5).abs(), 0.02)
        kerb = step(0.012 - depth, 0.003) * 0.9
        ink = ink * (1 - mark[:, None]) + mark[:, None] * 0.93
        ink = ink * (1 - kerb[:, None]) + kerb[:, None] * 0.72
    elif kind == "shore":
        foam = torch.exp(-(((depth - 0.012 - 0.006 * torch.sin(30 * x)) / 0.010) ** 2))[:, None] * 0.9
        ink = ink * (1 - foam) + foam * 0.98
    elif kind == "flowers":
        ink = _sprinkle(ink, x, y, depth, 0.055, 3.0, ((1.0, 0.95, 0.98), (1.0, 0.83, 0.20), (0.96, 0.36, 0.45)))
    elif kind == "corals":
        ink = _sprinkle(ink, x, y, depth, 0.10, 8.0, ((0.98, 0.45, 0.42), (0.98, 0.66, 0.30), (0.80, 0.42, 0.80)))
    elif kind == "waves":
        ink = ink + torch.exp(-depth / 0.008)[:, None] * 0.28
    elif kind == "pines":
        ink = ink * (1 - 0.22 * step(torch.frac(phase) - 0.5, 0.06))[:, None]
    elif kind == "towers":
        tone = 0.80 + 0.36 * _hash(torch.floor(phase), 2.2) - 0.12 * step(torch.frac(phase) - 0.72, 0.02)
        ink = ink * tone[:, None]
    return ink


def _sprinkle(ink: Tensor, x: Tensor, y: Tensor, depth: Tensor, size: float, salt: float,
              palette: tuple[Colour, Colour, Colour]) -> Tensor:
    dot, own = _dots(x, y, size, salt)
    dot = dot * (own > 0.35).float() * step(depth - 0.02, 0.005)
    third = ((own - 0.35) / 0.65 * 3).long().clamp(0, 2)
    tint = torch.tensor(palette)[third].movedim(-1, 1)
    return ink * (1 - dot[:, None]) + tint * dot[:, None]


def _glitter(ink: Tensor, x: Tensor, y: Tensor, base: float, time: Tensor, weather: Tensor, height: int) -> Tensor:
    """Ripples, and the sun's or moon's path on the water."""
    away = (y - min(base, 0.58)).clamp(min=0.004)
    grain = sky.fractal(height)
    ripple = torch.sin(6 / (away + 0.06) + 3 * grain) * torch.sin(18 * x + 5 * grain)
    path = torch.exp(-(((x - sky.SUN_X) / (0.05 + 0.35 * away)) ** 2)) * (0.55 + 0.45 * ripple)
    path = path * columns(1 - sky.OVERCAST[weather])
    ink = ink * (1 + 0.12 * ripple)[:, None]
    return ink + (path * 0.75)[:, None] * colours(sky.SUNS[time])


def _windows(land: Land, layer: int, ink: Tensor, y: Tensor, phase: Tensor, depth: Tensor, time: Tensor) -> Tensor:
    """Roofs of houses, and windows: glass by day, lamps in the evening and at night."""
    cell = torch.floor(phase)
    inside = phase - cell
    houses = land.outline == "houses"
    if houses:
        eaves = (0.5 - (inside - 0.5).abs()) * 1.5
        roof = step(eaves * land.swing * 1.05 + 0.012 - depth, 0.003) * step(0.45 - (inside - 0.5).abs(), 0.01)
        palette = torch.tensor([(0.80, 0.33, 0.24), (0.56, 0.35, 0.28), (0.38, 0.47, 0.62), (0.72, 0.48, 0.26)])
        tile = palette[(_hash(cell, 7.7) * 4).long().clamp(0, 3)].movedim(-1, 1) * colours(sky.LIGHTS[time])
        ink = ink * (1 - roof[:, None]) + tile * roof[:, None]
    rows, across = (15.0, 2.0) if houses else ((30.0, 4.0) if layer == 0 else (22.0, 4.0))
    wx, wy = torch.frac((inside - 0.09) / 0.82 * across if houses else inside * across), torch.frac(y * rows)
    lit = _hash(torch.floor(inside * across) * 7.1 + torch.floor(y * rows) * 3.7 + cell * 5.3, 9.0)
    pane = step(0.24 - (wx - 0.5).abs(), 0.03) * step(0.26 - (wy - 0.5).abs(), 0.03)
    pane = pane * (lit > 0.40).float() * step(depth - (0.10 if houses else 0.03), 0.003)
    if houses:
        pane = pane * step(0.36 - (inside - 0.5).abs(), 0.01) * step(0.82 - y, 0.004)
    lamps = columns(time >= 2)[:, None].float()
    lamp = torch.tensor([1.0, 0.86, 0.48])[None, :, None, None]
    glass = colours(sky.SKIES[time][:, 1]) * 0.8 + 0.12
    pane = pane[:, None] * (0.9 if layer else 0.55)
    return ink * (1 - pane) + (lamp * lamps + glass * (1 - lamps)) * pane
