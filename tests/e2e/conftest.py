"""The real app in its own process, and a real Chromium: what every end-to-end test needs.

Without a browser these tests are skipped on a person's machine and fail where ``CI`` is set.
"""

import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machine import free_port

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip
TAB_NAMES = {
    "text_to_video": "Prompt to video",
    "interpolation": "Keyframes",
    "restyle": "Restyle",
    "prediction": "Continue",
}
PATIENCE = 180_000  # milliseconds; generous, because the first job loads torch on a busy machine


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in Path(item.fspath).parents:
            item.add_marker(pytest.mark.e2e)


class App:
    """A running ``python app.py`` and where it keeps its files."""

    def __init__(self, checkpoints: Path, work: Path, log: Path) -> None:
        self.work = work
        self.log = log
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        environment = {key: value for key, value in os.environ.items() if not key.startswith("ZOETROPE_")}
        command = [sys.executable, "app.py", "--port", str(self.port), "--checkpoints", str(checkpoints)]
        command += ["--work", str(work), "--looks", str(work.parent / "looks")]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log.open("w"), stderr=subprocess.STDOUT
        )

    def wait(self) -> None:
        deadline = time.monotonic() + 300  # seconds: a busy machine imports slowly
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            try:
                with urllib.request.urlopen(self.url, timeout=2) as answer:
                    assert answer.status == 200
                    return
            except OSError:
                time.sleep(0.2)
        raise AssertionError(f"the page did not open:\n{self.log.read_text()}")

    def job_files(self) -> list[Path]:
        """Every file of jobs (not the page's own copies) that lies in the work folder now."""
        return [path for path in self.work.rglob("*") if path.parent.name in ("sources", "results")]

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="session")
def app(tiny_checkpoints, tmp_path_factory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("app")
    app = App(tiny_checkpoints, folder / "work", folder / "log.txt")
    try:
        app.wait()
        yield app
    finally:
        app.stop()
    assert not list(app.work.rglob("*.mp4")), "a studio that was told to end leaves nothing behind"


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    found = CHROMIUM if Path(CHROMIUM).exists() else shutil.which("chromium") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        found = None
    if not found:
        if os.environ.get("CI"):
            pytest.fail("Chromium and playwright must be installed where CI is set.")
        pytest.skip("Chromium or playwright is not installed.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


class Visitor:
    """A person at the page: types, uploads, presses, waits, and notes everything the page asks for from elsewhere."""

    def __init__(self, browser, app: App, folder: Path, width: int = 1280, theme: str = "light") -> None:
        self.app = app
        self.folder = folder
        self.context = browser.new_context(viewport={"width": width, "height": 900}, accept_downloads=True)
        self.context.set_default_timeout(PATIENCE)
        self.page = self.context.new_page()
        self.foreign: list[str] = []
        self.faults: list[str] = []
        self.page.on("request", lambda request: self._note(request.url))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda said: self._heed(said.text))
        self.page.goto(f"{app.url}?__theme={theme}")
        self.page.wait_for_selector("#text_to_video-run:enabled")
        self.page.wait_for_timeout(1500)  # until the page is alive: what is typed earlier is overwritten

    def _note(self, url: str) -> None:
        if re.match(r"(https?|wss?):", url) and not url.startswith(self.app.url):
            self.foreign.append(url)

    def _heed(self, said: str) -> None:
        if "Content Security Policy" in said:  # something of the page's own that the door's policy keeps from working
            self.faults.append(said)

    def open(self, task: str) -> None:
        self.page.get_by_role("tab", name=TAB_NAMES[task]).click()
        self.page.wait_for_selector(f"#{task}-run:visible")

    def open_advanced(self, task: str) -> None:
        self.page.click(f"#{task}-advanced > button")

    def type(self, field: str, text: str) -> None:
        self.page.locator(f"#{field} textarea, #{field} input").first.fill(text)

    def set(self, field: str, number: float) -> None:
        box = self.page.locator(f"#{field} input[type=number]")
        box.fill(str(number))
        box.blur()

    def upload(self, field: str, *paths: Path) -> None:
        self.page.locator(f"#{field} input[type=file]").set_input_files([str(path) for path in paths])

    def press(self, button: str) -> None:
        self.page.click(f"#{button}")

    def says(self, task: str) -> str:
        return self.page.inner_text(f"#{task}-progress")

    def wait_until_says(self, task: str, words: str) -> None:
        """Until the tab says these words, whatever it said before."""
        self._wait_for(task, words, "false")

    def _wait_for(self, task: str, words: str, enough: str) -> str:
        """What the tab says once it says these words, or once the script ``enough`` is true of its place."""
        return self.page.wait_for_function(
            "([id, words]) => { const place = document.querySelector(id), said = place?.innerText ?? '';"
            f" return said.includes(words) || {enough} ? said : null }}",
            arg=[f"#{task}-progress", words],
            timeout=PATIENCE,
        ).json_value()

    def wait_until_plays(self, task: str) -> None:
        """Until this tab's job is done and the browser really shows moving frames. If the tab says what went wrong
        instead, the test fails with that at once.
        """
        said = self._wait_for(task, "Done", "place?.querySelector('.zoe-error')")
        assert "Done" in said
        self.page.wait_for_function(
            "id => { const v = document.querySelector(id + ' video'); return v && v.readyState >= 3 && !v.error"
            " && v.videoWidth > 0 && (v.currentTime > 0 || v.ended) }",
            arg=f"#{task}-video",
            timeout=PATIENCE,
        )

    def download(self, button: str) -> Path:
        with self.page.expect_download(timeout=PATIENCE) as download:
            self.press(button)
        path = self.folder / download.value.suggested_filename
        download.value.save_as(path)
        return path

    def screenshot(self, name: str) -> Path:
        path = self.folder / f"{name}.png"
        self.page.screenshot(path=path, full_page=True)
        return path


@pytest.fixture
def visit(browser, app, tmp_path) -> Iterator[object]:
    """A function that opens the page as a new visitor; at the end nobody may have asked another host for anything."""
    visitors: list[Visitor] = []

    def visit(**options) -> Visitor:
        visitors.append(Visitor(browser, app, tmp_path, **options))
        return visitors[-1]

    yield visit
    for visitor in visitors:
        visitor.context.close()
        assert visitor.foreign == []
        assert visitor.faults == []
    assert "Traceback" not in app.log.read_text()
