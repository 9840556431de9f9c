"""The printed and cut looks: inks, flat tones, dots and shadows, judged on pictures whose right print is known."""

import numpy as np
import pytest

from studio.painting.guides import read_guides
from studio.painting.texture import Texture
from studio.teachers import prints
from studio.teachers.brushes import Paint

H, W = 96, 160


def printed(paint: Paint, rgb: np.ndarray, tiling: str = "none", seed: int = 4) -> np.ndarray:
    rgb = np.broadcast_to(rgb, (H, W, 3)).astype(np.float32)
    return paint(rgb, read_guides(rgb, Texture.still(H // 2, W // 2, seed), tiling))


def disc(inside: float, outside: float) -> np.ndarray:
    y, x = np.mgrid[0:H, 0:W]
    return np.where((x - W / 2) ** 2 + (y - H / 2) ** 2 < 30**2, inside, outside)[..., None] * np.ones(3)


def greys() -> np.ndarray:
    """A ramp from black on the left to white on the right."""
    return np.linspace(0, 1, W)[None, :, None] * np.ones((H, 1, 3))


@pytest.mark.parametrize("paint", [prints.paint_comic, prints.paint_vector, prints.paint_papercut])
def test_flat_looks_cut_a_ramp_into_few_tones(paint: Paint) -> None:
    row = printed(paint, greys()).mean((0, 2))
    rise = np.abs(np.diff(row))
    assert rise.sum() > 0.6
    # A tenth of the columns holds most of the rise; in the ramp itself it would hold a tenth.
    assert np.sort(rise)[-W // 10 :].sum() > 0.4 * rise.sum()


@pytest.mark.parametrize("paint", [prints.paint_comic, prints.paint_manga, prints.paint_woodblock])
def test_shapes_are_outlined_in_ink(paint: Paint) -> None:
    page = printed(paint, disc(0.9, 0.6)).mean(-1)
    y, x = np.mgrid[0:H, 0:W]
    away = np.hypot(x - W / 2, y - H / 2) - 30
    assert page[(away > 0) & (away < 2)].min() < 0.35
    assert np.median(page[away < -8]) > 0.6


def test_vector_art_has_no_texture() -> None:
    first, other = (printed(prints.paint_vector, disc(0.8, 0.3), seed=seed) for seed in (1, 2))
    assert np.abs(first - other).max() < 0.02


def test_manga_is_ink_on_white_with_screentone_between() -> None:
    page = printed(prints.paint_manga, greys(), "screen")
    assert np.ptp(page, axis=2).max() < 0.01
    middle = slice(int(0.4 * W), int(0.55 * W))
    assert page[:, -10:].mean() > 0.95 and page[:, :10].mean() < 0.1
    assert page[:, middle].max() > 0.8 and page[:, middle].min() < 0.3
    assert printed(prints.paint_manga, greys(), "none")[:, middle].std() < 0.1


def test_woodblock_goes_from_indigo_to_warm_paper() -> None:
    page = printed(prints.paint_woodblock, greys())
    dark, light = page[:, :12].mean((0, 1)), page[:, -12:].mean((0, 1))
    assert dark[2] > 1.5 * dark[0] and light[0] > light[2] + 0.05


def test_linocut_has_two_tones_and_gouges_between() -> None:
    page = printed(prints.paint_linocut, greys()).mean(-1)
    assert ((page < 0.2) | (page > 0.8)).mean() > 0.85
    assert page[:, -12:].mean() > 0.85 and page[:, :12].mean() < 0.2
    middle = page[:, int(0.35 * W) : int(0.55 * W)]
    assert 0.1 < (middle > 0.5).mean() < 0.9


def test_papercut_throws_its_shadow_to_the_lower_right() -> None:
    page = printed(prints.paint_papercut, disc(0.9, 0.25)).mean(-1)
    y, x = np.mgrid[0:H, 0:W]
    across, down = x - W / 2, y - H / 2
    ring = np.abs(np.hypot(across, down) - 34.5) < 1.5
    slanted = (across + down) / np.hypot(across, down).clip(1)
    assert page[ring & (slanted > 1.2)].mean() < 0.8 * page[ring & (slanted < -1.2)].mean()


def test_psychedelic_makes_many_hues_of_grey() -> None:
    red, green, blue = np.moveaxis(printed(prints.paint_psychedelic, greys()), -1, 0)
    strong = np.maximum(red, np.maximum(green, blue)) - np.minimum(red, np.minimum(green, blue)) > 0.3
    hue = np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue)[strong]
    share = np.histogram(hue, bins=12, range=(-np.pi, np.pi))[0] / (H * W)
    assert strong.mean() > 0.6 and (share > 0.02).sum() >= 5
