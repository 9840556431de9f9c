"""The sentences that captions are arranged in: templates of training, and others that training never has.

A template is a row of segments, joined by commas; a segment whose pieces are all unsaid disappears. `UNSEEN` holds
templates that training never uses: they measure how well a text encoder reads new sentences made of known words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

#: Templates of training. Pieces: {np} noun phrase, {keys} the same without article, {ing} participle, {fin} finite
#: verb phrase, {be} is or are, {where} {when} {in} (place, time and weather that follow a sentence), {tag} a remark on
#: the weather, {sky} either kind, {cam} camera, {open} and {ask} openings, {adv} an adverb.
TEMPLATES: tuple[tuple[float, str], ...] = (
    (3.0, "{np} {ing} {where} {in} {when}|{cam}"),
    (3.0, "{np} {fin} {where} {in} {when}|{cam}"),
    (2.0, "{np} {be} {ing} {where} {when}|{sky}|{cam}"),
    (2.0, "{np} {where} {ing} {when}|{cam}|{sky}"),
    (2.0, "{when}|{np} {ing} {where}|{cam}|{sky}"),
    (1.5, "{where} {when}|{np} {fin}|{sky}|{cam}"),
    (2.0, "{open} {np} {ing} {where} {in} {when}|{cam}"),
    (1.0, "{open} {np} that {fin} {where} {when}|{sky}|{cam}"),
    (1.5, "{open} {np} {where} {when}|{ing}|{sky}|{cam}"),
    (1.0, "{ask} {np} {ing} {where} {when} {in}?|{cam}"),
    (0.7, "{ask} {np} {ing} {where}|with {cam}|{sky} {when}?"),
    (1.5, "{keys}|{ing}|{where}|{when}|{sky}|{cam}"),
    (1.2, "{keys}|{where}|{when}|{sky}|{cam}|{ing}"),
    (0.7, "{cam}|{keys}|{sky}|{ing}|{when}|{where}"),
    (0.8, "{keys} {ing} {where} {when} {tag} {cam}"),
    (1.0, "{sky}|{when} {np} {fin} {where}|{cam}"),
    (0.8, "{cam}: {np} {ing} {where} {when}|{sky}"),
    (0.7, "{cam} while {np} {fin} {where} {in} {when}"),
    (0.8, "there {be} {np} {ing} {where} {when}|{sky}|{cam}"),
    (0.6, "{where} there {be} {np} {ing}|{when}|{tag}|{cam}"),
    (0.5, "once upon a time there {be} {np} {ing} {where} {in} {when}|{cam}"),
    (0.5, "{np} {adv} {fin} {where} {when}|{sky}|{cam}"),
    (0.5, "somewhere {where}|{when} {in}|{np} {adv} {fin}|{cam}"),
    (0.5, "imagine {np} {ing} {where} {when} {in}|{cam}"),
    (0.4, "watch how {np} {fin} {where} {in} {when}|{cam}"),
    (0.4, "{tag}|{where} {when}|and {np} {ing}|{cam}"),
)

#: Sentences that training never has, made of the same pieces.
UNSEEN: tuple[tuple[float, str], ...] = (
    (1.0, "look, {np} {where} {when}, and {np_it} {fin}|{sky}|{cam}"),
    (1.0, "the scene: {where} {when}|{sky}|the thing we see: {np} {ing}|{cam}"),
    (1.0, "{ing} {where} {when}, that is {np}|{tag}|{cam}"),
    (1.0, "what would it look like if {np} {fin} {where} {in} {when}|{cam}"),
    (1.0, "i was thinking of {np} {ing} {where} {when}|maybe {sky}|{cam}"),
    (1.0, "here we have {np} who {fin} {where} {in} {when}|and {cam}"),
    (1.0, "{where} you can see how {np} {fin} {in} {when}|{cam}"),
    (1.0, "{np}. it is {ing} {where} {when}. {cam}|{sky}"),
    (1.0, "do a short one where {np} {fin} {where} {when} and {sky}|{cam}"),
    (1.0, "it should be {when}|{sky}|{where}|{np} {ing}|{cam}"),
)

OPENINGS = (
    "a video of", "an animation of", "show me", "a clip of", "make a video of", "please create", "a short film of",
    "i want to see", "footage of", "create a video of", "a short clip of", "please make a video of", "generate",
    "make an animation of", "draw", "i would like", "please show me", "animate", "a cartoon of", "a scene with",
    "give me", "make me a clip of", "let us see", "let me see", "film", "i need a video of", "a movie about",
    "please draw", "a loop of", "video:",
)  # fmt: skip
QUESTIONS = (
    "can you make", "could you show me", "can you show", "how about", "what about", "could you draw", "can i see",
    "would you make a video of", "can you animate", "may i have", "could we see", "could you please make",
)  # fmt: skip


@dataclass(frozen=True)
class Segment:
    """A template's segment, cut into literal words and names of pieces."""

    text: str
    pieces: tuple[str, ...]


@dataclass(frozen=True)
class Wording:
    """How free a caption is: training captions have typos and remarks, unseen ones other templates."""

    templates: tuple[tuple[float, tuple[Segment, ...]], ...]
    loose: bool


def _compile(rows: Sequence[tuple[float, str]]) -> tuple[tuple[float, tuple[Segment, ...]], ...]:
    """Templates with their cumulative weights."""
    total, reached, compiled = sum(weight for weight, _ in rows), 0.0, []
    for weight, row in rows:
        reached += weight / total
        segments = (Segment(part, tuple(re.findall(r"{(\w+)}", part))) for part in row.split("|"))
        compiled.append((reached, tuple(segments)))
    return tuple(compiled)


TRAINING_WORDING = Wording(_compile(TEMPLATES), loose=True)
UNSEEN_WORDING = Wording(_compile(UNSEEN), loose=False)
