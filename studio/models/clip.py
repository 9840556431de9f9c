"""Our small CLIP: one text encoder for all four generators, and a vision tower that sees four frames at once.

The classes are those of `transformers` (CLIPModel, CLIPTokenizer); this file holds what is ours: the sizes, the
tokenizer's training, the packing of a clip into one picture of 12 channels.

Paper: Radford et al. 2021, Learning Transferable Visual Models From Natural Language Supervision (arXiv 2103.00020).
Letters: B clips or texts, T frames, C channels, H x W pixels, D the joint width.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import torch
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from torch import Tensor
from torch.nn import functional as F
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer

VOCABULARY_SIZE = 4096
TEXT_LENGTH = 64
WIDTH = 256  # of the joint space
FRAMES = 4
PICTURE_SIZE = 96
PATCH_SIZE = 12
EMBEDDING_SCALE = 16.0
"""Text and picture embeddings have length one; generators see them at this length, about unit variance per entry."""

# CLIP's own way of cutting a text into words.
_PATTERN = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
_BEGIN, _END = "<|startoftext|>", "<|endoftext|>"


def train_tokenizer(texts: Iterable[str], vocabulary_size: int = VOCABULARY_SIZE) -> CLIPTokenizer:
    """Learn byte pair merges from texts and return them as a CLIPTokenizer.

    The vocabulary stands in CLIP's order: 256 bytes, the same bytes ending a word, merges, begin, end. Without the
    second block an unseen last letter would become unknown, which is the end token, and the text would stop there.
    """
    learner = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    learner.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    learner.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(_PATTERN), behavior="removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
    ])
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    learner.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=vocabulary_size - len(alphabet) - 2, min_frequency=2, end_of_word_suffix="</w>",
        initial_alphabet=alphabet, show_progress=False))
    merges = [tuple(merge) for merge in json.loads(learner.to_str())["model"]["merges"]]
    pieces = alphabet + [letter + "</w>" for letter in alphabet] + [left + right for left, right in merges]
    vocabulary = {piece: index for index, piece in enumerate(dict.fromkeys([*pieces, _BEGIN, _END]))}
    assert len(vocabulary) <= vocabulary_size, len(vocabulary)
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=TEXT_LENGTH)


def clip_config(tokenizer: CLIPTokenizer, tiny: bool = False) -> CLIPConfig:
    """The sizes of both towers for this tokenizer; `tiny` keeps the joint width and shrinks everything else."""
    text = {"hidden_size": 256, "num_hidden_layers": 4, "num_attention_heads": 4, "intermediate_size": 768}
    vision = {"hidden_size": 192, "num_hidden_layers": 4, "num_attention_heads": 4, "intermediate_size": 768}
    if tiny:
        text |= {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
        vision |= {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    # The default end token would give every text the same embedding: the state at its first position.
    text |= {
        "vocab_size": len(tokenizer), "max_position_embeddings": TEXT_LENGTH, "projection_dim": WIDTH,
        "bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    vision |= {
        "num_channels": 3 * FRAMES, "image_size": PICTURE_SIZE, "patch_size": PATCH_SIZE, "projection_dim": WIDTH,
    }
    return CLIPConfig(text_config=text, vision_config=vision, projection_dim=WIDTH)


def build_clip(tokenizer: CLIPTokenizer, tiny: bool = False) -> CLIPModel:
    """A fresh CLIPModel for this tokenizer; random weights come from torch's seed."""
    return CLIPModel(clip_config(tokenizer, tiny))


def tokens_of(tokenizer: CLIPTokenizer, texts: Sequence[str]) -> dict[str, Tensor]:
    """``input_ids`` and ``attention_mask``, int64 (B, L) each; mask 1 for tokens, 0 for padding.

    L is the longest text's number of tokens, at most TEXT_LENGTH: longer texts are cut.
    """
    batch = tokenizer(list(texts), padding=True, truncation=True, max_length=TEXT_LENGTH, return_tensors="pt")
    return {name: batch[name] for name in ("input_ids", "attention_mask")}


def pack_frames(clips: Tensor, size: int = PICTURE_SIZE) -> Tensor:
    """What the vision tower sees: (B, 12, size, size), about -1..1, of the clips' float dtype.

    Args:
        clips: floats (B, T, 3, H, W) in 0..1. Four frames from first to last are taken; fewer are repeated evenly, so
        that
            a still picture (T = 1) is seen four times.
        size: the `image_size` of the tower's configuration.
    """
    batch, count = clips.shape[:2]
    chosen = torch.linspace(0, count - 1, FRAMES, device=clips.device).round().long()
    frames = clips[:, chosen].flatten(0, 1)
    if frames.shape[-2:] != (size, size):
        frames = F.interpolate(frames, (size, size), mode="bilinear", antialias=True, align_corners=False)
    return ((frames - 0.5) / 0.5).reshape(batch, 3 * FRAMES, size, size)


def text_features(model: CLIPModel, tokenizer: CLIPTokenizer, texts: Sequence[str]) -> Tensor:
    """Text embeddings (B, D) of length one, float32."""
    batch = {name: values.to(model.device) for name, values in tokens_of(tokenizer, texts).items()}
    state = model.text_model(**batch).pooler_output
    return F.normalize(model.text_projection(state).float(), dim=-1)


def picture_features(model: CLIPModel, packed: Tensor) -> Tensor:
    """Embeddings (B, D) of length one of what `pack_frames` packed, float32."""
    state = model.vision_model(pixel_values=packed).pooler_output
    return F.normalize(model.visual_projection(state).float(), dim=-1)
