"""The life of jobs: taken in, queued, run, cancelled, failed, kept for a while, wiped."""

import dataclasses
import errno
import logging
import shutil
import threading
import time

import pytest

from studio.errors import BusyError, Cancelled, CheckpointError, MediaError, RequestError, ResourceError, StudioError
from studio.requests import PredictionRequest, RestyleRequest, TextToVideoRequest
from studio.service import TASKS
from studio.service.faults import UNKNOWN_FAULT

SHORT = TextToVideoRequest(prompt="a red car drives left", seconds=1, fps=6, width=144, height=144, seed=3)
LONG = dataclasses.replace(SHORT, seconds=6, fps=30, width=512, height=512)


def files_in(studio):
    return sorted(path for path in studio.settings.work.rglob("*.*") if path.is_file() and "lock" not in path.name)


def until_running(job):
    """Follow the job until a first frame is finished."""
    for event in job.events(timeout=60):
        if event.kind == "working" and event.done >= 1:
            return event
    raise AssertionError("the job never ran")


def test_a_job_from_submit_to_result(open_studio, children):
    studio = open_studio()
    job = studio.submit(SHORT)
    events = list(job.events())
    kinds = list(dict.fromkeys(event.kind for event in events))
    assert kinds[-1] == "done" and "loading" in kinds and "working" in kinds
    result = job.result(0)
    assert result.video.is_file() and result.seed == 3 and result.job_id == job.id
    assert (result.width, result.height, result.fps, result.frames) == (144, 144, 6.0, 6)
    assert studio.job(job.id) is job and studio.job("somebody else's") is None
    assert children() == []


def test_loading_is_announced_once(open_studio):
    studio = open_studio()
    kinds = [[], []]
    for seen in kinds:
        studio.run(SHORT, lambda event, seen=seen: seen.append(event.kind))
    assert "loading" in kinds[0] and "loading" not in kinds[1]


def test_the_seed_that_was_rolled_gives_the_same_file(open_studio, look):
    studio = open_studio()
    rolled = studio.run(dataclasses.replace(SHORT, seed=None))
    again = studio.run(dataclasses.replace(SHORT, seed=rolled.seed))
    other = studio.run(dataclasses.replace(SHORT, seed=(rolled.seed + 1) % 2**31))
    frames = [look(result.video).frames for result in (rolled, again, other)]
    assert (frames[0] == frames[1]).all()
    assert (frames[0] != frames[2]).any()


def test_cancelling_a_running_job_stops_within_a_frame_and_leaves_nothing(open_studio, children, wait_for):
    studio = open_studio()
    job = studio.submit(LONG)
    until_running(job)
    job.cancel()
    before = [event.done for event in job.events(timeout=0) if event.kind == "working"][-1]
    with pytest.raises(Cancelled):
        job.result(10)
    after = [event.done for event in job.events() if event.kind == "working"][-1]
    assert after - before <= 1
    assert files_in(studio) == []
    wait_for(lambda: children() == [])
    assert studio.run(SHORT).frames == 6


@pytest.mark.parametrize("wait", [0, 0.05, 0.3, 1.0])
def test_cancelling_at_any_moment_leaves_nothing(open_studio, children, make, wait_for, wait):
    studio = open_studio()
    job = studio.submit(PredictionRequest(clip=make.clip("sound.mp4", frames=24, fps="24", sound=True), seconds=5))
    time.sleep(wait)
    job.cancel()
    try:
        job.result(60)
    except Cancelled:
        assert files_in(studio) == []
    wait_for(lambda: children() == [])
    assert job.is_over() and studio.run(SHORT).frames == 6


def test_cancelling_a_waiting_job_leaves_the_running_one_alone(open_studio):
    studio = open_studio()
    running, waiting = studio.submit(LONG), studio.submit(SHORT)
    until_running(running)
    waiting.cancel()
    with pytest.raises(Cancelled):
        waiting.result(0)
    assert not running.is_over() and not running.is_cancelled()


def test_a_full_queue_refuses_at_once_and_keeps_no_files(open_studio, make):
    studio = open_studio(limits={"queue": 1})
    until_running(studio.submit(LONG))
    studio.submit(SHORT)
    folders = sorted(studio.settings.work.glob("run-*/*"))
    with pytest.raises(BusyError, match="busy"):
        studio.submit(PredictionRequest(clip=make.clip()))
    assert sorted(studio.settings.work.glob("run-*/*")) == folders


def test_inputs_are_copied_when_they_are_handed_in(open_studio, make, tmp_path):
    studio = open_studio()
    first = studio.submit(LONG)
    mine = tmp_path / "my holiday.mp4"
    shutil.copyfile(make.clip(), mine)
    job = studio.submit(PredictionRequest(clip=mine, seconds=0.2, seed=1))
    mine.unlink()
    first.cancel()
    assert job.result(60).video.is_file()
    assert [path.name for path in files_in(studio) if "holiday" in path.name] == []


@pytest.mark.parametrize("content", [b"", b"just some words\n" * 50, b"#EXTM3U\nhttp://127.0.0.1/x.ts\n"])
def test_a_bad_file_is_refused_before_anything_loads(open_studio, tmp_path, content):
    studio = open_studio()
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(content)
    with pytest.raises(MediaError) as told:
        studio.submit(RestyleRequest(source=bad, style="oil painting"))
    assert "\n" not in str(told.value) and str(tmp_path) not in str(told.value)
    assert files_in(studio) == []
    assert not studio._cache.has("restyle")
    with pytest.raises(MediaError, match="no file"):
        studio.submit(RestyleRequest(source=tmp_path / "absent.mp4", style="oil painting"))


