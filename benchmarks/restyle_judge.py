"""A small judge of looks that shares nothing with CLIP or with the generator: statistics of a picture, and two layers.

The statistics say what a picture is made of, not what it shows: its colours, the power of its waves by length and
direction (hatching, tiles and dots have peaks there), how steep it is at three scales (flat shapes are nowhere or very
steep), and whether its marks run one way. The layers on top learn from the teachers' paintings alone.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

STEPS = 1500
_RADII = (0.004, 0.012, 0.025, 0.045, 0.07, 0.1, 0.14, 0.19, 0.25, 0.33, 0.5)  # cycles per pixel
_TURNED = 5  # rings from this one on are told apart by direction
_STEEP = (0.001, 0.003, 0.006, 0.012, 0.025, 0.05, 0.1, 0.2)  # change of lightness per pixel
_FAR = 6.0  # deviations: a statistic further off counts as this far
_BATCH = 128


def statistics(picture: np.ndarray) -> np.ndarray:
    """What a uint8 picture (H, W, 3) is made of: float32 (S,), S the same for all sizes of 64 and more."""
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    planes = [plane / scale for plane, scale in zip(cv2.split(lab), (100, 60, 60), strict=True)]
    found: list[float] = []
    for plane in planes:
        found += [*np.percentile(plane[::2, ::2], (2, 10, 25, 50, 75, 90, 98)), plane.std()]
    sparse = picture[::2, ::2] // 64
    counts = np.bincount((sparse @ np.array((16, 4, 1))).ravel(), minlength=64)
    found += list(np.sqrt(counts / counts.sum()))
    found += list(_waves(planes[0], directions=8))
    for plane in planes[1:]:
        found += list(_waves(plane, directions=1))
    for shrink in (1, 2, 4):
        found += _slopes(planes[0] if shrink == 1 else cv2.resize(planes[0], None, fx=1 / shrink, fy=1 / shrink))
    return np.array(found, np.float32)


def _waves(plane: np.ndarray, directions: int) -> np.ndarray:
    """The logarithm of the mean power in rings of wave length, the finer ones cut in `directions` sectors."""
    place, count, window = _rings(*plane.shape, directions)
    waves = np.fft.rfft2(((plane - plane.mean()) * window).astype(np.float32))
    power = (waves.real**2 + waves.imag**2).ravel() / plane.size
    return np.log(np.bincount(place, power, len(count)) / np.maximum(count, 1) + 1e-7)


@functools.cache
def _rings(height: int, width: int, directions: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The number of its ring and sector for every wave, how many waves each holds, and a window (H, W)."""
    down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    ring = np.digitize(np.hypot(down, across), _RADII)
    sector = np.rint(np.arctan2(down, across) % np.pi / np.pi * directions).astype(int) % directions
    place = np.where(ring < _TURNED, ring * directions, ring * directions + sector).ravel()
    window = np.outer(np.hanning(height), np.hanning(width)).astype(np.float32)
    return place, np.bincount(place, minlength=(len(_RADII) + 1) * directions), window


def _slopes(light: np.ndarray) -> list[float]:
    """How steep it is, which way its marks run, and how its finest detail is spread."""
    across, down = cv2.Scharr(light, -1, 1, 0, scale=1 / 16), cv2.Scharr(light, -1, 0, 1, scale=1 / 16)
    steep = cv2.magnitude(across, down)
    mean = float(steep.mean()) + 1e-4
    share = np.bincount(np.digitize(steep.ravel(), _STEEP), minlength=len(_STEEP) + 1) / steep.size
    detail = cv2.Laplacian(light, -1)
    spread = float(detail.std()) + 1e-4
    return [
        *np.sqrt(share),
        float(((across * across - down * down) / (steep + 1e-6)).mean()) / mean,
        float((2 * across * down / (steep + 1e-6)).mean()) / mean,
        float(np.log(np.abs(detail).mean() + 1e-5)),
        float((detail * detail * detail).mean()) / spread**3,
        float(np.log(float((detail * detail * detail * detail).mean()) / spread**4 + 1)),
    ]


@dataclass(frozen=True, eq=False)
class Judge:
    """Names looks by number. `mean` and `spread` (S,) are those of the statistics that it learnt from."""

    mean: torch.Tensor
    spread: torch.Tensor
    layers: nn.Sequential

    @torch.inference_mode()
    def name(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """The number of the look of each uint8 picture (H, W, 3): int (N,)."""
        seen = torch.from_numpy(np.stack([statistics(picture) for picture in pictures]))
        return self.layers(self._scaled(seen)).argmax(1).numpy()

    def _scaled(self, seen: torch.Tensor) -> torch.Tensor:
        return ((seen - self.mean) / self.spread).clamp(-_FAR, _FAR)

    @classmethod
    def train(cls, painted: np.ndarray, steps: int = STEPS) -> Judge:
        """From uint8 (L, N, H, W, 3), N pictures in each of L looks; each is blurred a little at random, so that the
        judge does not hold on to the last bit of sharpness."""
        rng = np.random.default_rng(0)
        softer = (cv2.GaussianBlur(one, (0, 0), rng.uniform(0.05, 0.7)) for look in painted for one in look)
        inputs = torch.from_numpy(np.stack([statistics(one) for one in softer]))
        labels = torch.arange(len(painted)).repeat_interleave(painted.shape[1])
        torch.manual_seed(0)
        layers = nn.Sequential(
            nn.Linear(inputs.shape[1], 256), nn.GELU(), nn.Dropout(0.3), nn.Linear(256, len(painted))
        )
        judge = cls(inputs.mean(0), inputs.std(0) + 1e-3, layers)
        inputs = judge._scaled(inputs)
        optimiser = torch.optim.AdamW(layers.parameters(), weight_decay=0.02)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
        for _ in range(steps):
            chosen = torch.randint(len(inputs), (_BATCH,))
            trembling = inputs[chosen] + 0.15 * torch.randn(_BATCH, inputs.shape[1])
            loss = F.cross_entropy(layers(trembling), labels[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        layers.eval()
        return judge
