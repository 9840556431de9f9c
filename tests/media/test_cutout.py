"""Own pictures as sprites: by their alpha, by their outline, and a clear sentence where neither gives anything."""

import numpy as np
import pytest

from studio.errors import MediaError
from studio.media.cutout import LARGEST, cut_out


def backdrop(height, width, noise=4.0):
    """A soft blue gradient with a little noise, as a wall is."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    base = np.stack([70 + 30 * y / height, 110 + 20 * x / width, 190 - 30 * y / height], -1)
    return base + np.random.default_rng(0).normal(0, noise, base.shape)


def photograph(height=180, width=240, centre=(90, 120), radii=(50, 70)):
    """An orange ellipse on the backdrop, RGB, and which pixels are its own."""
    y, x = np.mgrid[0:height, 0:width]
    inside = ((y - centre[0]) / radii[0]) ** 2 + ((x - centre[1]) / radii[1]) ** 2 <= 1
    picture = np.where(inside[..., None], (225, 120, 40) + 12 * np.sin(x / 5.0)[..., None], backdrop(height, width))
    return np.clip(picture, 0, 255).astype(np.uint8), inside


def filled(sprite):
    return (sprite[..., 3] > 128).mean()


def test_alpha_decides_where_there_is_any():
    picture = np.zeros((60, 100, 4), np.uint8)
    picture[10:40, 20:90] = (200, 30, 30, 255)
    picture[20:30, 50:60, 3] = 0  # a window
    sprite = cut_out(picture)
    assert sprite.dtype == np.uint8 and sprite.shape[0] == sprite.shape[1] and sprite.shape[2] == 4
    side = len(sprite)
    assert 70 <= side <= 80, "cropped to the subject with a thin margin"
    assert (sprite[..., 3] > 0).sum() == 30 * 70 - 100
    rows = np.flatnonzero((sprite[..., 3] > 0).any(1))
    assert abs((rows[0] + rows[-1] + 1) / 2 - side / 2) <= 1, "in the middle of the square"
    assert not sprite[0].any() and not sprite[:, 0, 3].any()


def test_half_transparent_edges_stay_soft():
    picture = np.zeros((40, 40, 4), np.uint8)
    picture[10:30, 10:30] = (0, 200, 0, 255)
    picture[8:10, 10:30] = (0, 200, 0, 100)
    assert set(np.unique(cut_out(picture)[..., 3])) == {0, 100, 255}


def test_without_alpha_the_outline_is_found():
    picture, inside = photograph()
    sprite = cut_out(picture)
    assert sprite.shape[0] == sprite.shape[1] and 130 <= len(sprite) <= 160  # 140 pixels and a margin
    assert abs((sprite[..., 3] > 128).sum() / inside.sum() - 1) < 0.06
    middle = sprite[len(sprite) // 2, len(sprite) // 2]
    assert middle[3] == 255 and middle[0] > 190 and middle[2] < 80
    rim = sprite[(sprite[..., 3] > 200)][:, :3].astype(int)
    assert (rim[:, 2] > rim[:, 0]).mean() < 0.01, "hardly any of the blue wall comes along"


def test_an_opaque_alpha_is_no_transparency():
    picture, _ = photograph()
    opaque = np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])
    assert np.array_equal(cut_out(opaque), cut_out(picture))


def test_the_same_picture_gives_the_same_sprite():
    picture, _ = photograph()
    first = cut_out(picture)
    np.random.default_rng(1).random(100)
    assert np.array_equal(first, cut_out(picture))


def test_large_pictures_are_brought_down_and_small_ones_are_not_enlarged():
    picture, _ = photograph(900, 1200, (450, 600), (300, 400))
    assert len(cut_out(picture)) == LARGEST
    alpha = np.zeros((3000, 200, 4), np.uint8)
    alpha[100:2900, 50:150] = (90, 90, 200, 255)
    tall = cut_out(alpha)
    assert len(tall) == LARGEST and 0.02 < filled(tall) < 0.06
    small = np.zeros((12, 12, 4), np.uint8)
    small[3:9, 3:9] = 255
    assert len(cut_out(small)) == 8


def test_shrinking_brings_no_colour_from_transparent_pixels():
    picture = np.zeros((2048, 2048, 4), np.uint8)
    picture[..., :3] = (0, 255, 0)  # what lies unseen is green
    picture[500:1500, 500:1500] = (255, 0, 0, 255)
    sprite = cut_out(picture)
    assert sprite[sprite[..., 3] > 0][:, 1].max() <= 2


@pytest.mark.parametrize(
    "picture",
    [
        np.full((100, 100, 3), 128, np.uint8),
        np.zeros((100, 100, 4), np.uint8),
        np.random.default_rng(0).integers(0, 256, (120, 120, 3), dtype=np.uint8),
        np.zeros((3, 3, 3), np.uint8),
        np.zeros((1, 50, 3), np.uint8),
        np.zeros((50, 50), np.uint8),
        np.zeros((50, 50, 3), np.float32),
    ],
    ids=["one colour", "transparent", "noise", "tiny", "a line", "grey", "floats"],
)
def test_where_there_is_nothing_one_sentence_says_so(picture):
    with pytest.raises(MediaError) as error:
        cut_out(picture)
    assert str(error.value).endswith(".") and "\n" not in str(error.value)


def test_specks_are_left_out():
    y, x = np.mgrid[0:200, 0:200]
    picture = backdrop(200, 200)
    picture[np.hypot(y - 100, x - 100) < 80] = (210, 40, 60)
    picture[20:24, 20:24] = (210, 40, 60)
    assert 150 <= len(cut_out(np.clip(picture, 0, 255).astype(np.uint8))) <= 175


def test_a_subject_of_many_colours_stays_whole_though_one_of_them_is_the_background_s():
    """A ball striped in yellow, red and the blue of the wall."""
    y, x = np.mgrid[0:200, 0:200]
    inside = np.hypot(y - 100, x - 100) < 75
    stripes = np.array([(240, 200, 40), (210, 40, 60), (85, 120, 175)], np.float32)[y // 16 % 3]
    picture = np.clip(np.where(inside[..., None], stripes, backdrop(200, 200)), 0, 255).astype(np.uint8)
    sprite = cut_out(picture)
    assert (sprite[..., 3] > 128).sum() > 0.62 * inside.sum(), "at least the stripes that are not the wall's"
