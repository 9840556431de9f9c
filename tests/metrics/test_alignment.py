"""Recall at 1 on embeddings whose neighbours are known, and the input of CLIP's vision tower."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.metrics.alignment import clip_input, recall_at_1


def test_recall_counts_own_rows() -> None:
    answers = torch.eye(4)
    assert recall_at_1(answers, answers) == 1.0
    assert recall_at_1(answers[[1, 0, 2, 3]], answers) == 0.5


def test_recall_refuses_unequal_batches() -> None:
    with pytest.raises(ValueError):
        recall_at_1(torch.eye(3), torch.eye(4))


def test_a_clip_is_read_from_first_to_last_frame() -> None:
    frames = np.stack([np.full((20, 30, 3), 51 * t, np.uint8) for t in range(6)])
    values = clip_input(frames, 8)
    assert values.shape == (12, 8, 8)
    assert values[:3].mean().item() == pytest.approx(-1)
    assert values[-3:].mean().item() == pytest.approx(1)


def test_a_picture_is_repeated() -> None:
    values = clip_input(np.full((1, 9, 9, 3), 128, np.uint8), 8)
    assert torch.equal(values[:3], values[9:])
