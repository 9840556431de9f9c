"""Flags drawn from the requests' own fields: their bounds, defaults and help stand there."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from studio.errors import RequestError
from studio.requests import (
    SIZES,
    Bounds,
    InterpolationRequest,
    Request,
    RestyleRequest,
    StudyRequest,
    TextToVideoRequest,
    bounds_of,
    default_of,
)

ENDINGS: dict[type[Request], str] = {
    RestyleRequest: ".mp4, or .gif (or .png for a picture)",
    InterpolationRequest: ".mp4, or .gif (or .webm, which keeps the pictures' transparency)",
    StudyRequest: ".safetensors, a look file that `restyle --look` takes",
}


class Help(argparse.RawDescriptionHelpFormatter):
    """Room for the longest flag beside its help, and the examples as they were written."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28)


class Parser(argparse.ArgumentParser):
    """argparse that answers a wrong flag with one sentence instead of a page of usage."""

    def error(self, message: str) -> NoReturn:
        """Raise RequestError; ``main`` prints it and exits with 2."""
        raise RequestError(f"{message[:1].upper()}{message[1:]}. See `{self.prog} --help`.")


def command(
    commands: Any, name: str, usage: str, run: Callable[[argparse.Namespace], int], help: str, kind: type[Request]
) -> argparse.ArgumentParser:
    """A command with one option per bounded field of its request, and what all commands share."""
    parser = commands.add_parser(
        name,
        help=help,
        description=f"{help[:1].upper()}{help[1:]}.",
        usage=f"python -m studio {name} {usage} --out FILE [options]",
        formatter_class=Help,
        allow_abbrev=False,
    )
    parser.set_defaults(command=run)
    endings = ENDINGS.get(kind, ".mp4, or .gif")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help=f"the result: {endings}")
    parser.add_argument("--overwrite", action="store_true", help="replace FILE if it exists (otherwise: refuse)")
    by_hand = {TextToVideoRequest: {"width", "height", "prompt"}, StudyRequest: {"keep_prompt"}}.get(kind, set())
    for field, bounds in bounds_of(kind):
        if field in by_hand:
            continue
        default, flag = default_of(kind, field), "--" + field.replace("_", "-")
        words = bounds.help.replace("%", "%%")
        if default is True:
            words = f"switch off: {words[:1].lower()}{words[1:]}"
            parser.add_argument(f"--no-{flag[2:]}", dest=field, action="store_false", help=words)
        elif default is False:
            parser.add_argument(flag, action="store_true", help=words)
        else:
            _add_value(parser, flag, default, bounds, words)
    add_common(parser)
    return parser


def _add_value(parser: argparse.ArgumentParser, flag: str, default: Any, bounds: Bounds, words: str) -> None:
    """An option that takes a number, one of a few words, or free words; what it may be is said in its help."""
    if bounds.choices:
        words, metavar = f"{words} One of: {', '.join(bounds.choices)}.", "WORD"
    elif bounds.low is not None and bounds.high is not None:
        words, metavar = f"{words} From {bounds.low:.10g} to {bounds.high:.10g}.", "N"
    else:
        metavar = "TEXT"
    words += "" if default in (None, "") else f" (default: {default})"
    is_exact = flag == "--fps" and default is None  # 24000/1001 and 59.94 are read by the request itself
    reader = _number(flag) if metavar == "N" and not is_exact else str
    parser.add_argument(flag, type=reader, default=default, metavar=metavar, help=words)


def add_common(parser: argparse.ArgumentParser) -> None:
    """Flags that every command takes."""
    shared = parser.add_argument_group("the studio itself")
    shared.add_argument("--device", help="auto, cpu, cuda, mps or xpu (default: auto)")
    shared.add_argument("--checkpoints", type=Path, metavar="FOLDER", help="where the generators lie")
    shared.add_argument("--quiet", action="store_true", help="no progress and no notes on stderr")
    shared.add_argument("--log", type=Path, metavar="FILE", help="write details of what happens (and of faults) here")


def _number(flag: str) -> Callable[[str], int | float]:
    def read(text: str) -> int | float:
        try:
            value = float(text)
        except ValueError as error:
            raise RequestError(f'{flag} must be a number, not "{text}".') from error
        return int(value) if value.is_integer() and abs(value) < 1e15 else value

    return read


def numbers(flag: str) -> Callable[[str], tuple[float, ...]]:
    """A reader of numbers with commas between them."""
    read = _number(flag)
    return lambda text: tuple(read(part.strip()) for part in text.split(","))


def size(text: str) -> tuple[int, int]:
    """The (width, height) of --size."""
    if text in SIZES:
        return SIZES[text]
    found = re.fullmatch(r"(\d{1,5})[xX×](\d{1,5})", text.strip())
    if not found:
        raise RequestError(f'--size must look like 256x256, or be {", ".join(SIZES)}; not "{text}".')
    return int(found[1]), int(found[2])
