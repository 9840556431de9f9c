"""The restyling generator: one small conditional network for every look.

A picture is folded to half resolution (pixel unshuffle, Shi et al. 2016), meets its guides (studio/motion/guides.py),
goes down once more, through residual blocks without normalisation whose features the look modulates (FiLM, Perez et al.
2018), back up, through blocks at half resolution that draw the fine lines, and is unfolded. Gates, set by the look, let
source and flattened colours through. Trained against a patch discriminator (Isola et al. 2017), see the recipe.

Letters: B batch, H, W rows and columns (multiples of 4), h, w = H / 2, W / 2, D width of the joint text-picture space.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import nn

SHARP_GUIDES = 2
SOFT_GUIDES = 13
STRIDE = 4  # height and width must be multiples of this
_FOLDED = 4 * (3 + SHARP_GUIDES)
_SLOPE = 0.2


def _modulated(conv: nn.Conv2d, x: torch.Tensor, modulation: torch.Tensor) -> torch.Tensor:
    """FiLM on a convolution's result: conv(x) * (1 + gain) + shift, with gain and shift (B, C) each in `modulation`.

    For one picture without gradients the same is done to the weights instead, which spares two passes over the pixels.
    """
    gain, shift = modulation.chunk(2, dim=1)
    if len(x) == 1 and not torch.is_grad_enabled():
        weight = conv.weight * (1 + gain[0])[:, None, None, None]
        bias = conv.bias * (1 + gain[0]) + shift[0]
        return F.conv2d(x, weight, bias.to(weight.dtype), conv.stride, conv.padding)
    return conv(x) * (1 + gain[..., None, None]) + shift[..., None, None]


class _ModulatedBlock(nn.Module):
    """x + conv(lrelu(FiLM(conv(x)))), its second convolution modulated too; takes 4 * width modulations."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: torch.Tensor, modulation: torch.Tensor) -> torch.Tensor:
        first, second = modulation.chunk(2, dim=1)
        hidden = F.leaky_relu(_modulated(self.first, x, first), _SLOPE, inplace=True)
        return x + _modulated(self.second, hidden, second)


class RestyleGenerator(ModelMixin, ConfigMixin):
    """Pictures, guides and a look's embedding to pictures in that look.

    ``looks`` names the looks that it learnt, ``look_titles`` says them to people, and the buffer ``look_codes`` (L, D)
    holds their typical embeddings, all in one order; ``known_words`` are the words that the text encoder met with them.
    """

    @register_to_config
    def __init__(
        self,
        width: int = 32,
        wide: int = 64,
        deep_blocks: int = 3,
        fine_blocks: int = 2,
        condition: int = 256,
        mapping: int = 128,
        looks: Sequence[str] = (),
        look_titles: Sequence[str] = (),
        known_words: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self._modulations = [4 * wide] * deep_blocks + [4 * width] * fine_blocks + [2 * width, 2 * width, 6]
        self.modulate = nn.Sequential(
            nn.LayerNorm(condition),
            nn.Linear(condition, mapping),
            nn.SiLU(),
            nn.Linear(mapping, mapping),
            nn.SiLU(),
            nn.Linear(mapping, sum(self._modulations)),
        )
        self.enter = nn.Conv2d(_FOLDED + SOFT_GUIDES, width, 3, padding=1)
        self.down = nn.Conv2d(width, wide, 4, stride=2, padding=1)
        self.deep = nn.ModuleList(_ModulatedBlock(wide) for _ in range(deep_blocks))
        self.up = nn.Conv2d(wide, 4 * width, 3, padding=1)
        self.fine = nn.ModuleList(_ModulatedBlock(width) for _ in range(fine_blocks))
        self.leave = nn.Conv2d(width, 12, 3, padding=1)
        self.register_buffer("look_codes", torch.zeros(max(1, len(looks)), condition))
        with torch.no_grad():
            self.modulate[-1].weight.mul_(0.3)
            self.modulate[-1].bias.zero_()
            self.leave.weight.mul_(0.3)

    @classmethod
    def tiny(cls, **config: Any) -> RestyleGenerator:
        """The smallest net of the same kind, for tests and dry runs; `config` as for the class."""
        return cls(**{"width": 8, "wide": 8, "deep_blocks": 1, "fine_blocks": 1, "mapping": 16, **config})

    def forward(
        self, pictures: torch.Tensor, sharp: torch.Tensor, soft: torch.Tensor, condition: torch.Tensor
    ) -> torch.Tensor:
        """pictures (B, 3, H, W) in 0..1; sharp (B, 2, H, W) and soft (B, 13, h, w) guides; condition (B, D), about unit
        variance. Returns (B, 3, H, W), in 0..1 but for slight overshoots: clamp before showing."""
        *blocks, entry, exit_, gates = self.modulate(condition).split(self._modulations, dim=1)
        folded = F.pixel_unshuffle(torch.cat([pictures * 2 - 1, sharp], 1), 2)
        start = F.leaky_relu(_modulated(self.enter, torch.cat([folded, soft], 1), entry), _SLOPE)
        x = F.leaky_relu(self.down(start), _SLOPE)
        for block, modulation in zip(self.deep, blocks):
            x = block(x, modulation)
        x = F.pixel_shuffle(self.up(F.leaky_relu(x, _SLOPE)), 2) + start
        for block, modulation in zip(self.fine, blocks[len(self.deep) :]):
            x = block(x, modulation)
        gain, shift = exit_[..., None, None].chunk(2, dim=1)
        drawn = F.pixel_shuffle(self.leave(F.leaky_relu(x * (1 + gain) + shift, _SLOPE)), 2)
        source_gate, flat_gate = torch.sigmoid(gates)[..., None, None].chunk(2, dim=1)
        flat = F.interpolate(soft[:, :3], scale_factor=2, mode="bilinear", align_corners=False)
        return drawn + source_gate * pictures + (1 - source_gate) * flat_gate * flat
