"""What strangers' clicks must not do, measured on the running studio: ``python -m benchmarks.hardening``.

A function a row of the table of attacks; each yields its measures with what is wanted. ``--rows 12 13`` runs those
alone; the other rows of the results file are kept as they are.
"""

from __future__ import annotations

import argparse
import json
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import httpx

from benchmarks.hardening_app import LONG, SHORT, App
from benchmarks.hardening_disk import running_studio, stages
from benchmarks.hardening_door import Measure, bodies, cut_uploads, foreign, health, measure
from benchmarks.hardening_files import spoiled_checkpoints
from benchmarks.report import RESULTS, machine, to_log, versions

logger = logging.getLogger(__name__)

REFUSED = ["", 1, 6, 144, 144]


def freed(app: App, before: int, patience: float = 30.0) -> float:
    """Seconds until a job's files and children are gone; ``patience`` where they never were."""
    begun = time.monotonic()
    while time.monotonic() - begun < patience:
        if app.jobs() <= before and app.children() == 0:
            break
        time.sleep(0.02)
    return round(time.monotonic() - begun, 2)


def until_running(app: App, before: int) -> None:
    """Wait for a job that has begun to write."""
    end = time.monotonic() + 60
    while app.jobs() <= before and time.monotonic() < end:
        time.sleep(0.02)
    time.sleep(0.5)


def sessions(checkpoints: Path) -> Iterator[Measure]:
    """Row 12: 64 sessions at once, from one address in public mode and as the owner's own in local mode."""
    for public in (True, False):
        with App(checkpoints, public=public) as app, ThreadPoolExecutor(64) as pool:
            app.ask(SHORT, "first")
            answers = list(pool.map(lambda n, app=app: app.ask(SHORT, f"session-{n}", seed=n), range(64)))
            made = [answer for answer in answers if answer[0]]
            paths = {answer[1]["data"][0]["path"] for answer in made}  # type: ignore[index]
            told = [answer for answer in answers if not answer[0] and "waiting" in str(answer[1])]
            slowest = round(max((answer[2] for answer in told), default=0.0), 2)
            mode = "public" if public else "local"
            lost = 64 - len(made) - len(told)
            yield measure(
                f"{mode}: lost, doubled", "0, 0", [lost, len(made) - len(paths)], not lost and len(made) == len(paths)
            )
            yield measure(f"{mode}: made, told busy", "all 64", [len(made), len(told)], not lost)
            yield measure(f"{mode}: slowest refusal, s", "1", slowest, slowest <= 1)


def cancels(checkpoints: Path) -> Iterator[Measure]:
    """Row 13: seconds from a client's leaving until slot, children and files are free, five times each way."""
    with App(checkpoints) as app:
        app.ask(SHORT, "first")
        for leave in (_closes_the_stream, _cancels, _never_listens, _hangs_up):
            times = []
            for number in range(5):
                before = app.jobs()
                leave(app, f"{leave.__name__}-{number}", before)
                times.append(freed(app, before))
            yield measure(f"{leave.__name__.strip('_').replace('_', ' ')}, s", "5", times, max(times) <= 5)
        goes_on = app.ask(SHORT, "last")[0]
        yield measure("the studio goes on", "yes", goes_on, goes_on)


def _closes_the_stream(app: App, session: str, before: int) -> None:
    with httpx.Client(timeout=60) as client:
        app.join(client, LONG, session, variations=4)
        stream = app.messages(client, session)
        next(stream)
        until_running(app, before)
        stream.close()


def _cancels(app: App, session: str, before: int) -> None:
    with httpx.Client(timeout=60) as client:
        event = app.join(client, LONG, session, variations=4)
        stream = app.messages(client, session)
        next(stream)
        until_running(app, before)
        body = {"session_hash": session, "fn_index": app.fn_index(), "event_id": event}
        client.post(f"{app.url}/gradio_api/cancel", json=body)
        stream.close()


def _never_listens(app: App, session: str, before: int) -> None:
    with httpx.Client(timeout=60) as client:
        app.join(client, LONG, session, variations=4)
    until_running(app, before)


def _hangs_up(app: App, session: str, before: int) -> None:
    try:
        httpx.post(f"{app.url}/gradio_api/run/generate", json={"data": app.data(LONG, 1, 4)}, timeout=2)
    except httpx.ReadTimeout:
        logger.info("%s hung up", session)


def killed(checkpoints: Path, rounds: int = 10) -> Iterator[Measure]:
    """Row 16: kill -9 in the middle of an encode; what the next start leaves of the run before, and orphans."""
    left, orphans = [], []
    for number in range(rounds):
        with App(checkpoints) as app:
            thread = threading.Thread(target=_ask_in_vain, args=(app, f"killed-{number}"), daemon=True)
            thread.start()
            until_running(app, 0)
            time.sleep(0.13 * number)
            children = app.child_pids()
            app.end(signal.SIGKILL)
            end = time.monotonic() + 5
            while time.monotonic() < end and any(Path(f"/proc/{pid}/exe").exists() for pid in children):
                time.sleep(0.02)
            orphans.append(sum(Path(f"/proc/{pid}/exe").exists() for pid in children))
            old = {path.name for path in app.work.iterdir()}
            app.start()
            left.append(len([path for path in app.work.iterdir() if path.name in old]))
            app.end()
    yield measure("folders of the killed run after the next start", "0", left, not any(left))
    yield measure("ffmpeg children 5 s after the kill", "0", orphans, not any(orphans))


