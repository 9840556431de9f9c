"""Training of the probe's three networks on the pool of world clips: counted steps, so that a seed fixes the outcome.

Hidden layers learn by Muon (studio/training/muon.py), in less than half the steps that Adam needs. Every picture is
taken a little lighter or darker and every second batch a little soft: soft or dim pictures must not count as something
else, nor may the probe tell the world from a generator by them. Letters: B batch, G cells.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.probe_clips import POOL_CONTEXT, Pool, from_bank
from benchmarks.probe_nets import CROP, CROP_HEADS, FRAME_HEADS, GRID, ClipNet, CropNet, FrameNet
from benchmarks.probe_sight import CONTEXT, crops_as_input, flow_of, pairs_of
from studio.captions.lexicon import SLOTS
from studio.training.losses import cosine_rate
from studio.training.muon import orthogonal

MIRRORED = {"left": "right", "left_jumping": "right_jumping", "pan_left": "pan_right"}
_ADAM_RATE, _MUON_RATE, _MOMENTUM, _DECAY = 3e-3, 0.03, 0.9, 0.02
_IGNORED = -100  # F.cross_entropy's own

logger = logging.getLogger(__name__)

Batch = tuple[tuple[Tensor, ...], dict[str, Tensor]]
Loss = Callable[[dict[str, Tensor], dict[str, Tensor]], Tensor]


class _Optimiser:
    """Muon for the matrices and kernels of hidden layers, AdamW for heads, norms and biases."""

    def __init__(self, net: nn.Module) -> None:
        self.hidden = [p for name, p in net.named_parameters() if p.ndim > 1 and not name.startswith("heads")]
        known = {id(parameter) for parameter in self.hidden}
        others = [parameter for parameter in net.parameters() if id(parameter) not in known]
        self.adam = torch.optim.AdamW(others, _ADAM_RATE, weight_decay=_DECAY)
        self.averages = [torch.zeros_like(parameter) for parameter in self.hidden]

    @torch.no_grad()
    def step(self, factor: float) -> None:
        """One step at `factor` of the full rates; gradients are gone afterwards."""
        for group in self.adam.param_groups:
            group["lr"] = _ADAM_RATE * factor
        self.adam.step()
        for parameter, average in zip(self.hidden, self.averages):
            average.lerp_(parameter.grad, 1 - _MOMENTUM)
            change = orthogonal(parameter.grad.lerp(average, _MOMENTUM).flatten(1))
            scale = max(1.0, change.shape[0] / change.shape[1]) ** 0.5
            parameter.mul_(1 - _MUON_RATE * factor * _DECAY)
            parameter.sub_(change.view_as(parameter), alpha=_MUON_RATE * factor * scale)
            parameter.grad = None
        self.adam.zero_grad()


def _fit(net: nn.Module, batches: Iterator[Batch], steps: int, loss_of: Loss, rate: float = 1.0) -> None:
    """Counted steps with a cosine rate up to `rate` of the full ones, in bfloat16."""
    optimiser = _Optimiser(net.train())
    for step in range(steps):
        inputs, truth = next(batches)
        with torch.autocast("cpu", torch.bfloat16):
            found = {name: values.float() for name, values in net(*inputs).items()}
        loss = loss_of(found, truth)
        loss.backward()
        for parameter in net.parameters():  # heads that this loss does not reach
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        optimiser.step(rate * cosine_rate(step, steps, steps // 20))
        if step % 50 == 49:
            shown = {name: round(float((found[name].argmax(1) == truth[name]).float().mean()), 2) for name in net.heads}
            logger.info("%s step %d: loss %.2f, right %s", type(net).__name__, step + 1, loss.item(), shown)
    net.eval()


def _named_loss(found: dict[str, Tensor], truth: dict[str, Tensor], names: Iterable[str]) -> Tensor:
    parts = (F.cross_entropy(found[name], truth[name], label_smoothing=0.02) for name in names)
    return sum(parts, torch.zeros(()))


def _worn(pictures: Tensor, rng: np.random.Generator, colours: int) -> Tensor:
    """Lighter or darker by a little, every second batch soft; the first `colours` channels are colours in -1..1."""
    if rng.random() < 0.5:
        pictures = F.avg_pool2d(pictures, 3, 1, 1, count_include_pad=False)
    gain = torch.from_numpy(rng.uniform(0.88, 1.12, (len(pictures), 1, 1, 1)).astype(np.float32))
    shown = ((pictures[:, :colours] + 1) * gain - 1).clamp(-1, 1)
    return torch.cat([shown, pictures[:, colours:] * gain], 1)


# ---------------------------------------------------------------------------------------------- frames


def train_frame_net(pool: Pool, steps: int, seed: int) -> FrameNet:
    """Place, time, weather and where the actors are, from a frame and the one after it."""
    torch.manual_seed(seed)
    net, rng = FrameNet(), np.random.default_rng(seed)

    def loss(found: dict[str, Tensor], truth: dict[str, Tensor]) -> Tensor:
        return _named_loss(found, truth, FRAME_HEADS) + 2 * _cell_loss(found["cells"], truth["boxes"])

    _fit(net, _pairs(pool, rng), steps, loss)
    return net


def train_finder(pool: Pool, frame_net: FrameNet, steps: int, seed: int) -> FrameNet:
    """The same net, a copy that learns on to find actors and nothing else."""
    net = deepcopy(frame_net)
    pairs = _pairs(pool, np.random.default_rng(seed))
    _fit(net, pairs, steps, lambda found, truth: _cell_loss(found["cells"], truth["boxes"]), 0.7)
    return net


def _pairs(pool: Pool, rng: np.random.Generator, size: int = 48) -> Iterator[Batch]:
    """Pairs of frames, their settings and boxes."""
    while True:
        rows, moments = rng.integers(0, len(pool.clips), size), rng.integers(0, pool.clips.shape[1] - 1, size)
        pairs = _worn(pairs_of(pool.clips[rows, moments], pool.clips[rows, moments + 1]), rng, 3)
        boxes = torch.from_numpy(pool.boxes[rows, moments])
        if rng.random() < 0.5:
            pairs, boxes = pairs.flip(3), boxes * torch.tensor([-1.0, 1, 1]) + torch.tensor([1.0, 0, 0])
        yield (pairs,), {name: pool.slots[name][rows] for name in FRAME_HEADS} | {"boxes": boxes}


def _cell_loss(cells: Tensor, boxes: Tensor) -> Tensor:
    """Penalty-reduced focal loss of the centres (Zhou et al. 2019, CenterNet) and absolute error of the rest."""
    column, row = boxes[..., 0] * GRID - 0.5, boxes[..., 1] * GRID - 0.5
    here = (boxes[..., 2] > 0) & (column > -0.5) & (row > -0.5) & (column < GRID - 0.5) & (row < GRID - 0.5)
    line = torch.arange(GRID, dtype=torch.float32)
    away = (line - column[..., None])[:, :, None, :] ** 2 + (line - row[..., None])[:, :, :, None] ** 2
    soft = (torch.exp(-away / 0.8) * here[..., None, None]).amax(1)
    number, actor = here.nonzero(as_tuple=True)
    x, y = column[number, actor].round().long(), row[number, actor].round().long()
    hit = torch.zeros_like(soft)
    hit[number, y, x] = 1
    logit = cells[:, 0]
    sure = torch.sigmoid(logit)
    towards = F.logsigmoid(logit) * (1 - sure) ** 2 * hit
    away_from = F.logsigmoid(-logit) * sure**2 * (1 - soft) ** 4 * (1 - hit)
    count = hit.sum().clamp(min=1)
    wanted = torch.stack([column[number, actor] - x, row[number, actor] - y, boxes[number, actor, 2].log()], 1)
    return -(towards + away_from).sum() / count + F.l1_loss(cells[number, 1:, y, x], wanted)


# ---------------------------------------------------------------------------------------------- crops


def train_crop_net(pool: Pool, steps: int, seed: int, net: CropNet | None = None) -> CropNet:
    """Noun and colour: crops of the world's frames, and as many of sprites put over them anew.

    A `net` that is given learns on, at half the rates and with three of the world's crops to every one put together.
    """
    torch.manual_seed(seed)
    rate, size = (1.0, 32) if net is None else (0.5, 16)
    net, rng = (net or CropNet()).to(memory_format=torch.channels_last), np.random.default_rng(seed)

    def batches() -> Iterator[Batch]:
        while True:
            rows = rng.integers(0, len(pool.crops), 64)
            crops = _window(crops_as_input(pool.crops[rows]), CONTEXT / POOL_CONTEXT, rng)
            truth = {name: pool.crop_slots[name][rows] for name in CROP_HEADS}
            anew = {name: torch.from_numpy(rng.integers(0, len(SLOTS[name]), size)) for name in CROP_HEADS}
            crops[:size] = _over(crops[:size], from_bank(anew["subject"], anew["colour"], rng), rng)
            truth = {name: torch.cat([anew[name], truth[name][size:]]) for name in CROP_HEADS}
            yield (_worn(crops, rng, 3).contiguous(memory_format=torch.channels_last),), truth

    _fit(net, batches(), steps, lambda found, truth: _named_loss(found, truth, CROP_HEADS), rate)
    return net


def _placed(
    pictures: Tensor, scale: np.ndarray, turn: np.ndarray, flip: np.ndarray, rng: np.random.Generator
) -> Tensor:
    """Pictures seen through a turned, shifted window; `scale` is its side in sides of the picture."""
    count = len(pictures)
    shift = rng.normal(0, 0.09, (count, 2))
    rows = [scale * np.cos(turn) * flip, -scale * np.sin(turn) * flip, shift[:, 0],
            scale * np.sin(turn), scale * np.cos(turn), shift[:, 1]]  # fmt: skip
    matrix = torch.from_numpy(np.stack(rows, 1).reshape(count, 2, 3).astype(np.float32))
    grid = F.affine_grid(matrix, [count, pictures.shape[1], CROP, CROP], align_corners=False)
    return F.grid_sample(pictures, grid, align_corners=False)


def _window(crops: Tensor, share: float, rng: np.random.Generator) -> Tensor:
    """The middle of wider crops, a little off and a little too near or too far, as a finder's boxes are."""
    count = len(crops)
    scale = share * np.exp(rng.normal(0, 0.11, count))
    flip = rng.choice((-1.0, 1.0), count)
    return _placed(crops, scale, rng.normal(0, 0.05, count), flip, rng)


