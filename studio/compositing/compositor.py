"""The compositor: strips, sprites and tracks become frames. Shared by the procedural world and the generator.

This is the differentiable way, in torch (training and the world's own videos); frame_painter.py is the quick one
for inference, by the same geometry. Neither has weights.

Letters: B clips, T frames, K = 4 strips (sky, far, middle, near), A = 4 actors, h strip height, S sprite side, H x W
the frame. Lengths are in frame heights with the origin at the top left of the *square* frame; colours are premultiplied
by alpha.

Actors (B, T, A, 8), see studio.scene.ACTOR_TRACKS: x, y sprite centre; log_size natural log of the sprite's side; sin,
cos its rotation; flip +1 as drawn, -1 mirrored; shadow_y the ground line under the sprite; shadow_alpha 0..1. `cast`
(B, A) says which sprite each actor wears, -1 for none. They are drawn from the last to the first: the other one behind,
the subject in front. Actors live in screen space: whoever plans tracks lets them grow when the camera zooms in.

Scene (B, T, 8), see studio.scene.SCENE_TRACKS: camera_x (.75 is centred), camera_y (.5 is centred), zoom (height of the
view at the subject's depth: .94 is normal, smaller is closer); rain, snow, fog, flash (lightning), leaves (petals and
leaves in the wind) 0..1. Camera moves reach each strip in proportion to its DEPTH, which is what makes the parallax.
A strip is 2 frame heights wide and its offset (0 .. .5) says which part is looked at; what lies outside is mirrored.

Guides (B, T, 8, H, W), what a net that adds light wants to know, see GUIDES: 0 the actors' alpha; 1-4 their image on
the ground, premultiplied RGBA (mirrored, or the cast shadow's alpha alone); 5 depth; 6 grain; 7 ripple.

Aspect: a wide frame shows more world to the sides; a tall one narrows the actors' paths so that they stay in view.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.compositing.textures import (
    RIPPLE_SPEEDS,
    RIPPLE_WIDTH,
    STRIP_WIDTH,
    fog_tile,
    ground_strip,
    ripple_strips,
    weather_tile,
)
from studio.scene import SCENE_TRACKS

DEPTHS = (0.4, 0.6, 0.8, 1.1)
NEARNESS = (0.0, 0.33, 0.66, 1.0)
CENTRE_X = 0.75
MIN_SIZE, MAX_SIZE = 0.03, 1.4
GUIDES = ("actors", "image_red", "image_green", "image_blue", "image_alpha", "depth", "grain", "ripple")
SQUASH = 0.45
"""How long a cast shadow is for an actor of height one; a gap under the feet counts LIFT of itself."""
LIFT = 0.3

FALLING = (
    ("rain", ((1.0, -0.35, 1.9, 0.85), (0.62, -0.24, 1.35, 0.55))),
    ("snow", ((1.0, 0.05, 0.30, 1.0), (0.55, -0.03, 0.17, 0.75))),
    ("leaves", ((1.0, 0.62, 0.16, 1.0), (0.6, 0.40, 0.09, 0.9))),
)
"""Weather by track: layers of (scale of the tile, sideways speed, falling speed, strength), frame heights a second."""
HAZE = {"rain": (0.16, (0.55, 0.60, 0.68)), "snow": (0.10, (0.86, 0.89, 0.94))}
FOG = (0.30, 0.42, 0.36, 0.12)
"""How much of the fog hangs in front of each strip."""
FOG_DRIFT, FOG_SCALE, FOG_SWING = 0.04, (1.8, 1.1), 0.7
FLASH = (0.50, 0.28, (0.93, 0.95, 1.0))
"""Lightning: how much the sky, and then everything, brightens towards this colour."""
_Colour = TypeVar("_Colour", Tensor, np.ndarray)
_CAMERA_X, _CAMERA_Y, _ZOOM, _FOG, _FLASH = (
    SCENE_TRACKS.index(name) for name in ("camera_x", "camera_y", "zoom", "fog", "flash")
)


def aspect_rules(height: int, width: int) -> tuple[float, float, float]:
    """(spread of the actors' paths, scale of the actors, scale of the strip offsets) for a frame of this shape."""
    aspect = width / height
    if aspect >= 1:
        # A wide view eats into the room that offsets may use before the strip's edge shows.
        room = (STRIP_WIDTH - 0.94 * aspect) / (STRIP_WIDTH - 0.94)
        return aspect**0.5, 1.0, min(1.0, max(0.0, room))
    return aspect**0.85, aspect**0.6, 1.0


@dataclass(frozen=True)
class _View:
    """Where the pixels and the moments are: x (W,), y (H, 1) as world coordinates, moment (B, T, 1, 1) in seconds."""

    height: int
    width: int
    x: Tensor
    y: Tensor
    moment: Tensor

    @classmethod
    def of(cls, size: tuple[int, int], times: Tensor) -> _View:
        """x lies around .5 whatever the width, y in 0..1."""
        height, width = size
        across = (torch.arange(width, device=times.device, dtype=times.dtype) + 0.5) / width
        y = (torch.arange(height, device=times.device, dtype=times.dtype) + 0.5) / height
        return cls(height, width, 0.5 + (across - 0.5) * (width / height), y[:, None], times[:, :, None, None])


def _sample(picture: Tensor, x: Tensor, y: Tensor, padding: str = "zeros") -> Tensor:
    """Bilinear look-up of (B, C, h, w) at x, y in -1..1, broadcast to (B, T, H, W): (B, C, T, H, W)."""
    x, y = torch.broadcast_tensors(x, y)
    grid = torch.stack([x, y], -1).flatten(1, 2)  # one tall frame for each clip: no copies of the picture
    if len(picture) != len(grid):
        picture = picture.expand(len(grid), -1, -1, -1)
    return F.grid_sample(picture, grid, align_corners=False, padding_mode=padding).unflatten(2, x.shape[1:3])


def compose(
    strips: Tensor, offsets: Tensor, sprites: Tensor, cast: Tensor, actors: Tensor, scene: Tensor,
    seconds: Tensor | float, size: tuple[int, int], times: Tensor | None = None, guides: bool = False,
    ground: Tensor | None = None,
) -> Tensor | tuple[Tensor, Tensor]:
    """Frames (B, T, 3, H, W) in 0..1, differentiable in every layer; with `guides` also those (B, T, 8, H, W) in 0..1.

    All tensors but `cast` are floats of one dtype, usually float32, and so are the results.

    Args:
        strips: (B, 4, 4, h, 2h) premultiplied RGBA, the first one opaque.
        offsets: (B, 4) in frame heights.
        sprites: (B, 2, 4, S, S) premultiplied RGBA: the subject and the other one.
        cast: (B, 4) long, which of the sprites each actor wears, -1 where it is absent.
        actors: (B, T, 4, 8). scene: (B, T, 8).
        seconds: length of the clips, a number or (B,); only weather and ripples go by it.
        size: (H, W) in pixels.
        times: (B, T) in seconds, where the frames are not evenly spread over the clip from 0 on.
        guides: whether to give the guides, too.
        ground: (B, 2) whether the ground mirrors (0 or 1), and how far the light shears shadows; only guides need it.
    """
    batch, frames = scene.shape[:2]
    if times is None:
        length = torch.as_tensor(seconds, dtype=scene.dtype, device=scene.device).reshape(-1, 1).expand(batch, 1)
        times = length * torch.arange(frames, device=scene.device, dtype=scene.dtype)[None] / frames
    view = _View.of(size, times)
    out, depth = _background(strips, offsets, scene, view, guides)
    if guides:
        ground = scene.new_zeros(batch, 2) if ground is None else ground.to(scene)
        image = scene.new_zeros(batch, 4, frames, *size)
        alphas = scene.new_zeros(batch, 1, frames, *size)
    troupe = [_Actor.of(k, sprites, cast, actors, view) for k in reversed(range(cast.shape[1]))]
    present = [actor for actor in troupe if actor is not None]
    for actor in present:  # shadows lie under everyone
        out = actor.put(out, lambda under, actor=actor: under * (1 - actor.shadow(view)))
    for actor in present:
        seen = actor.seen(view)
        out = actor.put(out, lambda under, seen=seen: under * (1 - seen[:, 3:]) + seen[:, :3])
        if guides:
            alphas = actor.put(alphas, lambda under, seen=seen: under * (1 - seen[:, 3:]) + seen[:, 3:])
            below = actor.on_ground(view, ground)
            image = actor.put(image, lambda under, below=below: under * (1 - below[:, 3:]) + below)
    out = _weather_over(out, scene, view).clamp(0, 1).movedim(2, 1)
    if not guides:
        return out.contiguous()
    depth = depth * (1 - alphas) + alphas
    channels = [alphas, image, depth, _ground_patterns(offsets, scene, view)]
    return out.contiguous(), torch.cat(channels, 1).clamp(0, 1).movedim(2, 1).contiguous()


# ---------------------------------------------------------------------------------------------- strips


def _where(offsets: Tensor, scene: Tensor, view: _View, k: int) -> tuple[Tensor, Tensor]:
    """What each pixel sees of strip k: along it and down it, in frame heights, (B, T, 1, W) and (B, T, H, 1)."""
    camera_x, camera_y, zoom = (scene[..., i, None, None] for i in (_CAMERA_X, _CAMERA_Y, _ZOOM))
    depth = DEPTHS[k]
    offset = 0.25 + (offsets[:, k, None, None, None] - 0.25) * aspect_rules(view.height, view.width)[2]
    scale = 1 - (1 - zoom) * depth
    along = offset + CENTRE_X + depth * (camera_x - CENTRE_X) + (view.x - 0.5) * scale
    return along, (0.5 + depth * (camera_y - 0.5) + (view.y - 0.5) * scale).clamp(0, 1)


def fog_rows(height: int) -> slice:
    """The rows of a sky strip that give fog its colour: those near the horizon."""
    first = int(0.35 * height)
    return slice(first, max(first + 1, int(0.6 * height)))


def paled(sky: _Colour) -> _Colour:
    """The colour of fog (..., 3) under a sky of this mean colour near the horizon: paler and greyer."""
    grey = (sky[..., :1] + sky[..., 1:2] + sky[..., 2:3]) / 3
    pale = 0.45 * sky + 0.55 * grey
    return pale + 0.22 * (1 - pale) * (0.25 + 0.75 * grey)


def _wanted(track: Tensor) -> bool:
    """Whether this weather does anything at all; always where it is being learnt."""
    return track.requires_grad or float(track.max()) > 0.0


def _background(
    strips: Tensor, offsets: Tensor, scene: Tensor, view: _View, guides: bool
) -> tuple[Tensor, Tensor | None]:
    """The strips seen by the camera, far to near: (B, 3, T, H, W); and with guides the depth (B, 1, T, H, W)."""
    fog, flash = (scene[..., i].clamp(0, 1)[:, None, :, None, None] for i in (_FOG, _FLASH))
    misty = _wanted(scene[..., _FOG])
    thick = fog * _wisps(view) if misty else fog
    horizon = strips[:, 0, :3, fog_rows(strips.shape[-2])].mean((2, 3))
    haze = paled(horizon)[:, :, None, None, None] if misty else None
    out: Tensor | None = None
    depth: Tensor | None = None
    for k in range(strips.shape[1]):
        along, down = _where(offsets, scene, view, k)
        seen = _sample(strips[:, k], along / STRIP_WIDTH * 2 - 1, down * 2 - 1, "reflection")
        out = seen[:, :3] if out is None else out * (1 - seen[:, 3:]) + seen[:, :3]
        if guides:
            near = seen[:, 3:] * NEARNESS[k]
            depth = near if depth is None else depth * (1 - seen[:, 3:]) + near
        if k == 0:
            out = out + FLASH[0] * flash * (_colour(FLASH[2], out) - out)
        if haze is not None:
            out = out + FOG[k] * thick * (haze - out)
    assert out is not None
    return out, depth


def _wisps(view: _View) -> Tensor:
    """How thick the fog is here and now, around 1: (B, 1, T, H, W)."""
    u = (view.x - FOG_DRIFT * view.moment) / FOG_SCALE[0]
    seen = _periodic(_tile(fog_tile(view.height), view.moment), u, view.y / FOG_SCALE[1])
    return 1 + FOG_SWING * (2 * seen - 1)


def _ground_patterns(offsets: Tensor, scene: Tensor, view: _View) -> Tensor:
    """Grain and ripple in the coordinates of the nearest strip, (B, 2, T, H, W)."""
    along, down = _where(offsets, scene, view, 3)
    grain = _tile(ground_strip(view.height), scene)
    channels = [_sample(grain, along / STRIP_WIDTH * 2 - 1, down * 2 - 1, "reflection")]
    waves = ripple_strips(view.height)
    drifting = []
    for pattern, speed in zip(waves, RIPPLE_SPEEDS):
        u = torch.remainder(along[..., :1] + speed * view.moment, STRIP_WIDTH) + (along - along[..., :1])
        drifting.append(_sample(_tile(pattern, scene), u / RIPPLE_WIDTH * 2 - 1, down * 2 - 1, "border"))
    return torch.cat([*channels, 0.5 * (drifting[0] + drifting[1])], 1)


def _tile(pattern: np.ndarray, like: Tensor) -> Tensor:
    """A numpy pattern (h, w) of bytes or (h, w, C) of floats as a batch of one, (1, C, h, w) in 0..1."""
    tile = torch.from_numpy(pattern.copy()).to(like.device)
    tile = tile.to(like.dtype) / 255 if tile.dtype == torch.uint8 else tile.to(like.dtype)
    return tile[None, None] if tile.ndim == 2 else tile.movedim(-1, 0)[None]


def _periodic(tile: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """A periodic tile (1, C, h, h) at u, v in tiles."""
    # The border is repeated so that bilinear sampling is periodic, too.
    closed = F.pad(tile, (1, 1, 1, 1), mode="circular")
    fit = tile.shape[-1] / (tile.shape[-1] + 2)
    return _sample(closed, (torch.remainder(u, 1.0) * 2 - 1) * fit, (torch.remainder(v, 1.0) * 2 - 1) * fit)


def _colour(colour: tuple[float, float, float], like: Tensor) -> Tensor:
    return like.new_tensor(colour)[None, :, None, None, None]


# ---------------------------------------------------------------------------------------------- actors


@dataclass(frozen=True)
class _Actor:
    """One actor in the n clips (of B) where it is on stage; numbers are (n, T, 1, 1) after the aspect rules."""

    rows: Tensor | None
    sprite: Tensor
    x: Tensor
    y: Tensor
    side: Tensor
    sin: Tensor
    cos: Tensor
    flip: Tensor
    shadow_y: Tensor
    shadow_alpha: Tensor

    @classmethod
    def of(cls, k: int, sprites: Tensor, cast: Tensor, actors: Tensor, view: _View) -> _Actor | None:
        """Actor k, None where no clip has it."""
        here = cast[:, k] >= 0
        everywhere = bool(here.all())
        rows = None if everywhere else torch.nonzero(here)[:, 0]
        if rows is not None and not len(rows):
            return None
        chosen = torch.arange(len(cast), device=cast.device) if rows is None else rows
        sprite = sprites[chosen, cast[chosen, k]]
        shrink = max(1, int(sprite.shape[-1] / (0.45 * view.height)))
        if shrink > 1:  # bilinear sampling alone would alias a large sprite in a small frame
            sprite = F.avg_pool2d(sprite, shrink)
        x, y, log_size, sin, cos, flip, shadow_y, shadow_alpha = actors[chosen, :, k, :, None, None].unbind(2)
        spread, scale, _ = aspect_rules(view.height, view.width)
        side = log_size.exp().clamp(MIN_SIZE, MAX_SIZE)
        norm = (sin**2 + cos**2 + 1e-6).rsqrt()
        return cls(
            rows, sprite,
            x=0.5 + (x - 0.5) * spread,
            y=y if scale == 1 else shadow_y + (y - shadow_y) * scale,  # smaller, on the same ground
            side=side * scale,
            sin=sin * norm, cos=cos * norm,
            flip=flip / (flip**2).clamp(min=0.09),
            shadow_y=shadow_y, shadow_alpha=shadow_alpha,
        )  # fmt: skip

    def put(self, stage: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
        """The stage (B, C, T, H, W) with this actor's clips changed."""
        if self.rows is None:
            return change(stage)
        return stage.index_copy(0, self.rows, change(stage[self.rows]))

    def shadow(self, view: _View) -> Tensor:
        """The soft dark under it, (n, 1, T, H, W)."""
        dx, down = (view.x - self.x) / self.side * 2, (view.y - self.shadow_y) / self.side * 9
        return (torch.exp(-1.3 * (dx * dx + down * down)) * self.shadow_alpha)[:, None]

    def seen(self, view: _View) -> Tensor:
        """Its picture on the screen, premultiplied RGBA (n, 4, T, H, W)."""
        return self._turned((view.x - self.x) / self.side * 2, (view.y - self.y) / self.side * 2)

    def _turned(self, dx: Tensor, dy: Tensor) -> Tensor:
        """Its picture at an offset from its centre, in half sides."""
        across, down = (self.cos * dx + self.sin * dy) * self.flip, self.cos * dy - self.sin * dx
        return _sample(self.sprite, across, down)

    def on_ground(self, view: _View, ground: Tensor) -> Tensor:
        """Its mirror image below the ground line, or its cast shadow as alpha alone; premultiplied (n, 4, T, H, W)."""
        chosen = ground if self.rows is None else ground[self.rows]
        mirror, shear = chosen[:, 0, None, None, None], chosen[:, 1, None, None, None]
        below = view.y - self.shadow_y
        feet = self.y + 0.5 * self.side
        gap = (self.shadow_y - feet).clamp(min=0)
        # Mirrored: as far below the line as the actor is above it. Cast: squashed, and a gap counts for less.
        source = torch.where(mirror > 0.5, self.shadow_y - below, feet + LIFT * gap - below / SQUASH)
        dx = (view.x - torch.where(mirror > 0.5, 0 * shear, shear) * below - self.x) / self.side * 2
        seen = self._turned(dx, (source - self.y) / self.side * 2)
        edge = (below * view.height + 0.5).clamp(0, 1)[:, None]
        strength = torch.where(mirror > 0.5, torch.ones_like(self.shadow_alpha), (4 * self.shadow_alpha).clamp(0, 1))
        seen = seen * (edge * strength[:, None])
        return torch.cat([seen[:, :3] * (mirror > 0.5)[:, None], seen[:, 3:]], 1)


# ---------------------------------------------------------------------------------------------- weather


def _weather_over(out: Tensor, scene: Tensor, view: _View) -> Tensor:
    for kind, layers in FALLING:
        track = scene[..., SCENE_TRACKS.index(kind)]
        if not _wanted(track):
            continue
        amount = track.clamp(0, 1)[:, None, :, None, None]
        if kind in HAZE:
            haze, colour = HAZE[kind]
            out = out + haze * amount * (_colour(colour, out) - out)
        tile = _tile(weather_tile(kind, view.height), out)
        for scale, across, down, strength in layers:
            seen = _periodic(tile, (view.x - across * view.moment) / scale, (view.y - down * view.moment) / scale)
            seen = seen * (strength * amount)
            out = out * (1 - seen[:, 3:]) + seen[:, :3]
    if _wanted(scene[..., _FLASH]):
        flash = scene[..., _FLASH].clamp(0, 1)[:, None, :, None, None]
        out = out + FLASH[1] * flash * (_colour(FLASH[2], out) - out)
    return out
