"""How the future of a clip is bent: by words about its course, and by a draw of what nobody can know.

A ``Course`` is what the words ask for, a ``Future`` one plausible draw. Letters: H, W rows and columns of the frame;
h, w of the motion grid; Z dims of the painter's noise. Cameras are in pixels of the frame, per frame.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch

from studio.motion.camera import Camera
from studio.motion.forecast import Habit, Motion, by_mover, settled
from studio.pipelines.base import seeded
from studio.tensors import to_numpy

_OWN_SECONDS = 2.0  # the source's camera has settled after about so long
_TURN_SECONDS = 1.0  # its zoom and roll
_FADE_SECONDS = 0.6  # and makes way so fast for a camera that the words ask for
_EASE_SECONDS = 0.25  # a camera that the words ask for starts as softly
_PAN_SECONDS, _ZOOM_SECONDS = 2.2, 1.4  # and has settled after about so long, before all it shows is invented
_CHANGE_SECONDS = 0.7  # speeding up, slowing down and stopping take so long
_DEAF = np.array([0.12, 0.12, 0.12, 0.12, 0.15, 0.25])  # numbers of a course smaller than this mean nothing
_FIELD = (3, 4)  # random bends of motion, per picture
_TEMPO = 0.12  # by which the pace of what repeats differs between futures


@dataclass(frozen=True)
class Course:
    """What the words ask for: cameras that pan and that zoom and roll, per frame; how motion speeds up and stops."""

    pan: Camera = Camera()
    turn: Camera = Camera()
    speed: float = 1.0
    stop: float = 0.0

    def progress(self, ahead: int, fps: float) -> float:
        """How many frames' worth of motion have happened ``ahead`` frames after the last real one."""
        return sum(self._pace(step / fps) for step in range(1, ahead + 1))

    def _pace(self, seconds: float) -> float:
        share = min(1.0, seconds / _CHANGE_SECONDS)
        return self.speed**share * (1 - self.stop * share * share * (3 - 2 * share))


def course_of(numbers: np.ndarray, size: tuple[int, int], fps: float) -> Course:
    """The course that six numbers stand for in a clip of ``size`` (H, W) and ``fps`` frames per second.

    numbers: float (6,), in the order and units of ``studio.models.prediction.COURSE``; its "frame height" is the
    clip's shorter side. Values near 0 (for the speed factor: near 1) are taken as no change.
    """
    numbers = numbers.astype(np.float64)
    numbers[4] -= 1
    numbers = np.where(np.abs(numbers) < _DEAF, 0, numbers)
    pan_x, pan_y, zoom, rotation = np.clip(numbers[:4], -1.5, 1.5)
    # A camera that looks to the left moves the picture to the right.
    pan = Camera(0j, complex(-pan_x, -pan_y) * min(size) / fps)
    turn = Camera(complex(zoom * math.log(2), rotation) / fps)
    return Course(pan, turn, float(np.clip(1 + numbers[4], 0.1, 4)), float(np.clip(numbers[5], 0, 1)))


@dataclass(frozen=True)
class Future:
    """Random numbers that choose one of the plausible futures: standard normal, or all zero for the likeliest one.

    bends: float32 (h, w, 2), smooth, by which motion strays. settling: float32 (h, w), smooth, how much later things
    settle. camera: (3,) for the camera's pace, direction and zoom. paint: the generator's noise (1, Z), float32 on the
    CPU.
    """

    bends: np.ndarray
    settling: np.ndarray
    camera: np.ndarray
    paint: torch.Tensor

    def habit(self, habit: Habit) -> Habit:
        """The same habit with its horizon (h, w) scaled by exp(0.4 * settling), within a factor of e either way."""
        return replace(habit, horizon=habit.horizon * np.exp(np.clip(0.4 * self.settling, -1, 1)))

    def bend(self, moved: np.ndarray, movers: np.ndarray, progress: float) -> np.ndarray:
        """Displacements with this future's deviation added, float32 (h, w, 2), in pixels.

        moved: float32 (h, w, 2), how far things have moved, in pixels. movers: int32 (h, w), see ``Motion``: each
        moving thing is deviated as a whole, so that it keeps its shape. progress: frames' worth of motion so far; the
        deviation is proportional to the distance moved and grows from nothing. Without bends, ``moved`` itself.
        """
        if not self.bends.any():
            return moved
        way = cv2.GaussianBlur(np.linalg.norm(moved, axis=2), (0, 0), 6)[..., None]
        stray = way * self.bends
        stray = np.dstack([by_mover(stray[..., axis], movers) for axis in (0, 1)])
        return (moved + 0.35 * -math.expm1(-progress / 10) * stray).astype(np.float32)

    def phase(self, progress: float, seconds: float) -> float:
        """Frames by which a repeating motion has advanced: ``progress``, a little faster or slower in each future."""
        return progress * math.exp(_TEMPO * float(np.clip(self.camera[0], -2, 2)) * -math.expm1(-seconds))


def draw_future(generator: torch.Generator | None, grid: tuple[int, int], noise: int) -> Future:
    """A future on a motion grid (h, w) with Z = ``noise``; ``generator`` None gives the likeliest, all zero."""
    if generator is None:
        none = np.zeros((*grid, 3), np.float32)
        return Future(none[..., :2], none[..., 2], np.zeros(3), torch.zeros(1, noise))
    field = to_numpy(seeded(generator, (*_FIELD, 3)))
    field = cv2.resize(field, (grid[1], grid[0]), interpolation=cv2.INTER_CUBIC)
    return Future(field[..., :2], field[..., 2], to_numpy(seeded(generator, (3,))), seeded(generator, (1, noise)))


def camera_so_far(
    motion: Motion, course: Course, future: Future, progress: float, seconds: float, fps: float
) -> Camera:
    """All that the camera has done so far, as the motion of one step: the source's camera, which settles, the one that
    the words ask for, and this future's deviation.

    progress: frames' worth of motion so far; seconds: time since the last real frame; fps: frames per second.
    """
    asked = course.pan != Camera() or course.turn != Camera()
    # A hand that shakes goes nowhere: only a steady camera goes on for long.
    lasting = fps * (0.25 + 0.75 * motion.steady)
    # Roll and zoom fitted to a scene with depth are half an accident: they settle sooner than a pan.
    turned = motion.camera.turn * float(settled(progress, lasting * (_FADE_SECONDS if asked else _TURN_SECONDS)))
    shifted = motion.camera.shift * float(settled(progress, lasting * (_FADE_SECONDS if asked else _OWN_SECONDS)))
    since = Camera(turned, shifted)
    eased = seconds - _EASE_SECONDS * -math.expm1(-seconds / _EASE_SECONDS)
    since += course.pan * float(fps * settled(eased, _PAN_SECONDS))
    since += course.turn * float(fps * settled(eased, _ZOOM_SECONDS))
    # Cameras stray: in pace and in direction, more the longer they have been unwatched.
    stray = -math.expm1(-2 * seconds)
    pace, turn, push = (float(number) for number in future.camera)
    since = Camera(since.turn * (1 + 0.25 * push * stray), since.shift * cmath.exp(0.3j * turn * stray))
    return since * math.exp(0.25 * pace * stray)
