"""Whether the shipped checkpoints are whole, and what is said of one that is not."""

import shutil
import subprocess
from pathlib import Path

import pytest

from studio import catalogue
from studio.errors import CheckpointError
from studio.settings import ROOT, bytes_in_words

WEIGHTS = "interpolation/generator/diffusion_pytorch_model.safetensors"


@pytest.fixture
def shipped(tmp_path, monkeypatch) -> Path:
    """A copy of one shipped checkpoint that is taken for the shipped ones."""
    shutil.copytree(ROOT / "checkpoints" / "interpolation", tmp_path / "interpolation")
    monkeypatch.setattr(catalogue, "SHIPPED", tmp_path)
    return tmp_path


def test_the_list_names_every_file_and_coreutils_agree():
    listed = set(catalogue.checksums(catalogue.CHECKSUMS))
    there = {str(path.relative_to(ROOT / "checkpoints")) for path in (ROOT / "checkpoints").rglob("*.*")}
    assert listed == {path for path in there if not path.endswith("README.md")}
    done = subprocess.run(
        ["sha256sum", "--check", "--quiet", str(catalogue.CHECKSUMS)], cwd=ROOT / "checkpoints", capture_output=True
    )
    assert done.returncode == 0, done.stdout


def test_a_whole_checkpoint_is_taken(shipped):
    assert catalogue.verify("interpolation", shipped) == shipped / "interpolation"


def test_one_wrong_byte_is_found_even_after_a_good_look(shipped):
    catalogue.verify("interpolation", shipped)
    weights = bytearray((shipped / WEIGHTS).read_bytes())
    weights[-1] ^= 1
    (shipped / WEIGHTS).write_bytes(weights)
    with pytest.raises(CheckpointError, match="damaged or not the one of this version"):
        catalogue.verify("interpolation", shipped)


def test_a_missing_file_is_named(shipped):
    (shipped / "interpolation" / "generator" / "config.json").unlink()
    with pytest.raises(CheckpointError, match="generator/config.json is missing"):
        catalogue.verify("interpolation", shipped)


def test_each_file_is_read_once(shipped, monkeypatch):
    catalogue.verify("interpolation", shipped)
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} was read again"))
    catalogue.verify("interpolation", shipped)


def test_checkpoints_of_ones_own_are_not_compared(shipped, tmp_path_factory):
    own = tmp_path_factory.mktemp("own")
    shutil.copytree(shipped / "interpolation", own / "interpolation")
    (own / WEIGHTS).write_bytes(b"trained at home")
    assert catalogue.verify("interpolation", own) == own / "interpolation"


@pytest.mark.parametrize(("count", "words"), [(200 << 20, "200 MB"), (4 << 30, "4 GB"), (8_535_000, "8.14 MB")])
def test_bytes_in_words(count, words):
    assert bytes_in_words(count) == words
