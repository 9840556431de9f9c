"""The watchdog over the worker: it ends what takes too long or is stuck, and replaces a worker that never returns.

A thread cannot be killed. So it asks the job to stop, then ends its ffmpeg children (which wakes a worker that waits
for one), and at last gives the thread up: the studio goes on with another worker, and the person is told why.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from studio.errors import LimitError, ResourceError, StudioError
from studio.media import children
from studio.service.jobs import Job

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
STUCK = "This job was stuck and has been ended: please try it again, or with a smaller or shorter clip."


@dataclass(frozen=True)
class Patience:
    """Seconds: a job's time, its time without a sign of life, and from being told to stop until its children are ended
    and until its worker is given up. Loading a generator shows no sign of life: it may take ``loading_times`` as long.
    """

    job: float = 86_400.0
    silent: float = 600.0
    children: float = 2.0
    worker: float = 15.0
    loading_times: float = 5.0


USUAL = Patience()


@dataclass(frozen=True)
class Work:
    """What the worker does: a job, or since ``since`` an errand (both None: nothing), while other jobs wait or not."""

    worker: threading.Thread
    job: Job | None
    since: float | None
    others_wait: bool
    closed: bool


class Watchdog:
    """A thread that looks at the worker twice a second. ``replace`` gives a worker up, with its job and the reason."""

    def __init__(
        self,
        work: Callable[[], Work],
        replace: Callable[[threading.Thread, Job | None, StudioError | None], None],
        patience: Patience,
    ) -> None:
        self._work = work
        self._replace = replace
        self._patience = patience
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="studio-watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()
        self._thread.join(5)

    def _watch(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            try:
                self.look(time.monotonic())
            except Exception:
                logger.exception("The watchdog failed once; it goes on.")

    def look(self, now: float) -> None:
        """Look once, at the monotonic second ``now``."""
        work = self._work()
        if not work.worker.is_alive():
            if not work.closed:
                self._replace(work.worker, work.job, None)
        elif work.job is not None:
            self._look_at(work.job, work.worker, now)
        elif work.since is not None and work.others_wait and now - work.since > self._patience.silent:
            self._replace(work.worker, None, None)

    def _look_at(self, job: Job, worker: threading.Thread, now: float) -> None:
        times = self._patience.loading_times if job.state == "loading" else 1.0
        if job.asked_to_stop is None:
            assert job.began is not None
            if now - job.began > self._patience.job:
                job.stop(LimitError(_too_long(self._patience.job)))
            elif now - job.sign > self._patience.silent * times:
                job.stop(ResourceError(STUCK))
            return
        asked = now - max(job.asked_to_stop, job.began or 0.0)
        if asked > self._patience.children and worker.ident is not None:
            children.kill_children_of(worker.ident)
        if asked > self._patience.worker * times:
            self._replace(worker, job, ResourceError(STUCK))


def _too_long(seconds: float) -> str:
    words = f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"
    return f"This job took longer than {words}, which is the most here: please ask for a shorter or smaller clip."
