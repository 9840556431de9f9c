"""What the generator is timed beside: its own teachers, OpenCV's stylisation, and a net of AnimeGANv2's size.

AnimeGANv2 (Chen and Liu, 2020) is restyling by one plain net for each look; its generator holds 2.1 million numbers
(8.6 MB). Its weights are not ours to ship and do not matter for a time: the net here has its shape (a 7x7 entry, two
strided steps down, four inverted residuals, bilinear steps up) and random weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from studio.motion.shot import Shot
from studio.painting.guides import Guides, read_guides
from studio.painting.texture import MovingTexture
from studio.teachers.looks import LOOKS
from studio.tensors import to_planes, to_uint8


def moving_guides(clip: Iterable[np.ndarray], tiling: str, moving: bool = True) -> Iterator[Guides]:
    """The guides of every frame, uint8 (H, W, 3); the texture follows the motion, or is fixed to the screen."""
    texture, shot = None, Shot()
    for frame in clip:
        if texture is None:
            texture = MovingTexture(frame.shape[0] // 2, frame.shape[1] // 2, 0)
        step = shot.step(frame) if moving else None
        if step is not None:
            texture.follow(step.flow)
        yield read_guides(frame.astype(np.float32) / 255, texture.lay(), tiling)


def teach(frame: np.ndarray, guides: Guides, name: str) -> np.ndarray:
    """A frame, uint8 (H, W, 3), as a look's teacher paints it."""
    return np.rint(LOOKS[name].paint(frame.astype(np.float32) / 255, guides) * 255).astype(np.uint8)


def stylise(frame: np.ndarray) -> np.ndarray:
    """OpenCV's edge-keeping stylisation (Gastal and Oliveira, 2011) of a uint8 RGB frame (H, W, 3) at its defaults; its
    own channel order is BGR.
    """
    return np.ascontiguousarray(cv2.stylization(np.ascontiguousarray(frame[..., ::-1]))[..., ::-1])


class _Layer(nn.Sequential):
    """A convolution over a mirrored border, a norm over all channels, a leaky step."""

    def __init__(self, inputs: int, outputs: int, size: int = 3, stride: int = 1, groups: int = 1) -> None:
        super().__init__(
            nn.ReflectionPad2d(size // 2),
            nn.Conv2d(inputs, outputs, size, stride, groups=groups, bias=False),
            nn.GroupNorm(1, outputs),
            nn.LeakyReLU(0.2, inplace=True),
        )


class _Inverted(nn.Module):
    """An inverted residual: wider by `expand`, a convolution of single channels, narrow again."""

    def __init__(self, inputs: int, outputs: int, expand: int) -> None:
        super().__init__()
        inside = round(inputs * expand)
        self.body = nn.Sequential(
            _Layer(inputs, inside, 1),
            _Layer(inside, inside, 3, groups=inside),
            nn.Conv2d(inside, outputs, 1, bias=False),
            nn.GroupNorm(1, outputs),
        )
        self.keeps = inputs == outputs

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        return seen + self.body(seen) if self.keeps else self.body(seen)


class PlainNet(nn.Module):
    """The shape of AnimeGANv2's generator with random weights: (B, 3, H, W) in -1..1 to the same; H, W times 4."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Sequential(
            _Layer(3, 32, 7), _Layer(32, 64, 3, 2), _Layer(64, 64), _Layer(64, 128, 3, 2), _Layer(128, 128)
        )
        self.deep = nn.Sequential(
            _Layer(128, 128), _Inverted(128, 256, 2), *(_Inverted(256, 256, 2) for _ in range(3)), _Layer(256, 128)
        )
        self.middle = nn.Sequential(_Layer(128, 128), _Layer(128, 128))
        self.leave = nn.Sequential(_Layer(128, 64), _Layer(64, 64), _Layer(64, 32, 7), nn.Conv2d(32, 3, 1), nn.Tanh())

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Floats (B, 3, H, W) in -1..1 to the same shape, dtype and range; H, W multiples of 4."""
        found = F.interpolate(self.deep(self.down(pictures)), scale_factor=2, mode="bilinear", align_corners=False)
        found = F.interpolate(self.middle(found), scale_factor=2, mode="bilinear", align_corners=False)
        return self.leave(found)

    @torch.inference_mode()
    def paint(self, frame: np.ndarray, dtype: torch.dtype = torch.float32) -> np.ndarray:
        """One frame, uint8 (H, W, 3); the net must be of that dtype."""
        planes = (to_planes(frame) * 2 - 1).to(dtype).contiguous(memory_format=torch.channels_last)
        return to_uint8(self(planes).float() * 0.5 + 0.5)[0]
