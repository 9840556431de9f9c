"""Regions: a mask that is exact where it was painted, found where it was boxed, and stays on what moves."""

import numpy as np
import pytest

from studio.errors import RequestError
from studio.motion.region import Region, RegionTracker, compose
from studio.motion.shot import Shot

HEIGHT, WIDTH = 120, 200
BOX = (0.1, 0.15, 0.5, 0.85)


def disc(x: float, y: float, radius: float = 30, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    rows, columns = np.mgrid[0:height, 0:width]
    return (columns - x) ** 2 + (rows - y) ** 2 <= radius**2


def scene(x: float, y: float = 60, seed: int = 0) -> np.ndarray:
    """A red, rough ball at (x, y) before a green, rough wall. The ball's roughness moves along by whole pixels."""
    rng = np.random.default_rng(seed)
    wall = np.array([40, 110, 60]) + rng.integers(-25, 25, (HEIGHT, WIDTH, 1))
    skin = np.array([180, 60, 50]) + rng.integers(-35, 35, (61, 61, 1))
    frame, ball = wall.copy(), disc(x, y)
    rows, columns = np.nonzero(ball)
    frame[rows, columns] = skin[rows - round(y) + 30, columns - round(x) + 30]
    return np.clip(frame, 0, 255).astype(np.uint8)


def overlap(mask: np.ndarray, truth: np.ndarray) -> float:
    return float(((mask > 0.5) & truth).sum() / ((mask > 0.5) | truth).sum())


def motion(x: float, y: float = 0.0) -> np.ndarray:
    return np.broadcast_to(np.array([x, y], np.float32), (HEIGHT // 2, WIDTH // 2, 2)).copy()


def painted_blob() -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[10:60, 31:97] = 255
    mask[20, 97:130] = 1  # a line of one pixel counts too
    return mask


@pytest.mark.parametrize("kind", ["subject", "background"])
def test_painted_mask_is_taken_to_the_pixel(kind) -> None:
    mask = painted_blob()
    tracker = RegionTracker(Region(kind=kind, mask=mask), (HEIGHT, WIDTH))
    found = tracker.follow(scene(60), None)
    assert found.dtype == np.float32
    assert np.array_equal(found == 1, (mask > 0) == (kind == "subject"))
    assert set(np.unique(found)) == {0, 1}


def test_it_stays_exact_while_nothing_moves() -> None:
    mask = painted_blob()
    tracker = RegionTracker(Region(kind="subject", mask=mask), (HEIGHT, WIDTH))
    tracker.follow(scene(60), None)
    for _ in range(10):
        assert np.array_equal(tracker.follow(scene(60), motion(0)) == 1, mask > 0)


def test_small_mask_is_enlarged_without_grey() -> None:
    mask = np.zeros((6, 10), np.uint8)
    mask[2:4, 3:5] = 9
    found = RegionTracker(Region(kind="subject", mask=mask), (HEIGHT, WIDTH)).follow(scene(60), None)
    truth = np.zeros((HEIGHT, WIDTH), bool)
    truth[40:80, 60:100] = True
    assert np.array_equal(found == 1, truth)


def test_pixels_outside_are_the_source_bit_for_bit() -> None:
    rng = np.random.default_rng(1)
    source, painted = (rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8) for _ in range(2))
    mask = (painted_blob() > 0).astype(np.float32)
    result = compose(source, painted, mask)
    assert np.array_equal(result[mask == 0], source[mask == 0])
    assert np.array_equal(result[mask == 1], painted[mask == 1])
    half = compose(source, painted, np.full((HEIGHT, WIDTH), 0.5, np.float32)).astype(int)
    assert np.abs(half - (source.astype(int) + painted) / 2).max() <= 0.5


def test_soft_border_is_one_pixel_and_only_where_asked() -> None:
    for soft in (False, True):
        tracker = RegionTracker(Region(kind="subject", box=BOX, soft=soft), (HEIGHT, WIDTH))
        found = tracker.follow(scene(60), None)
        between = (found > 0) & (found < 1)
        assert between.any() == soft
        assert not between[~(disc(60, 60, 34) & ~disc(60, 60, 26))].any()


def test_ball_is_cut_out_of_its_box() -> None:
    found = RegionTracker(Region(kind="subject", box=BOX), (HEIGHT, WIDTH)).follow(scene(60), None)
    assert overlap(found, disc(60, 60)) > 0.95


@pytest.mark.parametrize("mask", [None, (disc(60, 60) * 255).astype(np.uint8)])
def test_it_follows_what_moves(mask) -> None:
    region = Region(kind="subject", box=BOX if mask is None else None, mask=mask)
    tracker, shot = RegionTracker(region, (HEIGHT, WIDTH)), Shot()
    for step in range(25):
        frame = scene(60 + 3 * step)
        moved = shot.step(frame)
        found = tracker.follow(frame, None if moved is None else moved.raw)
        assert overlap(found, disc(60 + 3 * step, 60)) > 0.88


def test_a_flow_that_is_off_is_put_right_by_the_colours() -> None:
    tracker = RegionTracker(Region(kind="subject", box=BOX), (HEIGHT, WIDTH))
    tracker.follow(scene(60), None)
    for step in range(1, 31):  # the ball goes 2 pixels a frame, the flow says 1.4: 18 pixels would be lost
        found = tracker.follow(scene(60 + 2 * step), motion(-0.7))
    assert overlap(found, disc(120, 60)) > 0.85


def test_a_subject_that_leaves_takes_its_mask_along() -> None:
    tracker = RegionTracker(Region(kind="subject", box=BOX), (HEIGHT, WIDTH))
    tracker.follow(scene(60), None)
    for step in range(1, 33):
        found = tracker.follow(scene(60 - 3 * step), motion(1.5))
    assert found.mean() < 0.01


def test_another_shot_starts_from_the_box_again() -> None:
    tracker = RegionTracker(Region(kind="subject", box=BOX), (HEIGHT, WIDTH))
    first = tracker.follow(scene(60), None)
    for step in range(1, 11):
        tracker.follow(scene(60 + 3 * step), motion(-1.5))
    assert np.array_equal(tracker.follow(scene(60), None), first)


def test_a_painted_mask_marks_the_place_of_the_next_shot_s_subject() -> None:
    mask = (disc(60, 60, 36) * 255).astype(np.uint8)
    tracker = RegionTracker(Region(kind="subject", mask=mask), (HEIGHT, WIDTH))
    tracker.follow(scene(60), None)
    assert overlap(tracker.follow(scene(60, seed=5), None), disc(60, 60)) > 0.9


def test_same_clip_same_masks() -> None:
    trackers = [RegionTracker(Region(kind="subject", box=BOX), (HEIGHT, WIDTH)) for _ in range(2)]
    for step in range(9):
        flow = motion(-1) if step else None
        first, second = (tracker.follow(scene(60 + 2 * step), flow) for tracker in trackers)
        assert np.array_equal(first, second)


def test_large_frames_get_masks_of_their_size() -> None:
    big = np.repeat(np.repeat(scene(60), 6, axis=0), 6, axis=1)
    tracker = RegionTracker(Region(kind="subject", box=BOX), big.shape[:2])
    tracker.follow(big, None)
    found = tracker.follow(np.roll(big, 30, axis=1), motion(-2.5))
    assert found.shape == big.shape[:2]
    assert overlap(found, disc(392.5, 362.5, 183, *big.shape[:2])) > 0.93


@pytest.mark.parametrize("size", [(1, 1), (3, 40), (17, 16), (120, 200)])
@pytest.mark.parametrize("box", [(0, 0, 1, 1), (0.3, 0.3, 0.6, 0.7)])
def test_a_picture_of_one_colour_gets_some_mask(size, box) -> None:
    frame = np.full((*size, 3), 90, np.uint8)
    tracker = RegionTracker(Region(kind="subject", box=box), size)
    for flow in (None, np.ones((*size, 2), np.float32), np.ones((*size, 2), np.float32)):
        found = tracker.follow(frame, flow)
        assert found.shape == size and np.isfinite(found).all()


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "sky", "box": BOX},
        {"kind": "subject"},
        {"kind": "subject", "box": BOX, "mask": painted_blob()},
        {"kind": "subject", "box": (0.5, 0.1, 0.2, 0.9)},
        {"kind": "subject", "box": (0.5, 0.1, 0.505, 0.9)},
        {"kind": "subject", "box": (-0.1, 0.1, 0.5, 0.9)},
        {"kind": "subject", "box": (0.1, float("nan"), 0.5, 0.9)},
        {"kind": "subject", "box": (0.1, 0.5, 0.9)},
        {"kind": "background", "mask": np.zeros((4, 4), np.uint8)},
        {"kind": "background", "mask": np.full((4, 4), 255, np.uint8)},
        {"kind": "background", "mask": np.ones((4, 4), np.float32)},
        {"kind": "background", "mask": np.ones((4, 4, 3), np.uint8)},
    ],
)
def test_contradictions_are_one_sentence(values) -> None:
    with pytest.raises(RequestError) as caught:
        Region(**values)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)
