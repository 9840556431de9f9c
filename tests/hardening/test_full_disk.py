"""Row 17: a full disk at every stage: one sentence, the last good file kept, nothing half-written.

The kernel refuses here as it does for a quota: no file may grow beyond some bytes (RLIMIT_FSIZE, which needs no root),
or stdout and the log are /dev/full. ``benchmarks/hardening.py`` fills a real file system under the running studio.
Uploads stand in ``test_door_uploads.py``, encoding and GIF in ``tests/media/test_encode.py``, signing in
``test_signing.py``.
"""

import asyncio
import io
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save_file

from studio import sealing
from studio.errors import DISK_FULL, ResourceError, StudioError, is_full_disk
from studio.look_file import LookCard, write_card
from studio.media.decode import open_frames, read_rgba
from studio.media.transparent import TransparentWriter
from studio.media.whole_files import UNWRITTEN, write_whole
from studio.origin import COMPOSITE
from studio.privacy import JobFolders, take_in
from studio.requests import TextToVideoRequest
from studio.service import Result
from studio.service.faults import translate
from studio.service.looks import LookBook
from studio.service.text_to_video import _pack
from studio.settings import Limits
from studio.training.exporting import export_whole
from studio.training.objective import Objective
from studio.training.state import load_state, save_state
from studio.ui import guarding, marker, messages
from tests.machine import full_disk

ROOT = Path(__file__).resolve().parents[2]
NOISE = np.random.default_rng(1).integers(0, 255, (96, 128, 4), dtype=np.uint8)
LOOK = {"zoetrope": "studied look", "version": "1"}


@contextmanager
def told(kind: type[Exception] = StudioError):
    """The block fails with one sentence that says that the disk is full."""
    with pytest.raises(kind) as caught:
        yield
    said = str(translate(caught.value))
    assert "disk is full" in said or "room" in said
    assert said.endswith(".") and "\n" not in said and "Errno" not in said


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_source_that_finds_no_room_leaves_nothing(tmp_path):
    source, folder = tmp_path / "a.png", tmp_path / "job"
    source.write_bytes(b"x" * 5000)
    folder.mkdir()
    with full_disk(), told(ResourceError):
        take_in(source, folder, "picture")
    assert not files(folder) and source.stat().st_size == 5000
    with pytest.raises(ResourceError, match="could not be read"):  # and what is no full disk is not told as one
        take_in(folder, tmp_path, "picture")


def test_reading_needs_no_disk(make, tmp_path):
    """Neither the picture that a child scales down nor a clip lies on the disk while it is decoded."""
    large = tmp_path / "large.jpg"
    Image.fromarray(np.zeros((1800, 1800, 3), np.uint8)).save(large)
    clip = make.clip("read-without-room.mp4", frames=4)
    with full_disk(0):
        assert read_rgba(large, Limits.local(), 64).shape == (64, 64, 4)
        with open_frames(clip, Limits.local()) as frames:
            assert len(list(frames)) == 4


@pytest.mark.parametrize("room", [0, 20_000])
def test_a_film_with_transparency(tmp_path, room):
    path = tmp_path / "out.webm"
    path.write_bytes(b"the last good file")
    with full_disk(room), told(ResourceError), TransparentWriter(path, (128, 96), 10) as writer:
        for turn in range(40):
            writer.write(np.roll(NOISE, turn, 1))
    assert files(tmp_path) == {"out.webm": b"the last good file"}


def test_the_layers(tmp_path):
    (tmp_path / "layers.zip").write_bytes(b"the last good file")
    layers = SimpleNamespace(
        strips=[NOISE] * 4, sprites=[NOISE], cast=np.array([0, -1, -1, -1]), fps=6, setting={},
        scene=np.zeros((6, 20)), actors=np.zeros((6, 4, 20)), offsets=np.zeros(4),
    )  # fmt: skip

    def png(picture):
        out = io.BytesIO()
        Image.fromarray(picture).save(out, "PNG")
        return out.getvalue()

    context = SimpleNamespace(results=tmp_path, png=png, signed=lambda content, kind: content)
    request = TextToVideoRequest(prompt="a red car")
    with full_disk(), told(ResourceError):
        _pack([layers], request, context)
    assert files(tmp_path) == {"layers.zip": b"the last good file"}
    _pack([layers], request, context)
    assert (tmp_path / "layers.zip").stat().st_size > 1000


def test_a_picture_and_the_facts(tmp_path):
    kept = write_whole(tmp_path / "picture.png", b"the last good file")
    result = Result(
        task="restyle", video=tmp_path / "video.mp4", seed=1, width=2, height=2, fps=1.0, frames=1, notes=("n" * 2000,)
    )
    with full_disk():
        with told(ResourceError):
            write_whole(kept, NOISE.tobytes())
        with told(ResourceError):
            result.write_facts(COMPOSITE)
    assert files(tmp_path) == {"picture.png": b"the last good file"}
    with pytest.raises(ResourceError) as caught:
        write_whole(tmp_path / "absent" / "a", b"")
    assert str(caught.value) == UNWRITTEN.format(why="No such file or directory")


