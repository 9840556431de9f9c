"""What moves the in-between generator in training: its losses step by step, and how it does on clips it never saw.

Letters: B batch, C side of a crop.
"""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.models.interpolation import InterpolationGenerator
from studio.tensors import to_uint8
from studio.training.gap_batches import PLAIN, VARIED, GapBatch, Practice, draw_batch, spoilt_alone
from studio.training.gap_losses import draw, errors, picture_loss, stage_loss
from studio.training.gap_pool import GapPool
from studio.training.losses import cosine_rate, feature_matching, flat_rate, hinge_d, hinge_g, set_rate, texture_loss
from studio.training.muon import Muon
from studio.training.objective import Context, Losses, Objective
from studio.training.precision import fast

logger = logging.getLogger(__name__)

MEASURED = 3
"""Every third held-out window is enough to choose by."""

_BATCH, _SIDE = 8, 160
_CROPS = 40  # of each condition are validated
_SHOWN = 3
CONDITIONS = {
    "four_frames": Practice(alone=0.0, one_side=0.0, spans=(2,), shares=(1.0,), middle=True),
    "two_frames": spoilt_alone(()),
    "noise": spoilt_alone(("noise",)),
    "coded": spoilt_alone(("coded",)),
    "far": spoilt_alone((), (6, 8, 12)),
}
"""What is validated: the middle between frames two apart (far: six to twelve) of held-out clips."""


