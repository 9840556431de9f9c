"""The detail stage of the prompt tab: composited frames become finished ones, with light, shadow, water and texture.

The compositor lays flat layers over one another; what makes them one picture (tinted light, contact shadows, mirror
images, glitter, haze, bloom, ground) is added here by a small convolutional net. It sees two frames in a row, so that
what moves can be told from what stands, and the compositor's guides, which say where actors, ground images, depth,
texture and ripples are. Place, time and weather modulate its features (FiLM, Perez et al. 2018); there is no
normalisation, so that one corner of a frame never changes another. Its main output is a smooth map of colour gains and
shifts, as in HDRnet (Gharbi et al. 2017); a small residual at full resolution draws what is finer. Trained by
studio/training/scene_detail.py from the procedural world; nothing learnt is taken from anywhere.

Letters: B frames, C code width, H, W rows and columns, h, w = H / 2, W / 2. All tensors are floats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

GUIDES = 8
"""Channels of the compositor's guides, see studio/compositing/compositor.py."""

CODE_SLOTS = ("place", "time", "weather")
NATIVE = 256
"""Pixels of the shorter side that the net is trained at. Frames twice as large are looked at from twice as far, so that
the light lies on them as it would on small ones; only its maps are enlarged, never the frame."""

_STRIDE = 8


def detail_code(code: Mapping[str, Tensor], ground: Tensor) -> Tensor:
    """What the net is told of the scene: (B, C), of the dtype and device of ``ground``.

    Args:
        code: probabilities (B, n) of each slot; those of CODE_SLOTS are used. ground: (B, 2) mirror and shear, as the
            compositor was given them.
    """
    return torch.cat([code[name].to(ground) for name in CODE_SLOTS] + [ground], 1)


def _modulated(conv: nn.Conv2d, x: Tensor, modulation: Tensor) -> Tensor:
    """FiLM on a convolution's result. Where one scene's frames share a modulation, the weights take it instead."""
    gain, shift = modulation.chunk(2, 1)
    if len(modulation) == 1 and not torch.is_grad_enabled():
        weight = conv.weight * (1 + gain[0])[:, None, None, None]
        bias = conv.bias * (1 + gain[0]) + shift[0]
        return F.conv2d(x, weight, bias.to(weight.dtype), conv.stride, conv.padding)
    return conv(x) * (1 + gain[..., None, None]) + shift[..., None, None]


