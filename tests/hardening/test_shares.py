"""Rows 12, 13, 19: nobody fills the queue, whoever leaves frees it, work is bounded before it starts, nothing grows."""

import dataclasses
import socket
import threading
import time
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from studio.errors import BusyError, LimitError, StudioError
from studio.media.info import MediaInfo
from studio.requests import InterpolationRequest, PredictionRequest, RestyleRequest, TextToVideoRequest
from studio.service import Studio
from studio.service.budget import amount_of, check_work
from studio.service.jobs import Job, PreparedRequest, Source
from studio.service.queue import JobQueue
from studio.settings import Limits
from studio.ui.page import build, keep_files_in, launch
from studio.ui.presence import client_of
from tests.machine import public_settings

PATH = Path("clip.mp4")
REQUEST = TextToVideoRequest(prompt="a red car drives left", seed=1)


# --- the queue


def job(visitor="", client=""):
    return Job(PreparedRequest(request=REQUEST, seed=1, folder=Path("nowhere")), visitor=visitor, client=client)


@pytest.fixture
def queue():
    """One that is at work, takes 8 more, 2 of a visitor and 4 of a client."""
    free, busy = threading.Event(), threading.Event()

    def perform(job):
        busy.set()
        free.wait(30)
        job.end(StudioError("over"))

    made = JobQueue(perform, lambda job: None, limit=8, per_visitor=2, per_client=4)
    made.add(job("first", "elsewhere"))
    assert busy.wait(10)
    yield made
    free.set()
    assert made.close(10)


def test_a_client_without_a_visitor_has_one_share(queue):
    queue.add(job(client="a"))
    queue.add(job(client="a"))
    with pytest.raises(BusyError, match="already have 2"):
        queue.add(job(client="a"))
    queue.add(job(client="b"))


def test_a_client_with_many_visitors_has_a_part_of_the_queue_only(queue):
    for number in range(4):
        queue.add(job(f"page {number}", "a"))
    with pytest.raises(BusyError, match="from your network"):
        queue.add(job("another page", "a"))
    queue.add(job("another page", "b"))


def test_who_is_nobody_has_one_share_too(queue):
    queue.add(job())
    queue.add(job())
    with pytest.raises(BusyError):
        queue.check_room()


def test_what_waits_is_told_and_what_runs_may_finish_when_the_queue_is_drained(queue):
    waiting = job("a")
    queue.add(waiting)
    assert not queue.drain(0.01, BusyError("send it again"))
    with pytest.raises(BusyError, match="send it again"):
        waiting.result(0)
    with pytest.raises(BusyError, match="closing"):
        queue.add(job("b"))


# --- the work of a request


def source(width, height, fps, seconds, kind="video"):
    info = MediaInfo(kind=kind, width=width, height=height, fps=Fraction(fps), frame_count=round(fps * seconds),
                     duration=float(seconds))  # fmt: skip
    return (Source(PATH, "clip.mp4", info),)


RESTYLE = RestyleRequest(source=PATH, style="oil")
FASTER = InterpolationRequest(clip=PATH, fps=120)
ON = PredictionRequest(clip=PATH, seconds=1)


@pytest.mark.parametrize(
    ("request_", "field", "size", "fps", "seconds"),
    [(RESTYLE, "source", (3840, 2160), 120, 60), (RESTYLE, "source", (1920, 1080), 60, 60),
     (FASTER, "clip", (1920, 1080), 24, 30), (ON, "clip", (3840, 2160), 60, 59)],
)  # fmt: skip
def test_too_much_work_is_refused_and_what_is_said_to_fit_does(request_, field, size, fps, seconds):
    limits = Limits.public()
    with pytest.raises(LimitError, match="too much work") as told:
        check_work(request_, {field: source(*size, fps, seconds)}, limits)
    fits = float(str(told.value).split("at most ")[1].split(" s")[0])
    assert 0 < fits < seconds
    check_work(request_, {field: source(*size, fps, fits)}, limits)
    with pytest.raises(LimitError):
        check_work(request_, {field: source(*size, fps, fits + 0.2)}, limits)
    check_work(request_, {field: source(*size, fps, seconds)}, Limits.local())


def test_a_film_between_pictures_is_bounded_too():
    pictures = source(4000, 3000, 25, 0, "image") * 3
    small, large = (InterpolationRequest(images=(PATH,) * 3, seconds=gap, fps=60) for gap in (0.5, 9.0))
    check_work(small, {"images": pictures}, Limits.public())
    with pytest.raises(LimitError, match="A film of 1920x1440"):
        check_work(large, {"images": pictures}, Limits.public())


def test_ordinary_clips_are_taken():
    check_work(RESTYLE, {"source": source(1280, 720, 30, 30)}, Limits.public())
    check_work(RESTYLE, {"source": source(1920, 1080, 30, 1800)}, Limits.local())
    check_work(
        dataclasses.replace(REQUEST, variations=4, seconds=6, fps=30, width=512, height=512), {}, Limits.public()
    )
    assert amount_of(RESTYLE, {"source": source(6000, 4000, 25, 0, "image")}) is None


# --- who a client is


def asked_from(host, **headers):
    return SimpleNamespace(
        session_hash="s", request=SimpleNamespace(client=SimpleNamespace(host=host), headers=headers)
    )


def test_a_client_is_its_address_hashed_and_nobodys_word():
    forged = [client_of(asked_from("203.0.113.7", **{"x-forwarded-for": f"8.8.8.{n}"})) for n in range(3)]
    assert set(forged) == {client_of(asked_from("203.0.113.7"))} and "203" not in forged[0]
    assert client_of(asked_from("203.0.113.8")) != forged[0]
    assert client_of(asked_from("2001:db8:1:2::7")) == client_of(asked_from("2001:db8:1:2:9::1"))


