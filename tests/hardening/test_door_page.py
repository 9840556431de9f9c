"""The real page behind the door, without a browser: what a stranger asks of every route over bare HTTP."""

import json
import random
import re
import socket
import time
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from studio.service import Studio
from studio.ui import guarding
from studio.ui.door_rules import READ, WRITE
from studio.ui.page import build, keep_files_in, launch
from tests.machine import public_settings

CALLS = ("queue/join", "run/generate", "api/restyle", "call/generate", "call/v2/predict", "cancel", "reset", "mcp/")
BODIES = (
    "{", "[]", "null", '"x"', "7", "{}", '{"data": "canary"}', '{"data": []}', '{"data": [1, 2, 3]}',
    '{"data": {"a": 1}}', '{"data": ["a cat"], "session_hash": "s"}', '{"data": [], "fn_index": 10000000}',
    '{"data": [], "fn_index": "x"}',
    '{"data": [null, null, null, null, null, null, null, null], "session_hash": "s", "fn_index": 0}',
    '{"data": ["a cat"], "event_data": 7, "trigger_id": "x", "session_hash": "s", "fn_index": 1}',
    '{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "canary", "arguments": {}}}',
    '{"session_hash": "s", "fn_index": 3, "event_id": "canary"}', '{"prompt": "x", "seconds": "canary"}',
    '{"event_id": 5}',
)  # fmt: skip


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """A public studio without generators, its page, and a client that no rate holds up."""
    work = tmp_path_factory.mktemp("work")
    settings = public_settings(work / "none", work)
    with Studio(settings) as studio, pytest.MonkeyPatch.context() as patched:
        patched.setitem(guarding.PUBLIC, "burst", 10**6)
        folder = studio.private_folder()
        keep_files_in(folder)
        page = build(studio)
        launch(page, studio)
        with httpx.Client(base_url=page.local_url, timeout=30) as web:
            yield SimpleNamespace(studio=studio, page=page, web=web, work=work, folder=folder, port=settings.port)
        page.close(verbose=False)


def test_the_page_and_its_configuration_hold_no_path_of_the_servers(real):
    home = str(Path.home())
    for path in (
        "/",
        "/config",
        "/gradio_api/info",
        "/gradio_api/openapi.json",
        "/gradio_api/mcp/schema",
        "/manifest.json",
    ):
        answer = real.web.get(path)
        assert answer.status_code == 200
        for place in (str(real.work), home + "/", str(Path(__file__).parents[2]), "site-packages"):
            assert place not in answer.text, (path, place)


def test_every_inline_script_of_the_page_is_marked(real):
    for path in ("/", "/gradio_api/mcp/"):
        answer = real.web.get(path)
        nonce = re.search(r"'nonce-([\w-]+)'", answer.headers["content-security-policy"])[1]
        scripts = re.findall(r"<script([^>]*)>", answer.text)
        assert scripts and all(f'nonce="{nonce}"' in script for script in scripts)


def test_a_shared_page_loads_nothing_from_elsewhere(real):
    """Gradio has another page for its public links, whose scripts come from a host of its own."""
    assert not re.findall(r"<(?:script|link)[^>]+(?:src|href)=\"https?://", real.web.get("/").text)
    assert real.page.share is False


def test_health_answers_without_generators(real):
    assert real.web.get("/healthz").status_code == 200
    assert real.web.get("/readyz").status_code == 503
    real.studio.warm_up()
    assert wait_until(lambda: real.web.get("/readyz").status_code == 200)


