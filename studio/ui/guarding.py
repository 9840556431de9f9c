"""Putting the door in front of a page: its rules from the settings, and what else keeps Gradio's server tidy."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gradio as gr
from gradio import queueing, route_utils, routes, utils
from gradio.exceptions import Error as AppError
from gradio.routes import App, ORJSONResponse
from starlette.middleware import Middleware

from studio.errors import DISK_FULL, ResourceError, is_full_disk, shown
from studio.service import Studio, shown_type
from studio.ui import theme
from studio.ui.door import Door, Rules
from studio.ui.door_calls import FAULT, UNREAD_VALUE, Calls, Known
from studio.ui.door_inside import Inside
from studio.ui.door_names import Names
from studio.ui.door_rules import LOOPBACK, Hosts, Refused
from studio.ui.door_shares import Share
from studio.ui.door_uploads import Shelf

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 20.0
CUT_SECONDS = 40.0  # a body that stands still for 30 s is given up, so such a part is nobody's
FORM_BYTES = 64 << 10  # what multipart's own lines may add to the files
PUBLIC = {"burst": 240, "per_second": 8.0, "at_once": 200}
LOCAL = {"burst": 5000, "per_second": 500.0, "at_once": 2000}
HUB_PROXY = "proxy.spaces.internal.huggingface.tech"  # by which name the Hub asks a Space's app
SENTENCE = 500  # characters of one that goes out
_READING = ("preprocess_data", "validate_inputs")  # Gradio's steps that read what a call holds
_gradio_tells = utils.error_payload
KEPT_UPLOADS = 10  # of the largest kind, that a public studio keeps for one client at a time


def rules_of(studio: Studio) -> Rules:
    """The door's rules for a studio."""
    settings = studio.settings
    whole = _largest(studio)
    on_space = bool(os.environ.get("SPACE_ID"))
    kept = KEPT_UPLOADS * whole if settings.public else 1 << 50
    return Rules(
        hosts=Hosts((*settings.hosts, *(HUB_PROXY,) * on_space), anywhere=settings.host not in LOOPBACK[:3]),
        upload_bytes=whole + whole // 4 + FORM_BYTES,  # a clip at its limit, or a batch of pictures
        body_bytes=(1 if settings.public else 8) << 20,  # a mask that was painted travels as text
        share=Share(**(PUBLIC if settings.public else LOCAL), kept_bytes=kept, kept_seconds=settings.keep_seconds),
        type_of=shown_type,
        scripts=(theme.SCRIPT,),
        framed=on_space,
        behind_proxy=settings.behind_proxy,
        is_ready=studio.is_ready,
    )


def shelf_of(studio: Studio, folder: Path) -> Shelf:
    """Where the studio's uploads lie; from now on the studio calls them as their senders do."""

    def room(count: int) -> None:
        try:
            studio.check_space(count)
        except ResourceError as error:
            raise Refused(507, str(error)) from None

    shelf = Shelf(folder, most_bytes=_largest(studio), most_files=max(studio.settings.limits.keyframes, 1), room=room)
    studio.name_of = shelf.name_of
    return shelf


def _largest(studio: Studio) -> int:
    return max(studio.settings.limits.video_bytes, studio.settings.limits.image_bytes)


def guarded_app(page: gr.Blocks, rules: Rules, names: Names, shelf: Shelf) -> App:
    """Gradio's application between the two halves of the door: one outside of all its layers, one inside."""

    class Guarded(App):
        def build_middleware_stack(self) -> Door:  # type: ignore[override]
            self.user_middleware.append(Middleware(Inside, names, Calls(lambda: calls_of(page))))
            return Door(super().build_middleware_stack(), rules, names, shelf)

    return Guarded(default_response_class=ORJSONResponse)


def calls_of(page: gr.Blocks) -> list[Known]:
    """What every function of a page takes."""
    named = page.get_api_info()["named_endpoints"]
    found = []
    for number, function in page.fns.items():
        said = named.get(f"/{function.api_name}", {"parameters": []})
        parameters = {each["parameter_name"]: not each["parameter_has_default"] for each in said["parameters"]}
        counts = {len(function.inputs), sum(not part.skip_api for part in function.inputs)}
        found.append(Known(number, str(function.api_name or ""), frozenset(counts), parameters))
    return found


def open_to_share(page: gr.Blocks, rules: Rules) -> None:
    """Let a link that Gradio shares reach the studio, and show the page's own files there.

    A page that knows that it is shared loads its scripts from a host of Gradio's; ours are fetched from nowhere else.
    """
    if page.share_url:
        rules.hosts.add(urlsplit(page.share_url).hostname or "")
    page.share = False


class _OneLine:
    """Stands where Gradio prints the traceback of every call that it could not make sense of."""

    @staticmethod
    def print_exc() -> None:
        """Log the kind of the fault alone: its words may hold what a visitor sent."""
        kind = sys.exc_info()[0]
        logger.warning("A call was refused: %s.", kind.__name__ if kind else "unknown")


def told(error: BaseException | None, show_error: bool = False) -> dict[str, bool | str | float | None]:
    """What Gradio tells a client of a fault: the sentence of one that was raised for people, and for all others one of
    ours (Gradio says nothing then). ``show_error``, under which it would say the fault's own words, counts for nothing.
    """
    if isinstance(error, AppError):
        return {**_gradio_tells(error, False), "error": shown(error.message, SENTENCE)}
    steps = traceback.walk_tb(error.__traceback__ if error is not None else None)
    is_theirs = any(frame.f_code.co_name in _READING for frame, _ in steps)
    return {"error": UNREAD_VALUE if is_theirs else FAULT, "title": "Error", "visible": True, "duration": 10}


def quiet_tracebacks() -> None:
    """Gradio's printed tracebacks become one line each: a stranger must not fill the log. What it tells of them, too,
    is a sentence.
    """
    queueing.traceback = route_utils.traceback = routes.traceback = _OneLine  # type: ignore[attr-defined,assignment]
    queueing.error_payload = utils.error_payload = told
    logging.getLogger("mcp").setLevel(logging.CRITICAL)  # it logs the words of calls, and tracebacks


def tell_full_disk(page: gr.Blocks) -> None:
    """What Gradio itself writes for an event (a copy of a result, a picture that was painted on the page) may find the
    disk full; then the person reads our sentence instead of its bare "Error".
    """
    process = page.process_api

    async def process_api(*arguments: Any, **named: Any) -> dict[str, Any]:
        try:
            return await process(*arguments, **named)
        except OSError as error:
            if not is_full_disk(error):
                raise
            raise gr.Error(DISK_FULL, print_exception=False) from None

    page.process_api = process_api  # type: ignore[method-assign]


def sweep(shelf: Shelf, keep_seconds: float, closing: threading.Event) -> None:
    """Start a thread that removes what has lain on the shelf for too long, until ``closing``."""

    def work() -> None:
        while not closing.wait(min(SWEEP_SECONDS, keep_seconds / 2)):
            shelf.expire(time.time() - keep_seconds)
            shelf.expire_cut(time.time() - CUT_SECONDS)

    threading.Thread(target=work, name="upload-sweeper", daemon=True).start()
