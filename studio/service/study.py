"""A picture's look becomes a file: picture -> pipeline -> look file, with a sample of what it does."""

from __future__ import annotations

import io
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from studio.errors import MediaError
from studio.look_file import ENDING, LookCard, name_of, write_card
from studio.media.decode import open_frames, read_image
from studio.media.frames import fit
from studio.origin import COMPOSITE, xmp
from studio.requests import StudyRequest
from studio.service.context import JobContext
from studio.service.jobs import Source
from studio.service.results import Result
from studio.settings import Limits

if TYPE_CHECKING:
    from studio.pipelines.restyle import RestylePipeline

LARGEST_PICTURE = 1024
LARGEST_FRAME = 640
MOST_FRAMES = 8  # of the person's own, spread over the clip's first seconds
SCENE = Path(__file__).with_name("scene.jpg")  # what a look is shown on where no picture was given
SAMPLE = 168, 112  # pixels of the look's small picture in lists


def check(request: StudyRequest, sources: dict[str, tuple[Source, ...]], limits: Limits) -> None:
    """What is studied must be a picture."""
    (picture,) = sources["picture"]
    if picture.info.kind == "video":
        raise MediaError(f'What is studied must be a picture, and "{picture.name}" is a clip.')


def run(request: StudyRequest, context: JobContext) -> Result:
    """Study the picture, and paint one frame to show what was learnt."""
    painting = read_image(context.source("picture").path, context.limits, LARGEST_PICTURE)
    frames = _own_frames(context)
    pipeline: RestylePipeline = context.pipeline()
    from studio.pipelines.restyle.study import study

    context.start("working", None, "Studying the picture.")
    total = 0

    def advance(done: int, steps: int | None) -> None:
        nonlocal total
        if steps and steps != total:
            total = steps
            context.start("working", steps, "Studying the picture.")
        context.step(done)

    look = study(
        pipeline, painting, frames=frames, generator=context.generator(), on_progress=advance,
        is_cancelled=context.is_cancelled,
    )  # fmt: skip
    context.start("finishing", None, "Writing the look file.")
    file = context.results / f"look{ENDING}"
    look.save(file)
    frame = frames[0] if frames else read_image(SCENE, context.limits)
    (painted,) = pipeline.stream(iter([frame]), look=look, generator=context.generator(), length=1)
    write_card(file, LookCard(_name(request, context), _sample(painted)))
    context.note_unsigned("look file")
    made, video = context.still(painted)
    return context.finish(video, video.fps, picture=made, look=file)


def _name(request: StudyRequest, context: JobContext) -> str:
    """What the look is called: the name that was given; the picture's only where names are to be kept."""
    return name_of(request.name or (Path(context.source("picture").name).stem if request.keep_names else ""))


def _own_frames(context: JobContext) -> list[np.ndarray]:
    """Frames of the clip or picture that the look is meant for; none where none was given."""
    source = context.source("source")
    if source is None:
        return []
    rate = max(Fraction(1), MOST_FRAMES / Fraction(source.info.duration or 1).limit_denominator(1000))
    rate = min(rate, source.info.fps)
    with open_frames(source.path, context.limits, fps=rate, max_size=LARGEST_FRAME, info=source.info) as clip:
        return list(islice(clip, MOST_FRAMES))


def _sample(painted: np.ndarray) -> bytes:
    """A small JPEG of it."""
    out = io.BytesIO()
    Image.fromarray(fit(painted, SAMPLE)).save(out, "JPEG", quality=80, xmp=xmp(COMPOSITE).encode())
    return out.getvalue()
