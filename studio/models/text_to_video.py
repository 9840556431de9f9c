"""The generator of the prompt tab: a scene's code and noise to the layers of a clip, in one forward pass.

A layered GAN generator. What it is given is the *code* of a scene, chances of every slot's values as SceneReader reads
them from a prompt; each net sees only the slots that it needs, so combinations that training never saw cost nothing,
two subjects are two calls of the same net, and what is reported as understood is what is drawn. The nets emit strips of
scenery, sprites and curves; the compositor (studio/compositing, without weights) makes frames of them, and DetailNet
(models/detail.py) adds light, shadow, water and texture to the frames. The noise is *aligned*: while training, the
world that is learnt from draws with the same noise, so a plain distance is legitimate and variety comes for free.
Nothing learnt is taken from anywhere; the weights come from studio/training/recipes/text_to_video.py.

Letters: B scenes, n values of a slot, T frames, h strip height (a strip is h x 2h), S sprite side.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import ModelMixin
from diffusers.configuration_utils import ConfigMixin, register_to_config
from torch import Tensor, nn

from studio.models.blocks import Mapping, Painter, premultiplied
from studio.models.detail import DetailNet
from studio.models.scene_reader import SceneReader
from studio.models.scene_tracks import TracksNet
from studio.scene import ACTORS, SLOT_NAMES

VARIANTS = 3
"""Compositions of every place; the noise chooses one."""
STRIPS = 4
TRACK_SLOTS = ("subject", "size", "count", "other", "relation", "place", "motion", "camera", "weather")
"""The slots that decide who goes where."""

Code = MappingType[str, Tensor]
"""Chances (B, n) of every slot's values, float."""


@dataclass(frozen=True)
class Layers:
    """What the generator makes. Pictures are premultiplied RGBA in 0..1, float32.

    strips (B, 4, 4, h, 2h), offsets (B, 4), sprites (B, 2, 4, S, S) of the subject and the other one, cast (B, 4) which
    sprite each of scene.ACTORS wears, -1 where it is absent, actors (B, T, 4, 8), scene (B, T, 8), see studio/scene.py.
    """

    strips: Tensor
    offsets: Tensor
    sprites: Tensor
    cast: Tensor
    actors: Tensor
    scene: Tensor


def variant_of(noise: Tensor) -> Tensor:
    """Which composition of its place each scene shows: floats (B, 16) of strips noise to int64 (B,), 0..VARIANTS -
    1.
    """
    share = 0.5 * (1 + torch.erf(noise[:, 15] / 2**0.5))
    return (VARIANTS * share).long().clamp(0, VARIANTS - 1)


def _joined(*parts: Tensor) -> Tensor:
    """Chances of a joint choice, (B, a), (B, b), .. to (B, a * b * ..)."""
    joint = parts[0]
    for part in parts[1:]:
        joint = (joint[:, :, None] * part[:, None]).flatten(1)
    return joint


class StripsNet(nn.Module):
    """Place, time, weather and noise to the four strips and their offsets; any of the strips can be asked for alone.

    Args:
        places, times, weathers: numbers of values, "any" left out. timeless: the places without hours and weather.
        noise: aligned noise dims. height: h. style: its width. painter: the rest of Painter's arguments.
    """

    def __init__(
        self, places: int, times: int, weathers: int, timeless: Sequence[int], noise: int, height: int, style: int,
        painter: dict[str, Any],
    ) -> None:  # fmt: skip
        super().__init__()
        self.timeless = list(timeless)
        # A sky is the sum of what its place, its weather and its hour bring to it.
        entries = places * VARIANTS * STRIPS + weathers * VARIANTS + times
        codes = entries + places + times + weathers
        self.mapping = Mapping(codes, noise, style)
        self.painter = Painter(entries, (height, 2 * height), style, **painter)
        self.offsets = nn.Sequential(Mapping(places * VARIANTS, noise, 96), nn.Linear(96, STRIPS))

    def forward(self, code: Code, noise: Tensor, kinds: Tensor, rough: bool = False) -> tuple[Tensor, Tensor]:
        """Strips (B, N, 4, h, 2h), half that size if `rough`, and offsets (B, 4).

        `kinds` (B, N) says which strips (0 sky .. 3 near) to paint.
        """
        place, variant = code["place"][:, 1:], nn.functional.one_hot(variant_of(noise), VARIANTS).to(code["place"])
        timeless = torch.cat([place[:, :0], *(place[:, index : index + 1] for index in self.timeless)], 1)
        scenery, open_air = _joined(place, variant), 1 - timeless.sum(1, keepdim=True)
        time, weather = code["time"][:, 1:] * open_air, code["weather"] * open_air
        sky_of = torch.cat([_joined(weather, variant), time], 1)
        with torch.autocast(scenery.device.type, enabled=False):  # positions want all their digits
            offsets = 0.25 + 0.25 * self.offsets[1](self.offsets[0](scenery, noise)).float()
        batch, count = kinds.shape
        kind = nn.functional.one_hot(kinds.flatten(), STRIPS).to(place)
        every = (scenery, sky_of, torch.cat([place, time, weather], 1), noise)
        scenery, sky_of, words, noise = (x.repeat_interleave(count, 0) for x in every)
        entry = torch.cat([_joined(scenery, kind), sky_of * kind[:, :1]], 1)
        style = self.mapping(torch.cat([entry, words], 1), noise)
        straight = self.painter(entry, style, rough)
        opaque = (kinds.flatten() == 0)[:, None, None, None]
        # Nothing of the world is black: a pixel of land that is has never been learnt, and is left open instead.
        lit = ((straight[:, :3].amax(1, keepdim=True) - 0.05) / 0.07).clamp(0, 1)
        alpha = torch.where(opaque, torch.ones_like(lit), straight[:, 3:] * lit)
        return premultiplied(torch.cat([straight[:, :3], alpha], 1)).unflatten(0, (batch, count)), offsets


