"""What optical flow alone says of the motion at a moment between two frames: two opinions, their bends, the choice.

The flow from the first frame to the second, carried to the moment, is one opinion, and the flow back the other. Where
the frames before and after are known, each also says how its motion bends (Xu et al., "Quadratic Video Interpolation",
2019): things rarely move at an even speed. Nothing here is learnt.

Letters: B batch; h, w half of the frame's rows and columns; flows are (B, 2, ., .), x before y, in pixels of their own
grid; t (B, 1, 1, 1) the moment in (0, 1). All tensors are float32, pictures in 0..1.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.models.fields import inside, length, padded, shrink, warp

_AGREEMENT = 14 / 255  # a disagreement of the two samples by this much divides an opinion's weight by e
_OFF_FRAME = 12 / 255  # what an opinion that looks beyond the frame is supposed to disagree by
_DOUBT = 20 / 255  # a disagreement at which a bend is in full doubt
_SLIVER = 1e-3


@dataclass(frozen=True)
class Context:
    """The frames around a gap: before, after: halves (B, 3, h, w); to_before, to_after: flows (B, 2, h, w) to them from
    the gap's first and second frame; known (B, 2): 1 where there is a frame before, and after, else 0."""

    before: Tensor
    after: Tensor
    to_before: Tensor
    to_after: Tensor
    known: Tensor


@dataclass(frozen=True)
class Opinions:
    """What flow alone says at the moment, at a quarter of the frame, in its pixels.

    straight, bent: (B, 8, ., .), two opinions' flows to the first and to the second frame, at an even speed and along
    the bend; choice (B, 1): logit of the first opinion; gates (B, 2): logits of following each opinion's bend; bends
    (B, 4); doubts (B, 2): what the samples behind each bend differ by, 1 where it is unknown.
    """

    straight: Tensor
    bent: Tensor
    choice: Tensor
    gates: Tensor
    bends: Tensor
    doubts: Tensor

    def bent_by(self, gates: Tensor) -> Tensor:
        """What the bends add to both opinions' flows, (B, 8, ., .): bent less straight, times the sigmoid of the gates.

        gates: logits (B, 2, ., .), one for each opinion.
        """
        first, second = torch.sigmoid(gates).split(1, 1)
        added = self.bent - self.straight
        return torch.cat([first * added[:, :4], second * added[:, 4:]], 1)


def form_opinions(
    first: Tensor, second: Tensor, forward: Tensor, backward: Tensor, context: Context | None, t: Tensor
) -> Opinions:
    """Both flows carried to the moment, with their bends: two estimates of the motion there, see ``Opinions``.

    first, second: halves (B, 3, h, w), h, w multiples of 4; forward, backward: flows (B, 2, h, w) from the first to the
    second and back; context: the frames around, None = unknown.

    A point of the first frame is at  f t + a (t^2 - t) / 2  from where it was, f its flow to the second frame and a its
    change of speed. An opinion counts the more, the better the two samples that it fetches agree, as in the classical
    synthesis (studio/motion/between.py); a bend the more, the better those of both frames agree.
    """
    forward, backward = shrink(forward) / 2, shrink(backward) / 2
    a, b = shrink(first), shrink(second)
    bends, doubts = _bends(a, b, forward, backward, context)
    curve = (t * t - t) / 2
    bent, felt = [], []
    for flow, gone, bend, doubt in ((forward, t, bends[0], doubts[0]), (backward, 1 - t, bends[1], doubts[1])):
        path, moved = _carried(flow, gone * flow + curve * bend)
        bent.append(path)
        felt.append(warp(torch.cat([bend, doubt], 1), -moved))
    straight = _straight(forward, backward, t)
    bent = torch.cat([bent[0], bent[1][:, 2:], bent[1][:, :2]], 1)
    errors = []
    for back, on in (straight.split(2, 1)[:2], straight.split(2, 1)[2:]):
        error = (warp(a, back) - warp(b, on)).abs().mean(1, keepdim=True)
        error = F.avg_pool2d(error, 3, 1, 1, count_include_pad=False)
        errors.append(torch.where(inside(back) * inside(on) > 0, error, _OFF_FRAME))
    turns = torch.cat([felt[0][:, :2], felt[1][:, :2]], 1)
    apart = length(felt[0][:, :2] - felt[1][:, :2]) / (length(felt[0]) + length(felt[1]) + 0.2)
    doubts = torch.cat([felt[0][:, 2:], felt[1][:, 2:]], 1)
    return Opinions(straight, bent, (errors[1] - errors[0]) / _AGREEMENT, 2 - 3 * apart - doubts, turns, doubts)


