"""Finished clips of the world for the probe to learn from: painted strips peopled and moved anew many times, as bytes.

Each scene's strips serve two clips and a row of single frames, every time with other actors, and sprites come from a
bank painted once. Half of the single frames and more of the clips stay as composed, without the world's light: a probe
that knows both is fair to generators with and without a detail stage.

Letters: N clips, T frames, M crops, V nouns, C colours, S pixels.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

import studio.worlds
from benchmarks.probe_nets import FRAMES, SMALL
from benchmarks.probe_sight import SIDE, crop_of, halves
from studio.captions.captions import sample_slots
from studio.captions.lexicon import SLOTS
from studio.compositing import compositor, textures
from studio.compositing.compositor import compose
from studio.tensors import to_uint8
from studio.worlds.light import finish, ground_of
from studio.worlds.noise import sample_noise
from studio.worlds.scenery import paint_strips, strip_offsets
from studio.worlds.sprites import load_atlas, paint_sprites
from studio.worlds.tracks import cast_of, plan_tracks_at

SECONDS = 2.0
STRIP_HEIGHT, SPRITE_SIDE, CLIP_SIDE = 96, 64, 96
POOL_CROP, POOL_CONTEXT = 64, 2.1
SETTING = ("place", "time", "weather")
_WORDS = ("captions", "lexicon", "sentences", "verbs", "near_words", "look_words", "looks", "courses", "render")
_CHUNK, _FRAMES = 8, 8  # scenes at a time; single frames of each

logger = logging.getLogger(__name__)


@dataclass
class Pool:
    """``clips`` uint8 (N, T, SMALL, SMALL, 3) with their ``slots`` (N,) and ``boxes`` float32 (N, T, 4, 3): x, y and
    side of each actor in frame heights, side 0 where it is absent. ``crops`` uint8 (M, POOL_CROP, POOL_CROP, 3) around
    actors, POOL_CONTEXT of their sides wide, with ``crop_slots`` (M,): "subject" and "colour" of the one in the middle.
    """

    clips: np.ndarray
    slots: dict[str, Tensor]
    boxes: np.ndarray
    crops: np.ndarray
    crop_slots: dict[str, Tensor]


def world_digest() -> str:
    """Of the code that paints the world and of the slots' names."""
    files = [path for path in sorted(Path(studio.worlds.__file__).parent.glob("*.py")) if path.stem not in _WORDS]
    files += [Path(compositor.__file__), Path(textures.__file__)]
    parts = [path.read_bytes() for path in files]
    return hashlib.sha256(b"".join([*parts, repr(SLOTS).encode()])).hexdigest()[:16]


def claim(folder: Path) -> None:
    """Make `folder` the place for what is learnt of this world; a warning if it was another world's."""
    note, own = folder / "world.txt", world_digest()
    folder.mkdir(parents=True, exist_ok=True)
    if not note.exists():
        note.write_text(own, encoding="utf-8")
    elif note.read_text(encoding="utf-8") != own:
        logger.warning("%s was made when the world's code was another: it may judge wrongly", folder)


def part_of(values: dict[str, Tensor], rows: Tensor | slice) -> dict[str, Tensor]:
    """The same rows of every tensor (N, ...), whatever its dtype; rows: int64 (n,), or a slice."""
    return {name: value[rows] for name, value in values.items()}


