"""From words or a picture to the looks that are wanted, and how much of each.

Words go through the text encoder; what comes out is compared with the typical embeddings of the looks, and of some
styles that are painted in a look that is like them. A prompt of several parts is read part by part (look_parts.py),
but only where the parts make sense on their own: "brush and ink" is one look, "watercolour and ink" are two. What the
generator is given in the end is always a mixture of its own looks' codes: every prompt is painted as crisply as a look.

Letters: B phrases, L looks, S styles (the looks and others), D width of the joint text-picture space.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from studio.errors import RequestError
from studio.models.clip import EMBEDDING_SCALE
from studio.models.restyle import RestyleGenerator
from studio.pipelines.restyle.look_parts import (
    FILLERS,
    Part,
    correct,
    parts_of,
    plain,
    shares_of,
    take_colour,
    words_of,
)
from studio.scene import LookReading
from studio.tensors import to_numpy, to_tensor

Encode = Callable[[Sequence[str]], torch.Tensor]
"""Phrases to embeddings (B, D) of any length, as ``StudioPipeline.encode_prompt`` gives them."""

_SHARPNESS = 30.0  # inverse temperature of the choice among styles, in units of cosine
_KNOWN = 0.6  # cosine to a style's typical embedding from which on a phrase surely means it
_BESIDE = 0.3  # of two looks that are both meant, neither lies further from the phrase than the other by this (cosine)
_GUESSED = 0.3  # sureness below which a reading is a guess
_MOST = 4  # looks in one blend
_GREY_LOOKS = frozenset(("pencil", "charcoal", "engraving", "ink", "noir", "linocut", "manga"))
_ALL_COLOUR = frozenset(("neon", "synthwave", "cyberpunk", "fauvist", "psychedelic", "pop", "stained"))
_ONE_COLOUR = _GREY_LOOKS | {"sepia", "blueprint", "chalkboard"}


@dataclass(frozen=True, eq=False)
class KnownLooks:
    """What a generator can paint: `names`, `titles` and `tilings` of its L looks and their `codes`, float32 (L, D).

    `kin_titles`, `kin` and `kin_codes`, float32 (S - L, D): further styles that it has no look for, the index of the
    look that each is painted in, and their embeddings. All embeddings have length one and are on the CPU; `words`:
    those that the text encoder met in training.
    """

    names: tuple[str, ...]
    titles: tuple[str, ...]
    tilings: tuple[str, ...]
    codes: torch.Tensor
    words: frozenset[str]
    kin_titles: tuple[str, ...]
    kin: tuple[int, ...]
    kin_codes: torch.Tensor

    @staticmethod
    def of(generator: RestyleGenerator) -> KnownLooks:
        """As the generator's configuration and buffers name them."""
        config = generator.config
        names = tuple(config.looks)
        kin_titles = tuple(config.kin_styles)
        codes = F.normalize(_on_host(generator.look_codes), dim=1)
        kin_codes = _on_host(generator.kin_codes)[: len(kin_titles)]
        return KnownLooks(
            names=names,
            titles=tuple(config.look_titles),
            tilings=tuple(config.look_tilings) or ("none",) * len(names),
            codes=codes,
            words=frozenset(config.known_words),
            kin_titles=kin_titles,
            kin=tuple(names.index(look) for look in config.kin_looks),
            kin_codes=F.normalize(kin_codes, dim=1),
        )

    def condition(self, weights: Sequence[float]) -> torch.Tensor:
        """What the generator is given for shares of the looks: (1, D), of length EMBEDDING_SCALE, float32."""
        mixed = torch.tensor([list(weights)], dtype=torch.float32) @ self.codes
        return F.normalize(mixed, dim=1) * EMBEDDING_SCALE

    @staticmethod
    def together(blends: Sequence[Sequence[float]]) -> tuple[float, ...]:
        """Several blends in equal parts, each the shares (L,) of the looks, as one."""
        return tuple(np.mean(blends, axis=0).tolist())

    def tiling(self, weights: Sequence[float]) -> str:
        """The tiling of the heaviest look that has one, if it makes a quarter or more of the blend; else "none"."""
        for index in np.argsort(weights)[::-1]:
            if weights[index] >= 0.25 and self.tilings[index] != "none":
                return self.tilings[index]
        return "none"

    def cosines(self, embeds: torch.Tensor) -> torch.Tensor:
        """Cosine similarity of embeddings (B, D) to the looks and then the other styles, float32 (B, S), -1..1, CPU."""
        return F.normalize(_on_host(embeds), dim=1) @ torch.cat([self.codes, self.kin_codes]).T

    def as_looks(self, styles: torch.Tensor) -> torch.Tensor:
        """Shares of styles, float (B, S), as shares of the looks that paint them, (B, L), of the same dtype."""
        owners = torch.tensor([*range(len(self.names)), *self.kin])
        return styles.new_zeros(len(styles), len(self.names)).index_add_(1, owners, styles)

    def title_of(self, style: int) -> str:
        """How a style is called."""
        return (*self.titles, *self.kin_titles)[style]


