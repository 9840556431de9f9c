"""The teacher bank: every look changes a picture in its own way, repeatably, and only by what lies near."""

import itertools

import numpy as np
import pytest

from studio.painting.guides import Guides, read_guides
from studio.painting.texture import Texture
from studio.painting.tiling import TILINGS
from studio.teachers.looks import LOOKS, known_look_words, look_phrase, split_words

_WITHOUT_TEXTURE = ("comic", "vector", "pixel", "neon", "cyberpunk", "synthwave")


def scene(height: int = 96, width: int = 128) -> np.ndarray:
    """A picture with a sky, a sun, a striped field and some detail; float32 RGB."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    sky = np.stack([0.3 + 0.4 * y / height, 0.5 + 0.2 * y / height, 0.9 - 0.2 * y / height], -1)
    field = np.stack([0.3 + 0.15 * np.sin(x / 4), 0.45 + 0.2 * np.sin(x / 4), 0.2 + 0 * x], -1)
    picture = np.where((y < height * 0.55)[..., None], sky, field)
    picture[(x - width * 0.7) ** 2 + (y - height * 0.25) ** 2 < (height * 0.12) ** 2] = (1.0, 0.85, 0.3)
    return np.clip(picture + 0.03 * rng.standard_normal(picture.shape), 0, 1).astype(np.float32)


@pytest.fixture(scope="module")
def painted() -> dict[str, np.ndarray]:
    return {name: look.paint_still(scene(), seed=0) for name, look in LOOKS.items()}


def test_there_are_enough_looks_and_names_match() -> None:
    assert len(LOOKS) >= 24
    assert all(name == look.name and len(look.words) >= 8 for name, look in LOOKS.items())
    assert all(look.tiling in TILINGS for look in LOOKS.values())
    assert len({look.title for look in LOOKS.values()}) == len(LOOKS)


@pytest.mark.parametrize("name", list(LOOKS))
def test_painting_is_finite_bounded_and_visible(name: str, painted: dict[str, np.ndarray]) -> None:
    result = painted[name]
    assert result.shape == (96, 128, 3) and result.dtype == np.float32
    assert np.isfinite(result).all() and result.min() >= 0 and result.max() <= 1
    assert np.abs(result - scene()).mean() > 0.03
    assert result.std() > 0.04


def test_looks_differ_from_each_other(painted: dict[str, np.ndarray]) -> None:
    for one, other in itertools.combinations(painted, 2):
        assert np.abs(painted[one] - painted[other]).mean() > 0.02, (one, other)


@pytest.mark.parametrize("name", list(LOOKS))
def test_the_texture_alone_decides_what_is_random(name: str, painted: dict[str, np.ndarray]) -> None:
    look = LOOKS[name]
    assert np.array_equal(look.paint_still(scene(), seed=0), painted[name])
    if name not in _WITHOUT_TEXTURE:
        assert np.abs(look.paint_still(scene(), seed=1) - painted[name]).mean() > 1e-3


@pytest.mark.parametrize("name", list(LOOKS))
def test_only_the_neighbourhood_counts(name: str) -> None:
    """A piece of the picture, with its piece of the guides, is painted as it was within the whole."""
    look, picture, cut, reach = LOOKS[name], scene(240, 288), 48, 40
    guides = read_guides(picture, Texture.still(120, 144, seed=2), look.tiling)
    half = cut // 2
    piece = Guides(
        sharp=np.ascontiguousarray(guides.sharp[:, cut:-cut, cut:-cut]),
        soft=np.ascontiguousarray(guides.soft[:, half:-half, half:-half]),
    )
    alone = look.paint(np.ascontiguousarray(picture[cut:-cut, cut:-cut]), piece)
    whole = look.paint(picture, guides)[cut:-cut, cut:-cut]
    off = np.abs(alone - whole)[reach:-reach, reach:-reach]
    assert off.mean() < 2e-3, off.mean()


@pytest.mark.parametrize("name", list(LOOKS))
def test_black_white_and_grey_are_painted(name: str) -> None:
    for tone in (0.0, 0.5, 1.0):
        result = LOOKS[name].paint_still(np.full((48, 64, 3), tone, np.float32), seed=0)
        assert np.isfinite(result).all() and result.min() >= 0 and result.max() <= 1


def test_odd_sizes_keep_their_size() -> None:
    for look in LOOKS.values():
        assert look.paint_still(scene(77, 63), seed=0).shape == (77, 63, 3)


def test_one_coloured_looks_have_one_hue_and_paintings_many(painted: dict[str, np.ndarray]) -> None:
    spread = {name: float(np.ptp(picture, axis=2).mean()) for name, picture in painted.items()}
    assert max(spread[name] for name in ("pencil", "ink", "charcoal", "noir", "manga", "linocut")) < 0.12
    assert min(spread[name] for name in ("oil", "starry", "fauvist", "comic", "pop", "psychedelic")) > 0.15


def test_phrases_use_known_words() -> None:
    rng, known = np.random.default_rng(5), known_look_words()
    for name in LOOKS:
        phrases = {look_phrase(name, rng) for _ in range(30)}
        assert len(phrases) > 8
        said = {word for phrase in phrases for word in split_words(phrase)}
        assert {word for word in said if not {word, word.removesuffix("'s")} & known} == set()
    assert {"gogh", "ukiyo", "watercolor", "neon"} <= known and "bicycle" not in known
