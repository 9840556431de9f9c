"""Rows 7, 21 and 22: every output says that a model made it, and nothing of whom it came from.

Files are read by parsers of the tests' own (``marks.py``), and the packets by the standard library's XML parser.
"""

import base64
import functools
import io
import json
import logging
import re
import subprocess
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from studio.media.metadata import read_request
from studio.media.xmp import read_source_type
from studio.requests import (
    InterpolationRequest,
    PredictionRequest,
    RestyleRequest,
    StudyRequest,
    TextToVideoRequest,
)
from studio.service import Studio
from studio.service.preview import first_frame, playable
from studio.settings import Limits, Settings
from tests.hardening import marks

TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
NAMES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "iptc": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
}
CANARY = "canarybird"
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


def source_type(packet: str) -> str:
    """What an XMP packet says, read as XML."""
    body = re.sub(r"<\?xpacket.*?\?>", "", packet)
    found = ElementTree.fromstring(body).findall("rdf:RDF/rdf:Description/iptc:DigitalSourceType", NAMES)
    assert len(found) == 1
    return found[0].text


def tags_of(path: Path) -> str:
    """The container's tags as ffmpeg shows them."""
    return subprocess.run([FFMPEG, "-hide_banner", "-i", path], capture_output=True).stderr.decode()


@pytest.fixture(scope="module")
def sources(make, tmp_path_factory) -> dict[str, Path]:
    """Clips and pictures whose names, tags, places and dates must not come out again."""
    folder = tmp_path_factory.mktemp(f"{CANARY}-folder")
    clip, gps = folder / f"{CANARY}-clip.mp4", "+52.5000+013.4000/"
    said = {"title": CANARY, "artist": CANARY, "comment": CANARY, "location": gps}
    said["creation_time"] = "2019-03-04T05:06:07"
    tags = [part for key, value in said.items() for part in ("-metadata", f"{key}={value}")]
    plain = make.clip("marked.mp4", frames=6, sound=True)
    subprocess.run([FFMPEG, "-v", "error", "-i", plain, "-c", "copy", *tags, clip], check=True)
    picture, clear = folder / f"{CANARY}-picture.jpg", folder / f"{CANARY}-clear.png"
    exif = Image.Exif()
    exif[0x010E], exif[0x0132], exif[0x013B] = CANARY, "2019:03:04 05:06:07", CANARY
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 30.0, 0.0), 3: "E", 4: (13.0, 24.0, 0.0)})
    Image.open(make.picture("seen.png", (120, 90), 3)).save(picture, exif=exif)
    said = PngInfo()
    said.add_text("Author", CANARY)
    pixels = np.full((48, 64, 4), 200, np.uint8)
    pixels[:, :20, 3] = 0
    Image.fromarray(pixels).save(clear, pnginfo=said)
    return {"clip": clip, "picture": picture, "clear": clear}


