"""What the text tower reads: captions of scenes in threes, and the words for styles, courses and timings.

A scene is said twice in unlike words, and once more with one attribute changed: the first two must meet in the text
space, the third must stay apart. Every other phrase names one or two of a set of meanings, so its target is a share
for each of them. Some captions are disturbed by words that mean nothing, because people use many.

Letters: N scenes, B phrases, K meanings, D joint width.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from transformers import CLIPModel, CLIPTokenizer

from studio.captions.captions import (
    COURSES,
    TIMINGS,
    captions,
    course_phrase,
    sample_slots,
    say_less,
    swap_one,
)
from studio.models.clip import tokens_of
from studio.models.scene_reader import SceneReader
from studio.teachers.look_words import STYLE_NAMES, STYLES, blend_phrase, style_phrase
from studio.teachers.looks import LOOKS
from studio.training.course_words import FRAMES as COURSE_FRAMES
from studio.training.course_words import JOINTS, MORE, QUIET
from studio.training.phrases import say_timing

LOOK_NAMES, COURSE_NAMES, TIMING_NAMES = tuple(LOOKS), tuple(COURSES), tuple(TIMINGS)
#: What a phrase can name beside scenes, and the names.
MEANINGS = {"style": STYLE_NAMES, "look": LOOK_NAMES, "course": COURSE_NAMES, "timing": TIMING_NAMES}
_KIN = torch.tensor([LOOK_NAMES.index(STYLES[name].kin) for name in STYLE_NAMES])

_TIMING_FRAMES = (
    "{}", "{}", "{}, please", "with {}", "make it {}", "a {} motion", "{} between the pictures", "I want {}", "{}.",
    "the motion {}", "please {}", "it {}", "movement: {}", "{} in between", "as {} as possible", "{} movement",
)  # fmt: skip
_FILLERS = tuple(
    "really,very,so,quite,also,maybe,somehow,just,lovely,pretty,nice,charming,cinematic,realistic,detailed,4k,hd,"
    "best quality,high quality,masterpiece,beautiful,wonderful,amazing,stunning,award winning,photo,rendered,smooth,"
    "peacefully,happily,calmly,all alone,proudly,gracefully,together,there,here,again,somewhere,for me,thanks,"
    "if possible,in style,for my daughter,as always,trending,colourful,vivid,soft light,dramatic".split(",")
)
_DISTURBED = 0.2  # share of captions with meaningless words in them
_DROPPED = frozenset(("a", "an", "the", "is", "there", "please"))


@dataclass
class SceneTexts:
    """3 N phrases: N scenes, the same in other words, the same with one attribute changed; labels (3 N,) by slot."""

    phrases: list[str]
    labels: dict[str, Tensor]


def scene_texts(count: int, rng: np.random.Generator) -> SceneTexts:
    """Draw `count` scenes of training and say them, some with meaningless words in between."""
    labels = say_less(sample_slots(count, rng), rng)
    changed, _ = swap_one(labels, rng)
    phrases = [text for said in (labels, labels, changed) for text in captions(said, rng)]
    phrases = [disturb(text, rng) if rng.random() < _DISTURBED else text for text in phrases]
    return SceneTexts(phrases, {name: torch.cat([labels[name], labels[name], changed[name]]) for name in labels})


def disturb(text: str, rng: np.random.Generator) -> str:
    """A caption with an article or two left out, and with a word or two put in that mean nothing here."""
    words = [word for word in text.split(" ") if word not in _DROPPED or rng.random() < 0.6]
    for _ in range(int(rng.integers(0, 3))):
        place = 0 if rng.random() < 0.3 else len(words) if rng.random() < 0.6 else int(rng.integers(len(words) + 1))
        word = _nonsense(rng) if rng.random() < 0.25 else _FILLERS[int(rng.integers(len(_FILLERS)))]
        words.insert(place, word)
    return " ".join(words)


def _nonsense(rng: np.random.Generator) -> str:
    """A word that nobody knows: two or three random syllables."""
    letters = ["bcdfghjklmnprstvwz", "aeiou"]
    return "".join(rng.choice(list(letters[i % 2])) for i in range(int(rng.integers(4, 8))))


def meaning_texts(kind: str, count: int, rng: np.random.Generator) -> tuple[list[str], Tensor]:
    """`count` phrases that name a style, a course or a timing, some of them two at once, and their shares, float32
    (count, K).
    """
    names = MEANINGS[kind]
    phrases, shares = [], torch.zeros(count, len(names))
    for row, first in enumerate(rng.permutation(np.arange(count) + rng.integers(len(names))) % len(names)):
        second, share = int(rng.integers(len(names))), 1.0
        if kind == "style":
            if rng.random() < 0.2 and second != first:
                phrase, share = blend_phrase(names[first], names[second], rng)
            else:
                phrase = style_phrase(names[first], rng)
        elif kind == "course":
            phrase = _course(names[first], rng)
            if rng.random() < 0.15 and second != first:
                phrase, share = _one_of(JOINTS, rng).format(phrase, _course(names[second], rng)), 0.5
        else:
            phrase = _one_of(_TIMING_FRAMES, rng).format(say_timing(names[first], rng))
        phrases.append(phrase)
        shares[row, first] += share
        shares[row, second] += 1 - share
    return phrases, shares


def _one_of(options: tuple[str, ...], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]


def _course(name: str, rng: np.random.Generator) -> str:
    said = _one_of(MORE[name], rng) if rng.random() < 0.4 else course_phrase(name, rng)
    return _one_of(COURSE_FRAMES, rng).format(said) if rng.random() < 0.6 else said


def looks_of(styles: Tensor) -> Tensor:
    """Shares of styles, float (B, K), as shares of the looks that are nearest to them, float (B, looks)."""
    return styles.new_zeros(len(styles), len(LOOK_NAMES)).index_add_(1, _KIN.to(styles.device), styles)


def quiet_texts(count: int, rng: np.random.Generator) -> list[str]:
    """Phrases that name nothing at all."""
    return [_one_of(QUIET, rng) for _ in range(count)]


def all_phrases(count: int, rng: np.random.Generator) -> list[str]:
    """Texts for learning the tokenizer: `count` captions, and every style, course and timing in several wordings."""
    texts = captions(say_less(sample_slots(count, rng), rng), rng)
    for kind in ("style", "course", "timing"):
        texts += meaning_texts(kind, max(8, count // 60) * len(MEANINGS[kind]), rng)[0]
    texts += [word for style in STYLES.values() for word in (*style.words, *style.makers)] * 4
    return texts + [disturb("", rng) for _ in range(count // 20)] + list(QUIET)


def encode(
    clip: CLIPModel, tokenizer: CLIPTokenizer, phrases: list[str], reader: SceneReader | None = None, chunk: int = 64
) -> tuple[Tensor, dict[str, Tensor]]:
    """Embeddings (B, D) of length one, float32, and the reader's logits by slot ({} without a reader).

    Phrases of like length go together, so that little is spent on padding.
    """
    order = np.argsort([len(text) for text in phrases])
    pooled: list[Tensor] = []
    read: dict[str, list[Tensor]] = {}
    for start in range(0, len(order), chunk):
        rows = order[start : start + chunk]
        tokens = {name: t.to(clip.device) for name, t in tokens_of(tokenizer, [phrases[i] for i in rows]).items()}
        state = clip.text_model(**tokens)
        pooled.append(clip.text_projection(state.pooler_output).float())
        if reader is not None:
            for name, logits in reader(state.last_hidden_state, tokens["attention_mask"]).items():
                read.setdefault(name, []).append(logits.float())
    back = torch.from_numpy(np.argsort(order)).to(clip.device)
    embeds = torch.nn.functional.normalize(torch.cat(pooled)[back], dim=-1)
    return embeds, {name: torch.cat(parts)[back] for name, parts in read.items()}
