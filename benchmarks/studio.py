"""How long a person waits: until the page answers after the start, and from a prompt to a finished mp4.

    python -m benchmarks.studio [--starts 5] [--clips 7]

The page is app.py in a child process with an empty work folder; the clip goes through the whole service (queue, text
encoder, generator, compositor, H.264, layers), after one clip of another prompt has loaded everything.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from benchmarks.report import Report, to_log
from studio.requests import TextToVideoRequest
from studio.service import Studio
from studio.settings import from_environment

ROOT = Path(__file__).resolve().parent.parent
LIMIT_SECONDS = 120.0
PROMPTS = (
    "a red car drives left across the desert at sunset",
    "a blue bird flies over the sea at noon",
    "a yellow balloon rises above the mountains in the morning",
)


def main() -> None:
    """Measure and write results/studio.json."""
    parser = argparse.ArgumentParser(description="Start-up and prompt-to-mp4 times.")
    parser.add_argument("--starts", type=int, default=5, help="how often to start the page")
    parser.add_argument("--clips", type=int, default=7, help="how many clips to make")
    options = parser.parse_args()
    to_log()
    report = Report(
        "studio",
        f"""Start: python app.py in a fresh process on a free port, wall seconds from its start to the first HTTP 200
        of /, polled every 20 ms, {options.starts} starts after one that warms the disk cache. Clip: a
        TextToVideoRequest of 24 frames, 12 per second, 256x256, submitted to a loaded service in this process; wall
        seconds from submit to the finished mp4 and layers, {options.clips} clips of three prompts with different
        seeds. The load average at the end is in "machine".""",
    )
    waits = [first_answer() for _ in range(options.starts + 1)][1:]
    report.add("first HTTP 200 after the start", {"seconds": waits}, goal_seconds=8)
    whole, inside = prompt_clips(options.clips)
    measures = {"seconds": whole, "seconds_in_the_worker": inside}
    report.add("24 frames 256x256, prompt to mp4", measures, goal_seconds=3)
    report.write()


def first_answer() -> float:
    """Seconds from starting app.py until its page answers 200."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as work:
        started = time.perf_counter()
        command = [sys.executable, "app.py", "--port", str(port), "--work", work]
        child = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ)
        )
        try:
            while time.perf_counter() - started < LIMIT_SECONDS:
                if child.poll() is not None:
                    raise RuntimeError(f"app.py ended with {child.returncode} before it answered")
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
                        if answer.status == 200:
                            return time.perf_counter() - started
                except (urllib.error.URLError, OSError):
                    time.sleep(0.02)
            raise RuntimeError(f"the page did not answer within {LIMIT_SECONDS:g} seconds")
        finally:
            child.terminate()
            try:
                child.wait(30)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def prompt_clips(count: int) -> tuple[list[float], list[float]]:
    """Wall seconds of ``count`` clips from submit to finished files, and of the worker's part of each."""
    whole, inside = [], []
    with tempfile.TemporaryDirectory() as work, Studio(from_environment(work=Path(work))) as studio:
        for number in range(count + 1):
            request = TextToVideoRequest(prompt=PROMPTS[number % len(PROMPTS)], seconds=2, fps=12, seed=number)
            started = time.perf_counter()
            result = studio.run(request)
            if number:  # the first one loads the generator
                whole.append(time.perf_counter() - started)
                inside.append(result.seconds_taken)
    return whole, inside


if __name__ == "__main__":
    main()
