"""A task without a layout of its own, in a real browser: its tab is drawn from its request's fields, and works."""

import types

import pytest

from tests.toy_task import serving


@pytest.fixture(scope="module")
def app(tiny_checkpoints, tmp_path_factory):
    """In place of the usual app: a studio with a fifth task."""
    folder = tmp_path_factory.mktemp("fifth")
    (folder / "log").touch()
    with serving(tiny_checkpoints, folder) as address:
        yield types.SimpleNamespace(url=address, log=folder / "log")


def test_a_fifth_tab_works(visit, make, look):
    visitor = visit()
    visitor.page.get_by_role("tab", name="Backwards").click()
    visitor.upload("backwards-clip", make.clip())
    visitor.page.wait_for_selector("#backwards-clip video")
    visitor.page.click("#backwards-order label:has-text('There and back')")
    visitor.press("backwards-run")
    visitor.wait_until_plays("backwards")
    assert len(look(visitor.download("backwards-mp4")).frames) == 24
    visitor.press("backwards-to-restyle")
    visitor.page.wait_for_selector("#restyle-clip video")


def test_the_page_about_the_api_opens_by_its_address(visit):
    visitor = visit()
    visitor.page.goto(f"{visitor.app.url}?view=api")
    visitor.page.wait_for_selector(".api-docs :text('turn')")
