"""How much work a request is, from its files' headers alone, and whether that is too much for this studio.

Work is counted in pixels times frames: those that are read and those that are made. A clip within every limit of its
own (4K, 120 frames per second, a minute) can still be hours of work; nobody should learn that from a clock.
"""

from __future__ import annotations

from dataclasses import dataclass

from studio.errors import LimitError
from studio.media.frames import scaled_to
from studio.requests import InterpolationRequest, PredictionRequest, Request, StudyRequest, TextToVideoRequest
from studio.service.interpolation import DEFAULT_FPS, MAX_KEYFRAME_SIDE
from studio.service.jobs import Source
from studio.settings import Limits

Sources = dict[str, tuple[Source, ...]]


@dataclass(frozen=True, kw_only=True)
class Amount:
    """Work: ``fixed`` pixels that any length costs, and ``each_second`` of ``seconds`` so many more.

    ``what`` has ``size`` (width, height) and ``fps`` frames per second.
    """

    what: str
    size: tuple[int, int]
    fps: float
    seconds: float
    each_second: float
    fixed: float = 0.0

    @property
    def pixels(self) -> float:
        """All of it."""
        return self.fixed + self.each_second * self.seconds


def check_work(request: Request, sources: Sources, limits: Limits) -> None:
    """Raise LimitError, with what would fit, where the request is more than one job may be."""
    amount = amount_of(request, sources)
    if amount is None or amount.pixels <= limits.work:
        return
    fits = max(0.0, limits.work - amount.fixed) / amount.each_second if amount.each_second else 0.0
    fits = int(fits * 10) / 10
    instead = f"at most {fits:g} s of it fit" if fits >= 0.1 else "not even a tenth of a second of it fits"
    raise LimitError(
        f"{amount.what} of {amount.size[0]}x{amount.size[1]} at {amount.fps:.4g} frames per second for "
        f"{amount.seconds:.4g} s is too much work for one job here: {instead}; please make it shorter or smaller."
    )


def amount_of(request: Request, sources: Sources) -> Amount | None:
    """The work of a request whose files were taken in; None for what is small by its nature."""
    if isinstance(request, TextToVideoRequest):
        size = (request.width, request.height)
        frames = float(request.fps) * request.variations
        return Amount(
            what="A clip", size=size, fps=float(request.fps), seconds=request.seconds, each_second=_area(size) * frames
        )
    if isinstance(request, InterpolationRequest) and request.clip is None:
        return _film(request, sources)
    clips = [each for found in sources.values() for each in found if getattr(each.info, "kind", "image") != "image"]
    if not clips:
        return None
    clip = max(clips, key=lambda each: _area(each.info.size) * each.info.duration * float(each.info.fps))
    rate, seconds, area = float(clip.info.fps), clip.info.duration, _area(clip.info.size)
    made, fixed = rate, 0.0  # the result is as large as the source, if nothing else is said
    if isinstance(request, InterpolationRequest):
        made = float(request.fps)
    elif isinstance(request, PredictionRequest):
        made = rate * request.futures * request.append
        fixed = area * rate * request.seconds * request.futures
    elif isinstance(request, StudyRequest):
        made = 0.0  # it only looks at the clip
    return Amount(
        what="A clip", size=clip.info.size, fps=max(rate, made if isinstance(request, InterpolationRequest) else rate),
        seconds=seconds, each_second=area * (rate + made), fixed=fixed,
    )  # fmt: skip


def _film(request: InterpolationRequest, sources: Sources) -> Amount:
    """The work of a film between pictures; each picture is read once."""
    pictures = sources["images"]
    size = scaled_to(pictures[0].info.size, MAX_KEYFRAME_SIDE)
    fps = float(request.fps or DEFAULT_FPS)
    return Amount(
        what="A film", size=size, fps=fps, seconds=sum(request.gaps), each_second=_area(size) * fps,
        fixed=float(sum(_area(picture.info.size) for picture in pictures)),
    )  # fmt: skip


def _area(size: tuple[int, int]) -> int:
    return size[0] * size[1]
