"""The cards under each tab: their files are there, and their values are ones the form takes."""

from pathlib import Path

import pytest

from studio.ui import examples, interpolation, prediction, restyle, text_to_video

TABS = [text_to_video, interpolation, restyle, prediction]


@pytest.mark.parametrize("tab", TABS)
def test_every_file_and_poster_exists(tab):
    assert tab.EXAMPLES
    for example in tab.EXAMPLES:
        assert (examples.FOLDER / tab.TASK / example.poster).is_file()
        for value in example.values.values():
            paths = value if isinstance(value, list) else [value]
            assert all(Path(path).is_file() for path in paths if str(path).endswith((".mp4", ".png")))


@pytest.mark.parametrize("tab", TABS)
def test_cards_are_buttons_with_pictures_inside_the_page(tab):
    markup = examples.markup(tab.TASK, tab.EXAMPLES)
    assert markup.count("<button") == markup.count("data:image/jpeg;base64,") == len(tab.EXAMPLES)
    assert "http" not in markup


def test_titles_are_escaped():
    assert "<script>" not in examples.markup("restyle", (examples.Example("<script>"),))
