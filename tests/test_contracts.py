"""What all four pipelines promise alike: on tiny real networks, and once with the shipped checkpoints."""

from pathlib import Path

import numpy as np
import pytest
import torch

from studio.catalogue import CARDS
from studio.clip import check_frames
from studio.errors import Cancelled, CheckpointError, RequestError
from studio.pipelines.interpolation import InterpolationPipeline
from studio.pipelines.prediction import PredictionPipeline
from studio.pipelines.restyle import RestylePipeline
from studio.pipelines.text_to_video import TextToVideoPipeline

SHIPPED = Path(__file__).resolve().parent.parent / "checkpoints"
TASKS = {
    "text_to_video": TextToVideoPipeline,
    "interpolation": InterpolationPipeline,
    "restyle": RestylePipeline,
    "prediction": PredictionPipeline,
}
HEIGHT, WIDTH = 96, 128


def moving_clip(count: int = 6) -> np.ndarray:
    """A textured square that moves three pixels a frame over a smooth background."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    frames = []
    for index in range(count):
        frame = np.stack([60 + x, 60 + y, 120 + 40 * np.sin(x / 9) * np.cos(y / 7)], -1)
        left = 20 + 3 * index
        frame[30:60, left : left + 30] = 200 + 40 * np.sin(np.arange(30)[None, :, None] / 2) * np.ones((30, 1, 3))
        frames.append(frame.clip(0, 255).astype(np.uint8))
    return np.stack(frames)


def ask(task: str, pipeline, seed: int = 1, stream: bool = False, **extra):
    """The issue's call of each task on small frames; ``stream`` asks for the iterator instead."""
    g = torch.Generator().manual_seed(seed)
    call = pipeline.stream if stream else pipeline
    clip = moving_clip()
    if task == "text_to_video":
        arguments = {"num_frames": 6, "fps": 12, "height": HEIGHT, "width": WIDTH, "generator": g, **extra}
        return call("a red car drives left across the desert at sunset", **arguments)
    if task == "interpolation":
        return call(clip[::2], **{"times": [0.25, 0.5, 0.75], "prompt": None, **extra})
    if task == "restyle":
        arguments = {"prompt": "watercolour painting", "style_image": None, "strength": 1.0, "generator": g, **extra}
        return call(clip, **arguments)
    return call(clip, **{"num_frames": 5, "prompt": None, "generator": g, **extra})


def ask_small(task: str, pipeline) -> np.ndarray:
    """Two to four frames of 64 x 64, with all that a call reads: words, noise and pictures."""
    g, clip = torch.Generator().manual_seed(1), moving_clip(4)[:, 16:80, 16:80]
    if task == "text_to_video":
        prompt = "a red car drives left across the desert at sunset"
        return pipeline(prompt, num_frames=2, height=64, width=64, generator=g).frames
    if task == "interpolation":
        return pipeline(clip[::2], times=[0.3, 0.5], prompt="slow start", generator=g).frames
    if task == "restyle":
        style = (np.indices((40, 50)).sum(0)[..., None] * np.array([2, 1, 0.5])).astype(np.uint8)
        return pipeline(clip[:2], "oil painting", style, generator=g, brush_size=0.5).frames
    return pipeline(clip, num_frames=2, prompt="pans left", generator=g).frames


EXPECTED = {"text_to_video": 6, "interpolation": 6, "restyle": 6, "prediction": 5}


