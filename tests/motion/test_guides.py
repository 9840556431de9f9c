"""Guides: what they measure, and that they move with the picture."""

import numpy as np

from studio.motion.guides import (
    SCREEN_PERIOD,
    SOFT,
    contour_lines,
    draw_along,
    flatten_colours,
    halftone_screen,
    read_guides,
    tangents,
)


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


def test_guides_move_with_picture_and_noise() -> None:
    rng = np.random.default_rng(2)
    picture = np.repeat(np.repeat(rng.random((30, 40, 3)), 8, 0), 8, 1).astype(np.float32)
    noise = rng.standard_normal((120, 160)).astype(np.float32)
    shift = 2 * SCREEN_PERIOD
    here = read_guides(picture, noise)
    there = read_guides(np.roll(picture, shift, axis=1), np.roll(noise, shift // 2, axis=1))
    moved = np.roll(here.soft, shift // 2, axis=2)
    inner = np.s_[:, 40:-40, 40:-40]
    for index, name in enumerate(SOFT):
        assert np.abs(there.soft - moved)[inner][index].mean() < 0.05, name
    assert np.abs(there.sharp - np.roll(here.sharp, shift, axis=2))[:, 16:-16, 48:-48].max() < 1e-3


def test_screen_has_its_period() -> None:
    screen = halftone_screen(40, 50)
    assert screen.shape == (40, 50)
    assert np.allclose(screen[:, SCREEN_PERIOD:], screen[:, :-SCREEN_PERIOD], atol=1e-6)
    assert screen.max() > 0.99 and screen.min() < -0.99
