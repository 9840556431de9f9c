"""The door's rows of ``python -m benchmarks.hardening``: bodies, cut uploads, foreign addresses, health."""

from __future__ import annotations

import random
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx

from benchmarks.hardening_app import LONG, App

Measure = dict[str, object]
BLOCK = b"y" * (1 << 20)
PART = 'Content-Disposition: form-data; name="files"; filename="a.mp4"\r\n\r\n'
FILE = {"meta": {"_type": "gradio.FileData"}}
FORM = "multipart/form-data; boundary=b1"
JOIN, CONFIG = ("POST", "/gradio_api/queue/join"), ("GET", "/config")
BODIES = ("queue/join", "run/restyle", "call/restyle", "call/v2/restyle", "mcp/", "cancel", "reset", "upload")


def measure(what: str, wanted: str, measured: object, met: bool) -> Measure:
    """One line of a row."""
    return {"what": what, "wanted": wanted, "measured": measured, "met": met}


def bodies(checkpoints: Path) -> Iterator[Measure]:
    """Row 8: 300 MB at once to every route that takes a body, and a thousand files at once; the main process's peak."""
    with App(checkpoints) as app, httpx.Client(base_url=f"{app.url}/gradio_api/", timeout=120) as web:
        time.sleep(20)  # until the generators are loaded
        status = Path(f"/proc/{app.process.pid}/status")
        Path(f"/proc/{app.process.pid}/clear_refs").write_text("5")
        before = _peak_mb(status)
        answers: dict[str, list[object]] = {}
        forms = {
            "JSON": (b'{"data": ["', "application/json"),
            "a nameless field": (b'--b1\r\nContent-Disposition: form-data; name="x"\r\n\r\n', FORM),
            "a part without a name": (b"--b1\r\nContent-Type: video/mp4\r\n\r\n", FORM),
        }  # fmt: skip
        for what, (head, kind) in forms.items():
            answers[what] = [_send(web, route, kind, head, chunked) for route in BODIES for chunked in (True, False)]
        names = [("files", (f"{number}.png", b"x", "image/png")) for number in range(1000)]
        answers["1,000 files"] = [web.post("upload", files=names).status_code]
        answers["data: in JSON"] = [
            web.post(route, json={"data": ["data:image/png;base64," + "A" * 500_000]}).status_code
            for route in BODIES[:4]
        ]
        for what, codes in answers.items():
            met = all(code in (400, 413, 415, "cut") for code in codes)
            yield measure(what, "413, 415 or 400", sorted(set(map(str, codes))), met)
        grown = round(_peak_mb(status) - before, 1)
        yield measure("MB of memory at the peak", "+64", grown, grown <= 64)


def _send(web: httpx.Client, route: str, kind: str, head: bytes, chunked: bool) -> int | str:
    def endless() -> Iterator[bytes]:
        yield head
        for _ in range(300):
            yield BLOCK

    headers = {"content-type": kind}
    if not chunked:
        headers["content-length"] = str(len(head) + 300 * len(BLOCK))
    try:
        return web.post(route, content=endless(), headers=headers).status_code
    except httpx.TransportError:
        return "cut"  # the answer came, and the line was closed, while we were still sending


def _peak_mb(status: Path) -> float:
    found = re.search(r"VmHWM:\s+(\d+)", status.read_text())
    assert found is not None
    return int(found[1]) / 1024


def cut_uploads(checkpoints: Path, rounds: int = 200) -> Iterator[Measure]:
    """Row 9: uploads that break off somewhere in the middle; the files that are left of them."""
    chance = random.Random(9)
    with App(checkpoints) as app:
        before = _files(app)
        for number in range(rounds):
            with socket.create_connection(("127.0.0.1", app.port)) as line:
                body = f"--b1\r\n{PART}".encode() + b"x" * chance.randrange(0, 4 << 20)
                head = f"POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1:{app.port}\r\nContent-Length: 9000000\r\n"
                line.sendall(f"{head}Content-Type: multipart/form-data; boundary=b1\r\n\r\n".encode() + body)
                time.sleep(0.02 * (number % 4))
            if number % 20 == 19:
                time.sleep(3)  # a public studio takes eight calls a second
        at_once = len(_files(app) - before)
        time.sleep(60)
        later = len(_files(app) - before)
        yield measure(f"files of {rounds} at once, after 60 s", "-, 0", [at_once, later], later == 0)


def _files(app: App) -> set[Path]:
    return {path for path in app.work.rglob("*") if path.is_file()}


