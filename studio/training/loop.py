"""The loop: it alone moves optimisers, and it stops before they move if anything is not finite.

Before each step torch's seed and the step's numpy generator are set from (seed, phase, step), so that a batch
is a pure function of the step and a resumed run equals one that never stopped (2 + 2 steps equal 4; tested).
"""

from __future__ import annotations

import json
import logging
import time
import zlib
from pathlib import Path

import cv2
import numpy as np
import torch

from studio.training.objective import Objective, Phase
from studio.training.state import load_state, replace_file, save_state

logger = logging.getLogger(__name__)


class NonFinite(RuntimeError):
    """A loss or a gradient is NaN or infinite; the optimiser has not moved and the last good state is on disk."""


def step_seed(seed: int, phase: str, step: int) -> int:
    """A seed of 63 bits for one step of one phase."""
    return int(np.random.SeedSequence((seed, zlib.crc32(phase.encode()), step)).generate_state(1, np.uint64)[0] >> 1)


def train(objective: Objective, phase: Phase, folder: Path, *, steps: int, resume: bool = False, seed: int = 0) -> int:
    """Train until ``steps`` steps have been taken in all; return that number.

    Writes to ``folder``: the state, ``metrics.jsonl`` (a line every 20 steps), ``sheet-<step>.png`` every
    ``phase.sheet_every`` steps. Raises NonFinite, CheckpointError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    done = load_state(folder, objective) if resume else 0
    started, average = time.monotonic(), {}
    for step in range(done, steps):
        value = step_seed(seed, phase.name, step)
        torch.manual_seed(value)
        for figure, amount in _one_step(objective, step, np.random.default_rng(value)).items():
            average[figure] = 0.95 * average.get(figure, amount) + 0.05 * amount
        _update_averages(objective, step)
        taken = step + 1
        if taken % 20 == 0 or taken == steps:
            _log(folder, phase.name, taken, time.monotonic() - started, average)
        if taken % phase.save_every == 0 or taken == steps:
            save_state(folder, taken, objective)
        if taken % phase.sheet_every == 0 or taken == steps:
            _write_sheet(folder, taken, objective)
    return max(done, steps)


def _one_step(objective: Objective, step: int, rng: np.random.Generator) -> dict[str, float]:
    figures: dict[str, float] = {}
    for name, loss, extra in objective.losses(step, rng):
        if not torch.isfinite(loss):
            raise NonFinite(f"The {name} loss is {loss.item()} at step {step}; nothing was changed by it.")
        optimiser = objective.optimisers[name]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
        norm = torch.nn.utils.clip_grad_norm_(parameters, objective.clip_norm)
        if not torch.isfinite(norm):
            raise NonFinite(f"The gradient of {name} is {norm.item()} at step {step}; the optimiser has not moved.")
        optimiser.step()
        figures[name] = loss.item()
        figures.update(extra)
    return figures


@torch.no_grad()
def _update_averages(objective: Objective, step: int) -> None:
    decay = min(objective.ema_decay, (1 + step) / (10 + step))
    for name, average in objective.averages.items():
        net = objective.nets[name]
        for kept, new in zip(average.parameters(), net.parameters(), strict=True):
            kept.lerp_(new.to(kept.dtype), 1 - decay)
        for kept, new in zip(average.buffers(), net.buffers(), strict=True):
            kept.copy_(new)


def _log(folder: Path, phase: str, step: int, seconds: float, figures: dict[str, float]) -> None:
    line = {"phase": phase, "step": step, "seconds": round(seconds, 1)}
    line.update({name: round(value, 5) for name, value in figures.items()})
    with (folder / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    if step % 100 == 0:
        logger.info("%s", line)


def _write_sheet(folder: Path, step: int, objective: Objective) -> None:
    with torch.random.fork_rng(devices=[]):
        sheet = objective.sheet()
    if sheet is not None:
        encoded = cv2.imencode(".png", np.ascontiguousarray(sheet[..., ::-1]))[1]
        replace_file(folder / f"sheet-{step:06d}.png", encoded.tobytes())
