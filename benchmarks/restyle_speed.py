"""Milliseconds per frame of restyling, every size and number of threads in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from unittest import mock

import cv2
import numpy as np
import torch

from benchmarks.fresh_process import in_fresh_process
from benchmarks.report import Report
from benchmarks.restyle_rivals import PlainNet, moving_guides, stylise, teach
from studio.pipelines.restyle import RestylePipeline
from studio.teachers.looks import LOOKS

PROTOCOL = """Frames of one dev clip (camel_head) resized to the named size, one by one, without decoding and encoding,
in a fresh process that is bound to one core or to two: wall time, and the time of all cores together, which other work
on the machine disturbs less. generator: the whole stream (flow, guides, net, detail guard, enlargement) of an oil
painting, in float32 and in bfloat16, a value for each of {ours} frames after three that warm up. teachers: guides on a
moving texture and the filter, the mean of {kinds} looks. stylization: cv2's. plain net: AnimeGANv2's shape, random
weights, one frame after a small one that warms up. by look: one thread, 640x360, the precision that the pipeline
chooses, a value for each of {looks} frames."""

SIZES = ((640, 360), (1280, 720))
FRAMES = 10
LOOK_FRAMES = 4
_WARM = 3
_TAUGHT = ("oil", "watercolour", "engraving", "comic", "mosaic", "neon")  # a few of every kind, for the larger size


def read_clip(path: Path, size: tuple[int, int], first: int, count: int) -> np.ndarray:
    """`count` frames from number `first` on, uint8 RGB (T, H, W, 3), scaled to cover (H, W) and cut in the middle."""
    reader, frames = cv2.VideoCapture(str(path)), []
    height, width = size
    for index in range(first + count):
        ok, frame = reader.read()
        if not ok:
            break
        if index < first:
            continue
        scale = max(height / frame.shape[0], width / frame.shape[1])
        large = (max(width, round(frame.shape[1] * scale)), max(height, round(frame.shape[0] * scale)))
        frame = cv2.resize(frame, large, interpolation=cv2.INTER_AREA)
        top, left = (frame.shape[0] - height) // 2, (frame.shape[1] - width) // 2
        frames.append(frame[top : top + height, left : left + width, ::-1])
    reader.release()
    return np.ascontiguousarray(np.stack(frames))


def _timed(work: Callable[[], object], times: int, warm: int) -> dict[str, list[float]]:
    """Wall and processor milliseconds of every call after the first `warm`."""
    wall, cores = [], []
    for _ in range(warm + times):
        start, busy = perf_counter(), process_time()
        work()
        wall.append((perf_counter() - start) * 1e3)
        cores.append((process_time() - busy) * 1e3)
    return {"ms_per_frame": wall[warm:], "core_ms_per_frame": cores[warm:]}


def _streamed(
    pipeline: RestylePipeline, clip: np.ndarray, title: str, times: int, warm: int = _WARM
) -> dict[str, list[float]]:
    stream = pipeline.stream(iter(clip), title)
    return _timed(lambda: next(stream), times, warm)


def measure(clip: str, width: int, height: int, checkpoint: str) -> dict[str, object]:
    """All methods at one size, on the threads that this process may use."""
    frames = read_clip(Path(clip), (height, width), 20, _WARM + FRAMES)
    pipeline = RestylePipeline.from_pretrained(Path(checkpoint))
    found: dict[str, object] = {}
    for name, fast in (("float32", False), ("bfloat16", True)):
        with mock.patch("studio.pipelines.base.has_fast_bfloat16", return_value=fast):
            found[f"generator, {name}"] = _streamed(pipeline, frames, LOOKS["oil"].title, FRAMES)
    taught = [_taught(name, frames[:3]) for name in _TAUGHT]
    found["teachers"] = {key: [float(np.mean(one[key])) for one in taught] for key in taught[0]}
    found["cv2.stylization"] = _timed(lambda: stylise(frames[0]), 2, 1)
    for name, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        found[f"plain net, {name}"] = _plain(frames[0], dtype)
    return found


def _plain(frame: np.ndarray, dtype: torch.dtype) -> dict[str, list[float]]:
    net = PlainNet().eval().to(dtype=dtype, memory_format=torch.channels_last)
    net.paint(frame[:96, :96], dtype)
    return _timed(lambda: net.paint(frame, dtype), 1, 0)


def _taught(name: str, frames: np.ndarray) -> dict[str, list[float]]:
    """The teacher with its guides, per frame, after one that warms up (atlases of a tiling are drawn once)."""
    guides, left = moving_guides(frames, LOOKS[name].tiling), iter(frames)
    return _timed(lambda: teach(next(left), next(guides), name), len(frames) - 1, 1)


def measure_looks(clip: str, checkpoint: str) -> dict[str, object]:
    """The generator and the teacher of every look at 640x360."""
    frames = read_clip(Path(clip), (360, 640), 20, 2 + LOOK_FRAMES)
    pipeline = RestylePipeline.from_pretrained(Path(checkpoint))
    return {
        name: [_streamed(pipeline, frames, look.title, LOOK_FRAMES, 2), _taught(name, frames[:3])]
        for name, look in LOOKS.items()
    }


def measure_speed(report: Report, data: Path, checkpoint: Path) -> None:
    """A row per size, threads and method, then one per look."""
    report.protocol = PROTOCOL.format(ours=FRAMES, kinds=len(_TAUGHT), looks=LOOK_FRAMES)
    where = {
        "clip": str((data / "dev" / "clips" / "camel_head.mp4").resolve()),
        "checkpoint": str(checkpoint.resolve()),
    }
    for width, height in SIZES:
        for threads in (1, 2):
            found = in_fresh_process("benchmarks.restyle_speed:measure", threads, width=width, height=height, **where)
            peak = found.pop("peak_mb", None)
            for method, measures in found.items():
                report.add(f"{width}x{height} {method}, {_say(threads)}", measures, threads=threads, method=method)
            if peak is not None:
                report.add(f"{width}x{height} all together, {_say(threads)}", {"peak_mb": [peak]}, threads=threads)
    looks = in_fresh_process("benchmarks.restyle_speed:measure_looks", 1, **where)
    looks.pop("peak_mb", None)
    ours: list[float] = []
    for name, (generator, teacher) in looks.items():
        ours.append(float(np.median(generator["core_ms_per_frame"])))
        taught = {f"teacher_{key}": values for key, values in teacher.items()}
        report.add(f"{name}, 640x360, one thread", generator | taught, look=name)
    report.add("mean of looks, 640x360, one thread", {"core_ms_per_frame": ours})
    weights = sum(file.stat().st_size for file in (checkpoint / "generator").rglob("*.safetensors")) / 1e6
    whole = sum(file.stat().st_size for file in checkpoint.rglob("*") if file.is_file()) / 1e6
    plain = sum(part.numel() for part in PlainNet().parameters()) * 4 / 1e6
    report.add("megabytes", {"generator_mb": [weights], "whole_checkpoint_mb": [whole], "plain_net_mb": [plain]})


def _say(threads: int) -> str:
    return "one thread" if threads == 1 else f"{threads} threads"
