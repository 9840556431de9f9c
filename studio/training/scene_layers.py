"""Sprites and strips learnt from the world: the objectives of the nets that paint, and how they are taught words.

Part of the recipe text_to_video, which says in which order; letters as there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.models.blocks import Mapping
from studio.models.discriminators import PictureDiscriminator
from studio.models.text_to_video import TextToVideoGenerator
from studio.tensors import to_uint8
from studio.training.adversary import LAZY, Adversary, fast
from studio.training.losses import cosine_rate, gradient_loss, low_frequency_loss, set_rate
from studio.training.objective import Context, Losses, Objective
from studio.training.scene_pool import Rows, ScenePool, from_bytes, to_bytes
from studio.worlds.captions import is_held_out, sample_slots
from studio.worlds.lexicon import FUNCTION_WORDS, SLOTS, known_words
from studio.worlds.noise import sample_noise
from studio.worlds.scenery import paint_strips, strip_offsets
from studio.worlds.sprites import load_atlas, paint_sprites

logger = logging.getLogger(__name__)

Embed = Callable[[dict[str, Tensor], np.random.Generator], Tensor]


@dataclass(frozen=True)
class Sizes:
    """Everything that is smaller in a dry run."""

    strips: int = 24
    sprites: int = 40
    tracks: int = 256
    joint: int = 6
    frames: int = 64
    side: int = 64
    block: int = 64
    blocks: int = 16
    variants: int = 3


TINY = Sizes(strips=2, sprites=2, tracks=4, joint=2, frames=12, side=16, block=2, blocks=2, variants=1)


def new_generator(tiny: bool = False) -> TextToVideoGenerator:
    """An untrained generator for the world's slots and words."""
    words = {
        "slots": {name: list(values) for name, values in SLOTS.items()},
        "known_words": sorted(known_words()),
        "filler_words": sorted(FUNCTION_WORDS),
    }
    return TextToVideoGenerator.tiny(**words) if tiny else TextToVideoGenerator(**words)


def torch_rng(rng: np.random.Generator) -> torch.Generator:
    return torch.Generator().manual_seed(int(rng.integers(2**62)))


def free_noise(net: TextToVideoGenerator, layer: str, count: int) -> Tensor:
    return torch.randn(count, net.free_sizes[layer])


def picture_loss(made: Tensor, real: Tensor) -> Tensor:
    """What regression asks of a layer: colours, edges, and the right light over larger areas."""
    return 12 * (made - real).abs().mean() + 2 * gradient_loss(made, real) + 3 * low_frequency_loss(made, real, 4)


class _LayerObjective(Objective):
    """One picture net against the world's layers: `coarse` of the steps at half size, adversarial after `warm`."""

    coarse, warm = 0.45, 0.75

    def __init__(
        self, name: str, net: nn.Module, critic: nn.Module, gamma: float, context: Context, embed: Embed
    ) -> None:
        rate = 1.6e-3
        self.ema = (name,)
        net.to(context.device, memory_format=torch.channels_last)
        self.name, self.net, self.context, self.embed = name, net, context, embed
        self.rate = rate
        self.adversary = Adversary(critic.to(context.device), gamma, context.device)
        super().__init__(
            {name: net, f"{name}_critic": critic},
            {
                "maker": torch.optim.AdamW(net.parameters(), rate, betas=(0.8, 0.98), weight_decay=1e-4),
                "critic": torch.optim.Adam(critic.parameters(), 4e-4, betas=(0.0, 0.98)),
            },
        )

    def _rough(self, step: int, real: Tensor) -> tuple[bool, Tensor]:
        """Whether this step paints at half the size, and the pictures at the size of this step."""
        rough = step < self.coarse * self.context.steps
        return rough, F.avg_pool2d(real, 2) if rough else real

    def _adversarial(
        self, step: int, real: Tensor, made: Tensor, condition: Tensor, mismatched: Tensor, base: Tensor
    ) -> Losses:
        """The losses of one step, given the batch and the regression loss."""
        context, begin = self.context, int(self.warm * self.context.steps)
        set_rate(self.optimisers["maker"], self.rate * cosine_rate(step, context.steps))
        figures = {"l1": float((made.detach() - real).abs().mean())}
        if step < begin:
            yield "maker", base, figures
            return
        exact = step % LAZY == 0
        yield "critic", self.adversary.critic_loss(real, made, condition, mismatched, exact), {}
        ramp = min(1.0, (step - begin) / (0.06 * context.steps + 1))
        fool, match = self.adversary.maker_losses(real, made, condition)
        figures |= {"fool": float(fool.detach()), "match": float(match.detach())}
        yield "maker", base + ramp * (0.15 * fool + 0.25 * match), figures


