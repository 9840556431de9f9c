"""Marks that other programs read: the XMP packet in an mp4, a GIF and a PNG, and finding it again.

An mp4 carries it in a box of its own at the end, which moves nothing that stands before it; a GIF in an application
block; a PNG in a text chunk. Matroska has no place for XMP: a WebM carries the packet as a tag (``metadata.tags``).
"""

from __future__ import annotations

import io
import os
import re
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from studio.media.sniff import GIF, MP4, PNG, sniff
from studio.media.whole_files import unwritten
from studio.origin import DESCRIPTION, GENERATOR, SOURCE_TYPES, xmp

_MP4_BOX = bytes.fromhex("BE7ACFCB97A942E89C71999491E3AFAC")  # the uuid that Adobe gave to XMP
_GIF_BLOCK = b"!\xff\x0bXMP DataXMP"
_GIF_TRAILER = b"\x01" + bytes(range(255, -1, -1)) + b"\0"  # leads readers of blocks out of the packet, wherever
_PNG_KEY = "XML:com.adobe.xmp"
_HEAD = 1 << 18
_MOST_PACKET = 1 << 20
_MOST_BOXES = 4096


def mark_mp4(path: Path, source_type: str) -> None:
    """Append the packet's box to a finished mp4. Raises ResourceError where the disk refuses."""
    packet = xmp(source_type).encode()
    try:
        with path.open("ab") as file:
            file.write((24 + len(packet)).to_bytes(4, "big") + b"uuid" + _MP4_BOX + packet)
    except OSError as error:
        raise unwritten(error) from error


def gif_block(source_type: str) -> bytes:
    """The application block that a GIF carries, to stand before its first picture."""
    return _GIF_BLOCK + xmp(source_type).encode() + _GIF_TRAILER


def png_bytes(picture: np.ndarray, source_type: str) -> bytes:
    """A picture, uint8 (H, W), (H, W, 3) or (H, W, 4), as a PNG that says what it is and nothing else."""
    said = PngInfo()
    said.add_text("Software", GENERATOR)
    said.add_text("Description", DESCRIPTION)
    said.add_itxt(_PNG_KEY, xmp(source_type))
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG", pnginfo=said)
    return out.getvalue()


def read_source_type(path: Path) -> str | None:
    """The digital source type in an mp4's, GIF's or PNG's packet: one of ours, or None. Raises MediaError or OSError
    for what cannot be read.
    """
    kind = sniff(path)
    with path.open("rb") as file:
        if kind is MP4:
            packet = _packet_in_mp4(file)
        elif kind in (GIF, PNG):  # before the first picture, at most our longest comment from the start
            packet = file.read(_HEAD)
        else:
            return None
    found = re.search(rb"DigitalSourceType>([^<]{1,200})<", packet)
    said = found[1].decode("utf-8", "replace") if found else ""
    return said if said in SOURCE_TYPES else None


def _packet_in_mp4(file: BinaryIO) -> bytes:
    """The packet of the first such box at the top level; empty where there is none."""
    end = file.seek(0, os.SEEK_END)
    at = 0
    for _ in range(_MOST_BOXES):
        file.seek(at)
        head = file.read(32)
        size = int.from_bytes(head[:4], "big")
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        if size < 8 or at + size > end:
            break
        if head[4:8] == b"uuid" and head[8:24] == _MP4_BOX and size <= _MOST_PACKET:
            file.seek(at + 24)
            return file.read(size - 24)
        at += size
    return b""
