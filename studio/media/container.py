"""The little that is read from containers without ffmpeg: is the file whole, and how are the pictures of a GIF,
WebP or PNG timed.

A file that was cut off says so in its own structure: a box, a segment or a chunk that claims more bytes than there are.
Seen here, it is refused at once instead of after minutes of work. Only sizes and delays are read, with bounded reads
and steps.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from studio.errors import LimitError, MediaError
from studio.media.sniff import AVI, GIF, MATROSKA, MP4, PNG, WEBP, Kind

CUT_OFF = "The file is cut off: its end is missing; please upload it again or export it anew."
_MOST_BOXES = 200_000
_MOST_BLOCKS = 1_000_000  # of at most 255 bytes in a GIF: more than the largest file that is taken can need
_MANY_PICTURES = "The animation has more than {} pictures: please cut it."
_TOO_MANY_PARTS = "The file is made of far more parts than a picture or a clip has: please export it anew."


@dataclass(frozen=True)
class Animation:
    """Size in pixels and the delay of every picture in seconds (one entry: a still)."""

    width: int
    height: int
    delays: tuple[float, ...]


def check_whole(path: Path, kind: Kind) -> None:
    """Raise MediaError when the container itself shows that bytes are missing at the end."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if kind is MP4:
            _check_boxes(file, size)
        elif kind is MATROSKA:
            _check_segment(file, size)
        elif kind in (AVI, WEBP):
            _check_riff(file, size)


def _check_boxes(file: BinaryIO, size: int) -> None:
    position, seen = 0, set()
    for _ in range(_MOST_BOXES):
        file.seek(position)
        head = file.read(16)
        if len(head) < 8:
            break
        length, name = struct.unpack(">I4s", head[:8])
        if length == 1 and len(head) == 16:
            length = struct.unpack(">Q", head[8:])[0]
        elif length == 0:
            length = size - position
        if length < 8 or position + length > size:
            if {b"moov", b"mdat"} <= seen and name not in (b"mdat", b"moof", b"moov"):
                break  # a tail that some cameras append; the clip itself is whole
            raise MediaError(CUT_OFF)
        seen.add(name)
        position += length
    if b"moov" not in seen:
        raise MediaError("The clip has no table of contents: its recording was never finished; please export it anew.")


def _check_segment(file: BinaryIO, size: int) -> None:
    header = _element(file, 0)
    if header is None:
        raise MediaError(CUT_OFF)
    _, start, length = header
    segment = _element(file, start + (length or 0))
    if segment is None:
        raise MediaError(CUT_OFF)
    _, start, length = segment
    if length is not None and start + length > size:  # None: a live recording, whose length was never written
        raise MediaError(CUT_OFF)


def _element(file: BinaryIO, position: int) -> tuple[int, int, int | None] | None:
    """(id, first byte of the content, its length or None if unknown) of the EBML element at ``position``."""
    file.seek(position)
    head = file.read(16)
    if len(head) < 3 or head[0] == 0:
        return None
    id_bytes = 9 - head[0].bit_length()
    if len(head) <= id_bytes or head[id_bytes] == 0:
        return None
    size_bytes = 9 - head[id_bytes].bit_length()
    raw = int.from_bytes(head[id_bytes : id_bytes + size_bytes], "big")
    value = raw & ((1 << 7 * size_bytes) - 1)
    unknown = value == (1 << 7 * size_bytes) - 1
    return int.from_bytes(head[:id_bytes], "big"), position + id_bytes + size_bytes, None if unknown else value


def _check_riff(file: BinaryIO, size: int) -> None:
    head = file.read(8)
    length = struct.unpack("<I", head[4:8])[0]
    if length and length + 8 > size:
        raise MediaError(CUT_OFF)


def read_animation(path: Path, kind: Kind, most: int) -> Animation:
    """Size and delays of a GIF, WebP or PNG, without decoding a pixel. Raises MediaError for a damaged or cut file,
    LimitError as soon as it shows more than ``most`` pictures.
    """
    with path.open("rb") as file:
        try:
            return {GIF: _read_gif, WEBP: _read_webp, PNG: _read_png}[kind](file, most)
        except (struct.error, IndexError) as error:
            raise MediaError(CUT_OFF) from error


