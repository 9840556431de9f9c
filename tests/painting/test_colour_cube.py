"""Colours of a painting as a map from all colours: exact where the map is known, orderly where it is found."""

import numpy as np

from studio.painting.colour_cube import SIDE, ColourCube

LUMA = np.array([0.299, 0.587, 0.114])


def grid() -> np.ndarray:
    steps = np.linspace(0, 1, SIDE, dtype=np.float32)
    return np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1)


def two_colours(dark: tuple, light: tuple) -> np.ndarray:
    """A painting, half of it in each colour, with a little noise."""
    painting = np.zeros((120, 160, 3))
    painting[:60], painting[60:] = dark, light
    return np.clip(painting + np.random.default_rng(0).normal(0, 6, painting.shape), 0, 255).astype(np.uint8)


def noise_picture(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (40, 50, 3), dtype=np.uint8)


def test_the_cube_of_unchanged_colours_changes_nothing():
    picture = noise_picture()
    mapped = ColourCube(grid()).map(picture)
    assert mapped.dtype == np.uint8
    assert np.abs(mapped.astype(int) - picture).max() <= 2


def test_a_cube_that_swaps_channels_swaps_them():
    picture = noise_picture()
    mapped = ColourCube(np.ascontiguousarray(grid()[..., [2, 0, 1]])).map(picture)
    assert np.abs(mapped.astype(int) - picture[..., [2, 0, 1]]).max() <= 2


def test_curves_between_the_corners_of_the_cube_are_followed():
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    mapped = ColourCube(grid() ** 2).map(ramp)[0, :, 0].astype(float)
    assert np.abs(mapped - np.arange(256.0) ** 2 / 255).max() < 3


def test_greys_take_on_the_paintings_colours_and_stay_in_order():
    cube = ColourCube.between([], two_colours((20, 30, 90), (240, 220, 120)))
    ramp = np.repeat(np.arange(0, 256, 5, dtype=np.uint8)[None, :, None], 3, axis=2)
    mapped = cube.map(ramp)[0].astype(float)
    assert mapped[8, 2] > mapped[8, 0] + 20, "dark greys became blue"
    assert mapped[-8, 0] > mapped[-8, 2] + 50, "light greys became yellow"
    assert np.diff(mapped @ LUMA).min() > -3


def test_the_mapped_sources_have_the_paintings_mean():
    painting = two_colours((200, 60, 30), (250, 180, 150))
    source = noise_picture(2)
    cube = ColourCube.between([source], painting)
    off = np.abs(cube.map(source).mean((0, 1)) - painting.mean((0, 1)))
    assert off.max() < 20 < np.abs(source.mean((0, 1)) - painting.mean((0, 1))).max()


def test_the_same_seed_gives_the_same_cube():
    painting = noise_picture(3)
    cubes = [ColourCube.between([noise_picture()], painting, seed=4).colours for _ in range(2)]
    assert np.array_equal(*cubes)
    assert not np.array_equal(cubes[0], ColourCube.between([noise_picture()], painting, seed=5).colours)
