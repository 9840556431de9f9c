"""Every endpoint and every event of the page, called with values that its own schema allows and with all others."""

import json
import os
import socket
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.service import Studio
from studio.settings import Limits, Settings
from studio.ui import guarding
from studio.ui.page import build, keep_files_in, launch
from tests.hardening import fuzzing
from tests.toy_task import added

ANNA, BERT = ({"cookie": f"zoetrope={letter * 32}"} for letter in "ab")


def fuzz(rounds: int):
    """So many examples, always the same ones."""
    return settings(
        max_examples=rounds, derandomize=True, database=None, deadline=None, print_blob=False,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory, make):
    """A public studio with a fifth task that needs no generator, behind its door, asked by Anna; Bert has a file."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = tmp_path_factory.mktemp("fuzz")
    work = home / "work"
    settings = Settings(checkpoints=home / "none", work=work, port=port, public=True, limits=Limits.public())
    with added(), Studio(settings) as studio, pytest.MonkeyPatch.context() as patched:
        patched.setitem(guarding.PUBLIC, "burst", 10**7)
        keep_files_in(studio.private_folder())
        page = build(studio)
        launch(page, studio)
        with httpx.Client(base_url=page.local_url, timeout=60, headers=ANNA) as web:
            clip, picture = make.clip("tiny.mp4", size=(32, 24), frames=4), make.picture("tiny.png", (32, 24))
            own = [upload(web, path.name, path.read_bytes()) for path in (clip, picture)]
            own += [upload(web, "a.mp4", b"no clip"), upload(web, "\u202egnp.exe", b"MZ"), upload(web, "b.png", b"")]
            others = [upload(web, "b.mp4", clip.read_bytes(), BERT)]
            files = fuzzing.Files(tuple(own), tuple(others))
            calls = fuzzing.calls_of(web)
            yield SimpleNamespace(web=web, files=files, calls=calls, home=home, work=work, studio=studio)
        page.close(verbose=False)


def upload(web, name, content, headers=None) -> str:
    return web.post("/gradio_api/upload", files={"files": (name, content)}, headers=headers).json()[0]


def secrets_of(served) -> list[str]:
    """Words that no answer may hold."""
    return ["Traceback", "site-packages", str(served.home), str(Path.home()) + "/", str(Path(__file__).parents[2]),
            'File "', socket.gethostname(), "root:x:0"]  # fmt: skip


def judge(served, answer: fuzzing.Answer, values) -> None:
    """A success, or a refusal in one sentence; nothing of the server's in it."""
    assert answer.status < 500, answer.text
    for word in secrets_of(served):
        assert word not in answer.text, word
    if answer.made is None:
        said = answer.sentence
        assert isinstance(said, str) and said.strip() and len(said) < 600 and "\n" not in said.strip(), answer.text


def files_outside(served) -> set[Path]:
    return {path for path in served.home.rglob("*") if not path.is_relative_to(served.work)}


@given(data=st.data())
def call_anything(served, road_of, data):
    call = data.draw(st.sampled_from(road_of), label="call")
    road = data.draw(st.sampled_from(fuzzing.ROADS), label="road") if call.is_named else "queue/join"
    values = data.draw(fuzzing.values_of(call, served.files, hostile=True), label="values")
    answer = fuzzing.ask(served.web, call, values, road)
    judge(served, answer, values)
    wrong = [each.name for each, value in zip(call.parameters, values) if not each.allows(value)]
    if call.is_named and answer.made is not None:
        assert not wrong, (call.name, wrong, values)


def test_the_schema_lists_every_task(served):
    assert {call.name for call in served.calls if call.is_named} >= {"generate", "turn"}
    assert sum(not call.is_named for call in served.calls) > 30


@pytest.mark.parametrize("rounds", [60, pytest.param(3000, marks=pytest.mark.hardening)])
def test_named_calls(served, rounds, capfd, caplog):
    before = files_outside(served)
    fuzz(rounds)(call_anything)(served=served, road_of=[call for call in served.calls if call.is_named])
    assert served.web.get("/healthz").status_code == 200
    said = "".join(capfd.readouterr()) + caplog.text
    assert "Traceback" not in said
    assert files_outside(served) == before
