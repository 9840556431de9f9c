"""Names that stand for files, and for sessions: what a client may know of them, and back again.

A file's name is ``<signature>/<place in the private folder>``. The signature is made with a secret of this run over the
place and the visitor, so a name cannot be guessed, another visitor's is worth nothing, and it ends with its file. A
program without a cookie is the visitor "": its names open the file for whoever holds them.

Gradio knows absolute paths alone. ``files_in`` puts them in place of names on the way in, and refuses every file that
is not one that this visitor was given (a path, an address, text in its place); ``files_out`` does the reverse.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from studio.ui.door_rules import FILE, Refused

DEEPEST = 48
"""How deep lists and objects of a call may lie in each other; the page's own lie less than ten deep."""

LONGEST_NAME = 255
GONE = "This file is not here (any more): please upload it again."
NO_DATA = "A file cannot travel as text: please send it to /gradio_api/upload, and then the name that you are given."
_NAME = re.compile(r"([0-9a-f]{32})/((?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*)")
_DATA = re.compile(r"\s*data:[^,]{0,256};base64,", re.I)


class Names:
    """Signs and reads the names of the files in one ``folder``."""

    def __init__(self, folder: Path, secret: bytes | None = None) -> None:
        self.folder = Path(folder).resolve()
        self._secret = secret or secrets.token_bytes(32)
        ways = {str(self.folder), json.dumps(str(self.folder))[1:-1], quote(str(self.folder))}
        way = b"|".join(re.escape(each.encode()) for each in sorted(ways, key=len, reverse=True))
        self._leaving = re.compile(
            rb'("path":\s*"|/file=)?(?:' + way + rb")((?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*)(/?[^\"'<>\\\s?#&]*)"
        )

    def name(self, place: str, visitor: str) -> str:
        """The name under which ``visitor`` may ask for the file at ``place`` in the folder."""
        return f"{self._sign('file', place, visitor)}/{place}"

    def path(self, name: str, visitor: str) -> Path | None:
        """The file that a name of this visitor's stands for; None for any other word, and for a file that is gone."""
        found = _NAME.fullmatch(name)
        if found is None:
            return None
        owners = (visitor, "")
        if not any(hmac.compare_digest(found[1], self._sign("file", found[2], owner)) for owner in owners):
            return None
        path = self.folder / found[2]
        try:
            is_ours = path.resolve(strict=True).is_relative_to(self.folder) and path.is_file()
        except (OSError, RuntimeError):
            return None
        return path if is_ours else None

    def session(self, word: str, visitor: str) -> str:
        """The session that Gradio knows for a client's ``word``: with another visitor's word one reaches one's own."""
        return self._sign("session", word, visitor)

    def files_in(self, value: Any, visitor: str, depth: int = 0) -> Any:
        """A call's JSON with paths in place of names. Raises Refused for a file that this visitor was not given."""
        if depth > DEEPEST:
            raise Refused(400, "This call is nested too deeply.")
        if isinstance(value, list):
            return [self.files_in(each, visitor, depth + 1) for each in value]
        if isinstance(value, str) and _DATA.match(value):
            raise Refused(400, NO_DATA)
        if not isinstance(value, dict):
            return value
        if not ("path" in value or "url" in value):
            return {key: self.files_in(each, visitor, depth + 1) for key, each in value.items()}
        rest = {key: self.files_in(each, visitor, depth + 1) for key, each in value.items() if key not in _OURS}
        name = rest.get("orig_name")
        if name is not None:
            rest["orig_name"] = name[:LONGEST_NAME] if isinstance(name, str) else None
        return {**rest, "path": self._path_of(value.get("path") or value.get("url"), visitor), "is_stream": False}

    def files_out(self, body: bytes, visitor: str) -> bytes:
        """What Gradio answers with names in place of paths; a path that is no file's of an answer is left out."""

        def name(found: re.Match[bytes]) -> bytes:
            before, place, rest = found[1] or b"", found[2].lstrip(b"/"), found[3]
            if not before or not place or rest:
                return before + b"(a file)"
            return before + self.name(place.decode(), visitor).encode()

        return self._leaving.sub(name, body)

    def _path_of(self, name: object, visitor: str) -> str | None:
        """The path for a file's name, or for its address here; None where a widget is empty."""
        if not name:
            return None
        if isinstance(name, str):
            _, here, word = name.rpartition(FILE)
            path = self.path(unquote(word) if here else name, visitor)
            if path is not None:
                return str(path)
        raise Refused(403, GONE)

    def _sign(self, purpose: str, word: str, visitor: str) -> str:
        message = "\0".join((purpose, visitor, word)).encode("utf-8", "surrogatepass")
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()[:32]


_OURS = frozenset({"path", "url", "is_stream"})
"""What a client says of a file and we say anew."""
