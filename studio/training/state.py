"""A run's state on disk: safetensors and JSON, no pickle, written to a temporary name and replaced.

One file of tensors holds nets, averages and optimiser moments under the keys ``net/<name>/...``, ``ema/<name>/...`` and
``opt/<name>/<parameter index>/<moment>``; one JSON file holds the step and the optimisers' plain numbers.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from studio.errors import CheckpointError, ResourceError
from studio.training.objective import Objective

TENSORS = "state.safetensors"
NUMBERS = "state.json"
UNSAVED = (
    "The state of step {step} could not be written to {folder}, and the last one is kept: please make room on the disk "
    "and go on with --resume."
)


def replace_file(path: Path, data: bytes) -> None:
    """Write ``data`` whole or not at all: temporary name, flush to the disk, rename."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _flat(objective: Objective) -> tuple[dict[str, torch.Tensor], dict[str, object]]:
    tensors: dict[str, torch.Tensor] = {}
    numbers: dict[str, object] = {}
    for kind, nets in (("net", objective.nets), ("ema", objective.averages)):
        for name, net in nets.items():
            tensors.update({f"{kind}/{name}/{key}": value for key, value in net.state_dict().items()})
    for name, optimiser in objective.optimisers.items():
        saved = optimiser.state_dict()
        plain: dict[str, dict[str, object]] = {}
        for index, moments in saved["state"].items():
            for key, value in moments.items():
                if isinstance(value, torch.Tensor):
                    tensors[f"opt/{name}/{index}/{key}"] = value
                else:
                    plain.setdefault(str(index), {})[key] = value
        numbers[name] = {"plain": plain, "groups": saved["param_groups"]}
    return {key: value.detach().cpu().contiguous().clone() for key, value in tensors.items()}, numbers


def save_state(folder: Path, step: int, objective: Objective) -> None:
    """Write the state of a phase after ``step`` steps. A crash in the middle keeps the last good state.

    Raises ResourceError where it cannot be written; then the last good one is there, and nothing of this one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors, numbers = _flat(objective)
    fresh = folder / f"{TENSORS}.{step}"
    part = fresh.with_name(fresh.name + ".part")
    known = fresh.exists()  # the same step, saved before
    try:
        save_file(tensors, part)
        os.replace(part, fresh)
        text = json.dumps({"step": step, "tensors": fresh.name, "optimisers": numbers})
        replace_file(folder / NUMBERS, text.encode())
    except (OSError, SafetensorError) as error:
        if not known:
            fresh.unlink(missing_ok=True)
        raise ResourceError(UNSAVED.format(step=step, folder=folder)) from error
    finally:
        part.unlink(missing_ok=True)
    for old in folder.glob(f"{TENSORS}.*"):
        if old != fresh:
            old.unlink()


def read_numbers(folder: Path) -> dict[str, object]:
    """The JSON half of a state; CheckpointError if there is none."""
    try:
        return json.loads((folder / NUMBERS).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"There is no training state in {folder} to go on from.") from error


def load_state(folder: Path, objective: Objective) -> int:
    """Restore nets, averages and optimisers, strictly; return the number of steps taken."""
    numbers = read_numbers(folder)
    tensors = load_file(folder / str(numbers["tensors"]))
    for kind, nets in (("net", objective.nets), ("ema", objective.averages)):
        for name, net in nets.items():
            load_net(net, tensors, f"{kind}/{name}/")
    for name, optimiser in objective.optimisers.items():
        saved = numbers["optimisers"][name]
        state: dict[int, dict[str, object]] = {int(index): dict(plain) for index, plain in saved["plain"].items()}
        prefix = f"opt/{name}/"
        for key, value in tensors.items():
            if key.startswith(prefix):
                index, moment = key[len(prefix) :].split("/", 1)
                state.setdefault(int(index), {})[moment] = value
        optimiser.load_state_dict({"state": state, "param_groups": saved["groups"]})
    return int(numbers["step"])


def load_net(net: nn.Module, tensors: dict[str, torch.Tensor], prefix: str) -> None:
    """Load the entries under ``prefix`` into a net, strictly; CheckpointError where they do not fit."""
    own = {key[len(prefix) :]: value for key, value in tensors.items() if key.startswith(prefix)}
    try:
        net.load_state_dict(own, strict=True)
    except RuntimeError as error:
        raise CheckpointError(f"The training state does not fit the net {prefix}: {error}") from error


def load_average(folder: Path, name: str, net: nn.Module) -> nn.Module:
    """Load the average of net ``name`` (or the net where none was kept) from a phase's folder into ``net``."""
    numbers = read_numbers(folder)
    tensors = load_file(folder / str(numbers["tensors"]))
    kind = "ema" if any(key.startswith(f"ema/{name}/") for key in tensors) else "net"
    load_net(net, tensors, f"{kind}/{name}/")
    return net
