"""The restyle pipeline, with a tiny untrained net and (marked `shipped`) with the shipped one."""

import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from studio.errors import Cancelled, RequestError
from studio.pipelines.restyle import RestylePipeline

SHIPPED = Path("checkpoints/restyle")
LOOKS = {
    "oil painting": "oil painting",
    "van gogh": "starry swirls",
    "watercolour painting": "watercolour",
    "comic book": "comic book",
    "pencil sketch": "pencil drawing",
    "ink wash": "ink wash",
    "charcoal drawing": "charcoal",
    "neon lights": "neon lights",
    "ukiyo-e": "woodblock print",
    "vintage film": "vintage film",
    "pop art": "pop art",
}


def scene(height: int = 72, width: int = 96, shift: int = 0) -> np.ndarray:
    """A smooth picture with a disc that stands `shift` pixels to the right."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    picture = np.stack([60 + x, 90 + y, 160 - x * 0.7], -1)
    picture += 25 * np.sin((x - shift) / 5)[..., None] * (y > height / 2)[..., None]
    picture[(x - width / 3 - shift) ** 2 + (y - height / 3) ** 2 < (height / 6) ** 2] = (230, 190, 60)
    return np.clip(picture, 0, 255).astype(np.uint8)


def moving(count: int = 4) -> np.ndarray:
    return np.stack([scene(shift=2 * index) for index in range(count)])


@pytest.fixture(scope="module")
def pipeline(tiny_checkpoints: Path) -> RestylePipeline:
    return RestylePipeline.from_pretrained(tiny_checkpoints / "restyle")


def seed(value: int) -> torch.Generator:
    return torch.Generator().manual_seed(value)


def test_shape_type_and_seeds(pipeline: RestylePipeline) -> None:
    first = pipeline(moving(), "oil painting", generator=seed(1)).frames
    assert first.shape == moving().shape and first.dtype == np.uint8
    assert np.array_equal(first, pipeline(moving(), "oil painting", generator=seed(1)).frames)
    assert not np.array_equal(first, pipeline(moving(), "oil painting", generator=seed(2)).frames)


def test_strength(pipeline: RestylePipeline) -> None:
    clip = moving(2)
    assert np.array_equal(pipeline(clip, "oil", strength=0.0).frames, clip)
    full = pipeline(clip, "oil", strength=1.0, generator=seed(0)).frames.astype(int)
    half = pipeline(clip, "oil", strength=0.5, generator=seed(0)).frames.astype(int)
    assert np.abs(half - (full + clip) / 2).max() <= 1
    for wrong in (-0.1, 1.5, float("nan")):
        with pytest.raises(RequestError):
            pipeline(clip, "oil", strength=wrong)


def test_keep_colours_changes_brightness_only(pipeline: RestylePipeline) -> None:
    clip = (moving(2) // 2 + 60).astype(np.uint8)  # far from black and white, so that nothing clips
    kept = pipeline(clip, "oil", strength=0.4, keep_colours=True, generator=seed(0)).frames.astype(int)
    free = pipeline(clip, "oil", strength=0.4, generator=seed(0)).frames.astype(int)
    inside = (kept.min(-1) > 0) & (kept.max(-1) < 255)
    assert inside.mean() > 0.8
    difference = (kept[..., 0] - kept[..., 2]) - (clip[..., 0].astype(int) - clip[..., 2])
    assert np.abs(difference[inside]).max() <= 1
    assert not np.array_equal(kept, free)


@pytest.mark.parametrize("size", [(1, 1), (17, 23), (48, 33), (91, 130)])
def test_any_size(pipeline: RestylePipeline, size: tuple[int, int]) -> None:
    frame = cv2.resize(scene(), size[::-1])
    assert pipeline(frame, "oil").frames.shape == (1, *size, 3)


def test_large_frames_keep_their_size_and_edges(pipeline: RestylePipeline) -> None:
    frame = cv2.resize(scene(), (1283, 721), interpolation=cv2.INTER_NEAREST)
    assert pipeline(frame, "oil").frames.shape == (1, 721, 1283, 3)


def test_a_still_clip_stays_still(pipeline: RestylePipeline) -> None:
    rng = np.random.default_rng(0)
    noisy = [np.clip(scene() + rng.normal(0, 1.0, scene().shape), 0, 255).astype(np.uint8) for _ in range(6)]
    painted = pipeline(np.stack(noisy), "oil", generator=seed(0)).frames.astype(float)
    trembling = np.abs(np.diff(painted, axis=0)).mean()
    assert trembling < 3 * np.abs(np.diff(np.stack(noisy).astype(float), axis=0)).mean() + 1
    same = pipeline(np.stack([scene()] * 3), "oil").frames
    assert np.array_equal(same[0], same[1]) and np.array_equal(same[1], same[2])


def test_a_style_picture_and_words(pipeline: RestylePipeline) -> None:
    style = np.zeros((40, 60, 3), np.uint8)
    style[:, :30], style[:, 30:] = (200, 30, 40), (250, 220, 60)
    results = [
        pipeline(moving(1), prompt, picture, generator=seed(0)).frames
        for prompt, picture in (("oil", None), ("oil", style), (None, style), (None, Image.fromarray(style)))
    ]
    assert not np.array_equal(results[0], results[1]) and not np.array_equal(results[1], results[2])
    assert np.array_equal(results[2], results[3])
    far = np.abs(results[0].mean((0, 1, 2)) - style.mean((0, 1))).sum()
    assert np.abs(results[2].mean((0, 1, 2)) - style.mean((0, 1))).sum() < 0.6 * far + 10


def test_something_must_be_wished_for(pipeline: RestylePipeline) -> None:
    for prompt in (None, "", "   "):
        with pytest.raises(RequestError):
            pipeline(moving(1), prompt)
    with pytest.raises(RequestError):
        pipeline(moving(1), style_image=np.zeros((4, 4), np.uint8))


def test_streaming_is_lazy_and_reports(pipeline: RestylePipeline) -> None:
    taken, steps = [], []

    def source():
        for frame in moving(5):
            taken.append(1)
            yield frame

    stream = pipeline.stream(source(), "oil", length=5, on_progress=lambda done, total: steps.append((done, total)))
    next(stream)
    assert len(taken) <= 2
    assert len(list(stream)) == 4
    assert steps == [(index, 5) for index in range(1, 6)]


def test_cancel_stops_within_a_frame(pipeline: RestylePipeline) -> None:
    seen: list[np.ndarray] = []
    with pytest.raises(Cancelled):
        for frame in pipeline.stream(itertools.repeat(scene()), "oil", is_cancelled=lambda: len(seen) >= 2):
            seen.append(frame)
    assert len(seen) == 2


def test_save_is_load(pipeline: RestylePipeline, tmp_path: Path) -> None:
    pipeline.save_pretrained(tmp_path)
    again = RestylePipeline.from_pretrained(tmp_path)
    frames = [each(moving(2), "oil", generator=seed(3)).frames for each in (pipeline, again)]
    assert np.array_equal(*frames)


def test_understanding_names_unknown_words(pipeline: RestylePipeline) -> None:
    reading = pipeline.understand("Oil painting of a zebra")
    assert reading.look in ("oil painting", "neon") and 0 <= reading.confidence <= 1
    assert "zebra" in reading.unknown_words and "oil" not in reading.unknown_words


def test_a_cut_starts_anew(pipeline: RestylePipeline) -> None:
    """The second shot does not depend on what the first one did, but for the texture's place."""
    night = np.zeros((72, 96, 3), np.uint8)
    night[20:50, 30:70] = (20, 60, 220)
    clip = np.stack([*moving(2), night, night])
    assert pipeline(clip, "oil").frames.shape == clip.shape


