"""Subjects of the procedural world: the emoji of each noun, painted in the colour that the words ask for.

The glyphs come from Debian's colour emoji font (package fonts-noto-color-emoji, SIL Open Font Licence). The font is
needed for training only; generators carry what they learnt.

Letters: N nouns, B scenes, S sprite side. Colours 0..1, premultiplied by alpha in what enters and leaves.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torch.nn import functional as F

from studio.errors import ResourceError
from studio.worlds.lexicon import SLOTS, SUBJECTS
from studio.worlds.noise import uniform

FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
GLYPH_SIZE = 109  # the one size that the bitmap font has
MARGIN = 0.06  # empty border around a glyph, so that turning it cuts nothing off

#: Paint for each colour word; 'natural' paints nothing.
PAINTS: dict[str, tuple[float, float, float]] = {
    "natural": (0.0, 0.0, 0.0), "red": (0.90, 0.12, 0.14), "orange": (0.99, 0.52, 0.06),
    "yellow": (0.99, 0.86, 0.13), "green": (0.18, 0.72, 0.26), "turquoise": (0.10, 0.78, 0.76),
    "blue": (0.15, 0.38, 0.95), "purple": (0.56, 0.22, 0.82), "pink": (0.99, 0.46, 0.72),
    "white": (0.97, 0.97, 1.00), "black": (0.14, 0.14, 0.18), "brown": (0.52, 0.31, 0.16),
    "grey": (0.62, 0.65, 0.69),
}


@lru_cache(maxsize=4)
def load_atlas(size: int, font: Path = FONT) -> Tensor:
    """All nouns as premultiplied RGBA (N, 4, size, size), looking left, vehicles and animals standing on the ground.

    Raises:
        ResourceError: the font is not installed, or it lacks a glyph.
    """
    if not font.is_file():
        raise ResourceError(
            f"The colour emoji font {font} is missing, and training needs it: "
            "install Debian's package fonts-noto-color-emoji."
        )
    face = ImageFont.truetype(str(font), GLYPH_SIZE)
    return torch.stack([_glyph(face, index, size) for index in range(len(SUBJECTS))])


def _glyph(face: ImageFont.FreeTypeFont, index: int, size: int) -> Tensor:
    subject = SUBJECTS[index]
    canvas = Image.new("RGBA", (160, 160))
    ImageDraw.Draw(canvas).text((80, 80), subject.glyph, font=face, embedded_color=True, anchor="mm")
    box = canvas.getbbox()
    if box is None:
        raise ResourceError(f"The emoji font has no picture for {subject.name!r}; install a newer one.")
    glyph = canvas.crop(box)
    if subject.mirror:
        glyph = glyph.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    side = max(glyph.size)
    square = Image.new("RGBA", (side, side))
    floating = subject.kind in ("flyer", "swimmer")
    top = (side - glyph.height) // 2 if floating else side - glyph.height
    square.paste(glyph, ((side - glyph.width) // 2, top))
    pixels = np.asarray(square, dtype=np.float32) / 255
    pixels = np.concatenate([pixels[..., :3] * pixels[..., 3:], pixels[..., 3:]], -1)  # before any resizing
    tensor = torch.from_numpy(pixels).permute(2, 0, 1)[None]
    tensor = F.pad(tensor, (max(1, round(side * MARGIN)),) * 4)
    return F.interpolate(tensor, (size, size), mode="bilinear", antialias=True, align_corners=False)[0].clamp(0, 1)


def paint_sprites(atlas: Tensor, slots: dict[str, Tensor], noise: Tensor) -> Tensor:
    """Sprites (B, 4, S, S), premultiplied RGBA, from `load_atlas` and the slots "subject" and "colour".

    Noise (B, 6): tilt, size, light from the side, light overall, hue, aspect.
    """
    u = uniform(noise)
    glyphs = _posed(atlas[slots["subject"]], u)
    alpha = glyphs[:, 3:].clamp(0, 1)
    natural = (glyphs[:, :3] / alpha.clamp(min=1e-3)).clamp(0, 1)
    shift = ((u[:, 4:5] - 0.5) * 0.14 * torch.tensor([[1.0, -0.6, 0.8]]))[:, :, None, None]
    is_natural = (slots["colour"] == 0).float()[:, None, None, None]
    rgb = is_natural * (natural + 0.4 * shift) + (1 - is_natural) * _painted(natural, alpha, slots["colour"], shift)
    size = atlas.shape[-1]
    y, x = torch.meshgrid(torch.linspace(-1, 1, size), torch.linspace(-1, 1, size), indexing="ij")
    side = ((u[:, 2] - 0.5) * 1.6)[:, None, None]
    light = 1.02 + 0.14 * (x * side - 0.9 * y) + ((u[:, 3] - 0.5) * 0.12)[:, None, None]
    return torch.cat([(rgb * light[:, None]).clamp(0, 1) * alpha, alpha], 1)


def _posed(glyphs: Tensor, u: Tensor) -> Tensor:
    """Glyphs slightly tilted, resized and stretched by the noise."""
    angle, scale, aspect = (u[:, 0] - 0.5) * 0.24, 0.97 + 0.12 * u[:, 1], 1 + 0.10 * (u[:, 5] - 0.5)
    cos, sin, zero = torch.cos(angle) * scale, torch.sin(angle) * scale, torch.zeros_like(angle)
    matrix = torch.stack([torch.stack([cos * aspect, -sin, zero], 1), torch.stack([sin, cos / aspect, zero], 1)], 1)
    where = F.affine_grid(matrix, list(glyphs.shape), align_corners=False)
    return F.grid_sample(glyphs, where, align_corners=False)


def _painted(natural: Tensor, alpha: Tensor, colour: Tensor, shift: Tensor) -> Tensor:
    """The glyphs in one paint, darks and lights kept so that eyes, wheels and windows stay readable."""
    weights = natural.new_tensor([0.30, 0.55, 0.15])[None, :, None, None]
    light = (natural * weights).sum(1, keepdim=True)
    mean = (light * alpha).sum((2, 3), keepdim=True) / alpha.sum((2, 3), keepdim=True).clamp(min=1)
    light = (light * (0.56 / mean.clamp(min=0.05)).clamp(0.8, 1.7)).clamp(0, 1)
    paint = (torch.tensor([PAINTS[name] for name in SLOTS["colour"]])[colour][:, :, None, None] + shift).clamp(0, 1)
    dark, bright = (light / 0.55).clamp(max=1) ** 0.9, ((light - 0.55) / 0.45).clamp(0, 1)
    tinted = paint * dark + (1 - paint) * bright * 0.72
    names = SLOTS["colour"]
    for name, special in (
        ("white", (0.48 + 0.52 * light.sqrt()) * natural.new_tensor([0.98, 0.98, 1.0])[None, :, None, None]),
        ("black", (0.05 + 0.34 * light**1.3) * natural.new_tensor([1.0, 1.0, 1.1])[None, :, None, None]),
    ):
        chosen = (colour == names.index(name)).float()[:, None, None, None]
        tinted = tinted * (1 - chosen) + special * chosen
    return 0.12 * natural + 0.88 * tinted
