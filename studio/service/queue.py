"""One queue for all tasks and one worker: two generators at once would only take each other's memory and cores."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from studio.errors import BusyError, Cancelled, ResourceError, StudioError
from studio.media import children
from studio.service.events import Event
from studio.service.jobs import Job
from studio.service.watchdog import USUAL, Patience, Watchdog, Work

logger = logging.getLogger(__name__)

DIED = "The studio's worker came to an end in the middle of this job: please send it again."


class JobQueue:
    """First come, first served. ``perform`` runs one job in the worker and must end it; ``discard`` a waiting one.

    ``errands`` are small pieces of work done in the worker while nothing waits (importing, loading). At most ``limit``
    jobs wait, at most ``per_visitor`` of one visitor and ``per_client`` of one client (None: no such bound); the
    running one is not counted. A worker that died, or that does not come back from a job that was stopped, is given
    up: ``give_up`` puts the job's folder in order, and another worker goes on.
    """

    def __init__(
        self,
        perform: Callable[[Job], None],
        discard: Callable[[Job], None],
        *,
        limit: int,
        per_visitor: int | None = None,
        per_client: int | None = None,
        patience: Patience = USUAL,
        give_up: Callable[[Job], None] = lambda job: None,
    ) -> None:
        self._perform = perform
        self._discard = discard
        self._give_up = give_up
        self._limit = limit
        self._per_visitor = per_visitor
        self._per_client = per_client
        self._changed = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._running: Job | None = None
        self._busy_since: float | None = None
        self._errands: deque[Callable[[], None]] = deque()
        self._closed = False
        with self._changed:
            self._worker = self._new_worker()
        self._watchdog = Watchdog(self.work, self.replace_worker, patience)

    def check_room(self, visitor: str = "", client: str = "") -> None:
        """Raise BusyError if a job of this visitor and client could not wait now."""
        with self._changed:
            self._check_room(visitor or client, client)

    def add(self, job: Job) -> None:
        """Put a job at the end; BusyError if there is no room."""
        job.watch_cancel(self._withdraw)
        with self._changed:
            self._check_room(job.share, job.client)
            self._waiting.append(job)
            self._tell_places()
            self._changed.notify_all()

    def add_errand(self, errand: Callable[[], None]) -> None:
        """Do something in the worker when nothing waits; a fault in it is logged and forgotten."""
        with self._changed:
            self._errands.append(errand)
            self._changed.notify_all()

    def drain(self, seconds: float, why: StudioError) -> bool:
        """Take nothing more, end what waits with ``why``, and let the running job finish within ``seconds``.

        Returns whether it did; one that did not is told to stop, with ``why`` too.
        """
        waiting, running = self._shut()
        for job in waiting:
            job.stop(why)
        if running is None or running.wait(seconds):
            return True
        running.stop(why)
        return False

    def close(self, timeout: float | None = None) -> bool:
        """Cancel everything, take nothing more, and wait for the worker; False if it did not come to an end."""
        waiting, running = self._shut()
        self._watchdog.stop()
        for job in waiting:
            job.cancel()
        if running is not None:
            running.cancel()
        worker = self._worker
        worker.join(timeout)
        if worker.is_alive() and worker.ident is not None and children.kill_children_of(worker.ident):
            worker.join(1)
        if worker.is_alive() and running is not None:
            running.end(Cancelled())
        return not worker.is_alive()

    def work(self) -> Work:
        """What the worker does now, for the watchdog."""
        with self._changed:
            return Work(self._worker, self._running, self._busy_since, bool(self._waiting), self._closed)

    def replace_worker(self, worker: threading.Thread, job: Job | None, why: StudioError | None = None) -> None:
        """Give ``worker`` up together with the ``job`` it was at, which fails with ``why``; another goes on."""
        with self._changed:
            if self._worker is not worker or self._running is not job:
                return
            if job is not None:
                self._give_up(job)
            self._running = self._busy_since = None
            self._worker = self._new_worker()
            self._tell_places()
        logger.error("The worker was given up and another one started.")
        if worker.ident is not None:
            children.kill_children_of(worker.ident)
        if job is not None:
            job.end(why or ResourceError(DIED))

    def _new_worker(self) -> threading.Thread:
        worker = threading.Thread(target=self._work, name="studio-worker", daemon=True)
        worker.start()
        return worker

    def _shut(self) -> tuple[list[Job], Job | None]:
        """Take nothing more; what waits and what runs."""
        with self._changed:
            self._closed = True
            self._errands.clear()
            self._changed.notify_all()
            return list(self._waiting), self._running

    def _check_room(self, share: str, client: str) -> None:
        if self._closed:
            raise BusyError("The studio is closing: please start it again.")
        if len(self._waiting) >= self._limit:
            raise BusyError(f"The studio is busy: {len(self._waiting)} jobs are waiting; please try again in a moment.")
        mine = sum(job.share == share for job in self._waiting)
        if self._per_visitor is not None and mine >= self._per_visitor:
            raise BusyError(f"You already have {mine} jobs waiting: please let one of them finish, or cancel it.")
        same = sum(job.client == client for job in self._waiting) if client else 0
        if self._per_client is not None and same >= self._per_client:
            raise BusyError(f"{same} jobs from your network are waiting already: please try again in a moment.")

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
        """What this worker does next; None where it is to end."""
        me = threading.current_thread()
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting or self._errands or self._worker is not me)
            if self._closed or self._worker is not me:
                return None
            self._busy_since = time.monotonic()
            if self._waiting:
                self._running = self._waiting.popleft()
                self._running.begin()
                self._tell_places()
                return self._running
            return self._errands.popleft()

    def _work(self) -> None:
        with self._changed:
            pass  # until it is written down who the worker is
        me = threading.current_thread()
        while (item := self._take()) is not None:
            if isinstance(item, Job):
                self._perform(item)
            else:
                try:
                    item()
                except Exception:
                    logger.exception("Preparing the studio failed; the job that needs it will say why.")
            with self._changed:
                if self._worker is me:
                    self._running = self._busy_since = None
                    self._tell_places()
