"""Memory while a long clip is restyled: ``python -m benchmarks.memory`` streams three minutes of 720p.

A moving test pattern of 1280x720 at 10 frames per second is made by ffmpeg and read through its pipe, restyled and
written to an mp4 through another pipe, as a job does. The process's resident memory is read every second of clip time.
So that it ends within minutes the generator paints on a small working size; nothing else is shortened.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from benchmarks.report import Report, to_log
from studio.pipelines import restyle
from studio.pipelines.restyle import RestylePipeline

SIZE = (1280, 720)
FPS = 10
PROTOCOL = """A generated clip (ffmpeg testsrc2, 1280x720, 10 fps) of the named length is streamed through the restyle
pipeline (look: comic book) into libx264; the generator's working size is cut to 160x90 to keep the run short, all else
is as in a job. Resident memory of the Python process in MB, one value per second of clip, in quarters of the run."""


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


def run(pipeline: RestylePipeline, seconds: int) -> list[float]:
    """Restyle the clip and return the resident memory at every second of it."""
    values: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"]
        command += ["-s", f"{SIZE[0]}x{SIZE[1]}", "-r", str(FPS), "-i", "-", "-c:v", "libx264", "-preset", "ultrafast"]
        command += ["-pix_fmt", "yuv420p", str(Path(folder) / "out.mp4")]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
            assert child.stdin is not None
            for index, frame in enumerate(pipeline.stream(source_frames(seconds), "comic book")):
                child.stdin.write(frame.tobytes())
                if index % FPS == 0:
                    values.append(resident_mb())
            child.stdin.close()
    return values


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=180)
    parser.add_argument("--checkpoint", type=Path, default=Path("checkpoints/restyle"))
    options = parser.parse_args()
    to_log()
    restyle._WORKING_PIXELS = 160 * 90
    values = run(RestylePipeline.from_pretrained(options.checkpoint), options.seconds)
    report = Report("memory", PROTOCOL)
    quarter = max(1, len(values) // 4)
    for index in range(4):
        part = values[index * quarter : (index + 1) * quarter]
        report.add(f"quarter {index + 1} of {options.seconds} s", {"resident_mb": part})
    report.write()


if __name__ == "__main__":
    main()
