"""The reader of scenes, taught on the frozen text encoder that it will serve with: phase `reader` of text_to_video.

The CLIP's recipe already trains a reader together with its text tower (phase `words`); where that run lies beside this
one, its reader goes on from there, and otherwise a fresh one begins. Letters: B captions, L words, D text width.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import CLIPTextModelWithProjection, CLIPTokenizer

from studio.captions.lexicon import SLOTS
from studio.errors import CheckpointError
from studio.models.clip import tokens_of
from studio.models.scene_reader import SceneReader
from studio.models.text_to_video import TextToVideoGenerator
from studio.training.adversary import fast
from studio.training.clip_texts import scene_texts
from studio.training.losses import cosine_rate, set_rate
from studio.training.objective import Context, Losses, Objective
from studio.training.state import load_average

logger = logging.getLogger(__name__)

States = Callable[[list[str]], tuple[Tensor, Tensor]]
"""Texts to hidden states (B, L, D) and their mask (B, L)."""


class TextStates:
    """The CLIP text encoder's last hidden states. Raises CheckpointError if `folder` holds no CLIP."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        if not (folder / "config.json").is_file():
            raise CheckpointError(f"{folder} holds no CLIP; train it first with: python -m studio.training clip")
        self.tokenizer = CLIPTokenizer.from_pretrained(folder, local_files_only=True)
        model = CLIPTextModelWithProjection.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
        self.model, self.device = model.eval().requires_grad_(False).to(device), device

    @torch.no_grad()
    def __call__(self, texts: list[str]) -> tuple[Tensor, Tensor]:
        """See States; float32."""
        tokens = {name: values.to(self.device) for name, values in tokens_of(self.tokenizer, texts).items()}
        with fast(self.device):
            hidden = self.model(**tokens).last_hidden_state
        return hidden.float(), tokens["attention_mask"]


class WordCodes:
    """Stands in for a text encoder where none is trained yet (dry runs, tests): a fixed random code for every word."""

    width = 256

    def __call__(self, texts: list[str]) -> tuple[Tensor, Tensor]:
        """See States."""
        rows = [[self._code(word) for word in text.split()] for text in texts]
        length = max(len(row) for row in rows)
        mask = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in rows])
        blank = torch.zeros(self.width)
        return torch.stack([torch.stack(row + [blank] * (length - len(row))) for row in rows]), mask

    def _code(self, word: str) -> Tensor:
        return torch.randn(self.width, generator=torch.Generator().manual_seed(zlib.crc32(word.encode())))


class ReaderObjective(Objective):
    """Cross entropy of every slot on fresh captions, some of them with meaningless words in between."""

    ema = ("reader",)
    ema_decay = 0.99
    rate = 1e-3

    def __init__(self, generator: TextToVideoGenerator, context: Context) -> None:
        self.context, self.scenes = context, 2 if context.tiny else 24
        self.states: States = WordCodes() if context.tiny else TextStates(context.checkpoints / "clip", context.device)
        self.net: SceneReader = generator.reader.to(context.device)
        together = context.run.parent / "clip" / "words"
        if not context.tiny and (together / "state.json").is_file():
            load_average(together, "reader", self.net)
            logger.info("the reader goes on from %s", together)
            self.rate = 2e-4
        maker = torch.optim.AdamW(self.net.parameters(), self.rate, betas=(0.9, 0.98), weight_decay=1e-3)
        super().__init__({"reader": self.net}, {"maker": maker})

    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        """See Objective."""
        said = scene_texts(self.scenes, rng)
        hidden, mask = self.states(said.phrases)
        set_rate(self.optimisers["maker"], self.rate * cosine_rate(step, self.context.steps))
        logits = self.net(hidden, mask)
        reading = [F.cross_entropy(logits[name], said.labels[name].to(hidden.device)) for name in SLOTS]
        right = [(logits[name].argmax(1).cpu() == said.labels[name]).float().mean() for name in SLOTS]
        yield "maker", torch.stack(reading).sum(), {"right": float(torch.stack(right).mean())}
