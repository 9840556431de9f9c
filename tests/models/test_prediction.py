"""The prediction generator: starts near the forecast, keeps its bounds, obeys its factors, learns in every part."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from studio.models.prediction import ALONE, COURSE, FACTORS, OPINIONS, PredictionGenerator, Refinement
from studio.motion.evidence import CHANNELS


@pytest.fixture(scope="module")
def net() -> PredictionGenerator:
    torch.manual_seed(0)
    net = PredictionGenerator.tiny().eval()
    with torch.no_grad():
        # As if trained: outputs that are far from nothing.
        for layer in (net.out, net.from_text, net.from_noise):
            layer.weight.normal_(0, 0.3)
    return net


def _told(count: int = 1, size: tuple[int, int] = (10, 14)) -> torch.Tensor:
    torch.manual_seed(1)
    return torch.randn(count, CHANNELS, *size)


def test_every_parameter_gets_a_gradient() -> None:
    torch.manual_seed(2)
    net = PredictionGenerator.tiny()
    refined, course = net(_told(2), torch.tensor([1.0, 9.0]), torch.randn(2, 256), torch.randn(2, 8))
    total = refined.shift.square().sum() + refined.shares.square().sum() + refined.colour.square().sum()
    (total + course.square().sum()).backward()
    silent = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert silent == []


@pytest.mark.parametrize("size", [(8, 8), (17, 23), (5, 9)])
def test_any_size_comes_back(net: PredictionGenerator, size: tuple[int, int]) -> None:
    refined = net.refine(_told(2, size), torch.tensor([2.0, 3.0]))
    fine = (2 * size[0], 2 * size[1])
    assert refined.shift.shape == (2, 2, *size) and refined.colour.shape == (2, 3, *size)
    assert refined.shares.shape == (2, OPINIONS, *fine)
    assert all(bool(x.isfinite().all()) for x in (refined.shift, refined.shares, refined.colour))


def test_shares_are_shares_and_colour_is_bounded(net: PredictionGenerator) -> None:
    refined = net.refine(3 * _told(), torch.tensor([2.0]))
    assert torch.allclose(refined.shares.sum(1), torch.ones(1, 20, 28), atol=1e-5)
    assert refined.shares.min() >= 0 and refined.colour.abs().max() <= 0.5


def test_far_ahead_there_is_no_double_image(net: PredictionGenerator) -> None:
    near, far = (net.refine(_told(), torch.tensor([h])).shares for h in (2.0, float(ALONE)))
    assert near[:, 1:].max() > 0.1
    assert torch.equal(far[:, 0], torch.ones_like(far[:, 0])) and not far[:, 1:].any()


def test_what_was_never_seen_in_training_is_left_to_the_forecast(net: PredictionGenerator) -> None:
    near, far = (net.refine(_told(), torch.tensor([h])).shift.abs().max() for h in (12.0, 30.0))
    assert near > 0.1 and far == 0


def test_words_noise_and_horizon_reach_the_correction(net: PredictionGenerator) -> None:
    plain = net.refine(_told(), torch.tensor([2.0])).shift
    torch.manual_seed(3)
    for other in (
        net.refine(_told(), torch.tensor([5.0])),
        net.refine(_told(), torch.tensor([2.0]), torch.randn(1, 256)),
        net.refine(_told(), torch.tensor([2.0]), None, torch.randn(1, 8)),
    ):
        assert not torch.allclose(plain, other.shift, atol=1e-4)


def test_an_untrained_correction_hardly_shifts_and_does_not_hear_words() -> None:
    torch.manual_seed(4)
    untrained = PredictionGenerator.tiny()
    plain, spoken = (untrained.refine(_told(), torch.tensor([1.0]), words) for words in (None, torch.randn(1, 256)))
    assert plain.shift.abs().max() < 0.5 and torch.equal(plain.shift, spoken.shift)


@pytest.mark.parametrize("factors", [{"strength": 0.0}, dict.fromkeys(FACTORS, 0.0)])
def test_factors_of_nil_are_the_forecast(net: PredictionGenerator, factors: dict[str, float]) -> None:
    deaf = PredictionGenerator.tiny().eval()
    deaf.load_state_dict(net.state_dict())
    deaf.register_to_config(**factors)
    opinions, guides = torch.rand(1, 9, 40, 56), torch.ones(1, 3, 40, 56)
    made = deaf.draw(opinions, guides, deaf.refine(_told(), torch.tensor([1.0])))
    assert torch.allclose(made, opinions[:, :3], atol=1e-5)


def test_a_shift_moves_the_picture_by_so_many_cells() -> None:
    net = PredictionGenerator.tiny()
    shift = torch.tensor([1.0, -0.5]).view(1, 2, 1, 1).expand(1, 2, 10, 14)  # cells of 2 pixels
    alone = torch.tensor([1.0, 0, 0, 0]).view(1, 4, 1, 1).expand(1, 4, 20, 28)
    opinions, moved = torch.rand(1, 9, 40, 56), torch.tensor([0.0, 0, 1]).view(1, 3, 1, 1).expand(1, 3, 40, 56)
    made = net.draw(opinions, moved, Refinement(shift, alone, torch.zeros(1, 3, 10, 14)))
    assert torch.allclose(made[..., 1:, :-2], opinions[:, :3, :-1, 2:], atol=1e-4)


def test_what_neither_moved_nor_is_new_is_left_alone(net: PredictionGenerator) -> None:
    opinions = torch.rand(1, 9, 40, 56)
    refined = net.refine(_told(), torch.tensor([2.0]))
    made = net.draw(opinions, torch.zeros(1, 3, 40, 56), refined)
    assert torch.allclose(made, opinions[:, :3], atol=1e-5)


def test_only_new_picture_gets_new_colours(net: PredictionGenerator) -> None:
    flat = torch.full((1, 9, 40, 56), 0.4)
    guides = torch.zeros(1, 3, 40, 56)
    guides[:, 2] = 1
    refined = net.refine(_told(), torch.tensor([2.0]))
    assert torch.allclose(net.draw(flat, guides, refined), flat[:, :3], atol=1e-5)
    guides[:, 1] = 1
    assert (net.draw(flat, guides, refined) - 0.4).abs().mean() > 1e-3


def test_an_untrained_course_changes_nothing() -> None:
    torch.manual_seed(4)
    numbers = PredictionGenerator.tiny().course(torch.zeros(1, 256))[0]
    wanted = torch.tensor([0, 0, 0, 0, 1, 0.0])
    assert len(COURSE) == 6 and torch.allclose(numbers, wanted, atol=0.05)


def test_saved_is_loaded(net: PredictionGenerator, tmp_path: Path) -> None:
    net.save_pretrained(tmp_path)
    again = PredictionGenerator.from_pretrained(tmp_path)
    made, remade = (one.refine(_told(), torch.tensor([1.0])).shift for one in (net, again))
    assert torch.allclose(made, remade, atol=1e-6)
