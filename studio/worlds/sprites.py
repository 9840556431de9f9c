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

from studio.captions.lexicon import SLOTS
from studio.captions.nouns import SUBJECTS
from studio.errors import ResourceError
from studio.worlds.noise import uniform
from studio.worlds.paints import RAMPS, Palettes, find_palettes, repaint

FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
GLYPH_SIZE = 109  # the one size that the bitmap font has
MARGIN = 0.06  # empty border around a glyph, so that turning it cuts nothing off
PEOPLE = frozenset("fairy mermaid wizard vampire ninja princess superhero dancer runner cyclist acrobat santa".split())
PALETTE_SIZE = 64  # sprites at which the glyphs' colours are counted


@lru_cache(maxsize=4)
def load_atlas(size: int, font: Path = FONT) -> Tensor:
    """All nouns as premultiplied RGBA, float32 (N, 4, size, size) in 0..1, looking left, vehicles and animals standing
    on the ground.

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


@lru_cache(maxsize=1)
def load_palettes() -> Palettes:
    """The flat colours of all nouns, see paints.py."""
    people = torch.tensor([subject.name in PEOPLE for subject in SUBJECTS])
    return find_palettes(load_atlas(PALETTE_SIZE), people)


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
    seen = pixels[..., 3][pixels[..., 3] > 0.1]
    pixels = pixels / max(0.2, float(np.quantile(seen, 0.8)))  # some, like the cloud, are see-through
    pixels[..., :3] = np.minimum(pixels[..., :3], pixels[..., 3:])
    tensor = torch.from_numpy(pixels.clip(0, 1)).permute(2, 0, 1)[None]
    tensor = F.pad(tensor, (max(1, round(side * MARGIN)),) * 4)
    return F.interpolate(tensor, (size, size), mode="bilinear", antialias=True, align_corners=False)[0].clamp(0, 1)


def paint_sprites(atlas: Tensor, subject: Tensor, colour: Tensor, noise: Tensor) -> Tensor:
    """Sprites, premultiplied RGBA float (B, 4, S, S) in 0..1: nouns of `load_atlas` in their colours.

    Args:
        atlas: (N, 4, S, S), on any device.
        subject, colour: (B,) values of the slots "subject" and "colour"; the other actor has its own.
        noise: (B, 6): hue, shade, light from the side, build (slim or stout), tilt, outline.
    """
    u = uniform(noise)
    glyphs = _posed(atlas[subject], u)
    alpha = glyphs[:, 3:].clamp(0, 1)
    natural = (glyphs[:, :3] / alpha.clamp(min=1e-3)).clamp(0, 1)
    # Turning the hue a little: red against green, or blue against yellow.
    shift = (u[:, :1] - 0.5) * u.new_tensor([[0.09, -0.05, 0.07]])
    names = SLOTS["colour"]
    ramps = atlas.new_tensor([RAMPS.get(name, RAMPS["grey"]) for name in names])[colour] + shift[:, None]
    palettes = load_palettes().to(atlas.device)
    painted = repaint(natural, palettes, subject, ramps.clamp(0, 1))
    is_natural = (colour == names.index("natural"))[:, None, None, None]
    rgb = torch.where(is_natural, natural + 0.5 * shift[:, :, None, None], painted)
    return torch.cat([(rgb * _light(alpha, u)).clamp(0, 1) * alpha, alpha], 1)


def _light(alpha: Tensor, u: Tensor) -> Tensor:
    """Light from above and a little from one side, and a darker outline that parts the sprite from what is behind:
    (B, 1, S, S) factors."""
    size = alpha.shape[-1]
    line = torch.linspace(-1, 1, size, device=alpha.device)
    side, shade = (u[:, 2, None, None] - 0.5) * 1.4, (u[:, 1, None, None] - 0.5) * 0.14
    light = (1.0 + shade + 0.07 * (line[None, None] * side - 0.9 * line[None, :, None]))[:, None]
    width = max(1, round(size / 48))
    inside = -F.max_pool2d(-alpha, 2 * width + 1, 1, width)
    thick = (inside.sum((1, 2, 3)) / alpha.sum((1, 2, 3)).clamp(min=1) / 0.7).clamp(max=1)  # spokes stay clean
    strength = ((0.16 + 0.24 * u[:, 5]) * thick.square())[:, None, None, None]
    return light * (1 - strength * (1 - F.avg_pool2d(inside, 3, 1, 1)).clamp(0, 1))


def _posed(glyphs: Tensor, u: Tensor) -> Tensor:
    """Glyphs slightly stretched and tilted by the noise."""
    angle, aspect = (u[:, 4] - 0.5) * 0.10, 1 + 0.08 * (u[:, 3] - 0.5)
    cos, sin, zero = torch.cos(angle), torch.sin(angle), torch.zeros_like(angle)
    matrix = torch.stack([torch.stack([cos * aspect, -sin, zero], 1), torch.stack([sin, cos / aspect, zero], 1)], 1)
    where = F.affine_grid(matrix, list(glyphs.shape), align_corners=False)
    return F.grid_sample(glyphs, where, align_corners=False)
