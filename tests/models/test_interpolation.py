"""The in-between generator: starts at the classical picture, bounded, conditioned, and all of it learns."""

import numpy as np
import pytest
import torch

from studio.models.interpolation import InterpolationGenerator


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(0)
    return InterpolationGenerator.tiny().eval()


def inputs(height=20, width=28, batch=2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    weights = torch.softmax(torch.randn(batch, 4, height, width, generator=generator), 1)
    return {
        "warps": torch.rand(batch, 12, height, width, generator=generator),
        "motions": 3 * torch.randn(batch, 4, height, width, generator=generator),
        "weights": weights,
        "moment": torch.linspace(0.2, 0.8, batch),
    }


@pytest.mark.parametrize("size", [(20, 28), (21, 27), (2, 2), (1, 3)])
def test_it_starts_near_the_classical_mix_at_every_size(net, size):
    given = inputs(*size)
    with torch.no_grad():
        made = net(**given)
    assert made.weights.shape == given["weights"].shape and made.residual.shape == (2, 3, *size)
    torch.testing.assert_close(made.weights.sum(1), torch.ones(2, *size))
    assert (made.weights - given["weights"]).abs().max() < 0.1
    assert made.residual.abs().max() < 0.02


def test_where_the_four_pictures_agree_nothing_is_added(net):
    given = inputs()
    given["warps"] = given["warps"][:, :3].repeat(1, 4, 1, 1)
    with torch.no_grad():
        assert net(**given).residual.abs().max() == 0


def test_strength_zero_is_the_classical_mix():
    torch.manual_seed(0)
    net, given = InterpolationGenerator.tiny(strength=0.0).eval(), inputs()
    with torch.no_grad():
        made = net(**given)
    torch.testing.assert_close(made.weights, given["weights"], atol=1e-3, rtol=0)
    assert made.residual.abs().max() == 0


@pytest.mark.parametrize("change", ["moment", "text_embeds", "noise", "motions", "warps"])
def test_every_input_makes_a_difference(net, change):
    plain = inputs() | {"text_embeds": torch.randn(2, 256), "noise": torch.randn(2, net.config.noise)}
    other = plain | {change: plain[change].flip(0) + 0.1}
    with torch.no_grad():
        assert not torch.equal(net(**plain).weights, net(**other).weights)


def test_no_words_and_no_noise_are_zeros(net):
    given = inputs()
    with torch.no_grad():
        plain = net(**given, text_embeds=None, noise=None).residual
        zeros = net(**given, noise=torch.zeros(2, net.config.noise)).residual
    torch.testing.assert_close(plain, zeros)


def test_every_parameter_gets_a_gradient():
    torch.manual_seed(1)
    net = InterpolationGenerator.tiny()
    made = net(**inputs(), text_embeds=torch.randn(2, 256), noise=torch.randn(2, net.config.noise))
    curve = net.timing_curve(torch.randn(2, 256))
    target = torch.linspace(0, 1, 4).view(1, 4, 1, 1)
    loss = ((made.weights - target) ** 2).mean() + (made.residual - 0.1).abs().mean() + (curve**2).mean()
    loss.backward()
    without = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert not without


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
    given = inputs()
    with torch.no_grad():
        torch.testing.assert_close(net(**given).weights, again(**given).weights, rtol=0, atol=0)
