"""The detail net: any even size, one code for many frames, nothing but its neighbourhood, no checkerboards."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from studio.models.detail import GUIDES, NATIVE, DetailNet, detail_code

CODE = 9


@pytest.fixture(scope="module")
def net() -> DetailNet:
    torch.manual_seed(3)
    net = DetailNet.tiny(CODE).eval()
    with torch.no_grad():  # as after training: the last layers say something
        net.residual.weight.mul_(5)
        net.leave.weight[:6] *= 5
    return net


def inputs(count: int, height: int, width: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    pictures = torch.rand(count, 6 + GUIDES, height, width, generator=generator)
    return pictures[:, :6], pictures[:, 6:], torch.rand(count, CODE, generator=generator)


def test_a_code_is_place_time_weather_and_ground() -> None:
    code = {"place": torch.eye(3)[:1], "time": torch.eye(2)[1:], "weather": torch.eye(2)[:1], "size": torch.eye(4)[:1]}
    assert detail_code(code, torch.tensor([[1.0, -0.5]])).tolist() == [[1, 0, 0, 0, 1, 1, 0, 1, -0.5]]


@pytest.mark.parametrize("size", [(32, 32), (34, 50), (66, 18)])
def test_any_even_size(net: DetailNet, size: tuple[int, int]) -> None:
    with torch.no_grad():
        assert net(*inputs(1, *size)).shape == (1, 3, *size)


def test_frames_of_one_scene_share_a_code(net: DetailNet) -> None:
    pairs, guides, code = inputs(3, 32, 32)
    with torch.no_grad():
        shared, own = net(pairs, guides, code[:1]), net(pairs, guides, code[:1].expand(3, -1))
    torch.testing.assert_close(shared, own, atol=1e-5, rtol=1e-4)


def test_the_code_and_the_frame_before_count(net: DetailNet) -> None:
    pairs, guides, code = inputs(1, 32, 32)
    with torch.no_grad():
        first = net(pairs, guides, code)
        assert (first - net(pairs, guides, 1 - code)).abs().max() > 1e-3
        earlier = torch.cat([1 - pairs[:, :3], pairs[:, 3:]], 1)
        assert (first - net(earlier, guides, code)).abs().max() > 1e-3
        assert torch.equal(first, net(pairs, guides, code))


def test_a_far_corner_is_none_of_its_business(net: DetailNet) -> None:
    pairs, guides, code = inputs(1, 160, 160)
    changed = pairs.clone()
    changed[..., :16, :16] = 1 - changed[..., :16, :16]
    with torch.no_grad():
        difference = (net(pairs, guides, code) - net(changed, guides, code)).abs()
    assert difference[..., :16, :16].max() > 0.05
    assert difference[..., -16:, -16:].max() == 0


def test_flat_pictures_come_out_without_a_checkerboard(net: DetailNet) -> None:
    pairs, guides = torch.full((1, 6, 96, 96), 0.4), torch.full((1, GUIDES, 96, 96), 0.5)
    with torch.no_grad():
        inside = net(pairs, guides, inputs(1, 2, 2)[2])[..., 40:56, 40:56]
    board = torch.ones(16, 16)
    board[::2, ::2], board[1::2, 1::2] = -1, -1
    assert (inside * board).mean((2, 3)).abs().max() < 1e-3


def test_large_frames_get_the_light_of_small_ones(net: DetailNet) -> None:
    """Twice the size: the maps are those of the frame at half the size, and the frame itself stays sharp."""
    small = torch.cat(inputs(1, NATIVE // 8, NATIVE // 8)[:2], 1)
    large = F.interpolate(F.interpolate(small, (NATIVE, NATIVE), mode="nearest"), scale_factor=2, mode="nearest")
    code = inputs(1, 2, 2)[2]
    with torch.no_grad():
        gain, shift = net.maps(large[:, :6], large[:, 6:], code)
        half = F.avg_pool2d(large, 2)
        wanted_gain, wanted_shift = net.maps(half[:, :6], half[:, 6:], code)
    assert gain.shape == (1, 3, 2 * NATIVE, 2 * NATIVE)
    torch.testing.assert_close(F.avg_pool2d(gain, 2), wanted_gain, atol=0.05, rtol=0)
    torch.testing.assert_close(F.avg_pool2d(shift, 2), wanted_shift, atol=0.15, rtol=0)


def test_its_config_builds_it_again(net: DetailNet) -> None:
    again = DetailNet(**net.config)
    again.load_state_dict(net.state_dict(), strict=True)
    with torch.no_grad():
        assert torch.equal(again(*inputs(1, 16, 16)), net(*inputs(1, 16, 16)))
