"""Skies of the procedural world: the opaque strip behind everything, for each time of day and weather.

Letters: n scenes, H rows, W = 2 H columns; x, y in frame heights from the top left; colours 0..1.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

#: Sky colours by time of day (dawn, day, dusk, night): top, middle, horizon.
SKIES = torch.tensor([
    [(0.36, 0.46, 0.80), (0.92, 0.70, 0.80), (1.00, 0.88, 0.70)],
    [(0.16, 0.46, 0.92), (0.44, 0.73, 0.98), (0.88, 0.96, 1.00)],
    [(0.23, 0.17, 0.50), (0.88, 0.38, 0.48), (1.00, 0.74, 0.36)],
    [(0.05, 0.08, 0.25), (0.11, 0.18, 0.44), (0.30, 0.40, 0.68)],
])
#: Colour of the light that falls on the land, by time of day.
LIGHTS = torch.tensor([(1.02, 0.89, 0.86), (1.04, 1.02, 0.98), (1.00, 0.71, 0.62), (0.44, 0.53, 0.84)])
SUNS = torch.tensor([(1.00, 0.96, 0.80), (1.00, 0.97, 0.78), (1.00, 0.90, 0.60), (0.95, 0.97, 1.00)])
#: Where the sun or moon stands: y and radius by time of day; it always stands at SUN_X of its strip.
SUN_X = 1.0
SUN_Y = torch.tensor([0.46, 0.17, 0.47, 0.19])
SUN_RADIUS = torch.tensor([0.070, 0.055, 0.085, 0.060])
NIGHT = 3
#: How far rain and snow take the sky towards grey, and how much of the light they leave.
OVERCAST = torch.tensor([0.0, 0.55, 0.40])
WEATHER_LIGHT = torch.tensor([1.0, 0.82, 0.95])


def columns(values: Tensor) -> Tensor:
    """(n,) to (n, 1, 1)."""
    return values[:, None, None]


def colours(values: Tensor) -> Tensor:
    """(n, 3) to (n, 3, 1, 1)."""
    return values[:, :, None, None]


def step(distance: Tensor, softness: float | Tensor) -> Tensor:
    """A soft edge: 0 below zero, 1 above, about `softness` wide."""
    return torch.sigmoid(distance / softness)


def grid(height: int) -> tuple[Tensor, Tensor]:
    """Pixel centres of a strip: x (1, 1, 2H), y (1, H, 1)."""
    x = (torch.arange(2 * height) + 0.5) / height
    y = (torch.arange(height) + 0.5) / height
    return x[None, None, :], y[None, :, None]


@lru_cache(maxsize=8)
def fractal(height: int) -> Tensor:
    """Fractal noise (1, H, 2H) of mean 0 and deviation 1, always the same; for clouds, nebulae and grain."""
    generator = torch.Generator().manual_seed(7)
    total = torch.zeros(1, height, 2 * height)
    for cells, strength in ((3, 0.55), (6, 0.28), (12, 0.15), (24, 0.08)):
        noise = torch.rand(1, 1, cells, 2 * cells, generator=generator)
        total += strength * F.interpolate(noise, (height, 2 * height), mode="bicubic", align_corners=False)[0]
    return (total - total.mean()) / total.std()


@lru_cache(maxsize=8)
def stars(height: int) -> Tensor:
    """Brightness of the stars (1, H, 2H) in 0..1, always the same."""
    generator = torch.Generator().manual_seed(11)
    x, y = grid(height)
    sky = torch.zeros(1, height, 2 * height)
    for sx, sy, size in torch.rand(110, 3, generator=generator).tolist():
        radius = max(0.0045 + 0.006 * size**3, 0.55 / height)
        glow = torch.exp(-((x - 2 * sx) ** 2 + (y - sy) ** 2) / radius**2)
        sky = torch.maximum(sky, glow * (0.45 + 0.55 * size))
    return sky


def _gradient(stops: Tensor, y: Tensor, horizon: float) -> Tensor:
    """Vertical gradient through three colours (n, 3 stops, 3) down to the horizon: (n, 3, H, 1)."""
    down = (y / horizon).clamp(0, 1)
    first = (down * 2).clamp(0, 1)
    first = (first * first * (3 - 2 * first))[:, None]
    second = ((down - 0.5) * 2).clamp(0, 1)[:, None]
    sky = colours(stops[:, 0]) * (1 - first) + colours(stops[:, 1]) * first
    return sky * (1 - second) + colours(stops[:, 2]) * second


def open_sky(time: Tensor, weather: Tensor, hue: Tensor, height: int) -> Tensor:
    """The sky over a landscape, (n, 3, H, 2H). `time` 0..3, `weather` 0..2, `hue` 0..1 shifts warm and cold."""
    x, y = grid(height)
    horizon = 0.60
    shift = (hue[:, None] - 0.5) * torch.tensor([[0.10, 0.0, -0.10]])
    overcast = OVERCAST[weather]
    sky = _gradient(SKIES[time], y, horizon) + colours(shift)
    night = (time == NIGHT).float()
    veil = columns(1 - overcast)
    up = (1 - (y / horizon).clamp(0, 1)) ** 0.5
    sky = sky + (stars(height) * columns(night) * veil * up)[:, None] * 0.9

    radius, centre = columns(SUN_RADIUS[time]), columns(SUN_Y[time])
    distance = ((x - SUN_X) ** 2 + (y - centre) ** 2).sqrt()
    glow = (torch.exp(-distance / radius / 2.2) * 0.6 + torch.exp(-((distance / radius / 6) ** 2)) * 0.2) * veil
    disc = step(radius - distance, 0.6 / height) * veil
    bite = ((x - SUN_X + 0.5 * radius) ** 2 + (y - centre + 0.18 * radius) ** 2).sqrt()
    disc = disc * (1 - step(0.95 * radius - bite, 0.6 / height) * columns(night))
    sun = colours(SUNS[time])
    sky = sky + glow[:, None] * sun * (1 - sky).clamp(0, 1)
    sky = sky * (1 - disc[:, None]) + sun * disc[:, None]

    noise = fractal(height)
    cover = step(noise - 0.95 + 1.7 * columns(overcast), 0.30) * (1 - (y / 0.60) ** 3).clamp(0, 1) * 0.85
    cover = cover * columns(1 - 0.35 * night)
    lit = colours(SKIES[time][:, 2] * 0.6 + 0.4 * LIGHTS[time]) * (0.86 + 0.16 * step(noise - 0.9, 0.4))[:, None]
    sky = sky * (1 - cover[:, None]) + lit.clamp(0, 1) * cover[:, None]

    grey = sky.mean(1, keepdim=True) * sky.new_tensor([0.90, 0.96, 1.04])[None, :, None, None]
    mix = colours(overcast[:, None].expand(-1, 3))
    return (sky * (1 - mix) + grey * mix * colours(WEATHER_LIGHT[weather][:, None].expand(-1, 3))).clamp(0, 1)


def studio_backdrop(hue: Tensor, height: int) -> Tensor:
    """A softly lit pastel wall and floor, (n, 3, H, 2H); `hue` 0..1 turns the colour wheel."""
    x, y = grid(height)
    turn = 6.283 * (hue[:, None] + torch.tensor([[0.0, 0.33, 0.67]]))
    wall = colours(0.66 + 0.24 * torch.cos(turn)) * (1.10 - 0.30 * ((x - 1) ** 2 + (y - 0.40) ** 2))[:, None]
    floor = step(y - 0.72, 0.012) * (0.12 - 0.10 * (y - 0.72))
    return (wall * (1 - floor)[:, None]).clamp(0, 1)


def deep_space(hue: Tensor, height: int) -> Tensor:
    """Stars, a nebula and a ringed planet, (n, 3, H, 2H); `hue` 0..1 chooses among a few nebulae."""
    x, y = grid(height)
    noise = fractal(height)
    violet, blue = torch.tensor([[0.74, 0.24, 0.72]]), torch.tensor([[0.14, 0.34, 0.92]])
    first, second = hue[:, None] * blue + (1 - hue[:, None]) * violet, torch.tensor([[0.10, 0.50, 0.62]])
    cloud, wisp = step(noise - 0.35, 0.45) * 0.70, step(noise.flip(-1) - 0.9, 0.35) * 0.40
    sky = torch.tensor([0.03, 0.03, 0.11])[None, :, None, None] + colours(first) * cloud[:, None]
    sky = sky + colours(second) * wisp[:, None]
    sky = sky + stars(height)[:, None]
    radius, px, py = 0.15, SUN_X + 0.16, 0.26
    dx, dy = x - px, y - py
    distance = (dx * dx + dy * dy).sqrt()
    light = (0.66 - 0.8 * (dx * 0.6 + dy * 0.6) / radius).clamp(0.10, 1.1)
    bands = 1 + 0.14 * torch.sin(dy * 75 + noise)
    planet = torch.tensor([0.98, 0.66, 0.42])[None, :, None, None] * (light * bands)[:, None]
    inside = step(radius - distance, 0.6 / height)[:, None]
    halo = torch.exp(-(distance - radius).clamp(min=0) / 0.03)[:, None] * 0.22
    sky = sky + halo * torch.tensor([1.0, 0.75, 0.5])[None, :, None, None]
    sky = sky * (1 - inside) + planet * inside
    oval = ((dx + 0.35 * dy) ** 2 + ((dy - 0.28 * dx) * 4.2) ** 2).sqrt()
    ring = torch.exp(-(((oval - 1.65 * radius) / (0.22 * radius)) ** 2)) * 0.75
    ring = ring * (1 - inside[:, 0] * step(-(dy - 0.28 * dx), 0.004))
    gold = torch.tensor([0.98, 0.88, 0.70])[None, :, None, None]
    return (sky * (1 - ring[:, None]) + gold * ring[:, None]).clamp(0, 1)


def under_water(hue: Tensor, height: int) -> Tensor:
    """Blue depths with rays of light from above, (n, 3, H, 2H); `hue` 0..1 from green to blue."""
    x, y = grid(height)
    top, bottom = torch.tensor([0.30, 0.84, 0.90]), torch.tensor([0.03, 0.24, 0.50])
    shift = (hue[:, None] - 0.5) * torch.tensor([[-0.04, -0.02, 0.14]])
    water = top[None, :, None, None] * (1 - y)[:, None] + bottom[None, :, None, None] * y[:, None]
    rays = (0.5 + 0.5 * torch.sin((x + y * 0.45) * 11 + 2)) * (0.5 + 0.5 * torch.sin((x + y * 0.3) * 23 + 5))
    return (water + colours(shift) + (rays * (1 - y) ** 1.5 * 0.40)[:, None]).clamp(0, 1)
