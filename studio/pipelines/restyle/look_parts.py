"""A prompt for a look, taken apart: "half watercolour, half ink" is two parts of one half each.

Only the grammar of blending is read here (amounts, joints, refusals, "in black and white"); what a part means is for
the text encoder to say, see look_prompt.py. English, as everywhere.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from dataclasses import dataclass

_NUMBERS = {"one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0}
_FRACTIONS = {
    "three quarters": 0.75, "three-quarters": 0.75, "two thirds": 2 / 3, "two-thirds": 2 / 3, "one third": 1 / 3,
    "one-third": 1 / 3, "a third": 1 / 3, "one quarter": 0.25, "a quarter": 0.25, "one half": 0.5, "a half": 0.5,
    "half a": 0.5, "half": 0.5,
}  # fmt: skip
_MAJOR, _MINOR, _TRACE = 3.0, 1.0, 0.75  # beside each other; a plain part counts 1, or 3 beside a minor one
_AMOUNTS = (
    (_MAJOR, "mostly|mainly|largely|chiefly|primarily|predominantly|almost all|almost entirely|(?:a )?lots? of"
             "|plenty of|much of|very much"),
    (_MINOR, "(?:just )?(?:a )?(?:touch|bit|little bit|splash) of|(?:just )?a (?:little|bit)|some|slightly|lightly"),
    (_TRACE, "(?:just )?(?:a )?(?:hints?|traces?|dash|pinch|whiff|tiny bit) of"),
)  # fmt: skip
_NUMBER = r"(\d+(?:[.,]\d+)?)\s*(%|percent\b|per cent\b)"
_PARTS = rf"(\d|{'|'.join(_NUMBERS)})\s+parts?\b"
_FRACTION = rf"(?:{'|'.join(_FRACTIONS)})(?![-\s]?tone)\b"
_REFUSAL = "not|no|non|without|never|avoid|minus|except(?: for)?|instead of|rather than|isn't|don't|do not"

_FRAME = re.compile(
    r"^(?:please |make it |make this |i want |i would like |give me )*"
    r"(?:somewhere |something |a cross |halfway |half way )?"
    r"(?:between|both|(?:a |the )?(?:mix|mixture|blend|combination|cross|fusion|hybrid)(?: of| between)?)\s+"
)
_JOINT = (
    r"\s*(?:[,;+&|]|/(?!\d))\s*(?:and |but )?|\s+(?:and(?: also| then)?|plus|meets|versus|vs\.?|but|yet|on top of|over"
    r"|(?:(?:mixed|blended|combined|crossed|merged|together|along) (?:in )?)?with)\s+"
    rf"|\s+(?=(?:{_REFUSAL})\b)|(?<=\w)\s+(?=(?:{_PARTS}|{_FRACTION}))"
)
_JOINT_AMOUNT_FIRST = re.compile(rf"{_JOINT}|(?<=\w)\s+(?={_NUMBER})")  # "60% oil 40% neon"
_JOINT_AMOUNT_LAST = re.compile(rf"{_JOINT}|(?<=[%)])\s+|(?<=percent)\s+|(?<=per cent)\s+")  # "oil 60% neon 40%"
_GREY = re.compile(
    r"\b(?:in |as )?(?:black[ -]and[ -]white|black ?& ?white|white[ -]and[ -]black|b ?& ?w|b/w|monochrome|monochromatic"
    r"|gr[ae]y ?-?scale|colou?rless|desaturated|without (?:any )?colou?rs?|no colou?rs?|in gr[ae]ys?"
    r"|in shades of gr[ae]y)(?!\w)"
)
_COLOURFUL = re.compile(r"\b(?:very |full )?(?:colou?rful|multicolou?red|in (?:full )?colou?rs?|vivid|rainbow)\b")

_SPELLINGS = (("’", "'"), ("‘", "'"), ("“", '"'), ("”", '"'), ("–", "-"), ("—", ", "), ("anything but", "not"))

#: Words of which none says what a picture should look like.
FILLERS = frozenset(
    "you a an the of in as at by it its it's i me my this that these those to for on up after from and or with is be if"
    " do did does done had have has was were can could would will might may should please want give make made makes"
    " making look looks looking like liked style styles styled effect filter version way manner mood vibe vibes hand"
    " mine into change turn convert transform apply use render restyle show something thing everywhere very really"
    " rather quite more so too nice beautiful saw what how s la à clip video picture videos pictures image images"
    " photo's frame inspired looked kind sort type bit little lot half hint touch mix mixed blend blended blending"
    " crossed mostly mainly some top both between plus meets not no without never but percent part parts third"
    " thirds quarter quarters one two three four five instead than anything except avoid minus colourful colorful"
    " colored coloured multicoloured multicolored black white monochrome monochromatic greyscale grayscale"
    " colourless colorless grey gray desaturated b w any".split()
)


@dataclass(frozen=True)
class Part:
    """text: what is said of one look; share: 0..1 if the person gave one; amount: how much of it beside the others
    where it is only said in words ("mostly", "a touch of"); refused: it is said that this is not wanted."""

    text: str
    share: float | None = None
    amount: float | None = None
    refused: bool = False


def plain(text: str) -> str:
    """Lower case, single spaces, typographic signs made plain."""
    text = text.lower()
    for sign, spelt in _SPELLINGS:
        text = text.replace(sign, spelt)
    return re.sub(r"\s+", " ", text).strip(" .!?\"'")


def words_of(text: str) -> list[str]:
    """Words in order; hyphens and punctuation divide."""
    return re.findall(r"[^\W_]+(?:'[^\W_]+)*", text.lower())


def take_colour(text: str) -> tuple[str, bool, bool]:
    """(the text without its words for no colour, were there any, are there words for much colour)."""
    rest = re.sub(r"\s+", " ", _GREY.sub(" ", text)).strip(" ,;")
    return rest, rest != text and _GREY.search(text) is not None, _COLOURFUL.search(text) is not None


def parts_of(text: str) -> list[Part]:
    """The parts of a plain text in order, at least one; `text` as `plain` gives it."""
    framed = _FRAME.sub("", text)
    pieces, last = [], 0
    joints = _JOINT_AMOUNT_FIRST if re.match(_NUMBER, framed) else _JOINT_AMOUNT_LAST
    for joint in joints.finditer(framed):
        pieces.append(framed[last : joint.start()])
        last = joint.end()
    parts = [_read(piece.strip(" .!?:\"'")) for piece in (*pieces, framed[last:])]
    return [part for part in parts if part.text] or [Part(text)]


def _read(piece: str) -> Part:
    refusal = re.match(rf"(?:but )?(?:{_REFUSAL})\b\s*", piece)
    if refusal:
        return Part(_bare(piece[refusal.end() :]), refused=True)
    trailing = re.search(rf"[\s(:=-]*{_NUMBER}\)?$", piece)
    if trailing and trailing.start():
        return Part(_bare(piece[: trailing.start()]), share=_number(trailing[1]))
    for pattern, share in ((_NUMBER, lambda m: _number(m[1])), (_FRACTION, lambda m: _FRACTIONS[m[0]])):
        found = re.match(pattern, piece)
        if found:
            return Part(_bare(piece[found.end() :]), share=share(found))
    found = re.match(_PARTS, piece)
    if found:
        amount = _NUMBERS.get(found[1]) or float(found[1])
        return Part(_bare(piece[found.end() :]), amount=amount)
    for amount, words in _AMOUNTS:
        found = re.match(rf"(?:in |with )?(?:{words})\b", piece)
        if found and found.end() < len(piece):
            return Part(_bare(piece[found.end() :]), amount=amount)
    return Part(_bare(piece))


def _number(text: str) -> float:
    return float(text.replace(",", ".")) / 100


def _bare(text: str) -> str:
    return re.sub(r"^(?:(?:of|a|an|the|in|it|be|and)\s+)+", "", text.strip(" .!?:\"'()-"))


def shares_of(parts: list[Part]) -> list[float]:
    """How much of each part there is, summing to one: first what was said in numbers, then the rest among the others by
    what was said in words. All parts are wanted, and not all of them to 0 %."""
    said = sum(part.share for part in parts if part.share is not None)
    open_ = [part for part in parts if part.share is None]
    is_small = any(part.amount is not None and part.amount <= _MINOR for part in open_)
    usual = _MAJOR if is_small else 1.0
    amounts = [part.amount if part.amount is not None else usual for part in open_]
    left = max(1 - said, 0.0) if open_ else 0.0
    if open_ and left < 0.05:  # "100% oil and neon": what was not counted still was asked for
        left = 0.25 * len(open_) * max(said, 1.0)
    rest = iter([left * amount / sum(amounts) for amount in amounts] if open_ else [])
    shares = [part.share if part.share is not None else next(rest) for part in parts]
    return [share / sum(shares) for share in shares]


def correct(word: str, known: Collection[str]) -> str | None:
    """The known word that was probably meant; None if there is none."""
    if word in known:
        return word
    for ending in ("s", "es", "'s", "ish", "y", "like"):
        if word.endswith(ending) and word[: -len(ending)] in known and len(word) - len(ending) > 2:
            return word[: -len(ending)]
    if len(word) < 4:
        return None
    near = difflib.get_close_matches(word, [other for other in known if other[0] == word[0]], 1, 0.84)
    return near[0] if near else None
