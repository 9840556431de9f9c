"""The restyling generator: one small network for every look, whose kernels are mixed by the look.

In the field's words this is conditional video-to-video translation: an encoder, a change in the latent space that the
look decides, a decoder. A picture, its guides (studio/painting/guides.py) and the net's own last output, warped to
where things are now, are folded to half resolution; they go down once more, through residual blocks without
normalisation, back up and are unfolded (pixel shuffle, Shi et al. 2016). Every kernel is a mixture of a few experts
(conditionally parameterised convolutions, Yang et al. 2019) with weights, gains and shifts that the look's embedding
decides. The look stays the same through a clip, so the mixing is done once (`brush`), and each frame then passes
through a plain small net (`paint`): many looks, the cost of one.

Letters: B batch, H, W rows and columns (multiples of 4), h, w = H / 2, W / 2, D width of the joint text-picture space.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import nn

SHARP_GUIDES = 2
SOFT_GUIDES = 16
PAST = 4  # red, green, blue of the last output, warped here, and how far it can be trusted
STRIDE = 4  # height and width must be multiples of this
_SLOPE = 0.2
_TILES_SHUT = 2.0  # the tiles' gates before any training: an eighth; the source's are half open
_TILES_EAGER = 20.0  # how fast they open, beside the source's
_LOUD = 4.0  # a look's own direction, as the first layer hears it
_SPREAD = 3.0  # how far the mixtures of different looks lie apart before any training
_MOST_KEPT = 0.9  # of the last output; what is always partly drawn anew cannot drift


class Kernel(NamedTuple):
    """The weight (out, in, k, k) and bias (out,) of one convolution."""

    weight: torch.Tensor
    bias: torch.Tensor


@dataclass(frozen=True)
class Brush:
    """One look, ready to paint with: the kernels of every convolution by name, and the gates (6,), before their
    sigmoid, that let each colour of the source and of the tiles shine through."""

    kernels: dict[str, Kernel]
    gates: torch.Tensor

    def to(self, device: torch.device | str, dtype: torch.dtype = torch.float32) -> Brush:
        """The same brush elsewhere, laid out for fast convolutions."""
        kernels = {
            name: Kernel(
                weight.detach().to(device, dtype).contiguous(memory_format=torch.channels_last),
                bias.detach().to(device, dtype),
            )
            for name, (weight, bias) in self.kernels.items()
        }
        return Brush(kernels, self.gates.detach().to(device))


class _Mixed(nn.Module):
    """The experts of one convolution: weights (K, out, in, k, k) to be mixed; see `RestyleGenerator.brush`."""

    def __init__(self, inputs: int, outputs: int, size: int, experts: int, gain: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(
            torch.randn(experts, outputs, inputs, size, size) * (gain * math.sqrt(1.9 / (inputs * size * size)))
        )
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.asks = (experts, outputs, outputs)  # mixture, gains, shifts

    def mix(self, modulation: torch.Tensor) -> Kernel:
        """The kernel for a modulation of sum(asks) numbers."""
        mixture, gain, shift = modulation.split(self.asks)
        mixture = _SPREAD * mixture + len(mixture) ** -0.5
        weight = torch.einsum("k,koixy->oixy", mixture, self.weight.to(mixture.dtype))
        return Kernel(weight * (1 + torch.tanh(gain))[:, None, None, None], self.bias + shift)


class RestyleGenerator(ModelMixin, ConfigMixin):
    """Pictures, guides, the last output and a look's embedding to pictures in that look.

    ``looks`` names the looks that it learnt, ``look_titles`` says them to people, ``look_tilings`` names the tiling of
    studio/painting/tiling.py that each is guided by, and the buffer ``look_codes`` (L, D) holds their typical
    embeddings, all in one order. ``kin_styles`` are styles that it has no look for, ``kin_looks`` the looks that stand
    in for them and ``kin_codes`` their embeddings; ``known_words`` are the words that the text encoder met with all of
    them.
    """

    _keep_in_fp32_modules = ["modulate", "look_codes", "look_axes", "kin_codes"]
    """What decides the mixture: in 16 bits it would be a slightly other look."""

    @register_to_config
    def __init__(
        self,
        width: int = 32,
        wide: int = 64,
        deep_blocks: int = 2,
        fine_blocks: int = 1,
        experts: int = 8,
        condition: int = 256,
        mapping: int = 192,
        looks: Sequence[str] = (),
        look_titles: Sequence[str] = (),
        look_tilings: Sequence[str] = (),
        kin_styles: Sequence[str] = (),
        kin_looks: Sequence[str] = (),
        known_words: Sequence[str] = (),
    ) -> None:
        super().__init__()
        convolutions = {
            "enter": _Mixed(3 + SHARP_GUIDES + PAST, width, 2, experts, 0.8),
            "enter_soft": _Mixed(SOFT_GUIDES, width, 1, experts, 0.6),
            "first": _Mixed(width, width, 3, experts),
            "down": _Mixed(width, wide, 2, experts),
            "up": _Mixed(wide, 4 * width, 1, experts),
            "leave": _Mixed(width, 16, 3, experts, 0.3),
        }
        for kind, channels, count in (("deep", wide, deep_blocks), ("fine", width, fine_blocks)):
            for index in range(count):
                convolutions[f"{kind}{index}_look"] = _Mixed(channels, channels, 3, experts)
                convolutions[f"{kind}{index}_add"] = _Mixed(channels, channels, 1, experts, 0.5)
        self.convolutions = nn.ModuleDict(convolutions)
        self._asked = [sum(one.asks) for one in convolutions.values()] + [6]
        self.modulate = nn.Sequential(
            nn.Linear(max(1, len(looks)), mapping),
            nn.SiLU(),
            nn.Linear(mapping, mapping),
            nn.SiLU(),
            nn.Linear(mapping, sum(self._asked)),
        )
        self.register_buffer("look_codes", torch.zeros(max(1, len(looks)), condition))
        self.register_buffer("look_axes", torch.zeros(condition, max(1, len(looks))))
        self.register_buffer("kin_codes", torch.zeros(max(1, len(kin_styles)), condition))
        with torch.no_grad():
            self.modulate[-1].weight.mul_(0.5)
            self.modulate[-1].bias.zero_()

    def learn_codes(self, looks: torch.Tensor, kin: torch.Tensor | None = None) -> None:
        """Set the embeddings, floats (L, D), that stand for the looks, and those of `kin_styles`, one row for each.

        Embeddings of texts resemble each other; along the axes kept here (the pseudo-inverse of the codes) each look is
        a direction of its own, and what lies between two looks lies between two directions.
        """
        self.look_codes.copy_(looks)
        self.look_axes.copy_(torch.linalg.pinv(looks.float()))
        if kin is not None:
            self.kin_codes.copy_(kin)

    @classmethod
    def tiny(cls, **config: Any) -> RestyleGenerator:
        """The smallest net of the same kind, for tests and dry runs; `config` as for the class."""
        small = {"width": 8, "wide": 8, "deep_blocks": 1, "fine_blocks": 1, "experts": 2, "mapping": 16}
        return cls(**{**small, **config})

    def brush(self, condition: torch.Tensor) -> Brush:
        """The brush of one look, float32: condition (1, D) or (D,), an embedding of about unit variance."""
        shares = condition.reshape(1, -1).to(self.look_axes.dtype) @ self.look_axes
        *asked, gates = self.modulate(_LOUD * shares)[0].split(self._asked)
        return Brush({name: one.mix(ask) for (name, one), ask in zip(self.convolutions.items(), asked)}, gates)

    def paint(
        self,
        pictures: torch.Tensor,
        sharp: torch.Tensor,
        soft: torch.Tensor,
        past: torch.Tensor,
        brush: Brush,
        tiled: bool | None = None,
    ) -> torch.Tensor:
        """pictures (B, 3, H, W) in 0..1; sharp (B, 2, H, W) and soft (B, 16, h, w) guides; past (B, 4, H, W): the last
        output in 0..1 where it lies now, and how far it can be trusted, 0..1 (all zero: there is none); tiled: whether
        there are any tiles among the soft guides, None to look, for which a GPU would have to be waited for.

        Everything given is float32; so is what is returned, (B, 3, H, W), in 0..1 but for slight overshoots: clamp
        before showing.
        """
        kernels = brush.kernels
        trust = past[:, 3:]
        fine = [pictures * 2 - 1, sharp, past[:, :3] * trust, trust]
        dtype = kernels["enter"].weight.dtype
        seen = F.conv2d(torch.cat([part.to(dtype) for part in fine], 1), *kernels["enter"], stride=2)
        # The layout is said because a 1 x 1 convolution would keep the planar one and make every sum after it slow.
        maps = soft.to(dtype, memory_format=torch.channels_last)
        seen = _lit(seen.add_(F.conv2d(maps, *kernels["enter_soft"])))
        start = _lit(F.conv2d(seen, *kernels["first"], padding=1))
        x = _lit(F.conv2d(start, *kernels["down"], stride=2))
        x = _lit(self._blocks("deep", self.config.deep_blocks, x, kernels))
        x = F.pixel_shuffle(F.conv2d(x, *kernels["up"]), 2).add_(start)
        x = _lit(self._blocks("fine", self.config.fine_blocks, x, kernels))
        drawn = F.pixel_shuffle(F.conv2d(x, *kernels["leave"], padding=1), 2).float()
        source_gate, tile_gate = brush.gates[None, :, None, None].chunk(2, dim=1)
        painted = torch.addcmul(drawn[:, :3], pictures, torch.sigmoid(source_gate))
        if soft[:, -3:].any() if tiled is None else tiled:
            # Only what tiles differ by from the colours around: their borders, which are the hardest to draw.
            crisp = F.interpolate(soft[:, -3:] - soft[:, :3], scale_factor=2, mode="nearest")
            painted = torch.addcmul(painted, crisp, torch.sigmoid(_TILES_EAGER * tile_gate - _TILES_SHUT))
        keep = torch.sigmoid(drawn[:, 3:] - 1) * trust * _MOST_KEPT
        return torch.lerp(painted, past[:, :3], keep)

    def forward(
        self,
        pictures: torch.Tensor,
        sharp: torch.Tensor,
        soft: torch.Tensor,
        past: torch.Tensor,
        condition: torch.Tensor,
    ) -> torch.Tensor:
        """As `paint`, float32 (B, 3, H, W), each picture in a look of its own: condition float32 (B, D)."""
        rows = zip(pictures, sharp, soft, past, condition, strict=True)
        return torch.cat([self.paint(*(part[None] for part in parts), self.brush(look)) for *parts, look in rows])

    @staticmethod
    def _blocks(kind: str, count: int, x: torch.Tensor, kernels: dict[str, Kernel]) -> torch.Tensor:
        """Residual blocks: look around (3 x 3, each wider than the last), add what was found (1 x 1)."""
        for index in range(count):
            reach = index + 1
            found = _lit(F.conv2d(x, *kernels[f"{kind}{index}_look"], padding=reach, dilation=reach))
            x = F.conv2d(found, *kernels[f"{kind}{index}_add"]).add_(x)
        return x


def _lit(x: torch.Tensor) -> torch.Tensor:
    return F.leaky_relu(x, _SLOPE, inplace=True)
