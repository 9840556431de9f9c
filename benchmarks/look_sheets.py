"""The README's contact sheets and the page's gallery of looks: every look on scenes that the prompt tab made.

    python -m benchmarks.look_sheets

Everything comes out of the shipped generators, with fixed seeds; no photograph is used. Each sheet is one small JPEG.
Letters: H, W rows and columns, T frames; pictures are uint8 RGB.
"""

from __future__ import annotations

import argparse
import io
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from studio.motion.region import Region
from studio.pipelines.restyle import RestylePipeline
from studio.pipelines.text_to_video import TextToVideoPipeline

HEIGHT, WIDTH = 256, 384  # pixels of a scene; small, so that strokes still show when a cell is smaller still
CELL = (192, 128)
POSTER = (168, 112)
COLUMNS = 5
GAP = 6  # pixels between cells
CAPTION = 20  # pixels under a cell
SHEET_BYTES, POSTER_BYTES = 60_000, 7_000
POSTER_QUALITY = 81
POSTER_SCALE = 2  # a poster's scene is painted this much larger
TEXTURE_SEED = 3
GALLERY_SCENE = Path("studio/service/scene.jpg")

logger = logging.getLogger(__name__)

Restyle = Callable[..., np.ndarray]
"""(frames uint8 (T, H, W, 3), words, options of RestylePipeline.__call__) -> frames in that look."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One scene, then the same scene in some looks. prompt, seed: the scene; looks: words, which are captions too."""

    name: str
    prompt: str
    seed: int
    looks: tuple[str, ...]


SHEETS = (
    Sheet(
        name="paintings",
        prompt="a huge horse runs across the meadow in the morning",
        seed=9,
        looks=(
            "oil painting", "impasto", "impressionist painting", "starry night", "watercolour", "gouache", "pastel",
            "fauvism", "pointillism",
        ),
    ),
    Sheet(
        name="drawings",
        prompt="a big steam train drives through the mountains",
        seed=4,
        looks=(
            "pencil drawing", "charcoal", "engraving", "crayon", "chalkboard", "blueprint", "ink wash", "manga",
            "linocut",
        ),
    ),
    Sheet(
        name="prints",
        prompt="a huge cat sits in the cherry garden",
        seed=1,
        looks=(
            "woodblock print", "comic book", "vector art", "paper cut", "pop art", "halftone", "psychedelic",
            "pixel art", "knitted",
        ),
    ),
    Sheet(
        name="glass_and_light",
        prompt="a big red bus drives through the city at night",
        seed=7,
        looks=(
            "stained glass", "mosaic", "low poly", "neon", "cyberpunk", "synthwave", "film noir", "sepia",
            "vintage film",
        ),
    ),
)  # fmt: skip

CLIP = ("a huge horse runs across the meadow in the morning", 9)
CLIP_LOOKS = ("woodblock print", "stained glass")
CLIP_FRAMES, CLIP_RATE, CLIP_STEP = 25, 12, 8  # two seconds, every eighth frame shown

BLEND = ("watercolour", "ink wash")
SHARES = (100, 75, 50, 25, 0)  # per cent of the blend's first look
MANNER_SCENE, MANNER_LOOK = ("a huge lion in the savanna at sunset", 5), "mosaic"
SUBJECT = (0.25, 0.34, 0.59, 0.93)  # the box around that scene's subject: left, top, right, bottom in 0..1
MANNERS: tuple[tuple[str, dict[str, object]], ...] = (
    ("brush size 0.5", {"brush_size": 0.5}),
    ("brush size 2", {"brush_size": 2.0}),
    ("strength 0.5", {"strength": 0.5}),
    ("the source's colours", {"keep_colours": True}),
    ("background only", {"region": Region(kind="background", box=SUBJECT)}),
)


class Maker:
    """The two shipped pipelines, with seeds."""

    def __init__(self, checkpoints: Path) -> None:
        self._scenes = TextToVideoPipeline.from_pretrained(checkpoints / "text_to_video")
        self._restyle = RestylePipeline.from_pretrained(checkpoints / "restyle")

    def scene(self, prompt: str, seed: int, frames: int = 1) -> np.ndarray:
        """uint8 (T, HEIGHT, WIDTH, 3) from the prompt tab."""
        lot = torch.Generator().manual_seed(seed)
        return self._scenes(prompt, frames, CLIP_RATE, HEIGHT, WIDTH, generator=lot).frames

    def restyle(self, frames: np.ndarray, words: str, **manner: object) -> np.ndarray:
        """A clip, uint8 (T, H, W, 3), in the look that words ask for; the same shape."""
        lot = torch.Generator().manual_seed(TEXTURE_SEED)
        return self._restyle(frames, words, generator=lot, **manner).frames

    def looks(self) -> list[tuple[str, str]]:
        """Name and title of every look that the generator knows."""
        config = self._restyle.generator.config
        return list(zip(config.looks, config.look_titles, strict=True))


# --- laying out ------------------------------------------------------------------------------------------------------


