"""Ways to make the frames between kept frames: blending, ffmpeg's minterpolate, Farneback's flow, and the studio's.

Each takes kept frames (K, H, W, 3) and a step and gives the (K - 1) (step - 1) frames between, in order, uint8.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import imageio_ffmpeg
import numpy as np
import torch

from studio.motion.between import Gap, measure_gap, synthesise
from studio.motion.warp import resize_flow
from studio.pipelines.interpolation import InterpolationPipeline

InBetweens = Callable[[np.ndarray, int], np.ndarray]

OURS = "generator"
METHODS = ("blend", "minterpolate bidir", "minterpolate bilat", "farneback", "classical", OURS)
MINTERPOLATE = ("minterpolate bidir", "minterpolate bilat")


def build(name: str, checkpoint: Path, device: str = "cpu") -> InBetweens:
    """The method of that name, one of METHODS; ``checkpoint`` and ``device`` are the generator's.

    Raises SystemExit for another name.
    """
    simple = {"blend": blending, "farneback": farneback, "classical": classical}
    if name in simple:
        return _each_gap(simple[name])
    if name in MINTERPOLATE:
        return minterpolate(name.split()[1])
    if name != OURS:
        raise SystemExit(f'There is no method "{name}"; choose from {", ".join(METHODS)}.')
    pipeline = InterpolationPipeline.from_pretrained(checkpoint)
    if device != "cpu":
        pipeline = pipeline.to(device, torch.bfloat16)
    return lambda kept, step: pipeline(kept, times=[index / step for index in range(1, step)]).frames


def _each_gap(make: Callable[[np.ndarray, np.ndarray, Sequence[float]], list[np.ndarray]]) -> InBetweens:
    """Frames between from a function of one gap and its moments."""

    def run(kept: np.ndarray, step: int) -> np.ndarray:
        moments = [index / step for index in range(1, step)]
        return np.stack([frame for pair in zip(kept, kept[1:]) for frame in make(*pair, moments)])

    return run


def blending(first: np.ndarray, second: np.ndarray, moments: Sequence[float]) -> list[np.ndarray]:
    """Cross-dissolves of two uint8 RGB frames (H, W, 3) at moments in (0, 1): uint8 (H, W, 3) each."""
    return [cv2.addWeighted(first, 1 - moment, second, moment, 0) for moment in moments]


def classical(first: np.ndarray, second: np.ndarray, moments: Sequence[float]) -> list[np.ndarray]:
    """The studio's synthesis without its generator: uint8 (H, W, 3) each, arguments as for `blending`."""
    with ThreadPoolExecutor(1) as pool:
        gap = measure_gap(first, second, pool=pool)
        return [synthesise(gap, moment, pool) for moment in moments]


def farneback(first: np.ndarray, second: np.ndarray, moments: Sequence[float]) -> list[np.ndarray]:
    """The same synthesis on the flow of Farneback (2003): uint8 (H, W, 3) each, arguments as for `blending`."""
    half = ((first.shape[0] + 1) // 2, (first.shape[1] + 1) // 2)
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (first, second)]
    forward, backward = (
        resize_flow(cv2.calcOpticalFlowFarneback(*pair, None, 0.5, 5, 15, 3, 5, 1.2, 0), *half)
        for pair in (grey, grey[::-1])
    )
    small = [cv2.resize(frame, half[::-1], interpolation=cv2.INTER_AREA) for frame in (first, second)]
    gap = Gap(
        first=first, second=second, half_first=small[0], half_second=small[1], forward=forward, backward=backward
    )
    return [synthesise(gap, moment) for moment in moments]


def minterpolate(mode: str) -> InBetweens:
    """ffmpeg's motion interpolation, ``mode`` bidir or bilat."""

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
        return np.stack([made[offset + at] for at in range(span) if at % step])

    return run
