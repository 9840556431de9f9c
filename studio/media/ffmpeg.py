"""The only place that starts ffmpeg: a child process that gets argument lists, no shell, no network and no terminal.

The binary is the one inside the imageio-ffmpeg wheel. It is never put on PATH: other libraries behave differently, and
worse, when they find an ffmpeg without an ffprobe beside it.

Children are capped with ``prlimit`` from outside, because a ``preexec_fn`` may deadlock in a process with threads.
Every wait has an end: a child that neither takes nor gives a byte for ``STALL_SECONDS`` is killed and reported as a
ResourceError.
"""

from __future__ import annotations

import errno
import functools
import logging
import os
import select
import signal
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg

from studio.errors import MemoryOutError, ResourceError, says_full_disk
from studio.media import children

try:
    import resource
except ImportError:  # pragma: no cover - only where there are no POSIX limits
    resource = None  # type: ignore[assignment]

logger = logging.getLogger(__name__)

STALL_SECONDS = 30.0
"""How long a child may neither take nor give a byte while we wait for it."""

THREADS = max(1, min(4, os.cpu_count() or 1))
_KEPT_MESSAGES = 64 << 10
_PIPE_BYTES = 1 << 20
_MEMORY_BASE = 768 << 20
_SIGXFSZ = 25
_FULL_MEMORY = ("cannot allocate memory", "out of memory", "malloc of size", "failed to allocate", "bad_alloc")
_EXIT_SIGNAL = 255  # ffmpeg's own exit code after a signal that it caught
_EXIT_NO_MEMORY = 256 - errno.ENOMEM  # its code is the last byte of the error's number
_SIGXCPU = 24


@functools.cache
def executable() -> str:
    """Path of the wheel's ffmpeg. Raises ResourceError where the wheel has none for this machine."""
    try:
        return imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        raise ResourceError("ffmpeg is missing; please reinstall with pip install imageio-ffmpeg.") from error


def input_arguments(path: Path, demuxer: str, max_pixels: int, decoder: str | None = None) -> list[str]:
    """Arguments that open a stranger's file: files and pipes only, the demuxer forced, frames capped at
    ``max_pixels``.
    """
    chosen = ["-c:v", decoder] if decoder else []
    guard = ["-protocol_whitelist", "file,pipe", "-max_pixels", str(max_pixels), "-threads", str(THREADS)]
    return [*guard, *chosen, "-f", demuxer, "-i", f"file:{path}"]


def memory_for(pixels: int) -> int:
    """Bytes of address space that decoding or encoding frames of so many pixels may take."""
    return _MEMORY_BASE + pixels * 400


@dataclass(frozen=True)
class Finished:
    """How a short run of ffmpeg ended."""

    code: int
    output: bytes
    messages: str


def run(arguments: Sequence[str], *, seconds: float, memory: int = _MEMORY_BASE, feed: bytes | None = None) -> Finished:
    """Run ffmpeg to its end, at most ``seconds`` long. Raises ResourceError when it had to be killed for time."""
    process = _spawn(arguments, subprocess.DEVNULL if feed is None else subprocess.PIPE)
    _cap(process.pid, memory, seconds)
    too_long = "Reading or writing a video took too long and was stopped."
    output, messages = children.finish(process, seconds, too_long, feed)
    return Finished(process.returncode, output, messages.decode("utf-8", "replace"))


def machine_fault(code: int | None, messages: str, what: str) -> ResourceError | None:
    """What the machine did to a child that ended with ``code`` and these words: the disk was full, memory ran out
    (MemoryOutError), or somebody ended it; None where it ended by itself. ``what`` says what the child was at: "while
    the clip was read".

    A crash (SIGSEGV, SIGABRT) is not among them: files do that, too.
    """
    said = messages.lower()
    if code == -_SIGXFSZ or says_full_disk(said):
        return ResourceError(f"The disk is full, nothing could be written {what}: please make room and try again.")
    if code and (code == _EXIT_NO_MEMORY or any(sign in said for sign in _FULL_MEMORY)):
        return MemoryOutError(f"Memory ran out {what}: please make it smaller, or close other programs.")
    if code == -_SIGXCPU:
        return ResourceError(f"The video converter took too long {what} and was stopped.")
    if code and (children.was_ended(code) or code == _EXIT_SIGNAL or "received signal" in said):
        why = children.ENDED_HARD if code == -signal.SIGKILL else children.ENDED
        return ResourceError(f"The video converter {why} {what}; please try again.")
    return None


