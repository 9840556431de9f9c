"""The door alone, in front of tiny applications: who may ask, for what, how much, and what may leave."""

import asyncio
import errno
import json

import pytest

from studio.ui import door
from studio.ui.door_rules import Hosts, Refused
from studio.ui.door_shares import CLIENTS, Share, Shares
from tests.hardening.conftest import LIMIT, echo, form, pieces


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:1", "LOCALHOST", "[::1]:7860", "studio.example"])
def test_names_of_the_studio(ask, host):
    assert ask(host=host).status_code == 200


@pytest.mark.parametrize("host", [
    "evil.example", "127.0.0.1.evil.example", "localhost.evil.example:7860", "localhost@evil.example", "evil@localhost",
    "192.168.1.5", "", "a b", "studio.example.", "studio.example/..", "localhost:99999999", "[::1", "10.0.0.1#x",
])  # fmt: skip
@pytest.mark.parametrize("path", ["/", "/config", "/gradio_api/upload", "/gradio_api/mcp/", "/assets/x.js"])
def test_other_names_are_refused_on_every_route(ask, host, path):
    for method in ("GET", "POST", "OPTIONS"):
        answer = ask(method, path, host=host, headers={"origin": f"http://{host}" if host.isascii() else "x"})
        assert answer.status_code == 403 and "access-control-allow-origin" not in answer.headers


def test_bare_addresses_where_the_studio_listens_on_the_network(ask):
    assert ask(host="192.168.1.5:7860", hosts=Hosts(anywhere=True)).status_code == 200
    assert ask(host="evil.example", hosts=Hosts(anywhere=True)).status_code == 403


def test_what_others_say_of_our_address_is_not_believed(ask):
    """Gradio would write such an address into pages and answers, and remember it."""
    seen = []

    async def note(scope, receive, send):
        seen.append({name for name, _ in scope["headers"]})
        await echo(scope, receive, send)

    said = {"x-forwarded-host": "evil.example", "x-gradio-server": "http://evil.example", "x-forwarded-proto": "https"}
    proxied = {**said, "x-forwarded-host": "studio.example"}
    for headers, changes in ((said, {}), (said, {"behind_proxy": True}), (proxied, {"behind_proxy": True})):
        assert ask("GET", "/", app=note, headers=headers, **changes).status_code == 200
    direct, evil, known = ({name.decode() for name in names} & set(said) for names in seen)
    assert not direct and "x-forwarded-host" not in evil and "x-forwarded-host" in known


@pytest.mark.parametrize("origin", [
    "http://evil.example", "null", "http://127.0.0.1:3000", "http://localhost:7860", "https://evil.example:7860", "",
    "http://127.0.0.1:7860.evil.example", "http://127.0.0.1:7860/x", "file://", "chrome-extension://abc", "http://[",
])  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def test_other_websites_are_refused(ask, method, origin):
    for path in ("/gradio_api/queue/join", "/gradio_api/upload", "/", "/config"):
        answer = ask(method, path, headers={"origin": origin})
        assert answer.status_code == 403 and not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(("host", "origin"), [
    ("127.0.0.1:7860", "http://127.0.0.1:7860"), ("studio.example", "https://studio.example"),
    ("studio.example:443", "https://studio.example"), ("127.0.0.1:7860", "https://studio.example"),
])  # fmt: skip
def test_the_studios_own_page_is_let_in(ask, host, origin):
    assert ask(host=host, headers={"origin": origin}).status_code == 200


def test_browsers_say_from_where_a_request_without_origin_comes(ask):
    for site in ("cross-site", "same-site", "nonsense"):
        for mode in ("no-cors", "cors", "navigate", ""):
            head = {"sec-fetch-site": site, "sec-fetch-mode": mode}
            assert ask("GET", "/gradio_api/info", headers=head).status_code == 403
            assert ask("POST", "/", headers=head).status_code == 403
            assert ask("GET", "/", headers=head).status_code == (200 if mode == "navigate" else 403)
    assert ask("GET", "/gradio_api/info", headers={"sec-fetch-site": "same-origin"}).status_code == 200


