"""Skies of the procedural world: the opaque strip behind everything, for each time of day and weather, and the light
that falls from it on the land.

The sun or the moon always stands at SUN_X of its strip; the strip's offset moves it about in the frame. Clouds, stars,
aurora and planets are plates drawn once (see plates.py); here they take the colours of the hour.

Letters: n scenes, H rows, W = 2 H columns; x, y in frame heights from the top left; colours 0..1. Times of day are
counted 0..5 from dawn, weathers 0..5 as in lexicon.SLOTS.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from studio.worlds import shapes
from studio.worlds.plates import Plate

DAWN, MORNING, DAY, SUNSET, DUSK, NIGHT = range(6)
CLEAR, RAIN, SNOW, FOG, STORM, WIND = range(6)
SUN_X = 1.0
HORIZON = 0.62

#: Sky by time of day: four stops from the zenith to the horizon.
SKIES = torch.tensor([
    [(0.36, 0.42, 0.70), (0.66, 0.60, 0.82), (0.97, 0.74, 0.78), (1.00, 0.88, 0.80)],
    [(0.30, 0.66, 0.86), (0.56, 0.83, 0.90), (0.88, 0.95, 0.84), (1.00, 0.94, 0.70)],
    [(0.05, 0.34, 0.86), (0.18, 0.54, 0.96), (0.48, 0.77, 1.00), (0.80, 0.93, 1.00)],
    [(0.38, 0.18, 0.42), (0.82, 0.30, 0.34), (1.00, 0.54, 0.24), (1.00, 0.84, 0.42)],
    [(0.10, 0.09, 0.36), (0.26, 0.19, 0.56), (0.56, 0.34, 0.70), (0.92, 0.56, 0.68)],
    [(0.015, 0.04, 0.17), (0.035, 0.10, 0.32), (0.09, 0.23, 0.48), (0.22, 0.44, 0.64)],
])
#: Light on the land, light that comes from everywhere, what distance fades into, and what catches on edges.
KEY = torch.tensor([(0.84, 0.74, 0.82), (1.04, 1.03, 0.88), (1.00, 1.00, 1.00),
                    (1.00, 0.70, 0.52), (0.56, 0.47, 0.74), (0.33, 0.44, 0.70)])
AMBIENT = torch.tensor([(0.05, 0.03, 0.08), (0.01, 0.02, 0.00), (0.0, 0.01, 0.03),
                        (0.07, 0.02, 0.08), (0.05, 0.02, 0.12), (0.01, 0.04, 0.12)])
HAZE = torch.tensor([(0.95, 0.80, 0.84), (0.90, 0.96, 0.90), (0.74, 0.88, 0.99),
                     (1.00, 0.64, 0.42), (0.62, 0.42, 0.72), (0.16, 0.32, 0.54)])
RIM = torch.tensor([(0.40, 0.26, 0.26), (0.36, 0.33, 0.18), (0.16, 0.18, 0.14),
                    (0.70, 0.40, 0.12), (0.34, 0.16, 0.34), (0.16, 0.24, 0.36)])
CLOUD_LIT = torch.tensor([(1.00, 0.86, 0.84), (1.00, 0.99, 0.92), (1.00, 1.00, 1.00),
                          (1.00, 0.76, 0.46), (0.86, 0.52, 0.72), (0.30, 0.40, 0.62)])
CLOUD_SHADE = torch.tensor([(0.72, 0.60, 0.80), (0.74, 0.85, 0.90), (0.70, 0.82, 0.96),
                            (0.70, 0.30, 0.40), (0.36, 0.24, 0.54), (0.10, 0.17, 0.38)])
#: The sun's or moon's colour (dusk has only a thin moon), height and radius; how strongly it glows.
SUNS = torch.tensor([(1.00, 0.95, 0.84), (1.00, 0.97, 0.80), (1.00, 0.99, 0.88),
                     (1.00, 0.94, 0.66), (1.00, 0.95, 0.90), (0.95, 0.97, 1.00)])
SUN_Y = torch.tensor([0.50, 0.30, 0.14, 0.47, 0.20, 0.20])
SUN_RADIUS = torch.tensor([0.060, 0.055, 0.060, 0.105, 0.055, 0.078])
GLOW = torch.tensor([0.75, 0.75, 0.55, 0.90, 0.22, 0.50])
LAMPS = torch.tensor([0.40, 0.0, 0.0, 0.55, 0.95, 1.0])
STARS = torch.tensor([0.0, 0.0, 0.0, 0.0, 0.45, 1.0])

#: By weather: how grey the sky turns, how much light is left, how closed the clouds are, how dark, the sun's veil,
#: how much more air lies between, snow on the ground.
GREY = torch.tensor([0.0, 0.66, 0.46, 0.84, 0.82, 0.0])
LEFT = torch.tensor([1.0, 0.76, 0.96, 0.96, 0.54, 1.0])
CEILING = torch.tensor([0.0, 0.90, 0.55, 0.0, 1.0, 0.0])
VEIL = torch.tensor([0.0, 0.92, 0.75, 0.60, 1.0, 0.0])
AIR = torch.tensor([0.0, 0.35, 0.40, 1.10, 0.30, 0.0])
WHITE = torch.tensor([0.0, 0.0, 1.0, 0.0, 0.0, 0.0])
FAIR = torch.tensor([1.0, 0.0, 0.25, 0.12, 0.0, 0.35])
STREAKS = torch.tensor([0.0, 0.0, 0.0, 0.0, 0.0, 1.0])
_OVERCAST = torch.tensor([(0.86, 0.78, 0.84), (0.82, 0.86, 0.82), (0.76, 0.82, 0.88),
                          (0.80, 0.58, 0.50), (0.44, 0.36, 0.56), (0.13, 0.19, 0.32)])


@dataclass
class Light:
    """What the hour and the weather do to n scenes; colours (n, 3), numbers (n,)."""

    stops: Tensor  # (n, 4, 3) the sky from zenith to horizon
    key: Tensor
    ambient: Tensor
    haze: Tensor
    rim: Tensor
    lit: Tensor  # clouds
    shade: Tensor
    lamps: Tensor
    air: Tensor
    white: Tensor


def light_of(time: Tensor, weather: Tensor, warmth: Tensor, brightness: Tensor) -> Light:
    """The light of n scenes; its fields are float (n, ...), see `Light`.

    Args:
        time, weather: long (n,), 0..5 each.
        warmth: -1..1 from cool to warm. brightness: around 1.
    """
    device = warmth.device
    tint = 1 + 0.045 * warmth[:, None] * torch.tensor([[1.0, 0.0, -1.0]], device=device)

    def at(table: Tensor, index: Tensor) -> Tensor:
        return table.to(device)[index]

    grey, left = at(GREY, weather)[:, None], at(LEFT, weather)[:, None]
    overcast = at(_OVERCAST, time)
    cast = overcast * torch.where(weather == STORM, 0.60,
        torch.where(weather == RAIN, 0.86, torch.where(weather == FOG, 1.08, 1.0)))[:, None]
    slope = torch.tensor([0.80, 0.90, 1.0, 1.08], device=device)[None, :, None]
    stops = at(SKIES, time) * (1 - grey[..., None]) + (cast[:, None] * slope) * grey[..., None]
    key = at(KEY, time)
    flat = key.mean(1, keepdim=True) * torch.tensor([[0.96, 1.0, 1.05]], device=device)
    key = (key * (1 - 0.55 * grey) + flat * 0.55 * grey) * (left * 0.5 + 0.5 * torch.where(left > 0.9, 1.0, left))
    haze = at(HAZE, time) * (1 - grey) + cast * grey
    dull = 1 - 0.75 * grey
    lit = at(CLOUD_LIT, time) * (1 - 0.85 * grey) + cast * 1.12 * 0.85 * grey
    shade = at(CLOUD_SHADE, time) * (1 - 0.85 * grey) + cast * torch.where(weather == STORM, 0.42, 0.66)[:,
        None] * 0.85 * grey
    bright = brightness[:, None]
    return Light(
        (stops * tint[:, None] * bright[..., None]).clamp(0, 1), key * tint * bright, at(AMBIENT, time), haze * tint,
        at(RIM, time) * dull, (lit * tint).clamp(0, 1), (shade * tint).clamp(0, 1), at(LAMPS, time)
        + (1 - at(LAMPS, time)) * torch.where(weather == STORM, 0.6, torch.where(weather == RAIN, 0.35, 0.0)),
        at(AIR, weather), at(WHITE, weather))


def rows(stops: Tensor, y: Tensor) -> Tensor:
    """The sky's gradient, float (n, 3, len(y)), at heights y 0 (zenith) .. 1 (horizon and below)."""
    place = (y.clamp(0, 1) * 3).clamp(max=2.9999)
    low = place.long()
    share = place - low
    share = share * share * (3 - 2 * share) * 0.5 + share * 0.5
    return (stops[:, low] * (1 - share)[None, :, None] + stops[:, low + 1] * share[None, :, None]).movedim(1, 2)


