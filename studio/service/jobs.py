"""One job: a request on its way to a result. Faces hold it to watch, to wait, or to stop it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import Cancelled, StudioError
from studio.requests import Request
from studio.service.events import Event, EventLog, Kind
from studio.service.results import Result

if TYPE_CHECKING:
    from studio.look_file import LookCard
    from studio.media.probe import MediaInfo


@dataclass(frozen=True)
class Source:
    """A person's file, copied into the job's own folder under a name of ours. ``name`` is what they called it,
    ``info`` what its header says."""

    path: Path
    name: str
    info: MediaInfo | LookCard


@dataclass(frozen=True, kw_only=True)
class PreparedRequest:
    """What the worker needs: the request with its seed filled in, and the copies of its files by field name."""

    request: Request
    seed: int
    folder: Path
    sources: dict[str, tuple[Source, ...]] = field(default_factory=dict)


class Job:
    """A job. ``id`` is its folder's name: 128 random bits, so nobody can guess another's.

    ``visitor`` opens its history; ``client`` says from where it came, so that the queue stays fair. ``began``,
    ``ended`` and ``asked_to_stop`` are monotonic seconds, None before; ``sign`` is when its worker last showed life.
    """

    def __init__(self, prepared: PreparedRequest, *, visitor: str = "", client: str = "") -> None:
        self.id = prepared.folder.name
        self.prepared = prepared
        self.visitor = visitor
        self.client = client
        self.began: float | None = None
        self.ended: float | None = None
        self.asked_to_stop: float | None = None
        self.sign = 0.0
        self._why: StudioError | None = None
        self._end_lock = threading.Lock()
        self._log = EventLog()
        self._stop = threading.Event()
        self._over = threading.Event()
        self._result: Result | None = None
        self._error: StudioError | None = None
        self._on_cancel: Callable[[Job], None] | None = None

    @property
    def request(self) -> Request:
        """The request, with the seed that is used."""
        return self.prepared.request

    @property
    def state(self) -> Kind:
        """The newest event's kind: waiting, loading, working, finishing, done, failed or cancelled."""
        last = self._log.last()
        return last.kind if last else "waiting"

    def events(self, timeout: float | None = None) -> Iterator[Event]:
        """Every change from the first to the last; any number of watchers, at any time.

        With ``timeout`` the iterator also stops after that many seconds without news.
        """
        return self._log.follow(timeout)

    @property
    def share(self) -> str:
        """Whose share of the queue it takes: the visitor's, or where there is none the client's."""
        return self.visitor or self.client

    def last(self) -> Event | None:
        """The newest event, or None before the first."""
        return self._log.last()

    def cancel(self) -> None:
        """Ask to stop: at once where the job still waits, within a frame where it runs. Safe at any time, and twice."""
        if self.asked_to_stop is None:
            self.asked_to_stop = time.monotonic()
        self._stop.set()
        if self._on_cancel is not None:
            self._on_cancel(self)

    def stop(self, why: StudioError) -> None:
        """As ``cancel``, for a reason that is not the person's own: they read ``why``. The first reason counts."""
        if not self._stop.is_set():
            self._why = why
        self.cancel()

    def begin(self) -> None:
        """The worker takes it up now."""
        self.began = time.monotonic()
        self.sign = self.began

    def show_life(self) -> None:
        """The worker still gets on with it; the watchdog counts from here."""
        self.sign = time.monotonic()

    def is_cancelled(self) -> bool:
        """Whether somebody asked to stop."""
        return self._stop.is_set()

    def is_over(self) -> bool:
        """Whether the job is done, failed or cancelled, and cleaned up."""
        return self._over.is_set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end, at most so long; whether it came."""
        return self._over.wait(seconds)

    def result(self, timeout: float | None = None) -> Result:
        """Wait for the result. Raises the job's StudioError, Cancelled, or TimeoutError after ``timeout`` seconds."""
        if not self._over.wait(timeout):
            raise TimeoutError("The job has not finished yet.")
        if self._error is not None:
            raise self._error
        assert self._result is not None
        return self._result

    def tell(self, event: Event) -> None:
        """Add an event (for the queue and the worker)."""
        self._log.add(event)

    def watch_cancel(self, on_cancel: Callable[[Job], None]) -> None:
        """Let the queue know when somebody asks to stop."""
        self._on_cancel = on_cancel

    def end(self, outcome: Result | StudioError) -> None:
        """Close the job, once its folder is in order (for the queue and the worker). A second call is ignored.

        An error after somebody asked to stop is told as that: what breaks then (a killed child) is not the cause.
        """
        with self._end_lock:
            if self._over.is_set():
                return
            if isinstance(outcome, StudioError) and self._stop.is_set():
                outcome = self._why or Cancelled()
            self.ended = time.monotonic()
            if isinstance(outcome, Result):
                self._result = outcome
                last = Event("done", outcome.frames, outcome.frames, 0.0, "Done.")
            else:
                self._error = outcome.with_traceback(None)  # whose frames would keep the job's pixels in memory
                self._error.__cause__ = self._error.__context__ = None
                last = Event("cancelled" if isinstance(outcome, Cancelled) else "failed", message=str(outcome))
            self.prepared = replace(self.prepared, sources={})  # what is kept of it is small
            self._on_cancel = None
            self._over.set()
        self._log.add(last)
