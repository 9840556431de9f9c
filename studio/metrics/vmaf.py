"""VMAF (Netflix, model v0.6.1) through the libvmaf filter of the ffmpeg that imageio-ffmpeg ships.

The child process gets its file names as a list, never through a shell, and works inside a temporary folder of its own.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

import imageio_ffmpeg
import numpy as np

_SECONDS_PER_FRAME = 5.0
_LEAST_SECONDS = 60.0


def _write_raw(path: Path, frames: np.ndarray) -> None:
    with path.open("wb") as file:
        for frame in frames:
            file.write(np.ascontiguousarray(frame).tobytes())


def vmaf(result: np.ndarray, truth: np.ndarray) -> float:
    """Mean VMAF, 0..100, of uint8 clips (T, H, W, 3) of one shape. VMAF also looks at motion: give frames in order.

    Raises ValueError for different shapes and RuntimeError when ffmpeg fails, with its last line.
    """
    if result.shape != truth.shape or result.ndim != 4:
        raise ValueError(f"Clips to compare must have one shape (T, H, W, 3), not {result.shape} and {truth.shape}.")
    count, height, width = truth.shape[:3]
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", f"{width}x{height}", "-framerate", "25"]
    # Both sides are converted alike: VMAF reads the luma plane of limited-range YUV.
    yuv = "format=yuv420p"
    graph = f"[0:v]{yuv}[a];[1:v]{yuv}[b];[a][b]libvmaf=log_fmt=json:log_path=vmaf.json:n_threads=1"
    with tempfile.TemporaryDirectory(prefix="vmaf-") as folder:
        for name, clip in (("result.rgb", result), ("truth.rgb", truth)):
            _write_raw(Path(folder, name), clip)
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", *source, "-i", "result.rgb"]
        command += [*source, "-i", "truth.rgb", "-lavfi", graph, "-f", "null", "-"]
        limit = _LEAST_SECONDS + _SECONDS_PER_FRAME * count
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=limit, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"ffmpeg could not measure VMAF: {done.stderr.strip().splitlines()[-1:]}")
        log = json.loads(Path(folder, "vmaf.json").read_text(encoding="utf-8"))
    return float(log["pooled_metrics"]["vmaf"]["mean"])