@pytest.fixture(scope="module")
def made(tiny_checkpoints, sources, tmp_path_factory) -> dict[str, tuple[Path, str]]:
    """Every kind of output of every task with its source type, made from the sources with a canary in every word."""
    from studio.pipelines.restyle import study

    clip, picture, clear = sources["clip"], sources["picture"], sources["clear"]
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    with (
        pytest.MonkeyPatch.context() as patch,
        Studio(Settings(checkpoints=tiny_checkpoints, work=tmp_path_factory.mktemp("w"))) as studio,
    ):
        for name, value in (("_PICTURES", 1), ("_FRAME", (64, 96)), ("_CROP", 32)):
            patch.setattr(study, name, value)
        patch.setattr(study, "study", functools.partial(study.study, steps=2))
        small = {"seconds": 1, "fps": 6, "width": 144, "height": 144, "seed": 1}
        drawn = studio.run(TextToVideoRequest(prompt=f"a red car {CANARY}", **small, variations=2))
        own = studio.run(TextToVideoRequest(prompt=f"a red car {CANARY}", **small, picture=clear))
        morphed = studio.run(InterpolationRequest(images=(clear, picture), seconds=0.2, prompt=CANARY, seed=1))
        faster = studio.run(InterpolationRequest(clip=clip, fps=24, prompt=CANARY, seed=1))
        painted = studio.run(RestyleRequest(source=clip, style=f"oil painting {CANARY}", seed=1))
        still = studio.run(RestyleRequest(source=picture, style=f"oil painting {CANARY}", seed=1))
        ahead = studio.run(PredictionRequest(clip=clip, seconds=0.3, prompt=CANARY, seed=1))
        look = studio.run(StudyRequest(picture=picture, source=clip, seed=1))
        yield {
            "drawn.mp4": (drawn.variations[1], TRAINED),
            "drawn.gif": (studio.gif(drawn.job_id, 1), TRAINED),
            "drawn.zip": (drawn.layers, TRAINED),
            "own.mp4": (own.video, COMPOSITE),
            "own.zip": (own.layers, COMPOSITE),
            "morphed.mp4": (morphed.video, COMPOSITE),
            "morphed.webm": (morphed.transparent, COMPOSITE),
            "faster.mp4": (faster.video, COMPOSITE),
            "painted.mp4": (painted.video, COMPOSITE),
            "painted.gif": (studio.gif(painted.job_id), COMPOSITE),
            "still.png": (still.picture, COMPOSITE),
            "still.mp4": (still.video, COMPOSITE),
            "ahead.mp4": (ahead.video, COMPOSITE),
            "look.safetensors": (look.look, COMPOSITE),
            "look.png": (look.picture, COMPOSITE),
            "sample.jpg": (sample_of(look.look), COMPOSITE),
            "drawn.json": (drawn.write_facts(TRAINED), TRAINED),
            "log": (log, ""),
        }
    root.removeHandler(handler)
    root.setLevel(level)


OUTPUTS = [
    "drawn.mp4", "drawn.gif", "drawn.zip", "own.mp4", "own.zip", "morphed.mp4", "morphed.webm", "faster.mp4",
    "painted.mp4", "painted.gif", "still.png", "still.mp4", "ahead.mp4", "look.safetensors", "look.png",
    "sample.jpg", "drawn.json",
]  # fmt: skip


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_output_is_marked_in_its_container_and_in_xmp(made, name):
    path, wanted = made[name]
    data = path.read_bytes()
    match name.partition(".")[2]:
        case "mp4":
            assert source_type(marks.xmp_of_mp4(data)) == wanted
            kinds = [kind for kind, _ in marks.boxes(data)]
            assert kinds.index(b"moov") < kinds.index(b"mdat") < kinds.index(b"uuid")  # still plays before all is here
            assert "Generated by Zoetrope" in tags_of(path)
        case "webm":
            tags = tags_of(path)
            assert "Generated by Zoetrope" in tags and wanted in re.search("DIGITAL_SOURCE_TYPE.*", tags, re.I)[0]
            assert b"Iptc4xmpExt:DigitalSourceType" in data
        case "gif":
            assert source_type(marks.xmp_of_gif(data)) == wanted
            assert any(label == 0xFE and b"Zoetrope" in content for label, content in marks.gif_blocks(data))
        case "png":
            assert source_type(marks.xmp_of_png(data)) == wanted
            assert (b"tEXt", b"Software\0Zoetrope") in marks.chunks(data)
        case "jpg":  # the small picture that a look file carries
            (packet,) = re.findall(rb"<x:xmpmeta.*?</x:xmpmeta>", data, re.S)
            assert source_type(packet.decode()) == wanted
        case "json":
            said = json.loads(data)
            assert "Generated by Zoetrope" in said["about"] and said["digital_source_type"] == wanted
        case "zip":
            check_layers(path, wanted)
        case "safetensors":
            said = marks.look_metadata(data)
            assert said["digital_source_type"] == wanted == source_type(said["xmp"])
            assert "Zoetrope" in said["description"] and said["name"] == "My look"


