"""The prompt tab: time per clip, and do the clips show what was asked? ``python -m benchmarks.text_to_video``.

Quality needs the emoji font that the world renders its sprites from, as training does; ``--speed-only`` does not.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from transformers import CLIPModel, CLIPTokenizer

from benchmarks.report import Report, milliseconds, to_log
from benchmarks.scene_probe import (
    FRAMES,
    SECONDS,
    SIDE,
    SPRITE_SIDE,
    named,
    over_grey,
    train_path_probe,
    train_place_probe,
    train_sprite_probe,
)
from studio.metrics.alignment import embed_clips, embed_texts, recall_at_1
from studio.models.compositor import FramePainter
from studio.pipelines.text_to_video import TextToVideoPipeline
from studio.tensors import to_float, to_uint8
from studio.worlds.captions import captions, sample_slots
from studio.worlds.lexicon import SLOTS
from studio.worlds.noise import sample_noise
from studio.worlds.render import render
from studio.worlds.sprites import load_atlas, paint_sprites
from studio.worlds.tracks import plan_tracks

SPEEDS = ((24, 256, 256), (24, 256, 456), (24, 512, 512), (72, 256, 256))
PROMPTS = ("a red car drives left across the desert at sunset", "a blue whale swims underwater, zooming in")
PROTOCOL = """Speed: wall milliseconds of a whole call of the loaded pipeline (text encoder, generator, compositor; no
encoding), two prompts, 5 seeds each, after one call to warm up.
Quality: captions of random scenes, seen combinations and held-out ones (subject, colour and place never together in
training); 24 frames at 64 px over 2 seconds. Probes trained here on the world (they share nothing with the generator or
its CLIP) name subject and colour from the sprite, place and time from the middle frame, motion, camera and weather from
the tracks; each value is one scene, 1 where they named what the caption asked. 'world' is the world's own scene: the
most that the probes allow.
Time is judged only where the caption says one. Recall at 1 among 64 by our own CLIP, which the generator was
conditioned on: indicative only."""

logger = logging.getLogger(__name__)


def measure_speed(report: Report, pipeline: TextToVideoPipeline) -> None:
    """A row for each length and size."""
    for frames, height, width in SPEEDS:
        values: list[float] = []
        for prompt in PROMPTS:
            for seed in range(-1, 5):
                timed: list[float] = []
                with milliseconds(timed):
                    options = {"num_frames": frames, "fps": 12, "height": height, "width": width}
                    pipeline(prompt, generator=torch.Generator().manual_seed(seed + 1), **options)
                values += timed if seed >= 0 else []
        report.add(f"{frames} frames {width}x{height}", {"milliseconds": values})


def scenes(count: int, held_out: bool, seed: int) -> tuple[dict[str, torch.Tensor], list[str]]:
    """Random slots and a caption for each."""
    rng = np.random.default_rng(seed)
    slots = sample_slots(count, rng, held_out)
    return slots, captions(slots, rng)


Seen = tuple[list[np.ndarray], torch.Tensor, torch.Tensor]
"""Clips uint8 (T, S, S, 3), the sprites over grey (B, 3, SPRITE_SIDE, SPRITE_SIDE), the tracks (B, T, 13)."""


def generated(pipeline: TextToVideoPipeline, prompts: list[str]) -> Seen:
    """The pipeline's clip of each prompt, from seeds in order."""
    clips, sprites, tracks = [], [], []
    for seed, text in enumerate(prompts):
        layers = pipeline.layers(text, FRAMES, FRAMES / SECONDS, generator=torch.Generator().manual_seed(seed))
        clips.append(np.stack(list(FramePainter(layers, (SIDE, SIDE)))))
        tracks.append(torch.from_numpy(layers.tracks))
        sprite = to_float(layers.sprite)
        sprites.append(torch.cat([sprite[:3] * sprite[3:], sprite[3:]]))
    small = F.interpolate(torch.stack(sprites), (SPRITE_SIDE, SPRITE_SIDE), mode="bilinear", antialias=True)
    return clips, over_grey(small, torch.full((len(small),), 0.5)), torch.stack(tracks)


def rendered(slots: dict[str, torch.Tensor], seed: int) -> Seen:
    """The world's own clips of the same scenes."""
    count = len(slots["subject"])
    noise = sample_noise(count, torch.Generator().manual_seed(seed))
    clips = []
    for i in range(0, count, 32):
        part = {name: values[i : i + 32] for name, values in slots.items()}
        drawn = {name: values[i : i + 32] for name, values in noise.items()}
        clips.append(render(part, drawn, torch.full((len(part["subject"]),), SECONDS), FRAMES, (SIDE, SIDE), 96, 64))
    sprites = paint_sprites(load_atlas(SPRITE_SIDE), slots, noise["sprite"])
    tracks = plan_tracks(slots, noise["tracks"], torch.full((count,), SECONDS), FRAMES)
    return [to_uint8(clip) for clip in torch.cat(clips)], over_grey(sprites, torch.full((count,), 0.5)), tracks


def measure_quality(
    report: Report, pipeline: TextToVideoPipeline, clip_folder: Path, count: int, probe_seconds: float
) -> None:
    """Rows for the generator on seen and on held-out combinations, and for the world."""
    subjects, paths = train_sprite_probe(0.25 * probe_seconds), train_path_probe(0.25 * probe_seconds)
    places = train_place_probe(0.5 * probe_seconds)
    clip = CLIPModel.from_pretrained(clip_folder, local_files_only=True, dtype=torch.float32).eval()
    tokenizer = CLIPTokenizer.from_pretrained(clip_folder, local_files_only=True)
    for row, held_out in (("world", False), ("generator, seen", False), ("generator, held out", True)):
        slots, prompts = scenes(count, held_out, 90 + held_out)
        clips, sprites, tracks = rendered(slots, 5) if row == "world" else generated(pipeline, prompts)
        middle = torch.stack([to_float(frames[FRAMES // 2]) for frames in clips])
        seen = named(subjects, sprites) | named(places, middle) | named(paths, tracks)
        said = slots["time"] != SLOTS["time"].index("any")
        right = {name: seen[name] == slots[name] for name in SLOTS}
        right["time"] = right["time"][said]
        measures = {name: values.float().tolist() for name, values in right.items()}
        pictures, words = embed_clips(clip, clips), embed_texts(clip, tokenizer, prompts)
        recalls = [recall_at_1(pictures[i : i + 64], words[i : i + 64]) for i in range(0, count - 63, 64)]
        report.add(row, measures | {"recall_at_1_of_64": recalls})


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the prompt tab's generator.")
    parser.add_argument("--checkpoints", type=Path, default=Path("checkpoints"))
    parser.add_argument("--count", type=int, default=256, help="clips per row of quality")
    parser.add_argument("--probe-seconds", type=float, default=240.0)
    parser.add_argument("--speed-only", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    to_log()
    torch.set_num_threads(options.threads)
    pipeline = TextToVideoPipeline.from_pretrained(options.checkpoints / "text_to_video")
    report = Report("text_to_video", PROTOCOL)
    measure_speed(report, pipeline)
    if not options.speed_only:
        torch.set_num_threads(1)
        measure_quality(report, pipeline, options.checkpoints / "clip", options.count, options.probe_seconds)
    report.write()


if __name__ == "__main__":
    main()
