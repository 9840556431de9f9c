"""A prompt to a clip: CLIP reads it, the generator makes a scene's layers, the compositor frames, a net the finish.

What is drawn is what was understood: the generator is given nothing but the values that were read from the prompt. The
layers cost the same for any clip; frames are painted a few at a time, so memory does not grow with the length, and a
job stops within a few frames. Letters: T frames, H, W rows and columns of a frame, h height of a strip, S sprite side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from transformers import CLIPTextModelWithProjection, CLIPTokenizer

from studio.compositing.frame_painter import FramePainter
from studio.models.detail import detail_code
from studio.models.text_to_video import TextToVideoGenerator
from studio.pipelines.base import StudioPipeline
from studio.pipelines.calls import CallOptions, IsCancelled, OnProgress, takes
from studio.pipelines.text_to_video.conditions import TextToVideoConditions, check_prompt, check_size
from studio.pipelines.text_to_video.own_picture import straight, with_picture
from studio.pipelines.text_to_video.scene_choice import Reading, at_home, not_taken, unsaid
from studio.pipelines.text_to_video.scene_prompt import PromptWords, Wording
from studio.scene import ACTOR_TRACKS, SCENE_TRACKS, SceneLayers, Understanding
from studio.tensors import to_device, to_float, to_numpy, to_tensor, to_uint8

SHORTEST = 1.0
"""Seconds that scenes are planned for at least; a shorter clip is the beginning of a scene of one second."""

CHUNK = 4
"""Frames that are finished at once."""

_FLIP = ACTOR_TRACKS.index("flip")
_FALLS = {
    "rain": ("rain", "storm"), "snow": ("snow",), "fog": ("fog", "storm"), "flash": ("storm",), "leaves": ("wind",),
}  # fmt: skip
"""In which weathers each of the scene's tracks may be seen."""


@dataclass(frozen=True)
class _Read:
    """A prompt and what it was taken for."""

    wording: Wording
    reading: Reading
    cut: tuple[str, ...]


