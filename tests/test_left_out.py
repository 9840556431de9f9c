"""A machine without a browser or the emoji font says so at the end, and how to get them."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent
SUITE = """
import pytest

@pytest.mark.e2e
@pytest.mark.parametrize("number", [1, 2])
def test_page(number):
    pytest.skip("no browser")

@pytest.mark.emoji_font
def test_sprite():
    pytest.skip("no font")

def test_other():
    pytest.skip("another reason")

@pytest.mark.e2e
def test_http():
    pass
"""


def _run(folder: Path, *chosen: str) -> str:
    """What pytest prints of SUITE in a process of its own, with the conftest of these tests and nothing else."""
    (folder / "test_suite.py").write_text(SUITE, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    e2e\n    emoji_font\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "conftest", "-p", "no:cacheprovider", *chosen]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_one_line_says_what_was_left_out_and_what_brings_it(tmp_path):
    said = [line for line in _run(tmp_path).splitlines() if line.startswith("Left out")]
    assert said == [
        "Left out: 2 tests in a browser (apt-get install chromium), "
        "1 test of painted emoji (apt-get install fonts-noto-color-emoji)."
    ]


def test_nothing_is_said_where_nothing_was_left_out(tmp_path):
    assert "Left out" not in _run(tmp_path, "-k", "test_other or test_http")
