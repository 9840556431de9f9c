"""Muon: momentum whose matrices are made orthogonal before they are applied; Adam for everything else.

Jordan et al. 2024, Muon: An optimizer for hidden layers in neural networks. A text tower of a few layers learns to
read in well under half of the steps that AdamW needs, for a tenth more time per step. Matrices of hidden layers go by
Muon; embeddings, last layers, norms and biases by AdamW, in one optimiser, because the loop steps one per loss.

Letters: m x n a matrix.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from studio.training.precision import is_fast

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ROUNDS = 5


def orthogonal(matrix: Tensor) -> Tensor:
    """The nearest semi-orthogonal matrix to `matrix` (..., m, n), roughly: singular values between .7 and 1.2.

    Five rounds of a quintic Newton-Schulz iteration, in bfloat16 where that is fast; the same dtype and device come
    back.
    """
    a, b, c = _COEFFICIENTS
    x = matrix.bfloat16() if is_fast(matrix.device) else matrix.float()
    tall = x.shape[-2] > x.shape[-1]
    wide = x.mT if tall else x
    wide = wide / (wide.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(_ROUNDS):
        gram = wide @ wide.mT
        wide = a * wide + (b * gram + c * gram @ gram) @ wide
    return (wide.mT if tall else wide).to(matrix.dtype)


class Muon(torch.optim.Optimizer):
    """Muon for `matrices` (each m x n), AdamW for `others`.

    Args:
        rate, others_rate: learning rates of the two groups; a schedule multiplies each group's "peak".
        momentum: of Muon (Nesterov). betas: of Adam. weight_decay: of both, decoupled.
    """

    def __init__(
        self, matrices: Iterable[Tensor], others: Iterable[Tensor], rate: float, others_rate: float,
        momentum: float = 0.95, betas: tuple[float, float] = (0.9, 0.98), weight_decay: float = 0.02,
    ) -> None:  # fmt: skip
        groups = [
            {"params": list(matrices), "lr": rate, "peak": rate, "orthogonal": True},
            {"params": list(others), "lr": others_rate, "peak": others_rate, "orthogonal": False},
        ]
        kept = {"momentum": momentum, "first": betas[0], "second": betas[1], "weight_decay": weight_decay}
        super().__init__([group for group in groups if group["params"]], kept)

    def schedule(self, factor: float) -> None:
        """Set both learning rates to `factor` of their peaks."""
        for group in self.param_groups:
            group["lr"] = group["peak"] * factor

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """One step of both kinds for every parameter that has a gradient."""
        for group in self.param_groups:
            move = self._muon if group["orthogonal"] else self._adam
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.mul_(1 - group["lr"] * group["weight_decay"])
                    move(parameter, parameter.grad, group)

    def _muon(self, parameter: Tensor, gradient: Tensor, group: dict) -> None:
        state = self.state[parameter]
        average = state.setdefault("average", torch.zeros_like(parameter))
        average.lerp_(gradient, 1 - group["momentum"])
        # A convolution (out, in, k, k) is the matrix of its outputs by all that one of them sees; experts are a stack.
        change = orthogonal(gradient.lerp(average, group["momentum"]).flatten(1 if gradient.dim() < 5 else 2))
        scale = max(1.0, change.shape[-2] / change.shape[-1]) ** 0.5
        parameter.sub_(change.view_as(parameter), alpha=group["lr"] * scale)

    def _adam(self, parameter: Tensor, gradient: Tensor, group: dict) -> None:
        state = self.state[parameter]
        if not state:
            state["step"] = torch.zeros(())
            state["first"], state["second"] = torch.zeros_like(parameter), torch.zeros_like(parameter)
        state["step"] += 1
        taken = state["step"].item()
        state["first"].lerp_(gradient, 1 - group["first"])
        state["second"].lerp_(gradient.square(), 1 - group["second"])
        scale = (state["second"] / (1 - group["second"] ** taken)).sqrt_().add_(1e-8)
        parameter.addcdiv_(state["first"], scale, value=-group["lr"] / (1 - group["first"] ** taken))
