"""What all four tabs share: widgets drawn from a request's bounds, the run and cancel buttons, the result panel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import gradio as gr
from gradio.components import Component

from studio.requests import Request, field_of, fields_of
from studio.service import TASKS, Studio, Task
from studio.ui import messages

STAGE_HEIGHT = 420
MOST_VARIATIONS = 4


def slider(kind: type[Request], name: str, **overrides: Any) -> gr.Slider:
    """A slider with the request's own label, bounds, step and default."""
    found = field_of(kind, name)
    bounds = found.bounds
    words = {"label": bounds.label, "info": bounds.help, "value": found.default}
    return gr.Slider(
        bounds.low, bounds.high, step=bounds.step, buttons=[], elem_id=f"{kind.task}-{name}", **{**words, **overrides}
    )


def tick(kind: type[Request], name: str, **overrides: Any) -> gr.Checkbox:
    """A tick box with the request's own words."""
    found = field_of(kind, name)
    words = {"label": found.bounds.label, "info": found.bounds.help, "value": found.default}
    return gr.Checkbox(elem_id=f"{kind.task}-{name}", **{**words, **overrides})


def choice(kind: type[Request], name: str, labels: dict[str, str] | None = None) -> gr.Radio:
    """A row of choices with the request's own words; ``labels`` gives a value the words that the page shows."""
    found = field_of(kind, name)
    bounds = found.bounds
    options = [((labels or {}).get(value, value.capitalize()), value) for value in bounds.choices]
    return gr.Radio(
        options, value=found.default, label=bounds.label, info=bounds.help, elem_id=f"{kind.task}-{name}"
    )


def count(kind: type[Request], name: str) -> gr.Radio:
    """A row of whole numbers with the request's own words and bounds."""
    found = field_of(kind, name)
    bounds = found.bounds
    return gr.Radio(
        list(range(int(bounds.low or 0), int(bounds.high or 0) + 1)),
        value=found.default, label=bounds.label, info=bounds.help, elem_id=f"{kind.task}-{name}",
    )  # fmt: skip


