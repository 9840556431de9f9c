"""Five seconds ahead: does the continuation keep its light and its detail, and do several futures differ?

No prediction meets the truth so far ahead, so the last real frame is the measure of what must not change, and the
clip's own past says how much it changes by itself. Letters: T seen frames, H, W rows and columns.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np
import torch

from studio.metrics import contrast, psnr
from studio.pipelines.prediction import PredictionPipeline

SECONDS = 5
SEEDS = 4
MOST_FRAMES = 150
_LONGEST = 448


@dataclass(frozen=True)
class LongLook:
    """{measure: value} of one place: ``drift`` of the continuation, ``past`` of the clip itself, ``futures``."""

    drift: dict[str, float]
    past: dict[str, float]
    futures: dict[str, float]


def look_far(pipeline: PredictionPipeline, seen: np.ndarray, fps: float) -> LongLook:
    """Five seconds on from ``seen``, uint8 (T, H, W, 3), and SEEDS futures of one second, on at most 448 pixels."""
    scale = min(1.0, _LONGEST / max(seen.shape[1:3]))
    size = tuple(round(side * scale / 2) * 2 for side in seen.shape[2:0:-1])
    seen = np.stack([cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in seen])
    ahead = pipeline.stream(seen, min(MOST_FRAMES, round(SECONDS * fps)), None, fps)
    return LongLook(drift(ahead, seen[-1], seen[-2]), drift(seen[-2::-1], seen[-1]), futures(pipeline, seen, fps))


def drift(frames: Iterable[np.ndarray], last: np.ndarray, before: np.ndarray | None = None) -> dict[str, float]:
    """How far uint8 frames (H, W, 3) stray from ``last``, the worst of them counting.

    mean_levels: of a channel's mean, in levels of 255; spread_percent: of its standard deviation; detail_least: the
    contrast in small windows as a share of the last frame's, 1 = kept; with ``before``, the frame before the last one,
    jump_levels: by how much more the first frame differs from the last one than that one from its own predecessor.
    """
    means, spreads, details, jump = [0.0], [0.0], [1.0], None
    mean, spread, detail = _light(last)
    for frame in frames:
        if jump is None and before is not None:
            jump = _change(frame, last) - _change(last, before)
        now = _light(frame)
        means.append(float(np.abs(now[0] - mean).max()))
        spreads.append(float(np.abs(now[1] / spread - 1).max()) * 100)
        details.append(now[2] / detail)
    found = {"mean_levels": max(means), "spread_percent": max(spreads), "detail_least": min(details)}
    return found if jump is None else found | {"jump_levels": jump}


def _light(frame: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Mean and standard deviation (3,) of the channels, and contrast in small windows."""
    mean, spread = cv2.meanStdDev(frame)
    return mean[:, 0], np.maximum(spread[:, 0], 1.0), max(contrast([frame]), 0.1)


def _change(first: np.ndarray, second: np.ndarray) -> float:
    return float(cv2.absdiff(first, second).mean())


def futures(pipeline: PredictionPipeline, seen: np.ndarray, fps: float) -> dict[str, float]:
    """How much SEEDS futures of a clip, uint8 (T, H, W, 3), differ after one second, and what detail they keep.

    pair_psnr_db: mean PSNR between two of them (lower = more different; capped at 60, which is the same picture);
    alike_psnr_db: of the two most alike; own_psnr_db: of the likeliest to the last frame, for scale; detail_least: the
    contrast of the worst as a share of the likeliest's.
    """
    count = max(1, round(fps))
    likeliest = pipeline(seen, count, None, fps).frames[-1]
    drawn = [
        pipeline(seen, count, None, fps, torch.Generator().manual_seed(seed)).frames[-1] for seed in range(SEEDS)
    ]
    pairs = [min(60.0, psnr(*pair)) for pair in combinations(drawn, 2)]
    detail = max(contrast([likeliest]), 0.1)
    return {
        "pair_psnr_db": float(np.mean(pairs)),
        "alike_psnr_db": max(pairs),
        "own_psnr_db": min(60.0, psnr(likeliest, seen[-1])),
        "detail_least": min(contrast([frame]) for frame in drawn) / detail,
    }
