"""Batches of gaps out of the pool's windows: which frames make a gap, what is seen around it, how it is spoilt.

Flow is found when a batch is made, on the whole window, so that places, gaps and moments can be drawn anew each time.
Where a gap is spoilt (studio/training/degrade.py), the flow and all that the net sees come from the spoilt frames; the
truth, and the flows that teach, come from the clean ones.

Letters: T frames of a window, S its side, C side of a training crop, c = C / 2, B batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from studio.models.opinions import Context
from studio.motion.between import ROUGH
from studio.motion.flow import FlowQuality, estimate_both_ways, estimate_flow
from studio.tensors import to_channels_first, to_float
from studio.training.degrade import draw_kinds, relit, spoil
from studio.training.gap_pool import GapPool
from studio.training.moved_photos import FRAMES, SIDE

_TEACHER = FlowQuality(preset="medium", finest_level=0, patch_stride=4)


@dataclass(frozen=True)
class Practice:
    """What gaps are drawn for training, or for measuring.

    alone: the share of gaps that see no frames around them; one_side: of those that see only one. spans, shares: how
    many frames apart a gap's ends lie where frames around are seen; alone_spans, alone_shares: where none are (longer
    ones than a clip's pace allows are not drawn). spoilt: the share of gaps whose frames are spoilt; relit: of those
    under another light. kinds: how they are spoilt, or None to draw it. middle: only the moment in the middle.
    """

    alone: float = 0.25
    one_side: float = 0.25
    spans: tuple[int, ...] = (2, 3, 4)
    shares: tuple[float, ...] = (0.55, 0.1, 0.35)
    alone_spans: tuple[int, ...] = (2, 3, 4)
    alone_shares: tuple[float, ...] = (0.55, 0.1, 0.35)
    spoilt: float = 0.0
    relit: float = 0.0
    kinds: tuple[str, ...] | None = None
    middle: bool = False


PLAIN = Practice()
"""As the first net was trained: clean frames, close together, mostly with their neighbours."""

VARIED = Practice(
    alone=0.5,
    one_side=0.1,
    alone_spans=(2, 3, 4, 6, 8, 12),
    alone_shares=(0.38, 0.1, 0.2, 0.14, 0.1, 0.08),
    spoilt=0.4,
    relit=0.3,
)
"""Two frames and four in equal parts, some far apart, two in five spoilt."""


@dataclass(frozen=True)
class GapBatch:
    """first, second, truth (B, 3, C, C) in 0..1; forward, backward (B, 2, c, c): rough flows between their halves, in
    half pixels; moment (B,); context: the frames around; back, on (B, 2, c, c): flows found from the truth itself to
    both frames, or None."""

    first: Tensor
    second: Tensor
    truth: Tensor
    forward: Tensor
    backward: Tensor
    moment: Tensor
    context: Context
    back: Tensor | None
    on: Tensor | None


@dataclass(frozen=True)
class _Places:
    """Which frames of a window a gap is made of: four in a row of equal distance (the outer two repeat the inner ones
    where they are not seen), the truth, what is seen of the outer two, and the truth's moment."""

    around: tuple[int, int, int, int]
    inner: int
    known: tuple[bool, bool]

    @property
    def moment(self) -> float:
        return (self.inner - self.around[1]) / (self.around[2] - self.around[1])


def draw_batch(
    pool: GapPool, rows: np.ndarray, side: int, rng: np.random.Generator, device: torch.device,
    teach: bool = True, practice: Practice = PLAIN,
) -> GapBatch:  # fmt: skip
    """Gaps of the windows `rows`, each at a random place, turned, mirrored and run backwards at random."""
    parts = [_gap(pool, int(row), side, rng, teach, practice) for row in rows]
    pictures, flows, taught, moments, known, halves = zip(*parts, strict=True)
    first, second, truth = (to_float(np.stack(column), device) for column in zip(*pictures))
    forward, backward, before, after = (to_channels_first(np.stack(column), device) for column in zip(*flows))
    around = [to_float(np.stack(column), device) for column in zip(*halves)]
    back, on = (to_channels_first(np.stack(column), device) for column in zip(*taught)) if teach else (None, None)
    moment = torch.tensor(moments, dtype=torch.float32, device=device)
    context = Context(*around, before, after, torch.tensor(known, dtype=torch.float32, device=device))
    return GapBatch(first, second, truth, forward, backward, moment, context, back, on)


