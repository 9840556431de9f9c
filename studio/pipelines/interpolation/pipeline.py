"""In-between frames: the classical motion-compensated picture, corrected by the generator, as streams.

Three ways in: the in-betweens of given keyframes at given moments (``stream``, ``__call__``), a film of keyframes
(``animate``), and a clip at another frame rate (``retime``). Frames are uint8 RGB (H, W, 3) on the way in and out;
keyframes may also be straight RGBA (H, W, 4), and then so is what comes out.
Words about timing ("slow start") bend time; no words leave it straight. ``generator`` gives the randomness in what
nobody can know (torn and hidden places); None draws the likeliest picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from fractions import Fraction
from functools import lru_cache
from itertools import count

import numpy as np
import torch

from studio.clip import check_frames
from studio.errors import RequestError
from studio.models.interpolation import InterpolationGenerator
from studio.pipelines.base import FramesOutput, IsCancelled, OnProgress, StudioPipeline, collect, seeded
from studio.pipelines.interpolation.drawing import GapDrawing
from studio.pipelines.interpolation.films import film, retimed
from studio.pipelines.interpolation.gaps import AT_CUT, Draw, GapFiller, OnNote
from studio.pipelines.interpolation.pace import EASINGS, Curve, gap_lengths, reading_of, words_of_gaps
from studio.pipelines.interpolation.rates import frames_out
from studio.tensors import to_numpy


class InterpolationPipeline(StudioPipeline):
    """Parts: ``text_encoder``, ``tokenizer`` (CLIP's), ``generator`` (InterpolationGenerator)."""

    model_cpu_offload_seq = "text_encoder->generator"

    def __init__(
        self,
        text_encoder: torch.nn.Module,
        tokenizer: object,
        generator: InterpolationGenerator,
    ) -> None:
        super().__init__()
        generator.to(memory_format=torch.channels_last)  # a quarter faster
        self.register_modules(text_encoder=text_encoder, tokenizer=tokenizer, generator=generator)

    def __call__(
        self,
        keyframes: np.ndarray | Sequence[np.ndarray],
        times: Sequence[float] = (0.5,),
        prompt: str | None = None,
        *,
        at_cut: str = "auto",
        generator: torch.Generator | None = None,
        on_progress: OnProgress | None = None,
        is_cancelled: IsCancelled | None = None,
        on_note: OnNote | None = None,
    ) -> FramesOutput:
        """The in-betweens only: for each gap in order, one frame for each of ``times``. See ``stream``."""
        keyframes = check_keyframes(keyframes)
        made = self.stream(
            keyframes,
            times,
            prompt,
            at_cut=at_cut,
            generator=generator,
            on_progress=on_progress,
            is_cancelled=is_cancelled,
            on_note=on_note,
        )
        return collect(made, keyframes.shape[1:3])

    def stream(
        self,
        keyframes: np.ndarray | Sequence[np.ndarray],
        times: Sequence[float] = (0.5,),
        prompt: str | None = None,
        *,
        at_cut: str = "auto",
        generator: torch.Generator | None = None,
        on_progress: OnProgress | None = None,
        is_cancelled: IsCancelled | None = None,
        on_note: OnNote | None = None,
    ) -> Iterator[np.ndarray]:
        """Yields the in-betweens of K >= 2 keyframes (K, H, W, 3 or 4), K - 1 gaps in order, len(times) frames each.

        times: moments strictly between 0 (a gap's first keyframe) and 1 (its second), in the order wanted. prompt:
        words about timing, applied in each gap, or where they name a keyframe ("the second picture") in the gaps on
        either side of it. at_cut: what stands between keyframes that show different things (AT_CUT; "auto" dissolves).
        on_note: told, in a sentence, what a person should know about the result, each sentence once.
        Raises RequestError, Cancelled.
        """
        keyframes = check_keyframes(keyframes)
        if len(times) == 0 or not all(0 < moment < 1 for moment in times):
            raise RequestError("The times of in-betweens must lie between 0 and 1, without the ends.")
        _check_at_cut(at_cut)
        pace = self._pace(prompt, len(keyframes), False, on_note)
        return film(
            list(keyframes),
            lambda gap: [pace(gap)(float(moment)) for moment in times],
            self._filler(prompt, at_cut, generator, on_note),
            total=(len(keyframes) - 1) * len(times),
            on_progress=on_progress,
            is_cancelled=is_cancelled,
        )

    def animate(
        self,
        keyframes: np.ndarray | Sequence[np.ndarray],
        seconds: float | Sequence[float] = 1.0,
        fps: Fraction | float = 24,
        easing: str = "linear",
        loop: bool = False,
        prompt: str | None = None,
        *,
        at_cut: str = "auto",
        generator: torch.Generator | None = None,
        on_progress: OnProgress | None = None,
        is_cancelled: IsCancelled | None = None,
        on_note: OnNote | None = None,
    ) -> Iterator[np.ndarray]:
        """Yields a whole film: every keyframe as it is, with the frames between.

        Each gap lasts ``seconds`` (one number, or one for each gap), rounded to whole frames of 1 / ``fps`` (at least
        one), so that keyframes fall on frames. A film of K keyframes has (K - 1) gaps and ends on the last keyframe;
        with ``loop`` a K-th gap leads back to the first, which is not shown twice. easing: one of EASINGS, in each gap;
        words of ``prompt`` bend time before. The rest: see ``stream``. Raises RequestError, Cancelled.
        """
        keyframes = check_keyframes(keyframes)
        if easing not in EASINGS:
            raise RequestError(f'Easing must be one of {", ".join(EASINGS)}, not "{easing}".')
        lengths = gap_lengths(seconds, fps, len(keyframes) - 1 + loop)
        _check_at_cut(at_cut)
        pace, ease = self._pace(prompt, len(keyframes), loop, on_note), EASINGS[easing]
        stops = list(keyframes)
        return film(
            [*stops, stops[0]] if loop else stops,
            lambda gap: [ease(pace(gap)(step / lengths[gap])) for step in range(lengths[gap])],
            self._filler(prompt, at_cut, generator, on_note),
            total=sum(lengths) + (not loop),
            lengths=lengths,
            through=easing == "linear" and not (prompt and prompt.strip()),
            with_last=not loop,
            on_progress=on_progress,
            is_cancelled=is_cancelled,
        )

    def retime(
        self,
        frames: Iterable[np.ndarray],
        fps_in: Fraction,
        fps_out: Fraction,
        at_cut: str = "auto",
        replace_duplicates: bool = False,
        prompt: str | None = None,
        length: int | None = None,
        *,
        generator: torch.Generator | None = None,
        on_progress: OnProgress | None = None,
        is_cancelled: IsCancelled | None = None,
        on_note: OnNote | None = None,
    ) -> Iterator[np.ndarray]:
        """Yields a clip at another rate, its length kept to the nearest frame (``motion.rates.frames_out``).

        frames: the clip, read once, never more than a few frames held. Source frames that fall on a wanted moment are
        passed through untouched. at_cut: "hold" (and "auto") repeats the last picture before a cut, "dissolve" fades,
        "cut" holds it for the first half of the gap only. replace_duplicates: frames that repeat the one before give
        way to in-betweens. length: how many frames the clip has, where known: needed with a prompt, because its timing
        spans the whole clip. on_note: see ``stream``. Raises RequestError, Cancelled.
        """
        if not (fps_in > 0 and fps_out > 0):
            raise RequestError("Frame rates must be above zero.")
        if prompt and not length:
            raise RequestError("Timing in words needs a clip whose length is known.")
        _check_at_cut(at_cut)
        return retimed(
            frames,
            Fraction(fps_in),
            Fraction(fps_out),
            lambda: self._positions(prompt, length, Fraction(fps_in), Fraction(fps_out)),
            self._filler(prompt, at_cut, generator, on_note),
            length=length,
            replace_duplicates=replace_duplicates,
            on_progress=on_progress,
            is_cancelled=is_cancelled,
        )

    def timing(self, prompt: str | None) -> Curve:
        """What words say about timing: a rising function of [0, 1] onto [0, 1]; no words give the identity."""
        if not prompt or not prompt.strip():
            return lambda moment: moment
        with torch.inference_mode():
            points = to_numpy(self.generator.timing_curve(self.encode_prompt([prompt]))[0])
        ticks = np.linspace(0, 1, len(points))
        return lambda moment: float(np.interp(moment, ticks, points))

    # ---- what the streams are made with

    def _pace(self, prompt: str | None, keyframes: int, loop: bool, on_note: OnNote | None) -> Callable[[int], Curve]:
        """The number of a gap to what the words say about timing there; read when they are first asked for."""
        words = words_of_gaps(prompt, keyframes, loop)
        reading = reading_of(prompt, keyframes, loop)
        if reading and on_note is not None:
            on_note(reading)
        return lru_cache(maxsize=1)(lambda gap: self.timing(words[gap]))

    def _positions(
        self, prompt: str | None, length: int | None, fps_in: Fraction, fps_out: Fraction
    ) -> Iterator[Fraction | float]:
        """Places in the clip of the result's frames, rising without end."""
        if not prompt or not length:
            return (index * fps_in / fps_out for index in count())
        curve = self.timing(words_of_gaps(prompt, 2)[0])
        last = max(1, frames_out(length, fps_in, fps_out) - 1)
        return ((length - 1) * curve(index / last) if index <= last else length + index for index in count())

    @contextmanager
    def _filler(
        self, prompt: str | None, at_cut: str, generator: torch.Generator | None, on_note: OnNote | None
    ) -> Iterator[GapFiller]:
        with ThreadPoolExecutor(1, thread_name_prefix="in-between") as pool:
            yield GapFiller(self._drawing(prompt, generator, pool), at_cut, pool, on_note)

    def _drawing(self, prompt: str | None, generator: torch.Generator | None, pool: Executor) -> Draw | None:
        """What draws the in-betweens of a gap; None where the generator has no say."""
        if self.generator.config.strength == 0:
            return None
        embeds = self.encode_prompt([prompt]) if prompt and prompt.strip() else None
        noise = None if generator is None else seeded(generator, (1, self.generator.config.noise))

        return lambda gap: GapDrawing(self.generator, gap, self.fast, embeds, noise, pool)


def check_keyframes(keyframes: np.ndarray | Sequence[np.ndarray]) -> np.ndarray:
    """Keyframes as one array, uint8 (K, H, W, 3), or straight RGBA (K, H, W, 4), K >= 2; RequestError otherwise."""
    shapes = {np.shape(keyframe) for keyframe in keyframes}
    if len(shapes) == 1 and len(shape := shapes.pop()) == 3 and shape[2] == 4:
        check_frames([keyframe[..., :3] for keyframe in keyframes], at_least=2)
        return np.stack(list(keyframes))
    return check_frames(keyframes, at_least=2)


def _check_at_cut(at_cut: str) -> None:
    if at_cut not in AT_CUT:
        raise RequestError(f'At a cut, choose one of {", ".join(AT_CUT)}, not "{at_cut}".')
