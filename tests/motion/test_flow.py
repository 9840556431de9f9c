"""Flow, warping, inversion and splatting on motions that are known."""

import cv2
import numpy as np
import pytest

from studio.motion.flow import FlowQuality, estimate_both_ways, estimate_flow, inconsistency, invert_flow
from studio.motion.splat import splat
from studio.motion.warp import inside_frame, pixel_grid, resize_flow, warp_backward


def texture(height, width, seed=0):
    """Smooth noise with detail at several scales, uint8."""
    rng = np.random.default_rng(seed)
    layers = [cv2.resize(rng.random((height // s + 1, width // s + 1, 3)), (width, height)) for s in (4, 8, 24)]
    picture = sum(layers) / len(layers)
    return np.uint8(255 * (picture - picture.min()) / np.ptp(picture))


def moved(height, width, dx, dy, seed=0):
    """Two crops of one wall; the point at (x, y) of the first stands at (x + dx, y + dy) in the second."""
    wall = texture(height + 64, width + 64, seed)
    first = wall[32 : 32 + height, 32 : 32 + width]
    second = wall[32 - dy : 32 - dy + height, 32 - dx : 32 - dx + width]
    return np.ascontiguousarray(first), np.ascontiguousarray(second)


@pytest.mark.parametrize("dx, dy", [(3, 2), (-5, 1), (0, -7), (9, 0)])
@pytest.mark.parametrize(
    "quality", [FlowQuality(), FlowQuality(preset="fast"), FlowQuality(scale=0.5, finest_level=0)], ids=str
)
def test_a_translation_is_found(dx, dy, quality):
    first, second = moved(120, 160, dx, dy)
    flow = estimate_flow(first, second, quality)
    assert flow.shape == (120, 160, 2) and flow.dtype == np.float32
    inner = flow[24:-24, 24:-24]
    assert abs(np.median(inner[..., 0]) - dx) < 0.25
    assert abs(np.median(inner[..., 1]) - dy) < 0.25


def test_both_ways_agree_and_come_home():
    first, second = moved(120, 160, 6, -3)
    forward, backward = estimate_both_ways(first, second)
    np.testing.assert_array_equal(forward, estimate_flow(first, second))
    np.testing.assert_array_equal(backward, estimate_flow(second, first))
    assert np.median(inconsistency(forward, backward)[20:-20, 20:-20]) < 0.2
    assert np.median(inconsistency(forward, -2 * forward)) > 5


def test_a_still_picture_has_no_motion():
    still = texture(64, 80)
    assert np.abs(estimate_flow(still, still)).max() < 0.01


@pytest.mark.parametrize("size", [(1, 1), (5, 9), (17, 200)])
def test_pictures_too_small_for_the_pyramid_are_served(size):
    picture = texture(*size)
    flow = estimate_flow(picture, picture)
    assert flow.shape == (*size, 2) and np.isfinite(flow).all()


def test_warping_fetches_from_where_the_flow_points():
    picture = texture(40, 50)
    flow = np.full((40, 50, 2), (3, -2), np.float32)
    warped = warp_backward(picture, flow)
    np.testing.assert_array_equal(warped[2:, :-3], picture[:-2, 3:])
    np.testing.assert_array_equal(warped[:, -1], warped[:, -4])  # beyond the border the edge repeats
    inside = inside_frame(flow)
    assert inside[2:, :-3].all() and not inside[:, -3:].any() and not inside[:2].any()


def test_half_a_pixel_is_the_mean_of_two():
    picture = texture(8, 9)[..., 0].astype(np.float32)
    warped = warp_backward(picture, np.full((8, 9, 2), (0.5, 0), np.float32))
    np.testing.assert_allclose(warped[:, :-1], (picture[:, :-1] + picture[:, 1:]) / 2, atol=1e-3)


def test_a_flow_resized_there_and_back_is_itself():
    flow = np.tile(np.float32([4, -6]), (20, 30, 1))
    half = resize_flow(flow, 10, 15)
    np.testing.assert_allclose(half, np.tile(np.float32([2, -3]), (10, 15, 1)))
    np.testing.assert_allclose(resize_flow(half, 20, 30), flow)


def test_inversion_solves_its_equation_for_a_zoom():
    grid = pixel_grid(60, 80)
    flow = 0.1 * (grid - np.float32([40, 30]))  # everything runs away from the centre
    carried = invert_flow(flow, 0.5, steps=12)
    # A point that starts at p stands at p + 0.05 (p - c) = x at moment 0.5, so flow(p) = 0.1 (x - c) / 1.05.
    np.testing.assert_allclose(carried[8:-8, 8:-8], (flow / 1.05)[8:-8, 8:-8], atol=0.02)


def test_splatting_by_whole_pixels_moves_the_picture():
    picture = texture(30, 40)
    made, density = splat(picture, np.full((30, 40, 2), (5, 2), np.float32))
    np.testing.assert_allclose(made[2:, 5:], picture[:-2, :-5], atol=1e-3)
    assert (density[:2] == 0).all() and (density[:, :5] == 0).all() and (made[:2] == 0).all()


def test_the_heavier_of_two_that_meet_wins():
    picture = np.zeros((1, 8, 1), np.float32)
    picture[0, 1], picture[0, 5] = 10, 200
    flow = np.zeros((1, 8, 2), np.float32)
    flow[0, 1, 0], flow[0, 5, 0] = 2, -2  # both land on column 3
    weight = np.full((1, 8), -20, np.float32)
    weight[0, 5] = 0
    made, _ = splat(picture, flow, weight)
    assert abs(made[0, 3, 0] - 200) < 0.01


def test_splatting_keeps_the_mass():
    flow = np.random.default_rng(1).normal(0, 1, (20, 20, 2)).astype(np.float32)
    flow[:3] = flow[-3:] = 0
    flow[:, :4] = flow[:, -4:] = 0
    flow = flow.clip(-2, 2)
    _, density = splat(np.ones((20, 20, 1), np.float32), flow)
    assert abs(density.sum() - 400) < 1e-2
