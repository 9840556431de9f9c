"""The prompt tab's generator, tiny but real: shapes, ranges, gradients, saving, steadiness."""

import pytest
import torch

from studio.models.compositor import compose
from studio.models.text_to_video import TextToVideoGenerator

SLOTS = {"subject": ["car", "dog"], "colour": ["red", "blue", "green"]}


@pytest.fixture(scope="module")
def net():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return TextToVideoGenerator.tiny(slots=SLOTS)


def inputs(net, count=2, seed=0):
    source = torch.Generator().manual_seed(seed)
    text = torch.nn.functional.normalize(torch.randn(count, 256, generator=source), dim=1) * 16
    return text, net.draw_noise(count, source), torch.full((count,), 2.0)


def test_layers_have_their_shapes_and_ranges(net):
    layers = net(*inputs(net), torch.arange(5) / 5)
    assert layers.strips.shape == (2, 4, 4, 16, 32)
    assert layers.offsets.shape == (2, 4)
    assert layers.sprite.shape == (2, 4, 16, 16)
    assert layers.tracks.shape == (2, 5, 13)
    for pictures in (layers.strips, layers.sprite):
        assert 0 <= pictures.min() and pictures.max() <= 1
    assert (layers.strips[:, 0, 3] == 1).all(), "the sky is opaque"
    for pictures in (layers.strips[:, 1:], layers.sprite[:, None]):
        assert (pictures[:, :, :3] <= pictures[:, :, 3:] + 1e-6).all(), "colours are premultiplied"
    assert ((layers.tracks[..., [7, 11, 12]] >= 0) & (layers.tracks[..., [7, 11, 12]] <= 1)).all()


def test_every_parameter_gets_a_gradient(net):
    text, noise, seconds = inputs(net)
    layers = net(text, noise, seconds, torch.arange(6) / 6)
    tracks = layers.tracks + 0.3  # off the bounds at which the weather is clamped
    clip = compose(layers.strips, layers.offsets, layers.sprite, tracks, seconds, (24, 24))
    loss = (clip * torch.rand_like(clip)).sum() + layers.tracks.square().sum()
    loss = loss + sum((logits * torch.rand_like(logits)).sum() for logits in net.reader(text).values())
    loss.backward()
    without = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    net.zero_grad(set_to_none=True)
    assert not without


def test_saved_and_loaded_is_the_same(net, tmp_path):
    net.save_pretrained(tmp_path)
    again = TextToVideoGenerator.from_pretrained(tmp_path)
    with torch.no_grad():
        one, two = (each(*inputs(net), torch.arange(4) / 4) for each in (net, again))
    assert again.slots == net.slots
    for name in ("strips", "offsets", "sprite", "tracks"):
        assert torch.equal(getattr(one, name), getattr(two, name))


def test_noise_and_text_change_every_layer(net):
    text, noise, seconds = inputs(net)
    other_text, other_noise, _ = inputs(net, seed=1)
    progress = torch.arange(4) / 4
    with torch.no_grad():
        first, by_text = net(text, noise, seconds, progress), net(other_text, noise, seconds, progress)
        by_noise = net(text, other_noise, seconds, progress)
    for name in ("strips", "sprite", "tracks"):
        for other in (by_text, by_noise):
            assert not torch.equal(getattr(first, name), getattr(other, name))


def test_curves_do_not_depend_on_the_sampling(net):
    text, noise, seconds = inputs(net)
    with torch.no_grad():
        few, many = (net(text, noise, seconds, torch.arange(n) / n).tracks for n in (6, 24))
    torch.testing.assert_close(few, many[:, ::4])


def test_the_rough_picture_is_half_the_size(net):
    text, noise, _ = inputs(net)
    with torch.no_grad():
        rough = net.sprite_net(text, noise["sprite"], noise["free_sprite"], True)
        fine = net.sprite_net(text, noise["sprite"], noise["free_sprite"])
    assert rough.shape[-1] * 2 == fine.shape[-1]
    # Untrained detail is slight: the fine picture is about the rough one enlarged.
    assert (torch.nn.functional.avg_pool2d(fine, 2) - rough).abs().mean() < 0.05


def test_the_reader_gives_chances_for_every_slot(net):
    read = net.read(inputs(net)[0])
    assert {name: tuple(chances.shape) for name, chances in read.items()} == {"subject": (2, 2), "colour": (2, 3)}
    for chances in read.values():
        torch.testing.assert_close(chances.sum(1), torch.ones(2))


def test_the_shipped_sizes_fit_the_budget():
    with torch.device("meta"):
        net = TextToVideoGenerator(slots=SLOTS)
    count = sum(parameter.numel() for parameter in net.parameters())
    assert 5e6 < count < 8.5e6, "17 MB in half precision, in two files"
