"""Where everybody goes and what the camera does: curves over time from a scene's code, noise and length.

Each curve is a short cosine series over the clip (journeys, camera moves) plus beats in real seconds (steps, bounces,
shakes, lightning): a few fundamental frequencies that the net chooses for the scene, and their harmonics, so that a
beat keeps its pace in a clip of any length and any number of frames can be asked for.

Letters: B scenes, T frames, N curves, K terms of the series, Z noise dims; lengths in frame heights.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.models.blocks import Mapping, noise_features
from studio.scene import ACTOR_TRACKS, ACTORS, SCENE_TRACKS

# Where the curves begin to learn: an actor standing in the middle, a camera at rest.
_ACTOR_START = (0.5, 0.5, -1.0, 0.0, 0.8, 0.0, 0.85, 0.1)
_SCENE_START = (0.75, 0.5, 0.9, 0.1, 0.1, 0.1, 0.05, 0.1)
HARMONICS = 6


class CurveNet(nn.Module):
    """A code, noise and a clip's length to N curves.

    Args:
        codes: width of the code. noise: aligned noise dims. style: width inside. start: N, the curves' first heights.
        shares: which of the curves are shares, to be kept in 0..1. terms: K. hertz: where each beat's fundamental
            frequency begins to learn.
    """

    def __init__(
        self, codes: int, noise: int, style: int, start: Sequence[float], shares: Sequence[int], terms: int,
        hertz: Sequence[float],
    ) -> None:  # fmt: skip
        super().__init__()
        self.terms, self.count, self.shares = terms, len(start), tuple(shares)
        self.mapping = Mapping(codes, noise, style, code_width=192, extra=3, layers=3)
        self.hidden = nn.Linear(style, style)
        self.series = nn.Linear(style, self.count * terms)
        self.waves = nn.Linear(style, self.count * len(hertz) * HARMONICS * 2)
        # Frequencies must be right to a hundredth, or a long clip falls out of step: they read the noise directly, too.
        self.pace = nn.Linear(style + 4 * noise, len(hertz))
        with torch.no_grad():
            for layer in (self.series, self.waves, self.pace):
                layer.weight.normal_(0.0, 0.02)
                layer.bias.zero_()
            self.series.bias.view(-1, terms)[:, 0] = torch.tensor(start)
            self.pace.bias.copy_(torch.tensor(hertz).log())

    def forward(self, code: Tensor, noise: Tensor, seconds: Tensor, progress: Tensor) -> Tensor:
        """(B, codes), (B, Z), (B,) and (B, T), progress 0..1 along the clip: (B, T, N), float32."""
        length = torch.log2(seconds.to(code.dtype) / 2)[:, None]
        extra = torch.cat([length, length.square(), torch.cos(math.pi * length)], 1)
        style = F.silu(self.hidden(self.mapping(code, noise, extra)))
        batch, names = len(style), self.count
        order = torch.arange(self.terms, device=progress.device, dtype=torch.float32)
        basis = torch.cos(math.pi * progress[..., None] * order) / (1 + 0.15 * order)
        series = self.series(style).float().view(batch, names, self.terms)
        series = torch.cat([series[..., :1], _shrunk(series[..., 1:])], -1)
        curves = torch.einsum("bdk,btk->btd", series, basis)
        pace = self.pace(torch.cat([style, noise_features(noise).to(style.dtype)], 1))
        hertz = pace.float().clamp(-3, 1.8).exp()
        multiples = torch.arange(1, HARMONICS + 1, device=hertz.device)
        hertz = (hertz[:, :, None] * multiples).flatten(1)
        angle = 2 * math.pi * hertz[:, None] * (progress * seconds.float()[:, None])[..., None]
        waves = _shrunk(self.waves(style).float().view(batch, names, -1))
        curves = curves + torch.einsum("bdk,btk->btd", waves, torch.cat([angle.sin(), angle.cos()], -1))
        return torch.stack([_bounded(c) if i in self.shares else c for i, c in enumerate(curves.unbind(-1))], -1)


class TracksNet(nn.Module):
    """Curves of the actors (B, T, 4, 8), each with its role, and of what the whole scene shares (B, T, 8)."""

    def __init__(self, codes: int, noise: int, style: int, terms: int) -> None:
        super().__init__()
        shadow = ACTOR_TRACKS.index("shadow_alpha")
        weather = range(SCENE_TRACKS.index("rain"), len(SCENE_TRACKS))
        self.actors = CurveNet(codes + len(ACTORS), noise, style, _ACTOR_START, (shadow,), terms, (0.4, 0.6, 1.2))
        self.scene = CurveNet(codes, noise, style // 2, _SCENE_START, tuple(weather), terms, (0.6,))

    def forward(self, code: Tensor, noise: Tensor, seconds: Tensor, progress: Tensor) -> tuple[Tensor, Tensor]:
        """Curves of the actors (B, T, 4, 8) and of the scene (B, T, 8), float32, see studio.scene.ACTOR_TRACKS,
        SCENE_TRACKS.

        code: (B, codes); noise: (B, Z); seconds: (B,), the clips' lengths; progress: (T,) or (B, T), 0..1 along the
        clip, when the frames are. All floats.
        """
        count, roles = len(code), len(ACTORS)
        progress = progress.float().expand(count, progress.shape[-1])
        role = torch.eye(roles, device=code.device, dtype=code.dtype).repeat(count, 1)
        each = [values.repeat_interleave(roles, 0) for values in (code, noise, seconds, progress)]
        actors = self.actors(torch.cat([each[0], role], 1), *each[1:])
        return actors.unflatten(0, (count, roles)).transpose(1, 2), self.scene(code, noise, seconds, progress)


def _bounded(values: Tensor) -> Tensor:
    """Clamped to 0..1, with the gradient of what was not clamped: rain that is mostly 0 must not die of it."""
    return values + (values.clamp(0, 1) - values).detach()


def _shrunk(amplitudes: Tensor, threshold: float = 0.002) -> Tensor:
    """Amplitudes well above the threshold as they are, those below it towards zero: what stands must not tremble."""
    squared = amplitudes.square()
    return amplitudes * (squared / (squared + threshold**2))
