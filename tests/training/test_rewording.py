"""Rewording: ridge regression finds a map that is known, a folded layer keeps its answers; the shipped still hear."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from studio.models.interpolation import InterpolationGenerator
from studio.models.prediction import PredictionGenerator
from studio.models.restyle import RestyleGenerator
from studio.training.rewording import Encoder, courses_right, looks_right, refit, ridge, timings_right

CHECKPOINTS = Path("checkpoints")
shipped = pytest.mark.shipped


def randoms(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_ridge_finds_a_linear_map_and_its_offset() -> None:
    weight, bias, inputs = randoms(5, 12), randoms(5, seed=2), randoms(300, 12, seed=3) + 2
    found, offset = ridge(inputs, inputs @ weight.T + bias, strength=1e-9)
    assert torch.allclose(found, weight, atol=1e-4) and torch.allclose(offset, bias, atol=1e-3)


def test_more_pull_means_smaller_weights_and_the_mean_stays() -> None:
    inputs, targets = randoms(80, 12), randoms(80, 4, seed=2)
    loose, tight = (ridge(inputs, targets, strength) for strength in (1e-3, 10.0))
    assert tight[0].norm() < 0.2 * loose[0].norm()
    assert torch.allclose((inputs @ tight[0].T + tight[1]).mean(0), targets.mean(0), atol=1e-5)


def test_a_folded_layer_answers_the_new_embedding_as_it_did_the_old_one() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(32, 7)
    meaning = randoms(400, 10)
    old, new = (meaning @ randoms(10, 32, seed=seed) for seed in (2, 3))
    wanted = layer(old)
    assert refit(layer, old, new) > 0.99
    assert (layer(new) - wanted).square().mean() / wanted.var() < 0.01


@shipped
def test_shipped_generators_still_tell_timings_courses_and_looks_apart() -> None:
    encoder = Encoder(CHECKPOINTS / "clip")
    timing = InterpolationGenerator.from_pretrained(CHECKPOINTS / "interpolation" / "generator").float().eval()
    assert timings_right(timing, encoder) > 0.9
    course = PredictionGenerator.from_pretrained(CHECKPOINTS / "prediction" / "generator").float().eval()
    assert courses_right(course, encoder) > 0.9
    look = RestyleGenerator.from_pretrained(CHECKPOINTS / "restyle" / "generator").float().eval()
    assert looks_right(look, encoder) > 0.95