@dataclass(frozen=True)
class LookBlend:
    """weights: the share of each look (L,), summing to one; greys: it shall be without colour, though the looks have
    some; reading: what a person is told of how the words were taken."""

    weights: tuple[float, ...]
    greys: bool
    reading: LookReading


@dataclass(frozen=True)
class _Phrase:
    """What the text encoder makes of one phrase. weights: float64 (L,), of the looks; cosines: (S,); sureness: 0..1."""

    weights: np.ndarray
    cosines: np.ndarray
    sureness: float

    @property
    def look(self) -> int:
        return int(self.weights.argmax())

    @property
    def style(self) -> int:
        return int(self.cosines.argmax())

    @property
    def is_known(self) -> bool:
        return self.cosines.max() >= _KNOWN

    def is_beside(self, other: _Phrase) -> bool:
        """Whether the style of the other phrase is nearly as near as this one's own."""
        return self.cosines[other.style] >= self.cosines.max() - _BESIDE


def read_words(prompt: str, looks: KnownLooks, encode: Encode) -> LookBlend:
    """Reads a prompt for a look.

    encode: the text encoder. Words that it never met are left out where others remain, and named in the reading.
    Raises RequestError if the prompt says nothing, or only what is not wanted.
    """
    if not words_of(prompt):
        raise RequestError('Please name a look, such as "watercolour painting", or give a style picture.')
    text, unknown, corrected = _clean(plain(prompt), looks)
    colourless, is_grey, is_colourful = take_colour(text)
    whole = _read_phrases([text], looks, encode)[0]
    if is_grey and words_of(colourless) and not (whole.is_known and looks.names[whole.look] in _GREY_LOOKS):
        text, whole = colourless, _read_phrases([colourless], looks, encode)[0]
    parts = parts_of(text)
    chosen, shares = _choose(whole, parts, _read_phrases([part.text for part in parts], looks, encode))
    weights, left_out = _blend(chosen, shares, len(looks.names))
    heaviest = [index for index in np.argsort(-weights, kind="stable") if weights[index] > 0]
    count = sum(word not in FILLERS for word in words_of(text)) + is_grey
    known_share = count / max(1, count + len(unknown))
    sureness = known_share * sum(one.sureness * share for one, share in zip(chosen, shares))
    greys = is_grey and not all(looks.names[index] in _GREY_LOOKS for index in heaviest)
    notes = [f'"{wrong}" was taken for "{right}".' for wrong, right in corrected]
    notes += _notes_on_looks(chosen, heaviest, left_out, sureness, looks)
    notes += _notes_on_colour(heaviest, looks, greys, is_colourful)
    reading = LookReading(
        look=looks.titles[heaviest[0]],
        confidence=round(float(sureness), 4),
        unknown_words=tuple(dict.fromkeys(unknown)),
        weights=tuple((looks.titles[index], round(float(weights[index]), 4)) for index in heaviest),
        notes=tuple(notes),
    )
    return LookBlend(weights=tuple(weights.tolist()), greys=greys, reading=reading)


def _on_host(values: torch.Tensor) -> torch.Tensor:
    """A few embeddings as float32 on the CPU, where words are weighed."""
    return to_tensor(to_numpy(values.float()))


