"""Parts that the generators share: mapping from text and aligned noise to a style, and convolutions that a style moves.

Follows StyleGAN's mapping network (Karras et al. 2019) and FiLM (Perez et al. 2018); enlargement is bilinear, because
pixel shuffle left checkerboards. Nothing learnt is taken from either.
Letters: B batch, D text width, Z noise dims, C channels, H, W, S style width.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def noise_features(noise: Tensor) -> Tensor:
    """Normal noise (B, Z) as (B, 3 Z): itself, and the sine and cosine of its quantile's angle.

    The world draws from the quantile, often periodically (hues, phases); so seen, both are easy to learn.
    """
    angle = math.pi * (1 + torch.erf(noise / math.sqrt(2)))
    return torch.cat([noise, torch.sin(angle), torch.cos(angle)], 1)


class Mapping(nn.Module):
    """Text embedding, aligned noise and a few free noise dims to a style (B, S).

    Args:
        text: D. aligned: Z, the dims that the world draws with too. free: dims that only the discriminators shape.
        style: S.
    """

    def __init__(self, text: int, aligned: int, free: int, style: int, text_width: int = 192, extra: int = 0) -> None:
        super().__init__()
        self.text = nn.Linear(text, text_width)
        inputs = text_width + 3 * aligned + free + extra
        self.layers = nn.ModuleList(nn.Linear(a, style) for a in (inputs, style, style))

    def forward(self, text_embeds: Tensor, aligned: Tensor, free: Tensor, extra: Tensor | None = None) -> Tensor:
        """(B, D), (B, Z), (B, free), optionally (B, extra) to (B, S)."""
        # Linear in the text first, so that the noise never drowns in its many dims.
        parts = [self.text(text_embeds), noise_features(aligned), free] + ([] if extra is None else [extra])
        x = torch.cat([part.to(text_embeds.dtype) for part in parts], 1)
        for layer in self.layers:
            x = unit_activation(layer(x))
        return x


def unit_activation(x: Tensor) -> Tensor:
    """SiLU, brought to a root mean square of one: signals that shrink from layer to layer learn slowly."""
    x = F.silu(x)
    return x * torch.rsqrt(x.float().square().mean(1, keepdim=True) + 1e-6).to(x.dtype)


class StyledConv(nn.Module):
    """Optional bilinear doubling, 3x3 convolution that knows its place, GroupNorm, FiLM by the style, SiLU."""

    def __init__(self, inputs: int, outputs: int, style: int, enlarge: bool = True, groups: int = 8) -> None:
        super().__init__()
        self.enlarge = enlarge
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        # Coordinate channels (Liu et al. 2018), added as a map of their own: one for all of a batch, so nearly free.
        self.place = nn.Conv2d(2, outputs, 1, bias=False)
        self.groups = groups
        self.film = nn.Linear(style, 2 * outputs)
        nn.init.normal_(self.film.weight, 0.0, 0.03)
        nn.init.zeros_(self.film.bias)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """(B, C, H, W) and (B, S) to (B, C', 2H, 2W), or (B, C', H, W) without enlargement."""
        if self.enlarge:
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        x = self.conv(x)
        x = x + self.place(coordinates(x)).to(x.dtype)
        gain, shift = self.film(style)[:, :, None, None].chunk(2, 1)
        return F.silu(F.group_norm(x, self.groups) * (1 + gain) + shift)


class Memory(nn.Module):
    """Learned maps that a style mixes: (B, S) to (B, C, H, W).

    StyleGAN's learned constant (Karras et al. 2019) as a bank: outlines that recur at fixed places are stored where
    they are instead of being grown anew from a small map, which convolutions learn slowly.
    """

    def __init__(self, style: int, entries: int, channels: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.size = size
        self.mix = nn.Linear(style, entries)
        # The gain enlarges the optimiser's steps: a cell is seen far less often than a weight that many pixels share.
        self.gain = 4.0
        self.maps = nn.Parameter(torch.randn(entries, channels * size[0] * size[1]) * (0.5 / self.gain))

    def forward(self, style: Tensor) -> Tensor:
        mixed = (self.mix(style) @ self.maps.to(style.dtype)) * (self.gain / self.maps.shape[0] ** 0.5)
        return mixed.view(len(style), -1, *self.size).contiguous(memory_format=torch.channels_last)


def coordinates(like: Tensor) -> Tensor:
    """Two channels with the pixel's y and x in -1..1, (1, 2, H, W): the net knows where the horizon lies."""
    height, width = like.shape[-2:]
    y = torch.linspace(-1, 1, height, device=like.device, dtype=like.dtype).view(1, 1, height, 1)
    x = torch.linspace(-1, 1, width, device=like.device, dtype=like.dtype).view(1, 1, 1, width)
    return torch.cat([y.expand(1, 1, height, width), x.expand(1, 1, height, width)], 1)


def premultiplied(logits: Tensor) -> Tensor:
    """Four channels of logits to premultiplied RGBA in 0..1, (B, 4, H, W)."""
    values = torch.sigmoid(1.5 * logits.float())
    alpha = values[:, 3:]
    return torch.cat([values[:, :3] * alpha, alpha], 1)
