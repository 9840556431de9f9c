"""What all four tabs share: widgets drawn from a request's bounds, the run and cancel buttons, the result panel."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from studio.errors import RequestError
from studio.requests import Bounds, Request, bounds_of, default_of
from studio.service import Studio
from studio.ui import messages

STAGE_HEIGHT = 420
VARIATIONS = {"text_to_video": "Variation", "prediction": "Future"}
"""What one of several clips is called in the tabs that make several."""
MOST_VARIATIONS = 4
HANDOVERS = {"interpolation": "Smooth this", "restyle": "Restyle this", "prediction": "Continue this"}
"""Task that takes a result over, and the button's words."""


def bounds(kind: type[Request], name: str) -> Bounds:
    """The bounds of one field of a request."""
    return dict(bounds_of(kind))[name]


def slider(kind: type[Request], name: str, **overrides: Any) -> gr.Slider:
    """A slider with the request's own label, bounds, step and default."""
    found = bounds(kind, name)
    words = {"label": found.label, "info": found.help, "value": default_of(kind, name)}
    return gr.Slider(
        found.low, found.high, step=found.step, buttons=[], elem_id=f"{kind.task}-{name}", **{**words, **overrides}
    )


def tick(kind: type[Request], name: str, **overrides: Any) -> gr.Checkbox:
    """A tick box with the request's own words."""
    found = bounds(kind, name)
    words = {"label": found.label, "info": found.help, "value": default_of(kind, name)}
    return gr.Checkbox(elem_id=f"{kind.task}-{name}", **{**words, **overrides})


def choice(kind: type[Request], name: str, labels: dict[str, str] | None = None) -> gr.Radio:
    """A row of choices with the request's own words; ``labels`` gives a value the words that the page shows."""
    found = bounds(kind, name)
    options = [((labels or {}).get(value, value.capitalize()), value) for value in found.choices]
    return gr.Radio(
        options, value=default_of(kind, name), label=found.label, info=found.help, elem_id=f"{kind.task}-{name}"
    )


def count(kind: type[Request], name: str) -> gr.Radio:
    """A row of whole numbers with the request's own words and bounds."""
    found = bounds(kind, name)
    return gr.Radio(
        list(range(int(found.low or 0), int(found.high or 0) + 1)),
        value=default_of(kind, name), label=found.label, info=found.help, elem_id=f"{kind.task}-{name}",
    )  # fmt: skip


def words(kind: type[Request], name: str, *, lines: int = 1, placeholder: str = "", **overrides: Any) -> gr.Textbox:
    """A text box with the request's own words."""
    found = bounds(kind, name)
    return gr.Textbox(
        label=overrides.pop("label", found.label),
        info=overrides.pop("info", found.help),
        lines=lines,
        max_lines=max(lines, 4),
        placeholder=placeholder,
        elem_id=f"{kind.task}-{name}",
        **overrides,
    )


@dataclass(frozen=True)
class Seed:
    """The seed that the next run will use (empty: a fresh one) and the die that rolls one."""

    number: gr.Textbox
    die: gr.Button


def seed_row(kind: type[Request]) -> Seed:
    """Seed and die, side by side."""
    found = bounds(kind, "seed")
    with gr.Row(elem_classes="zoe-row", equal_height=True):
        number = gr.Textbox(
            label=found.label,
            info=found.help,
            max_lines=1,
            placeholder="a fresh one each time" if kind.unseeded is None else str(kind.unseeded),
            elem_id=f"{kind.task}-seed",
            scale=4,
        )
        die = gr.Button("⚄ Roll", elem_id=f"{kind.task}-die", elem_classes="zoe-small zoe-die", scale=1, min_width=80)
    return Seed(number, die)


def seed_of(text: str | None) -> int | None:
    """The seed that was typed, or None for a fresh one. A text box, because Gradio's number box shows empty as 0."""
    text = (text or "").strip()
    if not text:
        return None
    if not re.fullmatch(r"-?[0-9]{1,12}", text):
        raise RequestError("The seed must be a whole number; leave it empty for a fresh one.")
    return int(text)


