"""Where a look goes: the first frame, on which a person draws a box around the subject or paints over it."""

from __future__ import annotations

import base64
import binascii
import json
import os
import secrets
import tempfile
import time
from pathlib import Path
from typing import Any

import gradio as gr

from studio.errors import RequestError, StudioError
from studio.service import first_frame
from studio.settings import Limits
from studio.ui.theme import ASSETS

MOST_CHARACTERS = 4 << 20
KEPT_SECONDS = 3600.0
_PNG = "data:image/png;base64,"
_UNREAD = "The mark on the first frame could not be read: please draw it again."
TEMPLATE = """
<div class="zoe-marker">
  <div class="zoe-kinds">
    <span role="group" aria-label="How to mark the subject">
      <button type="button" data-tool="box" aria-pressed="true">Draw a box</button>
      <button type="button" data-tool="brush" aria-pressed="false">Paint over it</button>
      <button type="button" data-tool="erase" aria-pressed="false">Erase</button>
    </span>
    <label hidden>Width <input type="range" min="1" max="20" value="6" aria-label="Width of the brush"></label>
    <button type="button" data-clear>Clear</button>
  </div>
  <div class="zoe-frame"><img alt=""><canvas tabindex="0" role="application"
    aria-label="First frame. Drag a box around the subject; arrow keys move it, with Shift they resize it.">
  </canvas></div>
  <p>Add a clip or a picture first: its first frame will stand here.</p>
</div>
"""


def marker(task: str) -> gr.HTML:
    """Draw it, hidden, inside the current Blocks. Its value is "" or JSON with a box or a painted mask."""
    return gr.HTML(
        "", html_template=TEMPLATE, js_on_load=(ASSETS / "marker.js").read_text(encoding="utf-8"), frame="",
        visible=False, elem_id=f"{task}-marker", elem_classes="zoe-bare",
    )  # fmt: skip


def frame_of(path: Path | None, limits: Limits) -> str:
    """The first frame of a clip or a picture as a data URL; "" where there is none or it cannot be read."""
    if path is None:
        return ""
    try:
        return "data:image/jpeg;base64," + base64.b64encode(first_frame(path, limits)).decode("ascii")
    except StudioError:
        return ""  # the run itself says what is wrong with the file


def region_of(value: str | None) -> dict[str, Any]:
    """What was marked, as fields of a request: a box, or the file of a painted mask. RequestError if unreadable."""
    if not value:
        return {}
    try:
        found = json.loads(value) if isinstance(value, str) and len(value) <= MOST_CHARACTERS else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise RequestError(_UNREAD)
    if isinstance(found.get("box"), list):
        return {"box": tuple(found["box"])}
    text = found.get("mask")
    if not isinstance(text, str) or not text.startswith(_PNG):
        raise RequestError(_UNREAD)
    try:
        return {"mask": _kept(base64.b64decode(text.removeprefix(_PNG), validate=True))}
    except (binascii.Error, ValueError):
        raise RequestError(_UNREAD) from None


def value_of(box: tuple[float, ...]) -> str:
    """A request's box as the marker shows it."""
    return json.dumps({"box": list(box)}) if box else ""


def _kept(mask: bytes) -> Path:
    """A file of the page's own folder: the job copies it at once, and an hour later it is swept away."""
    folder = Path(os.environ.get("GRADIO_TEMP_DIR") or tempfile.gettempdir()) / "masks"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        if old.stat().st_mtime < time.time() - KEPT_SECONDS:
            old.unlink(missing_ok=True)
    path = folder / f"{secrets.token_hex(16)}.png"
    try:
        path.write_bytes(mask)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return path
