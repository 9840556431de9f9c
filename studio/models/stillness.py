"""A still hypothesis beside the moved ones: which pixels of an in-between had better not move at all.

The choice is made between pictures, not between motions: what a pixel would look like if it stood still can be far from
what it looks like under a motion a little smaller, so that only the former teaches anything.

Letters: B batch; H, W full rows and columns; h, w half of them, multiples of 4; flows are (B, 4, h, w), to the first
and to the second frame. Tensors are float32, or 16 bits where the convolutions run in them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.models.fields import enlarge, length, shrink, stacked


class Stillness(nn.Module):
    """How far each pixel is held still, and what that means for the frames' shares; nothing of either before training.

    Noise and the blocks of compression have a motion, too, as far as optical flow can tell: where the frames as they
    are agree as well as the moved ones do, standing still and mixing both is the better guess.
    """

    def __init__(self, width: int, hint: int) -> None:
        super().__init__()
        self.enter = nn.Conv2d(13 + hint, width, 3, 1, 1)
        self.out = nn.Conv2d(width, 8, 3, 1, 1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, fine: Tensor, rough: Tensor, hint: Tensor) -> tuple[Tensor, Tensor]:
        """(held, leaning), float32 (B, 1, h, w) each.

        held: the share of the unmoved frames, -0.02..1. leaning: what is added to the logit of the first frame's share
        among both frames. fine, rough: see still_evidence; hint: features of the stage before, (B, hint, h / 2, w / 2).
        """
        x = stacked(F.pixel_unshuffle(fine, 2), rough, hint.to(fine.dtype))
        x = F.pixel_shuffle(self.out(F.leaky_relu(self.enter(x), 0.1)), 2).float()
        return (4 * x[:, :1]).clamp(-0.02, 1), 4 * x[:, 1:]


def still_evidence(
    halves: tuple[Tensor, Tensor], warps: tuple[Tensor, Tensor], flows: Tensor
) -> tuple[Tensor, Tensor]:
    """What speaks for standing still: (fine, rough), of the halves' dtype.

    fine (B, 3, h, w): by how much the half-size frames differ as they are, and as moved (mean absolute difference times
    4), and how fast they move (quarter pixels, at most 4). rough (B, 1, h / 2, w / 2): by how much their means over
    2 x 2 pixels differ, where there is less noise.
    halves: both frames (B, 3, h, w) in 0..1; warps: the same warped to the moment; flows: (B, 4, h, w).
    """
    as_they_are = halves[0] - halves[1]
    fine = [4 * change.abs().mean(1, keepdim=True) for change in (as_they_are, warps[0] - warps[1])]
    pace = length(flows[:, 2:] - flows[:, :2]) / 4
    return torch.cat([*fine, pace.clamp(max=4)], 1), 4 * shrink(as_they_are).abs().mean(1, keepdim=True)


def hold(moved: Tensor, picture: Tensor, held: Tensor | None) -> Tensor:
    """``moved`` and ``picture``, (B, 3, H, W) in 0..1, mixed by ``held`` (B, 1, h, w), the share of ``picture``.

    Shape and dtype of ``moved``; ``held`` None gives ``moved`` itself.
    """
    if held is None:
        return moved
    share = enlarge(held)[..., : moved.shape[-2], : moved.shape[-1]]
    return moved + share * (picture - moved)
