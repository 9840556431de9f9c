"""From a click to a finished clip: the generator behind every primary button, Cancel, and what follows a result.

The generator submits the request, follows the job's events and yields what changes on the page. The job is ours, not
Gradio's: Cancel stops the job and the generator ends by itself; a closed page closes the generator, which cancels the
job.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from studio.errors import ResourceError, StudioError
from studio.requests import MAX_SEED, variation_seed
from studio.service import Job, Result, Studio
from studio.ui import messages
from studio.ui.layout import Controls, Panel, Tab
from studio.ui.presence import WATCH, Listener, client_of

QUEUE = "studio"
"""One queue for all tabs and endpoints: the studio's own, which tells its waiters how many are before them. Gradio's
limit only bounds how many may wait."""

REDRAW_SECONDS = 0.15
UNSHOWN = "What was made could not be brought to the page: please read the message in the corner, then try again."
Updates = dict[Component, Any]


def outputs_of(controls: Controls, panel: Panel) -> list[Component]:
    """Every widget that a run may change."""
    return [
        controls.run, controls.cancel, controls.progress, panel.video, panel.picture, panel.grid, *panel.cells,
        *panel.picks, panel.made, panel.facts, panel.understood, panel.downloads, panel.mp4, panel.layers, panel.webm,
        panel.png, panel.running, panel.done, panel.chosen,
    ]  # fmt: skip


def run(
    studio: Studio, tab: Tab, values: dict[str, Any], visitor: str = "", request: gr.Request | None = None
) -> Iterator[Updates]:
    """Run one request and yield the page's changes until it is done, failed or cancelled."""
    controls, panel = tab.controls, tab.panel
    job: Job | None = None
    try:
        listener = Listener(request)
        job = studio.submit(tab.to_request(values), visitor, client_of(request, studio.settings.behind_proxy))
        WATCH.add(job, listener)  # while the job waits nothing is yielded, and Gradio would not notice a closed page
        yield {
            controls.run: gr.Button(interactive=False),
            controls.cancel: gr.Button(interactive=True),
            controls.progress: messages.starting(),
            panel.running: job,
        }
        for progress in follow(job):
            yield {controls.progress: progress}
        result = job.result()
        yield {
            **_buttons_back(controls, panel),
            controls.progress: messages.finished(result),
            panel.done: job,
            **show(panel, result),
        }
    except Exception as error:  # noqa: BLE001  whatever happens, the person reads one sentence and can go on
        yield {**_buttons_back(controls, panel), controls.progress: messages.failed(error)}
    finally:
        if job is not None and not job.is_over():
            job.cancel()  # the page was closed: free the worker


def follow(job: Job) -> Iterator[str]:
    """A job's progress as HTML until it ends: each kind of event at once, others a few times a second."""
    drawn, kind = 0.0, ""
    for event in job.events():
        if event.is_end:
            return
        if event.kind != kind or time.monotonic() - drawn >= REDRAW_SECONDS:
            drawn, kind = time.monotonic(), event.kind
            yield messages.progress(event)


def _buttons_back(controls: Controls, panel: Panel) -> Updates:
    return {
        controls.run: gr.Button(interactive=True),
        controls.cancel: gr.Button(interactive=False),
        panel.running: None,
    }


def _unshown(controls: Controls, panel: Panel) -> Updates:
    """After ``run`` said all there is to say, Gradio failed to bring it to the page: on a full disk, for one."""
    return {**_buttons_back(controls, panel), controls.progress: messages.failed(ResourceError(UNSHOWN))}


def show(panel: Panel, result: Result) -> Updates:
    """Put a result on the stage."""
    several = len(result.variations) > 1
    picture = str(result.picture) if result.picture else None
    alone = not several and picture is None
    says = bool(result.understood or result.trust or result.notes)
    updates: Updates = {
        panel.video: gr.Video(value=str(result.video) if alone else None, visible=alone),
        panel.picture: gr.Image(value=picture, visible=picture is not None),
        panel.grid: gr.Row(visible=several),
        panel.understood: gr.HTML(messages.said_of(result), visible=says),
        panel.made: gr.Row(visible=True),
        panel.downloads: gr.Column(visible=True),
        panel.layers: gr.DownloadButton(value=str(result.layers or "") or None, visible=bool(result.layers)),
        panel.webm: gr.DownloadButton(value=str(result.transparent or "") or None, visible=bool(result.transparent)),
        panel.png: gr.DownloadButton(value=picture, visible=picture is not None),
    }
    for index, cell in enumerate(panel.cells):
        shown = several and index < len(result.variations)
        updates[cell] = gr.Video(value=str(result.variations[index]) if shown else None, visible=shown)
    return {**updates, **pick(panel, result, 0)}


