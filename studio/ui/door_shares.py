"""What one client may take of the door: calls over time, requests at once, bytes that are kept for it.

Tables of clients are bounded; who was not seen longest is forgotten first. A refusal says how to go on.
"""

from __future__ import annotations

import contextlib
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from studio.ui.door_rules import Refused

CLIENTS = 4096
TOO_MANY = "Too many requests at once: please wait a moment and try again."
TOO_MUCH = "You have uploaded much in a short time: please wait until some of it has expired, and try again."


@dataclass(frozen=True, kw_only=True)
class Share:
    """``burst`` calls at once, then ``per_second``; ``at_once`` requests that are open together; ``kept_bytes`` of
    uploads within ``kept_seconds``."""

    burst: int
    per_second: float
    at_once: int
    kept_bytes: int
    kept_seconds: float


class Shares:
    """Every client's account. Not thread-safe: it belongs to the event loop."""

    def __init__(self, share: Share, clock: Callable[[], float] = time.monotonic) -> None:
        self._share = share
        self._clock = clock
        self._tokens: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._open: dict[str, int] = {}  # as many as there are connections
        self._kept: OrderedDict[str, deque[tuple[float, int]]] = OrderedDict()

    def call(self, client: str, cost: float = 1.0) -> None:
        """A token bucket. Raises Refused (429) where it is empty."""
        now, most = self._clock(), float(self._share.burst)
        tokens, then = self._tokens.pop(client, (most, now))
        tokens = min(most, tokens + (now - then) * self._share.per_second)
        enough = tokens >= cost
        self._tokens[client] = (tokens - cost if enough else tokens, now)
        if len(self._tokens) > CLIENTS:
            self._tokens.popitem(last=False)
        if not enough:
            raise Refused(429, TOO_MANY)

    @contextlib.contextmanager
    def one(self, client: str) -> Iterator[None]:
        """Count a request as open while it is. Raises Refused (429) where the client has too many."""
        if self._open.get(client, 0) >= self._share.at_once:
            raise Refused(429, TOO_MANY)
        self._open[client] = self._open.get(client, 0) + 1
        try:
            yield
        finally:
            self._open[client] -= 1
            if not self._open[client]:
                del self._open[client]

    def keep(self, client: str, count: int) -> None:
        """Put ``count`` bytes on the client's account; 0 asks. Raises Refused (429) where it is full."""
        now = self._clock()
        kept = self._kept.pop(client, deque())
        while kept and now - kept[0][0] > self._share.kept_seconds:
            kept.popleft()
        if count:
            kept.append((now, count))
        if kept:
            self._kept[client] = kept
        if len(self._kept) > CLIENTS:
            self._kept.popitem(last=False)
        if not count and sum(each for _, each in kept) >= self._share.kept_bytes:
            raise Refused(429, TOO_MUCH)
