"""The finished pictures keep what the words promise, judged by their pixels alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from studio.captions.captions import sample_slots
from studio.captions.lexicon import SLOTS
from studio.compositing.compositor import compose
from studio.worlds.noise import NOISE_SIZES, sample_noise, uniform
from studio.worlds.render import paint_pair, render
from studio.worlds.sprites import load_atlas
from studio.worlds.tracks import cast_of, plan_tracks


def scenes(clips: int, **values: str) -> dict[str, Tensor]:
    """`clips` equal scenes; slots by name, the rest plain: a dog in a studio by day."""
    plain = {"subject": "dog", "place": "studio", "time": "day"}
    if values.get("relation", "none") != "none":
        plain["other"] = "cat"
    chosen = plain | values
    return {name: torch.full((clips,), SLOTS[name].index(chosen[name]) if name in chosen else 0) for name in SLOTS}


def on_grey(clips: int = 6, frames: int = 9, seconds: float = 3.0, **values: str) -> Tensor:
    """The actors alone in front of grey without their shadows, (B, T, 3, 64, 64)."""
    slots, noise = scenes(clips, **values), sample_noise(clips, torch.Generator().manual_seed(4))
    strips = torch.zeros(clips, 4, 4, 16, 32)
    strips[:, 0, :3], strips[:, 0, 3] = 0.5, 1.0
    length = torch.full((clips,), seconds)
    actors, scene = plan_tracks(slots, noise["tracks"], length, frames)
    actors[..., 7] = 0
    sprites = paint_pair(load_atlas(32), slots, noise)
    return compose(strips, torch.full((clips, 4), 0.25), sprites, cast_of(slots), actors, scene, length, (64, 64))


def centre(mask: Tensor) -> Tensor:
    """Mean x and y of bool pixels (B, T, H, W): (B, T, 2) in 0..1."""
    line = (torch.arange(mask.shape[-1]) + 0.5) / mask.shape[-1]
    weight = mask.float() / mask.float().sum((2, 3), keepdim=True).clamp(min=1)
    return torch.stack([(weight * line).sum((2, 3)), (weight * line[:, None]).sum((2, 3))], -1)


def reds_and_blues(clips: Tensor) -> tuple[Tensor, Tensor]:
    """Pixels that are clearly red, and clearly blue."""
    red, green, blue = clips.unbind(2)
    return (red > blue + 0.25) & (red > green + 0.25), (blue > red + 0.25) & (blue > green + 0.1)


def test_noise_has_its_sizes_and_follows_the_generator() -> None:
    first, again = (sample_noise(3, torch.Generator().manual_seed(5)) for _ in range(2))
    sizes = {name: tuple(values.shape) for name, values in first.items()}
    assert sizes == {name: (3, size) for name, size in NOISE_SIZES.items()}
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert torch.allclose(uniform(torch.tensor([-1.96, 0.0, 1.96])), torch.tensor([0.025, 0.5, 0.975]), atol=1e-3)


@pytest.mark.emoji_font
def test_render_is_a_function_of_slots_and_noise_whatever_the_batch() -> None:
    slots, noise = sample_slots(3, np.random.default_rng(1)), sample_noise(3, torch.Generator().manual_seed(0))
    seconds = torch.tensor([1.0, 2.0, 5.0])
    first, again = (render(slots, noise, seconds, 2, (32, 32), sprite_size=32) for _ in range(2))
    assert first.shape == (3, 2, 3, 32, 32) and torch.isfinite(first).all()
    assert 0 <= first.min() and first.max() <= 1 and torch.equal(first, again)
    one = {name: values[1:2] for name, values in slots.items()}, {name: values[1:2] for name, values in noise.items()}
    assert torch.allclose(render(*one, seconds[1:2], 2, (32, 32), sprite_size=32)[0], first[1], atol=2e-3)
    other = render(slots, sample_noise(3), seconds, 2, (32, 32), sprite_size=32)
    assert (first - other).abs().mean() > 0.01
    bare = render(slots, noise, seconds, 2, (32, 32), sprite_size=32, finish=False)
    assert (first - bare).abs().mean() > 0.005, "finishing shows"


@pytest.mark.emoji_font
def test_the_red_thing_is_red_and_goes_left() -> None:
    reds, blues = reds_and_blues(on_grey(subject="car", colour="red", motion="left"))
    assert reds.float().sum((2, 3)).min() > 30 and blues.sum() == 0
    x = centre(reds)[..., 0]
    assert bool((x[:, 1:] < x[:, :-1]).all())


@pytest.mark.emoji_font
def test_a_red_dog_chases_a_blue_cat_from_behind() -> None:
    for motion, sign in (("left", -1), ("right", 1)):
        clips = on_grey(colour="red", other_colour="blue", relation="chases", motion=motion)
        red, blue = (centre(mask)[..., 0] for mask in reds_and_blues(clips))
        assert bool((sign * (blue - red) > 0.08).all())
        assert bool((sign * (red[:, -1] - red[:, 0]) > 0.1).all())


@pytest.mark.emoji_font
def test_a_red_balloon_is_above_a_blue_car() -> None:
    clips = on_grey(subject="balloon", colour="red", other="car", other_colour="blue", relation="above")
    red, blue = (centre(mask)[..., 1] for mask in reds_and_blues(clips))
    assert bool((blue - red > 0.2).all())


@pytest.mark.emoji_font
@pytest.mark.parametrize("count, blobs", [("one", 1), ("two", 2), ("three", 3)])
def test_three_are_three_blobs(count: str, blobs: int) -> None:
    for motion in ("still", "orbit", "bounce"):
        clips = on_grey(3, 4, subject="apple", colour="red", motion=motion, count=count)
        solid = (clips - 0.5).abs().amax(2) > 0.2
        found = []
        for mask in solid.flatten(0, 1).numpy():
            thin = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8))
            found.append(int((cv2.connectedComponentsWithStats(thin)[2][1:, cv2.CC_STAT_AREA] > 12).sum()))
        assert np.mean(np.array(found) == blobs) > 0.9, (motion, found)


@pytest.mark.emoji_font
def test_a_shake_is_seen_at_64_pixels_and_a_still_thing_is_not_moving() -> None:
    moving, resting = (on_grey(seconds=2.0, frames=12, motion=motion) for motion in ("shake", "still"))
    change = [(clips[:, 1:] - clips[:, :-1]).abs().mean((1, 2, 3, 4)) for clips in (moving, resting)]
    assert bool((change[0] > 5 * change[1]).all())


@pytest.mark.emoji_font
def test_snow_falls_only_where_said() -> None:
    noise, seconds = sample_noise(1, torch.Generator().manual_seed(2)), torch.tensor([2.0])
    clear, snow = (
        render(scenes(1, place="desert", weather=weather), noise, seconds, 2, (48, 48), sprite_size=32, finish=False)
        for weather in ("clear", "snow")
    )
    assert (snow[:, 1] - snow[:, 0]).abs().mean() > 2 * (clear[:, 1] - clear[:, 0]).abs().mean()
