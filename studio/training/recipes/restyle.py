"""The restyling generator's training: learn the brush from the teachers, then the words that call for it.

Phase ``brush`` needs no text: every look has a fixed random code, and the generator learns to paint like each teacher
(L1 of pixels, of gradients, of block means and of colour differences, and equivariance: a moved picture with moved
guides must give a moved result). Phase ``words`` swaps the codes for embeddings of CLIP, of phrases and of painted
pictures alike, and adds a patch discriminator that knows the look (hinge, Lim and Ye 2017; projection, Miyato and
Koyama 2018). Some conditions are mixtures of two looks, with mixed targets, so that the space between them makes sense.

Letters: B batch, L looks, N pictures, P phrases per look, D width of the joint space, H, W, and h, w = H / 2, W / 2.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from transformers import CLIPModel, CLIPTokenizer

from studio.models.clip import pack_frames, picture_features, text_features
from studio.models.discriminators import PatchDiscriminator
from studio.models.restyle import RestyleGenerator
from studio.tensors import to_float, to_uint8
from studio.training.clip_parts import save_clip_parts
from studio.training.look_pairs import LookPairs, prepare_pairs
from studio.training.losses import (
    cosine_rate,
    feature_matching,
    gradient_loss,
    hinge_d,
    hinge_g,
    low_frequency_loss,
    set_rate,
)
from studio.training.objective import Context, Losses, Objective, Phase, Recipe
from studio.training.state import load_average, replace_file
from studio.worlds.looks import LOOKS, known_look_words, look_phrase

_WIDTH = 256
_SCALE = 16.0  # length of an embedding as generators see it
_PHRASES = 200
_CROP = 96
_BATCH = 8
_MIXED = 0.15  # share of conditions that lie between two looks
_FROM_PICTURE = 0.12  # share of conditions that are a picture's embedding

_HARDER = {"neon": 2.5, "comic": 1.8, "woodblock": 1.5, "pop": 1.5}  # looks that need more practice
_PARTS = {
    "_class_name": "RestylePipeline",
    "_diffusers_version": "0.42.1",
    "generator": ["studio.models.restyle", "RestyleGenerator"],
    "image_encoder": ["transformers", "CLIPVisionModelWithProjection"],
    "text_encoder": ["transformers", "CLIPTextModelWithProjection"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
}

_Crops = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


class Conditions(Protocol):
    """codes: (L, D), one typical embedding per look, about unit variance."""

    codes: torch.Tensor

    def sample(self, looks: np.ndarray, pictures: np.ndarray, rng: np.random.Generator) -> torch.Tensor:
        """One embedding (B, D) for each of B looks, seen on B pictures."""


class RandomCodes:
    """A fixed random embedding per look, for as long as there are no words."""

    def __init__(self, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.codes = F.normalize(torch.randn(len(LOOKS), _WIDTH, generator=generator), dim=1) * _SCALE

    def sample(self, looks: np.ndarray, pictures: np.ndarray, rng: np.random.Generator) -> torch.Tensor:
        """The looks' codes; the pictures make no difference."""
        return self.codes[torch.from_numpy(looks)]


class ClipConditions:
    """Embeddings of phrases that mean a look, and of pictures painted in it."""

    def __init__(self, checkpoint: Path, pairs: LookPairs, seed: int) -> None:
        model = CLIPModel.from_pretrained(checkpoint, dtype=torch.float32).eval()
        tokenizer = CLIPTokenizer.from_pretrained(checkpoint)
        rng = np.random.default_rng(seed)
        with torch.no_grad():
            phrases = [[look_phrase(name, rng) for _ in range(_PHRASES)] for name in LOOKS]
            self.text = torch.stack([text_features(model, tokenizer, said) for said in phrases]) * _SCALE
            self.picture = torch.stack([self._painted(model, pairs, index) for index in range(len(pairs))]) * _SCALE
        self.codes = F.normalize(self.text.mean(1), dim=1) * _SCALE

    @staticmethod
    def _painted(model: nn.Module, pairs: LookPairs, index: int) -> torch.Tensor:
        side = min(256, *pairs.targets.shape[2:4])
        painted = to_float(pairs.targets[index][:, :side, :side])[:, None]
        return picture_features(model, pack_frames(painted, model.config.vision_config.image_size))

    def sample(self, looks: np.ndarray, pictures: np.ndarray, rng: np.random.Generator) -> torch.Tensor:
        """A random phrase's embedding, or now and then that of the painted picture."""
        said = self.text[torch.from_numpy(looks), torch.from_numpy(rng.integers(self.text.shape[1], size=len(looks)))]
        seen = self.picture[torch.from_numpy(pictures), torch.from_numpy(looks)]
        is_picture = torch.from_numpy(rng.random(len(looks)) < _FROM_PICTURE)[:, None]
        return torch.where(is_picture, seen, said)


