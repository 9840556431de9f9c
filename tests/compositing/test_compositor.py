"""The compositor: geometry worked out by hand, the two ways agreeing, gradients, aspect, weather, guides."""

import math

import numpy as np
import pytest
import torch

from studio.compositing.compositor import GUIDES, compose
from studio.compositing.frame_painter import FramePainter
from studio.compositing.textures import fog_tile, ground_strip, ripple_strips, weather_tile
from studio.scene import ACTOR_TRACKS, SCENE_TRACKS, SceneLayers

REST = dict(x=0.5, y=0.5, log_size=math.log(0.25), sin=0.0, cos=1.0, flip=1.0, shadow_y=0.9, shadow_alpha=0.0)
CALM = dict(camera_x=0.75, camera_y=0.5, zoom=0.94, rain=0.0, snow=0.0, fog=0.0, flash=0.0, leaves=0.0)


def columns(names, values, frames):
    return torch.stack([torch.as_tensor(values[name], dtype=torch.float32).expand(frames) for name in names], -1)


class Stage:
    """A blue sky over a flat green ground; actors by place (0 subject .. 3 the other), changed by name."""

    def __init__(self, frames=3, ground=0.6, height=32, **weather):
        self.strips = torch.zeros(1, 4, 4, height, 2 * height)
        self.strips[:, 0] = torch.tensor([0.2, 0.4, 0.9, 1.0])[:, None, None]
        self.strips[:, 3, :, int(ground * height) :] = torch.tensor([0.1, 0.7, 0.2, 1.0])[:, None, None]
        self.offsets = torch.full((1, 4), 0.25)
        self.sprites = torch.stack([two_halves(), disc()])[None]
        self.cast = torch.full((1, 4), -1)
        self.actors = columns(ACTOR_TRACKS, REST, frames)[:, None].repeat(1, 4, 1)[None]
        self.scene = columns(SCENE_TRACKS, CALM | weather, frames)[None]
        self.ground = (0.0, 0.0)

    def act(self, place=0, sprite=0, **values):
        self.cast[0, place] = sprite
        self.actors[0, :, place] = columns(ACTOR_TRACKS, REST | values, self.scene.shape[1])
        return self

    def layers(self, fps=12.0):
        strips, sprites = straight(self.strips[0]), straight(self.sprites[0])
        arrays = [part[0].numpy() for part in (self.cast, self.actors, self.scene)]
        return SceneLayers(strips, self.offsets[0].numpy(), sprites, *arrays, fps, {}, self.ground)

    def composed(self, size=(128, 128), **options):
        parts = (self.strips, self.offsets, self.sprites, self.cast, self.actors, self.scene)
        return compose(*parts, self.scene.shape[1] / 12, size, ground=torch.tensor([self.ground]), **options)

    def painted(self, size=(128, 128)):
        return list(FramePainter(self.layers(), size))

    def guides(self, index=0, size=(128, 128)):
        return FramePainter(self.layers(), size).frame_and_guides(index)[1]


