"""The Continue tab's pipeline: what moves moves on, what stands stands, words and seeds do what they say.

Motion is measured by phase correlation and by Farneback's flow, neither of which the pipeline uses.
"""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from transformers import CLIPTextModelWithProjection

from studio.errors import Cancelled, RequestError
from studio.models.clip import build_clip, train_tokenizer
from studio.models.prediction import PredictionGenerator
from studio.pipelines.prediction import PredictionPipeline

WORDS = ["the camera pans left", "zooms in", "slows down", "everything stops", "goes on as before"] * 3
SHIPPED = Path(__file__).parents[3] / "checkpoints" / "prediction"


@pytest.fixture(scope="module")
def pipeline() -> PredictionPipeline:
    torch.manual_seed(0)
    tokenizer = train_tokenizer(WORDS, 560)
    text = CLIPTextModelWithProjection(build_clip(tokenizer, tiny=True).config.text_config).eval()
    return PredictionPipeline(text, tokenizer, PredictionGenerator.tiny().eval())


@pytest.fixture(scope="module")
def shipped() -> PredictionPipeline:
    if not (SHIPPED / "model_index.json").is_file():
        pytest.fail("checkpoints/prediction is missing")
    return PredictionPipeline.from_pretrained(SHIPPED)


def _wall(height: int, width: int, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    blurred = cv2.GaussianBlur(noise, (0, 0), 3).astype(np.float32)
    return np.clip((blurred - 127) * 5 + 127, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def sliding() -> np.ndarray:
    """Eight seen frames and what comes: the picture moves 3 px to the right per frame."""
    wall = _wall(96, 260)
    return np.stack([wall[:, 100 - 3 * t : 228 - 3 * t] for t in range(8 + 12)])


def _shift(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """How far the middle of the picture moved, in pixels (x, y)."""
    a, b = (cv2.cvtColor(f, cv2.COLOR_RGB2GRAY)[16:-16, 16:-16].astype(np.float32) for f in (first, second))
    return cv2.phaseCorrelate(a, b, cv2.createHanningWindow(a.shape[::-1], cv2.CV_32F))[0]


def _growth(first: np.ndarray, second: np.ndarray) -> float:
    """Mean divergence of Farneback's flow in the middle, per frame: above nil when the picture grows."""
    a, b = (cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in (first, second))
    flow = cv2.calcOpticalFlowFarneback(a, b, None, 0.5, 3, 21, 3, 5, 1.2, 0)[12:-12, 12:-12]
    return float(np.gradient(flow[..., 0], axis=1).mean() + np.gradient(flow[..., 1], axis=0).mean())


def _course(pipeline: PredictionPipeline, **numbers: float) -> PredictionPipeline:
    """The same pipeline with a course head that answers every prompt with these numbers."""
    names = ("pan_x", "pan_y", "zoom", "rotation", "speed_factor", "stop")
    values = torch.tensor([numbers.get(name, 1.0 if name == "speed_factor" else 0.0) for name in names])
    values[4] = values[4].log()
    net = PredictionGenerator.tiny()
    net.load_state_dict(pipeline.generator.state_dict())
    with torch.no_grad():
        net.words.out.weight.zero_()
        net.words.out.bias.copy_(values)
    return PredictionPipeline(pipeline.text_encoder, pipeline.tokenizer, net.eval())


def test_translation_goes_on(pipeline: PredictionPipeline, sliding: np.ndarray) -> None:
    made = pipeline(sliding[:8], num_frames=5).frames
    assert made.shape == (5, 96, 128, 3) and made.dtype == np.uint8
    for ahead in (1, 3, 5):
        inner = (slice(8, -8), slice(20, -8))
        error = np.abs(made[ahead - 1][inner].astype(int) - sliding[7 + ahead][inner]).mean()
        copied = np.abs(sliding[7][inner].astype(int) - sliding[7 + ahead][inner]).mean()
        assert error < 0.35 * copied


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_still_stays_still_in_every_future(pipeline: PredictionPipeline, count: int) -> None:
    frame = _wall(50, 70)
    for seed in (None, 3):
        generator = None if seed is None else torch.Generator().manual_seed(seed)
        made = pipeline(np.stack([frame] * count), num_frames=6, generator=generator).frames
        assert all(np.array_equal(one, frame) for one in made)


def test_same_seed_same_future_and_another_seed_another(pipeline: PredictionPipeline, sliding: np.ndarray) -> None:
    def future(seed: int) -> np.ndarray:
        return pipeline(sliding[:8], num_frames=12, generator=torch.Generator().manual_seed(seed)).frames

    one, again, other = future(1), future(1), future(2)
    assert np.array_equal(one, again)
    assert np.abs(one[-1].astype(int) - other[-1]).mean() > 2


def test_the_camera_of_a_course_goes_where_it_is_sent(pipeline: PredictionPipeline) -> None:
    frame = _wall(96, 128)[None]
    # Looking to the left, the picture slides to the right; half a frame height per second, easing in.
    for pan, sign in ((-0.5, 1), (0.5, -1)):
        made = _course(pipeline, pan_x=pan)(frame, num_frames=8, prompt="pans").frames
        x, y = _shift(made[3], made[7])
        assert 2 < sign * x < 0.5 * 96 * 4 / 24 + 1 and abs(y) < 0.5
    made = _course(pipeline, zoom=0.5)(frame, num_frames=8, prompt="zooms in").frames
    assert _growth(made[6], made[7]) > 0.01
    made = _course(pipeline, zoom=-0.5)(frame, num_frames=8, prompt="zooms out").frames
    assert _growth(made[6], made[7]) < -0.01


def test_a_course_is_meant_per_second(pipeline: PredictionPipeline) -> None:
    frame, sent = _wall(96, 128)[None], _course(pipeline, pan_x=0.5)
    slow = sent(frame, num_frames=6, prompt="pans", fps=12).frames[5]
    fast = sent(frame, num_frames=12, prompt="pans", fps=24).frames[11]
    assert np.abs(_shift(frame[0], slow)[0] - _shift(frame[0], fast)[0]) < 1


def test_stopping_and_slowing_damp_the_motion(pipeline: PredictionPipeline, sliding: np.ndarray) -> None:
    def pace(**numbers: float) -> float:
        made = _course(pipeline, **numbers)(sliding[:8], num_frames=18, prompt="so").frames
        return _shift(made[15], made[17])[0]

    going, slowed, stopped = pace(), pace(speed_factor=0.4), pace(stop=1.0)
    assert going > 3 and slowed < 0.7 * going and abs(stopped) < 0.4


def test_cancelling_stops_within_a_frame(pipeline: PredictionPipeline, sliding: np.ndarray) -> None:
    seen: list[int] = []
    stream = pipeline.stream(
        sliding[:8], 10, on_progress=lambda done, total: seen.append(done), is_cancelled=lambda: len(seen) >= 2
    )
    with pytest.raises(Cancelled):
        for _ in stream:
            pass
    assert seen == [1, 2]


def test_frames_do_not_depend_on_how_many_are_asked(pipeline: PredictionPipeline, sliding: np.ndarray) -> None:
    few, many = (pipeline(sliding[:8], num_frames=n).frames for n in (3, 6))
    assert np.array_equal(few, many[:3])


def test_only_the_last_frames_are_held(pipeline: PredictionPipeline, sliding: np.ndarray) -> None:
    longer = np.concatenate([np.zeros_like(sliding[:5]), sliding[:8]])
    assert np.array_equal(pipeline(longer, num_frames=2).frames, pipeline(sliding[:8], num_frames=2).frames)


@pytest.mark.parametrize("size", [(9, 13), (33, 20)])
def test_odd_and_tiny_frames(pipeline: PredictionPipeline, size: tuple[int, int]) -> None:
    wall = _wall(size[0], size[1] + 8)
    clip = np.stack([wall[:, t : t + size[1]] for t in range(5)])
    assert pipeline(clip, num_frames=3).frames.shape == (3, *size, 3)


def _swinging(count: int) -> np.ndarray:
    """A square that swings before a wall, to and fro in 15 frames."""
    frames = np.stack([_wall(80, 128)] * count)
    for t, frame in enumerate(frames):
        x = round(48 + 36 * np.sin(2 * np.pi * t / 15))
        frame[26:54, x : x + 28] = _wall(28, 28, seed=3)
    return frames


def test_what_repeats_goes_on_repeating_without_a_jump(pipeline: PredictionPipeline) -> None:
    seen = _swinging(45)
    made = pipeline(seen, num_frames=60, fps=24).frames
    truth = _swinging(105)[45:]
    # Far ahead too the square is where it will be, not at most 15 frames' worth.
    error = np.abs(made.astype(int) - truth).mean((1, 2, 3))
    away = np.abs(truth.astype(int) - seen[-1]).mean((1, 2, 3))
    assert error[5:].mean() < 0.3 * away[5:].mean()
    steps = np.abs(np.diff(np.concatenate([seen[-1:], made]).astype(int), axis=0)).mean((1, 2, 3))
    assert steps.max() < 1.3 * np.abs(np.diff(truth.astype(int), axis=0)).mean((1, 2, 3)).max()


def test_what_repeats_stops_when_told_to(pipeline: PredictionPipeline) -> None:
    made = _course(pipeline, stop=1.0)(_swinging(45), num_frames=24, prompt="stops").frames
    assert np.abs(made[-1].astype(int) - made[-4]).mean() < 0.5
    assert np.abs(made[2].astype(int) - made[0]).mean() > 1


def test_five_seconds_keep_light_and_contrast(pipeline: PredictionPipeline, sliding: np.ndarray) -> None:
    for clip in (sliding[:8], _swinging(45)):
        last = clip[-1].astype(float)
        for seed in (None, 2):
            generator = None if seed is None else torch.Generator().manual_seed(seed)
            # Five seconds at 10 frames a second.
            for frame in list(pipeline.stream(clip, 50, None, 10, generator))[9::10]:
                assert np.abs(frame.mean((0, 1)) - last.mean((0, 1))).max() < 10
                assert 0.6 * last.std() < frame.std() < 1.2 * last.std()


def test_it_settles_in_the_end(pipeline: PredictionPipeline, sliding: np.ndarray) -> None:
    frames = pipeline(sliding[:8], num_frames=120).frames.astype(int)
    early, late = (np.abs(frames[at] - frames[at - 4]).mean() for at in (8, 119))
    assert late < 0.3 * early


def test_confidence_is_one_number_a_frame_and_never_rises(pipeline: PredictionPipeline, sliding: np.ndarray) -> None:
    said = pipeline.confidence(sliding[:8], 48, None, 24)
    assert said.shape == (48,) and said.dtype == np.float32
    assert 0 <= said.min() and said.max() <= 1 and np.all(np.diff(said) <= 0) and said[0] > said[-1]
    assert np.array_equal(pipeline.confidence(sliding[:8], 1), pipeline.confidence(sliding[:8], 1, " "))
    # A camera sent aside leads where nobody has looked; what repeats is known for long.
    still = sliding[:1]
    assert _course(pipeline, pan_x=1.0).confidence(still, 24, "pans")[-1] < pipeline.confidence(still, 24)[-1] - 0.1
    assert pipeline.confidence(_swinging(45), 48)[-1] > said[-1] + 0.1
    with pytest.raises(RequestError):
        pipeline.confidence(sliding[:8], 0)


@pytest.mark.parametrize("wrong", [{"num_frames": 0}, {"num_frames": 10_000}, {"fps": 0}, {"fps": float("nan")}])
def test_what_cannot_be_obeyed_is_refused(pipeline: PredictionPipeline, sliding: np.ndarray, wrong: dict) -> None:
    with pytest.raises(RequestError):
        pipeline.stream(sliding[:8], **wrong)


def test_no_frames_are_refused(pipeline: PredictionPipeline) -> None:
    with pytest.raises(RequestError):
        pipeline.stream(np.zeros((0, 8, 8, 3), np.uint8), 2)


def test_saved_is_loaded(pipeline: PredictionPipeline, sliding: np.ndarray, tmp_path: Path) -> None:
    pipeline.save_pretrained(tmp_path)
    again = PredictionPipeline.from_pretrained(tmp_path)
    made, remade = (one(sliding[:8], num_frames=3, prompt="pans left").frames for one in (pipeline, again))
    assert np.abs(made.astype(int) - remade).max() <= 1


def test_a_long_stream_holds_no_frames(pipeline: PredictionPipeline, sliding: np.ndarray) -> None:
    stream = pipeline.stream(sliding[:8], 60)
    tracemalloc.start()
    for _ in range(10):
        next(stream)
    early = tracemalloc.get_traced_memory()[0]
    for _ in stream:
        pass
    late = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    # Fifty more frames of 37 kB each.
    assert late - early < 5 * 96 * 128 * 3


@pytest.mark.shipped
def test_shipped_words_do_what_they_say(shipped: PredictionPipeline, sliding: np.ndarray) -> None:
    frame = _wall(96, 128)[None]
    for prompt, axis, sign in (("pans left", 0, 1), ("the camera pans right", 0, -1), ("tilts up", 1, 1)):
        made = shipped(frame, num_frames=8, prompt=prompt).frames
        assert sign * _shift(made[3], made[7])[axis] > 2, prompt
    for prompt, sign in (("zooms in", 1), ("zooms out", -1)):
        made = shipped(frame, num_frames=8, prompt=prompt).frames
        assert sign * _growth(made[6], made[7]) > 0.005, prompt
    made = {p: shipped(sliding[:8], num_frames=18, prompt=p).frames for p in (None, "slows down", "everything stops")}
    pace = {prompt: _shift(frames[15], frames[17])[0] for prompt, frames in made.items()}
    assert pace["slows down"] < 0.75 * pace[None] and abs(pace["everything stops"]) < 0.5


@pytest.mark.shipped
def test_shipped_holds_colour_far_ahead(shipped: PredictionPipeline, sliding: np.ndarray) -> None:
    def some() -> np.ndarray:
        frames = list(shipped.stream(sliding[:8], 40, generator=torch.Generator().manual_seed(5)))
        return np.stack([frames[4], frames[-1]]).astype(float)

    painted, strength = some(), shipped.generator.config.strength
    shipped.generator.register_to_config(strength=0.0)
    forecast = some()
    shipped.generator.register_to_config(strength=strength)
    assert np.abs(painted[0] - forecast[0]).mean() > 0.01
    assert np.abs(painted.mean((1, 2)) - forecast.mean((1, 2))).max() < 4
