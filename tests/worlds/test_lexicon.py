"""The words: no word means two values of one slot, every value can be said, every noun has a picture."""

from __future__ import annotations

import pytest

from studio.worlds.lexicon import FUNCTION_WORDS, KINDS, SLOTS, SUBJECTS, known_words, synonyms, words_of

UNSAID = {("colour", 0), ("time", 4), ("camera", 0), ("weather", 0)}


def test_sizes_and_first_values() -> None:
    assert list(SLOTS) == ["subject", "colour", "place", "time", "motion", "camera", "weather"]
    assert 56 <= len(SLOTS["subject"]) <= 64
    assert len(SLOTS["colour"]) >= 11 and len(SLOTS["place"]) == 12 and len(SLOTS["motion"]) == 12
    assert len(SLOTS["camera"]) == 5 and len(SLOTS["weather"]) == 3
    assert [SLOTS[slot][0] for slot in ("colour", "place", "motion", "camera", "weather")] == [
        "natural", "studio", "still", "static", "clear"]
    assert SLOTS["time"][-1] == "any"


@pytest.mark.parametrize("slot", list(SLOTS))
def test_every_value_can_be_said(slot: str) -> None:
    for value in range(len(SLOTS[slot])):
        assert bool(synonyms(slot, value)) != ((slot, value) in UNSAID), (slot, value)


@pytest.mark.parametrize("slot", ["subject", "colour", "time", "motion", "camera", "weather"])
def test_no_phrase_means_two_values(slot: str) -> None:
    seen: dict[str, int] = {}
    for value in range(len(SLOTS[slot])):
        for phrase in synonyms(slot, value):
            assert seen.setdefault(phrase, value) == value, phrase


def test_subjects_are_distinct() -> None:
    assert len({subject.glyph for subject in SUBJECTS}) == len(SUBJECTS)
    assert len(set(SLOTS["subject"])) == len(SUBJECTS)
    assert {subject.kind for subject in SUBJECTS} <= set(KINDS)
    assert all(0.5 < subject.size < 1.5 for subject in SUBJECTS)


def test_known_words_hold_what_people_type() -> None:
    known = known_words()
    for prompt in ("a red car drives left across the desert at sunset", "two words: please show me a cat in the rain",
                   "an old pink elephant flying over New York at night, camera zooms in"):
        unknown = [word for word in words_of(prompt) if word not in known]
        assert unknown in ([], ["two", "words"]), unknown
    assert "wombat" not in known
    assert known >= FUNCTION_WORDS


def test_words_of_takes_signs_apart() -> None:
    assert words_of("A T-Rex, the bear's 2 friends!") == ["a", "t-rex", "the", "bear's", "friends"]
