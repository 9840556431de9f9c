"""Places of the procedural world as parallax strips: an opaque sky and three layers of land with transparency.

Outlines are fixed by (place, variant, strip): they are drawn once as plates of materials (plates.py, places_*.py) and
relit here for each scene's hour, weather and noise. The noise chooses the variant, shifts the strips sideways
(`strip_offsets`) and varies warmth, brightness and haze a little. That is what lets a generator learn them soon.

Noise (B, 16): 0 shift of the sky and with it of the sun (above 0: the sun stands left of the middle), 1 shift of the
land, 2..4 of far, middle, near on their own, 5 warmth, 6 brightness, 7 haze, 9 glow, 10 hue of backdrops, 15 variant.

Letters: B scenes, H rows, W = 2 H columns; x, y in frame heights; colours 0..1, premultiplied in what leaves this file.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

from studio.captions.lexicon import SLOTS, TIMELESS
from studio.worlds import (
    backdrops,
    places_cold,
    places_dry,
    places_green,
    places_high,
    places_mountain,
    places_shore,
    places_town,
    sky,
)
from studio.worlds.noise import uniform
from studio.worlds.plates import AIR, ALPHA, GLOW, INK, MIRROR, RIM, SNOW, Plate

VARIANTS = 3
STRIPS = ("far", "middle", "near")
_FAMILIES = (places_green, places_mountain, places_town, places_shore, places_dry, places_cold, places_high)
_NAMES = tuple(name for name in SLOTS["place"] if name != "any")
#: Places whose ground mirrors what floats on it.
WATER: tuple[str, ...] = ("sea", "lake", "studio")
_GROUND = {"sea": 0.80, "lake": 0.82, "beach": 0.89, "arctic": 0.89, "space": 0.82, "sky": 0.84, "underwater": 0.90}
#: Strips that keep under the sky's sun, or under what stands in the sky.
_LINKED = {"sea": (2,), "lake": (2,), "beach": (2,), "arctic": (2,), "volcano": (1,)}
#: Scenes painted at once on a CPU, so that the work stays in its cache.
_CHUNK = 4


def ground_level(place: str) -> float:
    """Where feet stand (or a hull floats) at a place, in frame heights from the top."""
    return _GROUND.get(place, 0.88)


def variant_of(noise: Tensor) -> Tensor:
    """Which of the compositions each scene shows, by its noise (B, 16): long (B,), 0..VARIANTS - 1."""
    return (VARIANTS * uniform(noise[:, 15])).long().clamp(0, VARIANTS - 1)


def strip_offsets(slots: dict[str, Tensor], noise: Tensor) -> Tensor:
    """Which part of each strip is looked at: float (B, 4) in frame heights, 0..0.5. The land's layers move together, so
    that compositions keep their order; water keeps under its sun. slots: long (B,) each; noise: (B, 16).
    """
    u = uniform(noise)
    over = 0.5 * u[:, :1]
    land = 0.25 + 0.34 * (u[:, 1:2] - 0.5) + 0.12 * (u[:, 2:5] - 0.5)
    offsets = torch.cat([over, land], 1)
    linked = torch.zeros(len(SLOTS["place"]), 4, dtype=torch.bool, device=noise.device)
    for name, strips in _LINKED.items():
        for strip in strips:
            linked[SLOTS["place"].index(name), strip] = True
    return torch.where(linked[slots["place"]], over, offsets)


def paint_strips(slots: dict[str, Tensor], noise: Tensor, height: int) -> Tensor:
    """Strips of B scenes, premultiplied RGBA, float (B, 4, 4, height, 2 * height) in 0..1: sky, far, middle, near.

    Args:
        slots: long (B,) for every slot of lexicon.SLOTS; place and time must not be "any".
        noise: (B, 16) standard normal; its device is where the work is done.
        height: rows of a strip.
    """
    count = len(noise)
    out = noise.new_empty(count, 4, 4, height, 2 * height)
    chunk = _CHUNK if noise.device.type == "cpu" else 64
    kept = {name: slots[name].to(noise.device) for name in ("place", "time", "weather")}
    for start in range(0, count, chunk):
        part = slice(start, start + chunk)
        _paint(out[part], {name: values[part] for name, values in kept.items()}, noise[part], height)
    return out


def _hours(slots: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Time 0..5 from dawn and weather 0..5 of each scene; where there is no sky, a clear day."""
    timeless = torch.tensor([name in TIMELESS for name in SLOTS["place"]],
        device=slots["place"].device)[slots["place"]]
    time = (slots["time"] - SLOTS["time"].index("dawn")).clamp(min=0)
    return torch.where(timeless, sky.DAY, time), torch.where(timeless, sky.CLEAR, slots["weather"])


