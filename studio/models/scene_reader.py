"""Reads a scene out of a sentence: the hidden states of the CLIP text encoder to chances of every slot's values.

One learned query for each slot attends to the words (the transformer decoder of Vaswani et al. 2017, with slot queries
in the manner of DETR, Carion et al. 2020): "a red dog chases a blue ball" has two nouns and two colours, and which
belongs to which is written in single words' states, not in the pooled embedding. The queries also attend to one
another: a relation wants two subjects. Generators are given nothing but these chances, so what is reported as
understood is what is drawn. Nothing learnt is taken from anywhere.

Letters: B sentences, L words, D their width, N slots, S width inside.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class _Attention(nn.Module):
    """Multi-head attention of S-wide queries to S-wide sources."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.sources = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, queries: Tensor, sources: Tensor, seen: Tensor | None = None) -> Tensor:
        """(B, N, S), (B, L, S), optionally (B, L) which sources count: (B, N, S)."""
        query = self.query(queries).unflatten(2, (self.heads, -1)).transpose(1, 2)
        key, value = self.sources(sources).unflatten(2, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mask = None if seen is None else seen[:, None, None].bool()
        mixed = F.scaled_dot_product_attention(query, key, value, mask)
        return self.out(mixed.transpose(1, 2).flatten(2))


class _Layer(nn.Module):
    """A transformer decoder layer with pre-norm: attention to the words, self-attention, two-layer perceptron."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.words = _Attention(width, heads)
        self.others = _Attention(width, heads)
        self.thought = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, queries: Tensor, words: Tensor, mask: Tensor) -> Tensor:
        queries = queries + self.words(self.norms[0](queries), words, mask)
        normed = self.norms[1](queries)
        queries = queries + self.others(normed, normed)
        return queries + self.thought(self.norms[2](queries))


class SceneReader(nn.Module):
    """Hidden states of a sentence to logits of every slot.

    Args:
        text: D. slots: slot name -> number of values. width: S. layers, heads: sizes of the decoder.
    """

    def __init__(
        self, text: int, slots: Mapping[str, int], width: int = 160, layers: int = 2, heads: int = 4
    ) -> None:
        super().__init__()
        self.words = nn.Sequential(nn.LayerNorm(text), nn.Linear(text, width))
        self.queries = nn.Parameter(torch.randn(len(slots), width))
        self.layers = nn.ModuleList(_Layer(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.heads = nn.ModuleDict({name: nn.Linear(width, count) for name, count in slots.items()})

    def forward(self, hidden: Tensor, mask: Tensor) -> dict[str, Tensor]:
        """Slot name -> logits (B, values), floats of the net's dtype.

        Args:
            hidden: floats (B, L, D), the text encoder's last hidden states. mask: integers or bool (B, L), 1 for words,
                0 for padding.
        """
        words = self.words(hidden)
        queries = self.queries.to(words.dtype).expand(len(hidden), -1, -1)
        for layer in self.layers:
            queries = layer(queries, words, mask)
        read = self.norm(queries)
        return {name: head(read[:, index]) for index, (name, head) in enumerate(self.heads.items())}

    def chances(self, hidden: Tensor, mask: Tensor) -> dict[str, Tensor]:
        """Slot name -> probabilities (B, values), float32. Arguments as for ``forward``."""
        return {name: logits.float().softmax(1) for name, logits in self(hidden, mask).items()}
