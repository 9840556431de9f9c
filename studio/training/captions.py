"""Captions to the frozen embeddings that generators are conditioned on: from the trained CLIP, or random slot codes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from transformers import CLIPTextModelWithProjection, CLIPTokenizer

from studio.captions.captions import captions, say_less
from studio.captions.lexicon import SLOTS
from studio.errors import CheckpointError
from studio.models.clip import EMBEDDING_SCALE

_WIDTH, _NOISE = 256, 0.3  # of the codes that stand in for embeddings, and of the noise in place of wording

Slots = dict[str, Tensor]


class CaptionEmbedder:
    """A caption for every scene, read by the CLIP text encoder in `folder`. Raises CheckpointError if there is none."""

    def __init__(self, folder: Path, device: torch.device | str = "cpu") -> None:
        if not (folder / "config.json").is_file():
            raise CheckpointError(f"{folder} holds no CLIP; train it first with: python -m studio.training clip")
        self.tokenizer = CLIPTokenizer.from_pretrained(folder, local_files_only=True)
        model = CLIPTextModelWithProjection.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
        self.model = model.eval().requires_grad_(False).to(device)

    @torch.no_grad()
    def read(self, texts: list[str]) -> Tensor:
        """(B, D) of length EMBEDDING_SCALE, float32."""
        window = self.model.config.max_position_embeddings
        tokens = self.tokenizer(texts, padding=True, truncation=True, max_length=window, return_tensors="pt")
        device = self.model.device
        with torch.autocast(device.type, torch.bfloat16, enabled=len(texts) > 1):
            embeds = self.model(
                input_ids=tokens["input_ids"].to(device), attention_mask=tokens["attention_mask"].to(device)
            ).text_embeds
        return torch.nn.functional.normalize(embeds.float(), dim=1) * EMBEDDING_SCALE

    def __call__(self, slots: Slots, rng: np.random.Generator) -> Tensor:
        """One freshly worded caption for each scene, embedded."""
        return self.read(captions(say_less(slots, rng), rng))


class SlotCodes:
    """Stands in for a text encoder where none is trained yet (dry runs, tests): a fixed random code for every value."""

    def __init__(self) -> None:
        source = torch.Generator().manual_seed(5)
        self.codes = {name: torch.randn(len(values), _WIDTH, generator=source) for name, values in SLOTS.items()}

    def __call__(self, slots: Slots, rng: np.random.Generator) -> Tensor:
        """(B, 256) of length EMBEDDING_SCALE: the values' codes and some noise in place of wording."""
        total = sum(self.codes[name][values] for name, values in slots.items())
        wording = torch.from_numpy(rng.standard_normal(tuple(total.shape), dtype=np.float32))
        return torch.nn.functional.normalize(total + _NOISE * wording, dim=1) * EMBEDDING_SCALE
