"""Two standard designs of text-to-video generators, to show what layers buy: a 3D-convolutional and a recurrent GAN.

`Conv3dGenerator` grows a clip from a small block of space and time by 3D convolutions (VGAN, Vondrick et al. 2016;
TGANv2, Saito et al. 2020). `GruGenerator` runs a recurrent net over per-frame noise beside a constant content code and
draws each frame with the same 2D decoder (MoCoGAN, Tulyakov et al. 2018). Both get the text embedding and noise, make
16 frames of 64 x 64 pixels, and are judged by a picture and a clip discriminator that see the text (projection, Miyato
and Koyama 2018). They are built to be compared with, not shipped. Nothing learnt is taken from any of them.

Letters: B batch, T frames, C channels, H, W, D width of the text embedding, Z noise dims.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.training.discriminators import ProjectionDiscriminator

FRAMES, SIZE = 16, 64


class _Film(nn.Module):
    """GroupNorm and a gain and shift for each channel by the code, then SiLU; any number of axes behind (B, C)."""

    def __init__(self, channels: int, code: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(min(8, channels), channels)
        self.film = nn.Linear(code, 2 * channels)
        nn.init.normal_(self.film.weight, 0.0, 0.02)
        nn.init.zeros_(self.film.bias)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        gain, shift = self.film(code).to(x.dtype).view(*code.shape[:1], -1, *[1] * (x.dim() - 2)).chunk(2, 1)
        return F.silu(self.norm(x) * (1 + gain) + shift)


class Conv3dGenerator(nn.Module):
    """Text (B, D) and noise (B, Z) to clips (B, T, 3, H, W) in 0..1 by 3D convolutions.

    Args:
        text: D. noise: Z. widths: channels at 4, 8, 16 and 32 pixels; time doubles with every step. The last
            doubling of the picture is one layer's channels, shuffled (Shi et al. 2016): the same budget buys twice as
            many steps with it.
    """

    def __init__(
        self, text: int = 256, noise: int = 64, widths: Sequence[int] = (256, 160, 96, 48), code: int = 256
    ) -> None:
        super().__init__()
        self.noise_size, self.widths = noise, tuple(widths)
        self.code = nn.Sequential(nn.Linear(text + noise, code), nn.SiLU(), nn.Linear(code, code), nn.SiLU())
        self.start = nn.Linear(code, widths[0] * 2 * 4 * 4)
        self.convs = nn.ModuleList(nn.Conv3d(a, b, 3, padding=1) for a, b in zip(widths, widths[1:]))
        self.films = nn.ModuleList(_Film(width, code) for width in widths[1:])
        self.out = nn.Conv3d(widths[-1], 3 * 4, 3, padding=1)

    def forward(self, text: Tensor, noise: Tensor) -> Tensor:
        """Clips, float32 (B, T, 3, H, W) in 0..1."""
        code = self.code(torch.cat([text, noise.to(text.dtype)], 1))
        x = self.start(code).view(-1, self.widths[0], 2, 4, 4)
        for conv, film in zip(self.convs, self.films):
            x = film(conv(F.interpolate(x, scale_factor=2, mode="nearest")), code)
        return torch.sigmoid(F.pixel_shuffle(self.out(x).transpose(1, 2).float(), 2))


class GruGenerator(nn.Module):
    """Text (B, D) and noise (B, Z) to clips (B, T, 3, H, W) in 0..1: a GRU over time, a 2D decoder for each frame.

    The noise's first half is the content, constant over the clip; the second half starts the motion, which fresh noise
    moves on from frame to frame (drawn from the second half, so that a clip is a function of its noise).

    Args:
        text: D. noise: Z. hidden: width of the GRU. widths: channels of the decoder at 4, 8, 16 and 32 pixels;
            the last doubling is shuffled channels, as above.
    """

    def __init__(
        self, text: int = 256, noise: int = 64, hidden: int = 192, widths: Sequence[int] = (256, 192, 112, 64),
        code: int = 256,
    ) -> None:  # fmt: skip
        super().__init__()
        self.noise_size, self.widths = noise, tuple(widths)
        self.content = nn.Sequential(nn.Linear(text + noise // 2, code), nn.SiLU(), nn.Linear(code, code), nn.SiLU())
        self.begin = nn.Linear(text + noise - noise // 2, hidden)
        self.walk = nn.GRU(code + noise - noise // 2, hidden, batch_first=True)
        self.code = nn.Sequential(nn.Linear(code + hidden, code), nn.SiLU())
        self.start = nn.Linear(code, widths[0] * 4 * 4)
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in zip(widths, widths[1:]))
        self.films = nn.ModuleList(_Film(width, code) for width in widths[1:])
        self.out = nn.Conv2d(widths[-1], 3 * 4, 3, padding=1)

    def forward(self, text: Tensor, noise: Tensor) -> Tensor:
        """Clips, float32 (B, T, 3, H, W) in 0..1."""
        content_noise, motion_noise = noise.to(text.dtype).split([self.noise_size // 2, -(-self.noise_size // 2)], 1)
        content = self.content(torch.cat([text, content_noise], 1))
        state = torch.tanh(self.begin(torch.cat([text, motion_noise], 1)))[None]
        steps = torch.cat([content[:, None].expand(-1, FRAMES, -1), self._drift(motion_noise)], 2)
        walked, _ = self.walk(steps, state.contiguous())
        code = self.code(torch.cat([steps[..., : content.shape[1]], walked.to(content.dtype)], 2).flatten(0, 1))
        x = self.start(code).view(-1, self.widths[0], 4, 4)
        for conv, film in zip(self.convs, self.films):
            x = film(conv(F.interpolate(x, scale_factor=2, mode="nearest")), code)
        return torch.sigmoid(F.pixel_shuffle(self.out(x).float(), 2)).unflatten(0, (len(text), FRAMES))

    @staticmethod
    def _drift(noise: Tensor) -> Tensor:
        """(B, Z') to (B, T, Z'): the same noise turned further with each frame, of unit variance in every one."""
        time = torch.arange(FRAMES, device=noise.device, dtype=noise.dtype)[None, :, None]
        pace = 2 * math.pi * torch.linspace(0.02, 0.12, noise.shape[1], device=noise.device, dtype=noise.dtype)
        other = noise.roll(1, 1)
        return noise[:, None] * torch.cos(pace * time) + other[:, None] * torch.sin(pace * time)


class Conv3dDiscriminator(ProjectionDiscriminator):
    """Clips (B, T, 3, H, W) of 0..1 and a condition (B, 256) to one logit (B,) and the features of each level."""

    def __init__(self, widths: Sequence[int] = (24, 48, 96, 160)) -> None:
        inputs = (3, *widths[:-1])
        strides = [(1, 2, 2), *[(2, 2, 2)] * (len(widths) - 1)]
        convs = [nn.Conv3d(a, b, 3, stride, 1) for a, b, stride in zip(inputs, widths, strides, strict=True)]
        frames, side = FRAMES >> (len(widths) - 1), SIZE >> len(widths)
        super().__init__(convs, widths[-1] * frames * side * side, condition=256)

    def forward(self, clips: Tensor, condition: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits, float32 (B,), and the features of each level, (B, C, t, h, w), for feature matching."""
        return super().forward(clips.transpose(1, 2), condition)
