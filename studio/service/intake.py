"""Before a request may wait: its files are checked from their headers and copied into the job's folder.

Copied, because the original may be deleted or changed while the job waits (a browser's upload is not ours to keep),
and under names of ours, because a name from outside may be hostile.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
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


def name_on_disk(path: Path) -> str:
    """What a file is called where nobody else knows better."""
    return path.name


def take_in(
    request: Request, folder: Path, limits: Limits, name_of: Callable[[Path], str] = name_on_disk
) -> PreparedRequest:
    """Check and copy the request's files into ``folder`` and settle its seed. In the prepared request a file's path is
    its person's name for it (``name_of``) and nothing more: what is read from then on are the copies.

    Raises MediaError or LimitError with one sentence for a file that cannot be used, OSError where the copy fails.
    """
    seed = request.unseeded if request.seed is None else int(request.seed)
    seed = secrets.randbelow(MAX_SEED + 1) if seed is None else seed
    place = folder / SOURCES
    place.mkdir()
    sources: dict[str, tuple[Source, ...]] = {}
    called: dict[str, object] = {}
    for each, paths in files_of(request):
        sources[each.name] = tuple(_copy(path, name_of(path), place, each, limits) for path in paths)
        names = tuple(Path(source.name) for source in sources[each.name])
        called[each.name] = names if each.form == "files" else names[0]
    prepared = replace(request, seed=seed, **called)
    return PreparedRequest(request=prepared, seed=seed, folder=folder, sources=sources)


def _copy(path: Path, name: str, folder: Path, field: Field, limits: Limits) -> Source:
    if not path.is_file():
        raise MediaError(f'There is no file "{name}": please choose it again.')
    info = read_card(path) if "look file" in field.bounds.takes else probe(path, limits)
    return Source(copy_in(path, folder, field.name), name, info)


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
