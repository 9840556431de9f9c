"""Row 17 of ``python -m benchmarks.hardening``: file systems of their own (tmpfs, which needs root) that run full."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import torch
from safetensors.numpy import save_file

from benchmarks.hardening_app import LONG, SHORT, App
from benchmarks.hardening_door import PART, Measure, measure
from studio.errors import StudioError
from studio.look_file import LookCard, write_card
from studio.media.decode import read_rgba
from studio.media.encode import VideoWriter, write_gif
from studio.media.whole_files import write_whole
from studio.media.xmp import png_bytes
from studio.origin import TRAINED
from studio.privacy import JobFolders, take_in
from studio.service.faults import translate
from studio.service.looks import LookBook
from studio.settings import Limits
from studio.training.objective import Objective
from studio.training.state import save_state

logger = logging.getLogger(__name__)

SMALL, LARGE = 8, 420  # MB of the two file systems
RESERVE_MB = 256  # that a studio wants free before it takes a job
GOOD = b"the last good file"
NOISE = np.random.default_rng(1).integers(0, 255, (480, 640, 3), dtype=np.uint8)
TRIES = 8


@contextmanager
def file_system(megabytes: int) -> Iterator[Path]:
    """A tmpfs of that size, gone afterwards. Raises RuntimeError where none may be mounted."""
    with tempfile.TemporaryDirectory() as name:
        options = ["-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "none", name]
        if subprocess.run(["mount", *options], capture_output=True, check=False).returncode:
            raise RuntimeError("row 17 mounts small file systems, which needs root")
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", "-l", name], check=False)


def fill(folder: Path, leave: int = 0) -> Path:
    """A file that takes all of the room but ``leave`` bytes."""
    path = folder / "filler"
    with path.open("ab") as file:
        for _ in range(100):
            free = os.statvfs(folder)
            more = free.f_bavail * free.f_frsize - leave
            if more <= 0:
                break
            with contextlib.suppress(OSError):  # the studio took some of it meanwhile
                os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), more)
    return path


class _Line(Objective):
    """Something to be trained whose state is three megabytes."""

    def __init__(self) -> None:
        net = torch.nn.Linear(1000, 700)
        super().__init__({"model": net}, {"model": torch.optim.SGD(net.parameters(), 0.1)})

    def losses(self, step: int, rng: np.random.Generator) -> Iterator[tuple[str, torch.Tensor, dict[str, float]]]:
        """None: only its state is of interest."""
        return iter(())


def _film(path: Path) -> None:
    with VideoWriter(path, (640, 480), 10) as writer:
        for turn in range(40):
            writer.write(np.roll(NOISE, turn, 1))


def _book(folder: Path, look: Path, passphrase: str | None) -> None:
    folders = JobFolders(Path(tempfile.mkdtemp()))
    try:
        LookBook(folders, folder, passphrase).keep("", look)
    finally:
        folders.close()


def stages(checkpoints: Path) -> Iterator[Measure]:
    """Row 17, by stages: the last 100 kB of a small file system; what is said, the last good file, and what is left."""
    with tempfile.TemporaryDirectory() as name, file_system(SMALL) as disk:
        outside = Path(name)
        picture, film, look = outside / "a.png", outside / "a.mp4", outside / "a.safetensors"
        picture.write_bytes(png_bytes(np.tile(NOISE, (4, 4, 1)), TRAINED))
        _film(film)
        save_file({"a": np.zeros(60_000, np.float32)}, look, metadata={"zoetrope": "studied look", "version": "1"})
        (disk / "look.safetensors").write_bytes(look.read_bytes())
        LookBook(JobFolders(outside / "work"), disk / "sealed", "a passphrase").of("")
        save_state(disk / "training", 10, _Line())
        for good in ("film.mp4", "a.gif", "picture.png"):
            (disk / good).write_bytes(GOOD)
        steps: dict[str, Callable[[], object]] = {
            "the copy of an upload": lambda: take_in(picture, disk, "picture"),
            "encoding": lambda: _film(disk / "film.mp4"),
            "a GIF": lambda: write_gif(disk / "a.gif", film),
            "a picture, layers": lambda: write_whole(disk / "picture.png", picture.read_bytes()),
            "a studied look": lambda: write_card(disk / "look.safetensors", LookCard("Mine", b"")),
            "a kept look": lambda: _book(disk / "sealed", look, None),
            "a sealed look": lambda: _book(disk / "sealed", look, "a passphrase"),
            "a training save": lambda: save_state(disk / "training", 20, _Line()),
        }
        fill(disk, 100_000)
        before = _content(disk)
        for what, step in steps.items():
            said = _said(step)
            same = _content(disk) == before
            met = same and "\n" not in said and said.endswith(".") and ("disk" in said or "room" in said)
            yield measure(what, "one sentence, nothing changed", [said.replace(str(disk), "DISK"), same], met)
        fill(disk)
        read = read_rgba(picture, Limits.local(), 64).shape == (48, 64, 4)
        yield measure("scaling a picture", "needs no disk", read, read)


def _said(step: Callable[[], object]) -> str:
    try:
        step()
    except (StudioError, OSError) as error:
        return str(translate(error))
    return "nothing: it was written"


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != "filler"}


def running_studio(checkpoints: Path) -> Iterator[Measure]:
    """Row 17, in the running studio: its file system is filled during an upload, a job, and the copy of a result."""
    with file_system(LARGE) as disk:
        tempfile.tempdir, usual = str(disk), tempfile.tempdir
        try:
            with App(checkpoints, public=False) as app:
                app.ask(SHORT, "first")
                yield _upload(app, disk)
                yield _job(app, disk)
                yield _copy(app, disk)
                fill(disk)
                try:
                    health = httpx.get(f"{app.url}/healthz", timeout=10).status_code
                    refused = app.ask(SHORT, "refused")[1]
                finally:
                    (disk / "filler").unlink()
                made = app.ask(SHORT, "after", seed=9)[0]
                yield measure(
                    "full from the start: health, what is said; afterwards a job is made", "200, one sentence, yes",
                    [health, refused, made], health == 200 and "disk" in str(refused) and made,
                )  # fmt: skip
                log = app.log.read_text(errors="replace")
                yield measure("tracebacks in the log", "0", log.count("Traceback"), "Traceback" not in log)
        finally:
            tempfile.tempdir = usual


def _files(app: App) -> int:
    return len([path for path in app.work.rglob("*") if path.is_file()])


def _upload(app: App, disk: Path) -> Measure:
    def body() -> Iterator[bytes]:
        yield f"--b1\r\n{PART}".encode()
        for number in range(60):
            if number == 20:
                fill(disk, 4 << 20)
            yield b"x" * (1 << 20)
            time.sleep(0.02)
        yield b"\r\n--b1--\r\n"

    before = _files(app)
    kind = {"content-type": "multipart/form-data; boundary=b1"}
    try:
        answer = httpx.post(f"{app.url}/gradio_api/upload", content=body(), headers=kind, timeout=60)
        said: object = [answer.status_code, answer.json()]
    except httpx.HTTPError as error:  # it is refused while it is still sent
        said = type(error).__name__
    (disk / "filler").unlink()
    time.sleep(1)
    left = _files(app) - before
    return measure("filled during an upload", "507 or cut, 0 files", [said, left], left == 0 and "200" not in str(said))


def _job(app: App, disk: Path) -> Measure:
    before, jobs = _files(app), app.jobs()
    answers: list[object] = []
    thread = threading.Thread(target=lambda: answers.append(app.ask(LONG, "filled")[:2]))
    thread.start()
    end = time.monotonic() + 60
    while app.jobs() <= jobs and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(0.5)
    fill(disk)
    thread.join(120)
    (disk / "filler").unlink()
    left = _files(app) - before
    met = bool(answers) and "disk is full" in str(answers) and left == 0
    return measure("filled during a job", "one sentence, 0 files", [answers, left], met)


def _copy(app: App, disk: Path) -> Measure:
    """Filled between a result's last byte and Gradio's copy of it, which takes some tries to hit."""
    for number in range(TRIES):
        known = set(app.work.glob("run-*/*/results/*.mp4"))
        stop = threading.Event()

        def watch(known: set[Path] = known, stop: threading.Event = stop) -> None:
            while not stop.is_set():
                if set(app.work.glob("run-*/*/results/*.mp4")) - known:
                    fill(disk)
                    return
                time.sleep(0.0005)

        fill(disk, (RESERVE_MB + 12) << 20)
        thread = threading.Thread(target=watch)
        thread.start()
        made, said, _ = app.ask([SHORT[0], 2, 30, 512, 512], f"copied-{number}", seed=number + 50)
        stop.set()
        thread.join()
        (disk / "filler").unlink(missing_ok=True)
        if not made:
            half = [path for path in app.work.rglob("*") if path.name.startswith(".") or path.name.endswith(".part")]
            met = "disk is full" in str(said) and not half
            return measure("filled before Gradio's copy", "one sentence, 0 parts", [said, len(half), number + 1], met)
    return measure("filled before Gradio's copy", "one sentence", f"never hit in {TRIES} tries", False)
