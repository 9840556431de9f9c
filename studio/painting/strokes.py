"""A painter's own strokes, laid over a picture so that they stick to what moves.

An atlas holds, for each of a few tones (colours) of a painting, an endless patch of the strokes that the painter used
for it: what differs from the tone, nothing of the tone itself (chosen by tone as in Praun et al., "Real-time hatching",
2001). A pixel looks at its texture coordinate (studio/painting/texture.py) into the patches of the two tones that are
most like its colour. The result has the form of a tiling (studio/painting/tiling.py) and takes its place in the guides.

Letters: H, W full rows and columns, both even; h, w = H / 2, W / 2; K tones; S side of a patch in pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from studio.motion.warp import pixel_grid
from studio.painting.guides import SHARP, SOFT, Guides, read_guides
from studio.painting.texture import Texture

_SOFTNESS = 0.012  # squared distance in colour over which one tone gives way to the next
_MARGIN = 2  # pixels that a patch is continued around itself, for the interpolation's reach
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_PATTERN = SHARP.index("pattern")
_TILES = slice(SOFT.index("tile_red"), SOFT.index("tile_blue") + 1)
RELIEF = 4.0  # the pattern is the strokes' brightness times this: about unit variance for a rough painting


@dataclass(frozen=True, eq=False)
class StrokeAtlas:
    """tones: float32 (K, 3) in 0..1; patches: int8 (K, S, S, 3), in levels of 0..255, about zero; S even."""

    tones: np.ndarray
    patches: np.ndarray
    _sheets: list[np.ndarray] = field(default_factory=list, repr=False)

    def read_guides(self, rgb: np.ndarray, texture: Texture) -> Guides:
        """The guides of a picture, float32 (H, W, 3) in 0..1, with these strokes in the place of tiles."""
        guides = read_guides(rgb, texture)
        colours = np.ascontiguousarray(guides.soft[:3].transpose(1, 2, 0))
        pattern, tiles = self.lay(colours, texture.shift)
        guides.sharp[_PATTERN] = pattern
        guides.soft[_TILES] = tiles.transpose(2, 0, 1)
        return guides

    def lay(self, colours: np.ndarray, shift: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Strokes over flat colours: (pattern float32 (H, W), tiles float32 (h, w, 3)).

        colours: float32 (h, w, 3) in 0..1; shift: float32 (h, w, 2), where a pixel looks into the texture relative to
        itself, in half pixels. tiles: the colours with the strokes on them; pattern: the strokes' brightness at full
        resolution, times RELIEF, about zero.
        """
        if not self._sheets:
            self._sheets.extend(self._laid_out())
        coarse, fine = self._sheets
        height, width = colours.shape[:2]
        first, second, share = self._nearest_tones(colours)
        side = self.patches.shape[1]
        where = pixel_grid(height, width) + shift
        where -= np.floor(where * np.float32(2 / side)) * np.float32(side / 2)
        tiles = _two(coarse, where, first, second, share, side // 2)
        tiles += colours
        size = (2 * width, 2 * height)
        full = cv2.resize(where * np.float32(2), size, interpolation=cv2.INTER_NEAREST)
        full[:, 1::2, 0] += 1
        full[1::2, :, 1] += 1
        first, second = (cv2.resize(tone, size, interpolation=cv2.INTER_NEAREST) for tone in (first, second))
        return _two(fine, full, first, second, cv2.resize(share, size), side), tiles

    def _nearest_tones(self, colours: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """For each of (h, w) the numbers of the two tones most like it, float32, and the share of the first, .5..1.

        Asked on a quarter of the pixels and softened, which also keeps it steady.
        """
        height, width = colours.shape[:2]
        small = cv2.resize(colours, (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA)
        away = (self.tones**2).sum(1) - 2 * small.reshape(-1, 3) @ self.tones.T
        first = away.argmin(1)
        rows = np.arange(len(away))
        least = away[rows, first]
        away[rows, first] = np.inf
        second = away.argmin(1)
        # tanh: at the border between two tones both have half, far within a tone the first has all.
        share = 0.5 + 0.5 * np.tanh((away[rows, second] - least) / (2 * _SOFTNESS))
        maps = [part.reshape(small.shape[:2]).astype(np.float32) for part in (first, second, share)]
        kinds = (cv2.INTER_NEAREST, cv2.INTER_NEAREST, cv2.INTER_LINEAR)
        return tuple(cv2.resize(part, (width, height), interpolation=kind) for part, kind in zip(maps, kinds))

    def _laid_out(self) -> tuple[np.ndarray, np.ndarray]:
        """All patches one below the other with margins: half-size colours, and full-size brightness times RELIEF."""
        full = self.patches.astype(np.float32) / 255
        half = np.stack([cv2.resize(patch, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for patch in full])
        around = ((0, 0), (_MARGIN, _MARGIN), (_MARGIN, _MARGIN))
        coarse = np.pad(half, (*around, (0, 0)), mode="wrap").reshape(-1, half.shape[2] + 2 * _MARGIN, 3)
        fine = np.pad(full @ (_LUMA * RELIEF), around, mode="wrap").reshape(-1, full.shape[2] + 2 * _MARGIN)
        return np.ascontiguousarray(coarse), np.ascontiguousarray(fine)


def _two(
    sheet: np.ndarray, where: np.ndarray, first: np.ndarray, second: np.ndarray, share: np.ndarray, side: int
) -> np.ndarray:
    """A look into the patches of two tones at `where`, mixed by the share of the first."""
    pitch = np.float32(side + 2 * _MARGIN)
    x = where[..., 0] + np.float32(_MARGIN)
    y = where[..., 1] + np.float32(_MARGIN)
    one = cv2.remap(sheet, x, y + first * pitch, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    other = cv2.remap(sheet, x, y + second * pitch, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if sheet.ndim == 3:
        share = share[..., None]
    one -= other
    one *= share
    one += other
    return one
