"""Mends a texture behind what has moved: tiles that an object tore grow back from the sound ones beside them.

Where an object passes, its soft-edged flow shears the texture of what it covers, and what it uncovers is left with
the object's own. White noise shows none of this, but panes, dots and ruled lines do. So a torn cell takes over how the
texture lies in the nearest sound cell that moves alike; small sound pieces between tears give way to large ones.

Letters: h, w rows and columns of the texture; r, c those of its cells.
"""

from __future__ import annotations

import cv2
import numpy as np

_CELL = 4  # pixels of a side of the cells that are judged
_TORN = 0.8  # mean change of the shift from pixel to pixel, in pixels: behind an object it is 1, in a slow zoom less
_LEAST = 60  # cells of a sound piece that never gives way
_MOST = 0.25  # share of torn cells above which it is not an object but the camera that has worn the texture
_ALIKE = 0.6  # pixels per frame by which motions may differ and still belong to one thing
_UNLIKE_COST, _SIZE_GAIN = 8.0, 3.0  # in cells of distance: per pixel of difference in motion, per doubling of size
_SIDES = np.array([(0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)])
_LOOKS = np.concatenate([reach * _SIDES for reach in (1, 2, 3, 5)])  # where a torn cell looks: (row, column) offsets
_DISTANCE = np.hypot(*_LOOKS.T).astype(np.float32)


def mend(shift: np.ndarray, flow: np.ndarray) -> np.ndarray | None:
    """The shifts float32 (h, w, 2) with torn cells mended; None where so much is torn that nothing is there to mend by.

    flow: float32 (h, w, 2), the motion of the last frame. What is not torn and not enclosed by tears stays as it is.
    """
    height, width = shift.shape[:2]
    rows, columns = max(1, height // _CELL), max(1, width // _CELL)
    torn = cv2.resize(_steepness(shift), (columns, rows), interpolation=cv2.INTER_AREA) > _TORN
    if not torn.any():
        return shift
    if torn.mean() > _MOST:
        return None
    _, label, pieces, _ = cv2.connectedComponentsWithStats((~torn).astype(np.uint8), connectivity=4)
    sizes = pieces[:, cv2.CC_STAT_AREA].astype(np.float32)
    sizes[0] = 0  # the tears themselves
    size = sizes[label]
    inside = ~cv2.dilate(torn.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    down = np.minimum((np.arange(rows) + 0.5) * height / rows, height - 1).astype(int)
    across = np.minimum((np.arange(columns) + 0.5) * width / columns, width - 1).astype(int)
    places = np.ix_(down, across)
    cells = shift[places]
    loose = np.nonzero(size < _LEAST)
    found, source = _nearest_sound(loose, size * inside, size, flow[places])
    row, column = loose[0][found], loose[1][found]
    cells[row, column] = cells[source]
    mended = np.zeros((rows, columns), np.uint8)
    mended[row, column] = 1
    where = cv2.resize(mended, (width, height), interpolation=cv2.INTER_NEAREST) > 0
    return np.where(where[..., None], cv2.resize(cells, (width, height), interpolation=cv2.INTER_NEAREST), shift)


def _steepness(shift: np.ndarray) -> np.ndarray:
    """The greatest change of either part of a shift from a pixel's left or upper neighbour: float32 (h, w), 0..4."""
    steep = np.zeros(shift.shape[:2], np.float32)
    for ahead, behind, here in (
        (shift[:, 1:], shift[:, :-1], steep[:, 1:]),
        (shift[1:], shift[:-1], steep[1:]),
    ):
        across, down = cv2.split(cv2.absdiff(ahead, behind))
        np.maximum(here, np.maximum(across, down), out=here)
    return np.minimum(steep, 4, out=steep)


def _nearest_sound(
    loose: tuple[np.ndarray, np.ndarray], sound: np.ndarray, size: np.ndarray, motion: np.ndarray
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Which of the loose cells have something to be mended by, bool (n,), and the rows and columns of that.

    size: (r, c), cells of the piece around a cell, 0 in tears; sound: the same, but 0 next to tears, too; motion:
    float32 (r, c, 2).
    """
    row, column = loose[0][:, None] + _LOOKS[:, 0], loose[1][:, None] + _LOOKS[:, 1]
    outside = (row < 0) | (row >= size.shape[0]) | (column < 0) | (column >= size.shape[1])
    np.clip(row, 0, size.shape[0] - 1, out=row)
    np.clip(column, 0, size.shape[1] - 1, out=column)
    difference = np.abs(motion[row, column] - motion[loose][:, None])
    unlike = difference[..., 0] + difference[..., 1]
    there = sound[row, column]
    cost = _DISTANCE + _UNLIKE_COST * unlike - _SIZE_GAIN * np.log2(np.minimum(there, _LEAST) + 1)
    cost[outside | (unlike > _ALIKE) | (there <= 1.5 * size[loose][:, None])] = np.inf
    best = cost.argmin(1)
    one = np.arange(len(best))
    found = np.isfinite(cost[one, best])
    return found, (row[one, best][found], column[one, best][found])
