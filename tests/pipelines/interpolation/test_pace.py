"""Which gap the words mean, and how long each gap is."""

from fractions import Fraction

import numpy as np
import pytest

from studio.errors import RequestError
from studio.pipelines.interpolation.pace import EASING_CURVES, gap_lengths, reading_of, words_of_gaps


@pytest.mark.parametrize("name", list(EASING_CURVES))
def test_easing_starts_at_nothing_ends_at_all_and_rises(name):
    curve = [EASING_CURVES[name](x) for x in np.linspace(0, 1, 50)]
    assert curve[0] == 0 and abs(curve[-1] - 1) < 1e-9 and (np.diff(curve) > 0).all()


def test_words_without_a_number_hold_in_each_gap():
    assert words_of_gaps("slow start", 4) == ["slow start"] * 3
    assert words_of_gaps(" ", 3) == words_of_gaps(None, 3) == [None, None]
    assert words_of_gaps("a second dog on the first floor", 3) == ["a second dog on the first floor"] * 2


@pytest.mark.parametrize(
    "said",
    [
        "linger on the second picture",
        "linger on the 2nd picture",
        "linger on the Second picture",
    ],
)
def test_a_picture_with_a_number_is_the_end_of_one_gap_and_the_beginning_of_the_next(said):
    ends, begins = "linger on the last picture", "linger on the first picture"
    assert words_of_gaps(said, 2) == [ends]
    assert words_of_gaps(said, 3) == [ends, begins]
    assert words_of_gaps(said, 4) == [ends, begins, None]


def test_other_ways_to_name_a_picture():
    assert words_of_gaps("hold photo number three", 4) == [None, "hold last photo", "hold first photo"]
    assert words_of_gaps("hold keyframe #3", 3) == [None, "hold last keyframe"]
    assert words_of_gaps("hold the final image", 4) == [None, None, "hold the last image"]
    assert words_of_gaps("hold the first image", 3) == ["hold the first image", None]
    assert words_of_gaps("hold picture 7", 3) == ["hold picture 7"] * 2  # there is none


def test_in_a_loop_the_first_picture_is_also_the_end_of_the_last_gap():
    said = words_of_gaps("linger on the first picture", 3, loop=True)
    assert said == ["linger on the first picture", None, "linger on the last picture"]
    both = words_of_gaps("linger on the first picture", 2, loop=True)
    assert both == ["linger on the first picture", "linger on the last picture"]


def test_lengths_of_gaps_are_whole_frames():
    assert gap_lengths(1, Fraction(24000, 1001), 2) == [24, 24]
    assert gap_lengths([0.5, 2, 0.01], 25, 3) == [13, 50, 1]
    for wrong in ([1, 1], [], [1, 0, 1], [1, float("nan"), 1]):
        with pytest.raises(RequestError):
            gap_lengths(wrong, 25, 3)


def test_it_is_said_which_gaps_the_words_were_read_for():
    assert "gaps 1 and 2," in reading_of("linger on the second picture", 4)
    assert "gap 1," in reading_of("linger on the first picture", 3)
    assert "gaps 1 and 3," in reading_of("linger on the first picture", 3, loop=True)
    for prompt, keyframes in (("slow start", 4), ("linger on the second picture", 2), (None, 3), ("", 3)):
        assert reading_of(prompt, keyframes) is None
