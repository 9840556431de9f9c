"""The tables of words: sizes, nouns and their homes, plurals and verbs, and what stands in for what exists."""

from __future__ import annotations

import pytest

from studio.captions.lexicon import (
    EMOJI,
    HOMES,
    KINDS,
    SLOTS,
    STAND_INS,
    SUBJECTS,
    TIMELESS,
)
from studio.captions.nouns import plural
from studio.captions.verbs import participle, third_person
from studio.scene import SLOT_NAMES


def test_sizes_and_first_values() -> None:
    assert sorted(SLOTS) == sorted(SLOT_NAMES)
    assert len(SLOTS["subject"]) >= 200
    assert SLOTS["other"] == ("none", *SLOTS["subject"])
    assert len(SLOTS["colour"]) == 13 and SLOTS["other_colour"] == SLOTS["colour"]
    assert (len(SLOTS["place"]), len(SLOTS["time"])) == (21, 7)
    assert (len(SLOTS["motion"]), len(SLOTS["camera"]), len(SLOTS["weather"])) == (16, 7, 6)
    first = {slot: values[0] for slot, values in SLOTS.items() if slot != "subject"}
    assert first == {"colour": "natural", "size": "normal", "count": "one", "other": "none", "other_colour": "natural",
                     "relation": "none", "place": "any", "time": "any", "motion": "still", "camera": "static",
                     "weather": "clear"}  # fmt: skip
    assert set(TIMELESS) < set(SLOTS["place"])


def test_subjects_are_distinct_and_at_home() -> None:
    assert len({subject.glyph for subject in SUBJECTS}) == len(SUBJECTS)
    assert all(len(subject.glyph) == 1 for subject in SUBJECTS)
    assert len(set(SLOTS["subject"])) == len(SUBJECTS)
    assert {subject.kind for subject in SUBJECTS} <= set(KINDS)
    assert all(0.5 < subject.size < 1.5 for subject in SUBJECTS)
    places = set(SLOTS["place"]) - {"any"}
    assert all(1 <= len(HOMES[name]) and set(HOMES[name]) <= places for name in SLOTS["subject"])


def test_words_that_people_use_most_are_there() -> None:
    words = {word for subject in SUBJECTS for word in subject.words}
    assert words >= {"dog", "cat", "puppy", "kitten", "horse", "dinosaur", "dragon", "unicorn", "mermaid", "fairy",
                     "robot", "alien", "ghost", "car", "truck", "train", "bus", "boat", "ship", "plane", "rocket",
                     "ball", "pizza", "burger", "ice cream", "cake", "star", "moon", "sun", "cloud", "flower", "tree",
                     "snowman", "heart", "princess", "house", "guitar", "balloon"}  # fmt: skip


@pytest.mark.parametrize("one, many", [
    ("dog", "dogs"), ("mouse", "mice"), ("cherry", "cherries"), ("bus", "buses"), ("cup of coffee", "cups of coffee"),
    ("snowman", "snowmen"), ("tropical fish", "tropical fish"), ("wolf", "wolves"), ("maple leaf", "maple leaves"),
    ("ninja", "ninjas"), ("monkey", "monkeys"), ("sheep", "sheep"), ("torch", "torches"),
])  # fmt: skip
def test_plurals(one: str, many: str) -> None:
    assert plural(one) == many


@pytest.mark.parametrize("base, third, doing", [
    ("run", "runs", "running"), ("go up", "goes up", "going up"), ("dance", "dances", "dancing"),
    ("fly", "flies", "flying"), ("stay", "stays", "staying"), ("swim past", "swims past", "swimming past"),
    ("rush", "rushes", "rushing"), ("zigzag", "zigzags", "zigzagging"), ("come in", "comes in", "coming in"),
])  # fmt: skip
def test_verbs_are_conjugated(base: str, third: str, doing: str) -> None:
    assert (third_person(base), participle(base)) == (third, doing)


def test_stand_ins_and_emoji_lead_to_nouns() -> None:
    names, words = set(SLOTS["subject"]), {word for subject in SUBJECTS for word in subject.words + subject.many}
    assert len(STAND_INS) >= 150 and set(STAND_INS.values()) <= names
    assert not words & set(STAND_INS), "a word that can be drawn needs no stand-in"
    assert STAND_INS["labrador"] == "dog" and STAND_INS["wombat"] in names
    assert set(EMOJI.values()) <= names
    assert EMOJI["🐕"] == EMOJI["🐶"] == "dog" and EMOJI["❤"] == EMOJI["❤\ufe0f"] == "heart"
    assert all(EMOJI[subject.glyph] == subject.name for subject in SUBJECTS)
