"""What the prediction benchmark counts: sound places, ranks, drift, and the linear rivals on a motion that is known."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from benchmarks.future_ahead import drift, futures
from benchmarks.future_confidence import judge_confidence, ranks, spearman
from benchmarks.future_quality import Place, places
from benchmarks.future_rivals import OURS, build, ours
from benchmarks.prediction import ClipFutures, quality
from benchmarks.report import Report
from studio.metrics import psnr
from studio.pipelines.prediction import PredictionPipeline


@pytest.fixture(scope="module")
def panned() -> np.ndarray:
    """12 frames (64, 96) of soft blots that move by 2 pixels a frame to the left."""
    noise = np.random.default_rng(5).integers(0, 256, (64, 140, 3), dtype=np.uint8)
    soft = cv2.GaussianBlur(noise, (0, 0), 3).astype(np.float32)
    wall = np.uint8(np.clip((soft - 127) * 5 + 127, 0, 255))
    return np.stack([wall[:, 2 * at : 2 * at + 96] for at in range(12)])


def test_places_leave_room_before_and_after_within_one_shot() -> None:
    found = places(60, [(0, 30), (30, 60)], 9)
    assert found
    for start, number in found:
        assert start in (0, 30)
        assert start + 7 <= number and number + 10 < start + 30
    assert places(17, [(0, 17)], 9) == []
    assert places(18, [(0, 18)], 9) == [(0, 7)]


@pytest.mark.parametrize("name", ["farneback", "dis"])
def test_linear_rivals_follow_a_steady_pan(panned: np.ndarray, name: str) -> None:
    made = build(name, None)(panned[:8], 24, (1, 3))
    still = build("copy", None)(panned[:8], 24, (1, 3))
    inner = (slice(8, -8), slice(8, -16))
    for ahead in (1, 3):
        truth = panned[7 + ahead][inner]
        assert psnr(made[ahead][inner], truth) > psnr(still[ahead][inner], truth) + 6


def test_classical_is_the_pipeline_without_its_network(panned: np.ndarray, tiny_checkpoints) -> None:
    pipeline = PredictionPipeline.from_pretrained(tiny_checkpoints / "prediction")
    kept = pipeline.generator.config.strength
    made = ours(pipeline, 0.0)(panned[:8], 24, (1, 3))
    assert sorted(made) == [1, 3] and made[3].shape == panned.shape[1:]
    assert pipeline.generator.config.strength == kept


def test_ranks_and_correlation() -> None:
    assert list(ranks([3, 1, 1, 9])) == [2, 0.5, 0.5, 3]
    assert spearman([1, 2, 3, 4], [1, 4, 9, 16]) == pytest.approx(1)
    assert spearman([1, 2, 3, 4], [9, 7, 5, 3]) == pytest.approx(-1)
    assert math.isnan(spearman([1, 1, 1], [1, 2, 3]))


def test_confidence_is_judged_by_the_errors_of_its_thirds() -> None:
    report = Report("demo", "")
    judge_confidence(report, "+1", [(0.9, 40.0, 6.0), (0.1, 20.0, 0.5), (0.5, 30.0, 3.0)])
    whole, lowest, _, highest = report.rows
    assert whole["measures"]["spearman_psnr"]["mean"] == pytest.approx(1)
    assert lowest["measures"]["psnr_db"]["mean"] == 20
    assert highest["measures"]["psnr_gain_db"]["mean"] == 6


def test_drift_sees_darkening_lost_detail_and_a_jump(panned: np.ndarray) -> None:
    last, before = panned[7], panned[6]
    assert drift([last] * 3, last) == {"mean_levels": 0, "spread_percent": 0, "detail_least": 1}
    darker = np.uint8(last * 0.8)
    soft = cv2.GaussianBlur(last, (0, 0), 4)
    found = drift([last, darker, soft], last, before)
    assert found["mean_levels"] == pytest.approx(float(last.mean((0, 1)).max()) * 0.2, abs=2)
    assert found["spread_percent"] > 15
    assert found["detail_least"] < 0.6
    # The first frame stands still, which is less of a change than the step before.
    assert found["jump_levels"] == pytest.approx(-float(cv2.absdiff(last, before).mean()))
    assert drift([darker], last, last)["jump_levels"] > 10


def test_futures_are_compared_in_pairs(panned: np.ndarray, tiny_checkpoints) -> None:
    pipeline = PredictionPipeline.from_pretrained(tiny_checkpoints / "prediction")
    found = futures(pipeline, panned[:8], fps=4)
    assert 0 < found["pair_psnr_db"] <= found["alike_psnr_db"] <= 60
    assert found["detail_least"] > 0


def test_gains_are_told_per_clip_and_against_every_rival() -> None:
    def place(clip: str, mine: float) -> Place:
        scores = {(name, 1): (value, 0.9) for name, value in (("copy", 20.0), ("dis", 24.0), (OURS, mine))}
        return Place(clip, 7, scores)

    report = Report("demo", "")
    clips = [ClipFutures("a", [place("a", 25.0), place("a", 23.0)]), ClipFutures("b", [place("b", 23.0)])]
    quality(report, clips, ("copy", "dis", OURS))
    rows = {row["row"]: row for row in report.rows}
    assert rows[f"{OURS} +1"]["psnr_gain_by_clip"] == {"a": 4.0, "b": 3.0}
    against = rows[f"{OURS} against dis +1"]
    assert against["places_worse"] == pytest.approx(2 / 3, abs=1e-3)
    assert (against["clips_worse"], against["worst_clip"]) == (0.5, "b")
