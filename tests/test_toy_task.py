"""A fifth task needs one file and one row: it is then on the page, on the command line, over HTTP and in About."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from studio.cli import main
from studio.service import Studio
from studio.settings import Settings
from studio.ui import page as pages
from studio.ui.about import http_notes
from tests.toy_task import BackwardsRequest, added, serving


@pytest.fixture(scope="module", autouse=True)
def fifth():
    with added():
        yield


@pytest.fixture(scope="module")
def server(tiny_checkpoints, tmp_path_factory):
    """The address of a studio with a fifth task, and with the four tiny generators."""
    with serving(tiny_checkpoints, tmp_path_factory.mktemp("served")) as address:
        yield address


def frames_like(made: np.ndarray, expected: np.ndarray) -> bool:
    """Whether they show the same, but for what the encoder loses."""
    return made.shape == expected.shape and float(np.abs(made.astype(int) - expected).mean()) < 6


def test_it_stands_on_the_command_line(make, look, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ZOETROPE_WORK", str(tmp_path / "w"))
    out = tmp_path / "back.mp4"
    assert main(["turn", str(make.clip()), "--repeat", "2", "--out", str(out)]) == 0
    source = look(make.clip()).frames
    assert frames_like(look(out).frames, np.concatenate([source[::-1], source[::-1]]))
    capsys.readouterr()
    assert main(["turn", str(make.clip()), "--repeat", "9", "--out", str(tmp_path / "b.mp4")]) == 2
    assert "Times must lie between 1 and 3" in capsys.readouterr().err
    assert main(["turn", str(make.picture("a.png")), "--out", str(tmp_path / "b.mp4")]) == 2
    assert "no way to go" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "play a clip backwards" in capsys.readouterr().out


def test_it_stands_in_about():
    assert "<code>/turn</code>" in http_notes(7860) and "repeat, order, title, seed" in http_notes(7860)


def test_it_has_a_tab_with_a_widget_for_each_field(tmp_path):
    with Studio(Settings(work=tmp_path / "w")) as studio:
        config = pages.build(studio).config
    props = {part["props"].get("elem_id"): part["props"] for part in config["components"]}
    assert props["tab-backwards"]["label"] == "Backwards"
    assert props["backwards-run"]["value"] == "Turn it round"
    assert [value for _, value in props["backwards-repeat"]["choices"]] == [1, 2, 3]
    assert [value for _, value in props["backwards-order"]["choices"]] == ["backwards", "there and back"]
    assert {"backwards-clip", "backwards-title", "backwards-seed", "backwards-keep_prompt"} <= set(props)
    assert "restyle-to-backwards" in props and "backwards-to-restyle" in props


def test_it_answers_over_http(server, make, look):
    from gradio_client import Client, handle_file

    client = Client(server, verbose=False)
    made = client.predict(handle_file(make.clip()), order="there and back", api_name="/turn")
    source = look(make.clip()).frames
    assert frames_like(look(Path(made)).frames, np.concatenate([source, source[::-1]]))
    with pytest.raises(Exception, match="Order must be one of"):
        client.predict(handle_file(make.clip()), order="up", api_name="/turn")


def test_every_task_is_a_tool_for_agents(server, make, look):
    """A real MCP client lists the tools with their schema, calls two, and reads a fault as one sentence."""
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async def talk():
        async with (
            streamablehttp_client(f"{server}gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            tools = {tool.name: tool for tool in (await session.list_tools()).tools}
            asked = {"prompt": "a red car", "seconds": 1, "fps": 6, "width": 144, "height": 144, "seed": 3}
            made = await session.call_tool("generate", asked)
            wrong = await session.call_tool("generate", {**asked, "prompt": "?!"})
            return tools, made, wrong

    with ThreadPoolExecutor(1) as pool:  # a thread of its own: the browser's driver keeps a loop running in this one
        tools, made, wrong = pool.submit(asyncio.run, talk()).result()
    assert set(tools) == {"generate", "interpolate", "restyle", "study", "predict", "turn"}
    repeat = tools["turn"].inputSchema["properties"]["repeat"]
    assert (repeat["type"], repeat["minimum"], repeat["maximum"], repeat["default"]) == ("integer", 1, 3, 1)
    assert repeat["description"] == "How often it is played."
    assert tools["turn"].inputSchema["required"] == ["clip"]
    assert tools["restyle"].inputSchema["properties"]["where"]["enum"] == ["everything", "subject", "background"]
    assert not made.isError and ".mp4" in made.content[0].text
    assert wrong.isError and "Please describe the scene" in wrong.content[0].text


def test_its_finished_file_fills_its_form_again(tmp_path, make):
    with Studio(Settings(work=tmp_path / "w")) as studio:
        request = BackwardsRequest(clip=make.clip(), repeat=2, title="mine", seed=5, keep_prompt=True)
        video = studio.run(request).video
        assert studio.request_in(video, clip=make.clip()) == request
