"""The prediction generator's training: what to change about a forecast, then words about the course.

Phase ``refine``: regression to the frames that really came 1 to 12 frames ahead and to the real surroundings of
windows; a teacher that knows the future, the flow from the true frame to the forecast, guides the shift where it can be
trusted. Phase ``sharpen``: the same with noise, words and a patch discriminator (hinge) that sees the frame beside its
forecast. Phase ``course``: phrases to six numbers; captions and phrases that name no course change nothing.
The export takes of ``refine`` and ``sharpen`` what measured better on clips that neither has trained on, and lowers the
generator's ``shifting``, ``mixture`` and ``invention`` to whatever measured best there.

Letters: B batch, S side of a crop, C channels of evidence, u, v of the coarse grid.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.models.clip import EMBEDDING_SCALE
from studio.models.prediction import FACTORS, VECTORS, PredictionGenerator
from studio.tensors import to_channels_first, to_float, to_uint8
from studio.training.clip_parts import save_clip_parts
from studio.training.course_words import CourseWords
from studio.training.discriminators import PatchDiscriminator
from studio.training.future_pool import HORIZONS, FuturePool, future_pool
from studio.training.losses import (
    charbonnier,
    cosine_rate,
    feature_matching,
    gradient_loss,
    hinge_d,
    hinge_g,
    set_rate,
)
from studio.training.objective import Context, Losses, Objective, Phase, Recipe
from studio.training.state import load_average, replace_file

logger = logging.getLogger(__name__)

_PARTS = {
    "_class_name": "PredictionPipeline",
    "_diffusers_version": "0.42.1",
    "generator": ["studio.models.prediction", "PredictionGenerator"],
    "text_encoder": ["transformers", "CLIPTextModelWithProjection"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
}
_BATCH = 8
_HELD_OUT = 7  # every seventh clip measures, and is never trained on
_VALUES = (1.0, 0.75, 0.5, 0.25, 0.0)
_JUDGED = 120  # held-out crops, about, that the export decides by
_UNITS = torch.tensor([0.5, 0.5, 0.5, 0.5, 1.0, 1.0])  # one unit of each number of a course counts alike


def _split(clips: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows to train on and rows to measure on; with a single clip, both are all."""
    held_out = np.asarray(clips) % _HELD_OUT == 3
    everything = np.arange(len(held_out))
    if held_out.all() or not held_out.any():
        return everything, everything
    return everything[~held_out], everything[held_out]


class FutureBatch:
    """A batch of the pool: opinions (B, 9, S, S), guides (B, 3, S, S), truth (B, 3, S, S), told (B, C, u, v), teacher
    (B, 3, 2u, 2v), horizon (B,).
    """

    def __init__(self, pool: FuturePool, rows: np.ndarray, device: torch.device) -> None:
        self.truth = to_float(pool.truth[rows], device)
        self.opinions = torch.cat([to_float(pool.opinions[rows, i], device) for i in range(3)], 1)
        self.guides = to_float(pool.guides[rows], device)
        self.told = to_channels_first(pool.told[rows].astype(np.float32), device)
        self.teacher = to_channels_first(pool.teacher[rows].astype(np.float32), device)
        self.horizon = torch.from_numpy(pool.horizon[rows]).to(device)

    def augment(self, rng: np.random.Generator) -> None:
        """Mirrors, turns and swaps colours, all of the batch alike."""
        for kind in ("x", "y", "diagonal"):
            if rng.random() < 0.5:
                self._turn(kind)
        order = torch.from_numpy(rng.permutation(3)).to(self.truth.device)
        self.truth = self.truth[:, order]
        self.opinions = self.opinions.unflatten(1, (3, 3))[:, :, order].flatten(1, 2)
        maps, pictures = self.told[:, :-9], self.told[:, -9:]
        self.told = torch.cat([maps, pictures.unflatten(1, (3, 3))[:, :, order].flatten(1, 2)], 1)

    def _turn(self, kind: str) -> None:
        for name in ("truth", "opinions", "guides", "told", "teacher"):
            value = getattr(self, name)
            turned = value.transpose(-1, -2) if kind == "diagonal" else value.flip(-1 if kind == "x" else -2)
            setattr(self, name, turned)
        self.told = torch.cat([_turned(self.told[:, : 2 * VECTORS], kind), self.told[:, 2 * VECTORS :]], 1)
        self.teacher = torch.cat([_turned(self.teacher[:, :2], kind), self.teacher[:, 2:]], 1)

    @property
    def forecast(self) -> Tensor:
        """The first opinion, float (B, 3, S, S) in 0..1."""
        return self.opinions[:, :3]


def _turned(vectors: Tensor, kind: str) -> Tensor:
    """The vectors (B, 2N, u, v), x first, of a field that was mirrored ("x", "y") or transposed ("diagonal")."""
    pairs = vectors.unflatten(1, (-1, 2))
    if kind == "diagonal":
        return pairs.flip(2).flatten(1, 2)
    signs = pairs.new_tensor([-1.0, 1.0] if kind == "x" else [1.0, -1.0]).view(1, 1, 2, 1, 1)
    return (pairs * signs).flatten(1, 2)


