"""Clips and words as embeddings of our CLIP, whose dot products say how far they agree.

A probe that shares nothing with the generator (benchmarks/scene_probe.py) is the honest judge where a generator was
conditioned on this CLIP. Letters: N clips or texts in order, D embedding; T, H, W frames, rows and columns.
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
    """Unit embeddings (N, D) in the model's dtype of uint8 RGB clips (T, H, W, 3), each of any length and size."""
    size = model.config.vision_config.image_size
    packed = torch.cat([pack_frames(to_float(clip)[None], size) for clip in clips])
    return picture_features(model, packed.to(model.device, model.dtype))


@torch.no_grad()
def embed_texts(model: CLIPModel, tokenizer: CLIPTokenizer, texts: Sequence[str]) -> torch.Tensor:
    """Unit embeddings (N, D) of texts, in the model's dtype."""
    return text_features(model, tokenizer, texts)
