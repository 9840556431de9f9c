"""What a stranger may hand to restyling: each file gives a result that shows something, or one clear sentence."""

import numpy as np
import pytest
from PIL import Image

from studio.errors import RequestError
from studio.media import pictures
from studio.requests import RestyleRequest


def gradient(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    return (x * 200 // width + y * 55 // height).astype(np.uint8)


def painted(studio, path, **wish) -> np.ndarray:
    """The restyled picture, RGB (H, W, 3)."""
    result = studio.run(RestyleRequest(source=path, style="oil painting", seed=1, **wish))
    with Image.open(result.picture) as picture:
        assert picture.mode == "RGB"
        return np.asarray(picture)


def test_sixteen_bits(studio, tmp_path):
    """A 16-bit grey ramp is a ramp, not black, white, or its low bytes: at strength 0 it comes back in 8 bits."""
    ramp = np.tile(np.linspace(0, 65535, 96).astype(np.uint16), (64, 1))
    Image.fromarray(ramp).save(tmp_path / "deep.png")
    same = painted(studio, tmp_path / "deep.png", strength=0.0)
    assert same.shape == (64, 96, 3)
    assert np.abs(same[..., 0].astype(int) - np.round(ramp / 257)).max() <= 1
    assert painted(studio, tmp_path / "deep.png").shape == (64, 96, 3)


def test_grey_and_paletted(studio, tmp_path):
    Image.fromarray(gradient(40, 56)).save(tmp_path / "grey.png")
    Image.fromarray(gradient(40, 56)).convert("P").save(tmp_path / "palette.gif")
    assert painted(studio, tmp_path / "grey.png").shape == (40, 56, 3)
    studio.run(RestyleRequest(source=tmp_path / "palette.gif", style="neon", seed=1))


def test_transparency_is_laid_over_white(studio, tmp_path):
    """Fully transparent black is white paper, and the note says so."""
    clear = np.zeros((48, 64, 4), np.uint8)
    clear[:, :32] = (200, 30, 30, 255)
    Image.fromarray(clear).save(tmp_path / "clear.png")
    result = studio.run(RestyleRequest(source=tmp_path / "clear.png", style="oil painting", strength=0.0, seed=1))
    with Image.open(result.picture) as picture:
        pixels = np.asarray(picture)
    assert (pixels[:, 34:] == 255).all() and (pixels[:, :30] == (200, 30, 30)).all()
    assert any("white" in note for note in result.notes)


def test_a_picture_that_comes_smaller_is_told(studio, tmp_path, monkeypatch):
    """The bound of 16.8 million pixels, made small; a picture below it is told nothing."""
    Image.fromarray(np.dstack([gradient(60, 80)] * 3)).save(tmp_path / "a.png")
    for most, size in ((4800, (80, 60)), (1200, (40, 30))):
        monkeypatch.setattr(pictures, "MOST_PIXELS", most)
        result = studio.run(RestyleRequest(source=tmp_path / "a.png", style="oil painting", seed=1))
        with Image.open(result.picture) as picture:
            assert picture.size == size
        told = [note for note in result.notes if "80x60" in note]
        assert told == (
            ["The picture is 80x60, more than is worked on at once; it was read at 40x30."] if most == 1200 else []
        )


def test_four_thousand_pixels(studio, tmp_path):
    """Wide and flat, so that the test stays quick; painted small and brought back to its own size."""
    Image.fromarray(np.dstack([gradient(200, 4000)] * 3)).save(tmp_path / "wide.jpg")
    assert painted(studio, tmp_path / "wide.jpg").shape == (200, 4000, 3)


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (47, 31)])
def test_tiny_and_narrow(studio, tmp_path, size):
    Image.fromarray(np.full((*size, 3), 120, np.uint8)).save(tmp_path / "tiny.png")
    assert painted(studio, tmp_path / "tiny.png").shape == (*size, 3)


def test_one_frame_and_black_clips(studio, make, look):
    one = studio.run(RestyleRequest(source=make.clip("single.mp4", frames=1), style="oil painting", seed=1))
    assert len(look(one.video).frames) == 1
    black = make.clip("black.mp4", frames=6, extra=("-vf", "lutyuv=y=16:u=128:v=128"))
    assert look(black).frames.max() < 20
    result = studio.run(RestyleRequest(source=black, style="oil painting", seed=1))
    assert len(look(result.video).frames) == 6


def test_a_style_of_one_colour_is_refused(studio, make, tmp_path):
    Image.new("RGB", (60, 40), (200, 30, 40)).save(tmp_path / "plain.png")
    with pytest.raises(RequestError, match="single colour"):
        studio.run(RestyleRequest(source=make.picture("a.png"), style_image=tmp_path / "plain.png", seed=1))


@pytest.mark.parametrize("words", ["", "   ", "\t\n"])
def test_an_empty_look_is_refused_before_anything_runs(make, words):
    with pytest.raises(RequestError, match="name a look"):
        RestyleRequest(source=make.picture("a.png"), style=words)


def test_only_a_refusal_is_no_look(studio, make):
    with pytest.raises(RequestError):
        studio.run(RestyleRequest(source=make.picture("a.png"), style="not oil painting", seed=1))


def test_contradictory_looks_are_painted_and_told(studio, make):
    result = studio.run(RestyleRequest(source=make.picture("a.png"), style="black and white neon", seed=1))
    with Image.open(result.picture) as picture:
        pixels = np.asarray(picture).astype(int)
    assert (pixels.max(-1) - pixels.min(-1)).max() == 0
    assert any("greys" in note for note in result.notes)
