"""The README's command block runs from top to bottom in an empty folder, as a newcomer would paste it."""

import functools
import re
import shlex
import zipfile
from pathlib import Path

import pytest

from studio.cli import main

ROOT = Path(__file__).resolve().parent.parent


def commands() -> list[list[str]]:
    """The words of every line of the block, as a shell would split them."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = text[text.index("## From the command line") : text.index("Progress goes to stderr")]
    lines = re.findall(r"^    python -m ((?:studio|zipfile) .*)$", block, re.MULTILINE)
    return [shlex.split(line) for line in lines]


@pytest.fixture
def quick_study(monkeypatch):
    """A study of a few steps: what it learns is not the matter here."""
    from studio.pipelines.restyle import study

    monkeypatch.setattr(study, "_PICTURES", 1)
    monkeypatch.setattr(study, "_FRAME", (64, 96))
    monkeypatch.setattr(study, "_CROP", 32)
    monkeypatch.setattr(study, "study", functools.partial(study.study, steps=2))


@pytest.fixture
def generators(tiny_checkpoints, tmp_path) -> Path:
    """Tiny generators, but for prompts: the sky of a tiny scene is too small a picture to study."""
    folder = tmp_path / "generators"
    folder.mkdir()
    for tiny in tiny_checkpoints.iterdir():
        (folder / tiny.name).symlink_to(tiny)
    (folder / "text_to_video").unlink()
    (folder / "text_to_video").symlink_to(ROOT / "checkpoints" / "text_to_video")
    return folder


def test_the_command_block_runs_in_an_empty_folder(generators, tmp_path, monkeypatch, capsys, quick_study):
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    monkeypatch.setenv("ZOETROPE_CHECKPOINTS", str(generators))
    monkeypatch.setenv("ZOETROPE_WORK", str(tmp_path / "work"))
    found = commands()
    assert len(found) >= 10 and {words[1] for words in found} >= {"generate", "interpolate", "restyle", "predict"}
    for program, *words in found:
        if program == "zipfile":
            zipfile.main(words)
            continue
        assert main(words) == 0, capsys.readouterr().err
        for out in (word for flag, word in zip(words, words[1:]) if flag == "--out"):
            named = Path(out)
            assert named.is_file() or list(empty.glob(f"{named.stem}-[1-4]{named.suffix}")), out
    assert "text_to_video" in capsys.readouterr().out
