"""The restyle pipeline, with a tiny untrained net and (marked `shipped`) with the shipped one."""

import itertools
import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from studio.errors import Cancelled, RequestError
from studio.models.restyle import RestyleGenerator
from studio.motion.region import Region
from studio.pipelines.restyle import RestylePipeline

SHIPPED = Path("checkpoints/restyle")
LOOKS = {
    "oil painting": "oil painting",
    "van gogh": "starry swirls",
    "watercolour painting": "watercolour",
    "comic book": "comic book",
    "pencil sketch": "pencil drawing",
    "ink wash": "ink wash",
    "charcoal drawing": "charcoal drawing",
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


def simple_net(keeps: float) -> RestyleGenerator:
    """A tiny net whose output is known: the source, mixed with the trusted past by nine tenths of `keeps`, 0 or 1."""
    net = RestyleGenerator.tiny(looks=["oil", "neon"], look_titles=["oil painting", "neon"], known_words=["oil"])
    with torch.no_grad():
        net.learn_codes(torch.randn(2, 256, generator=torch.Generator().manual_seed(0)))
        last = net.modulate[-1]
        last.weight.zero_()
        last.bias.zero_()
        last.bias[-6:-3] = 30.0  # the gates that let the source through
        leave = net.convolutions["leave"]
        leave.weight.zero_()
        leave.bias[:12] = 0.0
        leave.bias[12:] = 30.0 if keeps else -30.0
    return net.eval()


def with_net(pipeline: RestylePipeline, net: RestyleGenerator) -> RestylePipeline:
    return RestylePipeline(pipeline.text_encoder, pipeline.tokenizer, pipeline.image_encoder, net)


@pytest.fixture(scope="module")
def copier(pipeline: RestylePipeline) -> RestylePipeline:
    return with_net(pipeline, simple_net(0))


@pytest.fixture(scope="module")
def rememberer(pipeline: RestylePipeline) -> RestylePipeline:
    return with_net(pipeline, simple_net(1))


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
        for name in ("strength", "brush_size", "detail"):
            with pytest.raises(RequestError):
                pipeline(clip, "oil", **{name: wrong + 2 if name == "brush_size" and wrong > 0 else wrong})


def test_keep_colours_changes_brightness_only(pipeline: RestylePipeline) -> None:
    clip = (moving(2) // 2 + 60).astype(np.uint8)  # far from black and white, so that nothing clips
    kept = pipeline(clip, "oil", strength=0.4, keep_colours=True, generator=seed(0)).frames.astype(int)
    free = pipeline(clip, "oil", strength=0.4, generator=seed(0)).frames.astype(int)
    inside = (kept.min(-1) > 0) & (kept.max(-1) < 255)
    assert inside.mean() > 0.8
    difference = (kept[..., 0] - kept[..., 2]) - (clip[..., 0].astype(int) - clip[..., 2])
    assert np.abs(difference[inside]).max() <= 1
    assert not np.array_equal(kept, free)


@pytest.mark.parametrize("brush", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("size", [(1, 1), (17, 23), (48, 33), (91, 130)])
def test_any_size(pipeline: RestylePipeline, size: tuple[int, int], brush: float) -> None:
    frame = cv2.resize(scene(), size[::-1])
    assert pipeline(frame, "oil", brush_size=brush).frames.shape == (1, *size, 3)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_frames_of_one_colour(pipeline: RestylePipeline, level: int) -> None:
    clip = np.full((3, 50, 70, 3), level, np.uint8)
    assert pipeline(clip, "oil").frames.shape == clip.shape


@pytest.mark.parametrize("size", [(49, 67), (72, 96), (91, 130)])
def test_every_pixel_comes_back_to_its_place(copier: RestylePipeline, size: tuple[int, int]) -> None:
    """A net that hands on the source: neither padding nor cropping nor rounding may move or change it."""
    clip = np.stack([cv2.resize(frame, size[::-1]) for frame in moving(3)])
    assert np.array_equal(copier(clip, "oil", detail=0).frames, clip)


def test_large_frames_keep_their_size_and_edges(copier: RestylePipeline) -> None:
    """Painted at 960 x 540 and enlarged, the source is nearly itself again, and sharper than by resampling alone."""
    frame = cv2.resize(scene(), (1283, 721), interpolation=cv2.INTER_NEAREST)
    again = copier(frame, "oil", detail=0).frames[0].astype(float)
    small = cv2.resize(cv2.resize(frame, (960, 540), interpolation=cv2.INTER_AREA), (1283, 721))
    lost = np.abs(small.astype(float) - frame)
    assert np.abs(again - frame)[lost > 8].mean() < 0.6 * lost[lost > 8].mean()
    assert np.abs(again - frame).mean() < 0.5


def test_a_wide_brush_paints_on_fewer_pixels(copier: RestylePipeline) -> None:
    """Stripes of one pixel are beyond a brush of twice the width, and not beyond the usual one."""
    stripes = np.zeros((96, 128, 3), np.uint8)
    stripes[:, ::2] = 255
    fine, wide = (copier(stripes, "oil", detail=0, brush_size=size).frames[0] for size in (1.0, 2.0))
    assert np.array_equal(fine, stripes)
    assert wide[20:-20, 20:-20].std() < 0.5 * stripes.std()


def test_repeated_frames_stay_exactly_the_same(pipeline: RestylePipeline) -> None:
    same = pipeline(np.stack([scene()] * 3), "oil").frames
    assert np.array_equal(same[0], same[1]) and np.array_equal(same[1], same[2])


def test_the_past_moves_with_the_picture(rememberer: RestylePipeline) -> None:
    """Nine tenths of each frame are the past; on a pan of 4 pixels a frame they lie where their things are now."""
    wide = cv2.resize(np.random.default_rng(0).integers(0, 255, (18, 40, 3), np.uint8), (320, 144))
    clip = np.stack([wide[:, 4 * index : 4 * index + 200] for index in range(8)])
    painted = rememberer(clip, "oil", detail=0).frames.astype(float)
    inner = np.s_[-1, 16:-16, 40:-40]
    left_behind = np.abs(clip[-2].astype(float) - clip[-1])[16:-16, 40:-40].mean()
    assert np.abs(painted - clip)[inner].mean() < 0.25 * left_behind


def test_a_cut_starts_anew(rememberer: RestylePipeline) -> None:
    """The first frame of a shot is painted as if it were the first of a clip: nothing of the last shot shows."""
    rng = np.random.default_rng(1)
    other = cv2.resize(rng.integers(0, 255, (9, 12, 3), np.uint8), (96, 72), interpolation=cv2.INTER_NEAREST)
    clip = np.stack([*moving(3), other, np.roll(other, 2, axis=1)])
    painted = rememberer(clip, "oil", detail=0).frames
    assert np.array_equal(painted[3], other)
    assert not np.array_equal(painted[2], clip[2]) and not np.array_equal(painted[4], clip[4])


def test_no_drift_over_a_minute(rememberer: RestylePipeline) -> None:
    """A minute at four frames a second, nine tenths of each from the one before: true and bright to the end."""
    clip = [scene(56, 80, shift=round(14 * np.sin(index / 17))) for index in range(240)]
    off = [
        (float(np.abs(painted.astype(float) - frame).mean()), float(painted.mean() - frame.mean()))
        for painted, frame in zip(rememberer.stream(clip, "oil", detail=0), clip)
    ]
    early, late = np.mean(off[20:127], axis=0), np.mean(off[-107:], axis=0)  # whole turns
    assert late[0] < early[0] + 0.2 and abs(late[1] - early[1]) < 0.3


def test_memory_stays_flat(pipeline: RestylePipeline) -> None:
    frames = (scene(64, 96, shift=index % 40) for index in itertools.count())
    stream = pipeline.stream(frames, "oil")
    held = []
    tracemalloc.start()
    for index, _ in zip(range(101), stream):
        if index in (60, 100):  # later than anything that is done once, the first cut (frame 40) too
            held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert held[1] - held[0] < 64 * 96 * 3  # less than one frame


@pytest.mark.parametrize("kind", ["subject", "background"])
def test_only_the_region_is_painted(pipeline: RestylePipeline, kind: str) -> None:
    mask = np.zeros((72, 96), np.uint8)
    mask[20:50, 30:61] = 255
    frame = scene()
    painted = pipeline(frame, "oil", region=Region(kind=kind, mask=mask)).frames[0]
    whole = pipeline(frame, "oil").frames[0]
    inside = (mask > 0) == (kind == "subject")
    assert np.array_equal(painted[~inside], frame[~inside])
    assert (painted[inside] != frame[inside]).any(axis=-1).mean() > 0.9 and painted.shape == whole.shape


def test_keep_colours_strength_and_region_together(pipeline: RestylePipeline) -> None:
    """Outside the mask nothing changes whatever else is asked for."""
    mask = np.zeros((72, 96), np.uint8)
    mask[:, :40] = 1
    clip = moving(3)
    region = Region(kind="subject", mask=mask)
    painted = pipeline(clip, "oil", region=region, strength=0.6, keep_colours=True, brush_size=1.5, detail=1.0).frames
    assert np.array_equal(painted[0][:, 40:], clip[0][:, 40:]) and not np.array_equal(painted[0], clip[0])


def test_a_style_picture_and_words(pipeline: RestylePipeline) -> None:
    style = np.zeros((40, 60, 3), np.uint8)
    style[:, :30], style[:, 30:] = (200, 30, 40), (250, 220, 60)
    results = [
        pipeline(moving(1), prompt, picture, generator=seed(0)).frames
        for prompt, picture in (("oil", None), ("oil", style), (None, style), (None, Image.fromarray(style)))
    ]
    assert not np.array_equal(results[0], results[1])
    assert np.array_equal(results[2], results[3])
    far = np.abs(results[0].mean((0, 1, 2)) - style.mean((0, 1))).sum()
    assert np.abs(results[2].mean((0, 1, 2)) - style.mean((0, 1))).sum() < 0.6 * far + 10


def test_something_must_be_wished_for(pipeline: RestylePipeline) -> None:
    for prompt in (None, "", "   "):
        with pytest.raises(RequestError):
            pipeline(moving(1), prompt)
    for picture in (np.zeros((4, 4), np.uint8), np.full((40, 60, 3), 90, np.uint8)):
        with pytest.raises(RequestError):  # not RGB; a single colour
            pipeline(moving(1), style_image=picture)


def test_black_and_white_has_no_colour(pipeline: RestylePipeline) -> None:
    painted = pipeline(moving(2), "black and white oil painting", detail=0).frames.astype(int)
    assert (painted.max(-1) - painted.min(-1)).max() == 0
    coloured = pipeline(moving(2), "oil painting", detail=0).frames.astype(int)
    assert (coloured.max(-1) - coloured.min(-1)).mean() > 5


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


needs_shipped = pytest.mark.skipif(not (SHIPPED / "model_index.json").is_file(), reason="no shipped checkpoint")


@pytest.fixture(scope="module")
def shipped() -> RestylePipeline:
    return RestylePipeline.from_pretrained(SHIPPED)


@pytest.mark.shipped
@needs_shipped
def test_shipped_looks_are_recognised_and_differ(shipped: RestylePipeline) -> None:
    painted = {}
    titles = {title: title for title in shipped.generator.config.look_titles}
    assert len(titles) >= 24
    for prompt, title in {**titles, **LOOKS}.items():
        reading = shipped.understand(prompt)
        assert reading.look == title and not reading.unknown_words
        painted[prompt] = shipped(scene(144, 192), prompt, generator=seed(0)).frames[0].astype(float)
        assert np.abs(painted[prompt] - scene(144, 192)).mean() > 5, prompt
    for one, other in itertools.combinations(titles, 2):
        assert np.abs(painted[one] - painted[other]).mean() > 4, (one, other)


@pytest.mark.shipped
@needs_shipped
def test_shipped_paint_follows_the_motion(shipped: RestylePipeline) -> None:
    """A picture that moves as a whole by 8 pixels a frame: the painted clip moves with it, to 3 levels."""
    wide = cv2.resize(np.random.default_rng(0).integers(0, 255, (18, 34, 3), np.uint8), (272, 144))
    clip = np.stack([wide[:, 8 * index : 8 * index + 208] for index in range(6)])
    painted = shipped(clip, "oil painting", generator=seed(0)).frames.astype(float)
    inner = np.s_[24:-24, 40:-40]
    moved = np.mean([np.abs(b[:, :-8] - a[:, 8:])[inner].mean() for a, b in itertools.pairwise(painted)])
    other = shipped(clip[:1], "oil painting", generator=seed(9)).frames[0].astype(float)
    unrelated = np.abs(other - painted[0])[inner].mean()
    assert moved < 3 and moved < 0.4 * unrelated


@pytest.mark.shipped
@needs_shipped
def test_shipped_blends_go_steadily_from_one_look_to_the_other(shipped: RestylePipeline) -> None:
    steps = ["watercolour", "75% watercolour, 25% ink wash", "25% watercolour, 75% ink wash", "ink wash"]
    painted = [shipped(scene(144, 192), words, generator=seed(0)).frames[0].astype(float) for words in steps]
    away = [np.abs(one - painted[0]).mean() for one in painted]
    assert away == sorted(away) and np.diff(away).min() > 1