def seed_words(seed: int | None) -> str:
    """A seed as the form shows it; empty for None."""
    return "" if seed is None else str(seed)


def numbers_of(text: str | None) -> tuple[float, ...]:
    """The numbers of a list such as "0.5, 1, 2"; none for an empty box. Raises RequestError."""
    parts = [part for part in re.split(r"[,;\s]+", (text or "").strip()) if part]
    try:
        return tuple(float(part) for part in parts)
    except ValueError as error:
        raise RequestError('Please give numbers with commas between them, such as "0.5, 1, 2".') from error


def settings_drop(task: str) -> gr.File:
    """Where an earlier result is dropped to fill the form with what made it."""
    return gr.File(
        label="Load settings from a result",
        file_types=[".mp4", ".webm", ".gif"],
        height=120,
        elem_id=f"{task}-settings",
        elem_classes="zoe-drop zoe-short",
    )


@dataclass(frozen=True)
class Controls:
    """The primary button, Cancel, and the place where progress stands."""

    run: gr.Button
    cancel: gr.Button
    progress: gr.HTML


def controls(task: str, label: str, hint: str) -> Controls:
    """The buttons under the inputs, and the progress below them; ``hint`` stands there before the first run."""
    with gr.Row(elem_classes="zoe-actions"):
        run = gr.Button(label, variant="primary", size="lg", scale=4, elem_id=f"{task}-run", elem_classes="zoe-run")
        cancel = gr.Button(
            "Cancel", variant="stop", size="lg", scale=1, min_width=96, interactive=False, elem_id=f"{task}-cancel"
        )
    progress = gr.HTML(messages.idle(hint), elem_id=f"{task}-progress", elem_classes="zoe-bare")
    return Controls(run, cancel, progress)


@dataclass(frozen=True)
class Panel:
    """The right-hand side: the clip, its facts, what was understood, downloads and hand-overs."""

    video: gr.Video
    picture: gr.Image
    grid: gr.Row
    cells: tuple[gr.Video, ...]
    picks: tuple[gr.Button, ...]
    made: gr.Row
    facts: gr.HTML
    understood: gr.HTML
    downloads: gr.Column
    mp4: gr.DownloadButton
    gif: gr.Button
    gif_file: gr.DownloadButton
    layers: gr.DownloadButton
    webm: gr.DownloadButton
    png: gr.DownloadButton
    keep_seed: gr.Button
    again: gr.Button
    handovers: dict[str, gr.Button]
    running: gr.State
    done: gr.State
    chosen: gr.State


