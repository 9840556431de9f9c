"""Slots and the sentences about them: scenes, camera courses and timings, said in many ways.

`sample_slots` draws scenes, `caption` says one of them the way people type prompts: fragments, whole sentences,
requests, any order. `COURSES` and `TIMINGS` are the words (and numbers) for how a clip goes on and how motion is
spread over time. Words come from lexicon.py.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from studio.worlds.lexicon import (
    CAMERAS,
    COLOURS,
    COUNTS,
    GOING,
    LEFTWARDS,
    MOTIONS,
    PLACE_PHRASES,
    PLACES,
    RELATIONS,
    RIGHTWARDS,
    SIZES,
    SLOTS,
    SUBJECTS,
    TIMELESS,
    TIMES,
    TRAVEL,
    WEATHERS,
)
from studio.worlds.nouns import UNCOUNTED, plural

TIMELESS_PLACES = tuple(SLOTS["place"].index(name) for name in TIMELESS)

#: The motions that go with a relation; with the others any does.
RELATION_MOTIONS: dict[str, tuple[str, ...]] = {
    "chases": ("left", "right", "left_jumping", "right_jumping"),
    "follows": ("left", "right", "left_jumping", "right_jumping"),
    "rides": ("left", "right", "left_jumping", "right_jumping"),
    "meets": ("left", "right"),
    "circles": ("orbit",),
}

_UNCOUNTED = [index for index, subject in enumerate(SUBJECTS) if subject.name in UNCOUNTED]

#: How a continuation goes on: kind -> (phrases, course). A course is (pan x, pan y in frame heights per second, zoom
#: in octaves per second, rotation in radians per second (positive turns the picture clockwise), the factor by which the
#: clip's own motion speeds up within a second, how much of that motion stops). Panning left shows what lies to the
#: left, so the picture itself moves to the right.
COURSES: dict[str, tuple[tuple[str, ...], tuple[float, float, float, float, float, float]]] = {
    "pan_left": (("pans left", "camera pans left", "pan left", "panning left", "the camera moves left",
                  "turns to the left", "look left", "camera swings left"), (-0.5, 0, 0, 0, 1, 0)),
    "pan_right": (("pans right", "camera pans right", "pan right", "panning right", "the camera moves right",
                   "turns to the right", "look right", "camera swings right"), (0.5, 0, 0, 0, 1, 0)),
    "tilt_up": (("tilts up", "camera tilts up", "pans up", "looks up", "the camera moves up", "tilting up",
                 "camera rises"), (0, -0.5, 0, 0, 1, 0)),
    "tilt_down": (("tilts down", "camera tilts down", "pans down", "looks down", "the camera moves down",
                   "tilting down", "camera sinks"), (0, 0.5, 0, 0, 1, 0)),
    "zoom_in": (("zooms in", "camera zooms in", "zoom in", "zooming in", "moves in", "gets closer", "dolly in",
                 "push in", "closer"), (0, 0, 0.5, 0, 1, 0)),
    "zoom_out": (("zooms out", "camera zooms out", "zoom out", "zooming out", "pulls back", "moves back",
                  "dolly out", "pull out", "wider"), (0, 0, -0.5, 0, 1, 0)),
    "rotate_left": (("rotates left", "rolls left", "rotates counterclockwise", "camera rolls to the left",
                     "turns anticlockwise", "tilts its head to the left"), (0, 0, 0, -0.5, 1, 0)),
    "rotate_right": (("rotates right", "rolls right", "rotates clockwise", "camera rolls to the right",
                      "turns clockwise", "tilts its head to the right"), (0, 0, 0, 0.5, 1, 0)),
    "slow_down": (("slows down", "slower", "slow motion", "slowing down", "in slow motion", "calms down",
                   "decelerates"), (0, 0, 0, 0, 0.4, 0)),
    "speed_up": (("speeds up", "faster", "accelerates", "speeding up", "fast forward", "quicker", "time lapse"),
                 (0, 0, 0, 0, 2, 0)),
    "stop": (("stops", "freezes", "comes to a halt", "stands still", "stop", "freeze", "everything stops", "halts",
              "pauses"), (0, 0, 0, 0, 1, 1)),
    "steady": (("goes on", "continues", "steady", "just goes on", "continues as before", "keeps going", "carry on",
                "same as before", "unchanged"), (0, 0, 0, 0, 1, 0)),
}

_TIME = np.linspace(0.0, 1.0, 17)

#: How motion is spread between two keyframes: kind -> (phrases, monotone curve 0..1 at 17 even points in time).
TIMINGS: dict[str, tuple[tuple[str, ...], np.ndarray]] = {
    "steady": (("steady", "even", "linear", "constant speed", "evenly", "at a steady pace", "uniform motion"), _TIME),
    "slow_start": (("slow start", "starts slowly", "ease in", "accelerating", "picks up speed", "slow at first",
                    "gently starting"), _TIME**2),
    "slow_end": (("slow end", "ends slowly", "ease out", "decelerating", "slows at the end", "slowing to a halt",
                  "comes gently to rest"), 1 - (1 - _TIME) ** 2),
    "slow_both": (("slow start and end", "ease in and out", "smooth", "gentle", "softly", "ease in out",
                   "smooth and gentle", "starts and ends slowly"), _TIME**2 * (3 - 2 * _TIME)),
    "quick_middle": (("quick middle", "snappy", "fast in the middle", "sudden change", "a quick jump in the middle",
                      "abrupt", "whip"), _TIME**4 / (_TIME**4 + (1 - _TIME) ** 4)),
    "slow_middle": (("slow middle", "hesitates in the middle", "pauses halfway", "lingers in the middle",
                     "slow in the middle", "rests in the middle"), 0.5 + 4 * (_TIME - 0.5) ** 3),
    "linger_first": (("lingers on the first picture", "holds the first frame", "waits at the beginning", "late start",
                      "stays at the start", "changes at the last moment"), _TIME**4),
    "linger_last": (("lingers on the last picture", "holds the last frame", "waits at the end", "arrives early",
                     "stays at the end", "changes at once"), 1 - (1 - _TIME) ** 4),
}


def is_held_out(subject: torch.Tensor, colour: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
    """True where a combination of (subject, colour, place) is kept away from training, about one in ten."""
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
    """What a caption tells of scenes: the slots, place and time "any" where it leaves them unsaid."""
    count = len(slots["subject"])
    timeless = np.isin(slots["place"].numpy(), TIMELESS_PLACES)
    no_place = torch.from_numpy(rng.random(count) < 0.15)
    no_time = torch.from_numpy(timeless | (rng.random(count) < 0.35))
    return slots | {
        "place": slots["place"].masked_fill(no_place, 0),
        "time": slots["time"].masked_fill(no_time, 0),
    }


def _pick(rng: np.random.Generator, options: Sequence[str]) -> str:
    """One of the options, the first ones (the usual words) more often; an empty string of none."""
    if not options:
        return ""
    return options[int(len(options) * rng.random() ** 1.25)]


def _subject(slots: dict[str, int], rng: np.random.Generator) -> str:
    noun = _pick(rng, SUBJECTS[slots["subject"]].words)
    colour = _pick(rng, COLOURS[SLOTS["colour"][slots["colour"]]])
    size = _pick(rng, SIZES[SLOTS["size"][slots["size"]]])
    if slots["count"]:
        words = (_pick(rng, COUNTS[SLOTS["count"][slots["count"]]]), size, colour, plural(noun))
        return " ".join(word for word in words if word)
    plain = " ".join(word for word in (size, colour, noun) if word)
    if rng.random() < 0.25:
        return rng.choice(("the ", "one ", "", "my ")) + plain
    return ("an " if plain[0] in "aeiou" else "a ") + plain


def _other(slots: dict[str, int], rng: np.random.Generator) -> str:
    if not slots["other"]:
        return ""
    noun = _pick(rng, SUBJECTS[slots["other"] - 1].words)
    colour = _pick(rng, COLOURS[SLOTS["other_colour"][slots["other_colour"]]])
    return f"{_pick(rng, RELATIONS[SLOTS['relation'][slots['relation']]])} a {colour} {noun}"


def _motion(slots: dict[str, int], rng: np.random.Generator) -> str:
    """The verb phrase. Travel without a stated side goes to the right, as people expect a walk to go somewhere."""
    name = SLOTS["motion"][slots["motion"]]
    if name == "still":
        return _pick(rng, MOTIONS["still"]) if rng.random() < 0.4 else ""
    if name not in ("left", "right"):
        return _pick(rng, MOTIONS[name])
    kind = SUBJECTS[slots["subject"]].kind
    pairs = TRAVEL[kind] if rng.random() < 0.75 else GOING
    verb = pairs[rng.integers(len(pairs))][rng.integers(2)]
    if name == "right" and rng.random() < 0.2 and pairs is not GOING:
        return verb
    return f"{verb} {_pick(rng, LEFTWARDS if name == 'left' else RIGHTWARDS)}"


def _place(slots: dict[str, int], rng: np.random.Generator) -> str:
    name = SLOTS["place"][slots["place"]]
    if name == "any":
        return ""
    phrases = PLACE_PHRASES.get(name, ())
    if phrases and rng.random() < 0.3:
        return phrases[rng.integers(len(phrases))]
    prepositions, names = PLACES[name]
    return f"{_pick(rng, prepositions)} {_pick(rng, names)}"


def caption(slots: dict[str, int], rng: np.random.Generator) -> str:
    """One sentence or fragment, in lower case, that says every slot (an empty value goes unsaid)."""
    subject, place = _subject(slots, rng), _place(slots, rng)
    motion = f"{_motion(slots, rng)} {_other(slots, rng)}"
    time = _pick(rng, TIMES[SLOTS["time"][slots["time"]]])
    weather = _pick(rng, WEATHERS[SLOTS["weather"][slots["weather"]]])
    camera = _pick(rng, CAMERAS[SLOTS["camera"][slots["camera"]]])
    order = rng.integers(6)
    if order == 0:
        parts = [f"{subject} {motion} {place} {time}", weather, camera]
    elif order == 1:
        parts = [time, f"{subject} {motion} {place}", camera, weather]
    elif order == 2:
        parts = [f"{place} {time}", f"{subject} {motion}", weather, camera]
    elif order == 3:
        opening = _pick(rng, ("a video of", "an animation of", "a clip of", "show me", "make a video of",
                              "please create", "a short film of", "i want to see", "footage of"))
        parts = [f"{opening} {subject} {motion} {place} {weather} {time}", camera]
    elif order == 4:
        parts = [f"{subject} {place} {motion} {time}", camera, weather]
    else:
        parts = [subject, place, motion, time, weather, camera]
    separator = ", " if rng.random() < 0.8 else " "
    text = separator.join(" ".join(part.split()) for part in parts if part.strip())
    return text + "." if rng.random() < 0.05 else text


def captions(slots: dict[str, torch.Tensor], rng: np.random.Generator) -> list[str]:
    """One caption for each scene of a batch of slots (see sample_slots)."""
    columns = {name: values.tolist() for name, values in slots.items()}
    count = len(columns["subject"])
    return [caption({name: values[index] for name, values in columns.items()}, rng) for index in range(count)]


def course_phrase(kind: str, rng: np.random.Generator) -> str:
    """One way to say a course of COURSES."""
    return _pick(rng, COURSES[kind][0])


def timing_phrase(kind: str, rng: np.random.Generator) -> str:
    """One way to say a timing of TIMINGS."""
    return _pick(rng, TIMINGS[kind][0])
