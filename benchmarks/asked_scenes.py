"""What the generators of the benchmark are asked: prompts of three kinds, and captions that are wrong in one word.

Each seed draws scenes, captions and noise of its own. "seen": combinations and sentences like those of training; "held
out": subject, colour and place never together in training; "paraphrased": sentences built as no training caption is.
Letters: N scenes, M candidates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from studio.captions.captions import captions, sample_slots, say_less, swap_one

KINDS = ("seen", "held out", "paraphrased")
NEGATIVES = 63
UNJUDGED = ("size", "count", "other", "other_colour", "relation")
"""What captions say and the probe does not judge, or not as surely: no hard negative differs in it alone."""


@dataclass(frozen=True)
class Asked:
    """N scenes of one of KINDS: complete ``slots``, the ``labels`` that their ``prompts`` tell of, and the seed."""

    kind: str
    seed: int
    slots: dict[str, Tensor]
    labels: dict[str, Tensor]
    prompts: list[str]

    def __len__(self) -> int:
        return len(self.prompts)


def ask(kind: str, count: int, seed: int) -> Asked:
    """`count` scenes, always the same for the same arguments."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    slots = sample_slots(count, rng, held_out=kind == "held out")
    labels = say_less(slots, rng)
    return Asked(kind, seed, slots, labels, captions(labels, rng, unseen=kind == "paraphrased"))


def with_negatives(labels: dict[str, Tensor], rng: np.random.Generator) -> dict[str, Tensor]:
    """Labels, int64 (1 + NEGATIVES,): those of one scene, then NEGATIVES that each differ from it in one slot.

    labels: slot name -> int64 (), those of the scene.

    All are different; as `swap_one` draws them, every slot that the caption says is as likely to be the wrong one.
    """
    one = {name: value.reshape(1).expand(2 * NEGATIVES) for name, value in labels.items()}
    found = {tuple(int(value) for value in labels.values()): None}
    for _ in range(8):
        swapped, slots = swap_one(one, rng)
        rows = zip(*(values.tolist() for values in swapped.values()))
        found |= {row: None for row, slot in zip(rows, slots) if slot not in UNJUDGED}
        if len(found) > NEGATIVES:
            break
    chosen = list(found)[: 1 + NEGATIVES]
    return {name: torch.tensor(column) for name, column in zip(labels, zip(*chosen))}
