"""Sprites and strips learnt from the world: the objectives of the nets that paint.

Part of the recipe text_to_video, which says in which order; letters as there. Each net is given the slots that it
needs, one-hot, and the world's own noise; sentences play no part here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.captions.captions import TIMELESS_PLACES
from studio.captions.lexicon import SLOTS
from studio.models.text_to_video import STRIPS, TextToVideoGenerator
from studio.tensors import to_uint8
from studio.training.adversary import LAZY, Adversary, fast
from studio.training.discriminators import PictureDiscriminator
from studio.training.losses import cosine_rate, gradient_loss, low_frequency_loss, set_rate
from studio.training.objective import Context, Losses, Objective
from studio.training.scene_pool import Rows, ScenePool, from_bytes, to_bytes
from studio.training.scene_words import scene_words
from studio.worlds.noise import NOISE_SIZES
from studio.worlds.scenery import paint_strips, strip_offsets
from studio.worlds.sprites import load_atlas, paint_sprites

STRIP_SLOTS = ("place", "time", "weather")
_LATE = [SLOTS["time"].index(name) for name in ("dusk", "night")]


@dataclass(frozen=True)
class Sizes:
    """Everything that is smaller in a dry run: batches, pools in blocks, and what is shown to a judge."""

    strips: int = 20
    sprites: int = 40
    judged: int = 24
    tracks: int = 256
    joint: int = 6
    frames: int = 64
    side: int = 64
    sprite_block: int = 96
    strip_block: int = 48
    blocks: int = 32


TINY = Sizes(
    strips=2, sprites=2, judged=2, tracks=4, joint=2, frames=12, side=16, sprite_block=2, strip_block=2, blocks=2
)


def new_generator(tiny: bool = False) -> TextToVideoGenerator:
    """An untrained generator for the world's slots and words."""
    return TextToVideoGenerator.tiny(**scene_words()) if tiny else TextToVideoGenerator(**scene_words())


def torch_rng(rng: np.random.Generator) -> torch.Generator:
    """A torch generator that a numpy generator seeds."""
    return torch.Generator().manual_seed(int(rng.integers(2**62)))


def one_hot(slot: str, values: Tensor) -> Tensor:
    """Values, long (B,), of a slot as chances, float32 (B, n)."""
    return F.one_hot(values, len(SLOTS[slot])).float()


def edges(alpha: Tensor) -> Tensor:
    """Where an outline runs: the spread of alpha, float (B, 1, H, W) in 0..1, among each pixel and its neighbours; same
    shape.
    """
    return F.max_pool2d(alpha, 3, 1, 1) + F.max_pool2d(-alpha, 3, 1, 1)


def picture_loss(made: Tensor, real: Tensor) -> Tensor:
    """What regression asks of a layer, RGBA float (B, 4, H, W): colours, outlines above all, edges, and the right light
    over larger areas. A scalar.

    The squares are for small bright things, lit windows and corals: a plain distance would rather leave them out.
    """
    error, weight = made - real, 1 + 2 * edges(real[:, 3:])
    colours = (error.abs() * weight).mean() + 2 * error.square().mean()
    return 12 * colours + 2 * gradient_loss(made, real) + 3 * low_frequency_loss(made, real, 4)


def judge_code(*chances: Tensor) -> Tensor:
    """What tells a discriminator what it should see: chances (B, n) each, side by side, about as long as CLIP's
    embeddings; float (B, all n).
    """
    return 16 / len(chances) ** 0.5 * torch.cat(chances, 1)


