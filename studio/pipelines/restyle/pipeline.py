"""A clip or a picture in another look: words, a style picture or a studied look, to one conditional generator.

The field calls this video translation: an encoder, a change in the latent space that the look decides, a decoder. Here
they are one small net (studio/models/restyle.py), whose kernels are mixed for the wanted look once per clip.

Frames come and go one by one. Steadiness is built in: the paint's texture sticks to what moves, and the net sees its
last output carried along the optical flow, with how far that can be trusted (studio/motion/shot.py). A cut starts anew.

Letters: T frames, H, W the clip's rows and columns, h, w the working size, B batch, D the joint width, L looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from PIL import Image
from transformers import CLIPTextModelWithProjection, CLIPTokenizer, CLIPVisionModelWithProjection

from studio.clip import check_frames
from studio.errors import RequestError
from studio.models.restyle import Brush, RestyleGenerator
from studio.models.studied_look import StudiedLook
from studio.motion.region import Region, RegionTracker, compose
from studio.painting.enlarging import enlarge
from studio.painting.face_guard import DetailGuard
from studio.painting.palette import Palette
from studio.pipelines.base import (
    FramesOutput,
    IsCancelled,
    OnProgress,
    StudioPipeline,
    check_cancelled,
    collect,
)
from studio.pipelines.restyle.easel import Canvas, Easel, Hand, LearntHand
from studio.pipelines.restyle.look_picture import read_picture
from studio.pipelines.restyle.look_wish import KnownLooks, read_words
from studio.pipelines.restyle.studied_hand import StudiedHand
from studio.scene import LookReading
from studio.tensors import to_device, to_numpy, to_planes, to_tensor

BRUSH_SIZES = (0.5, 2.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Look:
    """What is painted with: the mixed kernels, the hand that prepares each frame, whether strokes may be calmed where
    faces are, a palette to bring the colours to, and whether all colour is taken out."""

    brush: Brush
    hand: Hand
    calms: bool = True
    palette: Palette | None = None
    greys: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class _Manner:
    """How it is painted and laid over the source; see ``RestylePipeline.stream``. Raises RequestError."""

    strength: float
    keep_colours: bool
    brush_size: float
    detail: float
    region: Region | None

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 1:
            raise RequestError("Strength must lie between 0 and 1.")
        if not BRUSH_SIZES[0] <= self.brush_size <= BRUSH_SIZES[1]:
            raise RequestError(f"Brush size must lie between {BRUSH_SIZES[0]:g} and {BRUSH_SIZES[1]:g}.")
        if not 0 <= self.detail <= 1:
            raise RequestError("Detail must lie between 0 and 1.")


class RestylePipeline(StudioPipeline):
    """See the module's docstring. ``image_encoder`` is the picture tower of the CLIP whose text tower is
    ``text_encoder``."""

    def __init__(
        self,
        text_encoder: CLIPTextModelWithProjection,
        tokenizer: CLIPTokenizer,
        image_encoder: CLIPVisionModelWithProjection,
        generator: RestyleGenerator,
    ) -> None:
        super().__init__()
        self.register_modules(
            text_encoder=text_encoder, tokenizer=tokenizer, image_encoder=image_encoder, generator=generator
        )

    def __call__(
        self,
        frames: np.ndarray,
        prompt: str | None = None,
        style_image: np.ndarray | Image.Image | None = None,
        strength: float = 1.0,
        keep_colours: bool = False,
        generator: torch.Generator | None = None,
        *,
        look: StudiedLook | None = None,
        brush_size: float = 1.0,
        detail: float = 0.5,
        region: Region | None = None,
        on_progress: OnProgress | None = None,
        is_cancelled: IsCancelled | None = None,
    ) -> FramesOutput:
        """Restyle a clip uint8 (T, H, W, 3) or a picture (H, W, 3, taken as one frame); see ``stream``."""
        clip = check_frames(frames[None] if np.ndim(frames) == 3 else frames)
        stream = self.stream(
            clip,
            prompt,
            style_image,
            strength,
            keep_colours,
            generator,
            look=look,
            brush_size=brush_size,
            detail=detail,
            region=region,
            length=len(clip),
            on_progress=on_progress,
            is_cancelled=is_cancelled,
        )
        return collect(stream, clip.shape[1:3])

    def stream(
        self,
        frames: Iterable[np.ndarray],
        prompt: str | None = None,
        style_image: np.ndarray | Image.Image | None = None,
        strength: float = 1.0,
        keep_colours: bool = False,
        generator: torch.Generator | None = None,
        *,
        look: StudiedLook | None = None,
        brush_size: float = 1.0,
        detail: float = 0.5,
        region: Region | None = None,
        length: int | None = None,
        on_progress: OnProgress | None = None,
        is_cancelled: IsCancelled | None = None,
    ) -> Iterator[np.ndarray]:
        """Yield each frame, uint8 (H, W, 3) of its own size, in the wanted look.

        prompt: the look in words; style_image: uint8 (h, w, 3) or a PIL picture whose look and palette are wanted; with
        both, they are blended. look: a studied look instead of both. strength: 0 returns the source exactly, 1 is the
        full look. keep_colours: only the brightness is changed. generator: places the paint's texture. brush_size: .5
        to 2, the width of strokes and tiles. detail: 0 to 1, how much of faces, then of all fine detail, is kept.
        region: the part to paint; the rest stays as it is. Raises RequestError, Cancelled.
        """
        manner = _Manner(
            strength=float(strength),
            keep_colours=keep_colours,
            brush_size=float(brush_size),
            detail=float(detail),
            region=region,
        )
        wish = self._read(prompt, style_image) if look is None else self._take(look, prompt, style_image)
        seed = int(torch.randint(2**31, (), generator=generator))
        return self._paint_all(frames, wish, manner, seed, length, on_progress, is_cancelled)

    def understand(self, prompt: str) -> LookReading:
        """How the words are taken: the looks that will be blended, how sure that is, and what no look has.

        Raises RequestError if the words name no look, or only what is not wanted.
        """
        return read_words(prompt, KnownLooks.of(self.generator), self.encode_prompt).reading

    # --- reading the wish ---------------------------------------------------------------------------------------------

    def _read(self, prompt: str | None, style_image: np.ndarray | Image.Image | None) -> _Look:
        looks = KnownLooks.of(self.generator)
        said = shown = None
        if style_image is None or (prompt or "").strip():
            said = read_words(prompt or "", looks, self.encode_prompt)
        if style_image is not None:
            shown = read_picture(_as_rgb(style_image), looks, self.image_encoder)
        weights = looks.together([one.weights for one in (said, shown) if one is not None])
        condition = to_device(looks.condition(weights), self.generator.device)
        with torch.no_grad():
            brush = self.generator.brush(condition)
        tiling = looks.tiling(weights)
        return _Look(
            brush=brush,
            hand=LearntHand(tiling, 1.0 if shown is None else shown.roughness),
            calms=tiling == "none",
            palette=None if shown is None else shown.palette,
            greys=said is not None and said.greys,
        )

    def _take(self, look: StudiedLook, prompt: str | None, style_image: object) -> _Look:
        if (prompt or "").strip() or style_image is not None:
            raise RequestError("A studied look stands alone: please leave words and style picture out.")
        look.check(self.generator)
        return _Look(brush=look.brush, hand=StudiedHand(look))

    # --- painting -----------------------------------------------------------------------------------------------------

    def _paint_all(
        self,
        frames: Iterable[np.ndarray],
        look: _Look,
        manner: _Manner,
        seed: int,
        length: int | None,
        on_progress: OnProgress | None,
        is_cancelled: IsCancelled | None,
    ) -> Iterator[np.ndarray]:
        painter, last, result = None, None, None
        brush = look.brush.to(self.generator.device, self.fast_dtype())
        for done, frame in enumerate(frames):
            check_cancelled(is_cancelled)
            if manner.strength == 0:
                result = frame
            elif last is None or not np.array_equal(frame, last):
                if painter is None or painter.full_size != frame.shape[:2]:
                    painter = _Painter(self.generator, brush, look, manner, frame.shape[:2], seed)
                result, last = painter.paint(frame), frame
            if on_progress is not None:
                on_progress(done + 1, length)
            yield result.copy()


class _Painter:
    """Paints the frames of one clip, in order."""

    def __init__(
        self,
        generator: RestyleGenerator,
        brush: Brush,
        look: _Look,
        manner: _Manner,
        full_size: tuple[int, int],
        seed: int,
    ) -> None:
        self.full_size = full_size
        self._generator, self._brush, self._look, self._manner = generator, brush, look, manner
        self._device = generator.device  # asked once: the answer walks through all modules
        self._easel = Easel(full_size, seed, look.hand, manner.brush_size)
        self._guard = DetailGuard(manner.detail, self._easel.size, calms=look.calms)
        self._tracker = None if manner.region is None else RegionTracker(manner.region, full_size)

    def paint(self, frame: np.ndarray) -> np.ndarray:
        """The finished frame, uint8 (H, W, 3)."""
        canvas = self._easel.place(frame)
        small = self._easel.cropped(canvas.source)
        painted = self._easel.keep(self._draw(canvas))
        if self._look.palette is not None:
            painted = self._easel.recolour(painted, self._look.palette)
        if self._look.greys:
            painted = cv2.cvtColor(cv2.cvtColor(painted, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        flow = None if canvas.step is None else self._easel.cropped_flow(canvas.step.raw)
        painted = self._guard.protect(painted, small, flow)
        finished = _lay_over(frame, enlarge(painted, small, frame), self._manner)
        if self._tracker is not None:
            finished = compose(frame, finished, self._tracker.follow(frame, flow))
        return finished

    @torch.inference_mode()
    def _draw(self, canvas: Canvas) -> np.ndarray:
        """float32 (3, h, w), by the net."""
        height, width = canvas.picture.shape[:2]
        past = np.zeros((1, 4, height, width), np.float32)
        if canvas.past is not None:
            past[0, :3] = canvas.past
            past[0, 3] = canvas.step.trust
        soft = canvas.guides.soft
        painted = self._generator.paint(
            to_planes(canvas.picture, self._device),
            to_tensor(canvas.guides.sharp[None], self._device),
            to_tensor(soft[None], self._device),
            to_tensor(past, self._device),
            self._brush,
            tiled=bool(soft[-3:].any()),
        )
        return to_numpy(painted[0].contiguous())


def _lay_over(source: np.ndarray, painted: np.ndarray, manner: _Manner) -> np.ndarray:
    if not manner.keep_colours and manner.strength == 1:
        return painted
    below, above = source.astype(np.float32), painted.astype(np.float32)
    if manner.keep_colours:
        # The same change of brightness on all three channels leaves the colour differences as they are.
        change = cv2.cvtColor(above, cv2.COLOR_RGB2GRAY) - cv2.cvtColor(below, cv2.COLOR_RGB2GRAY)
        above = below + change[..., None]
    mixed = below + np.float32(manner.strength) * (above - below)
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def _as_rgb(picture: np.ndarray | Image.Image) -> np.ndarray:
    """A style picture as uint8 (h, w, 3), its long side at most 512."""
    rgb = np.array(picture.convert("RGB")) if isinstance(picture, Image.Image) else picture
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise RequestError("A style picture must be an RGB picture of 8 bits.")
    scale = min(1.0, 512 / max(rgb.shape[:2]))
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA) if scale < 1 else np.ascontiguousarray(rgb)
