"""What a trained CLIP can do, measured, and its model card.

Everything is measured on what training never saw: combinations of subject, colour and place that were held out, other
noise, sentences of other forms, and (for looks and courses) the photos of data/dev where they are at hand.
"""

from __future__ import annotations

import json
import platform
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers import CLIPModel, CLIPTokenizer

from studio.captions.captions import COURSES, captions, sample_slots, say_less, swap_one
from studio.captions.lexicon import SLOTS
from studio.errors import CheckpointError
from studio.models.clip import pack_frames, picture_features, text_features
from studio.models.scene_reader import SceneReader
from studio.teachers.looks import LOOKS
from studio.training.clip_batches import CameraPairs, LookPairs, ScenePairs, read_photos
from studio.training.clip_texts import COURSE_NAMES, LOOK_NAMES, MEANINGS, encode, looks_of, meaning_texts
from studio.training.objective import Context
from studio.training.state import replace_file

Figures = dict[str, float]


def load_average(folder: Path, net: str = "clip") -> dict[str, Tensor]:
    """The averaged weights of a net from a phase's folder; CheckpointError if it has none."""
    try:
        numbers = json.loads((folder / "state.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise CheckpointError(f"There is no trained CLIP in {folder}; train it first.") from error
    tensors = load_file(folder / numbers["tensors"])
    prefix = f"ema/{net}/"
    return {key[len(prefix) :]: value for key, value in tensors.items() if key.startswith(prefix)}


@torch.no_grad()
def retrieval(
    clip: CLIPModel, tokenizer: CLIPTokenizer, scenes: ScenePairs, rng: np.random.Generator, rounds: int = 4
) -> Figures:
    """How often a clip finds its caption: among 64 random ones, among 64 that differ from it in one attribute each,
    and against a twin's that differs in one slot."""
    hits: dict[str, list[float]] = {"R@1 of 64 random": [], "R@1 of 64 hard negatives": [], "beats its twin": []}
    for _ in range(rounds):
        pairs = scenes.fresh(64, rng, hard=0.0)
        seen = picture_features(clip, pack_frames(pairs.clips))
        scores = seen @ text_features(clip, tokenizer, pairs.phrases).T
        hits["R@1 of 64 random"].append(_share(scores.argmax(1) == torch.arange(64)))
        hits["R@1 of 64 hard negatives"].append(_among_hard(clip, tokenizer, pairs.labels, seen, rng))
        twins = scenes.fresh(64, rng, hard=1.0)
        scores = picture_features(clip, pack_frames(twins.clips)) @ text_features(clip, tokenizer, twins.phrases).T
        rows = torch.arange(64)
        hits["beats its twin"].append(_share(scores.diagonal() > scores[rows, rows ^ 1]))
    return {name: round(float(np.mean(shares)), 3) for name, shares in hits.items()}


def _among_hard(
    clip: CLIPModel, tokenizer: CLIPTokenizer, labels: dict[str, Tensor], seen: Tensor, rng: np.random.Generator
) -> float:
    """Share of the first 16 clips whose own caption beats 63 others that are wrong in one attribute each."""
    right = 0
    for row in range(16):
        same = {name: values[row].expand(63).clone() for name, values in labels.items()}
        wrong, _ = swap_one(same, rng)
        own = captions({name: values[:1] for name, values in same.items()}, rng)
        scores = seen[row] @ text_features(clip, tokenizer, own + captions(wrong, rng)).T
        right += int(scores.argmax() == 0)
    return right / 16


def _share(right: Tensor) -> float:
    return right.float().mean().item()


@torch.no_grad()
def reading(
    clip: CLIPModel, tokenizer: CLIPTokenizer, reader: SceneReader, rng: np.random.Generator, count: int = 1500
) -> Figures:
    """How much of each slot the reader finds in captions of held-out combinations, and in sentences of unseen forms."""
    figures = {}
    for kind, unseen in (("read", False), ("read, unseen sentences", True)):
        labels = say_less(sample_slots(count, rng, held_out=True), rng)
        _, read = encode(clip, tokenizer, captions(labels, rng, unseen=unseen), reader)
        for name in SLOTS:
            figures[f"{name} {kind}"] = round(_share(read[name].argmax(1) == labels[name]), 4)
    return figures


@torch.no_grad()
def likeness(clip: CLIPModel, tokenizer: CLIPTokenizer, rng: np.random.Generator, count: int = 600) -> Figures:
    """How often a phrase is nearest to the mean embedding of its own meaning: looks, styles, courses, timings."""
    figures = {}
    for kind in ("style", "course", "timing"):
        names = MEANINGS[kind]
        known, tried = (meaning_texts(kind, size, rng) for size in (20 * len(names), count))
        codes = known[1].T @ text_features(clip, tokenizer, known[0])
        plain = tried[1].max(1).values == 1  # those that name one meaning, not two
        said = text_features(clip, tokenizer, tried[0])[plain]
        near = (said @ torch.nn.functional.normalize(codes, dim=1).T).argmax(1)
        right = tried[1][plain].argmax(1)
        figures[f"{kind} phrase (of {len(names)})"] = round(_share(near == right), 3)
        if kind == "style":
            kin = looks_of(torch.eye(len(names))).argmax(1)
            figures[f"its nearest look (of {len(LOOK_NAMES)})"] = round(_share(kin[near] == kin[right]), 3)
    return figures


@torch.no_grad()
def naming(clip: CLIPModel, tokenizer: CLIPTokenizer, folder: Path, scenes: ScenePairs) -> Figures:
    """How often a stylised crop finds its look's title, and a moving clip its course's plainest phrase."""
    rng = np.random.default_rng(77)
    photos = read_photos(folder, 40)
    figures = {}
    looks = LookPairs(photos, 901, 12).draw(12 * len(LOOK_NAMES), rng)
    courses = CameraPairs(photos, scenes, 902).courses(20 * len(COURSE_NAMES), rng)
    for label, pairs, texts in (("look", looks, [LOOKS[name].title for name in LOOK_NAMES]),
                                ("course", courses, [COURSES[name][0][0] for name in COURSE_NAMES])):
        scores = picture_features(clip, pack_frames(pairs.clips)) @ text_features(clip, tokenizer, texts).T
        figures[f"{label} seen (of {len(texts)})"] = round(_share(scores.argmax(1) == pairs.groups), 3)
    return figures


def measure(clip: CLIPModel, tokenizer: CLIPTokenizer, reader: SceneReader, context: Context) -> Figures:
    """All figures of the model card; those that need data/dev are left out where it is missing."""
    rng = np.random.default_rng(4242)
    tiny = context.tiny
    figures = reading(clip, tokenizer, reader, rng, 40 if tiny else 1500)
    figures |= likeness(clip, tokenizer, rng, 40 if tiny else 600)
    scenes = ScenePairs(context.seed + 1000, tiny, held_out=True)
    figures |= retrieval(clip, tokenizer, scenes, rng, rounds=1 if tiny else 6)
    if context.data is not None and any((context.data / "dev" / "photos").glob("*.jpg")):
        figures |= naming(clip, tokenizer, context.data / "dev" / "photos", scenes)
    return figures


_CARD = """---
license: apache-2.0
tags: [clip, zoetrope]
---

# The studio's CLIP

One text encoder for all four generators, and a picture tower that sees four frames of {side} x {side} at once. Text:
{layers} layers of {width}, joint width 256, {pieces} pieces, 64 positions; pictures: {sight_layers} layers of
{sight_width} over {patch} x {patch} patches of 12 channels. Weights are float16, the whole `CLIPModel` of
`transformers`, with its tokenizer.

## How it came about

* Recipe: `python -m studio.training clip --data <folder>` (seed {seed}), then `--export checkpoints/clip`. The text
  tower learns in the phase "words" only, from captions; a scene reader (`studio/models/scene_reader.py`) that learns
  with it makes the token states carry which colour and which verb belongs to which noun. The phase "sight" teaches the
  picture tower against that text tower, which then stands still.
* Data: captions of the procedural world (`studio/worlds`: {nouns} nouns, twelve slots), each scene said twice and once
  more with one attribute changed; the words of {styles} styles (`look_words.py`), of courses and of timings. Pictures:
  bare composites of the world (sprites from Debian's Noto colour emoji, SIL OFL), a third of them twins in all but one
  slot; crops of {photos} photos in the looks of `looks.py`; photos and scenes under a moving camera. One in ten
  combinations of subject, colour and place was held out.
* Steps and wall time on a share of one CPU core ({machine}): {history}.
  Optimiser: Muon for matrices, Adam for the rest (`studio/training/muon.py`).

## Measured on what it never saw

| slot | held-out combinations | the same in sentences of unseen forms |
|---|---|---|
{slots}

Share of captions from which the reader takes the right value.

| what | share right |
|---|---|
{rows}

"phrase": a wording is nearest to the mean embedding of its own meaning. "R@1 of 64 random": a clip of a held-out
combination finds its caption among 64 captions of other clips; "hard negatives": among 64 captions of which 63 are
wrong in one attribute each; "beats its twin": it prefers its own caption to that of a scene that differs in one slot
(chance .5). "seen": pictures find their words (photos of data/dev).

## Limits

It knows the words of `studio/captions` and of `studio/teachers/look_words.py`, and hardly any others:
an unseen synonym is guessed. English only. The picture tower is small and has seen this world and a few photos in
{looks} looks. Its figures above are what its few steps bought, and they still rose when the time was up: place, time,
weather and look it sees; nouns, and one changed attribute among 64, often not. Do not take its scores for a measure of
quality on anything.
"""


def write_card(folder: Path, context: Context, figures: Figures) -> None:
    """README.md of the checkpoint, from the run's own records and the figures of `measure`."""
    history = []
    for phase in ("words", "sight"):
        log = context.run / phase / "metrics.jsonl"
        if log.is_file():
            lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
            ends = [a for a, b in zip(lines, lines[1:] + [{"seconds": 0}]) if b["seconds"] < a["seconds"]]
            minutes = sum(line["seconds"] for line in ends) / 60
            history.append(f'{phase} {lines[-1]["step"]} steps, {minutes:.0f} min')
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    said, seen = config["text_config"], config["vision_config"]
    photos = len(list((context.data / "train" / "photos").glob("*.jpg"))) if context.data is not None else "the"
    slots = "\n".join(
        f"| {name} | {figures[f'{name} read']:.3f} | {figures[f'{name} read, unseen sentences']:.3f} |"
        for name in SLOTS)
    rows = "\n".join(f"| {name} | {value:.3f} |" for name, value in figures.items() if " read" not in name)
    text = _CARD.format(
        side=seen["image_size"], layers=said["num_hidden_layers"], width=said["hidden_size"],
        pieces=said["vocab_size"], sight_layers=seen["num_hidden_layers"], sight_width=seen["hidden_size"],
        looks=len(LOOK_NAMES), patch=seen["patch_size"], nouns=len(SLOTS["subject"]), styles=len(MEANINGS["style"]),
        seed=context.seed,
        photos=photos, machine=platform.processor() or platform.machine(), history="; ".join(history), slots=slots,
        rows=rows)
    replace_file(folder / "README.md", text.encode())
