"""Mending: behind an object that has passed, the background's texture is whole again."""

import numpy as np

from studio.painting.mending import mend
from studio.painting.texture import MovingTexture

H, W = 96, 160


def passing(step: int) -> np.ndarray:
    """A square of 32 pixels that moves three pixels a frame to the right; its flow's border is soft."""
    y, x = np.mgrid[0:H, 0:W].astype(np.float32)
    inside = np.minimum(16 - np.abs(x - 30 - 3 * step), 16 - np.abs(y - 48))
    flow = np.zeros((H, W, 2), np.float32)
    flow[..., 0] = -3 * np.clip(inside / 4 + 0.5, 0, 1)
    return flow


def after_the_object(mends: bool) -> np.ndarray:
    """Which pixels of the background behind it, in the middle of its track, look nearly where they looked at first."""
    texture = MovingTexture(H, W, seed=1, mends=mends)
    for step in range(30):
        texture.follow(passing(step))
    off = np.abs(texture.lay().shift[36:60, 32:88]).max(-1)
    return off < 3


def test_the_wake_of_an_object_grows_back() -> None:
    assert after_the_object(mends=True).mean() > 0.9
    assert after_the_object(mends=False).mean() < 0.5  # or there was nothing to mend


def test_the_object_carries_its_own_texture() -> None:
    texture = MovingTexture(H, W, seed=1, mends=True)
    for step in range(24):
        texture.follow(passing(step))
    middle = texture.lay().shift[42:54, 30 + 72 - 6 : 30 + 72 + 6]
    assert np.abs(middle[..., 0] + 72).mean() < 6 and np.abs(middle[..., 1]).mean() < 2


def test_what_was_laid_anew_is_told() -> None:
    texture, plain = MovingTexture(H, W, seed=1, mends=True), MovingTexture(H, W, seed=1)
    told = np.zeros((H, W), int)
    for step in range(12):
        texture.follow(passing(step))
        plain.follow(passing(step))
        assert plain.relaid is None
        if texture.relaid is not None:
            told += texture.relaid
    assert told[36:60, 24:40].mean() > 0.3  # behind the object
    assert not told[:16].any() and not told[:, 120:].any()  # and nowhere that it never came near
    texture.restart()
    assert texture.relaid is None


def test_what_is_not_torn_stays() -> None:
    """A slow zoom stretches and two halves part cleanly: nothing to mend in either."""
    y, x = np.mgrid[0:H, 0:W].astype(np.float32)
    still = np.zeros((H, W, 2), np.float32)
    zoom = 0.3 * np.stack([x - W / 2, y - H / 2], -1)
    assert np.array_equal(mend(zoom, still), zoom)
    halves = np.zeros((H, W, 2), np.float32)
    halves[: H // 2, :, 0] = 25.0
    mended = mend(halves, np.where(halves > 0, np.float32(-2), np.float32(0)))
    assert np.array_equal(mended, halves)


def test_a_torn_piece_follows_what_moves_alike() -> None:
    """A shred between two motions takes the side that it moves with, although the other is as near."""
    shift = np.zeros((H, W, 2), np.float32)
    shift[:, 80:, 0] = 40.0
    shift[40:56, 72:88, 0] = np.linspace(0, 300, 16)
    flow = np.zeros((H, W, 2), np.float32)
    flow[:, 80:, 0] = 5.0
    flow[40:56, 72:, 0] = 5.0  # the shred moves as the right half does
    mended = mend(shift, flow)
    assert np.allclose(mended[44:52, 74:86, 0], 40)
    assert np.array_equal(mended[:, :64], shift[:, :64])


def test_when_all_is_torn_there_is_nothing_to_mend_by() -> None:
    shift = np.random.default_rng(0).uniform(0, 50, (H, W, 2)).astype(np.float32)
    assert mend(shift, np.zeros((H, W, 2), np.float32)) is None


def test_tiny_textures_are_taken() -> None:
    for size in ((3, 5), (8, 4), (25, 31)):
        shift = np.random.default_rng(1).uniform(0, 1, (*size, 2)).astype(np.float32)
        mended = mend(shift, np.zeros((*size, 2), np.float32))
        assert mended is None or mended.shape == shift.shape
