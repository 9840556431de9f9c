"""What each of the four tasks hands back, looked at with ffmpeg alone."""

import json
import re
import subprocess
import zipfile
from fractions import Fraction

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from studio.errors import LimitError, MediaError
from studio.requests import InterpolationRequest, PredictionRequest, RestyleRequest, TextToVideoRequest
from studio.service import Trust


def notes_of(result):
    return " ".join(result.notes)


def test_prompt_to_video(studio, look):
    request = TextToVideoRequest(prompt="a red car drives left", seconds=1.5, fps=8, width=256, height=144, seed=2)
    result = studio.run(request)
    seen = look(result.video)
    assert seen.size == (256, 144) and len(seen.frames) == 12 and seen.fps == 8
    assert (seen.codec, seen.pixel_format, seen.has_sound) == ("h264", "yuv420p", False)
    assert result.understood.subject and result.variations == ()
    assert result.seconds == 1.5


def test_unknown_words_are_told(studio):
    result = studio.run(TextToVideoRequest(prompt="a red qwertzuiop drives left", seconds=1, fps=6, seed=2))
    assert "qwertzuiop" in notes_of(result)


def test_variations_have_the_next_seeds(studio, look):
    base = {"prompt": "a red car", "seconds": 1, "fps": 6, "width": 144, "height": 144}
    several = studio.run(TextToVideoRequest(**base, variations=3, seed=7))
    assert len(several.variations) == 3 and several.video == several.variations[0]
    alone = studio.run(TextToVideoRequest(**base, seed=9))
    assert (look(several.variations[2]).frames == look(alone.video).frames).all()
    assert (look(several.variations[0]).frames != look(alone.video).frames).any()
    assert studio.request_in(several.variations[2], prompt="a red car").seed == 9


def test_layers_can_be_taken_along(studio):
    result = studio.run(TextToVideoRequest(prompt="a red car", seconds=1, fps=6, seed=4))
    with zipfile.ZipFile(result.layers) as box:
        names = box.namelist()
        assert len([name for name in names if name.startswith("background-")]) == 4
        with box.open("sprite-subject.png") as file:
            sprite = np.asarray(Image.open(file))
        assert sprite.ndim == 3 and sprite.shape[2] == 4
        scene = json.loads(box.read("trajectories.json"))
    assert scene["frames"] == 6 and scene["fps"] == 6
    assert {"place", "time"} <= set(scene["setting"])
    first = scene["actors"][0]
    assert first["who"] == "subject" and len(first["tracks"]["x"]) == 6
    assert all(actor["sprite"] in names for actor in scene["actors"])
    curves = [scene["scene"], *(actor["tracks"] for actor in scene["actors"])]
    assert np.isfinite([value for curve in curves for column in curve.values() for value in column]).all()


def test_an_own_picture_takes_the_subjects_place(studio, make, look, tmp_path):
    own = np.zeros((80, 60, 4), np.uint8)
    own[10:70, 10:50] = (0, 255, 0, 255)
    path = tmp_path / "mine.png"
    Image.fromarray(own).save(path)
    base = {"prompt": "a red car", "seconds": 1, "fps": 6, "seed": 4, "keep_prompt": True}
    result = studio.run(TextToVideoRequest(**base, picture=path, keep_names=True))
    with zipfile.ZipFile(result.layers) as box, box.open("sprite-subject.png") as file:
        sprite = np.asarray(Image.open(file)).astype(int)
    solid = sprite[sprite[..., 3] > 250]
    assert len(solid) and (solid[:, 1] > 200).all() and (solid[:, [0, 2]] < 60).all()
    assert (look(result.video).frames != look(studio.run(TextToVideoRequest(**base)).video).frames).any()
    assert studio.request_in(result.video).picture.name == "mine.png"


def test_a_clip_is_not_taken_for_the_subjects_picture(studio, make):
    with pytest.raises(MediaError, match="is a clip"):
        studio.submit(TextToVideoRequest(prompt="a red car", picture=make.clip()))


def test_keyframes_of_different_sizes_follow_the_first(studio, make, look):
    pictures = (make.picture("a.png"), make.picture("b.png", (90, 90), 1), make.picture("c.png", (64, 48), 2))
    result = studio.run(InterpolationRequest(images=pictures, seconds=0.5, fps=12, seed=1))
    seen = look(result.video)
    assert seen.size == (64, 48) and seen.fps == 12
    assert len(seen.frames) == 2 * 6 + 1 == result.frames
    assert "scaled to cover" in notes_of(result)
    first = np.asarray(Image.open(pictures[0]).convert("RGB")).astype(int)
    assert np.abs(seen.frames[0].astype(int) - first).mean() < 6