def foreign(checkpoints: Path) -> Iterator[Measure]:
    """Row 10: paths, addresses, other visitors' names, foreign Origins and Hosts; how many came through."""
    with App(checkpoints, public=False) as app, socket.socket() as trap:
        trap.bind(("127.0.0.1", 0))
        trap.listen()
        there = f"http://127.0.0.1:{trap.getsockname()[1]}/a.png"
        web = httpx.Client(base_url=app.url, timeout=60)
        mine = {"cookie": f"zoetrope={'a' * 32}"}
        name = web.post("/gradio_api/upload", files={"files": ("a.png", b"\x89PNG\r\n\x1a\n")}, headers=mine).json()[0]
        assert web.get(f"/gradio_api/file={name}", headers=mine).status_code == 200
        paths = _paths(app, name)
        codes = [web.get(f"/gradio_api/file={quote(path)}").status_code for path in paths]
        yield measure(
            f"{len(paths)} paths, read", "403 or 404", _counts(codes), all(code in (403, 404) for code in codes)
        )
        files = [
            *paths[:30],
            there,
            "file:///etc/passwd",
            "http://169.254.169.254/",
            "http://[::1]/",
            "data:text/plain,x",
        ]
        codes = [
            web.post(f"/gradio_api/{route}", json={"data": [{key: file, **FILE}]}).status_code
            for file in files for route in ("run/restyle", "call/restyle") for key in ("path", "url")
        ]  # fmt: skip
        trap.settimeout(1)
        asked = 1
        try:
            trap.accept()
        except TimeoutError:
            asked = 0
        met = not asked and all(code in (400, 403) for code in codes)
        yield measure(f"{len(codes)} files in calls; connections made", "400 or 403; 0", [_counts(codes), asked], met)
        others = [
            "",
            *(f"zoetrope={letter * 32}" for letter in "bcdef0123456789"),
            "zoetrope=x",
            "zoetrope=" + "a" * 31,
        ]
        codes = [
            web.request(method, f"/gradio_api/file={name}", headers={"cookie": cookie}).status_code
            for cookie in others for method in ("GET", "HEAD", "GET")
        ]  # fmt: skip
        yield measure(f"{len(codes)} times another visitor's file", "404", _counts(codes), set(codes) == {404})
        codes = [
            web.request(method, path, headers=headers, content=b"{}" * (method == "POST")).status_code
            for headers in _foreign_heads(app)
            for method, path in (JOIN, ("POST", "/gradio_api/upload"), ("POST", "/gradio_api/mcp/"), CONFIG)
        ]  # fmt: skip
        yield measure(f"{len(codes)} foreign Origins and Hosts", "403", _counts(codes), set(codes) == {403})


def _paths(app: App, name: str) -> list[str]:
    """300 ways to ask for a file that is nobody's to read."""
    targets = [
        "etc/passwd",
        "etc/hosts",
        "proc/self/environ",
        "proc/self/cmdline",
        "root/.ssh/id_rsa",
        "var/log/syslog",
        "app.py",
        "studio/settings.py",
        "checkpoints/README.md",
        ".git/config",
        "gradio_api/file=",
        *(str(path)[1:] for path in sorted(app.work.rglob("*"))[:5]),
    ]
    ways = [
        lambda t: f"/{t}", lambda t: t, lambda t: "../" * 9 + t, lambda t: "..%2f" * 9 + t, lambda t: f"//{t}",
        lambda t: f"{name}/../../../../../../{t}", lambda t: f"{name[:33]}{t}", lambda t: f"file:///{t}",
        lambda t: "....//" * 9 + t, lambda t: f"/proc/self/root/{t}", lambda t: f"~/{t}", lambda t: f"\\{t}",
        lambda t: f"/{t}\0.png", lambda t: f"./{t}", lambda t: f"http://127.0.0.1/{t}", lambda t: f"{'0' * 32}/{t}",
    ]  # fmt: skip
    made = [way(target) for target in targets for way in ways]
    flipped = [name[:at] + "0123456789abcdef"[int(name[at], 16) - 1] + name[at + 1 :] for at in range(32)]
    return (made + flipped + [f"{name}{end}" for end in (".", "/", "x", "%00", "\0")] + [name.upper()] * 10)[:300]


def _foreign_heads(app: App) -> list[dict[str, str]]:
    own = f"127.0.0.1:{app.port}"
    origins = ["http://evil.example", "null", f"http://evil.example:{app.port}", "http://127.0.0.1:1", "file://",
               f"http://localhost:{app.port}", f"http://{own}.evil.example", f"http://evil@{own}"]  # fmt: skip
    hosts = ["evil.example", f"evil.example:{app.port}", f"{own}.evil.example", "192.168.0.1", "localhost.evil.example"]
    sites = [{"sec-fetch-site": site, "sec-fetch-mode": "no-cors"} for site in ("cross-site", "same-site", "x")]
    return [
        *({"origin": origin} for origin in origins), *({"host": host, "origin": f"http://{host}"} for host in hosts),
        *({"host": host} for host in hosts), *sites,
    ]  # fmt: skip


def _counts(codes: list[int]) -> dict[str, int]:
    return {str(code): codes.count(code) for code in sorted(set(codes))}


def health(checkpoints: Path) -> Iterator[Measure]:
    """Row 20: /healthz, asked twice a second while a job runs."""
    with App(checkpoints) as app, httpx.Client(base_url=app.url, timeout=60) as web:
        ready = time.monotonic()
        while web.get("/readyz").status_code != 200 and time.monotonic() - ready < 300:
            time.sleep(0.2)
        work = threading.Thread(target=app.ask, args=(LONG, "healthy"), daemon=True)
        work.start()
        times = []
        while work.is_alive() and len(times) < 200:
            begun = time.monotonic()
            assert web.get("/healthz").status_code == 200
            times.append(1000 * (time.monotonic() - begun))
            time.sleep(0.5)
        times.sort()
        middle, late, worst = (round(times[int(part * (len(times) - 1))], 1) for part in (0.5, 0.95, 1))
        yield measure("ms: median, 95 %, worst, times asked", "50", [middle, late, worst, len(times)], late <= 50)
