"""Each tab in a real browser: put something in, press, watch it play, look into the file."""

import numpy as np
import pytest
from PIL import Image

from studio.ui.looks import CHOSEN

PROMPT = "a red car drives left across the desert at sunset"


def test_prompt_to_video(visit, look):
    visitor = visit()
    visitor.type("text_to_video-prompt", f"{PROMPT}, gloriously")
    visitor.set("text_to_video-seconds", 1)
    visitor.press("text_to_video-run")
    visitor.wait_until_plays("text_to_video")
    visitor.screenshot("text_to_video")
    seen = look(visitor.download("text_to_video-mp4"))
    assert (seen.codec, seen.pixel_format, seen.size, len(seen.frames)) == ("h264", "yuv420p", (256, 256), 12)
    assert seen.frames.std() > 1
    chips = visitor.page.inner_text("#text_to_video-understood")
    assert "time of day" in chips and "gloriously" in chips
    assert visitor.page.inner_text("#text_to_video-facts .zoe-seed").isdigit()


def test_download_as_gif_and_layers(visit):
    visitor = visit()
    visitor.type("text_to_video-prompt", PROMPT)
    visitor.set("text_to_video-seconds", 1)
    visitor.press("text_to_video-run")
    visitor.wait_until_plays("text_to_video")
    assert visitor.download("text_to_video-gif").read_bytes()[:4] == b"GIF8"
    assert visitor.download("text_to_video-layers").read_bytes()[:2] == b"PK"


def test_four_variations_differ_and_one_can_be_chosen(visit, look):
    visitor = visit()
    visitor.open_advanced("text_to_video")
    visitor.page.click("#text_to_video-variations label:has-text('4')")
    visitor.type("text_to_video-seed", "7")
    visitor.type("text_to_video-prompt", PROMPT)
    visitor.set("text_to_video-seconds", 1)
    visitor.press("text_to_video-run")
    visitor.wait_until_says("text_to_video", "Done")
    visitor.page.wait_for_function("document.querySelector('#text_to_video-cell-3 video')?.readyState >= 3")
    visitor.screenshot("variations")
    first = look(visitor.download("text_to_video-mp4"))
    visitor.press("text_to_video-pick-2")
    visitor.page.wait_for_function("document.querySelector('#text_to_video-facts .zoe-seed').innerText === '9'")
    third = look(visitor.download("text_to_video-mp4"))
    assert (first.frames != third.frames).any()


def test_an_own_picture_as_the_subject(visit, look, tmp_path):
    own = np.zeros((96, 96, 4), np.uint8)
    own[20:90, 20:76] = (40, 160, 90, 255)
    Image.fromarray(own).save(tmp_path / "mine.png")
    visitor = visit()
    visitor.type("text_to_video-prompt", PROMPT)
    visitor.page.click("#text_to_video-own > button")
    visitor.upload("text_to_video-picture-own", tmp_path / "mine.png")
    visitor.page.wait_for_selector("#text_to_video-picture-own img")
    visitor.set("text_to_video-seconds", 1)
    visitor.press("text_to_video-run")
    visitor.wait_until_plays("text_to_video")
    assert len(look(visitor.download("text_to_video-mp4")).frames) == 12


def test_earlier_results_come_back_with_a_click(visit):
    visitor = visit()
    visitor.set("text_to_video-seconds", 1)
    seeds = []
    for number in range(2):
        visitor.type("text_to_video-prompt", f"{PROMPT}, again and again"[: len(PROMPT) + 7 * number])
        visitor.press("text_to_video-run")
        visitor.page.wait_for_function(
            "old => { const s = document.querySelector('#text_to_video-facts .zoe-seed')?.innerText;"
            " return s && s !== old }",
            arg=seeds[-1] if seeds else "",
        )
        visitor.wait_until_plays("text_to_video")
        seeds.append(visitor.page.inner_text("#text_to_video-facts .zoe-seed"))
    visitor.page.wait_for_function("document.querySelectorAll('#made-before-clips video').length >= 2")
    visitor.open("restyle")
    visitor.screenshot("gallery")
    visitor.page.locator("#made-before-clips button.thumbnail-item").nth(1).click()
    visitor.page.wait_for_selector("#text_to_video-run:visible")
    visitor.page.wait_for_function(
        "seed => document.querySelector('#text_to_video-facts .zoe-seed')?.innerText === seed", arg=seeds[0]
    )


