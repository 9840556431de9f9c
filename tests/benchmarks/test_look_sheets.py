"""The contact sheets: every look once, cells where they belong, files no larger than they may be."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.look_sheets import CELL, SHEETS, cell, clip_sheet, contact_sheet, look_sheet, manner_sheet, save_jpeg
from studio.teachers.look_words import STYLES
from studio.teachers.looks import LOOKS


def grey(value: int, frames: int = 1) -> np.ndarray:
    return np.full((frames, 64, 96, 3), value, np.uint8)


def test_the_sheets_show_every_look_once() -> None:
    style_of = {word: name for name, style in STYLES.items() for word in (*style.words, *style.makers)}
    shown = [style_of[words] for sheet in SHEETS for words in sheet.looks]
    assert sorted(shown) == sorted(LOOKS)


def test_cells_follow_each_other_in_rows() -> None:
    cells = [cell(grey(value)[0], "") for value in (10, 90, 170)]
    sheet = np.asarray(contact_sheet(cells, columns=2))
    width, height = cells[0].size
    assert sheet.shape == (2 * height + 6, 2 * width + 6, 3)
    middles = [sheet[CELL[1] // 2, CELL[0] // 2], sheet[CELL[1] // 2, width + 6 + 9], sheet[height + 6 + 9, 9]]
    assert [int(middle[0]) for middle in middles] == [10, 90, 170]


def test_a_look_sheet_begins_with_its_source() -> None:
    asked = []

    def restyle(frames: np.ndarray, words: str) -> np.ndarray:
        asked.append(words)
        return np.zeros_like(frames)

    sheet = np.asarray(look_sheet(SHEETS[0], grey(200), restyle))
    assert tuple(asked) == SHEETS[0].looks
    assert sheet[20, 20, 0] == 200 and sheet[20, CELL[0] + 26, 0] == 0


def test_clips_and_manners_are_painted_as_a_whole() -> None:
    lengths = []

    def restyle(frames: np.ndarray, words: str, **manner: object) -> np.ndarray:
        lengths.append((len(frames), len(manner)))
        return frames

    clip_sheet(grey(50, frames=25), restyle)
    assert set(lengths) == {(25, 0)}
    manner_sheet(grey(50), restyle)
    assert (1, 1) in lengths


def test_files_keep_their_limit(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    size = save_jpeg(Image.fromarray(noise), tmp_path / "deep" / "noise.jpg", 9_000)
    assert (tmp_path / "deep" / "noise.jpg").stat().st_size == size <= 9_000
    with pytest.raises(ValueError, match="smaller"):
        save_jpeg(Image.fromarray(noise), tmp_path / "never.jpg", 500)
    assert not (tmp_path / "never.jpg").exists()
