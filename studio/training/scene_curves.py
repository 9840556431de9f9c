"""Tracks learnt from the world: the objective of the net that moves actors and camera.

Part of the recipe text_to_video; letters as there.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from studio.captions.captions import sample_slots
from studio.models.text_to_video import TRACK_SLOTS, TextToVideoGenerator
from studio.training.losses import cosine_rate, set_rate
from studio.training.objective import Context, Losses, Objective
from studio.training.scene_layers import TINY, Sizes, one_hot, torch_rng
from studio.worlds.noise import NOISE_SIZES
from studio.worlds.tracks import cast_of, plan_tracks

# How much each curve's error counts (see studio.scene): positions most; the camera must be steadier than it is right.
ACTOR_WEIGHTS = (3.0, 3.0, 1.5, 0.7, 0.7, 0.5, 1.0, 1.0)
SCENE_WEIGHTS = (2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0)


class TracksObjective(Objective):
    """Curves from codes, noise and length; absent actors count nothing."""

    ema = ("tracks_net",)
    ema_decay = 0.998
    rate = 2e-3

    def __init__(self, generator: TextToVideoGenerator, context: Context) -> None:
        self.generator, self.context = generator, context
        self.sizes = TINY if context.tiny else Sizes()
        net = generator.tracks_net.to(context.device)
        self.actor_weights = torch.tensor(ACTOR_WEIGHTS, device=context.device)
        self.scene_weights = torch.tensor(SCENE_WEIGHTS, device=context.device)
        maker = torch.optim.AdamW(net.parameters(), self.rate, betas=(0.8, 0.98), weight_decay=1e-4, fused=True)
        super().__init__({"tracks_net": net}, {"maker": maker})

    def losses(self, step: int, rng: np.random.Generator) -> Losses:
        """See Objective."""
        count, device = self.sizes.tracks, self.context.device
        slots = sample_slots(count, rng)
        noise = torch.randn(count, NOISE_SIZES["tracks"], generator=torch_rng(rng))
        seconds = torch.from_numpy(np.exp2(rng.uniform(0, 3, count)).astype(np.float32))
        real = [part.to(device) for part in plan_tracks(slots, noise, seconds, self.sizes.frames)]
        present = (cast_of(slots) >= 0).float().to(device)[:, None, :, None]
        progress = torch.arange(self.sizes.frames, device=device) / self.sizes.frames
        code = torch.cat([one_hot(name, slots[name]) for name in TRACK_SLOTS], 1).to(device)
        set_rate(self.optimisers["maker"], self.rate * cosine_rate(step, self.context.steps))
        actors, scene = self.generator.tracks_net(code, noise.to(device), seconds.to(device), progress)
        share = present.mean()
        pairs = ((actors * present, real[0] * present, self.actor_weights), (scene, real[1], self.scene_weights))
        plain, spectral = zip(*(_distances(*pair) for pair in pairs), strict=True)
        figures = {"actors_l1": float((plain[0] / share).detach()), "scene_l1": float(plain[1].detach())}
        yield "maker", (plain[0] + 0.1 * spectral[0]) / share + plain[1] + 0.1 * spectral[1], figures


def _distances(made: Tensor, real: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """L1 between curves (B, T, ..) and between the amplitudes of their frequencies: without the second, an orbit with
    an uncertain phase is flattened."""

    def spectrum(curves: Tensor) -> Tensor:
        return torch.fft.rfft(curves - curves.mean(1, keepdim=True), dim=1).abs()

    return ((made - real).abs() * weights).mean(), ((spectrum(made) - spectrum(real)).abs() * weights).mean()
