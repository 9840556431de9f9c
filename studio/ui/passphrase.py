"""What is said, and asked for, in the terminal before an encrypted studio opens (``--encrypt``)."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import replace
from getpass import getpass
from pathlib import Path

from studio import sealing
from studio.errors import RequestError
from studio.settings import Settings

SAID = """\
Encrypted: uploads and results of this run lie in memory only ({work}) and are gone when the studio ends.
"""
SAID_OF_LOOKS = "Kept looks are sealed with your passphrase ({looks}). " + sealing.LOST + "\n"
SAID_OF_SWAP = (
    "This machine may swap memory to its disk in the clear: switch swap off, or encrypt it, for --encrypt to hold.\n"
)


def encryption(settings: Settings) -> Settings:
    """The settings with the passphrase, after saying what is encrypted and what is lost with it.

    The passphrase comes from the settings, else from the terminal, twice if it is new; without a terminal it stays
    empty, which the studio refuses. Settings without ``encrypt`` are returned as they are. Raises RequestError where
    the two do not match.
    """
    os.environ.pop("ZOETROPE_PASSPHRASE", None)  # no child of ours needs to inherit it
    if not settings.encrypt:
        return settings
    sys.stderr.write(SAID.format(work=settings.work))
    if sealing.swap_is_in_the_clear():
        sys.stderr.write(SAID_OF_SWAP)
    if settings.looks is None:
        return settings
    sys.stderr.write(SAID_OF_LOOKS.format(looks=settings.looks))
    if settings.passphrase or not sys.stdin.isatty():
        return settings
    is_new = sealing.new_passphrase_is_needed(settings.looks)
    words = getpass("A new passphrase for your looks: " if is_new else "The passphrase of your looks: ")
    if is_new and getpass("The same again: ") != words:
        raise RequestError("The two passphrases differ: please start again.")
    return replace(settings, passphrase=words)


def keep_temporary_files_in(folder: Path) -> None:
    """Whatever any library writes as a temporary file lies in this folder of the run, too."""
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
