"""Who stands where before anything moves: sizes, formations of copies, pairs, the ground, the air and the water.

Things walk on the ground of their place, boats and whatever else is put to sea lie on the water, flyers keep to the
air, and where nothing weighs anything (space, under water, the sky) everything floats. One still subject stands at a
third of the picture and looks into it; what travels is centred on its way.

Letters: B scenes, A = 4 actors (the subject, its two copies, the other one); lengths in frame heights, origin top left.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from studio.captions.lexicon import SLOTS, SUBJECTS
from studio.worlds.scenery import ground_level
from studio.worlds.sprites import load_atlas

WEIGHTLESS = ("space", "underwater", "sky")
AFLOAT = ("sea", "lake")
ABREAST = ("left", "right", "left_jumping", "right_jumping", "zigzag", "swoop")
"""Motions that cross the picture; the others happen about one spot, or up, down and in depth."""
TOGETHER = (*ABREAST, "rise", "fall", "approach", "recede")
"""Motions in which a companion (beside, above, below) comes along; otherwise it watches."""

CLOSE = ("zoom_in", "zoom_out", "tilt_up", "tilt_down")
"""Camera moves that see less of the world at some moment."""
SIDE_BY_SIDE = ("beside", "chases", "follows", "meets")

_SIZE = {"normal": 1.0, "small": 0.58, "big": 1.6}
_COUNT = {"one": 1.0, "two": 0.76, "three": 0.62}
_LARGEST = {"one": 0.58, "two": 0.42, "three": 0.35}
_PAIRED = {"none": (1.0, 1.0), "beside": (0.84, 0.84), "above": (0.80, 0.80), "below": (0.80, 0.80),
           "chases": (0.78, 0.78), "follows": (0.78, 0.78), "meets": (0.78, 0.78), "circles": (0.60, 0.86),
           "rides": (0.62, 1.0)}  # fmt: skip


@dataclass
class Stage:
    """Everyone's place at rest: (B, A) unless it says otherwise.

    `size` side of the sprite; `x`, `y` its centre; `half` half the width of what is visible; `top`, `feet` where that
    begins and ends below the centre, in sides; `floor` the ground line under it; `flip` +1 looks left, -1 right;
    `motion` index of what it does; `lag` of its beats behind the first one's, in turns. `air`, `ground`, `afloat`: how
    it is carried (none of them: it floats freely). `reach` (B,): how wide a way across the picture may be; `spread`
    (B,): half the width of all together; `heading` (B,): -1 goes left, +1 right.
    """

    noun: Tensor
    present: Tensor
    size: Tensor
    x: Tensor
    y: Tensor
    half: Tensor
    top: Tensor
    feet: Tensor
    floor: Tensor
    flip: Tensor
    motion: Tensor
    lag: Tensor
    air: Tensor
    ground: Tensor
    afloat: Tensor
    reach: Tensor
    spread: Tensor
    heading: Tensor


def chosen(slots: dict[str, Tensor], slot: str, *names: str) -> Tensor:
    """Where the slot has one of these values, (B,) bool."""
    wanted = torch.tensor([SLOTS[slot].index(name) for name in names], device=slots[slot].device)
    return torch.isin(slots[slot], wanted)


def by_name(slots: dict[str, Tensor], slot: str, table: dict[str, float]) -> Tensor:
    """The number that `table` has for each scene's value of a slot, float32 (B,); 0 for values it does not name."""
    numbers = torch.tensor([table.get(name, 0.0) for name in SLOTS[slot]], device=slots[slot].device)
    return numbers[slots[slot]]


@lru_cache(maxsize=1)
def extents() -> Tensor:
    """What is visible of each noun, float32 (N, 3): half its width, and its top and bottom below the centre, in sides.
    """
    seen = load_atlas(64)[:, 3] > 0.3
    line = (torch.arange(64) + 0.5) / 64 - 0.5
    across, down = seen.any(1), seen.any(2)
    half = (across * line.abs()).amax(1)
    top = torch.where(down, line, torch.tensor(1.0)).amin(1)
    bottom = torch.where(down, line, torch.tensor(-1.0)).amax(1)
    return torch.stack([half, top, bottom], 1)


