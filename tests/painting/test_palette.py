"""Palettes: the map from one to another does what it says, with plain numpy as the judge."""

import numpy as np

from studio.painting.palette import Palette


def cloud(mean: tuple[float, float, float], spread: tuple[float, float, float], seed: int) -> np.ndarray:
    values = np.random.default_rng(seed).normal(mean, spread, (96, 96, 3))
    return np.clip(values, 0, 255).astype(np.uint8)


def test_the_wanted_palette_is_reached() -> None:
    source, wanted = cloud((120, 110, 90), (20, 20, 30), 0), cloud((150, 100, 140), (35, 15, 20), 1)
    mapped = Palette.of(source).map_to(source, Palette.of(wanted), amount=1.0).astype(float)
    assert np.abs(mapped.mean((0, 1)) - wanted.mean((0, 1))).max() < 3
    assert np.abs(mapped.std((0, 1)) - wanted.std((0, 1))).max() < 5


def test_no_amount_no_change() -> None:
    source, wanted = cloud((120, 110, 90), (20, 20, 30), 0), cloud((150, 100, 140), (35, 15, 20), 1)
    assert np.array_equal(Palette.of(source).map_to(source, Palette.of(wanted), amount=0.0), source)


def test_a_grey_picture_does_not_explode() -> None:
    grey = np.full((50, 60, 3), 128, np.uint8)
    grey[::2] += 1
    mapped = Palette.of(grey).map_to(grey, Palette.of(cloud((30, 200, 60), (60, 50, 60), 2)))
    assert np.ptp(mapped.astype(int), axis=(0, 1)).max() < 40


def test_towards_goes_part_of_the_way() -> None:
    one, other = Palette.of(cloud((100,) * 3, (9,) * 3, 0)), Palette.of(cloud((200,) * 3, (9,) * 3, 1))
    assert np.allclose(one.towards(other, 0.25).mean, 0.75 * one.mean + 0.25 * other.mean)
