"""The world's scenery: what its strips promise, and what is seen on them."""

from __future__ import annotations

import pytest
import torch

from studio.captions.lexicon import SLOTS
from studio.worlds.noise import NOISE_SIZES
from studio.worlds.scenery import (
    VARIANTS,
    WATER,
    ground_level,
    paint_strips,
    strip_offsets,
    variant_of,
)
from studio.worlds.sky import NIGHT, SUN_X, SUN_Y

PLACES = [name for name in SLOTS["place"] if name != "any"]
TIMES = [name for name in SLOTS["time"] if name != "any"]
OUTDOORS = [name for name in PLACES if name not in ("studio", "space", "underwater", "moon")]
HEIGHT = 48


def scenes(*rows: tuple[str, str, str], seed: int = 0, variant: int | None = None):
    """Slots and noise of scenes given as (place, time, weather)."""
    names = ("place", "time", "weather")
    slots = {name: torch.tensor([SLOTS[name].index(row[k]) for row in rows]) for k, name in enumerate(names)}
    noise = torch.randn(len(rows), NOISE_SIZES["strips"], generator=torch.Generator().manual_seed(seed))
    if variant is not None:
        noise[:, 15] = (-1.2, 0.0, 1.2)[variant]
    return slots, noise


def flat(strips: torch.Tensor) -> torch.Tensor:
    """All strips over one another, (B, 3, H, W)."""
    out = strips[:, 0, :3]
    for k in range(1, 4):
        out = out * (1 - strips[:, k, 3:]) + strips[:, k, :3]
    return out


@pytest.fixture(scope="module")
def by_day() -> torch.Tensor:
    """Every place by day, in its first composition and with the same noise: (20, 4, 4, H, 2H)."""
    slots, noise = scenes(*[(name, "day", "clear") for name in PLACES], variant=0)
    return paint_strips(slots, noise[:1].expand(len(PLACES), -1), HEIGHT)


def test_strips_have_their_shape_and_range(by_day):
    assert by_day.shape == (len(PLACES), 4, 4, HEIGHT, 2 * HEIGHT)
    assert torch.isfinite(by_day).all()
    assert by_day.min() >= 0 and by_day.max() <= 1


def test_colours_are_premultiplied(by_day):
    assert (by_day[:, :, :3] <= by_day[:, :, 3:] + 1e-6).all()


