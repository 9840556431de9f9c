"""A clip's header, read by ffmpeg and taken from the text that it prints: there is no ffprobe in the wheel.

Nothing is decoded here. What the header claims is checked against the limits before anybody believes it.
"""

from __future__ import annotations

import logging
import re
from fractions import Fraction
from pathlib import Path

from studio.errors import LimitError, MediaError
from studio.media import ffmpeg
from studio.media.container import CUT_OFF
from studio.media.info import MediaInfo, check_rate, check_size, check_time
from studio.media.sniff import Kind, sniff
from studio.settings import Limits

logger = logging.getLogger(__name__)

PROBE_SECONDS = 15.0
"""How long ffmpeg may look at a file."""

CUT_SIGNS = ("moov atom not found", "partial file", "ended prematurely", "truncat", "end of file")
"""What ffmpeg says of a file that was cut off; the first three also while it decodes the rest."""

_STREAM = re.compile(r"^  Stream #0:(\d+)(?:\[[^\]]*\])?(?:\([^)]*\))?: (Video|Audio): (.*)$", re.M)
_DURATION = re.compile(r"^  Duration: (?:N/A|(-?\d+):(\d\d):(\d\d(?:\.\d+)?))", re.M)
_SIZE = re.compile(r"(?:^|, )([\w ]+)(?:\(([^()]*)\))?, (\d{1,9})x(\d{1,9})(?: \[SAR (\d+):(\d+)|, SAR (\d+):(\d+)|\b)")
_CLAIMED_FPS = re.compile(r", ([\d.]+)(k?) fps\b")
_TRACK_DURATION = re.compile(r"^ +DURATION +: (\d+):(\d\d):(\d\d(?:\.\d+)?)", re.M)
_ROTATION = re.compile(r"displaymatrix: rotation of (-?\d+(?:\.\d+)?) degrees")
_TEN_BIT = re.compile(r"(?:p|gray|gbrap|x2\w+|y2)(?:9|10|12|14|16)(?:le|be)|p0(?:10|12|16)|48|64")


def read_header(path: Path, kind: Kind, pixels: int) -> str:
    """The header as ffmpeg prints it; ``pixels`` bounds a frame. Raises MediaError where ffmpeg cannot open it."""
    assert kind.demuxer is not None
    done = ffmpeg.run(ffmpeg.input_arguments(path, kind.demuxer, pixels), seconds=PROBE_SECONDS)
    check_ended(done.code, done.messages)
    if "Input #0" not in done.messages:
        raise MediaError(explain(done.messages))
    return done.messages


def check_ended(code: int | None, messages: str, what: str = "while the clip was read") -> None:
    """Raise MemoryOutError or ResourceError where it was the machine, and not the file, that ended an ffmpeg at work on
    ``what``.
    """
    known = ffmpeg.machine_fault(code, messages, what)
    if known is not None:
        raise known


def explain(messages: str) -> str:
    """One sentence for what ffmpeg complained about, without its words: they hold paths and help nobody."""
    logger.debug("ffmpeg said: %s", messages[-2000:])
    lower = messages.lower()
    if any(sign in lower for sign in CUT_SIGNS):
        return CUT_OFF
    if "unknown codec" in lower or "no decoder" in lower or "not found for" in lower:
        return "The clip uses a codec that cannot be read here; please export it as H.264 mp4."
    return "The clip is damaged and cannot be read; please export it anew as H.264 mp4."


def parse_header(text: str, kind: Kind, limits: Limits) -> MediaInfo:
    """What ffmpeg's ``text`` claims of a clip. MediaError where it has no picture, LimitError where it is too much."""
    streams = [(int(number), what, words) for number, what, words in _STREAM.findall(text)]
    if len(streams) > 64:
        raise LimitError("The file holds more than 64 tracks; please export it with one picture and one sound track.")
    videos = [(number, words) for number, what, words in streams if what == "Video" and "(attached pic)" not in words]
    sounds = [number for number, what, _ in streams if what == "Audio"]
    if not videos:
        what = "only sound" if sounds else "no moving picture"
        raise MediaError(f"The file holds {what}; please choose a clip with a picture.")
    number, words = videos[0]
    size = _SIZE.search(words)
    if size is None:
        raise MediaError(
            "The clip is damaged: its picture has no size or an unknown codec; please export it as H.264 mp4."
        )
    pixels, tags, width, height = size.group(1).strip(), size.group(2) or "", int(size.group(3)), int(size.group(4))
    check_size(width, height, limits, picture=False)
    fps = _CLAIMED_FPS.search(words)
    if fps is not None:
        check_rate(float(fps.group(1)) * (1000 if fps.group(2) else 1), limits)
    section = _section(text, number)
    duration = _read_duration(_TRACK_DURATION, section) or _read_duration(_DURATION, text)
    check_time(duration, None, limits)
    turn = _ROTATION.search(section)
    codec = words.split()[0].rstrip(",")
    return MediaInfo(
        kind="video", width=width, height=height, fps=Fraction(25), frame_count=None, duration=duration,
        has_sound=bool(sounds), has_alpha=_has_alpha(pixels, section), turned=turn is not None,
        rotation=round(-float(turn.group(1))) % 360 if turn else 0, ten_bit=bool(_TEN_BIT.search(pixels)),
        codec=codec, format=kind, stream=number, **_colour(tags),
    )  # fmt: skip


def _read_duration(pattern: re.Pattern[str], text: str) -> float:
    found = pattern.search(text)
    if found is None or found.group(1) is None:
        return 0.0
    hours, minutes, seconds = int(found.group(1)), int(found.group(2)), float(found.group(3))
    return max(0.0, hours * 3600 + minutes * 60 + seconds)


def _section(text: str, number: int) -> str:
    """The header lines that belong to stream ``number``."""
    start = re.search(rf"^  Stream #0:{number}\b", text, re.M)
    assert start is not None
    following = re.search(r"^  Stream #0:", text[start.end() :], re.M)
    return text[start.start() : start.end() + following.start()] if following else text[start.start() :]


def _has_alpha(pixels: str, section: str) -> bool:
    if re.match(r"yuva|rgba|bgra|argb|abgr|gbrap|ya8|ya16|pal8", pixels):
        return True
    return bool(re.search(r"^ +alpha_mode +: 1", section, re.M | re.I))


def _colour(tags: str) -> dict[str, str]:
    """Matrix and transfer from the words in brackets: (tv, bt709, progressive) or (tv, bt2020nc/bt2020/smpte2084)."""
    found = {"matrix": "", "transfer": ""}
    for tag in (part.strip() for part in tags.split(",")):
        if "/" in tag:
            matrix, _, transfer = (tag.split("/") + ["", ""])[:3]
            found["matrix"], found["transfer"] = matrix.replace("unknown", ""), transfer.replace("unknown", "")
        elif re.match(r"bt|smpte|fcc|gbr|ycgco", tag):
            found["matrix"] = found["transfer"] = tag
    return found


def sound_of(path: Path) -> tuple[Kind, int, str] | None:
    """(format, stream number, codec) of a file's first sound track; None where there is none. Raises MediaError."""
    kind = sniff(path)
    if kind.demuxer is None or kind.picture:
        return None
    header = read_header(path, kind, 1 << 26)
    sounds = [(int(number), words) for number, what, words in _STREAM.findall(header) if what == "Audio"]
    return (kind, sounds[0][0], sounds[0][1].split()[0].rstrip(",")) if sounds else None
