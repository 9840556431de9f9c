"""Restyling: milliseconds per frame, and steadiness beside the teachers: ``python -m benchmarks.restyle --data DIR``.

Every look is painted on dev clips by the shipped generator, by its teacher with a texture fixed to the screen (what a
plain filter does), and by its teacher with the texture that follows the motion. Contrast stands beside every warping
error, or blur wins.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from time import process_time

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import cv2  # noqa: E402  the policy above must be set before OpenMP starts
import numpy as np  # noqa: E402
import torch  # noqa: E402

from benchmarks.report import Report, milliseconds, to_log  # noqa: E402
from studio.metrics.temporal import contrast, warping_error  # noqa: E402
from studio.motion.flow import FlowQuality, estimate_flow  # noqa: E402
from studio.motion.guides import halve  # noqa: E402
from studio.motion.texture import MovingTexture, settled  # noqa: E402
from studio.pipelines.restyle import RestylePipeline  # noqa: E402
from studio.worlds.looks import LOOKS  # noqa: E402

CLIPS = ("camel_head", "drone_coast_karma", "portrait_neon", "apple_orbit")
STEADY_FRAMES = 8
TIMED_FRAMES = 12
SPEED = """The stream of one dev clip (camel_head) resized to the named size, the first three frames dropped, wall
milliseconds per frame including flow, guides, generator and enlargement, without decoding and encoding; beside them the
CPU time that the process used, which other work on the machine (see its load) sways less."""
STEADINESS = """8 frames in a row (from frame 20) of four dev clips at 640x360 (cover, centre cut); warping error along
Farneback flow of the source in levels of 0..255, and the mean gradient (contrast); each value is one clip.
'fixed' is the teacher filter with one noise for all frames, 'moving' the teacher with noise that follows the flow."""


def read_clip(path: Path, size: tuple[int, int], first: int, count: int) -> np.ndarray:
    """`count` RGB frames from number `first` on, scaled to cover (H, W) and cut in the middle."""
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


def teach(clip: np.ndarray, name: str, moving: bool) -> np.ndarray:
    """The clip as a teacher paints it, frame by frame."""
    height, width = clip.shape[1:3]
    texture, painted, last = MovingTexture(height // 2, width // 2, 0), [], None
    for frame in clip:
        grey = cv2.cvtColor(halve(frame), cv2.COLOR_RGB2GRAY)
        if moving and last is not None:
            flow = estimate_flow(grey, last, FlowQuality(preset="fast", finest_level=1))
            texture.follow(settled(flow, grey))
        last = grey
        noise = np.repeat(np.repeat(texture.noise(), 2, axis=0), 2, axis=1)
        rgb = LOOKS[name].paint(frame.astype(np.float32) / 255, noise)
        painted.append(np.rint(rgb * 255).astype(np.uint8))
    return np.stack(painted)


def measure_speed(report: Report, pipeline: RestylePipeline, data: Path) -> None:
    """Rows of milliseconds per frame by size and threads."""
    for threads in (1, 2):
        torch.set_num_threads(threads)
        cv2.setNumThreads(threads)
        for size in ((360, 640), (720, 1280)):
            clip = read_clip(data / "dev" / "clips" / "camel_head.mp4", size, 20, TIMED_FRAMES)
            stream, values, busy = pipeline.stream(iter(clip), "oil painting"), [], []
            for _ in clip:
                before = process_time()
                with milliseconds(values):
                    next(stream)
                busy.append((process_time() - before) * 1e3)
            measures = {"ms_per_frame": values[3:], "cpu_ms_per_frame": busy[3:]}
            report.add(f"{size[1]}x{size[0]}, {threads} threads", measures, threads=threads)


def measure_steadiness(report: Report, pipeline: RestylePipeline, data: Path) -> None:
    """Rows of warping error and contrast by look, for the source, the teacher and the generator."""
    clips = [read_clip(data / "dev" / "clips" / f"{name}.mp4", (360, 640), 20, STEADY_FRAMES) for name in CLIPS]

    def add(row: str, painted: list[np.ndarray]) -> None:
        errors = [warping_error(result, clip) for result, clip in zip(painted, clips)]
        report.add(row, {"warping_error": errors, "contrast": [contrast(result) for result in painted]})

    add("source", clips)
    for name, look in LOOKS.items():
        add(f"{name}: teacher, fixed", [teach(clip, name, moving=False) for clip in clips])
        add(f"{name}: teacher, moving", [teach(clip, name, moving=True) for clip in clips])
        add(f"{name}: generator", [pipeline(clip, look.words[0]).frames for clip in clips])


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with dev/clips")
    parser.add_argument("--part", choices=("speed", "steadiness", "all"), default="all")
    parser.add_argument("--checkpoint", type=Path, default=Path("checkpoints/restyle"))
    options = parser.parse_args()
    to_log()
    pipeline = RestylePipeline.from_pretrained(options.checkpoint)
    if options.part in ("speed", "all"):
        report = Report("restyle", SPEED)
        measure_speed(report, pipeline, options.data)
        report.write()
    if options.part in ("steadiness", "all"):
        report = Report("restyle_steadiness", STEADINESS)
        measure_steadiness(report, pipeline, options.data)
        report.write()


if __name__ == "__main__":
    main()
