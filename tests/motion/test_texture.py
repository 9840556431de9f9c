"""The moving texture: white, repeatable, carried along, never smeared."""

import numpy as np

from studio.motion.texture import MovingTexture, settled


def flow_of(x: float, y: float, height: int = 60, width: int = 80) -> np.ndarray:
    return np.broadcast_to(np.array([x, y], np.float32), (height, width, 2)).copy()


def test_it_is_white_and_stays_so() -> None:
    texture = MovingTexture(120, 160, seed=1)
    y, x = np.mgrid[0:120, 0:160].astype(np.float32)
    zoom = np.stack([(x - 80) * -0.01, (y - 60) * -0.01], -1)  # every frame one per cent nearer
    for _ in range(60):
        texture.follow(zoom)
    noise = texture.noise()
    assert abs(noise.mean()) < 0.1 and 0.8 < noise.std() < 1.2
    neighbours = float((noise[:, 1:] * noise[:, :-1]).mean())
    assert neighbours < 0.6  # not blown up to blobs


def test_same_seed_same_texture() -> None:
    assert np.array_equal(MovingTexture(20, 30, 5).noise(), MovingTexture(20, 30, 5).noise())
    assert not np.array_equal(MovingTexture(20, 30, 5).noise(), MovingTexture(20, 30, 6).noise())


def test_whole_steps_move_it_exactly() -> None:
    texture = MovingTexture(60, 80, seed=2)
    before = texture.noise()
    texture.follow(flow_of(-3, 2))  # what is at x now was at x - 3, y + 2
    after = texture.noise()
    assert np.allclose(after[:-2, 3:], before[2:, :-3], atol=1e-4)


def test_small_steps_add_up() -> None:
    texture = MovingTexture(60, 80, seed=3)
    before = texture.noise()
    for _ in range(8):
        texture.follow(flow_of(-0.25, 0))
    assert np.allclose(texture.noise()[:, 2:], before[:, :-2], atol=0.05)


def test_no_motion_no_change_and_a_restart_changes_all() -> None:
    texture = MovingTexture(60, 80, seed=4)
    before = texture.noise()
    texture.follow(flow_of(0.01, 0.0))
    assert np.array_equal(texture.noise(), before)
    texture.restart()
    assert np.abs(texture.noise() - before).mean() > 0.5


def test_a_settled_flow_trusts_structure_only() -> None:
    rng = np.random.default_rng(0)
    grey = np.full((64, 96), 120, np.uint8)
    grey[:, 48:] = rng.integers(0, 255, (64, 48))
    calm = settled(flow_of(2.0, -1.0, 64, 96), grey)
    assert np.allclose(calm[:, 56:], (2.0, -1.0), atol=0.05)
    assert np.abs(calm[:, :30]).max() < 0.2
