"""The prediction generator: starts at the forecast, leaves stills alone, holds colours, learns in every part."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from studio.models.prediction import COURSE, GUIDES, PredictionGenerator


@pytest.fixture(scope="module")
def net() -> PredictionGenerator:
    torch.manual_seed(0)
    net = PredictionGenerator.tiny().eval()
    with torch.no_grad():
        # As if trained: outputs that are far from nothing.
        net.out.weight.normal_(0, 0.3)
    return net


def _motion(h: int = 20, w: int = 28) -> tuple[torch.Tensor, ...]:
    torch.manual_seed(1)
    maps = [torch.rand(1, h, w) for _ in range(3)]
    return 3 * torch.randn(1, 2, h, w), 3 * torch.randn(1, 2, h, w), *maps, torch.rand(1, 3, h, w)


def _guides(size: tuple[int, int], **values: float) -> torch.Tensor:
    return torch.stack([torch.full(size, values.get(name, 0.0)) for name in GUIDES])[None]


def test_every_parameter_gets_a_gradient() -> None:
    torch.manual_seed(2)
    net = PredictionGenerator.tiny()
    picture, told = torch.rand(2, 9, 36, 44), torch.rand(2, 4, 36, 44)
    both = tuple(x.expand(2, *x.shape[1:]) for x in _motion())
    judged, painted, course = net(both, picture, told, torch.tensor([1.0, 9.0]), torch.randn(2, 256), torch.randn(2, 8))
    total = painted.square().sum() + course.square().sum() + judged.horizon.square().mean()
    (total + judged.share_now.sum() + judged.share_later.sum()).backward()
    silent = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert silent == []


@pytest.mark.parametrize("size", [(16, 16), (33, 47), (5, 9)])
def test_any_size_comes_back(net: PredictionGenerator, size: tuple[int, int]) -> None:
    made = net.paint(torch.rand(1, 9, *size), torch.rand(1, 4, *size), torch.tensor([2.0]))
    assert made.shape == (1, 3, *size) and bool(made.isfinite().all())


def test_what_did_not_move_is_not_painted(net: PredictionGenerator) -> None:
    picture = torch.rand(1, 9, 32, 32)
    made = net.paint(picture, _guides((32, 32), distrust=1.0), torch.tensor([5.0]), torch.randn(1, 256))
    assert torch.equal(made, picture[:, :3])


def test_moved_picture_keeps_its_colours_and_new_picture_may_change(net: PredictionGenerator) -> None:
    picture = torch.rand(1, 3, 64, 64).repeat(1, 3, 1, 1)
    change = net.paint(picture, _guides((64, 64), moved=1.0), torch.tensor([5.0])) - picture[:, :3]
    assert change.abs().mean() > 1e-3
    assert change.mean((0, 2, 3)).abs().max() < 0.15 * change.abs().mean()
    new = net.paint(picture, _guides((64, 64), moved=1.0, outside=1.0), torch.tensor([5.0])) - picture[:, :3]
    assert new.mean((0, 2, 3)).abs().max() > 0.2 * new.abs().mean()


def test_words_noise_and_horizon_reach_the_painter(net: PredictionGenerator) -> None:
    picture, told = torch.rand(1, 9, 32, 32), _guides((32, 32), moved=1.0, outside=1.0)
    plain = net.paint(picture, told, torch.tensor([2.0]))
    torch.manual_seed(3)
    for other in (
        net.paint(picture, told, torch.tensor([20.0])),
        net.paint(picture, told, torch.tensor([2.0]), torch.randn(1, 256)),
        net.paint(picture, told, torch.tensor([2.0]), None, torch.randn(1, 8)),
    ):
        assert not torch.equal(plain, other)


def test_far_ahead_there_is_no_double_image(net: PredictionGenerator) -> None:
    forecast, told = torch.rand(1, 3, 32, 32), _guides((32, 32), moved=1.0)
    one, other = (torch.cat([forecast, torch.rand(1, 6, 32, 32)], 1) for _ in range(2))
    with torch.no_grad():
        net.enter.weight[:, 48:144].zero_()  # deaf to the other opinions, but for mixing them in
        near, far = ([net.paint(x, told, torch.tensor([h])) for x in (one, other)] for h in (2.0, 10.0))
    assert not torch.equal(*near) and torch.equal(*far)


def test_strength_nil_is_the_forecast() -> None:
    net = PredictionGenerator.tiny()
    net.register_to_config(strength=0.0)
    net.register_to_config(invention=0.0)
    picture = torch.rand(1, 9, 24, 24)
    assert torch.equal(net.paint(picture, torch.ones(1, 4, 24, 24), torch.tensor([1.0])), picture[:, :3])


def test_a_judgement_stays_in_bounds(net: PredictionGenerator) -> None:
    judged = net.judge(*_motion())
    for share in (judged.share_now, judged.share_later):
        assert share.shape == (1, 20, 28) and 0 <= share.min() and share.max() <= 1
    assert judged.horizon.min() > 1


def test_an_untrained_course_changes_nothing() -> None:
    torch.manual_seed(4)
    numbers = PredictionGenerator.tiny().course(torch.zeros(1, 256))[0]
    wanted = torch.tensor([0, 0, 0, 0, 1, 0.0])
    assert len(COURSE) == 6 and torch.allclose(numbers, wanted, atol=0.05)


def test_saved_is_loaded(net: PredictionGenerator, tmp_path: Path) -> None:
    net.save_pretrained(tmp_path)
    again = PredictionGenerator.from_pretrained(tmp_path)
    picture, told = torch.rand(1, 9, 24, 24), torch.rand(1, 4, 24, 24)
    made, remade = (one.paint(picture, told, torch.tensor([1.0])) for one in (net, again))
    assert torch.allclose(made, remade, atol=1e-6)
