"""The compositor's quick way: uint8 frames one by one, any size, bounded memory, by the geometry of compositor.py.

Every step works on bytes, only where there is something to paint, and what a resting camera sees is kept. Enlarged
outlines are steepened, so that layers of 96 pixels stay crisp in a frame of 512. Letters: T frames, H x W the frame.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from studio.compositing.compositor import (
    CENTRE_X,
    DEPTHS,
    FALLING,
    FLASH,
    FOG,
    FOG_DRIFT,
    FOG_SCALE,
    FOG_SWING,
    GUIDES,
    HAZE,
    LIFT,
    MAX_SIZE,
    MIN_SIZE,
    NEARNESS,
    SQUASH,
    STRIP_WIDTH,
    aspect_rules,
    fog_rows,
    paled,
)
from studio.compositing.textures import RIPPLE_SPEEDS, fog_tile, ground_strip, ripple_strips, weather_tile
from studio.scene import SCENE_TRACKS, SceneLayers

_INVERSE = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
_QUIET = 0.004
"""Amounts below this paint nothing."""


def premultiplied(layer: np.ndarray) -> np.ndarray:
    """Straight RGBA, uint8 (h, w, 4), as premultiplied RGBA, a new array of the same shape and dtype."""
    out = np.ascontiguousarray(layer).copy()
    out[..., :3] = (layer[..., :3].astype(np.uint16) * layer[..., 3:] + 127) // 255
    return out


def crisp(layer: np.ndarray, height: int, width: int) -> np.ndarray:
    """A layer of premultiplied RGBA resized to uint8 (height, width, 4); where enlarged, with crisp outlines.

    layer: uint8 (h, w, 4). The steps of alpha are steepened to about one pixel of the result.
    """
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


def _under(picture: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The picture (h, w) or (h, w, C) where a layer of this alpha (h, w) leaves it visible."""
    hole = cv2.bitwise_not(alpha)
    if picture.ndim == 3:
        hole = cv2.merge([hole] * picture.shape[2])
    return cv2.multiply(picture, hole, scale=1 / 255)


def _over(region: np.ndarray, seen: np.ndarray) -> None:
    """A premultiplied RGBA layer over a region (h, w, C) of RGB, RGBA or alpha alone, in place."""
    layer = seen[..., 3:] if region.shape[2] == 1 else seen[..., : region.shape[2]]
    region[:] = cv2.add(_under(region, seen[..., 3]), np.ascontiguousarray(layer)).reshape(region.shape)


def _tinted(picture: np.ndarray, amount: float, colour: tuple[float, ...]) -> np.ndarray:
    """The picture mixed with a colour (0..1) by an amount."""
    levels = np.arange(256, dtype=np.float32)[:, None]
    table = levels + amount * (255 * np.asarray(colour, np.float32)[None] - levels)
    return cv2.LUT(picture, np.clip(table + 0.5, 0, 255).astype(np.uint8)[None])


@dataclass(frozen=True)
class _Pose:
    """An actor in one frame, in pixels, after the aspect rules."""

    sprite: int
    x: float
    y: float
    side: float
    turn: np.ndarray
    shadow_y: float
    shadow_alpha: float


