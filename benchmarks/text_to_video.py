"""The prompt tab: do its clips show what was asked, how do they compare, what do they cost?

``python -m benchmarks.text_to_video`` writes results/text_to_video.json (agreement, likeness, variety, steadiness) and
text_to_video_speed.json. Quality needs the emoji font that the world paints its sprites from. The probe is trained at
the first call and kept in ``--probe``; ``--rows`` runs some rows and keeps the file's others.
"""

from __future__ import annotations

import argparse
import json
import logging
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import numpy as np
import torch
from transformers import CLIPModel, CLIPTokenizer

from benchmarks.asked_scenes import KINDS, NEGATIVES, Asked, ask
from benchmarks.clip_measures import (
    ClipJudge,
    Maker,
    Measures,
    accuracy,
    diversity,
    frechet,
    hard_recall,
    pipeline_maker,
    repeated,
    rival_maker,
    steadiness,
    world_maker,
)
from benchmarks.report import RESULTS, Report, milliseconds, to_log
from benchmarks.scene_probe import Evidence, SceneProbe
from studio.media.encode import VideoWriter
from studio.pipelines.text_to_video import TextToVideoPipeline
from studio.training.rivals import load_rival

ROWS = ("world", "ours", "ours without detail", "3D-conv GAN", "GRU GAN")
SPEEDS = ((24, 256, 256), (24, 256, 456), (24, 512, 512), (96, 256, 256))
PROMPTS = ("a red car drives left across the desert at sunset", "a blue whale swims underwater, zooming in")
VARIED, TIMES, STEADY, READ_BY_CLIP = 8, 4, 16, 32
SPEED_PROTOCOL = """Wall milliseconds of a whole call of the loaded pipeline (text encoder, generator, compositor,
detail stage), of the same with every frame written to an H.264 mp4 (veryfast, the studio's own writer), and without the
detail stage; two prompts, 3 seeds each, after one call to warm up. Training: seconds between the entries of a run's
metrics.jsonl over their steps, on a machine shared with other work."""
PROTOCOL = """Each row is one maker of clips asked {count} scenes for each of 3 seeds (scenes, captions and noise
differ between seeds), so {total} prompts of a kind; kinds: seen, held out (subject, colour and place never together in
training) and paraphrased (sentences built as no training caption is). Clips are 24 frames in 2 seconds at 128 px. A
measure's values are its three seeds', so that median, least and most show the spread. Judge: the probe of
benchmarks/scene_probe.py, trained on the world's clips alone, which reads pixels; it shares nothing with the
generator, its losses or its CLIP. A slot is judged only where the caption says it (colour among the twelve named ones;
of two actors, which is which is told by the nouns asked). hard_recall_at_1_of_64: the probe finds the caption's own
labels likelier than those of {negatives} captions that differ in one slot (any of the seven from subject to weather);
clip_hard_recall_at_1_of_64: our CLIP, which the generator was conditioned on, does (not independent; {read} seen
prompts a seed). 'all' rows: frechet_to_world is the Frechet distance of the probe's penultimate features of the seen
scenes' clips to the world's clips of the same scenes with other noise (each feature over the world's deviation),
frechet_of_all of the three sets together; the row 'world' gives both between two such sets of the world.
pixel_distance (0..255) and feature_distance: between {times} clips of a scene, {varied} scenes. Steadiness:
studio/metrics/temporal.py over {steady} clips. Rivals draw 16 frames of 64 px, spread and enlarged."""

logger = logging.getLogger(__name__)


