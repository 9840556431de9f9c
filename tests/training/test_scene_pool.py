"""The pool of scenes is a function of the step alone."""

import numpy as np
import torch

from studio.pipelines import base
from studio.training import captions
from studio.training.scene_pool import ScenePool, from_bytes, to_bytes


def paint(rng):
    return {"value": torch.from_numpy(rng.random((4, 3))), "number": torch.from_numpy(rng.integers(0, 9, 4))}


def contents(pool, step):
    pool.at(step)
    return pool.draw(64, np.random.default_rng(1))


def test_a_resumed_pool_holds_what_an_unbroken_one_holds():
    unbroken = ScenePool(paint, blocks=3, refresh_every=2, seed=5)
    for step in range(18):
        now = contents(unbroken, step)
        fresh = contents(ScenePool(paint, blocks=3, refresh_every=2, seed=5), step)
        assert all(torch.equal(now[name], fresh[name]) for name in now)


def test_one_block_is_repainted_at_a_time():
    pool = ScenePool(paint, blocks=3, refresh_every=2, seed=5)
    seen = []
    for step in (1, 2, 4, 6):
        pool.at(step)
        seen.append(pool._rows["value"].clone())
    for before, after, block in zip(seen, seen[1:], (0, 1, 2)):
        changed = (before != after).any(1).view(3, 4).all(1)
        assert changed.tolist() == [index == block for index in range(3)]


def test_bytes_are_the_nearest():
    values = torch.tensor([0.0, 0.5, 1.0, 1.2, -0.3])
    assert to_bytes(values).tolist() == [0, 128, 255, 255, 0]
    torch.testing.assert_close(from_bytes(to_bytes(values)), values.clamp(0, 1), atol=0.002, rtol=0)


def test_training_and_use_scale_embeddings_alike():
    assert captions.EMBEDDING_SCALE == base.EMBEDDING_SCALE
