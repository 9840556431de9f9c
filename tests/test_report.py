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
