"""The wall of looks: words that a click writes, cards of one's own looks, marks on the first frame."""

import base64
import json
from pathlib import Path

import pytest
from PIL import Image

from studio.errors import RequestError
from studio.look_file import LookCard
from studio.service import SavedLook
from studio.settings import Limits
from studio.teachers.looks import LOOKS
from studio.ui import looks, marker


def test_the_wall_holds_every_look_under_the_name_that_is_read_back():
    assert looks.LOOKS.keys() == LOOKS.keys() and len(LOOKS) >= 24
    for name, (kind, label, words) in looks.LOOKS.items():
        assert words == LOOKS[name].title and kind in looks.KINDS and label
    page = looks.markup()
    assert page.count("data-look=") == len(LOOKS)


def test_every_card_has_its_picture():
    posters = {path.stem: path for path in looks.POSTERS.glob("*.jpg")}
    assert posters.keys() == looks.LOOKS.keys()
    for path in posters.values():
        with Image.open(path) as picture:
            assert picture.size == (168, 112)
        assert path.stat().st_size < 12_000


def test_a_strangers_look_cannot_write_into_the_page():
    kept = [SavedLook(Path(f"/x/{name}"), LookCard(name, b"\xff\xd8\xff\x00")) for name in ("<img src=x>", 'b"')]
    page = looks.own_markup(kept, '/x/b"')
    assert "<img src=x>" not in page and "&lt;img src=x&gt;" in page
    assert page.count('aria-pressed="true"') == 1 and page.count("data:image/jpeg;base64,") == 2
    assert looks.own_markup([], "") == ""


def test_a_box_survives_the_marker():
    assert marker.region_of(marker.value_of((0.1, 0.2, 0.5, 1))) == {"box": (0.1, 0.2, 0.5, 1)}
    assert marker.value_of(()) == "" and marker.region_of("") == marker.region_of(None) == {}


def test_a_painted_mask_becomes_a_file_and_old_ones_are_swept(monkeypatch, tmp_path):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    value = json.dumps({"mask": "data:image/png;base64," + base64.b64encode(b"\x89PNG...").decode()})
    first = marker.region_of(value)["mask"]
    assert first.read_bytes() == b"\x89PNG..." and tmp_path in first.parents
    monkeypatch.setattr(marker, "KEPT_SECONDS", -1)
    second = marker.region_of(value)["mask"]
    assert second.exists() and not first.exists()


@pytest.mark.parametrize(
    "value",
    [
        "{", "7", "[]", '{"mask": 7}', '{"mask": "/etc/passwd"}', '{"mask": "data:image/svg+xml;base64,AAAA"}',
        '{"mask": "data:image/png;base64,???"}', '{"box": "all"}', "[" * 100_000, "x" * (5 << 20), {"box": [0, 0, 1]},
    ],
    ids=range(11),
)  # fmt: skip
def test_a_mark_that_is_none_is_one_sentence(value):
    with pytest.raises(RequestError, match="draw it again"):
        marker.region_of(value)


def test_the_first_frame_is_shown_and_a_fault_is_not(make, tmp_path):
    shown = marker.frame_of(make.clip(), Limits.local())
    assert base64.b64decode(shown.removeprefix("data:image/jpeg;base64,"))[:3] == b"\xff\xd8\xff"
    (tmp_path / "fake.mp4").write_text("#EXTM3U")
    assert marker.frame_of(tmp_path / "fake.mp4", Limits.local()) == "" == marker.frame_of(None, Limits.local())
