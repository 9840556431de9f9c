"""Pairs of frames that do or do not straddle a cut, made by construction, so that the truth is known.

Each case has four consecutive frames: the pair in question is the middle one, and the first and last frame are what
a detector may see around it. Cuts join shots; non-cuts are what cuts are mistaken for. Letters: H, W rows, columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from benchmarks.shot_material import Material, apart, camera, fitted, glide, lively_shot, some_photo, some_shot

_APART = 45  # frames between two moments of one clip that are joined by a jump cut
_VISIBLE = 18.0  # mean difference in levels from which a join of two moments of one clip shows at all
_JUMP = 4.0  # and how many times the clip's own difference from frame to frame it must be


@dataclass(frozen=True, kw_only=True)
class Case:
    """frames: uint8 RGB (4, H, W, 3); the question is whether a cut lies between frames[1] and frames[2]."""

    kind: str
    is_cut: bool
    frames: np.ndarray


def cases(material: Material, seed: int, share: float = 1.0) -> Iterator[Case]:
    """300 cuts and 300 non-cuts (times `share`), each dressed (bars, title, grey, dark, noise) by chance."""
    for table, is_cut in ((_CUTS, True), (_NON_CUTS, False)):
        for kind, (count, make) in table.items():
            # The kind seeds its own chance: a kind added does not change the others.
            rng = np.random.default_rng([seed, *kind.encode()])
            for index in range(max(1, round(count * share))):
                frames = make(material, rng, index)
                yield Case(kind=kind, is_cut=is_cut, frames=_dressed(frames, rng, plain=kind in _UNDRESSED))


# ---------------------------------------------------------------------------------------------- cuts


def _join(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.concatenate([first[:2], fitted(second[2:], first.shape)])


def _clip_to_clip(material: Material, rng: np.random.Generator, index: int) -> np.ndarray:
    one, other = rng.choice(len(material.shots), 2, replace=False)
    only = [Material(shots=[material.shots[i]], joins=[], photos=[], scenes=[]) for i in (one, other)]
    return _join(some_shot(only[0], rng), some_shot(only[1], rng))


def _wild_to_wild(material: Material, rng: np.random.Generator, index: int) -> np.ndarray:
    """Two of the wildest moments of two different clips, every 2nd to 4th frame of them."""
    one, other = rng.choice(len(material.shots), 2, replace=False)
    only = [Material(shots=[material.shots[i]], joins=[], photos=[], scenes=[]) for i in (one, other)]
    return _join(*(lively_shot(each, rng, 2 + index % 3) for each in only))


def _photo_to_photo(material: Material, rng: np.random.Generator, index: int) -> np.ndarray:
    one, other = rng.choice(len(material.photos), 2, replace=False)
    only = [Material(shots=[], joins=[], photos=[material.photos[i]], scenes=[]) for i in (one, other)]
    return _join(glide(only[0], rng), glide(only[1], rng))


def _clip_to_photo(material: Material, rng: np.random.Generator, index: int) -> np.ndarray:
    pair = [some_shot(material, rng), glide(material, rng)]
    return _join(*(pair if index % 2 else pair[::-1]))


def _scene_to_scene(material: Material, rng: np.random.Generator, index: int) -> np.ndarray:
    one, other = rng.choice(len(material.scenes), 2, replace=False)
    return _join(material.scenes[one], material.scenes[other])


def _moment_to_moment(material: Material, rng: np.random.Generator, index: int) -> np.ndarray:
    """A jump cut: two moments of one clip, where the join shows and is unlike the clip's own motion."""
    best: tuple[float, np.ndarray] | None = None
    for _ in range(400):
        shot = material.shots[rng.integers(len(material.shots))]
        if len(shot) < _APART + 8:
            continue
        one, other = rng.integers(2, len(shot) - 2, 2)
        frames = np.concatenate([shot[one - 2 : one], shot[other : other + 2]])
        own = max(apart(frames[0], frames[1]), apart(frames[2], frames[3]))
        jump = apart(frames[1], frames[2])
        if abs(one - other) >= _APART and jump >= _VISIBLE and jump >= _JUMP * own:
            return frames
        if abs(one - other) >= _APART and (best is None or jump > best[0]):
            best = (jump, frames)
    assert best is not None
    return best[1]


