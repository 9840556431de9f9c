"""The world's own finishing of a composite: light and shade on the actors, their shadows and mirror images, moving
water, haze, grain of the ground, glow of what is bright. The detail net (models/detail.py) learns this stage.

Everything is a plain function of the frame, its guides (see models/compositor.py) and the words, so that a net that
sees these can learn it, and everything that moves is driven by the guides' ripples, so that nothing else trembles.
Numbers for places, hours and weathers stand in surfaces.py.

Letters: B clips, T frames, N = B * T, H, W rows and columns. Lengths are in frame heights, y downwards; colours 0..1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.captions.lexicon import SLOTS
from studio.worlds.scenery import WATER
from studio.worlds.surfaces import HOURS, WEATHERS, column

NIGHT_FLOOR = 0.62
"""However dark the hour and the weather, this share of an actor's brightness is left: nights stay readable."""
_TO_GREY = (0.30, 0.59, 0.11)


def ground_tables() -> dict[str, dict[str, float]]:
    """What `ground_of` knows, by the names of the slots' values: "mirror" by place, "wet" by weather, "shear" by time.

    For a generator's configuration, which does without the world.
    """
    wet = {name: weather.wet for name, weather in WEATHERS.items()}
    mirror = {name: float(name in WATER) for name in SLOTS["place"]}
    return {"mirror": mirror, "wet": wet, "shear": {name: hour.shear for name, hour in HOURS.items()}}


def ground_of(place: Tensor, time: Tensor, z: Tensor, weather: Tensor | None = None) -> Tensor:
    """What the compositor must know of the ground, float (B, 2): whether it mirrors (0 or 1), and how far the light
    shears cast shadows. place, time, weather: long (B,); z: the strips' noise (B, 16).

    Water mirrors, and any ground does in rain. Shadows lean to the right (shear above 0) where z[:, 0], the noise of
    the strips, is 0 or more: the sun then stands on the left.
    """
    mirrors = torch.tensor([float(name in WATER) for name in SLOTS["place"]], device=z.device)[place]
    if weather is not None:
        mirrors = torch.maximum(mirrors, column("weather", "wet").to(z.device)[weather, 0])
    side = torch.where(z[:, 0] >= 0, 1.0, -1.0)
    return torch.stack([mirrors, column("time", "shear").to(z.device)[time, 0] * side], 1)


@torch.no_grad()
def finish(frames: Tensor, guides: Tensor, slots: dict[str, Tensor], noise: dict[str, Tensor]) -> Tensor:
    """Finished frames, float (B, T, 3, H, W) in 0..1, of composited ones.

    Args:
        frames: (B, T, 3, H, W) in 0..1. guides: (B, T, 8, H, W), composed with the ground of `ground_of`.
        slots: place, time and weather, long (B,). noise: its "strips" say from where the light comes.
    """
    count = frames.shape[1]
    each = {name: slots[name].to(frames.device).repeat_interleave(count, 0) for name in ("place", "time", "weather")}
    ground = ground_of(slots["place"], slots["time"], noise["strips"], slots["weather"]).to(frames)
    stage = _Finishing(guides.flatten(0, 1), each, ground.repeat_interleave(count, 0))
    out = frames.flatten(0, 1)
    around = stage.surroundings(out)
    out = stage.moved(out)
    out = stage.textured(out)
    out = stage.shaded(out)
    out = stage.mirrored(out, around)
    out = stage.lit(out, around)
    out = stage.glittering(out, around)
    out = stage.hazy(out, around)
    out = stage.glowing(out)
    return stage.graded(out).clamp(0, 1).unflatten(0, frames.shape[:2])


