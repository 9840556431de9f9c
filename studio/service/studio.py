"""The studio without a face: a request goes in, a job comes out. Page, command line and Python come here."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

from studio import catalogue, sealing
from studio.errors import BusyError, Cancelled, RequestError, StudioError
from studio.media.credentials import credentials_of
from studio.media.decode import read_rgba
from studio.media.encode import write_gif
from studio.media.metadata import read_request
from studio.media.probe import probe
from studio.privacy import JobFolders, check_space
from studio.requests import Request, fields_of, from_json
from studio.service.budget import check_work
from studio.service.cache import PipelineCache
from studio.service.context import JobContext, perform
from studio.service.events import Event
from studio.service.faults import translate
from studio.service.history import Entry, History
from studio.service.intake import bytes_of, label_of, let_go, name_on_disk, take_in
from studio.service.jobs import Job
from studio.service.looks import LookBook
from studio.service.queue import JobQueue
from studio.service.results import Result
from studio.service.tasks import TASKS, requests_with_forms
from studio.service.watchdog import Patience
from studio.settings import Settings, bytes_in_words

logger = logging.getLogger(__name__)

WAITING_PER_VISITOR = 2  # of a public studio, so that one visitor cannot fill the queue
CLIENTS_PART = 4  # and of its queue one network address at most a quarter, however many pages it opens
SWEEP_SECONDS = 30.0
STOPPED = "The studio was stopped before this job was done: please send it again in a minute."
LOOKED_AT = 2048  # pixels of a picture's longer side while transparency is looked for in it


@dataclass(frozen=True, kw_only=True)
class CatalogueRow:
    """A checkpoint as the catalogue shows it; ``size`` in words, "not here" where it is absent."""

    name: str
    task: str
    size: str
    licence: str
    origin: str
    present: bool


class Studio:
    """One queue for all tasks, one worker, private folders. Use as a context manager, or call ``shutdown``."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._credentials = credentials_of(settings)
        if settings.encrypt:
            sealing.check_memory_folder(settings.work)
            sealing.leave_no_core()
        self._folders = JobFolders(settings.work)
        self._guard = sealing.wipe_when_gone(self._folders.run) if settings.encrypt else None
        self._cache = PipelineCache(settings)
        self._history = History()
        self.looks = LookBook(self._folders, settings.looks, settings.passphrase if settings.encrypt else None)
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._gif_lock = threading.Lock()
        self.closing = threading.Event()  # set when the studio shuts down, for whoever works beside it
        self.name_of = name_on_disk  # a face that gives uploads names of its own knows better
        self._warm = threading.Event()
        self._queue = JobQueue(
            self._perform,
            self._discard,
            limit=settings.limits.queue,
            per_visitor=WAITING_PER_VISITOR if settings.public else None,
            per_client=max(WAITING_PER_VISITOR, settings.limits.queue // CLIENTS_PART) if settings.public else None,
            patience=Patience(job=settings.limits.job_seconds, silent=settings.limits.silent_seconds),
            give_up=self._give_up,
        )
        self._sweeper = threading.Thread(target=self._sweep, name="studio-sweeper", daemon=True)
        self._sweeper.start()

    def check_room(self, visitor: str = "", client: str = "") -> None:
        """Raise BusyError if a job of this visitor and client could not wait now; costs nothing."""
        self._queue.check_room(visitor, client)

    def submit(self, request: Request, visitor: str = "", client: str = "") -> Job:
        """Check the request's files, copy them, and put the job into the queue.

        ``visitor`` is an opaque key of the face's own: it opens the visitor's history and bounds their waiting jobs.
        ``client`` is another for where the request came from: it bounds the waiting jobs of all visitors from there.
        Raises BusyError, UserError (with one sentence), CheckpointError or ResourceError; nothing is left behind then.
        """
        self._queue.check_room(visitor, client)
        task = TASKS[request.task]
        if task.card:
            catalogue.find(task.card, self.settings.checkpoints)
        folder = self._folders.create(bytes_of(request))
        try:
            prepared = take_in(request, folder, self.settings.limits, self.name_of)
            task.check(prepared.request, prepared.sources, self.settings.limits)
            check_work(prepared.request, prepared.sources, self.settings.limits)
            job = Job(prepared, visitor=visitor, client=client)
            with self._lock:
                self._jobs[job.id] = job
            self._queue.add(job)
        except Exception as error:
            with self._lock:
                self._jobs.pop(folder.name, None)
            self._folders.remove(folder)
            known = translate(error)
            raise known from (None if known is error else error)
        return job

    def run(self, request: Request, on_event: Callable[[Event], None] | None = None) -> Result:
        """Submit and wait. Interrupted (Ctrl-C, or ``on_event`` raises), it cancels the job and waits for its end."""
        job = self.submit(request)
        try:
            for event in job.events():
                if on_event is not None:
                    on_event(event)
            return job.result()
        except BaseException:
            job.cancel()
            for _ in job.events():
                pass
            raise

    def job(self, job_id: str) -> Job | None:
        """The job of that id while it is known: after a reload a page finds its job again."""
        with self._lock:
            return self._jobs.get(job_id)

    def history(self, visitor: str) -> tuple[Entry, ...]:
        """The visitor's finished jobs, newest first."""
        return self._history.of(visitor)

    def gif(self, job_id: str, variation: int = 0) -> Path:
        """A finished job's video as a GIF beside it, made on the first call. Raises RequestError for an unknown job."""
        job = self.job(job_id)
        if job is None or not job.is_over():
            raise RequestError("This result is no longer here: please make it again.")
        result = job.result()
        video = (result.variations or (result.video,))[variation]
        target = video.with_suffix(".gif")
        try:
            with self._gif_lock:
                if not target.exists():
                    write_gif(target, video, metadata=read_request(video), credentials=self._credentials)
        except Exception as error:
            known = translate(error)
            raise known from (None if known is error else error)
        return target

    def kind_of(self, path: Path) -> str:
        """What a file is: "video", "animation" (a GIF that moves) or "image"; MediaError or LimitError if neither."""
        return probe(path, self.settings.limits).kind

    def shows_through(self, pictures: Sequence[Path]) -> bool:
        """Whether any part of any of these pictures is not solid; MediaError or LimitError if one is no picture."""
        limits = self.settings.limits
        return any(read_rgba(path, limits, LOOKED_AT)[..., 3].min() < 255 for path in pictures)

    def request_in(self, path: Path, **given: object) -> Request:
        """The request that a file made here carries, to fill a form again; RequestError if it carries none.

        It knows its files' names at most, and words only if they were to be kept: ``given`` says paths and words anew.
        """
        found = read_request(path)
        if found is None:
            raise RequestError("This file does not carry a Zoetrope request.")
        try:
            return from_json(json.dumps(found), requests_with_forms(), **given)
        except RequestError:
            if found.get("keep_prompt") is not False:
                raise
        raise RequestError("This file was saved without its words, so the form cannot be filled from it alone.")

    def settings_in(self, path: Path, unsaid: str) -> Request:
        """``request_in`` for a form: ``unsaid`` stands in place of the words that the file was saved without."""
        found = read_request(path) or {}
        kind = requests_with_forms().get(str(found.get("task")))
        if kind is None or found.get("keep_prompt") is not False:
            return self.request_in(path)
        try:
            return self.request_in(path)  # where nothing has to be said
        except RequestError:
            words = {each.name: unsaid for each in fields_of(kind) if each.form == "words" and not each.bounds.advanced}
            return self.request_in(path, **words)

    def private_folder(self) -> Path:
        """A fresh folder of this run for a face's own files (uploads, served copies): wiped when the studio closes."""
        return self._folders.create()

    def check_space(self, needed: int) -> None:
        """Raise ResourceError unless so many bytes and a reserve are free where files come to lie."""
        check_space(self._folders.root, needed)

    def catalogue(self) -> tuple[CatalogueRow, ...]:
        """Every checkpoint: its task, size, licence, origin, and whether it is here."""
        place = self.settings.checkpoints
        return tuple(
            CatalogueRow(
                name=card.name,
                task=card.task,
                size=bytes_in_words(card.size_bytes(place)) if card.is_present(place) else "not here",
                licence=card.licence,
                origin=card.origin,
                present=card.is_present(place),
            )
            for card in catalogue.CARDS.values()
        )

    def warm_up(self) -> None:
        """Load what is present, piece by piece, while nothing waits: the first job then starts at once."""
        for card, pipeline in {task.card: task.pipeline for task in TASKS.values() if task.card}.items():
            if catalogue.CARDS[card].is_present(self.settings.checkpoints):
                self._queue.add_errand(lambda card=card, pipeline=pipeline: self._cache.take(card, pipeline))
        self._queue.add_errand(self._warm.set)

    def is_ready(self) -> bool:
        """Whether all that was to be loaded before the first job is loaded, and the studio is not closing."""
        return self._warm.is_set() and not self.closing.is_set()

    def is_busy(self) -> bool:
        """Whether a job runs or waits."""
        with self._lock:
            return any(not job.is_over() for job in self._jobs.values())

    def drain(self, seconds: float | None = None) -> bool:
        """Take no more jobs, end those that wait, and let the running one finish within ``seconds`` (default: the
        settings' grace); whether it did. Those that wait cannot be kept: their files are wiped with the studio's.
        """
        return self._queue.drain(self.settings.grace_seconds if seconds is None else seconds, BusyError(STOPPED))

    def shutdown(self, timeout: float = 30.0) -> None:
        """Cancel every job, end the threads, wipe every folder of this process. Safe to call twice."""
        if self.closing.is_set():
            return
        self.closing.set()
        if not self._queue.close(timeout):
            logger.warning("The worker did not come to an end within %.0f seconds.", timeout)
        self._sweeper.join(timeout)
        self._folders.close()
        if self._guard is not None:
            self._guard.communicate()  # it ends with its pipe

    def __enter__(self) -> Studio:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.shutdown()

    def _perform(self, job: Job) -> None:
        """Run one job in the worker. Its folder is in order before anybody hears of its end."""
        started = time.monotonic()
        outcome: Result | StudioError
        try:
            task = TASKS[job.request.task]
            context = JobContext(job, task, self.settings, self._cache, self._credentials)
            context.start("working", None, "Reading the files." if job.prepared.sources else "Starting.")
            outcome = perform(task, context)
            context.check_cancelled()
            let_go(job.prepared.folder)
            outcome = replace(outcome, seconds_taken=time.monotonic() - started, job_id=job.id)
        except BaseException as error:  # noqa: BLE001  the worker must outlive whatever a job does
            outcome = Cancelled() if job.is_cancelled() else translate(error)
        if job.is_over():  # it was given up long ago: nobody waits for what came of it
            self._folders.remove(job.prepared.folder)
        elif isinstance(outcome, StudioError):
            self._folders.remove(job.prepared.folder)
            self._cache.release()
        elif outcome.look is None:
            entry = Entry(job_id=job.id, task=job.request.task, video=outcome.video, label=label_of(job.request))
            self._history.add(job.visitor, entry)
        job.end(outcome)

    def _discard(self, job: Job) -> None:
        self._folders.remove(job.prepared.folder)

    def _give_up(self, job: Job) -> None:
        """The worker never came back from this job: it may keep its pipelines, the next one loads its own."""
        self._cache = PipelineCache(self.settings)
        self._folders.remove(job.prepared.folder)

    def _sweep(self) -> None:
        """Results stay for the settings' time after their job's end, then their folder goes."""
        keep = self.settings.keep_seconds
        while not self.closing.wait(min(SWEEP_SECONDS, keep / 2)):
            now = time.monotonic()
            with self._lock:
                old = [job for job in self._jobs.values() if job.ended is not None and now - job.ended > keep]
                for job in old:
                    del self._jobs[job.id]
            for job in old:
                self._history.forget(job.id)
                self._folders.remove(job.prepared.folder)
            self.looks.expire(keep)
