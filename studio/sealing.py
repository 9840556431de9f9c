"""Encryption at rest (``--encrypt``): what a studio keeps cannot be read from its disk.

Two kinds of files, two ways, because they live differently:

* What a run works on and makes (uploads, results, previews, the gallery) never touches a disk: its folder lies in a
  memory file system (``memory_folder``) and goes with the run, kill -9 and power cuts included (``wipe_when_gone``).
  Programs such as ffmpeg need plain files, so plain they are there, for this user and the machine's administrator.
* What stays across runs (studied looks) lies on disk sealed with AES-256-GCM (``SealedFolder``). Its random key is
  itself sealed with a key made of the passphrase by scrypt. The passphrase is stored nowhere: lost passphrase, lost
  looks.

Not covered: what the system itself swaps out (``swap_is_in_the_clear`` tells), the memory of a running studio, how many
sealed files there are, how large and how old they are, and what somebody downloads.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

from studio.errors import RequestError, ResourceError, is_full_disk

LOST = "Nobody can restore a lost passphrase: without it, the looks that were kept with it are lost."
NO_PASSPHRASE = (
    "Kept looks are encrypted with a passphrase, and none was given: start the studio in a terminal, which asks for "
    "it, or set ZOETROPE_PASSPHRASE."
)
WRONG = "This is not the passphrase that the looks of {folder} were kept with: please try again."
SHORTEST = 8
"""Characters of a new passphrase at least."""
ENDING = ".sealed"
KEY = "key.json"
_MAGIC = b"ZOESEAL\x01"
_NONCE = 12
_SCRYPT = {"n": 1 << 17, "r": 8, "p": 1}  # 128 MB and some tenths of a second for each guess
_MOST_WORK = 1 << 20
_NOT_INSTALLED = 'Encryption needs the package "cryptography": please install what requirements.txt lists.'
_DAMAGED = "The key of {folder} is damaged: put {key} back from a copy, or choose another folder with --looks."
_FULL = "The disk is full and {folder} takes nothing more: please make room and try again."
_UNWRITTEN = "The folder {folder} cannot be written to: please make room, or choose another one with --looks."


def new_passphrase_is_needed(folder: Path) -> bool:
    """Whether ``folder`` has no key yet, so that a passphrase is chosen now rather than remembered."""
    return not (folder / KEY).exists()


class SealedFolder:
    """Files in ``folder`` that only this passphrase opens. Their names are random; nothing else is said of them.

    The first passphrase makes the folder's key. Raises RequestError, one sentence, for a missing, a too short or a
    wrong passphrase; ResourceError for a damaged key, and where the folder cannot be written.
    """

    def __init__(self, folder: Path, passphrase: str) -> None:
        self.folder = Path(folder)
        if not passphrase:
            raise RequestError(NO_PASSPHRASE)
        words = unicodedata.normalize("NFC", passphrase).encode()
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if new_passphrase_is_needed(self.folder):
                self._make_key(words)
            said = json.loads((self.folder / KEY).read_bytes())
            salt, sealed = (base64.b64decode(said[name], validate=True) for name in ("salt", "key"))
            work = {name: int(said[name]) for name in _SCRYPT}
            if not 0 < work["n"] * work["r"] * work["p"] <= _MOST_WORK * 8:
                raise ValueError("more work than any key of ours")
            self._key = _unsealed(_stretched(words, salt, work), sealed, KEY)
        except OSError as error:
            raise self._unwritten(error) from error
        except (ValueError, KeyError, TypeError) as error:
            raise ResourceError(_DAMAGED.format(folder=self.folder, key=KEY)) from error
        if self._key is None:
            raise RequestError(WRONG.format(folder=self.folder))

    def _make_key(self, words: bytes) -> None:
        if len(words.decode()) < SHORTEST:
            raise RequestError(f"Please choose a passphrase of at least {SHORTEST} characters.")
        salt = secrets.token_bytes(16)
        sealed = _sealed(_stretched(words, salt, _SCRYPT), secrets.token_bytes(32), KEY)
        said = {"salt": base64.b64encode(salt).decode(), "key": base64.b64encode(sealed).decode(), **_SCRYPT}
        part = self._write_part(json.dumps(said).encode())
        try:
            os.link(part, self.folder / KEY)  # unlike a rename it never replaces the key that another studio just made
        except FileExistsError:
            pass
        finally:
            part.unlink(missing_ok=True)

    def names(self) -> list[str]:
        """The names of the kept files, in no order."""
        return [path.stem for path in self.folder.glob(f"[!.]*{ENDING}")]

    def time_of(self, name: str) -> int:
        """When a file was kept, in nanoseconds since the epoch."""
        return self._place(name).stat().st_mtime_ns

    def read(self, name: str) -> bytes | None:
        """A file's content; None where it is damaged or was sealed with another key."""
        try:
            return _unsealed(self._key, self._place(name).read_bytes(), name)
        except OSError:
            return None

    def _unwritten(self, error: OSError) -> ResourceError:
        return ResourceError((_FULL if is_full_disk(error) else _UNWRITTEN).format(folder=self.folder))

    def keep(self, content: bytes) -> str:
        """Seal a file and give it its name, whole or not at all. Returns the name; raises ResourceError."""
        name = secrets.token_hex(8)
        part: Path | None = None
        try:
            part = self._write_part(_sealed(self._key, content, name))
            part.replace(self._place(name))
        except OSError as error:
            raise self._unwritten(error) from error
        finally:
            if part is not None:
                part.unlink(missing_ok=True)
        return name

    def remove(self, name: str) -> None:
        """Forget a file. Safe for one that is not there."""
        self._place(name).unlink(missing_ok=True)

    def _place(self, name: str) -> Path:
        return self.folder / f"{name}{ENDING}"

    def _write_part(self, content: bytes) -> Path:
        part = self.folder / f".{secrets.token_hex(8)}.part"
        try:
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            part.unlink(missing_ok=True)
            raise
        return part


