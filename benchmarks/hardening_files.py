"""The rows of ``python -m benchmarks.hardening`` about checkpoints from elsewhere."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.hardening_door import Measure, measure
from studio.errors import CheckpointError
from tests.hardening import spoiled

SEEDS = 9  # places in the file for each kind of damage: 24 kinds, 216 files


def spoiled_checkpoints(checkpoints: Path) -> Iterator[Measure]:
    """Row 11: pickles, repositories with code, boundless configurations, malformed safetensors, in a shipped one."""
    from studio.pipelines.prediction import PredictionPipeline

    malformed = {f"{kind} {seed}": spoiled.malformed(kind, seed) for kind in spoiled.MALFORMED for seed in range(SEEDS)}
    cut = {f"cut or lied {seed}": spoiled.cut_or_lied(seed) for seed in range(SEEDS)}
    groups = {
        "pickles": spoiled.PICKLES, "repositories with code": spoiled.REPOSITORIES,
        "boundless or damaged configurations": spoiled.CONFIGS, "malformed safetensors": {**malformed, **cut},
    }  # fmt: skip
    PredictionPipeline.from_pretrained(checkpoints / "prediction")  # what is imported at the first one counts no file
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TRAP"] = str(Path(folder) / "executed")
        for what, spoils in groups.items():
            refused, executed, slowest = _tried(PredictionPipeline, checkpoints / "prediction", Path(folder), spoils)
            count = len(spoils)
            yield measure(f"{what}: refused, executed", f"{count}, 0", [refused, executed],
                          refused == count and executed == 0)  # fmt: skip
            yield measure(f"{what}: slowest refusal, s", "1", round(slowest[0], 2), slowest[0] <= 1)


def _tried(
    pipeline: type, whole: Path, folder: Path, spoils: Mapping[str, spoiled.Spoil]
) -> tuple[int, int, tuple[float, str]]:
    """(how many were refused in the studio's own words, how many ran something, the slowest refusal with its name)."""
    refused = executed = 0
    slowest = (0.0, "")
    for name, spoil in spoils.items():
        root = Path(shutil.copytree(whole, folder / "spoiled"))
        spoil(root)
        begun = time.monotonic()
        try:
            pipeline.from_pretrained(root)
        except CheckpointError:
            refused += 1
            slowest = max(slowest, (time.monotonic() - begun, name))
        trap = Path(os.environ["TRAP"])
        if trap.exists():
            executed += 1
            trap.rmdir()
        shutil.rmtree(root)
    return refused, executed, slowest
