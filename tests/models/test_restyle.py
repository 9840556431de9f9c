"""The restyling network: gradients, shapes, modulation, equivariance, save and load. Tiny real nets."""

import torch

from studio.models.restyle import SHARP_GUIDES, SOFT_GUIDES, RestyleGenerator
from studio.motion.guides import SHARP, SOFT


def inputs(batch: int = 2, height: int = 32, width: int = 40) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=generator)

    return (
        draw(batch, 3, height, width),
        draw(batch, SHARP_GUIDES, height, width) - 0.5,
        draw(batch, SOFT_GUIDES, height // 2, width // 2) - 0.5,
        torch.randn(batch, 256, generator=generator),
    )


def tiny() -> RestyleGenerator:
    torch.manual_seed(1)
    return RestyleGenerator.tiny(looks=["oil", "neon"], look_titles=["oil painting", "neon lights"])


def test_it_counts_the_guides_right() -> None:
    assert (SHARP_GUIDES, SOFT_GUIDES) == (len(SHARP), len(SOFT))


def test_the_shipped_size_is_small() -> None:
    assert 300_000 < sum(p.numel() for p in RestyleGenerator().parameters()) < 800_000


def test_every_parameter_gets_a_gradient() -> None:
    net = tiny()
    made = net(*inputs())
    assert made.shape == (2, 3, 32, 40) and torch.isfinite(made).all()
    made.square().mean().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_single_pictures_without_gradients_give_the_same() -> None:
    net, given = tiny(), inputs()
    together = net(*given).detach()
    with torch.no_grad():
        alone = torch.cat([net(*(part[index : index + 1] for part in given)) for index in range(2)])
    assert torch.allclose(together, alone, atol=1e-5)


def test_the_condition_matters() -> None:
    net, (picture, sharp, soft, condition) = tiny(), inputs(1)
    assert (net(picture, sharp, soft, condition) - net(picture, sharp, soft, -condition)).abs().mean() > 1e-3


def test_a_moved_picture_gives_the_moved_result() -> None:
    net, (picture, sharp, soft, condition) = tiny(), inputs(1, 64, 64)
    with torch.no_grad():
        here = net(picture, sharp, soft, condition)
        there = net(picture.roll(8, 3), sharp.roll(8, 3), soft.roll(4, 3), condition)
    assert (there - here.roll(8, 3))[..., 24:-24, 24:-24].abs().max() < 1e-3


def test_save_and_load(tmp_path) -> None:
    net = tiny()
    net.look_codes.normal_()
    net.save_pretrained(tmp_path)
    again = RestyleGenerator.from_pretrained(tmp_path)
    assert torch.equal(net.look_codes, again.look_codes) and list(again.config.looks) == ["oil", "neon"]
    with torch.no_grad():
        assert torch.equal(net.eval()(*inputs()), again.eval()(*inputs()))
