"""What a trained CLIP can do, measured, and its model card.

Everything is measured on what training never saw: combinations of subject, colour and place that were held out, other
noise, and (for looks and courses) the photos of data/dev where they are at hand.
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

from studio.errors import CheckpointError
from studio.models.clip import pack_frames, picture_features, text_features
from studio.training.clip_batches import (
    COURSE_NAMES,
    LOOK_NAMES,
    CameraPairs,
    LookPairs,
    ScenePairs,
    read_photos,
)
from studio.training.objective import Context
from studio.training.state import replace_file
from studio.worlds.captions import COURSES, captions, sample_slots
from studio.worlds.lexicon import SLOTS
from studio.worlds.looks import LOOKS


def load_average(folder: Path) -> dict[str, Tensor]:
    """The averaged weights of the CLIP from a phase's folder; CheckpointError if it has none."""
    try:
        numbers = json.loads((folder / "state.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise CheckpointError(f"There is no trained CLIP in {folder}; train it first.") from error
    tensors = load_file(folder / numbers["tensors"])
    prefix = "ema/clip/"
    return {key[len(prefix) :]: value for key, value in tensors.items() if key.startswith(prefix)}


@torch.no_grad()
def retrieval(
    clip: CLIPModel, tokenizer: CLIPTokenizer, scenes: ScenePairs, rng: np.random.Generator, rounds: int = 4
) -> dict[str, float]:
    """How often a clip finds its caption: among 64 random ones, and against a twin that differs in one slot."""
    random_hits: list[float] = []
    twin_hits: list[float] = []
    for _ in range(rounds):
        for hard, hits in ((0.0, random_hits), (1.0, twin_hits)):
            pairs = scenes.fresh(64, rng, hard=hard)
            scores = picture_features(clip, pack_frames(pairs.clips)) @ text_features(clip, tokenizer, pairs.phrases).T
            rows = torch.arange(64)
            right = scores.diagonal() > scores[rows, rows ^ 1] if hard else scores.argmax(1) == rows
            hits.append(right.float().mean().item())
    return {"R@1 of 64": round(float(np.mean(random_hits)), 3), "beats its twin": round(float(np.mean(twin_hits)), 3)}


@torch.no_grad()
def reading(clip: CLIPModel, tokenizer: CLIPTokenizer, rng: np.random.Generator, count: int = 3000) -> dict[str, float]:
    """How much of each slot a linear reading finds in captions of held-out combinations (ridge regression on `count`
    training captions, tried on 600)."""
    learn, held = sample_slots(count, rng), sample_slots(600, rng, held_out=True)
    rows = [torch.cat([text_features(clip, tokenizer, texts[i : i + 200]) for i in range(0, len(texts), 200)])
            for texts in (captions(learn, rng), captions(held, rng))]
    known, tried = (torch.cat([16 * x, torch.ones(len(x), 1)], 1).double() for x in rows)
    inverse = torch.linalg.inv(known.T @ known + 0.3 * torch.eye(known.shape[1]).double())
    figures = {}
    for name, values in SLOTS.items():
        target = torch.nn.functional.one_hot(learn[name], len(values)).double()
        guess = (tried @ (inverse @ (known.T @ target))).argmax(1)
        figures[f"{name} read from text"] = round((guess == held[name]).float().mean().item(), 3)
    return figures


@torch.no_grad()
def naming(clip: CLIPModel, tokenizer: CLIPTokenizer, folder: Path, scenes: ScenePairs) -> dict[str, float]:
    """How often a stylised crop finds its look's title, and a moving clip its course's plainest phrase."""
    rng = np.random.default_rng(77)
    photos = read_photos(folder, 40)
    figures = {}
    looks = LookPairs(photos, 901, 12).draw(12 * len(LOOK_NAMES), rng)
    courses = CameraPairs(photos, scenes, 902).courses(20 * len(COURSE_NAMES), rng)
    for label, pairs, texts in (("look", looks, [LOOKS[name].words[0] for name in LOOK_NAMES]),
                                ("course", courses, [COURSES[name][0][0] for name in COURSE_NAMES])):
        scores = picture_features(clip, pack_frames(pairs.clips)) @ text_features(clip, tokenizer, texts).T
        figures[f"{label} named (of {len(texts)})"] = round((scores.argmax(1) == pairs.groups).float().mean().item(), 3)
    return figures


def measure(clip: CLIPModel, tokenizer: CLIPTokenizer, context: Context) -> dict[str, float]:
    """All figures of the model card; those that need data/dev are left out where it is missing."""
    rng = np.random.default_rng(4242)
    scenes = ScenePairs(context.seed + 1000, context.tiny, held_out=True)
    figures = retrieval(clip, tokenizer, scenes, rng, rounds=1 if context.tiny else 6)
    figures |= reading(clip, tokenizer, rng, 200 if context.tiny else 3000)
    if context.data is not None and any((context.data / "dev" / "photos").glob("*.jpg")):
        figures |= naming(clip, tokenizer, context.data / "dev" / "photos", scenes)
    return figures


_CARD = """---
license: apache-2.0
tags: [clip, zoetrope]
---

# The studio's CLIP

One text encoder for all four generators, and a picture tower that sees four frames of 64 x 64 at once. Text: 3 layers
of 256, joint width 256; pictures: 4 layers of 192 over 8 x 8 patches of 12 channels. Weights are float16, the whole
`CLIPModel` of `transformers`, with its tokenizer of {pieces} pieces.

## How it came about

* Recipe: `python -m studio.training clip --data <folder>` (seed {seed}), then `--export checkpoints/clip`. The text
  tower learns in the phase "clip" only; the phase "sight" goes on with the picture tower against a still text tower.
* Data: scenes of the procedural world (`studio/worlds`; sprites from Debian's Noto colour emoji, SIL OFL) with their
  captions; crops of {photos} photos in the looks of `studio/worlds/looks.py`; photos and scenes under a moving camera
  with the words for courses and timings. One in ten combinations of subject, colour and place was held out.
* Steps and time on one shared CPU core ({machine}): {history}. A step takes {batch}.

## Measured on what it never saw

| what | share right |
|---|---|
{rows}

"R@1 of 64": a clip of a held-out combination finds its caption among 64 random ones. "beats its twin": it prefers its
own caption to that of a scene that differs in one slot only (chance .5). "read from text": a linear reading of the text
embedding, held-out combinations. Looks and courses: photos of data/dev.

## Limits

It knows the words of `studio/worlds/lexicon.py`, `looks.py` and the tables in `captions.py`, and hardly any others:
an unseen synonym is guessed. From pictures it reads place, weather, camera and look well, colour and motion about
every second time and the subject itself hardly at all, unless the phase "sight" has run. One subject per prompt. Do
not use the picture tower's scores as a measure of quality on anything but this world.
"""


def write_card(folder: Path, context: Context, figures: dict[str, float], batch: str) -> None:
    """README.md of the checkpoint from the run's own records; `batch` says in words what one step takes."""
    history = []
    for phase in ("clip", "sight"):
        log = context.run / phase / "metrics.jsonl"
        if log.is_file():
            lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
            ends = [a for a, b in zip(lines, lines[1:] + [{"seconds": 0}]) if b["seconds"] < a["seconds"]]
            minutes = sum(line["seconds"] for line in ends) / 60
            history.append(f'{phase} {lines[-1]["step"]} steps, {minutes:.0f} min')
    pieces = json.loads((folder / "config.json").read_text(encoding="utf-8"))["text_config"]["vocab_size"]
    photos = len(list((context.data / "train" / "photos").glob("*.jpg"))) if context.data is not None else "the"
    rows = "\n".join(f"| {name} | {value:.3f} |" for name, value in figures.items())
    text = _CARD.format(
        pieces=pieces, seed=context.seed, photos=photos, machine=platform.processor() or platform.machine(),
        batch=batch, history="; ".join(history), rows=rows)
    replace_file(folder / "README.md", text.encode())
