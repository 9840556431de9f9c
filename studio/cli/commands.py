"""What each command does: parsed flags to a request, the job, its results to where they are wanted."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from studio.cli.flags import size
from studio.cli.places import check_places, deliver, numbered
from studio.cli.progress import ProgressLine, tell
from studio.errors import RequestError
from studio.requests import (
    MAX_NAME,
    InterpolationRequest,
    PredictionRequest,
    Request,
    RestyleRequest,
    StudyRequest,
    TextToVideoRequest,
)
from studio.service import Result, Studio
from studio.settings import Settings, from_environment

PICTURES = (".png", ".jpg", ".jpeg", ".webp")
FILMS = (".mp4", ".gif")
OTHERS = {
    "command", "out", "overwrite", "device", "checkpoints", "quiet", "log", "size", "layers", "files", "prompt",
}  # fmt: skip
"""Parsed options that are no fields of a request under their own name."""


def generate(arguments: argparse.Namespace) -> int:
    """A prompt to a clip, or several."""
    width, height = size(arguments.size)
    request = TextToVideoRequest(prompt=arguments.prompt, width=width, height=height, **_values(arguments))
    return _make(request, arguments, FILMS, request.variations, arguments.layers)


def interpolate(arguments: argparse.Namespace) -> int:
    """Pictures to a film, or a clip to another rate."""
    files: tuple[Path, ...] = tuple(arguments.files)
    is_clip = len(files) == 1 and files[0].suffix.lower() not in PICTURES
    inputs = {"clip": files[0]} if is_clip else {"images": files}
    request = InterpolationRequest(**inputs, prompt=arguments.prompt, **_values(arguments))
    return _make(request, arguments, (*FILMS, ".webm"))


def restyle(arguments: argparse.Namespace) -> int:
    """A clip or a picture in another look."""
    return _make(RestyleRequest(**_values(arguments)), arguments, (*FILMS, ".png"))


def study(arguments: argparse.Namespace) -> int:
    """A picture to a look file, called as the file is unless it gets a name."""
    values = _values(arguments)
    values["name"] = values["name"] or arguments.out.stem[:MAX_NAME]
    return _make(StudyRequest(**values), arguments, (".safetensors",))


def predict(arguments: argparse.Namespace) -> int:
    """A clip, continued."""
    request = PredictionRequest(prompt=arguments.prompt, **_values(arguments))
    return _make(request, arguments, FILMS, request.futures)


def _make(
    request: Request,
    arguments: argparse.Namespace,
    endings: tuple[str, ...],
    count: int = 1,
    layers: Path | None = None,
) -> int:
    """Check the places, do the job, and put its ``count`` results (and a scene's layers) there."""
    outs, extras = numbered(arguments.out, count), [layers] if layers else []
    check_places([*outs, *extras], arguments.overwrite, endings, extras)
    with Studio(_settings(arguments)) as studio:
        _check_ending(studio, request, arguments.out)
        result = _run(studio, request, arguments)
        for number, out in enumerate(outs):
            deliver(_made(studio, result, number, out.suffix.lower()), out)
        if layers and result.layers is not None:
            deliver(result.layers, layers)
    return 0


def _check_ending(studio: Studio, request: Request, out: Path) -> None:
    """Refuse, before any work, a kind of file that these sources cannot become."""
    ending = out.suffix.lower()
    if ending == ".png" and studio.kind_of(request.source) != "image":
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
        size = f"{row.size_bytes / 1e6:.1f} MB" if row.present else "-"
        table.append((row.name, row.task, size, row.licence, row.origin, "yes" if row.present else "no"))
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    for line in table:
        sys.stdout.write("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() + "\n")
    return 0


def _values(arguments: argparse.Namespace) -> dict[str, Any]:
    """The parsed options that are fields of a request."""
    return {name: value for name, value in vars(arguments).items() if name not in OTHERS}


def _settings(arguments: argparse.Namespace) -> Settings:
    return from_environment(device=arguments.device, checkpoints=arguments.checkpoints)


def _run(studio: Studio, request: Request, arguments: argparse.Namespace) -> Result:
    """Do the job with progress on stderr."""
    show = None if arguments.quiet else ProgressLine()
    result = studio.run(request, show)
    if show is not None:
        show.end()
        tell(result)
    return result
