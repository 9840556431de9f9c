"""Job folders: private, random, wiped, and nobody else's."""

import os
import re
import stat
import subprocess
import sys
from collections import namedtuple

import pytest

from studio import privacy
from studio.errors import RequestError, ResourceError
from studio.privacy import JobFolders, safe_name, take_in


def test_a_job_lives_in_a_private_random_folder(tmp_path):
    folders = JobFolders(tmp_path / "work")
    made = [folders.create() for _ in range(50)]
    assert len({folder.name for folder in made}) == 50
    assert all(re.fullmatch("[0-9a-f]{32}", folder.name) for folder in made)
    for folder in (tmp_path / "work", made[0].parent, made[0]):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert folders.find(made[0].name) == made[0]
    folders.close()


def test_an_open_root_is_closed_and_a_strange_one_refused(tmp_path):
    loose = tmp_path / "loose"
    loose.mkdir()
    loose.chmod(0o777)
    JobFolders(loose).close()
    assert stat.S_IMODE(loose.stat().st_mode) == 0o700
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "file").write_text("x")
    for name in ("link", "file"):
        with pytest.raises(ResourceError):
            JobFolders(tmp_path / name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "/etc", "a" * 32 + "/..", "A" * 32, "0" * 31, "0" * 32, "lock"]
)
def test_only_a_jobs_own_name_finds_it(tmp_path, name):
    folders = JobFolders(tmp_path)
    with pytest.raises(RequestError):
        folders.find(name)
    folders.close()


def test_a_removed_job_is_gone_and_only_jobs_are_removed(tmp_path):
    folders = JobFolders(tmp_path / "work")
    kept, gone = folders.create(), folders.create()
    (gone / "deep").mkdir()
    (gone / "deep" / "file").write_text("x")
    folders.remove(gone)
    folders.remove(gone)
    assert kept.is_dir() and not gone.exists()
    for strange in (tmp_path, kept.parent, tmp_path / "work"):
        with pytest.raises(AssertionError):
            folders.remove(strange)
    assert kept.is_dir()
    folders.close()
    folders.close()
    assert list((tmp_path / "work").iterdir()) == []


def test_a_link_inside_a_job_does_not_lead_outside(tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("x")
    folders = JobFolders(tmp_path / "work")
    job = folders.create()
    (job / "link").symlink_to(precious)
    folders.remove(job)
    assert (precious / "file").exists()
    folders.close()


def test_the_dead_are_wiped_at_the_next_start_and_the_living_are_not(tmp_path):
    script = (
        "import sys, os; from studio.privacy import JobFolders; folders = JobFolders(sys.argv[1]);"
        "job = folders.create(); (job / 'secret').write_text('x'); print(job, flush=True); {end}"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    dead = subprocess.run(
        [sys.executable, "-c", script.format(end="os._exit(9)"), tmp_path],
        capture_output=True,
        text=True,
        env=environment,
    ).stdout.strip()
    assert os.path.exists(os.path.join(dead, "secret"))
    living = subprocess.Popen(
        [sys.executable, "-c", script.format(end="sys.stdin.read()"), tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        assert living.stdout is not None
        alive = living.stdout.readline().strip()
        folders = JobFolders(tmp_path)
        assert not os.path.exists(os.path.dirname(dead)) and os.path.exists(os.path.join(alive, "secret"))
        folders.close()
    finally:
        living.communicate("")


def test_other_things_in_the_root_are_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "run-notours").mkdir()
    JobFolders(tmp_path).close()
    assert (tmp_path / "notes.txt").exists() and (tmp_path / "run-notours").is_dir()


def test_a_nearly_full_disk_is_told_before_the_work(tmp_path, monkeypatch):
    folders = JobFolders(tmp_path)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(privacy.shutil, "disk_usage", lambda path: usage(10**12, 10**12, 10**6))
    with pytest.raises(ResourceError, match="disk is nearly full"):
        folders.create()
    folders.close()


def test_files_are_taken_in_without_their_names(tmp_path):
    folders = JobFolders(tmp_path / "work")
    job = folders.create()
    source = tmp_path / "../my holiday.mp4".replace("../", "")
    source.write_bytes(b"data")
    taken = take_in(source, job, "clip")
    assert taken.parent == job and taken.read_bytes() == b"data" and "holiday" not in taken.name
    with pytest.raises(RequestError):
        take_in(tmp_path / "missing.mp4", job, "clip")
    folders.close()


HOSTILE = [
    "../../etc/passwd",
    "a/b\\c",
    "con",
    "LPT1",
    "..",
    "",
    "\0",
    "a\nb",
    "<script>",
    "x" * 500,
    "-rf",
    "🙂",
    ".hidden",
]


@pytest.mark.parametrize("words", [*HOSTILE, *(f"{left}{word}{left}" for left in "./\\ %" for word in HOSTILE)])
def test_download_names_are_harmless(words):
    name = safe_name(words)
    assert re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?", name) and name not in ("con", "lpt1")


def test_download_names_tell_what_it_is():
    assert safe_name("A red car, at sunset!") == "a-red-car-at-sunset"
    assert safe_name("café") == "cafe" and safe_name("雪") == "zoetrope"
