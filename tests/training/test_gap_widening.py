"""Phase widen: varied gaps, a net to begin with, and a resume that is no other run."""

import json

import numpy as np
import pytest
import torch

from studio.errors import CheckpointError
from studio.models.interpolation import InterpolationGenerator
from studio.training import gap_objective
from studio.training.gap_batches import PLAIN, VARIED, draw_batch, spoilt_alone
from studio.training.gap_objective import CONDITIONS
from studio.training.gap_pool import prepare_pool
from studio.training.loop import train
from studio.training.losses import flat_rate
from studio.training.objective import Context, Phase
from studio.training.recipes.interpolation import InterpolationRecipe, widened

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    return prepare_pool(tmp_path_factory.mktemp("pool"), None, 3, tiny=True)


def test_two_frames_and_four_come_in_equal_parts_some_far_apart(pool):
    rows = np.zeros(48, int)
    batch = draw_batch(pool, rows, 32, np.random.default_rng(0), CPU, teach=False, practice=VARIED)
    known = batch.context.known.sum(1)
    assert 0.3 < (known == 0).float().mean() < 0.7 and (known == 1).any()
    pace = batch.forward.flatten(2).median(2).values.norm(dim=1) / 2  # half pixels; the tiny pool slides 4 px a frame
    assert pace[known == 0].max() > 5.4 > pace[known == 2].max()


def test_what_is_spoilt_has_a_clean_truth(pool):
    for kinds in (("noise",), ("coded",)):
        practice = spoilt_alone(kinds)
        batch = draw_batch(pool, np.array([0]), 208, np.random.default_rng(5), CPU, practice=practice)
        assert batch.moment.item() == 0.5 and not batch.context.known.any()
        # However turned and recoloured, the sum of a frame stays.
        frames = torch.from_numpy(np.array(pool.frames[0])).float().sort(-1).values.flatten(1).sum(1) / 255
        sums = [float(picture.sum()) for picture in (batch.truth, batch.first)]
        assert min(abs(frames - sums[0])) < 1 < min(abs(frames - sums[1]))


def test_plain_practice_spoils_nothing(pool):
    batch = draw_batch(pool, np.array([0]), 64, np.random.default_rng(1), CPU, practice=PLAIN)
    levels = batch.first * 255
    assert torch.allclose(levels, levels.round(), atol=1e-3) and batch.back is not None


def test_the_rate_is_even_and_falls_at_the_end():
    rates = [flat_rate(step, 1000) for step in range(1000)]
    assert rates[0] < 0.02 and set(rates[100:750]) == {1.0} and rates[-1] < 0.03
    assert all(a >= b for a, b in zip(rates[100:], rates[101:]))


def test_it_begins_with_the_shipped_net(tmp_path):
    shipped = InterpolationGenerator(residual=0.0).half()
    shipped.save_pretrained(tmp_path / "interpolation" / "generator")
    begun = widened(Context(run=tmp_path, data=None, checkpoints=tmp_path))
    kept = begun.state_dict()
    assert all(torch.equal(value.float(), kept[name]) for name, value in shipped.state_dict().items())
    assert not begun.stillness.out.weight.any() and begun.config.residual == 0


def test_the_shipped_net_must_be_there(tmp_path):
    with pytest.raises(CheckpointError):
        widened(Context(run=tmp_path, data=None, checkpoints=tmp_path))


def test_two_and_two_steps_equal_four_and_leave_their_figures(tmp_path, monkeypatch):
    monkeypatch.setattr(gap_objective, "CONDITIONS", {name: CONDITIONS[name] for name in ("four_frames", "noise")})
    recipe = InterpolationRecipe()
    phase = Phase("widen", 4, sheet_every=4)

    def objective(run):
        return recipe.objective("widen", Context(run=run, data=None, checkpoints=tmp_path, steps=4, tiny=True))

    whole = objective(tmp_path / "whole")
    train(whole, phase, tmp_path / "whole" / "widen", steps=4)
    train(objective(tmp_path / "halves"), phase, tmp_path / "halves" / "widen", steps=2)
    rest = objective(tmp_path / "halves")
    train(rest, phase, tmp_path / "halves" / "widen", steps=4, resume=True)
    for kind in ("nets", "averages"):
        one, other = (getattr(part, kind)["generator"].state_dict() for part in (whole, rest))
        assert all(torch.equal(one[name], other[name]) for name in one)
    lines = [json.loads(line) for line in (tmp_path / "halves" / "validation.jsonl").read_text().splitlines()]
    assert [(line["step"], line["by"]) for line in lines][:2] == [(0, "blend"), (0, "start")]
    assert (lines[-1]["step"], lines[-1]["by"]) == (4, "average") and {"four_frames", "noise"} < set(lines[-1])
    assert (tmp_path / "whole" / "widen" / "sheet-000004.png").is_file()
