"""What the restyling pipeline can be asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sized
from dataclasses import KW_ONLY, dataclass

import numpy as np
from PIL import Image

from studio.clip import check_frames
from studio.errors import RequestError
from studio.models.studied_look import StudiedLook
from studio.motion.region import Region
from studio.pipelines.calls import Conditions

BRUSH_SIZES = (0.5, 2.0)
"""Smallest and largest brush, beside the looks' own."""


@dataclass(frozen=True, eq=False)
class RestyleConditions(Conditions):
    """A clip or a picture, and the look it is painted in. Raises RequestError.

    frames: a clip uint8 (T, H, W, 3), a picture (H, W, 3), or frames one by one, each uint8 (H, W, 3), read once.
    prompt: the look in words. style_image: a picture, uint8 (h, w, 3) or of PIL, whose look and palette are wanted.
        With both, they are blended.
    strength: 0 returns the source exactly, 1 is the full look. keep_colours: only the brightness is changed.
    look: a studied look instead of words and picture.
    brush_size: .5 to 2, the width of strokes and tiles beside the look's own. detail: 0 to 1, how much of faces, then
        of all fine detail, is kept.
    region: the part to paint; the rest stays as it is. None paints everything.
    length: how many frames there are, for the progress, where ``frames`` does not tell.

    The generator places the paint's texture.
    """

    frames: Iterable[np.ndarray]
    prompt: str | None = None
    style_image: np.ndarray | Image.Image | None = None
    strength: float = 1.0
    keep_colours: bool = False
    _: KW_ONLY
    look: StudiedLook | None = None
    brush_size: float = 1.0
    detail: float = 0.5
    region: Region | None = None
    length: int | None = None

    def __post_init__(self) -> None:
        if isinstance(self.frames, np.ndarray):
            clip = self.frames[None] if self.frames.ndim == 3 else self.frames
            object.__setattr__(self, "frames", check_frames(clip))
        if isinstance(self.frames, Sized):
            object.__setattr__(self, "length", len(self.frames))
        if not 0 <= self.strength <= 1:
            raise RequestError("Strength must lie between 0 and 1.")
        if not BRUSH_SIZES[0] <= self.brush_size <= BRUSH_SIZES[1]:
            raise RequestError(f"Brush size must lie between {BRUSH_SIZES[0]:g} and {BRUSH_SIZES[1]:g}.")
        if not 0 <= self.detail <= 1:
            raise RequestError("Detail must lie between 0 and 1.")
        if self.look is not None and ((self.prompt or "").strip() or self.style_image is not None):
            raise RequestError("A studied look stands alone: please leave words and style picture out.")
