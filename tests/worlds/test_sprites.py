"""Every noun has a picture of its own, and takes the colour it is asked to take without losing its eyes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from studio.captions.lexicon import SLOTS, SUBJECTS
from studio.errors import ResourceError
from studio.worlds.paints import RAMPS, to_oklab
from studio.worlds.sprites import load_atlas, paint_sprites

pytestmark = pytest.mark.emoji_font

NOUNS = len(SUBJECTS)
NAMES = [subject.name for subject in SUBJECTS]


def painted(colour: str, size: int = 32) -> Tensor:
    """All nouns in one colour."""
    colours = torch.full((NOUNS,), SLOTS["colour"].index(colour))
    return paint_sprites(load_atlas(size), torch.arange(NOUNS), colours, torch.zeros(NOUNS, 6))


def mean_colour(sprites: Tensor) -> Tensor:
    """(N, 3) over what is visible."""
    return sprites[:, :3].sum((2, 3)) / sprites[:, 3].sum((1, 2))[:, None]


def test_every_noun_has_a_glyph_that_fills_its_square_and_looks_like_no_other() -> None:
    atlas = load_atlas(32)
    assert atlas.shape == (NOUNS, 4, 32, 32)
    assert bool((atlas[:, :3] <= atlas[:, 3:] + 1e-4).all()), "colours must be premultiplied"
    covered = (atlas[:, 3] > 0.5).float().mean((1, 2))
    assert covered.min() > 0.08 and covered.max() < 0.95
    apart = torch.cdist(atlas.flatten(1), atlas.flatten(1)) + 99 * torch.eye(NOUNS)
    assert apart.min() > 1.0, "two nouns look alike"


def test_who_stands_has_feet_at_the_bottom_of_its_square() -> None:
    rows = load_atlas(32)[:, 3].amax(2) > 0.5
    lowest = torch.tensor([int(torch.nonzero(row).max()) for row in rows])
    standing = torch.tensor([subject.kind in ("animal", "vehicle", "object", "boat") for subject in SUBJECTS])
    assert lowest[standing].min() >= 28


def test_a_missing_font_is_named(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="fonts-noto-color-emoji"):
        load_atlas(16, tmp_path / "none.ttf")


@pytest.mark.parametrize("colour, channel", [("red", 0), ("green", 1), ("blue", 2)])
def test_the_red_thing_is_red(colour: str, channel: int) -> None:
    assert bool((mean_colour(painted(colour)).argmax(1) == channel).all())


def test_mixed_colours_are_mixed_as_they_should() -> None:
    red, green, blue = mean_colour(painted("yellow")).T
    assert bool((torch.minimum(red, green) > blue + 0.1).all())
    red, green, blue = mean_colour(painted("purple")).T
    assert bool((torch.minimum(red, blue) > green).all())
    red, green, blue = mean_colour(painted("turquoise")).T
    assert bool((torch.minimum(green, blue) > red).all())


def test_most_of_a_thing_is_nearer_to_its_colour_than_to_any_other() -> None:
    names = list(RAMPS)
    scale = torch.tensor([0.6, 1.0, 1.0])
    bases = to_oklab(torch.tensor([RAMPS[name][1] for name in names])) * scale
    for index, colour in enumerate(names):
        sprites = painted(colour)
        alpha = sprites[:, 3].flatten(1)
        lab = to_oklab((sprites[:, :3].flatten(2) / alpha[:, None].clamp(min=1e-3)).transpose(1, 2)) * scale
        nearest = torch.cdist(lab, bases).argmin(-1)
        votes = torch.stack([((nearest == other) * alpha).sum(1) for other in range(len(names))], 1)
        assert (votes.argmax(1) == index).float().mean() > 0.97, colour


def test_black_is_darker_than_natural_and_white_lighter() -> None:
    light = {colour: painted(colour)[:, :3].mean((1, 2, 3)) for colour in ("black", "natural", "white")}
    assert (light["black"] < light["natural"]).float().mean() > 0.95
    assert (light["white"] > light["natural"]).float().mean() > 0.9


def test_eyes_and_marks_stay_dark_in_a_light_paint() -> None:
    natural, yellow = painted("natural", 64), painted("yellow", 64)
    for index in (NAMES.index(name) for name in ("bear", "wolf", "leopard", "pumpkin", "turtle", "ghost")):
        dark = (natural[index, :3].sum(0) < 0.5) & (natural[index, 3] > 0.95)
        assert (yellow[index, :3].sum(0)[dark] < 1.1).float().mean() > 0.6, NAMES[index]


def test_painting_follows_the_noise_and_nothing_else() -> None:
    atlas = load_atlas(32)
    subject, colour, noise = torch.tensor([3, 50, 7]), torch.tensor([0, 4, 9]), torch.randn(3, 6)
    whole = paint_sprites(atlas, subject, colour, noise)
    assert whole.shape == (3, 4, 32, 32) and 0 <= whole.min() and whole.max() <= 1
    assert bool((whole[:, :3] <= whole[:, 3:] + 1e-5).all())
    alone = torch.cat([paint_sprites(atlas, subject[i : i + 1], colour[i : i + 1], noise[i : i + 1]) for i in range(3)])
    assert torch.allclose(whole, alone, atol=1e-6)
    other = paint_sprites(atlas, subject, colour, noise + 0.7)
    assert 0.002 < (whole - other).abs().mean() < 0.1, "variety is small but there"
