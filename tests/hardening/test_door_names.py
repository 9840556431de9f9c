"""Names at the door: who may see a file, under which name and type, and what calls may say of files and sessions."""

import json
import random

import httpx
import pytest

from studio.ui.door_names import DEEPEST, Names
from tests.hardening.conftest import LIMIT, PNG

ANNA, BERT = {"cookie": "zoetrope=" + "a" * 32}, {"cookie": "x=1; zoetrope=" + "b" * 32 + "; y=2"}


def test_a_name_is_the_visitors_own(gate):
    found = gate()
    mine = found.upload(PNG, headers=ANNA).json()[0]
    free = found.upload(PNG).json()[0]  # of a program without a cookie: for whoever holds it
    for name, headers, status in (
        (mine, ANNA, 200),
        (mine, BERT, 404),
        (mine, {}, 404),
        (free, ANNA, 200),
        (free, {}, 200),
    ):
        assert found.ask("GET", f"/gradio_api/file={name}", headers=headers).status_code == status
    assert str(found.folder) not in mine and "a.png" not in mine


@pytest.mark.parametrize("rounds", [200, pytest.param(20_000, marks=pytest.mark.hardening)])
def test_no_other_word_opens_a_file(gate, rounds):
    found, chance = gate(), random.Random(rounds)
    name = found.upload(PNG).json()[0]
    (file,) = found.files()
    secret = found.folder.parent / "secret.txt"
    secret.write_text("secret")
    (found.folder / "link").symlink_to(secret)
    tries = [
        secret, file, found.folder, "/etc/passwd", f"{found.folder}/../secret.txt", "http://127.0.0.1/x", "\0",
        "a" * 5000, found.names.name("link", ""), found.names.name("../secret.txt", ""), found.names.name("", ""),
        name + "/", name + "x", f"/{name}", f"./{name}", name.replace("/", "//"), name.upper(), f"{name}\0",
        f"{name}/../link", f"{name[:33]}link", Names(found.folder).name(file.name, ""), "file:///etc/passwd",
        "//evil.example/x", "..",
        ".", "",
    ]  # fmt: skip
    tries += ["".join(chance.choices("abcdef0123456789./%\\~", k=chance.randrange(1, 80))) for _ in range(rounds)]
    for word in tries:
        assert found.names.path(str(word), "") is None, word
    for word in map(str, tries[:27]):
        raw = b"/gradio_api/file=" + word.encode().replace(b"\0", b"%00")
        answer = found.ask("GET", httpx.URL("http://127.0.0.1:7860/").copy_with(raw_path=raw))
        assert answer.status_code == 404 and "secret" not in answer.text
    assert found.names.path(name, "") == file
    file.unlink()
    assert found.ask("GET", f"/gradio_api/file={name}").status_code == 404


@pytest.mark.parametrize(("called", "content", "kind"), [
    ("a.png", PNG, "image/png"), ("a.html", PNG, "image/png"), ("a.gif", b"GIF89a" + b"\0" * 50, "image/gif"),
    ("a.mp4", b"\0\0\0\x18ftypmp42" + b"\0" * 99, "video/mp4"),
    ("a.webm", b"\x1a\x45\xdf\xa3" + b"\0" * 99, "video/webm"),
    ("a.html", b"<html><script>1</script>", None), ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
    ("a.mp4", b"<!doctype html>", None), ("a.png", PNG + b"<script>1</script>", None), ("a.pdf", b"%PDF-1.7", None),
    ("a.js", b"alert(1)", None), ("a.xhtml", b"<?xml version='1.0'?>", None), ("a.json", b"{}", None),
    ("a.png", b"x", None), ("a.swf", b"CWS" + b"\0" * 99, None), ("a.avi", b"RIFF\0\0\0\0AVI " + b"\0" * 99, None),
])  # fmt: skip
def test_the_type_of_a_served_file_is_what_its_bytes_are(gate, called, content, kind):
    found = gate()
    path = f"/gradio_api/file={found.upload(content, called).json()[0]}"
    for answer in (
        found.ask("GET", path),
        found.ask("HEAD", path),
        found.ask("GET", path, headers={"range": "bytes=0-3"}),
    ):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["content-type"] == (kind or "application/octet-stream")
        assert answer.headers["content-disposition"].startswith("inline" if kind else "attachment")


