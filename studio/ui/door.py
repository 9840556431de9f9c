"""The door: one ASGI layer in front of Gradio. Nothing reaches the page, its files or its queue without passing here.

In this order: the health routes; who may ask (Host and Origin by list, against rebinding and other websites); for what
(routes by list); how much (rates, and body sizes before and while reading). Uploads and files it answers itself
(``door_uploads``, ``door_names``); all else goes to Gradio, and what comes back gets our headers, and one sentence in
place of a fault. ``door_inside`` is its inner half.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from anyio import to_thread
from starlette.responses import FileResponse, JSONResponse, StreamingResponse

from studio.errors import DISK_FULL, is_full_disk
from studio.ui import door_uploads
from studio.ui.door_calls import FAULT
from studio.ui.door_headers import headers_of, is_secure
from studio.ui.door_inside import VISIT, App, Message, Receive, Send, Visit
from studio.ui.door_names import GONE, Names
from studio.ui.door_rules import (
    API,
    FILE,
    PROGRESS,
    TOOLS,
    UPLOAD,
    Hosts,
    Refused,
    believed,
    client_address,
    cost_of,
    is_foreign,
    is_open,
    route_of,
)
from studio.ui.door_shares import Share, Shares
from studio.ui.door_uploads import Progress, Shelf

logger = logging.getLogger(__name__)

STALL_SECONDS = 30.0
"""How long a body may stand still before the request is given up."""

_COOKIE = re.compile(r"(?:^|;)\s*zoetrope=([0-9a-f]{32})\s*(?:;|$)")


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What the door lets through.

    ``hosts`` are the names under which the studio may be asked. ``upload_bytes`` bounds the body of an upload,
    ``body_bytes`` any other body; ``share`` is a client's. ``framed`` lets the Hub show the page in a frame;
    ``behind_proxy`` says whether X-Forwarded-For is a proxy's of ours. ``is_ready`` answers /readyz; ``type_of`` tells
    the type under which a file may be shown in a browser, or None where it is for saving only. ``scripts`` are the
    texts of the page's own inline scripts.
    """

    hosts: Hosts
    upload_bytes: int
    body_bytes: int
    share: Share
    type_of: Callable[[Path], str | None]
    scripts: tuple[str, ...] = ()
    framed: bool = False
    behind_proxy: bool = False
    is_ready: Callable[[], bool] = field(default=lambda: True)


