"""The words of styles: each belongs to one style, every look is one, blends name their shares."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from studio.teachers.look_words import BLENDS, MAKER_PATTERNS, PATTERNS, STYLES, blend_phrase, style_phrase
from studio.teachers.looks import KIN_STYLES, LOOKS

_OWNER = {word: name for name, style in STYLES.items() for word in (*style.words, *style.makers)}


def test_a_word_belongs_to_one_style() -> None:
    counts = Counter(word for style in STYLES.values() for word in (*style.words, *style.makers))
    assert [word for word, count in counts.items() if count > 1] == []
    assert all(word == word.strip().lower() and word for word in counts)


@pytest.mark.parametrize("name", list(LOOKS))
def test_a_look_is_a_style_and_its_title_one_of_its_words(name: str) -> None:
    look = LOOKS[name]
    assert STYLES[name].kin == name == look.name
    assert _OWNER[look.title] == name and set(look.words) == set(STYLES[name].words + STYLES[name].makers)


def test_styles_without_a_painter_are_painted_in_a_look() -> None:
    assert not set(KIN_STYLES) & set(LOOKS) and set(KIN_STYLES) | set(LOOKS) == set(STYLES)
    assert all(STYLES[style].kin == look and look in LOOKS for style, look in KIN_STYLES.items())


def test_many_styles_with_many_words() -> None:
    wanted = "oil impasto watercolour gouache pastel pencil charcoal ink woodblock comic manga pop halftone stained"
    wanted += " mosaic lowpoly pixel neon cyberpunk vintage noir sepia blueprint papercut starry fauvist"
    assert set(wanted.split()) <= set(LOOKS)
    assert all(len(style.words) >= 8 for style in STYLES.values())


def test_patterns_have_one_place_and_blends_two() -> None:
    assert all(pattern.count("{}") == 1 for pattern in (*PATTERNS, *MAKER_PATTERNS))
    assert all(pattern.count("{}") == 2 and 0 < share < 1 for pattern, share in BLENDS)


def test_phrases_hold_a_word_of_their_style_and_vary() -> None:
    rng = np.random.default_rng(1)
    for name, style in STYLES.items():
        said = {style_phrase(name, rng) for _ in range(40)}
        assert len(said) > 12
        assert all(any(word in phrase for word in (*style.words, *style.makers)) for phrase in said)
    seen = [blend_phrase("ink", "mosaic", rng) for _ in range(60)]
    assert {share for _, share in seen} > {0.5, 0.75}
    for phrase, _ in seen:
        places = [min(phrase.find(w) for w in STYLES[name].words if w in phrase) for name in ("ink", "mosaic")]
        assert places[0] < places[1], phrase
