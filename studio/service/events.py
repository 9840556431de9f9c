"""What a job tells whoever watches it: one small record per change, and a log that any number of watchers can read.

A watcher may come late (a page that was reloaded) or be slow (a phone): the log keeps every change of stage but only
the newest step of each, so it stays small however long the clip, and the last event is never lost.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["waiting", "loading", "working", "finishing", "done", "failed", "cancelled"]
ENDS: tuple[Kind, ...] = ("done", "failed", "cancelled")
RATE_WINDOW_SECONDS = 8.0  # a slow start (a cold cache, the first decode) must not spoil the estimate for long


@dataclass(frozen=True)
class Event:
    """One change. ``done`` of ``total`` steps (``total`` None: unknown), ``seconds_left`` None until it can be told.

    For ``waiting``, ``done`` is the number of jobs before this one. ``message`` is one line for the person; after
    ``failed`` it is the sentence of the error.
    """

    kind: Kind
    done: int = 0
    total: int | None = None
    seconds_left: float | None = None
    message: str = ""

    @property
    def fraction(self) -> float | None:
        """Progress 0..1 of this stage, or None where it cannot be told."""
        return min(1.0, self.done / self.total) if self.total else None

    @property
    def is_end(self) -> bool:
        """Whether nothing follows this event."""
        return self.kind in ENDS


class EventLog:
    """The events of one job, for many watchers. Thread-safe."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._entries: list[tuple[int, Event]] = []
        self._count = 0

    def add(self, event: Event) -> None:
        """Append; a further step of the same stage replaces the one before. Nothing is added after an end."""
        with self._changed:
            if self._entries and self._entries[-1][1].is_end:
                return
            if self._entries and self._entries[-1][1].kind == event.kind and not event.is_end:
                self._entries.pop()
            self._count += 1
            self._entries.append((self._count, event))
            self._changed.notify_all()

    def last(self) -> Event | None:
        """The newest event, or None before the first."""
        with self._changed:
            return self._entries[-1][1] if self._entries else None

    def follow(self, timeout: float | None = None) -> Iterator[Event]:
        """Every event from the first, until the end; with ``timeout`` seconds of silence, stop early."""
        seen = 0
        while True:
            with self._changed:
                if not self._changed.wait_for(lambda after=seen: self._count > after, timeout):
                    return
                fresh = [(number, event) for number, event in self._entries if number > seen]
            for number, event in fresh:
                seen = number
                yield event
                if event.is_end:
                    return


class StepClock:
    """Steps done so far, and from the pace of the last few seconds the time that the rest will take."""

    def __init__(self, total: int | None) -> None:
        self.total = total
        self.done = 0
        self._marks: deque[tuple[float, int]] = deque([(time.monotonic(), 0)])

    def advance(self, done: int) -> float | None:
        """Note that ``done`` steps are finished; return the seconds left, or None while that cannot be told."""
        now = time.monotonic()
        self.done = done
        self._marks.append((now, done))
        while len(self._marks) > 2 and now - self._marks[1][0] > RATE_WINDOW_SECONDS:
            self._marks.popleft()
        started, before = self._marks[0]
        if self.total is None or done <= before or now <= started:
            return None
        return max(0, self.total - done) * (now - started) / (done - before)
