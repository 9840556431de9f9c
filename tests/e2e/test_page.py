"""The page as a whole: cancel, bad input, tabs that hand results on, settings read back, small screens, privacy."""

import time

import pytest

PROMPT = "a red car drives left across the desert at sunset"


def make_clip(visitor, prompt=PROMPT, seed=None, keep_prompt=False):
    visitor.open("text_to_video")
    if seed is not None:
        visitor.open_advanced("text_to_video")
        visitor.type("text_to_video-seed", str(seed))
    if keep_prompt:
        visitor.page.check("#text_to_video-keep_prompt input")
    visitor.type("text_to_video-prompt", prompt)
    visitor.set("text_to_video-seconds", 1)
    visitor.press("text_to_video-run")
    visitor.wait_until_plays("text_to_video")


def test_cancel_leaves_nothing_and_the_next_job_works(visit, app):
    visitor = visit()
    make_clip(visitor)
    before = {path.name for path in app.job_files()}
    visitor.open_advanced("text_to_video")
    visitor.page.click("#text_to_video-side label:has-text('512')")
    visitor.page.click("#text_to_video-variations label:has-text('4')")
    visitor.set("text_to_video-seconds", 6)
    visitor.set("text_to_video-fps", 30)
    visitor.press("text_to_video-run")
    visitor.page.wait_for_selector("#text_to_video-cancel:enabled")
    visitor.press("text_to_video-cancel")
    visitor.wait_until_says("text_to_video", "Cancelled")
    deadline = time.monotonic() + 60
    while {path.name for path in app.job_files()} != before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert {path.name for path in app.job_files()} == before
    visitor.page.click("#text_to_video-variations label:has-text('1')")
    visitor.page.click("#text_to_video-side label:has-text('256')")
    make_clip(visitor)


def test_closing_the_page_stops_its_job(visit, app):
    visitor = visit()
    visitor.type("text_to_video-prompt", PROMPT)
    visitor.open_advanced("text_to_video")
    visitor.page.click("#text_to_video-side label:has-text('512')")
    visitor.page.click("#text_to_video-variations label:has-text('4')")
    visitor.set("text_to_video-seconds", 6)
    visitor.set("text_to_video-fps", 30)
    visitor.press("text_to_video-run")
    visitor.page.wait_for_selector("#text_to_video-cancel:enabled")
    visitor.page.close()
    other = visit()
    make_clip(other)


def test_a_bad_prompt_gets_one_sentence(visit):
    visitor = visit()
    for prompt, words in (("x" * 10_000, "shorten"), ("", "describe the scene"), ("a cat", "Done")):
        visitor.type("text_to_video-prompt", prompt)
        visitor.press("text_to_video-run")
        visitor.wait_until_says("text_to_video", words)
        assert "Traceback" not in visitor.page.inner_text("body")
        visitor.page.wait_for_selector("#text_to_video-run:enabled")


def test_text_named_mp4_gets_one_sentence(visit, tmp_path, app):
    fake = tmp_path / "notes.mp4"
    fake.write_text("#EXTM3U\nfile:///etc/passwd\n")
    visitor = visit()
    visitor.open("restyle")
    visitor.upload("restyle-clip", fake)
    visitor.page.wait_for_timeout(1500)
    visitor.type("restyle-style", "neon lights")
    visitor.press("restyle-run")
    visitor.page.wait_for_selector("#restyle-progress [role=alert]")
    assert visitor.says("restyle").count(".") >= 1 and "root:" not in visitor.says("restyle")
    visitor.screenshot("bad")


def test_one_keyframe_gets_one_sentence(visit, make):
    visitor = visit()
    visitor.open("interpolation")
    visitor.upload("interpolation-images", make.picture("alone.png"))
    visitor.page.wait_for_selector("#interpolation-images img")
    visitor.press("interpolation-run")
    visitor.wait_until_says("interpolation", "at least two pictures")


def test_a_result_is_handed_to_each_other_tab(visit):
    visitor = visit()
    make_clip(visitor)
    for task, field in (
        ("interpolation", "interpolation-clip"),
        ("restyle", "restyle-clip"),
        ("prediction", "prediction-clip"),
    ):
        visitor.open("text_to_video")
        visitor.press(f"text_to_video-to-{task}")
        visitor.page.wait_for_selector(f"#{field} video:visible")
        assert visitor.page.locator(f"#{task}-run").is_visible()
    visitor.set("prediction-seconds", 0.5)
    visitor.press("prediction-run")
    visitor.wait_until_plays("prediction")