def test_a_loop_comes_back_without_showing_the_first_twice(studio, make, look):
    pictures = (make.picture("a.png"), make.picture("c.png", (64, 48), 2))
    result = studio.run(InterpolationRequest(images=pictures, seconds=0.5, fps=12, loop=True, seed=1))
    assert len(look(result.video).frames) == 12 == result.frames
    assert "different sizes" not in notes_of(result)


def test_odd_and_large_first_pictures_are_told(studio, make, look):
    pictures = (make.picture("odd.png", (63, 47)), make.picture("odd2.png", (63, 47), 1))
    result = studio.run(InterpolationRequest(images=pictures, seconds=0.2, fps=10, seed=1))
    assert look(result.video).size == (64, 48)
    assert "63 x 47 became 64 x 48" in notes_of(result)
    wide = (make.picture("wide.png", (2400, 30)), make.picture("wide2.png", (2400, 30), 1))
    result = studio.run(InterpolationRequest(images=wide, seconds=0.1, fps=10, seed=1))
    assert look(result.video).size == (1920, 24)
    assert "2400x30" in notes_of(result)


def test_each_gap_may_last_differently(studio, make, look):
    pictures = tuple(make.picture(f"gap{number}.png", seed=number) for number in range(3))
    base = {"images": pictures, "fps": 10, "seed": 1}
    result = studio.run(InterpolationRequest(**base, gap_seconds=(0.2, 0.5)))
    seen = look(result.video)
    assert len(seen.frames) == 2 + 5 + 1 == result.frames
    middle = np.asarray(Image.open(pictures[1]).convert("RGB")).astype(int)
    assert np.abs(seen.frames[2].astype(int) - middle).mean() < 6
    assert studio.request_in(result.video, images=pictures).gap_seconds == (0.2, 0.5)
    looped = studio.run(InterpolationRequest(**base, gap_seconds=(0.2, 0.5, 0.33), loop=True))
    assert len(look(looped.video).frames) == 2 + 5 + 3
    assert "2, 5, 3 whole frames" in notes_of(looped)


def test_transparent_keyframes_give_a_film_that_keeps_it(studio, make, look):
    pictures = tuple(make.picture(f"odd-clear{number}.png", (63, 47), number, alpha=True) for number in range(2))
    result = studio.run(InterpolationRequest(images=pictures, seconds=0.5, fps=10, seed=1))
    assert "over white" in notes_of(result)
    solid = look(result.video)
    assert solid.codec == "h264" and len(solid.frames) == 6
    assert solid.frames[:, :, :24].min() > 240  # white where the pictures show nothing
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-c:v", "libvpx-vp9", "-i", str(result.transparent)]
    raw = subprocess.run([*command, "-f", "rawvideo", "-pix_fmt", "rgba", "-"], capture_output=True, check=True).stdout
    clear = np.frombuffer(raw, np.uint8).reshape(-1, 47, 63, 4)
    assert len(clear) == 6
    assert clear[:, :, :24, 3].max() < 8 and clear[:, :, 40:, 3].min() > 247
    assert studio.request_in(result.transparent, images=pictures).fps == 10


def test_an_alpha_channel_that_is_solid_makes_no_second_film(studio, tmp_path):
    paths = tuple(tmp_path / f"solid{number}.png" for number in range(2))
    for number, path in enumerate(paths):
        Image.new("RGBA", (32, 32), (40 * number, 90, 90, 255)).save(path)
    result = studio.run(InterpolationRequest(images=paths, seconds=0.2, fps=10, seed=1))
    assert result.transparent is None and "white" not in notes_of(result)


def test_at_a_cut_the_second_picture_comes_in_the_middle(studio, make, look, tmp_path):
    """Two pictures that have nothing in common: only the one or the other is ever seen, half of the time each."""
    pictures = make.picture("a.png"), tmp_path / "other.png"
    blocks = np.random.default_rng(3).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    Image.fromarray(np.kron(blocks, np.ones((8, 8, 1), np.uint8))).save(pictures[1])
    result = studio.run(InterpolationRequest(images=pictures, seconds=1, fps=10, at_cut="cut", seed=1))
    ends = [np.asarray(Image.open(path).convert("RGB")).astype(int) for path in pictures]
    near = [[np.abs(frame.astype(int) - end).mean() < 12 for end in ends] for frame in look(result.video).frames]
    assert near in [[[True, False]] * first + [[False, True]] * (11 - first) for first in (5, 6)]


