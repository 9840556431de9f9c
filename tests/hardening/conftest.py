"""What attacks on the door share: a door before a tiny application, requests through it, multipart bodies.

Each attack has a short form, which ``make test`` runs, and more rounds under the mark ``hardening`` (``make
hardening``).
"""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from studio.service import shown_type
from studio.ui.door import Door, Rules
from studio.ui.door_inside import Inside
from studio.ui.door_names import Names
from studio.ui.door_rules import Hosts
from studio.ui.door_shares import Share
from studio.ui.door_uploads import Shelf

LIMIT, UPLOAD, FILE_LIMIT = 10_000, 100_000, 60_000
SHARE = Share(burst=10_000, per_second=0.0, at_once=100, kept_bytes=1 << 40, kept_seconds=60.0)
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100
PART = 'Content-Disposition: form-data; name="files"; filename="a.mp4"\r\nContent-Type: video/mp4'
FIELD = 'Content-Disposition: form-data; name="x"'


async def echo(scope, receive, send):
    """Reads everything and says how much it was."""
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RuntimeError("cut off")
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": str(size).encode()})


def form(*parts: tuple[str, bytes], boundary="b1") -> tuple[bytes, dict]:
    """A multipart body of (head, content) and the header that goes with it."""
    lines = [f"--{boundary}\r\n{head}\r\n\r\n".encode() + body + b"\r\n" for head, body in parts]
    kind = {"content-type": f"multipart/form-data; boundary={boundary}"}
    return b"".join(lines) + f"--{boundary}--\r\n".encode(), kind


async def pieces(body: bytes, each: int = 7):
    """A body whose length is not announced, in pieces that cut its lines anywhere."""
    for start in range(0, len(body), each):
        yield body[start : start + each]


@dataclass
class Gate:
    """A door with what belongs to it; ``ask`` sends one request through it."""

    folder: Path
    app: Any = echo
    changes: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        usual = dict(hosts=Hosts(("studio.example",)), upload_bytes=UPLOAD, body_bytes=LIMIT, share=SHARE,
                     type_of=shown_type)  # fmt: skip
        self.rules = Rules(**{**usual, **self.changes})
        self.names = Names(self.folder)
        self.shelf = Shelf(self.folder, most_bytes=FILE_LIMIT, most_files=5)
        self.door = Door(Inside(self.app, self.names), self.rules, self.names, self.shelf)

    def ask(self, method="POST", path="/gradio_api/queue/join", host="127.0.0.1:7860", headers=(), content=b"",
            client="10.1.2.3"):  # fmt: skip
        async def go():
            transport = httpx.ASGITransport(self.door, client=(client, 9))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:7860") as web:
                return await web.request(method, path, headers={"host": host, **dict(headers)}, content=content)

        return asyncio.run(go())

    def upload(self, content: bytes, called="a.png", headers=()) -> httpx.Response:
        head = f'Content-Disposition: form-data; name="files"; filename="{called}"'
        body, kind = form((head, content))
        return self.ask(path="/gradio_api/upload", content=body, headers={**kind, **dict(headers)})

    def files(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file()]


@pytest.fixture
def gate(tmp_path):
    """Make a door: ``gate(app, **changes of its rules)``."""
    folder = tmp_path / "private"
    folder.mkdir()
    return lambda app=echo, **changes: Gate(folder, app, changes)


@pytest.fixture
def ask(gate):
    """One request through a fresh door: ``ask(method, path, ..., app=, **changes)``."""
    words = ("host", "headers", "content", "client")

    def ask(method="POST", path="/gradio_api/queue/join", app=echo, **more):
        request = {key: more.pop(key) for key in words if key in more}
        return gate(app, **more).ask(method, path, **request)

    return ask
