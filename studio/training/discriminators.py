"""The discriminators of all recipes: pictures, patches and clips, each conditioned by an embedding where one is given.

Follows PatchGAN (Isola et al. 2017) for patches and the projection discriminator (Miyato and Koyama 2018) for the
condition. No batch statistics, so that gradient penalties are exact. Used in training only.
Axes: B batch, T frames, C channels, H, W, D width of the condition.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn


class ProjectionDiscriminator(nn.Module):
    """Convolutions, then one logit of all that they found and its product with a condition (Miyato and Koyama 2018).

    convs: each followed by a leaky rectifier; cells: numbers per sample that the last one gives; condition: D.
    """

    def __init__(self, convs: Sequence[nn.Module], cells: int, condition: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(convs)
        self.hidden = nn.Linear(cells, 256)
        self.out = nn.Linear(256, 1)
        self.project = nn.Linear(condition, 256, bias=False)

    def forward(self, pictures: torch.Tensor, condition: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Logits, float32 (B,), and the features of each level, (B, C, ...), for feature matching.

        pictures: float (B, C, ...) in 0..1, as the convolutions take them; condition: float (B, D).
        """
        features, x = [], pictures * 2 - 1
        for conv in self.convs:
            x = F.leaky_relu(conv(x), 0.2)
            features.append(x)
        hidden = F.leaky_relu(self.hidden(x.flatten(1)), 0.2)
        logits = self.out(hidden)[:, 0] + (hidden * self.project(condition)).sum(1) / 16
        return logits.float(), features


class PictureDiscriminator(ProjectionDiscriminator):
    """A whole picture (B, C, H, W) in 0..1 and a condition (B, D) to one logit (B,).

    ``size`` is the (H, W) it is built for; both must be divisible by 2 ** len(widths).
    """

    def __init__(
        self, channels: int, size: tuple[int, int], widths: Sequence[int] = (48, 96, 192, 256), condition: int = 256
    ) -> None:
        inputs = (channels, *widths[:-1])
        cells = (size[0] >> len(widths)) * (size[1] >> len(widths))
        super().__init__([nn.Conv2d(a, b, 3, 2, 1) for a, b in zip(inputs, widths)], widths[-1] * cells, condition)


class PatchDiscriminator(nn.Module):
    """Pictures (B, C, H, W) in 0..1 to a map of logits (B, 1, H/8, W/8).

    ``channels`` counts everything that is stacked: the candidate and what it must agree with. With a condition (B, D) a
    projection term is added at every cell. It is spectrally normalised unless ``bounded`` is off: where real and made
    pictures differ little, a bounded slope cannot tell them apart, and gradient penalties must do instead.
    """

    def __init__(self, channels: int, width: int = 32, condition: int = 0, bounded: bool = True) -> None:
        super().__init__()
        norm = nn.utils.parametrizations.spectral_norm if bounded else nn.Identity()
        widths = (channels, width, 2 * width, 4 * width)
        self.convs = nn.ModuleList(norm(nn.Conv2d(a, b, 4, 2, 1)) for a, b in zip(widths, widths[1:]))
        self.last = norm(nn.Conv2d(widths[-1], widths[-1], 3, 1, 1))
        self.out = norm(nn.Conv2d(widths[-1], 1, 1))
        self.project = nn.Linear(condition, widths[-1], bias=False) if condition else None

    def forward(
        self, pictures: torch.Tensor, condition: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """The map of logits, float32 (B, 1, H/8, W/8), and the features of each level, (B, C, h, w), for feature
        matching.
        """
        features, x = [], pictures * 2 - 1
        for conv in self.convs:
            x = F.leaky_relu(conv(x), 0.2)
            features.append(x)
        x = F.leaky_relu(self.last(x), 0.2)
        logits = self.out(x)
        if self.project is not None:
            logits = logits + (x * self.project(condition)[..., None, None]).sum(1, keepdim=True) / x.shape[1] ** 0.5
        return logits.float(), features


class ClipDiscriminator(nn.Module):
    """``frames`` frames (B, T, 3, H, W) in 0..1 and a condition (B, D) to one logit (B,).

    Each frame goes through the same convolutions; a 1 x 1 convolution over all frames' features sees the motion. The
    unconditional picture term keeps single frames sharp. Height and width must be ``size``, divisible by 16.
    """

    def __init__(
        self, frames: int, size: int = 64, widths: Sequence[int] = (32, 64, 96), condition: int = 256
    ) -> None:
        super().__init__()
        inputs = (3, *widths[:-1])
        self.frames = frames
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, 2, 1) for a, b in zip(inputs, widths))
        self.mix = nn.Conv2d(widths[-1] * frames, 192, 1)
        self.join = nn.Conv2d(192, 192, 3, 2, 1)
        self.hidden = nn.Linear(192 * (size >> (len(widths) + 1)) ** 2, 256)
        self.out = nn.Linear(256, 1)
        self.project = nn.Linear(condition, 256, bias=False)
        self.picture = nn.Linear(widths[-1], 1)

    def forward(self, clips: torch.Tensor, condition: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Logits, float32 (B,), and the frames' features, (B * T, C, h, w), for feature matching."""
        batch = clips.shape[0]
        features, x = [], clips.flatten(0, 1) * 2 - 1
        for conv in self.convs:
            x = F.leaky_relu(conv(x), 0.2)
            features.append(x)
        single = self.picture(x.unflatten(0, (batch, self.frames)).mean((1, 3, 4)))[:, 0]
        x = F.leaky_relu(self.mix(x.reshape(batch, -1, *x.shape[-2:])), 0.2)
        hidden = F.leaky_relu(self.hidden(F.leaky_relu(self.join(x), 0.2).flatten(1)), 0.2)
        logits = self.out(hidden)[:, 0] + (hidden * self.project(condition)).sum(1) / 16 + single
        return logits.float(), features
