"""What a file holds, from its header, checked against the limits before a single frame is decoded.

Two short ffmpeg runs for a clip (there is no ffprobe in the wheel): the header as ffmpeg prints it; then, when
everything it claims lies within the limits, the timestamps of the first packets and one decoded frame, which tells the
upright size and the exact rate. Pictures are opened by Pillow, which reads only their header until it is asked for
pixels.
"""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from PIL import Image

from studio.errors import MediaError
from studio.media import ffmpeg
from studio.media.container import CUT_OFF, Animation, check_whole, read_animation
from studio.media.header import CUT_SIGNS, PROBE_SECONDS, check_ended, explain, parse_header, read_header
from studio.media.info import MediaInfo, check_bytes, check_rate, check_size, check_time
from studio.media.pictures import open_picture
from studio.media.sniff import AVI, GIF, MP4, PNG, WEBP, Kind, sniff
from studio.media.timing import clip_rate, delays_rate, packet_times
from studio.settings import Limits

SCAN_SECONDS = 30
SCAN_BYTES = 256 << 20
"""A clip that is longer and larger than this is judged by the timestamps of its first SCAN_SECONDS."""

_FIRST_FRAME = re.compile(r"\] n: +0 pts:.*? sar:(\d+)/(\d+) s:(\d+)x(\d+) ")
_EXACT_RATE = re.compile(r"config in time_base: \d+/\d+, frame_rate: (\d+)/(\d+)")


def probe(path: Path, limits: Limits) -> MediaInfo:
    """What ``path`` holds. Raises MediaError for what cannot be read, LimitError for what is too large."""
    path = Path(path)
    kind = sniff(path)
    check_bytes(path, kind, limits)
    check_whole(path, kind)
    if kind in (GIF, WEBP, PNG):
        animation = read_animation(path, kind, limits.frames)
        if animation.width:  # before Pillow, which makes room for a WebP's pixels when it opens the file
            check_size(animation.width, animation.height, limits, picture=len(animation.delays) == 1)
        if len(animation.delays) > 1:
            return _animation_info(kind, animation, limits)
    return _picture_info(path, kind, limits) if kind.picture else _clip_info(path, kind, limits)


# --- pictures


def _picture_info(path: Path, kind: Kind, limits: Limits) -> MediaInfo:
    with open_picture(path, kind.name) as picture:
        width, height = picture.size
        check_size(width, height, limits, picture=True)
        turn = _orientation(picture)
        alpha = "A" in picture.getbands() or "transparency" in picture.info
        deep = picture.mode.startswith("I")
    if turn in (90, 270):
        width, height = height, width
    return MediaInfo(
        kind="image", width=width, height=height, fps=Fraction(25), frame_count=1, duration=0.0, has_alpha=alpha,
        rotation=turn, ten_bit=deep, codec=kind.name, format=kind,
    )  # fmt: skip


def _orientation(picture: Image.Image) -> int:
    """Degrees clockwise that EXIF asks for; a damaged EXIF block asks for nothing."""
    try:
        tag = picture.getexif().get(0x0112, 1)
    except (OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, OverflowError):
        return 0
    return {3: 180, 4: 180, 5: 90, 6: 90, 7: 270, 8: 270}.get(tag, 0) if isinstance(tag, int) else 0


def _animation_info(kind: Kind, animation: Animation, limits: Limits) -> MediaInfo:
    width, height = animation.width, animation.height
    check_size(width, height, limits, picture=False)
    duration = sum(animation.delays)
    rate, variable = delays_rate(animation.delays)
    frames = max(1, round(duration * rate))
    check_time(duration, max(frames, len(animation.delays)), limits)
    return MediaInfo(
        kind="animation", width=width, height=height, fps=rate, frame_count=frames, duration=duration, has_alpha=True,
        variable_rate=variable, codec=kind.name, format=kind,
    )  # fmt: skip


# --- clips


def _clip_info(path: Path, kind: Kind, limits: Limits) -> MediaInfo:
    text = read_header(path, kind, limits.video_pixels)
    return _scan(path, parse_header(text, kind, limits), limits)


def _read_packets(path: Path, info: MediaInfo, limits: Limits, whole: bool) -> ffmpeg.Finished:
    """ffmpeg's listing of the packets, all or the first SCAN_SECONDS, and what it says about the first frame."""
    read = ["-t", str(SCAN_SECONDS)] if not whole else ["-frames:v", str(limits.frames + 1)]
    track = ["-map", f"0:{info.stream}", "-an", "-sn", "-dn"]
    return ffmpeg.run(
        [
            *ffmpeg.input_arguments(path, info.format.demuxer or "", limits.video_pixels, info.decoder),
            *track, "-c", "copy", *read, "-f", "framecrc", "pipe:1",
            *track, "-frames:v", "1", "-vf", "showinfo=checksum=0", "-f", "null", "-",
        ],
        seconds=PROBE_SECONDS,
        memory=ffmpeg.memory_for(limits.video_pixels),
    )  # fmt: skip


def _shown_size(frame: re.Match[str]) -> tuple[int, int]:
    """(width, height) of the first frame as players show it: pixels that are not square are made so."""
    aspect, width, height = Fraction(int(frame.group(1)) or 1, int(frame.group(2)) or 1), *map(int, frame.group(3, 4))
    # a hair off square is an encoder's rounding
    if abs(aspect - 1) > Fraction(1, 50) and Fraction(1, 4) <= aspect <= 4:
        width = round(width * aspect)
    return width, height


def _scan(path: Path, info: MediaInfo, limits: Limits) -> MediaInfo:
    """Read the timestamps of the first packets and decode one frame: exact rate, frame count, upright size."""
    whole = info.duration <= SCAN_SECONDS or path.stat().st_size <= SCAN_BYTES  # also when the length is unknown (0)
    done = _read_packets(path, info, limits, whole)
    check_ended(done.code, done.messages)
    frame = _FIRST_FRAME.search(done.messages)
    times = packet_times(done.output.decode("ascii", "replace"))
    if frame is None or not times.starts:
        raise MediaError(explain(done.messages))
    cut = any(sign in done.messages.lower() for sign in CUT_SIGNS[:3])
    # Matroska and AVI list no frames in their header: a hole in the file shows as a picture shorter than announced
    silent = info.format is not MP4 and not info.has_sound
    if whole and (cut or (silent and times.length < 0.9 * info.duration - 0.5)):
        raise MediaError(CUT_OFF)
    claimed = _EXACT_RATE.search(done.messages)
    declared = Fraction(int(claimed.group(1)), int(claimed.group(2))) if claimed and int(claimed.group(2)) else None
    rate, variable = clip_rate(times, declared)
    if rate > limits.max_fps:
        check_rate(float(rate), limits)
        rate = Fraction(limits.max_fps)
    # by less than a frame: the sound's run-up, not a pause; AVI has no times of showing to be late by
    late = info.format is not AVI and times.starts[0] * rate >= 1
    start = 0.0 if late else times.starts[0]
    duration = times.length - start if whole else info.duration
    frames = max(1, round(duration * rate))
    check_time(duration, frames, limits)
    width, height = _shown_size(frame)
    check_size(width, height, limits, picture=False)
    return replace(
        info,
        width=width,
        height=height,
        fps=rate,
        frame_count=frames,
        duration=duration,
        variable_rate=variable,
        exact_length=whole,
        late_start=late,
    )
