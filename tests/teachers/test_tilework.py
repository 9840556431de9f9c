"""Teachers of pieces: what each makes of a picture, measured on the painting itself."""

import numpy as np
import pytest

from studio.painting.guides import SHARP, Guides, luminance, read_guides
from studio.painting.texture import Texture
from studio.painting.tiling import PIXEL, SCREEN_PERIOD
from studio.teachers import tilework

H, W = 96, 144
TILINGS = {
    "pop": "screen",
    "halftone": "screen",
    "pixel": "pixels",
    "mosaic": "stones",
    "stained": "glass",
    "lowpoly": "triangles",
    "pointillist": "dots",
    "textile": "threads",
}


def scene() -> np.ndarray:
    """A sky that gets lighter, a red hill, a dark house: float32 (H, W, 3)."""
    y, x = np.mgrid[0:H, 0:W].astype(np.float32)
    picture = np.stack([0.25 + 0.3 * y / H, 0.45 + 0.3 * y / H, 0.85 - 0.1 * y / H], -1)
    picture[y > 62 + 14 * np.sin(x / 23)] = (0.72, 0.30, 0.18)
    picture[44:74, 60:88] = (0.16, 0.15, 0.2)
    return picture.astype(np.float32)


def paint(look: str, picture: np.ndarray, seed: int = 1) -> tuple[np.ndarray, Guides]:
    height, width = picture.shape[:2]
    guides = read_guides(picture, Texture.still(height // 2, width // 2, seed), TILINGS[look])
    return getattr(tilework, f"paint_{look}")(picture, guides), guides


def pattern(guides: Guides) -> np.ndarray:
    return guides.sharp[SHARP.index("pattern")]


@pytest.mark.parametrize("look", TILINGS)
def test_a_painting_is_a_picture_and_the_same_every_time(look):
    first, _ = paint(look, scene())
    again, _ = paint(look, scene())
    other, _ = paint(look, scene(), seed=2)
    assert first.shape == (H, W, 3) and first.dtype == np.float32
    assert first.min() >= 0 and first.max() <= 1 and first.std() > 0.1
    assert np.array_equal(first, again)
    # All but the big pixels lie where the texture lies.
    assert (np.abs(first - other).mean() < 0.005) == (look == "pixel")


@pytest.mark.parametrize("look", TILINGS)
def test_what_is_dark_stays_darker_than_what_is_bright(look):
    """Eight pixels' blur takes dots and stones away: the scene is still to be made out."""
    painted, _ = paint(look, scene())
    light, source = (luminance(picture).reshape(H // 8, 8, W // 8, 8).mean((1, 3)) for picture in (painted, scene()))
    assert np.corrcoef(light.ravel(), source.ravel())[0, 1] > 0.6


@pytest.mark.parametrize("look", [name for name in TILINGS if name != "pixel"])
def test_a_moved_picture_gives_a_moved_painting(look):
    big = np.pad(scene(), ((0, 0), (0, 16), (0, 0)), mode="edge")
    texture = Texture.still(H // 2, W // 2, seed=3)
    moved = Texture(noise=np.roll(texture.noise, -8, axis=1), shift=texture.shift + np.array([8, 0], np.float32))
    teacher = getattr(tilework, f"paint_{look}")
    here, there = (
        teacher(part, read_guides(part, lie, TILINGS[look]))
        for part, lie in ((big[:, :W], texture), (big[:, 16:], moved))
    )
    # What is far from all borders; the widest guide sees sixty pixels, but weakly.
    assert np.abs(here[:, 56:-40] - there[:, 40:-56]).mean() < 0.02


def test_big_pixels_are_of_one_colour_and_few_tones():
    painted, _ = paint("pixel", scene())
    block = painted.reshape(H // PIXEL, PIXEL, W // PIXEL, PIXEL, 3)
    assert block.std((1, 3)).mean() < 0.01
    plain = np.full((H, W, 3), 0.5, np.float32) * np.linspace(0.6, 1.4, W, dtype=np.float32)[None, :, None]
    tones = luminance(paint("pixel", plain)[0])[PIXEL // 2 :: PIXEL, PIXEL // 2 :: PIXEL]
    assert len(np.unique(np.round(tones, 1))) <= 7  # of the 24 columns' own


def test_dots_grow_with_the_dark():
    dark, bright = (np.full((H, W, 3), tone, np.float32) for tone in (0.3, 0.7))
    shares = [float((luminance(paint("halftone", tone)[0]) < 0.55).mean()) for tone in (bright, dark)]
    assert shares[0] + 0.2 < shares[1]
    page, _ = paint("halftone", bright)
    inner = luminance(page)[16:-16, 16:-16]
    assert np.allclose(inner[:, SCREEN_PERIOD:], inner[:, :-SCREEN_PERIOD], atol=0.02)  # a regular screen
    assert inner.std() > 0.1


def test_pop_prints_red_things_hot_and_blue_ones_cool():
    painted, _ = paint("pop", scene())
    hill, sky = painted[84:, 100:].mean((0, 1)), painted[8:40, 8:50].mean((0, 1))
    assert hill[0] - hill[2] > 0.2 and sky[2] - sky[0] > 0.2


def test_stones_lie_in_grout_and_panes_in_lead():
    grey = np.full((H, W, 3), 0.6, np.float32)
    for look, darker in (("mosaic", 0.12), ("stained", 0.4)):
        painted, guides = paint(look, grey)
        light, border = luminance(painted), pattern(guides)
        between, inside = light[border < 0.1].mean(), light[border > 0.6].mean()
        assert inside - between > darker, look


def test_a_facet_is_flat_and_a_window_is_colourful():
    painted, guides = paint("lowpoly", scene())
    inside = pattern(guides) > 0.5
    steps = np.abs(np.diff(luminance(painted), axis=1))
    assert np.median(steps[inside[:, 1:] & inside[:, :-1]]) < 0.002
    window, _ = paint("stained", scene())
    assert np.ptp(window, axis=-1)[pattern(paint("stained", scene())[1]) > 0.6].mean() > np.ptp(scene(), axis=-1).mean()


def test_dabs_differ_from_their_neighbours_and_wool_has_ridges():
    plain = np.full((H, W, 3), (0.5, 0.45, 0.4), np.float32)
    dabs, guides = paint("pointillist", plain)
    chroma = (dabs - luminance(dabs)[..., None])[pattern(guides) > 0.3]
    assert chroma.std(0).min() > 0.015
    knit, guides = paint("textile", plain)
    ridge, groove = (luminance(knit)[mask].mean() for mask in (pattern(guides) > 0.5, pattern(guides) < -0.5))
    assert ridge - groove > 0.15


def test_looks_differ_from_each_other():
    paintings = {look: paint(look, scene())[0] for look in TILINGS}
    names = list(paintings)
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            assert np.abs(paintings[first] - paintings[second]).mean() > 0.03, (first, second)
