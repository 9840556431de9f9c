"""The in-between generator: it finds the motion at a moment between two frames, and draws the frame there.

Coarse flow between the two frames (DIS, studio/motion/flow.py) is where it starts. Carried to the wanted moment, the
two flows are two opinions of the motion there. Where the frames before and after are known too, each opinion also says
how its motion bends: things rarely move at an even speed, and following the bend (Xu et al., "Quadratic Video
Interpolation", 2019) is worth half a dB before anything is learnt. Three stages follow, each at twice the resolution of
the one before:

* ``search`` (an eighth of the frame) compares learnt features of both frames, moved by the opinions, over a window of
  displacements that is symmetric about the moment (a bilateral cost volume, Park et al. 2020), says how far to follow
  the bends and which opinion, and corrects the motion;
* ``refine`` (a quarter) sees both frames as the motion brings them and corrects again, up to half resolution;
* ``fuse`` (half, writing full) sees the two full frames moved to the moment, says which of them to believe where, and
  adds the detail that mixing loses.

Motion to the first and to the second frame are corrected apart, so that things may accelerate. Iterated correction by
what the warped frames show follows RIFE (Huang et al. 2022), stages from coarse to fine PWC-Net (Sun et al. 2018), in
our own words; nothing learnt is taken from any. A further, tiny head reads words about timing ("slow start") and gives
a monotone curve of time.

Letters: B batch; H, W full rows and columns; h, w half of them, rounded up; flows are (B, 2, ., .), x before y, in
pixels of their own grid; D width of the text embedding, Z dims of noise, P points of a timing curve. Pictures and flows
are float32; convolutions and the features between them may be of 16 bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn
from torch.nn import functional as F

from studio.models.blocks import convolution_dtype
from studio.models.fields import cropped, enlarge, folded, halve, inside, padded, shrink, stacked, to_full, warp
from studio.models.opinions import Context, Opinions, chosen_between, form_opinions, lean
from studio.models.stillness import Stillness, hold, still_evidence

_RADIUS = 2  # of the window of displacements, in cells of an eighth of the frame, to either side
_MATCHED = 16  # channels that are compared
_DETAIL = 0.25  # largest residual, of the range 0..1
_HANDED_ON = 24, 12  # channels that a stage hands to the next finer one


@dataclass(frozen=True)
class Motion:
    """Where the pixels of the wanted moment come from, and what the last stage needs to know of it.

    to_first, to_second: flows (B, 2, h, w); leaning (B, 1, h, w): logit of the first frame's share; hint: features at
    a quarter of the frame. ``coarse`` (training): the same three of the stage before. held (B, 1, h, w): the share that
    the unmoved frames have in the warped ones (``hold``), None: no share.
    """

    to_first: Tensor
    to_second: Tensor
    leaning: Tensor
    hint: Tensor
    coarse: tuple[Tensor, Tensor, Tensor] | None = None
    held: Tensor | None = None


@dataclass(frozen=True)
class GapInputs:
    """What all moments of a gap share.

    first, second: both frames at half resolution (B, 3, h, w) in 0..1; features: as ``encode`` gave them; forward,
    backward: flows (B, 2, h, w) from the first to the second and back; context: the frames around, None = unknown.
    """

    first: Tensor
    second: Tensor
    features: Tensor
    forward: Tensor
    backward: Tensor
    context: Context | None = None


def _conv(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride, 1)


def _quiet(conv: nn.Conv2d, gain: float = 0.02) -> nn.Conv2d:
    """Nearly silent at first: training begins at the motion that DIS found."""
    with torch.no_grad():
        conv.weight.mul_(gain)
        conv.bias.zero_()
    return conv


class _Block(nn.Module):
    """Two 3x3 convolutions, moved by FiLM (Perez et al. 2018) where a style is given, added to the input."""

    def __init__(self, width: int, style: int = 0) -> None:
        super().__init__()
        self.first = _conv(width, width)
        self.second = _conv(width, width)
        self.film = nn.Linear(style, 2 * width) if style else None
        if self.film is not None:
            nn.init.normal_(self.film.weight, 0.0, 0.02)
            nn.init.zeros_(self.film.bias)

    def forward(self, x: Tensor, style: Tensor | None = None) -> Tensor:
        if self.film is None:
            y = self.first(x)
        else:
            gain, shift = self.film(style).float().chunk(2, 1)
            if len(x) == 1:  # the convolution does it along the way
                gain = 1 + gain[0]
                weight, bias = gain.view(-1, 1, 1, 1) * self.first.weight, gain * self.first.bias + shift[0]
                y = F.conv2d(x, weight.to(self.first.weight.dtype), bias.to(self.first.weight.dtype), padding=1)
            else:
                y = self.first(x)
                y = y * (1 + gain[..., None, None]).to(y.dtype) + shift[..., None, None].to(y.dtype)
        return F.leaky_relu(x + self.second(F.leaky_relu(y, 0.1)), 0.1)


class TimingHead(nn.Module):
    """Words about timing (B, D) to a rising curve (B, P) from 0 to 1; even words give the straight line."""

    def __init__(self, text: int, points: int, hidden: int = 64) -> None:
        super().__init__()
        self.hidden = nn.Linear(text, hidden)
        self.out = nn.Linear(hidden, points - 1)
        nn.init.normal_(self.out.weight, 0.0, 0.02)
        nn.init.zeros_(self.out.bias)

    def forward(self, text_embeds: Tensor) -> Tensor:
        """The curve (B, P) at P evenly spaced points in time: float32, rising from 0 to 1."""
        steps = torch.softmax(self.out(F.silu(self.hidden(text_embeds))).float(), 1)
        curve = F.pad(torch.cumsum(steps, 1), (1, 0))
        return curve / curve[:, -1:]


class InterpolationGenerator(ModelMixin, ConfigMixin):
    """Motion and picture at a moment between two frames; about .35 million parameters.

    Args:
        features, search, refine, fuse: channels of the frames' features and of the three stages.
        text: D. style: width of the FiLM vector. noise: Z, randomness for what nobody can know. timing_points: P.
        strength: 1 draws with this network, 0 leaves the classical picture (set after training where that is better).
        residual: a factor in 0..1 on the added detail.
        still: channels of the stage that may hold pixels still where the evidence for their motion is weak; 0: none.
    """

    @register_to_config
    def __init__(
        self,
        features: int = 32,
        search: int = 64,
        refine: int = 40,
        fuse: int = 16,
        text: int = 256,
        style: int = 40,
        noise: int = 8,
        timing_points: int = 17,
        strength: float = 1.0,
        residual: float = 1.0,
        still: int = 0,
    ) -> None:
        super().__init__()
        self.from_text = nn.Linear(text, style)
        self.from_moment = nn.Linear(3, style)
        self.from_noise = nn.Linear(noise, style, bias=False)
        self.mix = nn.Linear(style, style)
        self.enter = _conv(12, features // 2)
        self.lower = _conv(features // 2, features, 2)
        self.deepen = _conv(features, features)
        self.compared = nn.Conv2d(features, _MATCHED, 1)
        window = (2 * _RADIUS + 1) ** 2
        self.search_enter = _conv(window + 2 * features + 15, search)
        self.search_blocks = nn.ModuleList([_Block(search, style), _Block(search, style)])
        self.search_out = _quiet(_conv(search, 8))
        self.search_hint = nn.Conv2d(search, _HANDED_ON[0], 1)
        self.refine_enter = _conv(24 + _HANDED_ON[0] + 8, refine)
        self.refine_blocks = nn.ModuleList([_Block(refine), _Block(refine)])
        self.refine_out = _quiet(_conv(refine, 4 * 6))
        self.refine_hint = nn.Conv2d(refine, _HANDED_ON[1], 1)
        self.fuse_enter = _conv(24 + _HANDED_ON[1] + 1, fuse)
        self.fuse_block = _Block(fuse, style)
        self.fuse_out = _quiet(_conv(fuse, 4 * 4))
        self.timing = TimingHead(text, timing_points)
        self.stillness = Stillness(still, _HANDED_ON[1]) if still else None

    @classmethod
    def tiny(cls, **config: object) -> InterpolationGenerator:
        """The smallest sizes that work, for tests and dry runs; `config` overrides."""
        return cls(**{"features": 8, "search": 8, "refine": 8, "fuse": 8, "style": 8} | config)

    def forward(
        self,
        first: Tensor,
        second: Tensor,
        forward: Tensor,
        backward: Tensor,
        moment: Tensor,
        context: Context | None = None,
        text_embeds: Tensor | None = None,
        noise: Tensor | None = None,
    ) -> Tensor:
        """The frame at ``moment``, (B, 3, H, W), not clamped, all in one: ``encode``, ``motion``, two warps, ``fuse``.

        first, second: (B, 3, H, W) in 0..1; forward, backward: flows (B, 2, h, w) between their halves; moment: (B,)
        in (0, 1); context: the frames around, None = unknown; text_embeds: (B, D), None = no words; noise: (B, Z),
        None = zeros, the likeliest picture.
        """
        halves = [halve(picture) for picture in (first, second)]
        gap = GapInputs(*halves, self.encode(*halves), forward, backward, context)
        found = self.motion(gap, moment, text_embeds, noise)
        warps = [hold(warp(picture, to_full(flow, picture.shape[-2:])), picture, found.held)
                 for picture, flow in ((first, found.to_first), (second, found.to_second))]  # fmt: skip
        return self.fuse(*warps, found, moment, text_embeds, noise)

    def encode(self, first: Tensor, second: Tensor) -> Tensor:
        """Features (2 B, F, h / 4, w / 4), rounded up, of both halves (B, 3, h, w) in 0..1: once for a gap's moments.

        F is ``features`` of the configuration; the first frame's come before the second's.
        """
        both = padded(torch.cat([first, second]))
        x = F.leaky_relu(self.enter(self._narrow(F.pixel_unshuffle(both * 2 - 1, 2))), 0.1)
        return self.deepen(F.leaky_relu(self.lower(x), 0.1))

    def motion(
        self, gap: GapInputs, moment: Tensor, text_embeds: Tensor | None = None, noise: Tensor | None = None
    ) -> Motion:
        """The motion at a moment (B,) in (0, 1); text_embeds (B, D) and noise (B, Z) as for ``forward``."""
        size = gap.first.shape[-2:]
        t = moment.float().view(-1, 1, 1, 1)
        first, second, forward, backward = (padded(x) for x in (gap.first, gap.second, gap.forward, gap.backward))
        told = form_opinions(first, second, forward, backward, gap.context, t)
        style = self._style(moment, text_embeds, noise)
        pushed, hint = self._search(gap.features.float(), told, t, style)
        pushed = enlarge(pushed)
        choice = told.choice + pushed[:, 4:5]
        both = told.straight + told.bent_by(told.gates + pushed[:, 6:])
        flows = chosen_between(both, choice) + pushed[:, :4]
        leaning = lean(flows, t) + pushed[:, 5:6]
        coarse = (2 * enlarge(flows[:, :2]), 2 * enlarge(flows[:, 2:]), enlarge(leaning))
        finer, hint, warps = self._refine(first, second, coarse, both, choice, enlarge(hint))
        flows = chosen_between(2 * enlarge(both), enlarge(choice) + finer[:, 4:5])
        flows = flows + 2 * enlarge(pushed[:, :4]) + finer[:, :4]
        leaning = coarse[2] + finer[:, 5:]
        held = None
        if self.stillness is not None:
            evidence = (self._narrow(fact) for fact in still_evidence((first, second), warps, flows))
            held, leant = self.stillness(*evidence, hint)
            leaning = leaning + leant
        rows, columns = slice(0, size[0]), slice(0, size[1])
        return Motion(
            flows[:, :2, rows, columns], flows[:, 2:, rows, columns], leaning[..., rows, columns], hint,
            tuple(x[..., rows, columns] for x in coarse) if self.training else None,
            None if held is None else held[..., rows, columns],
        )  # fmt: skip

    def fuse(
        self,
        first: Tensor,
        second: Tensor,
        found: Motion,
        moment: Tensor,
        text_embeds: Tensor | None = None,
        noise: Tensor | None = None,
    ) -> Tensor:
        """The frame (B, 3, H, W), not clamped, mixed of both frames as they look at the moment.

        first, second: (B, 3, H, W) in 0..1, warped and then through ``hold``; found: from ``motion``; the rest as for
        ``forward``.
        """
        leaning, detail = self.judge(first, second, found, moment, text_embeds, noise)
        mixed = second + torch.sigmoid(leaning.float()) * (first - second)
        return mixed if detail is None else mixed + detail.float()

    def judge(
        self,
        first: Tensor,
        second: Tensor,
        found: Motion,
        moment: Tensor,
        text_embeds: Tensor | None = None,
        noise: Tensor | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """What ``fuse`` mixes by: the logit of the first warp's share (B, 1, H, W), and added detail (B, 3, H, W).

        Both of the type that convolutions run in; the detail is None where ``residual`` is 0. Arguments as for
        ``fuse``.
        """
        height, width = first.shape[-2:]
        apart = first - second
        seen = torch.cat([self._narrow(first + second - 1), self._narrow(4 * apart)], 1)
        if height % 4 or width % 4:
            seen = F.pad(seen, (0, -width % 4, 0, -height % 4), mode="replicate")
        half = (seen.shape[-2] // 2, seen.shape[-1] // 2)
        leaning = self._narrow(cropped(padded(found.leaning), half))
        x = stacked(folded(seen), cropped(enlarge(found.hint), half).to(seen.dtype), leaning / 4)
        x = F.leaky_relu(self.fuse_enter(x), 0.1)
        x = self.fuse_block(x, self._style(moment, text_embeds, noise))
        if self.config.residual == 0 and not self.training:  # the shares are the first of its four outputs a pixel
            x = F.conv2d(x, self.fuse_out.weight[:4], self.fuse_out.bias[:4], padding=1)
        else:
            x = self.fuse_out(x)
        x = F.pixel_shuffle(x, 2)[..., :height, :width].contiguous()
        leaning = enlarge(leaning)[..., :height, :width] + 4 * x[:, :1]
        if self.config.residual == 0:
            return leaning, None
        # Where nothing moves and both frames agree, there is nothing to add: a still stays still.
        way = padded((found.to_first.abs() + found.to_second.abs()).sum(1, keepdim=True))[..., : half[0], : half[1]]
        differ = F.avg_pool2d(shrink(padded(apart.abs().mean(1, keepdim=True))), 3, 1, 1)
        lively = enlarge((2 * way + differ * (255 / 4)).clamp(0, 1))[..., :height, :width]
        lively = self._narrow(self.config.residual * _DETAIL * lively)
        return leaning, x[:, 1:].clamp(-1, 1) * lively

    def timing_curve(self, text_embeds: Tensor) -> Tensor:
        """Text embeddings (B, D) to curves (B, P), float32 from 0 to 1: the share of the way gone at even points in
        time.
        """
        return self.timing(text_embeds.to(self.from_text.weight.dtype))

    def _search(self, features: Tensor, told: Opinions, t: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        """Pushes (B, 8, ., .) at an eighth (four of flow in quarter pixels, choice, leaning, gates) and features."""
        both = shrink(told.straight + told.bent_by(told.gates)) / 2
        choice = shrink(told.choice)
        flows = chosen_between(both, choice)
        a, b = features.chunk(2)
        a, b = self._narrow(warp(a, flows[:, :2])), self._narrow(warp(b, flows[:, 2:]))
        volume = _cost_volume(self.compared(a), self.compared(b))
        facts = torch.cat(
            [(flows[:, 2:] - flows[:, :2]) / 4, ((both[:, 4:6] - both[:, :2]) / 2).clamp(-4, 4),
             choice.clamp(-8, 8) / 4, inside(flows[:, :2]), inside(flows[:, 2:]),
             t.expand(-1, 1, *choice.shape[-2:]) * 2 - 1, lean(flows, t) / 4,
             (shrink(told.bends) / 2).clamp(-4, 4), shrink(told.doubts)], 1
        )  # fmt: skip
        x = F.leaky_relu(self.search_enter(stacked(volume, a, b, facts.to(a.dtype))), 0.1)
        for block in self.search_blocks:
            x = block(x, style)
        return 4 * self.search_out(x).float(), self.search_hint(x)

    def _refine(
        self,
        first: Tensor,
        second: Tensor,
        coarse: tuple[Tensor, Tensor, Tensor],
        both: Tensor,
        choice: Tensor,
        hint: Tensor,
    ) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor]]:
        """Pushes (B, 6, h, w) (four of flow in half pixels, choice, leaning), features at a quarter, and both frames
        as the coarser motion brings them (B, 3, h, w)."""
        a, b = warp(first, coarse[0]), warp(second, coarse[1])
        seen = self._narrow(torch.cat([a + b - 1, 4 * (a - b)], 1))
        facts = torch.cat(
            [shrink(torch.cat(coarse[:2], 1)) / 8, ((both[:, 4:6] - both[:, :2]) / 4).clamp(-4, 4),
             choice.clamp(-8, 8) / 4, shrink(coarse[2]) / 4], 1
        )  # fmt: skip
        x = stacked(F.pixel_unshuffle(seen, 2), hint.to(seen.dtype), facts.to(seen.dtype))
        x = F.leaky_relu(self.refine_enter(x), 0.1)
        for block in self.refine_blocks:
            x = block(x)
        pushed = F.pixel_shuffle(self.refine_out(x), 2).float()
        return torch.cat([2 * pushed[:, :4], 4 * pushed[:, 4:]], 1), self.refine_hint(x), (a, b)

    def _style(self, moment: Tensor, text_embeds: Tensor | None, noise: Tensor | None) -> Tensor:
        # The middle is the hardest place and both ends are alike: hence the two even terms beside the plain one.
        centred = moment.float()[:, None] * 2 - 1
        clock = torch.cat([centred, centred.square(), torch.cos(torch.pi * centred)], 1)
        style = self.from_moment(clock.to(self.from_moment.weight.dtype))
        if text_embeds is not None:
            style = style + self.from_text(text_embeds.to(style.dtype)) / 4
        if noise is not None:
            style = style + self.from_noise(noise.to(style.dtype)) / 4
        return self.mix(F.silu(style))

    def _narrow(self, x: Tensor) -> Tensor:
        return x.to(convolution_dtype(self.enter))


def _cost_volume(a: Tensor, b: Tensor) -> Tensor:
    """Likeness (B, (2 R + 1)^2, ., .) of a(x - d) and b(x + d) for all d within R cells; features (B, C, ., .)."""
    height, width = a.shape[-2:]
    reach = (_RADIUS,) * 4
    a, b = F.pad(a, reach), F.pad(b, reach)
    likeness = []
    for down in range(2 * _RADIUS + 1):
        for across in range(2 * _RADIUS + 1):
            up, left = 2 * _RADIUS - down, 2 * _RADIUS - across
            there = a[..., up : up + height, left : left + width]
            here = b[..., down : down + height, across : across + width]
            likeness.append((there * here).mean(1, keepdim=True))
    return torch.cat(likeness, 1)
