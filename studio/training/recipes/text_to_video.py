"""The prompt tab's generator, learnt from the procedural world: each net alone, then the pictures together.

    sprites       subjects in all colours; regression on aligned noise, rough pictures first, then a discriminator
    strips        scenery; likewise, one random strip of each scene per step
    tracks        curves of actors and camera; regression with a spectral term
    reader        what a prompt says, from the frozen CLIP text encoder's states
    adversarial   sprites and strips on whole scenes, composed to frames by the learnt tracks, which stay as they are,
                  against discriminators of strips, sprites and clips
    detail        the net that finishes composited frames: regression, then discriminators of frames and clips

The first four do not depend on one another: they may run at the same time in several processes. Only the reader needs
the CLIP; the nets that draw are given slots, never sentences. `adversarial` wants the first three, `detail` takes what
it finds. Each part stands in its own file: scene_layers, scene_curves, scene_reading, scene_whole, scene_detail.

Letters: B scenes, T frames, h strip height, S sprite side, D text width.
"""

from __future__ import annotations

import json
from pathlib import Path

import diffusers
import torch
from safetensors.torch import load_file
from torch import Tensor

from studio.models.text_to_video import TextToVideoGenerator
from studio.training.clip_parts import save_clip_parts
from studio.training.objective import Context, Objective, Phase, Recipe
from studio.training.scene_curves import TracksObjective
from studio.training.scene_detail import DetailObjective
from studio.training.scene_layers import SpritesObjective, StripsObjective, new_generator
from studio.training.scene_reading import ReaderObjective
from studio.training.scene_whole import AdversarialObjective
from studio.training.state import load_average, load_net, read_numbers, replace_file

_PARTS = {
    "_class_name": "TextToVideoPipeline",
    "_diffusers_version": diffusers.__version__,
    "generator": ["studio.models.text_to_video", "TextToVideoGenerator"],
    "text_encoder": ["transformers", "CLIPTextModelWithProjection"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
}
"""What DiffusionPipeline reads first; training may not import pipelines, so it is written out."""

_NETS = {
    "sprites": ("sprite_net",),
    "strips": ("strips_net",),
    "tracks": ("tracks_net",),
    "reader": ("reader",),
    "adversarial": ("sprite_net", "strips_net"),
    "detail": ("detail_net",),
}
"""What each phase leaves, in the order in which later ones replace earlier ones."""


def has_run(run: Path, *phases: str) -> bool:
    """Whether all of these phases have left a state in the run folder."""
    return all((run / phase / "state.json").is_file() for phase in phases)


def gather(generator: TextToVideoGenerator, run: Path, *phases: str) -> TextToVideoGenerator:
    """Fill the generator with the averages that the named phases left, in their order; CheckpointError without one."""
    for phase in phases:
        for name in _NETS[phase]:
            load_average(run / phase, name, getattr(generator, name))
    return generator


def load_tensors(folder: Path) -> dict[str, Tensor]:
    """All tensors of a phase's state."""
    return load_file(folder / str(read_numbers(folder)["tensors"]))


class TextToVideoRecipe(Recipe):
    """See the head of this file."""

    name = "text_to_video"
    phases = (
        Phase("sprites", 5200, sheet_every=500, save_every=250),
        Phase("strips", 10500, sheet_every=500, save_every=250),
        Phase("tracks", 6000, sheet_every=10**9, save_every=500),
        Phase("reader", 200, sheet_every=10**9, save_every=50),
        Phase("adversarial", 200, sheet_every=50, save_every=50),
        Phase("detail", 1500, sheet_every=150, save_every=100),
    )

    def objective(self, phase: str, context: Context) -> Objective:
        """Build one phase from what earlier ones left in the run folder."""
        torch.manual_seed(context.seed)
        generator, run = new_generator(context.tiny), context.run
        kinds = {
            "sprites": SpritesObjective,
            "strips": StripsObjective,
            "tracks": TracksObjective,
            "reader": ReaderObjective,
        }
        if phase in kinds:
            return kinds[phase](generator, context)
        painted = ("sprites", "strips", "tracks")
        if phase == "detail":
            trained = has_run(run, *painted)
            if trained:
                gather(generator, run, *painted, *(["adversarial"] if has_run(run, "adversarial") else []))
            return DetailObjective(generator, context, trained)
        objective = AdversarialObjective(gather(generator, run, *painted), context)
        # The judges of both layers go on from where those phases left them.
        for judge, (alone, net) in {"strips": ("strips", "strips_net"), "sprites": ("sprites", "sprite_net")}.items():
            load_net(objective.critics[judge].net, load_tensors(run / alone), f"net/{net}_critic/")
        return objective

    def export(self, context: Context, folder: Path) -> None:
        """The generator in half precision, and the CLIP's text encoder and tokenizer beside it.

        Phases that were not run leave their nets untrained.
        """
        done = [phase for phase in _NETS if has_run(context.run, phase)]
        generator = gather(new_generator(context.tiny), context.run, *done)
        generator.half().save_pretrained(folder / "generator", max_shard_size="15MB")
        save_clip_parts(context.checkpoints, folder)
        replace_file(folder / "model_index.json", json.dumps(_PARTS, indent=2).encode() + b"\n")
