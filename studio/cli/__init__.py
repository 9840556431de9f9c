"""The command line: flags become a request, the same service does the work, the result's path goes to stdout.

Progress, notes and errors go to stderr. Exit codes: 0 done; 2 the person's fault, said in one sentence; 1 ours;
130 stopped with Ctrl-C (143 when terminated), nothing left behind. Commands are drawn from the table of tasks, flags,
bounds, defaults and help from the requests' own fields.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from studio.cli import commands
from studio.cli.flags import Help, Parser, add_command, add_common
from studio.errors import DISK_FULL, RequestError, StudioError, UserError, is_full_disk
from studio.service import TASKS

EXAMPLES = """\
examples:
  python -m studio generate "a red car drives left across the desert at sunset" --seconds 2 --out car.mp4
  python -m studio interpolate a.png b.png c.png --seconds 1 --fps 24 --out smooth.mp4
  python -m studio interpolate clip.mp4 --fps 60 --out smooth.mp4
  python -m studio restyle clip.mp4 --style "watercolour painting" --out painted.mp4
  python -m studio restyle clip.mp4 --style "half oil, half neon" --where subject --box 0.2,0.1,0.8,0.9 --out c.mp4
  python -m studio study painting.jpg --for clip.mp4 --out my.safetensors
  python -m studio restyle clip.mp4 --look my.safetensors --out painted.mp4
  python -m studio predict clip.mp4 --seconds 1 --prompt "pans left" --append --out longer.mp4
  python -m studio predict clip.mp4 --seconds 3 --futures 3 --out next.mp4
  python -m studio models

`python -m studio COMMAND --help` lists a command's options. `python app.py` opens the same studio in a browser.
"""


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
    except OSError as error:
        if not is_full_disk(error):
            raise
        _let_go_of_stdout()
        return _say(DISK_FULL, 1)


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = Parser(
        prog="python -m studio",
        description="Zoetrope: video from prompts, keyframes and clips, made on this machine by its own generators.",
        epilog=EXAMPLES,
        formatter_class=Help,
        allow_abbrev=False,
    )
    places = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for task in TASKS.values():
        add_command(places, task).set_defaults(command=commands.perform)
    models = places.add_parser("models", help="list the generators and whether they are here")
    models.set_defaults(command=commands.models)
    add_common(models)
    return parser


def _quieten(log: Path | None) -> None:
    """Libraries' chatter goes to the log file where one is wanted, and nowhere otherwise."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("DIFFUSERS_VERBOSITY", "error")
    logging.raiseExceptions = False  # a log that cannot be written is no reason for a traceback
    if log is None:
        warnings.simplefilter("ignore")
        logging.basicConfig(handlers=[logging.NullHandler()], force=True)
        return
    try:
        logging.basicConfig(filename=log, level=logging.INFO, force=True)
    except OSError as error:
        raise RequestError(f'The log "{log}" cannot be written: {error.strerror}.') from error
    logging.captureWarnings(True)


def _let_go_of_stdout() -> None:
    """What could not be written to stdout is not tried once more when Python ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _terminate(number: int, frame: object) -> NoReturn:
    """SIGTERM cleans up as Ctrl-C does."""
    raise SystemExit(143)


def _say(sentence: object, code: int) -> int:
    sys.stderr.write(("\r\x1b[K" if sys.stderr.isatty() else "") + f"{sentence}\n")
    return code
