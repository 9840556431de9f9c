"""The generator of the prompt tab: text embedding and noise to the layers of a scene, in one forward pass.

A layered GAN generator: networks emit only strips, a sprite and tracks; the compositor (models/compositor.py, without
weights) makes frames of them, so that resolution and frame count are free. Styles follow StyleGAN (Karras et al. 2019),
conditioning FiLM (Perez et al. 2018). The noise is *aligned*: while training, the world that is learnt from draws with
the same noise, so a plain distance is legitimate and variety comes for free; a few dims more are free for the
adversarial loss. Nothing learnt is taken from anywhere; the weights come from studio/training/recipes/text_to_video.py.

Letters: B batch, D text width, T frames, h strip height (a strip is h x 2h), S sprite side.
"""

from __future__ import annotations

import math
from collections.abc import Mapping as MappingType
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import ModelMixin
from diffusers.configuration_utils import ConfigMixin, register_to_config
from torch import Tensor, nn
from torch.nn import functional as F

from studio.models.blocks import Mapping, Memory, StyledConv, premultiplied, unit_activation
from studio.scene import TRACK_NAMES

_SHARES = tuple(TRACK_NAMES.index(name) for name in ("shadow_alpha", "rain", "snow"))
NOISE_LAYERS = ("strips", "sprite", "tracks")


@dataclass(frozen=True)
class Layers:
    """What the generator makes: strips (B, 4, 4, h, 2h), offsets (B, 4), sprite (B, 4, S, S), tracks (B, T, 13).

    Pictures are premultiplied RGBA in 0..1, float32; offsets and tracks in frame heights as the compositor wants them.
    """

    strips: Tensor
    offsets: Tensor
    sprite: Tensor
    tracks: Tensor


class _Pyramid(nn.Module):
    """A style to a small map, enlarged by styled convolutions to premultiplied RGBA.

    The picture is the sum (before the sigmoid) of a rough one at half the size and the last level's detail, so that
    training can begin with the rough one alone, at half the cost (skip generators, Karras et al. 2020).
    """

    def __init__(
        self, style: int, start: tuple[int, int], widths: tuple[int, ...], memory: tuple[int, int]
    ) -> None:
        """`memory`: (entries, channels) of the memory at half size; without entries there is none."""
        super().__init__()
        self.start = start
        self.first = nn.Linear(style, widths[0] * start[0] * start[1])
        levels = len(widths) - 2
        half = (start[0] << levels, start[1] << levels)
        self.memory = Memory(style, *memory, half) if memory[0] else None
        recalled = memory[1] if memory[0] else 0
        self.convs = nn.ModuleList(StyledConv(a, b, style) for a, b in zip(widths[:-1], widths[1:-1]))
        self.convs.append(StyledConv(widths[-2] + recalled, widths[-1], style))
        self.rough = nn.Conv2d(widths[-2] + recalled, 4, 3, padding=1)
        self.detail = nn.Conv2d(widths[-1], 4, 3, padding=1)
        nn.init.normal_(self.detail.weight, 0.0, 0.01)

    def forward(self, style: Tensor, rough: bool = False) -> Tensor:
        x = self.first(style).view(len(style), -1, *self.start).contiguous(memory_format=torch.channels_last)
        for conv in self.convs[:-1]:
            x = conv(x, style)
        if self.memory is not None:
            x = torch.cat([x, self.memory(style).to(x.dtype)], 1)
        picture = self.rough(x)
        if rough:
            return premultiplied(picture)
        large = F.interpolate(picture, scale_factor=2, mode="bilinear", align_corners=False)
        return premultiplied(large + self.detail(self.convs[-1](x, style)))


class StripsNet(nn.Module):
    """Text and noise to the four strips and their offsets; one strip alone can be asked for (training does)."""

    def __init__(
        self,
        text: int,
        noise: int,
        free: int,
        height: int,
        style: int,
        widths: tuple[int, ...],
        memory: tuple[int, int],
    ) -> None:
        super().__init__()
        self.mapping = Mapping(text, noise, free, style)
        self.kinds = nn.Embedding(4, 64)
        self.joined = nn.ModuleList([nn.Linear(style + 64, style), nn.Linear(style, style)])
        rows = height >> (len(widths) - 1)
        self.pyramid = _Pyramid(style, (rows, 2 * rows), widths, memory)
        self.offsets = nn.Sequential(nn.Linear(style, 128), nn.SiLU(), nn.Linear(128, 4))

    def forward(
        self, text_embeds: Tensor, noise: Tensor, free: Tensor, kinds: Tensor, rough: bool = False
    ) -> tuple[Tensor, Tensor]:
        """Strips (B, N, 4, h, 2h), half that size if `rough`, and offsets (B, 4).

        `kinds` (B, N) says which strips (0 sky .. 3 near) to paint.
        """
        style = self.mapping(text_embeds, noise, free)
        offsets = 0.25 + 0.25 * self.offsets(style).float()
        batch, count = kinds.shape
        each = torch.cat([style[:, None].expand(-1, count, -1), self.kinds(kinds).to(style.dtype)], 2).flatten(0, 1)
        for layer in self.joined:
            each = unit_activation(layer(each))
        strips = self.pyramid(each, rough).unflatten(0, (batch, count))
        sky = (kinds == 0)[:, :, None, None, None]
        # The sky is opaque: undo its premultiplication instead of painting a hole.
        alpha = strips[:, :, 3:]
        colour = torch.where(sky, strips[:, :, :3] / alpha.clamp(min=1e-4), strips[:, :, :3])
        return torch.cat([colour.clamp(0, 1), torch.where(sky, torch.ones_like(alpha), alpha)], 2), offsets