# --- what calls say of files


@pytest.fixture
def heard(gate):
    """A door before an application that notes what it is told; ``heard.calls`` are the bodies."""
    calls = []

    async def note(scope, receive, send):
        body = (await receive())["body"]
        calls.append(json.loads(body))
        assert int(dict(scope["headers"])[b"content-length"]) == len(body)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    found = gate(note)
    found.calls = calls
    return found


def call(found, data, headers=(), path="/gradio_api/queue/join"):
    return found.ask(path=path, content=json.dumps(data).encode(), headers=headers)


def test_a_call_names_files_and_gradio_hears_paths(heard):
    name = heard.upload(PNG, headers=ANNA).json()[0]
    (file,) = heard.files()
    meta = {
        "meta": {"_type": "gradio.FileData"},
        "orig_name": "n" * 999,
        "is_stream": True,
        "url": "http://evil.example/",
    }
    address = f"http://127.0.0.1:7860/gradio_api/file={name}"
    for word in (name, address):
        assert (
            call(
                heard, {"data": [{"path": word, **meta}, [{"image": {"path": word}}], "x", 1.5, None]}, ANNA
            ).status_code
            == 200
        )
        first, gallery, *rest = heard.calls[-1]["data"]
        assert (
            first["path"] == str(file)
            and "url" not in first
            and not first["is_stream"]
            and len(first["orig_name"]) == 255
        )
        assert gallery == [{"image": {"path": str(file), "is_stream": False}}] and rest == ["x", 1.5, None]
    assert call(heard, {"data": [{"path": name}]}, BERT).status_code == 403
    assert call(heard, {"data": [{"path": None}, {"url": ""}]}).status_code == 200


BAD_FILES = [
    "/etc/passwd", "../../../etc/passwd", "file:///etc/passwd", "http://127.0.0.1:22/", "http://169.254.169.254/latest",
    "https://example.org/a.png", "http://[::1]/", "ftp://x/y", "data:image/png;base64,AAAA", "\\\\host\\share",
    "~/.ssh/id", "/proc/self/environ", "gradio_api/file=/etc/passwd", "/gradio_api/file=/etc/passwd",
    "//evil.example/a.png", ".", " ", "http://127.0.0.1:7860/gradio_api/file=/etc/passwd", "C:\\x", "a\0b", 7, ["x"],
    {"path": "/etc/passwd"}, True,
]  # fmt: skip


@pytest.mark.parametrize("word", BAD_FILES, ids=str)
@pytest.mark.parametrize("key", ["path", "url"])
def test_files_that_nobody_was_given_are_refused(heard, word, key):
    for path in (
        "/gradio_api/queue/join",
        "/gradio_api/run/restyle",
        "/gradio_api/call/v2/restyle",
        "/gradio_api/mcp/",
    ):
        for wrap in (lambda file: {"data": [file]}, lambda file: {"clip": file}, lambda file: [[{"video": file}]],
                     lambda file: {"event_data": {"value": file}}):  # fmt: skip
            answer = call(heard, wrap({key: word, "meta": {"_type": "gradio.FileData"}}), path=path)
            assert answer.status_code in (400, 403) and "passwd" not in answer.text
    assert heard.calls == []


@pytest.mark.parametrize("body", [
    b"{", b"[1,", b"\xff\xfe", b'{"a": 1} x', b"[" * 5_000, b'{"a":' * 1_500, b"{'a': 1}", b"9" * 9_000, b"a=1&b=2",
    json.dumps({"data": ["data:image/png;base64," + "A" * 100]}).encode(), b'{"session_hash": {}}',
    (b"[" * (DEEPEST + 2)) + (b"]" * (DEEPEST + 2)),
])  # fmt: skip
def test_calls_that_are_no_calls_are_refused(heard, body):
    assert len(body) <= LIMIT and heard.ask(content=body).status_code == 400 and heard.calls == []


