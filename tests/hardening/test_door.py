"""The door alone, in front of tiny applications: who may ask, how much, and what may leave."""

import asyncio
import errno
import json

import httpx
import pytest

from studio.ui import door
from studio.ui.door import Door, Rules
from studio.ui.door_rules import Hosts

LIMIT, UPLOAD = 10_000, 100_000


async def echo(scope, receive, send):
    """Reads everything and says how much it was."""
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RuntimeError("cut off")
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": str(size).encode()})


def rules(tmp_path, **changes) -> Rules:
    usual = dict(hosts=Hosts(("studio.example",)), upload_bytes=UPLOAD, upload_files=5, body_bytes=LIMIT,
                 served=(tmp_path.resolve(),), burst=1000, per_second=0.0)  # fmt: skip
    return Rules(**{**usual, **changes})


@pytest.fixture
def ask(tmp_path):
    """Send one request through a door: ``ask(method, path, ..., app=, rules=)``."""

    def ask(method="POST", path="/gradio_api/queue/join", app=echo, host="127.0.0.1:7860", headers=(), content=b"",
            **changes):  # fmt: skip
        async def go():
            transport = httpx.ASGITransport(Door(app, rules(tmp_path, **changes)), client=("10.1.2.3", 9))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:7860") as client:
                return await client.request(method, path, headers={"host": host, **dict(headers)}, content=content)

        return asyncio.run(go())

    return ask