def test_keyframes_from_pictures(visit, make, look):
    visitor = visit()
    visitor.open("interpolation")
    visitor.upload("interpolation-images", *(make.picture(f"key{n}.png", seed=n) for n in range(3)))
    visitor.page.wait_for_function("document.querySelectorAll('#interpolation-images img').length >= 3")
    visitor.set("interpolation-seconds", 0.5)
    visitor.press("interpolation-run")
    visitor.wait_until_plays("interpolation")
    visitor.screenshot("interpolation")
    seen = look(visitor.download("interpolation-mp4"))
    assert seen.size == (64, 48) and seen.fps == 24
    assert 24 <= len(seen.frames) <= 25  # two gaps of half a second at 24, and the last picture


def test_keyframes_change_places_and_keep_their_transparency(visit, make, look):
    visitor = visit()
    visitor.open("interpolation")
    visitor.upload("interpolation-images", *(make.picture(f"clear{n}.png", seed=n, alpha=True) for n in range(2)))
    visitor.page.wait_for_function("document.querySelectorAll('#interpolation-images .caption-label').length >= 2")
    names = "[...document.querySelectorAll('#interpolation-images img')].map(i => i.src.split('/').pop())"
    before = visitor.page.evaluate(names)
    visitor.page.locator("#interpolation-images .thumbnail-item").nth(0).click()
    visitor.page.wait_for_timeout(1000)
    visitor.press("interpolation-later")
    visitor.page.wait_for_function(f"names => JSON.stringify({names}) === JSON.stringify(names)", arg=before[::-1])
    visitor.set("interpolation-seconds", 0.5)
    visitor.press("interpolation-run")
    visitor.wait_until_plays("interpolation")
    assert "over white" in visitor.page.inner_text("#interpolation-understood")
    film = look(visitor.download("interpolation-mp4"))
    with Image.open(make.picture("clear1.png", seed=1, alpha=True)) as second:
        solid = np.asarray(second.convert("RGB"))[:, 36:].astype(int)
    assert np.abs(film.frames[0][:, 36:].astype(int) - solid).mean() < 6  # the second picture is now the first
    assert visitor.download("interpolation-webm").read_bytes()[:4] == b"\x1aE\xdf\xa3"


def test_keyframes_from_a_clip_to_an_exact_rate(visit, make, look):
    visitor = visit()
    visitor.open("interpolation")
    visitor.page.click("#interpolation-source label:has-text('A clip')")
    visitor.upload("interpolation-clip", make.clip())
    visitor.page.wait_for_selector("#interpolation-clip video")
    visitor.type("interpolation-fps", "24")
    visitor.page.keyboard.press("Enter")
    visitor.press("interpolation-run")
    visitor.wait_until_plays("interpolation")
    seen = look(visitor.download("interpolation-mp4"))
    assert seen.fps == 24 and len(seen.frames) == 24


def test_restyle_keeps_length_and_sound(visit, make, look):
    visitor = visit()
    visitor.open("restyle")
    visitor.upload("restyle-clip", make.clip("beep.mp4", sound=True))
    visitor.page.wait_for_selector("#restyle-clip video")
    visitor.page.click("#restyle-looks [data-look=oil]")
    visitor.press("restyle-run")
    visitor.wait_until_plays("restyle")
    visitor.screenshot("restyle")
    seen = look(visitor.download("restyle-mp4"))
    assert seen.size == (64, 48) and len(seen.frames) == 12 and seen.has_sound


def test_restyle_a_picture(visit, make):
    visitor = visit()
    visitor.open("restyle")
    visitor.page.click("#restyle-source label:has-text('A picture')")
    visitor.upload("restyle-source-picture", make.picture("still.png"))
    visitor.page.wait_for_selector("#restyle-source-picture img")
    visitor.type("restyle-style", "neon lights")
    visitor.press("restyle-run")
    visitor.wait_until_says("restyle", "Done")
    visitor.page.wait_for_function("document.querySelector('#restyle-picture img')?.naturalWidth === 64")
    assert visitor.download("restyle-png").read_bytes()[:4] == b"\x89PNG"


