"""Widget values become requests, and requests become widget values again: both ways, for each tab."""

from fractions import Fraction
from pathlib import Path

import pytest

from studio.errors import RequestError
from studio.requests import InterpolationRequest, PredictionRequest, RestyleRequest, TextToVideoRequest
from studio.ui import interpolation, keyframes, layout, prediction, restyle, text_to_video

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
        InterpolationRequest(images=(CLIP,) * 3, gap_seconds=(0.5, 1.25), fps=Fraction(24), at_cut="cut"),
        {"images": [("clip.mp4", None)] * 3, "clip": None},
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
        restyle,
        RestyleRequest(source=CLIP, style="neon", brush_size=2, detail=1, where="background", box=(0.1, 0.2, 0.5, 1)),
        {"source": "picture", "clip": None, "picture": "clip.mp4", "style_image": None},
    ),
    (
        restyle,
        RestyleRequest(source=CLIP, look=CLIP),
        {"source": "clip", "clip": "clip.mp4", "picture": None, "style_image": "painting.png", "look": "clip.mp4"},
    ),
    (
        prediction,
        PredictionRequest(clip=CLIP, seconds=2, prompt="pans left", append=True, mark=True, seed=1, futures=3),
        {"clip": "clip.mp4"},
    ),
]


@pytest.mark.parametrize(("tab", "request_", "files"), CASES)
def test_a_request_survives_the_form(tab, request_, files):
    values = getattr(tab, "from_request", layout.shown)(request_)
    assert tab.to_request({**values, **files}) == request_


def test_a_part_that_is_not_marked_yet_is_said_in_a_sentence():
    values = restyle.from_request(RestyleRequest(source=CLIP, style="oil"))
    values |= {"source": "clip", "clip": "clip.mp4", "picture": None, "style_image": None, "where": "subject"}
    with pytest.raises(RequestError, match="mark the subject first"):
        restyle.to_request(values)
    values |= {"where": "everything", "mark": '{"box": [0, 0, 1, 1]}'}  # a mark that is no longer wanted
    assert restyle.to_request(values).box == ()


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
    values = {"clip": None} if tab is prediction else {"source": "clip", "clip": None}
    with pytest.raises(RequestError, match="Please add a clip"):
        tab.to_request(values)


@pytest.mark.parametrize("tab", [interpolation, prediction, restyle])
def test_a_moving_picture_stands_behind_the_film_that_is_shown_of_it(tab):
    """The job gets the file that was given, until another clip is put into the box."""
    request = {interpolation: InterpolationRequest(clip=CLIP, fps=60), restyle: RestyleRequest(source=CLIP, style="x")}
    values = getattr(tab, "from_request", layout.shown)(request.get(tab, PredictionRequest(clip=CLIP)))
    values |= {"clip": "/tmp/a/shown.mp4"} if tab is prediction else {"source": "clip", "clip": "/tmp/a/shown.mp4"}
    values["animation"] = ("shown.mp4", "/tmp/b/dance.gif")
    made = tab.to_request(values)
    assert (made.source if tab is restyle else made.clip) == Path("/tmp/b/dance.gif")
    made = tab.to_request({**values, "clip": "/tmp/a/other.mp4"})
    assert (made.source if tab is restyle else made.clip) == Path("/tmp/a/other.mp4")


PICTURES = [("a.png", None), ("b.png", None), ("c.png", None)]


@pytest.mark.parametrize(
    ("chosen", "by", "order", "place"),
    [
        (0, 1, "bac", 1),
        (2, -1, "acb", 1),
        (0, -1, "abc", 0),
        (2, 1, "abc", 2),
        (None, 1, "abc", None),
        (7, 1, "abc", 7),
    ],
)
def test_keyframes_are_moved_one_place(chosen, by, order, place):
    pictures, now = keyframes.moved(PICTURES, chosen, by)
    assert pictures == [(f"{name}.png", str(number)) for number, name in enumerate(order, start=1)]
    assert now == place


def test_clip_rates_are_exact():
    values = interpolation.from_request(InterpolationRequest(clip=CLIP, fps=Fraction(60000, 1001)))
    assert values["fps"] == "59.94"
