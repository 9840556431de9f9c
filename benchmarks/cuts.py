"""The cut detector on pairs whose truth is known by construction, and on whole clips.

python -m benchmarks.cuts --data DATA            writes results/cuts.json
python -m benchmarks.cuts --data DATA --quick    a fifth of the pairs, nothing written
python -m benchmarks.cuts --data DATA --fit      the detector's weights, from pairs of the training material
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from pathlib import Path

import cv2
import numpy as np
import torch

from benchmarks.report import Report, milliseconds, to_log
from benchmarks.shot_material import Material, read_material
from benchmarks.shot_pairs import Case, cases
from studio.motion.cuts import is_cut, join_evidence, pair_evidence

logger = logging.getLogger(__name__)

PROTOCOL = """{count} cuts and as many non-cuts, made by benchmarks/shot_pairs.py of clips and photos of the {split}
split (nothing of the detector was chosen on them) and from scenes of the procedural world, seeds {seed} and {scenes}.
Each case has four frames of at most 384 pixels; "four frames": the detector may see all of them, "two frames": only
the pair in question. found: 1 where a cut was said, so its mean is the recall of cuts and the rate of false alarms of
non-cuts. "whole clips": every pair of consecutive frames of the split's clips within a shot, four frames; ms: wall
milliseconds of each decision on one thread. Jump cuts join two moments of one clip that differ by at least 18 levels
and four times as much as the clip's own neighbouring frames."""

SEED, SCENES_SEED = 2024, 2025
FIT_SEED, FIT_SCENES_SEED, FIT_TIMES = 21, 11, 3.0
_SCENES = 60
_DECAY = 1e-3


def decisions(found: Iterable[Case], report: Report) -> None:
    """Rows of all cuts, all non-cuts, and every kind, with four frames and with two."""
    said: dict[tuple[bool, str], dict[str, list[float]]] = {}
    for case in found:
        before, first, second, after = case.frames
        answers = {"four frames": is_cut(first, second, before, after), "two frames": is_cut(first, second)}
        for row in ("all", case.kind):
            kept = said.setdefault((case.is_cut, row), {name: [] for name in answers})
            for name, answer in answers.items():
                kept[name].append(float(answer))
        if answers["four frames"] != case.is_cut:
            logger.info("wrong: %s", case.kind)
    for (truth, row), kept in sorted(said.items(), key=lambda item: (not item[0][0], item[0][1] != "all")):
        title = f"{'cuts' if truth else 'non-cuts'}: {row}"
        report.add(title, {f"found, {name}": values for name, values in kept.items()})


def whole_clips(material: Material, report: Report) -> None:
    """A row of false alarms and times over every pair of consecutive frames."""
    said: list[float] = []
    times: list[float] = []
    for shot in material.shots:
        for at in range(1, len(shot) - 2):
            before, first, second, after = shot[at - 1 : at + 3]
            with milliseconds(times):
                answer = is_cut(first, second, before, after)
            said.append(float(answer))
    report.add("whole clips", {"found": said, "ms": times})


def fit(found: Sequence[Case]) -> None:
    """Logs the weights of both scores, and what they do at several limits, each case judged by the other folds."""
    truth = np.array([case.is_cut for case in found], float)
    pairs = np.array([astuple(pair_evidence(case.frames[1], case.frames[2])) for case in found])
    joins = np.array([astuple(join_evidence(*case.frames)) for case in found])
    fold = np.random.default_rng(0).integers(0, 5, len(found))
    for name, values in (("PAIR_WEIGHTS", pairs), ("JOIN_WEIGHTS", joins)):
        scores = np.empty(len(found))
        for index in range(5):
            weights = _regression(values[fold != index], truth[fold != index])
            scores[fold == index] = values[fold == index] @ weights[:-1] + weights[-1]
        logger.info("%s = (%s)", name, ", ".join(f"{weight:.2f}" for weight in _regression(values, truth)))
        for limit in np.arange(-2, 3.1, 0.5):
            says = scores > limit
            logger.info("%5.2f: recall %.4f, false %.4f", limit, says[truth > 0].mean(), says[truth == 0].mean())


def _regression(values: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Logistic regression with a little decay on standardised values: the weights of the plain ones, bias last."""
    mean, spread = values.mean(axis=0), values.std(axis=0) + 1e-6
    inputs, targets = torch.from_numpy((values - mean) / spread), torch.from_numpy(truth)
    weights = torch.zeros(inputs.shape[1] + 1, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=300, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        odds = inputs @ weights[:-1] + weights[-1]
        loss = torch.nn.functional.binary_cross_entropy_with_logits(odds, targets)
        loss = loss + _DECAY * weights[:-1].square().sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    found = weights.detach().numpy()
    return np.append(found[:-1] / spread, found[-1] - (found[:-1] * mean / spread).sum())


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with MANIFEST.csv, dev and train")
    parser.add_argument("--split", choices=("dev", "train"), default="dev", help="whose clips and photos are measured")
    parser.add_argument("--fit", action="store_true", help="log weights, write nothing")
    parser.add_argument("--quick", action="store_true", help="few pairs, write nothing")
    options = parser.parse_args()
    to_log()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    if options.fit:
        material = read_material(options.data, "train", FIT_SCENES_SEED, round(1.5 * _SCENES))
        fit(list(cases(material, FIT_SEED, 0.6 if options.quick else FIT_TIMES)))
        return
    share = 0.2 if options.quick else 1.0
    material = read_material(options.data, options.split, SCENES_SEED, round(_SCENES * share))
    protocol = PROTOCOL.format(count=round(300 * share), split=options.split, seed=SEED, scenes=SCENES_SEED)
    report = Report("cuts", protocol)
    decisions(cases(material, SEED, share), report)
    if not options.quick:
        whole_clips(material, report)
        if options.split == "dev":
            report.write()


if __name__ == "__main__":
    main()
