"""Repainting the emoji: which of a glyph's colours are its body, and what they become when a colour is asked for.

A glyph is split into a few flat colours (k-means in OKLab, Ottosson 2020). The largest and most colourful of them are
the body and take the paint, each pixel along a ramp shadow - base - highlight by how much darker or lighter it was than
the body; eyes, tyres, teeth and windows are other colours and stay.

Letters: N glyphs, K flat colours, P pixels, B sprites, S sprite side. Colours are sRGB 0..1, not premultiplied.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

Colour = tuple[float, float, float]

RAMPS: dict[str, tuple[Colour, Colour, Colour]] = {
    "red": ((0.50, 0.02, 0.09), (0.90, 0.10, 0.12), (1.00, 0.48, 0.42)),
    "orange": ((0.78, 0.27, 0.00), (1.00, 0.51, 0.03), (1.00, 0.76, 0.40)),
    "yellow": ((0.86, 0.60, 0.00), (1.00, 0.86, 0.10), (1.00, 0.97, 0.62)),
    "green": ((0.02, 0.34, 0.12), (0.16, 0.68, 0.22), (0.58, 0.92, 0.48)),
    "turquoise": ((0.00, 0.44, 0.47), (0.06, 0.78, 0.75), (0.62, 0.97, 0.92)),
    "blue": ((0.05, 0.11, 0.54), (0.12, 0.35, 0.94), (0.47, 0.70, 1.00)),
    "purple": ((0.26, 0.05, 0.44), (0.54, 0.19, 0.80), (0.79, 0.58, 0.98)),
    "pink": ((0.80, 0.18, 0.47), (1.00, 0.46, 0.71), (1.00, 0.78, 0.89)),
    "white": ((0.66, 0.70, 0.78), (0.94, 0.95, 0.98), (1.00, 1.00, 1.00)),
    "black": ((0.04, 0.04, 0.06), (0.16, 0.16, 0.19), (0.42, 0.43, 0.48)),
    "brown": ((0.25, 0.12, 0.04), (0.48, 0.27, 0.12), (0.73, 0.52, 0.33)),
    "grey": ((0.33, 0.36, 0.39), (0.57, 0.60, 0.64), (0.83, 0.85, 0.88)),
}
"""(shadow, base, highlight) of each colour word but 'natural', which paints nothing."""

FLAT_COLOURS = 7
SHARPNESS = 260.0  # of a pixel's choice among the flat colours, per squared OKLab distance
COVERAGE = 0.74  # of a glyph's area that the paint should reach, over its colours
NEUTRAL_COVERAGE = 0.50  # and over its blacks and whites as well
RAMP_REACH = 0.30  # how much lighter or darker than the body the ends of a ramp stand, in OKLab lightness

_TO_LMS = ((0.4122214708, 0.5363325363, 0.0514459929), (0.2119034982, 0.6806995451, 0.1073969566),
           (0.0883024619, 0.2817188376, 0.6299787005))
_TO_LAB = ((0.2104542553, 0.7936177850, -0.0040720468), (1.9779984951, -2.4285922050, 0.4505937099),
           (0.0259040371, 0.7827717662, -0.8086757660))


def to_oklab(rgb: Tensor) -> Tensor:
    """sRGB (..., 3) in 0..1 to OKLab (Ottosson 2020), float (..., 3): lightness 0..1, green-red, blue-yellow."""
    rgb = rgb.clamp(0, 1)
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    lms = (linear @ rgb.new_tensor(_TO_LMS).T).clamp(min=1e-6) ** (1 / 3)
    return lms @ rgb.new_tensor(_TO_LAB).T


@dataclass(frozen=True)
class Palettes:
    """The flat colours of every glyph: `centres` (N, K, 3) in OKLab, `body` (N, K) 1 where the paint goes, `light`
    (N,) the body's mean lightness."""

    centres: Tensor
    body: Tensor
    light: Tensor

    def to(self, device: torch.device) -> Palettes:
        return Palettes(self.centres.to(device), self.body.to(device), self.light.to(device))