# ------------------------------------------------------------------------------------------------ plates


@lru_cache(maxsize=64)
def stars(height: int) -> Tensor:
    """Brightness of the stars, float32 (H, W) in 0..1, H = `height`, W = 2 H: few and clear, denser towards the zenith.
    """
    rng = np.random.default_rng(11)
    y, x = np.mgrid[: height, : 2 * height].astype(np.float32) / height
    out = np.zeros((height, 2 * height), np.float32)
    for _ in range(64):
        sx, sy, size = 2 * rng.random(), 0.56 * rng.random() ** 1.3, rng.random() ** 3
        radius = max(0.0058 + 0.0060 * size, 0.6 / height)
        out = np.maximum(out,
            np.exp(-((x - sx) ** 2 + (y - sy) ** 2) / radius**2) * (0.5 + 0.5 * size) * (1 - sy / 0.7))
    return torch.from_numpy(out)


@lru_cache(maxsize=64)
def clouds(kind: str, variant: int, height: int) -> tuple[Tensor, Tensor]:
    """(cover, how lit) of the clouds of a sky, each float32 (H, W) in 0..1: "fair" heaps, a closed "ceiling",
    "streaks".
    """
    plate = Plate(2 * height, 100 * variant + len(kind))
    rng = plate.rng
    if kind == "fair":
        heaps = (
            ((0.40, 0.36, 0.52), (1.46, 0.28, 0.46), (0.72, 0.54, 0.22), (1.86, 0.48, 0.30)),
            ((0.62, 0.24, 0.40), (1.62, 0.42, 0.60), (0.18, 0.50, 0.36), (1.30, 0.14, 0.24)),
            ((1.38, 0.50, 0.50), (0.50, 0.48, 0.62), (1.80, 0.22, 0.38), (0.30, 0.18, 0.28)),
        )[variant]
        for x, base, wide in heaps:
            mask = plate.shape(shapes.cloud(x, base, wide, rng))
            plate.fill(mask, (1, 1, 1), (0.15, 0.15, 0.15), span=(base - 0.30 * wide, base), rim=0, snow=0)
    elif kind == "ceiling":
        for base, size, dark in ((0.38, 0.12, 0.62), (0.24, 0.14, 0.30), (0.09, 0.15, 0.0)):
            heads = shapes.blob_bank(base - 0.04, rng, size, 12)
            top = plate.shape([*heads, shapes.box(1.0, base - 0.02, 3.0, 1.0)])
            plate.fill(top, (dark,) * 3, (dark + 0.36,) * 3, span=(base - 0.10, base + 1.2 * size), rim=0, snow=0)
    else:
        for k in range(9):
            y = 0.06 + 0.055 * k + 0.02 * rng.random()
            x, wide = 2.2 * rng.random() - 0.1, 0.35 + 0.35 * rng.random()
            band = shapes.ribbon(shapes.bow((x - wide, y + 0.03), (x + wide, y - 0.03), 0.05, 24),
                [0, 0.016, 0.022, 0.010, 0])
            plate.fill(plate.shape([band]), (1, 1, 1), (0.5, 0.5, 0.5), rim=0, snow=0)
    bytes_ = plate.finished(height)
    cover = torch.from_numpy(bytes_[3]).float() / 255
    lit = torch.from_numpy(bytes_[0]).float() / 255 / cover.clamp(min=0.05)
    if kind == "ceiling":  # fades towards the horizon
        fade = ((0.55 - torch.arange(height) / height) / 0.30).clamp(0, 1)[:, None]
        cover = cover * fade
    return cover, lit.clamp(0, 1)


