"""The in-between generator's training: first to be right, then to look right, then to read words about timing.

Phase ``draw``: regression to the frame that was really there, with the pictures of the coarser stage supervised too,
and with the flows that DIS finds from the true frame itself as a teacher where they explain it better (privileged
distillation, Huang et al. 2022). Phase ``sharpen``: the same, with noise and words as conditions, a loss on how much
fine detail there is, and two patch discriminators (hinge, Lim and Ye 2017): of the frame beside its own detail, and
of its detail between its neighbours'. Phase ``timing``: the head that turns a phrase into a curve of time; captions
and phrases that say nothing about timing mean the straight line.
The export keeps the net of the second phase, unless it measured worse than the first one's on clips that no phase has
trained on.

Letters: B batch, C side of a crop, P points of a timing curve.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.captions.captions import COURSES, TIMINGS, captions, sample_slots
from studio.models.fields import halve, to_full, warp
from studio.models.interpolation import InterpolationGenerator, Motion
from studio.tensors import to_uint8
from studio.training.clip_parts import save_clip_parts
from studio.training.discriminators import PatchDiscriminator
from studio.training.gap_pool import GapBatch, GapPool, draw_batch, prepare_pool
from studio.training.losses import (
    charbonnier,
    cosine_rate,
    feature_matching,
    gradient_loss,
    hinge_d,
    hinge_g,
    low_frequency_loss,
    set_rate,
    texture_loss,
)
from studio.training.muon import Muon
from studio.training.objective import Context, Losses, Objective, Phase, Recipe
from studio.training.phrases import SCALE, PhraseEncoder, say_nothing_of_timing, say_timing
from studio.training.state import load_average, replace_file

logger = logging.getLogger(__name__)

_BATCH, _SIDE = 8, 160
_PARTS = {
    "_class_name": "InterpolationPipeline",
    "_diffusers_version": "0.42.1",
    "generator": ["studio.models.interpolation", "InterpolationGenerator"],
    "text_encoder": ["transformers", "CLIPTextModelWithProjection"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
}
# The added detail gains .03 dB and costs .7 VMAF at x2 and .6 at x4 (held-out clips): it smooths grain away.
_RESIDUAL = 0.0
_SPARED = 0.02  # dB that the second phase may lose
_MEASURED = 3  # every third held-out window is enough to choose by
_WORDS = ("{}", "{}, please", "with {}", "make it {}", "a {} motion", "{} between the pictures", "I want {}", "{}.")
_SILENT = (
    "morph",
    "turn the first into the second",
    "a smooth picture",
    "blend them",
    "",
    "two photographs",
    "beautiful",
)


def picture_loss(made: Tensor, real: Tensor) -> Tensor:
    """What regression asks of an in-between: values, edges, light over larger areas, and each crop's own PSNR.

    The last term counts a crop by how much of *its* error goes away: without it the few crops that nothing can save
    drown the many that are nearly right, and those get worse.
    """
    levels = charbonnier(made, real, 2e-3) + 0.5 * gradient_loss(made, real) + 0.5 * low_frequency_loss(made, real, 4)
    noise = torch.log((made - real).square().flatten(1).mean(1) + 1e-5).mean()
    return 10 * levels + 0.3 * noise


def stage_loss(first: Tensor, second: Tensor, flows: tuple[Tensor, Tensor, Tensor], batch: GapBatch) -> Tensor:
    """A coarser stage's own picture at half resolution, and its flows against those found from the truth.

    The teacher counts where its own warp comes nearer to the truth than the student's: at occlusions it knows no more.
    """
    back, on, leaning = flows
    truth = halve(batch.truth)
    warps = warp(first, back), warp(second, on)
    share = torch.sigmoid(leaning)
    loss = 5 * charbonnier(share * warps[0] + (1 - share) * warps[1], truth, 2e-3)
    for picture, moved, flow, taught in ((first, warps[0], back, batch.back), (second, warps[1], on, batch.on)):
        with torch.no_grad():
            gain = ((moved - truth).abs() - (warp(picture, taught) - truth).abs()).mean(1, keepdim=True)
            weight = (F.avg_pool2d(gain, 3, 1, 1) * 40).clamp(0, 1)
        apart = (flow - taught).square().sum(1, keepdim=True)
        loss = loss + 0.2 * (weight * torch.sqrt(apart + 1e-2)).mean()
    return loss


def draw(
    generator: InterpolationGenerator, batch: GapBatch, words: Tensor | None = None, noise: Tensor | None = None
) -> tuple[Tensor, Motion, tuple[Tensor, Tensor]]:
    """The frames (B, 3, C, C), the motion behind them, and the halves of both neighbours.

    The full warps are bicubic, as when the generator serves, but their gradient is the bilinear one's: a third of the
    time, and hardly another direction.
    """
    halves = halve(batch.first), halve(batch.second)
    features = generator.encode(*halves)
    found = generator.motion(
        *halves, features, batch.forward, batch.backward, batch.moment, batch.context, words, noise
    )
    warps = []
    for picture, flow in ((batch.first, found.to_first), (batch.second, found.to_second)):
        large = to_full(flow, picture.shape[-2:])
        plain = warp(picture, large)
        with torch.no_grad():
            sharper = warp(picture, large, "bicubic").clamp(0, 1) - plain
        warps.append(plain + sharper)
    return generator.fuse(*warps, found, batch.moment, words, noise), found, halves


class DrawObjective(Objective):
    """Generator alone (phase ``draw``) or with words, noise and discriminators (phase ``sharpen``)."""

    ema = ("generator",)
    ema_decay = 0.998

    def __init__(
        self, generator: InterpolationGenerator, pool: GapPool, context: Context, rate: float,
        critic: nn.ModuleDict | None = None, phrases: Tensor | None = None,
    ) -> None:  # fmt: skip
        self.pool, self.context, self.rate, self.phrases = pool, context, rate, phrases
        self.train_rows, self.test_rows = pool.rows(held_out=False), pool.rows(held_out=True)
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
        factor = cosine_rate(step, self.context.steps)
        optimiser = self.optimisers["generator"]
        optimiser.schedule(factor) if isinstance(optimiser, Muon) else set_rate(optimiser, self.rate * factor)
        device = self.context.device
        count, side = (2, 64) if self.context.tiny else (_BATCH, _SIDE)
        batch = draw_batch(self.pool, np.sort(rng.choice(self.train_rows, count)), side, rng, device)
        words, noise = self._conditions(count, rng)
        with torch.autocast(device.type, torch.bfloat16):
            picture, found, halves = draw(self.nets["generator"].train(), batch, words, noise)
        loss = picture_loss(picture, batch.truth)
        loss = loss + stage_loss(*halves, found.coarse, batch)
        loss = loss + 2 * stage_loss(*halves, (found.to_first, found.to_second, found.leaning), batch)
        figures = {"psnr": float(10 * torch.log10(1 / errors(picture.detach(), batch.truth)).mean())}
        if "discriminator" in self.nets:
            critic, views = self.nets["discriminator"], _views(batch)
            with torch.autocast(device.type, torch.bfloat16):
                real = {name: critic[name](view(batch.truth)) for name, view in views.items()}
                made = {name: critic[name](view(picture.detach())) for name, view in views.items()}
            yield "discriminator", sum(hinge_d(real[name][0], made[name][0]) for name in views), {}
            with torch.autocast(device.type, torch.bfloat16):
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
        logger.info("held out: %.4f dB", measure(generator, self.pool, rows[::_MEASURED], self.context))
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


def errors(made: Tensor, real: Tensor) -> Tensor:
    """Mean squared errors (B,), at least a quarter level's (what rounding leaves)."""
    return (made.clamp(0, 1) - real).square().flatten(1).mean(1).clamp(min=0.08 / 255**2)


