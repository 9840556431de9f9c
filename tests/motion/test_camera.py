"""A steady camera: its numbers mean what they say, and it is found beside what moves by itself."""

from __future__ import annotations

import cmath

import numpy as np

from studio.motion.camera import Camera, centred, fit_camera, grid_points, uncentred


def test_a_camera_is_what_its_numbers_say() -> None:
    growth, shift = Camera(complex(0.02, 0.01), 3 - 1j).after(10)
    assert abs(growth - cmath.exp(complex(0.2, 0.1))) < 1e-9
    # Ten frames are ten times one frame.
    point = one = 5 + 7j
    a, b = Camera(complex(0.02, 0.01), 3 - 1j).after(1)
    for _ in range(10):
        one = a * one + b
    assert abs(growth * point + shift - one) < 1e-6


def test_a_camera_is_found_beside_a_mover() -> None:
    truth = Camera(complex(0.01, -0.004), 2 + 0.5j)
    y, x = np.mgrid[0:72, 0:128] * 5 + 2.0
    speed = truth.velocity((x - 319.5) + 1j * (y - 179.5))
    speed[20:50, 40:80] += 9 - 6j
    field = np.stack([speed.real, speed.imag], -1).astype(np.float32)
    found = fit_camera(field, np.ones((72, 128), np.float32), (360, 640))
    assert abs(found.turn - truth.turn) < 4e-4
    assert abs(found.shift - truth.shift) < 0.1


def test_a_still_camera_is_none() -> None:
    assert fit_camera(np.zeros((36, 64, 2), np.float32), np.ones((36, 64), np.float32), (72, 128)) == Camera()


def test_points_of_a_grid_go_to_the_centre_and_back() -> None:
    points = grid_points((2, 4), (8, 16))
    assert points[0, 0].tolist() == [1.5, 1.5] and points[1, 3].tolist() == [13.5, 5.5]
    np.testing.assert_allclose(uncentred(centred(points, (8, 16)), (8, 16)), points, atol=1e-5)
    assert centred(np.array([7.5, 3.5]), (8, 16)) == 0


def test_a_zoom_is_fastest_at_the_border() -> None:
    speed = Camera(turn=0.1 + 0j).velocity_on((3, 5), (30, 50))
    assert speed.shape == (3, 5, 2) and speed.dtype == np.float32
    assert np.abs(speed[1, 2]).max() < 1e-6
    np.testing.assert_allclose(speed[0, 4], (2.0, -1.0), atol=1e-5)
