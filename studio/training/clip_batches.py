"""What the picture tower looks at: (four frames, phrase) pairs of four kinds.

Scenes of the procedural world, bare composites; stills in the teacher's looks; pictures under a moving camera for the
courses of a continuation and the timings of in-betweens. Backgrounds are painted once and kept as bytes; clips over
them wait in a pool of which one block is rendered anew now and then.

Letters: B pairs, 4 frames, S = 96 pixels; slots are long tensors (B,), see worlds/lexicon.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from studio.captions.captions import (
    COURSES,
    TIMINGS,
    captions,
    course_phrase,
    is_held_out,
    sample_slots,
    say_less,
    swap_one,
    timing_phrase,
)
from studio.captions.lexicon import SLOTS
from studio.compositing.compositor import compose
from studio.errors import ResourceError
from studio.models.clip import FRAMES, PICTURE_SIZE
from studio.teachers.looks import LOOKS, look_phrase
from studio.training.clip_texts import COURSE_NAMES, LOOK_NAMES, TIMING_NAMES
from studio.training.scene_pool import Rows, ScenePool, from_bytes, to_bytes
from studio.worlds.noise import sample_noise
from studio.worlds.render import paint_pair
from studio.worlds.scenery import paint_strips, strip_offsets
from studio.worlds.sprites import load_atlas
from studio.worlds.tracks import cast_of, plan_tracks_at

#: When the four frames are seen, as shares of a clip.
MOMENTS = torch.linspace(0.02, 0.98, FRAMES)
SCENE_SLOTS = ("place", "time", "weather")  # what a strip's pictures depend on
TWINS = ("subject", "colour", "motion", "camera", "place", "size", "count")  # what a twin may differ in
_SPRITE_SIZE, _LOOK_SIDE = 48, 112
_BACKGROUNDS = 60  # of the world, among the pictures that a camera moves over


@dataclass
class Pairs:
    """B clips and their phrases. `groups` (B,) says which pairs mean the same: equal numbers are both right."""

    clips: Tensor  # (B, 4, 3, S, S) in 0..1
    phrases: list[str]
    groups: Tensor
    labels: dict[str, Tensor]  # by slot, or "look", "course", "timing"
    wrong: list[str] = field(default_factory=list)  # each pair's caption with one attribute changed
    spots: Tensor | None = None  # (B, 2, 4, 2): where subject and other stand, x, y in frame heights, outside if absent


def torch_generator(rng: np.random.Generator) -> torch.Generator:
    """A torch generator seeded from a numpy one."""
    return torch.Generator().manual_seed(int(rng.integers(2**62)))


class ScenePairs:
    """Scenes of the world. A part of the clips are hard negatives: neighbours that are twins in every slot but one."""

    def __init__(self, seed: int, tiny: bool = False, held_out: bool = False) -> None:
        self.held_out = held_out
        self.block, self.height = (4, 32) if tiny else (48, 64)
        self.backgrounds = ScenePool(self.paint, blocks=2 if tiny else 30, refresh_every=0, seed=seed)
        self.rendered = ScenePool(self._render, blocks=2 if tiny else 60, refresh_every=2, seed=seed + 1)
        self.atlas = load_atlas(_SPRITE_SIZE)

    def paint(self, rng: np.random.Generator) -> Rows:
        """One block of backgrounds as bytes, with the slots that they show."""
        slots = sample_slots(self.block, rng)
        noise = sample_noise(self.block, torch_generator(rng))["strips"]
        rows: Rows = {name: slots[name] for name in SCENE_SLOTS}
        rows["strips"] = to_bytes(paint_strips(slots, noise, self.height))
        rows["offsets"] = strip_offsets(slots, noise)
        return rows

    def _render(self, rng: np.random.Generator) -> Rows:
        """A block of the pool of clips; its rows are neighbours, two by two, so that twins stay together."""
        slots, clips, spots = self.scenes(self.block, rng)
        rows = {**slots, "clips": to_bytes(clips), "spots": spots}
        return {name: values.unflatten(0, (-1, 2)) for name, values in rows.items()}

    def draw(self, count: int, step: int, rng: np.random.Generator) -> Pairs:
        """`count` pairs (even) from the pool as it is at this step, with fresh captions, right and wrong ones."""
        self.rendered.at(step)
        rows = {name: values.flatten(0, 1) for name, values in self.rendered.draw(count // 2, rng).items()}
        clips, spots = from_bytes(rows.pop("clips")), rows.pop("spots")
        return self._captioned(rows, clips, spots, rng)

    def fresh(self, count: int, rng: np.random.Generator, hard: float = 0.33) -> Pairs:
        """`count` newly rendered pairs; a share `hard` of them differ from their neighbour in one slot only."""
        return self._captioned(*self.scenes(count, rng, hard), rng)

    @staticmethod
    def _captioned(slots: Rows, clips: Tensor, spots: Tensor, rng: np.random.Generator) -> Pairs:
        """Captions that leave place and time unsaid now and then; the picture's own labels stay complete."""
        said = say_less(slots, rng)
        phrases, wrong = captions(said, rng), captions(swap_one(said, rng)[0], rng)
        return Pairs(clips, phrases, torch.arange(len(phrases)), dict(slots), wrong, spots)

    def scenes(
        self, count: int, rng: np.random.Generator, hard: float = 0.33
    ) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """(slots long (B,) each, clips (B, 4, 3, S, S) in 0..1, spots (B, 2, 4, 2)), float, of B = `count` scenes over
        backgrounds from the pool.
        """
        self.backgrounds.at(0)
        scenes = self.backgrounds.draw(count, rng)
        slots = sample_slots(count, rng, held_out=self.held_out)
        for name in SCENE_SLOTS:
            slots[name] = scenes[name].clone()
        for first in range(0, 2 * int(count * hard / 2), 2):
            self._make_twin(slots, scenes, first, rng)
        self._avoid_wrong_side(slots, rng)
        return (slots, *self.clips(slots, scenes, rng))

    @staticmethod
    def _make_twin(slots: dict[str, Tensor], scenes: Rows, first: int, rng: np.random.Generator) -> None:
        """Turn scene first + 1 into a copy of scene `first` with another value in one of TWINS."""
        changed = TWINS[int(rng.integers(len(TWINS)))]
        for name, values in slots.items():
            if name == changed or (changed == "place" and name in SCENE_SLOTS):
                continue
            values[first + 1] = values[first]
        if changed != "place":
            for values in scenes.values():
                values[first + 1] = values[first]

    def _avoid_wrong_side(self, slots: dict[str, Tensor], rng: np.random.Generator) -> None:
        """Redraw the colour until no combination is on the wrong side of the held-out border."""
        for _ in range(200):
            side = is_held_out(slots["subject"], slots["colour"], slots["place"])
            wrong = torch.nonzero(side != self.held_out)[:, 0]
            if not len(wrong):
                return
            slots["colour"][wrong] = torch.from_numpy(rng.integers(0, len(SLOTS["colour"]), len(wrong)))

    @torch.no_grad()
    def clips(self, slots: dict[str, Tensor], scenes: Rows, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Four frames of each scene, float (B, 4, 3, S, S) in 0..1, and where subject and other stand in them, (B, 2,
        4, 2).
        """
        count = len(slots["subject"])
        noise = sample_noise(count, torch_generator(rng))
        seconds = torch.from_numpy(rng.uniform(1.5, 4.0, count)).float()
        share = MOMENTS[None].expand(count, FRAMES)
        sprites = paint_pair(self.atlas, slots, noise)
        actors, scene = plan_tracks_at(slots, noise["tracks"], seconds, share)
        cast, times = cast_of(slots), share * seconds[:, None]
        clips = torch.empty(count, FRAMES, 3, PICTURE_SIZE, PICTURE_SIZE)
        for weather in range(len(SLOTS["weather"])):  # falling weather costs, and most skies are clear
            rows = torch.nonzero(slots["weather"] == weather)[:, 0]
            if len(rows):
                clips[rows] = compose(
                    from_bytes(scenes["strips"][rows]), scenes["offsets"][rows], sprites[rows], cast[rows],
                    actors[rows], scene[rows], seconds[rows], clips.shape[-2:], times=times[rows]).clamp(0, 1)
        spots = actors[:, :, (0, 3), :2].transpose(1, 2)
        return clips, torch.where((cast[:, (0, 3)] < 0)[:, :, None, None], torch.tensor(-1.0), spots)


def read_photos(folder: Path | None, limit: int) -> list[np.ndarray]:
    """A folder's photos as uint8 RGB (H, W, 3), 400 pixels high; ResourceError if it has none."""
    paths = sorted(folder.glob("*.jpg")) if folder is not None else []
    if not paths:
        raise ResourceError("The looks need photos: pass --data with a folder that holds train/photos/*.jpg.")
    pictures = []
    for path in paths[:limit]:
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if picture is None:
            raise ResourceError(f"{path.name} cannot be read as a picture.")
        scale = 400 / picture.shape[0]
        size = (max(1, round(picture.shape[1] * scale)), 400)
        pictures.append(np.ascontiguousarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA)[..., ::-1]))
    return pictures