RATE_PAIRS = [
    ("24", "60"), ("24000/1001", "60000/1001"), ("24000/1001", "25"), ("25", "24000/1001"), ("12", "30"), ("12", "7"),
    ("30000/1001", "60000/1001"), ("30000/1001", "24000/1001"), ("25", "50"), ("25", "60"), ("50", "30000/1001"),
    ("15", "24"), ("10", "25/2"), ("25/2", "24"), ("16", "24000/1001"), ("60", "24"), ("60000/1001", "30"),
    ("24", "120000/1001"), ("18", "24"), ("30", "144"), ("24000/1001", "48000/1001"),
]  # fmt: skip


@pytest.mark.parametrize(("fps_in", "fps_out"), RATE_PAIRS)
def test_a_clip_gets_its_exact_rate_and_keeps_its_length(studio, make, fps_in, fps_out):
    """Looked up in the written file: every frame's time is exactly n / rate, and the film is as long as the clip."""
    frames, rate = 9, Fraction(fps_out)
    clip = make.clip(f"rate-{fps_in.replace('/', '-')}.mp4", size=(32, 24), fps=fps_in, frames=frames, sound=True)
    result = studio.run(InterpolationRequest(clip=clip, fps=rate, seed=1))
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(result.video)]
    video, sound = (
        subprocess.run(
            [*command, "-map", track, "-c", "copy", "-f", "framecrc", "-"], capture_output=True, check=True
        ).stdout.decode()
        for track in ("0:v", "0:a")
    )
    tick = Fraction(re.search(r"#tb 0: (\S+)", video)[1])
    packets = [line.split(",") for line in video.splitlines() if line.startswith("0,")]
    times = sorted(int(packet[2]) * tick for packet in packets)
    length = frames / Fraction(fps_in)
    assert times == [number / rate for number in range(result.frames)]
    assert abs(result.frames / rate - length) <= 1 / (2 * rate)
    assert result.seconds == pytest.approx(float(length), abs=float(1 / rate))
    assert sound.count("\n0,") > 3


@pytest.mark.parametrize("name", ["moving.gif", "moving.png", "moving.webp"])
def test_moving_pictures_are_clips(studio, look, tmp_path, name):
    pictures = [Image.new("RGB", (48, 32), (20 * number, 60, 90)) for number in range(6)]
    path = tmp_path / name
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=100, loop=0)
    smooth = studio.run(InterpolationRequest(clip=path, fps=20, seed=1))
    assert len(look(smooth.video).frames) == 12
    longer = studio.run(PredictionRequest(clip=path, seconds=0.3, append=True, seed=1))
    assert len(look(longer.video).frames) == 6 + 3 and longer.fps == 10


def test_restyle_keeps_sound_rate_and_length(studio, make, look):
    clip = make.clip("sound.mp4", frames=24, fps="24000/1001", sound=True)
    result = studio.run(RestyleRequest(source=clip, style="oil painting", seed=1))
    seen, source = look(result.video), look(clip)
    assert len(seen.frames) == len(source.frames) == 24 and seen.size == source.size
    assert seen.has_sound and seen.fps == source.fps
    assert result.understood.look
    assert result.picture is None


def test_restyle_of_an_odd_size_is_padded_and_told(studio, make, look):
    result = studio.run(RestyleRequest(source=make.clip("odd.mp4", size=(63, 47)), style="neon", seed=1))
    assert look(result.video).size == (64, 48)
    assert "63 x 47 became 64 x 48" in notes_of(result)


def test_restyle_of_a_picture_gives_a_picture(studio, make, look):
    picture = make.picture("see-through.png", (63, 47), alpha=True)
    result = studio.run(RestyleRequest(source=picture, style="oil painting", seed=1))
    with Image.open(result.picture) as painted:
        assert painted.size == (63, 47) and painted.mode == "RGB" and painted.format == "PNG"
    assert "white" in notes_of(result)
    seen = look(result.video)
    assert len(seen.frames) == result.frames and np.abs(np.diff(seen.frames.astype(int), axis=0)).mean() < 1


