"""The grammar that says a scene the way people type prompts: fragments, sentences, questions, requests, lists of words.

A caption is put together in two steps. First every piece is worded: the noun phrase, the verb phrase in its finite
form and as a participle (with the other one in it), place, time, weather, camera. Then a template (templates.py)
arranges them.

Random numbers come from a plain random.Random, which is many times faster than numpy's generator for single draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from studio.captions.lexicon import (
    ADVERBS,
    CAMERAS,
    COLOURS,
    COUNTS,
    FILLERS,
    NO_WEATHER,
    PLACES,
    REMARKS,
    SIZES,
    SLOTS,
    SUBJECTS,
    TIME_NOUNS,
    TIMES,
    UNCOUNTED,
    WEATHERS,
)
from studio.captions.templates import OPENINGS, QUESTIONS, TRAINING_WORDING, Wording
from studio.captions.verbs import (
    CARRYING,
    DRIVING,
    GOING,
    JUMPS,
    LEFTWARDS,
    MOTIONS,
    NEEDS_SIDE,
    RELATION_PASSIVES,
    RELATION_VERBS,
    RELATION_WORDS,
    RIGHTWARDS,
    TRAVEL,
    participle,
    third_person,
)

#: Nouns that take no "a": there is only one of them.
_UNIQUE = frozenset(("santa", "santa claus", "father christmas", "saint nicholas", "statue of liberty"))
#: Nouns whose first letter misleads about "a" and "an".
_LIKE_CONSONANTS = ("uni", "ufo", "one")
TYPO_SHARE = 0.04
"""Share of training captions with a slip of the keyboard."""

_UNTOUCHED = frozenset("left right leftwards rightwards leftward rightward above below".split())

def _pick(draw: Random, options: Sequence[str]) -> str:
    """One of the options, the first ones (the usual words) more often; an empty string of none."""
    return options[int(len(options) * draw.random() ** 1.5)] if options else ""


@lru_cache(maxsize=20000)
def _with_article(words: str) -> str:
    vowel = words[0] in "aeiou" and not words.startswith(_LIKE_CONSONANTS)
    return ("an " if vowel else "a ") + words


@lru_cache(maxsize=20000)
def _forms(phrase: str) -> tuple[str, str, str]:
    return phrase, third_person(phrase), participle(phrase)


def _noun(index: int, colour: int, size: int, count: int, draw: Random) -> str:
    """A noun with its adjectives and without article: "tiny red car", "car in red", "three big dogs"."""
    subject = SUBJECTS[index]
    spot = int(len(subject.words) * draw.random() ** 1.5)
    noun = subject.many[spot] if count else subject.words[spot]
    value = SLOTS["colour"][colour]
    paint, big = _pick(draw, COLOURS[value]), _pick(draw, SIZES[SLOTS["size"][size]])
    if size and draw.random() < 0.06 and subject.kind == "animal" and SLOTS["size"][size] == "small":
        big = "small" if "bab" in noun else "baby"
    after = ""
    if colour and draw.random() < 0.14:
        after = _pick(draw, (f"in {value}", f"that {'are' if count else 'is'} {value}", f"painted {value}",
                             f"of {value} colour", f"with a {value} colour"))  # fmt: skip
        paint = ""
    elif colour and draw.random() < 0.04:
        paint = f"{value}-coloured" if draw.random() < 0.5 else f"{value} coloured"
    words = [big, paint] if draw.random() < 0.88 else [paint, big]
    if draw.random() < 0.08:
        words.insert(0, _pick(draw, FILLERS))
    return " ".join(word for word in (*words, noun, after) if word)


def _noun_phrase(index: int, colour: int, size: int, count: int, draw: Random) -> str:
    noun = _noun(index, colour, size, count, draw)
    if count:
        number = _pick(draw, COUNTS[SLOTS["count"][count]])
        return f"the {number} {noun}" if draw.random() < 0.08 and not number.startswith(("a ", "two of", "three of")) \
            else f"{number} {noun}"  # fmt: skip
    chance = draw.random()
    if SUBJECTS[index].name in UNCOUNTED:
        return ("some " if chance < 0.5 else "the " if chance < 0.7 else "") + noun
    if noun in _UNIQUE:
        return ("the " if noun.startswith("statue") else "") + noun
    if chance < 0.72:
        return _with_article(noun)
    return ("the ", "", "one ", "my ", "this ", "a single ", "the ", "")[int((chance - 0.72) / 0.28 * 8)] + noun


@dataclass
class _Clause:
    """Who does what, worded: noun phrase, bare nouns, finite verb phrase, participle, plural or not."""

    subject: str
    keys: str
    finite: str
    doing: str
    many: bool


def _motion(name: str, kind: str, draw: Random, bare: bool = True) -> tuple[str, str]:
    """A verb phrase in the base form, and what follows its object: ("drive", "to the left")."""
    if name in ("left", "right", "left_jumping", "right_jumping"):
        way = _pick(draw, LEFTWARDS if name.startswith("left") else RIGHTWARDS)
        verbs = TRAVEL[kind] if draw.random() < 0.7 else GOING
        verb = _pick(draw, verbs)
        if name.endswith("jumping"):
            return _jumping(verb, way, draw)
        if bare and name == "right" and verb not in NEEDS_SIDE and draw.random() < 0.2:
            return verb, ""
        return verb, way
    return _pick(draw, MOTIONS[name]), ""


def _jumping(verb: str, way: str, draw: Random) -> tuple[str, str]:
    jump, chance = _pick(draw, JUMPS), draw.random()
    if chance < 0.4:
        return verb, f"{way} & {jump}"
    if chance < 0.7:
        return verb, f"{way} while {participle(jump)}"
    if chance < 0.9:
        return jump, way
    return jump, f"as it moves {way}" if draw.random() < 0.5 else f"all the way {way}"


def _conjugated(verb: str, rest: str, form: int) -> str:
    """Base form (0), third person (1) or participle (2) of a verb phrase, and of a second verb behind "&"."""
    said = _forms(verb)[form]
    if " & " in rest:
        way, _, second = rest.partition(" & ")
        return f"{said} {way} and {_forms(second)[form]}"
    return f"{said} {rest}" if rest else said


def _clause(labels: dict[str, int], draw: Random) -> _Clause:
    """Subject, verb and, if there is one, the other one in its relation."""
    index, count, colour, size = labels["subject"], labels["count"], labels["colour"], labels["size"]
    motion, kind, many = SLOTS["motion"][labels["motion"]], SUBJECTS[index].kind, count > 0
    relation = SLOTS["relation"][labels["relation"]]
    subject = _noun_phrase(index, colour, size, count, draw)
    if relation == "none":
        verb, rest = _motion(motion, kind, draw)
        silent = motion == "still" and draw.random() < 0.5
        finite = _conjugated(verb, rest, 0 if many else 1)
        doing = "" if silent else _conjugated(verb, rest, 2)
        keys = subject if many else _noun(index, colour, size, 0, draw)
        return _Clause(subject, keys, finite, doing, many)
    other = _noun_phrase(labels["other"] - 1, labels["other_colour"], 0, 0, draw)
    if relation in RELATION_WORDS:
        return _beside(subject, other, relation, motion, kind, many, draw)
    return _busy(subject, other, relation, labels, many, draw)


def _beside(subject: str, other: str, relation: str, motion: str, kind: str, many: bool, draw: Random) -> _Clause:
    """Subject and other one in their places; the verb says what the subject does."""
    verb, rest = _motion(motion, kind, draw, bare=False)
    word = _pick(draw, RELATION_WORDS[relation])
    if word == "and":
        pair = f"{subject} and {other}"
        silent = motion == "still" and draw.random() < 0.5
        return _Clause(pair, pair, _conjugated(verb, rest, 0), "" if silent else _conjugated(verb, rest, 2), True)
    where = f"{word} {other}"
    finite, doing = _conjugated(verb, rest, 0 if many else 1), _conjugated(verb, rest, 2)
    if motion == "still" and draw.random() < 0.6:
        return _Clause(subject, subject, f"{'stand' if many else 'stands'} {where}", where, many)
    if draw.random() < 0.5:
        together = f"{subject} {where}"
        return _Clause(together, together, finite, doing, many)
    return _Clause(subject, subject, f"{finite} {where}", f"{doing} {where}", many)


def _busy(subject: str, other: str, relation: str, labels: dict[str, int], many: bool, draw: Random) -> _Clause:
    """Subject busy with the other one: active, passive, or told from the other one's side."""
    name = SLOTS["motion"][labels["motion"]]
    way = ""
    if relation != "circles":
        ways = LEFTWARDS if name.startswith("left") else RIGHTWARDS
        way = _pick(draw, ways) if name.startswith("left") or draw.random() < 0.7 else ""
        if name.endswith("jumping"):
            jumps = ("while jumping", "while hopping", "in jumps", "jumping", "by leaping")
            way = f"{way} {_pick(draw, jumps)}".strip()
    chance = draw.random()
    if chance < 0.16:
        passive = f"{_pick(draw, RELATION_PASSIVES[relation])} {subject} {way}".strip()
        return _Clause(other, other, f"is {passive}", passive, False)
    if relation == "rides" and chance < 0.26:
        verb = _pick(draw, CARRYING)
        carried = f"{subject} {way}"
        return _Clause(other, other, f"{third_person(verb)} {carried}", f"{participle(verb)} {carried}", False)
    verbs = RELATION_VERBS[relation]
    if relation == "rides" and SUBJECTS[labels["other"] - 1].kind in ("vehicle", "boat") and draw.random() < 0.35:
        verbs = DRIVING
    verb = _pick(draw, verbs)
    base, third, doing = _forms(verb)
    finite = base if many else third
    return _Clause(subject, subject, f"{finite} {other} {way}", f"{doing} {other} {way}", many)


