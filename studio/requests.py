"""One frozen request per task, checked when it is made: before any model loads and before any file is opened.

Bounds, defaults and help stand once, in each field's metadata: sliders, flags and the checks are all drawn from them
(``bounds_of``). A request travels as JSON inside the finished file (``to_json``), and back
(``from_json``).
"""

from __future__ import annotations

import json
import math
import re
import types
import typing
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, field, fields
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

from studio.errors import RequestError

MAX_PROMPT = 400
"""Characters of a prompt; the text encoder reads about 60 word pieces of it."""

MAX_SEED = 2**31 - 1
EASINGS = ("linear", "ease", "ease-in", "ease-out")
AT_CUT = ("auto", "hold", "dissolve", "cut")
SIZES = {"square": (256, 256), "16:9": (456, 256), "9:16": (256, 456)}
"""Named sizes (width, height) of a prompt's clip; ``scaled_size`` enlarges them."""


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


def _bounded(default: Any, label: str, help: str, **bounds: Any) -> Any:
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
    seed: int | None = _bounded(
        None,
        "Seed",
        "The same seed and request give the same frames; empty rolls a die.",
        low=0,
        high=MAX_SEED,
        step=1,
        advanced=True,
    )
    keep_prompt: bool = _bounded(
        True, "Keep my words in the file", "Write the prompt into the file's own description.", advanced=True
    )

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


