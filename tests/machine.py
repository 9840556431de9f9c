"""What tests ask of the machine: a port that is free, a disk that is full, the settings of a studio for strangers."""

import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from studio.settings import Limits, Settings


def free_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def public_settings(checkpoints: Path, work: Path) -> Settings:
    """A public studio's, on a free port."""
    return Settings(checkpoints=checkpoints, work=work, port=free_port(), public=True, limits=Limits.public())


@contextmanager
def full_disk(room: int = 1000) -> Iterator[None]:
    """No file may grow beyond ``room`` bytes, of this process and of its children."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
