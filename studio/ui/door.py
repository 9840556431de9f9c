"""The door: one ASGI layer in front of Gradio. Nothing reaches the page, its files or its queue without passing here.

In this order: the health routes; who may ask (Host and Origin by list, against rebinding and other websites); how much
(rate and body size by route, before and while reading); then Gradio; then what may leave (headers, types of served
files, one sentence instead of a fault).

Gradio's own parts stand behind it unchanged: they read whole bodies into memory, keep form fields of any size, and
serve whatever lies in a folder that they were told about.
"""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.ui.door_rules import Hosts, Parts, client_address, is_foreign

logger = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

STALL_SECONDS = 30.0
"""How long a body may stand still before the request is given up."""

CLIENTS = 4096  # whose rate is remembered; the one not seen longest is forgotten first
SHOWN = frozenset({"video/mp4", "video/webm", "image/png", "image/jpeg", "image/gif", "image/webp"})
"""Types under which a served file may be shown in the browser; every other file is a download without a type."""

CLOSED = (
    "/gradio_api/dev/", "/gradio_api/proxy=", "/gradio_api/file/", "/gradio_api/vibe", "/gradio_api/undo-vibe",
    "/gradio_api/process_recording", "/gradio_api/run-history", "/gradio_api/runs", "/gradio_api/profiling",
    "/gradio_api/deep_link", "/monitoring", "/docs", "/redoc", "/openapi.json",
)  # fmt: skip
"""Routes of Gradio's that the studio has no use for, as prefixes."""

FILE = "/gradio_api/file="
UPLOAD = "/gradio_api/upload"
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; "
    # Gradio starts its page by inline scripts that change with the page's configuration, and makes its templates and
    # the widgets' scripts (as blobs) from text; its themes are inline styles
    "script-src 'self' blob: 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self' blob: data:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors "
)
FILE_POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
HUB = "https://huggingface.co https://*.hf.space"


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What the door lets through.

    ``hosts`` are the names under which the studio may be asked. ``upload_bytes`` bounds the body of an upload and
    ``upload_files`` its parts, ``body_bytes`` any other body. ``served`` are the folders whose files may be fetched.
    ``burst`` requests at once and then ``per_second`` are a client's share of calls (the page's own scripts, pictures
    and clips are not counted). ``framed`` lets the Hub show the page in a frame; ``behind_proxy`` says whether
    X-Forwarded-For is a proxy's of ours. ``is_ready`` answers /readyz.
    """

    hosts: Hosts
    upload_bytes: int
    upload_files: int
    body_bytes: int
    served: tuple[Path, ...]
    burst: int
    per_second: float
    framed: bool = False
    behind_proxy: bool = False
    is_ready: Callable[[], bool] = field(default=lambda: True)


class Refused(Exception):
    """A request that goes no further: a status and one sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class Door:
    """An ASGI application in front of another one; see the module's head."""

    def __init__(self, app: App, rules: Rules) -> None:
        self._app = app
        self.rules = rules
        self._rates: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request. Lifespan passes; websockets are closed, because nothing here speaks them."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        answer = _Answer(send, scope, self.rules.framed)
        try:
            if not await self._answer_health(scope, answer):
                answer.body = self._check(scope, receive)
                await self._app(scope, answer.body, answer.send)
        except Refused as refused:
            await answer.refuse(refused.status, refused.sentence)
        except Exception as error:  # noqa: BLE001  one line in the log and one sentence for the person
            if answer.body is None or answer.body.refused is None:
                status, sentence = _explained(error)
                logger.error("%s %s ended with %s.", scope["method"], _route(scope), type(error).__name__)
                await answer.refuse(status, sentence)
        await answer.close()

    async def _answer_health(self, scope: dict[str, Any], answer: _Answer) -> bool:
        path = scope["path"]
        if path not in ("/healthz", "/readyz"):
            return False
        ready = path == "/healthz" or self.rules.is_ready()
        await answer.refuse(200 if ready else 503, "ok" if ready else "The generators are still being loaded.")
        return True

    def _check(self, scope: dict[str, Any], receive: Receive) -> _Body:
        """What can be said before anything is read; the body to read it from. Raises Refused."""
        headers = _headers(scope)
        if len(headers.get("host", ())) != 1 or not self.rules.hosts.allows(headers["host"][0]):
            raise Refused(403, "This studio does not answer under that name: set ZOETROPE_HOSTS to the names it has.")
        if is_foreign(scope["method"], scope["path"], headers, self.rules.hosts):
            raise Refused(403, "Another website asked for this: open the studio's own page.")
        path = scope["path"]
        if path.startswith(CLOSED):
            raise Refused(404, "There is nothing here.")
        if scope["method"] != "GET" and scope["method"] != "HEAD":
            self._count(scope, headers)
        if path.startswith(FILE):
            self._check_file(path[len(FILE) :])
        is_upload = path.rstrip("/") == UPLOAD and scope["method"] == "POST"
        limit = self.rules.upload_bytes if is_upload else self.rules.body_bytes
        try:
            length = int(headers.get("content-length", ("0",))[0])
        except ValueError:
            raise Refused(400, "The request's length is no number.") from None
        if length > limit:
            raise Refused(413, _too_large(limit))
        kind = headers.get("content-type", ("",))[0]
        parts = Parts(kind, self.rules.upload_files) if is_upload else None
        if parts is None and kind.lower().startswith("multipart/"):
            raise Refused(415, "Files are uploaded at /gradio_api/upload alone.")
        return _Body(receive, limit, parts)

    def _check_file(self, path: str) -> None:
        """Only files in the served folders, by their true place, and only those that lie there as files."""
        try:
            real = Path(path).resolve(strict=True)
        except (OSError, ValueError, RuntimeError):
            raise Refused(404, "This file is not here (any more).") from None
        is_served = any(real.is_relative_to(place) for place in self.rules.served)
        if not (Path(path).is_absolute() and real.is_file() and is_served):
            raise Refused(404, "This file is not here (any more).")

    def _count(self, scope: dict[str, Any], headers: dict[str, tuple[str, ...]]) -> None:
        """A token bucket for each client. Raises Refused where it is empty."""
        client, now = client_address(scope, headers, self.rules.behind_proxy), time.monotonic()
        tokens, then = self._rates.pop(client, (float(self.rules.burst), now))
        tokens = min(float(self.rules.burst), tokens + (now - then) * self.rules.per_second)
        self._rates[client] = (max(0.0, tokens - 1), now)
        if len(self._rates) > CLIENTS:
            self._rates.popitem(last=False)
        if tokens < 1:
            raise Refused(429, "Too many requests at once: please wait a moment and try again.")


