"""How the rivals are trained: the same world and captions as the studio's own generator, a picture and a clip critic.

Finished clips are painted once, kept as bytes beside the run, and shared by both rivals. Losses are R3GAN's (see
adversary.py) from both critics, with feature matching and, as a light help that speeds up a short training a lot, an
L1 distance between heavily blurred clips of the same caption. `load_rival` turns a run into a function of prompts.

Letters: B batch, N clips of the pool, W wordings of each, T frames, H, W pixels, D width of the text embedding.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from studio.captions.captions import captions, sample_slots, say_less
from studio.errors import CheckpointError
from studio.training.adversary import LAZY, Adversary, fast
from studio.training.captions import CaptionEmbedder, SlotCodes
from studio.training.discriminators import PictureDiscriminator
from studio.training.losses import cosine_rate, low_frequency_loss, set_rate
from studio.training.objective import Context, Losses, Objective, Phase, Recipe
from studio.training.rival_nets import FRAMES, SIZE, Conv3dDiscriminator, Conv3dGenerator, GruGenerator
from studio.training.scene_pool import from_bytes, to_bytes
from studio.training.state import load_average
from studio.worlds.noise import sample_noise
from studio.worlds.render import render

logger = logging.getLogger(__name__)

SECONDS = 2.0
"""Length of every clip: 16 frames at 8 per second."""

PHASE = "adversarial"
CLIPS, WORDINGS = 600, 8
MATCHED, BLURRED = 1.0, 12.0
"""Weights of feature matching and of the blurred L1 beside the adversarial losses."""

KINDS: dict[str, type[nn.Module]] = {"conv3d_gan": Conv3dGenerator, "gru_gan": GruGenerator}


@dataclass(frozen=True)
class _Sizes:
    """What makes a net tiny in tests."""

    generator: dict[str, object]
    clip: tuple[int, ...]
    picture: tuple[int, ...]
    batch: int
    clips: int


_BLOCK = 20  # clips painted at once
_FULL = _Sizes({}, (24, 48, 96, 160), (32, 64, 96, 160), batch=4, clips=CLIPS)
_TINY = _Sizes({"widths": (8, 8, 8, 8), "code": 16}, (4, 4, 4, 4), (4, 4, 4, 4), batch=2, clips=4)


def paint_clips(count: int, seed: int) -> dict[str, Tensor]:
    """`count` finished clips of the world, uint8 (count, T, 3, H, W) under "clips", and the labels of each, long
    (count,).
    """
    rng, source = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    pictures, labels = [], []
    for start in range(0, count, _BLOCK):
        slots = sample_slots(min(_BLOCK, count - start), rng)
        size = len(slots["subject"])
        clips = render(slots, sample_noise(size, source), torch.full((size,), SECONDS), FRAMES, (SIZE, SIZE),
                       sprite_size=48)  # fmt: skip
        pictures.append(to_bytes(clips))
        labels.append(say_less(slots, rng))
        if start % 200 == 0:
            logger.info("painted %d of %d clips", start, count)
    return {"clips": torch.cat(pictures)} | {
        name: torch.cat([part[name] for part in labels]) for name in labels[0]
    }  # fmt: skip


def _kept_clips(context: Context, count: int) -> dict[str, Tensor]:
    """The painted clips from beside the run folder, where both rivals find them, or freshly painted ones."""
    kept = context.run.parent / f"rival_clips_{count}_{context.seed}.safetensors"
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_name(kept.name + ".part")
        save_file(paint_clips(count, context.seed), part)
        part.replace(kept)
    return load_file(kept)


class RivalObjective(Objective):
    """A rival generator against a picture critic (one random frame) and a clip critic."""

    ema = ("generator",)
    ema_decay = 0.98

    def __init__(self, kind: str, context: Context) -> None:
        torch.manual_seed(context.seed)
        sizes = _TINY if context.tiny else _FULL
        self.batch, self.steps, self.device = sizes.batch, context.steps, context.device
        nets = {
            "generator": KINDS[kind](**sizes.generator),
            "clip_critic": Conv3dDiscriminator(sizes.clip),
            "picture_critic": PictureDiscriminator(3, (SIZE, SIZE), sizes.picture),
        }
        nets = {name: net.to(self.device) for name, net in nets.items()}
        self.rates = {"generator": 8e-4, "clip_critic": 2e-4, "picture_critic": 2e-4}
        betas = {"generator": (0.5, 0.99), "clip_critic": (0.0, 0.99), "picture_critic": (0.0, 0.99)}
        optimisers = {
            name: torch.optim.Adam(net.parameters(), self.rates[name], betas[name]) for name, net in nets.items()
        }
        super().__init__(nets, optimisers)
        self.critics = {
            "clip": Adversary(nets["clip_critic"], 2.0, self.device),
            "picture": Adversary(nets["picture_critic"], 2.0, self.device),
        }
        self._fill(context, sizes.clips)

    def _fill(self, context: Context, count: int) -> None:
        """The pool: clips as bytes (N, T, 3, H, W) and the embeddings of WORDINGS captions of each (N, W, D)."""
        rows = _kept_clips(context, count)
        self.clips = rows.pop("clips")
        rng = np.random.default_rng((context.seed, 1))
        wordings = 1 if context.tiny else WORDINGS
        embed = SlotCodes() if context.tiny else CaptionEmbedder(context.checkpoints / "clip", context.device)
        texts: list[Tensor] = []
        for _ in range(wordings):
            if isinstance(embed, SlotCodes):
                texts.append(embed(rows, rng))
                continue
            said = captions(rows, rng)
            texts.append(torch.cat([embed.read(said[at : at + 64]) for at in range(0, count, 64)]).cpu())
        self.texts = torch.stack(texts, 1)

    def _draw(self, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Real clips (B, T, 3, H, W), their captions and other clips' captions (B, D)."""
        chosen = torch.from_numpy(rng.choice(len(self.clips), 2 * self.batch, replace=len(self.clips) < 2 * self.batch))
        wording = torch.from_numpy(rng.integers(0, self.texts.shape[1], 2 * self.batch))
        text = self.texts[chosen, wording].to(self.device)
        real = from_bytes(self.clips[chosen[: self.batch]]).to(self.device)
        return real, text[: self.batch], text[self.batch :]

    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        """The critics' losses, then the generator's."""
        for name, optimiser in self.optimisers.items():
            set_rate(optimiser, self.rates[name] * cosine_rate(step, self.steps, warm_up=20))
        real, text, wrong = self._draw(rng)
        generator = self.nets["generator"]
        with fast(self.device):
            made = generator(text, torch.randn(len(text), generator.noise_size, device=self.device))
        frame = int(rng.integers(FRAMES))
        views = {"clip": lambda clips: clips, "picture": lambda clips: clips[:, frame]}
        exact = step % LAZY == 0
        for name, critic in self.critics.items():
            view = views[name]
            yield f"{name}_critic", critic.discriminator_loss(view(real), view(made), text, wrong, exact), {}
        total = BLURRED * low_frequency_loss(made.flatten(0, 1), real.flatten(0, 1), 8)
        figures = {"blurred": float(total.detach()) / BLURRED}
        for name, critic in self.critics.items():
            fooled, matched = critic.generator_losses(views[name](real), views[name](made), text)
            total = total + fooled + MATCHED * matched
            figures |= {f"{name}_fooled": float(fooled.detach()), f"{name}_matched": float(matched.detach())}
        yield "generator", total, figures

    @torch.no_grad()
    def sheet(self) -> np.ndarray:
        """Four frames of each of some clips: the world's, and the average generator's for the same captions."""
        count = min(6, len(self.clips))
        text = self.texts[:count, 0].to(self.device)
        noise = torch.randn(count, self.nets["generator"].noise_size, generator=torch.Generator().manual_seed(0))
        made = self.averages["generator"](text, noise.to(self.device)).cpu()
        pairs = (from_bytes(self.clips[:count]), made)
        rows = [torch.cat([clips[:, at] for at in (0, 5, 10, 15)], 3) for clips in pairs]
        return to_bytes(torch.cat(rows, 3).permute(0, 2, 3, 1).flatten(0, 1)).numpy()


