"""Zoetrope in the browser: ``python app.py`` opens the studio on http://127.0.0.1:7860.

Flags and settings, build, launch: nothing else.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "64")  # Gradio keeps each event, and counts all anew at every
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", str(10**9))  # event's end, for a page that is switched off
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from studio.service import Studio  # noqa: E402  the environment must be set before Gradio is imported
from studio.settings import from_environment, names_in  # noqa: E402
from studio.ui.messages import sentence  # noqa: E402
from studio.ui.page import build, keep_files_in, launch  # noqa: E402
from studio.ui.passphrase import encryption, keep_temporary_files_in  # noqa: E402

FINISH_PART = 0.8
FETCH_SECONDS = 3.0
TELL_SECONDS = 0.5
WAKE_SECONDS = 0.5  # a signal that another thread took is answered when the main one wakes


def flags() -> argparse.Namespace:
    """The command line's flags; unset ones are None and leave the environment's word."""
    parser = argparse.ArgumentParser(description="Open the Zoetrope studio in a browser.")
    parser.add_argument("--host", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port (default 7860)")
    parser.add_argument("--device", help='"auto", "cpu", "cuda"...')
    parser.add_argument("--checkpoints", type=Path, help="folder with the generators")
    parser.add_argument("--work", type=Path, help="private folder for uploads and results")
    parser.add_argument("--looks", type=Path, help="folder that keeps the looks you study (not with --public)")
    parser.add_argument(
        "--encrypt", action="store_const", const=True,
        help="keep nothing readable on disk: work in memory, seal kept looks with a passphrase",
    )  # fmt: skip
    parser.add_argument(
        "--sign-certificate", type=Path, metavar="PEM", help="sign what is made (C2PA): your certificate and its chain"
    )
    parser.add_argument(
        "--sign-key", type=Path, metavar="PEM", help="its private key; ZOETROPE_SIGN_PASSPHRASE opens a protected one"
    )
    parser.add_argument("--public", action="store_const", const=True, help="tight limits, for strangers")
    parser.add_argument("--hosts", type=names_in, help="names under which browsers may ask, with commas between them")
    parser.add_argument("--share", action="store_true", help="ask Gradio for a public link")
    return parser.parse_args()


def finish(studio: Studio) -> None:
    """After SIGTERM: most of the grace for what runs, the rest to fetch its answer and to wipe the files."""
    grace = studio.settings.grace_seconds
    rest = grace * (1 - FINISH_PART)
    busy = studio.is_busy()
    made = studio.drain(grace * FINISH_PART)
    if busy:
        time.sleep(min(FETCH_SECONDS if made else TELL_SECONDS, rest / 3))
    studio.shutdown(rest / 3)


def main() -> int:
    """Open the studio; returns the exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.raiseExceptions = False  # a log that cannot be written is no reason for a traceback
    told = threading.Event()

    def end(*_: object) -> None:
        """The first SIGTERM lets what runs finish; the second, as Ctrl-C, cancels, wipes and goes."""
        if told.is_set():
            sys.exit(0)
        told.set()

    signal.signal(signal.SIGTERM, end)
    options = vars(flags())
    share = options.pop("share")
    try:
        settings = encryption(from_environment(**options))
        with Studio(settings) as studio:
            keep_files_in(studio.private_folder())
            if settings.encrypt:
                keep_temporary_files_in(studio.private_folder())
            studio.looks.of("")  # a wrong passphrase shows now, not at the first look
            page = build(studio)
            launch(page, studio, share=share)
            sys.stdout.write(f"Zoetrope is open at {page.local_url}\n")
            sys.stdout.flush()
            studio.warm_up()
            while not told.wait(WAKE_SECONDS):
                pass
            finish(studio)
    except KeyboardInterrupt:
        return 0
    except Exception as error:  # noqa: BLE001  one sentence for the person, whatever it was
        sys.stderr.write(f"{sentence(error)}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