def kinds(noun: Tensor, *names: str) -> Tensor:
    """Whether nouns are of these kinds; bool of the same shape."""
    return torch.tensor([subject.kind in names for subject in SUBJECTS], device=noun.device)[noun]


def set_stage(slots: dict[str, Tensor], u: Tensor) -> Stage:
    """Everyone's place. `slots` long (B,) each; `u` float (B, 12) uniform in 0..1: 0 size, 1 depth or height, 2
    sideways, 5 side, 6 gap, 7 the other one's height.
    """
    subject, other = slots["subject"], (slots["other"] - 1).clamp(min=0)
    noun = torch.stack([subject, subject, subject, other], 1)
    present = torch.stack([subject >= 0, slots["count"] >= 1, slots["count"] >= 2, slots["relation"] >= 1], 1)
    shape = extents().to(u.device)[noun]
    size = _sizes(slots, u, noun)
    size, apart, group, gap = _fitted(slots, u, size, shape[..., 0])
    half = shape[..., 0] * size
    air, ground, afloat = _carried(slots, noun)
    line, y = _heights(slots, u, size, shape[..., 2], air, ground | afloat)
    heading, hand = _sides(slots, u)
    x, spread = _columns(slots, u, half[:, 3], group, gap, heading, hand)
    y = _levels(slots, y, size, shape, ground | afloat)
    two, three = slots["count"] == 1, slots["count"] == 2
    zero = torch.zeros_like(apart)
    offset = torch.stack([-0.5 * apart * two, 0.5 * apart * two - apart * three, apart, zero], 1)
    behind = torch.stack([zero, 0.09 * two + 0.15 * three, 0.15 + zero, zero], 1) * size
    return Stage(
        noun=noun, present=present, size=size, x=x + offset, y=y - behind, half=half, top=shape[..., 1],
        feet=shape[..., 2], floor=torch.where(ground | afloat, line - behind, line),
        flip=_flips(slots, heading, hand), motion=_motions(slots),
        lag=u.new_tensor([[0.0, 0.16, 0.32, 0.45]]).expand_as(size), air=air, ground=ground,
        afloat=afloat, reach=_reach(slots, spread), spread=spread, heading=heading,
    )  # fmt: skip


def _reach(slots: dict[str, Tensor], spread: Tensor) -> Tensor:
    """How wide a way across the picture may be, (B,): its ends may leave it a little, less under a close camera."""
    room = torch.where(chosen(slots, "relation", "chases"), 1.06, 1.14) - 0.14 * chosen(slots, "camera", *CLOSE)
    return (room - 2 * spread).clamp(min=0.30)


def _sides(slots: dict[str, Tensor], u: Tensor) -> tuple[Tensor, Tensor]:
    """(heading, hand), (B,) of -1 and 1: which way the subject goes or looks, and where the other one is from it."""
    side = torch.where(u[:, 5] > 0.5, -1.0, 1.0)
    left, right = chosen(slots, "motion", "left", "left_jumping"), chosen(slots, "motion", "right", "right_jumping")
    heading = torch.where(left, -1.0, torch.where(right, 1.0, side))
    ahead = chosen(slots, "relation", "chases", "follows", "meets")
    hand = torch.where(ahead, heading, torch.where(u[:, 6] > 0.5, 1.0, -1.0))
    return heading, hand


