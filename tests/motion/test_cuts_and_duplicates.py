"""Scene cuts and repeated frames: what they are, and what they must not be mistaken for."""

import cv2
import numpy as np
import pytest

from studio.motion.cuts import is_cut, pair_evidence
from studio.motion.duplicates import is_duplicate
from studio.pipelines.interpolation.rates import nodes


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
    evidence = pair_evidence(first, second)
    assert evidence.matched < 0.5 and evidence.colour > 0.8


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


def pan(picture, start, step, count=4):
    return [frame(picture, x=start + step * index) for index in range(count)]


def asked(frames):
    """Whether a cut is seen in the middle of four frames; the film run backward must say the same."""
    answers = {is_cut(b, c, a, d) for a, b, c, d in (frames, frames[::-1])}
    assert len(answers) == 1
    return answers.pop()


def test_a_join_of_quiet_shots_is_a_cut_even_of_one_colour_in_the_dark_or_without_colour():
    for dark in (1.0, 0.25):
        for hue, other in ((30, 30), (15, 110)):
            frames = [*pan(scene(1, hue), 10, 1)[:2], *pan(scene(2, other), 10, 1)[2:]]
            assert asked([np.uint8(picture * dark) for picture in frames])
            grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in frames]
            assert asked([np.uint8(dark * np.dstack([picture] * 3)) for picture in grey])


def test_a_fast_pan_a_ramp_of_light_and_something_that_passes_are_no_cuts():
    wall = np.hstack([scene(seed, 60) for seed in (1, 2, 3)])
    assert not asked([frame(wall, x=20 + 90 * index) for index in range(4)])
    still = frame(scene(2, 30))
    assert not asked([np.uint8(still * gain) for gain in (1.0, 0.7, 0.4, 0.1)])
    passes = pan(scene(4, 40), 10, 1)
    for index, left in ((1, 110), (2, 30)):
        passes[index] = passes[index].copy()
        passes[index][:, left : left + 90] = (20, 30, 90)
    assert not asked(passes)


@pytest.mark.parametrize("lit", [1, 2])
def test_a_flash_is_no_cut(lit):
    frames = pan(scene(5, 60), 10, 2)
    frames[lit] = np.uint8(255 - (255 - frames[lit]) * 0.3)
    assert not asked(frames)


def test_bars_and_a_title_do_not_hide_a_cut():
    frames = [*pan(scene(6, 15), 10, 1)[:2], *pan(scene(7, 110), 10, 1)[2:]]
    for picture in frames:
        picture[:18] = picture[-18:] = 0
        cv2.putText(picture, "A title", (20, 90), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 2)
    assert asked(frames)


def test_neighbours_that_repeat_say_nothing_about_motion():
    """Animation on twos: what stands still on either side of a step is the same drawing, not a quiet shot."""
    first, second = frame(scene(1, 60)), frame(scene(1, 60), x=32)
    assert not is_cut(first, second, first, second)
    assert is_cut(first, frame(scene(8, 110)), first, frame(scene(8, 110)))


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
