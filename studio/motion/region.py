"""Only the subject or only its background: a mask from a rectangle or a painted picture, carried through the clip.

A rectangle is cut out by GrabCut (Rother, Kolmogorov and Blake, 2004) in the first frame; a painted mask is taken to
the pixel. Kept is not the mask but the signed distance to its border, which can be moved a hundred times along the
optical flow without blurring. Flow alone drifts: every other frame the border is drawn back to where the colours of the
subject end, by GrabCut in a narrow band around it. The colours are those of the first frame: relearnt ones would get
used to every mistake.

Letters: H, W the clip's rows and columns; h, w those of the tracking, at most `_LONGEST` wide or high. Flows are
float32 (any grid, 2), x first, in pixels of their own grid, from the new frame back to the last one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from studio.errors import RequestError
from studio.motion.warp import resize_flow, warp_backward
from studio.requests.restyle import check_box

_LONGEST = 640  # pixels of the frame's long side in tracking
_CUT_OUT = 320  # pixels of the long side where GrabCut looks
_REACH = 24.0  # pixels: distances to the border beyond this are all alike
_BAND = 10.0  # pixels to either side of the border within which it may have drifted
_EVERY = 2  # frames from one look at the colours to the next
_PULL, _STEP = 0.8, 3.0  # share of the way, and most pixels, that the border is drawn back at once
_STILL = 0.05  # pixels: a smaller motion is the flow's own trembling
_TRUSTED = 0.35  # share of the subject's area by which a cut-out may differ from what the flow brought
_OUTSIDE, _SUBJECT, _MAYBE_OUTSIDE, _MAYBE_SUBJECT = cv2.GC_BGD, cv2.GC_FGD, cv2.GC_PR_BGD, cv2.GC_PR_FGD


@dataclass(frozen=True, kw_only=True)
class Region:
    """Which part of a clip is painted.

    kind: paint the subject or everything else. The subject is marked in the first frame, by a ``box`` around it (left,
    top, right, bottom in 0..1 of the frame) or by a painted ``mask``, uint8 (any size), nonzero on the subject.
    soft: blend over one pixel to either side of the border; else every pixel is painted or left alone.
    Raises RequestError.
    """

    kind: Literal["subject", "background"]
    box: tuple[float, float, float, float] | None = None
    mask: np.ndarray | None = None
    soft: bool = False

    def __post_init__(self) -> None:
        if self.kind not in ("subject", "background"):
            raise RequestError('The part to paint must be "subject" or "background".')
        if (self.box is None) == (self.mask is None):
            raise RequestError("Please mark the subject by a rectangle or by a painted mask, not by both.")
        if self.box is not None:
            check_box(self.box)
        elif self.mask.ndim != 2 or self.mask.dtype != np.uint8 or self.mask.size == 0:
            raise RequestError("A painted mask must be a grey picture of 8 bits.")
        elif not self.mask.any():
            raise RequestError("Nothing is painted in the mask: please paint over the subject.")
        elif self.mask.all():
            raise RequestError("The whole mask is painted: please leave the background free.")


class RegionTracker:
    """Follows a region through a clip of one size, frame by frame."""

    def __init__(self, region: Region, size: tuple[int, int]) -> None:
        """size: the frames' height and width."""
        self._region = region
        self._size = size
        scale = min(1.0, _LONGEST / max(size))
        self._grid = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
        self._started = False
        self._exact: np.ndarray | None = None  # a painted mask (H, W) while nothing has moved
        self._level: np.ndarray | None = None  # signed distance (h, w), positive on the subject
        self._colours = _Colours()
        self._age = 0

    def follow(self, frame: np.ndarray, flow: np.ndarray | None) -> np.ndarray:
        """Where to paint in the next frame: float32 (H, W), 1 = paint, 0 = leave alone.

        frame: uint8 (H, W, 3). flow: from this frame back to the last one; None where the clip or another shot begins:
        the region then starts again from the rectangle, or from the one around the painted mask.
        """
        assert frame.shape[:2] == self._size, (frame.shape, self._size)
        if flow is None or self._level is None:
            self._start(frame)
        elif float(np.abs(flow).max(initial=0.0)) >= _STILL:
            self._move(frame, flow)
        return self._paintable()

    def _start(self, frame: np.ndarray) -> None:
        small = _resize(frame, self._grid)
        box, self._exact = self._region.box, None
        if self._region.mask is not None:
            painted = _resize_mask(self._region.mask, self._size)
            box = _box_around(painted)
            self._exact = None if self._started else painted
        if self._exact is not None:
            level = _signed_distance(self._exact)
            scale = self._grid[0] / self._size[0]
            self._level = np.clip(_resize(level, self._grid) * np.float32(scale), -_REACH, _REACH)
            self._colours = _Colours.beside(small, self._level)
        else:
            self._colours, subject = _Colours.of(small, box)
            self._level = _signed_distance(subject)
        self._started, self._age = True, 0

    def _move(self, frame: np.ndarray, flow: np.ndarray) -> None:
        flow = resize_flow(flow, *self._grid)
        self._exact = None
        self._level = warp_backward(self._level, flow)
        self._age += 1
        if self._age % _EVERY or not _has_both(self._level > 0):
            return
        small = _resize(frame, self._grid)
        found = self._colours.find(small, self._level)
        if found is not None:
            back = np.clip(_signed_distance(found) - self._level, -_STEP, _STEP)
            self._level = self._level + np.float32(_PULL) * back

    def _paintable(self) -> np.ndarray:
        if self._exact is not None:
            subject = self._exact.astype(np.float32)
            if self._region.soft:
                subject = cv2.blur(subject, (3, 3), borderType=cv2.BORDER_REPLICATE)
        else:
            level = cv2.resize(self._level, (self._size[1], self._size[0]), interpolation=cv2.INTER_LINEAR)
            level *= np.float32(self._size[0] / self._grid[0])
            subject = np.clip(level * 0.5 + 0.5, 0, 1) if self._region.soft else (level > 0).astype(np.float32)
        return subject if self._region.kind == "subject" else 1 - subject