def _place_to_place(material: Material, rng: np.random.Generator, index: int) -> np.ndarray:
    """Two parts of one photo that do not overlap: the same colours and light, another view."""
    while True:
        photo = some_photo(material, rng)
        height, width = photo.shape[:2]
        halves = (photo[:, : width // 2], photo[:, width // 2 :])
        if height > width:
            halves = (photo[: height // 2], photo[height // 2 :])
        if min(float(half.std()) for half in halves) > 20:
            both = [Material(shots=[], joins=[], photos=[half], scenes=[]) for half in halves]
            return _join(glide(both[0], rng), glide(both[1], rng))


def _real(material: Material, rng: np.random.Generator, index: int) -> np.ndarray:
    return material.joins[index % len(material.joins)]


def _grey(frames: np.ndarray) -> np.ndarray:
    grey = np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames])
    return np.repeat(grey[..., None], 3, axis=3)


def _lit(frames: np.ndarray, gain: float, offset: float = 0.0) -> np.ndarray:
    return np.uint8(np.clip(np.rint(frames * np.float32(gain) + np.float32(offset)), 0, 255))


def _grey_to_grey(material: Material, rng: np.random.Generator, index: int) -> np.ndarray:
    return _grey((_clip_to_clip, _photo_to_photo)[index % 2](material, rng, index))


def _dark_to_dark(material: Material, rng: np.random.Generator, index: int) -> np.ndarray:
    return _lit((_clip_to_clip, _photo_to_photo)[index % 2](material, rng, index), rng.uniform(0.15, 0.3))


# ---------------------------------------------------------------------------------------------- no cuts


def _still_going(material: Material, rng: np.random.Generator, index: int) -> np.ndarray:
    return some_shot(material, rng)


def _fast(material: Material, rng: np.random.Generator, index: int) -> np.ndarray:
    return lively_shot(material, rng, 2 + index % 3)


def _flash(material: Material, rng: np.random.Generator, index: int) -> np.ndarray:
    """Into or out of one bright frame, sometimes lit from one side, sometimes all white."""
    frames, lit = some_shot(material, rng).copy(), 1 + index % 2
    gain, offset = rng.uniform(1.3, 2.5), rng.uniform(0, 60)
    bright = _lit(frames[lit], gain, offset)
    if index % 5 == 0:
        bright = np.full_like(bright, 255)
    elif index % 3 == 0:
        side = np.linspace(0, 1, frames.shape[2], dtype=np.float32)[None, :, None]
        bright = np.uint8(np.rint(frames[lit] * (1 - side) + bright * side))
    frames[lit] = bright
    return frames


def _fade(material: Material, rng: np.random.Generator, index: int) -> np.ndarray:
    """A ramp of light through the four frames: to or from black or white, or of the exposure."""
    frames, step = some_shot(material, rng), rng.uniform(0.04, 0.25)
    start = rng.uniform(0, max(1e-3, 1 - 3 * step))
    shares = start + step * np.arange(4)
    shares = np.clip(shares if index % 2 else shares[::-1], 0, 1)
    end = (0.0, 255.0, None)[index % 3]
    if end is None:
        return np.stack([_lit(frame, 0.6 + 0.8 * share) for frame, share in zip(frames, shares)])
    return np.stack([_lit(frame, 1 - share, end * share) for frame, share in zip(frames, shares)])


def _dissolve(material: Material, rng: np.random.Generator, index: int) -> np.ndarray:
    one, length = some_shot(material, rng), int(rng.integers(8, 25))
    other, start = fitted(some_shot(material, rng), one.shape), rng.integers(0, length - 3)
    shares = (start + np.arange(4)) / length
    return np.stack([cv2.addWeighted(a, 1 - t, b, t, 0) for a, b, t in zip(one, other, shares)])


def _whip(material: Material, rng: np.random.Generator, index: int) -> np.ndarray:
    pan = np.array([rng.choice((-1, 1)) * rng.uniform(0.1, 0.4), rng.uniform(-0.03, 0.03)])
    return camera(some_photo(material, rng), rng, zoom=1.0, turn=0.0, pan=pan, samples=9)


def _zoom(material: Material, rng: np.random.Generator, index: int) -> np.ndarray:
    zoom = rng.uniform(1.08, 1.35) ** (1 if index % 2 else -1)
    return camera(some_photo(material, rng), rng, zoom=zoom, turn=0.0, pan=np.zeros(2), samples=5)


def _turn(material: Material, rng: np.random.Generator, index: int) -> np.ndarray:
    turn = rng.choice((-1, 1)) * rng.uniform(4, 18)
    return camera(some_photo(material, rng), rng, zoom=1.0, turn=turn, pan=np.zeros(2), samples=5)


def _noisy(material: Material, rng: np.random.Generator, index: int) -> np.ndarray:
    return _with_noise(_lit(some_shot(material, rng), rng.uniform(0.3, 1.0)), rng, rng.uniform(6, 22))


def _coded(material: Material, rng: np.random.Generator, index: int) -> np.ndarray:
    """Coded coarsely, each frame at a quality of its own."""
    out = []
    for frame in some_shot(material, rng):
        coded = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(4, 25))])[1]
        out.append(cv2.imdecode(coded, cv2.IMREAD_COLOR))
    return np.stack(out)


