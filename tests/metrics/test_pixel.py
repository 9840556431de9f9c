"""PSNR and SSIM against values worked out by hand and by a slow, direct reading of the papers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from studio.metrics import psnr, ssim


def _noise(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def test_psnr_of_a_constant_error_of_ten() -> None:
    dark = np.full((20, 30, 3), 100, np.uint8)
    assert psnr(dark, dark + 10) == pytest.approx(20 * math.log10(25.5), abs=1e-4)


def test_psnr_of_equal_frames_is_finite_and_high() -> None:
    frame = _noise((16, 16, 3), 0)
    assert 100 < psnr(frame, frame) < 1000


def test_ssim_equals_the_papers_formula_pixel_by_pixel() -> None:
    x, y = _noise((15, 14), 1), _noise((15, 14), 2)
    axis = np.arange(-5, 6)
    line = np.exp(-(axis**2) / (2 * 1.5**2))
    window = np.outer(line, line) / line.sum() ** 2
    values = []
    for row in range(5, 10):
        for column in range(5, 9):
            a = x[row - 5 : row + 6, column - 5 : column + 6].astype(float)
            b = y[row - 5 : row + 6, column - 5 : column + 6].astype(float)
            ma, mb = (window * a).sum(), (window * b).sum()
            va, vb = (window * (a - ma) ** 2).sum(), (window * (b - mb) ** 2).sum()
            cov = (window * (a - ma) * (b - mb)).sum()
            c1, c2 = 2.55**2, 7.65**2
            values.append((2 * ma * mb + c1) * (2 * cov + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2)))
    assert ssim(x, y) == pytest.approx(float(np.mean(values)), abs=1e-6)


def test_ssim_is_one_for_equal_frames_and_falls_with_noise() -> None:
    frame = np.repeat(np.linspace(0, 255, 64, dtype=np.uint8)[None, :, None], 64, axis=0).repeat(3, axis=2)
    little = np.clip(frame.astype(int) + np.random.default_rng(0).normal(0, 5, frame.shape), 0, 255).astype(np.uint8)
    much = np.clip(frame.astype(int) + np.random.default_rng(0).normal(0, 40, frame.shape), 0, 255).astype(np.uint8)
    assert ssim(frame, frame) == pytest.approx(1.0)
    assert 1 > ssim(little, frame) > ssim(much, frame)


@pytest.mark.parametrize("measure", [psnr, ssim])
def test_frames_that_do_not_match_are_refused(measure) -> None:
    with pytest.raises(ValueError):
        measure(_noise((16, 16, 3), 0), _noise((16, 17, 3), 0))
    with pytest.raises(TypeError):
        measure(np.zeros((16, 16, 3)), np.zeros((16, 16, 3)))


def test_ssim_refuses_frames_smaller_than_its_window() -> None:
    with pytest.raises(ValueError):
        ssim(_noise((10, 40, 3), 0), _noise((10, 40, 3), 0))
