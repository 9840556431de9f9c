"""By its bytes, never by its name: what is taken, and how the rest is refused."""

import zipfile

import pytest
from PIL import Image

from studio.errors import MediaError
from studio.media.decode import open_frames
from studio.media.sniff import sniff

HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n"
DASH = '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{target}</BaseURL></MPD>'
CONCAT = "ffconcat version 1.0\nfile '{target}'\n"
SDP = "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n"
PLAIN_CONCAT = "file '{target}'\n"


@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.mkv", "a.mov"])
@pytest.mark.parametrize("text", [HLS, "\ufeff" + HLS, "\n  " + HLS, DASH, CONCAT, SDP, PLAIN_CONCAT])
def test_a_playlist_is_refused_whatever_its_name(tmp_path, coded, limits, name, text):
    target = coded("inside.mp4", 5)
    path = tmp_path / name
    path.write_text(text.format(target=target), encoding="utf-8")
    with pytest.raises(MediaError) as error:
        open_frames(path, limits)
    assert str(target) not in str(error.value) and str(error.value).count(".") == 1


@pytest.mark.parametrize(
    "data, word",
    [
        (b"", "empty"),
        (b"hello, this is no video at all\n" * 20, "text"),
        (b"<!DOCTYPE html><html><video src='http://127.0.0.1/x'></html>", "page"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>", "page"),
        (b"%PDF-1.7\n\0\0", "document"),
        (b"\0\0\0\x20ftypheic" + bytes(100), "HEIC"),
        (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(100), "kind of file"),
        (b"SIMPLE  =                    T" + bytes(100), "kind of file"),
        (b"BM" + bytes(100), "kind of file"),
        (b"\0\0\0\x18ft", "cut off"),
    ],
)
def test_other_files_are_refused_in_one_sentence(tmp_path, data, word):
    path = tmp_path / "clip.mp4"
    path.write_bytes(data)
    with pytest.raises(MediaError, match=word) as error:
        sniff(path)
    assert "\n" not in str(error.value) and str(error.value).endswith(".")


def test_an_archive_a_folder_and_a_missing_file_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "clip.mp4", "w") as archive:
        archive.writestr("a.mp4", b"x")
    (tmp_path / "folder.mp4").mkdir()
    for name in ("clip.mp4", "folder.mp4", "missing.mp4"):
        with pytest.raises(MediaError):
            sniff(tmp_path / name)


@pytest.mark.parametrize("ending, name", [("mp4", "mp4"), ("mov", "mp4"), ("mkv", "matroska"), ("avi", "avi")])
def test_clips_are_known_without_their_names(coded, tmp_path, ending, name):
    nameless = tmp_path / "upload"
    nameless.write_bytes(coded(f"plain.{ending}", 5).read_bytes())
    assert sniff(nameless).name == name


@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "gif"])
def test_pictures_are_known_without_their_names(tmp_path, name):
    path = tmp_path / "upload"
    Image.new("RGB", (8, 8)).save(path, format=name)
    found = sniff(path)
    assert found.name == name and found.picture
