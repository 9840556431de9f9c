"""What is known of a file before it is decoded, and whether so much may be taken at all."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from studio.errors import LimitError, MediaError
from studio.media.sniff import MP4, Kind
from studio.settings import Limits


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

    @property
    def decoder(self) -> str | None:
        """The decoder to force, by ffmpeg's name: its own VP8 and VP9 ignore the alpha plane, libvpx reads it."""
        return {"vp8": "libvpx", "vp9": "libvpx-vp9"}.get(self.codec) if self.has_alpha else None


def check_bytes(path: Path, kind: Kind, limits: Limits) -> None:
    """Raise LimitError for a file that is too large to be taken."""
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


def check_time(duration: float, frames: int | None, limits: Limits) -> None:
    """Raise LimitError for a clip of too many seconds or, where their number is known, frames."""
    if duration > limits.seconds:
        raise LimitError(
            f"The clip is {_spoken(duration)} long; at most {_spoken(limits.seconds)} can be taken: please cut it."
        )
    if frames is not None and frames > limits.frames:
        raise LimitError(f"The clip has more frames than can be taken (at most {limits.frames}): please cut it.")


def check_rate(rate: float, limits: Limits) -> None:
    """Raise LimitError for a rate, in frames per second, above what can be taken."""
    if rate > limits.max_fps * 1.01:
        raise LimitError(f"The clip claims {rate:g} frames per second; at most {limits.max_fps} can be taken.")


def _spoken(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.0f} hours"
