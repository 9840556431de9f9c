"""The looks that people have studied: on one's own machine a folder that stays, elsewhere only as long as the visit.

With a passphrase the folder that stays is sealed: its looks are opened into a private folder of the run, which lies in
memory then, and what is kept is written to both.

On a shared studio a look belongs to the visitor's key (long, random, made up by the face) and lies in a private folder
of the run: nobody else lists it, and it goes when it was not asked for in a while.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from studio.errors import LimitError, RequestError, ResourceError, StudioError, UserError, is_full_disk
from studio.look_file import ENDING, LookCard, read_card
from studio.media.whole_files import write_whole
from studio.privacy import JobFolders, safe_name
from studio.sealing import KEY, SealedFolder

logger = logging.getLogger(__name__)

MOST_LOOKS = 60  # of one owner: so many fit a page
MOST_VISITORS = 512
PART_SECONDS = 10.0  # a look is written in far less
_UNKEPT = "The look could not be kept because the disk is full: please make room and try again."
_UNMADE = "The look could not be kept: its folder {folder} cannot be made; please choose another one with --looks."
_UNOPENED = "There is no room to open the kept looks: please make some, or start the studio with fewer of them."


@dataclass(frozen=True)
class SavedLook:
    """One look of a list: its file, and the name and the sample that the file carries."""

    path: Path
    card: LookCard


class LookBook:
    """Everybody's studied looks. ``folder`` None: bound to the visit, in folders of this run. Thread-safe.

    ``passphrase`` (not None): the folder is sealed with it. It is opened when looks are first asked for, and what is
    wrong with passphrase or folder is raised then (RequestError, ResourceError).
    """

    def __init__(self, folders: JobFolders, folder: Path | None = None, passphrase: str | None = None) -> None:
        self._folders = folders
        self._folder = folder
        self._passphrase = passphrase if folder is not None else None
        self._sealed: SealedFolder | None = None
        self._lock = threading.Lock()
        if folder is not None and passphrase is None and (folder / KEY).exists():
            logger.warning("some kept looks are encrypted: start with --encrypt to use them")
        self._visits: OrderedDict[str, tuple[Path, float]] = OrderedDict()  # key: folder, when last asked
        if folder is not None:
            _wipe_parts(folder)

    def of(self, visitor: str) -> tuple[SavedLook, ...]:
        """The looks that this visitor may use, newest first."""
        folder = self._place(visitor)
        return () if folder is None else tuple(_looks_in(folder))

    def keep(self, visitor: str, file: Path) -> SavedLook:
        """Copy a look file into the visitor's looks.

        Raises MediaError or LimitError if it is none, LimitError if there are too many, ResourceError.
        """
        card = read_card(file)
        folder = self._place(visitor, make=True)
        if folder is None:
            raise RequestError("A look is kept for an open page only: please take its file along instead.")
        if len(self.of(visitor)) >= MOST_LOOKS:
            raise LimitError(f"At most {MOST_LOOKS} looks are kept: please remove one of them first.")
        called = safe_name(card.name, "look")
        sealed = self._sealed
        content = file.read_bytes()
        name = secrets.token_hex(4) if sealed is None else sealed.keep(content)
        try:
            return SavedLook(write_whole(folder / f"{called}-{name}{ENDING}", content, _UNKEPT), card)
        except StudioError:
            if sealed is not None:
                sealed.remove(name)  # what was told as not kept must not be there at the next start
            raise

    def remove(self, visitor: str, path: Path) -> None:
        """Forget one of the visitor's own looks; any other path is left alone."""
        if any(look.path == path for look in self.of(visitor)):
            path.unlink(missing_ok=True)
            if self._sealed is not None:
                self._sealed.remove(_sealed_name(path))

    def expire(self, keep_seconds: float) -> None:
        """Let go of the looks of visits that have not asked for theirs in so long."""
        oldest = time.monotonic() - keep_seconds
        with self._lock:
            gone = [key for key, (_, asked) in self._visits.items() if asked < oldest]
            folders = [self._visits.pop(key)[0] for key in gone]
        for folder in folders:
            self._folders.remove(folder)

    def _place(self, visitor: str, make: bool = False) -> Path | None:
        """Where the visitor's looks lie; None where there are none and none is to be made."""
        if self._passphrase is not None:
            with self._lock:
                self._open()
        if self._folder is not None:
            if make:
                try:
                    self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                except OSError as error:
                    said = _UNKEPT if is_full_disk(error) else _UNMADE.format(folder=self._folder)
                    raise ResourceError(said) from error
            return self._folder
        with self._lock:
            if visitor not in self._visits and not (make and visitor):
                return None
            place = self._visits[visitor][0] if visitor in self._visits else self._folders.create()
            self._visits[visitor] = (place, time.monotonic())
            self._visits.move_to_end(visitor)
            forgotten = self._visits.popitem(last=False)[1][0] if len(self._visits) > MOST_VISITORS else None
        if forgotten is not None:
            self._folders.remove(forgotten)
        return place

    def _open(self) -> None:
        """Unseal what is kept into a folder of the run, the first time. Looks kept in the clear before are sealed."""
        if self._sealed is not None:
            return
        sealed, plain = SealedFolder(self._folder, self._passphrase), self._folders.create()
        for look in _looks_in(sealed.folder):
            sealed.keep(look.path.read_bytes())
            look.path.unlink()
        for name in sealed.names():
            content = sealed.read(name)
            if content is None:
                logger.warning("a kept look could not be unsealed and is left out")
                continue
            path = plain / f"look-{name}{ENDING}"
            write_whole(path, content, _UNOPENED)
            os.utime(path, ns=(sealed.time_of(name),) * 2)
        self._folder, self._sealed = plain, sealed


def _sealed_name(path: Path) -> str:
    """The name under which the look of this opened file lies sealed."""
    return path.stem.rpartition("-")[2]


def _wipe_parts(folder: Path) -> None:
    """Remove what a studio that was killed has left half-written; what is younger may be another studio's."""
    for part in folder.glob("*.part"):
        try:
            if time.time() - part.stat().st_mtime > PART_SECONDS:
                part.unlink()
        except OSError:
            logger.warning("a half-written look could not be removed")


def _looks_in(folder: Path) -> list[SavedLook]:
    """Every look file of a folder, newest first; what is damaged is left out."""
    try:
        files = list(folder.glob(f"[!.]*{ENDING}"))
        files.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
    except FileNotFoundError:
        return []
    found = []
    for path in files:
        try:
            found.append(SavedLook(path, read_card(path)))
        except UserError:
            logger.warning("a kept look could not be read and is left out")
    return found
