"""Actors do what the words say: sides, arcs, beats, pairs, ground and water; repeatably, alone or in a batch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from studio.captions.captions import sample_slots
from studio.captions.lexicon import SLOTS
from studio.worlds.noise import sample_noise
from studio.worlds.scenery import ground_level
from studio.worlds.stage import extents
from studio.worlds.tracks import cast_of, plan_tracks, plan_tracks_at

pytestmark = pytest.mark.emoji_font

X, Y, SIZE, SIN, COS, FLIP, SHADOW_Y, SHADOW = range(8)
MAIN, OTHER = 0, 3


def scenes(count: int, **values: str) -> dict[str, Tensor]:
    """`count` equal scenes; slots by name, the rest plain: a dog on a meadow by day."""
    plain = {"subject": "dog", "place": "meadow", "time": "day"}
    if values.get("relation", "none") != "none":
        plain["other"] = "cat"
    chosen = plain | values
    return {name: torch.full((count,), SLOTS[name].index(chosen[name]) if name in chosen else 0) for name in SLOTS}


def actors_of(seconds: float = 3.0, frames: int = 36, count: int = 24, **values: str) -> Tensor:
    noise = sample_noise(count, torch.Generator().manual_seed(1))["tracks"]
    return plan_tracks(scenes(count, **values), noise, torch.full((count,), seconds), frames)[0]


def crowd_of(many: str, **values: str) -> Tensor:
    slots = scenes(24, **values) | {"count": torch.full((24,), SLOTS["count"].index(many))}
    noise = sample_noise(24, torch.Generator().manual_seed(1))["tracks"]
    return plan_tracks(slots, noise, torch.full((24,), 3.0), 36)[0]


def scene_of(seconds: float = 3.0, frames: int = 36, **values: str) -> Tensor:
    noise = sample_noise(8, torch.Generator().manual_seed(1))["tracks"]
    return plan_tracks(scenes(8, **values), noise, torch.full((8,), seconds), frames)[1]


def boxes(actors: Tensor, k: int, noun: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(left, top, right, bottom) of what is visible of actor k, (B, T) each."""
    half, top, feet = extents()[SLOTS["subject"].index(noun)]
    side, x, y = actors[:, :, k, SIZE].exp(), actors[:, :, k, X], actors[:, :, k, Y]
    return x - half * side, y + top * side, x + half * side, y + feet * side


def turnings(values: Tensor) -> Tensor:
    """How often each row of (B, T) changes direction."""
    steps = values[:, 1:] - values[:, :-1]
    return ((steps[:, 1:] * steps[:, :-1]) < 0).sum(1)


def test_plans_depend_on_slots_and_noise_alone() -> None:
    slots = sample_slots(40, np.random.default_rng(0))
    noise, seconds = torch.randn(40, 12), torch.linspace(1, 6, 40)
    actors, scene = plan_tracks(slots, noise, seconds, 12)
    assert actors.shape == (40, 12, 4, 8) and scene.shape == (40, 12, 8)
    assert torch.isfinite(actors).all() and torch.isfinite(scene).all()
    few = {name: values[7:9] for name, values in slots.items()}
    again, scene_again = plan_tracks_at(few, noise[7:9], seconds[7:9], (torch.arange(12) / 12).expand(2, 12))
    assert torch.allclose(actors[7:9], again, atol=1e-6) and torch.allclose(scene[7:9], scene_again, atol=1e-6)


def test_the_cast_is_who_was_named() -> None:
    cast = {}
    for index, name in enumerate(SLOTS["count"]):
        cast[name] = cast_of(scenes(1) | {"count": torch.tensor([index])})[0].tolist()
    assert cast == {"one": [0, -1, -1, -1], "two": [0, 0, -1, -1], "three": [0, 0, 0, -1]}
    assert cast_of(scenes(1, relation="beside"))[0].tolist() == [0, -1, -1, 1]
    assert actors_of()[:, :, OTHER, SIZE].max() < -3


