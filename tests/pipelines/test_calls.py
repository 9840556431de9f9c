"""One signature for ``__call__`` and ``stream``, from the conditions; and generators of any device."""

import inspect
from dataclasses import KW_ONLY, FrozenInstanceError, dataclass
from fractions import Fraction

import numpy as np
import pytest
import torch

from studio.errors import Cancelled, RequestError
from studio.pipelines.calls import CallOptions, Conditions, on_cpu, takes
from studio.pipelines.interpolation import InterpolationPipeline
from studio.pipelines.interpolation.conditions import FilmConditions, InBetweenConditions, RetimingConditions
from studio.pipelines.prediction import PredictionPipeline
from studio.pipelines.prediction.conditions import PredictionConditions
from studio.pipelines.restyle import RestylePipeline
from studio.pipelines.restyle.conditions import RestyleConditions
from studio.pipelines.restyle.study import study
from studio.pipelines.text_to_video import TextToVideoPipeline
from studio.pipelines.text_to_video.conditions import TextToVideoConditions

CLIP = (np.indices((4, 64, 64, 3)).sum(0) * 5 % 251).astype(np.uint8)
TASKS = {
    "text_to_video": (TextToVideoPipeline, TextToVideoConditions, {"prompt": "a red car", "num_frames": 2}),
    "interpolation": (InterpolationPipeline, InBetweenConditions, {"keyframes": CLIP, "times": (0.5,)}),
    "restyle": (RestylePipeline, RestyleConditions, {"frames": CLIP[:2], "prompt": "oil painting"}),
    "prediction": (PredictionPipeline, PredictionConditions, {"frames": CLIP, "num_frames": 2}),
}


