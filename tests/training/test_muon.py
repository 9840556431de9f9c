"""Muon: its matrices come out orthogonal, both of its halves learn, and its state survives a save."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from studio.training.muon import Muon, orthogonal


@pytest.mark.parametrize("shape", [(24, 24), (12, 40), (40, 12)])
def test_orthogonal_keeps_directions_and_evens_out_their_strength(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    made = orthogonal(matrix)
    assert made.shape == matrix.shape and made.dtype == matrix.dtype
    strengths = torch.linalg.svdvals(made)
    assert 0.55 < strengths.min() and strengths.max() < 1.3
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    assert torch.nn.functional.cosine_similarity(made.flatten(), (u @ v).flatten(), dim=0) > 0.95


def _net() -> nn.Sequential:
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(6, 24), nn.Tanh(), nn.Linear(24, 24), nn.Tanh(), nn.Linear(24, 2))


def _optimiser(net: nn.Sequential) -> Muon:
    inner = [net[0].weight, net[2].weight]
    return Muon(inner, [p for p in net.parameters() if all(p is not q for q in inner)], 0.02, 3e-3)


def _train(net: nn.Module, optimiser: Muon, steps: range) -> float:
    for step in steps:
        x = torch.randn(64, 6, generator=torch.Generator().manual_seed(step))
        loss = (net(x) - torch.stack([x[:, 0] * x[:, 1], x[:, 2].abs()], 1)).square().mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
    return loss.item()


def test_it_learns_what_a_line_cannot() -> None:
    net = _net()
    assert _train(net, _optimiser(net), range(200)) < 0.15


def test_going_on_from_a_saved_state_equals_not_stopping() -> None:
    whole = _net()
    _train(whole, _optimiser(whole), range(6))
    net = _net()
    first = _optimiser(net)
    _train(net, first, range(3))
    second = _optimiser(net)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    _train(net, second, range(3, 6))
    for one, other in zip(whole.parameters(), net.parameters()):
        assert torch.equal(one, other)


def test_the_schedule_moves_both_rates_and_no_gradient_means_no_step() -> None:
    net = _net()
    optimiser = _optimiser(net)
    optimiser.schedule(0.5)
    assert [group["lr"] for group in optimiser.param_groups] == [0.01, 1.5e-3]
    before = [p.clone() for p in net.parameters()]
    optimiser.step()
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters()))
