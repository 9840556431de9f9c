"""Examples that run: small cards under a tab; a click fills the form with real inputs from ``examples/``."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

FOLDER = Path(__file__).resolve().parent / "examples"
CLICK = """
element.addEventListener('click', event => {
  const card = event.target.closest('button');
  if (card) trigger('click', {index: Number(card.dataset.index)});
});
"""


@dataclass(frozen=True)
class Example:
    """One card: its words, what it puts into which field, and a small picture (a file in the tab's own folder)."""

    title: str
    values: dict[str, Any] = field(default_factory=dict)
    poster: str = ""


def file_of(task: str, name: str) -> str:
    """The path of one example file of a tab."""
    return str(FOLDER / task / name)


def cards(task: str, examples: tuple[Example, ...], fields: dict[str, Component]) -> None:
    """Draw the cards inside the current Blocks and let each fill the fields it names."""
    row = gr.HTML(markup(task, examples), js_on_load=CLICK, elem_id=f"{task}-examples", elem_classes="zoe-bare")
    touched = sorted({name for example in examples for name in example.values})

    def fill(event: gr.EventData) -> dict[Component, Any]:
        values = examples[event.index].values
        return {fields[name]: gr.update(value=value) for name, value in values.items()}

    row.click(fill, None, [fields[name] for name in touched], show_progress="hidden", api_visibility="private")


def markup(task: str, examples: tuple[Example, ...]) -> str:
    """The cards as HTML; posters travel inside the page, so they need no request of their own."""
    found = "".join(
        f'<button type="button" data-index="{index}">{_poster(task, item)}<span>{escape(item.title)}</span></button>'
        for index, item in enumerate(examples)
    )
    return f'<p class="zoe-heading">Try one of these</p><div class="zoe-cards">{found}</div>'


def _poster(task: str, example: Example) -> str:
    path = FOLDER / task / example.poster
    if not example.poster or not path.is_file():
        return ""
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return f'<img alt="" src="data:image/{path.suffix[1:]};base64,{data}">'
