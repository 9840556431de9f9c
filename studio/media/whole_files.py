"""Files that appear whole or not at all: a part beside the place, made durable, then given its name in one step."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from studio.errors import ResourceError, is_full_disk

DISK_FULL = "The disk is full: the result could not be saved; please make room and try again."
UNWRITTEN = "The result could not be saved ({why}): please look after the studio's work folder and try again."


def unwritten(error: OSError, full: str = DISK_FULL) -> ResourceError:
    """What to tell a person whose file could not be written: ``full`` where the disk is, else the system's words."""
    return ResourceError(full if is_full_disk(error) else UNWRITTEN.format(why=error.strerror or "unknown cause"))


def put_in_place(part: Path, path: Path, refusal: str = DISK_FULL) -> None:
    """Make a finished part durable and give it its name. Raises ResourceError where the disk refuses (``refusal`` where
    it is full); then the part is gone.
    """
    try:
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(part, path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise unwritten(error, refusal) from error


def write_whole(path: Path, content: bytes, refusal: str = DISK_FULL) -> Path:
    """Put a file in its place. Returns ``path``; raises ResourceError where the disk refuses (``refusal``: is full)."""
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        part.write_bytes(content)
        put_in_place(part, path, refusal)
    except OSError as error:
        raise unwritten(error, refusal) from error
    finally:
        part.unlink(missing_ok=True)
    return path
