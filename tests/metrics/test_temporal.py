"""Warping error, flicker and contrast on clips whose motion and blinking are known."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from studio.metrics import TrueMotion, contrast, error_flicker, flicker, motion_error, vmaf, warping_error


def _texture(height: int, width: int) -> np.ndarray:
    noise = np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)
    blurred = cv2.GaussianBlur(noise, (0, 0), 3).astype(np.float32)
    return np.clip((blurred - 127) * 5 + 127, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def moving() -> np.ndarray:
    wide = _texture(96, 160)
    return np.stack([wide[:, 2 * t : 2 * t + 128] for t in range(5)])


def test_pure_translation_is_explained_by_its_motion(moving: np.ndarray) -> None:
    plain = np.abs(moving[1:].astype(float) - moving[:-1]).mean()
    assert warping_error(moving) < 0.1 * plain


def test_blinking_raises_both_errors(moving: np.ndarray) -> None:
    blinking = moving.astype(int)
    blinking[1::2] += 20
    blinking = np.clip(blinking, 0, 255).astype(np.uint8)
    assert warping_error(blinking, moving) > warping_error(moving, moving) + 12
    assert flicker(blinking, moving) > flicker(moving, moving) + 12


def test_a_steady_fade_is_a_change_but_no_flicker(moving: np.ndarray) -> None:
    fading = np.stack([np.clip(f.astype(int) // 2 + 10 * t, 0, 255) for t, f in enumerate(moving)]).astype(np.uint8)
    assert warping_error(fading, moving) > 8
    assert flicker(fading, moving) < 1.5


def test_too_few_frames_have_no_error(moving: np.ndarray) -> None:
    assert math.isnan(warping_error(moving[:1]))
    assert math.isnan(flicker(moving[:2]))


def test_blur_lowers_contrast(moving: np.ndarray) -> None:
    soft = np.stack([cv2.GaussianBlur(frame, (0, 0), 4) for frame in moving])
    assert contrast(soft) < 0.6 * contrast(moving)


def test_vmaf_ranks_a_clip_above_its_blur(moving: np.ndarray) -> None:
    soft = np.stack([cv2.GaussianBlur(frame, (0, 0), 3) for frame in moving])
    same, worse = vmaf(moving, moving), vmaf(soft, moving)
    assert same > 90
    assert worse < same - 20


def test_vmaf_refuses_clips_of_two_shapes(moving: np.ndarray) -> None:
    with pytest.raises(ValueError):
        vmaf(moving, moving[:-1])


def test_motion_found_once_judges_as_motion_found_anew(moving: np.ndarray) -> None:
    motion = TrueMotion.of(moving)
    dimmed = (moving * np.linspace(1, 0.6, len(moving))[:, None, None, None]).astype(np.uint8)
    assert warping_error(dimmed, motion) == warping_error(dimmed, moving)
    assert flicker(dimmed, motion) == flicker(dimmed, moving)
    with pytest.raises(ValueError, match="fewer frames"):
        warping_error(moving, TrueMotion.of(moving[:-1]))
    with pytest.raises(ValueError, match="more frames"):
        warping_error(moving[:-1], motion)


def test_an_error_that_moves_along_does_not_blink(moving: np.ndarray) -> None:
    softer = np.stack([cv2.GaussianBlur(frame, (0, 0), 2) for frame in moving])
    every_second = moving.copy()
    every_second[1::2] = softer[1::2]
    steady, blinking = error_flicker(softer, moving), error_flicker(every_second, moving)
    assert error_flicker(moving, moving) == 0
    assert blinking > 4 * steady
    with pytest.raises(ValueError):
        error_flicker(moving, moving[:-1])


def test_a_stutter_moves_wrongly(moving: np.ndarray) -> None:
    stuttering = moving.copy()
    stuttering[1::2] = moving[0:-1:2]
    brighter = np.clip(moving.astype(int) + 10, 0, 255).astype(np.uint8)
    assert motion_error(moving, moving) == 0
    # 2 pixels a frame: 0 and 4 in turn are wrong by 2.
    assert motion_error(stuttering, moving) == pytest.approx(2, abs=0.7)
    assert motion_error(brighter, moving) < 0.5
