"""The prompt tab's generator, learnt from the procedural world: each net alone, then all together.

    tracks        curves and the slot reader, from captions; regression with a spectral term
    sprites       subjects; regression on aligned noise, rough pictures first, the last quarter with a discriminator
    strips        scenery; likewise, one random strip of each scene per step
    adversarial   sprites and strips, composed to frames by the learnt tracks, which stay as they are, against
                  discriminators of strips, sprites and clips

Sprites, strips and tracks do not depend on one another: they may run at the same time in several processes.

The adversarial losses stand in studio/training/adversary.py, what is learnt of pictures in scene_layers.py.
Letters: B scenes, T frames, h strip height, S sprite side, D text width.
"""

from __future__ import annotations

import json
from pathlib import Path

import diffusers
import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from studio.models.compositor import compose
from studio.models.discriminators import ClipDiscriminator
from studio.models.text_to_video import TextToVideoGenerator
from studio.training.adversary import LAZY, Adversary, fast
from studio.training.captions import CaptionEmbedder, SlotCodes
from studio.training.clip_parts import save_clip_parts
from studio.training.losses import cosine_rate, set_rate
from studio.training.objective import Context, Losses, Objective, Phase, Recipe
from studio.training.scene_layers import (
    TINY,
    Embed,
    ScenePainter,
    Sizes,
    SpritesObjective,
    StripsObjective,
    free_noise,
    grid,
    new_generator,
    picture_loss,
    teach_words,
    torch_rng,
)
from studio.training.scene_pool import Rows, ScenePool, from_bytes
from studio.training.state import load_average, load_net, read_numbers, replace_file
from studio.worlds.captions import sample_slots
from studio.worlds.lexicon import SLOTS
from studio.worlds.noise import sample_noise
from studio.worlds.tracks import plan_tracks, plan_tracks_at

# How much each track's error counts (see studio.scene.TRACK_NAMES); the camera must be steadier than it is right.
TRACK_WEIGHTS = (3.0, 3.0, 1.5, 0.7, 0.7, 0.5, 1.0, 1.0, 2.0, 1.0, 2.0, 1.0, 1.0)


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
        # Reading captions costs far more than these small nets: each is used many times, with fresh noise.
        self.pool = ScenePool(self._captions, 2 if context.tiny else 24, 20, context.seed)
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
        self.pool.at(step)
        rows = self.pool.draw(count, rng)
        slots, text = {name: rows[name] for name in SLOTS}, rows["text"].to(device)
        noise = sample_noise(count, torch_rng(rng))["tracks"]
        seconds = torch.from_numpy(np.exp2(rng.uniform(0, np.log2(6), count)).astype(np.float32))
        real = plan_tracks(slots, noise, seconds, self.sizes.frames).to(device)
        progress = torch.arange(self.sizes.frames, device=device) / self.sizes.frames
        set_rate(self.optimisers["maker"], 2e-3 * cosine_rate(step, self.context.steps))
        set_rate(self.optimisers["reader"], 1e-3 * cosine_rate(step, self.context.steps))
        free = free_noise(self.generator, "tracks", count).to(device)
        made = self.generator.tracks_net(text, noise.to(device), free, seconds.to(device), progress)
        error = ((made - real).abs() * self.weights).mean()
        yield "maker", error + 0.1 * self._spectral(made, real), {"tracks_l1": float(error.detach())}
        logits = self.generator.reader(text)
        reading = sum(F.cross_entropy(logits[name], slots[name].to(device)) for name in SLOTS)
        right = np.mean([float((logits[name].argmax(1).cpu() == slots[name]).float().mean()) for name in SLOTS])
        yield "reader", reading, {"reader_right": float(right)}

    def _captions(self, rng: np.random.Generator) -> Rows:
        slots = sample_slots(self.sizes.tracks, rng)
        return slots | {"text": self.embed(slots, rng).cpu()}

    def _spectral(self, made: Tensor, real: Tensor) -> Tensor:
        """Amplitudes of the frequencies: without it, an orbit with an uncertain phase is flattened."""

        def spectrum(tracks: Tensor) -> Tensor:
            return torch.fft.rfft(tracks - tracks.mean(1, keepdim=True), dim=1).abs()

        return ((spectrum(made) - spectrum(real)).abs() * self.weights).mean()


