"""In-betweens against what was really there: the studio's generator, its classical path, ffmpeg and plain blending.

python -m benchmarks.interpolation --data ../shared/data            writes results/interpolation.json
python -m benchmarks.interpolation --data ../shared/data --quick    few repeats, nothing written
python -m benchmarks.interpolation --data ../shared/data --part speed    the other part's rows stay as they are
"""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import imageio_ffmpeg
import numpy as np
import torch

from benchmarks.report import RESULTS, Report, milliseconds, to_log
from studio.metrics import psnr, ssim, vmaf
from studio.motion.between import measure_gap, synthesise
from studio.motion.cuts import is_cut
from studio.motion.duplicates import is_duplicate
from studio.motion.warp import resize_flow
from studio.pipelines.interpolation import InterpolationPipeline

logger = logging.getLogger(__name__)

PROTOCOL = """Dev clips, resized by area to at most 448 pixels on the longer side; per clip up to {segments} segments of
{length} consecutive frames without scene cuts or repeated frames. x2: every second frame is dropped and made again at
moment 1/2; x4: three of four at 1/4, 1/2, 3/4. Values are means per clip (PSNR in RGB, SSIM of luma, VMAF v0.6.1 of the
made frames in order), then median and spread over clips; "mean" is the mean of clips. minterpolate runs at defaults
but for mi_mode=mci:mc_mode=aobmc:vsbmc=1 and the named me_mode, its output aligned to its input. Farneback: the same
classical formula on Farneback's flow. Times: wall milliseconds per new frame of a x2 pass over one panned photo-like
clip at each size, everything included but decoding; {threads} threads (minterpolate is single-threaded by nature)."""

SIZES = ((448, 256), (640, 360), (1280, 720))
LONGEST = 448
LENGTH = 25
GAPS = 16  # of the timed clip: enough that a child process of ffmpeg does not count for much

InBetweens = Callable[[np.ndarray, int], np.ndarray]
"""Kept frames (K, H, W, 3) and a step (2 or 4) to the (K - 1) (step - 1) frames between, in order."""


def segments(path: Path, most: int) -> Iterator[np.ndarray]:
    """Up to `most` stretches of LENGTH frames of a clip in which every frame is new and of one shot."""
    frames = list(_read(path))
    start, found = 0, []
    for index in range(1, len(frames) + 1):
        ends = index == len(frames) or is_cut(*frames[index - 1 : index + 1])
        ends = ends or is_duplicate(*frames[index - 1 : index + 1])
        if ends:
            found += [frames[at : at + LENGTH] for at in range(start, index - LENGTH + 1, LENGTH)]
            start = index
    if not found:
        logger.info("%s has no stretch of %d sound frames", path.name, LENGTH)
    for chosen in np.unique(np.linspace(0, len(found) - 1, most + 2).round().astype(int)[1:-1] if found else []):
        yield np.stack(found[chosen])


def _read(path: Path) -> Iterator[np.ndarray]:
    reader = cv2.VideoCapture(str(path))
    try:
        while True:
            there, frame = reader.read()
            if not there:
                return
            scale = min(1.0, LONGEST / max(frame.shape[:2]))
            size = tuple(round(side * scale / 2) * 2 for side in (frame.shape[1], frame.shape[0]))
            yield cv2.cvtColor(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)
    finally:
        reader.release()


def each_gap(make: Callable[[np.ndarray, np.ndarray, list[float]], list[np.ndarray]]) -> InBetweens:
    """Frames between from a function of one gap and its moments."""

    def run(kept: np.ndarray, step: int) -> np.ndarray:
        moments = [index / step for index in range(1, step)]
        return np.stack([frame for pair in zip(kept, kept[1:]) for frame in make(*pair, moments)])

    return run


def blending(first: np.ndarray, second: np.ndarray, moments: list[float]) -> list[np.ndarray]:
    """Cross-dissolve."""
    return [cv2.addWeighted(first, 1 - moment, second, moment, 0) for moment in moments]


def classical(first: np.ndarray, second: np.ndarray, moments: list[float]) -> list[np.ndarray]:
    """The studio's synthesis without its generator."""
    with ThreadPoolExecutor(1) as pool:
        gap = measure_gap(first, second, pool=pool)
        return [synthesise(gap, moment, pool) for moment in moments]


def farneback(first: np.ndarray, second: np.ndarray, moments: list[float]) -> list[np.ndarray]:
    """The same synthesis on the flow of Farneback (2003)."""
    gap = measure_gap(first, second)
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (first, second)]
    flows = [
        resize_flow(cv2.calcOpticalFlowFarneback(*pair, None, 0.5, 5, 15, 3, 5, 1.2, 0), *gap.forward.shape[:2])
        for pair in (grey, grey[::-1])
    ]
    gap = replace(gap, forward=flows[0], backward=flows[1])
    return [synthesise(gap, moment) for moment in moments]


