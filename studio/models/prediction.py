"""The prediction generator: what a forecast by motion alone cannot know, learnt on top of it.

Two parts. ``refine`` looks at every forecast frame, on a coarse grid, with all that is known about where it came from
(studio.motion.evidence): it shifts what would be early or late, weighs the forecast against a second opinion, against
the last frame as it stood and against itself out of focus, and gives colour to what comes to light. ``course`` reads
words ("pans left") as six numbers.

A still stays still to the last bit, and where the picture was merely moved its colours are only moved and mixed, so
that no light drifts, however far ahead. Opinions are mixed for the next few frames, where what counts is to be right;
further ahead a mixture would be a double image, and the shifted forecast alone goes on.

Condition by FiLM (Perez et al. 2018), adversarial as in Isola et al. 2017; nothing learnt is taken from either.
Letters: B batch, H, W rows and columns of the frame, u, v of the coarse grid, C channels of evidence, D width of the
text, S of the style, Z dims of noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn
from torch.nn import functional as F

from studio.models.blocks import convolution_dtype

VECTORS, MAPS = 4, 11
"""Vectors (two channels each) and maps that come first in the evidence, before nine channels of pictures."""

OPINIONS = 4
"""What is mixed: the forecast, a second opinion, the last frame, the forecast out of focus."""

FACTORS = ("shifting", "mixture", "invention")
"""What of the generator's say may be lowered after training, by name in its configuration."""

COURSE = ("pan_x", "pan_y", "zoom", "rotation", "speed_factor", "stop")
"""Frame heights, octaves, radians (clockwise) per second; how motion speeds up within a second; how far it stops."""

ALONE = 9
"""Frames ahead from which on the forecast goes on alone, without second opinions."""

_MIXED = 4.0  # frames ahead up to which opinions are mixed in full
_SOFTEST = 0.5  # of the share out of focus that is asked for: sharper pictures are worth the 0.05 to 0.1 dB they cost
_SHARES = (0.6, 0.22, 0.08, 0.1)  # of the opinions before anything is learnt
_LONGEST = 16.0  # frames: longer horizons than any in training are heard as this
_SHIFTED, _UNSHIFTED = 12.0, 28.0  # frames up to which the forecast is shifted in full, and from which on not at all
_REACH = 0.5  # largest correction of colour, of the range 0..1
_FURTHEST = 8.0  # cells: the largest shift that is not along one of the vectors
_MOST = 1.5  # times a vector: the largest shift along it


@dataclass(frozen=True)
class Refinement:
    """shift (B, 2, u, v) in cells, shares (B, 4, 2u, 2v) with sum 1, colour (B, 3, u, v) in -0.5..0.5, all float32.

    What they mean: see studio.motion.evidence.Correction.
    """

    shift: Tensor
    shares: Tensor
    colour: Tensor