def _gap(pool: GapPool, row: int, side: int, rng: np.random.Generator, teach: bool, practice: Practice) -> tuple:
    """(pictures, flows, taught flows, moment, known, halves around) of one gap of one window, as arrays."""
    places = _places(practice, pool.longest_span(row), rng)
    seen, clean = _frames(pool, row, places, practice, rng)
    halves = [cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for picture in seen]
    flows = list(estimate_both_ways(halves[1], halves[2], ROUGH))
    nowhere = np.zeros_like(flows[0])
    for there, pair in zip(places.known, ((1, 0), (2, 3))):
        flows.append(estimate_flow(halves[pair[0]], halves[pair[1]], ROUGH) if there else nowhere)
    taught = []
    if teach:
        small = [cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for picture in clean]
        taught = [estimate_flow(small[2], half, _TEACHER) for half in small[:2]]
    y, x = (8 * int(rng.integers((SIDE - side) // 8 + 1)) for _ in range(2))
    half = (slice(y // 2, (y + side) // 2), slice(x // 2, (x + side) // 2))
    whole = (slice(y, y + side), slice(x, x + side))
    return (
        (seen[1][whole], seen[2][whole], clean[2][whole]),
        tuple(flow[half] for flow in flows),
        tuple(flow[half] for flow in taught),
        places.moment,
        places.known,
        (halves[0][half], halves[3][half]),
    )


def _places(practice: Practice, longest: int, rng: np.random.Generator) -> _Places:
    lost = rng.random()
    alone = lost < practice.alone
    one = rng.random() < 0.5
    known = (not alone, not alone)
    if not alone and lost < practice.alone + practice.one_side:
        known = (one, not one)
    spans, shares = (practice.alone_spans, practice.alone_shares) if alone else (practice.spans, practice.shares)
    fitting = [(span, share) for span, share in zip(spans, shares) if span <= longest] or [(spans[0], 1.0)]
    chances = np.array([share for _, share in fitting])
    span = fitting[int(rng.choice(len(fitting), p=chances / chances.sum()))][0]
    start = int(rng.integers(0, FRAMES - span * (1 if alone else 3)))
    around = (start, start, start + span, start + span) if alone else tuple(start + span * k for k in range(4))
    inner = around[1] + (span // 2 if practice.middle else int(rng.integers(1, span)))
    if rng.random() < 0.5:
        around = around[::-1]
    return _Places(around, inner, known)


def _frames(
    pool: GapPool, row: int, places: _Places, practice: Practice, rng: np.random.Generator
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The four frames that are seen, spoilt where the practice says so, and (first, second, truth) as they were."""
    window, source = pool.frames[row], pool.frames[row]
    kinds: tuple[str, ...] = ()
    if rng.random() < practice.spoilt:
        kinds = draw_kinds(rng) if practice.kinds is None else practice.kinds
        copy = pool.worn_copy(row) if "coded" in kinds else None
        if copy is not None:
            source, kinds = copy, tuple(kind for kind in kinds if kind != "coded")
    turned = _turned(rng)
    seen = [turned(source[index]) for index in places.around]
    clean = [turned(window[index]) for index in (*places.around[1:3], places.inner)]
    if rng.random() < practice.relit:
        times = [-1.0, 0.0, 1.0, 2.0, 0.0, 1.0, places.moment]
        lit = relit([*seen, *clean], times, rng)
        seen, clean = lit[:4], lit[4:]
    return spoil(seen, kinds, rng), clean


def _turned(rng: np.random.Generator) -> Callable[[np.ndarray], np.ndarray]:
    """Turns and mirrors pictures and changes their colours' order, all of them alike."""
    order, turn, mirror = rng.permutation(3), int(rng.integers(4)), rng.random() < 0.5

    def turned(picture: np.ndarray) -> np.ndarray:
        picture = np.rot90(picture, turn)
        return np.ascontiguousarray((picture[:, ::-1] if mirror else picture)[..., order])

    return turned


def spoilt_alone(kinds: Sequence[str], spans: Sequence[int] = (2,)) -> Practice:
    """For measuring: two frames only, the middle between them, spoilt in the given ways (none: clean)."""
    return Practice(
        alone=1.0,
        one_side=0.0,
        alone_spans=tuple(spans),
        alone_shares=(1.0,) * len(spans),
        spoilt=1.0 if kinds else 0.0,
        kinds=tuple(kinds),
        middle=True,
    )
