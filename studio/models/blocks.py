"""Parts of the prompt tab's generator: from chances of slots and aligned noise to a style, and on to a picture.

A picture is painted in three stages. What its class looks like is *remembered*: StyleGAN's learned constant (Karras et
al. 2019), one for each class (the maps are learnt like the codes of generative latent optimisation, Bojanowski et al.
2018). Convolutions moved by the style (FiLM, Perez et al. 2018) enlarge it in one fixed pose; then it is posed by one
learned affine transformation (spatial transformers, Jaderberg et al. 2015; StyleGAN3, Karras et al. 2021) and shaded,
pixel by pixel, by small layers whose weights the style chooses (Anokhin et al. 2021). So outlines stay sharp: nothing
has to learn what a turned edge looks like. Nothing learnt is taken from any of them.

Letters: B batch, E entries of a memory, Z noise dims, C channels, H, W, S style width. All tensors are floats, of the
type that the weights (or autocast) compute in unless said otherwise; chances are probabilities, 0..1.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def convolution_dtype(layer: nn.Conv2d) -> torch.dtype:
    """The type that a convolution works in: casting before the copies that prepare its input halves what they move."""
    device = layer.weight.device.type
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else layer.weight.dtype


def noise_features(noise: Tensor) -> Tensor:
    """Normal noise (B, Z) as (B, 4 Z): itself, its quantile in -1..1, and the sine and cosine of the quantile's angle.

    The world draws from the quantile, often periodically (hues, phases); so seen, both are easy to learn.
    """
    share = torch.erf(noise / math.sqrt(2))
    return torch.cat([noise, share, torch.sin(math.pi * share), torch.cos(math.pi * share)], 1)


def unit_activation(x: Tensor) -> Tensor:
    """SiLU of features (B, S), each row divided by its root mean square; same shape and dtype.

    Signals that shrink from layer to layer learn slowly.
    """
    x = F.silu(x)
    return x * torch.rsqrt(x.float().square().mean(1, keepdim=True) + 1e-6).to(x.dtype)


class Mapping(nn.Module):
    """Chances of some slots and aligned noise to a style (B, S).

    Args:
        codes: number of values of all slots together. aligned: Z, the dims that the world draws with too. style: S.
        code_width: width of the values' sum of embeddings. extra: further plain inputs. layers: how many.
    """

    def __init__(
        self, codes: int, aligned: int, style: int, code_width: int = 96, extra: int = 0, layers: int = 2
    ) -> None:
        super().__init__()
        # A product of chances and embeddings: mixed chances mix what they mean, and gradients reach the chances.
        self.codes = nn.Linear(codes, code_width, bias=False)
        nn.init.normal_(self.codes.weight)
        inputs = [code_width + 4 * aligned + extra, *[style] * (layers - 1)]
        self.layers = nn.ModuleList(nn.Linear(width, style) for width in inputs)

    def forward(self, code: Tensor, aligned: Tensor, extra: Tensor | None = None) -> Tensor:
        """Chances (B, codes), noise (B, Z) and optionally further inputs (B, extra) to a style (B, S)."""
        embedded = self.codes(code.to(self.codes.weight.dtype))
        parts = [noise_features(aligned)] + ([] if extra is None else [extra])
        x = torch.cat([embedded, *(part.to(embedded.dtype) for part in parts)], 1)
        for layer in self.layers:
            x = unit_activation(layer(x))
        return x


class Memory(nn.Module):
    """Learned maps, one for each entry: chances (B, E) to (B, C, H, W)."""

    def __init__(self, entries: int, channels: int, size: tuple[int, int], gain: float = 4.0) -> None:
        super().__init__()
        # The gain enlarges the optimiser's steps: a cell is seen far less often than a weight that all pixels share.
        self.gain, self.shape = gain, (channels, *size)
        self.maps = nn.Parameter(torch.randn(entries, channels * size[0] * size[1]) * (0.5 / gain))

    def forward(self, chances: Tensor) -> Tensor:
        """(B, E), usually one-hot, to (B, C, H, W) with channels last."""
        maps = (chances.to(self.maps.dtype) @ self.maps) * self.gain
        return maps.view(len(chances), *self.shape).contiguous(memory_format=torch.channels_last)


class StyledConv(nn.Module):
    """3x3 convolution, optional GroupNorm, FiLM by the style, SiLU; the size stays."""

    def __init__(self, inputs: int, outputs: int, style: int, groups: int = 0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm = nn.GroupNorm(groups, outputs) if groups else nn.Identity()
        self.film = nn.Linear(style, 2 * outputs)
        nn.init.normal_(self.film.weight, 0.0, 0.03)
        nn.init.zeros_(self.film.bias)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Features (B, inputs, H, W) and a style (B, S) to features (B, outputs, H, W), of the input's dtype."""
        gain, shift = self.film(style.to(self.film.weight.dtype))[:, :, None, None].chunk(2, 1)
        x = self.norm(self.conv(x))
        return F.silu(torch.addcmul(x + shift.to(x.dtype), x, gain.to(x.dtype)))


