"""Finished files: whole or absent, right colours, sound in step, nothing of the source's own metadata."""

import json
import os
import signal
import struct
from contextlib import ExitStack
from fractions import Fraction

import numpy as np
import pytest

from studio.errors import MediaError, RequestError, ResourceError, StudioError
from studio.media.decode import open_frames
from studio.media.encode import VideoWriter, write_gif
from studio.media.metadata import read_request
from studio.media.probe import probe
from tests.machine import full_disk


def _grey(level: int, size=(64, 48)) -> np.ndarray:
    return np.full((size[1], size[0], 3), level, np.uint8)


def _boxes(path) -> list[str]:
    data, at, names = path.read_bytes(), 0, []
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        names.append(name.decode())
        at += length
    return names


def test_a_clip_plays_in_a_browser(tmp_path, look):
    path = tmp_path / "out.mp4"
    with VideoWriter(path, (64, 48), Fraction(30000, 1001)) as writer:
        for level in range(0, 250, 25):
            writer.write(_grey(level))
    seen = look(path)
    assert seen.codec == "h264" and seen.pixel_format == "yuv420p" and len(seen.frames) == 10 and not seen.has_sound
    assert "tv, bt709" in seen.text and "29.97 fps" in seen.text
    assert _boxes(path).index("moov") < _boxes(path).index("mdat")
    assert sorted(item.name for item in tmp_path.iterdir()) == ["out.mp4"] and writer.notes == []


def test_colours_come_back(tmp_path, ff):
    """The planes in the file are those that BT.709's own formula gives."""
    colours = np.array([(200, 30, 40), (30, 180, 60), (40, 60, 220), (128, 128, 128), (255, 255, 255)], np.uint8)
    path = tmp_path / "out.mp4"
    with VideoWriter(path, (64, 48), 10) as writer:
        for colour in colours:
            writer.write(np.broadcast_to(colour, (48, 64, 3)))
    raw = np.frombuffer(ff("-i", path, "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"), np.uint8).reshape(5, -1)
    red, green, blue = (colours / 255).T
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    expected = np.stack([16 + 219 * luma, 128 + 224 * (blue - luma) / 1.8556, 128 + 224 * (red - luma) / 1.5748], 1)
    seen = np.stack([raw[:, : 64 * 48].mean(1), raw[:, 3072:3840].mean(1), raw[:, 3840:].mean(1)], 1)
    assert np.abs(seen - expected).max() < 1.5


@pytest.mark.parametrize("size", [(65, 48), (64, 49), (65, 49), (1, 1)])
def test_an_odd_size_is_padded_by_its_own_edge_and_said(tmp_path, look, size):
    path = tmp_path / "out.mp4"
    frame = np.zeros((size[1], size[0], 3), np.uint8)
    frame[:, -1] = 200
    frame[-1] = 200
    with VideoWriter(path, size, 10) as writer:
        for _ in range(3):
            writer.write(frame)
    seen = look(path).frames if min(size) > 9 else None
    assert writer.size == (size[0] + size[0] % 2, size[1] + size[1] % 2)
    assert "even sizes" in writer.notes[0] and f"{size[0]} x {size[1]}" in writer.notes[0]
    if seen is not None:
        assert seen.shape[1:3] == writer.size[::-1]
        assert seen[0, -1].mean() > 185 and seen[0, :, -1].mean() > 185


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(60000, 1001), Fraction(12), Fraction(25), 29.97])
def test_the_rate_is_kept_exactly(tmp_path, limits, rate):
    path = tmp_path / "out.mp4"
    with VideoWriter(path, (64, 48), rate) as writer:
        for level in range(0, 200, 10):
            writer.write(_grey(level))
    info = probe(path, limits)
    assert abs(info.fps - Fraction(rate)) < Fraction(1, 100) and info.frame_count == 20
    assert isinstance(rate, float) or info.fps == rate


RATES = [
    "1", "5", "7", "10", "12", "25/2", "15", "18", "24000/1001", "24", "25", "30000/1001", "30", "48000/1001", "48",
    "50", "60000/1001", "60", "72", "90", "100", "120000/1001", "120", "144", "240", "1000/7", "17.5", "59.9",
]  # fmt: skip