def panel(task: str, on_leave: Callable[[Any], None]) -> Panel:
    """Draw the result side of a tab. ``on_leave(job)`` is called when the visitor has gone."""
    looks = {"interactive": False, "autoplay": True, "loop": True, "show_label": False, "buttons": []}
    video = gr.Video(label="Result", height=STAGE_HEIGHT, elem_id=f"{task}-video", elem_classes="zoe-stage", **looks)
    picture = gr.Image(
        label="Result", height=STAGE_HEIGHT, visible=False, interactive=False, show_label=False, buttons=["fullscreen"],
        type="filepath", format="png", elem_id=f"{task}-picture", elem_classes="zoe-stage",
    )  # fmt: skip
    cells: list[gr.Video] = []
    picks: list[gr.Button] = []
    with gr.Row(visible=False, elem_classes="zoe-grid") as grid:
        for index in range(MOST_VARIATIONS if task in VARIATIONS else 0):
            with gr.Column(min_width=120):
                cells.append(
                    gr.Video(height=200, elem_id=f"{task}-cell-{index}", elem_classes="zoe-stage",
                             label=VARIATIONS[task], **looks)
                )  # fmt: skip
                picks.append(gr.Button("Use this one", size="sm", elem_id=f"{task}-pick-{index}"))
    small = {"size": "sm", "elem_classes": "zoe-small"}
    with gr.Row(visible=False, elem_classes="zoe-words zoe-made") as made:
        facts = gr.HTML("", elem_id=f"{task}-facts", elem_classes="zoe-bare")
        keep_seed = gr.Button("Keep this seed", elem_id=f"{task}-keep-seed", **small)
        again = gr.Button("Roll another", elem_id=f"{task}-again", **small)
    understood = gr.HTML("", elem_id=f"{task}-understood", elem_classes="zoe-bare", visible=False)
    with gr.Column(visible=False, elem_classes="zoe-after") as downloads:
        with gr.Row(elem_classes="zoe-words"):
            mp4 = gr.DownloadButton("Download MP4", elem_id=f"{task}-mp4", **small)
            gif = gr.Button("Download GIF", elem_id=f"{task}-gif", **small)
            gif_file = gr.DownloadButton("GIF", elem_id=f"{task}-gif-file", elem_classes="zoe-hidden")
            layers = gr.DownloadButton("Download layers", elem_id=f"{task}-layers", visible=False, **small)
            webm = gr.DownloadButton("Download WebM (transparent)", elem_id=f"{task}-webm", visible=False, **small)
            png = gr.DownloadButton("Download PNG", elem_id=f"{task}-png", visible=False, **small)
        with gr.Row(elem_classes="zoe-words"):
            handovers = {
                other: gr.Button(f"{label} →", elem_id=f"{task}-to-{other}", **small)
                for other, label in HANDOVERS.items()
                if other != task or task == "prediction"
            }
    return Panel(
        video=video, picture=picture, grid=grid, cells=tuple(cells), picks=tuple(picks), made=made, facts=facts,
        understood=understood, downloads=downloads, mp4=mp4, gif=gif, gif_file=gif_file, layers=layers,
        webm=webm, png=png, keep_seed=keep_seed, again=again, handovers=handovers,
        running=gr.State(None, delete_callback=on_leave), done=gr.State(None), chosen=gr.State(0),
    )  # fmt: skip


@dataclass(frozen=True)
class Tab:
    """One finished tab: its inputs by name, how they become a request and how a request fills them again."""

    task: str
    fields: dict[str, Component]
    seed: Seed
    controls: Controls
    panel: Panel
    settings: gr.File
    to_request: Callable[[dict[str, Any]], Request]
    from_request: Callable[[Any], dict[str, Any]]
    take_over: Callable[[str], dict[str, Any]]
    """Values (by field name) that put a clip's file into this tab; empty where a tab takes none."""
    wire: Callable[[Studio, gr.State], None] = lambda studio, visitor: None
    """Connects what the tab has of its own, once the studio and the page's visitor are known."""


HEADER = """
<header class="zoe-header">
  <svg viewBox="0 0 64 64" role="img" aria-label="A zoetrope from above"><g class="zoe-drum">
    <circle cx="32" cy="32" r="29" fill="none" stroke="currentColor" stroke-width="3.4"/>
    <circle cx="32" cy="32" r="21.5" fill="none" stroke="currentColor" stroke-width="7" stroke-dasharray="3.6 7.66"/>
    </g><circle cx="32" cy="32" r="8.6" fill="#e35d2f"/></svg>
  <h1>Zoetrope</h1><p>A small video studio</p>
  <span class="zoe-local">{place}</span>
  <button class="zoe-shade" type="button" aria-label="Light or dark" title="Light or dark">
    <svg viewBox="0 0 20 20" aria-hidden="true"><circle cx="10" cy="10" r="7" fill="none" stroke="currentColor"
    stroke-width="1.8"/><path d="M10 3a7 7 0 0 1 0 14z" fill="currentColor"/></svg></button>
</header>
"""
SHADE = """
element.querySelector('.zoe-shade').addEventListener('click', () => {
  const dark = document.body.classList.toggle('dark');
  document.documentElement.classList.toggle('dark', dark);
});
"""


def header(public: bool) -> gr.HTML:
    """Wordmark, what this is, and where the work happens."""
    place = "Runs on this server" if public else "Runs on this machine; nothing leaves it"
    return gr.HTML(HEADER.format(place=place), js_on_load=SHADE, elem_classes="zoe-bare")
