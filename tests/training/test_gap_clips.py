"""Clips and their kinds: the split goes by source, no kind floods the batches, a clip's pace bounds its gaps."""

import csv

import numpy as np

from studio.training.gap_clips import MOVED, OLD, ClipCard, clip_cards, longest_span, source_of, window_chances


def card(kind, source, held_out=False, fps=30.0, coarse=False):
    return ClipCard(path=f"{source}.mp4", kind=kind, source=source, fps=fps, held_out=held_out, coarse=coarse)


def test_a_source_is_a_repository_and_its_first_folders():
    assert source_of("a/b:x/y/z/w/film.mp4 (blob 12, from history)") == "a/b:x/y/z"
    assert source_of("a/b:film.mp4") == "a/b:film.mp4"


def test_pieces_of_one_source_are_on_one_side_of_the_split(tmp_path):
    rows = []
    given = {"clips": [f"old{i}" for i in range(8)], "more": [f"s{i}_{part}" for i in range(9) for part in "ab"]}
    for folder, names in given.items():
        (tmp_path / "train" / folder).mkdir(parents=True)
        for name in names:
            (tmp_path / "train" / folder / f"{name}.mp4").touch()
            source = name if folder == "clips" else f"x/y:films/{name.split('_')[0]}/{name}.gif"
            text = "a cat" if folder == "clips" else "[animals] a cat"
            rows.append({"path": f"train/{folder}/{name}.mp4", "source": source, "fps": "12.5", "description": text})
    with (tmp_path / "MANIFEST.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    cards = clip_cards(tmp_path)
    assert [one.path for one in cards if one.kind == OLD and one.held_out] == ["train/clips/old3.mp4"]
    short = [one for one in cards if one.kind == "animals"]
    held = {one.source for one in short if one.held_out}
    assert len(short) == 18 and held == {"x/y:films/s2", "x/y:films/s7"}
    assert not held & {one.source for one in short if not one.held_out}
    assert all(one.coarse and one.fps == 12.5 for one in short)


def test_without_a_manifest_every_short_clip_is_a_source_of_its_own(tmp_path):
    for path in ("clips/a.mp4", "more/b.mp4", "more/c.mp4", "more/d.mp4"):
        (tmp_path / "train" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "train" / path).touch()
    assert [(one.kind, one.held_out) for one in clip_cards(tmp_path)] == [
        (OLD, False), ("more", False), ("more", False), ("more", True)
    ]  # fmt: skip


def test_many_films_of_one_kind_do_not_fill_the_batches():
    cards = [card(OLD, "old"), *(card("robot", f"r{i}") for i in range(16)), card("cat", "c"), card("cat", "c")]
    clips = np.array([0] * 10 + [1 + i for i in range(16) for _ in range(4)] + [17] * 6 + [18] * 2 + [-1] * 5)
    chances = window_chances(cards, clips)
    share = {kind: sum(p for p, c in zip(chances, clips) if (MOVED if c < 0 else cards[c].kind) == kind)
             for kind in (OLD, MOVED, "robot", "cat")}  # fmt: skip
    np.testing.assert_allclose([share[OLD], share[MOVED], share["robot"], share["cat"]], [0.4, 0.1, 0.4, 0.1])
    assert np.isclose(chances[clips == 17].sum(), chances[clips == 18].sum())  # pieces of one film in equal parts


def test_clips_of_few_colours_count_half():
    cards = [card("a", "x"), card("a", "y", coarse=True)]
    np.testing.assert_allclose(window_chances(cards, np.array([0, 1])), [2 / 3, 1 / 3])


def test_slow_clips_have_no_long_gaps():
    assert longest_span(card("a", "x", fps=30), 12) == 12
    assert longest_span(card("a", "x", fps=60), 20) == 15  # every second frame is kept
    assert longest_span(card("a", "x", fps=10), 12) == 5
    assert longest_span(card("a", "x", fps=2), 12) == 2
