"""The in-between generator: what the classical synthesis cannot know, learnt on top of it.

The classical path (studio/motion/between.py) offers four warped pictures and weights to mix them. This network sees
them at half resolution, corrects the weights (which surface is in front, which sample is torn) and adds a residual
where the four disagree. Both corrections stand behind gates and start nearly silent, and the residual fades out where
all warps agree: so training begins at the classical picture, and two identical frames give that frame exactly.
A second, tiny head reads words about timing ("slow start") and gives a monotone curve of time.

Condition by FiLM (Perez et al. 2018); fusion of warped candidates after Jiang et al., "Super SloMo" (2018), in our own
words; nothing learnt is taken from either.
Letters: B batch, h, w half of the frame's rows and columns, D width of the text embedding, Z dims of noise, P points
of a timing curve.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn
from torch.nn import functional as F

WARPS = 4
_INPUTS = 3 + 3 * WARPS + 2 + 4 + WARPS  # mean, deviations, disagreements, motions, log weights
_OUTPUTS = WARPS + 3
_WEIGHT_REACH = 4.0  # how far a unit of the network's output moves a log weight
_RESIDUAL_REACH = 0.25  # and a residual, of the range 0..1
_AGREEMENT = 8 / 255  # spread of the warps at which the residual has most of its strength


@dataclass(frozen=True)
class Correction:
    """weights (B, 4, h, w), positive, of sum 1; residual (B, 3, h, w) in -1..1 of the picture's range."""

    weights: Tensor
    residual: Tensor