class TextToVideoPipeline(StudioPipeline):
    """See the module's docstring."""

    conditions = TextToVideoConditions

    def __init__(
        self, text_encoder: CLIPTextModelWithProjection, tokenizer: CLIPTokenizer, generator: TextToVideoGenerator
    ) -> None:
        super().__init__()
        self.register_modules(text_encoder=text_encoder, tokenizer=tokenizer, generator=generator)

    def _stream(self, asked: TextToVideoConditions, options: CallOptions) -> Iterator[np.ndarray]:
        options.check_cancelled()
        return self._paint(self._layers(asked, options), (asked.height, asked.width), asked.detail, options)

    @takes(TextToVideoConditions)
    def layers(self, asked: TextToVideoConditions, options: CallOptions) -> SceneLayers:
        """The layers of the scene that ``stream`` would paint for the same arguments. Raises RequestError."""
        return self._layers(asked, options)

    def _layers(self, asked: TextToVideoConditions, options: CallOptions) -> SceneLayers:
        read = self._read(asked.prompt)
        net, fps = self.generator, float(asked.fps)
        noise = net.draw_noise(1, options.generator)
        dice = to_numpy(torch.rand(2, generator=options.generator)) * bool(asked.variety)
        drawn = unsaid(read.reading, net.config.homes or {}, net.slots, tuple(dice.tolist()))
        noise = {name: asked.variety * values for name, values in noise.items()}
        ground = self._ground(drawn, float(to_numpy(noise["strips"])[0, 0]))
        noise = {name: to_device(values, net.device) for name, values in noise.items()}
        planned = max(asked.seconds, SHORTEST)
        progress = torch.arange(asked.num_frames, device=net.device) / (fps * planned)
        with self.fast():
            made = net(self._code(drawn), noise, torch.full((1,), planned, device=net.device), progress)
        actors, scene = _tidy(to_numpy(made.actors[0]), to_numpy(made.scene[0]), drawn)
        layers = SceneLayers(
            strips=straight(to_uint8(made.strips[0])),
            offsets=to_numpy(made.offsets[0]),
            sprites=straight(to_uint8(made.sprites[0])),
            cast=to_numpy(made.cast[0]),
            actors=actors,
            scene=scene,
            fps=fps,
            setting={name: drawn[name] for name in ("place", "time", "weather") if read.reading.has(name, drawn)},
            ground=ground,
        )
        return layers if asked.picture is None else with_picture(layers, asked.picture)

    def understand(self, prompt: str) -> Understanding:
        """What the generator reads in the prompt, slot by slot, and what it made of words that it does not know.

        Raises RequestError for a prompt that ``stream`` would refuse.
        """
        read = self._read(prompt)
        return Understanding(
            **read.reading.values,
            unknown_words=read.wording.unknown,
            stand_ins=read.wording.stand_ins,
            ignored=tuple(dict.fromkeys((*not_taken(read.wording.said, read.reading.values), *read.cut))),
        )

    def paint(
        self,
        layers: SceneLayers,
        height: int = 256,
        width: int = 256,
        *,
        detail: bool = True,
        on_progress: OnProgress | None = None,
        is_cancelled: IsCancelled | None = None,
    ) -> Iterator[np.ndarray]:
        """Yield the frames of these layers, uint8 (height, width, 3). Raises RequestError, Cancelled."""
        check_size(height, width)
        options = CallOptions(on_progress=on_progress, is_cancelled=is_cancelled)
        return self._paint(layers, (height, width), detail, options)

    def _paint(
        self, layers: SceneLayers, size: tuple[int, int], detail: bool, options: CallOptions
    ) -> Iterator[np.ndarray]:
        frames = self._finished(layers, size) if detail else iter(FramePainter(layers, size))
        options.check_cancelled()
        for done, frame in enumerate(frames, 1):
            options.check_cancelled()
            options.tell_progress(done, len(layers.scene))
            yield frame

    # --- reading ------------------------------------------------------------------------------------------------------

    def _read(self, prompt: str) -> _Read:
        """The prompt's words and what they say. RequestError where there is nothing to go by."""
        check_prompt(prompt)
        net, config = self.generator, self.generator.config
        words = PromptWords(
            config.known_words or (), config.filler_words or (), config.stand_ins, config.emoji, config.word_slots,
            net.slots["subject"],
        )  # fmt: skip
        wording = words.read(prompt)
        text = self._beginning(wording.text)
        said = tuple(words.said(text))
        with torch.inference_mode():
            read = net.read(*self._hidden(text))
        chances = {name: to_numpy(values[0]) for name, values in read.items()}
        reading = Reading.of(chances, net.slots, said)
        if words.word_slots and not any(one.slot == "subject" and not one.denied for one in said):
            reading = at_home(reading, chances, net.slots, config.homes or {})
        cut = tuple(one.phrase for one in wording.said if one not in said)
        return _Read(replace(wording, said=said), reading, cut)

    def _beginning(self, text: str) -> str:
        """As much of the text as the encoder reads: whole sentences if it can be, else whole words."""
        window = self.text_encoder.config.max_position_embeddings

        def fits(part: str) -> bool:
            return len(self.tokenizer(part, verbose=False).input_ids) <= window

        for ends in (".!?;", " ,"):
            stops = (len(text), *(at for at in range(len(text) - 1, 0, -1) if text[at] in ends))
            found = next((text[:stop] for stop in stops if fits(text[:stop])), "")
            if found.strip():
                return found
        return text

    def _hidden(self, text: str) -> tuple[torch.Tensor, torch.Tensor]:
        """The text encoder's last hidden states (1, L, D) and which of them are words (1, L)."""
        window = self.text_encoder.config.max_position_embeddings
        tokens = self.tokenizer(text, padding="max_length", truncation=True, max_length=window, return_tensors="pt")
        where = self.text_encoder.device
        tokens = {name: to_device(tokens[name], where) for name in ("input_ids", "attention_mask")}
        hidden = self.text_encoder(**tokens).last_hidden_state
        return hidden.float(), tokens["attention_mask"]

    def _code(self, drawn: dict[str, str]) -> dict[str, torch.Tensor]:
        """One-hot code of one scene."""
        slots = self.generator.slots
        numbers = {name: slots[name].index(value) for name, value in drawn.items()}
        return self.generator.code_of(
            {name: torch.full((1,), number, device=self.generator.device) for name, number in numbers.items()}
        )

    def _ground(self, drawn: dict[str, str], side: float) -> tuple[float, float]:
        """Whether the ground mirrors, and how far the light shears shadows; `side`: the noise that places the sun."""
        tables = self.generator.config.ground or {}
        mirror = max(tables.get("mirror", {}).get(drawn["place"], 0), tables.get("wet", {}).get(drawn["weather"], 0))
        shear = tables.get("shear", {}).get(drawn["time"], 0.0)
        return float(mirror), float(shear if side >= 0 else -shear)

    # --- finishing ----------------------------------------------------------------------------------------------------

    def _finished(self, layers: SceneLayers, size: tuple[int, int]) -> Iterator[np.ndarray]:
        net = self.generator
        painter = FramePainter(layers, size)
        code = self._detail_code(layers)
        before: np.ndarray | None = None
        for start in range(0, len(painter), CHUNK):
            painted = [painter.frame_and_guides(i) for i in range(start, min(start + CHUNK, len(painter)))]
            frames, guides = (np.stack(part) for part in zip(*painted))
            # Each frame is seen beside the one before it, bare as the compositor made it; the first beside itself.
            earlier = np.concatenate([frames[:1] if before is None else before, frames[:-1]])
            before = frames[-1:]
            pair = to_float(np.concatenate([earlier, frames], -1), net.device)
            with self.fast():
                done = to_uint8(net.detail_net(pair, to_float(guides, net.device), code))
            yield from done

    def _detail_code(self, layers: SceneLayers) -> torch.Tensor:
        """What the detail net is told of the scene (1, C)."""
        setting = {"place": "studio", "time": "day", "weather": "clear"} | layers.setting
        ground = to_tensor([layers.ground], self.generator.device)
        slots = self.generator.slots
        known = {name: value if value in slots[name] else slots[name][-1] for name, value in setting.items()}
        first = {name: values[0] for name, values in slots.items()}
        return detail_code(self._code(first | known), ground)


def _tidy(actors: np.ndarray, scene: np.ndarray, drawn: Mapping[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """Decisions made whole: everybody faces one side or the other, and it rains or it does not."""
    flips = actors[..., _FLIP]
    mean = flips.mean(0)
    # Whoever turns around does so within a frame; whoever hardly wavers does not turn at all.
    actors[..., _FLIP] = np.where(np.where(np.abs(mean) > 0.35, mean, flips) >= 0, 1.0, -1.0)
    for track, weathers in _FALLS.items():
        if drawn["weather"] not in weathers:
            scene[:, SCENE_TRACKS.index(track)] = 0.0
    return np.ascontiguousarray(actors, dtype=np.float32), np.ascontiguousarray(scene, dtype=np.float32)
