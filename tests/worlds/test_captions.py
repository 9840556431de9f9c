"""Captions say their slots, training never sees held-out combinations, and courses and timings are what they claim."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.worlds.captions import (
    COURSES,
    TIMINGS,
    caption,
    captions,
    course_phrase,
    is_held_out,
    sample_slots,
    timing_phrase,
)
from studio.worlds.lexicon import COLOURS, SLOTS, SUBJECTS, known_words, words_of


def test_slots_and_captions_follow_the_seed() -> None:
    first, again, other = (sample_slots(20, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert all(torch.equal(first[name], again[name]) for name in SLOTS)
    assert any(not torch.equal(first[name], other[name]) for name in SLOTS)
    assert captions(first, np.random.default_rng(1)) == captions(again, np.random.default_rng(1))


def test_held_out_combinations_stay_out() -> None:
    rng = np.random.default_rng(0)
    for held_out in (False, True):
        slots = sample_slots(300, rng, held_out)
        assert all(len(values) == 300 for values in slots.values())
        side = is_held_out(slots["subject"], slots["colour"], slots["place"])
        assert bool((side == held_out).all())
    grids = torch.meshgrid(*(torch.arange(len(SLOTS[name])) for name in ("subject", "colour", "place")), indexing="ij")
    assert 0.07 < is_held_out(*grids).float().mean() < 0.13


def test_every_value_occurs() -> None:
    slots = sample_slots(3000, np.random.default_rng(5))
    for name, values in slots.items():
        assert set(values.tolist()) == set(range(len(SLOTS[name]))), name


def test_a_caption_names_subject_and_colour_and_no_other_colour() -> None:
    rng = np.random.default_rng(2)
    slots = sample_slots(400, rng)
    for index, text in enumerate(captions(slots, rng)):
        words = f" {text.rstrip('.').replace(',', ' ')} "
        assert any(f" {noun} " in words for noun in SUBJECTS[int(slots["subject"][index])].words), text
        colour = SLOTS["colour"][int(slots["colour"][index])]
        if colour != "natural":
            assert any(f" {name} " in words for name in COLOURS[colour]), text
        assert text == text.lower() and "  " not in text.strip()


def test_captions_use_known_words_only() -> None:
    known, rng = known_words(), np.random.default_rng(7)
    for text in captions(sample_slots(500, rng), rng):
        assert [word for word in words_of(text) if word not in known] == []


def test_sides_are_never_mixed_up() -> None:
    rng = np.random.default_rng(8)
    slots = {name: 0 for name in SLOTS} | {"place": 2, "motion": SLOTS["motion"].index("left")}
    texts = [caption(slots, rng) for _ in range(100)]
    assert all("left" in text for text in texts)
    assert not any("rightward" in text or "to the right" in text for text in texts)


def test_grammar_varies() -> None:
    rng = np.random.default_rng(9)
    slots = {name: 1 for name in SLOTS}
    assert len({caption(slots, rng) for _ in range(200)}) > 150


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
