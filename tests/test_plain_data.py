"""Frames, streams, settings, the catalogue and the error tree."""

import inspect
from fractions import Fraction

import numpy as np
import pytest
import torch

from studio import errors
from studio.catalogue import CARDS, find
from studio.clip import FrameStream, check_frames
from studio.errors import CheckpointError, RequestError
from studio.settings import Limits, Settings, from_environment
from studio.tensors import to_float, to_uint8


def test_every_error_stands_in_the_drawn_tree():
    tree = errors.__doc__
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    assert len(kinds) >= 8
    for kind in kinds:
        assert issubclass(kind, errors.StudioError) and kind.__name__ in tree


@pytest.mark.parametrize(
    "frames",
    [
        np.zeros((2, 4, 4, 3), np.float32),
        np.zeros((4, 4, 3), np.uint8),
        np.zeros((2, 4, 4, 4), np.uint8),
        np.zeros((0, 4, 4, 3), np.uint8),
        [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 6, 3), np.uint8)],
        [],
        "frames",
    ],
)
def test_frames_that_are_none_are_refused(frames):
    with pytest.raises(RequestError):
        check_frames(frames)


def test_a_stream_is_closed_once_whatever_happens():
    closed = []
    frames = [np.zeros((2, 2, 3), np.uint8)] * 5
    with FrameStream(frames, size=(2, 2), fps=Fraction(24), on_close=lambda: closed.append(1)) as stream:
        for _ in stream:
            break
    stream.close()
    assert closed == [1]


def test_bytes_survive_the_way_through_floats():
    frames = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 16, 16, 3)
    tensor = to_float(frames)
    assert tensor.shape == (1, 3, 16, 16) and tensor.min() == 0 and tensor.max() == 1
    assert np.array_equal(to_uint8(tensor), frames)
    assert np.array_equal(to_uint8(to_float(frames[0])), frames[0])
    assert to_uint8(torch.tensor([[[-1.0]], [[0.5]], [[9.0]]])).ravel().tolist() == [0, 128, 255]


def test_settings_come_from_flags_then_environment(monkeypatch):
    monkeypatch.delenv("SPACE_ID", raising=False)
    assert from_environment().host == "127.0.0.1"
    monkeypatch.setenv("ZOETROPE_PORT", "9000")
    assert from_environment().port == 9000
    assert from_environment(port=9001).port == 9001
    monkeypatch.setenv("ZOETROPE_PORT", "many")
    with pytest.raises(RequestError):
        from_environment()


def test_a_space_is_public_and_its_limits_are_the_tight_ones(monkeypatch):
    monkeypatch.setenv("SPACE_ID", "someone/zoetrope")
    settings = from_environment()
    assert settings.public and settings.host == "0.0.0.0"
    assert settings.limits == Limits.public()
    assert Limits.public().seconds < Limits.local().seconds


def test_looks_are_kept_on_ones_own_machine_and_never_by_a_public_studio(monkeypatch, tmp_path):
    monkeypatch.delenv("SPACE_ID", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert from_environment().looks == tmp_path / "zoetrope" / "looks"
    monkeypatch.setenv("ZOETROPE_LOOKS", str(tmp_path / "mine"))
    assert from_environment().looks == tmp_path / "mine" and from_environment(looks=tmp_path).looks == tmp_path
    assert from_environment(public=True).looks is None


@pytest.mark.parametrize("values", [{"port": 70000}, {"device": "toaster"}, {"keep_seconds": 0}])
def test_settings_that_make_no_sense_are_refused(values):
    with pytest.raises(RequestError):
        Settings(**values)


def test_a_missing_or_damaged_checkpoint_says_which_and_what_to_do(tmp_path):
    with pytest.raises(CheckpointError, match="restyle.*training restyle"):
        find("restyle", tmp_path)
    folder = tmp_path / "restyle"
    folder.mkdir()
    (folder / "model_index.json").write_text("{")
    (folder / "a.safetensors").write_bytes(b"x")
    with pytest.raises(CheckpointError, match="damaged"):
        find("restyle", tmp_path)


def test_every_card_is_whole():
    assert set(CARDS) == {"clip", "text_to_video", "interpolation", "restyle", "prediction"}
    for name, card in CARDS.items():
        assert card.name == card.folder == name and card.licence and name in card.recipe
