"""Child processes that read and write media: started in a session of their own, known by the thread that waits for
them, so that a watchdog can end them, and never waited for without an end.
"""

from __future__ import annotations

import subprocess
import threading
import time
import weakref
from collections.abc import Mapping, Sequence

from studio.errors import ResourceError

_OF_FAULTS = (-4, -6, -7, -8, -11)  # signals of a program that tripped over its input; all others come from outside
ENDED = "was ended from outside"
ENDED_HARD = "was ended from outside, perhaps for want of memory,"
"""Words for a child that somebody ended; the system, too, ends one that it has no memory for, with SIGKILL."""

_LIVING: weakref.WeakKeyDictionary[subprocess.Popen[bytes], int] = weakref.WeakKeyDictionary()
_LIVING_LOCK = threading.Lock()


def start(
    command: Sequence[str],
    what: str,
    *,
    environment: Mapping[str, str],
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.PIPE,
) -> subprocess.Popen[bytes]:
    """Start a child. ``what`` is its name in the sentence of the ResourceError that says why it cannot be started."""
    for _ in range(3):
        try:
            # its own session: Ctrl-C reaches us first, and we end the child in order
            process = subprocess.Popen(
                command,
                stdin=stdin,
                stdout=stdout,
                stderr=subprocess.PIPE,
                bufsize=0,
                env=environment,
                start_new_session=True,
            )
            with _LIVING_LOCK:
                _LIVING[process] = threading.get_ident()
            return process
        except BlockingIOError:  # too many processes just now
            time.sleep(0.2)
        except OSError as error:
            raise ResourceError(f"The {what} could not be started; is the machine out of memory?") from error
    raise ResourceError(f"The machine runs too many processes to start the {what}; please try again.")


def finish(
    process: subprocess.Popen[bytes], seconds: float, too_long: str, feed: bytes | None = None
) -> tuple[bytes, bytes]:
    """Wait for a child's end: what it wrote to stdout and stderr. After ``seconds`` it is killed: then
    ResourceError(``too_long``).
    """
    try:
        return process.communicate(feed, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise ResourceError(too_long) from error
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def was_ended(code: int | None) -> bool:
    """Whether an exit code is that of a child which a signal from outside has ended: the system, an operator, a limit
    on its time.
    """
    return code is not None and code < 0 and code not in _OF_FAULTS


def kill_children_of(thread: int) -> int:
    """End every child that the thread of that ``ident`` started and that still runs; returns how many there were.

    The thread, which waits for one of them, then goes on and fails.
    """
    with _LIVING_LOCK:
        running = [process for process, owner in _LIVING.items() if owner == thread and process.returncode is None]
    for process in running:
        process.kill()
    return len(running)
