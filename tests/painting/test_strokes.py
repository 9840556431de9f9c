"""Strokes of an atlas: the right patch for a colour, at the texture's coordinates, moving as they move."""

import numpy as np

from studio.painting.guides import SOFT, read_guides
from studio.painting.strokes import RELIEF, StrokeAtlas
from studio.painting.texture import Texture

TONES = np.array([[0.1, 0.1, 0.4], [0.9, 0.8, 0.2]], np.float32)
LUMA = np.array([0.299, 0.587, 0.114])


def atlas() -> StrokeAtlas:
    patches = np.random.default_rng(0).integers(-60, 60, (2, 32, 32, 3), dtype=np.int8)
    return StrokeAtlas(TONES, patches)


def flat(tone: int, height: int = 20, width: int = 28) -> np.ndarray:
    return np.broadcast_to(TONES[tone], (height, width, 3)).copy()


def shift(x: float, y: float, height: int = 20, width: int = 28) -> np.ndarray:
    return np.broadcast_to(np.array([x, y], np.float32), (height, width, 2)).copy()


def expected(tone: int, x: int, y: int) -> tuple[np.ndarray, np.ndarray]:
    """Pattern (40, 56) and tiles (20, 28, 3), by rolling the patch."""
    patch = np.roll(atlas().patches[tone] / 255.0, (-2 * y, -2 * x), (0, 1))
    patch = np.tile(patch, (2, 2, 1))[:40, :56]
    halves = patch.reshape(20, 2, 28, 2, 3).mean((1, 3))
    return patch @ LUMA * RELIEF, TONES[tone] + halves


def test_a_colour_gets_the_strokes_of_its_own_tone():
    for tone in (0, 1):
        pattern, tiles = atlas().lay(flat(tone), shift(0, 0))
        wanted_pattern, wanted_tiles = expected(tone, 0, 0)
        assert np.abs(pattern - wanted_pattern).max() < 1e-3
        assert np.abs(tiles - wanted_tiles).max() < 1e-3


def test_strokes_lie_at_the_textures_coordinates_and_wrap():
    for x, y in ((3, 5), (-7, 2), (1000, -900)):
        pattern, tiles = atlas().lay(flat(1), shift(x, y))
        wanted_pattern, wanted_tiles = expected(1, x, y)
        assert np.abs(pattern - wanted_pattern).max() < 1e-3
        assert np.abs(tiles - wanted_tiles).max() < 1e-3


def test_between_two_tones_strokes_are_mixed():
    middle = np.broadcast_to(TONES.mean(0), (20, 28, 3)).copy()
    pattern, _ = atlas().lay(middle, shift(0, 0))
    wanted = (expected(0, 0, 0)[0] + expected(1, 0, 0)[0]) / 2
    assert np.abs(pattern - wanted).max() < 0.02 * np.abs(wanted).max()


def test_one_tone_alone_serves_every_colour():
    single = StrokeAtlas(TONES[:1], atlas().patches[:1])
    pattern, tiles = single.lay(flat(1), shift(0, 0))
    assert np.isfinite(pattern).all() and np.isfinite(tiles).all()
    assert np.abs(pattern - expected(0, 0, 0)[0]).max() < 1e-3


def test_only_the_maps_of_tiles_differ_from_the_usual_guides():
    rgb = np.random.default_rng(1).random((64, 80, 3), np.float32)
    texture = Texture.still(32, 40, 2)
    usual, studied = read_guides(rgb, texture), atlas().read_guides(rgb, texture)
    assert np.array_equal(studied.sharp[0], usual.sharp[0])
    first = SOFT.index("tile_red")
    assert np.array_equal(studied.soft[:first], usual.soft[:first])
    colours = np.ascontiguousarray(usual.soft[:3].transpose(1, 2, 0))
    pattern, tiles = atlas().lay(colours, texture.shift)
    assert np.array_equal(studied.sharp[1], pattern)
    assert np.array_equal(studied.soft[first:], tiles.transpose(2, 0, 1))
