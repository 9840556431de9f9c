"""Pictures and flows on grids, as the in-between generator needs them: looked up, halved, doubled, laid side by side.

Letters: B batch, C channels; H, W full rows and columns, h, w half of them, rounded up; a flow is (B, 2, ., .), x
before y, in pixels of its own grid, and points to where a pixel comes from. Pixel centres lie on whole numbers. Tensors
are floats; results have the type of what is given, unless float32 is said.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

_MULTIPLE = 4  # of half-resolution rows and columns: the coarsest stage works on an eighth of the frame


def warp(picture: Tensor, flow: Tensor, mode: str = "bilinear") -> Tensor:
    """Backward warp picture(x + flow(x)) of a picture (B, C, ., .) of the flow's size: float32 of the same shape.

    mode: as for torch's grid_sample. Beyond the edges the border pixels repeat. Always computed in float32, because
    bfloat16 coordinates are too coarse.
    """
    height, width = flow.shape[-2:]
    y = torch.arange(height, device=flow.device, dtype=torch.float32)
    x = torch.arange(width, device=flow.device, dtype=torch.float32)
    across = (flow[:, 0].float() + x) * (2 / width) + (1 / width - 1)
    down = (flow[:, 1].float() + y[:, None]) * (2 / height) + (1 / height - 1)
    with torch.autocast(flow.device.type, enabled=False):
        return F.grid_sample(
            picture.float(), torch.stack([across, down], -1), mode, padding_mode="border", align_corners=False
        )


def inside(flow: Tensor) -> Tensor:
    """float32 (B, 1, ., .): 1 where x + flow(x) still lies on the frame, to half a pixel, else 0."""
    height, width = flow.shape[-2:]
    x = flow[:, :1] + torch.arange(width, device=flow.device)
    y = flow[:, 1:] + torch.arange(height, device=flow.device)[:, None]
    return ((x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)).float()


def enlarge(x: Tensor, times: int = 2) -> Tensor:
    """(B, C, ., .) enlarged bilinearly, ``times`` as many rows and columns; values as they are, those of flows too."""
    return F.interpolate(x, scale_factor=times, mode="bilinear", align_corners=False)


def shrink(x: Tensor) -> Tensor:
    """(..., H, W) with even H, W to (..., H / 2, W / 2), means over 2 x 2 cells.

    Several times as fast as a pooling layer over few channels.
    """
    rows = x[..., ::2, :] + x[..., 1::2, :]
    return 0.25 * (rows[..., ::2] + rows[..., 1::2])


def halve(picture: Tensor) -> Tensor:
    """(B, C, H, W) to (B, C, h, w), means over 2 x 2 pixels; an odd last row or column counts double."""
    height, width = picture.shape[-2:]
    if height % 2 or width % 2:
        picture = F.pad(picture, (0, width % 2, 0, height % 2), mode="replicate")
    return shrink(picture)


def to_full(flow: Tensor, size: tuple[int, int]) -> Tensor:
    """A half-resolution flow (B, 2, h, w) as (B, 2, H, W), in full pixels."""
    return 2 * enlarge(flow)[..., : size[0], : size[1]]


def padded(x: Tensor) -> Tensor:
    """(B, C, h, w) as float32, its last row and column repeated until both counts are multiples of 4."""
    height, width = x.shape[-2:]
    down, across = -height % _MULTIPLE, -width % _MULTIPLE
    return F.pad(x.float(), (0, across, 0, down), mode="replicate") if down or across else x.float()


def cropped(x: Tensor, size: tuple[int, int]) -> Tensor:
    """The first ``size`` (rows, columns) of (..., h, w), a view: undoes ``padded``."""
    return x[..., : size[0], : size[1]]


def folded(x: Tensor) -> Tensor:
    """(B, C, H, W) with even H, W to (B, 4 C, H / 2, W / 2): blocks of 2 x 2 pixels as channels (space to depth).

    All channels of the upper left pixel come first, then of the upper right, lower left and lower right one.
    """
    return torch.cat([x[..., down::2, across::2] for down in (0, 1) for across in (0, 1)], 1)


def stacked(*parts: Tensor) -> Tensor:
    """Parts (B, Ci, H, W) joined along their channels, (B, sum of Ci, H, W); channels last in memory, which is what
    convolutions are fast on.
    """
    return torch.cat([part.permute(0, 2, 3, 1) for part in parts], -1).permute(0, 3, 1, 2)


def length(flow: Tensor) -> Tensor:
    """Lengths (B, 1, ., .) of the vectors in the first two channels; several times as fast as torch's norm."""
    x, y = flow[:, :1], flow[:, 1:2]
    return torch.sqrt(x * x + y * y)
