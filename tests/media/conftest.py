"""Files for the media tests, made by ffmpeg, Pillow and plain bytes; and looks at results that bypass the studio's
code.
"""

import os
import subprocess
import wave
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from studio.settings import Limits

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


@pytest.fixture(scope="session")
def limits() -> Limits:
    """The local limits."""
    return Limits.local()


@pytest.fixture(scope="session")
def media(tmp_path_factory) -> Path:
    """A folder for files that are made once."""
    return tmp_path_factory.mktemp("made")


@pytest.fixture(scope="session")
def ff():
    """Run the bare ffmpeg with these arguments (and stdin); returns its stdout."""

    def run(*arguments: object, feed: bytes | None = None) -> bytes:
        command = [FFMPEG, "-v", "error", "-y", *map(str, arguments)]
        done = subprocess.run(command, input=feed, capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    return run


@pytest.fixture(scope="session")
def coded(ff, media):
    """Make a clip whose frame k is one even grey of level 20 + 8 k, so that every decoded frame tells which it is."""

    def make(name: str, frames: int, *extra: str, fps: str = "10", size: tuple[int, int] = (64, 48)) -> Path:
        path = media / name
        raw = b"".join(np.full((size[1], size[0]), 20 + 8 * k, np.uint8).tobytes() for k in range(frames))
        source = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{size[0]}x{size[1]}", "-framerate", fps, "-i", "pipe:0"]
        codec = ["-c:v", "libx264", "-preset", "ultrafast", "-qp", "4", "-pix_fmt", "yuv420p"]
        ff(*source, *codec, *extra, path, feed=raw)
        return path

    return make


def frame_number(frame: np.ndarray) -> int:
    """Which frame of a ``coded`` clip this is."""
    return round((float(frame.mean()) - 20) / 8)


@pytest.fixture(scope="session")
def which():
    """The numbers of coded frames."""
    return lambda frames: [frame_number(frame) for frame in frames]


@pytest.fixture(scope="session")
def beep(media):
    """A WAV file, silent but for a loud tone from ``start`` on for 0.2 s."""

    def make(name: str, seconds: float, start: float) -> Path:
        path = media / name
        time = np.arange(int(seconds * 48000)) / 48000
        tone = np.where((time >= start) & (time < start + 0.2), np.sin(2 * np.pi * 1000 * time) * 20000, 0)
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, 48000, 0, "NONE", ""))
            file.writeframes(tone.astype("<i2").tobytes())
        return path

    return make


@pytest.fixture(scope="session")
def onset(ff):
    """Seconds at which a file's sound begins to be loud, and the seconds of sound it has, as ffmpeg decodes them.

    The first sample counts from the file's time 0 (silence is put before a track that starts late).
    """

    def listen(path: Path) -> tuple[float, float]:
        raw = ff("-i", path, "-af", "aresample=async=1:first_pts=0", "-ac", "1", "-ar", "48000", "-f", "s16le", "-")
        samples = np.abs(np.frombuffer(raw, "<i2").astype(int))
        return int(np.argmax(samples > 4000)) / 48000, len(samples) / 48000

    return listen


def _children() -> set[int]:
    """Process ids of this process's children, zombies too."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            found.add(int(entry.parent.name))
    return found


@pytest.fixture
def no_children():
    """Fails a test that leaves a child process behind."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("children are counted through /proc")
    before = _children()
    yield
    assert _children() <= before


@pytest.fixture
def children(no_children):
    """A function that gives the process ids of this process's children; none may be left behind."""
    return _children
