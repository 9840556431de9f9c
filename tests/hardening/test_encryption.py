"""Encryption at rest: kept looks are unreadable on disk, a wrong passphrase opens nothing, a run leaves nothing."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from studio import sealing
from studio.errors import RequestError, ResourceError
from studio.privacy import JobFolders
from studio.service.looks import LookBook

WORDS = "correct horse battery"


@pytest.fixture
def quick(monkeypatch):
    """A passphrase is stretched little: the tests derive many keys."""
    monkeypatch.setattr(sealing, "_SCRYPT", {"n": 1 << 10, "r": 8, "p": 1})


@pytest.fixture
def look(tmp_path) -> Path:
    path = tmp_path / "a.safetensors"
    said = {"zoetrope": "studied look", "version": "1", "name": "canarybird"}
    save_file({"a": np.arange(900, dtype=np.float32)}, path, metadata=said)
    return path


def test_kept_looks_cannot_be_read_from_the_disk_and_come_back(quick, look, tmp_path):
    place = tmp_path / "looks"
    place.mkdir()
    (place / "old-12345678.safetensors").write_bytes(look.read_bytes())  # kept before encryption was switched on
    for run in range(2):
        folders = JobFolders(tmp_path / f"work{run}")
        book = LookBook(folders, place, WORDS)
        if run == 0:
            book.keep("", look)
        assert [each.card.name for each in book.of("")] == ["canarybird"] * 2
        assert all(each.path.read_bytes() == look.read_bytes() for each in book.of(""))
        for path in place.iterdir():
            data = path.read_bytes()
            assert path.suffix in (".sealed", ".json") and b"canary" not in data and b"safetensors" not in data
            assert look.read_bytes()[-64:] not in data
        folders.close()
    folders = JobFolders(tmp_path / "work3")
    book = LookBook(folders, place, WORDS)
    book.remove("", book.of("")[0].path)
    assert len(list(place.glob("*.sealed"))) == 1
    folders.close()


def test_a_wrong_passphrase_or_a_changed_bit_opens_nothing(quick, tmp_path):
    kept = sealing.SealedFolder(tmp_path, WORDS)
    name = kept.keep(b"secret" * 50)
    for words in ("", "short", "correct horse batterY"):
        with pytest.raises(RequestError) as error:
            sealing.SealedFolder(tmp_path if words != "short" else tmp_path / "new", words)
        assert len(str(error.value).splitlines()) == 1
    again = sealing.SealedFolder(tmp_path, WORDS)
    assert again.read(name) == b"secret" * 50
    path = tmp_path / f"{name}.sealed"
    data = bytearray(path.read_bytes())
    for place in (0, 10, 30, len(data) - 1):
        path.write_bytes(bytes(data[:place]) + bytes([data[place] ^ 1]) + bytes(data[place + 1 :]))
        assert again.read(name) is None
    (tmp_path / f"{'0' * 16}.sealed").write_bytes(data)
    assert again.read("0" * 16) is None  # another file's content under this name
    (tmp_path / sealing.KEY).write_text("{}")
    with pytest.raises(ResourceError, match="damaged"):
        sealing.SealedFolder(tmp_path, WORDS)


def test_a_work_folder_on_disk_is_refused(tmp_path):
    with pytest.raises(ResourceError, match="memory"):
        sealing.check_memory_folder(Path("/usr/lib"))


def test_a_killed_studio_leaves_nothing(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "film.mp4").write_bytes(b"x")
    code = "import os, sys; from pathlib import Path; from studio.sealing import wipe_when_gone\n"
    code += "wipe_when_gone(Path(sys.argv[1])); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", code, folder], cwd=Path(__file__).parents[2])
    end = time.monotonic() + 20
    while folder.exists():
        assert time.monotonic() < end
        time.sleep(0.02)
