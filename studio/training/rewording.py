"""Moves generators that know one text encoder to another: ``python -m studio.training.rewording --old <folder>``.

A new CLIP has a new text space, and what reads the old one hears noise. Nothing but the layers that take an embedding
needs to change. Each is refitted by ridge regression, so that it answers to the new embedding of a phrase as it did to
the old one; the heads for timings and courses then go through their own recipe's phase again (a minute). The
restyling generator knows its looks by their number and only gets their new codes; the picture tower beside it is
trained anew for a new text space (recipe look_sight).

Letters: N phrases, D width of the joint space, K outputs of a layer.
"""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import CLIPModel, CLIPTokenizer

from studio.captions.captions import COURSES, TIMINGS, course_phrase
from studio.models.clip import EMBEDDING_SCALE, text_features
from studio.models.interpolation import InterpolationGenerator
from studio.models.prediction import PredictionGenerator
from studio.models.restyle import RestyleGenerator
from studio.teachers.look_words import STYLES
from studio.teachers.looks import KIN_STYLES, LOOKS
from studio.training.clip_parts import save_clip_parts
from studio.training.course_words import CourseWords
from studio.training.loop import train
from studio.training.objective import Context, Phase
from studio.training.phrases import say_timing
from studio.training.recipes.interpolation import TimingObjective, Words
from studio.training.recipes.prediction import CourseObjective
from studio.training.recipes.restyle import style_codes

logger = logging.getLogger(__name__)

_HEAD_STEPS = 1500


class Encoder:
    """A CLIP's folder as a function of phrases to embeddings of the length that generators know."""

    def __init__(self, folder: Path) -> None:
        self.model = CLIPModel.from_pretrained(folder, local_files_only=True, dtype=torch.float32).eval()
        self.tokenizer = CLIPTokenizer.from_pretrained(folder, local_files_only=True)

    @torch.no_grad()
    def embed(self, phrases: list[str]) -> Tensor:
        """Embeddings of N phrases, float32 (N, D), each of length EMBEDDING_SCALE."""
        parts = [text_features(self.model, self.tokenizer, phrases[i : i + 200]) for i in range(0, len(phrases), 200)]
        return torch.cat(parts) * EMBEDDING_SCALE


def ridge(inputs: Tensor, targets: Tensor, strength: float = 0.02) -> tuple[Tensor, Tensor]:
    """The linear map from (N, D) to (N, K) with the least squares: weight (K, D) and bias (K,), float32.

    strength: of the pull towards zero, as a share of the inputs' mean variance; the bias is not pulled.
    """
    middle, aim = inputs.double().mean(0), targets.double().mean(0)
    x, y = inputs.double() - middle, targets.double() - aim
    gram = x.T @ x
    pull = strength * gram.diagonal().mean() * torch.eye(len(gram), dtype=gram.dtype)
    weight = torch.linalg.solve(gram + pull, x.T @ y).T
    return weight.float(), (aim - weight @ middle).float()


@torch.no_grad()
def refit(layer: nn.Linear, old: Tensor, new: Tensor) -> float:
    """Refit `layer` in place, so that on `new` embeddings, float32 (N, D), it says what it said on `old` ones (N, D).

    Returns the share of the answers' variance that is explained, at most 1.
    """
    wanted = layer(old)
    layer.weight.data, bias = ridge(new, wanted)
    if layer.bias is not None:
        layer.bias.data = bias
    return 1 - float((layer(new) - wanted).var() / wanted.var())


def _refit_both(name: str, style: nn.Linear, head: nn.Linear, old: Tensor, new: Tensor) -> None:
    """Refit a generator's two layers that take an embedding, the style's and the head's; embeddings float32 (N, D)."""
    logger.info("%s: %.3f of the style's variance explained", name, refit(style, old, new))
    refit(head, old, new)


def reword_interpolation(old: Encoder, context: Context) -> InterpolationGenerator:
    """The in-between generator with its text layers refitted and its timing head taught again."""
    generator = _load(InterpolationGenerator, context.checkpoints / "interpolation")
    words = Words(context)
    phrases, curves = words.timings(np.random.default_rng(context.seed))
    _refit_both("interpolation", generator.from_text, generator.timing.hidden, old.embed(words.said), phrases)
    objective = TimingObjective(generator, _for(context), phrases, curves)
    train(objective, Phase("timing", _HEAD_STEPS), context.run / "interpolation", steps=_HEAD_STEPS)
    generator.timing = objective.averages["timing"]
    return generator


