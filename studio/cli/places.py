"""Where results go: their names, checks before any work, and files that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from studio.errors import RequestError, StudioError


def numbered(out: Path, count: int) -> list[Path]:
    """``car.mp4``, or ``car-1.mp4``, ``car-2.mp4``... where several are made."""
    many = isinstance(count, int) and 1 < count <= 4
    return [out.with_stem(f"{out.stem}-{number + 1}") for number in range(count)] if many else [out]


def check_places(places: list[Path], overwrite: bool, endings: tuple[str, ...], free: Sequence[Path] = ()) -> None:
    """Refuse, before any work, a result that could not be written in the end."""
    for place in places:
        if place not in free and place.suffix.lower() not in endings:
            raise RequestError(f'The result must be named {" or ".join(endings)}, not "{place.name}".')
        if place.is_dir() or (place.exists() and not overwrite):
            raise RequestError(f'"{place}" exists already: choose another name, or add --overwrite.')
        folder = place.absolute().parent
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise RequestError(f'The folder "{folder}" does not exist or cannot be written to.')


def deliver(made: Path, out: Path) -> None:
    """Copy a result to where the person wants it: whole or not at all. Its path goes to stdout."""
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        with made.open("rb") as source, part.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
            target.flush()
            os.fsync(target.fileno())
        part.replace(out)
    except OSError as error:
        raise StudioError(f'"{out}" could not be written: {error.strerror}.') from error
    finally:
        part.unlink(missing_ok=True)
    sys.stdout.write(f"{out}\n")
    sys.stdout.flush()
