"""Uploads: a multipart body becomes files while it passes, under random names; nothing of it is kept in memory, and
nothing of a broken one on disk.

Gradio's own route keeps fields without a file name in memory whatever their size, names files as their senders do, and
forgets what was written when a sender leaves.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, BinaryIO

from anyio import to_thread
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from studio.errors import DISK_FULL, is_full_disk
from studio.ui.door_rules import Refused

INCOMING = "incoming"
PIECE_BYTES = 1 << 20  # what is gathered before it is written, in a thread
CUT = "The upload is cut off or damaged: please try again."
NAMELESS = "A part of the upload has no file name: upload files alone."
TOO_MANY = "Too many files at once: at most {} can be uploaded together."
_ENDING = re.compile(r"\.(mp4|m4v|mov|mkv|webm|avi|gif|png|apng|jpe?g|webp|safetensors)", re.I)
"""The endings that widgets look at. They decide nothing else: what a file is, its bytes say."""


class Shelf:
    """Where uploads lie, each as ``<random><ending>``; ``name_of`` remembers how their senders call them.

    ``most_bytes`` bounds one file, ``most_files`` an upload. ``room(bytes)`` is asked before anything is written and
    raises an error with a sentence where the disk has too little.
    """

    def __init__(
        self, folder: Path, *, most_bytes: int, most_files: int, room: Callable[[int], None] = lambda count: None
    ) -> None:
        self.folder = folder
        self.most_bytes = most_bytes
        self.most_files = most_files
        self.room = room
        self._called: OrderedDict[str, str] = OrderedDict()

    def name_of(self, path: Path) -> str:
        """How the person calls a file: its sender's name for an upload, else the name it has on disk."""
        return self._called.get(path.name, path.name)

    def put(self, part: Path, called: str) -> Path:
        """Give a whole file its place."""
        ending = _ENDING.fullmatch(Path(called).suffix)
        path = self.folder / f"{secrets.token_hex(16)}{ending[0].lower() if ending else ''}"
        part.rename(path)
        self._called[path.name] = called
        return path

    def expire(self, before: float) -> None:
        """Remove every file that was last changed ``before`` that time (since the epoch), and folders left empty."""
        for path in sorted(self.folder.rglob("*"), reverse=True):  # what lies in a folder comes before the folder
            try:
                if path.lstat().st_ctime >= before or path.name == INCOMING:
                    continue
                if path.is_dir() and not path.is_symlink():
                    path.rmdir()
                else:
                    path.unlink()
                    self._called.pop(path.name, None)
            except OSError:
                continue  # not empty, or gone already

    def expire_cut(self, before: float) -> None:
        """Remove parts of uploads that nothing was written to since; one that breaks off removes its own at once."""
        for part in (self.folder / INCOMING).glob("*.part"):
            with contextlib.suppress(OSError):
                if part.stat().st_mtime < before:
                    part.unlink()


class Reader:
    """One multipart body on its way to disk. Feed it, then ``finish``; ``drop`` removes whatever was written."""

    def __init__(self, shelf: Shelf, content_type: str, progress: Callable[[str, int], None]) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise Refused(400, CUT)
        self._shelf = shelf
        self._progress = progress
        self._parts: list[tuple[Path, str]] = []
        self._file: BinaryIO | None = None
        self._seen = 0
        self._name = self._value = self._disposition = b""
        self._is_whole = False
        heard = {
            "on_part_begin": self._begin, "on_header_field": self._on_name, "on_header_value": self._on_value,
            "on_header_end": self._end_header, "on_headers_finished": self._open, "on_part_data": self._write,
            "on_part_end": self._close, "on_end": self._end,
        }  # fmt: skip
        try:
            self._parser = MultipartParser(boundary, heard)  # type: ignore[arg-type]
        except FormParserError:
            raise Refused(400, CUT) from None

    def feed(self, data: bytes) -> None:
        """Take the next piece. Raises Refused; OSError where it cannot be written."""
        try:
            self._parser.write(data)
        except FormParserError:
            raise Refused(400, CUT) from None

    def finish(self) -> list[Path]:
        """The files, in their places. Raises Refused where the body was not whole."""
        if not self._is_whole or not self._parts:
            raise Refused(400, CUT)
        parts, self._parts = self._parts, []
        return [self._shelf.put(part, called) for part, called in parts]

    def drop(self) -> None:
        """Remove what is unfinished. Safe to call at any time."""
        if self._file is not None:
            with contextlib.suppress(OSError):  # a full disk is said to the last bytes too
                self._file.close()
        for part, _ in self._parts:
            part.unlink(missing_ok=True)
        self._parts = []

    def _begin(self) -> None:
        self._disposition = b""
        if len(self._parts) >= self._shelf.most_files:
            raise Refused(413, TOO_MANY.format(self._shelf.most_files))

    def _on_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = self._value
        self._name = self._value = b""

    def _open(self) -> None:
        options = parse_options_header(self._disposition)[1]
        called = options.get(b"filename", b"").decode("utf-8", "replace")
        if not called or not options.get(b"name"):
            raise Refused(400, NAMELESS)
        place = self._shelf.folder / INCOMING
        place.mkdir(mode=0o700, exist_ok=True)
        part = place / f"{secrets.token_hex(16)}.part"
        self._parts.append((part, re.split(r"[/\\]", called)[-1][-255:]))
        self._file = part.open("xb")
        self._seen = 0

    def _write(self, data: bytes, start: int, end: int) -> None:
        assert self._file is not None
        self._seen += end - start
        if self._seen > self._shelf.most_bytes:
            raise Refused(413, f"This file is too large: at most {self._shelf.most_bytes / (1 << 20):.3g} MB each.")
        self._file.write(data[start:end])
        self._progress(self._parts[-1][1], end - start)

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _end(self) -> None:
        self._is_whole = True


