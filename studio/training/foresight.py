"""A forecast that gradients can pass through: the torch twin of studio.motion.forecast and carry on the motion grid.

Letters: B batch, h, w motion grid. Motions are in cells, x first; a picture point is complex, from the frame's centre.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.models.prediction import Judgement, PredictionGenerator
from studio.motion.forecast import Habit, Motion
from studio.tensors import to_channels_first, to_float
from studio.training.future_pool import HORIZONS, MotionPool

_LONGEST = 24.0  # frames, as in studio.motion.forecast.drift


def drifted(quick: Tensor, slow: Tensor, patience: Tensor, judged: Judgement, ahead: Tensor) -> Tensor:
    """How far what moves by itself goes in ``ahead`` (B,) frames, (B, 2, h, w), in cells."""
    ahead = ahead[:, None, None]
    share = judged.share_later + (judged.share_now - judged.share_later) * torch.exp(-(ahead - 1) / 2)
    share = 1 - (1 - share) * torch.exp(-(ahead - 4).clamp(min=0) / 4)
    own = quick + share[:, None] * (slow - quick)
    limit = torch.minimum(judged.horizon.clamp(max=_LONGEST), patience)
    return own * (limit * torch.tanh(ahead / limit))[:, None]


def forecast(last: Tensor, drift: Tensor, camera: tuple[Tensor, Tensor], origin: Tensor) -> tuple[Tensor, Tensor]:
    """The frame (B, 3, h, w) that a drift and a camera z -> a z + b lead to, and where it can be known, (B, 1, h, w).

    last: (B, 3, h, w); drift: (B, 2, h, w); camera: complex (B,) each; origin: complex (B,), the first cell's place.
    Every pixel looks for its origin by fixed-point iteration; gradients pass through its last step.
    """
    height, width = last.shape[-2:]
    y, x = torch.meshgrid(
        torch.arange(height, device=last.device), torch.arange(width, device=last.device), indexing="ij"
    )
    here = torch.stack([x, y]).float()
    a, b = (value[:, None, None] for value in camera)
    point = torch.complex(here[0], here[1]) + origin[:, None, None]
    arrived = a * (point + torch.complex(drift[:, 0], drift[:, 1])) + b - point
    field = torch.stack([arrived.real, arrived.imag], 1)
    back = field.detach()
    for _ in range(4):
        back = _at(field.detach(), here - back)
    where = here - _at(field, here - back)
    inside = ((where >= 0) & (where <= where.new_tensor([width - 1, height - 1]).view(1, 2, 1, 1))).all(1, keepdim=True)
    return _at(last, where), inside.float()


def _at(values: Tensor, where: Tensor) -> Tensor:
    """``values`` (B, C, h, w) at ``where`` (B, 2, h, w), bilinear, edges repeated."""
    size = where.new_tensor([values.shape[-1] - 1, values.shape[-2] - 1]).view(1, 2, 1, 1)
    grid = (where / size * 2 - 1).movedim(1, -1)
    return F.grid_sample(values, grid, mode="bilinear", padding_mode="border", align_corners=True)


def judge_inputs(motion: Motion, small: np.ndarray, device: torch.device) -> tuple[Tensor, ...]:
    """A motion and its last frame on the grid, uint8 (h, w, 3), as PredictionGenerator.judge takes them, B = 1."""
    quick, slow = (to_channels_first(field / motion.scale, device)[None] for field in (motion.quick, motion.slow))
    maps = (torch.from_numpy(np.ascontiguousarray(m)).to(device)[None] for m in (motion.trust, motion.slow_trust))
    mismatch = torch.from_numpy(motion.mismatch).to(device)[None]
    return quick, slow, *maps, mismatch, to_float(small, device)[None]


def habit_of(judged: Judgement) -> Habit:
    """A judgement of batch size one as plain arrays."""
    return Habit(*(m[0].float().cpu().numpy() for m in (judged.share_now, judged.share_later, judged.horizon)))


class MotionBatch:
    """A batch of the motion pool as ``judge`` and ``forecast`` want it; truths (B, K, 3, S, S)."""

    def __init__(self, pool: MotionPool, rows: np.ndarray, device: torch.device) -> None:
        self.last = to_float(pool.last[rows], device)
        count, ahead, side = pool.future[rows].shape[:3]
        self.truths = to_float(pool.future[rows].reshape(count * ahead, side, side, 3), device)
        self.truths = self.truths.reshape(count, ahead, 3, side, side)
        self.quick = to_channels_first(pool.quick[rows].astype(np.float32), device)
        self.slow = to_channels_first(pool.slow[rows].astype(np.float32), device)
        maps = torch.from_numpy(pool.maps[rows].astype(np.float32)).to(device)
        self.trust, self.slow_trust, self.mismatch, self.patience = maps.unbind(1)
        self.turn, self.shift, self.origin = torch.from_numpy(pool.camera[rows]).to(device).unbind(1)

    def inputs(self) -> tuple[Tensor, ...]:
        """For PredictionGenerator.judge."""
        return self.quick, self.slow, self.trust, self.slow_trust, self.mismatch, self.last

    def errors(self, judged: Judgement, which: int) -> Tensor:
        """Mean squared errors (B,) of the forecasts at HORIZONS[which], in squared levels of 0..1."""
        ahead = float(HORIZONS[which])
        steps = torch.full((len(self.last),), ahead, device=self.last.device)
        turned = self.turn * ahead
        growth = torch.exp(turned)
        ratio = torch.where(turned.abs() > 1e-6, (growth - 1) / torch.where(turned == 0, 1, turned), 1 + turned / 2)
        drift = drifted(self.quick, self.slow, self.patience, judged, steps)
        made, known = forecast(self.last, drift, (growth, self.shift * ahead * ratio), self.origin)
        wrong = ((made - self.truths[:, which]) ** 2 * known).mean(1).flatten(1).sum(1)
        return wrong / known.flatten(1).sum(1).clamp(min=1)


@torch.no_grad()
def judge_gains(
    generator: PredictionGenerator, pool: MotionPool, rows: np.ndarray, device: torch.device
) -> dict[int, float]:
    """Mean gain in PSNR, dB, over the classical judgement on the given rows, by horizon."""
    sums = dict.fromkeys(HORIZONS, 0.0)
    for start in range(0, len(rows), 16):
        batch = MotionBatch(pool, rows[start : start + 16], device)
        judged, plain = generator.judge(*batch.inputs()), plain_judgement(batch)
        for which, ahead in enumerate(HORIZONS):
            ours, theirs = (batch.errors(one, which) + 2e-6 for one in (judged, plain))
            sums[ahead] += float(10 * torch.log10(theirs / ours).sum())
    return {ahead: round(total / max(1, len(rows)), 3) for ahead, total in sums.items()}


def maps_of(judged: Judgement) -> tuple[Tensor, ...]:
    return judged.share_now + 0.02, judged.share_later + 0.02, judged.horizon


def plain_judgement(batch: MotionBatch) -> Judgement:
    """The judgement without learning, as studio.motion.forecast.plain_habit."""
    apart = torch.linalg.vector_norm(batch.quick - batch.slow, dim=1)
    pace = torch.linalg.vector_norm(batch.quick, dim=1)
    share = batch.slow_trust * torch.exp(-apart / (1 + 0.5 * pace))
    return Judgement(0.1 * share, 0.6 * share, torch.full_like(share, 8.0))
