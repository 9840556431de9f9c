"""The detail stage learnt from the world's finishing light: phase `detail` of the recipe text_to_video.

What the net sees is what it will see when it serves: layers as small as the generator's, painted by the frame painter
with its guides, half of them the generator's own pictures as soon as those nets are trained. What it should give: the
finished frame (worlds/light.py) of the same scene in the world's layers at twice the detail, aligned by the noise.
Regression on colours, edges, light and the change from frame to frame; then two discriminators judge as well, one a
frame beside its composite, one three frames in a row, both told the scene's code and shown wrong ones (Reed 2016).

Letters: B scenes, T = 4 moments of each, of which the last three are finished; H x W the frame.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.captions.captions import sample_slots
from studio.compositing.frame_painter import FramePainter
from studio.models.detail import DetailNet, detail_code
from studio.models.text_to_video import STRIPS, Layers, TextToVideoGenerator
from studio.scene import SceneLayers
from studio.tensors import to_uint8
from studio.training.adversary import LAZY, Adversary, fast
from studio.training.discriminators import PatchDiscriminator
from studio.training.losses import cosine_rate, gradient_loss, low_frequency_loss, set_rate
from studio.training.objective import Context, Losses, Objective
from studio.training.scene_layers import torch_rng
from studio.training.scene_pool import Rows, ScenePool, from_bytes, to_bytes
from studio.worlds.light import finish, ground_of
from studio.worlds.noise import sample_noise
from studio.worlds.render import paint_pair
from studio.worlds.scenery import paint_strips, strip_offsets
from studio.worlds.sprites import load_atlas
from studio.worlds.tracks import cast_of, plan_tracks

MOMENTS = 4
FRAMES = 24
"""How many frames the curves are planned with, as people mostly ask for, whatever the length."""


@dataclass(frozen=True)
class DetailSizes:
    """Everything that is smaller in a dry run. `fine` is how many times the detail of the generator's layers the
    finished frames' layers have; `frames` whole ones a step regresses on, `triples` whose parts it judges: `crop`
    pixels of `crop + 2 * margin` that are made."""

    side: int = 256
    crop: int = 128
    margin: int = 16
    fine: int = 2
    block: int = 16
    blocks: int = 16
    refresh: int = 100
    frames: int = 4
    triples: int = 3
    judge: int = 24


TINY = DetailSizes(side=32, crop=16, margin=4, fine=1, block=2, blocks=2, refresh=1, frames=2, triples=2, judge=4)


class DetailPainter:
    """Paints one block of the pool: composites, guides and finished frames in bytes, and each scene's code.

    `generator`: a trained one paints the layers of every other scene; without it they are all the world's.
    """

    def __init__(
        self, like: TextToVideoGenerator, sizes: DetailSizes, generator: TextToVideoGenerator | None = None
    ) -> None:
        self.like, self.sizes, self.generator = like, sizes, generator
        self.side = like.config.sprite_side
        self.atlas = load_atlas(self.side * sizes.fine)

    def __call__(self, rng: np.random.Generator) -> Rows:
        """Bytes: "composites" (B, 4, 3, H, W), "guides" (B, 3, 8, H, W), "finished" (B, 3, 3, H, W), "code" (B, C)."""
        count = self.sizes.block
        slots = sample_slots(count, rng)
        noise = sample_noise(count, torch_rng(rng))
        seconds = torch.from_numpy(np.exp2(rng.uniform(0, np.log2(6), count)).astype(np.float32))
        ground = ground_of(slots["place"], slots["time"], noise["strips"], slots["weather"])
        fine = self._world(slots, noise, seconds)
        coarse = Layers(
            F.avg_pool2d(fine.strips.flatten(0, 1), self.sizes.fine).unflatten(0, fine.strips.shape[:2]),
            fine.offsets,
            F.avg_pool2d(fine.sprites.flatten(0, 1), self.sizes.fine).unflatten(0, fine.sprites.shape[:2]),
            fine.cast, fine.actors, fine.scene,
        )  # fmt: skip
        learnt = self._learnt(slots, noise, fine)
        rows: dict[str, list[Tensor]] = {"composites": [], "guides": [], "finished": []}
        for i in range(count):
            shown = learnt if learnt is not None and i % 2 else coarse
            first = int(rng.integers(0, FRAMES - MOMENTS + 1))
            seen, guides = self._painted(shown, i, ground, float(seconds[i]), first)
            target, target_guides = self._painted(fine, i, ground, float(seconds[i]), first)
            chosen = {name: values[i : i + 1] for name, values in slots.items()}
            own = {name: values[i : i + 1] for name, values in noise.items()}
            finished = finish(from_bytes(target[None, 1:]), from_bytes(target_guides[None, 1:]), chosen, own)
            rows["composites"].append(seen)
            rows["guides"].append(guides[1:])
            rows["finished"].append(to_bytes(finished[0]))
        code = detail_code(self.like.code_of(slots), ground).float()
        return {name: torch.stack(values) for name, values in rows.items()} | {"code": code}

    def _world(self, slots: dict[str, Tensor], noise: dict[str, Tensor], seconds: Tensor) -> Layers:
        strips = paint_strips(slots, noise["strips"], self.like.config.strip_height * self.sizes.fine)
        actors, scene = plan_tracks(slots, noise["tracks"], seconds, FRAMES)
        sprites, offsets = paint_pair(self.atlas, slots, noise), strip_offsets(slots, noise["strips"])
        return Layers(strips, offsets, sprites, cast_of(slots), actors, scene)

    @torch.no_grad()
    def _learnt(self, slots: dict[str, Tensor], noise: dict[str, Tensor], world: Layers) -> Layers | None:
        """The generator's pictures moved by the world's curves: what it paints softly lies where it should."""
        if self.generator is None:
            return None
        code = self.generator.code_of(slots)
        kinds = torch.arange(STRIPS).expand(len(world.offsets), STRIPS)
        with fast(torch.device("cpu")):
            strips = self.generator.strips_net(code, noise["strips"], kinds)[0]
            sprites = self.generator.sprites(code, noise)
        return replace(world, strips=strips.float(), sprites=sprites.float())

    def _painted(
        self, layers: Layers, row: int, ground: Tensor, seconds: float, first: int
    ) -> tuple[Tensor, Tensor]:
        """MOMENTS frames from `first` on, bytes (T, 3, H, W), and their guides (T, 8, H, W)."""
        scene = SceneLayers(
            straight(layers.strips[row]), layers.offsets[row].numpy(), straight(layers.sprites[row]),
            layers.cast[row].numpy(), layers.actors[row].numpy(), layers.scene[row].numpy(),
            fps=layers.actors.shape[1] / seconds, setting={}, ground=(float(ground[row, 0]), float(ground[row, 1])),
        )  # fmt: skip
        painter = FramePainter(scene, (self.sizes.side, self.sizes.side))
        made = [painter.frame_and_guides(index) for index in range(first, first + MOMENTS)]
        frames, guides = (torch.from_numpy(np.stack(part)).movedim(-1, 1).contiguous() for part in zip(*made))
        return frames, guides


def straight(layers: Tensor) -> np.ndarray:
    """Premultiplied RGBA, float (N, 4, h, w) in 0..1, to straight bytes, uint8 (N, h, w, 4)."""
    alpha = layers[:, 3:]
    colour = torch.where(alpha > 1e-3, layers[:, :3] / alpha.clamp(min=1e-3), layers[:, :3])
    return to_uint8(torch.cat([colour, alpha], 1))


class DetailObjective(Objective):
    """Regression on single frames first, then on three frames in a row, judged by an image and a clip discriminator.

    Args:
        generator: its detail_net is trained. context: as for every phase. trained: whether its other nets are, and may
            paint layers to train on.
    """

    ema = ("detail_net",)
    ema_decay = 0.998
    warm, rate = 0.65, 2.5e-3

    def __init__(self, generator: TextToVideoGenerator, context: Context, trained: bool = False) -> None:
        self.context, self.sizes = context, TINY if context.tiny else DetailSizes()
        self.net: DetailNet = generator.detail_net.to(context.device, memory_format=torch.channels_last)
        code = self.net.config["code"]
        image = PatchDiscriminator(6, self.sizes.judge, code, bounded=False).to(context.device)
        clip = PatchDiscriminator(9, self.sizes.judge, code, bounded=False).to(context.device)
        # A map's logits are many; the penalty sums over all of them.
        self.critics = {name: Adversary(net, 0.002, context.device) for name, net in (("image", image), ("clip", clip))}
        self._paint = DetailPainter(generator, self.sizes, generator.eval() if trained else None)
        self._fixed: Rows | None = None
        self.pool = ScenePool(self._paint, self.sizes.blocks, self.sizes.refresh, context.seed)
        judges = [parameter for net in (image, clip) for parameter in net.parameters()]
        nets: dict[str, nn.Module] = {"detail_net": self.net, "image_critic": image, "clip_critic": clip}
        super().__init__(
            nets,
            {
                "maker": torch.optim.AdamW(self.net.parameters(), self.rate, betas=(0.9, 0.98), weight_decay=1e-4),
                "critic": torch.optim.Adam(judges, 4e-4, betas=(0.0, 0.98)),
            },
        )

    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        """See Objective."""
        self.pool.at(step)
        set_rate(self.optimisers["maker"], self.rate * cosine_rate(step, self.context.steps))
        start = int(self.warm * self.context.steps)
        if step < start:
            rows = self._rows(self.sizes.frames, rng, single=True)
            made = self._made(rows)
            loss, figures = self._regression(made, rows)
            yield "maker", loss, figures
            return
        rows = self._rows(self.sizes.triples, rng)
        made = self._made(rows)
        code = rows["code"]
        wrong = code.roll(1, 0)
        both = rows["finished"], made
        shown = {name: [self._shown(name, frames, rows) for frames in both] for name in self.critics}
        each = {"image": MOMENTS - 1, "clip": 1}
        judged = [
            critic.discriminator_loss(
                *shown[name], code.repeat_interleave(each[name], 0), wrong.repeat_interleave(each[name], 0),
                exact=step % LAZY == 0,
            )
            for name, critic in self.critics.items()
        ]  # fmt: skip
        yield "critic", torch.stack(judged).sum(), {}
        loss, figures = self._regression(made, rows)
        ramp = min(1.0, (step - start) / 60)
        for name, critic in self.critics.items():
            fool, match = critic.generator_losses(*shown[name], code.repeat_interleave(each[name], 0))
            loss = loss + ramp * (0.06 * fool + 0.15 * match)
            figures |= {f"fool_{name}": float(fool.detach()), f"match_{name}": float(match.detach())}
        yield "maker", loss, figures

    def _rows(self, count: int, rng: np.random.Generator, single: bool = False) -> Rows:
        """Scenes of the pool as `_floats` gives them: parts of three moments, with `single` one whole moment of each.

        "window" (4,) says which part it is, in 0..1: top, bottom, left, right.
        """
        drawn, window = self.pool.draw(count, rng), (0, self.sizes.side, 0, self.sizes.side)
        if not single:
            side = self.sizes.crop + 2 * self.sizes.margin
            top, left = (int(value) for value in rng.integers(0, self.sizes.side - side + 1, 2))
            window = (top, top + side, left, left + side)
            for name in ("composites", "guides", "finished"):
                drawn[name] = drawn[name][..., window[0] : window[1], window[2] : window[3]]
        else:
            each, moment = torch.arange(count), torch.from_numpy(rng.integers(0, MOMENTS - 1, count))
            both = torch.stack([moment, moment + 1], 1)
            drawn["composites"] = drawn["composites"][each[:, None], both]
            drawn |= {name: drawn[name][each, moment][:, None] for name in ("guides", "finished")}
        rows = self._floats(drawn)
        first = torch.from_numpy(rng.random(count) < 0.1).to(self.context.device)
        rows["pairs"][first, :, :3] = rows["pairs"][first, :, 3:]  # a clip's first frame is seen beside itself
        # Read from a prompt, a code is never quite sure; nor should the net want it to be.
        sure = torch.from_numpy(rng.uniform(0.9, 1.0, (count, 1)).astype(np.float32)).to(rows["code"])
        rows["code"] = torch.cat([rows["code"][:, :-2] * sure, rows["code"][:, -2:]], 1)
        rows["window"] = torch.tensor(window) / self.sizes.side
        return rows

    def _floats(self, drawn: Rows) -> Rows:
        """Floats "pairs" (B, 3, 6, H, W), "guides" (B, 3, 8, H, W), "finished" (B, 3, 3, H, W); and "code" (B, C)."""
        rows = {name: values.to(self.context.device) for name, values in drawn.items()}
        frames = from_bytes(rows["composites"])
        return {
            "pairs": torch.cat([frames[:, :-1], frames[:, 1:]], 2), "guides": from_bytes(rows["guides"]),
            "finished": from_bytes(rows["finished"]), "code": rows["code"],
        }  # fmt: skip

    def _made(self, rows: Rows) -> Tensor:
        """The net's frames, (B, T, 3, H, W); of parts only what lies off the cut edges, and `rows` are cut alike."""
        count = rows["pairs"].shape[1]
        window = tuple(rows["window"].tolist())
        with fast(self.context.device):
            code = rows["code"].repeat_interleave(count, 0)
            made = self.net(rows["pairs"].flatten(0, 1), rows["guides"].flatten(0, 1), code, window)
        made = made.float().unflatten(0, (-1, count))
        if window == (0.0, 1.0, 0.0, 1.0):
            return made
        inside = slice(self.sizes.margin, self.sizes.margin + self.sizes.crop)
        for name in ("pairs", "guides", "finished"):
            rows[name] = rows[name][..., inside, inside]
        return made[..., inside, inside]

    def _regression(self, made: Tensor, rows: Rows) -> tuple[Tensor, dict[str, float]]:
        real, guides = rows["finished"], rows["guides"]
        # Actors and what they leave on the ground are looked at more closely than the land.
        weight = 1 + 2 * guides[:, :, :1] + guides[:, :, 4:5]
        error = ((made - real).abs() * weight).mean()
        flat = made.flatten(0, 1), real.flatten(0, 1)
        loss = 10 * error + 3 * gradient_loss(*flat) + 4 * low_frequency_loss(*flat)
        if made.shape[1] > 1:
            changes = (made[:, 1:] - made[:, :-1]) - (real[:, 1:] - real[:, :-1])
            loss = loss + 4 * changes.abs().mean()
        squared = (made.detach() - real).square().mean()
        return loss, {"l1": float(error.detach()), "psnr": float(-10 * torch.log10(squared + 1e-9))}

    def _shown(self, judge: str, finished: Tensor, rows: Rows) -> Tensor:
        """What a discriminator sees of the frames: each with its composite, or three in a row."""
        if judge == "clip":
            return finished.flatten(1, 2)
        return torch.cat([finished, rows["pairs"][:, :, 3:]], 2).flatten(0, 1)

    @torch.no_grad()
    def sheet(self) -> np.ndarray:
        """Fixed scenes: composite, what the average net makes of it, and the world's own finishing."""
        if self._fixed is None:
            self._fixed = self._paint(np.random.default_rng(77))
        count = min(12, self.sizes.block)
        rows = self._floats({name: values[:count] for name, values in self._fixed.items()})
        pairs, guides, real = (rows[name][:, 0] for name in ("pairs", "guides", "finished"))
        made = self.averages["detail_net"](pairs, guides, rows["code"])
        tiles = to_uint8(torch.cat([pairs[:, 3:], made, real], 3))
        columns = 2 if count >= 2 else 1
        return np.concatenate([np.concatenate(list(tiles[i::columns]), 0) for i in range(columns)], 1)
