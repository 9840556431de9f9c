"""The tab "Restyle": a clip or a picture in another look, named in words or shown by a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from studio.requests import RestyleRequest
from studio.service import Studio, Task
from studio.settings import Limits
from studio.ui import layout, looks, messages, own_looks
from studio.ui.examples import Example, cards, file_of
from studio.ui.marker import frame_of, marker, region_of, value_of
from studio.ui.media_inputs import ClipBox, clip_box, clip_of, unopened
from studio.ui.running import cancel

TASK = RestyleRequest.task
FROM_CLIP, FROM_PICTURE = "clip", "picture"
WHERE = {"everything": "Everything", "subject": "Only the subject", "background": "Only the background"}
PRIVATE = {"show_progress": "hidden", "api_visibility": "private"}
EXAMPLES = (
    Example(
        "A sailboat as an oil painting",
        {"source": FROM_CLIP, "clip": file_of(TASK, "sailboat.mp4"), "style": "oil painting", "where": "everything"},
        "sailboat.jpeg",
    ),
    Example(
        "Half comic book, half neon: a bus",
        {
            "source": FROM_CLIP,
            "clip": file_of(TASK, "bus.mp4"),
            "style": "50% comic book, 50% neon lights",
            "where": "everything",
        },
        "bus.jpeg",
    ),
)


def build(task: Task, limits: Limits) -> layout.Tab:
    """Draw the tab inside the current Blocks."""
    kind = RestyleRequest
    with gr.Row(elem_classes="zoe-columns"):
        with gr.Column(scale=5, elem_classes="zoe-inputs"):
            source, box, picture = _source(limits)
            style = layout.words(kind, "style", placeholder="watercolour")
            named = looks.wall(TASK)
            own = own_looks.build(TASK, own_looks.wall(TASK), cancel)
            with gr.Row(elem_classes="zoe-row"):
                strength = layout.slider(kind, "strength")
                brush_size = layout.slider(kind, "brush_size")
            with gr.Row(elem_classes="zoe-row"):
                detail = layout.slider(kind, "detail")
                keep_colours = layout.tick(kind, "keep_colours")
            where = layout.choice(kind, "where", WHERE)
            mark = marker(TASK)
            with gr.Accordion("Advanced", open=False, elem_id=f"{TASK}-advanced", elem_classes="zoe-advanced"):
                seed = layout.seed_row(kind)
                keep_prompt, keep_names = layout.tick(kind, "keep_prompt"), layout.tick(kind, "keep_names")
                settings = layout.settings_drop(task)
            controls = layout.controls(task, messages.clip_hint(limits))
        with gr.Column(scale=6, elem_classes="zoe-result"):
            panel = layout.panel(task, cancel)
    sources = [source, box.clip, box.animation, picture]
    _wire_looks(named, style, own)
    _wire_marker(mark, where, sources, limits)
    fields = {
        "source": source, "clip": box.clip, "animation": box.animation, "picture": picture, "style": style,
        "style_image": own.picture, "look": own.look, "strength": strength, "brush_size": brush_size, "detail": detail,
        "keep_colours": keep_colours, "where": where, "mark": mark, "seed": seed.number, "keep_prompt": keep_prompt,
        "keep_names": keep_names,
    }  # fmt: skip
    cards(TASK, EXAMPLES, fields)

    def wire(studio: Studio, visitor: gr.State) -> None:
        own_looks.wire(own, style, sources, _source_of, studio, visitor)

    return layout.Tab(task, fields, seed, controls, panel, settings, to_request, from_request, take_over, wire)


def _source(limits: Limits) -> tuple[gr.Radio, ClipBox, gr.Image]:
    """What is restyled: a clip, or a picture."""
    source = gr.Radio(
        [("A clip", FROM_CLIP), ("A picture", FROM_PICTURE)], value=FROM_CLIP, label="Start from",
        elem_id=f"{TASK}-source",
    )  # fmt: skip
    box = clip_box(TASK, limits)
    picture = gr.Image(
        label="Picture", sources=["upload"], height=230, type="filepath", visible=False, interactive=True,
        buttons=[], elem_id=f"{TASK}-source-picture", elem_classes="zoe-drop",
    )  # fmt: skip
    unopened(picture)
    source.change(
        lambda value: [gr.update(visible=value == FROM_CLIP)] * 2 + [gr.update(visible=value == FROM_PICTURE)],
        source, [box.clip, box.others, picture], **PRIVATE,
    )  # fmt: skip
    return source, box, picture


def _wire_looks(named: gr.HTML, style: gr.Textbox, own: own_looks.OwnLooks) -> None:
    """A click on the wall fills in the words; the words show which looks stand in them."""

    named.click(None, style, style, js=looks.CHOSEN, **PRIVATE)
    named.click(lambda: "", None, own.look, **PRIVATE)
    style.change(None, style, None, js=looks.PRESSED, **PRIVATE)


def _wire_marker(mark: gr.HTML, where: gr.Radio, sources: list[Any], limits: Limits) -> None:
    """The first frame stands in the marker as soon as a part is wanted, and follows the clip."""

    def show(part: str, *values: Any) -> Any:
        if part == "everything":
            return gr.HTML(visible=False)
        return gr.HTML(visible=True, frame=frame_of(_source_of(*values), limits))

    for change in [where.change, *(widget.change for widget in sources if not isinstance(widget, gr.State))]:
        change(show, [where, *sources], mark, **PRIVATE)


def _source_of(source: str, clip: str | None, animation: tuple[str, str], picture: str | None) -> Path | None:
    """The file that the form holds, or None."""
    given = picture if source == FROM_PICTURE else clip_of(clip, animation)
    return Path(given) if given else None


def to_request(values: dict[str, Any]) -> RestyleRequest:
    """Widget values to a request. A studied look in use stands for words and style picture alike."""
    values = dict(values)
    source = _source_of(*(values.pop(name, None) for name in ("source", "clip", "animation", "picture")))
    mark = values.pop("mark", "")
    region = {} if values.get("where") == "everything" else region_of(mark)
    if values.get("look"):
        values |= {"style": "", "style_image": None}
    return RestyleRequest.of({**values, **region, "source": source})


def from_request(request: RestyleRequest) -> dict[str, Any]:
    """A request to widget values, without its files."""
    values = layout.shown(request)
    del values["box"]
    return {**values, "look": "", "mark": value_of(request.box)}


def take_over(path: str) -> dict[str, Any]:
    """A result of another tab becomes this tab's clip."""
    return {"source": FROM_CLIP, "clip": path}
