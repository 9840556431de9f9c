"""The detail stage's pool is a function of its seed, and its training goes on where it stopped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from studio.training.loop import train
from studio.training.objective import Context, Phase
from studio.training.scene_detail import MOMENTS, TINY, DetailObjective, DetailPainter, straight
from studio.training.scene_layers import new_generator

pytestmark = pytest.mark.emoji_font


def objective(run: Path, trained: bool = False) -> DetailObjective:
    torch.manual_seed(0)
    context = Context(run, None, run, steps=4, tiny=True)
    return DetailObjective(new_generator(tiny=True), context, trained)


def test_a_block_holds_composites_guides_and_finished_frames() -> None:
    torch.manual_seed(0)
    generator = new_generator(tiny=True)
    paint = DetailPainter(generator, TINY)
    rows, again = paint(np.random.default_rng(4)), paint(np.random.default_rng(4))
    assert all(torch.equal(rows[name], again[name]) for name in rows)
    count, side = TINY.block, TINY.side
    assert rows["composites"].shape == (count, MOMENTS, 3, side, side)
    assert rows["guides"].shape == (count, MOMENTS - 1, 8, side, side)
    assert rows["finished"].shape == (count, MOMENTS - 1, 3, side, side)
    assert rows["code"].shape == (count, generator.detail_net.config["code"])
    change = (rows["finished"].float() - rows["composites"][:, 1:].float()).abs().mean()
    assert 1 < change < 60, "finished frames are the composites, lit"


def test_straight_colours_survive_their_alpha() -> None:
    layer = torch.tensor([0.2, 0.1, 0.05, 0.5])[None, :, None, None].expand(1, 4, 2, 2)
    assert straight(layer)[0, 0, 0].tolist() == [102, 51, 26, 128]


def test_two_and_two_steps_are_four(tmp_path: Path) -> None:
    phase = Phase("detail", 4, sheet_every=4)
    unbroken = objective(tmp_path)
    train(unbroken, phase, tmp_path / "one", steps=4)
    train(objective(tmp_path), phase, tmp_path / "two", steps=2)
    resumed = objective(tmp_path, trained=False)
    train(resumed, phase, tmp_path / "two", steps=4, resume=True)
    for name, net in unbroken.nets.items():
        for kept, other in zip(net.parameters(), resumed.nets[name].parameters(), strict=True):
            assert torch.equal(kept, other), name
    assert (tmp_path / "one" / "sheet-000004.png").is_file()


def test_layers_of_the_generator_s_own_are_learnt_from_too(tmp_path: Path) -> None:
    made = objective(tmp_path, trained=True)
    figures = [figures for name, _, figures in made.losses(0, np.random.default_rng(0)) if name == "maker"]
    assert np.isfinite(figures[0]["psnr"])
