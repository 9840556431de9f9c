"""Putting the door in front of a page: its rules from the settings, and what else keeps Gradio's server tidy."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import gradio as gr
from fastapi.responses import ORJSONResponse
from gradio import queueing, route_utils
from gradio.routes import App

from studio.service import Studio
from studio.ui import examples
from studio.ui.door import Door, Rules
from studio.ui.door_rules import LOOPBACK, Hosts

logger = logging.getLogger(__name__)

STALE_SECONDS = 40.0
"""An upload that has written nothing for so long was cut off: the door gives a body up that stands still for 30."""

SWEEP_SECONDS = 10.0
FORM_BYTES = 64 << 10  # what multipart's own lines may add to the files


def rules_of(studio: Studio) -> Rules:
    """The door's rules for a studio."""
    settings, limits = studio.settings, studio.settings.limits
    on_space = bool(os.environ.get("SPACE_ID"))
    whole = max(limits.video_bytes, limits.image_bytes)
    return Rules(
        hosts=Hosts(settings.hosts, anywhere=settings.host not in LOOPBACK[:3]),
        upload_bytes=whole + whole // 4 + FORM_BYTES,  # a clip at its limit, or a batch of pictures
        upload_files=limits.keyframes,
        body_bytes=(1 if settings.public else 8) << 20,  # a mask that was painted travels as text
        served=(Path(os.environ["GRADIO_TEMP_DIR"]).resolve(), examples.FOLDER.resolve()),
        burst=240 if settings.public else 5000,
        per_second=8.0 if settings.public else 500.0,
        framed=on_space,
        behind_proxy=settings.behind_proxy,
        is_ready=studio.is_ready,
    )


def guarded_app(rules: Rules) -> App:
    """Gradio's application with the door outermost, before Gradio's own layers."""

    class Guarded(App):
        def build_middleware_stack(self) -> Door:  # type: ignore[override]
            return Door(super().build_middleware_stack(), rules)

    return Guarded(default_response_class=ORJSONResponse)


def add_share_name(page: gr.Blocks, rules: Rules) -> None:
    """Let a link that Gradio shares reach the studio."""
    if page.share_url:
        rules.hosts.add(urlsplit(page.share_url).hostname or "")


class _OneLine:
    """Stands where Gradio prints the traceback of every call that it could not make sense of."""

    @staticmethod
    def print_exc() -> None:
        """Log the kind of the fault alone: its words may hold what a visitor sent."""
        kind = sys.exc_info()[0]
        logger.warning("A call was refused: %s.", kind.__name__ if kind else "unknown")


def quiet_tracebacks() -> None:
    """Gradio's printed tracebacks become one line each: a stranger must not fill the log."""
    queueing.traceback = route_utils.traceback = _OneLine  # type: ignore[attr-defined,assignment]


def sweep_cut_uploads(folder: Path, closing: threading.Event) -> None:
    """Start a thread that removes what uploads left that broke off, until ``closing``.

    Gradio writes an upload beside the finished ones, under a temporary name, and forgets it when the client leaves.
    """

    def work() -> None:
        while not closing.wait(SWEEP_SECONDS):
            remove_cut_uploads(folder, time.time() - STALE_SECONDS)

    threading.Thread(target=work, name="upload-sweeper", daemon=True).start()


def remove_cut_uploads(folder: Path, before: float) -> None:
    """Remove the files that lie in the folder itself and were last written ``before`` that time (since the epoch)."""
    try:
        for path in folder.iterdir():
            if path.is_file() and path.stat().st_mtime < before:
                path.unlink(missing_ok=True)
    except OSError as error:
        logger.debug("cut uploads could not be removed: %s", type(error).__name__)
