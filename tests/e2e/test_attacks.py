"""What a stranger or another website tries on the running studio, in a real browser and over bare HTTP."""

import http.server
import socket
import threading
import time
from urllib.parse import urlsplit

import httpx
import pytest

from tests.e2e.conftest import FLAGS

SCRIPT = "fetch('/config').then(a => a.text()).then(t => { document.title = 'read ' + t.length })"
EVIL = {
    "page.html": (f"<html><body><script>{SCRIPT}</script></body></html>", "text/html"),
    "picture.svg": (f'<svg xmlns="http://www.w3.org/2000/svg"><script>{SCRIPT}</script></svg>', "image/svg+xml"),
    "page.xhtml": (f'<html xmlns="http://www.w3.org/1999/xhtml"><script>{SCRIPT}</script></html>', "image/png"),
    "clip.mp4": (f"<html><script>{SCRIPT}</script></html>", "text/html"),
}


@pytest.fixture
def web(app):
    """An HTTP client that knows the studio's address."""
    with httpx.Client(base_url=app.url, timeout=30) as client:
        yield client


def upload(web, name: str, content: str, kind: str, **headers) -> httpx.Response:
    return web.post("/gradio_api/upload", files={"files": (name, content.encode(), kind)}, headers=headers)


@pytest.mark.parametrize("name", EVIL)
def test_no_uploaded_script_runs(app, web, browser, name):
    path = upload(web, name, *EVIL[name]).json()[0]
    answer = web.get(f"/gradio_api/file={path}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    context = browser.new_context(accept_downloads=True)
    page = context.new_page()
    try:
        page.goto(f"{app.url}gradio_api/file={path}", timeout=10_000)
    except Exception as error:  # noqa: BLE001  a download is no page, and playwright calls that an error
        assert "ownload" in str(error)
    page.wait_for_timeout(500)
    assert "read" not in page.title()
    context.close()


def test_a_name_that_was_pointed_here_later_is_refused(app, browser):
    """DNS rebinding: the browser believes that the studio is the attacker's own site."""
    port = urlsplit(app.url).port
    kind = browser.browser_type
    evil = kind.launch(
        executable_path=_executable(), args=[*FLAGS, "--host-resolver-rules=MAP evil.example 127.0.0.1"]
    )
    page = evil.new_page()
    answer = page.goto(f"http://evil.example:{port}/")
    assert answer.status == 403
    join = "fetch('/gradio_api/queue/join', {method: 'POST', body: '{}'})"
    assert page.evaluate(f"{join}.then(a => a.status)") == 403
    evil.close()


def _executable() -> str:
    import shutil

    return shutil.which("chromium") or shutil.which("google-chrome")


def test_another_websites_page_cannot_drive_the_studio(app, browser):
    form = (
        f'<form method="post" action="{app.url}gradio_api/upload" enctype="multipart/form-data">'
        '<input type="hidden" name="files" value="x"></form><script>document.forms[0].submit()</script>'
    )
    asks = (
        f"<script>Promise.all(['gradio_api/queue/join', 'gradio_api/upload', 'config'].map(path => "
        f"fetch('{app.url}' + path, path === 'config' ? {{}} : {{method: 'POST', body: '{{}}'}}).then(a => 'got in', "
        "e => 'kept out'))).then(all => { document.title = all.join() })</script>"
    )

    class Evil(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write((form if self.path == "/form" else asks).encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Evil)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = browser.new_page()
    page.goto(f"http://localhost:{server.server_port}/")
    page.wait_for_function("document.title !== ''")
    assert page.title() == "kept out,kept out,kept out"
    page.goto(f"http://localhost:{server.server_port}/form")
    page.wait_for_url(f"{app.url}**")
    assert "Another website" in page.inner_text("body")
    page.close()
    server.shutdown()


@pytest.mark.parametrize("headers", [
    {"host": "evil.example", "origin": "http://evil.example"}, {"origin": "http://evil.example"}, {"origin": "null"},
    {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
])  # fmt: skip
def test_uploads_and_jobs_of_others_are_refused(web, headers):
    assert upload(web, "a.png", "x", "image/png", **headers).status_code == 403
    for path in ("queue/join", "run/generate", "call/generate", "mcp/", "cancel", "reset"):
        assert web.post(f"/gradio_api/{path}", json={"data": ["a cat"]}, headers=headers).status_code == 403


def test_nothing_but_served_copies_can_be_read(app, web, tmp_path):
    (app.work / "secret.txt").write_text("secret")
    name = upload(web, "my secret name.png", "x", "image/png").json()[0]
    held = [path for path in app.work.rglob("*") if path.name == name.split("/")[-1]]
    assert len(held) == 1 and "secret" not in name and "/" not in name.replace("/", "", 1)
    for path in (app.work / "secret.txt", "/etc/passwd", app.log, *app.work.rglob("lock"), held[0]):
        assert web.get(f"/gradio_api/file={path}").status_code == 404
        for body in ({"data": [{"path": str(path), "meta": {"_type": "gradio.FileData"}}, "oil painting"]},):
            for route in ("run/restyle", "call/restyle", "queue/join"):
                assert web.post(f"/gradio_api/{route}", json=body).status_code == 403
    (app.work / "secret.txt").unlink()


def test_what_one_visitor_was_given_another_cannot_open(app, visit, make):
    """Not even with the whole address; and what the page shows of a file tells nothing of the server or its name."""
    visitor, other = visit(), visit()
    visitor.open("restyle")
    visitor.page.click("#restyle-source label:has-text('A picture')")
    visitor.upload("restyle-source-picture", make.picture("private-holiday.png"))
    picture = visitor.page.wait_for_selector("#restyle-source-picture img[src*='file=']")
    address = picture.get_attribute("src")
    assert str(app.work) not in address and "private" not in address and "holiday" not in address
    assert visitor.page.evaluate("a => fetch(a).then(r => r.status)", address) == 200
    assert other.page.evaluate("a => fetch(a).then(r => r.status)", address) == 404
    assert httpx.get(address).status_code == 404


def test_text_that_gets_into_the_page_is_no_script(visit):
    visitor = visit()
    page = visitor.page
    page.evaluate(
        """() => { document.body.insertAdjacentHTML('beforeend', '<img src="nowhere" onerror="window.hit = 1">'
        + '<a id="bad" href="javascript:window.hit = 2">x</a>'
        + '<iframe srcdoc="<script>parent.hit = 3</script>"></iframe>');
        const script = document.createElement('script'); script.textContent = 'window.hit = 4';
        document.body.append(script); document.querySelector('#bad').click(); }"""
    )
    page.wait_for_timeout(500)
    assert page.evaluate("window.hit") is None
    assert visitor.faults, "the browser says what it kept from running"
    visitor.faults.clear()


def test_a_page_of_gradios_that_repeats_its_address_is_closed(web):
    answer = web.get("/gradio_api/mcp/%3C/script%3E%3Cscript%3Ealert(1)%3C/script%3E/gradio_api/mcp")
    assert answer.status_code == 404 and "<script" not in answer.text


def test_answers_to_uploads_that_break_off_leave_nothing(app):
    before = {path for path in app.work.rglob("*") if path.is_file()}
    for size in (300_000, 3_000_000):
        with socket.create_connection(("127.0.0.1", app.port)) as line:
            head = 'Content-Disposition: form-data; name="files"; filename="a.mp4"\r\n\r\n'
            line.sendall(
                f"POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1:{app.port}\r\nContent-Length: 9000000\r\n"
                f"Content-Type: multipart/form-data; boundary=b1\r\n\r\n--b1\r\n{head}".encode() + b"x" * size
            )
            time.sleep(0.3)
    deadline = time.monotonic() + 60
    while {path for path in app.work.rglob("*") if path.is_file()} - before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert {path for path in app.work.rglob("*") if path.is_file()} <= before


def test_bad_calls_leave_no_traceback(app, web):
    """Whatever is sent, the answer is a refusal; the log holds a line at most, and nothing of what was sent."""
    before = len(app.log.read_text())
    for path in ("queue/join", "run/generate", "call/generate", "run/restyle", "cancel", "component_server", "reset"):
        for body in ("{", '{"data": "canary"}', "[]", '{"data": []}', '{"data": [{"path": "/etc/canary"}]}', "null"):
            answer = web.post(f"/gradio_api/{path}", content=body, headers={"content-type": "application/json"})
            assert "Traceback" not in answer.text and "site-packages" not in answer.text
    said = app.log.read_text()[before:]
    assert "Traceback" not in said and "canary" not in said and len(said) < 20_000
