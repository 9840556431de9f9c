"""A command per task, its flags drawn from the request's own fields: their bounds, defaults and help stand there.

Fields that must be given stand without a flag; ``--size`` stands for a width and a height; where one of several fields
of files is wanted, all files are given in a row and told apart by their names (``sorted_files``).
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from studio.errors import RequestError
from studio.requests import SIZES, Field, Request, field_of, fields_of
from studio.service import Task

PICTURES = (".png", ".jpg", ".jpeg", ".webp")
ENDINGS = {
    ".gif": "or .gif",
    ".png": "(or .png for a picture)",
    ".webm": "(or .webm, which keeps the pictures' transparency)",
    ".safetensors": ".safetensors, a look file that `restyle --look` takes",
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


def add_command(commands: Any, task: Task) -> argparse.ArgumentParser:
    """The parser of the task's command; it leaves its ``task`` in what is parsed."""
    help = task.summary
    fields = [each for each in fields_of(task.request) if each.name not in ("width", "height")]
    given = [each for each in fields if each.required]
    words = " ".join(each.name.upper() for each in given) or "FILE..."
    parser = commands.add_parser(
        task.command,
        help=help,
        description=f"{help[:1].upper()}{help[1:]}.",
        usage=f"python -m studio {task.command} {words} --out FILE [options]",
        formatter_class=Help,
        allow_abbrev=False,
    )
    parser.set_defaults(task=task)
    for each in given:
        parser.add_argument(each.name, type=_type(each, each.name), help=_words(each))
    if task.request.alternatives:
        choices = [field_of(task.request, name).bounds.help.rstrip(".").lower() for name in task.request.alternatives]
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help=", or ".join(choices))
    endings = [ENDINGS.get(ending, ending) for ending in task.endings]
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help=f"the result: {' '.join(endings)}")
    parser.add_argument("--overwrite", action="store_true", help="replace FILE if it exists (otherwise: refuse)")
    if has_size(task.request):
        sizes = ", ".join(SIZES)
        parser.add_argument(
            "--size", default="256x256", help=f"WIDTHxHEIGHT in even pixels, or {sizes} (default: 256x256)"
        )
    for each in fields:
        if not each.required and each.name not in task.request.alternatives:
            _add_flag(parser, each)
    if task.has_layers:
        parser.add_argument("--layers", type=Path, metavar="ZIP", help="also write the scene's layers (PNG and JSON)")
    add_common(parser)
    return parser


def has_size(kind: type[Request]) -> bool:
    """Whether requests of this class have a width and a height."""
    return {"width", "height"} <= {each.name for each in fields_of(kind)}


def _add_flag(parser: argparse.ArgumentParser, field: Field) -> None:
    """An option for one field; what it may be is said in its help."""
    flag, words = "--" + (field.bounds.flag or field.name).replace("_", "-"), _words(field)
    if field.form == "tick" and field.default:
        words = f"switch off: {words[:1].lower()}{words[1:]}"
        parser.add_argument(f"--no-{flag[2:]}", dest=field.name, action="store_false", help=words)
    elif field.form == "tick":
        parser.add_argument(flag, dest=field.name, action="store_true", help=words)
    else:
        metavars = {"words": "TEXT", "choice": "WORD", "file": _file_word(field), "numbers": "N,N,..."}
        parser.add_argument(
            flag, dest=field.name, type=_type(field, flag), default=field.default,
            metavar=metavars.get(field.form, "N"), help=words,
        )  # fmt: skip


def _words(field: Field) -> str:
    """The field's help, with what it may be and its default."""
    bounds, words = field.bounds, field.bounds.help.replace("%", "%%")
    if bounds.choices:
        words += f" One of: {', '.join(bounds.choices)}."
    elif bounds.low is not None and bounds.high is not None:
        words += f" From {bounds.low:.10g} to {bounds.high:.10g}."
    shows_default = field.form not in ("tick", "file", "numbers") and field.default not in (None, "")
    return f"{words} (default: {field.default})" if shows_default else words


def _file_word(field: Field) -> str:
    return "PICTURE" if field.bounds.takes == ("picture",) else "FILE"


def _type(field: Field, flag: str) -> Callable[[str], Any]:
    readers = {"whole": _number(flag), "number": _number(flag), "numbers": _numbers(flag), "file": Path}
    return readers.get(field.form, str)  # an exact rate such as 24000/1001 is read by the request itself


def add_common(parser: argparse.ArgumentParser) -> None:
    """Flags that every command takes."""
    shared = parser.add_argument_group("the studio itself")
    shared.add_argument("--device", help="auto, cpu, cuda, mps or xpu (default: auto)")
    shared.add_argument("--checkpoints", type=Path, metavar="FOLDER", help="where the generators lie")
    certificate = "sign the result (C2PA): your certificate and its chain"
    shared.add_argument("--sign-certificate", type=Path, metavar="PEM", help=certificate)
    key = "its private key (ZOETROPE_SIGN_PASSPHRASE opens a protected one)"
    shared.add_argument("--sign-key", type=Path, metavar="PEM", help=key)
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


def _numbers(flag: str) -> Callable[[str], tuple[float, ...]]:
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


def sorted_files(kind: type[Request], files: Sequence[Path]) -> dict[str, Any]:
    """Files in a row, by the field that each belongs to: pictures by their endings, one other file as a clip."""
    by_kind = {takes: name for name in kind.alternatives for takes in field_of(kind, name).bounds.takes}
    is_clip = len(files) == 1 and files[0].suffix.lower() not in PICTURES
    name = by_kind["clip" if is_clip else "picture"]
    return {name: files[0] if field_of(kind, name).form == "file" else tuple(files)}