# ------------------------------------------------------------------------------------------------ painting


def paint_sky(light: Light, time: Tensor, weather: Tensor, variant: Tensor, glow: Tensor, height: int) -> Tensor:
    """The sky over a landscape, float (n, 3, H, W) in 0..1, H = `height`, W = 2 H. `time`, `weather`, `variant` long
    (n,); `glow` (n,) around 1 varies the sun's halo.
    """
    device = glow.device
    x = ((torch.arange(2 * height, device=device) + 0.5) / height)[None, None, :]
    y = ((torch.arange(height, device=device) + 0.5) / height)[None, :, None]
    down = y / HORIZON
    sky = rows(light.stops, down[0, :, 0])[..., None]
    veil = (1 - VEIL.to(device)[weather])[:, None, None]
    twinkle = (STARS.to(device)[time][:, None, None] * veil)
    radius, centre = SUN_RADIUS.to(device)[time][:, None, None], SUN_Y.to(device)[time][:, None, None]
    dx, dy = x - SUN_X, y - centre
    distance = (dx * dx + dy * dy).sqrt()
    strength = GLOW.to(device)[time][:, None, None] * glow[:, None, None]
    halo = (0.55 * torch.exp(-(distance - radius).clamp(min=0) / (0.9 * radius))
            + 0.50 * torch.exp(-distance / (3.4 * radius + 0.10))) * strength * (0.15 + 0.85 * veil)
    sharp = 0.8 / height
    disc = ((radius - distance) / sharp + 0.5).clamp(0, 1)
    bite_distance = ((dx + 0.42 * radius) ** 2 + (dy + 0.20 * radius) ** 2).sqrt()
    crescent = disc * ((bite_distance - 0.92 * radius) / sharp + 0.5).clamp(0, 1)
    marks = sum(((r * radius - ((dx - mx * radius) ** 2 + (dy - my * radius) ** 2).sqrt()) / sharp + 0.5).clamp(0, 1)
                for mx, my, r in ((-0.35, -0.25, 0.26), (0.30, 0.30, 0.20), (0.25, -0.45, 0.13)))
    dusk, night = (time == DUSK)[:, None, None], (time == NIGHT)[:, None, None]
    sun = SUNS.to(device)[time][:, :, None, None]
    body = torch.where(dusk, crescent, disc) * veil
    sky = sky + (stars(height).to(device) * twinkle)[:, None] * 0.95
    sky = sky + (1 - sky).clamp(min=0) * (halo[:, None] * sun).clamp(0, 1)
    face = sun * (1 - 0.10 * marks * night)[:, None]
    sky = sky + (face - sky) * body[:, None]
    for kind, table in (("fair", FAIR), ("ceiling", CEILING), ("streaks", STREAKS)):
        amount = table.to(device)[weather][:, None, None]
        if not bool((amount > 0).any()):
            continue
        both = torch.stack([torch.stack(clouds(kind, k, height)) for k in range(3)]).to(device)[variant]
        cover, lit = both[:, 0], both[:, 1][:, None]
        share = cover * amount * (0.92 if kind != "streaks" else 0.75)
        near_sun = (1 + 0.35 * halo * veil)[:, None]
        colour = light.shade[:, :, None, None] + (light.lit - light.shade)[:, :, None, None] * lit
        sky = sky + ((colour * near_sun).clamp(0, 1) - sky) * share[:, None]
    return sky.clamp(0, 1)
