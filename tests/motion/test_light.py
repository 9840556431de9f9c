"""Light: what a fade and a flash are, and that in-betweens get the light of their moment."""

import cv2
import numpy as np
import pytest

from studio.motion.between import measure_gap, synthesise
from studio.motion.light import even_out, flash_light, light_change


def picture(seed, height=120, width=240):
    """A smooth random picture with 60..190 as its range, so that light has room above and below."""
    rng = np.random.default_rng(seed)
    size = (width, height)
    parts = [cv2.resize(rng.random((height // s + 2, width // s + 2, 3)), size) * s for s in (5, 15, 50)]
    total = sum(parts)
    return np.uint8(60 + 130 * (total - total.min()) / np.ptp(total))


def shown(wall, x, width=200):
    return np.ascontiguousarray(wall[:, x : x + width])


def lit(frame, gain, offset=0.0):
    return np.uint8(np.clip(np.rint(frame * np.asarray(gain) + offset), 0, 255))


@pytest.mark.parametrize("gain, offset", [(0.9, 0), (0.5, 0), (0.7, 76.5), (1.25, 0), ((1.0, 0.8, 0.7), 10.0)])
@pytest.mark.parametrize("shift", [0, 4])
def test_the_line_of_light_is_found_through_motion(gain, offset, shift):
    wall = picture(1)
    found = light_change(shown(wall, 10), lit(shown(wall, 10 + shift), gain, offset))
    values = np.array([80.0, 130.0, 170.0])[:, None]
    expected = values * np.broadcast_to(gain, 3) + offset
    assert np.abs(values * found.gain + found.offset - expected).max() < 3.5


@pytest.mark.parametrize("shift", [0, 3, 9])
def test_motion_alone_is_steady_light(shift):
    wall = picture(2)
    first, second = shown(wall, 10), shown(wall, 10 + shift)
    assert light_change(first, second).is_steady
    even = even_out(first, second)
    assert even.first is first and even.second is second
    assert even.finish(first, 0.5) is first


def test_something_bright_that_enters_is_no_light():
    wall = picture(3)
    second = shown(wall, 12).copy()
    second[20:90, 60:130] = (250, 240, 235)
    assert light_change(shown(wall, 10), second).is_steady


@pytest.mark.parametrize("gain, offset", [(0.4, 0), (0.5, 127.5), (1.3, 0)])
def test_an_in_between_of_a_ramp_has_half_its_light(gain, offset):
    wall = picture(4)
    first, middle, second = (shown(wall, x) for x in (10, 14, 18))
    even = even_out(first, lit(second, gain, offset))
    drawn = even.finish(synthesise(measure_gap(even.first, even.second), 0.5), 0.5)
    truth = lit(middle, (1 + gain) / 2, offset / 2)
    assert np.abs(drawn.astype(int) - truth)[8:-8, 8:-8].mean() < 2.0


def test_the_ends_of_a_ramp_are_its_frames():
    wall = picture(5)
    first, second = shown(wall, 10), lit(shown(wall, 10), 0.6)
    even = even_out(first, second)
    assert np.abs(even.finish(even.first, 0.0).astype(int) - first).max() <= 1
    assert np.abs(even.finish(even.second, 1.0).astype(int) - second).max() <= 1


def test_a_frame_faded_to_black_lends_no_motion():
    first = shown(picture(6), 10)
    even = even_out(first, np.zeros_like(first))
    assert np.array_equal(even.first, even.second)
    assert np.abs(even.finish(even.first, 0.5).astype(int) - lit(first, 0.5)).max() <= 1


def test_a_title_over_a_fade_keeps_its_white():
    wall = picture(7)
    first, second = shown(wall, 10).copy(), lit(shown(wall, 12), 0.8)
    for frame in (first, second):
        frame[80:100, 40:120] = 250
    even = even_out(first, second)
    drawn = even.finish(synthesise(measure_gap(even.first, even.second), 0.5), 0.5)
    assert drawn[83:97, 45:115].min() >= 248
    assert abs(float(drawn[:70].mean()) - float(first[:70].mean()) * 0.9) < 2.5


@pytest.mark.parametrize("gain, offset", [(1.4, 10), (0.4, 0), (0.0, 255), (0.0, 0)])
@pytest.mark.parametrize("lasts", [1, 2])
def test_a_flash_or_a_blink_is_found_with_its_light(gain, offset, lasts):
    wall = picture(8)
    frames = [shown(wall, 10 + 2 * index) for index in range(lasts + 2)]
    lights = flash_light([frames[0], *(lit(frame, gain, offset) for frame in frames[1:-1]), frames[-1]])
    assert lights is not None and len(lights) == lasts
    for frame, light in zip(frames[1:-1], lights):
        assert abs(float(light.relit(frame).mean()) - float(lit(frame, gain, offset).mean())) < 4


def test_motion_a_lasting_change_and_a_cut_are_no_flash():
    wall = picture(9)
    first, second, third = (shown(wall, x) for x in (10, 13, 16))
    assert flash_light([first, second, third]) is None
    assert flash_light([first, lit(second, 1.3), lit(third, 1.3)]) is None
    assert flash_light([first, lit(second, 1.15), lit(third, 1.3)]) is None
    other = lit(shown(picture(10), 10), 1.3)
    assert flash_light([first, other, third]) is None

