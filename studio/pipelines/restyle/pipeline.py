"""A clip or a picture in another look: words, a style picture or a studied look, to one conditional generator.

The field calls this video translation: an encoder, a change in the latent space that the look decides, a decoder. Here
they are one small net (studio/models/restyle.py), whose kernels are mixed for the wanted look once per clip.

Frames come and go one by one. Steadiness is built in: the paint's texture sticks to what moves, and the net sees its
last output carried along the optical flow, with how far that can be trusted (studio/motion/shot.py). A cut starts anew.

Letters: T frames, H, W the clip's rows and columns, h, w the working size, B batch, D the joint width, L looks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from PIL import Image
from transformers import CLIPTextModelWithProjection, CLIPTokenizer, CLIPVisionModelWithProjection

from studio.clip import check_frame
from studio.errors import RequestError
from studio.models.restyle import Brush, RestyleGenerator
from studio.models.studied_look import StudiedLook
from studio.motion.region import RegionTracker, compose
from studio.painting.enlarging import enlarge
from studio.painting.face_guard import DetailGuard
from studio.painting.palette import Palette
from studio.pipelines.base import StudioPipeline
from studio.pipelines.calls import CallOptions
from studio.pipelines.restyle.clip_state import ClipState, FramePreparation, LearntPreparation, PreparedFrame
from studio.pipelines.restyle.conditions import RestyleConditions
from studio.pipelines.restyle.look_picture import read_picture
from studio.pipelines.restyle.look_prompt import KnownLooks, read_words
from studio.pipelines.restyle.studied_preparation import StudiedPreparation
from studio.scene import LookReading
from studio.tensors import to_device, to_numpy, to_planes, to_tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class _Look:
    """What is painted with: the mixed kernels, how each frame is prepared, whether strokes may be calmed where
    faces are, a palette to bring the colours to, and whether all colour is taken out."""

    brush: Brush
    preparation: FramePreparation
    calms: bool = True
    palette: Palette | None = None
    greys: bool = False


class RestylePipeline(StudioPipeline):
    """See the module's docstring. ``image_encoder`` is the picture tower of the CLIP whose text tower is
    ``text_encoder``."""

    conditions = RestyleConditions

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

    def _stream(self, asked: RestyleConditions, options: CallOptions) -> Iterator[np.ndarray]:
        look = self._read(asked, options) if asked.look is None else self._take(asked.look)
        seed = int(to_numpy(torch.randint(2**31, (), generator=options.generator)))
        return self._paint_all(asked, look, seed, options)

    def understand(self, prompt: str) -> LookReading:
        """How the words are taken: the looks that will be blended, how sure that is, and what no look has.

        Raises RequestError if the words name no look, or only what is not wanted.
        """
        return read_words(prompt, KnownLooks.of(self.generator), self.encode_prompt).reading

    # --- reading the prompt -------------------------------------------------------------------------------------------

    def _read(self, asked: RestyleConditions, options: CallOptions) -> _Look:
        looks = KnownLooks.of(self.generator)
        said = shown = None
        if asked.style_image is None or (asked.prompt or "").strip():
            said = read_words(asked.prompt or "", looks, self.encode_prompt)
            for sentence in said.reading.notes:
                options.note(sentence)
        if asked.style_image is not None:
            shown = read_picture(_as_rgb(asked.style_image), looks, self.image_encoder)
        weights = looks.together([one.weights for one in (said, shown) if one is not None])
        condition = to_device(looks.condition(weights), self.generator.device)
        with torch.no_grad():
            brush = self.generator.brush(condition)
        tiling = looks.tiling(weights)
        return _Look(
            brush=brush,
            preparation=LearntPreparation(tiling, 1.0 if shown is None else shown.roughness),
            calms=tiling == "none",
            palette=None if shown is None else shown.palette,
            greys=said is not None and said.greys,
        )

    def _take(self, look: StudiedLook) -> _Look:
        look.check(self.generator)
        return _Look(brush=look.brush, preparation=StudiedPreparation(look))

    # --- painting -----------------------------------------------------------------------------------------------------

    def _paint_all(
        self, asked: RestyleConditions, look: _Look, seed: int, options: CallOptions
    ) -> Iterator[np.ndarray]:
        painter, last, result = None, None, None
        look = replace(look, brush=look.brush.to(self.generator.device, self.fast_dtype()))
        for done, frame in enumerate(asked.frames):
            options.check_cancelled()
            check_frame(frame)
            if asked.strength == 0:
                result = frame
            elif last is None or not np.array_equal(frame, last):
                if painter is None or painter.full_size != frame.shape[:2]:
                    painter = _Painter(self.generator, look, asked, frame.shape[:2], seed)
                result, last = painter.paint(frame), frame
            options.tell_progress(done + 1, asked.length)
            yield result.copy()


class _Painter:
    """Paints the frames of one clip, in order."""

    def __init__(
        self,
        generator: RestyleGenerator,
        look: _Look,
        asked: RestyleConditions,
        full_size: tuple[int, int],
        seed: int,
    ) -> None:
        self.full_size = full_size
        self._generator, self._look = generator, look
        self._strength, self._keep_colours = float(asked.strength), asked.keep_colours
        self._device = generator.device  # asked once: the answer walks through all modules
        self._state = ClipState(full_size, seed, look.preparation, float(asked.brush_size))
        self._guard = DetailGuard(float(asked.detail), self._state.size, calms=look.calms)
        self._tracker = None if asked.region is None else RegionTracker(asked.region, full_size)

    def paint(self, frame: np.ndarray) -> np.ndarray:
        """The finished frame, uint8 (H, W, 3)."""
        prepared = self._state.prepare(frame)
        small = self._state.cropped(prepared.source)
        painted = self._state.keep(self._draw(prepared))
        if self._look.palette is not None:
            painted = self._state.recolour(painted, self._look.palette)
        if self._look.greys:
            painted = cv2.cvtColor(cv2.cvtColor(painted, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        flow = None if prepared.step is None else self._state.cropped_flow(prepared.step.raw)
        painted = self._guard.protect(painted, small, flow)
        finished = _lay_over(frame, enlarge(painted, small, frame), self._strength, self._keep_colours)
        if self._tracker is not None:
            finished = compose(frame, finished, self._tracker.follow(frame, flow))
        return finished

    @torch.inference_mode()
    def _draw(self, prepared: PreparedFrame) -> np.ndarray:
        """float32 (3, h, w), by the net."""
        height, width = prepared.picture.shape[:2]
        past = np.zeros((1, 4, height, width), np.float32)
        if prepared.past is not None:
            past[0, :3] = prepared.past
            past[0, 3] = prepared.step.trust
        soft = prepared.guides.soft
        painted = self._generator.paint(
            to_planes(prepared.picture, self._device),
            to_tensor(prepared.guides.sharp[None], self._device),
            to_tensor(soft[None], self._device),
            to_tensor(past, self._device),
            self._look.brush,
            tiled=bool(soft[-3:].any()),
        )
        return to_numpy(painted[0].contiguous())


def _lay_over(source: np.ndarray, painted: np.ndarray, strength: float, keep_colours: bool) -> np.ndarray:
    if not keep_colours and strength == 1:
        return painted
    below, above = source.astype(np.float32), painted.astype(np.float32)
    if keep_colours:
        # The same change of brightness on all three channels leaves the colour differences as they are.
        change = cv2.cvtColor(above, cv2.COLOR_RGB2GRAY) - cv2.cvtColor(below, cv2.COLOR_RGB2GRAY)
        above = below + change[..., None]
    mixed = below + np.float32(strength) * (above - below)
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def _as_rgb(picture: np.ndarray | Image.Image) -> np.ndarray:
    """A style picture as uint8 (h, w, 3), its long side at most 512."""
    rgb = np.array(picture.convert("RGB")) if isinstance(picture, Image.Image) else picture
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise RequestError("A style picture must be an RGB picture of 8 bits.")
    scale = min(1.0, 512 / max(rgb.shape[:2]))
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA) if scale < 1 else np.ascontiguousarray(rgb)