class RestyleObjective(Objective):
    """Generator and, in the phase ``words``, discriminator."""

    ema = ("generator",)
    ema_decay = 0.998

    def __init__(
        self,
        generator: RestyleGenerator,
        pairs: LookPairs,
        conditions: Conditions,
        context: Context,
        discriminator: PatchDiscriminator | None,
        rate: float,
    ) -> None:
        self.pairs, self.conditions, self.context, self.rate = pairs, conditions, context, rate
        nets: dict[str, nn.Module] = {"generator": generator}
        optimisers = {"generator": torch.optim.Adam(generator.parameters(), rate, betas=(0.8, 0.99))}
        if discriminator is not None:
            nets["discriminator"] = discriminator
            optimisers["discriminator"] = torch.optim.Adam(discriminator.parameters(), 4e-4, betas=(0.5, 0.99))
        for net in nets.values():
            net.to(context.device, memory_format=torch.channels_last)
        super().__init__(nets, optimisers)

    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        """The discriminator's loss (phase ``words``), then the generator's."""
        set_rate(self.optimisers["generator"], self.rate * cosine_rate(step, self.context.steps))
        generator, critic = self.nets["generator"], self.nets.get("discriminator")
        source, sharp, soft, real, condition, code = self._batch(rng)
        with torch.autocast(source.device.type, torch.bfloat16):
            made = generator(source, sharp, soft, condition).float()
            moved = self._equivariance(made[:2], source[:2], sharp[:2], soft[:2], condition[:2])
        distance = (made - real).abs().mean()
        loss = distance + gradient_loss(made, real) + low_frequency_loss(made, real) + 0.5 * moved
        loss = loss + 0.5 * _colour_loss(made, real)
        figures = {"l1": distance.item(), "moved": moved.item()}
        if critic is not None:
            with torch.autocast(source.device.type, torch.bfloat16):
                seen, real_features = critic(torch.cat([real, source], 1), code)
                doubted, _ = critic(torch.cat([made.detach(), source], 1), code)
            yield "discriminator", hinge_d(seen, doubted), {}
            with torch.autocast(source.device.type, torch.bfloat16):
                judged, features = critic(torch.cat([made, source], 1), code)
            loss = loss + 0.03 * hinge_g(judged) + 0.1 * feature_matching(features, real_features)
        yield "generator", loss, figures

    def _cut(self, pictures: np.ndarray, tops: np.ndarray, lefts: np.ndarray, size: tuple[int, int]) -> _Crops:
        """Windows of `size` at even places: source (B, 3, H, W), sharp (B, 2, H, W), soft (B, 13, h, w)."""
        (height, width), source, sharp, soft = size, [], [], []
        for picture, top, left in zip(pictures, tops, lefts):
            source.append(self.pairs.sources[picture, top : top + height, left : left + width])
            sharp.append(self.pairs.sharp[picture, :, top : top + height, left : left + width])
            half = top // 2, left // 2
            soft.append(
                self.pairs.soft[picture, :, half[0] : half[0] + height // 2, half[1] : half[1] + width // 2]
            )
        maps = [torch.from_numpy(np.stack(part).astype(np.float32)) for part in (sharp, soft)]
        return tuple(self._ship(part) for part in (to_float(np.stack(source)), *maps))

    def _ship(self, images: torch.Tensor) -> torch.Tensor:
        return images.to(self.context.device).contiguous(memory_format=torch.channels_last)

    def _batch(self, rng: np.random.Generator) -> tuple[torch.Tensor, ...]:
        """(source, sharp, soft, real, condition, code): crops, each in a look of its own, some in a mixture of two."""
        pairs, count = self.pairs, 2 if self.context.tiny else _BATCH
        side = min(_CROP, *pairs.sources.shape[1:3])
        pictures = rng.integers(len(pairs), size=count)
        tops = 2 * rng.integers((pairs.sources.shape[1] - side) // 2 + 1, size=count)
        lefts = 2 * rng.integers((pairs.sources.shape[2] - side) // 2 + 1, size=count)
        weights = np.array([_HARDER.get(name, 1.0) for name in LOOKS])
        looks = rng.choice(len(LOOKS), size=count, replace=False, p=weights / weights.sum())
        others = rng.integers(len(LOOKS), size=count)
        share = np.where(rng.random(count) < _MIXED, rng.uniform(0.3, 0.7, count), 0.0).astype(np.float32)

        def painted(kinds: np.ndarray) -> torch.Tensor:
            cut = [
                pairs.targets[picture, kind, top : top + side, left : left + side]
                for picture, kind, top, left in zip(pictures, kinds, tops, lefts)
            ]
            return to_float(np.stack(cut))

        mix = torch.from_numpy(share)
        real = torch.lerp(painted(looks), painted(others), mix[:, None, None, None])
        conditions = [self.conditions.sample(kind, pictures, rng) for kind in (looks, others)]
        codes = [self.conditions.codes[torch.from_numpy(kind)] for kind in (looks, others)]
        embeddings = [_between(*pair, mix[:, None]).to(self.context.device) for pair in (conditions, codes)]
        return *self._cut(pictures, tops, lefts, (side, side)), self._ship(real), *embeddings

    def _equivariance(
        self, made: torch.Tensor, source: torch.Tensor, sharp: torch.Tensor, soft: torch.Tensor, condition: torch.Tensor
    ) -> torch.Tensor:
        """L1 between the moved result and the result of the moved, slightly noisy picture."""
        grow = 1 + 0.015 * torch.randn(())
        turn = 0.015 * torch.randn(())
        matrix = torch.zeros(len(made), 2, 3)
        matrix[:, 0, 0] = matrix[:, 1, 1] = grow * torch.cos(turn)
        matrix[:, 1, 0] = grow * torch.sin(turn)
        matrix[:, 0, 1] = -matrix[:, 1, 0]
        matrix[:, :, 2] = 0.05 * torch.randn(2)

        def move(image: torch.Tensor) -> torch.Tensor:
            grid = F.affine_grid(matrix.to(image), list(image.shape), align_corners=False)
            return F.grid_sample(image, grid, padding_mode="reflection", align_corners=False)

        noisy = move(source) + 0.012 * torch.randn(source.shape).to(source)
        again = self.nets["generator"](noisy, move(sharp), move(soft), condition).float()
        return (again - move(made))[..., 8:-8, 8:-8].abs().mean()

    def sheet(self) -> np.ndarray:
        """Rows: sources, then for every look what the teacher and under it what the average generator makes."""
        chosen = np.linspace(0, len(self.pairs) - 1, 5).astype(int)[1:4]
        height, width = (size // 2 // 4 * 4 for size in self.pairs.sources.shape[1:3])
        corner = np.zeros(len(chosen), int)
        source, sharp, soft = self._cut(chosen, corner, corner, (height, width))
        rows = [np.hstack(list(to_uint8(source)))]
        for place in range(len(LOOKS)):
            code = self.conditions.codes[place].expand(len(chosen), -1).to(source.device)
            with torch.no_grad():
                made = self.averages["generator"](source, sharp, soft, code)
            rows.append(np.hstack([self.pairs.targets[index, place, :height, :width] for index in chosen]))
            rows.append(np.hstack(list(to_uint8(made))))
        return np.vstack(rows)


def _colour_loss(made: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """L1 of what is not grey: without it a small net hedges between hues and paints them pale."""
    difference = made - real
    return (difference - difference.mean(dim=1, keepdim=True)).abs().mean()


def _between(first: torch.Tensor, second: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """Embeddings on the way from `first` to `second`, brought back to their length."""
    return F.normalize(first * (1 - share) + second * share, dim=1) * _SCALE


def _teach_words(generator: RestyleGenerator, old: RestyleGenerator, codes: RandomCodes, new: Conditions) -> None:
    """Makes the new embeddings call for the modulations that the old codes called for, before training goes on."""
    with torch.no_grad():
        wanted = old.modulate(codes.codes)
    optimiser = torch.optim.Adam(generator.modulate.parameters(), 2e-3)
    rng = np.random.default_rng(0)
    pictures = len(new.picture) if isinstance(new, ClipConditions) else 1
    for step in range(500):
        set_rate(optimiser, 2e-3 * cosine_rate(step, 500))
        looks = rng.integers(len(LOOKS), size=64)
        given = new.sample(looks, rng.integers(pictures, size=64), rng)
        loss = F.mse_loss(generator.modulate(given), wanted[torch.from_numpy(looks)])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()


class RestyleRecipe(Recipe):
    """Phases ``brush`` and ``words``."""

    name = "restyle"
    phases = (Phase("brush", 4000, sheet_every=1000), Phase("words", 3200, sheet_every=500))

    def objective(self, phase: str, context: Context) -> RestyleObjective:
        """Build a phase; ``words`` starts from the average of ``brush`` and needs the CLIP's checkpoint."""
        torch.manual_seed(context.seed)
        pairs = prepare_pairs(context.run / "pairs", context.data, context.seed, context.tiny)
        codes = RandomCodes(context.seed)
        generator = self._generator(context.tiny)
        if phase == "brush":
            return RestyleObjective(generator, pairs, codes, context, None, 2e-3)
        conditions: Conditions = codes if context.tiny else ClipConditions(context.checkpoints / "clip", pairs, 0)
        load_average(context.run / "brush", "generator", generator)
        old = self._generator(context.tiny)
        old.load_state_dict(generator.state_dict())
        _teach_words(generator, old, codes, conditions)
        generator.look_codes.copy_(conditions.codes)
        critic = PatchDiscriminator(6, 16 if context.tiny else 32, _WIDTH)
        return RestyleObjective(generator, pairs, conditions, context, critic, 1.2e-3)

    def export(self, context: Context, folder: Path) -> None:
        """The generator in half precision, and the CLIP's towers and tokenizer beside it."""
        generator = load_average(context.run / "words", "generator", self._generator(context.tiny))
        generator.half().save_pretrained(folder / "generator")
        save_clip_parts(context.checkpoints, folder, ("text_encoder", "tokenizer", "image_encoder"))
        replace_file(folder / "model_index.json", json.dumps(_PARTS, indent=2).encode() + b"\n")

    @staticmethod
    def _generator(tiny: bool) -> RestyleGenerator:
        build = RestyleGenerator.tiny if tiny else RestyleGenerator
        return build(
            looks=list(LOOKS),
            look_titles=[look.title for look in LOOKS.values()],
            known_words=sorted(known_look_words()),
        )
