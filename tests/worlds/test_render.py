"""The pictures keep what the words promise: colour, side, time of day, growth, weather; and they are deterministic."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from studio.errors import ResourceError
from studio.worlds.captions import sample_slots
from studio.worlds.lexicon import SLOTS, SUBJECTS
from studio.worlds.noise import NOISE_SIZES, sample_noise, uniform
from studio.worlds.render import render
from studio.worlds.scenery import paint_strips, resolve_time, strip_offsets
from studio.worlds.sprites import FONT, load_atlas, paint_sprites
from studio.worlds.tracks import plan_tracks, plan_tracks_at

needs_font = pytest.mark.skipif(not FONT.is_file(), reason="needs fonts-noto-color-emoji")


def scenes(count: int, **values: str) -> dict[str, Tensor]:
    """`count` equal scenes; slots by name, the rest at their first value (time: day)."""
    chosen = {"time": "day"} | values
    return {name: torch.full((count,), SLOTS[name].index(chosen[name]) if name in chosen else 0) for name in SLOTS}


def noise(count: int, seed: int = 0) -> dict[str, Tensor]:
    return sample_noise(count, torch.Generator().manual_seed(seed))


def test_noise_has_its_sizes_and_follows_the_generator() -> None:
    first, again = noise(3, 5), noise(3, 5)
    assert {name: tuple(values.shape) for name, values in first.items()} == {
        name: (3, size) for name, size in NOISE_SIZES.items()}
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert torch.allclose(uniform(torch.tensor([-1.96, 0.0, 1.96])), torch.tensor([0.025, 0.5, 0.975]), atol=1e-3)


@needs_font
def test_every_noun_has_a_glyph_that_fills_its_square() -> None:
    atlas = load_atlas(32)
    assert atlas.shape == (len(SUBJECTS), 4, 32, 32)
    assert bool((atlas[:, :3] <= atlas[:, 3:] + 1e-4).all()), "colours must be premultiplied"
    covered = (atlas[:, 3] > 0.5).float().mean((1, 2))
    assert covered.min() > 0.12 and covered.max() < 0.95
    flat = atlas.flatten(1)
    apart = torch.cdist(flat, flat) + 99 * torch.eye(len(flat))
    assert apart.min() > 1.0, "two nouns look alike"


def test_a_missing_font_is_named(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="fonts-noto-color-emoji"):
        load_atlas(16, tmp_path / "none.ttf")


@needs_font
def test_render_is_a_function_of_slots_and_noise() -> None:
    slots = sample_slots(3, np.random.default_rng(1))
    seconds = torch.full((3,), 2.0)
    first, again = (render(slots, noise(3), seconds, 2, (32, 32)) for _ in range(2))
    other = render(slots, noise(3, 9), seconds, 2, (32, 32))
    assert first.shape == (3, 2, 3, 32, 32) and torch.isfinite(first).all()
    assert 0 <= first.min() and first.max() <= 1
    assert torch.equal(first, again)
    assert (first - other).abs().mean() > 0.01


@needs_font
@pytest.mark.parametrize("colour, channel", [("red", 0), ("green", 1), ("blue", 2)])
def test_the_red_thing_is_red(colour: str, channel: int) -> None:
    slots = scenes(len(SUBJECTS), colour=colour) | {"subject": torch.arange(len(SUBJECTS))}
    sprites = paint_sprites(load_atlas(32), slots, noise(len(SUBJECTS))["sprite"])
    means = sprites[:, :3].sum((2, 3)) / sprites[:, 3].sum((1, 2))[:, None]
    assert bool((means.argmax(1) == channel).all())


@needs_font
def test_black_is_darker_than_natural_and_white_lighter() -> None:
    atlas, z = load_atlas(32), noise(len(SUBJECTS))["sprite"]
    light = {}
    for colour in ("black", "natural", "white"):
        slots = scenes(len(SUBJECTS), colour=colour) | {"subject": torch.arange(len(SUBJECTS))}
        light[colour] = paint_sprites(atlas, slots, z)[:, :3].mean((1, 2, 3))
    assert (light["black"] < light["natural"]).float().mean() > 0.95
    assert (light["white"] > light["natural"]).float().mean() > 0.9


def strips_of(**values: str) -> Tensor:
    return paint_strips(scenes(2, **values), noise(2)["strips"], 32)


@pytest.mark.parametrize("place", SLOTS["place"])
def test_strips_are_premultiplied_rgba_with_an_opaque_sky(place: str) -> None:
    strips = strips_of(place=place)
    assert strips.shape == (2, 4, 4, 32, 64)
    assert 0 <= strips.min() and strips.max() <= 1
    assert bool((strips[:, 0, 3] > 0.999).all())
    assert bool((strips[:, :, :3] <= strips[:, :, 3:] + 1e-4).all())


@pytest.mark.parametrize("place", [p for p in SLOTS["place"] if p not in ("studio", "space", "underwater")])
def test_night_is_darker_than_day_but_not_black(place: str) -> None:
    day, night = strips_of(place=place, time="day"), strips_of(place=place, time="night")
    assert night[:, 0, :3].mean() < 0.7 * day[:, 0, :3].mean()
    assert night[:, 3, :3].sum() < 0.85 * day[:, 3, :3].sum()
    assert night[:, 0, :3].mean() > 0.15


def test_places_differ_and_timeless_places_ignore_the_clock() -> None:
    seen = torch.stack([strips_of(place=place).mean(0).flatten() for place in SLOTS["place"]])
    apart = torch.cdist(seen, seen) + 99 * torch.eye(len(seen))
    assert apart.min() > 5
    assert torch.equal(strips_of(place="space", time="day"), strips_of(place="space", time="night"))


def test_an_unsaid_time_is_chosen_by_the_noise() -> None:
    slots = scenes(400, time="any")
    counts = torch.bincount(resolve_time(slots, noise(400)["strips"]), minlength=4)
    assert counts.min() > 30 and counts.argmax() == SLOTS["time"].index("day")


def test_offsets_stay_inside_the_strip_and_water_keeps_under_its_sun() -> None:
    offsets = strip_offsets(scenes(50, place="sea"), noise(50)["strips"])
    assert 0 <= offsets.min() and offsets.max() <= 0.5
    assert torch.equal(offsets[:, 2], offsets[:, 0])


def tracks_of(seconds: float = 2.0, frames: int = 24, count: int = 30, **values: str) -> Tensor:
    return plan_tracks(scenes(count, **values), noise(count)["tracks"], torch.full((count,), seconds), frames)


def test_what_moves_left_moves_left_and_looks_there() -> None:
    left, right = tracks_of(motion="left"), tracks_of(motion="right")
    assert bool((left[:, 1:, 0] < left[:, :-1, 0]).all()) and bool((left[..., 5] == 1).all())
    assert bool((right[:, 1:, 0] > right[:, :-1, 0]).all()) and bool((right[..., 5] == -1).all())


@pytest.mark.parametrize("motion, column, sign", [
    ("rise", 1, -1), ("fall", 1, 1), ("approach", 2, 1), ("recede", 2, -1)])
def test_motions_go_where_their_name_says(motion: str, column: int, sign: int) -> None:
    tracks = tracks_of(motion=motion)
    assert bool((sign * (tracks[:, -1, column] - tracks[:, 0, column]) > 0.1).all())


def test_spinning_turns_bouncing_returns_and_shaking_stays() -> None:
    spin = torch.atan2(tracks_of(motion="spin")[..., 3], tracks_of(motion="spin")[..., 4])
    assert (spin[:, 1:] - spin[:, :-1]).abs().min() > 0.05
    bounce = tracks_of(motion="bounce", seconds=3.0)[..., 1]
    turns = ((bounce[:, 2:] - bounce[:, 1:-1]) * (bounce[:, 1:-1] - bounce[:, :-2]) < 0).sum(1)
    assert turns.min() >= 3
    shake = tracks_of(motion="shake")[..., 0]
    assert (shake.amax(1) - shake.amin(1)).max() < 0.1


def test_beats_keep_their_pace_whatever_the_length() -> None:
    slots, z = scenes(4, motion="spin"), noise(4)["tracks"]
    short = plan_tracks_at(slots, z, torch.full((4,), 2.0), torch.full((4, 1), 0.5))
    long = plan_tracks_at(slots, z, torch.full((4,), 4.0), torch.full((4, 1), 0.25))
    assert torch.allclose(short[..., 3:5], long[..., 3:5], atol=1e-5)


def test_a_longer_walk_covers_more_ground() -> None:
    def ground(seconds: float) -> float:
        x = tracks_of(motion="right", seconds=seconds)[..., 0]
        return float((x[:, -1] - x[:, 0]).mean())

    assert ground(1.0) < ground(2.0) < ground(6.0)


def test_cameras_move_as_said_and_stay_inside_the_strip() -> None:
    start_end = {name: tracks_of(camera=name)[:, [0, -1]] for name in SLOTS["camera"]}
    assert (start_end["pan_left"][:, 1, 8] < start_end["pan_left"][:, 0, 8] - 0.1).all()
    assert (start_end["pan_right"][:, 1, 8] > start_end["pan_right"][:, 0, 8] + 0.1).all()
    assert (start_end["zoom_in"][:, 1, 10] < start_end["zoom_in"][:, 0, 10] - 0.1).all()
    assert (start_end["zoom_out"][:, 1, 10] > start_end["zoom_out"][:, 0, 10] + 0.1).all()
    for tracks in start_end.values():
        assert (tracks[..., 8] - 0.75).abs().max() <= 0.22 and (tracks[..., 8] - 0.5 * 0.94 > 0).all()
        assert tracks[..., 10].min() > 0.6 and tracks[..., 10].max() <= 0.94 + 1e-6


@pytest.mark.parametrize("motion", SLOTS["motion"])
def test_the_subject_is_seen_in_every_motion(motion: str) -> None:
    for seconds in (1.0, 6.0):
        tracks = tracks_of(motion=motion, seconds=seconds, place="meadow")
        inside = (tracks[..., 0] > -0.05) & (tracks[..., 0] < 1.05) & (tracks[..., 1] > -0.05) & (tracks[..., 1] < 1.05)
        assert inside.float().mean() > 0.95
        assert torch.isfinite(tracks).all() and tracks.shape[-1] == 13


@needs_font
def test_rain_and_snow_fall_only_where_said() -> None:
    assert tracks_of(weather="clear")[..., 11:].abs().max() == 0
    assert tracks_of(weather="rain")[..., 11].min() == 1 and tracks_of(weather="snow")[..., 12].min() == 1
    z, seconds = noise(1), torch.tensor([2.0])
    clear, snow = (render(scenes(1, place="desert", weather=w), z, seconds, 2, (48, 48)) for w in ("clear", "snow"))
    assert (snow[:, 1] - snow[:, 0]).abs().mean() > 2 * (clear[:, 1] - clear[:, 0]).abs().mean()
