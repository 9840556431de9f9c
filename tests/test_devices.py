"""Mistakes about devices, found without a GPU: the four pipelines on a pretended one, see tests/pretended_gpu.py."""

import ast
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.models.blocks import Painter
from studio.models.interpolation import InterpolationGenerator
from studio.models.prediction import PredictionGenerator
from studio.models.restyle import RestyleGenerator
from studio.painting import colour_cube, quilting
from studio.pipelines.interpolation import InterpolationPipeline
from studio.pipelines.prediction import PredictionPipeline
from studio.pipelines.restyle import RestylePipeline
from studio.pipelines.restyle import study as studying
from studio.pipelines.text_to_video import TextToVideoPipeline
from tests.pretended_gpu import GPU, WrongDevice, pretended_gpu, put_pipeline_on_gpu

TASKS = {
    "text_to_video": TextToVideoPipeline,
    "interpolation": InterpolationPipeline,
    "restyle": RestylePipeline,
    "prediction": PredictionPipeline,
}


def moving_clip(count: int, side: int = 64) -> np.ndarray:
    """A textured square that moves two pixels a frame."""
    rng = np.random.default_rng(1)
    ground, thing = (rng.integers(0, 255, (side, side, 3)).astype(np.uint8) for _ in range(2))
    clip = np.repeat(ground[None], count, 0)
    for index, frame in enumerate(clip):
        frame[16:40, 8 + 2 * index : 32 + 2 * index] = thing[16:40, 8:32]
    return clip


def calls(task: str) -> list:
    """What is asked of a pipeline; each is called anew with the same seed."""
    clip = moving_clip(6)
    prompt = "a red car drives left at sunset"
    return {
        "text_to_video": [lambda p, g: p.stream(prompt, num_frames=6, height=64, width=64, generator=g)],
        "interpolation": [
            lambda p, g: p.stream(clip[:4], [0.25, 0.5], "slow start", generator=g),
            lambda p, g: p.retime(iter(clip[:4]), Fraction(24), Fraction(48)),
        ],
        "restyle": [
            lambda p, g: p.stream(clip, "oil painting", generator=g),
            lambda p, g: p.stream(clip, None, clip[0], 0.5, True, g),
        ],
        "prediction": [
            lambda p, g: p.stream(clip, 6, generator=g),
            lambda p, g: p.stream(clip, 6, "pans left", 12),
        ],
    }[task]


MOST_COPIES = {"text_to_video": (1, 1), "interpolation": (8, 5), "restyle": (4, 1), "prediction": (2, 3)}
"""To the device and back to the host, for each frame after the second."""


def run(pipeline, call) -> np.ndarray:
    return np.stack(list(call(pipeline, torch.Generator().manual_seed(1))))


@pytest.fixture(params=sorted(TASKS))
def task(request) -> str:
    return request.param


@pytest.fixture
def load(tiny_checkpoints):
    return lambda task: TASKS[task].from_pretrained(tiny_checkpoints / task)


def test_calls_keep_to_the_device_copy_little_and_paint_what_the_cpu_paints(task, load, monkeypatch):
    wanted = [run(load(task), call) for call in calls(task)]
    with pretended_gpu(monkeypatch) as counts:
        pipeline = put_pipeline_on_gpu(load(task))
        for call, frames in zip(calls(task), wanted):
            counts.clear()
            stream = call(pipeline, torch.Generator().manual_seed(1))
            made = list(islice(stream, 2))
            assert counts["to the device"] and counts["to the host"], "nothing was on the device"
            counts.clear()
            made += stream
            most = [number * (len(made) - 2) for number in MOST_COPIES[task]]
            assert counts["to the device"] <= most[0] and counts["to the host"] <= most[1], (counts, len(made))
            assert np.abs(np.stack(made).astype(int) - frames).mean() < 0.1


