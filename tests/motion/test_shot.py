"""The step between two frames: where things went, what of the past may be trusted, and where a shot begins."""

import cv2
import numpy as np

from studio.motion.shot import Shot


def world(height: int = 128, width: int = 320, seed: int = 0) -> np.ndarray:
    """A picture with structure at several sizes, uint8."""
    rng = np.random.default_rng(seed)
    layers = [cv2.resize(rng.uniform(0, 255, (height // size, width // size, 3)), (width, height)) for size in (32, 8)]
    return (0.6 * layers[0] + 0.4 * layers[1]).astype(np.uint8)


def planes(frame: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(frame.transpose(2, 0, 1), dtype=np.float32)


def test_a_pan_is_followed():
    wide = world()
    shot = Shot()
    assert shot.step(np.ascontiguousarray(wide[:, :160])) is None
    step = shot.step(np.ascontiguousarray(wide[:, 6:166]))
    inner = np.s_[16:-16, 16:-24]
    assert np.abs(step.flow[8:-8, 8:-12] - (3.0, 0.0)).mean() < 0.1  # half-size pixels
    carried = step.carry(planes(wide[:, :160])).transpose(1, 2, 0)
    assert np.abs(carried - wide[:, 6:166])[inner].mean() < 1.5
    assert step.trust.shape == (128, 160) and step.trust[inner].mean() > 0.95
    assert step.trust[:, -4:].max() < 0.5  # these columns came from beyond the frame


def test_detail_outlives_twenty_steps_of_a_slow_pan():
    """Waves six pixels long, carried at .7 pixels a frame, keep their height."""
    x = np.arange(400, dtype=np.float32)
    wave = np.tile(np.sin(x / 3)[None], (64, 1))
    wide = np.stack([100 + 60 * np.tile(np.sin(x / 11 + phase)[None], (64, 1)) for phase in (0, 1, 2)], -1)
    shot, painted = Shot(), planes(np.repeat(wave[:, :160, None], 3, 2))
    for index in range(21):
        left = cv2.warpAffine(wide, np.float32([[1, 0, -0.7 * index], [0, 1, 0]]), (400, 64))[:, :160]
        step = shot.step(np.clip(left, 0, 255).astype(np.uint8))
        painted = painted if step is None else step.carry(painted)
    assert painted[:, 16:-16, 60:120].std() > 0.9 * wave.std()


def test_what_appears_is_not_trusted():
    shot = Shot()
    first = world()[:, :160].copy()
    second = first.copy()
    second[40:80, 60:100] = (250, 20, 20)
    shot.step(first)
    step = shot.step(second)
    assert step.trust[46:74, 66:94].mean() < 0.1
    assert step.trust[100:, :].mean() > 0.95


def test_stillness_carries_exactly():
    shot = Shot()
    frame = world()[:, :160].copy()
    shot.step(frame)
    step = shot.step(frame.copy())
    painted = planes(np.random.default_rng(1).integers(0, 256, (128, 160, 3), np.uint8))
    assert np.array_equal(step.carry(painted), painted) and step.trust.min() == 1


def test_noise_on_a_plain_wall_is_no_motion():
    rng = np.random.default_rng(0)
    frames = [np.clip(128 + rng.normal(0, 2, (128, 160, 3)), 0, 255).astype(np.uint8) for _ in range(2)]
    shot = Shot()
    shot.step(frames[0])
    assert np.abs(shot.step(frames[1]).flow).max() < 0.2


def test_another_shot_has_no_past():
    shot = Shot()
    shot.step(world()[:, :160].copy())
    assert shot.step(world(seed=5)[:, :160].copy()) is None
    assert shot.step(world(seed=5)[:, 2:162].copy()) is not None


def test_black_frames_pass():
    shot = Shot()
    black = np.zeros((64, 64, 3), np.uint8)
    shot.step(black)
    step = shot.step(black.copy())
    assert step is not None and not step.flow.any()
