"""From the chances of every slot to one scene: what was read, what goes unsaid, and which words were not taken.

Only names and numbers here. The values of place and time may be "any" in a reading; nothing is drawn as "any".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from studio.pipelines.text_to_video.scene_prompt import Said

TIMELESS = ("studio", "space", "underwater", "moon")
"""Places without a time of day and without weather."""

_TIMES = (("day", 0.34), ("morning", 0.22), ("sunset", 0.22), ("dawn", 0.08), ("dusk", 0.08), ("night", 0.06))
"""How often a time of day is drawn where none is said."""

_OPEN_AIR = ("meadow", "forest", "lake", "mountains")
"""Where whoever lives without a sky is drawn, when the prompt asks for a time of day or for weather."""

_AT_ODDS = {"snow": ("desert", "beach", "jungle", "volcano", "canyon", "blossoms"), "rain": ("desert",), "wind": ()}
"""Places that a weather is not sent to unasked."""


_SLOTS_OF = {"subject": ("subject", "other"), "colour": ("colour", "other_colour")}
"""Slots that a phrase of this kind may be about."""


@dataclass(frozen=True)
class Reading:
    """The value of every slot that a prompt was taken to mean."""

    values: dict[str, str]

    @classmethod
    def of(
        cls, chances: Mapping[str, np.ndarray], slots: Mapping[str, Sequence[str]], said: Iterable[Said]
    ) -> Reading:
        """The likeliest value of each slot that the prompt does not deny, made to agree with one another.

        chances: float (n,) for each slot, the probability of each of its n values, in the order of ``slots``. said: the
        phrases that were found in the prompt.
        """
        chances = dict(chances)
        said = tuple(said)
        wanted = {(one.slot, one.value) for one in said if not one.denied}
        for one in said:
            if one.denied and (one.slot, one.value) not in wanted:
                for slot in _SLOTS_OF.get(one.slot, (one.slot,)):
                    chances[slot] = np.where([value == one.value for value in slots[slot]], 0.0, chances[slot])
                # "Not red but blue": what is said instead counts.
                instead = [(one.slot, value) in wanted for value in slots[one.slot]]
                if any(instead):
                    chances[one.slot] = np.where(instead, chances[one.slot] + 1e-9, 0.0)
        values = {name: slots[name][int(np.argmax(chances[name]))] for name in slots}
        if {value for slot, value in wanted if slot == "weather"} == {"clear"}:
            values["weather"] = "clear"  # "snowy mountains, no snow"
        return cls(_agreeing(values, chances, slots))

    def has(self, slot: str, drawn: Mapping[str, str]) -> bool:
        """Whether the place that is drawn has such a thing as this slot at all."""
        return slot == "place" or drawn["place"] not in TIMELESS


def _agreeing(
    values: dict[str, str], chances: Mapping[str, np.ndarray], slots: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    if values["other"] == "none":
        values |= {"relation": "none", "other_colour": slots["other_colour"][0]}
    elif values["relation"] == "none":
        values["relation"] = _best("relation", chances, slots, lambda name: name != "none")
    if values["place"] in TIMELESS:
        values |= {"time": "any", "weather": "clear"}
    return values


def _best(
    slot: str, chances: Mapping[str, np.ndarray], slots: Mapping[str, Sequence[str]], allowed: Callable[[str], bool]
) -> str:
    """The likeliest of the allowed values; the first value where none is allowed."""
    known = [index for index, name in enumerate(slots[slot]) if allowed(name)]
    return slots[slot][max(known, key=lambda index: float(chances[slot][index])) if known else 0]


def at_home(
    reading: Reading,
    chances: Mapping[str, np.ndarray],
    slots: Mapping[str, Sequence[str]],
    homes: Mapping[str, Sequence[str]],
) -> Reading:
    """The same reading with the likeliest subject that lives in the place: for a prompt that names no subject.

    chances: float (n,) for each slot, as for ``Reading.of``. homes: the places that each subject is found in; the
    subject stays where none of them is found in this place.
    """
    values = dict(reading.values)
    place = values["place"] if values["place"] != "any" else _OPEN_AIR[0]
    if any(place in places for places in homes.values()):
        values["subject"] = _best("subject", chances, slots, lambda name: place in homes.get(name, ()))
        values |= {"other": "none", "relation": "none", "other_colour": slots["other_colour"][0]}
    return Reading(values)


def unsaid(
    reading: Reading,
    homes: Mapping[str, Sequence[str]],
    slots: Mapping[str, Sequence[str]],
    dice: tuple[float, float],
) -> dict[str, str]:
    """What to draw: the reading with a place that suits the subjects and a time of day, where it says none.

    dice: two numbers in 0..1 that choose the place and the time; 0 is the most typical.
    """
    drawn = dict(reading.values)
    if drawn["place"] == "any":
        choices = _places(drawn, homes, [name for name in slots["place"] if name != "any"])
        drawn["place"] = choices[min(int(dice[0] * len(choices)), len(choices) - 1)]
    if drawn["place"] in TIMELESS:
        return drawn | {"time": "day" if "day" in slots["time"] else slots["time"][-1], "weather": slots["weather"][0]}
    if drawn["time"] == "any":
        drawn["time"] = _time(dice[1], slots["time"])
    return drawn


def _places(drawn: Mapping[str, str], homes: Mapping[str, Sequence[str]], known: Sequence[str]) -> list[str]:
    """Places that suit the subject, both subjects if any does, and the weather and the time that were asked for."""
    suit = [place for place in homes.get(drawn["subject"], known) if place in known] or list(known)
    shared = [place for place in suit if place in homes.get(drawn["other"], suit)]
    outdoors = drawn["time"] != "any" or drawn["weather"] != "clear"
    bad = {*_AT_ODDS.get(drawn["weather"], ()), *(TIMELESS if outdoors else ())}
    for choices in (shared, suit, [place for place in _OPEN_AIR if place in known], known):
        fitting = [place for place in choices if place not in bad]
        if fitting:
            return fitting
    return list(known)


def _time(roll: float, known: Sequence[str]) -> str:
    table = [(name, share) for name, share in _TIMES if name in known]
    if not table:
        return known[-1]
    left = roll * sum(share for _, share in table)
    for name, share in table:
        left -= share
        if left < 0:
            return name
    return table[-1][0]


def not_taken(said: Sequence[Said], values: Mapping[str, str]) -> Iterator[str]:
    """The phrases that contradict what was understood, because another phrase of their kind was taken."""
    wanted = [one for one in said if not one.denied]
    for one in said:
        if one.denied:
            if _taken(one, values):
                yield one.phrase
        elif not _taken(one, values):
            rivals = any(other.slot == one.slot and _taken(other, values) for other in wanted)
            if rivals or values["place"] in TIMELESS and one.slot in ("time", "weather"):
                yield one.phrase


def _taken(one: Said, values: Mapping[str, str]) -> bool:
    """Whether what was understood agrees with this phrase."""
    value = values.get(one.slot, one.value)
    if one.slot == "subject":  # the moon may be who, and where
        return one.value in (value, values["other"], values["place"])
    if one.slot == "colour":
        return one.value == value or values["other"] != "none" and one.value == values["other_colour"]
    if one.slot == "weather":
        return one.value == value or value == "storm" and one.value in ("rain", "wind")
    if one.slot == "motion":  # both subjects may move, and what jumps to the left both jumps and goes left
        return one.value == value or values["other"] != "none" or "jumping" in value and one.value in (
            value.split("_")[0], "bounce")  # fmt: skip
    return one.value == value