class _LayerObjective(Objective):
    """One painter against the world's layers: `coarse` of the steps at half size, adversarial after `warm`."""

    coarse, warm, rate = 0.35, 0.82, 3e-3

    def __init__(self, name: str, net: nn.Module, critic: nn.Module, gamma: float, context: Context) -> None:
        self.ema = (name,)
        net.to(context.device)  # not channels last: fused AdamW would mistake the order of restored moments
        self.name, self.net, self.context = name, net, context
        self.sizes = TINY if context.tiny else Sizes()
        self.adversary = Adversary(critic.to(context.device), gamma, context.device)
        maker = torch.optim.AdamW(net.parameters(), self.rate, betas=(0.9, 0.98), weight_decay=0.0, fused=True)
        super().__init__(
            {name: net, f"{name}_critic": critic},
            {
                "maker": maker,
                "critic": torch.optim.Adam(critic.parameters(), 4e-4, betas=(0.0, 0.98)),
            },
        )

    def _rough(self, step: int, real: Tensor) -> tuple[bool, Tensor]:
        """Whether this step paints at half the size, and the pictures at the size of this step."""
        rough = step < self.coarse * self.context.steps
        return rough, F.avg_pool2d(real, 2) if rough else real

    def _adversarial(self, step: int, real: Tensor, made: Tensor, condition: Tensor, base: Tensor) -> Losses:
        """The losses of one step, given the batch and the regression loss; a mismatch is the next picture's code."""
        context, begin = self.context, int(self.warm * self.context.steps)
        set_rate(self.optimisers["maker"], self.rate * cosine_rate(step, context.steps, floor=0.06))
        figures = {"l1": float((made.detach() - real).abs().mean())}
        if step < begin:
            yield "maker", base, figures
            return
        real, made, condition = (x[: self.sizes.judged] for x in (real, made, condition))
        wrong = condition.roll(1, 0)
        yield "critic", self.adversary.discriminator_loss(real, made, condition, wrong, step % LAZY == 0), {}
        ramp = min(1.0, (step - begin) / (0.05 * context.steps + 1))
        fool, match = self.adversary.generator_losses(real, made, condition)
        figures |= {"fool": float(fool.detach()), "match": float(match.detach())}
        yield "maker", base + ramp * (0.15 * fool + 0.25 * match), figures


class SpritesObjective(_LayerObjective):
    """Subjects in all colours, from a pool of bytes that is steadily repainted."""

    def __init__(self, generator: TextToVideoGenerator, context: Context) -> None:
        side = generator.config.sprite_side
        widths = (16, 24) if context.tiny else (48, 96, 160, 224)
        codes = len(SLOTS["subject"]) + len(SLOTS["colour"])
        super().__init__(
            "sprite_net", generator.sprite_net, PictureDiscriminator(4, (side, side), widths, codes), 4.0, context
        )
        self.atlas = load_atlas(side)
        self.pool = ScenePool(self._paint, self.sizes.blocks, 8, context.seed)

    def _paint(self, rng: np.random.Generator) -> Rows:
        """A block of sprites: all nouns and all colours evenly, but for the natural one, which has most to show."""
        count = self.sizes.sprite_block
        subject = torch.from_numpy(rng.integers(0, len(SLOTS["subject"]), count))
        colour = np.where(rng.random(count) < 0.15, 0, rng.integers(0, len(SLOTS["colour"]), count))
        noise = torch.randn(count, NOISE_SIZES["sprite"], generator=torch_rng(rng))
        rows = {"subject": subject, "colour": torch.from_numpy(colour), "noise": noise}
        return rows | {"sprite": to_bytes(paint_sprites(self.atlas, rows["subject"], rows["colour"], noise))}

    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        """See Objective."""
        self.pool.at(step)
        rows = {name: rows.to(self.context.device) for name, rows in self.pool.draw(self.sizes.sprites, rng).items()}
        noun, colour = one_hot("subject", rows["subject"]), one_hot("colour", rows["colour"])
        rough, real = self._rough(step, from_bytes(rows["sprite"]))
        with fast(self.context.device):
            made = self.net(noun, colour, rows["noise"], rough)
        yield from self._adversarial(step, real, made, judge_code(noun, colour), picture_loss(made, real))

    def sheet(self) -> np.ndarray:
        """Rows of the world's sprites, each above the generator's, on grey."""
        rng = np.random.default_rng(77)
        count = 72
        subject = torch.from_numpy(rng.permutation(len(SLOTS["subject"]))[:count])
        colour = torch.from_numpy(rng.integers(0, len(SLOTS["colour"]), len(subject)))
        noise = torch.randn(len(subject), NOISE_SIZES["sprite"], generator=torch_rng(rng))
        real, device = paint_sprites(self.atlas, subject, colour, noise), self.context.device
        with torch.no_grad():
            made = self.averages[self.name](
                one_hot("subject", subject).to(device), one_hot("colour", colour).to(device), noise.to(device)
            ).cpu()
        return _pairs_sheet([pictures[:, :3] + 0.55 * (1 - pictures[:, 3:]) for pictures in (real, made)], 18)


def sample_scenery(count: int, rng: np.random.Generator) -> dict[str, Tensor]:
    """Place, time and weather of `count` strips, long (count,) each: evenly, but fewer where there is neither time nor
    weather, and more late hours, when windows and lamps are lit.
    """
    place = rng.integers(1, len(SLOTS["place"]), count)
    again = np.isin(place, TIMELESS_PLACES) & (rng.random(count) < 0.35)
    place = np.where(again, rng.integers(1, len(SLOTS["place"]), count), place)
    timeless = np.isin(place, TIMELESS_PLACES)
    hours = np.where(rng.random(count) < 0.2, rng.choice(_LATE, count), rng.integers(1, len(SLOTS["time"]), count))
    time = np.where(timeless, SLOTS["time"].index("day"), hours)
    weather = np.where(timeless | (rng.random(count) < 0.2), 0, rng.integers(0, len(SLOTS["weather"]), count))
    return {name: torch.from_numpy(values) for name, values in zip(STRIP_SLOTS, (place, time, weather), strict=True)}


