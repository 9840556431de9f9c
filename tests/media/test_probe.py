"""What a file says it is, and the limits that are checked on what it says."""

import struct
import time
import zlib
from dataclasses import replace
from fractions import Fraction

import pytest
from PIL import Image

from studio.errors import LimitError, MediaError, UserError
from studio.media.decode import open_frames
from studio.media.probe import probe
from studio.media.timing import delays_rate, named_rate


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv", "avi"])
@pytest.mark.parametrize("fps", ["24000/1001", "30000/1001", "60000/1001", "25", "12", "50"])
def test_rates_are_exact(coded, limits, ending, fps):
    info = probe(coded(f"rate-{fps.replace('/', '-')}.{ending}", 20, fps=fps), limits)
    assert info.fps == Fraction(fps) and not info.variable_rate
    assert info.frame_count == 20 and info.size == (64, 48) and info.kind == "video" and not info.has_sound


def test_a_phone_clip_stands_upright(ff, coded, media, limits):
    turned = media / "turned.mp4"
    ff("-display_rotation:v:0", "90", "-i", coded("lying.mp4", 5, size=(96, 48)), "-c", "copy", turned)
    info = probe(turned, limits)
    assert info.size == (48, 96) and info.rotation == 270


def test_sound_depth_alpha_and_colour_are_seen(ff, coded, beep, media, limits):
    wav, plain = beep("half.wav", 0.5, 0.1), coded("plain.mp4", 5)
    ff("-i", plain, "-i", wav, "-c:v", "copy", "-c:a", "aac", media / "sounding.mp4")
    info = probe(media / "sounding.mp4", limits)
    assert info.has_sound
    ff("-i", plain, "-c:v", "libx264", "-pix_fmt", "yuv420p10le", "-colorspace", "bt709", "-color_range", "tv",
       media / "deep.mp4")  # fmt: skip
    info = probe(media / "deep.mp4", limits)
    assert info.ten_bit and info.matrix == "bt709"
    ff("-i", plain, "-vf", "format=yuva420p", "-c:v", "libvpx-vp9", "-deadline", "realtime", media / "clear.webm")
    assert probe(media / "clear.webm", limits).has_alpha and not probe(plain, limits).has_alpha


def test_pixels_that_are_not_square_are_shown_wide(ff, coded, media, limits):
    ff("-i", coded("plain.mp4", 5), "-vf", "setsar=4/3", "-c:v", "libx264", media / "wide.mp4")
    assert probe(media / "wide.mp4", limits).size == (85, 48)


def test_a_cover_picture_is_not_the_clip(ff, coded, media, limits):
    Image.new("RGB", (200, 200), "red").save(media / "cover.png")
    ff("-i", media / "cover.png", "-i", coded("plain.mp4", 5), "-map", "0", "-map", "1", "-c", "copy",
       "-disposition:v:0", "attached_pic", media / "covered.mp4")  # fmt: skip
    assert probe(media / "covered.mp4", limits).size == (64, 48)


def test_a_file_with_only_sound_is_refused(ff, beep, media, limits):
    ff("-i", beep("half.wav", 0.5, 0.1), "-c:a", "aac", media / "song.mp4")
    with pytest.raises(MediaError, match="only sound"):
        probe(media / "song.mp4", limits)


def test_one_frame_is_a_clip(coded, limits):
    info = probe(coded("one.mp4", 1), limits)
    assert info.frame_count == 1 and info.fps == 10


@pytest.mark.parametrize(
    "change, word",
    [
        ({"seconds": 1.5}, "seconds long"),
        ({"frames": 10}, "at most 10"),
        ({"max_fps": 9}, "frames per second"),
        ({"video_pixels": 64 * 48 - 1}, "64 x 48"),
        ({"max_side": 60}, "64 x 48"),
        ({"video_bytes": 100}, "MB"),
    ],
)
def test_each_limit_stops_a_clip(coded, limits, change, word):
    path = coded("limited.mp4", 20)
    with pytest.raises(LimitError, match=word):
        probe(path, replace(limits, **change))


