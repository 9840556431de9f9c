"""The recipe of the restyling pipeline's picture tower: which look is a picture painted in?

It starts from the CLIP's tower and learns against the text tower, which stands still (Zhai et al. 2022, LiT, arXiv
2111.07991): an embedding of a painted picture shall lie at the typical embedding of the words for its look. It is shown
a style's far and near views (models/style_views.py) in place of four frames, so its first layer starts from the sum of
what the CLIP's did with each frame. The CLIP itself is left as it is.

Letters: B pictures, L looks, D width of the joint space.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F
from transformers import CLIPVisionModelWithProjection

from studio.errors import ResourceError
from studio.teachers.looks import LOOKS
from studio.training.clip_batches import read_photos
from studio.training.data import read_clip, training_clips
from studio.training.losses import cosine_rate
from studio.training.muon import Muon
from studio.training.objective import Context, Losses, Objective, Phase, Recipe
from studio.training.painted_stills import PaintedStills, paint_stills
from studio.training.recipes.restyle import style_codes
from studio.training.state import load_average

_BATCH = 48
_SCALE = 20.0  # inverse temperature, as the pipeline reads the tower
_SMOOTHED = 0.06  # share of the target that goes to all looks alike
_NEAR = 0.3  # what the first layer gives to each near view at first, the far one getting 1


def first_tower(checkpoint: Path) -> CLIPVisionModelWithProjection:
    """The CLIP's picture tower, its first layer laid out for one far and three near views."""
    tower = CLIPVisionModelWithProjection.from_pretrained(checkpoint, local_files_only=True, dtype=torch.float32)
    patches = tower.vision_model.embeddings.patch_embedding.weight
    with torch.no_grad():
        still = patches.unflatten(1, (4, 3)).sum(1)
        patches.copy_(torch.cat([still, *[_NEAR * still] * 3], 1))
    return tower


class LookSightObjective(Objective):
    """The tower alone, one loss. Muon turns the filters of the first layer, too: Adam hardly moves the fine ones."""

    ema = ("tower",)
    ema_decay = 0.99
    clip_norm = 1.0

    def __init__(self, context: Context) -> None:
        self.context = context
        torch.manual_seed(context.seed)
        looks = list(LOOKS)[: 3 if context.tiny else None]
        self.codes = F.normalize(style_codes(context.checkpoints / "clip", looks, 0), dim=1).to(context.device)
        tower = first_tower(context.checkpoints / "clip").to(context.device).train()
        inside = (".layers.", "patch_embedding")
        matrices = [p for name, p in tower.named_parameters() if p.ndim > 1 and any(part in name for part in inside)]
        inner = {id(p) for p in matrices}
        others = [p for p in tower.parameters() if id(p) not in inner]
        super().__init__({"tower": tower}, {"tower": Muon(matrices, others, 0.01, 1e-3)})
        self.stills = PaintedStills(paint_stills(context.run, _sources(context), looks, context.seed, context.tiny))

    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        self.optimisers["tower"].schedule(min(1.0, (step + 1) / 40) * cosine_rate(step, self.context.steps))
        seen, looks = self.stills.draw(4 if self.context.tiny else _BATCH, rng)
        wanted = torch.from_numpy(looks).to(self.context.device)
        with torch.autocast(self.context.device.type, torch.bfloat16):
            embeds = self.nets["tower"](pixel_values=seen.to(self.context.device)).image_embeds.float()
        logits = F.normalize(embeds, dim=1) @ self.codes.T * _SCALE
        loss = F.cross_entropy(logits, wanted, label_smoothing=_SMOOTHED)
        yield "tower", loss, {"loss": loss.item(), "right": (logits.argmax(1) == wanted).float().mean().item()}


def _sources(context: Context) -> list[np.ndarray]:
    """Photos, and the middle frame of every clip."""
    if context.tiny:
        return list(np.random.default_rng(0).integers(0, 256, (2, 80, 120, 3), dtype=np.uint8))
    if context.data is None:
        raise ResourceError("The looks need photos: pass --data with a folder that holds train/photos/*.jpg.")
    photos = read_photos(context.data / "train" / "photos", 200)
    clips = (read_clip(path, 640, 60) for path in training_clips(context.data))
    return photos + [frames[len(frames) // 2] for frames in clips]


class LookSightRecipe(Recipe):
    """One phase; the result replaces the restyling pipeline's ``image_encoder``."""

    name = "look_sight"
    phases = (Phase("sight", 900),)

    def objective(self, phase: str, context: Context) -> LookSightObjective:
        """The only phase; needs the CLIP's checkpoint and photos."""
        return LookSightObjective(context)

    def export(self, context: Context, folder: Path) -> None:
        """The averaged tower in float16, as ``folder``/image_encoder."""
        tower = load_average(context.run / "sight", "tower", first_tower(context.checkpoints / "clip"))
        tower.half().save_pretrained(folder / "image_encoder", max_shard_size="15MB")
