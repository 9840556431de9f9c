"""In-betweens against what was really there: the studio's generator, its classical path, ffmpeg and plain blending.

python -m benchmarks.interpolation --data DATA                  writes results/interpolation.json
python -m benchmarks.interpolation --data DATA --part speed     the other part's rows stay as they are
python -m benchmarks.interpolation --data DATA --quick          x2 and x4, classical and generator, nothing written
python -m benchmarks.interpolation --data DATA --split train    on training clips that no recipe trains on: choose there
python -m benchmarks.interpolation --data DATA --worst FOLDER   pictures of the worst in-betweens, to look at
python -m benchmarks.interpolation --folder TRIPLETS            a published benchmark: Vimeo-90K, UCF101, Middlebury,
                                                                SNU-FILM; layouts in benchmarks/triplets.py
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import numpy as np

from benchmarks.between_quality import LENGTH, LONGEST, ClipScores, Job, measure_clips
from benchmarks.between_rivals import METHODS, MINTERPOLATE, OURS
from benchmarks.between_speed import GAPS, speed
from benchmarks.between_speed import PROTOCOL as TIMES
from benchmarks.clip_stretches import SPLITS, clips_of
from benchmarks.fresh_process import core_count
from benchmarks.report import RESULTS, Report, to_log
from benchmarks.triplets import PROTOCOL as TRIPLETS
from benchmarks.triplets import find_triplets, measure_triplets
from benchmarks.worst_frames import draw_worst

logger = logging.getLogger(__name__)

PROTOCOL = """{split} clips, resized by area to at most {longest} pixels on the longer side; per clip up to {segments}
stretches of {length} consecutive frames without scene cuts (as listed with the data) or repeated frames. xN: of every N
frames one is kept, and the others are made again at moments 1/N, 2/N... Values are means per clip (PSNR in RGB, SSIM of
luma, VMAF v0.6.1 of the made frames in order; over the whole film, kept frames included: error_flicker, half the mean
change of the error's change along the true motion in levels of 255, and motion_error_px, the mean length by which
Farneback's flow from frame to frame differs from the truth's), then median and spread over clips; "mean" is the mean of
clips. minterpolate runs at defaults but for mi_mode=mci:mc_mode=aobmc:vsbmc=1 and the named me_mode, its output aligned
to its input. Farneback: the same classical formula on Farneback's flow. The generator sees the kept frames next to a
gap, too. "against" rows: gains per clip, "best
minterpolate" being the better of both modes for each clip and each frame anew; shares of clips and of frames that are
more than {margin} dB worse."""

MARGIN = 0.2  # dB: a loss that nobody sees and no other seed repeats
STEPS = (2, 4, 8)
_FIGURES = ("psnr_db", "ssim", "vmaf", "error_flicker", "motion_error_px")


def quality(report: Report, scores: list[ClipScores], job: Job) -> None:
    """A row per step and method, and one for each rival that ours is held against."""
    for step in job.steps:
        means = {name: [one.means(step, name) for one in scores] for name in job.methods}
        for name, rows in means.items():
            measures = {figure: [row[figure] for row in rows] for figure in _FIGURES if figure in rows[0]}
            facts = {
                f"{figure}_by_clip": {one.clip: round(row[figure], places) for one, row in zip(scores, rows)}
                for figure, places in (("psnr_db", 2), ("ssim", 4), ("vmaf", 1))
            }
            report.add(f"x{step} {name}", measures, **facts)
    rivals = {"classical": ("classical",), "best minterpolate": MINTERPOLATE, "farneback": ("farneback",)}
    for step in job.steps:
        for rival, names in rivals.items():
            if OURS in job.methods and set(names) <= set(job.methods):
                _against(report, scores, step, rival, names)


def _against(report: Report, scores: list[ClipScores], step: int, rival: str, names: tuple[str, ...]) -> None:
    """Ours against the best of the named methods, clip by clip and frame by frame."""
    gains: dict[str, list[float]] = {"psnr_gain_db": [], "ssim_gain": [], "vmaf_gain": []}
    frames: list[float] = []
    for one in scores:
        ours, theirs = one.means(step, OURS), [one.means(step, name) for name in names]
        for gain, figure in zip(gains, ("psnr_db", "ssim", "vmaf")):
            gains[gain].append(ours[figure] - max(row[figure] for row in theirs))
        best = np.max([one.frames[step, name]["psnr_db"] for name in names], axis=0)
        frames += list(np.array(one.frames[step, OURS]["psnr_db"]) - best)
    over_means = {
        gain: np.mean([one.means(step, OURS)[figure] for one in scores])
        - max(np.mean([one.means(step, name)[figure] for one in scores]) for name in names)
        for gain, figure in zip(gains, ("psnr_db", "ssim", "vmaf"))
    }
    psnr_gains = gains["psnr_gain_db"]
    report.add(
        f"x{step} {OURS} against {rival}",
        gains,
        gain_of_means={gain: round(float(value), 4) for gain, value in over_means.items()},
        clips_worse=_share_worse(psnr_gains),
        frames_worse=_share_worse(frames),
        worst_clip=scores[int(np.argmin(psnr_gains))].clip,
        psnr_gain_by_clip={one.clip: round(gain, 2) for one, gain in zip(scores, psnr_gains)},
    )


def _share_worse(gains: list[float]) -> float:
    return round(float(np.mean(np.array(gains) < -MARGIN)), 4)


def show(report: Report) -> None:
    """The means, and where ours is worse, to the log."""
    logger.info("\n%s", report.table("mean"))
    for row in report.rows:
        if "clips_worse" in row:
            gains = {name: f"{value:+.3f}" for name, value in row["gain_of_means"].items()}  # type: ignore[attr-defined]
            least = row["measures"]["psnr_gain_db"]["least"]  # type: ignore[index]
            logger.info(
                "%s: %s, worse by more than %s dB on %.0f %% of clips, %.1f %% of frames; least %+.2f dB (%s)",
                row["row"], gains, MARGIN, 100 * row["clips_worse"], 100 * row["frames_worse"],  # type: ignore[operator]
                least, row["worst_clip"],
            )  # fmt: skip


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line, with the defaults of --quick filled in."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.interpolation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, help="folder with dev/clips")
    parser.add_argument("--split", choices=SPLITS, default="dev")
    parser.add_argument("--checkpoint", type=Path, default=Path("checkpoints/interpolation"))
    parser.add_argument("--methods", help=f"some of: {', '.join(METHODS)} (separated by commas)")
    parser.add_argument("--steps", help="some of 2,4,8")
    parser.add_argument("--segments", type=int, default=2, help="stretches of each clip")
    parser.add_argument("--workers", type=int, help="processes that measure quality; as many as there are cores")
    parser.add_argument("--device", default="cpu", help="of the generator, for quality: cpu or cuda")
    parser.add_argument("--part", choices=("both", "quality", "speed"), default="both")
    parser.add_argument("--quick", action="store_true", help="see above; one process, one stretch")
    parser.add_argument("--worst", type=Path, help="a folder for pictures of the worst in-betweens")
    parser.add_argument("--folder", type=Path, help="triplets of pictures, measured in place of clips")
    parser.add_argument("--list", type=Path, help="a file that names the triplets of --folder, three paths a line")
    parser.add_argument("--context", action="store_true", help="show methods the pictures around each triplet")
    parser.add_argument("--most", type=int, help="measure so many of the triplets, evenly spread")
    parser.add_argument("--repeats", type=int, default=3, help="of each timing")
    parser.add_argument("--results", type=Path, help="another folder for the result")
    options = parser.parse_args(arguments)
    if options.quick:
        options.methods = options.methods or f"classical,{OURS}"
        options.steps = options.steps or "2,4"
        options.segments = min(options.segments, 1) if "--segments" not in (arguments or []) else options.segments
        options.workers = options.workers or 1
        options.part = "quality"
    if options.part != "speed" and options.data is None and options.folder is None:
        parser.error("quality needs --data, a folder with clips, or --folder, a folder with triplets of pictures.")
    return options


def main(arguments: list[str] | None = None) -> None:
    """Entry point."""
    options = parse(arguments)
    to_log()
    job = Job(
        methods=tuple(name.strip() for name in (options.methods or ",".join(METHODS)).split(",")),
        checkpoint=options.checkpoint,
        steps=tuple(int(step) for step in options.steps.split(",")) if options.steps else STEPS,
        segments=options.segments,
        steady=not options.quick,
        device=options.device,
    )
    if options.folder is not None:
        _triplets(options, job)
    else:
        _clips(options, job)


def _triplets(options: argparse.Namespace, job: Job) -> None:
    """The published benchmark: shown, and written where --results says."""
    triplets = find_triplets(options.folder, options.list, options.context)
    if options.most:
        chosen = np.unique(np.linspace(0, len(triplets) - 1, options.most).round().astype(int))
        triplets = [triplets[index] for index in chosen]
    seen = "Methods also saw the given pictures around the two." if options.context else "No other picture was seen."
    protocol = TRIPLETS.format(folder=options.folder.name, count=len(triplets), seen=seen)
    report = Report("interpolation_triplets", protocol)
    measure_triplets(report, triplets, job, options.workers or core_count())
    if options.results:
        report.write(options.results)
    logger.info("\n%s", report.table("mean"))


def _clips(options: argparse.Namespace, job: Job) -> None:
    """Clips of which frames were dropped, and times; one part alone leaves the other's rows on disk as they are."""
    protocol = (PROTOCOL + " " + TIMES).format(
        split=options.split, longest=LONGEST, segments=job.segments, length=LENGTH, margin=MARGIN, gaps=GAPS
    )
    report = Report("interpolation", protocol)
    results = options.results or RESULTS
    if options.part != "speed":
        clips, scores = clips_of(options.data, options.split), []
        for one in measure_clips(clips, job, options.workers or core_count()):
            logger.info("%s: done", one.clip)
            scores.append(one)
        quality(report, scores, job)
        if options.worst:
            logger.info("look at %s", draw_worst(options.worst, clips, scores, job))
    if options.part != "quality":
        speed(report, options.checkpoint, options.repeats, options.device)
    show(report)
    if not options.quick:
        report.keep_the_rest(results, options.part, options.device)
        report.write(results)


if __name__ == "__main__":
    main()
