"""The prompt tab's generator, learnt from the procedural world: each net alone, then all together.

    sprites       subjects in all colours; regression on aligned noise, rough pictures first, then a discriminator
    strips        scenery; likewise, one random strip of each scene per step

They do not depend on one another: they may run at the same time in several processes.
"""

from __future__ import annotations

from pathlib import Path

import torch

from studio.training.objective import Context, Objective, Phase, Recipe
from studio.training.scene_layers import SpritesObjective, StripsObjective, new_generator


class TextToVideoRecipe(Recipe):
    """See the head of this file."""

    name = "text_to_video"
    phases = (
        Phase("sprites", 8000, sheet_every=500, save_every=250),
        Phase("strips", 8000, sheet_every=500, save_every=250),
    )

    def objective(self, phase: str, context: Context) -> Objective:
        """Build one phase from what earlier ones left in the run folder."""
        torch.manual_seed(context.seed)
        kinds = {"sprites": SpritesObjective, "strips": StripsObjective}
        return kinds[phase](new_generator(context.tiny), context)

    def export(self, context: Context, folder: Path) -> None:
        """The generator in half precision, and the CLIP's text encoder and tokenizer beside it."""
