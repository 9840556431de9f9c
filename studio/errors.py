"""Every error that the studio raises on purpose. Each message is one sentence that a person can act on.

    StudioError
    |-- UserError            the request or a file cannot be used; the sentence says what to do next
    |   |-- RequestError     a value is missing, out of its bounds, or contradicts another
    |   |-- MediaError       a file cannot be read as a picture or a clip
    |   `-- LimitError       a file or a request is larger than this studio allows
    |-- CheckpointError      a generator's folder is missing, incomplete or not what its card says
    |-- ResourceError        the disk is full, memory ran out, a child process hung
    |   `-- MemoryOutError   memory gave out in a child process
    |-- BusyError            the queue is full: try again in a moment
    `-- Cancelled            the person stopped the job; not a fault

Faults of ours are plain assertions and built-in exceptions: the service logs them and tells the person one sentence.
"""

from __future__ import annotations

import errno

DISK_FULL = "The disk is full: please make room and try again."
_FULL_DISK = ("no space left on device", "disk quota exceeded", "file too large")


def is_full_disk(error: BaseException) -> bool:
    """Whether a file could not be written because the disk, or what may be kept on it, is full."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def says_full_disk(words: str) -> bool:
    """The same of what another program or library says, in the system's words."""
    return any(sign in words.lower() for sign in _FULL_DISK)


def shown(text: object, longest: int = 60) -> str:
    """A stranger's words as a sentence may hold them: one line of what can be seen, cut where it is long."""
    words = text if isinstance(text, str) else str(text)
    seen = "".join(letter for letter in " ".join(words[: 4 * longest].split()) if letter.isprintable())
    return seen if len(seen) <= longest else f"{seen[: longest - 1]}…"


class StudioError(Exception):
    """Base of the tree; ``str(error)`` is the sentence shown to the person."""


class UserError(StudioError):
    """The person can mend this by changing the request or the file."""


class RequestError(UserError):
    """A value of a request is missing, out of bounds or contradictory."""


class MediaError(UserError):
    """A file is not a picture or a clip that can be read."""


class LimitError(UserError):
    """A file or request exceeds a limit of this studio."""


class CheckpointError(StudioError):
    """A generator's folder is missing, incomplete or damaged."""


class ResourceError(StudioError):
    """The machine gave out: disk, memory, or a child process that hung."""


class MemoryOutError(ResourceError):
    """Memory gave out in a child process; the job may be tried again with less."""


class BusyError(StudioError):
    """The queue is full."""


class Cancelled(StudioError):
    """The person stopped the job."""

    def __init__(self, message: str = "The job was cancelled.") -> None:
        super().__init__(message)
