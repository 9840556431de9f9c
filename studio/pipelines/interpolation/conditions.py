"""What the interpolation's pipeline can be asked for: in-betweens, a film of keyframes, a clip at another rate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import KW_ONLY, dataclass
from fractions import Fraction

import numpy as np

from studio.clip import check_frames
from studio.errors import RequestError
from studio.pipelines.calls import Conditions
from studio.pipelines.interpolation.pace import gap_lengths
from studio.requests import AT_CUT, EASINGS


@dataclass(frozen=True, eq=False)
class InBetweenConditions(Conditions):
    """Keyframes, and the moments between each two that are wanted. Raises RequestError.

    keyframes: K >= 2 pictures of one size, uint8 (K, H, W, 3), or straight RGBA (K, H, W, 4).
    times: moments strictly between 0 (a gap's first keyframe) and 1 (its second), in the order wanted.
    prompt: words about timing, applied in each gap, or where they name a keyframe ("the second picture") in the gaps on
        either side of it.
    at_cut: one of AT_CUT, what stands between keyframes that show different things: the first one held, a
        cross-dissolve, or a cut in the middle; "auto" dissolves.
    """

    keyframes: np.ndarray | Sequence[np.ndarray]
    times: Sequence[float] = (0.5,)
    prompt: str | None = None
    _: KW_ONLY
    at_cut: str = "auto"

    def __post_init__(self) -> None:
        object.__setattr__(self, "keyframes", check_keyframes(self.keyframes))
        if len(self.times) == 0 or not all(0 < moment < 1 for moment in self.times):
            raise RequestError("The times of in-betweens must lie between 0 and 1, without the ends.")
        _check_at_cut(self.at_cut)


@dataclass(frozen=True, eq=False)
class FilmConditions(Conditions):
    """Keyframes, and the film to make of them. Raises RequestError.

    keyframes: K >= 2 pictures of one size, uint8 (K, H, W, 3), or straight RGBA (K, H, W, 4).
    seconds: how long each gap lasts, one number or one for each gap, rounded to whole frames, at least one, so that
        keyframes fall on frames.
    fps: frames per second. easing: one of EASINGS, in each gap; words of ``prompt`` bend time before.
    loop: whether a K-th gap leads back to the first keyframe, which is not shown twice; else the film has K - 1 gaps
        and ends on the last keyframe.
    prompt, at_cut: as for InBetweenConditions.
    """

    keyframes: np.ndarray | Sequence[np.ndarray]
    seconds: float | Sequence[float] = 1.0
    fps: Fraction | float = 24
    easing: str = "linear"
    loop: bool = False
    prompt: str | None = None
    _: KW_ONLY
    at_cut: str = "auto"

    def __post_init__(self) -> None:
        object.__setattr__(self, "keyframes", check_keyframes(self.keyframes))
        if self.easing not in EASINGS:
            raise RequestError(f'Easing must be one of {", ".join(EASINGS)}, not "{self.easing}".')
        gap_lengths(self.seconds, self.fps, len(self.keyframes) - 1 + self.loop)
        _check_at_cut(self.at_cut)

    @property
    def lengths(self) -> list[int]:
        """Frames of each gap."""
        return gap_lengths(self.seconds, self.fps, len(self.keyframes) - 1 + self.loop)


@dataclass(frozen=True, eq=False)
class RetimingConditions(Conditions):
    """A clip, and another frame rate for it; its length is kept to the nearest frame. Raises RequestError.

    frames: the clip, uint8 (H, W, 3) each, read once, never more than a few frames held. Those that fall on a wanted
        moment are passed through untouched.
    fps_in, fps_out: frames per second of the clip and of the result.
    at_cut: one of AT_CUT: "hold" (and "auto") repeats the last picture before a cut, "dissolve" fades, "cut" holds it
        for the first half of the gap only.
    replace_duplicates: whether frames that repeat the one before give way to in-betweens.
    prompt: words about timing, which spans the whole clip. length: how many frames the clip has, where known: needed
        with a prompt.
    """

    frames: Iterable[np.ndarray]
    fps_in: Fraction
    fps_out: Fraction
    at_cut: str = "auto"
    replace_duplicates: bool = False
    prompt: str | None = None
    length: int | None = None

    def __post_init__(self) -> None:
        if not (self.fps_in > 0 and self.fps_out > 0):
            raise RequestError("Frame rates must be above zero.")
        if self.prompt and not self.length:
            raise RequestError("Timing in words needs a clip whose length is known.")
        _check_at_cut(self.at_cut)
        for name in ("fps_in", "fps_out"):
            object.__setattr__(self, name, Fraction(getattr(self, name)))


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
