"""In-betweens under hard conditions, on training clips that the recipe holds out: to choose by while a net is trained.

python -m benchmarks.between_conditions --data DATA --net new=runs/interpolation/widen --out conditions.json

Up to three clips of each held-out source (studio/training/gap_clips.py), one stretch of 13 frames each, at most 448
pixels: the middle between frames two apart with the frames around seen and without, without on noise (deviation 6) and
after H.264 (rate factor 36), judged by the clean truth, and between frames 6, 8 and 12 apart, as far as the clip's pace
allows. Means are over sources, so that a source of many clips counts once; "under" is the share of clips on which a
method is more than .1 dB below plain blending. --net NAME=FOLDER: a checkpoint's generator/ or a phase of a run (its
averages); "shipped" is always there.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch

from benchmarks.between_quality import LONGEST
from benchmarks.clip_stretches import read, stretches
from benchmarks.report import to_log
from studio.metrics import psnr
from studio.models.interpolation import InterpolationGenerator
from studio.motion.between import ROUGH, Gap, measure_gap, synthesise
from studio.pipelines.interpolation.drawing import GapDrawing
from studio.training.degrade import noisy, recoded
from studio.training.gap_clips import ClipCard, clip_cards, longest_span
from studio.training.objective import Context
from studio.training.precision import fast
from studio.training.recipes.interpolation import widened
from studio.training.state import load_average

logger = logging.getLogger(__name__)

Make = Callable[[tuple[np.ndarray, ...]], np.ndarray]
"""Before, first, second, after, or first and second alone, uint8 (H, W, 3) each, to the frame midway between first and
second, likewise."""

_LENGTH, _PER_SOURCE = 13, 3
_NOISE, _RATE = 6.0, 36
_FAR = (6, 8, 12)
_MARGIN = 0.1


def cases(frames: np.ndarray, longest: int) -> Iterator[tuple[str, tuple[np.ndarray, ...], np.ndarray]]:
    """Yields (condition, two or four frames that are seen, true frame), frames uint8 (H, W, 3).

    frames: a stretch of 13, uint8 (13, H, W, 3). longest: frames apart, beyond which no pair is asked for.
    """
    rng = np.random.default_rng(0)
    noise, coded = noisy(frames, _NOISE, rng), recoded(frames, _RATE)
    for middle in (3, 6, 9):
        four = tuple(middle + step for step in (-3, -1, 1, 3))
        truth = frames[middle]
        yield "x2 four frames", tuple(frames[at] for at in four), truth
        yield "x2 two frames", tuple(frames[at] for at in four[1:3]), truth
        yield "x2 two frames, noise", tuple(noise[at] for at in four[1:3]), truth
        yield "x2 two frames, H.264", tuple(coded[at] for at in four[1:3]), truth
    for span in _FAR:
        if span <= longest:
            yield f"{span} apart", (frames[6 - span // 2], frames[6 + span // 2]), frames[6]


def blended(seen: tuple[np.ndarray, ...]) -> np.ndarray:
    """The mean of the two middle frames (a cross-dissolve), uint8 (H, W, 3): see ``Make``."""
    first, second = seen if len(seen) == 2 else seen[1:3]
    return cv2.addWeighted(first, 0.5, second, 0.5, 0)


def classical(seen: tuple[np.ndarray, ...]) -> np.ndarray:
    """The studio's synthesis without its generator, uint8 (H, W, 3): see ``Make``."""
    return synthesise(measure_gap(*(seen if len(seen) == 2 else seen[1:3])), 0.5)


def by_net(net: InterpolationGenerator) -> Make:
    """The generator as the studio draws with it."""
    net = net.eval().to(memory_format=torch.channels_last)

    @contextmanager
    def quick() -> Iterator[None]:
        with torch.inference_mode(), fast(net.device):
            yield

    def make(seen: tuple[np.ndarray, ...]) -> np.ndarray:
        return GapDrawing(net, _gap(seen), quick)(0.5)

    return make