def _sizes(slots: dict[str, Tensor], u: Tensor, noun: Tensor) -> Tensor:
    own = torch.tensor([subject.size for subject in SUBJECTS], device=u.device)[noun]
    paired = torch.stack([by_name(slots, "relation", {k: v[i] for k, v in _PAIRED.items()}) for i in (0, 0, 0, 1)], 1)
    many = by_name(slots, "count", _COUNT)
    crowd = torch.where((slots["count"] > 0) & (slots["relation"] > 0), 0.88, 1.0)
    away = torch.where(chosen(slots, "camera", *CLOSE), 0.88, 1.0)
    asked = by_name(slots, "size", _SIZE) * many
    asked = torch.stack([asked, 0.94 * asked, 0.94 * asked, torch.ones_like(asked)], 1)
    size = (0.335 + 0.045 * u[:, :1]) * own * asked * paired * (crowd * away)[:, None]
    largest = by_name(slots, "count", _LARGEST) * torch.where(slots["relation"] > 0, 0.80, 1.0)
    return torch.minimum(size, largest[:, None]).clamp(min=0.12)


def _fitted(slots: dict[str, Tensor], u: Tensor, size: Tensor, width: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(sizes, distance between copies, half the width of the group, gap to the other one), the row made to fit."""
    row = chosen(slots, "relation", *SIDE_BY_SIDE)
    many = slots["count"].float()
    gap = 0.03 + 0.03 * (2 * u[:, 6] - 1).abs() + 0.08 * chosen(slots, "relation", "follows")
    half = width * size
    apart = 1.96 * half[:, 0] + 0.02
    group = half[:, 0] + 0.5 * many * apart
    fit = ((0.88 - gap * row) / (2 * group + 2 * half[:, 3] * row)).clamp(max=1.0)
    return size * fit[:, None], apart * fit, group * fit, gap


def _carried(slots: dict[str, Tensor], noun: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(air, ground, afloat), bool (B, A); swimmers on dry land hover, and what is put above something hangs in the
    air."""
    weighs = ~chosen(slots, "place", *WEIGHTLESS)[:, None]
    wet = chosen(slots, "place", *AFLOAT)[:, None]
    above, below = chosen(slots, "relation", "above", "rides"), chosen(slots, "relation", "below")
    hangs = torch.stack([above, above, above, below], 1)
    air = weighs & (kinds(noun, "flyer") | (kinds(noun, "swimmer") & ~wet) | hangs)
    return air, weighs & ~air & ~wet, weighs & ~air & wet


def _heights(
    slots: dict[str, Tensor], u: Tensor, size: Tensor, feet: Tensor, air: Tensor, resting: Tensor
) -> tuple[Tensor, Tensor]:
    """(ground lines, centres), (B, A), as each one would be alone."""
    depth = torch.cat([u[:, 1:2].expand(-1, 3), u[:, 7:8]], 1)
    level = by_name(slots, "place", {name: ground_level(name) for name in SLOTS["place"]})[:, None]
    line = (level + 0.05 * depth).clamp(max=0.93)
    line = torch.cat([line[:, :3], line[:, 3:] - 0.07 * chosen(slots, "relation", "circles")[:, None]], 1)
    sunk = 0.04 * size * chosen(slots, "place", *AFLOAT)[:, None]
    low = chosen(slots, "motion", "rise", "fall", "bounce")[:, None]  # these need room above
    hovering = torch.where(low, 0.62 + 0.06 * depth, torch.where(size > 0.45, 0.40, 0.31) + 0.13 * depth)
    free = torch.where(low, 0.64 + 0.04 * depth, 0.42 + 0.14 * depth)
    y = torch.where(resting, line - feet * size + sunk, torch.where(air, hovering, free))
    y = torch.where(resting, y, y + 0.05 * chosen(slots, "camera", *CLOSE)[:, None])
    return torch.where(resting, line, (level + 0.05).clamp(max=0.96)), y


def _columns(
    slots: dict[str, Tensor], u: Tensor, partner: Tensor, group: Tensor, gap: Tensor, heading: Tensor, hand: Tensor
) -> tuple[Tensor, Tensor]:
    """(x of everyone's group (B, A), half the width of all)."""
    crossing, paired = chosen(slots, "motion", *ABREAST), slots["relation"] > 0
    loose = ~crossing & ~paired & ~chosen(slots, "motion", "orbit") & (slots["count"] == 0)
    third = torch.where(chosen(slots, "camera", "static"), 0.13, 0.05)
    middle = 0.5 + (u[:, 2] - 0.5) * torch.where(loose, 0.10, 0.04) - third * heading * loose
    row = chosen(slots, "relation", *SIDE_BY_SIDE)
    subject = middle - row * hand * (partner + 0.5 * gap)
    other = middle + row * hand * (group + 0.5 * gap)
    spread = torch.where(row, group + partner + 0.5 * gap, torch.where(paired, torch.maximum(group, partner), group))
    return torch.stack([subject, subject, subject, other], 1), spread


def _levels(slots: dict[str, Tensor], y: Tensor, size: Tensor, shape: Tensor, resting: Tensor) -> Tensor:
    """Heights with regard to each other: above, below, no farther apart than neighbours are, around, on the back."""
    subject, other = y[:, 0], y[:, 3]
    above, below = chosen(slots, "relation", "above"), chosen(slots, "relation", "below")
    upper = torch.where(above, size[:, 0], size[:, 3])
    high = torch.maximum(0.03 + 0.5 * upper, 0.25 + 0.06 * chosen(slots, "motion", "bounce", "orbit", "fall"))
    high = high + 0.10 * chosen(slots, "camera", *CLOSE)
    subject_low = torch.where(resting[:, 0], subject, y.new_tensor(0.72))
    other_low = torch.where(resting[:, 3], other, y.new_tensor(0.72))
    row = chosen(slots, "relation", *SIDE_BY_SIDE)
    near = torch.where(chosen(slots, "motion", "rise", "fall", "bounce"), 0.64, 0.54)
    both = ~resting[:, 0] & ~resting[:, 3]
    subject = torch.where(row & ~resting[:, 0] & resting[:, 3], near, subject)
    other = torch.where(row & ~resting[:, 3] & resting[:, 0], near, torch.where(row & both, subject + 0.03, other))
    centre = torch.where(chosen(slots, "relation", "rides"), 0.60, 0.50)
    other = torch.where(chosen(slots, "relation", "circles", "rides") & ~resting[:, 3], centre, other)
    top, feet = shape[:, 3, 1] * size[:, 3], shape[:, 3, 2] * size[:, 3]
    seat = other + top + 0.24 * (feet - top) - shape[:, 0, 2] * size[:, 0]
    subject = torch.where(chosen(slots, "relation", "rides"), seat, subject)
    subject = torch.where(above, high, torch.where(below, subject_low, subject))
    other = torch.where(above, other_low, torch.where(below, high, other))
    return torch.stack([subject, subject, subject, other], 1)


def _flips(slots: dict[str, Tensor], heading: Tensor, hand: Tensor) -> Tensor:
    """+1 for those who look left, -1 right: along the way, or at each other."""
    meeting = chosen(slots, "relation", "meets") | (
        chosen(slots, "relation", "beside") & ~chosen(slots, "motion", *ABREAST))
    subject = torch.where(meeting, -hand, -heading)
    other = torch.where(meeting, hand, -heading)
    return torch.stack([subject, subject, subject, other], 1)


def _motions(slots: dict[str, Tensor]) -> Tensor:
    """What each actor does, (B, A): companions come along, watchers stand; meeting and circling are set apart."""
    still = torch.full_like(slots["motion"], SLOTS["motion"].index("still"))
    acted = chosen(slots, "relation", "meets", "circles")
    beside = chosen(slots, "relation", "beside", "above", "below") & chosen(slots, "motion", *TOGETHER)
    joins = chosen(slots, "relation", "chases", "follows", "rides") | beside
    subject, other = torch.where(acted, still, slots["motion"]), torch.where(joins, slots["motion"], still)
    return torch.stack([subject, subject, subject, other], 1)