def two_halves(side=32):
    """Opaque: the left half red, the right half white."""
    out = torch.ones(4, side, side)
    out[1:3, :, : side // 2] = 0.0
    return out


def disc(side=32):
    """A magenta disc with a soft edge, premultiplied."""
    at = torch.linspace(-1, 1, side)
    alpha = ((1 - torch.hypot(at[:, None], at[None])) * side / 2).clamp(0, 1)
    return torch.tensor([1.0, 0.0, 1.0, 1.0])[:, None, None] * alpha


def straight(layers):
    colour = layers[..., :3, :, :] / layers[..., 3:, :, :].clamp(min=1e-6)
    return torch.cat([colour, layers[..., 3:, :, :]], -3).mul(255).round().byte().movedim(-3, -1).numpy()


def box(mask):
    """(left, top, right, bottom) of the pixels of a mask."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


def red_box(frame):
    return box((frame[..., 0] > 200) & (frame[..., 1] < 90) & (frame[..., 2] < 90))


def test_the_sprite_lies_where_the_tracks_say():
    frame = Stage().act(x=0.25).painted()[0]
    # A quarter of 128 pixels is 32: the sprite spans x 16..48 and y 48..80; its left half is red.
    assert np.abs(np.subtract(red_box(frame), (16, 48, 32, 80))).max() <= 1


def test_a_flipped_sprite_shows_its_red_half_on_the_right():
    left, _, right, _ = red_box(Stage().act(x=0.25, flip=-1.0).painted()[0])
    assert abs(left - 32) <= 1 and abs(right - 48) <= 1


def test_a_quarter_turn_brings_the_red_half_to_the_top():
    # sin 1, cos 0 turns the picture clockwise on the screen, y pointing down: left goes up.
    found = red_box(Stage().act(sin=1.0, cos=0.0).painted()[0])
    assert np.abs(np.subtract(found, (48, 48, 80, 64))).max() <= 1


def test_absent_actors_leave_no_trace_and_the_subject_stands_in_front():
    nobody = Stage()
    nobody.actors[..., 0] = 0.5  # they have tracks but no part in the cast
    assert np.array_equal(nobody.painted()[0], Stage().painted()[0])
    both = Stage().act(0, sprite=0, x=0.5).act(3, sprite=1, x=0.6, log_size=math.log(0.4))
    frame = both.painted()[0]
    assert np.abs(np.subtract(red_box(frame), (48, 48, 64, 80))).max() <= 1, "nothing hides the subject"
    magenta = (frame[..., 0] > 200) & (frame[..., 1] < 60) & (frame[..., 2] > 200)
    assert magenta[64, 90] and not magenta[64, 70], "the disc goes on behind it"


def test_clips_of_a_batch_have_their_own_casts():
    alone, pair = Stage().act(0), Stage().act(0).act(2, x=0.8)
    parts = [
        torch.cat([getattr(alone, name), getattr(pair, name)])
        for name in ("strips", "offsets", "sprites", "cast", "actors", "scene")
    ]
    together = compose(*parts, 0.25, (48, 48))
    torch.testing.assert_close(together[:1], alone.composed((48, 48)))
    torch.testing.assert_close(together[1:], pair.composed((48, 48)))


WEATHERS = [{}, {"rain": 1.0}, {"snow": 0.7}, {"fog": 0.8}, {"leaves": 1.0}, {"flash": 0.6, "rain": 0.5}]


def busy(**weather):
    pan = torch.linspace(0.7, 0.8, 3)
    stage = Stage(height=64, camera_x=pan, **weather)
    stage.act(0, x=torch.tensor([0.3, 0.4, 0.5]), y=0.7, sin=0.2, shadow_alpha=0.4)
    stage.act(1, x=0.75, y=0.6, log_size=math.log(0.2), flip=-1.0, shadow_alpha=0.2)
    return stage.act(3, sprite=1, x=0.6, y=0.3)


@pytest.mark.parametrize("size", [(128, 128), (96, 168), (168, 96)])
@pytest.mark.parametrize("weather", WEATHERS, ids=lambda weather: "-".join(weather) or "clear")
def test_both_ways_agree(size, weather):
    stage = busy(**weather)
    stage.ground = (float("rain" in weather), 0.7)
    frames, guides = (part[0].movedim(1, -1).numpy() * 255 for part in stage.composed(size, guides=True))
    painter = FramePainter(stage.layers(), size)
    quick, known = (np.stack(part) for part in zip(*(painter.frame_and_guides(i) for i in range(3))))
    # The quick way steepens outlines, so pixels along them may differ; the pictures may not.
    difference = np.abs(frames - quick)
    assert difference.mean() < 2.0 and np.quantile(difference, 0.95) < 8
    assert known.dtype == np.uint8 and known.shape == (3, *size, len(GUIDES))
    for channel, name in enumerate(GUIDES):
        difference = np.abs(guides[..., channel] - known[..., channel])
        assert difference.mean() < 2.0 and np.quantile(difference, 0.95) < 8, name
    assert np.array_equal(np.stack(list(painter)), quick), "guides change nothing in the picture"


def test_every_layer_gets_a_gradient():
    stage = Stage(rain=0.5, snow=0.5, fog=0.5, flash=0.3, leaves=0.4)
    for place in range(4):
        stage.act(place, sprite=place // 3, x=0.2 + 0.2 * place, sin=0.1, shadow_alpha=0.3)
    # Flat colours have no slope to follow: give every layer some texture.
    for name in ("strips", "offsets", "sprites", "actors", "scene"):
        part = getattr(stage, name)
        setattr(stage, name, (part + 0.05 * torch.rand_like(part)).requires_grad_(True))
    clip, guides = stage.composed((32, 32), guides=True)
    ((clip * torch.rand_like(clip)).sum() + guides.mean()).backward()
    for name in ("strips", "offsets", "sprites", "actors", "scene"):
        gradient = getattr(stage, name).grad
        assert gradient is not None and torch.isfinite(gradient).all() and gradient.abs().sum() > 0, name
    assert (stage.actors.grad.abs().sum((0, 1)) > 0).all(), "a track without influence"
    assert (stage.scene.grad.abs().sum((0, 1)) > 0).all(), "a track without influence"


def test_a_wide_frame_keeps_the_middle_and_a_tall_one_keeps_the_subject():
    for x in (0.1, 0.9):
        frame = Stage().act(x=x).painted((168, 96))[0]
        left, _, right, _ = red_box(frame)
        assert 0 <= left < right <= 96, "the red half is in view"
    left, top, right, bottom = red_box(Stage().act().painted((96, 168))[0])
    assert abs(left - (84 - 12)) <= 1 and abs(right - 84) <= 1  # .25 of the height, not of the width
    assert abs(bottom - top - 24) <= 2


def test_in_a_tall_frame_feet_stay_on_the_ground_and_riders_on_their_mounts():
    stage = Stage().act(0, y=0.525, shadow_y=0.9).act(3, sprite=0, y=0.775, shadow_y=0.9)
    _, top, _, bottom = red_box(stage.painted((192, 108))[0])
    # The lower one stands at .9, the upper one on its head: one column of red without a gap, ending at the ground.
    assert abs(bottom - 0.9 * 192) <= 2
    column = stage.painted((192, 108))[0][top:bottom, 48]
    assert (column[:, 0] > 180).all() and (column[:, 2] < 120).all()


def test_near_strips_move_more_than_far_ones():
    stage = Stage(2, camera_x=torch.tensor([0.75, 0.85]))
    stage.strips = torch.zeros(1, 4, 4, 32, 64)
    stage.strips[:, 0, 3] = 1.0
    stage.strips[:, 0, 0, :16, 30:34] = 1.0  # a red post in the sky
    stage.strips[:, 3, 1, 16:, 30:34] = 1.0  # a green one near
    stage.strips[:, 3, 3, 16:, 30:34] = 1.0
    first, second = stage.painted()

    def middle(frame, channel, rows):
        weights = frame[rows, :, channel].astype(float).sum(0)
        return (weights * np.arange(len(weights))).sum() / weights.sum()

    far = middle(first, 0, slice(0, 40)) - middle(second, 0, slice(0, 40))
    near = middle(first, 1, slice(90, 128)) - middle(second, 1, slice(90, 128))
    assert far > 1 and near > 2 * far  # the camera goes right, the world left


@pytest.mark.parametrize("kind", ["rain", "snow", "leaves", "fog"])
def test_weather_moves_in_real_seconds(kind):
    stage = Stage(25, **{kind: 1.0})
    slow, quick = (FramePainter(stage.layers(fps), (96, 96)) for fps in (12.0, 24.0))
    assert np.array_equal(slow.frame(6), quick.frame(12)), "half a second in, whatever the rate"
    assert not np.array_equal(slow.frame(6), quick.frame(6))


def test_blown_leaves_go_to_the_right_and_snow_goes_down():
    def shift(kind, axis):
        painter = FramePainter(Stage(3, **{kind: 1.0}).layers(48.0), (128, 128))
        marks = [np.abs(painter.frame(i).astype(int) - bare).sum(-1).astype(float) for i in (0, 2)]
        moves = range(-8, 9)
        return moves[int(np.argmax([(marks[1] * np.roll(marks[0], move, axis)).sum() for move in moves]))]

    bare = Stage().painted()[0].astype(int)
    assert shift("leaves", 1) > 0
    bare = FramePainter(Stage(snow=0.005).layers(), (128, 128)).frame(0).astype(int)
    assert shift("snow", 0) > 0


def test_fog_hides_what_is_far_more_than_what_is_near():
    clear, foggy = Stage(height=64).painted()[0].astype(int), Stage(height=64, fog=1.0).painted()[0].astype(int)

    def contrast(frame):  # of the sky's blue and of the ground's green against grey
        return np.ptp(frame[20].mean(0)), np.ptp(frame[120].mean(0))

    sky, ground = (after / before for before, after in zip(contrast(clear), contrast(foggy)))
    assert sky < 0.5 < ground < 1


def test_lightning_brightens_everything_and_the_sky_most():
    dark, bright = Stage().painted()[0].astype(int), Stage(flash=1.0).painted()[0].astype(int)
    gain = bright - dark
    assert gain.min() >= 0 and gain[10].mean() > 40 and gain[110].mean() > 20


def test_a_shadow_darkens_the_ground_under_the_sprite_only():
    plain = Stage().act(y=0.6).painted()[0].astype(int)
    shaded = Stage().act(y=0.6, shadow_y=0.85, shadow_alpha=0.5).painted()[0].astype(int)
    change = plain - shaded
    assert change.min() >= -1 and change[108, 64].max() > 40  # .85 of 128 rows
    assert change[:70].max() <= 1 and change[108, :20].max() <= 1


def test_water_shows_the_actor_upside_down_below_its_line():
    stage = Stage().act(y=0.5, shadow_y=0.625)  # it spans 48..80 of 128 rows and stands on row 80
    stage.ground = (1.0, 0.9)
    image = stage.guides()[..., 1:5]
    assert np.abs(np.subtract(box(image[..., 3] > 128), (48, 80, 80, 112))).max() <= 1
    assert image[96, 52, 0] > 200 and image[96, 52, 1] < 60, "red stays on the left"
    assert image[96, 76, 1] > 200


def test_land_shows_a_squashed_shadow_that_leans_with_the_light():
    stage = Stage().act(y=0.5, shadow_y=0.625, shadow_alpha=0.5)
    stage.ground = (0.0, 1.0)
    image = stage.guides()[..., 1:5]
    assert not image[..., :3].any(), "a shadow has no colours"
    left, top, right, bottom = box(image[..., 3] > 128)
    long = 0.45 * 32
    assert abs(top - 80) <= 1 and abs(bottom - (80 + long)) <= 2
    assert abs(left - 48) <= 1 and abs(right - (80 + long)) <= 2, "shear 1: as far sideways as down"
    stage.actors[..., ACTOR_TRACKS.index("shadow_alpha")] = 0.0
    assert not stage.guides()[..., 1:5].any(), "what has no shadow casts none"


def test_depth_grows_towards_the_viewer():
    depth = Stage().act(y=0.2).guides()[..., GUIDES.index("depth")]
    assert depth[2, 2] == 0 and depth[120, 64] == 255 and depth[26, 64] == 255


def test_the_grain_moves_with_the_ground_and_ripples_with_time():
    stage = Stage(3, camera_x=torch.tensor([0.75, 0.75, 0.75 + 10 / 128 / 1.1]))
    grain = [stage.guides(i)[100:, :, GUIDES.index("grain")].astype(float) for i in range(3)]
    ripple = [stage.guides(i)[..., GUIDES.index("ripple")] for i in range(2)]
    assert np.array_equal(grain[0], grain[1]) and not np.array_equal(*ripple)
    scale = 1 - 0.06 * 1.1
    shift = round(10 / scale)
    assert np.abs(grain[2][:, :-shift] - grain[0][:, shift:]).mean() < 0.4 * np.abs(grain[2] - grain[0]).mean()
    assert grain[0].std() > 15


def test_frames_can_be_asked_for_in_any_order():
    for weather in ({"rain": 1.0}, {"fog": 0.6, "flash": torch.tensor([0.0, 0.8, 0.2, 0.0])}):
        stage = Stage(4, camera_x=torch.linspace(0.6, 0.9, 4), **weather).act(x=torch.linspace(0.2, 0.8, 4))
        painter = FramePainter(stage.layers(), (64, 96))
        forwards = [painter.frame(i) for i in range(4)]
        backwards = [painter.frame(i) for i in (3, 2, 1, 0)][::-1]
        assert all(np.array_equal(a, b) for a, b in zip(forwards, backwards))
        assert forwards[0].shape == (64, 96, 3) and forwards[0].dtype == np.uint8


def test_outlines_stay_crisp_when_enlarged():
    frame = Stage().act(log_size=0.0).painted((512, 512))[0]  # 32 pixels shown on 512
    row = frame[256, :, 1].astype(int)
    edge = np.flatnonzero((row[200:312] > 25) & (row[200:312] < 230))
    sky = frame[:, 4, 1].astype(int)
    ground = np.flatnonzero((sky > 110) & (sky < 170))
    assert len(ground) <= 8, "the land's outline is a few pixels wide, not sixteen"
    assert len(edge) <= 40  # inside the sprite a colour edge is as smooth as enlarging makes it


@pytest.mark.parametrize("kind", ["rain", "snow", "leaves"])
def test_tiles_are_periodic_and_premultiplied(kind):
    tile = weather_tile(kind, 128)
    assert tile.shape == (128, 128, 4) and tile.min() >= 0 and tile.max() <= 1
    assert (tile[..., :3] <= tile[..., 3:] + 1e-6).all() and 0.002 < tile[..., 3].mean() < 0.2
    for axis in (0, 1):
        steps = np.abs(np.diff(tile[..., 3], axis=axis)).max()
        seam = np.abs(np.take(tile[..., 3], 0, axis) - np.take(tile[..., 3], -1, axis)).max()
        assert seam <= steps + 1e-6


def test_patterns_lie_around_grey_at_every_size():
    for height in (48, 96, 200):
        assert fog_tile(height).shape == (height, height)
        assert ground_strip(height).shape == (height, 2 * height)
        assert ripple_strips(height).shape[:2] == (2, height)
        for pattern in (fog_tile(height), ground_strip(height), ripple_strips(height)):
            assert abs(pattern.mean() - 127.5) < 12 and pattern.std() > 8
