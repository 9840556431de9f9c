"""One discriminator with its losses, for the objectives that set a generator against several.

R3GAN's losses (Huang et al. 2024): relativistic pairing, R1 and R2 in full precision on every LAZY-th step;
matching-aware mismatched captions (Reed et al. 2016) make the discriminator read the text; feature matching (Salimans
et al. 2016) steadies the generator. Letters: B batch, D text width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from studio.training.losses import feature_matching, gradient_penalty, relativistic

LAZY = 8
"""The gradient penalties are taken on every LAZY-th step, that many times stronger (Karras et al. 2020)."""


def fast(device: torch.device) -> torch.autocast:
    """bfloat16 where precision does not matter; twice as fast on a CPU that knows it."""
    return torch.autocast(device.type, torch.bfloat16)


class Adversary:
    """One discriminator with its losses; `condition` (B, D) is the text, shifted by what else is known."""

    def __init__(self, net: nn.Module, gamma: float, device: torch.device) -> None:
        self.net, self.gamma, self.device = net, gamma, device

    def discriminator_loss(
        self, real: Tensor, made: Tensor, condition: Tensor, mismatched: Tensor, exact: bool
    ) -> Tensor:
        """The discriminator's loss, a float32 scalar; with the gradient penalties, in full precision, if `exact`.

        real, made: pictures or clips (B, ...) in 0..1; condition, mismatched: float (B, D), the text that goes with
        them and another.
        """
        made = made.detach().float()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=not exact):
            good, bad = self.net(real, condition)[0], self.net(made, condition)[0]
            wrong = self.net(real, mismatched)[0]
        loss = relativistic(good, bad) + 0.5 * relativistic(good, wrong)
        if exact:
            penalty = sum(gradient_penalty(lambda x: self.net(x, condition)[0], x) for x in (real, made))
            loss = loss + 0.5 * self.gamma * LAZY * penalty
        return loss

    def generator_losses(self, real: Tensor, made: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """The generator's side, scalars: (relativistic loss, feature matching). The discriminator's weights get no
        gradient. Arguments as for `discriminator_loss`.
        """
        self.net.requires_grad_(False)
        with fast(self.device):
            bad, made_features = self.net(made, condition)
            with torch.no_grad():
                good, real_features = self.net(real, condition)
        self.net.requires_grad_(True)
        return relativistic(bad, good), feature_matching(made_features[:3], real_features[:3])
