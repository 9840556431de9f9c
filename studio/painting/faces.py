"""Where the faces of a clip are, as a map that moves with the picture and comes and goes gently.

Faces are looked for now and then by the cascades that come with OpenCV (Viola and Jones, 2001; Lienhart et al., 2003),
each look by another one: they miss a turned head more often than they see it, so what counts is what was seen lately,
carried along the optical flow. What no look confirms fades.

Letters: h, w rows and columns of the frames; the map is a quarter as wide and high.
"""

from __future__ import annotations

import cv2
import numpy as np

from studio.motion.warp import resize_flow, warp_backward

_LOOKING = 320  # pixels of the frame's long side where faces are looked for
_LEAST = 20  # pixels there of the smallest face
_EVERY = 15  # frames from one look to the next
_GAIN, _FADE = 0.8, 0.85  # how much a sighting adds, and what is left of a place that a look did not confirm
_FOLLOW = 0.12  # share of the way that the shown map goes towards the known one in a frame
_SHRINK = 4
_VIEWS = (  # cascade, mirrored?
    ("haarcascade_frontalface_alt2.xml", False),
    ("haarcascade_profileface.xml", False),
    ("haarcascade_frontalface_default.xml", False),
    ("haarcascade_profileface.xml", True),
)


class FaceMap:
    """Follows the faces of one clip. Not for two threads: the cascades keep buffers between calls."""

    def __init__(self, size: tuple[int, int]) -> None:
        """size: the frames' height and width."""
        self._grid = (max(1, size[0] // _SHRINK), max(1, size[1] // _SHRINK))
        self._cascades = {name: cv2.CascadeClassifier(cv2.data.haarcascades + name) for name, _ in _VIEWS}
        self._known = np.zeros(self._grid, np.float32)
        self._shown = self._known
        self._frames = 0

    def follow(self, frame: np.ndarray, flow: np.ndarray | None) -> np.ndarray:
        """float32 (h / 4, w / 4), 0..1: how surely a face is there, soft at its rim.

        frame: uint8 RGB (h, w, 3). flow: float32 (any grid, 2), from this frame back to the last one; None where the
        clip or another shot begins.
        """
        if flow is None:
            self._known = np.zeros(self._grid, np.float32)
            for view in range(len(_VIEWS)):
                self._look(frame, view)
            self._shown, self._frames = self._known, 0
            return self._shown
        self._frames += 1
        if self._known.any() or self._shown.any():
            flow = resize_flow(flow, *self._grid)
            both = warp_backward(np.dstack([self._known, self._shown]), flow)
            self._known, self._shown = np.ascontiguousarray(both[..., 0]), both[..., 1]
        if self._frames % _EVERY == 0:
            self._known *= np.float32(_FADE)
            self._look(frame, self._frames // _EVERY % len(_VIEWS))
        self._shown = self._shown + np.float32(_FOLLOW) * (self._known - self._shown)
        self._shown[self._shown < 0.02] = 0
        return self._shown

    def _look(self, frame: np.ndarray, view: int) -> None:
        name, mirrored = _VIEWS[view]
        scale = min(1.0, _LOOKING / max(frame.shape[:2]))
        size = (max(1, round(frame.shape[1] * scale)), max(1, round(frame.shape[0] * scale)))
        if min(size) < _LEAST:
            return
        grey = cv2.cvtColor(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
        grey = cv2.flip(grey, 1) if mirrored else grey
        for left, top, width, height in self._cascades[name].detectMultiScale(grey, 1.15, 4, 0, (_LEAST, _LEAST)):
            left = size[0] - left - width if mirrored else left
            centre = ((left + width / 2) / size[0], (top + height * 0.52) / size[1])
            radii = (0.46 * width / size[0], 0.56 * height / size[1])
            self._known = np.minimum(self._known + np.float32(_GAIN) * _ellipse(self._grid, centre, radii), 1)


def _ellipse(grid: tuple[int, int], centre: tuple[float, float], radii: tuple[float, float]) -> np.ndarray:
    """float32 of the grid's size: 1 within an ellipse, 0 beyond 1.4 times its radii; lengths in 0..1, x first."""
    columns = ((np.arange(grid[1], dtype=np.float32) + np.float32(0.5)) / grid[1] - centre[0]) / radii[0]
    rows = ((np.arange(grid[0], dtype=np.float32) + np.float32(0.5)) / grid[0] - centre[1]) / radii[1]
    distance = np.sqrt(columns[None] ** 2 + rows[:, None] ** 2)
    part = np.clip((1.4 - distance) / 0.4, 0, 1)
    return (part * part * (3 - 2 * part)).astype(np.float32)
