"""One ffmpeg child that decodes: timestamps to a constant rate, colours to RGB, pixels through a pipe.

Nothing is kept: ffmpeg waits until the frame before has been taken, so memory does not grow with length.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from studio.errors import LimitError, MediaError
from studio.media import ffmpeg
from studio.media.frames import over_white
from studio.media.header import check_ended, explain
from studio.media.info import MediaInfo
from studio.settings import Limits

logger = logging.getLogger(__name__)

_HDR_TO_SDR = (
    "zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt709,tonemap=mobius:desat=0,"
    "zscale=t=bt709:m=bt709:r=tv,format=yuv444p"
)
_CUT_SIGNS = ("partial file", "ended prematurely", "truncat")


class FrameReader:
    """One ffmpeg child and the frames that come out of it, at ``size`` = (width, height).

    ``rate``: frames per second, made from the timestamps; None: every frame as it comes, ``count`` of them (animations,
    whose delays are held elsewhere). ``alpha`` keeps transparency: (H, W, 4); else it lies over white.
    """

    def __init__(
        self,
        path: Path,
        info: MediaInfo,
        limits: Limits,
        size: tuple[int, int],
        alpha: bool,
        rate: Fraction | None,
        count: int | None = None,
    ) -> None:
        self._info, self._rate, self._size, self._limits = info, rate, size, limits
        self._expected = round(info.duration * rate) if rate is not None else count or 1
        self._keep_alpha, self._layers = alpha, 4 if alpha or info.has_alpha else 3
        assert info.format.demuxer is not None
        # a size that changes on the way must not start the timing anew (frames would repeat); the last scaler evens it
        # out. Only where ffmpeg turns nothing: its turning filters count on one size.
        steady = [] if info.turned else ["-reinit_filter", "0"]
        arguments = [
            "-v", "error", *steady,
            *ffmpeg.input_arguments(path, info.format.demuxer, limits.video_pixels, info.decoder),
            "-map", f"0:{info.stream}", "-an", "-sn", "-dn", "-vf", self._filters(),
            "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1",
        ]  # fmt: skip
        pixels = max(info.width * info.height, size[0] * size[1])
        self._child = ffmpeg.Child(arguments, feed=False, memory=ffmpeg.memory_for(pixels))

    def _filters(self) -> str:
        width, height = self._size
        steps = []
        if self._rate is not None:
            # a picture that begins late waits from the file's time 0 on, where the sound begins
            start = ":start_time=0" if self._info.late_start else ""
            steps += [] if self._info.late_start else ["setpts=PTS-STARTPTS"]
            steps.append(f"fps={self._rate.numerator}/{self._rate.denominator}{start}:round=near")
        if self._info.hdr:
            steps.append(_HDR_TO_SDR)
        elif not self._info.matrix and self._info.kind == "video":
            steps.append(f"scale=in_color_matrix={'bt709' if _is_high(self._info) else 'bt601'}:flags=accurate_rnd")
        pixels = "rgba" if self._layers == 4 else "rgb24"
        scaling = "area" if width < self._info.width else "bicubic"
        last = f"scale={width}:{height}:flags={scaling}+accurate_rnd+full_chroma_int+full_chroma_inp"
        if steps and steps[-1].startswith("scale="):  # one scaler does both
            last = f"{last}:{steps.pop().removeprefix('scale=').split(':')[0]}"
        return ",".join([*steps, last, f"format={pixels}"])

    def frames(self) -> Iterator[np.ndarray]:
        """Frames, uint8 (H, W, 3 or 4), until the clip ends; MediaError when it turns out to end too early."""
        width, height = self._size
        most = min(self._limits.frames, int(1.1 * self._expected + (self._rate or 0) + 25))
        exact = self._info.exact_length or self._rate is None
        count = 0
        try:
            while True:
                frame = np.empty((height, width, self._layers), np.uint8)
                got = self._child.read_into(memoryview(frame).cast("B"))
                if got < frame.nbytes:
                    break
                if exact and count >= max(1, self._expected):
                    return  # ffmpeg holds a last frame of unknown length for longer than any other
                count += 1
                if count > most:
                    raise LimitError("The clip runs on for longer than its header says; please export it anew.")
                yield frame if self._keep_alpha or self._layers == 3 else over_white(frame)
            self._check_end(count)
        finally:
            self.close()

    def _check_end(self, count: int) -> None:
        code = self._child.finish()
        messages = self._child.messages
        check_ended(code, messages)
        if count == 0:
            raise MediaError(explain(messages))
        # a header's length may be the sound's: a picture shorter than that is no damage
        known = self._rate is None or self._info.exact_length or not self._info.has_sound
        short = known and count < self._expected - max(2, 0.05 * self._expected)
        if code or short or any(sign in messages.lower() for sign in _CUT_SIGNS):
            logger.debug("ffmpeg: %d after %d of %d frames: %s", code, count, self._expected, messages[-2000:])
            place = f"{float(count / self._rate):.1f} seconds" if self._rate is not None else f"{count} pictures"
            raise MediaError(
                f"The clip is cut off or damaged after {place}; please export it anew or cut it before that."
            )

    def close(self) -> None:
        """End the child. Safe to call twice."""
        self._child.kill()


def _is_high(info: MediaInfo) -> bool:
    """Where a file does not name its matrix: BT.709 for high definition, BT.601 for what is smaller, as players do."""
    return info.codec not in ("mjpeg", "png", "gif") and min(info.size) >= 720