class DrawObjective(Objective):
    """Generator alone (phase ``draw``) or with words, noise and discriminators (phase ``sharpen``)."""

    ema = ("generator",)
    ema_decay = 0.998
    practice = PLAIN
    schedule = staticmethod(cosine_rate)

    def __init__(
        self, generator: InterpolationGenerator, pool: GapPool, context: Context, rate: float,
        critic: nn.ModuleDict | None = None, phrases: Tensor | None = None,
    ) -> None:  # fmt: skip
        self.pool, self.context, self.rate, self.phrases = pool, context, rate, phrases
        self.train_rows, self.test_rows = pool.rows(held_out=False), pool.rows(held_out=True)
        self.chances = pool.chances(self.train_rows)
        nets: dict[str, nn.Module] = {"generator": generator}
        kept = [parameter for name, parameter in generator.named_parameters() if not name.startswith("timing")]
        if critic is None:
            matrices = [p for p in kept if p.ndim == 4 and min(p.shape[0], p.flatten(1).shape[1]) >= 8]
            others = [p for p in kept if not any(p is m for m in matrices)]
            optimisers = {"generator": Muon(matrices, others, 8 * rate, rate, betas=(0.9, 0.99), weight_decay=0.01)}
        else:
            optimisers = {"generator": torch.optim.AdamW(kept, rate, betas=(0.9, 0.99), weight_decay=1e-4)}
            nets["discriminator"] = critic
            optimisers["discriminator"] = torch.optim.Adam(critic.parameters(), 1e-3, betas=(0.5, 0.99))
        for net in nets.values():
            net.to(context.device, memory_format=torch.channels_last)
        super().__init__(nets, optimisers)

    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        """See Objective."""
        factor = self.schedule(step, self.context.steps)
        optimiser = self.optimisers["generator"]
        optimiser.schedule(factor) if isinstance(optimiser, Muon) else set_rate(optimiser, self.rate * factor)
        device = self.context.device
        count, side = (2, 64) if self.context.tiny else (_BATCH, _SIDE)
        rows = np.sort(rng.choice(self.train_rows, count, p=self.chances))
        batch = draw_batch(self.pool, rows, side, rng, device, practice=self.practice)
        words, noise = self._conditions(count, rng)
        with fast(device):
            picture, found, halves = draw(self.nets["generator"].train(), batch, words, noise)
        loss = picture_loss(picture, batch.truth)
        loss = loss + stage_loss(*halves, found.coarse, batch)
        loss = loss + 2 * stage_loss(*halves, (found.to_first, found.to_second, found.leaning), batch)
        figures = {"psnr": float(10 * torch.log10(1 / errors(picture.detach(), batch.truth)).mean())}
        if "discriminator" in self.nets:
            critic, views = self.nets["discriminator"], _views(batch)
            with fast(device):
                real = {name: critic[name](view(batch.truth)) for name, view in views.items()}
                made = {name: critic[name](view(picture.detach())) for name, view in views.items()}
            yield "discriminator", sum(hinge_d(real[name][0], made[name][0]) for name in views), {}
            with fast(device):
                judged = {name: critic[name](view(picture)) for name, view in views.items()}
            loss = loss + 80 * texture_loss(picture, batch.truth)
            for name, (logits, features) in judged.items():
                loss = loss + 0.03 * hinge_g(logits) + 0.03 * feature_matching(features, real[name][1])
        yield "generator", loss, figures

    def _conditions(self, count: int, rng: np.random.Generator) -> tuple[Tensor | None, Tensor | None]:
        """Words for half of the batch and noise for all, once there are words to be had."""
        if self.phrases is None:
            return None, None
        words = self.phrases[torch.from_numpy(rng.integers(len(self.phrases), size=count))]
        spoken = torch.from_numpy(rng.random((count, 1)) < 0.5)
        noise = torch.randn(count, self.nets["generator"].config.noise)
        noise = noise * torch.from_numpy(rng.random((count, 1)) < 0.7)
        return (words * spoken).to(self.context.device), noise.to(self.context.device)

    def sheet(self) -> np.ndarray:
        """Held-out crops in rows: truth, ours, and the error four times as strong."""
        rows = self.test_rows if len(self.test_rows) else self.train_rows
        generator = self.averages["generator"]
        side = 64 if self.context.tiny else _SIDE
        batch = draw_batch(
            self.pool, rows[:: max(1, len(rows) // 8)][:8], side, np.random.default_rng(0), self.context.device
        )
        with torch.no_grad():
            ours = draw(generator, batch)[0]
        logger.info("held out: %.4f dB", measure(generator, self.pool, rows[::MEASURED], self.context))
        pictures = (batch.truth, ours, (ours - batch.truth).abs() * 4)
        return np.vstack([np.hstack(list(to_uint8(part))) for part in pictures])


def _views(batch: GapBatch) -> dict[str, Callable[[Tensor], Tensor]]:
    """What each discriminator sees of a candidate: it and its fine detail, enlarged; and it between its neighbours.

    Real and made frames differ by little: unless that little is enlarged, a bounded discriminator stays at chance.
    """

    def fine(candidate: Tensor) -> Tensor:
        return 0.5 + 6 * (candidate - F.avg_pool2d(candidate, 3, 1, 1, count_include_pad=False))

    return {
        "frame": lambda candidate: torch.cat([candidate, fine(candidate)], 1),
        "triple": lambda candidate: torch.cat([fine(batch.first), fine(candidate), fine(batch.second)], 1),
    }


@torch.no_grad()
def measure(generator: InterpolationGenerator, pool: GapPool, rows: np.ndarray, context: Context) -> float:
    """Mean PSNR (dB per crop) on the given windows; always the same crops."""
    total, side = 0.0, 64 if context.tiny else _SIDE
    for start in range(0, len(rows), 16):
        chosen = rows[start : start + 16]
        batch = draw_batch(pool, chosen, side, np.random.default_rng(start), context.device, teach=False)
        with fast(context.device):
            made = draw(generator.eval(), batch)[0]
        total += float(10 * torch.log10(1 / errors(made, batch.truth)).sum())
    return total / max(1, len(rows))


class WidenObjective(DrawObjective):
    """Phase ``widen``: the same losses on varied gaps, from a trained net on, which stays at hand to compare with.

    The rate is even and falls at the end only, and the average is long: such a run may be stopped, and made longer,
    whenever there is time. Each sheet leaves a line of validation in ``validation.jsonl`` of the run folder.
    """

    ema_decay = 0.999
    practice = VARIED
    schedule = staticmethod(flat_rate)

    def __init__(self, generator: InterpolationGenerator, pool: GapPool, context: Context, rate: float) -> None:
        super().__init__(generator, pool, context, rate)
        self.start = copy.deepcopy(generator).requires_grad_(False).eval()
        self.step = 0
        rows = self.test_rows if len(self.test_rows) else self.train_rows
        count = min(2 if context.tiny else _CROPS, len(rows))
        chosen = np.random.default_rng(context.seed).choice(rows, count, replace=False, p=pool.chances(rows))
        self.shown = np.sort(chosen)
        if not (context.run / "validation.jsonl").is_file():
            for name, maker in (("blend", _blended), ("start", self._drawn(self.start))):
                self._note({"step": 0, "by": name} | self.validate(maker))

    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        """See Objective."""
        self.step = step + 1
        yield from super().losses(step, rng)

    def validate(self, maker: Callable[[GapBatch], Tensor]) -> dict[str, float]:
        """Mean PSNR (dB per crop) under each of CONDITIONS; always the same crops."""
        figures = {}
        for number, (name, practice) in enumerate(CONDITIONS.items()):
            found = []
            for start in range(0, len(self.shown), 8):
                batch = self._test_batch(self.shown[start : start + 8], practice, (number, start))
                found.append(10 * torch.log10(1 / errors(maker(batch), batch.truth)))
            figures[name] = round(float(torch.cat(found).mean()), 3)
        return figures

    def sheet(self) -> np.ndarray:
        """Held-out crops in columns, some of each condition; in rows: the frame before, blending, the net of the start,
        ours, truth, and the errors of both nets four times as strong."""
        makers = _blended, self._drawn(self.start), self._drawn(self.averages["generator"])
        self._note({"step": self.step, "by": "average"} | self.validate(makers[-1]))
        columns = []
        for number, practice in enumerate(CONDITIONS.values()):
            rows = self.shown[number :: max(1, len(self.shown) // _SHOWN)][:_SHOWN]
            batch = self._test_batch(rows if len(rows) else self.shown, practice, (number, 1))
            made = [maker(batch) for maker in makers]
            off = [(one - batch.truth).abs() * 4 for one in made[1:]]
            pictures = [batch.first, *made, batch.truth, *off]
            columns.append(np.vstack([np.hstack(list(to_uint8(one))) for one in pictures]))
        return np.hstack(columns)

    def _test_batch(self, rows: np.ndarray, practice: Practice, seed: tuple[int, int]) -> GapBatch:
        side = 64 if self.context.tiny else _SIDE
        rng = np.random.default_rng(seed)
        return draw_batch(self.pool, rows, side, rng, self.context.device, teach=False, practice=practice)

    def _drawn(self, generator: InterpolationGenerator) -> Callable[[GapBatch], Tensor]:
        @torch.no_grad()
        def maker(batch: GapBatch) -> Tensor:
            with fast(self.context.device):
                return draw(generator.eval(), batch)[0].float()

        return maker

    def _note(self, figures: dict[str, object]) -> None:
        with (self.context.run / "validation.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(figures) + "\n")
        logger.info("held out: %s", figures)


def _blended(batch: GapBatch) -> Tensor:
    return torch.lerp(batch.first, batch.second, batch.moment.view(-1, 1, 1, 1))
