"""Does the confidence that is shown order the errors? Rank correlation per horizon, and the errors of its thirds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.report import Report


def ranks(values: Sequence[float]) -> np.ndarray:
    """Ranks from 0 of values (n,), float64 (n,); equal values share the mean of theirs."""
    array = np.asarray(values, float)
    order = np.argsort(array, kind="stable")
    found = np.empty(len(array))
    found[order] = np.arange(len(array))
    for value in np.unique(array):
        same = array == value
        found[same] = found[same].mean()
    return found


def spearman(first: Sequence[float], second: Sequence[float]) -> float:
    """Spearman's rank correlation, -1..1; nan where one side is constant."""
    a, b = ranks(first), ranks(second)
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def judge_confidence(report: Report, label: str, rows: Sequence[tuple[float, float, float]], **facts: object) -> None:
    """A row of how (confidence, PSNR, PSNR gain over copying) hang together, and one for each third of confidence."""
    if len(rows) < 3:
        return
    confidence, peak, gain = (list(column) for column in zip(*rows))
    found = {"spearman_psnr": spearman(confidence, peak), "spearman_gain": spearman(confidence, gain)}
    measures = {name: [value] for name, value in found.items() if np.isfinite(value)}
    report.add(f"confidence {label}", measures | {"confidence": confidence}, **facts)
    order = np.argsort(confidence, kind="stable")
    for name, part in zip(("lowest", "middle", "highest"), np.array_split(order, 3)):
        chosen = {"confidence": confidence, "psnr_db": peak, "psnr_gain_db": gain}
        report.add(
            f"confidence {label}, {name} third",
            {measure: [values[index] for index in part] for measure, values in chosen.items()},
            **facts,
        )