def test_what_moves_left_moves_left_and_looks_there() -> None:
    for noun in ("dog", "airplane", "car"):
        left = actors_of(motion="left", subject=noun)[:, :, MAIN]
        right = actors_of(motion="right", subject=noun)[:, :, MAIN]
        assert bool((left[:, 1:, X] < left[:, :-1, X]).all()) and bool((left[..., FLIP] == 1).all())
        assert bool((right[:, 1:, X] > right[:, :-1, X]).all()) and bool((right[..., FLIP] == -1).all())
        assert (right[:, -1, X] - right[:, 0, X]).min() > 0.4


@pytest.mark.parametrize("motion, column, sign", [
    ("rise", Y, -1), ("fall", Y, 1), ("approach", SIZE, 1), ("recede", SIZE, -1)])  # fmt: skip
def test_motions_go_where_their_name_says(motion: str, column: int, sign: int) -> None:
    for noun in ("dog", "bird"):
        track = actors_of(motion=motion, subject=noun)[:, :, MAIN, column]
        assert bool((sign * (track[:, -1] - track[:, 0]) > 0.2).all())


def test_jumps_go_along_in_arcs_and_land_on_the_ground() -> None:
    for motion, sign in (("left_jumping", -1), ("right_jumping", 1)):
        track = actors_of(motion=motion, frames=72)[:, :, MAIN]
        assert bool((sign * (track[:, -1, X] - track[:, 0, X]) > 0.4).all())
        assert turnings(track[..., Y]).min() >= 5
        bottom = boxes(track[:, :, None], 0, "dog")[3]
        assert (track[..., SHADOW_Y] - bottom).amin(1).max() < 0.02, "feet touch the ground"
        assert (bottom.amax(1) - bottom.amin(1)).min() > 0.10


def test_beats_are_told_apart() -> None:
    angle = {name: torch.atan2(t[..., SIN], t[..., COS]) for name in ("spin", "sway", "shake", "still")
             for t in [actors_of(motion=name, seconds=4.0, frames=96)[:, :, MAIN]]}  # fmt: skip
    steps = torch.remainder(angle["spin"][:, 1:] - angle["spin"][:, :-1] + np.pi, 2 * np.pi) - np.pi
    assert steps.sum(1).abs().min() > 2 * np.pi, "whole turns"
    assert turnings(angle["sway"]).max() <= 5 < 15 <= turnings(angle["shake"]).min()
    assert angle["sway"].abs().amax(1).min() > 0.3 > 0.2 > angle["shake"].abs().max() > 0.1
    assert angle["still"].abs().max() < 0.06


def test_a_zigzag_turns_sharply_up_and_down_on_its_way() -> None:
    track = actors_of(motion="zigzag", seconds=4.0, frames=96, subject="bird")[:, :, MAIN]
    assert bool(((track[:, -1, X] - track[:, 0, X]).abs() > 0.4).all()) and turnings(track[..., Y]).min() >= 4
    speed = (track[:, 1:, Y] - track[:, :-1, Y]).abs()
    assert (speed.median(1).values / speed.mean(1)).min() > 0.8, "straight between its corners"


def test_a_swoop_dives_across() -> None:
    track = actors_of(motion="swoop", subject="eagle")[:, :, MAIN]
    assert (track[..., Y].amax(1) - track[:, 0, Y]).min() > 0.25
    assert (track[:, -1, X] - track[:, 0, X]).abs().min() > 0.4
    assert bool(((track[:, -1, X] - track[:, 0, X]).sign() == -track[:, 0, FLIP]).all())


def test_beats_keep_their_pace_whatever_the_length() -> None:
    slots, z = scenes(4, motion="spin"), torch.randn(4, 12)
    short = plan_tracks_at(slots, z, torch.full((4,), 2.0), torch.full((4, 1), 0.5))[0]
    long = plan_tracks_at(slots, z, torch.full((4,), 4.0), torch.full((4, 1), 0.25))[0]
    assert torch.allclose(short[..., SIN : COS + 1], long[..., SIN : COS + 1], atol=1e-5)


def test_a_longer_walk_covers_more_ground() -> None:
    ground = [float((x[:, -1] - x[:, 0]).mean()) for seconds in (1.0, 2.0, 6.0)
              for x in [actors_of(motion="right", seconds=seconds)[:, :, MAIN, X]]]  # fmt: skip
    assert ground[0] < ground[1] < ground[2]


