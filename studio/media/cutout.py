"""A person's own picture as a sprite: cut out by its transparency, or by GrabCut where it has none; cropped square.

GrabCut: Rother, Kolmogorov and Blake, "GrabCut: interactive foreground extraction using iterated graph cuts" (2004),
as OpenCV has it, started from a frame along the picture's border that is taken for background. Nothing is learnt.
"""

from __future__ import annotations

import cv2
import numpy as np

from studio.errors import MediaError

LARGEST = 512
"""Pixels of the sprite's side at most: as large as it can be drawn well."""

_WORKING = 288  # pixels of the longer side while the outline is sought: a second at most
_ROUNDS = 4
_SEED = 7
_LEAST, _MOST = 0.015, 0.93  # shares of the picture that a subject may cover
_OPAQUE = 24  # alpha above which a pixel belongs to the subject
_NOTHING = (
    "Nothing could be cut out of this picture: please use one whose subject stands clear of the borders on a plain "
    "background, or one with a transparent background."
)


def cut_out(picture: np.ndarray) -> np.ndarray:
    """The picture's subject alone: uint8 (s, s, 4) straight RGBA, cropped to a square with a thin margin, s <= 512.

    Args:
        picture: uint8 (H, W, 3) RGB or (H, W, 4) straight RGBA; transparency decides where there is any.

    Raises:
        MediaError: nothing can be told apart from the background.
    """
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] not in (3, 4) or min(picture.shape[:2]) < 2:
        raise MediaError("This is not a picture that a subject can be cut out of.")
    picture = _bounded(picture, 2 * LARGEST)
    if picture.shape[2] == 4 and picture[..., 3].min() < 250:
        alpha = picture[..., 3]
        if (alpha > _OPAQUE).mean() < 1e-4:
            raise MediaError("This picture is transparent all over: there is nothing to draw.")
    else:
        alpha = _outlined(np.ascontiguousarray(picture[..., :3]))
    return _square(np.dstack([picture[..., :3], alpha]))


def _bounded(picture: np.ndarray, longest: int) -> np.ndarray:
    """The picture with at most this many pixels along its longer side; transparent colours do not bleed."""
    height, width = picture.shape[:2]
    share = longest / max(height, width)
    if share >= 1:
        return picture
    size = (max(2, round(width * share)), max(2, round(height * share)))
    if picture.shape[2] == 3:
        return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    solid = picture.astype(np.float32)
    solid[..., :3] *= solid[..., 3:] / 255
    small = cv2.resize(solid, size, interpolation=cv2.INTER_AREA)
    small[..., :3] *= 255 / np.maximum(small[..., 3:], 1)
    return np.clip(small + 0.5, 0, 255).astype(np.uint8)


def _outlined(picture: np.ndarray) -> np.ndarray:
    """Alpha of what stands out from the border, uint8 (H, W)."""
    height, width = picture.shape[:2]
    small = _bounded(picture, _WORKING)
    if small.std(axis=(0, 1)).max() < 2:
        raise MediaError(_NOTHING)  # one flat colour
    rows, columns = small.shape[:2]
    rim = max(2, round(0.03 * min(rows, columns)))
    if min(rows, columns) < 4 * rim:
        raise MediaError(_NOTHING)
    cv2.setRNGSeed(_SEED)  # the same picture gives the same outline
    mask = np.full((rows, columns), cv2.GC_BGD, np.uint8)
    mask[rim : rows - rim, rim : columns - rim] = cv2.GC_PR_FGD
    try:
        cv2.grabCut(small, mask, None, np.zeros((1, 65)), np.zeros((1, 65)), _ROUNDS, cv2.GC_INIT_WITH_MASK)
    except cv2.error as error:
        raise MediaError(_NOTHING) from error
    found = _largest_parts(np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8))
    covered = found.mean()
    if not _LEAST <= covered <= _MOST or not _stands_out(small, found):
        raise MediaError(_NOTHING)
    soft = cv2.GaussianBlur(cv2.resize(found * 255, (width, height), interpolation=cv2.INTER_CUBIC), (0, 0), 1.2)
    # A step inwards, so that no rim of the old background comes along.
    return np.clip((soft.astype(np.float32) - 140) * 2.4, 0, 255).astype(np.uint8)


def _largest_parts(found: np.ndarray) -> np.ndarray:
    """The biggest connected part and those at least an eighth as large, with their holes filled; 0 or 1."""
    found = cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(found, connectivity=4)
    if count < 2:
        return found
    areas = stats[1:, cv2.CC_STAT_AREA]
    kept = np.isin(labels, 1 + np.flatnonzero(areas >= areas.max() / 8)).astype(np.uint8)
    outlines, _ = cv2.findContours(kept, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    whole = cv2.drawContours(np.zeros_like(kept), outlines, -1, 1, cv2.FILLED)
    # Small holes are mistakes, large ones (a ring, a handle) are the subject's shape.
    holes = cv2.connectedComponentsWithStats(whole - kept, connectivity=4)
    small = np.flatnonzero(holes[2][:, cv2.CC_STAT_AREA] < 0.02 * kept.sum())
    return np.where(np.isin(holes[1], small[small > 0]), 1, kept).astype(np.uint8)


def _stands_out(picture: np.ndarray, found: np.ndarray) -> bool:
    """Whether the two sides of the outline have different colours: else it was drawn through noise."""
    ring = np.ones((5, 5), np.uint8)
    inside = found.astype(bool) & (cv2.erode(found, ring, iterations=2) == 0)
    outside = (found == 0) & (cv2.dilate(found, ring, iterations=2) == 1)
    if inside.sum() < 20 or outside.sum() < 20:
        return False
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.float32)
    return float(np.linalg.norm(lab[inside].mean(0) - lab[outside].mean(0))) > 8


def _square(cut: np.ndarray) -> np.ndarray:
    """Cropped to the subject, centred on a transparent square with a margin of a thirtieth, at most LARGEST."""
    rows = np.flatnonzero((cut[..., 3] > _OPAQUE).any(1))
    columns = np.flatnonzero((cut[..., 3] > _OPAQUE).any(0))
    if not len(rows) or not len(columns):
        raise MediaError(_NOTHING)
    cut = cut[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = cut.shape[:2]
    side = max(height, width) + 2 * max(1, round(max(height, width) / 30))
    out = np.zeros((side, side, 4), np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    out[top : top + height, left : left + width] = cut
    return _bounded(out, LARGEST)
