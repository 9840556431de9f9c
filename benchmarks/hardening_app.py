"""The real app in a process of its own, and clients that behave badly: what ``benchmarks.hardening`` uses."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
LONG = ["a red car drives left across the desert at sunset", 6, 30, 512, 512]
"""prompt, seconds, frames per second, width, height: many seconds of work even for untrained nets."""
SHORT = ["a red car drives left", 1, 6, 144, 144]


class App:
    """``python app.py`` on a free port over ``checkpoints``. A context manager that ends it and wipes its folder."""

    def __init__(self, checkpoints: Path, *, public: bool = True, environment: dict[str, str] | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.work = Path(self._folder.name) / "work"
        self.log = Path(self._folder.name) / "log.txt"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = [sys.executable, "app.py", "--port", str(self.port), "--checkpoints", str(checkpoints)]
        self._command += ["--work", str(self.work), "--looks", str(self.work.parent / "looks")]
        self._command += ["--public"] * public
        kept = {key: value for key, value in os.environ.items() if not key.startswith("ZOETROPE_")}
        self._environment = {**kept, **(environment or {})}
        self.start()
        with urllib.request.urlopen(f"{self.url}/config", timeout=60) as answer:
            self._dependencies = json.load(answer)["dependencies"]
        self.parameters = self._parameters()

    def start(self) -> None:
        """Start it (again) and wait for the page."""
        self.process = subprocess.Popen(
            self._command, cwd=ROOT, env=self._environment, stdout=self.log.open("a"), stderr=subprocess.STDOUT
        )
        end = time.monotonic() + 300
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(self.log.read_text())
            try:
                urllib.request.urlopen(self.url, timeout=5).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the page did not open")

    def _parameters(self) -> list[dict[str, object]]:
        with urllib.request.urlopen(f"{self.url}/gradio_api/info", timeout=60) as answer:
            return json.load(answer)["named_endpoints"]["/generate"]["parameters"]

    def data(self, values: list[object], seed: int = 1, variations: int = 1) -> list[object]:
        """The values of /generate in its order: a prompt, seconds, frames per second, width and height."""
        names = ("prompt", "seconds", "fps", "width", "height")
        asked = dict(zip(names, values, strict=True), seed=str(seed), variations=variations)
        return [asked.get(str(each["parameter_name"]), each.get("parameter_default")) for each in self.parameters]

    def fn_index(self, name: str = "generate") -> int:
        """Gradio's number of a named endpoint."""
        return next(each["id"] for each in self._dependencies if each["api_name"] == name)

    def join(self, client: httpx.Client, values: list[object], session: str, seed: int = 1, variations: int = 1) -> str:
        """Put a job into the queue as the page's own script does; the event's id."""
        body = {"data": self.data(values, seed, variations), "fn_index": self.fn_index(), "session_hash": session}
        answer = client.post(f"{self.url}/gradio_api/queue/join", json=body)
        answer.raise_for_status()
        return answer.json()["event_id"]

    def messages(self, client: httpx.Client, session: str) -> Iterator[dict[str, object]]:
        """What a session is told, as it comes."""
        with client.stream("GET", f"{self.url}/gradio_api/queue/data", params={"session_hash": session}) as stream:
            for line in stream.iter_lines():
                if line.startswith("data:"):
                    yield json.loads(line[5:])

    def ask(self, values: list[object], session: str, seed: int = 1) -> tuple[bool, object, float]:
        """Ask for a clip and wait: whether it was made, what was answered, and seconds until then."""
        begun = time.monotonic()
        with httpx.Client(timeout=300, verify=False) as client:  # noqa: S501  plain http; loading certificates takes a while
            try:
                self.join(client, values, session, seed)
            except httpx.HTTPStatusError as error:
                return False, error.response.text, time.monotonic() - begun
            for message in self.messages(client, session):
                if message["msg"] == "process_completed":
                    return bool(message["success"]), message["output"], time.monotonic() - begun
        return False, "no answer", time.monotonic() - begun

    def jobs(self) -> int:
        """How many jobs have copies or results on disk and are not finished, or are kept: their folders."""
        return len([path for path in self.work.glob("run-*/*/results")])

    def child_pids(self) -> list[int]:
        """The process ids of its ffmpeg children."""
        found = []
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            try:
                for pid in (task / "children").read_text().split():
                    if "ffmpeg" in Path(f"/proc/{pid}/cmdline").read_text():
                        found.append(int(pid))
            except OSError:  # it has ended meanwhile
                continue
        return found

    def children(self) -> int:
        """How many ffmpeg children it has."""
        return len(self.child_pids())

    def memory_mb(self) -> float:
        """Resident memory of the process in MB."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def end(self, number: int = signal.SIGTERM, patience: float = 60) -> tuple[int, float]:
        """Send a signal and wait; the exit code and the seconds it took."""
        begun = time.monotonic()
        self.process.send_signal(number)
        try:
            code = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        return code, time.monotonic() - begun

    def __enter__(self) -> App:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.end(signal.SIGKILL)
        self._folder.cleanup()