class RivalRecipe(Recipe):
    """What both rivals' recipes share: one phase, all nets from the start. A rival's name is its kind."""

    phases = (Phase(PHASE, 600, sheet_every=200, save_every=100),)

    def objective(self, phase: str, context: Context) -> Objective:
        """The one phase."""
        write_card(self.name, context)
        return RivalObjective(self.name, context)

    def export(self, context: Context, folder: Path) -> None:
        """The average generator in half precision."""
        folder.mkdir(parents=True, exist_ok=True)
        net = load_average(context.run / PHASE, "generator", KINDS[self.name]())
        save_file({name: value.half().contiguous() for name, value in net.state_dict().items()},
                  folder / "model.safetensors")  # fmt: skip


def write_card(kind: str, context: Context) -> None:
    """What `load_rival` needs to know of a run."""
    context.run.mkdir(parents=True, exist_ok=True)
    sizes = _TINY if context.tiny else _FULL
    text = json.dumps({"kind": kind, "generator": sizes.generator})
    (context.run / "rival.json").write_text(text, encoding="utf-8")


def load_rival(run: Path, checkpoints: Path = Path("checkpoints")) -> Callable[[list[str], int], np.ndarray]:
    """A rival's average generator as a function (prompts, seed) -> uint8 (B, T, H, W, 3); 16 frames in two seconds.

    `checkpoints` holds the CLIP that it was trained with. Raises CheckpointError if the run or the CLIP is missing.
    """
    try:
        card = json.loads((run / "rival.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{run} holds no trained rival.") from error
    generator = load_average(run / PHASE, "generator", KINDS[card["kind"]](**card["generator"])).eval()
    embed = CaptionEmbedder(checkpoints / "clip")

    @torch.no_grad()
    def make(prompts: list[str], seed: int) -> np.ndarray:
        noise = torch.randn(len(prompts), generator.noise_size, generator=torch.Generator().manual_seed(seed))
        clips = [
            generator(embed.read(prompts[at : at + 16]), noise[at : at + 16]) for at in range(0, len(prompts), 16)
        ]  # fmt: skip
        return to_bytes(torch.cat(clips)).permute(0, 1, 3, 4, 2).contiguous().numpy()

    return make