@pytest.mark.parametrize("rate", RATES)
def test_every_frame_stands_at_its_exact_time(tmp_path, ff, rate):
    """The times in the file itself, as exact fractions: frame n at n / rate, and it ends after the last one."""
    path, rate = tmp_path / "out.mp4", Fraction(rate)
    with VideoWriter(path, (16, 16), rate) as writer:
        for index in range(130 if rate > 100 else 40):
            writer.write(_grey(index, (16, 16)))
    text = ff("-i", path, "-map", "0:v", "-c", "copy", "-f", "framecrc", "-").decode()
    tick = Fraction(text.split("#tb 0: ")[1].split()[0])
    packets = [line.split(",") for line in text.splitlines() if line.startswith("0,")]
    times = sorted(int(packet[2]) * tick for packet in packets)
    assert times == [index / rate for index in range(writer.frames_written)]
    assert sum(int(packet[3]) for packet in packets) * tick == writer.frames_written / rate


# --- sound

SOUNDS = {
    "aac.mp4": ("-c:a", "aac"),
    "pcm.mov": ("-c:a", "pcm_s16le"),
    "mp3.mkv": ("-c:a", "libmp3lame"),
    "opus.mkv": ("-c:a", "libopus"),
    "flac.mkv": ("-c:a", "flac"),
    "mp3.avi": ("-c:a", "libmp3lame"),
}


@pytest.mark.parametrize("name", sorted(SOUNDS))
@pytest.mark.parametrize("late", [None, "sound", "picture"])
def test_sound_stays_in_step_to_the_frame(ff, coded, beep, media, tmp_path, limits, onset, which, look, name, late):
    """A beep at 1.0 s of the sound's own time and coded frames, before and after a walk through the studio."""
    source = media / f"step-{late}-{name}"
    shift = ["-itsoffset", "0.4"]
    ff(*(shift if late == "picture" else []), "-i", coded("step.mp4", 20), *(shift if late == "sound" else []),
       "-i", beep("step.wav", 2.0, 1.0), "-map", "0:v", "-map", "1:a", "-c:v", "copy", *SOUNDS[name],
       source)  # fmt: skip
    out = tmp_path / "out.mp4"
    with open_frames(source, limits) as stream:
        assert stream.sound == source
        with VideoWriter(out, stream.size, stream.fps, sound=stream.sound) as writer:
            for frame in stream:
                writer.write(frame)
    assert writer.notes == []
    before, after = onset(source)[0], onset(out)[0]
    assert abs(after - before) < 0.03  # less than a frame of the fastest usual rates
    numbers = which(look(out).frames)
    if name != "mp3.avi":  # AVI has no start times: ffmpeg writes a delay as repeated frames
        assert numbers[4 if late == "picture" else 0 :][:20] == list(range(20))
    assert "aac" in look(out).text


def test_sound_ends_with_the_video_and_where_asked(ff, coded, beep, media, tmp_path, limits, onset):
    source = media / "long-sound.mp4"
    ff("-i", coded("step.mp4", 20), "-i", beep("long.wav", 4.0, 0.2), "-c:v", "copy", "-c:a", "aac", source)
    for frames, asked, expected in [(20, None, 2.0), (20, 1.0, 1.0), (60, None, 4.0), (5, None, 0.5)]:
        out = tmp_path / f"{frames}-{asked}.mp4"
        with VideoWriter(out, (64, 48), 10, sound=source, sound_seconds=asked) as writer:
            for _ in range(frames):
                writer.write(_grey(90))
        assert abs(onset(out)[1] - expected) < 0.05
        assert probe(out, limits).frame_count == frames


@pytest.mark.parametrize("broken", ["silent", "text", "missing", "cut"])
def test_no_sound_is_no_failure(ff, coded, beep, media, tmp_path, look, broken):
    sound = {"silent": coded("step.mp4", 20)}.get(broken, tmp_path / "sound.mp4")
    if broken == "text":
        sound.write_text("no sound at all\n" * 20)
    if broken == "cut":
        ff("-i", coded("step.mp4", 20), "-i", beep("step.wav", 2.0, 1.0), "-c:v", "copy", "-c:a", "aac", sound)
        sound.write_bytes(sound.read_bytes()[:2000])
    out = tmp_path / "out.mp4"
    with VideoWriter(out, (64, 48), 10, sound=sound) as writer:
        writer.write(_grey(90))
    assert not look(out).has_sound and len(look(out).frames) == 1
    assert bool(writer.notes) == (broken != "silent")


# --- metadata

