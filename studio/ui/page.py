"""The whole page: header, four tabs, the part about it, the endpoints."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import gradio as gr

from studio.errors import ResourceError
from studio.service import TASKS, Studio
from studio.ui import (
    about,
    endpoints,
    examples,
    form,
    gallery,
    guarding,
    handover,
    interpolation,
    layout,
    prediction,
    presence,
    restyle,
    running,
    text_to_video,
    theme,
    tools,
)
from studio.ui.door_names import Names

LAYOUTS = {
    "text_to_video": text_to_video,
    "interpolation": interpolation,
    "restyle": restyle,
    "prediction": prediction,
}
"""Tabs with a layout of their own; any other task's tab is drawn from its request's fields (``form``)."""
SWEEP_SECONDS = 600
SESSIONS = 128  # whose state Gradio keeps; the one that was not used longest goes first


def build(studio: Studio) -> gr.Blocks:
    """The page of one studio, ready to launch with ``launch_arguments``."""
    keep = int(studio.settings.keep_seconds)
    with gr.Blocks(
        title="Zoetrope", analytics_enabled=False, delete_cache=(min(SWEEP_SECONDS, keep), keep), fill_width=True
    ) as page:
        layout.header(studio.settings.public)
        built = {}
        with gr.Tabs(elem_id="zoe-tabs") as tabs:
            for task in (task for task in TASKS.values() if task.title):
                with gr.Tab(task.title, id=task.name, elem_id=f"tab-{task.name}"):
                    built[task.name] = LAYOUTS.get(task.name, form).build(task, studio.settings.limits)
        made = gallery.build()
        about.build(studio)
        visitor = gr.State("")
        page.load(lambda: secrets.token_hex(16), None, visitor, show_progress="hidden", api_visibility="private")
        for tab in built.values():
            running.wire(studio, tab, visitor)
            tab.wire(studio, visitor)
        handover.wire(studio, tabs, built)
        gallery.wire(studio, tabs, built, made, visitor)
        with gr.Row(visible=False):
            endpoints.build(studio)
    page.queue(max_size=running.waiters(studio) + 8, default_concurrency_limit=8)
    return page


def launch_arguments(studio: Studio, *, share: bool = False) -> dict[str, object]:
    """The keyword arguments of ``Blocks.launch``: looks, and what keeps the page private and offline."""
    limits, looks = studio.settings.limits, studio.settings.looks
    return {
        **theme.launch_looks(),
        "server_name": studio.settings.host,
        "server_port": studio.settings.port,
        "share": share,
        "ssr_mode": False,
        "run_history": False,
        "enable_monitoring": False,
        "footer_links": ["api"],
        "mcp_server": endpoints.has_mcp(),
        "max_file_size": max(limits.video_bytes, limits.image_bytes),
        # what Gradio may copy for an answer; its own route that would serve these folders is closed by the door
        "allowed_paths": [str(studio.settings.work), str(examples.FOLDER), *([str(looks)] if looks else [])],
        "state_session_capacity": SESSIONS,
        "max_threads": running.waiters(studio) + 16,
        "quiet": True,
    }


def launch(page: gr.Blocks, studio: Studio, *, share: bool = False) -> None:
    """Open the page behind its door and return at once. Raises ResourceError if the port is taken."""
    guarding.quiet_tracebacks()
    guarding.tell_full_disk(page)
    folder = Path(os.environ["GRADIO_TEMP_DIR"])
    rules, shelf = guarding.rules_of(studio), guarding.shelf_of(studio, folder)
    app = guarding.guarded_app(page, rules, Names(folder), shelf)
    try:
        page.launch(**launch_arguments(studio, share=share), prevent_thread_lock=True, _app=app)
    except OSError as error:
        raise ResourceError(
            f"Port {studio.settings.port} on {studio.settings.host} cannot be opened: close the program that uses it, "
            "or choose another one with --port."
        ) from error
    guarding.open_to_share(page, rules)
    guarding.sweep(shelf, studio.settings.keep_seconds, studio.closing)
    presence.lighten(page)
    tools.watch_callers(page)


def keep_files_in(folder: Path) -> None:
    """Uploads and served copies stay in this private folder. Gradio reads it when widgets are made: call before
    ``build``.
    """
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
