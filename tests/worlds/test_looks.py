"""The teacher bank: every look changes a picture in its own way, repeatably, at any size."""

import itertools

import numpy as np
import pytest

from studio.worlds.looks import LOOKS, known_look_words, look_phrase, split_words


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
    noise = np.random.default_rng(0).standard_normal((96, 128)).astype(np.float32)
    return {name: look.paint(scene(), noise) for name, look in LOOKS.items()}


def test_there_are_enough_looks_and_names_match() -> None:
    assert len(LOOKS) >= 10
    assert all(name == look.name and len(look.words) >= 10 for name, look in LOOKS.items())


def test_a_phrase_means_one_look_only() -> None:
    words = [phrase for look in LOOKS.values() for phrase in look.words]
    assert len(words) == len(set(words))


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


def test_same_noise_same_picture_and_other_noise_another() -> None:
    noise, other = np.random.default_rng(1).standard_normal((2, 96, 128)).astype(np.float32)
    for name in ("oil", "watercolour", "pencil"):
        first = LOOKS[name].paint(scene(), noise)
        assert np.array_equal(first, LOOKS[name].paint(scene(), noise))
        assert np.abs(first - LOOKS[name].paint(scene(), other)).mean() > 1e-3


def test_odd_sizes_keep_their_size() -> None:
    noise = np.random.default_rng(1).standard_normal((77, 63)).astype(np.float32)
    for look in LOOKS.values():
        assert look.paint(scene(77, 63), noise).shape == (77, 63, 3)


def test_drawings_are_grey_and_paintings_are_not(painted: dict[str, np.ndarray]) -> None:
    spread = {name: float(np.ptp(picture, axis=2).mean()) for name, picture in painted.items()}
    assert max(spread[name] for name in ("pencil", "ink", "charcoal")) < 0.12
    assert min(spread[name] for name in ("oil", "starry", "comic", "pop")) > 0.15


def test_phrases_use_known_words() -> None:
    rng, known = np.random.default_rng(5), known_look_words()
    for name in LOOKS:
        phrases = {look_phrase(name, rng) for _ in range(30)}
        assert len(phrases) > 8
        assert all(set(split_words(phrase)) <= known for phrase in phrases)
    assert {"gogh", "ukiyo", "watercolor", "neon"} <= known and "bicycle" not in known