def test_copies_stand_apart_and_a_little_out_of_phase() -> None:
    track = crowd_of("three", motion="bounce", subject="frog")
    lefts, rights = zip(*((box[0], box[2]) for box in (boxes(track, k, "frog") for k in (1, 0, 2))))
    assert bool((rights[0] < lefts[1] + 0.02).all()) and bool((rights[1] < lefts[2] + 0.02).all())
    bounces = track[:, :, :3, Y] - track[:, :, :3, Y].mean(1, keepdim=True)
    assert (bounces[:, :, 0] - bounces[:, :, 1]).abs().amax(1).min() > 0.05
    assert crowd_of("two")[:, :, 2, SIZE].max() < -3


@pytest.mark.parametrize("relation", ["chases", "follows"])
def test_pursuers_run_behind_in_the_direction_of_travel(relation: str) -> None:
    for motion, sign in (("left", -1), ("right", 1), ("left_jumping", -1)):
        actors = actors_of(relation=relation, motion=motion)
        for k in (MAIN, OTHER):
            assert bool((sign * (actors[:, -1, k, X] - actors[:, 0, k, X]) > 0.12).all())
            assert bool((actors[:, :, k, FLIP] == -sign).all())
        assert bool((sign * (actors[:, :, OTHER, X] - actors[:, :, MAIN, X]) > 0.1).all())


def test_above_is_above_and_below_is_below() -> None:
    for motion in ("still", "left", "rise", "bounce"):
        above = actors_of(relation="above", motion=motion, subject="balloon", other="car")
        assert bool((boxes(above, MAIN, "balloon")[3] < boxes(above, OTHER, "car")[1] + 0.02).all()), motion
        below = actors_of(relation="below", motion=motion, subject="car", other="balloon")
        assert bool((boxes(below, OTHER, "balloon")[3] < boxes(below, MAIN, "car")[1] + 0.02).all()), motion


def test_neighbours_stand_side_by_side() -> None:
    actors = actors_of(relation="beside")
    mine, theirs = boxes(actors, MAIN, "dog"), boxes(actors, OTHER, "cat")
    assert bool(((mine[2] < theirs[0] + 0.02) | (theirs[2] < mine[0] + 0.02)).all())
    assert (mine[3] - theirs[3]).abs().max() < 0.1
    toward = (actors[:, :, OTHER, X] - actors[:, :, MAIN, X]).sign()
    assert bool((actors[:, :, MAIN, FLIP] == -toward).all()) and bool((actors[:, :, OTHER, FLIP] == toward).all())


def test_those_who_meet_come_close_and_stop() -> None:
    actors = actors_of(relation="meets", motion="right")
    gap = actors[:, :, OTHER, X] - actors[:, :, MAIN, X]
    assert (gap[:, 0] - gap[:, -1]).min() > 0.2 and gap.min() > 0.05
    assert (gap[:, -6:] - gap[:, -1:]).abs().max() < 0.01
    assert bool((actors[:, :, MAIN, FLIP] == -1).all()) and bool((actors[:, :, OTHER, FLIP] == 1).all())


def test_circling_goes_around_the_other_one() -> None:
    actors = actors_of(relation="circles", motion="orbit", seconds=4.0, other="house")
    apart = actors[:, :, MAIN, X : Y + 1] - actors[:, :, OTHER, X : Y + 1]
    for column in (0, 1):
        assert bool((apart[..., column].amax(1) > 0.1).all()) and bool((apart[..., column].amin(1) < -0.1).all())
    assert (actors[:, :, OTHER, X].amax(1) - actors[:, :, OTHER, X].amin(1)).max() < 0.01


def test_riders_sit_on_the_back_all_the_way() -> None:
    actors = actors_of(relation="rides", motion="right_jumping", subject="monkey", other="elephant")
    rider, mount = boxes(actors, MAIN, "monkey"), boxes(actors, OTHER, "elephant")
    assert bool((rider[1] < mount[1]).all()) and bool((rider[3] > mount[1]).all()) and bool((rider[3] < mount[3]).all())
    assert (actors[:, :, MAIN, X] - actors[:, :, OTHER, X]).abs().max() < 0.06
    assert (actors[:, -1, OTHER, X] - actors[:, 0, OTHER, X]).min() > 0.3