class SpriteNet(nn.Module):
    """Text and noise to the subject, (B, 4, S, S)."""

    def __init__(
        self,
        text: int,
        noise: int,
        free: int,
        side: int,
        style: int,
        widths: tuple[int, ...],
        memory: tuple[int, int],
    ) -> None:
        super().__init__()
        self.mapping = Mapping(text, noise, free, style)
        rows = side >> (len(widths) - 1)
        self.pyramid = _Pyramid(style, (rows, rows), widths, memory)

    def forward(self, text_embeds: Tensor, noise: Tensor, free: Tensor, rough: bool = False) -> Tensor:
        return self.pyramid(self.mapping(text_embeds, noise, free), rough)


class TracksNet(nn.Module):
    """Text, noise and the clip's length to thirteen curves: any number of frames.

    Each curve is a short cosine series over the clip (journeys, camera moves) plus oscillators in real seconds
    (breathing, bounces, shakes) whose frequencies the net chooses for the scene, so that a beat keeps its pace in a
    clip of any length. Amplitudes near nothing are shrunk to nothing: what should stand still must not tremble.
    """

    def __init__(self, text: int, noise: int, free: int, style: int, terms: int, oscillators: int) -> None:
        super().__init__()
        self.terms, self.oscillators = terms, oscillators
        self.mapping = Mapping(text, noise, free, style, extra=3)
        self.hidden = nn.Linear(style, style)
        self.series = nn.Linear(style, len(TRACK_NAMES) * terms)
        self.waves = nn.Linear(style, len(TRACK_NAMES) * oscillators * 2)
        self.pace = nn.Linear(style, oscillators)
        spread = torch.linspace(math.log(0.3), math.log(3.0), oscillators)
        with torch.no_grad():
            for layer in (self.series, self.waves, self.pace):
                layer.weight.normal_(0.0, 0.02)
                layer.bias.zero_()
            start = (0.5, 0.5, -1.0, 0.0, 0.8, 0.0, 0.85, 0.1, 0.75, 0.5, 0.9, 0.2, 0.2)
            self.series.bias.view(-1, terms)[:, 0] = torch.tensor(start)
            self.pace.bias.copy_(spread)

    def forward(self, text_embeds: Tensor, noise: Tensor, free: Tensor, seconds: Tensor, progress: Tensor) -> Tensor:
        """`seconds` (B,), `progress` (T,) or (B, T) in 0..1 along the clip: tracks (B, T, 13)."""
        length = torch.log2(seconds.to(text_embeds.dtype) / 2)[:, None]
        extra = torch.cat([length, length.square(), torch.cos(math.pi * length)], 1)
        style = F.silu(self.hidden(self.mapping(text_embeds, noise, free, extra)))
        count, names = len(style), len(TRACK_NAMES)
        progress = progress.float().expand(count, progress.shape[-1])
        order = torch.arange(self.terms, device=progress.device, dtype=torch.float32)
        basis = torch.cos(math.pi * progress[..., None] * order) / (1 + 0.15 * order)
        series = self.series(style).float().view(count, names, self.terms)
        series = torch.cat([series[..., :1], _shrunk(series[..., 1:])], -1)
        tracks = torch.einsum("bdk,btk->btd", series, basis)
        hertz = self.pace(style).float().clamp(-3, 1.6).exp()
        angle = 2 * math.pi * hertz[:, None] * (progress * seconds.float()[:, None])[..., None]
        waves = _shrunk(self.waves(style).float().view(count, names, 2 * self.oscillators))
        tracks = tracks + torch.einsum("bdk,btk->btd", waves, torch.cat([angle.sin(), angle.cos()], -1))
        bounded = [_bounded(tracks[..., i]) if i in _SHARES else tracks[..., i] for i in range(names)]
        return torch.stack(bounded, -1)


def _bounded(values: Tensor) -> Tensor:
    """Clamped to 0..1, with the gradient of what was not clamped: rain that is mostly 0 must not die of it."""
    return values + (values.clamp(0, 1) - values).detach()


def _shrunk(amplitudes: Tensor, threshold: float = 0.002) -> Tensor:
    """Amplitudes well above the threshold as they are, those below it towards zero; smooth."""
    squared = amplitudes.square()
    return amplitudes * (squared / (squared + threshold**2))


