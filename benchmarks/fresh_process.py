"""A measurement in a process of its own: bound to so many cores, its memory its own from the start.

A library that was asked for one thread may have started more before, and a pipeline with a worker thread uses two cores
whatever it was asked: only binding the process makes "one thread" true. The child answers with one line of JSON.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def in_fresh_process(target: str, cores: int, **arguments: str | int | float | None) -> dict[str, object]:
    """What the function ``target`` ("module:name") returns for ``arguments``, run alone on ``cores`` cores.

    The function returns a dict that JSON can hold; "peak_mb", the most memory that the process ever held, is added
    where the system tells it. Raises RuntimeError with the child's last line if it fails.
    """
    environment = os.environ | {name: str(cores) for name in _THREADS} | {"OMP_WAIT_POLICY": "PASSIVE"}
    order = json.dumps({"target": target, "cores": cores, "arguments": arguments})
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.fresh_process", order],
        env=environment, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"{target} failed: {(done.stderr.strip().splitlines() or ['no word'])[-1]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def peak_mb() -> float | None:
    """The most resident memory of this process so far in megabytes; None where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return None
    # Not getrusage: its maximum comes over from the parent when a process is started.
    lines = [line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:")]
    return int(lines[0].split()[1]) * 1024 / 1e6 if lines else None


def busy_seconds() -> float:
    """Seconds that all cores together have worked for this process and its finished children."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def core_count() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _serve(order: str) -> None:
    asked = json.loads(order)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-asked["cores"] :])
    # After the binding, so that no library sees more cores than it may use.
    import cv2
    import torch

    cv2.setNumThreads(asked["cores"])
    torch.set_num_threads(asked["cores"])
    module, _, name = asked["target"].partition(":")
    found = getattr(importlib.import_module(module), name)(**asked["arguments"])
    peak = peak_mb()
    sys.stdout.write("\n" + json.dumps(found | ({} if peak is None else {"peak_mb": peak})) + "\n")


if __name__ == "__main__":
    _serve(sys.argv[1])
