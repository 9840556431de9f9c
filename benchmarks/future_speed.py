"""How long a predicted frame takes and how much memory it needs, in processes of their own."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import torch

from benchmarks.clip_stretches import read
from benchmarks.fresh_process import busy_seconds, in_fresh_process
from benchmarks.future_rivals import load
from benchmarks.report import Report, milliseconds

PROTOCOL = """Times: wall milliseconds per frame over a stream of {frames} frames, look ahead included, until the first
frame, and of all cores together, in a fresh process bound to one core or to two ("one thread", "two threads"), on the
first frames of the first clip stretched to each size; peak_mb the most memory that it held, libraries included."""

SIZES = ((448, 256), (640, 360), (1280, 720))
GPU_SIZES = ((1280, 720), (1920, 1080))
WORDS = (None, "pans left")
FRAMES = 24
_SEEN = 24


def measure(
    clip: str, width: int, height: int, checkpoint: str, repeats: int, prompt: str | None = None, device: str = "cpu"
) -> dict[str, object]:
    """Times of a stream of FRAMES frames, a value for each repeat after one that warms up."""
    pipeline = load(Path(checkpoint), device)
    seen = read(Path(clip), max(width, height), _SEEN)
    seen = np.stack([cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA) for frame in seen])
    each, first, work = [], [], []
    for number in range(repeats + 1):
        whole: list[float] = []
        busy = busy_seconds()
        with milliseconds(whole):
            stream = pipeline.stream(seen, FRAMES, prompt, 24, torch.Generator().manual_seed(number))
            with milliseconds(first):
                next(stream)
            for _ in islice(stream, FRAMES - 1):
                pass
        each.append(whole[0] / FRAMES)
        work.append((busy_seconds() - busy) * 1e3 / FRAMES)
    return {"ms_per_frame": each[1:], "ms_to_first_frame": first[1:], "core_ms_per_frame": work[1:]}


def speed(report: Report, clip: Path, checkpoint: Path, repeats: int, device: str = "cpu") -> None:
    """A row per size, with and without words, and number of threads."""
    sizes, counts = (SIZES, (1, 2)) if device == "cpu" else (GPU_SIZES, (2,))
    for width, height in sizes:
        for prompt in WORDS if (width, height) == (640, 360) else WORDS[:1]:
            for threads in counts:
                found = in_fresh_process(
                    "benchmarks.future_speed:measure", threads, clip=str(clip.resolve()), width=width, height=height,
                    checkpoint=str(checkpoint.resolve()), repeats=repeats, prompt=prompt, device=device,
                )  # fmt: skip
                measures = {key: values for key, values in found.items() if isinstance(values, list)}
                if "peak_mb" in found:
                    measures["peak_mb"] = [found["peak_mb"]]
                where = f"{threads} thread{'s' * (threads > 1)}" if device == "cpu" else device
                facts = {"width": width, "height": height, "threads": threads, "device": device}
                report.add(f"{width}x{height}, {prompt or 'own course'}, {where}", measures, **facts)
