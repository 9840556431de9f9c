"""Studying a picture: from a painting to a look file, on the person's own machine.

Three things are learnt, each where it is learnt best. The colours: one smooth map (studio/painting/colour_cube.py). The
strokes: pieces of the painting itself, sewn to endless patches (studio/painting/quilting.py), which stick to what
moves. And how strokes meet edges: a few pictures are sketched with colours and strokes, repainted with the painting's
patches (studio/pipelines/restyle/patch_painting.py), and the brush of the generator that comes nearest to them is
trained on them. Its guides show it the very strokes that it is to lay, so a few hundred steps are enough.

Letters: B batch, H, W rows and columns of a study picture, h, w = H / 2, W / 2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
import torch.nn.functional as F

from studio.errors import RequestError
from studio.models.restyle import STRIDE, Brush, Kernel, RestyleGenerator
from studio.models.studied_look import StudiedLook
from studio.painting.colour_cube import ColourCube
from studio.painting.guides import luminance
from studio.painting.quilting import TONES, sew_atlas
from studio.painting.strokes import RELIEF, StrokeAtlas
from studio.painting.texture import Texture
from studio.pipelines.base import choose_fast_dtype
from studio.pipelines.calls import CallOptions, IsCancelled, OnProgress, on_cpu
from studio.pipelines.restyle.patch_painting import repaint
from studio.tensors import to_numpy, to_tensor

if TYPE_CHECKING:
    from studio.pipelines.restyle import RestylePipeline

load_look = StudiedLook.load

STEPS = 600
_PAINTING_SIDE = 640  # pixels of the painting's long side: strokes as wide as they are in a picture of this size
_MARGIN = 0.02  # of each side
_LONGEST = 4  # times as long as it is wide
_SHORTEST = 128  # pixels of the short side that the sewing of strokes needs
_PLAIN = 2.0  # levels of deviation
_SMALLEST = 32
_FRAME = (224, 384)  # rows and columns of a study picture
_PICTURES = 12
_PREPARING = 8  # steps of training that sewing a tone or painting a study picture lasts
_CROP, _BATCH = 128, 4
_RATE = 2e-3
_DETAIL = 0.8  # of the source's own fine detail in the sketch
_FORM = 6.0  # pixels: what changes over less is form, what changes over more is light
_FIRMER = 0.7


def study(
    pipeline: RestylePipeline,
    painting: np.ndarray,
    *,
    frames: Sequence[np.ndarray] = (),
    generator: torch.Generator | None = None,
    steps: int = STEPS,
    on_progress: OnProgress | None = None,
    is_cancelled: IsCancelled | None = None,
) -> StudiedLook:
    """Study a painting, uint8 (h, w, 3), for about a minute; the same generator and frames give the same look.

    frames: pictures of what the look is meant for, uint8 (H, W, 3) of any sizes, those under 32 pixels left out; the
    painting serves where there are few. steps: of training. Raises RequestError for what is no picture or too small,
    Cancelled.
    """
    picture = _fitted(_checked(painting))
    own = [frame for frame in frames if min(frame.shape[:2]) >= _SMALLEST]
    options = CallOptions(generator=on_cpu(generator), on_progress=on_progress, is_cancelled=is_cancelled)
    seed = int(to_numpy(torch.randint(2**31, (), generator=options.generator)))
    preparing = _PREPARING * (TONES + _PICTURES)
    total = preparing + steps
    done = 0

    def advance(to: int) -> None:
        nonlocal done
        options.check_cancelled()
        done = max(done, min(to, total))
        options.tell_progress(done, total)

    advance(0)
    cube = ColourCube.between(own, picture, seed)
    for sewn in sew_atlas(picture, seed):
        atlas = sewn
        advance(done + _PREPARING)
    pairs = []
    for pair in _study_pictures(cube, atlas, picture, own, seed, pipeline.generator.device):
        pairs.append(pair)
        advance(_PREPARING * (TONES + len(pairs)))
    brush = _nearest_brush(pipeline.generator, pairs, seed)
    for step, better in enumerate(_train(pipeline.generator, brush, pairs, steps, seed), 1):
        brush = better
        advance(preparing + step)
    about = {"steps": str(steps), "frames": str(len(own)), "seed": str(seed)}
    return StudiedLook(brush.to("cpu"), cube.colours, atlas.tones, atlas.patches, about)


@dataclass(frozen=True, eq=False)
class _Pair:
    """picture (1, 3, H, W), sharp (1, 2, H, W), soft (1, 16, h, w): what the brush sees; target (1, 3, H, W)."""

    picture: torch.Tensor
    sharp: torch.Tensor
    soft: torch.Tensor
    target: torch.Tensor


# --- what is trained on -----------------------------------------------------------------------------------------------


def _study_pictures(
    cube: ColourCube,
    atlas: StrokeAtlas,
    painting: np.ndarray,
    frames: Sequence[np.ndarray],
    seed: int,
    device: torch.device,
) -> Iterator[_Pair]:
    """_PICTURES pairs: the frames, and pieces of the painting where there are not enough of them."""
    rng = np.random.default_rng(seed)
    drawing = torch.Generator().manual_seed(seed)
    source = painting.astype(np.float32) / 255
    for number in range(_PICTURES):
        if len(frames) and number % 4 != 3:
            picture = cube.map(_cut(frames[number % len(frames)], rng))
        else:
            picture = _cut(_without_strokes(painting, rng), rng)
        rgb = picture.astype(np.float32) / 255
        texture = Texture.still(_FRAME[0] // 2, _FRAME[1] // 2, int(rng.integers(2**31)))
        guides = atlas.read_guides(rgb, texture)
        drawn = sketch(rgb, guides.sharp, guides.soft)
        target = 0.5 * drawn + 0.5 * repaint(drawn, source, drawing, device)
        maps = (rgb.transpose(2, 0, 1), guides.sharp, guides.soft, target.transpose(2, 0, 1))
        yield _Pair(*(to_tensor(np.ascontiguousarray(part)[None], device) for part in maps))


def sketch(rgb: np.ndarray, sharp: np.ndarray, soft: np.ndarray) -> np.ndarray:
    """Strokes over flat colours, float32 (H, W, 3) in 0..1: fewer of them where the picture, float32 (H, W, 3), has
    detail of its own, which stays. sharp, soft: guides of StrokeAtlas.read_guides."""
    height, width = rgb.shape[:2]
    flat, tiles = (
        cv2.resize(np.ascontiguousarray(part.transpose(1, 2, 0)), (width, height)) for part in (soft[:3], soft[13:16])
    )
    strokes = tiles - flat
    strokes += (sharp[1] / RELIEF - luminance(strokes))[..., None]
    detail = rgb - flat
    form = luminance(rgb)
    form = form - cv2.GaussianBlur(form, (0, 0), _FORM)
    own = np.sqrt(cv2.GaussianBlur(luminance(detail) ** 2 + 0.5 * form * form, (0, 0), 2.5))
    theirs = np.sqrt(cv2.GaussianBlur(luminance(strokes) ** 2, (0, 0), 4.0)) + 1e-3
    share = 1 / (1 + (1.2 * own / theirs) ** 2)
    # Strokes hide low contrasts: what lies under many of them is drawn more firmly.
    firmer = _FIRMER * np.minimum(theirs / 0.08, 1) * form
    return np.clip(flat + firmer[..., None] + _DETAIL * detail + share[..., None] * strokes, 0, 1)


def _without_strokes(painting: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The painting as if it had been filmed: forms without brushwork."""
    height, width = painting.shape[:2]
    shrink = float(rng.uniform(2, 5))
    size = (max(8, round(width / shrink)), max(8, round(height / shrink)))
    small = cv2.medianBlur(cv2.resize(painting, size, interpolation=cv2.INTER_AREA), 3)
    small = cv2.bilateralFilter(small, 7, 40, 3)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def _cut(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A piece of _FRAME, at a random place and size, perhaps mirrored."""
    height, width = _FRAME
    zoom = float(rng.uniform(1.0, 1.4)) * max(height / picture.shape[0], width / picture.shape[1])
    zoom = max(zoom, min(1.0, 384 / max(picture.shape[:2])))
    size = (max(width, round(picture.shape[1] * zoom)), max(height, round(picture.shape[0] * zoom)))
    interpolation = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(picture, size, interpolation=interpolation)
    top, left = rng.integers(scaled.shape[0] - height + 1), rng.integers(scaled.shape[1] - width + 1)
    piece = scaled[top : top + height, left : left + width]
    return np.ascontiguousarray(piece[:, ::-1] if rng.random() < 0.5 else piece)


# --- training ---------------------------------------------------------------------------------------------------------


def _nearest_brush(generator: RestyleGenerator, pairs: Sequence[_Pair], seed: int) -> Brush:
    """Of all looks' brushes the one that comes nearest to the targets, float32, on the generator's device."""
    inputs, target = _draw(pairs, np.random.default_rng(seed))
    with torch.no_grad():
        brushes = [generator.brush(code[None]).to(generator.device) for code in generator.look_codes]
        off = [(generator.paint(*inputs, brush, tiled=True).clamp(0, 1) - target).abs().mean() for brush in brushes]
    return brushes[int(to_numpy(torch.stack(off)).argmin())]


def _train(
    generator: RestyleGenerator, brush: Brush, pairs: Sequence[_Pair], steps: int, seed: int
) -> Iterator[Brush]:
    """Yields, after each step, the average of the brushes so far (the later, the more they count)."""
    rng = np.random.default_rng(seed)
    free = {name: Kernel(*(part.clone().requires_grad_() for part in one)) for name, one in brush.kernels.items()}
    gates = brush.gates.clone().float().requires_grad_()
    parameters = [*(part for one in free.values() for part in one), gates]
    average = [part.detach().clone() for part in parameters]
    optimiser = torch.optim.Adam(parameters, _RATE, (0.8, 0.98))
    dtype = choose_fast_dtype(generator.device, torch.float32)
    inputs = target = past = None
    for step in range(steps):
        left = 1 - step / steps
        for group in optimiser.param_groups:
            group["lr"] = _RATE * min(1.0, (step + 1) / 20) * (0.02 + 0.98 * left)
        if past is None:
            inputs, target = _draw(pairs, rng)
        else:  # the same again with its own last output: what is well painted is to stay
            inputs = (*inputs[:3], past)
        with torch.enable_grad():
            kernels = {name: Kernel(*(part.to(dtype) for part in one)) for name, one in free.items()}
            painted = generator.paint(*inputs, Brush(kernels, gates), tiled=True).float()
            loss = _loss(painted, target)
            optimiser.zero_grad()
            loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        past = None
        if step % 3 == 0:
            shown = painted.detach().clamp(0, 1)
            past = torch.cat([shown, torch.full_like(shown[:, :1], float(rng.uniform(0.5, 1)))], 1)
        keep = min(0.98, (step + 1) / (step + 10))
        with torch.no_grad():
            for mean, part in zip(average, parameters):
                mean.lerp_(part, 1 - keep)
        mixed = iter(average)
        yield Brush({name: Kernel(next(mixed), next(mixed)) for name in free}, next(mixed))


def _loss(painted: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Nearness in colour, in slopes, and in how coarse patches are spread."""
    near = (painted - target).abs().mean()
    slopes = sum((painted.diff(dim=axis) - target.diff(dim=axis)).abs().mean() for axis in (2, 3))
    return near + slopes + (F.avg_pool2d(painted, 8) - F.avg_pool2d(target, 8)).abs().mean()


def _draw(pairs: Sequence[_Pair], rng: np.random.Generator) -> tuple[tuple[torch.Tensor, ...], torch.Tensor]:
    """A batch of crops: (picture, sharp, soft, empty past), target."""
    crops = []
    for _ in range(_BATCH):
        pair = pairs[rng.integers(len(pairs))]
        top, left = (STRIDE * int(rng.integers((side - _CROP) // STRIDE + 1)) for side in _FRAME)
        full = ..., slice(top, top + _CROP), slice(left, left + _CROP)
        half = ..., slice(top // 2, (top + _CROP) // 2), slice(left // 2, (left + _CROP) // 2)
        crops.append((pair.picture[full], pair.sharp[full], pair.soft[half], pair.target[full]))
    picture, sharp, soft, target = (torch.cat(part) for part in zip(*crops))
    return (picture, sharp, soft, picture.new_zeros(_BATCH, 4, _CROP, _CROP)), target


def _fitted(painting: np.ndarray) -> np.ndarray:
    """The painting without its margin (frames, mounts), its strokes of the size of a picture of _PAINTING_SIDE."""
    height, width = painting.shape[:2]
    down, across = int(_MARGIN * height), int(_MARGIN * width)
    painting = painting[down : height - down, across : width - across]
    # A scroll is looked at in its middle.
    height, width = (min(side, _LONGEST * min(painting.shape[:2])) for side in painting.shape[:2])
    top, left = (painting.shape[0] - height) // 2, (painting.shape[1] - width) // 2
    painting = painting[top : top + height, left : left + width]
    if painting.reshape(-1, 3).std(0).max() < _PLAIN:
        raise RequestError("This picture has one colour only: there is nothing in it to study.")
    scale = max(min(1.0, _PAINTING_SIDE / max(height, width)), _SHORTEST / min(height, width))
    size = (round(width * scale), round(height * scale))
    return cv2.resize(painting, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def _checked(picture: np.ndarray) -> np.ndarray:
    """A uint8 picture large enough to work with."""
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise RequestError("What is studied must be an RGB picture of 8 bits.")
    if min(picture.shape[:2]) < _SMALLEST:
        raise RequestError(f"A picture to study needs at least {_SMALLEST} pixels each way.")
    return picture

