"""Look files and who may see them; a picture that is studied, and its look put to use."""

import functools
import io
import json

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file, save_file

from studio import look_file as look_files
from studio.errors import Cancelled, LimitError, MediaError, RequestError, UserError
from studio.look_file import LookCard, read_card, write_card
from studio.privacy import JobFolders
from studio.requests import RestyleRequest, StudyRequest
from studio.service import looks
from studio.service.looks import LookBook

KIND = {"zoetrope": "studied look", "version": "1"}
WEIGHTS = {"a": np.arange(7, dtype=np.float16), "b": np.arange(6, dtype=np.float32).reshape(2, 3)}


def jpeg(colour=(200, 40, 90)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (16, 12), colour).save(out, "JPEG")
    return out.getvalue()


def look_file(path, **said):
    save_file(WEIGHTS, path, metadata={**KIND, **said})
    return path


def test_a_card_is_written_and_the_weights_stay(tmp_path):
    path = look_file(tmp_path / "a.safetensors", painter="somebody")
    write_card(path, LookCard("Grandmother's quilt", jpeg()))
    assert read_card(path) == LookCard("Grandmother's quilt", jpeg())
    after = load_file(path)
    assert after.keys() == WEIGHTS.keys() and all(np.array_equal(after[name], WEIGHTS[name]) for name in WEIGHTS)
    header = path.read_bytes()
    said = json.loads(header[8 : 8 + int.from_bytes(header[:8], "little")])["__metadata__"]
    assert said["painter"] == "somebody"
    assert [item.name for item in tmp_path.iterdir()] == ["a.safetensors"]


def test_names_are_one_short_line_and_samples_are_pictures(tmp_path):
    path = look_file(tmp_path / "a.safetensors", name="  two\nlines \x1b[31m" + "x" * 200, sample="PHNjcmlwdD4=")
    card = read_card(path)
    assert card.name.startswith("two lines [31mxxx") and len(card.name) <= 60
    assert card.sample == b""
    assert read_card(look_file(tmp_path / "b.safetensors")).name == look_files.UNNAMED


def header(text: bytes, length: int | None = None) -> bytes:
    return (len(text) if length is None else length).to_bytes(8, "little") + text


@pytest.mark.parametrize(
    "content",
    [
        b"", b"short", b"x" * 4000, header(b"{}"), header(b"[]"), header(b"{", 1), header(b"{}", 2**63),
        header(b"\xff\xfe"),
        header(b'{"__metadata__": {"zoetrope": "a song", "version": "1"}}'), header(b'{"__metadata__": 7}'),
        header(b"[" * 200_000),
    ],
    ids=range(11),
)  # fmt: skip
def test_what_is_no_look_file_is_refused(tmp_path, content):
    (tmp_path / "a.safetensors").write_bytes(content)
    with pytest.raises(MediaError, match="not a look file"):
        read_card(tmp_path / "a.safetensors")


def test_other_versions_and_huge_files_are_refused(tmp_path, monkeypatch):
    with pytest.raises(MediaError, match="another version"):
        read_card(look_file(tmp_path / "a.safetensors", version="9"))
    monkeypatch.setattr(look_files, "MOST_BYTES", 40)
    with pytest.raises(LimitError, match="at most"):
        read_card(look_file(tmp_path / "b.safetensors"))


@pytest.fixture
def folders(tmp_path):
    made = JobFolders(tmp_path / "work")
    yield made
    made.close()


def test_on_a_shared_studio_looks_belong_to_the_visit(folders, tmp_path):
    book, file = LookBook(folders), look_file(tmp_path / "a.safetensors", name="mine")
    kept = book.keep("anna", file)
    assert [look.card.name for look in book.of("anna")] == ["mine"] and kept.path.name.startswith("mine-")
    assert book.of("bert") == () and book.of("") == ()
    book.remove("bert", kept.path)
    assert book.of("anna") == (kept,)
    with pytest.raises(RequestError):
        book.keep("", file)
    book.expire(3600)
    assert book.of("anna") == (kept,)
    book.expire(-1)
    assert book.of("anna") == () and not kept.path.exists()


