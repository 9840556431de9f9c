"""Files to frames: a stream of uint8 RGB frames at one constant rate, upright, as they would be seen on a screen.

The rate is made from the file's own timestamps: every frame is shown at the tick nearest its time and held until the
next one's, from the file's time 0, so that sound and picture stay in step. Colours go through the file's own matrix and
range (BT.601 below 720 lines and BT.709 above where it does not say); 10 bit is rounded to 8, HDR is brought to the
range of a usual screen.

Memory does not grow with length: ffmpeg writes into a pipe and waits for the reader.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageCms, ImageOps, ImageSequence

from studio.clip import FrameStream
from studio.errors import LimitError, MediaError
from studio.media import ffmpeg
from studio.media.container import read_animation
from studio.media.frames import over_white, scaled_to
from studio.media.probe import MediaInfo, decoder_for, explain, open_picture, probe
from studio.media.sniff import WEBP
from studio.settings import Limits

logger = logging.getLogger(__name__)

_HDR_TO_SDR = (
    "zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt709,tonemap=mobius:desat=0,"
    "zscale=t=bt709:m=bt709:r=tv,format=yuv444p"
)
_CUT_SIGNS = ("partial file", "ended prematurely", "truncat")
_PILLOW_FAULTS = (
    OSError,
    ValueError,
    SyntaxError,
    TypeError,
    KeyError,
    IndexError,
    OverflowError,
    MemoryError,
    EOFError,
)
_DAMAGED = "The picture is damaged or cut off; please save it again as PNG or JPEG."


def open_frames(
    path: Path,
    limits: Limits,
    fps: Fraction | None = None,
    max_size: int | None = None,
    info: MediaInfo | None = None,
    alpha: bool = False,
) -> FrameStream:
    """Open a clip, an animation or a picture (one frame) as a stream of frames (H, W, 3), uint8 RGB.

    ``fps`` asks for another constant rate than the file's own; ``max_size`` bounds the longer side in pixels (never
    enlarges); ``info`` saves probing again. ``alpha=True`` keeps transparency: frames are (H, W, 4), not premultiplied;
    else it lies over white. Raises MediaError or LimitError here or, for damage found later, in the middle of the
    stream.
    """
    path = Path(path)
    info = info or probe(path, limits)
    rate = Fraction(fps) if fps is not None else info.fps
    size = scaled_to(info.size, max_size)
    length = info.frame_count if rate == info.fps or not info.duration else max(1, round(info.duration * rate))
    if info.kind == "image":
        picture = read_rgba(path, limits, max_size) if alpha else read_image(path, limits, max_size)
        return FrameStream(iter([picture]), size=size, fps=rate, length=1)
    if length is not None and length > limits.frames:
        raise LimitError(
            f"At {float(rate):g} frames per second the clip has {length} frames; at most {limits.frames} can be taken."
        )
    if info.format is WEBP:
        frames = _webp_frames(path, info, rate, size, alpha)
        return FrameStream(frames, size=size, fps=rate, length=length, on_close=frames.close)
    reader = _Reader(path, info, rate, size, limits, alpha)
    sound = path if info.has_sound else None
    return FrameStream(reader.frames(), size=size, fps=rate, length=length, sound=sound, on_close=reader.close)


class _Reader:
    """One ffmpeg child and the frames that come out of it."""

    def __init__(
        self, path: Path, info: MediaInfo, rate: Fraction, size: tuple[int, int], limits: Limits, alpha: bool
    ) -> None:
        self._info, self._rate, self._size, self._limits = info, rate, size, limits
        self._keep_alpha, self._layers = alpha, 4 if alpha or info.has_alpha else 3
        assert info.format.demuxer is not None
        arguments = [
            "-v", "error",
            *ffmpeg.input_arguments(path, info.format.demuxer, limits.video_pixels, decoder_for(info)),
            "-map", f"0:{info.stream}", "-an", "-sn", "-dn", "-vf", self._filters(),
            "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1",
        ]  # fmt: skip
        pixels = max(info.width * info.height, size[0] * size[1])
        self._child = ffmpeg.Child(arguments, feed=False, memory=ffmpeg.memory_for(pixels))

    def _filters(self) -> str:
        width, height = self._size
        steps = [f"fps={self._rate.numerator}/{self._rate.denominator}:start_time=0:round=near"]
        if self._info.hdr:
            steps.append(_HDR_TO_SDR)
        elif not self._info.matrix:
            steps.append(f"scale=in_color_matrix={'bt709' if _is_high(self._info) else 'bt601'}:flags=accurate_rnd")
        pixels = "rgba" if self._layers == 4 else "rgb24"
        scaling = "area" if width < self._info.width else "bicubic"
        last = f"scale={width}:{height}:flags={scaling}+accurate_rnd+full_chroma_int+full_chroma_inp"
        if steps[-1].startswith("scale="):  # one scaler does both
            last = f"{last}:{steps.pop().removeprefix('scale=').split(':')[0]}"
        return ",".join([*steps, last, f"format={pixels}"])

    def frames(self) -> Iterator[np.ndarray]:
        """Frames (H, W, 3 or 4) until the clip ends; MediaError when it turns out to end too early."""
        width, height = self._size
        expected = self._info.duration * self._rate
        most = min(self._limits.frames, int(1.1 * expected + self._rate + 25))
        count = 0
        try:
            while True:
                frame = np.empty((height, width, self._layers), np.uint8)
                got = self._child.read_into(memoryview(frame).cast("B"))
                if got < frame.nbytes:
                    break
                if self._info.exact_length and count >= max(1, round(expected)):
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
        if count == 0:
            raise MediaError(explain(messages))
        expected = round(self._info.duration * self._rate)
        short = count < expected - max(2, 0.05 * expected)
        if code or short or any(sign in messages.lower() for sign in _CUT_SIGNS):
            logger.debug("ffmpeg ended with %d after %d of %d frames: %s", code, count, expected, messages[-2000:])
            seconds = float(count / self._rate)
            raise MediaError(
                f"The clip is cut off or damaged after {seconds:.1f} seconds; "
                "please export it anew or cut it before that."
            )

    def close(self) -> None:
        """End the child. Safe to call twice."""
        self._child.kill()


def _is_high(info: MediaInfo) -> bool:
    """Where a file does not name its matrix: BT.709 for high definition, BT.601 for what is smaller, as players do."""
    return info.codec not in ("mjpeg", "png", "gif") and min(info.size) >= 720


def _webp_frames(
    path: Path, info: MediaInfo, rate: Fraction, size: tuple[int, int], alpha: bool
) -> Iterator[np.ndarray]:
    """Animated WebP by Pillow (ffmpeg does not read it), each picture held for its own delay."""
    shown, now = 0, 0.0
    delays = read_animation(path, info.format).delays
    try:
        with open_picture(path, info.format) as picture:
            for delay, step in zip(delays, ImageSequence.Iterator(picture)):
                now += delay
                frame = np.asarray(step.convert("RGBA"))
                if (frame.shape[1], frame.shape[0]) != size:
                    frame = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
                frame = frame if alpha else over_white(frame)
                while shown < round(now * rate):
                    yield frame
                    shown += 1
    except _PILLOW_FAULTS as error:
        raise MediaError("The animation is damaged or cut off; please save it again.") from error
    if shown == 0:
        raise MediaError("The animation holds no picture; please choose another file.")


def read_image(path: Path, limits: Limits, max_size: int | None = None) -> np.ndarray:
    """One picture, upright, (H, W, 3) uint8 RGB; transparency lies over white; of an animation the first picture."""
    return over_white(read_rgba(path, limits, max_size))


def read_rgba(path: Path, limits: Limits, max_size: int | None = None) -> np.ndarray:
    """One picture with its transparency, upright, (H, W, 4) uint8, not premultiplied. EXIF and everything else is
    dropped.
    """
    info = probe(Path(path), limits)
    if not info.format.picture:
        raise MediaError("This is a clip, not a picture; please choose a PNG, JPEG, WEBP or GIF picture here.")
    try:
        with open_picture(Path(path), info.format) as picture:
            if max_size is not None and info.format.name == "jpeg":
                picture.draft("RGB", (max_size, max_size))  # decodes at a fraction of the size, never below it
            picture.load()
            picture = ImageOps.exif_transpose(picture)
            pixels = _eight_bit(picture)
    except Image.DecompressionBombError as error:
        raise LimitError("The picture has far too many pixels; please make it smaller.") from error
    except _PILLOW_FAULTS as error:
        raise MediaError(_DAMAGED) from error
    width, height = scaled_to(info.size, max_size)
    if pixels.shape[:2] != (height, width):
        pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(pixels)


def _eight_bit(picture: Image.Image) -> np.ndarray:
    """RGBA uint8 of any Pillow mode: 16-bit grey is scaled (Pillow would clip it), colour profiles are brought to
    sRGB.
    """
    if picture.mode.startswith(("I", "F")):
        grey = np.asarray(picture).astype(np.float64)
        top = 65535.0 if grey.max(initial=0) > 255 else 255.0
        level = np.clip(np.rint(grey * (255.0 / top)), 0, 255).astype(np.uint8)
        return np.dstack([level, level, level, np.full_like(level, 255)])
    profile = picture.info.get("icc_profile")
    if profile and picture.mode in ("RGB", "RGBA", "CMYK"):
        picture = _to_srgb(picture, profile)
    return np.asarray(picture.convert("RGBA"))


def _to_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    import io

    try:
        alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
        source = picture.convert("RGB") if alpha is not None else picture
        target = ImageCms.createProfile("sRGB")
        result = ImageCms.profileToProfile(source, io.BytesIO(profile), target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
        logger.debug("the colour profile is not usable: %s", error)
        return picture
    assert result is not None
    if alpha is not None:
        result.putalpha(alpha)
    return result
