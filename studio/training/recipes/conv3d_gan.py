"""A rival of the prompt tab's generator: a 3D-convolutional GAN, the field's standard design for whole clips.

See studio/training/rival_nets.py for the nets and studio/training/rivals.py for data and losses. Not shipped, but
exported in the same way as the others: safetensors and a configuration.
"""

from __future__ import annotations

from studio.training.rivals import RivalRecipe


class Conv3dGanRecipe(RivalRecipe):
    """See the head of this file."""

    name = "conv3d_gan"
