"""What each of the four tasks hands back, looked at with ffmpeg alone."""

import json
import subprocess
import zipfile

import cv2
import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from studio.errors import LimitError, MediaError
from studio.requests import InterpolationRequest, PredictionRequest, RestyleRequest, TextToVideoRequest


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
    assert studio.request_in(several.variations[2]).seed == 9


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
    base = {"prompt": "a red car", "seconds": 1, "fps": 6, "seed": 4}
    result = studio.run(TextToVideoRequest(**base, picture=path))
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


@pytest.mark.parametrize(
    ("fps_in", "frames", "fps_out", "expected"),
    [("24", 12, 60, 30), ("24000/1001", 12, 59.94, 30), ("12", 10, 30, 25), ("12", 12, 7, 7)],
)
def test_a_clip_gets_its_exact_rate_and_keeps_its_length(studio, make, look, fps_in, frames, fps_out, expected):
    clip = make.clip(f"rate-{fps_in.replace('/', '-')}-{frames}.mp4", fps=fps_in, frames=frames, sound=True)
    request = InterpolationRequest(clip=clip, fps=fps_out, seed=1)
    result = studio.run(request)
    seen = look(result.video)
    assert len(seen.frames) == expected == result.frames
    assert seen.has_sound
    capture = cv2.VideoCapture(str(result.video))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(float(request.fps), rel=1e-6)
    capture.release()


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
