"""What happens next: a clip's last frames carried on, every frame from the last real one, then repainted.

The source's own motion goes on and settles gently, and what has repeated itself repeats on; words about the course
("pans left", "slows down") bend it.
``generator`` (a torch.Generator) draws one of the plausible futures: things turn, slow and stray a little differently
the further ahead, in proportion to how fast they move, so that what stands still stands still in all of them.
None draws the likeliest future. Frames are uint8 RGB (H, W, 3) on the way in and out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from studio.models.prediction import ALONE, PredictionGenerator
from studio.motion.carry import Trace, carry, ground, second_opinion, share_outside, trace
from studio.motion.confidence import expected, signs
from studio.motion.evidence import Correction, gather, put_together, tell
from studio.motion.forecast import HISTORY, Habit, Motion, drift, observe, plain_habit
from studio.motion.period import Loop, find_period
from studio.pipelines.base import StudioPipeline
from studio.pipelines.calls import CallOptions, takes
from studio.pipelines.prediction.conditions import PredictionConditions
from studio.pipelines.prediction.futures import Course, Future, camera_so_far, course_of, draw_future
from studio.tensors import to_channels_first, to_device, to_numpy


@dataclass(frozen=True)
class Outlook:
    """What one call knows before its first frame: see ``PredictionPipeline._look_ahead``.

    last: the last real frame, uint8 (H, W, 3). behind: what to show where things move away, as
    studio.motion.carry.ground gives it. motion: measured in the last frames; habit: how it develops. known: the
    evidence of studio.motion.evidence.gather. loop: what repeats itself, or None. course: what the words ask for.
    future: one random draw. words: text embeddings (1, D), or None. fps: frames per second.
    """

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
        """(progress, moved, camera) ``ahead`` frames after the last real one.

        progress: the motion that has happened, in frames' worth of it. moved: float32 (h, w, 2) on the motion grid, how
        far things have moved by themselves, in pixels of the frame. camera: (a, b) of the similarity z -> a z + b of
        the picture, z = x + iy in pixels from its centre, y downwards.
        """
        progress = self.course.progress(ahead, self.fps)
        moved = self.future.bend(drift(self.motion, self.habit, progress), self.motion.movers, progress)
        camera = camera_so_far(self.motion, self.course, self.future, progress, ahead / self.fps, self.fps)
        return progress, moved, camera.after()


class PredictionPipeline(StudioPipeline):
    """Parts: ``text_encoder``, ``tokenizer`` (CLIP's), ``generator`` (PredictionGenerator)."""

    conditions = PredictionConditions

    def __init__(self, text_encoder: torch.nn.Module, tokenizer: object, generator: PredictionGenerator) -> None:
        super().__init__()
        self.register_modules(text_encoder=text_encoder, tokenizer=tokenizer, generator=generator)

    @takes(PredictionConditions)
    def confidence(self, asked: PredictionConditions, options: CallOptions) -> np.ndarray:
        """How far each of the frames that ``stream`` yields is to be believed, float32 (num_frames,).

        0..1 and never rising: see studio.motion.confidence. The same for every seed; costs as much as looking ahead.
        Raises RequestError.
        """
        outlook = self._look_ahead(asked, None)
        known = signs(outlook.motion, outlook.last)
        repeats = 0.0 if outlook.loop is None else outlook.loop.weight
        # Little changes from one late frame to the next: a few are looked at, the rest lies between.
        count = asked.num_frames
        looked_at = np.unique(np.geomspace(1, count, min(count, 12)).round().astype(int))
        said = []
        for ahead in looked_at:
            progress, _, camera = outlook.leads_to(int(ahead))
            said.append(expected(known, ahead, share_outside(outlook.motion, camera), repeats))
        between = np.interp(np.arange(1, count + 1), looked_at, said)
        return np.minimum.accumulate(between).astype(np.float32)

    def _stream(self, asked: PredictionConditions, options: CallOptions) -> Iterator[np.ndarray]:
        options.check_cancelled()
        count, outlook = asked.num_frames, self._look_ahead(asked, options.generator)
        del asked  # the outlook holds the few frames that are needed
        for ahead in range(1, count + 1):
            options.check_cancelled()
            yield self._frame(outlook, ahead)
            options.tell_progress(ahead, count)

    def _look_ahead(self, asked: PredictionConditions, generator: torch.Generator | None) -> Outlook:
        """All that is found out once: motion, its habit, what lies behind it, what repeats, the course and one future.

        Keeps no view of the clip's frames.
        """
        frames = asked.frames
        words = None if asked.prompt is None else self.encode_prompt([asked.prompt])
        last = frames[-1].copy()
        motion = observe(list(frames[-HISTORY:]))
        period = find_period(frames)
        loop = None if period is None else Loop(frames, period)
        if loop is not None:
            motion = loop.taken_from(motion)
        future = draw_future(generator, motion.trust.shape, self.generator.config.noise)
        habit = future.habit(plain_habit(motion))
        course = self._course(words, last.shape[:2], asked.fps)
        behind = ground(last, motion)
        return Outlook(last, behind, motion, habit, gather(motion), loop, course, future, words, asked.fps)

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