@dataclass
class _Finishing:
    """The guides of N frames, taken apart, and the numbers of their places, hours and weathers, each (N, C, 1, 1)."""

    guides: Tensor
    slots: dict[str, Tensor]
    ground: Tensor

    def __post_init__(self) -> None:
        self.height, self.width = self.guides.shape[-2:]
        self.actors = self.guides[:, 0:1]
        self.image = self.guides[:, 1:5]
        self.grain, self.ripple = self.guides[:, 6:7] * 2 - 1, self.guides[:, 7:8] * 2 - 1
        free = 1 - self.actors
        depth = self.guides[:, 5:6]
        bands = [1 - (depth - centre).abs() / 0.33 for centre in (0.0, 0.33, 0.66)]
        self.sky, self.far, self.middle = (band.clamp(0, 1) * free for band in bands)
        self.near = ((depth - 0.66) / 0.34).clamp(0, 1) * free
        wet = self.number("place", "water")
        self.water = self.far * wet[:, 0:1] + self.middle * wet[:, 1:2] + self.near * wet[:, 2:3]
        self.mirror, shear = self.ground[:, 0, None, None, None], self.ground[:, 1, None, None, None]
        self.from_left = torch.where(shear >= 0, 1.0, -1.0)
        self.sun = self.number("weather", "sun")
        self.chop = self.number("weather", "chop")

    def number(self, slot: str, name: str) -> Tensor:
        """A column of surfaces.py for each frame, (N, 1 or 3, 1, 1)."""
        return column(slot, name).to(self.guides)[self.slots[slot]][:, :, None, None]

    def is_(self, slot: str, *names: str) -> Tensor:
        """1 where the slot has one of these values, else 0; (N, 1, 1, 1)."""
        chosen = torch.tensor([float(value in names) for value in SLOTS[slot]]).to(self.guides)
        return chosen[self.slots[slot]][:, None, None, None]

    # ---------------------------------------------------------------------------------------- what moves

    def surroundings(self, frames: Tensor) -> Tensor:
        """The colours around each pixel without the actors, softly blurred."""
        free = 1 - 0.98 * self.actors
        both = _blur(torch.cat([frames * free, free], 1), 0.07)
        return both[:, :3] / both[:, 3:].clamp(min=1e-3)

    def moved(self, frames: Tensor) -> Tensor:
        """Water that ripples and hot air that trembles: the picture itself is displaced a little."""
        water = self.water * 0.0085 * self.chop
        heat = (self.far + 0.6 * self.middle) * 0.0035 * self.number("place", "heat") * self.sun
        deep = (self.far + self.middle + self.near) * 0.0030 * self.is_("place", "underwater")
        across = self.ripple * (water + heat + deep)
        return _shifted(frames, across, 0.45 * self.ripple * water)

    def mirrored(self, frames: Tensor, around: Tensor) -> Tensor:
        """The actors' images on water and on wet ground, broken by the ripples."""
        rough = torch.where(self.water > 0.3, 0.016 * self.chop, torch.full_like(self.water, 0.004))
        image = _shifted(self.image, self.ripple * rough, 0.5 * self.ripple * rough)
        floor = self.near + self.sky * self.is_("place", "studio")
        share = (0.62 * self.water + floor * self.number("place", "wet") * (1 - self.water)) * self.mirror
        tinted = image[:, :3] * (0.72 + 0.28 * around) * self._actors_light().clamp(max=1)
        image_alpha = image[:, 3:] * share
        return frames * (1 - image_alpha) + tinted * share

    def glittering(self, frames: Tensor, around: Tensor) -> Tensor:
        """Bright and dark bands that travel over the water, glints where it or wet ground is bright; caustics."""
        bright = _grey(around)
        bands = 1 + 0.16 * self.ripple * self.water * self.chop.clamp(max=1.3)
        glints = ((self.ripple - 0.42) / 0.25).clamp(0, 1) * (0.10 + 0.75 * bright**2) * (0.3 + 0.7 * self.sun)
        puddles = 0.8 * self.near * self.number("weather", "wet") * self.number("place", "wet")
        glints = glints * (self.water + puddles)
        warm = 0.35 + 0.65 * around / around.amax(1, keepdim=True).clamp(min=0.05)
        frames = frames * bands + glints * warm * 0.5 * (1 - frames)
        lines = torch.exp(-((self.ripple / 0.13) ** 2)) * self.is_("place", "underwater")
        backs = self.actors * self._facing(0.0, -1.0, 0.05).clamp(min=0)
        where = self.near + 0.7 * self.middle + 0.25 * self.far + 0.8 * backs
        caustics = 0.22 * lines * where * (1.15 - 0.6 * self.rows())
        return frames + caustics * frames.new_tensor((0.75, 1.0, 0.95))[None, :, None, None] * (1 - frames)

    # ---------------------------------------------------------------------------------------- the ground

    def textured(self, frames: Tensor) -> Tensor:
        """Grass, sand, snow, asphalt: the grain modulates the ground's brightness and colour; snow and sand glint."""
        amount = self.number("place", "grain") * (self.near + 0.35 * self.middle) * (1 - self.water)
        snow = self.is_("weather", "snow")
        amount = amount * (1 - 0.5 * snow)
        fleck = self.number("place", "fleck") - 1
        out = frames * (1 + amount * self.grain * (1 + 0.6 * fleck * self.grain.sign()))
        sparkle = torch.maximum(self.number("place", "sparkle"), 0.45 * snow)
        glint = ((self.grain - 0.62) / 0.2).clamp(0, 1) * self.near * sparkle * (0.25 + 0.75 * self.sun) * _grey(frames)
        return out + glint * (1 - out) * 0.7

    def shaded(self, frames: Tensor) -> Tensor:
        """Cast shadows of the actors, and the dark where they touch the ground."""
        land = (self.near + 0.8 * self.middle + 0.4 * self.far) * (1 - self.water)
        shadow = _blur(self.image[:, 3:], 0.006) * land
        depth = self.number("place", "shadow") * self.number("time", "shadow") * (0.25 + 0.75 * self.sun)
        cast = shadow * depth * (1 - self.mirror)
        contact = self.image[:, 3:] * _blur(self.actors, 0.014) * land
        contact = 0.55 * contact * self.number("place", "shadow").clamp(max=0.45) / 0.42
        tint = frames.new_tensor((1.0, 0.94, 0.80))[None, :, None, None]  # the sky still lights the shade, bluish
        return frames * (1 - cast * tint).clamp(min=0) * (1 - contact.clamp(max=0.7))

    # ---------------------------------------------------------------------------------------- the actors

    def _actors_light(self) -> Tensor:
        """What the place, the hour and the weather multiply the actors' colours with, (N, 3, 1, 1)."""
        tint = self.number("place", "tint") * self.number("time", "tint") * self.number("weather", "light")
        return tint * (NIGHT_FLOOR / _grey(tint)).clamp(min=1)

    def _facing(self, x: Tensor | float, y: Tensor | float, reach: float) -> Tensor:
        """How much a rounded actor turns to a light from direction (x, y): about 1 at its lit edge, -1 opposite."""
        body = _blur(self.actors, 0.5 * reach)
        x = torch.as_tensor(x, dtype=body.dtype, device=body.device).expand(len(body), 1, 1, 1)
        y = torch.as_tensor(y, dtype=body.dtype, device=body.device).expand(len(body), 1, 1, 1)
        toward = _shifted(body, x * reach, y * reach)
        return (_shifted(body, -x * reach, -y * reach) - toward) * self.actors

    def lit(self, frames: Tensor, around: Tensor) -> Tensor:
        """The actors in the light of the scene: tinted, rounded, with a rim towards the light."""
        low = self.number("time", "low")
        indoors = self.is_("place", "studio", "underwater", "space", "volcano")
        low = low * (1 - indoors) + 0.35 * indoors
        angle = low * 1.25  # from overhead to nearly level
        x, y = -torch.sin(angle) * self.from_left, -torch.cos(angle)
        broad, thin = self._facing(x, y, 0.045), self._facing(x, y, 0.014)
        light = self._actors_light()
        sun = 0.35 + 0.65 * self.sun
        shade = 1 + (0.14 * broad.clamp(min=0) - 0.30 * (-broad).clamp(min=0)) * sun
        grey = _grey(around).mean((2, 3), keepdim=True)
        ambient = 0.10 * (around - grey) + 0.05 * (around - 0.5)
        body = frames * light * shade + ambient * frames
        # Moonlight lifts the darkest parts, or a black cat is a hole in the night.
        lift = (0.62 - _grey(light)).clamp(min=0) * frames.new_tensor((0.20, 0.26, 0.40))[None, :, None, None]
        body = body + lift * (1 - body) * (0.5 + broad.clamp(0, 1))
        rim = self.number("time", "rim") * sun * (thin.clamp(min=0) + 0.35 * broad.clamp(min=0))
        below = self._facing(0.0, 1.0, 0.05).clamp(min=0)
        rim = rim + self.number("place", "lift") * below
        wrap = 0.22 * (1 - _blur(self.actors, 0.010)).clamp(0, 1) * around
        body = body + (rim + wrap) * (1 - 0.75 * body)
        return frames * (1 - self.actors) + body * self.actors

    # ---------------------------------------------------------------------------------------- the air

    def hazy(self, frames: Tensor, around: Tensor) -> Tensor:
        """Distance takes on the colours around it; falling snow and fog soften everything."""
        soft = self.number("weather", "soft")
        share = (0.16 * self.far + 0.06 * self.middle) * (1 - self.is_("place", "studio", "moon"))
        frames = frames + share * (around - frames)
        return frames + 0.5 * soft * (_blur(frames, 0.012) - frames)

    def glowing(self, frames: Tensor) -> Tensor:
        """Bright things bleed light: sun, lamps, lava, snow in the sun."""
        strength = self.number("time", "glow") * self.number("place", "glow") * (1 + self.number("weather", "soft"))
        peak = 0.5 * frames.amax(1, keepdim=True) + 0.5 * _grey(frames)
        bright = frames * ((peak - 0.72) / 0.28).clamp(0, 1) ** 2 * (1 - 0.7 * self.actors)
        halo = 0.6 * _blur(bright, 0.02) + 0.4 * _blur(bright, 0.07)
        return 1 - (1 - frames) * (1 - (strength * halo).clamp(0, 0.8))

    def graded(self, frames: Tensor) -> Tensor:
        """The hour's colour, a little more contrast and depth of colour, and darker corners."""
        frames = frames * self.number("time", "grade")
        frames = frames + 0.12 * (frames - 0.5) * (1 - (2 * frames - 1).abs()).clamp(0, 1)
        frames = _grey(frames) + 1.06 * (frames - _grey(frames))
        x = torch.linspace(-1, 1, self.width, device=frames.device, dtype=frames.dtype)[None, None, None, :]
        away = x.square() + (2 * self.rows() - 1).square()
        return frames * (1 - 0.045 * away)

    def rows(self) -> Tensor:
        """Pixel centres down the frame, (1, 1, H, 1) in 0..1."""
        y = (torch.arange(self.height, device=self.guides.device, dtype=self.guides.dtype) + 0.5) / self.height
        return y[None, None, :, None]