def cell(picture: np.ndarray, caption: str) -> Image.Image:
    """A picture, uint8 (H, W, 3), made small, its caption under it."""
    laid = Image.new("RGB", (CELL[0], CELL[1] + CAPTION), "white")
    laid.paste(Image.fromarray(picture).resize(CELL, Image.Resampling.LANCZOS), (0, 0))
    ImageDraw.Draw(laid).text((2, CELL[1] + 3), caption, "black", ImageFont.load_default(12))
    return laid


def contact_sheet(cells: Sequence[Image.Image], columns: int = COLUMNS) -> Image.Image:
    """Cells of one size in rows."""
    width, height = cells[0].size
    rows = -(-len(cells) // columns)
    sheet = Image.new("RGB", (columns * (width + GAP) - GAP, rows * (height + GAP) - GAP), "white")
    for index, one in enumerate(cells):
        sheet.paste(one, (index % columns * (width + GAP), index // columns * (height + GAP)))
    return sheet


def save_jpeg(picture: Image.Image, path: Path, most: int, best: int = 90) -> int:
    """Writes a JPEG of at most `most` bytes in the highest quality up to `best` and returns its size.

    Raises ValueError where even a poor one is larger.
    """
    for quality in range(best, 24, -3):
        held = io.BytesIO()
        picture.save(held, "JPEG", quality=quality, optimize=True, progressive=True)
        if held.tell() <= most:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(held.getvalue())
            logger.info("%s: %d bytes at quality %d", path, held.tell(), quality)
            return held.tell()
    raise ValueError(f"{path.name} does not fit into {most} bytes; make its cells smaller.")


# --- the sheets ------------------------------------------------------------------------------------------------------


def look_sheet(sheet: Sheet, scene: np.ndarray, restyle: Restyle) -> Image.Image:
    """The scene, uint8 (1, H, W, 3), then the scene in each of the sheet's looks."""
    painted = [cell(restyle(scene, words)[0], words) for words in sheet.looks]
    return contact_sheet([cell(scene[0], "the source"), *painted])


def clip_sheet(clip: np.ndarray, restyle: Restyle) -> Image.Image:
    """A row for the source, uint8 (T, H, W, 3), and for each look, a column for every `CLIP_STEP` frames."""
    times = range(0, len(clip), CLIP_STEP)
    rows = [("the source", clip), *((words, restyle(clip, words)) for words in CLIP_LOOKS)]
    return contact_sheet(
        [cell(frames[time], f"{words}, {time / CLIP_RATE:.1f} s") for words, frames in rows for time in times],
        columns=len(times),
    )


def manner_sheet(scene: np.ndarray, restyle: Restyle) -> Image.Image:
    """What the words and the sliders do to a scene, uint8 (1, H, W, 3): a blend from one look to another, then one look
    in several manners.
    """
    first, second = BLEND
    cells = []
    for share in SHARES:
        parts = [f"{part}% {look}" for part, look in ((share, first), (100 - share, second)) if part]
        cells.append(cell(restyle(scene, ", ".join(parts))[0], ", ".join(parts)))
    cells += [cell(restyle(scene, MANNER_LOOK, **manner)[0], f"{MANNER_LOOK}, {words}") for words, manner in MANNERS]
    return contact_sheet(cells)


def make_sheets(maker: Maker, folder: Path) -> None:
    """All sheets as restyle_<name>.jpg."""
    for sheet in SHEETS:
        scene = maker.scene(sheet.prompt, sheet.seed)
        save_jpeg(look_sheet(sheet, scene, maker.restyle), folder / f"restyle_{sheet.name}.jpg", SHEET_BYTES)
    clip = maker.scene(*CLIP, frames=CLIP_FRAMES)
    save_jpeg(clip_sheet(clip, maker.restyle), folder / "restyle_clip.jpg", SHEET_BYTES)
    scene = maker.scene(*MANNER_SCENE)
    save_jpeg(manner_sheet(scene, maker.restyle), folder / "restyle_manners.jpg", SHEET_BYTES)


def make_posters(maker: Maker, folder: Path) -> None:
    """<look>.jpg for every look that the generator knows: one scene, for the page's gallery."""
    size = (POSTER[0] * POSTER_SCALE, POSTER[1] * POSTER_SCALE)
    scene = np.asarray(Image.open(GALLERY_SCENE).convert("RGB").resize(size, Image.Resampling.LANCZOS))
    for name, title in maker.looks():
        painted = Image.fromarray(maker.restyle(scene[None], title)[0])
        save_jpeg(
            painted.resize(POSTER, Image.Resampling.LANCZOS), folder / f"{name}.jpg", POSTER_BYTES, POSTER_QUALITY
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoints", type=Path, default=Path("checkpoints"))
    parser.add_argument("--out", type=Path, default=Path(".github/pictures"))
    parser.add_argument("--posters", type=Path, default=Path("studio/ui/examples/restyle/looks"))
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    maker = Maker(options.checkpoints)
    make_sheets(maker, options.out)
    make_posters(maker, options.posters)


if __name__ == "__main__":
    main()
