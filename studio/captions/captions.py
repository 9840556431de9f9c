"""Slots and captions: random scenes, what a caption leaves unsaid, its sentence, and how it could be wrong.

`sample_slots` draws scenes, `say_less` decides what their captions leave out, `captions` says the rest the way people
type prompts (the grammar is in sentences.py). `COURSES` and `TIMINGS`, the words for how a clip goes on, are kept in
courses.py and can be had from here too.
"""

from __future__ import annotations

from random import Random

import numpy as np
import torch

from studio.captions.courses import COURSES, TIMINGS, course_phrase, timing_phrase
from studio.captions.lexicon import SLOTS, SUBJECTS, TIMELESS, UNCOUNTED
from studio.captions.sentences import sentence
from studio.captions.templates import TRAINING_WORDING, UNSEEN_WORDING

__all__ = ("COURSES", "RELATION_MOTIONS", "TIMELESS_PLACES", "TIMINGS", "captions", "course_phrase",
           "is_held_out", "sample_slots", "say_less", "swap_one", "timing_phrase")  # fmt: skip

TIMELESS_PLACES = tuple(SLOTS["place"].index(name) for name in TIMELESS)

#: The motions that go with a relation; with the others any does.
RELATION_MOTIONS: dict[str, tuple[str, ...]] = {
    "chases": ("left", "right", "left_jumping", "right_jumping"),
    "follows": ("left", "right", "left_jumping", "right_jumping"),
    "rides": ("left", "right", "left_jumping", "right_jumping"),
    "meets": ("left", "right"),
    "circles": ("orbit",),
}

NO_PLACE, NO_TIME = 0.15, 0.35
"""Shares of captions that leave place and time unsaid."""

_UNCOUNTED = [index for index, subject in enumerate(SUBJECTS) if subject.name in UNCOUNTED]


