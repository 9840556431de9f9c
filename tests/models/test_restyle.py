"""The restyling network: gradients, shapes, brushes, the past, equivariance, save and load. Tiny real nets."""

import torch

from studio.models.restyle import PAST, SHARP_GUIDES, SOFT_GUIDES, RestyleGenerator
from studio.painting.guides import SHARP, SOFT


def inputs(batch: int = 2, height: int = 32, width: int = 40) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=generator)

    return (
        draw(batch, 3, height, width),
        draw(batch, SHARP_GUIDES, height, width) - 0.5,
        draw(batch, SOFT_GUIDES, height // 2, width // 2) - 0.5,
        draw(batch, PAST, height, width),
        torch.randn(batch, 256, generator=generator),
    )


def tiny() -> RestyleGenerator:
    torch.manual_seed(1)
    net = RestyleGenerator.tiny(looks=["oil", "neon"], look_titles=["oil painting", "neon lights"])
    net.learn_codes(torch.randn(2, 256))
    return net


def test_it_counts_the_guides_right() -> None:
    assert (SHARP_GUIDES, SOFT_GUIDES) == (len(SHARP), len(SOFT))


def test_a_brush_is_a_tenth_of_the_generator() -> None:
    net = RestyleGenerator()
    brush = net.brush(torch.randn(1, 256))
    kernels = sum(kernel.weight.numel() + kernel.bias.numel() for kernel in brush.kernels.values())
    assert 10 * kernels < sum(parameter.numel() for parameter in net.parameters()) < 2_000_000


def test_every_parameter_gets_a_gradient() -> None:
    net = tiny()
    made = net(*inputs())
    assert made.shape == (2, 3, 32, 40) and torch.isfinite(made).all()
    made.square().mean().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_painting_with_a_brush_is_the_same_as_asking_for_the_look() -> None:
    net, (*given, condition) = tiny(), inputs(1)
    with torch.no_grad():
        brush = net.brush(condition)
        asked = net(*given, condition)
        assert torch.allclose(asked, net.paint(*given, brush), atol=1e-6)
        assert torch.allclose(asked, net.paint(*given, brush.to("cpu", torch.bfloat16)), atol=0.1)


def test_the_condition_matters() -> None:
    net, (*given, condition) = tiny(), inputs(1)
    assert (net(*given, condition) - net(*given, -condition)).abs().mean() > 1e-3


def test_what_lies_between_two_codes_is_heard_as_shares_of_both() -> None:
    net = tiny()
    mixed = net.look_codes[:1] * 0.3 + net.look_codes[1:] * 0.7
    assert torch.allclose(mixed @ net.look_axes, torch.tensor([[0.3, 0.7]]), atol=1e-4)


def test_an_untrusted_past_makes_no_difference() -> None:
    net, (picture, sharp, soft, past, condition) = tiny(), inputs(1)
    past[:, 3] = 0
    other = past.clone()
    other[:, :3] = 1 - other[:, :3]
    assert torch.equal(net(picture, sharp, soft, past, condition), net(picture, sharp, soft, other, condition))


def test_a_trusted_past_shines_through_but_never_wholly() -> None:
    """Whatever the weights ask for, a tenth is painted anew, so that errors die out instead of adding up."""
    net, (picture, sharp, soft, past, condition) = tiny(), inputs(1)
    past[:, 3] = 1
    with torch.no_grad():
        brush = net.brush(condition)
        brush.kernels["leave"].bias[12:] = 30  # keep all that may be kept
        for name in ("enter", "enter_soft"):
            brush.kernels[name].weight[:, -PAST:].zero_()
        one, two = past.clone(), past.clone()
        one[:, :3], two[:, :3] = 0.2, 0.7
        change = net.paint(picture, sharp, soft, two, brush) - net.paint(picture, sharp, soft, one, brush)
    assert torch.allclose(change, torch.full_like(change, 0.45), atol=1e-4)


def test_a_moved_picture_gives_the_moved_result() -> None:
    net, (picture, sharp, soft, past, condition) = tiny(), inputs(1, 64, 64)
    with torch.no_grad():
        here = net(picture, sharp, soft, past, condition)
        there = net(picture.roll(8, 3), sharp.roll(8, 3), soft.roll(4, 3), past.roll(8, 3), condition)
    assert (there - here.roll(8, 3))[..., 24:-24, 24:-24].abs().max() < 1e-3


def test_save_and_load(tmp_path) -> None:
    net = tiny()
    net.save_pretrained(tmp_path)
    again = RestyleGenerator.from_pretrained(tmp_path)
    assert torch.equal(net.look_codes, again.look_codes) and list(again.config.looks) == ["oil", "neon"]
    with torch.no_grad():
        assert torch.allclose(net.eval()(*inputs()), again.eval()(*inputs()), atol=1e-5)
