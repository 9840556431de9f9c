"""How the actors move: sixteen motions in real seconds, and what pairs do with each other.

Motions that go somewhere share the clip's length out, and cover more ground the longer it is; motions with a beat keep
their hertz. Copies do the same a little later. Amplitudes are generous: a shake still shows at 64 pixels.

Letters: B scenes, A = 4 actors, T moments; lengths in frame heights, origin top left; turns in radians, clockwise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from studio.captions.lexicon import SLOTS, SUBJECTS
from studio.worlds.stage import CLOSE, Stage, chosen, kinds

SHAKE_HERTZ, SPIN_HERTZ, BOUNCE_HERTZ, ORBIT_HERTZ, SWAY_HERTZ = 2.8, 0.55, 1.0, 0.42, 0.50
HOP_HERTZ, ZIGZAG_HERTZ, STEP_HERTZ, RUN_HERTZ = 1.35, 0.75, 2.0, 2.6
ROLLING = frozenset(("ball", "basketball", "apple", "donut", "cookie", "yo-yo", "lemon", "egg", "pumpkin", "planet"))
_TURN = 2 * math.pi


@dataclass
class Pose:
    """Everyone's way, every field (B, A, T)."""

    x: Tensor
    y: Tensor
    size: Tensor
    turn: Tensor
    floor: Tensor


@dataclass(frozen=True)
class _Play:
    """What every motion needs: the stage, and as (B, 1 or A, 1 or T) the share of the clip, the clock in seconds, its
    length, the start of beats in turns, their pace, the heading, the looks (+1 left), and what limits the room: any
    companion, one above the other, a camera that comes close."""

    stage: Stage
    share: Tensor
    clock: Tensor
    seconds: Tensor
    phase: Tensor
    pace: Tensor
    heading: Tensor
    flip: Tensor
    paired: Tensor
    stacked: Tensor
    close: Tensor

    def doing(self, *names: str) -> Tensor:
        """1 where an actor does one of these, (B, A, 1)."""
        wanted = torch.tensor([SLOTS["motion"].index(name) for name in names], device=self.share.device)
        return torch.isin(self.stage.motion, wanted).float()[..., None]

    def beat(self, hertz: float) -> Tensor:
        """The angle of a beat, (B, A, T)."""
        return _TURN * (hertz * self.pace * self.clock + self.phase)

    def lasting(self, soon: float) -> Tensor:
        """How much of its full reach a motion has in a clip of this length, (B, 1, 1)."""
        return soon + (1 - soon) * (1 - torch.exp(-self.seconds / 1.4))


def act(stage: Stage, slots: dict[str, Tensor], u: Tensor, seconds: Tensor, share: Tensor) -> Pose:
    """Everyone's way over the clip, float (B, A, T) each. `slots` long (B,); `u` (B, 12) uniform: 3 start of the beats,
    4 pace; `seconds` (B,); `share` (B, T) of the clip, 0..1.
    """
    riding = chosen(slots, "relation", "rides")[:, None]
    lag = torch.where(riding, torch.zeros_like(stage.lag), stage.lag)
    length = seconds[:, None, None]
    play = _Play(
        stage=stage, share=share[:, None], clock=share[:, None] * length, seconds=length,
        phase=(u[:, 3:4] + lag)[..., None], pace=(0.88 + 0.24 * u[:, 4])[:, None, None],
        heading=stage.heading[:, None, None], flip=stage.flip[..., None],
        paired=(slots["relation"] > 0)[:, None, None],
        stacked=chosen(slots, "relation", "above", "below")[:, None, None],
        close=chosen(slots, "camera", *CLOSE)[:, None, None].float(),
    )  # fmt: skip
    still = torch.zeros_like(play.share.expand(-1, 4, -1))
    pose = Pose(stage.x[..., None] + still, stage.y[..., None] + still, stage.size[..., None] + still, still,
                stage.floor[..., None] + still)  # fmt: skip
    _cross(pose, play, slots)
    _climb(pose, play)
    _deepen(pose, play)
    _hop(pose, play)
    _beat(pose, play)
    _circle(pose, play, slots)
    _meet(pose, play, slots)
    _carry(pose, play)
    return pose


