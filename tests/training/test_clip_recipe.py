"""The CLIP's recipe: every phase moves the tower it is for, and what is exported loads and tells prompts apart."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from transformers import CLIPModel, CLIPTokenizer

from studio.models.clip import pack_frames, picture_features, text_features
from studio.training.loop import train
from studio.training.objective import Context
from studio.training.recipes.clip import ClipRecipe


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    (folder / "train" / "photos").mkdir(parents=True)
    rng = np.random.default_rng(3)
    for name in "ab":
        noise = cv2.resize(rng.integers(0, 255, (20, 30, 3), dtype=np.uint8), (600, 400))
        assert cv2.imwrite(str(folder / "train" / "photos" / f"{name}.jpg"), noise)
    return folder


@pytest.mark.emoji_font
def test_two_tiny_steps_of_each_phase_and_the_export(data: Path, tmp_path: Path) -> None:
    context = Context(run=tmp_path / "run", data=data, checkpoints=tmp_path, steps=2, tiny=True)
    recipe = ClipRecipe()
    for item in recipe.phases:
        objective = recipe.objective(item.name, context)
        before = {name: value.clone() for name, value in objective.nets["clip"].named_parameters()}
        assert train(objective, item, tmp_path / "run" / item.name, steps=2) == 2
        after = objective.nets["clip"].named_parameters()
        moved = {name for name, value in after if not torch.equal(value, before[name])}
        assert any(name.startswith("vision_model") for name in moved) == (item.name == "sight")
        assert any(name.startswith("text_model") for name in moved) == (item.name == "words")
    recipe.export(context, tmp_path / "out")
    clip = CLIPModel.from_pretrained(tmp_path / "out").float()
    tokenizer = CLIPTokenizer.from_pretrained(tmp_path / "out", local_files_only=True)
    with torch.no_grad():
        texts = text_features(clip, tokenizer, ["a red car", "a green car"])
        pictures = picture_features(clip, pack_frames(torch.rand(1, 4, 3, 48, 64)))
    assert torch.isfinite(texts).all() and torch.isfinite(pictures).all()
    assert not torch.allclose(texts[0], texts[1], atol=1e-4)
    assert (tmp_path / "out" / "README.md").is_file()
