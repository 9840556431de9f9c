"""The benchmark's judge on evidence that is made up: what counts as right, and which labels are likelier."""

from __future__ import annotations

import numpy as np
import torch

from benchmarks.asked_scenes import NEGATIVES, UNJUDGED, ask, with_negatives
from benchmarks.clip_measures import hard_recall, repeated, rival_maker
from benchmarks.probe_nets import CLIP_HEADS, FRAMES
from benchmarks.probe_sight import actors_of, crop_of, flow_of
from benchmarks.scene_probe import Evidence
from studio.captions.lexicon import SLOTS

Labels = dict[str, torch.Tensor]


def number(slot: str, name: str) -> int:
    return SLOTS[slot].index(name)


def evidence_of(labels: Labels, sure: float = 0.97) -> Evidence:
    """What a nearly perfect probe would see in clips of these labels: the subject left of and above the other."""
    rows = torch.arange(len(labels["subject"]))
    nouns = torch.full((len(rows), len(SLOTS["subject"])), 0.001)
    where = torch.zeros(len(rows), nouns.shape[1], 2) + 0.5
    colours = torch.full((*nouns.shape, len(SLOTS["colour"])), 1e-6)
    two = labels["other"] > 0
    nouns[rows, labels["subject"]] = 0.95
    nouns[rows[two], labels["other"][two] - 1] = 0.9
    colours[rows, labels["subject"], labels["colour"]] = sure
    colours[rows[two], labels["other"][two] - 1, labels["other_colour"][two]] = sure
    where[rows, labels["subject"]] = 0.3
    where[rows[two], labels["other"][two] - 1] = 0.7
    told = {name: labels[name] for name in ("place", "time", "weather", "motion", "camera", "relation")}
    told["relation"] = torch.where(told["relation"] == number("relation", "below"), 2, told["relation"])
    told["actors"] = labels["count"] + two
    seen = {}
    for name, values in told.items():
        size = CLIP_HEADS["actors"] if name == "actors" else len(SLOTS[name])
        seen[name] = (sure * torch.nn.functional.one_hot(values, size) + (1 - sure) / size).log()
    return Evidence(nouns, colours, where, two.float() * 0.9, seen, torch.zeros(len(rows), 4))


def labels_of(**names: str) -> Labels:
    plain = {name: values[0] for name, values in SLOTS.items()} | {"subject": "dog", "place": "beach", "time": "day"}
    return {name: torch.tensor([number(name, value)]) for name, value in (plain | names).items()}


def test_a_perfect_probe_finds_every_slot_right() -> None:
    labels = ask("seen", 40, 3).labels
    labels = {name: values[labels["relation"] == 0] for name, values in labels.items()}
    right = evidence_of(labels).right(labels)
    assert all(values.all() for values in right.values())
    assert len(right["time"]) == int((labels["time"] > 0).sum()) < len(right["motion"])
    assert len(right["colour"]) == int((labels["colour"] > 0).sum())


def test_the_nouns_tell_above_from_below_and_who_goes_left() -> None:
    pair = {"subject": "dog", "other": "ball", "motion": "right"} if "ball" in SLOTS["other"] else {"other": "cat"}
    for relation, shown in (("above", True), ("below", False)):
        labels = labels_of(**pair, relation=relation)
        assert bool(evidence_of(labels).right(labels)["relation"]) == shown  # the subject's picture is the upper one
    for motion, shown in (("right", True), ("left", False)):  # it comes from the left
        labels = labels_of(**(pair | {"motion": motion}), relation="meets")
        assert bool(evidence_of(labels).right(labels)["motion"]) == shown


def test_a_wrong_colour_is_judged_only_where_one_is_named() -> None:
    shown = evidence_of(labels_of(colour="red"))
    assert not shown.right(labels_of(colour="blue"))["colour"].item()
    assert len(shown.right(labels_of(colour="natural"))["colour"]) == 0


def test_negatives_differ_in_one_slot_and_from_each_other() -> None:
    labels = ask("held out", 3, 1).labels
    for row in range(3):
        found = with_negatives({name: values[row] for name, values in labels.items()}, np.random.default_rng(row))
        table = torch.stack(list(found.values()), 1)
        assert table.shape == (NEGATIVES + 1, len(SLOTS)) and len(table.unique(dim=0)) == NEGATIVES + 1
        assert ((table[1:] != table[0]).sum(1) == 1).all()
        assert all((found[slot] == found[slot][0]).all() for slot in UNJUDGED)


def test_hard_recall_of_a_perfect_and_of_a_blind_probe() -> None:
    asked = ask("seen", 12, 5)
    single = (asked.labels["relation"] == 0).nonzero()[:, 0]
    labels = {name: values[single] for name, values in asked.labels.items()}
    asked = type(asked)("seen", 5, labels, labels, [asked.prompts[i] for i in single])
    assert hard_recall(evidence_of(labels), asked) == 1
    shifted = {name: values.roll(1) for name, values in labels.items()}
    assert hard_recall(evidence_of(shifted), asked) < 0.2


def test_scenes_asked_again_are_the_same_and_repeat_in_a_row() -> None:
    first, again = ask("paraphrased", 8, 2), ask("paraphrased", 8, 2)
    assert first.prompts == again.prompts != ask("paraphrased", 8, 3).prompts
    varied = repeated(first, 2, 3)
    assert len(varied) == 6 and varied.prompts[0] == varied.prompts[2] != varied.prompts[3]


def test_a_rivals_sixteen_frames_fill_the_clip() -> None:
    ramp = np.broadcast_to(np.arange(0, 160, 10, dtype=np.uint8)[:, None, None, None], (16, 4, 4, 3))
    asked = ask("seen", 1, 0)
    (clip,) = rival_maker(lambda prompts, seed: ramp[None])(asked)
    assert clip.shape == (FRAMES, 4, 4, 3)
    assert clip[0, 0, 0, 0] == 0 and clip[12, 0, 0, 0] == 80 and (np.diff(clip[:, 0, 0, 0].astype(int)) >= 0).all()


def test_cells_become_boxes_and_boxes_crops() -> None:
    cells = torch.full((1, 4, 16, 16), -8.0)
    cells[0, 0, 4, 10], cells[0, 1:3, 4, 10], cells[0, 3, 4, 10] = 4.0, 0.25, float(np.log(0.25))
    (found,) = actors_of(cells)
    assert found.shape == (1, 4)
    assert np.allclose(found[0, 1:], [10.75 / 16, 4.75 / 16, 0.25], atol=1e-4)
    frame = np.zeros((128, 128, 3), np.uint8)
    frame[22:54, 70:102] = 255  # the box's own square
    crop = crop_of([frame], found[0, 1], found[0, 2], 0.5, 48)
    assert crop[24, 24, 0] == 255 and crop[4, 4, 0] == 0
    assert abs((crop[..., 0] > 128).mean() - 0.25) < 0.03


def test_flow_of_a_pan_is_the_pan() -> None:
    wide = np.random.default_rng(0).integers(0, 256, (8, 14, 3), dtype=np.uint8).repeat(10, 0).repeat(10, 1)[:64]
    flow = flow_of(np.stack([wide[:, 2 * t : 2 * t + 64] for t in range(4)])).astype(float)
    assert flow.shape == (3, 2, 16, 16)
    assert abs(np.median(flow[:, 0]) + 0.5) < 0.1 and abs(np.median(flow[:, 1])) < 0.05  # two of four pixels a cell