class _Body:
    """A request's body on its way in: counted, looked through for nameless parts, never kept."""

    def __init__(self, receive: Receive, limit: int, parts: Parts | None) -> None:
        self._receive = receive
        self._limit = limit
        self._parts = parts
        self._seen = 0
        self._whole = False
        self.refused: Refused | None = None

    async def __call__(self) -> Message:
        if self.refused is not None:
            return {"type": "http.disconnect"}
        try:
            message = await (self._receive() if self._whole else asyncio.wait_for(self._receive(), STALL_SECONDS))
        except asyncio.TimeoutError:
            return self._stop(Refused(408, "The upload stood still and was given up: please try again."))
        if message["type"] != "http.request":
            return message
        body = message.get("body", b"")
        self._seen += len(body)
        if self._seen > self._limit:
            return self._stop(Refused(413, _too_large(self._limit)))
        if self._parts is not None and (fault := self._parts.feed(body)):
            return self._stop(Refused(400, fault))
        self._whole = not message.get("more_body", False)
        return message

    def _stop(self, refused: Refused) -> Message:
        self.refused = refused
        return {"type": "http.disconnect"}


class _Answer:
    """An answer on its way out. Faults (5xx), and what is said to a body that was refused on its way, are held back
    until it is known what to say instead."""

    def __init__(self, send: Send, scope: dict[str, Any], framed: bool) -> None:
        self._send = send
        self._is_file = scope["path"].startswith(FILE)
        self._framed = framed
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
        if status in (408, 413):
            headers.append((b"connection", b"close"))  # nobody reads the rest of that body
        self._begun = self._over = True
        await self._send({"type": "http.response.start", "status": status, "headers": self._headers(headers)})
        await self._send({"type": "http.response.body", "body": body})

    async def close(self) -> None:
        """Say what is still to be said: why a body was refused, or the sentence for a fault that was held back."""
        if self.body is not None and self.body.refused is not None:
            await self.refuse(self.body.refused.status, self.body.refused.sentence)
        elif self._held:
            await self.refuse(500, "Something went wrong inside the studio: please try again.")

    def _headers(self, given: Any) -> list[tuple[bytes, bytes]]:
        dropped = {b"server", b"x-powered-by"}
        if self._is_file:
            dropped |= {b"content-type", b"content-disposition"}
        kept = [(name, value) for name, value in given if name.lower() not in dropped]
        names = {name.lower() for name, _ in kept}
        ours = {
            b"x-content-type-options": b"nosniff",
            b"referrer-policy": b"same-origin",
            b"cross-origin-resource-policy": b"same-origin",
            b"content-security-policy": self._policy(),
        }
        if not self._framed:
            ours[b"x-frame-options"] = b"SAMEORIGIN"
        if self._is_file:
            kept += _shown_as({name.lower(): value for name, value in given})
        return [*kept, *((name, value) for name, value in ours.items() if name not in names)]

    def _policy(self) -> bytes:
        return (FILE_POLICY if self._is_file else POLICY + ("'self' " + HUB if self._framed else "'self'")).encode()


def _shown_as(headers: dict[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """Type and disposition of a served file: media by its known type, all else a download without a type."""
    kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    name = headers.get(b"content-disposition", b"").partition(b";")[2]
    if kind.decode("latin-1") in SHOWN:
        return [(b"content-type", kind), (b"content-disposition", b"inline" + (b";" + name if name else b""))]
    if kind == b"application/json" and not name:  # an answer of Gradio's that there is no such file
        return [(b"content-type", kind)]
    return [
        (b"content-type", b"application/octet-stream"),
        (b"content-disposition", b"attachment" + (b";" + name if name else b"")),
    ]


def _explained(error: Exception) -> tuple[int, str]:
    """Status and sentence for a fault that nobody behind the door caught."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return 507, "The disk is full: please make room and try again."
    if type(error).__name__ == "ClientDisconnect":
        return 400, "The request was cut off."
    return 500, "Something went wrong inside the studio: please try again."


def _too_large(limit: int) -> str:
    return f"This is too large: at most {limit / (1 << 20):.3g} MB can be taken at once."


def _headers(scope: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1").lower()
        found[key] = (*found.get(key, ()), value.decode("latin-1"))
    return found


def _route(scope: dict[str, Any]) -> str:
    """A path for the log without what a visitor put into it."""
    return "/".join(scope["path"].split("=")[0].split("/")[:3])