def minterpolate(mode: str) -> InBetweens:
    """ffmpeg's motion interpolation, `mode` bidir or bilat."""

    def run(kept: np.ndarray, step: int) -> np.ndarray:
        # The filter loses frames at both ends: the ends are repeated, and the output is aligned to the input after.
        padded = np.concatenate([kept[:1], kept[:1], kept, kept[-1:], kept[-1:], kept[-1:]])
        height, width = kept.shape[1:3]
        graph = f"format=yuv444p,minterpolate=fps={24 * step}:mi_mode=mci:mc_mode=aobmc:vsbmc=1:me_mode={mode}:scd=none"
        raw = ["-f", "rawvideo", "-pix_fmt", "rgb24"]
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *raw, "-s", f"{width}x{height}", "-r", "24"]
        command += ["-i", "-", "-vf", graph, *raw, "-"]
        done = subprocess.run(command, input=padded.tobytes(), capture_output=True, check=True)
        made = np.frombuffer(done.stdout, np.uint8).reshape(-1, height, width, 3)
        span = (len(kept) - 1) * step

        def distance(offset: int) -> float:
            return float(np.abs(made[offset : offset + span + 1 : step].astype(int) - kept).mean())

        # Of equally good offsets the last one: the repeated first frame looks the same at all of them.
        offset = min(range(min(4 * step, len(made) - span - 1), -1, -1), key=distance)
        return np.stack([frame for at in range(span) if at % step for frame in [made[offset + at]]])

    return run


def generator(pipeline: InterpolationPipeline) -> InBetweens:
    """The studio's pipeline, as a person calls it."""
    return lambda kept, step: pipeline(kept, times=[index / step for index in range(1, step)]).frames


def quality(report: Report, methods: dict[str, InBetweens], data: Path, most: int) -> None:
    """A row per method and step; a row per clip of the generator's gain, for the curious."""
    clips = {path.stem: list(segments(path, most)) for path in sorted((data / "dev" / "clips").iterdir())}
    clips = {name: parts for name, parts in clips.items() if parts}
    for step in (2, 4):
        for name, method in methods.items():
            values: dict[str, list[float]] = {"psnr_db": [], "ssim": [], "vmaf": []}
            facts: dict[str, float] = {}
            for clip, parts in clips.items():
                scores: dict[str, list[float]] = {key: [] for key in values}
                for frames in parts:
                    made = method(frames[::step], step)
                    truth = np.stack([frame for at, frame in enumerate(frames) if at % step])
                    scores["psnr_db"] += [psnr(*pair) for pair in zip(made, truth)]
                    scores["ssim"] += [ssim(*pair) for pair in zip(made, truth)]
                    scores["vmaf"].append(vmaf(made, truth))
                for key in values:
                    values[key].append(float(np.mean(scores[key])))
                facts[clip] = round(values["psnr_db"][-1], 2)
            report.add(f"x{step} {name}", values, psnr_by_clip=facts)


def speed(report: Report, methods: dict[str, InBetweens], repeats: int) -> None:
    """Milliseconds per new frame of a x2 pass at each size."""
    rng = np.random.default_rng(0)
    for width, height in SIZES:
        wall = sum(
            cv2.resize(rng.random((height // s + 2, width // s + 2, 3)), (width + 7 * GAPS, height)) for s in (3, 9, 40)
        )
        wall = np.uint8(wall / 3 * 255)
        kept = np.stack([wall[:, 7 * index : 7 * index + width] for index in range(GAPS + 1)])
        for name, method in methods.items():
            times: list[float] = []
            method(kept[:2], 2)
            for _ in range(repeats):
                with milliseconds(times):
                    method(kept, 2)
            report.add(f"{width}x{height} {name}", {"ms_per_frame": [value / GAPS for value in times]})


def _rows_on_disk(is_speed: bool) -> list[dict[str, object]]:
    """The rows of one part in the results file; times want a quiet machine, quality does not care."""
    path = RESULTS / "interpolation.json"
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.is_file() else []
    return [row for row in rows if ("ms_per_frame" in row["measures"]) == is_speed]


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with dev/clips")
    parser.add_argument("--checkpoint", type=Path, default=Path("checkpoints/interpolation"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--segments", type=int, default=1, help="stretches of each clip")
    parser.add_argument("--part", choices=("both", "quality", "speed"), default="both")
    parser.add_argument("--quick", action="store_true", help="few repeats, write nothing")
    options = parser.parse_args()
    to_log()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(options.threads)
    methods: dict[str, InBetweens] = {
        "blend": each_gap(blending),
        "minterpolate bidir": minterpolate("bidir"),
        "minterpolate bilat": minterpolate("bilat"),
        "farneback": each_gap(farneback),
        "classical": each_gap(classical),
    }
    if (options.checkpoint / "model_index.json").is_file():
        methods["generator"] = generator(InterpolationPipeline.from_pretrained(options.checkpoint))
    protocol = PROTOCOL.format(segments=options.segments, length=LENGTH, threads=options.threads)
    report = Report("interpolation", protocol)
    if options.part != "speed":
        quality(report, methods, options.data, options.segments)
    elif not options.quick:
        report.rows += _rows_on_disk(is_speed=False)
    if options.part != "quality":
        speed(report, methods, 2 if options.quick else 5)
    elif not options.quick:
        report.rows += _rows_on_disk(is_speed=True)
    if options.quick:
        logger.info("%s", report.table())
    else:
        report.write()


if __name__ == "__main__":
    main()