MIXES = [
    ("", "oil painting", False, "oil painting"),
    ("50% neon lights, 50% sepia", "oil painting", False, "oil painting"),
    ("", "oil painting", True, "oil painting"),
    ("oil painting", "neon lights", True, "50% oil painting, 50% neon lights"),
    ("like an old print", "neon lights", True, "50% like an old print, 50% neon lights"),
    ("70% oil painting, 30% neon lights", "pop art", True, "34% oil painting, 33% neon lights, 33% pop art"),
    ("34% oil painting, 33% neon lights, 33% pop art", "neon lights", True, "50% oil painting, 50% pop art"),
    ("50% oil painting, 50% pop art", "oil painting", True, "pop art"),
    ("pop art", "pop art", True, ""),
]


def test_a_click_on_a_look_writes_the_words(browser):
    """The page's own script, on a wall of one mix button."""
    page = browser.new_page()
    page.set_content('<div id="restyle-looks"><button data-mix></button><div class="zoe-wall"></div></div>')
    set_up = """([look, mix]) => { document.querySelector('.zoe-wall').dataset.clicked = look;
      document.querySelector('[data-mix]').setAttribute('aria-pressed', String(mix)) }"""
    for words, look, mix, expected in MIXES:
        page.evaluate(set_up, [look, mix])
        assert page.evaluate(CHOSEN, words) == expected
    page.close()


def test_looks_are_mixed_with_clicks(visit):
    visitor = visit()
    visitor.open("restyle")
    words = "#restyle-style :is(textarea, input)"
    for press, expected in (
        ("[data-look=oil]", "oil painting"),
        ("[data-mix]", "oil painting"),
        ("[data-look=neon]", "50% oil painting, 50% neon lights"),
        ("[data-look=oil]", "neon lights"),
    ):
        visitor.page.click(f"#restyle-looks {press}")
        visitor.page.wait_for_function("([q, v]) => document.querySelector(q).value === v", arg=[words, expected])
    pressed = "[...document.querySelectorAll('#restyle-looks [data-look][aria-pressed=true]')].map(b => b.dataset.look)"
    visitor.page.wait_for_function(f"JSON.stringify({pressed}) === '[\"neon\"]'")
    visitor.page.click("#restyle-looks .zoe-kinds [data-kind=drawn]")
    shown = visitor.page.locator("#restyle-looks [data-look]:visible")
    assert set(shown.evaluate_all("all => all.map(button => button.dataset.kind)")) == {"drawn"}


def drag(visitor, start, end):
    """Draw on the first frame, from one place to another (shares of its width and height)."""
    frame = visitor.page.locator("#restyle-marker canvas")
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)]
    visitor.page.mouse.move(*places[0])
    visitor.page.mouse.down()
    visitor.page.mouse.move(*places[1], steps=4)
    visitor.page.mouse.up()


@pytest.mark.parametrize("tool", ["box", "brush"])
def test_only_the_marked_subject_is_restyled(visit, make, tool):
    """Drawn on the first frame by hand: far from the mark, the picture stays as it was."""
    path = make.picture("subject.png", (96, 64))
    visitor = visit()
    visitor.open("restyle")
    visitor.page.click("#restyle-source label:has-text('A picture')")
    visitor.upload("restyle-source-picture", path)
    visitor.page.wait_for_selector("#restyle-source-picture img")
    visitor.type("restyle-style", "neon lights")
    visitor.page.click("#restyle-where label:has-text('Only the subject')")
    visitor.page.wait_for_function("document.querySelector('#restyle-marker img')?.naturalWidth === 96")
    visitor.page.click(f"#restyle-marker [data-tool={tool}]")
    drag(visitor, (0.1, 0.2), (0.5, 0.8))
    visitor.press("restyle-run")
    visitor.wait_until_says("restyle", "Done")
    with Image.open(visitor.download("restyle-png")) as made, Image.open(path) as source:
        painted, before = np.asarray(made).astype(int), np.asarray(source.convert("RGB")).astype(int)
    assert (painted[:, 60:] == before[:, 60:]).all()
    assert (painted[:, :60] != before[:, :60]).any()


@pytest.fixture(scope="module")
def look_file(tiny_checkpoints, tmp_path_factory):
    """A look file as a study of a few steps makes it."""
    from studio.pipelines.restyle import RestylePipeline, study

    painting = np.random.default_rng(2).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        for name, small in (("_PICTURES", 1), ("_FRAME", (64, 96)), ("_CROP", 32)):
            patch.setattr(study, name, small)
        look = study.study(RestylePipeline.from_pretrained(tiny_checkpoints / "restyle"), painting, steps=2)
    path = tmp_path_factory.mktemp("looks") / "sunday.safetensors"
    look.save(path)
    return path


