"""Whatever went wrong in a job, as one of the studio's own errors with one sentence for the person."""

from __future__ import annotations

import errno
import logging

from studio.errors import MemoryOutError, ResourceError, StudioError, is_full_disk

logger = logging.getLogger(__name__)

UNKNOWN_FAULT = "Something went wrong inside the studio: its log has the details, and the next job is not affected."
DISK_FULL = "The disk is full: free some space, or ask for a shorter or smaller clip."
MEMORY_OUT = "Memory ran out: ask for a smaller size or a shorter clip, or close other programs."
TOO_MANY_FILES = "Too many files are open on this machine: try again in a moment."

_MEMORY_PHRASES = ("out of memory", "can't allocate memory", "not enough memory", "cannot allocate memory", "bad_alloc")

_CV_NO_MEMORY = -4  # OpenCV's StsNoMem


def translate(error: BaseException) -> StudioError:
    """``error`` as a StudioError. A fault that nobody foresaw is logged with its traceback; its details stay there."""
    if isinstance(error, StudioError):
        return error
    if is_out_of_memory(error):
        return ResourceError(MEMORY_OUT)
    if is_full_disk(error):
        return ResourceError(DISK_FULL)
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return ResourceError(TOO_MANY_FILES)
    logger.error("A job failed in a way that was not foreseen.", exc_info=error)
    return StudioError(UNKNOWN_FAULT)


def is_out_of_memory(error: BaseException) -> bool:
    """True for Python's, the system's and torch's ways of saying so (torch is not imported to find out)."""
    if isinstance(error, MemoryError | MemoryOutError) or type(error).__name__ == "OutOfMemoryError":
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    if type(error).__module__ == "cv2" and getattr(error, "code", None) == _CV_NO_MEMORY:
        return True
    return isinstance(error, RuntimeError) and any(phrase in str(error).lower() for phrase in _MEMORY_PHRASES)