def words(kind: type[Request], name: str, *, lines: int = 1, placeholder: str = "", **overrides: Any) -> gr.Textbox:
    """A text box with the request's own words."""
    bounds = field_of(kind, name).bounds
    return gr.Textbox(
        label=overrides.pop("label", bounds.label),
        info=overrides.pop("info", bounds.help),
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
    """Seed and die, side by side. A text box, because Gradio's number box shows empty as 0."""
    found = field_of(kind, "seed").bounds
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


def shown(request: Request) -> dict[str, Any]:
    """A request's values by field name as widgets show them (``Request.of`` reads them), without its files."""
    return {
        each.name: as_shown(getattr(request, each.name))
        for each in fields_of(type(request))
        if each.form not in ("file", "files")
    }


def as_shown(value: Any) -> Any:
    """One value of a request as a widget shows it: nothing as empty text, numbers with commas between them."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(f"{number:g}" for number in value)
    if isinstance(value, Fraction):
        return str(int(value)) if value.denominator == 1 else f"{float(value):.3f}".rstrip("0")
    return value


def settings_drop(task: Task) -> gr.File:
    """Where an earlier result is dropped to fill the form with what made it."""
    return gr.File(
        label="Load settings from a result",
        file_types=[".mp4", ".webm", ".gif"],
        height=120,
        elem_id=f"{task.name}-settings",
        elem_classes="zoe-drop zoe-short",
    )


@dataclass(frozen=True)
class Controls:
    """The primary button, Cancel, and the place where progress stands."""

    run: gr.Button
    cancel: gr.Button
    progress: gr.HTML


def controls(task: Task, hint: str) -> Controls:
    """The buttons under the inputs, and the progress below them; ``hint`` stands there before the first run."""
    with gr.Row(elem_classes="zoe-actions"):
        run = gr.Button(
            task.action, variant="primary", size="lg", scale=4, elem_id=f"{task.name}-run", elem_classes="zoe-run"
        )
        cancel = gr.Button(
            "Cancel", variant="stop", size="lg", scale=1, min_width=96, interactive=False, elem_id=f"{task.name}-cancel"
        )
    progress = gr.HTML(messages.idle(hint), elem_id=f"{task.name}-progress", elem_classes="zoe-bare")
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


def panel(task: Task, on_leave: Callable[[Any], None]) -> Panel:
    """Draw the result side of a tab. ``on_leave(job)`` is called when the visitor has gone."""
    name = task.name
    looks = {"interactive": False, "autoplay": True, "loop": True, "show_label": False, "buttons": []}
    video = gr.Video(label="Result", height=STAGE_HEIGHT, elem_id=f"{name}-video", elem_classes="zoe-stage", **looks)
    picture = gr.Image(
        label="Result", height=STAGE_HEIGHT, visible=False, interactive=False, show_label=False, buttons=["fullscreen"],
        type="filepath", format="png", elem_id=f"{name}-picture", elem_classes="zoe-stage",
    )  # fmt: skip
    cells: list[gr.Video] = []
    picks: list[gr.Button] = []
    with gr.Row(visible=False, elem_classes="zoe-grid") as grid:
        for index in range(MOST_VARIATIONS if task.several else 0):
            with gr.Column(min_width=120):
                cells.append(
                    gr.Video(height=200, elem_id=f"{name}-cell-{index}", elem_classes="zoe-stage",
                             label=task.several, **looks)
                )  # fmt: skip
                picks.append(gr.Button("Use this one", size="sm", elem_id=f"{name}-pick-{index}"))
    small = {"size": "sm", "elem_classes": "zoe-small"}
    with gr.Row(visible=False, elem_classes="zoe-words zoe-made") as made:
        facts = gr.HTML("", elem_id=f"{name}-facts", elem_classes="zoe-bare")
        keep_seed = gr.Button("Keep this seed", elem_id=f"{name}-keep-seed", **small)
        again = gr.Button("Roll another", elem_id=f"{name}-again", **small)
    understood = gr.HTML("", elem_id=f"{name}-understood", elem_classes="zoe-bare", visible=False)
    with gr.Column(visible=False, elem_classes="zoe-after") as downloads:
        with gr.Row(elem_classes="zoe-words"):
            mp4 = gr.DownloadButton("Download MP4", elem_id=f"{name}-mp4", **small)
            gif = gr.Button("Download GIF", elem_id=f"{name}-gif", **small)
            gif_file = gr.DownloadButton("GIF", elem_id=f"{name}-gif-file", elem_classes="zoe-hidden")
            layers = gr.DownloadButton("Download layers", elem_id=f"{name}-layers", visible=False, **small)
            webm = gr.DownloadButton("Download WebM (transparent)", elem_id=f"{name}-webm", visible=False, **small)
            png = gr.DownloadButton("Download PNG", elem_id=f"{name}-png", visible=False, **small)
        with gr.Row(elem_classes="zoe-words"):
            handovers = {
                other.name: gr.Button(f"{other.handover} →", elem_id=f"{name}-to-{other.name}", **small)
                for other in TASKS.values()
                if other.handover and (other is not task or task.takes_own)
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

    task: Task
    fields: dict[str, Component]
    seed: Seed
    controls: Controls
    panel: Panel
    settings: gr.File
    to_request: Callable[[dict[str, Any]], Request]
    from_request: Callable[[Any], dict[str, Any]] = shown
    take_over: Callable[[str], dict[str, Any]] | None = None
    """Values (by field name) that put a clip's file into this tab, where that is more than the field that takes it."""
    wire: Callable[[Studio, gr.State], None] = lambda studio, visitor: None
    """Connects what the tab has of its own, once the studio and the page's visitor are known."""

    def filled_with(self, clip: str) -> dict[str, Any]:
        """Values (by field name) that put a finished clip's file into this tab."""
        return self.take_over(clip) if self.take_over is not None else {self.task.takes: clip}


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