def _grey(pictures: Tensor) -> Tensor:
    """Brightness (N, 1, H, W)."""
    return (pictures * pictures.new_tensor(_TO_GREY)[None, :, None, None]).sum(1, keepdim=True)


def _blur(pictures: Tensor, spread: float) -> Tensor:
    """Gaussian blur of deviation `spread` frame heights; wide ones are done on a smaller picture."""
    height, width = pictures.shape[-2:]
    sigma = spread * height
    shrink = max(1, min(int(sigma / 1.6), height // 8))
    if shrink > 1:
        small = F.interpolate(pictures, (math.ceil(height / shrink), math.ceil(width / shrink)), mode="area")
        small = _blur(small, spread)
        return F.interpolate(small, (height, width), mode="bilinear", align_corners=False)
    reach = min(max(1, math.ceil(2.5 * sigma)), min(height, width) - 1)
    weights = [math.exp(-0.5 * (step / max(sigma, 0.1)) ** 2) for step in range(-reach, reach + 1)]
    padded = F.pad(pictures, (reach, reach, reach, reach), mode="replicate")
    # Sums of slices: a depthwise convolution of few channels is several times slower on a CPU.
    across = sum(padded[..., i : i + width] * (weight / sum(weights)) for i, weight in enumerate(weights))
    return sum(across[..., i : i + height, :] * (weight / sum(weights)) for i, weight in enumerate(weights))


def _shifted(pictures: Tensor, across: Tensor, down: Tensor) -> Tensor:
    """Each pixel shows what lies `across` and `down` of it, both (N, 1, H or 1, W or 1) in frame heights."""
    height, width = pictures.shape[-2:]
    y = (torch.arange(height, device=pictures.device, dtype=pictures.dtype) + 0.5) / height * 2 - 1
    x = (torch.arange(width, device=pictures.device, dtype=pictures.dtype) + 0.5) / width * 2 - 1
    grid_x = x[None, None, :] + 2 * across[:, 0] * height / width
    grid_y = y[None, :, None] + 2 * down[:, 0]
    grid = torch.stack(torch.broadcast_tensors(grid_x, grid_y), -1).expand(len(pictures), height, width, 2)
    return F.grid_sample(pictures, grid, align_corners=False, padding_mode="border")