def _draw(place: str, variant: int, layer: str, height: int) -> Tensor:
    """Materials of one strip, uint8 (11, H, 2H); `layer` is one of STRIPS or "sky". Takes some 20 ms."""
    painter: Callable[[Plate, int], None] | None = None
    for family in _FAMILIES:
        painter = getattr(family, f"{place}_{layer}", painter)
    plate = Plate(max(2 * height, 96), 1000 * _NAMES.index(place) + 10 * variant + len(layer))
    if painter is not None:
        painter(plate, variant)
    return torch.from_numpy(plate.finished(height))


@lru_cache(maxsize=32)
def _sky_plate(place: str, variant: int, height: int, device: torch.device) -> Tensor:
    return _draw(place, variant, "sky", height).to(device)


@lru_cache(maxsize=256)
def _land_plates(place: str, variant: int, height: int, device: torch.device) -> Tensor:
    """(3, 11, H, 2H) uint8: far, middle and near."""
    return torch.stack([_draw(place, variant, layer, height) for layer in STRIPS]).to(device)


def _paint(out: Tensor, slots: dict[str, Tensor], noise: Tensor, height: int) -> None:
    u, variant = uniform(noise), variant_of(noise)
    time, weather = _hours(slots)
    names = [SLOTS["place"][index] for index in slots["place"].tolist()]
    light = sky.light_of(time, weather, 2 * u[:, 5] - 1, 0.94 + 0.12 * u[:, 6])
    _settle(light, names)
    out[:, 0, 3] = 1
    out[:, 0, :3] = _backs(names, light, time, weather, variant, u, height)
    plates = torch.stack([_land_plates(name, k, height, noise.device)
                          for name, k in zip(names, variant.tolist(), strict=True)])
    haze = light.air + 0.5 * (u[:, 7] - 0.5)
    veil = 1 - sky.VEIL.to(noise.device)[weather]
    strength = veil * sky.GLOW.to(noise.device)[time]
    sun = sky.SUNS.to(noise.device)[time] * strength[:, None]
    for strip in range(3):
        key = _studio_key(names, light.key, u, strip)
        _relight(out[:, strip + 1], plates[:, strip].float().div_(255), light, key, haze, sun)


def _settle(light: sky.Light, names: list[str]) -> None:
    """Light of places without a sky, in place."""
    for k, name in enumerate(names):
        if name == "underwater":
            light.haze[k] = light.haze.new_tensor([0.08, 0.50, 0.70])
            light.key[k] *= light.key.new_tensor([0.84, 0.97, 1.0])
            light.rim[k] = light.rim.new_tensor([0.20, 0.40, 0.38])
        elif name in ("space", "moon"):
            light.ambient[k] = 0
            light.rim[k] = light.rim.new_tensor([0.22, 0.22, 0.24])
        elif name == "volcano":
            light.ambient[k] += light.ambient.new_tensor([0.07, 0.01, 0.0])
            light.lamps[k] = 0.35 + 0.65 * light.lamps[k]
        elif name == "jungle":
            light.haze[k] = light.haze[k] * light.haze.new_tensor([0.88, 1.0, 0.84])


def _studio_key(names: list[str], key: Tensor, u: Tensor, strip: int) -> Tensor:
    """The light's colour on one strip; in the studio the scene's hue and its companions."""
    if "studio" not in names:
        return key
    key = key.clone()
    for k, name in enumerate(names):
        if name == "studio":
            turn = (0.06, 0.42, 0.0)[strip]
            key[k] = backdrops.pastel(u[k : k + 1, 10] + turn, 0.13 if strip == 0 else 0.19)[0] * (0.95 + 0.1 * u[k, 6])
    return key


