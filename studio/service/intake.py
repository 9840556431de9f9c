"""Before a request may wait: its files are checked from their headers and copied into the job's folder.

Copied, because the original may be deleted or changed while the job waits (a browser's upload is not ours to keep),
and under names of ours, because a name from outside may be hostile.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from studio.errors import MediaError
from studio.look_file import read_card
from studio.media.probe import probe
from studio.privacy import take_in as copy_in
from studio.requests import MAX_SEED, Field, Request, fields_of
from studio.service.jobs import PreparedRequest, Source
from studio.settings import Limits

SOURCES = "sources"


def files_of(request: Request) -> Iterator[tuple[Field, tuple[Path, ...]]]:
    """(field, its files) of every field of a request that holds files."""
    for each in fields_of(type(request)):
        value = getattr(request, each.name)
        if each.form in ("file", "files") and value:
            yield each, value if isinstance(value, tuple) else (value,)


def take_in(request: Request, folder: Path, limits: Limits) -> PreparedRequest:
    """Check and copy the request's files into ``folder`` and settle its seed.

    Raises MediaError or LimitError with one sentence for a file that cannot be used, OSError where the copy fails.
    """
    seed = request.unseeded if request.seed is None else int(request.seed)
    seed = secrets.randbelow(MAX_SEED + 1) if seed is None else seed
    place = folder / SOURCES
    place.mkdir()
    sources: dict[str, tuple[Source, ...]] = {}
    for each, paths in files_of(request):
        sources[each.name] = tuple(_copy(path, place, each, limits) for path in paths)
    return PreparedRequest(request=replace(request, seed=seed), seed=seed, folder=folder, sources=sources)


def _copy(path: Path, folder: Path, field: Field, limits: Limits) -> Source:
    if not path.is_file():
        raise MediaError(f'There is no file "{path.name}": please choose it again.')
    info = read_card(path) if "look file" in field.bounds.takes else probe(path, limits)
    return Source(copy_in(path, folder, field.name), path.name, info)


def bytes_of(request: Request) -> int:
    """How much room the copies of a request's files need; files that are not there count nothing."""
    return sum(path.stat().st_size for _, paths in files_of(request) for path in paths if path.is_file())


def let_go(folder: Path) -> None:
    """Remove the copies when the job is done: only its results stay."""
    shutil.rmtree(folder / SOURCES, ignore_errors=True)


def label_of(request: Request) -> str:
    """A few words by which a person knows the job again: the prompt's start, or the source's name."""
    for _, paths in files_of(request):
        return paths[0].name if len(paths) == 1 else f"{paths[0].name} and {len(paths) - 1} more"
    words = " ".join(str(getattr(request, "prompt", "")).split())
    return words if len(words) <= 60 else words[:59].rstrip() + "…"