class SpritesObjective(_LayerObjective):
    """Subjects from text and noise, painted by the world as they are needed."""

    def __init__(self, generator: TextToVideoGenerator, context: Context, embed: Embed) -> None:
        side = generator.config.sprite_side
        widths = (32, 48) if context.tiny else (48, 96, 160, 224)
        critic = PictureDiscriminator(4, (side, side), widths)
        super().__init__("sprite_net", generator.sprite_net, critic, 4.0, context, embed)
        self.generator, self.sizes = generator, TINY if context.tiny else Sizes()
        self.atlas = load_atlas(side)

    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        """See Objective."""
        count = self.sizes.sprites
        slots = sample_slots(count, rng)
        noise = sample_noise(count, torch_rng(rng))["sprite"]
        device = self.context.device
        real = paint_sprites(self.atlas, slots, noise).to(device)
        text, noise = self.embed(slots, rng).to(device), noise.to(device)
        rough, real = self._rough(step, real)
        with fast(device):
            made = self.net(text, noise, free_noise(self.generator, "sprite", count).to(device), rough)
        yield from self._adversarial(step, real, made, text, text.roll(1, 0), picture_loss(made, real))

    def sheet(self) -> np.ndarray:
        """Rows of the world's sprites, each above the generator's, on grey."""
        rng = np.random.default_rng(77)
        slots = sample_slots(48, rng)
        noise = sample_noise(48, torch_rng(rng))["sprite"]
        real = paint_sprites(self.atlas, slots, noise)
        with torch.no_grad():
            text = self.embed(slots, rng).to(self.context.device)
            free = free_noise(self.generator, "sprite", 48).to(self.context.device)
            made = self.averages[self.name](text, noise.to(self.context.device), free).float().cpu()
        return _pairs_sheet([pictures[:, :3] + 0.55 * (1 - pictures[:, 3:]) for pictures in (real, made)], 16)


class StripsObjective(_LayerObjective):
    """Scenery from text and noise: one random strip of each of many scenes per step, from a pool of bytes."""

    def __init__(self, generator: TextToVideoGenerator, context: Context, embed: Embed) -> None:
        height = generator.config.strip_height
        widths = (16, 24) if context.tiny else (32, 64, 128, 160, 192)
        critic = PictureDiscriminator(4, (height, 2 * height), widths)
        super().__init__("strips_net", generator.strips_net, critic, 2.0, context, embed)
        self.generator, self.sizes = generator, TINY if context.tiny else Sizes()
        self.kind_codes = strip_codes(context.device)
        paint = ScenePainter(height, 0, embed, self.sizes)
        self.pool = ScenePool(paint, self.sizes.blocks, 12, context.seed)

    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        """See Objective."""
        self.pool.at(step)
        count, device = self.sizes.strips, self.context.device
        rows = self.pool.draw(count, rng)
        kinds = torch.from_numpy(rng.integers(0, 4, count))
        real = from_bytes(rows["strips"][torch.arange(count), kinds]).to(device)
        text = rows["text"][torch.arange(count), torch.from_numpy(rng.integers(0, self.sizes.variants, count))]
        text, noise, kinds = text.to(device), rows["noise_strips"].to(device), kinds.to(device)
        rough, real = self._rough(step, real)
        free = free_noise(self.generator, "strips", count).to(device)
        with fast(device):
            made, offsets = self.net(text, noise, free, kinds[:, None], rough)
        made = made[:, 0]
        base = picture_loss(made, real) + 2 * (offsets - rows["offsets"].to(device)).abs().mean()
        code = self.kind_codes[kinds]
        yield from self._adversarial(step, real, made, text + code, text.roll(1, 0) + code, base)

    def sheet(self) -> np.ndarray:
        """Rows of the world's scenery, each above the generator's."""
        rng = np.random.default_rng(77)
        count = 16 if not self.context.tiny else 2
        slots = sample_slots(count, rng)
        noise = sample_noise(count, torch_rng(rng))["strips"]
        real = paint_strips(slots, noise, self.generator.config.strip_height)
        with torch.no_grad():
            device = self.context.device
            free, kinds = free_noise(self.generator, "strips", count).to(device), torch.arange(4, device=device)
            text = self.embed(slots, rng).to(device)
            made = self.averages[self.name](text, noise.to(device), free, kinds.expand(count, 4))[0].float().cpu()
        return _pairs_sheet([_flatten(strips) for strips in (real, made)], 4)


