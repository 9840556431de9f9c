"""The recipe of the CLIP that all four generators share.

Phase ``words``: the text tower reads. Captions of scenes in threes (said twice, and once with an attribute changed)
are contrasted with one another, a SceneReader (models/scene_reader.py) names every slot from the token states, and
heads name slots, styles, courses and timings from the embedding. Text costs a fraction of what pictures cost, so this
is where all of what there is to know about words is learnt.
Phase ``sight``: the picture tower learns against the text tower, which now stands still (Zhai et al. 2022, LiT, arXiv
2111.07991): contrastive among the clips of a batch, their twins that differ in one attribute, and captions with one
attribute changed; heads on the embedding name the slots, and a head on the tokens names what stands where they look.
Generators that were trained on the text embeddings stay valid however long it goes on.

Letters: B pairs, 4 frames, G x G tokens of a picture, D joint width.
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

from studio.captions.lexicon import SLOTS
from studio.models.clip import PATCH_SIZE, PICTURE_SIZE, build_clip, pack_frames, train_tokenizer
from studio.models.scene_reader import SceneReader
from studio.tensors import to_uint8
from studio.training.clip_batches import CameraPairs, LookPairs, Pairs, ScenePairs, read_photos
from studio.training.clip_card import load_average, measure, retrieval, write_card
from studio.training.clip_heads import Heads, contrastive, three_ways
from studio.training.clip_texts import (
    MEANINGS,
    all_phrases,
    encode,
    looks_of,
    meaning_texts,
    quiet_texts,
    scene_texts,
)
from studio.training.muon import Muon
from studio.training.objective import Context, Losses, Objective, Phase, Recipe

logger = logging.getLogger(__name__)

SCENES, STYLES, COURSES, TIMINGS, QUIET = 64, 24, 16, 12, 4  # phrases per step of `words`; scenes count three times
SIGHT_SIZES = (56, 12, 8, 4)  # clips per step of `sight`: scenes, looks, courses, timings
MATRIX_RATE, OTHER_RATE, WARM_UP = 0.02, 2e-3, 60
SLOT_SIZES = {name: len(values) for name, values in SLOTS.items()}
MEANING_SIZES = {name: len(values) for name, values in MEANINGS.items()}


def join(batches: list[Pairs]) -> tuple[Tensor, list[str], Tensor]:
    """Clips (B, T, 3, S, S), phrases (B) and groups long (B,) of several kinds as one batch; groups of different kinds
    never have a number in common.
    """
    clips = torch.cat([pairs.clips for pairs in batches])
    groups = torch.cat([pairs.groups + 1000 * index for index, pairs in enumerate(batches)])
    return clips, [phrase for pairs in batches for phrase in pairs.phrases], groups


def run_tokenizer(context: Context) -> CLIPTokenizer:
    """The tokenizer of a run: learnt once and kept in its folder, because the weights belong to these very pieces."""
    folder = context.run / "tokenizer"
    if (folder / "tokenizer.json").is_file():
        return CLIPTokenizer.from_pretrained(folder, local_files_only=True)
    tokenizer = train_tokenizer(all_phrases(400 if context.tiny else 30000, np.random.default_rng((context.seed, 5))))
    tokenizer.save_pretrained(folder)
    return tokenizer


def build_reader(clip: CLIPModel) -> SceneReader:
    """A fresh reader of this text tower's states, for all slots."""
    return SceneReader(clip.config.text_config.hidden_size, SLOT_SIZES)


def _optimiser(nets: list[nn.Module]) -> Muon:
    """Muon for the matrices inside of towers and reader; embeddings, last layers and vectors go by Adam."""
    outer = ("embedding", "heads.", "slots.", "meanings.", "dense")
    matrices, others = [], []
    for net in nets:
        for name, value in net.named_parameters():
            if value.requires_grad:
                inside = value.ndim == 2 and name != "queries" and not any(part in name for part in outer)
                (matrices if inside else others).append(value)
    return Muon(matrices, others, MATRIX_RATE, OTHER_RATE)


