"""One queue for all tasks and one worker: two generators at once would only take each other's memory and cores."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from studio.errors import BusyError, Cancelled
from studio.service.events import Event
from studio.service.jobs import Job

logger = logging.getLogger(__name__)


class JobQueue:
    """First come, first served. ``perform`` runs one job in the worker and must end it; ``discard`` a waiting one.

    ``errands`` are small pieces of work done in the worker while nothing waits (importing, loading). At most ``limit``
    jobs wait, and at most ``per_visitor`` of one visitor (None: no such bound); the running one is not counted.
    """

    def __init__(
        self,
        perform: Callable[[Job], None],
        discard: Callable[[Job], None],
        *,
        limit: int,
        per_visitor: int | None = None,
    ) -> None:
        self._perform = perform
        self._discard = discard
        self._limit = limit
        self._per_visitor = per_visitor
        self._changed = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._running: Job | None = None
        self._errands: deque[Callable[[], None]] = deque()
        self._closed = False
        self._worker = threading.Thread(target=self._work, name="studio-worker", daemon=True)
        self._worker.start()

    def check_room(self, visitor: str = "") -> None:
        """Raise BusyError if a job of this visitor could not wait now."""
        with self._changed:
            self._check_room(visitor)

    def add(self, job: Job) -> None:
        """Put a job at the end; BusyError if there is no room."""
        job.watch_cancel(self._withdraw)
        with self._changed:
            self._check_room(job.visitor)
            self._waiting.append(job)
            self._tell_places()
            self._changed.notify_all()

    def add_errand(self, errand: Callable[[], None]) -> None:
        """Do something in the worker when nothing waits; a fault in it is logged and forgotten."""
        with self._changed:
            self._errands.append(errand)
            self._changed.notify_all()

    def close(self, timeout: float | None = None) -> bool:
        """Cancel everything, take nothing more, and wait for the worker; False if it did not come to an end."""
        with self._changed:
            self._closed = True
            self._errands.clear()
            waiting = list(self._waiting)
            running = self._running
            self._changed.notify_all()
        for job in waiting:
            job.cancel()
        if running is not None:
            running.cancel()
        self._worker.join(timeout)
        return not self._worker.is_alive()

    def _check_room(self, visitor: str) -> None:
        if self._closed:
            raise BusyError("The studio is closing: please start it again.")
        if len(self._waiting) >= self._limit:
            raise BusyError(f"The studio is busy: {len(self._waiting)} jobs are waiting; please try again in a moment.")
        mine = sum(job.visitor == visitor for job in self._waiting) if visitor else 0
        if self._per_visitor is not None and mine >= self._per_visitor:
            raise BusyError(f"You already have {mine} jobs waiting: please let one of them finish, or cancel it.")

    def _withdraw(self, job: Job) -> None:
        """A waiting job that was cancelled leaves at once; a running one is left to the worker."""
        with self._changed:
            if job not in self._waiting:
                return
            self._waiting.remove(job)
            self._tell_places()
        self._discard(job)
        job.end(Cancelled())

    def _tell_places(self) -> None:
        before = 1 if self._running is not None else 0
        for place, job in enumerate(self._waiting):
            ahead = place + before
            words = "Starting." if ahead == 0 else f"Waiting: {ahead} job{'s' if ahead > 1 else ''} before this one."
            job.tell(Event("waiting", ahead, message=words))

    def _take(self) -> Job | Callable[[], None] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting or self._errands)
            if self._waiting and not self._closed:
                self._running = self._waiting.popleft()
                self._tell_places()
                return self._running
            return self._errands.popleft() if self._errands and not self._closed else None

    def _work(self) -> None:
        while (item := self._take()) is not None:
            if isinstance(item, Job):
                self._perform(item)
                with self._changed:
                    self._running = None
                    self._tell_places()
            else:
                try:
                    item()
                except Exception:
                    logger.exception("Preparing the studio failed; the job that needs it will say why.")
