"""The recipe of prompt to video on tiny nets: every phase runs, stops, resumes equal, and the export is whole."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from studio.captions.captions import TIMELESS_PLACES
from studio.captions.lexicon import SLOTS
from studio.models.text_to_video import TextToVideoGenerator
from studio.training.loop import train
from studio.training.objective import Context, Phase
from studio.training.recipes.text_to_video import TextToVideoRecipe, gather, load_tensors
from studio.training.scene_layers import edges, new_generator, picture_loss, sample_scenery

RECIPE = TextToVideoRecipe()
PHASES = ("sprites", "strips", "tracks", "reader", "adversarial", "detail")


def advance(run: Path, phase: str, steps: int, resume: bool = False) -> dict[str, torch.Tensor]:
    """Take a phase to `steps` steps of a schedule of four, and return its state's tensors."""
    context = Context(run=run, data=None, checkpoints=run / "none", steps=4, tiny=True)
    objective = RECIPE.objective(phase, context)
    train(objective, Phase(phase, 4, sheet_every=4), run / phase, steps=steps, resume=resume)
    return load_tensors(run / phase)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run folder in which every phase has taken two steps."""
    folder = tmp_path_factory.mktemp("run")
    for phase in PHASES:
        advance(folder, phase, 2)
    return folder


def test_the_phases_are_these():
    assert tuple(phase.name for phase in RECIPE.phases) == PHASES


@pytest.mark.emoji_font
@pytest.mark.parametrize("phase", ["sprites", "strips", "tracks", "reader", "adversarial"])
def test_two_and_two_steps_equal_four(run, tmp_path, phase):
    for other in PHASES[:3]:
        if other != phase:
            (tmp_path / other).symlink_to(run / other)
    unbroken = advance(tmp_path, phase, 4)
    (tmp_path / phase).rename(tmp_path / "unbroken")
    advance(tmp_path, phase, 2)
    resumed = advance(tmp_path, phase, 4, resume=True)
    assert unbroken.keys() == resumed.keys()
    for name in unbroken:
        assert torch.equal(unbroken[name], resumed[name]), name


@pytest.mark.emoji_font
def test_what_was_gathered_serves_and_keeps_the_words(run, tmp_path):
    net = gather(new_generator(tiny=True), run, *PHASES)
    trained = load_file(next((run / "detail").glob("state.safetensors.*")))
    name = next(name for name in trained if name.startswith("ema/detail_net/"))
    assert torch.equal(net.detail_net.state_dict()[name.removeprefix("ema/detail_net/")], trained[name])
    net.half().save_pretrained(tmp_path)
    again = TextToVideoGenerator.from_pretrained(tmp_path).float()
    config = again.config
    assert again.slots == {name: tuple(values) for name, values in SLOTS.items()}
    assert {"dog", "red"} <= set(config.known_words) and "the" in config.filler_words
    assert set(config.homes) == set(SLOTS["subject"]) and set(config.ground) >= {"mirror", "shear"}
    assert set(config.emoji.values()) | set(config.stand_ins.values()) <= set(SLOTS["subject"])
    assert all(value in SLOTS[slot] for slot, value in config.word_slots.values())
    assert len(again.strips_net.timeless) == len(TIMELESS_PLACES)


def test_scenery_without_hours_is_drawn_by_day():
    slots = sample_scenery(2000, np.random.default_rng(0))
    timeless = torch.isin(slots["place"], torch.tensor(TIMELESS_PLACES))
    assert 0.1 < timeless.float().mean() < 0.2
    assert (slots["time"][timeless] == SLOTS["time"].index("day")).all() and not slots["weather"][timeless].any()
    assert slots["place"].min() == 1 and slots["time"].min() == 1
    for name, values in slots.items():
        assert len(values.unique()) == len(SLOTS[name]) - (name != "weather")


def test_outlines_count_more_than_flat_areas():
    real = torch.zeros(1, 4, 16, 16)
    real[..., 4:12, 4:12] = 1.0
    outline = edges(real[:, 3:])
    assert outline[0, 0, 4, 4] == 1 and outline[0, 0, 3, 8] == 1 and outline[0, 0, 8, 8] == 0
    inside, border = real.clone(), real.clone()
    inside[..., 8, 8], border[..., 4, 8] = 0.5, 0.5
    assert picture_loss(border, real) > picture_loss(inside, real) > picture_loss(real, real) == 0
