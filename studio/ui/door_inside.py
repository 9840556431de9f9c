"""The inner half of the door, between Gradio's layers and its routes: names on the way in, names on the way out.

It stands inside, because Gradio compresses its answers further out. What a call's JSON says of files and of its session
becomes what Gradio knows them by; absolute paths in answers become names; the page's own inline scripts get this
answer's number (``nonce``), without which a browser runs none.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from studio.ui.door_calls import UNREADABLE, Calls, refusal
from studio.ui.door_names import Names
from studio.ui.door_rules import FILE, HEARTBEAT, PAGES, UPLOAD, Refused, route_of

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

VISIT = "zoetrope.visit"
"""Where the door leaves a request's Visit in its scope."""

TEXT = (b"application/json", b"text/event-stream", b"text/html", b"text/plain")


@dataclass(frozen=True)
class Visit:
    """Who asks ("" without a cookie), and the number that marks the scripts of this answer as the page's own."""

    visitor: str
    nonce: str


class Inside:
    """An ASGI application in front of Gradio's routes; see the module's head."""

    def __init__(self, app: App, names: Names, calls: Calls | None = None) -> None:
        self._app = app
        self._names = names
        self._calls = calls

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        visit: Visit = scope[VISIT]
        route = route_of(scope)
        if route.startswith(FILE) or (route.rstrip("/") == UPLOAD and scope["method"] == "POST"):
            raise Refused(404, "There is nothing here.")  # the door answers these itself
        scope = self._session_in(scope, route, visit)
        if scope["method"] not in ("GET", "HEAD"):
            body = await _whole(receive)
            if body is None:
                return
            if body.strip():
                body = self._body_in(body, route, visit)
                scope = {**scope, "headers": _with_length(scope["headers"], len(body))}
            receive = _again(body, receive)
        await self._app(scope, receive, self._outwards(send, route, visit))

    def _session_in(self, scope: dict[str, Any], route: str, visit: Visit) -> dict[str, Any]:
        """The scope with our word for the session that its address names."""
        if route.startswith(HEARTBEAT):
            path = scope["path"]
            cut = len(path) - len(route) + len(HEARTBEAT)
            path = path[:cut] + self._names.session(path[cut:], visit.visitor)
            return {**scope, "path": path, "raw_path": path.encode("utf-8", "surrogatepass")}
        query = scope.get("query_string", b"")
        if b"session_hash" not in query:
            return scope
        pairs = [
            (key, self._names.session(value, visit.visitor) if key == "session_hash" else value)
            for key, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True)
        ]
        return {**scope, "query_string": urlencode(pairs).encode()}

    def _body_in(self, body: bytes, route: str, visit: Visit) -> bytes:
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            raise Refused(400, UNREADABLE) from None
        value = self._names.files_in(value, visit.visitor)
        if isinstance(value, dict) and value.get("session_hash") is not None:
            if not isinstance(value["session_hash"], str):
                raise Refused(400, UNREADABLE)
            value["session_hash"] = self._names.session(value["session_hash"], visit.visitor)
        if self._calls is not None:
            self._calls.check(route, value)
        return json.dumps(value, separators=(",", ":")).encode()

    def _outwards(self, send: Send, route: str, visit: Visit) -> Send:
        """``send`` for what Gradio answers."""
        is_text = is_page = False
        held: Message | None = None  # the head of an answer in one piece, whose length is about to change
        refused: bytearray | None = None  # what Gradio says to a call that it does not take

        async def outwards(message: Message) -> None:
            nonlocal is_text, is_page, held, refused
            if message["type"] == "http.response.start":
                headers = {name.lower(): value for name, value in message.get("headers", [])}
                kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
                if message["status"] >= 400 and kind == b"application/json":
                    held, refused = message, bytearray()
                    return
                is_text = kind in TEXT
                is_page = kind == b"text/html" and route in PAGES
                if is_text and b"content-length" in headers:
                    held = message
                    return
            elif refused is not None:
                refused += message.get("body", b"")
                if message.get("more_body", False):
                    return
                assert held is not None
                status, body = refusal(held["status"], self._names.files_out(bytes(refused), visit.visitor), route)
                message = {**message, "body": body}
                await send({**held, "status": status, "headers": _with_length(held["headers"], len(body))})
            elif message["type"] == "http.response.body" and is_text:
                body = self._names.files_out(message.get("body", b""), visit.visitor)
                if is_page:
                    body = body.replace(b"<script", b'<script nonce="' + visit.nonce.encode() + b'"')
                message = {**message, "body": body}
                if held is not None:
                    whole = None if message.get("more_body", False) else len(body)
                    await send({**held, "headers": _with_length(held["headers"], whole)})
                    held = None
            await send(message)

        return outwards


async def _whole(receive: Receive) -> bytes | None:
    """The whole body, which the door has bounded; None where the client has gone."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """``receive`` that first hands over a body that was read already."""
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _with_length(headers: Any, length: int | None) -> list[tuple[bytes, bytes]]:
    kept = [(name, value) for name, value in headers if name.lower() != b"content-length"]
    return kept if length is None else [*kept, (b"content-length", str(length).encode())]