class WordsObjective(Objective):
    """Text tower, scene reader and heads, one optimiser, one loss."""

    ema = ("clip", "reader")
    ema_decay = 0.99
    clip_norm = 1.0

    def __init__(self, context: Context) -> None:
        self.context = context
        torch.manual_seed(context.seed)
        self.tokenizer = run_tokenizer(context)
        clip = build_clip(self.tokenizer, context.tiny).to(context.device)
        reader = build_reader(clip).to(context.device)
        heads = Heads(SLOT_SIZES, MEANING_SIZES).to(context.device)
        for part in (clip.vision_model, clip.visual_projection):
            part.requires_grad_(False)
        super().__init__(
            {"clip": clip, "reader": reader, "heads": heads}, {"words": _optimiser([clip, reader, heads])})
        self.sizes = (4, 4, 4, 4, 2) if context.tiny else (SCENES, STYLES, COURSES, TIMINGS, QUIET)

    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        self.optimisers["words"].schedule(rate_at(step, self.context.steps))
        clip, reader, heads = self.nets["clip"], self.nets["reader"], self.nets["heads"]
        count, styles, courses, timings, quiet = self.sizes
        scenes = scene_texts(count, rng)
        named = {"style": styles, "course": courses, "timing": timings}
        others = {kind: meaning_texts(kind, size, rng) for kind, size in named.items()}
        spoken = [text for texts, _ in others.values() for text in texts] + quiet_texts(quiet, rng)
        with torch.autocast(self.context.device.type, torch.bfloat16):
            embeds, read = encode(clip, self.tokenizer, scenes.phrases, reader)
            said, _ = encode(clip, self.tokenizer, spoken)
        labels = {name: values.to(embeds.device) for name, values in scenes.labels.items()}
        reading = sum(F.cross_entropy(logits, labels[name]) for name, logits in read.items())
        pooled = sum(F.cross_entropy(heads(name, embeds), labels[name]) for name in read)
        scale = clip.logit_scale.exp().clamp(max=60)
        pairing = three_ways(embeds, scale)
        naming, figures = self._naming(said, others)
        # Every text that means something else is a wrong answer, for scenes as for looks.
        kinds = F.relu(embeds[:count] @ said.T - 0.1).mean()
        figures |= {f"read/{name}": _share(logits, labels[name]) for name, logits in read.items()}
        figures |= {"reading": reading.item(), "pairing": pairing.item(), "pooled": pooled.item()}
        yield "words", reading + 0.3 * pooled + pairing + naming + 4 * kinds, figures

    def _naming(self, said: Tensor, others: dict[str, tuple[list[str], Tensor]]) -> tuple[Tensor, dict[str, float]]:
        """Cross entropy of styles, looks, courses and timings, and the share named right."""
        heads: Heads = self.nets["heads"]
        naming, figures, first = said.new_zeros(()), {}, 0
        for kind, (texts, shares) in others.items():
            rows = said[first : first + len(texts)]
            first += len(texts)
            targets = {kind: shares} if kind != "style" else {"style": shares, "look": looks_of(shares)}
            for name, target in targets.items():
                logits = heads(name, rows)
                naming = naming + F.cross_entropy(logits, target.to(rows.device))
                figures[f"named/{name}"] = _share(logits, target.argmax(1).to(rows.device))
        return naming, figures


def rate_at(step: int, steps: int) -> float:
    """Share of the peak rate: a short rise, then half a cosine down to a hundredth."""
    return min(1.0, (step + 1) / WARM_UP) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * step / max(1, steps))))


def _share(logits: Tensor, right: Tensor) -> float:
    return (logits.argmax(1) == right).float().mean().item()


