"""The classical in-between on motions that are known."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from studio.motion.between import candidates, matched_share, measure_gap, synthesise


def wall(height, width, seed=0):
    rng = np.random.default_rng(seed)
    picture = sum(cv2.resize(rng.random((height // s + 2, width // s + 2, 3)), (width, height)) for s in (6, 12, 30))
    return np.uint8(255 * (picture - picture.min()) / np.ptp(picture))


@pytest.mark.parametrize("size", [(120, 160), (121, 161)])
@pytest.mark.parametrize("moment", [0.25, 0.5, 0.75])
def test_a_translation_gives_the_frame_that_stands_there(size, moment):
    height, width = size
    picture = wall(height + 40, width + 40)
    first, truth, second = (
        np.ascontiguousarray(picture[20 : 20 + height, x : x + width]) for x in (20, 20 - round(8 * moment), 12)
    )
    made = synthesise(measure_gap(first, second), moment)
    assert made.shape == first.shape and made.dtype == np.uint8
    error = np.abs(made.astype(int) - truth)[12:-12, 16:-16]
    assert error.mean() < 2 and np.abs(first.astype(int) - truth)[12:-12, 16:-16].mean() > 2 * error.mean()


def test_identical_frames_give_that_frame():
    picture = wall(90, 130)
    np.testing.assert_array_equal(synthesise(measure_gap(picture, picture), 0.3), picture)


def test_backwards_in_time_is_the_same_frame():
    picture = wall(120, 180)
    first, second = picture[5:105, 5:165], picture[9:109, 12:172]
    forwards = synthesise(measure_gap(first, second), 0.3).astype(int)
    backwards = synthesise(measure_gap(second, first), 0.7).astype(int)
    assert np.abs(forwards - backwards).max() <= 1


def test_weights_are_shares_and_the_pool_changes_nothing():
    picture = wall(100, 140)
    gap = measure_gap(picture[:80, :120], picture[8:88, 10:130])
    found = candidates(gap, 0.4)
    assert found.warps.shape == (4, 40, 60, 3) and found.motions.shape == (2, 40, 60, 2)
    np.testing.assert_allclose(found.weights.sum(0), 1, atol=1e-5)
    assert (found.weights >= 0).all()
    with ThreadPoolExecutor(1) as pool:
        np.testing.assert_array_equal(synthesise(gap, 0.4, pool), synthesise(gap, 0.4))


def test_points_of_one_scene_are_found_again_and_of_its_negative_are_not():
    picture = wall(140, 200)
    assert matched_share(measure_gap(picture[:120, :160], picture[4:124, 6:166])) > 0.8
    assert matched_share(measure_gap(picture[:120, :160], 255 - picture[:120, :160])) < 0.1