def _cipher(key: bytes) -> Any:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError as error:
        raise ResourceError(_NOT_INSTALLED) from error
    return AESGCM(key)


def _stretched(words: bytes, salt: bytes, work: dict[str, int]) -> bytes:
    """A key of 32 bytes out of a passphrase."""
    try:
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
    except ImportError as error:
        raise ResourceError(_NOT_INSTALLED) from error
    return Scrypt(salt=salt, length=32, **work).derive(words)


def _sealed(key: bytes, content: bytes, name: str) -> bytes:
    """Magic, nonce, and the content under AES-256-GCM. ``name`` is bound to it, so that files cannot change places."""
    nonce = secrets.token_bytes(_NONCE)
    return _MAGIC + nonce + _cipher(key).encrypt(nonce, content, _MAGIC + name.encode())


def _unsealed(key: bytes, sealed: bytes, name: str) -> bytes | None:
    """The content, or None where key, name or a single bit is another one."""
    from cryptography.exceptions import InvalidTag

    start = len(_MAGIC) + _NONCE
    if not sealed.startswith(_MAGIC) or len(sealed) < start + 16:
        return None
    try:
        return _cipher(key).decrypt(sealed[len(_MAGIC) : start], sealed[start:], _MAGIC + name.encode())
    except InvalidTag:
        return None


# --- files of a run: in memory ----------------------------------------------------------------------------------------


def check_memory_folder(folder: Path) -> None:
    """Raise ResourceError unless ``folder`` lies (or would lie) in a memory file system."""
    folder = Path(os.path.realpath(folder))
    try:
        lines = Path("/proc/self/mounts").read_text().splitlines()
    except OSError:
        lines = []
    mounts = [line.split(" ")[1:3] for line in lines]
    over = [(place, kind) for place, kind in mounts if place == "/" or folder.is_relative_to(place)]
    kind = max(over, key=lambda each: len(each[0]))[1] if over else ""
    if kind not in ("tmpfs", "ramfs"):
        raise ResourceError(
            f"With --encrypt the work folder must lie in memory, and {folder} does not: leave out --work for /dev/shm, "
            "or give a folder on a tmpfs."
        )


def swap_is_in_the_clear() -> bool:
    """Whether the system may write memory to a swap that is neither encrypted (dm-crypt) nor memory itself (zram)."""
    try:
        devices = [line.split()[0] for line in Path("/proc/swaps").read_text().splitlines()[1:]]
    except OSError:
        return False
    for device in devices:
        name = os.path.basename(os.path.realpath(device))
        try:
            encrypted = Path(f"/sys/block/{name}/dm/uuid").read_text().startswith("CRYPT-")
        except OSError:
            encrypted = False
        if not encrypted and not name.startswith("zram"):
            return True
    return False


def wipe_when_gone(folder: Path) -> subprocess.Popen[bytes]:
    """Start a small process that removes ``folder`` as soon as this one is gone, however it ended.

    It waits for the end of a pipe that only this process holds. To end it early close its ``stdin``; it wipes then.
    """
    script = "import shutil, sys; sys.stdin.buffer.read(); shutil.rmtree(sys.argv[1], ignore_errors=True)"
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", script, str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


def leave_no_core() -> None:
    """No image of this process's memory is written to disk should it crash."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
