"""Frames to files: H.264 in mp4 that every browser plays, and GIF. A file appears whole or not at all.

Why these settings: libx264 with yuv420p is what all browsers decode in hardware; "veryfast" at quality 18 is visually
lossless and costs about 25 ms per 720p frame; BT.709 in the video range, converted and tagged alike, so that colours
come back as they went in; a key frame every two seconds makes seeking quick; "faststart" lets the page play before all
is loaded.

4:2:0 colour needs even sizes. An odd frame gets its last row or column once more: nothing of the picture is lost,
nothing is scaled or blurred, and ``notes`` says so. (A crop would lose pixels; 4:4:4 keeps odd sizes but does not play
in Safari or in hardware.)
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from studio.clip import check_frame
from studio.errors import MediaError, RequestError, ResourceError, StudioError
from studio.media import ffmpeg
from studio.media.credentials import Credentials
from studio.media.frames import pad_to_even, scaled_to
from studio.media.header import check_ended
from studio.media.metadata import comment_for, mark_gif, read_request
from studio.media.sound import SOUND_LOST, Sound, find_sound, join
from studio.media.timing import clip_rate, packet_times
from studio.media.whole_files import put_in_place, unwritten
from studio.media.xmp import mark_mp4, read_source_type
from studio.origin import COMPOSITE

logger = logging.getLogger(__name__)

QUALITY = 18
TO_BT709 = "scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_inp"
GIF_LONGEST = 480
GIF_MOST_FPS = 25
_DISK_FULL = "The disk is full: the clip could not be saved; please make room and try again."
_ENCODER_ENDED = "The video encoder ended unexpectedly; please try again."
_SAVING = "while the clip was saved"
_FINISH_SECONDS = 120.0
_GIF_SECONDS = 600.0


class VideoWriter:
    """Write frames one by one; ``close()`` makes the file appear under its name, ``abort()`` leaves nothing.

    ``size`` is (width, height) of the frames to come, ``fps`` their exact rate. ``sound`` is a file whose first sound
    track is laid under the video (silent files are fine), at most ``sound_seconds`` of it and never beyond the video's
    end. ``metadata`` is the request that the file will carry (``Request.to_json()`` or a mapping), ``source_type`` what
    the file says that it is (``studio.origin``; None: a person's own, unchanged, which says nothing), ``credentials``
    what it is signed with. As a context manager it closes, or aborts on an error. Raises ResourceError for a full disk,
    an encoder that died or hung; afterwards nothing is left behind.
    """

    def __init__(
        self,
        path: Path,
        size: tuple[int, int],
        fps: Fraction | float,
        sound: Path | None = None,
        metadata: str | Mapping[str, Any] | None = None,
        sound_seconds: float | None = None,
        source_type: str | None = COMPOSITE,
        credentials: Credentials | None = None,
    ) -> None:
        self.path = Path(path)
        self._source_type = source_type
        self._credentials = credentials
        self.fps = Fraction(fps).limit_denominator(1_001_000)
        self.frames_written = 0
        self.notes: list[str] = []
        if self.fps <= 0 or min(size) < 1:
            raise RequestError("A clip needs a size and a frame rate above zero.")
        self._given = (int(size[0]), int(size[1]))
        self.size = self._coded_size(self._given)
        if self.size != self._given:
            self.notes.append(
                f"H.264 needs even sizes: the last row or column was repeated once, "
                f"{self._given[0]} x {self._given[1]} became {self.size[0]} x {self.size[1]}."
            )
        self._metadata = comment_for(metadata) and metadata  # a request that is not JSON shows here, not after the work
        self._sound_seconds = sound_seconds
        self._sound = self._open_sound(sound)
        token = secrets.token_hex(8)
        self._video = self.path.with_name(f".{token}.video.part")
        self._whole = self.path.with_name(f".{token}.part")
        self._done = False
        self._child = self._start()

    def _open_sound(self, sound: Path | None) -> Sound | None:
        try:
            return find_sound(sound)
        except MediaError:
            self.notes.append(SOUND_LOST)
            return None

    def _coded_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """What 4:2:0 in H.264 makes of a size: even."""
        return size[0] + size[0] % 2, size[1] + size[1] % 2

    def _encoding(self) -> tuple[str, list[str]]:
        """The pixels that come in, and ffmpeg's arguments from there to a file's format."""
        return "rgb24", [
            "-vf", f"{TO_BT709},format=yuv420p",
            "-c:v", "libx264", "-preset", "veryfast", "-crf", str(QUALITY), "-f", "mp4",
        ]  # fmt: skip

    def _start(self) -> ffmpeg.Child:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        width, height = self.size
        rate = f"{self.fps.numerator}/{self.fps.denominator}"
        pixels, encoding = self._encoding()
        arguments = [
            "-v", "error", "-y", "-protocol_whitelist", "pipe,file",
            # -framerate alone is "corrected" by ffmpeg to a rounder rate nearby: 119.88 would become 120
            "-f", "rawvideo", "-pix_fmt", pixels, "-s", f"{width}x{height}", "-framerate", rate, "-r", rate,
            "-i", "pipe:0",
            *encoding[:-2], "-threads", str(ffmpeg.THREADS),
            "-g", str(max(1, round(2 * self.fps))), "-fps_mode", "passthrough",
            "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv",
            *encoding[-2:], f"file:{self._video}",
        ]  # fmt: skip
        return ffmpeg.Child(arguments, feed=True, memory=ffmpeg.memory_for(width * height))

    def _pixels(self, frame: np.ndarray) -> np.ndarray:
        """One frame as it goes to the encoder: checked, and padded to the coded size."""
        return pad_to_even(check_frame(frame))

    def write(self, frame: np.ndarray) -> None:
        """Append one frame (H, W, 3) uint8 RGB of the size given at the start."""
        pixels = self._pixels(frame)
        if (frame.shape[1], frame.shape[0]) != self._given:
            self.abort()
            raise RequestError(
                f"A frame of {frame.shape[1]} x {frame.shape[0]} does not belong into this clip of {self._given}."
            )
        try:
            self._child.write(memoryview(np.ascontiguousarray(pixels)).cast("B"))
        except (BrokenPipeError, ValueError) as error:
            raise self._fail() from error
        except StudioError:
            self.abort()
            raise
        self.frames_written += 1

    def close(self) -> Path:
        """Finish the file and give it its name. Returns ``path``. Raises ResourceError; then nothing is left."""
        if self._done:
            return self.path
        try:
            self._finish()
        except BaseException:
            self.abort()
            raise
        self._done = True
        return self.path

    def _finish(self) -> None:
        if self._child.finish(_FINISH_SECONDS) != 0:
            raise self._fail()
        if self.frames_written == 0:
            raise MediaError("Not a single frame was made, so there is no clip to save.")
        length = self.frames_written / self.fps
        if self._sound_seconds is not None:
            length = min(length, max(Fraction(0), Fraction(self._sound_seconds)))
        note = self._join(length)
        if note:
            self.notes.append(note)
        self._video.unlink(missing_ok=True)
        put_in_place(self._whole, self.path, _DISK_FULL)

    def _join(self, length: Fraction) -> str | None:
        """Picture, sound and tags into one file; what a person should know of the sound, or None."""
        note = join(self._video, self._whole, self._sound, length, self._metadata, self._source_type)
        if self._source_type is not None:
            mark_mp4(self._whole, self._source_type)
            if self._credentials is not None:
                self._video.unlink()  # a signed copy needs its room
                self._credentials.sign_file(self._whole, "mp4", self._source_type)
        return note

    def _fail(self) -> ResourceError:
        """Clean up after an encoder that ended on its own, and say why."""
        code = self._child.ended()  # None: it is not over yet, and the signal that ends it will be ours
        self._child.kill()
        messages = self._child.messages
        logger.debug("the encoder ended with %s: %s", code, messages[-2000:])
        self.abort()
        return ffmpeg.machine_fault(code, messages, _SAVING) or ResourceError(_ENCODER_ENDED)

    def abort(self) -> None:
        """End the encoder and remove everything that was written. Safe to call at any time and twice."""
        if self._done:
            return
        self._done = True
        self._child.kill()
        for part in (self._video, self._whole):
            part.unlink(missing_ok=True)

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()


def write_gif(
    path: Path,
    video_path: Path,
    metadata: str | Mapping[str, Any] | None = None,
    longest: int = GIF_LONGEST,
    credentials: Credentials | None = None,
) -> Path:
    """Turn one of our finished mp4 files into a GIF with a palette of its own, looping, at most 25 frames a second.

    ``metadata`` is the request that it will carry, by default the mp4's own; its source type is the mp4's. ``longest``
    bounds the longer side, in pixels; ``credentials`` sign it. Two passes, so that memory does not grow with length.
    Raises ResourceError; then nothing is left.
    """
    path, token = Path(path), secrets.token_hex(8)
    palette, part = path.with_name(f".{token}.palette.part"), path.with_name(f".{token}.part")
    try:
        source = ["-v", "error", "-y", *ffmpeg.input_arguments(Path(video_path), "mov", 1 << 26)]
        steps = _gif_steps(Path(video_path), longest)
        _gif_pass([*source, "-vf", f"{steps},palettegen=stats_mode=full", "-frames:v", "1", "-c:v", "png",
                   "-f", "image2pipe", f"file:{palette}"])  # fmt: skip
        mix = f"[0:v:0]{steps}[v];[v][1:v]paletteuse=dither=bayer:bayer_scale=4:diff_mode=rectangle"
        _gif_pass([*source, "-f", "png_pipe", "-i", f"file:{palette}", "-filter_complex", mix, "-loop", "0",
                   "-map_metadata", "-1", "-f", "gif", f"file:{part}"])  # fmt: skip
        request = metadata or read_request(Path(video_path))
        source_type = read_source_type(Path(video_path)) or COMPOSITE
        part.write_bytes(mark_gif(part.read_bytes(), request, source_type))
        if credentials is not None:
            credentials.sign_file(part, "gif", source_type)
        put_in_place(part, path, _DISK_FULL)
    except OSError as error:
        raise unwritten(error, _DISK_FULL) from error
    finally:
        palette.unlink(missing_ok=True)
        part.unlink(missing_ok=True)
    return path


def _gif_pass(arguments: list[str]) -> None:
    done = ffmpeg.run(arguments, seconds=_GIF_SECONDS, memory=ffmpeg.memory_for(1 << 23))
    check_ended(done.code, done.messages, "while the GIF was made")
    if done.code:
        logger.debug("ffmpeg said: %s", done.messages[-2000:])
        raise ResourceError("The GIF could not be made; please download the mp4 instead.")


def _gif_steps(video: Path, longest: int) -> str:
    """The filters before the palette: our frames thinned to a rate that GIF's hundredths can show, and scaled down."""
    listing = ffmpeg.run(
        ["-v", "error", *ffmpeg.input_arguments(video, "mov", 1 << 26), "-map", "0:v:0", "-c", "copy", "-t", "2",
         "-f", "framecrc", "pipe:1"], seconds=15.0,
    )  # fmt: skip
    text = listing.output.decode("ascii", "replace")
    size = next((line.split(": ")[1] for line in text.splitlines() if line.startswith("#dimensions 0: ")), "")
    if not size:
        check_ended(listing.code, listing.messages)
        raise MediaError("This clip cannot be turned into a GIF; please make it again.")
    width, height = scaled_to(tuple(int(side) for side in size.split("x")), longest)
    times = packet_times(text)
    fast = clip_rate(times, None)[0] > GIF_MOST_FPS
    rate = f"fps={GIF_MOST_FPS}," if fast else ""
    return f"{rate}scale={width}:{height}:flags=area"
