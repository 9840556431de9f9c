"""Moves generators that know one text encoder to another: ``python -m studio.training.rewording --old <folder>``.

A new CLIP has a new text space, and what reads the old one hears noise. Nothing but the layers that take an embedding
needs to change. Each is refitted by ridge regression, so that it answers to the new embedding of a phrase as it did to
the old one; the heads for timings and courses then go through their own recipe's phase again (a minute), and the
restyling generator's map from embedding to modulation is polished against its own former answers for the looks.
Pictures of looks are phrases, too: they go through the new picture tower and must call for the same modulations.

Letters: N phrases or pictures, D width of the joint space, K outputs of a layer, L looks.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import CLIPModel, CLIPTokenizer

from studio.models.clip import pack_frames, picture_features, text_features
from studio.models.interpolation import InterpolationGenerator
from studio.models.prediction import PredictionGenerator
from studio.models.restyle import RestyleGenerator
from studio.tensors import to_float
from studio.training.clip_parts import save_clip_parts
from studio.training.course_words import CourseWords
from studio.training.look_pairs import prepare_pairs
from studio.training.loop import train
from studio.training.losses import cosine_rate, set_rate
from studio.training.objective import Context, Phase
from studio.training.phrases import SCALE, say_timing
from studio.training.recipes.interpolation import TimingObjective, Words
from studio.training.recipes.prediction import CourseObjective
from studio.worlds.captions import COURSES, TIMINGS, course_phrase
from studio.worlds.look_words import STYLES, style_phrase
from studio.worlds.looks import LOOKS, look_phrase

logger = logging.getLogger(__name__)

_HEAD_STEPS, _POLISH_STEPS = 1500, 800
_PER_LOOK, _PICTURES_PER_LOOK = 150, 60


class Encoder:
    """A CLIP's folder as a function of phrases and pictures to embeddings of the length that generators know."""

    def __init__(self, folder: Path) -> None:
        self.model = CLIPModel.from_pretrained(folder, local_files_only=True, dtype=torch.float32).eval()
        self.tokenizer = CLIPTokenizer.from_pretrained(folder, local_files_only=True)

    @torch.no_grad()
    def said(self, phrases: list[str]) -> Tensor:
        """(N, D) of length SCALE."""
        parts = [text_features(self.model, self.tokenizer, phrases[i : i + 200]) for i in range(0, len(phrases), 200)]
        return torch.cat(parts) * SCALE

    @torch.no_grad()
    def seen(self, picture: np.ndarray) -> Tensor:
        """(D,) of length SCALE, of a picture uint8 (H, W, 3)."""
        packed = pack_frames(to_float(picture[None])[:, None], self.model.config.vision_config.image_size)
        return picture_features(self.model, packed)[0] * SCALE


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
def fold(layer: nn.Linear, old: Tensor, new: Tensor, norm: nn.Module | None = None) -> float:
    """Refit `layer` in place, so that on `new` embeddings (N, D) it says what it said on `old` ones.

    norm: what an embedding goes through first. Returns the share of the answers' variance that is explained.
    """
    into = norm if norm is not None else nn.Identity()
    wanted = layer(into(old))
    layer.weight.data, bias = ridge(into(new), wanted)
    if layer.bias is not None:
        layer.bias.data = bias
    return 1 - float((layer(into(new)) - wanted).var() / wanted.var())


def reword_interpolation(old: Encoder, new: Encoder, context: Context) -> InterpolationGenerator:
    """The in-between generator with its text layers refitted and its timing head taught again."""
    generator = _load(InterpolationGenerator, context.checkpoints / "interpolation")
    rng = np.random.default_rng(context.seed)
    words = Words(context)
    phrases, curves = words.timings(rng)
    explained = fold(generator.from_text, old.said(words.said), phrases)
    fold(generator.timing.hidden, old.said(words.said), phrases)
    logger.info("interpolation: %.3f of the style's variance explained", explained)
    objective = TimingObjective(generator, _for(context), phrases, curves)
    train(objective, Phase("timing", _HEAD_STEPS), context.run / "interpolation", steps=_HEAD_STEPS)
    generator.timing = objective.averages["timing"]
    return generator


