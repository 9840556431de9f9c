"""Look files: what is saved comes back, and whatever is none or does not hold together is refused in one sentence."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from studio.errors import MediaError, RequestError
from studio.models.restyle import RestyleGenerator
from studio.models.studied_look import StudiedLook

CARD = {"zoetrope": "studied look", "version": "1"}


def net(width: int = 8) -> RestyleGenerator:
    torch.manual_seed(0)
    generator = RestyleGenerator.tiny(width=width, looks=["oil", "neon"], look_titles=["oil painting", "neon"])
    torch.nn.init.normal_(generator.look_codes)
    return generator


def look(**about: str) -> StudiedLook:
    rng = np.random.default_rng(0)
    generator = net()
    with torch.no_grad():
        brush = generator.brush(generator.look_codes[:1])
    return StudiedLook(
        brush=brush,
        colours=rng.random((5, 5, 5, 3)).astype(np.float32),
        tones=rng.random((3, 3)).astype(np.float32),
        patches=rng.integers(-127, 128, (3, 16, 16, 3), dtype=np.int8),
        about=about,
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.safetensors"
    look(name="Mine").save(path)
    return path


def test_a_look_comes_back_as_it_was_saved(file: Path):
    first, again = look(name="Mine"), StudiedLook.load(file)
    assert again.about == {"name": "Mine"}
    assert np.array_equal(again.tones, first.tones) and np.array_equal(again.patches, first.patches)
    assert np.abs(again.colours - first.colours).max() < 1e-3
    assert again.brush.kernels.keys() == first.brush.kernels.keys()
    for name, (weight, bias) in first.brush.kernels.items():
        assert again.brush.kernels[name].weight.dtype == torch.float32
        assert torch.allclose(again.brush.kernels[name].weight, weight, atol=2e-3)
        assert torch.allclose(again.brush.kernels[name].bias, bias)
    assert torch.allclose(again.brush.gates, first.brush.gates)
    assert [path.name for path in file.parent.iterdir()] == ["mine.safetensors"]


def test_saving_over_a_look_replaces_it(file: Path):
    look(name="Other").save(file)
    assert StudiedLook.load(file).about == {"name": "Other"}


def test_a_failed_save_leaves_the_old_file_and_nothing_else(file: Path):
    before = file.read_bytes()
    wrong = StudiedLook(look().brush, np.zeros((2, 2, 2, 3), object), look().tones, look().patches)
    with pytest.raises(TypeError):
        wrong.save(file)
    assert file.read_bytes() == before and len(list(file.parent.iterdir())) == 1


def test_it_fits_its_own_generator_only(file: Path):
    studied = StudiedLook.load(file)
    studied.check(net())
    with pytest.raises(RequestError, match="study it again"):
        studied.check(net(width=16))


@pytest.mark.parametrize("said", [{}, {**CARD, "zoetrope": "a poem"}, {**CARD, "version": "2"}])
def test_files_of_another_kind_or_version_are_refused(file: Path, said: dict):
    save_file(load_file(file), file, metadata=said)
    with pytest.raises(MediaError):
        StudiedLook.load(file)


def test_what_is_no_safetensors_file_is_refused(file: Path, tmp_path: Path):
    data = file.read_bytes()
    for wrong in (b"", b"PK\x03\x04", data[: len(data) // 2], data[:4] + b"\xff" * 8 + data[12:]):
        path = tmp_path / "wrong.safetensors"
        path.write_bytes(wrong)
        with pytest.raises(MediaError):
            StudiedLook.load(path)
    with pytest.raises(MediaError):
        StudiedLook.load(tmp_path / "nowhere.safetensors")


def broken(name: str, tensor: torch.Tensor | None) -> dict:
    return {"name": name, "tensor": tensor}


WRONG = [
    broken("patches", None),
    broken("gates", None),
    broken("kernels.enter.bias", None),
    broken("kernels.enter.weight", None),
    broken("extra", torch.zeros(3)),
    broken("patches", torch.zeros(3, 16, 16, 3)),
    broken("patches", torch.zeros(3, 16, 14, 3, dtype=torch.int8)),
    broken("patches", torch.zeros(2, 16, 16, 3, dtype=torch.int8)),
    broken("patches", torch.zeros(3, dtype=torch.int8)),
    broken("tones", torch.full((3, 3), float("nan"))),
    broken("tones", torch.zeros(0, 3)),
    broken("tones", torch.tensor(1.0)),
    broken("colours", torch.full((5, 5, 5, 3), 2.0)),
    broken("colours", torch.zeros(5, 5, 4, 3)),
    broken("kernels.enter.bias", torch.full((8,), float("inf"))),
    broken("kernels.enter.bias", torch.zeros(7)),
    broken("kernels.enter.weight", torch.zeros(8, 4)),
    broken("gates", torch.zeros(3, dtype=torch.int32)),
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong["name"])
def test_whatever_does_not_hold_together_is_refused(file: Path, wrong: dict):
    tensors = load_file(file)
    tensors.pop(wrong["name"], None)
    if wrong["tensor"] is not None:
        tensors[wrong["name"]] = wrong["tensor"]
    save_file(tensors, file, metadata=CARD)
    with pytest.raises(MediaError, match="damaged"):
        StudiedLook.load(file)
