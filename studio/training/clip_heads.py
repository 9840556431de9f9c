"""Readings of both towers' embeddings while they learn, and the losses between them; nothing here is exported.

Contrastive learning: Radford et al. 2021 (arXiv 2103.00020), with captions of one changed attribute as further columns
(Yuksekgonul et al. 2022, When and why vision-language models behave like bags-of-words, arXiv 2210.01936).

Letters: B pairs, N scenes, D joint width, K meanings.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.models.clip import EMBEDDING_SCALE, WIDTH


class CosineClassifier(nn.Module):
    """Logits of K meanings from embeddings (B, D) of length one: their cosines with K directions, sharpened.

    Directions of length one, because whoever uses the embeddings compares them by cosines too.
    """

    def __init__(self, meanings: int) -> None:
        super().__init__()
        self.directions = nn.Parameter(torch.randn(meanings, WIDTH))
        self.sharpness = nn.Parameter(torch.tensor(2.5))

    def forward(self, embeds: Tensor) -> Tensor:
        """Logits, float (B, K)."""
        return embeds @ F.normalize(self.directions, dim=1).T * self.sharpness.exp().clamp(max=40)


class Heads(nn.Module):
    """What an embedding says of every slot (linear) and of every other meaning (see CosineClassifier)."""

    def __init__(self, slots: Mapping[str, int], meanings: Mapping[str, int]) -> None:
        super().__init__()
        self.slots = nn.ModuleDict({name: nn.Linear(WIDTH, size) for name, size in slots.items()})
        self.meanings = nn.ModuleDict({name: CosineClassifier(size) for name, size in meanings.items()})

    def forward(self, name: str, embeds: Tensor) -> Tensor:
        """Logits, float (B, K), of the slot or meaning `name` from embeddings (B, D) of length one."""
        return self.slots[name](EMBEDDING_SCALE * embeds) if name in self.slots else self.meanings[name](embeds)


def contrastive(pictures: Tensor, texts: Tensor, groups: Tensor, scale: Tensor, others: Tensor | None = None) -> Tensor:
    """Symmetric cross entropy over all pairs of a batch (Radford et al., "CLIP", 2021), a scalar; entries of one group
    share the probability.

    Args:
        pictures, texts: (B, D) of length one. groups: (B,) equal numbers mean the same. scale: inverse temperature.
        others: (M, D), texts that belong to no picture of the batch: further wrong answers for every picture.
    """
    logits = scale * pictures @ texts.T
    same = (groups[:, None] == groups[None, :]).float()
    target = same / same.sum(1, keepdim=True)
    wide = logits if others is None else torch.cat([logits, scale * pictures @ others.T], 1)
    wide_target = target if others is None else F.pad(target, (0, len(others)))
    return 0.5 * (F.cross_entropy(wide, wide_target) + F.cross_entropy(logits.T, target))


def three_ways(embeds: Tensor, scale: Tensor) -> Tensor:
    """Contrast of embeddings, float (3 N, D) of length one: N scenes, N times the same in other words, N times with one
    attribute changed. A scalar.

    The two wordings must find one another among all other captions, the changed ones included.
    """
    one, same, changed = embeds.chunk(3)
    right = torch.arange(len(one), device=embeds.device)
    there = F.cross_entropy(scale * one @ torch.cat([same, changed]).T, right)
    back = F.cross_entropy(scale * same @ torch.cat([one, changed]).T, right)
    return 0.5 * (there + back)