def sample_of(look: Path) -> Path:
    """The sample picture of a look file, as a file of its own."""
    path = look.with_name("sample.jpg")
    path.write_bytes(base64.b64decode(marks.look_metadata(look.read_bytes())["sample"]))
    return path


MARKS = (b"Generated by", b"generated_by", b"lgorithmicMedia", b"DigitalSourceType", b"xmpmeta", b"c2pa")


def test_a_persons_own_files_that_are_only_shown_say_nothing_of_a_model(sources, tmp_path):
    """What the page shows before any job is theirs: no mark of ours, nor anything of whom."""
    moving = tmp_path / f"{CANARY}.gif"
    frames = [Image.new("RGB", (64, 48), (40 * turn, 9, 9)) for turn in range(4)]
    frames[0].save(moving, save_all=True, append_images=frames[1:], duration=100, comment=CANARY.encode())
    shown = playable(moving, Limits.local())
    still = tmp_path / "first.jpg"
    still.write_bytes(first_frame(sources["clip"], Limits.local()))
    for path in (shown, still):
        data, tags = path.read_bytes(), tags_of(path)
        assert not [mark for mark in MARKS if mark in data] and "description" not in tags and "comment" not in tags
        assert CANARY.encode() not in data and CANARY not in path.name
    assert read_request(shown) is None and read_source_type(shown) is None


def check_layers(path: Path, wanted: str) -> None:
    with zipfile.ZipFile(path) as box:
        assert box.testzip() is None
        assert wanted in box.comment.decode() and wanted in box.read("about.txt").decode()
        pictures = [name for name in box.namelist() if name.endswith(".png")]
        assert len(pictures) >= 5
        for name in pictures:
            assert source_type(marks.xmp_of_png(box.read(name))) == wanted
        for entry in box.infolist():
            assert entry.date_time == (1980, 1, 1, 0, 0, 0) and not entry.extra and not entry.comment


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_output_tells_nothing_of_whom(made, sources, name):
    """No word, no name, no place, no date, no path, and not the library that wrote it."""
    path, _ = made[name]
    data = path.read_bytes()
    if name.endswith("zip"):
        with zipfile.ZipFile(path) as box:
            data += b"".join(box.read(each) for each in box.namelist())
    if name.endswith("json"):  # its notes answer the one who asked, and quote words that were not understood
        data = json.dumps({**json.loads(data), "notes": []}).encode()
    for secret in (CANARY, "2019", "+52.5", str(path.parent), str(sources["clip"].parent), "Lavf6"):
        assert secret.encode() not in data, secret
        assert secret.encode("utf-16-le") not in data, secret
    assert "creation_time" not in tags_of(path)
    assert CANARY not in path.name and b"GPS" not in data and b"Exif" not in data


def test_no_log_has_heard_of_it(made):
    log = made["log"][0].getvalue()
    assert log and CANARY not in log


@pytest.mark.parametrize("name", [name for name in OUTPUTS if name.endswith(("mp4", "gif", "webm"))])
def test_a_marked_film_plays_without_a_complaint(made, name):
    done = subprocess.run(
        [FFMPEG, "-v", "warning", "-xerror", "-i", made[name][0], "-f", "null", "-"], capture_output=True
    )
    assert done.returncode == 0 and not done.stderr, done.stderr.decode()


def test_a_marked_picture_opens_in_pillow(made):
    for name in ("still.png", "look.png"):
        with Image.open(made[name][0]) as picture:
            picture.load()
            assert COMPOSITE in picture.info["xmp"].decode()


def test_names_and_words_are_there_when_they_are_asked_for(tiny_checkpoints, sources, tmp_path):
    with Studio(Settings(checkpoints=tiny_checkpoints, work=tmp_path / "w")) as studio:
        asked = {"clip": sources["clip"], "seconds": 0.2, "seed": 1, "prompt": "pans left"}
        for names, words in ((True, False), (False, True)):
            film = studio.run(PredictionRequest(**asked, keep_names=names, keep_prompt=words)).video.read_bytes()
            assert (f"{CANARY}-clip.mp4".encode() in film) == names and (b"pans left" in film) == words
