"""Tracks of a scene: where its actors go and what the camera and the weather do (see studio/scene.py for the columns).

Time is real: periodic motions keep their beat in hertz whatever the clip's length, and a walk across the frame covers
more ground in six seconds than in one. Actors live in screen space, so what a camera move does to them is planned here:
whoever is on the spot stays fixed to the ground that the compositor slides and scales under it.

Letters: B scenes, A = 4 actors, T frames; lengths in frame heights, origin top left; seconds.
"""

from __future__ import annotations

import torch
from torch import Tensor

from studio.scene import ACTOR_TRACKS, SCENE_TRACKS
from studio.worlds.motions import Pose, act
from studio.worlds.noise import uniform
from studio.worlds.stage import ABREAST, Stage, by_name, chosen, set_stage

CAMERA_X, CAMERA_Y, ZOOM = 0.75, 0.5, 0.94  # a camera at rest
PAN, ZOOM_SPAN, ZOOM_DOWN = 0.14, 0.21, 0.05
TILT_ZOOM, TILT_LOW, TILT_HIGH = 0.80, 0.09, -0.035
NEAR = 1.1  # the compositor's depth of the nearest strip, on which actors stand
ABSENT_SIZE = 0.02  # below what the compositor draws
FLASH_EVERY, FLASH_WIDTH = 1.7, 0.11  # seconds
_ABSENT = {"x": 0.5, "y": 0.5, "sin": 0.0, "cos": 1.0, "flip": 1.0, "shadow_y": 0.9, "shadow_alpha": 0.0}


def cast_of(slots: dict[str, Tensor]) -> Tensor:
    """Which sprite each actor wears, long (B, 4): 0 the subject's, 1 the other one's, -1 for who is absent."""
    count, other = slots["count"], slots["relation"] > 0
    zero, none = torch.zeros_like(count), torch.full_like(count, -1)
    return torch.stack([
        zero, torch.where(count >= 1, zero, none), torch.where(count >= 2, zero, none),
        torch.where(other, torch.ones_like(count), none),
    ], 1)  # fmt: skip


def plan_tracks(
    slots: dict[str, Tensor], noise: Tensor, seconds: Tensor, frames: int
) -> tuple[Tensor, Tensor]:
    """(actors (B, T, 4, 8), scene (B, T, 8)), float, of clips that last `seconds` (B,), T = `frames` evenly spread from
    0 on.

    Noise (B, 12): size, depth or height, sideways, start of the beats, pace, side, gap, the other one's height,
    start of the lightning, pace of the camera, amount of weather, spare.
    """
    share = torch.arange(frames, dtype=torch.float32, device=noise.device) / frames
    return plan_tracks_at(slots, noise, seconds, share[None].expand(len(noise), frames))


def plan_tracks_at(
    slots: dict[str, Tensor], noise: Tensor, seconds: Tensor, share: Tensor
) -> tuple[Tensor, Tensor]:
    """The same at chosen moments: `share`, float (B, T), of the clip, 0..1."""
    u, seconds = uniform(noise), seconds.to(noise)
    camera = _camera(slots, u, seconds, share)
    stage = set_stage(slots, u)
    pose = act(stage, slots, u, seconds, share)
    shadow = _shadows(stage, slots, pose)
    _follow_camera(pose, slots, *(part[:, None] for part in camera))
    actors = torch.stack([
        pose.x, pose.y, pose.size.clamp(0.05, 1.3).log(), torch.sin(pose.turn), torch.cos(pose.turn),
        stage.flip[..., None].expand_as(pose.x), pose.floor, shadow,
    ], -1)  # fmt: skip
    nobody = torch.tensor([_ABSENT.get(name, 0.0) for name in ACTOR_TRACKS], device=noise.device)
    nobody[ACTOR_TRACKS.index("log_size")] = torch.tensor(ABSENT_SIZE).log()
    actors = torch.where(stage.present[:, :, None, None], actors, nobody).transpose(1, 2).contiguous()
    weather = _weather(slots, u, share * seconds[:, None])
    parts = dict(zip(("camera_x", "camera_y", "zoom"), camera)) | weather
    return actors, torch.stack([parts[name] for name in SCENE_TRACKS], -1)