def test_a_missing_checkpoint_is_said_on_submit(open_studio, tiny_checkpoints, tmp_path, make):
    some = tmp_path / "checkpoints"
    shutil.copytree(tiny_checkpoints, some)
    shutil.rmtree(some / "prediction")
    studio = open_studio(checkpoints=some)
    with pytest.raises(CheckpointError, match='"prediction" is missing'):
        studio.submit(PredictionRequest(clip=make.clip()))
    assert files_in(studio) == []
    present = {row.name: row.present for row in studio.catalogue()}
    assert present["text_to_video"] and not present["prediction"]
    assert studio.run(SHORT).frames == 6


def test_a_damaged_checkpoint_fails_its_job_and_no_other(open_studio, tiny_checkpoints, tmp_path, make):
    some = tmp_path / "checkpoints"
    shutil.copytree(tiny_checkpoints, some)
    weights = next((some / "prediction" / "generator").glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:100])
    studio = open_studio(checkpoints=some)
    with pytest.raises(StudioError) as told:
        studio.run(PredictionRequest(clip=make.clip()))
    assert isinstance(told.value, CheckpointError)
    assert files_in(studio) == []
    assert studio.run(SHORT).frames == 6


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), ResourceError),
        (MemoryError(), ResourceError),
        (ZeroDivisionError("of ours"), StudioError),
    ],
)
def test_after_a_fault_in_the_worker_the_next_job_works(open_studio, monkeypatch, caplog, fault, kind):
    def run(request, context):
        (context.results / "half.mp4").write_bytes(b"half")
        raise fault

    studio = open_studio()
    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        patch.setitem(TASKS, "text_to_video", dataclasses.replace(TASKS["text_to_video"], run=run))
        with pytest.raises(kind) as told:
            studio.run(SHORT)
    assert "\n" not in str(told.value)
    assert (str(told.value) == UNKNOWN_FAULT) == (kind is StudioError)
    assert files_in(studio) == []
    assert studio.run(SHORT).frames == 6


def test_an_interrupted_run_cancels_its_job(open_studio):
    studio = open_studio()

    def interrupt(event):
        if event.kind == "working" and event.done >= 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        studio.run(LONG, interrupt)
    assert files_in(studio) == []


def test_results_expire(open_studio, wait_for):
    studio = open_studio(keep_seconds=0.4)
    job = studio.submit(SHORT, "anna")
    job.result(60)
    wait_for(lambda: studio.job(job.id) is None)
    wait_for(lambda: not job.prepared.folder.exists())
    assert files_in(studio) == [] and studio.history("anna") == ()


def test_history_is_per_visitor(open_studio):
    studio = open_studio()
    job = studio.submit(SHORT, "anna")
    job.result(60)
    (entry,) = studio.history("anna")
    assert (entry.job_id, entry.task, entry.label) == (job.id, "text_to_video", "a red car drives left")
    assert entry.video.is_file()
    assert studio.history("bert") == () and studio.history("") == ()


def test_shutdown_ends_everything(open_studio, children):
    studio = open_studio()
    running, waiting = studio.submit(LONG), studio.submit(LONG)
    until_running(running)
    studio.shutdown()
    for job in (running, waiting):
        with pytest.raises(Cancelled):
            job.result(0)
    assert files_in(studio) == [] and children() == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("studio-")]
    with pytest.raises(BusyError):
        studio.submit(SHORT)


def test_warm_up_loads_everything_that_is_present(open_studio, wait_for):
    studio = open_studio()
    studio.warm_up()
    wait_for(lambda: all(studio._cache.has(task.card) for task in TASKS.values() if task.card), 60)


def test_a_result_as_gif(open_studio):
    studio = open_studio()
    result = studio.run(SHORT)
    gif = studio.gif(result.job_id)
    assert gif.read_bytes()[:4] == b"GIF8"
    with pytest.raises(RequestError, match="no longer here"):
        studio.gif("0" * 32)


def test_a_finished_file_fills_the_form_again(open_studio, make):
    studio = open_studio()
    kept = dataclasses.replace(SHORT, keep_prompt=True)
    result = studio.run(kept)
    assert studio.request_in(result.video) == studio.settings_in(result.video, "…") == kept
    silent = studio.run(SHORT)
    assert b"red car" not in silent.video.read_bytes()
    with pytest.raises(RequestError, match="without its words"):
        studio.request_in(silent.video)
    assert studio.request_in(silent.video, prompt=SHORT.prompt) == SHORT
    assert studio.settings_in(silent.video, "…") == dataclasses.replace(SHORT, prompt="…")
    clip = make.clip()
    predicted = studio.run(PredictionRequest(clip=clip, seconds=0.2, seed=5))
    assert clip.name.encode() not in predicted.video.read_bytes()
    predicted = studio.run(PredictionRequest(clip=clip, seconds=0.2, seed=5, keep_names=True))
    assert str(clip.parent).encode() not in predicted.video.read_bytes()
    assert studio.request_in(predicted.video).clip.name == clip.name
    with pytest.raises(RequestError, match="does not carry"):
        studio.request_in(clip)
