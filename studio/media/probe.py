"""What a file holds, from its header, checked against the limits before a single frame is decoded.

Two short ffmpeg runs for a clip (there is no ffprobe in the wheel): the header as ffmpeg prints it; then, when
everything it claims lies within the limits, the timestamps of the first packets and one decoded frame, which tells the
upright size and the exact rate. Pictures are opened by Pillow, which reads only their header until it is asked for
pixels.
"""

from __future__ import annotations

import logging
import re
import warnings
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from PIL import Image

from studio.errors import LimitError, MediaError
from studio.media import ffmpeg
from studio.media.container import CUT_OFF, Animation, check_whole, read_animation
from studio.media.sniff import AVI, GIF, MP4, PNG, WEBP, Kind, sniff
from studio.media.timing import clip_rate, delays_rate, packet_times
from studio.settings import Limits

logger = logging.getLogger(__name__)

SCAN_SECONDS = 30
SCAN_BYTES = 256 << 20
"""A clip that is longer and larger than this is judged by the timestamps of its first SCAN_SECONDS."""

_PROBE_TIMEOUT = 15.0
_CUT_SIGNS = ("moov atom not found", "partial file", "ended prematurely", "truncat", "end of file")
_STREAM = re.compile(r"^  Stream #0:(\d+)(?:\[[^\]]*\])?(?:\([^)]*\))?: (Video|Audio): (.*)$", re.M)
_DURATION = re.compile(r"^  Duration: (?:N/A|(-?\d+):(\d\d):(\d\d(?:\.\d+)?))", re.M)
_SIZE = re.compile(r"(?:^|, )([\w ]+)(?:\(([^()]*)\))?, (\d{1,9})x(\d{1,9})(?: \[SAR (\d+):(\d+)|, SAR (\d+):(\d+)|\b)")
_CLAIMED_FPS = re.compile(r", ([\d.]+)(k?) fps\b")
_TRACK_DURATION = re.compile(r"^ +DURATION +: (\d+):(\d\d):(\d\d(?:\.\d+)?)", re.M)
_ROTATION = re.compile(r"displaymatrix: rotation of (-?\d+(?:\.\d+)?) degrees")
_FIRST_FRAME = re.compile(r"\] n: +0 pts:.*? sar:(\d+)/(\d+) s:(\d+)x(\d+) ")
_EXACT_RATE = re.compile(r"config in time_base: \d+/\d+, frame_rate: (\d+)/(\d+)")
_TEN_BIT = re.compile(r"(?:p|gray|gbrap|x2\w+|y2)(?:9|10|12|14|16)(?:le|be)|p0(?:10|12|16)|48|64")


@dataclass(frozen=True, kw_only=True)
class MediaInfo:
    """What ``probe`` found. ``kind`` is "video", "animation" (GIF, WebP, PNG) or "image"; sizes are upright, in pixels.

    ``fps`` is the constant rate at which the frames will be given (for a clip of variable rate: its most usual one);
    ``frame_count`` the frames at that rate where known (an estimate for long clips); ``duration`` seconds, 0 for an
    image. ``late_start`` tells whether the picture begins after the file's time 0, ``exact_length`` whether all
    timestamps were read; ``rotation`` degrees clockwise that were applied to stand upright, ``turned`` whether the file
    asks for a turn or a mirror at all. ``matrix`` and ``transfer`` are ffmpeg's names, "" where the file does not say;
    ``stream`` is the number of the picture's track and ``format`` the kind of file, as ffmpeg must be told.
    """

    kind: str
    width: int
    height: int
    fps: Fraction
    frame_count: int | None
    duration: float
    has_sound: bool = False
    has_alpha: bool = False
    rotation: int = 0
    turned: bool = False
    ten_bit: bool = False
    variable_rate: bool = False
    exact_length: bool = False
    late_start: bool = False
    matrix: str = ""
    transfer: str = ""
    codec: str = ""
    format: Kind = MP4
    stream: int = 0

    @property
    def size(self) -> tuple[int, int]:
        """(width, height), upright."""
        return self.width, self.height

    @property
    def hdr(self) -> bool:
        """Whether the picture is coded for a high dynamic range (PQ or HLG)."""
        return self.transfer in ("smpte2084", "arib-std-b67") and self.matrix.startswith("bt2020")


