"""Wishes for looks: amounts, joints and refusals as people write them; words to looks through the shipped encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from studio.errors import RequestError
from studio.models.restyle import RestyleGenerator
from studio.pipelines.restyle.look_parts import FILLERS, parts_of, plain, shares_of, take_colour
from studio.pipelines.restyle.look_prompt import KnownLooks, LookBlend, read_words
from studio.teachers.look_words import BLENDS, MAKER_PATTERNS, PATTERNS, STYLES, blend_phrase
from studio.teachers.looks import LOOKS, split_words

TOWER = Path("checkpoints/restyle/text_encoder")
shipped = pytest.mark.shipped


# --- the grammar ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("oil painting", {"oil painting": 1}),
        ("half watercolour, half ink", {"watercolour": 0.5, "ink": 0.5}),
        ("half watercolour half ink", {"watercolour": 0.5, "ink": 0.5}),
        ("70% oil, 30% neon", {"oil": 0.7, "neon": 0.3}),
        ("70 percent oil and 30 percent neon", {"oil": 0.7, "neon": 0.3}),
        ("60% oil 40% neon", {"oil": 0.6, "neon": 0.4}),
        ("oil 60% neon 40%", {"oil": 0.6, "neon": 0.4}),
        ("oil (60%), neon (40%)", {"oil": 0.6, "neon": 0.4}),
        ("50% oil painting, 25% neon, 25% pixel art", {"oil painting": 0.5, "neon": 0.25, "pixel art": 0.25}),
        ("20% oil, neon, ink", {"oil": 0.2, "neon": 0.4, "ink": 0.4}),
        ("two thirds oil, one third ink", {"oil": 2 / 3, "ink": 1 / 3}),
        ("3 parts comic, 1 part halftone", {"comic": 0.75, "halftone": 0.25}),
        ("mostly pencil with a touch of neon", {"pencil": 0.75, "neon": 0.25}),
        ("pencil with a hint of neon", {"pencil": 0.8, "neon": 0.2}),
        ("a little charcoal and a lot of pastel", {"charcoal": 0.25, "pastel": 0.75}),
        ("a mix of stained glass and mosaic", {"stained glass": 0.5, "mosaic": 0.5}),
        ("somewhere between manga and pop art", {"manga": 0.5, "pop art": 0.5}),
        ("halftone and half ink", {"halftone": 0.5, "ink": 0.5}),
        ("200% oil, 100% ink", {"oil": 2 / 3, "ink": 1 / 3}),
    ],
)  # fmt: skip
def test_amounts_are_read_as_people_write_them(text: str, wanted: dict[str, float]) -> None:
    parts = parts_of(plain(text))
    found = {part.text: share for part, share in zip(parts, shares_of(parts), strict=True)}
    assert found == pytest.approx(wanted, abs=0.01)


def test_every_blend_that_the_encoder_met_is_taken_apart() -> None:
    for pattern, share in BLENDS:
        parts = parts_of(plain(pattern.format("gouache", "mosaic")))
        assert [part.text for part in parts] == ["gouache", "mosaic"], pattern
        assert shares_of(parts)[0] == pytest.approx(share, abs=0.06), pattern


def test_what_is_refused_is_marked() -> None:
    for text in ("watercolour, not ink", "watercolour without ink", "watercolour but not ink", "watercolour minus ink"):
        assert [(part.text, part.refused) for part in parts_of(text)] == [("watercolour", False), ("ink", True)], text


def test_colour_words_are_taken_out() -> None:
    assert take_colour("black and white neon") == ("neon", True, False)
    assert take_colour("an oil painting in black and white") == ("an oil painting", True, False)
    assert take_colour("colourful charcoal") == ("colourful charcoal", False, True)
    assert take_colour("watercolour") == ("watercolour", False, False)


def test_patterns_around_a_look_are_fillers() -> None:
    """A word that only wraps a look must not count as one that says something."""
    wraps = {word for pattern in (*PATTERNS, *MAKER_PATTERNS) for word in split_words(pattern.replace("{}", " "))}
    telling = {"paint", "painted", "painting", "draw", "drawn", "art", "old"}
    assert wraps - FILLERS <= telling


# --- with an encoder whose answers are known --------------------------------------------------------------------------


def toy() -> tuple[KnownLooks, object]:
    """Four looks and one style painted as the second, on axes of their own; a phrase is the sum of its known words."""
    axes = {"oil": 0, "neon": 1, "ink": 2, "pencil": 3, "cubism": 4, "brush": 2}

    def encode(phrases: list[str]) -> torch.Tensor:
        rows = torch.full((len(phrases), 8), 1e-3)
        for row, phrase in zip(rows, phrases, strict=True):
            for word in split_words(phrase):
                if word in axes:
                    row[axes[word]] += 1
                else:
                    row[7] += 0.1
        return F.normalize(rows, dim=1)

    names = ("oil", "neon", "ink", "pencil")
    looks = KnownLooks(
        names=names, titles=("oil painting", "neon lights", "ink wash", "pencil drawing"),
        tilings=("none", "glass", "none", "none"), codes=torch.eye(8)[:4],
        words=frozenset((*axes, "painting", "lights")), kin_titles=("cubism",), kin=(1,), kin_codes=torch.eye(8)[4:5],
    )  # fmt: skip
    return looks, encode


def read(text: str) -> LookBlend:
    return read_words(text, *toy())


def test_one_look_gets_everything_and_two_their_shares() -> None:
    assert read("oil painting").weights == (1, 0, 0, 0)
    assert read("70% oil, 30% neon").weights == pytest.approx((0.7, 0.3, 0, 0))
    assert read("oil and ink").weights == pytest.approx((0.5, 0, 0.5, 0))
    assert read("oil and ink").reading.weights == (("oil painting", 0.5), ("ink wash", 0.5))


def test_a_joint_inside_of_one_look_does_not_split_it() -> None:
    blend = read("brush and ink")
    assert blend.weights == (0, 0, 1, 0)


def test_refused_looks_get_nothing() -> None:
    assert read("oil, not ink").weights == (1, 0, 0, 0)
    with pytest.raises(RequestError, match="which look you want"):
        read("not oil")
    with pytest.raises(RequestError, match="more than 0"):
        read("0% oil")


@pytest.mark.parametrize("text", ["", "   ", "?!", "..."])
def test_saying_nothing_is_one_sentence(text: str) -> None:
    with pytest.raises(RequestError, match="Please name a look") as told:
        read(text)
    assert "\n" not in str(told.value)


def test_black_and_white_takes_the_colour_out_of_looks_that_have_some() -> None:
    neon = read("black and white neon")
    assert neon.greys and neon.weights == (0, 1, 0, 0) and any("black and white" in note for note in neon.reading.notes)
    assert not read("black and white pencil").greys and not read("neon").greys
    assert any("no colours of its own" in note for note in read("colourful pencil").reading.notes)


def test_unknown_words_are_named_and_lower_the_sureness() -> None:
    plainly, wordy, nothing = (read(text).reading for text in ("oil painting", "oil painting of a zebra", "zebra"))
    assert wordy.unknown_words == ("zebra",) and not plainly.unknown_words
    assert plainly.confidence > wordy.confidence > nothing.confidence
    assert nothing.confidence < 0.3 and any("comes nearest" in note for note in nothing.notes)


def test_spelling_is_corrected_and_told() -> None:
    blend = read("pencill")
    assert blend.weights == (0, 0, 0, 1) and not blend.reading.unknown_words
    assert read("oil paintng").reading.notes == ('"paintng" was taken for "painting".',)


def test_a_style_that_is_not_painted_names_its_look() -> None:
    blend = read("cubism")
    assert blend.weights == (0, 1, 0, 0) and "cubism" in blend.reading.notes[0]


def test_conditions_are_mixtures_of_codes_and_move_evenly() -> None:
    looks, _ = toy()
    only, half = looks.condition((1, 0, 0, 0)), looks.condition((0.5, 0.5, 0, 0))
    assert torch.allclose(only, 16 * torch.eye(8)[:1]) and torch.allclose(half.norm(), torch.tensor(16.0))
    near = [float(looks.condition((1 - share, share, 0, 0)) @ looks.codes[1]) for share in np.linspace(0, 1, 9)]
    assert all(second > first for first, second in zip(near, near[1:]))
    assert looks.tiling((0.7, 0.3, 0, 0)) == "glass" and looks.tiling((0.9, 0.1, 0, 0)) == "none"
    assert looks.together([(1, 0, 0, 0), (0, 1, 0, 0)]) == (0.5, 0.5, 0, 0)


# --- with the shipped encoder -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def heard() -> tuple[KnownLooks, object]:
    """The looks as the shipped generator knows them, and the shipped text encoder."""
    from transformers import CLIPTextModelWithProjection, CLIPTokenizer

    tower = CLIPTextModelWithProjection.from_pretrained(TOWER, dtype=torch.float32).eval()
    tokenizer = CLIPTokenizer.from_pretrained(TOWER.parent / "tokenizer")

    @torch.no_grad()
    def encode(phrases: list[str]) -> torch.Tensor:
        tokens = tokenizer(list(phrases), padding=True, truncation=True, max_length=64, return_tensors="pt")
        said = tower(input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"]).text_embeds
        return F.normalize(said, dim=1)

    looks = KnownLooks.of(RestyleGenerator.from_pretrained(TOWER.parent / "generator"))
    return looks, encode


@shipped
def test_the_shipped_generator_knows_the_looks_of_the_table(heard: tuple[KnownLooks, object]) -> None:
    looks, _ = heard
    assert looks.names == tuple(LOOKS) and looks.titles == tuple(look.title for look in LOOKS.values())
    assert looks.tilings == tuple(look.tiling for look in LOOKS.values())


@shipped
def test_every_known_word_reaches_its_look(heard: tuple[KnownLooks, object]) -> None:
    looks, _ = heard
    wrong = []
    for name, style in STYLES.items():
        for word in (*style.words[:2], *style.makers[:1]):
            weights = dict(zip(looks.names, read_words(word, *heard).weights))
            if weights[style.kin] < 0.99:
                wrong.append((name, word))
    assert not wrong


@shipped
@pytest.mark.parametrize(
    ("text", "look"),
    [
        ("like an old Japanese print", "woodblock"), ("as Van Gogh might paint it", "starry"),
        ("something by Picasso", STYLES["cubist"].kin), ("an 8-bit video game, please", "pixel"),
        ("Monet's water lilies", "impressionist"), ("rembrant", "oil"), ("like a stained glas window", "stained"),
        ("a photo of my dog in watercolour", "watercolour"), ("black and white film", "noir"),
        ("oil painting of a zebra", "oil"), ("blue and yellow swirls", "starry"), ("brush and ink", "ink"),
        ("impressionism instead of realism", "impressionist"), ("chalk on a blackboard", "chalkboard"),
    ],
)  # fmt: skip
def test_free_words_reach_the_look_that_is_meant(text: str, look: str, heard: tuple[KnownLooks, object]) -> None:
    blend = read_words(text, *heard)
    assert dict(zip(heard[0].names, blend.weights))[look] == 1
    assert blend.reading.look == LOOKS[look].title


@shipped
def test_titles_with_shares_are_read_back_exactly(heard: tuple[KnownLooks, object]) -> None:
    titles = heard[0].titles
    for first, second in zip(titles[::3], titles[7::3]):
        assert read_words(f"65% {first}, 35% {second}", *heard).reading.weights == ((first, 0.65), (second, 0.35))


@shipped
def test_blends_in_words_reach_both_looks(heard: tuple[KnownLooks, object]) -> None:
    rng = np.random.default_rng(11)
    right = []
    for _ in range(24):
        first, second = (str(name) for name in rng.choice(list(LOOKS), 2, replace=False))
        phrase, share = blend_phrase(first, second, rng)
        found = dict(zip(heard[0].names, read_words(phrase, *heard).weights))
        right.append(abs(found[first] - share) < 0.11 and abs(found[second] - (1 - share)) < 0.11)
    assert np.mean(right) > 0.9