class Quality:
    """The measures of every row, against one probe and one world."""

    def __init__(self, folder: Path, clip_folder: Path, count: int, seeds: int) -> None:
        self.folder, self.count = folder, count
        self.probe = SceneProbe.of(folder)
        self.asked = {kind: [ask(kind, count, seed) for seed in range(seeds)] for kind in KINDS}
        model = CLIPModel.from_pretrained(clip_folder, local_files_only=True, dtype=torch.float32).eval()
        tokenizer = CLIPTokenizer.from_pretrained(clip_folder, local_files_only=True)
        self.clip = ClipJudge(model, tokenizer, READ_BY_CLIP)

    def world(self, offset: int) -> list[Evidence]:
        """Evidence of the world's clips of the seen scenes, kept on disk: they take longest of all."""
        found = []
        for asked in self.asked["seen"]:
            path = self.folder / f"world_{self.count}_{asked.seed}_{offset}.safetensors"
            if not path.exists():
                self.probe.look(world_maker(offset)(asked)).save(path)
            found.append(Evidence.load(path))
        return found

    def row(self, report: Report, name: str, maker: Maker) -> None:
        """Rows of one maker: a kind each, and one for its clips as a whole."""
        start, seen, kept = process_time(), [], []
        for kind, sets in self.asked.items():
            if name == "world" and kind != "seen":
                continue  # it reads no captions: all kinds are one to it
            values: Measures = {}
            for asked in sets:
                clips = list(maker(asked)) if name != "world" else []
                evidence = self.probe.look(clips) if clips else self.world(0)[asked.seed]
                found = accuracy(evidence, asked) | {"hard_recall_at_1_of_64": hard_recall(evidence, asked)}
                if clips and kind == "seen":
                    found["clip_hard_recall_at_1_of_64"] = self.clip.hard_recall(asked, clips)
                for measure, value in found.items():
                    values.setdefault(measure, []).append(value)
                if kind == "seen":
                    seen.append(evidence)
                    kept += clips[:STEADY]
            report.add(f"{name}, {kind}", values, prompts=self.count * len(sets))
        self._as_a_whole(report, name, maker, seen, kept)
        logger.info("%s took %.0f seconds of processor time", name, process_time() - start)

    def _as_a_whole(
        self, report: Report, name: str, maker: Maker, seen: list[Evidence], kept: list[np.ndarray]
    ) -> None:
        world = self.world(1)
        scale = Evidence.joined(world).features.std(0).clamp(min=1e-6)
        values = frechet(seen, world, scale)
        again = repeated(self.asked["seen"][0], VARIED, TIMES)
        values |= diversity(maker, again, TIMES, self.probe, scale)
        values |= steadiness(kept or list(maker(_first(self.asked["seen"][0], STEADY))), STEADY)
        report.add(f"{name}, all", values)


def _first(asked: Asked, count: int) -> Asked:
    slots, labels = ({k: v[:count] for k, v in part.items()} for part in (asked.slots, asked.labels))
    return Asked(asked.kind, asked.seed, slots, labels, asked.prompts[:count])


def measure_speed(report: Report, pipeline: TextToVideoPipeline) -> None:
    """A row for each length and size."""
    for frames, height, width in SPEEDS:
        rate = 12 if frames <= 24 else 24  # a clip may last six seconds
        values: Measures = {"milliseconds": [], "milliseconds_with_encoding": [], "milliseconds_without_detail": []}
        for prompt in PROMPTS:
            for seed in range(-1, 3):
                for measure, timed in values.items():
                    source = torch.Generator().manual_seed(seed + 1)
                    found: list[float] = []
                    with milliseconds(found), TemporaryDirectory() as folder:
                        stream = pipeline.stream(
                            prompt, frames, rate, height, width, generator=source,
                            detail=measure != "milliseconds_without_detail",
                        )  # fmt: skip
                        if measure == "milliseconds_with_encoding":
                            with VideoWriter(Path(folder, "clip.mp4"), (width, height), Fraction(rate)) as writer:
                                for frame in stream:
                                    writer.write(frame)
                        else:
                            list(stream)
                    timed += found if seed >= 0 else []
        report.add(f"{frames} frames {width}x{height}", values)