class FramePainter:
    """Paints the frames of one clip as uint8 (H, W, 3), any of them in any order; memory does not grow with T.

    Args:
        layers: the scene, in straight RGBA bytes. size: (H, W) in pixels.
    """

    def __init__(self, layers: SceneLayers, size: tuple[int, int]) -> None:
        self.height, self.width = size
        self.actors = np.asarray(layers.actors, np.float32)
        self.scene = np.asarray(layers.scene, np.float32)
        self.cast = [int(who) for who in layers.cast]
        self.mirror, self.shear = layers.ground[0] > 0.5, float(layers.ground[1])
        self.times = np.arange(len(self.scene)) / float(layers.fps)
        self.spread, self.scale, offset_scale = aspect_rules(*size)
        self.offsets = 0.25 + (np.asarray(layers.offsets, np.float32) - 0.25) * offset_scale
        tall, wide = self.height, round(self.height * STRIP_WIDTH)
        prepared = [crisp(premultiplied(strip), tall, wide) for strip in layers.strips]
        self.colours = [np.ascontiguousarray(strip[..., :3]) for strip in prepared]
        self.alphas = [np.ascontiguousarray(strip[..., 3]) for strip in prepared]
        # Rows above a strip's first opaque pixel are never touched.
        self.tops = [int(np.argmax(alpha.max(1) > 1)) if alpha.any() else tall for alpha in self.alphas]
        horizon = layers.strips[0, fog_rows(layers.strips.shape[1]), :, :3].mean((0, 1)) / 255
        self.fog_colour = tuple(float(value) for value in paled(horizon))
        self.sprites = [self._levels(number, sprite) for number, sprite in enumerate(layers.sprites)]
        self._tiles: dict[str, np.ndarray] = {}
        self._kept: tuple[tuple[float, ...], tuple[np.ndarray, np.ndarray]] | None = None

    def _levels(self, number: int, sprite: np.ndarray) -> list[np.ndarray]:
        """The sprite at falling sizes, so that shrinking never skips pixels."""
        worn = [k for k, who in enumerate(self.cast) if who == number]
        largest = float(np.exp(self.actors[:, worn, 2]).clip(MIN_SIZE, MAX_SIZE).max()) if worn else MIN_SIZE
        side = max(8, math.ceil(largest * self.scale * self.height))
        levels = [crisp(premultiplied(sprite), side, side)]
        while levels[-1].shape[0] > 16:
            half = levels[-1].shape[0] // 2
            levels.append(cv2.resize(levels[0], (half, half), interpolation=cv2.INTER_AREA))
        return levels

    def __len__(self) -> int:
        return len(self.scene)

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self.frame(i) for i in range(len(self)))

    def frame(self, index: int) -> np.ndarray:
        """Frame `index` of the clip, a new uint8 array (H, W, 3)."""
        poses = self._poses(index)
        out = self._background(index)[0].copy()
        for pose in poses:
            self._paint_shadow(out, pose)
        for pose in poses:
            self._paint_actor(pose, [out])
        return self._paint_weather(out, index)

    def frame_and_guides(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Frame `index` and what a net that adds light wants to know of it: uint8 (H, W, 3) and (H, W, 8).

        The channels are compositor.GUIDES; new arrays each time.
        """
        poses = self._poses(index)
        colour, depth = (layer.copy() for layer in self._background(index))
        present = np.zeros((self.height, self.width, 1), np.uint8)
        image = np.zeros((self.height, self.width, 4), np.uint8)
        for pose in poses:
            self._paint_shadow(colour, pose)
        for pose in poses:
            self._paint_actor(pose, [colour, present])
            self._paint_on_ground(image, pose)
        depth = cv2.add(_under(depth, present[..., 0]), present[..., 0])
        guides = cv2.merge([present, image, depth, *self._ground_patterns(index)])
        assert guides.shape[2] == len(GUIDES)
        return self._paint_weather(colour, index), guides

    def _amount(self, kind: str, index: int) -> float:
        return float(np.clip(self.scene[index, SCENE_TRACKS.index(kind)], 0, 1))

    # ------------------------------------------------------------------------------------------ strips

    def _look(self, index: int, k: int) -> tuple[float, float, float]:
        """(scale, left, top): frame pixel (i, j) looks at strip pixel scale * (i, j) + (left, top)."""
        camera_x, camera_y, zoom = (float(v) for v in self.scene[index, :3])
        depth = DEPTHS[k]
        scale = 1 - (1 - zoom) * depth
        along = self.offsets[k] + CENTRE_X + depth * (camera_x - CENTRE_X) - 0.5 * scale * self.width / self.height
        down = 0.5 + depth * (camera_y - 0.5) - 0.5 * scale
        # The halves are pixel centres.
        return scale, along * self.height + 0.5 * scale - 0.5, down * self.height + 0.5 * scale - 0.5

    def _background(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """The strips seen by the camera, uint8 (H, W, 3), and their depth (H, W); not to be written to."""
        fog, flash = self._amount("fog", index), self._amount("flash", index)
        drifts = float(self.times[index]) if fog > _QUIET else 0.0
        view = (*(float(v) for v in self.scene[index, :3]), fog, flash, drifts)
        if self._kept is not None and self._kept[0] == view:
            return self._kept[1]  # a camera that stands still costs nothing
        wisps = self._wisps(fog, drifts) if fog > _QUIET else None
        colour, depth = np.zeros((self.height, self.width, 3), np.uint8), np.zeros((self.height, self.width), np.uint8)
        for k in range(len(self.colours)):
            self._paint_strip(colour, depth, index, k)
            if k == 0 and flash > _QUIET:
                colour = _tinted(colour, FLASH[0] * flash, FLASH[2])
            if wisps is not None:
                self._paint_fog(colour, wisps, FOG[k])
        self._kept = view, (colour, depth)
        return colour, depth

    def _paint_strip(self, colour: np.ndarray, depth: np.ndarray, index: int, k: int) -> None:
        scale, left, top = self._look(index, k)
        first = min(self.height, max(0, int((self.tops[k] - top) / scale) - 2)) if k else 0  # the sky fills every frame
        if first >= self.height:
            return
        matrix = np.float32([[scale, 0, left], [0, scale, top + scale * first]])
        target = (self.width, self.height - first)
        seen = cv2.warpAffine(self.colours[k], matrix, target, flags=_INVERSE, borderMode=cv2.BORDER_REFLECT)
        if k == 0:
            colour[:] = seen
            return
        alpha = cv2.warpAffine(self.alphas[k], matrix, target, flags=_INVERSE, borderMode=cv2.BORDER_REFLECT)
        colour[first:] = cv2.add(_under(colour[first:], alpha), seen)
        near = cv2.convertScaleAbs(alpha, alpha=NEARNESS[k])
        depth[first:] = cv2.add(_under(depth[first:], alpha), near)

    def _wisps(self, fog: float, moment: float) -> np.ndarray:
        """How thick the fog is, float32 (H, W) around `fog`."""
        height, width = self.height, self.width
        u0 = (0.5 * (1 - width / height) - FOG_DRIFT * moment) / FOG_SCALE[0] % 1.0 * height
        across, down = 1 / FOG_SCALE[0], 1 / FOG_SCALE[1]
        matrix = np.float32([[across, 0, u0 + 0.5 * across - 0.5], [0, down, 0.5 * down - 0.5]])
        seen = cv2.warpAffine(fog_tile(height), matrix, (width, height), flags=_INVERSE, borderMode=cv2.BORDER_WRAP)
        swing = 2 * FOG_SWING * fog / 255
        return seen.astype(np.float32) * np.float32(swing) + np.float32(fog * (1 - FOG_SWING))

    def _paint_fog(self, colour: np.ndarray, wisps: np.ndarray, share: float) -> None:
        thick = cv2.convertScaleAbs(wisps, alpha=255 * share)
        veil = cv2.merge([cv2.convertScaleAbs(thick, alpha=value) for value in self.fog_colour])
        cv2.add(_under(colour, thick), veil, dst=colour)

    def _ground_patterns(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Grain and ripple in the coordinates of the nearest strip, uint8 (H, W) each."""
        scale, left, top = self._look(index, 3)
        size, matrix = (self.width, self.height), np.float32([[scale, 0, left], [0, scale, top]])
        strip = ground_strip(self.height)
        grain = cv2.warpAffine(strip, matrix, size, flags=_INVERSE, borderMode=cv2.BORDER_REFLECT)
        drifting = []
        for pattern, speed in zip(ripple_strips(self.height), RIPPLE_SPEEDS):
            drift = speed * self.height * float(self.times[index])
            # The first pixel's centre decides where the period starts.
            matrix[0, 2] = (left + 0.5 + drift) % (STRIP_WIDTH * self.height) - 0.5
            drifting.append(cv2.warpAffine(pattern, matrix, size, flags=_INVERSE, borderMode=cv2.BORDER_REPLICATE))
        return grain, cv2.addWeighted(drifting[0], 0.5, drifting[1], 0.5, 0)

    # ------------------------------------------------------------------------------------------ actors

    def _poses(self, index: int) -> list[_Pose]:
        """The actors on stage, from the last to the first."""
        poses = []
        for k in reversed(range(len(self.cast))):
            if self.cast[k] < 0:
                continue
            x, y, log_size, sin, cos, flip, shadow_y, shadow_alpha = (float(v) for v in self.actors[index, k])
            side = min(max(math.exp(log_size), MIN_SIZE), MAX_SIZE) * self.scale * self.height
            norm = math.hypot(sin, cos) or 1.0
            sin, cos, flip = sin / norm, cos / norm, flip / max(flip * flip, 0.09)
            if self.scale != 1:
                y = shadow_y + (y - shadow_y) * self.scale
            poses.append(_Pose(
                self.cast[k],
                x=(x - 0.5) * self.spread * self.height + 0.5 * self.width,
                y=y * self.height, side=side,
                turn=np.array([[cos * flip, sin * flip], [-sin, cos]]),
                shadow_y=shadow_y * self.height, shadow_alpha=shadow_alpha,
            ))  # fmt: skip
        return poses

    def _window(self, left: float, top: float, right: float, bottom: float) -> tuple[slice, slice] | None:
        """Rows and columns of the frame that this rectangle touches."""
        first, last = max(0, math.floor(left)), min(self.width, math.ceil(right) + 1)
        upper, lower = max(0, math.floor(top)), min(self.height, math.ceil(bottom) + 1)
        return (slice(upper, lower), slice(first, last)) if last > first and lower > upper else None

    def _paint_shadow(self, out: np.ndarray, pose: _Pose) -> None:
        reach, x, y, side = 1.1 * pose.side, pose.x, pose.shadow_y, pose.side
        window = self._window(x - reach, y - 0.26 * side, x + reach, y + 0.26 * side)
        if pose.shadow_alpha < _QUIET or window is None:
            return
        rows, columns = window
        across = (np.arange(columns.start, columns.stop, dtype=np.float32) + 0.5 - x) / side * 2
        down = (np.arange(rows.start, rows.stop, dtype=np.float32) + 0.5 - y) / side * 9
        dark = pose.shadow_alpha * np.exp(-1.3 * down**2)[:, None] * np.exp(-1.3 * across**2)[None]
        out[window] = _under(out[window], np.clip(255 * dark + 0.5, 0, 255).astype(np.uint8))

    def _warped(self, pose: _Pose, window: tuple[slice, slice], way: np.ndarray, start: np.ndarray, fine: float
                ) -> np.ndarray:
        """The pose's sprite in a window, premultiplied RGBA: frame pixels p are `way` @ p + `start` from its centre.

        `fine`: the side in pixels that it is shown with, which picks the level to look up.
        """
        level = self.sprites[pose.sprite][0]
        for smaller in self.sprites[pose.sprite][1:]:
            if smaller.shape[0] < fine * 0.99:
                break
            level = smaller
        pixels = level.shape[0]
        turn = pose.turn * (pixels / pose.side)
        corner = np.array([window[1].start + 0.5, window[0].start + 0.5])
        shift = 0.5 * pixels - 0.5 + turn @ (way @ corner + start)
        matrix = np.column_stack([turn @ way, shift]).astype(np.float32)
        target = (window[1].stop - window[1].start, window[0].stop - window[0].start)
        return cv2.warpAffine(level, matrix, target, flags=_INVERSE, borderMode=cv2.BORDER_CONSTANT)

    def _reach(self, pose: _Pose) -> tuple[float, float]:
        """Half the width and height of the box around the turned sprite."""
        corners = np.linalg.inv(pose.turn) @ np.array([[1.0, 1.0], [1.0, -1.0]])
        across, down = np.abs(corners).max(1) * 0.5 * pose.side + 1
        return float(across), float(down)

    def _paint_actor(self, pose: _Pose, stages: list[np.ndarray]) -> None:
        """The actor over every stage: RGB, or alpha alone (H, W, 1)."""
        across, down = self._reach(pose)
        window = self._window(pose.x - across, pose.y - down, pose.x + across, pose.y + down)
        if window is None:
            return
        seen = self._warped(pose, window, np.eye(2), -np.array([pose.x, pose.y]), pose.side)
        for stage in stages:
            _over(stage[window], seen)

    def _paint_on_ground(self, image: np.ndarray, pose: _Pose) -> None:
        """The actor's mirror image below its ground line, or its cast shadow as alpha alone."""
        strength = 1.0 if self.mirror else min(max(4 * pose.shadow_alpha, 0.0), 1.0)
        if strength < _QUIET:
            return
        across, down = self._reach(pose)
        line, feet = pose.shadow_y, pose.y + 0.5 * pose.side
        shear, steep = (0.0, 1.0) if self.mirror else (self.shear, 1 / SQUASH)
        # Where a point of the screen below the line looks: `origin` - `steep` * (how far below the line it is).
        origin = line if self.mirror else feet + LIFT * max(0.0, line - feet)
        longest = (origin - pose.y + down) / steep
        lean = shear * np.array([0.0, longest])
        window = self._window(pose.x - across + min(lean), line - 0.5, pose.x + across + max(lean), line + longest)
        if window is None or longest <= 0:
            return
        way = np.array([[1.0, -shear], [0.0, -steep]])
        start = np.array([shear * line - pose.x, origin + steep * line - pose.y])
        seen = self._warped(pose, window, way, start, pose.side / steep)
        edge = np.arange(window[0].start, window[0].start + min(2, len(seen))) + 1.0 - line
        for row, share in enumerate(np.clip(edge, 0, 1)):
            seen[row] = seen[row] * share
        if strength < 1:
            seen = cv2.convertScaleAbs(seen, alpha=strength)
        if not self.mirror:
            seen[..., :3] = 0
        _over(image[window], seen)

    # ------------------------------------------------------------------------------------------ weather

    def _paint_weather(self, out: np.ndarray, index: int) -> np.ndarray:
        moment = float(self.times[index])
        for kind, layers in FALLING:
            amount = self._amount(kind, index)
            if amount < _QUIET:
                continue
            if kind in HAZE:
                out = _tinted(out, HAZE[kind][0] * amount, HAZE[kind][1])
            for scale, across, down, strength in layers:
                seen = self._falling(kind, scale, across * moment, down * moment)
                _over(out, cv2.convertScaleAbs(seen, alpha=strength * amount))
        flash = self._amount("flash", index)
        return _tinted(out, FLASH[1] * flash, FLASH[2]) if flash > _QUIET else out

    def _falling(self, kind: str, scale: float, across: float, down: float) -> np.ndarray:
        """The kind's tile at this scale, moved so far, all over the frame: premultiplied RGBA."""
        height, width = self.height, self.width
        if kind not in self._tiles:
            self._tiles[kind] = np.clip(weather_tile(kind, height) * 255 + 0.5, 0, 255).astype(np.uint8)
        step = 1 / scale
        u0 = (0.5 * (1 - width / height) - across) / scale % 1.0 * height
        v0 = -down / scale % 1.0 * height
        matrix = np.float32([[step, 0, u0 + 0.5 * step - 0.5], [0, step, v0 + 0.5 * step - 0.5]])
        return cv2.warpAffine(self._tiles[kind], matrix, (width, height), flags=_INVERSE, borderMode=cv2.BORDER_WRAP)