REQUEST = {"task": "text_to_video", "prompt": 'a "red" fox; = # \\ in\nthe café 雪', "seed": 7, "fps": "24000/1001"}


def test_the_request_comes_back_from_mp4_and_gif(tmp_path, ff):
    path, gif, own = tmp_path / "out.mp4", tmp_path / "out.gif", tmp_path / "own.gif"
    with VideoWriter(path, (64, 48), 10, metadata=json.dumps(REQUEST)) as writer:
        for level in (10, 90, 170):
            writer.write(_grey(level))
    assert read_request(path) == REQUEST
    write_gif(gif, path)
    write_gif(own, path, metadata={"task": "restyle"})
    assert read_request(gif) == REQUEST and read_request(own) == {"task": "restyle"}
    assert b"Generated by Zoetrope" in path.read_bytes() and b"Zoetrope" in gif.read_bytes()


def test_a_request_without_words_carries_none(tmp_path):
    from studio.requests import TextToVideoRequest

    for keep in (True, False):
        request = TextToVideoRequest(prompt="canary in a coal mine", keep_prompt=keep)
        path = tmp_path / f"{keep}.mp4"
        with VideoWriter(path, (64, 48), 10, metadata=request.to_json()) as writer:
            writer.write(_grey(9))
        assert (b"canary" in path.read_bytes()) == keep
        assert read_request(path)["task"] == "text_to_video"


def test_words_never_stand_in_a_process_list(tmp_path, monkeypatch):
    from studio.media import ffmpeg

    seen = []
    spawn = ffmpeg._spawn
    monkeypatch.setattr(
        ffmpeg, "_spawn", lambda arguments, *rest: seen.append(list(arguments)) or spawn(arguments, *rest)
    )
    with VideoWriter(tmp_path / "out.mp4", (64, 48), 10, metadata={"prompt": "canary"}) as writer:
        writer.write(_grey(9))
    assert len(seen) == 2 and "canary" not in str(seen)


def test_what_is_not_ours_gives_no_request(tmp_path, coded, ff, media):
    assert read_request(coded("plain.mp4", 5)) is None
    for number, comment in enumerate(['{"generated_by": "Zoetrope"}', '{"a": 1}', "[[[[", '"x"', "[" * 9000]):
        ff("-i", coded("plain.mp4", 5), "-c", "copy", "-metadata", f"comment={comment}", tmp_path / f"{number}.mp4")
        assert read_request(tmp_path / f"{number}.mp4") is None
    (tmp_path / "text.mp4").write_text("no")
    assert read_request(tmp_path / "text.mp4") is None and read_request(tmp_path / "missing.mp4") is None


def test_place_date_and_chapters_of_a_source_are_left_behind(ff, coded, beep, tmp_path, limits):
    chapters = tmp_path / "chapters.txt"
    chapters.write_text(";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=1\ntitle=SECRETCHAPTER\n")
    source = tmp_path / "phone.mov"
    place = ["-metadata", "location=+48.8577+002.295/", "-metadata", "creation_time=2021-03-04T05:06:07Z"]
    place += ["-metadata", "com.apple.quicktime.location.ISO6709=+48.8577+002.295/", "-metadata", "make=SECRETPHONE"]
    place += ["-metadata:s:a:0", "title=SECRETTRACK", "-metadata:s:a:0", "handler_name=SECRETHANDLER"]
    ff("-i", coded("step.mp4", 20), "-i", beep("step.wav", 2.0, 1.0), "-f", "ffmetadata", "-i", chapters, "-map", "0:v",
       "-map", "1:a", "-map_metadata", "2", "-c:v", "copy", "-c:a", "aac", *place, "-movflags",
       "use_metadata_tags", source)  # fmt: skip
    assert b"48.8577" in source.read_bytes() and b"SECRETPHONE" in source.read_bytes()
    out = tmp_path / "out.mp4"
    with open_frames(source, limits) as stream, VideoWriter(out, stream.size, stream.fps, sound=stream.sound) as writer:
        for frame in stream:
            writer.write(frame)
    data = out.read_bytes()
    assert b"48.8577" not in data and b"SECRET" not in data
    text = ff("-i", out, "-f", "ffmetadata", "-").decode()
    assert "2021" not in text and "location" not in text and "CHAPTER" not in text
    raw = ff("-i", out, "-map", "0:a", "-f", "framecrc", "-").decode()
    assert raw.count("\n0,") > 10  # the sound did come along


