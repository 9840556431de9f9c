"""The compositor: geometry that can be worked out by hand, the two ways agreeing, gradients, aspect, weather."""

import math

import numpy as np
import pytest
import torch

from studio.models.compositor import FramePainter, compose
from studio.scene import TRACK_NAMES, SceneLayers


def tracks(frames=3, **values):
    """(1, frames, 13): a small sprite in the middle and a camera at rest, changed by name."""
    rest = dict(x=0.5, y=0.5, log_size=math.log(0.25), sin=0.0, cos=1.0, flip=1.0, shadow_y=0.9, shadow_alpha=0.0)
    rest |= dict(camera_x=0.75, camera_y=0.5, zoom=0.94, rain=0.0, snow=0.0)
    columns = [torch.as_tensor((rest | values)[name], dtype=torch.float32).expand(frames) for name in TRACK_NAMES]
    return torch.stack(columns, -1)[None]


def scene(height=32, ground=0.6):
    """A blue sky over a flat green ground in the nearest strip; the strips between are empty."""
    strips = torch.zeros(1, 4, 4, height, 2 * height)
    strips[:, 0] = torch.tensor([0.2, 0.4, 0.9, 1.0])[:, None, None]
    strips[:, 3, :, int(ground * height) :] = torch.tensor([0.1, 0.7, 0.2, 1.0])[:, None, None]
    return strips, torch.full((1, 4), 0.25)