def test_sizes_are_ordered() -> None:
    small, normal, big = (actors_of(size=size)[:, 0, MAIN, SIZE].exp() for size in ("small", "normal", "big"))
    assert small.max() < normal.min() and normal.max() < big.min()


def test_walkers_stand_on_the_ground_boats_on_water_and_flyers_in_the_air() -> None:
    for noun, place in (("dog", "meadow"), ("car", "city"), ("sailboat", "sea"), ("apple", "beach")):
        bottom = boxes(actors_of(subject=noun, place=place), MAIN, noun)[3]
        assert bottom.min() > ground_level(place) - 0.04 and bottom.max() < 0.99, noun
    air = boxes(actors_of(subject="bird"), MAIN, "bird")[3]
    assert air.max() < ground_level("meadow") - 0.1
    assert actors_of(subject="dog", place="space")[:, :, MAIN, SHADOW].max() == 0


@pytest.mark.parametrize("camera", SLOTS["camera"])
def test_cameras_move_as_said_and_stay_inside_the_strip(camera: str) -> None:
    scene = scene_of(camera=camera)
    first, last = scene[:, 0], scene[:, -1]
    moved = {"pan_left": first[:, 0] - last[:, 0], "pan_right": last[:, 0] - first[:, 0],
             "zoom_in": first[:, 2] - last[:, 2], "zoom_out": last[:, 2] - first[:, 2],
             "tilt_up": first[:, 1] - last[:, 1], "tilt_down": last[:, 1] - first[:, 1]}  # fmt: skip
    if camera == "static":
        assert (first[:, :3] - last[:, :3]).abs().max() == 0
    else:
        assert moved[camera].min() > 0.08
    assert bool(((scene[..., 1] - 0.5).abs() <= 0.5 * (1 - scene[..., 2]) + 1e-6).all()), "nothing above or below it"
    assert (scene[..., 0] - 0.75).abs().max() <= 0.22


def test_whoever_stands_keeps_to_the_ground_that_a_camera_slides_away() -> None:
    noise, seconds = torch.randn(6, 12), torch.full((6,), 3.0)
    rest = plan_tracks(scenes(6, motion="still"), noise, seconds, 12)[0]
    actors, scene = plan_tracks(scenes(6, motion="still", camera="pan_right"), noise, seconds, 12)
    shift = actors[:, :, MAIN, X] - actors[:, :1, MAIN, X]
    ground = -1.1 * (scene[..., 0] - scene[:, :1, 0]) / (1 - 0.06 * 1.1)
    assert torch.allclose(shift, ground, atol=2e-3) and (rest[:, -1, MAIN, X] - rest[:, 0, MAIN, X]).abs().max() < 2e-3


def test_weather_is_there_only_where_said() -> None:
    assert scene_of(weather="clear")[..., 3:].abs().max() == 0
    for weather, column in (("rain", 3), ("snow", 4), ("fog", 5), ("wind", 7)):
        assert scene_of(weather=weather)[..., column].min() > 0.6
    storm = scene_of(weather="storm", seconds=4.0, frames=96)
    assert storm[..., 3].min() > 0.7 and storm[..., 6].amax(1).min() > 0.7 and storm[..., 6].median() < 0.1


def test_everyone_is_seen_most_of_the_time() -> None:
    slots = sample_slots(1500, np.random.default_rng(2))
    seconds = 1 + 5 * torch.rand(1500)
    actors = plan_tracks(slots, torch.randn(1500, 12), seconds, 12)[0]
    noun = torch.stack([slots["subject"]] * 3 + [(slots["other"] - 1).clamp(min=0)], 1)
    shape = extents()[noun][:, None]
    side = actors[..., SIZE].exp()
    wide = [actors[..., X] - shape[..., 0] * side, actors[..., X] + shape[..., 0] * side]
    tall = [actors[..., Y] + shape[..., 1] * side, actors[..., Y] + shape[..., 2] * side]
    inside = (wide[1].clamp(0, 1) - wide[0].clamp(0, 1)) * (tall[1].clamp(0, 1) - tall[0].clamp(0, 1))
    shown = inside / ((wide[1] - wide[0]) * (tall[1] - tall[0]))
    present = cast_of(slots) >= 0
    assert shown.mean(1)[present].mean() > 0.97 and (shown.mean(1)[present] > 0.7).float().mean() > 0.99
