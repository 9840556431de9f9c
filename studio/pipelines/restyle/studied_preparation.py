"""How a studied look prepares each frame: in the painting's colours, with the painting's strokes among the guides."""

from __future__ import annotations

import numpy as np

from studio.models.studied_look import StudiedLook
from studio.painting.colour_cube import ColourCube
from studio.painting.guides import Guides
from studio.painting.strokes import StrokeAtlas
from studio.painting.texture import Texture


class StudiedPreparation:
    """One look, ready for the frames of a clip. What has to do with motion (flow, trust, cuts) is asked of the frame as
    it was filmed, the net paints from the recoloured one."""

    def __init__(self, look: StudiedLook) -> None:
        self._cube = ColourCube(look.colours)
        self._atlas = StrokeAtlas(look.tones, look.patches)

    @property
    def tiled(self) -> bool:
        """The painting's strokes are laid by the texture, as tiles are."""
        return True

    def recolour(self, picture: np.ndarray) -> np.ndarray:
        """uint8 (H, W, 3) in the painting's colours, uint8."""
        return self._cube.map(picture)

    def read_guides(self, rgb: np.ndarray, texture: Texture) -> Guides:
        """As studio.painting.guides.read_guides, of a recoloured picture, float32 (H, W, 3) in 0..1; H, W even."""
        return self._atlas.read_guides(rgb, texture)
