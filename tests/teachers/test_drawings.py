"""The drawn looks: which marks they make, judged on pictures whose right drawing is known."""

import numpy as np
import pytest

from studio.painting.guides import read_guides
from studio.painting.texture import Texture
from studio.teachers import drawings
from studio.teachers.brushes import Paint

H, W = 96, 128


def drawn(paint: Paint, rgb: np.ndarray, tiling: str = "none") -> np.ndarray:
    rgb = np.broadcast_to(rgb, (H, W, 3)).astype(np.float32)
    return paint(rgb, read_guides(rgb, Texture.still(H // 2, W // 2, seed=4), tiling))


def disc(inside: float, outside: float) -> np.ndarray:
    y, x = np.mgrid[0:H, 0:W]
    return np.where((x - W / 2) ** 2 + (y - H / 2) ** 2 < 30**2, inside, outside)[..., None] * np.ones(3)


def rim(width: float = 3) -> np.ndarray:
    """Where the border of `disc` is."""
    y, x = np.mgrid[0:H, 0:W]
    return np.abs(np.hypot(x - W / 2, y - H / 2) - 30) < width


def spectrum(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Power of a picture's waves, with their cycles per pixel down and across."""
    power = np.abs(np.fft.fft2(grey - grey.mean())) ** 2
    return power, np.fft.fftfreq(grey.shape[0])[:, None], np.fft.fftfreq(grey.shape[1])[None]


@pytest.mark.parametrize(
    ("paint", "tiling"),
    [(drawings.paint_pencil, "none"), (drawings.paint_charcoal, "none"), (drawings.paint_engraving, "hatching")],
)
def test_darker_subjects_take_more_lead(paint: Paint, tiling: str) -> None:
    lights = [drawn(paint, np.float32(tone), tiling).mean() for tone in (0.1, 0.3, 0.5, 0.7, 0.9)]
    assert np.all(np.diff(lights) > -0.005) and lights[-1] - lights[0] > 0.2


def test_pencil_hatches_along_the_diagonals_and_leaves_light_paper_white() -> None:
    assert drawn(drawings.paint_pencil, np.float32(0.95)).mean() > 0.88
    power, down, across = spectrum(drawn(drawings.paint_pencil, np.float32(0.35)).mean(-1))
    band = (np.hypot(down, across) > 0.08) & (np.hypot(down, across) < 0.25)
    turn = np.abs(np.abs(np.arctan2(down, across)) % (np.pi / 2) - np.pi / 4)
    diagonal, straight = power[band & (turn < np.pi / 8)].mean(), power[band & (turn > np.pi / 8)].mean()
    assert diagonal > 3 * straight


def test_engraving_rules_lines_five_pixels_apart() -> None:
    power, down, across = spectrum(drawn(drawings.paint_engraving, np.float32(0.55), "hatching").mean(-1))
    period = 1 / np.hypot(down, across).ravel()[power.argmax()]
    assert 4.5 < period < 5.5
    flat = drawn(drawings.paint_engraving, np.float32(0.55), "none").mean(-1)
    assert flat.std() < 0.03  # without its tiling there is nothing to rule with


def test_charcoal_is_darker_and_chalk_lighter_than_the_paper() -> None:
    paper = drawn(drawings.paint_charcoal, np.float32(0.56)).mean((0, 1))
    page = drawn(drawings.paint_charcoal, disc(0.98, 0.05)).mean(-1)
    assert 0.4 < paper.mean() < 0.75 and paper[0] > paper[2]
    assert page[~rim(5)].min() < 0.2 and np.percentile(page, 99) > paper.mean() + 0.2


@pytest.mark.parametrize(
    ("paint", "tiling"), [(drawings.paint_chalkboard, "none"), (drawings.paint_blueprint, "hatching")]
)
def test_white_lines_on_a_dark_ground(paint: Paint, tiling: str) -> None:
    page = drawn(paint, disc(0.35, 0.65), tiling)
    light = page.mean(-1)
    assert light[rim()].max() > 0.75 and np.percentile(light[rim()], 60) > light[~rim(8)].mean() + 0.08
    assert np.median(light[~rim(8)]) < 0.45


def test_the_board_is_green_and_the_blueprint_blue() -> None:
    board = drawn(drawings.paint_chalkboard, np.float32(0.4)).mean((0, 1))
    blue = drawn(drawings.paint_blueprint, np.float32(0.4), "hatching").mean((0, 1))
    assert board.argmax() == 1 and blue[2] > 2 * blue[0]