def _clean(text: str, looks: KnownLooks) -> tuple[str, list[str], list[tuple[str, str]]]:
    """(the text with known words only, if any of them counts; the unknown words; spelling that was corrected)."""
    unknown, corrected, kept = [], [], text
    for word in words_of(text):
        if word in FILLERS or word.isdigit():
            continue
        right = correct(word, looks.words)
        if right is None:
            unknown.append(word)
        elif right != word and not word.startswith(right):
            corrected.append((word, right))
        if right != word:
            kept = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", right or " ", kept)
    counts = any(word not in FILLERS and not word.isdigit() for word in words_of(kept))
    return (" ".join(kept.split()) if counts else text), unknown, corrected


def _read_phrases(phrases: Sequence[str], looks: KnownLooks, encode: Encode) -> list[_Phrase]:
    cosines = looks.cosines(encode(list(phrases)))
    weights = to_numpy(looks.as_looks((cosines * _SHARPNESS).softmax(dim=1)).double())
    cosines = to_numpy(cosines)
    known = ((cosines.max(axis=1) - 0.25) / (_KNOWN - 0.25)).clip(0, 1)
    return [_Phrase(*found) for found in zip(weights, cosines, weights.max(axis=1) * known)]


def _choose(whole: _Phrase, parts: list[Part], said: list[_Phrase]) -> tuple[list[_Phrase], list[float]]:
    """What is blended, and the shares: the parts where they are looks of their own, else the whole."""
    refused = {one.look for part, one in zip(parts, said) if part.refused and one.is_known}
    if all(part.refused for part in parts):
        raise RequestError("Please say which look you want; so far you only say which one you do not want.")
    if all(part.share == 0 for part in parts):
        raise RequestError("Please give at least one look more than 0 %.")
    sure = [
        (part, one)
        for part, one in zip(parts, said)
        if one.is_known and not part.refused and one.look not in refused and part.share != 0
    ]
    counted = any(part.share is not None or part.amount is not None for part, _ in sure)
    several = len({one.look for _, one in sure}) > 1 and all(whole.is_beside(one) for _, one in sure)
    if sure and (refused or counted or several or not whole.is_known):
        return [one for _, one in sure], shares_of([part for part, _ in sure])
    if refused:
        allowed = whole.weights.copy()
        allowed[list(refused)] = 0
        whole = _Phrase(allowed / max(allowed.sum(), 1e-9), whole.cosines, 0.0)
    return [whole], [1.0]


def _blend(chosen: list[_Phrase], shares: list[float], count: int) -> tuple[np.ndarray, list[int]]:
    """(shares of the looks (L,), summing to one; looks that are one too many)."""
    total: dict[int, float] = {}
    for one, share in zip(chosen, shares):
        total[one.look] = total.get(one.look, 0.0) + share
    order = sorted(total, key=total.__getitem__, reverse=True)
    weights = np.zeros(count)
    weights[order[:_MOST]] = [total[index] for index in order[:_MOST]]
    return weights / weights.sum(), order[_MOST:]


def _notes_on_looks(
    chosen: list[_Phrase], heaviest: list[int], left_out: list[int], sureness: float, looks: KnownLooks
) -> list[str]:
    if sureness < _GUESSED:
        return [f'No look is known by these words; "{looks.titles[heaviest[0]]}" comes nearest.']
    notes = [
        f'The studio does not paint "{looks.title_of(one.style)}" itself; "{looks.titles[one.look]}" comes nearest.'
        for one in chosen
        if one.style >= len(looks.names)
    ]
    if left_out:
        names = ", ".join(f'"{looks.titles[index]}"' for index in left_out)
        notes.append(f"At most {_MOST} looks can be blended; left out: {names}.")
    return notes


def _notes_on_colour(heaviest: list[int], looks: KnownLooks, greys: bool, is_colourful: bool) -> list[str]:
    title, name = looks.titles[heaviest[0]], looks.names[heaviest[0]]
    if greys and (is_colourful or name in _ALL_COLOUR):
        return [f'"{title}" lives on its colours; as black and white was asked for too, it is painted in greys.']
    if is_colourful and all(looks.names[index] in _ONE_COLOUR for index in heaviest):
        return [f'"{title}" has no colours of its own; "Keep colours" keeps those of the clip.']
    return []
