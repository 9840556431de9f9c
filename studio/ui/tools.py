"""The endpoints as MCP tools: a caller that hangs up or cancels ends its job.

Gradio answers a tool's call through a client of its own, which would go on listening when the caller has left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import gradio as gr

from studio.errors import shown

LOOK_SECONDS = 0.25
LONGEST = 500  # characters of a refusal


def watch_callers(page: gr.Blocks) -> None:
    """Let the calls of a launched page's tools end with their callers, and its refusals be short; nothing to do for a
    page without tools.
    """
    server = page.mcp_server_obj
    if server is None:
        return
    for name in ("_execute_tool_without_progress", "_execute_tool_with_progress"):
        setattr(server, name, _watched(server, getattr(server, name)))
    tell = server.mcp_server._make_error_result
    server.mcp_server._make_error_result = lambda text: tell(shown(text, LONGEST))  # it repeats what was sent
    convert = server.convert_strings_to_filedata
    server.convert_strings_to_filedata = lambda value, places: convert(
        value, [each for place in places for each in _places(value, place)]
    )


def _places(value: Any, place: list[str | int]) -> Iterator[list[str | int]]:
    """Where in ``value`` the files of a schema's ``place`` stand: Gradio looks for those of a list at "items"."""
    if not place:
        yield []
        return
    first, *rest = place
    if first == "items" and isinstance(value, list):
        for number, each in enumerate(value):
            yield from ([number, *more] for more in _places(each, rest))
    elif isinstance(value, dict) and first in value:
        yield from ([first, *more] for more in _places(value[first], rest))


def _watched(server: Any, execute: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """``execute``, which waits for a job of Gradio's client, but only as long as its caller does."""

    async def watched(job: Any, *more: Any) -> Any:
        request = server.mcp_server.request_context.request
        work = asyncio.ensure_future(execute(job, *more))
        try:
            while not work.done():
                await asyncio.wait([work], timeout=LOOK_SECONDS)
                if not work.done() and request is not None and await request.is_disconnected():
                    break
            else:
                return work.result()
        finally:
            if not work.done():
                # in a thread: it asks this very server to cancel the event
                cancelling = asyncio.get_running_loop().run_in_executor(None, job.cancel)
                cancelling.add_done_callback(lambda done: work.cancel())
        raise RuntimeError("The caller has left.")

    return watched
