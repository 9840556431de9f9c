"""Clips and texts become unit vectors of one space."""

from __future__ import annotations

import numpy as np
import torch

from studio.metrics.alignment import embed_clips, embed_texts
from studio.models.clip import build_clip, train_tokenizer


def test_tiny_clip_gives_unit_embeddings_of_one_space() -> None:
    torch.manual_seed(0)
    tokenizer = train_tokenizer(["a red car", "a blue bird flies"] * 3, 560)
    model = build_clip(tokenizer, tiny=True).eval()
    rng = np.random.default_rng(0)
    clips = [rng.integers(0, 256, (count, 40, 60, 3), dtype=np.uint8) for count in (1, 5)]
    seen, read = embed_clips(model, clips), embed_texts(model, tokenizer, ["a red car", "a blue bird"])
    assert seen.shape == read.shape
    assert torch.allclose(torch.cat([seen, read]).norm(dim=1), torch.ones(4), atol=1e-5)
