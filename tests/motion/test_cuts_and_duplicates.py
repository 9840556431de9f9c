"""Scene cuts and repeated frames: what they are, and what they must not be mistaken for."""

import cv2
import numpy as np
import pytest

from studio.motion.cuts import cut_evidence, is_cut
from studio.motion.duplicates import is_duplicate
from studio.motion.rates import nodes


def scene(seed, hue, height=120, width=200):
    """A scene with a dominant hue (0..179), uint8 RGB, larger than a frame by a margin of 40."""
    rng = np.random.default_rng(seed)
    base = sum(
        cv2.resize(rng.random((height // s + 9, width // s + 9)), (width + 40, height + 40)) * s for s in (6, 20, 60)
    )
    value = np.uint8(40 + 200 * (base - base.min()) / np.ptp(base))
    hsv = np.dstack([np.full_like(value, hue), np.full_like(value, 170), value])
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)


def frame(picture, x=20, y=20, height=120, width=200):
    return np.ascontiguousarray(picture[y : y + height, x : x + width])


@pytest.mark.parametrize("seeds", [(1, 2), (3, 4), (5, 6)])
def test_two_scenes_are_a_cut(seeds):
    first, second = frame(scene(seeds[0], 15)), frame(scene(seeds[1], 110))
    assert is_cut(first, second) and is_cut(second, first)
    evidence = cut_evidence(first, second)
    assert evidence.structure < 0.7 and evidence.colour > 0.2


@pytest.mark.parametrize("shift", [0, 3, 12])
def test_a_pan_is_no_cut(shift):
    picture = scene(1, 60)
    assert not is_cut(frame(picture), frame(picture, x=20 + shift))


def test_light_that_changes_is_no_cut():
    picture = frame(scene(2, 30))
    assert not is_cut(picture, np.uint8(picture * 0.4))
    assert not is_cut(picture, np.uint8(255 - (255 - picture) * 0.5))


def test_from_a_title_card_to_a_scene_is_a_cut_and_two_black_frames_are_none():
    black = np.zeros((120, 200, 3), np.uint8)
    assert is_cut(black, frame(scene(3, 100)))
    assert not is_cut(black, black)


def test_coding_noise_is_a_duplicate_and_a_small_moving_thing_is_none():
    picture = frame(scene(4, 80))
    rng = np.random.default_rng(0)
    noisy = np.clip(picture + rng.integers(-1, 2, picture.shape) * (rng.random(picture.shape) < 0.3), 0, 255)
    assert is_duplicate(picture, picture)
    assert is_duplicate(picture, noisy.astype(np.uint8))
    touched = picture.copy()
    touched[50:58, 90:98] = 255 - touched[50:58, 90:98]
    assert not is_duplicate(picture, touched)
    assert not is_duplicate(picture, frame(scene(4, 80), x=21))
    assert not is_duplicate(picture, picture[:-2])


def grained(picture, rng, deviation=4.0):
    return np.uint8(np.clip(np.rint(picture + rng.normal(0, deviation, picture.shape)), 0, 255))


def test_a_duplicate_with_grain_of_its_own_is_one_and_a_grainy_pan_is_none():
    wall, rng = scene(5, 40), np.random.default_rng(1)
    still = frame(wall)
    assert is_duplicate(grained(still, rng), grained(still, rng))
    assert not is_duplicate(grained(still, rng), grained(frame(wall, x=21), rng))
    half = cv2.warpAffine(wall, np.float32([[1, 0, 0.3], [0, 1, 0]]), wall.shape[1::-1], flags=cv2.INTER_CUBIC)
    assert not is_duplicate(grained(still, rng), grained(frame(half), rng))


def test_the_repeats_of_pulldown_and_of_animation_on_twos_are_left_out_of_a_grainy_clip():
    wall, rng = scene(6, 100), np.random.default_rng(2)
    patterns = ([0, 0, 1, 1, 1, 2, 2, 3, 3, 3, 4, 4], [0, 0, 1, 1, 2, 2, 3, 3, 4, 5], [0, 1, 2, 3, 3, 4, 5, 6, 7, 7, 8])
    for pattern in patterns:
        clip = [grained(frame(wall, x=10 + 2 * index), rng, 3.0) for index in pattern]
        kept = [place for place, _ in nodes(clip, drop_duplicates=True)]
        first = [place for place, index in enumerate(pattern) if place == 0 or index != pattern[place - 1]]
        assert kept == sorted({*first, len(pattern) - 1})
