"""Does paint stay where it is put? Warping error and contrast of every look, beside its teacher's.

Motion is Farneback's of the source, while generator and teachers move their paint along DIS flow: nothing is judged by
the flow that made it. Contrast stands beside every error, or blur wins.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from benchmarks.report import Report
from benchmarks.restyle_rivals import moving_guides, teach
from benchmarks.restyle_speed import read_clip
from studio.metrics.temporal import TrueMotion, contrast, warping_error
from studio.pipelines.restyle import RestylePipeline
from studio.teachers.looks import LOOKS, Look

CLIPS = ("camel_head", "drone_coast_karma", "portrait_neon", "apple_orbit")
FRAMES = 5
_FLAT = 5.0  # levels: the deviation of a painted plain grey wall under which a look has no texture of its own

PROTOCOL = """{frames} frames in a row (from frame 20) of four dev clips at 640x360 (cover, centre cut); each value is
one clip. error: warping error along Farneback flow of the source in levels of 0..255; its ratio is to the source's own.
contrast: mean deviation of luma in 8x8 windows; its share is of the teacher's on a fixed texture. fixed: the teacher on
one texture for all frames; moving: on one that follows the motion. flat: a look whose teacher paints a plain grey wall
with a deviation under {flat} levels. Targets: flat looks at most 1.5 times the source's error, others below the moving
teacher's, each at 0.85 of the teacher's contrast or more."""


def is_flat(look: Look) -> bool:
    """True for a look that has no texture of its own on a plain wall."""
    walls = [look.paint_still(np.full((128, 128, 3), tone, np.float32), seed=0) for tone in (0.35, 0.65)]
    return max(float(wall[16:-16, 16:-16].mean(-1).std()) for wall in walls) * 255 < _FLAT


def measure_steadiness(report: Report, pipeline: RestylePipeline, data: Path) -> None:
    """A row for the source, one per look, and their means."""
    report.protocol = PROTOCOL.format(frames=FRAMES, flat=_FLAT)
    clips = [read_clip(data / "dev" / "clips" / f"{name}.mp4", (360, 640), 20, FRAMES) for name in CLIPS]
    motions = [TrueMotion.of(clip) for clip in clips]
    own = [warping_error(clip, motion) for clip, motion in zip(clips, motions)]
    report.add("source", {"error": own, "contrast": [contrast(clip) for clip in clips]})
    found: dict[str, dict[str, list[float]]] = {}
    for tiling in dict.fromkeys(look.tiling for look in LOOKS.values()):
        guided = {
            who: [list(moving_guides(clip, tiling, who == "moving")) for clip in clips] for who in ("fixed", "moving")
        }
        for name, look in LOOKS.items():
            if look.tiling != tiling:
                continue
            made = {"generator": [pipeline(clip, look.title).frames for clip in clips]}
            for who, every in guided.items():
                made[who] = [
                    np.stack([teach(frame, guides, name) for frame, guides in zip(clip, some)])
                    for clip, some in zip(clips, every)
                ]
            found[name] = _measures(made, motions, own)
    means: dict[bool, dict[str, list[float]]] = {True: {}, False: {}}
    for name, look in LOOKS.items():
        flat = is_flat(look)
        report.add(name, found[name], flat=flat)
        for measure, values in found[name].items():
            means[flat].setdefault(measure, []).append(float(np.mean(values)))
    for flat, measures in means.items():
        if measures:
            report.add(f"mean of {'flat' if flat else 'textured'} looks", measures, flat=flat)


def _measures(
    made: dict[str, list[np.ndarray]], motions: Iterable[TrueMotion], own: list[float]
) -> dict[str, list[float]]:
    """Errors and contrasts by who painted, a value for each clip, and what they are to each other."""
    found: dict[str, list[float]] = {}
    for who, clips in made.items():
        found[f"{who}_error"] = [warping_error(clip, motion) for clip, motion in zip(clips, motions)]
        found[f"{who}_contrast"] = [contrast(clip) for clip in clips]
    found["generator_error_ratio"] = [ours / source for ours, source in zip(found["generator_error"], own)]
    found["generator_contrast_share"] = [
        ours / taught for ours, taught in zip(found["generator_contrast"], found["fixed_contrast"])
    ]
    return found
