"""The recipe of the CLIP that all four generators share.

Scenes, looks, courses and timings are learnt in one contrastive batch (Radford et al. 2021) in which every pair of the
same meaning counts as right. Linear heads on both towers' embeddings name the slots as well; they make small towers
learn the attributes within minutes, and are not exported.

Letters: B pairs, D joint width.
"""

from __future__ import annotations

import logging
import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import CLIPModel, CLIPTokenizer

from studio.models.clip import WIDTH, build_clip, pack_frames, picture_features, text_features, train_tokenizer
from studio.tensors import to_uint8
from studio.training.clip_batches import (
    COURSE_NAMES,
    LOOK_NAMES,
    TIMING_NAMES,
    CameraPairs,
    LookPairs,
    Pairs,
    ScenePairs,
    all_phrases,
    read_photos,
)
from studio.training.clip_card import load_average, measure, retrieval, write_card
from studio.training.objective import Context, Losses, Objective, Phase, Recipe
from studio.worlds.captions import captions, sample_slots
from studio.worlds.lexicon import SLOTS

logger = logging.getLogger(__name__)

SCENES, LOOKS, COURSES, TIMINGS, EXTRA = 40, 12, 12, 8, 128  # pairs of each kind per step, and captions without a clip
SIGHT_SIZES = (64, 12, 12, 8, 0)  # the same when only the picture tower learns
LEARNING_RATE, WARM_UP = 1.0e-3, 60
HEADS = {name: len(values) for name, values in SLOTS.items()} | {
    "look": len(LOOK_NAMES), "course": len(COURSE_NAMES), "timing": len(TIMING_NAMES)}
EMBEDDING_SCALE = 16.0  # as the generators see embeddings


class Heads(nn.Module):
    """Linear readings of an embedding: one row of logits per slot."""

    def __init__(self) -> None:
        super().__init__()
        self.text = nn.ModuleDict({name: nn.Linear(WIDTH, size) for name, size in HEADS.items()})
        self.picture = nn.ModuleDict({name: nn.Linear(WIDTH, size) for name, size in HEADS.items()})


def contrastive(pictures: Tensor, texts: Tensor, groups: Tensor, scale: Tensor) -> Tensor:
    """Symmetric cross entropy over all pairs of a batch; entries of one group share the probability.

    Args:
        pictures, texts: (B, D) of length one. groups: (B,) equal numbers mean the same. scale: inverse temperature.
    """
    logits = scale * pictures @ texts.T
    same = (groups[:, None] == groups[None, :]).float()
    target = same / same.sum(1, keepdim=True)
    return 0.5 * (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target))


def join(batches: list[Pairs]) -> tuple[Tensor, list[str], Tensor]:
    """Clips, phrases and groups of several kinds as one batch; groups of different kinds never meet."""
    clips = torch.cat([pairs.clips for pairs in batches])
    groups = torch.cat([pairs.groups + 1000 * index for index, pairs in enumerate(batches)])
    return clips, [phrase for pairs in batches for phrase in pairs.phrases], groups


def run_tokenizer(context: Context) -> CLIPTokenizer:
    """The tokenizer of a run: learnt once and kept in its folder, because the weights belong to these very pieces."""
    folder = context.run / "tokenizer"
    if (folder / "tokenizer.json").is_file():
        return CLIPTokenizer.from_pretrained(folder, local_files_only=True)
    texts = all_phrases(400 if context.tiny else 24000, np.random.default_rng((context.seed, 5)))
    tokenizer = train_tokenizer(texts)
    tokenizer.save_pretrained(folder)
    return tokenizer


