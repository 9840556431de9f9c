"""The compositor: strips, a sprite and tracks become frames. Shared by the procedural world and the generator.

Two ways through one geometry: `compose` is differentiable torch (training and the world's own videos); `FramePainter`
paints uint8 frames one by one at any size with bounded memory (inference). Neither has weights.

Letters: B clips, T frames, K = 4 strips (sky, far, middle, near), h strip height, S sprite side, H x W the frame.
Lengths are in frame heights with the origin at the top left of the *square* frame; colours are premultiplied by alpha.

Tracks (B, T, 13), see studio.scene.TRACK_NAMES: x, y sprite centre; log_size natural log of the sprite's side; sin,
cos its rotation; flip +1 as drawn, -1 mirrored; shadow_y the ground line under the sprite; shadow_alpha 0..1; camera_x
(.75 is centred), camera_y (.5 is centred), zoom (height of the view at the subject's depth: .94 is normal, smaller is
closer); rain, snow 0..1. The sprite lives in screen space: whoever plans tracks lets it grow when the camera zooms in.
Camera moves reach each strip in proportion to its DEPTH, which is what makes the parallax. A strip is 2 frame heights
wide and its offset (0 .. .5) says which part is looked at; what would lie outside is mirrored.

Aspect: a wide frame shows more world to the sides; a tall one narrows the sprite's path so that it stays in view.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.scene import TRACK_NAMES as TRACKS
from studio.scene import SceneLayers

STRIPS = ("sky", "far", "middle", "near")
DEPTHS = (0.4, 0.6, 0.8, 1.1)
STRIP_WIDTH = 2.0
CENTRE_X = 0.75
MIN_SIZE, MAX_SIZE = 0.03, 1.4

# Falling weather: (track, colour, layers of (scale of the tile, sideways speed, falling speed, strength)).
# Speeds in frame heights a second.
_WEATHER = (
    ("rain", (0.80, 0.86, 0.95), ((1.0, -0.35, 1.9, 0.85), (0.62, -0.24, 1.35, 0.55))),
    ("snow", (1.0, 1.0, 1.0), ((1.0, 0.05, 0.30, 1.0), (0.55, -0.03, 0.17, 0.75))),
)
_HAZE = {"rain": (0.16, (0.55, 0.60, 0.68)), "snow": (0.10, (0.86, 0.89, 0.94))}


def _aspect_rules(height: int, width: int) -> tuple[float, float, float]:
    """(spread of the sprite's path, scale of the sprite, scale of the strip offsets) for a frame of this shape."""
    aspect = width / height
    if aspect >= 1:
        # A wide view eats into the room that offsets may use before the strip's edge shows.
        room = (STRIP_WIDTH - 0.94 * aspect) / (STRIP_WIDTH - 0.94)
        return aspect**0.5, 1.0, min(1.0, max(0.0, room))
    return aspect, aspect**0.4, 1.0


# ---------------------------------------------------------------------------------------------- weather tiles


@lru_cache(maxsize=16)
def weather_tile(kind: str, height: int) -> np.ndarray:
    """Alpha of one periodic tile of "rain" or "snow", float32 (height, height) in 0..1; deterministic."""
    rng = np.random.default_rng({"rain": 3, "snow": 4}[kind])
    centre = (np.arange(height, dtype=np.float32) + 0.5) / height
    y, x = centre[:, None], centre[None, :]
    tile = np.zeros((height, height), np.float32)
    pixel = 1.0 / height
    for cx, cy, size, strength in rng.random((46, 4), dtype=np.float32):
        dy = (y - cy + 0.5) % 1 - 0.5
        if kind == "rain":
            slant = 0.35 / 1.9  # streaks point along the fall of the nearest layer
            dx = (x - cx + slant * dy + 0.5) % 1 - 0.5
            half_width = max(0.0035, 0.55 * pixel)
            length = 0.04 + 0.05 * size
            mark = np.exp(-((dx / half_width) ** 2)) * np.exp(-((dy / length) ** 4)) * (0.25 + 0.35 * strength)
            mark *= min(1.0, 0.0035 / half_width) ** 0.5
        else:
            dx = (x - cx + 0.5) % 1 - 0.5
            radius = 0.006 + 0.012 * size**2
            edge = max(0.004, 0.5 * pixel)
            outside = np.minimum((np.sqrt(dx * dx + dy * dy) - radius) / edge, 40.0)
            mark = (0.55 + 0.4 * strength) / (1 + np.exp(outside))
        np.maximum(tile, mark, out=tile)
    tile.flags.writeable = False
    return tile


# ---------------------------------------------------------------------------------------------- differentiable


def _screen(height: int, width: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Pixel centres as world coordinates: x (1, 1, W) around .5 whatever the width, y (1, H, 1) in 0..1."""
    x = 0.5 + ((torch.arange(width, device=like.device, dtype=like.dtype) + 0.5) / width - 0.5) * (width / height)
    y = (torch.arange(height, device=like.device, dtype=like.dtype) + 0.5) / height
    return x[None, None, :], y[None, :, None]


def _background(strips: Tensor, offsets: Tensor, tracks: Tensor, height: int, width: int) -> Tensor:
    """The strips seen by the camera, far to near: (B * T, 3, H, W)."""
    batch, count = strips.shape[:2]
    frames = tracks.shape[1]
    x, y = _screen(height, width, tracks)
    camera_x, camera_y, zoom = (tracks[..., i].reshape(-1, 1, 1) for i in (8, 9, 10))
    offset_scale = _aspect_rules(height, width)[2]
    out: Tensor | None = None
    for k in range(count):
        depth = DEPTHS[k]
        offset = 0.25 + (offsets[:, k] - 0.25) * offset_scale
        offset = offset[:, None].expand(batch, frames).reshape(-1, 1, 1)
        scale = 1 - (1 - zoom) * depth
        along = offset + CENTRE_X + depth * (camera_x - CENTRE_X) + (x - 0.5) * scale
        down = (0.5 + depth * (camera_y - 0.5) + (y - 0.5) * scale).clamp(0, 1)
        grid = torch.stack(torch.broadcast_tensors(along / STRIP_WIDTH * 2 - 1, down * 2 - 1), -1)
        strip = strips[:, k].repeat_interleave(frames, 0)
        seen = F.grid_sample(strip, grid, align_corners=False, padding_mode="reflection")
        out = seen[:, :3] if out is None else out * (1 - seen[:, 3:]) + seen[:, :3]
    assert out is not None
    return out


def _sprite_geometry(tracks: Tensor, height: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """Centre x, centre y and side of the sprite after the aspect rules; each (B * T, 1, 1)."""
    spread, scale, _ = _aspect_rules(height, width)
    flat = tracks.reshape(-1, tracks.shape[-1])[:, :, None, None]
    side = flat[:, 2].exp().clamp(MIN_SIZE, MAX_SIZE)
    # A smaller sprite keeps its feet where they were.
    return 0.5 + (flat[:, 0] - 0.5) * spread, flat[:, 1] + 0.5 * side * (1 - scale), side * scale


def _sprite_over(out: Tensor, sprite: Tensor, tracks: Tensor) -> Tensor:
    height, width = out.shape[-2:]
    frames = tracks.shape[1]
    x, y = _screen(height, width, tracks)
    flat = tracks.reshape(-1, tracks.shape[-1])[:, :, None, None]
    centre_x, centre_y, side = _sprite_geometry(tracks, height, width)
    dx, dy = (x - centre_x) / side * 2, (y - centre_y) / side * 2
    shadow_down = (y - flat[:, 6]) / side * 9
    shadow = torch.exp(-1.3 * (dx * dx + shadow_down * shadow_down)) * flat[:, 7]
    out = out * (1 - shadow[:, None])
    norm = (flat[:, 3] ** 2 + flat[:, 4] ** 2 + 1e-6).rsqrt()
    sin, cos = flat[:, 3] * norm, flat[:, 4] * norm
    flip = flat[:, 5] / (flat[:, 5] ** 2).clamp(min=0.09)
    grid = torch.stack(torch.broadcast_tensors((cos * dx + sin * dy) * flip, cos * dy - sin * dx), -1)
    shrink = max(1, int(sprite.shape[-1] / (0.45 * height)))
    if shrink > 1:  # bilinear sampling alone would alias a large sprite in a small frame
        sprite = F.avg_pool2d(sprite, shrink)
    seen = F.grid_sample(sprite.repeat_interleave(frames, 0), grid, align_corners=False, padding_mode="zeros")
    return out * (1 - seen[:, 3:]) + seen[:, :3]


def _weather_over(out: Tensor, tracks: Tensor, times: Tensor) -> Tensor:
    height, width = out.shape[-2:]
    x, y = _screen(height, width, tracks)
    moment = times.reshape(-1, 1, 1)
    for kind, colour, layers in _WEATHER:
        amount = tracks[..., TRACKS.index(kind)].reshape(-1, 1, 1, 1).clamp(0, 1)
        if not tracks.requires_grad and float(amount.max()) == 0.0:
            continue
        haze, haze_colour = _HAZE[kind]
        out = out * (1 - haze * amount) + haze * amount * out.new_tensor(haze_colour)[None, :, None, None]
        # The border is repeated so that bilinear sampling is periodic.
        tile = torch.from_numpy(weather_tile(kind, height).copy()).to(out)[None, None]
        tile = F.pad(tile, (1, 1, 1, 1), mode="circular")
        fit = height / (height + 2)
        for scale, across, down, strength in layers:
            u = torch.remainder((x - across * moment) / scale, 1.0)
            v = torch.remainder((y - down * moment) / scale, 1.0)
            grid = torch.stack(torch.broadcast_tensors((u * 2 - 1) * fit, (v * 2 - 1) * fit), -1)
            alpha = F.grid_sample(tile.expand(len(grid), -1, -1, -1), grid, align_corners=False) * (strength * amount)
            out = out * (1 - alpha) + alpha * out.new_tensor(colour)[None, :, None, None]
    return out


def compose(
    strips: Tensor, offsets: Tensor, sprite: Tensor, tracks: Tensor, seconds: Tensor | float, size: tuple[int, int],
    times: Tensor | None = None,
) -> Tensor:
    """Frames (B, T, 3, H, W) in 0..1, differentiable in every layer.

    Args:
        strips: (B, 4, 4, h, 2h) premultiplied RGBA, the first one opaque.
        offsets: (B, 4) in frame heights.
        sprite: (B, 4, S, S) premultiplied RGBA.
        tracks: (B, T, 13).
        seconds: length of the clips, a number or (B,); only the weather falls by it.
        size: (H, W) in pixels.
        times: (B, T) in seconds, where the frames are not evenly spread over the clip from 0 on.
    """
    batch, frames = tracks.shape[:2]
    height, width = size
    if times is None:
        length = torch.as_tensor(seconds, dtype=tracks.dtype, device=tracks.device).reshape(-1, 1).expand(batch, 1)
        times = length * torch.arange(frames, device=tracks.device, dtype=tracks.dtype)[None] / frames
    out = _background(strips, offsets, tracks, height, width)
    out = _sprite_over(out, sprite, tracks)
    out = _weather_over(out, tracks, times)
    return out.clamp(0, 1).view(batch, frames, 3, height, width)


# ---------------------------------------------------------------------------------------------- fast, frame by frame


def _premultiplied(layer: np.ndarray) -> np.ndarray:
    """Straight uint8 RGBA to premultiplied."""
    out = np.ascontiguousarray(layer).copy()
    out[..., :3] = (layer[..., :3].astype(np.uint16) * layer[..., 3:] + 127) // 255
    return out


def _crisp(layer: np.ndarray, height: int, width: int) -> np.ndarray:
    """A premultiplied uint8 layer enlarged to (height, width) with its outline steepened to about one output pixel."""
    grow = height / layer.shape[0]
    large = cv2.resize(layer, (width, height), interpolation=cv2.INTER_CUBIC if grow > 1 else cv2.INTER_AREA)
    if grow <= 1.25:
        large[..., :3] = np.minimum(large[..., :3], large[..., 3:])
        return large
    alpha = large[..., 3:].astype(np.float32)
    steep = np.clip((alpha - 127.5) * min(grow, 4.0) * 0.8 + 127.5, 0, 255)
    gain = steep / np.maximum(alpha, 1.0)
    out = np.empty_like(large)
    out[..., :3] = np.clip(large[..., :3] * gain + 0.5, 0, steep)
    out[..., 3:] = steep + 0.5
    return out


class FramePainter:
    """Paints the frames of one clip as uint8 (H, W, 3), any of them in any order; memory does not grow with T.

    Args:
        layers: the scene, in straight RGBA bytes. size: (H, W) in pixels.
    """

    def __init__(self, layers: SceneLayers, size: tuple[int, int]) -> None:
        self.height, self.width = size
        self.tracks = np.asarray(layers.tracks, np.float32)
        self.times = np.arange(len(self.tracks)) / float(layers.fps)
        self.spread, self.scale, offset_scale = _aspect_rules(*size)
        self.offsets = 0.25 + (np.asarray(layers.offsets, np.float32) - 0.25) * offset_scale
        tall, wide = self.height, round(self.height * STRIP_WIDTH)
        prepared = [_crisp(_premultiplied(strip), tall, wide) for strip in layers.strips]
        self.colours = [np.ascontiguousarray(strip[..., :3]) for strip in prepared]
        self.holes = [np.repeat(255 - strip[..., 3:], 3, axis=2) for strip in prepared]
        # Rows above a strip's first opaque pixel are never touched.
        self.tops = [int(np.argmax(strip[..., 3].max(1) > 1)) if strip[..., 3].any() else tall for strip in prepared]
        largest = float(np.exp(self.tracks[:, 2]).clip(MIN_SIZE, MAX_SIZE).max()) * self.scale * self.height
        self.sprites = self._sprite_levels(_premultiplied(layers.sprite), largest)
        self._view: tuple[float, ...] | None = None
        self._seen: np.ndarray | None = None

    @staticmethod
    def _sprite_levels(sprite: np.ndarray, largest: float) -> list[np.ndarray]:
        """The sprite at falling sizes, so that shrinking never skips pixels."""
        side = max(8, math.ceil(largest))
        levels = [_crisp(sprite, side, side)]
        while levels[-1].shape[0] > 16:
            half = levels[-1].shape[0] // 2
            levels.append(cv2.resize(levels[0], (half, half), interpolation=cv2.INTER_AREA))
        return levels

    def __len__(self) -> int:
        return len(self.tracks)

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self.frame(i) for i in range(len(self)))

    def frame(self, index: int) -> np.ndarray:
        """Frame `index` of the clip, a new uint8 array (H, W, 3)."""
        track = self.tracks[index]
        out = self._background(track).copy()
        self._paint_shadow(out, track)
        self._paint_sprite(out, track)
        return self._paint_weather(out, track, float(self.times[index]))

    def _background(self, track: np.ndarray) -> np.ndarray:
        view = tuple(float(v) for v in track[8:11])
        if view == self._view and self._seen is not None:
            return self._seen  # a camera that stands still costs nothing
        height, width = self.height, self.width
        camera_x, camera_y, zoom = view
        out = np.zeros((height, width, 3), np.uint8)
        for k, depth in enumerate(DEPTHS):
            scale = 1 - (1 - zoom) * depth
            left = (self.offsets[k] + CENTRE_X + depth * (camera_x - CENTRE_X) - 0.5 * scale * width / height) * height
            top = (0.5 + depth * (camera_y - 0.5) - 0.5 * scale) * height
            first = min(height, max(0, int((self.tops[k] - top) / scale) - 2)) if k else 0  # the sky fills every frame
            if first >= height:
                continue
            # Destination pixel (i, j) looks at strip pixel scale * (i, j) + shift; the halves are pixel centres.
            matrix = np.float32([[scale, 0, left + 0.5 * scale - 0.5], [0, scale, top + scale * (first + 0.5) - 0.5]])
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            target = (width, height - first)
            colour = cv2.warpAffine(self.colours[k], matrix, target, flags=flags, borderMode=cv2.BORDER_REFLECT)
            if k == 0:
                out = colour
                continue
            hole = cv2.warpAffine(self.holes[k], matrix, target, flags=flags, borderMode=cv2.BORDER_REFLECT)
            out[first:] = cv2.add(cv2.multiply(out[first:], hole, scale=1 / 255), colour)
        self._view, self._seen = view, out
        return out

    def _place(self, track: np.ndarray) -> tuple[float, float, float]:
        """Centre x, centre y and side of the sprite in pixels."""
        side = float(np.clip(math.exp(float(track[2])), MIN_SIZE, MAX_SIZE))
        x = (0.5 + (float(track[0]) - 0.5) * self.spread - 0.5) * self.height + 0.5 * self.width
        y = (float(track[1]) + 0.5 * side * (1 - self.scale)) * self.height
        return x, y, side * self.scale * self.height

    def _window(self, x: float, y: float, half_x: float, half_y: float) -> tuple[int, int, int, int] | None:
        left, right = max(0, math.floor(x - half_x)), min(self.width, math.ceil(x + half_x) + 1)
        top, bottom = max(0, math.floor(y - half_y)), min(self.height, math.ceil(y + half_y) + 1)
        return (left, top, right, bottom) if right > left and bottom > top else None

    def _paint_shadow(self, out: np.ndarray, track: np.ndarray) -> None:
        alpha = float(track[7])
        x, _, side = self._place(track)
        y = float(track[6]) * self.height
        window = self._window(x, y, side * 1.1, side * 0.26)
        if alpha < 0.004 or window is None:
            return
        left, top, right, bottom = window
        across = (np.arange(left, right, dtype=np.float32) + 0.5 - x) / side * 2
        down = (np.arange(top, bottom, dtype=np.float32) + 0.5 - y) / side * 9
        keep = 1 - alpha * np.exp(-1.3 * down**2)[:, None] * np.exp(-1.3 * across**2)[None]
        region = out[top:bottom, left:right]
        region[:] = region * keep[..., None] + 0.5

    def _paint_sprite(self, out: np.ndarray, track: np.ndarray) -> None:
        x, y, side = self._place(track)
        sin, cos, flip = (float(v) for v in track[3:6])
        norm = math.hypot(sin, cos) or 1.0
        sin, cos, flip = sin / norm, cos / norm, flip / max(flip * flip, 0.09)
        reach = 0.5 * side * 1.45 * max(1.0, 1 / max(abs(flip), 0.3))
        window = self._window(x, y, reach, reach)
        if window is None:
            return
        left, top, right, bottom = window
        level = self.sprites[0]
        for smaller in self.sprites[1:]:
            if smaller.shape[0] < side * 0.99:
                break
            level = smaller
        pixels = level.shape[0]
        turn = np.array([[cos * flip, sin * flip], [-sin, cos]]) * (pixels / side)
        shift = np.array([0.5 * pixels - 0.5] * 2) + turn @ np.array([left + 0.5 - x, top + 0.5 - y])
        matrix = np.column_stack([turn, shift]).astype(np.float32)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        seen = cv2.warpAffine(level, matrix, (right - left, bottom - top), flags=flags, borderMode=cv2.BORDER_CONSTANT)
        region = out[top:bottom, left:right]
        hole = np.repeat(255 - seen[..., 3:], 3, axis=2)
        region[:] = cv2.add(cv2.multiply(region, hole, scale=1 / 255), np.ascontiguousarray(seen[..., :3]))

    def _paint_weather(self, out: np.ndarray, track: np.ndarray, moment: float) -> np.ndarray:
        height, width = self.height, self.width
        for kind, colour, layers in _WEATHER:
            amount = float(np.clip(track[TRACKS.index(kind)], 0, 1))
            if amount < 0.02:
                continue
            haze, haze_colour = _HAZE[kind]
            veil = np.array(haze_colour, np.float32) * (255 * haze * amount)
            work = out.astype(np.float32) * (1 - haze * amount) + veil
            tile = weather_tile(kind, height)
            for scale, across, down, strength in layers:
                u0 = (0.5 * (1 - width / height) - across * moment) / scale % 1.0 * height
                v0 = (-down * moment) / scale % 1.0 * height
                step = 1 / scale
                matrix = np.float32([[step, 0, u0 + 0.5 * step - 0.5], [0, step, v0 + 0.5 * step - 0.5]])
                flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
                alpha = cv2.warpAffine(tile, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_WRAP)
                alpha = (alpha * np.float32(strength * amount))[..., None]
                work += (np.array(colour, np.float32) * 255 - work) * alpha
            out = np.clip(work + 0.5, 0, 255).astype(np.uint8)
        return out