@dataclass(frozen=True, kw_only=True)
class TextToVideoRequest(Request):
    """A prompt and the clip to make of it."""

    task: ClassVar[str] = "text_to_video"
    prompt: str = _bounded(
        MISSING, "Prompt", "What to show: one or two subjects, their colours, a place, a time of day, how they move."
    )
    picture: Path | None = None
    """A picture of the person's own that takes the subject's place and moves as the subject would."""
    seconds: float = _bounded(2.0, "Length (seconds)", "1 to 6 seconds.", low=1, high=6, step=0.5)
    fps: float = _bounded(12, "Frames per second", "12 is lively, 24 is smooth.", low=6, high=30, step=1)
    width: int = _bounded(256, "Width", "144 to 512 pixels, even.", low=144, high=512, step=1, advanced=True)
    height: int = _bounded(256, "Height", "144 to 512 pixels, even.", low=144, high=512, step=1, advanced=True)
    variety: float = _bounded(
        1.0, "Variety", "0 is the most typical scene, 1 is lively.", low=0, high=1.5, step=0.05, advanced=True
    )
    variations: int = _bounded(
        1,
        "Variations",
        "Several clips of the same prompt, each with the next seed.",
        low=1,
        high=4,
        step=1,
        advanced=True,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not re.search(r"\w|[^\x00-\x7f]", self.prompt):
            raise RequestError('Please describe the scene in a few words, such as "a red car drives left at sunset".')
        if self.width % 2 or self.height % 2:
            raise RequestError("Width and height must be even numbers.")

    @property
    def num_frames(self) -> int:
        """Frames of the clip."""
        return max(1, round(self.seconds * self.fps))


@dataclass(frozen=True, kw_only=True)
class InterpolationRequest(Request):
    """Two or more keyframe pictures, or one clip; and the motion wanted between them."""

    task: ClassVar[str] = "interpolation"
    images: tuple[Path, ...] = ()
    clip: Path | None = None
    seconds: float = _bounded(1.0, "Seconds between keyframes", "How long each gap lasts.", low=0.1, high=10, step=0.1)
    gap_seconds: tuple[float, ...] = ()
    """How long each gap lasts, in order, where they differ; empty: ``seconds`` each. A loop has one gap more."""
    fps: Fraction | None = _bounded(
        None, "Frames per second", "The exact rate of the result: 24, 59.94, 60...", low=1, high=240
    )
    easing: str = _bounded("linear", "Easing", "How the motion starts and stops in each gap.", choices=EASINGS)
    loop: bool = _bounded(False, "Loop", "Come back to the first keyframe.")
    at_cut: str = _bounded(
        "auto",
        "At a scene cut",
        "Nothing is morphed across a cut: hold the last picture, dissolve, or cut in the middle; "
        "auto dissolves pictures and holds clips.",
        choices=AT_CUT,
        advanced=True,
    )
    replace_duplicates: bool = _bounded(
        False, "Replace repeated frames", "Give repeated frames of a clip new in-betweens.", advanced=True
    )
    prompt: str = _bounded("", "Timing in words", '"slow start", "linger on the second picture"...', advanced=True)

    def __post_init__(self) -> None:
        if self.fps is not None:
            object.__setattr__(self, "fps", exact_rate(self.fps))
        super().__post_init__()
        object.__setattr__(self, "gap_seconds", tuple(self.gap_seconds))
        if self.clip is None and len(self.images) < 2:
            raise RequestError("Please give at least two pictures, or one clip.")
        if self.clip is not None and self.images:
            raise RequestError("Please give either pictures or a clip, not both.")
        if self.clip is not None and self.fps is None:
            raise RequestError("Please say which frame rate the clip should get, such as 60.")
        if self.clip is not None and (self.loop or self.easing != "linear"):
            raise RequestError("Loop and easing are for keyframe pictures; a clip keeps its own timing.")
        if self.clip is None and self.replace_duplicates:
            raise RequestError("Replacing repeated frames is for a clip; keyframe pictures are all kept.")
        self._check_gaps()

    @property
    def gaps(self) -> tuple[float, ...]:
        """Seconds of every gap between the pictures, in order; none for a clip."""
        return self.gap_seconds or (self.seconds,) * (len(self.images) - 1 + self.loop if self.images else 0)

    def _check_gaps(self) -> None:
        if not self.gap_seconds:
            return
        bounds = dict(bounds_of(type(self)))["seconds"]
        for seconds in self.gap_seconds:
            self._check("seconds", seconds, bounds)
        if self.clip is not None:
            raise RequestError("Seconds for each gap are for keyframe pictures; a clip keeps its own timing.")
        if len(self.gap_seconds) != (wanted := len(self.images) - 1 + self.loop):
            raise RequestError(
                f"Please give one number of seconds for each gap between the pictures{' and back' * self.loop}: "
                f"{wanted}, not {len(self.gap_seconds)}."
            )


@dataclass(frozen=True, kw_only=True)
class RestyleRequest(Request):
    """A clip or a picture, and a look in words, from a picture, or both."""

    task: ClassVar[str] = "restyle"
    source: Path
    style: str = _bounded("", "Look", '"watercolour painting", "like Van Gogh", "comic book"...')
    style_image: Path | None = None
    strength: float = _bounded(1.0, "Strength", "0 leaves the source as it is.", low=0, high=1, step=0.05)
    keep_colours: bool = _bounded(
        False, "Keep colours", "Take the look's strokes and light, keep the source's colours."
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.style.strip() and self.style_image is None:
            raise RequestError('Please name a look, such as "watercolour painting", or give a style picture.')


@dataclass(frozen=True, kw_only=True)
class PredictionRequest(Request):
    """A clip, and how far to continue it."""

    task: ClassVar[str] = "prediction"
    unseeded: ClassVar[int | None] = 0
    seed: int | None = _bounded(
        None,
        "Seed",
        "Empty or 0: the likeliest future. Any other draws another one, the same each time.",
        low=0,
        high=MAX_SEED,
        step=1,
        advanced=True,
    )
    clip: Path
    seconds: float = _bounded(1.0, "Seconds to add", "The further, the less certain.", low=0.1, high=5, step=0.1)
    prompt: str = _bounded("", "Course in words", '"pans left", "slows down", "zooms in"; empty goes on as it was.')
    append: bool = _bounded(False, "Append to the clip", "The source first, then its continuation.")
    mark: bool = _bounded(
        False, "Mark the predicted part", "A small sign in the corner of every predicted frame.", advanced=True
    )
    futures: int = _bounded(
        1,
        "Futures",
        "Several ways in which the clip could go on, each with the next seed.",
        low=1,
        high=4,
        step=1,
        advanced=True,
    )


REQUESTS: dict[str, type[Request]] = {
    kind.task: kind for kind in (TextToVideoRequest, InterpolationRequest, RestyleRequest, PredictionRequest)
}


def from_json(text: str, **files: Any) -> Request:
    """The request that ``to_json`` wrote; ``files`` gives its files' paths anew. RequestError if it is not one."""
    try:
        values = json.loads(text)
        kind = REQUESTS[values.pop("task")]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RequestError("This file does not carry a Zoetrope request.") from error
    hints = typing.get_type_hints(kind)
    known = {item.name for item in fields(kind)}
    if not set(values) <= known:
        raise RequestError("This file carries a request of another version of Zoetrope.")
    read = {name: _typed(hints[name], value) for name, value in values.items()}
    return kind(**{**read, **files})


def _typed(hint: Any, value: Any) -> Any:
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if value is None:
        return None
    if Path in options:
        return Path(value)
    if Fraction in options:
        return Fraction(value)
    if isinstance(value, list):
        kind = typing.get_args(hint)[0]
        return tuple(kind(item) for item in value)
    return value


def scaled_size(shape: str, short_side: int) -> tuple[int, int]:
    """(width, height) of a named shape with its long side at most 512 and its short side near ``short_side``, even."""
    width, height = SIZES[shape]
    scale = min(short_side / min(width, height), 512 / max(width, height))
    return 2 * round(width * scale / 2), 2 * round(height * scale / 2)
