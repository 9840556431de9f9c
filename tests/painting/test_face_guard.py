"""The detail guard: faces are found, followed and given back their features; the rest of a painting stays as it is."""

import cv2
import numpy as np
import pytest

from studio.painting.face_guard import DetailGuard
from studio.painting.faces import FaceMap

HEIGHT, WIDTH = 120, 160
FACE = (slice(45, 95), slice(57, 103))
CORNER = (slice(0, 20), slice(150, 160))
STILL = np.zeros((HEIGHT // 2, WIDTH // 2, 2), np.float32)


def wall() -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 6, (HEIGHT, WIDTH, 1))
    return np.clip(np.array([120, 140, 160]) + noise, 0, 255).astype(np.uint8)


def portrait(x: float = 80, y: float = 65, radius: float = 30) -> np.ndarray:
    """A drawn face before a wall."""
    picture = wall()
    parts = [(0, -0.25, 1.0, 1.2, (70, 45, 30)), (0, 0, 0.82, 1.12, (225, 180, 150))]
    for side in (-1, 1):
        parts += [
            (side * 0.38, -0.28, 0.24, 0.06, (80, 50, 35)),
            (side * 0.38, -0.1, 0.2, 0.1, (150, 110, 90)),
            (side * 0.38, -0.1, 0.1, 0.09, (40, 25, 20)),
        ]
    parts += [
        (0, 0.2, 0.1, 0.22, (240, 200, 170)),
        (0, 0.38, 0.18, 0.06, (160, 110, 90)),
        (0, 0.65, 0.34, 0.09, (150, 60, 60)),
    ]
    for right, down, wide, high, colour in parts:
        centre = (round(x + right * radius), round(y + down * radius))
        cv2.ellipse(picture, centre, (round(wide * radius), round(high * radius)), 0, 0, 360, colour, -1, cv2.LINE_AA)
    return cv2.GaussianBlur(picture, (0, 0), radius / 30)


def light(picture: np.ndarray) -> np.ndarray:
    return picture.astype(np.float64) @ [0.299, 0.587, 0.114]


def detail(picture: np.ndarray) -> np.ndarray:
    grey = light(picture)
    return (grey - cv2.GaussianBlur(grey, (0, 0), 3))[FACE]


def likeness(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.corrcoef(detail(first).ravel(), detail(second).ravel())[0, 1])


def rough(picture: np.ndarray, strength: float = 25) -> np.ndarray:
    """Broad brush marks over a picture that has lost its detail."""
    marks = np.random.default_rng(3).normal(0, 1, picture.shape[:2])
    marks = cv2.GaussianBlur(marks, (0, 0), 2)
    soft = cv2.GaussianBlur(picture, (0, 0), 4).astype(np.float64)
    return np.clip(soft + (strength * marks / marks.std())[..., None], 0, 255).astype(np.uint8)


def test_a_face_is_found_and_a_wall_is_not() -> None:
    found = FaceMap((HEIGHT, WIDTH)).follow(portrait(), None)
    assert found.shape == (HEIGHT // 4, WIDTH // 4) and found.max() <= 1
    assert found[13:21, 17:23].min() > 0.9
    assert found[:5, 36:].max() == 0
    assert FaceMap((HEIGHT, WIDTH)).follow(wall(), None).max() == 0


def test_the_map_moves_with_the_face() -> None:
    faces = FaceMap((HEIGHT, WIDTH))
    faces.follow(portrait(80), None)
    flow = np.broadcast_to(np.array([1.0, 0.0], np.float32), STILL.shape)  # to the left, 2 pixels a frame
    for step in range(1, 11):  # too few frames for another look
        found = faces.follow(portrait(80 - 2 * step), flow)
    columns = found.sum(0)
    assert abs((columns * np.arange(WIDTH // 4)).sum() / columns.sum() - 60 / 4) < 1.5


def test_a_face_that_is_gone_fades_slowly() -> None:
    faces = FaceMap((HEIGHT, WIDTH))
    peaks = [faces.follow(portrait(), None).max()]
    for _ in range(200):
        peaks.append(faces.follow(wall(), STILL).max())
    assert max(earlier - later for earlier, later in zip(peaks, peaks[1:])) < 0.05
    assert peaks[-1] < 0.2


def test_a_new_shot_forgets_the_faces() -> None:
    faces = FaceMap((HEIGHT, WIDTH))
    faces.follow(portrait(), None)
    assert faces.follow(wall(), None).max() == 0


def test_nothing_to_guard_gives_the_painting_itself() -> None:
    painted = rough(portrait())
    assert DetailGuard(0, (HEIGHT, WIDTH)).protect(painted, portrait(), None) is painted
    assert DetailGuard(0.5, (HEIGHT, WIDTH)).protect(painted, wall(), None) is painted


@pytest.mark.parametrize("calms", [True, False])
def test_a_face_gets_its_features_back(calms) -> None:
    source = portrait(80, 62, 46)
    painted = rough(source)
    guarded = DetailGuard(0.5, (HEIGHT, WIDTH), calms=calms).protect(painted, source, None)
    assert likeness(guarded, source) > likeness(painted, source) + 0.15
    assert np.array_equal(guarded[CORNER], painted[CORNER])
    cheek = (slice(66, 86), slice(50, 68))
    calmer = light(guarded)[cheek].std() / light(painted)[cheek].std()
    assert calmer < 0.75 if calms else calmer > 0.85


def test_a_negative_stays_a_negative() -> None:
    source = portrait()
    negative = 255 - cv2.GaussianBlur(source, (0, 0), 4)
    guarded = DetailGuard(0.5, (HEIGHT, WIDTH)).protect(negative, source, None)
    assert likeness(guarded, source) < -0.8
    assert detail(guarded).std() > 1.2 * detail(negative).std()


def test_more_is_more() -> None:
    source = portrait()
    painted = rough(source)
    results = [DetailGuard(amount, (HEIGHT, WIDTH)).protect(painted, source, None) for amount in (0.1, 0.25, 0.5, 1.0)]
    like = [likeness(result, source) for result in results]
    assert like[0] < like[1] < like[2] and like[3] > like[2] - 0.02
    assert np.array_equal(results[2][CORNER], painted[CORNER])
    assert not np.array_equal(results[3][CORNER], painted[CORNER])


@pytest.mark.parametrize("size", [(48, 48), (49, 51), (90, 17), (2, 2)])
def test_small_and_odd_frames(size) -> None:
    source = cv2.resize(portrait(), (size[1], size[0]), interpolation=cv2.INTER_AREA)
    guard = DetailGuard(1.0, size)
    for flow in (None, np.zeros((*size, 2), np.float32)):
        assert guard.protect(rough(source), source, flow).shape == source.shape
