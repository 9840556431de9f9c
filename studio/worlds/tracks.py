"""Where the subject goes and what the camera does: one row of 13 numbers for each frame (see models/compositor.py).

Time is real: periodic motions keep their beat in hertz whatever the clip's length, and a walk across the frame covers
more ground in six seconds than in one. The subject lives in screen space, so camera moves that should touch it (a zoom
makes it grow, a pan leaves it behind a little) are planned here.

Letters: B scenes, T frames; lengths in frame heights, origin top left; seconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from studio.worlds.lexicon import SLOTS, SUBJECTS
from studio.worlds.noise import uniform

TRACK_SIZE = 13
CAMERA_X, CAMERA_Y, ZOOM = 0.75, 0.5, 0.94  # a camera at rest
PAN, ZOOM_SPAN = 0.21, 0.26
SHAKE_HERTZ, SPIN_HERTZ, BOUNCE_HERTZ, ORBIT_HERTZ = 2.6, 0.5, 1.0, 0.40

_FLOATS = torch.tensor([subject.kind in ("flyer", "swimmer") for subject in SUBJECTS])
_BOATS = torch.tensor([subject.kind == "boat" for subject in SUBJECTS])
_SIZES = torch.tensor([subject.size for subject in SUBJECTS])


@dataclass
class _Pose:
    """The subject's path while it is planned; every field (B, T)."""

    x: Tensor
    y: Tensor
    size: Tensor
    turn: Tensor
    flip: Tensor


def plan_tracks(slots: dict[str, Tensor], noise: Tensor, seconds: Tensor, frames: int) -> Tensor:
    """Tracks (B, T, 13) of clips that last `seconds` (B,), `frames` = T frames evenly spread from 0 on.

    Noise (B, 8): size, height, start, beat, pace, side, drift of a still camera, spare.
    """
    count = len(noise)
    share = (torch.arange(frames, dtype=torch.float32) / frames)[None].expand(count, frames)  # of the clip
    return _plan(slots, noise, seconds.float(), share)


def plan_tracks_at(slots: dict[str, Tensor], noise: Tensor, seconds: Tensor, share: Tensor) -> Tensor:
    """The same at chosen moments: `share` (B, T) of the clip, 0..1."""
    return _plan(slots, noise, seconds.float(), share)


def _plan(slots: dict[str, Tensor], noise: Tensor, seconds: Tensor, share: Tensor) -> Tensor:
    u = uniform(noise)
    camera_x, zoom = _camera(slots["camera"], u, seconds, share)
    pose, floor, shadow = _subject(slots, u, seconds, share)
    # A pan leaves the subject behind a little, a zoom makes it grow around the middle.
    near = (ZOOM / zoom) ** 0.6
    pose.x = 0.5 + (pose.x - 0.5) * near - 0.35 * (camera_x - CAMERA_X) * _is(slots, "camera", "pan_left", "pan_right")
    y = 0.5 + (pose.y - 0.5) * near
    floor = 0.5 + (floor - 0.5) * near
    size = pose.size * near
    weather = slots["weather"][:, None]
    still = torch.zeros_like(share)
    return torch.stack([
        pose.x, y, size.clamp(0.05, 1.3).log(), torch.sin(pose.turn), torch.cos(pose.turn), pose.flip, floor, shadow,
        camera_x, still + CAMERA_Y, zoom, still + (weather == 1), still + (weather == 2)], -1)


def _is(slots: dict[str, Tensor], slot: str, *names: str) -> Tensor:
    """1 where the slot has one of these values, (B, 1)."""
    wanted = torch.tensor([SLOTS[slot].index(name) for name in names])
    return torch.isin(slots[slot], wanted).float()[:, None]


