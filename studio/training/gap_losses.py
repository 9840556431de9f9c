"""What is asked of an in-between in training, and how one is drawn there; plain functions of tensors.

Letters: B batch, C side of a crop, c = C / 2.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from studio.models.fields import halve, to_full, warp
from studio.models.interpolation import GapInputs, InterpolationGenerator, Motion
from studio.models.stillness import hold
from studio.training.gap_batches import GapBatch
from studio.training.losses import charbonnier, gradient_loss, low_frequency_loss


def picture_loss(made: Tensor, real: Tensor) -> Tensor:
    """What regression asks of an in-between: values, edges, light over larger areas, and each crop's own PSNR.

    The last term counts a crop by how much of *its* error goes away: without it the few crops that nothing can save
    drown the many that are nearly right, and those get worse.
    """
    levels = charbonnier(made, real, 2e-3) + 0.5 * gradient_loss(made, real) + 0.5 * low_frequency_loss(made, real, 4)
    noise = torch.log((made - real).square().flatten(1).mean(1) + 1e-5).mean()
    return 10 * levels + 0.3 * noise


def stage_loss(first: Tensor, second: Tensor, flows: tuple[Tensor, Tensor, Tensor], batch: GapBatch) -> Tensor:
    """A coarser stage's own picture at half resolution, and its flows against those found from the truth.

    The teacher counts where its own warp comes nearer to the truth than the student's: at occlusions it knows no more.
    """
    back, on, leaning = flows
    truth = halve(batch.truth)
    warps = warp(first, back), warp(second, on)
    share = torch.sigmoid(leaning)
    loss = 5 * charbonnier(share * warps[0] + (1 - share) * warps[1], truth, 2e-3)
    for picture, moved, flow, taught in ((first, warps[0], back, batch.back), (second, warps[1], on, batch.on)):
        with torch.no_grad():
            gain = ((moved - truth).abs() - (warp(picture, taught) - truth).abs()).mean(1, keepdim=True)
            weight = (F.avg_pool2d(gain, 3, 1, 1) * 40).clamp(0, 1)
        apart = (flow - taught).square().sum(1, keepdim=True)
        loss = loss + 0.2 * (weight * torch.sqrt(apart + 1e-2)).mean()
    return loss


def draw(
    generator: InterpolationGenerator, batch: GapBatch, words: Tensor | None = None, noise: Tensor | None = None
) -> tuple[Tensor, Motion, tuple[Tensor, Tensor]]:
    """The frames (B, 3, C, C), the motion behind them, and the halves of both neighbours.

    The full warps are bicubic, as when the generator serves, but their gradient is the bilinear one's: a third of the
    time, and hardly another direction.
    """
    halves = halve(batch.first), halve(batch.second)
    gap = GapInputs(*halves, generator.encode(*halves), batch.forward, batch.backward, batch.context)
    found = generator.motion(gap, batch.moment, words, noise)
    warps = []
    for picture, flow in ((batch.first, found.to_first), (batch.second, found.to_second)):
        large = to_full(flow, picture.shape[-2:])
        plain = warp(picture, large)
        with torch.no_grad():
            sharper = warp(picture, large, "bicubic").clamp(0, 1) - plain
        warps.append(hold(plain + sharper, picture, found.held))
    return generator.fuse(*warps, found, batch.moment, words, noise), found, halves


def errors(made: Tensor, real: Tensor) -> Tensor:
    """Mean squared errors (B,), at least a quarter level's (what rounding leaves)."""
    return (made.clamp(0, 1) - real).square().flatten(1).mean(1).clamp(min=0.08 / 255**2)