async def chunks(size: int, each: int = 1000):
    """A body whose length is not announced."""
    for _ in range(size // each):
        yield b"x" * each


def form(*parts: tuple[str, bytes], boundary="b1") -> tuple[bytes, dict]:
    lines = [f"--{boundary}\r\n{head}\r\n\r\n".encode() + body + b"\r\n" for head, body in parts]
    kind = {"content-type": f"multipart/form-data; boundary={boundary}"}
    return b"".join(lines) + f"--{boundary}--\r\n".encode(), kind


FILE = 'Content-Disposition: form-data; name="files"; filename="a.mp4"\r\nContent-Type: video/mp4'
FIELD = 'Content-Disposition: form-data; name="x"'


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


@pytest.mark.parametrize("origin", [
    "http://evil.example", "null", "http://127.0.0.1:3000", "http://localhost:7860", "https://evil.example:7860", "",
    "http://127.0.0.1:7860.evil.example", "http://127.0.0.1:7860/x", "file://", "chrome-extension://abc",
])  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def test_other_websites_are_refused(ask, method, origin):
    for path in ("/gradio_api/queue/join", "/gradio_api/upload", "/", "/config"):
        assert ask(method, path, headers={"origin": origin}).status_code == 403


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


@pytest.mark.parametrize("path", ["/gradio_api/queue/join", "/gradio_api/mcp/", "/login", "/nowhere"])
def test_bodies_are_bounded_before_and_while_they_are_read(ask, path):
    assert ask(path=path, content=b"x" * LIMIT).text == str(LIMIT)
    reached = []

    async def never(scope, receive, send):
        reached.append(True)

    assert ask(path=path, content=b"x" * (LIMIT + 1), app=never).status_code == 413 and not reached
    for app in (echo, swallow):
        answer = ask(path=path, content=chunks(3 * LIMIT), app=app)
        assert answer.status_code == 413 and "at most" in answer.json()["error"]


async def swallow(scope, receive, send):
    """As frameworks do: whatever happens while the body is read becomes an answer of their own."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 400, "headers": []})
    await send({"type": "http.response.body", "body": b"theirs"})


def test_uploads_are_files_and_nothing_else(ask):
    path = "/gradio_api/upload"
    body, kind = form((FILE, b"x" * 50_000))
    assert ask(path=path, content=body, headers=kind).text == str(len(body))
    for parts in ([(FIELD, b"y" * 20_000)], [(FILE, b"x"), (FIELD, b"y")], [("X: 1", b"")], [(FILE, b"")] * 6):
        body, kind = form(*parts)
        assert ask(path=path, content=body, headers=kind).status_code == 400
        assert ask(path=path, content=slowly(body), headers=kind).status_code == 400
    for kind in ("", "application/json", "multipart/form-data", "multipart/mixed; boundary=b1", "x" * 1000):
        assert ask(path=path, content=b"x" * 50_000, headers={"content-type": kind}).status_code == 400
    body, kind = form((FILE, b"x" * (UPLOAD + 1)))
    assert ask(path=path, content=slowly(body, 4096), headers=kind).status_code == 413
    assert ask(path="/gradio_api/run/x", content=form((FILE, b"x"))[0], headers=form()[1]).status_code == 415


async def slowly(body: bytes, each: int = 7):
    """The same body in small pieces that cut its lines anywhere."""
    for start in range(0, len(body), each):
        yield body[start : start + each]


def test_a_body_that_stands_still_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(door, "STALL_SECONDS", 0.05)
    said = []

    async def receive():
        await asyncio.sleep(60)

    async def send(message):
        said.append(message)

    scope = {"type": "http", "method": "POST", "path": "/x", "headers": [(b"host", b"localhost")], "client": ("1", 2)}
    asyncio.run(Door(echo, rules(tmp_path))(scope, receive, send))
    assert said[0]["status"] == 408


def test_calls_have_a_rate_and_clients_do_not_pay_for_each_other(tmp_path):
    own = Door(echo, rules(tmp_path, burst=3, behind_proxy=True))

    async def go(address, method="POST", path="/gradio_api/run/x"):
        transport = httpx.ASGITransport(own)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return (await client.request(method, path, headers={"x-forwarded-for": address})).status_code

    assert [asyncio.run(go("8.8.8.8")) for _ in range(4)] == [200, 200, 200, 429]
    assert asyncio.run(go("6.6.6.6, 8.8.8.8")) == 429  # what the client itself wrote before is nobody's word
    assert asyncio.run(go("9.9.9.9")) == 200
    assert asyncio.run(go("8.8.8.8", "GET", "/assets/x.js")) == 200


def test_files_are_served_from_their_folder_alone(ask, tmp_path):
    inside, outside = tmp_path / "in" / "a.mp4", tmp_path.parent / "secret.txt"
    inside.parent.mkdir()
    inside.write_bytes(b"x")
    outside.write_text("secret")
    (tmp_path / "link").symlink_to(outside)
    assert ask("GET", f"/gradio_api/file={inside}").status_code == 200
    for path in (outside, tmp_path / "link", f"{tmp_path}/../{outside.name}", "/etc/passwd", "in/a.mp4", "no", tmp_path,
                 f"{tmp_path}/%2e%2e/{outside.name}", f"{tmp_path}/in/../../{outside.name}", "http://127.0.0.1/x",
                 "\0", "a" * 5000, f"{inside}%00"):  # fmt: skip
        answer = ask("GET", httpx.URL("http://127.0.0.1:7860/").copy_with(raw_path=_raw(path)))
        assert answer.status_code == 404 and "secret" not in answer.text


def _raw(path) -> bytes:
    return b"/gradio_api/file=" + str(path).encode().replace(b"\0", b"%00")


@pytest.mark.parametrize(("kind", "shown"), [
    ("video/mp4", True), ("image/png", True), ("text/html", False), ("image/svg+xml", False), ("text/html;x", False),
    ("application/xhtml+xml", False), ("application/pdf", False), ("text/javascript", False), ("", False),
])  # fmt: skip
def test_a_served_file_has_a_type_only_if_it_is_a_picture_or_a_clip(ask, tmp_path, kind, shown):
    (tmp_path / "f").write_bytes(b"x")

    async def serve(scope, receive, send):
        heads = [(b"content-type", kind.encode()), (b"content-disposition", b'inline; filename="f"')]
        await send({"type": "http.response.start", "status": 200, "headers": heads})
        await send({"type": "http.response.body", "body": b"x"})

    answer = ask("GET", f"/gradio_api/file={tmp_path / 'f'}", app=serve)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["content-type"] == (kind if shown else "application/octet-stream")
    assert answer.headers["content-disposition"].startswith("inline" if shown else "attachment")


def test_every_answer_forbids_frames_and_foreign_scripts(ask):
    for answer in (ask(), ask(host="evil"), ask("GET", "/healthz")):
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'self'" in policy and "default-src 'self'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["x-frame-options"]
    hub = ask(framed=True)
    assert "https://huggingface.co" in hub.headers["content-security-policy"] and "x-frame-options" not in hub.headers


@pytest.mark.parametrize("path", ["/gradio_api/dev/reload", "/gradio_api/proxy=http://127.0.0.1/", "/monitoring/x",
                                  "/gradio_api/file/etc/passwd", "/gradio_api/vibe-edit/"])  # fmt: skip
def test_what_the_studio_does_not_need_is_closed(ask, path):
    for method in ("GET", "POST", "HEAD"):
        assert ask(method, path).status_code == 404


def test_health(ask):
    assert ask("GET", "/healthz", host="anything").status_code == 200  # a platform asks by whatever name it likes
    assert ask("GET", "/readyz").status_code == 200
    assert ask("GET", "/readyz", is_ready=lambda: False).status_code == 503


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
