"""Row 14: a job that is stuck, takes too long or kills its worker ends with a sentence, and the studio goes on."""

import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from studio.errors import Cancelled, LimitError, ResourceError, StudioError
from studio.media import children, ffmpeg
from studio.requests import TextToVideoRequest
from studio.service import Studio
from studio.service.jobs import Job, PreparedRequest
from studio.service.queue import DIED, JobQueue
from studio.service.watchdog import STUCK, Patience
from studio.settings import Limits, Settings

REQUEST = TextToVideoRequest(prompt="a red car", seed=1)
QUICK = Patience(job=60.0, silent=0.3, children=0.2, worker=0.6)


def job():
    return Job(PreparedRequest(request=REQUEST, seed=1, folder=Path("nowhere")))


class Line:
    """A queue whose jobs do what the test says, in turn; afterwards each is ended as done badly."""

    def __init__(self, *acts, patience=QUICK):
        self.acts, self.given_up = list(acts), []
        self.free, self.taken = threading.Event(), threading.Event()
        self.queue = JobQueue(self.perform, lambda job: None, limit=9, patience=patience, give_up=self.given_up.append)

    def perform(self, job):
        self.taken.set()
        self.acts.pop(0)(job)
        job.end(StudioError("performed"))

    def send(self):
        sent = job()
        self.queue.add(sent)
        return sent


@pytest.fixture
def line():
    lines = []

    def make(*acts, **how):
        lines.append(Line(*acts, **how))
        return lines[-1]

    yield make
    for each in lines:
        each.free.set()
        assert each.queue.close(10)


def nothing(job):
    """A job without a fault."""


def test_a_worker_that_never_returns_is_replaced(line):
    made = line(lambda job: made.free.wait(60), nothing)
    stuck, after = made.send(), made.send()
    with pytest.raises(ResourceError, match="stuck"):
        stuck.result(20)
    with pytest.raises(StudioError, match="performed"):
        after.result(20)
    assert made.given_up == [stuck]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_worker_that_died_is_replaced(line):
    made = line(lambda job: sys.exit(1), nothing)
    dead, after = made.send(), made.send()
    with pytest.raises(ResourceError) as told:
        dead.result(20)
    assert str(told.value) == DIED
    with pytest.raises(StudioError, match="performed"):
        after.result(20)


def test_a_cancelled_job_frees_the_queue_though_its_worker_is_stuck(line):
    made = line(lambda job: made.free.wait(60), nothing, patience=replace(QUICK, silent=60.0))
    stuck, after = made.send(), made.send()
    assert made.taken.wait(20)
    stuck.cancel()
    with pytest.raises(Cancelled):
        stuck.result(20)
    with pytest.raises(StudioError, match="performed"):
        after.result(20)


def test_a_job_over_its_time_is_told_so(line):
    def slow(job):
        while not job.is_cancelled():
            job.show_life()
            threading.Event().wait(0.01)

    made = line(slow, patience=Patience(job=0.3))
    with pytest.raises(LimitError, match="took longer than"):
        made.send().result(20)
    assert made.given_up == []


def test_whoever_shows_life_is_left_alone(line):
    def lively(job):
        for _ in range(12):
            job.show_life()
            threading.Event().wait(0.1)

    made = line(lively)
    with pytest.raises(StudioError, match="performed"):
        made.send().result(20)


def test_a_job_waiting_for_a_hung_child_is_woken_and_no_child_stays(line):
    """An ffmpeg that never gives a byte: it is killed, the worker goes on by itself and need not be given up."""
    children = []

    def hang(job):
        child = ffmpeg.Child(["-re", "-f", "lavfi", "-i", "color=s=16x16:r=0.01,select=0", "-f", "rawvideo", "pipe:1"],
                             feed=False, memory=ffmpeg.memory_for(256))  # fmt: skip
        children.append(child)
        child.read_into(memoryview(bytearray(1 << 20)))

    made = line(hang, nothing, patience=replace(QUICK, worker=30.0))
    with pytest.raises(ResourceError) as told:
        made.send().result(20)
    assert str(told.value) == STUCK and made.given_up == []
    assert children[0].finish() == -9


def test_children_of_other_threads_are_left_alone():
    child = ffmpeg.Child(["-re", "-f", "lavfi", "-i", "color=s=16x16:r=1", "-f", "rawvideo", "pipe:1"],
                         feed=False, memory=ffmpeg.memory_for(256))  # fmt: skip
    try:
        assert children.kill_children_of(threading.get_ident() + 1) == 0 and child.code is None
        assert children.kill_children_of(threading.get_ident()) == 1
    finally:
        child.kill()


def test_a_studio_gives_a_stuck_worker_up_with_its_files_and_pipelines(tmp_path, monkeypatch, tiny_checkpoints):
    from studio.service import tasks

    free = threading.Event()
    work = tmp_path / "work"
    limits = replace(Limits.public(), silent_seconds=0.3)
    real = tasks.TASKS["text_to_video"]
    monkeypatch.setitem(tasks.TASKS, "text_to_video", replace(real, run=lambda request, context: free.wait(60)))
    with Studio(Settings(work=work, checkpoints=tiny_checkpoints, limits=limits, public=True)) as studio:
        monkeypatch.setattr(studio._queue._watchdog, "_patience", replace(QUICK, silent=0.3))
        cache, stuck = studio._cache, studio.submit(REQUEST)
        with pytest.raises(ResourceError):
            stuck.result(20)
        assert studio._cache is not cache and not stuck.prepared.folder.exists()
        monkeypatch.setitem(tasks.TASKS, "text_to_video", real)
        assert studio.run(replace(REQUEST, seconds=1, fps=6, width=144, height=144)).frames == 6
        free.set()
    assert not list(work.rglob("*.mp4"))
