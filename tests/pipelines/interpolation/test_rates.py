"""Exact rates: counts, places and moments, each worked out here by other means than the code's."""

from fractions import Fraction
from itertools import count, pairwise

import cv2
import numpy as np
import pytest

from studio.pipelines.interpolation.rates import LONGEST_REPEAT, Span, frames_out, moments, nodes, spans

NTSC = {23.976: Fraction(24000, 1001), 29.97: Fraction(30000, 1001), 59.94: Fraction(60000, 1001)}
PAIRS = [
    (24, 60), (24, 48), (24, 30), (24, 25), (24, 120), (25, 50), (25, 60), (25, 24), (30, 60), (30, 24),
    (60, 24), (60, 30), (50, 60), (12, 24), (10, 60), (15, 60), (23.976, 59.94), (29.97, 59.94), (29.97, 60),
    (23.976, 24), (12.5, 25), (12.5, 30), (24, 23.976), (8, 59.94),
]  # fmt: skip


def exact(rate):
    return NTSC.get(rate, Fraction(rate))


def walk(clip, positions):
    """(first node, second node, moments) of neighbouring nodes."""
    pairs = ((Span(*pair), None) for pair in pairwise(clip))
    return ((span.first, span.second, inside) for span, _, inside in moments(pairs, positions))


@pytest.mark.parametrize("rate_in, rate_out", PAIRS)
@pytest.mark.parametrize("length", [2, 25, 1000])
def test_the_length_is_kept_to_the_nearest_frame(rate_in, rate_out, length):
    made = frames_out(length, exact(rate_in), exact(rate_out))
    error = abs(length / exact(rate_in) - made / exact(rate_out))
    assert error <= Fraction(1, 2) / exact(rate_out) or made == 1


@pytest.mark.parametrize("rate_in, rate_out", PAIRS)
def test_every_moment_stands_where_its_timestamp_says(rate_in, rate_out):
    step = exact(rate_in) / exact(rate_out)
    clip = [(place, np.full((1, 1, 3), place % 256, np.uint8)) for place in range(40)]
    stamps = [
        (first[0] + moment) / float(exact(rate_in))
        for first, _, inside in walk(clip, (index * step for index in count()))
        for moment in inside
    ]
    np.testing.assert_allclose(stamps, np.arange(len(stamps)) / float(exact(rate_out)), atol=1e-9)
    assert stamps[-1] < 39 / float(exact(rate_in)) <= len(stamps) / float(exact(rate_out)) + 1e-9


def grey(values):
    return [np.full((16, 16, 3), value, np.uint8) for value in values]


def test_repeats_are_dropped_and_the_last_frame_never():
    places = [place for place, _ in nodes(iter(grey([10, 10, 50, 50, 90, 90])), drop_duplicates=True)]
    assert places == [0, 2, 4, 5]
    assert [place for place, _ in nodes(iter(grey([10, 10, 50])))] == [0, 1, 2]


def test_a_picture_that_stands_still_is_kept_in_short_steps():
    places = [place for place, _ in nodes(iter(grey([10] * 30 + [200])), drop_duplicates=True)]
    assert places[0] == 0 and places[-1] == 30
    assert max(np.diff(places)) <= LONGEST_REPEAT


def test_no_more_is_read_than_is_needed():
    read = []

    def endless():
        for index in count():
            read.append(index)
            yield np.full((16, 16, 3), index % 256, np.uint8)

    pairs = ((span, None) for span in spans(nodes(endless())))
    stream = moments(pairs, (Fraction(index, 2) for index in count()))
    for _ in range(5):
        next(stream)
    assert len(read) <= 9


def picture(seed=0):
    return cv2.resize(np.random.default_rng(seed).integers(30, 150, (9, 12, 3), np.uint8), (96, 72))


def lit(frame, gain=1.3, offset=30):
    return np.clip(frame * gain + offset, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("flashes", [{3}, {3, 4}, {1, 6}])
def test_a_flash_lies_within_a_span_of_calm_frames(flashes):
    calm = picture()
    clip = [(place, lit(calm) if place in flashes else calm) for place in range(9)]
    found = list(spans(clip))
    assert {node[0] for span in found for node, _ in span.lit} == flashes
    assert [span.first[0] for span in found] == [place for place in range(8) if place not in flashes]
    assert all(one.second is other.first for one, other in pairwise(found)) and found[-1].second[0] == 8


def test_a_flash_lights_what_is_nearer_to_it():
    calm = picture()
    (span,) = [span for span in spans([(0, calm), (1, lit(calm)), (2, calm)])]
    assert [span.lit_at(moment / 8) is not None for moment in range(1, 8)] == [0, 0, 1, 1, 1, 0, 0]
    (span,) = [span for span in spans([(0, calm), (1, lit(calm)), (2, lit(calm)), (3, calm)])]
    assert [span.lit_at(moment / 6) is not None for moment in range(1, 6)] == [0, 1, 1, 1, 0]
    assert span.lit_at(0.4)[0][0] == 1 and span.lit_at(0.6)[0][0] == 2


def test_light_that_stays_is_no_flash():
    calm = picture()
    assert not any(span.lit for span in spans([(place, calm if place < 3 else lit(calm)) for place in range(8)]))
    other = picture(1)
    assert not any(span.lit for span in spans([(place, (calm, other)[place == 3]) for place in range(8)]))