def test_a_study_can_be_cancelled(visit, make):
    visitor = visit()
    visitor.open("restyle")
    visitor.page.click("#restyle-from-picture > button")
    visitor.press("restyle-study")
    visitor.page.wait_for_selector("#restyle-study-progress [role=alert]")  # nothing to study yet
    visitor.upload("restyle-style-image", make.picture("painting.png", (120, 90), 3))
    visitor.page.wait_for_selector("#restyle-style-image img")
    visitor.press("restyle-study")
    visitor.page.wait_for_selector("#restyle-study-progress [role=progressbar]")
    visitor.press("restyle-study-cancel")
    visitor.wait_until_says("restyle-study", "Cancelled")
    visitor.page.wait_for_selector("#restyle-study:enabled")


def test_a_look_file_is_kept_used_and_taken_along(visit, make, look, look_file):
    visitor = visit()
    visitor.open("restyle")
    visitor.upload("restyle-clip", make.clip())
    visitor.page.wait_for_selector("#restyle-clip video")
    visitor.page.click("#restyle-from-picture > button")
    with visitor.page.expect_file_chooser() as chooser:
        visitor.press("restyle-look-add")
    chooser.value.set_files(str(look_file))
    visitor.page.wait_for_selector("#restyle-own button[aria-pressed=true]")
    file = visitor.download("restyle-look-file")
    assert file.suffix == ".safetensors" and file.read_bytes() == look_file.read_bytes()
    visitor.press("restyle-run")
    visitor.wait_until_plays("restyle")
    assert len(look(visitor.download("restyle-mp4")).frames) == 12
    visitor.page.click("#restyle-looks [data-look=oil]")
    visitor.page.wait_for_selector("#restyle-own button[aria-pressed=false]")  # words are in use again
    visitor.page.locator("#restyle-own button").click()
    visitor.page.wait_for_selector("#restyle-own button[aria-pressed=true]")
    assert visitor.page.input_value("#restyle-style :is(textarea, input)") == ""
    visitor.press("restyle-look-forget")
    visitor.page.wait_for_selector("#restyle-own", state="hidden")


def test_continue_appended(visit, make, look):
    visitor = visit()
    visitor.open("prediction")
    visitor.upload("prediction-clip", make.clip())
    visitor.page.wait_for_selector("#prediction-clip video")
    visitor.page.get_by_role("button", name="zooms in", exact=True).click()
    visitor.set("prediction-seconds", 0.5)
    visitor.page.click("#prediction-append input")
    visitor.press("prediction-run")
    visitor.wait_until_plays("prediction")
    visitor.screenshot("prediction")
    seen = look(visitor.download("prediction-mp4"))
    assert seen.size == (64, 48) and len(seen.frames) == 12 + 6


def test_several_futures_of_a_gif_and_how_far_to_trust_them(visit, look, tmp_path):
    pictures = [Image.new("RGB", (64, 48), (40, 60, 90)) for _ in range(8)]
    for number, picture in enumerate(pictures):
        picture.paste((240, 200, 60), (4 + 3 * number, 16, 20 + 3 * number, 32))
    pictures[0].save(tmp_path / "dance.gif", save_all=True, append_images=pictures[1:], duration=100, loop=0)
    visitor = visit()
    visitor.open("prediction")
    with visitor.page.expect_file_chooser() as chooser:
        visitor.press("prediction-animation")
    chooser.value.set_files(str(tmp_path / "dance.gif"))
    visitor.page.wait_for_selector("#prediction-clip video")
    visitor.set("prediction-seconds", 1)
    visitor.open_advanced("prediction")
    visitor.page.click("#prediction-futures label:has-text('2')")
    visitor.type("prediction-seed", "7")
    visitor.press("prediction-run")
    visitor.wait_until_says("prediction", "Done")
    visitor.page.wait_for_function("document.querySelector('#prediction-cell-1 video')?.readyState >= 3")
    visitor.screenshot("futures")
    assert "guess" in visitor.page.inner_text("#prediction-understood .zoe-trust")
    first = look(visitor.download("prediction-mp4"))
    visitor.press("prediction-pick-1")
    visitor.page.wait_for_function("document.querySelector('#prediction-facts .zoe-seed').innerText === '8'")
    second = look(visitor.download("prediction-mp4"))
    assert first.fps == 10 and len(first.frames) == len(second.frames) == 10
    assert (first.frames != second.frames).any()