@torch.no_grad()
def measure(generator: InterpolationGenerator, pool: GapPool, rows: np.ndarray, context: Context) -> float:
    """Mean PSNR (dB per crop) on the given windows; always the same crops."""
    total, side = 0.0, 64 if context.tiny else _SIDE
    for start in range(0, len(rows), 16):
        chosen = rows[start : start + 16]
        batch = draw_batch(pool, chosen, side, np.random.default_rng(start), context.device, teach=False)
        with torch.autocast(context.device.type, torch.bfloat16):
            made = draw(generator.eval(), batch)[0]
        total += float(10 * torch.log10(1 / errors(made, batch.truth)).sum())
    return total / max(1, len(rows))


class TimingObjective(Objective):
    """The timing head: phrases to curves; everything else to the straight line."""

    ema = ("timing",)

    def __init__(self, generator: InterpolationGenerator, context: Context, phrases: Tensor, curves: Tensor) -> None:
        self.context, self.phrases, self.curves = context, phrases.to(context.device), curves.to(context.device)
        head = generator.timing.to(context.device)
        super().__init__({"timing": head}, {"timing": torch.optim.AdamW(head.parameters(), 2e-3, weight_decay=1e-3)})

    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        """See Objective."""
        set_rate(self.optimisers["timing"], 2e-3 * cosine_rate(step, self.context.steps))
        rows = torch.from_numpy(rng.integers(len(self.phrases), size=256)).to(self.phrases.device)
        words = self.phrases[rows]
        words = F.normalize(words + 0.25 * torch.randn(words.shape).to(words), dim=1) * SCALE
        error = (self.nets["timing"](words) - self.curves[rows]).abs()
        yield "timing", 10 * error.mean(), {"worst": error.amax(1).mean().item()}