def find_palettes(atlas: Tensor, people: Tensor) -> Palettes:
    """The flat colours of premultiplied glyphs (N, 4, S, S), and which of them are the body. Deterministic.

    `people` (N,) bool: glyphs whose faces and hands should keep their skin.
    """
    alpha = atlas[:, 3].flatten(1)
    rgb = (atlas[:, :3].flatten(2) / alpha[:, None].clamp(min=1e-3)).transpose(1, 2)
    lab = to_oklab(rgb)
    weight = (alpha > 0.9).float()
    centres = _first_centres(lab, weight)
    for _ in range(12):
        nearest = torch.cdist(lab, centres).argmin(-1)
        member = torch.nn.functional.one_hot(nearest, FLAT_COLOURS).float() * weight[..., None]
        area = member.sum(1)
        means = (member.transpose(1, 2) @ lab) / area[..., None].clamp(min=1)
        centres = torch.where(area[..., None] > 0, means, centres)
    share = area / weight.sum(1, keepdim=True).clamp(min=1)
    body = torch.stack([_body_of(*one) for one in zip(centres, share, people)])
    light = (centres[..., 0] * body * share).sum(1) / (body * share).sum(1).clamp(min=1e-6)
    return Palettes(centres, body, light)


def _first_centres(lab: Tensor, weight: Tensor) -> Tensor:
    """Centres far from each other: each next one is the pixel farthest from those before."""
    mean = (lab * weight[..., None]).sum(1, keepdim=True) / weight.sum(1).clamp(min=1)[:, None, None]
    centres = mean
    for _ in range(FLAT_COLOURS - 1):
        far = (torch.cdist(lab, centres).amin(-1) * weight).argmax(1)
        centres = torch.cat([centres, lab[torch.arange(len(lab)), far][:, None]], 1)
    return centres


def _body_of(centres: Tensor, share: Tensor, keep_skin: Tensor) -> Tensor:
    """How much paint each of one glyph's flat colours (K, 3) takes, given their shares of the area (K,): (K,) 0..1."""
    light, chroma = centres[:, 0], centres[:, 1:].norm(dim=1)
    hue = torch.atan2(centres[:, 2], centres[:, 1])
    dark = (light < 0.36) & (chroma < 0.07)
    neutral = dark | ((light > 0.80) & (chroma < 0.045))
    skin = keep_skin & (chroma > 0.09) & (light > 0.70) & ((hue - 1.45).abs() < 0.25)
    rank = share * (1 + 1.2 * (chroma / 0.12).clamp(max=1)) * torch.where(dark, 0.3, torch.where(neutral, 0.6, 1.0))
    body = torch.zeros_like(share)
    for index in (rank - 9 * skin.float()).argsort(descending=True).tolist():
        if float((body * share).sum()) < (NEUTRAL_COVERAGE if neutral[index] or skin[index] else COVERAGE):
            body[index] = 1
    # Shades of what is painted anyway belong to it.
    for index in torch.nonzero(body)[:, 0].tolist():
        near = (centres - centres[index]).norm(dim=1) < 0.13
        if chroma[index] > 0.06:
            apart = torch.remainder(hue - hue[index] + torch.pi, 2 * torch.pi) - torch.pi
            near |= (apart.abs() < 0.6) & (chroma > 0.05) & ~dark
        body[near & ~skin] = 1
    return _mend_edges(centres, share, body)


def _mend_edges(centres: Tensor, share: Tensor, body: Tensor) -> Tensor:
    """Rare colours that are only the soft border between two others take as much paint as those two do."""
    out = body.clone()
    for index in torch.nonzero(share < 0.07)[:, 0].tolist():
        for one in torch.nonzero((share > share[index]) & (body == 1))[:, 0].tolist():
            for other in torch.nonzero((share > share[index]) & (body == 0))[:, 0].tolist():
                span = centres[other] - centres[one]
                along = float(((centres[index] - centres[one]) @ span) / (span @ span).clamp(min=1e-6))
                off = (centres[index] - centres[one] - along * span).norm()
                if 0.1 < along < 0.9 and off < 0.05:
                    out[index] = 1
    return out


def repaint(rgb: Tensor, palettes: Palettes, subject: Tensor, ramps: Tensor) -> Tensor:
    """Natural colours (B, 3, S, S) with their body in other paint.

    Args:
        palettes: of all glyphs, on the same device.
        subject: (B,) which glyph each one is.
        ramps: (B, 3, 3) shadow, base and highlight in sRGB.
    """
    size = rgb.shape[-1]
    lab = to_oklab(rgb.flatten(2).transpose(1, 2))
    centres, body = palettes.centres[subject], palettes.body[subject]
    share = torch.softmax(-SHARPNESS * torch.cdist(lab, centres).square(), -1) @ body[..., None]
    position = torch.tanh(1.1 * (lab[..., :1] - palettes.light[subject][:, None, None]) / RAMP_REACH)
    shadow, base, highlight = (ramps[:, None, i] for i in range(3))
    painted = base + position.clamp(min=0) * (highlight - base) + (-position).clamp(min=0) * (shadow - base)
    mixed = share * painted + (1 - share) * rgb.flatten(2).transpose(1, 2)
    return mixed.transpose(1, 2).unflatten(2, (size, size))
