"""Phrases as the generators hear them: what the small heads for courses and timings are trained on."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import CLIPModel, CLIPTokenizer

from studio.captions.captions import timing_phrase
from studio.models.clip import EMBEDDING_SCALE, text_features
from studio.training.objective import Context

SCALE = EMBEDDING_SCALE  # the name by which the heads' recipes know it

#: Further wordings of timings, beside those of the world's own table.
MORE_TIMINGS: dict[str, tuple[str, ...]] = {
    "steady": ("at one speed", "no easing", "equally fast all the time", "plain", "uniform", "regular", "constant"),
    "slow_start": ("slowly at the beginning", "begins slowly", "speeds up", "gets faster", "faster and faster",
                   "gathers pace", "a slow beginning", "accelerate"),
    "slow_end": ("slowly at the end", "finishes slowly", "gets slower", "slower and slower", "brakes", "slows down",
                 "a slow finish", "loses speed", "coming to rest", "decelerate"),
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


_PICTURES = ("picture", "image", "photo", "frame", "keyframe", "photograph", "shot")
_STAYING = (
    "linger on {}", "lingers on {}", "linger longer on {}", "stay on {}", "stay longer on {}", "stays on {}",
    "hold {}", "hold on {}", "holds {} for a while", "keep {}", "keep {} for longer", "keeps {} longer",
    "dwell on {}", "rest on {}", "rests on {}", "{} should stay longer", "take your time with {}",
    "pause on {}", "pauses on {}", "wait on {}", "waits at {}", "remain on {}", "spend more time on {}",
    "show {} for longer", "more time for {}", "stop on {}", "freeze on {}", "give {} more time", "let {} stand",
)  # fmt: skip
_FIRST = ("the first {}", "the opening {}", "the {} at the beginning", "the beginning", "the start", "the initial {}")
_LAST = ("the last {}", "the final {}", "the {} at the end", "the end", "the ending", "the closing {}", "the last {}")
_SLOWLY = ("slowly", "gently", "softly", "slow", "calmly", "carefully", "gradually")
_STARTING = ("start {}", "starts {}", "begin {}", "begins {}", "set off {}", "leave {}", "take off {}", "starting {}",
             "begin {} then speed up", "{} at first", "{} at the start", "{} in the beginning")  # fmt: skip
_ENDING = ("end {}", "ends {}", "finish {}", "stop {}", "stops {}", "arrive {}", "land {}", "come to rest {}",
           "ending {}", "{} at the end", "{} towards the end", "slow down and stop {}")  # fmt: skip
_MIDDLE = ("in the middle", "halfway", "midway", "at the midpoint", "half way through", "between the two pictures")
_WAITING = ("linger {}", "lingers {}", "pause {}", "pauses {}", "wait {}", "rest {}", "slow down {}", "stop {}",
            "hesitate {}", "hover {}", "dwell {}", "stay {}")  # fmt: skip
_RUSHING = ("fast {}", "quick {}", "rush {}", "jump {}", "change suddenly {}", "hurry {}", "snap over {}", "flip {}")
_EVEN = ("constant", "steady", "even", "uniform", "regular", "unchanging")

#: Further ways to say a timing, put together of parts: (sentences, what they are filled with).
_COMPOSED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "steady": (("keep a {} speed", "at a {} pace", "{} speed", "{} motion throughout", "a {} rate"), _EVEN),
    "slow_start": (_STARTING, _SLOWLY),
    "slow_end": (_ENDING, _SLOWLY),
    "slow_both": (("start and end {}", "begin and finish {}", "{} at both ends", "{} at the start and at the end",
                   "leave {} and arrive {}", "{} start and {} end"), _SLOWLY),
    "quick_middle": (_RUSHING, _MIDDLE),
    "slow_middle": (_WAITING, _MIDDLE),
    "linger_first": (_STAYING, _FIRST),
    "linger_last": (_STAYING, _LAST),
}  # fmt: skip

_SHOWN = ("a cat", "a dog", "two people", "a house", "the sea", "a red car", "children", "a flower", "a second dog",
          "the first snow", "the last train", "a woman", "a man with a hat", "mountains", "a street at night", "a bird",
          "the end of the road", "the middle of a lake", "a slow river", "a fast horse", "a still life", "an old photo",
          "the second floor", "a picture frame", "my brother", "a boat", "trees", "the moon", "a table",
          "food")  # fmt: skip
_SHOWING = ("{}", "{} at the beach", "{} in the city", "from {} to {}", "{} becomes {}", "the first picture is {}",
            "the first image shows {}", "the last image shows {}", "a photo of {}", "{} turns into {}", "{} and {}",
            "morph {} into {}", "{}, cinematic", "show me {}", "in the last picture there is {}",
            "the last picture is {}", "my last photo of {}", "my first photo", "my last photo", "the first picture",
            "the last picture")  # fmt: skip


def say_timing(kind: str, rng: np.random.Generator) -> str:
    """One way to say a timing: one of the world's own phrases, one of MORE_TIMINGS, or one put together of parts."""
    chance = rng.random()
    if chance < 0.3:
        return _one_of(MORE_TIMINGS[kind], rng)
    if chance < 0.65:
        sentences, parts = _COMPOSED[kind]
        said = _one_of(sentences, rng)
        part = _one_of(parts, rng)
        return said.format(*[part] * said.count("{}")).format(_one_of(_PICTURES, rng))
    return timing_phrase(kind, rng)


def say_nothing_of_timing(rng: np.random.Generator) -> str:
    """What people write about their pictures, which must leave time as it is."""
    said = _one_of(_SHOWING, rng)
    return said.format(*(_one_of(_SHOWN, rng) for _ in range(said.count("{}"))))


def _one_of(options: tuple[str, ...], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]


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
        """Embeddings float32 (len(said), 256), each of length EMBEDDING_SCALE; the phrases stay in ``said``."""
        self.said = said
        if self.tiny:
            return F.normalize(torch.randn(len(said), 256), dim=1) * EMBEDDING_SCALE
        return text_features(self.model, self.tokenizer, said).float() * EMBEDDING_SCALE
