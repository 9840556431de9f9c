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
from PIL import Image

from studio.requests import MAX_SEED, TextToVideoRequest
from studio.scene import TRACK_NAMES, SceneLayers, Understanding
from studio.service.jobs import Source
from studio.service.results import Result
from studio.service.workbench import Workbench
from studio.settings import Limits

if TYPE_CHECKING:
    from studio.pipelines.text_to_video import TextToVideoPipeline

STRIP_NAMES = ("sky", "far", "middle", "near")


def check(request: TextToVideoRequest, sources: dict[str, tuple[Source, ...]], limits: Limits) -> None:
    """Nothing beyond the request's own bounds: there are no files."""


def run(request: TextToVideoRequest, bench: Workbench) -> Result:
    """Make every variation, one after another; variation n has the seed plus n."""
    pipeline: TextToVideoPipeline = bench.pipeline()
    understood = pipeline.understand(request.prompt)
    bench.notes.extend(_notes(request, understood))
    bench.note_long_words(pipeline, request.prompt)
    made = [_one(request, number, pipeline, bench) for number in range(request.variations)]
    videos = tuple(video for video, _ in made)
    bench.start("finishing", None, "Packing the layers.")
    return Result(
        task=request.task,
        video=videos[0],
        variations=videos if len(videos) > 1 else (),
        seed=bench.seed,
        layers=_pack([layers for _, layers in made], request, bench.results / "layers.zip"),
        understood=understood,
        notes=tuple(bench.notes),
        width=request.width,
        height=request.height,
        fps=float(request.fps),
        frames=request.num_frames,
    )


def _one(
    request: TextToVideoRequest, number: int, pipeline: TextToVideoPipeline, bench: Workbench
) -> tuple[Path, SceneLayers]:
    if request.variations == 1:
        own, name, words = request, "video.mp4", "Drawing frames."
    else:
        own = replace(request, seed=(bench.seed + number) % (MAX_SEED + 1), variations=1)
        name, words = f"video-{number + 1}.mp4", f"Drawing frames of variation {number + 1} of {request.variations}."
    if number == 0:
        bench.start("working", request.num_frames * request.variations, words)
    before = number * request.num_frames
    scene = {"num_frames": request.num_frames, "fps": request.fps, "variety": request.variety}
    with bench.video(name, (request.width, request.height), Fraction(request.fps), request=own) as video:
        frames = pipeline.stream(
            request.prompt,
            height=request.height,
            width=request.width,
            generator=bench.generator(number),
            is_cancelled=bench.is_cancelled,
            **scene,
        )
        for done, frame in enumerate(frames, start=1):
            video.write(frame)
            bench.step(before + done, words)
    layers = pipeline.layers(request.prompt, generator=bench.generator(number), **scene)
    return bench.results / name, layers


def _notes(request: TextToVideoRequest, understood: Understanding) -> list[str]:
    notes = []
    if understood.unknown_words:
        words = ", ".join(f'"{word}"' for word in understood.unknown_words)
        plural = len(understood.unknown_words) > 1
        notes.append(f"{words} {'are words' if plural else 'is a word'} that this studio does not know.")
    if abs(request.num_frames / request.fps - request.seconds) > 1e-6:
        notes.append(f"The clip has {request.num_frames} whole frames: {request.num_frames / request.fps:.3f} seconds.")
    return notes


def _pack(scenes: list[SceneLayers], request: TextToVideoRequest, path: Path) -> Path:
    """The layers as PNG and JSON in one zip; a folder per variation where there are several."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as box:
        for number, layers in enumerate(scenes, start=1):
            folder = f"variation-{number}/" if len(scenes) > 1 else ""
            for index, strip in enumerate(layers.strips):
                box.writestr(f"{folder}background-{index}-{STRIP_NAMES[index]}.png", _png(strip))
            box.writestr(f"{folder}sprite.png", _png(layers.sprite))
            box.writestr(f"{folder}trajectories.json", _trajectories(layers, request))
    return path


def _png(picture: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    return out.getvalue()


def _trajectories(layers: SceneLayers, request: TextToVideoRequest) -> str:
    columns = {name: [round(float(value), 5) for value in layers.tracks[:, i]] for i, name in enumerate(TRACK_NAMES)}
    return json.dumps(
        {
            "fps": float(layers.fps),
            "frames": len(layers.tracks),
            "size": [request.width, request.height],
            "units": "lengths in frame heights from the top left corner of a square frame; log_size is a natural log",
            "background_offsets": [round(float(value), 5) for value in layers.offsets],
            "tracks": columns,
            "extra": {name: float(value) for name, value in layers.extra.items()},
        },
        indent=1,
    )
