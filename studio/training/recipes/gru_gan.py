"""A rival of the prompt tab's generator: a recurrent GAN, a GRU over frames and one 2D decoder for all of them.

See studio/models/rivals.py for the nets and studio/training/rivals.py for data and losses. Not shipped, but exported in
the same way as the others: safetensors and a configuration.
"""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import save_file

from studio.training.objective import Context, Objective, Phase, Recipe
from studio.training.rivals import KINDS, PHASE, RivalObjective, write_card
from studio.training.state import load_average


class GruGanRecipe(Recipe):
    """See the head of this file."""

    name = "gru_gan"
    phases = (Phase(PHASE, 600, sheet_every=200, save_every=100),)

    def objective(self, phase: str, context: Context) -> Objective:
        """The one phase: all nets from the start."""
        write_card(self.name, context)
        return RivalObjective(self.name, context)

    def export(self, context: Context, folder: Path) -> None:
        """The average generator in half precision."""
        folder.mkdir(parents=True, exist_ok=True)
        net = load_average(context.run / PHASE, "generator", KINDS[self.name]())
        save_file({name: value.half().contiguous() for name, value in net.state_dict().items()},
                  folder / "model.safetensors")  # fmt: skip