class Words(PhraseEncoder):
    """Phrases of timings, encoded."""

    def timings(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Phrases (N, 256) and their curves (N, P): every timing in many words, and as many that mean no timing."""
        said: list[str] = []
        curves: list[np.ndarray] = []
        for kind, (_, curve) in TIMINGS.items():
            for _ in range(8 if self.tiny else 200):
                said.append(str(rng.choice(_WORDS)).format(say_timing(kind, rng)))
                curves.append(curve)
        quiet = list(_SILENT) + [phrase for phrases, _ in COURSES.values() for phrase in phrases]
        quiet += captions(sample_slots(8 if self.tiny else 300, rng), rng)
        quiet += [say_nothing_of_timing(rng) for _ in range(8 if self.tiny else 200)]
        said += quiet
        curves += [np.linspace(0, 1, len(curves[0]))] * len(quiet)
        return self.embed(said), torch.from_numpy(np.stack(curves)).float()


class InterpolationRecipe(Recipe):
    """Phases ``draw``, ``sharpen`` and ``timing``."""

    name = "interpolation"
    phases = (Phase("draw", 7500, sheet_every=1000), Phase("sharpen", 400, sheet_every=400), Phase("timing", 1500))

    def objective(self, phase: str, context: Context) -> Objective:
        """Build a phase; ``sharpen`` starts from the average of ``draw``, and the last two need the CLIP."""
        torch.manual_seed(context.seed)
        rng = np.random.default_rng(context.seed)
        generator = _generator(context.tiny)
        if phase == "timing":
            return TimingObjective(generator, context, *Words(context).timings(rng))
        pool = prepare_pool(context.run / "pool", context.data, context.seed, context.tiny)
        if phase == "draw":
            return DrawObjective(generator, pool, context, 1e-3)
        load_average(context.run / "draw", "generator", generator)
        phrases, _ = Words(context).timings(rng)
        width = 8 if context.tiny else 24
        critic = nn.ModuleDict({"frame": PatchDiscriminator(6, width), "triple": PatchDiscriminator(9, width)})
        return DrawObjective(generator, pool, context, 6e-4, critic, phrases)

    def export(self, context: Context, folder: Path) -> None:
        """The generator in half precision at its best, the CLIP's text encoder and tokenizer beside it."""
        pool = prepare_pool(context.run / "pool", context.data, context.seed, context.tiny)
        rows = pool.rows(held_out=True)
        figures: dict[str, float] = {}
        for phase in ("draw", "sharpen"):
            generator = _generator(context.tiny).to(context.device)
            load_average(context.run / phase, "generator", generator)
            generator.register_to_config(residual=_RESIDUAL)
            figures[phase] = measure(generator, pool, rows, context)
        logger.info("PSNR on held-out clips after each phase: %s", figures)
        # What looks sharper may cost a little, as long as it is hardly to be measured.
        if figures["sharpen"] < figures["draw"] - _SPARED:
            generator = _generator(context.tiny)
            load_average(context.run / "draw", "generator", generator)
            generator.register_to_config(residual=_RESIDUAL)
        load_average(context.run / "timing", "timing", generator.timing)
        generator.cpu().half().save_pretrained(folder / "generator")
        save_clip_parts(context.checkpoints, folder)
        replace_file(folder / "model_index.json", json.dumps(_PARTS, indent=2).encode() + b"\n")


def _generator(tiny: bool) -> InterpolationGenerator:
    return InterpolationGenerator.tiny() if tiny else InterpolationGenerator()
