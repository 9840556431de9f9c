"""What the fuzz of the endpoints is made of: calls read from the page's own schema, values that obey and values that
do not, and the roads by which a call can be made.

Nothing here knows an endpoint or a parameter by its name: a new tab is fuzzed because the page says that it is there.
"""

from __future__ import annotations

import json
import math
import secrets
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from studio.ui.door_rules import READ, WRITE

ROADS = ("run", "api", "call", "call/v2", "queue/join", "mcp")
LONG = 5_000
MCP = {"accept": "application/json, text/event-stream"}


@dataclass(frozen=True, eq=False)
class Parameter:
    """One thing that a call takes, as the page's schema describes it."""

    name: str
    schema: dict[str, Any]
    component: str
    required: bool = False
    default: Any = None

    @property
    def is_file(self) -> bool:
        return '"FileData"' in json.dumps(self.schema) or "filepath" in json.dumps(self.schema)

    @property
    def takes_many(self) -> bool:
        return self.schema.get("type") == "array" or "root" in self.schema or "items" in self.schema

    def allows(self, value: Any) -> bool:
        """Whether the schema itself, read by a validator that is not ours, allows the value (files apart)."""
        if value is None:
            return not self.required
        if isinstance(value, float) and not math.isfinite(value):
            return False
        return self.is_file or Draft202012Validator(self.schema).is_valid(value)


@dataclass(frozen=True, eq=False)
class Call:
    """Something that the page can be asked to do: a named endpoint, or one of the page's own events (no name)."""

    name: str
    number: int
    parameters: tuple[Parameter, ...] = field(repr=False)

    @property
    def is_named(self) -> bool:
        return bool(self.name)


def calls_of(web: httpx.Client) -> list[Call]:
    """Every named endpoint from /info, and every other event that the server runs from /config."""
    config, named = web.get("/config").json(), web.get("/gradio_api/info").json()["named_endpoints"]
    parts = {part["id"]: part for part in config["components"]}
    found = []
    for event in config["dependencies"]:
        said = named.get(f"/{event['api_name']}")
        if said is not None:
            parameters = [
                Parameter(
                    each["parameter_name"], each["type"], each["component"],
                    not each["parameter_has_default"], each["parameter_default"],
                )
                for each in said["parameters"]
            ]  # fmt: skip
            found.append(Call(event["api_name"], event["id"], tuple(parameters)))
        elif event["backend_fn"]:
            parameters = [
                Parameter(str(part), parts[part].get("api_info_as_input") or {}, parts[part]["type"])
                for part in event["inputs"]
            ]
            found.append(Call("", event["id"], tuple(parameters)))
    return found


# --- values


NUMBERS = st.sampled_from(
    [0, -1, 1, 0.5, -0.0, 1e-320, 2**31 - 1, 2**31, -(2**31), 2**53 + 1, 2**63, 2**64, 10**40, 1e308, -1e308,
     math.nan, math.inf, -math.inf]
)  # fmt: skip
WORDS = st.one_of(
    st.sampled_from(
        ["", " ", "\0", "a\0b", "\ud800", "\udfff\ud800", "\u200b", "\u202egnp.exe", "\ufeff", "\n\n", "\r\nX: y",
         "NaN", "1e999", "-1", "1/0", "0x10", "١٢", "1_000", "true", "None", "..", "../../etc/passwd", "/etc/passwd",
         "file:///etc/passwd", "data:image/png;base64,AAAA", "data:,x", "http://127.0.0.1:9/", "<script>1</script>",
         "{0.__class__}", "%s%n", "${jndi:ldap://x}", "'; drop table x; --", "'", '"', "\\", "🦄" * 50,
         "e\u0301" * 200, "x" * LONG, "\u0000" * 300, "1,2,3", "," * 900, "9" * LONG, "1e5,NaN,inf"]
    ),
    st.text(max_size=60),
)  # fmt: skip


def deep(levels: int, inside: Any = 1) -> Any:
    """Lists and objects in each other."""
    for level in range(levels):
        inside = [inside] if level % 2 else {"a": inside}
    return inside


SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, WORDS)
ANYTHING = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=4),
    st.dictionaries(WORDS, SCALARS, max_size=3),
    st.sampled_from([deep(30), deep(47), deep(200), [[]] * 50, {"": {}}, list(range(2000)), ["x" * 900] * 50]),
)


