"""The prediction generator's lessons: the teacher is right, mirrored lessons are mirrored, a batch is learnt."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from studio.errors import UserError
from studio.models.prediction import VECTORS, PredictionGenerator
from studio.motion.carry import Trace
from studio.motion.evidence import gather, tell
from studio.motion.forecast import still
from studio.motion.warp import pixel_grid
from studio.tensors import to_channels_first
from studio.training.__main__ import main
from studio.training.future_pool import HORIZONS, SIDE, FuturePool, future_pool, teach
from studio.training.objective import Context
from studio.training.recipes.prediction import FutureBatch, RefineObjective, best_factors, gains

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def pool(tmp_path_factory) -> FuturePool:
    return future_pool(tmp_path_factory.mktemp("pool"), None, 3, tiny=True)


def test_the_same_seed_gives_the_same_pool_and_a_second_call_reads_it(pool, tmp_path):
    again = future_pool(tmp_path, None, 3, tiny=True)
    stamp = (tmp_path / "truth.npy").stat().st_mtime_ns
    for name, values in vars(pool).items():
        np.testing.assert_array_equal(values, getattr(again, name))
    future_pool(tmp_path, None, 3, tiny=True)
    assert (tmp_path / "truth.npy").stat().st_mtime_ns == stamp


def test_clips_must_be_there(tmp_path):
    with pytest.raises(UserError):
        future_pool(tmp_path / "run", tmp_path, 0)


def test_a_steady_pan_is_foretold_and_leaves_the_teacher_little_to_say(pool):
    inside = np.isin(pool.horizon, HORIZONS) & ~pool.guides[..., 1].any((1, 2))
    assert inside.any()
    teacher = pool.teacher[inside].astype(np.float32)
    sure = teacher[..., 2] > 0.5
    assert sure.mean() > 0.5
    assert np.median(np.abs(teacher[sure][:, :2])) < 0.25  # cells


def test_the_teacher_says_where_the_forecast_shows_the_truth(pool):
    truth = np.ascontiguousarray(pool.truth[0])
    said = teach(truth, np.roll(truth, 4, axis=1))  # the forecast is four pixels, two cells, too far to the right
    assert np.allclose(np.median(said[20:-20, 20:-20, :2], (0, 1)), [2, 0], atol=0.1)


@pytest.mark.parametrize("kind", ["x", "y", "diagonal"])
def test_what_is_told_of_a_mirrored_forecast_is_the_mirrored_evidence(kind):
    rng = np.random.default_rng(1)
    size = (SIDE, SIDE)
    motion = still(size)
    smooth = [cv2.GaussianBlur(rng.normal(size=motion.quick.shape), (0, 0), 8).astype(np.float32) for _ in range(2)]
    fields = {name: 10 * field for name, field in zip(("quick", "slow"), smooth)}
    motion = type(motion)(**{**vars(motion), **fields})
    where = pixel_grid(*size) + rng.normal(size=(*size, 2)).astype(np.float32)
    maps = [rng.random(size).astype(np.float32) for _ in range(4)]
    pictures = [rng.integers(0, 256, (*size, 3), np.uint8) for _ in range(3)]

    def turn(values: np.ndarray) -> np.ndarray:
        turned = {"x": values[:, ::-1], "y": values[::-1], "diagonal": values.swapaxes(0, 1)}[kind]
        return np.ascontiguousarray(turned)

    def vectors(values: np.ndarray) -> np.ndarray:
        swapped = values[..., ::-1] if kind == "diagonal" else values * ([-1, 1] if kind == "x" else [1, -1])
        return turn(swapped.astype(np.float32))

    def mirrored_where() -> np.ndarray:
        if kind == "diagonal":
            return turn(where[..., ::-1])
        axis = 0 if kind == "x" else 1
        flipped = where.copy()
        flipped[..., axis] = SIDE - 1 - flipped[..., axis]
        return turn(flipped)

    told = tell(gather(motion), Trace(where, *maps), tuple(pictures), 2.0)
    other = type(motion)(**{**vars(motion), **{name: vectors(field) for name, field in fields.items()}})
    path = Trace(mirrored_where(), *(turn(m) for m in maps))
    wanted = to_channels_first(tell(gather(other), path, tuple(turn(p) for p in pictures), 2.0)[None])
    batch = object.__new__(FutureBatch)
    blank = torch.zeros(1, 3, 8, 8)
    batch.truth, batch.opinions, batch.guides, batch.teacher = blank, blank, blank, blank
    batch.told = to_channels_first(told[None])
    batch._turn(kind)
    # OpenCV samples at whole 32nds of a pixel, rounded towards one side.
    assert torch.allclose(batch.told[:, : 2 * VECTORS], wanted[:, : 2 * VECTORS], atol=0.03)
    assert torch.allclose(batch.told, wanted, atol=0.13)  # pictures are rounded to levels on the way


def _small(pool: FuturePool) -> FuturePool:
    """The same lessons, a third of each side."""
    side = {"told": SIDE // 12, "teacher": SIDE // 6}
    parts = {}
    for name, values in vars(pool).items():
        cut = side.get(name, SIDE // 3)
        parts[name] = values if values.ndim == 1 else values[..., :cut, :cut, :]
    return FuturePool(**parts)


def test_a_batch_is_learnt(pool, tmp_path):
    torch.manual_seed(0)
    generator, small = PredictionGenerator.tiny(), _small(pool)
    objective = RefineObjective(generator, small, Context(tmp_path, None, tmp_path, steps=30), 1e-2)
    rows = np.arange(len(small.clip))
    before = gains(generator, small, rows, CPU).mean()
    rng = np.random.default_rng(0)
    for step in range(30):
        for name, loss, _ in objective.losses(step, rng):
            optimiser = objective.optimisers[name]
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    assert gains(generator, small, rows, CPU).mean() > before + 0.3


def test_factors_are_chosen_so_that_nothing_gets_worse(pool):
    torch.manual_seed(0)
    wild = PredictionGenerator.tiny()
    with torch.no_grad():
        wild.out.weight.normal_(0, 1)
    left = best_factors(wild, pool, np.arange(len(pool.clip)), CPU)
    assert left >= 0 and wild.config.shifting < 1


def test_every_phase_runs_dry():
    assert main(["prediction", "--dry-run"]) == 0