class Child:
    """An ffmpeg that takes frames on stdin (``feed=True``) or gives frames on stdout, with a watchdog on every wait."""

    def __init__(self, arguments: Sequence[str], *, feed: bool, memory: int) -> None:
        streams = (subprocess.PIPE, subprocess.DEVNULL) if feed else (subprocess.DEVNULL, subprocess.PIPE)
        self._process = _spawn(arguments, *streams)
        _cap(self._process.pid, memory)
        pipe = self._process.stdin if feed else self._process.stdout
        assert pipe is not None
        self._pipe = pipe
        _prepare(pipe.fileno())
        self._messages = bytearray()
        self._drain = threading.Thread(target=self._drain_messages, name="ffmpeg-messages", daemon=True)
        self._drain.start()

    @property
    def messages(self) -> str:
        """The last lines that ffmpeg wrote to stderr."""
        return bytes(self._messages).decode("utf-8", "replace")

    @property
    def pid(self) -> int:
        """Process id of the child."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """Exit code of the child, None while it runs; negative: the signal that ended it."""
        return self._process.poll()

    def ended(self, seconds: float = 1.0) -> int | None:
        """The exit code of a child that is about to end by itself, None if it does not within ``seconds``."""
        try:
            return self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return None

    def read_into(self, view: memoryview) -> int:
        """Fill ``view`` from stdout; the number of bytes read is smaller only at the end of the stream."""
        done = 0
        while done < len(view):
            self._wait(select.POLLIN)
            try:
                count = os.readv(self._pipe.fileno(), [view[done:]])
            except BlockingIOError:
                continue
            if count == 0:
                break
            done += count
        return done

    def write(self, view: memoryview) -> None:
        """Write all of ``view`` to stdin. Raises BrokenPipeError when the child has ended."""
        done = 0
        while done < len(view):
            self._wait(select.POLLOUT)
            try:
                done += os.write(self._pipe.fileno(), view[done : done + _PIPE_BYTES])
            except BlockingIOError:
                continue

    def finish(self, seconds: float = STALL_SECONDS) -> int:
        """Close the pipe, wait for the end and return the exit code; kills a child that does not end in time."""
        self._close_pipe()
        try:
            self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise ResourceError("The video converter stopped answering and was ended; please try again.") from error
        self._reap()
        return self._process.returncode

    def kill(self) -> None:
        """End the child now and reap it. Safe to call at any time and twice."""
        if self._process.poll() is None:
            self._process.kill()
        self._close_pipe()
        self._process.wait()
        self._reap()

    def _wait(self, event: int) -> None:
        poll = select.poll()
        poll.register(self._pipe.fileno(), event)
        if not poll.poll(STALL_SECONDS * 1000):
            self.kill()
            raise ResourceError("The video converter stopped answering and was ended; please try again.")

    def _close_pipe(self) -> None:
        try:
            self._pipe.close()
        except BrokenPipeError:
            logger.debug("ffmpeg had closed its end already")

    def _reap(self) -> None:
        self._drain.join(timeout=5)
        if self._process.stderr is not None and not self._drain.is_alive():
            self._process.stderr.close()

    def _drain_messages(self) -> None:
        assert self._process.stderr is not None
        while chunk := os.read(self._process.stderr.fileno(), 4096):
            self._messages += chunk
            if len(self._messages) > 2 * _KEPT_MESSAGES:
                del self._messages[:-_KEPT_MESSAGES]


def _spawn(arguments: Sequence[str], stdin: int, stdout: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
    command = [executable(), "-nostdin", "-hide_banner", "-filter_threads", str(THREADS), *arguments]
    # one arena a thread would reserve more address space than the cap allows
    environment = {"LC_ALL": "C", "PATH": os.defpath, "MALLOC_ARENA_MAX": "2"}
    return children.start(command, "video converter", environment=environment, stdin=stdin, stdout=stdout)


def _cap(pid: int, memory: int, cpu_seconds: float | None = None) -> None:
    if resource is None or not hasattr(resource, "prlimit"):
        return
    try:
        resource.prlimit(pid, resource.RLIMIT_AS, (memory, memory))
        resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
        if cpu_seconds is not None:
            most = int(cpu_seconds * THREADS) + 1
            resource.prlimit(pid, resource.RLIMIT_CPU, (most, most + 1))
    except (ProcessLookupError, PermissionError, ValueError):  # it has ended already, or a tighter limit stands
        logger.debug("could not cap child %d", pid)


def _prepare(descriptor: int) -> None:
    os.set_blocking(descriptor, False)
    try:
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)  # fewer switches per frame; Linux only
    except (ImportError, AttributeError, OSError):
        logger.debug("the pipe keeps its size")
