"""Tilings: every tile keeps one colour, and tiles move with the texture, not with the screen."""

import numpy as np
import pytest

from studio.painting.tiling import PIXEL, SCREEN_PERIOD, TILINGS, lay_tiles

H, W = 48, 72  # of the half-size picture
WITH_TILES = ("stones", "glass", "triangles", "dots", "threads")
TRAVELLING = ("screen", "hatching", *WITH_TILES)


def shift_of(x: float, y: float) -> np.ndarray:
    return np.broadcast_to(np.array([x, y], np.float32), (H, W, 2)).copy()


def slope() -> np.ndarray:
    """A picture that gets brighter to the right: a tile of one colour shows as a step."""
    return np.repeat(np.tile(np.linspace(0.2, 0.8, W, dtype=np.float32), (H, 1))[..., None], 3, 2)


@pytest.mark.parametrize("tiling", TILINGS)
def test_sizes_and_ranges(tiling):
    pattern, tiles = lay_tiles(tiling, slope(), shift_of(0.3, -7.6))
    assert pattern.shape == (2 * H, 2 * W) and tiles.shape == (H, W, 3)
    assert pattern.dtype == tiles.dtype == np.float32
    assert np.abs(pattern).max() <= 1.3 and tiles.min() >= 0 and tiles.max() <= 1


def test_no_tiling_is_nothing():
    pattern, tiles = lay_tiles("none", slope(), shift_of(3, 4))
    assert not pattern.any() and not tiles.any()


def test_an_unknown_tiling_is_named():
    with pytest.raises(ValueError, match="parquet"):
        lay_tiles("parquet", slope(), shift_of(0, 0))


@pytest.mark.parametrize("tiling", TRAVELLING)
def test_tiles_move_with_the_texture(tiling):
    """Half a dozen pixels of the texture (a dozen full ones): pattern and tiles are the old ones, moved."""
    picture = np.full((H, W, 3), 0.5, np.float32)
    pattern, tiles = lay_tiles(tiling, picture, shift_of(40, 80))
    moved_pattern, moved_tiles = lay_tiles(tiling, picture, shift_of(40 + 6, 80 + 5))
    assert np.allclose(moved_pattern[:-10, :-12], pattern[10:, 12:], atol=1e-3)
    assert np.allclose(moved_tiles[:-5, :-6], tiles[5:, 6:], atol=1e-3)
    assert pattern.std() > 0.1


def test_big_pixels_stay_on_the_screen():
    first, second = (lay_tiles("pixels", slope(), shift_of(x, 0)) for x in (0, 17.3))
    assert np.array_equal(first[0], second[0]) and np.array_equal(first[1], second[1])


def test_a_big_pixel_has_the_mean_colour_of_its_place():
    rng = np.random.default_rng(0)
    picture = rng.random((H, W, 3)).astype(np.float32)
    pattern, tiles = lay_tiles("pixels", picture, shift_of(0, 0))
    side = PIXEL // 2
    block = np.s_[2 * side : 3 * side, 5 * side : 6 * side]
    assert np.allclose(tiles[block], picture[block].mean((0, 1)), atol=1e-5)
    # A chessboard by the sign.
    sign = np.sign(pattern)[PIXEL // 2 :: PIXEL, PIXEL // 2 :: PIXEL]
    assert (sign[:, 1:] == -sign[:, :-1]).all() and (sign[1:] == -sign[:-1]).all()


@pytest.mark.parametrize("tiling", WITH_TILES)
def test_a_tile_keeps_one_colour(tiling):
    """On a slope every tile is flat: most neighbours are equal although no two columns of the picture are."""
    _, tiles = lay_tiles(tiling, slope(), shift_of(11, 3))
    equal = np.abs(np.diff(tiles, axis=1)).max(-1) < 1e-4
    assert equal.mean() > 0.45
    assert 0.1 < np.diff(tiles, axis=1).sum(1).mean() < 0.9  # and the slope is still there


@pytest.mark.parametrize("tiling", ("stones", "glass", "triangles"))
def test_colour_changes_only_at_the_border(tiling):
    picture = np.full((H, W, 3), 0.5, np.float32)
    pattern, tiles = lay_tiles(tiling, picture, shift_of(0, 0))
    change = np.abs(np.diff(tiles, axis=1)).max(-1) > 1e-3  # the tiles' own tints tell them apart
    between = np.minimum(pattern[::2, 1:-2:2], pattern[::2, 2:-1:2])
    assert change.any()
    assert between[change].mean() < 0.4 < between[~change].mean()


def test_tiles_travel_smoothly_with_a_moving_picture():
    """A picture that moves by a fraction of a pixel together with its texture: the tiles' colours stay."""
    y, x = np.mgrid[0:H, 0:W].astype(np.float32)

    def picture(move: float) -> np.ndarray:
        wave = 0.5 + 0.3 * np.sin((x - move) / 9) * np.cos(y / 8)
        return np.repeat(wave[..., None], 3, 2).astype(np.float32)

    _, tiles = lay_tiles("glass", picture(0), shift_of(100, 0))
    for move in (0.25, 0.5, 0.75):
        _, moved = lay_tiles("glass", picture(move), shift_of(100 - move, 0))
        off = np.abs(moved - tiles).max(-1)[6:-6, 12:-12]
        assert np.median(off) < 0.004  # pixels that changed tiles at a border are few


def test_the_screen_has_its_period():
    pattern, _ = lay_tiles("screen", slope(), shift_of(0.3, 0.1))
    assert np.allclose(pattern[:, SCREEN_PERIOD:], pattern[:, :-SCREEN_PERIOD], atol=1e-3)
    half = SCREEN_PERIOD // 2
    assert np.allclose(pattern[half:, half:], pattern[:-half, :-half], atol=1e-3)  # at 45 degrees
    assert pattern.max() > 0.85 and pattern.min() < -0.85


@pytest.mark.parametrize("tiling", TRAVELLING)
def test_the_atlas_wraps_without_a_seam(tiling):
    """Looked at across its edge and from anywhere, however far off, a tiling is the same endless one."""
    here = lay_tiles(tiling, slope(), shift_of(256 - W / 2, 256 - H / 2))
    far = lay_tiles(tiling, slope(), shift_of(-1024 - W / 2, 1024 - H / 2))
    assert np.allclose(here[0], far[0], atol=2e-3) and np.allclose(here[1], far[1], atol=1e-3)
    steps = np.abs(np.diff(here[0], axis=1)).mean(0)
    # The atlas's edge runs through the middle. In a knit it is the gap between two columns of stitches.
    assert tiling == "threads" or steps[W - 2 : W + 2].max() < 2.0 * steps.mean()


def test_a_coordinate_just_below_nil():
    pattern, tiles = lay_tiles("stones", slope(), np.full((H, W, 2), -1e-9, np.float32))
    assert np.isfinite(pattern).all() and np.isfinite(tiles).all()