def _gap(seen: tuple[np.ndarray, ...]) -> Gap:
    if len(seen) == 2:
        return measure_gap(*seen, ROUGH)
    before, gap, after = (measure_gap(*pair, ROUGH) for pair in zip(seen, seen[1:]))
    return replace(
        gap, half_before=before.half_first, to_before=before.backward,
        half_after=after.half_second, to_after=after.forward,
    )  # fmt: skip


def load(folder: Path, checkpoints: Path) -> InterpolationGenerator:
    """A net from a phase of a run, or from a checkpoint's generator/."""
    if not (folder / "state.json").is_file():
        return InterpolationGenerator.from_pretrained(folder, torch_dtype=torch.float32)
    run = Context(run=folder / "nothing", data=None, checkpoints=checkpoints)
    return load_average(folder, "generator", widened(run))


def chosen(data: Path, every: int) -> list[ClipCard]:
    """Up to three held-out clips of each source; every ``every``-th of them."""
    sources: dict[str, list[ClipCard]] = defaultdict(list)
    for card in clip_cards(data):
        if card.held_out:
            sources[card.source].append(card)
    return [card for cards in sources.values() for card in cards[:_PER_SOURCE]][::every]


def measure(data: Path, cards: list[ClipCard], makers: dict[str, Make]) -> list[dict[str, object]]:
    """A row for each clip: its source, and PSNR by condition and method."""
    rows: list[dict[str, object]] = []
    for card in cards:
        path = data / card.path
        found = stretches(path, read(path, LONGEST)[:: card.every], _LENGTH, 1)
        scores: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for _, frames in found:
            for condition, seen, truth in cases(frames, longest_span(card, _LENGTH - 1)):
                for name, make in makers.items():
                    scores[condition][name].append(psnr(make(seen), truth))
        if found:
            means = {c: {n: round(float(np.mean(v)), 3) for n, v in own.items()} for c, own in scores.items()}
            rows.append({"clip": path.stem, "source": card.source, "psnr_db": means})
            logger.info("%s: %s", path.stem, means["x2 two frames"])
    return rows


def summary(rows: list[dict[str, object]]) -> dict[str, dict[str, dict[str, float]]]:
    """By condition and method: the mean over sources, and the share of clips under blending."""
    told: dict[str, dict[str, dict[str, float]]] = {}
    for condition in dict.fromkeys(name for row in rows for name in row["psnr_db"]):  # type: ignore[attr-defined]
        own = [row for row in rows if condition in row["psnr_db"]]  # type: ignore[operator]
        told[condition] = {}
        for name in own[0]["psnr_db"][condition]:  # type: ignore[index]
            by_source: dict[str, list[float]] = defaultdict(list)
            under = []
            for row in own:
                values = row["psnr_db"][condition]  # type: ignore[index]
                by_source[str(row["source"])].append(values[name])
                under.append(values[name] < values["blend"] - _MARGIN)
            mean = float(np.mean([np.mean(values) for values in by_source.values()]))
            told[condition][name] = {"db": round(mean, 3), "under": round(float(np.mean(under)), 3)}
    return told


def main(arguments: list[str] | None = None) -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--net", action="append", default=[], help="NAME=FOLDER")
    parser.add_argument("--checkpoints", type=Path, default=Path("checkpoints"))
    parser.add_argument("--every", type=int, default=1, help="measure every so-manieth clip")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(arguments)
    to_log()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    shipped = options.checkpoints / "interpolation" / "generator"
    makers: dict[str, Make] = {"blend": blended, "classical": classical, "shipped": by_net(load(shipped, Path()))}
    for given in options.net:
        name, _, folder = given.partition("=")
        makers[name] = by_net(load(Path(folder), options.checkpoints))
    rows = measure(options.data, chosen(options.data, options.every), makers)
    told = summary(rows)
    for condition, own in told.items():
        logger.info("%-22s %s", condition, "  ".join(f"{n} {v['db']:.2f} ({v['under']:.0%})" for n, v in own.items()))
    if options.out:
        options.out.write_text(json.dumps({"summary": told, "clips": rows}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