def _camera(camera: Tensor, u: Tensor, seconds: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
    """(camera_x, zoom), each (B, T): eased moves whose reach grows with the clip's length up to what strips hold."""
    reach = (1 - torch.exp(-seconds / 1.3))[:, None]
    eased = 0.6 * share * share * (3 - 2 * share) + 0.4 * share - 0.5  # -.5 .. .5
    index = {name: (camera == SLOTS["camera"].index(name)).float()[:, None] for name in SLOTS["camera"]}
    side = index["pan_right"] - index["pan_left"]
    x = CAMERA_X + 2 * PAN * reach * eased * side + index["static"] * 0.12 * (u[:, 6:7] - 0.5)
    closer = index["zoom_in"] * (eased + 0.5) + index["zoom_out"] * (0.5 - eased)
    return x, ZOOM - ZOOM_SPAN * (0.45 + 0.55 * reach) * closer


def _subject(slots: dict[str, Tensor], u: Tensor, seconds: Tensor, share: Tensor) -> tuple[_Pose, Tensor, Tensor]:
    """The subject's pose, its ground line (B, T) and the strength of its shadow (B, T)."""
    place, column = slots["place"], SLOTS["place"].index
    weightless = (place == column("space")) | (place == column("underwater"))
    floats = _FLOATS[slots["subject"]] | weightless
    boats = (_BOATS[slots["subject"]] & ~weightless) | ((place == column("sea")) & ~floats)
    size = (0.30 + 0.10 * u[:, 0]) * _SIZES[slots["subject"]]
    ground = torch.where(boats, 0.80 + 0.06 * u[:, 1], 0.87 + 0.06 * u[:, 1])
    home = torch.where(floats, 0.30 + 0.26 * u[:, 1], ground - 0.46 * size)
    side = torch.where(u[:, 5] > 0.5, 1.0, -1.0)[:, None]
    zero = torch.zeros_like(share)
    pose = _Pose(x=zero + 0.38 + 0.24 * u[:, 2:3], y=zero + home[:, None], size=zero + size[:, None],
                 turn=zero, flip=zero + side)
    _travel(pose, slots, u, seconds, share)
    _beat(pose, slots, u, share * seconds[:, None], side)
    feet = pose.y + 0.46 * pose.size
    floor = torch.where(floats[:, None], zero + 0.92, torch.maximum(zero + ground[:, None], feet))
    depth_moves = _is(slots, "motion", "approach", "recede")
    floor = torch.where((depth_moves > 0) & ~floats[:, None], feet, floor)
    dark = 0.46 * torch.exp(-(floor - feet).clamp(min=0) / 0.20) * (~floats & ~boats).float()[:, None]
    return pose, floor, dark


def _travel(pose: _Pose, slots: dict[str, Tensor], u: Tensor, seconds: Tensor, share: Tensor) -> None:
    """Motions that go somewhere once: left, right, rise, fall, approach, recede, swoop. Changes the pose."""
    reach = (0.45 + 0.45 * (1 - torch.exp(-seconds / 1.6)))[:, None]  # of the frame's width
    pace = (0.85 + 0.3 * u[:, 4])[:, None]
    along = (share - 0.5) * pace  # -.5 .. .5
    left, right = _is(slots, "motion", "left"), _is(slots, "motion", "right")
    rise, fall = _is(slots, "motion", "rise"), _is(slots, "motion", "fall")
    approach, recede = _is(slots, "motion", "approach"), _is(slots, "motion", "recede")
    swoop = _is(slots, "motion", "swoop")
    # The glyphs look to the left: flip -1 turns them to the right.
    goes = left + right
    pose.x = pose.x * (1 - goes) + goes * 0.5 + (right - left) * reach * 1.05 * along
    pose.flip = pose.flip * (1 - goes) + left - right
    climb = reach * 0.72 * (along + 0.5)
    pose.y = pose.y * (1 - rise) + rise * (0.80 - climb)
    drop = (share**1.6) * reach * 0.78
    pose.y = pose.y * (1 - fall) + fall * (0.14 + drop)
    grow = 1.25 * reach * pace
    pose.size = pose.size * torch.exp(approach * (share - 0.62) * 1.5 * grow + recede * (0.38 - share) * 1.5 * grow)
    # Feet stay near the ground while the subject grows: it comes down the picture as it comes closer.
    depth = approach + recede
    pose.y = pose.y + depth * (0.10 * (share - 0.5) * (approach - recede))
    side = pose.flip
    pose.x = pose.x * (1 - swoop) + swoop * (0.5 - side * reach * 0.95 * along)
    pose.y = pose.y * (1 - swoop) + swoop * (0.46 - 0.52 * reach * along + 0.06 * torch.sin(2 * math.pi * share))
    pose.turn = pose.turn + swoop * side * 0.28


def _beat(pose: _Pose, slots: dict[str, Tensor], u: Tensor, clock: Tensor, side: Tensor) -> None:
    """Motions with a beat in real seconds: still (breathing), bounce, orbit, shake, spin. Changes the pose."""
    phase, pace = 6.283 * u[:, 3:4], 0.85 + 0.3 * u[:, 4:5]
    bounce, orbit = _is(slots, "motion", "bounce"), _is(slots, "motion", "orbit")
    shake, spin = _is(slots, "motion", "shake"), _is(slots, "motion", "spin")
    calm = _is(slots, "motion", "still", "left", "right", "approach", "recede")
    pose.y = pose.y + calm * 0.010 * torch.sin(2 * math.pi * 0.8 * pace * clock + phase)
    hop = torch.sin(math.pi * BOUNCE_HERTZ * pace * clock + 0.5 * phase).abs()
    pose.y = pose.y * (1 - bounce) + bounce * (torch.maximum(pose.y, torch.full_like(pose.y, 0.58)) - 0.36 * hop)
    angle = 2 * math.pi * ORBIT_HERTZ * pace * clock * side + phase
    pose.x = pose.x * (1 - orbit) + orbit * (0.5 + 0.26 * torch.cos(angle))
    pose.y = pose.y * (1 - orbit) + orbit * (0.48 + 0.21 * torch.sin(angle))
    beat = 2 * math.pi * SHAKE_HERTZ * pace * clock
    pose.x = pose.x + shake * 0.035 * torch.sin(beat + phase)
    pose.turn = pose.turn + shake * 0.15 * torch.sin(beat + phase + 1)
    pose.turn = pose.turn + spin * side * 2 * math.pi * SPIN_HERTZ * pace * clock
