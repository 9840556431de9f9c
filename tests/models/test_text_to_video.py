"""The prompt tab's generator, tiny but real: shapes, ranges, gradients, saving, who is on stage, steadiness."""

import pytest
import torch

from studio.compositing.compositor import compose
from studio.models.text_to_video import TRACK_SLOTS, TextToVideoGenerator, variant_of

SLOTS = {
    "subject": ["car", "dog", "ball"],
    "colour": ["natural", "red", "blue"],
    "size": ["normal", "big"],
    "count": ["one", "two", "three"],
    "other": ["none", "car", "dog", "ball"],
    "other_colour": ["natural", "red", "blue"],
    "relation": ["none", "beside"],
    "place": ["any", "studio", "meadow"],
    "time": ["any", "day", "night"],
    "motion": ["still", "left"],
    "camera": ["static", "pan_left"],
    "weather": ["clear", "rain"],
}


@pytest.fixture(scope="module")
def net():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return TextToVideoGenerator.tiny(slots=SLOTS)


def slots(scenes=2, **values):
    base = {name: torch.zeros(scenes, dtype=torch.long) for name in SLOTS}
    base |= {"place": torch.ones(scenes, dtype=torch.long), "time": torch.ones(scenes, dtype=torch.long)}
    return base | {name: torch.tensor(value).expand(scenes) for name, value in values.items()}


def inputs(net, scenes=2, seed=0, **values):
    source = torch.Generator().manual_seed(seed)
    return net.code_of(slots(scenes, **values)), net.draw_noise(scenes, source), torch.full((scenes,), 2.0)


def test_layers_have_their_shapes_and_ranges(net):
    layers = net(*inputs(net, other=2, relation=1), torch.arange(5) / 5)
    assert layers.strips.shape == (2, 4, 4, 16, 32)
    assert layers.offsets.shape == (2, 4)
    assert layers.sprites.shape == (2, 2, 4, 16, 16)
    assert layers.cast.shape == (2, 4)
    assert layers.actors.shape == (2, 5, 4, 8)
    assert layers.scene.shape == (2, 5, 8)
    for pictures in (layers.strips, layers.sprites):
        assert 0 <= pictures.min() and pictures.max() <= 1
    assert (layers.strips[:, 0, 3] == 1).all(), "the sky is opaque"
    for pictures in (layers.strips[:, 1:], layers.sprites):
        assert (pictures[:, :, :3] <= pictures[:, :, 3:] + 1e-6).all(), "colours are premultiplied"
    for shares in (layers.actors[..., 7], layers.scene[..., 3:]):
        assert 0 <= shares.min() and shares.max() <= 1


def test_the_cast_follows_count_and_other(net):
    def cast(**values):
        return net.cast(net.code_of(slots(1, **values)))[0].tolist()

    assert cast() == [0, -1, -1, -1]
    assert cast(count=1) == [0, 0, -1, -1]
    assert cast(count=2, other=3, relation=1) == [0, 0, 0, 1]


def test_two_subjects_are_two_calls_of_the_same_net(net):
    """The other one, drawn with the subject's noise and colour, is the subject of that noun."""
    code, noise, _ = inputs(net, subject=0, colour=1, other=3, other_colour=2)
    noise["other"] = noise["sprite"]
    alone = net.sprites(net.code_of(slots(subject=2, colour=2)), noise)
    with torch.no_grad():
        torch.testing.assert_close(net.sprites(code, noise)[:, 1], alone[:, 0])
    assert not alone[:, 1].any(), "nobody else there"


def test_every_parameter_gets_a_gradient(net):
    code, noise, seconds = inputs(net, scenes=3, other=2, relation=1)
    layers = net(code, noise, seconds, torch.arange(6) / 6)
    scene = layers.scene + 0.1 * torch.rand_like(layers.scene)  # off the bounds at which the weather is clamped
    clip = compose(layers.strips, layers.offsets, layers.sprites, layers.cast, layers.actors, scene, seconds, (24, 24))
    loss = (clip * torch.rand_like(clip)).sum() + layers.actors.square().sum() + layers.scene.square().sum()
    loss = loss + sum((part * torch.rand_like(part)).sum() for part in (layers.strips, layers.sprites, layers.offsets))
    reader = net.reader(torch.randn(3, 7, 256), torch.ones(3, 7))
    loss = loss + sum((logits * torch.rand_like(logits)).sum() for logits in reader.values())
    loss.backward()
    without = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    net.zero_grad(set_to_none=True)
    assert not [name for name in without if not name.startswith("detail_net.")], "the detail net works on frames"


