"""Widget values become requests, and requests become widget values again: both ways, for each tab."""

from fractions import Fraction
from pathlib import Path

import pytest

from studio.errors import RequestError
from studio.requests import InterpolationRequest, PredictionRequest, RestyleRequest, TextToVideoRequest
from studio.ui import interpolation, layout, prediction, restyle, text_to_video

CLIP = Path("clip.mp4")
CASES = [
    (text_to_video, TextToVideoRequest(prompt="a red car", seconds=3, fps=24, seed=5, variations=4, variety=0.5), {}),
    (text_to_video, TextToVideoRequest(prompt="a red car", width=512, height=288, keep_prompt=False), {}),
    (text_to_video, TextToVideoRequest(prompt="a red car", width=256, height=456), {}),
    (text_to_video, TextToVideoRequest(prompt="a red car", picture=CLIP), {"picture": "clip.mp4"}),
    (
        interpolation,
        InterpolationRequest(images=(CLIP, CLIP), seconds=0.5, fps=Fraction(24), easing="ease", loop=True, seed=3),
        {"images": [("clip.mp4", None)] * 2, "clip": None},
    ),
    (
        interpolation,
        InterpolationRequest(clip=CLIP, fps=Fraction(60000, 1001), at_cut="dissolve", replace_duplicates=True),
        {"images": None, "clip": "clip.mp4"},
    ),
    (
        restyle,
        RestyleRequest(source=CLIP, style="oil painting", strength=0.5, keep_colours=True, seed=9),
        {"source": "clip", "clip": "clip.mp4", "picture": None, "style_image": None},
    ),
    (
        prediction,
        PredictionRequest(clip=CLIP, seconds=2, prompt="pans left", append=True, mark=True, seed=1),
        {"clip": "clip.mp4"},
    ),
]


@pytest.mark.parametrize(("tab", "request_", "files"), CASES)
def test_a_request_survives_the_form(tab, request_, files):
    values = tab.from_request(request_)
    assert tab.to_request({**values, **files}) == request_


def test_presets_keep_even_sizes_within_bounds():
    for shape in text_to_video.SHAPES:
        for side in text_to_video.SHORT_SIDES:
            values = {
                "prompt": "a cat",
                "shape": shape,
                "side": side,
                "variations": 1,
                "seed": None,
                "keep_prompt": True,
            }
            request = text_to_video.to_request({**values, "seconds": 2, "fps": 12, "variety": 1.0})
            assert request.width % 2 == request.height % 2 == 0 and max(request.width, request.height) <= 512
            ratio = {"square": 1, "16:9": 16 / 9, "9:16": 9 / 16}[shape]
            assert request.width / request.height == pytest.approx(ratio, rel=0.02)


@pytest.mark.parametrize("tab", [restyle, prediction, interpolation])
def test_a_missing_clip_is_said_in_a_sentence(tab):
    values = {"source": "clip", "clip": None, "picture": None, "fps": "60", "prompt": "",
              "at_cut": "hold", "seed": None, "keep_prompt": True}  # fmt: skip
    with pytest.raises(RequestError, match="Please add a clip"):
        tab.to_request(values)


@pytest.mark.parametrize(("text", "seed"), [("", None), (None, None), (" 7 ", 7), ("0", 0)])
def test_an_empty_seed_is_a_fresh_one(text, seed):
    assert layout.seed_of(text) == seed


@pytest.mark.parametrize("text", ["seven", "1.5", "1e3", "٣", "9" * 40])
def test_a_seed_that_is_no_number_is_said_in_a_sentence(text):
    with pytest.raises(RequestError, match="whole number"):
        layout.seed_of(text)


def test_clip_rates_are_exact():
    values = interpolation.from_request(InterpolationRequest(clip=CLIP, fps=Fraction(60000, 1001)))
    assert values["fps"] == "59.94"
