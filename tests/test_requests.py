"""Requests: bounds, exact rates, what is refused and how, and the way through JSON."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

from studio.errors import RequestError
from studio.requests import (
    InterpolationRequest,
    PredictionRequest,
    RestyleRequest,
    StudyRequest,
    TextToVideoRequest,
    exact_rate,
    field_of,
    fields_of,
    from_json,
    read,
    scaled_size,
    schema_of,
    variation_seed,
)

KINDS = {
    kind.task: kind
    for kind in (TextToVideoRequest, InterpolationRequest, RestyleRequest, StudyRequest, PredictionRequest)
}

PICTURES = (Path("/secret/place/a.png"), Path("/secret/place/b.png"))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (24, Fraction(24)),
        ("23.976", Fraction(24000, 1001)),
        (23.98, Fraction(24000, 1001)),
        (29.97, Fraction(30000, 1001)),
        ("59.94", Fraction(60000, 1001)),
        (119.88, Fraction(120000, 1001)),
        (12.5, Fraction(25, 2)),
        (25.0, Fraction(25)),
        ("30000/1001", Fraction(30000, 1001)),
        (Fraction(15), Fraction(15)),
    ],
)
def test_rates_are_the_ones_meant(said, meant):
    assert exact_rate(said) == meant


@pytest.mark.parametrize("said", [0, -1, "fast", "", "nan", "inf", 1e9, "1/0"])
def test_rates_that_make_no_sense_are_refused(said):
    with pytest.raises(RequestError):
        exact_rate(said)


@pytest.mark.parametrize(
    "values",
    [
        {"prompt": ""},
        {"prompt": "   "},
        {"prompt": "?!.,"},
        {"prompt": "x" * 10_000},
        {"prompt": "a cat", "seconds": 0.5},
        {"prompt": "a cat", "seconds": 6.5},
        {"prompt": "a cat", "seconds": float("nan")},
        {"prompt": "a cat", "fps": 0},
        {"prompt": "a cat", "fps": float("inf")},
        {"prompt": "a cat", "width": 255},
        {"prompt": "a cat", "height": 1024},
        {"prompt": "a cat", "seed": -1},
        {"prompt": "a cat", "seed": 1.5},
        {"prompt": "a cat", "seed": "seven"},
        {"prompt": "a cat", "variations": 5},
        {"prompt": "a cat", "variety": True},
    ],
)
def test_prompts_out_of_bounds_are_refused_with_one_sentence(values):
    with pytest.raises(RequestError) as error:
        TextToVideoRequest(**values)
    assert str(error.value).endswith((".", ")."))
    assert "\n" not in str(error.value)


def test_emoji_and_other_scripts_are_words():
    assert TextToVideoRequest(prompt="🐱").num_frames == 24
    TextToVideoRequest(prompt="猫が走る")


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"images": PICTURES[:1]},
        {"images": PICTURES, "clip": Path("c.mp4"), "fps": 60},
        {"clip": Path("c.mp4")},
        {"clip": Path("c.mp4"), "fps": 60, "loop": True},
        {"clip": Path("c.mp4"), "fps": 60, "easing": "ease"},
        {"clip": Path("c.mp4"), "fps": 0},
        {"clip": Path("c.mp4"), "fps": 500},
        {"images": PICTURES, "easing": "bouncy"},
        {"images": PICTURES, "seconds": 0},
        {"images": PICTURES, "replace_duplicates": True},
        {"images": PICTURES, "at_cut": "melt"},
        {"images": PICTURES, "gap_seconds": (1, 2)},
        {"images": PICTURES, "gap_seconds": (1,), "loop": True},
        {"images": PICTURES, "gap_seconds": (99,)},
        {"images": PICTURES, "gap_seconds": (float("nan"),)},
        {"clip": Path("c.mp4"), "fps": 60, "gap_seconds": (1,)},
    ],
)
def test_keyframe_requests_that_contradict_themselves_are_refused(values):
    with pytest.raises(RequestError):
        InterpolationRequest(**values)


def test_restyle_needs_a_look_and_prediction_a_length():
    with pytest.raises(RequestError):
        RestyleRequest(source=Path("a.mp4"), style="  ")
    RestyleRequest(source=Path("a.mp4"), style_image=Path("b.png"))
    for wrong in ({"seconds": 60}, {"futures": 0}, {"futures": 5}, {"futures": 1.5}):
        with pytest.raises(RequestError):
            PredictionRequest(clip=Path("a.mp4"), **wrong)
    assert PredictionRequest(clip=Path("a.mp4"), seconds=5, futures=4).futures == 4


RESTYLE = {"source": Path("a.mp4"), "style": "oil"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"look": Path("my.safetensors")}, "either a look file"),
        ({"style": "", "look": Path("my.safetensors"), "style_image": Path("b.png")}, "either a look file"),
        ({"brush_size": 3}, "between 0.5 and 2"),
        ({"detail": -0.1}, "between 0 and 1"),
        ({"where": "left"}, "one of everything"),
        ({"where": "subject"}, "mark the subject first"),
        ({"box": (0, 0, 1, 1)}, "whether the subject or the background"),
        ({"where": "subject", "box": (0, 0, 1, 1), "mask": Path("m.png")}, "not both"),
        ({"where": "subject", "box": (0.5, 0, 0.2, 1)}, "four numbers"),
        ({"where": "subject", "box": (0, 0, 1)}, "four numbers"),
        ({"where": "subject", "box": (0, 0, 1, float("nan"))}, "four numbers"),
        ({"where": "subject", "box": (0, 0, 1, "1")}, "four numbers"),
        ({"where": "subject", "box": (0, 0, 1, 1.5)}, "four numbers"),
    ],
)
def test_restyle_says_what_contradicts(changes, words):
    with pytest.raises(RequestError, match=words):
        RestyleRequest(**{**RESTYLE, **changes})


def test_a_marked_part_and_a_look_file_come_back_from_json():
    marked = {"where": "background", "box": (0.1, 0.2, 0.8, 1)}
    box = RestyleRequest(**RESTYLE, **marked, brush_size=1.5, detail=1, keep_prompt=True)
    assert from_json(box.to_json(), KINDS, source=RESTYLE["source"]) == box
    look = RestyleRequest(source=Path("a.mp4"), look=Path("/secret/my.safetensors"), keep_names=True)
    assert "secret" not in look.to_json() and from_json(look.to_json(), KINDS).look == Path("my.safetensors")
    before = RestyleRequest(**RESTYLE, keep_prompt=True)
    old = {**json.loads(before.to_json()), "source": "a.mp4"}
    for name in ("brush_size", "detail", "where", "box", "mask", "look", "keep_names"):
        del old[name]  # a file of an earlier version
    assert from_json(json.dumps(old), KINDS) == before


def test_a_study_needs_no_words_but_a_short_name():
    assert StudyRequest(picture=Path("a.png")).name == ""
    with pytest.raises(RequestError, match="60"):
        StudyRequest(picture=Path("a.png"), name="x" * 61)


def test_json_carries_names_but_no_paths_and_comes_back():
    request = InterpolationRequest(images=PICTURES, fps=59.94, loop=True, seed=5, gap_seconds=(0.5, 2), keep_names=True)
    text = request.to_json()
    assert "secret" not in text
    again = from_json(text, KINDS, images=PICTURES)
    assert again == request


def test_words_stay_out_of_the_file_unless_kept():
    request = TextToVideoRequest(prompt="my private thoughts")
    assert "private" not in request.to_json()
    assert "private" in TextToVideoRequest(prompt="my private thoughts", keep_prompt=True).to_json()
    source = Path("my private holiday.mov")
    assert "private" not in RestyleRequest(source=source, style="oil", keep_prompt=True).to_json()
    assert "private holiday.mov" in RestyleRequest(source=source, style="oil", keep_names=True).to_json()
    assert "oil" not in RestyleRequest(source=source, style="oil", keep_names=True).to_json()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"task": "dance"}', '{"task": "restyle", "pickle": 1}', "null"])
def test_json_of_something_else_is_refused(text):
    with pytest.raises(RequestError):
        from_json(text, KINDS)


def test_every_bound_has_words_and_its_default_lies_within():
    for kind in KINDS.values():
        found = fields_of(kind)
        assert [each.name for each in found[-3:]] == ["seed", "keep_prompt", "keep_names"]
        for each in found:
            bounds = each.bounds
            assert bounds.label and bounds.help
            assert bool(bounds.takes) == (each.form in ("file", "files"))
            if bounds.low is not None and each.default is not None:
                assert bounds.low <= each.default <= bounds.high


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("prompt", None, ""),
        ("prompt", "  a cat ", "  a cat "),
        ("picture", "", None),
        ("picture", "a.png", Path("a.png")),
        ("seconds", None, 2.0),
        ("seconds", "2.5", 2.5),
        ("width", 256.0, 256),
        ("width", 256.5, 256.5),
        ("seed", "", None),
        ("seed", " 7 ", 7),
        ("seed", "0", 0),
        ("keep_prompt", None, False),
        ("keep_names", None, False),
    ],
)
def test_values_of_widgets_http_and_json_are_read_alike(name, given, value):
    assert read(field_of(TextToVideoRequest, name), given) == value


@pytest.mark.parametrize("text", ["seven", "1.5", "1e3", "٣", "9" * 40])
def test_a_seed_that_is_no_number_is_said_in_a_sentence(text):
    with pytest.raises(RequestError, match="whole number"):
        read(field_of(TextToVideoRequest, "seed"), text)


@pytest.mark.parametrize(("text", "numbers"), [("", ()), (None, ()), ("0.5, 1,2", (0.5, 1, 2)), ("1 2;3", (1, 2, 3))])
def test_a_list_of_numbers(text, numbers):
    field = field_of(InterpolationRequest, "gap_seconds")
    assert read(field, text) == numbers
    with pytest.raises(RequestError, match="commas"):
        read(field, "one, 2")


def test_a_gallery_holds_files_with_their_captions():
    assert read(field_of(InterpolationRequest, "images"), [("a.png", "1"), "b.png"]) == (Path("a.png"), Path("b.png"))


def test_a_file_that_must_be_given_is_asked_for():
    with pytest.raises(RequestError, match="Please add a clip or a picture first"):
        RestyleRequest.of({"style": "oil"})
    with pytest.raises(RequestError, match="Please add a clip first"):
        PredictionRequest.of({"clip": ""})


def test_the_schema_says_what_the_request_checks():
    """Independent of the checks: each bound of the schema is taken, and what lies beyond is refused."""
    for name in ("seconds", "fps", "variety", "variations", "width"):
        schema = schema_of(field_of(TextToVideoRequest, name))
        for within in (schema["minimum"], schema["maximum"]):
            TextToVideoRequest(prompt="a cat", **{name: within})
        for beyond in (schema["minimum"] - 1, schema["maximum"] + 1):
            with pytest.raises(RequestError):
                TextToVideoRequest(prompt="a cat", **{name: beyond})
        assert getattr(TextToVideoRequest(prompt="a cat"), name) == schema["default"]
    assert schema_of(field_of(InterpolationRequest, "easing"))["enum"] == ["linear", "ease", "ease-in", "ease-out"]
    assert schema_of(field_of(InterpolationRequest, "loop"))["type"] == "boolean"
    with pytest.raises(RequestError, match="characters"):
        TextToVideoRequest(prompt="x" * (schema_of(field_of(TextToVideoRequest, "prompt"))["maxLength"] + 1))


def test_the_seed_after_the_largest_is_0():
    largest = schema_of(field_of(TextToVideoRequest, "seed"))["maximum"]
    assert [variation_seed(largest - 1, number) for number in range(3)] == [largest - 1, largest, 0]
    TextToVideoRequest(prompt="a cat", seed=variation_seed(largest, 1))


def test_gaps_of_keyframes():
    three = (*PICTURES, Path("c.png"))
    assert InterpolationRequest(images=three, seconds=2).gaps == (2, 2)
    assert InterpolationRequest(images=three, seconds=2, loop=True).gaps == (2, 2, 2)
    assert InterpolationRequest(images=three, gap_seconds=[0.5, 3]).gaps == (0.5, 3)
    assert InterpolationRequest(clip=Path("c.mp4"), fps=60).gaps == ()


def test_task_is_written_down():
    assert json.loads(RestyleRequest(source=Path("a.mp4"), style="oil").to_json())["task"] == "restyle"


@pytest.mark.parametrize(("shape", "ratio"), [("square", 1), ("16:9", 16 / 9), ("9:16", 9 / 16)])
@pytest.mark.parametrize("short", [144, 256, 288, 512])
def test_sizes_are_even_within_bounds_and_of_their_shape(shape, ratio, short):
    width, height = scaled_size(shape, short)
    assert width % 2 == height % 2 == 0
    assert 144 <= min(width, height) and max(width, height) <= 512
    assert width / height == pytest.approx(ratio, rel=0.02)
