"""The still hypothesis: silent before training, and where it has its way the frames stand."""

from contextlib import nullcontext

import cv2
import numpy as np
import pytest
import torch

from studio.models.interpolation import InterpolationGenerator
from studio.motion.between import ROUGH, measure_gap
from studio.pipelines.interpolation.drawing import GapDrawing


@pytest.fixture(scope="module")
def gap():
    wall = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (62, 90, 3), np.uint8), (0, 0), 3)
    return measure_gap(np.ascontiguousarray(wall[:, 8:78]), np.ascontiguousarray(wall[:, 4:74]), ROUGH)


@pytest.fixture
def nets():
    torch.manual_seed(0)
    plain = InterpolationGenerator.tiny(residual=0.0).eval()
    still = InterpolationGenerator.tiny(residual=0.0, still=8).eval()
    missing, unknown = still.load_state_dict(plain.state_dict(), strict=False)
    assert not unknown and missing and all(name.startswith("stillness.") for name in missing)
    return plain, still


@torch.no_grad()
def test_before_training_no_bit_changes(gap, nets):
    plain, still = (GapDrawing(net, gap, nullcontext)(0.4) for net in nets)
    np.testing.assert_array_equal(plain, still)


@torch.no_grad()
def test_held_still_the_frame_stands(gap, nets):
    net = nets[1]
    net.stillness.out.bias[:4], net.stillness.out.bias[4:] = 10, 25  # all of it, and of the first frame alone
    made = GapDrawing(net, gap, nullcontext)(0.5)
    assert np.abs(made.astype(int) - gap.first).max() <= 1
    assert np.abs(made.astype(int) - gap.second).mean() > 3


@torch.no_grad()
def test_an_old_configuration_has_no_such_stage():
    assert InterpolationGenerator.from_config({"features": 8, "search": 8}).stillness is None
