"""The command line: flags become a request, the same service does the work, the result's path goes to stdout.

Progress, notes and errors go to stderr. Exit codes: 0 done; 2 the person's fault, said in one sentence; 1 ours;
130 stopped with Ctrl-C (143 when terminated), nothing left behind. Flags, bounds, defaults and help are drawn from
the requests' own fields.
"""

from __future__ import annotations

import argparse
import logging
import os
import re
import shutil
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from studio.errors import RequestError, StudioError, UserError
from studio.requests import (
    SIZES,
    Bounds,
    InterpolationRequest,
    PredictionRequest,
    Request,
    RestyleRequest,
    TextToVideoRequest,
    bounds_of,
    default_of,
)
from studio.service import Event, Result, Studio, Trust
from studio.settings import Settings, from_environment

PICTURES = (".png", ".jpg", ".jpeg", ".webp")
BAR_WIDTH = 24
STRIP = 10  # digits of the confidence
MORE_ENDINGS: dict[type[Request], str] = {
    RestyleRequest: " (or .png for a picture)",
    InterpolationRequest: " (or .webm, which keeps the pictures' transparency)",
}

EXAMPLES = """\
examples:
  python -m studio generate "a red car drives left across the desert at sunset" --seconds 2 --out car.mp4
  python -m studio interpolate a.png b.png c.png --seconds 1 --fps 24 --out smooth.mp4
  python -m studio interpolate clip.mp4 --fps 60 --out smooth.mp4
  python -m studio restyle clip.mp4 --style "watercolour painting" --out painted.mp4
  python -m studio predict clip.mp4 --seconds 1 --prompt "pans left" --append --out longer.mp4
  python -m studio predict clip.mp4 --seconds 3 --futures 3 --out next.mp4
  python -m studio models

`python -m studio COMMAND --help` lists a command's options. `python app.py` opens the same studio in a browser.
"""


