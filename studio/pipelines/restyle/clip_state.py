"""What painting a clip needs between frames: sizes, the moving texture, the last output carried along, cuts.

Frames are painted at a working size: as they are up to 960 x 544 pixels, larger ones smaller. A brush of another size
is a working size of another scale: strokes twice as wide are strokes of the usual width on half as many pixels.

Letters: H, W the clip's rows and columns, h, w the working size, padded up to what the generator takes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np

from studio.models.restyle import STRIDE
from studio.motion.shot import Shot, Step
from studio.painting.guides import SOFT, Guides, read_guides
from studio.painting.palette import Palette
from studio.painting.texture import MovingTexture, Texture
from studio.tensors import from_planes

_WORKING_PIXELS = 960 * 544
_SMALLEST = 48  # pixels: flow, guides and generator need this much; smaller frames are padded
_TEXTURES = tuple(SOFT.index(name) for name in ("stroke", "noise", "pigment", "hatch_down", "hatch_up", "grain"))
_PALETTE_SHARE = 0.03  # of a frame in the palette that is followed: colours must not pump


class FramePreparation(Protocol):
    """How a look prepares each frame for the net. Motion, trust and cuts are measured on the unprepared frame."""

    @property
    def tiled(self) -> bool:
        """Whether tiles, dots, ruled lines or other figures are laid by the texture, not noise alone."""

    def recolour(self, picture: np.ndarray) -> np.ndarray:
        """The picture uint8 (h, w, 3) that is painted in place of this one."""

    def read_guides(self, rgb: np.ndarray, texture: Texture) -> Guides:
        """The guides of a recoloured picture, float32 (h, w, 3) in 0..1."""


@dataclass(frozen=True)
class LearntPreparation:
    """Of the looks that the generator learnt: `tiling`, one of studio/painting/tiling.py, and the `roughness` of the
    textures, 1 = as they were learnt."""

    tiling: str = "none"
    roughness: float = 1.0

    @property
    def tiled(self) -> bool:
        """As ``FramePreparation`` says."""
        return self.tiling not in ("none", "pixels")

    def recolour(self, picture: np.ndarray) -> np.ndarray:
        """The picture itself, uint8 (h, w, 3), not copied."""
        return picture

    def read_guides(self, rgb: np.ndarray, texture: Texture) -> Guides:
        """As studio.painting.guides.read_guides, of a picture float32 (h, w, 3) in 0..1; textures times roughness."""
        guides = read_guides(rgb, texture, self.tiling)
        if self.roughness != 1:
            for index in _TEXTURES:
                guides.soft[index] *= np.float32(self.roughness)
        return guides


@dataclass(frozen=True, eq=False)
class PreparedFrame:
    """A frame ready to be painted.

    source: uint8 (h, w, 3), the frame at the working size; picture: the same as the look prepared it; guides: its maps;
    past: float32 (3, h, w), the last output where its things are now, None where a shot begins; step: the motion that
    led here, None likewise.
    """

    source: np.ndarray
    picture: np.ndarray
    guides: Guides
    past: np.ndarray | None
    step: Step | None


class ClipState:
    """One clip's working memory: one frame and one painting, whatever the clip's length.

    full_size: (H, W); brush: the width of strokes, 1 = as the looks were learnt.
    """

    def __init__(
        self, full_size: tuple[int, int], seed: int, preparation: FramePreparation, brush: float = 1.0
    ) -> None:
        self.full_size = full_size
        scale = min(1.0, (_WORKING_PIXELS / (full_size[0] * full_size[1])) ** 0.5) / brush
        self.size = tuple(max(1, round(side * scale)) for side in full_size)
        self.padded = tuple(max(_SMALLEST, -(-side // STRIDE) * STRIDE) for side in self.size)
        self._preparation = preparation
        self._texture = MovingTexture(self.padded[0] // 2, self.padded[1] // 2, seed, mends=preparation.tiled)
        self._texture.restart()
        self._shot = Shot()
        self._painting: np.ndarray | None = None
        self._own: Palette | None = None

    def prepare(self, frame: np.ndarray) -> PreparedFrame:
        """The next frame of the clip, uint8 (H, W, 3), made ready to paint; texture and last output follow its motion.

        At a cut both begin anew.
        """
        source = self._padded(self._resized(frame))
        step = self._shot.step(source)
        if step is not None:
            self._texture.follow(step.flow)
            step = _without(step, self._texture.relaid)
        elif self._painting is not None:  # a cut
            self._texture.restart()
            self._painting = self._own = None
        past = None if step is None or self._painting is None else step.carry(self._painting)
        picture = self._preparation.recolour(source)
        rgb = np.multiply(picture, np.float32(1 / 255), dtype=np.float32)
        guides = self._preparation.read_guides(rgb, self._texture.lay())
        return PreparedFrame(source, picture, guides, past, step)

    def keep(self, painting: np.ndarray) -> np.ndarray:
        """Remembers the painting, float32 (3, h, w), for the next frame and clamps it to 0..1 in place.

        Returns the frame to show, uint8 (rows, columns, 3) of ``self.size``: the working size without padding.
        """
        self._painting = np.clip(painting, 0, 1, out=painting)
        return self.cropped(from_planes(painting))

    def cropped(self, picture: np.ndarray) -> np.ndarray:
        """An array (h, w, ...) of the padded working size without its padding: a view (rows, columns, ...) of
        ``self.size``, any dtype."""
        return picture[: self.size[0], : self.size[1]]

    def cropped_flow(self, flow: np.ndarray) -> np.ndarray:
        """A flow float32 (h / 2, w / 2, 2) in half-size pixels, without the padding.

        Where the working size needs no padding, the flow itself; else float32 (rows, columns, 2) of ``self.size``, in
        full pixels of that size.
        """
        if self.padded == self.size:
            return flow
        height, width = self.padded
        full = cv2.resize(flow, (width, height)) * np.float32(2)
        return self.cropped(full)

    def recolour(self, painted: np.ndarray, wanted: Palette) -> np.ndarray:
        """A painted frame, uint8 (rows, columns, 3), in the wanted palette; uint8 of the same shape.

        The frame's own palette is averaged over the clip, so that colours do not flicker.
        """
        now = Palette.of(painted)
        self._own = now if self._own is None else self._own.towards(now, _PALETTE_SHARE)
        return self._own.map_to(painted, wanted)

    def _resized(self, frame: np.ndarray) -> np.ndarray:
        if self.size == self.full_size:
            return frame
        shrinks = self.size[0] < self.full_size[0] or self.size[1] < self.full_size[1]
        interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        return cv2.resize(frame, (self.size[1], self.size[0]), interpolation=interpolation)

    def _padded(self, picture: np.ndarray) -> np.ndarray:
        bottom, right = (self.padded[axis] - self.size[axis] for axis in (0, 1))
        if not (bottom or right):
            return picture
        return cv2.copyMakeBorder(picture, 0, bottom, 0, right, cv2.BORDER_REPLICATE)


def _without(step: Step, relaid: np.ndarray | None) -> Step:
    """Where tiles were laid anew, the last output shows the old ones: it is not to be trusted there."""
    if relaid is None:
        return step
    height, width = step.trust.shape
    kept = cv2.resize((~relaid).astype(np.float32), (width, height), interpolation=cv2.INTER_NEAREST)
    return replace(step, trust=step.trust * kept)
