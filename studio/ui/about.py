"""The closed part under the tabs: what may come in, which generators are here, and how to call the studio over HTTP."""

from __future__ import annotations

from html import escape

import gradio as gr

from studio.look_file import MOST_BYTES as LOOK_BYTES
from studio.requests import Request, TextToVideoRequest, field_of, fields_of
from studio.service import TASKS, CatalogueRow, Studio, Task
from studio.settings import Limits, bytes_in_words
from studio.ui import messages
from studio.ui.endpoints import has_mcp

MCP = "Agents find the same as MCP tools at <code>/gradio_api/mcp/</code>."
CALLS = """\
from gradio_client import Client, handle_file

studio = Client("http://127.0.0.1:{port}")
clip = studio.predict("a red car drives left across the desert at sunset", seconds=2, seed=7, api_name="/generate")
smooth = studio.predict(clip=handle_file(clip), fps="60", api_name="/interpolate")
painted = studio.predict(handle_file(clip), "60% watercolour, 40% ink wash", api_name="/restyle")
look = studio.predict(handle_file("painting.jpg"), handle_file(clip), api_name="/study")
mine = studio.predict(handle_file(clip), look=handle_file(look), api_name="/restyle")
longer = studio.predict(handle_file(clip), seconds=1, prompt="pans left", append=True, api_name="/predict")
"""

def build(studio: Studio) -> None:
    """Draw it inside the current Blocks."""
    with gr.Accordion("About: limits, generators, HTTP", open=False, elem_id="about", elem_classes="zoe-about"):
        gr.HTML(
            "<h3>What may come in</h3>"
            + limits_table(studio.settings.limits)
            + "<h3>The generators</h3>"
            + models_table(studio.catalogue())
            + "<h3>Over HTTP</h3>"
            + http_notes(studio.settings.port),
            elem_classes="zoe-bare",
        )


def http_notes(port: int) -> str:
    """The endpoints, what they take, and calls that work."""
    rows = "".join(map(_endpoint, TASKS.values()))
    return (
        "<p>These named endpoints take words and files and give back a finished MP4, or of a study the look file. They "
        "stand in the same queue as this page. What is not needed may be left out. Several variations or "
        "futures come as a list of files; with <code>details=True</code> the list holds all that was made and, last, "
        "a JSON file with seed, notes and how far a continuation can be trusted. "
        f"{MCP if has_mcp() else ''}</p>"
        '<p><a href="?view=api">Every parameter with its type, bounds and default</a></p>'
        + _table("<tr><th>Endpoint</th><th>Needs</th><th>May take</th></tr>" + rows)
        + f"<pre>{escape(CALLS.format(port=port))}</pre>"
    )


def _endpoint(task: Task) -> str:
    """A row of the table of endpoints: its name, what must be given, what may be."""
    fields = fields_of(task.request)
    needs = [each.name for each in fields if each.required] or [" or ".join(task.request.alternatives)]
    rest = [each.name for each in fields if not each.required and each.name not in task.request.alternatives]
    return (
        f"<tr><td><code>/{task.command}</code></td><td><code>{', '.join(needs)}</code></td>"
        f"<td><code>{', '.join([*rest, 'details'])}</code></td></tr>"
    )


def limits_table(limits: Limits) -> str:
    """The studio's limits as a table."""
    pictures = f"{bytes_in_words(limits.image_bytes)} and {limits.image_pixels / 1e6:g} megapixels"
    clips = (
        f"{bytes_in_words(limits.video_bytes)}, {messages.duration(limits.seconds)}, "
        f"{limits.max_fps} frames per second, {limits.video_pixels / 1e6:.1f} megapixels a frame"
    )
    rows = (
        ("Prompt", _prompt_limits(TextToVideoRequest)),
        ("Pictures", f"PNG, JPEG, WebP; up to {pictures}; up to {limits.keyframes} keyframes"),
        ("Clips", f"MP4, MOV, MKV, WebM, GIF, animated PNG or WebP; up to {clips}"),
        ("Look files", f"as studying a picture makes them; up to {bytes_in_words(LOOK_BYTES)}"),
        ("Queue", f"one clip is made at a time; up to {limits.queue} may wait"),
    )
    return _table("".join(f"<tr><th scope='row'>{name}</th><td>{text}</td></tr>" for name, text in rows))


def _prompt_limits(kind: type[Request]) -> str:
    prompt, seconds, side = (field_of(kind, name).bounds for name in ("prompt", "seconds", "width"))
    return (
        f"up to {prompt.longest} characters; {seconds.low:g} to {seconds.high:g} seconds; "
        f"{side.low:g} to {side.high:g} pixels a side"
    )


def models_table(rows: tuple[CatalogueRow, ...]) -> str:
    """The catalogue as a table."""
    head = "<tr><th>Name</th><th>For</th><th>Size</th><th>Licence</th><th>Origin</th></tr>"
    body = "".join(
        f"<tr><td>{escape(row.name)}</td><td>{escape(row.task)}</td>"
        f"<td>{escape(row.size)}</td>"
        f"<td>{escape(row.licence)}</td><td>{escape(row.origin)}</td></tr>"
        for row in rows
    )
    return _table(head + body)


def _table(rows: str) -> str:
    return f'<div class="zoe-scroll"><table>{rows}</table></div>'
