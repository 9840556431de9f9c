"""The camera's share and the forecast, on motions that are known because they were made."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from studio.motion.camera import Camera
from studio.motion.carry import Trace, carry, ground, trace
from studio.motion.forecast import Habit, Motion, drift, grid_of, observe, plain_habit, still


def _wall(height: int, width: int, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    blurred = cv2.GaussianBlur(noise, (0, 0), 3).astype(np.float32)
    return np.clip((blurred - 127) * 5 + 127, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def panning() -> np.ndarray:
    """The picture moves 4 px to the left and 2 px up per frame."""
    wall = _wall(160, 260)
    return np.stack([wall[2 * t : 2 * t + 96, 4 * t : 4 * t + 160] for t in range(16)])


def _restless(motion: Motion) -> Habit:
    """The plain habit of what never settles."""
    return replace(plain_habit(motion), horizon=1e4 * motion.agreement)


def _ahead(frames: np.ndarray, steps: float) -> tuple[np.ndarray, Trace]:
    motion = observe(list(frames))
    moved = drift(motion, _restless(motion), steps)
    path = trace(motion, moved, motion.camera.after(steps))
    return carry(frames[-1], ground(frames[-1], motion), path), path


def test_a_pan_goes_on(panning: np.ndarray) -> None:
    made, path = _ahead(panning[:8], 5)
    inner = (slice(8, 80), slice(8, 132))
    error = np.abs(made[inner].astype(int) - panning[12][inner]).mean()
    assert error < 0.2 * np.abs(panning[7][inner].astype(int) - panning[12][inner]).mean()
    # Five frames of 4 px: new picture comes in at the right and at the bottom only.
    outside = path.outside
    assert outside[:80, :138].max() == 0 and outside[:, -15:].min() == 1 and outside[-7:].min() == 1


def test_stills_stay_as_they_are() -> None:
    frame = _wall(70, 90)
    for frames in ([frame], [frame, frame], [frame] * 6):
        made, path = _ahead(np.stack(frames), 30)
        assert np.array_equal(made, frame)
        assert max(path.uncovered.max(), path.outside.max(), path.moved.max()) == 0


def test_what_lies_before_a_cut_does_not_count(panning: np.ndarray) -> None:
    other = (_wall(96, 160, seed=5) * np.array([1, 0.5, 0.2])).astype(np.uint8)
    motion = observe([*panning[:6], other])
    assert motion.camera == Camera() and np.abs(motion.quick).max() == 0


@pytest.mark.parametrize("count", [11, 12])
def test_a_clip_on_twos_keeps_its_mean_pace(panning: np.ndarray, count: int) -> None:
    twos = np.repeat(panning[:6], 2, axis=0)
    # 4 px per picture, each shown twice.
    assert observe(list(twos[:count])).camera.shift.real == pytest.approx(-2, abs=0.5)


def test_a_mover_uncovers_ground_and_goes_where_it_was_going() -> None:
    wall = _wall(120, 200)
    frames = []
    for t in range(8):
        frame = wall.copy()
        frame[40:80, 30 + 5 * t : 70 + 5 * t] = _wall(40, 40, seed=9)
        frames.append(frame)
    made, path = _ahead(np.stack(frames), 3)
    # Three frames of 5 px, settling: it stood at 65, and now at nearly 80.
    arrived = made[48:72, 88:112]
    errors = [np.abs(arrived.astype(int) - _wall(40, 40, seed=9)[8:32, 8 + s : 32 + s]).mean() for s in range(-8, 9)]
    assert abs(int(np.argmin(errors)) - 8) <= 4
    _, path = _ahead(np.stack(frames), 6)
    assert path.uncovered[50:70, 68:84].mean() > 0.1
    assert path.uncovered[:30].max() == 0


def _sliding(places: list[float]) -> np.ndarray:
    """A square at these columns of a wall, whole pixels."""
    frames = []
    for x in places:
        frame = _wall(120, 240)
        frame[40:80, round(x) : round(x) + 40] = _wall(40, 40, seed=9)
        frames.append(frame)
    return np.stack(frames)


def test_the_velocity_one_step_earlier_is_known() -> None:
    # Steps of 2, 2, 2, 2 and at last 6 px.
    motion = observe(list(_sliding([40, 42, 44, 46, 48, 54])))
    square = (slice(25, 35), slice(30, 44))
    assert np.median(motion.quick[square][..., 0]) == pytest.approx(6, abs=0.7)
    assert np.median(motion.before[square][..., 0]) == pytest.approx(2, abs=0.7)


def test_what_speeds_up_goes_on_speeding_up() -> None:
    # A pixel per frame faster each frame: three more steps after one of 5 lead 21 px on, and 15 without.
    steady, faster = [5.0] * 6, [0, 1, 2, 3, 4, 5]
    moved = []
    for steps in (steady, faster):
        motion = observe(list(_sliding(list(20 + np.cumsum([0.0, *steps])))))
        far = drift(motion, _restless(motion), 3)
        middle = far[25:35, slice(*((np.array([4, 16]) + (20 + sum(steps)) / 2).astype(int)))]
        moved.append((float(np.median(middle[..., 0])), float(motion.push[30, int((40 + sum(steps)) / 2), 0])))
    assert abs(moved[0][1]) < 0.1 and 0.3 < moved[1][1] < 1.2
    assert moved[1][0] > moved[0][0] + 1.5


def test_a_wobble_is_no_acceleration() -> None:
    motion = observe(list(_sliding([40, 41, 44, 45, 48, 49, 52])))
    assert np.abs(motion.push).max() < 0.1


def test_velocities_that_do_not_agree_settle_at_once() -> None:
    steady = observe(list(_sliding([25, 28, 31, 34, 37, 40])))
    shaken = observe(list(_sliding([37, 40, 37, 40, 37, 40])))
    here = (slice(25, 35), slice(30, 40))
    agreed, torn = (plain_habit(motion).horizon[here].mean() for motion in (steady, shaken))
    assert torn < 0.6 * agreed


def test_nothing_flies_away_in_a_straight_line(panning: np.ndarray) -> None:
    motion = still((120, 200))
    motion.quick[20:40, 40:60] = motion.slow[20:40, 40:60] = (12, 0)
    motion.settle_frames[:] = 4
    far = drift(motion, plain_habit(motion), 500)
    assert np.linalg.norm(far, axis=2).max() < 0.5 * 120


@pytest.mark.parametrize("size", [(16, 16), (17, 33), (360, 640), (1080, 1920), (5, 7)])
def test_the_grid_is_small_but_never_nothing(size: tuple[int, int]) -> None:
    h, w = grid_of(size)
    assert 16 <= min(h, w) and max(h, w) <= 320
