"""Bars: found where a picture is boxed, and nowhere else."""

import cv2
import numpy as np
import pytest

from studio.motion.bars import Bars, find_bars


def picture(seed, height=140, width=240, gain=1.0):
    rng = np.random.default_rng(seed)
    parts = [cv2.resize(rng.random((height // s + 2, width // s + 2, 3)), (width, height)) * s for s in (4, 12, 40)]
    total = sum(parts)
    return np.uint8(gain * 255 * (total - total.min()) / np.ptp(total))


def boxed(frame, top=0, bottom=0, left=0, right=0, black=0):
    return cv2.copyMakeBorder(frame, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(black,) * 3)


def coded(frame, quality=70):
    return cv2.imdecode(cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)


@pytest.mark.parametrize(
    "box", [{"top": 20, "bottom": 20}, {"left": 31, "right": 33}, {"top": 4, "bottom": 4, "left": 16, "right": 16}]
)
@pytest.mark.parametrize("black", [0, 16])
def test_bars_are_measured_to_the_pixel(box, black):
    frames = [boxed(picture(seed), **box, black=black) for seed in (1, 2)]
    assert find_bars(frames) == Bars(**box)


def test_coded_bars_are_measured_nearly_to_the_pixel():
    found = find_bars([coded(boxed(picture(seed), top=26, bottom=26)) for seed in (1, 2)])
    assert abs(found.top - 26) <= 2 and abs(found.bottom - 26) <= 2 and not (found.left or found.right)


def test_no_bars_in_an_open_picture_a_black_one_a_night_or_a_bar_on_one_side():
    assert not find_bars([picture(1), picture(2)])
    assert not find_bars([np.zeros((100, 200, 3), np.uint8)] * 3)
    night = np.zeros((160, 240, 3), np.uint8)
    night[60:] = picture(3, 100, 240, gain=0.3)
    hills = (60 + 25 * np.sin(np.arange(240) / 17)).astype(int)
    for x, y in enumerate(hills):
        night[:y, x] = 0
    night[-30:] = 0
    assert not find_bars([night, night])
    assert not find_bars([boxed(picture(4), bottom=25)] * 2)


def test_a_frame_with_something_in_the_bars_clears_them():
    frames = [boxed(picture(seed), top=20, bottom=20) for seed in (1, 2, 3)]
    titled = frames[2].copy()
    titled[5:15, 60:180] = 220
    assert find_bars(frames) and not find_bars([*frames, titled])


def test_a_dark_picture_shows_its_bars_with_time():
    """Half of the picture's edge is lit in one frame, the other half in another: each has too little alone."""
    dark = picture(5, gain=0.04)
    left, right = dark.copy(), dark.copy()
    left[:, :70], right[:, 100:] = 120, 120
    assert not find_bars([boxed(left, top=24, bottom=24)])
    assert find_bars([boxed(frame, top=24, bottom=24) for frame in (left, right)]) == Bars(top=24, bottom=24)


def test_the_picture_between_bars_comes_out_and_goes_back_in():
    frame = boxed(picture(6), top=20, bottom=18, left=6, right=8, black=3)
    bars = Bars(top=20, bottom=18, left=6, right=8)
    assert np.array_equal(bars.picture(frame), picture(6))
    other = bars.framed(picture(7), frame)
    assert np.array_equal(bars.picture(other), picture(7))
    assert (other[:20] == 3).all() and (other[-18:] == 3).all() and (other[:, :6] == 3).all()
    assert np.array_equal(bars.picture(frame), picture(6))
