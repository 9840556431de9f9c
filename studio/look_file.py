"""Look files: what studying a picture leaves, looked over before anything heavy is loaded.

A look file is a safetensors file. Its header (8 bytes of length, then JSON) carries a card: what it is, the name that
its owner gave it, and a small sample picture. Nothing in it is ever executed; that its numbers are numbers is checked
here, and that they fit the generator by the pipeline that loads them.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.checkpoint_check import check_weights
from studio.errors import CheckpointError, LimitError, MediaError
from studio.origin import COMPOSITE, DESCRIPTION, xmp
from studio.requests import MAX_NAME

ENDING = ".safetensors"
MOST_BYTES = 16 << 20
UNNAMED = "My look"
_MOST_HEADER = 1 << 20
_MOST_SAMPLE = 64 << 10
KIND, VERSION = "studied look", "1"
"""What a look file's metadata say that it is, and how it is laid out."""

NO_LOOK = f"This is not a look file: please choose a {ENDING} file that studying a picture made."
DAMAGED = "This look file is damaged: please study its picture again."
OTHER_VERSION = "This look file was made by another version of Zoetrope: please study its picture again."


@dataclass(frozen=True)
class LookCard:
    """What a look file says of itself: its name, and a small JPEG of what it does (empty where it has none)."""

    name: str
    sample: bytes


def read_card(path: Path) -> LookCard:
    """The card of a look file. Raises MediaError for everything that is none, LimitError for one that is too large."""
    said = _header(path).get("__metadata__")
    if not isinstance(said, dict) or said.get("zoetrope") != KIND:
        raise MediaError(NO_LOOK)
    if said.get("version") != VERSION:
        raise MediaError(OTHER_VERSION)
    try:
        check_weights(path)
    except CheckpointError as error:
        raise MediaError(DAMAGED) from error
    return LookCard(name_of(str(said.get("name", ""))), _sample_of(said.get("sample")))


def write_card(path: Path, card: LookCard) -> None:
    """Put a name and a sample into a look file, and that a model made it; the file is replaced whole or not at all."""
    header = _header(path)
    start = 8 + _length(path)
    header["__metadata__"] |= {
        "name": card.name,
        "sample": base64.b64encode(card.sample).decode("ascii"),
        "description": DESCRIPTION,
        "digital_source_type": COMPOSITE,
        "xmp": xmp(COMPOSITE),
    }
    text = json.dumps(header, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 8)  # the format wants the weights aligned
    part = path.with_name(path.name + ".part")
    try:
        with path.open("rb") as source, part.open("wb") as target:
            source.seek(start)
            target.write(len(text).to_bytes(8, "little") + text + source.read())
            target.flush()
            os.fsync(target.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def name_of(text: str) -> str:
    """A name as the list shows it: one line of at most MAX_NAME characters that can be seen."""
    seen = "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
    return seen[:MAX_NAME].strip() or UNNAMED


def _length(path: Path) -> int:
    with path.open("rb") as file:
        return int.from_bytes(file.read(8), "little")


def _header(path: Path) -> dict[str, Any]:
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise LimitError(f"A look file may have at most {MOST_BYTES >> 20} MB.")
        length = _length(path)
        if not 2 <= length <= min(_MOST_HEADER, size - 8):
            raise MediaError(NO_LOOK)
        with path.open("rb") as file:
            file.seek(8)
            found = json.loads(file.read(length))
    except OSError as error:
        raise MediaError("The look file cannot be read: please choose it again.") from error
    except (ValueError, RecursionError) as error:
        raise MediaError(NO_LOOK) from error
    if not isinstance(found, dict):
        raise MediaError(NO_LOOK)
    return found


def _sample_of(text: object) -> bytes:
    """The sample picture, if it is a small JPEG as it should be."""
    if not isinstance(text, str) or len(text) > 2 * _MOST_SAMPLE:
        return b""
    try:
        sample = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return sample if sample.startswith(b"\xff\xd8\xff") and len(sample) <= _MOST_SAMPLE else b""
