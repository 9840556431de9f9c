"""How far a forecast is to be believed: never more further ahead, less where motion cannot be foretold."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from studio.motion.confidence import TRUSTED, expected, signs, trusted_frames
from studio.motion.forecast import observe


def _wall(height: int, width: int, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    blurred = cv2.GaussianBlur(noise, (0, 0), 3).astype(np.float32)
    return np.clip((blurred - 127) * 5 + 127, 0, 255).astype(np.uint8)


def _clip(steps: list[int]) -> np.ndarray:
    """A wall that slides by these pixels from frame to frame."""
    wall = _wall(144, 600)
    return np.stack([wall[:, place : place + 240] for place in 100 + np.cumsum(steps)])


def _after(frames: np.ndarray, ahead: float, outside: float = 0.0, repeats: float = 0.0) -> float:
    return expected(signs(observe(list(frames)), frames[-1]), ahead, outside, repeats)


def test_steady_is_believed_more_than_shaky_and_noise_least() -> None:
    steady, shaky = _clip([3] * 8), _clip([5, -5] * 4)
    boiling = np.clip(_clip([0] * 8) + np.random.default_rng(0).normal(0, 40, (8, 144, 240, 3)), 0, 255).astype(
        np.uint8
    )
    for ahead in (1, 4, 12):
        assert _after(steady, ahead) > _after(shaky, ahead) + 0.1
        assert _after(steady, ahead) > _after(boiling, ahead) + 0.1


def test_a_still_is_believed_for_long() -> None:
    assert _after(_clip([0] * 8), 48) > TRUSTED > _after(_clip([3] * 8), 48)


@pytest.mark.parametrize("steps", [[3] * 8, [1] * 8, [9, 4] * 4])
def test_confidence_falls_with_time(steps: list[int]) -> None:
    said = [_after(_clip(steps), ahead) for ahead in (1, 3, 9, 27, 81)]
    assert all(0 <= value <= 1 for value in said)
    assert said == sorted(said, reverse=True) and said[-1] < said[0]


def test_what_comes_from_beyond_the_border_is_not_known() -> None:
    assert _after(_clip([3] * 8), 4, outside=0.2) < _after(_clip([3] * 8), 4) - 0.1


def test_what_repeats_is_believed_for_longer() -> None:
    assert _after(_clip([3] * 8), 40, repeats=0.95) > _after(_clip([3] * 8), 40) + 0.1


def test_trusted_frames_end_where_confidence_falls_below() -> None:
    assert trusted_frames(np.array([0.9, TRUSTED, TRUSTED - 0.01, 0.1])) == 2
    assert trusted_frames(np.array([TRUSTED - 0.1])) == 0
    assert trusted_frames(np.full(7, 0.95)) == 7
