"""In-betweens, films of keyframes, clips at other rates: with a tiny real generator, and once with the shipped one."""

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from transformers import CLIPTextModelWithProjection

from studio.errors import Cancelled, RequestError
from studio.models.clip import build_clip, train_tokenizer
from studio.models.interpolation import InterpolationGenerator
from studio.pipelines.interpolation import InterpolationPipeline
from studio.pipelines.interpolation.pace import words_of_gaps

SHIPPED = Path(__file__).resolve().parents[3] / "checkpoints" / "interpolation"


@pytest.fixture(scope="module")
def pipeline():
    torch.manual_seed(0)
    tokenizer = train_tokenizer(["slow start", "arrives early", "a red car in the desert"] * 3, 560)
    text = CLIPTextModelWithProjection(build_clip(tokenizer, tiny=True).config.text_config)
    return InterpolationPipeline(text.eval(), tokenizer, InterpolationGenerator.tiny().eval())


def wall(seed=0, height=72, width=140, hue=None):
    rng = np.random.default_rng(seed)
    picture = sum(cv2.resize(rng.random((height // s + 2, width // s + 2, 3)), (width, height)) for s in (5, 9, 20))
    picture = np.uint8(255 * (picture - picture.min()) / np.ptp(picture))
    if hue is not None:
        picture = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
        picture[..., 0], picture[..., 1] = hue, 200
        picture = cv2.cvtColor(picture, cv2.COLOR_HSV2RGB)
    return picture


def pan(frames, step=2, **kwargs):
    """A window of 64 x 96 that travels over a wall, `step` pixels per frame."""
    picture = wall(**kwargs)
    return np.stack([picture[4:68, 4 + step * i : 100 + step * i] for i in range(frames)])


def off(first, second):
    return np.abs(first.astype(int) - second)[10:-10, 12:-12].mean()


def test_in_betweens_of_a_translation_are_the_frames_that_stand_there(pipeline):
    clip = pan(9)
    made = pipeline(clip[::4], times=[0.25, 0.5, 0.75]).frames
    assert made.shape == (6, 64, 96, 3) and made.dtype == np.uint8
    for frame, truth in zip(made, clip[[1, 2, 3, 5, 6, 7]]):
        assert off(frame, truth) < 2.5
    assert off(clip[0], clip[2]) > 6


def test_identical_keyframes_give_identical_in_betweens(pipeline):
    still = pan(1)[0]
    made = pipeline([still, still], times=[0.2, 0.9]).frames
    np.testing.assert_array_equal(made, np.stack([still, still]))


def test_backwards_in_time_gives_nearly_the_same(pipeline):
    clip = pan(7)
    forwards = pipeline(clip[[0, 6]], times=[0.3]).frames[0]
    backwards = pipeline(clip[[6, 0]], times=[0.7]).frames[0]
    assert off(forwards, backwards) < 1


def test_two_gaps_are_the_gaps_alone_where_time_bends(pipeline):
    clip = pan(9)[::4]
    eased = {"seconds": 0.5, "fps": 8, "easing": "ease"}
    film = list(pipeline.animate(clip, **eased))
    np.testing.assert_array_equal(np.stack(film[:5]), list(pipeline.animate(clip[:2], **eased)))
    np.testing.assert_array_equal(np.stack(film[4:]), list(pipeline.animate(clip[1:], **eased)))


def falling(frames=5):
    """A window that falls down a wall faster and faster: from place n to n + 1 it goes 2 n + 1 pixels."""
    picture = wall(seed=3, height=140, width=110)
    return np.stack([picture[4 + i * i : 68 + i * i, 4:100] for i in range(frames)])


def test_what_lies_around_a_gap_bends_the_way_through_it(pipeline):
    clip = falling()
    truth = cv2.getRectSubPix(wall(seed=3, height=140, width=110), (96, 64), (51.5, 35.5 + 2.5**2))
    bent, straight = pipeline(clip).frames[2], pipeline(clip[2:4]).frames[0]
    assert off(bent, truth) < 0.8 * off(straight, truth)
    assert off(list(pipeline.retime(iter(clip), 24, 48))[5], truth) < 0.8 * off(straight, truth)


def test_a_film_holds_its_keyframes_at_their_places(pipeline):
    clip = pan(9)[::4]
    film = list(pipeline.animate(clip, seconds=0.5, fps=8))
    assert len(film) == 2 * 4 + 1
    for place, keyframe in zip((0, 4, 8), clip):
        np.testing.assert_array_equal(film[place], keyframe)
    looped = list(pipeline.animate(clip, seconds=0.5, fps=8, loop=True))
    assert len(looped) == 3 * 4
    np.testing.assert_array_equal(np.stack(looped[:8]), np.stack(film[:8]))
    assert off(looped[10], clip[1]) < off(looped[10], clip[0]) + 20 and off(looped[11], clip[0]) < off(
        looped[11], clip[2]
    )


@pytest.mark.parametrize(
    "seconds, fps, gap", [(1, Fraction(24000, 1001), 24), (0.1, 24, 2), (0.1, 1, 1), (0.5, 25, 13)]
)
def test_a_gap_is_a_whole_number_of_frames(pipeline, seconds, fps, gap):
    still = pan(1)[0]
    assert len(list(pipeline.animate([still, still], seconds=seconds, fps=fps))) == gap + 1


def test_easing_moves_the_frames(pipeline):
    clip = pan(9)
    late = list(pipeline.animate(clip[[0, 4]], seconds=0.5, fps=8, easing="ease-in"))
    assert off(late[2], clip[1]) < 2.5  # half the time, a quarter of the way
    assert off(late[2], clip[2]) > 4


def test_keyframes_of_different_things_dissolve_hold_or_cut_and_it_is_said(pipeline):
    one, other = pan(1, seed=1, hue=10)[0], pan(1, seed=2, hue=100)[0]
    said = []
    faded = pipeline([one, other], times=[0.25, 0.5], on_note=said.append).frames
    assert np.abs(faded[0] - (0.75 * one.astype(float) + 0.25 * other)).max() <= 1
    assert len(said) == 1 and "Pictures 1 and 2" in said[0] and said[0].endswith("dissolve.")
    held = pipeline([one, other], times=[0.25, 0.75], at_cut="hold", on_note=said.append).frames
    np.testing.assert_array_equal(held, np.stack([one, one]))
    cut = pipeline([one, other, one], times=[0.25, 0.75], at_cut="cut", on_note=said.append).frames
    np.testing.assert_array_equal(cut, np.stack([one, other, other, one]))
    assert [sentence.split()[1] for sentence in said] == ["1", "1", "1", "2"] and len(set(said)) == 4


def test_a_loop_names_its_last_gap(pipeline):
    shots, said = [pan(1, seed=seed, hue=40 * seed)[0] for seed in range(3)], []
    list(pipeline.animate(shots, seconds=1, fps=2, loop=True, on_note=said.append))
    assert [sentence[:16] for sentence in said] == ["Pictures 1 and 2", "Pictures 2 and 3", "Pictures 3 and 1"]


def two_shots():
    return np.concatenate([pan(6, seed=1, hue=10), pan(6, seed=2, hue=100)])


def test_a_cut_is_held_dissolved_or_kept_and_never_morphed(pipeline):
    clip, said = two_shots(), []
    held = list(pipeline.retime(iter(clip), 24, 48, on_note=said.append))
    assert len(held) == 24 and len(said) == 1
    np.testing.assert_array_equal(np.stack(held[::2]), clip)
    np.testing.assert_array_equal(held[11], clip[5])  # between the shots
    faded = list(pipeline.retime(iter(clip), 24, 48, at_cut="dissolve"))
    assert np.abs(faded[11] - (clip[5].astype(float) + clip[6]) / 2).max() <= 1
    cut = list(pipeline.retime(iter(clip), 24, 96, at_cut="cut"))
    np.testing.assert_array_equal(np.stack(cut[21:24]), clip[[5, 6, 6]])
    quiet = []
    list(pipeline.retime(iter(clip[:6]), 24, 48, on_note=quiet.append))
    assert not quiet


def test_a_flash_is_not_smeared(pipeline):
    clip = pan(7)
    clip[3] = np.clip(clip[3] * 0.7 + 76, 0, 255)
    made = np.stack(list(pipeline.retime(iter(clip), 24, 96)))
    np.testing.assert_array_equal(made[::4][:7], clip)
    level, calm = made.mean(axis=(1, 2, 3)), pan(7)
    assert np.abs(level[9:11] - calm[2].mean()).max() < 4 and np.abs(level[14:16] - calm[4].mean()).max() < 4
    assert np.abs(level[[11, 13]] - clip[3].mean()).max() < 4  # lit, and not for longer than the clip's own frame
    assert off(made[10], wall()[4:68, 9:105]) < 3


def test_light_that_fades_changes_evenly_while_things_move(pipeline):
    clip, share = pan(7, step=3), np.linspace(1, 0.4, 7)
    faded = np.stack([np.rint(frame * part) for frame, part in zip(clip, share)]).astype(np.uint8)
    made = list(pipeline.retime(iter(faded[::2]), 12, 24))
    for index in (1, 3, 5):
        assert off(made[index], faded[index]) < 2.5
        assert abs(made[index].mean() - faded[index].mean()) < 1


def test_a_dissolve_of_the_clips_own_goes_on(pipeline):
    one, other = (pan(1, seed=seed, hue=hue)[0].astype(float) for seed, hue in ((1, 10), (2, 100)))
    clip = np.stack([np.rint(one + (other - one) * share / 8) for share in range(9)]).astype(np.uint8)
    made = list(pipeline.retime(iter(clip), 24, 48))
    for index in (5, 7, 9):
        truth = one + (other - one) * index / 16
        assert np.abs(made[index] - truth).mean() < 2


def test_bars_stay_as_they_are(pipeline):
    clip = np.zeros((5, 84, 96, 3), np.uint8)
    clip[:, 10:74] = pan(5, step=4)
    made = list(pipeline.retime(iter(clip), 24, 48))
    alone = list(pipeline.retime(iter(pan(5, step=4)), 24, 48))
    for frame, inner in zip(made, alone):
        assert not frame[:10].any() and not frame[74:].any()
        np.testing.assert_array_equal(frame[10:74], inner)


def sticker(x, y=20, height=64, width=96):
    """A blue square with a red middle on nothing at all, straight RGBA; its hidden colour is green."""
    picture = np.zeros((height, width, 4), np.uint8)
    picture[..., 1] = 255
    picture[y : y + 24, x : x + 24] = (20, 40, 200, 255)
    picture[y + 8 : y + 16, x + 8 : x + 16] = (220, 30, 30, 255)
    return picture


def test_transparency_moves_with_what_it_belongs_to(pipeline):
    made = pipeline([sticker(20), sticker(28)], times=[0.25, 0.5]).frames
    assert made.shape == (2, 64, 96, 4)
    for frame, x in zip(made, (22, 24)):
        truth = sticker(x)
        assert np.abs(frame[..., 3].astype(int) - truth[..., 3]).mean() < 3
        solid = truth[..., 3] > 0
        assert np.abs(frame[solid][:, :3].astype(int) - truth[solid][:, :3]).mean() < 6
        assert frame[..., 1][frame[..., 3] > 8].max() < 60  # the hidden green bleeds nowhere


def test_what_is_cut_out_goes_far_without_a_trace(pipeline):
    made = pipeline([sticker(4, 4), sticker(64, 34)], times=[0.5]).frames[0]
    truth = sticker(34, 19)
    assert np.abs(made[..., 3].astype(int) - truth[..., 3]).mean() < 2
    away = cv2.dilate(truth[..., 3], np.ones((5, 5))) == 0
    assert made[..., 3][away].max() < 3


def test_keyframes_with_alpha_come_back_as_they_are_and_opaque_ones_as_any_other(pipeline):
    film = list(pipeline.animate([sticker(20), sticker(30)], seconds=0.5, fps=8))
    np.testing.assert_array_equal(film[0], sticker(20))
    np.testing.assert_array_equal(film[-1], sticker(30))
    solid = pan(9)[::4]
    opaque = np.concatenate([solid, np.full((*solid.shape[:3], 1), 255, np.uint8)], axis=3)
    made = pipeline(opaque).frames
    np.testing.assert_array_equal(made[..., :3], pipeline(solid).frames)
    assert (made[..., 3] == 255).all()


def test_transparent_pictures_of_different_things_dissolve(pipeline):
    one, other = sticker(8), np.random.default_rng(0).integers(0, 255, (64, 96, 4), np.uint8)
    said = []
    made = pipeline([one, other], times=[0.5], on_note=said.append).frames[0]
    assert said and np.abs(made[..., 3].astype(int) - (one[..., 3].astype(int) + other[..., 3]) / 2).max() <= 1


RATES = [
    (24, 60), (23.976, 59.94), (25, 50), (30, 24), (60, 24), (12, 30), (29.97, 59.94), (50, 60), (24, 24), (10, 7),
    (12.5, 25), (12.5, 30), (24, 25), (25, 24), (24, 23.976), (23.976, 24), (15, 60), (29.97, 30), (60, 59.94), (8, 20),
]  # fmt: skip
EXACT = {23.976: Fraction(24000, 1001), 29.97: Fraction(30000, 1001), 59.94: Fraction(60000, 1001)}


@pytest.mark.parametrize("rate_in, rate_out", RATES)
@pytest.mark.parametrize("length", [2, 6])
def test_a_clip_keeps_its_length_and_its_own_frames(pipeline, rate_in, rate_out, length):
    clip = pan(length)
    rate_in, rate_out = EXACT.get(rate_in, Fraction(rate_in)), EXACT.get(rate_out, Fraction(rate_out))
    made = list(pipeline.retime(iter(clip), rate_in, rate_out))
    assert abs(len(made) / rate_out - length / rate_in) <= Fraction(1, 2) / rate_out
    for index, frame in enumerate(made):
        place = index * rate_in / rate_out
        if place.denominator == 1 and place < length:
            np.testing.assert_array_equal(frame, clip[int(place)])
        elif place < length - 1:
            truth = wall()[4:68]
            near = cv2.getRectSubPix(truth, (96, 64), (4 + 2 * float(place) + 47.5, 31.5))
            assert off(frame, near) < 3
        else:
            np.testing.assert_array_equal(frame, clip[-1])


def test_repeated_frames_give_way_to_in_betweens(pipeline):
    clip = pan(9)
    halting = clip[[0, 0, 2, 2, 4, 4, 6, 6, 8]]
    kept = list(pipeline.retime(iter(halting), 24, 24))
    np.testing.assert_array_equal(np.stack(kept), halting)
    smooth = list(pipeline.retime(iter(halting), 24, 24, replace_duplicates=True))
    for index in (1, 3, 5, 7):
        assert off(smooth[index], clip[index]) < 2.5 < off(halting[index], clip[index])


def test_memory_holds_a_few_frames_only(pipeline):
    read = []

    def source():
        for index, frame in enumerate(np.tile(pan(1), (200, 1, 1, 1))):
            read.append(index)
            yield frame

    stream = pipeline.retime(source(), 24, 48)
    for made in range(1, 40):
        next(stream)
        assert len(read) <= made // 2 + 8
    stream.close()


def test_words_bend_time(pipeline):
    clip = pan(9)
    plain = pipeline(clip[[0, 8]], times=[0.5]).frames
    torch.manual_seed(3)
    bent = InterpolationPipeline(**pipeline.components)
    kept = bent.generator.timing.out.bias.data.clone()
    try:
        bent.generator.timing.out.bias.data[:] = torch.linspace(3, -3, 16)  # most of the way goes first
        fast = bent(clip[[0, 8]], times=[0.25], prompt="arrives early").frames
        np.testing.assert_array_equal(bent(clip[[0, 8]], times=[0.5]).frames, plain)  # no words, no bending
    finally:
        bent.generator.timing.out.bias.data[:] = kept
    assert off(fast[0], clip[8]) < off(fast[0], clip[2])


def test_words_about_one_picture_bend_only_the_gaps_beside_it(pipeline):
    clip, head = pan(13)[::4], pipeline.generator.timing.out.bias
    eased = {"seconds": 0.5, "fps": 8, "easing": "ease"}  # so that every keyframe is a stop of its own
    plain = np.stack(list(pipeline.animate(clip, **eased)))
    kept = head.data.clone()
    try:
        head.data[:] = torch.linspace(3, -3, 16)
        said = []
        bent = np.stack(list(pipeline.animate(clip, **eased, prompt="hold the fourth picture", on_note=said.append)))
        all_bent = np.stack(list(pipeline.animate(clip, **eased, prompt="arrives early")))
    finally:
        head.data[:] = kept
    # A level or two: the words also reach the generator's drawing.
    assert max(off(one, other) for one, other in zip(bent[:9], plain[:9])) < 1
    assert max(off(one, other) for one, other in zip(bent[8:], all_bent[8:])) < 1
    assert off(all_bent[2], plain[2]) > 3 and off(bent[10], plain[10]) > 3
    assert len(said) == 1 and "gap 3" in said[0]


def test_words_span_a_whole_clip_and_need_its_length(pipeline):
    clip = pan(6)
    with pytest.raises(RequestError):
        pipeline.retime(iter(clip), 24, 48, prompt="slow start")
    made = list(pipeline.retime(iter(clip), 24, 48, prompt="slow start", length=6))
    assert len(made) == 12
    np.testing.assert_array_equal(made[0], clip[0])
    np.testing.assert_array_equal(made[-1], clip[-1])


def test_seeds(pipeline):
    clip = np.stack([pan(1)[0], np.roll(pan(1)[0], (9, 5), (0, 1))])
    net = pipeline.generator
    kept = net.from_noise.weight.data.clone()
    try:
        net.from_noise.weight.data[:] = 40 * kept  # an untrained net hardly hears its noise: too little for eight bits
        first, again, other = (
            pipeline(clip, generator=torch.Generator().manual_seed(seed)).frames for seed in (1, 1, 2)
        )
        likeliest = [pipeline(clip).frames for _ in range(2)]
    finally:
        net.from_noise.weight.data[:] = kept
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(*likeliest)
    assert not np.array_equal(first, other)


def test_progress_counts_every_frame(pipeline):
    clip, told = pan(5), []
    list(pipeline.retime(iter(clip), 24, 48, length=5, on_progress=lambda done, total: told.append((done, total))))
    assert told == [(index, 10) for index in range(1, 11)]
    told.clear()
    pipeline(clip[[0, 2, 4]], times=[0.5], on_progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]


def test_cancel_stops_within_a_frame(pipeline):
    clip, made = pan(9), []
    for stream in (
        lambda stop: pipeline.animate(clip[[0, 8]], seconds=1, fps=24, is_cancelled=stop),
        lambda stop: pipeline.retime(iter(clip), 24, 60, is_cancelled=stop),
        lambda stop: pipeline.stream(clip, times=[0.2, 0.4, 0.6], is_cancelled=stop),
    ):
        made.clear()
        with pytest.raises(Cancelled):
            made.extend(frame for frame in _until(stream(lambda: len(made) >= 3), made))
        assert len(made) == 3


def _until(stream, made):
    for frame in stream:
        made.append(frame)
    return []


def test_saved_and_loaded_it_gives_the_same_frames(pipeline, tmp_path):
    clip = pan(5)
    pipeline.save_pretrained(tmp_path)
    again = InterpolationPipeline.from_pretrained(tmp_path)
    np.testing.assert_array_equal(again(clip[[0, 4]]).frames, pipeline(clip[[0, 4]]).frames)


@pytest.mark.parametrize(
    "call",
    [
        lambda p, clip: p(clip[:1]),
        lambda p, clip: p(clip, times=[]),
        lambda p, clip: p(clip, times=[0.0]),
        lambda p, clip: p(clip, times=[1.5]),
        lambda p, clip: p(clip, at_cut="tear"),
        lambda p, clip: p([clip[0], clip[0][:-2]]),
        lambda p, clip: p(clip.astype(np.float32)),
        lambda p, clip: list(p.animate(clip, seconds=0)),
        lambda p, clip: list(p.animate(clip, fps=0)),
        lambda p, clip: list(p.animate(clip, seconds=[1, 1])),
        lambda p, clip: list(p.animate(clip, seconds=[-1])),
        lambda p, clip: p([np.dstack([clip[0], clip[0]]), np.dstack([clip[0], clip[0]])]),
        lambda p, clip: p([clip[0], np.dstack([clip[0], clip[0][..., :1]])]),
        lambda p, clip: list(p.animate(clip, easing="bounce")),
        lambda p, clip: list(p.retime(iter(clip), 0, 24)),
        lambda p, clip: list(p.retime(iter(clip[:1]), 12, 24)),
        lambda p, clip: list(p.retime(iter([clip[0], clip[0][:-2]]), 12, 24)),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(pipeline, call):
    with pytest.raises(RequestError) as told:
        call(pipeline, pan(2))
    assert str(told.value).endswith(".") and "\n" not in str(told.value)


@pytest.mark.shipped
@pytest.mark.skipif(not (SHIPPED / "model_index.json").is_file(), reason="no checkpoint")
def test_the_shipped_one_knows_its_words_and_translations():
    shipped = InterpolationPipeline.from_pretrained(SHIPPED)
    clip = pan(9)
    made = shipped(clip[[0, 4]], times=[0.5]).frames[0]
    assert off(made, clip[2]) < 2.5
    (said,) = words_of_gaps("linger on the second picture", 2)
    assert shipped.timing(said)(0.5) > 0.8 and shipped.timing("linger on the first picture")(0.5) < 0.2
    slow, quick = shipped.timing("slow start"), shipped.timing("slow end")
    assert slow(0.5) < 0.4 < 0.6 < quick(0.5)
    assert abs(shipped.timing("a red car in the desert")(0.5) - 0.5) < 0.1