def is_held_out(subject: torch.Tensor, colour: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
    """Where a combination of (subject, colour, place), each long (B,), is kept away from training: bool (B,), one in
    ten.
    """
    mixed = (subject * 7919 + colour * 104729 + place * 1299709) * 2654435761
    return (mixed >> 7) % 10 == 0


def sample_slots(count: int, rng: np.random.Generator, held_out: bool = False) -> dict[str, torch.Tensor]:
    """Random scenes: one long tensor (count,) per slot.

    A third of the subjects keep their natural colour, half of the cameras stand still and more than half of the skies
    are clear, as in prompts. `held_out` draws only combinations that training never sees, otherwise only the others.
    """
    chosen: dict[str, torch.Tensor] = {}
    kept = 0
    while kept < count:
        batch = _draw(2 * count + 32, rng)
        mask = is_held_out(batch["subject"], batch["colour"], batch["place"]) == held_out
        batch = {name: values[mask] for name, values in batch.items()}
        chosen = {name: torch.cat([chosen[name], batch[name]]) for name in batch} if chosen else batch
        kept = len(chosen["subject"])
    return {name: values[:count] for name, values in chosen.items()}


def _draw(count: int, rng: np.random.Generator) -> dict[str, torch.Tensor]:
    def one_of(slot: str, plain: float) -> np.ndarray:
        """The first value with probability `plain`, else one of the others evenly."""
        others = rng.integers(1, len(SLOTS[slot]), count)
        return np.where(rng.random(count) < plain, 0, others)

    def at(slot: str, *names: str) -> list[int]:
        return [SLOTS[slot].index(name) for name in names]

    subject = rng.integers(0, len(SUBJECTS), count)
    paired = rng.random(count) < 0.35
    place = rng.integers(1, len(SLOTS["place"]), count)
    timeless = np.isin(place, TIMELESS_PLACES)
    relation = np.where(paired, rng.integers(1, len(SLOTS["relation"]), count), 0)
    motion = rng.integers(0, len(SLOTS["motion"]), count)
    for name, motions in RELATION_MOTIONS.items():
        fitting = rng.choice(at("motion", *motions), count)
        motion = np.where(relation == at("relation", name)[0], fitting, motion)
    countable = ~np.isin(subject, _UNCOUNTED)
    drawn = {
        "subject": subject,
        "colour": one_of("colour", 0.3),
        "size": one_of("size", 0.8),
        "count": np.where(countable & (rng.random(count) < np.where(paired, 0.06, 0.2)), rng.integers(1, 3, count), 0),
        # Never the subject itself: a step of 1..N-1 from it.
        "other": np.where(paired, (subject + rng.integers(1, len(SUBJECTS), count)) % len(SUBJECTS) + 1, 0),
        "other_colour": np.where(paired, one_of("other_colour", 0.4), 0),
        "relation": relation,
        "place": place,
        "time": np.where(timeless, at("time", "day")[0], rng.integers(1, len(SLOTS["time"]), count)),
        "motion": motion,
        "camera": one_of("camera", 0.5),
        "weather": np.where(timeless, 0, one_of("weather", 0.5)),
    }
    return {name: torch.from_numpy(np.ascontiguousarray(values)).long() for name, values in drawn.items()}


def say_less(slots: dict[str, torch.Tensor], rng: np.random.Generator) -> dict[str, torch.Tensor]:
    """What a caption tells of scenes: the slots, long (B,) each, with place and time "any" where it leaves them unsaid.
    """
    count = len(slots["subject"])
    timeless = np.isin(slots["place"].cpu().numpy(), TIMELESS_PLACES)
    no_place = torch.from_numpy(rng.random(count) < NO_PLACE).to(slots["place"].device)
    no_time = torch.from_numpy(timeless | (rng.random(count) < NO_TIME)).to(slots["time"].device)
    return slots | {
        "place": slots["place"].masked_fill(no_place, 0),
        "time": slots["time"].masked_fill(no_time, 0),
    }


def captions(labels: dict[str, torch.Tensor], rng: np.random.Generator, unseen: bool = False) -> list[str]:
    """One caption for each scene of a batch of labels, long (B,) for every slot (see say_less).

    `unseen` takes sentences that training never has, without typos, to measure how well new wordings are read.
    """
    draw = Random(int(rng.integers(2**62)))
    wording = UNSEEN_WORDING if unseen else TRAINING_WORDING
    names, columns = tuple(labels), [values.tolist() for values in labels.values()]
    return [sentence(dict(zip(names, row, strict=True)), draw, wording) for row in zip(*columns, strict=True)]


def swap_one(
    labels: dict[str, torch.Tensor], rng: np.random.Generator
) -> tuple[dict[str, torch.Tensor], list[str]]:
    """Every scene, long (B,) for every slot, with exactly one attribute changed to another value that a caption says;
    and the names of the slots changed, B of them.

    For hard negatives: the changed caption is wrong about the scene, and in nothing else. A natural colour is never
    swapped, as an apple may be red anyway; nor is what goes unsaid ("any").
    """
    changed = {name: values.clone() for name, values in labels.items()}
    columns = {name: values.tolist() for name, values in labels.items()}
    swapped = []
    for index in range(len(columns["subject"])):
        scene = {name: values[index] for name, values in columns.items()}
        choices = [slot for slot in _SWAPS if _options(scene, slot)]
        slot = choices[int(rng.integers(len(choices)))]
        options = _options(scene, slot)
        changed[slot][index] = options[int(rng.integers(len(options)))]
        swapped.append(slot)
    return changed, swapped


_SWAPS = tuple(SLOTS)
_WEATHERED = tuple(value for value in range(1, len(SLOTS["place"])) if value not in TIMELESS_PLACES)
_FREE_RELATIONS = tuple(
    value for value, name in enumerate(SLOTS["relation"]) if value and name not in RELATION_MOTIONS
)  # fmt: skip


def _options(scene: dict[str, int], slot: str) -> tuple[int, ...]:
    """The values that a slot of a scene can be swapped to, without touching the others."""
    value, values = scene[slot], tuple(range(len(SLOTS[slot])))
    relation = SLOTS["relation"][scene["relation"]]
    if slot in ("colour", "other_colour"):
        values = values[1:] if value else ()
    elif slot == "other":
        values = tuple(other for other in values[1:] if other != scene["subject"] + 1) if value else ()
    elif slot == "subject":
        values = tuple(v for v in values if v != scene["other"] - 1 and not (scene["count"] and v in _UNCOUNTED))
    elif slot == "count" and scene["subject"] in _UNCOUNTED:
        values = ()
    elif slot == "relation":
        values = _relations(scene)
    elif slot == "motion" and relation in RELATION_MOTIONS:
        values = tuple(SLOTS["motion"].index(name) for name in RELATION_MOTIONS[relation])
    elif slot == "place":
        values = (_WEATHERED if scene["time"] or scene["weather"] else values[1:]) if value else ()
    elif slot == "time":
        values = values[1:] if value else ()
    elif slot == "weather" and scene["place"] in TIMELESS_PLACES:
        values = ()
    return tuple(option for option in values if option != value)


def _relations(scene: dict[str, int]) -> tuple[int, ...]:
    """The relations that go with the motion of a scene."""
    if not scene["relation"]:
        return ()
    motion = SLOTS["motion"][scene["motion"]]
    fitting = tuple(SLOTS["relation"].index(name) for name, motions in RELATION_MOTIONS.items() if motion in motions)
    return (*_FREE_RELATIONS, *fitting)
