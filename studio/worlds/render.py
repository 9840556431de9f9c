"""From slots and noise to finished clips of the procedural world, through the compositor that generators share."""

from __future__ import annotations

import torch
from torch import Tensor

from studio.models.compositor import compose
from studio.worlds.scenery import paint_strips, strip_offsets
from studio.worlds.sprites import load_atlas, paint_sprites
from studio.worlds.tracks import plan_tracks


def render(
    slots: dict[str, Tensor], noise: dict[str, Tensor], seconds: Tensor, frames: int, size: tuple[int, int],
    strip_height: int | None = None, sprite_size: int | None = None,
) -> Tensor:
    """Clips (B, T, 3, H, W) in 0..1.

    Args:
        slots: long tensors (B,) for every slot of lexicon.SLOTS.
        noise: what noise.sample_noise gives for B scenes.
        seconds: (B,) length of each clip.
        frames: T, evenly spread over the clip.
        size: (H, W) in pixels.
        strip_height, sprite_size: detail of the layers in pixels; by default it suits `size`.

    Raises:
        ResourceError: the emoji font is missing.
    """
    height = strip_height or max(size[0], 48)
    atlas = load_atlas(sprite_size or max(32, size[0] // 2))
    strips = paint_strips(slots, noise["strips"], height)
    offsets = strip_offsets(slots, noise["strips"])
    sprite = paint_sprites(atlas, slots, noise["sprite"])
    tracks = plan_tracks(slots, noise["tracks"], seconds, frames)
    with torch.no_grad():
        return compose(strips, offsets, sprite, tracks, seconds, size)
