"""A clip or a picture in another look: words or a style picture, through CLIP, to one conditional generator.

Frames come and go one by one: the only memory of the past is the last frame and where its paint texture lies, which
follows the optical flow and starts anew at a scene cut. Frames beyond a working size are painted smaller and brought
back by guided upsampling (He and Sun, "Fast guided filter", 2015), so that edges of the source stay crisp.

Letters: T frames, H, W the clip's rows and columns, h, w the working size, B batch, D the joint width, L looks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from transformers import CLIPTextModelWithProjection, CLIPTokenizer, CLIPVisionModelWithProjection

from studio.clip import check_frames
from studio.errors import RequestError
from studio.models.clip import pack_frames
from studio.models.restyle import STRIDE, RestyleGenerator
from studio.motion.cuts import is_cut
from studio.motion.flow import FlowQuality, estimate_flow
from studio.motion.guides import SOFT, Guides, halve, read_guides
from studio.motion.palette import Palette
from studio.motion.texture import MovingTexture, settled
from studio.pipelines.base import (
    EMBEDDING_SCALE,
    FramesOutput,
    IsCancelled,
    OnProgress,
    StudioPipeline,
    check_cancelled,
    collect,
)
from studio.scene import LookReading
from studio.tensors import to_float, to_uint8

_WORKING_PIXELS = 960 * 544
_SMALLEST = 48  # pixels: flow, guides and generator need this much; smaller frames are padded
_FLOW = FlowQuality(preset="fast", finest_level=1)
_SHARPNESS = 40.0  # inverse temperature of the choice among looks, in units of cosine
_JUMP = 18.0  # mean change of a tiny copy, in levels, below which two frames are surely of one shot
_TEXTURES = ("stroke", "noise", "pigment", "hatch_down", "hatch_up", "grain")


@dataclass(frozen=True)
class _Wish:
    """What a call asks for, read once: the look's embedding (1, D), a style picture's palette and its roughness
    (1 = as the looks were learnt), and how to lay the result over the source."""

    condition: torch.Tensor
    palette: Palette | None
    roughness: float
    strength: float
    keep_colours: bool


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
        length: int | None = None,
        on_progress: OnProgress | None = None,
        is_cancelled: IsCancelled | None = None,
    ) -> Iterator[np.ndarray]:
        """Yield each frame, uint8 (H, W, 3) of its own size, in the wanted look.

        prompt: the look in words; style_image: uint8 (h, w, 3) or a PIL picture whose look and palette are wanted; with
        both, they are blended. strength: 0 returns the source exactly, 1 is the full look. keep_colours: only the
        brightness is changed. generator: places the paint's texture. Raises RequestError, Cancelled.
        """
        if not 0 <= strength <= 1:
            raise RequestError("Strength must lie between 0 and 1.")
        wish = self._read_wish(prompt, style_image, float(strength), keep_colours)
        seed = int(torch.randint(2**31, (), generator=generator))
        return self._paint_all(frames, wish, seed, length, on_progress, is_cancelled)

    def understand(self, prompt: str) -> LookReading:
        """The known look nearest to the words, how sure that is (0..1), and the words that no look has.

        Words that no look has lower the certainty by their share; with none but such it is 0.
        """
        words = _words(prompt)
        unknown = [word for word in words if word not in self.generator.config.known_words]
        likeness = self._likeness(self._embed_words(prompt))[0]
        best = int(likeness.argmax())
        return LookReading(
            look=self.generator.config.look_titles[best],
            confidence=float(likeness[best]) * (1 - len(unknown) / max(1, len(words))),
            unknown_words=tuple(dict.fromkeys(unknown)),
        )

    # --- reading the wish ---------------------------------------------------------------------------------------------

    def _read_wish(
        self, prompt: str | None, style_image: np.ndarray | Image.Image | None, strength: float, keep_colours: bool
    ) -> _Wish:
        has_words = prompt is not None and bool(prompt.strip())
        if not has_words and style_image is None:
            raise RequestError('Please name a look, such as "watercolour painting", or give a style picture.')
        wanted = [self._embed_words(prompt)] if has_words else []
        palette, roughness = None, 1.0
        if style_image is not None:
            picture = _as_rgb(style_image)
            wanted.append(self._embed_picture(picture))
            palette, roughness = Palette.of(picture), _roughness(picture)
        condition = F.normalize(torch.stack(wanted).mean(0), dim=1) * EMBEDDING_SCALE
        return _Wish(condition, palette, roughness, strength, keep_colours)

    def _embed_words(self, prompt: str) -> torch.Tensor:
        """(1, D). Words that no look has would only disturb: they are left out where others remain."""
        known = [word for word in _words(prompt) if word in self.generator.config.known_words]
        return self.encode_prompt([" ".join(known) if known else prompt])

    @torch.no_grad()
    def _embed_picture(self, picture: np.ndarray) -> torch.Tensor:
        """(1, D): halfway between what the picture tower sees and the known looks that this is like."""
        device = self.image_encoder.device
        packed = pack_frames(to_float(picture[None])[:, None], self.image_encoder.config.image_size)
        packed = packed.to(device, self.image_encoder.dtype)
        seen = F.normalize(self.image_encoder(pixel_values=packed).image_embeds.float(), dim=1) * EMBEDDING_SCALE
        codes = self.generator.look_codes.float().to(device)
        return F.normalize(seen + self._likeness(seen) @ codes, dim=1) * EMBEDDING_SCALE

    def _likeness(self, embedding: torch.Tensor) -> torch.Tensor:
        """(B, D) to probabilities (B, L) over the known looks."""
        codes = F.normalize(self.generator.look_codes.float().to(embedding.device), dim=1)
        return (F.normalize(embedding, dim=1) @ codes.T * _SHARPNESS).softmax(dim=1)

    # --- painting -----------------------------------------------------------------------------------------------------

    def _paint_all(
        self,
        frames: Iterable[np.ndarray],
        wish: _Wish,
        seed: int,
        length: int | None,
        on_progress: OnProgress | None,
        is_cancelled: IsCancelled | None,
    ) -> Iterator[np.ndarray]:
        easel, last, result = None, None, None
        for done, frame in enumerate(frames):
            check_cancelled(is_cancelled)
            if wish.strength == 0:
                result = frame.copy()
            elif last is None or not np.array_equal(frame, last):
                if easel is None or easel.full_size != frame.shape[:2]:
                    easel = _Easel(frame.shape[:2], seed)
                result = self._paint(frame, easel, wish)
                last = frame
            if on_progress is not None:
                on_progress(done + 1, length)
            yield result.copy()

    def _paint(self, frame: np.ndarray, easel: _Easel, wish: _Wish) -> np.ndarray:
        small, guides = easel.place(frame)
        if wish.roughness != 1:
            for name in _TEXTURES:
                guides.soft[SOFT.index(name)] *= np.float32(wish.roughness)
        device, dtype = self.generator.device, self.generator.dtype
        inputs = [
            part.to(device, dtype).contiguous(memory_format=torch.channels_last)
            for part in (
                to_float(small[None]),
                torch.from_numpy(guides.sharp)[None],
                torch.from_numpy(guides.soft)[None],
            )
        ]
        with self.fast():
            painted = to_uint8(self.generator(*inputs, wish.condition.to(device, dtype)))[0]
        painted = easel.crop(painted)
        if wish.palette is not None:
            painted = easel.recolour(painted, wish.palette)
        return _lay_over(frame, easel.enlarge(painted, frame), wish)


class _Easel:
    """What one clip needs between frames: sizes, the last working frame, the texture, the palette's own statistics."""

    def __init__(self, full_size: tuple[int, int], seed: int) -> None:
        self.full_size = full_size
        scale = min(1.0, (_WORKING_PIXELS / (full_size[0] * full_size[1])) ** 0.5)
        self.size = tuple(max(1, round(side * scale)) for side in full_size)
        self._padded = tuple(max(_SMALLEST, -(-side // STRIDE) * STRIDE) for side in self.size)
        self._texture = MovingTexture(self._padded[0] // 2, self._padded[1] // 2, seed)
        self._texture.restart()
        self._last: np.ndarray | None = None  # the last frame at half the working size, grey
        self._thumb: np.ndarray | None = None
        self._full: np.ndarray | None = None
        self._small: np.ndarray | None = None
        self._own: Palette | None = None

    def place(self, frame: np.ndarray) -> tuple[np.ndarray, Guides]:
        """The frame at its padded working size, uint8 (h, w, 3), with its guides; the texture has moved along."""
        small = frame
        if self.size != self.full_size:
            small = cv2.resize(frame, (self.size[1], self.size[0]), interpolation=cv2.INTER_AREA)
        self._small = small
        bottom, right = (self._padded[axis] - self.size[axis] for axis in (0, 1))
        if bottom or right:
            small = cv2.copyMakeBorder(small, 0, bottom, 0, right, cv2.BORDER_REPLICATE)
        self._move(small)
        return small, read_guides(small.astype(np.float32) * np.float32(1 / 255), self._texture.noise())

    def _move(self, small: np.ndarray) -> None:
        grey = cv2.cvtColor(halve(small), cv2.COLOR_RGB2GRAY)
        thumb = cv2.resize(small, (32, 18), interpolation=cv2.INTER_AREA).astype(np.float32)
        if self._last is not None:
            jump = float(np.abs(thumb - self._thumb).mean())
            if jump > _JUMP and is_cut(self._full, small):
                self._texture.restart()
                self._own = None
            else:
                self._texture.follow(settled(estimate_flow(grey, self._last, _FLOW), grey))
        self._last, self._thumb, self._full = grey, thumb, small

    def crop(self, painted: np.ndarray) -> np.ndarray:
        """Takes the padding off again, exactly."""
        return painted[: self.size[0], : self.size[1]]

    def recolour(self, painted: np.ndarray, wanted: Palette) -> np.ndarray:
        """Gives the painted frame the wanted palette; its own is followed slowly, so that colours do not pump."""
        now = Palette.of(painted)
        self._own = now if self._own is None else self._own.towards(now, 0.03)
        return self._own.map_to(painted, wanted)

    def enlarge(self, painted: np.ndarray, frame: np.ndarray) -> np.ndarray:
        """Brings a working-size result to the frame's size: what follows the source's edges does so at full size, the
        rest (strokes, grain) is resampled."""
        if self.size == self.full_size:
            return painted
        size = (self.full_size[1], self.full_size[0])
        grey = cv2.cvtColor(self._small, cv2.COLOR_RGB2GRAY).astype(np.float32)
        values = cv2.cvtColor(painted, cv2.COLOR_RGB2GRAY).astype(np.float32)
        window = (9, 9)
        mean_grey, mean = cv2.blur(grey, window), cv2.blur(values, window)
        spread = cv2.blur(grey * grey, window) - mean_grey * mean_grey + 60.0
        slope = cv2.blur((cv2.blur(values * grey, window) - mean * mean_grey) / spread, window)
        # Only the detail that the small copy lost is added, along the local slope; the rest is resampled.
        lost = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32)
        lost -= cv2.resize(grey, size, interpolation=cv2.INTER_CUBIC)
        lost *= cv2.resize(slope, size)
        large = cv2.resize(painted, size, interpolation=cv2.INTER_CUBIC)
        return cv2.add(large, cv2.merge([lost, lost, lost]), dtype=cv2.CV_8U)


def _lay_over(source: np.ndarray, painted: np.ndarray, wish: _Wish) -> np.ndarray:
    if not wish.keep_colours and wish.strength == 1:
        return painted
    below, above = source.astype(np.float32), painted.astype(np.float32)
    if wish.keep_colours:
        # The same change of brightness on all three channels leaves the colour differences as they are.
        change = cv2.cvtColor(above, cv2.COLOR_RGB2GRAY) - cv2.cvtColor(below, cv2.COLOR_RGB2GRAY)
        above = below + change[..., None]
    mixed = below + np.float32(wish.strength) * (above - below)
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def _as_rgb(picture: np.ndarray | Image.Image) -> np.ndarray:
    """A style picture as uint8 (h, w, 3), its long side at most 512."""
    rgb = np.array(picture.convert("RGB")) if isinstance(picture, Image.Image) else picture
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise RequestError("A style picture must be an RGB picture of 8 bits.")
    scale = min(1.0, 512 / max(rgb.shape[:2]))
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA) if scale < 1 else np.ascontiguousarray(rgb)


def _roughness(picture: np.ndarray) -> float:
    """How rough a painting's surface is beside the looks' own strokes, .5 (smooth) to 1.5 (coarse)."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    detail = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 2.0))
    return float(np.clip(0.5 + np.median(detail) / 9.0, 0.5, 1.5))


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text.lower())
