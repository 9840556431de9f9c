"""The loop: resuming equals not stopping, a non-finite step moves nothing, files are whole."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from studio.errors import CheckpointError
from studio.training.loop import NonFinite, step_seed, train
from studio.training.objective import Objective, Phase
from studio.training.state import load_average, load_state


class Line(Objective):
    """A line fitted to y = 3 x + noise, against a toy critic, so that two optimisers and an average are in play."""

    ema = ("model",)

    def __init__(self, poison_at=None):
        torch.manual_seed(7)
        nets = {"model": nn.Linear(1, 1), "critic": nn.Linear(1, 1)}
        optimisers = {
            "critic": torch.optim.Adam(nets["critic"].parameters(), 1e-2),
            "model": torch.optim.AdamW(nets["model"].parameters(), 1e-1),
        }
        super().__init__(nets, optimisers)
        self.poison_at = poison_at

    def losses(self, step, rng):
        x = torch.from_numpy(rng.standard_normal((16, 1)).astype(np.float32))
        y = 3 * x + 0.1 * torch.randn(16, 1)
        yield "critic", (self.nets["critic"](x) - y.detach()).square().mean(), {}
        loss = (self.nets["model"](x) - y).square().mean()
        if step == self.poison_at:
            loss = loss * float("nan")
        yield "model", loss, {"slope": self.nets["model"].weight.item()}

    def sheet(self):
        return np.full((4, 6, 3), 128, np.uint8)


PHASE = Phase("line", 40, sheet_every=20, save_every=10)


def weights(objective):
    return {
        f"{name}.{key}": value.clone()
        for name, net in [*objective.nets.items(), ("ema", objective.averages["model"])]
        for key, value in net.state_dict().items()
    }


def test_two_and_two_steps_equal_four(tmp_path):
    whole = Line()
    train(whole, PHASE, tmp_path / "whole", steps=4)
    train(Line(), PHASE, tmp_path / "halves", steps=2)
    rest = Line()
    train(rest, PHASE, tmp_path / "halves", steps=4, resume=True)
    for name, value in weights(whole).items():
        assert torch.equal(value, weights(rest)[name]), name


def test_it_learns_and_leaves_metrics_sheet_and_state(tmp_path):
    objective = Line()
    train(objective, PHASE, tmp_path, steps=120)
    assert objective.nets["model"].weight.item() == pytest.approx(3, abs=0.2)
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [20, 40, 60, 80, 100, 120]
    assert lines[-1]["model"] < lines[0]["model"]
    assert len(list(tmp_path.glob("sheet-*.png"))) == 6
    assert not list(tmp_path.glob("*.part"))
    assert len(list(tmp_path.glob("state.safetensors.*"))) == 1
    kept = load_average(tmp_path, "model", nn.Linear(1, 1))
    assert torch.equal(kept.weight, objective.averages["model"].weight)


def test_a_non_finite_loss_stops_before_the_optimiser_moves(tmp_path):
    train(Line(), PHASE, tmp_path, steps=3)
    objective = Line(poison_at=3)
    load_state(tmp_path, objective)
    before = objective.nets["model"].weight.clone()
    with pytest.raises(NonFinite):
        train(objective, PHASE, tmp_path, steps=5, resume=True)
    assert torch.equal(objective.nets["model"].weight, before)
    assert load_state(tmp_path, Line()) == 3


def test_state_that_does_not_fit_is_refused(tmp_path):
    train(Line(), PHASE, tmp_path, steps=1)
    other = Line()
    other.nets["model"] = nn.Linear(2, 1)
    with pytest.raises(CheckpointError):
        load_state(tmp_path, other)
    with pytest.raises(CheckpointError):
        load_state(tmp_path / "nowhere", Line())


def test_steps_have_seeds_of_their_own():
    seeds = {step_seed(seed, phase, step) for seed in (0, 1) for phase in ("a", "b") for step in range(50)}
    assert len(seeds) == 200
