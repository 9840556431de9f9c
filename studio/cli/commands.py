"""What a command does: parsed flags to a request, the job, its results to where they are wanted."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from studio.cli.flags import has_size, size, sorted_files
from studio.cli.places import check_places, deliver, numbered
from studio.cli.progress import ProgressLine, tell
from studio.errors import RequestError
from studio.requests import MAX_NAME, Request, fields_of
from studio.service import Result, Studio, Task
from studio.settings import Settings, from_environment


def perform(arguments: argparse.Namespace) -> int:
    """Do the task of the command that was typed; returns the exit code.

    Its places are checked first, then the job is done, then its results (and a scene's layers) are put there.
    """
    task: Task = arguments.task
    request = _request(task, arguments)
    layers: Path | None = getattr(arguments, "layers", None)
    outs, extras = numbered(arguments.out, request.count), [layers] if layers else []
    check_places([*outs, *extras], arguments.overwrite, task.endings, extras)
    with Studio(_settings(arguments)) as studio:
        _check_ending(studio, task, request, arguments.out)
        result = _run(studio, request, arguments)
        for number, out in enumerate(outs):
            deliver(_made(studio, result, number, out.suffix.lower()), out)
        if layers and result.layers is not None:
            deliver(result.layers, layers)
    return 0


def _request(task: Task, arguments: argparse.Namespace) -> Request:
    parsed = vars(arguments)
    values = {each.name: parsed[each.name] for each in fields_of(task.request) if each.name in parsed}
    if has_size(task.request):
        values["width"], values["height"] = size(arguments.size)
    if task.request.alternatives:
        values |= sorted_files(task.request, arguments.files)
    if values.get("name") == "" and values["keep_names"]:  # then a result that has a name is called as its file is
        values["name"] = arguments.out.stem[:MAX_NAME]
    return task.request(**values)


def _check_ending(studio: Studio, task: Task, request: Request, out: Path) -> None:
    """Refuse, before any work, a kind of file that these sources cannot become."""
    ending = out.suffix.lower()
    if ending == ".png" and studio.kind_of(getattr(request, task.takes)) != "image":
        raise RequestError(f"A clip cannot become {out.name}: please name the result .mp4 or .gif.")
    if ending == ".webm" and not studio.shows_through(request.images):
        raise RequestError(f"{out.name} would keep transparency, and there is none: name the result .mp4 or .gif.")


def _made(studio: Studio, result: Result, number: int, ending: str) -> Path:
    """The file of that kind that shows result ``number``."""
    videos = result.variations or (result.video,)
    if ending == ".gif":
        return studio.gif(result.job_id, number)
    made = {
        ".mp4": videos[number], ".png": result.picture, ".webm": result.transparent, ".safetensors": result.look,
    }[ending]  # fmt: skip
    assert made is not None, ending
    return made


def models(arguments: argparse.Namespace) -> int:
    """List the generators."""
    with Studio(_settings(arguments)) as studio:
        rows = studio.catalogue()
    table = [("name", "task", "size", "licence", "origin", "present")]
    for row in rows:
        table.append((row.name, row.task, row.size, row.licence, row.origin, "yes" if row.present else "no"))
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    for line in table:
        sys.stdout.write("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() + "\n")
    return 0


def _settings(arguments: argparse.Namespace) -> Settings:
    return from_environment(
        device=arguments.device, checkpoints=arguments.checkpoints,
        sign_certificate=arguments.sign_certificate, sign_key=arguments.sign_key,
    )  # fmt: skip


def _run(studio: Studio, request: Request, arguments: argparse.Namespace) -> Result:
    """Do the job with progress on stderr."""
    show = None if arguments.quiet else ProgressLine()
    result = studio.run(request, show)
    if show is not None:
        show.end()
        tell(result)
    return result
