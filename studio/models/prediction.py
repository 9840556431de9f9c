"""The prediction generator: what a forecast by motion alone cannot know, learnt on top of it.

Three parts. ``judge`` looks once at a clip's last motion and says how it develops: which velocity to believe, and how
soon each thing that moves by itself comes to rest. ``paint`` looks at every forecast frame and repaints what motion
could not carry: uncovered ground, new borders, torn places. ``course`` reads words ("pans left") as six numbers.
The painter's touch fades out where nothing moved, so that a still stays still to the last bit; and where the picture
was merely moved it may change detail but not colour: its correction has its local mean taken out, so that no light or
colour drifts, however far ahead. For the next few frames, where what counts is to be right, it also weighs the forecast
against a second opinion and against the last frame as it stood; further ahead such a mixture would be a double image,
and the forecast alone goes on.

Condition by FiLM (Perez et al. 2018), adversarial as in Isola et al. 2017; nothing learnt is taken from either.
Letters: B batch, H, W rows and columns of the frame, h, w of the motion grid, D width of the text, Z dims of noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn
from torch.nn import functional as F

GUIDES = ("uncovered", "outside", "distrust", "moved")
"""What the painter is told about each pixel, 0..1 each."""

COURSE = ("pan_x", "pan_y", "zoom", "rotation", "speed_factor", "stop")
"""Frame heights, octaves, radians (clockwise) per second; how motion speeds up within a second; how far it stops."""

ALONE = 10
"""Frames ahead from which on the painter goes by the forecast alone, without second opinions."""

_UNIT = 4  # the painter works on blocks of 4 x 4 pixels
_MEAN = 16  # pixels over which a correction of moved (not of new) picture has no mean
_PLAIN_HORIZON = 8.0  # frames
_REACH = 0.5  # largest correction, of the range 0..1
_SHARES = (0.5, 0.35, 0.15)  # of the opinions before anything is learnt: what was best on training clips
_MIXED = 4.0  # frames ahead up to which opinions are mixed in full


@dataclass(frozen=True)
class Judgement:
    """Each (B, h, w): the slow velocity's share at once and later, 0..1, and the frames until motion has settled."""

    share_now: Tensor
    share_later: Tensor
    horizon: Tensor


class _Block(nn.Module):
    """Two 3x3 convolutions, the first moved by FiLM where there is a style, added to the input."""

    def __init__(self, width: int, style: int = 0) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.film = nn.Linear(style, 2 * width) if style else None
        if self.film is not None:
            nn.init.normal_(self.film.weight, 0.0, 0.02)
            nn.init.zeros_(self.film.bias)

    def forward(self, x: Tensor, style: Tensor | None = None) -> Tensor:
        y = self.first(x)
        if self.film is not None:
            gain, shift = self.film(style)[..., None, None].chunk(2, 1)
            y = y * (1 + gain).to(y.dtype) + shift.to(y.dtype)
        return x + self.second(F.leaky_relu(y, 0.1))


def _upto(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)


class MotionJudge(nn.Module):
    """Reads velocities, their trust and the picture on the motion grid; a small U-Net on half of it."""

    inputs = 14

    def __init__(self, width: int) -> None:
        super().__init__()
        wide, deep = 3 * width // 2, 2 * width
        self.enter = nn.Conv2d(self.inputs, width, 3, padding=1)
        self.down = nn.Conv2d(width, wide, 3, stride=2, padding=1)
        self.lower = nn.Conv2d(wide, deep, 3, stride=2, padding=1)
        self.inner = nn.ModuleList(_Block(deep) for _ in range(2))
        self.rise = nn.Conv2d(deep, wide, 1)
        self.middle = _Block(wide)
        self.up = nn.Conv2d(wide, width, 1)
        self.outer = _Block(width)
        self.out = nn.Conv2d(width, 3, 3, padding=1)
        nn.init.normal_(self.out.weight, 0.0, 0.003)
        nn.init.zeros_(self.out.bias)

    def forward(self, features: Tensor) -> Tensor:
        """(B, 14, h, w) to (B, 3, h, w) of plain numbers, zero for the classical judgement."""
        x = F.avg_pool2d(features, 2, ceil_mode=True)
        top = F.leaky_relu(self.enter(x), 0.1)
        mid = F.leaky_relu(self.down(top), 0.1)
        y = F.leaky_relu(self.lower(mid), 0.1)
        for block in self.inner:
            y = block(y)
        y = self.middle(_upto(self.rise(y), mid) + mid)
        y = self.outer(_upto(self.up(y), top) + top)
        return _upto(self.out(y).float(), features)


