"""Captions say their labels and nothing else, training never sees held-out combinations, and swaps change one thing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.captions.captions import (
    RELATION_MOTIONS,
    TIMELESS_PLACES,
    captions,
    is_held_out,
    sample_slots,
    say_less,
    swap_one,
)
from studio.captions.lexicon import CAMERAS, COLOURS, SLOTS, SUBJECTS, UNCOUNTED
from studio.captions.vocabulary import known_words, synonyms, words_of

PLAIN = {"subject": 0, "colour": 0, "size": 0, "count": 0, "other": 0, "other_colour": 0, "relation": 0, "place": 0,
         "time": 0, "motion": 0, "camera": 0, "weather": 0}  # fmt: skip
NAMES = SLOTS["subject"]


def _value(slot: str, name: str) -> int:
    return SLOTS[slot].index(name)


def _labels(**names: str) -> dict[str, int]:
    return PLAIN | {slot: _value(slot, name) for slot, name in names.items()}


def _texts(labels: dict[str, int], count: int = 120, unseen: bool = False) -> list[str]:
    rng = np.random.default_rng(4)
    return captions({name: torch.full((count,), value) for name, value in labels.items()}, rng, unseen)


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


def test_drawn_scenes_are_complete_and_make_sense() -> None:
    slots = sample_slots(6000, np.random.default_rng(5))
    for name, values in slots.items():
        missing = set(range(len(SLOTS[name]))) - set(values.tolist())
        assert missing <= ({0} if name in ("place", "time") else set()), name
    assert bool(((slots["other"] == 0) == (slots["relation"] == 0)).all())
    assert bool((slots["other"] != slots["subject"] + 1).all())
    assert bool((slots["other_colour"][slots["other"] == 0] == 0).all())
    timeless = torch.isin(slots["place"], torch.tensor(TIMELESS_PLACES))
    assert set(slots["time"][timeless].tolist()) == {_value("time", "day")}
    assert set(slots["weather"][timeless].tolist()) == {0}
    for name, motions in RELATION_MOTIONS.items():
        seen = slots["motion"][slots["relation"] == _value("relation", name)].tolist()
        assert {SLOTS["motion"][value] for value in seen} == set(motions)
    uncounted = torch.tensor([NAMES.index(name) for name in UNCOUNTED])
    assert set(slots["count"][torch.isin(slots["subject"], uncounted)].tolist()) == {0}


def test_scenes_are_balanced() -> None:
    slots = sample_slots(6000, np.random.default_rng(6))
    shares = {name: float((values != 0).float().mean()) for name, values in slots.items()}
    assert 0.30 < shares["other"] < 0.40 and 0.11 < shares["count"] < 0.19 and 0.16 < shares["size"] < 0.24
    assert 0.45 < shares["camera"] < 0.55 and 0.33 < shares["weather"] < 0.5
    assert int(torch.bincount(slots["subject"]).max()) < 3 * len(slots["subject"]) / len(NAMES)


def test_saying_less_leaves_place_and_time_open_and_nothing_else() -> None:
    rng = np.random.default_rng(1)
    slots = sample_slots(2000, rng)
    labels = say_less(slots, rng)
    assert all(torch.equal(slots[name], labels[name]) for name in SLOTS if name not in ("place", "time"))
    for name, low, high in (("place", 0.1, 0.2), ("time", 0.35, 0.6)):
        same = labels[name] == slots[name]
        assert set(labels[name][~same].tolist()) == {0} and low < float((~same).float().mean()) < high
    timeless = torch.isin(slots["place"], torch.tensor(TIMELESS_PLACES))
    assert set(labels["time"][timeless].tolist()) == {0}


def test_a_caption_names_its_nouns_and_colours_and_no_others() -> None:
    rng = np.random.default_rng(2)
    labels = say_less(sample_slots(600, rng), rng)
    for index, text in enumerate(captions(labels, rng, unseen=True)):
        scene = {name: SLOTS[name][int(values[index])] for name, values in labels.items()}
        words = f" {text.replace(',', ' ').replace('.', ' ').replace(':', ' ').replace('?', ' ')} ".replace("  ", " ")
        for slot in ("subject", "other"):
            said = synonyms(slot, int(labels[slot][index]))
            assert not said or any(f" {noun} " in words for noun in said), (text, scene)
        for value, colours in COLOURS.items():
            meant = value in (scene["colour"], scene["other_colour"])
            plain = any(f" {word} " in words for word in (value, f"{value}-coloured", f"{value} coloured"))
            assert (not plain or meant) and (not meant or plain or not colours
                                             or any(f" {colour} " in words for colour in colours)), (text, scene)
        assert text == text.lower() and "  " not in text and not text.startswith((",", " "))


@pytest.mark.parametrize("unseen", [False, True])
def test_captions_use_known_words_but_for_typos(unseen: bool) -> None:
    known, rng = known_words(), np.random.default_rng(7)
    texts = captions(say_less(sample_slots(1500, rng), rng), rng, unseen)
    strange = sum(any(word not in known for word in words_of(text)) for text in texts)
    assert strange == 0 if unseen else 0.01 < strange / len(texts) < 0.06
    assert all(2 <= len(text.split()) <= 48 for text in texts if not unseen)


def test_unseen_sentences_are_not_training_sentences() -> None:
    labels = _labels(subject="dog", colour="red", place="desert", motion="bounce")
    assert not set(_texts(labels, 300)) & set(_texts(labels, 300, unseen=True))
    assert len(set(_texts(labels, 300))) > 280


def test_sides_are_never_mixed_up() -> None:
    for way, wrong in (("left", "right"), ("right", "left")):
        for suffix in ("", "_jumping"):
            for text in _texts(_labels(subject="car", place="desert", motion=way + suffix)):
                towards = text.replace(f"from {wrong} to {way}", "").replace(f"from the {wrong} to the {way}", "")
                assert wrong not in towards, text
                assert way in text or way == "right", text


def test_what_is_unsaid_is_not_mentioned() -> None:
    said = {phrase for camera in CAMERAS.values() for phrase in camera[:4]}
    for text in _texts(PLAIN, 300):
        assert not set(words_of(text)) & {"left", "right", "zoom", "tilt", "pan", "desert", "night", "two"}, text
        assert "camera" in text or not any(phrase in text for phrase in said - set(CAMERAS["static"])), text


def test_negations_mean_clear_weather() -> None:
    clear, rainy = (_texts(_labels(subject="cat", weather=name), 300) for name in ("clear", "rain"))
    assert any("no rain" in text or "without" in text for text in clear)
    assert not any(word in text for text in rainy for word in ("no rain", "not raining", "without"))


def test_passives_keep_who_does_what() -> None:
    texts = _texts(_labels(subject="dog", other="ball", relation="chases", motion="right"), 300)
    nouns = {slot: set(synonyms(slot, _value(slot, name))) for slot, name in (("subject", "dog"), ("other", "ball"))}

    def first(text: str, kind: str) -> int:
        spots = [text.find(f" {noun}") for noun in nouns[kind] if f" {noun}" in f" {text}"]
        return min(spots) if spots else -1

    passive = [text for text in texts if " by " in text]
    assert 15 < len(passive) < 100
    assert all(first(f" {text}", "other") < first(f" {text}", "subject") for text in passive)
    active = [text for text in texts if "chas" in text and " by " not in text]
    assert sum(first(f" {text}", "subject") < first(f" {text}", "other") for text in active) >= 0.9 * len(active) > 0


def test_counts_take_plurals() -> None:
    labels = _labels(subject="balloon", colour="red", count="three")
    for text in _texts(labels, 100, unseen=True):
        assert "balloons" in text and any(word in text for word in ("three", "3", "trio")), text


def test_a_swap_changes_one_attribute_that_a_caption_says() -> None:
    rng = np.random.default_rng(3)
    labels = say_less(sample_slots(1200, rng), rng)
    before = {name: values.clone() for name, values in labels.items()}
    swapped, slots = swap_one(labels, rng)
    assert all(torch.equal(before[name], labels[name]) for name in labels), "the labels themselves stay"
    for index, slot in enumerate(slots):
        changed = [name for name in labels if swapped[name][index] != labels[name][index]]
        assert changed == [slot]
        if slot in ("colour", "other_colour", "place", "time", "other", "relation"):
            assert int(labels[slot][index]) > 0 and int(swapped[slot][index]) > 0
        assert (swapped["other"][index] == 0) == (swapped["relation"][index] == 0)
        if int(swapped["place"][index]) in TIMELESS_PLACES:
            assert int(swapped["time"][index]) == 0 and int(swapped["weather"][index]) == 0
    assert set(slots) == set(SLOTS)


def test_every_noun_has_captions() -> None:
    rng = np.random.default_rng(9)
    for index, subject in enumerate(SUBJECTS):
        labels = {name: torch.tensor([value]) for name, value in (PLAIN | {"subject": index}).items()}
        (text,) = captions(labels, rng, unseen=True)
        assert any(word in text for word in subject.words), (subject.name, text)