def test_visits_do_not_pile_up(folders, tmp_path, monkeypatch):
    monkeypatch.setattr(looks, "MOST_VISITORS", 3)
    book, file = LookBook(folders), look_file(tmp_path / "a.safetensors")
    first = book.keep("visitor-0", file)
    for number in range(1, 4):
        book.keep(f"visitor-{number}", file)
    assert book.of("visitor-0") == () and not first.path.exists()
    assert len(book.of("visitor-3")) == 1


def test_on_ones_own_machine_looks_stay(folders, tmp_path):
    place, file = tmp_path / "home" / "looks", look_file(tmp_path / "a.safetensors", name="first")
    book = LookBook(folders, place)
    assert book.of("anybody") == ()
    book.keep("anna", file)
    named = book.keep("anna", look_file(tmp_path / "b.safetensors", name="second"))
    (place / "notes.txt").write_text("not ours")
    (place / ("0" * 32 + ".safetensors")).write_bytes(b"damaged")
    book.expire(-1)
    later = LookBook(folders, place)
    assert [look.card.name for look in later.of("bert")] == ["second", "first"]
    later.remove("bert", tmp_path / "a.safetensors")  # not one of the list: left alone
    later.remove("bert", named.path)
    assert [look.card.name for look in later.of("")] == ["first"] and file.exists()


def test_a_list_has_an_end(folders, tmp_path, monkeypatch):
    monkeypatch.setattr(looks, "MOST_LOOKS", 2)
    book, file = LookBook(folders), look_file(tmp_path / "a.safetensors")
    for _ in range(2):
        book.keep("anna", file)
    with pytest.raises(LimitError, match="remove one"):
        book.keep("anna", file)


@pytest.fixture(scope="module")
def quick():
    """Studies of one small picture and a few steps: what they learn is not the matter here."""
    from studio.pipelines.restyle import study

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study, "_PICTURES", 1)
        patch.setattr(study, "_FRAME", (64, 96))
        patch.setattr(study, "_CROP", 32)
        patch.setattr(study, "study", functools.partial(study.study, steps=3))
        yield


@pytest.fixture(scope="module")
def studied(studio, make, quick):
    request = StudyRequest(picture=make.picture("painting.png", (120, 90), 3), source=make.clip(), seed=1)
    return studio.run(request)


def test_a_study_makes_a_look_file_with_a_sample(studio, studied):
    card = read_card(studied.look)
    assert card.name == look_files.UNNAMED  # what the picture is called nobody asked to tell
    with Image.open(io.BytesIO(card.sample)) as sample:
        assert sample.format == "JPEG" and sample.size == (168, 112)
    with Image.open(studied.picture) as shown:
        assert shown.size == (64, 48)
    assert studio.history("") == () and studied.task == "study"


def test_a_studied_look_restyles(studio, studied, make, look):
    clip = make.clip("sound.mp4", frames=24, fps="24000/1001", sound=True)
    result = studio.run(RestyleRequest(source=clip, look=studied.look, seed=1))
    seen = look(result.video)
    assert len(seen.frames) == 24 and seen.has_sound
    plain = studio.run(RestyleRequest(source=clip, style="oil painting", seed=1))
    assert np.abs(seen.frames.astype(int) - look(plain.video).frames).mean() > 1
    assert np.abs(seen.frames.astype(int) - look(clip).frames).mean() > 1


def test_what_is_no_look_is_refused_before_it_waits(studio, make, tmp_path):
    for path in (make.clip(), make.picture("a.png"), tmp_path / "absent.safetensors"):
        with pytest.raises(UserError) as error:
            studio.submit(RestyleRequest(source=make.clip(), look=path))
        assert len(str(error.value).splitlines()) == 1


def test_a_look_file_of_nonsense_is_one_sentence(studio, make, tmp_path):
    with pytest.raises(UserError) as error:
        studio.run(RestyleRequest(source=make.clip(), look=look_file(tmp_path / "a.safetensors")))
    assert "study" in str(error.value)


def test_a_clip_cannot_be_studied_and_a_study_can_be_cancelled(studio, make, quick):
    with pytest.raises(MediaError, match="is a clip"):
        studio.submit(StudyRequest(picture=make.clip()))
    job = studio.submit(StudyRequest(picture=make.picture("painting.png", (120, 90), 3)))
    folder = job.prepared.folder
    for event in job.events():
        if "Studying" in event.message:
            job.cancel()
    with pytest.raises(Cancelled):
        job.result()
    assert not folder.exists()
