"""Studios over tiny real generators, in folders of their own."""

import dataclasses
import time
from pathlib import Path

import pytest

from studio.service import Studio
from studio.settings import Limits, Settings


@pytest.fixture(scope="module")
def studio(tiny_checkpoints, tmp_path_factory):
    """One studio for the tests of a file that only look at results."""
    with Studio(Settings(checkpoints=tiny_checkpoints, work=tmp_path_factory.mktemp("work"))) as made:
        yield made


@pytest.fixture
def open_studio(tiny_checkpoints, tmp_path):
    """A function that opens a studio of the test's own; it is shut down after the test."""
    opened = []

    def open_one(limits: dict | None = None, **settings) -> Studio:
        settings.setdefault("checkpoints", tiny_checkpoints)
        settings.setdefault("work", tmp_path / "work")
        bounds = dataclasses.replace(Limits.local(), **(limits or {}))
        opened.append(Studio(Settings(limits=bounds, **settings)))
        return opened[-1]

    yield open_one
    for each in opened:
        each.shutdown()


@pytest.fixture
def children():
    """A function that lists the child processes of this one that are still alive (not counting zombies' parents)."""

    def alive() -> list[str]:
        found = []
        for task in Path("/proc/self/task").iterdir():
            for pid in (task / "children").read_text().split():
                try:
                    found.append(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode())
                except OSError:
                    continue
        return [line for line in found if "ffmpeg" in line]

    return alive


@pytest.fixture
def wait_for():
    """A function that waits until something is true, and fails after ten seconds."""

    def wait(what, seconds: float = 10.0) -> None:
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, "this never came true"
            time.sleep(0.01)

    return wait
