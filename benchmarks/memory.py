"""Memory while a long clip of 720p streams through a pipeline: ``python -m benchmarks.memory``.

A moving test pattern of 1280x720 at 10 frames per second is made by ffmpeg and read through its pipe, worked on and
written to an mp4 through another pipe, as a job does. The process's resident memory is read every second of clip time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from benchmarks.fresh_process import core_count, in_fresh_process
from benchmarks.report import RESULTS, Report, to_log

SIZE = (1280, 720)
FPS = 10
SECONDS = {"restyle": 180, "interpolation": 60, "prediction": 5}
PROTOCOL = """A generated clip (ffmpeg testsrc2, 1280x720, 10 fps) of the named length streams through a pipeline into
libx264, each task in a fresh process: restyle (comic book), interpolation (10 to 20 fps), prediction (so many seconds
on from the clip's last three). Resident memory of the Python process in MB, one value per second of clip, in quarters
of the run."""


def resident_mb() -> float:
    """Resident memory of this process in megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def source_frames(seconds: int) -> Iterator[np.ndarray]:
    """The test clip's frames, uint8 (720, 1280, 3), read from ffmpeg one by one."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi"]
    command += ["-i", f"testsrc2=size={SIZE[0]}x{SIZE[1]}:rate={FPS}:duration={seconds}"]
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        while len(data := child.stdout.read(SIZE[0] * SIZE[1] * 3)) == SIZE[0] * SIZE[1] * 3:
            yield np.frombuffer(data, np.uint8).reshape(SIZE[1], SIZE[0], 3)


def encode(frames: Iterable[np.ndarray], fps: int) -> list[float]:
    """Write frames, uint8 (720, 1280, 3), to an mp4 that is thrown away; the resident memory in MB, one value a
    second.
    """
    values: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"]
        command += ["-s", f"{SIZE[0]}x{SIZE[1]}", "-r", str(fps), "-i", "-", "-c:v", "libx264", "-preset", "ultrafast"]
        command += ["-pix_fmt", "yuv420p", str(Path(folder) / "out.mp4")]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
            assert child.stdin is not None
            for index, frame in enumerate(frames):
                child.stdin.write(frame.tobytes())
                if index % fps == 0:
                    values.append(resident_mb())
            child.stdin.close()
    return values


def run(task: str, checkpoint: str, seconds: int) -> dict[str, object]:
    """Stream the clip through one task's pipeline; runs in a process of its own, so each loads what it needs."""
    if task == "restyle":
        from studio.pipelines.restyle import RestylePipeline

        pipeline = RestylePipeline.from_pretrained(Path(checkpoint))
        return {"resident_mb": encode(pipeline.stream(source_frames(seconds), "comic book"), FPS)}
    if task == "interpolation":
        from studio.pipelines.interpolation import InterpolationPipeline

        made = InterpolationPipeline.from_pretrained(Path(checkpoint)).retime(
            source_frames(seconds), Fraction(FPS), Fraction(2 * FPS)
        )
        return {"resident_mb": encode(made, 2 * FPS)}
    from studio.pipelines.prediction import PredictionPipeline

    seen = np.stack(list(source_frames(3)))
    ahead = PredictionPipeline.from_pretrained(Path(checkpoint)).stream(seen, seconds * FPS, None, FPS)
    return {"resident_mb": encode(ahead, FPS)}


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", default=",".join(SECONDS), help="separated by commas; the others' rows stay")
    parser.add_argument("--seconds", type=int, help="of the clip, or of the prediction")
    parser.add_argument("--checkpoints", type=Path, default=Path("checkpoints"))
    parser.add_argument("--results", type=Path, default=RESULTS, help="another folder for the result")
    options = parser.parse_args()
    to_log()
    report = Report("memory", PROTOCOL)
    tasks = [name.strip() for name in options.tasks.split(",")]
    if unknown := set(tasks) - set(SECONDS):
        parser.error(f"there is no task {', '.join(sorted(unknown))}; choose from {', '.join(SECONDS)}.")
    path = options.results / "memory.json"
    known = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.is_file() else []
    report.rows += [row for row in known if row.get("task") not in (None, *tasks)]
    for task in tasks:
        seconds = options.seconds or SECONDS[task]
        folder = str((options.checkpoints / task).resolve())
        found = in_fresh_process("benchmarks.memory:run", core_count(), task=task, checkpoint=folder, seconds=seconds)
        values = found["resident_mb"]
        assert isinstance(values, list)
        quarter = max(1, len(values) // 4)
        for index in range(4):
            part = values[index * quarter : (index + 1) * quarter]
            if part:
                name = f"{task}, quarter {index + 1} of {seconds} s"
                report.add(name, {"resident_mb": part}, task=task, peak_mb=round(found.get("peak_mb", 0.0), 1))
    report.write(options.results)


if __name__ == "__main__":
    main()