MISTAKES = {
    "text_to_video": (Painter, "forward", lambda method: lambda self, chances, style, *more: method(
        self, torch.zeros(chances.shape), style, *more)),
    "interpolation": (InterpolationGenerator, "encode", lambda method: lambda self, first, second: method(
        self, first, torch.zeros(second.shape))),
    "restyle": (RestyleGenerator, "brush", lambda method: lambda self, condition: method(
        self, torch.ones(condition.shape))),
    "prediction": (PredictionGenerator, "refine", lambda method: lambda self, told, horizon, words, noise: method(
        self, told, torch.ones(1), words, noise)),
}  # fmt: skip
"""A tensor that was made on the host, somewhere in each of the four."""


def test_a_mistake_is_found(task, load, monkeypatch):
    kind, name, wrong = MISTAKES[task]
    monkeypatch.setattr(kind, name, wrong(getattr(kind, name)))
    assert len(run(load(task), calls(task)[0])) > 1, "on the CPU nobody would notice"
    with pretended_gpu(monkeypatch), pytest.raises(WrongDevice):
        run(put_pipeline_on_gpu(load(task)), calls(task)[0])


def test_a_constant_copied_in_the_middle_of_a_network_is_found(load, monkeypatch):
    """``torch.tensor(..., device=...)`` makes the device wait for the host: it is refused."""
    refine = PredictionGenerator.refine
    wrong = lambda self, told, *more: refine(self, told + torch.tensor([0.0], device=told.device), *more)  # noqa: E731
    monkeypatch.setattr(PredictionGenerator, "refine", wrong)
    with pretended_gpu(monkeypatch), pytest.raises((NotImplementedError, RuntimeError)):
        run(put_pipeline_on_gpu(load("prediction")), calls("prediction")[0])


def test_a_look_is_studied_on_the_pipelines_device(load, monkeypatch):
    for place, name, value in (
        (quilting, "PATCH", 64), (colour_cube, "_SAMPLES", 600),
        (studying, "_PICTURES", 1), (studying, "_FRAME", (64, 96)), (studying, "_CROP", 32),
    ):  # fmt: skip
        monkeypatch.setattr(place, name, value)
    painting = moving_clip(1, 150)[0]
    seen_on = set()
    paint = RestyleGenerator.paint
    spy = lambda self, pictures, *more, **how: (  # noqa: E731
        seen_on.add(pictures.device), paint(self, pictures, *more, **how))[1]
    monkeypatch.setattr(RestyleGenerator, "paint", spy)
    with pretended_gpu(monkeypatch):
        pipeline = put_pipeline_on_gpu(load("restyle"))
        look = studying.study(pipeline, painting, steps=0, generator=torch.Generator().manual_seed(3))
        frames = list(pipeline.stream(moving_clip(2), look=look))
    assert seen_on == {GPU} and len(frames) == 2
    assert look.brush.gates.device.type == "cpu", "a look is kept where files are written"


def test_a_brush_is_trained_where_its_pairs_lie(load, monkeypatch):
    """Gradients want a driver even of tensors that pretend; those of the "meta" device have none, nor any values."""
    monkeypatch.setattr(studying, "_FRAME", (64, 96))
    monkeypatch.setattr(studying, "_CROP", 32)
    generator = load("restyle").generator.to("meta")
    sizes = ((1, 3, 64, 96), (1, 2, 64, 96), (1, 16, 32, 48), (1, 3, 64, 96))
    pairs = [studying._Pair(*(torch.empty(size, device="meta") for size in sizes))]
    brush = generator.brush(generator.look_codes[:1]).to("meta")
    brushes = list(studying._train(generator, brush, pairs, 4, 0))
    assert len(brushes) == 4 and brushes[-1].gates.device.type == "meta"


CROSSING = {"cpu", "cuda", "numpy", "from_numpy", "as_tensor", "item"}
ELSEWHERE = {"studio/models/studied_look.py": "the tensors of a file"}


def test_host_and_device_meet_in_one_file_only():
    """Whoever looks for a copy, to make it faster or to find a mistake, looks into studio/tensors.py."""
    root = Path(__file__).resolve().parent.parent
    for path in sorted([*root.glob("studio/pipelines/**/*.py"), *root.glob("studio/models/*.py")]):
        name = path.relative_to(root).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
        tensors = {one.attr for one in called if isinstance(one, ast.Attribute)} & CROSSING
        assert not tensors or name in ELSEWHERE, f"{name} calls {tensors}"