@pytest.mark.parametrize("path", ["/gradio_api/queue/join", "/gradio_api/mcp/", "/gradio_api/call/v2/generate"])
def test_bodies_are_bounded_before_and_while_they_are_read(ask, path):
    body = b"1" * LIMIT
    assert ask(path=path, content=b" " * (LIMIT - 1) + b"1").text == "1"
    reached = []

    async def never(scope, receive, send):
        reached.append(True)

    assert ask(path=path, content=body + b"1", app=never).status_code == 413 and not reached
    sent = []

    async def endless():
        while True:
            sent.append(1000)
            yield b"1" * 1000

    answer = ask(path=path, content=endless(), app=never)
    assert answer.status_code == 413 and "at most" in answer.json()["error"] and not reached
    assert sum(sent) <= LIMIT + 2000, "what is over the limit is not read"


@pytest.mark.parametrize("length", ["x", "-1", "1e3", "", "9" * 400, "+5", "٣"])
def test_lengths_that_are_none(ask, length):
    headers = {"content-length": length.encode(), "transfer-encoding": "chunked"}
    assert ask(content=pieces(b"1"), headers=headers).status_code in (400, 413)


def test_a_framework_that_swallows_a_refusal_does_not_hide_it(gate):
    async def swallow(scope, receive, send):
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 400, "headers": []})
        await send({"type": "http.response.body", "body": b"theirs"})

    found = gate()
    found.door._app = swallow  # without the inner half, which reads bodies itself
    assert found.ask(content=pieces(b"1" * 3 * LIMIT, 1000)).status_code == 413


def test_a_body_that_stands_still_is_given_up(gate, monkeypatch):
    monkeypatch.setattr(door, "STALL_SECONDS", 0.05)
    said = []

    async def receive():
        await asyncio.sleep(60)

    async def send(message):
        said.append(message)

    for path in ("/gradio_api/cancel", "/gradio_api/upload"):
        heads = [(b"host", b"localhost"), (b"content-type", b"multipart/form-data; boundary=b1" * ("up" in path))]
        scope = {"type": "http", "method": "POST", "path": path, "headers": heads, "client": ("1", 2)}
        asyncio.run(gate().door(scope, receive, send))
        assert said[-2]["status"] == 408


def test_calls_have_a_rate_and_clients_do_not_pay_for_each_other(gate):
    share = Share(burst=3, per_second=0.0, at_once=9, kept_bytes=1, kept_seconds=1.0)
    found = gate(share=share, behind_proxy=True)

    def go(address, method="POST", path="/gradio_api/run/x"):
        return found.ask(method, path, headers={"x-forwarded-for": address}).status_code

    assert [go("8.8.8.8") for _ in range(4)] == [200, 200, 200, 429]
    assert go("6.6.6.6, 8.8.8.8") == 429  # what the client itself wrote before is nobody's word
    assert go("9.9.9.9") == 200
    assert go("9.9.9.9", "GET", "/assets/x.js") == 200  # a page has a hundred of those
    assert go("2606:4700::1") == go("2606:4700::2") == go("2606:4700::3") == 200
    assert go("2606:4700::4") == 429, "one customer has a whole network of addresses"


def test_shares_are_given_back_and_their_tables_do_not_grow():
    time = [0.0]
    shares = Shares(Share(burst=2, per_second=1.0, at_once=2, kept_bytes=100, kept_seconds=60.0), lambda: time[0])
    for _ in range(2):
        shares.call("a")
    with pytest.raises(Refused):
        shares.call("a")
    time[0] = 1.5
    shares.call("a")
    with shares.one("a"), shares.one("a"):
        with pytest.raises(Refused), shares.one("a"):
            pass
        with shares.one("b"):
            pass
    with shares.one("a"):
        pass
    shares.keep("a", 100)
    with pytest.raises(Refused):
        shares.keep("a", 0)
    time[0] += 61
    shares.keep("a", 0)
    for number in range(3 * CLIENTS):
        shares.call(str(number))
        shares.keep(str(number), 1)
        with shares.one(str(number)):
            pass
    assert len(shares._tokens) <= CLIENTS and len(shares._kept) <= CLIENTS and not shares._open