@pytest.fixture(scope="module", params=sorted(TASKS))
def task(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def pipelines(tiny_checkpoints):
    return {name: kind.from_pretrained(tiny_checkpoints / name) for name, (kind, _, _) in TASKS.items()}


class OtherDevice:
    """A generator as that of a GPU is: it has a seed, can be seeded anew, and nothing on the CPU can draw with it."""

    device = torch.device("cuda:0")

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def initial_seed(self) -> int:
        return self._seed

    def manual_seed(self, seed: int) -> "OtherDevice":
        self._seed = seed
        return self


# --- generators -------------------------------------------------------------------------------------------------------


def test_the_stand_in_is_refused_by_every_draw_on_the_cpu():
    """Else the tests below would prove nothing."""
    for draw in (torch.randn, torch.rand):
        with pytest.raises(TypeError):
            draw(2, generator=OtherDevice(1))
    with pytest.raises(TypeError):
        torch.randint(5, (2,), generator=OtherDevice(1))


def test_a_cpu_generator_is_taken_as_it_is():
    generator = torch.Generator().manual_seed(3)
    assert on_cpu(generator) is generator and on_cpu(None) is None


def test_a_seed_means_the_same_on_every_device_and_draws_go_on():
    first, again, cpu = OtherDevice(7), OtherDevice(7), torch.Generator().manual_seed(7)
    draws = [torch.randn(4, generator=on_cpu(first)) for _ in range(3)]
    assert torch.equal(draws[0], torch.randn(4, generator=cpu))
    assert not torch.equal(draws[0], draws[1]) and not torch.equal(draws[1], draws[2])
    assert all(torch.equal(draw, torch.randn(4, generator=on_cpu(again))) for draw in draws)


def test_every_pipeline_takes_a_generator_of_another_device(task, pipelines):
    _, _, asked = TASKS[task]
    elsewhere = pipelines[task](**asked, generator=OtherDevice(5)).frames
    assert np.array_equal(elsewhere, pipelines[task](**asked, generator=torch.Generator().manual_seed(5)).frames)


def test_the_other_ways_in_take_one_too(pipelines):
    layers = pipelines["text_to_video"].layers("a red car", 2, generator=OtherDevice(5))
    assert np.array_equal(layers.actors, pipelines["text_to_video"].layers("a red car", 2, generator=_seed(5)).actors)
    between = pipelines["interpolation"]
    assert len(list(between.animate(CLIP, 0.1, 24, generator=OtherDevice(5)))) == 7
    assert len(list(between.retime(iter(CLIP), 24, 48, generator=OtherDevice(5)))) == 8
    with pytest.raises(Cancelled):
        study(pipelines["restyle"], CLIP[0], generator=OtherDevice(5), is_cancelled=lambda: True)


def _seed(number: int) -> torch.Generator:
    return torch.Generator().manual_seed(number)


# --- signatures -------------------------------------------------------------------------------------------------------


def test_conditions_and_arguments_are_the_same_call(task, pipelines):
    _, conditions, asked = TASKS[task]
    pipeline = pipelines[task]
    whole = pipeline(conditions(**asked), generator=_seed(2)).frames
    assert np.array_equal(whole, pipeline(*asked.values(), generator=_seed(2)).frames)
    assert np.array_equal(whole, np.stack(list(pipeline.stream(conditions(**asked), generator=_seed(2)))))


def test_call_and_stream_show_one_signature_and_describe_it(task):
    kind, conditions, asked = TASKS[task]
    call, stream = (inspect.signature(way).parameters for way in (kind.__call__, kind.stream))
    assert list(call.items()) == list(stream.items())
    assert {*asked, "generator", "on_progress", "is_cancelled", "on_note"} < set(call)
    for name in conditions.__dataclass_fields__:
        assert name in call and name in kind.stream.__doc__ and name in kind.__call__.__doc__


@pytest.mark.parametrize("way", ["__call__", "stream"])
def test_an_argument_that_nobody_knows_is_refused(task, way, pipelines):
    _, conditions, asked = TASKS[task]
    call = getattr(pipelines[task], way)
    with pytest.raises(TypeError, match="colour"):
        call(**asked, colour="red")
    with pytest.raises(TypeError):
        call(conditions(**asked), num_frames=3)


def test_conditions_are_frozen_and_checked_when_they_are_made(task):
    _, conditions, asked = TASKS[task]
    with pytest.raises(FrozenInstanceError):
        conditions(**asked).prompt = "blue"
    wrong = {
        "text_to_video": {"height": 10}, "interpolation": {"times": ()},
        "restyle": {"detail": 2}, "prediction": {"num_frames": 0},
    }  # fmt: skip
    with pytest.raises(RequestError):
        conditions(**{**asked, **wrong[task]})


def test_films_and_retimed_clips_take_theirs(pipelines):
    between = pipelines["interpolation"]
    film = FilmConditions(CLIP[:2], seconds=0.1, fps=20, loop=True)
    assert len(list(between.animate(film))) == sum(film.lengths) == 4
    retiming = RetimingConditions(iter(CLIP), 12, 24)
    assert retiming.fps_out == Fraction(24) and len(list(between.retime(retiming))) == 8


def test_takes_keeps_the_order_of_arguments():
    @dataclass(frozen=True)
    class Asked(Conditions):
        """size: of it."""

        size: int
        name: str = "a"
        _: KW_ONLY
        loud: bool = False

    class Machine:
        @takes(Asked)
        def run(self, asked: Asked, options: CallOptions) -> tuple:
            """Runs."""
            return asked.size, asked.name, asked.loud, options.generator

    generator = _seed(1)
    assert Machine().run(1, "b", generator, loud=True) == (1, "b", True, generator)
    assert Machine().run(Asked(2)) == (2, "a", False, None)
    assert list(inspect.signature(Machine().run).parameters)[:4] == ["size", "name", "generator", "loud"]
    assert Machine.run.__doc__ == "Runs.\n\nsize: of it."
    with pytest.raises(TypeError, match="size"):
        Machine().run()


@pytest.mark.parametrize("way", ["enable_model_cpu_offload", "enable_sequential_cpu_offload", "enable_group_offload"])
def test_offloading_says_why_there_is_none(task, way, pipelines):
    """Its hooks would sit on ``forward``, which the pipelines do not call."""
    assert pipelines[task].model_cpu_offload_seq is None
    with pytest.raises(NotImplementedError, match=r"\.to\(device\)"):
        getattr(pipelines[task], way)(torch.device("cpu"))
