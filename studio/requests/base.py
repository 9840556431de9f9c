"""What all requests have in common: seed and privacy, bounds that stand once, and how they become JSON.

Bounds, defaults and help stand in each field's metadata: sliders, flags and the checks are all drawn from them
(``bounds_of``).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, field, fields
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

from studio.errors import RequestError

MAX_PROMPT = 400
"""Characters of a prompt; the text encoder reads about 60 word pieces of it."""

MAX_SEED = 2**31 - 1


@dataclass(frozen=True)
class Bounds:
    """What a field may be, and its words on the page and on the command line."""

    label: str
    help: str
    low: float | None = None
    high: float | None = None
    step: float | None = None
    choices: tuple[str, ...] = ()
    advanced: bool = False


def bounded(default: Any, label: str, help: str, **bounds: Any) -> Any:
    """A field of a request with its ``Bounds``; ``default`` MISSING makes it one that must be given."""
    metadata = {"bounds": Bounds(label, help, **bounds)}
    return field(metadata=metadata) if default is MISSING else field(default=default, metadata=metadata)


def exact_rate(value: float | str | Fraction) -> Fraction:
    """Frames per second as the exact rate meant: 23.976 is 24000/1001, 29.97 is 30000/1001, 59.94 is 60000/1001.

    Accepts numbers, "24000/1001" and "59.94". Raises RequestError for zero, negatives, NaN and words.
    """
    try:
        rate = value if isinstance(value, Fraction) else Fraction(str(value).strip())
    except (ValueError, ZeroDivisionError) as error:
        raise RequestError(f'The frame rate must be a number such as 24 or 59.94, not "{value}".') from error
    if not 0 < rate <= 1000:
        raise RequestError(f"The frame rate must be above 0 and at most 1000, not {value}.")
    nearest = round(rate)
    ntsc = Fraction(nearest * 1000, 1001)
    return ntsc if rate.denominator != 1 and abs(rate - ntsc) < Fraction(1, 100) and nearest % 6 == 0 else rate


@dataclass(frozen=True, kw_only=True)
class Request:
    """Common to all four: the seed (None rolls a die), and whether the words stay in the finished file."""

    task: ClassVar[str]
    unseeded: ClassVar[int | None] = None
    """The seed that stands for an empty one; None rolls a die."""
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
        True, "Keep my words in the file", "Write the prompt into the file's own description.", advanced=True
    )

    @property
    def card(self) -> str:
        """The catalogue's card of the generator that does it."""
        return self.task

    def __post_init__(self) -> None:
        for name, bounds in bounds_of(type(self)):
            self._check(name, getattr(self, name), bounds)

    def _check(self, name: str, value: Any, bounds: Bounds) -> None:
        if value is None:
            return
        if bounds.choices and value not in bounds.choices:
            raise RequestError(f'{bounds.label} must be one of {", ".join(bounds.choices)}, not "{value}".')
        if isinstance(value, str) and name in ("prompt", "style"):
            if len(value) > MAX_PROMPT:
                raise RequestError(
                    f"{bounds.label} may have at most {MAX_PROMPT} characters, not {len(value)}: please shorten it."
                )
        if bounds.low is not None or bounds.high is not None:
            if isinstance(value, bool) or not isinstance(value, (int, float, Fraction)) or not math.isfinite(value):
                raise RequestError(f"{bounds.label} must be a number.")
            if bounds.step == 1 and value != int(value):
                raise RequestError(f"{bounds.label} must be a whole number.")
            if not bounds.low <= value <= bounds.high:
                raise RequestError(
                    f"{bounds.label} must lie between {bounds.low:g} and {bounds.high:g}, not {float(value):g}."
                )

    def to_json(self) -> str:
        """The request as JSON. Files by their names, never their paths; words and names only if ``keep_prompt``."""
        values: dict[str, Any] = {"task": self.task}
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name in ("prompt", "style") and not self.keep_prompt:
                value = ""
            values[item.name] = _plain(value, self.keep_prompt)
        return json.dumps(values, ensure_ascii=False, sort_keys=True)


def _plain(value: Any, names: bool) -> Any:
    if isinstance(value, Path):
        return value.name if names else f"file{value.suffix}"  # a name can be as private as a prompt
    if isinstance(value, Fraction):
        return str(value)
    return [_plain(item, names) for item in value] if isinstance(value, tuple) else value


def bounds_of(kind: type[Request]) -> Iterator[tuple[str, Bounds]]:
    """(field name, Bounds) of every bounded field of a request class, in order."""
    for item in fields(kind):
        if "bounds" in item.metadata:
            yield item.name, item.metadata["bounds"]


def default_of(kind: type[Request], name: str) -> Any:
    """The default of a request's field, or None where it has none."""
    found = {item.name: item for item in fields(kind)}[name]
    return None if found.default is MISSING else found.default
