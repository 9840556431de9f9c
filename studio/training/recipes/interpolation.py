"""The in-between generator's training: first to be right, then to look right, then to read words about timing.

Phase ``fuse``: from the classical picture on, regression to the frame that was really there (Charbonnier, gradients,
block means). Phase ``sharpen``: the same, with noise and words as conditions and a patch discriminator (hinge, Lim and
Ye 2017) that sees the frame beside the classical picture. Phase ``timing``: the head that turns a phrase into a curve
of time; captions and phrases that say nothing about timing mean the straight line.
The export lowers the generator's ``strength`` to whatever measured best on clips that no phase has trained on.

Letters: B batch, S side of a crop, s = S / 2, P points of a timing curve.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.models.discriminators import PatchDiscriminator
from studio.models.interpolation import InterpolationGenerator
from studio.tensors import to_channels_first, to_float, to_uint8
from studio.training.clip_parts import save_clip_parts
from studio.training.gap_pool import GapPool, prepare_pool
from studio.training.losses import (
    charbonnier,
    cosine_rate,
    feature_matching,
    gradient_loss,
    hinge_d,
    hinge_g,
    low_frequency_loss,
    set_rate,
)
from studio.training.objective import Context, Losses, Objective, Phase, Recipe
from studio.training.phrases import SCALE, PhraseEncoder, say_timing
from studio.training.state import load_average, replace_file
from studio.worlds.captions import COURSES, TIMINGS, captions, sample_slots

logger = logging.getLogger(__name__)

_BATCH = 16
_PARTS = {
    "_class_name": "InterpolationPipeline",
    "_diffusers_version": "0.42.1",
    "generator": ["studio.models.interpolation", "InterpolationGenerator"],
    "text_encoder": ["transformers", "CLIPTextModelWithProjection"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
}
_HELD_OUT = 7  # every seventh clip measures, and is never trained on
# The residual gains a hundredth of a dB and costs .6 VMAF (held-out clips), .3 even at a tenth: it stays silent.
_RESIDUAL = 0.0
_STRENGTHS = (1.0, 0.75, 0.5, 0.25, 0.0)
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


class GapBatch:
    """A batch in the generator's own order of arguments; `wholes` (B, 4, 3, S, S) and `truth` (B, 3, S, S) in 0..1."""

    def __init__(self, pool: GapPool, rows: np.ndarray, device: torch.device) -> None:
        count, side = len(rows), pool.truths.shape[1]
        half = side // 2
        halves = to_float(pool.halves[rows].reshape(4 * count, half, half, 3), device)
        motions = to_channels_first(pool.motions[rows].reshape(2 * count, half, half, 2), device)
        wholes = to_float(pool.wholes[rows].reshape(4 * count, side, side, 3), device)
        self.halves = halves.reshape(count, 4, 3, half, half)
        self.motions = motions.reshape(count, 2, 2, half, half)
        self.weights = torch.from_numpy(pool.weights[rows].astype(np.float32)).to(device)
        self.moments = torch.from_numpy(pool.moments[rows]).to(device)
        self.wholes = wholes.reshape(count, 4, 3, side, side)
        self.truth = to_float(pool.truths[rows], device)

    def augment(self, rng: np.random.Generator) -> None:
        """Mirrors, turns, runs time backwards and swaps colours, all of the batch alike."""
        if rng.random() < 0.5:
            self._flip(-1, 0)
        if rng.random() < 0.5:
            self._flip(-2, 1)
        if rng.random() < 0.5:
            for name in ("halves", "motions", "weights", "wholes", "truth"):
                setattr(self, name, getattr(self, name).transpose(-1, -2))
            self.motions = self.motions.flip(2)
        if rng.random() < 0.5:
            # Backwards, the opinions change places and point the other way, and so do the frames they fetch from.
            self.halves, self.wholes, self.weights = self.halves.flip(1), self.wholes.flip(1), self.weights.flip(1)
            self.motions = -self.motions.flip(1)
            self.moments = 1 - self.moments
        order = torch.from_numpy(rng.permutation(3)).to(self.truth.device)
        self.halves, self.wholes = self.halves[:, :, order], self.wholes[:, :, order]
        self.truth = self.truth[:, order]

    def _flip(self, axis: int, component: int) -> None:
        for name in ("halves", "motions", "weights", "wholes", "truth"):
            setattr(self, name, getattr(self, name).flip(axis))
        sign = torch.ones(2, device=self.motions.device)
        sign[component] = -1
        self.motions = self.motions * sign[:, None, None]

    def inputs(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(warps, motions, weights, moment), as InterpolationGenerator.forward wants them."""
        return self.halves.flatten(1, 2), self.motions.flatten(1, 2), self.weights, self.moments

    def mix(self, weights: Tensor, residual: Tensor | None = None) -> Tensor:
        """The picture (B, 3, S, S) of half-resolution weights and residual, as studio.motion.between.blend does it."""
        size = self.truth.shape[-2:]
        large = F.interpolate(weights.float(), size=size, mode="bilinear", align_corners=False)
        made = (self.wholes * large[:, :, None]).sum(1)
        if residual is None:
            return made
        return made + F.interpolate(residual.float(), size=size, mode="bilinear", align_corners=False)


def picture_loss(made: Tensor, real: Tensor) -> Tensor:
    """What regression asks of an in-between: values, edges, light over larger areas, and each crop's own PSNR.

    The last term counts a crop by how much of *its* error goes away: without it the few crops that nothing can save
    drown the many that are nearly right, and those get worse.
    """
    levels = charbonnier(made, real, 4e-3) + 0.5 * gradient_loss(made, real) + 0.5 * low_frequency_loss(made, real, 4)
    noise = torch.log((made - real).square().flatten(1).mean(1) + 1e-5).mean()
    return 10 * levels + 0.3 * noise


class FuseObjective(Objective):
    """Generator alone (phase ``fuse``) or with words, noise and a discriminator (phase ``sharpen``)."""

    ema = ("generator",)
    ema_decay = 0.998

    def __init__(
        self, generator: InterpolationGenerator, pool: GapPool, context: Context, rate: float,
        critic: PatchDiscriminator | None = None, phrases: Tensor | None = None,
    ) -> None:  # fmt: skip
        self.pool, self.context, self.rate, self.phrases = pool, context, rate, phrases
        clips = np.asarray(pool.clips)
        self.train_rows = np.flatnonzero(~_is_held_out(clips))
        self.test_rows = np.flatnonzero(_is_held_out(clips))[::5]
        nets: dict[str, nn.Module] = {"generator": generator}
        kept = [parameter for name, parameter in generator.named_parameters() if not name.startswith("timing")]
        optimisers = {"generator": torch.optim.AdamW(kept, rate, betas=(0.9, 0.99), weight_decay=1e-4)}
        if critic is not None:
            nets["discriminator"] = critic
            optimisers["discriminator"] = torch.optim.Adam(critic.parameters(), 2e-4, betas=(0.5, 0.99))
        for net in nets.values():
            net.to(context.device, memory_format=torch.channels_last)
        super().__init__(nets, optimisers)

    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        """See Objective."""
        set_rate(self.optimisers["generator"], self.rate * cosine_rate(step, self.context.steps))
        device = self.context.device
        count = 2 if self.context.tiny else _BATCH
        batch = GapBatch(self.pool, np.sort(rng.choice(self.train_rows, count)), device)
        batch.augment(rng)
        words, noise = self._conditions(count, rng)
        with torch.autocast(device.type, torch.bfloat16):
            made = self.nets["generator"](*batch.inputs(), words, noise)
        picture = batch.mix(made.weights, made.residual)
        with torch.no_grad():
            classical = batch.mix(batch.weights)
            gain = 10 * torch.log10(_errors(classical, batch.truth) / _errors(picture, batch.truth)).mean()
        loss = picture_loss(picture, batch.truth)
        figures = {"gain_db": gain.item()}
        critic = self.nets.get("discriminator")
        if critic is not None:
            with torch.autocast(device.type, torch.bfloat16):
                seen, real_features = critic(torch.cat([batch.truth, classical], 1))
                doubted, _ = critic(torch.cat([picture.detach(), classical], 1))
            yield "discriminator", hinge_d(seen, doubted), {}
            with torch.autocast(device.type, torch.bfloat16):
                judged, features = critic(torch.cat([picture, classical], 1))
            loss = loss + 0.01 * hinge_g(judged) + 0.02 * feature_matching(features, real_features)
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
        """Held-out crops in rows: truth, classical, ours, and both errors four times as strong."""
        rows = self.test_rows if len(self.test_rows) else self.train_rows
        batch = GapBatch(self.pool, rows[:: max(1, len(rows) // 8)][:8], self.context.device)
        with torch.no_grad():
            made = self.averages["generator"](*batch.inputs())
        ours, classical = batch.mix(made.weights, made.residual), batch.mix(batch.weights)
        errors = [(picture - batch.truth).abs() * 4 for picture in (classical, ours)]
        logger.info("held out: %s", measure(self.averages["generator"], self.pool, rows, (1.0,), self.context.device))
        return np.vstack([np.hstack(list(to_uint8(part))) for part in (batch.truth, classical, ours, *errors)])


def _errors(made: Tensor, real: Tensor) -> Tensor:
    """Mean squared errors (B,) in squared levels of 255, at least a quarter level's (what rounding leaves)."""
    return ((made.clamp(0, 1) - real).square().flatten(1).mean(1) * 255**2).clamp(min=0.08)


def _is_held_out(clips: np.ndarray) -> np.ndarray:
    return clips % _HELD_OUT == 3


@torch.no_grad()
def measure(
    generator: InterpolationGenerator,
    pool: GapPool,
    rows: np.ndarray,
    strengths: tuple[float, ...],
    device: torch.device,
) -> dict[float, float]:
    """Mean gain in PSNR (dB per crop) over the classical picture for each strength, on the given rows."""
    sums = dict.fromkeys(strengths, 0.0)
    kept = generator.config.strength
    for start in range(0, len(rows), 32):
        batch = GapBatch(pool, rows[start : start + 32], device)
        base = _errors(batch.mix(batch.weights), batch.truth)
        for strength in strengths:
            generator.register_to_config(strength=strength)
            made = generator(*batch.inputs())
            errors = _errors(batch.mix(made.weights, made.residual), batch.truth)
            sums[strength] += float(10 * torch.log10(base / errors).sum())
    generator.register_to_config(strength=kept)
    return {strength: round(total / max(1, len(rows)), 4) for strength, total in sums.items()}


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
        words = F.normalize(words + 0.4 * torch.randn(words.shape).to(words), dim=1) * SCALE
        error = (self.nets["timing"](words) - self.curves[rows]).abs()
        yield "timing", 10 * error.mean(), {"worst": error.amax(1).mean().item()}


class Words(PhraseEncoder):
    """Phrases of timings, encoded."""

    def timings(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Phrases (N, 256) and their curves (N, P): every timing in many words, and as many that mean no timing."""
        said: list[str] = []
        curves: list[np.ndarray] = []
        for kind, (_, curve) in TIMINGS.items():
            for _ in range(8 if self.tiny else 120):
                said.append(str(rng.choice(_WORDS)).format(say_timing(kind, rng)))
                curves.append(curve)
        quiet = list(_SILENT) + [phrase for phrases, _ in COURSES.values() for phrase in phrases]
        quiet += captions(sample_slots(8 if self.tiny else 300, rng), rng)
        said += quiet
        curves += [np.linspace(0, 1, len(curves[0]))] * len(quiet)
        return self.embed(said), torch.from_numpy(np.stack(curves)).float()


class InterpolationRecipe(Recipe):
    """Phases ``fuse``, ``sharpen`` and ``timing``."""

    name = "interpolation"
    phases = (Phase("fuse", 3000, sheet_every=500), Phase("sharpen", 800, sheet_every=400), Phase("timing", 1500))

    def objective(self, phase: str, context: Context) -> Objective:
        """Build a phase; ``sharpen`` starts from the average of ``fuse``, and the last two need the CLIP."""
        torch.manual_seed(context.seed)
        rng = np.random.default_rng(context.seed)
        generator = _generator(context.tiny)
        if phase == "timing":
            return TimingObjective(generator, context, *Words(context).timings(rng))
        pool = prepare_pool(context.run / "pool", context.data, context.seed, context.tiny)
        if phase == "fuse":
            return FuseObjective(generator, pool, context, 1e-3)
        load_average(context.run / "fuse", "generator", generator)
        phrases, _ = Words(context).timings(rng)
        critic = PatchDiscriminator(6, 8 if context.tiny else 24)
        return FuseObjective(generator, pool, context, 4e-4, critic, phrases)

    def export(self, context: Context, folder: Path) -> None:
        """The generator in half precision at its best strength, the CLIP's text encoder and tokenizer beside it."""
        generator = _generator(context.tiny)
        load_average(context.run / "sharpen", "generator", generator)
        load_average(context.run / "timing", "timing", generator.timing)
        generator.register_to_config(residual=_RESIDUAL)
        pool = prepare_pool(context.run / "pool", context.data, context.seed, context.tiny)
        rows = np.flatnonzero(_is_held_out(np.asarray(pool.clips)))
        gains = measure(generator.to(context.device).eval(), pool, rows, _STRENGTHS, context.device)
        logger.info("gain over the classical picture on held-out clips, by strength: %s", gains)
        generator.register_to_config(strength=max(gains, key=gains.__getitem__))
        generator.half().save_pretrained(folder / "generator")
        save_clip_parts(context.checkpoints, folder)
        replace_file(folder / "model_index.json", json.dumps(_PARTS, indent=2).encode() + b"\n")


def _generator(tiny: bool) -> InterpolationGenerator:
    return InterpolationGenerator.tiny() if tiny else InterpolationGenerator()