@pytest.mark.parametrize("path", [
    "/gradio_api/dev/reload", "/gradio_api/proxy=http://127.0.0.1/", "/monitoring/x", "/gradio_api/file/etc/passwd",
    "/gradio_api/vibe-edit/", "/login", "/logout", "/nowhere", "/gradio_api/component_server", "/pwa_icon/100000",
    "/gradio_api/stream/a/b/1/playlist.m3u8", "/gradio_api/custom_component/a/client/b/c", "/gradio_api/deep_link",
    "/gradio_api/process_recording", "/gradio_api/runs", "/docs", "/openapi.json", "//", "/gradio_api/upload/x",
    "/gradio_api/heartbeat/a/b", "/gradio_api/run/a/b", "/gradio_api/mcp/<script>x</script>/gradio_api/mcp", "",
    "/gradio_api/call/v2/a/b/c", "/gradio_api//file=/etc/passwd", "/GRADIO_API/upload",
])  # fmt: skip
def test_routes_that_the_studio_does_not_need_are_closed(gate, path):
    reached = []

    async def note(scope, receive, send):
        reached.append(scope["path"])

    found = gate(note)

    async def bare(method):
        said = []

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            said.append(message)

        scope = {"type": "http", "method": method, "path": path, "headers": [(b"host", b"localhost")], "client": None}
        await found.door(scope, receive, send)
        return said[0]["status"]

    assert [asyncio.run(bare(method)) for method in ("GET", "POST", "HEAD", "PUT", "TRACE")] == [404] * 5
    assert not reached


def test_health(ask):
    assert ask("GET", "/healthz", host="anything").status_code == 200  # a platform asks by whatever name it likes
    assert ask("GET", "/readyz").status_code == 200
    assert ask("GET", "/readyz", is_ready=lambda: False).status_code == 503


def test_every_answer_forbids_frames_and_foreign_scripts(ask):
    for answer in (ask(), ask(host="evil"), ask("GET", "/healthz"), ask("GET", "/"), ask("GET", "/nowhere")):
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
        assert policy["frame-ancestors"] == "'self'" and policy["default-src"] == "'none'"
        assert "unsafe-inline" not in policy["script-src"] and "*" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["x-frame-options"]
    hub = ask(framed=True).headers
    assert (
        "https://huggingface.co https://*.hf.space" in hub["content-security-policy"] and "x-frame-options" not in hub
    )


def test_headers_of_gradios_that_open_doors_are_dropped(ask):
    async def generous(scope, receive, send):
        heads = [(b"Access-Control-Allow-Origin", b"*"), (b"access-control-allow-credentials", b"true"),
                 (b"Content-Security-Policy", b"default-src *"), (b"X-Content-Type-Options", b"")]  # fmt: skip
        await send({"type": "http.response.start", "status": 200, "headers": heads})
        await send({"type": "http.response.body", "body": b""})

    headers = ask(app=generous).headers
    assert not [name for name in headers if name.startswith("access-control")]
    assert headers["x-content-type-options"] == "nosniff" and "default-src *" not in headers["content-security-policy"]


@pytest.mark.parametrize(("error", "status"), [
    (ValueError("/home/anna/secret"), 500), (OSError(errno.ENOSPC, "no space", "/home/anna"), 507),
    (MemoryError(), 500),
])  # fmt: skip
@pytest.mark.parametrize("says_first", [True, False])
def test_a_fault_behind_the_door_is_one_sentence_and_one_line(ask, caplog, error, status, says_first):
    async def fail(scope, receive, send):
        if says_first:  # as Starlette does, before it raises the fault again
            await send({"type": "http.response.start", "status": 500, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": b"Traceback ... anna"})
        raise error

    answer = ask(app=fail, path="/gradio_api/run/anna")
    assert answer.status_code == status and json.loads(answer.text)["error"] and "anna" not in answer.text
    assert len(caplog.records) == 1 and "anna" not in caplog.text and "\n" not in caplog.messages[0]


def test_forms_belong_to_uploads_alone(ask):
    body, kind = form(('Content-Disposition: form-data; name="files"; filename="a"', b"x"))
    for path in ("/gradio_api/run/x", "/gradio_api/queue/join", "/gradio_api/mcp/"):
        assert ask(path=path, content=body, headers=kind).status_code == 415
