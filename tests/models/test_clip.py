"""The CLIP: its tokenizer never stops early, prompts differ, four frames are packed as promised."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import CLIPModel, CLIPTextModelWithProjection, CLIPTokenizer

from studio.captions.captions import captions, sample_slots
from studio.models.clip import (
    PICTURE_SIZE,
    TEXT_LENGTH,
    WIDTH,
    build_clip,
    pack_frames,
    text_features,
    tokens_of,
    train_tokenizer,
)


@pytest.fixture(scope="module")
def tokenizer() -> CLIPTokenizer:
    rng = np.random.default_rng(0)
    return train_tokenizer(captions(sample_slots(600, rng), rng), 900)


@pytest.fixture(scope="module")
def clip(tokenizer: CLIPTokenizer) -> CLIPModel:
    torch.manual_seed(0)
    return build_clip(tokenizer, tiny=True).eval()


def test_vocabulary_stands_in_clips_order(tokenizer: CLIPTokenizer) -> None:
    vocabulary = tokenizer.get_vocab()
    assert 600 < len(tokenizer) <= 900
    assert sorted(vocabulary.values()) == list(range(len(tokenizer)))
    assert tokenizer.bos_token_id == len(tokenizer) - 2 and tokenizer.eos_token_id == len(tokenizer) - 1
    by_id = sorted(vocabulary, key=vocabulary.get)
    assert [piece + "</w>" for piece in by_id[:256]] == by_id[256:512]


@pytest.mark.parametrize(
    "text", ["zyx qqq wombat", "ein Löwe", "猫 in the rain", "x", "dogq", "z1z9", "🦄 unicorn", "don't"]
)
def test_unseen_endings_do_not_become_the_end(tokenizer: CLIPTokenizer, text: str) -> None:
    ids = tokenizer(text).input_ids
    assert ids[0] == tokenizer.bos_token_id and ids[-1] == tokenizer.eos_token_id
    assert len(ids) > 2 and tokenizer.eos_token_id not in ids[1:-1] and tokenizer.bos_token_id not in ids[1:]


def test_case_and_spaces_do_not_matter_and_saving_keeps_all(tokenizer: CLIPTokenizer, tmp_path: Path) -> None:
    tokenizer.save_pretrained(tmp_path)
    again = CLIPTokenizer.from_pretrained(tmp_path, local_files_only=True)
    assert len(again) == len(tokenizer)
    plain = tokenizer("a red car at night").input_ids
    for text in ("A red CAR at night", "  a red   car at night "):
        assert tokenizer(text).input_ids == plain == again(text).input_ids


def test_prompts_differ_and_are_finite(clip: CLIPModel, tokenizer: CLIPTokenizer) -> None:
    texts = ["a red car drives left", "a blue car drives left", "oil painting", "", "car " * 300]
    with torch.no_grad():
        embeds = text_features(clip, tokenizer, texts)
    assert embeds.shape == (5, WIDTH) and torch.isfinite(embeds).all()
    assert torch.allclose(embeds.norm(dim=1), torch.ones(5), atol=1e-5)
    assert (torch.cdist(embeds, embeds) + torch.eye(5)).min() > 1e-3
    assert tokens_of(tokenizer, texts)["input_ids"].shape[1] == TEXT_LENGTH


def test_padding_does_not_change_a_prompt(clip: CLIPModel, tokenizer: CLIPTokenizer) -> None:
    with torch.no_grad():
        alone = text_features(clip, tokenizer, ["a dog"])
        beside = text_features(clip, tokenizer, ["a dog", "a very long prompt about a dog in the rain at night"])
    assert torch.allclose(alone[0], beside[0], atol=1e-5)


def test_the_text_tower_alone_gives_the_same_embedding(
    clip: CLIPModel, tokenizer: CLIPTokenizer, tmp_path: Path
) -> None:
    clip.save_pretrained(tmp_path)
    alone = CLIPTextModelWithProjection.from_pretrained(tmp_path).eval()
    with torch.no_grad():
        embeds = alone(**tokens_of(tokenizer, ["a cat at night"])).text_embeds
        expected = text_features(clip, tokenizer, ["a cat at night"])
    assert torch.allclose(embeds / embeds.norm(), expected, atol=1e-5)


def test_four_frames_from_first_to_last_are_packed() -> None:
    clips = torch.linspace(0, 1, 7)[None, :, None, None, None].expand(1, 7, 3, 80, 48)
    packed = pack_frames(clips)
    assert packed.shape == (1, 12, PICTURE_SIZE, PICTURE_SIZE)
    assert torch.allclose(packed[0, ::3, 0, 0], torch.tensor([-1.0, -1 / 3, 1 / 3, 1.0]), atol=1e-5)
    still = pack_frames(clips[:, 3:4])
    assert torch.equal(still[:, :3], still[:, 9:])
