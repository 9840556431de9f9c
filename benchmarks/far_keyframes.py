"""Keyframes far apart, from photographs: ``python -m benchmarks.far_keyframes --data FOLDER``.

A window moves over each photograph of FOLDER/dev/photos by a known way, drawn anew for every moment, so that the truth
between two far views of it is known. Pairs of different photographs say whether what cannot be joined is left alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from benchmarks.report import RESULTS, Report, to_log
from studio.metrics.pixel import psnr, ssim
from studio.motion.between import measure_gap, synthesise
from studio.pipelines.interpolation.gaps import GapFiller

SIZE = (480, 270)
MOMENTS = (0.25, 0.5, 0.75)
SEED = 1
PROTOCOL = """Windows of 480x270 over photographs that nothing was tuned on, seed 1: pan by 30 to 60 % of the width,
turn by 25 to 80 degrees, zoom 1.4 to 2.4 times, each at an even pace. PSNR and SSIM of the frames at 1/4, 1/2 and 3/4,
one value per photograph (mean of the three): a cross-dissolve, dense flow alone, and what the pipeline does
without its generator (dense flow, or the camera's path by features). Unrelated: views of two different
photographs; share of pairs that the pipeline dissolved, and said so."""

Way = Callable[[float], tuple[float, float, float, float]]
"""A moment to the window's centre (x, y) in pixels of the photograph, its pixels per pixel, and its turn in radians."""


def view(photo: np.ndarray, x: float, y: float, scale: float, turn: float) -> np.ndarray:
    """The window there, uint8 (270, 480, 3), of a photo uint8 RGB (H, W, 3); numbers as ``Way`` gives them."""
    along, across = np.cos(turn) * scale, np.sin(turn) * scale
    middle = (SIZE[0] - 1) / 2, (SIZE[1] - 1) / 2
    way = np.array(
        [
            [along, -across, x - along * middle[0] + across * middle[1]],
            [across, along, y - across * middle[0] - along * middle[1]],
        ]
    )
    source = cv2.GaussianBlur(photo, (0, 0), 0.5 * scale) if scale > 1.2 else photo
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(source, way, SIZE, flags=flags, borderMode=cv2.BORDER_REFLECT_101)


def ways(photo: np.ndarray, rng: np.random.Generator) -> Iterator[tuple[str, Way]]:
    """Yields (name, way) of a pan, a turn and a zoom, all inside the photo, uint8 (H, W, 3), but for corners."""
    height, width = photo.shape[:2]
    base = min(width / (1.7 * SIZE[0]), height / (1.3 * SIZE[1]))
    x, y = width / 2, height / 2
    far, turn, zoom = rng.uniform(0.3, 0.6) * SIZE[0] * base, np.radians(rng.uniform(25, 80)), rng.uniform(1.4, 2.4)
    yield "pan", lambda t: (x + (t - 0.5) * far, y, base, 0.0)
    yield "turn", lambda t: (x, y, base, (t - 0.5) * turn)
    yield "zoom", lambda t: (x, y, base * zoom ** (0.5 - t), 0.0)


def joined(first: np.ndarray, second: np.ndarray) -> tuple[list[np.ndarray], list[str]]:
    """What the pipeline draws at MOMENTS without its generator, and the notes that it gives.

    All frames are uint8 RGB (H, W, 3) of one size.
    """
    said: list[str] = []
    filler = GapFiller(None, "auto", on_note=said.append)
    ((_, between),) = filler.along([(0, filler.joint(first, second, keyframes="Pictures 1 and 2"))])
    return [between(moment) for moment in MOMENTS], said


def measure(photos: list[np.ndarray], report: Report) -> None:
    """Adds a row for each way and method, and one for unrelated pictures. photos: uint8 RGB (H, W, 3) each."""
    rng = np.random.default_rng(SEED)
    values: dict[tuple[str, str], dict[str, list[float]]] = {}
    for photo in photos:
        for name, way in ways(photo, rng):
            first, second, *truth = (view(photo, *way(moment)) for moment in (0.0, 1.0, *MOMENTS))
            gap = measure_gap(first, second)
            drawn = {
                "dissolve": [cv2.addWeighted(first, 1 - moment, second, moment, 0) for moment in MOMENTS],
                "dense flow": [synthesise(gap, moment) for moment in MOMENTS],
                "ours": joined(first, second)[0],
            }
            for method, frames in drawn.items():
                row = values.setdefault((name, method), {"psnr_db": [], "ssim": []})
                row["psnr_db"].append(float(np.mean([psnr(*pair) for pair in zip(frames, truth)])))
                row["ssim"].append(float(np.mean([ssim(*pair) for pair in zip(frames, truth)])))
    for (name, method), row in values.items():
        report.add(f"{name}, {method}", row, way=name, method=method)
    small = [cv2.resize(photo, SIZE, interpolation=cv2.INTER_AREA) for photo in photos]
    said = [float(bool(joined(one, other)[1])) for one, other in zip(small, small[1:])]
    report.add("unrelated", {"share_dissolved_and_said": said}, method="ours")


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder with photographs in dev/photos")
    parser.add_argument("--results", type=Path, default=RESULTS, help="another folder for the result")
    options = parser.parse_args()
    to_log()
    cv2.setNumThreads(1)
    files = sorted((options.data / "dev" / "photos").iterdir())
    photos = [
        cv2.cvtColor(picture, cv2.COLOR_BGR2RGB) for file in files if (picture := cv2.imread(str(file))) is not None
    ]
    report = Report("far_keyframes", PROTOCOL)
    measure(photos, report)
    report.write(options.results)


if __name__ == "__main__":
    main()
