"""The finishing light does what light does: shadows away from the sun, mirror images, readable nights, calm ground."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from studio.captions.lexicon import SLOTS
from studio.compositing.compositor import compose
from studio.scene import SCENE_TRACKS
from studio.worlds.light import finish, ground_of, ground_tables

SIDE, LINE = 64, 0.62


def slots_of(**values: str) -> dict[str, Tensor]:
    chosen = {"place": "meadow", "time": "day", "weather": "clear"} | values
    return {name: torch.tensor([SLOTS[name].index(value)]) for name, value in chosen.items()}


def strips_noise(first: float = 1.0) -> Tensor:
    noise = torch.zeros(1, 16)
    noise[:, 0] = first
    return noise


def scene(
    sprite: Tensor, slots: dict[str, Tensor], sun: float = 1.0, times: tuple[float, ...] = (0.0,)
) -> tuple[Tensor, Tensor, Tensor]:
    """Composite and guides of a sprite (4, S, S) that stands on flat grey ground under a flat sky, and their finish."""
    strips = torch.zeros(1, 4, 4, SIDE, 2 * SIDE)
    strips[:, 0] = torch.tensor([0.6, 0.7, 0.9, 1.0])[:, None, None]
    strips[:, 2:, :, SIDE // 2 :] = torch.tensor([0.5, 0.5, 0.5, 1.0])[:, None, None]
    moments = len(times)
    actors, tracks = torch.zeros(1, moments, 4, 8), torch.zeros(1, moments, len(SCENE_TRACKS))
    actors[:, :, 0] = torch.tensor([0.5, LINE - 0.15, 0.0, 0.0, 1.0, 1.0, LINE, 0.3])
    actors[..., 2] = torch.tensor(0.3).log()
    tracks[..., :3] = torch.tensor([0.75, 0.5, 0.94])
    noise = {"strips": strips_noise(sun)}
    frames, guides = compose(
        strips, torch.full((1, 4), 0.25), sprite[None, None].expand(1, 2, -1, -1, -1), torch.tensor([[0, -1, -1, -1]]),
        actors, tracks, 1.0, (SIDE, SIDE), times=torch.tensor([times]), guides=True,
        ground=ground_of(slots["place"], slots["time"], noise["strips"], slots["weather"]),
    )  # fmt: skip
    return frames[0], guides[0], finish(frames, guides, slots, noise)[0]


def block(*colour: float) -> Tensor:
    """A sprite that is one square of colour."""
    return torch.tensor([*colour, 1.0])[:, None, None].expand(4, 24, 24).contiguous()


def brightness(pictures: Tensor) -> Tensor:
    return pictures.mean(-3)


@pytest.mark.parametrize("sun", [1.0, -1.0])
def test_a_shadow_falls_on_the_far_side_of_the_sun(sun: float) -> None:
    """Noise above 0 puts the sun on the left."""
    bare, guides, done = scene(block(0.8, 0.2, 0.2), slots_of(time="sunset"), sun)
    darker = brightness(bare - done)[0, round(LINE * SIDE) + 1 : round(LINE * SIDE) + 7]
    left, right = darker[:, : SIDE // 2].clamp(min=0).sum(), darker[:, SIDE // 2 :].clamp(min=0).sum()
    away, toward = (right, left) if sun > 0 else (left, right)
    assert away > 1.5 * toward and away > 1


def test_an_actor_over_water_is_mirrored_below() -> None:
    sprite = block(0.9, 0.1, 0.1)
    sprite[:3, 12:] = torch.tensor([0.1, 0.1, 0.9])[:, None, None]  # blue feet under a red head
    bare, _, done = scene(sprite, slots_of(place="sea"))
    line, middle = round(LINE * SIDE), slice(SIDE // 2 - 4, SIDE // 2 + 4)
    below = (done - bare)[0, :, line + 1 : line + 19, middle].mean(2)
    feet, head = below[:, 1:8].mean(1), below[:, 10:17].mean(1)
    assert feet[2] > feet[0] + 0.03, "the feet's blue lies next to the line"
    assert head[0] > head[2] + 0.03, "the head's red lies farther down"


def test_rain_makes_the_ground_mirror_instead_of_casting_shadows() -> None:
    place = torch.tensor([SLOTS["place"].index("city")] * 2)
    time = torch.tensor([SLOTS["time"].index("day")] * 2)
    weather = torch.tensor([SLOTS["weather"].index(name) for name in ("clear", "storm")])
    ground = ground_of(place, time, strips_noise().expand(2, -1), weather)
    assert ground[:, 0].tolist() == [0.0, 1.0]


def test_tables_say_what_ground_of_says() -> None:
    tables = ground_tables()
    for place in ("sea", "meadow"):
        for time in ("dawn", "night"):
            slots = slots_of(place=place, time=time)
            mirror, shear = ground_of(slots["place"], slots["time"], strips_noise(-0.5), slots["weather"])[0].tolist()
            assert mirror == tables["mirror"][place]
            assert shear == pytest.approx(-tables["shear"][time])
    assert [name for name, wet in tables["wet"].items() if wet] == ["rain", "storm"]


@pytest.mark.parametrize("weather", ["clear", "storm", "snow"])
def test_night_keeps_actors_readable(weather: str) -> None:
    seen = {}
    for name, colour in {"red": (0.9, 0.1, 0.1), "blue": (0.1, 0.3, 0.9), "yellow": (1.0, 0.85, 0.1)}.items():
        bare, guides, done = scene(block(*colour), slots_of(time="night", weather=weather))
        inside = guides[0, 0] > 0.99
        seen[name] = done[0][:, inside].mean(1)
        assert seen[name].mean() > 0.55 * bare[0][:, inside].mean()
    assert seen["red"].argmax() == 0 and seen["blue"].argmax() == 2
    assert seen["yellow"][:2].min() > 1.5 * seen["yellow"][2]


def test_the_lit_side_is_the_sun_s() -> None:
    _, guides, done = scene(block(0.5, 0.5, 0.5), slots_of(time="sunset"), 1.0)
    row = round((LINE - 0.15) * SIDE)
    inside = brightness(done[0])[row]
    columns = torch.nonzero(guides[0, 0, row] > 0.99)[:, 0]
    assert inside[columns[0]] > inside[columns[-1]] + 0.03


def test_only_what_moves_changes() -> None:
    """The same scene at two moments: land stands still to the last bit, water does not."""
    for place, moves in (("meadow", False), ("sea", True)):
        bare, _, done = scene(block(0.8, 0.2, 0.2), slots_of(place=place), times=(0.0, 0.7))
        assert torch.equal(bare[0], bare[1])
        change = (done[0] - done[1]).abs()
        assert (change[:, SIDE // 2 + 4 :].mean() > 0.004) == moves
        assert change[:, : SIDE // 4].max() < 0.01, "the sky stands still"
        assert moves or change.max() < 0.01


def test_the_same_in_gives_the_same_out_alone_or_together() -> None:
    generator = torch.Generator().manual_seed(1)
    frames, guides = torch.rand(2, 2, 3, 32, 48, generator=generator), torch.rand(2, 2, 8, 32, 48, generator=generator)
    slots = {name: values.repeat(2) for name, values in slots_of(place="lake", time="dawn").items()}
    noise = {"strips": torch.randn(2, 16, generator=generator)}
    together = finish(frames, guides, slots, noise)
    assert torch.equal(together, finish(frames, guides, slots, noise))
    one, its_noise = {name: values[1:] for name, values in slots.items()}, {"strips": noise["strips"][1:]}
    alone = finish(frames[1:, :1], guides[1:, :1], one, its_noise)
    torch.testing.assert_close(together[1:, :1], alone, atol=1e-5, rtol=1e-4)


def test_every_place_hour_and_weather_stays_in_range() -> None:
    generator = torch.Generator().manual_seed(2)
    count = len(SLOTS["place"])
    slots = {name: torch.arange(count) % len(SLOTS[name]) for name in ("place", "time", "weather")}
    both = torch.rand(count, 1, 11, 24, 24, generator=generator)
    frames, guides = both[:, :, :3], both[:, :, 3:]
    done = finish(frames, guides, slots, {"strips": torch.randn(count, 16, generator=generator)})
    assert done.shape == frames.shape and bool(done.isfinite().all())
    assert 0 <= done.min() and done.max() <= 1