class ScenePainter:
    """Paints one block of the pool: strips, offsets, noise, slots and a few captions' embeddings of each scene.

    With `sprite_side` the sprites too, and the captions then keep all slots; without, each caption has another subject
    and motion, so that scenery learns not to care.
    """

    def __init__(self, height: int, sprite_side: int, embed: Embed, sizes: Sizes) -> None:
        self.height, self.embed, self.sizes = height, embed, sizes
        self.atlas = load_atlas(sprite_side) if sprite_side else None

    def __call__(self, rng: np.random.Generator) -> Rows:
        """The block's rows, the same for the same generator state."""
        count = self.sizes.block
        slots = sample_slots(count, rng)
        noise = sample_noise(count, torch_rng(rng))
        rows = {f"noise_{name}": values for name, values in noise.items()}
        rows["strips"] = to_bytes(paint_strips(slots, noise["strips"], self.height))
        rows["offsets"] = strip_offsets(slots, noise["strips"])
        if self.atlas is None:
            said = [self._resubjected(slots, rng) for _ in range(self.sizes.variants)]
        else:
            rows["sprite"] = to_bytes(paint_sprites(self.atlas, slots, noise["sprite"]))
            rows |= {f"slot_{name}": values for name, values in slots.items()}
            said = [slots] * self.sizes.variants
        joined = {name: torch.cat([one[name] for one in said]) for name in slots}
        text = self.embed(joined, rng).cpu()
        rows["text"] = text.view(self.sizes.variants, count, -1).transpose(0, 1).contiguous()
        return rows

    def _resubjected(self, slots: dict[str, Tensor], rng: np.random.Generator) -> dict[str, Tensor]:
        other = sample_slots(len(slots["place"]), rng)
        mixed = {name: slots[name] if name in ("place", "time", "weather") else other[name] for name in slots}
        secret = is_held_out(mixed["subject"], mixed["colour"], mixed["place"])
        return {name: torch.where(secret, slots[name], values) for name, values in mixed.items()}


def strip_codes(device: torch.device) -> Tensor:
    """What tells a discriminator which strip it sees: four fixed codes (4, 256) of about the text's length."""
    return torch.randn(4, 256, generator=torch.Generator().manual_seed(9)).to(device)


def _flatten(strips: Tensor) -> Tensor:
    """Strips (B, 4, 4, h, 2h) over one another, (B, 3, h, 2h)."""
    out = strips[:, 0, :3]
    for k in range(1, strips.shape[1]):
        out = out * (1 - strips[:, k, 3:]) + strips[:, k, :3]
    return out


def grid(pictures: Tensor, columns: int) -> np.ndarray:
    tiles = to_uint8(pictures)
    tiles = tiles[: len(tiles) // columns * columns] if len(tiles) >= columns else tiles
    rows = [np.concatenate(list(tiles[i : i + columns]), 1) for i in range(0, len(tiles), columns)]
    return np.concatenate(rows, 0)


def _pairs_sheet(pair: Sequence[Tensor], columns: int) -> np.ndarray:
    """Rows of `columns` pictures: the first set's row, then the second's below it."""
    columns = min(columns, len(pair[0]))
    rows = [grid(pictures[i : i + columns], columns) for i in range(0, len(pair[0]), columns) for pictures in pair]
    return np.concatenate(rows, 0)


@torch.no_grad()
def teach_words(mapping: Mapping, codes: Embed, embed: Embed, count: int) -> None:
    """Begin with a text layer that tells the slots of captions apart evenly, which learns several times faster.

    Ridge regression from the embeddings of `count` random captions to random codes of their slots, folded into the
    layer's random weights.
    """
    rng = np.random.default_rng(3)
    slots = [sample_slots(256, rng) for _ in range(max(1, count // 256))]
    known = torch.cat([codes(one, rng).cpu() for one in slots]).double()
    read = torch.cat([embed(one, rng).cpu() for one in slots]).double()
    read = torch.cat([read, torch.ones(len(read), 1, dtype=torch.float64)], 1)
    ridge = 1e-3 * len(read) * torch.eye(read.shape[1], dtype=torch.float64)
    solved = torch.linalg.solve(read.T @ read + ridge, read.T @ known)
    fit = 1 - (read @ solved - known).square().mean() / known.var(0).mean()
    logger.info("captions explain %.0f %% of the slot codes", 100 * float(fit))
    weight, bias = mapping.text.weight.double().cpu(), mapping.text.bias.double().cpu()
    mapping.text.weight.copy_(weight @ solved[:-1].T)
    mapping.text.bias.copy_(bias + weight @ solved[-1])