class _Block(nn.Module):
    """x + conv(SiLU(FiLM(conv(x))))."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        with torch.no_grad():
            self.second.weight.mul_(0.3)

    def forward(self, x: Tensor, modulation: Tensor) -> Tensor:
        return x + self.second(F.silu(_modulated(self.first, x, modulation)))


class DetailNet(nn.Module):
    """Two composited frames, guides and a scene's code to the finished later frame.

    Args:
        code: C, the width of `detail_code`. widths: channels at half, quarter and eighth resolution. blocks: residual
            blocks at each of them. fine: channels of the features at full resolution. style: width of the modulation.
    """

    def __init__(
        self,
        code: int,
        widths: Sequence[int] = (32, 48, 64),
        blocks: Sequence[int] = (0, 2, 3),
        fine: int = 8,
        style: int = 64,
    ) -> None:
        super().__init__()
        self.config = {"code": code, "widths": tuple(widths), "blocks": tuple(blocks), "fine": fine, "style": style}
        self.style = nn.Sequential(nn.Linear(code, style), nn.SiLU(), nn.Linear(style, style), nn.SiLU())
        self.enter = nn.Conv2d(6 + GUIDES, widths[0], 4, stride=2, padding=1)
        self.place = nn.Conv2d(2, widths[0], 1, bias=False)
        self.down = nn.ModuleList(nn.Conv2d(a, b, 3, 2, 1) for a, b in zip(widths, widths[1:]))
        self.up = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in zip(widths, widths[1:]))
        self.stages = nn.ModuleList(nn.ModuleList(_Block(width) for _ in range(n)) for width, n in zip(widths, blocks))
        self.last = nn.ModuleList(_Block(width) for width in widths[:-1])
        self.leave = nn.Conv2d(widths[0], 6 + fine, 3, padding=1)
        self.sharp = nn.Conv2d(3 + GUIDES, fine, 3, padding=1)
        self.residual = nn.Conv2d(fine, 3, 3, padding=1)
        self._widths = [2 * widths[0]] + [2 * block.width for block in self._blocks()] + [2 * fine]
        self.modulate = nn.Linear(style, sum(self._widths))
        with torch.no_grad():
            self.modulate.weight.mul_(0.3)
            self.leave.weight[:6] *= 0.1
            self.residual.weight.mul_(0.1)
            for layer in (self.modulate, self.leave, self.residual):
                layer.bias.zero_()

    def _blocks(self) -> list[_Block]:
        return [block for stage in (*self.stages, self.last) for block in stage]

    @classmethod
    def tiny(cls, code: int, **config: Any) -> DetailNet:
        """The smallest net of the same kind, for tests and dry runs."""
        return cls(code, **{"widths": (8, 8, 8), "blocks": (1, 0, 1), "fine": 4, "style": 16, **config})

    def forward(
        self, frames_pair: Tensor, guides: Tensor, code: Tensor, window: tuple[float, float, float, float] | None = None
    ) -> Tensor:
        """Finished frames (B, 3, H, W), in 0..1 but for slight overshoots: clamp before showing. dtype of frames_pair.

        Args:
            frames_pair: (B, 6, H, W) in 0..1, the frame before (or the same again, at a clip's start) and the frame
                itself. guides: (B, 8, H, W) in 0..1 of the later one. code: (B, C), or (1, C) for frames of one scene.
            window: (top, bottom, left, right) in 0..1, which part of a picture the frames are; the whole by default.
        """
        gain, shift = self.maps(frames_pair, guides, code, window)
        return frames_pair[:, 3:] * gain.to(frames_pair.dtype) + shift.to(frames_pair.dtype)

    def maps(
        self, frames_pair: Tensor, guides: Tensor, code: Tensor, window: tuple[float, float, float, float] | None = None
    ) -> tuple[Tensor, Tensor]:
        """Gains, float32, and shifts, of the net's dtype, (B, 3, H, W) each: the finished frame is frame * gain +
        shift.

        Arguments as for ``forward``.
        """
        height, width = frames_pair.shape[-2:]
        shrink = int(min(height, width) / NATIVE + 0.3)
        if shrink > 1:
            small = self.maps(*(F.avg_pool2d(x, shrink) for x in (frames_pair, guides)), code, window)
            size = (height, width)
            gain, shift = (F.interpolate(x, size, mode="bilinear", align_corners=False) for x in small)
            return gain, shift
        pad = (0, -width % _STRIDE, 0, -height % _STRIDE)
        if any(pad):
            frames_pair, guides = (F.pad(x, pad, mode="replicate") for x in (frames_pair, guides))
        kind = self.leave.weight.dtype
        films = self.modulate(self.style(code.to(kind))).split(self._widths, 1)
        seen = torch.cat([frames_pair, guides], 1).to(kind).contiguous(memory_format=torch.channels_last) * 2 - 1
        x = _modulated(self.enter, seen, films[0])
        x = F.silu(x + self.place(_places(x, (height, width), window)))
        x = self._body(x, list(films[1:-1]))
        # Everything is enlarged bilinearly: pixel shuffle would leave checkerboards.
        large = F.interpolate(self.leave(x), scale_factor=2, mode="bilinear", align_corners=False)
        fine = F.silu(_modulated(self.sharp, seen[:, 3:], films[-1]) + large[:, 6:])
        gain, shift = large[:, :3], large[:, 3:6] + self.residual(fine)
        # Near 1, half precision has steps of one grey level: they would be seen as contours in a smooth sky.
        return 1 + gain[..., :height, :width].float(), shift[..., :height, :width]

    def _body(self, x: Tensor, films: list[Tensor]) -> Tensor:
        kept = []
        for level, stage in enumerate(self.stages):
            for block in stage:
                x = block(x, films.pop(0))
            if level < len(self.down):
                kept.append(x)
                x = F.silu(self.down[level](x))
        for level in reversed(range(len(self.up))):
            x = F.interpolate(self.up[level](x), scale_factor=2, mode="bilinear", align_corners=False) + kept[level]
            x = self.last[level](x, films[level])
        return x


def _places(like: Tensor, size: tuple[int, int], window: tuple[float, float, float, float] | None) -> Tensor:
    """Two channels (1, 2, h, w): the height, and the squared distance from the middle, for the vignette."""
    top, bottom, left, right = window or (0.0, 1.0, 0.0, 1.0)
    rows = top + (bottom - top) * (torch.arange(like.shape[-2], device=like.device) + 0.5) * 2 / size[0]
    columns = left + (right - left) * (torch.arange(like.shape[-1], device=like.device) + 0.5) * 2 / size[1]
    y, x = (rows * 2 - 1).view(1, 1, -1, 1), (columns * 2 - 1).view(1, 1, 1, -1)
    away = x.square() + y.square()
    return torch.cat([y.expand_as(away), away], 1).to(like.dtype)
