"""Independent judges of generated scenes: small networks that name a scene's slots.

One names subject and colour from the sprite (over a random grey), one place and time of day from a single composed
frame, one motion, camera and weather from the tracks. All are trained here on the procedural world and share nothing
with the generator nor with its CLIP. Axes: B scenes, T = FRAMES frames, S = SIDE pixels.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.models.compositor import compose
from studio.scene import TRACK_NAMES
from studio.training.losses import cosine_rate, set_rate
from studio.worlds.captions import sample_slots
from studio.worlds.lexicon import SLOTS
from studio.worlds.noise import sample_noise
from studio.worlds.scenery import paint_strips, strip_offsets
from studio.worlds.sprites import load_atlas, paint_sprites
from studio.worlds.tracks import plan_tracks, plan_tracks_at

FRAMES, SIDE, SPRITE_SIDE = 24, 64, 48
SPRITE_SLOTS = ("subject", "colour")
PLACE_SLOTS = ("place", "time")
PATH_SLOTS = ("motion", "camera", "weather")
SECONDS = 2.0
_POOL, _BATCH = 768, 48

logger = logging.getLogger(__name__)


def _stage(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU())


class SpriteProbe(nn.Module):
    """Sprites over a plain grey (B, 3, SPRITE_SIDE, SPRITE_SIDE) in 0..1 to logits of subject and colour."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(_stage(3, 32, 2), _stage(32, 64, 1), _stage(64, 96, 2), _stage(96, 160, 2))
        cells = (SPRITE_SIDE // 8) ** 2
        self.heads = nn.ModuleDict({name: nn.Linear(160 * cells, len(SLOTS[name])) for name in SPRITE_SLOTS})

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        hidden = self.body(pictures * 2 - 1).flatten(1)
        return {name: head(hidden) for name, head in self.heads.items()}


class PlaceProbe(nn.Module):
    """Single frames (B, 3, S, S) in 0..1 to logits of place and time of day."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(_stage(3, 32, 2), _stage(32, 64, 2), _stage(64, 128, 2), _stage(128, 128, 1))
        cells = (SIDE // 8) ** 2
        self.heads = nn.ModuleDict({name: nn.Linear(128 * cells, len(SLOTS[name])) for name in PLACE_SLOTS})

    def forward(self, frames: Tensor) -> dict[str, Tensor]:
        hidden = F.dropout(self.body(frames * 2 - 1).flatten(1), 0.2, self.training)
        return {name: head(hidden) for name, head in self.heads.items()}


class PathProbe(nn.Module):
    """Tracks (B, T, 13) to logits of motion, camera and weather."""

    def __init__(self) -> None:
        super().__init__()
        widths = (2 * len(TRACK_NAMES), 96, 128, 128)
        layers = [part for a, b in zip(widths, widths[1:]) for part in (nn.Conv1d(a, b, 5, 2, 2), nn.ReLU())]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(192), nn.ReLU())
        self.heads = nn.ModuleDict({name: nn.Linear(192, len(SLOTS[name])) for name in PATH_SLOTS})

    def forward(self, tracks: Tensor) -> dict[str, Tensor]:
        change = tracks - tracks.mean(1, keepdim=True)
        hidden = self.body(torch.cat([tracks, 10 * change], 2).transpose(1, 2))
        return {name: head(hidden) for name, head in self.heads.items()}


class _World:
    """Scenery and sprites painted once, recombined and moved anew for every batch."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.atlas = load_atlas(48)
        source = torch.Generator().manual_seed(int(rng.integers(2**31)))
        self.slots, noise = sample_slots(_POOL, rng), sample_noise(_POOL, source)
        self.strips = torch.cat([self._block(slice(i, i + 64), noise["strips"]) for i in range(0, _POOL, 64)])
        self.offsets = strip_offsets(self.slots, noise["strips"])

    def _block(self, rows: slice, noise: Tensor) -> Tensor:
        slots = {name: values[rows] for name, values in self.slots.items()}
        return paint_strips(slots, noise[rows], SIDE).mul(255).round().byte()

    def batch(self) -> tuple[Tensor, dict[str, Tensor]]:
        rows = torch.from_numpy(self.rng.integers(0, _POOL, _BATCH))
        slots = sample_slots(_BATCH, self.rng)
        slots |= {name: self.slots[name][rows] for name in ("place", "time", "weather")}
        noise = sample_noise(_BATCH, torch.Generator().manual_seed(int(self.rng.integers(2**31))))
        moment = torch.from_numpy(self.rng.random((_BATCH, 1), dtype=np.float32))
        tracks = plan_tracks_at(slots, noise["tracks"], torch.full((_BATCH,), SECONDS), moment)
        sprite = paint_sprites(self.atlas, slots, noise["sprite"])
        strips = self.strips[rows].float() / 255
        pictures = compose(strips, self.offsets[rows], sprite, tracks, SECONDS, (SIDE, SIDE), SECONDS * moment)[:, 0]
        return _softened(pictures, self.rng), slots


def _softened(pictures: Tensor, rng: np.random.Generator) -> Tensor:
    """Every second batch a little blurred: soft pictures must not count as something else."""
    return F.avg_pool2d(pictures, 3, 1, 1, count_include_pad=False) if rng.random() < 0.5 else pictures


def train_sprite_probe(seconds: float, seed: int = 0) -> SpriteProbe:
    """Train for that many seconds of this process's own time; returns the probe in evaluation mode."""
    torch.manual_seed(seed)
    rng, atlas, probe = np.random.default_rng(seed), load_atlas(SPRITE_SIDE), SpriteProbe()

    def batch() -> tuple[Tensor, dict[str, Tensor]]:
        slots = sample_slots(64, rng)
        noise = sample_noise(64, torch.Generator().manual_seed(int(rng.integers(2**31))))["sprite"]
        return _softened(over_grey(paint_sprites(atlas, slots, noise), torch.rand(64)), rng), slots

    _train(probe, batch, SPRITE_SLOTS, seconds)
    return probe.eval()


def over_grey(sprites: Tensor, grey: Tensor) -> Tensor:
    """Premultiplied sprites (B, 4, S, S) over greys (B,): (B, 3, S, S)."""
    return sprites[:, :3] + grey[:, None, None, None] * (1 - sprites[:, 3:])


def train_place_probe(seconds: float, seed: int = 0) -> PlaceProbe:
    """Likewise for frames."""
    torch.manual_seed(seed)
    world, probe = _World(np.random.default_rng(seed)), PlaceProbe()
    _train(probe, world.batch, PLACE_SLOTS, seconds)
    return probe.eval()


def train_path_probe(seconds: float, seed: int = 0) -> PathProbe:
    """Likewise for tracks of clips of FRAMES frames in SECONDS."""
    torch.manual_seed(seed)
    rng, probe = np.random.default_rng(seed), PathProbe()
    probe(torch.zeros(2, FRAMES, len(TRACK_NAMES)))

    def batch() -> tuple[Tensor, dict[str, Tensor]]:
        slots = sample_slots(128, rng)
        noise = sample_noise(128, torch.Generator().manual_seed(int(rng.integers(2**31))))["tracks"]
        tracks = plan_tracks(slots, noise, torch.full((128,), SECONDS), FRAMES)
        # A tremble of a hundredth of the frame must not count as shaking, nor give the world away.
        return tracks + 0.004 * torch.randn(tracks.shape), slots

    _train(probe, batch, PATH_SLOTS, seconds)
    return probe.eval()


def _train(
    probe: nn.Module, batch: Callable[[], tuple[Tensor, dict[str, Tensor]]], names: Sequence[str], seconds: float
) -> None:
    optimiser = torch.optim.AdamW(probe.parameters(), 1e-3, weight_decay=0.02)
    start, step, share = time.process_time(), 0, 0.0
    while share < 1:
        share = (time.process_time() - start) / seconds
        set_rate(optimiser, 1.5e-3 * cosine_rate(int(1000 * share), 1000, 20))
        pictures, slots = batch()
        with torch.autocast("cpu", torch.bfloat16):
            logits = probe(pictures)
        loss = sum(F.cross_entropy(logits[name].float(), slots[name]) for name in names)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        step += 1
        if step % 50 == 0:
            right = {name: round(float((logits[name].argmax(1) == slots[name]).float().mean()), 2) for name in names}
            logger.info("probe step %d (%.0f %%): loss %.2f, right %s", step, 100 * share, loss.item(), right)


@torch.no_grad()
def named(probe: nn.Module, pictures: Tensor) -> dict[str, Tensor]:
    """The slots (B,) that a probe sees in its pictures or clips."""
    parts = [probe(part) for part in pictures.split(32)]
    return {name: torch.cat([part[name].argmax(1) for part in parts]) for name in parts[0]}
