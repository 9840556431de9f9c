"""The prompt pipeline with a tiny, untrained generator: seeds, time, size, layers, words, pictures, cancelling."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import CLIPTextModelWithProjection

from studio.compositing.frame_painter import FramePainter
from studio.errors import Cancelled, RequestError
from studio.models.clip import build_clip, train_tokenizer
from studio.models.text_to_video import TextToVideoGenerator
from studio.pipelines.text_to_video import TextToVideoPipeline
from studio.pipelines.text_to_video.own_picture import with_picture
from studio.scene import SLOT_NAMES

PROMPT = "a red car drives left across the desert at sunset"


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory, scene_words):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        tokenizer = train_tokenizer([PROMPT] * 3, 560)
        text = CLIPTextModelWithProjection(build_clip(tokenizer, tiny=True).config.text_config).eval()
        generator = TextToVideoGenerator.tiny(text_width=text.config.hidden_size, **scene_words).eval()
        for part in generator.reader.layers.parameters():
            part.data *= 8  # an untrained reader hardly listens to the words
    # Weights lie differently in memory once they come from a file, and float sums may differ in the last bit by it.
    folder = tmp_path_factory.mktemp("tiny")
    TextToVideoPipeline(text, tokenizer, generator).save_pretrained(folder)
    return TextToVideoPipeline.from_pretrained(folder)


def seed(value):
    return torch.Generator().manual_seed(value)


def clip(pipeline, prompt=PROMPT, **options):
    options = dict(num_frames=5, fps=12, height=64, width=96, generator=seed(1)) | options
    return pipeline(prompt, **options).frames


def test_frames_are_bytes_of_the_size_asked_for(pipeline):
    frames = clip(pipeline, num_frames=7, height=80, width=112)
    assert frames.shape == (7, 80, 112, 3) and frames.dtype == np.uint8
    assert len(np.unique(frames)) > 10
    assert clip(pipeline, height=68, width=122).shape == (5, 68, 122, 3)


def test_the_seed_decides(pipeline):
    assert np.array_equal(clip(pipeline), clip(pipeline))
    assert not np.array_equal(clip(pipeline), clip(pipeline, generator=seed(2)))


def test_words_decide(pipeline):
    assert not np.array_equal(clip(pipeline), clip(pipeline, prompt="a blue dog in space"))


def test_without_variety_every_seed_gives_the_typical_scene(pipeline):
    typical = clip(pipeline, variety=0.0)
    assert np.array_equal(typical, clip(pipeline, variety=0.0, generator=seed(2)))
    assert not np.array_equal(typical, clip(pipeline, variety=1.0))
    assert not np.array_equal(clip(pipeline, variety=0.5), clip(pipeline, variety=1.0))


def test_the_frame_rate_changes_the_moments_shown(pipeline):
    assert not np.array_equal(clip(pipeline, fps=6), clip(pipeline, fps=24))


def test_twice_the_rate_shows_the_same_scene_twice_as_finely(pipeline):
    coarse = pipeline.layers(PROMPT, num_frames=12, fps=6, generator=seed(3))
    fine = pipeline.layers(PROMPT, num_frames=24, fps=12, generator=seed(3))
    np.testing.assert_allclose(coarse.actors, fine.actors[::2], atol=1e-4)
    np.testing.assert_allclose(coarse.scene, fine.scene[::2], atol=1e-4)
    assert np.array_equal(coarse.strips, fine.strips) and np.array_equal(coarse.sprites, fine.sprites)


def test_layers_composite_to_the_bare_frames(pipeline):
    layers = pipeline.layers(PROMPT, num_frames=5, fps=12, generator=seed(1))
    assert layers.strips.dtype == np.uint8 and layers.strips.shape[0] == 4 and layers.strips.shape[-1] == 4
    assert layers.sprites.shape[0] == 2 and layers.sprites.shape[-1] == 4 and layers.sprites.dtype == np.uint8
    assert layers.actors.shape == (5, 4, 8) and layers.scene.shape == (5, 8) and layers.offsets.shape == (4,)
    assert layers.cast.shape == (4,) and set(layers.cast) <= {-1, 0, 1} and layers.cast[0] == 0
    assert (layers.strips[0, ..., 3] == 255).all(), "the sky is opaque"
    bare = np.stack(list(FramePainter(layers, (64, 96))))
    assert np.array_equal(bare, clip(pipeline, detail=False))
    finished = np.stack(list(pipeline.paint(layers, 64, 96)))
    assert np.array_equal(finished, clip(pipeline)) and not np.array_equal(finished, bare)


def test_the_finish_does_not_depend_on_how_many_frames_follow(pipeline):
    layers = pipeline.layers(PROMPT, num_frames=11, fps=12, generator=seed(1))
    whole = np.stack(list(pipeline.paint(layers, 64, 64))).astype(int)
    part = replace(layers, actors=layers.actors[:6], scene=layers.scene[:6])
    # In fours or in twos: what a net computes in half precision may differ in its last digits, and no more.
    assert np.abs(np.stack(list(pipeline.paint(part, 64, 64))) - whole[:6]).mean() < 0.5


def test_what_is_understood_is_what_is_drawn(pipeline):
    read = pipeline.understand(PROMPT)
    layers = pipeline.layers(PROMPT, generator=seed(4))
    assert (layers.cast[3] == 1) == (read.other != "none")
    assert (layers.cast[:3] == 0).sum() == ("one", "two", "three").index(read.count) + 1
    for slot in ("place", "time", "weather"):
        if getattr(read, slot) != "any" and slot in layers.setting:
            assert layers.setting[slot] == getattr(read, slot)
    for slot in SLOT_NAMES:
        assert getattr(read, slot) in pipeline.generator.slots[slot]
    assert "any" not in layers.setting.values()


def test_nothing_falls_from_a_sky_of_which_the_prompt_says_nothing(pipeline):
    falls = {"rain": 3, "storm": 3, "snow": 4, "fog": 5, "wind": 7}
    for prompt in (PROMPT, "a dog in the snow", "a cat in the forest", "a blue boat in a storm"):
        layers = pipeline.layers(prompt, generator=seed(1))
        column = falls.get(layers.setting.get("weather", "clear"))
        others = [3, 4, 7] if column is None else [other for other in (3, 4, 7) if other != column]
        assert not layers.scene[:, others].any()


def test_the_same_words_are_understood_alike_however_they_are_typed(pipeline):
    plain = pipeline.understand("a dog in the forest").slots()
    assert pipeline.understand("  A DOG in the   forest ").slots() == plain
    assert pipeline.understand("a dog in the forset").slots() == plain


def test_frames_come_one_by_one_with_progress(pipeline):
    seen = []
    stream = pipeline.stream(
        PROMPT, num_frames=6, height=64, width=64, generator=seed(1), on_progress=lambda *step: seen.append(step)
    )
    assert next(stream).shape == (64, 64, 3) and seen == [(1, 6)]
    assert len(list(stream)) == 5 and seen[-1] == (6, 6)


@pytest.mark.parametrize("detail", [True, False])
def test_cancelling_stops_within_a_frame(pipeline, detail):
    stop = False
    stream = pipeline.stream(
        PROMPT, num_frames=50, height=64, width=64, detail=detail, is_cancelled=lambda: stop, generator=seed(1)
    )
    next(stream)
    next(stream)
    stop = True
    with pytest.raises(Cancelled):
        next(stream)


@pytest.mark.parametrize("prompt", ["", "   ", "x" * 10_000, "qwertz asdfgh", "?!", "собака", None, 7])
def test_hopeless_prompts_are_refused_in_one_sentence(pipeline, prompt):
    with pytest.raises(RequestError) as error:
        pipeline.stream(prompt)
    assert str(error.value).endswith(".") and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "options",
    [{"num_frames": 0}, {"num_frames": 80}, {"fps": 0}, {"height": 8}, {"width": 5000}, {"variety": -1.0},
     {"height": 64, "width": 200}],
)  # fmt: skip
def test_impossible_requests_are_refused_before_any_frame(pipeline, options):
    with pytest.raises(RequestError):
        pipeline.stream(PROMPT, **options)


def test_one_frame_and_six_seconds_are_possible(pipeline):
    assert clip(pipeline, num_frames=1).shape[0] == 1
    assert clip(pipeline, num_frames=36, fps=6).shape[0] == 36


def test_words_that_are_not_known_are_named_in_order(pipeline):
    read = pipeline.understand("a Red car with flibbertigibbet weels, in a zyzzyva dessert at sunset")
    assert [word for word, _ in read.unknown_words] == ["flibbertigibbet", "weels", "zyzzyva", "dessert"]
    assert dict(read.unknown_words)["zyzzyva"] == "" and dict(read.unknown_words)["dessert"] == "desert"


def test_what_cannot_be_drawn_is_stood_in_for(pipeline):
    assert pipeline.understand("a labrador on the beach").stand_ins == (("labrador", "dog"),)


def test_ten_sentences_are_read_from_their_beginning(pipeline):
    long = "A red car drives left across the desert. " * 9 + "A green frog at night."
    read = pipeline.understand(long[:400])
    assert read.slots() == pipeline.understand(pipeline._beginning(long[:400].lower())).slots()
    assert clip(pipeline, long[:400]).shape[0] == 5
    endless = "red car desert " * 26
    assert clip(pipeline, endless[:400]).shape[0] == 5


@pytest.mark.parametrize("prompt", ["🐶⚽🏖️", "a red blue car", "a dog, no rain", "desert at night", "}{ red car --;"])
def test_odd_prompts_give_a_clip(pipeline, prompt):
    assert clip(pipeline, prompt, num_frames=2).shape == (2, 64, 96, 3)


# ---------------------------------------------------------------------------------------------- own pictures


def picture(height=40, width=80):
    """A green half over a yellow one with a transparent rim, wider than it is high."""
    out = np.zeros((height + 10, width + 6, 4), np.uint8)
    out[5:-5, 3:-3] = (20, 200, 60, 255)
    out[5 + height // 2 : -5, 3:-3, :3] = (240, 220, 30)
    return out


def with_a_box(pipeline):
    """Layers whose subject is a red box of known place in its sprite, turned to the right."""
    layers = pipeline.layers(PROMPT, num_frames=3, fps=12, generator=seed(1))
    sprites = layers.sprites.copy()
    sprites[0] = 0
    sprites[0, 2:14, 4:12] = (255, 0, 0, 255)  # of 16 pixels: half as wide as high
    actors = layers.actors.copy()
    actors[..., 5] = -1.0
    return replace(layers, sprites=sprites, actors=actors)


def box(mask):
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


def test_an_own_picture_stands_where_the_subject_stood(pipeline):
    layers = with_a_box(pipeline)
    changed = with_picture(layers, picture())
    sprite = changed.sprites[0]
    side = len(sprite)
    left, top, right, bottom = np.array(box(sprite[..., 3] > 128)) / side
    assert abs(bottom - 14 / 16) < 0.02, "its feet are where the feet were"
    assert abs((left + right) / 2 - 0.5) < 0.02
    assert abs((right - left) - 12 / 16) < 0.03, "as long as the subject was"
    assert abs((right - left) / (bottom - top) - 2) < 0.1, "in its own proportions"
    middle = sprite[int((top + 0.2 * (bottom - top)) * side), side // 2]
    assert middle[1] > 180 and middle[0] < 60, "the right way up"


def test_an_own_picture_keeps_the_motion_and_its_own_facing(pipeline):
    layers = with_a_box(pipeline)
    changed = with_picture(layers, picture())
    worn = layers.cast == 0
    assert (changed.actors[:, worn, 5] == 1).all()
    others = [column for column in range(8) if column != 5]
    assert np.array_equal(changed.actors[..., others], layers.actors[..., others])
    assert np.array_equal(changed.actors[:, ~worn], layers.actors[:, ~worn])
    assert np.array_equal(changed.strips, layers.strips) and np.array_equal(changed.scene, layers.scene)


def test_an_own_picture_is_seen_in_the_frames(pipeline):
    frames = clip(pipeline, picture=picture(), detail=False, height=128, width=128)
    plain = clip(pipeline, detail=False, height=128, width=128)
    assert not np.array_equal(frames, plain)
    assert np.array_equal(frames, clip(pipeline, picture=picture(), detail=False, height=128, width=128))


@pytest.mark.parametrize(
    "wrong", [np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8, 4), np.uint8), np.ones((8, 8, 4), np.float32), "cat.png"]
)
def test_pictures_that_cannot_be_used_are_refused(pipeline, wrong):
    with pytest.raises(RequestError) as error:
        pipeline.layers(PROMPT, picture=wrong)
    assert str(error.value).endswith(".")


def test_saved_and_loaded_gives_the_same_frames(pipeline, tmp_path):
    pipeline.save_pretrained(tmp_path)
    again = TextToVideoPipeline.from_pretrained(tmp_path)
    assert np.array_equal(clip(pipeline), clip(again))
