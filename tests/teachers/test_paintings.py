"""The painted looks: what each material does, judged on pictures whose right painting is known."""

import numpy as np
import pytest

from studio.painting.guides import read_guides
from studio.painting.texture import Texture
from studio.teachers import paintings
from studio.teachers.brushes import Paint, Sheet, ramp, smoothstep, steps, tremble

H, W = 96, 128


def drawn(paint: Paint, rgb: np.ndarray, seed: int = 4) -> np.ndarray:
    rgb = np.ascontiguousarray(np.broadcast_to(rgb, (H, W, 3)), dtype=np.float32)
    return paint(rgb, read_guides(rgb, Texture.still(H // 2, W // 2, seed)))


def plain(*rgb: float) -> np.ndarray:
    return np.array(rgb, np.float32)


def halves(left: float, right: float) -> np.ndarray:
    """Two flat greys that meet in the middle."""
    return np.where(np.arange(W)[None, :, None] < W // 2, left, right) * np.ones((H, 1, 3))


def light(picture: np.ndarray) -> np.ndarray:
    return picture.mean(-1)


@pytest.mark.parametrize(
    "name", ["oil", "impasto", "impressionist", "starry", "watercolour", "gouache", "pastel", "ink"]
)
def test_brighter_subjects_make_brighter_paintings(name: str) -> None:
    paint = getattr(paintings, f"paint_{name}")
    lights = [light(drawn(paint, plain(tone, tone, tone))).mean() for tone in (0.05, 0.3, 0.55, 0.8)]
    assert np.all(np.diff(lights) > 0.01), lights


@pytest.mark.parametrize("name", ["oil", "impasto", "impressionist", "watercolour", "gouache", "pastel", "crayon"])
def test_red_stays_red_and_blue_stays_blue(name: str) -> None:
    paint = getattr(paintings, f"paint_{name}")
    red, blue = drawn(paint, plain(0.8, 0.25, 0.2)), drawn(paint, plain(0.2, 0.3, 0.8))
    assert red[..., 0].mean() > red[..., 2].mean() + 0.2
    assert blue[..., 2].mean() > blue[..., 0].mean() + 0.2


def test_starry_is_blue_in_the_dark_and_yellow_in_the_light() -> None:
    dark, bright = (
        drawn(paintings.paint_starry, plain(0.3, 0.3, 0.3)),
        drawn(paintings.paint_starry, plain(0.8, 0.8, 0.8)),
    )
    assert dark[..., 2].mean() > dark[..., 0].mean() + 0.2
    assert bright[..., 0].mean() > bright[..., 2].mean() + 0.1


def test_impressionists_know_no_black() -> None:
    shadow = drawn(paintings.paint_impressionist, plain(0.0, 0.0, 0.0))
    assert light(shadow).mean() > 0.15 and shadow[..., 2].mean() > shadow[..., 0].mean() + 0.05


def test_thick_paint_is_rougher_than_thin_paint() -> None:
    wall = plain(0.55, 0.5, 0.45)
    rough = {name: light(drawn(getattr(paintings, f"paint_{name}"), wall)).std() for name in ("impasto", "oil")}
    assert rough["impasto"] > 1.5 * rough["oil"] > 0.005


def test_a_wash_is_darkest_along_its_border() -> None:
    """Averaged along the border, the dark side is darker a little inside than in the middle of the wash."""
    for paint in (paintings.paint_watercolour, paintings.paint_ink):
        profile = light(drawn(paint, halves(0.35, 0.95))).mean(axis=0)
        rim, middle = profile[W // 2 - 5 : W // 2].min(), profile[W // 4 - 8 : W // 4 + 8].mean()
        assert rim < middle - 0.01, paint


def test_light_paper_is_left_bare() -> None:
    for name, least in (("watercolour", 0.9), ("ink", 0.78), ("crayon", 0.85)):
        assert light(drawn(getattr(paintings, f"paint_{name}"), plain(0.98, 0.98, 0.98))).mean() > least, name


def test_gouache_knows_few_tones() -> None:
    """A smooth ramp falls apart into flat steps: most of its columns lie close to one of a few tones."""
    tone = np.linspace(0.02, 0.98, W)[None, :, None] * np.ones((H, 1, 3))
    profile = light(drawn(paintings.paint_gouache, tone)).mean(axis=0)
    slope = np.abs(np.diff(profile))
    assert np.percentile(slope, 80) > 3 * np.percentile(slope, 25)


def test_fauvists_paint_grey_in_colours() -> None:
    painted = drawn(paintings.paint_fauvist, plain(0.5, 0.5, 0.5))
    assert np.ptp(painted, axis=2).mean() > 0.2


def test_crayon_leaves_the_teeth_of_the_paper() -> None:
    page = drawn(paintings.paint_crayon, plain(0.3, 0.5, 0.75))
    assert np.percentile(light(page), 98) > light(page).mean() + 0.08


def test_tremble_moves_by_about_its_reach_and_never_changes_flat_colour() -> None:
    rng = np.random.default_rng(0)
    rgb = rng.random((H, W, 3)).astype(np.float32)
    sheet = Sheet(rgb, read_guides(rgb, Texture.still(H // 2, W // 2, 1)))
    columns = np.broadcast_to(np.arange(W, dtype=np.float32), (H, W))
    moved = (tremble(np.ascontiguousarray(columns), sheet, 2.0) - columns)[16:-16, 16:-16]
    assert 0.5 < moved.std() < 4
    flat = np.full((H, W), 0.3, np.float32)
    assert np.allclose(tremble(flat, sheet, 3.0), 0.3, atol=1e-6)


def test_tools_for_tone() -> None:
    tone = np.linspace(0, 1, 1001, dtype=np.float32)[None]
    assert np.allclose(ramp(tone, [(0.0, (0, 0, 1)), (1.0, (1, 0, 0))])[..., 0], tone, atol=5e-4)
    assert smoothstep(tone, 0.2, 0.4)[0, [200, 300, 400]].round(4).tolist() == [0, 0.5, 1]
    assert smoothstep(tone, 0.4, 0.2)[0, [200, 300, 400]].round(4).tolist() == [1, 0.5, 0]
    hard = steps(tone, 4, 400)
    assert len(np.unique(hard[:, 10::20].round(2))) == 5 and hard.min() == 0 and hard.max() == 1