def pick(panel: Panel, result: Result, index: int) -> Updates:
    """Make one of several variations the one that downloads and hand-overs mean."""
    count = len(result.variations)
    updates: Updates = {
        panel.chosen: index,
        panel.mp4: gr.DownloadButton(value=str(chosen_video(result, index))),
        panel.facts: messages.facts(result, index),
    }
    for number, button in enumerate(panel.picks):
        chosen = number == index
        updates[button] = gr.Button(
            f"{'Chosen' if chosen else 'Choose'} · seed {variation_seed(result.seed, number)}",
            variant="primary" if chosen else "secondary",
            visible=1 < count and number < count,
        )
    return updates


def chosen_video(result: Result, index: int) -> Path:
    """The file that downloads and hand-overs mean."""
    return result.variations[index] if len(result.variations) > 1 else result.video


def cancel(job: Job | None) -> None:
    """Stop a running or waiting job; its generator then ends and says so."""
    if job is not None and not job.is_over():
        job.cancel()


def make_gif(studio: Studio, job: Job | None, index: int) -> Any:
    """The GIF of a result, made when somebody asks for it."""
    if job is None:
        return gr.skip()
    try:
        return gr.DownloadButton(value=str(studio.gif(job.id, index)))
    except StudioError as error:
        raise gr.Error(messages.sentence(error), print_exception=False) from error


def roll() -> str:
    """A seed from the die."""
    return str(random.SystemRandom().randint(0, MAX_SEED))


def wire(studio: Studio, tab: Tab, visitor: gr.State) -> None:
    """Connect one tab's buttons. ``visitor`` holds the page's random key, by which the queue stays fair."""
    controls, panel = tab.controls, tab.panel
    private = {"api_visibility": "private", "show_progress": "hidden"}
    queued = {**private, "concurrency_id": QUEUE, "concurrency_limit": waiters(studio)}

    def start(held: dict[Component, Any], request: gr.Request) -> Iterator[Updates]:
        values = {name: held[widget] for name, widget in tab.fields.items()}
        yield from run(studio, tab, values, held[visitor], request)

    def start_afresh(held: dict[Component, Any], request: gr.Request) -> Iterator[Updates]:
        yield from start({**held, tab.seed.number: None}, request)

    outputs = outputs_of(controls, panel)
    for trigger, function in ((controls.run.click, start), (panel.again.click, start_afresh)):
        started = trigger(function, {visitor, *tab.fields.values()}, outputs, trigger_mode="once", **queued)
        started.failure(lambda: _unshown(controls, panel), None, outputs, **private)
        started.then(None, None, None, js=_show_on_phones(tab.task.name), **private)
    controls.cancel.click(cancel, panel.running, None, queue=False, **private)
    tab.seed.die.click(roll, None, tab.seed.number, **private)
    panel.keep_seed.click(_seed_of, [panel.done, panel.chosen], tab.seed.number, **private)
    panel.gif.click(
        lambda job, index: make_gif(studio, job, index), [panel.done, panel.chosen], panel.gif_file, **private
    ).success(None, None, None, js=_press(f"{tab.task.name}-gif-file"), **private)
    for index, button in enumerate(panel.picks):
        changed = [panel.chosen, panel.mp4, panel.facts, *panel.picks]
        button.click(_picker(panel, index), panel.done, changed, **private)


def waiters(studio: Studio) -> int:
    """How many events may follow jobs at once: all that the queue takes, and as many again to be told "busy"."""
    return 2 * studio.settings.limits.queue + 2


def _seed_of(job: Job | None, index: int) -> Any:
    return gr.skip() if job is None else str(variation_seed(job.result().seed, index))


def _picker(panel: Panel, index: int) -> Callable[[Job | None], Updates]:
    return lambda job: pick(panel, job.result(), index) if job else {}


def _show_on_phones(task: str) -> str:
    """Script that brings a finished clip into view where it stands below the form."""
    return (
        f"() => {{ if (innerWidth <= 720 && document.querySelector('#{task}-progress')?.innerText.startsWith('Done'))"
        f" document.querySelector('#{task}-facts')?.scrollIntoView({{behavior: 'smooth', block: 'end'}}); }}"
    )


def _press(elem_id: str) -> str:
    """Script that presses a hidden download button once its link has arrived."""
    return f"() => setTimeout(() => document.querySelector('#{elem_id}')?.closest('a, button')?.click(), 150)"