class _Block(nn.Module):
    """Two 3x3 convolutions, the first moved by FiLM, added to the input."""

    def __init__(self, width: int, style: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.film = nn.Linear(style, 2 * width)
        nn.init.normal_(self.film.weight, 0.0, 0.02)
        nn.init.zeros_(self.film.bias)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        y = self.first(x)
        gain, shift = self.film(style)[..., None, None].chunk(2, 1)
        y = y * (1 + gain).to(y.dtype) + shift.to(y.dtype)
        return x + self.second(F.leaky_relu(y, 0.1))


def _upto(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)


class CourseHead(nn.Module):
    """Words (B, D) to a course (B, 6); starts at the course that changes nothing."""

    def __init__(self, text: int, hidden: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(text, hidden)
        self.out = nn.Linear(hidden, len(COURSE))
        nn.init.normal_(self.out.weight, 0.0, 0.01)
        nn.init.zeros_(self.out.bias)

    def forward(self, text_embeds: Tensor) -> Tensor:
        """Text embeddings (B, D) to courses (B, 6), float32, in the order and units of COURSE.

        The speed factor is above 0; the stop is in 0..1 where trained, but not clamped.
        """
        numbers = self.out(F.silu(self.hidden(text_embeds))).float()
        camera, speed, stop = numbers.split((4, 1, 1), 1)
        return torch.cat([camera, torch.exp(speed.clamp(-2, 2)), stop], 1)


class PredictionGenerator(ModelMixin, ConfigMixin):
    """The refining U-Net and the course head; about 0.7 million parameters.

    Args:
        width, deep, low: channels on the coarse grid, on half of it and on a quarter. blocks: residual blocks on the
            lowest. text: D. style: S. noise: Z.
        shifting, mixture, invention: factors in 0..1 on the shift, on the shares of other opinions and on the colour of
            new picture, each lowered after training if its full say measured worse than the classical forecast.
        strength: a factor on all three; 0 is the classical forecast.
    """

    @register_to_config
    def __init__(
        self,
        width: int = 32,
        deep: int = 64,
        low: int = 96,
        blocks: int = 3,
        text: int = 256,
        style: int = 48,
        noise: int = 8,
        strength: float = 1.0,
        shifting: float = 1.0,
        mixture: float = 1.0,
        invention: float = 1.0,
    ) -> None:
        super().__init__()
        self.from_text = nn.Linear(text, style)
        self.from_horizon = nn.Linear(2, style)
        self.from_noise = nn.Linear(noise, style, bias=False)
        # Words and noise say nothing until they are taught to: what was trained without them must not be shaken.
        for silent in (self.from_text.weight, self.from_text.bias, self.from_noise.weight):
            nn.init.zeros_(silent)
        self.mix = nn.Linear(style, style)
        self.enter = nn.Conv2d(3 * VECTORS + MAPS + 9, width, 3, padding=1)
        self.down = nn.Conv2d(width, deep, 3, stride=2, padding=1)
        self.middle = _Block(deep, style)
        self.lower = nn.Conv2d(deep, low, 3, stride=2, padding=1)
        self.inner = nn.ModuleList(_Block(low, style) for _ in range(blocks))
        self.rise = nn.Conv2d(low, deep, 1)
        self.joined = _Block(deep, style)
        self.up = nn.Conv2d(deep, width, 1)
        self.outer = _Block(width, style)
        self.out = nn.Conv2d(width, VECTORS + 5 + 4 * OPINIONS, 3, padding=1)
        nn.init.normal_(self.out.weight, 0.0, 0.003)
        nn.init.zeros_(self.out.bias)
        self.words = CourseHead(text, 2 * style)

    @classmethod
    def tiny(cls) -> PredictionGenerator:
        """The smallest one that still has every part, for tests and dry runs."""
        return cls(width=8, deep=8, low=8, blocks=1, style=8)

    def forward(
        self, told: Tensor, horizon: Tensor, text_embeds: Tensor | None = None, noise: Tensor | None = None
    ) -> tuple[Refinement, Tensor]:
        """Both parts at once: ``refine(...)`` and ``course(text_embeds)``, float32 (B, 6). Arguments as for
        ``refine``.
        """
        if text_embeds is None:
            text_embeds = told.new_zeros(len(told), self.config.text)
        return self.refine(told, horizon, text_embeds, noise), self.course(text_embeds)

    def refine(
        self, told: Tensor, horizon: Tensor, text_embeds: Tensor | None = None, noise: Tensor | None = None
    ) -> Refinement:
        """What is to be changed about a forecast, all float32: see ``Refinement``.

        told: floats (B, C, u, v) as studio.motion.evidence.tell; horizon: (B,) frames ahead; text_embeds: (B, D), None
        = no words; noise: (B, Z), None = zeros.
        """
        vectors = told[:, : 2 * VECTORS].float()
        x = torch.cat([_compressed(vectors), told[:, 2 * VECTORS :].float()], 1).clamp(-4, 4)
        x = x.to(convolution_dtype(self.enter))
        style = self._style(horizon, text_embeds, noise)
        top = F.leaky_relu(self.enter(x), 0.1)
        mid = self.middle(F.leaky_relu(self.down(top), 0.1), style)
        y = F.leaky_relu(self.lower(F.leaky_relu(mid, 0.1)), 0.1)
        for block in self.inner:
            y = block(y, style)
        y = self.joined(_upto(self.rise(y), mid) + mid, style)
        y = self.outer(_upto(self.up(y), top) + top, style)
        said = self.out(F.leaky_relu(y, 0.1)).float()
        along, free, colour, shares = said.split([VECTORS, 2, 3, 4 * OPINIONS], 1)
        along = _MOST * torch.tanh(along / _MOST)
        shift = (vectors.unflatten(1, (VECTORS, 2)) * along[:, :, None]).sum(1)
        shift = shift + _FURTHEST * torch.tanh(free / _FURTHEST)
        shares = F.pixel_shuffle(shares, 2)
        shares = torch.softmax(shares + _logarithms(_SHARES, shares.device), 1)
        near = ((ALONE - horizon.float()) / (ALONE - _MIXED)).clamp(0, 1).view(-1, 1, 1, 1)
        shifting, mixture, invention = (self.config.strength * self.config[name] for name in FACTORS)
        others = mixture * near * shares[:, 1:]
        others = torch.cat([others[:, :-1], _SOFTEST * others[:, -1:]], 1)
        shares = torch.cat([1 - others.sum(1, keepdim=True), others], 1)
        sure = ((_UNSHIFTED - horizon.float()) / (_UNSHIFTED - _SHIFTED)).clamp(0, 1).view(-1, 1, 1, 1)
        return Refinement(shifting * sure * shift, shares, invention * _REACH * torch.tanh(colour))

    def draw(self, opinions: Tensor, guides: Tensor, refinement: Refinement) -> Tensor:
        """The corrected frame (B, 3, H, W), float32, not clamped: studio.motion.evidence.put_together for training.

        opinions: float32 (B, 9, H, W) in 0..1, forecast, second opinion, last frame; guides: (B, 3, H, W) in 0..1,
        uncovered, outside, moved.
        """
        new = guides[:, :2].amax(1, keepdim=True)
        touch = torch.maximum(guides[:, 2:], new)
        forecast, second, last = opinions.chunk(3, 1)
        cells = forecast.new_tensor([size / cells / 2 for size, cells in zip(_size(forecast), _size(refinement.shift))])
        shift = _upto(refinement.shift * cells.view(1, 2, 1, 1), forecast) * touch
        made = _shifted(forecast, shift)
        soft = _upto(F.adaptive_avg_pool2d(forecast, refinement.shift.shape[-2:]), forecast)
        sofar = refinement.shares[:, :1]
        for position, other in enumerate((second, last, soft), start=1):
            share = refinement.shares[:, position : position + 1]
            sofar = sofar + share
            made = made + touch * _upto(share / sofar.clamp(min=1e-6), forecast) * (other - made)
        return made + new * _upto(refinement.colour, forecast)

    def course(self, text_embeds: Tensor) -> Tensor:
        """Words (B, D) to courses (B, 6), float32, see COURSE."""
        return self.words(text_embeds.to(self.from_text.weight.dtype))

    def _style(self, horizon: Tensor, text_embeds: Tensor | None, noise: Tensor | None) -> Tensor:
        horizon = horizon.to(self.from_horizon.weight.dtype).clamp(max=_LONGEST)
        style = self.from_horizon(torch.stack([torch.log1p(horizon) / 3, horizon / _LONGEST], 1))
        if text_embeds is not None:
            style = style + self.from_text(text_embeds.to(style.dtype))
        if noise is not None:
            style = style + self.from_noise(noise.to(style.dtype))
        return self.mix(F.silu(style))


def _logarithms(numbers: tuple[float, ...], device: torch.device) -> Tensor:
    """(1, N, 1, 1), float32; made on the device, for a copy to it would be waited for in every frame."""
    return torch.cat([torch.full((1, 1, 1, 1), number, device=device) for number in numbers], 1).log()


def _compressed(vectors: Tensor) -> Tensor:
    """Vectors (B, 2N, u, v) as directions times the logarithm of their length, and that logarithm, (B, 3N, u, v)."""
    pairs = vectors.unflatten(1, (-1, 2))
    length = torch.linalg.vector_norm(pairs, dim=2, keepdim=True)
    logarithm = torch.log1p(length)
    return torch.cat([(pairs * logarithm / length.clamp(min=1e-6)).flatten(1, 2), logarithm.flatten(1, 2)], 1)


def _shifted(picture: Tensor, shift: Tensor) -> Tensor:
    """``picture`` (B, 3, H, W) at each place plus ``shift`` (B, 2, H, W) pixels, edges repeated."""
    width, height = _size(picture)
    rows, columns = (torch.arange(side, device=picture.device, dtype=shift.dtype) for side in (height, width))
    x = (columns + shift[:, 0]) * (2 / max(1, width - 1)) - 1
    y = (rows[:, None] + shift[:, 1]) * (2 / max(1, height - 1)) - 1
    where = torch.stack([x, y], -1)
    return F.grid_sample(picture, where, mode="bilinear", padding_mode="border", align_corners=True)


def _size(x: Tensor) -> tuple[int, int]:
    """(columns, rows), as vectors are written."""
    return x.shape[-1], x.shape[-2]
