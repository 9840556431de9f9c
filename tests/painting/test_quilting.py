"""Patches sewn from a painting: its tones, its strokes' direction, and no seam where they wrap."""

import numpy as np
import pytest

from studio.painting import quilting
from studio.painting.quilting import main_tones, sew_atlas


@pytest.fixture(autouse=True)
def small_patches(monkeypatch):
    monkeypatch.setattr(quilting, "PATCH", 96)


def painting() -> np.ndarray:
    """Left half blue with strokes that run across, right half orange with strokes that run down."""
    rng = np.random.default_rng(0)
    across = np.repeat(rng.normal(0, 25, (160, 1, 1)), 120, axis=1)
    down = np.repeat(rng.normal(0, 25, (1, 120, 1)), 160, axis=0)
    picture = np.concatenate([across + (40, 70, 170), down + (220, 140, 40)], axis=1)
    return np.clip(picture, 0, 255).astype(np.uint8)


def sewn(seed: int = 0):
    *steps, atlas = sew_atlas(painting(), seed)
    assert all(step is None for step in steps) and len(steps) == len(atlas.tones) - 1
    return atlas


def test_main_tones_are_the_colours_from_dark_to_light():
    flat = np.zeros((100, 100, 3), np.float32)
    flat[:50], flat[50:] = (0.9, 0.8, 0.7), (0.1, 0.2, 0.3)
    tones = main_tones(flat, 2)
    assert np.abs(tones - [[0.1, 0.2, 0.3], [0.9, 0.8, 0.7]]).max() < 0.05


def test_each_tone_has_the_strokes_that_were_used_for_it():
    atlas = sewn()
    assert atlas.patches.dtype == np.int8 and atlas.patches.shape[1:] == (96, 96, 3)
    for tone, patch in zip(atlas.tones, atlas.patches.astype(float)):
        steps_down, steps_across = np.abs(np.diff(patch, axis=0)).mean(), np.abs(np.diff(patch, axis=1)).mean()
        if tone[2] > tone[0] + 0.3:  # blue
            assert steps_down > 2 * steps_across
        elif tone[0] > tone[2] + 0.5:  # orange
            assert steps_across > 2 * steps_down


def test_patches_hold_strokes_only_and_wrap_without_a_seam():
    patches = sewn().patches.astype(float)
    assert np.abs(patches.mean((1, 2))).max() < 1
    inside = sum(np.abs(np.diff(patches, axis=axis)).mean() for axis in (1, 2))
    border = sum(np.abs(patches.take(0, axis) - patches.take(-1, axis)).mean() for axis in (1, 2))
    assert border < 1.4 * inside


def test_the_same_seed_sews_the_same_patches():
    first, again, other = sewn(3), sewn(3), sewn(4)
    assert np.array_equal(first.patches, again.patches)
    assert not np.array_equal(first.patches, other.patches)


def test_a_painting_of_one_colour_has_no_strokes():
    *_, atlas = sew_atlas(np.full((128, 128, 3), 90, np.uint8))
    assert not atlas.patches.any()
