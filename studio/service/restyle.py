"""A clip or a picture in another look: file -> pipeline -> file, with the source's sound, rate and length."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from PIL import Image

from studio.errors import MediaError
from studio.media.decode import open_frames, read_image
from studio.requests import RestyleRequest
from studio.scene import LookReading
from studio.service.jobs import Source
from studio.service.results import Result
from studio.service.workbench import Workbench
from studio.settings import Limits

if TYPE_CHECKING:
    from studio.pipelines.restyle import RestylePipeline

STILL_FPS = Fraction(12)
STILL_FRAMES = 24  # a restyled picture is also shown as two seconds of video, so that other tabs can take it on
DOUBTFUL = 0.5


def check(request: RestyleRequest, sources: dict[str, tuple[Source, ...]], limits: Limits) -> None:
    """The style picture must be a picture."""
    for style in sources.get("style_image", ()):
        if style.info.kind == "video":
            raise MediaError(f'The style must be a picture, and "{style.name}" is a clip.')


def run(request: RestyleRequest, bench: Workbench) -> Result:
    """Restyle every frame; a picture becomes a PNG and a short still clip."""
    source = bench.source("source")
    style = bench.source("style_image")
    style_image = read_image(style.path, bench.limits) if style is not None else None
    pipeline: RestylePipeline = bench.pipeline()
    look = {
        "prompt": request.style or None,
        "style_image": style_image,
        "strength": request.strength,
        "keep_colours": request.keep_colours,
        "generator": bench.generator(),
        "is_cancelled": bench.is_cancelled,
    }
    understood = pipeline.understand(request.style) if request.style.strip() else None
    bench.notes.extend(_notes(understood))
    bench.note_long_words(pipeline, request.style)
    if source.info.kind == "image":
        return _picture(source, pipeline, look, understood, bench)
    return _clip(source, pipeline, look, understood, bench)


def _clip(
    source: Source, pipeline: RestylePipeline, look: dict, understood: LookReading | None, bench: Workbench
) -> Result:
    with open_frames(source.path, bench.limits, info=source.info) as clip:
        bench.start("working", clip.length, "Painting frames.")
        with bench.video("video.mp4", clip.size, clip.fps, sound=clip.sound) as video:
            for frame in pipeline.stream(iter(clip), length=clip.length, **look):
                video.write(frame)
                bench.step(video.frames_written)
        bench.note_source(source, clip)
    return bench.finish(video, clip.fps, understood=understood)


def _picture(
    source: Source, pipeline: RestylePipeline, look: dict, understood: LookReading | None, bench: Workbench
) -> Result:
    picture = read_image(source.path, bench.limits)
    bench.start("working", 1, "Painting the picture.")
    (painted,) = pipeline.stream(iter([picture]), length=1, **look)
    bench.step(1)
    Image.fromarray(painted).save(bench.results / "picture.png")
    if source.info.has_alpha:
        bench.notes.append("Transparent parts were laid over white.")
    with bench.video("video.mp4", (painted.shape[1], painted.shape[0]), STILL_FPS) as video:
        for _ in range(STILL_FRAMES):
            video.write(painted)
    return bench.finish(video, STILL_FPS, picture=bench.results / "picture.png", understood=understood)


def _notes(understood: LookReading | None) -> list[str]:
    if understood is None:
        return []
    notes = []
    if understood.confidence < DOUBTFUL:
        notes.append(f'The look was taken as "{understood.look}", but the studio is not sure of it.')
    if understood.unknown_words:
        notes.append("Words outside what the looks know: " + ", ".join(understood.unknown_words) + ".")
    return notes
