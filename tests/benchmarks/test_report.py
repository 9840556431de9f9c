"""A benchmark's result file: what it says, and that it appears whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.report import Report, summarise


def test_median_and_quartiles() -> None:
    summary = summarise([1, 2, 3, 4, 100])
    assert (summary["median"], summary["quartile_low"], summary["quartile_high"]) == (3, 2, 4)
    assert (summary["least"], summary["most"], summary["count"]) == (1, 100, 5)


def test_a_single_value_has_no_spread() -> None:
    summary = summarise([2.5])
    assert summary["median"] == summary["quartile_low"] == summary["quartile_high"] == 2.5


def test_no_value_is_refused() -> None:
    with pytest.raises(ValueError):
        summarise([])


def test_the_file_is_whole_and_says_how_it_was_made(tmp_path: Path) -> None:
    report = Report("demo", protocol="count\n   to three")
    report.add("counting", {"ms": [1.0, 2.0, 3.0]}, horizon=2)
    path = report.write(tmp_path)
    content = json.loads(path.read_text())
    assert content["protocol"] == "count to three"
    assert content["rows"][0]["measures"]["ms"]["median"] == 2
    assert content["rows"][0]["horizon"] == 2
    assert content["machine"]["cores"] >= 1 and "torch" in content["versions"]
    assert [p.name for p in tmp_path.iterdir()] == ["demo.json"]
    assert "counting" in report.table()


@pytest.mark.parametrize(
    "part, device, kept",
    [
        ("quality", "cpu", ["new", "time", "time on gpu"]),
        ("speed", "cpu", ["psnr", "new", "time on gpu"]),
        ("speed", "cuda", ["psnr", "new", "time"]),
        ("both", "cpu", ["new", "time on gpu"]),
    ],
)
def test_a_run_of_one_part_keeps_the_rows_of_the_other(tmp_path: Path, part: str, device: str, kept: list[str]) -> None:
    old = Report("demo", "")
    old.add("psnr", {"psnr_db": [30.0]})
    old.add("time", {"ms_per_frame": [3.0]})
    old.add("time on gpu", {"ms_per_frame": [1.0]}, device="cuda")
    old.write(tmp_path)
    new = Report("demo", "")
    new.add("new", {"psnr_db": [31.0]})
    new.keep_the_rest(tmp_path, part, device)
    assert [row["row"] for row in new.rows] == kept


def test_the_table_shows_medians_or_means() -> None:
    report = Report("demo", "")
    report.add("row", {"ms": [1.0, 2.0, 9.0]})
    assert report.table().splitlines()[1].split() == ["row", "2"]
    assert report.table("mean").splitlines()[1].split() == ["row", "4"]
