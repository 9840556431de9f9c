"""Files at the door: what is uploaded, under which names it may be seen again, and by whom."""

import asyncio
import dataclasses
import json
import random
import resource
import time

import httpx
import pytest

from studio.requests import RestyleRequest
from studio.service.intake import label_of, take_in
from studio.settings import Limits
from studio.ui import door_uploads
from studio.ui.door_names import DEEPEST, Names
from studio.ui.door_rules import Refused
from studio.ui.door_shares import Share
from studio.ui.door_uploads import PIECE_BYTES, Progress
from tests.hardening.conftest import FIELD, FILE_LIMIT, LIMIT, PART, UPLOAD, form, pieces

ANNA, BERT = {"cookie": "zoetrope=" + "a" * 32}, {"cookie": "x=1; zoetrope=" + "b" * 32 + "; y=2"}
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100
HOSTILE = [
    "../../etc/passwd", "/etc/passwd", "..\\..\\x.exe", "a\0b.png", "x" * 5000 + ".png", "con.mp4", ".htaccess",
    "~root", "a.png/../../b", "päth \u202egnp.exe", "$(id).png", "'; rm -rf /; '.mp4", "%2e%2e%2fx.png", " ", ".", "..",
    "\r\n.png",
]  # fmt: skip


# --- uploads


def test_uploads_are_files_and_nothing_else(gate):
    found, path = gate(), "/gradio_api/upload"
    body, kind = form((PART, b"x" * 50_000), (PART, b""))
    assert len(found.ask(path=path, content=pieces(body, 777), headers=kind).json()) == 2
    kept = found.files()
    assert sorted(file.read_bytes() for file in kept) == [b"", b"x" * 50_000]
    nameless = 'Content-Disposition: form-data; name="files"; filename=""'
    for parts in ([(FIELD, b"y" * 20_000)], [(PART, b"x"), (FIELD, b"y")], [("X: 1", b"")], [(nameless, b"x")], [],
                  [(PART.replace('name="files"; ', ""), b"x")], [(f"X: {'y' * 50_000}", b"")]):  # fmt: skip
        body, kind = form(*parts)
        for content in (body, pieces(body)):
            assert found.ask(path=path, content=content, headers=kind).status_code == 400
    for parts in ([(PART, b"")] * 6, [(PART, b"x" * (FILE_LIMIT + 1))]):
        body, kind = form(*parts)
        assert found.ask(path=path, content=pieces(body, 4096), headers=kind).status_code == 413
    for kind in ("", "application/json", "multipart/form-data", "multipart/mixed; boundary=b1", "x" * 1000,
                 f"multipart/form-data; boundary={'b' * 9000}", "multipart/form-data; boundary="):  # fmt: skip
        assert found.ask(path=path, content=b"x" * 50_000, headers={"content-type": kind}).status_code == 400
    body, kind = form((PART, b"x" * 40_000), (PART, b"x" * 40_000), (PART, b"x" * 40_000))
    assert found.ask(path=path, content=pieces(body, 4096), headers=kind).status_code == 413
    assert len(body) > UPLOAD and found.ask(path=path, content=body, headers=kind).status_code == 413
    assert found.files() == kept, "nothing of a refused upload stays"


@pytest.mark.parametrize("size", [5 << 20, pytest.param(300 << 20, marks=pytest.mark.hardening)])
def test_a_nameless_field_is_not_even_read(gate, size):
    """Gradio would keep all of it in memory, three times over."""
    sent = []

    async def endless():
        yield form((PART, b"x"))[0][:-7] + f"\r\n--b1\r\n{FIELD}\r\n\r\n".encode()
        while sum(sent) < size:
            sent.append(64 << 10)
            yield b"y" * (64 << 10)

    found = gate(upload_bytes=1 << 40)
    assert found.ask(path="/gradio_api/upload", content=endless(), headers=form()[1]).status_code == 400
    assert sum(sent) <= PIECE_BYTES + (64 << 10) and found.files() == []


@pytest.fixture
def written_early(monkeypatch):
    """Pieces go to the disk at once, so that there is something to leave behind."""
    monkeypatch.setattr(door_uploads, "PIECE_BYTES", 4096)


@pytest.mark.usefixtures("written_early")
@pytest.mark.parametrize("rounds", [20, pytest.param(400, marks=pytest.mark.hardening)])
def test_nothing_of_a_cut_upload_stays(gate, rounds):
    found, chance = gate(upload_bytes=1 << 30), random.Random(rounds)
    body, kind = form(*[(PART, chance.randbytes(50_000))] * 5)

    async def cut(end: int, leaves: bool):
        said = []
        left = [body[start : min(start + 9_000, end)] for start in range(0, end, 9_000)]

        async def receive():
            if left:
                return {"type": "http.request", "body": left.pop(0), "more_body": bool(left) or leaves}
            return {"type": "http.disconnect"}

        async def send(message):
            said.append(message)

        heads = [(b"host", b"localhost"), (b"content-type", kind["content-type"].encode())]
        scope = {"type": "http", "method": "POST", "path": "/gradio_api/upload", "headers": heads, "client": ("1", 2)}
        await found.door(scope, receive, send)
        return said

    for _ in range(rounds):
        leaves = chance.random() < 0.5
        said = asyncio.run(cut(chance.randrange(1, len(body) - 8), leaves))
        assert said == [] if leaves else said[0]["status"] == 400
        assert found.files() == []