class AdversarialObjective(Objective):
    """Both painters on whole scenes: regression goes on, and three discriminators judge strips, sprites and clips.

    The tracks are only followed: plain regression gets them right, and a tremble is worse than a judge's doubt.
    """

    ema = ("strips_net", "sprite_net")
    ema_decay = 0.99

    def __init__(self, generator: TextToVideoGenerator, context: Context, embed: Embed) -> None:
        self.generator, self.context, self.embed = generator, context, embed
        self.sizes = TINY if context.tiny else Sizes()
        strips = StripsObjective(generator, context, embed)
        sprites = SpritesObjective(generator, context, embed)
        clips = ClipDiscriminator(4, self.sizes.side, widths=(8, 16) if context.tiny else (32, 64, 96))
        self.critics = {"strips": strips.adversary, "sprite": sprites.adversary}
        self.critics["clips"] = Adversary(clips.to(context.device), 2.0, context.device)
        nets: dict[str, nn.Module] = {f"{name}_net": getattr(generator, f"{name}_net") for name in ("strips", "sprite")}
        generator.tracks_net.to(context.device).requires_grad_(False)
        nets |= {f"{name}_critic": critic.net for name, critic in self.critics.items()}
        makers = [parameter for name in self.ema for parameter in nets[name].parameters()]
        judges = [parameter for critic in self.critics.values() for parameter in critic.net.parameters()]
        self.kind_codes = strips.kind_codes
        paint = ScenePainter(generator.config.strip_height, generator.config.sprite_side, embed, self.sizes)
        self.pool = ScenePool(paint, max(2, self.sizes.blocks // 2), 8, context.seed + 1)
        super().__init__(
            nets,
            {
                "maker": torch.optim.AdamW(makers, 6e-4, betas=(0.5, 0.98), weight_decay=1e-4),
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
        set_rate(self.optimisers["maker"], 6e-4 * cosine_rate(step, self.context.steps, 20))
        yield "maker", total, figures

    def _real(self, rows: Rows, seconds: Tensor, share: Tensor) -> dict[str, Tensor]:
        few = self.sizes.joint
        strips, sprite = from_bytes(rows["strips"][:few]), from_bytes(rows["sprite"])
        slots = {name: rows[f"slot_{name}"][:few].cpu() for name in SLOTS}
        noise = rows["noise_tracks"][:few].cpu()
        tracks = plan_tracks_at(slots, noise, seconds[:few].cpu(), share.cpu()).to(share)
        with torch.no_grad():
            clips = self._compose(strips, rows["offsets"][:few], sprite[:few], tracks, seconds[:few], share)
        return {"strips": strips.flatten(0, 1), "offsets": rows["offsets"][:few], "sprite": sprite, "clips": clips}

    def _made(self, rows: Rows, text: Tensor, seconds: Tensor, share: Tensor) -> dict[str, Tensor]:
        net, few, device = self.generator, self.sizes.joint, self.context.device
        kinds = torch.arange(4, device=device).expand(few, 4)
        free = {name: free_noise(net, name, len(text)).to(device) for name in ("strips", "sprite", "tracks")}
        with fast(device):
            strips, offsets = net.strips_net(text[:few], rows["noise_strips"][:few], free["strips"][:few], kinds)
            sprite = net.sprite_net(text, rows["noise_sprite"], free["sprite"])
        some = [values[:few] for values in (text, rows["noise_tracks"], free["tracks"], seconds)]
        clips = self._compose(strips, offsets, sprite[:few], net.tracks_net(*some, share), seconds[:few], share)
        return {"strips": strips.flatten(0, 1), "offsets": offsets, "sprite": sprite, "clips": clips}

    def _compose(
        self, strips: Tensor, offsets: Tensor, sprite: Tensor, tracks: Tensor, seconds: Tensor, share: Tensor
    ) -> Tensor:
        size = (self.sizes.side, self.sizes.side)
        return compose(strips, offsets, sprite, tracks, seconds, size, times=share * seconds[:, None])

    def _regression(self, real: dict[str, Tensor], made: dict[str, Tensor]) -> Tensor:
        return (
            picture_loss(made["strips"], real["strips"])
            + picture_loss(made["sprite"], real["sprite"])
            + 2 * (made["offsets"] - real["offsets"]).abs().mean()
        )

    def sheet(self) -> np.ndarray:
        """Four frames of fixed scenes by the average generator."""
        rng = np.random.default_rng(78)
        count = 12 if not self.context.tiny else 2
        slots = sample_slots(count, rng)
        device = self.context.device
        noise = {name: values.to(device) for name, values in self.generator.draw_noise(count, torch_rng(rng)).items()}
        text, two = self.embed(slots, rng).to(device), torch.full((count,), 2.0, device=device)
        with torch.no_grad():
            kinds = torch.arange(4, device=device).expand(count, 4)
            strips, offsets = self.averages["strips_net"](text, noise["strips"], noise["free_strips"], kinds)
            sprite = self.averages["sprite_net"](text, noise["sprite"], noise["free_sprite"])
            share = torch.linspace(0, 0.95, 4, device=device).expand(count, 4)
            tracks = self.generator.tracks_net(text, noise["tracks"], noise["free_tracks"], two, share)
            clips = compose(strips, offsets, sprite, tracks, two, (96, 96), times=share * 2)
        return grid(clips.flatten(0, 1), 12 if count >= 12 else 4)


def _moments(count: int, rng: np.random.Generator) -> np.ndarray:
    """Four moments (count, 4) of each clip, evenly spaced by a random stride: slow and quick motion both show."""
    stride = rng.uniform(0.04, 0.3, (count, 1))
    start = rng.uniform(0, 1, (count, 1)) * (0.98 - 3 * stride)
    return (start + stride * np.arange(4)).astype(np.float32)


_PARTS = {
    "_class_name": "TextToVideoPipeline",
    "_diffusers_version": diffusers.__version__,
    "generator": ["studio.models.text_to_video", "TextToVideoGenerator"],
    "text_encoder": ["transformers", "CLIPTextModelWithProjection"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
}
"""What DiffusionPipeline reads first; training may not import pipelines, so it is written out."""

_NETS = {"tracks": "tracks_net", "sprites": "sprite_net", "strips": "strips_net"}


def load_tensors(folder: Path) -> dict[str, Tensor]:
    """All tensors of a phase's state."""
    return load_file(folder / str(read_numbers(folder)["tensors"]))


def gather(generator: TextToVideoGenerator, run: Path) -> None:
    """Fill the generator with the averages of the phases that stand alone."""
    load_average(run / "tracks", "tracks_net", generator.tracks_net)
    load_average(run / "tracks", "reader", generator.reader)
    load_average(run / "sprites", "sprite_net", generator.sprite_net)
    load_average(run / "strips", "strips_net", generator.strips_net)


class TextToVideoRecipe(Recipe):
    """See the head of this file."""

    name = "text_to_video"
    phases = (
        Phase("tracks", 4000, sheet_every=10**9, save_every=500),
        Phase("sprites", 1800, sheet_every=200, save_every=100),
        Phase("strips", 1800, sheet_every=200, save_every=100),
        Phase("adversarial", 300, sheet_every=50, save_every=50),
    )

    def objective(self, phase: str, context: Context) -> Objective:
        """Build one phase from what earlier ones left in the run folder."""
        torch.manual_seed(context.seed)
        generator, run = new_generator(context.tiny), context.run
        embed: Embed = SlotCodes() if context.tiny else CaptionEmbedder(context.checkpoints / "clip", context.device)
        kinds = {"tracks": TracksObjective, "sprites": SpritesObjective, "strips": StripsObjective}
        if phase != "adversarial":
            count = 64 if context.tiny else 6144
            teach_words(getattr(generator, _NETS[phase]).mapping, SlotCodes(), embed, count)
            return kinds[phase](generator, context, embed)
        gather(generator, run)
        objective = AdversarialObjective(generator, context, embed)
        # The scenery's judge goes on; that of the subjects begins anew, for it is the one that may run away.
        load_net(objective.critics["strips"].net, load_tensors(run / "strips"), "net/strips_net_critic/")
        return objective

    def export(self, context: Context, folder: Path) -> None:
        """The generator in half precision, and the CLIP's text encoder and tokenizer beside it."""
        generator = new_generator(context.tiny)
        gather(generator, context.run)
        if (context.run / "adversarial" / "state.json").is_file():
            for name in AdversarialObjective.ema:
                load_average(context.run / "adversarial", name, getattr(generator, name))
        generator.half().save_pretrained(folder / "generator", max_shard_size="15MB")
        save_clip_parts(context.checkpoints, folder)
        replace_file(folder / "model_index.json", json.dumps(_PARTS, indent=2).encode() + b"\n")