def reword_prediction(old: Encoder, context: Context) -> PredictionGenerator:
    """The prediction generator with its text layers refitted and its course head taught again."""
    generator = _load(PredictionGenerator, context.checkpoints / "prediction")
    words = CourseWords(context)
    phrases, courses = words.courses(np.random.default_rng(context.seed))
    _refit_both("prediction", generator.from_text, generator.words.hidden, old.embed(words.said), phrases)
    objective = CourseObjective(generator, _for(context), phrases, courses)
    train(objective, Phase("course", _HEAD_STEPS), context.run / "prediction", steps=_HEAD_STEPS)
    generator.words = objective.averages["words"]
    return generator


def reword_restyle(context: Context) -> RestyleGenerator:
    """The restyling generator with new codes for its looks; its weights know looks by their number and stay."""
    generator = _load(RestyleGenerator, context.checkpoints / "restyle")
    clip = context.checkpoints / "clip"
    generator.learn_codes(*(style_codes(clip, list(styles), context.seed) for styles in (LOOKS, KIN_STYLES)))
    return generator


# --- is everything still named right? --------------------------------------------------------------------------------


@torch.no_grad()
def timings_right(generator: InterpolationGenerator, encoder: Encoder) -> float:
    """Share of timing phrases whose curve is nearest to that of their own kind."""
    rng = np.random.default_rng(8)
    curves = torch.from_numpy(np.stack([curve for _, curve in TIMINGS.values()])).float()
    right = []
    for index, (kind, (phrases, _)) in enumerate(TIMINGS.items()):
        said = [*phrases, *(say_timing(kind, rng) for _ in range(12))]
        made = generator.timing_curve(encoder.embed(said).to(generator.dtype)).float()
        right += (torch.cdist(made, curves).argmin(1) == index).tolist()
    return float(np.mean(right))


@torch.no_grad()
def courses_right(generator: PredictionGenerator, encoder: Encoder) -> float:
    """Share of course phrases whose six numbers are nearest to those of their own kind."""
    rng = np.random.default_rng(8)
    courses = torch.tensor([course for _, course in COURSES.values()])
    right = []
    for index, (kind, (phrases, _)) in enumerate(COURSES.items()):
        made = generator.course(encoder.embed([*phrases, *(course_phrase(kind, rng) for _ in range(4))]))
        right += (torch.cdist(made.float(), courses).argmin(1) == index).tolist()
    return float(np.mean(right))


@torch.no_grad()
def looks_right(generator: RestyleGenerator, encoder: Encoder) -> float:
    """Share of styles' words that are nearest to the code of their own look, or of a style that it stands in for."""
    config, right = generator.config, []
    codes = F.normalize(torch.cat([generator.look_codes, generator.kin_codes]).float(), dim=1)
    painted = [*config.looks, *config.kin_looks]
    for style in STYLES.values():
        said = F.normalize(encoder.embed([*style.words, *style.makers]), dim=1)
        right += [painted[index] == style.kin for index in (said @ codes[: len(painted)].T).argmax(1)]
    return float(np.mean(right))


def _load(kind: type[nn.Module], folder: Path) -> nn.Module:
    return kind.from_pretrained(folder / "generator", torch_dtype=torch.float32).eval()


def _for(context: Context) -> Context:
    """The context of a head's phase, which goes by the number of its steps."""
    return Context(**{**vars(context), "steps": _HEAD_STEPS})


def main() -> None:
    """Reword the generators in the folder of checkpoints, whose clip/ is the new one already."""
    parser = argparse.ArgumentParser(prog="python -m studio.training.rewording", description=main.__doc__)
    parser.add_argument("--old", type=Path, required=True, help="folder of the CLIP that the generators know")
    parser.add_argument("--checkpoints", type=Path, default=Path("checkpoints"))
    parser.add_argument("--run", type=Path, default=Path("runs/rewording"), help="scratch")
    parser.add_argument("--only", choices=("interpolation", "prediction", "restyle"), help="default: all three")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    context = Context(run=options.run, data=None, checkpoints=options.checkpoints)
    old, new = Encoder(options.old), Encoder(options.checkpoints / "clip")
    report: dict[str, object] = {}
    for name in (options.only,) if options.only else ("interpolation", "prediction", "restyle"):
        folder = options.checkpoints / name
        if name == "restyle":
            before = looks_right(_load(RestyleGenerator, folder), old)
            generator = reword_restyle(context)
            report[name] = {"before": before, "after": looks_right(generator, new)}
        elif name == "interpolation":
            before = timings_right(_load(InterpolationGenerator, folder), old)
            generator = reword_interpolation(old, context)
            report[name] = {"before": before, "after": timings_right(generator, new)}
        else:
            before = courses_right(_load(PredictionGenerator, folder), old)
            generator = reword_prediction(old, context)
            report[name] = {"before": before, "after": courses_right(generator, new)}
        generator.half().save_pretrained(folder / "generator")
        save_clip_parts(options.checkpoints, folder)
    logger.info("%s", json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
