"""What all requests have in common: seed and privacy, fields whose bounds and words stand once, and JSON.

A field's default, bounds, choices and help stand in its definition. Widgets, flags, HTTP parameters, MCP tools and the
checks are all drawn from it (``fields_of``), and whatever a face was given becomes a field's value in one place
(``read``).
"""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

from studio.errors import RequestError, shown
from studio.origin import COMPOSITE

MAX_PROMPT = 400
"""Characters of a prompt; the text encoder reads about 60 word pieces of it."""

MAX_SEED = 2**31 - 1

_RATE = re.compile(r"[-+]?(?:[0-9]{1,12}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:e[-+]?[0-9]{1,2})?|[0-9]{1,12}/[0-9]{1,12}")
"""What a frame rate may be written as."""

_MOST_SAID = 1e300  # what is larger is no float, or no number that anybody wants to read

Form = Literal["file", "files", "numbers", "rate", "tick", "choice", "whole", "number", "words"]
"""What a field's value is: one file, several, a few numbers, an exact frame rate, yes or no, one of its choices, a
whole number, a number, or words."""

Kind = TypeVar("Kind", bound="Request")


@dataclass(frozen=True)
class Bounds:
    """What a field may be, and its words on the page and on the command line.

    ``low`` and ``high`` bound a number, ``longest`` the characters of words, ``takes`` says what a file may be, of
    "clip", "picture" and "look file". ``flag`` is its name on the command line where that differs.
    """

    label: str
    help: str
    low: float | None = None
    high: float | None = None
    step: float | None = None
    choices: tuple[str, ...] = ()
    longest: int | None = None
    takes: tuple[str, ...] = ()
    advanced: bool = False
    flag: str = ""


@dataclass(frozen=True)
class Field:
    """One field of a request class. ``default`` is None where it is ``required``."""

    name: str
    form: Form
    bounds: Bounds
    default: Any
    required: bool


def bounded(default: Any, label: str, help: str, **bounds: Any) -> Any:
    """A field of a request with its ``Bounds``; ``default`` MISSING makes it one that must be given."""
    metadata = {"bounds": Bounds(label, help, **bounds)}
    return field(metadata=metadata) if default is MISSING else field(default=default, metadata=metadata)


def exact_rate(value: float | str | Fraction) -> Fraction:
    """Frames per second as the exact rate meant: 23.976 is 24000/1001, 29.97 is 30000/1001, 59.94 is 60000/1001.

    Accepts numbers, "24000/1001" and "59.94". Raises RequestError for zero, negatives, NaN and words.
    """
    text = str(value).strip() if isinstance(value, (int, float, str, Fraction)) else ""
    try:
        if not _RATE.fullmatch(text):  # "1e999999999" is a number, too, and takes all memory to write out
            raise ValueError("no rate")
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        said = shown(value, 40)
        raise RequestError(f'The frame rate must be a number such as 24 or 59.94, not "{said}".') from error
    if not 0 < rate <= 1000:
        raise RequestError(f"The frame rate must be above 0 and at most 1000, not {shown(value, 40)}.")
    nearest = round(rate)
    ntsc = Fraction(nearest * 1000, 1001)
    return ntsc if rate.denominator != 1 and abs(rate - ntsc) < Fraction(1, 100) and nearest % 6 == 0 else rate


def variation_seed(seed: int, number: int) -> int:
    """The seed of variation ``number`` (from 0) of a request with this seed; after the largest seed comes 0."""
    return (seed + number) % (MAX_SEED + 1)