def _read_gif(file: BinaryIO, most: int) -> Animation:
    head = file.read(13)
    width, height, flags = struct.unpack("<HHB", head[6:11])
    if flags & 0x80:
        file.seek(3 << ((flags & 7) + 1), 1)
    delays: list[float] = []
    delay = 0
    left = [_MOST_BLOCKS]
    for _ in range(_MOST_BLOCKS):
        mark = file.read(1)
        if mark == b";":
            break
        if mark == b"!":
            label = file.read(1)[0]
            first = _skip_blocks(file, left)
            if label == 0xF9 and len(first) >= 4:
                delay = struct.unpack("<H", first[1:3])[0]
        elif mark == b",":
            flags = file.read(9)[8]
            if flags & 0x80:
                file.seek(3 << ((flags & 7) + 1), 1)
            file.seek(1, 1)
            _skip_blocks(file, left)
            # as in every browser (and ffmpeg): a delay below 2 hundredths means "not set" and is shown as 10
            delays.append((delay if delay >= 2 else 10) / 100)
            delay = 0
        elif mark in (b"", b"\0"):
            if mark == b"" or not delays:
                raise MediaError(CUT_OFF)
            break
        else:
            raise MediaError("The GIF is damaged; please save it again from a picture program.")
        _check_count(len(delays), most)
    if not delays:
        raise MediaError("The GIF holds no picture; please choose another file.")
    return Animation(width, height, tuple(delays))


def _check_count(pictures: int, most: int) -> None:
    if pictures > most:
        raise LimitError(_MANY_PICTURES.format(most))


def _skip_blocks(file: BinaryIO, left: list[int]) -> bytes:
    """The first of a row of blocks; ``left`` counts down how many the whole file may still have."""
    first = b""
    while count := file.read(1)[0]:
        left[0] -= 1
        if left[0] < 0:
            raise MediaError(_TOO_MANY_PARTS)
        if first:
            file.seek(count, 1)
        else:
            first = file.read(count)
    return first


def _read_webp(file: BinaryIO, most: int) -> Animation:
    head = file.read(30)
    if head[12:16] != b"VP8X":
        return Animation(0, 0, (0.1,))  # a plain still: Pillow tells its size
    width = int.from_bytes(head[24:27], "little") + 1
    height = int.from_bytes(head[27:30], "little") + 1
    delays: list[float] = []
    if head[20] & 0x02:
        position = 12
        for _ in range(_MOST_BOXES + most):
            file.seek(position)
            chunk = file.read(8 + 16)
            if len(chunk) < 8:
                break
            length = struct.unpack("<I", chunk[4:8])[0]
            if chunk[:4] == b"ANMF":
                milliseconds = int.from_bytes(chunk[20:23], "little")
                delays.append((milliseconds if milliseconds > 10 else 100) / 1000)
                _check_count(len(delays), most)
            position += 8 + length + (length & 1)
    return Animation(width, height, tuple(delays) or (0.1,))


def _read_png(file: BinaryIO, most: int) -> Animation:
    """An animated PNG has an acTL chunk before its pixels, and an fcTL chunk with the delay before every picture."""
    width = height = pictures = 0
    delays: list[float] = []
    position = 8
    for _ in range(_MOST_BOXES + 2 * most):
        file.seek(position)
        head = file.read(8 + 26)
        length, name = struct.unpack(">I4s", head[:8])
        if name == b"IHDR":
            width, height = struct.unpack(">II", head[8:16])
        elif name == b"acTL":
            pictures = struct.unpack(">I", head[8:12])[0]
            _check_count(pictures, most)
        elif name == b"fcTL" and pictures:
            over, under = struct.unpack(">HH", head[28:32])
            milliseconds = round(1000 * over / (under or 100))
            delays.append((milliseconds if milliseconds > 10 else 100) / 1000)
            _check_count(len(delays), most)
        elif name == b"IEND" or (name == b"IDAT" and not pictures):
            break
        position += 12 + length
    if len(delays) < pictures:
        raise MediaError(CUT_OFF)
    return Animation(width, height, tuple(delays[:pictures]) or (0.1,))
