"""Every endpoint and every event of the page, called with values that its own schema allows and with all others."""

import json
import re
import socket
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from studio.service import TASKS, Studio
from studio.ui import guarding
from studio.ui.page import build, keep_files_in, launch
from tests.hardening import fuzzing
from tests.machine import public_settings
from tests.toy_task import added

ANNA, BERT = ({"cookie": f"zoetrope={letter * 32}"} for letter in "ab")


def fuzz(rounds: int):
    """So many examples, always the same ones."""
    return settings(
        max_examples=rounds, derandomize=True, database=None, deadline=None, print_blob=False,
        suppress_health_check=list(HealthCheck), phases=(Phase.generate,),
    )  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory, make):
    """A public studio with a fifth task that needs no generator, behind its door, asked by Anna; Bert has a file."""
    home = tmp_path_factory.mktemp("fuzz")
    work = home / "work"
    with added(), Studio(public_settings(home / "none", work)) as studio, pytest.MonkeyPatch.context() as patched:
        patched.setitem(guarding.PUBLIC, "burst", 10**7)
        keep_files_in(studio.private_folder())
        page = build(studio)
        launch(page, studio)
        with httpx.Client(base_url=page.local_url, timeout=60, headers=ANNA) as web:
            clip, picture = make.clip("tiny.mp4", size=(32, 24), frames=4), make.picture("tiny.png", (32, 24))
            own = [upload(web, path.name, path.read_bytes()) for path in (clip, picture)]
            own += [upload(web, "a.mp4", b"no clip"), upload(web, "\u202egnp.exe", b"MZ"), upload(web, "b.png", b"")]
            others = [upload(web, "b.mp4", clip.read_bytes(), BERT)]
            free = upload(httpx.Client(base_url=page.local_url), "c.mp4", clip.read_bytes())
            files = fuzzing.Files(tuple(own), tuple(others))
            calls = fuzzing.calls_of(web)
            yield SimpleNamespace(web=web, files=files, calls=calls, home=home, work=work, free=free)
        page.close(verbose=False)


def upload(web, name, content, headers=None) -> str:
    return web.post("/gradio_api/upload", files={"files": (name, content)}, headers=headers).json()[0]


def secrets_of(served) -> list[str]:
    """Words that no answer may hold."""
    name, here = socket.gethostname(), (served.home, f"{Path.home()}/", Path(__file__).parents[2])
    return [*[name] * (len(name) > 8), "Traceback", "site-packages", 'File "', "root:x:0", *map(str, here)]


def judge(served, answer: fuzzing.Answer) -> None:
    """A success, or a refusal in one sentence; nothing of the server's in it."""
    assert answer.status < 500, answer.text
    for word in secrets_of(served):
        assert word not in answer.text, word
    if answer.made is None:
        said = answer.sentence
        assert isinstance(said, str) and said.strip() and len(said) < 600 and "\n" not in said.strip(), answer.text


def files_outside(served) -> set[Path]:
    return {path for path in served.home.rglob("*") if not path.is_relative_to(served.work)}


def call_anything(served, calls, rounds: int) -> None:
    """Any of the calls by any road, so many times."""

    @fuzz(rounds)
    @given(data=st.data())
    def attack(data):
        call = data.draw(st.sampled_from(calls), label="call")
        road = data.draw(st.sampled_from(fuzzing.ROADS), label="road") if call.is_named else "queue/join"
        values = data.draw(fuzzing.values_of(call, served.files, hostile=True), label="values")
        answer = fuzzing.ask(served.web, call, values, road)
        judge(served, answer)
        wrong = [each.name for each, value in zip(call.parameters, values) if not each.allows(value)]
        if call.is_named and answer.made is not None:
            assert not wrong, (call.name, wrong, values)

    attack()


@contextmanager
def nothing_remains(served, capfd, caplog):
    """What is tried in the block leaves no file outside, no traceback in the log, and a studio that answers."""
    before = files_outside(served)
    yield
    assert served.web.get("/healthz").status_code == 200
    said = "".join(capfd.readouterr()) + caplog.text
    assert "Traceback" not in said and "root:x:0" not in said
    assert files_outside(served) == before


def test_the_schema_lists_every_task(served):
    assert {call.name for call in served.calls if call.is_named} == {task.command for task in TASKS.values()}
    assert sum(not call.is_named for call in served.calls) > 30


@pytest.mark.parametrize("rounds", [10, pytest.param(500, marks=pytest.mark.hardening)])
def test_endpoints(served, rounds, capfd, caplog):
    with nothing_remains(served, capfd, caplog):
        for call in served.calls:
            if call.is_named:
                call_anything(served, [call], rounds)


@pytest.mark.parametrize("rounds", [40, pytest.param(1500, marks=pytest.mark.hardening)])
def test_the_pages_own_events(served, rounds, capfd, caplog):
    with nothing_remains(served, capfd, caplog):
        call_anything(served, [call for call in served.calls if not call.is_named], rounds)


@pytest.mark.parametrize("road", fuzzing.ROADS)
def test_what_obeys_the_schema_is_made_on_every_road(served, road):
    """Turning a clip round needs no generator."""
    (call,) = (call for call in served.calls if call.name == "turn")
    address = f"{served.web.base_url}gradio_api/file={served.free}"
    clip = address if road == "mcp" else fuzzing.named(served.files.own[0])
    values = [clip if each.is_file else each.default for each in call.parameters]
    answer = fuzzing.ask(served.web, call, values, road)
    judge(served, answer)
    assert answer.made, answer.text
    names = re.findall(r"[0-9a-f]{32}/[\w./-]+\.mp4", json.dumps(answer.made))
    assert names and served.web.get(f"/gradio_api/file={names[0]}").content[4:8] == b"ftyp"


@pytest.mark.parametrize("rounds", [60, pytest.param(3000, marks=pytest.mark.hardening)])
def test_routes(served, rounds, capfd, caplog):
    """Any method, path, query, headers and body: an answer in one sentence, and never a fault."""

    @fuzz(rounds)
    @given(
        method=fuzzing.METHODS, path=st.sampled_from(fuzzing.PATHS), end=st.sampled_from(fuzzing.ENDS),
        query=fuzzing.QUERY, body=fuzzing.BODIES,
        headers=st.dictionaries(st.sampled_from(fuzzing.HEADERS), fuzzing.HEADER_WORDS, max_size=4),
    )  # fmt: skip
    def attack(method, path, end, query, body, headers):
        address = httpx.URL(served.web.base_url, params=query)
        address = address.copy_with(raw_path=(path + end).encode("utf-8") + b"?" + address.query)
        with served.web.stream(method, address, content=body, headers=headers) as answer:
            is_stream = answer.headers.get("content-type", "").startswith("text/event-stream")
            text = "" if is_stream else answer.read().decode("utf-8", "replace")
        assert answer.status_code < 500 or path == "/readyz", text
        for word in secrets_of(served):
            assert word not in text, word
        if answer.status_code >= 400 and method != "HEAD" and text != "Invalid HTTP request received.":
            said = json.loads(text)["error"] if text.startswith("{") else text
            said = said["message"] if isinstance(said, dict) else said
            assert said.strip() and len(said) < 600 and "\n" not in said.strip(), text

    with nothing_remains(served, capfd, caplog):
        attack()