def _backs(names: list[str], light: sky.Light, time: Tensor, weather: Tensor, variant: Tensor, u: Tensor,
        height: int) -> Tensor:
    """What stands behind the land, (n, 3, H, W)."""
    glow = 0.85 + 0.30 * u[:, 9]
    out = u.new_empty(len(names), 3, height, 2 * height)
    kinds = {"studio": lambda i: backdrops.studio(u[i, 10], glow[i], height),
             "space": lambda i: backdrops.space(u[i, 10], variant[i], height),
             "underwater": lambda i: backdrops.water(u[i, 10], glow[i], variant[i], height),
             "moon": lambda i: backdrops.night_of_space(u[i, 10], height)}
    groups: dict[str, list[int]] = {}
    for k, name in enumerate(names):
        groups.setdefault(name if name in kinds else "", []).append(k)
    for kind, members in groups.items():
        i = torch.tensor(members, device=u.device)
        if kind:
            out[i] = kinds[kind](i)
        else:
            picked = sky.Light(*(getattr(light, name)[i] for name in sky.Light.__dataclass_fields__))
            out[i] = sky.paint_sky(picked, time[i], weather[i], variant[i], glow[i], height)
    for k, name in enumerate(names):
        if name == "arctic":
            shine = sky.STARS.to(u.device)[time[k]] * (1 - sky.VEIL.to(u.device)[weather[k]])
            if float(shine) > 0:
                out[k] += (1 - out[k]) * backdrops.aurora(int(variant[k]), height).to(u.device) * shine
        elif name in ("moon", "volcano"):
            _stand_in_sky(out[k : k + 1], name, int(variant[k]), light, k, height)
    return out.clamp_(0, 1)


def _stand_in_sky(back: Tensor, name: str, variant: int, light: sky.Light, k: int, height: int) -> None:
    """Paint a place's own sky plate over its sky, in place."""
    plate = _sky_plate(name, variant, height, back.device)[None].float().div_(255)
    seen = back.new_empty(1, 4, height, 2 * height)
    one = sky.Light(*(getattr(light, field)[k : k + 1] for field in sky.Light.__dataclass_fields__))
    _relight(seen, plate, one, one.key, one.air, one.key * 0)
    back.mul_(1 - seen[:, 3:]).add_(seen[:, :3])


def _relight(out: Tensor, plate: Tensor, light: sky.Light, key: Tensor, haze: Tensor, sun: Tensor) -> None:
    """Turn materials (n, 11, H, W) into a strip (n, 4, H, W) under a light, into `out`."""
    def c(values: Tensor) -> Tensor:
        return values[:, :, None, None]

    height = plate.shape[-2]
    alpha, ink = plate[:, ALPHA : ALPHA + 1], plate[:, INK]
    white = light.white
    if bool((white > 0).any()):
        snow = plate[:, SNOW : SNOW + 1] * (0.92 * white)[:, None, None, None]
        ink = ink + snow * (ink.new_tensor([0.93, 0.96, 1.0])[None, :, None, None] - ink)
    lit = ink * c(key)
    lit += alpha * c(light.ambient)
    lit += plate[:, RIM : RIM + 1] * c(light.rim)
    mirror = plate[:, MIRROR : MIRROR + 1]
    if bool(mirror.amax() > 0):
        y = (torch.arange(height, device=plate.device) + 0.5) / height
        x = (torch.arange(2 * height, device=plate.device) + 0.5) / height
        image = sky.rows(light.stops, (2 * sky.HORIZON - y).clamp(0, sky.HORIZON) / sky.HORIZON)[..., None] * 0.94
        lit += mirror * (image - lit)
        spread = 0.05 + 0.42 * (y[:, None] - 0.55).clamp(min=0)
        path = torch.exp(-(((x[None] - sky.SUN_X) / spread) ** 2)) * (0.75 - 0.9 * (y[:, None] - 0.60)).clamp(min=0)
        lit += (mirror * path[None, None]) * c(sun) * (1.25 - lit).clamp(min=0)
    air = plate[:, AIR : AIR + 1]
    air = air * (1 + haze[:, None, None, None] * (1 - air))
    lit += air * (c(light.haze) - lit)
    glow = plate[:, GLOW] * light.lamps[:, None, None, None]
    lit = lit * (1 - 0.75 * glow[:, :1]) + glow
    out[:, :3] = torch.minimum(lit.clamp_(min=0), alpha)
    out[:, 3:] = alpha