def reword_prediction(old: Encoder, new: Encoder, context: Context) -> PredictionGenerator:
    """The prediction generator with its text layers refitted and its course head taught again."""
    generator = _load(PredictionGenerator, context.checkpoints / "prediction")
    words = CourseWords(context)
    phrases, courses = words.courses(np.random.default_rng(context.seed))
    explained = fold(generator.from_text, old.said(words.said), phrases)
    fold(generator.words.hidden, old.said(words.said), phrases)
    logger.info("prediction: %.3f of the style's variance explained", explained)
    objective = CourseObjective(generator, _for(context), phrases, courses)
    train(objective, Phase("course", _HEAD_STEPS), context.run / "prediction", steps=_HEAD_STEPS)
    generator.words = objective.averages["words"]
    return generator


def reword_restyle(new: Encoder, context: Context) -> RestyleGenerator:
    """The restyling generator: phrases and pictures of a look call for what its old code called for."""
    generator = _load(RestyleGenerator, context.checkpoints / "restyle")
    before = copy.deepcopy(generator)
    rng = np.random.default_rng(context.seed)
    words = torch.stack([new.said(_phrases(name, rng)) for name in LOOKS])  # (L, N, D)
    generator.look_codes.copy_(F.normalize(words.mean(1), dim=1) * SCALE)
    pictures = torch.stack([_painted(new, context, look, rng) for look in range(len(LOOKS))])
    given = torch.cat([words, pictures, words[:, : pictures.shape[1]] + pictures], 1)
    given = F.normalize(given, dim=2) * SCALE
    codes = before.look_codes[:, None].expand_as(given)
    norm, first = generator.modulate[0], generator.modulate[1]
    with torch.no_grad():
        wanted = before.modulate[1](before.modulate[0](codes.flatten(0, 1)))
        first.weight.data, first.bias.data = ridge(norm(given.flatten(0, 1)), wanted)
    _polish(generator, before, given, rng)
    return generator