class Door:
    """An ASGI application in front of another one; see the module's head."""

    def __init__(self, app: App, rules: Rules, names: Names, shelf: Shelf) -> None:
        self._app = app
        self.rules = rules
        self._names = names
        self._shelf = shelf
        self._shares = Shares(rules.share)
        self._progress = Progress()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request. Lifespan passes; websockets are closed, because nothing here speaks them."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers, route = _headers(scope), route_of(scope)
        known = _COOKIE.search("; ".join(headers.get("cookie", ())))
        visit = Visit(known[1] if known else "", secrets.token_urlsafe(16))
        scope = {
            **scope,
            VISIT: visit,
            "headers": believed(_without_cookie(scope, route), self.rules.hosts, self.rules.behind_proxy),
        }
        answer = _Answer(send, headers_of(
            route, visit.nonce, scripts=self.rules.scripts, framed=self.rules.framed,
            cookie=secrets.token_hex(16) if route == "/" and not known else "",
            secure=is_secure(scope, headers, self.rules.behind_proxy),
        ))  # fmt: skip
        try:
            if not await self._answer_health(route, answer):
                client = self._check(scope, route, headers)
                with self._shares.one(client):
                    answer.body = _Body(receive, self._limit(scope, route, headers))
                    await self._pass(scope, route, headers, client, answer)
        except Refused as refused:
            await answer.refuse(refused.status, refused.sentence)
        except Exception as error:  # noqa: BLE001  one line in the log and one sentence for the person
            if answer.body is None or answer.body.refused is None:
                status, sentence = _explained(error)
                logger.error("%s %s ended with %s.", scope["method"], _for_log(route), type(error).__name__)
                await answer.refuse(status, sentence)
        await answer.close()

    async def _answer_health(self, route: str, answer: _Answer) -> bool:
        if route not in ("/healthz", "/readyz"):
            return False
        ready = route == "/healthz" or self.rules.is_ready()
        await answer.refuse(200 if ready else 503, "ok" if ready else "The generators are still being loaded.")
        return True

    def _check(self, scope: dict[str, Any], route: str, headers: dict[str, tuple[str, ...]]) -> str:
        """What can be said before anything is read; returns whose share it takes. Raises Refused."""
        hosts, names = self.rules.hosts, headers.get("host", ())
        if len(names) != 1 or not hosts.allows(names[0]):
            raise Refused(403, "This studio does not answer under that name: set ZOETROPE_HOSTS to the names it has.")
        if is_foreign(scope["method"], route, headers, hosts):
            raise Refused(403, "Another website asked for this: open the studio's own page.")
        client = client_address(scope, headers, self.rules.behind_proxy)
        self._shares.call(client, cost_of(route))
        if not is_open(scope["method"], route):
            raise Refused(404, "There is nothing here.")
        return client

    def _limit(self, scope: dict[str, Any], route: str, headers: dict[str, tuple[str, ...]]) -> int:
        """How many bytes the body may have. Raises Refused where its own words are over that already."""
        is_upload = route.rstrip("/") == UPLOAD and scope["method"] == "POST"
        limit = self.rules.upload_bytes if is_upload else self.rules.body_bytes
        length = headers.get("content-length", ("0",))[0]
        if not length.isdecimal():
            raise Refused(400, "The request's length is no number.")
        if int(length[:20]) > limit:
            raise Refused(413, _too_large(limit))
        if not is_upload and headers.get("content-type", ("",))[0].lower().startswith("multipart/"):
            raise Refused(415, "Files are uploaded at /gradio_api/upload alone.")
        return limit

    async def _pass(
        self, scope: dict[str, Any], route: str, headers: dict[str, tuple[str, ...]], client: str, answer: _Answer
    ) -> None:
        """Answer what is ours to answer, and hand on the rest."""
        visitor, body = scope[VISIT].visitor, answer.body
        assert body is not None
        if route.startswith(FILE):
            await self._serve(route[len(FILE) :], visitor)(scope, body, answer.send)
        elif route == PROGRESS:
            number = _asked(scope, "upload_id")
            if not await self._progress.is_known(number):
                raise Refused(404, "There is no such upload.")
            events = StreamingResponse(self._progress.events(number), media_type="text/event-stream")
            await events(scope, body, answer.send)
        elif route.rstrip("/") == UPLOAD and scope["method"] == "POST":
            self._shares.keep(client, 0)
            number = _asked(scope, "upload_id")
            try:
                paths = await door_uploads.take(self._shelf, body, headers, self._progress.begin(number))
            finally:
                self._progress.end(number)
            if paths:
                self._shares.keep(client, sum(path.stat().st_size for path in paths))
                await JSONResponse([self._names.name(path.name, visitor) for path in paths])(scope, body, answer.send)
        else:
            await self._app(scope, body, answer.send)

    def _serve(self, name: str, visitor: str) -> App:
        """A file under its name: media that we know by their bytes, or for saving, without a type."""
        path = self._names.path(name, visitor)
        if path is None:
            raise Refused(404, GONE)

        async def serve(scope: dict[str, Any], receive: Receive, send: Send) -> None:
            kind = await to_thread.run_sync(self.rules.type_of, path)
            file = FileResponse(
                path, media_type=kind or "application/octet-stream", filename=path.name,
                content_disposition_type="inline" if kind else "attachment", headers={"cache-control": "private"},
            )  # fmt: skip
            try:
                await file(scope, receive, send)
            except RuntimeError:
                if path.exists():
                    raise
                raise Refused(404, GONE) from None

        return serve


