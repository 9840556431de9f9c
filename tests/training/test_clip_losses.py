"""The CLIP's losses on embeddings whose neighbours are known, and what its batches of texts and clips promise."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from studio.captions.lexicon import SLOTS
from studio.models.clip import PICTURE_SIZE
from studio.teachers.looks import LOOKS
from studio.training.clip_heads import CosineClassifier, contrastive, three_ways
from studio.training.clip_texts import MEANINGS, disturb, looks_of, meaning_texts, scene_texts


def vectors(count: int, seed: int = 1) -> torch.Tensor:
    return F.normalize(torch.randn(count, 256, generator=torch.Generator().manual_seed(seed)), dim=1)


def test_contrastive_loss_is_least_for_the_right_pairs() -> None:
    found, scale = vectors(6), torch.tensor(20.0)
    right = contrastive(found, found, torch.arange(6), scale)
    assert right < contrastive(found, found.roll(1, 0), torch.arange(6), scale)
    twins = torch.cat([found[:3], found[:3]])
    same = contrastive(twins, twins, torch.tensor([0, 1, 2, 0, 1, 2]), scale)
    assert torch.allclose(same, torch.tensor(2.0).log(), atol=0.2)


def test_captions_of_no_picture_count_as_wrong_answers() -> None:
    found, scale = vectors(6), torch.tensor(20.0)
    alone = contrastive(found, found, torch.arange(6), scale)
    assert contrastive(found, found, torch.arange(6), scale, vectors(4, 2)) < alone + 0.01
    assert contrastive(found, found, torch.arange(6), scale, found[:4]) > alone + 0.2


def test_three_ways_wants_wordings_together_and_changes_apart() -> None:
    one, scale = vectors(5), torch.tensor(20.0)
    apart = three_ways(torch.cat([one, one, vectors(5, 2)]), scale)
    close = three_ways(torch.cat([one, one, F.normalize(one + 0.02 * vectors(5, 3), dim=1)]), scale)
    mixed = three_ways(torch.cat([one, one.roll(1, 0), vectors(5, 2)]), scale)
    assert apart < close < mixed


def test_naming_goes_by_direction() -> None:
    classifier = CosineClassifier(4)
    with torch.no_grad():
        assert classifier(F.normalize(classifier.directions, dim=1) * 1.0).argmax(1).tolist() == [0, 1, 2, 3]


def test_scenes_come_in_threes_whose_last_differs_in_one_slot() -> None:
    texts = scene_texts(12, np.random.default_rng(4))
    assert len(texts.phrases) == 36 and set(texts.labels) == set(SLOTS)
    one, same, changed = ({name: v[i : i + 12] for name, v in texts.labels.items()} for i in (0, 12, 24))
    assert all(torch.equal(one[name], same[name]) for name in SLOTS)
    assert (torch.stack([one[name] != changed[name] for name in SLOTS]).sum(0) == 1).all()
    assert sum(a != b for a, b in zip(texts.phrases[:12], texts.phrases[12:24])) >= 11


def test_disturbing_keeps_the_words_that_count() -> None:
    rng = np.random.default_rng(2)
    for _ in range(50):
        said = disturb("a red dog chases the blue ball in the rain", rng).split()
        kept = [word for word in said if word in "red dog chases blue ball in rain".split()]
        assert [w for w in kept if w != "in"] == "red dog chases blue ball rain".split()


def test_meanings_are_shares_that_sum_to_one_and_looks_gather_their_styles() -> None:
    rng = np.random.default_rng(3)
    for kind in ("style", "course", "timing"):
        phrases, shares = meaning_texts(kind, 90, rng)
        assert len(phrases) == 90 and shares.shape == (90, len(MEANINGS[kind]))
        assert torch.allclose(shares.sum(1), torch.ones(90)) and (shares.sum(0) > 0).float().mean() > 0.9
    styles = meaning_texts("style", 300, rng)[1]
    assert ((styles > 0).sum(1) == 2).any()
    looks = looks_of(styles)
    assert looks.shape == (300, len(LOOKS)) and torch.allclose(looks.sum(1), torch.ones(300))


@pytest.mark.emoji_font
def test_twins_differ_in_one_slot_and_spots_lie_on_the_subject() -> None:
    from studio.training.clip_batches import ScenePairs

    scenes = ScenePairs(5, tiny=True, held_out=True)
    pairs = scenes.fresh(4, np.random.default_rng(1), hard=1.0)
    assert pairs.clips.shape == (4, 4, 3, PICTURE_SIZE, PICTURE_SIZE)
    assert 0 <= pairs.clips.min() and pairs.clips.max() <= 1
    assert len(pairs.phrases) == len(pairs.wrong) == 4 and pairs.phrases != pairs.wrong
    assert pairs.spots.shape == (4, 2, 4, 2)
    alone = pairs.labels["other"] == 0
    assert (pairs.spots[alone, 1] < 0).all() and (pairs.spots[~alone, 1] > -1).all()
    for first in (0, 2):
        unlike = [name for name, values in pairs.labels.items() if values[first] != values[first + 1]]
        assert len(set(unlike) - {"place", "time", "weather", "colour"}) <= 1
