"""What happens next: a clip's last frames carried on, every frame from the last real one, then repainted.

The source's own motion goes on and settles gently; words about the course ("pans left", "slows down") bend it.
``generator`` (a torch.Generator) draws one of the plausible futures: things turn, slow and stray a little differently
the further ahead, in proportion to how fast they move, so that what stands still stands still in all of them.
None draws the likeliest future. Frames are uint8 RGB (H, W, 3) on the way in and out.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch

from studio.clip import check_frames
from studio.errors import RequestError
from studio.models.prediction import ALONE, PredictionGenerator
from studio.motion.camera import Camera
from studio.motion.carry import Trace, carry, ground, guides, second_opinion, trace
from studio.motion.forecast import HISTORY, Habit, Motion, drift, observe, settled
from studio.pipelines.base import (
    FramesOutput,
    IsCancelled,
    OnProgress,
    StudioPipeline,
    check_cancelled,
    collect,
    seeded,
)
from studio.tensors import to_channels_first, to_float, to_uint8

MOST_FRAMES = 600
"""Frames that one call may add: the longest request at the highest usual rate."""

_OWN_SECONDS = 2.0  # the source's camera has settled after about so long
_TURN_SECONDS = 1.0  # its zoom and roll
_FADE_SECONDS = 0.6  # and makes way so fast for a camera that the words ask for
_EASE_SECONDS = 0.25  # a camera that the words ask for starts as softly
_PAN_SECONDS, _ZOOM_SECONDS = 2.2, 1.4  # and has settled after about so long, before all it shows is invented
_CHANGE_SECONDS = 0.7  # speeding up, slowing down and stopping take so long
_DEAF = np.array([0.12, 0.12, 0.12, 0.12, 0.15, 0.25])  # numbers of a course smaller than this mean nothing
_FIELD = (3, 4)  # random bends of motion, per picture


@dataclass(frozen=True)
class Course:
    """What the words ask for: cameras that pan and that zoom and roll, per frame; how motion speeds up and stops."""

    pan: Camera = Camera()
    turn: Camera = Camera()
    speed: float = 1.0
    stop: float = 0.0


@dataclass(frozen=True)
class Future:
    """One draw of what nobody can know; every number is standard normal, and all nil is the likeliest future.

    ``bends`` (h, w, 2) smooth, ``patience`` (h, w) smooth; ``camera`` three numbers; ``paint`` the painter's (1, Z).
    """

    bends: np.ndarray
    patience: np.ndarray
    camera: np.ndarray
    paint: torch.Tensor


@dataclass(frozen=True)
class Outlook:
    """What one call knows before its first frame: see ``PredictionPipeline._look_ahead``."""

    last: np.ndarray
    behind: np.ndarray
    motion: Motion
    habit: Habit
    course: Course
    future: Future
    words: torch.Tensor | None
    fps: float


class PredictionPipeline(StudioPipeline):
    """Parts: ``text_encoder``, ``tokenizer`` (CLIP's), ``generator`` (PredictionGenerator)."""

    model_cpu_offload_seq = "text_encoder->generator"

    def __init__(self, text_encoder: torch.nn.Module, tokenizer: object, generator: PredictionGenerator) -> None:
        super().__init__()
        self.register_modules(text_encoder=text_encoder, tokenizer=tokenizer, generator=generator)

    def __call__(
        self,
        frames: np.ndarray | Sequence[np.ndarray],
        num_frames: int = 5,
        prompt: str | None = None,
        fps: float = 24,
        generator: torch.Generator | None = None,
        *,
        on_progress: OnProgress | None = None,
        is_cancelled: IsCancelled | None = None,
    ) -> FramesOutput:
        """The next ``num_frames`` frames after ``frames``. See ``stream``."""
        frames = check_frames(frames)
        made = self.stream(
            frames, num_frames, prompt, fps, generator, on_progress=on_progress, is_cancelled=is_cancelled
        )
        return collect(made, frames.shape[1:3])

    def stream(
        self,
        frames: np.ndarray | Sequence[np.ndarray],
        num_frames: int = 5,
        prompt: str | None = None,
        fps: float = 24,
        generator: torch.Generator | None = None,
        *,
        on_progress: OnProgress | None = None,
        is_cancelled: IsCancelled | None = None,
    ) -> Iterator[np.ndarray]:
        """Yields what follows on ``frames`` (T, H, W, 3), T >= 1, of which only the last few are looked at.

        prompt: words about the course, None or blank = the source's own. fps: frames per second of the clip; a course
        is meant per second. generator: the seed of one plausible future, None = the likeliest.
        Raises RequestError, Cancelled.
        """
        frames = check_frames(frames[-HISTORY:])
        if isinstance(num_frames, bool) or not isinstance(num_frames, int) or not 1 <= num_frames <= MOST_FRAMES:
            raise RequestError(f"The number of frames to predict must be a whole number from 1 to {MOST_FRAMES}.")
        if not (fps > 0 and math.isfinite(fps)):
            raise RequestError("The frame rate of the clip must be above zero.")
        prompt = prompt if prompt and prompt.strip() else None
        return self._stream(frames.copy(), num_frames, prompt, float(fps), generator, on_progress, is_cancelled)

    def _stream(
        self,
        frames: np.ndarray,
        num_frames: int,
        prompt: str | None,
        fps: float,
        generator: torch.Generator | None,
        on_progress: OnProgress | None,
        is_cancelled: IsCancelled | None,
    ) -> Iterator[np.ndarray]:
        check_cancelled(is_cancelled)
        outlook = self._look_ahead(frames, prompt, fps, generator)
        for ahead in range(1, num_frames + 1):
            check_cancelled(is_cancelled)
            yield self._frame(outlook, ahead)
            if on_progress is not None:
                on_progress(ahead, num_frames)

    def _look_ahead(
        self, frames: np.ndarray, prompt: str | None, fps: float, generator: torch.Generator | None
    ) -> Outlook:
        """All that is found out once: motion, its habit, what lies behind it, the course and one future."""
        words = None if prompt is None else self.encode_prompt([prompt])
        last = frames[-1]
        motion = observe(list(frames))
        future = self._draw(generator, motion)
        habit = _patient(self._judge(motion, last), future)
        course = self._course(words, min(last.shape[:2]), fps)
        return Outlook(last, ground(last, motion), motion, habit, course, future, words, fps)

    def _frame(self, outlook: Outlook, ahead: int) -> np.ndarray:
        """The frame so many frames ahead, straight from the last real one: frames do not depend on each other."""
        fps, motion, future = outlook.fps, outlook.motion, outlook.future
        progress = sum(_pace(outlook.course, step / fps) for step in range(1, ahead + 1))
        moved = _bent(drift(motion, outlook.habit, progress), future, progress)
        camera = _camera(motion.camera, outlook.course, future, progress, ahead / fps, fps)
        path = trace(motion, moved, camera.after())
        forecast = carry(outlook.last, outlook.behind, path)
        # Where words bend the course, what the source alone would do is no second opinion.
        if ahead < ALONE and outlook.course == Course():
            other = second_opinion(outlook.last, motion, progress), outlook.last
        else:
            other = forecast, forecast
        return self._paint((forecast, *other), path, ahead, outlook.words, future)

    def _course(self, words: torch.Tensor | None, side: int, fps: float) -> Course:
        """Words as a Course in pixels per frame of this clip, whose shorter side stands for a course's frame height."""
        if words is None:
            return Course()
        with torch.inference_mode():
            numbers = self.generator.course(words.to(self.generator.dtype))[0].float().cpu().numpy().astype(np.float64)
        numbers[4] -= 1
        numbers = np.where(np.abs(numbers) < _DEAF, 0, numbers)
        pan_x, pan_y, zoom, rotation = np.clip(numbers[:4], -1.5, 1.5)
        # A camera that looks to the left moves the picture to the right.
        pan = Camera(0j, complex(-pan_x, -pan_y) * side / fps)
        turn = Camera(complex(zoom * math.log(2), rotation) / fps)
        return Course(pan, turn, float(np.clip(1 + numbers[4], 0.1, 4)), float(np.clip(numbers[5], 0, 1)))

    def _draw(self, generator: torch.Generator | None, motion: Motion) -> Future:
        size, rest = motion.trust.shape, self.generator.config.noise
        if generator is None:
            none = np.zeros((*size, 3), np.float32)
            return Future(none[..., :2], none[..., 2], np.zeros(3), torch.zeros(1, rest))
        field = seeded(generator, (*_FIELD, 3)).numpy()
        field = cv2.resize(field, (size[1], size[0]), interpolation=cv2.INTER_CUBIC)
        return Future(field[..., :2], field[..., 2], seeded(generator, (3,)).numpy(), seeded(generator, (1, rest)))

    def _judge(self, motion: Motion, last: np.ndarray) -> Habit:
        """How this motion develops, as the generator sees it."""
        net = self.generator
        h, w = motion.trust.shape
        small = to_float(cv2.resize(last, (w, h), interpolation=cv2.INTER_AREA), net.device, net.dtype)[None]
        fields = (to_channels_first(f / motion.scale, net.device)[None] for f in (motion.quick, motion.slow))
        maps = (
            torch.from_numpy(np.ascontiguousarray(values)).to(net.device)[None]
            for values in (motion.trust, motion.slow_trust, motion.mismatch)
        )
        with self.fast():
            judged = net.judge(*(x.to(net.dtype) for x in (*fields, *maps)), small)
        return Habit(*(x[0].float().cpu().numpy() for x in (judged.share_now, judged.share_later, judged.horizon)))

    def _paint(
        self, opinions: tuple[np.ndarray, ...], path: Trace, ahead: int, words: torch.Tensor | None, future: Future
    ) -> np.ndarray:
        told = guides(path)
        if not (path.moved.any() or path.uncovered.any() or path.outside.any()):
            return opinions[0]
        device, dtype = self.generator.device, self.generator.dtype
        with self.fast():
            pictures = torch.cat([to_float(one[None], device, dtype) for one in opinions], 1)
            hints = to_channels_first(told[None], device, dtype)
            horizon = torch.tensor([float(min(ahead, 48))], device=device)
            noise = future.paint.to(device, dtype)
            return to_uint8(self.generator.paint(pictures, hints, horizon, words, noise))[0]


def _pace(course: Course, seconds: float) -> float:
    """How many frames' worth of motion happen in one frame, so long after the last real one."""
    share = min(1.0, seconds / _CHANGE_SECONDS)
    return course.speed**share * (1 - course.stop * share * share * (3 - 2 * share))


def _camera(own: Camera, course: Course, future: Future, progress: float, seconds: float, fps: float) -> Camera:
    """All that the camera has done so far, as the motion of one step."""
    asked = course.pan != Camera() or course.turn != Camera()
    # Roll and zoom fitted to a scene with depth are half an accident: they settle sooner than a pan.
    turned = own.turn * float(settled(progress, fps * (_FADE_SECONDS if asked else _TURN_SECONDS)))
    shifted = own.shift * float(settled(progress, fps * (_FADE_SECONDS if asked else _OWN_SECONDS)))
    since = Camera(turned, shifted)
    eased = seconds - _EASE_SECONDS * -math.expm1(-seconds / _EASE_SECONDS)
    since += course.pan * float(fps * settled(eased, _PAN_SECONDS))
    since += course.turn * float(fps * settled(eased, _ZOOM_SECONDS))
    # Cameras stray: in pace and in direction, more the longer they have been unwatched.
    stray = -math.expm1(-2 * seconds)
    pace, turn, push = (float(number) for number in future.camera)
    since = Camera(since.turn * (1 + 0.25 * push * stray), since.shift * cmath.exp(0.3j * turn * stray))
    return since * math.exp(0.25 * pace * stray)


def _patient(habit: Habit, future: Future) -> Habit:
    """The same habit, settling sooner here and later there."""
    return replace(habit, horizon=habit.horizon * np.exp(np.clip(0.4 * future.patience, -1, 1)))


def _bent(moved: np.ndarray, future: Future, progress: float) -> np.ndarray:
    """What has moved strays from its line as if pushed: nothing at first, then up to half of its own way."""
    if not future.bends.any():
        return moved
    way = cv2.GaussianBlur(np.linalg.norm(moved, axis=2), (0, 0), 6)[..., None]
    return moved + 0.35 * -math.expm1(-progress / 10) * way * future.bends
