"""Every sentence and every small piece of markup that the page says back: progress, errors, facts, chips.

Pure functions from plain data to HTML: no widgets here. Whatever comes from a person (prompts, file names, unknown
words) is escaped.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from html import escape

from studio.errors import DISK_FULL, BusyError, Cancelled, StudioError, is_full_disk
from studio.requests import variation_seed
from studio.scene import LookReading, Understanding
from studio.service import Event, Result
from studio.settings import Limits, bytes_in_words
from studio.ui import trust

log = logging.getLogger(__name__)

STAGES = {
    "waiting": "Waiting for its turn",
    "loading": "Getting the studio ready",
    "working": "Making frames",
    "finishing": "Writing the file",
}
SLOT_WORDS = {
    "other": "second subject", "other_colour": "its colour", "time": "time of day", "size": "size", "count": "how many",
}  # fmt: skip
"""Slots whose names read better in other words."""
PLAINER = {"natural": "its own", "left": "to the left", "right": "to the right"}
"""Values of the slots that read better in other words."""
UNSAID = {
    "size": "normal", "count": "one", "other": "none", "other_colour": "natural", "relation": "none", "place": "any",
    "time": "any", "camera": "static", "weather": "clear",
}  # fmt: skip
"""Values that are not worth a chip: what a scene is like when nobody says otherwise."""
OURS = "Something went wrong inside the studio. Your request was not finished; please try again."


def sentence(error: BaseException) -> str:
    """The one sentence shown for an error: the studio's own errors speak for themselves, ours are logged and hidden."""
    if isinstance(error, StudioError) and str(error).strip():
        return str(error)
    if is_full_disk(error):
        return DISK_FULL
    log.error("unexpected error in the page", exc_info=error)
    return OURS


def duration(seconds: float) -> str:
    """A length of time as people say it: "3 s", "2 min 5 s"."""
    whole = max(1, round(seconds))
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"


def clip_hint(limits: Limits) -> str:
    """What clips may be, in one line."""
    return f"Clips: MP4, MOV, MKV or WebM, up to {duration(limits.seconds)} and {bytes_in_words(limits.video_bytes)}."


def picture_hint(limits: Limits) -> str:
    """What keyframe pictures may be, in one line."""
    most = bytes_in_words(limits.image_bytes)
    return f"Pictures: PNG, JPEG or WebP, 2 to {limits.keyframes} of them, up to {most} each."


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def plural(count: int, noun: str) -> str:
    """ "1 frame", "24 frames"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


# ---- progress ----


def progress(event: Event) -> str:
    """The bar for one event of a running job: stage, steps, time left."""
    stage = event.message.rstrip(".") or STAGES.get(event.kind, "Working")
    if event.kind == "waiting":
        stage = f"Waiting: {plural(event.done, 'job')} before yours" if event.done else STAGES["waiting"]
        return _bar(stage, None, "", "")
    steps = f"{event.done} of {event.total}" if event.total and event.kind == "working" else ""
    left = f"{duration(event.seconds_left)} left" if event.seconds_left is not None else ""
    return _bar(stage, event.fraction if event.kind == "working" else None, steps, left)


def _bar(stage: str, fraction: float | None, steps: str, left: str) -> str:
    percent = None if fraction is None else round(100 * fraction)
    value = "" if percent is None else f' aria-valuenow="{percent}"'
    kind = " zoe-unknown" if percent is None else ""
    return (
        f'<div class="zoe-progress{kind}">'
        f'<div class="zoe-track" role="progressbar" aria-label="Progress" aria-valuemin="0" aria-valuemax="100"{value}>'
        f'<i style="width:{percent or 0}%"></i></div>'
        f'<div class="zoe-line"><span><strong>{escape(stage)}</strong>{" · " + steps if steps else ""}</span>'
        f"<span>{left}</span></div></div>"
    )


def idle(hint: str = "") -> str:
    """The place where progress will stand, with a hint; it keeps its height so that the page does not jump."""
    return f'<div class="zoe-progress"><div class="zoe-line"><span>{escape(hint)}</span></div></div>'


def starting() -> str:
    """Shown between the click and the job's first event."""
    return _bar("Starting", None, "", "")


def finished(result: Result) -> str:
    """One quiet line when a job is done."""
    taken = f" in {duration(result.seconds_taken)}" if result.seconds_taken else ""
    return f'<div class="zoe-progress" role="status"><div class="zoe-say zoe-quiet">Done{taken}.</div></div>'


def failed(error: BaseException) -> str:
    """The sentence of an error, where the progress bar was."""
    text = escape(sentence(error))
    if isinstance(error, (Cancelled, BusyError)):
        quiet = "Cancelled. Nothing was kept." if isinstance(error, Cancelled) else text
        return f'<div class="zoe-progress" role="status"><div class="zoe-say zoe-quiet">{quiet}</div></div>'
    return f'<div class="zoe-progress" role="alert"><div class="zoe-say zoe-error">{text}</div></div>'


def said(text: str) -> str:
    """A quiet line of the page's own, such as "Settings filled in"."""
    return f'<div class="zoe-progress" role="status"><div class="zoe-say zoe-quiet">{escape(text)}</div></div>'


# ---- what came out ----


def facts(result: Result, index: int = 0) -> str:
    """Seed, size, rate and length of a result; ``index`` counts the variations."""
    parts = [
        f'<span>Seed <b class="zoe-seed">{variation_seed(result.seed, index)}</b></span>',
        f"<span>{result.width} × {result.height}</span>",
    ]
    if result.picture is None:
        parts += [
            f"<span>{plural(result.frames, 'frame')}</span>",
            f"<span>{_number(result.fps)} fps</span>",
            f"<span>{_number(round(result.seconds, 2))} s</span>",
        ]
    return f'<div class="zoe-facts">{"".join(parts)}</div>'


def said_of(result: Result) -> str:
    """All that is said under a result: how far it can be trusted, what was understood, and the notes."""
    return trust.markup(result.trust) + understood(result.understood, result.notes)


def understood(reading: Understanding | LookReading | None, notes: Iterable[str] = ()) -> str:
    """Chips of what the text encoder understood, dashed chips for words that it does not know, then the notes."""
    markup = ""
    if isinstance(reading, Understanding):
        chips = [
            _chip(PLAINER.get(value, value.replace("_", " ")), SLOT_WORDS.get(name, name))
            for name, value in reading.slots().items()
            if value and value != UNSAID.get(name)
        ]
        markup = _chips("What was understood", chips, tuple(word for word, _ in reading.unknown_words))
    elif isinstance(reading, LookReading):
        markup = _chips("The look", _look_chips(reading), reading.unknown_words)
    lines = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return markup + (f'<ul class="zoe-notes">{lines}</ul>' if lines else "")


def _look_chips(reading: LookReading) -> list[str]:
    """A chip per look of a blend with its share, or the one look with how sure that is."""
    if len(reading.weights) > 1:
        return [_chip(title, f"{round(100 * share)} %") for title, share in reading.weights]
    return [_chip(reading.look, f"{round(100 * reading.confidence)} % sure")]


def _chip(value: str, name: str) -> str:
    return f"<li>{escape(value)} <small>{escape(name)}</small></li>"


def _chips(heading: str, chips: list[str], unknown: tuple[str, ...]) -> str:
    unread = [f'<li class="zoe-unread">{escape(word)} <small>not known</small></li>' for word in unknown]
    return f'<p class="zoe-heading">{heading}</p><ul class="zoe-chips">{"".join(chips + unread)}</ul>'
