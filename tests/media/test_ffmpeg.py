"""The cage around ffmpeg: it cannot hang us, outgrow us, read what it was not given, or stay behind."""

import os
import signal
import threading
from fractions import Fraction

import numpy as np
import pytest

from studio.errors import ResourceError
from studio.media import ffmpeg
from studio.media.decode import open_frames
from studio.media.encode import VideoWriter


def test_the_binary_is_the_wheels_and_not_on_path():
    folder = os.path.dirname(ffmpeg.executable())
    assert os.path.isfile(ffmpeg.executable()) and folder not in os.environ.get("PATH", "").split(os.pathsep)


def test_a_hung_reader_is_ended(coded, limits, monkeypatch, children):
    monkeypatch.setattr(ffmpeg, "STALL_SECONDS", 0.3)
    before = children()
    with pytest.raises(ResourceError, match="stopped answering"):
        with open_frames(coded("big-frames.mkv", 20, size=(1280, 720)), limits) as stream:
            frames = iter(stream)
            next(frames)
            (child,) = children() - before
            os.kill(child, signal.SIGSTOP)
            list(frames)


def test_a_hung_writer_is_ended_and_leaves_nothing(tmp_path, monkeypatch, children):
    monkeypatch.setattr(ffmpeg, "STALL_SECONDS", 0.3)
    before = children()
    frame = np.zeros((720, 1280, 3), np.uint8)
    with pytest.raises(ResourceError, match="stopped answering"):
        with VideoWriter(tmp_path / "out.mp4", (1280, 720), Fraction(10)) as writer:
            writer.write(frame)
            (child,) = children() - before
            os.kill(child, signal.SIGSTOP)
            for _ in range(20):
                writer.write(frame)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_takes_too_long_is_ended(no_children):
    with pytest.raises(ResourceError, match="too long"):
        ffmpeg.run(["-re", "-f", "lavfi", "-i", "color=s=16x16:r=5", "-f", "null", "-"], seconds=1.0)


def test_a_child_runs_under_a_memory_cap(coded):
    if not os.path.exists("/proc/self/limits"):
        pytest.skip("limits are read through /proc")
    feed = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", "16x16", "-i", "pipe:0", "-f", "null", "-"]
    child = ffmpeg.Child(feed, feed=True, memory=300 << 20)
    with open(f"/proc/{child.pid}/limits") as file:
        limits = file.read()
    child.kill()
    assert str(300 << 20) in limits


def test_only_files_and_pipes_are_opened(coded, tmp_path):
    listing = tmp_path / "list.txt"
    listing.write_text("ffconcat version 1.0\nfile 'http://127.0.0.1:9/x.mp4'\n")
    done = ffmpeg.run([*ffmpeg.input_arguments(listing, "concat", 1 << 20)], seconds=10.0)
    assert "not on whitelist" in done.messages.lower() or "Input #0" not in done.messages


@pytest.mark.parametrize("name", ["-i.mp4", "a b;rm -rf $HOME.mp4", "http:x.mp4", "%d.mp4", "é\n.mp4", "pipe:0"])
def test_hostile_names_are_only_names(coded, tmp_path, limits, which, name):
    path = tmp_path / name
    path.write_bytes(coded("plain.mp4", 5).read_bytes())
    with open_frames(path, limits) as stream:
        assert which(stream) == list(range(5))


def test_children_can_be_used_from_many_threads(coded, limits, which, no_children):
    seen: list[list[int]] = []
    path = coded("plain.mp4", 5)

    def read() -> None:
        with open_frames(path, limits) as stream:
            seen.append(which(stream))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [list(range(5))] * 4


def test_no_file_handles_are_kept(coded, limits, tmp_path):
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("open files are counted through /proc")
    path = coded("plain.mp4", 5)

    def work() -> int:
        with open_frames(path, limits) as stream, VideoWriter(tmp_path / "out.mp4", stream.size, stream.fps) as writer:
            for frame in stream:
                writer.write(frame)
        return len(os.listdir("/proc/self/fd"))

    assert work() == work() == work()
