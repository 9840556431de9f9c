"""Uploads at the door: files and nothing else, under names of ours, and nothing left of what broke off."""

import asyncio
import dataclasses
import json
import random
import resource
import time

import pytest

from studio.requests import RestyleRequest
from studio.service.intake import label_of, take_in
from studio.settings import Limits
from studio.ui import door_uploads
from studio.ui.door_rules import Refused
from studio.ui.door_shares import Share
from studio.ui.door_uploads import PIECE_BYTES, Progress
from tests.hardening.conftest import FIELD, FILE_LIMIT, PART, PNG, UPLOAD, form, pieces

HOSTILE = [
    "../../etc/passwd", "/etc/passwd", "..\\..\\x.exe", "a\0b.png", "x" * 5000 + ".png", "con.mp4", ".htaccess",
    "~root", "a.png/../../b", "päth \u202egnp.exe", "$(id).png", "'; rm -rf /; '.mp4", "%2e%2e%2fx.png", " ", ".", "..",
    "\r\n.png",
]  # fmt: skip


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
