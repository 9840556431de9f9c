"""Courses and timings: every phrase belongs to one kind, and the numbers are what the words claim."""

from __future__ import annotations

import numpy as np
import pytest

from studio.captions.courses import COURSES, TIMINGS, course_phrase, timing_phrase


@pytest.mark.parametrize("table, phrase", [(COURSES, course_phrase), (TIMINGS, timing_phrase)])
def test_phrases_belong_to_one_kind(table: dict, phrase: object) -> None:
    rng, seen = np.random.default_rng(1), {}
    for kind, (phrases, _) in table.items():
        assert len(phrases) >= 5 and phrase(kind, rng) in phrases
        for words in phrases:
            assert seen.setdefault(words, kind) == kind, words


def test_courses_point_where_they_say() -> None:
    course = {kind: np.array(numbers) for kind, (_, numbers) in COURSES.items()}
    assert all(len(numbers) == 6 for numbers in course.values())
    assert course["pan_left"][0] < 0 < course["pan_right"][0]
    assert course["tilt_up"][1] < 0 < course["tilt_down"][1]
    assert course["zoom_out"][2] < 0 < course["zoom_in"][2]
    assert course["rotate_left"][3] < 0 < course["rotate_right"][3]
    assert course["slow_down"][4] < 1 < course["speed_up"][4]
    assert course["stop"][5] == 1 and np.array_equal(course["steady"], [0, 0, 0, 0, 1, 0])


def test_timings_are_monotone_and_distinct() -> None:
    curves = {kind: curve for kind, (_, curve) in TIMINGS.items()}
    for kind, curve in curves.items():
        assert curve.shape == (17,) and curve[0] == 0 and curve[-1] == 1, kind
        assert (np.diff(curve) >= -1e-9).all(), kind
    assert curves["slow_start"][8] < 0.5 < curves["slow_end"][8]
    assert curves["linger_first"][8] < curves["slow_start"][8]
    assert np.diff(curves["quick_middle"])[7] > np.diff(curves["steady"])[7] > np.diff(curves["slow_middle"])[7]
