"""One frozen request per task, checked when it is made: before any model loads and before any file is opened.

``base`` says what all have in common; each task's own request stands in the file of its name. A request travels as
JSON inside the finished file (``Request.to_json``), and back (``from_json``).
"""

from __future__ import annotations

import json
import types
import typing
from dataclasses import fields
from fractions import Fraction
from pathlib import Path
from typing import Any

from studio.errors import RequestError
from studio.requests.base import (
    MAX_PROMPT,
    MAX_SEED,
    Bounds,
    Request,
    bounds_of,
    default_of,
    exact_rate,
)
from studio.requests.interpolation import AT_CUT, EASINGS, InterpolationRequest
from studio.requests.prediction import PredictionRequest
from studio.requests.restyle import MAX_NAME, WHERE, RestyleRequest
from studio.requests.study import StudyRequest
from studio.requests.text_to_video import SIZES, TextToVideoRequest, scaled_size

__all__ = [
    "AT_CUT",
    "EASINGS",
    "MAX_NAME",
    "MAX_PROMPT",
    "MAX_SEED",
    "REQUESTS",
    "SIZES",
    "WHERE",
    "Bounds",
    "InterpolationRequest",
    "PredictionRequest",
    "Request",
    "RestyleRequest",
    "StudyRequest",
    "TextToVideoRequest",
    "bounds_of",
    "default_of",
    "exact_rate",
    "from_json",
    "scaled_size",
]

REQUESTS: dict[str, type[Request]] = {
    kind.task: kind for kind in (TextToVideoRequest, InterpolationRequest, RestyleRequest, PredictionRequest)
}
"""The four tasks whose files fill a form again."""


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
