"""Content Credentials: finished files signed with the user's own certificate, as C2PA lays down.

The signature is the last thing that happens to a file: it covers every byte, our other marks too, so that a changed
one shows. What is signed says which program made the file and that a model was at work (``studio.origin``), and
nothing of whom, but for the certificate itself. Signing asks nothing of the network: there is no time stamp by a third
party, so a reader knows that the certificate was valid by this machine's clock alone.

The private key is read once into this process, which signs; it is written nowhere, and no child process is given it.
Needs the package of ``PACKAGE``, which is not among the requirements (53 MB).
"""

from __future__ import annotations

import io
import json
import logging
import os
import secrets
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

import studio
from studio.errors import RequestError, ResourceError
from studio.media.certificates import Identity, read_identity
from studio.media.whole_files import DISK_FULL, unwritten
from studio.origin import COMPOSITE, GENERATOR, TRAINED
from studio.settings import Settings

logger = logging.getLogger(__name__)

PACKAGE = "c2pa-python==0.38.1"
KINDS = {"mp4": "video/mp4", "gif": "image/gif", "png": "image/png", "zip": "application/x-zip"}
"""What can be signed of what the studio makes, by our name of it."""
UNSIGNED = "The {what} is not signed: Content Credentials have no place in that kind of file."
NOT_INSTALLED = f'Signing needs a package that is not installed: please run "pip install {PACKAGE}".'
REFUSED = (
    "The certificate of {certificate} cannot sign Content Credentials: it must be one for digital signatures whose "
    "extended usage is e-mail protection, document signing or C2PA signing, and that is no authority's own."
)
FAILED = "The result could not be signed, so it was not kept: please try again, or start the studio without signing."
_SETTINGS = {
    # Without these up to half a gigabyte of a clip lies in memory while it is signed; with them four megabytes,
    # and without proofs of its own for each of those, which would lie beyond what the signature covers.
    "core": {
        "backing_store_memory_threshold_in_mb": 16,
        "merkle_tree_chunk_size_in_kb": 4096,
        "merkle_tree_max_proofs": 0,
    },
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
}


class Credentials:
    """Signs files with one certificate and its key. Thread-safe.

    Raises RequestError, one sentence that says what to do, for a certificate or a key that cannot be used, and
    ResourceError where the package is missing: at once, and not at the first result.
    """

    def __init__(self, certificate: Path, key: Path, passphrase: str = "") -> None:
        try:
            import c2pa
        except (ImportError, OSError) as error:
            raise ResourceError(NOT_INSTALLED) from error
        self._c2pa = c2pa
        self._identity: Identity = read_identity(certificate, key, passphrase)
        self._lock = threading.Lock()
        try:
            self._context = c2pa.Context(settings=c2pa.Settings.from_dict(_SETTINGS))
            self._signer = c2pa.Signer.from_info(
                c2pa.C2paSignerInfo(self._identity.algorithm, self._identity.chain, self._identity.take_key(), None)
            )
            self._sign("png", TRAINED, io.BytesIO(_smallest_png()), io.BytesIO())
        except c2pa.C2paError as error:
            logger.debug("the trial signature failed: %s", error)
            raise RequestError(REFUSED.format(certificate=certificate)) from None

    def sign_file(self, path: Path, kind: str, source_type: str) -> None:
        """Replace a finished file, not yet under its name, by its signed form. ``kind`` is one of ``KINDS``.

        Raises ResourceError where the disk refuses or the signature fails; then the file is as it was.
        """
        signed = path.with_name(f".{secrets.token_hex(8)}.part")
        target: _Target | None = None
        try:
            with path.open("rb") as source, signed.open("x+b") as file:
                target = _Target(file)
                self._sign(kind, source_type, source, target)
                file.flush()
            os.replace(signed, path)
        except OSError as error:
            raise unwritten(error) from error
        except self._c2pa.C2paError as error:
            logger.debug("signing failed: %s", error)
            full = (target is not None and target.refused) or _is_full(path.parent)
            raise ResourceError(DISK_FULL if full else FAILED) from None
        finally:
            signed.unlink(missing_ok=True)

    def sign_bytes(self, content: bytes, kind: str, source_type: str) -> bytes:
        """The signed form of a small file that is still in memory. Raises ResourceError."""
        out = io.BytesIO()
        try:
            self._sign(kind, source_type, io.BytesIO(content), out)
        except self._c2pa.C2paError as error:
            logger.debug("signing failed: %s", error)
            raise ResourceError(FAILED) from None
        return out.getvalue()

    def _sign(self, kind: str, source_type: str, source: BinaryIO, target: Any) -> None:
        self._identity.check_time()
        with self._lock:
            builder = self._c2pa.Builder(json.dumps(manifest(source_type)), context=self._context)
            builder.sign(self._signer, KINDS[kind], source, target)


def credentials_of(settings: Settings) -> Credentials | None:
    """What finished files are signed with; None where that was not asked for. Raises as ``Credentials``."""
    os.environ.pop("ZOETROPE_SIGN_PASSPHRASE", None)  # no child of ours needs to inherit it
    if settings.sign_certificate is None or settings.sign_key is None:
        return None
    return Credentials(settings.sign_certificate, settings.sign_key, settings.sign_passphrase)


def manifest(source_type: str) -> dict[str, object]:
    """What is signed: the program, and what it did. No name of a file, no words, no time, no picture of it.

    ``c2pa.opened`` in place of ``c2pa.created`` would have to name the person's own file.
    """
    did = [{"action": "c2pa.created", "digitalSourceType": source_type}]
    if source_type == COMPOSITE:
        did.append({"action": "c2pa.edited", "digitalSourceType": source_type})
    return {
        "claim_generator_info": [{"name": GENERATOR, "version": studio.__version__}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": did}}],
    }


class _Target:
    """A file that remembers that it could not be written: what it raises is lost on its way through the library."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.refused = False
        self.read, self.tell = file.read, file.tell

    def write(self, data: bytes) -> int:
        """As a file's; OSError is remembered."""
        return self._noted(lambda: self._file.write(data))

    def seek(self, offset: int, whence: int = 0) -> int:
        """As a file's, which writes what it holds back first."""
        return self._noted(lambda: self._file.seek(offset, whence))

    def flush(self) -> int:
        """As a file's."""
        return self._noted(lambda: self._file.flush() or 0)

    def _noted(self, step: Callable[[], int]) -> int:
        try:
            return step()
        except OSError:
            self.refused = True
            raise


def _is_full(folder: Path) -> bool:
    """Whether there is hardly any room: the library keeps large files in the folder for temporary ones meanwhile."""
    temporary = Path(os.environ.get("TMPDIR", "/tmp"))  # noqa: S108  as the library finds it
    return any(shutil.disk_usage(place).free < 1 << 20 for place in (folder, temporary) if place.is_dir())


def _smallest_png() -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.zeros((1, 1, 3), np.uint8)).save(out, "PNG")
    return out.getvalue()
