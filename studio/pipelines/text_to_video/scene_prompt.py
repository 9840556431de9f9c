"""A person's words before the text encoder sees them: emoji, typing errors, stand-ins, negations, other scripts.

The encoder knows the words that its training captions used; here the others are mended where a known word is near, and
told of where none is. Plain text in, plain text out: what the sentence means is the encoder's business, but for words
that mean exactly one value of one slot ("sunset"), which are listed so that contradictions can be named.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from studio.errors import RequestError

EXAMPLE = '"a red car drives left across the desert at sunset"'

_WORD = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*")
_PIECES = re.compile(rf"({_WORD.pattern}|\d+)")
_LONGEST_PHRASE = 6  # words
_MENDED = 24  # unknown words that a nearest one is sought for; text of more is not a typing error
_NEGATORS = frozenset(("no", "not", "without", "never", "nor", "neither", "isn't", "aren't", "don't", "doesn't"))
_SKIPPED = frozenset(("a", "an", "any", "the", "it", "is", "be", "much", "more", "there", "are", "in", "at", "with"))
_AT_REST = re.compile(r"\b(?:not|never|without|isn't|doesn't) (?:moving|move)\b")
_NUMBERS = {"1": "one", "2": "two", "3": "three"}
_MORE = frozenset(("four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "dozen", "hundred"))
_NEIGHBOURS = {
    pair
    for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    for a, b in zip(row, row[1:])
    for pair in ((a, b), (b, a))
} | {(a, b) for a in "aeiou" for b in "aeiou"}  # fmt: skip
"""Letters that are typed for one another: next to it on the keyboard, or another vowel."""

_SCENE_SIGNS = {
    "🌧": "in the rain", "☔": "in the rain", "🌨": "in the snow", "❄": "in the snow", "⛈": "in a thunderstorm",
    "🌩": "in a thunderstorm", "⚡": "in a thunderstorm", "🌫": "in the fog", "💨": "in the wind", "🍃": "in the wind",
    "🌅": "at sunrise", "🌄": "at sunrise", "🌇": "at sunset", "🌆": "at dusk", "🌃": "at night", "🌙": "at night",
    "🌌": "in space", "🏜": "in the desert", "🏖": "on the beach", "🏔": "in the mountains", "⛰": "in the mountains",
    "🗻": "in the mountains", "🏙": "in the city", "🌋": "near a volcano", "🏰": "at a castle", "🌊": "on the sea",
    "🌸": "among cherry blossoms", "🌲": "in the forest", "🌳": "in the forest", "🏞": "in a meadow",
    "⬅": "moving left", "➡": "moving right", "⬆": "rising", "⬇": "falling", "🔴": "red", "🟠": "orange",
    "🟡": "yellow", "🟢": "green", "🔵": "blue", "🟣": "purple", "🟤": "brown", "⚫": "black", "⚪": "white",
}  # fmt: skip
"""Signs that say where, when and how, where something else in the prompt is the subject."""


@dataclass(frozen=True)
class Said:
    """A phrase of the prompt that means one value of one slot; `denied` where the prompt says that it is not so."""

    phrase: str
    slot: str
    value: str
    denied: bool = False


@dataclass(frozen=True)
class Wording:
    """A prompt made ready: the text to encode, and what was done to it.

    ``unknown``: words that no caption had, each with the nearest known word, which took its place, or "" where it was
    left out. ``stand_ins``: things that cannot be drawn, each with what is drawn instead. ``said``: in reading order.
    """

    text: str
    unknown: tuple[tuple[str, str], ...]
    stand_ins: tuple[tuple[str, str], ...]
    said: tuple[Said, ...]


class PromptWords:
    """What is known of words.

    Args:
        known: every word that the training captions used. filler: those of them that mean nothing by themselves.
        stand_ins: word or phrase -> the noun that is drawn for it. emoji: sign -> noun. word_slots: word or phrase ->
            (slot, value). names: nouns to name where a prompt has none.
    """

    def __init__(
        self,
        known: Sequence[str] = (),
        filler: Sequence[str] = (),
        stand_ins: Mapping[str, str] | None = None,
        emoji: Mapping[str, str] | None = None,
        word_slots: Mapping[str, Sequence[str]] | None = None,
        names: Sequence[str] = (),
    ) -> None:
        self.known, self.filler = frozenset(known), frozenset(filler)
        self.stand_ins = dict(stand_ins or {})
        self.emoji = {_bare(sign): noun for sign, noun in (emoji or {}).items()}
        self.word_slots = dict(word_slots or {})
        self.names = tuple(names)

    def read(self, prompt: str) -> Wording:
        """The prompt, ready to be encoded. Raises RequestError where there is nothing to go by."""
        text, strange = self._without_signs(unicodedata.normalize("NFKC", prompt).replace("’", "'"))
        text = _AT_REST.sub("standing still", _latin(text.lower()))
        pieces = _PIECES.split(text)
        unknown: list[tuple[str, str]] = [(sign, "") for sign in strange]
        stand_ins: list[tuple[str, str]] = []
        count = known = 0
        index = 1
        while index < len(pieces):
            index, means = self._mend(pieces, index, unknown, stand_ins)
            count, known = count + 1, known + means
        ready = re.sub(r"\s+", " ", "".join(pieces)).strip()
        said = tuple(self.said(ready))
        # A few common words among strange ones say nothing.
        if self.known and not said and known <= count / 2:
            names = f" ({', '.join(self.names[:6])}...)" if self.names else ""
            raise RequestError(
                f"None of these words is known here: please name a subject{names}, and perhaps a colour, a place and a "
                f"motion, such as {EXAMPLE}."
            )
        return Wording(ready, tuple(dict.fromkeys(unknown)), tuple(dict.fromkeys(stand_ins)), said)

    def said(self, text: str) -> Iterator[Said]:
        """The phrases of a ready text that mean one value of one slot."""
        words = [(match.group(), match.start(), match.end()) for match in _WORD.finditer(text)]
        denying: str | None = None  # the slot that a negation is about, "" while it is sought
        joined = True  # a negation goes on after "or": no snow or fog
        at = 0
        while at < len(words):
            length, phrase = self._phrase(words, at, text)
            if length:
                slot, value = self.word_slots[phrase]
                denied = joined and denying in ("", slot)
                yield Said(phrase, slot, value, denied)
                denying, joined = slot if denied or phrase.split()[0] in _NEGATORS else None, False
            else:
                word = words[at][0]
                if word in _NEGATORS:
                    denying, joined = "", True
                elif word in ("or", "and", "nor"):
                    joined = True
                elif word not in _SKIPPED:
                    denying = None
            at += max(1, length)

    def _phrase(self, words: list[tuple[str, int, int]], at: int, text: str) -> tuple[int, str]:
        """The longest phrase with a meaning that begins at a word: how many words, and the phrase."""
        for length in range(min(_LONGEST_PHRASE, len(words) - at), 0, -1):
            phrase = text[words[at][1] : words[at + length - 1][2]]
            if phrase in self.word_slots:
                return length, phrase
        return 0, ""

    # ------------------------------------------------------------------------------------------ single words

    def _mend(
        self, pieces: list[str], index: int, unknown: list[tuple[str, str]], stand_ins: list[tuple[str, str]]
    ) -> tuple[int, bool]:
        """Mend the word at an odd index of `pieces`, in place: the next index, and whether it means anything."""
        word = pieces[index]
        number = _NUMBERS.get(word, word)
        if number.isdigit() or number in _MORE and number not in self.known:
            if number.isdigit() and (len(number) > 2 or int(number) == 0):
                return index + 2, False
            stand_ins.append((word, "three"))
            number = "three"
        pieces[index] = number
        if number != word:
            return index + 2, False
        for length in (3, 2, 1):
            phrase = "".join(pieces[index : index + 2 * length - 1])
            instead = self._stand_in(phrase)
            if instead:
                stand_ins.append((phrase, instead))
                pieces[index : index + 2 * length - 1] = [instead]
                return index + 2, True
        if not self.known or word in self.known:
            return index + 2, word not in self.filler
        parts = [part for part in re.split("[-']", word) if part != "s"]
        if all(part in self.known for part in parts):
            pieces[index] = " ".join(parts)
            return index + 2, any(part not in self.filler for part in parts)
        near = self._nearest(word) if len(unknown) < _MENDED else ""
        unknown.append((word, near))
        pieces[index] = near
        return index + 2, bool(near) and near not in self.filler

    def _stand_in(self, phrase: str) -> str:
        if phrase in self.word_slots:
            return ""
        if phrase in self.stand_ins and not (phrase in self.known and phrase not in self.stand_ins):
            return self.stand_ins[phrase]
        if phrase.endswith("s") and phrase[:-1] in self.stand_ins and phrase not in self.known:
            name = self.stand_ins[phrase[:-1]]
            return f"{name}s" if f"{name}s" in self.known else name
        return ""

    def _nearest(self, word: str) -> str:
        """The known word that this one is a slip of, or an ending away from; "" where none is near."""
        for stem in (word[:-1], word[:-2], word[:-3], word[:-3] + "e", word + "s", word + "e"):
            if len(stem) >= 3 and stem in self.known and stem not in self.filler and _same_stem(word, stem):
                return stem
        if not 3 <= len(word) <= 20:
            return ""
        if len(word) < 5:  # so short a word is near to many: only swapped and doubled letters are surely slips
            turned = sorted(other for other in self.known if other != word and _letters(other) == _letters(word))
            return next((other for other in turned if other[0] == word[0]), "")
        best, least = "", (1.0 if len(word) < 7 else 2.0) + 0.01
        for other in sorted(self.known):
            if other[0] == word[0] and abs(len(other) - len(word)) < least and len(other) >= 4:
                cost = slips(word, other, least)
                if cost < least:
                    best, least = other, cost
        return best

    # ------------------------------------------------------------------------------------------ signs

    def _without_signs(self, prompt: str) -> tuple[str, list[str]]:
        """The prompt with emoji in words, and the signs that mean nothing here."""
        found = list(_signs(_bare(prompt), self.emoji))
        text = "".join(piece for piece, is_sign in found if not is_sign).lower()
        nouns = any(is_sign and piece in self.emoji and piece not in _SCENE_SIGNS for piece, is_sign in found)
        nouns = nouns or any(said.slot == "subject" for said in self.said(text))
        out: list[str] = []
        strange: list[str] = []
        last: tuple[str, int] = ("", 0)  # the noun that the text ends with, and how often in a row
        for piece, is_sign in found:
            if not is_sign:
                out.append(piece)
                last = last if piece.isspace() else ("", 0)
            elif piece in _SCENE_SIGNS and (nouns or piece not in self.emoji):
                out.append(f" {_SCENE_SIGNS[piece]} ")
                last = ("", 0)
            elif piece in self.emoji:
                noun = self.emoji[piece]
                if noun == last[0]:  # twice the same sign: two of them
                    last = (noun, min(3, last[1] + 1))
                    out[-1] = f" {('', '', 'two', 'three')[last[1]]} {noun} "
                else:
                    out.append(f" and {noun} " if last[0] else f" {noun} ")
                    last = (noun, 1)
            else:
                strange.append(piece)
        return "".join(out), list(dict.fromkeys(strange))


def _bare(text: str) -> str:
    """Without variation selectors, skin tones and joiners of gender."""
    text = re.sub("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]", "", text)
    text = re.sub("\u200d[\u2640\u2642]", "", text)
    return re.sub("[\U0001f468\U0001f469]\u200d", "\U0001f9d1\u200d", text)  # who works is a person, either way


def _signs(text: str, emoji: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    """The text in pieces: (letters, False) or (one sign, True)."""
    longest = max((len(sign) for sign in emoji), default=1)
    plain = ""
    at = 0
    while at < len(text):
        size = next((n for n in range(min(longest, len(text) - at), 0, -1) if text[at : at + n] in emoji), 0)
        sign = text[at : at + size] if size else text[at]
        if size or sign in _SCENE_SIGNS or unicodedata.category(sign) in ("So", "Cs") or ord(sign) >= 0x1F000:
            if plain:
                yield plain, False
            plain = ""
            yield sign, True
        elif sign != "\u200d":
            plain += sign
        at += len(sign)
    if plain:
        yield plain, False


def _latin(text: str) -> str:
    """The text without accents. Raises RequestError where most of its letters are of another script."""
    letters = [sign for sign in text if sign.isalpha()]
    foreign = sum(not unicodedata.name(sign, "").startswith("LATIN") for sign in letters)
    if foreign > len(letters) / 2:
        raise RequestError(f"This studio reads English only: please describe the scene in English, such as {EXAMPLE}.")
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))


def _same_stem(word: str, stem: str) -> bool:
    """Whether two words differ by an ending of English alone."""
    if stem.startswith(word):
        return stem[len(word) :] in ("s", "e")
    if word[-3:] == "ing" and stem == word[:-3] + "e":
        return True
    endings = ("s", "d") if stem.endswith("e") else ("s", "es", "ed", "ing")
    return word.startswith(stem) and word[len(stem) :] in endings


def _letters(word: str) -> list[str]:
    """The word's letters in order of the alphabet, doubled ones once."""
    return sorted(re.sub(r"(.)\1", r"\1", word))


