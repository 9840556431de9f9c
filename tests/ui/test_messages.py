"""What the page says: sentences, escaping, progress, facts."""

import re
from pathlib import Path

import pytest

from studio.errors import Cancelled, MediaError
from studio.scene import LookReading, Understanding
from studio.service import Event, Result, Trust
from studio.ui import messages

READING = Understanding(
    "car", "red", place="desert", time="sunset", motion="left_jumping", unknown_words=(("<b>zeppelin</b>", ""),)
)


def result(**changes) -> Result:
    facts = dict(task="text_to_video", video=Path("a.mp4"), seed=41, width=256, height=144, fps=12.0, frames=24)
    return Result(**{**facts, **changes})


def test_progress_tells_steps_and_time_left():
    markup = messages.progress(Event("working", 6, 24, 65.0, "Drawing frames."))
    assert 'aria-valuenow="25"' in markup and "width:25%" in markup
    assert "6 of 24" in markup and "1 min 5 s left" in markup


def test_waiting_says_how_many_are_before():
    assert "2 jobs before yours" in messages.progress(Event("waiting", 2))
    assert "1 job before yours" in messages.progress(Event("waiting", 1))


def test_unknown_length_has_no_number():
    markup = messages.progress(Event("loading", 0, None))
    assert "aria-valuenow" not in markup and "zoe-unknown" in markup


def test_our_own_faults_are_hidden_and_the_users_are_told(caplog):
    assert messages.sentence(MediaError("This is not a clip.")) == "This is not a clip."
    assert messages.sentence(ZeroDivisionError("secret path /home/x")) == messages.OURS
    assert "unexpected error" in caplog.text


def test_errors_are_alerts_and_cancelling_is_not():
    assert 'role="alert"' in messages.failed(MediaError("No."))
    assert 'role="alert"' not in messages.failed(Cancelled())


@pytest.mark.parametrize("markup", [messages.understood(READING), messages.failed(MediaError("<b>zeppelin</b>")),
                                    messages.progress(Event("working", 1, 2, None, "<b>zeppelin</b>"))])  # fmt: skip
def test_strangers_words_are_escaped(markup):
    assert "<b>zeppelin" not in markup and "&lt;b&gt;zeppelin" in markup


def test_understanding_shows_what_was_said_and_the_unknown_word():
    markup = messages.understood(READING, ("The clip has no sound.",))
    for word in ("car", "red", "desert", "sunset", "left jumping", "not known", "has no sound"):
        assert word in markup
    for word in ("second subject", "how many", "camera", "weather"):
        assert word not in markup


def test_a_second_subject_is_shown_with_its_colour():
    reading = Understanding("dog", count="two", other="ball", other_colour="blue", relation="chases")
    markup = messages.understood(reading)
    assert "ball <small>second subject" in markup and "blue <small>its colour" in markup
    assert "chases <small>relation" in markup and "two <small>how many" in markup


def test_a_look_is_shown_with_its_certainty():
    assert "93 % sure" in messages.understood(LookReading("watercolour", 0.93, weights=(("watercolour", 1.0),)))


def test_a_blend_is_shown_with_its_shares():
    blend = LookReading("<i>oil</i>", 0.9, ("zeppelin",), (("<i>oil</i>", 0.7), ("neon", 0.3)))
    page = messages.understood(blend, ("Told <b>so</b>.",))
    assert page.index("70 %") < page.index("30 %") and "sure" not in page
    assert "<i>oil" not in page and "<b>" not in page and "zeppelin" in page


def test_facts_of_a_variation_carry_its_own_seed():
    assert ">43<" in messages.facts(result(), 2)
    assert "24 frames" in messages.facts(result()) and "2 s" in messages.facts(result())
    assert "frames" not in messages.facts(result(picture=Path("a.png")))


@pytest.mark.parametrize(("seconds", "words"), [(0.2, "1 s"), (59, "59 s"), (60, "1 min"), (125, "2 min 5 s")])
def test_durations(seconds, words):
    assert messages.duration(seconds) == words


def trust(seconds: float, confidence=(0.95, 0.8, 0.3, 0.1), length: float = 2.0) -> Trust:
    return Trust(confidence=confidence, seconds=seconds, length=length)


def test_a_continuation_says_how_far_to_trust_it():
    markup = messages.said_of(result(trust=trust(1.0), notes=("A note.",)))
    assert "Trust about the first 1.0 s; after that it is a guess." in markup and "A note." in markup
    assert "95% at the start, 10% after 2 s" in markup
    assert 'class="zoe-sure"' in markup and 'class="zoe-guess"' in markup and "left:50.0%" in markup


@pytest.mark.parametrize(
    ("seconds", "words", "missing"), [(2.0, "whole 2.0 s", "zoe-guess"), (0.0, "a guess", "zoe-sure")]
)
def test_all_or_nothing_to_trust_has_no_border(seconds, words, missing):
    markup = messages.said_of(result(trust=trust(seconds)))
    assert words in markup and missing not in markup and "<i " not in markup


@pytest.mark.parametrize("count", [1, 2, 7, 600])
def test_the_curve_falls_from_left_to_right_within_its_box(count):
    markup = messages.said_of(result(trust=trust(0.5, tuple(1 - number / count for number in range(count)))))
    points = re.search(r'<polyline points="([^"]+)"', markup)[1].split()
    corners = [tuple(map(float, point.split(","))) for point in points]
    assert corners == sorted(corners) and corners[0][0] == 0 and corners[-1][0] == 100 and len(corners) <= 130
    assert all(0 <= x <= 100 and 0 <= y <= 100 for x, y in corners)


def test_nothing_is_said_of_trust_where_nothing_is_predicted():
    assert messages.said_of(result()) == ""
