"""The named endpoints through gradio_client, as the README shows them."""

import json
import shutil
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
PROMPT = "a red car drives left across the desert at sunset"


@pytest.fixture(scope="module")
def client(app, tmp_path_factory):
    from gradio_client import Client

    return Client(app.url, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))


def test_only_these_are_named(client):
    named = client.view_api(return_format="dict")["named_endpoints"]
    assert set(named) == {"/generate", "/interpolate", "/restyle", "/study", "/predict"}


def test_generate_then_hand_on(client, look, tmp_path):
    from gradio_client import handle_file

    clip = client.predict(PROMPT, seconds=1, seed=7, api_name="/generate")
    seen = look(Path(clip))
    assert (seen.codec, seen.size, len(seen.frames)) == ("h264", (256, 256), 12)
    clip = shutil.copy(clip, tmp_path / "clip.mp4")
    again = look(Path(client.predict(PROMPT, seconds=1, seed=7, api_name="/generate")))
    assert (again.frames == seen.frames).all()
    smooth = look(Path(client.predict(clip=handle_file(clip), fps="24", api_name="/interpolate")))
    assert smooth.fps == 24 and len(smooth.frames) == 24
    painted = look(Path(client.predict(handle_file(clip), "oil painting", api_name="/restyle")))
    assert len(painted.frames) == 12
    longer = client.predict(handle_file(clip), seconds=0.5, prompt="pans left", append=True, api_name="/predict")
    assert len(look(Path(longer)).frames) == 18


def test_interpolate_pictures(client, look, make):
    from gradio_client import handle_file

    pictures = [handle_file(make.picture(f"key{n}.png", seed=n)) for n in range(2)]
    film = client.predict(pictures, seconds=0.5, fps="12", api_name="/interpolate")
    assert 6 <= len(look(Path(film)).frames) <= 7


def test_a_box_is_obeyed_over_http(client, make):
    from gradio_client import handle_file

    box = {"where": "subject", "box": "0.2, 0.2, 0.7, 0.8", "brush_size": 1.5, "detail": 0, "details": True}
    files = client.predict(handle_file(make.picture("boxed.png")), "neon lights", **box, api_name="/restyle")
    painted = next(file for file in files if file.endswith(".png"))
    with Image.open(painted) as made, Image.open(make.picture("boxed.png")) as source:
        assert np.array_equal(np.asarray(made)[:8], np.asarray(source.convert("RGB"))[:8])
    with pytest.raises(Exception, match="mark the subject first"):
        client.predict(handle_file(make.clip()), "neon lights", where="subject", api_name="/restyle")


def test_what_cannot_be_studied_or_is_no_look_is_said_in_a_sentence(client, make):
    from gradio_client import handle_file

    clip = handle_file(make.clip())
    with pytest.raises(Exception, match="is a clip"):
        client.predict(clip, api_name="/study")
    with pytest.raises(Exception, match="not a look file"):
        client.predict(clip, look=handle_file(make.picture("a.png")), api_name="/restyle")


def test_details_tell_what_the_page_would_say(client, make):
    """Several futures are a list; with details the last file says what was made, and how far to trust it."""
    from gradio_client import handle_file

    clip = handle_file(make.clip())
    films = client.predict(clip, seconds=0.5, futures=2, seed=3, api_name="/predict")
    assert len(films) == 2 and all(Path(film).suffix == ".mp4" for film in films)
    *films, facts = client.predict(clip, seconds=0.5, seed=3, details=True, api_name="/predict")
    told = json.loads(Path(facts).read_text())
    assert len(films) == 1 and (told["task"], told["seed"], told["frames"], told["fps"]) == ("prediction", 3, 6, 12)
    assert len(told["trust"]["confidence"]) == 6
    assert told["trust"]["sentence"].endswith(".")


def test_transparent_pictures_come_back_transparent(client, make):
    from gradio_client import handle_file

    pictures = [handle_file(make.picture(f"clear{n}.png", seed=n, alpha=True)) for n in range(3)]
    files = client.predict(pictures, fps="10", gap_seconds="0.2, 0.3", at_cut="hold", details=True,
                           api_name="/interpolate")  # fmt: skip
    assert [Path(file).suffix for file in files] == [".mp4", ".webm", ".json"]
    assert json.loads(Path(files[-1]).read_text())["frames"] == 2 + 3 + 1


@pytest.mark.parametrize(
    ("prompt", "seconds", "words"), [("", 1, "describe the scene"), (PROMPT, 100, "between 1 and 6")]
)
def test_faults_come_back_as_one_sentence(client, prompt, seconds, words):
    with pytest.raises(Exception, match=words) as caught:
        client.predict(prompt, seconds=seconds, api_name="/generate")
    assert "Traceback" not in str(caught.value)


@pytest.mark.parametrize("path", ["/etc/passwd", "README.md", "../../../etc/passwd", "studio/settings.py"])
def test_no_other_file_is_served(app, path):
    found = ROOT / path if not path.startswith("/") else path
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{app.url}gradio_api/file={found}", timeout=60)
    assert caught.value.code in (403, 404)