class SlotReader(nn.Module):
    """Text embedding to logits of every slot: what the generator understood, in words."""

    def __init__(self, text: int, slots: MappingType[str, int], width: int = 256) -> None:
        super().__init__()
        self.hidden = nn.Linear(text, width)
        self.heads = nn.ModuleDict({name: nn.Linear(width, count) for name, count in slots.items()})

    def forward(self, text_embeds: Tensor) -> dict[str, Tensor]:
        hidden = F.silu(self.hidden(text_embeds))
        return {name: head(hidden) for name, head in self.heads.items()}


class TextToVideoGenerator(ModelMixin, ConfigMixin):
    """Text embeddings and noise to the layers of scenes.

    Args:
        text_width: D. noise_sizes: aligned noise dims of "strips", "sprite", "tracks". free_sizes: the free ones.
        strip_height, sprite_side: h and S, in pixels. style, strip_widths, sprite_widths, strip_memory, sprite_memory,
            track_style, track_terms, oscillators: sizes of the nets.
        slots: what the world is made of, slot name -> value names. known_words: words that the training captions used;
            filler_words: those of them that mean nothing by themselves.
    """

    config_name = "config.json"

    @register_to_config
    def __init__(
        self,
        text_width: int = 256,
        noise_sizes: dict[str, int] | None = None,
        free_sizes: dict[str, int] | None = None,
        strip_height: int = 96,
        sprite_side: int = 64,
        style: int = 256,
        strip_widths: tuple[int, ...] = (112, 96, 72, 40, 16),
        sprite_widths: tuple[int, ...] = (160, 128, 80, 40),
        strip_memory: tuple[int, int] = (32, 8),
        sprite_memory: tuple[int, int] = (0, 0),
        track_style: int = 384,
        track_terms: int = 24,
        oscillators: int = 10,
        slots: dict[str, list[str]] | None = None,
        known_words: list[str] | None = None,
        filler_words: list[str] | None = None,
    ) -> None:
        super().__init__()
        noise = noise_sizes or {"strips": 16, "sprite": 6, "tracks": 8}
        free = free_sizes or {"strips": 8, "sprite": 4, "tracks": 4}
        self.noise_sizes, self.free_sizes = dict(noise), dict(free)
        self.slots = {name: tuple(values) for name, values in (slots or {"subject": ["thing"]}).items()}
        self.strips_net = StripsNet(
            text_width,
            noise["strips"],
            free["strips"],
            strip_height,
            style,
            tuple(strip_widths),
            tuple(strip_memory),
        )
        self.sprite_net = SpriteNet(
            text_width,
            noise["sprite"],
            free["sprite"],
            sprite_side,
            style,
            tuple(sprite_widths),
            tuple(sprite_memory),
        )
        self.tracks_net = TracksNet(text_width, noise["tracks"], free["tracks"], track_style, track_terms, oscillators)
        self.reader = SlotReader(text_width, {name: len(values) for name, values in self.slots.items()})

    def draw_noise(self, count: int, generator: torch.Generator | None = None) -> dict[str, Tensor]:
        """Standard normal noise of `count` scenes, float32 on the CPU, by layer: "strips", "free_strips" and so on."""
        noise = {name: torch.randn(count, self.noise_sizes[name], generator=generator) for name in NOISE_LAYERS}
        free = {f"free_{name}": torch.randn(count, self.free_sizes[name], generator=generator) for name in NOISE_LAYERS}
        return noise | free

    def forward(self, text_embeds: Tensor, noise: dict[str, Tensor], seconds: Tensor, progress: Tensor) -> Layers:
        """Layers of B scenes.

        Args:
            text_embeds: (B, D), each of length 16. noise: as `draw_noise` gives it. seconds: (B,) length of the clips.
            progress: (T,), when the frames are, 0..1 along the clip.
        """
        kinds = torch.arange(4, device=text_embeds.device).expand(len(text_embeds), 4)
        strips, offsets = self.strips_net(text_embeds, noise["strips"], noise["free_strips"], kinds)
        sprite = self.sprite_net(text_embeds, noise["sprite"], noise["free_sprite"])
        with torch.autocast(text_embeds.device.type, enabled=False):  # positions want all their digits
            tracks = self.tracks_net(text_embeds, noise["tracks"], noise["free_tracks"], seconds, progress)
        return Layers(strips=strips, offsets=offsets, sprite=sprite, tracks=tracks)

    def read(self, text_embeds: Tensor) -> dict[str, Tensor]:
        """Probabilities (B, number of values) of each slot, as the generator reads the text."""
        return {name: logits.float().softmax(1) for name, logits in self.reader(text_embeds).items()}

    @classmethod
    def tiny(cls, **words: Any) -> TextToVideoGenerator:
        """The smallest net that does everything, for tests; `words` are slots, known_words, filler_words."""
        return cls(
            strip_height=16,
            sprite_side=16,
            style=32,
            strip_widths=(16, 8, 8),
            sprite_widths=(16, 8, 8),
            strip_memory=(4, 4),
            track_style=32,
            track_terms=8,
            oscillators=2,
            **words,
        )
