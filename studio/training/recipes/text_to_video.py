"""The prompt tab's generator, learnt from the procedural world: each net alone, then all together.

    sprites, strips               pictures from slot codes: plain regression on aligned noise, rough ones first; needs no
                                  CLIP, so it may run while that is still being trained
    sprites_words, strips_words   the same from the CLIP's embeddings of captions (its text layer is first fitted in
                                  closed form), the second half with a discriminator
    tracks                        curves and the slot reader, from captions; regression with a spectral term
    adversarial                   all three nets, composed to frames, against discriminators of strips, sprites, clips

Sprites, strips and tracks do not depend on one another: they may run at the same time in several processes.

The adversarial losses are R3GAN's (Huang et al. 2024): relativistic pairing, R1 and R2 in full precision on every
eighth step; matching-aware mismatched captions (Reed et al. 2016) make the discriminators read the text; feature
matching (Salimans et al. 2016) steadies the generator.
Letters: B scenes, T frames, h strip height, S sprite side, D text width.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from studio.models.blocks import Mapping
from studio.models.compositor import compose
from studio.models.discriminators import ClipDiscriminator, PictureDiscriminator
from studio.models.text_to_video import TextToVideoGenerator
from studio.tensors import to_uint8
from studio.training.captions import CaptionEmbedder, SlotCodes
from studio.training.losses import (
    cosine_rate,
    feature_matching,
    gradient_loss,
    gradient_penalty,
    low_frequency_loss,
    relativistic,
    set_rate,
)
from studio.training.objective import Context, Losses, Objective, Phase, Recipe
from studio.training.scene_pool import Rows, ScenePool, from_bytes, to_bytes
from studio.training.state import load_average, load_net, read_numbers
from studio.worlds.captions import is_held_out, sample_slots
from studio.worlds.lexicon import FUNCTION_WORDS, SLOTS, known_words
from studio.worlds.noise import sample_noise
from studio.worlds.scenery import paint_strips, strip_offsets
from studio.worlds.sprites import load_atlas, paint_sprites
from studio.worlds.tracks import plan_tracks, plan_tracks_at

logger = logging.getLogger(__name__)

Embed = Callable[[dict[str, Tensor], np.random.Generator], Tensor]

# How much each track's error counts (see studio.scene.TRACK_NAMES); the camera must be steadier than it is right.
TRACK_WEIGHTS = (3.0, 3.0, 1.5, 0.7, 0.7, 0.5, 1.0, 1.0, 2.0, 1.0, 2.0, 1.0, 1.0)
LAZY = 8
"""The gradient penalties are taken on every LAZY-th step, that many times stronger (Karras et al. 2020)."""


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


def _torch_rng(rng: np.random.Generator) -> torch.Generator:
    return torch.Generator().manual_seed(int(rng.integers(2**62)))


def _free(net: TextToVideoGenerator, layer: str, count: int) -> Tensor:
    return torch.randn(count, net.free_sizes[layer])


def _fast(device: torch.device) -> torch.autocast:
    return torch.autocast(device.type, torch.bfloat16)


class _Adversary:
    """One discriminator with its losses; `condition` (B, D) is the text, shifted by what else is known."""

    def __init__(self, net: nn.Module, gamma: float, device: torch.device) -> None:
        self.net, self.gamma, self.device = net, gamma, device

    def critic_loss(self, real: Tensor, made: Tensor, condition: Tensor, mismatched: Tensor, exact: bool) -> Tensor:
        """The discriminator's loss; with the gradient penalties, in full precision, if `exact`."""
        made = made.detach().float()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=not exact):
            good, bad = self.net(real, condition)[0], self.net(made, condition)[0]
            wrong = self.net(real, mismatched)[0]
        loss = relativistic(good, bad) + 0.5 * relativistic(good, wrong)
        if exact:
            penalty = sum(gradient_penalty(lambda x: self.net(x, condition)[0], x) for x in (real, made))
            loss = loss + 0.5 * self.gamma * LAZY * penalty
        return loss

    def maker_losses(self, real: Tensor, made: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """The generator's side: (relativistic loss, feature matching). The discriminator's weights get no gradient."""
        self.net.requires_grad_(False)
        with _fast(self.device):
            bad, made_features = self.net(made, condition)
            with torch.no_grad():
                good, real_features = self.net(real, condition)
        self.net.requires_grad_(True)
        return relativistic(bad, good), feature_matching(made_features[:3], real_features[:3])


def _picture_loss(made: Tensor, real: Tensor) -> Tensor:
    """What regression asks of a layer: colours, edges, and the right light over larger areas."""
    return 12 * (made - real).abs().mean() + 2 * gradient_loss(made, real) + 3 * low_frequency_loss(made, real, 4)


class _LayerObjective(Objective):
    """One picture net against the world's layers.

    Without words: at half size for `coarse` of the steps. With words: adversarial after `warm` of the steps.
    """

    coarse, warm = 0.6, 0.5

    def __init__(
        self, name: str, net: nn.Module, critic: nn.Module, gamma: float, rate: float, context: Context, embed: Embed,
        words: bool,
    ) -> None:
        self.words = words
        self.ema = (name,)
        net.to(context.device, memory_format=torch.channels_last)
        self.name, self.net, self.context, self.embed, self.rate = name, net, context, embed, rate
        self.adversary = _Adversary(critic.to(context.device), gamma, context.device)
        super().__init__(
            {name: net, f"{name}_critic": critic},
            {
                "maker": torch.optim.AdamW(net.parameters(), rate, betas=(0.8, 0.98), weight_decay=1e-4),
                "critic": torch.optim.Adam(critic.parameters(), 4e-4, betas=(0.0, 0.98)),
            },
        )

    def _rough(self, step: int, real: Tensor) -> tuple[bool, Tensor]:
        """Whether this step paints at half the size, and the pictures at the size of this step."""
        rough = not self.words and step < self.coarse * self.context.steps
        return rough, F.avg_pool2d(real, 2) if rough else real

    def _adversarial(
        self, step: int, real: Tensor, made: Tensor, condition: Tensor, mismatched: Tensor, base: Tensor
    ) -> Losses:
        """The losses of one step, given the batch and the regression loss."""
        context, begin = self.context, int(self.warm * self.context.steps)
        set_rate(self.optimisers["maker"], self.rate * cosine_rate(step, context.steps))
        figures = {"l1": float((made.detach() - real).abs().mean())}
        if not self.words or step < begin:
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

    def __init__(self, generator: TextToVideoGenerator, context: Context, embed: Embed, words: bool) -> None:
        side = generator.config.sprite_side
        widths = (32, 48) if context.tiny else (48, 96, 160, 224)
        critic = PictureDiscriminator(4, (side, side), widths)
        super().__init__("sprite_net", generator.sprite_net, critic, 1.0, 1e-3 if words else 1.6e-3, context, embed, words)
        self.generator, self.sizes = generator, TINY if context.tiny else Sizes()
        self.atlas = load_atlas(side)

    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        """See Objective."""
        count = self.sizes.sprites
        slots = sample_slots(count, rng)
        noise = sample_noise(count, _torch_rng(rng))["sprite"]
        device = self.context.device
        real = paint_sprites(self.atlas, slots, noise).to(device)
        text, noise = self.embed(slots, rng).to(device), noise.to(device)
        rough, real = self._rough(step, real)
        with _fast(device):
            made = self.net(text, noise, _free(self.generator, "sprite", count).to(device), rough)
        yield from self._adversarial(step, real, made, text, text.roll(1, 0), _picture_loss(made, real))

    def sheet(self) -> np.ndarray:
        """Rows of the world's sprites, each above the generator's, on grey."""
        rng = np.random.default_rng(77)
        slots = sample_slots(48, rng)
        noise = sample_noise(48, _torch_rng(rng))["sprite"]
        real = paint_sprites(self.atlas, slots, noise)
        with torch.no_grad():
            text = self.embed(slots, rng).to(self.context.device)
            free = _free(self.generator, "sprite", 48).to(self.context.device)
            made = self.averages[self.name](text, noise.to(self.context.device), free).float().cpu()
        return _pairs_sheet([pictures[:, :3] + 0.55 * (1 - pictures[:, 3:]) for pictures in (real, made)], 16)


class StripsObjective(_LayerObjective):
    """Scenery from text and noise: one random strip of each of many scenes per step, from a pool of bytes."""

    def __init__(self, generator: TextToVideoGenerator, context: Context, embed: Embed, words: bool) -> None:
        height = generator.config.strip_height
        widths = (16, 24) if context.tiny else (32, 64, 128, 160, 192)
        critic = PictureDiscriminator(4, (height, 2 * height), widths)
        super().__init__("strips_net", generator.strips_net, critic, 2.0, 1e-3 if words else 1.6e-3, context, embed, words)
        self.generator, self.sizes = generator, TINY if context.tiny else Sizes()
        self.kind_codes = _kind_codes(context.device)
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
        free = _free(self.generator, "strips", count).to(device)
        with _fast(device):
            made, offsets = self.net(text, noise, free, kinds[:, None], rough)
        made = made[:, 0]
        base = _picture_loss(made, real) + 2 * (offsets - rows["offsets"].to(device)).abs().mean()
        code = self.kind_codes[kinds]
        yield from self._adversarial(step, real, made, text + code, text.roll(1, 0) + code, base)

    def sheet(self) -> np.ndarray:
        """Rows of the world's scenery, each above the generator's."""
        rng = np.random.default_rng(77)
        count = 16 if not self.context.tiny else 2
        slots = sample_slots(count, rng)
        noise = sample_noise(count, _torch_rng(rng))["strips"]
        real = paint_strips(slots, noise, self.generator.config.strip_height)
        with torch.no_grad():
            device = self.context.device
            free, kinds = _free(self.generator, "strips", count).to(device), torch.arange(4, device=device)
            text = self.embed(slots, rng).to(device)
            made = self.averages[self.name](text, noise.to(device), free, kinds.expand(count, 4))[0].float().cpu()
        return _pairs_sheet([_flatten(strips) for strips in (real, made)], 4)


class TracksObjective(Objective):
    """Curves from text, noise and length; and the slot reader, which shares the captions."""

    ema = ("tracks_net", "reader")
    ema_decay = 0.998

    def __init__(self, generator: TextToVideoGenerator, context: Context, embed: Embed) -> None:
        self.generator, self.context, self.embed = generator, context, embed
        self.sizes = TINY if context.tiny else Sizes()
        nets = {"tracks_net": generator.tracks_net, "reader": generator.reader}
        for net in nets.values():
            net.to(context.device)
        self.weights = torch.tensor(TRACK_WEIGHTS, device=context.device)
        super().__init__(
            nets,
            {
                "maker": torch.optim.AdamW(generator.tracks_net.parameters(), 2e-3, betas=(0.8, 0.98)),
                "reader": torch.optim.AdamW(generator.reader.parameters(), 1e-3),
            },
        )

    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        """See Objective."""
        count, device = self.sizes.tracks, self.context.device
        slots = sample_slots(count, rng)
        noise = sample_noise(count, _torch_rng(rng))["tracks"]
        seconds = torch.from_numpy(np.exp2(rng.uniform(0, np.log2(6), count)).astype(np.float32))
        real = plan_tracks(slots, noise, seconds, self.sizes.frames).to(device)
        text = self.embed(slots, rng).to(device)
        progress = torch.arange(self.sizes.frames, device=device) / self.sizes.frames
        set_rate(self.optimisers["maker"], 2e-3 * cosine_rate(step, self.context.steps))
        set_rate(self.optimisers["reader"], 1e-3 * cosine_rate(step, self.context.steps))
        free = _free(self.generator, "tracks", count).to(device)
        made = self.generator.tracks_net(text, noise.to(device), free, seconds.to(device), progress)
        error = ((made - real).abs() * self.weights).mean()
        yield "maker", error + 0.1 * self._spectral(made, real), {"tracks_l1": float(error.detach())}
        logits = self.generator.reader(text)
        reading = sum(F.cross_entropy(logits[name], slots[name].to(device)) for name in SLOTS)
        right = np.mean([float((logits[name].argmax(1).cpu() == slots[name]).float().mean()) for name in SLOTS])
        yield "reader", reading, {"reader_right": float(right)}

    def _spectral(self, made: Tensor, real: Tensor) -> Tensor:
        """Amplitudes of the frequencies: without it, an orbit with an uncertain phase is flattened."""

        def spectrum(tracks: Tensor) -> Tensor:
            return torch.fft.rfft(tracks - tracks.mean(1, keepdim=True), dim=1).abs()

        return ((spectrum(made) - spectrum(real)).abs() * self.weights).mean()


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
        noise = sample_noise(count, _torch_rng(rng))
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


class AdversarialObjective(Objective):
    """All three nets on whole scenes: regression goes on, and three discriminators judge strips, sprites and clips."""

    ema = ("strips_net", "sprite_net", "tracks_net")
    ema_decay = 0.99

    def __init__(self, generator: TextToVideoGenerator, context: Context, embed: Embed) -> None:
        self.generator, self.context, self.embed = generator, context, embed
        self.sizes = TINY if context.tiny else Sizes()
        strips = StripsObjective(generator, context, embed, True)
        sprites = SpritesObjective(generator, context, embed, True)
        clips = ClipDiscriminator(4, self.sizes.side, widths=(8, 16) if context.tiny else (32, 64, 96))
        self.critics = {"strips": strips.adversary, "sprite": sprites.adversary}
        self.critics["clips"] = _Adversary(clips.to(context.device), 2.0, context.device)
        nets: dict[str, nn.Module] = {f"{name}_net": getattr(generator, f"{name}_net") for name in ("strips", "sprite")}
        nets["tracks_net"] = generator.tracks_net
        nets |= {f"{name}_critic": critic.net for name, critic in self.critics.items()}
        makers = [parameter for name in self.ema for parameter in nets[name].parameters()]
        judges = [parameter for critic in self.critics.values() for parameter in critic.net.parameters()]
        self.kind_codes = strips.kind_codes
        paint = ScenePainter(generator.config.strip_height, generator.config.sprite_side, embed, self.sizes)
        self.pool = ScenePool(paint, max(2, self.sizes.blocks // 2), 8, context.seed + 1)
        super().__init__(
            nets,
            {
                "maker": torch.optim.AdamW(makers, 4e-4, betas=(0.5, 0.98), weight_decay=1e-4),
                "critic": torch.optim.Adam(judges, 4e-4, betas=(0.0, 0.98)),
            },
        )

    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        """See Objective."""
        self.pool.at(step)
        device, few = self.context.device, self.sizes.joint
        rows = {name: values.to(device) for name, values in self.pool.draw(self.sizes.sprites, rng).items()}
        text = rows["text"][:, int(rng.integers(self.sizes.variants))]
        seconds = torch.from_numpy(np.exp2(rng.uniform(0, np.log2(6), len(text))).astype(np.float32)).to(device)
        share = torch.from_numpy(_moments(few, rng)).to(device)
        real, made = self._real(rows, seconds, share), self._made(rows, text, seconds, share)
        base = self._regression(real, made)
        kinds = torch.arange(4, device=device).repeat(few)
        conditions = {
            "strips": (text[:few].repeat_interleave(4, 0), self.kind_codes[kinds]),
            "sprite": (text, text.new_zeros(())),
            "clips": (text[:few], text.new_zeros(())),
        }
        exact, judged = step % LAZY == 0, []
        for name, critic in self.critics.items():
            words, code = conditions[name]
            wrong = words.roll(4 if name == "strips" else 1, 0) + code
            judged.append(critic.critic_loss(real[name], made[name], words + code, wrong, exact))
        yield "critic", torch.stack(judged).sum(), {}
        ramp, total, figures = min(1.0, step / 40), base, {"base": float(base.detach())}
        for name, critic in self.critics.items():
            words, code = conditions[name]
            fool, match = critic.maker_losses(real[name], made[name], words + code)
            total = total + ramp * (0.15 * fool + 0.25 * match)
            figures |= {f"fool_{name}": float(fool.detach()), f"match_{name}": float(match.detach())}
        set_rate(self.optimisers["maker"], 4e-4 * cosine_rate(step, self.context.steps, 20))
        yield "maker", total, figures

    def _real(self, rows: Rows, seconds: Tensor, share: Tensor) -> dict[str, Tensor]:
        few = self.sizes.joint
        strips, sprite = from_bytes(rows["strips"][:few]), from_bytes(rows["sprite"])
        slots = {name: rows[f"slot_{name}"].cpu() for name in SLOTS}
        noise = rows["noise_tracks"].cpu()
        chosen = {name: values[:few] for name, values in slots.items()}
        tracks = plan_tracks_at(chosen, noise[:few], seconds[:few].cpu(), share.cpu()).to(share)
        whole = plan_tracks(slots, noise, seconds.cpu(), self.sizes.frames).to(share)
        with torch.no_grad():
            clips = self._compose(strips, rows["offsets"][:few], sprite[:few], tracks, seconds[:few], share)
        return {"strips": strips.flatten(0, 1), "offsets": rows["offsets"][:few], "sprite": sprite, "tracks": whole,
                "clips": clips}  # fmt: skip

    def _made(self, rows: Rows, text: Tensor, seconds: Tensor, share: Tensor) -> dict[str, Tensor]:
        net, few, device = self.generator, self.sizes.joint, self.context.device
        kinds = torch.arange(4, device=device).expand(few, 4)
        free = {name: _free(net, name, len(text)).to(device) for name in ("strips", "sprite", "tracks")}
        with _fast(device):
            strips, offsets = net.strips_net(text[:few], rows["noise_strips"][:few], free["strips"][:few], kinds)
            sprite = net.sprite_net(text, rows["noise_sprite"], free["sprite"])
        progress = torch.arange(self.sizes.frames, device=device) / self.sizes.frames
        whole = net.tracks_net(text, rows["noise_tracks"], free["tracks"], seconds, progress)
        some = [values[:few] for values in (text, rows["noise_tracks"], free["tracks"], seconds)]
        clips = self._compose(strips, offsets, sprite[:few], net.tracks_net(*some, share), seconds[:few], share)
        return {"strips": strips.flatten(0, 1), "offsets": offsets, "sprite": sprite, "tracks": whole, "clips": clips}

    def _compose(
        self, strips: Tensor, offsets: Tensor, sprite: Tensor, tracks: Tensor, seconds: Tensor, share: Tensor
    ) -> Tensor:
        size = (self.sizes.side, self.sizes.side)
        return compose(strips, offsets, sprite, tracks, seconds, size, times=share * seconds[:, None])

    def _regression(self, real: dict[str, Tensor], made: dict[str, Tensor]) -> Tensor:
        weights = real["tracks"].new_tensor(TRACK_WEIGHTS)
        return (
            _picture_loss(made["strips"], real["strips"])
            + _picture_loss(made["sprite"], real["sprite"])
            + 2 * (made["offsets"] - real["offsets"]).abs().mean()
            + 6 * ((made["tracks"] - real["tracks"]).abs() * weights).mean()
        )

    def sheet(self) -> np.ndarray:
        """Four frames of fixed scenes by the average generator."""
        rng = np.random.default_rng(78)
        count = 12 if not self.context.tiny else 2
        slots = sample_slots(count, rng)
        device = self.context.device
        noise = {name: values.to(device) for name, values in self.generator.draw_noise(count, _torch_rng(rng)).items()}
        text, two = self.embed(slots, rng).to(device), torch.full((count,), 2.0, device=device)
        with torch.no_grad():
            kinds = torch.arange(4, device=device).expand(count, 4)
            strips, offsets = self.averages["strips_net"](text, noise["strips"], noise["free_strips"], kinds)
            sprite = self.averages["sprite_net"](text, noise["sprite"], noise["free_sprite"])
            share = torch.linspace(0, 0.95, 4, device=device).expand(count, 4)
            tracks = self.averages["tracks_net"](text, noise["tracks"], noise["free_tracks"], two, share)
            clips = compose(strips, offsets, sprite, tracks, two, (96, 96), times=share * 2)
        return _grid(clips.flatten(0, 1), 12 if count >= 12 else 4)


def _moments(count: int, rng: np.random.Generator) -> np.ndarray:
    """Four moments (count, 4) of each clip, evenly spaced by a random stride: slow and quick motion both show."""
    stride = rng.uniform(0.04, 0.3, (count, 1))
    start = rng.uniform(0, 1, (count, 1)) * (0.98 - 3 * stride)
    return (start + stride * np.arange(4)).astype(np.float32)


def _kind_codes(device: torch.device) -> Tensor:
    """What tells a discriminator which strip it sees: four fixed codes (4, 256) of about the text's length."""
    return torch.randn(4, 256, generator=torch.Generator().manual_seed(9)).to(device)


def _flatten(strips: Tensor) -> Tensor:
    """Strips (B, 4, 4, h, 2h) over one another, (B, 3, h, 2h)."""
    out = strips[:, 0, :3]
    for k in range(1, strips.shape[1]):
        out = out * (1 - strips[:, k, 3:]) + strips[:, k, :3]
    return out


def _grid(pictures: Tensor, columns: int) -> np.ndarray:
    tiles = to_uint8(pictures)
    tiles = tiles[: len(tiles) // columns * columns] if len(tiles) >= columns else tiles
    rows = [np.concatenate(list(tiles[i : i + columns]), 1) for i in range(0, len(tiles), columns)]
    return np.concatenate(rows, 0)


def _pairs_sheet(pair: Sequence[Tensor], columns: int) -> np.ndarray:
    """Rows of `columns` pictures: the first set's row, then the second's below it."""
    columns = min(columns, len(pair[0]))
    rows = [_grid(pictures[i : i + columns], columns) for i in range(0, len(pair[0]), columns) for pictures in pair]
    return np.concatenate(rows, 0)


_OBJECTIVES = {"sprites": SpritesObjective, "strips": StripsObjective}
_NETS = {"sprites": "sprite_net", "strips": "strips_net"}


def load_tensors(folder: Path) -> dict[str, Tensor]:
    """All tensors of a phase's state."""
    return load_file(folder / str(read_numbers(folder)["tensors"]))


def gather(generator: TextToVideoGenerator, run: Path) -> None:
    """Fill the generator with the averages of the phases that stand alone."""
    load_average(run / "tracks", "tracks_net", generator.tracks_net)
    load_average(run / "tracks", "reader", generator.reader)
    load_average(run / "sprites_words", "sprite_net", generator.sprite_net)
    load_average(run / "strips_words", "strips_net", generator.strips_net)


@torch.no_grad()
def teach_words(mapping: Mapping, codes: Embed, embed: Embed, rng: np.random.Generator, count: int = 6144) -> None:
    """Change the text layer of a net that knows slot codes so that it reads embeddings of captions.

    Ridge regression from the embeddings of random captions to the codes of their slots, folded into the layer.
    """
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


class TextToVideoRecipe(Recipe):
    """See the head of this file."""

    name = "text_to_video"
    phases = (
        Phase("sprites", 1600, sheet_every=200, save_every=100),
        Phase("strips", 1600, sheet_every=200, save_every=100),
        Phase("sprites_words", 1200, sheet_every=200, save_every=100),
        Phase("strips_words", 1200, sheet_every=200, save_every=100),
        Phase("tracks", 5000, sheet_every=10**9, save_every=500),
        Phase("adversarial", 300, sheet_every=50, save_every=50),
    )

    def objective(self, phase: str, context: Context) -> Objective:
        """Build one phase from what earlier ones left in the run folder."""
        torch.manual_seed(context.seed)
        generator, run = new_generator(context.tiny), context.run
        if phase in ("sprites", "strips"):
            return _OBJECTIVES[phase](generator, context, SlotCodes(), False)
        embed: Embed = SlotCodes() if context.tiny else CaptionEmbedder(context.checkpoints / "clip", context.device)
        if phase == "tracks":
            return TracksObjective(generator, context, embed)
        if phase in ("sprites_words", "strips_words"):
            part = phase.removesuffix("_words")
            name = _NETS[part]
            net = load_average(run / part, name, getattr(generator, name))
            teach_words(net.mapping, SlotCodes(), embed, np.random.default_rng(context.seed))
            return _OBJECTIVES[part](generator, context, embed, True)
        gather(generator, run)
        objective = AdversarialObjective(generator, context, embed)
        for part, critic in (("strips", "strips"), ("sprites", "sprite")):
            tensors = load_tensors(run / f"{part}_words")
            load_net(objective.critics[critic].net, tensors, f"net/{_NETS[part]}_critic/")
        return objective

    def export(self, context: Context, folder: Path) -> None:
        """The generator in half precision, and the CLIP's text encoder and tokenizer beside it."""
        generator = new_generator(context.tiny)
        gather(generator, context.run)
        if (context.run / "adversarial" / "state.json").is_file():
            for name in AdversarialObjective.ema:
                load_average(context.run / "adversarial", name, getattr(generator, name))
        generator.half().save_pretrained(folder / "generator", max_shard_size="15MB")
        for part in ("text_encoder", "tokenizer"):
            shutil.copytree(context.checkpoints / "clip" / part, folder / part, dirs_exist_ok=True)