def _occluded(material: Material, rng: np.random.Generator, index: int) -> np.ndarray:
    """Something large and near, plain or patterned, passes before the camera."""
    frames = some_shot(material, rng)
    height, width = frames.shape[1:3]
    size = np.array([rng.uniform(0.3, 0.6) * width, rng.uniform(0.6, 1.3) * height])
    texture = fitted(some_photo(material, rng)[None], (int(size[1]), int(size[0]), 3))[0]
    if index % 2:
        texture = cv2.GaussianBlur(texture, (0, 0), 25)
    shape = np.zeros(texture.shape[:2], np.uint8)
    middle = (texture.shape[1] // 2, texture.shape[0] // 2)
    cv2.ellipse(shape, middle, middle, 0, 0, 360, 255, -1)
    speed, side = rng.uniform(0.1, 0.35) * width, rng.choice((-1, 1))
    enter = -size[0] if side > 0 else width
    start = enter + side * rng.uniform(0.0, 1.5) * speed
    top = rng.uniform(0, max(1.0, height - 0.7 * size[1]))
    out = []
    for number, frame in enumerate(frames):
        total = np.zeros(frame.shape, np.float32)
        for sample in range(5):
            x = start + side * speed * (number + 0.1 * sample)
            matrix = np.float32([[1, 0, x], [0, 1, top]])
            cover = cv2.warpAffine(shape, matrix, (width, height))[..., None] / np.float32(255)
            total += frame * (1 - cover) + cover * cv2.warpAffine(texture, matrix, (width, height))
        out.append(np.uint8(np.rint(total / 5)))
    return np.stack(out)


def _scene(material: Material, rng: np.random.Generator, index: int) -> np.ndarray:
    return material.scenes[index % len(material.scenes)]


# ---------------------------------------------------------------------------------------------- dressing


def _with_noise(frames: np.ndarray, rng: np.random.Generator, deviation: float) -> np.ndarray:
    return np.uint8(np.clip(np.rint(frames + rng.normal(0, deviation, frames.shape)), 0, 255))


def _dressed(frames: np.ndarray, rng: np.random.Generator, plain: bool) -> np.ndarray:
    """Now and then bars, a title that stays, greyness, darkness or noise over all four frames."""
    chance = rng.random(5)
    frames = frames.copy()
    height, width = frames.shape[1:3]
    if not plain and chance[0] < 0.1:
        frames = _grey(frames)
    if not plain and chance[1] < 0.1:
        frames = _lit(frames, rng.uniform(0.25, 0.5))
    if not plain and chance[2] < 0.15:
        frames = _with_noise(frames, rng, rng.uniform(2, 8))
    if chance[3] < 0.15:
        bar = round(rng.uniform(0.08, 0.16) * height)
        frames[:, :bar] = frames[:, height - bar :] = 0
    if chance[4] < 0.1:
        at = (round(0.1 * width), round(0.85 * height))
        for frame in frames:
            cv2.putText(frame, "A title that stays", at, cv2.FONT_HERSHEY_SIMPLEX, width / 500, (255, 255, 255), 2)
    return frames


_Make = Callable[[Material, np.random.Generator, int], np.ndarray]

_CUTS: dict[str, tuple[int, _Make]] = {
    "clip to clip": (55, _clip_to_clip),
    "clip to clip, every 2nd to 4th frame": (20, _wild_to_wild),
    "photo to photo": (55, _photo_to_photo),
    "clip to photo": (30, _clip_to_photo),
    "scene to scene": (30, _scene_to_scene),
    "moments of one clip": (35, _moment_to_moment),
    "parts of one photo": (20, _place_to_place),
    "grey to grey": (28, _grey_to_grey),
    "dark to dark": (22, _dark_to_dark),
    "cut by its maker": (5, _real),
}
_NON_CUTS: dict[str, tuple[int, _Make]] = {
    "consecutive frames": (50, _still_going),
    "fast motion, every 2nd to 4th frame": (60, _fast),
    "flash": (25, _flash),
    "fade": (30, _fade),
    "dissolve": (20, _dissolve),
    "whip pan": (25, _whip),
    "zoom": (15, _zoom),
    "rotation": (10, _turn),
    "noise": (15, _noisy),
    "coarse coding": (15, _coded),
    "something passes": (20, _occluded),
    "scene in motion": (15, _scene),
}
_UNDRESSED = {"dark to dark", "grey to grey", "cut by its maker"}
