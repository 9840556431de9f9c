"""Both painters on whole scenes: regression goes on, and three discriminators judge strips, sprites and clips.

Phase `adversarial` of the recipe text_to_video; letters as there. The tracks are only followed: plain regression gets
them right, and a tremble is worse than a judge's doubt.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.captions.captions import sample_slots
from studio.captions.lexicon import SLOTS
from studio.compositing.compositor import compose
from studio.models.text_to_video import STRIPS, TextToVideoGenerator
from studio.training.adversary import LAZY, Adversary, fast
from studio.training.discriminators import ClipDiscriminator
from studio.training.losses import cosine_rate, set_rate
from studio.training.objective import Context, Losses, Objective
from studio.training.scene_layers import (
    STRIP_SLOTS,
    TINY,
    Sizes,
    SpritesObjective,
    StripsObjective,
    grid,
    judge_code,
    one_hot,
    picture_loss,
    torch_rng,
)
from studio.training.scene_pool import Rows, ScenePool, from_bytes, to_bytes
from studio.worlds.noise import NOISE_SIZES, sample_noise
from studio.worlds.render import paint_pair
from studio.worlds.scenery import paint_strips, strip_offsets
from studio.worlds.tracks import cast_of, plan_tracks_at

MOMENTS = 4


class AdversarialObjective(Objective):
    """See the head of this file. `generator` comes with its nets trained; critics of strips and sprites are given."""

    ema = ("strips_net", "sprite_net")
    ema_decay = 0.99
    rate = 2e-4

    def __init__(self, generator: TextToVideoGenerator, context: Context) -> None:
        self.generator, self.context = generator, context
        self.sizes = TINY if context.tiny else Sizes()
        strips, sprites = StripsObjective(generator, context), SpritesObjective(generator, context)
        codes = sum(len(values) for values in SLOTS.values())
        clips = ClipDiscriminator(
            MOMENTS, self.sizes.side, widths=(8, 16) if context.tiny else (32, 64, 96), condition=codes
        )
        self.critics = {"strips": strips.adversary, "sprites": sprites.adversary}
        self.critics["clips"] = Adversary(clips.to(context.device), 2.0, context.device)
        self.atlas = sprites.atlas
        generator.tracks_net.to(context.device).requires_grad_(False)
        nets: dict[str, nn.Module] = {name: getattr(generator, name) for name in self.ema}
        nets |= {f"{name}_critic": critic.net for name, critic in self.critics.items()}
        makers = [parameter for name in self.ema for parameter in nets[name].parameters()]
        judges = [parameter for critic in self.critics.values() for parameter in critic.net.parameters()]
        self.pool = ScenePool(self._paint, self.sizes.blocks // 2, 4, context.seed + 1)
        super().__init__(
            nets,
            {
                "maker": torch.optim.AdamW(makers, self.rate, betas=(0.5, 0.98), weight_decay=0.0, fused=True),
                "critic": torch.optim.Adam(judges, 4e-4, betas=(0.0, 0.98)),
            },
        )

    def _paint(self, rng: np.random.Generator) -> Rows:
        count = self.sizes.strip_block
        slots, noise = sample_slots(count, rng), sample_noise(count, torch_rng(rng))
        rows = {f"slot_{name}": values for name, values in slots.items()}
        rows |= {f"noise_{name}": values for name, values in noise.items()}
        rows["strips"] = to_bytes(paint_strips(slots, noise["strips"], self.generator.config.strip_height))
        rows["offsets"] = strip_offsets(slots, noise["strips"])
        rows["sprites"] = to_bytes(paint_pair(self.atlas, slots, noise))
        return rows

    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        """See Objective."""
        self.pool.at(step)
        device = self.context.device
        rows = {name: values.to(device) for name, values in self.pool.draw(self.sizes.joint, rng).items()}
        code = {name: one_hot(name, rows[f"slot_{name}"]) for name in SLOTS}
        seconds = torch.from_numpy(np.exp2(rng.uniform(0, 3, self.sizes.joint)).astype(np.float32)).to(device)
        share = torch.from_numpy(_moments(self.sizes.joint, rng)).to(device)
        real, made = self._real(rows, seconds, share), self._made(rows, code, seconds, share)
        base = picture_loss(made["strips"], real["strips"]) + picture_loss(made["sprites"], real["sprites"])
        base = base + 2 * (made["offsets"] - real["offsets"]).abs().mean()
        conditions, exact, judged = self._conditions(code), step % LAZY == 0, []
        for name, critic in self.critics.items():
            condition = conditions[name]
            wrong = condition.roll(STRIPS if name == "strips" else 2 if name == "sprites" else 1, 0)
            judged.append(critic.discriminator_loss(real[name], made[name], condition, wrong, exact))
        yield "critic", torch.stack(judged).sum(), {}
        ramp, total, figures = min(1.0, step / 40), base, {"base": float(base.detach())}
        for name, critic in self.critics.items():
            fool, match = critic.generator_losses(real[name], made[name], conditions[name])
            total = total + ramp * (0.15 * fool + 0.25 * match)
            figures |= {f"fool_{name}": float(fool.detach()), f"match_{name}": float(match.detach())}
        set_rate(self.optimisers["maker"], self.rate * cosine_rate(step, self.context.steps, 20))
        yield "maker", total, figures

    def _conditions(self, code: dict[str, Tensor]) -> dict[str, Tensor]:
        """What each judge is told: the scene's words and the strip, the noun and the colour, or everything."""
        count = len(code["place"])
        kinds = F.one_hot(torch.arange(STRIPS), STRIPS).float().repeat(count, 1).to(code["place"])
        words = [code[name].repeat_interleave(STRIPS, 0) for name in STRIP_SLOTS]
        nouns = torch.stack([code["subject"], code["other"][:, 1:]], 1).flatten(0, 1)
        colours = torch.stack([code["colour"], code["other_colour"]], 1).flatten(0, 1)
        return {
            "strips": judge_code(*words, kinds),
            "sprites": judge_code(nouns, colours),
            "clips": judge_code(*code.values()),
        }

    def _real(self, rows: Rows, seconds: Tensor, share: Tensor) -> dict[str, Tensor]:
        strips, sprites = from_bytes(rows["strips"]), from_bytes(rows["sprites"])
        slots = {name: rows[f"slot_{name}"].cpu() for name in SLOTS}
        there = (slots["other"] > 0).float().view(-1, 1, 1, 1).to(sprites)
        sprites = torch.stack([sprites[:, 0], sprites[:, 1] * there], 1)
        curves = plan_tracks_at(slots, rows["noise_tracks"].cpu(), seconds.cpu(), share.cpu())
        curves = tuple(curve.to(share) for curve in curves)
        with torch.no_grad():
            clips = self._compose(strips, rows["offsets"], sprites, cast_of(slots), curves, seconds, share)
        pictures = {"strips": strips.flatten(0, 1), "sprites": sprites.flatten(0, 1)}
        return pictures | {"offsets": rows["offsets"], "clips": clips}

    def _made(self, rows: Rows, code: dict[str, Tensor], seconds: Tensor, share: Tensor) -> dict[str, Tensor]:
        net, noise = self.generator, {name: rows[f"noise_{name}"] for name in NOISE_SIZES}
        kinds = torch.arange(STRIPS, device=share.device).expand(len(share), STRIPS)
        with fast(self.context.device):
            strips, offsets = net.strips_net(code, noise["strips"], kinds)
            sprites = net.sprites(code, noise)
        curves = net.tracks(code, noise["tracks"], seconds, share)
        clips = self._compose(strips, offsets, sprites, net.cast(code), curves, seconds, share)
        pictures = {"strips": strips.flatten(0, 1), "sprites": sprites.flatten(0, 1)}
        return pictures | {"offsets": offsets, "clips": clips}

    def _compose(
        self, strips: Tensor, offsets: Tensor, sprites: Tensor, cast: Tensor, curves: tuple[Tensor, Tensor],
        seconds: Tensor, share: Tensor,
    ) -> Tensor:  # fmt: skip
        size = (self.sizes.side, self.sizes.side)
        return compose(strips, offsets, sprites, cast, *curves, seconds, size, times=share * seconds[:, None])

    def sheet(self) -> np.ndarray:
        """Four frames of fixed scenes by the average nets."""
        rng = np.random.default_rng(78)
        count, device = 12 if not self.context.tiny else 2, self.context.device
        code = {name: one_hot(name, values).to(device) for name, values in sample_slots(count, rng).items()}
        noise = {name: values.to(device) for name, values in sample_noise(count, torch_rng(rng)).items()}
        share, two = torch.linspace(0, 0.95, MOMENTS, device=device).expand(count, MOMENTS), torch.full((count,), 2.0)
        average = self.averages
        kept = {name: getattr(self.generator, name) for name in self.ema}
        with torch.no_grad():
            for name in self.ema:
                setattr(self.generator, name, average[name])
            layers = self.generator(code, noise, two.to(device), share)
            for name, net in kept.items():
                setattr(self.generator, name, net)
            curves = (layers.actors, layers.scene)
            pictures = (layers.strips, layers.offsets, layers.sprites, layers.cast)
            clips = compose(*pictures, *curves, two.to(device), (96, 96), times=share * 2)
        return grid(clips.flatten(0, 1), 12 if count >= 12 else 4)


def _moments(count: int, rng: np.random.Generator) -> np.ndarray:
    """Four moments (count, 4) of each clip, evenly spaced by a random stride: slow and quick motion both show."""
    stride = rng.uniform(0.04, 0.3, (count, 1))
    start = rng.uniform(0, 1, (count, 1)) * (0.98 - 3 * stride)
    return (start + stride * np.arange(MOMENTS)).astype(np.float32)