class SightHeads(nn.Module):
    """What the picture tower says while it learns: slots and looks from its embedding, nouns and colours on the spot.

    `dense` reads a token and names the noun and the colour of whoever stands there; without it, 223 nouns that may be
    anywhere in the picture take a small tower very long to tell apart.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.pooled = Heads(SLOT_SIZES, {name: size for name, size in MEANING_SIZES.items() if name != "style"})
        self.dense = nn.Linear(width, SLOT_SIZES["subject"] + SLOT_SIZES["colour"])

    def on_the_spot(self, tokens: Tensor, pairs: Pairs) -> tuple[Tensor, float]:
        """(cross entropy, a scalar; share of nouns named right) at the spots of subjects and others.

        tokens: float (B, 1 + G * G, width), the first one the class token.
        """
        grid = PICTURE_SIZE // PATCH_SIZE
        cells = (pairs.spots * grid).floor().long()  # (B, 2, 4, 2)
        inside = ((cells >= 0) & (cells < grid)).all(-1)
        where = 1 + cells[..., 1] * grid + cells[..., 0]
        rows = torch.arange(len(cells))[:, None, None].expand_as(where)[inside]
        said = self.dense(tokens[rows.to(tokens.device), where[inside].to(tokens.device)]).float()
        labels = pairs.labels
        nouns = torch.stack([labels["subject"], labels["other"] - 1], 1)[:, :, None].expand_as(where)[inside]
        colours = torch.stack([labels["colour"], labels["other_colour"]], 1)[:, :, None].expand_as(where)[inside]
        noun, colour = said.split([SLOT_SIZES["subject"], SLOT_SIZES["colour"]], 1)
        nouns, colours = nouns.to(said.device), colours.to(said.device)
        return F.cross_entropy(noun, nouns) + F.cross_entropy(colour, colours), _share(noun, nouns)


class SightObjective(Objective):
    """The picture tower against a text tower that stands still."""

    ema = ("clip",)
    ema_decay = 0.995
    clip_norm = 1.0

    def __init__(self, context: Context) -> None:
        self.context = context
        torch.manual_seed(context.seed)
        self.tokenizer = run_tokenizer(context)
        clip = build_clip(self.tokenizer, context.tiny)
        clip.load_state_dict(load_average(context.run / "words"))
        for module in (clip.text_model, clip.text_projection):
            module.requires_grad_(False)
        clip, sight = clip.to(context.device), SightHeads(clip.config.vision_config.hidden_size).to(context.device)
        super().__init__({"clip": clip, "sight": sight}, {"sight": _optimiser([clip, sight])})
        photos = read_photos(context.data and context.data / "train" / "photos", 4 if context.tiny else 80)
        self.scenes = ScenePairs(context.seed, context.tiny)
        self.looks = LookPairs(photos, context.seed, *((1, (64, 80)) if context.tiny else (40,)))
        self.camera = CameraPairs(photos, self.scenes, context.seed)
        self.sizes = (4, 2, 2, 2) if context.tiny else SIGHT_SIZES

    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        self.optimisers["sight"].schedule(rate_at(step, self.context.steps))
        scenes, looks, courses, timings = self.sizes
        batches = [self.scenes.draw(scenes, step, rng), self.looks.draw(looks, rng),
                   self.camera.courses(courses, rng), self.camera.timings(timings, rng)]
        clips, phrases, groups = join(batches)
        clip, sight, device = self.nets["clip"], self.nets["sight"], self.context.device
        with torch.autocast(device.type, torch.bfloat16):
            with torch.no_grad():
                texts, _ = encode(clip, self.tokenizer, phrases + batches[0].wrong)
            state = clip.vision_model(pixel_values=pack_frames(clips.to(device)))
            pictures = F.normalize(clip.visual_projection(state.pooler_output).float(), dim=-1)
            spotted, nouns = sight.on_the_spot(state.last_hidden_state, batches[0])
        right, wrong = texts[: len(phrases)], texts[len(phrases) :]
        scale = clip.logit_scale.exp().clamp(max=60)
        pairing = contrastive(pictures, right, groups.to(device), scale, wrong)
        # Right or wrong by one attribute: the contrast that matters most, and that a random batch hardly shows.
        own = scale * (pictures[:scenes] * (right[:scenes] - wrong)).sum(1)
        swapped = F.softplus(-own).mean()
        seeing, figures = self._seeing(pictures, batches)
        figures |= {"pairing": pairing.item(), "swapped": (own > 0).float().mean().item(), "spot/noun": nouns}
        yield "sight", pairing + swapped + 0.3 * seeing + 0.5 * spotted, figures

    def _seeing(self, pictures: Tensor, batches: list[Pairs]) -> tuple[Tensor, dict[str, float]]:
        """Cross entropy of slots, looks, courses and timings from the pictures, and the share seen right."""
        pooled: Heads = self.nets["sight"].pooled
        seeing, figures, first = pictures.new_zeros(()), {}, 0
        for pairs in batches:
            rows = slice(first, first + len(pairs.groups))
            first = rows.stop
            for name, labels in pairs.labels.items():
                logits = pooled(name, pictures[rows])
                seeing = seeing + F.cross_entropy(logits, labels.to(logits.device))
                figures[f"seen/{name}"] = _share(logits, labels.to(logits.device))
        return seeing, figures

    def sheet(self) -> np.ndarray:
        """Sixteen clips as the vision tower sees them, four frames each."""
        rng = np.random.default_rng(99)
        batches = [self.scenes.draw(10, 0, rng), self.looks.draw(2, rng), self.camera.courses(2, rng),
                   self.camera.timings(2, rng)]
        clips, phrases, _ = join(batches)
        quality = retrieval(self.averages["clip"], self.tokenizer, self.scenes, rng)
        logger.info("%s, first phrase: %s", quality, phrases[0])
        side = PICTURE_SIZE
        rows = to_uint8(clips).transpose(0, 2, 1, 3, 4).reshape(4, 4, side, 4 * side, 3)
        return np.concatenate(list(rows.transpose(0, 2, 1, 3, 4).reshape(4, side, 16 * side, 3)))


class ClipRecipe(Recipe):
    """First the words, then sight. The tokenizer is learnt once and kept in the run folder."""

    name = "clip"
    phases = (
        Phase("words", steps=1000, save_every=50),
        Phase("sight", steps=800, sheet_every=400, save_every=50),
    )

    def objective(self, phase: str, context: Context) -> Objective:
        return SightObjective(context) if phase == "sight" else WordsObjective(context)

    def export(self, context: Context, folder: Path) -> None:
        """The averaged CLIPModel in float16, its tokenizer, and its model card with what it measures now."""
        tokenizer = run_tokenizer(context)
        clip = build_clip(tokenizer, context.tiny)
        last = "sight" if (context.run / "sight" / "state.json").is_file() else "words"
        clip.load_state_dict(load_average(context.run / last))
        clip.half().save_pretrained(folder, max_shard_size="15MB")
        tokenizer.save_pretrained(folder)
        reader = build_reader(clip)
        reader.load_state_dict(load_average(context.run / "words", "reader"))
        figures = measure(clip.float().eval(), tokenizer, reader.eval(), context)
        write_card(folder, context, figures)
