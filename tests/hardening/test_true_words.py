"""Children that are killed or get no memory, wherever a file is read or written: told as such, never as damage."""

import os
import signal
import sys

import numpy as np
import pytest
from PIL import Image

from studio.errors import MediaError, MemoryOutError, ResourceError
from studio.media import children, encode, ffmpeg, pictures, sound
from studio.media.decode import open_frames, read_rgba
from studio.media.encode import VideoWriter, write_gif
from studio.media.ffmpeg import machine_fault
from studio.media.probe import probe
from studio.media.transparent import TransparentWriter
from studio.origin import COMPOSITE
from studio.settings import Limits

LIMITS = Limits.public()
ENDED = "ended from outside"


@pytest.fixture
def started(monkeypatch):
    """Every ffmpeg that is fed or read frame by frame, as it is started."""
    found, start = [], ffmpeg.Child.__init__

    def remember(child, *words, **options):
        start(child, *words, **options)
        found.append(child)

    monkeypatch.setattr(ffmpeg.Child, "__init__", remember)
    return found


@pytest.fixture
def killed_at_once(monkeypatch):
    """Every child is killed as soon as it is started."""
    start = children.start

    def killed(*words, **options):
        child = start(*words, **options)
        child.send_signal(signal.SIGKILL)
        return child

    monkeypatch.setattr(children, "start", killed)


@pytest.mark.parametrize("which", [signal.SIGKILL, signal.SIGTERM])
def test_a_decoder_that_is_ended(make, started, which):
    path = make.clip("killed.mp4", size=(640, 480), frames=60)
    info = probe(path, LIMITS)
    with open_frames(path, LIMITS, info=info) as frames, pytest.raises(ResourceError, match=ENDED):
        for _ in frames:
            os.kill(started[0].pid, which)


@pytest.mark.parametrize(("kind", "layers", "which"), [
    (VideoWriter, 3, signal.SIGKILL), (VideoWriter, 3, signal.SIGTERM), (TransparentWriter, 4, signal.SIGKILL),
])  # fmt: skip
def test_an_encoder_that_is_ended(tmp_path, started, kind, layers, which):
    def write():
        with kind(tmp_path / "a", (320, 240), 24) as writer:
            for number in range(200):
                writer.write(np.zeros((240, 320, layers), np.uint8))
                if number == 3:
                    os.kill(started[0].pid, which)

    with pytest.raises(ResourceError, match=ENDED):
        write()
    assert list(tmp_path.iterdir()) == []


def test_an_encoder_that_is_ended_at_its_end(tmp_path, started):
    writer = VideoWriter(tmp_path / "a.mp4", (64, 48), 24)
    writer.write(np.zeros((48, 64, 3), np.uint8))
    os.kill(started[0].pid, signal.SIGKILL)
    with pytest.raises(ResourceError, match=ENDED):
        writer.close()
    assert list(tmp_path.iterdir()) == []


def test_short_runs_that_are_ended(make, tmp_path, killed_at_once):
    clip, video = make.folder / "probed.mp4", tmp_path / "a.gif"
    with pytest.raises(ResourceError, match=ENDED):
        probe(clip, LIMITS)
    with pytest.raises(ResourceError, match=ENDED):
        write_gif(video, clip)
    with pytest.raises(ResourceError, match=ENDED):
        sound.join(clip, tmp_path / "b.mp4", None, 1, None, COMPOSITE)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(autouse=True)
def clips(make):
    make.clip("probed.mp4")


def test_a_decoder_without_memory(make, monkeypatch):
    path = make.clip("large.mp4", size=(1280, 720), frames=12)
    info = probe(path, LIMITS)
    monkeypatch.setattr(ffmpeg, "memory_for", lambda pixels: 160 << 20)
    with pytest.raises(MemoryOutError, match="Memory ran out"), open_frames(path, LIMITS, info=info) as frames:
        list(frames)


def test_an_encoder_without_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(encode.ffmpeg, "memory_for", lambda pixels: 200 << 20)

    def write():
        with VideoWriter(tmp_path / "a.mp4", (1920, 1080), 24) as writer:
            for _ in range(60):
                writer.write(np.zeros((1080, 1920, 3), np.uint8))

    with pytest.raises(MemoryOutError, match="Memory ran out"):
        write()
    assert list(tmp_path.iterdir()) == []


def test_a_pictures_reader_that_is_ended(tmp_path, killed_at_once):
    Image.new("RGB", (2400, 1800)).save(tmp_path / "a.png")
    with pytest.raises(ResourceError, match=ENDED):
        read_rgba(tmp_path / "a.png", LIMITS)


def test_a_pictures_reader_that_trips_over_its_picture(tmp_path, monkeypatch):
    Image.new("RGB", (2400, 1800)).save(tmp_path / "a.png")
    command = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"]
    start = children.start
    monkeypatch.setattr(pictures.children, "start", lambda *_, **more: start(command, "x", **more))
    with pytest.raises(MediaError, match="damaged"):
        read_rgba(tmp_path / "a.png", LIMITS)


@pytest.mark.parametrize(("code", "words", "said"), [
    (-signal.SIGKILL, "", ENDED), (-signal.SIGTERM, "", ENDED), (-signal.SIGHUP, "Invalid data found", ENDED),
    (255, "", ENDED), (1, "Exiting normally, received signal 15.", ENDED), (-24, "", "took too long"),
    (244, "", "Memory ran out"), (1, "Error: Cannot allocate memory", "Memory ran out"),
    (-signal.SIGABRT, "terminate called: std::bad_alloc", "Memory ran out"),
    (-25, "", "disk is full"), (1, "av_interleaved_write_frame(): No space left on device", "disk is full"),
    (1, "Invalid data found when processing input", None), (-signal.SIGSEGV, "", None), (-signal.SIGABRT, "", None),
    (0, "", None), (None, "", None), (0, "Cannot allocate memory", None),
])  # fmt: skip
def test_what_ended_a_child(code, words, said):
    found = machine_fault(code, words, "while it was tried")
    assert (found is None) if said is None else (said in str(found) and "damaged" not in str(found))