def _camera(slots: dict[str, Tensor], u: Tensor, seconds: Tensor, share: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(camera_x, camera_y, zoom), each (B, T): eased moves, longer in longer clips up to what the strips hold."""
    reach = ((0.62 + 0.38 * (1 - torch.exp(-seconds / 1.3))) * (0.88 + 0.12 * u[:, 9]))[:, None]
    eased = 0.55 * share * share * (3 - 2 * share) + 0.45 * share  # 0 .. 1
    is_on = {name: chosen(slots, "camera", name).float()[:, None] for name in
             ("pan_left", "pan_right", "zoom_in", "zoom_out", "tilt_up", "tilt_down")}  # fmt: skip
    x = CAMERA_X + 2 * PAN * reach * (eased - 0.5) * (is_on["pan_right"] - is_on["pan_left"])
    closer = (is_on["zoom_in"] * eased + is_on["zoom_out"] * (1 - eased)) * reach
    tilting = is_on["tilt_up"] + is_on["tilt_down"]
    lowered = is_on["tilt_up"] * (1 - eased) + is_on["tilt_down"] * eased
    middle, span = 0.5 * (TILT_LOW + TILT_HIGH), TILT_LOW - TILT_HIGH
    y = CAMERA_Y + ZOOM_DOWN * closer + tilting * (middle + span * reach * (lowered - 0.5))
    return x, y, ZOOM - ZOOM_SPAN * closer - tilting * (ZOOM - TILT_ZOOM)


def _follow_camera(pose: Pose, slots: dict[str, Tensor], camera_x: Tensor, camera_y: Tensor, zoom: Tensor) -> None:
    """What a camera move does to the actors, in place: they keep to the nearest strip, and the camera goes along with
    whoever crosses the picture."""
    rest, scale = 1 - (1 - ZOOM) * NEAR, 1 - (1 - zoom) * NEAR
    crossing = chosen(slots, "motion", *ABREAST) & ~chosen(slots, "relation", "meets")
    held = torch.where(crossing, 0.3, 1.0)[:, None, None]
    pose.x = 0.5 + ((pose.x - 0.5) * rest - held * NEAR * (camera_x - CAMERA_X)) / scale
    for name in ("y", "floor"):
        setattr(pose, name, 0.5 + ((getattr(pose, name) - 0.5) * rest - NEAR * (camera_y - CAMERA_Y)) / scale)
    pose.size = pose.size * rest / scale


def _shadows(stage: Stage, slots: dict[str, Tensor], pose: Pose) -> Tensor:
    """How dark the contact shadows are, (B, A, T): weaker the higher someone is, none where there is no ground."""
    gap = (pose.floor - pose.y - stage.feet[..., None] * pose.size).clamp(min=0)
    strength = torch.where(stage.ground, 0.46, torch.where(stage.afloat, 0.20, 0.26))
    strength = strength * ~chosen(slots, "place", "space", "sky")[:, None]
    return strength[..., None] * torch.exp(-gap / torch.where(stage.ground, 0.17, 0.24)[..., None])


def _weather(slots: dict[str, Tensor], u: Tensor, clock: Tensor) -> dict[str, Tensor]:
    """How much of each weather there is, (B, T) each in 0..1. Lightning flickers: a flash and a weaker one after it."""
    much = 0.78 + 0.22 * u[:, 10]
    since = torch.remainder(clock / FLASH_EVERY + u[:, 8:9], 1.0) * FLASH_EVERY - 0.5 * FLASH_EVERY
    flicker = torch.exp(-((since / FLASH_WIDTH) ** 2)) + 0.6 * torch.exp(-(((since - 0.30) / FLASH_WIDTH) ** 2))
    steady = torch.ones_like(clock)
    amounts = {
        "rain": by_name(slots, "weather", {"rain": 0.85, "storm": 1.0}),
        "snow": by_name(slots, "weather", {"snow": 1.0}),
        "fog": by_name(slots, "weather", {"fog": 1.0, "storm": 0.25}),
        "leaves": by_name(slots, "weather", {"wind": 1.0}),
    }
    found = {name: (amount * much)[:, None] * steady for name, amount in amounts.items()}
    return found | {"flash": chosen(slots, "weather", "storm").float()[:, None] * flicker.clamp(max=1.0)}
