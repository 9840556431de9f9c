"""From words back to what they mean: the words of each value of each slot, and the value that a word stands for.

`known_words` lists every word that a caption can contain, so that a face can tell the user which of theirs the model
has never met; `WORD_SLOTS` the words that mean one thing only, for notes on prompts that contradict themselves.
"""

from __future__ import annotations

import re
from functools import cache

from studio.captions.lexicon import (
    ADVERBS,
    CAMERAS,
    COLOURS,
    COUNTS,
    FILLERS,
    FUNCTION_WORDS,
    NO_WEATHER,
    PLACES,
    REMARKS,
    SIZES,
    SLOTS,
    SUBJECTS,
    TIME_NOUNS,
    TIMES,
    WEATHERS,
)
from studio.captions.verbs import (
    CARRYING,
    DRIVING,
    GOING,
    JUMPS,
    LEFTWARDS,
    MOTIONS,
    RELATION_PASSIVES,
    RELATION_VERBS,
    RELATION_WORDS,
    RIGHTWARDS,
    TRAVEL,
    forms,
)


def words_of(text: str) -> list[str]:
    """The words of a text in lower case: letters with inner hyphens or apostrophes; digits and signs are dropped."""
    return re.findall(r"[^\W\d_]+(?:[-'][^\W\d_]+)*", text.lower())


@cache
def synonyms(slot: str, value: int) -> tuple[str, ...]:
    """All phrases for one value of one slot, for help texts and tests; empty where the value always goes unsaid."""
    name = SLOTS[slot][value]
    if slot in ("subject", "other"):
        subject = next((entry for entry in SUBJECTS if entry.name == name), None)
        return tuple(dict.fromkeys(subject.words + subject.many)) if subject else ()
    if slot == "place":
        prepositions, names, phrases = PLACES[name]
        return tuple(f"{p} {n}" for p in prepositions for n in names) + phrases
    if slot == "weather":
        after, alone, _ = WEATHERS[name]
        return (after + alone) if value else NO_WEATHER
    if slot == "motion":
        return tuple(dict.fromkeys(form for phrase in _motion_phrases(name) for form in forms(phrase)))
    if slot == "relation":
        verbs = (form for phrase in RELATION_VERBS.get(name, ()) for form in forms(phrase))
        return RELATION_WORDS.get(name, ()) + tuple(verbs) + RELATION_PASSIVES.get(name, ())
    return {"colour": COLOURS, "other_colour": COLOURS, "size": SIZES, "count": COUNTS, "time": TIMES,
            "camera": CAMERAS}[slot][name]  # fmt: skip


def _motion_phrases(name: str) -> tuple[str, ...]:
    ways = LEFTWARDS if name.startswith("left") else RIGHTWARDS
    if name in ("left", "right"):
        return tuple(f"{verb} {way}" for verb in GOING for way in ways)
    if name.endswith("_jumping"):
        return tuple(f"{verb} {way}" for verb in JUMPS[:4] for way in ways)
    return MOTIONS[name]


@cache
def _known_words() -> frozenset[str]:
    phrases: list[str] = [*FILLERS, *ADVERBS, *REMARKS, *DRIVING, *CARRYING, *JUMPS, "sits", "stands"]
    for slot, names in SLOTS.items():
        for value in range(len(names)):
            phrases += synonyms(slot, value)
    verbs = [*DRIVING, *CARRYING, *JUMPS, *GOING, *(verb for group in TRAVEL.values() for verb in group)]
    phrases += [form for verb in verbs for form in forms(verb)]
    phrases += [f"{name}-coloured" for name in COLOURS]
    phrases += [word for _, _, adjectives in WEATHERS.values() for word in adjectives]
    return FUNCTION_WORDS.union(word for phrase in phrases for word in words_of(phrase))


def known_words() -> set[str]:
    """Every word that a scene caption can hold, and the function words around them."""
    return set(_known_words())


def _word_slots() -> dict[str, tuple[str, str]]:
    found: dict[str, set[tuple[str, str]]] = {}

    def note(phrase: str, slot: str, name: str) -> None:
        found.setdefault(phrase, set()).add((slot, name))

    for slot in ("subject", "colour", "size", "count", "time", "motion", "camera", "weather", "place"):
        for value, name in enumerate(SLOTS[slot]):
            for phrase in synonyms(slot, value):
                note(phrase, slot, name)
    for name, (_, names, _) in PLACES.items():
        for place in names:
            bare = re.sub(r"^(the|an|a) ", "", place)
            if name != "underwater" and bare not in ("moon", "air", "clouds", "waves"):
                note(bare, "place", name)
    for name, nouns in TIME_NOUNS.items():
        for noun in nouns:
            note(noun, "time", name)
    for word, name in (("sunrise", "dawn"), ("daylight", "day"), ("noon", "day"), ("twilight", "dusk"),
                       ("dusk", "dusk"), ("midnight", "night")):  # fmt: skip
        note(word, "time", name)
    for name, ways in (("left", LEFTWARDS), ("right", RIGHTWARDS)):
        for way in ways:
            note(way, "motion", name)
    note("mars", "place", "canyon")
    for name, (_, _, adjectives) in WEATHERS.items():
        for word in adjectives if name != "clear" else ():
            note(word, "weather", name)
    plain = {phrase: next(iter(meanings)) for phrase, meanings in found.items() if len(meanings) == 1}
    return {phrase: meaning for phrase, meaning in plain.items() if phrase not in FUNCTION_WORDS}


#: Words and phrases that mean one value of one slot, whoever says them: for notes on contradictory prompts.
WORD_SLOTS: dict[str, tuple[str, str]] = _word_slots()
