"""Pictures of few bytes and many pixels or parts: refused from the header, or scaled where their memory is capped."""

import struct
import zipfile

import numpy as np
import pytest
from PIL import Image

from studio.errors import LimitError, MediaError, ResourceError
from studio.media import pictures
from studio.media.decode import read_rgba
from studio.media.probe import probe
from studio.settings import Limits

LIMITS = Limits.public()


def gif(count: int) -> bytes:
    picture = b",\0\0\0\0\1\0\1\0\0\x02\x02D\x01\0"
    return b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6) + picture * count + b";"


def test_a_gif_of_very_many_pictures_is_refused(tmp_path):
    path = tmp_path / "many.gif"
    path.write_bytes(gif(100_000))
    with pytest.raises(LimitError, match="pictures"):
        probe(path, LIMITS)


def test_a_gif_of_endless_blocks_is_refused(tmp_path):
    path = tmp_path / "blocks.gif"
    path.write_bytes(gif(0)[:-1] + b"!\xfe" + b"\1a" * 1_000_500 + b"\0;")
    with pytest.raises(MediaError, match="parts"):
        probe(path, LIMITS)


def test_a_webp_canvas_over_the_limit_is_refused_before_it_is_opened(tmp_path):
    path = tmp_path / "wide.webp"
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + b"\xfe\x3f\0" + b"\xfe\x3f\0" + bytes(64)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    with pytest.raises(LimitError):
        probe(path, LIMITS)


@pytest.mark.parametrize(("name", "mode"), [("a.png", "RGBA"), ("a.jpg", "RGB"), ("a.webp", "RGB"), ("a.gif", "L")])
def test_the_child_and_this_process_give_the_same_pixels(tmp_path, monkeypatch, name, mode):
    noise = np.random.default_rng(1).integers(0, 256, (90, 120, 4), np.uint8)
    Image.fromarray(noise).convert(mode).save(tmp_path / name)
    here = read_rgba(tmp_path / name, LIMITS, 60)
    monkeypatch.setattr(pictures, "DIRECT_PIXELS", 0)
    assert np.abs(here.astype(int) - read_rgba(tmp_path / name, LIMITS, 60)).max() == 0


def test_a_large_picture_is_given_bounded(tmp_path):
    Image.new("L", (6000, 5000), 99).save(tmp_path / "large.png")
    found = read_rgba(tmp_path / "large.png", LIMITS)
    assert found.shape[0] * found.shape[1] <= pictures.MOST_PIXELS
    assert (found[..., :3] == 99).all()


def test_a_child_without_memory_says_so_and_not_damaged(tmp_path, monkeypatch):
    Image.new("RGBA", (3000, 3000)).save(tmp_path / "a.png")
    monkeypatch.setattr(pictures, "_BASE_BYTES", 0)
    monkeypatch.setattr(pictures, "_BYTES_A_PIXEL", 5)
    with pytest.raises(ResourceError, match="[Mm]emory"):
        read_rgba(tmp_path / "a.png", LIMITS)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.gif", "a.webp"])
@pytest.mark.parametrize("second", ["page", "drawing", "archive"])
def test_a_file_that_is_two_things_is_refused(tmp_path, name, second):
    path = tmp_path / name
    Image.new("RGB", (40, 30), (200, 90, 9)).save(path)
    assert probe(path, LIMITS).kind == "image"
    with path.open("ab") as file:
        if second == "archive":
            with zipfile.ZipFile(file, "a") as archive:
                archive.writestr("a.txt", "hello")
        else:
            file.write(b"<HTML><Script>alert(1)</Script>" if second == "page" else b"<svg onload='alert(1)'/>")
    with pytest.raises(MediaError):
        probe(path, LIMITS)


def test_a_photograph_with_a_film_behind_it_is_honest(tmp_path):
    path = tmp_path / "moving.jpg"
    Image.new("RGB", (40, 30)).save(path)
    with path.open("ab") as file:
        file.write(struct.pack(">I4s4sI", 16, b"ftyp", b"mp42", 0) + b"PK\x05\x06" + bytes(3))
    assert probe(path, LIMITS).kind == "image"
