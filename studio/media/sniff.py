"""What a file is, by its first bytes alone; its name is never believed.

A playlist (HLS, DASH, concat, SDP) renamed .mp4 can make ffmpeg open other files or addresses. Nothing reaches ffmpeg
that is not on the short list below, and ffmpeg is then told which demuxer to use instead of being left to guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from studio.errors import MediaError

HEAD_BYTES = 4096
_TAIL_BYTES = 66_000  # the end record of an archive and its longest comment
_PAGE_SIGNS = (b"<script", b"<html", b"<!doctype html", b"<svg", b"<iframe", b"<?php")
_QUICKTIME_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_STILL_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis", b"hevc")
_CONVERT = "please save it as mp4, mov, mkv, webm, gif, png, jpeg or webp and try again."
_REFUSED: tuple[tuple[tuple[bytes, ...], str], ...] = (
    ((b"#extm3u", b"ffconcat", b"v=0", b"[playlist]", b"#ext-x", b"rtsptext", b"smjpeg"), "a playlist"),
    ((b"<mpd", b"<?xml", b"<smil", b"<asx", b"<!doctype", b"<html", b"<svg", b"<script"), "a page or a playlist"),
    ((b"pk\x03\x04", b"pk\x05\x06", b"\x1f\x8b", b"rar!", b"7z\xbc\xaf", b"\xfd7zxz"), "an archive"),
    ((b"%pdf",), "a document"),
)


@dataclass(frozen=True)
class Kind:
    """``name`` of the format, ``demuxer`` for ffmpeg (None: Pillow reads it), and whether it is a still picture's
    format.
    """

    name: str
    demuxer: str | None
    picture: bool


MP4 = Kind("mp4", "mov", False)
MATROSKA = Kind("matroska", "matroska", False)
AVI = Kind("avi", "avi", False)
GIF = Kind("gif", "gif", True)
PNG = Kind("png", None, True)
JPEG = Kind("jpeg", None, True)
WEBP = Kind("webp", None, True)


def read_head(path: Path) -> bytes:
    """The first bytes of a regular file. Raises MediaError where it is missing, empty, a folder or unreadable."""
    try:
        if not path.is_file():
            raise MediaError("The file is not there any more; please choose it again.")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise MediaError("The file cannot be read; please choose it again.") from error
    if not head:
        raise MediaError("The file is empty (0 bytes); please choose it again, the upload may have been cut off.")
    return head


def sniff(path: Path) -> Kind:
    """The format of ``path``. Raises MediaError with one sentence for everything that is not on the list."""
    head = read_head(path)
    kind = _known(head)
    if kind is None:
        raise MediaError(_refusal(head))
    if _is_two_files(path, head):
        raise MediaError(f"This file is a page or an archive as well as a picture or a clip; {_CONVERT}")
    return kind


def _is_two_files(path: Path, head: bytes) -> bool:
    """Whether a page begins in the file's head or tail, or an archive ends in its tail.

    Every result is encoded anew, so such a file could do no harm here; it is refused because no camera writes one. The
    second films and pictures that telephones append to a photograph are neither, and pass. An archive is believed only
    with its whole end record: four bytes alone occur in honest pixels.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL_BYTES))
        tail = file.read()
    if any(sign in part for part in (head.lower(), tail.lower()) for sign in _PAGE_SIGNS):
        return True
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) < place + 22:
        return False
    entries, length = int.from_bytes(tail[place + 10 : place + 12], "little"), tail[place + 20 : place + 22]
    return place + 22 + int.from_bytes(length, "little") <= len(tail) and (not entries or b"PK\x01\x02" in tail)


def _known(head: bytes) -> Kind | None:
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith((b"GIF87a", b"GIF89a")):
        return GIF
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return WEBP
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return AVI
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return MATROSKA
    if head[4:8] == b"ftyp" and head[8:12] in _STILL_BRANDS:
        return None
    return MP4 if head[4:8] in _QUICKTIME_BOXES and head[:4] < b"\x40" else None


def _refusal(head: bytes) -> str:
    if head[4:8] == b"ftyp":
        return "HEIC and AVIF pictures cannot be read here; please save the picture as JPEG or PNG and try again."
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for signs, what in _REFUSED:
        if start.startswith(signs):
            return f"This file is {what}, not a picture or a clip, whatever its name says; {_CONVERT}"
    if _is_text(head):
        return f"This file is text, not a picture or a clip, whatever its name says; {_CONVERT}"
    if len(head) < 64:
        return "The file is cut off after a few bytes; please upload it again."
    return f"This kind of file cannot be read here; {_CONVERT}"


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    printable = sum(byte >= 32 or byte in (9, 10, 13) for byte in head)
    return printable > 0.95 * len(head)