def _straight(forward: Tensor, backward: Tensor, t: Tensor) -> Tensor:
    """Both opinions' flows (B, 8, ., .) at an even speed, on the grid of the flows given."""
    first, second = _carried(forward, t * forward)[0], _carried(backward, (1 - t) * backward)[0]
    return torch.cat([first, second[:, 2:], second[:, :2]], 1)


def _carried(flow: Tensor, way: Tensor) -> tuple[Tensor, Tensor]:
    """Flows (B, 4, ., .) to a flow's own and to its other frame, seen from where points are after their ``way`` (B, 2),
    and that way, seen from there (fixed-point inversion, Sanchez et al. 2015)."""
    moved = way
    for _ in range(2):
        moved = warp(way, -moved)
    return torch.cat([-moved, warp(flow, -moved) - moved], 1), moved


def _bends(
    a: Tensor, b: Tensor, forward: Tensor, backward: Tensor, context: Context | None
) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """The change of speed (B, 2, ., .) at the first and at the second frame, in quarter pixels per gap squared, and how
    far each is in doubt (B, 1, ., .), 0..1. Where only one side is known it speaks for both."""
    if context is None:
        none = torch.zeros_like(forward)
        return (none, none), (none[:, :1] + 1, none[:, :1] + 1)
    bends, doubts = [], []
    sides = ((a, forward, context.before, context.to_before), (b, backward, context.after, context.to_after))
    for own, flow, other, beyond in sides:
        beyond = shrink(padded(beyond)) / 2
        error = (warp(shrink(padded(other)), beyond) - own).abs().mean(1, keepdim=True)
        bends.append(flow + beyond)
        doubts.append((F.avg_pool2d(error, 3, 1, 1, count_include_pad=False) / _DOUBT).clamp(0, 1))
    mine = [torch.cat([bend, doubt], 1) for bend, doubt in zip(bends, doubts)]
    carried = warp(mine[1], forward), warp(mine[0], backward)
    nothing = torch.cat([torch.zeros_like(forward), torch.ones_like(forward[:, :1])], 1)
    known = context.known.view(-1, 2, 1, 1, 1).float()
    both = []
    for k in (0, 1):
        here, there = known[:, k], known[:, 1 - k]
        both.append(here * mine[k] + (1 - here) * (there * carried[k] + (1 - there) * nothing))
    return (both[0][:, :2], both[1][:, :2]), (both[0][:, 2:], both[1][:, 2:])


def chosen_between(both: Tensor, choice: Tensor) -> Tensor:
    """Flows to the first and second frame, (B, 4, ., .): two opinions' (B, 8, ., .) mixed.

    choice: (B, 1, ., .), the logit of the first opinion's share.
    """
    return both[:, 4:] + torch.sigmoid(choice) * (both[:, :4] - both[:, 4:])


def lean(flows: Tensor, t: Tensor) -> Tensor:
    """The logit of the first frame's share before anything is learnt, (B, 1, ., .).

    flows: (B, 4, ., .) to the first and to the second frame. The nearer frame counts more; one whose flow leads off the
    frame counts next to nothing.
    """
    seen = torch.log(inside(flows[:, :2]) + _SLIVER) - torch.log(inside(flows[:, 2:]) + _SLIVER)
    return torch.log((1 - t) / t) + seen