async def take(shelf: Shelf, receive: Callable, headers: dict[str, tuple[str, ...]], progress: Callable) -> list[Path]:
    """Read a whole upload. Raises Refused, after which nothing of it is left; empty where the sender has gone."""
    reader: Reader | None = None
    try:
        await to_thread.run_sync(shelf.room, int(headers.get("content-length", ("0",))[0]))
        reader = Reader(shelf, headers.get("content-type", ("",))[0], progress)
        while True:
            gathered, more = bytearray(), True
            while more and len(gathered) < PIECE_BYTES:
                message = await receive()
                if message["type"] != "http.request":
                    return []
                gathered += message.get("body", b"")
                more = message.get("more_body", False)
            if gathered:
                await to_thread.run_sync(reader.feed, bytes(gathered))
            if not more:
                return await to_thread.run_sync(reader.finish)
    except OSError as error:
        if is_full_disk(error):
            raise Refused(507, DISK_FULL) from None
        raise
    finally:
        if reader is not None:
            reader.drop()


class Progress:
    """How far uploads have come, for the bars of the page: by the number that the page gave an upload."""

    MOST = 256
    WAIT_SECONDS, LOOK_SECONDS, LONGEST_SECONDS = 3.0, 0.1, 3600.0

    def __init__(self) -> None:
        self._known: OrderedDict[str, dict[str, int] | None] = OrderedDict()  # bytes by file since the last look

    def begin(self, number: str) -> Callable[[str, int], None]:
        """What to call with a file's name and the bytes that came; for an upload without a number it does nothing."""
        if not number or len(number) > 64:
            return lambda called, count: None
        came: dict[str, int] = {}
        self._known[number] = came
        if len(self._known) > self.MOST:
            self._known.popitem(last=False)

        def add(called: str, count: int) -> None:
            came[called] = came.get(called, 0) + count

        return add

    def end(self, number: str) -> None:
        """The upload is over, well or not."""
        if number in self._known:
            self._known[number] = None

    async def is_known(self, number: str) -> bool:
        """Whether there is such an upload, or comes to be within three seconds."""
        deadline = time.monotonic() + self.WAIT_SECONDS
        while number not in self._known and time.monotonic() < deadline:
            await asyncio.sleep(self.LOOK_SECONDS)
        return number in self._known

    async def events(self, number: str) -> AsyncIterator[bytes]:
        """Server-sent events as the page's upload bars read them, until the upload is over."""
        deadline = time.monotonic() + self.LONGEST_SECONDS
        while time.monotonic() < deadline and (came := self._known.get(number)) is not None:
            while came:
                called, count = came.popitem()
                yield _event(msg="update", orig_name=called, chunk_size=count)
            await asyncio.sleep(self.LOOK_SECONDS)
        self._known.pop(number, None)
        yield _event(msg="done")


def _event(**said: Any) -> bytes:
    return f"data: {json.dumps(said)}\n\n".encode()
