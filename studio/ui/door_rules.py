"""What the door asks of a request: for what, under which name, and from where."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "::1", "0.0.0.0")  # noqa: S104  a name to be asked by, not one to listen on
LANDINGS = frozenset({"/", "/healthz", "/readyz", "/favicon.ico", "/robots.txt"})
"""What another website may link to, or open in a frame where framing is allowed."""

API = "/gradio_api"
FILE = f"{API}/file="
UPLOAD = f"{API}/upload"
PROGRESS = f"{API}/upload_progress"
HEARTBEAT = f"{API}/heartbeat/"
TOOLS = frozenset({f"{API}/mcp", f"{API}/mcp/", f"{API}/mcp/http", f"{API}/mcp/http/"})
PAGES = frozenset({"/", f"{API}/mcp", f"{API}/mcp/"})
"""Where Gradio answers with a page of its own that has inline scripts."""

STATIC = ("/assets/", "/static/", "/svelte/")
READ = frozenset(
    {"/", "/config", "/config/", "/favicon.ico", "/robots.txt", "/manifest.json", "/theme.css", "/pwa_icon",
     "/pwa_icon/192", "/pwa_icon/512", PROGRESS, *TOOLS, f"{API}/mcp/sse", f"{API}/mcp/schema"}
    | {f"{API}/{name}" for name in ("theme.css", "info", "info/", "openapi.json", "queue/data", "queue/status",
                                    "startup-events", "login_check", "user", "app_id")}
)  # fmt: skip
WRITE = frozenset({UPLOAD, f"{UPLOAD}/", *TOOLS, f"{API}/mcp/messages/"}
                  | {f"{API}/{name}" for name in ("queue/join", "cancel", "reset", "reset/")})  # fmt: skip
_LONGEST_PART = 200
_CALL = re.compile(rf"{API}/(?:run|api|call|call/v2)/\w{{1,80}}/?")
_RESULT = re.compile(rf"{API}/call/(?:v2/)?\w{{1,80}}/\w{{1,80}}")


class Refused(Exception):
    """A request that goes no further: a status and one sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


def is_open(method: str, route: str) -> bool:
    """Whether the studio has a use for this route; all others of Gradio's are closed (there are dozens)."""
    if "\0" in route or any(len(part) > _LONGEST_PART for part in route.split("/")):
        return False  # no disk has such a name
    if method in ("GET", "HEAD"):
        if route in READ or route.startswith((*STATIC, FILE)) or _RESULT.fullmatch(route):
            return True
        return route.startswith(HEARTBEAT) and "/" not in route[len(HEARTBEAT) :]
    if method == "DELETE":
        return route in TOOLS
    return method == "POST" and (route in WRITE or _CALL.fullmatch(route) is not None)


def cost_of(route: str) -> float:
    """What a request counts in its client's rate, beside a call: a script or a piece of a clip little, the page with
    its whole configuration (a megabyte, made anew) more.
    """
    if route.startswith((*STATIC, FILE)):
        return 1 / 20
    return 4.0 if route.rstrip("/") in ("", "/config") else 1.0


def route_of(scope: dict[str, Any]) -> str:
    """The path below the place where the studio is mounted, as Starlette's router sees it."""
    path, root = str(scope["path"]), str(scope.get("root_path") or "").rstrip("/")
    return path[len(root) :] if root and path.startswith(f"{root}/") else path


class Hosts:
    """The names under which a studio may be asked, with any port (a tunnel's may be another one).

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
        try:
            return not (_is_same(origins[0], headers["host"][0]) or hosts.knows(origins[0]))
        except ValueError:
            return True
    site = headers.get("sec-fetch-site", ("none",))[0].lower()
    if site in ("same-origin", "none"):
        return False
    goes_there = headers.get("sec-fetch-mode", ("",))[0].lower() == "navigate" and method in ("GET", "HEAD")
    return not (goes_there and path in LANDINGS)


def _is_same(origin: str, host: str) -> bool:
    """Whether an Origin is that of the page that Host names: same name, same port."""
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or parts.path or parts.query:
        return False
    default = f":{443 if parts.scheme == 'https' else 80}"
    return parts.netloc.lower().removesuffix(default) == host.strip().lower().removesuffix(default)


def believed(headers: Iterable[tuple[bytes, bytes]], hosts: Hosts, behind_proxy: bool) -> list[tuple[bytes, bytes]]:
    """A request's headers without hearsay about the studio's own address, which Gradio would write into its pages.

    A proxy of ours may say https, and one of the studio's names.
    """

    def is_hearsay(name: bytes, value: bytes) -> bool:
        if name.lower() == b"x-forwarded-proto":
            return not behind_proxy
        if name.lower() == b"x-forwarded-host":
            return not (behind_proxy and all(map(hosts.allows, value.decode("latin-1").split(","))))
        return name.lower() in (b"x-gradio-server", b"x-forwarded-prefix")

    return [(name, value) for name, value in headers if not is_hearsay(name, value)]


def client_address(scope: dict[str, Any], headers: dict[str, tuple[str, ...]], behind_proxy: bool) -> str:
    """Where a request comes from, for its rate (see ``network_of``)."""
    peer = str((scope.get("client") or ("",))[0])
    return network_of(peer, ",".join(headers.get("x-forwarded-for", ())), behind_proxy)


def network_of(peer: str, forwarded: str, behind_proxy: bool) -> str:
    """The network that counts as one client: of the last public address in X-Forwarded-For where a proxy of ours
    (``behind_proxy``) appended it, else of the ``peer``, which may be a word that is no address.

    What stands further left in X-Forwarded-For is the client's own word. An IPv6 customer has a whole /64 of addresses.
    """
    place = peer
    if behind_proxy:
        words = (word.strip() for word in reversed(forwarded.split(",")))
        place = next((word for word in words if _is_address(word) and ipaddress.ip_address(word).is_global), peer)
    if _is_address(place) and ipaddress.ip_address(place).version == 6:
        return str(ipaddress.ip_network(f"{place}/64", strict=False))
    return place
