"""The looks: the teacher bank of the restyling generator, each look with its title, its tiling and its painter.

The painters live in the files that are imported here; the words that people use for a look stand in look_words.py,
under the style of the look's name. Other styles are painted in the look that is their `kin`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from studio.painting.guides import read_guides
from studio.painting.texture import Texture
from studio.teachers import drawings, films, paintings, prints, tilework
from studio.teachers.brushes import Paint
from studio.teachers.look_words import BLENDS, MAKER_PATTERNS, PATTERNS, STYLES, style_phrase


@dataclass(frozen=True, kw_only=True)
class Look:
    """name: the look's key, and its style's; title: how a person would call it; tiling: which of TILINGS
    (studio/painting/tiling.py) its guides are read with.

    paint(rgb float32 (H, W, 3) in 0..1 with even H, W; its guides) -> rgb float32 (H, W, 3) in 0..1.
    """

    name: str
    title: str
    tiling: str
    paint: Paint

    @property
    def words(self) -> tuple[str, ...]:
        """Phrases that mean it, the plainest first, then the names of its makers."""
        return STYLES[self.name].words + STYLES[self.name].makers

    def paint_still(self, rgb: np.ndarray, seed: int) -> np.ndarray:
        """One picture in this look, on a texture of its own: float32 (H, W, 3) in 0..1, any H and W."""
        height, width = rgb.shape[:2]
        even = np.pad(rgb, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge").astype(np.float32)
        texture = Texture.still(even.shape[0] // 2, even.shape[1] // 2, seed)
        return self.paint(even, read_guides(even, texture, self.tiling))[:height, :width]


#: name: (title, tiling, teacher)
_TABLE: dict[str, tuple[str, str, Paint]] = {
    "oil": ("oil painting", "none", paintings.paint_oil),
    "impasto": ("impasto", "none", paintings.paint_impasto),
    "impressionist": ("impressionist painting", "none", paintings.paint_impressionist),
    "starry": ("starry swirls", "none", paintings.paint_starry),
    "watercolour": ("watercolour", "none", paintings.paint_watercolour),
    "gouache": ("gouache", "none", paintings.paint_gouache),
    "pastel": ("pastel", "none", paintings.paint_pastel),
    "fauvist": ("fauvist painting", "none", paintings.paint_fauvist),
    "ink": ("ink wash", "none", paintings.paint_ink),
    "crayon": ("crayon drawing", "none", paintings.paint_crayon),
    "pencil": ("pencil drawing", "none", drawings.paint_pencil),
    "charcoal": ("charcoal drawing", "none", drawings.paint_charcoal),
    "engraving": ("engraving", "hatching", drawings.paint_engraving),
    "chalkboard": ("chalkboard drawing", "none", drawings.paint_chalkboard),
    "blueprint": ("blueprint", "hatching", drawings.paint_blueprint),
    "comic": ("comic book", "none", prints.paint_comic),
    "manga": ("manga", "screen", prints.paint_manga),
    "woodblock": ("woodblock print", "none", prints.paint_woodblock),
    "linocut": ("linocut", "none", prints.paint_linocut),
    "vector": ("flat illustration", "none", prints.paint_vector),
    "papercut": ("paper cut", "none", prints.paint_papercut),
    "psychedelic": ("psychedelic poster", "none", prints.paint_psychedelic),
    "pop": ("pop art", "screen", tilework.paint_pop),
    "halftone": ("halftone dots", "screen", tilework.paint_halftone),
    "pixel": ("pixel art", "pixels", tilework.paint_pixel),
    "mosaic": ("mosaic", "stones", tilework.paint_mosaic),
    "stained": ("stained glass", "glass", tilework.paint_stained),
    "lowpoly": ("low poly", "triangles", tilework.paint_lowpoly),
    "pointillist": ("pointillist painting", "dots", tilework.paint_pointillist),
    "textile": ("knitted", "threads", tilework.paint_textile),
    "vintage": ("vintage film", "none", films.paint_vintage),
    "sepia": ("sepia", "none", films.paint_sepia),
    "noir": ("film noir", "none", films.paint_noir),
    "neon": ("neon lights", "none", films.paint_neon),
    "cyberpunk": ("cyberpunk", "none", films.paint_cyberpunk),
    "synthwave": ("synthwave", "none", films.paint_synthwave),
}

LOOKS: dict[str, Look] = {
    name: Look(name=name, title=title, tiling=tiling, paint=paint) for name, (title, tiling, paint) in _TABLE.items()
}

#: Styles that no look paints, and the look in which each is painted.
KIN_STYLES: dict[str, str] = {name: style.kin for name, style in STYLES.items() if name not in LOOKS}


def look_phrase(name: str, rng: np.random.Generator) -> str:
    """A random wording of a look: that of its style."""
    return style_phrase(name, rng)


def split_words(text: str) -> list[str]:
    """Lower-case words of a text, in order; hyphens and punctuation divide."""
    return re.findall(r"[^\W_]+(?:'[^\W_]+)*", text.lower())


def known_look_words() -> set[str]:
    """Every word that occurs in a style's phrases or in the patterns around them."""
    phrases = [phrase for style in STYLES.values() for phrase in (*style.words, *style.makers)]
    patterns = (*PATTERNS, *MAKER_PATTERNS, *(pattern for pattern, _ in BLENDS))
    return {word for phrase in (*phrases, *patterns) for word in split_words(phrase.replace("{}", " "))}
