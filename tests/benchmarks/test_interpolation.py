"""What the two motion benchmarks count: where clips break, which triplets a folder holds, who is worse than whom."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks import between_quality, between_speed, memory, triplets
from benchmarks.between_quality import ClipScores, Job
from benchmarks.between_rivals import blending, build
from benchmarks.clip_stretches import breaks, clips_of, listed_cuts, stretches
from benchmarks.fresh_process import in_fresh_process
from benchmarks.interpolation import main, quality
from benchmarks.report import Report
from benchmarks.triplets import find_triplets
from benchmarks.worst_frames import draw_worst, worst_frames
from studio.metrics import psnr


@pytest.fixture(scope="module")
def wall() -> np.ndarray:
    """A picture (96, 260, 3) of soft coloured blots."""
    noise = np.random.default_rng(5).integers(0, 256, (96, 260, 3), dtype=np.uint8)
    soft = cv2.GaussianBlur(noise, (0, 0), 3).astype(np.float32)
    return np.uint8(np.clip((soft - 127) * 5 + 127, 0, 255))


@pytest.fixture(scope="module")
def panned(wall: np.ndarray) -> np.ndarray:
    """33 frames (96, 128), 4 pixels a frame."""
    return np.stack([wall[:, 4 * at : 4 * at + 128] for at in range(33)])


def test_a_clip_breaks_at_listed_cuts_and_repeated_frames(panned: np.ndarray) -> None:
    frames = panned.copy()
    frames[20] = frames[19]
    assert breaks(frames, {7}) == {7, 20}


def test_stretches_hold_no_break_and_say_where_they_begin(panned: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "dev" / "clips" / "pan.mp4"
    (tmp_path / "MANIFEST.csv").write_text("path,cut_frames\ndev/clips/pan.mp4,12\n", encoding="utf-8")
    assert listed_cuts(path) == {12}
    found = stretches(path, panned, length=6, most=9)
    starts = [start for start, _ in found]
    assert starts and all(not start < 12 < start + 6 for start in starts)
    assert all(np.array_equal(frames, panned[start : start + 6]) for start, frames in found)
    assert stretches(path, panned, length=22, most=9) == []


def test_training_clips_are_those_that_no_recipe_trains_on(tmp_path: Path) -> None:
    folder = tmp_path / "train" / "clips"
    folder.mkdir(parents=True)
    for number in range(12):
        (folder / f"{number:02}.mp4").touch()
    assert [path.stem for path in clips_of(tmp_path, "train")] == ["03", "10"]
    with pytest.raises(SystemExit, match="no clips"):
        clips_of(tmp_path, "dev")


@pytest.mark.parametrize("mode", ["bidir", "bilat"])
@pytest.mark.parametrize("step", [2, 4])
def test_minterpolate_is_aligned_to_its_input(panned: np.ndarray, mode: str, step: int) -> None:
    kept = panned[: 8 * step + 1 : step]
    truth = [panned[at] for at in range(8 * step) if at % step]
    made = build(f"minterpolate {mode}", Path("none"))(kept, step)
    blend = [frame for pair in zip(kept, kept[1:]) for frame in blending(*pair, [i / step for i in range(1, step)])]
    assert len(made) == len(truth)
    ours, theirs = (np.mean([psnr(*pair) for pair in zip(frames, truth)]) for frames in (made, blend))
    assert ours > theirs + 2


def test_methods_are_scored_against_what_was_dropped(panned: np.ndarray, tmp_path: Path) -> None:
    folder = tmp_path / "dev" / "clips"
    folder.mkdir(parents=True)
    writer = cv2.VideoWriter(str(folder / "pan.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 24, (128, 96))
    for frame in panned:
        writer.write(frame[..., ::-1])
    writer.release()
    job = Job(("blend", "classical"), Path("none"), steps=(2,))
    (scores,) = between_quality.measure_clips(clips_of(tmp_path, "dev"), job, workers=1)
    blend, classical = scores.means(2, "blend"), scores.means(2, "classical")
    assert len(scores.frames[2, "blend"]["psnr_db"]) == 12
    assert scores.places[2][0] == (scores.places[2][0][1] - 1, scores.places[2][0][1])
    assert classical["psnr_db"] > blend["psnr_db"] + 3
    assert classical["vmaf"] > blend["vmaf"]
    assert classical["error_flicker"] < blend["error_flicker"]
    assert classical["motion_error_px"] < blend["motion_error_px"]


def made_up(clip: str, ours: list[float], theirs: list[float]) -> ClipScores:
    films = {"vmaf": [80.0]}
    scores = ClipScores(clip, places={2: [(2 * at, 2 * at + 1) for at in range(len(ours))]})
    for name, values in (("generator", ours), ("classical", theirs)):
        scores.frames[2, name] = {"psnr_db": values, "ssim": [0.9] * len(values)}
        scores.films[2, name] = films
    return scores


def test_the_share_that_got_worse_counts_clips_and_frames() -> None:
    scores = [made_up("a", [30.0, 31.0], [30.1, 30.0]), made_up("b", [30.0, 30.0], [31.0, 30.0])]
    report = Report("demo", "")
    quality(report, scores, Job(("generator", "classical"), Path("none"), steps=(2,)))
    row = report.rows[-1]
    assert row["row"] == "x2 generator against classical"
    assert (row["clips_worse"], row["frames_worse"], row["worst_clip"]) == (0.5, 0.25, "b")
    assert row["gain_of_means"]["psnr_gain_db"] == pytest.approx((0.45 - 0.5) / 2, abs=1e-4)
    assert worst_frames(scores, 2, 1) == [(-1.0, "b", 0, 1)]


def test_the_worst_are_drawn_at_their_own_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A clip that brightens evenly is what blending makes of it: an error would show a frame of another moment.
    writer = cv2.VideoWriter(str(tmp_path / "ramp.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 24, (64, 48))
    for number in range(26):
        writer.write(np.full((48, 64, 3), 20 + 8 * number, np.uint8))
    writer.release()
    blend = build("blend", Path("none"))
    monkeypatch.setattr(between_quality, "prepare", lambda job: None)
    monkeypatch.setattr(between_quality, "methods", lambda: {"generator": blend, "classical": blend})
    scores = made_up("ramp", [30.0] * 18, [31.0] * 18)
    scores.frames = {(4, name): values for (_, name), values in scores.frames.items()}
    scores.places = {4: [(at - at % 4, at) for at in range(1, 25) if at % 4]}
    job = Job(("generator", "classical"), Path("none"), steps=(4,))
    (sheet,) = draw_worst(tmp_path / "worst", [tmp_path / "ramp.mp4"], [scores], job)
    errors = cv2.imread(str(sheet))[30:, 3 * 64 :]
    assert errors.shape[1] == 2 * 64
    assert np.median(errors) < 4 * 4


def picture(path: Path, value: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), value[..., ::-1])


def test_triplets_of_every_known_layout(panned: np.ndarray, tmp_path: Path) -> None:
    names = {
        "vimeo": ["sequences/00001/0001/im1.png", "sequences/00001/0001/im2.png", "sequences/00001/0001/im3.png"],
        "ucf": ["1/frame_00.png", "1/frame_01_gt.png", "1/frame_02.png", "1/frame_01_ours.png"],
        "middlebury": ["other-data/A/frame10.png", "other-gt-interp/A/frame10i11.png", "other-data/A/frame11.png"],
        "plain": ["x/a.png", "x/b.png", "x/c.png"],
        "septuplet": [f"sequences/1/1/im{at}.png" for at in range(1, 8)],
    }
    for layout, files in names.items():
        for at, name in enumerate(files):
            picture(tmp_path / layout / name, panned[at])
        found = find_triplets(tmp_path / layout)
        assert len(found) == (3 if layout == "septuplet" else 1)
        shown = [str(path.relative_to(tmp_path / layout)) for path in (found[0].first, found[0].truth, found[0].second)]
        assert shown == files[:3], layout
    around = find_triplets(tmp_path / "septuplet", context=True)
    assert [(one.before and one.before.stem, one.after and one.after.stem) for one in around] == [
        (None, "im5"), ("im1", "im7"), ("im3", None)
    ]  # fmt: skip
    assert found[0].before is found[0].after is None
    picture(tmp_path / "vimeo" / "sequences/00001/0002/im1.png", panned[0])
    (tmp_path / "vimeo" / "tri_testlist.txt").write_text("00001/0001\n", encoding="utf-8")
    assert len(find_triplets(tmp_path / "vimeo")) == 1
    listed = tmp_path / "list.txt"
    listed.write_text("elsewhere/x/a.png elsewhere/x/b.png elsewhere/x/c.png\n", encoding="utf-8")
    assert find_triplets(tmp_path / "plain", listed) == find_triplets(tmp_path / "plain")
    with pytest.raises(SystemExit, match="no triplets"):
        find_triplets(tmp_path / "plain" / "x" / "nothing")


def test_triplets_are_scored_by_psnr_ssim_and_mean_difference(tmp_path: Path) -> None:
    levels = [np.full((48, 64, 3), value, np.uint8) for value in (100, 113, 120)]
    for at, level in enumerate(levels):
        picture(tmp_path / "t" / f"{at}.png", level)
    between_quality.prepare(Job(("blend",), Path("none")))
    scores = triplets._measure(find_triplets(tmp_path)[0])["blend"]
    assert scores["ie"] == pytest.approx(3)
    assert scores["psnr_db"] == pytest.approx(20 * np.log10(255 / 3))
    for at, value in enumerate((10, 20, 100, 110, 120, 60, 30), 1):
        picture(tmp_path / "s" / f"im{at}.png", np.full((48, 64, 3), value, np.uint8))
    middle = find_triplets(tmp_path / "s", context=True)[1]
    assert triplets._measure(middle)["blend"]["ie"] == pytest.approx(0)


def test_a_fresh_process_is_bound_to_its_cores_and_tells_its_memory() -> None:
    found = in_fresh_process("benchmarks.report:machine", 1)
    assert found["torch_threads"] == 1
    assert 50 < found["peak_mb"] < 4000


def test_a_fresh_process_that_fails_says_why() -> None:
    with pytest.raises(RuntimeError, match="no attribute 'nothing'"):
        in_fresh_process("benchmarks.report:nothing", 1)


@pytest.mark.parametrize("method", ["blend", "farneback", "classical"])
def test_times_are_per_new_frame(method: str) -> None:
    found = between_speed.measure(method, 64, 48, "none", repeats=2)
    assert len(found["ms_per_frame"]) == len(found["core_ms_per_frame"]) == 2
    assert min(found["ms_per_frame"]) > 0


def test_quality_wants_data() -> None:
    with pytest.raises(SystemExit):
        main(["--part", "quality"])


def test_memory_is_read_every_second_of_a_stream() -> None:
    frames = list(islice(memory.source_frames(1), 4))
    assert frames[0].shape == (720, 1280, 3) and not np.array_equal(frames[0], frames[3])
    values = memory.encode(frames, fps=2)
    assert len(values) == 2 and min(values) > 20