class LookPairs:
    """Crops of photos in every look, against the ways of naming it."""

    def __init__(
        self, photos: list[np.ndarray], seed: int, each: int, sides: tuple[int, int] = (170, 330)
    ) -> None:
        """`each` crops per look; `sides` their least and greatest size before painting, in pixels (photos have 400)."""
        rng = np.random.default_rng((seed, 17))
        self.each, self.sides = each, sides
        pictures = [[self._paint(name, photos, rng) for _ in range(each)] for name in LOOK_NAMES]
        self.pictures = torch.from_numpy(np.stack(pictures)).movedim(-1, -3)  # (looks, each, 3, side, side)

    def _paint(self, name: str, photos: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
        photo = photos[int(rng.integers(len(photos)))]
        side = min(int(rng.integers(*self.sides)), *(length - 1 for length in photo.shape[:2]))
        top, left = int(rng.integers(photo.shape[0] - side)), int(rng.integers(photo.shape[1] - side))
        crop = photo[top : top + side, left : left + side].astype(np.float32) / 255
        painted = LOOKS[name].paint_still(crop, int(rng.integers(2**31)))
        small = cv2.resize(painted, (_LOOK_SIDE, _LOOK_SIDE), interpolation=cv2.INTER_AREA)
        return np.clip(small * 255 + 0.5, 0, 255).astype(np.uint8)

    def draw(self, count: int, rng: np.random.Generator) -> Pairs:
        """`count` stills, seen four times, each look about equally often."""
        looks = rng.permutation(np.arange(count) % len(LOOK_NAMES))
        clips = []
        for look in looks:
            picture = self.pictures[int(look), int(rng.integers(self.each))]
            side = int(rng.integers(PICTURE_SIZE * 3 // 4, _LOOK_SIDE + 1))
            top, left = rng.integers(0, _LOOK_SIDE - side + 1, 2)
            crop = picture[:, top : top + side, left : left + side].movedim(0, -1).numpy()
            crop = cv2.resize(crop, (PICTURE_SIZE, PICTURE_SIZE), interpolation=cv2.INTER_AREA)
            clips.append(torch.from_numpy(crop[:, ::-1].copy() if rng.random() < 0.5 else crop).movedim(-1, 0))
        stills = from_bytes(torch.stack(clips))[:, None].expand(-1, FRAMES, -1, -1, -1)
        labels = torch.from_numpy(looks)
        return Pairs(stills, [look_phrase(LOOK_NAMES[int(look)], rng) for look in looks], labels, {"look": labels})


class CameraPairs:
    """Pictures under a moving camera, against the words for its course or for the timing of its motion."""

    def __init__(self, photos: list[np.ndarray], scenes: ScenePairs, seed: int) -> None:
        rng = np.random.default_rng((seed, 23))
        self.pictures = [cv2.resize(photo, None, fx=0.45, fy=0.45, interpolation=cv2.INTER_AREA) for photo in photos]
        rows = scenes.paint(rng)  # a few wide backgrounds of the world
        for strips in from_bytes(rows["strips"])[:_BACKGROUNDS]:
            view = strips[0, :3]
            for strip in strips[1:]:
                view = view * (1 - strip[3:]) + strip[:3]
            wide = to_bytes(view).movedim(0, -1).numpy()
            self.pictures.append(cv2.resize(wide, None, fx=2.5, fy=2.5, interpolation=cv2.INTER_CUBIC))

    def _clip(self, path: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Four frames (4, S, S, 3) along a path (4, 4): camera x, y in frame heights, zoom in octaves, turn."""
        picture = self.pictures[int(rng.integers(len(self.pictures)))]
        height, width = picture.shape[:2]
        side = height * rng.uniform(0.45, 0.75)
        path = path - path.mean(0)
        frames = []
        for x, y, zoom, turn in path:
            scale = side * 2.0 ** (-zoom) / PICTURE_SIZE  # picture pixels per frame pixel
            cos, sin = np.cos(turn) * scale, np.sin(turn) * scale
            middle = np.array([width / 2 + x * side, height / 2 + y * side])
            # The picture turns clockwise when the camera turns the other way.
            matrix = np.array([[cos, sin, 0.0], [-sin, cos, 0.0]])
            matrix[:, 2] = middle - matrix[:, :2] @ np.array([PICTURE_SIZE / 2] * 2)
            frames.append(cv2.warpAffine(
                picture, matrix.astype(np.float32), (PICTURE_SIZE, PICTURE_SIZE),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT))
        return np.stack(frames)

    def _pairs(self, clips: list[np.ndarray], phrases: list[str], kinds: np.ndarray, label: str) -> Pairs:
        labels = torch.from_numpy(kinds)
        return Pairs(from_bytes(torch.from_numpy(np.stack(clips)).movedim(-1, -3)), phrases, labels, {label: labels})

    def courses(self, count: int, rng: np.random.Generator) -> Pairs:
        """Clips that go on as a course says, over one second and a half."""
        kinds = rng.permutation(np.arange(count) % len(COURSE_NAMES))
        clips, phrases = [], []
        time = np.linspace(0, 1, FRAMES)
        for kind in kinds:
            name = COURSE_NAMES[int(kind)]
            pan_x, pan_y, zoom, turn, speed, stop = COURSES[name][1]
            own = rng.normal(0, 1, 4) * np.array([0.28, 0.2, 0.25, 0.2])  # the clip's own motion
            if name in ("slow_down", "speed_up", "stop", "steady"):
                own *= 1.6
            else:
                own *= 0.25
            if stop:
                pace = np.minimum(time, 0.34)
            elif speed < 1:
                pace = 1 - (1 - time) ** 2.2
            else:
                pace = time**2.2 if speed > 1 else time
            strength = rng.uniform(0.9, 1.6)
            course = np.array([pan_x, pan_y, zoom, -turn]) * strength
            clips.append(self._clip(pace[:, None] * own + time[:, None] * course, rng))
            phrases.append(course_phrase(name, rng))
        return self._pairs(clips, phrases, kinds, "course")

    def timings(self, count: int, rng: np.random.Generator) -> Pairs:
        """Clips whose motion from the first to the last frame is spread as a timing says."""
        kinds = rng.permutation(np.arange(count) % len(TIMING_NAMES))
        clips, phrases = [], []
        for kind in kinds:
            name = TIMING_NAMES[int(kind)]
            curve = np.interp(np.linspace(0, 1, FRAMES), np.linspace(0, 1, 17), TIMINGS[name][1])
            move = rng.normal(0, 1, 4) * np.array([0.4, 0.25, 0.4, 0.4])
            clips.append(self._clip(curve[:, None] * move, rng))
            phrases.append(timing_phrase(name, rng))
        return self._pairs(clips, phrases, kinds, "timing")
