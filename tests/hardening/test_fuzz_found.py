"""What the fuzz has found, each as a small test of the piece that was mended."""

import json
from fractions import Fraction

import pytest

from studio.errors import RequestError, shown
from studio.requests import InterpolationRequest, RestyleRequest, exact_rate
from studio.ui.door_calls import FAULT, UNREADABLE, Calls, Known, refusal
from studio.ui.door_rules import Refused, is_open
from studio.ui.endpoints import _in_place
from studio.ui.tools import _places

CALLS = Calls(lambda: [
    Known(7, "turn", frozenset({2, 3}), {"clip": True, "times": False}), Known(8, "", frozenset({1}), {}),
])  # fmt: skip


@pytest.mark.parametrize(("route", "body", "status"), [
    ("run/turn", {"data": [1, 2]}, None), ("call/turn/", {"data": [1, 2, 3]}, None),
    ("call/v2/turn", {"clip": None}, None), ("call/v2/turn", {"clip": 1, "times": 2, "oauth_token": 3}, None),
    ("queue/join", {"fn_index": 7, "data": [1, 2]}, None), ("cancel", {"x": 1}, None), ("cancel", 5, None),
    # what the page need not queue it sends to run/predict, an endpoint's name or not, with the number that counts
    ("run/predict", {"fn_index": 8, "data": [None]}, None), ("run/turn", {"fn_index": 8, "data": [1, 2]}, 422),
    ("run/turn", {"fn_index": 9, "data": [1, 2]}, 404), ("api/turn", {"fn_index": "x", "data": [1, 2]}, 404),
    ("run/other", {"data": []}, 404), ("run/turn", {"data": []}, 422), ("run/turn", {"data": "ab"}, 422),
    ("run/turn", {}, 422), ("run/turn", [1, 2], 400), ("call/v2/turn", {"times": 2}, 422),
    ("call/v2/turn", {"clip": 1, "evil" * 999: 2}, 422), ("queue/join", {"fn_index": 9, "data": [1, 2]}, 422),
    ("queue/join", {"fn_index": "7", "data": [1, 2]}, 422), ("queue/join", {"data": [1, 2]}, 422),
    ("queue/join", {"fn_index": 10**400, "data": [1, 2]}, 422), ("queue/join", {"fn_index": 7, "data": {}}, 422),
])  # fmt: skip
def test_a_call_is_held_against_what_the_page_takes(route, body, status):
    if status is None:
        CALLS.check(f"/gradio_api/{route}", body)
        return
    with pytest.raises(Refused) as refused:
        CALLS.check(f"/gradio_api/{route}", body)
    assert refused.value.status == status and len(refused.value.sentence) < 200


@pytest.mark.parametrize(("status", "body", "route", "expected", "sentence"), [
    (500, {"error": "Times must lie between 1 and 3."}, "run/turn", 422, "Times must lie between 1 and 3."),
    (500, {"error": FAULT}, "run/turn", 500, FAULT), (500, {"error": None}, "run/turn", 500, FAULT),
    (500, {"error": "x"}, "queue/join", 500, "x"), (422, {"detail": [{"msg": "?"}]}, "cancel", 422, UNREADABLE),
    (404, {"detail": "Not Found"}, "x", 404, "Not Found"), (422, [1], "x", 422, UNREADABLE),
])  # fmt: skip
def test_gradios_refusals_become_one_sentence(status, body, route, expected, sentence):
    found, said = refusal(status, json.dumps(body).encode(), f"/gradio_api/{route}")
    assert found == expected and json.loads(said) == {"error": sentence, "detail": sentence}


def test_a_tools_refusal_keeps_its_form():
    said = {"jsonrpc": "2.0", "id": 1, "error": {"code": -32600, "message": "1 error\nfor x" * 99, "data": "x" * 999}}
    status, body = refusal(400, json.dumps(said).encode(), "/gradio_api/mcp/")
    found = json.loads(body)
    assert status == 400 and found["id"] == 1 and found["error"].keys() == {"code", "message"}
    assert len(found["error"]["message"]) == 300 and "\n" not in found["error"]["message"]


@pytest.mark.parametrize("route", ["/static/" + "x" * 3000, "/assets/a\0b", "/svelte/" + "é" * 250 + "/a.js"])
def test_a_route_that_no_file_can_have_is_closed(route):
    assert is_open("GET", route[:12].replace("\0", "")) and not is_open("GET", route)


def test_a_strangers_words_are_one_short_line():
    assert shown("a\r\n\0b\ud800 \u202ec") == "a b c" and len(shown("x" * 10**6)) == 60
    assert shown({"a": [1]}) == "{'a': [1]}"


@pytest.mark.parametrize("text", ["1e999999999", "9" * 5000, "1/0", "nan", "inf", True, [24], {"a": 1}, None])
def test_a_rate_that_is_none_is_refused_at_once(text):
    with pytest.raises(RequestError):
        exact_rate(text)


def test_rates_are_read_as_before():
    assert exact_rate("24000/1001") == exact_rate(23.976) == exact_rate(" 23.976 ") == Fraction(24000, 1001)
    assert exact_rate(0.1 + 0.2) == Fraction("0.30000000000000004") and exact_rate("2.4e1") == exact_rate(24) == 24


@pytest.mark.parametrize(("kind", "values"), [
    (RestyleRequest, {"source": 7}), (RestyleRequest, {"source": {"path": "x"}}), (RestyleRequest, {"source": "a\0b"}),
    (RestyleRequest, {"source": "a.mp4", "style": ["ink"]}), (RestyleRequest, {"source": "a.mp4", "style": "\ud800"}),
    (RestyleRequest, {"source": "a.mp4", "style": "ink", "seed": 10**400}),
    (RestyleRequest, {"source": "a.mp4", "style": "ink", "seed": -(10**309)}),
    (RestyleRequest, {"source": "a.mp4", "style": "ink", "keep_prompt": "no"}),
    (RestyleRequest, {"source": "a.mp4", "style": "ink", "strength": float("inf")}),
    (InterpolationRequest, {"images": 5}), (InterpolationRequest, {"images": "ab"}),
    (InterpolationRequest, {"images": [1, 2]}), (InterpolationRequest, {"images": ["a", "b"], "gap_seconds": 3}),
    (InterpolationRequest, {"images": ["a", "b"], "gap_seconds": [[1]]}),
    (InterpolationRequest, {"images": ["a", "b"], "easing": {"x": "y" * 9999}}),
])  # fmt: skip
def test_values_of_another_kind_are_refused_in_a_sentence(kind, values):
    with pytest.raises(RequestError) as refused:
        kind.of(values)
    assert len(str(refused.value)) < 250 and "\n" not in str(refused.value)


def test_a_schema_holds_its_definitions_where_they_are_meant():
    one = {"properties": {"path": {"type": "string"}, "meta": {"$ref": "#/$defs/Meta"}}}
    meta = {"title": "Meta"}
    schema = {"$defs": {"One": one, "Meta": meta}, "items": {"$ref": "#/$defs/One"}, "type": "array"}
    path = {"type": "string"}
    assert _in_place(schema) == {"items": {"properties": {"path": path, "meta": meta}}, "type": "array"}


def test_files_of_a_list_are_found_in_a_tools_call():
    value = {"images": ["a", "b"], "clip": "c"}
    assert list(_places(value, ["images", "items"])) == [["images", 0], ["images", 1]]
    assert list(_places(value, ["clip"])) == [["clip"]] and list(_places(value, ["mask"])) == []
