"""Phrases as the generators hear them: what the small heads for courses and timings are trained on."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import CLIPModel, CLIPTokenizer

from studio.models.clip import text_features
from studio.training.objective import Context
from studio.worlds.captions import timing_phrase

SCALE = 16.0  # the length of an embedding, as the pipelines give it

#: Further wordings of timings, beside those of the world's own table.
MORE_TIMINGS: dict[str, tuple[str, ...]] = {
    "steady": ("at one speed", "no easing", "equally fast all the time", "plain", "uniform", "regular", "constant"),
    "slow_start": ("slowly at the beginning", "begins slowly", "speeds up", "gets faster", "faster and faster",
                   "gathers pace", "a slow beginning"),
    "slow_end": ("slowly at the end", "finishes slowly", "gets slower", "slower and slower", "brakes", "slows down",
                 "a slow finish", "loses speed", "coming to rest"),
    "slow_both": ("ease both ends", "a soft start and a soft end", "soft", "eased", "s curve", "gradual", "tender",
                  "smoothly", "gently", "slow at both ends"),
    "quick_middle": ("all at once in the middle", "a jump in the middle", "fast halfway", "sudden", "snap",
                     "most of it in the middle", "flips halfway", "quickly in the middle"),
    "slow_middle": ("slow halfway", "stays halfway for a while", "a pause in the middle", "dwells in the middle",
                    "nearly stops in the middle", "takes its time in the middle"),
    "linger_first": ("keeps the first picture for long", "dwells on the first frame", "stays on the first picture",
                     "a late change", "at the last moment", "waits before it starts", "hesitates at first"),
    "linger_last": ("keeps the last picture for long", "dwells on the last frame", "stays on the last picture",
                    "an early change", "right away", "at once", "done early", "rushes to the end"),
}


def say_timing(kind: str, rng: np.random.Generator) -> str:
    """One way to say a timing: one of the world's own phrases, or one of MORE_TIMINGS."""
    more = MORE_TIMINGS[kind]
    return more[int(rng.integers(len(more)))] if rng.random() < 0.4 else timing_phrase(kind, rng)


class PhraseEncoder:
    """Phrases through the CLIP's text encoder, as the pipeline does it; random codes where nets are tiny."""

    def __init__(self, context: Context) -> None:
        self.tiny = context.tiny
        self.said: list[str] = []
        if not self.tiny:
            folder = context.checkpoints / "clip"
            self.model = CLIPModel.from_pretrained(folder, dtype=torch.float32).eval()
            self.tokenizer = CLIPTokenizer.from_pretrained(folder)

    @torch.no_grad()
    def embed(self, said: list[str]) -> Tensor:
        """(len(said), 256), each of length SCALE; the phrases stay in ``said``."""
        self.said = said
        if self.tiny:
            return F.normalize(torch.randn(len(said), 256), dim=1) * SCALE
        return text_features(self.model, self.tokenizer, said).float() * SCALE
