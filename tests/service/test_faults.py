"""Faults become one sentence of the studio's own; the unforeseen go to the log."""

import errno
import logging

import pytest

from studio.errors import MediaError, ResourceError, StudioError, UserError
from studio.service.faults import DISK_FULL, MEMORY_OUT, UNKNOWN_FAULT, translate


def test_own_errors_pass_unchanged():
    error = MediaError("The file is cut off.")
    assert translate(error) is error


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: 8 bytes"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
    ],
)
def test_memory(error):
    told = translate(error)
    assert isinstance(told, ResourceError)
    assert str(told) == MEMORY_OUT


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk(number):
    told = translate(OSError(number, "No space left on device", "/some/where"))
    assert isinstance(told, ResourceError)
    assert str(told) == DISK_FULL


def test_the_unforeseen_is_logged_and_said_in_one_sentence(caplog):
    with caplog.at_level(logging.ERROR):
        told = translate(ZeroDivisionError("secret detail"))
    assert type(told) is StudioError and not isinstance(told, UserError)
    assert str(told) == UNKNOWN_FAULT
    assert "ZeroDivisionError" in caplog.text
