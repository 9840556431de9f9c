"""A rival of the prompt tab's generator: a recurrent GAN, a GRU over frames and one 2D decoder for all of them.

See studio/training/rival_nets.py for the nets and studio/training/rivals.py for data and losses. Not shipped, but
exported in the same way as the others: safetensors and a configuration.
"""

from __future__ import annotations

from studio.training.rivals import RivalRecipe


class GruGanRecipe(RivalRecipe):
    """See the head of this file."""

    name = "gru_gan"
