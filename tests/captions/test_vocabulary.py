"""The words: no phrase means two values of one slot, every value can be said, and what people type is known."""

from __future__ import annotations

import re

import pytest

from studio.captions.lexicon import FUNCTION_WORDS, SLOTS, SUBJECTS
from studio.captions.vocabulary import WORD_SLOTS, known_words, synonyms, words_of

UNSAID = {("colour", 0), ("other_colour", 0), ("size", 0), ("count", 0), ("other", 0), ("relation", 0), ("place", 0),
          ("time", 0)}  # fmt: skip


@pytest.mark.parametrize("slot", list(SLOTS))
def test_every_value_can_be_said(slot: str) -> None:
    for value in range(len(SLOTS[slot])):
        assert bool(synonyms(slot, value)) != ((slot, value) in UNSAID), (slot, value)


@pytest.mark.parametrize("slot", list(SLOTS))
def test_no_phrase_means_two_values(slot: str) -> None:
    seen: dict[str, int] = {}
    for value in range(len(SLOTS[slot])):
        for phrase in synonyms(slot, value):
            assert seen.setdefault(phrase, value) == value, phrase


def test_no_place_is_named_by_a_noun_or_a_colour() -> None:
    """Where a place's own words hold a noun, a preposition or its plural keeps the two apart."""
    nouns = {word for subject in SUBJECTS for word in subject.words}
    colours = {word for value in range(13) for word in synonyms("colour", value)}
    for value in range(1, 21):
        for phrase in synonyms("place", value):
            bare = re.sub(r"^\w+ (?:the |an? )?", "", phrase)
            assert bare not in nouns or SLOTS["place"][value] == "moon", phrase
            assert not colours & set(words_of(phrase)), phrase


def test_known_words_hold_what_people_type() -> None:
    known = known_words()
    for prompt in ("a red car drives left across the desert at sunset", "two words: please show me a cat in the rain",
                   "an old pink elephant flying over New York at night, camera zooms in",
                   "Two dogs chase a ball on the beach, no snow", "a tiny fairy riding a unicorn through the mist"):
        unknown = [word for word in words_of(prompt) if word not in known]
        assert unknown in ([], ["words"]), unknown
    assert "wombat" not in known and len(known) > 2000
    assert known >= FUNCTION_WORDS


def test_word_slots_are_true_and_unambiguous() -> None:
    for phrase, (slot, name) in WORD_SLOTS.items():
        assert name in SLOTS[slot], phrase
    expected = {"red": ("colour", "red"), "golden": ("colour", "yellow"), "dogs": ("subject", "dog"),
                "desert": ("place", "desert"), "rainy": ("weather", "rain"), "night": ("time", "night"),
                "tiny": ("size", "small"), "three": ("count", "three"), "left": ("motion", "left"),
                "jumping": ("motion", "bounce"), "moon": ("subject", "moon"), "on the moon": ("place", "moon"),
                "zoom in": ("camera", "zoom_in")}  # fmt: skip
    assert {word: WORD_SLOTS.get(word) for word in expected} == expected


def test_words_of_takes_signs_apart() -> None:
    assert words_of("A T-Rex, the bear's 2 friends!") == ["a", "t-rex", "the", "bear's", "friends"]
