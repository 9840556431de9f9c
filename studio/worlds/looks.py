"""The looks: the teacher bank of the restyling generator, each look with the words that people use for it.

The filters themselves live in studio/worlds/painters.py; this is the table of names, synonyms, movements and artists
that the text encoder learns, and the wordings in which it meets them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from studio.worlds import painters
from studio.worlds.painters import Paint


@dataclass(frozen=True, kw_only=True)
class Look:
    """name: the look's key; title: how a person would call it; words: phrases that mean it, the plainest first.

    paint(rgb float32 (H, W, 3) in 0..1, noise float32 (H, W) of unit variance) -> rgb float32 (H, W, 3) in 0..1.
    """

    name: str
    title: str
    words: tuple[str, ...]
    paint: Paint


LOOKS: dict[str, Look] = {
    look.name: look
    for look in (
        Look(
            name="oil",
            title="oil painting",
            words=(
                "oil painting", "oil paint", "oils", "painted in oil", "impasto", "thick brush strokes",
                "brushstrokes", "impressionist painting", "impressionism", "monet", "claude monet", "renoir",
                "rembrandt", "old master", "renaissance painting", "baroque", "classical painting", "canvas painting",
                "acrylic painting", "palette knife", "romanticism", "turner", "expressionism", "oil on canvas",
                "vermeer", "cezanne",
            ),
            paint=painters.paint_oil,
        ),
        Look(
            name="starry",
            title="starry swirls",
            words=(
                "starry night", "van gogh", "vincent van gogh", "swirling brush strokes", "swirls", "starry swirls",
                "post impressionism", "post impressionist painting", "swirly", "gogh", "night sky swirls", "munch",
                "the scream", "edvard munch", "swirling paint", "blue and yellow swirls",
                "wheat field with cypresses",
            ),
            paint=painters.paint_starry,
        ),
        Look(
            name="watercolour",
            title="watercolour",
            words=(
                "watercolour", "watercolor", "watercolour painting", "watercolor painting", "aquarelle", "gouache",
                "wet paint on paper", "wash of colour", "soft washes", "water colour", "pastel painting", "pastel",
                "storybook illustration", "children's book illustration", "delicate painting", "aquarell", "tempera",
                "paint bleeding into paper", "wet on wet",
            ),
            paint=painters.paint_watercolour,
        ),
        Look(
            name="comic",
            title="comic book",
            words=(
                "comic", "comic book", "cartoon", "graphic novel", "comics", "manga", "anime", "cel shading",
                "cel shaded", "toon", "toon shading", "bold outlines", "flat colours", "animated film",
                "superhero comic", "cartoon drawing", "animation", "vector art", "ligne claire", "bande dessinee",
                "tintin", "ghibli",
            ),
            paint=painters.paint_comic,
        ),
        Look(
            name="pencil",
            title="pencil drawing",
            words=(
                "pencil", "pencil drawing", "pencil sketch", "sketch", "graphite", "graphite drawing", "hand drawn",
                "cross hatching", "crosshatch", "hatching", "line drawing", "drawing", "doodle", "sketchbook",
                "etching", "engraving", "pen drawing", "draft", "durer", "leonardo sketch", "black and white drawing",
            ),
            paint=painters.paint_pencil,
        ),
        Look(
            name="ink",
            title="ink wash",
            words=(
                "ink", "ink wash", "ink painting", "sumi-e", "sumi e", "chinese painting", "chinese ink",
                "brush and ink", "calligraphy", "japanese ink painting", "ink drawing", "india ink", "black ink",
                "shan shui", "zen painting", "brush pen", "suibokuga", "ink on rice paper", "sepia ink", "noir",
            ),
            paint=painters.paint_ink,
        ),
        Look(
            name="charcoal",
            title="charcoal",
            words=(
                "charcoal", "charcoal drawing", "charcoal sketch", "coal", "chalk", "chalk drawing", "conte crayon",
                "crayon", "smudged drawing", "dark drawing", "lithograph", "lithography", "mezzotint",
                "rubbed drawing", "kollwitz", "black chalk", "soot",
            ),
            paint=painters.paint_charcoal,
        ),
        Look(
            name="neon",
            title="neon lights",
            words=(
                "neon", "neon lights", "neon glow", "glowing", "glowing lines", "cyberpunk", "synthwave", "vaporwave",
                "retrowave", "tron", "neon sign", "electric", "laser", "blacklight", "fluorescent",
                "glow in the dark", "night club", "outrun", "blade runner", "hologram", "futuristic",
                "light painting",
            ),
            paint=painters.paint_neon,
        ),
        Look(
            name="woodblock",
            title="woodblock print",
            words=(
                "woodblock", "woodblock print", "ukiyo-e", "ukiyo e", "japanese print", "hokusai", "hiroshige",
                "the great wave", "great wave", "wood cut", "woodcut", "linocut", "lino print", "block print",
                "japanese woodblock print", "edo print", "relief print", "japanese art", "screen print on wood",
                "kanagawa",
            ),
            paint=painters.paint_woodblock,
        ),
        Look(
            name="vintage",
            title="vintage film",
            words=(
                "vintage", "vintage film", "old film", "old photograph", "old photo", "retro", "sepia", "faded film",
                "film grain", "grainy film", "super 8", "polaroid", "analogue film", "analog film", "kodachrome",
                "seventies film", "1970s", "nostalgic", "antique photograph", "home movie", "faded colours",
                "16mm film",
            ),
            paint=painters.paint_vintage,
        ),
        Look(
            name="pop",
            title="pop art",
            words=(
                "pop art", "pop", "warhol", "andy warhol", "lichtenstein", "roy lichtenstein", "silkscreen",
                "screen print", "halftone", "halftone dots", "ben-day dots", "ben day dots", "sixties poster",
                "poster", "bold poster", "duotone", "risograph", "posterised", "psychedelic", "psychedelic poster",
                "street art", "dots",
            ),
            paint=painters.paint_pop,
        ),
    )
}  # fmt: skip

_PATTERNS = (
    "{}", "{}", "{} style", "in the style of {}", "as {}", "like {}", "make it look like {}", "a {} look", "{} effect",
    "{} look", "turn it into {}", "paint it as {}", "{} art", "restyle as {}", "this clip as {}",
    "a picture in {} style", "{} please",
)  # fmt: skip


def look_phrase(name: str, rng: np.random.Generator) -> str:
    """A random wording of a look; half of the time one of its three plainest names."""
    words = LOOKS[name].words
    pool = words[:3] if rng.random() < 0.5 else words
    pattern = _PATTERNS[int(rng.integers(len(_PATTERNS)))]
    return pattern.format(pool[int(rng.integers(len(pool)))])


def split_words(text: str) -> list[str]:
    """Lower-case words of a text, in order; hyphens and punctuation divide."""
    return re.findall(r"[a-z0-9']+", text.lower())


def known_look_words() -> set[str]:
    """Every word that occurs in a look's phrases or in the patterns around them."""
    phrases = (phrase for look in LOOKS.values() for phrase in (look.title, *look.words))
    return {word for phrase in (*phrases, *_PATTERNS) for word in split_words(phrase.replace("{}", " "))}