def sprite(side=16):
    """Opaque: the left half red, the right half white."""
    out = torch.ones(1, 4, side, side)
    out[:, 1:3, :, : side // 2] = 0.0
    return out


def as_layers(strips, offsets, subject, path, fps=12.0):
    def as_bytes(layer):
        return layer.mul(255).round().byte().movedim(-3, -1).numpy()

    return SceneLayers(as_bytes(strips[0]), offsets[0].numpy(), as_bytes(subject[0]), path[0].numpy(), fps)


def red_box(frame):
    """(left, top, right, bottom) of the red pixels of a uint8 frame."""
    red = (frame[..., 0] > 200) & (frame[..., 1] < 90)
    rows, columns = np.flatnonzero(red.any(1)), np.flatnonzero(red.any(0))
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


def painted(path, size=(128, 128), subject=None):
    strips, offsets = scene()
    return list(FramePainter(as_layers(strips, offsets, sprite() if subject is None else subject, path), size))


def test_the_sprite_lies_where_the_tracks_say():
    frame = painted(tracks(x=0.25, y=0.5))[0]
    # A quarter of 128 pixels is 32: the sprite spans x 16..48 and y 48..80; its left half is red.
    assert np.abs(np.subtract(red_box(frame), (16, 48, 32, 80))).max() <= 1


def test_a_flipped_sprite_shows_its_red_half_on_the_right():
    left, _, right, _ = red_box(painted(tracks(x=0.25, flip=-1.0))[0])
    assert (abs(left - 32), abs(right - 48)) <= (1, 1)


def test_a_quarter_turn_brings_the_red_half_to_the_top():
    # sin 1, cos 0 turns the picture clockwise on the screen, y pointing down: left goes up.
    box = red_box(painted(tracks(sin=1.0, cos=0.0))[0])
    assert np.abs(np.subtract(box, (48, 48, 80, 64))).max() <= 1


@pytest.mark.parametrize("size", [(128, 128), (96, 168), (168, 96)])
def test_both_ways_agree(size):
    strips, offsets = scene(64)
    path = tracks(x=torch.tensor([0.3, 0.5, 0.7]), camera_x=torch.tensor([0.7, 0.75, 0.8]), shadow_alpha=0.4, snow=1.0)
    exact = compose(strips, offsets, sprite(32), path, 0.25, size)[0].movedim(1, -1).numpy() * 255
    quick = np.stack(list(FramePainter(as_layers(strips, offsets, sprite(32), path), size)))
    difference = np.abs(exact - quick)
    # The quick way steepens outlines, so single pixels along them may differ; the pictures may not.
    assert difference.mean() < 2.5
    assert np.quantile(difference, 0.9) < 6


def test_every_layer_gets_a_gradient():
    strips, offsets = scene()
    wanted = [strips.clone(), offsets.clone(), sprite(), tracks(shadow_alpha=0.3, rain=0.5, snow=0.5, sin=0.1)]
    # Flat colours have no slope to follow: give every layer some texture.
    wanted = [layer + 0.05 * torch.rand_like(layer) for layer in wanted]
    for layer in wanted:
        layer.requires_grad_(True)
    clip = compose(*wanted, 1.0, (32, 32))
    (clip * torch.rand_like(clip)).sum().backward()
    assert all(layer.grad is not None and torch.isfinite(layer.grad).all() for layer in wanted)
    assert (wanted[3].grad.abs().sum((0, 1)) > 0).all(), "a track without influence"
    assert wanted[0].grad.abs().sum() > 0 and wanted[1].grad.abs().sum() > 0 and wanted[2].grad.abs().sum() > 0


def test_a_wide_frame_keeps_the_middle_and_a_tall_one_keeps_the_subject():
    for x in (0.1, 0.9):
        tall = painted(tracks(x=x), size=(168, 96))[0]
        left, _, right, _ = red_box(tall)
        assert 0 <= left < right <= 96, "the red half is in view"
    wide = painted(tracks(), size=(96, 168))[0]
    left, top, right, bottom = red_box(wide)
    assert abs(left - (84 - 12)) <= 1 and abs(right - 84) <= 1  # .25 of the height, not of the width
    assert abs(bottom - top - 24) <= 2


def test_near_strips_move_more_than_far_ones():
    strips = torch.zeros(1, 4, 4, 32, 64)
    strips[:, 0, 3] = 1.0
    strips[:, 0, 0, :16, 30:34] = 1.0  # a red post in the sky
    strips[:, 3, 1, 16:, 30:34] = 1.0  # a green one near
    strips[:, 3, 3, 16:, 30:34] = 1.0
    path = tracks(2, camera_x=torch.tensor([0.75, 0.85]), log_size=-9.0, x=5.0)
    first, second = painted_from(strips, path)

    def middle(frame, channel, rows):
        weights = frame[rows, :, channel].astype(float).sum(0)
        return (weights * np.arange(len(weights))).sum() / weights.sum()

    far = middle(first, 0, slice(0, 40)) - middle(second, 0, slice(0, 40))
    near = middle(first, 1, slice(90, 128)) - middle(second, 1, slice(90, 128))
    assert far > 1 and near > 2 * far  # the camera goes right, the world left


def painted_from(strips, path):
    layers = as_layers(strips, torch.full((1, 4), 0.25), sprite(), path)
    return list(FramePainter(layers, (128, 128)))


def test_weather_falls_in_real_seconds():
    strips, offsets = scene()
    path = tracks(25, snow=1.0)
    slow = FramePainter(as_layers(strips, offsets, sprite(), path, fps=12.0), (96, 96))
    quick = FramePainter(as_layers(strips, offsets, sprite(), path, fps=24.0), (96, 96))
    assert np.array_equal(slow.frame(6), quick.frame(12)), "half a second in, whatever the rate"
    assert not np.array_equal(slow.frame(6), quick.frame(6))


def test_a_shadow_darkens_the_ground_under_the_sprite_only():
    plain = painted(tracks(y=0.6))[0].astype(int)
    shaded = painted(tracks(y=0.6, shadow_y=0.85, shadow_alpha=0.5))[0].astype(int)
    change = plain - shaded
    assert change.min() >= -1 and change[108, 64].max() > 40  # .85 of 128 rows
    assert change[:70].max() <= 1 and change[108, :20].max() <= 1


def test_frames_can_be_asked_for_in_any_order():
    strips, offsets = scene()
    path = tracks(4, x=torch.linspace(0.2, 0.8, 4), camera_x=torch.linspace(0.6, 0.9, 4), rain=1.0)
    painter = FramePainter(as_layers(strips, offsets, sprite(), path), (64, 96))
    forwards = [painter.frame(i) for i in range(4)]
    backwards = [painter.frame(i) for i in (3, 2, 1, 0)][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(forwards, backwards))
    assert forwards[0].shape == (64, 96, 3) and forwards[0].dtype == np.uint8