class Shade(nn.Module):
    """Each pixel's features and its place to straight RGBA, by two layers whose weights the style chooses.

    A weight for each picture makes one batched matrix product of what would be a convolution and a FiLM: at full size
    this is the cheapest form there is.
    """

    def __init__(self, inputs: int, hidden: int, style: int) -> None:
        super().__init__()
        self.sizes = ((hidden, inputs + 3), (4, hidden + 1))
        self.weights = nn.ModuleList(nn.Linear(style, out * into) for out, into in self.sizes)
        for layer, (out, into) in zip(self.weights, self.sizes):
            nn.init.normal_(layer.weight, 0.0, 0.03 / math.sqrt(into))
            with torch.no_grad():
                layer.bias.normal_(0.0, 1.0 / math.sqrt(into)).view(out, into)[:, -1] = 0.0

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """(B, C, H, W) and (B, S) to (B, 4, H, W), float32 in 0..1."""
        batch, _, height, width = x.shape
        first, last = (
            layer(style.to(layer.weight.dtype)).view(batch, *size).to(x.dtype)
            for layer, size in zip(self.weights, self.sizes, strict=True)
        )
        place = coordinates(x).expand(batch, -1, -1, -1)
        one = torch.ones_like(place[:, :1])
        x = _alive_relu(torch.bmm(first, torch.cat([x, place, one], 1).flatten(2)))
        logits = torch.baddbmm(last[:, :, -1:], last[:, :, :-1], x)
        return torch.sigmoid(1.5 * logits.view(batch, 4, height, width).float())


class Painter(nn.Module):
    """One of E remembered things, in a style, as straight RGBA (B, 4, H, W): whoever shows it multiplies by alpha.

    Args:
        entries: E. size: (H, W), divisible by 8. style: S. coarse, fine: channels remembered at an eighth and at half
            of the size. widths: channels of the convolutions at a quarter and at half. canon: channels of the picture
            before it is posed. shade: hidden width of the shading. posed: whether it is posed at all.
    """

    def __init__(
        self, entries: int, size: tuple[int, int], style: int, coarse: int, fine: int, widths: tuple[int, int],
        canon: int, shade: int, posed: bool,
    ) -> None:  # fmt: skip
        super().__init__()
        height, width = size
        self.coarse = Memory(entries, coarse, (height // 8, width // 8))
        self.fine = Memory(entries, fine, (height // 2, width // 2))
        self.first = StyledConv(coarse, widths[0], style, 8)
        self.second = StyledConv(widths[0] + fine, widths[1], style)
        self.rough = nn.Conv2d(widths[1], canon, 3, padding=1)
        self.detail = nn.Conv2d(widths[1], canon, 3, padding=1)
        nn.init.normal_(self.detail.weight, 0.0, 0.01)
        nn.init.zeros_(self.detail.bias)
        self.pose = nn.Linear(style, 6) if posed else None
        if self.pose is not None:
            nn.init.zeros_(self.pose.weight)
            nn.init.zeros_(self.pose.bias)
        self.shade = Shade(canon, shade, style)

    def forward(self, chances: Tensor, style: Tensor, rough: bool = False) -> Tensor:
        """Chances (B, E) and a style (B, S) to straight RGBA (B, 4, H, W), float32 in 0..1.

        If `rough`, at half the size, (B, 4, H / 2, W / 2), and without the detail.
        """
        x = self.first(_doubled(self.coarse(chances)), style)
        x = self.second(torch.cat([_doubled(x), self.fine(chances).to(x.dtype)], 1), style)
        picture = self.rough(x)
        if not rough:
            picture = _doubled(picture) + self.detail(_doubled(x))
        if self.pose is not None:
            picture = self._posed(picture, self.pose, style)
        return self.shade(picture.contiguous(), style)

    def _posed(self, picture: Tensor, pose: nn.Linear, style: Tensor) -> Tensor:
        """Turned, stretched and shifted as the style says, in full precision: a position wants all its digits."""
        with torch.autocast(picture.device.type, enabled=False):
            change = 0.3 * F.linear(style.float(), pose.weight.float(), pose.bias.float()).view(-1, 2, 3)
            rest = torch.eye(2, 3, device=change.device)
            where = F.affine_grid(rest + change, list(picture.shape), align_corners=False)
            posed = F.grid_sample(picture.float(), where, padding_mode="border", align_corners=False)
        return posed.to(picture.dtype)


def _alive_relu(x: Tensor, leak: float = 0.01) -> Tensor:
    """ReLU with a little gradient where it is silent: a pixel whose every unit was silent stayed black for ever."""
    out = F.relu(x)
    return out + leak * (x - x.detach()) if x.requires_grad else out


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def coordinates(like: Tensor) -> Tensor:
    """Two channels with the pixel's y and x in -1..1, (1, 2, H, W), of the size, dtype and device of `like`.

    With them a convolution can tell where in the picture it is.
    """
    height, width = like.shape[-2:]
    y = torch.linspace(-1, 1, height, device=like.device, dtype=like.dtype).view(1, 1, height, 1)
    x = torch.linspace(-1, 1, width, device=like.device, dtype=like.dtype).view(1, 1, 1, width)
    return torch.cat([y.expand(1, 1, height, width), x.expand(1, 1, height, width)], 1)


def premultiplied(straight: Tensor) -> Tensor:
    """Straight RGBA (B, 4, H, W) in 0..1 to RGBA with colours multiplied by alpha, same shape and dtype."""
    return torch.cat([straight[:, :3] * straight[:, 3:], straight[:, 3:]], 1)
