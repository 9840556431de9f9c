"""Pictures and flows on grids, as the in-between generator needs them: looked up, halved, doubled, laid side by side.

Letters: B batch, C channels; H, W full rows and columns, h, w half of them, rounded up; a flow is (B, 2, ., .), x
before y, in pixels of its own grid, and points to where a pixel comes from. Pixel centres lie on whole numbers.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

_MULTIPLE = 4  # of half-resolution rows and columns: the coarsest stage works on an eighth of the frame


def warp(picture: Tensor, flow: Tensor, mode: str = "bilinear") -> Tensor:
    """picture(x + flow(x)), (B, C, ., .) on the flow's grid; edges repeat; in float32,
    because bfloat16 coordinates are too coarse."""
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
    """(B, 1, ., .), 0 or 1: does x + flow(x) still lie on the frame, to half a pixel?"""
    height, width = flow.shape[-2:]
    x = flow[:, :1] + torch.arange(width, device=flow.device)
    y = flow[:, 1:] + torch.arange(height, device=flow.device)[:, None]
    return ((x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)).float()


def enlarge(x: Tensor, times: int = 2) -> Tensor:
    """Bilinear, ``times`` as large."""
    return F.interpolate(x, scale_factor=times, mode="bilinear", align_corners=False)


def shrink(x: Tensor) -> Tensor:
    """Means over 2 x 2 cells; rows and columns even. Several times as fast as a pooling layer over few channels."""
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
    """Rows and columns repeated up to a multiple that all stages divide."""
    height, width = x.shape[-2:]
    down, across = -height % _MULTIPLE, -width % _MULTIPLE
    return F.pad(x.float(), (0, across, 0, down), mode="replicate") if down or across else x.float()


def cropped(x: Tensor, size: tuple[int, int]) -> Tensor:
    return x[..., : size[0], : size[1]]


def folded(x: Tensor) -> Tensor:
    """Blocks of 2 x 2 pixels as channels, (B, 4 C, H / 2, W / 2): the upper left pixels' channels first."""
    return torch.cat([x[..., down::2, across::2] for down in (0, 1) for across in (0, 1)], 1)


def stacked(*parts: Tensor) -> Tensor:
    """Channels of all parts, channels last in memory whatever theirs was: what convolutions are fast on."""
    return torch.cat([part.permute(0, 2, 3, 1) for part in parts], -1).permute(0, 3, 1, 2)


def length(flow: Tensor) -> Tensor:
    """Lengths (B, 1, ., .) of the first two channels: several times as fast as torch's norm over so few."""
    x, y = flow[:, :1], flow[:, 1:2]
    return torch.sqrt(x * x + y * y)