def slips(typed: str, meant: str, limit: float) -> float:
    """How many slips of the finger lie between two words; anything above `limit` is only known to be more than that.

    Swapped neighbours, a letter doubled or left out inside, or a neighbouring key count one; another letter counts two,
    and so does one too many, or one too few at the end, for that is how other words differ ("bear", "beard").
    """
    rows = [[float(j) for j in range(len(meant) + 1)]]
    for i in range(1, len(typed) + 1):
        row = [float(i)]
        for j in range(1, len(meant) + 1):
            a, b = typed[i - 1], meant[j - 1]
            beside = {typed[i - 2] if i > 1 else "", typed[i] if i < len(typed) else ""}
            extra = 1.0 if a in beside or any((a, near) in _NEIGHBOURS for near in beside if len(typed) > 6) else 2.0
            missing = 1.0 if j < len(meant) or len(meant) > 6 else 2.0
            other = 0.0 if a == b else 1.0 if (a, b) in _NEIGHBOURS and j < len(meant) else 2.0
            cost = min(rows[i - 1][j] + extra, row[j - 1] + missing, rows[i - 1][j - 1] + other)
            if i > 1 and j > 1 and a == meant[j - 2] and typed[i - 2] == b:
                cost = min(cost, rows[i - 2][j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return min(row)
        rows.append(row)
    return rows[-1][-1]