def measure_size(report: Report, folder: Path, pipeline: TextToVideoPipeline) -> None:
    """Parameters in millions and megabytes on disk, all parts and one by one."""
    for name in ("", "text_encoder", "generator"):
        files = list((folder / name).rglob("*.safetensors"))
        nets = [getattr(pipeline, name)] if name else [pipeline.text_encoder, pipeline.generator]
        count = sum(parameter.numel() for net in nets for parameter in net.parameters())
        megabytes = sum(path.stat().st_size for path in files) / 1e6
        report.add(f"size: {name or 'all'}", {"millions": [count / 1e6], "megabytes": [megabytes]})


def measure_training(report: Report, runs: list[Path]) -> None:
    """Seconds per step of every phase of these runs."""
    for path in sorted(path for run in runs for path in run.rglob("metrics.jsonl")):
        entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        pairs = [(a, b) for a, b in zip(entries, entries[1:]) if b["step"] > a["step"] and b["seconds"] > a["seconds"]]
        if pairs:
            each = [(b["seconds"] - a["seconds"]) / (b["step"] - a["step"]) for a, b in pairs]
            name = f"training: {path.parent.parent.name}, {path.parent.name}"
            report.add(name, {"seconds_per_step": each}, steps=entries[-1]["step"])


def _kept_rows(name: str, again: tuple[str, ...]) -> list[dict[str, object]]:
    """The rows of the result file that are not to be made again."""
    path = RESULTS / f"{name}.json"
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.exists() else []
    return [row for row in rows if row["row"].rsplit(", ", 1)[0] in set(ROWS) - set(again)]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the prompt tab's generator.")
    parser.add_argument("--checkpoints", type=Path, default=Path("checkpoints"))
    parser.add_argument("--probe", type=Path, default=Path("runs/probe"), help="where the probe is kept")
    parser.add_argument("--rows", nargs="*", choices=ROWS, default=[], help="rows of quality (all that can be made)")
    parser.add_argument("--count", type=int, default=64, help="prompts of each kind for each seed")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--conv3d", type=Path, help="run of the recipe conv3d_gan")
    parser.add_argument("--gru", type=Path, help="run of the recipe gru_gan")
    parser.add_argument("--runs", type=Path, nargs="*", default=[], help="runs whose seconds per step are reported")
    parser.add_argument("--part", choices=("all", "quality", "speed"), default="all")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    to_log()
    torch.set_num_threads(options.threads)
    folder = options.checkpoints / "text_to_video"
    pipeline = TextToVideoPipeline.from_pretrained(folder)
    if options.part != "quality":
        report = Report("text_to_video_speed", SPEED_PROTOCOL)
        measure_speed(report, pipeline)
        measure_size(report, folder, pipeline)
        measure_training(report, options.runs)
        report.write()
    if options.part != "speed":
        measure_quality(options, pipeline)


def measure_quality(options: argparse.Namespace, pipeline: TextToVideoPipeline) -> None:
    """The rows asked for; the file is written after each."""
    count = options.count
    said = {"count": count, "total": count * options.seeds, "negatives": NEGATIVES, "read": READ_BY_CLIP}
    protocol = PROTOCOL.format(**said, times=TIMES, varied=VARIED, steady=STEADY)
    makers: dict[str, Maker] = {"world": world_maker(0)}
    makers |= {"ours": pipeline_maker(pipeline, True), "ours without detail": pipeline_maker(pipeline, False)}
    for name, run in (("3D-conv GAN", options.conv3d), ("GRU GAN", options.gru)):
        if run is not None:
            makers[name] = rival_maker(load_rival(run, options.checkpoints))
    chosen = tuple(name for name in makers if not options.rows or name in options.rows)
    report = Report("text_to_video", protocol)
    quality = Quality(options.probe, options.checkpoints / "clip", count, options.seeds)
    for name in chosen:
        quality.row(report, name, makers[name])
        # Other rows are as the file has them by now: two calls may work at once.
        Report(report.name, protocol, rows=[*_kept_rows(report.name, chosen), *report.rows]).write()


if __name__ == "__main__":
    main()
