"""Training windows and gaps: nothing unsound gets in, a seed gives one pool, turning keeps the truth."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from studio.errors import UserError
from studio.models.fields import halve, warp
from studio.models.interpolation import InterpolationGenerator
from studio.training.__main__ import main
from studio.training.data import training_clips, windows
from studio.training.gap_batches import draw_batch
from studio.training.gap_losses import picture_loss, stage_loss
from studio.training.gap_objective import measure
from studio.training.gap_pool import prepare_pool
from studio.training.moved_photos import move_photos
from studio.training.objective import Context


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
    stamp = (tmp_path / "frames.npy").stat().st_mtime_ns
    np.testing.assert_array_equal(pool.frames, again.frames)
    prepare_pool(tmp_path, None, 3, tiny=True)
    assert (tmp_path / "frames.npy").stat().st_mtime_ns == stamp
    assert set(pool.rows(held_out=True)) | set(pool.rows(held_out=False)) == set(range(len(pool)))
    assert not set(pool.rows(held_out=True)) & set(pool.rows(held_out=False))


def test_turned_mirrored_or_backwards_the_flows_still_lead_to_the_truth(pool):
    """The tiny pool is noise that slides four pixels a frame: whatever was drawn, the truth lies along the flow."""
    steps = set()
    for seed in range(12):
        batch = draw_batch(pool, np.array([0]), 96, np.random.default_rng(seed), torch.device("cpu"))
        flow, moment = batch.forward[..., 12:-12, 12:-12].mean((2, 3)), batch.moment.item()
        span = float(flow.norm()) / 2
        assert abs(span - round(span)) < 0.2 and 2 <= round(span) <= 4
        whole = 2 * flow.view(1, 2, 1, 1).expand(1, 2, 96, 96)
        inner = (..., slice(24, -24), slice(24, -24))
        left = (warp(batch.first, -moment * whole) - batch.truth)[inner].abs().mean()
        assert left < 0.4 * (batch.first - batch.truth)[inner].abs().mean()
        np.testing.assert_allclose(batch.back.flatten(2).median(2).values, -moment * flow, atol=0.3)
        if batch.context.known[0, 0]:
            np.testing.assert_allclose(batch.context.to_before.flatten(2).median(2).values, -flow, atol=0.4)
        steps.add(tuple(flow.round().int()[0].tolist()))
    assert len(steps) > 3  # turned and mirrored


def test_some_gaps_see_no_frames_around_them(pool):
    rows = np.zeros(64, int)
    known = draw_batch(pool, rows, 64, np.random.default_rng(0), torch.device("cpu"), teach=False).context.known
    assert {tuple(row) for row in known.int().tolist()} == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_photos_set_in_motion_move_and_cover_one_another():
    photo = cv2.GaussianBlur(np.random.default_rng(1).integers(0, 256, (500, 600, 3), np.uint8), (0, 0), 4)
    window = move_photos([photo], np.random.default_rng(2))
    assert window.dtype == np.uint8 and window.shape == (13, 208, 208, 3)
    changes = [np.abs(window[0].astype(int) - frame).mean() for frame in window[1:]]
    assert changes[0] > 0.2 and changes[5] > changes[0]


def test_the_loss_prefers_the_truth(pool):
    batch = draw_batch(pool, np.arange(2), 64, np.random.default_rng(0), torch.device("cpu"))
    assert picture_loss(batch.truth, batch.truth) < picture_loss((batch.first + batch.second) / 2, batch.truth)
    halves = halve(batch.first), halve(batch.second)
    leaning = torch.zeros_like(batch.back[:, :1])
    taught = stage_loss(*halves, (batch.back, batch.on, leaning), batch)
    assert taught < stage_loss(*halves, (batch.back + 1, batch.on - 1, leaning), batch)


def test_measuring_says_the_same_again(pool, tmp_path):
    torch.manual_seed(0)
    net = InterpolationGenerator.tiny()
    context = Context(run=tmp_path, data=None, checkpoints=tmp_path, tiny=True)
    rows = np.arange(len(pool))
    figure = measure(net, pool, rows, context)
    assert figure == measure(net, pool, rows, context) and 20 < figure < 60


def test_every_phase_takes_its_steps():
    assert main(["interpolation", "--dry-run"]) == 0
