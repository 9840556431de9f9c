"""Where jobs live on disk: one private folder, random names inside, nothing left behind.

    <root>/                       mode 0700, ours or refused
      <run>/                      one per running studio, held by a lock; a dead studio's is wiped when the next one
      starts
        lock
        <128-bit random name>/    one per job: input, result, previews; wiped by the studio when its time is up

A job's name is the only key to its files, so it is long and random, and never logged. Names that people give to files
are never used on disk: only a short clean form of them is offered for downloads.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import shutil
import stat
import time
import unicodedata
from pathlib import Path
from typing import BinaryIO

from studio.errors import DISK_FULL, RequestError, ResourceError, is_full_disk

try:
    import fcntl
except ImportError:  # pragma: no cover - only where there are no POSIX locks
    fcntl = None  # type: ignore[assignment]

logger = logging.getLogger(__name__)

FREE_BYTES = 256 << 20
"""Free space that must be left before a job may begin."""

UNWRITABLE = "The work folder cannot be written any more: please look after it, or start the studio with another one."
UNREADABLE = "The file could not be read: please choose it again, or check its permissions."
_JOB_NAME = re.compile(r"[0-9a-f]{32}")
_RUN_NAME = re.compile(r"run-[0-9a-f]{16}")
_LOCK = "lock"
_LONGEST_NAME = 48


class JobFolders:
    """The private folders of one running studio under ``root``. Makes ``root`` (0700), wipes what dead studios left
    there.
    """

    def __init__(self, root: Path) -> None:
        self.root = _private(Path(root))
        self._wipe_the_dead()
        self._run = self.root / f"run-{secrets.token_hex(8)}"
        try:
            self._run.mkdir(mode=0o700)
            self._lock: BinaryIO | None = (self._run / _LOCK).open("wb")
        except OSError as error:
            raise ResourceError(
                f"The folder {self.root} cannot be written; please choose another work folder."
            ) from error
        if fcntl is not None:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    @property
    def run(self) -> Path:
        """The folder of this run, in which all of its jobs lie."""
        return self._run

    def create(self, needed: int = 0) -> Path:
        """A fresh empty folder (0700) for one job. Raises ResourceError where less than ``needed`` bytes would be
        free.
        """
        check_space(self._run, needed)
        folder = self._run / secrets.token_hex(16)
        try:
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise ResourceError(DISK_FULL if is_full_disk(error) else UNWRITABLE) from error
        return folder

    def find(self, name: str) -> Path:
        """The folder of a job by its name. Raises RequestError for a name that is none or is gone."""
        folder = self._run / name if _JOB_NAME.fullmatch(name) else None
        if folder is None or not folder.is_dir() or folder.is_symlink():
            raise RequestError("That job is not here any more; please make it again.")
        return folder

    def remove(self, folder: Path) -> None:
        """Wipe one job's folder. Safe to call twice; refuses (AssertionError) anything that is not a job's folder of
        ours.
        """
        folder = Path(folder)
        assert folder.parent == self._run and _JOB_NAME.fullmatch(folder.name), "not a job folder"
        _wipe(folder)

    def close(self) -> None:
        """Wipe everything of this run. Safe to call twice."""
        lock, self._lock = self._lock, None
        if lock is not None:
            _wipe(self._run)
            lock.close()

    def _wipe_the_dead(self) -> None:
        for folder in self.root.iterdir():
            if _RUN_NAME.fullmatch(folder.name) and not folder.is_symlink() and _is_dead(folder):
                _wipe(folder)


def _private(root: Path) -> Path:
    """``root`` as a real folder that only its owner can enter: a stranger's folder or a link under that name is
    refused.
    """
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = root.lstat()
    except OSError as error:
        raise ResourceError(f"The work folder {root} cannot be made; please choose another.") from error
    if not stat.S_ISDIR(found.st_mode) or (hasattr(os, "getuid") and found.st_uid != os.getuid()):
        raise ResourceError(f"The work folder {root} belongs to someone else; please choose another.")
    root.chmod(0o700)
    return root.resolve()


def _is_dead(folder: Path) -> bool:
    """Whether no running studio holds this folder's lock. A folder without a lock yet is young and left alone for a
    minute.
    """
    if fcntl is None:
        return False
    try:
        with (folder / _LOCK).open("rb+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except FileNotFoundError:
        return time.time() - folder.stat().st_mtime > 60
    except OSError:
        return False
    return True


def _wipe(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        logger.warning("a job folder could not be removed whole")


def check_space(folder: Path, needed: int = 0) -> None:
    """Raise ResourceError unless ``needed`` bytes and a reserve are free where ``folder`` lies."""
    free = shutil.disk_usage(folder).free
    if free < needed + FREE_BYTES:
        raise ResourceError(
            f"The disk is nearly full ({free / 2**20:.0f} MB free, {(needed + FREE_BYTES) / 2**20:.0f} MB needed); "
            "please make room and try again."
        )


def take_in(source: Path, folder: Path, stem: str) -> Path:
    """Copy a person's file into a job's folder under ``stem`` and a random name. The original's name and dates stay
    behind.
    """
    target = folder / f"{stem}-{secrets.token_hex(4)}"
    try:
        shutil.copyfile(source, target)
    except FileNotFoundError as error:
        raise RequestError("The file is not there any more; please choose it again.") from error
    except OSError as error:
        target.unlink(missing_ok=True)
        raise ResourceError(DISK_FULL if is_full_disk(error) else UNREADABLE) from error
    return target


def safe_name(words: str, fallback: str = "zoetrope") -> str:
    """A short file name (no folder, no dot, no ending) out of anything: plain letters, digits and hyphens only."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-").lower()[:_LONGEST_NAME].strip("-")
    reserved = name in {"con", "prn", "aux", "nul"} or re.fullmatch(r"(com|lpt)\d", name)
    return name if name and not reserved else fallback
