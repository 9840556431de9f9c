"""The prediction generator's training: how motion develops, then what to paint, then words about the course.

Phase ``judge``: velocities and settling times, straight for the PSNR of forecasts 1 to 8 frames ahead. Phase ``paint``:
with that judge's forecasts, regression to the frames that really came and to the real surroundings of windows. Phase
``sharpen``: the same with noise, words and a patch discriminator (hinge) that sees the frame beside its forecast.
Phase ``course``: phrases to six numbers; captions and phrases that name no course change nothing.
The export lowers the painter's ``strength`` to whatever measured best on clips that no phase has trained on, and
silences a judge that did not help there.

Letters: B batch, S side of a crop, h, w motion grid.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.models.discriminators import PatchDiscriminator
from studio.models.prediction import PredictionGenerator
from studio.motion.forecast import Habit, Motion
from studio.tensors import to_float, to_uint8
from studio.training.clip_parts import save_clip_parts
from studio.training.course_words import CourseWords
from studio.training.foresight import MotionBatch, habit_of, judge_gains, judge_inputs, maps_of, plain_judgement
from studio.training.future_pool import HORIZONS, Judge, MotionPool, PaintPool, motion_pool, paint_pool
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
from studio.training.phrases import SCALE
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
_STRENGTHS = (1.0, 0.75, 0.5, 0.25, 0.0)
_UNITS = torch.tensor([0.5, 0.5, 0.5, 0.5, 1.0, 1.0])  # one unit of each number of a course counts alike


def _split(clips: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows to train on and rows to measure on; with a single clip, both are all."""
    held_out = np.asarray(clips) % _HELD_OUT == 3
    everything = np.arange(len(held_out))
    if held_out.all() or not held_out.any():
        return everything, everything
    return everything[~held_out], everything[held_out]


class JudgeObjective(Objective):
    """The judge: mean PSNR of its forecasts at random horizons."""

    ema = ("motion",)

    def __init__(self, generator: PredictionGenerator, pool: MotionPool, context: Context) -> None:
        self.pool, self.context = pool, context
        self.train_rows, self.test_rows = _split(pool.clip)
        self.generator = generator.to(context.device)
        head = generator.motion
        super().__init__({"motion": head}, {"judge": torch.optim.AdamW(head.parameters(), 1e-3, weight_decay=1e-3)})

    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        """See Objective."""
        set_rate(self.optimisers["judge"], 5e-4 * cosine_rate(step, self.context.steps))
        batch = MotionBatch(self.pool, rng.choice(self.train_rows, _BATCH), self.context.device)
        judged = self.generator.judge(*batch.inputs())
        chosen = rng.choice(len(HORIZONS), 2, replace=False)
        # The logarithm makes each clip count by its PSNR; 2e-5 is the error of good in-betweens (47 dB).
        loss = sum(torch.log(batch.errors(judged, int(which)) + 2e-5).mean() for which in chosen) / 2
        # What nothing depends on stays as it was: still ground would else wander to an end.
        pairs = zip(maps_of(judged), maps_of(plain_judgement(batch)))
        lean = sum((map_.log() - plain.log()).square().mean() for map_, plain in pairs)
        loss = loss + 0.01 * lean
        yield "judge", loss, {"settles_in": float(judged.horizon.detach().median())}

    def sheet(self) -> np.ndarray | None:
        """Nothing to look at; the gain over the classical judgement goes to the log."""
        kept, self.generator.motion = self.generator.motion, self.averages["motion"]
        gains = judge_gains(self.generator, self.pool, self.test_rows, self.context.device)
        self.generator.motion = kept
        logger.info("held out, gain in dB by horizon: %s", gains)
        return None


class PaintBatch:
    """A batch of the paint pool: opinions (B, 9, S, S), truth (B, 3, S, S), guides (B, 4, S, S), horizon (B,)."""

    def __init__(self, pool: PaintPool, rows: np.ndarray, device: torch.device) -> None:
        self.truth = to_float(pool.truth[rows], device)
        self.opinions = torch.cat([to_float(pool.opinions[rows, i], device) for i in range(3)], 1)
        self.guides = to_float(pool.guides[rows], device)
        self.horizon = torch.from_numpy(pool.horizon[rows]).to(device)

    def augment(self, rng: np.random.Generator) -> None:
        """Mirrors, turns and swaps colours, all of the batch alike."""
        for turn in (lambda x: x.flip(-1), lambda x: x.flip(-2), lambda x: x.transpose(-1, -2)):
            if rng.random() < 0.5:
                self.opinions, self.truth, self.guides = turn(self.opinions), turn(self.truth), turn(self.guides)
        order = torch.from_numpy(rng.permutation(3)).to(self.truth.device)
        self.truth = self.truth[:, order]
        self.opinions = self.opinions.unflatten(1, (3, 3))[:, :, order].flatten(1, 2)

    @property
    def forecast(self) -> Tensor:
        """The first opinion, (B, 3, S, S)."""
        return self.opinions[:, :3]


