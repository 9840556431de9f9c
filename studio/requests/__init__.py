"""One frozen request per task, checked when it is made: before any model loads and before any file is opened.

``base`` says what all have in common; each task's own request stands in the file of its name. A request travels as
JSON inside the finished file (``Request.to_json``), and back (``from_json``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from studio.errors import RequestError
from studio.requests.base import (
    MAX_PROMPT,
    MAX_SEED,
    Bounds,
    Field,
    Request,
    article,
    bounded,
    exact_rate,
    field_of,
    fields_of,
    read,
    schema_of,
    variation_seed,
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
    "SIZES",
    "WHERE",
    "Bounds",
    "Field",
    "InterpolationRequest",
    "PredictionRequest",
    "Request",
    "RestyleRequest",
    "StudyRequest",
    "TextToVideoRequest",
    "article",
    "bounded",
    "exact_rate",
    "field_of",
    "fields_of",
    "from_json",
    "read",
    "scaled_size",
    "schema_of",
    "variation_seed",
]


def from_json(text: str, kinds: Mapping[str, type[Request]], **files: Any) -> Request:
    """The request that ``to_json`` wrote; ``files`` gives its files' paths anew, by field.

    ``kinds`` are the request classes by task. Raises RequestError if the text is none of their requests.
    """
    try:
        values = json.loads(text)
        kind = kinds[values.pop("task")]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RequestError("This file does not carry a Zoetrope request.") from error
    if not set(values) <= {each.name for each in fields_of(kind)}:
        raise RequestError("This file carries a request of another version of Zoetrope.")
    return kind.of({**values, **files})