@dataclass(frozen=True, kw_only=True)
class Request:
    """Common to all tasks: the seed (None rolls a die), and whether words and names stay in the finished file.

    Neither does unless it is asked for: both can tell of people.

    Raises RequestError, one sentence, when it is made with a value that cannot be used.
    """

    task: ClassVar[str]
    unseeded: ClassVar[int | None] = None
    """The seed that stands for an empty one; None rolls a die."""
    alternatives: ClassVar[tuple[str, ...]] = ()
    """Fields of which one must be given, where no single one is required."""

    seed: int | None = bounded(
        None,
        "Seed",
        "The same seed and request give the same frames; empty rolls a die.",
        low=0,
        high=MAX_SEED,
        step=1,
        advanced=True,
    )
    keep_prompt: bool = bounded(
        False,
        "Keep my words in the file",
        "Write the words into the file's own description, so that it fills the form again.",
        advanced=True,
    )
    keep_names: bool = bounded(
        False,
        "Keep my files' names in the file",
        "Write what your files are called into the file's own description.",
        advanced=True,
    )

    @classmethod
    def of(cls: type[Kind], values: Mapping[str, Any]) -> Kind:
        """The request of these values by field name, as widgets, HTTP or JSON give them (see ``read``)."""
        known = {each.name: each for each in fields_of(cls)}
        given = {name: read(known[name], value) for name, value in values.items()}
        for name, each in known.items():
            if each.required and name not in given:
                given[name] = read(each, None)
        return cls(**given)

    @property
    def count(self) -> int:
        """How many results are wanted, each with the next seed."""
        return 1

    @property
    def source_type(self) -> str:
        """What the finished files say that they are, one of ``studio.origin.SOURCE_TYPES``: a person's own material,
        changed, where a task does not say otherwise.
        """
        return COMPOSITE

    def __post_init__(self) -> None:
        for each in fields_of(type(self)):
            check_value(each, getattr(self, each.name))

    def to_json(self) -> str:
        """The request as JSON: words only if ``keep_prompt``; files by their names, never their paths, and as "file"
        unless ``keep_names``.
        """
        values: dict[str, Any] = {"task": self.task}
        for each in fields_of(type(self)):
            value = getattr(self, each.name)
            hidden = each.form == "words" and not self.keep_prompt
            values[each.name] = "" if hidden else _plain(value, self.keep_names)
        return json.dumps(values, ensure_ascii=False, sort_keys=True)


def _plain(value: Any, names: bool) -> Any:
    if isinstance(value, Path):
        return value.name if names else "file"  # a name can be as private as a prompt
    if isinstance(value, Fraction):
        return str(value)
    return [_plain(item, names) for item in value] if isinstance(value, tuple) else value


# --- the fields of a request class ------------------------------------------------------------------------------------


@lru_cache
def fields_of(kind: type[Request]) -> tuple[Field, ...]:
    """Every field of a request class: its own in their order, then those that all requests have."""
    hints = typing.get_type_hints(kind)
    shared = {item.name for item in fields(Request)}
    found = []
    for item in sorted(fields(kind), key=lambda item: item.name in shared):
        required = item.default is MISSING
        bounds = item.metadata["bounds"]
        form = _form(hints[item.name], bounds)
        found.append(Field(item.name, form, bounds, None if required else item.default, required))
    return tuple(found)


def field_of(kind: type[Request], name: str) -> Field:
    """One field of a request class; KeyError if it has none of that name."""
    return {each.name: each for each in fields_of(kind)}[name]


def _form(hint: Any, bounds: Bounds) -> Form:
    options = [option for option in typing.get_args(hint) if option is not type(None)] or [hint]
    if typing.get_origin(hint) is tuple:
        return "files" if options[0] is Path else "numbers"
    if bounds.choices:
        return "choice"
    forms: dict[Any, Form] = {
        Path: "file", Fraction: "rate", bool: "tick", int: "whole", float: "number", str: "words",
    }  # fmt: skip
    return forms[options[0]]


def schema_of(field: Field) -> dict[str, Any]:
    """A field as JSON schema, for everything but files: type, bounds, choices, default and description."""
    kinds = {"tick": "boolean", "whole": "integer", "number": "number"}
    bounds = field.bounds
    rules = {"minimum": bounds.low, "maximum": bounds.high, "maxLength": bounds.longest}
    schema: dict[str, Any] = {"type": kinds.get(field.form, "string"), "description": bounds.help}
    if schema["type"] == "string":
        rules = {"maxLength": bounds.longest, "enum": list(bounds.choices) or None}
    schema |= {name: rule for name, rule in rules.items() if rule is not None}
    if isinstance(field.default, (bool, int, float, str)):
        schema["default"] = field.default
    return schema