class ClipObjective(Objective):
    """Both towers and the heads, one optimiser, one loss."""

    ema = ("clip",)
    ema_decay = 0.99
    clip_norm = 1.0

    def __init__(self, context: Context) -> None:
        self.context = context
        torch.manual_seed(context.seed)
        self.tokenizer = run_tokenizer(context)
        self.device = context.device
        clip, heads = build_clip(self.tokenizer, context.tiny).to(self.device), Heads().to(self.device)
        parameters = [*clip.parameters(), *heads.parameters()]
        optimiser = torch.optim.AdamW(parameters, LEARNING_RATE, betas=(0.9, 0.98), weight_decay=0.02)
        super().__init__({"clip": clip, "heads": heads}, {"clip": optimiser})
        photos = read_photos(context.data and context.data / "train" / "photos", 4 if context.tiny else 80)
        self.scenes = ScenePairs(context.seed, context.tiny)
        self.looks = LookPairs(photos, context.seed, *((1, (64, 80)) if context.tiny else (32,)))
        self.camera = CameraPairs(photos, self.scenes, context.seed)
        self.sizes = (4, 2, 2, 2, 4) if context.tiny else (SCENES, LOOKS, COURSES, TIMINGS, EXTRA)

    def _draw(self, step: int, rng: np.random.Generator) -> list[Pairs]:
        scenes, looks, courses, timings, _ = self.sizes
        return [self.scenes.draw(scenes, step, rng), self.looks.draw(looks, rng),
                self.camera.courses(courses, rng), self.camera.timings(timings, rng)]

    def _set_rate(self, step: int) -> None:
        share = step / max(1, self.context.steps)
        rate = LEARNING_RATE * min(1.0, (step + 1) / WARM_UP) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))
        for group in self.optimisers["clip"].param_groups:
            group["lr"] = rate

    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        self._set_rate(step)
        batches = self._draw(step, rng)
        clips, phrases, groups = join(batches)
        more = sample_slots(self.sizes[-1], rng)
        phrases = phrases + captions(more, rng)
        with torch.autocast(self.device.type, torch.bfloat16):
            clip: CLIPModel = self.nets["clip"]
            texts = text_features(clip, self.tokenizer, phrases)
            pictures = picture_features(clip, pack_frames(clips.to(self.device)))
        count = len(groups)
        scale = clip.logit_scale.exp().clamp(max=60)
        pairing = contrastive(pictures, texts[:count], groups.to(self.device), scale)
        naming, seeing, figures = self._heads(pictures, texts, batches, more)
        figures["pairing"] = pairing.item()
        yield "clip", pairing + 0.5 * naming + 0.5 * seeing, figures

    def _heads(
        self, pictures: Tensor, texts: Tensor, batches: list[Pairs], more: dict[str, Tensor]
    ) -> tuple[Tensor, Tensor, dict[str, float]]:
        """(cross entropy of the slots from texts, the same from pictures, accuracies)."""
        heads: Heads = self.nets["heads"]
        naming = seeing = torch.zeros((), device=self.device)
        figures: dict[str, float] = {}
        first, after = 0, len(pictures)
        for pairs in batches:
            rows = slice(first, first + len(pairs.groups))
            first = rows.stop
            for name, labels in pairs.labels.items():
                said, seen = texts[rows], labels
                if name in more:  # scenes: the captions without a clip as well
                    said, seen = torch.cat([said, texts[after:]]), torch.cat([labels, more[name]])
                said_logits = heads.text[name](EMBEDDING_SCALE * said)
                seen_logits = heads.picture[name](EMBEDDING_SCALE * pictures[rows])
                naming = naming + F.cross_entropy(said_logits, seen.to(self.device))
                seeing = seeing + F.cross_entropy(seen_logits, labels.to(self.device))
                figures[f"text/{name}"] = (said_logits.argmax(1).cpu() == seen).float().mean().item()
                figures[f"clip/{name}"] = (seen_logits.argmax(1).cpu() == labels).float().mean().item()
        return naming, seeing, figures | {"naming": naming.item(), "seeing": seeing.item()}

    def sheet(self) -> np.ndarray:
        """Sixteen clips as the vision tower sees them, four frames each."""
        rng = np.random.default_rng(99)
        batches = [self.scenes.draw(10, 0, rng), self.looks.draw(2, rng), self.camera.courses(2, rng),
                   self.camera.timings(2, rng)]
        clips, phrases, _ = join(batches)
        quality = retrieval(self.averages["clip"], self.tokenizer, self.scenes, rng)
        logger.info("%s, first phrase: %s", quality, phrases[0])
        rows = to_uint8(clips).transpose(0, 2, 1, 3, 4).reshape(8, 128, 256, 3)
        return np.concatenate(list(rows.reshape(2, 4, 128, 256, 3).transpose(0, 2, 1, 3, 4).reshape(2, 128, 1024, 3)))


class SightObjective(ClipObjective):
    """The picture tower goes on against a text tower that stands still (Zhai et al. 2022, LiT, arXiv 2111.07991).

    Generators that were trained on this CLIP's text embeddings stay valid.
    """

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        clip, heads = self.nets["clip"], self.nets["heads"]
        clip.load_state_dict(load_average(context.run / "clip"))
        self.averages["clip"].load_state_dict(clip.state_dict())
        for module in (clip.text_model, clip.text_projection, heads.text):
            module.requires_grad_(False)
        parameters = [value for net in (clip, heads) for value in net.parameters() if value.requires_grad]
        self.optimisers = {"clip": torch.optim.AdamW(parameters, LEARNING_RATE, betas=(0.9, 0.98), weight_decay=0.02)}
        if not context.tiny:
            self.sizes = SIGHT_SIZES

    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        self._set_rate(step)
        batches = self._draw(step, rng)
        clips, phrases, groups = join(batches)
        clip: CLIPModel = self.nets["clip"]
        with torch.autocast(self.device.type, torch.bfloat16):
            with torch.no_grad():
                texts = text_features(clip, self.tokenizer, phrases)
            pictures = picture_features(clip, pack_frames(clips.to(self.device)))
        pairing = contrastive(pictures, texts, groups.to(self.device), clip.logit_scale.exp().clamp(max=60))
        _, seeing, figures = self._heads(pictures, texts, batches, {})
        yield "clip", pairing + 0.5 * seeing, figures | {"pairing": pairing.item()}


class ClipRecipe(Recipe):
    """Both towers together, then the picture tower alone. The tokenizer is learnt once and kept in the run folder."""

    name = "clip"
    phases = (
        Phase("clip", steps=700, sheet_every=175, save_every=50),
        Phase("sight", steps=1500, sheet_every=250, save_every=50),
    )

    def objective(self, phase: str, context: Context) -> ClipObjective:
        return SightObjective(context) if phase == "sight" else ClipObjective(context)

    def export(self, context: Context, folder: Path) -> None:
        """The averaged CLIPModel in float16, its tokenizer, and its model card with what it measures now."""
        tokenizer = run_tokenizer(context)
        clip = build_clip(tokenizer, context.tiny)
        last = "sight" if (context.run / "sight" / "state.json").is_file() else "clip"
        clip.load_state_dict(load_average(context.run / last))
        clip.half().save_pretrained(folder, max_shard_size="15MB")
        tokenizer.save_pretrained(folder)
        figures = measure(clip.float().eval(), tokenizer, context)
        batch = f"{SCENES} scenes, {LOOKS} looks, {COURSES} courses, {TIMINGS} timings and {EXTRA} captions alone"
        write_card(folder, context, figures, batch)
