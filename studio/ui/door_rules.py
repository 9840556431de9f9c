"""What the door asks of a request: under which name, from where, and what its multipart body consists of."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

LOOPBACK = ("localhost", "127.0.0.1", "::1", "0.0.0.0")  # noqa: S104  a name to be asked by, not one to listen on
PAGES = frozenset({"/", "/healthz", "/readyz", "/favicon.ico", "/robots.txt"})
"""What another website may link to, or open in a frame where framing is allowed."""

CUT = "The upload is cut off or damaged: please try again."
NAMELESS = "A part of the upload has no file name: upload files alone."
TOO_MANY = "Too many files at once: at most {} can be uploaded together."


class Hosts:
    """The names under which a studio may be asked.

    Loopback names always; a bare network address too, where the studio listens on the network (``anywhere``), because
    only a name can be pointed at this machine by somebody else's name server; and the ``names`` that its owner gave.
    """

    def __init__(self, names: Iterable[str] = (), *, anywhere: bool = False) -> None:
        self._names = {name.strip().lower() for name in names if name.strip()}
        self._anywhere = anywhere

    def add(self, name: str) -> None:
        """One more name."""
        self._names.add(name.lower())

    def allows(self, host: str) -> bool:
        """Whether a Host header names this studio."""
        name = host_name(host)
        if name is None:
            return False
        return name in LOOPBACK or name in self._names or (self._anywhere and _is_address(name))

    def knows(self, origin: str) -> bool:
        """Whether an Origin is one of the names that the owner gave (a proxy may change the Host, not the Origin)."""
        name = host_name(urlsplit(origin).netloc)
        return name is not None and name in self._names


def host_name(host: str) -> str | None:
    """The name in a Host header, without port and in small letters; None where it is no plain host."""
    try:
        parts = urlsplit(f"//{host.strip()}")
        _ = parts.port
    except ValueError:
        return None
    if parts.username is not None or parts.path or parts.query or parts.fragment or not parts.hostname:
        return None
    return parts.hostname.lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_foreign(method: str, path: str, headers: dict[str, tuple[str, ...]], hosts: Hosts) -> bool:
    """Whether another website's page sent this request (browsers say so, and a page cannot change what they say).

    A program without a browser says nothing and passes. A link to the page itself is not foreign.
    """
    origins = headers.get("origin", ())
    if len(origins) > 1:
        return True
    if origins:
        return not (_is_same(origins[0], headers["host"][0]) or hosts.knows(origins[0]))
    site = headers.get("sec-fetch-site", ("none",))[0].lower()
    if site in ("same-origin", "none"):
        return False
    goes_there = headers.get("sec-fetch-mode", ("",))[0].lower() == "navigate" and method in ("GET", "HEAD")
    return not (goes_there and path in PAGES)


def _is_same(origin: str, host: str) -> bool:
    """Whether an Origin is that of the page that Host names: same name, same port."""
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or parts.path or parts.query:
        return False
    default = f":{443 if parts.scheme == 'https' else 80}"
    return parts.netloc.lower().removesuffix(default) == host.strip().lower().removesuffix(default)


def client_address(scope: dict[str, Any], headers: dict[str, tuple[str, ...]], behind_proxy: bool) -> str:
    """Where a request comes from, for its rate: the last public address that a proxy of ours named, or the peer's."""
    place = str((scope.get("client") or ("",))[0])
    if behind_proxy:
        for word in reversed(",".join(headers.get("x-forwarded-for", ())).split(",")):
            if _is_address(word.strip()) and ipaddress.ip_address(word.strip()).is_global:
                place = word.strip()
                break
    if _is_address(place) and ipaddress.ip_address(place).version == 6:
        return str(ipaddress.ip_network(f"{place}/64", strict=False))  # one customer has them all
    return place


class Parts:
    """A multipart body looked through while it passes: every part must be a file, and not too many of them."""

    def __init__(self, content_type: str, most: int) -> None:
        self._most = most
        self._count = 0
        self._name = self._value = self._disposition = b""
        self._fault: str | None = None
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            self._fault = CUT
            return
        callbacks = {
            "on_part_begin": self._begin, "on_header_field": self._on_name, "on_header_value": self._on_value,
            "on_header_end": self._end_header, "on_headers_finished": self._end_headers,
        }  # fmt: skip
        self._parser = MultipartParser(boundary, callbacks)  # type: ignore[arg-type]

    def feed(self, data: bytes) -> str | None:
        """Look at the next piece; a sentence where the body must not go on."""
        if self._fault is None and data:
            try:
                self._parser.write(data)
            except FormParserError:
                self._fault = CUT
        return self._fault

    def _begin(self) -> None:
        self._disposition = b""
        self._count += 1
        if self._count > self._most:
            self._fault = TOO_MANY.format(self._most)

    def _on_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = self._value
        self._name = self._value = b""

    def _end_headers(self) -> None:
        if b"filename" not in parse_options_header(self._disposition)[1]:
            self._fault = self._fault or NAMELESS
