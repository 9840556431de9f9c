"""A painting's strokes as endless patches, one for each of its main tones, sewn from pieces of the painting.

The sewing is image quilting (Efros and Freeman, "Image quilting for texture synthesis and transfer", 2001): pieces that
agree where they overlap are joined along the path of least difference; round the border they wrap. What is sewn is the
painting less its slow colours, so that the strokes can be laid over any colour.

Letters: H, W rows and columns of the painting; K tones; S side of a patch, P side of a piece, O of an overlap.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from studio.painting.strokes import StrokeAtlas

PATCH = 256
TONES = 8  # at most
_PIECE, _OVERLAP = 48, 16
_SLOW = 12.0  # pixels: what changes over more than this is a colour, what changes over less is a stroke
_SHARE = 0.07  # of the painting that a tone's pieces come from
_FEWEST_PLACES, _FEW_PLACES = 200, 1500
_FLAT = 8e-4  # squared strokes, below which there are hardly any: about 4 levels
_EVEN = 2.0  # weight of the slow colours' variance within a piece, beside how far its tone is off
_CALM = 11  # pixels of the median that takes strokes away
_TRIES = 200  # pieces that are compared for a place
_MOST_PLACES = 4000
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def sew_atlas(painting: np.ndarray, seed: int = 0) -> Iterator[StrokeAtlas | None]:
    """The painting's atlas; yields None after each patch but the last, so that a caller can show progress or stop.

    painting: uint8 (H, W, 3), at least 64 pixels each way, at the size at which its strokes are wanted.
    """
    picture = painting.astype(np.float32) / 255
    tones = main_tones(picture, TONES, seed)
    slow = cv2.GaussianBlur(picture, (0, 0), _SLOW)
    strokes = picture - slow
    patches = []
    for number, tone in enumerate(tones):
        rng = np.random.default_rng((seed, number))
        patch = _sew(strokes, _places(slow, strokes, tone, rng), rng)
        patch -= patch.mean((0, 1))
        patches.append(np.clip(np.rint(patch * 255), -127, 127).astype(np.int8))
        if number < len(tones) - 1:
            yield None
    yield StrokeAtlas(tones, np.stack(patches))


def main_tones(picture: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
    """Up to `count` typical colours (K, 3) of a float32 picture (H, W, 3) without its strokes, from dark to light."""
    height, width = picture.shape[:2]
    # A median, because an average would invent tones between two areas, and find their border to be typical of those.
    calm = cv2.medianBlur(np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8), _CALM)
    small = cv2.resize(calm, (width // 5, height // 5), interpolation=cv2.INTER_NEAREST)
    colours = small.reshape(-1, 3).astype(np.float32) / 255
    cv2.setRNGSeed(seed)
    until = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 1e-4)
    _, names, tones = cv2.kmeans(colours, min(count, len(colours)), None, until, 3, cv2.KMEANS_PP_CENTERS)
    common = np.bincount(names.ravel(), minlength=len(tones)) > 0.01 * len(colours)
    tones = tones[common]
    return np.ascontiguousarray(tones[np.argsort(tones @ _LUMA)])


def _places(slow: np.ndarray, strokes: np.ndarray, tone: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Upper left corners (N, 2) of pieces that have about this tone, evenly, and strokes that are usual for it: neither
    the border of an object, nor a signature."""
    rows, columns = (side - _PIECE for side in slow.shape[:2])

    def mean(values: np.ndarray) -> np.ndarray:
        return cv2.blur(values, (_PIECE, _PIECE), anchor=(0, 0))[: rows + 1, : columns + 1]

    colour = mean(slow)
    uneven = mean((slow**2).sum(-1)) - (colour**2).sum(-1)
    away = (((colour - tone) ** 2).sum(-1) + _EVEN * uneven).ravel()
    energy = mean((strokes**2).sum(-1)).ravel()

    def first(count: int) -> np.ndarray:
        count = min(len(away) - 1, count)
        return np.argpartition(away, count)[: count + 1]

    nearest = first(_FEWEST_PLACES)
    if np.median(energy[nearest]) > _FLAT:  # else the tone is a flat one, and what lies farther off are its borders
        nearest = first(max(_FEW_PLACES, int(_SHARE * len(away))))
    energy = energy[nearest]
    peaks = mean(np.abs(strokes).max(-1) ** 4).ravel()[nearest] / (energy**2 + 1e-6)
    low, high = np.quantile(energy, (0.15, 0.92))
    usual = nearest[(energy >= low) & (energy <= high) & (peaks <= np.quantile(peaks, 0.92))]
    usual = usual if len(usual) else nearest
    if len(usual) > _MOST_PLACES:
        usual = rng.choice(usual, _MOST_PLACES, replace=False)
    return np.stack([usual // (columns + 1), usual % (columns + 1)], axis=1)


def _sew(strokes: np.ndarray, places: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A wrapping patch, float32 (S, S, 3)."""
    across = -(-PATCH // (_PIECE - _OVERLAP))
    corners = np.rint(np.arange(across) * PATCH / across).astype(int)
    patch, known = np.zeros((PATCH, PATCH, 3), np.float32), np.zeros((PATCH, PATCH), np.float32)
    used = np.zeros(len(places))
    for top in corners:
        for left in corners:
            window = np.ix_((top + np.arange(_PIECE)) % PATCH, (left + np.arange(_PIECE)) % PATCH)
            there, seen = patch[window], known[window]
            tried = rng.choice(len(places), min(_TRIES, len(places)), replace=False)
            coarse = np.stack([_piece(strokes, places[number])[::2, ::2] for number in tried])
            differs = ((coarse - there[::2, ::2]) ** 2).sum(-1) * seen[::2, ::2]
            cost = (differs.sum((1, 2)) / (seen[::2, ::2].sum() + 1) + 1e-4) * (1 + used[tried])
            chosen = tried[cost.argmin()]
            used += np.exp(-((places - places[chosen]) ** 2).sum(1) / (0.35 * _PIECE) ** 2)
            piece = _piece(strokes, places[chosen])
            share = _seams(((piece - there) ** 2).sum(-1), seen)[..., None]
            patch[window] = there + share * (piece - there)
            known[window] = 1
    return patch


def _piece(strokes: np.ndarray, place: np.ndarray) -> np.ndarray:
    return strokes[place[0] : place[0] + _PIECE, place[1] : place[1] + _PIECE]


def _seams(difference: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """How much of the new piece is kept, float32 (P, P) in 0..1: cut along the seams where something lies already."""
    kept = np.ones_like(difference)
    for turns in range(4):
        turned = np.rot90(seen, turns)[:, :_OVERLAP]
        if turned.mean() > 0.9 or (turns < 2 and turned.mean() > 0.5):
            side = np.rot90(kept, turns)[:, :_OVERLAP]
            np.minimum(side, _right_of_path(np.rot90(difference, turns)[:, :_OVERLAP]), out=side)
    return np.where(seen > 0, cv2.GaussianBlur(kept, (0, 0), 1.0), 1).astype(np.float32)


def _right_of_path(difference: np.ndarray) -> np.ndarray:
    """1 on and right of the cheapest path from the top to the bottom, 0 left of it."""
    rows, columns = difference.shape
    total = difference.astype(np.float32).copy()
    for row in range(1, rows):
        above = np.pad(total[row - 1], 1, constant_values=np.inf)
        total[row] += np.minimum(np.minimum(above[:-2], above[1:-1]), above[2:])
    right = np.zeros_like(total)
    column = int(total[-1].argmin())
    for row in range(rows - 1, -1, -1):
        right[row, column:] = 1
        if row:
            first = max(0, column - 1)
            column = first + int(total[row - 1, first : column + 2].argmin())
    return right