class SpriteNet(nn.Module):
    """A noun, a colour and noise to its picture, (B, 4, S, S)."""

    def __init__(
        self, nouns: int, colours: int, noise: int, side: int, style: int, painter: dict[str, Any]
    ) -> None:
        super().__init__()
        self.mapping = Mapping(nouns + colours, noise, style)
        self.painter = Painter(nouns, (side, side), style, **painter)

    def forward(self, noun: Tensor, colour: Tensor, noise: Tensor, rough: bool = False) -> Tensor:
        """Premultiplied RGBA, float32 (B, 4, S, S) in 0..1, half that side if `rough`.

        noun, colour: chances (B, nouns) and (B, colours); noise: (B, Z); all floats.
        """
        return premultiplied(self.painter(noun, self.mapping(torch.cat([noun, colour], 1), noise), rough))


class TextToVideoGenerator(ModelMixin, ConfigMixin):
    """Codes and noise to the layers of scenes, and composited frames to finished ones.

    Args:
        text_width: width of the text encoder's hidden states, for the reader. noise_sizes: dims of the aligned noise of
            "strips", "sprite", "other" and "tracks". strip_height, sprite_side: h and S, in pixels.
        style, strip_painter, sprite_painter, track_style, track_terms, reader_size, detail: sizes.
        slots: what scenes are made of, slot name -> value names. known_words: words that the training captions used;
            filler_words: those of them that mean nothing by themselves; homes: noun -> places that suit it; stand_ins:
            word -> noun that is drawn for it; emoji: sign -> noun; word_slots: word -> (slot, value).
        ground: "mirror" place -> 0 or 1, whether the ground mirrors; "shear" time -> how far the light shears shadows.
        timeless: places that have neither hours nor weather.
    """

    config_name = "config.json"
    _keep_in_fp32_modules = ["reader", "tracks_net", "mapping", "offsets", "pose"]
    """What chooses words, places and positions: a rounded number would be another scene, not a coarser one."""

    @register_to_config
    def __init__(
        self,
        text_width: int = 256,
        noise_sizes: dict[str, int] | None = None,
        strip_height: int = 96,
        sprite_side: int = 96,
        style: int = 128,
        strip_painter: dict[str, Any] | None = None,
        sprite_painter: dict[str, Any] | None = None,
        track_style: int = 320,
        track_terms: int = 24,
        reader_size: dict[str, int] | None = None,
        detail: dict[str, Any] | None = None,
        slots: dict[str, list[str]] | None = None,
        known_words: list[str] | None = None,
        filler_words: list[str] | None = None,
        homes: dict[str, list[str]] | None = None,
        stand_ins: dict[str, str] | None = None,
        emoji: dict[str, str] | None = None,
        word_slots: dict[str, list[str]] | None = None,
        ground: dict[str, dict[str, float]] | None = None,
        timeless: list[str] | None = None,
    ) -> None:
        super().__init__()
        self.noise_sizes = dict(noise_sizes or {"strips": 16, "sprite": 6, "other": 6, "tracks": 12})
        # In reading order, whatever the order in a configuration's file: the reader's queries go by it.
        self.slots = {name: tuple((slots or _SMALLEST)[name]) for name in SLOT_NAMES}
        sizes = {name: len(values) for name, values in self.slots.items()}
        painter = {"widths": (48, 32), "canon": 16, "shade": 16}
        strips = painter | {"coarse": 16, "fine": 3, "posed": False} | (strip_painter or {})
        sprites = painter | {"coarse": 24, "fine": 6, "posed": True} | (sprite_painter or {})
        self.strips_net = StripsNet(
            sizes["place"] - 1, sizes["time"] - 1, sizes["weather"],
            [self.slots["place"].index(name) - 1 for name in timeless or ()], self.noise_sizes["strips"], strip_height,
            style, strips,
        )  # fmt: skip
        self.sprite_net = SpriteNet(
            sizes["subject"], sizes["colour"], self.noise_sizes["sprite"], sprite_side, style, sprites
        )
        tracked = sum(sizes[name] for name in TRACK_SLOTS)
        self.tracks_net = TracksNet(tracked, self.noise_sizes["tracks"], track_style, track_terms)
        self.reader = SceneReader(text_width, sizes, **(reader_size or {}))
        self.detail_net = DetailNet(sizes["place"] + sizes["time"] + sizes["weather"] + 2, **(detail or {}))

    def draw_noise(self, count: int, generator: torch.Generator | None = None) -> dict[str, Tensor]:
        """Standard normal noise of `count` scenes, float32 on the CPU, one (count, size) for each of noise_sizes."""
        return {name: torch.randn(count, size, generator=generator) for name, size in self.noise_sizes.items()}

    def code_of(self, slots: MappingType[str, Tensor]) -> dict[str, Tensor]:
        """One-hot code, float32, of B scenes whose slots are given as whole numbers (B,)."""
        return {
            name: nn.functional.one_hot(slots[name].long(), len(values)).float()
            for name, values in self.slots.items()
        }  # fmt: skip

    def forward(self, code: Code, noise: MappingType[str, Tensor], seconds: Tensor, progress: Tensor) -> Layers:
        """Layers of B scenes.

        Args:
            code: chances (B, n) of every slot; nothing at index 0 ("any") of place and time. noise: as `draw_noise`
                gives it. seconds: (B,) length of the clips. progress: (T,) or (B, T), when the frames are, 0..1.
        """
        batch = len(code["subject"])
        kinds = torch.arange(STRIPS, device=code["place"].device).expand(batch, STRIPS)
        strips, offsets = self.strips_net(code, noise["strips"], kinds)
        with torch.autocast(strips.device.type, enabled=False):  # positions want all their digits
            actors, scene = self.tracks(code, noise["tracks"], seconds, progress)
        return Layers(strips, offsets, self.sprites(code, noise), self.cast(code), actors, scene)

    def sprites(self, code: Code, noise: MappingType[str, Tensor]) -> Tensor:
        """The subject and the other one, premultiplied RGBA, float32 (B, 2, 4, S, S) in 0..1.

        In scenes without another subject the second is transparent.
        """
        subject = self.sprite_net(code["subject"], code["colour"], noise["sprite"])
        # Drawn even where nobody is asked for: to look whether anybody is would be to wait for the device.
        there = code["other"][:, 1:].sum(1)
        noun = code["other"][:, 1:] / there.clamp(min=1e-3)[:, None]
        other = self.sprite_net(noun, code["other_colour"], noise["other"])
        return torch.stack([subject, other * there[:, None, None, None]], 1)

    def tracks(self, code: Code, noise: Tensor, seconds: Tensor, progress: Tensor) -> tuple[Tensor, Tensor]:
        """Curves of the actors (B, T, 4, 8) and of the scene (B, T, 8), float32.

        noise: (B, Z), that of "tracks" alone; the rest as for `forward`.
        """
        return self.tracks_net(torch.cat([code[name] for name in TRACK_SLOTS], 1), noise, seconds, progress)

    def cast(self, code: Code) -> Tensor:
        """Which sprite each of scene.ACTORS wears: int64 (B, 4) of 0 the subject's, 1 the other's, -1 absent."""
        count, other = code["count"].argmax(1), code["other"].argmax(1)
        nobody = torch.full_like(count, -1)
        there = [torch.where(count >= copy, 0, nobody) for copy in range(len(ACTORS) - 1)]
        return torch.stack([*there, torch.where(other > 0, 1, nobody)], 1)

    def read(self, hidden: Tensor, mask: Tensor) -> dict[str, Tensor]:
        """What a prompt says: chances (B, n) of every slot, float32, "any" among them, from the text encoder's states.

        Args:
            hidden: floats (B, L, D), last hidden states. mask: (B, L) 1 for words, 0 for padding.
        """
        return self.reader.chances(hidden, mask)

    @classmethod
    def tiny(cls, **words: Any) -> TextToVideoGenerator:
        """The smallest net that does everything, for tests; `words` are slots, known_words and so on."""
        painter = {"coarse": 4, "fine": 2, "widths": (8, 8), "canon": 4, "shade": 4}
        return cls(
            strip_height=16,
            sprite_side=16,
            style=16,
            strip_painter=painter | {"posed": False},
            sprite_painter=painter | {"posed": True},
            track_style=32,
            track_terms=8,
            reader_size={"width": 32, "layers": 1},
            detail={"widths": (8, 8, 8), "blocks": (1, 0, 1), "fine": 4, "style": 16},
            **words,
        )


_SMALLEST: dict[str, tuple[str, ...]] = {
    "subject": ("thing",), "colour": ("natural",), "size": ("normal",), "count": ("one",), "other": ("none", "thing"),
    "other_colour": ("natural",), "relation": ("none",), "place": ("any", "studio"), "time": ("any", "day"),
    "motion": ("still",), "camera": ("static",), "weather": ("clear",),
}  # fmt: skip
