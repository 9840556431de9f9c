"""Guides: what they measure, and that they move with the picture."""

import numpy as np
import pytest

from studio.painting.guides import (
    SHARP,
    SOFT,
    contour_lines,
    draw_along,
    flatten_colours,
    read_guides,
    tangents,
)
from studio.painting.texture import Texture
from studio.painting.tiling import TILINGS


def test_strokes_run_along_an_edge() -> None:
    picture = np.zeros((64, 64), np.float32)
    picture[:, 32:] = 1.0  # a vertical edge: strokes beside it run up and down
    noise = np.random.default_rng(0).standard_normal((64, 64)).astype(np.float32)
    direction = tangents(picture, noise)
    assert np.allclose(np.linalg.norm(direction, axis=2), 1, atol=1e-4)
    assert np.abs(direction[10:-10, 31:33, 1]).min() > 0.95


def test_drawing_along_smears_one_way_only() -> None:
    noise = np.random.default_rng(0).standard_normal((80, 80)).astype(np.float32)
    along_x = np.dstack([np.ones((80, 80)), np.zeros((80, 80))]).astype(np.float32)
    drawn = draw_along(noise, along_x)
    assert np.abs(np.diff(drawn, axis=1)).mean() < 0.5 * np.abs(np.diff(drawn, axis=0)).mean()


def test_flattening_keeps_the_edge_and_calms_the_rest() -> None:
    rng = np.random.default_rng(0)
    picture = np.full((40, 40, 3), 0.3, np.float32)
    picture[:, 20:] = 0.7
    noisy = picture + 0.04 * rng.standard_normal(picture.shape).astype(np.float32)
    flat = flatten_colours(noisy)
    assert np.abs(flat - picture)[4:-4, 4:-4].mean() < 0.5 * np.abs(noisy - picture)[4:-4, 4:-4].mean()
    assert flat[20, 22:24].mean() - flat[20, 16:18].mean() > 0.3


def test_contours_are_dark_beside_a_dark_line_only() -> None:
    picture = np.full((40, 40), 0.8, np.float32)
    picture[:, 20] = 0.1
    lines = contour_lines(picture)
    assert lines[20, 20] < -1 and abs(lines[20, 5]) < 0.05


@pytest.mark.parametrize("tiling", [name for name in TILINGS if name != "pixels"])
def test_guides_move_with_picture_and_texture(tiling: str) -> None:
    rng = np.random.default_rng(2)
    picture = np.repeat(np.repeat(rng.random((30, 40, 3)), 8, 0), 8, 1).astype(np.float32)
    noise = rng.standard_normal((120, 160)).astype(np.float32)
    shift = 14
    still = np.zeros((120, 160, 2), np.float32)
    moved = still - np.array([shift // 2, 0], np.float32)
    here = read_guides(picture, Texture(noise=noise, shift=still), tiling)
    there = read_guides(
        np.roll(picture, shift, axis=1), Texture(noise=np.roll(noise, shift // 2, axis=1), shift=moved), tiling
    )
    soft = np.abs(there.soft - np.roll(here.soft, shift // 2, axis=2))[:, 40:-40, 40:-40]
    sharp = np.abs(there.sharp - np.roll(here.sharp, shift, axis=2))[:, 16:-16, 48:-48]
    for index, name in enumerate(SOFT):
        assert soft[index].mean() < 0.05, name
    assert sharp.max() < 2e-3


def test_guides_are_laid_out_as_named() -> None:
    rng = np.random.default_rng(3)
    picture = rng.random((40, 64, 3), dtype=np.float32)
    texture = Texture.still(20, 32, seed=1)
    guides = read_guides(picture, texture)
    assert guides.sharp.shape == (len(SHARP), 40, 64) and guides.soft.shape == (len(SOFT), 20, 32)
    assert np.array_equal(guides.soft[SOFT.index("noise")], texture.noise)
    assert not guides.sharp[SHARP.index("pattern")].any()
    colours = guides.soft[:3].mean((1, 2))
    assert np.allclose(colours, picture.mean((0, 1)), atol=0.05)
    cos, sin = guides.soft[SOFT.index("tangent_cos")], guides.soft[SOFT.index("tangent_sin")]
    assert np.allclose(cos * cos + sin * sin, 1, atol=1e-3)


def test_textures_have_about_unit_variance() -> None:
    grey = np.full((240, 320, 3), 0.5, np.float32)
    guides = read_guides(grey, Texture.still(120, 160, seed=4))
    for name in ("stroke", "noise", "pigment", "hatch_down", "hatch_up", "grain"):
        assert 0.75 < guides.soft[SOFT.index(name)].std() < 1.25, name


def test_reading_leaves_picture_and_texture_alone() -> None:
    rng = np.random.default_rng(5)
    picture = rng.random((32, 48, 3), dtype=np.float32)
    texture = Texture.still(16, 24, seed=2)
    kept = picture.copy(), texture.noise.copy(), texture.shift.copy()
    first, second = (read_guides(picture, texture, "stones") for _ in range(2))
    assert np.array_equal(first.soft, second.soft) and np.array_equal(first.sharp, second.sharp)
    for before, after in zip(kept, (picture, texture.noise, texture.shift)):
        assert np.array_equal(before, after)
