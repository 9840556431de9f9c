"""From chances to one scene: slots that agree, what goes unsaid, and which words were not taken."""

import numpy as np
import pytest

from studio.pipelines.text_to_video.scene_choice import TIMELESS, Reading, at_home, not_taken, unsaid
from studio.pipelines.text_to_video.scene_prompt import Said

SLOTS = {
    "subject": ("dog", "fish", "astronaut", "car"), "colour": ("natural", "red", "blue"), "size": ("normal", "big"),
    "count": ("one", "two"), "other": ("none", "dog", "fish", "astronaut", "car"),
    "other_colour": ("natural", "red", "blue"), "relation": ("none", "beside", "chases"),
    "place": ("any", "meadow", "city", "space", "underwater", "beach", "desert"),
    "time": ("any", "morning", "day", "night"), "motion": ("still", "left", "bounce", "left_jumping"),
    "camera": ("static", "zoom_in"), "weather": ("clear", "rain", "snow", "storm"),
}  # fmt: skip
HOMES = {"dog": ["meadow", "city"], "fish": ["underwater"], "astronaut": ["space"], "car": ["city", "desert"]}


def chances(**wanted):
    """Chances that lean to the first value of each slot, or to the wanted one; ties in the order of the slots."""
    out = {}
    for name, values in SLOTS.items():
        first = [wanted.get(name, values[0])] if not isinstance(wanted.get(name), list) else wanted[name]
        weights = np.full(len(values), 0.01)
        for rank, value in enumerate(first):
            weights[values.index(value)] = 1.0 - 0.3 * rank
        out[name] = weights / weights.sum()
    return out


def read(said=(), **wanted):
    return Reading.of(chances(**wanted), SLOTS, said)


def test_the_likeliest_values_are_taken():
    values = read(subject="car", colour="red", place="desert").values
    assert values["subject"] == "car" and values["colour"] == "red" and values["place"] == "desert"
    assert set(values) == set(SLOTS)


def test_relation_and_other_agree():
    assert read(relation="chases", other_colour="red").values["relation"] == "none"
    assert read(relation="chases", other_colour="red").values["other_colour"] == "natural"
    assert read(other="dog", relation=["none", "beside"]).values["relation"] == "beside"


@pytest.mark.parametrize("place", ["space", "underwater"])
def test_places_without_sky_have_neither_time_nor_weather(place):
    values = read(place=place, time="night", weather="rain").values
    assert values["time"] == "any" and values["weather"] == "clear"


def test_what_is_denied_is_never_read():
    assert read([Said("red", "colour", "red", True)], colour=["red", "blue"]).values["colour"] == "blue"
    assert read([Said("rain", "weather", "rain", True)], weather="rain").values["weather"] != "rain"
    but = [Said("red", "colour", "red", True), Said("blue", "colour", "blue")]
    assert read(but, colour=["red", "natural"]).values["colour"] == "blue", "not red but blue"
    both = [Said("red", "colour", "red", True), Said("red", "colour", "red")]
    assert read(both, colour="red").values["colour"] == "red", "denied of one thing, said of another"


def test_weather_that_is_said_to_be_clear_is_clear():
    said = (Said("no snow", "weather", "clear"),)
    assert read(said, weather="snow").values["weather"] == "clear"
    both = (*said, Said("rain", "weather", "rain"))
    assert read(both, weather="rain").values["weather"] == "rain"


def test_a_prompt_without_a_subject_gets_one_that_lives_there():
    wanted = dict(place="underwater", subject=["car", "dog", "fish"], other="dog")
    values = at_home(read(**wanted), chances(**wanted), SLOTS, HOMES).values
    assert values["subject"] == "fish" and values["other"] == "none" and values["relation"] == "none"
    nowhere = dict(subject=["car", "astronaut", "dog"])
    assert at_home(read(**nowhere), chances(**nowhere), SLOTS, HOMES).values["subject"] == "dog", "a meadow will do"
    assert at_home(read(subject="car"), chances(subject="car"), SLOTS, {}).values["subject"] == "car"


def test_nothing_is_drawn_as_any_and_what_was_said_stays():
    for subject in HOMES:
        for roll in np.linspace(0, 1, 9):
            drawn = unsaid(read(subject=subject), HOMES, SLOTS, (roll, roll))
            assert drawn["place"] in HOMES[subject] and drawn["time"] in ("morning", "day", "night")
    kept = unsaid(read(subject="fish", place="city", time="night"), HOMES, SLOTS, (0.9, 0.1))
    assert (kept["place"], kept["time"]) == ("city", "night")


def test_the_dice_reach_every_home_and_mostly_bright_times():
    rolls = np.linspace(0, 0.999, 200)
    assert {unsaid(read(), HOMES, SLOTS, (roll, 0))["place"] for roll in rolls} == set(HOMES["dog"])
    times = [unsaid(read(), HOMES, SLOTS, (0, roll))["time"] for roll in rolls]
    assert set(times) == {"morning", "day", "night"} and times.count("night") < 40
    assert unsaid(read(), HOMES, SLOTS, (0, 0))["time"] == "day", "the most typical"


def test_two_subjects_meet_where_both_live():
    drawn = unsaid(read(subject="dog", other="car", relation="chases"), HOMES, SLOTS, (0, 0))
    assert drawn["place"] == "city"


def test_weather_and_time_want_a_sky():
    for asked in ({"weather": "rain"}, {"time": "night"}):
        drawn = unsaid(read(subject="astronaut", **asked), HOMES, SLOTS, (0, 0))
        assert drawn["place"] not in TIMELESS
        assert all(drawn[slot] == value for slot, value in asked.items())
    assert unsaid(read(subject="car", weather="snow"), HOMES, SLOTS, (0.99, 0))["place"] == "city", "no snow in deserts"


def ignored(said, **values):
    return list(not_taken(said, read(**values).values))


RED, BLUE = Said("red", "colour", "red"), Said("blue", "colour", "blue")


def test_the_word_of_a_contradiction_that_was_not_taken_is_named():
    assert ignored([RED, BLUE], colour="blue") == ["red"]
    assert ignored([RED, BLUE], colour="blue", other="dog", other_colour="red") == [], "one colour each"
    night, day = Said("at night", "time", "night"), Said("by day", "time", "day")
    assert ignored([night, day], time="night") == ["by day"]
    assert ignored([night], time="night", place="space") == ["at night"], "space has no night"


def test_words_that_agree_are_no_contradiction():
    assert ignored([RED], colour="red") == []
    assert ignored([RED], colour="blue") == [], "misread, which the slots show; nothing contradicts it"
    rain, storm = Said("rain", "weather", "rain"), Said("storm", "weather", "storm")
    assert ignored([rain, storm], weather="storm") == []
    left, jumps = Said("goes left", "motion", "left"), Said("jumps", "motion", "bounce")
    assert ignored([left, jumps], motion="left_jumping") == []
    assert ignored([left, jumps], motion="bounce") == ["goes left"]
    assert ignored([Said("rain", "weather", "rain", True)], weather="clear") == []


def test_a_place_that_is_also_a_thing_is_no_contradiction():
    values = {**read(subject="car").values, "place": "moon"}
    assert list(not_taken([Said("car", "subject", "car"), Said("moon", "subject", "moon")], values)) == []


def test_a_third_noun_is_named():
    nouns = [Said(name, "subject", name) for name in ("dog", "car", "fish")]
    assert ignored(nouns, subject="dog", other="car", relation="chases") == ["fish"]