def _phrases(look: str, rng: np.random.Generator) -> list[str]:
    """Wordings of a look: its own, and those of the styles that it is nearest to, its own name more often."""
    kin = [name for name, style in STYLES.items() if style.kin == look]
    named = [style_phrase(look, rng) for _ in range(_PER_LOOK // 4)] if look in STYLES else []
    said = [look_phrase(look, rng) for _ in range(_PER_LOOK - len(named))]
    return said + named + [style_phrase(kin[i % len(kin)], rng) for i in range(_PER_LOOK // 4)]


def _painted(new: Encoder, context: Context, look: int, rng: np.random.Generator) -> Tensor:
    """Embeddings (N, D) of windows of pictures in a look."""
    pairs = prepare_pairs(context.run / "pairs", context.data, context.seed, context.tiny)
    found = []
    for _ in range(8 if context.tiny else _PICTURES_PER_LOOK):
        picture = pairs.targets[int(rng.integers(len(pairs))), look]
        height, width = picture.shape[:2]
        side = int(rng.integers(min(height, width) // 2, min(height, width) + 1))
        top, left = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
        found.append(new.seen(np.ascontiguousarray(picture[top : top + side, left : left + side])))
    return torch.stack(found)


def _polish(generator: RestyleGenerator, before: RestyleGenerator, given: Tensor, rng: np.random.Generator) -> None:
    """Adam on the map to modulations: embeddings (L, N, D) to the former answers, for looks and for what is between."""
    optimiser = torch.optim.Adam(generator.modulate.parameters(), 1e-3)
    looks, each = given.shape[:2]
    for step in range(_POLISH_STEPS):
        set_rate(optimiser, 1e-3 * cosine_rate(step, _POLISH_STEPS))
        pair = torch.from_numpy(rng.integers(looks, size=(2, 96)))
        rows = torch.from_numpy(rng.integers(each, size=(2, 96)))
        share = torch.from_numpy(np.where(rng.random(96) < 0.25, rng.uniform(0.3, 0.7, 96), 0.0)).float()[:, None]
        heard = torch.lerp(given[pair[0], rows[0]], given[pair[1], rows[1]], share)
        heard = F.normalize(heard + 0.3 * torch.randn(heard.shape), dim=1) * SCALE
        with torch.no_grad():
            codes = torch.lerp(before.look_codes[pair[0]], before.look_codes[pair[1]], share)
            wanted = before.modulate(F.normalize(codes, dim=1) * SCALE)
        loss = F.mse_loss(generator.modulate(heard), wanted)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
    logger.info("restyle: mean square of the modulations %.4f, left over %.5f", wanted.square().mean(), loss.item())


# --- is everything still named right? --------------------------------------------------------------------------------


@torch.no_grad()
def timings_right(generator: InterpolationGenerator, encoder: Encoder, more: bool = True) -> float:
    """Share of timing phrases whose curve is nearest to that of their own kind; `more` takes further wordings in."""
    rng = np.random.default_rng(8)
    curves = torch.from_numpy(np.stack([curve for _, curve in TIMINGS.values()])).float()
    right = []
    for index, (kind, (phrases, _)) in enumerate(TIMINGS.items()):
        said = [*phrases, *(say_timing(kind, rng) for _ in range(12 if more else 0))]
        made = generator.timing_curve(encoder.said(said).to(generator.dtype)).float()
        right += (torch.cdist(made, curves).argmin(1) == index).tolist()
    return float(np.mean(right))


@torch.no_grad()
def courses_right(generator: PredictionGenerator, encoder: Encoder) -> float:
    """Share of course phrases whose six numbers are nearest to those of their own kind."""
    rng = np.random.default_rng(8)
    courses = torch.tensor([course for _, course in COURSES.values()])
    right = []
    for index, (kind, (phrases, _)) in enumerate(COURSES.items()):
        made = generator.course(encoder.said([*phrases, *(course_phrase(kind, rng) for _ in range(4))]))
        right += (torch.cdist(made.float(), courses).argmin(1) == index).tolist()
    return float(np.mean(right))


@torch.no_grad()
def looks_right(generator: RestyleGenerator, encoder: Encoder) -> dict[str, float]:
    """Shares of looks' words that are nearest to their own look's code: by code, and by what they are painted as."""
    codes = F.normalize(generator.look_codes.float(), dim=1)
    modulations = generator.modulate(generator.look_codes)
    by_code, by_paint = [], []
    for index, look in enumerate(LOOKS.values()):
        said = encoder.said([pattern.format(word) for word in look.words for pattern in ("{}", "in the style of {}")])
        by_code += ((F.normalize(said, dim=1) @ codes.T).argmax(1) == index).tolist()
        by_paint += (torch.cdist(generator.modulate(said), modulations).argmin(1) == index).tolist()
    return {"by code": float(np.mean(by_code)), "by modulation": float(np.mean(by_paint))}


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
    parser.add_argument("--data", type=Path, help="folder with train/photos (pictures in the looks)")
    parser.add_argument("--run", type=Path, default=Path("runs/rewording"), help="scratch; pairs/ as made by restyle")
    parser.add_argument("--only", choices=("interpolation", "prediction", "restyle"), help="default: all three")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    context = Context(run=options.run, data=options.data, checkpoints=options.checkpoints)
    old, new = Encoder(options.old), Encoder(options.checkpoints / "clip")
    report: dict[str, object] = {}
    for name in (options.only,) if options.only else ("interpolation", "prediction", "restyle"):
        folder = options.checkpoints / name
        if name == "restyle":
            before = looks_right(_load(RestyleGenerator, folder), old)
            generator, parts = reword_restyle(new, context), ("text_encoder", "tokenizer", "image_encoder")
            report[name] = {"before": before, "after": looks_right(generator, new)}
        elif name == "interpolation":
            before = timings_right(_load(InterpolationGenerator, folder), old)
            generator, parts = reword_interpolation(old, new, context), ("text_encoder", "tokenizer")
            report[name] = {"before": before, "after": timings_right(generator, new)}
        else:
            before = courses_right(_load(PredictionGenerator, folder), old)
            generator, parts = reword_prediction(old, new, context), ("text_encoder", "tokenizer")
            report[name] = {"before": before, "after": courses_right(generator, new)}
        generator.half().save_pretrained(folder / "generator")
        save_clip_parts(options.checkpoints, folder, parts)
    logger.info("%s", json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
