"""The losses that the recipes share; each is a plain function of tensors, apart from the loop and the nets.

Axes: B batch, C channels, H, W. Pictures are 0..1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F

Discriminate = Callable[[torch.Tensor], torch.Tensor]
"""Pictures (or clips) to logits, any shape with B first; conditions are bound by the caller."""


def charbonnier(made: torch.Tensor, real: torch.Tensor, epsilon: float = 1e-3) -> torch.Tensor:
    """Smooth L1 (Charbonnier et al. 1994) of float pictures of one shape, a mean over everything: a scalar."""
    return torch.sqrt((made - real) ** 2 + epsilon**2).mean()


def gradient_loss(made: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """L1 between the first differences along x and y of float pictures (..., H, W): edges count, flat offsets do not. A
    scalar.
    """
    difference = made - real
    across = (difference[..., :, 1:] - difference[..., :, :-1]).abs().mean()
    down = (difference[..., 1:, :] - difference[..., :-1, :]).abs().mean()
    return across + down


def low_frequency_loss(made: torch.Tensor, real: torch.Tensor, size: int = 8) -> torch.Tensor:
    """L1 between averages over ``size`` x ``size`` blocks of float pictures (B, C, H, W): colour and light. A scalar.
    """
    return (F.avg_pool2d(made, size) - F.avg_pool2d(real, size)).abs().mean()


def texture_loss(made: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """L1 between the strengths of fine detail in 8 x 8 blocks of float pictures (B, C, H, W): how much there is, not
    where it lies. A scalar.

    What regression cannot place it leaves out; this asks for as much as there should be.
    """

    def strength(picture: torch.Tensor) -> torch.Tensor:
        fine = picture - F.avg_pool2d(picture, 3, 1, 1, count_include_pad=False)
        return torch.sqrt(F.avg_pool2d(fine.square(), 8) + 1e-6)

    return (strength(made) - strength(real)).abs().mean()


def hinge_d(real: torch.Tensor, made: torch.Tensor) -> torch.Tensor:
    """The discriminator's hinge loss (Lim and Ye 2017) of float logits of any shape: a scalar."""
    return F.relu(1 - real).mean() + F.relu(1 + made).mean()


def hinge_g(made: torch.Tensor) -> torch.Tensor:
    """The generator's side of the hinge loss, of float logits of any shape: a scalar."""
    return -made.mean()


def relativistic(better: torch.Tensor, worse: torch.Tensor) -> torch.Tensor:
    """softplus(worse - better) of float logits of one shape, a mean over pairs: a scalar (relativistic pairing GAN,
    Jolicoeur-Martineau 2018; R3GAN 2024).
    """
    return F.softplus(worse - better).mean()


def gradient_penalty(discriminate: Discriminate, pictures: torch.Tensor) -> torch.Tensor:
    """Squared norm of the logits' gradient (R1 on real, R2 on made pictures; Mescheder et al. 2018): a float32 scalar.
    pictures: (B, ...).
    """
    pictures = pictures.detach().float().requires_grad_(True)
    (slope,) = torch.autograd.grad(discriminate(pictures).sum(), pictures, create_graph=True)
    return slope.square().flatten(1).sum(1).mean()


def feature_matching(made: Sequence[torch.Tensor], real: Sequence[torch.Tensor]) -> torch.Tensor:
    """L1 between a discriminator's features, float and of like shapes level by level, each relative to its own size: a
    scalar (Salimans et al. 2016).
    """
    terms = [
        (a.float() - b.float().detach()).abs().mean() / b.float().detach().abs().mean().clamp(min=1e-4)
        for a, b in zip(made, real, strict=True)
    ]
    return torch.stack(terms).mean()


def cosine_rate(step: int, steps: int, warm_up: int = 50, floor: float = 0.02) -> float:
    """Factor of the learning rate: a linear rise over ``warm_up`` steps, then half a cosine down to ``floor``."""
    rise = min(1.0, (step + 1) / max(1, warm_up))
    return rise * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, step / max(1, steps)))))


def flat_rate(step: int, steps: int, warm_up: int = 100, fall: float = 0.25, floor: float = 0.02) -> float:
    """Factor of the learning rate: a linear rise, an even stretch, and over the last ``fall`` of all steps a linear
    fall to ``floor``: how long the even stretch is need not be known when training begins."""
    left = (steps - step) / max(1.0, fall * steps)
    return min(1.0, (step + 1) / max(1, warm_up)) * (floor + (1 - floor) * min(1.0, max(0.0, left)))


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of every group."""
    for group in optimiser.param_groups:
        group["lr"] = rate
