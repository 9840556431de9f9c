"""Agreement of clips with words, by our CLIP: recall at 1 among the clips or captions of one batch.

A probe that shares nothing with the generator is the honest judge where a generator was conditioned on this CLIP;
these functions take embeddings, so either can be measured. Letters: N clips and captions in order, D embedding.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from transformers import CLIPModel, CLIPTokenizer

from studio.tensors import to_float

FRAMES_PER_CLIP = 4
"""Frames, spread evenly over a clip, that CLIP's vision tower reads, stacked along the channels."""


def clip_input(frames: np.ndarray, size: int) -> torch.Tensor:
    """A uint8 clip (T, H, W, 3) as CLIP's vision tower reads it: (12, size, size) in -1..1. A picture is repeated."""
    picks = np.linspace(0, len(frames) - 1, FRAMES_PER_CLIP).round().astype(int)
    chosen = np.stack([cv2.resize(frames[i], (size, size), interpolation=cv2.INTER_AREA) for i in picks])
    return (to_float(chosen).reshape(3 * FRAMES_PER_CLIP, size, size) - 0.5) / 0.5


@torch.no_grad()
def embed_clips(model: CLIPModel, clips: Sequence[np.ndarray]) -> torch.Tensor:
    """Unit embeddings (N, D) of uint8 clips (T, H, W, 3), each of any size."""
    size = model.config.vision_config.image_size
    pixels = torch.stack([clip_input(clip, size) for clip in clips]).to(model.device, model.dtype)
    return torch.nn.functional.normalize(model.get_image_features(pixel_values=pixels).pooler_output.float(), dim=-1)


@torch.no_grad()
def embed_texts(model: CLIPModel, tokenizer: CLIPTokenizer, texts: Sequence[str]) -> torch.Tensor:
    """Unit embeddings (N, D) of texts."""
    tokens = tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt").to(model.device)
    return torch.nn.functional.normalize(model.get_text_features(**tokens).pooler_output.float(), dim=-1)


def recall_at_1(queries: torch.Tensor, answers: torch.Tensor) -> float:
    """Share of queries (N, D) whose nearest of ``answers`` (N, D) is the one of their own row, 0..1."""
    if queries.shape != answers.shape or queries.ndim != 2:
        raise ValueError(f"Queries and answers must both be (N, D), not {queries.shape} and {answers.shape}.")
    nearest = (queries @ answers.T).argmax(dim=1)
    return float((nearest == torch.arange(len(queries), device=nearest.device)).float().mean())
