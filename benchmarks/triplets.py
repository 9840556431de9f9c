"""In-betweens on a published benchmark: folders of pictures of which the middle one is known.

python -m benchmarks.interpolation --folder vimeo_triplet              sequences/*/*/im1.png, im2.png (truth), im3.png
python -m benchmarks.interpolation --folder vimeo_septuplet            im1 ... im7: the odd ones given, the even made
python -m benchmarks.interpolation --folder ucf101_interp_ours         */frame_00.png, frame_01_gt.png, frame_02.png
python -m benchmarks.interpolation --folder middlebury                 other-data/*/frame10.png, frame11.png and
                                                                       other-gt-interp/*/frame10i11.png
python -m benchmarks.interpolation --folder FILMS --list test-hard.txt lines of three paths: first, truth, second
                                                                       (SNU-FILM)

Any folder of exactly three pictures counts too, in order of their names. A list ``tri_testlist.txt`` or
``sep_testlist.txt`` beside ``sequences`` is obeyed. With --context, methods also see the given pictures before and
after the two (septuplets; Middlebury's frame09 and frame12), as they do in a clip; published figures are without.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from benchmarks import between_quality
from benchmarks.between_quality import Job
from benchmarks.report import Report
from studio.metrics import psnr, ssim

logger = logging.getLogger(__name__)

PROTOCOL = """Triplets of {folder} ({count} of them): the first and the third picture given, the one between made and
compared at full size, rounded to 8 bits. PSNR over RGB, SSIM of luma (Gaussian window, sigma 1.5), ie: mean absolute
difference in levels of 255 over RGB; one value per triplet, then "mean" (what papers give) and the spread.
minterpolate repeats the first and the last picture. {seen}"""

_PICTURES = {".png", ".jpg", ".jpeg", ".bmp", ".ppm"}
_TEST_LISTS = ("tri_testlist.txt", "sep_testlist.txt")


@dataclass(frozen=True)
class Triplet:
    """Three pictures by path; the middle one is to be made. before, after: the given ones next to them."""

    first: Path
    truth: Path
    second: Path
    before: Path | None = None
    after: Path | None = None


def find_triplets(folder: Path, listed: Path | None = None, context: bool = False) -> list[Triplet]:
    """Every triplet of a folder in one of the layouts above, in order of names; without ``context``, alone.

    Raises SystemExit with a sentence where there is none, or where a listed picture is missing.
    """
    if listed is not None:
        found = list(_of_list(folder, listed))
    elif (folder / "other-gt-interp").is_dir():
        found = list(_of_middlebury(folder))
    else:
        found = [triplet for place in _places(folder) for triplet in _of_folder(place)]
    if not found:
        raise SystemExit(f"{folder} holds no triplets in a layout that is known; see --help.")
    pictures = [path for triplet in found for path in (triplet.first, triplet.truth, triplet.second)]
    missing = [path for path in pictures if not path.is_file()]
    if missing:
        raise SystemExit(f"{len(missing)} pictures are missing, the first of them {missing[0]}.")
    return found if context else [Triplet(one.first, one.truth, one.second) for one in found]


def _of_list(folder: Path, listed: Path) -> Iterator[Triplet]:
    for line in listed.read_text(encoding="utf-8").splitlines():
        names = line.split()
        if len(names) == 3:
            yield Triplet(*(_below(folder, name) for name in names))


def _below(folder: Path, name: str) -> Path:
    """A listed path below the folder; lists often carry the folders of those who made them in front."""
    parts = Path(name).parts
    for skipped in range(len(parts)):
        if (path := folder.joinpath(*(part for part in parts[skipped:] if part != "/"))).is_file():
            return path
    return folder / Path(name).name


def _of_middlebury(folder: Path) -> Iterator[Triplet]:
    for truth in sorted((folder / "other-gt-interp").glob("*/frame10i11.png")):
        place = folder / "other-data" / truth.parent.name
        before, after = (path if path.is_file() else None for path in (place / "frame09.png", place / "frame12.png"))
        yield Triplet(place / "frame10.png", truth, place / "frame11.png", before, after)


def _places(folder: Path) -> list[Path]:
    """The folders that hold pictures: those of the test list where there is one, else all below."""
    for name in _TEST_LISTS:
        if (folder / name).is_file():
            lines = (folder / name).read_text(encoding="utf-8").split()
            return [folder / "sequences" / line for line in lines]
    return sorted({path.parent for path in folder.rglob("*") if path.suffix.lower() in _PICTURES}, key=_natural)


def _of_folder(place: Path) -> Iterator[Triplet]:
    """UCF101's names, or numbered pictures of which every second one is given, or just three."""
    pictures = sorted((path for path in place.glob("*") if path.suffix.lower() in _PICTURES), key=_natural)
    by_stem = {path.stem: path for path in pictures}
    if {"frame_00", "frame_01_gt", "frame_02"} <= set(by_stem):
        yield Triplet(by_stem["frame_00"], by_stem["frame_01_gt"], by_stem["frame_02"])
    elif len(pictures) == 3 or (len(pictures) % 2 and all(re.fullmatch(r"im\d+", stem) for stem in by_stem)):
        for at in range(0, len(pictures) - 2, 2):
            before = pictures[at - 2] if at else None
            after = pictures[at + 4] if at + 4 < len(pictures) else None
            yield Triplet(*pictures[at : at + 3], before, after)


def _natural(path: Path) -> list[tuple[int, str]]:
    return [(int(run), "") if run.isdigit() else (0, run) for run in re.split(r"(\d+)", str(path))]


def measure_triplets(report: Report, triplets: list[Triplet], job: Job, workers: int) -> None:
    """A row for each method: the means over all triplets are the figures that papers give."""
    values: dict[str, dict[str, list[float]]] = {name: {} for name in job.methods}
    with ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=between_quality.prepare, initargs=(job,)
    ) as pool:
        for count, scores in enumerate(pool.map(_measure, triplets, chunksize=4), 1):
            for name, row in scores.items():
                for measure, value in row.items():
                    values[name].setdefault(measure, []).append(value)
            if count % 100 == 0:
                logger.info("%d of %d", count, len(triplets))
    for name, measures in values.items():
        report.add(name, measures)


def _measure(triplet: Triplet) -> dict[str, dict[str, float]]:
    given = [path for path in (triplet.before, triplet.first, triplet.second, triplet.after) if path is not None]
    kept, truth, scores = np.stack([_read(path) for path in given]), _read(triplet.truth), {}
    for name, method in between_quality.methods().items():
        made = method(kept, 2)[given.index(triplet.first)]
        scores[name] = {
            "psnr_db": psnr(made, truth),
            "ssim": ssim(made, truth),
            "ie": float(np.abs(made.astype(np.float32) - truth).mean()),
        }
    return scores


def _read(path: Path) -> np.ndarray:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise SystemExit(f"{path} cannot be read as a picture.")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