def wait_until(what) -> bool:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("rounds", [40, pytest.param(1500, marks=pytest.mark.hardening)])
def test_bad_calls_leave_a_line_at_most_and_no_traceback(real, rounds, capfd, caplog):
    chance = random.Random(rounds)
    routes = [f"/gradio_api/{name}" for name in CALLS]
    tries = [(route, body) for route in routes for body in BODIES]
    tries = chance.sample(tries, min(rounds, len(tries))) + [
        (chance.choice(routes), "".join(chance.choices('{}[]",:0a\\u canary', k=chance.randrange(1, 200))))
        for _ in range(rounds)
    ]
    for route, body in tries:
        head = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
        answer = real.web.post(route, content=body, headers=head)
        assert (
            "Traceback" not in answer.text and "site-packages" not in answer.text and str(real.work) not in answer.text
        )
    said = "".join(capfd.readouterr()) + caplog.text
    assert "Traceback" not in said and "canary" not in said
    assert len(said) < 200 * len(tries)


def test_every_route_that_is_open_answers_and_none_with_a_fault(real):
    """The list of routes is Gradio's: a new Gradio that moved one shows here."""
    ends = {"/gradio_api/queue/data": "?session_hash=none", "/gradio_api/upload_progress": "?upload_id=none"}
    for route in sorted(READ - {"/gradio_api/mcp/sse"}):
        with real.web.stream("GET", route + ends.get(route, "")) as answer:
            missing = route == "/gradio_api/upload_progress"
            assert answer.status_code in ((404,) if missing else (200, 307)), route
    for route in sorted(WRITE):
        answer = real.web.post(route, content=b"{}")
        assert answer.status_code < 500 and answer.status_code != 404, route


def test_a_fetched_name_ends_with_the_file(real):
    name = real.web.post("/gradio_api/upload", files={"files": ("a.png", b"\x89PNG\r\n\x1a\n")}).json()[0]
    assert real.web.get(f"/gradio_api/file={name}").status_code == 200
    next(path for path in real.folder.iterdir() if path.name == name.split("/")[1]).unlink()
    assert real.web.get(f"/gradio_api/file={name}").status_code == 404


def test_sent_addresses_are_never_asked(real):
    """Files as addresses: the studio opens no connection, to this machine or elsewhere."""
    with socket.socket() as trap:
        trap.bind(("127.0.0.1", 0))
        trap.listen()
        trap.settimeout(0.5)
        there = f"http://127.0.0.1:{trap.getsockname()[1]}/a.png"
        file = {"path": there, "url": there, "meta": {"_type": "gradio.FileData"}}
        tool = {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                "params": {"name": "restyle", "arguments": {"source": there, "style": "oil painting"}}}  # fmt: skip
        head = {"accept": "application/json, text/event-stream"}
        for route, body in (("run/restyle", {"data": [file]}), ("call/v2/restyle", {"source": file}), ("mcp/", tool),
                            ("queue/join", {"data": [file], "session_hash": "s", "fn_index": 1}),
                            ("call/restyle", {"data": [{**file, "path": "x"}]})):  # fmt: skip
            answer = real.web.post(f"/gradio_api/{route}", content=json.dumps(body), headers=head)
            assert answer.status_code == 403 or route == "mcp/"
        assert real.web.get(f"/gradio_api/file={there}").status_code == 404
        with pytest.raises(TimeoutError):
            trap.accept()


def peak() -> int:
    """The most memory (bytes) that this process has had since ``reset_peak``."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) << 10


def reset_peak() -> int:
    """Forget the peak; returns what is in use now."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak()


@pytest.mark.hardening
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux tells a process's peak, others do not.")
def test_large_bodies_take_no_memory(real):
    """300 MB to every route that takes a body, in a form field or as JSON, announced or not."""
    block = b"y" * (1 << 20)
    start = reset_peak()

    def endless(head: bytes):
        yield head
        for _ in range(300):
            yield block

    field = b'--b1\r\nContent-Disposition: form-data; name="x"\r\n\r\n'
    tries = [(route, b'{"data": ["', "application/json") for route in sorted(WRITE)]
    tries += [(route, field, "multipart/form-data; boundary=b1") for route in sorted(WRITE)]
    for route, head, kind in tries:
        try:
            answer = real.web.post(route, content=endless(head), headers={"content-type": kind})
            assert answer.status_code in (400, 413, 415)
        except (httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
            pass  # the line was cut while we were still sending
    assert peak() - start < 64 << 20