@pytest.mark.usefixtures("written_early")
def test_a_cancelled_upload_and_a_parts_orphan_go_too(gate):
    found = gate()

    async def stop():
        async def receive():
            if not began:
                began.append(1)
                return {"type": "http.request", "body": form((PART, b"x" * 9_000))[0][:5_000], "more_body": True}
            written.append(found.files())
            await asyncio.sleep(60)

        async def send(message):
            pass

        began, written = [], []
        heads = [(b"host", b"localhost"), (b"content-type", form()[1]["content-type"].encode())]
        scope = {"type": "http", "method": "POST", "path": "/gradio_api/upload", "headers": heads, "client": ("1", 2)}
        work = asyncio.create_task(found.door(scope, receive, send))
        await asyncio.sleep(0.1)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        return written

    assert len(asyncio.run(stop())[0]) == 1
    assert found.files() == []
    (found.folder / "incoming" / "left.part").write_bytes(b"x")
    found.shelf.expire_cut(time.time() - 60)
    assert len(found.files()) == 1
    found.shelf.expire_cut(time.time() + 60)
    assert found.files() == []


def test_a_full_disk_is_said(gate, monkeypatch):
    found = gate()
    body, kind = form((PART, b"x" * 50_000))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))  # the kernel's own word, as a quota's
    try:
        answer = found.ask(path="/gradio_api/upload", content=body, headers=kind)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert answer.status_code == 507 and "make room" in answer.json()["error"] and found.files() == []

    def none_left(count):
        assert count == len(body)
        raise Refused(507, "The disk is nearly full.")

    monkeypatch.setattr(found.shelf, "room", none_left)
    assert found.ask(path="/gradio_api/upload", content=body, headers=kind).status_code == 507


@pytest.mark.parametrize("called", HOSTILE)
def test_names_of_uploads_are_ours(gate, called):
    found = gate()
    answer = found.upload(PNG, called.replace('"', "").replace("\r\n", "%0d%0a"))
    if answer.status_code == 400:  # some cannot even be said in a header
        assert found.files() == []
        return
    (file,) = found.files()
    assert file.parent == found.folder and set(file.stem) <= set("0123456789abcdef") and len(file.stem) == 32
    assert file.suffix in ("", ".png", ".mp4")
    assert "/" not in found.shelf.name_of(file) and len(found.shelf.name_of(file)) <= 255


def test_a_job_calls_a_file_as_its_sender_does(gate, make, tmp_path):
    """Which is all that is left of the name: in results only if asked, never on disk."""
    found = gate(upload_bytes=1 << 30)
    found.shelf.most_bytes = 1 << 30
    found.upload(make.clip().read_bytes(), "our holiday.mp4")
    (file,) = found.files()
    prepared = take_in(RestyleRequest(source=file, style="oil"), tmp_path, Limits.public(), found.shelf.name_of)
    assert prepared.sources["source"][0].name == label_of(prepared.request) == "our holiday.mp4"
    assert "holiday" not in prepared.request.to_json() and file.name not in prepared.request.to_json()
    assert "our holiday.mp4" in dataclasses.replace(prepared.request, keep_names=True).to_json()
    assert not [path for path in (*found.folder.rglob("*"), *tmp_path.rglob("*")) if "holiday" in path.name]


def test_one_client_cannot_fill_the_disk(gate):
    share = Share(burst=100, per_second=1.0, at_once=9, kept_bytes=100_000, kept_seconds=60.0)
    found = gate(share=share)
    assert [found.upload(b"x" * 50_000).status_code for _ in range(3)] == [200, 200, 429]


def test_what_is_old_goes_and_what_is_new_stays(gate):
    found = gate()
    found.upload(PNG)
    cached = found.folder / "cache" / "video.mp4"
    cached.parent.mkdir()
    cached.write_bytes(b"x")
    found.shelf.expire(time.time() - 60)
    assert len(found.files()) == 2
    found.shelf.expire(time.time() + 60)
    assert found.files() == [] and not cached.parent.exists() and not found.shelf._called


# --- names


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


# --- the bars of uploads


def test_upload_bars_move_and_their_table_does_not_grow(gate):
    progress = Progress()

    async def watch():
        add = progress.begin("1")
        add("a.mp4", 5)
        add("a.mp4", 6)
        events = progress.events("1")
        first = await anext(events)
        progress.end("1")
        return [first, *[event async for event in events]]

    events = [json.loads(event.removeprefix(b"data: ")) for event in asyncio.run(watch())]
    assert events == [{"msg": "update", "orig_name": "a.mp4", "chunk_size": 11}, {"msg": "done"}]
    for number in range(1000):
        progress.begin(str(number))
    progress.begin("x" * 1000)
    assert len(progress._known) <= Progress.MOST and "x" * 1000 not in progress._known
    body, kind = form((PART, b"x"))
    found = gate()
    found.ask(path="/gradio_api/upload?upload_id=7", content=body, headers=kind)
    assert '"done"' in found.ask("GET", "/gradio_api/upload_progress?upload_id=7").text
