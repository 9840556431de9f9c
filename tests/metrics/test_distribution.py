"""The Frechet distance against closed forms, and distances of items whose differences are known."""

from __future__ import annotations

import numpy as np
import pytest

from studio.metrics.distribution import frechet_distance, mean_pairwise_distance


def _shaped(mean: np.ndarray, cov: np.ndarray, count: int, seed: int) -> np.ndarray:
    """A sample whose mean and covariance are exactly these: noise whitened by its own moments, then coloured."""
    noise = np.random.default_rng(seed).normal(size=(count, len(mean)))
    noise -= noise.mean(0)
    white = noise @ np.linalg.inv(np.linalg.cholesky(np.cov(noise, rowvar=False))).T
    return white @ np.linalg.cholesky(cov).T + mean


def test_equal_sets_are_at_distance_zero() -> None:
    features = np.random.default_rng(0).normal(size=(60, 7))
    assert frechet_distance(features, features[::-1]) == pytest.approx(0, abs=1e-9)


def test_a_shift_costs_its_square() -> None:
    features = np.random.default_rng(1).normal(size=(50, 4))
    assert frechet_distance(features, features + np.array([3.0, 0, 4.0, 0])) == pytest.approx(25)


def test_independent_features_follow_the_closed_form() -> None:
    """For diagonal covariances the trace term is the sum of (standard deviation - other's)^2."""
    mean, a, b = np.zeros(3), np.array([1.0, 2.0, 0.5]), np.array([3.0, 2.0, 1.5])
    first, second = _shaped(mean, np.diag(a**2), 400, 2), _shaped(mean + 1, np.diag(b**2), 300, 3)
    assert frechet_distance(first, second) == pytest.approx(3 + ((a - b) ** 2).sum())


def test_turned_gaussians_follow_the_closed_form_in_the_plane() -> None:
    """In two dimensions tr (A B)^(1/2) = sqrt(tr(A B) + 2 sqrt(det(A B))), without any root of a matrix."""
    a, b = np.array([[4.0, 1.2], [1.2, 1.0]]), np.array([[1.0, -0.6], [-0.6, 2.5]])
    first, second = _shaped(np.zeros(2), a, 200, 4), _shaped(np.zeros(2), b, 200, 5)
    cross = np.sqrt(np.trace(a @ b) + 2 * np.sqrt(np.linalg.det(a @ b)))
    assert frechet_distance(first, second) == pytest.approx(np.trace(a) + np.trace(b) - 2 * cross)


def test_it_is_symmetric_and_bears_a_flat_direction() -> None:
    rng = np.random.default_rng(6)
    first, second = rng.normal(size=(20, 30)), rng.normal(size=(25, 30))  # fewer clips than features
    first[:, 3] = 1.0
    assert frechet_distance(first, second) == pytest.approx(frechet_distance(second, first), rel=1e-6)


def test_one_feature_is_enough_and_one_clip_is_not() -> None:
    line = np.array([[0.0], [2.0]])
    assert frechet_distance(line, 3 * line) == pytest.approx(4 + (np.sqrt(2) * 2) ** 2)
    with pytest.raises(ValueError):
        frechet_distance(line[:1], line)
    with pytest.raises(ValueError):
        frechet_distance(np.zeros((4, 2)), np.zeros((4, 3)))


def test_pairwise_distance_of_known_pictures() -> None:
    grey = np.stack([np.full((2, 4, 4, 3), level, np.uint8) for level in (10, 13, 20)])
    assert mean_pairwise_distance(grey) == pytest.approx((3 + 7 + 10) / 3, rel=1e-6)
    assert mean_pairwise_distance(np.repeat(grey[:1], 3, 0)) == 0
    with pytest.raises(ValueError):
        mean_pairwise_distance(grey[:1])
