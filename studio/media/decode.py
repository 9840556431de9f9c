"""Files to frames: a stream of uint8 RGB frames at one constant rate, upright, as they would be seen on a screen.

The rate is made from the file's own timestamps: every frame is shown at the tick nearest its time and held until the
next one's, from the file's time 0, so that sound and picture stay in step. Colours go through the file's own matrix and
range (BT.601 below 720 lines and BT.709 above where it does not say); 10 bit is rounded to 8, HDR is brought to the
range of a usual screen.

Memory does not grow with length: ffmpeg writes into a pipe and waits for the reader.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import ImageSequence

from studio.clip import FrameStream
from studio.errors import LimitError, MediaError, MemoryOutError
from studio.media.container import read_animation
from studio.media.frames import over_white, resize, scaled_to
from studio.media.info import MediaInfo
from studio.media.pictures import PILLOW_FAULTS, open_picture, read_pixels
from studio.media.probe import probe
from studio.media.reader import FrameReader
from studio.media.sniff import PNG, WEBP
from studio.settings import Limits


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
    else it lies over white, as in all that the studio itself paints. Raises MediaError or LimitError here or, for
    damage found later, in the middle of the stream.
    """
    path = Path(path)
    info = info or probe(path, limits)
    rate = Fraction(fps) if fps is not None else info.fps
    size = scaled_to(info.size, max_size)
    length = info.frame_count if rate == info.fps or not info.duration else max(1, round(info.duration * rate))
    if info.kind == "image":
        picture = read_rgba(path, limits, max_size) if alpha else read_image(path, limits, max_size)
        size = picture.shape[1], picture.shape[0]
        return FrameStream(iter([picture]), size=size, fps=rate, length=1)
    if length is not None and length > limits.frames:
        raise LimitError(
            f"At {float(rate):g} frames per second the clip has {length} frames; at most {limits.frames} can be taken."
        )
    if info.kind == "animation":
        delays = read_animation(path, info.format, limits.frames).delays
        frames = _held(_pictures(path, info, size, limits, alpha, len(delays)), delays, rate)
        return FrameStream(frames, size=size, fps=rate, length=length, on_close=frames.close)
    reader = FrameReader(path, info, limits, size, alpha, rate)
    sound = path if info.has_sound else None
    return FrameStream(reader.frames(), size=size, fps=rate, length=length, sound=sound, on_close=reader.close)


def _held(pictures: Iterator[np.ndarray], delays: Sequence[float], rate: Fraction) -> Generator[np.ndarray]:
    """Each picture held for its own delay: its last tick is the one nearest to the next picture's time."""
    shown, now = 0, 0.0
    try:
        for delay, picture in zip(delays, pictures):
            now += delay
            for repeat in range(round(now * rate) - shown):
                yield picture.copy() if repeat else picture  # who changes one frame must not change the next
                shown += 1
        if shown < round(sum(delays) * rate):
            raise MediaError("The animation is damaged or cut off; please save it again.")
    finally:
        pictures.close()


def _pictures(
    path: Path, info: MediaInfo, size: tuple[int, int], limits: Limits, alpha: bool, count: int
) -> Generator[np.ndarray]:
    """The ``count`` pictures of an animation, one by one. ffmpeg reads GIF; Pillow WebP and PNG, as it reads stills."""
    if info.format in (WEBP, PNG):
        yield from _pillow_pictures(path, info, size, alpha)
        return
    reader = FrameReader(path, info, limits, size, alpha, None, count)
    try:
        yield from reader.frames()
    finally:
        reader.close()


def _pillow_pictures(path: Path, info: MediaInfo, size: tuple[int, int], alpha: bool) -> Iterator[np.ndarray]:
    try:
        with open_picture(path, info.format.name) as picture:
            # an animated PNG may begin with a picture for programs that know no animation
            extra = int(getattr(picture, "default_image", False))
            for step in islice(ImageSequence.Iterator(picture), extra, None):
                frame = resize(np.asarray(step.convert("RGBA")), size)
                yield frame if alpha else over_white(frame)
    except MemoryError as error:
        raise MemoryOutError("Memory ran out while the animation was read: please make it smaller.") from error
    except PILLOW_FAULTS as error:
        raise MediaError("The animation is damaged or cut off; please save it again.") from error


def read_image(path: Path, limits: Limits, max_size: int | None = None) -> np.ndarray:
    """One picture, upright, (H, W, 3) uint8 RGB; transparency lies over white; of an animation the first picture."""
    return over_white(read_rgba(path, limits, max_size))


def read_rgba(path: Path, limits: Limits, max_size: int | None = None) -> np.ndarray:
    """One picture with its transparency, upright, (H, W, 4) uint8, not premultiplied. EXIF and everything else is
    dropped. It comes with at most ``pictures.MOST_PIXELS``, whatever was asked.
    """
    info = probe(Path(path), limits)
    if not info.format.picture:
        raise MediaError("This is a clip, not a picture; please choose a PNG, JPEG, WEBP or GIF picture here.")
    return read_pixels(Path(path), info.format.name, info.size, max_size)