def test_restyle_with_a_style_picture_alone(studio, make):
    style = make.picture("style.png", (80, 80), 3)
    request = RestyleRequest(source=make.clip(), style_image=style, seed=1)
    assert studio.run(request).understood is None
    with pytest.raises(MediaError, match="style must be a picture"):
        studio.submit(RestyleRequest(source=make.clip(), style_image=make.clip(), seed=1))


@pytest.mark.parametrize("where", ["subject", "background"])
def test_only_the_marked_part_of_a_picture_changes(studio, make, tmp_path, where):
    """Every pixel that is not wanted is the source's own; a box and a mask (white, or solid) mark alike."""
    picture = make.picture("plain.png", (96, 64))
    source = np.asarray(Image.open(picture).convert("RGB")).astype(int)
    marked = np.zeros((64, 96), bool)
    marked[16:48, 24:72] = True
    white, solid = tmp_path / "white.png", tmp_path / "solid.png"
    Image.fromarray((255 * marked).astype(np.uint8)).save(white)
    Image.fromarray(np.dstack([np.full((64, 96, 3), 9), 255 * marked]).astype(np.uint8)).save(solid)
    made = []
    for mask in (white, solid):
        request = RestyleRequest(source=picture, style="oil painting", where=where, mask=mask, detail=0, seed=1)
        made.append(np.asarray(Image.open(studio.run(request).picture)).astype(int))
    assert (made[0] == made[1]).all()
    changed = np.abs(made[0] - source).max(axis=2) > 0
    wanted = marked if where == "subject" else ~marked
    assert not changed[~wanted].any() and changed[wanted].mean() > 0.5
    request = RestyleRequest(source=picture, style="oil painting", where=where, box=(0.25, 0.25, 0.75, 0.75), seed=1)
    boxed = np.asarray(Image.open(studio.run(request).picture)).astype(int)
    if where == "subject":
        assert (boxed == source)[~marked].all()


def test_a_mask_must_mark_something(studio, make, tmp_path):
    for name, level, words in (("none.png", 0, "nothing"), ("all.png", 255, "everything")):
        Image.new("L", (64, 48), level).save(tmp_path / name)
        request = RestyleRequest(source=make.clip(), style="oil", where="subject", mask=tmp_path / name)
        with pytest.raises(MediaError, match=words):
            studio.run(request)
    with pytest.raises(MediaError, match="mask must be a picture"):
        studio.submit(RestyleRequest(source=make.clip(), style="oil", where="subject", mask=make.clip()))


def test_brush_and_detail_are_obeyed(studio, make):
    picture = make.picture("large.png", (128, 96), 2)
    base = {"source": picture, "style": "oil painting", "seed": 1}
    plain, coarse, guarded = (
        np.asarray(Image.open(studio.run(RestyleRequest(**base, **extra)).picture)).astype(int)
        for extra in ({"detail": 0}, {"detail": 0, "brush_size": 2}, {"detail": 1})
    )
    assert plain.shape == coarse.shape and (plain != coarse).any() and (plain != guarded).any()


def test_a_gif_goes_through(studio, make, look):
    gif = make.clip("moving.gif", frames=6, fps="10", extra=("-pix_fmt", "rgb8"))
    result = studio.run(RestyleRequest(source=gif, style="oil painting", seed=1))
    assert len(look(result.video).frames) == 6 and result.fps == 10


def test_continuation_alone(studio, make, look):
    clip = make.clip("sound.mp4", frames=24, fps="24000/1001", sound=True)
    result = studio.run(PredictionRequest(clip=clip, seconds=0.5, seed=1))
    seen = look(result.video)
    assert len(seen.frames) == 12 == result.frames and not seen.has_sound
    assert "no sound" in notes_of(result)


def test_appended_and_marked(studio, make, look):
    clip = make.clip("sound.mp4", frames=24, fps="24000/1001", sound=True)
    made = [
        studio.run(PredictionRequest(clip=clip, seconds=0.5, append=True, mark=mark, seed=1)).video
        for mark in (False, True)
    ]
    plain, marked = map(look, made)
    source = look(clip)
    assert len(plain.frames) == len(marked.frames) == 24 + 12
    assert plain.has_sound
    assert np.abs(plain.frames[:24].astype(int) - source.frames.astype(int)).mean() < 6
    assert heard_until(made[0]) == pytest.approx(24 * 1001 / 24000, abs=0.05)  # the beep ends with the source part
    corners = [np.abs(clip.frames[:, :12, :40].astype(int)) for clip in (plain, marked)]
    difference = np.abs(corners[0] - corners[1]).mean(axis=(1, 2, 3))
    assert difference[:24].max() < 5 < difference[24:].min()