def probe(path: Path, limits: Limits) -> MediaInfo:
    """Look into ``path``. Raises MediaError for what cannot be read, LimitError for what is too large; both in one
    sentence.
    """
    path = Path(path)
    kind = sniff(path)
    _check_bytes(path, kind, limits)
    check_whole(path, kind)
    if kind in (GIF, WEBP, PNG):
        animation = read_animation(path, kind)
        if len(animation.delays) > 1:
            return _animation_info(kind, animation, limits)
    return _picture_info(path, kind, limits) if kind.picture else _clip_info(path, kind, limits)


def _check_bytes(path: Path, kind: Kind, limits: Limits) -> None:
    most = limits.image_bytes if kind.picture else limits.video_bytes
    size = path.stat().st_size
    if size > most:
        what = "picture" if kind.picture else "clip"
        raise LimitError(f"The {what} is {size / 2**20:.0f} MB; at most {most / 2**20:.0f} MB can be taken.")


def check_size(width: int, height: int, limits: Limits, picture: bool) -> None:
    """Raise LimitError or MediaError unless a frame of this many pixels may be decoded."""
    most = limits.image_pixels if picture else limits.video_pixels
    if width < 1 or height < 1:
        raise MediaError("The file says that its picture has no size; please export it anew.")
    if width * height > most or max(width, height) > limits.max_side:
        raise LimitError(
            f"The picture is {width} x {height} pixels; at most {most / 1e6:.1f} megapixels and {limits.max_side} "
            "pixels a side can be taken: please make it smaller."
        )


def _check_time(duration: float, frames: int | None, limits: Limits) -> None:
    if duration > limits.seconds:
        raise LimitError(
            f"The clip is {_spoken(duration)} long; at most {_spoken(limits.seconds)} can be taken: please cut it."
        )
    if frames is not None and frames > limits.frames:
        raise LimitError(f"The clip has more frames than can be taken (at most {limits.frames}): please cut it.")


def _check_rate(rate: float, limits: Limits) -> None:
    if rate > limits.max_fps * 1.01:
        raise LimitError(f"The clip claims {rate:g} frames per second; at most {limits.max_fps} can be taken.")


def _spoken(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.0f} hours"


# --- pictures