def compose(source: np.ndarray, painted: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The painted picture where the mask is 1, the source, bit for bit, where it is 0; between, a blend.

    source, painted: uint8 (H, W, 3); mask: float32 (H, W) in 0..1.
    """
    result = np.where((mask > 0.5)[..., None], painted, source)
    between = (mask > 0) & (mask < 1)
    if between.any():
        share = mask[between][:, None]
        blend = source[between] + share * (painted[between].astype(np.float32) - source[between])
        result[between] = np.rint(blend).astype(np.uint8)
    return result


class _Colours:
    """What colours the subject and its surroundings have: GrabCut's two mixtures of Gaussians, in Lab."""

    def __init__(self) -> None:
        self._outside = np.zeros((1, 65), np.float64)
        self._subject = np.zeros((1, 65), np.float64)

    @classmethod
    def of(cls, frame: np.ndarray, box: tuple[float, float, float, float]) -> tuple[_Colours, np.ndarray]:
        """The colours of what a box (0..1) surrounds in a frame uint8 (h, w, 3), and where it is, bool (h, w)."""
        lab = _as_lab(frame)
        rows, columns = ((np.arange(side, dtype=np.float32) + np.float32(0.5)) / side for side in lab.shape[:2])
        left, top, right, bottom = box
        across = (columns[None] - (left + right) / 2) / ((right - left) / 2)
        down = (rows[:, None] - (top + bottom) / 2) / ((bottom - top) / 2)
        inside = (np.abs(across) <= 1) & (np.abs(down) <= 1)
        radius = across * across + down * down
        for surely in (0.0, 0.1, 0.4):  # where nothing stands out, its middle is the subject for certain
            found = cls()
            mask = np.where(inside, _MAYBE_OUTSIDE, _OUTSIDE).astype(np.uint8)
            mask[inside & (radius < 0.8)] = _MAYBE_SUBJECT
            mask[inside & (radius < surely)] = _SUBJECT
            if found._cut(lab, mask, 5, cv2.GC_INIT_WITH_MASK):
                subject = (mask & 1).astype(np.uint8)
                if subject.sum() > 0.04 * inside.sum():
                    subject = _tidy(subject)
                    return found, cv2.resize(subject * 255, frame.shape[1::-1], interpolation=cv2.INTER_LINEAR) > 127
        ellipse = (inside & (radius < 0.8)).astype(np.uint8)
        return found, cv2.resize(ellipse, frame.shape[1::-1], interpolation=cv2.INTER_NEAREST) > 0

    @classmethod
    def beside(cls, frame: np.ndarray, level: np.ndarray) -> _Colours:
        """The colours to both sides of a border given by its signed distance (h, w)."""
        colours = cls()
        lab = _as_lab(frame)
        near = cv2.resize(level, lab.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        colours._cut(lab, np.where(near > 0, _SUBJECT, _OUTSIDE).astype(np.uint8), 0, cv2.GC_INIT_WITH_MASK)
        return colours

    def find(self, frame: np.ndarray, level: np.ndarray) -> np.ndarray | None:
        """The subject near the border that the flow brought, bool (h, w); None where the colours do not tell."""
        lab = _as_lab(frame)
        near = cv2.resize(level, lab.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        window = _window(near > -_REACH)
        lab, nearby = np.ascontiguousarray(lab[window]), near[window]
        mask = np.where(nearby > 0, _SUBJECT, _OUTSIDE).astype(np.uint8)
        mask[(nearby > 0) & (nearby < _BAND)] = _MAYBE_SUBJECT
        mask[(nearby <= 0) & (nearby > -_BAND)] = _MAYBE_OUTSIDE
        if not self._cut(lab, mask, 1, cv2.GC_EVAL_FREEZE_MODEL):
            return None
        found = (near > 0).astype(np.uint8)
        before = int(found.sum())
        changed = int((found[window] != mask & 1).sum())
        if changed > _TRUSTED * before:
            return None
        found[window] = _tidy(mask & 1)
        return cv2.resize(found * 255, frame.shape[1::-1], interpolation=cv2.INTER_LINEAR) > 127

    def _cut(self, lab: np.ndarray, mask: np.ndarray, rounds: int, mode: int) -> bool:
        """One GrabCut; False where one side is empty, which it does not take."""
        if not _has_both(mask & 1):
            return False
        cv2.setRNGSeed(1)  # its clustering starts at random: one clip must give one mask
        try:
            cv2.grabCut(lab, mask, None, self._outside, self._subject, rounds, mode)
        except cv2.error:
            return False  # one side became empty on the way
        return True


def _as_lab(frame: np.ndarray) -> np.ndarray:
    scale = min(1.0, _CUT_OUT / max(frame.shape[:2]))
    size = max(1, round(frame.shape[0] * scale)), max(1, round(frame.shape[1] * scale))
    return cv2.cvtColor(_resize(frame, size), cv2.COLOR_RGB2LAB)


def _has_both(mask: np.ndarray) -> bool:
    return bool(mask.any()) and not bool(mask.all())


def _signed_distance(subject: np.ndarray) -> np.ndarray:
    """Pixels to the border between subject and rest, float32 (h, w), positive on the subject, within +-_REACH."""
    inner = np.asarray(subject, np.uint8)
    if not _has_both(inner):
        return np.full(inner.shape, _REACH if inner.any() else -_REACH, np.float32)
    inside = cv2.distanceTransform(inner, cv2.DIST_L2, 5)
    outside = cv2.distanceTransform(1 - inner, cv2.DIST_L2, 5)
    distance = np.where(inner > 0, inside - np.float32(0.5), np.float32(0.5) - outside)
    return np.clip(distance, -_REACH, _REACH)


def _tidy(subject: np.ndarray) -> np.ndarray:
    """Without crumbs and pinholes, uint8 (h, w): parts under a twelfth of the largest go, holes under a fiftieth of the
    subject are filled."""
    for inside, least in ((1, 1 / 12), (0, 1 / 50)):
        count, labels, stats, _ = cv2.connectedComponentsWithStats((subject == inside).astype(np.uint8), connectivity=4)
        areas = stats[1:, cv2.CC_STAT_AREA]
        if count > 1:
            whole = areas.max() if inside else int(subject.sum())
            small = np.concatenate([[False], areas < least * whole])
            subject = np.where(small[labels], 1 - inside, subject).astype(np.uint8)
    return subject


def _resize(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if image.shape[:2] == tuple(size):
        return image
    return cv2.resize(image, (size[1], size[0]), interpolation=cv2.INTER_AREA)


def _resize_mask(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A painted mask at the frame's size, bool (H, W)."""
    painted = (mask > 0).astype(np.uint8)
    return cv2.resize(painted, (size[1], size[0]), interpolation=cv2.INTER_NEAREST_EXACT) > 0


def _window(marked: np.ndarray) -> tuple[slice, slice]:
    """The rows and columns that hold everything marked, bool (h, w)."""
    rows, columns = np.flatnonzero(marked.any(1)), np.flatnonzero(marked.any(0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _box_around(subject: np.ndarray) -> tuple[float, float, float, float]:
    """The rectangle around a mask, bool (H, W), as a region's box; the middle of the frame where it vanished."""
    if not subject.any():
        return (0.25, 0.25, 0.75, 0.75)
    rows, columns = _window(subject)
    height, width = subject.shape
    return columns.start / width, rows.start / height, columns.stop / width, rows.stop / height
