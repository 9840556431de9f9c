"""Evidence for the generator and the correction it calls for: known motion, exact stills, agreement with training."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from studio.models.prediction import MAPS as TOLD_MAPS
from studio.models.prediction import OPINIONS as MIXED
from studio.models.prediction import VECTORS as TOLD_VECTORS
from studio.models.prediction import PredictionGenerator, Refinement
from studio.motion.carry import Trace
from studio.motion.evidence import CHANNELS, MAPS, OPINIONS, VECTORS, Correction, coarse_of, gather, put_together, tell
from studio.motion.forecast import still
from studio.motion.warp import pixel_grid
from studio.tensors import to_channels_first, to_float, to_uint8

SIZE = (120, 160)


def _picture(seed: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 2)


def _path(x: float = 0.0, y: float = 0.0, size: tuple[int, int] = SIZE, **maps: float) -> Trace:
    where = pixel_grid(*size) + np.array([x, y], np.float32)
    names = ("uncovered", "outside", "trust", "moved")
    return Trace(where, *(np.full(size, maps.get(name, 0.0), np.float32) for name in names))


def _correction(size: tuple[int, int] = SIZE, seed: int | None = None) -> Correction:
    u, v = coarse_of((size[0] // 2, size[1] // 2))
    rng = np.random.default_rng(seed)
    wild = 0.0 if seed is None else 1.0
    shares = np.exp(wild * rng.normal(size=(2 * u, 2 * v, len(OPINIONS))))
    if seed is None:
        shares[..., 1:] = 0
    shares = (shares / shares.sum(2, keepdims=True)).astype(np.float32)
    shift, colour = (wild * rng.normal(size=(u, v, n)).astype(np.float32) for n in (2, 3))
    return Correction(shift, shares, 0.1 * colour)


def test_the_generator_expects_what_is_told() -> None:
    assert (TOLD_VECTORS, TOLD_MAPS, MIXED) == (len(VECTORS), len(MAPS), len(OPINIONS))
    assert CHANNELS == 2 * TOLD_VECTORS + TOLD_MAPS + 9


def test_a_known_way_is_told_in_cells() -> None:
    # Twelve pixels to the left and six up are six and three cells of two pixels.
    told = tell(gather(still(SIZE)), _path(-12, -6, moved=1.0), (_picture(1),) * 3, 3.0)
    assert told.shape == (30, 40, CHANNELS)
    assert np.allclose(told[..., :2], [-6, -3], atol=1e-4)
    assert np.allclose(told[..., 2 * len(VECTORS) + MAPS.index("moved")], 1)


def test_what_moves_by_itself_is_told_as_ways_back() -> None:
    motion = still(SIZE)
    quick, slow = np.zeros_like(motion.quick), np.zeros_like(motion.slow)
    quick[..., 0], slow[..., 0] = 4.0, 3.0  # pixels per frame
    motion = type(motion)(**{**vars(motion), "quick": quick, "slow": slow})
    told = tell(gather(motion), _path(-8, 0, moved=1.0), (_picture(1),) * 3, 2.0)
    middle = told[15, 20]
    # In two frames: half a cell per frame slower is one cell of lag seen as a shift to the right.
    assert middle[2 * VECTORS.index("slow")] == pytest.approx(1.0, abs=1e-3)
    assert middle[2 * VECTORS.index("own")] == pytest.approx(-4.0, abs=1e-3)


def test_what_is_told_stops_growing_beyond_the_lessons() -> None:
    motion = still(SIZE)
    motion.quick[..., 0] = 4.0
    known, pictures = gather(motion), (_picture(1),) * 3
    near, late, later = (tell(known, _path(moved=1.0), pictures, frames) for frames in (2.0, 30.0, 90.0))
    assert np.array_equal(late, later) and not np.array_equal(near, late)


def test_pictures_that_agree_are_told_so() -> None:
    same, other = _picture(1), _picture(2)
    unlike, change = (2 * len(VECTORS) + MAPS.index(name) for name in ("unlike", "change"))
    told = tell(gather(still(SIZE)), _path(), (same, same, other), 1.0)
    assert not told[..., unlike].any() and told[..., change].mean() > 0.5


@pytest.mark.parametrize("size", [SIZE, (61, 83), (33, 40)])
def test_without_a_correction_the_forecast_stays_to_the_bit(size: tuple[int, int]) -> None:
    opinions = tuple(_picture(seed, size) for seed in (1, 2, 3))
    made = put_together(opinions, _path(size=size, moved=1.0), _correction(size))
    assert np.array_equal(made, opinions[0])


def test_a_still_place_stays_to_the_bit_whatever_is_called_for() -> None:
    opinions = tuple(_picture(seed) for seed in (1, 2, 3))
    path = _path()
    path.moved[:, 80:] = 1
    made = put_together(opinions, path, _correction(seed=5))
    assert np.array_equal(made[:, :80], opinions[0][:, :80])
    assert np.abs(made[:, 80:].astype(int) - opinions[0][:, 80:]).mean() > 2


def test_a_shift_shows_what_is_further_on() -> None:
    opinions, correction = (_picture(1),) * 3, _correction()
    correction.shift[..., 0] = 2  # cells of two pixels
    made = put_together(opinions, _path(moved=1.0), correction)
    assert np.array_equal(made[:, :-4], opinions[0][:, 4:])


def test_drawing_for_training_and_for_show_agree() -> None:
    opinions = tuple(_picture(seed) for seed in (1, 2, 3))
    path = _path(moved=1.0)
    path.uncovered[30:60, 40:80] = 1
    correction = _correction(seed=6)
    smooth = cv2.GaussianBlur(correction.shift, (0, 0), 2)
    shown = put_together(opinions, path, Correction(smooth, correction.shares, correction.colour))
    guides = to_channels_first(np.dstack([path.uncovered, path.outside, path.moved])[None])
    parts = (to_channels_first(x[None]) for x in (smooth, correction.shares, correction.colour))
    stacked = torch.cat([to_float(one[None]) for one in opinions], 1)
    taught = to_uint8(PredictionGenerator.tiny().draw(stacked, guides, Refinement(*parts)))[0]
    # Cubic here, bilinear there: alike but for the finest detail.
    assert np.abs(shown.astype(int) - taught).mean() < 1.0
