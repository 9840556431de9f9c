"""The benchmark of restyling: its judge, its measures and its rivals."""

import cv2
import numpy as np
import torch

from benchmarks.restyle_judge import Judge, statistics
from benchmarks.restyle_looks import edge_ssim, read_pieces
from benchmarks.restyle_rivals import PlainNet, moving_guides, stylise
from benchmarks.restyle_steadiness import _measures, is_flat
from studio.metrics.temporal import TrueMotion
from studio.teachers.looks import LOOKS


def noisy(height: int = 128, width: int = 160, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    coarse = cv2.resize(rng.random((height // 8, width // 8, 3)), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.uint8(np.clip(coarse, 0, 1) * 200 + 20)


def test_the_judge_learns_what_pictures_are_made_of() -> None:
    """Three 'looks' of other pictures: stripes across, stripes down, and red."""
    y, x = np.mgrid[0:128, 0:160]
    stripes = (30 * np.sin(y), 30 * np.sin(x), 0 * x)

    def paint(look: int, seed: int) -> np.ndarray:
        picture = noisy(seed=seed) / 2 + 60 + stripes[look][..., None]
        return np.uint8(picture * ((1, 0.6, 0.6) if look == 2 else (1, 1, 1)))

    painted = np.stack([[paint(look, seed) for seed in range(8)] for look in range(3)])
    judge = Judge.train(painted, steps=60)
    for look in range(3):
        others = np.stack([paint(look, seed) for seed in range(20, 24)])
        assert judge.name(others).tolist() == [look] * 4


def test_statistics_are_finite_and_as_many_for_every_picture() -> None:
    found = [statistics(picture) for picture in (noisy(), noisy(192, 256), np.zeros((64, 96, 3), np.uint8))]
    assert len({len(one) for one in found}) == 1 and all(np.isfinite(one).all() for one in found)


def test_edges_are_kept_under_other_colours_and_lost_under_another_picture() -> None:
    picture = noisy()
    assert edge_ssim(picture, picture) == 1
    assert edge_ssim(picture, 255 - picture) > 0.98
    assert edge_ssim(picture, np.ascontiguousarray(picture[..., ::-1])) > edge_ssim(picture, noisy(seed=1)) + 0.2


def test_pieces_are_cut_from_photos_and_clips(tmp_path) -> None:
    (tmp_path / "photos").mkdir()
    blue_left = np.zeros((500, 900, 3), np.uint8)
    blue_left[:, :450, 0] = 255  # OpenCV's order
    cv2.imwrite(str(tmp_path / "photos" / "a.jpg"), blue_left)
    (piece,) = read_pieces(tmp_path)
    assert piece.shape == (192, 256, 3)
    assert piece[:, :110, 2].min() > 230 and piece[:, 150:].max() < 30


def test_plain_net_has_the_size_of_its_model_and_keeps_the_frame() -> None:
    net = PlainNet().eval()
    assert abs(sum(part.numel() for part in net.parameters()) * 4 / 1e6 - 8.6) < 0.1  # megabytes
    torch.set_num_threads(1)
    assert net.paint(noisy(32, 48)).shape == (32, 48, 3)


def test_stylisation_keeps_channels_in_their_order() -> None:
    red = noisy()
    red[..., 1:] //= 4
    painted = stylise(red).reshape(-1, 3).mean(0)
    assert np.abs(painted - red.reshape(-1, 3).mean(0)).max() < 20


def test_a_fixed_texture_stays_and_a_moving_one_moves() -> None:
    wide = noisy(96, 200)
    clip = [np.ascontiguousarray(wide[:, 4 * index : 4 * index + 128]) for index in range(3)]
    fixed = [guides.soft[4] for guides in moving_guides(clip, "none", moving=False)]
    moving = [guides.soft[4] for guides in moving_guides(clip, "none")]
    assert np.array_equal(fixed[0], fixed[2]) and np.array_equal(fixed[0], moving[0])
    inside = np.s_[8:-8, 12:-12]
    moved = np.roll(moving[0], -4, axis=1)[inside]  # two steps of two pixels at half size
    assert np.abs(moved - moving[2][inside]).mean() < 0.5 < np.abs(moved - fixed[2][inside]).mean()


def test_flat_looks_are_those_without_texture() -> None:
    assert is_flat(LOOKS["comic"]) and is_flat(LOOKS["vector"]) and is_flat(LOOKS["neon"])
    assert not any(is_flat(LOOKS[name]) for name in ("starry", "mosaic", "crayon", "engraving"))


def test_ratios_are_of_the_source_and_shares_of_the_teacher() -> None:
    still = np.stack([noisy(96, 128)] * 3)
    blinking = still.copy()
    blinking[1] += 10
    softer = np.stack([cv2.GaussianBlur(frame, (0, 0), 3) for frame in still])
    made = {"generator": [softer], "fixed": [still], "moving": [blinking]}
    found = _measures(made, [TrueMotion.of(still)], [2.0])
    assert found["generator_error"][0] < 0.1 and found["generator_error_ratio"] == [found["generator_error"][0] / 2]
    assert abs(found["moving_error"][0] - 10) < 0.1
    assert 0 < found["generator_contrast_share"][0] < 0.9