@pytest.fixture(scope="module", params=sorted(TASKS))
def task(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def pipelines(tiny_checkpoints):
    return {name: kind.from_pretrained(tiny_checkpoints / name) for name, kind in TASKS.items()}


def test_frames_are_uint8_of_the_asked_size_and_count(task, pipelines):
    frames = check_frames(ask(task, pipelines[task]).frames)
    assert frames.shape == (EXPECTED[task], HEIGHT, WIDTH, 3)


def test_the_same_seed_gives_the_same_frames(task, pipelines):
    assert np.array_equal(ask(task, pipelines[task]).frames, ask(task, pipelines[task]).frames)


@pytest.mark.parametrize("task", ["text_to_video", "restyle", "prediction"])
def test_another_seed_gives_other_frames(task, pipelines):
    assert not np.array_equal(ask(task, pipelines[task], 1).frames, ask(task, pipelines[task], 2).frames)


def test_a_saved_pipeline_loads_and_makes_the_same_frames(task, pipelines, tmp_path):
    pipelines[task].save_pretrained(tmp_path / "again")
    again = TASKS[task].from_pretrained(tmp_path / "again")
    assert np.array_equal(ask(task, pipelines[task]).frames, ask(task, again).frames)
    assert all(item.stat().st_mode & 0o044 == 0o044 for item in (tmp_path / "again").rglob("*") if item.is_file())


def test_the_stream_is_the_call_frame_by_frame(task, pipelines):
    streamed = np.stack(list(ask(task, pipelines[task], stream=True)))
    assert np.array_equal(streamed, ask(task, pipelines[task]).frames)


def test_progress_ends_where_it_said_it_would(task, pipelines):
    steps: list[tuple[int, int | None]] = []
    ask(task, pipelines[task], on_progress=lambda done, total: steps.append((done, total)))
    assert steps and [done for done, _ in steps] == sorted(done for done, _ in steps)
    assert steps[-1][1] in (None, steps[-1][0])


def test_cancel_stops_within_a_frame(task, pipelines):
    taken: list[np.ndarray] = []
    with pytest.raises(Cancelled):
        for frame in ask(task, pipelines[task], stream=True, is_cancelled=lambda: len(taken) >= 2):
            taken.append(frame)
    assert len(taken) == 2
    assert len(ask(task, pipelines[task]).frames) == EXPECTED[task]


def test_streaming_leaves_the_callers_gradients_alone(task, pipelines):
    for _ in ask(task, pipelines[task], stream=True):
        assert torch.is_grad_enabled() and not torch.is_inference_mode_enabled()
        break


def test_nothing_about_a_call_stays_on_the_pipeline(task, pipelines):
    before = set(vars(pipelines[task]))
    ask(task, pipelines[task])
    assert set(vars(pipelines[task])) == before


@pytest.mark.parametrize(
    ("task", "changes"),
    [
        ("text_to_video", {"fps": 24}),
        ("text_to_video", {"num_frames": 12}),
        ("text_to_video", {"variety": 0.0}),
        ("text_to_video", {"width": 96}),
        ("interpolation", {"times": [0.1, 0.5, 0.9]}),
        ("restyle", {"strength": 0.4}),
        ("restyle", {"keep_colours": True}),
        ("restyle", {"prompt": "neon lights"}),
        ("restyle", {"style_image": np.indices((40, 50)).sum(0)[..., None].astype(np.uint8) * np.uint8([2, 1, 0])}),
        ("restyle", {"brush_size": 2.0}),
        ("prediction", {"num_frames": 3}),
        ("prediction", {"prompt": "zooms in"}),
    ],
    ids=str,
)
def test_a_parameter_that_is_accepted_changes_the_result(task, changes, pipelines):
    plain, changed = (ask(task, pipelines[task], **extra).frames for extra in ({}, changes))
    assert plain.shape != changed.shape or not np.array_equal(plain, changed)


@pytest.mark.parametrize(
    ("task", "changes"),
    [
        ("text_to_video", {"num_frames": 0}),
        ("text_to_video", {"fps": 0}),
        ("text_to_video", {"height": 0}),
        ("text_to_video", {"variety": -1.0}),
        ("interpolation", {"times": [0.5, 1.5]}),
        ("interpolation", {"times": []}),
        ("restyle", {"strength": 2.0}),
        ("restyle", {"prompt": None}),
        ("prediction", {"num_frames": 0}),
    ],
    ids=str,
)
def test_a_parameter_that_cannot_be_obeyed_raises(task, changes, pipelines):
    with pytest.raises(RequestError) as error:
        ask(task, pipelines[task], **changes)
    assert str(error.value).strip().endswith((".", "!", ")"))


@pytest.mark.parametrize("task", ["interpolation", "restyle", "prediction"])
@pytest.mark.parametrize("frames", [np.zeros((3, 8, 8, 3), np.float32), np.zeros((0, 8, 8, 3), np.uint8)])
def test_frames_that_are_none_are_refused(task, frames, pipelines):
    with pytest.raises(RequestError):
        arguments = {"restyle": {"prompt": "oil"}, "interpolation": {"times": [0.5]}}.get(task, {})
        pipelines[task](frames, **arguments)


def test_one_keyframe_is_too_few(pipelines):
    with pytest.raises(RequestError):
        pipelines["interpolation"](moving_clip(1), times=[0.5])


def test_a_folder_that_is_no_checkpoint_is_refused(task, tmp_path, tiny_checkpoints):
    with pytest.raises(CheckpointError):
        TASKS[task].from_pretrained(tmp_path)
    broken = tmp_path / "broken"
    TASKS[task].from_pretrained(tiny_checkpoints / task).save_pretrained(broken)
    weights = next((broken / "generator").glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(CheckpointError):
        TASKS[task].from_pretrained(broken)


@pytest.mark.shipped
def test_the_shipped_checkpoints_keep_the_same_promises(task):
    pipeline = TASKS[task].from_pretrained(SHIPPED / task)
    first, again = ask(task, pipeline).frames, ask(task, pipeline).frames
    assert check_frames(first).shape == (EXPECTED[task], HEIGHT, WIDTH, 3)
    assert np.array_equal(first, again)
    assert first.std() > 5


def check_half_types(task: str, folder: Path) -> None:
    """Loaded as 16 bits or cast to them, a pipeline paints what it paints in float32."""
    wanted = ask_small(task, TASKS[task].from_pretrained(folder)).astype(float)
    for dtype in (torch.bfloat16, torch.float16):
        loaded, cast = TASKS[task].from_pretrained(folder, dtype=dtype), TASKS[task].from_pretrained(folder).to(dtype)
        assert np.abs(ask_small(task, loaded) - wanted).mean() < 0.5, dtype
        assert loaded.dtype == cast.dtype == dtype and loaded.text_encoder.dtype == torch.float32
        weights, others = (pipeline.generator.state_dict() for pipeline in (loaded, cast))
        assert all(torch.equal(weights[name], others[name]) for name in weights)
        assert all(weights[name].dtype == others[name].dtype for name in weights)
        assert any(values.dtype == dtype for values in weights.values())


def test_sixteen_bits_paint_the_same(task, tiny_checkpoints):
    check_half_types(task, tiny_checkpoints / task)


@pytest.mark.shipped
def test_the_shipped_checkpoints_paint_the_same_in_sixteen_bits(task):
    check_half_types(task, SHIPPED / task)


def test_autocast_paints_the_same(task, tiny_checkpoints, monkeypatch):
    """What a GPU, and a CPU with bfloat16, would run: float32 weights, convolutions in bfloat16."""
    pipeline = TASKS[task].from_pretrained(tiny_checkpoints / task)
    monkeypatch.setattr("studio.pipelines.base.has_fast_bfloat16", lambda: False)
    wanted = ask_small(task, pipeline).astype(float)
    monkeypatch.setattr("studio.pipelines.base.has_fast_bfloat16", lambda: True)
    assert pipeline.fast_dtype() == torch.bfloat16 and pipeline.dtype == torch.float32
    assert np.abs(ask_small(task, pipeline) - wanted).mean() < 0.5


@pytest.mark.shipped
def test_one_text_encoder_speaks_in_all_four():
    files = [SHIPPED / task / "text_encoder" / "model.safetensors" for task in TASKS]
    assert len({file.read_bytes() for file in files}) == 1
    words = {(SHIPPED / task / "tokenizer" / "tokenizer.json").read_bytes() for task in TASKS}
    assert len(words) == 1


@pytest.mark.shipped
def test_the_shipped_files_are_light_safe_and_carry_their_cards():
    files = [item for item in SHIPPED.rglob("*") if item.is_file()]
    assert sum(item.stat().st_size for item in files) < 100e6
    assert max(item.stat().st_size for item in files) < 15e6
    assert not {item.suffix for item in files} & {".bin", ".pt", ".pth", ".ckpt", ".pkl", ".py"}
    for name in CARDS:
        card = (SHIPPED / name / "README.md").read_text(encoding="utf-8").lower()
        for word in ("data", "recipe", "steps", "seed", "measured"):
            assert word in card, f"the card of {name} does not speak of {word}"
        assert "limits" in card or "cannot" in card, f"the card of {name} does not say what it cannot do"


@pytest.mark.shipped
def test_two_prompts_differ_to_the_text_encoder():
    pipeline = TextToVideoPipeline.from_pretrained(SHIPPED / "text_to_video")
    red, blue = pipeline.encode_prompt(["a red car at sunset", "a blue whale under water"])
    assert torch.nn.functional.cosine_similarity(red, blue, dim=0) < 0.9