def test_settings_come_back_from_a_result(visit):
    visitor = visit()
    make_clip(visitor, seed=11, keep_prompt=True)
    path = visitor.download("text_to_video-mp4")
    other = visit()
    other.open("restyle")
    other.open_advanced("restyle")
    other.upload("restyle-settings", path)
    other.wait_until_says("text_to_video", "Settings filled in")
    assert other.page.input_value("#text_to_video-prompt textarea") == PROMPT
    other.open_advanced("text_to_video")
    assert other.page.input_value("#text_to_video-seed :is(textarea, input)") == "11"
    assert float(other.page.input_value("#text_to_video-seconds input[type=number]")) == 1


def test_keep_this_seed_and_the_die(visit):
    visitor = visit()
    visitor.open_advanced("text_to_video")  # opening it must not turn "a fresh seed each time" into a number
    make_clip(visitor)
    assert visitor.page.input_value("#text_to_video-seed :is(textarea, input)") == ""
    seed = visitor.page.inner_text("#text_to_video-facts .zoe-seed")
    visitor.press("text_to_video-keep-seed")
    field = "#text_to_video-seed :is(textarea, input)"
    visitor.page.wait_for_function("([q, v]) => document.querySelector(q).value === v", arg=[field, seed])
    visitor.press("text_to_video-die")
    visitor.page.wait_for_function("([q, v]) => document.querySelector(q).value !== v", arg=[field, seed])


@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (1280, "dark")])
def test_nothing_sticks_out_sideways(visit, width, theme):
    visitor = visit(width=width, theme=theme)
    for task in ("text_to_video", "interpolation", "restyle", "prediction"):
        visitor.open(task)
        visitor.screenshot(f"{task}-{width}-{theme}")
        assert visitor.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    dark = visitor.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(int(part) for part in dark[4:-1].split(",")[:3]) < 200) == (theme == "dark")


def test_every_input_has_a_label_and_the_keyboard_reaches_the_button(visit):
    visitor = visit()
    unnamed = visitor.page.evaluate(
        "[...document.querySelectorAll('#zoe-tabs input:not([type=file]), #zoe-tabs textarea')]"
        ".filter(e => e.offsetParent && !e.labels?.length && !e.getAttribute('aria-label')).map(e => e.outerHTML)"
    )
    assert unnamed == []
    visitor.page.focus("#text_to_video-prompt textarea")
    for _ in range(30):
        visitor.page.keyboard.press("Tab")
        if visitor.page.evaluate("document.activeElement.id") == "text_to_video-run":
            break
    visitor.page.keyboard.press("Enter")
    visitor.wait_until_says("text_to_video", "describe the scene")


def test_the_page_does_not_jump_while_it_works(visit):
    visitor = visit()
    where = "document.querySelector('#text_to_video-video').getBoundingClientRect().top"
    button = "document.querySelector('#text_to_video-run').getBoundingClientRect().top"
    before = visitor.page.evaluate(f"[{where}, {button}]")
    visitor.type("text_to_video-prompt", PROMPT)
    visitor.press("text_to_video-run")
    visitor.page.wait_for_selector("#text_to_video-progress [role=progressbar]")
    assert visitor.page.evaluate(f"[{where}, {button}]") == before
    visitor.wait_until_plays("text_to_video")
    assert visitor.page.evaluate(f"[{where}, {button}]") == before


def test_examples_fill_the_form_and_run(visit):
    visitor = visit()
    visitor.open("interpolation")
    visitor.page.locator("#interpolation-examples button").nth(0).click()
    visitor.page.wait_for_function("document.querySelectorAll('#interpolation-images img').length >= 6")
    visitor.open("prediction")
    visitor.page.locator("#prediction-examples button").nth(1).click()
    visitor.page.wait_for_selector("#prediction-clip video")
    assert visitor.page.locator("#prediction-prompt :is(textarea, input)").input_value() == "zooms in"
    visitor.set("prediction-seconds", 0.2)
    visitor.press("prediction-run")
    visitor.wait_until_plays("prediction")
