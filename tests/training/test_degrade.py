"""Spoiling frames: every way changes them within bounds, the same seed in the same way, and never what was given."""

import cv2
import numpy as np
import pytest

from studio.training.degrade import draw_kinds, noisy, recoded, relit, spoil


@pytest.fixture(scope="module")
def frames():
    rng = np.random.default_rng(0)
    return [cv2.GaussianBlur(rng.integers(60, 200, (48, 64, 3), np.uint8), (0, 0), 2) for _ in range(3)]


def apart(one, other):
    return float(np.abs(np.stack(one).astype(int) - np.stack(other)).mean())


def test_low_rates_lose_more(frames):
    window = np.stack(frames)
    fine, rough = recoded(window, 10), recoded(window, 45)
    assert fine.shape == rough.shape == window.shape and fine.dtype == np.uint8
    assert apart(fine, window) < 3 < apart(rough, window) + 2
    assert apart(fine, window) < apart(rough, window)


@pytest.mark.parametrize("kind", ["coded", "noise", "blur", "flicker"])
def test_each_way_spoils_a_copy_alike_for_a_seed(frames, kind):
    before = [frame.copy() for frame in frames]
    made = spoil(frames, (kind,), np.random.default_rng(3))
    again = spoil(frames, (kind,), np.random.default_rng(3))
    np.testing.assert_array_equal(made, again)
    np.testing.assert_array_equal(frames, before)
    assert 0 < apart(made, frames) < 15
    assert all(frame.dtype == np.uint8 and frame.flags["C_CONTIGUOUS"] for frame in made)


def test_blur_takes_one_frame_or_all(frames):
    counts = set()
    for seed in range(20):
        made = spoil(frames, ("blur",), np.random.default_rng(seed))
        counts.add(sum(not np.array_equal(*pair) for pair in zip(made, frames)))
    assert counts == {1, 3}


def test_noise_is_as_strong_as_asked_and_new_in_each_frame():
    grey = [np.full((64, 64, 3), 128, np.uint8)] * 2
    for seed in range(6):
        first, second = noisy(grey, 8, np.random.default_rng(seed))
        assert first.std() == pytest.approx(8, rel=0.1)
        assert (first.astype(int) - second).std() == pytest.approx(8 * 2**0.5, rel=0.1)


def test_another_light_is_the_same_for_the_same_time(frames):
    made = relit([frames[0], frames[1], frames[0]], [0.0, 1.0, 0.0], np.random.default_rng(1))
    np.testing.assert_array_equal(made[0], made[2])
    assert apart(made, [frames[0], frames[1], frames[0]]) > 1


def test_kinds_come_in_the_order_in_which_they_happen():
    order = ("flicker", "blur", "noise", "coded")
    rng = np.random.default_rng(0)
    drawn = [draw_kinds(rng) for _ in range(200)]
    assert {len(kinds) for kinds in drawn} == {1, 2} and {kind for kinds in drawn for kind in kinds} == set(order)
    assert all(kinds == tuple(sorted(kinds, key=order.index)) for kinds in drawn)