class CourseHead(nn.Module):
    """Words (B, D) to a course (B, 6); starts at the course that changes nothing."""

    def __init__(self, text: int, hidden: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(text, hidden)
        self.out = nn.Linear(hidden, len(COURSE))
        nn.init.normal_(self.out.weight, 0.0, 0.01)
        nn.init.zeros_(self.out.bias)

    def forward(self, text_embeds: Tensor) -> Tensor:
        """See COURSE; the speed factor is above 0, the stop in 0..1 where trained."""
        numbers = self.out(F.silu(self.hidden(text_embeds))).float()
        camera, speed, stop = numbers.split((4, 1, 1), 1)
        return torch.cat([camera, torch.exp(speed.clamp(-2, 2)), stop], 1)


class PredictionGenerator(ModelMixin, ConfigMixin):
    """Judge, painter and course head; about 0.6 million parameters.

    Args:
        judge: channels of the judge. width, deep: the painter's channels at a quarter and an eighth of the frame.
        blocks: residual blocks of the painter at an eighth. text: D. style: width of the FiLM vector. noise: Z.
        strength, invention, judgement: factors in 0..1 on the painter's say about moved picture, about new picture, and
            on the judge's, each lowered after training if its full say measured worse than the classical forecast.
    """

    @register_to_config
    def __init__(
        self,
        judge: int = 32,
        width: int = 48,
        deep: int = 64,
        blocks: int = 3,
        text: int = 256,
        style: int = 48,
        noise: int = 8,
        strength: float = 1.0,
        invention: float = 1.0,
        judgement: float = 1.0,
    ) -> None:
        super().__init__()
        self.motion = MotionJudge(judge)
        self.from_text = nn.Linear(text, style)
        self.from_horizon = nn.Linear(2, style)
        self.from_noise = nn.Linear(noise, style, bias=False)
        self.mix = nn.Linear(style, style)
        self.enter = nn.Conv2d((9 + len(GUIDES)) * _UNIT**2, width, 3, padding=1)
        self.down = nn.Conv2d(width, deep, 3, stride=2, padding=1)
        self.inner = nn.ModuleList(_Block(deep, style) for _ in range(blocks))
        self.up = nn.Conv2d(deep, width, 1)
        self.outer = _Block(width, style)
        self.out = nn.Conv2d(width, 7 * _UNIT**2, 3, padding=1)
        nn.init.normal_(self.out.weight, 0.0, 0.002)
        nn.init.zeros_(self.out.bias)
        self.words = CourseHead(text, 2 * style)

    @classmethod
    def tiny(cls) -> PredictionGenerator:
        """The smallest one that still has every part, for tests and dry runs."""
        return cls(judge=8, width=8, deep=8, blocks=1, style=8)

    def forward(
        self,
        motion: tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor],
        opinions: Tensor,
        guides: Tensor,
        horizon: Tensor,
        text_embeds: Tensor | None = None,
        noise: Tensor | None = None,
    ) -> tuple[Judgement, Tensor, Tensor]:
        """All three parts at once: ``judge(*motion)``, ``paint(...)`` and ``course(text_embeds)``."""
        if text_embeds is None:
            text_embeds = opinions.new_zeros(len(opinions), self.config.text)
        painted = self.paint(opinions, guides, horizon, text_embeds, noise)
        return self.judge(*motion), painted, self.course(text_embeds)

    def judge(
        self, quick: Tensor, slow: Tensor, trust: Tensor, slow_trust: Tensor, mismatch: Tensor, picture: Tensor
    ) -> Judgement:
        """How a motion develops.

        quick, slow: (B, 2, h, w), what moves by itself, in cells of the grid per frame; trust, slow_trust: (B, h, w)
        0..1; mismatch: (B, h, w) in levels of 0..255; picture: (B, 3, h, w) in 0..1, the last frame.
        """
        apart = torch.linalg.vector_norm(quick - slow, dim=1)
        pace = torch.linalg.vector_norm(quick, dim=1)
        share = slow_trust * torch.exp(-apart / (1 + 0.5 * pace))
        level = quick - F.avg_pool2d(quick, 9, 1, 4, count_include_pad=False)
        rough = torch.linalg.vector_norm(level, dim=1)
        maps = [trust, slow_trust, mismatch / 16, torch.log1p(apart), torch.log1p(pace), torch.log1p(rough), share]
        features = torch.cat([quick / 6, slow / 6, torch.stack(maps, 1), picture * 2 - 1], 1)
        # Bounded, or one bold step of training would leave every answer at its end, where nothing is learnt.
        said = 3 * torch.tanh(self.motion(features.clamp(-3, 3)) / 3)
        now, later, settle = (self.config.judgement * said).unbind(1)
        return Judgement(
            torch.sigmoid(torch.logit(0.1 * share, 0.01) + now),
            torch.sigmoid(torch.logit(0.6 * share, 0.01) + later),
            _PLAIN_HORIZON * torch.exp(0.7 * settle),
        )

    def paint(
        self,
        opinions: Tensor,
        guides: Tensor,
        horizon: Tensor,
        text_embeds: Tensor | None = None,
        noise: Tensor | None = None,
    ) -> Tensor:
        """The repainted frame (B, 3, H, W).

        opinions: (B, 9, H, W) in 0..1: the forecast, with new places filled somehow; a second one; the last frame.
        guides: (B, 4, H, W), as GUIDES; horizon: (B,) frames ahead; text_embeds: (B, D), None = no words; noise:
        (B, Z), None = zeros.
        """
        height, width = opinions.shape[-2:]
        forecast = opinions[:, :3]
        x = torch.cat([forecast * 2 - 1, 2 * (opinions[:, 3:] - forecast.repeat(1, 2, 1, 1)), guides * 2 - 1], 1)
        x = x.to(_convolved_in(x))
        multiple = 2 * _UNIT
        if height % multiple or width % multiple:
            x = F.pad(x, (0, -width % multiple, 0, -height % multiple), mode="replicate")
        style = self._style(horizon, text_embeds, noise)
        top = F.leaky_relu(self.enter(F.pixel_unshuffle(x, _UNIT)), 0.1)
        y = F.leaky_relu(self.down(top), 0.1)
        for block in self.inner:
            y = block(y, style)
        y = self.outer(_upto(self.up(y), top) + top, style)
        colour, gate, weights = self.out(y).contiguous().split([count * _UNIT**2 for count in (3, 1, 3)], 1)
        correction = _REACH * _unfolded(torch.tanh(colour), height, width)
        correction = correction * _unfolded(torch.sigmoid(gate), height, width)
        new = guides[:, :2].amax(1, keepdim=True)
        carried = correction - _local_mean(correction)
        near = ((ALONE - horizon) / (ALONE - _MIXED)).clamp(0, 1)
        if bool((near > 0).any()):
            shares = torch.log(torch.tensor(_SHARES, device=y.device)).view(1, 3, 1, 1)
            weights = torch.softmax(_unfolded(weights, height, width) + shares, 1)
            mixed = (opinions.unflatten(1, (3, 3)) * weights[:, :, None]).sum(1) - forecast
            carried = carried + near.view(-1, 1, 1, 1) * mixed
        touch = self.config.strength * guides[:, 3:] * (1 - new)
        return forecast + touch * carried + self.config.invention * new * correction

    def course(self, text_embeds: Tensor) -> Tensor:
        """Words (B, D) to courses (B, 6), see COURSE."""
        return self.words(text_embeds)

    def _style(self, horizon: Tensor, text_embeds: Tensor | None, noise: Tensor | None) -> Tensor:
        horizon = horizon.to(self.from_horizon.weight.dtype)
        style = self.from_horizon(torch.stack([torch.log1p(horizon) / 3, (horizon / 24).clamp(max=2)], 1))
        if text_embeds is not None:
            style = style + self.from_text(text_embeds.to(style.dtype))
        if noise is not None:
            style = style + self.from_noise(noise.to(style.dtype))
        return self.mix(F.silu(style))


def _unfolded(x: Tensor, height: int, width: int) -> Tensor:
    """Blocks of pixels, (B, C * 16, H / 4, W / 4), as pixels (B, C, H, W), float32."""
    return F.pixel_shuffle(x.float(), _UNIT)[..., :height, :width]


def _convolved_in(x: Tensor) -> torch.dtype:
    """The type that a convolution of x works in: casting before the copies that prepare it halves what they move."""
    device = x.device.type
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else x.dtype


def _local_mean(x: Tensor) -> Tensor:
    """Means over blocks of _MEAN pixels, smoothly enlarged again, (B, C, H, W)."""
    size = (max(1, x.shape[-2] // _MEAN), max(1, x.shape[-1] // _MEAN))
    return F.interpolate(F.adaptive_avg_pool2d(x, size), size=x.shape[-2:], mode="bilinear", align_corners=False)