class StripsObjective(_LayerObjective):
    """Scenery: one random strip of each of many scenes per step, from a pool of bytes."""

    warm = 0.97

    def __init__(self, generator: TextToVideoGenerator, context: Context) -> None:
        height = generator.config.strip_height
        widths = (16, 24) if context.tiny else (32, 64, 128, 160, 192)
        codes = sum(len(SLOTS[name]) for name in STRIP_SLOTS) + STRIPS
        critic = PictureDiscriminator(4, (height, 2 * height), widths, codes)
        super().__init__("strips_net", generator.strips_net, critic, 4.0, context)
        self.height = height
        self.pool = ScenePool(self._paint, self.sizes.blocks, 10, context.seed)

    def _paint(self, rng: np.random.Generator) -> Rows:
        rows = sample_scenery(self.sizes.strip_block, rng)
        noise = torch.randn(self.sizes.strip_block, NOISE_SIZES["strips"], generator=torch_rng(rng))
        pictures = {"strips": to_bytes(paint_strips(rows, noise, self.height)), "offsets": strip_offsets(rows, noise)}
        return rows | pictures | {"noise": noise}

    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        """See Objective."""
        self.pool.at(step)
        count, device = self.sizes.strips, self.context.device
        rows = self.pool.draw(count, rng)
        kinds = torch.from_numpy(rng.integers(0, STRIPS, count))
        strips = rows.pop("strips")[torch.arange(count), kinds]
        rows = {name: values.to(device) for name, values in rows.items()}
        rough, real = self._rough(step, from_bytes(strips.to(device)))
        code = {name: one_hot(name, rows[name]) for name in STRIP_SLOTS}
        with fast(device):
            made, offsets = self.net(code, rows["noise"], kinds.to(device)[:, None], rough)
        made = made[:, 0]
        base = picture_loss(made, real) + 2 * (offsets - rows["offsets"]).abs().mean()
        condition = judge_code(*code.values(), F.one_hot(kinds, STRIPS).float().to(device))
        yield from self._adversarial(step, real, made, condition, base)

    def sheet(self) -> np.ndarray:
        """Rows of the world's scenery, each above the generator's."""
        rng = np.random.default_rng(77)
        count = 40 if not self.context.tiny else 2
        slots = sample_scenery(count, rng)
        slots["place"] = 1 + torch.arange(count) % (len(SLOTS["place"]) - 1)
        noise = torch.randn(count, NOISE_SIZES["strips"], generator=torch_rng(rng))
        real, device = paint_strips(slots, noise, self.height), self.context.device
        with torch.no_grad():
            kinds = torch.arange(STRIPS, device=device).expand(count, STRIPS)
            code = {name: one_hot(name, values).to(device) for name, values in slots.items()}
            made = self.averages[self.name](code, noise.to(device), kinds)[0].cpu()
        return _pairs_sheet([_flatten(strips) for strips in (real, made)], 8)


def _flatten(strips: Tensor) -> Tensor:
    """Strips (B, 4, 4, h, 2h) over one another, (B, 3, h, 2h)."""
    out = strips[:, 0, :3]
    for k in range(1, strips.shape[1]):
        out = out * (1 - strips[:, k, 3:]) + strips[:, k, :3]
    return out


def grid(pictures: Tensor, columns: int) -> np.ndarray:
    """Pictures (N, 3, H, W) in rows of `columns`, uint8; what does not fill a row is left out."""
    tiles = to_uint8(pictures)
    tiles = tiles[: len(tiles) // columns * columns] if len(tiles) >= columns else tiles
    rows = [np.concatenate(list(tiles[i : i + columns]), 1) for i in range(0, len(tiles), columns)]
    return np.concatenate(rows, 0)


def _pairs_sheet(pair: Sequence[Tensor], columns: int) -> np.ndarray:
    """Rows of `columns` pictures: the first set's row, then the second's below it."""
    columns = min(columns, len(pair[0]))
    rows = [grid(pictures[i : i + columns], columns) for i in range(0, len(pair[0]), columns) for pictures in pair]
    return np.concatenate(rows, 0)
