"""Ways to go on from a clip's last frames: repeating the last one, linear extrapolation of a flow, and the studio's.

Each takes the seen frames (T, H, W, 3) and the frame rate and gives a dict of the frame so many frames ahead, uint8.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from studio.motion.flow import estimate_flow
from studio.pipelines.prediction import PredictionPipeline

Predict = Callable[[np.ndarray, float, Sequence[int]], dict[int, np.ndarray]]

OURS = "studio"
METHODS = ("copy", "farneback", "dis", "classical", OURS)


def build(name: str, pipeline: PredictionPipeline | None) -> Predict:
    """The method of that name, one of METHODS; ``pipeline`` may be None where it is not used.

    Raises SystemExit for another name.
    """
    simple = {"copy": copy, "farneback": linear(farneback), "dis": linear(estimate_flow)}
    if name in simple:
        return simple[name]
    if name not in METHODS:
        raise SystemExit(f'There is no method "{name}"; choose from {", ".join(METHODS)}.')
    assert pipeline is not None, name
    return ours(pipeline, 0.0 if name == "classical" else None)


def load(checkpoint: Path, device: str = "cpu") -> PredictionPipeline:
    """The shipped pipeline, or another checkpoint's."""
    pipeline = PredictionPipeline.from_pretrained(checkpoint)
    return pipeline if device == "cpu" else pipeline.to(device, torch.bfloat16)


def copy(seen: np.ndarray, fps: float, ahead: Sequence[int]) -> dict[int, np.ndarray]:
    """The last of the frames seen, uint8 (T, H, W, 3), for every number of frames ahead."""
    return dict.fromkeys(ahead, seen[-1])


def linear(flow: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Predict:
    """The last frame pushed on along its last motion: a cubic backward warp, edges repeated.

    flow: two uint8 frames (H, W, 3) to the flow from the first to the second, float32 (H, W, 2), in pixels, x first.
    """

    def predict(seen: np.ndarray, fps: float, ahead: Sequence[int]) -> dict[int, np.ndarray]:
        back = flow(seen[-1], seen[-2])
        y, x = np.mgrid[: back.shape[0], : back.shape[1]].astype(np.float32)
        made = {}
        for frames in ahead:
            where = np.dstack([x, y]) + frames * back
            made[frames] = cv2.remap(seen[-1], where, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return made

    return predict


def farneback(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """OpenCV's Farneback flow with its customary numbers, float32 (H, W, 2), between two uint8 RGB frames (H, W, 3)."""
    a, b = (cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (first, second))
    return cv2.calcOpticalFlowFarneback(a, b, None, 0.5, 5, 15, 3, 5, 1.2, 0)


def ours(pipeline: PredictionPipeline, strength: float | None = None) -> Predict:
    """The pipeline without words or seed; with ``strength`` the network's is replaced for the call."""

    def predict(seen: np.ndarray, fps: float, ahead: Sequence[int]) -> dict[int, np.ndarray]:
        kept = pipeline.generator.config.strength
        pipeline.generator.register_to_config(strength=kept if strength is None else strength)
        try:
            made = pipeline(seen, num_frames=max(ahead), fps=fps).frames
        finally:
            pipeline.generator.register_to_config(strength=kept)
        return {frames: made[frames - 1] for frames in ahead}

    return predict