def test_the_sky_is_opaque_and_the_land_is_not(by_day):
    assert (by_day[:, 0, 3] == 1).all()
    assert (by_day[:, 1:, 3, : HEIGHT // 12, HEIGHT - 4 : HEIGHT + 4] < 0.5).all()


def test_the_same_noise_gives_the_same_strips():
    slots, noise = scenes(("forest", "dusk", "snow"), ("city", "night", "rain"))
    assert torch.equal(paint_strips(slots, noise, HEIGHT), paint_strips(slots, noise, HEIGHT))


def test_a_scene_does_not_depend_on_its_neighbours():
    rows = [("sea", "sunset", "clear"), ("studio", "day", "clear"), ("lake", "morning", "snow"),
            ("arctic", "night", "clear"), ("moon", "day", "clear"), ("volcano", "dawn", "storm")]
    slots, noise = scenes(*rows)
    together = paint_strips(slots, noise, HEIGHT)
    for k in range(len(rows)):
        alone = paint_strips({name: values[k : k + 1] for name, values in slots.items()}, noise[k : k + 1], HEIGHT)
        assert torch.allclose(together[k], alone[0], atol=1e-5)


@pytest.mark.parametrize("place", OUTDOORS)
def test_nights_are_darker_than_days_and_still_readable(place):
    slots, noise = scenes((place, "day", "clear"), (place, "night", "clear"), variant=1)
    day, night = flat(paint_strips(slots, noise[:1].expand(2, -1), HEIGHT))
    assert night.mean() < 0.6 * day.mean()
    assert night.mean() > 0.08
    assert night[2].mean() > night[0].mean(), "nights are blue"


def test_times_of_day_differ_everywhere_outdoors():
    for place in OUTDOORS:
        slots, noise = scenes(*[(place, time, "clear") for time in TIMES], variant=0)
        seen = flat(paint_strips(slots, noise[:1].expand(len(TIMES), -1), HEIGHT)).flatten(1)
        gaps = torch.cdist(seen, seen, p=1) / seen.shape[1] + torch.eye(len(TIMES))
        assert gaps.min() > 0.03, place


def test_sunset_is_redder_than_day_and_dawn_pinker_than_morning():
    slots, noise = scenes(*[("meadow", time, "clear") for time in TIMES], variant=0)
    seen = flat(paint_strips(slots, noise[:1].expand(len(TIMES), -1), HEIGHT))
    red, green, blue = seen[:, :, : HEIGHT // 2].mean((2, 3)).T
    warm = dict(zip(TIMES, (red - blue).tolist(), strict=True))
    pink = dict(zip(TIMES, (0.5 * (red + blue) - green).tolist(), strict=True))
    assert warm["sunset"] > 0.2 > warm["day"]
    assert pink["dawn"] > 0 > pink["morning"]


def test_places_differ_from_one_another(by_day):
    seen = torch.nn.functional.avg_pool2d(flat(by_day), 4).flatten(1)
    gaps = torch.cdist(seen, seen, p=1) / seen.shape[1] + torch.eye(len(PLACES))
    assert gaps.min() > 0.02


def test_compositions_of_a_place_differ():
    for place in PLACES:
        slots, noise = scenes(*[(place, "day", "clear")] * VARIANTS)
        noise = noise[:1].repeat(VARIANTS, 1)
        noise[:, 15] = torch.tensor([-1.2, 0.0, 1.2])
        assert variant_of(noise).tolist() == [0, 1, 2]
        first, second, third = flat(paint_strips(slots, noise, HEIGHT))
        assert min((a - b).abs().mean() for a, b in ((first, second), (second, third), (first, third))) > 0.008, place


def test_outlines_stay_while_light_and_noise_change():
    slots, noise = scenes(("castle", "day", "clear"), ("castle", "night", "storm"), seed=3, variant=2)
    strips = paint_strips(slots, noise, HEIGHT)
    assert torch.equal(strips[0, 1:, 3], strips[1, 1:, 3])
    assert not torch.allclose(strips[0, 1:, :3], strips[1, 1:, :3], atol=0.05)


def test_snow_whitens_the_ground_and_storms_darken_the_sky():
    slots, noise = scenes(("meadow", "day", "clear"), ("meadow", "day", "snow"), ("meadow", "day", "storm"), variant=0)
    clear, snow, storm = paint_strips(slots, noise[:1].expand(3, -1), HEIGHT)
    ground = slice(int(0.88 * HEIGHT), HEIGHT)
    assert snow[3, 2, ground].mean() > clear[3, 2, ground].mean() + 0.3
    assert storm[0, :3].mean() < 0.75 * clear[0, :3].mean()


def test_windows_are_lit_at_night():
    slots, noise = scenes(("village", "night", "clear"), variant=0)
    middle = paint_strips(slots, noise, 96)[0, 2]
    warm = (middle[0] > 0.6) & (middle[0] > middle[2] + 0.15)
    assert 20 < warm.sum() < 800


def test_timeless_places_ignore_the_hour_and_the_weather():
    for place in ("studio", "space", "underwater", "moon"):
        slots, noise = scenes((place, "day", "clear"), (place, "night", "storm"))
        first, second = paint_strips(slots, noise[:1].expand(2, -1), HEIGHT)
        assert torch.equal(first, second)


def test_offsets_stay_on_the_strip_and_water_keeps_under_its_sun():
    rows = [("sea", "sunset", "clear"), ("castle", "day", "clear")] * 200
    slots, noise = scenes(*rows)
    offsets = strip_offsets(slots, noise)
    assert offsets.shape == (400, 4)
    assert offsets.min() >= 0 and offsets.max() <= 0.5
    assert torch.equal(offsets[0::2, 2], offsets[0::2, 0])
    assert (offsets[1::2, 1:].amax(1) - offsets[1::2, 1:].amin(1)).max() <= 0.12 + 1e-6, "the land moves together"


def test_the_moon_stands_where_the_sky_says():
    slots, noise = scenes(("desert", "night", "clear"), variant=0)
    sky = paint_strips(slots, noise, 96)[0, 0, :3].mean(0)
    column, row = int(SUN_X * 96), int(SUN_Y[NIGHT] * 96)
    disc = sky[row - 2 : row + 2, column - 2 : column + 2].mean()
    assert disc > 0.8 and disc > sky.mean() + 0.4


def test_ground_levels_and_water_name_places():
    assert set(WATER) <= set(PLACES)
    assert all(0.75 <= ground_level(place) <= 0.95 for place in PLACES)
    slots, noise = scenes(*[(place, "day", "clear") for place in PLACES if place not in ("studio", "space")], variant=0)
    strips = paint_strips(slots, noise, HEIGHT)
    row = int(0.93 * HEIGHT)
    assert (strips[:, 1:, 3, row].amax(1) > 0.95).all(), "there is ground under every outdoor subject"
