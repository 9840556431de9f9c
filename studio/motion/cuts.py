"""Scene cuts: do two frames belong to different shots?

Most pairs are seen to belong together at a glance, in less than a millisecond. For the others evidence is weighed on
frames 256 pixels wide, without bars: what is left in common once the motion is compensated, how much of the motion is
found again on the way back, whether parts of one picture lie elsewhere in the other, and the colours, light evened. A
caller who knows the frames before and after gets a far better answer: a cut is a jump between frames that else go on
quietly, and a flash or a passer-by leaves the frames on its two sides alike.

The weights are a logistic regression on 900 constructed pairs of the training clips and photos; ``python -m
benchmarks.cuts --fit`` does one like it, and ``python -m benchmarks.cuts`` measures them on pairs of other material.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from itertools import product

import cv2
import numpy as np

from studio.motion.flow import FlowQuality, estimate_both_ways, estimate_flow, inconsistency
from studio.motion.light import LightChange
from studio.motion.warp import warp_backward

_WIDTH = 256
_THUMB = (64, 36)
_QUALITY = FlowQuality(preset="fast", finest_level=1)
_UNSEEN = 2.0  # levels between thumbnails: nobody sees a cut as small as this
_QUIET = 0.2  # a pair that changes by less than e to this times its neighbours is no jump
_ALIKE = 0.8  # detail in common, motion or not, that two shots hardly ever have
_DETAIL = 8  # pixels: structures finer than this are the detail of a picture
_HOME = 2.0  # pixels by which a point may miss its home, there and back
_BAR = 32  # levels that no bar exceeds
_PLAIN = 1.0
_SEARCHED = 128  # pixels of width at which parts of one picture are looked for in the other
_BINS = 8


@dataclass(frozen=True, kw_only=True)
class PairEvidence:
    """What two frames alone say.

    structure, detail: correlation, -1..1, of one frame with the other once its motion is compensated, of the whole
    picture and of its detail. matched: share 0..1 of points that come home. elsewhere: how well, -1..1, parts of one
    are found anywhere in the other. colour: Bhattacharyya distance, 0..1, light evened. change: log of the difference
    over the contrast.
    """

    structure: float
    detail: float
    matched: float
    elsewhere: float
    colour: float
    change: float

    @property
    def score(self) -> float:
        """Log odds of a cut."""
        return _score(astuple(self), PAIR_WEIGHTS)

    @property
    def is_cut(self) -> bool:
        return self.score > PAIR_LIMIT


@dataclass(frozen=True, kw_only=True)
class JoinEvidence:
    """What four consecutive frames say about a cut in their middle.

    structure, detail: as in PairEvidence, of the middle pair; before, after: detail that the first and the last pair
    have in common; across: that the first frame has with the last; colour: as in PairEvidence; jump: log of how many
    times more the middle pair differs than the livelier of its neighbours.
    """

    structure: float
    detail: float
    before: float
    after: float
    across: float
    colour: float
    jump: float

    @property
    def score(self) -> float:
        """Log odds of a cut."""
        return _score(astuple(self), JOIN_WEIGHTS)

    @property
    def is_cut(self) -> bool:
        return self.score > JOIN_LIMIT


# One weight for each field, in order, then the bias.
PAIR_WEIGHTS = (0.02, -1.01, -2.38, -6.46, 6.75, -0.52, 3.3)
JOIN_WEIGHTS = (-2.67, -4.03, 7.71, 6.36, -1.67, 3.56, 2.72, -10.24)
PAIR_LIMIT = 1.5
JOIN_LIMIT = -0.75


def is_cut(
    first: np.ndarray, second: np.ndarray, before: np.ndarray | None = None, after: np.ndarray | None = None
) -> bool:
    """True when two consecutive frames (uint8 RGB (H, W, 3), one size) come from different shots.

    before, after: the frames on either side of them, where known; both are needed to be of use, and neither may repeat
    its neighbour. The order of time does not matter. Undecided pairs take 20 to 40 ms on one thread.
    """
    thumbs = _thumb(first), _thumb(second)
    if _difference(*thumbs) < _UNSEEN:
        return False
    if before is not None and after is not None:
        jump = _jump(_thumb(before), *thumbs, _thumb(after))
        if jump is not None:
            if jump <= _QUIET:
                return False
            # Between wild shots the neighbours say little: there the pair alone may be sure.
            return join_evidence(before, first, second, after).is_cut or pair_evidence(first, second).is_cut
    small = _small(first), _small(second)
    if _detail_in_common(*map(_grey, small)) >= _ALIKE:
        return False  # alike even without following the motion
    return pair_evidence(first, second).is_cut


def pair_evidence(first: np.ndarray, second: np.ndarray) -> PairEvidence:
    """All that two frames (uint8 RGB (H, W, 3), one size) say, cheap or not."""
    small_first, small_second = _without_bars([_small(first), _small(second)])
    forward, backward = estimate_both_ways(small_first, small_second, _QUALITY)
    grey_first, grey_second = _grey(small_first), _grey(small_second)
    moved_second, moved_first = warp_backward(grey_second, forward), warp_backward(grey_first, backward)
    contrast = min(float(grey_first.std()), float(grey_second.std()))
    difference = float(cv2.absdiff(grey_first, grey_second).mean())
    plain = (grey_first.std() < _PLAIN) != (grey_second.std() < _PLAIN)
    return PairEvidence(
        structure=max(_correlation(grey_first, moved_second), _correlation(grey_second, moved_first)),
        detail=max(_detail_in_common(grey_first, moved_second), _detail_in_common(grey_second, moved_first)),
        matched=0.0 if plain else float((inconsistency(forward, backward) < _HOME).mean()),
        elsewhere=_found_elsewhere(small_first, small_second),
        colour=_colour_distance(small_first, small_second),
        change=float(min(1.0, np.log((difference + 1) / (contrast + 1)))),
    )


def join_evidence(before: np.ndarray, first: np.ndarray, second: np.ndarray, after: np.ndarray) -> JoinEvidence:
    """All that four consecutive frames (uint8 RGB (H, W, 3), one size) say about a cut between the middle two."""
    small = _without_bars([_small(frame) for frame in (before, first, second, after)])
    grey = [_grey(frame) for frame in small]

    def moved(one: int, other: int) -> tuple[np.ndarray, np.ndarray]:
        return grey[one], warp_backward(grey[other], estimate_flow(small[one], small[other], _QUALITY))

    middle = moved(1, 2)
    jump = _jump(*(_thumb(frame) for frame in (before, first, second, after)))
    return JoinEvidence(
        structure=_correlation(*middle),
        detail=_detail_in_common(*middle),
        # From the middle outward, so that the film run backward gives the same.
        before=_detail_in_common(*moved(1, 0)),
        after=_detail_in_common(*moved(2, 3)),
        across=_detail_in_common(*moved(0, 3)),
        colour=_colour_distance(small[1], small[2]),
        jump=0.0 if jump is None else jump,
    )


def _score(values: tuple[float, ...], weights: tuple[float, ...]) -> float:
    return sum(weight * value for weight, value in zip(weights, values)) + weights[-1]


# ---- at a glance


def _thumb(frame: np.ndarray) -> np.ndarray:
    rows = frame[:: max(1, len(frame) // (4 * _THUMB[1]))]  # four rows of each thumbnail's row tell enough
    return cv2.cvtColor(cv2.resize(rows, _THUMB, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)


def _difference(first: np.ndarray, second: np.ndarray) -> float:
    return float(cv2.absdiff(first, second).mean())


def _jump(before: np.ndarray, first: np.ndarray, second: np.ndarray, after: np.ndarray) -> float | None:
    """Of thumbnails: log of the middle difference over the larger of the outer ones; None if an outer pair repeats."""
    outer = _difference(before, first), _difference(second, after)
    if min(outer) < 0.05:
        return None  # nothing moves between repeats: they do not tell how lively the shot is
    return float(np.log((_difference(first, second) + 1) / (max(outer) + 1)))


# ---- on small frames


def _small(frame: np.ndarray) -> np.ndarray:
    height, width = frame.shape[:2]
    size = (_WIDTH, max(16, round(_WIDTH * height / width)))
    return cv2.resize(frame, size, interpolation=cv2.INTER_AREA)


def _without_bars(frames: list[np.ndarray]) -> list[np.ndarray]:
    """The frames without the black edges that all of them have: those are alike in any two shots."""
    brightest = np.max([frame.max(axis=2) for frame in frames], axis=0)
    rows, columns = (np.flatnonzero(brightest.max(axis=axis) > _BAR) for axis in (1, 0))
    if len(rows) < 24 or len(columns) < 24:
        return frames
    inside = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    return [np.ascontiguousarray(frame[inside]) for frame in frames]


def _grey(frame: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32)


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    spread_first, spread_second = float(first.std()), float(second.std())
    if min(spread_first, spread_second) < _PLAIN:  # a plain card: only another one has the same structure
        return 1.0 if max(spread_first, spread_second) < 2 * _PLAIN else 0.0
    product_of_both = float(((first - first.mean()) * (second - second.mean())).mean())
    return product_of_both / (spread_first * spread_second + 1)


def _detail_in_common(first: np.ndarray, second: np.ndarray) -> float:
    return _correlation(*(frame - cv2.GaussianBlur(frame, (0, 0), _DETAIL) for frame in (first, second)))


def _found_elsewhere(first: np.ndarray, second: np.ndarray) -> float:
    """How well nine overlapping quarters of either picture are found anywhere in the other: the median correlation."""
    height = max(16, round(_SEARCHED * first.shape[0] / first.shape[1]))
    both = []
    for frame in (first, second):
        grey = _grey(cv2.resize(frame, (_SEARCHED, height), interpolation=cv2.INTER_AREA))
        both.append(grey - cv2.GaussianBlur(grey, (0, 0), 6))
    found = []
    for one, other in (both, both[::-1]):
        shares: list[float] = []
        for top, left in product((0, height // 4, height // 2), (0, _SEARCHED // 4, _SEARCHED // 2)):
            part = one[top : top + height // 2, left : left + _SEARCHED // 2]
            if part.std() >= 4:
                shares.append(float(cv2.matchTemplate(other, part, cv2.TM_CCOEFF_NORMED).max()))
        found.append(float(np.median(shares)) if shares else 0.0)
    return max(found)


def _colour_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Of the colours once either picture is brought to the light of the other, whichever fits better."""
    there = _in_light_of(second, first), second
    back = first, _in_light_of(first, second)
    return min(
        float(cv2.compareHist(_histogram(one), _histogram(other), cv2.HISTCMP_BHATTACHARYYA))
        for one, other in (there, back)
    )


def _in_light_of(model: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """The frame with the model's brightness and contrast; its colours stay, as light seldom changes those."""
    low, middle, high = np.percentile(_grey(frame), (10, 50, 90))
    model_low, model_middle, model_high = np.percentile(_grey(model), (10, 50, 90))
    gain = (model_high - model_low) / (high - low) if high - low > 2 * _PLAIN else 1.0
    return LightChange(gain=(gain,) * 3, offset=(model_middle - gain * middle,) * 3).relit(frame)


def _histogram(frame: np.ndarray) -> np.ndarray:
    counts = cv2.calcHist([frame], [0, 1, 2], None, [_BINS] * 3, [0, 256] * 3).reshape(_BINS**2, _BINS)
    return cv2.GaussianBlur(counts, (0, 0), 0.6).ravel()
