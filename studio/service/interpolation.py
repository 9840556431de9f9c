"""Keyframes to a film, or a clip to another frame rate: files -> pipeline -> one finished clip."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from studio.errors import LimitError, MediaError
from studio.media.decode import open_frames, read_image
from studio.media.frames import fit, scaled_to
from studio.requests import InterpolationRequest
from studio.service.jobs import Source
from studio.service.results import Result
from studio.service.workbench import Workbench
from studio.settings import Limits

if TYPE_CHECKING:
    from studio.pipelines.interpolation import InterpolationPipeline

DEFAULT_FPS = Fraction(24)
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
        frames = _gaps(request) * request.seconds * float(request.fps or DEFAULT_FPS)
    if frames > limits.frames:
        raise LimitError(f"The result would have {round(frames)} frames; this studio makes at most {limits.frames}.")


def run(request: InterpolationRequest, bench: Workbench) -> Result:
    """Morph between the pictures, or give the clip its new rate."""
    return _from_clip(request, bench) if request.clip is not None else _from_pictures(request, bench)


def _gaps(request: InterpolationRequest) -> int:
    return len(request.images) - 1 + request.loop


def _from_pictures(request: InterpolationRequest, bench: Workbench) -> Result:
    keyframes = _keyframes(bench)
    height, width = keyframes.shape[1:3]
    fps = request.fps or DEFAULT_FPS
    pipeline: InterpolationPipeline = bench.pipeline()
    bench.note_long_words(pipeline, request.prompt)
    per_gap = max(1, round(request.seconds * fps))
    if abs(per_gap / fps - request.seconds) > 1e-3:
        bench.notes.append(f"Each gap has {per_gap} whole frames: {float(per_gap / fps):.3f} seconds.")
    bench.start("working", _gaps(request) * per_gap + (not request.loop), "Drawing the frames between.")
    frames = pipeline.animate(
        keyframes,
        seconds=request.seconds,
        fps=fps,
        easing=request.easing,
        loop=request.loop,
        prompt=request.prompt or None,
        at_cut=request.at_cut,
        generator=bench.generator(),
        is_cancelled=bench.is_cancelled,
    )
    with bench.video("video.mp4", (width, height), fps) as video:
        for frame in frames:
            video.write(frame)
            bench.step(video.frames_written)
    return bench.finish(video, fps)


def _keyframes(bench: Workbench) -> np.ndarray:
    """(K, H, W, 3): all at the size of the first (at most MAX_KEYFRAME_SIDE long), scaled to cover it, then cropped."""
    sources = bench.sources("images")
    bench.start("working", len(sources), "Reading the pictures.")
    first = sources[0].info.size
    size = scaled_to(first, MAX_KEYFRAME_SIDE)
    if size != first:
        bench.notes.append(f"The first picture is {first[0]}x{first[1]}; the film is {size[0]}x{size[1]}.")
    pictures = np.empty((len(sources), size[1], size[0], 3), np.uint8)  # one block: many pictures are large
    for number, source in enumerate(sources):
        pictures[number] = fit(read_image(source.path, bench.limits), size, "cover")
        bench.step(number + 1)
    if len({source.info.size for source in sources}) > 1:
        bench.notes.append(
            f"The pictures have different sizes: all were scaled to cover the first one's {size[0]}x{size[1]} "
            "and cropped around the centre."
        )
    if any(source.info.has_alpha for source in sources):
        bench.notes.append("Transparent parts were laid over white.")
    return pictures


def _from_clip(request: InterpolationRequest, bench: Workbench) -> Result:
    source = bench.source("clip")
    pipeline: InterpolationPipeline = bench.pipeline()
    bench.note_long_words(pipeline, request.prompt)
    fps = request.fps
    with open_frames(source.path, bench.limits, info=source.info) as clip:
        total = round(clip.length * fps / clip.fps) if clip.length else None
        bench.start("working", total, "Drawing the frames between.")
        frames = pipeline.retime(
            iter(clip),
            fps_in=clip.fps,
            fps_out=fps,
            at_cut=request.at_cut,
            replace_duplicates=request.replace_duplicates,
            prompt=request.prompt or None,
            length=clip.length,
            generator=bench.generator(),
            is_cancelled=bench.is_cancelled,
        )
        with bench.video("video.mp4", clip.size, fps, sound=clip.sound) as video:
            for frame in frames:
                video.write(frame)
                bench.step(video.frames_written)
        bench.note_source(source, clip)
    return bench.finish(video, fps)