class _Block(nn.Module):
    """Two 3x3 convolutions around a FiLM, added to the input. No normalisation: levels of light must survive."""

    def __init__(self, width: int, style: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.film = nn.Linear(style, 2 * width)
        nn.init.normal_(self.film.weight, 0.0, 0.02)
        nn.init.zeros_(self.film.bias)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        gain, shift = self.film(style)[..., None, None].chunk(2, 1)
        y = self.first(x) * (1 + gain).to(x.dtype) + shift.to(x.dtype)
        return x + self.second(F.leaky_relu(y, 0.1))


class TimingHead(nn.Module):
    """Words about timing (B, D) to a rising curve (B, P) from 0 to 1; even words give the straight line."""

    def __init__(self, text: int, points: int, hidden: int = 64) -> None:
        super().__init__()
        self.hidden = nn.Linear(text, hidden)
        self.out = nn.Linear(hidden, points - 1)
        nn.init.normal_(self.out.weight, 0.0, 0.02)
        nn.init.zeros_(self.out.bias)

    def forward(self, text_embeds: Tensor) -> Tensor:
        """The curve at even points in time, float32."""
        steps = torch.softmax(self.out(F.silu(self.hidden(text_embeds))).float(), 1)
        curve = F.pad(torch.cumsum(steps, 1), (1, 0))
        return curve / curve[:, -1:]


class InterpolationGenerator(ModelMixin, ConfigMixin):
    """Corrects the classical in-between picture; about 0.3 million parameters.

    Args:
        width: channels at a quarter of the frame's resolution; deep: at an eighth. blocks: of each.
        text: D. style: width of the FiLM vector. noise: Z, randomness for what nobody can know. timing_points: P.
        strength: a factor in 0..1 on both corrections, lowered after training if the full correction measured worse
            than the classical picture (0 = classical only). residual: a further factor in 0..1 on the residual alone.
    """

    @register_to_config
    def __init__(
        self,
        width: int = 40,
        deep: int = 64,
        blocks: int = 1,
        text: int = 256,
        style: int = 40,
        noise: int = 8,
        timing_points: int = 17,
        strength: float = 1.0,
        residual: float = 1.0,
    ) -> None:
        super().__init__()
        self.from_text = nn.Linear(text, style)
        self.from_moment = nn.Linear(3, style)
        self.from_noise = nn.Linear(noise, style, bias=False)
        self.mix = nn.Linear(style, style)
        self.enter = nn.Conv2d(4 * _INPUTS, width, 3, padding=1)
        self.down = nn.Conv2d(width, deep, 3, stride=2, padding=1)
        self.inner = nn.ModuleList(_Block(deep, style) for _ in range(2 * blocks))
        self.up = nn.Conv2d(deep, width, 1)
        self.outer = nn.ModuleList(_Block(width, style) for _ in range(blocks))
        self.out = nn.Conv2d(width, 4 * _OUTPUTS, 3, padding=1)
        with torch.no_grad():  # nearly silent at first; gates that start shut would stay shut
            self.out.weight.mul_(0.05)
            self.out.bias.zero_()
        self.gates = nn.Parameter(torch.ones(2))
        self.timing = TimingHead(text, timing_points)

    @classmethod
    def tiny(cls, **config: object) -> InterpolationGenerator:
        """The smallest sizes that work, for tests and dry runs; `config` overrides."""
        return cls(**{"width": 8, "deep": 8, "style": 8} | config)

    def forward(
        self,
        warps: Tensor,
        motions: Tensor,
        weights: Tensor,
        moment: Tensor,
        text_embeds: Tensor | None = None,
        noise: Tensor | None = None,
    ) -> Correction:
        """Corrects the mix of four warps.

        warps: (B, 12, h, w) in 0..1, the four pictures in the order of studio.motion.between; motions: (B, 4, h, w),
        both opinions in half pixels, x before y; weights: (B, 4, h, w), the classical ones, of sum 1; moment: (B,) in
        0..1; text_embeds: (B, D), None = no words; noise: (B, Z), None = zeros, the likeliest picture.
        """
        height, width = warps.shape[-2:]
        pictures = warps.unflatten(1, (WARPS, 3))
        logs = torch.log(weights.clamp(min=1e-4))
        x = self._features(pictures, motions, logs)
        if torch.is_autocast_enabled(x.device.type):  # at once: half the bytes to shuffle
            x = x.to(torch.get_autocast_dtype(x.device.type))
        if height % 2 or width % 2:
            x = F.pad(x, (0, width % 2, 0, height % 2), mode="replicate")
        x = F.pixel_unshuffle(x, 2)
        style = self._style(moment, text_embeds, noise)
        top = F.leaky_relu(self.enter(x), 0.1)
        y = F.leaky_relu(self.down(top), 0.1)
        for block in self.inner:
            y = block(y, style)
        y = F.interpolate(self.up(y), size=top.shape[-2:], mode="bilinear", align_corners=False) + top
        for block in self.outer:
            y = block(y, style)
        y = F.pixel_shuffle(self.out(y), 2)[..., :height, :width].float()
        push, residual = y.split((WARPS, 3), 1)
        gates = self.gates.float() * self.config.strength
        mixed = torch.softmax(logs.float() + gates[0] * _WEIGHT_REACH * push, 1)
        strength = gates[1] * self.config.residual
        if self.config.residual == 0 and not self.training:
            return Correction(mixed, torch.zeros_like(mixed[:, :3]))
        spread = (pictures.amax(1) - pictures.amin(1)).mean(1, keepdim=True)
        fade = (spread.float() / _AGREEMENT).clamp(0, 1)
        return Correction(mixed, strength * _RESIDUAL_REACH * torch.tanh(residual) * fade)

    def timing_curve(self, text_embeds: Tensor) -> Tensor:
        """Words (B, D) to curves (B, P): the share of the way that has been gone at even points in time."""
        return self.timing(text_embeds)

    def _features(self, pictures: Tensor, motions: Tensor, logs: Tensor) -> Tensor:
        """What the first convolution sees, each part at about unit variance: the warps hardly differ from one another,
        and fed as they are, their differences would drown in what they share."""
        mean = pictures.mean(1)
        deviations = (8 * (pictures - mean[:, None])).clamp(-4, 4)
        disagree = torch.stack([(deviations[:, i] - deviations[:, i + 1]).abs().mean(1) for i in (0, 2)], 1)
        first, second = motions.split(2, 1)
        apart = (first - second).clamp(-8, 8) / 2
        parts = [mean * 2 - 1, deviations.flatten(1, 2), disagree, (first + second) / 16, apart, logs / 4]
        return torch.cat(parts, 1)

    def _style(self, moment: Tensor, text_embeds: Tensor | None, noise: Tensor | None) -> Tensor:
        # The middle is the hardest place and both ends are alike: hence the two even terms beside the plain one.
        centred = moment.float()[:, None] * 2 - 1
        clock = torch.cat([centred, centred.square(), torch.cos(torch.pi * centred)], 1)
        style = self.from_moment(clock.to(self.from_moment.weight.dtype))
        if text_embeds is not None:
            style = style + self.from_text(text_embeds.to(style.dtype)) / 4
        if noise is not None:
            style = style + self.from_noise(noise.to(style.dtype)) / 4
        return self.mix(F.silu(style))