def _png(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = zlib.compress(bytes(1 << 20), 9)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", rows)
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(30_000, 30_000), (2_000_000_000, 2), (100_000, 1_100), (0, 10)])
def test_a_picture_bomb_is_refused_from_its_header(tmp_path, limits, size):
    path = tmp_path / "bomb.png"
    path.write_bytes(_png(*size))
    started = time.monotonic()
    with pytest.raises(UserError):
        probe(path, limits)
    assert time.monotonic() - started < 5  # a generous bound: decoding would take minutes and gigabytes


def _patched(path, tmp_path, box: bytes, offset: int, value: bytes):
    """A copy of an mp4 with ``value`` written ``offset`` bytes after the name of its first ``box``."""
    data = bytearray(path.read_bytes())
    at = data.index(box) + 4 + offset
    data[at : at + len(value)] = value
    out = tmp_path / "patched.mp4"
    out.write_bytes(data)
    return out


@pytest.mark.parametrize(
    "box, offset, value",
    [
        (b"stts", 12, 0x7FFFFFFF),  # the first frame lasts for days
        (b"stts", 12, 100_000),
        (b"stts", 12, 0),  # all frames at one moment
        (b"stts", 12, 1),  # 10,240 frames per second
        (b"stts", 8, 0x7FFFFFFF),  # as many frames
        (b"mdhd", 12, 1),  # one tick a second
        (b"mdhd", 12, 0xFFFFFFFF),
        (b"mdhd", 12, 0),
        (b"mvhd", 12, 0),
        (b"mvhd", 16, 0x7FFFFFFF),
        (b"avc1", 24, 0x7D007D00),  # 32,000 x 32,000
        (b"avc1", 24, 0),
        (b"stsz", 8, 0x7FFFFFFF),
        (b"stco", 4, 0x7FFFFFFF),
        (b"elst", 4, 0x7FFFFFFF),
    ],
)
def test_header_lies_are_refused_or_bounded(coded, tmp_path, limits, no_children, box, offset, value):
    data = bytearray(coded("honest.mp4", 20).read_bytes())
    at = data.index(box) + 4 + offset
    data[at : at + 4] = struct.pack(">I", value)
    path = tmp_path / "lies.mp4"
    path.write_bytes(data)
    try:
        with open_frames(path, limits) as stream:
            assert stream.fps <= limits.max_fps and stream.size == (64, 48)
            count = sum(1 for _ in stream)
    except UserError as error:
        assert str(error).count(".") <= 2 and "lies.mp4" not in str(error)
    else:
        assert count < 100


def test_ten_thousand_pictures_in_a_gif_are_counted_without_decoding(tmp_path, limits):
    Image.new("P", (4, 4)).save(tmp_path / "one.gif")
    data = (tmp_path / "one.gif").read_bytes()
    start = data.index(b",")
    path = tmp_path / "many.gif"
    path.write_bytes(data[:start] + data[start:-1] * 10_000 + b";")
    assert probe(path, limits).duration == pytest.approx(1000)
    with pytest.raises(LimitError):
        probe(path, replace(limits, seconds=60.0))


def test_delays_become_a_rate_that_holds_them():
    assert delays_rate([0.1, 0.3, 0.2]) == (Fraction(10), True)
    assert delays_rate([0.04] * 5) == (Fraction(25), False)
    assert delays_rate([0.07, 0.07, 0.06] * 4) == (Fraction(15), False)


def test_known_rates_have_names():
    assert named_rate(23.976, 1e-3) == Fraction(24000, 1001)
    assert named_rate(59.94, 1e-4) == Fraction(60000, 1001)
    assert named_rate(24.0, 1e-3) == 24
    assert named_rate(17.31, 1e-4) == pytest.approx(Fraction(1731, 100), abs=1e-3)
