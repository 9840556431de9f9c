"""Motion that repeats: found where it is, not found where it is not, and gone on with without a jump."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from studio.motion.forecast import observe
from studio.motion.period import MOST_HISTORY, Loop, find_period, history_frames


def _wall(height: int, width: int, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    blurred = cv2.GaussianBlur(noise, (0, 0), 3).astype(np.float32)
    return np.clip((blurred - 127) * 5 + 127, 0, 255).astype(np.uint8)


def _swing(period: float, count: int, sway: float = 0.0) -> np.ndarray:
    """A square that swings 40 px to either side of a wall, in grain; each swing ``sway`` px lower than the last."""
    wall, square, grain = _wall(96, 160), _wall(30, 30, seed=3), np.random.default_rng(1)
    frames = []
    for t in range(count):
        frame = wall.copy()
        x, y = round(64 + 40 * np.sin(2 * np.pi * t / period)), round(20 + sway * t / period)
        frame[y : y + 30, x : x + 30] = square
        frames.append(np.clip(frame + grain.normal(0, 2, frame.shape), 0, 255).astype(np.uint8))
    return np.stack(frames)


@pytest.mark.parametrize("period", [8, 15, 24, 33])
def test_a_swing_has_its_period(period: int) -> None:
    found = find_period(_swing(period, 72))
    assert found is not None and found.frames == period and found.likeness > 0.9
    # It repeats where the square swings, and nowhere near the lower border.
    assert found.share[12:18, 14:50].mean() > 0.8 and found.share[-6:].max() == 0


def test_a_period_seen_once_is_none() -> None:
    assert find_period(_swing(30, 40)) is None


@pytest.mark.parametrize("kind", ["still", "grain", "pan", "passing", "stopped"])
def test_what_does_not_repeat_has_no_period(kind: str) -> None:
    wall = _wall(96, 700)
    if kind == "still":
        frames = np.stack([wall[:, :160]] * 60)
    elif kind == "grain":
        frames = _swing(1e9, 60)
    elif kind == "pan":
        frames = np.stack([wall[:, 5 * t : 5 * t + 160] for t in range(60)])
    elif kind == "passing":
        frames = np.stack([wall[:, :160]] * 60)
        for t in range(60):
            frames[t, 30:60, 2 * t : 2 * t + 30] = _wall(30, 30, seed=3)
    else:
        frames = _swing(12, 60)
        frames = np.concatenate([frames, np.repeat(frames[-1:], 12, axis=0)])
    assert find_period(frames) is None


def test_what_swung_before_a_cut_does_not_count() -> None:
    other = (_swing(1e9, 10) * np.array([0.2, 0.5, 1])).astype(np.uint8)
    assert find_period(np.concatenate([_swing(12, 60), other])) is None


def test_a_part_may_repeat_beside_something_that_does_not() -> None:
    frames = np.concatenate(
        [_swing(15, 72), np.stack([_wall(96, 700, 8)[:, 5 * t : 5 * t + 60] for t in range(72)])], 2
    )
    found = find_period(frames)
    assert found is not None and found.frames == 15
    assert found.share[12:16, 14:34].mean() > 0.6 and found.share[:, 50:].mean() < 0.2


def test_it_goes_on_as_it_did() -> None:
    truth = _swing(15, 120)
    loop = Loop(truth[:72], find_period(truth[:72]))
    for ahead in (1, 5, 11, 15, 22, 40):
        made = loop.over(truth[71], ahead)
        # Nothing but grain apart, where the last frame would be far off but for whole periods.
        assert np.abs(made.astype(int) - truth[71 + ahead]).mean() < 3.5
    assert np.abs(truth[71].astype(int) - truth[71 + 11]).mean() > 4


def test_no_jump_at_any_joint() -> None:
    # Every swing hangs three pixels lower: one period ago is not where it is now.
    frames = _swing(20, 60, sway=3)
    loop = Loop(frames, find_period(frames))
    made = [frames[-1], *(loop.over(frames[-1], ahead) for ahead in range(1, 45))]
    steps = [np.abs(second.astype(int) - first).mean() for first, second in zip(made, made[1:])]
    usual = max(np.abs(second.astype(int) - first).mean() for first, second in zip(frames, frames[1:]))
    assert max(steps) < 1.25 * usual
    assert np.array_equal(loop.over(frames[-1], 0), frames[-1])


def test_what_repeats_is_taken_out_of_the_motion() -> None:
    frames = _swing(15, 60)
    motion = observe(list(frames))
    rest = Loop(frames, find_period(frames)).taken_from(motion)
    assert np.abs(motion.slow).max() > 2 and np.abs(rest.slow).max() < 0.2


def test_history_is_bounded() -> None:
    assert history_frames((360, 640), 24) == 73
    assert history_frames((360, 640), 240) == MOST_HISTORY
    assert history_frames((2160, 3840), 60) * 2160 * 3840 * 3 <= 256 << 20
    assert history_frames((360, 640), 1) >= 8