class PaintObjective(Objective):
    """The painter: regression alone, or with a critic, noise and words."""

    ema = ("generator",)

    def __init__(
        self,
        generator: PredictionGenerator,
        pool: PaintPool,
        context: Context,
        rate: float,
        critic: PatchDiscriminator | None = None,
        phrases: Tensor | None = None,
    ) -> None:
        self.pool, self.context, self.rate, self.phrases = pool, context, rate, phrases
        self.train_rows, self.test_rows = _split(pool.clip)
        # The judge made the pool and stands; words are taught apart.
        for part in (generator.motion, generator.words):
            part.requires_grad_(False)
        nets: dict[str, nn.Module] = {"generator": generator.to(context.device)}
        moved = [p for p in generator.parameters() if p.requires_grad]
        optimisers: dict[str, torch.optim.Optimizer] = {"painter": torch.optim.AdamW(moved, rate, weight_decay=1e-3)}
        if critic is not None:
            nets["critic"] = critic.to(context.device)
            optimisers["critic"] = torch.optim.Adam(critic.parameters(), 4e-4, betas=(0.0, 0.98))
        super().__init__(nets, optimisers)

    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        """See Objective."""
        rate = cosine_rate(step, self.context.steps)
        set_rate(self.optimisers["painter"], self.rate * rate)
        batch = PaintBatch(self.pool, rng.choice(self.train_rows, _BATCH), self.context.device)
        batch.augment(rng)
        generator, critic = self.nets["generator"], self.nets.get("critic")
        words, noise = self._conditions(generator)
        made = generator.paint(batch.opinions, batch.guides, batch.horizon, words, noise)
        if critic is not None:
            real = torch.cat([batch.truth, batch.forecast], 1)
            fake = torch.cat([made, batch.forecast], 1)
            yield "critic", hinge_d(critic(real)[0], critic(fake.detach())[0]), {}
        # The logarithm lets each crop count by its PSNR; without it a few hopeless ones would rule.
        error = (made - batch.truth).square().flatten(1).mean(1)
        loss = charbonnier(made, batch.truth) + 0.2 * gradient_loss(made, batch.truth)
        loss = loss + 0.02 * torch.log(error + 2e-5).mean()
        figures = {"gain_db": float(_gain(made.detach(), batch).mean())}
        if critic is not None:
            logits, features = critic(fake)
            with torch.no_grad():
                wanted = critic(real)[1]
            loss = loss + 0.004 * hinge_g(logits) + 0.01 * feature_matching(features, wanted)
        yield "painter", loss, figures

    def _conditions(self, generator: PredictionGenerator) -> tuple[Tensor | None, Tensor | None]:
        """Words about any course, or none, and noise, or none: what a painter must not be distracted by."""
        if self.phrases is None:
            return None, None
        device = self.context.device
        said = self.phrases[torch.randint(len(self.phrases), (_BATCH,))] * (torch.rand(_BATCH, 1) < 0.6)
        noise = torch.randn(_BATCH, generator.config.noise) * (torch.rand(_BATCH, 1) < 0.7)
        return said.to(device), noise.to(device)

    def sheet(self) -> np.ndarray:
        """Held-out crops in columns: truth, forecast, painted, and both errors four times as strong."""
        rows = self.test_rows[:: max(1, len(self.test_rows) // 10)][:10]
        batch = PaintBatch(self.pool, rows, self.context.device)
        with torch.no_grad():
            made = self.averages["generator"].paint(batch.opinions, batch.guides, batch.horizon)
        errors = [(picture - batch.truth).abs() * 4 for picture in (batch.forecast, made)]
        gains = measure(self.averages["generator"], self.pool, self.test_rows, self.context.device)
        logger.info("held out, gain in dB: %s", gains)
        return np.vstack([np.hstack(list(to_uint8(part))) for part in (batch.truth, batch.forecast, made, *errors)])


def _gain(made: Tensor, batch: PaintBatch) -> Tensor:
    """PSNR gained over the forecast, dB, (B,)."""
    wrong = [((p.clamp(0, 1) - batch.truth) ** 2).flatten(1).mean(1) + 2e-6 for p in (batch.forecast, made)]
    return 10 * torch.log10(wrong[0] / wrong[1])


@torch.no_grad()
def measure(
    generator: PredictionGenerator,
    pool: PaintPool,
    rows: np.ndarray,
    device: torch.device,
    name: str = "strength",
    values: tuple[float, ...] = (1.0,),
) -> dict[float, float]:
    """Mean gain in PSNR, dB, over the forecast for each value of one of the painter's factors, on the given rows."""
    sums = dict.fromkeys(values, 0.0)
    kept = generator.config[name]
    for start in range(0, len(rows), 32):
        batch = PaintBatch(pool, rows[start : start + 32], device)
        for value in values:
            generator.register_to_config(**{name: value})
            sums[value] += float(_gain(generator.paint(batch.opinions, batch.guides, batch.horizon), batch).sum())
    generator.register_to_config(**{name: kept})
    return {value: round(total / max(1, len(rows)), 4) for value, total in sums.items()}


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
        words = F.normalize(words + 0.4 * torch.randn(words.shape).to(words), dim=1) * SCALE
        error = (self.nets["words"](words) - self.courses[rows]).abs() / _UNITS.to(words)
        yield "course", error.mean(), {"worst": float(error.detach().amax(1).mean())}


class PredictionRecipe(Recipe):
    """Phases ``judge``, ``paint``, ``sharpen`` and ``course``."""

    name = "prediction"
    phases = (
        Phase("judge", 600, sheet_every=150),
        Phase("paint", 2500, sheet_every=500),
        Phase("sharpen", 1000, sheet_every=250),
        Phase("course", 1500),
    )

    def objective(self, phase: str, context: Context) -> Objective:
        """Build a phase; each reads the averages that the ones before left, the last two also need the CLIP."""
        torch.manual_seed(context.seed)
        rng = np.random.default_rng(context.seed)
        generator = _generator(context.tiny)
        if phase == "course":
            return CourseObjective(generator, context, *CourseWords(context).courses(rng))
        if phase == "judge":
            pool = motion_pool(context.run / "motions", context.data, context.seed, context.tiny)
            return JudgeObjective(generator, pool, context)
        _take_judge(generator, context)
        pool = _paint_pool(generator, context)
        if phase == "paint":
            return PaintObjective(generator, pool, context, 6e-4)
        load_average(context.run / "paint", "generator", generator)
        phrases, _ = CourseWords(context).courses(rng)
        return PaintObjective(generator, pool, context, 2e-4, PatchDiscriminator(6, 8 if context.tiny else 24), phrases)

    def export(self, context: Context, folder: Path) -> None:
        """The generator in half precision at its best strength, the CLIP's text encoder and tokenizer beside it."""
        generator = _generator(context.tiny)
        load_average(context.run / "sharpen", "generator", generator)
        load_average(context.run / "course", "words", generator.words)
        _take_judge(generator, context)
        pool = _paint_pool(generator, context)
        _, rows = _split(pool.clip)
        generator.to(context.device).eval()
        for factor in ("strength", "invention"):
            gains = measure(generator, pool, rows, context.device, factor, _STRENGTHS)
            logger.info("gain over the forecast on held-out clips, by %s: %s", factor, gains)
            generator.register_to_config(**{factor: max(gains, key=gains.__getitem__)})
        generator.half().save_pretrained(folder / "generator")
        save_clip_parts(context.checkpoints, folder)
        replace_file(folder / "model_index.json", json.dumps(_PARTS, indent=2).encode() + b"\n")


def _take_judge(generator: PredictionGenerator, context: Context) -> None:
    """Load the trained judge, and silence it if it did not help on the clips that were held out."""
    load_average(context.run / "judge", "motion", generator.motion)
    pool = motion_pool(context.run / "motions", context.data, context.seed, context.tiny)
    gains = judge_gains(generator.to(context.device), pool, _split(pool.clip)[1], context.device)
    logger.info("the judge's gain over the classical judgement on held-out clips, by horizon: %s", gains)
    generator.register_to_config(judgement=1.0 if sum(gains.values()) > 0 else 0.0)


def _paint_pool(generator: PredictionGenerator, context: Context) -> PaintPool:
    return paint_pool(context.run / "paintings", context.data, context.seed, _judge(generator, context), context.tiny)


def _judge(generator: PredictionGenerator, context: Context) -> Judge:
    generator = generator.to(context.device)

    @torch.no_grad()
    def judge(motion: Motion, last: np.ndarray) -> Habit:
        h, w = motion.trust.shape
        small = cv2.resize(last, (w, h), interpolation=cv2.INTER_AREA)
        return habit_of(generator.judge(*judge_inputs(motion, small, context.device)))

    return judge


def _generator(tiny: bool) -> PredictionGenerator:
    return PredictionGenerator.tiny() if tiny else PredictionGenerator()
