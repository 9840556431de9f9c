"""Keyframes far apart: a view that moves over a wall by known ways, as the world's own geometry says."""

import cv2
import numpy as np
import pytest

from studio.motion.between import measure_gap, synthesise
from studio.motion.wide import align, camera_at, cameras_between, gap_at, quality, survey

SIZE = 240, 135


def wall(seed=0, height=420, width=720):
    rng = np.random.default_rng(seed)
    picture = sum(cv2.resize(rng.random((height // s + 2, width // s + 2, 3)), (width, height)) for s in (6, 11, 27))
    for _ in range(60):
        centre = tuple(int(c) for c in rng.integers((0, 0), (width, height)))
        cv2.circle(picture, centre, int(rng.integers(4, 16)), tuple(float(c) for c in 3 * rng.random(3)), -1)
    return np.uint8(255 * np.clip(picture / 3, 0, 1))


def view(picture, x, y, zoom, turn):
    """The window of SIZE at (x, y) of a wall, `zoom` times as large, turned by `turn` degrees."""
    way = cv2.getRotationMatrix2D((x, y), turn, zoom)
    way[:, 2] += (SIZE[0] - 1) / 2 - x, (SIZE[1] - 1) / 2 - y
    return cv2.warpAffine(picture, way, SIZE, flags=cv2.INTER_AREA if zoom == 1 else cv2.INTER_CUBIC)


WAYS = {
    "pan": lambda t: (300 + 110 * t, 210, 1.0, 0.0),
    "turn": lambda t: (360, 210, 1.0, 50 * t),
    "zoom": lambda t: (360, 210, 1.1 * 1.9**t, 0.0),
    "turn and zoom": lambda t: (360, 210, 1.1 * 1.5**t, -35 * t),
}


def off(made, truth):
    return np.abs(made.astype(int) - truth).mean()


@pytest.mark.parametrize("name", list(WAYS))
def test_a_camera_that_moved_far_is_found_and_followed_at_an_even_pace(name):
    picture, way = wall(), WAYS[name]
    first, second = view(picture, *way(0)), view(picture, *way(1))
    found = survey(first, second)
    assert found.log is not None and found.quality > 0.6
    aligned = align(first, second, found.log)
    for moment in (0.25, 0.5, 0.8):
        made = synthesise(gap_at(aligned, moment), moment)
        truth = view(picture, *way(moment))
        assert off(made, truth) < 4
        assert off(made, truth) < 0.3 * off(synthesise(measure_gap(first, second), moment), truth)


def test_the_way_back_is_the_way():
    picture, way = wall(), WAYS["turn and zoom"]
    first, second = view(picture, *way(0)), view(picture, *way(1))
    there, back = survey(first, second).log, survey(second, first).log
    points = np.float64([[[60, 30]], [[180, 30]], [[180, 100]], [[60, 100]]])
    home = cv2.perspectiveTransform(points, camera_at(there, 1) @ camera_at(back, 1))
    assert np.abs(home - points).max() < 0.7
    one = synthesise(gap_at(align(first, second, there), 0.3), 0.3)
    other = synthesise(gap_at(align(second, first, back), 0.7), 0.7)
    assert off(one, other) < 2


def test_the_camera_is_the_similarity_of_the_views():
    picture, way = wall(), WAYS["turn and zoom"]
    first, second = view(picture, *way(0)), view(picture, *way(1))
    middle = (SIZE[0] - 1) / 2, (SIZE[1] - 1) / 2
    truth = np.vstack([cv2.getRotationMatrix2D(middle, -35, 1.5), [0, 0, 1]])
    points = np.float64([[[60, 30]], [[180, 30]], [[180, 100]], [[60, 100]]])
    for camera in cameras_between(first, second):
        moved, expected = (cv2.perspectiveTransform(points, matrix) for matrix in (camera, truth))
        assert np.abs(moved - expected).max() < 1


def test_half_a_camera_twice_is_the_camera():
    log = survey(view(wall(), *WAYS["turn"](0)), view(wall(), *WAYS["turn"](1))).log
    np.testing.assert_allclose(camera_at(log, 0.5) @ camera_at(log, 0.5), camera_at(log, 1), atol=1e-6)
    np.testing.assert_allclose(camera_at(log, 0), np.eye(3), atol=1e-9)


def test_pictures_of_different_things_are_joined_by_nothing():
    for seed in range(3):
        found = survey(view(wall(seed), *WAYS["pan"](0)), view(wall(seed + 10), *WAYS["pan"](0)))
        assert found.quality < 0.1 and found.log is None


def test_small_motion_needs_no_camera():
    picture = wall()
    first, second = view(picture, 300, 210, 1, 0), view(picture, 303, 211, 1, 0)
    found = survey(first, second)
    assert found.log is None and found.quality > 0.9
    assert quality(measure_gap(first, first)) > 0.99


@pytest.mark.parametrize("size", [(16, 16), (37, 61), (8, 200)])
def test_any_size_and_plain_pictures(size):
    plain = np.full((*size, 3), 90, np.uint8)
    assert survey(plain, plain).log is None
    noise = np.random.default_rng(0).integers(0, 255, (*size, 3), np.uint8)
    assert survey(plain, noise).log is None


def test_full_size_is_what_it_is_in_small():
    """The search looks at pictures of at most 640 pixels: the camera it finds must be that of the full ones."""
    picture, way = cv2.resize(wall(), None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC), WAYS["turn"]

    def large(t):
        x, y, zoom, turn = way(t)
        turned = cv2.getRotationMatrix2D((4 * x, 4 * y), turn, zoom)
        turned[:, 2] += 479.5 - 4 * x, 269.5 - 4 * y
        return cv2.warpAffine(picture, turned, (960, 540), flags=cv2.INTER_CUBIC)

    log = survey(large(0), large(1)).log
    points = np.float64([[[240, 135]], [[720, 135]], [[720, 405]], [[240, 405]]])
    truth = np.vstack([cv2.getRotationMatrix2D((479.5, 269.5), 50, 1), [0, 0, 1]])
    moved, expected = (cv2.perspectiveTransform(points, matrix) for matrix in (camera_at(log, 1), truth))
    assert np.abs(moved - expected).max() < 1.5
