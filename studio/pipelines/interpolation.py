"""In-between frames: the classical motion-compensated picture, corrected by the generator, as streams.

Three ways in: the in-betweens of given keyframes at given moments (``stream``, ``__call__``), a film of keyframes
(``animate``), and a clip at another frame rate (``retime``). Frames are uint8 RGB (H, W, 3) on the way in and out.
Words about timing ("slow start") bend time; no words leave it straight. ``generator`` gives the randomness in what
nobody can know (torn and hidden places); None draws the likeliest picture.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing, contextmanager
from fractions import Fraction
from itertools import count, islice, pairwise

import numpy as np
import torch

from studio.clip import check_frame, check_frames
from studio.errors import RequestError
from studio.models.interpolation import InterpolationGenerator
from studio.motion.between import Candidates, Gap, blend, candidates, full_warps
from studio.motion.rates import frames_out, moments, nodes
from studio.pipelines.base import (
    FramesOutput,
    IsCancelled,
    OnProgress,
    StudioPipeline,
    check_cancelled,
    collect,
    seeded,
)
from studio.pipelines.gaps import AT_CUT, Draw, GapFiller, InBetween
from studio.tensors import to_channels_first, to_float

EASINGS: dict[str, Callable[[float], float]] = {
    "linear": lambda x: x,
    "ease": lambda x: x * x * (3 - 2 * x),
    "ease-in": lambda x: x * x,
    "ease-out": lambda x: x * (2 - x),
}
Curve = Callable[[float], float]


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
    ) -> FramesOutput:
        """The in-betweens only: for each gap in order, one frame for each of ``times``. See ``stream``."""
        keyframes = check_frames(keyframes, at_least=2)
        made = self.stream(
            keyframes,
            times,
            prompt,
            at_cut=at_cut,
            generator=generator,
            on_progress=on_progress,
            is_cancelled=is_cancelled,
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
    ) -> Iterator[np.ndarray]:
        """Yields the in-betweens of K >= 2 keyframes (K, H, W, 3), K - 1 gaps in order, len(times) frames each.

        times: moments strictly between 0 (a gap's first keyframe) and 1 (its second), in the order wanted. prompt:
        words about timing, applied in each gap. at_cut: what stands between keyframes that show different things
        (AT_CUT; "auto" dissolves).
        Raises RequestError, Cancelled.
        """
        keyframes = check_frames(keyframes, at_least=2)
        if len(times) == 0 or not all(0 < moment < 1 for moment in times):
            raise RequestError("The times of in-betweens must lie between 0 and 1, without the ends.")
        _check_at_cut(at_cut)
        return self._stream(keyframes, tuple(times), prompt, at_cut, generator, on_progress, is_cancelled)

    def animate(
        self,
        keyframes: np.ndarray | Sequence[np.ndarray],
        seconds: float = 1.0,
        fps: Fraction | float = 24,
        easing: str = "linear",
        loop: bool = False,
        prompt: str | None = None,
        *,
        at_cut: str = "auto",
        generator: torch.Generator | None = None,
        on_progress: OnProgress | None = None,
        is_cancelled: IsCancelled | None = None,
    ) -> Iterator[np.ndarray]:
        """Yields a whole film: every keyframe as it is, with the frames between.

        Each gap lasts ``seconds``, rounded to whole frames of 1 / ``fps`` (at least one), so that keyframes fall on
        frames. A film of K keyframes has (K - 1) gaps and ends on the last keyframe; with ``loop`` a K-th gap leads
        back to the first, which is not shown twice. easing: one of EASINGS, in each gap; words of ``prompt`` bend time
        before. at_cut: see ``stream``. Raises RequestError, Cancelled.
        """
        keyframes = check_frames(keyframes, at_least=2)
        if easing not in EASINGS:
            raise RequestError(f'Easing must be one of {", ".join(EASINGS)}, not "{easing}".')
        if not (math.isfinite(seconds) and seconds > 0 and fps > 0):
            raise RequestError("The seconds between keyframes and the frame rate must be above zero.")
        _check_at_cut(at_cut)
        return self._animate(
            keyframes, frames_per_gap(seconds, fps), EASINGS[easing], loop, prompt, at_cut, generator,
            on_progress, is_cancelled,
        )  # fmt: skip

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
    ) -> Iterator[np.ndarray]:
        """Yields a clip at another rate, its length kept to the nearest frame (``motion.rates.frames_out``).

        frames: the clip, read once, never more than a few frames held. Source frames that fall on a wanted moment are
        passed through untouched. at_cut: "hold" (and "auto") repeats the last picture before a cut, "dissolve" fades.
        replace_duplicates: frames that repeat the one before give way to in-betweens. length: how many frames the clip
        has, where known: needed with a prompt, because its timing spans the whole clip. Raises RequestError, Cancelled.
        """
        if not (fps_in > 0 and fps_out > 0):
            raise RequestError("Frame rates must be above zero.")
        if prompt and not length:
            raise RequestError("Timing in words needs a clip whose length is known.")
        _check_at_cut(at_cut)
        return self._retime(
            frames, Fraction(fps_in), Fraction(fps_out), at_cut, replace_duplicates, prompt, length, generator,
            on_progress, is_cancelled,
        )  # fmt: skip

    def timing(self, prompt: str | None) -> Curve:
        """What words say about timing: a rising function of [0, 1] onto [0, 1]; no words give the identity."""
        if not prompt or not prompt.strip():
            return lambda moment: moment
        with torch.inference_mode():
            embeds = self.encode_prompt([prompt]).to(self.generator.dtype)
            points = self.generator.timing_curve(embeds)[0].float().cpu().numpy()
        ticks = np.linspace(0, 1, len(points))
        return lambda moment: float(np.interp(moment, ticks, points))

    # ---- the streams behind the checks

    def _stream(
        self,
        keyframes: np.ndarray,
        times: tuple[float, ...],
        prompt: str | None,
        at_cut: str,
        generator: torch.Generator | None,
        on_progress: OnProgress | None,
        is_cancelled: IsCancelled | None,
    ) -> Iterator[np.ndarray]:
        curve = self.timing(prompt)
        bent = [curve(float(moment)) for moment in times]
        total, done = (len(keyframes) - 1) * len(times), 0
        with self._filler(prompt, at_cut, generator) as filler:
            for first, second in pairwise(keyframes):
                gap = filler.gap(first, second, far=True)
                for moment in bent:
                    check_cancelled(is_cancelled)
                    yield gap(moment)
                    done += 1
                    _tell(on_progress, done, total)

    def _animate(
        self,
        keyframes: np.ndarray,
        per_gap: int,
        easing: Curve,
        loop: bool,
        prompt: str | None,
        at_cut: str,
        generator: torch.Generator | None,
        on_progress: OnProgress | None,
        is_cancelled: IsCancelled | None,
    ) -> Iterator[np.ndarray]:
        curve = self.timing(prompt)
        bent = [easing(curve(step / per_gap)) for step in range(per_gap)]
        stops = [*keyframes, keyframes[0]] if loop else list(keyframes)
        total, done = (len(stops) - 1) * per_gap + (not loop), 0
        with self._filler(prompt, at_cut, generator) as filler:
            for first, second in pairwise(stops):
                gap = filler.gap(first, second, far=True)
                for moment in bent:
                    check_cancelled(is_cancelled)
                    yield gap(moment)
                    done += 1
                    _tell(on_progress, done, total)
        if not loop:
            check_cancelled(is_cancelled)
            yield stops[-1].copy()
            _tell(on_progress, total, total)

    def _retime(
        self,
        frames: Iterable[np.ndarray],
        fps_in: Fraction,
        fps_out: Fraction,
        at_cut: str,
        replace_duplicates: bool,
        prompt: str | None,
        length: int | None,
        generator: torch.Generator | None,
        on_progress: OnProgress | None,
        is_cancelled: IsCancelled | None,
    ) -> Iterator[np.ndarray]:
        positions = self._positions(fps_in / fps_out, prompt, length, fps_in, fps_out)
        total = frames_out(length, fps_in, fps_out) if length else None
        counted = _Counted(frames)
        # One frame waits in hand: only the clip's end tells whether the last one still belongs to its length.
        done, waiting, last = 0, None, None
        with self._filler(prompt, at_cut, generator) as filler, closing(nodes(counted, replace_duplicates)) as points:
            for first, second, inside in moments(pairwise(points), positions):
                gap = filler.gap(first[1], second[1], far=False)
                last = second[1]
                for moment in inside:
                    check_cancelled(is_cancelled)
                    if waiting is not None:
                        yield waiting
                        done += 1
                        _tell(on_progress, done, total)
                    waiting = gap(moment)
        if last is None:
            raise RequestError("This clip has only one picture: motion needs at least two.")
        rest = frames_out(counted.count, fps_in, fps_out) - done
        for frame in islice(_tail(waiting, last), rest):
            check_cancelled(is_cancelled)
            yield frame
            done += 1
            _tell(on_progress, done, total)

    def _positions(
        self, step: Fraction, prompt: str | None, length: int | None, fps_in: Fraction, fps_out: Fraction
    ) -> Iterator[Fraction | float]:
        """Places in the clip of the result's frames, rising without end."""
        if not prompt or not length:
            return (index * step for index in count())
        curve = self.timing(prompt)
        last = max(1, frames_out(length, fps_in, fps_out) - 1)
        return ((length - 1) * curve(index / last) if index <= last else length + index for index in count())

    @contextmanager
    def _filler(self, prompt: str | None, at_cut: str, generator: torch.Generator | None) -> Iterator[GapFiller]:
        with ThreadPoolExecutor(1, thread_name_prefix="in-between") as pool:
            yield GapFiller(self._drawing(prompt, generator, pool), at_cut, pool)

    def _drawing(self, prompt: str | None, generator: torch.Generator | None, pool: Executor) -> Draw | None:
        """What draws the in-betweens of a gap; None where the generator has no say."""
        if self.generator.config.strength == 0:
            return None
        embeds = self.encode_prompt([prompt]) if prompt and prompt.strip() else None
        noise = None if generator is None else seeded(generator, (1, self.generator.config.noise))

        def draw(gap: Gap) -> InBetween:
            def at(moment: float) -> np.ndarray:
                found = candidates(gap, moment)
                warps = pool.submit(full_warps, gap, found)  # beside the network, which does not need them
                weights, residual = self._correct(found, embeds, noise)
                return blend(warps.result(), weights, residual)

            return at

        return draw

    def _correct(
        self, found: Candidates, embeds: torch.Tensor | None, noise: torch.Tensor | None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """The generator's weights (4, h, w) and residual (3, h, w), if it has a say, for one moment of a gap."""
        device, dtype = self.generator.device, self.generator.dtype
        with self.fast():
            made = self.generator(
                to_float(found.warps, device, dtype).reshape(1, -1, *found.weights.shape[1:]),
                to_channels_first(found.motions, device, dtype).reshape(1, -1, *found.weights.shape[1:]),
                torch.from_numpy(found.weights).to(device, dtype)[None],
                torch.tensor([found.moment], device=device),
                embeds,
                None if noise is None else noise.to(device),
            )
            residual = None if self.generator.config.residual == 0 else made.residual[0].float().cpu().numpy()
            return made.weights[0].float().cpu().numpy(), residual


class _Counted:
    """Passes frames on, checked, and remembers how many there were."""

    def __init__(self, frames: Iterable[np.ndarray]) -> None:
        self.frames = frames
        self.count = 0

    def __iter__(self) -> Iterator[np.ndarray]:
        shape: tuple[int, ...] | None = None
        for frame in self.frames:
            if shape is not None and check_frame(frame).shape != shape:
                raise RequestError("All frames of a clip must have the same size.")
            shape = check_frame(frame).shape
            self.count += 1
            yield frame


def frames_per_gap(seconds: float, fps: Fraction | float) -> int:
    """Frames from one keyframe to the next: ``seconds`` to the nearest frame, at least one."""
    return max(1, math.floor(Fraction(str(seconds)) * Fraction(fps) + Fraction(1, 2)))


def _tail(waiting: np.ndarray | None, last: np.ndarray) -> Iterator[np.ndarray]:
    if waiting is not None:
        yield waiting
    while True:
        yield last.copy()


def _check_at_cut(at_cut: str) -> None:
    if at_cut not in AT_CUT:
        raise RequestError(f'At a cut, choose one of {", ".join(AT_CUT)}, not "{at_cut}".')


def _tell(on_progress: OnProgress | None, done: int, total: int | None) -> None:
    if on_progress is not None:
        on_progress(done, total)