def _cross(pose: Pose, play: _Play, slots: dict[str, Tensor]) -> None:
    """Ways across the picture: left, right, with jumps, in a zigzag, swooping; and running after someone."""
    reach = torch.minimum(0.42 + 0.40 * (1 - torch.exp(-play.seconds / 1.6)), play.stage.reach[:, None, None])
    chase, follow = (chosen(slots, "relation", name)[:, None, None].float() for name in ("chases", "follows"))
    reach = reach * (0.8 + 0.2 * play.pace) * (1 - 0.35 * follow)
    along = play.share - 0.5
    walk, jump, zigzag, swoop = (play.doing(*names) for names in (
        ("left", "right"), ("left_jumping", "right_jumping"), ("zigzag",), ("swoop",)))  # fmt: skip
    way = play.heading * reach * along
    pose.x = pose.x + (walk + jump + zigzag + swoop) * way
    # The one behind gains on the one ahead.
    ahead = torch.tensor([-1.0, -1.0, -1.0, 1.0], device=way.device)[None, :, None]
    pose.x = pose.x - chase * play.heading * ahead * 0.05 * along
    on_foot = (play.stage.ground & kinds(play.stage.noun, "animal"))[..., None].float()
    step = math.pi * (STEP_HERTZ * play.pace * play.clock + play.phase)
    pose.y = pose.y - walk * on_foot * 0.013 * torch.sin(step).abs()
    pose.turn = pose.turn + walk * on_foot * 0.04 * torch.sin(step)
    run = math.pi * (RUN_HERTZ * play.pace * play.clock + play.phase)
    pose.y = pose.y - walk * chase * 0.030 * torch.sin(run).abs()
    pose.turn = pose.turn - walk * chase * play.flip * (0.08 + 0.05 * torch.sin(2 * run))
    _zig(pose, play, zigzag)
    _swoop(pose, play, swoop, reach)
    rolls = torch.tensor([subject.name in ROLLING for subject in SUBJECTS], device=way.device)[play.stage.noun]
    rolls = (rolls & play.stage.ground)[..., None].float() * walk * (1 - follow) * (1 - chase)
    pose.turn = pose.turn * (1 - rolls) + rolls * way / play.stage.half[..., None].clamp(min=0.05)


def _zig(pose: Pose, play: _Play, zigzag: Tensor) -> None:
    angle = play.beat(ZIGZAG_HERTZ)
    height = torch.where(play.stacked, 0.10, 0.15)
    resting = (play.stage.ground | play.stage.afloat)[..., None].float()
    edge = torch.asin(torch.sin(angle).clamp(-0.9999, 0.9999)) * (2 / math.pi)
    pose.y = pose.y + zigzag * height * (edge - resting)
    pose.turn = pose.turn - zigzag * play.flip * 0.28 * torch.tanh(2.5 * torch.cos(angle))


def _swoop(pose: Pose, play: _Play, swoop: Tensor, reach: Tensor) -> None:
    """From high up down to the low point of a curve, and a little up again; alone all the way, in pairs less."""
    start = torch.maximum(0.08 + 0.45 * pose.size, torch.full_like(pose.y, 0.18)) + 0.09 * play.close
    low = torch.where((play.stage.ground | play.stage.afloat)[..., None], pose.y - 0.02, torch.full_like(pose.y, 0.66))
    dive = torch.where(play.paired, torch.full_like(low, 0.24), low - start)
    start = torch.where(play.paired, pose.y - 0.14, start)
    curve = 0.62 * math.pi * play.share
    pose.y = pose.y * (1 - swoop) + swoop * (start + dive * torch.sin(curve))
    slope = dive * 0.62 * math.pi * torch.cos(curve) / reach
    pose.turn = pose.turn - swoop * play.flip * 0.7 * torch.atan(slope)


