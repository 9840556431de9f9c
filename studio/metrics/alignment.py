"""Agreement of clips with words, by our CLIP: recall at 1 among the clips or captions of one batch.

A probe that shares nothing with the generator is the honest judge where a generator was conditioned on this CLIP;
these functions take embeddings, so either can be measured. Letters: N clips and captions in order, D embedding.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from transformers import CLIPModel, CLIPTokenizer

from studio.models.clip import pack_frames, picture_features, text_features
from studio.tensors import to_float


@torch.no_grad()
def embed_clips(model: CLIPModel, clips: Sequence[np.ndarray]) -> torch.Tensor:
    """Unit embeddings (N, D) of uint8 clips (T, H, W, 3), each of any length and size."""
    size = model.config.vision_config.image_size
    packed = torch.cat([pack_frames(to_float(clip)[None], size) for clip in clips])
    return picture_features(model, packed.to(model.device, model.dtype))


@torch.no_grad()
def embed_texts(model: CLIPModel, tokenizer: CLIPTokenizer, texts: Sequence[str]) -> torch.Tensor:
    """Unit embeddings (N, D) of texts."""
    return text_features(model, tokenizer, texts)


def recall_at_1(queries: torch.Tensor, answers: torch.Tensor) -> float:
    """Share of queries (N, D) whose nearest of ``answers`` (N, D) is the one of their own row, 0..1."""
    if queries.shape != answers.shape or queries.ndim != 2:
        raise ValueError(f"Queries and answers must both be (N, D), not {queries.shape} and {answers.shape}.")
    nearest = (queries @ answers.T).argmax(dim=1)
    return float((nearest == torch.arange(len(queries), device=nearest.device)).float().mean())
