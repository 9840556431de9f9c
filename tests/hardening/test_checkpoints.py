"""Damaged and hostile checkpoints: each is refused by the studio's own error before any of it is built or run."""

import os
import shutil
import struct
from pathlib import Path

import pytest

from studio.checkpoint_check import Weight, check_checkpoint, check_weights
from studio.errors import CheckpointError, MediaError
from studio.look_file import read_card
from studio.models.interpolation import InterpolationGenerator
from studio.models.studied_look import StudiedLook
from studio.pipelines import base
from studio.pipelines.fitting import check_fits
from studio.pipelines.prediction import PredictionPipeline
from studio.settings import ROOT
from tests.hardening import spoiled
from tests.models.test_studied_look import look

KINDS = {**spoiled.CONFIGS, **{kind: spoiled.malformed(kind, 1) for kind in spoiled.MALFORMED}}
LONG = {f"{kind} {seed}": spoiled.malformed(kind, seed) for kind in spoiled.MALFORMED for seed in range(2, 40)}
CUT = {f"cut or lied {seed}": spoiled.cut_or_lied(seed) for seed in range(200)}


@pytest.fixture
def checkpoint(tiny_checkpoints, tmp_path, monkeypatch):
    """A whole checkpoint, to be spoiled; what it executes makes the folder that $TRAP names."""
    monkeypatch.setenv("TRAP", str(tmp_path / "executed"))
    return Path(shutil.copytree(tiny_checkpoints / "prediction", tmp_path / "prediction"))


class Built(BaseException):
    """Not an Exception: whatever else goes wrong in building is told as a damaged checkpoint."""


@pytest.fixture
def unbuilt(monkeypatch):
    """Nothing may be built: whoever tries fails."""

    def build(*_, **__):
        raise Built

    monkeypatch.setattr(base.DiffusionPipeline, "from_pretrained", build)


def is_refused(checkpoint: Path, spoil) -> None:
    """Spoil a copy of the checkpoint; loading it must raise one sentence that names no folder above it."""
    root = Path(shutil.copytree(checkpoint, checkpoint.parent / "spoiled"))
    try:
        spoil(root)
        with pytest.raises(CheckpointError) as told:
            PredictionPipeline.from_pretrained(root)
        said = str(told.value)
        assert said.endswith(".") and "\n" not in said and len(said) < 300 and str(root.parent) not in said
        assert not Path(os.environ["TRAP"]).exists()
    finally:
        shutil.rmtree(root)


def test_whole_ones_load(checkpoint):
    PredictionPipeline.from_pretrained(checkpoint)
    for folder in (ROOT / "checkpoints").iterdir():
        if folder.is_dir():
            check_checkpoint(folder)


@pytest.mark.parametrize("spoils", [spoiled.PICKLES, spoiled.REPOSITORIES], ids=["pickles", "repositories"])
def test_what_could_run_code_is_refused_before_anything_is_built(checkpoint, unbuilt, spoils):
    for spoil in spoils.values():
        is_refused(checkpoint, spoil)


@pytest.mark.parametrize("name", [name for name in KINDS if not name.startswith("tokenizer")])
def test_what_is_damaged_or_boundless_is_refused_before_anything_is_built(checkpoint, unbuilt, name):
    is_refused(checkpoint, KINDS[name])


@pytest.mark.parametrize("name", [name for name in KINDS if name.startswith("tokenizer")])
def test_a_tokenizer_without_words_is_refused(checkpoint, name):
    is_refused(checkpoint, KINDS[name])


@pytest.mark.parametrize("rounds", [6, pytest.param(1000, marks=pytest.mark.hardening)])
def test_files_damaged_anywhere_are_refused(checkpoint, unbuilt, rounds):
    for spoil in [*LONG.values(), *CUT.values()][-rounds:]:
        is_refused(checkpoint, spoil)


def test_code_cannot_be_asked_for_by_the_caller(checkpoint):
    for asked in ({"custom_pipeline": "stranger/pipeline"}, {"trust_remote_code": True}):
        with pytest.raises(CheckpointError, match="without code from elsewhere"):
            PredictionPipeline.from_pretrained(checkpoint, **asked)


def test_bfloat16_that_is_no_number_is_seen(tmp_path):
    for value, fine in ((0x3F80, True), (0x7F80, False), (0xFFC0, False)):
        header = {"a": {"dtype": "BF16", "shape": [3], "data_offsets": [0, 6]}}
        spoiled.join(tmp_path / "a.safetensors", header, struct.pack("<3H", 0, value, 0))
        if fine:
            assert check_weights(tmp_path / "a.safetensors") == {"a": Weight((3,), True)}
        else:
            with pytest.raises(CheckpointError, match="no numbers"):
                check_weights(tmp_path / "a.safetensors")


def test_a_single_network_is_looked_over_alike(tmp_path):
    """A network without a pipeline: its files, and that it takes exactly these weights."""
    folder, name = tmp_path / "net", "diffusion_pytorch_model.safetensors"
    InterpolationGenerator.tiny().save_pretrained(folder)
    check_fits(InterpolationGenerator, folder, check_checkpoint(folder)[""])
    whole = (folder / name).read_bytes()
    for kind in spoiled.MALFORMED:
        spoiled.malformed(kind, 5, name)(folder)
        with pytest.raises(CheckpointError):
            check_fits(InterpolationGenerator, folder, check_checkpoint(folder)[""])
        (folder / name).write_bytes(whole)


def test_a_look_file_is_looked_over_alike(tmp_path):
    path = tmp_path / "a.safetensors"
    look().save(path)
    read_card(path)
    StudiedLook.load(path)
    whole = path.read_bytes()
    for kind in spoiled.MALFORMED:
        spoiled.malformed(kind, 3, path.name)(tmp_path)
        with pytest.raises(MediaError):
            read_card(path)
            StudiedLook.load(path)
        path.write_bytes(whole)
