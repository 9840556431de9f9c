"""The in-between generator: starts at the motion it is given, keeps stills, hears its conditions; all of it learns."""

import numpy as np
import pytest
import torch

from studio.models.fields import halve, inside, warp
from studio.models.interpolation import GapInputs, InterpolationGenerator
from studio.models.opinions import Context


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(0)
    return InterpolationGenerator.tiny().eval()


def wall(height, width, shift=(0.0, 0.0)):
    """A smooth pattern (1, 3, H, W) in 0..1 that is known between its pixels; moved by `shift` (x, y)."""
    y, x = torch.meshgrid(torch.arange(height) - shift[1], torch.arange(width) - shift[0], indexing="ij")
    waves = [torch.sin(x / 5 + k) * torch.cos(y / 7 - k) for k in (0.0, 1.0, 2.0)]
    return (0.5 + 0.4 * torch.stack(waves))[None]


def moved(height=72, width=96, way=(8.0, -4.0)):
    """Two frames between which everything moves by `way`, and their true flows at half resolution."""
    flow = torch.tensor(way).view(1, 2, 1, 1).expand(1, 2, (height + 1) // 2, (width + 1) // 2) / 2
    return {"first": wall(height, width), "second": wall(height, width, way), "forward": flow, "backward": -flow}


@pytest.mark.parametrize("size", [(72, 96), (71, 95), (33, 50), (16, 16)])
def test_at_every_size_it_starts_at_the_motion_it_is_given(net, size):
    given = moved(*size)
    for moment in (0.25, 0.5, 0.8):
        with torch.no_grad():
            made = net(**given, moment=torch.tensor([moment]))
        truth = wall(*size, (8 * moment, -4 * moment))
        assert made.shape == truth.shape
        inner = (..., slice(6, -6), slice(6, -6)) if min(size) > 20 else (..., slice(None), slice(None))
        assert (made - truth)[inner].abs().mean() < (0.02 if min(size) > 20 else 0.2)


def test_it_follows_the_bend_that_the_frames_around_show(net):
    """Falling: at frames -1, 0, 1, 2 the picture lies at 3, 0, 5, 18 pixels; halfway it has gone 1.5, not 2.5."""
    places = {-1: 3.0, 0: 0.0, 1: 5.0, 2: 18.0}
    frames = {at: wall(72, 96, (0.0, place)) for at, place in places.items()}

    def flow(start, stop):
        return torch.tensor([0.0, (places[stop] - places[start]) / 2]).view(1, 2, 1, 1).expand(1, 2, 36, 48)

    halves = halve(frames[-1]), halve(frames[2])
    context = Context(*halves, flow(0, -1), flow(1, 2), torch.ones(1, 2))
    given = (frames[0], frames[1], flow(0, 1), flow(1, 0), torch.tensor([0.5]))
    truth = wall(72, 96, (0.0, 1.5))
    with torch.no_grad():
        straight, bent = net(*given), net(*given, context)
        unknown = net(*given, Context(*halves, flow(0, -1), flow(1, 2), torch.zeros(1, 2)))
        one = net(*given, Context(*halves, flow(0, -1), 0 * flow(1, 2), torch.tensor([[1.0, 0.0]])))
    error = [(made - truth)[..., 12:-24, 6:-6].abs().mean() for made in (straight, bent, one)]
    assert error[1] < 0.4 * error[0] and error[2] < 0.4 * error[0]
    assert torch.allclose(straight, unknown, atol=0.01)


def test_a_still_stays_still(net):
    picture = wall(40, 56)
    still = torch.zeros(1, 2, 20, 28)
    with torch.no_grad():
        made = net(picture, picture, still, still, torch.tensor([0.5]))
    assert (made - picture).abs().max() < 0.02


def test_only_what_one_frame_shows_is_taken_from_it(net):
    """Near the border that the picture moves away from, one of the frames has nothing to show."""
    given = moved(way=(24.0, 0.0))
    with torch.no_grad():
        made = net(**given, moment=torch.tensor([0.5]))
    truth = wall(72, 96, (12.0, 0.0))
    assert (made - truth)[..., 4:9].abs().mean() < 0.08  # there only the second frame has it


@pytest.mark.parametrize("change", ["moment", "text_embeds", "noise", "forward", "first"])
def test_every_input_makes_a_difference(net, change):
    plain = moved() | {"moment": torch.tensor([0.4])}
    plain |= {"text_embeds": torch.randn(1, 256), "noise": torch.randn(1, net.config.noise)}
    other = plain | {change: plain[change] + 0.1}
    with torch.no_grad():
        assert not torch.equal(net(**plain), net(**other))


def test_no_noise_is_nil(net):
    given = moved() | {"moment": torch.tensor([0.4])}
    with torch.no_grad():
        assert torch.equal(net(**given), net(**given, noise=torch.zeros(1, net.config.noise)))


def test_without_detail_the_frame_is_a_mixture_of_both_warps():
    torch.manual_seed(0)
    plain = InterpolationGenerator.tiny(residual=0.0).eval()
    first, second = torch.rand(1, 3, 32, 48), torch.rand(1, 3, 32, 48)
    flow = torch.zeros(1, 2, 16, 24)
    with torch.no_grad():
        halves = halve(first), halve(second)
        found = plain.motion(GapInputs(*halves, plain.encode(*halves), flow, flow), torch.tensor([0.5]))
        made = plain.fuse(first, second, found, torch.tensor([0.5]))
    low, high = torch.minimum(first, second), torch.maximum(first, second)
    assert ((made >= low - 1e-5) & (made <= high + 1e-5)).all()


def test_every_parameter_gets_a_gradient():
    torch.manual_seed(1)
    net = InterpolationGenerator.tiny()
    given = moved() | {"moment": torch.tensor([0.4])}
    given |= {"text_embeds": torch.randn(1, 256), "noise": torch.randn(1, net.config.noise)}
    given["first"] = given["first"] + 0.2 * torch.rand(1, 3, 72, 96)
    made = net(**given)
    curve = net.timing_curve(torch.randn(2, 256))
    ((made - 0.3).square().mean() + curve.square().mean()).backward()
    without = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert not without


def test_warp_looks_up_where_the_flow_points():
    ramp = torch.arange(8.0).view(1, 1, 1, 8).expand(1, 1, 6, 8)
    flow = torch.zeros(1, 2, 6, 8)
    flow[:, 0] = 1.5
    np.testing.assert_allclose(warp(ramp, flow)[0, 0, 0].numpy(), [1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7, 7], atol=1e-4)
    assert inside(flow)[0, 0, 0].tolist() == [1, 1, 1, 1, 1, 1, 1, 0]


def test_timing_curves_rise_from_nothing_to_all(net):
    with torch.no_grad():
        curves = net.timing_curve(40 * torch.randn(32, 256)).numpy()
    assert curves.shape == (32, 17)
    np.testing.assert_allclose(curves[:, 0], 0, atol=1e-6)
    np.testing.assert_allclose(curves[:, -1], 1, atol=1e-6)
    assert (np.diff(curves, axis=1) >= 0).all()


def test_saved_and_loaded_it_is_the_same(net, tmp_path):
    net.save_pretrained(tmp_path)
    again = InterpolationGenerator.from_pretrained(tmp_path).eval()
    given = moved() | {"moment": torch.tensor([0.4])}
    with torch.no_grad():
        torch.testing.assert_close(net(**given), again(**given), rtol=0, atol=1e-5)
