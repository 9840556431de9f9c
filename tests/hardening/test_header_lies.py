"""Headers that claim what is not so: sizes, rates, lengths, counts, times. Refused, or read within the limits."""

import os
import random
import struct

import pytest

from studio.errors import StudioError
from studio.media.decode import open_frames
from studio.media.probe import probe
from studio.settings import Limits

LIMITS = Limits.public()
LIES = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7FC00000, 0x8000, 0x00010000)
"""As whole numbers: nothing, little, the most with and without a sign, negative; 0x7FC00000 is a float's NaN."""

FIELDS = {
    b"mvhd": (12, 16, 20, 24), b"tkhd": (20, 28, 76, 80), b"mdhd": (12, 16), b"stts": (4, 8, 12), b"stsz": (4, 8, 12),
    b"stsc": (4, 8, 12), b"stco": (4, 8), b"avc1": (24, 28), b"elst": (4, 8, 12, 16), b"ctts": (4, 8, 12),
    b"avcC": (0, 4, 8), b"stsd": (4,),
}  # fmt: skip
"""Places of numbers of four bytes, after a box's name."""

EBML = (b"\xb0", b"\xba", b"\x54\xb0", b"\x23\xe3\x83", b"\x2a\xd7\xb1", b"\x44\x89")
"""Matroska's numbers: width, height, shown width, length of a frame, unit of time, length."""


def lies(path, data: bytes, rounds: int):
    """(what was changed, the file) of so many lies, the same ones each time."""
    chance = random.Random(rounds)
    places = [
        (name, data.index(name) + 4 + place) for name, all_of in FIELDS.items() if name in data for place in all_of
    ]
    if path.suffix == ".mkv":
        places = [(name, data.index(name) + len(name) + 1) for name in EBML if name in data]
    if path.suffix == ".avi":
        places = [(b"avih", data.index(b"avih") + 8 + place) for place in (0, 16, 24, 32, 36)]
        places += [(b"strh", data.index(b"strh") + 8 + place) for place in (20, 24, 28, 32)]
    for _ in range(rounds):
        name, place = chance.choice(places)
        lie = chance.choice(LIES)
        order = "<I" if path.suffix == ".avi" else ">I"
        yield f"{name!r} at {place}: {lie:#x}", data[:place] + struct.pack(order, lie) + data[place + 4 :]


@pytest.mark.parametrize("rounds", [3, pytest.param(150, marks=pytest.mark.hardening)])
@pytest.mark.parametrize("name", ["lied.mp4", "lied.mkv", "lied.avi", "lied.mov"])
def test_a_header_that_lies_is_refused_or_read_bounded(make, tmp_path, name, rounds):
    path = make.clip(name, frames=6)
    for what, content in lies(path, path.read_bytes(), rounds):
        lied = tmp_path / f"upload{path.suffix}"
        lied.write_bytes(content)
        open_files = len(os.listdir("/proc/self/fd"))
        try:
            info = probe(lied, LIMITS)
            assert info.width * info.height <= LIMITS.video_pixels and info.duration <= LIMITS.seconds + 1, what
            with open_frames(lied, LIMITS, info=info) as frames:
                assert sum(1 for _ in frames) <= LIMITS.frames, what
        except StudioError as error:
            assert "\n" not in str(error) and str(tmp_path) not in str(error), what
        assert len(os.listdir("/proc/self/fd")) == open_files, what