def test_gradients_reach_the_chances(net):
    code, noise, seconds = inputs(net, other=1, relation=1)
    code = {name: values.clone().requires_grad_() for name, values in code.items()}
    layers = net(code, noise, seconds, torch.arange(4) / 4)
    (layers.strips.sum() + layers.sprites.square().sum() + layers.actors.square().sum()).backward()
    unmoved = {name for name, values in code.items() if values.grad is None or not values.grad.any()}
    assert not unmoved


def test_saved_and_loaded_is_the_same(net, tmp_path):
    net.save_pretrained(tmp_path)
    again = TextToVideoGenerator.from_pretrained(tmp_path)
    with torch.no_grad():
        one, two = (each(*inputs(net, other=1), torch.arange(4) / 4) for each in (net, again))
    assert again.slots == net.slots and list(again.slots) == list(net.slots), "the reader goes by their order"
    hidden = torch.randn(1, 5, 256)
    with torch.no_grad():
        reads = [each.read(hidden, torch.ones(1, 5)) for each in (net, again)]
    for name, chances in reads[0].items():
        torch.testing.assert_close(chances, reads[1][name])
    for name in ("strips", "offsets", "sprites", "cast", "actors", "scene"):
        assert torch.equal(getattr(one, name), getattr(two, name))


def test_noise_changes_every_layer_and_words_only_their_own(net):
    progress = torch.arange(4) / 4
    code, noise, seconds = inputs(net, other=1)
    with torch.no_grad():
        first = net(code, noise, seconds, progress)
        by_noise = net(code, inputs(net, seed=1)[1], seconds, progress)
        by_colour = net(inputs(net, other=1, colour=2)[0], noise, seconds, progress)
        by_time = net(inputs(net, other=1, time=2)[0], noise, seconds, progress)
    for name in ("strips", "sprites", "actors"):
        assert not torch.equal(getattr(first, name), getattr(by_noise, name))
    assert not torch.equal(first.sprites, by_colour.sprites)
    assert torch.equal(first.strips, by_colour.strips) and torch.equal(first.actors, by_colour.actors)
    assert not torch.equal(first.strips, by_time.strips)
    assert torch.equal(first.sprites, by_time.sprites) and torch.equal(first.actors, by_time.actors)
    assert "colour" not in TRACK_SLOTS


def test_each_variant_is_a_third_of_the_noise(net):
    noise = torch.randn(3000, 16, generator=torch.Generator().manual_seed(2))
    shares = torch.bincount(variant_of(noise), minlength=3) / 3000
    torch.testing.assert_close(shares, torch.full((3,), 1 / 3), atol=0.04, rtol=0)


def test_curves_do_not_depend_on_the_sampling(net):
    code, noise, seconds = inputs(net)
    with torch.no_grad():
        few, many = (net.tracks(code, noise["tracks"], seconds, torch.arange(n) / n) for n in (6, 24))
    for part in (0, 1):
        torch.testing.assert_close(few[part], many[part][:, ::4])


def test_the_rough_picture_is_half_the_size(net):
    code, noise, _ = inputs(net)
    with torch.no_grad():
        rough = net.sprite_net(code["subject"], code["colour"], noise["sprite"], True)
        fine = net.sprite_net(code["subject"], code["colour"], noise["sprite"])
    assert rough.shape[-1] * 2 == fine.shape[-1]
    # Untrained detail is slight: the fine picture is about the rough one enlarged.
    assert (torch.nn.functional.avg_pool2d(fine, 2) - rough).abs().mean() < 0.05


def test_the_shipped_sizes_fit_the_budget():
    slots = {"subject": ["x"] * 223, "other": ["x"] * 224, "place": ["x"] * 21, "time": ["x"] * 7, "weather": ["x"] * 6}
    with torch.device("meta"):
        net = TextToVideoGenerator(slots=SLOTS | slots | {"colour": ["x"] * 13, "motion": ["x"] * 16})
    count = sum(parameter.numel() for parameter in net.parameters())
    assert 9e6 < count < 11.5e6, "23 MB in half precision, in two files"