@lru_cache(maxsize=1)
def sprite_bank() -> Tensor:
    """Every noun in every colour, painted twice: uint8 (2, V, C, 4, S, S), premultiplied."""
    atlas, count, colours = load_atlas(SPRITE_SIDE), len(SLOTS["subject"]), len(SLOTS["colour"])
    source, every = torch.Generator().manual_seed(0), torch.arange(count * colours)
    painted = []
    for part in [part for _ in range(2) for part in every.split(64)]:
        noise = sample_noise(len(part), source)["sprite"]
        painted.append(to_bytes(paint_sprites(atlas, part // colours, part % colours, noise)))
    return torch.cat(painted).view(2, count, colours, 4, SPRITE_SIDE, SPRITE_SIDE)


def to_bytes(values: Tensor) -> Tensor:
    """0..1 to uint8, same shape."""
    return values.mul(255).round().byte()


def from_bank(noun: Tensor, colour: Tensor, rng: np.random.Generator) -> Tensor:
    """Sprites, float32 (B, 4, S, S) in 0..1, of nouns and colours, long (B,)."""
    bank = sprite_bank()
    return bank[torch.from_numpy(rng.integers(0, len(bank), len(noun))), noun, colour].float() / 255


class _Stage:
    """Painted strips of a few settings, and new scenes in them."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        slots = sample_slots(_CHUNK, rng)
        self.noise = sample_noise(_CHUNK, torch.Generator().manual_seed(int(rng.integers(2**31))))["strips"]
        self.setting = {name: slots[name] for name in SETTING}
        self.strips = paint_strips(slots, self.noise, STRIP_HEIGHT)

    def shown(
        self, rows: Tensor, share: Tensor, side: int, bare: bool, last: int
    ) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Frames (B, T, 3, last, last) of new scenes in these settings, at `share` (B, T); boxes (B, T, 4, 3); slots.

        Composed at `side` pixels, and shrunk to `last` before the light, which is the dear part.
        """
        held_out = bool(self.rng.random() < 0.1)
        slots = sample_slots(len(rows), self.rng, held_out) | part_of(self.setting, rows)
        noise = sample_noise(len(rows), torch.Generator().manual_seed(int(self.rng.integers(2**31))))
        noise["strips"] = self.noise[rows]
        seconds, cast = torch.full((len(rows),), SECONDS), cast_of(slots)
        other = (slots["other"] - 1).clamp(min=0)
        sprites = [from_bank(slots["subject"], slots["colour"], self.rng)]
        sprites.append(from_bank(other, slots["other_colour"], self.rng))
        still = (self.strips[rows], strip_offsets(slots, noise["strips"]), torch.stack(sprites, 1), cast)
        ground = ground_of(slots["place"], slots["time"], noise["strips"], slots["weather"])
        frames, boxes = [], []
        for part in share.split(4, 1):  # a few frames at a time: the work stays in the cache
            actors, scene = plan_tracks_at(slots, noise["tracks"], seconds, part)
            made = compose(
                *still, actors, scene, seconds, (side, side), SECONDS * part, guides=not bare, ground=ground
            )
            if bare:
                frames.append(_smaller(made, last))
            else:
                frames.append(finish(*(_smaller(maps, last) for maps in made), slots, noise))
            size = actors[..., 2].exp() * (cast >= 0)[:, None]
            boxes.append(torch.stack([actors[..., 0], actors[..., 1], size], 3))
        return torch.cat(frames, 1), torch.cat(boxes, 1), slots


def _smaller(maps: Tensor, side: int) -> Tensor:
    """(B, T, C, S, S) averaged to `side` pixels."""
    if maps.shape[-1] == side:
        return maps
    return F.interpolate(maps.flatten(0, 1), (side, side), mode="area").unflatten(0, maps.shape[:2])


@torch.no_grad()
def build_pool(folder: Path, scenes: int, seed: int) -> Pool:
    """The pool of so many painted scenes, from `folder` when it is kept there."""
    path = folder / f"pool_{scenes}_{seed}.npz"
    claim(folder)
    if not path.exists():
        np.savez(path, **_painted_pool(scenes, np.random.default_rng(seed)))
    with np.load(path) as kept:
        slots = {name: torch.from_numpy(kept[f"slot_{name}"]) for name in SLOTS}
        cropped = {name: torch.from_numpy(kept[name]) for name in ("subject", "colour")}
        return Pool(kept["clips"], slots, kept["boxes"], kept["crops"], cropped)


def _painted_pool(scenes: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    clips, slots, boxes, crops, named = [], [], [], [], []
    even, every = (torch.arange(FRAMES) / FRAMES).expand(4, FRAMES), torch.arange(_CHUNK)
    for number in range(scenes // _CHUNK):
        stage = _Stage(rng)
        for rows, quick in [(rows, quick) for rows in every.split(4) for quick in (False, True)]:
            side, bare = (SMALL, True) if quick else (CLIP_SIDE, number % 2 == 0)
            frames, box, scene = stage.shown(rows, even, side, bare, SMALL)
            clips.append(np.stack([to_uint8(clip) for clip in frames]))
            boxes.append(box.numpy())
            slots.append(scene)
        for index, rows in enumerate(every.repeat(_FRAMES).split(_CHUNK)):
            moment = torch.from_numpy(rng.random((_CHUNK, 1), dtype=np.float32))
            frames, box, scene = stage.shown(rows, moment, SIDE, index % 2 == 0, SIDE)
            _cut(to_uint8(frames[:, 0]), box[:, 0].numpy(), scene, crops, named)
        if number % 20 == 0:
            logger.info("pool: %d of %d scenes, %d crops", number * _CHUNK, scenes, len(crops))
    kept = {"clips": np.concatenate(clips), "boxes": np.concatenate(boxes), "crops": np.stack(crops)}
    kept |= {f"slot_{name}": torch.cat([part[name] for part in slots]).numpy() for name in SLOTS}
    return kept | {"subject": np.array(named)[:, 0], "colour": np.array(named)[:, 1]}


@torch.no_grad()
def more_clips(scenes: int, seed: int) -> Iterator[tuple[np.ndarray, dict[str, Tensor]]]:
    """Small bare clips uint8 (T, SMALL, SMALL, 3) and their slots (1,): quick ones, for nets that look at motion."""
    rng, even = np.random.default_rng(seed), (torch.arange(FRAMES) / FRAMES).expand(4, FRAMES)
    for _ in range(scenes // _CHUNK):
        stage = _Stage(rng)
        for rows in torch.arange(_CHUNK).repeat(3).split(4):
            frames, _, slots = stage.shown(rows, even, SMALL, True, SMALL)
            yield from ((to_uint8(clip), part_of(slots, slice(i, i + 1))) for i, clip in enumerate(frames))


def _cut(
    frames: np.ndarray, boxes: np.ndarray, slots: dict[str, Tensor], crops: list[np.ndarray], named: list[tuple]
) -> None:
    """Add the crop of every actor whose middle is in the picture, and what it is."""
    for row, (frame, actors) in enumerate(zip(frames, boxes)):
        levels = halves(frame)
        for index, (x, y, side) in enumerate(actors):
            if side > 0 and 0.02 < x < 0.98 and 0.02 < y < 0.98:
                crops.append(crop_of(levels, x, y, POOL_CONTEXT * side, POOL_CROP))
                other = int(slots["other"][row]) - 1, int(slots["other_colour"][row])
                named.append(other if index == 3 else (int(slots["subject"][row]), int(slots["colour"][row])))
