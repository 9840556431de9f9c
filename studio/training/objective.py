"""What a recipe gives to the loop: the nets, their optimisers, and the losses of one step in order.

A recipe is a sequence of phases (data); each phase builds one Objective and is trained and resumed on its own, so that
two phases may run at once in two processes. The loop (``studio.training.loop``) owns everything that moves: zero_grad,
backward, the check for non-finite values, clipping, the optimiser's step, the EMA, the state on disk.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import nn

Losses = Iterator[tuple[str, torch.Tensor, dict[str, float]]]
"""(name of the optimiser that the loss moves, the loss, figures for the log), in the order in which they are taken."""


@dataclass(frozen=True)
class Phase:
    """One stretch of training: ``steps`` long, a sheet every ``sheet_every`` and state every ``save_every``."""

    name: str
    steps: int
    sheet_every: int = 500
    save_every: int = 100


@dataclass(frozen=True)
class Context:
    """Where a phase finds its things: ``data`` the folder of clips and pictures, ``run`` the recipe's run folder.

    ``checkpoints`` holds what was trained before (the CLIP), ``device`` and ``seed`` are chosen once; ``steps`` is the
    number of steps that this run will take in all, for schedules; ``tiny`` asks for the smallest nets and data (tests).
    """

    run: Path
    data: Path | None
    checkpoints: Path
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    seed: int = 0
    steps: int = 1
    tiny: bool = False


class Objective(ABC):
    """One phase's nets and losses.

    ``nets`` are saved and restored; ``ema`` names the nets of which an exponential moving average is kept (in
    ``averages``); ``optimisers`` are stepped by the loop; ``clip_norm`` bounds the norm of each step's gradient.
    """

    ema: tuple[str, ...] = ()
    ema_decay: float = 0.995
    clip_norm: float = 2.0

    def __init__(self, nets: dict[str, nn.Module], optimisers: dict[str, torch.optim.Optimizer]) -> None:
        self.nets = nets
        self.optimisers = optimisers
        self.averages = {name: copy.deepcopy(nets[name]).requires_grad_(False).eval() for name in self.ema}

    @abstractmethod
    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        """Yield the losses of one step. Everything random comes from ``rng`` or from torch's seed, both set per step.

        The loop takes each loss as it comes, so that a discriminator yielded first has already moved when the
        generator's loss is computed. Learning rates may be set here from ``step``.
        """

    def sheet(self) -> np.ndarray | None:
        """A uint8 picture (H, W, 3) of what the average generator makes now, of fixed inputs; or None."""
        return None


class Recipe(ABC):
    """A checkpoint's whole training: its phases, the objective of each, and the export of the result."""

    name: str
    phases: tuple[Phase, ...]

    @abstractmethod
    def objective(self, phase: str, context: Context) -> Objective:
        """Build the objective of one phase; later phases read what earlier ones left in ``context.run``."""

    @abstractmethod
    def export(self, context: Context, folder: Path) -> None:
        """Write the checkpoint (safetensors, configuration, tokenizer) from the run's state to ``folder``."""
