"""C2PA signing with the user's own certificate: what a reader makes of the files, and of a byte that was changed.

Left out where the C2PA library is not installed (requirements-dev.txt has it).
"""

import functools
import io
import json
import logging
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from PIL import Image

from studio.errors import RequestError, ResourceError, StudioError
from studio.media.credentials import KINDS, UNSIGNED, Credentials
from studio.media.encode import VideoWriter, write_gif
from studio.media.metadata import read_request
from studio.media.transparent import TransparentWriter
from studio.media.xmp import png_bytes, read_source_type
from studio.origin import COMPOSITE, TRAINED
from studio.requests import InterpolationRequest, RestyleRequest, StudyRequest, TextToVideoRequest
from studio.service import Studio
from studio.service.cache import PipelineCache
from studio.service.context import JobContext
from studio.service.jobs import Job, PreparedRequest
from studio.settings import Settings, from_environment
from tests.hardening.authority import Authority
from tests.machine import full_disk

NOISE = np.random.default_rng(1).integers(0, 255, (96, 128, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def authority():
    return Authority()


@pytest.fixture(scope="module")
def c2pa():
    return pytest.importorskip("c2pa", reason="c2pa-python is not installed")


@pytest.fixture(scope="module")
def signer(c2pa, authority, tmp_path_factory) -> Credentials:
    return Credentials(*authority.write(tmp_path_factory.mktemp("signer")))


@pytest.fixture(scope="module")
def reading(c2pa, authority):
    """What a reader that trusts the authority makes of a file: its verdict and the active manifest."""
    settings = {
        "trust": {"trust_anchors": authority.pem.decode()},
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    }
    context = c2pa.Context(settings=c2pa.Settings.from_dict(settings))

    def read(content: bytes, kind: str) -> tuple[str, dict]:
        with c2pa.Reader(KINDS[kind], io.BytesIO(content), context=context) as reader:
            found = json.loads(reader.json())
        return found["validation_state"], found["manifests"][found["active_manifest"]]

    return read


def actions_of(manifest: dict) -> list[dict]:
    (found,) = [each["data"]["actions"] for each in manifest["assertions"] if each["label"] == "c2pa.actions.v2"]
    return found


def unsigned(folder: Path, kind: str) -> Path:
    """A finished file of a kind as the studio makes it, with our other marks."""
    path = folder / f"made.{kind}"
    if kind == "png":
        path.write_bytes(png_bytes(NOISE, COMPOSITE))
    elif kind == "zip":
        with zipfile.ZipFile(path, "w") as box:
            box.writestr("a.png", png_bytes(NOISE, COMPOSITE))
    else:
        film = folder / "film.mp4"
        with VideoWriter(film, (128, 96), 10, metadata={"task": "restyle"}) as writer:
            for turn in range(8):
                writer.write(np.roll(NOISE, turn, 1))
        film.rename(path) if kind == "mp4" else write_gif(path, film)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_signed_file_is_trusted_and_a_changed_byte_shows(signer, reading, tmp_path, kind):
    path = unsigned(tmp_path, kind)
    before = path.read_bytes()
    signer.sign_file(path, kind, COMPOSITE)
    data = path.read_bytes()
    state, said = reading(data, kind)
    assert state == "Trusted"
    assert said["claim_generator_info"][0]["name"] == "Zoetrope" and "title" not in said and "thumbnail" not in said
    actions = actions_of(said)
    assert [each["action"] for each in actions] == ["c2pa.created", "c2pa.edited"]
    assert all(each["digitalSourceType"] == COMPOSITE and "when" not in each for each in actions)
    assert str(tmp_path).encode() not in data and b"made." not in data
    part = before[len(before) // 2 : len(before) // 2 + 40]  # of the picture itself
    at = data.index(part)
    for place in (at, at + 20, *[len(data) - 3] * (kind == "mp4")):  # the last bytes of an mp4 are our other mark
        changed = bytearray(data)
        changed[place] ^= 1
        assert reading(bytes(changed), kind)[0] == "Invalid"
    assert {each.name for each in tmp_path.iterdir()} - {"film.mp4"} == {path.name}
    if kind != "zip":
        assert read_source_type(path) == COMPOSITE
    if kind in ("mp4", "gif"):
        assert read_request(path) == {"task": "restyle"}


@pytest.mark.parametrize("kind", ["es384", "es512", "ed25519", "ps256"])
def test_every_kind_of_key_signs(c2pa, authority, reading, tmp_path, kind):
    made = Credentials(*authority.write(tmp_path, kind))
    assert reading(made.sign_bytes(png_bytes(NOISE, TRAINED), "png", TRAINED), "png")[0] == "Trusted"


def test_a_certificate_for_something_else_is_refused_at_once(c2pa, authority, tmp_path):
    for usage in (ExtendedKeyUsageOID.SERVER_AUTH, False, None):  # a website's, without any, an authority's own
        with pytest.raises(RequestError, match="cannot sign Content Credentials"):
            Credentials(*authority.write(tmp_path, usage=usage))


def test_the_key_is_nowhere_but_in_its_file(c2pa, authority, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    certificate, key = authority.write(tmp_path)
    made = Credentials(certificate, key)
    secret = key.read_text().splitlines()[1]
    content = made.sign_bytes(png_bytes(NOISE, TRAINED), "png", TRAINED)
    held = [str(vars(each)) for each in (made, made._identity)]
    assert secret not in caplog.text and not any(secret in text for text in held) and secret.encode() not in content
    assert [path.name for path in tmp_path.iterdir() if secret.encode() in path.read_bytes()] == ["key.pem"]


def test_a_certificate_that_expires_meanwhile_is_told(c2pa, authority, tmp_path, monkeypatch):
    made = Credentials(*authority.write(tmp_path))
    monkeypatch.setattr(made._identity, "ends", made._identity.begins)
    path = unsigned(tmp_path, "png")
    before = path.read_bytes()
    with pytest.raises(ResourceError, match="not valid any more") as caught:
        made.sign_file(path, "png", TRAINED)
    assert path.read_bytes() == before and not list(tmp_path.glob(".*"))
    assert str(tmp_path) not in str(caught.value)  # a visitor reads it


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk_while_signing_is_told_and_leaves_nothing(signer, tmp_path, kind):
    path = unsigned(tmp_path, kind)
    before, names = path.read_bytes(), sorted(tmp_path.iterdir())
    with full_disk(len(before) // 2), pytest.raises(StudioError, match="disk is full"):
        signer.sign_file(path, kind, TRAINED)
    assert path.read_bytes() == before and sorted(tmp_path.iterdir()) == names


def check_signed(reading, files: list[tuple[Path, str]]) -> None:
    for path, wanted in files:
        state, said = reading(path.read_bytes(), path.suffix[1:])
        assert state == "Trusted", path
        assert actions_of(said)[0]["digitalSourceType"] == wanted


@pytest.fixture
def settings(authority, tiny_checkpoints, tmp_path, monkeypatch) -> Settings:
    """A studio's that signs, with a key that a passphrase of the environment opens."""
    certificate, key = authority.write(tmp_path, passphrase=b"open sesame")
    monkeypatch.setenv("ZOETROPE_SIGN_PASSPHRASE", "open sesame")
    places = {"work": tmp_path / "w", "looks": tmp_path / "looks", "checkpoints": tiny_checkpoints}
    return from_environment(sign_certificate=certificate, sign_key=key, **places)


def test_all_that_a_prompt_makes_is_signed(c2pa, reading, settings):
    with Studio(settings) as studio:
        assert "ZOETROPE_SIGN_PASSPHRASE" not in os.environ  # no child inherits it
        small = {"seconds": 1, "fps": 6, "width": 144, "height": 144, "seed": 1}
        drawn = studio.run(TextToVideoRequest(prompt="a red car", **small))
        check_signed(reading, [(drawn.video, TRAINED), (studio.gif(drawn.job_id), TRAINED), (drawn.layers, TRAINED)])
        with zipfile.ZipFile(drawn.layers) as box:
            assert box.testzip() is None
            pictures = [box.read(name) for name in box.namelist() if name.endswith(".png")]
        assert len(pictures) >= 5 and all(reading(each, "png")[0] == "Trusted" for each in pictures)
        assert not any("not signed" in note for note in drawn.notes)


def test_what_cannot_be_signed_is_named(signer, tmp_path):
    clear = np.dstack([NOISE, np.full(NOISE.shape[:2], 90, np.uint8)])
    with TransparentWriter(tmp_path / "a.webm", (128, 96), 10, credentials=signer) as writer:
        writer.write(clear)
    assert writer.notes == [UNSIGNED.format(what="WebM")]
    settings = Settings(work=tmp_path)
    job = Job(PreparedRequest(request=StudyRequest(picture=Path("a.png")), seed=1, folder=tmp_path))
    for signs, notes in ((signer, [UNSIGNED.format(what="look file")]), (None, [])):
        context = JobContext(job, None, settings, PipelineCache(settings), signs)
        context.note_unsigned("look file")
        assert context.notes == notes


@pytest.mark.hardening
def test_the_other_tasks_files_are_signed_too(c2pa, reading, settings, make, monkeypatch):
    from studio.pipelines.restyle import study

    for name, value in (("_PICTURES", 1), ("_FRAME", (64, 96)), ("_CROP", 32)):
        monkeypatch.setattr(study, name, value)
    monkeypatch.setattr(study, "study", functools.partial(study.study, steps=2))
    picture, clear = make.picture("signed.png", (64, 48), 3), settings.work.with_name("clear.png")
    Image.fromarray(np.full((48, 64, 4), 90, np.uint8)).save(clear)
    with Studio(settings) as studio:
        still = studio.run(RestyleRequest(source=picture, style="oil painting", seed=1))
        morphed = studio.run(InterpolationRequest(images=(clear, picture), seconds=0.2, seed=1))
        look = studio.run(StudyRequest(picture=picture, seed=1))
        made = (still.picture, still.video, morphed.video, look.picture, look.video)
        check_signed(reading, [(path, COMPOSITE) for path in made])
        assert UNSIGNED.format(what="WebM") in morphed.notes and UNSIGNED.format(what="look file") in look.notes
