"""The in-between generator's training: first to be right, then to look right, then to read words about timing.

Phase ``draw``: regression to the frame that was really there, with the pictures of the coarser stage supervised too,
and with the flows that DIS finds from the true frame itself as a teacher where they explain it better (privileged
distillation, Huang et al. 2022). Phase ``sharpen``: the same, with noise and words as conditions, a loss on how much
fine detail there is, and two patch discriminators (hinge, Lim and Ye 2017): of the frame beside its own detail, and
of its detail between its neighbours'. Phase ``timing``: the head that turns a phrase into a curve of time; captions
and phrases that say nothing about timing mean the straight line.
Phase ``widen``: the regression again, from the net of ``draw`` or
the shipped one on, with a stage more that may hold pixels still; two frames and four in equal parts, frames far apart,
and spoilt frames beside clean truths. It serves as it is trained, without added detail.
The export keeps the net of the last phase that has not measured worse than the first one's on clips that no phase has
trained on.

Letters: P points of a timing curve.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.captions.captions import COURSES, TIMINGS, captions, sample_slots
from studio.errors import CheckpointError
from studio.models.interpolation import InterpolationGenerator
from studio.training.clip_parts import save_clip_parts
from studio.training.discriminators import PatchDiscriminator
from studio.training.gap_objective import MEASURED, DrawObjective, WidenObjective, measure
from studio.training.gap_pool import prepare_pool
from studio.training.losses import cosine_rate, set_rate
from studio.training.objective import Context, Losses, Objective, Phase, Recipe
from studio.training.phrases import SCALE, PhraseEncoder, say_nothing_of_timing, say_timing
from studio.training.state import load_average, replace_file

logger = logging.getLogger(__name__)

_PARTS = {
    "_class_name": "InterpolationPipeline",
    "_diffusers_version": "0.42.1",
    "generator": ["studio.models.interpolation", "InterpolationGenerator"],
    "text_encoder": ["transformers", "CLIPTextModelWithProjection"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
}
# The added detail gains .03 dB and costs .7 VMAF at x2 and .6 at x4 (held-out clips): it smooths grain away.
_RESIDUAL = 0.0
_SPARED = 0.02  # dB that a later phase may lose
_STILL = 16  # channels of the stage that holds pixels still, which phase ``widen`` adds
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
    """Phases ``draw``, ``sharpen``, ``timing`` and ``widen``."""

    name = "interpolation"
    phases = (
        Phase("draw", 7500, sheet_every=1000),
        Phase("sharpen", 400, sheet_every=400),
        Phase("timing", 1500),
        Phase("widen", 20000, sheet_every=500),
    )

    def objective(self, phase: str, context: Context) -> Objective:
        """Build a phase; ``sharpen`` starts from the average of ``draw``, and it and ``timing`` need the CLIP."""
        torch.manual_seed(context.seed)
        rng = np.random.default_rng(context.seed)
        generator = _generator(context.tiny)
        if phase == "timing":
            return TimingObjective(generator, context, *Words(context).timings(rng))
        pool = prepare_pool(context.run / "pool", context.data, context.seed, context.tiny)
        if phase == "draw":
            return DrawObjective(generator, pool, context, 1e-3)
        if phase == "widen":
            return WidenObjective(widened(context), pool, context, 2.5e-4)
        load_average(context.run / "draw", "generator", generator)
        phrases, _ = Words(context).timings(rng)
        width = 8 if context.tiny else 24
        critic = nn.ModuleDict({"frame": PatchDiscriminator(6, width), "triple": PatchDiscriminator(9, width)})
        return DrawObjective(generator, pool, context, 6e-4, critic, phrases)

    def export(self, context: Context, folder: Path) -> None:
        """The generator in half precision at its best, the CLIP's text encoder and tokenizer beside it."""
        pool = prepare_pool(context.run / "pool", context.data, context.seed, context.tiny)
        rows = pool.rows(held_out=True)[::MEASURED]
        figures: dict[str, float] = {}
        best = None
        for phase in ("draw", "sharpen", "widen"):
            if not (context.run / phase / "state.json").is_file():
                continue
            generator = widened(context) if phase == "widen" else _generator(context.tiny)
            load_average(context.run / phase, "generator", generator.to(context.device))
            generator.register_to_config(residual=_RESIDUAL)
            figures[phase] = measure(generator, pool, rows, context)
            # What looks sharper, or bears more, may cost a little, as long as it is hardly to be measured.
            if best is None or figures[phase] > figures.get("draw", 0.0) - _SPARED:
                best = generator
        logger.info("PSNR on held-out clips after each phase: %s", figures)
        if best is None:
            raise CheckpointError(f"There is nothing to export in {context.run}.")
        generator = best
        if (context.run / "timing" / "state.json").is_file():
            load_average(context.run / "timing", "timing", generator.timing)
        generator.cpu().half().save_pretrained(folder / "generator")
        save_clip_parts(context.checkpoints, folder)
        replace_file(folder / "model_index.json", json.dumps(_PARTS, indent=2).encode() + b"\n")


def _generator(tiny: bool) -> InterpolationGenerator:
    return InterpolationGenerator.tiny() if tiny else InterpolationGenerator()


def widened(context: Context) -> InterpolationGenerator:
    """The net that ``widen`` begins with: that of ``draw``, or else the shipped one, and the stage that holds still.

    Raises CheckpointError if there is neither.
    """
    kind = {"still": 8 if context.tiny else _STILL, "residual": _RESIDUAL}
    made = InterpolationGenerator.tiny(**kind) if context.tiny else InterpolationGenerator(**kind)
    shipped = context.checkpoints / "interpolation" / "generator"
    if (context.run / "draw" / "state.json").is_file():
        known = load_average(context.run / "draw", "generator", _generator(context.tiny))
    elif context.tiny:
        return made
    elif (shipped / "config.json").is_file():
        known = InterpolationGenerator.from_pretrained(shipped, torch_dtype=torch.float32)
    else:
        raise CheckpointError(f"There is no net to begin with, neither in {context.run} nor in {shipped}.")
    missing, unknown = made.load_state_dict(known.state_dict(), strict=False)
    if unknown or any(not name.startswith("stillness.") for name in missing):
        raise CheckpointError(f"The net in {shipped} does not fit: {[*missing, *unknown][:3]}.")
    return made
