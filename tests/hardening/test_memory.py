"""Memory that runs out, and children that are ended: tried with less, then told in true words, never as damage."""

import signal
from fractions import Fraction

import pytest

from studio.errors import MemoryOutError, ResourceError
from studio.media.header import check_ended
from studio.media.info import MediaInfo
from studio.requests import RestyleRequest
from studio.service.cache import PipelineCache
from studio.service.context import JobContext, perform
from studio.service.jobs import Job, PreparedRequest, Source
from studio.settings import Settings


@pytest.fixture
def context(tmp_path):
    info = MediaInfo(kind="video", width=1920, height=1080, fps=Fraction(25), frame_count=50, duration=2.0)
    path = tmp_path / "clip.mp4"
    request = RestyleRequest(source=path, style="ink")
    sources = {"source": (Source(path, "clip.mp4", info),)}
    job = Job(PreparedRequest(request=request, seed=1, folder=tmp_path, sources=sources))
    settings = Settings(work=tmp_path)
    return JobContext(job, None, settings, PipelineCache(settings))


class Hungry:
    """A task that succeeds once its source is at most ``fits`` pixels long."""

    def __init__(self, fits, error):
        self.fits, self.error, self.asked = fits, error, []

    def run(self, request, context):
        self.asked.append(context.largest_side)
        (context.results / "half").write_bytes(b"x")
        if (context.largest_side or 1920) > self.fits:
            raise self.error
        return "made"


@pytest.mark.parametrize(
    "error", [MemoryError(), MemoryOutError("m"), RuntimeError("DefaultCPUAllocator: not enough memory")]
)
def test_out_of_memory_is_tried_again_then_smaller_and_said(context, error):
    task = Hungry(1000, error)
    assert perform(task, context) == "made"
    assert task.asked == [None, None, 960]
    assert any("smaller" in note for note in context.notes)


def test_out_of_memory_at_every_size_is_raised_and_leaves_no_note_of_success(context):
    with pytest.raises(MemoryError):
        perform(Hungry(10, MemoryError()), context)


def test_another_fault_is_not_tried_again(context):
    task = Hungry(10, ValueError("a fault"))
    with pytest.raises(ValueError):
        perform(task, context)
    assert task.asked == [None]


@pytest.mark.parametrize(
    ("code", "messages", "kind"),
    [
        (-signal.SIGKILL, "", ResourceError),
        (255, "Exiting normally, received signal 15.", ResourceError),
        (1, "Error while decoding: Cannot allocate memory", MemoryOutError),
        (-signal.SIGABRT, "terminate called: std::bad_alloc", MemoryOutError),
    ],
)
def test_how_a_reader_ended_is_told_truly(code, messages, kind):
    with pytest.raises(kind) as caught:
        check_ended(code, messages)
    assert "damaged" not in str(caught.value)


def test_damage_is_left_to_be_told_as_damage():
    check_ended(1, "Invalid data found when processing input")
    check_ended(-signal.SIGSEGV, "")
