"""Geometry that loses nothing it need not lose."""

import numpy as np
import pytest

from studio.errors import RequestError
from studio.media.frames import crop, fit, over_white, pad_to_even, scaled_to

NOISE = np.random.default_rng(1).integers(0, 256, (37, 53, 3), dtype=np.uint8)


def test_odd_sides_repeat_their_edge_and_even_ones_are_not_touched():
    padded = pad_to_even(NOISE)
    assert padded.shape == (38, 54, 3) and np.array_equal(padded[:37, :53], NOISE)
    assert np.array_equal(padded[37], padded[36]) and np.array_equal(padded[:, 53], padded[:, 52])
    assert pad_to_even(NOISE[:36, :]).shape == (36, 54, 3)
    frame = NOISE[:36, :52]
    assert pad_to_even(frame) is frame


def _disc(height: int, width: int) -> np.ndarray:
    """A white disc in the middle, as wide as high."""
    y, x = np.mgrid[0:height, 0:width]
    inside = (y - height / 2 + 0.5) ** 2 + (x - width / 2 + 0.5) ** 2 < (min(height, width) / 3) ** 2
    return np.repeat(np.where(inside, 255, 40).astype(np.uint8)[..., None], 3, 2)


@pytest.mark.parametrize("size", [(64, 64), (120, 40), (33, 90), (200, 200)])
def test_cover_and_contain_keep_a_circle_round(size):
    for rule in ("cover", "contain"):
        out = fit(_disc(80, 100), size, rule)
        assert out.shape == (size[1], size[0], 3)
        bright = out[..., 0] > 150
        rows, columns = bright.any(1).sum(), bright.any(0).sum()
        if rule == "contain" or max(rows, columns) < min(size):
            assert abs(int(rows) - int(columns)) <= 2
    stretched = fit(_disc(80, 100), (100, 20), "stretch")[..., 0] > 150
    assert stretched.any(0).sum() > 2 * stretched.any(1).sum()


def test_contain_shows_everything_and_cover_leaves_no_bar():
    white = np.full((20, 60, 3), 255, np.uint8)
    assert (fit(white, (30, 30), "cover") == 255).all()
    boxed = fit(white, (30, 30), "contain")
    assert (boxed[10:20] == 255).all() and (boxed[:10] == 0).all() and (boxed[20:] == 0).all()


def test_a_crop_takes_the_middle():
    frame = np.zeros((5, 7, 3), np.uint8)
    frame[2, 3] = 9
    assert crop(frame, (3, 3))[1, 1, 0] == 9
    with pytest.raises(RequestError):
        crop(frame, (8, 3))
    with pytest.raises(RequestError):
        fit(frame, (4, 4), "magic")


def test_scaling_keeps_proportions_and_never_enlarges():
    assert scaled_to((1920, 1080), 640) == (640, 360)
    assert scaled_to((100, 50), 640) == (100, 50) == scaled_to((100, 50), None)
    assert scaled_to((10_000, 1), 100) == (100, 1)


def test_transparency_over_white_is_the_textbook_mix():
    rng = np.random.default_rng(2)
    frame = rng.integers(0, 256, (40, 40, 4), dtype=np.uint8)
    weight = frame[..., 3:] / 255
    expected = frame[..., :3] * weight + 255 * (1 - weight)
    assert np.abs(over_white(frame) - expected).max() <= 0.5
    frame[..., 3] = 255
    assert np.array_equal(over_white(frame), frame[..., :3])
