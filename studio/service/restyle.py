"""A clip or a picture in another look: file -> pipeline -> file, with the source's sound, rate and length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from studio.errors import MediaError
from studio.media.decode import open_frames, read_image, read_rgba
from studio.requests import RestyleRequest
from studio.scene import LookReading
from studio.service.context import JobContext
from studio.service.jobs import Source
from studio.service.results import Result
from studio.settings import Limits

if TYPE_CHECKING:
    from studio.motion.region import Region
    from studio.pipelines.restyle import RestylePipeline

LARGEST_STYLE = 1024  # pixels of a style picture's longer side: more would not be looked at
LARGEST_MASK = 4096
DOUBTFUL = 0.5


def check(request: RestyleRequest, sources: dict[str, tuple[Source, ...]], limits: Limits) -> None:
    """The style picture must be a picture, and so must the mask."""
    for field, what in (("style_image", "style"), ("mask", "mask")):
        for found in sources.get(field, ()):
            if found.info.kind == "video":
                raise MediaError(f'The {what} must be a picture, and "{found.name}" is a clip.')


def run(request: RestyleRequest, context: JobContext) -> Result:
    """Restyle every frame; a picture becomes a PNG and a short still clip."""
    region = _region(request, context)
    style = context.source("style_image")
    style_image = read_image(style.path, context.limits, LARGEST_STYLE) if style is not None else None
    pipeline: RestylePipeline = context.pipeline()
    wish = {
        "prompt": request.style or None,
        "style_image": style_image,
        "strength": request.strength,
        "keep_colours": request.keep_colours,
        "brush_size": request.brush_size,
        "detail": request.detail,
        "region": region,
        "look": _studied(context),
        "generator": context.generator(),
        "is_cancelled": context.is_cancelled,
    }
    understood = pipeline.understand(request.style) if request.style.strip() else None
    for note in _notes(understood):
        context.note(note)
    context.note_long_words(pipeline, request.style)
    source = context.source("source")
    paint = _picture if source.info.kind == "image" else _clip
    return paint(source, pipeline, wish, understood, context)


def _clip(
    source: Source, pipeline: RestylePipeline, wish: dict[str, Any], understood: LookReading | None, context: JobContext
) -> Result:
    with open_frames(source.path, context.limits, max_size=context.largest_side, info=source.info) as clip:
        context.start("working", clip.length, "Painting frames.")
        with context.video("video.mp4", clip.size, clip.fps, sound=clip.sound) as video:
            for frame in pipeline.stream(iter(clip), length=clip.length, **wish):
                video.write(frame)
                context.step(video.frames_written)
        context.note_source(source, clip)
    return context.finish(video, clip.fps, understood=understood)


def _picture(
    source: Source, pipeline: RestylePipeline, wish: dict[str, Any], understood: LookReading | None, context: JobContext
) -> Result:
    picture = read_image(source.path, context.limits, context.largest_side)
    context.note_smaller(source, (picture.shape[1], picture.shape[0]))
    context.start("working", 1, "Painting the picture.")
    (painted,) = pipeline.stream(iter([picture]), length=1, **wish)
    context.step(1)
    if source.info.has_alpha:
        context.note("Transparent parts were laid over white.")
    made, video = context.still(painted)
    return context.finish(video, video.fps, picture=made, understood=understood)


def _region(request: RestyleRequest, context: JobContext) -> Region | None:
    """The part of the picture that changes; None for all of it."""
    if request.where == "everything":
        return None
    from studio.motion.region import Region

    mask = context.source("mask")
    if mask is None:
        return Region(kind=request.where, box=request.box)
    painted = _painted(read_rgba(mask.path, context.limits, LARGEST_MASK))
    if painted.min() == painted.max():
        said = "nothing" if painted.max() == 0 else "everything"
        raise MediaError(f"The mask marks {said}: please paint over the subject alone.")
    return Region(kind=request.where, mask=painted)


def _painted(picture: np.ndarray) -> np.ndarray:
    """What a mask marks, uint8 (h, w), 0 or 255: what is solid where it has transparency, else what is light."""
    alpha = picture[..., 3]
    marked = alpha > 127 if alpha.min() < 255 else picture[..., :3].mean(axis=2) > 127
    return np.where(marked, 255, 0).astype(np.uint8)


def _studied(context: JobContext) -> Any:
    """The look of a look file; None where none was given."""
    source = context.source("look")
    if source is None:
        return None
    from studio.pipelines.restyle.study import load_look

    return load_look(source.path)


def _notes(understood: LookReading | None) -> tuple[str, ...]:
    """What a person should know of how the words were taken."""
    if understood is None:
        return ()
    if understood.notes:
        return understood.notes
    if understood.confidence < DOUBTFUL:
        return (f'The look was taken as "{understood.look}", but the studio is not sure of it.',)
    return ()