def article(kinds: tuple[str, ...]) -> str:
    """("clip", "picture") as "a clip or a picture"."""
    return " or ".join(f"a {kind}" for kind in kinds)


def read(field: Field, value: Any) -> Any:
    """The field's value from what a widget, HTTP or JSON holds for it: text for numbers, lists for tuples, paths as
    text, nothing for the default. What makes no sense is left as it is, for the request itself to refuse.

    Raises RequestError for a required file that is missing, and for text that is no number.
    """
    if value is None or (isinstance(value, str) and not value.strip() and field.form != "words"):
        if field.required and field.form == "file":
            raise RequestError(f"Please add {article(field.bounds.takes)} first.")
        return "" if field.form == "words" and field.default is None else field.default
    match field.form:
        case "file":
            return _path(field, value)
        case "files":
            return tuple(_path(field, item) for item in _items(field, value))
        case "numbers":
            return _numbers(value) if isinstance(value, str) else tuple(_items(field, value))
        case "rate":
            return exact_rate(value)
        case "whole":
            return _whole(field, value)
        case "number":
            return _number(field, value)
    return value


def _items(field: Field, value: Any) -> list[Any] | tuple[Any, ...]:
    if not isinstance(value, (list, tuple)):
        raise RequestError(f"{field.bounds.label} must be a list.")
    return value


def _path(field: Field, value: Any) -> Path:
    if isinstance(value, (list, tuple)) and value:  # a gallery holds pairs of a file and its caption
        value = value[0]
    if not isinstance(value, (str, Path)) or "\0" in str(value):
        raise RequestError(f"{field.bounds.label} must be a file: please choose it again.")
    return Path(value)


def _whole(field: Field, value: Any) -> Any:
    if isinstance(value, str):
        if not re.fullmatch(r"\s*-?[0-9]{1,12}\s*", value):
            raise RequestError(f"{field.bounds.label} must be a whole number{'' if field.default else ', or empty'}.")
        return int(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _number(field: Field, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return float(value)
    except ValueError as error:
        raise RequestError(f'{field.bounds.label} must be a number, not "{shown(value, 40)}".') from error


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in re.split(r"[,;\s]+", text.strip()))
    except ValueError as error:
        raise RequestError('Please give numbers with commas between them, such as "0.5, 1, 2".') from error


def check_value(field: Field, value: Any) -> None:
    """Raise RequestError, one sentence, for a value outside the field's bounds."""
    bounds = field.bounds
    if value is None:
        return
    if bounds.choices and value not in bounds.choices:
        raise RequestError(f'{bounds.label} must be one of {", ".join(bounds.choices)}, not "{shown(value, 40)}".')
    if field.form == "tick" and not isinstance(value, bool):
        raise RequestError(f"{bounds.label} must be true or false.")
    if field.form == "words":
        _check_words(field, value)
    if bounds.longest is not None and len(value) > bounds.longest:
        raise RequestError(
            f"{bounds.label} may have at most {bounds.longest} characters, not {len(value)}: please shorten it."
        )
    if field.form in ("whole", "number", "rate"):
        check_number(field, value)


def _check_words(field: Field, value: Any) -> None:
    if not isinstance(value, str):
        raise RequestError(f"{field.bounds.label} must be words.")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:  # half of a pair of code units: neither a file nor a tokenizer takes it
        raise RequestError(f"{field.bounds.label} holds a character that is none: please write it anew.") from error


def check_number(field: Field, value: Any) -> None:
    """Raise RequestError for what is no number, or none within the field's bounds."""
    bounds = field.bounds
    if isinstance(value, bool) or not isinstance(value, (int, float, Fraction)) or value != value:  # the last: NaN
        raise RequestError(f"{bounds.label} must be a number.")
    if not bounds.low <= value <= bounds.high:
        said = f", not {float(value):g}" if abs(value) < _MOST_SAID else ""
        raise RequestError(f"{bounds.label} must lie between {bounds.low:g} and {bounds.high:g}{said}.")
    if (field.form == "whole" or bounds.step == 1) and value != int(value):
        raise RequestError(f"{bounds.label} must be a whole number.")