def _climb(pose: Pose, play: _Play) -> None:
    """Up and down: faster the longer it lasts. Pairs keep their distance."""
    rise, fall = play.doing("rise"), play.doing("fall")
    top = torch.maximum(0.05 + 0.48 * pose.size, torch.full_like(pose.y, 0.16)) + 0.10 * play.close
    height = torch.where(play.paired, torch.full_like(pose.y, 0.30), pose.y - top)
    height = torch.where(play.stacked, torch.full_like(pose.y, 0.20), height) * play.lasting(0.55)
    lower = 0.06 * play.stacked
    pose.y = pose.y + rise * (lower - height * (0.45 * play.share + 0.55 * play.share.square()))
    pose.y = pose.y + fall * (lower - height * (1 - play.share**1.7))
    flutter = torch.sin(play.beat(0.8))
    pose.turn = pose.turn + fall * 0.09 * flutter


def _deepen(pose: Pose, play: _Play) -> None:
    """Towards the camera and away from it: growing, and down the picture for what stands on the ground."""
    near, far = play.doing("approach"), play.doing("recede")
    nearness = (near * play.share + far * (1 - play.share)) ** 1.25
    strength = torch.where(play.paired, 0.85, 1.25) * play.lasting(0.55)
    grow = torch.exp((near + far) * strength * (nearness - 0.62))
    grow = torch.minimum(grow, (0.80 - 0.12 * play.close) / pose.size)
    depth = (near + far) * (nearness - 0.70) * 0.16 * play.lasting(0.55)
    resting = (play.stage.ground | play.stage.afloat)[..., None]
    below = play.stage.feet[..., None] * pose.size
    pose.floor = torch.where(resting, (pose.floor + depth).clamp(max=0.97), pose.floor)
    floating = torch.where(play.stacked, 0.60 + (pose.y - 0.60) * grow, 0.47 + (pose.y - 0.47) * grow.clamp(max=1.0))
    moving = (near + far) > 0
    standing = pose.y + below + depth - below * grow
    pose.y = torch.where(moving, torch.where(resting, standing, floating), pose.y)
    pose.x = torch.where(moving, 0.5 + (pose.x - 0.5) * grow, pose.x)
    pose.size = pose.size * grow


def _hop(pose: Pose, play: _Play) -> None:
    """Arcs off the ground: jumping on the spot, and jumping along."""
    bounce, jump = play.doing("bounce"), play.doing("left_jumping", "right_jumping")
    room = (pose.y - 0.46 * pose.size - 0.02 - 0.10 * play.close).clamp(0.13, 0.27)
    room = torch.where(play.stacked, torch.full_like(room, 0.13), room)
    angle = math.pi * (BOUNCE_HERTZ * play.pace * play.clock + play.phase)
    pose.y = pose.y - bounce * room * torch.sin(angle).abs()
    pose.turn = pose.turn + bounce * 0.05 * torch.sin(angle)
    angle = math.pi * (HOP_HERTZ * play.pace * play.clock + play.phase)
    pose.y = pose.y - jump * room.clamp(max=0.18) * torch.sin(angle).abs()
    pose.turn = pose.turn + jump * play.flip * 0.13 * torch.sin(2 * angle)


def _beat(pose: Pose, play: _Play) -> None:
    """On the spot: shaking, spinning, swaying like a tree (or hanging, like a lamp, what hangs in the air)."""
    shake, spin, sway = play.doing("shake"), play.doing("spin"), play.doing("sway")
    angle = play.beat(SHAKE_HERTZ)
    pose.x = pose.x + shake * 0.026 * torch.sin(angle)
    pose.turn = pose.turn + shake * 0.14 * torch.sin(angle + 0.8)
    pose.turn = pose.turn + spin * play.heading * _TURN * (SPIN_HERTZ * play.pace * play.clock)
    resting = (play.stage.ground | play.stage.afloat)[..., None].float()
    pose.y = pose.y - spin * resting * 0.05
    lean = sway * 0.38 * torch.sin(play.beat(SWAY_HERTZ))
    pivot = (2 * resting - 1) * 0.40 * pose.size
    pose.x = pose.x + pivot * torch.sin(lean)
    pose.y = pose.y + pivot * (1 - torch.cos(lean))
    pose.turn = pose.turn + lean


