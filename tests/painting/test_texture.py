"""The moving texture: white, repeatable, carried along, never smeared."""

import numpy as np

from studio.painting.texture import MovingTexture, Texture


def flow_of(x: float, y: float, height: int = 60, width: int = 80) -> np.ndarray:
    return np.broadcast_to(np.array([x, y], np.float32), (height, width, 2)).copy()


def test_it_is_white_and_stays_so() -> None:
    texture = MovingTexture(120, 160, seed=1)
    y, x = np.mgrid[0:120, 0:160].astype(np.float32)
    zoom = np.stack([(x - 80) * -0.01, (y - 60) * -0.01], -1)  # every frame one per cent nearer
    for _ in range(60):
        texture.follow(zoom)
    noise = texture.lay().noise
    assert abs(noise.mean()) < 0.1 and 0.8 < noise.std() < 1.2
    neighbours = float((noise[:, 1:] * noise[:, :-1]).mean())
    assert neighbours < 0.6  # not blown up to blobs


def test_same_seed_same_texture() -> None:
    assert np.array_equal(MovingTexture(20, 30, 5).lay().noise, MovingTexture(20, 30, 5).lay().noise)
    assert not np.array_equal(MovingTexture(20, 30, 5).lay().noise, MovingTexture(20, 30, 6).lay().noise)


def test_whole_steps_move_it_exactly() -> None:
    texture = MovingTexture(60, 80, seed=2)
    before = texture.lay().noise
    texture.follow(flow_of(-3, 2))  # what is at x now was at x - 3, y + 2
    after = texture.lay().noise
    assert np.allclose(after[:-2, 3:], before[2:, :-3], atol=1e-4)


def test_small_steps_add_up() -> None:
    texture = MovingTexture(60, 80, seed=3)
    before = texture.lay().noise
    for _ in range(8):
        texture.follow(flow_of(-0.25, 0))
    assert np.allclose(texture.lay().noise[:, 2:], before[:, :-2], atol=0.05)


def test_no_motion_no_change_and_a_restart_changes_all() -> None:
    texture = MovingTexture(60, 80, seed=4)
    before = texture.lay().noise
    texture.follow(flow_of(0.01, 0.0))
    assert np.array_equal(texture.lay().noise, before)
    texture.restart()
    assert np.abs(texture.lay().noise - before).mean() > 0.5


def test_the_shift_is_the_path_that_was_followed() -> None:
    texture = MovingTexture(60, 80, seed=7)
    before = texture.lay()
    for _ in range(4):
        texture.follow(flow_of(-1.5, 0.75))
    assert np.allclose(texture.lay().shift - before.shift, (-6, 3), atol=1e-3)
    assert np.array_equal(before.shift, MovingTexture(60, 80, seed=7).lay().shift)  # what was laid stays as it was


def test_wrinkles_are_smoothed_and_tears_are_kept() -> None:
    """A flow that trembles must not pull tiles to streaks; two halves that part must stay apart."""
    rng = np.random.default_rng(8)
    texture = MovingTexture(64, 96, seed=9)
    for _ in range(40):
        texture.follow(flow_of(0.4, 0, 64, 96) + rng.normal(0, 0.25, (64, 96, 2)).astype(np.float32))
    shift = texture.lay().shift
    assert shift.std((0, 1)).max() < 0.8  # 40 independent steps add up to 0.25 * sqrt(40) = 1.6
    torn = MovingTexture(64, 96, seed=9)
    parting = flow_of(0, 0, 64, 96)
    parting[:32, :, 0], parting[32:, :, 0] = 1.0, -1.0
    for _ in range(40):
        torn.follow(parting)
    above, below = torn.lay().shift[[30, 34], 40, 0]
    assert above > 35 and below < -35  # each went 40 its own way


def test_a_still_texture_is_white_and_placed_by_its_seed() -> None:
    first, again, other = (Texture.still(40, 60, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.noise, again.noise) and np.array_equal(first.shift, again.shift)
    assert not np.array_equal(first.shift, other.shift) and not np.array_equal(first.noise, other.noise)
    assert np.ptp(first.shift, axis=(0, 1)).max() == 0
    assert abs(first.noise.mean()) < 0.1 and 0.9 < first.noise.std() < 1.1
