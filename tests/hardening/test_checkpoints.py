"""Checkpoints from elsewhere: what is damaged, boundless or names code is refused before anything of it is loaded."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from studio.checkpoint_check import check_checkpoint
from studio.errors import CheckpointError
from studio.settings import ROOT

WEIGHTS = "generator/diffusion_pytorch_model.safetensors"


@pytest.fixture
def folder(tmp_path) -> Path:
    return Path(shutil.copytree(ROOT / "checkpoints" / "prediction", tmp_path / "prediction"))


def change(folder: Path, file: str, **values) -> None:
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def spoil(folder: Path, value: float) -> None:
    weights = load_file(folder / WEIGHTS)
    name = sorted(weights)[3]
    weights[name] = weights[name].copy()
    weights[name].flat[-1] = value
    save_file(weights, folder / WEIGHTS)


def cut(folder: Path, keep: int) -> None:
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:keep])


ATTACKS = {
    "not a number": lambda folder: spoil(folder, np.nan),
    "infinite": lambda folder: spoil(folder, -np.inf),
    "a wide network": lambda folder: change(folder, "generator/config.json", width=10**7),
    "many layers": lambda folder: change(folder, "text_encoder/config.json", num_hidden_layers=3000),
    "many words": lambda folder: change(folder, "text_encoder/config.json", vocab_size=10**7),
    "no number": lambda folder: change(folder, "generator/config.json", strength=float("inf")),
    "its own code": lambda folder: change(folder, "text_encoder/config.json", auto_map={"AutoModel": "evil.Model"}),
    "a strange class": lambda folder: change(folder, "model_index.json", generator=["os", "system"]),
    "a pickle": lambda folder: (folder / "generator" / "diffusion_pytorch_model.bin").write_bytes(b"\x80\x04."),
    "a program": lambda folder: (folder / "pipeline.py").write_text("raise SystemExit"),
    "a cut file": lambda folder: cut(folder, 100_000),
    "no header": lambda folder: cut(folder, 5),
    "no JSON": lambda folder: (folder / "generator" / "config.json").write_text("{"),
    "deep JSON": lambda folder: (folder / "generator" / "config.json").write_text("[" * 90_000),
}


def test_the_shipped_checkpoints_pass():
    for folder in (ROOT / "checkpoints").iterdir():
        if folder.is_dir():
            check_checkpoint(folder)


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_hostile_checkpoint_is_refused_in_a_sentence(folder, attack):
    ATTACKS[attack](folder)
    with pytest.raises(CheckpointError, match=r"checkpoint again\.$"):
        check_checkpoint(folder)


@pytest.mark.parametrize("missing", [True, False])
def test_weights_that_are_missing_or_too_many_are_refused(folder, missing):
    from studio.pipelines.prediction import PredictionPipeline

    weights = load_file(folder / WEIGHTS)
    if missing:
        del weights[sorted(weights)[0]]
    else:
        weights["stranger"] = np.zeros(3, np.float16)
    save_file(weights, folder / WEIGHTS)
    with pytest.raises(CheckpointError):
        PredictionPipeline.from_pretrained(folder)