@dataclass(frozen=True)
class Files:
    """Names of uploads: the caller's own, and those of another visitor."""

    own: tuple[str, ...]
    others: tuple[str, ...]

    def hostile(self) -> st.SearchStrategy[Any]:
        """Files that the caller was never given, and words that are none."""
        own = self.own[0]
        near = [f"{own}/", f"/{own}", f"{own}\0", own[:-1], own.upper(), f"{own[:33]}../../{own[33:]}", f"{own}.part"]
        words = st.one_of(st.sampled_from([*self.others, *near]), WORDS)
        forms = (
            named, lambda word: {"path": word}, lambda word: {"url": word, **named("")}, lambda word: word,
            lambda word: [named(word)], lambda word: [[named(word), None]], lambda word: {"video": named(word)},
            lambda word: {"path": own, "url": word}, lambda word: {"path": {"path": word}},
            lambda word: {"path": own, "orig_name": word, "size": word, "mime_type": 7},
            lambda word: {"background": named(word), "layers": [word], "composite": None},
        )  # fmt: skip
        return st.tuples(st.sampled_from(forms), words).map(lambda pair: pair[0](pair[1]))


def obeying(parameter: Parameter, files: Files) -> st.SearchStrategy[Any]:
    """Values that the parameter's schema allows, its bounds among them."""
    schema = parameter.schema
    if parameter.is_file:
        own = st.sampled_from(files.own).map(named)
        return st.lists(own, max_size=3) if parameter.takes_many else own
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema.get("type")
    if kind == "boolean":
        return st.booleans()
    low, high = schema.get("minimum"), schema.get("maximum")
    if kind == "integer":
        whole = st.integers(int(low) if low is not None else None, int(high) if high is not None else None)
        return st.one_of(st.sampled_from([each for each in (low, high) if each is not None] or [0]), whole)
    if kind == "number":
        return st.one_of(
            st.sampled_from([each for each in (low, high) if each is not None] or [0.0]),
            st.floats(low, high, allow_nan=False, allow_infinity=False),
        )
    most = schema.get("maxLength")
    longest = [st.just("é" * most), st.just("w " * (most // 2))] if most else []
    return st.one_of(st.text(max_size=min(most or 40, 40)), *longest, st.just(schema.get("default", "")))


def named(name: str) -> dict[str, Any]:
    """A file as a call says it."""
    return {"path": name, "meta": {"_type": "gradio.FileData"}}


@cache
def values_of(call: Call, files: Files, hostile: bool) -> st.SearchStrategy[list[Any]]:
    """One value for each parameter: all obeying, or each anything at all now and then."""
    each = []
    for parameter in call.parameters:
        good = obeying(parameter, files)
        if not parameter.required:
            good = st.one_of(good, st.just(parameter.default))
        bad = st.one_of(files.hostile(), ANYTHING) if parameter.is_file else st.one_of(ANYTHING, files.hostile())
        each.append(st.one_of(good, good, bad) if hostile else good)
    return st.tuples(*each).map(list)


# --- the roads


@dataclass(frozen=True)
class Answer:
    """What came of a call: ``made`` where it succeeded, else the ``sentence`` of its refusal. ``text`` is all of it."""

    status: int
    text: str
    made: Any = None
    sentence: str | None = None


def ask(web: httpx.Client, call: Call, values: list[Any], road: str) -> Answer:
    """Make the call and wait for its end."""
    if road in ("run", "api"):
        return _refusal_or(_post(web, f"{road}/{call.name}", {"data": values}), lambda said: said["data"])
    if road == "mcp":
        pairs = zip(call.parameters, values, strict=True)
        given = {each.name: value for each, value in pairs if value is not None or each.required}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": call.name, "arguments": given}}
        return _of_tool(_post(web, "mcp/", body))
    if road == "queue/join":
        session = secrets.token_hex(8)
        body = {"data": values, "fn_index": call.number, "session_hash": session, "event_data": None}
        joined = _post(web, road, body)
        return _refusal_or(joined, lambda said: None) if joined.status_code != 200 else _of_queue(web, session)
    body = {"data": values} if road == "call" else dict(zip((each.name for each in call.parameters), values))
    joined = _post(web, f"{road}/{call.name}", body)
    if joined.status_code != 200:
        return _refusal_or(joined, lambda said: None)
    return _of_event(web.get(f"/gradio_api/{road}/{call.name}/{joined.json()['event_id']}"))


def _post(web: httpx.Client, road: str, body: Any) -> httpx.Response:
    content = json.dumps(body).encode()  # NaN and lone surrogates travel as they are
    return web.post(f"/gradio_api/{road}", content=content, headers={"content-type": "application/json", **MCP})


def _refusal_or(answer: httpx.Response, made: Any) -> Answer:
    said = answer.json()
    if answer.status_code == 200:
        return Answer(200, answer.text, made=made(said))
    return Answer(answer.status_code, answer.text, sentence=said.get("error"))


def _of_event(answer: httpx.Response) -> Answer:
    """The last event of a call's stream."""
    kind, data = "", None
    for line in answer.text.splitlines():
        if line.startswith("event: "):
            kind = line[7:]
        elif line.startswith("data: "):
            data = json.loads(line[6:])
    if kind == "complete":
        return Answer(answer.status_code, answer.text, made=data)
    return Answer(answer.status_code, answer.text, sentence=data.get("error") if isinstance(data, dict) else data)


def _of_queue(web: httpx.Client, session: str) -> Answer:
    text = web.get("/gradio_api/queue/data", params={"session_hash": session}).text
    messages = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]
    ends = [each for each in messages if each["msg"] in ("process_completed", "unexpected_error")]
    assert len(ends) == 1, text
    if ends[0]["success"]:
        return Answer(200, text, made=ends[0]["output"].get("data", []))
    return Answer(200, text, sentence=(ends[0].get("output") or {}).get("error") or ends[0].get("message"))


def _of_tool(answer: httpx.Response) -> Answer:
    if answer.status_code != 200:
        return _refusal_or(answer, None)
    messages = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
    said = messages[-1] if messages else answer.json()
    if "error" in said:
        return Answer(200, answer.text, sentence=said["error"]["message"])
    words = " ".join(part.get("text", "") for part in said["result"]["content"])
    failed = said["result"].get("isError", False)
    return Answer(200, answer.text, made=None if failed else words, sentence=words if failed else None)


# --- routes

PATHS = sorted(READ | WRITE) + [
    "/gradio_api/file=", "/gradio_api/heartbeat/s", "/gradio_api/call/generate/x", "/gradio_api/run/generate",
    "/assets/x.js", "/static/", "/svelte/svelte.js", "/healthz", "/readyz", "/gradio_api/upload_progress",
    "/gradio_api/dev/reload", "/gradio_api/component_server", "/gradio_api/proxy=http://127.0.0.1:9/", "/login",
    "/gradio_api/deep_link", "/monitoring", "/docs", "/openapi.json", "/.git/config", "/gradio_api/vibe-code/",
]  # fmt: skip
ENDS = ["", "", "/", "//", "/..", "/../../etc/passwd", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "%00", "%ff%fe", ";x", "\\..",
        "%0d%0aX:%20y", "/%C3%A9%F0%9F", "." * 300, "x" * 3000, "%25%32%65"]  # fmt: skip
HEADERS = ["host", "origin", "referer", "cookie", "range", "content-type", "content-encoding", "accept",
           "accept-encoding", "accept-language", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
           "x-forwarded-prefix", "x-gradio-server", "x-gradio-user", "sec-fetch-site", "sec-fetch-mode",
           "if-none-match", "if-range", "mcp-session-id", "mcp-protocol-version", "last-event-id", "authorization",
           "forwarded", "te", "upgrade", "x-http-method-override"]  # fmt: skip
HEADER_WORDS = st.one_of(
    st.sampled_from(["", "*", "null", "evil.example", "http://evil.example", "127.0.0.1", "bytes=0-0,1-1,-1", "gzip",
                     "bytes=99999999999999999999-", "multipart/form-data", "application/json; charset=utf-7", "../x",
                     "text/event-stream", "zoetrope=" + "b" * 32, "a" * 5000, "https", "::1", "cross-site", "5, 5"]),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30),
)  # fmt: skip
QUERY = st.dictionaries(
    st.sampled_from(["session_hash", "upload_id", "view", "deep_link", "__theme", "fn_index", "x", "__sign"]),
    st.one_of(WORDS.filter(lambda word: len(word) < 900), st.just("s")).map(
        lambda word: word.encode("utf-8", "surrogatepass").decode("latin-1")
    ),
    max_size=3,
)
BODIES = st.one_of(
    ANYTHING.map(lambda value: json.dumps(value).encode()), st.binary(max_size=200), st.just(b""),
    st.sampled_from([b"--b\r\nContent-Disposition: form-data; name=files; filename=a\r\n\r\nx\r\n--b--", b"{" * 9000]),
)  # fmt: skip
METHODS = st.sampled_from(["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "X", "get"])
