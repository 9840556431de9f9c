"""The queue: first come, first served, bounded; waiting jobs can leave at once."""

import threading
from pathlib import Path

import pytest

from studio.errors import BusyError, Cancelled, StudioError
from studio.requests import TextToVideoRequest
from studio.service.jobs import Job, PreparedRequest
from studio.service.queue import JobQueue


def job(visitor=""):
    request = TextToVideoRequest(prompt="a red car", seed=1)
    return Job(PreparedRequest(request=request, seed=1, folder=Path("nowhere")), visitor=visitor)


class Line:
    """A queue whose worker waits at a gate, and notes what it did."""

    def __init__(self, **bounds):
        self.gate, self.performed, self.discarded = threading.Event(), [], []
        self.busy = threading.Event()
        self.queue = JobQueue(self.perform, self.discarded.append, **{"limit": 2, **bounds})

    def perform(self, job):
        self.busy.set()
        self.gate.wait(10)
        self.performed.append(job)
        job.end(Cancelled() if job.is_cancelled() else StudioError("over"))

    def occupy(self):
        first = job()
        self.queue.add(first)
        assert self.busy.wait(10)
        return first


@pytest.fixture
def line(request):
    made = Line(**getattr(request, "param", {}))
    yield made
    made.gate.set()
    assert made.queue.close(10)


def test_first_come_first_served(line):
    jobs = [line.occupy(), job(), job()]
    for each in jobs[1:]:
        line.queue.add(each)
    line.gate.set()
    for each in jobs:
        with pytest.raises(StudioError):
            each.result(10)
    assert line.performed == jobs


def test_a_full_queue_says_busy(line):
    line.occupy()
    line.queue.add(job())
    line.queue.add(job())
    with pytest.raises(BusyError, match="busy: 2 jobs"):
        line.queue.add(job())
    with pytest.raises(BusyError):
        line.queue.check_room()


@pytest.mark.parametrize("line", [{"limit": 10, "per_visitor": 2}], indirect=True)
def test_one_visitor_cannot_fill_the_queue(line):
    line.occupy()
    line.queue.add(job("anna"))
    line.queue.add(job("anna"))
    with pytest.raises(BusyError, match="already have 2"):
        line.queue.add(job("anna"))
    line.queue.add(job("bert"))


def test_a_waiting_job_leaves_at_once_and_the_others_move_up(line):
    line.occupy()
    leaving, staying = job(), job()
    line.queue.add(leaving)
    line.queue.add(staying)
    assert staying.events().__next__().done == 2
    leaving.cancel()
    with pytest.raises(Cancelled):
        leaving.result(0)
    assert leaving.state == "cancelled"
    assert line.discarded == [leaving]
    assert staying.events().__next__().done == 1
    line.gate.set()
    with pytest.raises(StudioError):
        staying.result(10)
    assert leaving not in line.performed


def test_closing_cancels_everything_and_takes_nothing_more():
    line = Line()
    running, waiting = line.occupy(), job()
    line.queue.add(waiting)
    line.gate.set()
    assert line.queue.close(10)
    assert running.is_cancelled() or running.is_over()
    with pytest.raises(StudioError):
        waiting.result(0)
    with pytest.raises(BusyError):
        line.queue.add(job())


def test_errands_run_while_nothing_waits_and_may_fail(line):
    done = threading.Event()
    line.queue.add_errand(lambda: 1 / 0)
    line.queue.add_errand(done.set)
    assert done.wait(10)
    line.gate.set()
    late = job()
    line.queue.add(late)
    with pytest.raises(StudioError):
        late.result(10)
