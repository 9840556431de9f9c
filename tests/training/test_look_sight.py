"""The picture tower's training: its first layer, what it is shown, and a step of the whole recipe."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import CLIPVisionModelWithProjection

from studio.models.clip import PICTURE_SIZE
from studio.training.__main__ import main
from studio.training.painted_stills import PaintedStills
from studio.training.recipes.look_sight import first_tower

CLIP = Path("checkpoints/clip")


@pytest.mark.shipped
def test_the_far_view_alone_is_seen_as_the_clip_saw_a_still() -> None:
    still = torch.rand(2, 3, PICTURE_SIZE, PICTURE_SIZE, generator=torch.Generator().manual_seed(2)) * 2 - 1
    before = CLIPVisionModelWithProjection.from_pretrained(CLIP, dtype=torch.float32)
    with torch.no_grad():
        wanted = before(pixel_values=still.repeat(1, 4, 1, 1)).image_embeds
        found = first_tower(CLIP)(pixel_values=torch.cat([still, torch.zeros(2, 9, *still.shape[2:])], 1)).image_embeds
    assert torch.allclose(found, wanted, atol=1e-3)


def test_every_look_is_shown_as_often_and_in_its_own_colour() -> None:
    painted = np.empty((3, 2, 320, 320, 3), np.uint8)
    painted[:] = np.array([[200, 40, 40], [40, 200, 40], [40, 40, 200]], np.uint8)[:, None, None, None]
    seen, looks = PaintedStills(painted).draw(12, np.random.default_rng(1))
    assert seen.shape == (12, 12, 96, 96) and sorted(looks) == [0] * 4 + [1] * 4 + [2] * 4
    assert seen.unflatten(1, (4, 3)).mean((1, 3, 4)).argmax(1).tolist() == looks.tolist()
    again, _ = PaintedStills(painted).draw(12, np.random.default_rng(1))
    assert torch.equal(seen, again)


@pytest.mark.shipped
def test_the_recipe_runs_dry() -> None:
    assert main(["look_sight", "--dry-run"]) == 0
