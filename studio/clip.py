"""Frames in memory and frames on their way: the only two forms in which video moves between rooms.

Axes: T time, H height, W width, 3 = RGB. Values are uint8, 0..255, sRGB as displayed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import numpy as np

from studio.errors import RequestError


def check_frame(frame: np.ndarray) -> np.ndarray:
    """Return ``frame`` if it is one uint8 RGB frame (H, W, 3); raise RequestError otherwise."""
    if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
        raise RequestError("A frame must be a uint8 array of shape (height, width, 3).")
    if frame.shape[0] < 1 or frame.shape[1] < 1:
        raise RequestError("A frame must be at least one pixel high and wide.")
    return frame


def check_frames(frames: np.ndarray | list[np.ndarray], at_least: int = 1) -> np.ndarray:
    """Return ``frames`` as one uint8 array (T, H, W, 3) with T >= ``at_least``; raise RequestError otherwise."""
    if isinstance(frames, (list, tuple)):
        if len({getattr(frame, "shape", None) for frame in frames}) > 1:
            raise RequestError("All frames must have the same size.")
        frames = np.stack([check_frame(frame) for frame in frames]) if frames else np.zeros((0, 1, 1, 3), np.uint8)
    if not isinstance(frames, np.ndarray) or frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3:
        raise RequestError("Frames must be a uint8 array of shape (time, height, width, 3).")
    if len(frames) < at_least:
        raise RequestError(f"At least {at_least} frame{'s are' if at_least > 1 else ' is'} needed; got {len(frames)}.")
    return frames


class FrameStream:
    """Frames one after another, never all at once.

    ``size`` is (width, height) in pixels, ``fps`` an exact rate, ``length`` the number of frames where the container
    tells it (an estimate: iterate to be sure), ``sound`` the file that carries the sound, or None. ``on_close`` frees
    whatever feeds the stream (a child process, a file); it runs once: at the end, on ``close()`` or leaving ``with``.
    """

    def __init__(
        self,
        frames: Iterable[np.ndarray],
        *,
        size: tuple[int, int],
        fps: Fraction,
        length: int | None = None,
        sound: Path | None = None,
        on_close: Callable[[], None] | None = None,
    ) -> None:
        self._frames = iter(frames)
        self.size = size
        self.fps = Fraction(fps)
        self.length = length
        self.sound = sound
        self._on_close = on_close

    def __iter__(self) -> Iterator[np.ndarray]:
        try:
            yield from self._frames
        finally:
            self.close()

    def close(self) -> None:
        """Free the source. Safe to call twice."""
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            on_close()

    def __enter__(self) -> FrameStream:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
