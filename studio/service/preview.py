"""What the page shows of a file before any job: a moving picture as a small film that a browser plays, a clip's first
frame.

The job itself reads the file that was given; this is only for looking at, so it is small and short.
"""

from __future__ import annotations

import io
import secrets
from itertools import islice
from pathlib import Path

from PIL import Image

from studio.errors import MediaError
from studio.media.decode import open_frames
from studio.media.encode import VideoWriter
from studio.media.probe import probe
from studio.media.sniff import sniff
from studio.service.faults import translate
from studio.settings import Limits

LONGEST_SIDE = 480
MOST_FRAMES = 300
SHOWN_TYPES = {
    "mp4": "video/mp4", "matroska": "video/webm", "gif": "image/gif", "png": "image/png", "jpeg": "image/jpeg",
    "webp": "image/webp",
}  # fmt: skip
"""What browsers show, by our name of the format."""


def playable(path: Path, limits: Limits) -> Path:
    """An mp4 of the start of an animation, beside it under a fresh name.

    Raises MediaError for what does not move or cannot be read, LimitError for what is too large.
    """
    info = probe(path, limits)
    if info.kind != "animation":
        what = "a picture that does not move" if info.kind == "image" else "a clip: please add it above"
        raise MediaError(f"This file is {what}.")
    target = path.with_name(f"{secrets.token_hex(8)}.mp4")
    try:
        with (
            open_frames(path, limits, max_size=LONGEST_SIDE, info=info) as frames,
            VideoWriter(target, frames.size, frames.fps, source_type=None) as video,  # it is the person's own
        ):
            for frame in islice(frames, MOST_FRAMES):
                video.write(frame)
    except Exception as error:
        known = translate(error)
        raise known from (None if known is error else error)
    return target


def first_frame(path: Path, limits: Limits) -> bytes:
    """The first frame of a clip, or a picture, as a small JPEG. Raises MediaError or LimitError."""
    try:
        with open_frames(path, limits, max_size=LONGEST_SIDE) as frames:
            frame = next(iter(frames))
    except StopIteration:
        raise MediaError("This file shows no picture: please choose another one.") from None
    except Exception as error:
        known = translate(error)
        raise known from (None if known is error else error)
    out = io.BytesIO()
    Image.fromarray(frame).save(out, "JPEG", quality=85)
    return out.getvalue()


def shown_type(path: Path) -> str | None:
    """The media type under which a browser may show a file, by its bytes alone; None for everything else."""
    try:
        return SHOWN_TYPES.get(sniff(path).name)
    except MediaError:
        return None