def _ask_in_vain(app: App, session: str) -> None:
    try:
        app.ask(LONG, session)
    except httpx.HTTPError:
        logger.info("the studio went away from %s", session)


def in_a_row(checkpoints: Path, jobs: int = 600, refused: int = 1000) -> Iterator[Measure]:
    """Row 19: resident memory over finished and refused calls, each from a session of its own."""
    with App(checkpoints) as app:
        for number in range(40):
            app.ask(SHORT, f"warm-{number}", seed=number)
        for what, values, count in (("finished", SHORT, jobs), ("refused", REFUSED, refused)):
            curve = [round(app.memory_mb(), 1)]
            for number in range(1, count + 1):
                app.ask(values, f"{what}-{number}", seed=number)
                if number % 100 == 0:
                    curve.append(round(app.memory_mb(), 1))
            growth = round((curve[-1] - curve[0]) / (count / 100), 2)
            yield measure(f"MB of memory after each 100 {what}", "+1 each", curve, growth <= 1)
            yield measure(f"MB per 100 {what}", "1", growth, growth <= 1)
        yield measure("ffmpeg children afterwards", "0", app.children(), app.children() == 0)


def terminated(checkpoints: Path) -> Iterator[Measure]:
    """Row 20: SIGTERM while one job runs and two wait; then a second SIGTERM that does not wait."""
    with App(checkpoints) as app, ThreadPoolExecutor(3) as pool:
        app.ask(SHORT, "first")
        before = app.jobs()
        running = pool.submit(app.ask, [LONG[0], 2, *LONG[2:]], "running", 1)  # seconds of work, not the whole grace
        until_running(app, before)  # so that it is at work
        waiting = [pool.submit(app.ask, LONG, f"waiting-{number}", number) for number in (2, 3)]
        time.sleep(1)
        code, seconds = app.end()
        told = [str(each.result()[1]) for each in waiting]
        yield measure("exit code, seconds", "0, 30", [code, round(seconds, 1)], code == 0 and seconds <= 30)
        yield measure("the running job was made", "yes", running.result()[0], running.result()[0])
        honest = all("send it again" in words for words in told)
        yield measure("those that waited were told to send it again", "yes", honest, honest)
        files = len([path for path in app.work.rglob("*") if path.is_file()])
        yield measure("files left", "0", files, files == 0)
    with App(checkpoints) as app:
        app.ask(SHORT, "first")
        before = app.jobs()
        threading.Thread(target=_ask_in_vain, args=(app, "running"), daemon=True).start()
        until_running(app, before)
        app.process.send_signal(signal.SIGTERM)
        time.sleep(1)
        code, seconds = app.end()
        yield measure("second SIGTERM: exit code, seconds", "0, 5", [code, round(seconds, 1)], seconds <= 5)


ROWS: dict[int, tuple[Callable[[Path], Iterator[Measure]], ...]] = {
    8: (bodies,),
    9: (cut_uploads,),
    10: (foreign,),
    11: (spoiled_checkpoints,),
    12: (sessions,),
    13: (cancels,),
    16: (killed,),
    17: (stages, running_studio),
    19: (in_a_row,),
    20: (terminated, health),
}
"""The rows that are measured here, by their numbers in the table."""


def write(row: int, function: Callable[[Path], Iterator[Measure]], checkpoints: Path) -> None:
    """Measure one row and put it in its place in the results file."""
    path = RESULTS / "hardening.json"
    content = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"rows": []}
    found = list(function(checkpoints))
    said = " ".join((function.__doc__ or "").split())
    entry = {
        "row": row, "said": said, "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(), "versions": versions(), "measures": found,
    }  # fmt: skip
    rows = [each for each in content["rows"] if each["row"] != row or each["said"] != said]
    content = {"benchmark": "hardening", "rows": sorted([*rows, entry], key=lambda each: each["row"])}
    part = path.with_suffix(".json.part")
    part.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(path)
    for each in found:
        logger.info("%2d %-48s wanted %-8s measured %s", row, each["what"], each["wanted"], each["measured"])


def main() -> None:
    """Measure the rows that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=sorted(ROWS), choices=sorted(ROWS))
    parser.add_argument("--checkpoints", type=Path, help="default: the shipped ones")
    chosen = parser.parse_args()
    to_log()
    logging.getLogger("httpx").setLevel(logging.WARNING)
    for row in chosen.rows:
        for function in ROWS[row]:
            write(row, function, chosen.checkpoints or Path("checkpoints"))


if __name__ == "__main__":
    main()
