"""Keyframes to a film, or a clip to another frame rate: files -> pipeline -> one finished clip.

Pictures with transparency give a second film that keeps it.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from studio.errors import LimitError, MediaError
from studio.media.decode import open_frames, read_rgba
from studio.media.frames import fit, over_white, scaled_to
from studio.media.transparent import TransparentWriter
from studio.requests import InterpolationRequest
from studio.service.context import JobContext
from studio.service.jobs import Source
from studio.service.results import Result
from studio.settings import Limits

if TYPE_CHECKING:
    from studio.pipelines.interpolation import InterpolationPipeline

DEFAULT_FPS = Fraction(24)
TRANSPARENT = "video.webm"
MAX_KEYFRAME_SIDE = 1920  # photographs are far larger than any film that is wanted of them
ONE_PICTURE = "This clip has only one picture: motion needs at least two."


def check(request: InterpolationRequest, sources: dict[str, tuple[Source, ...]], limits: Limits) -> None:
    """Pictures where pictures belong, a clip of two frames or more where a clip does, a bounded result."""
    if request.clip is not None:
        (clip,) = sources["clip"]
        if clip.info.kind == "image":
            raise MediaError(f'"{clip.name}" is a picture: please give a clip, or at least two pictures.')
        if clip.info.frame_count is not None and clip.info.frame_count < 2:
            raise MediaError(ONE_PICTURE)
        frames = clip.info.duration * float(request.fps)
    else:
        if len(request.images) > limits.keyframes:
            raise LimitError(f"At most {limits.keyframes} pictures can be used at once, not {len(request.images)}.")
        for picture in sources["images"]:
            if picture.info.kind == "video":
                raise MediaError(f'"{picture.name}" is a clip: please give pictures only, or one clip alone.')
        frames = sum(request.gaps) * float(request.fps or DEFAULT_FPS)
    if frames > limits.frames:
        raise LimitError(f"The result would have {round(frames)} frames; this studio makes at most {limits.frames}.")


def run(request: InterpolationRequest, context: JobContext) -> Result:
    """Morph between the pictures, or give the clip its new rate."""
    return _from_clip(request, context) if request.clip is not None else _from_pictures(request, context)


def _from_pictures(request: InterpolationRequest, context: JobContext) -> Result:
    from studio.pipelines.interpolation.pace import gap_lengths

    keyframes = _keyframes(context)
    size = keyframes.shape[2], keyframes.shape[1]
    fps = request.fps or DEFAULT_FPS
    pipeline: InterpolationPipeline = context.pipeline()
    context.note_long_words(pipeline, request.prompt)
    lengths = gap_lengths(request.gaps, fps, len(request.gaps))
    _note_whole_frames(request.gaps, lengths, fps, context)
    context.start("working", sum(lengths) + (not request.loop), "Drawing the frames between.")
    frames = pipeline.animate(
        keyframes,
        seconds=request.gaps,
        fps=fps,
        easing=request.easing,
        loop=request.loop,
        prompt=request.prompt or None,
        at_cut=request.at_cut,
        generator=context.generator(),
        is_cancelled=context.is_cancelled,
        on_note=context.note,
    )
    see_through = keyframes.shape[3] == 4
    with ExitStack() as films:
        clear = (
            films.enter_context(context.video(TRANSPARENT, size, fps, kind=TransparentWriter)) if see_through else None
        )
        video = films.enter_context(context.video("video.mp4", size, fps))
        for frame in frames:
            video.write(over_white(frame))
            if clear is not None:
                clear.write(frame)
            context.step(video.frames_written)
    if see_through:
        context.note(
            "Transparent parts are kept in the WebM, which Chrome, Edge and Firefox show; the MP4 has them over white."
        )
    return replace(context.finish(video, fps), transparent=None if clear is None else clear.path)


def _note_whole_frames(gaps: tuple[float, ...], lengths: list[int], fps: Fraction, context: JobContext) -> None:
    """Say so where a gap cannot last as long as was asked, because a film has whole frames."""
    if all(abs(length / fps - seconds) <= 1e-3 for length, seconds in zip(lengths, gaps)):
        return
    if len(set(lengths)) == 1:
        context.note(f"Each gap has {lengths[0]} whole frames: {float(lengths[0] / fps):.3f} seconds.")
    else:
        context.note(f"The gaps have {', '.join(map(str, lengths))} whole frames at {float(fps):.5g} per second.")


def _keyframes(context: JobContext) -> np.ndarray:
    """(K, H, W, 3), or (K, H, W, 4) RGBA where any part of a picture is not solid; straight, not premultiplied.

    All are at the size of the first (at most MAX_KEYFRAME_SIDE long), scaled to cover it, then cropped.
    """
    sources = context.sources("images")
    context.start("working", len(sources), "Reading the pictures.")
    first = sources[0].info.size
    size = scaled_to(first, min(MAX_KEYFRAME_SIDE, context.largest_side or MAX_KEYFRAME_SIDE))
    if size != first:
        context.note(f"The first picture is {first[0]}x{first[1]}; the film is {size[0]}x{size[1]}.")
    layers = 4 if any(source.info.has_alpha for source in sources) else 3
    pictures = np.empty((len(sources), size[1], size[0], layers), np.uint8)  # one block: many pictures are large
    for number, source in enumerate(sources):
        pictures[number] = fit(read_rgba(source.path, context.limits)[..., :layers], size, "cover")
        context.step(number + 1)
    if len({source.info.size for source in sources}) > 1:
        context.note(
            f"The pictures have different sizes: all were scaled to cover the first one's {size[0]}x{size[1]} "
            "and cropped around the centre."
        )
    if layers == 4 and pictures[..., 3].min() == 255:  # an alpha channel that nothing shows through
        return np.ascontiguousarray(pictures[..., :3])
    return pictures


def _from_clip(request: InterpolationRequest, context: JobContext) -> Result:
    source = context.source("clip")
    pipeline: InterpolationPipeline = context.pipeline()
    context.note_long_words(pipeline, request.prompt)
    fps = request.fps
    with open_frames(source.path, context.limits, max_size=context.largest_side, info=source.info) as clip:
        total = round(clip.length * fps / clip.fps) if clip.length else None
        context.start("working", total, "Drawing the frames between.")
        frames = pipeline.retime(
            iter(clip),
            fps_in=clip.fps,
            fps_out=fps,
            at_cut=request.at_cut,
            replace_duplicates=request.replace_duplicates,
            prompt=request.prompt or None,
            length=clip.length,
            generator=context.generator(),
            is_cancelled=context.is_cancelled,
            on_note=context.note,
        )
        with context.video("video.mp4", clip.size, fps, sound=clip.sound) as video:
            for frame in frames:
                video.write(frame)
                context.step(video.frames_written)
        context.note_source(source, clip)
    return context.finish(video, fps)
