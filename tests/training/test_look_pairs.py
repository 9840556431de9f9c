"""The restyle recipe: pairs are painted once and the same way, and a step is a pure function of its seed."""

from pathlib import Path

import numpy as np
import pytest
import torch

from studio.training.look_pairs import prepare_pairs
from studio.training.objective import Context
from studio.training.recipes.restyle import RandomCodes, RestyleRecipe, _between
from studio.worlds.looks import LOOKS


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("restyle")
    prepare_pairs(folder / "pairs", None, 0, tiny=True)
    return folder


def context(run: Path) -> Context:
    return Context(run=run, data=None, checkpoints=run, steps=2, tiny=True)


def test_pairs_belong_together_and_repeat(run: Path, tmp_path: Path) -> None:
    pairs = prepare_pairs(run / "pairs", None, 0, tiny=True)
    count, height, width = pairs.sources.shape[:3]
    assert pairs.targets.shape == (count, len(LOOKS), height, width, 3)
    assert pairs.soft.shape == (count, 13, height // 2, width // 2)
    rgb = pairs.sources[0].astype(np.float32) / 255
    noise = pairs.soft[0, 4].astype(np.float32).repeat(2, 0).repeat(2, 1)
    painted = LOOKS["oil"].paint(rgb, noise) * 255
    assert np.abs(painted - pairs.targets[0, list(LOOKS).index("oil")]).mean() < 1.5
    again = prepare_pairs(tmp_path, None, 0, tiny=True)
    assert all(np.array_equal(getattr(pairs, name), getattr(again, name)) for name in ("sources", "targets", "soft"))


def test_a_step_is_a_function_of_its_seed(run: Path) -> None:
    def figures() -> list[float]:
        objective = RestyleRecipe().objective("brush", context(run))
        torch.manual_seed(5)
        return [loss.item() for _, loss, _ in objective.losses(0, np.random.default_rng(5))]

    first = figures()
    assert np.isfinite(first).all() and first == figures()


def test_every_generator_parameter_is_trained(run: Path) -> None:
    objective = RestyleRecipe().objective("brush", context(run))
    for _, loss, _ in objective.losses(0, np.random.default_rng(0)):
        loss.backward()
    for name, parameter in objective.nets["generator"].named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name
    assert objective.sheet().ndim == 3


def test_embeddings_between_looks_keep_their_length() -> None:
    codes = RandomCodes(0).codes
    middle = _between(codes[:1], codes[1:2], torch.full((1, 1), 0.5))
    assert torch.allclose(middle.norm(), codes[0].norm(), rtol=1e-4)
    assert torch.allclose(middle @ codes[0], middle @ codes[1], rtol=1e-3)
