"""A pool of painted scenes as bytes: costly pictures are painted once, used many times, and slowly replaced.

Which scenes are in the pool is a pure function of (seed, step): block b at its n-th painting always holds the same
scenes, and `at(step)` repaints whatever is out of date, so a resumed run sees what an unbroken one would have seen.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

Rows = dict[str, torch.Tensor]
"""Tensors with the same number of rows: pictures as uint8, everything else as it is."""


class ScenePool:
    """`blocks` blocks of equal size, one of which is repainted every `refresh_every` steps.

    Args:
        paint: draws one block of scenes from a generator; always the same number of rows.
        blocks, refresh_every: as above; 0 never repaints.
        seed: of the whole pool.
    """

    def __init__(
        self, paint: Callable[[np.random.Generator], Rows], blocks: int, refresh_every: int, seed: int
    ) -> None:
        self._paint, self._blocks, self._every, self._seed = paint, blocks, refresh_every, seed
        self._turns = [-1] * blocks
        self._rows: Rows = {}
        self._size = 0

    def _turn(self, block: int, step: int) -> int:
        """How often `block` has been repainted by `step`: the k-th repainting goes to block (k - 1) mod blocks."""
        done = step // self._every if self._every else 0
        return (done - block + self._blocks - 1) // self._blocks if done > block else 0

    def at(self, step: int) -> None:
        """Bring the pool to what it is at `step`."""
        for block in range(self._blocks):
            turn = self._turn(block, step)
            if turn == self._turns[block]:
                continue
            state = np.random.SeedSequence((self._seed, block, turn))
            fresh = self._paint(np.random.default_rng(state))
            if not self._rows:
                self._size = len(next(iter(fresh.values())))
                total = self._size * self._blocks
                self._rows = {name: rows.new_zeros(total, *rows.shape[1:]) for name, rows in fresh.items()}
            for name, rows in fresh.items():
                self._rows[name][block * self._size : (block + 1) * self._size] = rows
            self._turns[block] = turn

    def draw(self, count: int, rng: np.random.Generator) -> Rows:
        """`count` random rows; pictures stay bytes (see `pictures`)."""
        chosen = torch.from_numpy(rng.integers(0, self._size * self._blocks, count))
        return {name: rows[chosen] for name, rows in self._rows.items()}


def to_bytes(pictures: torch.Tensor) -> torch.Tensor:
    """Floats in 0..1 to uint8, rounded; any shape."""
    return pictures.clamp(0, 1).mul(255).round().byte()


def from_bytes(pictures: torch.Tensor) -> torch.Tensor:
    """uint8 to float32 in 0..1; any shape."""
    return pictures.float() / 255
