"""The looks: the teacher bank of the restyling generator, each look with its title, its tiling and its painter.

The painters live in the files that are imported here; the words that people use for a look stand in look_words.py,
under the style of the look's name. Other styles are painted in the look that is their `kin`.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from studio.motion.guides import read_guides
from studio.worlds.brushes import Paint
from studio.worlds.look_words import BLENDS, MAKER_PATTERNS, PATTERNS, STYLES, style_phrase


@dataclass(frozen=True, kw_only=True)
class Look:
    """name: the look's key, and its style's; title: how a person would call it; tiling: which of TILINGS
    (studio/motion/tiling.py) its guides are read with.

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
        from studio.motion.texture import Texture

        texture = Texture.still(even.shape[0] // 2, even.shape[1] // 2, seed)
        return self.paint(even, read_guides(even, texture, self.tiling))[:height, :width]


def _looks(file: str, rows: str) -> list[Look]:
    """name | title | tiling, of the teachers in a file of this folder."""
    if not (Path(__file__).parent / f"{file}.py").is_file():
        return []
    teachers = importlib.import_module(f"studio.worlds.{file}")
    found = []
    for row in rows.strip().splitlines():
        name, title, tiling = (part.strip() for part in row.split("|"))
        paint = getattr(teachers, f"paint_{name}", None)
        if paint is not None:
            found.append(Look(name=name, title=title, tiling=tiling, paint=paint))
    return found


_PAINTINGS = """
oil | oil painting | none
impasto | impasto | none
impressionist | impressionist painting | none
starry | starry swirls | none
watercolour | watercolour | none
gouache | gouache | none
pastel | pastel | none
fauvist | fauvist painting | none
ink | ink wash | none
crayon | crayon drawing | none
"""
_DRAWINGS = """
pencil | pencil drawing | none
charcoal | charcoal drawing | none
engraving | engraving | hatching
chalkboard | chalkboard drawing | none
blueprint | blueprint | hatching
"""
_PRINTS = """
comic | comic book | none
manga | manga | screen
woodblock | woodblock print | none
linocut | linocut | none
vector | flat illustration | none
papercut | paper cut | none
psychedelic | psychedelic poster | none
"""
_TILEWORK = """
pop | pop art | screen
halftone | halftone dots | screen
pixel | pixel art | pixels
mosaic | mosaic | stones
stained | stained glass | glass
lowpoly | low poly | triangles
pointillist | pointillist painting | dots
textile | embroidery | threads
"""
_FILMS = """
vintage | vintage film | none
sepia | sepia | none
noir | film noir | none
neon | neon lights | none
cyberpunk | cyberpunk | none
synthwave | synthwave | none
"""

LOOKS: dict[str, Look] = {
    look.name: look
    for look in (
        *_looks("paintings", _PAINTINGS),
        *_looks("drawings", _DRAWINGS + _PRINTS),
        *_looks("prints", _DRAWINGS + _PRINTS),
        *_looks("tilework", _TILEWORK),
        *_looks("films", _FILMS),
    )
}


def look_of(style: str) -> str:
    """The look in which a style is painted."""
    kin = STYLES[style].kin
    return kin if kin in LOOKS else next(iter(LOOKS))


#: Styles that no look paints, and the look in which each is painted.
KIN_STYLES: dict[str, str] = {name: look_of(name) for name in STYLES if name not in LOOKS}


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
