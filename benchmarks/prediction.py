"""How near predicted frames come to those that really followed, and what becomes of them later.

python -m benchmarks.prediction --data DATA                  writes results/prediction.json
python -m benchmarks.prediction --data DATA --part speed     the other part's rows stay as they are
python -m benchmarks.prediction --data DATA --split train    on training clips that no recipe trains on: choose there
python -m benchmarks.prediction --data DATA --quick          copy, classical and studio, three places a clip, no file
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import numpy as np

from benchmarks.clip_stretches import SPLITS, clips_of
from benchmarks.fresh_process import core_count
from benchmarks.future_ahead import SECONDS, SEEDS
from benchmarks.future_confidence import judge_confidence
from benchmarks.future_quality import FAR, HORIZONS, LONGEST, ClipFutures, Job, measure_clips
from benchmarks.future_rivals import METHODS, OURS
from benchmarks.future_speed import FRAMES, speed
from benchmarks.future_speed import PROTOCOL as TIMES
from benchmarks.report import RESULTS, Report, to_log

logger = logging.getLogger(__name__)

PROTOCOL = """
{split} clips (nothing was trained on them), read with OpenCV, shrunk to at most {longest} pixels on the longer side by
area averaging. {places} evenly spread places per clip; places with a scene cut (as listed with the data) from 8 frames
before to 10 after are left out. Each method sees up to 96 frames of the shot and gives frames 1, 3, 5, 10 ahead, and 24
where the shot lasts; PSNR over RGB, SSIM on luma (Gaussian window, sigma 1.5). 'copy' repeats the last frame;
'farneback' and 'dis' warp it backwards along h times the flow from the last frame to the one before, cubic, edges
repeated; 'classical' is the studio's forecast without its network, 'studio' the shipped pipeline without words or seed.
Rows give PSNR and SSIM and their gain over 'copy' at the same places, one value per place; "against" rows each clip's
mean gain over another method, and the share of clips and of places more than {margin} dB worse. Confidence: rank
correlation of what is shown with the PSNR and with the gain over copying that came of it, and both for its thirds. Far:
from the middle place of each clip at 448 pixels, {seconds} s ahead (at most 150 frames): the worst frame's mean and
standard deviation against the last real frame's, least detail, jump at the joint, beside the same of the clip's own
past; {seeds} seeds after 1 s: PSNR between them.
"""
MARGIN = 0.2
_MEASURES = ("psnr_db", "ssim")


def quality(report: Report, clips: list[ClipFutures], methods: tuple[str, ...]) -> None:
    """A row for each method and horizon, and how ours stands against each other method."""
    everywhere = [place for clip in clips for place in clip.places]
    for horizon in (*HORIZONS, FAR):
        there = [place for place in everywhere if ("copy", horizon) in place.scores]
        if not there:
            continue
        gains = {name: [place.scores[name, horizon][0] - place.scores["copy", horizon][0] for place in there]
                 for name in methods}  # fmt: skip
        for name in methods:
            scores = [place.scores[name, horizon] for place in there]
            measures = {measure: [score[index] for score in scores] for index, measure in enumerate(_MEASURES)}
            measures["psnr_gain_db"] = gains[name]
            measures["ssim_gain"] = [
                place.scores[name, horizon][1] - place.scores["copy", horizon][1] for place in there
            ]
            by_clip = {
                clip: round(float(np.mean([gain for place, gain in zip(there, gains[name]) if place.clip == clip])), 2)
                for clip in dict.fromkeys(place.clip for place in there)
            }
            facts = {"method": name, "horizon": horizon, "psnr_gain_by_clip": by_clip}
            report.add(f"{name} +{horizon}", measures, **facts)
        for rival in methods if OURS in methods else ():
            if rival != OURS:
                _against(report, rival, horizon, [place.clip for place in there],
                         np.array(gains[OURS]) - np.array(gains[rival]))  # fmt: skip


def _against(report: Report, rival: str, horizon: int, clips: list[str], gains: np.ndarray) -> None:
    means = {clip: float(gains[[other == clip for other in clips]].mean()) for clip in dict.fromkeys(clips)}
    report.add(
        f"{OURS} against {rival} +{horizon}",
        {"psnr_gain_db": list(means.values())},
        horizon=horizon,
        places_worse=round(float((gains < -MARGIN).mean()), 4),
        clips_worse=round(float((np.array(list(means.values())) < -MARGIN).mean()), 4),
        worst_clip=min(means, key=lambda clip: means[clip]),
    )


def confidence(report: Report, clips: list[ClipFutures]) -> None:
    """Whether it orders the errors: at each horizon, and over all horizons together."""
    everything = []
    for horizon in (*HORIZONS, FAR):
        rows = []
        for place in (place for clip in clips for place in clip.places if horizon in place.confidence):
            peak = place.scores[OURS, horizon][0]
            rows.append((place.confidence[horizon], peak, peak - place.scores["copy", horizon][0]))
        judge_confidence(report, f"+{horizon}", rows, horizon=horizon)
        everything += rows
    judge_confidence(report, "at all horizons", everything)


def far(report: Report, clips: list[ClipFutures]) -> None:
    """Rows of the continuation's drift, the clips' own, and the futures'."""
    looks = [clip.far for clip in clips if clip.far is not None]
    for name, label in (("drift", f"{SECONDS} s ahead"), ("past", "the clips' own past"), ("futures", "futures, 1 s")):
        rows = [getattr(look, name) for look in looks]
        if rows:
            report.add(label, {measure: [row[measure] for row in rows] for measure in rows[0]})


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line, with the defaults of --quick filled in."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.prediction",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with dev/clips")
    parser.add_argument("--split", choices=SPLITS, default="dev")
    parser.add_argument("--checkpoint", type=Path, default=Path("checkpoints/prediction"))
    parser.add_argument("--methods", help=f"copy and some of: {', '.join(METHODS)} (separated by commas)")
    parser.add_argument("--places", type=int, help="per clip; 6, or 3 where it must be quick")
    parser.add_argument("--repeats", type=int, default=3, help="of each timing")
    parser.add_argument("--workers", type=int, help="processes that measure quality; as many as there are cores")
    parser.add_argument("--device", default="cpu", help="of the pipeline: cpu or cuda")
    parser.add_argument("--part", choices=("both", "quality", "speed"), default="both")
    parser.add_argument("--quick", action="store_true", help="see above; one process")
    parser.add_argument("--results", type=Path, default=RESULTS, help="another folder for the result")
    options = parser.parse_args(arguments)
    if options.quick:
        options.methods = options.methods or f"copy,classical,{OURS}"
        options.workers, options.part = options.workers or 1, "quality"
    options.places = options.places or (3 if options.quick else 6)
    options.methods = tuple(dict.fromkeys(("copy", *(options.methods or ",".join(METHODS)).split(","))))
    return options


def main(arguments: list[str] | None = None) -> None:
    """Entry point."""
    options = parse(arguments)
    to_log()
    clips = clips_of(options.data, options.split)
    protocol = (PROTOCOL + TIMES).format(
        split=options.split, longest=LONGEST, places=options.places, margin=MARGIN, seconds=SECONDS, seeds=SEEDS,
        frames=FRAMES,
    )  # fmt: skip
    report = Report("prediction", protocol)
    if options.part != "speed":
        job = Job(options.methods, options.checkpoint, options.places, not options.quick, options.device)
        found = []
        for one in measure_clips(clips, job, options.workers or core_count()):
            logger.info("%s: done", one.clip)
            found.append(one)
        quality(report, found, options.methods)
        confidence(report, found)
        far(report, found)
    if options.part != "quality":
        speed(report, clips[0], options.checkpoint, options.repeats, options.device)
    if options.quick:
        logger.info("\n%s", report.table("mean"))
    else:
        report.keep_the_rest(options.results, options.part, options.device)
        report.write(options.results)


if __name__ == "__main__":
    main()
