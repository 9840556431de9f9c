"""How long an in-between takes and how much memory it needs: every method at every size in a process of its own."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import cv2
import numpy as np

from benchmarks.between_rivals import METHODS, MINTERPOLATE, OURS, build
from benchmarks.fresh_process import busy_seconds, in_fresh_process
from benchmarks.report import Report

PROTOCOL = """Times: milliseconds per new frame of a x2 pass over {gaps} gaps of one panned picture at each size,
everything included but decoding, in a fresh process that is bound to one core or to two ("one thread", "two threads"):
wall time, and the time of all cores together, which other work on the machine disturbs less. peak_mb: the most memory
that this process held, libraries and models included (minterpolate is a process of its own and not told)."""

SIZES = ((448, 256), (640, 360), (1280, 720))
GPU_SIZES = ((1280, 720), (1920, 1080))
GAPS = 16  # enough that a child process of ffmpeg does not count for much


def measure(
    method: str, width: int, height: int, checkpoint: str, repeats: int, device: str = "cpu"
) -> dict[str, object]:
    """Wall and processor milliseconds per new frame, a value for each repeat after a short one that warms up."""
    make, kept = build(method, Path(checkpoint), device), panned(width, height)
    make(kept[:2], 2)
    wall, work = [], []
    for _ in range(repeats):
        start, busy = perf_counter(), busy_seconds()
        make(kept, 2)
        wall.append((perf_counter() - start) * 1e3 / GAPS)
        work.append((busy_seconds() - busy) * 1e3 / GAPS)
    return {"ms_per_frame": wall, "core_ms_per_frame": work}


def panned(width: int, height: int) -> np.ndarray:
    """GAPS + 1 frames, uint8 (K, height, width, 3), of a picture with large and small shapes that moves by 7 pixels a
    frame.
    """
    rng = np.random.default_rng(0)
    wall = sum(
        cv2.resize(rng.random((height // s + 2, width // s + 2, 3)), (width + 7 * GAPS, height)) for s in (3, 9, 40)
    )
    wall = np.uint8(wall / 3 * 255)
    return np.stack([wall[:, 7 * index : 7 * index + width] for index in range(GAPS + 1)])


def speed(report: Report, checkpoint: Path, repeats: int, device: str = "cpu") -> None:
    """A row per size, method and number of threads."""
    methods, sizes, counts = (METHODS, SIZES, (1, 2)) if device == "cpu" else ((OURS,), GPU_SIZES, (2,))
    for width, height in sizes:
        for name in methods:
            for threads in counts:
                found = in_fresh_process(
                    "benchmarks.between_speed:measure", threads, method=name, width=width, height=height,
                    checkpoint=str(checkpoint.resolve()), repeats=repeats, device=device,
                )  # fmt: skip
                measures = {key: found[key] for key in ("ms_per_frame", "core_ms_per_frame")}
                if "peak_mb" in found and name not in MINTERPOLATE:
                    measures["peak_mb"] = [found["peak_mb"]]
                where = f"{threads} thread{'s' * (threads > 1)}" if device == "cpu" else device
                row = f"{width}x{height} {name}, {where}"
                facts = {"method": name, "width": width, "height": height, "threads": threads, "device": device}
                report.add(row, measures, **facts)
