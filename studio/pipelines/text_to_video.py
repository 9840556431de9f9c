"""A prompt to a clip: text through CLIP, one forward pass of the generator to layers, the compositor to frames.

The layers cost the same for any clip; frames are painted one by one, so memory does not grow with the length, and a job
stops within a frame. Letters: T frames, H, W rows and columns of a frame, h height of a strip.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import torch
from transformers import CLIPTextModelWithProjection, CLIPTokenizer

from studio.errors import RequestError
from studio.models.compositor import FramePainter
from studio.models.text_to_video import TextToVideoGenerator
from studio.pipelines.base import FramesOutput, IsCancelled, OnProgress, StudioPipeline, check_cancelled, collect
from studio.requests import MAX_PROMPT
from studio.scene import TRACK_NAMES, SceneLayers, Understanding
from studio.tensors import to_uint8

SHORTEST, LONGEST = 1.0, 6.1
"""Seconds that scenes are planned for; a shorter clip is the beginning of a scene of one second."""

SMALLEST, LARGEST = 64, 1024
"""Pixels of a frame's side; the layers' own detail is right for 256 to 512."""

_FLIP, _RAIN, _SNOW = (TRACK_NAMES.index(name) for name in ("flip", "rain", "snow"))
_EXAMPLE = '"a red car drives left across the desert at sunset"'


class TextToVideoPipeline(StudioPipeline):
    """See the module's docstring."""

    def __init__(
        self, text_encoder: CLIPTextModelWithProjection, tokenizer: CLIPTokenizer, generator: TextToVideoGenerator
    ) -> None:
        super().__init__()
        self.register_modules(text_encoder=text_encoder, tokenizer=tokenizer, generator=generator)

    def __call__(
        self,
        prompt: str,
        num_frames: int = 24,
        fps: float = 12,
        height: int = 256,
        width: int = 256,
        variety: float = 1.0,
        generator: torch.Generator | None = None,
        *,
        on_progress: OnProgress | None = None,
        is_cancelled: IsCancelled | None = None,
    ) -> FramesOutput:
        """The whole clip at once, uint8 (T, H, W, 3); see ``stream``."""
        stream = self.stream(
            prompt,
            num_frames,
            fps,
            height,
            width,
            variety,
            generator,
            on_progress=on_progress,
            is_cancelled=is_cancelled,
        )
        return collect(stream, (height, width))

    def stream(
        self,
        prompt: str,
        num_frames: int = 24,
        fps: float = 12,
        height: int = 256,
        width: int = 256,
        variety: float = 1.0,
        generator: torch.Generator | None = None,
        *,
        on_progress: OnProgress | None = None,
        is_cancelled: IsCancelled | None = None,
    ) -> Iterator[np.ndarray]:
        """Yield ``num_frames`` frames, uint8 (height, width, 3).

        fps: frames per second; motion and weather keep their pace in seconds, so the same number of frames at a higher
        rate is a shorter moment. variety: how far from the most typical scene the noise may go; 0 is that scene, the
        same for every seed, 1 is as the world is. Raises RequestError, Cancelled.
        """
        _check_size(height, width)
        check_cancelled(is_cancelled)
        layers = self.layers(prompt, num_frames, fps, variety, generator)
        return self._paint(FramePainter(layers, (height, width)), on_progress, is_cancelled)

    @staticmethod
    def _paint(
        painter: FramePainter, on_progress: OnProgress | None, is_cancelled: IsCancelled | None
    ) -> Iterator[np.ndarray]:
        for index in range(len(painter)):
            check_cancelled(is_cancelled)
            frame = painter.frame(index)
            if on_progress is not None:
                on_progress(index + 1, len(painter))
            yield frame

    def layers(
        self,
        prompt: str,
        num_frames: int = 24,
        fps: float = 12,
        variety: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> SceneLayers:
        """The layers of the scene that ``stream`` would paint for the same arguments. Raises RequestError."""
        self._check_prompt(prompt)
        seconds = _check_timing(num_frames, fps, variety)
        net = self.generator
        noise = net.draw_noise(1, generator)
        noise = {name: (variety * values).to(net.device, net.dtype) for name, values in noise.items()}
        text = self.encode_prompt([prompt]).to(net.device, net.dtype)
        planned = max(seconds, SHORTEST)
        progress = torch.arange(num_frames, device=net.device) / (float(fps) * planned)
        with self.fast():
            made = net(text, noise, torch.tensor([planned], device=net.device), progress)
        return SceneLayers(
            strips=_straight(to_uint8(made.strips[0])),
            offsets=made.offsets[0].float().cpu().numpy(),
            sprite=_straight(to_uint8(made.sprite[0])),
            tracks=_tidy(made.tracks[0].float().cpu().numpy()),
            fps=float(fps),
        )

    def understand(self, prompt: str) -> Understanding:
        """What the generator reads in the prompt, slot by slot, and the words that no caption of its world had.

        Raises RequestError for a prompt that ``stream`` would refuse.
        """
        unknown = self._check_prompt(prompt)
        with torch.inference_mode():
            text = self.encode_prompt([prompt]).to(self.generator.device, self.generator.dtype)
            read = self.generator.read(text)
        words = {name: self.generator.slots[name][int(chances[0].argmax())] for name, chances in read.items()}
        return Understanding(**words, unknown_words=unknown)

    def _check_prompt(self, prompt: str) -> tuple[str, ...]:
        """The prompt's unknown words; RequestError where there is nothing to go by."""
        if not isinstance(prompt, str) or not prompt.strip():
            raise RequestError(f"Please describe the scene in a few words, such as {_EXAMPLE}.")
        if len(prompt) > MAX_PROMPT:
            raise RequestError(f"The prompt may have at most {MAX_PROMPT} characters; this one has {len(prompt)}.")
        # As worlds/lexicon.py splits the captions that these words are from.
        words = re.findall(r"[^\W\d_]+(?:[-'][^\W\d_]+)*", prompt.lower())
        known, filler = set(self.generator.config.known_words or ()), set(self.generator.config.filler_words or ())
        if known and not any(word in known and word not in filler for word in words):
            subjects = ", ".join(self.generator.slots["subject"][:6])
            raise RequestError(
                f"None of these words is known here: please name a subject ({subjects}...), and perhaps a colour, a "
                f"place and a motion, such as {_EXAMPLE}."
            )
        return tuple(dict.fromkeys(word for word in words if word not in known)) if known else ()


def _check_size(height: int, width: int) -> None:
    for side in (height, width):
        if not isinstance(side, (int, np.integer)) or not SMALLEST <= side <= LARGEST:
            raise RequestError(f"Width and height must be whole numbers between {SMALLEST} and {LARGEST} pixels.")
    if not 0.4 <= width / height <= 2.1:
        raise RequestError("The longer side may be at most twice the shorter one.")


def _check_timing(num_frames: int, fps: float, variety: float) -> float:
    """The clip's length in seconds."""
    if not isinstance(num_frames, (int, np.integer)) or num_frames < 1:
        raise RequestError("The number of frames must be a whole number of at least 1.")
    if not 0 < float(fps) <= 120:
        raise RequestError("The frame rate must be above 0 and at most 120 frames per second.")
    if not 0 <= variety <= 2:
        raise RequestError("Variety must lie between 0 and 2.")
    seconds = num_frames / float(fps)
    if seconds > LONGEST:
        raise RequestError(f"A clip can last up to 6 seconds; {num_frames} frames at {fps:g} would last {seconds:.1f}.")
    return seconds


def _straight(premultiplied: np.ndarray) -> np.ndarray:
    """uint8 RGBA (..., 4) with colours divided by alpha, as PNG files want it."""
    colour = premultiplied[..., :3].astype(np.float32) * (255.0 / np.maximum(premultiplied[..., 3:], 1))
    return np.concatenate([np.minimum(colour + 0.5, 255).astype(np.uint8), premultiplied[..., 3:]], -1)


def _tidy(tracks: np.ndarray) -> np.ndarray:
    """Decisions made whole: a subject faces one side or the other, and it rains or it does not."""
    tracks[:, _FLIP] = 1.0 if tracks[:, _FLIP].mean() >= 0 else -1.0
    for column in (_RAIN, _SNOW):
        tracks[:, column] *= tracks[:, column].mean() > 0.3
    return np.ascontiguousarray(tracks, dtype=np.float32)