def _place(labels: dict[str, int], draw: Random) -> str:
    prepositions, names, phrases = PLACES[SLOTS["place"][labels["place"]]]
    if phrases and draw.random() < 0.25:
        return _pick(draw, phrases)
    return f"{_pick(draw, prepositions)} {_pick(draw, names)}".strip()


def _sky(labels: dict[str, int], draw: Random) -> tuple[str, str, str]:
    """Time, weather that follows a sentence, weather as a remark: sometimes time and weather in one."""
    time, weather = SLOTS["time"][labels["time"]], SLOTS["weather"][labels["weather"]]
    after, alone, adjectives = WEATHERS[weather]
    when = _pick(draw, TIMES[time])
    if weather == "clear":
        chance = draw.random()
        if chance < 0.07:
            return when, "", _pick(draw, NO_WEATHER)
        if chance < 0.10 and time in ("morning", "day", "dusk", "night"):
            return f"on a {_pick(draw, adjectives)} {_pick(draw, TIME_NOUNS[time])}", "", ""
        return when, "", ""
    if time != "any" and draw.random() < 0.2:
        noun = _pick(draw, TIME_NOUNS[time])
        preposition = "at" if noun in ("dawn", "sunset") else "on"
        return f"{preposition} a {_pick(draw, adjectives)} {noun}", "", ""
    return when, _pick(draw, after), _pick(draw, alone)