def test_behind_a_proxy_of_ours_its_word_is_taken_but_not_the_clients():
    def seen(words):
        return client_of(asked_from("10.0.0.2", **{"x-forwarded-for": words}), behind_proxy=True)

    assert seen("1.1.1.1, 8.8.8.8, 10.0.0.3") == seen("9.9.9.9, 8.8.8.8") != seen("8.8.4.4")
    assert seen("nonsense") == client_of(asked_from("10.0.0.2"))


def test_tools_cannot_choose_whose_share_they_take():
    """They come through a client on this machine with the caller's own headers, which uvicorn believes."""
    keys = {client_of(asked_from(host, **{"x-gradio-user": "mcp"})) for host in ("127.0.0.1", "8.8.8.8", "9.9.9.9")}
    assert len(keys) == 1


# --- over HTTP


class Page:
    """The real page in this process over tiny generators, and a client that speaks to it."""

    def __init__(self, studio):
        self.studio = studio
        keep_files_in(studio.private_folder())
        self.blocks = build(studio)
        launch(self.blocks, studio)
        self.url = self.blocks.local_url.rstrip("/") + "/gradio_api"
        info = self.blocks.get_api_info()["named_endpoints"]["/generate"]["parameters"]
        self.names = {each["parameter_name"]: each["parameter_default"] for each in info if "parameter_default" in each}
        self.order = [each["parameter_name"] for each in info]
        self.http = httpx.Client(timeout=60)

    def data(self, **values):
        return [{**self.names, "prompt": "a red car drives left", **values}.get(name) for name in self.order]

    @property
    def long(self):
        return self.data(seconds=6, fps=30, width=512, height=512, variations=4, seed="1")

    def call(self, data, **more):
        answer = self.http.post(f"{self.url}/call/generate", json={"data": data, **more})
        return answer.raise_for_status().json()["event_id"]

    def answer(self, event):
        return self.http.get(f"{self.url}/call/generate/{event}").text

    def jobs(self):
        return [job for job in self.studio._jobs.values() if not job.is_over()]

    def wait(self, what, seconds):
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, "this never came true"
            time.sleep(0.02)

    def until_running(self):
        self.wait(lambda: any(job.state == "working" and (job.last().done or 0) > 0 for job in self.jobs()), 60)


@pytest.fixture(scope="module")
def page(tiny_checkpoints, tmp_path_factory):
    work = tmp_path_factory.mktemp("work")
    with Studio(public_settings(tiny_checkpoints, work)) as one:
        made = Page(one)
        yield made
        made.http.close()
        made.blocks.close(verbose=False)


def closes_the_stream(page):
    with page.http.stream("GET", f"{page.url}/call/generate/{page.call(page.long)}") as stream:
        next(stream.iter_lines())
        page.until_running()


def never_listens(page):
    page.call(page.long)
    page.until_running()


def cancels(page):
    event = page.call(page.long)
    page.until_running()
    index = next(fn._id for fn in page.blocks.fns.values() if fn.api_name == "generate")
    page.http.post(f"{page.url}/cancel", json={"session_hash": event, "fn_index": index, "event_id": event})


def cancels_with_another_functions_number(page):
    event = page.call(page.long)
    page.until_running()
    page.http.post(f"{page.url}/cancel", json={"session_hash": event, "fn_index": 0, "event_id": event})


def hangs_up(page, path, content):
    """Post, and close the connection once the job runs."""
    body = httpx.Request("POST", page.url, json=content).read()
    head = f"POST /gradio_api/{path} HTTP/1.1\r\nHost: 127.0.0.1:{page.blocks.server_port}\r\n"
    head += "Accept: application/json, text/event-stream\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", page.blocks.server_port)) as connection:
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        page.until_running()


def hangs_up_on_the_direct_road(page):
    hangs_up(page, "run/generate", {"data": page.long})


def hangs_up_as_a_tools_caller(page):
    asked = {**dict(zip(page.order, page.long, strict=True)), "seed": 1}
    asked = {name: value for name, value in asked.items() if value is not None}
    call = {"name": "generate", "arguments": asked}
    hangs_up(page, "mcp/", {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call})


@pytest.mark.parametrize(
    "leave",
    [
        closes_the_stream,
        pytest.param(never_listens, marks=pytest.mark.hardening),
        cancels,
        pytest.param(cancels_with_another_functions_number, marks=pytest.mark.hardening),
        hangs_up_on_the_direct_road,
        hangs_up_as_a_tools_caller,
    ],
    ids=lambda leave: leave.__name__,
)
def test_a_client_that_leaves_frees_the_worker(page, leave):
    leave(page)
    page.wait(lambda: not page.jobs() and page.studio._queue.work().job is None, 8)


def test_one_client_cannot_fill_the_queue_and_is_told_so(page):
    events = [page.call(page.long) for _ in range(3)]
    page.until_running()
    page.wait(lambda: len(page.jobs()) == 3, 10)
    assert "already have 2 jobs waiting" in page.answer(page.call(page.long))
    for job in page.jobs():
        job.cancel()
    assert all("cancelled" in page.answer(event) for event in events)


def test_calls_leave_no_session_behind(page):
    sessions = page.blocks.app.state_holder.session_data
    before = len(sessions)
    for _ in range(5):
        assert "event: error" in page.answer(page.call(page.data(prompt="")))
    page.wait(lambda: len(sessions) <= before, 5)


def test_a_session_keeps_no_copy_of_the_page(page):
    session = page.blocks.app.state_holder["somebody"]
    assert session.config_values == {} and session.blocks_config.fns
    del page.blocks.app.state_holder.session_data["somebody"]
