"""From slots and noise to finished clips of the procedural world, through the compositor that generators share."""

from __future__ import annotations

import torch
from torch import Tensor

from studio.compositing.compositor import compose
from studio.worlds.light import finish as finish_frames
from studio.worlds.light import ground_of
from studio.worlds.scenery import paint_strips, strip_offsets
from studio.worlds.sprites import load_atlas, paint_sprites
from studio.worlds.tracks import cast_of, plan_tracks_at

SPRITE_SIZE = 96


def paint_pair(atlas: Tensor, slots: dict[str, Tensor], noise: dict[str, Tensor]) -> Tensor:
    """The sprites of both subjects of each scene, float (B, 2, 4, S, S) in 0..1, premultiplied; the second is any where
    there is none. atlas: see `load_atlas`; slots: long (B,) each; noise: see `sample_noise`.
    """
    other = (slots["other"] - 1).clamp(min=0)
    return torch.stack([
        paint_sprites(atlas, slots["subject"], slots["colour"], noise["sprite"]),
        paint_sprites(atlas, other, slots["other_colour"], noise["other"]),
    ], 1)  # fmt: skip


def render(
    slots: dict[str, Tensor], noise: dict[str, Tensor], seconds: Tensor, frames: int, size: tuple[int, int],
    sprite_size: int = SPRITE_SIZE, finish: bool = True, share: Tensor | None = None,
) -> Tensor:
    """Clips, float (B, T, 3, H, W) in 0..1.

    Args:
        slots: long tensors (B,) for every slot of lexicon.SLOTS; place and time must not be "any".
        noise: what noise.sample_noise gives for B scenes; its device is where the work is done.
        seconds: (B,) length of each clip.
        frames: T, evenly spread over the clip.
        size: (H, W) in pixels.
        sprite_size: rows and columns of a sprite, in pixels; the strips' rows suit `size`.
        finish: whether to add the light, shadows, reflections and haze that the detail net learns.
        share: (B, T) of the clip, 0..1, where the frames are not evenly spread from 0 on.

    Raises:
        ResourceError: the emoji font is missing.
    """
    device = noise["tracks"].device
    if share is None:
        share = (torch.arange(frames, device=device) / frames)[None].expand(len(seconds), frames)
    times = share * seconds.to(share)[:, None]
    with torch.no_grad():
        strips = paint_strips(slots, noise["strips"], max(size[0], 48))
        offsets = strip_offsets(slots, noise["strips"])
        sprites = paint_pair(load_atlas(sprite_size).to(device), slots, noise)
        actors, scene = plan_tracks_at(slots, noise["tracks"], seconds, share)
        ground = ground_of(slots["place"], slots["time"], noise["strips"], slots["weather"])
        layers = (strips, offsets, sprites, cast_of(slots), actors, scene, seconds, size)
        if not finish:
            return compose(*layers, times=times)
        composite, guides = compose(*layers, times=times, guides=True, ground=ground)
        return finish_frames(composite, guides, slots, noise)
