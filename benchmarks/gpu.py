"""All four pipelines on a GPU: is it the CPU's picture, how fast is it, and how often does a frame cross over?

    python -m benchmarks.gpu                     on the GPU, 512 x 512 from a prompt and 1280 x 720: results/gpu.json
    python -m benchmarks.gpu --device cpu --tiny  the same steps anywhere, on small frames: to see that they work

Copies are counted by the profiler, which sees what the driver was asked for, whoever asked.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from time import perf_counter
from unittest import mock

import numpy as np
import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.report import RESULTS, Report, to_log
from studio.pipelines.base import StudioPipeline
from studio.pipelines.interpolation import InterpolationPipeline
from studio.pipelines.prediction import PredictionPipeline
from studio.pipelines.restyle import RestylePipeline
from studio.pipelines.text_to_video import TextToVideoPipeline

PROTOCOL = """The four pipelines as they are served: float32 weights, autocast in bfloat16 where the device has it, on a
clip that is drawn here (a textured square before a smooth ground, the same on every machine). ms_per_frame: wall
milliseconds of every frame of a stream after {warm}, decoding and encoding left out, the device waited for. difference:
mean and largest difference in levels of 255 to the same call on this machine's CPU in float32 without autocast.
copies_per_frame: of one more run under the profiler, all copies between host and device over all frames of the stream,
what is prepared once included. peak_mb: the most memory that torch held on the device."""

WARM = 2
CHECKPOINTS = Path(__file__).resolve().parents[1] / "checkpoints"

logger = logging.getLogger(__name__)

Ask = Callable[[StudioPipeline], Iterator[np.ndarray]]


@dataclass(frozen=True)
class Job:
    """One row: a pipeline, its frames' (H, W), and the call that gives a stream of them."""

    name: str
    kind: type[StudioPipeline]
    size: tuple[int, int]
    ask: Ask


def moving_clip(size: tuple[int, int], count: int) -> np.ndarray:
    """uint8 (count, H, W, 3): a textured square that moves a hundredth of the width a frame over a smooth ground."""
    height, width = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    ground = np.stack([40 + 150 * x / width, 60 + 120 * y / height, 120 + 40 * np.sin(x / 19) * np.cos(y / 15)], -1)
    side = height // 3
    texture = np.random.default_rng(0).integers(90, 250, (-(-side // 4), -(-side // 4), 3)).repeat(4, 0).repeat(4, 1)
    clip = np.repeat(ground.clip(0, 255).astype(np.uint8)[None], count, 0)
    for index, frame in enumerate(clip):
        left = (width // 8 + index * max(1, width // 100)) % (width - side)
        frame[side : 2 * side, left : left + side] = texture[:side, :side]
    return clip


def jobs(prompt_size: tuple[int, int], clip_size: tuple[int, int], frames: int) -> list[Job]:
    """The four pipelines and what is asked of them, each with the same seed."""
    clip = moving_clip(clip_size, frames)

    def seed() -> torch.Generator:
        return torch.Generator().manual_seed(7)

    height, width = prompt_size
    prompt = "a red car drives left across the desert at sunset"
    asked = {"num_frames": frames, "height": height, "width": width}
    twice = {"fps_in": Fraction(24), "fps_out": Fraction(48)}
    return [
        Job("text_to_video", TextToVideoPipeline, prompt_size, lambda p: p.stream(prompt, **asked, generator=seed())),
        Job("interpolation", InterpolationPipeline, clip_size, lambda p: p.retime(clip, **twice, generator=seed())),
        Job("restyle", RestylePipeline, clip_size, lambda p: p.stream(clip, "oil painting", generator=seed())),
        Job("prediction", PredictionPipeline, clip_size, lambda p: p.stream(clip, frames, None, 24, seed())),
    ]


def measure(report: Report, job: Job, checkpoints: Path, device: torch.device) -> None:
    """Add a job's row."""
    pipeline = job.kind.from_pretrained(checkpoints / job.name)
    with mock.patch("studio.pipelines.base.has_fast_bfloat16", return_value=False):
        plain = np.stack(list(job.ask(pipeline))).astype(np.float32)
    pipeline.to(device)
    _forget_peak(device)
    frames, times = _timed(job.ask(pipeline), device)
    peak = _peak_mb(device)
    apart = np.abs(np.stack(frames) - plain)
    copies = count_copies(job, pipeline, device)
    measures = {
        "ms_per_frame": times[WARM:],
        "difference_mean": [float(apart.mean())],
        "difference_most": [float(apart.max())],
        **{f"copies_{way}_per_frame": [number / len(frames)] for way, number in copies.items()},
        **({} if peak is None else {"peak_mb": [peak]}),
    }
    facts = {"width": job.size[1], "height": job.size[0], "frames": len(frames), "device": device.type}
    report.add(job.name, measures, weights=str(pipeline.dtype), computed_in=str(pipeline.fast_dtype()), **facts)


def count_copies(job: Job, pipeline: StudioPipeline, device: torch.device) -> dict[str, int]:
    """How often one whole stream copies from host to device and back; nothing where there is no device."""
    if device.type != "cuda":
        return {}
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as seen:
        for _ in job.ask(pipeline):
            pass
    names = [event.name for event in seen.events()]
    return {way: sum(f"Memcpy {sign}" in name for name in names) for way, sign in (("up", "HtoD"), ("down", "DtoH"))}


def _timed(stream: Iterator[np.ndarray], device: torch.device) -> tuple[list[np.ndarray], list[float]]:
    """The frames and the milliseconds that each of them took."""
    frames, times = [], []
    start = perf_counter()
    for frame in stream:
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        times.append((perf_counter() - start) * 1e3)
        frames.append(frame)
        start = perf_counter()
    return frames, times


def _forget_peak(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def _peak_mb(device: torch.device) -> float | None:
    return torch.cuda.max_memory_allocated(device) / 1e6 if device.type == "cuda" else None


def main(arguments: list[str] | None = None) -> Path:
    """Measure what the command line asks for; returns the file that was written."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", help="cuda, cuda:1, cpu ...")
    parser.add_argument("--checkpoints", type=Path, default=CHECKPOINTS, help="folder of the four generators")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder that gpu.json is written to")
    parser.add_argument("--frames", type=int, default=12, help="frames of every stream's clip")
    parser.add_argument("--tiny", action="store_true", help="64 x 64 and 96 x 64, for tests")
    asked = parser.parse_args(arguments)
    device = torch.device(asked.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        parser.error("this machine has no GPU that torch can use; --device cpu --tiny --out FOLDER tries the steps.")
    sizes = ((64, 64), (64, 96)) if asked.tiny else ((512, 512), (720, 1280))
    report = Report("gpu", PROTOCOL.format(warm=WARM))
    for job in jobs(*sizes, max(WARM + 1, asked.frames)):
        measure(report, job, asked.checkpoints, device)
    return report.write(asked.out)


if __name__ == "__main__":
    to_log()
    main()
