"""What stands behind places that have no sky: a studio's wall, deep space, deep water; and what stands in some skies.

Letters: n scenes, H rows, W = 2 H columns; x, y in frame heights from the top left; colours 0..1.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.worlds.sky import SUN_X, stars


def _grid(height: int, like: Tensor) -> tuple[Tensor, Tensor]:
    x = ((torch.arange(2 * height, device=like.device) + 0.5) / height)[None, None, :]
    y = ((torch.arange(height, device=like.device) + 0.5) / height)[None, :, None]
    return x, y


def pastel(hue: Tensor, depth: float = 0.17) -> Tensor:
    """A light colour, float (n, 3) in 0..1, by hue (n,), 0..1 around the colour wheel; `depth` is how far it is from
    white.
    """
    turn = 6.2832 * (hue[:, None] - torch.tensor([[0.0, 0.36, 0.68]], device=hue.device))
    return (0.97 - depth) + depth * torch.cos(turn)


def studio(hue: Tensor, glow: Tensor, height: int) -> Tensor:
    """A cyclorama: a softly lit wall that runs into a floor which catches its light, (n, 3, H, W)."""
    x, y = _grid(height, hue)
    wall = pastel(hue)[:, :, None, None]
    spot = torch.exp(-(((x - SUN_X) / 0.62) ** 2) - ((y - 0.40) / 0.46) ** 2) * glow[:, None, None]
    bend = torch.sigmoid((y - 0.745) / 0.022)
    shade = 0.84 + 0.20 * spot
    sheen = torch.exp(-(((x - SUN_X) / 0.55) ** 2) - ((y - 0.86) / 0.10) ** 2)
    floor = 0.84 + 0.20 * sheen - 0.10 * ((y - 0.80) / 0.2).clamp(0, 1)
    corner = 1 - 0.13 * torch.exp(-(((y - 0.755) / 0.035) ** 2))
    return (wall * ((shade * (1 - bend) + floor * bend) * corner)[:, None]).clamp(0, 1)


@lru_cache(maxsize=32)
def _nebula(variant: int, height: int) -> Tensor:
    """Three soft clouds of gas (3, H, W), 0..1, large shapes only."""
    generator = torch.Generator().manual_seed(40 + variant)
    total = torch.zeros(3, height, 2 * height)
    for cells, strength in ((2, 0.55), (4, 0.32), (8, 0.15)):
        noise = torch.rand(1, 3, cells + 1, 2 * cells + 1, generator=generator)
        total += strength * F.interpolate(noise, (height, 2 * height), mode="bicubic", align_corners=True)[0]
    return ((total - 0.44) * 3.0).clamp(0, 1)


def space(hue: Tensor, variant: Tensor, height: int) -> Tensor:
    """Stars and a nebula that glows along a slanted band, float (n, 3, H, W) in 0..1, H = `height`, W = 2 H; `hue` (n,)
    shifts its colours a little, `variant` long (n,) chooses its shape.
    """
    x, y = _grid(height, hue)
    gas = torch.stack([_nebula(k, height) for k in range(3)]).to(hue.device)[variant]
    tilt = torch.tensor([0.34, -0.30, 0.22], device=hue.device)[variant][:, None, None]
    band = torch.exp(-(((y - 0.50 - tilt * (x - 1)) / 0.30) ** 2))
    tints = torch.tensor([[(0.62, 0.16, 0.66), (0.10, 0.36, 0.84), (1.0, 0.50, 0.46)],
        [(0.10, 0.44, 0.62), (0.30, 0.22, 0.80), (0.40, 0.90, 0.80)],
                          [(0.80, 0.28, 0.34), (0.46, 0.16, 0.62), (1.0, 0.72, 0.40)]], device=hue.device)[variant]
    shift = 1 + 0.30 * (hue[:, None] - 0.5) * torch.tensor([[1.0, 0.2, -1.0]], device=hue.device)
    out = torch.tensor([0.025, 0.03, 0.10], device=hue.device)[None, :, None, None] * (1.3 - 0.5 * y)
    for k, strength in enumerate((0.95, 0.80, 0.55)):
        share = gas[:, k] * band ** (1.0 if k < 2 else 2.0) * strength
        out = out + (1 - out) * (tints[:, k] * shift).clamp(0, 1)[:, :, None, None] * share[:, None]
    both = torch.maximum(stars(height), stars(height).flip(0, 1) * 0.8).to(hue.device)
    return torch.maximum(out, both[None, None] * 0.98).clamp(0, 1)


def night_of_space(like: Tensor, height: int) -> Tensor:
    """The black sky over the moon, float (n, 3, H, W) in 0..1, H = `height`, W = 2 H; on the device of `like` (n,)."""
    _, y = _grid(height, like)
    dark = torch.tensor([0.012, 0.014, 0.045], device=like.device)[None, :, None, None] * (1 + 1.6 * y)
    field = torch.maximum(stars(height), stars(height).flip(1) * 0.7).to(like.device)
    return torch.maximum(dark, field[None, None] * 0.95).expand(len(like), -1, -1, -1)


def water(hue: Tensor, glow: Tensor, variant: Tensor, height: int) -> Tensor:
    """Blue depths with shafts of light from above, float (n, 3, H, W) in 0..1, H = `height`, W = 2 H; `hue` (n,) 0..1
    from green to blue, `glow` (n,) around 1, `variant` long (n,).
    """
    x, y = _grid(height, hue)
    stops = torch.tensor([(0.62, 0.96, 0.94), (0.16, 0.68, 0.84), (0.05, 0.40, 0.66), (0.03, 0.24, 0.48)],
        device=hue.device)
    place = (y[0, :, 0] * 3).clamp(max=2.999)
    low = place.long()
    share = (place - low)[:, None]
    column = (stops[low] * (1 - share) + stops[low + 1] * share).T[None, :, :, None]
    shift = (hue[:, None] - 0.5) * torch.tensor([[-0.03, -0.05, 0.10]], device=hue.device)
    out = column + shift[:, :, None, None]
    fan = (x - SUN_X) / (0.42 + y)  # rays meet above the surface
    phase = (1.7 * variant)[:, None, None]
    rays = torch.sin(9.0 * fan + phase).clamp(min=0) ** 2 * 0.7
    rays = rays + torch.sin(16.0 * fan + 2.1 + 2 * phase).clamp(min=0) ** 3 * 0.5
    rays = rays * (1 - y).clamp(min=0) ** 1.1 * torch.exp(-((fan / 1.25) ** 2)) * glow[:, None, None]
    bright = torch.exp(-(((x - SUN_X) / 0.50) ** 2) - (y / 0.30) ** 2)
    out = out + (1 - out) * (0.50 * rays + 0.45 * bright)[:, None] * torch.tensor([0.85, 1.0, 0.96],
        device=hue.device)[None, :, None, None]
    return out.clamp(0, 1)


@lru_cache(maxsize=32)
def aurora(variant: int, height: int) -> Tensor:
    """Northern lights as light to add, float32 (3, H, W) in 0..1, H = `height`, W = 2 H."""
    x = (np.arange(2 * height) + 0.5) / height
    y = ((np.arange(height) + 0.5) / height)[:, None]
    out = np.zeros((3, height, 2 * height), np.float32)
    for k, (base, swing, tall) in enumerate(((0.44, 0.070, 0.26), (0.27, 0.055, 0.20))):
        foot = base + swing * np.sin(3.4 * x + 1.9 * variant + 2.4 * k) + 0.03 * np.sin(7.3 * x + variant + k)
        up = (foot - y) / tall
        body = np.clip(1 - np.exp(-np.clip(up, 0, None) * 16), 0, 1) * np.exp(-np.clip(up, 0, None) * 1.5)
        body = body * (0.62 + 0.38 * np.sin(13 * x + 4 * np.sin(2.1 * x + k) + variant))
        low, high = np.array([0.16, 0.92, 0.56]), np.array([0.46, 0.24, 0.86])
        mix = np.clip(up / 1.5, 0, 1)
        for c in range(3):
            out[c] += body * (low[c] * (1 - mix) + high[c] * mix) * (1.0 if k == 0 else 0.7)
    return torch.from_numpy(out).clamp(0, 1)
