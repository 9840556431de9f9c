"""Film and neon looks: each does to tones and colours what its film or lamp would."""

import numpy as np
import pytest

from studio.painting.guides import read_guides
from studio.painting.texture import Texture
from studio.teachers import films

HEIGHT, WIDTH = 96, 160
NAMES = ("vintage", "sepia", "noir", "neon", "cyberpunk", "synthwave")


def paint(name: str, picture: np.ndarray) -> np.ndarray:
    texture = Texture.still(picture.shape[0] // 2, picture.shape[1] // 2, seed=4)
    return getattr(films, f"paint_{name}")(picture, read_guides(picture, texture))


def flat(red: float, green: float, blue: float) -> np.ndarray:
    return np.broadcast_to(np.array([red, green, blue], np.float32), (HEIGHT, WIDTH, 3)).copy()


def tone(name: str, red: float, green: float, blue: float) -> np.ndarray:
    """The mean colour that a flat picture gets."""
    return paint(name, flat(red, green, blue)).mean((0, 1))


def steps() -> np.ndarray:
    """A dark and a bright half, with a border down the middle."""
    picture = flat(0.2, 0.2, 0.2)
    picture[:, WIDTH // 2 :] = 0.7
    return picture


@pytest.mark.parametrize("name", sorted({*NAMES} - {"neon"}))  # a flat picture has no tubes
def test_black_white_and_grey_stay_in_order(name) -> None:
    light = [float(tone(name, grey, grey, grey) @ [0.299, 0.587, 0.114]) for grey in (0.0, 0.3, 0.6, 1.0)]
    assert light == sorted(light) and light[3] - light[0] > 0.4


def test_vintage_fades_blacks_and_yellows_whites() -> None:
    assert tone("vintage", 0, 0, 0).min() > 0.06
    red, green, blue = tone("vintage", 1, 1, 1)
    assert red > green > blue and red - blue > 0.12
    lively, faded = np.ptp(np.array([0.8, 0.3, 0.2])), np.ptp(tone("vintage", 0.8, 0.3, 0.2))
    assert faded < lively
    assert 0.005 < paint("vintage", flat(0.4, 0.4, 0.4)).std((0, 1)).mean() < 0.06  # grain


def test_sepia_is_brown_whatever_the_colour_and_blind_to_red() -> None:
    for colour in ((0.9, 0.1, 0.1), (0.1, 0.8, 0.1), (0.1, 0.1, 0.9), (0.5, 0.5, 0.5)):
        red, green, blue = tone("sepia", *colour)
        assert red > green > blue
    assert tone("sepia", 0.2, 0.2, 0.8).sum() > tone("sepia", 0.8, 0.2, 0.2).sum()


def test_noir_has_no_colour_hard_contrast_and_dark_skies() -> None:
    assert np.ptp(tone("noir", 0.9, 0.3, 0.1)) < 0.03
    painted = paint("noir", steps()).mean(2)
    assert painted[:, 120:].mean() - painted[:, :40].mean() > 0.6
    assert tone("noir", 0.8, 0.6, 0.5).mean() > 2 * tone("noir", 0.3, 0.6, 0.95).mean()  # skin and sky


def test_neon_glows_along_borders_only() -> None:
    painted = paint("neon", steps()).max(2)
    middle = WIDTH // 2
    assert painted[:, middle - 2 : middle + 2].mean() > 0.8
    assert painted[:, :30].mean() < 0.2 and painted[:, -30:].mean() < 0.2
    assert painted[:, middle - 8].mean() > painted[:, middle - 30].mean()  # the glow around it
    warm, cold = steps() * np.float32([1, 0.6, 0.3]), steps() * np.float32([0.3, 0.6, 1])
    at = (slice(None), slice(middle - 5, middle + 5))
    warm, cold = (paint("neon", picture)[at].mean((0, 1)) for picture in (warm, cold))
    assert warm[0] > warm[2] and cold[2] > cold[0]


def test_cyberpunk_lights_from_two_sides() -> None:
    red, green, blue = tone("cyberpunk", 0.25, 0.25, 0.25)
    assert blue > green > red
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    ball = 0.2 + 0.5 * np.exp(-((columns - 80) ** 2 + (rows - 48) ** 2) / 300)
    painted = paint("cyberpunk", np.dstack([ball] * 3))
    left, right = painted[40:56, 58:70].mean((0, 1)), painted[40:56, 90:102].mean((0, 1))
    assert left[1] > right[1] + 0.05 and right[0] > left[0] + 0.05  # cyan there, magenta here


def test_synthwave_is_a_sunset() -> None:
    dark, middle, bright = (tone("synthwave", grey, grey, grey) for grey in (0.15, 0.6, 1.0))
    assert dark[2] > dark[0] > dark[1]  # violet
    assert middle[0] > middle[2] > middle[1]  # pink
    assert bright[0] > bright[1] > bright[2]  # yellow


@pytest.mark.parametrize("name", NAMES)
def test_a_moved_picture_gives_a_moved_painting(name) -> None:
    rng = np.random.default_rng(2)
    coarse = np.repeat(np.repeat(rng.random((8, 12, 3)), 24, axis=0), 24, axis=1).astype(np.float32)
    moved = np.roll(coarse, (16, 32), axis=(0, 1))
    texture = Texture.still(96, 144, seed=4)
    follows = Texture(noise=np.roll(texture.noise, (8, 16), (0, 1)), shift=np.roll(texture.shift, (8, 16), (0, 1)))
    one, other = (
        getattr(films, f"paint_{name}")(picture, read_guides(picture, lies))
        for picture, lies in ((coarse, texture), (moved, follows))
    )
    inside = (slice(80, 130), slice(96, 208))
    difference = np.abs(np.roll(one, (16, 32), axis=(0, 1)) - other)[inside]
    assert difference.mean() < 0.01
