"""In-betweens of scenes whose every moment is known: drawn anew for each, with the motion that their geometry says.

Each way of drawing (the classical one, a generator at its start, the shipped one) must come within the errors stated
here: mean absolute differences in levels of 255, away from the frame's edge, where something new comes into view.
"""

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from transformers import CLIPTextModelWithProjection

from studio.models.clip import build_clip, train_tokenizer
from studio.models.interpolation import InterpolationGenerator
from studio.pipelines.interpolation import InterpolationPipeline

SHIPPED = Path(__file__).resolve().parents[3] / "checkpoints" / "interpolation"
HEIGHT, WIDTH = 97, 131  # odd on purpose
MOMENTS = (0.25, 0.5, 0.8)
EDGE = (slice(12, -12), slice(14, -14))


@pytest.fixture(
    scope="module",
    params=["classical", "untrained", pytest.param("shipped", marks=pytest.mark.shipped)],
)
def pipeline(request):
    if request.param == "shipped":
        if not (SHIPPED / "model_index.json").is_file():
            pytest.skip("no checkpoint")
        return InterpolationPipeline.from_pretrained(SHIPPED)
    torch.manual_seed(0)
    tokenizer = train_tokenizer(["slow start", "arrives early", "a red car in the desert"] * 3, 560)
    text = CLIPTextModelWithProjection(build_clip(tokenizer, tiny=True).config.text_config)
    net = InterpolationGenerator.tiny(strength=0.0 if request.param == "classical" else 1.0)
    return InterpolationPipeline(text.eval(), tokenizer, net.eval())


@lru_cache
def wall(seed=0, size=280):
    rng = np.random.default_rng(seed)
    picture = sum(cv2.resize(rng.random((size // s + 2, size // s + 2, 3)), (size, size)) for s in (6, 11, 25))
    return np.uint8(255 * (picture - picture.min()) / np.ptp(picture))


def view(picture, x=0.0, y=0.0, zoom=1.0, turn=0.0):
    """The window in the middle of a wall, which is moved by (x, y) pixels, enlarged, and turned by degrees."""
    middle = (picture.shape[1] - 1) / 2, (picture.shape[0] - 1) / 2
    way = cv2.getRotationMatrix2D(middle, turn, zoom)
    way[:, 2] += x + (WIDTH - 1) / 2 - middle[0], y + (HEIGHT - 1) / 2 - middle[1]
    return cv2.warpAffine(picture, way, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC)


def off(made, truth, where=EDGE):
    return np.abs(made[where].astype(int) - truth[where]).mean()


SCENES = {
    "translation": (lambda t: view(wall(), 7 * t, -4 * t), 1.5),
    "half a pixel": (lambda t: view(wall(), 0.5 * t, 0.5 * t), 1.0),
    "rotation": (lambda t: view(wall(), turn=6 * t), 2.0),
    "zoom": (lambda t: view(wall(), zoom=1 + 0.1 * t), 2.0),
    "all three": (lambda t: view(wall(), 4 * t, 3 * t, 1 + 0.05 * t, 3 * t), 2.0),
    "a wide turn": (lambda t: view(wall(), turn=40 * t), 4.0),
    "a wide zoom": (lambda t: view(wall(), zoom=1.8**t), 4.0),
}


@pytest.mark.parametrize("name", list(SCENES))
def test_a_known_motion_gives_the_known_frames(pipeline, name):
    scene, limit = SCENES[name]
    made = pipeline([scene(0), scene(1)], times=MOMENTS).frames
    for frame, moment in zip(made, MOMENTS):
        assert frame.shape == (HEIGHT, WIDTH, 3)
        assert off(frame, scene(moment)) < limit
    if name != "half a pixel":
        assert off(scene(0), scene(0.5)) > 2 * limit


def square(t, side=36):
    """A square of another wall that moves to the right by six pixels before a wall that moves to the left by two."""
    frame = view(wall(), -2 * t)
    x = 30 + 6 * t
    whole = int(np.floor(x))
    shift, size = np.float64([[1, 0, x - whole], [0, 1, 0]]), (side + 1, side)
    patch = cv2.warpAffine(wall(5)[100 : 100 + side, 100 : 100 + side], shift, size)
    cover = cv2.warpAffine(np.ones((side, side), np.float32), shift, size)[..., None]
    part = frame[34 : 34 + side, whole : whole + side + 1]
    part[:] = np.rint(part * (1 - cover) + patch)
    return frame


def test_a_square_passes_before_a_wall(pipeline):
    made = pipeline([square(0), square(1)], times=MOMENTS).frames
    for frame, moment in zip(made, MOMENTS):
        truth = square(moment)
        assert off(frame, truth) < 2.5
        inside = (slice(38, 66), slice(int(34 + 6 * moment), int(62 + 6 * moment)))
        assert off(frame, truth, inside) < 3  # the square itself is whole
        uncovered = (slice(36, 68), slice(int(25 + 6 * moment), int(29 + 6 * moment)))
        assert off(frame, truth, uncovered) < 0.6 * off(square(0), truth, uncovered)


def test_backwards_in_time_the_frames_are_the_same(pipeline):
    for scene, limit in ((SCENES["all three"][0], 1.0), (square, 2.5), (SCENES["a wide turn"][0], 4.0)):
        there = pipeline([scene(0), scene(1)], times=(0.3, 0.5)).frames
        back = pipeline([scene(1), scene(0)], times=(0.7, 0.5)).frames
        assert max(off(one, other) for one, other in zip(there, back)) < limit


@pytest.mark.parametrize("flip", [np.s_[:, ::-1], np.s_[::-1]])
def test_in_a_mirror_the_frames_are_the_same(pipeline, flip):
    scene = SCENES["all three"][0]
    frames = [scene(0), scene(1)]
    straight = pipeline(frames).frames[0]
    mirrored = pipeline([np.ascontiguousarray(frame[flip]) for frame in frames]).frames[0]
    assert off(mirrored[flip], straight) < 1.2


def test_identical_keyframes_give_identical_in_betweens(pipeline):
    still = view(wall())
    made = pipeline([still, still, still], times=(0.1, 0.7)).frames
    np.testing.assert_array_equal(made, np.stack([still] * 4))


@pytest.mark.parametrize("size", [(16, 16), (17, 33), (1, 1), (2, 90), (64, 5)])
def test_every_size_is_kept(pipeline, size):
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 255, (*size, 3), np.uint8) for _ in range(2)]
    assert pipeline(frames, times=(0.5,)).frames.shape == (1, *size, 3)
    assert len(list(pipeline.retime(iter(frames * 2), 10, 20))) == 8