def look(path: Path) -> Path:
    save_file({"a": np.zeros(2000, np.float32)}, path, metadata=LOOK)
    return path


def test_a_look_file(tmp_path):
    path = look(tmp_path / "a.safetensors")
    before = files(tmp_path)
    with full_disk(), told(OSError):
        write_card(path, LookCard("Mine", b""))
    assert files(tmp_path) == before


@pytest.mark.parametrize("passphrase", [None, "a long passphrase"])
def test_a_kept_look(tmp_path, monkeypatch, passphrase):
    monkeypatch.setitem(sealing._SCRYPT, "n", 1 << 10)
    file = look(tmp_path / "a.safetensors")
    kept, folders = tmp_path / "kept", JobFolders(tmp_path / "work")
    book = LookBook(folders, kept, passphrase)
    book.keep("", file)
    before = files(tmp_path)
    size = file.stat().st_size
    for room in (1000, size + 10):  # sealed it is 36 bytes longer: the first copy fails, or only the second
        with full_disk(room) if room < size or passphrase else full_disk(1000), told(ResourceError):
            book.keep("", file)
        assert files(tmp_path) == before
    assert len(book.of("")) == 1
    folders.close()
    again = JobFolders(tmp_path / "work")
    if passphrase is not None:
        with full_disk(1000), told(ResourceError):
            LookBook(again, kept, passphrase).of("")
    assert len(LookBook(again, kept, passphrase).of("")) == 1
    again.close()


class Line(Objective):
    """The smallest thing that can be trained."""

    def __init__(self) -> None:
        import torch

        net = torch.nn.Linear(100, 10)
        super().__init__({"model": net}, {"model": torch.optim.SGD(net.parameters(), 0.1)})

    def losses(self, step, rng):
        """None: only its state is of interest."""
        return iter(())


@pytest.mark.parametrize("room", [1000, 6000])
def test_a_training_save(tmp_path, room):
    """In the tensors, or only in the numbers, which are written after them."""
    objective = Line()
    save_state(tmp_path, 10, objective)
    before = files(tmp_path)
    if room == 6000:
        objective.optimisers["model"].param_groups[0]["said"] = "x" * 7000
    with full_disk(room), told(ResourceError):
        save_state(tmp_path, 20, objective)
    assert files(tmp_path) == before and load_state(tmp_path, Line()) == 10
    save_state(tmp_path, 30, Line())
    assert load_state(tmp_path, Line()) == 30 and len(files(tmp_path)) == 2


def test_an_export(tmp_path):
    """The net as it was stays whole; a new one takes its place, and leaves the card and other parts alone."""
    folder = tmp_path / "net"
    (folder / "generator").mkdir(parents=True)
    for name in ("README.md", "generator/a-1-of-2.safetensors", "generator/a-2-of-2.safetensors"):
        (folder / name).write_bytes(b"old")
    before = files(tmp_path)

    def export(place: Path) -> None:
        (place / "generator").mkdir()
        (place / "model_index.json").write_bytes(b"new")
        save_file({"a": np.zeros(2000, np.float32)}, place / "generator" / "a.safetensors")

    with full_disk(), told(ResourceError):
        export_whole(export, folder)
    assert files(tmp_path) == before and len(list(tmp_path.iterdir())) == 1
    export_whole(export, folder)
    assert set(files(folder)) == {"README.md", "model_index.json", "generator/a.safetensors"}


def test_gradios_own_copy_of_a_result(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "served"))
    made = tmp_path / "made.bin"
    made.write_bytes(b"x" * 50_000)
    with gr.Blocks() as page:
        gr.Button().click(lambda: str(made), None, gr.File())
    monkeypatch.chdir(tmp_path)  # below which Gradio takes files
    guarding.tell_full_disk(page)
    call = lambda: asyncio.run(page.process_api(0, []))  # noqa: E731
    with full_disk(), pytest.raises(gr.Error) as caught:
        call()
    assert caught.value.message == DISK_FULL and not caught.value.print_exception
    assert not files(tmp_path / "served")
    (copy,) = [each["path"] for each in call()["data"]]
    assert Path(copy).read_bytes() == made.read_bytes()


def test_a_painted_mask(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    with full_disk(), pytest.raises(OSError) as caught:
        marker._kept(b"x" * 5000)
    assert messages.sentence(caught.value) == DISK_FULL and is_full_disk(caught.value)
    assert not files(tmp_path)


@pytest.mark.parametrize("redirected", ["stdout", "log"])
def test_a_log_or_an_answer_that_cannot_be_written(redirected, tmp_path):
    """Real words of the kernel: /dev/full takes nothing."""
    command = [sys.executable, "-m", "studio", "models", "--checkpoints", str(tmp_path)]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            command + (["--log", "/dev/full"] if redirected == "log" else []),
            cwd=ROOT, stdout=full if redirected == "stdout" else subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    if redirected == "log":
        assert (done.returncode, done.stderr) == (0, "") and "text_to_video" in done.stdout
    else:
        assert (done.returncode, done.stderr) == (1, f"{DISK_FULL}\n")