class RefineObjective(Objective):
    """The refining net: regression alone, or with a critic, noise and words."""

    ema = ("generator",)

    def __init__(
        self,
        generator: PredictionGenerator,
        pool: FuturePool,
        context: Context,
        rate: float,
        critic: PatchDiscriminator | None = None,
        phrases: Tensor | None = None,
    ) -> None:
        self.pool, self.context, self.rate, self.phrases = pool, context, rate, phrases
        self.train_rows, self.test_rows = _split(pool.clip)
        generator.words.requires_grad_(False)  # taught apart
        nets: dict[str, nn.Module] = {"generator": generator.to(context.device, memory_format=torch.channels_last)}
        moved = [p for p in generator.parameters() if p.requires_grad]
        optimisers: dict[str, torch.optim.Optimizer] = {"refiner": torch.optim.AdamW(moved, rate, weight_decay=1e-3)}
        if critic is not None:
            nets["critic"] = critic.to(context.device)
            optimisers["critic"] = torch.optim.Adam(critic.parameters(), 4e-4, betas=(0.0, 0.98))
        super().__init__(nets, optimisers)

    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        """See Objective."""
        set_rate(self.optimisers["refiner"], self.rate * cosine_rate(step, self.context.steps))
        batch = FutureBatch(self.pool, np.sort(rng.choice(self.train_rows, _BATCH)), self.context.device)
        batch.augment(rng)
        generator, critic = self.nets["generator"], self.nets.get("critic")
        words, noise = self._conditions(generator)
        with torch.autocast(self.context.device.type, torch.bfloat16):
            refinement = generator.refine(batch.told, batch.horizon, words, noise)
        made = generator.draw(batch.opinions, batch.guides, refinement)
        if critic is not None:
            real = torch.cat([batch.truth, batch.forecast], 1)
            fake = torch.cat([made, batch.forecast], 1)
            yield "critic", hinge_d(critic(real)[0], critic(fake.detach())[0]), {}
        # The logarithm lets each crop count by its PSNR; without it a few hopeless ones would rule.
        error = (made - batch.truth).square().flatten(1).mean(1)
        loss = charbonnier(made, batch.truth) + 0.2 * gradient_loss(made, batch.truth)
        loss = loss + 0.04 * torch.log(error + 2e-5).mean()
        sure = batch.teacher[:, 2]
        shift = F.interpolate(refinement.shift, size=sure.shape[-2:], mode="bilinear")
        astray = torch.linalg.vector_norm(shift - batch.teacher[:, :2], dim=1)
        loss = loss + 0.03 * (sure * torch.log1p(astray)).mean()
        gain, far = _gain(made.detach(), batch).mean(), (sure * astray.detach()).mean()
        figures = {"gain_db": float(gain), "astray": float(far)}
        if critic is not None:
            logits, features = critic(fake)
            with torch.no_grad():
                wanted = critic(real)[1]
            loss = loss + 0.004 * hinge_g(logits) + 0.01 * feature_matching(features, wanted)
        yield "refiner", loss, figures

    def _conditions(self, generator: PredictionGenerator) -> tuple[Tensor | None, Tensor | None]:
        """Words about any course, or none, and noise, or none: what a painter must not be distracted by."""
        if self.phrases is None:
            return None, None
        device = self.context.device
        said = self.phrases[torch.randint(len(self.phrases), (_BATCH,))] * (torch.rand(_BATCH, 1) < 0.6)
        noise = torch.randn(_BATCH, generator.config.noise) * (torch.rand(_BATCH, 1) < 0.7)
        return said.to(device), noise.to(device)

    def sheet(self) -> np.ndarray:
        """Held-out crops in columns: truth, forecast, corrected, and both errors four times as strong."""
        rows = self.test_rows[:: max(1, len(self.test_rows) // 10)][:10]
        batch = FutureBatch(self.pool, rows, self.context.device)
        made = _made(self.averages["generator"], batch)
        errors = [(picture - batch.truth).abs() * 4 for picture in (batch.forecast, made)]
        gains = gains_by_horizon(self.averages["generator"], self.pool, self.test_rows, self.context.device)
        logger.info("held out, gain in dB by horizon: %s", gains)
        return np.vstack([np.hstack(list(to_uint8(part))) for part in (batch.truth, batch.forecast, made, *errors)])


@torch.no_grad()
def _made(generator: PredictionGenerator, batch: FutureBatch) -> Tensor:
    return generator.draw(batch.opinions, batch.guides, generator.refine(batch.told, batch.horizon))


def _gain(made: Tensor, batch: FutureBatch) -> Tensor:
    """PSNR gained over the forecast, dB, (B,)."""
    wrong = [((p.clamp(0, 1) - batch.truth) ** 2).flatten(1).mean(1) + 2e-6 for p in (batch.forecast, made)]
    return 10 * torch.log10(wrong[0] / wrong[1])


def gains(generator: PredictionGenerator, pool: FuturePool, rows: np.ndarray, device: torch.device) -> np.ndarray:
    """The gain in PSNR over the forecast, dB, of each of ``rows`` (int, (N,)): float (N,)."""
    parts = [FutureBatch(pool, rows[start : start + 16], device) for start in range(0, len(rows), 16)]
    return torch.cat([_gain(_made(generator, part), part) for part in parts]).cpu().numpy()


def gains_by_horizon(
    generator: PredictionGenerator, pool: FuturePool, rows: np.ndarray, device: torch.device
) -> dict[str, float]:
    """Mean gains, dB, at each of HORIZONS, and over all of ``rows`` (int, (N,))."""
    gained, ahead = gains(generator, pool, rows, device), pool.horizon[rows]
    found = {str(h): round(float(gained[ahead == h].mean()), 3) for h in HORIZONS if (ahead == h).any()}
    return {**found, "all": round(float(gained.mean()), 3)}


def best_factors(generator: PredictionGenerator, pool: FuturePool, rows: np.ndarray, device: torch.device) -> float:
    """Set each of the generator's factors to what measured best on ``rows`` (int, (N,)); return the mean gain, dB, that
    is left.
    """
    best = 0.0
    for name in FACTORS:
        found = {}
        for value in _VALUES:
            generator.register_to_config(**{name: value})
            found[value] = round(float(gains(generator, pool, rows, device).mean()), 4)
        logger.info("gain over the forecast on held-out clips, dB, by %s: %s", name, found)
        chosen = max(found, key=found.__getitem__)
        generator.register_to_config(**{name: chosen})
        best = found[chosen]
    return best


class CourseObjective(Objective):
    """The course head: phrases to six numbers."""

    ema = ("words",)

    def __init__(self, generator: PredictionGenerator, context: Context, phrases: Tensor, courses: Tensor) -> None:
        self.context, self.phrases, self.courses = context, phrases.to(context.device), courses.to(context.device)
        head = generator.words.to(context.device)
        super().__init__({"words": head}, {"course": torch.optim.AdamW(head.parameters(), 2e-3, weight_decay=1e-3)})

    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        """See Objective."""
        set_rate(self.optimisers["course"], 2e-3 * cosine_rate(step, self.context.steps))
        rows = torch.from_numpy(rng.integers(len(self.phrases), size=128)).to(self.phrases.device)
        words = self.phrases[rows]
        words = F.normalize(words + 0.4 * torch.randn(words.shape).to(words), dim=1) * EMBEDDING_SCALE
        error = (self.nets["words"](words) - self.courses[rows]).abs() / _UNITS.to(words)
        yield "course", error.mean(), {"worst": float(error.detach().amax(1).mean())}


class PredictionRecipe(Recipe):
    """Phases ``refine``, ``sharpen`` and ``course``."""

    name = "prediction"
    phases = (
        Phase("refine", 6000, sheet_every=500),
        Phase("sharpen", 1000, sheet_every=250),
        Phase("course", 1500),
    )

    def objective(self, phase: str, context: Context) -> Objective:
        """Build a phase; ``sharpen`` goes on from the averages of ``refine``, the last two also need the CLIP."""
        torch.manual_seed(context.seed)
        rng = np.random.default_rng(context.seed)
        generator = _generator(context.tiny)
        if phase == "course":
            return CourseObjective(generator, context, *CourseWords(context).courses(rng))
        if phase == "refine":
            return RefineObjective(generator, _pool(context), context, 1e-3)
        load_average(context.run / "refine", "generator", generator)
        phrases, _ = CourseWords(context).courses(rng)
        critic = PatchDiscriminator(6, 8 if context.tiny else 24)
        return RefineObjective(generator, _pool(context), context, 2e-4, critic, phrases)

    def export(self, context: Context, folder: Path) -> None:
        """The generator in half precision at its best factors, the CLIP's text encoder and tokenizer beside it."""
        pool = _pool(context)
        rows = _split(pool.clip)[1]
        rows = rows[:: max(1, len(rows) // _JUDGED)]
        generators, left = {}, {}
        for phase in ("refine", "sharpen"):
            generator = generators[phase] = _generator(context.tiny)
            load_average(context.run / phase, "generator", generator)
            load_average(context.run / "course", "words", generator.words)
            left[phase] = best_factors(generator.to(context.device).eval(), pool, rows, context.device)
        phase = max(left, key=left.__getitem__)
        generator = generators[phase]
        logger.info("%s is exported: %s", phase, gains_by_horizon(generator, pool, rows, context.device))
        generator.half().save_pretrained(folder / "generator")
        save_clip_parts(context.checkpoints, folder)
        replace_file(folder / "model_index.json", json.dumps(_PARTS, indent=2).encode() + b"\n")


def _pool(context: Context) -> FuturePool:
    return future_pool(context.run / "futures", context.data, context.seed, context.tiny)


def _generator(tiny: bool) -> PredictionGenerator:
    return PredictionGenerator.tiny() if tiny else PredictionGenerator()