def _over(crops: Tensor, sprites: Tensor, rng: np.random.Generator) -> Tensor:
    """Premultiplied sprites over crops, in dimmer light: one of eight in any rotation, every other batch coarse."""
    count = len(sprites)
    if rng.random() < 0.5:  # as small as actors are in a frame
        sprites = F.interpolate(sprites, (int(rng.integers(16, 40)),) * 2, mode="area")
    turn = np.where(rng.random(count) < 0.125, rng.uniform(-np.pi, np.pi, count), rng.normal(0, 0.15, count))
    seen = _placed(sprites, CONTEXT * np.exp(rng.normal(0, 0.11, count)), turn, rng.choice((-1.0, 1.0), count), rng)
    light = torch.from_numpy(rng.uniform(0.6, 1.05, (count, 1, 1, 1)).astype(np.float32))
    return crops * (1 - seen[:, 3:]) + 2 * light * seen[:, :3] - seen[:, 3:]


# ---------------------------------------------------------------------------------------------- clips


@torch.no_grad()
def heat_of(net: FrameNet, clip: np.ndarray) -> tuple[dict[str, Tensor], Tensor]:
    """What FrameNet finds in all frames but the last, and the probability of actors in each cell (T - 1, 1, G, G).

    clip: uint8 (T, SMALL, SMALL, 3). All results are float32.
    """
    with torch.autocast("cpu", torch.bfloat16):
        found = net(pairs_of(clip[:-1], clip[1:]))
    found = {name: values.float() for name, values in found.items()}
    return found, torch.sigmoid(found["cells"][:, :1])