class _Help(argparse.RawDescriptionHelpFormatter):
    """Room for the longest flag beside its help, and the examples as they were written."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28)


class Parser(argparse.ArgumentParser):
    """argparse that answers a wrong flag with one sentence instead of a page of usage."""

    def error(self, message: str) -> NoReturn:
        """Raise RequestError; ``main`` prints it and exits with 2."""
        raise RequestError(f"{message[:1].upper()}{message[1:]}. See `{self.prog} --help`.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        arguments = build_parser().parse_args(argv)
        _quieten(arguments.log)
        signal.signal(signal.SIGTERM, _terminate)
        return arguments.command(arguments)
    except UserError as error:
        return _say(error, 2)
    except StudioError as error:
        return _say(error, 1)
    except KeyboardInterrupt:
        return _say("Stopped; nothing was written.", 130)
    except BrokenPipeError:
        return 1


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = Parser(
        prog="python -m studio",
        description="Zoetrope: video from prompts, keyframes and clips, made on this machine by its own generators.",
        epilog=EXAMPLES,
        formatter_class=_Help,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    generate = _command(commands, "generate", "PROMPT", _generate, "make a clip from a prompt", TextToVideoRequest)
    generate.add_argument("prompt", help="what to show, in quotation marks")
    generate.add_argument(
        "--size", default="256x256", help=f"WIDTHxHEIGHT in even pixels, or {', '.join(SIZES)} (default: 256x256)"
    )
    generate.add_argument("--picture", type=Path, metavar="FILE", help="a picture of your own as the subject")
    generate.add_argument("--layers", type=Path, metavar="ZIP", help="also write the scene's layers (PNG and JSON)")
    words = "fill in the motion between pictures or frames"
    interpolate = _command(commands, "interpolate", "FILE...", _interpolate, words, InterpolationRequest)
    interpolate.add_argument("files", nargs="+", type=Path, metavar="FILE", help="two or more pictures, or one clip")
    interpolate.add_argument(
        "--gap-seconds", type=_numbers, default=(), metavar="N,N,...", help="how long each gap lasts, where they differ"
    )
    restyle = _command(commands, "restyle", "SOURCE", _restyle, "give a clip or a picture another look", RestyleRequest)
    restyle.add_argument("source", type=Path, help="the clip or picture")
    restyle.add_argument("--style-image", type=Path, metavar="PICTURE", help="a picture whose look to take")
    predict = _command(commands, "predict", "CLIP", _predict, "let a clip go on", PredictionRequest)
    predict.add_argument("clip", type=Path, help="the clip to continue")
    models = commands.add_parser("models", help="list the generators and whether they are here")
    models.set_defaults(command=_models)
    _add_common(models)
    return parser


def _command(
    commands: Any, name: str, usage: str, run: Callable[[argparse.Namespace], int], help: str, kind: type[Request]
) -> argparse.ArgumentParser:
    """A command with one option per bounded field of its request, and what all commands share."""
    parser = commands.add_parser(
        name,
        help=help,
        description=f"{help[:1].upper()}{help[1:]}.",
        usage=f"python -m studio {name} {usage} --out FILE [options]",
        formatter_class=_Help,
        allow_abbrev=False,
    )
    parser.set_defaults(command=run)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the result: .mp4, or .gif"
                        + MORE_ENDINGS.get(kind, ""))  # fmt: skip
    parser.add_argument("--overwrite", action="store_true", help="replace FILE if it exists (otherwise: refuse)")
    by_hand = {"width", "height"} | ({"prompt"} if kind is TextToVideoRequest else set())
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
    _add_common(parser)
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


def _add_common(parser: argparse.ArgumentParser) -> None:
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


def _numbers(text: str) -> tuple[float, ...]:
    """Numbers with commas between them."""
    read = _number("--gap-seconds")
    return tuple(read(part.strip()) for part in text.split(","))


def _generate(arguments: argparse.Namespace) -> int:
    width, height = _size(arguments.size)
    request = TextToVideoRequest(prompt=arguments.prompt, width=width, height=height, **_values(arguments))
    return _make(request, arguments, (".mp4", ".gif"), request.variations, arguments.layers)


def _interpolate(arguments: argparse.Namespace) -> int:
    files: tuple[Path, ...] = tuple(arguments.files)
    is_clip = len(files) == 1 and files[0].suffix.lower() not in PICTURES
    inputs = {"clip": files[0]} if is_clip else {"images": files}
    return _make(InterpolationRequest(**inputs, **_values(arguments)), arguments, (".mp4", ".gif", ".webm"))


def _restyle(arguments: argparse.Namespace) -> int:
    request = RestyleRequest(source=arguments.source, style_image=arguments.style_image, **_values(arguments))
    return _make(request, arguments, (".mp4", ".gif", ".png"))


def _predict(arguments: argparse.Namespace) -> int:
    request = PredictionRequest(clip=arguments.clip, **_values(arguments))
    return _make(request, arguments, (".mp4", ".gif"), request.futures)


def _make(
    request: Request,
    arguments: argparse.Namespace,
    endings: tuple[str, ...],
    count: int = 1,
    layers: Path | None = None,
) -> int:
    """Check the places, do the job, and put its ``count`` results (and a scene's layers) there."""
    outs, extras = _numbered(arguments.out, count), [layers] if layers else []
    _check_places([*outs, *extras], arguments.overwrite, endings, extras)
    with Studio(_settings(arguments)) as studio:
        _check_ending(studio, request, arguments.out)
        result = _run(studio, request, arguments)
        for number, out in enumerate(outs):
            _deliver(_made(studio, result, number, out.suffix.lower()), out)
        if layers and result.layers is not None:
            _deliver(result.layers, layers)
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
    made = {".mp4": videos[number], ".png": result.picture, ".webm": result.transparent}[ending]
    assert made is not None, ending
    return made


def _models(arguments: argparse.Namespace) -> int:
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
    others = {"command", "out", "overwrite", "device", "checkpoints", "quiet", "log", "size", "layers", "files"}
    others |= {"source", "style_image", "clip"}
    found = {name: value for name, value in vars(arguments).items() if name not in others}
    if arguments.command is _generate:
        found.pop("prompt")
    return found


def _settings(arguments: argparse.Namespace) -> Settings:
    return from_environment(device=arguments.device, checkpoints=arguments.checkpoints)


def _size(text: str) -> tuple[int, int]:
    if text in SIZES:
        return SIZES[text]
    found = re.fullmatch(r"(\d{1,5})[xX×](\d{1,5})", text.strip())
    if not found:
        raise RequestError(f'--size must look like 256x256, or be {", ".join(SIZES)}; not "{text}".')
    return int(found[1]), int(found[2])


def _numbered(out: Path, count: int) -> list[Path]:
    """``car.mp4``, or ``car-1.mp4``, ``car-2.mp4``... where several are made."""
    many = isinstance(count, int) and 1 < count <= 4
    return [out.with_stem(f"{out.stem}-{number + 1}") for number in range(count)] if many else [out]


def _check_places(places: list[Path], overwrite: bool, endings: tuple[str, ...], free: Sequence[Path] = ()) -> None:
    """Refuse, before any work, a result that could not be written in the end."""
    for place in places:
        if place not in free and place.suffix.lower() not in endings:
            raise RequestError(f'The result must be named {" or ".join(endings)}, not "{place.name}".')
        if place.is_dir() or (place.exists() and not overwrite):
            raise RequestError(f'"{place}" exists already: choose another name, or add --overwrite.')
        folder = place.absolute().parent
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise RequestError(f'The folder "{folder}" does not exist or cannot be written to.')


def _run(studio: Studio, request: Request, arguments: argparse.Namespace) -> Result:
    """Do the job with progress on stderr."""
    show = None if arguments.quiet else ProgressLine()
    result = studio.run(request, show)
    if show is not None:
        show.end()
        sys.stderr.write(f"seed {result.seed}, {result.frames} frames of {result.width}x{result.height}, ")
        sys.stderr.write(f"{result.fps:g} per second, {result.seconds:.3f} s, made in {result.seconds_taken:.1f} s\n")
        if result.trust is not None:
            sys.stderr.write(f"{result.trust.sentence}\n{_strip(result.trust)}\n")
        sys.stderr.writelines(f"note: {note}\n" for note in result.notes)
    return result


def _strip(trust: Trust) -> str:
    """The confidence along the continuation as a row of ten digits: 9 is sure, 0 a guess."""
    values, count = trust.confidence, min(STRIP, len(trust.confidence))
    chosen = [values[round(place * (len(values) - 1) / max(1, count - 1))] for place in range(count)]
    marks = " ".join(str(min(9, int(10 * value))) for value in chosen)
    return f"confidence from 0 to {trust.length:.3g} s (9 sure, 0 a guess): {marks}"


class ProgressLine:
    """Events on stderr: one line that redraws itself on a terminal, a line per stage and tenth elsewhere."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._shown = ""

    def __call__(self, event: Event) -> None:
        """Show one event."""
        fraction = event.fraction
        if self._terminal:
            filled = round((fraction or 0.0) * BAR_WIDTH)
            bar = f"[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] " if event.total else ""
            left = f", {event.seconds_left:.0f} s left" if event.seconds_left is not None else ""
            steps = f" {event.done}/{event.total}" if event.total else ""
            sys.stderr.write(f"\r\x1b[K{bar}{event.message}{steps}{left}")
        else:
            line = f"{event.message}" + (f" {int(fraction * 10) * 10} %" if fraction is not None else "")
            if line != self._shown and not event.is_end:
                sys.stderr.write(line + "\n")
            self._shown = line
        sys.stderr.flush()

    def end(self) -> None:
        """Leave the redrawn line."""
        if self._terminal:
            sys.stderr.write("\r\x1b[K")


def _deliver(made: Path, out: Path) -> None:
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


def _quieten(log: Path | None) -> None:
    """Libraries' chatter goes to the log file where one is wanted, and nowhere otherwise."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("DIFFUSERS_VERBOSITY", "error")
    if log is None:
        warnings.simplefilter("ignore")
        logging.basicConfig(handlers=[logging.NullHandler()], force=True)
        return
    try:
        logging.basicConfig(filename=log, level=logging.INFO, force=True)
    except OSError as error:
        raise RequestError(f'The log "{log}" cannot be written: {error.strerror}.') from error
    logging.captureWarnings(True)


def _terminate(number: int, frame: object) -> NoReturn:
    """SIGTERM cleans up as Ctrl-C does."""
    raise SystemExit(143)


def _say(sentence: object, code: int) -> int:
    sys.stderr.write(("\r\x1b[K" if sys.stderr.isatty() else "") + f"{sentence}\n")
    return code
