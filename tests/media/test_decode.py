"""Frames as a person would see them: right times, upright, right colours; and damage that is found on the way."""

import io
import os
import signal
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image, ImageCms

from studio.errors import LimitError, MediaError, StudioError
from studio.media.decode import open_frames, read_image, read_rgba
from studio.media.probe import probe


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv", "avi"])
def test_every_frame_comes_once_and_in_order(coded, limits, which, no_children, ending):
    with open_frames(coded(f"steady.{ending}", 20, fps="24000/1001"), limits) as stream:
        assert stream.fps == Fraction(24000, 1001) and stream.length == 20 and stream.sound is None
        assert which(stream) == list(range(20))


@pytest.mark.parametrize("ending", ["avi", "mkv", "mp4"])
def test_frames_that_were_stored_out_of_order_come_in_order(coded, limits, which, ending):
    path = coded(f"b-frames.{ending}", 20, "-preset", "fast", "-bf", "3", "-b_strategy", "0")
    with open_frames(path, limits) as stream:
        assert stream.fps == 10 and which(stream) == list(range(20))


TIMES = [0, 0.1, 0.2, 0.5, 0.9, 1.0, 1.1, 1.2, 1.3, 2.0]


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_a_variable_rate_is_held_to_the_frame(coded, limits, which, ending):
    """Frame k stands at TIMES[k]; at every tick of the constant rate the frame that is then on screen must come."""
    steps = "+".join(f"eq(N\\,{k})*{time}" for k, time in enumerate(TIMES))
    more = ("-use_editlist", "0") if ending == "mp4" else ()  # else ffmpeg's own muxer cuts the last frame away
    timing = ("-vf", f"setpts=round(({steps})/TB)", "-fps_mode", "vfr", "-enc_time_base", "1/1000")
    path = coded(f"variable.{ending}", 10, *timing, *more)
    info = probe(path, limits)
    assert info.variable_rate and info.fps == 10
    with open_frames(path, limits) as stream:
        seen = which(stream)
    expected = [max(k for k, time in enumerate(TIMES) if time <= tick / 10 + 1e-6) for tick in range(21)]
    assert seen[:21] == expected and set(seen[21:]) <= {9} and len(seen) <= 23
    with open_frames(path, limits, fps=Fraction(30)) as stream:
        fine = which(stream)
    assert fine[:61] == [max(k for k, time in enumerate(TIMES) if time <= tick / 30 + 1e-3) for tick in range(61)]


def test_another_rate_keeps_the_length(coded, limits, which):
    path = coded("steady10.mp4", 20)
    with open_frames(path, limits, fps=Fraction(25)) as stream:
        assert stream.length == 50 and stream.fps == 25
        seen = which(stream)
    assert len(seen) == 50 and all(-0.2 <= tick * 0.4 - number < 1 for tick, number in enumerate(seen))
    with open_frames(path, limits, fps=Fraction(5)) as stream:
        assert len(which(stream)) == 10


def test_a_picture_that_starts_after_the_sound_waits_for_its_time(ff, coded, beep, media, limits, which):
    late = media / "late.mkv"
    ff("-itsoffset", "0.5", "-i", coded("steady10.mp4", 20), "-i", beep("two.wav", 2.5, 1.0), "-c:v", "copy",
       "-c:a", "pcm_s16le", late)  # fmt: skip
    with open_frames(late, limits) as stream:
        assert which(stream) == [0] * 5 + list(range(20))


@pytest.mark.parametrize("how", [("-f", "matroska"), ("-f", "webm", "-live", "1")])
def test_the_run_up_of_the_sound_repeats_no_picture(ff, coded, beep, media, limits, which, how):
    """Files as recorders write them into a pipe: no length, the first picture some milliseconds late."""
    video, audio = ("libvpx", "libopus") if "webm" in how else ("copy", "aac")
    codecs = ["-c:v", video, "-b:v", "1M", "-c:a", audio]
    path = media / f"recorded.{how[1]}"
    path.write_bytes(ff("-i", coded("thirty.mp4", 20, fps="30"), "-i", beep("short.wav", 0.6, 0.1), *codecs, *how, "-"))
    with open_frames(path, limits) as stream:
        assert stream.fps == 30 and which(stream) == list(range(20))


