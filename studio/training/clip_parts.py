"""The CLIP's parts as a pipeline's folder holds them: the same bytes in all four, cut out of checkpoints/clip."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import CLIPTextModelWithProjection, CLIPTokenizer, CLIPVisionModelWithProjection

from studio.errors import CheckpointError

_KINDS = {"text_encoder": CLIPTextModelWithProjection, "image_encoder": CLIPVisionModelWithProjection}


def save_clip_parts(checkpoints: Path, folder: Path, parts: tuple[str, ...] = ("text_encoder", "tokenizer")) -> None:
    """Write the named parts (text_encoder, image_encoder in float16, tokenizer) of checkpoints/clip into `folder`.

    Raises CheckpointError if the CLIP has not been trained yet.
    """
    source = checkpoints / "clip"
    if not (source / "config.json").is_file():
        raise CheckpointError(f"There is no CLIP in {source}: train it first with `python -m studio.training clip`.")
    for part in parts:
        if part == "tokenizer":
            CLIPTokenizer.from_pretrained(source, local_files_only=True).save_pretrained(folder / part)
            continue
        tower = _KINDS[part].from_pretrained(source, local_files_only=True, dtype=torch.float16)
        tower.save_pretrained(folder / part, max_shard_size="15MB")