def _circle(pose: Pose, play: _Play, slots: dict[str, Tensor]) -> None:
    """Round the middle of the picture, round one's own place beside a companion, or round the other one. Copies share
    the circle out; below is nearer."""
    orbit = play.doing("orbit")
    around = chosen(slots, "relation", "circles")[:, None, None].float() * torch.tensor(
        [1.0, 1.0, 1.0, 0.0], device=orbit.device)[None, :, None]
    count = (slots["count"] + 1).float()[:, None, None]
    turn = torch.tensor([0.0, 1.0, 2.0, 0.0], device=orbit.device)[None, :, None] / count
    start = play.phase[:, :1] + turn
    angle = _TURN * (ORBIT_HERTZ * play.pace * play.clock * play.heading + start)
    room = 1 - 0.15 * play.close
    wide = torch.where(play.paired, torch.full_like(pose.x, 0.10), (0.53 - 0.45 * pose.size).clamp(max=0.28) * room)
    high = torch.where(play.paired, torch.full_like(pose.x, 0.09), (0.48 - 0.45 * pose.size).clamp(max=0.22) * room)
    x = torch.where(play.paired, pose.x, torch.full_like(pose.x, 0.5))
    y = torch.where(play.paired, pose.y - 0.05, 0.47 + 0.03 * play.close + 0 * pose.y)
    rests = (play.stage.ground | play.stage.afloat)[:, 3:, None].float()
    wide = wide * (1 - around) + around * 0.32
    high = high * (1 - around) + around * (0.26 - 0.03 * rests) * room
    x = x * (1 - around) + around * pose.x[:, 3:]
    y = y * (1 - around) + around * (pose.y[:, 3:] - 0.045 * rests)
    active = torch.maximum(orbit, around)
    pose.x = pose.x * (1 - active) + active * (x + wide * torch.cos(angle))
    pose.y = pose.y * (1 - active) + active * (y + high * torch.sin(angle))
    pose.size = pose.size * (1 + active * 0.10 * torch.sin(angle))


def _meet(pose: Pose, play: _Play, slots: dict[str, Tensor]) -> None:
    """Towards each other, slower and slower, and stop two thirds through."""
    meets = chosen(slots, "relation", "meets")[:, None, None].float()
    left = (1 - play.share / 0.66).clamp(min=0) ** 2
    far = (0.53 - play.stage.spread)[:, None, None] - 0.06 * play.close
    far = far.clamp(0.14, 0.34)
    inward = torch.tensor([-1.0, -1.0, -1.0, 1.0], device=left.device)[None, :, None] * play.heading
    pose.x = pose.x + meets * inward * far * left
    step = math.pi * (STEP_HERTZ * play.pace * play.clock + play.phase)
    pose.y = pose.y - meets * (left > 0) * left.sqrt() * 0.02 * torch.sin(step).abs()


def _carry(pose: Pose, play: _Play) -> None:
    """What is never quite still: boats rock, flyers hover, swimmers wag."""
    afloat = play.stage.afloat[..., None].float()
    hovering = (~play.stage.ground & ~play.stage.afloat)[..., None].float()
    swims = (kinds(play.stage.noun, "swimmer") & ~play.stage.ground)[..., None].float()
    pose.y = pose.y + (0.007 * afloat + 0.012 * hovering) * torch.sin(play.beat(0.36))
    pose.turn = pose.turn + (0.032 * afloat + 0.02 * hovering) * torch.sin(play.beat(0.36) + 1.3)
    pose.turn = pose.turn + 0.045 * swims * torch.sin(play.beat(1.0))
