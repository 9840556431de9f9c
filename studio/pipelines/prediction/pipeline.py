"""What happens next: a clip's last frames carried on, every frame from the last real one, then repainted.

The source's own motion goes on and settles gently, and what has repeated itself repeats on; words about the course
("pans left", "slows down") bend it.
``generator`` (a torch.Generator) draws one of the plausible futures: things turn, slow and stray a little differently
the further ahead, in proportion to how fast they move, so that what stands still stands still in all of them.
None draws the likeliest future. Frames are uint8 RGB (H, W, 3) on the way in and out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from studio.clip import check_frames
from studio.errors import RequestError
from studio.models.prediction import ALONE, PredictionGenerator
from studio.motion.carry import Trace, carry, ground, second_opinion, share_outside, trace
from studio.motion.confidence import expected, signs
from studio.motion.evidence import Correction, gather, put_together, tell
from studio.motion.forecast import HISTORY, Habit, Motion, drift, observe, plain_habit
from studio.motion.period import MOST_HISTORY, Loop, find_period, history_frames
from studio.pipelines.base import (
    FramesOutput,
    IsCancelled,
    OnProgress,
    StudioPipeline,
    check_cancelled,
    collect,
)
from studio.pipelines.prediction.futures import Course, Future, camera_so_far, course_of, draw_future
from studio.tensors import to_channels_first, to_device, to_numpy

MOST_FRAMES = 1200
"""Frames that one call may add: the longest request at the highest usual rate."""


@dataclass(frozen=True)
class Outlook:
    """What one call knows before its first frame: see ``PredictionPipeline._look_ahead``."""

    last: np.ndarray
    behind: np.ndarray
    motion: Motion
    habit: Habit
    known: np.ndarray
    loop: Loop | None
    course: Course
    future: Future
    words: torch.Tensor | None
    fps: float

    def leads_to(self, ahead: int) -> tuple[float, np.ndarray, tuple[complex, complex]]:
        """After so many frames: the motion that has happened, in frames' worth of it; how far things have moved by
        themselves (h, w, 2); and (a, b) of the similarity z -> a z + b that the camera has made of the picture.
        """
        progress = self.course.progress(ahead, self.fps)
        moved = self.future.bend(drift(self.motion, self.habit, progress), self.motion.movers, progress)
        camera = camera_so_far(self.motion, self.course, self.future, progress, ahead / self.fps, self.fps)
        return progress, moved, camera.after()


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
        """Yields what follows on ``frames`` (T, H, W, 3), T >= 1; only the last ``history_frames`` are looked at.

        prompt: words about the course, None or blank = the source's own. fps: frames per second of the clip; a course
        is meant per second. generator: the seed of one plausible future, None = the likeliest.
        Raises RequestError, Cancelled.
        """
        frames, prompt = _checked(frames, num_frames, prompt, fps)
        return self._stream(frames, num_frames, prompt, float(fps), generator, on_progress, is_cancelled)

    def confidence(
        self,
        frames: np.ndarray | Sequence[np.ndarray],
        num_frames: int = 5,
        prompt: str | None = None,
        fps: float = 24,
    ) -> np.ndarray:
        """How far each of the ``num_frames`` frames that ``stream`` yields is to be believed, float32 (num_frames,).

        0..1 and never rising: see studio.motion.confidence. The same for every seed; costs as much as looking ahead.
        Raises RequestError.
        """
        frames, prompt = _checked(frames, num_frames, prompt, fps)
        outlook = self._look_ahead(frames, prompt, float(fps), None)
        known = signs(outlook.motion, outlook.last)
        repeats = 0.0 if outlook.loop is None else outlook.loop.weight
        # Little changes from one late frame to the next: a few are looked at, the rest lies between.
        asked = np.unique(np.geomspace(1, num_frames, min(num_frames, 12)).round().astype(int))
        said = []
        for ahead in asked:
            progress, _, camera = outlook.leads_to(int(ahead))
            said.append(expected(known, ahead, share_outside(outlook.motion, camera), repeats))
        between = np.interp(np.arange(1, num_frames + 1), asked, said)
        return np.minimum.accumulate(between).astype(np.float32)

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
        del frames  # the outlook holds the few that are needed
        for ahead in range(1, num_frames + 1):
            check_cancelled(is_cancelled)
            yield self._frame(outlook, ahead)
            if on_progress is not None:
                on_progress(ahead, num_frames)

    def _look_ahead(
        self, frames: np.ndarray, prompt: str | None, fps: float, generator: torch.Generator | None
    ) -> Outlook:
        """All that is found out once: motion, its habit, what lies behind it, what repeats, the course and one future.

        Keeps no view of ``frames``.
        """
        words = None if prompt is None else self.encode_prompt([prompt])
        last = frames[-1].copy()
        motion = observe(list(frames[-HISTORY:]))
        period = find_period(frames)
        loop = None if period is None else Loop(frames, period)
        if loop is not None:
            motion = loop.taken_from(motion)
        future = draw_future(generator, motion.trust.shape, self.generator.config.noise)
        habit = future.habit(plain_habit(motion))
        course = self._course(words, last.shape[:2], fps)
        return Outlook(last, ground(last, motion), motion, habit, gather(motion), loop, course, future, words, fps)

    def _frame(self, outlook: Outlook, ahead: int) -> np.ndarray:
        """The frame so many frames ahead, straight from the last real ones: frames do not depend on each other."""
        progress, moved, camera = outlook.leads_to(ahead)
        source = outlook.last
        if outlook.loop is not None:
            source = outlook.loop.over(source, outlook.future.phase(progress, ahead / outlook.fps))
        path = trace(outlook.motion, moved, camera)
        forecast = carry(source, outlook.behind, path)
        # Where words bend the course, what the source alone would do is no second opinion.
        if ahead < ALONE and outlook.course == Course():
            other = second_opinion(source, outlook.motion, progress), source
        else:
            other = forecast, forecast
        return self._correct((forecast, *other), path, outlook, ahead)

    def _course(self, words: torch.Tensor | None, size: tuple[int, int], fps: float) -> Course:
        """Words as a Course for a clip of (H, W) and ``fps``."""
        if words is None:
            return Course()
        with torch.inference_mode():
            numbers = to_numpy(self.generator.course(words)[0])
        return course_of(numbers, size, fps)

    def _correct(self, opinions: tuple[np.ndarray, ...], path: Trace, outlook: Outlook, ahead: int) -> np.ndarray:
        """The frame as the generator would have it; where nothing changes, it stays to the last bit."""
        if not (path.moved.any() or path.uncovered.any() or path.outside.any()):
            return opinions[0]
        net = self.generator
        told = tell(outlook.known, path, opinions, outlook.course.progress(ahead, outlook.fps))
        with self.fast():
            horizon = torch.full((1,), float(ahead), device=net.device)
            noise = to_device(outlook.future.paint, net.device)
            said = net.refine(to_channels_first(told[None], net.device), horizon, outlook.words, noise)
            parts = (to_numpy(part[0].movedim(0, -1)) for part in (said.shift, said.shares, said.colour))
            correction = Correction(*parts)
        return put_together(opinions, path, correction)


def _checked(
    frames: np.ndarray | Sequence[np.ndarray], num_frames: int, prompt: str | None, fps: float
) -> tuple[np.ndarray, str | None]:
    """The last frames that are worth looking at, and the prompt unless it is blank; RequestError if all is not well."""
    frames = check_frames(frames[-MOST_HISTORY:])
    if isinstance(num_frames, bool) or not isinstance(num_frames, int) or not 1 <= num_frames <= MOST_FRAMES:
        raise RequestError(f"The number of frames to predict must be a whole number from 1 to {MOST_FRAMES}.")
    if not (fps > 0 and math.isfinite(fps)):
        raise RequestError("The frame rate of the clip must be above zero.")
    return frames[-history_frames(frames.shape[1:3], fps) :], prompt if prompt and prompt.strip() else None