def test_paths_do_not_leave(gate):
    """In every kind of answer a path becomes a name, where it is a file's, and words where it is not."""
    folder = str(gate().folder)
    file = {"path": f"{folder}/ab/video.mp4", "url": f"http://127.0.0.1/gradio_api/file={folder}/ab/video.mp4"}
    said = {
        "data": [file, f"File {folder}/ab/video.mp4 is not in {folder}!", {"path": f"{folder}/a b/c"}],
        "path": folder,
    }
    answers = {
        "application/json": [json.dumps(said).encode()],
        "text/event-stream": [b"data: " + json.dumps(said, separators=(",", ":")).encode() + b"\n\n"] * 2,
        "text/html; charset=utf-8": [b"<p>" + json.dumps(said).encode()],
    }
    for kind, bodies in answers.items():

        async def tell(scope, receive, send, kind=kind, bodies=bodies):
            size = [] if len(bodies) > 1 else [(b"content-length", str(len(bodies[0])).encode())]
            heads = [(b"content-type", kind.encode()), *size]
            await send({"type": "http.response.start", "status": 200, "headers": heads})
            for index, body in enumerate(bodies):
                await send({"type": "http.response.body", "body": body, "more_body": index + 1 < len(bodies)})

        found = gate(tell)
        (found.folder / "ab").mkdir(exist_ok=True)
        (found.folder / "ab" / "video.mp4").write_bytes(b"x")
        answer = found.ask("GET", "/gradio_api/info", headers=ANNA)
        assert folder not in answer.text and answer.status_code == 200
        told = json.loads(answer.text[answer.text.index("{") :].split("\n")[0])
        name = told["data"][0]["path"]
        assert found.names.path(name, "a" * 32).name == "video.mp4" and found.names.path(name, "b" * 32) is None
        assert told["data"][0]["url"] == f"http://127.0.0.1/gradio_api/file={name}"
        assert found.ask("GET", f"/gradio_api/file={name}", headers=BERT).status_code == 404


def test_only_the_page_marks_scripts_as_its_own(gate):
    async def page(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": b"<script>1</script>"})

    found = gate(page)
    answer = found.ask("GET", "/")
    nonce = answer.text.split('nonce="')[1].split('"')[0]
    assert len(nonce) >= 20 and f"'nonce-{nonce}'" in answer.headers["content-security-policy"]
    assert nonce not in found.ask("GET", "/").text
    for path in ("/gradio_api/info", "/config", "/gradio_api/queue/data"):
        assert "nonce" not in found.ask("GET", path).text


# --- visitors and sessions


def test_a_visitor_is_known_by_a_cookie_that_scripts_cannot_read(gate):
    cookie = gate().ask("GET", "/").headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Secure" not in cookie
    assert "set-cookie" not in gate().ask("GET", "/", headers=ANNA).headers
    assert "set-cookie" in gate().ask("GET", "/", headers={"cookie": "zoetrope=short"}).headers
    assert "set-cookie" not in gate().ask("GET", "/config").headers
    behind = gate(behind_proxy=True, framed=True).ask("GET", "/", headers={"x-forwarded-proto": "https"})
    assert "SameSite=None; Secure; Partitioned" in behind.headers["set-cookie"]


def test_anothers_session_is_out_of_reach(gate):
    seen = []

    async def note(scope, receive, send):
        body = (await receive()).get("body", b"")
        seen.append((scope["path"], scope.get("query_string", b"").decode(), body.decode()))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    found = gate(note)
    for headers in (ANNA, BERT, {}):
        found.ask(content=b'{"session_hash": "s1", "data": []}', headers=headers)
        found.ask("GET", "/gradio_api/queue/data?session_hash=s1&x=%20", headers=headers)
        found.ask("GET", "/gradio_api/heartbeat/s1", headers=headers)
    sessions = [json.loads(body)["session_hash"] for _, _, body in seen[::3]]
    assert len(set(sessions)) == 3 and "s1" not in sessions
    assert [query for _, query, _ in seen[1::3]] == [f"session_hash={session}&x=+" for session in sessions]
    assert [path for path, _, _ in seen[2::3]] == [f"/gradio_api/heartbeat/{session}" for session in sessions]