def moves_of(frame_net: FrameNet, clips: Iterable[np.ndarray]) -> tuple[Tensor, Tensor]:
    """What ClipNet reads of N clips, uint8 (T, SMALL, SMALL, 3) each, float16.

    Flow (N, T - 1, 2, G, G), in cells a step, and the probability of actors in each cell, (N, T - 1, 1, G, G).
    """
    found = [(torch.from_numpy(flow_of(clip)), heat_of(frame_net, clip)[1].half()) for clip in clips]
    return torch.stack([flow for flow, _ in found]), torch.stack([heat for _, heat in found])


def train_clip_net(flow: Tensor, heat: Tensor, slots: dict[str, Tensor], steps: int, seed: int) -> ClipNet:
    """A net trained to tell motion, camera, number of actors and relation of N clips.

    flow, heat: float16, as `moves_of` gives them. slots: int64 (N,) each, the scenes' true values.
    """
    torch.manual_seed(seed)
    net, rng, told = ClipNet(), np.random.default_rng(seed), blind(slots)

    def batches(size: int = 32) -> Iterator[Batch]:
        while True:
            rows = torch.from_numpy(rng.integers(0, len(flow), size))
            moves, seen = flow[rows].float(), heat[rows].float()
            truth = {name: values[rows] for name, values in told.items()}
            if rng.random() < 0.5:
                moves, seen = moves.flip(4) * torch.tensor([-1.0, 1])[:, None, None], seen.flip(4)
                turned = {name: _TURNED[name][truth[name]] for name in _TURNED}
                truth |= turned | {"motion": torch.where(truth["meets"], truth["motion"], turned["motion"])}
            # A cell up, down or to a side: it is the way that counts, not where it begins.
            shift = tuple(int(step) for step in rng.integers(-1, 2, 2))
            moves, seen = moves.roll(shift, (3, 4)), seen.roll(shift, (3, 4))
            noise = torch.from_numpy(rng.normal(0, 0.02, moves.shape).astype(np.float32))
            moves = moves * float(rng.uniform(0.9, 1.1)) + noise
            yield (moves, seen), truth

    _fit(net, batches(), steps, lambda found, truth: _named_loss(found, truth, net.heads))
    return net


def blind(slots: dict[str, Tensor]) -> dict[str, Tensor]:
    """Targets, int64 (B,), of what can be told of scenes without telling the subject from the other one.

    "below" counts as "above", and of two who meet one always goes left; "actors" is how many there are, less one.
    "meets", bool (B,), marks those pairs. slots: int64 (B,) each.
    """
    relation, motion = slots["relation"].clone(), slots["motion"].clone()
    meets = relation == SLOTS["relation"].index("meets")
    relation[relation == SLOTS["relation"].index("below")] = SLOTS["relation"].index("above")
    motion[meets] = SLOTS["motion"].index("left")
    actors = slots["count"] + (slots["relation"] > 0)
    relation[relation == 0] = _IGNORED
    camera = slots["camera"]
    return {"motion": motion, "camera": camera, "relation": relation, "actors": actors, "meets": meets}


def _turned(slot: str) -> Tensor:
    """What each value of a slot becomes in a mirror."""
    other = MIRRORED | {right: left for left, right in MIRRORED.items()}
    return torch.tensor([SLOTS[slot].index(other.get(name, name)) for name in SLOTS[slot]])


_TURNED = {name: _turned(name) for name in ("motion", "camera")}
