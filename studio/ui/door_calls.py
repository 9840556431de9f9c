"""Calls of the page's functions, held against what the page says that they take, before Gradio reads them.

Gradio fails at a call of an unknown function, or with too few values, as it fails at a fault of its own; a person's
slip gets its own sentence here. What each value may be is left to the request that is made of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from studio.errors import shown
from studio.ui.door_rules import API, Refused

_ROAD = re.compile(rf"{API}/(run|api|call|call/v2)/(\w{{1,80}})/?")
_JOIN = f"{API}/queue/join"
_LONGEST = 300
LIST = "/gradio_api/info lists what there is."
FAULT = "Something went wrong inside the studio: please try again."
UNREADABLE = "This call is no JSON that can be read."
UNREAD_VALUE = f"A value of this call cannot be read as what it should be: {LIST}"


@dataclass(frozen=True)
class Known:
    """A function of the page: its number, its name, how many values it takes, and the parameters of an endpoint:
    {name: whether it must be given}.
    """

    number: int
    name: str
    counts: frozenset[int]
    parameters: dict[str, bool]


class Calls:
    """The functions that a page has; ``known`` is asked once, at the first call."""

    def __init__(self, known: Callable[[], Iterable[Known]]) -> None:
        self._ask = known
        self._by_number: dict[int, Known] = {}
        self._by_name: dict[str, Known] = {}

    def check(self, route: str, body: Any) -> None:
        """Raise Refused, one sentence, for a call that no function of the page takes. Other routes pass."""
        found = _ROAD.fullmatch(route)
        if found is None and route != _JOIN:
            return
        if not self._by_number:
            self._by_number = {each.number: each for each in self._ask()}
            self._by_name = {each.name: each for each in self._by_number.values() if each.name}
        if not isinstance(body, dict):
            raise Refused(400, UNREADABLE)
        known = self._known(found, body.get("fn_index"))
        if known is None:
            raise Refused(422 if found is None else 404, f"There is no such call: {LIST}")
        if found is not None and found[1] == "call/v2":
            _check_names(known, body)
            return
        data = body.get("data")
        if not isinstance(data, list) or len(data) not in known.counts:
            counts = " or ".join(map(str, sorted(known.counts)))
            raise Refused(422, f'This call takes {counts} values as a list called "data": {LIST}')

    def _known(self, found: re.Match[str] | None, number: Any) -> Known | None:
        """The function that is meant: by its number on the queue's road, by either on those that take both, where the
        number counts more (the page sends what need not queue to run/predict, whatever it is), else by its name.
        """
        if found is None or (found[1] in ("run", "api") and number is not None):
            return self._by_number.get(number) if isinstance(number, int) else None
        return self._by_name.get(found[2])


def _check_names(known: Known, body: dict[str, Any]) -> None:
    odd = next((name for name in body if name not in known.parameters and name != "oauth_token"), None)
    if odd is not None:
        raise Refused(422, f'This call takes no "{shown(odd)}": {LIST}')
    for name, is_required in known.parameters.items():
        if is_required and name not in body:
            raise Refused(422, f'This call wants a "{name}": {LIST}')


def refusal(status: int, body: bytes, route: str) -> tuple[int, bytes]:
    """Status and body for an answer of Gradio's that says no: always JSON with one sentence, under both keys that its
    clients look at (or the one object that JSON-RPC wants there). A function's own refusal is no fault of the server's.
    """
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if isinstance(said, dict) and isinstance(said.get("error"), dict) and "jsonrpc" in said:
        message = shown(said["error"].get("message", ""), _LONGEST)
        return status, json.dumps({**said, "error": {"code": said["error"].get("code"), "message": message}}).encode()
    words = said.get("error") or said.get("detail") if isinstance(said, dict) else None
    sentence = shown(words, _LONGEST) if isinstance(words, str) else UNREADABLE if status < 500 else FAULT
    if status >= 500 and sentence != FAULT and _ROAD.fullmatch(route):
        status = 422
    return status, json.dumps({"error": sentence, "detail": sentence}).encode()
