"""In-between frames: the classical motion-compensated picture, corrected by the generator, as streams.

Three ways in: the in-betweens of given keyframes at given moments (``stream``, ``__call__``), a film of keyframes
(``animate``), and a clip at another frame rate (``retime``). Frames are uint8 RGB (H, W, 3) on the way in and out;
keyframes may also be straight RGBA (H, W, 4), and then so is what comes out.
Words about timing ("slow start") bend time; no words leave it straight. ``generator`` gives the randomness in what
nobody can know (torn and hidden places); None draws the likeliest picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from fractions import Fraction
from functools import lru_cache
from itertools import count

import numpy as np
import torch

from studio.models.interpolation import InterpolationGenerator
from studio.pipelines.base import StudioPipeline, seeded
from studio.pipelines.calls import CallOptions, takes
from studio.pipelines.interpolation.conditions import FilmConditions, InBetweenConditions, RetimingConditions
from studio.pipelines.interpolation.drawing import GapDrawing
from studio.pipelines.interpolation.films import FilmPlan, film, retimed
from studio.pipelines.interpolation.gaps import Draw, GapFiller
from studio.pipelines.interpolation.pace import EASING_CURVES, Curve, reading_of, words_of_gaps
from studio.pipelines.interpolation.rates import frames_out
from studio.tensors import to_numpy


class InterpolationPipeline(StudioPipeline):
    """Parts: ``text_encoder``, ``tokenizer`` (CLIP's), ``generator`` (InterpolationGenerator)."""

    conditions = InBetweenConditions

    def __init__(
        self,
        text_encoder: torch.nn.Module,
        tokenizer: object,
        generator: InterpolationGenerator,
    ) -> None:
        super().__init__()
        generator.to(memory_format=torch.channels_last)  # a quarter faster
        self.register_modules(text_encoder=text_encoder, tokenizer=tokenizer, generator=generator)

    def _stream(self, asked: InBetweenConditions, options: CallOptions) -> Iterator[np.ndarray]:
        """The in-betweens only, K - 1 gaps in order, ``len(times)`` frames each."""
        pace = self._pace(asked.prompt, len(asked.keyframes), False, options)
        return film(
            FilmPlan(
                stops=list(asked.keyframes),
                moments_of=lambda gap: [pace(gap)(float(moment)) for moment in asked.times],
                total=(len(asked.keyframes) - 1) * len(asked.times),
            ),
            self._filler(asked.prompt, asked.at_cut, options),
            options,
        )

    @takes(FilmConditions)
    def animate(self, asked: FilmConditions, options: CallOptions) -> Iterator[np.ndarray]:
        """Yield a whole film: every keyframe as it is, with the frames between, uint8 (H, W, 3), or 4 where they have
        transparency. Raises RequestError, Cancelled.
        """
        lengths, stops = asked.lengths, list(asked.keyframes)
        pace, ease = self._pace(asked.prompt, len(stops), asked.loop, options), EASING_CURVES[asked.easing]
        return film(
            FilmPlan(
                stops=[*stops, stops[0]] if asked.loop else stops,
                moments_of=lambda gap: [ease(pace(gap)(step / lengths[gap])) for step in range(lengths[gap])],
                total=sum(lengths) + (not asked.loop),
                lengths=lengths,
                through=asked.easing == "linear" and not (asked.prompt and asked.prompt.strip()),
                with_last=not asked.loop,
            ),
            self._filler(asked.prompt, asked.at_cut, options),
            options,
        )

    @takes(RetimingConditions)
    def retime(self, asked: RetimingConditions, options: CallOptions) -> Iterator[np.ndarray]:
        """Yield a clip at another rate, uint8 (H, W, 3) each. Raises RequestError, Cancelled."""
        filler = self._filler(asked.prompt, asked.at_cut, options)
        return retimed(asked, lambda: self._positions(asked), filler, options)

    def timing(self, prompt: str | None) -> Curve:
        """What words say about timing: a rising function of [0, 1] onto [0, 1]; no words give the identity."""
        if not prompt or not prompt.strip():
            return lambda moment: moment
        with torch.inference_mode():
            points = to_numpy(self.generator.timing_curve(self.encode_prompt([prompt]))[0])
        ticks = np.linspace(0, 1, len(points))
        return lambda moment: float(np.interp(moment, ticks, points))

    # ---- what the streams are made with

    def _pace(
        self, prompt: str | None, keyframes: int, loop: bool, options: CallOptions
    ) -> Callable[[int], Curve]:
        """The number of a gap to what the words say about timing there; read when they are first asked for."""
        words = words_of_gaps(prompt, keyframes, loop)
        reading = reading_of(prompt, keyframes, loop)
        if reading:
            options.note(reading)
        return lru_cache(maxsize=1)(lambda gap: self.timing(words[gap]))

    def _positions(self, asked: RetimingConditions) -> Iterator[Fraction | float]:
        """Places in the clip of the result's frames, rising without end."""
        fps_in, fps_out, length = asked.fps_in, asked.fps_out, asked.length
        if not asked.prompt or not length:
            return (index * fps_in / fps_out for index in count())
        curve = self.timing(words_of_gaps(asked.prompt, 2)[0])
        last = max(1, frames_out(length, fps_in, fps_out) - 1)
        return ((length - 1) * curve(index / last) if index <= last else length + index for index in count())

    @contextmanager
    def _filler(self, prompt: str | None, at_cut: str, options: CallOptions) -> Iterator[GapFiller]:
        with ThreadPoolExecutor(1, thread_name_prefix="in-between") as pool:
            yield GapFiller(self._drawing(prompt, options.generator, pool), at_cut, pool, options.on_note)

    def _drawing(self, prompt: str | None, generator: torch.Generator | None, pool: Executor) -> Draw | None:
        """What draws the in-betweens of a gap; None where the generator has no say."""
        if self.generator.config.strength == 0:
            return None
        embeds = self.encode_prompt([prompt]) if prompt and prompt.strip() else None
        noise = None if generator is None else seeded(generator, (1, self.generator.config.noise))

        return lambda gap: GapDrawing(self.generator, gap, self.fast, embeds, noise, pool)
