"""Prompt to video: words -> pipeline -> one to four finished clips, and the layers of the scene as a zip."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from studio.errors import MediaError
from studio.media.cutout import cut_out
from studio.media.decode import read_rgba
from studio.media.whole_files import write_whole
from studio.origin import DESCRIPTION
from studio.requests import TextToVideoRequest
from studio.scene import ACTOR_TRACKS, ACTORS, SCENE_TRACKS, SceneLayers, Understanding
from studio.service.context import JobContext
from studio.service.jobs import Source
from studio.service.results import Result
from studio.settings import Limits

if TYPE_CHECKING:
    from studio.pipelines.text_to_video import TextToVideoPipeline

STRIP_NAMES = ("sky", "far", "middle", "near")
SPRITE_NAMES = ("subject", "other")
LARGEST_PICTURE = 1024  # an own picture is drawn a few hundred pixels high at most


def check(request: TextToVideoRequest, sources: dict[str, tuple[Source, ...]], limits: Limits) -> None:
    """The own picture, if there is one, must be a picture."""
    for picture in sources.get("picture", ()):
        if picture.info.kind == "video":
            raise MediaError(f'The subject\'s picture must be a picture, and "{picture.name}" is a clip.')


def run(request: TextToVideoRequest, context: JobContext) -> Result:
    """Make every variation, one after another; variation n has the seed plus n."""
    pipeline: TextToVideoPipeline = context.pipeline()
    understood = pipeline.understand(request.prompt)
    picture = _own_picture(context)
    made = [_one(request, number, pipeline, context, picture) for number in range(request.variations)]
    videos = tuple(video for video, _ in made)
    context.notes.extend(_notes(request, understood, made[0][1]))
    context.note_long_words(pipeline, request.prompt)
    context.start("finishing", None, "Packing the layers.")
    return Result(
        task=request.task,
        video=videos[0],
        variations=videos if len(videos) > 1 else (),
        seed=context.seed,
        layers=_pack([layers for _, layers in made], request, context),
        understood=understood,
        notes=tuple(context.notes),
        width=request.width,
        height=request.height,
        fps=float(request.fps),
        frames=request.num_frames,
    )


def _one(
    request: TextToVideoRequest,
    number: int,
    pipeline: TextToVideoPipeline,
    context: JobContext,
    picture: np.ndarray | None,
) -> tuple[Path, SceneLayers]:
    if request.variations == 1:
        own, name, words = request, "video.mp4", "Drawing frames."
    else:
        own = replace(request, seed=context.seed_of(number), variations=1)
        name, words = f"video-{number + 1}.mp4", f"Drawing frames of variation {number + 1} of {request.variations}."
    if number == 0:
        context.start("working", request.num_frames * request.variations, words)
    before = number * request.num_frames
    layers = pipeline.layers(
        request.prompt,
        num_frames=request.num_frames,
        fps=request.fps,
        variety=request.variety,
        generator=context.generator(number),
        picture=picture,
    )
    with context.video(name, (request.width, request.height), Fraction(request.fps), request=own) as video:
        frames = pipeline.paint(layers, request.height, request.width, is_cancelled=context.is_cancelled)
        for done, frame in enumerate(frames, start=1):
            video.write(frame)
            context.step(before + done, words)
    return context.results / name, layers


def _own_picture(context: JobContext) -> np.ndarray | None:
    """The person's own picture, cut out of its background, RGBA uint8; None where none was given."""
    source = context.source("picture")
    if source is None:
        return None
    context.start("working", None, "Cutting out your picture.")
    picture = cut_out(read_rgba(source.path, context.limits, LARGEST_PICTURE))
    if not source.info.has_alpha:
        context.notes.append("Your picture has no transparency, so its subject was cut out by its outline.")
    return picture


def _notes(request: TextToVideoRequest, understood: Understanding, layers: SceneLayers) -> list[str]:
    """What a person should know of how their words were taken."""
    notes = []
    for word, instead in understood.stand_ins:
        notes.append(f'There is no "{word}" here yet; "{instead}" was drawn in its place.')
    for word, nearest in understood.unknown_words:
        known = f'; the nearest word that it knows is "{nearest}"' if nearest else ""
        notes.append(f'"{word}" is a word that this studio does not know{known}.')
    if understood.ignored:
        words = ", ".join(f'"{word}"' for word in understood.ignored)
        notes.append(f"{words} did not go together with the other words and was left out.")
    chosen = [layers.setting[name].replace("_", " ") for name in ("place", "time") if getattr(understood, name) == "any"
              and name in layers.setting]  # fmt: skip
    if chosen:
        missing = " and ".join(name for name in ("place", "time") if getattr(understood, name) == "any")
        missing = missing.replace("time", "time of day")
        notes.append(f"You named no {missing}, so the studio chose: {', '.join(chosen)}.")
    if abs(request.num_frames / request.fps - request.seconds) > 1e-6:
        notes.append(f"The clip has {request.num_frames} whole frames: {request.num_frames / request.fps:.3f} seconds.")
    return notes


def _pack(scenes: list[SceneLayers], request: TextToVideoRequest, context: JobContext) -> Path:
    """The layers as PNG and JSON in one zip; a folder per variation where there are several."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as box:
        box.comment = f"{DESCRIPTION} {request.source_type}".encode()
        _put(box, "about.txt", f"{DESCRIPTION}\nDigital source type: {request.source_type}\n".encode())
        for number, layers in enumerate(scenes, start=1):
            folder = f"variation-{number}/" if len(scenes) > 1 else ""
            for index, strip in enumerate(layers.strips):
                _put(box, f"{folder}background-{index}-{STRIP_NAMES[index]}.png", context.png(strip))
            for index, sprite in enumerate(layers.sprites):
                if index in layers.cast:
                    _put(box, f"{folder}sprite-{SPRITE_NAMES[index]}.png", context.png(sprite))
            _put(box, f"{folder}trajectories.json", _trajectories(layers, request).encode())
    return write_whole(context.results / "layers.zip", context.signed(packed.getvalue(), "zip"))


def _put(box: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Add a file to a zip without this machine's clock, system and user in its entry."""
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.create_system, entry.external_attr = 3, 0o644 << 16  # as every Unix writes it
    box.writestr(entry, content)


def _trajectories(layers: SceneLayers, request: TextToVideoRequest) -> str:
    present = [place for place in range(len(ACTORS)) if layers.cast[place] >= 0]
    return json.dumps(
        {
            "about": DESCRIPTION,
            "fps": float(layers.fps),
            "frames": len(layers.scene),
            "size": [request.width, request.height],
            "units": "lengths in frame heights from the top left corner of a square frame; log_size is a natural log",
            "setting": layers.setting,
            "background_offsets": [round(float(value), 5) for value in layers.offsets],
            "actors": [
                {
                    "who": ACTORS[place],
                    "sprite": f"sprite-{SPRITE_NAMES[layers.cast[place]]}.png",
                    "tracks": _columns(layers.actors[:, place], ACTOR_TRACKS),
                }
                for place in present
            ],
            "scene": _columns(layers.scene, SCENE_TRACKS),
        },
        indent=1,
    )


def _columns(tracks: np.ndarray, names: tuple[str, ...]) -> dict[str, list[float]]:
    return {name: [round(float(value), 5) for value in tracks[:, i]] for i, name in enumerate(names)}