def sentence(labels: dict[str, int], draw: Random, wording: Wording = TRAINING_WORDING) -> str:
    """One caption, in lower case, for the values of all slots. See the module's text."""
    clause = _clause(labels, draw)
    when, after, remark = _sky(labels, draw)
    camera = SLOTS["camera"][labels["camera"]]
    said = camera != "static" or draw.random() < 0.08
    pieces = {
        "np": clause.subject, "np_it": "they" if clause.many else "it", "keys": clause.keys, "fin": clause.finite,
        "ing": clause.doing, "be": "are" if clause.many else "is", "where": _place(labels, draw), "when": when,
        "in": after or remark, "tag": remark or after, "sky": after if draw.random() < 0.5 and after else remark,
        "cam": _pick(draw, CAMERAS[camera]) if said else "", "adv": ADVERBS[int(len(ADVERBS) * draw.random())],
        "open": _pick(draw, OPENINGS), "ask": _pick(draw, QUESTIONS),
    }  # fmt: skip
    return _arranged(pieces, draw, wording)


def _arranged(pieces: dict[str, str], draw: Random, wording: Wording) -> str:
    chance = draw.random()
    segments = next(row for reached, row in wording.templates if chance <= reached or reached > 0.999)
    parts = []
    for segment in segments:
        if not segment.pieces or any(pieces[name] for name in segment.pieces if name != "adv"):
            parts.append(" ".join(segment.text.format_map(pieces).split()))
    separator = ", " if not wording.loose or draw.random() < 0.92 else " "
    text = separator.join(parts).replace(" ,", ",").replace(" ?", "?").replace(" .", ".").replace("..", ".")
    text = text.replace(" and,", ",").replace(".,", ",").replace("?,", ",").strip(" ,:.")
    text = text.removeprefix("while ").removesuffix(" and")
    if not wording.loose:
        return text
    if draw.random() < 0.05:
        text = f"{text}, {_pick(draw, REMARKS)}"
    if draw.random() < TYPO_SHARE:
        text = _with_typo(text, draw)
    return text + "." if draw.random() < 0.06 and not text.endswith("?") else text


def _with_typo(text: str, draw: Random) -> str:
    """One letter of a longer word lost, doubled or swapped with the next; words of sides are left alone."""
    words = text.split(" ")
    spots = [spot for spot, word in enumerate(words) if len(word) > 4 and word.isalpha() and word not in _UNTOUCHED]
    if not spots:
        return text
    spot = spots[int(len(spots) * draw.random())]
    word, at = words[spot], 1 + int((len(words[spot]) - 2) * draw.random())
    kind = draw.random()
    if kind < 0.4:
        words[spot] = word[:at] + word[at + 1 :]
    elif kind < 0.7:
        words[spot] = word[:at] + word[at] + word[at:]
    else:
        words[spot] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words)
