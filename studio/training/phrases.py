"""Phrases as the generators hear them: what the small heads for courses and timings are trained on."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import CLIPModel, CLIPTokenizer

from studio.models.clip import text_features
from studio.training.objective import Context

SCALE = 16.0  # the length of an embedding, as the pipelines give it


class PhraseEncoder:
    """Phrases through the CLIP's text encoder, as the pipeline does it; random codes where nets are tiny."""

    def __init__(self, context: Context) -> None:
        self.tiny = context.tiny
        if not self.tiny:
            folder = context.checkpoints / "clip"
            self.model = CLIPModel.from_pretrained(folder, dtype=torch.float32).eval()
            self.tokenizer = CLIPTokenizer.from_pretrained(folder)

    @torch.no_grad()
    def embed(self, said: list[str]) -> Tensor:
        """(len(said), 256), each of length SCALE."""
        if self.tiny:
            return F.normalize(torch.randn(len(said), 256), dim=1) * SCALE
        return text_features(self.model, self.tokenizer, said).float() * SCALE
