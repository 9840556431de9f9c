"""The restyle recipe: scenes are painted once and the same way, and a step is a pure function of its seed."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.painting.guides import read_guides
from studio.painting.texture import MovingTexture
from studio.teachers.looks import LOOKS
from studio.training.look_clips import LookClips, crop_moments, prepare_clips
from studio.training.objective import Context
from studio.training.recipes.restyle import RestyleRecipe, _carried
from tests.pretended_gpu import GPU, pretended_gpu

pytestmark = pytest.mark.emoji_font


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("restyle")
    prepare_clips(folder / "clips", None, 0, tiny=True)
    (folder / "paint").mkdir()
    return folder


@pytest.fixture
def clips(run: Path) -> LookClips:
    return prepare_clips(run / "clips", None, 0, tiny=True)


def context(run: Path) -> Context:
    return Context(run=run, data=None, checkpoints=run, steps=2, tiny=True)


def test_scenes_are_what_their_teachers_paint(clips: LookClips) -> None:
    rng = np.random.default_rng(0)
    rng.permutation(len(LOOKS))
    texture = MovingTexture(24, 32, int(rng.integers(2**31)))
    texture.restart()
    rgb = clips.frames[0, 0].astype(np.float32) / 255
    for slot, look in enumerate(clips.looks[0]):
        own = list(LOOKS.values())[look]
        painted = own.paint(rgb, read_guides(rgb, texture.lay(), own.tiling)) * 255
        assert np.abs(painted - clips.painted[0, slot, 0]).max() <= 0.51, own.name


def test_looks_take_turns(clips: LookClips) -> None:
    assert len(set(clips.looks.ravel().tolist())) == clips.looks.size


def test_the_same_seed_gives_the_same_scenes(clips: LookClips, tmp_path: Path) -> None:
    again = prepare_clips(tmp_path, None, 0, tiny=True)
    for name in ("frames", "lines", "soft", "patterns", "tiles", "painted", "flows", "trust", "looks"):
        assert np.array_equal(getattr(clips, name), getattr(again, name)), name


def test_crops_lie_where_they_should(clips: LookClips) -> None:
    first = crop_moments(clips, np.array([1]), np.array([0]), 32, np.random.default_rng(3))[0]
    rng = np.random.default_rng(3)
    top, left = (2 * int(rng.integers((size - 32) // 2 + 1, size=1)[0]) for size in clips.frames.shape[2:4])
    rgb = clips.frames[1, 0, top : top + 32, left : left + 32]
    assert np.array_equal((first.pictures[0].permute(1, 2, 0).numpy() * 255).round(), rgb)
    half = slice(top // 2, top // 2 + 16), slice(left // 2, left // 2 + 16)
    assert np.allclose(first.soft[0, 3].numpy() * 24, clips.soft[1, 0, 3][half], atol=1e-3)


def test_the_past_is_carried_along_the_flow(clips: LookClips) -> None:
    before, after, _ = crop_moments(clips, np.array([0]), np.array([0]), 32, np.random.default_rng(0))
    still = after.grid.clone()
    across, down = torch.meshgrid(torch.linspace(-1, 1, 32), torch.linspace(-1, 1, 32), indexing="xy")
    still[0] = torch.stack([across, down], -1)
    moved = still - torch.tensor([2 / 31 * 3, 0.0])  # every pixel looks three pixels to its left
    carried = _carried(before.pictures, replace(after, grid=moved))
    assert torch.allclose(carried[..., :3, :, 4:], before.pictures[..., 1:-3], atol=1e-4)
    assert torch.equal(carried[:, 3:], after.trust)


@pytest.mark.parametrize("phase", ["paint", "judge"])
def test_a_step_is_a_function_of_its_seed_and_trains_everything(run: Path, phase: str) -> None:
    recipe = RestyleRecipe()
    if phase == "judge":
        from studio.training.state import save_state

        save_state(run / "paint", 1, recipe.objective("paint", context(run)))

    def figures() -> list[float]:
        objective = recipe.objective(phase, context(run))
        torch.manual_seed(5)
        losses = []
        for name, loss, _ in objective.losses(0, np.random.default_rng(5)):
            losses.append(loss.item())
            loss.backward()
            for key, parameter in objective.nets[name].named_parameters():
                assert parameter.grad is not None, (name, key)
                assert name != "generator" or parameter.grad.abs().sum() > 0, key
        return losses

    first = figures()
    assert len(first) == (1 if phase == "paint" else 3)
    assert np.isfinite(first).all() and first == figures()


def test_the_sheet_shows_every_look_that_was_painted(run: Path) -> None:
    sheet = RestyleRecipe().objective("paint", context(run)).sheet()
    assert sheet.ndim == 3 and sheet.dtype == np.uint8 and sheet.std() > 10


@pytest.mark.parametrize("phase", ["paint", "judge"])
def test_a_step_keeps_to_the_device_that_is_trained_on(run: Path, phase: str, monkeypatch) -> None:
    """Nets, codes, crops and what is carried along; what the loop does with the losses is not asked here."""
    if phase == "judge":
        from studio.training.state import save_state

        save_state(run / "paint", 1, RestyleRecipe().objective("paint", context(run)))
    wanted = RestyleRecipe().objective(phase, context(run))
    wanted = [loss.item() for _, loss, _ in wanted.losses(0, np.random.default_rng(5))]
    monkeypatch.setattr(torch, "autocast", lambda *args, **kwargs: nullcontext())
    with pretended_gpu(monkeypatch), torch.no_grad():
        objective = RestyleRecipe().objective(phase, replace(context(run), device=GPU))
        losses = [loss for _, loss, _ in objective.losses(0, np.random.default_rng(5))]
        assert all(loss.device == GPU for loss in losses)
        assert [loss.item() for loss in losses] == pytest.approx(wanted, rel=0.05, abs=0.05)
        assert {part.device for net in objective.nets.values() for part in net.parameters()} == {GPU}
        assert objective.sheet().dtype == np.uint8