class _Body:
    """A request's body on its way in: counted, never kept."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._seen = 0
        self._whole = False
        self.refused: Refused | None = None

    async def __call__(self) -> Message:
        if self.refused is not None:
            return {"type": "http.disconnect"}
        try:
            message = await (self._receive() if self._whole else asyncio.wait_for(self._receive(), STALL_SECONDS))
        except TimeoutError:
            return self._stop(Refused(408, "The upload stood still and was given up: please try again."))
        if message["type"] != "http.request":
            return message
        self._seen += len(message.get("body", b""))
        if self._seen > self._limit:
            return self._stop(Refused(413, _too_large(self._limit)))
        self._whole = not message.get("more_body", False)
        return message

    def _stop(self, refused: Refused) -> Message:
        self.refused = refused
        return {"type": "http.disconnect"}


class _Answer:
    """An answer on its way out. Faults (5xx), and what is said to a body that was refused on its way, are held back
    until it is known what to say instead."""

    def __init__(self, send: Send, headers: Callable[[Any], list[tuple[bytes, bytes]]]) -> None:
        self._send = send
        self._headers = headers
        self.body: _Body | None = None
        self._begun = self._held = self._over = False

    async def send(self, message: Message) -> None:
        """Pass on what the application says, with our headers."""
        if message["type"] == "http.response.start":
            refused = self.body is not None and self.body.refused is not None
            if message["status"] >= 500 or refused:
                self._held = True
                return
            self._begun = True
            await self._send({**message, "headers": self._headers(message.get("headers", []))})
        elif not self._held and not self._over:
            self._over = message["type"] == "http.response.body" and not message.get("more_body", False)
            await self._send(message)

    async def refuse(self, status: int, sentence: str) -> None:
        """Answer with one sentence, unless an answer has begun already."""
        if self._begun:
            return
        body = json.dumps({"error": sentence} if status >= 400 else {"status": sentence}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        if self.body is not None and status >= 400 or status == 413:
            headers.append((b"connection", b"close"))  # nobody reads the rest of that body
        self._begun = self._over = True
        await self._send({"type": "http.response.start", "status": status, "headers": self._headers(headers)})
        await self._send({"type": "http.response.body", "body": body})

    async def close(self) -> None:
        """Say what is still to be said: why a body was refused, or the sentence for a fault that was held back."""
        if self.body is not None and self.body.refused is not None:
            await self.refuse(self.body.refused.status, self.body.refused.sentence)
        elif self._held:
            await self.refuse(500, FAULT)
        elif self._begun and not self._over:
            with contextlib.suppress(Exception):  # a fault in the middle of a stream: its end is all that can be said
                await self._send({"type": "http.response.body", "body": b""})


def _explained(error: Exception) -> tuple[int, str]:
    """Status and sentence for a fault that nobody behind the door caught."""
    if is_full_disk(error):
        return 507, DISK_FULL
    if type(error).__name__ == "ClientDisconnect":
        return 400, "The request was cut off."
    return 500, FAULT


def _too_large(limit: int) -> str:
    return f"This is too large: at most {limit / (1 << 20):.3g} MB can be taken at once."


def _headers(scope: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1").lower()
        found[key] = (*found.get(key, ()), value.decode("latin-1"))
    return found


def _without_cookie(scope: dict[str, Any], route: str) -> list[tuple[bytes, bytes]]:
    """A request's headers; a tool's caller is nobody known: Gradio would pass a cookie on with a part of what it then
    asks of this very studio.
    """
    return [each for each in scope["headers"] if route not in TOOLS or each[0].lower() != b"cookie"]


def _asked(scope: dict[str, Any], key: str) -> str:
    return parse_qs(scope.get("query_string", b"").decode("latin-1")).get(key, [""])[0]


def _for_log(route: str) -> str:
    """A path for the log without what a visitor put into it."""
    return "/".join(route.split("=")[0].split("/")[: 3 if route.startswith(f"{API}/") else 2])
