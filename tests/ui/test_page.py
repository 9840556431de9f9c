"""The page as a configuration, without a browser: what is public, what is private, what is imported."""

import re
import subprocess
import sys
from pathlib import Path

import gradio as gr
import pytest

from studio.service import Studio
from studio.settings import Limits, Settings
from studio.ui import theme
from studio.ui.page import build, launch_arguments

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with Studio(Settings(work=tmp_path_factory.mktemp("work") / "studio")) as studio:
        yield studio


@pytest.fixture(scope="module")
def page(studio):
    return build(studio)


def test_exactly_five_endpoints_are_public(page):
    named = page.get_api_info()["named_endpoints"]
    assert set(named) == {"/generate", "/interpolate", "/restyle", "/study", "/predict"}
    first = [parameter["parameter_name"] for parameter in named["/generate"]["parameters"]]
    assert first[0] == "prompt"
    assert all(parameter["parameter_has_default"] for parameter in named["/generate"]["parameters"][1:])


def test_every_event_of_the_page_is_private_or_named(page):
    names = {"generate", "interpolate", "restyle", "study", "predict"}
    for event in page.fns.values():
        assert event.api_visibility == "private" or event.api_name in names


def test_all_that_makes_clips_shares_one_queue(page):
    makers = [event for event in page.fns.values() if event.types_generator]
    assert len(makers) >= 12
    assert {event.concurrency_id for event in makers} == {"studio"}


def test_a_run_whose_result_cannot_be_shown_gives_the_button_back(page):
    """On a full disk Gradio fails after our last word; without this the button would stay grey."""
    runs = [
        event for event in page.fns.values()
        if event.types_generator and any(type(each).__name__ == "Video" for each in event.outputs)
    ]  # fmt: skip
    followed = {event.trigger_after: event for event in page.fns.values() if event.trigger_only_on_failure}
    assert len(runs) >= 8 and all(run._id in followed for run in runs)
    for run in runs:
        updates = followed[run._id].fn()
        assert any(isinstance(widget, gr.Button) and change.interactive for widget, change in updates.items() if change)
        assert any("could not be brought" in str(change) for change in updates.values())


def test_launch_keeps_to_itself(studio):
    arguments = launch_arguments(studio)
    assert arguments["server_name"] == "127.0.0.1" and not arguments["share"] and not arguments["ssr_mode"]
    assert not arguments["run_history"] and not arguments["enable_monitoring"]
    assert arguments["max_file_size"] == Limits.local().video_bytes


def test_kept_looks_can_be_downloaded_where_looks_are_kept(studio, tmp_path):
    """And their folder is nobody's business where they are not."""
    assert len(launch_arguments(studio)["allowed_paths"]) == 2
    with Studio(Settings(work=tmp_path / "work", looks=tmp_path / "looks")) as keeping:
        assert str(tmp_path / "looks") in launch_arguments(keeping)["allowed_paths"]


def test_style_and_theme_name_no_other_host():
    text = theme.STYLE.read_text(encoding="utf-8") + theme.HEAD + theme.theme()._get_theme_css()
    assert set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+", text)) <= {"http://www.w3.org"}  # the name of SVG, not a fetch
    assert not theme.theme()._stylesheets


def test_the_page_is_built_without_torch():
    code = (
        "import sys, pathlib, tempfile\n"
        "from studio.service import Studio\nfrom studio.settings import Settings\nfrom studio.ui.page import build\n"
        "with Studio(Settings(work=pathlib.Path(tempfile.mkdtemp()) / 'w')) as studio:\n    build(studio)\n"
        "heavy = {'torch', 'transformers', 'diffusers'} & set(sys.modules)\nassert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_seeds_that_were_left_out_over_http_are_fresh(page):
    named = page.get_api_info()["named_endpoints"]
    for endpoint in named.values():
        seed = next(each for each in endpoint["parameters"] if each["parameter_name"] == "seed")
        assert seed["parameter_has_default"] and seed["parameter_default"] is None


def test_examples_are_small():
    files = [path for path in (ROOT / "studio" / "ui" / "examples").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 2 << 20
