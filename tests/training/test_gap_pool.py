"""Training windows and crops: nothing unsound gets in, a seed gives one pool, augmenting keeps the truth."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from studio.errors import UserError
from studio.models.interpolation import InterpolationGenerator
from studio.training.__main__ import main
from studio.training.data import training_clips, windows
from studio.training.gap_pool import prepare_pool
from studio.training.recipes.interpolation import GapBatch, measure, picture_loss


def shot(seed, hue, frames, step=3):
    rng = np.random.default_rng(seed)
    value = cv2.GaussianBlur(rng.integers(0, 256, (80, 140 + step * frames), np.uint8), (0, 0), 4)
    value = cv2.normalize(value, None, 30, 250, cv2.NORM_MINMAX)
    wall = cv2.cvtColor(np.dstack([np.full_like(value, hue), np.full_like(value, 180), value]), cv2.COLOR_HSV2RGB)
    return [wall[:, step * index : step * index + 140] for index in range(frames)]


def test_windows_hold_neither_cuts_nor_repeats():
    first, second = shot(1, 10, 8), shot(2, 100, 8)
    clip = np.stack([*first, *second[:4], second[3], *second[4:]])  # a cut after 8 frames, a repeat at 12
    found = list(windows(Path("clip.mp4"), clip, 3, 100, np.random.default_rng(0)))
    starts = sorted(
        next(i for i in range(len(clip) - 2) if np.array_equal(clip[i : i + 3], window.frames)) for window in found
    )
    assert starts == [start for start in range(15) if not {start, start + 1} & {7, 11}]
    assert all(window.motion > 0 and window.clip == "clip" for window in found)


def test_no_more_windows_than_wanted_and_none_of_a_short_clip():
    clip = np.stack(shot(1, 10, 9))
    assert len(list(windows(Path("c"), clip, 3, 4, np.random.default_rng(0)))) == 4
    assert not list(windows(Path("c"), clip[:2], 3, 4, np.random.default_rng(0)))


def test_clips_must_be_there(tmp_path):
    with pytest.raises(UserError):
        training_clips(None)
    with pytest.raises(UserError):
        training_clips(tmp_path)


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    return prepare_pool(tmp_path_factory.mktemp("pool"), None, 3, tiny=True)


def test_the_same_seed_gives_the_same_pool_and_a_second_call_reads_it(pool, tmp_path):
    again = prepare_pool(tmp_path, None, 3, tiny=True)
    stamp = (tmp_path / "truths.npy").stat().st_mtime_ns
    for name in ("halves", "motions", "weights", "wholes", "truths", "moments"):
        np.testing.assert_array_equal(getattr(pool, name), getattr(again, name))
    prepare_pool(tmp_path, None, 3, tiny=True)
    assert (tmp_path / "truths.npy").stat().st_mtime_ns == stamp
    assert len(pool) and np.allclose(pool.weights.astype(np.float32).sum(1), 1, atol=5e-3)


def test_augmenting_moves_everything_together(pool):
    rows = np.arange(len(pool))
    plain = GapBatch(pool, rows, torch.device("cpu"))
    error = (plain.mix(plain.weights) - plain.truth).square().flatten(1).mean(1)
    speeds = plain.motions.square().sum(2).flatten(1).sum(1)
    for seed in range(12):
        batch = GapBatch(pool, rows, torch.device("cpu"))
        batch.augment(np.random.default_rng(seed))
        torch.testing.assert_close(
            (batch.mix(batch.weights) - batch.truth).square().flatten(1).mean(1), error, rtol=1e-3, atol=1e-7
        )
        torch.testing.assert_close(batch.motions.square().sum(2).flatten(1).sum(1), speeds)


def test_the_classical_picture_is_strength_zero(pool):
    torch.manual_seed(0)
    net = InterpolationGenerator.tiny().eval()
    gains = measure(net, pool, np.arange(len(pool)), (1.0, 0.0), torch.device("cpu"))
    assert abs(gains[0.0]) < 5e-3 and net.config.strength == 1.0


def test_the_loss_prefers_the_truth(pool):
    batch = GapBatch(pool, np.arange(2), torch.device("cpu"))
    assert picture_loss(batch.truth, batch.truth) < picture_loss(batch.mix(batch.weights), batch.truth)


def test_every_phase_takes_its_steps():
    assert main(["interpolation", "--dry-run"]) == 0
