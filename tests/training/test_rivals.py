"""The rivals: clips of the right shape that follow text and noise, two tiny steps, resuming equals not stopping."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from studio.errors import CheckpointError
from studio.models.clip import build_clip, train_tokenizer
from studio.training.__main__ import load_recipe
from studio.training.loop import train
from studio.training.objective import Context
from studio.training.rival_nets import FRAMES, SIZE, Conv3dDiscriminator, Conv3dGenerator, GruGenerator
from studio.training.rivals import PHASE, load_rival
from studio.training.state import read_numbers

TINY = {"widths": (8, 8, 8, 8), "code": 16}


@pytest.mark.parametrize("kind", [Conv3dGenerator, GruGenerator])
def test_clips_follow_text_and_noise(kind: type) -> None:
    torch.manual_seed(0)
    net = kind(**TINY).eval()
    text, noise = torch.randn(3, 256), torch.randn(3, 64)
    with torch.no_grad():
        clips, again = net(text, noise), net(text, noise)
        others = net(text.roll(1, 0), noise), net(text, noise.roll(1, 0))
    assert clips.shape == (3, FRAMES, 3, SIZE, SIZE)
    assert float(clips.min()) >= 0 and float(clips.max()) <= 1
    assert torch.equal(clips, again)
    assert all(not torch.equal(clips, other) for other in others)
    assert not torch.equal(clips[:, 0], clips[:, 5]), "frames differ"


def test_the_clip_critic_sees_text_and_the_order_of_frames() -> None:
    torch.manual_seed(0)
    critic = Conv3dDiscriminator((4, 4, 4, 4)).eval()
    clips, text = torch.rand(2, FRAMES, 3, SIZE, SIZE), torch.randn(2, 256)
    with torch.no_grad():
        logits, features = critic(clips, text)
        assert logits.shape == (2,) and len(features) == 4
        assert not torch.equal(logits, critic(clips, text.flip(0))[0])
        assert not torch.equal(logits, critic(clips.flip(1), text)[0])


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all runs lie, so that the world's clips are painted once."""
    return tmp_path_factory.mktemp("runs")


def _run(recipe: str, folder: Path, steps: int, resume: bool = False) -> dict[str, torch.Tensor]:
    context = Context(run=folder, data=None, checkpoints=folder, steps=4, tiny=True)
    chosen = load_recipe(recipe)
    train(chosen.objective(PHASE, context), chosen.phases[0], folder / PHASE, steps=steps, resume=resume)
    return load_file(folder / PHASE / str(read_numbers(folder / PHASE)["tensors"]))


@pytest.mark.emoji_font
@pytest.mark.parametrize("recipe", ["conv3d_gan", "gru_gan"])
def test_two_and_two_steps_equal_four(recipe: str, runs: Path) -> None:
    whole = _run(recipe, runs / f"{recipe}_whole", 4)
    _run(recipe, runs / f"{recipe}_halves", 2)
    halves = _run(recipe, runs / f"{recipe}_halves", 4, resume=True)
    assert whole.keys() == halves.keys()
    assert all(torch.equal(whole[name], halves[name]) for name in whole)
    assert any(name.startswith("ema/generator/") for name in whole)


@pytest.mark.emoji_font
def test_a_trained_rival_draws_prompts(runs: Path, tmp_path: Path) -> None:
    _run("gru_gan", runs / "drawn", 2)
    with pytest.raises(CheckpointError):
        load_rival(tmp_path / "nothing", tmp_path)
    tokenizer = train_tokenizer(["a red car drives left", "two dogs chase a ball"] * 3, 560)
    clip = build_clip(tokenizer, tiny=True)
    from transformers import CLIPTextModelWithProjection

    CLIPTextModelWithProjection(clip.config.text_config).save_pretrained(tmp_path / "clip")
    tokenizer.save_pretrained(tmp_path / "clip")
    make = load_rival(runs / "drawn", tmp_path)
    clips = make(["a red car drives left", "two dogs"], 3)
    assert clips.shape == (2, FRAMES, SIZE, SIZE, 3) and clips.dtype == np.uint8
    assert np.array_equal(clips, make(["a red car drives left", "two dogs"], 3))
    assert not np.array_equal(clips, make(["a red car drives left", "two dogs"], 4))