# --- whole or not at all


def test_an_error_or_abort_leaves_nothing(tmp_path, no_children):
    with pytest.raises(ValueError), VideoWriter(tmp_path / "a.mp4", (64, 48), 10) as writer:
        writer.write(_grey(1))
        raise ValueError
    writer = VideoWriter(tmp_path / "b.mp4", (64, 48), 10)
    writer.abort()
    writer.abort()
    with pytest.raises(MediaError, match="Not a single frame"):
        VideoWriter(tmp_path / "c.mp4", (64, 48), 10).close()
    with pytest.raises(RequestError), VideoWriter(tmp_path / "d.mp4", (64, 48), 10) as writer:
        writer.write(_grey(1, (32, 32)))
    with pytest.raises(ValueError):
        VideoWriter(tmp_path / "e.mp4", (64, 48), 10, metadata="no json")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_second_try_keeps_the_first_file(tmp_path, no_children):
    path = tmp_path / "out.mp4"
    path.write_bytes(b"the last good file")
    with pytest.raises(RuntimeError), VideoWriter(path, (64, 48), 10) as writer:
        writer.write(_grey(1))
        raise RuntimeError
    assert path.read_bytes() == b"the last good file" and len(list(tmp_path.iterdir())) == 1


def _noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (96, 128, 3), dtype=np.uint8)


@pytest.mark.parametrize("room", [0, 20_000, 300_000])
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path, room, no_children):
    """No file may grow beyond ``room``: in the encoder (20 kB), or only in the last step, which copies (300 kB)."""
    path = tmp_path / "out.mp4"
    path.write_bytes(b"the last good file")
    frames, is_late = (40, False) if room < 100_000 else (26, True)
    with full_disk(room), pytest.raises(ResourceError, match="disk is full"), ExitStack() as later:
        with VideoWriter(path, (128, 96), 10) as writer:
            for seed in range(frames):
                writer.write(_noise(seed))
            if is_late:
                later.enter_context(full_disk(1000))
    assert path.read_bytes() == b"the last good file" and len(list(tmp_path.iterdir())) == 1


def test_a_gif_on_a_full_disk_leaves_nothing(tmp_path, no_children):
    path = tmp_path / "out.mp4"
    with VideoWriter(path, (128, 96), 10) as writer:
        for seed in range(10):
            writer.write(_noise(seed))
    with full_disk(20_000), pytest.raises(ResourceError):
        write_gif(tmp_path / "out.gif", path)
    assert [item.name for item in tmp_path.iterdir()] == ["out.mp4"]


def test_a_killed_encoder_is_told_and_leaves_nothing(tmp_path, children):
    before = children()
    with pytest.raises(StudioError), VideoWriter(tmp_path / "out.mp4", (128, 96), 10) as writer:
        writer.write(_noise(0))
        (child,) = children() - before
        os.kill(child, signal.SIGKILL)
        for seed in range(200):
            writer.write(_noise(seed))
    assert list(tmp_path.iterdir()) == []


# --- GIF


@pytest.mark.parametrize("fps, expected", [(10, 10), (12, 12), (24, 24), (60, 25)])
def test_a_gif_keeps_length_and_colours(tmp_path, limits, fps, expected):
    path = tmp_path / "out.mp4"
    colours = [(220, 30, 30), (30, 200, 40), (40, 40, 220)]
    with VideoWriter(path, (64, 48), fps) as writer:
        for number in range(fps * 3 // 2):
            writer.write(np.broadcast_to(np.array(colours[number * 2 // fps], np.uint8), (48, 64, 3)))
    gif = write_gif(tmp_path / "out.gif", path)
    info = probe(gif, limits)
    assert info.duration == pytest.approx(1.5, abs=0.06) and info.fps == expected and info.size == (64, 48)
    with open_frames(gif, limits, fps=Fraction(2)) as stream:
        seen = [frame[24, 32] for frame in stream]
    assert np.abs(np.array(seen, int) - np.array(colours)).max() < 12


def test_a_gif_is_no_larger_than_asked(tmp_path, limits):
    path = tmp_path / "out.mp4"
    with VideoWriter(path, (128, 96), 10) as writer:
        for seed in range(3):
            writer.write(_noise(seed))
    assert probe(write_gif(tmp_path / "small.gif", path, longest=64), limits).size == (64, 48)