def _quarters(path, size=(96, 48)):
    """A picture with a differently coloured quarter in each corner: red, green / blue, white."""
    width, height = size
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2] = (220, 20, 20)
    picture[: height // 2, width // 2 :] = (20, 200, 20)
    picture[height // 2 :, : width // 2] = (20, 20, 220)
    picture[height // 2 :, width // 2 :] = (250, 250, 250)
    if path is not None:
        Image.fromarray(picture).save(path)
    return picture


def _corners(frame) -> list[tuple[bool, ...]]:
    height, width = frame.shape[:2]
    spots = [(height // 4, width // 4), (height // 4, 3 * width // 4), (3 * height // 4, width // 4)]
    spots.append((3 * height // 4, 3 * width // 4))
    return [tuple(bool(value > 128) for value in frame[spot]) for spot in spots]


@pytest.mark.parametrize("degrees, turns", [(90, 1), (180, 2), (270, 3)])
def test_a_phone_rotation_is_applied(ff, media, limits, degrees, turns):
    picture = _quarters(media / "quarters.png")
    flat, turned = media / "flat.mp4", media / f"turned{degrees}.mp4"
    ff("-loop", "1", "-framerate", "10", "-i", media / "quarters.png", "-frames:v", "4", "-c:v", "libx264", "-pix_fmt",
       "yuv420p", flat)  # fmt: skip
    ff("-display_rotation:v:0", str(degrees), "-i", flat, "-c", "copy", turned)  # counter-clockwise, as np.rot90
    with open_frames(turned, limits) as stream:
        frames = list(stream)
    expected = np.rot90(picture, turns)
    assert frames[0].shape == expected.shape and stream.size == (expected.shape[1], expected.shape[0])
    assert _corners(frames[0]) == _corners(expected)


MATRICES = {"bt709": (0.2126, 0.0722), "smpte170m": (0.299, 0.114), "bt2020nc": (0.2627, 0.0593)}
COLOURS = [(200, 30, 40), (30, 180, 60), (40, 60, 220), (128, 128, 128), (240, 220, 30)]


def _planes(colour, matrix, full, depth=8):
    """Y, Cb, Cr of a colour by the standards' own formulas."""
    red, green, blue = (value / 255 for value in colour)
    k_red, k_blue = MATRICES[matrix]
    luma = k_red * red + (1 - k_red - k_blue) * green + k_blue * blue
    cb, cr = (blue - luma) / (2 * (1 - k_blue)), (red - luma) / (2 * (1 - k_red))
    scale = 1 << (depth - 8)
    if full:
        top = 256 * scale - 1
        return [round(luma * top), round(128 * scale + cb * top), round(128 * scale + cr * top)]
    return [round(scale * (16 + 219 * luma)), round(scale * (128 + 224 * cb)), round(scale * (128 + 224 * cr))]


@pytest.mark.parametrize(
    "matrix, full, depth, tagged, size",
    [
        ("bt709", False, 8, True, (32, 32)),
        ("smpte170m", False, 8, True, (32, 32)),
        ("bt2020nc", False, 10, True, (32, 32)),
        ("bt709", True, 8, True, (32, 32)),
        ("bt709", False, 10, True, (32, 32)),
        ("smpte170m", True, 10, True, (32, 32)),
        ("smpte170m", False, 8, False, (32, 32)),  # untagged: small is BT.601 ...
        ("bt709", False, 8, False, (1280, 720)),  # ... and high definition is BT.709
    ],
)
def test_colours_follow_matrix_range_and_depth(ff, tmp_path, limits, matrix, full, depth, tagged, size):
    kind = np.uint8 if depth == 8 else np.dtype("<u2")
    colours = COLOURS if size[0] < 100 else COLOURS[:2]
    raw = b""
    for colour in colours:
        raw += b"".join(
            np.full(size[0] * size[1], value, kind).tobytes() for value in _planes(colour, matrix, full, depth)
        )
    tags = ["-colorspace", matrix, "-color_range", "pc" if full else "tv"] if tagged else []
    pixels = "yuv444p" if depth == 8 else "yuv444p10le"
    path = tmp_path / "colours.mkv"
    ff("-f", "rawvideo", "-pix_fmt", pixels, "-s", f"{size[0]}x{size[1]}", "-framerate", "10", *tags, "-i", "pipe:0",
       "-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", *tags, path, feed=raw)  # fmt: skip
    with open_frames(path, limits) as stream:
        seen = [frame[size[1] // 2, size[0] // 2].astype(int) for frame in stream]
    assert len(seen) == len(colours)
    assert np.abs(np.array(seen) - np.array(colours)).max() <= 2


def test_ten_bits_are_rounded_not_cut(ff, tmp_path, limits):
    """A ramp in 10 bit: the mean of the 8-bit result must not sink, as it would by dropping two bits."""
    ramp = np.tile(np.arange(64, 940, dtype="<u2")[None], (16, 1))[:, :876]
    chroma = np.full(ramp.size, 512, "<u2").tobytes()
    path = tmp_path / "ramp.mkv"
    ff("-f", "rawvideo", "-pix_fmt", "yuv444p10le", "-s", "876x16", "-framerate", "10", "-i", "pipe:0", "-c:v", "ffv1",
       path, feed=(ramp.tobytes() + chroma * 2))  # fmt: skip
    with open_frames(path, limits) as stream:
        frame = next(iter(stream)).astype(float)
    expected = (np.arange(64, 940) - 64) / (940 - 64) * 255
    assert abs((frame.mean((0, 2)) - expected).mean()) < 0.2 and np.abs(frame.mean((0, 2)) - expected).max() <= 1.1


def test_a_size_that_changes_on_the_way_freezes_nothing(ff, coded, media, limits, which):
    """Frames 0 to 9 in one size, 10 to 19 in another, in one stream."""
    first, both = media / "first.h264", media / "both.h264"
    ff("-i", coded("twenty.mkv", 20), "-frames:v", "10", "-c:v", "libx264", "-bf", "0", "-qp", "4", first)
    ff("-ss", "1", "-i", coded("twenty.mkv", 20), "-vf", "scale=96:96", "-c:v", "libx264", "-bf", "0", "-qp", "4", both)
    both.write_bytes(first.read_bytes() + both.read_bytes())
    ff("-r", "10", "-i", both, "-c", "copy", media / "both.mkv")
    with open_frames(media / "both.mkv", limits) as stream:
        frames = list(stream)
    assert which(frames) == list(range(20)) and {frame.shape for frame in frames} == {(48, 64, 3)}


@pytest.mark.parametrize("size", [(65, 49), (1, 1), (3, 64)])
def test_odd_sizes_stay_odd(coded, limits, which, size):
    path = coded(f"odd{size[0]}.mp4", 4, "-pix_fmt", "yuv444p", size=size)
    with open_frames(path, limits) as stream:
        frames = list(stream)
    assert stream.size == size and frames[0].shape == (size[1], size[0], 3) and which(frames) == [0, 1, 2, 3]


def test_a_longest_side_can_be_asked_for(coded, limits):
    with open_frames(coded("wide.mp4", 4, size=(96, 48)), limits, max_size=48) as stream:
        assert stream.size == (48, 24) and next(iter(stream)).shape == (24, 48, 3)


def test_transparency_lies_over_white_or_is_kept(ff, media, limits):
    picture = np.zeros((32, 64, 4), np.uint8)
    picture[:, :, 0] = 200
    picture[:, 32:, 3] = 255
    path = media / "half.webm"
    ff("-f", "rawvideo", "-pix_fmt", "rgba", "-s", "64x32", "-framerate", "10", "-i", "pipe:0", "-vf",
       "format=yuva420p", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-b:v", "1M", path,
       feed=picture.tobytes() * 3)  # fmt: skip
    with open_frames(path, limits) as stream:
        frames = list(stream)
    assert len(frames) == 3 and frames[0][16, 8].min() > 245
    assert abs(int(frames[0][16, 56][0]) - 200) < 8 and frames[0][16, 56][1] < 12
    with open_frames(path, limits, alpha=True) as stream:
        frame = next(iter(stream))
    assert frame.shape == (32, 64, 4) and frame[16, 8, 3] < 5 and frame[16, 56, 3] > 250


@pytest.mark.parametrize("ending", ["gif", "webp", "png"])
def test_an_animation_keeps_its_own_delays(tmp_path, limits, ending):
    greys = [0, 80, 160, 240]
    pictures = [Image.new("RGB", (16, 16), (grey, grey, grey)) for grey in greys]
    path = tmp_path / f"slow.{ending}"
    more = {"lossless": True} if ending == "webp" else {}
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=[100, 300, 200, 100], loop=0, **more)
    info = probe(path, limits)
    assert info.kind == "animation" and info.fps == 10 and info.frame_count == 7 and info.variable_rate
    with open_frames(path, limits) as stream:
        seen = [int(frame.mean()) for frame in stream]
    assert np.abs(np.array(seen) - np.array([0, 80, 80, 80, 160, 160, 240])).max() <= 2


@pytest.mark.parametrize("apart", [False, True])
def test_an_animated_png_is_seen_as_a_browser_shows_it(tmp_path, limits, apart):
    """Small pictures laid over each other; a first one for programs that know no animation is not part of it."""
    base = Image.new("RGBA", (24, 16), (0, 0, 0, 0))
    pictures = []
    for left in (0, 8, 16):
        picture = base.copy()
        picture.paste((200, 30, 40, 255), (left, 4, left + 8, 12))
        pictures.append(picture)
    first = [Image.new("RGBA", (24, 16), (9, 9, 9, 255))] if apart else []
    path = tmp_path / "moving.png"
    (first + pictures)[0].save(
        path, save_all=True, append_images=(first + pictures)[1:], duration=[50, 100, 50], default_image=apart, blend=0
    )
    info = probe(path, limits)
    assert info.kind == "animation" and info.fps == 20 and info.frame_count == 4 and info.size == (24, 16)
    with open_frames(path, limits, alpha=True) as stream:
        seen = np.stack(list(stream))
    expected = np.stack([np.asarray(pictures[number]) for number in (0, 1, 1, 2)])
    assert np.array_equal(seen[..., 3], expected[..., 3])
    assert np.array_equal(seen[seen[..., 3] > 0], expected[expected[..., 3] > 0])
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(MediaError):
        probe(path, limits)


def test_a_still_gif_and_a_picture_are_one_frame(tmp_path, limits):
    Image.new("RGB", (20, 10), (10, 20, 30)).save(tmp_path / "a.gif")
    assert probe(tmp_path / "a.gif", limits).kind == "image"
    with open_frames(tmp_path / "a.gif", limits) as stream:
        frames = list(stream)
    assert len(frames) == 1 and frames[0][5, 5].tolist() == [10, 20, 30]


# --- pictures

TURNS = {1: 0, 3: 180, 6: 270, 8: 90}  # EXIF's number: degrees counter-clockwise that stand it upright


@pytest.mark.parametrize("orientation", sorted(TURNS))
def test_exif_orientation_is_applied(tmp_path, limits, orientation):
    picture = Image.fromarray(_quarters(None))
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture.save(tmp_path / "photo.jpg", exif=exif, quality=95)
    seen = read_image(tmp_path / "photo.jpg", limits)
    expected = np.rot90(_quarters(None), TURNS[orientation] // 90)
    assert seen.shape == expected.shape and _corners(seen) == _corners(expected)
    assert probe(tmp_path / "photo.jpg", limits).size == (expected.shape[1], expected.shape[0])


def test_pictures_of_other_modes_come_as_eight_bit_rgb(tmp_path, limits):
    deep = np.linspace(0, 65535, 64 * 16).reshape(16, 64).astype(np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    assert np.abs(read_image(tmp_path / "deep.png", limits)[..., 0] - deep / 257).max() <= 0.51
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "ink.jpg", quality=95)
    red, green, blue = read_image(tmp_path / "ink.jpg", limits)[4, 4]
    assert red > 230 and green < 30 and blue < 30
    Image.new("LA", (8, 8), (100, 0)).save(tmp_path / "clear.png")
    assert read_image(tmp_path / "clear.png", limits)[0, 0].tolist() == [255, 255, 255]
    assert read_rgba(tmp_path / "clear.png", limits)[0, 0].tolist() == [100, 100, 100, 0]
    Image.new("1", (8, 8), 1).save(tmp_path / "fax.png")
    assert read_image(tmp_path / "fax.png", limits)[0, 0].tolist() == [255, 255, 255]


def test_a_colour_profile_is_brought_to_srgb_or_ignored(tmp_path, limits):
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("RGB", (8, 8), (10, 120, 230)).save(tmp_path / "a.png", icc_profile=srgb)
    Image.new("RGB", (8, 8), (10, 120, 230)).save(tmp_path / "b.png", icc_profile=b"nonsense")
    for name in ("a.png", "b.png"):
        assert np.abs(read_image(tmp_path / name, limits)[4, 4].astype(int) - (10, 120, 230)).max() <= 1


def test_a_clip_is_no_picture(coded, limits):
    with pytest.raises(MediaError, match="not a picture"):
        read_image(coded("plain.mp4", 5), limits)


@pytest.mark.parametrize("ending", ["png", "jpeg", "webp", "gif"])
def test_a_cut_picture_is_refused(tmp_path, limits, ending):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    data = io.BytesIO()
    Image.fromarray(noise).save(data, format=ending)
    path = tmp_path / "cut"
    path.write_bytes(data.getvalue()[: len(data.getvalue()) // 2])
    with pytest.raises(MediaError):
        read_image(path, limits)


# --- damage and cancelling


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv", "avi", "webm", "gif"])
@pytest.mark.parametrize("share", [0.15, 0.5, 0.9, 0.995])
def test_a_cut_clip_is_refused(ff, coded, media, tmp_path, limits, no_children, ending, share):
    whole = media / f"noisy.{ending}"
    if not whole.exists():
        how = {"webm": ["-c:v", "libvpx", "-deadline", "realtime"], "mp4": ["-movflags", "+faststart"]}.get(ending, [])
        ff("-i", coded("plain.mp4", 5), "-vf", "loop=8:5,noise=alls=40:allf=t", *how, whole)
    data = whole.read_bytes()
    path = tmp_path / f"cut.{ending}"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(MediaError) as error, open_frames(path, limits) as stream:
        list(stream)
    assert "\n" not in str(error.value) and str(tmp_path) not in str(error.value)


@pytest.mark.parametrize("ending", ["mkv", "mp4", "avi"])
def test_a_hollow_file_is_refused(ff, coded, media, tmp_path, limits, no_children, ending):
    """The second half is zeros, so that all sizes still add up."""
    whole = media / f"noise.{ending}"
    ff(
        "-i",
        coded("plain.mp4", 5),
        "-vf",
        "loop=24:5,noise=alls=40:allf=t",
        "-g",
        "1",
        "-movflags",
        "+faststart",
        whole,
    )
    data = bytearray(whole.read_bytes())
    middle = len(data) // 2
    data[middle:] = bytes(len(data) - middle)
    path = tmp_path / f"hollow.{ending}"
    path.write_bytes(data)
    with pytest.raises(MediaError, match="cut off|damaged"), open_frames(path, limits) as stream:
        list(stream)


def test_closing_in_the_middle_ends_the_child(ff, limits, media, no_children):
    path = media / "big.mp4"
    ff("-f", "lavfi", "-i", "testsrc=s=640x360:r=25:d=8", "-c:v", "libx264", "-preset", "ultrafast", path)
    stream = open_frames(path, limits)
    frames = iter(stream)
    next(frames)
    stream.close()
    stream.close()
    unread = open_frames(path, limits)
    unread.close()


def test_a_killed_child_is_told_and_reaped(media, ff, limits, children):
    path = media / "big.mp4"
    if not path.exists():
        ff("-f", "lavfi", "-i", "testsrc=s=640x360:r=25:d=8", "-c:v", "libx264", "-preset", "ultrafast", path)
    before = children()
    with pytest.raises(StudioError), open_frames(path, limits) as stream:
        frames = iter(stream)
        next(frames)
        (child,) = children() - before
        os.kill(child, signal.SIGKILL)
        list(frames)


def test_an_asked_rate_cannot_pass_the_limits(coded, limits):
    with pytest.raises(LimitError):
        open_frames(coded("plain.mp4", 5), replace(limits, frames=40), fps=Fraction(240))
