"""A sketch repainted with patches of a painting: what the strokes of an atlas lack is how they meet at edges.

Elad and Milanfar, "Style transfer via texture synthesis" (IEEE Transactions on Image Processing, 2017): from coarse to
fine, every patch of the picture is replaced by the painting's nearest one (compared in few principal components), what
overlaps is averaged robustly, and the sketch is held to where it has edges.

Letters: H, W rows and columns of the sketch, N patches, P side of a patch.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
import torch.nn.functional as F

from studio.tensors import to_device, to_numpy, to_tensor

_LEVELS = ((0.5, 13, 6), (0.5, 9, 4), (1.0, 13, 6), (1.0, 9, 4))  # scale, side of a patch, distance between patches
_PATCHES = 6000  # of the painting, drawn at random, that are compared
_COMPONENTS = 32
_AT_ONCE = 256  # patches of the sketch that are compared at once
_ROBUSTNESS = -3.0 / 2  # exponent of the squared difference: the patches that fit best decide
_HELD = 1.2  # weight of the sketch at its edges, against one patch
_HELD_FLAT = 0.05  # and elsewhere, relative to that
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def repaint(
    sketch: np.ndarray, painting: np.ndarray, generator: torch.Generator, device: torch.device | str = "cpu"
) -> np.ndarray:
    """The sketch, float32 (H, W, 3) in 0..1, at least 32 pixels each way, in patches of the painting, likewise.

    generator: of the CPU, draws the patches that are compared; device: where they are.
    """
    height, width = sketch.shape[:2]
    picture: torch.Tensor | None = None
    for scale, side, gap in _LEVELS:
        size = (round(height * scale), round(width * scale))
        small = _scaled(sketch, size)
        source = _scaled(painting, tuple(round(length * scale) for length in painting.shape[:2]))
        if picture is None:
            picture = _planes(small, device)
        elif picture.shape[1:] != size:
            picture = F.interpolate(picture[None], size, mode="bicubic", align_corners=False)[0]
        held = to_tensor(_HELD * (_HELD_FLAT + _edges(small, scale)), device)
        total, weight = _patched(picture, _planes(source, device), side, gap, generator)
        share = (side / gap) ** 2
        picture = (total / share + held * _planes(small, device)) / (weight / share + held)
    return to_numpy(picture.clamp(0, 1).permute(1, 2, 0).contiguous())


def _patched(
    picture: torch.Tensor, source: torch.Tensor, side: int, gap: int, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Sums (3, H, W) and weights (1, H, W) of the source's patches nearest to the picture's."""
    height, width = picture.shape[1:]
    down, across = (source.shape[axis] - side + 1 for axis in (1, 2))
    device = picture.device
    drawn = to_device(torch.randint(down * across, (min(_PATCHES, down * across),), generator=generator), device)
    known = source.unfold(1, side, 1).unfold(2, side, 1)[:, drawn // across, drawn % across]
    known = known.permute(1, 0, 2, 3).reshape(len(drawn), -1)
    mean = known.mean(0)
    sample = (known[:1500] - mean).double()
    axes = torch.linalg.eigh(sample.T @ sample)[1][:, -_COMPONENTS:].float()
    codes = (known - mean) @ axes
    lengths = (codes * codes).sum(1)
    rows, columns = (to_tensor(_starts(length, side, gap), device) for length in (height, width))
    own = picture.unfold(1, side, 1).unfold(2, side, 1)[:, rows][:, :, columns]
    own = own.permute(1, 2, 0, 3, 4).reshape(len(rows) * len(columns), -1)
    away, best = torch.empty(_AT_ONCE, len(drawn), device=device), []
    for part in ((own - mean) @ axes).split(_AT_ONCE):
        best.append(torch.addmm(lengths[None], part, codes.T, alpha=-2, out=away[: len(part)]).argmin(1))
    best = torch.cat(best)
    chosen = known[best]
    fit = (((chosen - own) ** 2).sum(1) + 1e-3) ** _ROBUSTNESS
    fit = fit / fit.mean()
    steps = torch.arange(side, device=device)
    inside = (steps[:, None] * width + steps[None]).reshape(-1)
    places = ((rows[:, None] * width + columns[None]).reshape(-1, 1) + inside).reshape(-1)
    values = (chosen * fit[:, None]).view(-1, 3, side * side).permute(1, 0, 2).reshape(3, -1)
    total = torch.zeros(3, height * width, device=device).index_add_(1, places, values)
    fits = fit.repeat_interleave(side * side)[None]
    weight = torch.zeros(1, height * width, device=device).index_add_(1, places, fits)
    return total.view(3, height, width), weight.view(1, height, width)


def _edges(picture: np.ndarray, scale: float) -> np.ndarray:
    """Where there is form to keep, float32 (H, W) in 0..1."""
    light = picture @ _LUMA
    across = np.diff(light, axis=1, append=light[:, -1:])
    down = np.diff(light, axis=0, append=light[-1:])
    strength = cv2.GaussianBlur(np.sqrt(across * across + down * down), (0, 0), 3 * scale + 0.6)
    return np.clip(strength / max(float(np.quantile(strength, 0.93)), 0.02), 0, 1)


def _starts(length: int, side: int, gap: int) -> np.ndarray:
    """Where patches begin along an axis, int64; the last one ends with it."""
    return np.unique(np.append(np.arange(0, length - side + 1, gap), length - side))


def _scaled(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if picture.shape[:2] == size:
        return picture
    return cv2.resize(picture, (size[1], size[0]), interpolation=cv2.INTER_AREA)


def _planes(picture: np.ndarray, device: torch.device | str) -> torch.Tensor:
    return to_tensor(np.ascontiguousarray(picture.transpose(2, 0, 1)), device)
