"""What the pairs of frames of the cut benchmark are made of: shots, joins, photos, scenes, and a camera over photos.

Letters: H, W rows and columns, T frames. All frames are uint8 RGB.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from studio.captions.captions import sample_slots
from studio.tensors import to_uint8
from studio.training.data import read_clip
from studio.worlds.noise import sample_noise
from studio.worlds.render import render

LONGEST = 384
_HEIGHT, _WIDTH = 216, 384


@dataclass(frozen=True, kw_only=True)
class Material:
    """shots: stretches of clips without a cut, uint8 (T, H, W, 3); joins: real cuts, (4, H, W, 3); photos (H, W, 3);
    scenes: moments of the procedural world, (4, H, W, 3) each, in which things move fast."""

    shots: list[np.ndarray]
    joins: list[np.ndarray]
    photos: list[np.ndarray]
    scenes: list[np.ndarray]


def read_material(data: Path, split: str, seed: int, scenes: int) -> Material:
    """The clips and photos of `data`/`split`, cut where its manifest says, and as many scenes of the world."""
    with (data / "MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        cuts = {Path(row["path"]).stem: [int(n) for n in row["cut_frames"].split()] for row in csv.DictReader(file)}
    shots, joins = [], []
    for path in sorted((data / split / "clips").iterdir()):
        frames = read_clip(path, LONGEST)
        ends = [0, *cuts.get(path.stem, []), len(frames)]
        joins += [frames[at - 2 : at + 2] for at in ends[1:-1]]
        # Two frames on either side of a cut are left out: codecs and editors blend there.
        shots += [frames[a + 2 : b - 2] for a, b in zip(ends, ends[1:]) if b - a >= 20]
    photos = [_read_photo(path) for path in sorted((data / split / "photos").iterdir())]
    return Material(shots=shots, joins=joins, photos=photos, scenes=list(_scenes(scenes, seed)))


def _read_photo(path: Path) -> np.ndarray:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    scale = 1000 / max(picture.shape[:2])
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    return cv2.cvtColor(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)


def _scenes(count: int, seed: int) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(seed)
    for _ in range(count):
        noise = sample_noise(1, torch.Generator().manual_seed(int(rng.integers(2**31))))
        share = torch.tensor([[0.4, 0.4, 0.4, 0.4]]) + float(rng.uniform(0.01, 0.06)) * torch.arange(4)
        clip = render(sample_slots(1, rng), noise, torch.full((1,), 3.0), 4, (144, 256), share=share)
        yield to_uint8(clip[0])


def some_shot(material: Material, rng: np.random.Generator, step: int = 1) -> np.ndarray:
    """Four frames of a clip, `step` apart: uint8 (4, H, W, 3)."""
    fit = [shot for shot in material.shots if len(shot) > 3 * step]
    shot = fit[rng.integers(len(fit))]
    start = rng.integers(len(shot) - 3 * step)
    return shot[start : start + 3 * step + 1 : step]


def lively_shot(material: Material, rng: np.random.Generator, step: int) -> np.ndarray:
    """Of six such shots, uint8 (4, H, W, 3), the one whose two middle frames differ most."""
    return max((some_shot(material, rng, step) for _ in range(6)), key=lambda frames: apart(frames[1], frames[2]))


def some_photo(material: Material, rng: np.random.Generator) -> np.ndarray:
    """One of the photos, uint8 RGB (H, W, 3)."""
    return material.photos[rng.integers(len(material.photos))]


def glide(material: Material, rng: np.random.Generator) -> np.ndarray:
    """Four frames of a slow camera move over a photo, uint8 (4, H, W, 3)."""
    return camera(some_photo(material, rng), rng, zoom=rng.uniform(1.0, 1.02), turn=0.0, pan=rng.uniform(0, 0.02, 2))


def camera(
    photo: np.ndarray, rng: np.random.Generator, zoom: float, turn: float, pan: np.ndarray, samples: int = 1
) -> np.ndarray:
    """Four frames over a photo, uint8 (4, H, W, 3): each turns by `turn` degrees, zooms in by `zoom` and pans by `pan`
    widths (2,); `samples` pictures over half a frame's time make the motion blur.
    """
    height, width = photo.shape[:2]
    widest = min(width, height * _WIDTH / _HEIGHT) * rng.uniform(0.55, 0.85) / (1 + 2 * abs(pan).max())
    middle = np.array([rng.uniform(0.5, 0.5 + 0.1), rng.uniform(0.45, 0.55)]) * (width, height)
    frames = []
    for index in range(4):
        total = np.zeros((_HEIGHT, _WIDTH, 3), np.float32)
        for sample in range(samples):
            at = index - 1.5 + 0.5 * sample / samples
            span = widest / zoom**at
            matrix = cv2.getRotationMatrix2D((0, 0), turn * at, _WIDTH / span)
            centre = middle + at * pan * widest
            matrix[:, 2] = np.array([_WIDTH, _HEIGHT]) / 2 - matrix[:, :2] @ centre
            total += cv2.warpAffine(photo, matrix, (_WIDTH, _HEIGHT), borderMode=cv2.BORDER_REFLECT)
        frames.append(np.uint8(np.rint(total / samples)))
    return np.stack(frames)


def fitted(frames: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Frames, uint8 (T, h, w, 3), scaled and cropped about the middle to the height and width of `shape`."""
    height, width = shape[-3:-1]
    scale = max(height / frames.shape[1], width / frames.shape[2])
    size = (max(width, round(frames.shape[2] * scale)), max(height, round(frames.shape[1] * scale)))
    top, left = (size[1] - height) // 2, (size[0] - width) // 2
    return np.stack([cv2.resize(f, size, interpolation=cv2.INTER_AREA)[top:, left:][:height, :width] for f in frames])


def apart(first: np.ndarray, second: np.ndarray) -> float:
    """Mean absolute difference of two uint8 RGB frames (H, W, 3) made small, in levels of 0..255."""
    small = [cv2.resize(frame, (64, 36), interpolation=cv2.INTER_AREA) for frame in (first, second)]
    return float(cv2.absdiff(*small).mean())