needs_shipped = pytest.mark.skipif(not (SHIPPED / "model_index.json").is_file(), reason="no shipped checkpoint")


@pytest.fixture(scope="module")
def shipped() -> RestylePipeline:
    return RestylePipeline.from_pretrained(SHIPPED)


@pytest.mark.shipped
@needs_shipped
def test_shipped_looks_are_recognised_and_differ(shipped: RestylePipeline) -> None:
    painted = {}
    for prompt, title in LOOKS.items():
        reading = shipped.understand(prompt)
        assert reading.look == title and not reading.unknown_words
        painted[prompt] = shipped(scene(144, 192), prompt, generator=seed(0)).frames[0].astype(float)
        assert np.abs(painted[prompt] - scene(144, 192)).mean() > 5, prompt
    for one, other in itertools.combinations(painted, 2):
        assert np.abs(painted[one] - painted[other]).mean() > 4, (one, other)


@pytest.mark.shipped
@needs_shipped
def test_shipped_paint_follows_the_motion(shipped: RestylePipeline) -> None:
    """A picture that moves as a whole by 8 pixels a frame: the painted clip moves with it."""
    wide = cv2.resize(np.random.default_rng(0).integers(0, 255, (18, 34, 3), np.uint8), (272, 144))
    clip = np.stack([wide[:, 8 * index : 8 * index + 208] for index in range(6)])
    painted = shipped(clip, "oil painting", generator=seed(0)).frames.astype(float)
    inner = np.s_[24:-24, 40:-40]
    moved = np.mean([np.abs(b[:, :-8] - a[:, 8:])[inner].mean() for a, b in itertools.pairwise(painted)])
    other = shipped(clip[:1], "oil painting", generator=seed(9)).frames[0].astype(float)
    unrelated = np.abs(other - painted[0])[inner].mean()
    assert moved < 0.6 * unrelated
