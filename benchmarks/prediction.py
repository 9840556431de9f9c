"""``python -m benchmarks.prediction --data <folder>``: how near predicted frames come to those that really followed.

Clips of <folder>/dev/clips, none of which was trained on, at most 640 pixels long. From several places in each, the
frames 1, 3, 5 and 10 ahead are predicted and compared with the real ones, beside repeating the last frame and beside
linear extrapolation of Farneback's and of DIS flow. Time is measured on 640 x 360 alone.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import torch

from benchmarks.report import Report, milliseconds, to_log
from studio.metrics import psnr, ssim
from studio.motion.cuts import is_cut
from studio.motion.flow import estimate_flow
from studio.pipelines.prediction import PredictionPipeline

logger = logging.getLogger(__name__)

HORIZONS = (1, 3, 5, 10)
SEEN = 8
LONGEST = 640
PROTOCOL = """
Clips of data/dev/clips (held out from all training), read with OpenCV, shrunk to at most 640 pixels on the longer side
by area averaging. {places} evenly spread places per clip; places with a scene cut or with fewer than 11 frames after
them are left out. Each method sees the 8 frames up to the place and gives frames 1, 3, 5, 10 ahead; PSNR over RGB,
SSIM on luma (Gaussian window, sigma 1.5). 'copy' repeats the last frame; 'farneback' and 'dis' warp it backwards along
h times the flow from the last frame to the one before, cubic, edges repeated; 'classical' is the studio's forecast
without the painter, 'studio' the shipped pipeline without words or seed. Rows give PSNR and SSIM and their gain over
'copy' at the same places: one value per place. Milliseconds: wall time per frame of 640x360 over a stream of 24
frames, the look ahead included, {threads} torch threads.
"""
Predict = Callable[[np.ndarray], dict[int, np.ndarray]]


def read(path: Path, most: int = 300) -> np.ndarray:
    """A clip as uint8 RGB (T, H, W, 3), at most LONGEST pixels long, even sizes."""
    reader, frames = cv2.VideoCapture(str(path)), []
    while len(frames) < most:
        there, frame = reader.read()
        if not there:
            break
        scale = min(1.0, LONGEST / max(frame.shape[:2]))
        size = (round(frame.shape[1] * scale / 2) * 2, round(frame.shape[0] * scale / 2) * 2)
        if size != (frame.shape[1], frame.shape[0]):
            frame = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
        frames.append(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
    reader.release()
    return np.stack(frames)


def places(frames: np.ndarray, count: int) -> list[int]:
    """Indices of last seen frames, spread evenly, with no cut from the first seen to the last predicted frame."""
    first, last = SEEN - 1, len(frames) - 1 - max(HORIZONS)
    if last < first:
        return []
    chosen = np.unique(np.linspace(first, last, count).round().astype(int))
    return [
        int(i)
        for i in chosen
        if not any(is_cut(frames[j], frames[j + 1]) for j in range(i - SEEN + 1, i + max(HORIZONS)))
    ]


def copy(seen: np.ndarray) -> dict[int, np.ndarray]:
    """The last frame, again."""
    return dict.fromkeys(HORIZONS, seen[-1])


def linear(flow: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Predict:
    """The last frame pushed on along its last motion."""

    def predict(seen: np.ndarray) -> dict[int, np.ndarray]:
        back = flow(seen[-1], seen[-2])
        y, x = np.mgrid[: back.shape[0], : back.shape[1]].astype(np.float32)
        made = {}
        for ahead in HORIZONS:
            where = np.dstack([x, y]) + ahead * back
            made[ahead] = cv2.remap(seen[-1], where, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return made

    return predict


def farneback(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """OpenCV's Farneback flow with its customary numbers."""
    a, b = (cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (first, second))
    return cv2.calcOpticalFlowFarneback(a, b, None, 0.5, 5, 15, 3, 5, 1.2, 0)


def studio(pipeline: PredictionPipeline, strength: float | None = None) -> Predict:
    """The pipeline; with ``strength`` the painter's is replaced for the call."""

    def predict(seen: np.ndarray) -> dict[int, np.ndarray]:
        kept = pipeline.generator.config.strength
        pipeline.generator.register_to_config(strength=kept if strength is None else strength)
        made = pipeline(seen, num_frames=max(HORIZONS)).frames
        pipeline.generator.register_to_config(strength=kept)
        return {ahead: made[ahead - 1] for ahead in HORIZONS}

    return predict


def quality(report: Report, methods: dict[str, Predict], clips: list[Path], count: int) -> None:
    """A row for each method and horizon."""
    values: dict[tuple[str, int], dict[str, list[float]]] = {}
    for path in clips:
        frames = read(path)
        for place in places(frames, count):
            seen = frames[place - SEEN + 1 : place + 1]
            found: dict[str, dict[int, tuple[float, float]]] = {}
            for name, predict in methods.items():
                made = predict(seen)
                truths = {h: frames[place + h] for h in HORIZONS}
                found[name] = {h: (psnr(made[h], truths[h]), ssim(made[h], truths[h])) for h in HORIZONS}
                for h, (peak, alike) in found[name].items():
                    row = values.setdefault((name, h), {})
                    for measure, value in (
                        ("psnr_db", peak),
                        ("ssim", alike),
                        ("psnr_gain_db", peak - found["copy"][h][0]),
                        ("ssim_gain", alike - found["copy"][h][1]),
                    ):
                        row.setdefault(measure, []).append(value)
        logger.info("%s: done", path.stem)
    for (name, h), measures in values.items():
        report.add(f"{name} +{h}", measures, method=name, horizon=h)


def speed(report: Report, pipeline: PredictionPipeline, clip: Path, rounds: int) -> None:
    """Wall milliseconds per frame of 640 x 360, and until the first frame."""
    frames = np.stack([cv2.resize(f, (640, 360), interpolation=cv2.INTER_AREA) for f in read(clip, SEEN)])
    for name, prompt in (("own course", None), ("pans left", "pans left")):
        each, first = [], []
        for number in range(rounds + 1):
            whole: list[float] = []
            with milliseconds(whole):
                stream = pipeline.stream(frames, 24, prompt, 24, torch.Generator().manual_seed(number))
                with milliseconds(first):
                    next(stream)
                for _ in islice(stream, 23):
                    pass
            each.append(whole[0] / 24)
        # The first round warms up.
        report.add(f"640x360, {name}", {"ms_per_frame": each[1:], "ms_to_first_frame": first[1:]})


def main(arguments: list[str] | None = None) -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.prediction")
    parser.add_argument("--data", type=Path, required=True, help="folder with dev/clips")
    parser.add_argument("--checkpoint", type=Path, default=Path("checkpoints/prediction"))
    parser.add_argument("--places", type=int, default=6, help="per clip")
    parser.add_argument("--rounds", type=int, default=5, help="of the timing")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--results", type=Path, help="another folder for the result")
    options = parser.parse_args(arguments)
    to_log()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(options.threads)
    pipeline = PredictionPipeline.from_pretrained(options.checkpoint)
    clips = sorted((options.data / "dev" / "clips").glob("*.mp4"))
    report = Report("prediction", PROTOCOL.format(places=options.places, threads=options.threads))
    speed(report, pipeline, clips[0], options.rounds)
    methods = {
        "copy": copy,
        "farneback": linear(farneback),
        "dis": linear(estimate_flow),
        "classical": studio(pipeline, 0.0),
        "studio": studio(pipeline),
    }
    quality(report, methods, clips, options.places)
    report.write(*([options.results] if options.results else []))


if __name__ == "__main__":
    main()
