"""The named HTTP endpoints, one a task, which are MCP tools as well: words and files in, a finished MP4 (or a look
file) out, in the same queue as the page.

Where several clips were asked for, the answer is a list of their paths; with ``details`` it is a list of everything
that was made: the clips, a WebM with transparency, a PNG, the layers, and at the end a JSON file with what the page
would say (seed, sizes, notes, how far a continuation can be trusted).

They stand on invisible widgets of their own, because only widgets carry files over HTTP. Names, types, bounds, choices,
defaults and help of the parameters are those of the request's fields. The page's own events are private.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from importlib.util import find_spec
from typing import Any

import gradio as gr
from gradio.components import Component

from studio.errors import RequestError
from studio.requests import Field, fields_of, schema_of
from studio.service import TASKS, Event, Job, Studio, Task
from studio.ui import layout, messages
from studio.ui.presence import WATCH, Listener, client_of
from studio.ui.running import QUEUE, waiters

LOOK_SECONDS = 0.1  # between two looks at a job; a coroutine that waits costs no thread
DETAILS = "Return a list of all that was made, and last a JSON file with seed, sizes and notes."


def has_mcp() -> bool:
    """Whether the extra is installed that makes the endpoints MCP tools (``gradio[mcp]``)."""
    return find_spec("mcp") is not None


def build(studio: Studio) -> None:
    """Add every task's endpoint to the current Blocks."""
    for task in TASKS.values():
        _add(studio, task)


def _add(studio: Studio, task: Task) -> None:
    fields = fields_of(task.request)
    details = gr.Checkbox(label="Details", value=False)
    details.api_info = lambda: {"type": "boolean", "description": DETAILS, "additional_description": DETAILS}
    gr.Button(visible=False).click(
        _function(studio, task, fields),
        [*(_parameter(each) for each in fields), details],
        gr.File(visible=False, file_count="multiple", label="What was made"),
        api_name=task.command,
        concurrency_id=QUEUE,
        concurrency_limit=waiters(studio),
    )


def _function(studio: Studio, task: Task, fields: tuple[Field, ...]) -> Callable[..., AsyncIterator[Any]]:
    """What Gradio calls. It reads parameters from the signature, and what they mean from the docstring."""
    names = [each.name for each in fields]

    async def endpoint(*values: Any) -> AsyncIterator[Any]:
        *given, details, request, progress = values
        listener = Listener(request)
        try:
            values = dict(zip(names, given, strict=True))
            yield await _run(studio, task, values, details, progress, request, listener)
        finally:
            listener.forget()

    empty, by_position = inspect.Parameter.empty, inspect.Parameter.POSITIONAL_OR_KEYWORD
    endpoint.__signature__ = inspect.Signature(
        [
            *(inspect.Parameter(each.name, by_position, default=empty if each.required else each.default or None)
              for each in fields),
            inspect.Parameter("details", by_position, default=False),
            inspect.Parameter("request", by_position, default=None),
            inspect.Parameter("progress", by_position, default=gr.Progress()),
        ]
    )  # fmt: skip
    endpoint.__annotations__ = {"request": gr.Request}
    help = "\n".join(f"    {each.name}: {each.bounds.help}" for each in fields)
    answer = "The finished look file." if task.endings == (".safetensors",) else "The finished clip, an MP4."
    summary = f"{task.summary[:1].upper()}{task.summary[1:]}."
    endpoint.__doc__ = f"{summary}\n\nArgs:\n{help}\n    details: {DETAILS}\nReturns:\n    {answer}"
    endpoint.__name__ = task.command
    return endpoint


def _parameter(field: Field) -> Component:
    """The invisible widget of one parameter. What its value may be, the request alone decides."""
    label, default = field.bounds.label, field.default
    if field.form in ("file", "files"):
        widget = gr.File(label=label, file_count="multiple" if field.form == "files" else "single")
        schema = _in_place(widget.api_info()) | {"description": field.bounds.help}
    else:
        schema = schema_of(field)
        if schema["type"] == "boolean":
            widget = gr.Checkbox(label=label, value=default)
        elif schema["type"] in ("integer", "number"):
            widget = gr.Number(label=label, value=default)
        else:
            widget = gr.Textbox(label=label, value=None if field.required else layout.as_shown(default))
    schema["additional_description"] = field.bounds.help  # which is where Gradio's page about the API looks
    widget.api_info = lambda: schema
    return widget


def _in_place(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with its definitions where they are referred to: a parameter's schema becomes a part of a tool's, in
    which nobody would find them.
    """
    known = schema.get("$defs", {})

    def placed(node: Any) -> Any:
        if isinstance(node, list):
            return [placed(each) for each in node]
        if not isinstance(node, dict):
            return node
        name = str(node.get("$ref", "")).removeprefix("#/$defs/")
        if name in known:
            node = {**known[name], **node}
        return {key: placed(each) for key, each in node.items() if key not in ("$ref", "$defs")}

    return placed(schema)


async def _run(
    studio: Studio,
    task: Task,
    values: dict[str, Any],
    details: Any,
    progress: gr.Progress,
    request: gr.Request | None,
    listener: Listener,
) -> str | list[str]:
    """Submit, wait and answer. Whoever leaves or cancels meanwhile frees the worker."""
    client = client_of(request, studio.settings.behind_proxy)
    job: Job | None = None
    try:
        if not isinstance(details, bool | None):
            raise RequestError("Details must be true or false.")
        studio.check_room(client=client)  # at once: who is refused need not wait for a thread
        job = await _submitted(studio, task, values, client)
        WATCH.add(job, listener)
        told: Event | None = None
        while not job.is_over():
            event = job.last()
            if event is not None and event is not told and event.total and not event.is_end:
                progress((event.done, event.total), desc=event.message)
            told = event
            await asyncio.sleep(LOOK_SECONDS)
            if await listener.has_hung_up():
                job.cancel()
        return await asyncio.to_thread(_answer, job, bool(details))
    except Exception as error:
        raise gr.Error(messages.sentence(error), print_exception=False) from None
    finally:
        if job is not None and not job.is_over():
            job.cancel()


async def _submitted(studio: Studio, task: Task, values: dict[str, Any], client: str) -> Job:
    """The job. Cancelled meanwhile, it waits for the thread that takes the files in, and cancels what came of it."""
    submit = asyncio.to_thread(lambda: studio.submit(task.request.of(values), client=client))
    submitting = asyncio.ensure_future(submit)
    try:
        return await asyncio.shield(submitting)
    except asyncio.CancelledError:
        submitting.add_done_callback(lambda made: made.cancelled() or made.exception() or made.result().cancel())
        raise


def _answer(job: Job, details: bool) -> str | list[str]:
    """The path of the only clip or look file, or a list of the paths of all that was made."""
    result = job.result(0)
    clips = [str(path) for path in result.variations or (result.look or result.video,)]
    if not details:
        return clips if len(clips) > 1 else clips[0]
    others = [path for path in (result.transparent, result.picture, result.layers) if path is not None]
    return [*clips, *map(str, others), str(result.write_facts(job.request.source_type))]
