"""The closed part under the tabs: what may come in, which generators are here, and how to call the studio over HTTP."""

from __future__ import annotations

from html import escape

import gradio as gr

from studio.requests import MAX_PROMPT
from studio.service import CatalogueRow, Studio
from studio.settings import Limits

CALLS = """\
from gradio_client import Client, handle_file

studio = Client("http://127.0.0.1:{port}")
clip = studio.predict("a red car drives left across the desert at sunset", seconds=2, seed=7, api_name="/generate")
smooth = studio.predict(clip=handle_file(clip), fps="60", api_name="/interpolate")
painted = studio.predict(handle_file(clip), "watercolour painting", api_name="/restyle")
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
            + "<h3>Over HTTP</h3><p>Four named endpoints take text and files and give back the path of a finished MP4; "
            "they stand in the same queue as this page.</p>",
            elem_classes="zoe-bare",
            padding=False,
        )
        gr.Code(CALLS.format(port=studio.settings.port), language="python", interactive=False, show_label=False,
                elem_id="about-http", lines=4)  # fmt: skip


def limits_table(limits: Limits) -> str:
    """The studio's limits as a table."""
    rows = (
        ("Prompt", f"up to {MAX_PROMPT} characters; 1 to 6 seconds; 144 to 512 pixels a side"),
        ("Pictures", f"PNG, JPEG, WebP; up to {_size(limits.image_bytes)} and {limits.image_pixels / 1e6:g} "
                     f"megapixels; up to {limits.keyframes} keyframes"),
        ("Clips", f"MP4, MOV, MKV, WebM, GIF; up to {_size(limits.video_bytes)}, {_span(limits.seconds)}, "
                  f"{limits.max_fps} frames per second, {limits.video_pixels / 1e6:.1f} megapixels a frame"),
        ("Queue", f"one clip is made at a time; up to {limits.queue} may wait"),
    )  # fmt: skip
    return _table("".join(f"<tr><th scope='row'>{name}</th><td>{text}</td></tr>" for name, text in rows))


def models_table(rows: tuple[CatalogueRow, ...]) -> str:
    """The catalogue as a table."""
    head = "<tr><th>Name</th><th>For</th><th>Size</th><th>Licence</th><th>Origin</th></tr>"
    body = "".join(
        f"<tr><td>{escape(row.name)}</td><td>{escape(row.task)}</td>"
        f"<td>{_size(row.size_bytes) if row.present else 'not here'}</td>"
        f"<td>{escape(row.licence)}</td><td>{escape(row.origin)}</td></tr>"
        for row in rows
    )
    return _table(head + body)


def _table(rows: str) -> str:
    return f'<div class="zoe-scroll"><table>{rows}</table></div>'


def _size(count: int) -> str:
    return f"{count / (1 << 30):g} GB" if count >= 1 << 30 else f"{count / (1 << 20):.3g} MB"


def _span(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds >= 120 else f"{seconds:g} seconds"