def open_picture(path: Path, kind: Kind) -> Image.Image:
    """Pillow's image with only its header read, in the one format that the bytes showed. Raises MediaError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(path, formats=[kind.name.upper()])
    except Image.DecompressionBombError as error:
        raise LimitError("The picture has far too many pixels; please make it smaller.") from error
    except (OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, OverflowError) as error:
        raise MediaError("The picture is damaged or cut off; please save it again as PNG or JPEG.") from error


def _picture_info(path: Path, kind: Kind, limits: Limits) -> MediaInfo:
    with open_picture(path, kind) as picture:
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
    _check_time(duration, max(frames, len(animation.delays)), limits)
    return MediaInfo(
        kind="animation", width=width, height=height, fps=rate, frame_count=frames, duration=duration, has_alpha=True,
        variable_rate=variable, codec=kind.name, format=kind,
    )  # fmt: skip


# --- clips


def _clip_info(path: Path, kind: Kind, limits: Limits) -> MediaInfo:
    text = _print_header(path, kind, limits)
    info = _parse_header(text, kind, limits)
    return _scan(path, info, limits)


def _print_header(path: Path, kind: Kind, limits: Limits) -> str:
    assert kind.demuxer is not None
    done = ffmpeg.run([*ffmpeg.input_arguments(path, kind.demuxer, limits.video_pixels)], seconds=_PROBE_TIMEOUT)
    if "Input #0" not in done.messages:
        raise MediaError(explain(done.messages))
    return done.messages


def explain(messages: str) -> str:
    """One sentence for what ffmpeg complained about, without its words: they hold paths and mean nothing to a
    person.
    """
    logger.debug("ffmpeg said: %s", messages[-2000:])
    lower = messages.lower()
    if any(sign in lower for sign in _CUT_SIGNS):
        return CUT_OFF
    if "unknown codec" in lower or "no decoder" in lower or "not found for" in lower:
        return "The clip uses a codec that cannot be read here; please export it as H.264 mp4."
    return "The clip is damaged and cannot be read; please export it anew as H.264 mp4."


def _parse_header(text: str, kind: Kind, limits: Limits) -> MediaInfo:
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
        _check_rate(float(fps.group(1)) * (1000 if fps.group(2) else 1), limits)
    section = _section(text, number)
    duration = _read_duration(_TRACK_DURATION, section) or _read_duration(_DURATION, text)
    _check_time(duration, None, limits)
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
    done = ffmpeg.run(ffmpeg.input_arguments(path, kind.demuxer, 1 << 26), seconds=_PROBE_TIMEOUT)
    if "Input #0" not in done.messages:
        raise MediaError(explain(done.messages))
    sounds = [(int(number), words) for number, what, words in _STREAM.findall(done.messages) if what == "Audio"]
    return (kind, sounds[0][0], sounds[0][1].split()[0].rstrip(",")) if sounds else None


def _scan(path: Path, info: MediaInfo, limits: Limits) -> MediaInfo:
    """Read the timestamps of the first packets and decode one frame: exact rate, frame count, upright size."""
    whole = info.duration <= SCAN_SECONDS or path.stat().st_size <= SCAN_BYTES  # also when the length is unknown (0)
    read = ["-t", str(SCAN_SECONDS)] if not whole else ["-frames:v", str(limits.frames + 1)]
    track = ["-map", f"0:{info.stream}", "-an", "-sn", "-dn"]
    done = ffmpeg.run(
        [
            *ffmpeg.input_arguments(path, info.format.demuxer or "", limits.video_pixels, decoder_for(info)),
            *track, "-c", "copy", *read, "-f", "framecrc", "pipe:1",
            *track, "-frames:v", "1", "-vf", "showinfo=checksum=0", "-f", "null", "-",
        ],
        seconds=_PROBE_TIMEOUT,
        memory=ffmpeg.memory_for(limits.video_pixels),
    )  # fmt: skip
    frame = _FIRST_FRAME.search(done.messages)
    times = packet_times(done.output.decode("ascii", "replace"))
    if frame is None or not times.starts:
        raise MediaError(explain(done.messages))
    cut = any(sign in done.messages.lower() for sign in _CUT_SIGNS[:3])
    # Matroska and AVI list no frames in their header: a hole in the file shows as a picture shorter than announced
    silent = info.format is not MP4 and not info.has_sound
    if whole and (cut or (silent and times.length < 0.9 * info.duration - 0.5)):
        raise MediaError(CUT_OFF)
    claimed = _EXACT_RATE.search(done.messages)
    declared = Fraction(int(claimed.group(1)), int(claimed.group(2))) if claimed and int(claimed.group(2)) else None
    rate, variable = clip_rate(times, declared)
    if rate > limits.max_fps:
        _check_rate(float(rate), limits)
        rate = Fraction(limits.max_fps)
    # by less than a frame: the sound's run-up, not a pause; AVI has no times of showing to be late by
    late = info.format is not AVI and times.starts[0] * rate >= 1
    start = 0.0 if late else times.starts[0]
    duration = times.length - start if whole else info.duration
    frames = max(1, round(duration * rate))
    _check_time(duration, frames, limits)
    aspect, width, height = Fraction(int(frame.group(1)) or 1, int(frame.group(2)) or 1), *map(int, frame.group(3, 4))
    # pixels that are not square are shown as players show them; a hair off square is an encoder's rounding
    if abs(aspect - 1) > Fraction(1, 50) and Fraction(1, 4) <= aspect <= 4:
        width = round(width * aspect)
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


def decoder_for(info: MediaInfo) -> str | None:
    """The decoder to force: ffmpeg's own VP8 and VP9 ignore the alpha plane, libvpx reads it."""
    return {"vp8": "libvpx", "vp9": "libvpx-vp9"}.get(info.codec) if info.has_alpha else None