def test_without_a_seed_a_clip_goes_on_the_likeliest_way(studio, make, look):
    base = {"clip": make.clip(), "seconds": 0.5}
    unsaid, nil, drawn = (studio.run(PredictionRequest(**base, seed=seed)) for seed in (None, 0, 3))
    assert (unsaid.seed, nil.seed, drawn.seed) == (0, 0, 3)
    assert np.array_equal(look(unsaid.video).frames, look(nil.video).frames)
    assert not np.array_equal(look(nil.video).frames, look(drawn.video).frames)


def test_several_futures_have_the_next_seeds(studio, make, look):
    base = {"clip": make.clip(), "seconds": 0.5, "append": True}
    several = studio.run(PredictionRequest(**base, futures=3, seed=5))
    assert len(several.variations) == 3 and several.video == several.variations[0] and several.seed == 5
    films = [look(path).frames for path in several.variations]
    assert all(film.shape == films[0].shape for film in films)
    assert (films[0][:12] == films[2][:12]).all() and (films[0][12:] != films[2][12:]).any()
    alone = studio.run(PredictionRequest(**base, seed=7))
    assert (look(alone.video).frames == films[2]).all() and alone.variations == ()
    assert several.trust == alone.trust  # what can be known beforehand does not depend on the die
    carried = studio.request_in(several.variations[2], clip=make.clip())
    assert (carried.seed, carried.futures, carried.seconds) == (7, 1, 0.5)


def test_a_continuation_tells_how_far_to_trust_it(studio, make):
    result = studio.run(PredictionRequest(clip=make.clip(), seconds=2, seed=1))
    confidence = np.array(result.trust.confidence)
    assert len(confidence) == result.frames == 24
    assert confidence.min() >= 0 and confidence.max() <= 1 and (np.diff(confidence) <= 0).all()
    assert 0 <= result.trust.seconds <= result.trust.length == 2
    assert result.facts()["trust"]["sentence"] == result.trust.sentence
    assert json.loads(json.dumps(result.facts()))["frames"] == 24
    smooth = studio.run(InterpolationRequest(clip=make.clip(), fps=24, seed=1))
    assert smooth.trust is None and "trust" not in smooth.facts()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.8, "Trust about the first 0.8 s; after that it is a guess."),
        (0.04, "first 0.04 s"),
        (0, "not even the first"),
    ],
)
def test_trust_in_words(seconds, words):
    assert words in Trust(confidence=(0.5,), seconds=seconds, length=2.0).sentence
    assert "whole 2.0 s" in Trust(confidence=(0.9,), seconds=2.0, length=2.0).sentence


def heard_until(path):
    """Seconds until the last loud sample, decoded by ffmpeg alone."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", path, "-vn", "-ac", "1", "-ar", "8000"]
    raw = subprocess.run([*command, "-f", "s16le", "-"], capture_output=True, check=True).stdout
    return float(np.flatnonzero(np.abs(np.frombuffer(raw, np.int16).astype(int)) > 300)[-1]) / 8000


def test_a_one_frame_clip_has_no_motion(studio, make):
    clip = make.clip("one.mp4", frames=1)
    with pytest.raises(MediaError, match="only one picture"):
        studio.run(PredictionRequest(clip=clip))
    with pytest.raises(MediaError, match="only one picture"):
        studio.run(InterpolationRequest(clip=clip, fps=24))


def test_kinds_in_the_wrong_place(studio, make):
    picture, clip = make.picture("a.png"), make.clip()
    with pytest.raises(MediaError, match="is a picture"):
        studio.submit(InterpolationRequest(clip=picture, fps=24))
    with pytest.raises(MediaError, match="is a clip"):
        studio.submit(InterpolationRequest(images=(picture, clip)))


def test_a_result_of_too_many_frames_is_refused(open_studio, make):
    studio = open_studio(limits={"frames": 20})
    with pytest.raises(LimitError, match="at most 20"):
        studio.submit(InterpolationRequest(clip=make.clip(), fps=60))
    with pytest.raises(LimitError, match="24 frames"):
        studio.submit(PredictionRequest(clip=make.clip(), seconds=1, futures=2))
